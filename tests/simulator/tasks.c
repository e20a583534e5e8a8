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

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sha256.h"
#include "tasks_own.h"

/* Shares of the latency: how long a task waits in the queue, and from when on
 * the model reports how far it is. */
#define PENDING_SHARE 0.15
#define PROGRESS_SHARE 0.3

const char *sim_status_name(SimStatus status)
{
    static const char *const names[] = {
        [STATUS_PENDING]   = "PENDING",
        [STATUS_THROTTLED] = "THROTTLED",
        [STATUS_RUNNING]   = "RUNNING",
        [STATUS_SUCCEEDED] = "SUCCEEDED",
        [STATUS_FAILED]    = "FAILED",
        [STATUS_CANCELLED] = "CANCELLED",
    };

    return names[status];
}

static void log_end(SimTasks *tasks, const Task *task)
{
    cJSON *line = sim_log_event("ended"), *result;

    cJSON_AddStringToObject(line, "task", task->id);
    cJSON_AddStringToObject(line, "status", sim_status_name(task->end_status));
    cJSON_AddNumberToObject(line, "after",
                            sim_log_seconds(task->ended - task->created));
    cJSON_AddNumberToObject(line, "credits", task->credits);
    if (task->failure_code[0])
        cJSON_AddStringToObject(line, "failureCode", task->failure_code);
    if (task->failure[0])
        cJSON_AddStringToObject(line, "failure", task->failure);
    if (task->end_status == STATUS_SUCCEEDED) {
        char rate[32];

        result = cJSON_AddObjectToObject(line, "result");
        if (!tasks->options->result_file) {
            cJSON_AddNumberToObject(result, "width", task->width);
            cJSON_AddNumberToObject(result, "height", task->height);
            cJSON_AddNumberToObject(result, "frames", (double)task->frames);
            snprintf(rate, sizeof(rate), "%d/%d", task->rate_num,
                     task->rate_den);
            cJSON_AddStringToObject(result, "rate", rate);
        }
        cJSON_AddNumberToObject(result, "bytes", (double)task->size);
        cJSON_AddStringToObject(result, "sha256", task->result_sha256);
    }
    sim_log_write(tasks->log, line);
}

/* When a running task is over, or INFINITY while that is not known. */
static double end_of(const SimTasks *tasks, const Task *task)
{
    double end = task->released + tasks->options->latency;

    if (task->rendered < 0)
        return INFINITY;
    return task->rendered > end ? task->rendered : end;
}

static int is_running(const Task *task)
{
    return task->released >= 0 && task->ended < 0;
}

static void end_task(SimTasks *tasks, Task *task, double t, SimStatus status)
{
    task->ended      = t;
    task->end_status = status;
    log_end(tasks, task);
}

/* Lets tasks out of THROTTLED, oldest first, while places are free. */
static void release_tasks(SimTasks *tasks, double t)
{
    int running = 0, limit = tasks->options->concurrency;

    for (const Task *task = tasks->first; task; task = task->next)
        running += is_running(task);
    for (Task *task = tasks->first; task; task = task->next) {
        if (task->released >= 0 || task->ended >= 0)
            continue;
        if (limit && running >= limit)
            break;
        task->released = t;
        running++;
    }
}

double sim_tasks_advance(SimTasks *tasks)
{
    double now = sim_now();

    for (;;) {
        double due = INFINITY;
        Task *next = NULL;

        for (Task *task = tasks->first; task; task = task->next) {
            double end = is_running(task) ? end_of(tasks, task) : INFINITY;

            if (end < due) {
                due  = end;
                next = task;
            }
        }
        if (!next || due > now)
            return due;
        if (!strcmp(next->failure_code, "CANCELLED")) {
            next->failure[0] = next->failure_code[0] = '\0';
            end_task(tasks, next, due, STATUS_CANCELLED);
        } else {
            end_task(tasks, next, due, next->failure[0] ? STATUS_FAILED
                                                        : STATUS_SUCCEEDED);
        }
        release_tasks(tasks, due);
    }
}

