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

#define BACKOFF_BASE  1000000LL
#define BACKOFF_CAP  60000000LL
#define BACKOFF_LEAST  250000LL

/* how long a provider may deny a task that it has accepted. A task of an earlier
 * run is given as long: when that was, only the wall clock could say, and what is
 * called lost here is never read again */
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

    RunwayJournalLock *lock;
    RunwayRecord *record;
    RunwayReservation held;  ///< of the budget, for the try at hand
    int resent;              ///< times on_unknown=resend was used
    int submitted_here;      ///< the task is one of this run's own
    RunwayTask *task;        ///< as it was read last
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

/**
 * Take the clip's record to another state, on disk. what and code are why, or
 * NULL.
 */
static RunwayOutcome write_state(Run *run, RunwayClipState state,
                                 const char *what, const char *code,
                                 RunwayError *err)
{
    RunwayRecord *r = run->record;
    RunwayOutcome ret;

    ff_runway_record_set(r->failure, sizeof(r->failure), what);
    ff_runway_record_set(r->failure_code, sizeof(r->failure_code), code);
    ret = ff_runway_record_move(r, state, err);
    if (!ret)
        ret = ff_runway_journal_write(run->host->journal, run->lock, r, err);
    return ret;
}

/* The create certainly was not accepted: take the intent back. */
static void note_rejected(Run *run, const RunwayError *why)
{
    RunwayError err;

    if (write_state(run, RUNWAY_CLIP_REJECTED, why->text, NULL, &err))
        ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: nothing was "
                      "accepted, but the journal cannot be told: %s",
                      run->job->label, err.text);
}

static RunwayOutcome write_intent(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRecord *r = run->record;
    RunwayOutcome ret = ff_runway_record_move(r, RUNWAY_CLIP_INTENT, err);

    if (ret)
        return ret;
    ff_runway_record_set(r->endpoint, sizeof(r->endpoint),
                         ff_runway_client_endpoint(run->host->client));
    ff_runway_record_set(r->model, sizeof(r->model), job->request.model_name);
    ff_runway_record_set(r->label, sizeof(r->label), job->label);
    r->credits_estimated = (double)job->credits;
    return ff_runway_journal_write(run->host->journal, run->lock, r, err);
}

static void log_submitted(Run *run)
{
    const RunwayJob *job = run->job;
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", job->index), RUNWAY_TEXT("task", job->now.task_id),
        RUNWAY_TEXT("model", job->request.model_name),
        RUNWAY_NUMBER("credits", run->record->credits_estimated),
        RUNWAY_EVENT_LAST
    };

    ff_runway_event(run->host->events, "submitted", fields);
}

/* The result is here. */
static void log_stored(Run *run)
{
    const RunwayJob *job = run->job;
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", job->index), RUNWAY_TEXT("task", job->now.task_id),
        RUNWAY_INT("bytes", job->result_size),
        RUNWAY_NUMBER("credits", run->record->credits_charged),
        RUNWAY_BOOL("reused", job->reused), RUNWAY_EVENT_LAST
    };

    ff_runway_event(run->host->events, "stored", fields);
}

static void log_failure(const RunwayJob *job, const RunwayJobHost *host)
{
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", job->index),
        RUNWAY_TEXT("task", job->now.task_id[0] ? job->now.task_id : NULL),
        RUNWAY_TEXT("outcome", ff_runway_outcome_name(job->error.outcome)),
        RUNWAY_TEXT("error", job->error.text), RUNWAY_EVENT_LAST
    };

    ff_runway_event(host->events, "error", fields);
}

/* A create was accepted: the task is ours, come what may. */
static void accepted(Run *run)
{
    RunwayJob *job = run->job;
    RunwayRecord *r = run->record;
    RunwayError err;

    recovered(run);
    run->submitted_here = 1;
    ff_runway_record_set(r->task_id, sizeof(r->task_id), job->now.task_id);
    if (job->now.credits >= 0) {
        r->credits_estimated = job->now.credits;
        ff_runway_budget_estimate(run->host->budget, &run->held,
                                  job->now.credits);
    }
    /* it is paid for now: a disk that fails here is no reason to drop it */
    if (write_state(run, RUNWAY_CLIP_SUBMITTED, NULL, NULL, &err))
        ff_runway_log(run->host->log, RUNWAY_LOG_ERROR, "%s: task %s was "
                      "accepted, but the journal cannot be told: %s",
                      job->label, job->now.task_id, err.text);
    ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE,
                  "%s: submitted as task %s", job->label, job->now.task_id);
    log_submitted(run);
}

