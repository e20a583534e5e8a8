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

#include "../base/json.h"
#include "../base/text.h"
#include "record.h"

#define FORMAT 1
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
    [RUNWAY_CLIP_REJECTED]       = "rejected",
    [RUNWAY_CLIP_FAILED]         = "failed",
    [RUNWAY_CLIP_FAILED_PASSING] = "failed_passing",
    [RUNWAY_CLIP_UNKNOWN]        = "unknown",
    [RUNWAY_CLIP_LOST]           = "lost",
    [RUNWAY_CLIP_DAMAGED]        = "damaged",
};

const char *ff_runway_clip_state_name(RunwayClipState state)
{
    return (unsigned)state < sizeof(state_names) / sizeof(*state_names) ?
           state_names[state] : "?";
}

int ff_runway_identity_is_valid(const char *text)
{
    return strspn(text, "0123456789abcdef") == RUNWAY_IDENTITY_SIZE - 1 &&
           !text[RUNWAY_IDENTITY_SIZE - 1];
}

void ff_runway_record_init(RunwayRecord *record, const char *identity)
{
    memset(record, 0, sizeof(*record));
    ff_runway_copy_text(record->identity, sizeof(record->identity), identity);
    record->credits_estimated = -1;
    record->credits_charged   = -1;
    record->result_size       = -1;
}

/* an amount of credits, -1 for what is none */
static double amount(double credits)
{
    return credits >= 0 && credits <= CREDITS_MAX ? credits : -1;
}

/* What the try at hand costs or may cost; 0 when nobody knows. */
static double cost_of_try(const RunwayRecord *r)
{
    double credits = amount(r->credits_charged);

    switch (r->state) {
    case RUNWAY_CLIP_NONE:
    case RUNWAY_CLIP_REJECTED:
    case RUNWAY_CLIP_DAMAGED:
        return 0;
    default:
        break;
    }
    if (credits < 0)
        credits = amount(r->credits_estimated);
    return credits < 0 ? 0 : credits;
}

double ff_runway_record_cost(const RunwayRecord *record)
{
    double before = amount(record->credits_before);

    return (before < 0 ? 0 : before) + cost_of_try(record);
}

int ff_runway_record_counts(const RunwayRecord *record)
{
    return record->state != RUNWAY_CLIP_NONE &&
           record->state != RUNWAY_CLIP_STORED;
}

int ff_runway_record_is_open(const RunwayRecord *record)
{
    switch (record->state) {
    case RUNWAY_CLIP_REJECTED:
        /* what it was to replace is not rejected with it */
        return record->tries > record->failures;
    case RUNWAY_CLIP_INTENT:
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
    case RUNWAY_CLIP_UNKNOWN:
    case RUNWAY_CLIP_LOST:
    case RUNWAY_CLIP_DAMAGED:
        return 1;
    default:
        return 0;
    }
}

/* What the record lacks for this state, NULL when it lacks nothing. */
static const char *lacks(const RunwayRecord *r, RunwayClipState state)
{
    if (state == RUNWAY_CLIP_STORED && r->result_size < 0)
        return "the result's size";
    if (state == RUNWAY_CLIP_STORED &&
        !ff_runway_checksum_is_text(r->result_checksum))
        return "the result's checksum";
    switch (state) {
    case RUNWAY_CLIP_STORED:
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
    case RUNWAY_CLIP_FAILED:
    case RUNWAY_CLIP_FAILED_PASSING:
    case RUNWAY_CLIP_LOST:
        return r->task_id[0] ? NULL : "the task's id";
    case RUNWAY_CLIP_INTENT:
    case RUNWAY_CLIP_REJECTED:
    case RUNWAY_CLIP_UNKNOWN:
        return NULL;
    default:
        return "a state that can be written";
    }
}

#define BIT(state) (1u << RUNWAY_CLIP_##state)

/* The states that each state is reached from. Again the same one is no step
 * (but for an INTENT, which is another try). */
