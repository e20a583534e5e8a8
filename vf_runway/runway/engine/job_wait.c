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

#include "../base/clock.h"
#include "job_internal.h"
#include "pace.h"

/* how long a provider may deny, at each poll, a task that it has accepted. A task
 * of an earlier run is given as long: when that was, only the wall clock could
 * say */
#define NOT_EXIST_MAX 600000000LL

/* polls in a row of a task that has SUCCEEDED until its output counts as missing.
 * They are as far apart as tries after a failure (retry.c): about two minutes in
 * all, whatever poll_interval is. */
#define LATE_MAX 10

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

int64_t ff_runway_run_poll_least(const RunwayJobRun *run)
{
    int64_t interval = run->host->policy->poll_interval;

    return ff_runway_client_is_loopback(run->host->client) &&
           interval < RUNWAY_POLL_MIN ? interval : RUNWAY_POLL_MIN;
}

RunwayOutcome ff_runway_run_read_task(RunwayJobRun *run, RunwayError *err)
{
    int late = 0;
    RunwayOutcome ret;

    do {
        ret = ff_runway_client_read(run->host->client, run->job->now.task_id,
                                    run->task, &run->retry.after,
                                    &run->retry.why);
        if (!ret)
            ff_runway_retry_recovered(&run->retry);
        else if (run->retry.after < ff_runway_run_poll_least(run))
            /* the next one is a poll as well */
            run->retry.after = ff_runway_run_poll_least(run);
        if (ret == RUNWAY_UNAVAILABLE &&
            run->task->state == RUNWAY_TASK_SUCCEEDED) {
            RunwayClipState state = ff_runway_record_state(run->record);

            /* that it is known again is all that find_task() asks */
            if (state == RUNWAY_CLIP_LOST)
                return RUNWAY_OK;
            /* its output is late: it has succeeded all the same, and its place
             * is free */
            if (state == RUNWAY_CLIP_SUBMITTED) {
                ff_runway_run_note(run, RUNWAY_CLIP_GENERATED);
                run->job->now.task_state = RUNWAY_TASK_SUCCEEDED;
                ff_runway_run_set_state(run, RUNWAY_JOB_WAITING);
            }
            run->unreachable = ++late >= LATE_MAX;
            if (run->unreachable)
                ret = RUNWAY_NO_RESULT;
        }
    } while (ff_runway_retry_again(&run->retry, "reading the task", &ret, err));
    return ret;
}

/* The task has SUCCEEDED at that time. */
static void note_end(RunwayJobRun *run, const RunwayPace *pace, int64_t now)
{
    RunwayTry *t = ff_runway_record_try(run->record);

    run->job->now.task_state = RUNWAY_TASK_SUCCEEDED;
    run->job->now.ends       = now;
    if (run->submitted_here && !t->took) {
        run->job->now.took =
            ff_runway_pace_took(pace, now, &run->job->now.took_least);
        t->took = (double)run->job->now.took / 1e6;
    }
    /* its place is free from this moment on */
    ff_runway_run_set_state(run, RUNWAY_JOB_WAITING);
}

/* What a task that was read says: RUNWAY_OK where it goes on, or has SUCCEEDED.
 * denied is for how long it has been said that there is no such task. */
static RunwayOutcome judge(const RunwayJobRun *run, int64_t denied,
                           RunwayError *err)
{
    const RunwayTask *task = run->task;
    const char *id = run->job->now.task_id;

    switch (task->state) {
    case RUNWAY_TASK_FAILED_STATE:
        return ff_runway_error(err, ff_runway_failure_class(task->failure_code),
                               "task %s FAILED: %s (%s)", id,
                               task->failure[0] ? task->failure
                                                : "no reason given",
                               task->failure_code[0] ? task->failure_code
                                                     : "no failureCode");
    case RUNWAY_TASK_CANCELLED:
        return ff_runway_error(err, RUNWAY_TASK_LOST, "task %s was cancelled by "
                               "somebody else", id);
    case RUNWAY_TASK_NOT_EXIST:
        if (denied > NOT_EXIST_MAX)
            return ff_runway_error(err, RUNWAY_TASK_LOST, "the provider says "
                                   "that task %s does not exist, though it was "
                                   "accepted; it may have been billed", id);
        return RUNWAY_OK;
    default:
        return RUNWAY_OK;
    }
}

