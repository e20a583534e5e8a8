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
 * Results on disk, which were paid for.
 *
 * May be used from several threads and by several processes at once; who brings
 * in, opens or removes a result holds its clip's lock. In results_dir are
 * IDENTITY-DIGEST.mp4, DIGEST being the SHA-256 of the file, so that a result
 * proves itself by its name, with or without a record; beside them
 * IDENTITY-DIGEST.refused.mp4 for whole files that the checks refuse,
 * IDENTITY-DIGEST.damaged for what is not what it was, and incoming/ for what
 * is still being downloaded. No lock is in it: it may lie on a file system that
 * has none. Nothing else in it is ever touched, and nothing is removed to save
 * space unless the directory was made for this (ff_runway_dir_claim()). Errors
 * name the option results_dir, the path and the reason.
 */

#ifndef AVFILTER_RUNWAY_STORE_RESULTS_H
#define AVFILTER_RUNWAY_STORE_RESULTS_H

#include <stdint.h>

#include "../base/error.h"
#include "../base/log.h"
#include "../base/sha256.h"
#include "journal.h"

typedef struct RunwayResults RunwayResults;
/** A result on its way in; belongs to one thread at a time. */
typedef struct RunwayIncoming RunwayIncoming;

/** Seconds after its last output for which a result is never removed. */
#define RUNWAY_RESULTS_KEEP 604800LL

/**
 * Make results_dir (NULL or "": results in the journal's directory), prove that
 * it can be written, prune to results_size; with dry_run nothing is created or
 * changed. All that is given outlives the results. RUNWAY_INVALID: somebody
 * else's. RUNWAY_IO: it cannot be made or written.
 */
RunwayOutcome ff_runway_results_open(const RunwayPolicy *policy,
                                     RunwayJournal *journal,
                                     const RunwayLog *log,
                                     RunwayResults **results,
                                     RunwayError *err);
/** Incoming ones must be kept or aborted; descriptors stay valid. */
void ff_runway_results_free(RunwayResults **results);

/** Whether a person waits for the end; any thread; NULL: never. Large results are
 *  not read to their end then, nor kept: RUNWAY_CANCELLED. Set it before there
 *  are threads. */
void ff_runway_results_heed(RunwayResults *results,
                            int (*interrupted)(void *opaque), void *opaque);

/** results_dir as it was resolved; lives as long as the results. */
const char *ff_runway_results_path(const RunwayResults *results);

/** A private, empty file to download into. */
RunwayOutcome ff_runway_results_begin(RunwayResults *results,
                                      const char *identity,
                                      RunwayIncoming **incoming,
                                      RunwayError *err);
/** Its descriptor, for reading and writing; the file's, do not close it. */
int ff_runway_incoming_fd(const RunwayIncoming *incoming);
/** Throw the file away. Does nothing when *incoming is NULL. */
void ff_runway_incoming_abort(RunwayIncoming **incoming);

/** Size of the name of a result's file. */
#define RUNWAY_RESULT_NAME (RUNWAY_IDENTITY_SIZE + RUNWAY_SHA256_SIZE + 16)

/** A result. Begins with fd -1. */
typedef struct RunwayResult {
    int fd;              ///< read-only, the caller's to close; -1: none
    int64_t size;
    int refused;         ///< the checks refused it when it came
    char name[RUNWAY_RESULT_NAME]; ///< in results_dir
} RunwayResult;

/**
 * Make the file durable under its name; *incoming is freed and NULL, whatever
 * the outcome. refused: the checks refuse it. Older results go where there is
 * not enough space for all. RUNWAY_IO: nothing was brought in.
 */
RunwayOutcome ff_runway_results_keep(RunwayResults *results,
                                     RunwayIncoming **incoming, int refused,
                                     RunwayResult *result, RunwayError *err);

/**
 * Find a clip's result: one that is not refused where there are several. All of
 * it is read: what does not agree with its name is moved aside, with a warning.
 * RUNWAY_OK with fd -1: there is none. RUNWAY_IO: it cannot be read.
 */
RunwayOutcome ff_runway_results_find(RunwayResults *results,
                                     const char *identity,
                                     RunwayResult *result, RunwayError *err);

/** Whether there is a file of that name; nothing of it is read. With refused set
 *  one that the checks refused counts as well: it was paid for. -1: nobody
 *  knows, results_dir cannot be read. */
int ff_runway_results_has(RunwayResults *results, const char *identity,
                          int refused);

/** A damaged result shows that its clip was paid for: where record says nothing
 *  of that, it is lost, and is DAMAGED as well; also where it cannot be known. */
void ff_runway_results_doubt(RunwayResults *results, RunwayRecord *record);

/** The checks take now what they refused before: give it its name. */
RunwayOutcome ff_runway_results_accept(RunwayResults *results,
                                       RunwayResult *result, RunwayError *err);

/** It is none: moved aside as what is damaged is; its descriptor is closed. */
void ff_runway_results_reject(RunwayResults *results, RunwayResult *result);

/** Remove all of a clip's files; *removed is how many went. */
RunwayOutcome ff_runway_results_remove(RunwayResults *results,
                                       const char *identity, int *removed,
                                       RunwayError *err);

/**
 * Remove, until the others fit, damaged files and then results whose record
 * says that they were last output more than RUNWAY_RESULTS_KEEP before now
 * (seconds since the epoch), the oldest first, each with a line; and what
 * processes that are gone have left in incoming/. Where that is not enough, a
 * warning, once.
 */
RunwayOutcome ff_runway_results_prune(RunwayResults *results, int64_t now,
                                      RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_RESULTS_H */
