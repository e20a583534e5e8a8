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
 * What the files of the results share, and nobody else looks at: the
 * directories and the names in them. Results are brought in and found in
 * results.c, and cleared away in results_prune.c.
 */

#ifndef AVFILTER_RUNWAY_STORE_RESULTS_INTERNAL_H
#define AVFILTER_RUNWAY_STORE_RESULTS_INTERNAL_H

#include <dirent.h>
#include <stdatomic.h>

#include "results.h"

/* the option that names the directory, for error texts */
#define OPTION "results_dir"

#define INCOMING "incoming"

typedef enum ResultKind {
    RESULT_NONE,     ///< not one of ours
    RESULT_WHOLE,
    RESULT_REFUSED,
    RESULT_DAMAGED,
} ResultKind;

struct RunwayResults {
    RunwayJournal *journal;
    char *path;
    int dir, incoming;      ///< descriptors, -1: it does not exist (dry_run)
    int ours;               ///< what is old may be removed
    const RunwayPolicy *policy;
    const RunwayLog *log;
    int (*interrupted)(void *opaque); ///< NULL: never
    void *opaque;
    atomic_flag full_logged;
    atomic_int nb_incoming; ///< so far, for their names
};

/** What a name in results_dir says. */
ResultKind ff_runway_results_parse_name(const char *name,
                                        char identity[RUNWAY_IDENTITY_SIZE],
                                        char digest[RUNWAY_SHA256_SIZE]);

/** The names in one of the directories; *list is NULL, and it is no error, when
 *  it does not exist. */
RunwayOutcome ff_runway_results_list(const RunwayResults *r, int dir,
                                     DIR **list, RunwayError *err);
/** What kept them from being read, an errno value, as RUNWAY_IO; 0: RUNWAY_OK. */
RunwayOutcome ff_runway_results_listed(const RunwayResults *r, int why,
                                       RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_RESULTS_INTERNAL_H */
