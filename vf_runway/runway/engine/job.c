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
#include <time.h>

#include "../api/request_json.h"
#include "../base/disk.h"
#include "../base/text.h"
#include "job_internal.h"

/* polls that would fit in before another try, twice as many each time; and
 * microseconds at most */
#define RETRY_PAUSE     3
#define RETRY_PAUSE_MAX 300000000LL

RunwayJob *ff_runway_job_create(void)
{
    RunwayJob *job = calloc(1, sizeof(*job));

    if (job) {
        job->fd           = -1;
        job->result_fd    = -1;
        job->credits      = -1;
        job->now.progress = -1;
    }
    return job;
}

void ff_runway_job_free(RunwayJob **job)
{
    if (!*job)
        return;
    ff_runway_disk_close(&(*job)->fd);
    ff_runway_disk_close(&(*job)->result_fd);
    free(*job);
    *job = NULL;
}

void ff_runway_job_fail(RunwayJob *job, RunwayEventLog *events,
                        const RunwayError *err)
{
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", job->index),
        RUNWAY_TEXT("task", job->now.task_id[0] ? job->now.task_id : NULL),
        RUNWAY_TEXT("outcome", ff_runway_outcome_name(err->outcome)),
        RUNWAY_TEXT("error", job->error.text), RUNWAY_EVENT_LAST
    };

    if (!strncmp(err->text, job->label, strlen(job->label)))
        job->error = *err;
    else
        ff_runway_error(&job->error, err->outcome, "%s: %s", job->label,
                        err->text);
    ff_runway_event(events, "error", fields);
}

/* Read a task on to its end and bring its result in. A failure of the task
 * itself is written down and RUNWAY_OK: what follows is the table's matter. */
static RunwayOutcome finish_task(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayTry *t = ff_runway_record_try(run->record);
    const char *code = NULL, *what;
    RunwayClipState state;
    RunwayOutcome ret;

    ff_runway_copy_text(job->now.task_id, sizeof(job->now.task_id),
                         t->task_id);
    job->now.task_state = t->state == RUNWAY_CLIP_SUBMITTED ?
                          RUNWAY_TASK_PENDING : RUNWAY_TASK_SUCCEEDED;
    ret = ff_runway_run_await(run, err);
    if (ret == RUNWAY_NO_RESULT)
        ret = ff_runway_run_no_result(run, err);
    if (!ret)
        ret = ff_runway_run_fetch(run, err);
    what = err->text;
    switch (ret) {
    case RUNWAY_TASK_FAILED:
    case RUNWAY_TASK_FAILED_TRANSIENT:
        state = ret == RUNWAY_TASK_FAILED ? RUNWAY_CLIP_FAILED
                                          : RUNWAY_CLIP_FAILED_TRANSIENT;
        what = run->task->failure;
        code = run->task->failure_code;
        break;
    case RUNWAY_TASK_LOST:
        state = RUNWAY_CLIP_LOST;
        break;
    default:
        return ret;
    }
    /* what has succeeded is paid for, whatever is said of it later */
    if (t->state != RUNWAY_CLIP_SUBMITTED) {
        const RunwayError why = *err;

        return ff_runway_error(err, RUNWAY_NO_RESULT, "task %s had SUCCEEDED "
                               "and is paid for, but now: %s. %sRun the same "
                               "command again, which polls it for free; or "
                               RUNWAY_RUN_USE_SOURCE ", or buy the clip again "
                               "(\"runway-tasks forget --force %.12s\")",
                               job->now.task_id, why.text,
                               t->state == RUNWAY_CLIP_GENERATED ? "" :
                               "Its result was stored before, but is not in "
                               "results_dir: look for it where else results "
                               "may have been. ", job->identity);
    }
    if (run->task->credits >= 0)
        t->charged = run->task->credits;
    return ff_runway_run_write(run, state, what, code, err);
}

/* How long it is until another try: what has failed for a passing reason would do
 * so again at once. What an earlier run saw fail was long ago. */
static int64_t pause_before(const RunwayJobRun *run)
{
    int64_t pause = RETRY_PAUSE * ff_runway_run_poll_least(run) <<
                    (ff_runway_record_failures(run->record) - 1);

    if (run->task->state != RUNWAY_TASK_FAILED_STATE)
        return 0;
    return pause < RETRY_PAUSE_MAX ? pause : RETRY_PAUSE_MAX;
}

