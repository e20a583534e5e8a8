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

#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "job_internal.h"

/* fresh URLs asked for until a result counts as unreachable */
#define URL_TRIES 5

/* The result is here. */
static void log_stored(RunwayJobRun *run)
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

/* A fresh URL for a result that was there a moment ago. The task is waited for as
 * it was before: a gateway may not know it for a while. */
static RunwayOutcome read_again(RunwayJobRun *run, RunwayError *err)
{
    RunwayOutcome ret = ff_runway_run_await(run, err);

    if (!ret)
        ff_runway_run_set_state(run, RUNWAY_JOB_DOWNLOADING);
    return ret;
}

/* Fetch the result of run->task into fd; *size is what it has in the end. */
static RunwayOutcome download(RunwayJobRun *run, int fd, int64_t *size,
                              RunwayError *err)
{
    RunwayTask *task = run->task;
    int64_t start = ff_runway_now();
    int64_t most = run->host->download_timeout ? run->host->download_timeout
                                               : RUNWAY_DOWNLOAD_MAX;
    int refused = 0;
    RunwayOutcome ret;

    for (;;) {
        int64_t retry_after = -1, before = *size, took;
        int refresh;
        RunwayError why;

        memset(&why, 0, sizeof(why));
        ret = ff_runway_client_download(run->host->client, task->url, fd, size,
                                        &retry_after, &why);
        if (!ret)
            return ret;
        if (*size > before)
            ff_runway_retry_recovered(&run->retry);
        /* signed URLs live for a day or two: a fresh one is for the asking, and
         * what is here already stays */
        refresh = ret == RUNWAY_REFUSED;
        if ((refresh && ++refused > URL_TRIES) ||
            (!refresh && ret != RUNWAY_UNAVAILABLE)) {
            *err = why;
            return ret;
        }
        /* a few bytes at each try would be progress without end */
        took = ff_runway_now() - start;
        if (took > most)
            return ff_runway_error(err, RUNWAY_UNAVAILABLE, "task %s: its "
                                   "result is not here after %.0f s: %s",
                                   run->job->now.task_id, (double)took / 1e6,
                                   why.text);
        ret = ff_runway_retry_wait(&run->retry, "the download", retry_after,
                                   &why, err);
        if (!ret && refresh)
            ret = read_again(run, err);
        if (ret)
            return ret;
    }
}

/* Write down a step that is good news. What is paid for is not given up
 * because a disk fails now: the next run finds the step before and reads the
 * task again, which costs nothing. */
static void note_state(RunwayJobRun *run, RunwayClipState state)
{
    RunwayError err;

    if (ff_runway_run_write(run, state, NULL, NULL, &err))
        ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: task %s: the "
                      "journal cannot be told: %s", run->job->label,
                      run->job->now.task_id, err.text);
}

/* Download the result, look whether it is one, and store it. *refused: it came,
 * and is none. With last set, or where this machine cannot read it, that is kept
 * for a person. */
static RunwayOutcome fetch_once(RunwayJobRun *run, int last, int *refused,
                                RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayJobHost *host = run->host;
    RunwayCacheEntry *entry = NULL;
    int64_t size = 0;
    RunwayOutcome ret;

    ret = ff_runway_cache_begin(host->cache, job->identity, &entry, err);
    if (!ret)
        ret = download(run, ff_runway_cache_entry_fd(entry), &size, err);
    if (ret == RUNWAY_IO && entry) {
        const RunwayError why = *err;

        ff_runway_error(err, RUNWAY_IO, "cache_dir: %s: %s; with more room the "
                        "same command again fetches it",
                        ff_runway_cache_dir(host->cache), why.text);
    }
    if (!ret) {
        ret = host->check(host->opaque, ff_runway_cache_entry_fd(entry), size,
                          job->sent, err);
        *refused = ret == RUNWAY_BAD_RESULT;
        if (size && ((*refused && last) || ret == RUNWAY_INVALID))
            ff_runway_cache_refuse(host->cache, &entry,
                                   run->record->result_checksum);
    }
    if (!ret)
        ret = ff_runway_cache_commit(host->cache, &entry, &job->result_size,
                                     run->record->result_checksum,
                                     &job->result_fd, err);
    ff_runway_cache_abort(&entry);
    return ret;
}

RunwayOutcome ff_runway_run_fetch(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRecord *r = run->record;
    const RunwayJobHost *host = run->host;
    int refused = 0;
    RunwayOutcome ret;

    if (r->state != RUNWAY_CLIP_GENERATED) {
        if (run->task->credits >= 0)
            r->credits_charged = run->task->credits;
        ff_runway_budget_settle(host->budget, &run->held, run->task->credits);
        note_state(run, RUNWAY_CLIP_GENERATED);
    }
    ret = fetch_once(run, 0, &refused, err);
    if (refused) {
        /* a page of somebody between here and there, or bytes that turned on
         * the way: what is paid for gets a second look before it counts as
         * failed */
        const RunwayError why = *err;

        ret = ff_runway_retry_wait(&run->retry, "the download", -1, &why,
                                   err);
        if (!ret)
            ret = read_again(run, err);
        if (!ret)
            ret = fetch_once(run, 1, &refused, err);
    }
    if (ret)
        return ret;
    r->result_size = job->result_size;
    ff_runway_log(host->log, RUNWAY_LOG_VERBOSE, "%s: %lld bytes of result",
                  job->label, (long long)job->result_size);
    note_state(run, RUNWAY_CLIP_STORED);
    log_stored(run);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_run_use_stored(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayRecord *r = run->record;
    RunwayOutcome ret;

    ret = ff_runway_cache_open(run->host->cache, job->identity, r->result_size,
                               r->result_checksum, &job->result_fd, err);
    if (ret == RUNWAY_BAD_RESULT) {
        ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: %s", job->label,
                      err->text);
        return RUNWAY_OK;
    }
    if (ret || job->result_fd < 0)
        return ret;
    job->result_size = r->result_size;
    job->reused      = 1;
    ff_runway_copy_text(job->now.task_id, sizeof(job->now.task_id),
                        r->task_id);
    ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE,
                  "%s: stored already, from task %s", job->label, r->task_id);
    log_stored(run);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_run_find_again(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRecord *r = run->record;
    RunwayOutcome ret = RUNWAY_OK;

    if (r->state != RUNWAY_CLIP_GENERATED && r->state != RUNWAY_CLIP_LOST)
        return RUNWAY_OK;
    /* a refused one has a checksum and no size */
    if (r->result_size >= 0 && ff_runway_checksum_is_text(r->result_checksum))
        ret = ff_runway_run_use_stored(run, err);
    if (!ret && job->result_fd >= 0)
        note_state(run, RUNWAY_CLIP_STORED);
    if (ret || job->result_fd >= 0 || r->state != RUNWAY_CLIP_LOST)
        return ret;
    ff_runway_copy_text(job->now.task_id, sizeof(job->now.task_id),
                        r->task_id);
    ret = ff_runway_run_read_task(run, err);
    job->now.task_id[0] = 0;
    if (ret ||
        run->task->state == RUNWAY_TASK_NOT_EXIST ||
        run->task->state == RUNWAY_TASK_CANCELLED)
        return ret;
    ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: task %s, which was "
                  "lost, is there again", job->label, r->task_id);
    return ff_runway_run_write(run, RUNWAY_CLIP_SUBMITTED, NULL, NULL, err);
}
