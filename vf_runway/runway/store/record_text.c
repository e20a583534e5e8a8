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

#include "../base/checksum.h"
#include "../base/json.h"
#include "../base/text.h"
#include "record.h"

#define FORMAT 2
#define SUM_WORD "checksum "
/* the last line: word, checksum, newline */
#define SUM_LINE (sizeof(SUM_WORD) - 1 + RUNWAY_CHECKSUM_SIZE)

#define CREDITS_MAX 1e12
#define INTEGER_MAX 9007199254740992.0 /* 2^53: a JSON number keeps no more */

static const char *const state_names[] = {
    [RUNWAY_CLIP_NONE]           = "none",
    [RUNWAY_CLIP_INTENT]         = "intent",
    [RUNWAY_CLIP_SUBMITTED]      = "submitted",
    [RUNWAY_CLIP_GENERATED]      = "generated",
    [RUNWAY_CLIP_STORED]         = "stored",
    [RUNWAY_CLIP_REFUSED]        = "refused",
    [RUNWAY_CLIP_FAILED]         = "failed",
    [RUNWAY_CLIP_FAILED_TRANSIENT] = "failed_transient",
    [RUNWAY_CLIP_UNKNOWN]        = "unknown",
    [RUNWAY_CLIP_LOST]           = "lost",
    [RUNWAY_CLIP_FORGOTTEN]      = "forgotten",
    [RUNWAY_CLIP_DAMAGED]        = "damaged",
};

const char *ff_runway_clip_state_name(RunwayClipState state)
{
    return (unsigned)state < sizeof(state_names) / sizeof(*state_names) ?
           state_names[state] : "?";
}

/*
 * To text
 */

/* An endpoint without what could be secret in a URL: user, query, fragment. */
static void clean_endpoint(char *url)
{
    char *host = strstr(url, "://"), *at, *slash;

    url[strcspn(url, "?#")] = 0;
    if (!host)
        return;
    host += 3;
    slash = host + strcspn(host, "/");
    for (at = slash; at > host && at[-1] != '@'; at--)
        ;
    if (at > host)
        memmove(host, at, strlen(at) + 1);
}

static int add_text(cJSON *json, const char *name, const char *text)
{
    return !!cJSON_AddStringToObject(json, name, text);
}

static int add_number(cJSON *json, const char *name, double number)
{
    return !!cJSON_AddNumberToObject(json, name, number);
}

/* what is no amount: null */
static int add_amount(cJSON *json, const char *name, double amount)
{
    return amount >= 0 && amount <= CREDITS_MAX ?
           add_number(json, name, amount) :
           !!cJSON_AddNullToObject(json, name);
}

/* Takes item over. */
static int append(cJSON *array, cJSON *item)
{
    if (item && cJSON_AddItemToArray(array, item))
        return 1;
    cJSON_Delete(item);
    return 0;
}

