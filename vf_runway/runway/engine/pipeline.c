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
#include <string.h>
#include <time.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../base/thread.h"
#include "rebuilt.h"
#include "pipeline_internal.h"

#define DAY 86400

static int has_result(void *opaque, const char *identity)
{
    RunwayPipeline *p = opaque;

    /* also where nobody knows: then nothing is removed */
    return ff_runway_results_has(p->results, identity, 1);
}

/* Journal and results, and nothing that is old in them. */
static RunwayOutcome open_disk(RunwayPipeline *p, RunwayError *err)
{
    const RunwayPolicy *policy = p->config.policy;
    const RunwayLog *log = p->config.client.log;
    RunwayError warning;
    RunwayOutcome ret = ff_runway_journal_open(policy, log, &p->journal, err);

    if (!ret)
        ret = ff_runway_results_open(policy, p->journal, log, &p->results, err);
    if (!ret)
        ff_runway_results_heed(p->results, p->config.interrupted,
                               p->config.interrupt_opaque);
    if (!ret && policy->dry_run)
        return ff_runway_plan_create(p->journal, p->results, policy, log,
                                     &p->plan, err);
    if (!ret && ff_runway_journal_prune(p->journal, (int64_t)time(NULL),
                                        has_result, p, &warning))
        ff_runway_log(log, RUNWAY_LOG_WARNING,
                      "old journal entries are kept: %s", warning.text);
    return ret;
}

static RunwayOutcome open_stores(RunwayPipeline *p, RunwayError *err)
{
    RunwayOutcome ret = ff_runway_uploader_create(&p->uploader, err);

    if (!ret)
        ret = ff_runway_account_gate_create(p->client, p->config.client.log,
                                            &p->account, err);
    return ret ? ret : open_disk(p, err);
}

static void close_stores(RunwayPipeline *p)
{
    ff_runway_plan_free(&p->plan);
    ff_runway_account_gate_free(&p->account);
    ff_runway_uploader_free(&p->uploader);
    ff_runway_results_free(&p->results);
    ff_runway_journal_free(&p->journal);
}

RunwayOutcome ff_runway_pipeline_create(const RunwayPipelineConfig *config,
                                        RunwayPipeline **pipeline,
                                        RunwayError *err)
{
    const RunwayPolicy *policy = config->policy;
    RunwayPipeline *p = calloc(1, sizeof(*p));
    RunwayOutcome ret = RUNWAY_NOMEM;

    *pipeline = NULL;
    if (!p)
        return ff_runway_no_memory(err);
    p->config = *config;
    p->config.client.cancelled = ff_runway_pipeline_is_stopped;
    p->config.client.opaque    = p;
    if (pthread_mutex_init(&p->lock, NULL)) {
        free(p);
        return ff_runway_no_memory(err);
    }
    if (ff_runway_cond_init(&p->changed)) {
        ff_runway_no_memory(err);
        goto fail_cond;
    }
    p->threads = calloc(RUNWAY_JOBS_MAX((size_t)policy->concurrency),
                        sizeof(*p->threads));
    if (!p->threads) {
        ff_runway_no_memory(err);
        goto fail;
    }
    ret = ff_runway_client_create(&p->config.client, &p->client, err);
    if (!ret)
        ret = open_stores(p, err);
    if (ret)
        goto fail;
    if (!policy->dry_run && policy->poll_interval < RUNWAY_POLL_MIN &&
        !ff_runway_client_is_loopback(p->client))
        ff_runway_log(config->client.log, RUNWAY_LOG_WARNING, "poll_interval: "
                      "the provider asks for %lld s between two polls of a "
                      "task, so it is raised to that",
                      RUNWAY_POLL_MIN / 1000000);
    *pipeline = p;
    return RUNWAY_OK;

fail:
    close_stores(p);
    ff_runway_client_free(&p->client);
    free(p->threads);
    pthread_cond_destroy(&p->changed);
fail_cond:
    pthread_mutex_destroy(&p->lock);
    free(p);
    return ret;
}

