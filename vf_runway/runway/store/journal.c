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

#include "../base/disk.h"
#include "../base/text.h"
#include "journal_internal.h"

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
        return ff_runway_no_memory(err);
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
        ret = ff_runway_no_memory(err);
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

RunwayOutcome ff_runway_journal_check_identity(const char *identity,
                                               RunwayError *err)
{
    return ff_runway_identity_is_valid(identity) ? RUNWAY_OK :
           ff_runway_error(err, RUNWAY_INVALID, "'%s' is no identity of a clip "
                           "(a mistake in the filter)", identity);
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
    RunwayOutcome ret = ff_runway_journal_check_identity(identity, err);
    char *path = NULL, *data = NULL;
    size_t size = 0;
    int why;

    if (ret)
        return ret;
    ff_runway_record_init(record, identity);
    path = ff_runway_disk_path(j->clips, identity, SUFFIX_RECORD);
    data = malloc(RUNWAY_RECORD_TEXT);
    if (!path || !data) {
        ret = ff_runway_no_memory(err);
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
    if (ff_runway_record_decode(data, size, identity, record)) {
        ret = ff_runway_no_memory(err);
        goto end;
    }
    if (record->state == RUNWAY_CLIP_DAMAGED) {
        RunwayError text;

        ff_runway_error(&text, RUNWAY_IO, "%s: %s", path,
                        why == EISDIR ? "it is no file" : record->failure);
        ff_runway_copy_text(record->failure, sizeof(record->failure),
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
static RunwayOutcome keep_damaged(RunwayJournal *j, const Paths *paths,
                                  const char *identity, RunwayError *err)
{
    RunwayRecord *old = malloc(sizeof(*old)); /* several KiB */
    RunwayOutcome ret;

    if (!old)
        return ff_runway_no_memory(err);
    ret = ff_runway_journal_read(j, identity, old, err);
    if (!ret && old->state == RUNWAY_CLIP_DAMAGED) {
        unlink(paths->damaged);
        if (!link(paths->record, paths->damaged))
            ff_runway_log(j->log, RUNWAY_LOG_WARNING, OPTION ": a record that "
                          "cannot be believed was kept as %s", paths->damaged);
    }
    free(old);
    return ret;
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
    ff_runway_copy_text(record->writer_host, sizeof(record->writer_host),
                        j->host);
    ret = ff_runway_record_encode(record, &text, &size, err);
    if (ret)
        return ret;
    if (!make_paths(j, record->identity, &paths)) {
        ret = ff_runway_no_memory(err);
        goto end;
    }
    if (is_intent)
        ret = keep_damaged(j, &paths, record->identity, err);
    if (ret)
        goto end;
    why = replace(j, &paths, text, size, is_intent);
    if (why == ENOMEM)
        ret = ff_runway_no_memory(err);
    else if (why)
        ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be written: "
                              "%s", paths.record, strerror(why));
end:
    free_paths(&paths);
    free(text);
    return ret;
}

int ff_runway_journal_match_name(const char *name, const char *suffix,
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

RunwayOutcome ff_runway_journal_open_clips(const RunwayJournal *j, DIR **dir,
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
        return ff_runway_no_memory(err);
    ret = ff_runway_journal_open_clips(j, &dir, err);
    while (!ret && dir && (entry = readdir(dir))) {
        RunwayError why;

        if (!ff_runway_journal_match_name(entry->d_name, SUFFIX_RECORD,
                                          identity))
            continue;
        ret = ff_runway_journal_read(j, identity, record, &why);
        if (ret == RUNWAY_IO) {
            /* not fatal to the others */
            record->state = RUNWAY_CLIP_DAMAGED;
            ff_runway_copy_text(record->failure, sizeof(record->failure),
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
