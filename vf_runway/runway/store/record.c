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

#include <string.h>

#include "../base/text.h"
#include "record.h"

#define DAY 86400

int ff_runway_identity_is_valid(const char *text)
{
    return strspn(text, "0123456789abcdef") == RUNWAY_IDENTITY_SIZE - 1 &&
           !text[RUNWAY_IDENTITY_SIZE - 1];
}

const char *ff_runway_identity_split(const char *text,
                                     char identity[RUNWAY_IDENTITY_SIZE])
{
    ff_runway_copy_text(identity, RUNWAY_IDENTITY_SIZE, text);
    return ff_runway_identity_is_valid(identity) ?
           text + RUNWAY_IDENTITY_SIZE - 1 : NULL;
}

void ff_runway_record_init(RunwayRecord *record, const char *identity)
{
    memset(record, 0, sizeof(*record));
    ff_runway_copy_text(record->identity, sizeof(record->identity), identity);
}

RunwayClipState ff_runway_record_state(const RunwayRecord *r)
{
    if (r->damage[0])
        return RUNWAY_CLIP_DAMAGED;
    return r->nb_tries ? r->tries[r->nb_tries - 1].state : RUNWAY_CLIP_NONE;
}

RunwayTry *ff_runway_record_try(RunwayRecord *record)
{
    return &record->tries[record->nb_tries - 1];
}

int ff_runway_record_add_output(RunwayRecord *r, const char *output)
{
    if (!output[0])
        return 0;
    for (int i = 0; i < r->nb_outputs; i++)
        if (!strcmp(r->outputs[i], output))
            return 0;
    if (r->nb_outputs == RUNWAY_OUTPUTS_MAX)
        memmove(r->outputs[0], r->outputs[1],
                (size_t)--r->nb_outputs * sizeof(r->outputs[0]));
    ff_runway_copy_text(r->outputs[r->nb_outputs++], RUNWAY_IDENTITY_SIZE,
                         output);
    return 1;
}

int ff_runway_record_failures(const RunwayRecord *r)
{
    int failures = 0;

    for (int i = 0; i < r->nb_tries; i++) {
        if (r->tries[i].state == RUNWAY_CLIP_FORGOTTEN)
            failures = 0;
        failures += r->tries[i].state == RUNWAY_CLIP_FAILED_TRANSIENT;
    }
    return failures;
}

double ff_runway_try_cost(const RunwayTry *t)
{
    if (t->charged >= 0)
        return t->charged;
    if (t->reported >= 0)
        return t->reported;
    return t->estimated >= 0 ? t->estimated : 0;
}

int ff_runway_record_is_open(const RunwayRecord *record)
{
    switch (ff_runway_record_state(record)) {
    case RUNWAY_CLIP_INTENT:
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
    case RUNWAY_CLIP_UNKNOWN:
    case RUNWAY_CLIP_LOST:
    case RUNWAY_CLIP_DAMAGED:
        return 1;
    default:
        return 0;
    }
}

const char *ff_runway_try_lacks(const RunwayTry *t, RunwayClipState state)
{
    switch (state) {
    case RUNWAY_CLIP_STORED:
    case RUNWAY_CLIP_REFUSED:
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
    case RUNWAY_CLIP_FAILED:
    case RUNWAY_CLIP_FAILED_TRANSIENT:
    case RUNWAY_CLIP_LOST:
        return t->task_id[0] ? NULL : "the task's id";
    case RUNWAY_CLIP_INTENT:
    case RUNWAY_CLIP_UNKNOWN:
    case RUNWAY_CLIP_FORGOTTEN:
        return NULL;
    default:
        return "a state that can be written";
    }
}

#define BIT(state) (1u << RUNWAY_CLIP_##state)