/* Upload those of the pictures that are files; to has room for all. The URIs
 * are the caller's to free(), on failure as well. */
static RunwayOutcome upload_pictures(Run *run, const RunwayPicture *from,
                                     int nb, RunwayPicture *to, char **uris,
                                     RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_OK;

    for (int i = 0; i < nb && !ret; i++) {
        to[i] = from[i];
        if (from[i].uri)
            continue;
        ret = ff_runway_upload_picture(run->host->uploader, run->job->label,
                                       from[i].file, &uris[i], err);
        to[i].uri = uris[i];
    }
    return ret;
}

/* Bring what does not fit into the request where the provider finds it, and
 * make the request. */
static RunwayOutcome make_body(Run *run, RunwayBody **body, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRequest request = job->request;
    RunwayUpload clip = { job->label, "clip.mp4", "video/mp4", job->fd,
                          job->size };
    const RunwayEventField uploaded[] = {
        RUNWAY_INT("clip", job->index), RUNWAY_INT("bytes", (int64_t)job->size),
        RUNWAY_EVENT_LAST
    };
    int nb = request.nb_references + request.nb_keyframes;
    RunwayPicture *pictures = calloc((size_t)nb + 1, sizeof(*pictures));
    char **uris = calloc((size_t)nb + 1, sizeof(*uris));
    RunwayOutcome ret = RUNWAY_OK;

    *body = NULL;
    if (!pictures || !uris)
        ret = ff_runway_error(err, RUNWAY_NOMEM, "out of memory");
    if (!ret)
        ret = upload_pictures(run, request.references, request.nb_references,
                              pictures, uris, err);
    if (!ret)
        ret = upload_pictures(run, request.keyframes, request.nb_keyframes,
                              pictures + request.nb_references,
                              uris + request.nb_references, err);
    if (!ret && job->upload)
        ret = ff_runway_upload(run->host->uploader, &clip, &uris[nb], err);
    if (!ret && job->upload)
        ff_runway_event(run->host->events, "uploaded", uploaded);
    if (!ret) {
        request.references = pictures;
        request.keyframes  = pictures + request.nb_references;
        ret = ff_runway_wire_create_body(&request, job->fd, job->size,
                                         uris[nb], body, err);
    }
    for (int i = 0; uris && i <= nb; i++)
        free(uris[i]);
    free(uris);
    free(pictures);
    return ret;
}

/* Send the create, as often as it certainly was not accepted. */
static RunwayOutcome submit(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayBody *body = NULL;
    RunwayError why;
    RunwayOutcome ret;

    ret = ff_runway_budget_reserve(run->host->budget, (double)job->credits,
                                   &run->held, err);
    if (ret)
        return ret;
    job->now.task_id[0] = 0;
    set_state(run, RUNWAY_JOB_SUBMITTING);
    ret = make_body(run, &body, err);
    if (ret) {
        ff_runway_budget_release(run->host->budget, &run->held);
        return ret;
    }
    for (;;) {
        int64_t retry_after = -1;

        ret = write_intent(run, err);
        if (ret) {
            ff_runway_budget_release(run->host->budget, &run->held);
            goto end;
        }
        memset(&why, 0, sizeof(why));
        ret = ff_runway_client_submit(run->host->client, body,
                                      job->now.task_id, &job->now.credits,
                                      &retry_after, &why);
        if (ret != RUNWAY_UNAVAILABLE)
            break;
        /* before the wait: who dies in it leaves nothing behind that may have
         * been paid for */
        note_rejected(run, &why);
        ret = back_off(run, "the create request", retry_after, &why, err);
        if (ret) {
            ff_runway_budget_release(run->host->budget, &run->held);
            goto end;
        }
    }
    if (!ret) {
        accepted(run);
    } else if (ret == RUNWAY_UNKNOWN) {
        /* a run that is being ended asks nobody for its error any more */
        if (run->host->cancelled(run->host->opaque))
            ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: %s",
                          job->label, why.text);
        ret = write_state(run, RUNWAY_CLIP_UNKNOWN, why.text, NULL, err);
        if (ret) {
            RunwayError second = *err;

            ret = ff_runway_error(err, RUNWAY_UNKNOWN, "%s: a create request "
                                  "went out and was not answered (%s): a task "
                                  "may exist and be billed; and the journal "
                                  "cannot be told: %s", job->label, why.text,
                                  second.text);
        }
    } else {
        *err = why;
        note_rejected(run, err);
        ff_runway_budget_release(run->host->budget, &run->held);
    }
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
    if (expected <= 0 || at >= interval + least)
        return interval;
    /* the end is expected before the read after the next: aim at it */
    if (at >= least)
        return at;
    /* it is near, or just missed: ask as soon as is allowed */
    return -at < expected / 4 + interval ? least : interval;
}

