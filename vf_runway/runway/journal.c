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


#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "journal.h"

#define OPTION "state_dir"

#define SUFFIX_RECORD  ".json"
#define SUFFIX_NEW     ".new"     /* a record that is being written */
#define SUFFIX_NEXT    ".next"    /* room for the one after an intent */
#define SUFFIX_DAMAGED ".damaged" /* what could not be believed */
#define SUFFIX_LOCK    ".lock"

/* microseconds between two looks at a lock that another has */
#define LOCK_PAUSE_FIRST  10000
#define LOCK_PAUSE_MOST  100000

/* a log line holds 4 KiB */
#define LIST_SIZE 3072

struct RunwayJournal {
    char *dir, *clips, *locks;
    int read_only;
    const RunwayLog *log;
    char host[256];
};

struct RunwayJournalLock {
    int fd;
    char *path;
    char identity[RUNWAY_IDENTITY_SIZE];
};

static RunwayOutcome no_memory(RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_NOMEM, "out of memory");
}

static RunwayOutcome make_dirs(RunwayJournal *j, RunwayError *err)
{
    RunwayOutcome ret = ff_runway_disk_make_dir(OPTION, j->dir, err);

    if (!ret)
        ret = ff_runway_disk_make_own_dir(OPTION, j->clips, err);
    if (!ret)
        ret = ff_runway_disk_make_own_dir(OPTION, j->locks, err);
    if (!ret)
        ret = ff_runway_disk_prove(OPTION, j->clips, err);
    return ret;
}

RunwayOutcome ff_runway_journal_open(const RunwayJournalConfig *config,
                                     RunwayJournal **journal,
                                     RunwayError *err)
{
    RunwayJournal *j = calloc(1, sizeof(*j));
    RunwayOutcome ret = RUNWAY_OK;

    *journal = NULL;
    if (!j)
        return no_memory(err);
    j->read_only = config->read_only;
    j->log       = config->log;
    if (gethostname(j->host, sizeof(j->host) - 1))
        j->host[0] = 0;
    if (config->state_dir && *config->state_dir)
        j->dir = strdup(config->state_dir);
    else
        ret = ff_runway_disk_default(OPTION, "XDG_STATE_HOME", ".local/state",
                                     &j->dir, err);
    if (ret)
        goto fail;
    if (j->dir) {
        j->clips = ff_runway_disk_path(j->dir, "clips", NULL);
        j->locks = ff_runway_disk_path(j->dir, "locks", NULL);
    }
    if (!j->clips || !j->locks) {
        ret = no_memory(err);
        goto fail;
    }
    if (!j->read_only)
        ret = make_dirs(j, err);
    if (ret)
        goto fail;
    *journal = j;
    return RUNWAY_OK;

fail:
    ff_runway_journal_free(&j);
    return ret;
}

void ff_runway_journal_free(RunwayJournal **journal)
{
    if (!journal || !*journal)
        return;
    free((*journal)->dir);
    free((*journal)->clips);
    free((*journal)->locks);
    free(*journal);
    *journal = NULL;
}

const char *ff_runway_journal_dir(const RunwayJournal *j)
{
    return j->dir;
}

