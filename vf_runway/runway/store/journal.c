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
#include <time.h>
#include <unistd.h>

#include "../base/dir.h"
#include "../base/disk.h"
#include "../base/text.h"
#include "journal_internal.h"

/* what a record can grow by in the step after an intent */
#define STEP_SIZE 4096

static RunwayOutcome open_dirs(RunwayJournal *j, RunwayError *err)
{
    int dry_run = j->policy->dry_run;
    RunwayOutcome ret = ff_runway_dir_open_or_make(OPTION, j->path, dry_run,
                                                   &j->dir, err);
    struct stat st;

    if (!ret && dry_run &&
        (j->dir < 0 || ff_runway_dir_stat(j->dir, CLIPS, &st) ||
         ff_runway_dir_stat(j->dir, LOCKS, &st)))
        return RUNWAY_OK;
    if (!ret && !dry_run)
        ret = ff_runway_dir_claim(OPTION, j->path, j->dir, &j->ours, err);
    if (!ret)
        ret = ff_runway_dir_open_below(OPTION, j->path, j->dir, CLIPS,
                                       &j->clips, err);
    if (!ret)
        ret = ff_runway_dir_open_below(OPTION, j->path, j->dir, LOCKS,
                                       &j->locks, err);
    return ret;
}

/* Nobody has released that format: it is shown, and not read. */
static RunwayOutcome warn_earlier(RunwayJournal *j, RunwayError *err)
{
    char identity[RUNWAY_IDENTITY_SIZE];
    const struct dirent *entry;
    DIR *list;
    int nb = 0, why = 0;
    RunwayOutcome ret = ff_runway_journal_list(j, &list, err);

    while (list && (entry = ff_runway_dir_next(list, &why)))
        nb += ff_runway_journal_match_name(entry->d_name, SUFFIX_EARLIER,
                                           identity);
    if (list)
        closedir(list);
    if (nb)
        ff_runway_log(j->log, RUNWAY_LOG_WARNING, OPTION ": %s/" CLIPS " has "
                      "%d records of an earlier version (*" SUFFIX_EARLIER
                      "), which this one does not read: their clips would be "
                      "bought again; they are left alone", j->path, nb);
    return ret ? ret : ff_runway_journal_listed(j, why, err);
}

RunwayOutcome ff_runway_journal_open(const RunwayPolicy *policy,
                                     const RunwayLog *log,
                                     RunwayJournal **journal,
                                     RunwayError *err)
{
    RunwayJournal *j = calloc(1, sizeof(*j));
    RunwayOutcome ret = RUNWAY_OK;

    *journal = NULL;
    if (!j)
        return ff_runway_no_memory(err);
    j->dir = j->clips = j->locks = -1;
    j->policy = policy;
    j->log    = log;
    if (gethostname(j->host, sizeof(j->host) - 1))
        j->host[0] = 0;
    if (policy->state_dir && *policy->state_dir) {
        j->path = strdup(policy->state_dir);
        if (!j->path)
            ret = ff_runway_no_memory(err);
    } else {
        ret = ff_runway_disk_default(OPTION, &j->path, err);
    }
    if (!ret)
        ret = open_dirs(j, err);
    if (!ret && !j->policy->dry_run)
        ret = ff_runway_dir_prove(OPTION, j->path, j->clips, j->clips, err);
    if (!ret && !j->policy->dry_run)
        ret = ff_runway_journal_prove_locks(j, err);
    if (!ret)
        ret = warn_earlier(j, err);
    if (ret)
        ff_runway_journal_free(&j);
    *journal = j;
    return ret;
}

void ff_runway_journal_free(RunwayJournal **journal)
{
    RunwayJournal *j = *journal;

    if (!j)
        return;
    ff_runway_disk_close(&j->locks);
    ff_runway_disk_close(&j->clips);
    ff_runway_disk_close(&j->dir);
    free(j->path);
    free(j);
    *journal = NULL;
}

const char *ff_runway_journal_path(const RunwayJournal *j)
{
    return j->path;
}

int ff_runway_journal_dir(const RunwayJournal *j)
{
    return j->dir;
}

RunwayOutcome ff_runway_journal_check_identity(const char *identity,
                                               RunwayError *err)
{
    return ff_runway_identity_is_valid(identity) ? RUNWAY_OK :
           ff_runway_error(err, RUNWAY_INVALID, "'%s' is not a clip's identity "
                           "(internal error)", identity);
}

void ff_runway_journal_name(char name[NAME_SIZE], const char *identity,
                            const char *suffix)
{
    snprintf(name, NAME_SIZE, "%.64s%s", identity, suffix);
}

