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
 * What is known about a clip: its tries, and the states that each of them goes
 * through. Pure: no I/O, no clock. As text: record_text.c.
 *
 *     none -> intent -> submitted -> generated -> stored
 *                |           |            \-> refused -> stored
 *                |           |-> failed, failed_transient
 *                |           \-> lost -> submitted: found again
 *                |-> unknown -> submitted: adopted
 *                \-> (taken back: certainly not accepted)
 *
 * A task that has succeeded never becomes one that failed or is lost. A try that
 * was taken back leaves no trace: the clip is what it was before. Nothing secret
 * is in a record: no key, no URL with a query, no prompt.
 */

#ifndef AVFILTER_RUNWAY_STORE_RECORD_H
#define AVFILTER_RUNWAY_STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "../base/sha256.h"
#include "../base/error.h"
#include "../api/task.h"

#define RUNWAY_TRIES_MAX   32 ///< of a clip; another take has as many again
#define RUNWAY_OUTPUTS_MAX 16 ///< the newest that a clip was used for

typedef enum RunwayClipState {
    RUNWAY_CLIP_NONE,      ///< planned: nothing was sent
    RUNWAY_CLIP_INTENT,    ///< a create is about to go out, or went out
    RUNWAY_CLIP_SUBMITTED, ///< accepted: task_id
    RUNWAY_CLIP_GENERATED, ///< the task succeeded, its result is not here yet
    RUNWAY_CLIP_STORED,    ///< the result was brought in
    RUNWAY_CLIP_REFUSED,   ///< it was, and the checks refuse it
    RUNWAY_CLIP_FAILED,    ///< the task failed permanently
    RUNWAY_CLIP_FAILED_TRANSIENT, ///< it failed for a transient reason
    RUNWAY_CLIP_UNKNOWN,   ///< sent, and never answered
    RUNWAY_CLIP_LOST,      ///< the task was ours and is gone
    RUNWAY_CLIP_FORGOTTEN, ///< a person has given this try up
    /** There is a record, and it cannot be believed: damage says why. Never
     *  written. */
    RUNWAY_CLIP_DAMAGED,
} RunwayClipState;

/** As in the file: "intent", "failed_transient", … Never NULL. */
const char *ff_runway_clip_state_name(RunwayClipState state);

/** A create that was or may have been accepted. Amounts of credits are -1 when
 *  not known. */
typedef struct RunwayTry {
    RunwayClipState state;
    int64_t time;             ///< of the intent, seconds since the epoch
    char output[RUNWAY_IDENTITY_SIZE]; ///< what it was bought for: identity of
                                       ///< the output's first clip
    char task_id[RUNWAY_ID_MAX]; ///< before SUBMITTED is written
    double seconds;           ///< length of the clip that was sent
    double estimated;         ///< price that was reserved
    double reported;          ///< the provider's own estimate
    double charged;           ///< what the provider says that it has cost
    double took;              ///< seconds that the task took; 0: not known
    int adopted;              ///< the task was named by a person
    /** Why, of states that have a reason; may be ""; scrubbed when written. */
    char failure[512];
    char failure_code[128];
} RunwayTry;

typedef struct RunwayRecord {
    char identity[RUNWAY_IDENTITY_SIZE];
    /* set by the writer before the first intent; too long is cut */
    char provider[32];
    char endpoint[512];       ///< API origin and path; no user, no query
    char model[128];
    char label[128];          ///< for people: "clip 3 (10.00-15.00 s)"
    char outputs[RUNWAY_OUTPUTS_MAX][RUNWAY_IDENTITY_SIZE];
    int nb_outputs;           ///< outputs that the clip belongs to
    RunwayTry tries[RUNWAY_TRIES_MAX]; ///< in order; the last is at hand
    int nb_tries;
    int64_t emitted;          ///< when its frames were last output, or taken up
                              ///< to be, seconds since the epoch; 0: never
    char damage[1024];        ///< why it cannot be believed; "": it can
    /* kept by ff_runway_journal_write() */
    int64_t created, updated; ///< seconds since the epoch
    int64_t writer_pid;       ///< information only
    char writer_host[256];
} RunwayRecord;

