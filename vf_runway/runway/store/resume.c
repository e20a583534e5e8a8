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

/* digits of an identity that a command is given */
#define SHORT_IDENTITY 12

/* "about 75 credits", for a try */
static void put_price(const RunwayTry *t, char *text, size_t size)
{
    double cost = ff_runway_try_cost(t);

    if (t->charged >= 0)
        snprintf(text, size, "%.15g credits", cost);
    else if (cost > 0)
        snprintf(text, size, "about %.15g credits", cost);
    else
        snprintf(text, size, "a price that is not known");
}

/* " (why)", or nothing */
static void put_reason(const RunwayTry *t, char *text, size_t size)
{
    const char *code = t->failure_code;

    text[0] = 0;
    if (t->failure[0] && *code && !strstr(t->failure, code))
        snprintf(text, size, " (%s, %s)", t->failure, code);
    else if (t->failure[0] || *code)
        snprintf(text, size, " (%s)", *code && !t->failure[0] ? code
                                                              : t->failure);
}

/* How a person can go on where nobody knows what became of a create. */
static void put_ways(const RunwayRecord *r, char *text, size_t size)
{
    snprintf(text, size, "Nothing was sent again. If %s has a task for it, "
             "\"runway-tasks adopt %.*s TASKID\" adopts it; otherwise run "
             "again with on_unknown=resend, which may pay twice",
             r->endpoint[0] ? r->endpoint : "the provider", SHORT_IDENTITY,
             r->identity);
}

/* What else there is after a permanent failure; accounts are suspended for
 * trying again what was moderated. */
static void put_again(const RunwayRecord *r, const RunwayTry *t, char *text,
                      size_t size)
{
    text[0] = 0;
    if (!strstr(t->failure_code, "SAFETY"))
        snprintf(text, size, "; or, if it was the provider's fault, have the "
                 "next run buy this clip again (\"runway-tasks forget %.*s\")",
                 SHORT_IDENTITY, r->identity);
}

static void stop(const RunwayRecord *r, const char *label,
                 const RunwayPolicy *policy, int resent,
                 RunwayError *err)
{
    static const RunwayTry none;
    const RunwayTry *t = r->nb_tries ? &r->tries[r->nb_tries - 1] : &none;
    const char *again = resent ? ", after it had been sent again once "
                                         "in this run," : "";
    int failures = ff_runway_record_failures(r);
    char reason[sizeof(t->failure) + sizeof(t->failure_code) + 8], price[64];
    char ways[sizeof(r->endpoint) + 256], anew[160];

    put_reason(t, reason, sizeof(reason));
    put_price(t, price, sizeof(price));
    put_ways(r, ways, sizeof(ways));
    put_again(r, t, anew, sizeof(anew));
    switch (ff_runway_record_state(r)) {
    case RUNWAY_CLIP_INTENT:
        ff_runway_error(err, RUNWAY_UNKNOWN, "%s: an earlier run ended while "
                        "the create request was going out: a task may exist "
                        "and be billed (%s). %s", label, price, ways);
        break;
    case RUNWAY_CLIP_UNKNOWN:
        ff_runway_error(err, RUNWAY_UNKNOWN, "%s: a create request went out "
                        "and%s was not answered%s: a task may exist and be "
                        "billed (%s). %s", label, again, reason, price, ways);
        break;
    case RUNWAY_CLIP_LOST:
        ff_runway_error(err, RUNWAY_TASK_LOST, "%s: task %s was accepted%s and "
                        "is gone%s: it may have been billed (%s). %s%s", label,
                        t->task_id, again, reason, price,
                        resent ? "" : "Running the same command again polls "
                                      "it once more, for free. ", ways);
        break;
    case RUNWAY_CLIP_DAMAGED:
        ff_runway_error(err, RUNWAY_IO, "%s: its record in the journal cannot "
                        "be trusted (%s): it may have been sent and billed "
                        "before. Nothing was sent. Either check whether the "
                        "provider has a task for it, or run again with "
                        "on_unknown=resend, which may pay twice", label,
                        r->damage);
        break;
    case RUNWAY_CLIP_FAILED:
        ff_runway_error(err, RUNWAY_TASK_FAILED, "%s: task %s FAILED "
                        "permanently%s and counts as billed (%s). It is not "
                        "sent again as it is: change the request or the "
                        "source%s", label, t->task_id, reason, price, anew);
        break;
    default:
        ff_runway_error(err, RUNWAY_TASK_FAILED_TRANSIENT, "%s: task %s FAILED "
                        "for a transient reason%s and may be billed (%s); this "
                        "was failure %d, and retries=%d allows no more tries. "
                        "Run again with retries=%d, or after \"runway-tasks "
                        "forget %.*s\": that buys a new task for this clip",
                        label, t->task_id, reason, price, failures,
                        policy->retries, failures, SHORT_IDENTITY, r->identity);
        break;
    }
}

static RunwayResumeAction choose(const RunwayRecord *record,
                                 const RunwayPolicy *policy, int resent)
{
    int may_send = 0;

    switch (ff_runway_record_state(record)) {
    case RUNWAY_CLIP_NONE:
    case RUNWAY_CLIP_FORGOTTEN:
        may_send = 1;
        break;
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
    case RUNWAY_CLIP_STORED:
    case RUNWAY_CLIP_REFUSED:
        return RUNWAY_RESUME_READ_TASK;
    case RUNWAY_CLIP_FAILED_TRANSIENT:
        may_send = ff_runway_record_failures(record) <= policy->retries;
        break;
    case RUNWAY_CLIP_INTENT:
    case RUNWAY_CLIP_UNKNOWN:
    case RUNWAY_CLIP_LOST:
    case RUNWAY_CLIP_DAMAGED:
        may_send = policy->on_unknown == RUNWAY_ON_UNKNOWN_RESEND &&
                   !resent;
        break;
    case RUNWAY_CLIP_FAILED:
        break;
    }
    return may_send ? RUNWAY_RESUME_SEND : RUNWAY_RESUME_STOP;
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
