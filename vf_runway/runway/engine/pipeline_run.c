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

#include "../base/clock.h"
#include "pipeline_internal.h"

/* microseconds; a clip of five seconds is encoded in less */
#define ENDING_SOON 3000000

/* likewise; less padding is the last frame's rounding */
#define FILLED_MIN 100000

/* A RunwayStop. Where a clip has failed, or nobody wants the rest, another's
 * create that is out is let be answered: it may have been accepted. */
int ff_runway_pipeline_is_stopped(void *opaque)
{
    RunwayPipeline *p = opaque;
    int stop;

    pthread_mutex_lock(&p->lock);
    stop = p->stop;
    pthread_mutex_unlock(&p->lock);
    if (!stop)
        return RUNWAY_STOP_NOT;
    return p->config.interrupted &&
           p->config.interrupted(p->config.interrupt_opaque) ?
           RUNWAY_STOP_NOW : RUNWAY_STOP_SOON;
}

/* Wait, unless it is over: the run, or with for_create the buying. Only for least
 * where a place at the provider is free since that time, or meanwhile. */
static int do_wait(RunwayPipeline *p, int64_t since, int64_t least,
                   int64_t most, int for_create)
{
    int64_t start = ff_runway_now();
    int is_over;

    pthread_mutex_lock(&p->lock);
    while (!(is_over = p->stop || (for_create && p->closed)) &&
           ff_runway_cond_wait(&p->changed, &p->lock,
                               start + (p->freed < since ? most : least)))
        ;
    pthread_mutex_unlock(&p->lock);
    return is_over;
}

static int wait_or_stop(void *opaque, int64_t microseconds)
{
    return do_wait(opaque, 0, microseconds, microseconds, 0);
}

static int wait_or_close(void *opaque, int64_t microseconds)
{
    return do_wait(opaque, 0, microseconds, microseconds, 1);
}

static int wait_for_place(void *opaque, int64_t since, int64_t least,
                          int64_t most)
{
    return do_wait(opaque, since, least, most, 1);
}

static Entry *find_entry(RunwayPipeline *p, const RunwayJob *job)
{
    for (Entry *e = p->head; e; e = e->next)
        if (e->job == job)
            return e;
    return NULL;
}

RunwayTotals ff_runway_pipeline_sum(const RunwayPipeline *p)
{
    RunwayTotals totals = p->totals;

    for (const Entry *e = p->head; e; e = e->next)
        if (!e->ended)
            ff_runway_totals_add(&totals, &e->now.spent);
    return totals;
}

/* A create was accepted: that is money. */
static void log_spent(const RunwayPipeline *p, const RunwayJob *job,
                      const RunwayTotals *all)
{
    char filled[64] = "";

    if (job->filled >= FILLED_MIN)
        snprintf(filled, sizeof(filled), " with %.2f s of padding",
                 (double)job->filled / 1e6);
    if (job->now.spent.unpriced)
        ff_runway_log(p->config.client.log, RUNWAY_LOG_INFO,
                      "%s sent%s: its price is not known", job->label, filled);
    else
        ff_runway_log(p->config.client.log, RUNWAY_LOG_INFO,
                      "%s sent%s: %.15g credits, %.15g in all", job->label,
                      filled, job->now.spent.cost, all->cost);
}

/* Whether the job has one of the places at the provider. After a failure it
 * keeps it until it is known what comes of that: a wait for another try, another
 * try at once, or the end of all buying. */
static int is_in_flight(const RunwayJobProgress *now)
{
    return now->state == RUNWAY_JOB_SUBMITTING ||
           (now->state == RUNWAY_JOB_WAITING &&
            now->task_state != RUNWAY_TASK_SUCCEEDED);
}

/* Take over what has become of a job. lock is held */
static void set_now(RunwayPipeline *p, Entry *e, const RunwayJobProgress *now)
{
    if (e->now.state == RUNWAY_JOB_WAITING && is_in_flight(&e->now) &&
        !is_in_flight(now))
        p->freed = ff_runway_now();
    e->now = *now;
}

/* Whether the provider has begun, taken on or ended a task, or works on it: all
 * but tasks that wait there. How long it may is task_timeout's matter. */
static int has_moved(const RunwayJobProgress *before,
                     const RunwayJobProgress *now)
{
    return now->state == RUNWAY_JOB_WAITING &&
           (before->state == RUNWAY_JOB_SUBMITTING ||
            now->task_state != before->task_state ||
            now->task_state == RUNWAY_TASK_RUNNING);
}