/* For how long each poll has had the answer that there is no such task: one alone
 * may have reached a cache, or a node that is behind. *since is when that began,
 * -1: it is not so. */
static int64_t denied_time(const RunwayTask *task, int64_t now, int64_t *since)
{
    if (task->state != RUNWAY_TASK_NOT_EXIST)
        *since = -1;
    else if (*since < 0)
        *since = now;
    return *since < 0 ? 0 : now - *since;
}

/* What is known now of the task's end. */
static void tell_end(RunwayJobRun *run, const RunwayPace *pace)
{
    RunwayJobProgress *now = &run->job->now;

    now->length   = ff_runway_pace_length(pace);
    /* of one that another run sent, only the rest */
    now->is_shown = run->submitted_here && ff_runway_pace_is_shown(pace);
    /* a SUCCEEDED one is only read for another URL */
    now->ends = now->length && now->task_state != RUNWAY_TASK_SUCCEEDED ?
                pace->began + now->length : 0;
    ff_runway_run_set_state(run, RUNWAY_JOB_WAITING);
}

/* Wait until the poll behind the one at last is due, or with first not at all.
 * What others show meanwhile of how long tasks take puts it off to this one's
 * end. Non-zero when cancelled. */
static int wait_for_poll(RunwayJobRun *run, RunwayPace *pace, int64_t last,
                         int first)
{
    const RunwayJobHost *host = run->host;
    int64_t pause = -1, before;

    do {
        before = pause;
        if (!pace->expected)
            pace->expected = host->expected(host->opaque);
        tell_end(run, pace);
        pause = first ? 0 : ff_runway_pace_next(pace, last);
        if (pause > before &&
            host->wait(host->opaque, last + pause - ff_runway_now()))
            return 1;
    } while (!first && !pace->expected && host->expected(host->opaque));
    return 0;
}

RunwayOutcome ff_runway_run_await(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayTask *task = run->task;
    const RunwayJobHost *host = run->host;
    int64_t created = ff_runway_now(), last = created;
    int64_t denied = -1;        /* see denied_time() */
    RunwayPace pace = {
        .interval = host->policy->poll_interval, .began = created,
        .least    = ff_runway_run_poll_least(run),
    };
    int64_t counted = 0;        /* time that task_timeout knows of */
    int before = -1;
    int first = !run->submitted_here; /* one of another run may be done */

    for (;;) {
        RunwayOutcome ret;
        int64_t now;

        if (wait_for_poll(run, &pace, last, first))
            return ff_runway_run_cancelled(err);
        first = 0;
        ret = ff_runway_run_read_task(run, err);
        if (ret)
            return ret;
        log_state(run, before);
        now = ff_runway_now();
        if (task->state != RUNWAY_TASK_THROTTLED)
            counted += now - last;
        last   = now;
        before = task->state;
        ret    = judge(run, denied_time(task, now, &denied), err);
        if (ret)
            return ret;
        if (task->state == RUNWAY_TASK_SUCCEEDED) {
            note_end(run, &pace, now);
            return RUNWAY_OK;
        }
        if (counted > host->policy->task_timeout)
            return ff_runway_error(err, RUNWAY_TASK_TIMEOUT, "task %s is still "
                                   "%s after %.0f s (task_timeout); it is left "
                                   "running at the provider", job->now.task_id,
                                   ff_runway_task_state_name(task->state),
                                   (double)counted / 1e6);
        ff_runway_pace_note(&pace, now, task);
        job->now.task_state = task->state;
        job->now.progress   = task->progress;
    }
}