static void log_state(Run *run, RunwayTaskState before, const RunwayTask *task)
{
    char progress[32] = "";

    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", run->job->index),
        RUNWAY_TEXT("task", run->job->now.task_id),
        RUNWAY_TEXT("state", ff_runway_task_state_name(task->state)),
        RUNWAY_NUMBER("progress", task->progress),
        RUNWAY_NUMBER("credits", task->credits), RUNWAY_EVENT_LAST
    };

    if (task->state == before)
        return;
    ff_runway_event(run->host->events, "state", fields);
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

/* How far a task was after how much time. */
typedef struct Reading {
    int64_t elapsed;
    double progress;         ///< 0: not running yet, or not told
} Reading;

/* When a task ends, by two readings; 0: they do not tell. One is not enough:
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
 * progress, told is what it would take. The next of its kind is read
 * EXPECTED_MARGIN after this. */
static int64_t duration_of(int64_t unfinished, int64_t done, int64_t told)
{
    if (told > unfinished && told < done)
        return told;
    done -= EXPECTED_MARGIN;
    return done > unfinished ? done : unfinished;
}

/* Wait for the task to end: RUNWAY_OK when run->task has SUCCEEDED. */
static RunwayOutcome await(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayTask *task = run->task;
    const RunwayJobHost *host = run->host;
    /* a user's own server may be asked more often, if that is wished */
    int64_t least = ff_runway_client_is_loopback(host->client) &&
                    host->poll_interval < RUNWAY_POLL_LEAST ?
                    host->poll_interval : RUNWAY_POLL_LEAST;
    int64_t created = ff_runway_now(), last = created;
    int64_t began = created;    /* of its work, as near as is known */
    Reading reading = { 0 };    /* the newest, not done yet */
    int64_t told = 0;           /* what it takes, by its own progress */
    int64_t counted = 0;        /* time that task_timeout knows of */
    RunwayTaskState before = RUNWAY_TASK_NOT_EXIST;
    int first = !run->submitted_here; /* one of another run may be done */

    for (;;) {
        int64_t now = ff_runway_now();
        int64_t expected = told ? told : host->expected(host->opaque);
        int64_t pause = ff_runway_job_next_read(now - began,
                                                host->poll_interval, expected,
                                                least);
        RunwayOutcome ret;

        if (!expected && is_near_end(&reading, host->poll_interval + least))
            pause = least;
        if (first)
            pause = first = 0;

        if (host->wait(host->opaque, pause))
            return cancelled(err);
        ret = read_task(run, task, err);
        if (ret)
            return ret;
        log_state(run, before, task);
        now = ff_runway_now();
        if (task->state != RUNWAY_TASK_THROTTLED)
            counted += now - last;
        else
            began = now;
        if (task->state == RUNWAY_TASK_SUCCEEDED && run->submitted_here) {
            job->now.took = duration_of(reading.elapsed, now - began, told);
        } else if (run->submitted_here) {
            const Reading newest = { now - began,
                                     task->progress > 0 ? task->progress : 0 };

            told    = extrapolate(&reading, &newest);
            reading = newest;
        }
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

/* Fetch the result of run->task into fd; *size is what it has in the end. */
static RunwayOutcome download(Run *run, int fd, int64_t *size, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayTask *task = run->task;
    int refused = 0;
    RunwayOutcome ret;

    for (;;) {
        int64_t retry_after = -1, before = *size;
        int refresh;
        RunwayError why;

        memset(&why, 0, sizeof(why));
        ret = ff_runway_client_download(run->host->client, task->url, fd, size,
                                        &retry_after, &why);
        if (!ret)
            return ret;
        if (*size > before)
            recovered(run);
        /* signed URLs live for a day or two: a fresh one is for the asking, and
         * what is here already stays */
        refresh = ret == RUNWAY_REFUSED;
        if ((refresh && ++refused > URL_TRIES) ||
            (!refresh && ret != RUNWAY_UNAVAILABLE)) {
            *err = why;
            return ret;
        }
        ret = back_off(run, "the download", retry_after, &why, err);
        if (!ret && refresh)
            ret = read_task(run, task, err);
        if (ret)
            return ret;
        if (task->state != RUNWAY_TASK_SUCCEEDED)
            return ff_runway_error(err, RUNWAY_TASK_LOST, "task %s had "
                                   "succeeded and is %s now", job->now.task_id,
                                   ff_runway_task_state_name(task->state));
    }
}

/* Write down a step that is good news. What is paid for is not given up because
 * a disk fails now: the next run finds the step before and reads the task again,
 * which costs nothing. */
static void note_state(Run *run, RunwayClipState state)
{
    RunwayError err;

    if (write_state(run, state, NULL, NULL, &err))
        ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: task %s: the "
                      "journal cannot be told: %s", run->job->label,
                      run->job->now.task_id, err.text);
}

/* Bring the result of a task that has SUCCEEDED in. */
static RunwayOutcome fetch(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRecord *r = run->record;
    const RunwayJobHost *host = run->host;
    RunwayCacheEntry *entry = NULL;
    int64_t size = 0;
    RunwayOutcome ret;

    if (r->state != RUNWAY_CLIP_GENERATED) {
        if (run->task->credits >= 0)
            r->credits_charged = run->task->credits;
        ff_runway_budget_settle(host->budget, &run->held, run->task->credits);
        note_state(run, RUNWAY_CLIP_GENERATED);
    }
    ret = ff_runway_cache_begin(host->cache, job->identity, &entry, err);
    if (!ret)
        ret = download(run, ff_runway_cache_entry_fd(entry), &size, err);
    if (!ret)
        ret = host->check(host->opaque, ff_runway_cache_entry_fd(entry), size,
                          job->sent, err);
    if (!ret)
        ret = ff_runway_cache_commit(host->cache, &entry, &job->result_size,
                                     r->result_checksum, &job->result_fd, err);
    ff_runway_cache_abort(&entry);
    if (ret)
        return ret;
    r->result_size = job->result_size;
    ff_runway_log(host->log, RUNWAY_LOG_VERBOSE, "%s: %lld bytes of result",
                  job->label, (long long)job->result_size);
    note_state(run, RUNWAY_CLIP_STORED);
    log_stored(run);
    return RUNWAY_OK;
}

/* Read a task on to its end and bring its result in. A failure of the task
 * itself is written down and RUNWAY_OK: what follows is the table's matter. */
static RunwayOutcome finish_task(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayClipState state;
    const char *code = NULL, *what;
    RunwayOutcome ret;

    ff_runway_record_set(job->now.task_id, sizeof(job->now.task_id),
                         run->record->task_id);
    job->now.task_state = RUNWAY_TASK_PENDING;
    set_state(run, RUNWAY_JOB_WAITING);
    ret = await(run, err);
    if (!ret) {
        set_state(run, RUNWAY_JOB_DOWNLOADING);
        ret = fetch(run, err);
    }
    what = err->text;
    switch (ret) {
    case RUNWAY_TASK_FAILED:
    case RUNWAY_TASK_FAILED_PASSING:
        state = ret == RUNWAY_TASK_FAILED ? RUNWAY_CLIP_FAILED
                                          : RUNWAY_CLIP_FAILED_PASSING;
        what = run->task->failure;
        code = run->task->failure_code;
        break;
    case RUNWAY_BAD_RESULT:
        /* it is what the task made, and would be again if it were fetched
         * again; a new task may do better */
        state = RUNWAY_CLIP_FAILED_PASSING;
        break;
    case RUNWAY_TASK_LOST:
        state = RUNWAY_CLIP_LOST;
        break;
    default:
        return ret;
    }
    if (run->task->credits >= 0) {
        run->record->credits_charged = run->task->credits;
        ff_runway_budget_settle(run->host->budget, &run->held,
                                run->task->credits);
    }
    return write_state(run, state, what, code, err);
}

/* @return RUNWAY_OK with result_fd -1: it is not there (any more). */
static RunwayOutcome use_stored(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayRecord *r = run->record;
    RunwayOutcome ret = ff_runway_cache_open(run->host->cache, job->identity,
                                             r->result_size,
                                             r->result_checksum,
                                             &job->result_fd, err);

    if (ret == RUNWAY_BAD_RESULT) {
        ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: %s", job->label,
                      err->text);
        return RUNWAY_OK;
    }
    if (ret || job->result_fd < 0)
        return ret;
    job->result_size = r->result_size;
    job->reused      = 1;
    ff_runway_record_set(job->now.task_id, sizeof(job->now.task_id),
                         r->task_id);
    ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE,
                  "%s: stored already, from task %s", job->label, r->task_id);
    log_stored(run);
    return RUNWAY_OK;
}

