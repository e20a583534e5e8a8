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
 * What the job's own files share, and nobody else looks at: one run of a job
 * (job_step.c) and its steps. The order of the steps is in job.c; each step is a
 * file: sending (job_submit.c), waiting for the task (job_wait.c), bringing the
 * result in (job_fetch.c). All of it is on one worker.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_JOB_INTERNAL_H
#define AVFILTER_RUNWAY_ENGINE_JOB_INTERNAL_H

#include <stdint.h>

#include "../http/retry.h"
#include "job.h"

/** What one run of a job carries from step to step. */
typedef struct RunwayJobRun {
    RunwayJob *job;
    const RunwayJobHost *host;
    RunwayRetry retry;

    RunwayJournalLock *lock;
    RunwayRecord *record;
    int first_try;           ///< of the record's, that counts for this run
    int64_t uploaded;        ///< when what is in the request began to be, seconds
                             ///< since the epoch; 0: nothing was
    int resent;              ///< times on_unknown=resend was used
    int submitted_here;      ///< the task is one of this run's own
    int unreachable;         ///< its result is refused, whatever the URL, or it
                             ///< has none
    RunwayTask *task;        ///< as it was read last
} RunwayJobRun;

/** Set job->now.state, and report it. */
void ff_runway_run_set_state(RunwayJobRun *run, RunwayJobState state);

/** Wait for the job's turn in that state, see RunwayJobHost. */
RunwayOutcome ff_runway_run_enter(RunwayJobRun *run, RunwayJobState state,
                                  RunwayError *err);

/** RUNWAY_CANCELLED, with its text. */
RunwayOutcome ff_runway_run_cancelled(RunwayError *err);

/** Report what the tries of this run have cost so far. */
void ff_runway_run_count(RunwayJobRun *run);

/**
 * Take the clip's record to another state, on disk. what and code are why, or
 * NULL.
 */
RunwayOutcome ff_runway_run_write(RunwayJobRun *run, RunwayClipState state,
                                  const char *what, const char *code,
                                  RunwayError *err);

/**
 * Send the create, as often as it certainly was not accepted. RUNWAY_OK: the
 * task is there and journalled; RUNWAY_OK also when its fate is unknown, which
 * the record says then.
 */
RunwayOutcome ff_runway_run_submit(RunwayJobRun *run, RunwayError *err);

/** How far apart the polls of a task are at least, in microseconds: what the
 *  provider asks for. A user's own server may be asked more often, if that is
 *  wished. */
int64_t ff_runway_run_poll_least(const RunwayJobRun *run);

/** Read the task into run->task, however many tries that takes; one that has
 *  SUCCEEDED has its output then, unless the record says that it was LOST. */
RunwayOutcome ff_runway_run_read_task(RunwayJobRun *run, RunwayError *err);

/** Wait for the task to end: RUNWAY_OK when run->task has SUCCEEDED. */
RunwayOutcome ff_runway_run_await(RunwayJobRun *run, RunwayError *err);

/** The same for a step that is good news: a journal that cannot be written is
 *  only a warning. */
void ff_runway_run_note(RunwayJobRun *run, RunwayClipState state);

/** What a person can do about a result that was paid for and did not come, for
 *  the reason in err: RUNWAY_NO_RESULT. */
RunwayOutcome ff_runway_run_no_result(const RunwayJobRun *run, RunwayError *err);

/** How a clip that is paid for and of no use is left out. */
#define RUNWAY_RUN_USE_SOURCE \
    "continue with the source's own frames (on_error=source; large pictures " \
    "may be cut into other clips then, which dry_run=1 shows)"

/** Bring the result of a task that has SUCCEEDED in: checked and stored, the
 *  job's result_fd is it. What the checks refuse is kept as well. */
RunwayOutcome ff_runway_run_fetch(RunwayJobRun *run, RunwayError *err);

/**
 * Look for the clip's result on disk, whatever the record says. RUNWAY_OK with
 * the job's result_fd -1: there is none. RUNWAY_BAD_RESULT, RUNWAY_INVALID:
 * there is one, and the checks still refuse it.
 */
RunwayOutcome ff_runway_run_find_result(RunwayJobRun *run, RunwayError *err);

/** Read a task that is LOST once more, as it may be known again: a provider had
 *  forgotten it for a while; the key was another account's. The record is what
 *  was found. */
RunwayOutcome ff_runway_run_find_task(RunwayJobRun *run, RunwayError *err);

#endif /* AVFILTER_RUNWAY_ENGINE_JOB_INTERNAL_H */
