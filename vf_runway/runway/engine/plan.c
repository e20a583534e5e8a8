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
#include <stdio.h>

#include "plan.h"

RunwayOutcome ff_runway_plan_add(RunwayPlan *plan, RunwayPipeline *pipeline,
                                 const RunwayJob *job, const RunwayLog *log,
                                 RunwayError *err)
{
    static const char *const texts[] = {
        [RUNWAY_PLAN_BUY]    = "",
        [RUNWAY_PLAN_PAID]   = ", bought already: read on",
        [RUNWAY_PLAN_STORED] = ", stored already: free",
        [RUNWAY_PLAN_EQUAL]  = ", equal to an earlier clip: free",
        [RUNWAY_PLAN_KEPT]   = ", failed before: comes out as its source",
        [RUNWAY_PLAN_FAILED] = ", failed before: the run would stop here",
        [RUNWAY_PLAN_STUCK]  = ", of unknown fate: the run would stop here",
    };
    RunwayPipelinePlan what;
    char credits[32] = "price unknown";
    RunwayOutcome ret;
    int most;

    ret = ff_runway_pipeline_plan(pipeline, job, &what, &most, err);
    if (ret)
        return ret;
    if (job->credits >= 0)
        snprintf(credits, sizeof(credits), "%"PRId64" credits", job->credits);
    ff_runway_log(log, RUNWAY_LOG_INFO, "plan: %s: %.3f s sent, %s%s",
                  job->label, (double)job->sent / 1e6, credits, texts[what]);
    plan->nb_clips++;
    plan->sent      += job->sent;
    plan->nb_stored += what == RUNWAY_PLAN_STORED || what == RUNWAY_PLAN_PAID;
    plan->nb_equal  += what == RUNWAY_PLAN_EQUAL;
    plan->nb_stops  += what == RUNWAY_PLAN_STUCK || what == RUNWAY_PLAN_FAILED;
    if (job->credits < 0) {
        plan->unpriced += what == RUNWAY_PLAN_BUY;
    } else {
        plan->credits += what == RUNWAY_PLAN_BUY ? job->credits : 0;
        plan->most    += most * job->credits;
    }
    return RUNWAY_OK;
}

void ff_runway_plan_log(const RunwayPlan *plan, const RunwayPolicy *policy,
                        const RunwayLog *log)
{
    char unpriced[64] = "", equal[64] = "", stops[64] = "";

    if (plan->unpriced)
        snprintf(unpriced, sizeof(unpriced), " and %d clips of unknown price",
                 plan->unpriced);
    if (plan->nb_equal)
        snprintf(equal, sizeof(equal), "; %d share the task of another",
                 plan->nb_equal);
    if (plan->nb_stops)
        snprintf(stops, sizeof(stops), "; at %d of them the run would stop",
                 plan->nb_stops);
    ff_runway_log(log, RUNWAY_LOG_INFO, "plan: %d clips, %.3f s sent, "
                  "%"PRId64" credits%s with one task a clip; %d of them are "
                  "there already and cost nothing more%s%s", plan->nb_clips,
                  (double)plan->sent / 1e6, plan->credits, unpriced,
                  plan->nb_stored, equal, stops);
    ff_runway_log(log, RUNWAY_LOG_INFO, "plan: at most %"PRId64" credits%s "
                  "with every retry used up (retries=%d%s); nothing was sent",
                  plan->most, unpriced, policy->retries,
                  policy->on_unknown == RUNWAY_ON_UNKNOWN_RESEND ?
                  ", on_unknown=resend" : "");
}

void ff_runway_plan_log_read_ahead(const RunwayPolicy *policy, int64_t credits,
                                   const RunwayLog *log)
{
    /* what is admitted, and the clip that frames went into */
    int nb = policy->concurrency + RUNWAY_PIPELINE_WAITING + 1;
    char price[48] = "";

    if (credits >= 0)
        snprintf(price, sizeof(price), ", %"PRId64" credits", nb * credits);
    ff_runway_log(log, RUNWAY_LOG_INFO, "plan: the output ends before the "
                  "input; the run reads ahead, and may send up to %d clips "
                  "more%s, before it learns that; -t in front of -i ends the "
                  "input itself", nb, price);
}