static RunwayOutcome check_identity(const char *identity, RunwayError *err)
{
    return ff_runway_identity_is_valid(identity) ? RUNWAY_OK :
           ff_runway_error(err, RUNWAY_INVALID, "'%s' is no identity of a clip "
                           "(a mistake in the filter)", identity);
}

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
    char text[sizeof(j->host) + 32], host[sizeof(text)] = "";
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    long pid = 0;

    text[n > 0 ? n : 0] = 0;
    if (sscanf(text, "%ld %[^\n]", &pid, host) < 1)
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
    RunwayOutcome ret = check_identity(identity, err);

    *lock = NULL;
    if (ret)
        return ret;
    if (j->read_only)
        return ff_runway_error(err, RUNWAY_INVALID, "a clip cannot be locked "
                               "in a journal that is only read (a mistake in "
                               "the filter)");
    l = calloc(1, sizeof(*l));
    if (!l)
        return no_memory(err);
    l->fd = -1;
    memcpy(l->identity, identity, sizeof(l->identity));
    l->path = ff_runway_disk_path(j->locks, identity, SUFFIX_LOCK);
    if (!l->path) {
        ret = no_memory(err);
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
        pause = pause * 2 > LOCK_PAUSE_MOST ? LOCK_PAUSE_MOST : pause * 2;
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

/* The lock without waiting, NULL when another has it or it cannot be had. */
static RunwayJournalLock *lock_if_free(RunwayJournal *j, const char *identity)
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

/**
 * The bytes of a file, at most room of them. *size is room when there are
 * more. 0, an errno value, or EISDIR for what is no regular file.
 */
static int read_file(const char *path, char *data, size_t room, size_t *size)
{
    struct stat st;
    int fd, ret = ff_runway_disk_open(path, O_RDONLY, &fd);

    *size = 0;
    if (ret)
        return ret;
    if (fstat(fd, &st))
        ret = errno;
    else if (!S_ISREG(st.st_mode))
        ret = EISDIR;
    while (!ret && *size < room) {
        ssize_t n = read(fd, data + *size, room - *size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            ret = errno;
        if (n <= 0)
            break;
        *size += (size_t)n;
    }
    close(fd);
    return ret;
}

RunwayOutcome ff_runway_journal_read(RunwayJournal *j, const char *identity,
                                     RunwayRecord *record, RunwayError *err)
{
    RunwayOutcome ret = check_identity(identity, err);
    char *path = NULL, *data = NULL;
    size_t size = 0;
    int why;

    if (ret)
        return ret;
    ff_runway_record_init(record, identity);
    path = ff_runway_disk_path(j->clips, identity, SUFFIX_RECORD);
    data = malloc(RUNWAY_RECORD_TEXT);
    if (!path || !data) {
        ret = no_memory(err);
        goto end;
    }
    why = read_file(path, data, RUNWAY_RECORD_TEXT, &size);
    if (why == ENOENT)
        goto end;
    if (why && why != EISDIR) {
        ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be read: %s",
                              path, strerror(why));
        goto end;
    }
    ff_runway_record_decode(data, size, identity, record);
    if (record->state == RUNWAY_CLIP_DAMAGED) {
        RunwayError text;

        ff_runway_error(&text, RUNWAY_IO, "%s: %s", path,
                        why == EISDIR ? "it is no file" : record->failure);
        ff_runway_record_set(record->failure, sizeof(record->failure),
                             text.text);
    }
end:
    free(path);
    free(data);
    return ret;
}

/* The paths of one write. */
typedef struct Paths {
    char *record, *new, *next, *damaged;
} Paths;

static int make_paths(const RunwayJournal *j, const char *identity, Paths *p)
{
    p->record  = ff_runway_disk_path(j->clips, identity, SUFFIX_RECORD);
    p->new     = ff_runway_disk_path(j->clips, identity, SUFFIX_NEW);
    p->next    = ff_runway_disk_path(j->clips, identity, SUFFIX_NEXT);
    p->damaged = ff_runway_disk_path(j->clips, identity, SUFFIX_DAMAGED);
    return p->record && p->new && p->next && p->damaged;
}

static void free_paths(Paths *p)
{
    free(p->record);
    free(p->new);
    free(p->next);
    free(p->damaged);
}

/* Write a file that nobody reads yet. */
static int write_new(const char *path, const char *data, size_t size)
{
    int fd, ret;

    /* what a writer that died left behind; the clip's lock is ours */
    unlink(path);
    ret = ff_runway_disk_create(path, &fd);
    if (ret)
        return ret;
    ret = ff_runway_disk_write(fd, data, size);
    if (!ret)
        ret = ff_runway_disk_sync(fd);
    close(fd);
    if (ret)
        unlink(path);
    return ret;
}

/* Write into the room that was laid by. */
static int write_next(const char *path, const char *data, size_t size)
{
    int fd, ret = ff_runway_disk_open(path, O_RDWR, &fd);

    if (ret)
        return ret;
    ret = ff_runway_disk_write(fd, data, size);
    if (!ret && ftruncate(fd, (off_t)size))
        ret = errno;
    if (!ret)
        ret = ff_runway_disk_sync(fd);
    close(fd);
    return ret;
}

static int lay_by_next(const char *path)
{
    char *data = malloc(RUNWAY_RECORD_TEXT);
    int ret;

    if (!data)
        return ENOMEM;
    memset(data, '\n', RUNWAY_RECORD_TEXT);
    ret = write_new(path, data, RUNWAY_RECORD_TEXT);
    free(data);
    return ret;
}

/* Keep what cannot be believed, for a person to look at: a second name, so that
 * there is no moment without a record. */
static void keep_damaged(RunwayJournal *j, const Paths *paths,
                         const char *identity)
{
    RunwayRecord *old = malloc(sizeof(*old)); /* several KiB */

    if (old && !ff_runway_journal_read(j, identity, old, NULL) &&
        old->state == RUNWAY_CLIP_DAMAGED) {
        unlink(paths->damaged);
        if (!link(paths->record, paths->damaged))
            ff_runway_log(j->log, RUNWAY_LOG_WARNING, OPTION ": a record that "
                          "cannot be believed was kept as %s", paths->damaged);
    }
    free(old);
}

static int replace(const RunwayJournal *j, const Paths *paths, const char *text,
                   size_t size, int is_intent)
{
    const char *from = paths->new;
    int ret;

    if (is_intent) {
        ret = lay_by_next(paths->next);
        if (!ret)
            ret = write_new(from, text, size);
    } else {
        from = paths->next;
        ret  = write_next(from, text, size);
        if (ret) {
            from = paths->new;
            ret  = write_new(from, text, size);
        }
    }
    if (!ret && rename(from, paths->record))
        ret = errno;
    if (ret) {
        unlink(paths->new);
        if (is_intent)
            unlink(paths->next);
        return ret;
    }
    return ff_runway_disk_sync_dir(j->clips);
}

RunwayOutcome ff_runway_journal_write(RunwayJournal *j,
                                      const RunwayJournalLock *lock,
                                      RunwayRecord *record, RunwayError *err)
{
    int64_t now = (int64_t)time(NULL);
    int is_intent = record->state == RUNWAY_CLIP_INTENT, why;
    Paths paths = { NULL, NULL, NULL, NULL };
    char *text = NULL;
    size_t size;
    RunwayOutcome ret;

    if (strcmp(lock->identity, record->identity))
        return ff_runway_error(err, RUNWAY_INVALID, "another clip is locked "
                               "than is written (a mistake in the filter)");
    if (now < 0)
        now = 0;
    if (!record->created)
        record->created = now;
    record->updated    = now;
    record->writer_pid = (int64_t)getpid();
    ff_runway_record_set(record->writer_host, sizeof(record->writer_host),
                         j->host);
    ret = ff_runway_record_encode(record, &text, &size, err);
    if (ret)
        return ret;
    if (!make_paths(j, record->identity, &paths)) {
        ret = no_memory(err);
        goto end;
    }
    if (is_intent)
        keep_damaged(j, &paths, record->identity);
    why = replace(j, &paths, text, size, is_intent);
    if (why)
        ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be written: "
                              "%s", paths.record, strerror(why));
end:
    free_paths(&paths);
    free(text);
    return ret;
}

