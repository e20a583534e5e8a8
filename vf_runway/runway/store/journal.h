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

/**
 * @file
 * What is on disk about clips: one record a clip, and a lock for each.
 *
 * A journal may be used from several threads and by several processes at once.
 * Below state_dir it keeps clips/IDENTITY.json and, while somebody holds one,
 * locks/IDENTITY.lock; directories 0700, files 0600. A record on disk is always
 * a whole one, the old or the new, whatever dies when. Errors name the option
 * state_dir, the path and the reason.
 */

#ifndef AVFILTER_RUNWAY_STORE_JOURNAL_H
#define AVFILTER_RUNWAY_STORE_JOURNAL_H

#include <stdint.h>

#include "../base/error.h"
#include "../base/log.h"
#include "record.h"

typedef struct RunwayJournal RunwayJournal;
/** A clip's lock; belongs to the thread that took it. */
typedef struct RunwayJournalLock RunwayJournalLock;

typedef struct RunwayJournalConfig {
    const char *state_dir; ///< copied; NULL or "": the XDG state home
    int read_only;         ///< dry_run: create and change nothing; no such
                           ///< directory is no error then
    const RunwayLog *log;  ///< outlives the journal
} RunwayJournalConfig;

/**
 * Make the directories and prove that they can be written: a real file is
 * written and made durable. RUNWAY_INVALID: no home. RUNWAY_IO: they cannot be
 * made or written.
 */
RunwayOutcome ff_runway_journal_open(const RunwayJournalConfig *config,
                                     RunwayJournal **journal,
                                     RunwayError *err);
/** All locks must have been given back. */
void ff_runway_journal_free(RunwayJournal **journal);

/** state_dir as it was resolved; lives as long as the journal. */
const char *ff_runway_journal_dir(const RunwayJournal *journal);

/**
 * Take a clip's lock, waiting for who has it: another process, or another
 * thread of this one. It goes with its holder, however that ends (but a
 * fork()ed child holds it too). That it waits is logged once, with label.
 * Ends within 0.1 s after cancelled() (may be NULL) answers non-zero, with
 * RUNWAY_CANCELLED. RUNWAY_IO: the lock file cannot be made, or the file
 * system has no locks. To take several at once is to risk a deadlock.
 */
RunwayOutcome ff_runway_journal_lock(RunwayJournal *journal,
                                     const char *identity, const char *label,
                                     int (*cancelled)(void *opaque),
                                     void *opaque, RunwayJournalLock **lock,
                                     RunwayError *err);
void ff_runway_journal_unlock(RunwayJournalLock **lock);

/**
 * Read a clip's record, with or without its lock. No record is state NONE; one
 * that cannot be believed is state DAMAGED, the path and the reason in its
 * failure. RUNWAY_IO: it cannot be read.
 */
RunwayOutcome ff_runway_journal_read(RunwayJournal *journal,
                                     const char *identity,
                                     RunwayRecord *record, RunwayError *err);

/**
 * Write the record of the clip that is locked; durable on return. Sets updated,
 * writer, and created on the first one. An INTENT also lays by the room for the
 * record after it, so that a task id can be written when the disk has become
 * full meanwhile (where the file system overwrites in place). A damaged record
 * is kept beside the new one, as IDENTITY.damaged. RUNWAY_IO: the step must not
 * be taken; the record on disk is a whole one, the old (disk full, no rights)
 * or the new (the directory could not be made durable any more).
 */
RunwayOutcome ff_runway_journal_write(RunwayJournal *journal,
                                      const RunwayJournalLock *lock,
                                      RunwayRecord *record, RunwayError *err);

/**
 * Visit all records, in no order, DAMAGED ones included. A non-zero answer of
 * visit() ends it. record is only valid during the call.
 */
RunwayOutcome ff_runway_journal_each(RunwayJournal *journal,
                                     int (*visit)(void *opaque,
                                                  const RunwayRecord *record),
                                     void *opaque, RunwayError *err);

/** What may be paid for and was not fetched (ff_runway_record_is_open()), of
 *  all runs that ever used this journal. */
typedef struct RunwayJournalSummary {
    int open;         ///< records
    int damaged;      ///< of these, not to be believed
    double credits;   ///< what they cost or may have cost, known prices only
} RunwayJournalSummary;

RunwayOutcome ff_runway_journal_summary(RunwayJournal *journal,
                                        RunwayJournalSummary *summary,
                                        RunwayError *err);

#define RUNWAY_JOURNAL_KEEP 2592000LL ///< seconds: 30 days

/**
 * Remove records that are finished and were not changed for 30 days. now is
 * seconds since the epoch. keep() (may be NULL) may say no: for a result that
 * is still in the cache. Those that are open stay, and when they are that old
 * one WARNING lists them with their task ids. Locked ones are not touched.
 * *removed (may be NULL) is how many went.
 */
RunwayOutcome ff_runway_journal_prune(RunwayJournal *journal, int64_t now,
                                      int (*keep)(void *opaque,
                                                  const RunwayRecord *record),
                                      void *opaque, int *removed,
                                      RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_JOURNAL_H */