void ff_runway_pipeline_cancel(RunwayPipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->stop = 1;
    ff_runway_cond_wake(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* lock is held, and e is the head */
static RunwayJob *remove_head(RunwayPipeline *p)
{
    Entry *e = p->head;
    RunwayJob *job = e->job;

    if (!e->moderated) {
        p->moderated         = 0;
        p->last_moderated[0] = 0;
    } else if (strcmp(job->identity, p->last_moderated)) {
        p->moderated++;
        ff_runway_copy_text(p->last_moderated, sizeof(p->last_moderated),
                            job->identity);
    }
    if (e->unusable && strcmp(job->identity, p->last_unusable)) {
        p->unusable++;
        ff_runway_copy_text(p->last_unusable, sizeof(p->last_unusable),
                            job->identity);
    }
    p->head = e->next;
    if (!p->head)
        p->tail = NULL;
    p->nb_entries--;
    free(e);
    return job;
}

/* Whether a task of this clip is at the provider, paid for and not fetched. */
static int is_left(const Entry *e)
{
    if (!e->now.task_id[0] || e->now.is_stored)
        return 0;
    if (!e->ended)
        return 1;
    switch (e->job->error.outcome) {
    case RUNWAY_TASK_FAILED:
    case RUNWAY_TASK_FAILED_TRANSIENT:
    case RUNWAY_TASK_LOST:
        return 0;
    default:
        return 1;
    }
}

void ff_runway_pipeline_stop(RunwayPipeline *p)
{
    ff_runway_pipeline_cancel(p);
    if (!p->nb_threads)
        return;
    for (int i = 0; i < p->nb_threads; i++)
        pthread_join(p->threads[i], NULL);
    p->nb_threads = 0;
    for (const Entry *e = p->head; e; e = e->next)
        if (is_left(e))
            ff_runway_log(p->config.client.log, RUNWAY_LOG_WARNING,
                          "%s: task %s is left at the provider", e->job->label,
                          e->now.task_id);
}

void ff_runway_pipeline_free(RunwayPipeline **pipeline)
{
    RunwayPipeline *p = *pipeline;

    if (!p)
        return;
    ff_runway_pipeline_stop(p);
    if (!p->complete)
        ff_runway_output_leave(p->config.instance, p->output);
    while (p->head) {
        RunwayJob *job = remove_head(p);

        ff_runway_job_free(&job);
    }
    close_stores(p);
    ff_runway_client_free(&p->client);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p->threads);
    free(p);
    *pipeline = NULL;
}

const char *ff_runway_pipeline_endpoint(const RunwayPipeline *p)
{
    return ff_runway_client_endpoint(p->client);
}

RunwayPlan *ff_runway_pipeline_plan(RunwayPipeline *p)
{
    return p->plan;
}

void ff_runway_pipeline_complete(RunwayPipeline *p)
{
    p->complete = 1;
}

void ff_runway_pipeline_totals(RunwayPipeline *p, RunwayTotals *totals)
{
    pthread_mutex_lock(&p->lock);
    *totals = ff_runway_pipeline_sum(p);
    pthread_mutex_unlock(&p->lock);
}

static int set_emitted(RunwayRecord *r)
{
    int64_t now = (int64_t)time(NULL);

    if (llabs(now - r->emitted) <= DAY)
        return 0;
    r->emitted = now;
    return 1;
}

static int set_refused(RunwayRecord *r, const char *why)
{
    RunwayTry *t = ff_runway_record_try(r);
    RunwayError ignored;

    if (ff_runway_record_move(r, RUNWAY_CLIP_REFUSED, &ignored))
        return 0;
    ff_runway_copy_text(t->failure, sizeof(t->failure), why);
    return 1;
}

/* Write down what became of a result that was taken: it is out, or of no use, and
 * why. Who has its clip just now works on an equal one, and says that it is out;
 * what is not written of damage is found once more by the next run. */
static void note(RunwayPipeline *p, const char *identity, const char *why)
{
    RunwayJournalLock *lock = ff_runway_journal_lock_if_free(p->journal,
                                                             identity, NULL);
    RunwayRecord *record = malloc(sizeof(*record)); /* many KiB */
    RunwayError err;

    if (lock && record &&
        !ff_runway_journal_read(p->journal, identity, record, NULL) &&
        record->nb_tries && !record->damage[0] &&
        (why ? set_refused(record, why) : set_emitted(record)) &&
        ff_runway_journal_write(p->journal, lock, record, &err))
        ff_runway_log(p->config.client.log, RUNWAY_LOG_VERBOSE, "%s", err.text);
    free(record);
    ff_runway_journal_unlock(&lock);
}

void ff_runway_pipeline_emitted(RunwayPipeline *p, const char *identity)
{
    note(p, identity, NULL);
}

void ff_runway_pipeline_refuse(RunwayPipeline *p, RunwayJob *job,
                               const char *why)
{
    RunwayError err;

    pthread_mutex_lock(&p->lock);
    p->totals.made   -= !job->reused;
    p->totals.reused -= job->reused;
    p->totals.failed++;
    pthread_mutex_unlock(&p->lock);
    note(p, job->identity, why);
    ff_runway_error(&err, RUNWAY_BAD_RESULT, "%s", why);
    ff_runway_job_unusable(job, p->results, &err);
    ff_runway_job_fail(job, p->config.events, &err);
}

/* What is looked for in the journal. */
typedef struct Newest {
    const char *endpoint, *model;
    int64_t time;            ///< of the try, seconds since the epoch
    double took;             ///< seconds; 0: not found
} Newest;

static int compare_record(void *opaque, const RunwayRecord *r)
{
    Newest *newest = opaque;

    if (strcmp(r->endpoint, newest->endpoint) ||
        strcmp(r->model, newest->model))
        return 0;
    for (int i = 0; i < r->nb_tries; i++) {
        if (r->tries[i].took > 0 && r->tries[i].time >= newest->time) {
            newest->time = r->tries[i].time;
            newest->took = r->tries[i].took;
        }
    }
    return 0;
}

/* What the newest task of that model has taken in an earlier run. */
static int64_t remembered_time(const RunwayPipeline *p, const char *model)
{
    Newest newest = { ff_runway_pipeline_endpoint(p), model, 0, 0 };

    ff_runway_journal_each(p->journal, compare_record, &newest, NULL);
    return (int64_t)(newest.took * 1e6);
}

/* lock is held */
static RunwayOutcome get_error(RunwayPipeline *p, RunwayError *err)
{
    if (p->error.outcome && (p->stop || !p->active)) {
        if (err)
            *err = p->error;
        return p->error.outcome;
    }
    return p->stop ? ff_runway_error(err, RUNWAY_CANCELLED, "cancelled")
                   : RUNWAY_OK;
}

RunwayOutcome ff_runway_pipeline_admit(RunwayPipeline *p, RunwayJob **job,
                                       RunwayError *err)
{
    Entry *e;

    if (!p->output[0]) {
        ff_runway_output_begin(p->config.instance, (*job)->identity, p->output);
        p->task_time.expected =
            remembered_time(p, (*job)->request.model_name);
    }
    e = calloc(1, sizeof(*e));
    if (!e)
        return ff_runway_no_memory(err);
    pthread_mutex_lock(&p->lock);
    if (p->idle <= p->queued &&
        p->nb_threads < RUNWAY_JOBS_MAX(p->config.policy->concurrency)) {
        if (!ff_runway_thread_create(&p->threads[p->nb_threads],
                                     ff_runway_pipeline_worker, p))
            p->nb_threads++;
        else if (!p->nb_threads) {
            pthread_mutex_unlock(&p->lock);
            free(e);
            return ff_runway_error(err, RUNWAY_NOMEM,
                                   "cannot start a thread");
        }
    }
    e->job = *job;
    e->now = (*job)->now;
    if (p->tail)
        p->tail->next = e;
    else
        p->head = e;
    p->tail = e;
    p->nb_entries++;
    p->queued++;
    p->admitted++;
    *job = NULL;
    ff_runway_cond_wake(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_pipeline_take(RunwayPipeline *p, int64_t timeout,
                                      RunwayJob **job, RunwayError *err)
{
    int64_t end = ff_runway_now() + timeout;
    RunwayOutcome ret;

    *job = NULL;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        if (p->head && p->head->ended && !p->head->fatal) {
            *job = remove_head(p);
            ret  = RUNWAY_OK;
            break;
        }
        ret = get_error(p, err);
        if (ret || !p->head)
            break;
        if (!ff_runway_cond_wait(&p->changed, &p->lock, end))
            break;
    }
    pthread_mutex_unlock(&p->lock);
    return ret;
}

RunwayOutcome ff_runway_pipeline_settle(RunwayPipeline *p, int64_t timeout,
                                        int *settled, RunwayError *err)
{
    int64_t end = ff_runway_now() + timeout;
    RunwayOutcome ret;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        const Entry *e;

        /* before what is ready: an error behind that would come after the end
         * of the input, where FFmpeg 5.1 forgets it */
        ret = get_error(p, err);
        for (e = p->head; e && e->ended;)
            e = e->next;
        *settled = !e;
        if (ret || !e)
            break;
        if (!ff_runway_cond_wait(&p->changed, &p->lock, end))
            break;
    }
    pthread_mutex_unlock(&p->lock);
    return ret;
}

/* Until a job is likely to be done, -1: not known. Its progress alone makes
 * estimates that jump, so others have to have shown what a task takes. lock is
 * held */
static int64_t time_left(const RunwayPipeline *p, const Entry *e)
{
    int64_t left = e->now.ends - ff_runway_now();

    if (e->ended || !e->now.ends || !p->task_time.expected)
        return -1;
    return left > 0 ? left : 0;
}

void ff_runway_pipeline_status(RunwayPipeline *p, RunwayPipelineStatus *status)
{
    RunwayPipelineStatus s = { .progress = -1, .expected = -1, .last = -1 };
    const Entry *next;
    RunwayTotals totals;
    int nb_timed = 0;
    int64_t left;

    ff_runway_pipeline_totals(p, &totals);
    s.credits  = totals.cost;
    s.unpriced = totals.unpriced;
    pthread_mutex_lock(&p->lock);
    s.admitted  = p->admitted;
    s.places    = p->config.policy->concurrency;
    s.task_time = p->task_time.expected;
    s.done     = totals.made + totals.reused;
    s.failed   = totals.failed;
    for (const Entry *e = p->head; e; e = e->next) {
        s.throttled += e->now.state == RUNWAY_JOB_WAITING &&
                       e->now.task_state == RUNWAY_TASK_THROTTLED;
        s.left += is_left(e);
        s.waiting += !e->ended && e->now.state < RUNWAY_JOB_SUBMITTING;
        left = time_left(p, e);
        if (left > s.last)
            s.last = left;
        if (left >= 0 && (!nb_timed++ || left < s.first))
            s.first = left;
    }
    /* those that are done may stand in line before they are taken */
    for (next = p->head; next && next->ended;)
        next = next->next;
    if (next) {
        s.progress = next->now.state == RUNWAY_JOB_WAITING ? next->now.progress
                                                           : -1;
        s.expected = time_left(p, next);
    }
    pthread_mutex_unlock(&p->lock);
    if (nb_timed < s.places)
        s.first = 0;
    *status = s;
}

int64_t ff_runway_pipeline_time_to_last(const RunwayPipelineStatus *s,
                                        int total)
{
    /* those that have no task yet take turns; in the last one there are only
     * some, in the places that are free first */
    int later = total - s->admitted + s->waiting, rest = later % s->places;
    int64_t turns = later / s->places * s->task_time;
    int64_t end = turns + s->last;
    int64_t odd = turns + s->task_time + s->first +
                  (s->last - s->first) * (rest - 1) / s->places;

    if (total - s->done - s->failed < 2 || s->last < 0)
        return -1;
    return rest && odd > end ? odd : end;
}
