/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/**
 * @file
 * runway-tasks fetch: every result that is paid for.
 */

#include <stdio.h>
#include <string.h>

#include "base/disk.h"
#include "base/text.h"
#include "engine/job.h"
#include "math/mp4.h"
#include "runway_tasks.h"

static int wait_for(void *opaque, int64_t microseconds)
{
    ff_runway_disk_pause(microseconds);
    return 0;
}

static int never(void *opaque)
{
    return 0;
}

static int enter(void *opaque, RunwayJob *job, RunwayJobState state)
{
    if (state == RUNWAY_JOB_SUBMITTING)
        return 1;
    job->now.state = state;
    return 0;
}

static int always(void *opaque)
{
    return 1;
}

static void ignore(void *opaque, const RunwayJob *job)
{
}

static int64_t unknown(void *opaque)
{
    return 0;
}

static int read_at(void *opaque, int64_t offset, void *data, size_t size)
{
    return ff_runway_disk_read_at(*(int *)opaque, offset, data, size);
}

/* The boxes only: decoding is for the filter's next run. */
static RunwayOutcome check(void *opaque, int fd, int64_t size, int64_t sent,
                           int whole, RunwayError *err)
{
    const RunwayMp4Source source = { size, read_at, NULL, &fd };
    RunwayMp4 *mp4;
    RunwayOutcome ret = ff_runway_mp4_parse(&mp4, &source, (int64_t)1 << 26,
                                            err);

    ff_runway_mp4_free(&mp4);
    return ret;
}

static int fetch_one(void *opaque, const RunwayRecord *r)
{
    Tool *t = opaque;
    const RunwayJobHost host = {
        .client = t->client, .journal = t->journal, .results = t->results,
        .provider = t->config.provider->name, .output = "", .policy = &t->policy,
        .log = &t->log, .opaque = t, .wait = wait_for, .cancelled = never,
        .closed = always, .enter = enter, .changed = ignore, .expected = unknown,
        .check = check,
    };
    const RunwayModel *model;
    RunwayJournalLock *lock;
    RunwayError why;
    RunwayJob *job;

    if (r->damage[0] && !ff_runway_results_has(t->results, r->identity, 1)) {
        printf("%.*s  not fetched: %s\n", SHORT, r->identity, r->damage);
        t->failed++;
    }
    /* what is lost may be known again */
    if (ff_runway_record_state(r) != RUNWAY_CLIP_LOST &&
        ff_runway_resume(r, NULL, &t->policy, 0, &why) !=
        RUNWAY_RESUME_READ_TASK)
        return 0;
    if (ff_runway_results_has(t->results, r->identity, 1) > 0)
        return 0;
    if (strcmp(r->endpoint, ff_runway_client_endpoint(t->client))) {
        printf("%.*s  skipped: it belongs to %s\n", SHORT, r->identity,
               r->endpoint);
        return 0;
    }
    lock = ff_runway_journal_lock_if_free(t->journal, r->identity, &why);
    if (!lock) {
        int is_held = why.outcome == RUNWAY_UNAVAILABLE;

        printf("%.*s  %s: %s\n", SHORT, r->identity,
               is_held ? "skipped" : "not fetched", why.text);
        t->failed += !is_held;
        return 0;
    }
    /* the job takes it itself */
    ff_runway_journal_unlock(&lock);
    job = ff_runway_job_create();
    if (!job) {
        t->failed++;
        return 0;
    }
    ff_runway_model_choose(r->model, RUNWAY_MODE_EDIT, &model, NULL);
    t->policy.task_timeout = ff_runway_model_timeout(model);
    ff_runway_copy_text(job->identity, sizeof(job->identity), r->identity);
    ff_runway_copy_text(job->label, sizeof(job->label), r->label);
    if (ff_runway_job_run(job, &host)) {
        printf("%.*s  not fetched: %s\n", SHORT, r->identity,
               job->error.text);
        t->failed++;
    } else {
        printf("%.*s  fetched: %lld bytes\n", SHORT, r->identity,
               (long long)job->result_size);
    }
    ff_runway_job_free(&job);
    return 0;
}

int tasks_fetch(Tool *t)
{
    RunwayError err;

    if (tasks_open_journal(t, 0) || tasks_open_client(t))
        return 1;
    t->policy.poll_interval = ff_runway_client_is_loopback(t->client) ?
                              100000 : RUNWAY_POLL_MIN;
    if (ff_runway_journal_each(t->journal, fetch_one, t, &err))
        return tasks_complain(&err);
    return t->failed > 0;
}