/* Ends are logged when they happen, not when somebody asks. */
static void *ticker(void *opaque)
{
    SimTasks *tasks = opaque;

    pthread_mutex_lock(&tasks->lock);
    while (!tasks->stop) {
        double due = sim_tasks_advance(tasks);

        if (isinf(due))
            pthread_cond_wait(&tasks->cond, &tasks->lock);
        else
            sim_cond_wait_until(&tasks->cond, &tasks->lock, due + 0.0005);
    }
    pthread_mutex_unlock(&tasks->lock);
    return NULL;
}

SimTasks *sim_tasks_alloc(const SimOptions *options, SimLog *log,
                          SimRender *render)
{
    SimTasks *tasks = sim_calloc(sizeof(*tasks));

    tasks->options = options;
    tasks->log     = log;
    tasks->render  = render;
    tasks->last    = &tasks->first;
    pthread_mutex_init(&tasks->lock, NULL);
    sim_cond_init(&tasks->cond);
    if (pthread_create(&tasks->ticker, NULL, ticker, tasks)) {
        sim_tasks_free(tasks);
        return NULL;
    }
    tasks->has_ticker = 1;
    return tasks;
}

void sim_tasks_free(SimTasks *tasks)
{
    if (!tasks)
        return;
    if (tasks->has_ticker) {
        pthread_mutex_lock(&tasks->lock);
        tasks->stop = 1;
        pthread_cond_signal(&tasks->cond);
        pthread_mutex_unlock(&tasks->lock);
        pthread_join(tasks->ticker, NULL);
    }
    while (tasks->first) {
        Task *task = tasks->first;

        tasks->first = task->next;
        free(task->output);
        free(task);
    }
    pthread_cond_destroy(&tasks->cond);
    pthread_mutex_destroy(&tasks->lock);
    free(tasks);
}

SimAllowance sim_tasks_allowance(SimTasks *tasks, int credits)
{
    const SimOptions *options = tasks->options;
    SimAllowance ret = ALLOWANCE_OK;

    pthread_mutex_lock(&tasks->lock);
    if (options->daily >= 0 && tasks->nb_tasks >= options->daily)
        ret = ALLOWANCE_DAY_FULL;
    else if (options->balance >= 0 &&
             tasks->credits + credits > options->balance)
        ret = ALLOWANCE_NO_CREDITS;
    pthread_mutex_unlock(&tasks->lock);
    return ret;
}

static void set_failure(Task *task, const char *code, const char *text)
{
    snprintf(task->failure_code, sizeof(task->failure_code), "%s", code);
    snprintf(task->failure, sizeof(task->failure), "%s",
             text ? text : sim_failure_text(code));
}

/* From a worker, when the result is there or never will be. */
static void render_done(void *opaque, const char *code, const char *error)
{
    char sha256[65] = "";
    Task *task = opaque;
    SimTasks *tasks = task->tasks;
    struct stat st = { 0 };

    if (!code && (sim_sha256_file(task->output, sha256) < 0 ||
                  stat(task->output, &st) < 0)) {
        code  = "INTERNAL";
        error = "the result is not there";
    }

    pthread_mutex_lock(&tasks->lock);
    task->rendered = sim_now();
    if (code) {
        cJSON *line = sim_log_event("render-error");

        cJSON_AddStringToObject(line, "task", task->id);
        cJSON_AddStringToObject(line, "error", error ? error : "");
        sim_log_write(tasks->log, line);
        set_failure(task, code, NULL);
    } else {
        task->size = (uint64_t)st.st_size;
        snprintf(task->result_sha256, sizeof(task->result_sha256), "%s",
                 sha256);
        snprintf(task->etag, sizeof(task->etag), "\"%.32s\"", sha256);
    }
    if (task->deleted)
        unlink(task->output);
    pthread_cond_signal(&tasks->cond);
    pthread_mutex_unlock(&tasks->lock);
}