/** Whether text is an identity. */
int ff_runway_identity_is_valid(const char *text);

/** The identity that text begins with: where it goes on behind it; NULL: it
 *  begins with none. */
const char *ff_runway_identity_split(const char *text,
                                     char identity[RUNWAY_IDENTITY_SIZE]);

/** A record without a try. */
void ff_runway_record_init(RunwayRecord *record, const char *identity);

/** The state of the try at hand; NONE without one; DAMAGED. */
RunwayClipState ff_runway_record_state(const RunwayRecord *record);

/** The try at hand; only where there is one. */
RunwayTry *ff_runway_record_try(RunwayRecord *record);

/** Note that a clip belongs to an output ("": none). @return whether that is
 *  new */
int ff_runway_record_add_output(RunwayRecord *record, const char *output);

/**
 * Begin another try: an INTENT. estimated and seconds as in RunwayTry. What a
 * damaged record has cost nobody knows: a try of unknown fate and of the same
 * price stands in for it. What it will bring was not output yet. RUNWAY_REFUSED:
 * the clip has had RUNWAY_TRIES_MAX. RUNWAY_INVALID: a step that does not exist
 * (internal error).
 */
RunwayOutcome ff_runway_record_begin(RunwayRecord *record, const char *output,
                                     int64_t time, double seconds,
                                     double estimated, RunwayError *err);

/** The clip's result is taken up to be output at that time, which counts as if it
 *  had been, to a day: it was output before, and may be removed else. @return
 *  whether that is new */
int ff_runway_record_take_up(RunwayRecord *record, int64_t time);

/** The INTENT at hand certainly was not accepted: as if it had not been. */
RunwayOutcome ff_runway_record_take_back(RunwayRecord *record,
                                         RunwayError *err);

/**
 * Take the try at hand to another state. Set what the new state needs first.
 * RUNWAY_INVALID, and nothing is changed, for a step that does not exist or
 * that lacks what the state needs (internal error).
 */
RunwayOutcome ff_runway_record_move(RunwayRecord *record,
                                    RunwayClipState state, RunwayError *err);

/** Tries that failed for a transient reason, since a person forgot one. */
int ff_runway_record_failures(const RunwayRecord *record);

/** What a try has cost or may have cost; 0 when nobody knows. */
double ff_runway_try_cost(const RunwayTry *t);

/** Whether something may be paid for and not fetched: INTENT, SUBMITTED,
 *  GENERATED, UNKNOWN, LOST, DAMAGED. */
int ff_runway_record_is_open(const RunwayRecord *record);

/** No encoded record is longer, terminating 0 included. */
#define RUNWAY_RECORD_TEXT 131072

/**
 * A record as text: a line of JSON and a line with its checksum. *text is
 * malloc()ed. RUNWAY_INVALID for one that lacks what a state of it needs, or
 * cannot be believed.
 */
RunwayOutcome ff_runway_record_encode(const RunwayRecord *record, char **text,
                                      size_t *size, RunwayError *err);

/**
 * Back again, RUNWAY_OK. Whatever is not exactly what
 * ff_runway_record_encode() wrote for that identity (torn, cut short, longer,
 * edited, of another clip, of another version of the format) gives a DAMAGED
 * record with the reason in damage and nothing else in it believed.
 * RUNWAY_NOMEM: nobody knows; record has no try.
 */
RunwayOutcome ff_runway_record_decode(const char *text, size_t size,
                                      const char *identity,
                                      RunwayRecord *record);

/** What such a state lacks in a try, NULL when it lacks nothing. */
const char *ff_runway_try_lacks(const RunwayTry *t, RunwayClipState state);

#endif /* AVFILTER_RUNWAY_STORE_RECORD_H */