/* Whether name is an identity and that suffix; identity is set then. */
static int match_name(const char *name, const char *suffix,
                      char identity[RUNWAY_IDENTITY_SIZE])
{
    size_t length = strlen(name);

    if (length != RUNWAY_IDENTITY_SIZE - 1 + strlen(suffix) ||
        strcmp(name + RUNWAY_IDENTITY_SIZE - 1, suffix))
        return 0;
    memcpy(identity, name, RUNWAY_IDENTITY_SIZE - 1);
    identity[RUNWAY_IDENTITY_SIZE - 1] = 0;
    return ff_runway_identity_is_valid(identity);
}

/* *dir is NULL, and it is no error, when nobody ever made the directory. */
static RunwayOutcome open_clips(const RunwayJournal *j, DIR **dir,
                                RunwayError *err)
{
    *dir = opendir(j->clips);
    if (!*dir && errno != ENOENT)
        return ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be read: %s",
                               j->clips, strerror(errno));
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_journal_each(RunwayJournal *j,
                                     int (*visit)(void *opaque,
                                                  const RunwayRecord *record),
                                     void *opaque, RunwayError *err)
{
    char identity[RUNWAY_IDENTITY_SIZE];
    RunwayRecord *record = malloc(sizeof(*record)); /* several KiB */
    const struct dirent *entry;
    DIR *dir = NULL;
    RunwayOutcome ret;

    if (!record)
        return no_memory(err);
    ret = open_clips(j, &dir, err);
    while (!ret && dir && (entry = readdir(dir))) {
        RunwayError why;

        if (!match_name(entry->d_name, SUFFIX_RECORD, identity))
            continue;
        ret = ff_runway_journal_read(j, identity, record, &why);
        if (ret == RUNWAY_IO) {
            /* not fatal to the others */
            record->state = RUNWAY_CLIP_DAMAGED;
            ff_runway_record_set(record->failure, sizeof(record->failure),
                                 why.text);
            ret = RUNWAY_OK;
        } else if (ret) {
            if (err)
                *err = why;
            break;
        }
        /* gone since */
        if (record->state == RUNWAY_CLIP_NONE)
            continue;
        if (visit(opaque, record))
            break;
    }
    if (dir)
        closedir(dir);
    free(record);
    return ret;
}