static void log_billed(SimTasks *tasks, const Task *task)
{
    cJSON *line = sim_log_event("billed");

    cJSON_AddStringToObject(line, "task", task->id);
    cJSON_AddNumberToObject(line, "credits", task->credits);
    cJSON_AddStringToObject(line, "provider",
                            sim_provider_name(task->provider));
    cJSON_AddStringToObject(line, "model", task->model->name);
    cJSON_AddStringToObject(line, "body_sha256", task->body_sha256);
    if (task->clip_sha256[0])
        cJSON_AddStringToObject(line, "clip_sha256", task->clip_sha256);
    cJSON_AddBoolToObject(line, "throttled", task->released < 0);
    sim_log_write(tasks->log, line);
}

void sim_tasks_create(SimTasks *tasks, const SimNewTask *new_task, char id[37])
{
    const SimOptions *options = tasks->options;
    SimRenderJob *job = new_task->job;
    Task *task = sim_calloc(sizeof(*task));

    task->tasks    = tasks;
    task->provider = new_task->provider;
    task->model    = new_task->model;
    task->credits  = new_task->credits;
    task->held     = new_task->held;
    task->released = task->rendered = task->ended = -1;
    sim_random_uuid(task->id);
    sim_iso_time(task->created_at);
    snprintf(task->body_sha256, sizeof(task->body_sha256), "%s",
             new_task->body_sha256);
    if (new_task->clip_sha256)
        snprintf(task->clip_sha256, sizeof(task->clip_sha256), "%s",
                 new_task->clip_sha256);

    pthread_mutex_lock(&tasks->lock);
    tasks->nb_tasks++;
    if (new_task->failure_code)
        set_failure(task, new_task->failure_code, NULL);
    for (int i = 0; i < options->nb_fail_tasks; i++) {
        const SimFailTask *fail = &options->fail_tasks[i];

        if (!fail->n || fail->n == tasks->nb_tasks)
            set_failure(task, fail->code, NULL);
    }
    if (task->failure[0] || !job) {
        task->rendered = 0;
        sim_render_job_free(job);
        job = NULL;
    } else {
        task->output   = sim_strdup(job->output);
        task->width    = job->width;
        task->height   = job->height;
        task->frames   = job->frames;
        task->rate_num = job->rate_num;
        task->rate_den = job->rate_den;
        snprintf(task->file, sizeof(task->file), "%s.%s", task->id,
                 job->extension);
        job->done   = render_done;
        job->opaque = task;
    }
    task->created   = sim_now();
    tasks->credits += task->credits;
    *tasks->last    = task;
    tasks->last     = &task->next;
    sim_tasks_advance(tasks);
    release_tasks(tasks, task->created);
    log_billed(tasks, task);
    memcpy(id, task->id, sizeof(task->id));
    pthread_cond_signal(&tasks->cond);
    pthread_mutex_unlock(&tasks->lock);

    if (job)
        sim_render_start(tasks->render, job);
}

static Task *find(SimTasks *tasks, SimProvider provider, const char *id)
{
    for (Task *task = tasks->first; task; task = task->next) {
        if (task->provider == provider && !task->deleted &&
            !strcmp(task->id, id))
            return task;
    }
    return NULL;
}

/* A JWT in looks: three parts. Old ones stay good for their own time. */
static void sign(SimTasks *tasks, Task *task, SimTaskView *view)
{
    Token *token = &task->tokens[task->next_token++ % MAX_TOKENS];
    char parts[3][40];

    sim_random_token(parts[0], 20);
    sim_random_token(parts[1], 39);
    sim_random_token(parts[2], 39);
    snprintf(token->text, sizeof(token->text), "eyJ%s.%s.%s", parts[0],
             parts[1], parts[2]);
    token->expires = sim_now() + tasks->options->url_lifetime;
    snprintf(view->token, sizeof(view->token), "%s", token->text);
    snprintf(view->file, sizeof(view->file), "%s", task->file);
}

