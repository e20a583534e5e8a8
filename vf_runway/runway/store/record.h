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
 * What is known about a clip: its states, its record, and the record as text.
 * Pure: no I/O, no clock.
 *
 *     none -> intent -> submitted -> generated -> stored
 *                   \-> rejected  \-> failed, failed_passing
 *                   \-> unknown   \-> lost -> submitted, stored: found again
 *
 * Nothing secret is in a record: no key, no URL with a query, no prompt.
 */

#ifndef AVFILTER_RUNWAY_STORE_RECORD_H
#define AVFILTER_RUNWAY_STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "../base/checksum.h"
#include "../base/error.h"
#include "../api/task.h"

typedef enum RunwayClipState {
    RUNWAY_CLIP_NONE,      ///< planned: nothing was sent
    RUNWAY_CLIP_INTENT,    ///< a create is about to go out, or went out
    RUNWAY_CLIP_SUBMITTED, ///< accepted: task_id
    RUNWAY_CLIP_GENERATED, ///< the task succeeded, its result is not here yet
    RUNWAY_CLIP_STORED,    ///< the result is in the cache: size and checksum
    RUNWAY_CLIP_REJECTED,  ///< the create certainly was not accepted
    RUNWAY_CLIP_FAILED,    ///< the task failed for good
    RUNWAY_CLIP_FAILED_PASSING, ///< it failed for a passing reason
    RUNWAY_CLIP_UNKNOWN,   ///< sent, and never answered
    RUNWAY_CLIP_LOST,      ///< the task was ours and is gone
    /** There is a record, and it cannot be believed: failure says why. Never
     *  written. */
    RUNWAY_CLIP_DAMAGED,
} RunwayClipState;

/** As in the file: "intent", "failed_passing", … Never NULL. */
const char *ff_runway_clip_state_name(RunwayClipState state);

/** Amounts of credits are -1 when not known. */
typedef struct RunwayRecord {
    RunwayClipState state;
    char identity[RUNWAY_IDENTITY_SIZE];
    /* set by the writer before the intent; too long is cut */
    char endpoint[512];       ///< API origin and path; no user, no query
    char model[128];
    char label[128];          ///< for people: "clip 3 (10.00-15.00 s)"
    char output[RUNWAY_IDENTITY_SIZE]; ///< identity of the first clip of the run
                                       ///< that sent it, "": not known
    double credits_estimated; ///< price of the try at hand
    /* as they become known */
    char task_id[RUNWAY_ID_MAX]; ///< before SUBMITTED is written
    double credits_charged;   ///< real cost of the try at hand
    char failure[1024];       ///< FAILED*, LOST, UNKNOWN, REJECTED: why, may be
                              ///< ""; scrubbed when it is written
    char failure_code[128];
    int64_t result_size;      ///< before STORED is written; -1: none
    char result_checksum[RUNWAY_CHECKSUM_SIZE];
    /* kept by ff_runway_record_move() */
    int tries;                ///< creates that were or may have been accepted
    int failures;             ///< of these, failed for a passing reason
    double credits_before;    ///< what tries before the one at hand cost or may
                              ///< have cost; unknown prices count as 0
    /* kept by ff_runway_journal_write() */
    int64_t created, updated; ///< seconds since the epoch, for people and for
                              ///< pruning only
    int64_t writer_pid;       ///< information only
    char writer_host[256];
} RunwayRecord;

/** Whether text is an identity. */
int ff_runway_identity_is_valid(const char *text);

/** A record in state NONE. */
void ff_runway_record_init(RunwayRecord *record, const char *identity);

/**
 * Take the step to another state and keep the books: a new INTENT counts a try,
 * adds what the last one cost to credits_before and forgets its task, charge,
 * failure and result; REJECTED takes the try back; FAILED_PASSING counts a
 * failure. Set the fields that the new state needs first (for an INTENT:
 * afterwards). From DAMAGED an INTENT begins with one try already counted.
 * RUNWAY_INVALID, and nothing is changed, for a step that does not exist or
 * that lacks what the state needs: a mistake of the program.
 */
RunwayOutcome ff_runway_record_move(RunwayRecord *record,
                                    RunwayClipState state, RunwayError *err);

/** What the clip cost or may have cost so far, all tries; unknown prices are
 *  0. */
double ff_runway_record_cost(const RunwayRecord *record);

/** Whether a clip costs this run's cap something when it comes by: it was, or
 *  may have been, spent for, and what it brought is not stored. */
int ff_runway_record_counts(const RunwayRecord *record);

/** Whether something may be paid for and not fetched: INTENT, SUBMITTED,
 *  GENERATED, UNKNOWN, LOST, DAMAGED, and REJECTED where it was to replace one
 *  of these. */
int ff_runway_record_is_open(const RunwayRecord *record);

/** No encoded record is longer, terminating 0 included. */
#define RUNWAY_RECORD_TEXT 16384

/**
 * A record as text: a line of JSON and a line with its checksum. *text is
 * malloc()ed. RUNWAY_INVALID for a record that lacks what its state needs, and
 * for the states NONE and DAMAGED.
 */
RunwayOutcome ff_runway_record_encode(const RunwayRecord *record, char **text,
                                      size_t *size, RunwayError *err);

/**
 * Back again, RUNWAY_OK. Whatever is not exactly what
 * ff_runway_record_encode() wrote for that identity (torn, cut short, longer,
 * edited, of another clip, of another version of the format) gives a record in
 * state DAMAGED with the reason in failure and nothing else in it believed.
 * RUNWAY_NOMEM: nobody knows; record is in state NONE.
 */
RunwayOutcome ff_runway_record_decode(const char *text, size_t size,
                             const char *identity, RunwayRecord *record);

#endif /* AVFILTER_RUNWAY_STORE_RECORD_H */
