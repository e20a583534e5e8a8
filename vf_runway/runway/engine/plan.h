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
 * What a run would send and what that would cost: the lines of a dry run.
 * Nothing is sent or written. Belongs to the pipeline's owner. Layer 3.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_PLAN_H
#define AVFILTER_RUNWAY_ENGINE_PLAN_H

#include <stdint.h>

#include "../base/error.h"
#include "../base/log.h"
#include "../base/policy.h"
#include "pipeline.h"

/** Sums. Begins as zeros. */
typedef struct RunwayPlan {
    int nb_clips, nb_stored;
    int64_t sent;               ///< microseconds
    int nb_equal, nb_stops;
    int64_t credits;            ///< of clips that would be bought
    int64_t most;               ///< of all tasks that may be bought
    int unpriced;
} RunwayPlan;

/** Log what would become of a job, and add it. The job stays the caller's. */
RunwayOutcome ff_runway_plan_add(RunwayPlan *plan, RunwayPipeline *pipeline,
                                 const RunwayJob *job, const RunwayLog *log,
                                 RunwayError *err);

/** Log the sums. */
void ff_runway_plan_log(const RunwayPlan *plan, const RunwayPolicy *policy,
                        const RunwayLog *log);

/**
 * The output ended while the input went on, as with -t: log what the run may
 * send beside the plan before it knows that. credits is the price of the longest
 * clip, -1: not known.
 */
void ff_runway_plan_log_read_ahead(const RunwayPolicy *policy, int64_t credits,
                                   const RunwayLog *log);

#endif /* AVFILTER_RUNWAY_ENGINE_PLAN_H */
