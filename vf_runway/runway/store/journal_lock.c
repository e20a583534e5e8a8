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
#include <unistd.h>

#include "../base/dir.h"
#include "../base/disk.h"
#include "../base/text.h"
#include "journal_internal.h"

/* microseconds between two tries of a lock that another has */
#define LOCK_PAUSE_FIRST  10000
#define LOCK_PAUSE_MAX   100000

/* likewise, of a lock that is had at once as a rule, until it is said */
#define LOG_AFTER 1000000

#define MONEY "money"

/**
 * The lock file, made where it is not there. Its holder removes it when he is
 * done, so what was opened counts only if it is still at its path once it is
 * locked.
 */
static int open_lock(const RunwayJournalLock *l, int *fd)
{
    for (;;) {
        int ret = ff_runway_dir_create_file(l->journal->locks, l->name, fd);

        if (ret != EEXIST)
            return ret;
        ret = ff_runway_dir_open_file(l->journal->locks, l->name, O_RDWR, fd);
        if (ret != ENOENT)
            return ret;
    }
}

static int is_at(const RunwayJournalLock *l)
{
    return ff_runway_dir_is_at(l->journal->locks, l->name, l->fd);
}

/* 0: it is ours; EWOULDBLOCK; or what is wrong. l->fd is kept between calls. */
static int try_lock(RunwayJournalLock *l)
{
    for (;;) {
        int ret;

        if (l->fd < 0) {
            ret = open_lock(l, &l->fd);
            if (ret)
                return ret;
        }
        ret = ff_runway_disk_lock(l->fd);
        if (ret)
            return ret;
        if (is_at(l))
            return 0;
        ff_runway_disk_close(&l->fd);
    }
}

/* Let the others know who has it: information, nothing is decided by it. */
static void sign_lock(const RunwayJournalLock *l)
{
    char text[sizeof(l->journal->host) + 32];
    int n = snprintf(text, sizeof(text), "%ld %s\n", (long)getpid(),
                     l->journal->host);

    if (n > 0 && !ftruncate(l->fd, 0))
        ff_runway_disk_write(l->fd, text, (size_t)n);
}

static void log_wait(const RunwayJournalLock *l, const char *label)
{
    const RunwayJournal *j = l->journal;
    char text[sizeof(j->host) + 32], *host;
    ssize_t n = pread(l->fd, text, sizeof(text) - 1, 0);
    long pid;

    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    pid  = strtol(text, &host, 10);
    host += *host == ' ';
    if (pid <= 0)
        ff_runway_log(j->log, RUNWAY_LOG_INFO, "%s: waiting for another "
                      "process that is working on the same clip", label);
    else if (pid == (long)getpid() && !strcmp(host, j->host))
        ff_runway_log(j->log, RUNWAY_LOG_VERBOSE, "%s: waiting for an equal "
                      "clip of this process", label);
    else
        ff_runway_log(j->log, RUNWAY_LOG_INFO, "%s: waiting for process "
                      "%ld%s%s that is working on the same clip", label, pid,
                      *host ? " on " : "", host);
}

static void free_lock(RunwayJournalLock *l)
{
    ff_runway_disk_close(&l->fd);
    free(l);
}

/* identity "": money; or any other name of up to 64 characters. */
static RunwayJournalLock *make_lock(const RunwayJournal *j,
                                    const char *identity)
{
    RunwayJournalLock *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->journal = j;
    l->fd      = -1;
    ff_runway_journal_name(l->name, *identity ? identity : MONEY, SUFFIX_LOCK);
    ff_runway_copy_text(l->identity, sizeof(l->identity), identity);
    return l;
}

/* The money lock is held for moments only. */
static void log_money(const RunwayJournalLock *l)
{
    ff_runway_log(l->journal->log, RUNWAY_LOG_INFO, "waiting for " LOCKS "/%s in "
                  "%s, which is held elsewhere", l->name, l->journal->path);
}

/* What try_lock() says. */
static RunwayOutcome explain(const RunwayJournalLock *l, int why,
                             RunwayError *err)
{
    if (why == EWOULDBLOCK)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "in use by another process");
    return ff_runway_error(err, RUNWAY_IO, OPTION ": %s/" LOCKS "/%s cannot be "
                           "locked: %s", l->journal->path, l->name,
                           ff_runway_dir_strerror(why));
}

