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

/* How long a whole film takes, against a scheduler that knows when each task
 * ends, and whose turn it is: the pipeline with all its threads, journal and
 * results, a provider that is made up, and a time that only goes on when everybody
 * waits for it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "core_test.h"
#include "engine/pipeline_internal.h"
#include "sweep.h"

#define SECOND    1000000LL
#define SLOTS     20
#define TASKS_MAX 1000
#define ENCODING  (SECOND / 5) /* of a clip, on the owner's thread */
#define SLICE     50000        /* as in filter.c */

static RunwayPipeline *pipeline;

/*
 * The time, instead of base/clock.c
 */

typedef struct Waiter {
    const pthread_cond_t *cond;
    int64_t end;
    int is_woken;
    pthread_cond_t woken;
    struct Waiter *next;
} Waiter;

static pthread_mutex_t clock_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t clock_now;
static Waiter *waiters;
static int nb_waiters;

static void wake(Waiter **w)
{
    (*w)->is_woken = 1;
    pthread_cond_signal(&(*w)->woken);
    *w = (*w)->next;
    nb_waiters--;
}

/* Everybody waits: go on to the first who does not any more. */
static void advance(void)
{
    int64_t first = INT64_MAX;

    for (Waiter *w = waiters; w; w = w->next)
        first = w->end < first ? w->end : first;
    assert_true(first < INT64_MAX);
    clock_now = first;
    for (Waiter **w = &waiters; *w;)
        if ((*w)->end <= clock_now)
            wake(w);
        else
            w = &(*w)->next;
}

int64_t ff_runway_now(void)
{
    int64_t now;

    pthread_mutex_lock(&clock_lock);
    now = clock_now;
    pthread_mutex_unlock(&clock_lock);
    return now;
}

time_t time(time_t *now)
{
    time_t t = (time_t)(1800000000 + ff_runway_now() / SECOND);

    if (now)
        *now = t;
    return t;
}

int ff_runway_cond_init(pthread_cond_t *cond)
{
    return pthread_cond_init(cond, NULL);
}

int ff_runway_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t end)
{
    Waiter self = { .cond = cond, .end = end, .woken = PTHREAD_COND_INITIALIZER };
    int waits;

    pthread_mutex_lock(&clock_lock);
    waits = end > clock_now;
    if (waits) {
        self.next = waiters;
        waiters   = &self;
        /* the workers and this thread of the owner's */
        if (++nb_waiters == pipeline->nb_threads + 1)
            advance();
        pthread_mutex_unlock(mutex);
        while (!self.is_woken)
            pthread_cond_wait(&self.woken, &clock_lock);
    }
    pthread_mutex_unlock(&clock_lock);
    if (waits)
        pthread_mutex_lock(mutex);
    return waits;
}

void ff_runway_cond_wake(pthread_cond_t *cond)
{
    pthread_mutex_lock(&clock_lock);
    for (Waiter **w = &waiters; *w;)
        if ((*w)->cond == cond)
            wake(w);
        else
            w = &(*w)->next;
    pthread_mutex_unlock(&clock_lock);
}

/* Do something that takes so long. */
static void spend(int64_t time)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    int64_t end = ff_runway_now() + time;

    pthread_mutex_lock(&lock);
    while (ff_runway_cond_wait(&cond, &lock, end))
        ;
    pthread_mutex_unlock(&lock);
}

static int64_t keeping_takes;       /* each result that was checked */
static _Thread_local int is_kept;   /* what this thread has checked, next */

/* Nothing here is to outlive a power cut. */
int fsync(int fd)
{
    if (is_kept && keeping_takes)
        spend(keeping_takes);
    is_kept = 0;
    return 0;
}

/*
 * The provider, instead of http/client.c
 */

struct RunwayClient {
    pthread_mutex_t lock;
    int64_t takes[TASKS_MAX]; ///< each task, in order
    int reports;                ///< progress
    int64_t output_after;     ///< of a task that has ended
    int is_failed[TASKS_MAX]; ///< has no output, and another try may have one
    int64_t first_upload_takes;
    int64_t download_takes;   ///< each download
    int64_t download_step;    ///< less that for each task before
    int64_t check_takes;      ///< each check
    int sends_pages;          ///< instead of results
    int64_t denied_from, denied_to; ///< in each task's life: no such task, it says
    int nb_denied;
    int busy;                 ///< reads that are put off
    int64_t read, nearest;    ///< the last one, and the least between two
    int places;               ///< tasks at a time; 0: any number
    RunwayTaskState state;    ///< of a task that has not ended
    int uploads;              ///< so far
    int64_t storage_opens;    ///< when it begins to give slots, 0: at once
    int64_t uploaded[TASKS_MAX]; ///< when what each create names was
    int64_t created[TASKS_MAX];
    int is_done[TASKS_MAX];   ///< was read as such
    int nb, running, most;
    int64_t last;             ///< when the last one was read as done
    int fetched[TASKS_MAX];   ///< the tasks, as their downloads began
    int nb_fetched, fetching, most_fetching;
    int checked[TASKS_MAX];   ///< likewise
    int nb_checked, checking, most_checking;
};

