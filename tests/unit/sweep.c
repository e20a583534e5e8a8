/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sweep.h"

/* more calls than any of the things that are done has */
#define CALLS_MAX 20000

int sweep_descriptors(void)
{
    int nb = 0;

    for (int fd = 0; fd < 512; fd++)
        nb += fcntl(fd, F_GETFD) >= 0;
    return nb;
}

/* @return whether anything failed */
static int sweep_once(const char *name, FaultKind kind, SweepDo what,
                      void *opaque, unsigned may, int first, int nb)
{
    RunwayError err = { RUNWAY_OK, "" };
    long live = faults_live();
    int open = sweep_descriptors(), failed;
    RunwayOutcome ret;

    faults_arm(kind, first, nb);
    ret = what(opaque, &err);
    failed = faults_disarm();
    if (!failed)
        may = SWEEP_MAY(RUNWAY_OK);
    if (!(may >> ret & 1))
        fail_msg("%s, fault %d (%d): %s: %s", name, first, failed,
                 ff_runway_outcome_name(ret), err.text);
    if (ret && (err.outcome != ret || !err.text[0]))
        fail_msg("%s, fault %d: no error text", name, first);
    if (faults_live() != live)
        fail_msg("%s, fault %d: %ld blocks are left", name, first,
                 faults_live() - live);
    if (sweep_descriptors() != open)
        fail_msg("%s, fault %d: %d descriptors are left", name, first,
                 sweep_descriptors() - open);
    return failed;
}

void sweep(const char *name, FaultKind kind, SweepDo what, void *opaque,
           unsigned may)
{
    int first;

    for (first = 1; sweep_once(name, kind, what, opaque, may, first, 1);)
        assert_true(++first < CALLS_MAX);
    print_message("%s: %d calls that can fail\n", name, first - 1);
    assert_true(first > 1);
    for (first = 1; sweep_once(name, kind, what, opaque, may, first,
                               CALLS_MAX);)
        assert_true(++first < CALLS_MAX);
}

void sweep_memory(const char *name, SweepDo what, void *opaque, unsigned may)
{
    sweep(name, FAULT_MEMORY, what, opaque, may | SWEEP_MAY(RUNWAY_NOMEM));
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *at)
{
    return remove(path);
}

/* What all directories are in: in memory where that can be, as a test makes some
 * ten thousand files. */
static char all[512];

static void remove_all(void)
{
    nftw(all, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *sweep_make_dir(void)
{
    const char *base = getenv("TEST_TMP");
    char path[540];

    if (!all[0]) {
        if (!access("/dev/shm", W_OK))
            base = "/dev/shm";
        snprintf(all, sizeof(all), "%s/runway_v2v_sweep_XXXXXX",
                 base && *base ? base : "/tmp");
        if (!mkdtemp(all) || atexit(remove_all))
            return NULL;
    }
    snprintf(path, sizeof(path), "%s/XXXXXX", all);
    return mkdtemp(path) ? strdup(path) : NULL;
}

void sweep_remove_dir(char *dir)
{
    if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS))
        fprintf(stderr, "%s stays\n", dir);
    free(dir);
}