/* What earlier runs paid for this clip, or may have, counts in this one as well;
 * a result that is stored is free. */
static void resume_budget(Run *run)
{
    const RunwayRecord *r = run->record;
    int is_try = ff_runway_record_is_open(r) ||
                 r->state == RUNWAY_CLIP_FAILED ||
                 r->state == RUNWAY_CLIP_FAILED_PASSING;

    if (is_try || r->state == RUNWAY_CLIP_REJECTED)
        ff_runway_budget_resume(run->host->budget, r->credits_before,
                                r->credits_charged >= 0 ? r->credits_charged
                                                        : r->credits_estimated,
                                is_try ? &run->held : NULL);
    if (is_try && r->credits_charged >= 0)
        ff_runway_budget_settle(run->host->budget, &run->held,
                                r->credits_charged);
}

/* From what the journal says to a result, or an error. The lock is held. */
static RunwayOutcome run_locked(Run *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayJobHost *host = run->host;
    RunwayRecord *r = run->record;
    RunwayOutcome ret;

    ret = ff_runway_journal_read(host->journal, job->identity, r, err);
    if (ret)
        return ret;
    resume_budget(run);
    while (!ret && job->result_fd < 0) {
        const RunwayResumePolicy policy = { host->on_unknown, host->retries,
                                            run->resent };
        RunwayResumeAction action = ff_runway_resume(r, job->label, &policy,
                                                     err);

        if (action == RUNWAY_RESUME_STOP)
            return err->outcome;
        if (action == RUNWAY_RESUME_USE_STORED) {
            ret = use_stored(run, err);
            if (ret || job->result_fd >= 0)
                break;
            ret = write_state(run, RUNWAY_CLIP_GENERATED, NULL, NULL, err);
            if (ret)
                break;
        }
        if (action != RUNWAY_RESUME_SEND) {
            ret = finish_task(run, err);
            continue;
        }
        if (r->state == RUNWAY_CLIP_FAILED_PASSING)
            ff_runway_log(host->log, RUNWAY_LOG_WARNING, "%s: task %s failed "
                          "(%s %s); buying another try, %d of %d (retries)",
                          job->label, r->task_id, r->failure, r->failure_code,
                          r->failures, host->retries);
        else if (r->state != RUNWAY_CLIP_NONE &&
                 r->state != RUNWAY_CLIP_REJECTED) {
            run->resent++;
            ff_runway_log(host->log, RUNWAY_LOG_WARNING, "%s: sent again, as "
                          "on_unknown=resend says: it may be paid twice",
                          job->label);
        }
        /* what an earlier try holds of the budget stays held */
        memset(&run->held, 0, sizeof(run->held));
        ret = submit(run, err);
    }
    return ret;
}

