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
 * What to do about a clip, given what its record says: the one table that
 * decides whether money is spent. Pure.
 */

#ifndef AVFILTER_RUNWAY_STORE_RESUME_H
#define AVFILTER_RUNWAY_STORE_RESUME_H

#include "../base/error.h"
#include "../base/policy.h"
#include "record.h"

typedef enum RunwayResumeAction {
    /** Send a create: a new paid task. */
    RUNWAY_RESUME_SEND,
    /** There is a task: read it on, nothing is sent. */
    RUNWAY_RESUME_READ_TASK,
    /** The result is in the cache, nothing is sent. When the cache has it no
     *  more, go on as with READ_TASK: reading costs nothing, and the provider
     *  keeps a result for a day or two. */
    RUNWAY_RESUME_USE_STORED,
    /** Nothing is sent; the error says why, and what the ways on are. */
    RUNWAY_RESUME_STOP,
} RunwayResumeAction;

/**
 * Decide. The caller holds the clip's lock, so a record in state INTENT has no
 * living owner, and has looked for one that is LOST. label names the clip in
 * this run; NULL or "": the record's. resent is how often on_unknown=resend was
 * used for this clip in this run: once is all, or a line that always breaks
 * would buy without end.
 *
 *     none                    SEND
 *     rejected                SEND, but where it was to follow an earlier try,
 *                             what holds for that one
 *     stored                  USE_STORED
 *     submitted, generated    READ_TASK
 *     failed_passing          SEND while failures <= retries, else STOP
 *     failed                  STOP
 *     intent, unknown, lost,
 *     damaged                 STOP, or SEND with on_unknown=resend
 *
 * A decision of the user's that was made for one run (retries, resend) and was
 * not carried out in it, because the create was rejected, is asked for again.
 * With STOP err is filled in: RUNWAY_UNKNOWN (intent, unknown),
 * RUNWAY_TASK_LOST, RUNWAY_TASK_FAILED, RUNWAY_TASK_FAILED_PASSING or, for a
 * damaged record, RUNWAY_IO. The text begins with the label and says what may
 * have been billed and what the ways on are. It serves for the end of a try in
 * this run as well: move the record first, then ask.
 */
RunwayResumeAction ff_runway_resume(const RunwayRecord *record,
                                    const char *label,
                                    const RunwayPolicy *policy, int resent,
                                    RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_RESUME_H */
