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
 * runway-tasks list, and sum.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "runway_tasks.h"

static double cost_of(const RunwayRecord *r)
{
    double cost = 0;

    for (int i = 0; i < r->nb_tries; i++)
        cost += ff_runway_try_cost(&r->tries[i]);
    return cost;
}

static cJSON *to_json(const Tool *t, const RunwayRecord *r)
{
    cJSON *json = cJSON_CreateObject(), *outputs, *tries;

    cJSON_AddStringToObject(json, "clip", r->identity);
    cJSON_AddStringToObject(json, "state", ff_runway_clip_state_name(
                                               ff_runway_record_state(r)));
    cJSON_AddStringToObject(json, "label", r->label);
    cJSON_AddStringToObject(json, "provider", r->provider);
    cJSON_AddStringToObject(json, "endpoint", r->endpoint);
    cJSON_AddStringToObject(json, "model", r->model);
    cJSON_AddBoolToObject(json, "result",
                          ff_runway_results_has(t->results, r->identity,
                                                1) > 0);
    cJSON_AddNumberToObject(json, "updated", (double)r->updated);
    cJSON_AddNumberToObject(json, "credits", cost_of(r));
    if (r->damage[0])
        cJSON_AddStringToObject(json, "damage", r->damage);
    outputs = cJSON_AddArrayToObject(json, "outputs");
    for (int i = 0; i < r->nb_outputs; i++)
        cJSON_AddItemToArray(outputs, cJSON_CreateString(r->outputs[i]));
    tries = cJSON_AddArrayToObject(json, "tries");
    for (int i = 0; i < r->nb_tries; i++) {
        const RunwayTry *a = &r->tries[i];
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "state",
                                ff_runway_clip_state_name(a->state));
        cJSON_AddNumberToObject(item, "time", (double)a->time);
        cJSON_AddStringToObject(item, "output", a->output);
        cJSON_AddStringToObject(item, "task", a->task_id);
        cJSON_AddNumberToObject(item, "credits", ff_runway_try_cost(a));
        cJSON_AddBoolToObject(item, "adopted", a->adopted);
        if (a->failure[0])
            cJSON_AddStringToObject(item, "failure", a->failure);
        cJSON_AddItemToArray(tries, item);
    }
    return json;
}

static void put_age(const RunwayRecord *r, char *text, size_t size)
{
    int64_t age = (int64_t)time(NULL) - r->updated;

    if (age < 0)
        age = 0;
    /* a damaged record does not say */
    if (!r->updated)
        snprintf(text, size, "-");
    else if (age < 7200)
        snprintf(text, size, "%d min", (int)(age / 60));
    else if (age < 172800)
        snprintf(text, size, "%d h", (int)(age / 3600));
    else
        snprintf(text, size, "%d d", (int)(age / 86400));
}

static int list_one(void *opaque, const RunwayRecord *r)
{
    const Tool *t = opaque;
    const RunwayTry *a = r->nb_tries ? &r->tries[r->nb_tries - 1] : NULL;
    char age[32];

    if (t->json) {
        cJSON *json = to_json(t, r);
        char *text = json ? cJSON_PrintUnformatted(json) : NULL;

        if (text)
            puts(text);
        cJSON_free(text);
        cJSON_Delete(json);
        return 0;
    }
    put_age(r, age, sizeof(age));
    printf("%.*s  %.*s  %-9s %-16s %7.6g  %7s  %-36s  %s%s\n", SHORT,
           r->identity, SHORT, a && a->output[0] ? a->output : "-           ",
           r->provider[0] ? r->provider : "-",
           ff_runway_clip_state_name(ff_runway_record_state(r)), cost_of(r),
           age, a && a->task_id[0] ? a->task_id : "-",
           r->damage[0] ? r->damage : r->label,
           ff_runway_results_has(t->results, r->identity, 0) ? "" :
           ff_runway_record_state(r) == RUNWAY_CLIP_STORED ?
           " (its result is missing)" : "");
    return 0;
}

int tasks_list(Tool *t)
{
    RunwayError err;

    if (tasks_open_journal(t, 1))
        return 1;
    if (!t->json)
        printf("%-12s  %-12s  %-9s %-16s %7s  %7s  %-36s  %s\n", "clip",
               "output", "provider", "state", "credits", "age", "task",
               "what");
    return ff_runway_journal_each(t->journal, list_one, t, &err) ?
           tasks_complain(&err) : 0;
}

typedef struct Line {
    char key[RUNWAY_IDENTITY_SIZE];
    double credits;
    int tries;
} Line;

typedef struct Lines {
    Line *list;
    int nb;
} Lines;

static void add(Lines *lines, const char *key, double credits)
{
    Line *list;

    for (int i = 0; i < lines->nb; i++) {
        if (!strcmp(lines->list[i].key, key)) {
            lines->list[i].credits += credits;
            lines->list[i].tries++;
            return;
        }
    }
    list = realloc(lines->list, (size_t)(lines->nb + 1) * sizeof(*list));
    if (!list)
        return;
    lines->list = list;
    list += lines->nb++;
    ff_runway_copy_text(list->key, sizeof(list->key), key);
    list->credits = credits;
    list->tries   = 1;
}

static int sum_one(void *opaque, const RunwayRecord *r)
{
    Lines *lines = opaque; /* by output, by day, all */

    for (int i = 0; i < r->nb_tries; i++) {
        double credits = ff_runway_try_cost(&r->tries[i]);
        time_t when = (time_t)r->tries[i].time;
        char day[32] = "?";
        struct tm tm;

        if (gmtime_r(&when, &tm))
            strftime(day, sizeof(day), "%Y-%m-%d", &tm);
        add(&lines[0], r->tries[i].output, credits);
        add(&lines[1], day, credits);
        add(&lines[2], "all", credits);
    }
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const Line *)a)->key, ((const Line *)b)->key);
}

int tasks_sum(Tool *t)
{
    static const char *const names[] = { "output", "day", "" };
    Lines lines[3] = { { NULL, 0 } };
    RunwayError err;
    RunwayOutcome ret;

    if (tasks_open_journal(t, 1))
        return 1;
    ret = ff_runway_journal_each(t->journal, sum_one, lines, &err);
    for (int i = 0; i < 3 && !ret; i++) {
        if (lines[i].nb)
            qsort(lines[i].list, (size_t)lines[i].nb, sizeof(Line), by_key);
        for (int k = 0; k < lines[i].nb; k++)
            printf("%-6s %-12.12s  %3d tasks  %9.8g credits\n", names[i],
                   lines[i].list[k].key[0] ? lines[i].list[k].key : "-",
                   lines[i].list[k].tries, lines[i].list[k].credits);
    }
    for (int i = 0; i < 3; i++)
        free(lines[i].list);
    return ret ? tasks_complain(&err) : 0;
}