/* The states that each state is reached from. Again the same one is no step. */
static unsigned reached_from(RunwayClipState state)
{
    switch (state) {
    case RUNWAY_CLIP_INTENT:
        return BIT(NONE) | BIT(FAILED_TRANSIENT) | BIT(INTENT) | BIT(UNKNOWN) |
               BIT(LOST) | BIT(FORGOTTEN) | BIT(DAMAGED);
    case RUNWAY_CLIP_SUBMITTED:
        /* also one that was found again, or adopted */
        return BIT(INTENT) | BIT(SUBMITTED) | BIT(LOST) | BIT(UNKNOWN);
    case RUNWAY_CLIP_GENERATED:
        /* also when the file of its result is gone */
        return BIT(SUBMITTED) | BIT(STORED) | BIT(REFUSED) | BIT(GENERATED);
    case RUNWAY_CLIP_STORED:
        /* also when its file is found */
        return BIT(SUBMITTED) | BIT(GENERATED) | BIT(STORED) | BIT(REFUSED) |
               BIT(LOST);
    case RUNWAY_CLIP_REFUSED:
        return BIT(GENERATED) | BIT(STORED) | BIT(REFUSED);
    case RUNWAY_CLIP_FAILED:
    case RUNWAY_CLIP_FAILED_TRANSIENT:
        return BIT(SUBMITTED) | 1u << state;
    case RUNWAY_CLIP_UNKNOWN:
        return BIT(INTENT) | BIT(UNKNOWN);
    case RUNWAY_CLIP_LOST:
        return BIT(SUBMITTED) | BIT(LOST);
    case RUNWAY_CLIP_FORGOTTEN:
        return ~(BIT(NONE) | BIT(DAMAGED));
    default:
        return 0;
    }
}

static RunwayOutcome check_step(const RunwayRecord *record,
                                RunwayClipState state, RunwayError *err)
{
    RunwayClipState from = ff_runway_record_state(record);

    if (reached_from(state) >> from & 1)
        return RUNWAY_OK;
    return ff_runway_error(err, RUNWAY_INVALID, "a clip cannot go from %s to "
                           "%s (internal error)",
                           ff_runway_clip_state_name(from),
                           ff_runway_clip_state_name(state));
}

static void add_try(RunwayRecord *r, RunwayClipState state, const char *output,
                    int64_t time, double seconds, double estimated)
{
    RunwayTry *t = &r->tries[r->nb_tries++];

    memset(t, 0, sizeof(*t));
    t->state     = state;
    t->time      = time;
    t->seconds   = seconds;
    t->estimated = estimated;
    t->reported  = -1;
    t->charged   = -1;
    ff_runway_copy_text(t->output, sizeof(t->output), output);
}

RunwayOutcome ff_runway_record_begin(RunwayRecord *r, const char *output,
                                     int64_t time, double seconds,
                                     double estimated, RunwayError *err)
{
    RunwayOutcome ret = check_step(r, RUNWAY_CLIP_INTENT, err);

    if (ret)
        return ret;
    if (r->nb_tries == RUNWAY_TRIES_MAX)
        return ff_runway_error(err, RUNWAY_REFUSED, "it was tried %d times, "
                               "which is the limit; another take buys all "
                               "clips anew", RUNWAY_TRIES_MAX);
    if (r->damage[0]) {
        r->damage[0] = 0;
        add_try(r, RUNWAY_CLIP_UNKNOWN, output, time, seconds, estimated);
        ff_runway_copy_text(r->tries[0].failure, sizeof(r->tries[0].failure),
                             "its record was damaged");
    }
    add_try(r, RUNWAY_CLIP_INTENT, output, time, seconds, estimated);
    ff_runway_record_add_output(r, output);
    r->emitted = 0;
    return RUNWAY_OK;
}

int ff_runway_record_take_up(RunwayRecord *r, int64_t time)
{
    if (!r->emitted || time - r->emitted <= DAY)
        return 0;
    r->emitted = time;
    return 1;
}

RunwayOutcome ff_runway_record_take_back(RunwayRecord *r, RunwayError *err)
{
    if (ff_runway_record_state(r) != RUNWAY_CLIP_INTENT)
        return ff_runway_error(err, RUNWAY_INVALID, "a clip that is %s has no "
                               "intent (internal error)",
                               ff_runway_clip_state_name(
                                   ff_runway_record_state(r)));
    r->nb_tries--;
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_record_move(RunwayRecord *record,
                                    RunwayClipState state, RunwayError *err)
{
    const char *missing;
    RunwayOutcome ret;

    if (state == RUNWAY_CLIP_INTENT)
        return ff_runway_error(err, RUNWAY_INVALID, "an intent begins a try "
                               "(internal error)");
    ret = check_step(record, state, err);
    if (ret)
        return ret;
    missing = ff_runway_try_lacks(ff_runway_record_try(record), state);
    if (missing)
        return ff_runway_error(err, RUNWAY_INVALID, "a clip cannot become %s "
                               "without %s (internal error)",
                               ff_runway_clip_state_name(state), missing);
    ff_runway_record_try(record)->state = state;
    return RUNWAY_OK;
}
