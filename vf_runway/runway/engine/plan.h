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
 * A dry run: what would become of each clip, and what it all would cost. Reads
 * the journal and the results, and changes nothing. One thread.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_PLAN_H
#define AVFILTER_RUNWAY_ENGINE_PLAN_H

#include "../api/providers.h"
#include "../base/error.h"
#include "../base/log.h"
#include "../base/policy.h"
#include "../store/journal.h"
#include "../store/results.h"
#include "job.h"

typedef struct RunwayPlan RunwayPlan;

/** All that is pointed to outlives the plan. */
RunwayOutcome ff_runway_plan_create(RunwayJournal *journal,
                                    RunwayResults *results,
                                    const RunwayPolicy *policy,
                                    const RunwayLog *log, RunwayPlan **plan,
                                    RunwayError *err);
void ff_runway_plan_free(RunwayPlan **plan);

/** Add a clip, which stays the caller's, and log its line. about: the real run
 *  may end it elsewhere, and so all that follow. */
RunwayOutcome ff_runway_plan_add(RunwayPlan *plan, const RunwayJob *job,
                                 int about, RunwayError *err);

/** What the clips are made of is not known, as a filter in front only plans, too.
 *  None is looked up then, nor equal to another. */
void ff_runway_plan_assume(RunwayPlan *plan);

/** Log the sums: credits and, where the provider's price is known, dollars. open:
 *  there is another clip, which was not complete when the output ended. */
void ff_runway_plan_log(const RunwayPlan *plan, const RunwayProvider *provider,
                        int open);

/**
 * The output ended while the input went on, as with -t: log what the run may
 * send beside the plan before it learns that. credits is the price of the
 * longest clip, -1: not known.
 */
void ff_runway_plan_log_read_ahead(const RunwayPlan *plan, int64_t credits);

#endif /* AVFILTER_RUNWAY_ENGINE_PLAN_H */
