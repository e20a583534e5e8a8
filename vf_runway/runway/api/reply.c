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

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/json.h"
#include "../base/text.h"
#include "reply.h"

/** Credits of a "cost" or "estimatedCost", -1 when not reported. */
static double credits_of(const cJSON *object, const char *name)
{
    const cJSON *item = runway_json_field(object, name);

    if (cJSON_IsObject(item))
        item = runway_json_field(item, "credits");
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) ||
        item->valuedouble < 0)
        return -1;
    return item->valuedouble;
}

/** The estimate of an object, or of one inside it; -1: none. A nought is from
 *  who knows no price: no cap could be kept by that. */
static double estimate_in(const cJSON *item)
{
    double credits = credits_of(item, "estimatedCost");
    const cJSON *child;

    if (credits > 0)
        return credits;
    credits = -1;
    if (cJSON_IsObject(item) || cJSON_IsArray(item))
        cJSON_ArrayForEach(child, item)
            if (credits < 0)
                credits = estimate_in(child);
    return credits;
}

/** Whether a code says that all went well. */
static int is_success(const cJSON *code)
{
    if (cJSON_IsNumber(code))
        return !code->valuedouble || code->valuedouble == 200;
    return cJSON_IsString(code) && (!strcasecmp(code->valuestring, "success") ||
                                    !strcasecmp(code->valuestring, "ok"));
}

RunwayOutcome ff_runway_parse_create(const char *text, size_t size,
                                     char id[RUNWAY_ID_MAX],
                                     double *credits, RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    int found = ff_runway_reply_find_id(text, size, is_success(
                    runway_json_field(root, "code")), id) > 0;

    *credits = found ? estimate_in(root) : -1;
    cJSON_Delete(root);
    return found ? RUNWAY_OK :
           ff_runway_error(err, RUNWAY_UNKNOWN, "the reply to the create "
                           "request has no task id, so the task may have been "
                           "accepted and billed");
}

/** Copy an http or https URL, without the blanks around it and percent-encoded
 *  where it needs that: services put file names into URLs as they are.
 *  @return 0: it is none, or too long */
static int copy_url(char out[RUNWAY_URL_MAX], const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "-._~:/?#[]@!$&'()*+,;=%";
    size_t n = 0, length;

    out[0] = 0;
    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1]))
        length--;
    if (strncasecmp(text, "https://", 8) && strncasecmp(text, "http://", 7))
        return 0;
    for (; length; text++, length--) {
        int is_plain = !!strchr(plain, *text);

        if (n + (is_plain ? 1 : 3) >= RUNWAY_URL_MAX) {
            out[0] = 0;
            return 0;
        }
        n += (size_t)snprintf(out + n, 4, is_plain ? "%c" : "%%%02X",
                              (unsigned char)*text);
    }
    return 1;
}

void ff_runway_slot_free(RunwaySlot **slot)
{
    RunwaySlot *s = *slot;

    if (!s)
        return;
    for (int i = 0; i < s->nb_fields; i++) {
        free(s->names[i]);
        free(s->values[i]);
    }
    free(s->names);
    free(s->values);
    free(s->url);
    free(s->uri);
    free(s);
    *slot = NULL;
}

/** Copy the form's fields in their order. @return 0 when one is no text, or
 *  there are too many: each is looked for in what the storage says */
static int copy_fields(RunwaySlot *slot, const cJSON *fields)
{
    const cJSON *item;

    slot->names  = calloc(RUNWAY_FIELDS_MAX, sizeof(*slot->names));
    slot->values = calloc(RUNWAY_FIELDS_MAX, sizeof(*slot->values));
    if (!slot->names || !slot->values)
        return 0;
    cJSON_ArrayForEach(item, fields) {
        if (!cJSON_IsString(item) || slot->nb_fields == RUNWAY_FIELDS_MAX)
            return 0;
        slot->names[slot->nb_fields]    = strdup(item->string);
        slot->values[slot->nb_fields++] = strdup(item->valuestring);
        if (!slot->names[slot->nb_fields - 1] ||
            !slot->values[slot->nb_fields - 1])
            return 0;
    }
    return 1;
}

/** Whether text can name an upload in a create, which is paid for: not where two
 *  dots in a row say that a secret was in it. */
static int is_upload_uri(const char *text)
{
    if (strncmp(text, "runway://", 9) || strstr(text, ".."))
        return 0;
    while (*text > ' ' && *text < 0x7F)
        text++;
    return !*text;
}

