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
#include "../base/disk.h"
#include "../base/text.h"
#include "job_internal.h"

/* fresh URLs asked for until a result counts as unreachable */
#define URL_TRIES 5

/* The result is here. */
static void log_stored(RunwayJobRun *run)
{
    const RunwayJob *job = run->job;
    const RunwayRecord *r = run->record;
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", job->index), RUNWAY_TEXT("task", job->now.task_id),
        RUNWAY_INT("bytes", job->result_size),
        RUNWAY_NUMBER("credits", r->nb_tries ?
                                 r->tries[r->nb_tries - 1].charged : -1),
        RUNWAY_BOOL("reused", job->reused), RUNWAY_EVENT_LAST
    };

    ff_runway_event(run->host->events, "stored", fields);
}

/* A fresh URL for a result that was there a moment ago. The task is waited for as
 * it was before: a gateway may not know it for a while. */
static RunwayOutcome read_again(RunwayJobRun *run, RunwayError *err)
{
    RunwayOutcome ret = ff_runway_run_await(run, err);

    return ret ? ret : ff_runway_run_enter(run, RUNWAY_JOB_DOWNLOADING, err);
}

/* Fetch the result of run->task into fd; *size is what it has in the end. */
static RunwayOutcome download(RunwayJobRun *run, int fd, int64_t *size,
                              RunwayError *err)
{
    RunwayTask *task = run->task;
    int64_t start = ff_runway_now();
    int64_t most = run->host->download_timeout ? run->host->download_timeout
                                               : RUNWAY_DOWNLOAD_MAX;
    int refused = 0, refresh, again;
    RunwayOutcome ret;

    do {
        int64_t before = *size, took;

        ret = ff_runway_client_download(run->host->client, task->url, fd, size,
                                        &run->retry.after, &run->retry.why);
        if (ret && *size > before)
            ff_runway_retry_recovered(&run->retry);
        /* signed URLs live for a day or two: a fresh one is for the asking, and
         * what is here already stays */
        refresh = ret == RUNWAY_REFUSED && refused++ < URL_TRIES;
        run->unreachable = ret == RUNWAY_REFUSED && !refresh;
        if (refresh)
            ret = RUNWAY_UNAVAILABLE;
        else if (run->unreachable)
            ret = RUNWAY_NO_RESULT;
        /* a few bytes at each try would be progress without end */
        took = ff_runway_now() - start;
        if (ret == RUNWAY_UNAVAILABLE && took > most)
            return ff_runway_error(err, RUNWAY_UNAVAILABLE, "task %s: its "
                                   "result has not arrived after %.0f s: %s",
                                   run->job->now.task_id, (double)took / 1e6,
                                   run->retry.why.text);
        again = ff_runway_retry_again(&run->retry, "the download", &ret, err);
        if (again && refresh)
            ret = read_again(run, err);
    } while (again && !ret);
    return ret;
}

/* " for about 15 credits", where that is known */
static void print_price(const RunwayJob *job, char *out, size_t size)
{
    *out = '\0';
    if (job->credits >= 0)
        snprintf(out, size, " for about %lld credits",
                 (long long)job->credits);
}

RunwayOutcome ff_runway_run_no_result(const RunwayJobRun *run, RunwayError *err)
{
    const RunwayJob *job = run->job;
    const RunwayError why = *err;
    char price[64];

    print_price(job, price, sizeof(price));
    return ff_runway_error(err, RUNWAY_NO_RESULT, "task %s SUCCEEDED and is "
                           "paid for, but %s: %s. Run the same command again, "
                           "which downloads it for free; or "
                           RUNWAY_RUN_USE_SOURCE ", or buy the clip again%s "
                           "(\"runway-tasks forget --force %.12s\")",
                           job->now.task_id, run->unreachable ?
                           "its result cannot be downloaded" :
                           "what was downloaded is not a result",
                           why.text, price, job->identity);
}

