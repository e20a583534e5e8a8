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

typedef enum FieldKind {
    TEXT,
    SCRUBBED,   ///< a text that may quote something secret
    ENDPOINT,   ///< a URL, whose user, query and fragment are left out
    INTEGER,    ///< int64_t
    FLAG,       ///< int
    AMOUNT,     ///< double; null: -1, not known
    OPTIONAL,   ///< double; left out: 0, not known
    STATE,
} FieldKind;

/* A field of a struct, and of its JSON. */
typedef struct Field {
    const char *name;
    FieldKind kind;
    size_t offset, size;
} Field;

#define FIELD(type, name, kind, field) \
    { name, kind, offsetof(type, field), sizeof(((type *)0)->field) }
#define NB(fields) (sizeof(fields) / sizeof(*(fields)))

static const Field record_fields[] = {
    FIELD(RunwayRecord, "identity",    TEXT,     identity),
    FIELD(RunwayRecord, "provider",    TEXT,     provider),
    FIELD(RunwayRecord, "endpoint",    ENDPOINT, endpoint),
    FIELD(RunwayRecord, "model",       TEXT,     model),
    FIELD(RunwayRecord, "label",       SCRUBBED, label),
    FIELD(RunwayRecord, "created",     INTEGER,  created),
    FIELD(RunwayRecord, "updated",     INTEGER,  updated),
    FIELD(RunwayRecord, "emitted",     INTEGER,  emitted),
    FIELD(RunwayRecord, "writer_pid",  INTEGER,  writer_pid),
    FIELD(RunwayRecord, "writer_host", TEXT,     writer_host),
};

static const Field try_fields[] = {
    FIELD(RunwayTry, "state",             STATE,    state),
    FIELD(RunwayTry, "time",              INTEGER,  time),
    FIELD(RunwayTry, "output",            TEXT,     output),
    FIELD(RunwayTry, "task_id",           TEXT,     task_id),
    FIELD(RunwayTry, "seconds",           AMOUNT,   seconds),
    FIELD(RunwayTry, "credits_estimated", AMOUNT,   estimated),
    FIELD(RunwayTry, "credits_reported",  AMOUNT,   reported),
    FIELD(RunwayTry, "credits_charged",   AMOUNT,   charged),
    FIELD(RunwayTry, "took",              OPTIONAL, took),
    FIELD(RunwayTry, "adopted",           FLAG,     adopted),
    FIELD(RunwayTry, "failure",           SCRUBBED, failure),
    FIELD(RunwayTry, "failure_code",      SCRUBBED, failure_code),
};

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

/* What goes into a file is one line of text each, and nothing secret. */
static int put_text(cJSON *json, const Field *f, const char *from)
{
    char text[512]; /* no field is longer */

    snprintf(text, sizeof(text), "%s", from);
    ff_runway_clean_text(text, 1);
    if (f->kind == ENDPOINT)
        clean_endpoint(text);
    else if (f->kind == SCRUBBED)
        ff_runway_scrub(text);
    return !!cJSON_AddStringToObject(json, f->name, text);
}

static int put_field(cJSON *json, const Field *f, const void *from)
{
    double number = 0;

    switch (f->kind) {
    case STATE:
        return !!cJSON_AddStringToObject(json, f->name,
                                         ff_runway_clip_state_name(
                                             *(const RunwayClipState *)from));
    case INTEGER:
        number = (double)*(const int64_t *)from;
        break;
    case FLAG:
        number = *(const int *)from;
        break;
    case OPTIONAL:
    case AMOUNT:
        number = *(const double *)from;
        if (f->kind == OPTIONAL && !(number > 0))
            return 1;
        if (!(number >= 0 && number <= CREDITS_MAX))
            return !!cJSON_AddNullToObject(json, f->name);
        break;
    default:
        return put_text(json, f, from);
    }
    return !!cJSON_AddNumberToObject(json, f->name, number);
}

static int put_fields(cJSON *json, const Field *fields, size_t nb,
                      const void *from)
{
    int ok = 1;

    for (size_t i = 0; i < nb && ok; i++)
        ok = put_field(json, &fields[i], (const char *)from + fields[i].offset);
    return ok;
}

/* Takes item over. */
static int append(cJSON *array, cJSON *item)
{
    if (item && cJSON_AddItemToArray(array, item))
        return 1;
    cJSON_Delete(item);
    return 0;
}

