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
 * Clips in order: jobs are admitted, run on worker threads, and are taken out in
 * the order they went in. It holds what they share: client, journal and results.
 *
 * Each job has a worker from the beginning, so that it is ready when its turn
 * comes; `concurrency` says how many tasks are at the provider. Such a place is
 * free as soon as the task has ended: the download and the check of its result,
 * of which only a few go on at a time, keep no create waiting. But no create goes
 * out while `concurrency` results are unchecked, so that not more than twice as
 * many tasks are bought before it is known what the check can see of them.
 *
 * One thread, the filter's, owns a pipeline and calls everything here. Workers
 * touch only their job and what the pipeline's mutex protects; they never call
 * the filter.
 *
 * The first job that fails stops the pipeline: nothing more is submitted, the
 * other jobs are cancelled where they wait, and the error stays. One that may not
 * be bought (a cap, the account, the provider) closes it: no other job is
 * started, those whose create has started, and may be paid for, go on to their
 * end, and then the error is there. One that waits for another process's clip
 * ends at once: whatever that one pays for, the next run finds.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_PIPELINE_H
#define AVFILTER_RUNWAY_ENGINE_PIPELINE_H

#include <stdint.h>

#include "../base/error.h"
#include "job.h"
#include "plan.h"

typedef struct RunwayPipeline RunwayPipeline;

typedef struct RunwayPipelineConfig {
    /** The filter's name in its graph, see rebuilt.h; NULL: none; outlives the
     *  pipeline. */
    const char *instance;
    RunwayClientConfig client;  ///< cancelled and opaque are set by the pipeline
    const RunwayPolicy *policy; ///< outlives the pipeline
    RunwayEventLog *events;     ///< likewise; NULL: none
    /** As in RunwayJobHost; it returns early when cancelled() says so; on
     *  workers, of one pipeline one at a time: each holds many pictures. The
     *  pipelines of several filters check beside each other. */
    RunwayOutcome (*check)(void *opaque, int (*cancelled)(void *cancel_opaque),
                           void *cancel_opaque, int fd, int64_t size,
                           int64_t sent, int whole, RunwayError *err);
    void *check_opaque;
    int (*interrupted)(void *opaque); ///< whether a person wants it to end; any
                                      ///< thread; NULL: never
    void *interrupt_opaque;
} RunwayPipelineConfig;

/** Moderation failures in a row that end a run with on_error=source too:
 *  accounts are suspended for less. */
#define RUNWAY_MODERATION_MAX 3

/** Results fetched in a run and of no use, after which nothing more is bought. */
#define RUNWAY_UNUSABLE_MAX 2

/** Results that are fetched at a time. */
#define RUNWAY_FETCHES_MAX 4

/**
 * Make a pipeline; no thread is started and nothing sent before a job comes.
 * State and results directories are made and proven to be writable here.
 */
RunwayOutcome ff_runway_pipeline_create(const RunwayPipelineConfig *config,
                                        RunwayPipeline **pipeline,
                                        RunwayError *err);

/** Cancels and waits for the workers: about two seconds at most when a person
 *  interrupts, else half a minute for a create that is out, as it may have been
 *  accepted. Then names the tasks at the provider that this run has accepted and
 *  not fetched. */
void ff_runway_pipeline_stop(RunwayPipeline *pipeline);

/** Stops, and frees all. */
void ff_runway_pipeline_free(RunwayPipeline **pipeline);

/** API origin and path, for identities; lives as long as the pipeline. */
const char *ff_runway_pipeline_endpoint(const RunwayPipeline *pipeline);

/** In a dry run: what clips are added to, instead of being admitted; else
 *  NULL. */
RunwayPlan *ff_runway_pipeline_plan(RunwayPipeline *pipeline);

/** The output is complete: no graph that is built again goes on with it. */
void ff_runway_pipeline_complete(RunwayPipeline *pipeline);

/** Totals of credits and clips so far. */
void ff_runway_pipeline_totals(RunwayPipeline *pipeline,
                               RunwayTotals *totals);

/** All of a clip's frames were output: from now on its result may be dropped in
 *  its turn. */
void ff_runway_pipeline_emitted(RunwayPipeline *pipeline,
                                const char *identity);

/** The result of a job that was taken turned out to be of no use, which is why:
 *  its record is REFUSED, which another run goes by; job->error says what a
 *  person can do about it, and log_path too. */
void ff_runway_pipeline_refuse(RunwayPipeline *pipeline, RunwayJob *job,
                               const char *why);

/** Whether another job would be admitted now. */
int ff_runway_pipeline_accepts(RunwayPipeline *pipeline);

/** Whether places at the provider are free, or will be within seconds, and not
 *  as many jobs wait for them. */
int ff_runway_pipeline_is_short(RunwayPipeline *pipeline);

/**
 * Admit a job. Takes the job over on success (*job is NULL then); where the
 * pipeline has stopped or is closed, it is not run. RUNWAY_NOMEM.
 */
RunwayOutcome ff_runway_pipeline_admit(RunwayPipeline *pipeline,
                                       RunwayJob **job, RunwayError *err);

/**
 * Wait up to timeout microseconds for the first job in order to end. *job is
 * that job, the caller's from then on, or NULL while it goes on or there is
 * none; with on_error=source its task may have failed, or its result be bad:
 * see its error. The
 * pipeline's error, whichever job it came from, is returned when those in front
 * that have ended well are out; of a pipeline that is closed, when no job is in
 * flight any more.
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

/** How things stand, for the one line that a waiting person reads. */
typedef struct RunwayPipelineStatus {
    int admitted;         ///< jobs so far
    int done, failed;     ///< of these
    int throttled;        ///< tasks that wait for the provider itself
    double progress;      ///< of the first that is not done, 0..1, or -1
    int64_t expected;     ///< until that job is likely to be done, in
                          ///< microseconds; -1: nothing to go by yet
    int64_t last;         ///< likewise, all that have a task
    int64_t first;        ///< until one more can have one
    int waiting;          ///< jobs that have none yet
    int places;           ///< for tasks, at a time
    int64_t task_time;    ///< what one takes; 0: none has ended yet
    int left;             ///< accepted tasks whose result is not here yet
    double credits;       ///< submitted in this run or resumed: reported,
                          ///< else estimated
    int unpriced;         ///< tasks of these whose price is not known
} RunwayPipelineStatus;

void ff_runway_pipeline_status(RunwayPipeline *pipeline,
                               RunwayPipelineStatus *status);

/** Until all of total jobs are likely to be done, those included that are not
 *  admitted yet; -1: not known, or there is none behind the next. */
int64_t ff_runway_pipeline_time_to_last(const RunwayPipelineStatus *status,
                                        int total);

#endif /* AVFILTER_RUNWAY_ENGINE_PIPELINE_H */
