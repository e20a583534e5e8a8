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
 * What to do about a clip whose result is not on disk, given what its record
 * says: the one table that decides whether money is spent. Pure.
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
    /** Nothing is sent; the error says why, and how to proceed. */
    RUNWAY_RESUME_STOP,
} RunwayResumeAction;

/**
 * Decide. The caller holds the clip's lock, so a record in state INTENT has no
 * living owner, and has looked for a task that is LOST. label names the clip in
 * this run; NULL or "": the record's. resent counts how often on_unknown=resend
 * was used for it in this run: once is all, or a line that always breaks would
 * buy without end.
 *
 *     none, forgotten         SEND
 *     submitted, generated,
 *     stored, refused         READ_TASK
 *     failed_transient        SEND while failures <= retries, else STOP
 *     failed                  STOP
 *     intent, unknown, lost,
 *     damaged                 STOP, or SEND with on_unknown=resend
 *
 * With STOP err is filled in: RUNWAY_UNKNOWN (intent, unknown),
 * RUNWAY_TASK_LOST, RUNWAY_TASK_FAILED, RUNWAY_TASK_FAILED_TRANSIENT or, for a
 * damaged record, RUNWAY_IO. The text begins with the label and says what may
 * have been billed and how to proceed. It serves for the end of a try in this
 * run as well: move the record first, then ask.
 */
RunwayResumeAction ff_runway_resume(const RunwayRecord *record,
                                    const char *label,
                                    const RunwayPolicy *policy, int resent,
                                    RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_RESUME_H */