static int put_record(cJSON *json, const RunwayRecord *r)
{
    int ok = cJSON_AddNumberToObject(json, "format", FORMAT) &&
             put_fields(json, record_fields, NB(record_fields), r);
    cJSON *outputs = cJSON_AddArrayToObject(json, "outputs");
    cJSON *tries   = cJSON_AddArrayToObject(json, "tries");

    ok = ok && outputs && tries;
    for (int i = 0; i < r->nb_outputs && ok; i++)
        ok = append(outputs, cJSON_CreateString(r->outputs[i]));
    for (int i = 0; i < r->nb_tries && ok; i++) {
        cJSON *json_try = cJSON_CreateObject();

        ok = append(tries, json_try) &&
             put_fields(json_try, try_fields, NB(try_fields), &r->tries[i]);
    }
    return ok;
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
    char *line = NULL;
    cJSON *json;
    RunwayOutcome ret = RUNWAY_NOMEM;

    *text = NULL;
    *size = 0;
    if (missing)
        return ff_runway_error(err, RUNWAY_INVALID, "the record of %s lacks %s "
                               "(internal error)", record->label, missing);
    json = cJSON_CreateObject();
    if (put_record(json, record))
        line = cJSON_PrintUnformatted(json);
    if (line)
        ret = sign(line, text, size);
    if (ret == RUNWAY_NOMEM)
        ff_runway_no_memory(err);
    else if (ret)
        ff_runway_error(err, ret, "the record of %s is too long (internal "
                        "error)", record->label);
    cJSON_free(line);
    cJSON_Delete(json);
    return ret;
}

/*
 * From text
 */

static int get_state(const char *text, RunwayClipState *state)
{
    for (int i = RUNWAY_CLIP_INTENT; text && i < RUNWAY_CLIP_DAMAGED; i++) {
        if (!strcmp(text, state_names[i])) {
            *state = (RunwayClipState)i;
            return 1;
        }
    }
    return 0;
}

static int get_field(const cJSON *json, const Field *f, void *to)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, f->name);
    const char *text = cJSON_GetStringValue(item);
    const double number = cJSON_IsNumber(item) ? item->valuedouble : -1;

    switch (f->kind) {
    case STATE:
        return get_state(text, to);
    case INTEGER:
        if (!(number >= 0 && number <= INTEGER_MAX))
            return 0;
        *(int64_t *)to = (int64_t)number;
        return (double)*(int64_t *)to == number;
    case FLAG:
        *(int *)to = number > 0;
        return number >= 0 && number <= 1;
    case OPTIONAL:
        *(double *)to = item ? number : 0;
        return !item || (number > 0 && number <= CREDITS_MAX);
    case AMOUNT:
        *(double *)to = number;
        return cJSON_IsNull(item) || (number >= 0 && number <= CREDITS_MAX);
    default:
        if (!text || strlen(text) >= f->size)
            return 0;
        memcpy(to, text, strlen(text) + 1);
        /* it was clean when it was written */
        ff_runway_clean_text(to, 0);
        return !strcmp(to, text);
    }
}

static int get_fields(const cJSON *json, const Field *fields, size_t nb,
                      void *to)
{
    int ok = 1;

    for (size_t i = 0; i < nb && ok; i++)
        ok = get_field(json, &fields[i], (char *)to + fields[i].offset);
    return ok;
}

static int get_try(const cJSON *json, RunwayTry *t)
{
    return get_fields(json, try_fields, NB(try_fields), t)            &&
           (!t->output[0] || ff_runway_identity_is_valid(t->output))  &&
           (!t->task_id[0] || ff_runway_task_id_is_valid(t->task_id)) &&
           !ff_runway_try_lacks(t, t->state);
}

static int get_record(const cJSON *json, RunwayRecord *r)
{
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(json, "outputs");
    const cJSON *tries   = cJSON_GetObjectItemCaseSensitive(json, "tries");
    const cJSON *item;

    if (!get_fields(json, record_fields, NB(record_fields), r) ||
        !cJSON_IsArray(outputs) || !cJSON_IsArray(tries))
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
            !get_try(item, &r->tries[r->nb_tries++]))
            return 0;
    }
    return 1;
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
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(json, "format");

    if (!cJSON_IsNumber(format))
        return "it is not a record";
    if (format->valuedouble != FORMAT)
        return "another version of this filter wrote it";
    if (!get_record(json, record))
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