static cJSON *try_to_json(const RunwayTry *t)
{
    cJSON *json = cJSON_CreateObject();
    int ok = json                                                  &&
        add_text(json, "state", ff_runway_clip_state_name(t->state)) &&
        add_number(json, "time", (double)t->time)                  &&
        add_text(json, "output", t->output)                        &&
        add_text(json, "task_id", t->task_id)                      &&
        add_amount(json, "seconds", t->seconds)                    &&
        add_amount(json, "credits_estimated", t->estimated)        &&
        add_amount(json, "credits_reported", t->reported)          &&
        add_amount(json, "credits_charged", t->charged)            &&
        add_number(json, "adopted", t->adopted)                    &&
        add_text(json, "failure", t->failure)                      &&
        add_text(json, "failure_code", t->failure_code);

    if (ok)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static int add_lists(cJSON *json, const RunwayRecord *r)
{
    cJSON *outputs = cJSON_AddArrayToObject(json, "outputs");
    cJSON *tries   = cJSON_AddArrayToObject(json, "tries");
    int ok = outputs && tries;

    for (int i = 0; i < r->nb_outputs && ok; i++)
        ok = append(outputs, cJSON_CreateString(r->outputs[i]));
    for (int i = 0; i < r->nb_tries && ok; i++)
        ok = append(tries, try_to_json(&r->tries[i]));
    return ok;
}

static cJSON *to_json(const RunwayRecord *r)
{
    cJSON *json = cJSON_CreateObject();
    int ok = json                                           &&
        add_number(json, "format", FORMAT)                  &&
        add_text(json, "identity", r->identity)             &&
        add_text(json, "provider", r->provider)             &&
        add_text(json, "endpoint", r->endpoint)             &&
        add_text(json, "model", r->model)                   &&
        add_text(json, "label", r->label)                   &&
        add_number(json, "created", (double)r->created)     &&
        add_number(json, "updated", (double)r->updated)     &&
        add_number(json, "emitted", (double)r->emitted)     &&
        add_number(json, "writer_pid", (double)r->writer_pid) &&
        add_text(json, "writer_host", r->writer_host)       &&
        add_lists(json, r);

    if (ok)
        return json;
    cJSON_Delete(json);
    return NULL;
}

/* What goes into a file is one line of text each, and nothing secret. */
static void clean(RunwayRecord *r)
{
    ff_runway_clean_text(r->provider, 1);
    ff_runway_clean_text(r->endpoint, 1);
    ff_runway_clean_text(r->model, 1);
    ff_runway_clean_text(r->label, 1);
    ff_runway_clean_text(r->writer_host, 1);
    clean_endpoint(r->endpoint);
    ff_runway_scrub(r->label);
    for (int i = 0; i < r->nb_tries; i++) {
        RunwayTry *t = &r->tries[i];

        ff_runway_clean_text(t->task_id, 1);
        ff_runway_clean_text(t->failure, 1);
        ff_runway_clean_text(t->failure_code, 1);
        ff_runway_scrub(t->failure);
        ff_runway_scrub(t->failure_code);
    }
}

/* What a record lacks to be written, NULL when it lacks nothing. */
static const char *lacks(const RunwayRecord *r)
{
    const char *missing = NULL;

    if (!ff_runway_identity_is_valid(r->identity))
        return "an identity";
    if (r->damage[0])
        return "what can be believed";
    for (int i = 0; i < r->nb_tries && !missing; i++)
        missing = ff_runway_try_lacks(&r->tries[i], r->tries[i].state);
    return missing;
}

/* A line of JSON, with its newline and its checksum behind it. */
static RunwayOutcome sign(const char *line, char **text, size_t *size)
{
    size_t length = strlen(line);
    char sum_text[RUNWAY_CHECKSUM_SIZE];
    RunwayChecksum sum;

    if (length + 1 + SUM_LINE >= RUNWAY_RECORD_TEXT)
        return RUNWAY_INVALID;
    *text = malloc(length + 1 + SUM_LINE + 1);
    if (!*text)
        return RUNWAY_NOMEM;
    memcpy(*text, line, length);
    (*text)[length++] = '\n';
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, *text, length);
    ff_runway_checksum_text(&sum, sum_text);
    snprintf(*text + length, SUM_LINE + 1, SUM_WORD "%s\n", sum_text);
    *size = length + SUM_LINE;
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_record_encode(const RunwayRecord *record, char **text,
                                      size_t *size, RunwayError *err)
{
    const char *missing = lacks(record);
    RunwayRecord *copy; /* many KiB */
    char *line = NULL;
    cJSON *json = NULL;
    RunwayOutcome ret = RUNWAY_NOMEM;

    *text = NULL;
    *size = 0;
    if (missing)
        return ff_runway_error(err, RUNWAY_INVALID, "the record of %s lacks %s "
                               "(internal error)", record->label, missing);
    copy = malloc(sizeof(*copy));
    if (copy) {
        *copy = *record;
        clean(copy);
        json = to_json(copy);
    }
    if (json)
        line = cJSON_PrintUnformatted(json);
    if (line)
        ret = sign(line, text, size);
    if (ret == RUNWAY_NOMEM)
        ff_runway_error(err, ret, "out of memory");
    else if (ret)
        ff_runway_error(err, ret, "the record of %s is too long (internal "
                        "error)", record->label);
    cJSON_free(line);
    cJSON_Delete(json);
    free(copy);
    return ret;
}

/*
 * From text
 */

static int get_text(const cJSON *json, const char *name, char *field,
                    size_t size)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

    if (!text || strlen(text) >= size)
        return 0;
    memcpy(field, text, strlen(text) + 1);
    /* it was clean when it was written */
    ff_runway_clean_text(field, 0);
    return !strcmp(field, text);
}

#define GET_TEXT(json, r, name) \
    get_text(json, #name, (r)->name, sizeof((r)->name))

static int get_number(const cJSON *json, const char *name, double max,
                      double *number)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        item->valuedouble > max)
        return 0;
    *number = item->valuedouble;
    return 1;
}

static int get_integer(const cJSON *json, const char *name, int64_t *value)
{
    double number;

    if (!get_number(json, name, INTEGER_MAX, &number) ||
        (double)(int64_t)number != number)
        return 0;
    *value = (int64_t)number;
    return 1;
}

static int get_flag(const cJSON *json, const char *name, int *flag)
{
    double number;

    if (!get_number(json, name, 1, &number))
        return 0;
    *flag = number > 0;
    return 1;
}

/* null: -1 */
static int get_amount(const cJSON *json, const char *name, double *amount)
{
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, name))) {
        *amount = -1;
        return 1;
    }
    return get_number(json, name, CREDITS_MAX, amount);
}

static int get_state(const cJSON *json, RunwayClipState *state)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "state"));

    for (int i = RUNWAY_CLIP_INTENT; text && i < RUNWAY_CLIP_DAMAGED; i++) {
        if (!strcmp(text, state_names[i])) {
            *state = (RunwayClipState)i;
            return 1;
        }
    }
    return 0;
}

