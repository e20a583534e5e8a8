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
 * Clips in order: jobs are admitted, run on worker threads, up to `concurrency`
 * at a time, and are taken out in the order they went in. Floor 4.
 *
 * One thread, the filter's, owns a pipeline and calls everything here. Workers
 * touch only their job and what the pipeline's mutex protects; they never call
 * the filter.
 *
 * The first job that fails stops the pipeline: nothing more is submitted, the
 * other jobs are cancelled where they wait, and the error stays.
 */

#ifndef AVFILTER_RUNWAY_PIPELINE_H
#define AVFILTER_RUNWAY_PIPELINE_H

#include <stdint.h>

#include "error.h"
#include "job.h"

typedef struct RunwayPipeline RunwayPipeline;

/** Jobs that may wait beside the ones in flight. */
#define RUNWAY_PIPELINE_WAITING 2

typedef struct RunwayPipelineConfig {
    RunwayClientConfig client;  ///< cancelled and opaque are set by the pipeline
    int concurrency;            ///< jobs in flight, from 1
    int64_t poll_interval;      ///< as in RunwayJobHost
    int64_t task_timeout;
    const RunwayLog *log;       ///< outlives the pipeline
    RunwayOutcome (*check)(void *opaque, int fd, int64_t size, int64_t sent,
                           RunwayError *err); ///< on workers, several at once
    void *check_opaque;
} RunwayPipelineConfig;

/** Make a pipeline; no thread is started and nothing sent before a job comes. */
RunwayOutcome ff_runway_pipeline_create(const RunwayPipelineConfig *config,
                                        RunwayPipeline **pipeline,
                                        RunwayError *err);

/** Cancels, waits for the workers (at most about two seconds), frees all. */
void ff_runway_pipeline_free(RunwayPipeline **pipeline);

/** Whether another job would be admitted now. */
int ff_runway_pipeline_has_room(RunwayPipeline *pipeline);

/**
 * Admit a job; only when there is room. Takes the job over on success (*job is
 * NULL then). RUNWAY_NOMEM, or the pipeline's error when it has stopped.
 */
RunwayOutcome ff_runway_pipeline_admit(RunwayPipeline *pipeline,
                                       RunwayJob **job, RunwayError *err);

/** Jobs admitted and not taken yet. */
int ff_runway_pipeline_pending(RunwayPipeline *pipeline);

/**
 * Wait up to timeout microseconds for the first job in order to end. *job is
 * that job, the caller's from then on, or NULL while it goes on or there is
 * none. The pipeline's error is returned as soon as there is one, whichever
 * job it came from.
 */
RunwayOutcome ff_runway_pipeline_take(RunwayPipeline *pipeline,
                                      int64_t timeout, RunwayJob **job,
                                      RunwayError *err);

/** Wait up to timeout microseconds for all jobs to end; *settled says whether
 *  they have. Takes none out. */
RunwayOutcome ff_runway_pipeline_settle(RunwayPipeline *pipeline,
                                        int64_t timeout, int *settled,
                                        RunwayError *err);

/** Stop: nothing more is submitted, waiting jobs end with RUNWAY_CANCELLED.
 *  Does not wait. */
void ff_runway_pipeline_cancel(RunwayPipeline *pipeline);

/** How things stand, for the one line that tells a waiting person. */
typedef struct RunwayPipelineStatus {
    int admitted;         ///< jobs so far
    int done, failed;     ///< of these
    int queued, submitting, waiting, throttled, downloading;
    double progress;      ///< of the first job in order, 0..1, -1: not told
    int64_t expected;     ///< until the first job is likely to be done, in
                          ///< microseconds; -1: nothing to go by yet
    double credits;       ///< submitted so far: told, else estimated; -1 when a
                          ///< price is not known
} RunwayPipelineStatus;

void ff_runway_pipeline_status(RunwayPipeline *pipeline,
                               RunwayPipelineStatus *status);

#endif /* AVFILTER_RUNWAY_PIPELINE_H */