static void job_changed(void *opaque, const RunwayJob *job)
{
    RunwayPipeline *p = opaque;
    RunwayTotals all = { 0 };
    int accepted = 0, is_same;
    Entry *e;

    pthread_mutex_lock(&p->lock);
    e = find_entry(p, job);
    if (e) {
        accepted = e->now.state == RUNWAY_JOB_SUBMITTING &&
                   job->now.state == RUNWAY_JOB_WAITING;

        if (job->now.took && !e->now.took)
            ff_runway_pace_learn(&p->task_time, job->now.took_least,
                                 job->now.took);
        if (job->now.is_shown && job->now.length > 0)
            p->shown_time = job->now.length;
        is_same = job->now.state == e->now.state &&
                  job->now.task_state == e->now.task_state;
        if (has_moved(&e->now, &job->now))
            p->moved = ff_runway_now();
        set_now(p, e, &job->now);
        all = ff_runway_pipeline_sum(p);
        if (!is_same)
            ff_runway_cond_wake(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    if (accepted)
        log_spent(p, job, &all);
}

/* lock is held */
static int64_t known_time(const RunwayPipeline *p)
{
    return p->task_time.expected ? p->task_time.expected : p->shown_time;
}

static int64_t expected_time(void *opaque)
{
    RunwayPipeline *p = opaque;
    int64_t time;

    pthread_mutex_lock(&p->lock);
    time = known_time(p);
    pthread_mutex_unlock(&p->lock);
    return time;
}

static int64_t moved(void *opaque)
{
    RunwayPipeline *p = opaque;
    int64_t time;

    pthread_mutex_lock(&p->lock);
    time = p->moved;
    pthread_mutex_unlock(&p->lock);
    return time;
}

static RunwayOutcome check_result(void *opaque, int fd, int64_t size,
                                  int64_t sent, int whole, RunwayError *err)
{
    RunwayPipeline *p = opaque;

    return p->config.check(p->config.check_opaque,
                           ff_runway_pipeline_is_stopped, p, fd, size, sent,
                           whole, err);
}

static Entry *next_queued(RunwayPipeline *p)
{
    for (Entry *e = p->head; e; e = e->next)
        if (!e->running)
            return e;
    return NULL;
}

static int is_of_no_use(RunwayOutcome outcome)
{
    return outcome == RUNWAY_NO_RESULT || outcome == RUNWAY_BAD_RESULT;
}

/* Whether the run goes on without this clip. lock is held */
static int is_tolerated(const RunwayPipeline *p, RunwayOutcome outcome)
{
    return p->config.policy->on_error == RUNWAY_ON_ERROR_SOURCE &&
           (outcome == RUNWAY_TASK_FAILED ||
            outcome == RUNWAY_TASK_FAILED_TRANSIENT || is_of_no_use(outcome));
}

/* Whether too many clips in a row have failed permanently; equal ones are one, as
 * they share a task. In the order of the clips and not of their ends, so that it
 * is the same in every run: a failure that the journal knows ends its clip at
 * once. lock is held */
static int is_moderated(const RunwayPipeline *p)
{
    const char *last = p->last_moderated;
    int row = p->moderated;

    for (const Entry *e = p->head; e && row < RUNWAY_MODERATION_MAX;
         e = e->next) {
        row  = e->moderated ? row + !!strcmp(e->job->identity, last) : 0;
        last = e->moderated ? e->job->identity : "";
    }
    return row >= RUNWAY_MODERATION_MAX;
}

/* The result that is one too many of those fetched in this run and of no use, or
 * NULL: all would be bought so. In the order of the clips, as above: they come in
 * any order. lock is held */
static Entry *last_unusable(const RunwayPipeline *p)
{
    const char *last = p->last_unusable;
    int nb = p->unusable;

    for (Entry *e = p->head; e; e = e->next) {
        if (!e->unusable || !strcmp(e->job->identity, last))
            continue;
        last = e->job->identity;
        if (++nb == RUNWAY_UNUSABLE_MAX)
            return e;
    }
    return NULL;
}

/* lock is held */
static int has_paid_tasks(const RunwayPipeline *p)
{
    const Entry *e = p->head;

    while (e && (e->ended || !e->now.task_id[0]))
        e = e->next;
    return !!e;
}

/* Start nothing more, but let those end that are paid for: their results would
 * wait at the provider otherwise. lock is held. */
static void close_pipeline(RunwayPipeline *p, const char *why)
{
    if (!p->closed && has_paid_tasks(p))
        ff_runway_log(p->config.client.log, RUNWAY_LOG_WARNING, "%s: no more "
                      "clips are sent; waiting for what is already paid for",
                      why);
    p->closed = 1;
}

/* More to the error of a job, with what it was in it. */
static void explain(RunwayJob *job, const char *what)
{
    const RunwayError why = job->error;

    ff_runway_error(&job->error, why.outcome, "%s: %s", what, why.text);
}

/* The run ends with that job's failure. lock is held. */
static void end_run(RunwayPipeline *p, Entry *e)
{
    RunwayOutcome ret = e->job->error.outcome;

    /* those that end because another failed are not the reason */
    if (ret != RUNWAY_CANCELLED && !p->error.outcome)
        p->error = e->job->error;
    e->fatal = 1;
    if (e->job->refused)
        close_pipeline(p, "a clip may not be bought");
    else if (e->unusable)
        close_pipeline(p, "results cannot be used");
    /* nor is a create of unknown fate one to drop what is waited for */
    else if (!p->closed || (ret != RUNWAY_CANCELLED && ret != RUNWAY_UNKNOWN))
        p->stop = 1;
}

/* A job has failed. lock is held. */
static void note_failure(RunwayPipeline *p, Entry *e, RunwayOutcome ret)
{
    int tolerated = is_tolerated(p, ret);
    Entry *last = NULL;

    e->moderated = ret == RUNWAY_TASK_FAILED;
    e->unusable  = is_of_no_use(ret) && !e->job->reused;
    if (tolerated && is_moderated(p)) {
        char what[160];

        tolerated = 0;
        snprintf(what, sizeof(what), "%d clips in a row failed permanently, "
                 "and on_error=source does not cover that, because accounts "
                 "are suspended for less", RUNWAY_MODERATION_MAX);
        explain(e->job, what);
    }
    if (e->unusable)
        last = last_unusable(p);
    if (last && !last->fatal) {
        explain(last->job, "a second result of this run cannot be used, so "
                "nothing more is bought");
        /* a later clip's, which ended before */
        if (tolerated && is_of_no_use(p->error.outcome))
            p->error.outcome = RUNWAY_OK;
        end_run(p, last);
    }
    if (!tolerated && !e->fatal)
        end_run(p, e);
}

/* lock is held; stays held on return */
static void run_entry(RunwayPipeline *p, Entry *e, const RunwayJobHost *host)
{
    RunwayOutcome ret;

    e->running = 1;
    p->active++;
    p->queued--;
    pthread_mutex_unlock(&p->lock);
    ret = ff_runway_job_run(e->job, host);
    pthread_mutex_lock(&p->lock);

    p->active--;
    e->ended = 1;
    set_now(p, e, &e->job->now);
    p->totals.made   += !ret && !e->job->reused;
    p->totals.reused += !ret && e->job->reused;
    p->totals.failed += ret && ret != RUNWAY_CANCELLED;
    ff_runway_totals_add(&p->totals, &e->now.spent);
    if (ret)
        note_failure(p, e, ret);
    ff_runway_cond_wake(&p->changed);
}

/* Whether a create may not start: the run or another clip has ended that. */
static int is_closed(void *opaque)
{
    return do_wait(opaque, 0, 0, 0, 1);
}

/* Jobs in line of which is() is true. lock is held */
static int count(const RunwayPipeline *p,
                 int (*is)(const RunwayJobProgress *now))
{
    int nb = 0;

    for (const Entry *e = p->head; e; e = e->next)
        nb += is(&e->now);
    return nb;
}

/* Jobs in line that are in that state. lock is held */
static int count_in(const RunwayPipeline *p, RunwayJobState state)
{
    int nb = 0;

    for (const Entry *e = p->head; e; e = e->next)
        nb += e->now.state == state;
    return nb;
}

/* Whether the job waits for its create, or will. */
static int is_waiting(const RunwayJobProgress *now)
{
    return now->state == RUNWAY_JOB_QUEUED ||
           now->state == RUNWAY_JOB_PREPARING || now->state == RUNWAY_JOB_READY;
}

/* Whether the task has succeeded, and nobody knows yet what came of it. */
static int is_unchecked(const RunwayJobProgress *now)
{
    return (now->state >= RUNWAY_JOB_GENERATED &&
            now->state <= RUNWAY_JOB_CHECKING) ||
           (now->state == RUNWAY_JOB_WAITING &&
            now->task_state == RUNWAY_TASK_SUCCEEDED);
}

/* Whether a create may go out for all that nobody knows yet. lock is held */
static int has_few_unchecked(const RunwayPipeline *p)
{
    return count(p, is_unchecked) < p->config.policy->concurrency;
}

/* How many before that one will want a place, too. lock is held */
static int count_earlier(const RunwayPipeline *p, const Entry *end)
{
    int nb = 0;

    for (const Entry *e = p->head; e != end; e = e->next)
        nb += !e->ended && (e->now.state == RUNWAY_JOB_QUEUED ||
                            e->now.state == RUNWAY_JOB_PREPARING);
    return nb;
}

/* Whether e may go to that state, as the first that waits for it. lock is held */
static int is_open(const RunwayPipeline *p, const Entry *e,
                   RunwayJobState state)
{
    if (state == RUNWAY_JOB_DOWNLOADING)
        return count_in(p, state) < RUNWAY_FETCHES_MAX;
    if (state == RUNWAY_JOB_CHECKING)
        return !count_in(p, state);
    /* what a cap leaves is for the first clips: one behind a gap is not output */
    if (ff_runway_budget_has_cap(p->config.policy) &&
        (count_earlier(p, e) || count_in(p, state)))
        return 0;
    return count(p, is_in_flight) < p->config.policy->concurrency &&
           has_few_unchecked(p);
}

int ff_runway_pipeline_accepts(RunwayPipeline *p)
{
    int accepts;

    pthread_mutex_lock(&p->lock);
    accepts = !p->stop && !p->closed &&
              p->nb_entries < RUNWAY_JOBS_MAX(p->config.policy->concurrency) &&
              count(p, is_waiting) <
              RUNWAY_JOBS_WAITING(p->config.policy->concurrency);
    pthread_mutex_unlock(&p->lock);
    return accepts;
}

/* Whether a task is likely to have ended before another clip is encoded. lock is
 * held */
static int is_ending(const Entry *e)
{
    return is_in_flight(&e->now) && e->now.ends &&
           e->now.ends - ff_runway_now() < ENDING_SOON;
}

int ff_runway_pipeline_is_short(RunwayPipeline *p)
{
    int is_short, places;

    pthread_mutex_lock(&p->lock);
    places = p->config.policy->concurrency - count(p, is_in_flight);
    for (const Entry *e = p->head; e; e = e->next)
        places += is_ending(e);
    is_short = !p->stop && !p->closed && places > count(p, is_waiting) &&
               has_few_unchecked(p);
    pthread_mutex_unlock(&p->lock);
    return is_short;
}

static Entry *first_in(const RunwayPipeline *p, RunwayJobState state)
{
    for (Entry *e = p->head; e; e = e->next)
        if (e->now.state == state)
            return e;
    return NULL;
}

/* Gates that open in the order of the clips. */
static int enter(void *opaque, RunwayJob *job, RunwayJobState state)
{
    RunwayPipeline *p = opaque;
    RunwayJobState before = state - 1;
    Entry *e;
    int is_shut, is_again;

    pthread_mutex_lock(&p->lock);
    e = find_entry(p, job);
    /* one that goes out again at once keeps its place, and waits only for what
     * is unchecked */
    is_again = state == RUNWAY_JOB_SUBMITTING && is_in_flight(&e->now);
    job->now.state = is_again ? state : before;
    e->now = job->now;
    /* the place that it had is free */
    ff_runway_cond_wake(&p->changed);
    while (!(is_shut = p->stop || (p->closed && before == RUNWAY_JOB_READY)) &&
           !(is_again ? has_few_unchecked(p)
                      : first_in(p, before) == e && is_open(p, e, state)))
        ff_runway_cond_wait(&p->changed, &p->lock, INT64_MAX);
    if (!is_shut)
        job->now.state = e->now.state = state;
    /* it is the next one's turn */
    ff_runway_cond_wake(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return is_shut;
}

void *ff_runway_pipeline_worker(void *opaque)
{
    RunwayPipeline *p = opaque;
    const RunwayJobHost host = {
        .client        = p->client,
        .journal       = p->journal,
        .results       = p->results,
        .account       = p->account,
        .uploader      = p->uploader,
        .provider      = p->config.client.provider->name,
        .output        = p->output,
        .policy        = p->config.policy,
        .log           = p->config.client.log,
        .events        = p->config.events,
        .opaque        = p,
        .wait          = wait_or_stop,
        .wait_open     = wait_or_close,
        .wait_place    = wait_for_place,
        .moved         = moved,
        .cancelled     = ff_runway_pipeline_is_stopped,
        .closed        = is_closed,
        .enter         = enter,
        .changed       = job_changed,
        .expected      = expected_time,
        .check         = check_result,
    };

    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        Entry *e = p->closed ? NULL : next_queued(p);

        if (e) {
            run_entry(p, e, &host);
        } else {
            p->idle++;
            ff_runway_cond_wait(&p->changed, &p->lock, INT64_MAX);
            p->idle--;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}
