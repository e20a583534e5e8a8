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

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "job.h"
#include "retry.h"
#include "temp.h"

#define BACKOFF_BASE  1000000LL
#define BACKOFF_CAP  60000000LL
#define BACKOFF_LEAST  250000LL

/* how long a provider may deny a task that it has just accepted */
#define NOT_EXIST_MAX 600000000LL

/* fresh URLs asked for until a result counts as unreachable */
#define URL_TRIES 5

/* read this long after the moment a task is expected to end */
#define EXPECTED_MARGIN 300000LL

RunwayJob *ff_runway_job_create(void)
{
    RunwayJob *job = calloc(1, sizeof(*job));

    if (job) {
        job->fd           = -1;
        job->result_fd    = -1;
        job->credits      = -1;
        job->now.progress = -1;
        job->now.credits  = -1;
    }
    return job;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void ff_runway_job_free(RunwayJob **job)
{
    if (!*job)
        return;
    close_fd(&(*job)->fd);
    close_fd(&(*job)->result_fd);
    free(*job);
    *job = NULL;
}

/* What one run of a job carries from step to step. */
typedef struct Run {
    RunwayJob *job;
    const RunwayJobHost *host;
    uint32_t random;
    int64_t outage;     ///< when the present row of failures began, 0: none
    int attempt;        ///< failures in that row
} Run;

static uint32_t next_random(Run *run)
{
    /* xorshift32: jitter needs no more */
    run->random ^= run->random << 13;
    run->random ^= run->random >> 17;
    run->random ^= run->random << 5;
    return run->random;
}

static void set_state(Run *run, RunwayJobState state)
{
    run->job->now.state = state;
    run->host->changed(run->host->opaque, run->job);
}

static RunwayOutcome cancelled(RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
}

static void recovered(Run *run)
{
    run->outage  = 0;
    run->attempt = 0;
}

/**
 * After RUNWAY_UNAVAILABLE: wait before the next try. @return RUNWAY_OK: try
 * again; else the job is over (cancelled, or an outage without end).
 */
static RunwayOutcome back_off(Run *run, const char *what, int64_t retry_after,
                              const RunwayError *why, RunwayError *err)
{
    int64_t now = ff_runway_now();
    int reached = ff_runway_client_has_reached(run->host->client);
    int64_t wait;

    if (!run->outage)
        run->outage = now;
    if (now - run->outage > (reached ? RUNWAY_OUTAGE_MAX : RUNWAY_UNREACHED_MAX))
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "%s has failed for %.0f s: %s", what,
                               (double)(now - run->outage) / 1e6, why->text);
    wait = ff_runway_backoff(run->attempt, BACKOFF_BASE, BACKOFF_CAP,
                             BACKOFF_LEAST, retry_after, next_random(run));
    ff_runway_log(run->host->log,
                  run->attempt ? RUNWAY_LOG_VERBOSE : RUNWAY_LOG_WARNING,
                  "%s: %s failed, trying again in %.1f s: %s", run->job->label,
                  what, (double)wait / 1e6, why->text);
    if (run->attempt < 30)
        run->attempt++;
    return run->host->wait(run->host->opaque, wait) ? cancelled(err)
                                                    : RUNWAY_OK;
}

static RunwayOutcome submit(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayBody *body = NULL;
    RunwayError why;
    RunwayOutcome ret;

    ret = ff_runway_wire_create_body(&job->request, job->fd, job->size, NULL,
                                     &body, err);
    if (ret)
        return ret;
    for (;;) {
        int64_t retry_after = -1;

        memset(&why, 0, sizeof(why));
        ret = ff_runway_client_submit(run->host->client, body,
                                      job->now.task_id, &job->now.credits,
                                      &retry_after, &why);
        if (ret != RUNWAY_UNAVAILABLE)
            break;
        ret = back_off(run, "the create request", retry_after, &why, err);
        if (ret)
            goto end;
    }
    if (ret)
        *err = why;
    else
        recovered(run);
end:
    ff_runway_body_free(&body);
    return ret;
}

int64_t ff_runway_job_next_read(int64_t elapsed, int64_t interval,
                                int64_t expected, int64_t least)
{
    int64_t at = expected + EXPECTED_MARGIN - elapsed;

    if (interval < least)
        interval = least;
    /* the end is expected before the read after the next: aim at it */
    if (expected > 0 && at >= least && at < interval + least)
        return at;
    /* just missed it: ask as often as is allowed, it cannot take long */
    if (expected > 0 && at < 0 && -at < expected / 4 + interval)
        return least;
    return interval;
}

static void log_state(Run *run, RunwayTaskState before, const RunwayTask *task)
{
    char progress[32] = "";

    if (task->state == before)
        return;
    if (task->progress >= 0)
        snprintf(progress, sizeof(progress), ", %.0f %%",
                 100 * task->progress);
    ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE, "%s: task %s is %s%s",
                  run->job->label, run->job->now.task_id,
                  ff_runway_task_state_name(task->state), progress);
}

/* Read the task once, however many tries that takes. */
static RunwayOutcome read_task(Run *run, RunwayTask *task, RunwayError *err)
{
    RunwayJob *job = run->job;

    for (;;) {
        int64_t retry_after = -1;
        RunwayError why;
        RunwayOutcome ret;

        memset(&why, 0, sizeof(why));
        ret = ff_runway_client_read(run->host->client, job->now.task_id, task,
                                    &retry_after, &why);
        if (!ret) {
            recovered(run);
            return ret;
        }
        if (ret != RUNWAY_UNAVAILABLE) {
            *err = why;
            return ret;
        }
        ret = back_off(run, "reading the task", retry_after, &why, err);
        if (ret)
            return ret;
    }
}