int sim_tasks_read(SimTasks *tasks, SimProvider provider, const char *id,
                   SimTaskView *view)
{
    const SimOptions *options = tasks->options;
    double now, elapsed;
    int ret = -1;
    Task *task;

    memset(view, 0, sizeof(*view));
    view->progress = -1;
    pthread_mutex_lock(&tasks->lock);
    sim_tasks_advance(tasks);
    now  = sim_now();
    task = find(tasks, provider, id);
    if (!task)
        goto end;
    ret = -2;
    if (provider == PROVIDER_COMET &&
        now < task->created + options->not_exist_for)
        goto end;
    ret = 0;
    snprintf(view->id, sizeof(view->id), "%s", task->id);
    snprintf(view->created_at, sizeof(view->created_at), "%s",
             task->created_at);
    view->credits = task->ended >= 0 ? task->credits : task->held;
    elapsed       = now - task->released;
    if (task->ended >= 0) {
        view->status = task->end_status;
    } else if (task->released < 0) {
        view->status = STATUS_THROTTLED;
    } else if (elapsed < PENDING_SHARE * options->latency) {
        view->status = STATUS_PENDING;
    } else {
        view->status = STATUS_RUNNING;
        if (elapsed >= PROGRESS_SHARE * options->latency) {
            double start = PROGRESS_SHARE * options->latency;
            double share = options->latency > 0 ? (elapsed - start) /
                           (options->latency - start) : 1;

            view->progress = floor(fmin(share, 0.99) * 1e4) / 1e4;
        }
    }
    if (view->status == STATUS_FAILED) {
        snprintf(view->failure, sizeof(view->failure), "%s", task->failure);
        /* The service leaves the code out now and then. */
        if (strcmp(task->failure_code, "NONE"))
            snprintf(view->failure_code, sizeof(view->failure_code), "%s",
                     task->failure_code);
    }
    if (view->status == STATUS_SUCCEEDED &&
        now >= task->ended + options->output_after)
        sign(tasks, task, view);

end:
    pthread_mutex_unlock(&tasks->lock);
    return ret;
}

int sim_tasks_delete(SimTasks *tasks, SimProvider provider, const char *id)
{
    int ret = -1;
    Task *task;

    pthread_mutex_lock(&tasks->lock);
    sim_tasks_advance(tasks);
    task = find(tasks, provider, id);
    if (task) {
        double now = sim_now();

        task->deleted = 1;
        if (task->ended < 0) {
            task->failure[0] = task->failure_code[0] = '\0';
            end_task(tasks, task, now, STATUS_CANCELLED);
            release_tasks(tasks, now);
        }
        if (task->output && task->rendered >= 0)
            unlink(task->output);
        pthread_cond_signal(&tasks->cond);
        ret = 0;
    }
    pthread_mutex_unlock(&tasks->lock);
    return ret;
}

static SimAccess check_token(const Task *task, const char *text)
{
    for (int i = 0; text && i < MAX_TOKENS; i++) {
        const Token *token = &task->tokens[i];

        if (token->text[0] && !strcmp(token->text, text))
            return sim_now() < token->expires ? ACCESS_GRANTED
                                              : ACCESS_EXPIRED;
    }
    return ACCESS_DENIED;
}

SimAccess sim_tasks_open(SimTasks *tasks, const char *file, const char *token,
                         int *fd, uint64_t *size, char etag[40])
{
    SimAccess ret = ACCESS_UNKNOWN;
    Task *task;

    *fd = -1;
    pthread_mutex_lock(&tasks->lock);
    for (task = tasks->first; task; task = task->next) {
        if (!task->deleted && task->ended >= 0 &&
            task->end_status == STATUS_SUCCEEDED && !strcmp(task->file, file))
            break;
    }
    if (task) {
        ret = check_token(task, token);
        if (ret == ACCESS_GRANTED) {
            *fd   = open(task->output, O_RDONLY | O_CLOEXEC);
            *size = task->size;
            memcpy(etag, task->etag, sizeof(task->etag));
            if (*fd < 0)
                ret = ACCESS_UNKNOWN;
        }
    }
    pthread_mutex_unlock(&tasks->lock);
    return ret;
}

void sim_tasks_count_create(SimTasks *tasks)
{
    pthread_mutex_lock(&tasks->lock);
    tasks->creates++;
    pthread_mutex_unlock(&tasks->lock);
}
