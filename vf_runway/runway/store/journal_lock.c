/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/disk.h"
#include "journal_internal.h"

/* microseconds between two looks at a lock that another has */
#define LOCK_PAUSE_FIRST  10000
#define LOCK_PAUSE_MAX   100000

/**
 * The lock file, made where it is not there. Its holder removes it when he is
 * done, so what was opened counts only if it is still at its path once it is
 * locked.
 */
static int open_lock(const char *path, int *fd)
{
    for (;;) {
        int ret = ff_runway_disk_create(path, fd);

        if (ret != EEXIST)
            return ret;
        ret = ff_runway_disk_open(path, O_RDWR, fd);
        if (ret != ENOENT)
            return ret;
    }
}

/* 0: it is ours; EWOULDBLOCK; or what is wrong. *fd is kept between calls. */
static int try_lock(const char *path, int *fd)
{
    for (;;) {
        int ret;

        if (*fd < 0) {
            ret = open_lock(path, fd);
            if (ret)
                return ret;
        }
        ret = ff_runway_disk_lock(*fd, 1);
        if (ret)
            return ret;
        if (ff_runway_disk_is_at(*fd, path))
            return 0;
        close(*fd);
        *fd = -1;
    }
}

/* Tell the others who has it: information, nothing is decided by it. */
static void sign_lock(const RunwayJournal *j, int fd)
{
    char text[sizeof(j->host) + 32];
    int n = snprintf(text, sizeof(text), "%ld %s\n", (long)getpid(), j->host);

    if (n > 0 && !ftruncate(fd, 0))
        ff_runway_disk_write(fd, text, (size_t)n);
}

static void tell_wait(const RunwayJournal *j, int fd, const char *label)
{
    char text[sizeof(j->host) + 32], *host;
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    long pid;

    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    pid  = strtol(text, &host, 10);
    host += *host == ' ';
    if (pid <= 0)
        ff_runway_log(j->log, RUNWAY_LOG_INFO, "%s: waiting for another "
                      "process that is at work on the same clip", label);
    else if (pid == (long)getpid() && !strcmp(host, j->host))
        ff_runway_log(j->log, RUNWAY_LOG_VERBOSE, "%s: waiting for an equal "
                      "clip of this process", label);
    else
        ff_runway_log(j->log, RUNWAY_LOG_INFO, "%s: waiting for process %ld%s%s"
                      " that is at work on the same clip", label, pid,
                      *host ? " on " : "", host);
}

RunwayOutcome ff_runway_journal_lock(RunwayJournal *j, const char *identity,
                                     const char *label,
                                     int (*cancelled)(void *opaque),
                                     void *opaque, RunwayJournalLock **lock,
                                     RunwayError *err)
{
    RunwayJournalLock *l;
    int64_t pause = LOCK_PAUSE_FIRST;
    int why, told = 0;
    RunwayOutcome ret = ff_runway_journal_check_identity(identity, err);

    *lock = NULL;
    if (ret)
        return ret;
    if (j->read_only)
        return ff_runway_error(err, RUNWAY_INVALID, "a clip cannot be locked "
                               "in a journal that is only read (a mistake in "
                               "the filter)");
    l = calloc(1, sizeof(*l));
    if (!l)
        return ff_runway_no_memory(err);
    l->fd = -1;
    memcpy(l->identity, identity, sizeof(l->identity));
    l->path = ff_runway_disk_path(j->locks, identity, SUFFIX_LOCK);
    if (!l->path) {
        ret = ff_runway_no_memory(err);
        goto fail;
    }
    for (;;) {
        if (cancelled && cancelled(opaque)) {
            ret = ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
            goto fail;
        }
        why = try_lock(l->path, &l->fd);
        if (!why)
            break;
        if (why != EWOULDBLOCK) {
            ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be "
                                  "locked: %s", l->path, strerror(why));
            goto fail;
        }
        if (!told)
            tell_wait(j, l->fd, label ? label : identity);
        told = 1;
        ff_runway_disk_pause(pause);
        pause = pause * 2 > LOCK_PAUSE_MAX ? LOCK_PAUSE_MAX : pause * 2;
    }
    sign_lock(j, l->fd);
    *lock = l;
    return RUNWAY_OK;

fail:
    if (l->fd >= 0)
        close(l->fd);
    free(l->path);
    free(l);
    return ret;
}

void ff_runway_journal_unlock(RunwayJournalLock **lock)
{
    RunwayJournalLock *l;

    if (!lock || !*lock)
        return;
    l = *lock;
    if (ff_runway_disk_is_at(l->fd, l->path))
        unlink(l->path);
    close(l->fd);
    free(l->path);
    free(l);
    *lock = NULL;
}

RunwayJournalLock *ff_runway_journal_lock_if_free(RunwayJournal *j,
                                                  const char *identity)
{
    RunwayJournalLock *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->fd = -1;
    memcpy(l->identity, identity, sizeof(l->identity));
    l->path = ff_runway_disk_path(j->locks, identity, SUFFIX_LOCK);
    if (l->path && !try_lock(l->path, &l->fd)) {
        sign_lock(j, l->fd);
        return l;
    }
    if (l->fd >= 0)
        close(l->fd);
    free(l->path);
    free(l);
    return NULL;
}