static unsigned reached_from(RunwayClipState state)
{
    switch (state) {
    case RUNWAY_CLIP_INTENT:
        return BIT(NONE) | BIT(REJECTED) | BIT(FAILED_PASSING) | BIT(INTENT) |
               BIT(UNKNOWN) | BIT(LOST) | BIT(DAMAGED);
    case RUNWAY_CLIP_SUBMITTED:
        /* also one that was found again */
        return BIT(INTENT) | BIT(SUBMITTED) | BIT(LOST);
    case RUNWAY_CLIP_GENERATED:
        /* also when the cache has lost it */
        return BIT(SUBMITTED) | BIT(STORED) | BIT(GENERATED);
    case RUNWAY_CLIP_STORED:
        return BIT(GENERATED) | BIT(STORED) | BIT(LOST);
    case RUNWAY_CLIP_REJECTED:
        return BIT(INTENT) | BIT(REJECTED);
    case RUNWAY_CLIP_FAILED:
        /* also one that was read again for its result */
        return BIT(SUBMITTED) | BIT(GENERATED) | BIT(FAILED);
    case RUNWAY_CLIP_FAILED_PASSING:
        /* also a result that turns out to be none */
        return BIT(SUBMITTED) | BIT(GENERATED) | BIT(FAILED_PASSING);
    case RUNWAY_CLIP_UNKNOWN:
        return BIT(INTENT) | BIT(UNKNOWN);
    case RUNWAY_CLIP_LOST:
        return BIT(SUBMITTED) | BIT(GENERATED) | BIT(STORED) | BIT(LOST);
    default:
        return 0;
    }
}

static void begin_try(RunwayRecord *r)
{
    /* nobody knows what became of the try in a record that is damaged */
    if (r->state == RUNWAY_CLIP_DAMAGED)
        r->tries = 1;
    r->credits_before     = ff_runway_record_cost(r);
    r->credits_estimated  = -1;
    r->credits_charged    = -1;
    r->task_id[0]         = 0;
    r->failure[0]         = 0;
    r->failure_code[0]    = 0;
    r->result_size        = -1;
    r->result_checksum[0] = 0;
    r->tries++;
}

RunwayOutcome ff_runway_record_move(RunwayRecord *record,
                                    RunwayClipState state, RunwayError *err)
{
    const char *missing = lacks(record, state);

    if ((unsigned)record->state > RUNWAY_CLIP_DAMAGED ||
        !(reached_from(state) >> record->state & 1))
        return ff_runway_error(err, RUNWAY_INVALID, "there is no way for a "
                               "clip from %s to %s (a mistake in the filter)",
                               ff_runway_clip_state_name(record->state),
                               ff_runway_clip_state_name(state));
    if (missing)
        return ff_runway_error(err, RUNWAY_INVALID, "a clip cannot become %s "
                               "without %s (a mistake in the filter)",
                               ff_runway_clip_state_name(state), missing);
    if (state == RUNWAY_CLIP_INTENT)
        begin_try(record);
    else if (state != record->state && state == RUNWAY_CLIP_REJECTED)
        record->tries--;
    else if (state != record->state && state == RUNWAY_CLIP_FAILED_PASSING)
        record->failures++;
    record->state = state;
    return RUNWAY_OK;
}

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

/* below 0: null */
static int add_maybe(cJSON *json, const char *name, double number)
{
    return number < 0 ? !!cJSON_AddNullToObject(json, name)
                      : add_number(json, name, number);
}