RunwayOutcome ff_runway_parse_slot(const char *text, size_t size,
                                   RunwaySlot **slot, RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const char *url = runway_json_text(root, "uploadUrl");
    const char *uri = runway_json_text(root, "runwayUri");
    const cJSON *fields = runway_json_field(root, "fields");
    RunwaySlot *s = calloc(1, sizeof(*s));
    int too_many;
    const char *wrong =
        !s || !url || !(s->url = malloc(RUNWAY_URL_MAX)) ||
        !copy_url(s->url, url) ? "uploadUrl" :
        !uri || !is_upload_uri(uri) || !(s->uri = strdup(uri)) ? "runwayUri" :
        !cJSON_IsObject(fields) || !copy_fields(s, fields) ? "fields" : NULL;

    cJSON_Delete(root);
    *slot = s;
    if (!wrong)
        return RUNWAY_OK;
    too_many = s && s->nb_fields == RUNWAY_FIELDS_MAX;
    ff_runway_slot_free(slot);
    if (too_many)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE, "the reply to the "
                               "request for an upload slot is refused: its "
                               "form has more than %d fields",
                               RUNWAY_FIELDS_MAX);
    /* what else is in it opens the storage to whoever reads it */
    return ff_runway_error(err, RUNWAY_UNAVAILABLE, "the reply to the request "
                           "for an upload slot is malformed: its \"%s\" is "
                           "missing or wrong", wrong);
}

/** The state an object reports; 0 when it reports none that is known. */
static int state_of(const cJSON *object, RunwayTaskState *state)
{
    const char *text = runway_json_text(object, "status");

    return text && ff_runway_task_state_find(text, state);
}

static int is_final(RunwayTaskState state)
{
    return state == RUNWAY_TASK_SUCCEEDED ||
           state == RUNWAY_TASK_FAILED_STATE ||
           state == RUNWAY_TASK_CANCELLED;
}

/** Progress as 0.25, 25 or "25%"; -1 when not reported. */
static double progress_of(const cJSON *object)
{
    const cJSON *item = runway_json_field(object, "progress");
    double value;

    if (cJSON_IsNumber(item)) {
        value = item->valuedouble;
        if (value > 1)
            value /= 100;
    } else if (cJSON_IsString(item)) {
        /* whole per cents: strtod() would depend on the locale */
        const char *s = item->valuestring;
        int n = 0, digits = 0;

        for (; *s >= '0' && *s <= '9' && digits < 4; s++, digits++)
            n = n * 10 + (*s - '0');
        if (!digits || !strchr(s, '%'))
            return -1;
        value = n / 100.0;
    } else {
        return -1;
    }
    if (!(value >= 0))
        return -1;
    return value > 1 ? 1 : value;
}

/** The first output URL of an object, NULL when it has none. */
static const char *output_of(const cJSON *object)
{
    const cJSON *output = runway_json_field(object, "output");

    if (cJSON_IsArray(output))
        output = cJSON_GetArrayItem(output, 0);
    if (cJSON_IsObject(output))
        output = runway_json_field(output, "url");
    return cJSON_IsString(output) && output->valuestring[0] ?
           output->valuestring : NULL;
}

/**
 * Find the Runway object (*task) and the gateway's wrapping (*wrap, NULL:
 * none) in a reply, and the state that the two together mean.
 */
static int find_state(const cJSON *root, const cJSON **task, const cJSON **wrap,
                      RunwayTaskState *state)
{
    RunwayTaskState outer;

    *wrap = runway_json_field(root, "data");
    *task = runway_json_field(*wrap, "data");
    if (!state_of(*task, state)) {
        const char *word = runway_json_text(*wrap, "status");

        /* an envelope's own status is about the reply, not about the task: also
         * where the task's is a word that nobody knows */
        if (!word)
            word = runway_json_text(*task, "status");
        if (word && !state_of(*wrap, state))
            return 0;
        *task = word ? *wrap : root;
        if (*task == root)
            *wrap = NULL;
        return state_of(*task, state);
    }
    /* The wrapping may lag behind or run ahead. A failure of the gateway's is
     * an end, though; its success is one only once the output is there. */
    if (!is_final(*state) && state_of(*wrap, &outer) &&
        (outer == RUNWAY_TASK_FAILED_STATE || outer == RUNWAY_TASK_CANCELLED ||
         (outer == RUNWAY_TASK_SUCCEEDED && output_of(*task))))
        *state = outer;
    return 1;
}

/* That many digits, -1 for anything else. */
static int number_at(const char *text, int nb)
{
    int value = 0;

    for (int i = 0; i < nb; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = 10 * value + text[i] - '0';
    }
    return value;
}