RunwayOutcome ff_runway_job_unusable(const RunwayJob *job,
                                     const RunwayResults *results,
                                     RunwayError *err)
{
    const RunwayError why = *err;
    char price[64];

    print_price(job, price, sizeof(price));
    return ff_runway_error(err, why.outcome, "the result%s%s is not used: %s. "
                           "It is paid for and kept: %s/%s. If only its length "
                           "is off, a larger length_tolerance accepts it; or "
                           RUNWAY_RUN_USE_SOURCE ", or buy the clip again%s "
                           "(\"runway-tasks forget --force %.12s\")",
                           *job->now.task_id ? " of task " : "",
                           job->now.task_id, why.text,
                           ff_runway_results_path(results), job->result_name,
                           price, job->identity);
}

static int is_refusal(RunwayOutcome ret)
{
    return ret == RUNWAY_BAD_RESULT || ret == RUNWAY_INVALID;
}

/* Whether the result can be used, when it is its turn to be checked. */
static RunwayOutcome check_result(RunwayJobRun *run, int fd, int64_t size,
                                  int whole, RunwayError *err)
{
    const RunwayJobHost *host = run->host;
    RunwayOutcome ret = ff_runway_run_enter(run, RUNWAY_JOB_CHECKING, err);

    if (!ret)
        ret = host->check(host->opaque, fd, size, run->job->sent, whole, err);
    /* the next one's turn, whatever is to be done about this one */
    ff_runway_run_set_state(run, ret ? RUNWAY_JOB_DOWNLOADING : RUNWAY_JOB_DONE);
    return ret;
}

/* Download the result, check it, and keep it; also what the checks refuse, and
 * what was not checked, because the run ends: the next run checks it, when the
 * provider may not have it any more. */
static RunwayOutcome fetch_once(RunwayJobRun *run, RunwayResult *result,
                                int whole, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayJobHost *host = run->host;
    RunwayIncoming *in = NULL;
    RunwayError why;
    int64_t size = 0;
    RunwayOutcome ret, kept;

    ret = ff_runway_results_begin(host->results, job->identity, &in, err);
    if (ret)
        return ret;
    ret = download(run, ff_runway_incoming_fd(in), &size, err);
    if (ret == RUNWAY_IO) {
        why = *err;
        ff_runway_error(err, RUNWAY_IO, "results_dir: %s: %s; free some space, "
                        "and the same command fetches it",
                        ff_runway_results_path(host->results), why.text);
    }
    /* too large to be fetched, or not by this libcurl: it is not here, so it was
     * not checked */
    if (is_refusal(ret))
        ret = RUNWAY_NO_RESULT;
    if (ret)
        goto end;
    ret = check_result(run, ff_runway_incoming_fd(in), size, whole, err);
    if (ret == RUNWAY_NO_RESULT)
        goto end;
    kept = ff_runway_results_keep(host->results, &in, is_refusal(ret), result,
                                  &why);
    job->now.is_stored = !kept;
    if (kept) {
        *err = why;
        ret  = kept;
    }
end:
    ff_runway_incoming_abort(&in);
    return ret;
}

static void use(RunwayJob *job, const RunwayResult *result)
{
    job->result_fd   = result->fd;
    job->result_size = result->size;
    ff_runway_copy_text(job->result_name, sizeof(job->result_name),
                        result->name);
}

/* What the checks refuse. @return err's outcome */
static RunwayOutcome refuse(RunwayJobRun *run, const RunwayResult *result,
                            RunwayError *err)
{
    ff_runway_copy_text(run->job->result_name, sizeof(run->job->result_name),
                        result->name);
    return ff_runway_job_unusable(run->job, run->host->results, err);
}