static cJSON *to_json(const RunwayRecord *r)
{
    cJSON *json = cJSON_CreateObject();
    int ok = json                                                          &&
        add_number(json, "format", FORMAT)                                 &&
        add_text(json, "identity", r->identity)                            &&
        add_text(json, "state", ff_runway_clip_state_name(r->state))       &&
        add_text(json, "endpoint", r->endpoint)                            &&
        add_text(json, "model", r->model)                                  &&
        add_text(json, "label", r->label)                                  &&
        add_text(json, "output", r->output)                                &&
        add_text(json, "task_id", r->task_id)                              &&
        add_number(json, "created", (double)r->created)                    &&
        add_number(json, "updated", (double)r->updated)                    &&
        add_number(json, "tries", r->tries)                                &&
        add_number(json, "failures", r->failures)                          &&
        add_maybe(json, "credits_estimated", amount(r->credits_estimated)) &&
        add_maybe(json, "credits_charged", amount(r->credits_charged))     &&
        add_maybe(json, "credits_before", amount(r->credits_before))       &&
        add_text(json, "failure", r->failure)                              &&
        add_text(json, "failure_code", r->failure_code)                    &&
        add_maybe(json, "result_size", (double)r->result_size)             &&
        add_text(json, "result_checksum", r->result_checksum)              &&
        add_number(json, "writer_pid", (double)r->writer_pid)              &&
        add_text(json, "writer_host", r->writer_host);

    if (!ok) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

/* What goes into a file is one line of text each, and nothing secret. */
static void clean(RunwayRecord *r)
{
    ff_runway_clean_text(r->endpoint, 1);
    ff_runway_clean_text(r->model, 1);
    ff_runway_clean_text(r->label, 1);
    ff_runway_clean_text(r->task_id, 1);
    ff_runway_clean_text(r->failure, 1);
    ff_runway_clean_text(r->failure_code, 1);
    ff_runway_clean_text(r->writer_host, 1);
    clean_endpoint(r->endpoint);
    ff_runway_scrub(r->label);
    ff_runway_scrub(r->failure);
    ff_runway_scrub(r->failure_code);
}

RunwayOutcome ff_runway_record_encode(const RunwayRecord *record, char **text,
                                      size_t *size, RunwayError *err)
{
    const char *missing = lacks(record, record->state);
    RunwayRecord *copy = NULL;
    RunwayChecksum sum;
    char sum_text[RUNWAY_CHECKSUM_SIZE], *line = NULL;
    cJSON *json = NULL;
    size_t length;
    RunwayOutcome ret = RUNWAY_NOMEM;

    *text = NULL;
    *size = 0;
    if (!ff_runway_identity_is_valid(record->identity))
        missing = "an identity";
    if (missing)
        return ff_runway_error(err, RUNWAY_INVALID, "the record of %s is %s "
                               "and lacks %s (a mistake in the filter)",
                               record->label,
                               ff_runway_clip_state_name(record->state),
                               missing);
    copy = malloc(sizeof(*copy)); /* several KiB */
    if (!copy)
        goto fail;
    *copy = *record;
    clean(copy);
    json = to_json(copy);
    if (!json)
        goto fail;
    line = cJSON_PrintUnformatted(json);
    if (!line)
        goto fail;
    length = strlen(line);
    if (length + 1 + SUM_LINE >= RUNWAY_RECORD_TEXT) {
        ret = ff_runway_error(err, RUNWAY_INVALID, "the record of %s is too "
                              "long (a mistake in the filter)", record->label);
        goto end;
    }
    *text = malloc(length + 1 + SUM_LINE + 1);
    if (!*text)
        goto fail;
    memcpy(*text, line, length);
    (*text)[length++] = '\n';
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, *text, length);
    ff_runway_checksum_text(&sum, sum_text);
    snprintf(*text + length, SUM_LINE + 1, SUM_WORD "%s\n", sum_text);
    *size = length + SUM_LINE;
    ret   = RUNWAY_OK;
    goto end;

fail:
    ff_runway_no_memory(err);
end:
    cJSON_free(line);
    cJSON_Delete(json);
    free(copy);
    return ret;
}

static int get_text(const cJSON *json, const char *name, char *field,
                    size_t room)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

    if (!text || strlen(text) >= room)
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

static int get_integer(const cJSON *json, const char *name, double max,
                       int64_t *value)
{
    double number;

    if (!get_number(json, name, max, &number) ||
        (double)(int64_t)number != number)
        return 0;
    *value = (int64_t)number;
    return 1;
}

static int get_count(const cJSON *json, const char *name, int *value)
{
    int64_t number;

    if (!get_integer(json, name, 1e9, &number))
        return 0;
    *value = (int)number;
    return 1;
}