/* label NULL: it is not a clip's, and had at once. */
static RunwayOutcome take_lock(RunwayJournal *j, const char *identity,
                               const char *label,
                               int (*cancelled)(void *opaque), void *opaque,
                               RunwayJournalLock **lock, RunwayError *err)
{
    RunwayJournalLock *l;
    int64_t pause = LOCK_PAUSE_FIRST, waited = 0;
    int why, logged = 0;
    RunwayOutcome ret;

    *lock = NULL;
    if (j->policy->dry_run)
        return ff_runway_error(err, RUNWAY_INVALID, "a journal that is only "
                               "read cannot be locked (internal error)");
    l = make_lock(j, identity);
    if (!l)
        return ff_runway_no_memory(err);
    for (;;) {
        if (cancelled && cancelled(opaque)) {
            ret = ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
            break;
        }
        why = try_lock(l);
        if (!why) {
            sign_lock(l);
            *lock = l;
            return RUNWAY_OK;
        }
        if (why != EWOULDBLOCK) {
            ret = explain(l, why, err);
            break;
        }
        if (!logged && label)
            log_wait(l, label);
        else if (!logged && waited > LOG_AFTER)
            log_money(l);
        logged |= label || waited > LOG_AFTER;
        ff_runway_disk_pause(pause);
        waited += pause;
        pause = pause * 2 > LOCK_PAUSE_MAX ? LOCK_PAUSE_MAX : pause * 2;
    }
    free_lock(l);
    return ret;
}

RunwayOutcome ff_runway_journal_lock(RunwayJournal *j, const char *identity,
                                     const char *label,
                                     int (*cancelled)(void *opaque),
                                     void *opaque, RunwayJournalLock **lock,
                                     RunwayError *err)
{
    RunwayOutcome ret = ff_runway_journal_check_identity(identity, err);

    *lock = NULL;
    return ret ? ret : take_lock(j, identity, label ? label : identity,
                                 cancelled, opaque, lock, err);
}

RunwayOutcome ff_runway_journal_lock_money(RunwayJournal *j,
                                           int (*cancelled)(void *opaque),
                                           void *opaque,
                                           RunwayJournalLock **lock,
                                           RunwayError *err)
{
    return take_lock(j, "", NULL, cancelled, opaque, lock, err);
}

void ff_runway_journal_unlock(RunwayJournalLock **lock)
{
    RunwayJournalLock *l;

    if (!lock || !*lock)
        return;
    l = *lock;
    if (is_at(l))
        ff_runway_dir_remove_file(l->journal->locks, l->name);
    free_lock(l);
    *lock = NULL;
}

RunwayJournalLock *ff_runway_journal_lock_if_free(RunwayJournal *j,
                                                  const char *identity,
                                                  RunwayError *err)
{
    RunwayJournalLock *l = j->policy->dry_run ? NULL : make_lock(j, identity);
    int why;

    if (!l) {
        ff_runway_no_memory(err);
        return NULL;
    }
    why = try_lock(l);
    if (why) {
        explain(l, why, err);
        free_lock(l);
        return NULL;
    }
    sign_lock(l);
    return l;
}

RunwayOutcome ff_runway_journal_prove_locks(RunwayJournal *j,
                                            RunwayError *err)
{
    RunwayJournalLock *lock;
    char name[32];
    int second, why;
    RunwayOutcome ret;

    /* one of its own: another process may have stopped with any other */
    snprintf(name, sizeof(name), "proof-%ld", (long)getpid());
    ret = take_lock(j, name, NULL, NULL, NULL, &lock, err);
    if (ret)
        return ret;
    why = open_lock(lock, &second);
    if (!why) {
        why = ff_runway_disk_lock(second);
        close(second);
    }
    if (why != EWOULDBLOCK)
        ret = ff_runway_error(err, RUNWAY_IO, OPTION ": locks do not work in "
                              "%s/" LOCKS "%s%s; without them a clip could be "
                              "paid for twice: use a local file system",
                              j->path, why ? ": " : "",
                              why ? strerror(why) : "");
    ff_runway_journal_unlock(&lock);
    return ret;
}