RunwayOutcome ff_runway_run_fetch(RunwayJobRun *run, RunwayError *err)
{
    RunwayTry *t = ff_runway_record_try(run->record);
    RunwayResult result = { .fd = -1 };
    /* its file is gone */
    int whole = ff_runway_record_state(run->record) == RUNWAY_CLIP_REFUSED;
    RunwayOutcome ret;

    if (run->task->credits >= 0)
        t->charged = run->task->credits;
    ff_runway_run_note(run, RUNWAY_CLIP_GENERATED);
    ret = ff_runway_run_enter(run, RUNWAY_JOB_DOWNLOADING, err);
    if (!ret)
        ret = fetch_once(run, &result, whole, err);
    if (ret == RUNWAY_NO_RESULT && !run->unreachable) {
        /* a page of somebody between here and there, or a file that is not
         * complete yet */
        run->retry.after = -1;
        run->retry.why   = *err;
        ret = RUNWAY_UNAVAILABLE;
        if (ff_runway_retry_again(&run->retry, "the download", &ret, err))
            ret = read_again(run, err);
        if (!ret)
            ret = fetch_once(run, &result, whole, err);
    }
    if (ret == RUNWAY_NO_RESULT)
        return ff_runway_run_no_result(run, err);
    if (is_refusal(ret)) {
        RunwayError ignored;

        ff_runway_disk_close(&result.fd);
        if (ff_runway_run_write(run, RUNWAY_CLIP_REFUSED, err->text, NULL,
                                &ignored))
            ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s",
                          ignored.text);
        return refuse(run, &result, err);
    }
    if (run->job->now.is_stored)
        ff_runway_run_note(run, RUNWAY_CLIP_STORED);
    if (ret) {
        ff_runway_disk_close(&result.fd);
        return ret;
    }
    use(run->job, &result);
    ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE, "%s: %lld bytes of "
                  "result", run->job->label, (long long)result.size);
    log_stored(run);
    return RUNWAY_OK;
}

/* Whether a result on disk shows that its task, as it stands in the record, has
 * succeeded. */
static int proves_task(const RunwayRecord *r)
{
    switch (ff_runway_record_state(r)) {
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
    case RUNWAY_CLIP_REFUSED:
    case RUNWAY_CLIP_LOST:
        return 1;
    default:
        return 0;
    }
}

RunwayOutcome ff_runway_run_find_result(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayRecord *r = run->record;
    const RunwayJobHost *host = run->host;
    RunwayResult result = { .fd = -1 };
    RunwayOutcome ret;

    ret = ff_runway_results_find(host->results, job->identity, &result, err);
    if (ret || result.fd < 0)
        return ret;
    if (r->nb_tries)
        ff_runway_copy_text(job->now.task_id, sizeof(job->now.task_id),
                             r->tries[r->nb_tries - 1].task_id);
    job->reused = job->now.is_stored = 1;
    /* As one that has just arrived: creates wait for what comes of it. A whole
     * one too: runway-tasks decodes nothing, and the tolerance may be another.
     * What was refused may have been for its last picture. */
    ret = check_result(run, result.fd, result.size, result.refused ||
                       ff_runway_record_state(r) == RUNWAY_CLIP_REFUSED, err);
    /* a page that an earlier run did not come to check */
    if (ret == RUNWAY_NO_RESULT) {
        job->reused = job->now.is_stored = 0;
        ff_runway_results_reject(host->results, &result);
        return RUNWAY_OK;
    }
    if (is_refusal(ret))
        ret = refuse(run, &result, err);
    if (!ret && result.refused)
        ret = ff_runway_results_accept(host->results, &result, err);
    if (ret) {
        ff_runway_disk_close(&result.fd);
        return ret;
    }
    use(job, &result);
    ff_runway_log(host->log, RUNWAY_LOG_VERBOSE, "%s: already stored%s%s",
                  job->label, *job->now.task_id ? ", from task " : "",
                  job->now.task_id);
    if (proves_task(r))
        ff_runway_run_note(run, RUNWAY_CLIP_STORED);
    log_stored(run);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_run_find_task(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayTry *t;
    RunwayOutcome ret;

    if (ff_runway_record_state(run->record) != RUNWAY_CLIP_LOST)
        return RUNWAY_OK;
    t = ff_runway_record_try(run->record);
    ff_runway_copy_text(job->now.task_id, sizeof(job->now.task_id),
                         t->task_id);
    ret = ff_runway_run_read_task(run, err);
    job->now.task_id[0] = 0;
    if (ret ||
        run->task->state == RUNWAY_TASK_NOT_EXIST ||
        run->task->state == RUNWAY_TASK_CANCELLED)
        return ret;
    ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: task %s, which was "
                  "lost, has reappeared", job->label, t->task_id);
    return ff_runway_run_write(run, RUNWAY_CLIP_SUBMITTED, NULL, NULL, err);
}