RunwayOutcome ff_runway_job_run(RunwayJob *job, const RunwayJobHost *host)
{
    Run run = { .job = job, .host = host };
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    run.random = (uint32_t)ff_runway_now() * 2654435761u +
                 (uint32_t)job->index * 40503u;
    if (!run.random)
        run.random = 1;
    /* several KiB each, and a thread's stack may be small */
    run.task   = calloc(1, sizeof(*run.task));
    run.record = calloc(1, sizeof(*run.record));
    if (!run.task || !run.record) {
        ret = ff_runway_error(&err, RUNWAY_NOMEM, "out of memory");
        goto end;
    }
    run.task->credits = -1;
    ret = ff_runway_journal_lock(host->journal, job->identity, job->label,
                                 host->cancelled, host->opaque, &run.lock,
                                 &err);
    if (!ret)
        ret = run_locked(&run, &err);
    ff_runway_journal_unlock(&run.lock);
end:
    if (ret != RUNWAY_CANCELLED)
        ff_runway_budget_count(host->budget, ret ? RUNWAY_BUDGET_FAILED :
                               job->reused ? RUNWAY_BUDGET_REUSED
                                           : RUNWAY_BUDGET_MADE);
    if (ret && !strncmp(err.text, job->label, strlen(job->label)))
        job->error = err;
    else if (ret)
        ff_runway_error(&job->error, ret, "%s: %s", job->label, err.text);
    if (ret)
        log_failure(job, host);
    close_fd(&job->fd);
    free(run.task);
    free(run.record);
    set_state(&run, ret ? RUNWAY_JOB_FAILED : RUNWAY_JOB_DONE);
    return ret;
}
