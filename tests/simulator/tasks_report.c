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

#include <stddef.h>

#include "tasks_own.h"

static void add_number_or_null(cJSON *object, const char *name, int value,
                               int is_number)
{
    if (is_number)
        cJSON_AddNumberToObject(object, name, value);
    else
        cJSON_AddNullToObject(object, name);
}

cJSON *sim_tasks_organization(SimTasks *tasks)
{
    const SimOptions *options = tasks->options;
    cJSON *body = cJSON_CreateObject();
    cJSON *tier, *usage, *limits, *counts;
    double balance;

    pthread_mutex_lock(&tasks->lock);
    balance = (options->balance >= 0 ? options->balance : 1000000) -
              tasks->credits;
    cJSON_AddNumberToObject(body, "creditBalance", balance);
    tier = cJSON_AddObjectToObject(body, "tier");
    cJSON_AddNumberToObject(tier, "maxMonthlyCreditSpend", 1000000);
    limits = cJSON_AddObjectToObject(tier, "models");
    usage  = cJSON_AddObjectToObject(body, "usage");
    counts = cJSON_AddObjectToObject(usage, "models");
    for (const SimModel *model = sim_models; model->name; model++) {
        cJSON *limit = cJSON_AddObjectToObject(limits, model->name);
        cJSON *count = cJSON_AddObjectToObject(counts, model->name);
        int n = 0;

        add_number_or_null(limit, "maxConcurrentGenerations",
                           options->concurrency, options->concurrency > 0);
        add_number_or_null(limit, "maxDailyGenerations", options->daily,
                           options->daily >= 0);
        for (const Task *task = tasks->first; task; task = task->next)
            n += task->model == model;
        cJSON_AddNumberToObject(count, "dailyGenerations", n);
    }
    pthread_mutex_unlock(&tasks->lock);
    return body;
}

/* Tasks by digest: one that was billed twice stands out. */
static void add_counts(cJSON *stats, const char *name, const Task *first,
                       size_t offset)
{
    cJSON *counts = cJSON_AddObjectToObject(stats, name);

    for (const Task *task = first; task; task = task->next) {
        const char *digest = (const char *)task + offset;
        cJSON *count;

        if (!*digest)
            continue;
        count = cJSON_GetObjectItemCaseSensitive(counts, digest);
        if (count)
            cJSON_SetNumberValue(count, count->valuedouble + 1);
        else
            cJSON_AddNumberToObject(counts, digest, 1);
    }
}

cJSON *sim_tasks_stats(SimTasks *tasks)
{
    cJSON *stats = cJSON_CreateObject(), *states;
    int counts[STATUS_CANCELLED + 1] = { 0 };

    pthread_mutex_lock(&tasks->lock);
    sim_tasks_advance(tasks);
    cJSON_AddNumberToObject(stats, "creates", (double)tasks->creates);
    cJSON_AddNumberToObject(stats, "billed", tasks->nb_tasks);
    cJSON_AddNumberToObject(stats, "credits", tasks->credits);
    for (const Task *task = tasks->first; task; task = task->next)
        counts[task->ended >= 0 ? task->end_status :
               task->released < 0 ? STATUS_THROTTLED : STATUS_RUNNING]++;
    states = cJSON_AddObjectToObject(stats, "states");
    for (int i = STATUS_THROTTLED; i <= STATUS_CANCELLED; i++)
        cJSON_AddNumberToObject(states, sim_status_name(i), counts[i]);
    add_counts(stats, "billed_by_body", tasks->first,
               offsetof(Task, body_sha256));
    add_counts(stats, "billed_by_clip", tasks->first,
               offsetof(Task, clip_sha256));
    pthread_mutex_unlock(&tasks->lock);
    return stats;
}