/* "2026-11-27T03:12:45.678Z" in seconds since the epoch; -1 for anything else. */
static int64_t time_of(const char *text)
{
    int year, month, day, hour, minute, second;
    int64_t days;

    if (!text || strlen(text) < strlen("2026-11-27T03:12:45Z") ||
        text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || !strchr(text, 'Z'))
        return -1;
    year   = number_at(text, 4);
    month  = number_at(text + 5, 2);
    day    = number_at(text + 8, 2);
    hour   = number_at(text + 11, 2);
    minute = number_at(text + 14, 2);
    second = number_at(text + 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 ||
        minute < 0 || second < 0)
        return -1;
    /* a year that begins with March has its odd day at its end */
    year -= month < 3;
    month = (month + 9) % 12;
    days  = (int64_t)year * 365 + year / 4 - year / 100 + year / 400 +
            (month * 153 + 2) / 5 + day - 719469;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

/** Why a task has FAILED. Gateways put the code in front of a text. */
static void fill_failure(RunwayTask *task, const cJSON *object,
                         const cJSON *wrap)
{
    const char *reasons[] = {
        runway_json_text(object, "failure"),
        runway_json_text(wrap, "fail_reason"),
        runway_json_text(object, "fail_reason"),
    };
    const char *code = runway_json_text(object, "failureCode");

    if (code)
        ff_runway_copy_text(task->failure_code, sizeof(task->failure_code),
                            code);
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (!reasons[i])
            continue;
        if (!task->failure[0])
            ff_runway_copy_text(task->failure, sizeof(task->failure),
                                reasons[i]);
        if (!task->failure_code[0])
            ff_runway_failure_code(task->failure_code,
                                   sizeof(task->failure_code), reasons[i]);
    }
    /* it is logged, and may quote what was sent */
    ff_runway_scrub(task->failure);
    ff_runway_scrub(task->failure_code);
}

static void fill_task(RunwayTask *task, const cJSON *object, const cJSON *wrap)
{
    task->progress = progress_of(object);
    if (task->progress < 0)
        task->progress = progress_of(wrap);

    task->created = time_of(runway_json_text(object, "createdAt"));
    task->credits = credits_of(object, "cost");
    /* in the end an estimate is not what was charged */
    if (task->credits < 0 && !is_final(task->state))
        task->credits = credits_of(object, "estimatedCost");
    /* what did not fail was not free; as above */
    if (task->state == RUNWAY_TASK_SUCCEEDED && !(task->credits > 0))
        task->credits = -1;

    if (task->state == RUNWAY_TASK_FAILED_STATE)
        fill_failure(task, object, wrap);
}

RunwayOutcome ff_runway_parse_task(const char *text, size_t size,
                                   RunwayTask *task, RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *object, *wrap;
    RunwayOutcome ret = RUNWAY_OK;
    const char *url;

    memset(task, 0, sizeof(*task));
    task->progress = -1;
    task->credits  = -1;
    task->created  = -1;

    if (!find_state(root, &object, &wrap, &task->state)) {
        if (ff_runway_reply_is_not_exist(text, size))
            task->state = RUNWAY_TASK_NOT_EXIST;
        else
            ret = ff_runway_error(err, RUNWAY_UNAVAILABLE, "the provider's reply "
                                  "about the task has no known status");
        goto end;
    }
    fill_task(task, object, wrap);
    if (task->state != RUNWAY_TASK_SUCCEEDED)
        goto end;

    url = output_of(object);
    if (!url)
        url = output_of(wrap);
    if (!url)
        ret = ff_runway_error(err, RUNWAY_UNAVAILABLE, "the task has "
                              "SUCCEEDED, but its output is not there yet");
    else
        copy_url(task->url, url);
end:
    cJSON_Delete(root);
    return ret;
}

/** A number that is not negative, -1 when there is none. */
static double amount_of(const cJSON *object, const char *name)
{
    const cJSON *item = runway_json_field(object, name);

    return cJSON_IsNumber(item) && item->valuedouble >= 0 ? item->valuedouble
                                                          : -1;
}

/** A whole number that is not negative, -1 when there is none. */
static int64_t count_of(const cJSON *object, const char *name)
{
    double value = amount_of(object, name);

    return value >= 0 && value < 1e15 ? (int64_t)value : -1;
}

RunwayOutcome ff_runway_parse_account(const char *text, size_t size,
                                      const char *model_name,
                                      RunwayAccount *account,
                                      RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *tier  = runway_json_field(root, "tier");
    const cJSON *usage = runway_json_field(root, "usage");
    const cJSON *limit = runway_json_field(tier, "models");
    const cJSON *used  = runway_json_field(usage, "models");

    account->balance     = -1;
    account->daily_max   = -1;
    account->daily_count = -1;
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "the reply about the account is malformed");
    }
    account->balance     = amount_of(root, "creditBalance");
    account->daily_max   = count_of(runway_json_field(limit, model_name),
                                    "maxDailyGenerations");
    account->daily_count = count_of(runway_json_field(used, model_name),
                                    "dailyGenerations");
    cJSON_Delete(root);
    return RUNWAY_OK;
}