static RunwayClient provider = { .lock  = PTHREAD_MUTEX_INITIALIZER,
                                 .state = RUNWAY_TASK_RUNNING };

RunwayOutcome ff_runway_client_create(const RunwayClientConfig *config,
                                      RunwayClient **client, RunwayError *err)
{
    *client = &provider;
    return RUNWAY_OK;
}

void ff_runway_client_free(RunwayClient **client)
{
    *client = NULL;
}

RunwayOutcome ff_runway_client_hide(RunwayClient *client, const char *url)
{
    return RUNWAY_OK;
}

int ff_runway_client_is_loopback(const RunwayClient *client)
{
    return 0;
}

int ff_runway_client_has_reached(RunwayClient *client)
{
    return 1;
}

int ff_runway_client_has_account(const RunwayClient *client)
{
    return 0;
}

const char *ff_runway_client_endpoint(const RunwayClient *client)
{
    return "https://api.example/v1/video_to_video";
}

/* The time in the URI of what was uploaded; -1: nothing was. */
static int64_t time_of_upload(RunwayBody *body)
{
    char text[4096];
    const char *uri;
    size_t size;

    ff_runway_body_rewind(body);
    assert_int_equal(ff_runway_body_read(body, text, sizeof(text) - 1, &size),
                     RUNWAY_OK);
    text[size] = 0;
    uri = strstr(text, "runway://");
    return uri ? atoll(uri + strlen("runway://")) : -1;
}

