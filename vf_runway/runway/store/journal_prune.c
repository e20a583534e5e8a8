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

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/dir.h"
#include "../base/disk.h"
#include "journal_internal.h"

#define FORGOTTEN_AFTER 2592000LL /* seconds: 30 days */

/* What prune() carries from record to record. */
typedef struct Prune {
    RunwayJournal *journal;
    int64_t now;
    int (*has_result)(void *opaque, const char *identity);
    void *opaque;
    int open;         ///< of long ago
} Prune;

static int is_old(const Prune *p, int64_t updated, int64_t age)
{
    /* a clock that was set back makes nothing old */
    return p->now > updated && p->now - updated > age;
}

static int may_go(const Prune *p, const RunwayRecord *r)
{
    return p->journal->ours && !ff_runway_record_is_open(r) &&
           is_old(p, r->updated, RUNWAY_JOURNAL_KEEP) &&
           !(p->has_result && p->has_result(p->opaque, r->identity));
}

static void remove_record(Prune *p, const char *identity)
{
    RunwayJournal *j = p->journal;
    RunwayJournalLock *lock = ff_runway_journal_lock_if_free(j, identity, NULL);
    RunwayRecord *record = malloc(sizeof(*record)); /* many KiB */
    char name[NAME_SIZE];

    ff_runway_journal_name(name, identity, SUFFIX_RECORD);
    /* as it is now that nobody else can change it */
    if (lock && record && !ff_runway_journal_read(j, identity, record, NULL) &&
        may_go(p, record))
        ff_runway_dir_remove_file(j->clips, name);
    free(record);
    ff_runway_journal_unlock(&lock);
}

static int prune_record(void *opaque, const RunwayRecord *record)
{
    Prune *p = opaque;

    /* what a damaged one says of its age cannot be believed */
    if (ff_runway_record_is_open(record))
        p->open += !record->damage[0] &&
                   is_old(p, record->updated, FORGOTTEN_AFTER);
    else if (may_go(p, record))
        remove_record(p, record->identity);
    return 0;
}

/* What writers that died left behind, and old damaged records that have a
 * successor. */
static void prune_leftover(Prune *p, const char *name)
{
    RunwayJournal *j = p->journal;
    char identity[RUNWAY_IDENTITY_SIZE];
    int damaged = ff_runway_journal_match_name(name, SUFFIX_DAMAGED, identity);
    RunwayJournalLock *lock;
    struct stat st;

    if (!strncmp(name, RUNWAY_DIR_PROBE, strlen(RUNWAY_DIR_PROBE))) {
        /* should it be in use this very moment, that is no error there */
        ff_runway_dir_remove_file(j->clips, name);
        return;
    }
    if (!damaged && !ff_runway_journal_match_name(name, SUFFIX_NEW, identity) &&
        !ff_runway_journal_match_name(name, SUFFIX_NEXT, identity))
        return;
    if (damaged && (ff_runway_dir_stat(j->clips, name, &st) ||
                    !is_old(p, (int64_t)st.st_mtime, RUNWAY_JOURNAL_KEEP)))
        return;
    lock = ff_runway_journal_lock_if_free(j, identity, NULL);
    if (lock)
        ff_runway_dir_remove_file(j->clips, name);
    ff_runway_journal_unlock(&lock);
}

RunwayOutcome ff_runway_journal_prune(RunwayJournal *j, int64_t now,
                                      int (*has_result)(void *opaque,
                                                        const char *identity),
                                      void *opaque, RunwayError *err)
{
    Prune p = { j, now, has_result, opaque, 0 };
    const struct dirent *entry;
    DIR *list = NULL;
    int why = 0;
    RunwayOutcome ret = ff_runway_journal_each(j, prune_record, &p, err);

    if (!ret && j->ours)
        ret = ff_runway_journal_list(j, &list, err);
    while (list && (entry = ff_runway_dir_next(list, &why)))
        prune_leftover(&p, entry->d_name);
    if (list)
        closedir(list);
    if (p.open)
        ff_runway_log(j->log, RUNWAY_LOG_WARNING, "%d clip%s from more than 30 "
                      "days ago may have been paid for and %s never fetched: "
                      "\"runway-tasks list\" shows them", p.open,
                      p.open == 1 ? "" : "s", p.open == 1 ? "was" : "were");
    return ret ? ret : ff_runway_journal_listed(j, why, err);
}