int ff_runway_journal_match_name(const char *name, const char *suffix,
                                 char identity[RUNWAY_IDENTITY_SIZE])
{
    const char *rest = ff_runway_identity_split(name, identity);

    return rest && !strcmp(rest, suffix);
}

/**
 * The bytes of a file, at most size of them. *got is size when there are more.
 * 0 or an errno value.
 */
static int read_file(int dir, const char *name, char *data, size_t size,
                     size_t *got)
{
    int fd, ret = ff_runway_dir_open_file(dir, name, O_RDONLY, &fd);

    *got = 0;
    if (ret)
        return ret;
    ret = ff_runway_disk_read(fd, 0, data, size, got);
    close(fd);
    return ret;
}

RunwayOutcome ff_runway_journal_read(RunwayJournal *j, const char *identity,
                                     RunwayRecord *record, RunwayError *err)
{
    RunwayOutcome ret = ff_runway_journal_check_identity(identity, err);
    char name[NAME_SIZE], *data;
    size_t size = 0;
    int why;

    if (ret)
        return ret;
    ff_runway_record_init(record, identity);
    if (j->clips < 0)
        return RUNWAY_OK;
    data = malloc(RUNWAY_RECORD_TEXT);
    if (!data)
        return ff_runway_no_memory(err);
    ff_runway_journal_name(name, identity, SUFFIX_RECORD);
    why = read_file(j->clips, name, data, RUNWAY_RECORD_TEXT, &size);
    if (why && why != ENOENT && why != EPERM && why != ELOOP)
        ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s/" CLIPS "/%s cannot "
                              "be read: %s", j->path, name,
                              ff_runway_dir_strerror(why));
    else if (why != ENOENT &&
             ff_runway_record_decode(data, size, identity, record))
        ret = ff_runway_no_memory(err);
    if (record->damage[0]) {
        RunwayError text;

        ff_runway_error(&text, RUNWAY_IO, "%s/" CLIPS "/%s: %s", j->path, name,
                        why ? "it is not a regular file"
                            : record->damage);
        ff_runway_copy_text(record->damage, sizeof(record->damage),
                             text.text);
    }
    free(data);
    return ret;
}

/* Write a file that nobody reads yet. */
static int write_new(int dir, const char *name, const char *data, size_t size)
{
    int fd, ret;

    /* what a writer that died left behind; the clip's lock is ours */
    ff_runway_dir_remove_file(dir, name);
    ret = ff_runway_dir_create_file(dir, name, &fd);
    if (ret)
        return ret;
    ret = ff_runway_disk_write(fd, data, size);
    if (!ret)
        ret = ff_runway_disk_sync(fd);
    close(fd);
    if (ret)
        ff_runway_dir_remove_file(dir, name);
    return ret;
}

