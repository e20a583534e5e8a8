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

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "plan.h"

typedef enum Fate {
    FATE_BUY,     ///< a new task
    FATE_PAID,    ///< there is a task already
    FATE_STORED,  ///< the result is there already
    FATE_EQUAL,   ///< shares all with a clip that was planned before
    FATE_KEPT,    ///< has failed before: comes out as its source
    FATE_FAILED,  ///< has failed before: the run would stop
    FATE_STUCK,   ///< of unknown fate: the run would stop, see resume.h
    NB_FATES
} Fate;

struct RunwayPlan {
    RunwayJournal *journal;
    RunwayResults *results;
    const RunwayPolicy *policy;
    const RunwayLog *log;

    char (*known)[RUNWAY_IDENTITY_SIZE]; ///< clips so far
    size_t nb_known, capacity;
    int nb[NB_FATES];
    int64_t sent;           ///< microseconds
    int64_t credits;        ///< of clips that would be bought
    int64_t most;           ///< of all tasks that may be bought
    int unpriced, about;
    int is_assumed;         ///< the pictures will be others, see plan.h
};

RunwayOutcome ff_runway_plan_create(RunwayJournal *journal,
                                    RunwayResults *results,
                                    const RunwayPolicy *policy,
                                    const RunwayLog *log, RunwayPlan **plan,
                                    RunwayError *err)
{
    *plan = calloc(1, sizeof(**plan));
    if (!*plan)
        return ff_runway_no_memory(err);
    (*plan)->journal = journal;
    (*plan)->results = results;
    (*plan)->policy  = policy;
    (*plan)->log     = log;
    return RUNWAY_OK;
}

void ff_runway_plan_free(RunwayPlan **plan)
{
    if (!*plan)
        return;
    free((*plan)->known);
    free(*plan);
    *plan = NULL;
}

/* Whether a clip of that identity came by before; -1: out of memory. */
static int meet(RunwayPlan *p, const char *identity)
{
    for (size_t i = 0; i < p->nb_known; i++)
        if (!strcmp(p->known[i], identity))
            return 1;
    if (p->nb_known == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 64;
        void *known = realloc(p->known, capacity * sizeof(*p->known));

        if (!known)
            return -1;
        p->known    = known;
        p->capacity = capacity;
    }
    ff_runway_copy_text(p->known[p->nb_known++], RUNWAY_IDENTITY_SIZE,
                         identity);
    return 0;
}

/* What the journal says, for a clip that has no result on disk. */
static Fate fate_of(const RunwayPlan *p, const RunwayRecord *record,
                    const RunwayJob *job)
{
    RunwayError stop;

    switch (ff_runway_resume(record, job->label, p->policy, 0, &stop)) {
    case RUNWAY_RESUME_SEND:      return FATE_BUY;
    case RUNWAY_RESUME_READ_TASK: return FATE_PAID;
    default:                      break;
    }
    if (stop.outcome != RUNWAY_TASK_FAILED &&
        stop.outcome != RUNWAY_TASK_FAILED_TRANSIENT)
        return FATE_STUCK;
    return p->policy->on_error == RUNWAY_ON_ERROR_SOURCE ? FATE_KEPT
                                                         : FATE_FAILED;
}

/* Tasks that may be bought yet for a clip: what it begins with, a new one after
 * each failure that retries allow, and one that on_unknown=resend allows. */
static int most_tasks(const RunwayPlan *p, const RunwayRecord *r, Fate fate)
{
    int failures = ff_runway_record_failures(r);
    int again = p->policy->retries > failures ? p->policy->retries - failures
                                              : 0;
    /* a clip whose fate is unknown uses it to begin with */
    int resend = p->policy->on_unknown == RUNWAY_ON_UNKNOWN_RESEND &&
                 (fate == FATE_PAID || !ff_runway_record_is_open(r));

    if (fate != FATE_BUY && fate != FATE_PAID)
        return 0;
    return (fate == FATE_BUY) + again + resend;
}

/* "144 credits (720p), 72 of them for 2.000 s of padding" */
static void print_price(char *out, size_t size, const RunwayJob *job)
{
    int64_t filling = llround((double)job->credits * (double)job->filled /
                              (double)job->sent);
    char class[32] = "", filled[64] = "";

    if (job->price_class)
        snprintf(class, sizeof(class), " (%s)", job->price_class);
    if (filling)
        snprintf(filled, sizeof(filled), ", %"PRId64" of them for %.3f s of "
                 "padding", filling, (double)job->filled / 1e6);
    snprintf(out, size, "%"PRId64" credits%s%s", job->credits, class, filled);
}

static void add_clip(RunwayPlan *p, const RunwayJob *job, Fate fate, int most,
                     int about)
{
    static const char *const texts[] = {
        [FATE_BUY]    = "",
        [FATE_PAID]   = ", already bought: resumed",
        [FATE_STORED] = ", already stored: free",
        [FATE_EQUAL]  = ", equal to an earlier clip: free",
        [FATE_KEPT]   = ", failed before: replaced by its source",
        [FATE_FAILED] = ", failed before: the run would stop here",
        [FATE_STUCK]  = ", of unknown fate: the run would stop here",
    };
    char credits[160] = "price unknown";

    p->about |= about;
    if (job->credits >= 0)
        print_price(credits, sizeof(credits), job);
    ff_runway_log(p->log, RUNWAY_LOG_INFO, "plan: %s: %s%.3f s sent, %s%s",
                  job->label, p->about ? "about " : "", (double)job->sent / 1e6,
                  credits, texts[fate]);
    p->nb[fate]++;
    p->sent += job->sent;
    if (job->credits < 0) {
        p->unpriced += fate == FATE_BUY;
    } else {
        p->credits += fate == FATE_BUY ? job->credits : 0;
        p->most    += most * job->credits;
    }
}