/* null: -1 */
static int get_credits(const cJSON *json, const char *name, double *credits)
{
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, name))) {
        *credits = -1;
        return 1;
    }
    return get_number(json, name, CREDITS_MAX, credits);
}

static int get_size(const cJSON *json, const char *name, int64_t *size)
{
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, name))) {
        *size = -1;
        return 1;
    }
    return get_integer(json, name, INTEGER_MAX, size);
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

/* Records of before there was such a member have none. */
static int get_output(const cJSON *json, RunwayRecord *r)
{
    if (!cJSON_GetObjectItemCaseSensitive(json, "output"))
        return 1;
    return GET_TEXT(json, r, output) &&
           (!r->output[0] || ff_runway_identity_is_valid(r->output));
}

static int from_json(const cJSON *json, RunwayRecord *r)
{
    return get_state(json, &r->state)                                     &&
           GET_TEXT(json, r, identity)                                    &&
           GET_TEXT(json, r, endpoint)                                    &&
           GET_TEXT(json, r, model)                                       &&
           GET_TEXT(json, r, label)                                       &&
           get_output(json, r)                                            &&
           GET_TEXT(json, r, task_id)                                     &&
           (!r->task_id[0] || ff_runway_task_id_is_valid(r->task_id))     &&
           get_integer(json, "created", INTEGER_MAX, &r->created)         &&
           get_integer(json, "updated", INTEGER_MAX, &r->updated)         &&
           get_count(json, "tries", &r->tries)                            &&
           get_count(json, "failures", &r->failures)                      &&
           get_credits(json, "credits_estimated", &r->credits_estimated)  &&
           get_credits(json, "credits_charged", &r->credits_charged)      &&
           get_credits(json, "credits_before", &r->credits_before)        &&
           GET_TEXT(json, r, failure)                                     &&
           GET_TEXT(json, r, failure_code)                                &&
           get_size(json, "result_size", &r->result_size)                 &&
           GET_TEXT(json, r, result_checksum)                             &&
           get_integer(json, "writer_pid", INTEGER_MAX, &r->writer_pid)   &&
           GET_TEXT(json, r, writer_host);
}

/* Whether the last line is the checksum of the one before, and there are only
 * these two. */
static const char *check_lines(const char *text, size_t size)
{
    RunwayChecksum sum;
    char want[SUM_LINE + 1] = SUM_WORD;
    size_t line;

    if (!size)
        return "it is empty";
    if (size <= SUM_LINE || text[size - 1] != '\n' ||
        text[size - SUM_LINE - 1] != '\n')
        return "it is cut short, or no record";
    line = size - SUM_LINE;
    if (memchr(text, '\n', line) != text + line - 1 || memchr(text, 0, size))
        return "it is no record";
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, text, line);
    ff_runway_checksum_text(&sum, want + sizeof(SUM_WORD) - 1);
    want[SUM_LINE - 1] = '\n';
    return memcmp(text + line, want, SUM_LINE) ?
           "its checksum is not that of its contents" : NULL;
}

static const char *check_members(const cJSON *json, const char *identity,
                                 RunwayRecord *record)
{
    double format;

    if (!cJSON_IsObject(json))
        return "it is no JSON object";
    if (!get_number(json, "format", INTEGER_MAX, &format))
        return "it is no record";
    if (format != FORMAT)
        return "another version of this filter wrote it";
    if (!from_json(json, record))
        return "a member is missing or unfit";
    if (strcmp(record->identity, identity))
        return "it is the record of another clip";
    if (lacks(record, record->state))
        return "it lacks what its state needs";
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
        /* the text is what was written: what cJSON cannot read then, it had
         * no memory for */
        if (!json)
            return RUNWAY_NOMEM;
        wrong = check_members(json, identity, record);
        cJSON_Delete(json);
    }
    if (wrong) {
        ff_runway_record_init(record, identity);
        record->state = RUNWAY_CLIP_DAMAGED;
        ff_runway_copy_text(record->failure, sizeof(record->failure), wrong);
    }
    return RUNWAY_OK;
}