/* Wait for the task's end. task is what the last read said. */
static RunwayOutcome await(Run *run, RunwayTask *task, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayJobHost *host = run->host;
    int64_t least = ff_runway_client_is_loopback(host->client) ?
                    0 : RUNWAY_POLL_LEAST;
    int64_t created = ff_runway_now(), last = created;
    int64_t counted = 0;        /* time that task_timeout knows of */
    RunwayTaskState before = RUNWAY_TASK_NOT_EXIST;

    for (;;) {
        int64_t now = ff_runway_now();
        int64_t pause = ff_runway_job_next_read(now - created,
                                                host->poll_interval,
                                                host->expected(host->opaque),
                                                least);
        RunwayOutcome ret;

        if (host->wait(host->opaque, pause))
            return cancelled(err);
        ret = read_task(run, task, err);
        if (ret)
            return ret;
        log_state(run, before, task);
        now = ff_runway_now();
        if (task->state != RUNWAY_TASK_THROTTLED)
            counted += now - last;
        last   = now;
        before = task->state;

        job->now.task_state = task->state;
        job->now.progress   = task->progress;
        if (task->credits >= 0)
            job->now.credits = task->credits;
        set_state(run, RUNWAY_JOB_WAITING);

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
        if (counted > host->task_timeout)
            return ff_runway_error(err, RUNWAY_TASK_TIMEOUT, "task %s is still "
                                   "%s after %.0f s (task_timeout); it is left "
                                   "running at the provider", job->now.task_id,
                                   ff_runway_task_state_name(task->state),
                                   (double)counted / 1e6);
    }
}

static RunwayOutcome download(Run *run, RunwayTask *task, RunwayError *err)
{
    RunwayJob *job = run->job;
    int urls = 1;
    RunwayOutcome ret;

    ret = ff_runway_temp_open(&job->result_fd, err);
    if (ret)
        return ret;
    for (;;) {
        int64_t retry_after = -1, before = job->result_size;
        RunwayError why;

        memset(&why, 0, sizeof(why));
        ret = ff_runway_client_download(run->host->client, task->url,
                                        job->result_fd, &job->result_size,
                                        &retry_after, &why);
        if (!ret)
            return ret;
        if (job->result_size > before)
            recovered(run);
        if (ret == RUNWAY_REFUSED && urls < URL_TRIES) {
            /* signed URLs live for a day or two: a fresh one is for the
             * asking, and what is here already stays */
            urls++;
            ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE,
                          "%s: the output URL is no good any more (%s), "
                          "asking for a fresh one", job->label, why.text);
            ret = back_off(run, "the download", retry_after, &why, err);
            if (!ret)
                ret = read_task(run, task, err);
            if (!ret && task->state != RUNWAY_TASK_SUCCEEDED)
                ret = ff_runway_error(err, RUNWAY_TASK_LOST, "task %s had "
                                      "succeeded and is %s now",
                                      job->now.task_id,
                                      ff_runway_task_state_name(task->state));
            if (ret)
                return ret;
            continue;
        }
        if (ret != RUNWAY_UNAVAILABLE) {
            *err = why;
            return ret;
        }
        ret = back_off(run, "the download", retry_after, &why, err);
        if (ret)
            return ret;
    }
}

RunwayOutcome ff_runway_job_run(RunwayJob *job, const RunwayJobHost *host)
{
    Run run = { .job = job, .host = host };
    RunwayTask *task = malloc(sizeof(*task)); /* several KiB */
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    run.random = (uint32_t)ff_runway_now() * 2654435761u +
                 (uint32_t)job->index * 40503u;
    if (!run.random)
        run.random = 1;
    if (!task) {
        ret = ff_runway_error(&err, RUNWAY_NOMEM, "out of memory");
        goto end;
    }

    set_state(&run, RUNWAY_JOB_SUBMITTING);
    ret = submit(&run, &err);
    if (ret)
        goto end;
    close_fd(&job->fd);
    ff_runway_log(host->log, RUNWAY_LOG_VERBOSE, "%s: submitted as task %s",
                  job->label, job->now.task_id);
    job->now.task_state = RUNWAY_TASK_PENDING;
    set_state(&run, RUNWAY_JOB_WAITING);
    ret = await(&run, task, &err);
    if (ret)
        goto end;
    set_state(&run, RUNWAY_JOB_DOWNLOADING);
    ret = download(&run, task, &err);
    if (!ret)
        ret = host->check(host->opaque, job->result_fd, job->result_size,
                          job->sent, &err);
    if (!ret)
        ff_runway_log(host->log, RUNWAY_LOG_VERBOSE,
                      "%s: %lld bytes of result", job->label,
                      (long long)job->result_size);
end:
    if (ret) {
        const char *id = job->now.task_id;

        /* name the task once, and always */
        if (*id && !strstr(err.text, id))
            ff_runway_error(&job->error, ret, "%s: task %s: %s", job->label,
                            id, err.text);
        else
            ff_runway_error(&job->error, ret, "%s: %s", job->label, err.text);
    }
    close_fd(&job->fd);
    free(task);
    set_state(&run, ret ? RUNWAY_JOB_FAILED : RUNWAY_JOB_DONE);
    return ret;
}