RunwayOutcome ff_runway_client_submit(RunwayClient *c, RunwayBody *body,
                                      char id[RUNWAY_ID_MAX], double *credits,
                                      int64_t *retry_after, RunwayError *err)
{
    pthread_mutex_lock(&c->lock);
    if (c->places && c->running >= c->places) {
        pthread_mutex_unlock(&c->lock);
        *retry_after = -1;
        return ff_runway_error(err, RUNWAY_UNAVAILABLE, "too many tasks");
    }
    assert_true(c->nb < TASKS_MAX);
    c->created[c->nb]  = ff_runway_now();
    c->uploaded[c->nb] = time_of_upload(body);
    snprintf(id, RUNWAY_ID_MAX, "%d", c->nb++);
    if (++c->running > c->most)
        c->most = c->running;
    pthread_mutex_unlock(&c->lock);
    *credits = -1;
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_client_read(RunwayClient *c, const char *id,
                                    RunwayTask *task, int64_t *retry_after,
                                    RunwayError *err)
{
    int nb = atoi(id);
    int64_t now = ff_runway_now(), elapsed;

    memset(task, 0, sizeof(*task));
    task->credits = task->progress = -1;
    task->state   = c->state;
    pthread_mutex_lock(&c->lock);
    if (c->read && now - c->read < c->nearest)
        c->nearest = now - c->read;
    c->read = now;
    if (c->busy) {
        c->busy--;
        pthread_mutex_unlock(&c->lock);
        *retry_after = -1;
        return ff_runway_error(err, RUNWAY_UNAVAILABLE, "HTTP 429");
    }
    elapsed = now - c->created[nb];
    if (elapsed >= c->denied_from && elapsed < c->denied_to) {
        task->state = RUNWAY_TASK_NOT_EXIST;
        c->last     = now;
        c->nb_denied++;
    } else if (elapsed >= c->takes[nb]) {
        task->state = RUNWAY_TASK_SUCCEEDED;
        snprintf(task->url, sizeof(task->url), "%d", nb);
        c->running    -= !c->is_done[nb];
        c->is_done[nb] = 1;
        c->last        = now;
        if (c->is_failed[nb]) {
            task->state = RUNWAY_TASK_FAILED_STATE;
            strcpy(task->failure_code, "INTERNAL");
        } else if (elapsed < c->takes[nb] + c->output_after) {
            pthread_mutex_unlock(&c->lock);
            *retry_after = -1;
            return ff_runway_error(err, RUNWAY_UNAVAILABLE, "no output yet");
        }
    } else if (c->reports) {
        task->progress = (double)elapsed / (double)c->takes[nb];
    }
    pthread_mutex_unlock(&c->lock);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_client_download(RunwayClient *c, const char *url,
                                        int fd, int64_t *done,
                                        int64_t *retry_after, RunwayError *err)
{
    pthread_mutex_lock(&c->lock);
    if (c->nb_fetched < TASKS_MAX)
        c->fetched[c->nb_fetched++] = atoi(url);
    if (++c->fetching > c->most_fetching)
        c->most_fetching = c->fetching;
    pthread_mutex_unlock(&c->lock);
    if (c->download_takes)
        spend(c->download_takes - atoi(url) * c->download_step);
    pthread_mutex_lock(&c->lock);
    c->fetching--;
    pthread_mutex_unlock(&c->lock);
    *done = pwrite(fd, url, strlen(url), 0);
    return RUNWAY_OK;
}

/* A slot's URI says when it was. */
RunwayOutcome ff_runway_client_slot(RunwayClient *c, const char *filename,
                                    RunwaySlot **slot, int64_t *retry_after,
                                    RunwayError *err)
{
    char uri[64];

    pthread_mutex_lock(&c->lock);
    c->uploads++;
    pthread_mutex_unlock(&c->lock);
    *retry_after = 0;
    if (ff_runway_now() < c->storage_opens)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE, "HTTP 503");
    *slot = calloc(1, sizeof(**slot));
    assert_non_null(*slot);
    snprintf(uri, sizeof(uri), "runway://%lld", (long long)ff_runway_now());
    (*slot)->uri = strdup(uri);
    (*slot)->url = strdup("https://storage.example");
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_client_store(RunwayClient *c, const RunwaySlot *slot,
                                     const RunwayUpload *file,
                                     int64_t *retry_after, RunwayError *err)
{
    int is_first;

    pthread_mutex_lock(&c->lock);
    is_first = c->uploads == 1;
    pthread_mutex_unlock(&c->lock);
    if (is_first && c->first_upload_takes)
        spend(c->first_upload_takes);
    return RUNWAY_OK;
}

/* never called: there is no account */

RunwayOutcome ff_runway_client_account(RunwayClient *client, const char *model_name,
                                       RunwayAccount *account, RunwayError *err)
{
    return RUNWAY_REFUSED;
}

/*
 * A run
 */

static RunwayOutcome check(void *opaque, int (*cancelled)(void *cancel_opaque),
                           void *cancel_opaque, int fd, int64_t size, int64_t sent,
                           int whole, RunwayError *err)
{
    RunwayClient *c = &provider;
    char task[16] = "";

    assert_int_equal(pread(fd, task, sizeof(task) - 1, 0), size);
    pthread_mutex_lock(&c->lock);
    if (c->nb_checked < TASKS_MAX)
        c->checked[c->nb_checked++] = atoi(task);
    if (++c->checking > c->most_checking)
        c->most_checking = c->checking;
    pthread_mutex_unlock(&c->lock);
    if (c->check_takes)
        spend(c->check_takes);
    pthread_mutex_lock(&c->lock);
    c->checking--;
    pthread_mutex_unlock(&c->lock);
    is_kept = 1;
    return c->sends_pages ?
           ff_runway_error(err, RUNWAY_NO_RESULT, "it is a web page") : RUNWAY_OK;
}

static const char *model_name = "aleph2";
static int uploads;           ///< clips go to the storage
static int retries = 1;
static double cap;            ///< max_credits, 0: none
static int same_again;        ///< the next clip is the last one again

static RunwayJob *make_job(int index)
{
    static const char bytes[600];
    static int clip = -1, identity;
    RunwayJob *job = ff_runway_job_create();

    assert_non_null(job);
    if (clip < 0)
        clip = make_file(bytes, sizeof(bytes));
    job->index = index + 1;
    snprintf(job->label, sizeof(job->label), "clip %d", job->index);
    identity += !same_again;
    snprintf(job->identity, sizeof(job->identity), "%064x", identity);
    same_again = 0;
    job->fd      = dup(clip);
    job->size    = sizeof(bytes);
    job->sent    = 5 * SECOND;
    job->credits = cap > 0 ? 1 : -1;
    job->upload  = uploads;
    job->request = (RunwayRequest){
        .model = find_model("aleph2"), .model_name = model_name,
        .prompt = "night", .seed = 1,
    };
    return job;
}

static void begin(char *dir, int slots)
{
    static const RunwayLog log;
    static RunwayPolicy policy;
    const RunwayPipelineConfig config = {
        .client = { .provider = ff_runway_provider_find("runway"),
                    .log = &log },
        .policy = &policy, .check = check,
    };
    RunwayError err;

    policy = (RunwayPolicy){
        .concurrency = slots, .poll_interval = 6 * SECOND,
        .task_timeout = 1800 * SECOND, .state_dir = dir,
        .results_size = 1 << 30, .retries = retries, .max_credits = cap,
    };
    provider.nb = provider.running = provider.most = 0;
    provider.nb_fetched = provider.fetching = provider.most_fetching = 0;
    provider.nb_checked = provider.checking = provider.most_checking = 0;
    memset(provider.is_done, 0, sizeof(provider.is_done));
    assert_int_equal(ff_runway_pipeline_create(&config, &pipeline, &err), RUNWAY_OK);
}

static void admit(int index)
{
    RunwayJob *job = make_job(index);
    RunwayError err;

    spend(ENCODING);
    assert_int_equal(ff_runway_pipeline_admit(pipeline, &job, &err), RUNWAY_OK);
}

/* What a person was shown of the time to the end, where that is wanted. */
static struct { int64_t time, left; } *reported;
static int nb_reported;

static void report(int nb)
{
    RunwayPipelineStatus status;
    int64_t left;

    ff_runway_pipeline_status(pipeline, &status);
    left = ff_runway_pipeline_time_to_last(&status, nb);
    /* the progress of a first task alone makes estimates that jump */
    if (!status.task_time)
        assert_true(status.expected < 0 && left < 0);
    else
        assert_true(left >= 0 || status.last < 0 || status.done >= nb - 1);
    if (!reported || left < 0)
        return;
    reported[nb_reported].time   = ff_runway_now();
    reported[nb_reported++].left = left;
}

/* Make so many clips, or those that can be until there is an error. @return how
 * long it took until the last task was seen to have ended */
static int64_t make_film(char *dir, int nb)
{
    int64_t start = ff_runway_now();
    RunwayOutcome ret = RUNWAY_OK;
    int made = 0, taken = 0;
    RunwayError err;

    begin(dir, SLOTS);
    while (taken < nb && !ret) {
        RunwayJob *job = NULL;

        if (made < nb && ff_runway_pipeline_accepts(pipeline)) {
            admit(made++);
            continue;
        }
        ret = ff_runway_pipeline_take(pipeline, SLICE, &job, &err);
        if (job)
            assert_int_equal(job->index, ++taken);
        report(nb);
        ff_runway_job_free(&job);
    }
    ff_runway_pipeline_free(&pipeline);
    assert_int_equal(ret, provider.sends_pages ? RUNWAY_NO_RESULT : RUNWAY_OK);
    if (!ret) {
        assert_int_equal(provider.nb, nb);
        assert_int_equal(provider.most, provider.places ? provider.places :
                                        nb < SLOTS ? nb : SLOTS);
    }
    return provider.last - start;
}

/* The same in a directory of its own. */
static int64_t make_new_film(int nb)
{
    char *dir = sweep_make_dir();
    int64_t time;

    assert_non_null(dir);
    time = make_film(dir, nb);
    sweep_remove_dir(dir);
    return time;
}

/* What it takes whoever knows when each task ends. */
static int64_t floor_of(int nb)
{
    int64_t ends[SLOTS] = { 0 }, last = 0;

    for (int i = 0; i < nb; i++) {
        int64_t *first = ends;

        for (int j = 1; j < SLOTS; j++)
            if (ends[j] < *first)
                first = &ends[j];
        *first += provider.takes[i];
        last    = *first > last ? *first : last;
    }
    return last;
}

static void let_tasks_take(double from, double to, int reports)
{
    uint32_t random = 1;

    for (int i = 0; i < TASKS_MAX; i++) {
        random = random * 1664525 + 1013904223;
        provider.takes[i] = (int64_t)((from + (to - from) * random / UINT32_MAX) * 1e6);
    }
    provider.reports = reports;
}

static void assert_within(int64_t time, double most)
{
    print_message("%.2f s, of at most %.2f\n", (double)time / 1e6, most / 1e6);
    assert_true((double)time <= most);
}

static void test_tasks_of_a_minute(void **state)
{
    (void)state;
    for (int seconds = 60; seconds < 64; seconds += 3) {
        let_tasks_take(seconds, seconds, 0);
        assert_within(make_new_film(TASKS_MAX),
                      1.01 * (double)floor_of(TASKS_MAX) + 6e6);
    }
}

static void test_times_that_vary(void **state)
{
    (void)state;
    let_tasks_take(48, 72, 0);
    assert_within(make_new_film(TASKS_MAX), 1.05 * (double)floor_of(TASKS_MAX));
}

/* A task in twenty takes three times as long: what is behind it goes on. */
static void test_a_task_that_takes_long(void **state)
{
    (void)state;
    let_tasks_take(60, 60, 1);
    for (int i = 3; i < TASKS_MAX; i += 20)
        provider.takes[i] = 180 * SECOND;
    assert_within(make_new_film(300), 1.05 * (double)floor_of(300));
}

static void test_times_that_vary_and_progress(void **state)
{
    (void)state;
    let_tasks_take(48, 72, 1);
    assert_within(make_new_film(300), 1.02 * (double)floor_of(300));
}

/* The first tasks of a run have no forerunners: what the progress of one shows is
 * good for those that are polled later. */
static void test_first_tasks(void **state)
{
    (void)state;
    let_tasks_take(14, 14, 1);
    assert_within(make_new_film(SLOTS), 14e6 + SLOTS * ENCODING + SECOND / 2);
}

/* A person is shown the time to the end when a first task has shown what one takes,
 * and it does not jump. */
static void test_the_time_to_the_end(void **state)
{
    static const int reports[] = { 0, 1 };
    int64_t begun, end;

    (void)state;
    for (int i = 0; i < 2; i++) {
        reported = calloc(1 << 16, sizeof(*reported));
        assert_non_null(reported);
        nb_reported = 0;
        let_tasks_take(48, 72, reports[i]);
        begun = ff_runway_now();
        end   = begun + make_new_film(5 * SLOTS);
        assert_true(nb_reported > 100);
        assert_in_range(reported[0].time - begun, 48 * SECOND, 80 * SECOND);
        for (int j = 0; j < nb_reported; j++) {
            int64_t left = end - reported[j].time, off = reported[j].left - left;

            if ((off < 0 ? -off : off) > left / 4 + 15 * SECOND)
                fail_msg("%.0f s from the end: %.0f s", left / 1e6, reported[j].left / 1e6);
        }
        free(reported);
        reported = NULL;
    }
}

/* How long a clip takes when a run before it has made some with that model. */
static int64_t make_film_after(const char *model)
{
    char *dir = sweep_make_dir();
    int64_t took;

    assert_non_null(dir);
    let_tasks_take(62, 62, 1);
    model_name = model;
    make_film(dir, 2);
    let_tasks_take(62, 62, 0);
    model_name = "aleph2";
    took = make_film(dir, 1);
    sweep_remove_dir(dir);
    return took;
}

/* The first tasks of a run are polled when those of the one before say so. What
 * another model's took says nothing. */
static void test_another_run(void **state)
{
    (void)state;
    assert_within(make_film_after("aleph2"), 62e6 + ENCODING + SECOND / 2);
    assert_true(make_film_after("aleph3") > 64 * SECOND);
    assert_true(make_new_film(1) > 64 * SECOND);
}

/* A task that is denied now and then goes on, however long it has been waited for:
 * another in its place would be paid twice. One that is denied for ten minutes at
 * each poll is lost. */
static void test_a_task_that_is_denied(void **state)
{
    RunwayOutcome ret = RUNWAY_OK;
    int64_t start;
    RunwayJob *job = NULL;
    RunwayError err;
    char *dir = sweep_make_dir();

    (void)state;
    assert_non_null(dir);
    let_tasks_take(900, 900, 0);
    provider.denied_from = 650 * SECOND;
    provider.denied_to   = 690 * SECOND;
    assert_true(make_new_film(1) >= 900 * SECOND);
    assert_true(provider.nb_denied > 0);

    provider.denied_from = 100 * SECOND;
    provider.denied_to   = INT64_MAX;
    begin(dir, 1);
    start = ff_runway_now();
    admit(0);
    while (!job && !ret)
        ret = ff_runway_pipeline_take(pipeline, 90 * SECOND, &job, &err);
    assert_int_equal(ret, RUNWAY_TASK_LOST);
    assert_in_range((provider.last - start) / SECOND, 700, 800);
    assert_non_null(strstr(err.text, "polls it once more, for free"));
    ff_runway_job_free(&job);
    ff_runway_pipeline_free(&pipeline);
    provider.denied_from = provider.denied_to = 0;
    sweep_remove_dir(dir);
}

/* A read that fails, and one whose output is late, is a poll as any other: the next
 * one is not nearer than the provider allows. */
static void test_reads_that_are_put_off(void **state)
{
    (void)state;
    let_tasks_take(60, 60, 1);
    provider.busy         = 3;
    provider.output_after = 20 * SECOND;
    provider.read         = 0;
    provider.nearest      = INT64_MAX;
    make_new_film(1);
    assert_int_equal(provider.busy, 0);
    assert_in_range(provider.nearest, RUNWAY_POLL_MIN, 6 * SECOND);
}

/* How long it takes until a second create, which is always put off, ends the
 * run, when the first clip's task takes so long. */
static int64_t put_off(int64_t takes, RunwayError *err)
{
    char *dir = sweep_make_dir();
    RunwayOutcome ret = RUNWAY_OK;
    int64_t start;

    assert_non_null(dir);
    begin(dir, 2);
    provider.takes[0] = takes;
    start = ff_runway_now();
    admit(0);
    spend(SECOND);
    provider.running++; /* somebody else's, who keeps the place */
    admit(1);
    while (!ret) {
        RunwayJob *job;

        ret = ff_runway_pipeline_take(pipeline, SECOND, &job, err);
        ff_runway_job_free(&job);
    }
    assert_int_equal(ret, RUNWAY_UNAVAILABLE);
    assert_int_equal(provider.nb, 1);
    ff_runway_pipeline_free(&pipeline);
    sweep_remove_dir(dir);
    return ff_runway_now() - start;
}

/* An account that has fewer places than the run asks for puts creates off until a
 * task has ended, however long that takes: then one is tried at once. Where none of them moves any more, the
 * run ends. */
static void test_creates_that_are_put_off(void **state)
{
    RunwayError err;

    (void)state;
    let_tasks_take(1200, 1200, 0);
    provider.places = 1;
    assert_within(make_new_film(5), 5 * 1207e6);
    let_tasks_take(10, 10, 1);
    provider.places = 4;
    assert_within(make_new_film(60), 1.2 * 150e6);
    let_tasks_take(1200, 1200, 0);
    provider.places = 1;

    assert_in_range(put_off(1200 * SECOND, &err) / SECOND, 2100, 2180);
    assert_non_null(strstr(err.text, "clip 2: the create request has failed "
                           "for 21"));
    provider.state = RUNWAY_TASK_PENDING;
    assert_in_range(put_off(1200 * SECOND, &err) / SECOND, 900, 980);
}

/* What is uploaded does not live for long: a create that waits for its place for
 * more than half of that has it uploaded anew. */
static void test_uploads_that_grow_old(void **state)
{
    static const int hours[] = { 11, 13 };

    (void)state;
    uploads = 1;
    provider.state = RUNWAY_TASK_THROTTLED;
    for (int i = 0; i < 2; i++) {
        char *dir = sweep_make_dir();

        assert_non_null(dir);
        provider.takes[0] = provider.takes[1] = hours[i] * 3600 * SECOND;
        provider.uploads  = 0;
        begin(dir, 1);
        admit(0);
        admit(1);
        while (provider.nb < 2)
            spend(60 * SECOND);
        ff_runway_pipeline_free(&pipeline);
        sweep_remove_dir(dir);
        assert_int_equal(provider.uploads, 2 + i);
        assert_in_range((provider.created[1] - provider.uploaded[1]) / SECOND,
                        0, i ? 1 : 12 * 3600);
    }
}

/* The first job comes out: now it is known what a task takes. */
static void take_first(void)
{
    RunwayJob *job = NULL;
    RunwayError err;

    assert_int_equal(ff_runway_pipeline_take(pipeline, 90 * SECOND, &job, &err), RUNWAY_OK);
    assert_non_null(job);
    ff_runway_job_free(&job);
}

/* A clip is wanted when a place is free or will be in seconds, until one waits. */
static void test_a_place_that_will_be_free(void **state)
{
    char *dir = sweep_make_dir();

    (void)state;
    assert_non_null(dir);
    let_tasks_take(60, 60, 1);
    begin(dir, 1);
    assert_true(ff_runway_pipeline_is_short(pipeline));
    admit(0);
    assert_false(ff_runway_pipeline_is_short(pipeline));
    take_first();
    admit(1);
    spend(50 * SECOND);
    assert_false(ff_runway_pipeline_is_short(pipeline));
    spend(8 * SECOND);
    assert_int_equal(provider.running, 1);
    assert_true(ff_runway_pipeline_is_short(pipeline));
    admit(2);
    assert_int_equal(provider.running, 1);
    assert_false(ff_runway_pipeline_is_short(pipeline));
    ff_runway_pipeline_free(&pipeline);
    sweep_remove_dir(dir);
}

/* A task that has succeeded has no place, though its output is late; but it is
 * not checked. */
static void test_outputs_that_are_late(void **state)
{
    char *dir = sweep_make_dir();

    (void)state;
    assert_non_null(dir);
    let_tasks_take(60, 60, 1);
    provider.takes[1]     = 200 * SECOND;
    provider.takes[2]     = 10 * SECOND;
    provider.output_after = 20 * SECOND;
    begin(dir, 2);
    for (int i = 0; i < 4; i++)
        admit(i);
    while (provider.nb < 4)
        spend(SECOND);
    ff_runway_pipeline_free(&pipeline);
    sweep_remove_dir(dir);
    assert_in_range((provider.created[2] - provider.created[0]) / SECOND, 60, 70);
    assert_in_range((provider.created[3] - provider.created[0]) / SECOND, 80, 145);
}

/* Another try waits for what is unchecked, too: the second clip's until the first
 * result is here. */
static void test_another_try(void **state)
{
    char *dir = sweep_make_dir();

    (void)state;
    assert_non_null(dir);
    let_tasks_take(60, 60, 1);
    provider.takes[1]       = 100 * SECOND;
    provider.takes[2]       = 30 * SECOND;
    provider.is_failed[1]   = 1;
    provider.download_takes = 100 * SECOND;
    begin(dir, 2);
    for (int i = 0; i < 4; i++)
        admit(i);
    while (provider.nb < 4)
        spend(SECOND);
    assert_int_equal(provider.nb_checked, 1);
    assert_in_range((provider.created[3] - provider.created[0]) / SECOND, 160, 170);
    provider.download_takes = 0;
    while (provider.nb < 5 || provider.fetching)
        spend(SECOND);
    ff_runway_pipeline_free(&pipeline);
    sweep_remove_dir(dir);
}

/* What failed for a passing reason would fail again at once: each further try is
 * bought after twice as long, and nobody waits for that when the run ends. */
static void test_tries_that_fail(void **state)
{
    static const int pauses[] = { 15, 30, 60, 120, 240, 300, 300 };
    char *dir = sweep_make_dir();
    int64_t end;

    (void)state;
    assert_non_null(dir);
    let_tasks_take(60, 60, 1);
    retries = 8;
    for (int i = 0; i < 8; i++)
        provider.is_failed[i] = 1;
    begin(dir, 1);
    admit(0);
    while (!provider.is_done[7])
        spend(SECOND);
    end = provider.created[7] + 60 * SECOND;
    while (ff_runway_now() < end + 100 * SECOND)
        spend(SECOND);
    ff_runway_pipeline_free(&pipeline);
    assert_in_range((ff_runway_now() - end) / SECOND, 100, 101);
    assert_int_equal(provider.nb, 8);
    sweep_remove_dir(dir);
    for (int i = 0; i < 7; i++)
        assert_in_range((provider.created[i + 1] - provider.created[i]) / SECOND - 60,
                        pauses[i], pauses[i] + 1);
}

/* The place of what failed is another clip's until it may be tried again; not so
 * where a cap may leave nothing for it then. */
static void test_the_place_of_what_failed(void **state)
{
    (void)state;
    for (int capped = 0; capped < 2; capped++) {
        char *dir = sweep_make_dir();

        assert_non_null(dir);
        let_tasks_take(60, 60, 1);
        cap = capped * 1000;
        provider.is_failed[0] = 1;
        begin(dir, 1);
        admit(0);
        admit(1);
        while (provider.nb < 3)
            spend(SECOND);
        ff_runway_pipeline_free(&pipeline);
        sweep_remove_dir(dir);
        assert_in_range((provider.created[1] - provider.created[0]) / SECOND,
                        60 + 15 * capped, 61 + 15 * capped);
        assert_in_range((provider.created[2] - provider.created[1]) / SECOND, 60, 61);
    }
}

/* Nor does a place stand idle while the first clip's upload is long in coming, where
 * another one is ready. What a cap leaves is for the first one. */
static void test_an_upload_that_takes_long(void **state)
{
    (void)state;
    for (int capped = 0; capped < 2; capped++) {
        char *dir = sweep_make_dir();
        int64_t start = ff_runway_now();

        assert_non_null(dir);
        let_tasks_take(60, 60, 1);
        cap = capped * 1000;
        uploads = 1;
        provider.uploads = 0;
        provider.first_upload_takes = 20 * SECOND;
        begin(dir, 1);
        admit(0);
        admit(1);
        while (provider.nb < 2)
            spend(SECOND);
        ff_runway_pipeline_free(&pipeline);
        sweep_remove_dir(dir);
        assert_in_range((provider.created[0] - start) / SECOND, 20 * capped, 1 + 20 * capped);
        assert_in_range((provider.created[1] - provider.created[0]) / SECOND, 60, 61);
    }
}

/* Tasks that began together end together: as many clips as there are places wait
 * for that, and two where there is but one. */
static void test_what_waits(void **state)
{
    (void)state;
    for (int slots = 1; slots < 6; slots++) {
        char *dir = sweep_make_dir();
        int nb = 0;

        assert_non_null(dir);
        let_tasks_take(600, 600, 1);
        begin(dir, slots);
        for (int i = 0; i < 40; i++)
            if (ff_runway_pipeline_accepts(pipeline))
                admit(nb++);
            else
                spend(SECOND);
        ff_runway_pipeline_cancel(pipeline);
        ff_runway_pipeline_free(&pipeline);
        sweep_remove_dir(dir);
        assert_int_equal(nb, slots + (slots > 2 ? slots : 2));
    }
}

/* What was checked is known to be good: while it is written to a slow disk, the
 * next create goes out. */
static void test_a_result_that_is_kept(void **state)
{
    char *dir = sweep_make_dir();

    (void)state;
    assert_non_null(dir);
    let_tasks_take(60, 60, 1);
    keeping_takes = 100 * SECOND;
    begin(dir, 1);
    admit(0);
    admit(1);
    for (int i = 0; provider.nb < 2 && i < 200; i++)
        spend(SECOND);
    assert_int_equal(provider.nb, 2);
    keeping_takes = 0;
    spend(101 * SECOND); /* or who waits for the threads would wait for ever */
    ff_runway_pipeline_free(&pipeline);
    sweep_remove_dir(dir);
    assert_within(provider.created[1] - provider.created[0], 62e6);
}

/* What is left of a task that another run sent says nothing of how long one
 * takes. */
static void test_the_rest_of_a_task(void **state)
{
    char *dir = sweep_make_dir();
    RunwayError err;
    RunwayJob *job;

    (void)state;
    assert_non_null(dir);
    let_tasks_take(60, 60, 1);
    begin(dir, 1);
    admit(0);
    spend(40 * SECOND);
    assert_int_equal(provider.nb, 1);
    assert_in_range(pipeline->shown_time / SECOND, 55, 65);
    ff_runway_pipeline_cancel(pipeline);
    ff_runway_pipeline_free(&pipeline);

    begin(dir, 1);
    provider.nb = provider.running = 1;
    same_again = 1;
    job = make_job(0);
    assert_int_equal(ff_runway_pipeline_admit(pipeline, &job, &err), RUNWAY_OK);
    for (int i = 0; provider.running && i < 100; i++) {
        spend(SECOND);
        assert_int_equal(pipeline->shown_time, 0);
    }
    assert_int_equal(provider.running, 0);
    ff_runway_pipeline_free(&pipeline);
    sweep_remove_dir(dir);
    assert_int_equal(provider.nb, 1);
}

/* A storage that is out of order is asked less and less often. */
static void test_a_storage_that_fails(void **state)
{
    char *dir = sweep_make_dir();

    (void)state;
    assert_non_null(dir);
    let_tasks_take(60, 60, 1);
    uploads = 1;
    provider.uploads = 0;
    begin(dir, 1);
    provider.storage_opens = ff_runway_now() + 300 * SECOND;
    admit(0);
    while (provider.nb < 1)
        spend(SECOND);
    provider.storage_opens = 0;
    ff_runway_pipeline_free(&pipeline);
    sweep_remove_dir(dir);
    assert_in_range(provider.uploads, 8, 40);
}

/* Few at a time, and those first that are needed first. */
static void test_downloads(void **state)
{
    (void)state;
    let_tasks_take(60, 60, 0);
    provider.download_takes = 20 * SECOND;
    make_new_film(SLOTS);
    assert_int_equal(provider.most_fetching, 4);
    assert_int_equal(provider.nb_fetched, SLOTS);
    for (int i = 0; i < SLOTS; i++)
        assert_int_equal(provider.fetched[i], i);
}

/* One at a time, and the first clip's first, whichever came before it. */
static void test_checks(void **state)
{
    static const int order[] = { 3, 0, 1, 2, 4, 5, 6, 7 };

    (void)state;
    let_tasks_take(60, 60, 0);
    for (int i = 4; i < 8; i++)
        provider.takes[i] = 100 * SECOND;
    provider.download_takes = 80 * SECOND;
    provider.download_step  = 5 * SECOND;
    provider.check_takes    = 100 * SECOND;
    make_new_film(8);
    assert_int_equal(provider.most_checking, 1);
    assert_int_equal(provider.nb_checked, 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(provider.checked[i], order[i]);
}

/* A server whose every result is a web page is paid for twice as many tasks at most
 * as are made at a time, also if the pages are slow to come. */
static void test_pages(void **state)
{
    (void)state;
    provider.sends_pages = 1;
    let_tasks_take(60, 60, 1);
    make_new_film(TASKS_MAX);
    assert_in_range(provider.nb, SLOTS, 2 * SLOTS);
    let_tasks_take(5, 5, 1);
    provider.download_takes = 100 * SECOND;
    make_new_film(TASKS_MAX);
    assert_in_range(provider.nb, SLOTS + 1, 2 * SLOTS);
}

/* Results that are slower to come than four at a time keep no place idle, as long
 * as they come faster than tasks end. */
static void test_slow_downloads(void **state)
{
    (void)state;
    let_tasks_take(60, 60, 0);
    provider.download_takes = 10 * SECOND;
    assert_within(make_new_film(300), 1.05 * (double)floor_of(300));
}

/* Behind each test: what it has set, and what it has left running if it failed,
 * which would wait for ever. */
static int clean_up(void **state)
{
    (void)state;
    provider.download_takes = provider.download_step = provider.check_takes = 0;
    provider.sends_pages    = 0;
    provider.output_after   = provider.first_upload_takes = 0;
    memset(provider.is_failed, 0, sizeof(provider.is_failed));
    provider.busy           = 0;
    retries                 = 1;
    cap                     = 0;
    keeping_takes           = 0;
    provider.places         = uploads = 0;
    provider.state          = RUNWAY_TASK_RUNNING;
    reported = NULL;
    if (pipeline)
        ff_runway_pipeline_cancel(pipeline);
    pthread_mutex_lock(&clock_lock);
    clock_now += 1000000 * SECOND;
    while (waiters)
        wake(&waiters);
    pthread_mutex_unlock(&clock_lock);
    ff_runway_pipeline_free(&pipeline);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_tasks_of_a_minute, clean_up),
        cmocka_unit_test_teardown(test_times_that_vary, clean_up),
        cmocka_unit_test_teardown(test_a_task_that_takes_long, clean_up),
        cmocka_unit_test_teardown(test_times_that_vary_and_progress, clean_up),
        cmocka_unit_test_teardown(test_first_tasks, clean_up),
        cmocka_unit_test_teardown(test_the_time_to_the_end, clean_up),
        cmocka_unit_test_teardown(test_another_run, clean_up),
        cmocka_unit_test_teardown(test_a_task_that_is_denied, clean_up),
        cmocka_unit_test_teardown(test_reads_that_are_put_off, clean_up),
        cmocka_unit_test_teardown(test_creates_that_are_put_off, clean_up),
        cmocka_unit_test_teardown(test_uploads_that_grow_old, clean_up),
        cmocka_unit_test_teardown(test_a_place_that_will_be_free, clean_up),
        cmocka_unit_test_teardown(test_outputs_that_are_late, clean_up),
        cmocka_unit_test_teardown(test_another_try, clean_up),
        cmocka_unit_test_teardown(test_tries_that_fail, clean_up),
        cmocka_unit_test_teardown(test_the_place_of_what_failed, clean_up),
        cmocka_unit_test_teardown(test_an_upload_that_takes_long, clean_up),
        cmocka_unit_test_teardown(test_what_waits, clean_up),
        cmocka_unit_test_teardown(test_a_result_that_is_kept, clean_up),
        cmocka_unit_test_teardown(test_the_rest_of_a_task, clean_up),
        cmocka_unit_test_teardown(test_a_storage_that_fails, clean_up),
        cmocka_unit_test_teardown(test_downloads, clean_up),
        cmocka_unit_test_teardown(test_checks, clean_up),
        cmocka_unit_test_teardown(test_slow_downloads, clean_up),
        cmocka_unit_test_teardown(test_pages, clean_up),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
