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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/disk.h"
#include "journal_internal.h"

/* a log line holds 4 KiB */
#define LIST_SIZE 3072

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
    RunwayJournalLock *lock = ff_runway_journal_lock_if_free(j, seen->identity);
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
    RunwayOutcome ret = ff_runway_journal_open_clips(j, &dir, err);

    while (!ret && dir && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        int damaged = ff_runway_journal_match_name(name, SUFFIX_DAMAGED,
                                                   identity);
        int probe = !strncmp(name, RUNWAY_DISK_PROBE,
                             strlen(RUNWAY_DISK_PROBE));
        RunwayJournalLock *lock;
        char *path;

        if (!damaged && !probe &&
            !ff_runway_journal_match_name(name, SUFFIX_NEW, identity) &&
            !ff_runway_journal_match_name(name, SUFFIX_NEXT, identity))
            continue;
        path = ff_runway_disk_path(j->clips, name, NULL);
        if (path && probe) {
            /* should it be in use this very moment, it does not need its name
             * any more */
            unlink(path);
        } else if (path && (!damaged || p->now - file_time(path) >
                                        RUNWAY_JOURNAL_KEEP)) {
            lock = ff_runway_journal_lock_if_free(j, identity);
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
        return ff_runway_no_memory(err);
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