static int summarize(void *opaque, const RunwayRecord *record)
{
    RunwayJournalSummary *summary = opaque;

    if (ff_runway_record_is_open(record)) {
        summary->open++;
        summary->damaged += record->state == RUNWAY_CLIP_DAMAGED;
        summary->credits += ff_runway_record_cost(record);
    }
    return 0;
}

RunwayOutcome ff_runway_journal_summary(RunwayJournal *j,
                                        RunwayJournalSummary *summary,
                                        RunwayError *err)
{
    memset(summary, 0, sizeof(*summary));
    return ff_runway_journal_each(j, summarize, summary, err);
}

/* What prune() carries from record to record. */
typedef struct Prune {
    RunwayJournal *journal;
    int64_t now;
    int (*keep)(void *opaque, const RunwayRecord *record);
    void *opaque;
    int removed;
    int listed;
    char list[LIST_SIZE];
} Prune;

static void flush_list(Prune *p)
{
    if (p->list[0])
        ff_runway_log(p->journal->log, RUNWAY_LOG_WARNING, "begun more than 30 "
                      "days ago, perhaps paid for and never fetched: %s (%s)",
                      p->list, p->journal->clips);
    p->list[0] = 0;
}

static void list_open(Prune *p, const RunwayRecord *r)
{
    char line[512], date[32] = "?";
    time_t updated = (time_t)r->updated;
    struct tm tm;
    size_t used;

    if (gmtime_r(&updated, &tm))
        strftime(date, sizeof(date), "%Y-%m-%d", &tm);
    if (r->state == RUNWAY_CLIP_DAMAGED)
        snprintf(line, sizeof(line), "%.400s", r->failure);
    else
        snprintf(line, sizeof(line), "%s, %s since %s, %s%s",
                 r->label[0] ? r->label : r->identity,
                 ff_runway_clip_state_name(r->state), date,
                 r->task_id[0] ? "task " : "no task id", r->task_id);
    if (strlen(p->list) + strlen(line) + 3 > sizeof(p->list))
        flush_list(p);
    used = strlen(p->list);
    snprintf(p->list + used, sizeof(p->list) - used, "%s%s",
             used ? "; " : "", line);
    p->listed++;
}

static int is_old(const Prune *p, const RunwayRecord *record)
{
    /* a clock that was set back makes nothing old */
    return p->now > record->updated &&
           p->now - record->updated > RUNWAY_JOURNAL_KEEP;
}

