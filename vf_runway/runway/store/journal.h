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
 * What is on disk about clips: one record a clip, a lock for each, and one for
 * money.
 *
 * A journal may be used from several threads and by several processes at once.
 * Below state_dir it keeps clips/IDENTITY.record and, while somebody holds one,
 * locks/IDENTITY.lock; directories 0700, files 0600. A record on disk is always
 * a whole one, the old or the new, whatever dies when. Errors name the option
 * state_dir, the path and the reason.
 */

#ifndef AVFILTER_RUNWAY_STORE_JOURNAL_H
#define AVFILTER_RUNWAY_STORE_JOURNAL_H

#include <stdint.h>

#include "../base/error.h"
#include "../base/log.h"
#include "../base/policy.h"
#include "record.h"

typedef struct RunwayJournal RunwayJournal;
/** A lock; belongs to the thread that took it. */
typedef struct RunwayJournalLock RunwayJournalLock;

/**
 * Make state_dir (NULL or "": the XDG state home) and prove that it can be
 * written and locked; with dry_run nothing is created or changed, and no such
 * directory is no error. A journal of the earlier format is named in a warning
 * and left alone. policy and log outlive the journal. RUNWAY_INVALID: no home,
 * or a directory of somebody else. RUNWAY_IO: it cannot be made, written or
 * locked.
 */
RunwayOutcome ff_runway_journal_open(const RunwayPolicy *policy,
                                     const RunwayLog *log,
                                     RunwayJournal **journal,
                                     RunwayError *err);
/** All locks must have been given back. */
void ff_runway_journal_free(RunwayJournal **journal);

/** state_dir as it was resolved, and its descriptor, -1 where it does not exist
 *  (dry_run); both live as long as the journal. */
const char *ff_runway_journal_path(const RunwayJournal *journal);
int ff_runway_journal_dir(const RunwayJournal *journal);

/**
 * Take a clip's lock, waiting for who has it: another process, or another
 * thread of this one. It goes with its holder, however that ends (but a
 * fork()ed child holds it too). That it waits is logged once, with label.
 * Ends within 0.1 s after cancelled() (may be NULL) answers non-zero, with
 * RUNWAY_CANCELLED. RUNWAY_IO: the lock file cannot be made, or the file
 * system has no locks. Who takes several clips at once risks a deadlock.
 */
RunwayOutcome ff_runway_journal_lock(RunwayJournal *journal,
                                     const char *identity, const char *label,
                                     int (*cancelled)(void *opaque),
                                     void *opaque, RunwayJournalLock **lock,
                                     RunwayError *err);

/** The same without waiting: NULL when another has it, which is
 *  RUNWAY_UNAVAILABLE in err (may be NULL), or it cannot be had. */
RunwayJournalLock *ff_runway_journal_lock_if_free(RunwayJournal *journal,
                                                  const char *identity,
                                                  RunwayError *err);

/**
 * Take the journal's one lock for money, for the time of a sum and of an
 * intent, and never over the network. A call that waits says so once,
 * after a second. Who has a clip's lock may take it, and not the other way round.
 */
RunwayOutcome ff_runway_journal_lock_money(RunwayJournal *journal,
                                           int (*cancelled)(void *opaque),
                                           void *opaque,
                                           RunwayJournalLock **lock,
                                           RunwayError *err);

void ff_runway_journal_unlock(RunwayJournalLock **lock);

/**
 * Read a clip's record, with or without its lock. No record is one without a
 * try; one that cannot be believed is DAMAGED, the path and the reason in
 * damage. RUNWAY_IO: it cannot be read.
 */
RunwayOutcome ff_runway_journal_read(RunwayJournal *journal,
                                     const char *identity,
                                     RunwayRecord *record, RunwayError *err);

/**
 * Write the record of the clip that is locked; durable on return. Sets updated,
 * writer, and created on the first one. An INTENT also reserves the space for
 * the record after it, so that a task id can be written when the disk has
 * become full meanwhile (where the file system overwrites in place). A damaged
 * record is kept beside the new one, as IDENTITY.damaged. RUNWAY_IO: the step
 * must not be taken; the record on disk is a whole one, the old (disk full, no
 * rights) or the new (the directory could not be made durable any more).
 */
RunwayOutcome ff_runway_journal_write(RunwayJournal *journal,
                                      const RunwayJournalLock *lock,
                                      RunwayRecord *record, RunwayError *err);

/**
 * Visit all records, in no order, DAMAGED ones included. A non-zero answer of
 * visit() ends it. record is only valid during the call. RUNWAY_IO: these were
 * not all, the directory cannot be read.
 */
RunwayOutcome ff_runway_journal_each(RunwayJournal *journal,
                                     int (*visit)(void *opaque,
                                                  const RunwayRecord *record),
                                     void *opaque, RunwayError *err);

#define RUNWAY_JOURNAL_KEEP 34560000LL ///< seconds: 400 days

/**
 * Remove records that are closed and were not changed for 400 days, unless
 * has_result() (may be NULL) says that the clip's result is on disk; only in a
 * directory that was made for this. now is seconds since the epoch. Those that
 * are open stay, and a WARNING counts those of more than 30 days. Locked ones
 * are not touched.
 */
RunwayOutcome ff_runway_journal_prune(RunwayJournal *journal, int64_t now,
                                      int (*has_result)(void *opaque,
                                                        const char *identity),
                                      void *opaque, RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_JOURNAL_H */
