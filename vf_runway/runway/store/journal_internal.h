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
 * What the journal's own files share, and nobody else looks at: the directory
 * and the names in it. Records are read and written in journal.c, locked in
 * journal_lock.c, and cleared away in journal_prune.c.
 */

#ifndef AVFILTER_RUNWAY_STORE_JOURNAL_INTERNAL_H
#define AVFILTER_RUNWAY_STORE_JOURNAL_INTERNAL_H

#include <dirent.h>

#include "journal.h"

/* the option that names the directory, for error texts */
#define OPTION "state_dir"

#define CLIPS "clips"
#define LOCKS "locks"

#define SUFFIX_RECORD  ".record"
#define SUFFIX_NEW     ".new"     ///< a record that is being written
#define SUFFIX_NEXT    ".next"    ///< space for the one after an intent
#define SUFFIX_DAMAGED ".damaged" ///< what could not be believed
#define SUFFIX_LOCK    ".lock"
#define SUFFIX_EARLIER ".json"    ///< a record of the earlier format

#define NAME_SIZE (RUNWAY_IDENTITY_SIZE + 16)

struct RunwayJournal {
    char *path;
    int dir, clips, locks; ///< descriptors, -1: it does not exist (dry_run)
    int ours;              ///< what is old may be removed
    const RunwayPolicy *policy;
    const RunwayLog *log;
    char host[256];
};

struct RunwayJournalLock {
    const RunwayJournal *journal;
    int fd;
    char name[NAME_SIZE];
    char identity[RUNWAY_IDENTITY_SIZE]; ///< "": money
};

/** RUNWAY_INVALID when it is none. */
RunwayOutcome ff_runway_journal_check_identity(const char *identity,
                                               RunwayError *err);

/** A name below clips/ or locks/. */
void ff_runway_journal_name(char name[NAME_SIZE], const char *identity,
                            const char *suffix);

/** Whether name is an identity and that suffix; identity is set then. */
int ff_runway_journal_match_name(const char *name, const char *suffix,
                                 char identity[RUNWAY_IDENTITY_SIZE]);

/** The names below clips/; *list is NULL, and it is no error, when nobody ever
 *  made it. */
RunwayOutcome ff_runway_journal_list(const RunwayJournal *j, DIR **list,
                                     RunwayError *err);
/** What kept them from being read, an errno value, as RUNWAY_IO; 0: RUNWAY_OK. */
RunwayOutcome ff_runway_journal_listed(const RunwayJournal *j, int why,
                                       RunwayError *err);

/** Prove that locks exclude each other here. */
RunwayOutcome ff_runway_journal_prove_locks(RunwayJournal *j,
                                            RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_JOURNAL_INTERNAL_H */