/* Seconds since the epoch when a file was last written, -1: there is none. */
static int64_t file_time(const char *path)
{
    struct stat st;

    return lstat(path, &st) ? -1 : (int64_t)st.st_mtime;
}

static void remove_record(Prune *p, const RunwayRecord *seen)
{
    RunwayJournal *j = p->journal;
    RunwayJournalLock *lock = lock_if_free(j, seen->identity);
    RunwayRecord *record = malloc(sizeof(*record)); /* several KiB */
    char *path = ff_runway_disk_path(j->clips, seen->identity, SUFFIX_RECORD);

    /* as it is now that nobody else can change it */
    if (lock && record && path &&
        !ff_runway_journal_read(j, seen->identity, record, NULL) &&
        record->state != RUNWAY_CLIP_NONE &&
        !ff_runway_record_is_open(record) && is_old(p, record) &&
        !unlink(path))
        p->removed++;
    free(path);
    free(record);
    ff_runway_journal_unlock(&lock);
}

static int prune_record(void *opaque, const RunwayRecord *record)
{
    Prune *p = opaque;

    if (record->state == RUNWAY_CLIP_DAMAGED) {
        char *path = ff_runway_disk_path(p->journal->clips, record->identity,
                                         SUFFIX_RECORD);

        /* what it says of its age cannot be believed either */
        if (path && p->now - file_time(path) > RUNWAY_JOURNAL_KEEP)
            list_open(p, record);
        free(path);
    } else if (is_old(p, record)) {
        if (ff_runway_record_is_open(record))
            list_open(p, record);
        else if (!p->keep || !p->keep(p->opaque, record))
            remove_record(p, record);
    }
    return 0;
}

/* What writers that died left behind, and old damaged records that have a
 * successor. */
static RunwayOutcome prune_leftovers(Prune *p, RunwayError *err)
{
    RunwayJournal *j = p->journal;
    char identity[RUNWAY_IDENTITY_SIZE];
    const struct dirent *entry;
    DIR *dir;
    RunwayOutcome ret = open_clips(j, &dir, err);

    while (!ret && dir && (entry = readdir(dir))) {
        int damaged = match_name(entry->d_name, SUFFIX_DAMAGED, identity);
        int probe = !strncmp(entry->d_name, RUNWAY_DISK_PROBE,
                             strlen(RUNWAY_DISK_PROBE));
        RunwayJournalLock *lock;
        char *path;

        if (!damaged && !probe &&
            !match_name(entry->d_name, SUFFIX_NEW, identity) &&
            !match_name(entry->d_name, SUFFIX_NEXT, identity))
            continue;
        path = ff_runway_disk_path(j->clips, entry->d_name, NULL);
        if (path && probe) {
            /* should it be in use this very moment, it does not need its name
             * any more */
            unlink(path);
        } else if (path && (!damaged || p->now - file_time(path) >
                                        RUNWAY_JOURNAL_KEEP)) {
            lock = lock_if_free(j, identity);
            if (lock)
                unlink(path);
            ff_runway_journal_unlock(&lock);
        }
        free(path);
    }
    if (dir)
        closedir(dir);
    return ret;
}

RunwayOutcome ff_runway_journal_prune(RunwayJournal *j, int64_t now,
                                      int (*keep)(void *opaque,
                                                  const RunwayRecord *record),
                                      void *opaque, int *removed,
                                      RunwayError *err)
{
    Prune *p;
    RunwayOutcome ret;

    if (removed)
        *removed = 0;
    if (j->read_only)
        return RUNWAY_OK;
    p = calloc(1, sizeof(*p));
    if (!p)
        return no_memory(err);
    p->journal = j;
    p->now     = now;
    p->keep    = keep;
    p->opaque  = opaque;
    ret = ff_runway_journal_each(j, prune_record, p, err);
    flush_list(p);
    if (!ret)
        ret = prune_leftovers(p, err);
    if (removed)
        *removed = p->removed;
    free(p);
    return ret;
}