static int try_from_json(const cJSON *json, RunwayTry *t)
{
    return get_state(json, &t->state)                               &&
           get_integer(json, "time", &t->time)                      &&
           GET_TEXT(json, t, output)                                &&
           (!t->output[0] || ff_runway_identity_is_valid(t->output)) &&
           GET_TEXT(json, t, task_id)                               &&
           (!t->task_id[0] || ff_runway_task_id_is_valid(t->task_id)) &&
           get_amount(json, "seconds", &t->seconds)                 &&
           get_amount(json, "credits_estimated", &t->estimated)     &&
           get_amount(json, "credits_reported", &t->reported)       &&
           get_amount(json, "credits_charged", &t->charged)         &&
           get_flag(json, "adopted", &t->adopted)                   &&
           GET_TEXT(json, t, failure)                               &&
           GET_TEXT(json, t, failure_code)                          &&
           !ff_runway_try_lacks(t, t->state);
}

static int get_lists(const cJSON *json, RunwayRecord *r)
{
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(json, "outputs");
    const cJSON *tries   = cJSON_GetObjectItemCaseSensitive(json, "tries");
    const cJSON *item;

    if (!cJSON_IsArray(outputs) || !cJSON_IsArray(tries))
        return 0;
    cJSON_ArrayForEach(item, outputs) {
        const char *text = cJSON_GetStringValue(item);

        if (!text || !ff_runway_identity_is_valid(text) ||
            r->nb_outputs == RUNWAY_OUTPUTS_MAX)
            return 0;
        memcpy(r->outputs[r->nb_outputs++], text, RUNWAY_IDENTITY_SIZE);
    }
    cJSON_ArrayForEach(item, tries) {
        if (r->nb_tries == RUNWAY_TRIES_MAX ||
            !try_from_json(item, &r->tries[r->nb_tries++]))
            return 0;
    }
    return 1;
}

static int from_json(const cJSON *json, RunwayRecord *r)
{
    return GET_TEXT(json, r, identity)                    &&
           GET_TEXT(json, r, provider)                    &&
           GET_TEXT(json, r, endpoint)                    &&
           GET_TEXT(json, r, model)                       &&
           GET_TEXT(json, r, label)                       &&
           get_integer(json, "created", &r->created)      &&
           get_integer(json, "updated", &r->updated)      &&
           get_integer(json, "emitted", &r->emitted)      &&
           get_integer(json, "writer_pid", &r->writer_pid) &&
           GET_TEXT(json, r, writer_host)                 &&
           get_lists(json, r);
}

/* Whether the last line is the checksum of the one before, which is an object,
 * and there are only these two. */
static const char *check_lines(const char *text, size_t size)
{
    RunwayChecksum sum;
    char want[SUM_LINE + 1] = SUM_WORD;
    size_t line;

    if (!size)
        return "it is empty";
    if (size <= SUM_LINE || text[size - 1] != '\n' ||
        text[size - SUM_LINE - 1] != '\n')
        return "it is truncated, or not a record";
    line = size - SUM_LINE;
    if (memchr(text, '\n', line) != text + line - 1 || memchr(text, 0, size))
        return "it is not a record";
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, text, line);
    ff_runway_checksum_text(&sum, want + sizeof(SUM_WORD) - 1);
    want[SUM_LINE - 1] = '\n';
    if (memcmp(text + line, want, SUM_LINE))
        return "its checksum does not match its contents";
    return line < 3 || text[0] != '{' || text[line - 2] != '}' ?
           "it is not a JSON object" : NULL;
}

static const char *check_fields(const cJSON *json, const char *identity,
                                RunwayRecord *record)
{
    double format;

    if (!get_number(json, "format", INTEGER_MAX, &format))
        return "it is not a record";
    if (format != FORMAT)
        return "another version of this filter wrote it";
    if (!from_json(json, record))
        return "a field is missing or invalid";
    if (strcmp(record->identity, identity))
        return "it is the record of another clip";
    return NULL;
}

RunwayOutcome ff_runway_record_decode(const char *text, size_t size,
                                      const char *identity,
                                      RunwayRecord *record)
{
    const char *wrong = check_lines(text, size);
    cJSON *json = NULL;

    ff_runway_record_init(record, identity);
    if (!wrong) {
        json = cJSON_ParseWithLength(text, size - SUM_LINE);
        /* it is what was written here, so it can be read where there is memory */
        if (!json)
            return RUNWAY_NOMEM;
        wrong = check_fields(json, identity, record);
        cJSON_Delete(json);
    }
    if (wrong) {
        ff_runway_record_init(record, identity);
        ff_runway_copy_text(record->damage, sizeof(record->damage), wrong);
    }
    return RUNWAY_OK;
}