/* Say that a clip is sent again, and wait where that is for later. */
static RunwayOutcome begin_again(RunwayJobRun *run, RunwayError *err)
{
    const RunwayJobHost *host = run->host;
    const RunwayRecord *r = run->record;
    const RunwayTry *t;
    int64_t pause;

    switch (ff_runway_record_state(r)) {
    case RUNWAY_CLIP_NONE:
    case RUNWAY_CLIP_FORGOTTEN:
        return RUNWAY_OK;
    case RUNWAY_CLIP_FAILED_TRANSIENT:
        t     = &r->tries[r->nb_tries - 1];
        pause = pause_before(run);
        ff_runway_log(host->log, RUNWAY_LOG_WARNING, "%s: task %s failed "
                      "(%s %s); another try is bought in %.0f s at the "
                      "earliest, %d of %d (retries)", run->job->label,
                      t->task_id, t->failure, t->failure_code,
                      (double)pause / 1e6,
                      ff_runway_record_failures(r), host->policy->retries);
        /* another clip may have its place meanwhile, but not what a cap leaves */
        run->job->now.ends = 0;
        if (pause > 0 && !ff_runway_budget_has_cap(host->policy))
            run->job->now.state = RUNWAY_JOB_BLOCKED;
        host->changed(host->opaque, run->job);
        return host->wait_open(host->opaque, pause) ?
               ff_runway_run_cancelled(err) : RUNWAY_OK;
    default:
        run->resent++;
        ff_runway_log(host->log, RUNWAY_LOG_WARNING, "%s: sent again because "
                      "of on_unknown=resend; it may be paid for twice",
                      run->job->label);
        return RUNWAY_OK;
    }
}

/* Buy the clip, or read on what was bought, until there is a result. */
static RunwayOutcome make_result(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayJobHost *host = run->host;
    RunwayOutcome ret = RUNWAY_OK;

    while (!ret && job->result_fd < 0) {
        RunwayResumeAction action = ff_runway_resume(run->record, job->label,
                                                     host->policy, run->resent,
                                                     err);

        if (action == RUNWAY_RESUME_STOP)
            return err->outcome;
        if (action == RUNWAY_RESUME_READ_TASK) {
            ret = finish_task(run, err);
            continue;
        }
        /* what there was of a task is over */
        job->now.task_id[0] = 0;
        /* a run that ends buys nothing more, and does not say that it would */
        if (host->closed(host->opaque))
            return ff_runway_run_cancelled(err);
        ret = begin_again(run, err);
        /* an intent of ours says that a create is going out, and others wait
         * for its answer: nobody waits for this one's any more */
        if (!ret && ff_runway_record_state(run->record) == RUNWAY_CLIP_INTENT)
            ret = ff_runway_run_write(run, RUNWAY_CLIP_UNKNOWN, "the run that "
                                      "sent it ended meanwhile", NULL, err);
        if (!ret)
            ret = ff_runway_run_submit(run, err);
    }
    return ret;
}

/* The clip belongs to this output too, whoever has paid for it; and its result is
 * not to be removed before it is output. */
static void note_output(RunwayJobRun *run)
{
    const RunwayJobHost *host = run->host;
    int is_new = ff_runway_record_take_up(run->record, (int64_t)time(NULL));
    RunwayError err;

    is_new |= run->record->nb_tries &&
              ff_runway_record_add_output(run->record, host->output);
    if (is_new &&
        ff_runway_journal_write(host->journal, run->lock, run->record, &err))
        ff_runway_log(host->log, RUNWAY_LOG_VERBOSE, "%s", err.text);
}

/* From what the journal says to a result, or an error. The lock is held. */
static RunwayOutcome run_locked(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRecord *r = run->record;
    RunwayOutcome ret;

    ret = ff_runway_journal_read(run->host->journal, job->identity, r, err);
    if (ret)
        return ret;
    run->first_try = r->nb_tries - (r->nb_tries &&
                                    ff_runway_record_is_open(r));
    ret = ff_runway_run_find_result(run, err);
    if (!ret && job->result_fd < 0) {
        ff_runway_results_doubt(run->host->results, r);
        ret = ff_runway_run_find_task(run, err);
    }
    ff_runway_run_count(run);
    if (!ret)
        ret = make_result(run, err);
    if (!ret)
        note_output(run);
    return ret;
}

static RunwayOutcome hide_url(void *opaque, const char *url)
{
    return ff_runway_client_hide(opaque, url);
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
    RunwayOutcome ret = RUNWAY_OK;

    /* many KiB, and a thread's stack may be small */
    run.task   = calloc(1, sizeof(*run.task));
    run.record = calloc(1, sizeof(*run.record));
    if (!run.task || !run.record ||
        ff_runway_request_urls(&job->request, hide_url, host->client)) {
        ret = ff_runway_no_memory(&err);
        goto end;
    }
    run.task->credits = -1;
    run.lock = ff_runway_journal_lock_if_free(host->journal, job->identity,
                                             NULL);
    if (!run.lock) {
        ff_runway_run_set_state(&run, RUNWAY_JOB_BLOCKED);
        ret = ff_runway_journal_lock(host->journal, job->identity, job->label,
                                     host->closed, host->opaque, &run.lock,
                                     &err);
    }
    if (!ret)
        ret = run_locked(&run, &err);
    ff_runway_journal_unlock(&run.lock);
end:
    if (ret)
        ff_runway_job_fail(job, host->events, &err);
    ff_runway_disk_close(&job->fd);
    free(run.task);
    free(run.record);
    /* not reported: what comes of it is for the caller to decide */
    job->now.state = ret ? RUNWAY_JOB_FAILED : RUNWAY_JOB_DONE;
    return ret;
}
