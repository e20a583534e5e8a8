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

#include <stdio.h>
#include <string.h>

#include "resume.h"

/* "about 75 credits", for the try at hand */
static void put_price(const RunwayRecord *record, char *text, size_t room)
{
    if (record->credits_charged >= 0)
        snprintf(text, room, "%.15g credits", record->credits_charged);
    else if (record->credits_estimated >= 0)
        snprintf(text, room, "about %.15g credits", record->credits_estimated);
    else
        snprintf(text, room, "a price that is not known");
}

/* " (why)", or nothing */
static void put_reason(const RunwayRecord *record, char *text, size_t room)
{
    const char *code = record->failure_code;

    text[0] = 0;
    if (record->failure[0] && *code && !strstr(record->failure, code))
        snprintf(text, room, " (%s, %s)", record->failure, code);
    else if (record->failure[0] || *code)
        snprintf(text, room, " (%s)", *code && !record->failure[0] ?
                                      code : record->failure);
}

static const char *where(const RunwayRecord *record)
{
    return record->endpoint[0] ? record->endpoint : "the provider";
}

/* Whether there was a try before the one that was rejected of which nobody
 * knows the end. */
static int has_open_try(const RunwayRecord *record)
{
    return record->tries > record->failures;
}

static void stop_rejected(const RunwayRecord *r, const char *label,
                          const RunwayPolicy *policy, RunwayError *err)
{
    if (has_open_try(r))
        ff_runway_error(err, RUNWAY_UNKNOWN, "%s: an earlier create request "
                        "was never answered or its task was lost, and the one "
                        "that was to replace it was not accepted: a task may "
                        "exist and be billed. Nothing was sent again. Either "
                        "look whether %s has such a task, or run again with "
                        "on_unknown=resend, which may pay twice", label,
                        where(r));
    else
        ff_runway_error(err, RUNWAY_TASK_FAILED_PASSING, "%s: %d tasks FAILED "
                        "for passing reasons and may be billed, and another "
                        "was not accepted; retries=%d allows no other try. "
                        "Either run again with retries=%d, which buys a new "
                        "task, or with another take", label, r->failures,
                        policy->retries, r->failures);
}

static void stop(const RunwayRecord *r, const char *label,
                 const RunwayPolicy *policy, int resent, RunwayError *err)
{
    const char *again = resent ? ", after it had been sent again once in this "
                                 "run," : "";
    char reason[sizeof(r->failure) + sizeof(r->failure_code) + 8], price[64];

    put_reason(r, reason, sizeof(reason));
    put_price(r, price, sizeof(price));
    switch (r->state) {
    case RUNWAY_CLIP_INTENT:
        ff_runway_error(err, RUNWAY_UNKNOWN, "%s: an earlier run ended while "
                        "the create request was going out: a task may exist "
                        "and be billed (%s). Nothing was sent again. Either "
                        "look whether %s has such a task, or run again with "
                        "on_unknown=resend, which may pay twice", label, price,
                        where(r));
        break;
    case RUNWAY_CLIP_UNKNOWN:
        ff_runway_error(err, RUNWAY_UNKNOWN, "%s: a create request went out "
                        "and%s was not answered%s: a task may exist and be "
                        "billed (%s). Nothing was sent again. Either look "
                        "whether %s has such a task, or run again with "
                        "on_unknown=resend, which may pay twice", label, again,
                        reason, price, where(r));
        break;
    case RUNWAY_CLIP_REJECTED:
        stop_rejected(r, label, policy, err);
        break;
    case RUNWAY_CLIP_LOST:
        ff_runway_error(err, RUNWAY_TASK_LOST, "%s: task %s was accepted%s and "
                        "is gone%s: it may have been billed (%s). Nothing was "
                        "sent again. Either look the task up at %s, or run "
                        "again with on_unknown=resend, which buys a new one",
                        label, r->task_id, again, reason, price, where(r));
        break;
    case RUNWAY_CLIP_DAMAGED:
        ff_runway_error(err, RUNWAY_IO, "%s: what the journal knows of it "
                        "cannot be believed (%s): it may have been sent and "
                        "billed before. Nothing was sent. Either look whether "
                        "the provider has a task for it, or run again with "
                        "on_unknown=resend, which may pay twice", label,
                        r->failure);
        break;
    case RUNWAY_CLIP_FAILED:
        ff_runway_error(err, RUNWAY_TASK_FAILED, "%s: task %s FAILED for good"
                        "%s and counts as billed (%s). It is not sent again "
                        "as it is: change the request or the source, or set "
                        "take to another number to buy another try", label,
                        r->task_id, reason, price);
        break;
    default:
        ff_runway_error(err, RUNWAY_TASK_FAILED_PASSING, "%s: task %s FAILED "
                        "for a passing reason%s and may be billed (%s); this "
                        "was failure %d, and retries=%d allows no other try. "
                        "Either run again with retries=%d, which buys a new "
                        "task, or with another take", label, r->task_id,
                        reason, price, r->failures, policy->retries,
                        r->failures);
        break;
    }
}

static RunwayResumeAction choose(const RunwayRecord *record,
                                 const RunwayPolicy *policy, int resent)
{
    int resend = policy->on_unknown == RUNWAY_ON_UNKNOWN_RESEND && !resent;

    switch (record->state) {
    case RUNWAY_CLIP_NONE:
        return RUNWAY_RESUME_SEND;
    case RUNWAY_CLIP_REJECTED:
        if (has_open_try(record))
            return resend ? RUNWAY_RESUME_SEND : RUNWAY_RESUME_STOP;
        return record->failures <= policy->retries ? RUNWAY_RESUME_SEND
                                                   : RUNWAY_RESUME_STOP;
    case RUNWAY_CLIP_STORED:
        return RUNWAY_RESUME_USE_STORED;
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
        return RUNWAY_RESUME_READ_TASK;
    case RUNWAY_CLIP_FAILED_PASSING:
        return record->failures <= policy->retries ? RUNWAY_RESUME_SEND
                                                   : RUNWAY_RESUME_STOP;
    case RUNWAY_CLIP_INTENT:
    case RUNWAY_CLIP_UNKNOWN:
    case RUNWAY_CLIP_LOST:
    case RUNWAY_CLIP_DAMAGED:
        return resend ? RUNWAY_RESUME_SEND : RUNWAY_RESUME_STOP;
    case RUNWAY_CLIP_FAILED:
        break;
    }
    return RUNWAY_RESUME_STOP;
}

RunwayResumeAction ff_runway_resume(const RunwayRecord *record,
                                    const char *label,
                                    const RunwayPolicy *policy, int resent,
                                    RunwayError *err)
{
    RunwayResumeAction action = choose(record, policy, resent);

    if (!label || !*label)
        label = record->label[0] ? record->label : "a clip";
    if (action == RUNWAY_RESUME_STOP)
        stop(record, label, policy, resent, err);
    return action;
}
