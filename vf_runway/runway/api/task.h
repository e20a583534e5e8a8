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
 * What a task is: its id, its states, and what a reply can say of it. Layer 1.
 */

#ifndef AVFILTER_RUNWAY_API_TASK_H
#define AVFILTER_RUNWAY_API_TASK_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

#define RUNWAY_ID_MAX 128

/** Whether text can be a task's id. It becomes part of a path: letters, digits
 *  and what cannot climb. Two dots in a row are what ff_runway_scrub_word()
 *  leaves of a secret, so an id that held one is none. */
int ff_runway_task_id_is_valid(const char *text);

/** Bytes of an output URL, scheme to query, percent-encoded. */
#define RUNWAY_URL_MAX 16384

/** Provider's rule: one task is not read more often than this [SDK 4.20.1]. */
#define RUNWAY_POLL_MIN 5000000LL

typedef enum RunwayTaskState {
    RUNWAY_TASK_PENDING,
    RUNWAY_TASK_THROTTLED,
    RUNWAY_TASK_RUNNING,
    RUNWAY_TASK_SUCCEEDED,
    RUNWAY_TASK_FAILED_STATE,
    RUNWAY_TASK_CANCELLED,
    RUNWAY_TASK_NOT_EXIST,  ///< the reply says there is no such task
} RunwayTaskState;

typedef struct RunwayTask {
    RunwayTaskState state;
    double progress;            ///< 0..1, -1 when not reported
    char url[RUNWAY_URL_MAX];   ///< SUCCEEDED: first output; "": none, or no URL
    char failure[1024];         ///< FAILED: text, may be ""
    char failure_code[128];     ///< FAILED: code, also one that only the text
                                ///< begins with; may be ""
    int64_t created;            ///< seconds since the epoch, -1: not reported
    double credits;             ///< cost, else, of a task that goes on, the
                                ///< estimate; -1 when not reported, as a nought
                                ///< for one that has SUCCEEDED is not
} RunwayTask;

/** The service's word for a state; "not_existing" for NOT_EXIST. */
const char *ff_runway_task_state_name(RunwayTaskState state);

/** The state of that name, in either case, the gateways' words included.
 *  @return 0: no state that is known */
int ff_runway_task_state_find(const char *name, RunwayTaskState *state);

/** A failure code's class: RUNWAY_TASK_FAILED or RUNWAY_TASK_FAILED_TRANSIENT
 *  ("" and unknown INTERNAL-like codes are transient; moderation, assets and
 *  codes nobody knows are permanent). */
RunwayOutcome ff_runway_failure_class(const char *failure_code);

/** The code that a text about a failure begins with, where it is one that is
 *  known to be permanent; code is left alone otherwise. */
void ff_runway_failure_code(char *code, size_t size, const char *text);

#endif /* AVFILTER_RUNWAY_API_TASK_H */