/* Write into the space that was reserved. */
static int write_next(int dir, const char *name, const char *data, size_t size)
{
    int fd, ret = ff_runway_dir_open_file(dir, name, O_RDWR, &fd);

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

static int reserve_next(int dir, const char *name, size_t size)
{
    char *data = malloc(size);
    int ret;

    if (!data)
        return ENOMEM;
    memset(data, '\n', size);
    ret = write_new(dir, name, data, size);
    free(data);
    return ret;
}

/* Keep what cannot be believed, for a person to look at: a copy, so that there
 * is no moment without a record. */
static RunwayOutcome keep_damaged(RunwayJournal *j, const char *identity,
                                  RunwayError *err)
{
    RunwayRecord *old = malloc(sizeof(*old)); /* many KiB */
    char *data = malloc(RUNWAY_RECORD_TEXT);
    char record[NAME_SIZE], damaged[NAME_SIZE];
    size_t size;
    RunwayOutcome ret = RUNWAY_NOMEM;

    if (old && data)
        ret = ff_runway_journal_read(j, identity, old, err);
    else
        ff_runway_no_memory(err);
    if (!ret && old->damage[0]) {
        ff_runway_journal_name(record, identity, SUFFIX_RECORD);
        ff_runway_journal_name(damaged, identity, SUFFIX_DAMAGED);
        if (!read_file(j->clips, record, data, RUNWAY_RECORD_TEXT, &size) &&
            !write_new(j->clips, damaged, data, size))
            ff_runway_log(j->log, RUNWAY_LOG_WARNING, OPTION ": a record that "
                          "cannot be trusted was kept as %s/" CLIPS "/%s",
                          j->path, damaged);
    }
    free(old);
    free(data);
    return ret;
}

static int replace(const RunwayJournal *j, const char *identity,
                   const char *text, size_t size, int is_intent)
{
    char record[NAME_SIZE], new[NAME_SIZE], next[NAME_SIZE];
    const char *from = new;
    int ret;

    ff_runway_journal_name(record, identity, SUFFIX_RECORD);
    ff_runway_journal_name(new, identity, SUFFIX_NEW);
    ff_runway_journal_name(next, identity, SUFFIX_NEXT);
    if (is_intent) {
        ret = reserve_next(j->clips, next, size + STEP_SIZE);
        if (!ret)
            ret = write_new(j->clips, from, text, size);
    } else {
        from = next;
        ret  = write_next(j->clips, from, text, size);
        if (ret) {
            from = new;
            ret  = write_new(j->clips, from, text, size);
        }
    }
    if (!ret)
        ret = ff_runway_dir_rename(j->clips, from, j->clips, record);
    if (ret) {
        ff_runway_dir_remove_file(j->clips, new);
        if (is_intent)
            ff_runway_dir_remove_file(j->clips, next);
        return ret;
    }
    return ff_runway_dir_sync(j->clips);
}

RunwayOutcome ff_runway_journal_write(RunwayJournal *j,
                                      const RunwayJournalLock *lock,
                                      RunwayRecord *record, RunwayError *err)
{
    int64_t now = (int64_t)time(NULL);
    int is_intent = ff_runway_record_state(record) == RUNWAY_CLIP_INTENT, why;
    char *text = NULL;
    size_t size;
    RunwayOutcome ret;

    if (strcmp(lock->identity, record->identity))
        return ff_runway_error(err, RUNWAY_INVALID, "the clip that is written "
                               "is not the one that is locked (internal "
                               "error)");
    if (now < 0)
        now = 0;
    if (!record->created)
        record->created = now;
    record->updated    = now;
    record->writer_pid = (int64_t)getpid();
    ff_runway_copy_text(record->writer_host, sizeof(record->writer_host),
                         j->host);
    ret = ff_runway_record_encode(record, &text, &size, err);
    if (!ret && is_intent)
        ret = keep_damaged(j, record->identity, err);
    if (ret)
        goto end;
    why = replace(j, record->identity, text, size, is_intent);
    if (why == ENOMEM)
        ret = ff_runway_no_memory(err);
    else if (why)
        ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s/" CLIPS "/%s"
                              SUFFIX_RECORD " cannot be written: %s", j->path,
                              record->identity, strerror(why));
end:
    free(text);
    return ret;
}

RunwayOutcome ff_runway_journal_list(const RunwayJournal *j, DIR **list,
                                     RunwayError *err)
{
    int why = 0;

    *list = NULL;
    if (j->clips >= 0)
        why = ff_runway_dir_list(j->clips, list);
    return ff_runway_journal_listed(j, why, err);
}

RunwayOutcome ff_runway_journal_listed(const RunwayJournal *j, int why,
                                       RunwayError *err)
{
    return why ? ff_runway_error(err, RUNWAY_IO, OPTION ": %s/" CLIPS " cannot "
                                 "be read: %s", j->path, strerror(why))
               : RUNWAY_OK;
}

RunwayOutcome ff_runway_journal_each(RunwayJournal *j,
                                     int (*visit)(void *opaque,
                                                  const RunwayRecord *record),
                                     void *opaque, RunwayError *err)
{
    char identity[RUNWAY_IDENTITY_SIZE];
    RunwayRecord *record = malloc(sizeof(*record)); /* many KiB */
    const struct dirent *entry;
    DIR *list = NULL;
    int end = 0;
    RunwayOutcome ret;

    if (!record)
        return ff_runway_no_memory(err);
    ret = ff_runway_journal_list(j, &list, err);
    while (!ret && list && (entry = ff_runway_dir_next(list, &end))) {
        RunwayError why;

        if (!ff_runway_journal_match_name(entry->d_name, SUFFIX_RECORD,
                                          identity))
            continue;
        ret = ff_runway_journal_read(j, identity, record, &why);
        if (ret == RUNWAY_IO) {
            /* not fatal to the others */
            ff_runway_copy_text(record->damage, sizeof(record->damage),
                                 why.text);
            ret = RUNWAY_OK;
        } else if (ret && err) {
            *err = why;
        }
        if (!ret && visit(opaque, record))
            break;
    }
    if (list)
        closedir(list);
    free(record);
    return ret ? ret : ff_runway_journal_listed(j, end, err);
}
