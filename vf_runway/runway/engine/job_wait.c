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

#include "../base/clock.h"
#include "job_internal.h"

/* how long a provider may deny a task that it has accepted. A task of an
 * earlier run is given as long: when that was, only the wall clock could say,
 * and what is called lost here is never read again */
#define NOT_EXIST_MAX 600000000LL

/* read this long after the moment a task is expected to end */
#define EXPECTED_MARGIN 300000LL

int64_t ff_runway_job_next_read(int64_t elapsed, int64_t interval,
                                int64_t expected, int64_t least)
{
    int64_t at = expected + EXPECTED_MARGIN - elapsed;

    if (interval < least)
        interval = least;
    if (expected <= 0 || at >= interval + least)
        return interval;
    /* the end is expected before the read after the next: aim at it */
    if (at >= least)
        return at;
    /* it is near, or just missed: ask as soon as is allowed */
    return -at < expected / 4 + interval ? least : interval;
}

/* before: the RunwayTaskState that was logged last, -1: none. */
static void log_state(RunwayJobRun *run, int before)
{
    const RunwayTask *task = run->task;
    char progress[32] = "";
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", run->job->index),
        RUNWAY_TEXT("task", run->job->now.task_id),
        RUNWAY_TEXT("state", ff_runway_task_state_name(task->state)),
        RUNWAY_NUMBER("progress", task->progress),
        RUNWAY_NUMBER("credits", task->credits), RUNWAY_EVENT_LAST
    };

    if ((int)task->state == before)
        return;
    ff_runway_event(run->host->events, "state", fields);
    if (task->progress >= 0)
        snprintf(progress, sizeof(progress), ", %.0f %%",
                 100 * task->progress);
    ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE, "%s: task %s is %s%s",
                  run->job->label, run->job->now.task_id,
                  ff_runway_task_state_name(task->state), progress);
}

RunwayOutcome ff_runway_run_read_task(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;

    for (;;) {
        int64_t retry_after = -1;
        RunwayError why;
        RunwayOutcome ret;

        memset(&why, 0, sizeof(why));
        ret = ff_runway_client_read(run->host->client, job->now.task_id,
                                    run->task, &retry_after, &why);
        if (!ret) {
            ff_runway_retry_recovered(&run->retry);
            return ret;
        }
        if (ret != RUNWAY_UNAVAILABLE) {
            *err = why;
            return ret;
        }
        ret = ff_runway_retry_wait(&run->retry, "reading the task",
                                   retry_after, &why, err);
        if (ret)
            return ret;
    }
}

/* How far a task was after how much time. */
typedef struct Reading {
    int64_t elapsed;
    double progress;         ///< 0: not running yet, or not reported
} Reading;

/* When a task ends, by two readings; 0: not known. One is not enough:
 * nobody knows how long it waited before it ran. */
static int64_t extrapolate(const Reading *was, const Reading *is)
{
    double step = is->progress - was->progress;

    if (was->progress <= 0 || step < 0.02)
        return 0;
    return is->elapsed + (int64_t)((1 - is->progress) / step *
                                   (double)(is->elapsed - was->elapsed));
}

/* Whether a task will have ended after so much more time, even if it ran from
 * its first moment on. */
static int is_near_end(const Reading *is, int64_t left)
{
    return is->progress > 0 && (double)is->elapsed * (1 - is->progress) <
                               is->progress * (double)left;
}

/* What a task took that was not done after so long and then was; by its own
 * progress it would take that estimate. The next of its kind is read
 * EXPECTED_MARGIN after this. */
static int64_t duration_of(int64_t unfinished, int64_t done, int64_t estimate)
{
    if (estimate > unfinished && estimate < done)
        return estimate;
    done -= EXPECTED_MARGIN;
    return done > unfinished ? done : unfinished;
}

RunwayOutcome ff_runway_run_await(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayTask *task = run->task;
    const RunwayJobHost *host = run->host;
    int64_t interval = host->policy->poll_interval;
    /* a user's own server may be asked more often, if that is wished */
    int64_t least = ff_runway_client_is_loopback(host->client) &&
                    interval < RUNWAY_POLL_MIN ? interval : RUNWAY_POLL_MIN;
    int64_t created = ff_runway_now(), last = created;
    int64_t began = created;    /* of its work, as near as is known */
    Reading reading = { 0 };    /* the newest, not done yet */
    int64_t estimate = 0;       /* what it takes, by its own progress */
    int64_t counted = 0;        /* time that task_timeout knows of */
    int before = -1;
    int first = !run->submitted_here; /* one of another run may be done */

    for (;;) {
        int64_t now = ff_runway_now();
        int64_t expected = estimate ? estimate : host->expected(host->opaque);
        int64_t pause = ff_runway_job_next_read(now - began, interval,
                                                expected, least);
        RunwayOutcome ret;

        if (!expected && is_near_end(&reading, interval + least))
            pause = least;
        if (first)
            pause = first = 0;

        if (host->wait(host->opaque, pause))
            return ff_runway_run_cancelled(err);
        ret = ff_runway_run_read_task(run, err);
        if (ret)
            return ret;
        log_state(run, before);
        now = ff_runway_now();
        if (task->state != RUNWAY_TASK_THROTTLED)
            counted += now - last;
        else
            began = now;
        if (task->state == RUNWAY_TASK_SUCCEEDED && run->submitted_here) {
            job->now.took = duration_of(reading.elapsed, now - began,
                                        estimate);
        } else if (run->submitted_here) {
            const Reading newest = { now - began,
                                     task->progress > 0 ? task->progress : 0 };

            estimate = extrapolate(&reading, &newest);
            reading  = newest;
        }
        last   = now;
        before = task->state;

        job->now.task_state = task->state;
        job->now.progress   = task->progress;
        ff_runway_run_set_state(run, RUNWAY_JOB_WAITING);

        switch (task->state) {
        case RUNWAY_TASK_SUCCEEDED:
            return RUNWAY_OK;
        case RUNWAY_TASK_FAILED_STATE:
            return ff_runway_error(err,
                                   ff_runway_failure_class(task->failure_code),
                                   "task %s FAILED: %s (%s)", job->now.task_id,
                                   task->failure[0] ? task->failure
                                                    : "no reason given",
                                   task->failure_code[0] ? task->failure_code
                                                         : "no failureCode");
        case RUNWAY_TASK_CANCELLED:
            return ff_runway_error(err, RUNWAY_TASK_LOST,
                                   "task %s was cancelled by somebody else",
                                   job->now.task_id);
        case RUNWAY_TASK_NOT_EXIST:
            if (now - created > NOT_EXIST_MAX)
                return ff_runway_error(err, RUNWAY_TASK_LOST, "the provider "
                                       "says that task %s does not exist, "
                                       "though it was accepted; it may have "
                                       "been billed", job->now.task_id);
            break;
        default:
            break;
        }
        if (counted > host->policy->task_timeout)
            return ff_runway_error(err, RUNWAY_TASK_TIMEOUT, "task %s is still "
                                   "%s after %.0f s (task_timeout); it is left "
                                   "running at the provider", job->now.task_id,
                                   ff_runway_task_state_name(task->state),
                                   (double)counted / 1e6);
    }
}