void ff_runway_plan_assume(RunwayPlan *p)
{
    p->is_assumed = 1;
    ff_runway_log(p->log, RUNWAY_LOG_INFO, "plan: what comes from the filter in "
                  "front is not known in a dry run, so each clip is counted "
                  "as a new one, whatever is here already");
}

/* What journal, results and the clips so far have of a clip. */
static RunwayOutcome look_up(RunwayPlan *p, const RunwayJob *job,
                             RunwayRecord *record, Fate *fate, RunwayError *err)
{
    int met = meet(p, job->identity);
    RunwayOutcome ret;

    if (met < 0)
        return ff_runway_no_memory(err);
    ret = ff_runway_journal_read(p->journal, job->identity, record, err);
    if (ret)
        return ret;
    ff_runway_results_doubt(p->results, record);
    *fate = ff_runway_record_state(record) != RUNWAY_CLIP_REFUSED &&
            ff_runway_results_has(p->results, job->identity, 0) > 0 ?
            FATE_STORED : fate_of(p, record, job);
    if (met && (*fate == FATE_BUY || *fate == FATE_PAID))
        *fate = FATE_EQUAL;
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_plan_add(RunwayPlan *p, const RunwayJob *job,
                                 int about, RunwayError *err)
{
    RunwayRecord *record = malloc(sizeof(*record)); /* many KiB */
    Fate fate = FATE_BUY;
    RunwayOutcome ret = RUNWAY_OK;

    if (!record)
        return ff_runway_no_memory(err);
    if (p->is_assumed)
        ff_runway_record_init(record, job->identity);
    else
        ret = look_up(p, job, record, &fate, err);
    if (!ret)
        add_clip(p, job, fate, most_tasks(p, record, fate), about);
    free(record);
    return ret;
}

void ff_runway_plan_log(const RunwayPlan *p, const RunwayProvider *provider,
                        int open)
{
    char unpriced[64] = "", equal[64] = "", stops[64] = "", dollars[96] = "";
    int nb_stops = p->nb[FATE_STUCK] + p->nb[FATE_FAILED], nb = open;
    char here[64] = "";

    for (int i = 0; i < NB_FATES; i++)
        nb += p->nb[i];
    if (p->unpriced)
        snprintf(unpriced, sizeof(unpriced), " and %d clip%s of unknown price",
                 p->unpriced, p->unpriced == 1 ? "" : "s");
    if (!p->is_assumed)
        snprintf(here, sizeof(here), "; %d of them are already here and cost "
                 "nothing more", p->nb[FATE_STORED] + p->nb[FATE_PAID]);
    if (p->nb[FATE_EQUAL])
        snprintf(equal, sizeof(equal), "; %d share the task of another",
                 p->nb[FATE_EQUAL]);
    if (nb_stops)
        snprintf(stops, sizeof(stops), "; the run would stop at %d of them",
                 nb_stops);
    if (provider->dollars_per_credit > 0)
        snprintf(dollars, sizeof(dollars), " (%.2f US dollars)",
                 (double)p->credits * provider->dollars_per_credit);
    else if (provider->bills_dollars)
        snprintf(dollars, sizeof(dollars), " (Runway's measure: %s bills in "
                 "US dollars, at its own prices)", provider->title);
    ff_runway_log(p->log, RUNWAY_LOG_INFO, "plan: %s%d clip%s, %.3f s sent, "
                  "%"PRId64" credits%s%s with one task per clip%s%s%s%s",
                  p->about ? "about " : open ? "at least " : "", nb,
                  nb == 1 ? "" : "s",
                  (double)p->sent / 1e6, p->credits, dollars, unpriced,
                  here, equal, stops,
                  open ? "; the last is incomplete, and not counted here" : "");
    if (p->about)
        ff_runway_log(p->log, RUNWAY_LOG_INFO, "plan: these are estimates: a "
                      "clip whose picture is too detailed to be sent in one "
                      "request ends earlier, which only encoding it can show");
    ff_runway_log(p->log, RUNWAY_LOG_INFO, "plan: at most %"PRId64" credits%s "
                  "with every retry used up (retries=%d%s); nothing was sent",
                  p->most, unpriced, p->policy->retries,
                  p->policy->on_unknown == RUNWAY_ON_UNKNOWN_RESEND ?
                  ", on_unknown=resend" : "");
}

void ff_runway_plan_log_read_ahead(const RunwayPlan *p, int64_t credits)
{
    /* what is admitted, and the clip that frames went into */
    int nb = RUNWAY_JOBS_MAX(p->policy->concurrency) + 1;
    char price[48] = "";

    if (credits >= 0)
        snprintf(price, sizeof(price), ", %"PRId64" credits", nb * credits);
    ff_runway_log(p->log, RUNWAY_LOG_INFO, "plan: the output ends before the "
                  "input; the run reads ahead, and may send up to %d clips "
                  "more%s, before it learns that; -t in front of -i ends the "
                  "input itself", nb, price);
}
