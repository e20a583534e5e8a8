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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/text.h"
#include "job_internal.h"

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

/* " (what came is kept: …)" or "" */
static void put_refused(const RunwayJobRun *run, char *text, size_t room)
{
    const RunwayRecord *r = run->record;
    char *path = ff_runway_cache_refused_path(run->host->cache,
                                              run->job->identity,
                                              r->result_checksum);

    text[0] = 0;
    if (path)
        snprintf(text, room, " (what came is kept: %s)", path);
    free(path);
}

/* Read a task on to its end and bring its result in. A failure of the task
 * itself is written down and RUNWAY_OK: what follows is the table's matter. */
static RunwayOutcome finish_task(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayClipState state;
    const char *code = NULL, *what;
    RunwayOutcome ret;

    ff_runway_copy_text(job->now.task_id, sizeof(job->now.task_id),
                        run->record->task_id);
    job->now.task_state = RUNWAY_TASK_PENDING;
    ff_runway_run_set_state(run, RUNWAY_JOB_WAITING);
    ret = ff_runway_run_await(run, err);
    if (!ret) {
        ff_runway_run_set_state(run, RUNWAY_JOB_DOWNLOADING);
        ret = ff_runway_run_fetch(run, err);
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
        /* it is what the task made, and was so when it was fetched again; a
         * new task may do better */
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
    return ff_runway_run_write(run, state, what, code, err);
}

/* What earlier runs paid for this clip, or may have, counts in this one as
 * well; a result that is stored is free. */
static void resume_budget(RunwayJobRun *run)
{
    const RunwayRecord *r = run->record;
    int counts = ff_runway_record_counts(r);
    int is_try = counts && r->state != RUNWAY_CLIP_REJECTED;
    double price = r->credits_charged;

    if (price < 0)
        price = r->credits_estimated;
    /* nothing is known of a damaged one, but what such a clip costs */
    if (price < 0)
        price = (double)run->job->credits;
    ff_runway_budget_resume(run->host->budget, run->job->identity,
                            counts ? r->credits_before : 0, price,
                            is_try ? &run->held : NULL);
    if (is_try && r->credits_charged >= 0)
        ff_runway_budget_settle(run->host->budget, &run->held,
                                r->credits_charged);
}

/* From what the journal says to a result, or an error. The lock is held. */
static RunwayOutcome run_locked(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayJobHost *host = run->host;
    RunwayRecord *r = run->record;
    char kept[RUNWAY_ERROR_TEXT / 2];
    RunwayOutcome ret;

    ret = ff_runway_journal_read(host->journal, job->identity, r, err);
    if (!ret)
        ret = ff_runway_run_find_again(run, err);
    if (ret)
        return ret;
    resume_budget(run);
    while (!ret && job->result_fd < 0) {
        RunwayResumeAction action = ff_runway_resume(r, job->label,
                                                     host->policy, run->resent,
                                                     err);

        if (action == RUNWAY_RESUME_STOP)
            return err->outcome;
        if (action == RUNWAY_RESUME_USE_STORED) {
            ret = ff_runway_run_use_stored(run, err);
            if (ret || job->result_fd >= 0)
                break;
            ret = ff_runway_run_write(run, RUNWAY_CLIP_GENERATED, NULL, NULL,
                                      err);
            if (ret)
                break;
        }
        if (action != RUNWAY_RESUME_SEND) {
            ret = finish_task(run, err);
            continue;
        }
        /* what there was of a task is over */
        job->now.task_id[0] = 0;
        /* a run that ends buys nothing more, and does not say that it would */
        if (host->cancelled(host->opaque))
            return ff_runway_run_cancelled(err);
        put_refused(run, kept, sizeof(kept));
        if (r->state == RUNWAY_CLIP_FAILED_PASSING)
            ff_runway_log(host->log, RUNWAY_LOG_WARNING, "%s: task %s failed "
                          "(%s %s)%s; buying another try, %d of %d (retries)",
                          job->label, r->task_id, r->failure, r->failure_code,
                          kept, r->failures, host->policy->retries);
        else if (r->state != RUNWAY_CLIP_NONE &&
                 r->state != RUNWAY_CLIP_REJECTED) {
            run->resent++;
            ff_runway_log(host->log, RUNWAY_LOG_WARNING, "%s: sent again, as "
                          "on_unknown=resend says: it may be paid twice",
                          job->label);
        }
        /* what an earlier try holds of the budget stays held */
        memset(&run->held, 0, sizeof(run->held));
        ret = ff_runway_run_submit(run, err);
    }
    return ret;
}

RunwayOutcome ff_runway_job_run(RunwayJob *job, const RunwayJobHost *host)
{
    RunwayJobRun run = {
        .job = job, .host = host,
        .retry = {
            .client = host->client, .log = host->log, .label = job->label,
            .opaque = host->opaque, .wait = host->wait,
        },
    };
    RunwayError err = { RUNWAY_OK, "" };
    char kept[RUNWAY_ERROR_TEXT / 2] = "";
    RunwayOutcome ret;

    /* several KiB each, and a thread's stack may be small */
    run.task   = calloc(1, sizeof(*run.task));
    run.record = calloc(1, sizeof(*run.record));
    if (!run.task || !run.record) {
        ret = ff_runway_no_memory(&err);
        goto end;
    }
    run.task->credits = -1;
    ret = ff_runway_journal_lock(host->journal, job->identity, job->label,
                                 host->cancelled, host->opaque, &run.lock,
                                 &err);
    if (!ret)
        ret = run_locked(&run, &err);
    if (ret)
        put_refused(&run, kept, sizeof(kept));
    ff_runway_journal_unlock(&run.lock);
end:
    if (ret != RUNWAY_CANCELLED)
        ff_runway_budget_count(host->budget, ret ? RUNWAY_BUDGET_FAILED :
                               job->reused ? RUNWAY_BUDGET_REUSED
                                           : RUNWAY_BUDGET_MADE);
    if (ret && !strncmp(err.text, job->label, strlen(job->label)))
        ff_runway_error(&job->error, ret, "%s%s", err.text, kept);
    else if (ret)
        ff_runway_error(&job->error, ret, "%s: %s%s", job->label, err.text,
                        kept);
    if (ret)
        log_failure(job, host);
    close_fd(&job->fd);
    free(run.task);
    free(run.record);
    ff_runway_run_set_state(&run, ret ? RUNWAY_JOB_FAILED : RUNWAY_JOB_DONE);
    return ret;
}
