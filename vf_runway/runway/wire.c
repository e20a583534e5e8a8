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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#if defined(__has_include)
#if !__has_include(<cJSON.h>) && __has_include(<cjson/cJSON.h>)
#define RUNWAY_CJSON_IN_FOLDER
#endif
#endif
#ifdef RUNWAY_CJSON_IN_FOLDER
#include <cjson/cJSON.h>
#else
#include <cJSON.h>
#endif

#include "wire.h"

#define MIME_PREFIX "data:video/mp4;base64,"

/* characters shown of a reply that is not understood */
#define EXCERPT 200

static RunwayOutcome no_memory(RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_NOMEM, "out of memory");
}

/*
 * Bodies that go out
 */

/** Append an object to array and return it; NULL when memory is short. */
static cJSON *add_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();

    if (object && !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static int add_references(cJSON *root, const RunwayRequest *request)
{
    int typed = !!(request->model->fields & RUNWAY_FIELD_REFERENCES);
    cJSON *array = cJSON_AddArrayToObject(root, "references");

    for (int i = 0; array && i < request->nb_references; i++) {
        cJSON *object = add_object(array);

        if (!object ||
            (typed && !cJSON_AddStringToObject(object, "type", "image")) ||
            !cJSON_AddStringToObject(object, "uri",
                                     request->references[i].uri))
            return 0;
    }
    return !!array;
}

static int add_keyframes(cJSON *root, const RunwayRequest *request)
{
    cJSON *array = cJSON_AddArrayToObject(root, "keyframes");

    for (int i = 0; array && i < request->nb_keyframes; i++) {
        cJSON *object = add_object(array);

        if (!object ||
            !cJSON_AddNumberToObject(object, "seconds",
                                     request->keyframes[i].seconds) ||
            !cJSON_AddStringToObject(object, "uri", request->keyframes[i].uri))
            return 0;
    }
    return !!array;
}

static int add_moderation(cJSON *root, const RunwayRequest *request)
{
    cJSON *object = cJSON_AddObjectToObject(root, "contentModeration");

    return object && cJSON_AddStringToObject(object, "publicFigureThreshold",
                                             request->public_figure_threshold);
}

/** The members the model has, as far as the request sets them. */
static int add_members(cJSON *root, const RunwayRequest *request)
{
    unsigned fields = request->model->fields;

    if ((fields & RUNWAY_FIELD_PROMPT) && request->prompt &&
        !cJSON_AddStringToObject(root, "promptText", request->prompt))
        return 0;
    if (!cJSON_AddStringToObject(root, "model", request->model_name))
        return 0;
    if ((fields & RUNWAY_FIELD_SEED) && request->seed >= 0 &&
        !cJSON_AddNumberToObject(root, "seed", (double)request->seed))
        return 0;
    if ((fields & RUNWAY_FIELD_RATIO) && request->ratio &&
        !cJSON_AddStringToObject(root, "ratio", request->ratio))
        return 0;
    if ((fields & RUNWAY_FIELD_ASPECT) && request->ratio &&
        !cJSON_AddStringToObject(root, "targetAspectRatio", request->ratio))
        return 0;
    if ((fields & RUNWAY_FIELD_DURATION) && request->duration > 0 &&
        !cJSON_AddNumberToObject(root, "duration", request->duration))
        return 0;
    if ((fields & (RUNWAY_FIELD_REFERENCES | RUNWAY_FIELD_REFERENCES_BARE)) &&
        request->nb_references > 0 && !add_references(root, request))
        return 0;
    if ((fields & RUNWAY_FIELD_KEYFRAMES) && request->nb_keyframes > 0 &&
        !add_keyframes(root, request))
        return 0;
    if ((fields & RUNWAY_FIELD_MODERATION) &&
        request->public_figure_threshold && !add_moderation(root, request))
        return 0;
    if ((fields & RUNWAY_FIELD_OUTPUT_FORMAT) && request->output_format &&
        !cJSON_AddStringToObject(root, "outputFormat", request->output_format))
        return 0;
    return 1;
}

int ff_runway_wire_extra_text(const char *extra, const char *name, char *out,
                              size_t room)
{
    cJSON *root = cJSON_Parse(extra);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    int found = !!item;

    out[0] = 0;
    if (cJSON_IsString(item))
        snprintf(out, room, "%s", item->valuestring);
    cJSON_Delete(root);
    return found;
}

/** Move the members of request->extra into root, over what is there. */
static RunwayOutcome merge_extra(cJSON *root, const RunwayRequest *request,
                                 RunwayError *err)
{
    cJSON *extra = cJSON_ParseWithOpts(request->extra, NULL, 1);
    const char *source = request->model->source_field;
    RunwayOutcome ret = RUNWAY_OK;

    if (!cJSON_IsObject(extra)) {
        ret = ff_runway_error(err, RUNWAY_INVALID,
                              "body is not a JSON object, as in "
                              "{\"name\": \"value\"}%s", extra ? "" :
                              " (it cannot be read as JSON)");
        goto end;
    }
    while (extra->child) {
        cJSON *item = cJSON_DetachItemViaPointer(extra, extra->child);

        if (!strcmp(item->string, "model") || !strcmp(item->string, source)) {
            ret = ff_runway_error(err, RUNWAY_INVALID,
                                  "body may not set \"%s\": %s", item->string,
                                  strcmp(item->string, "model") ?
                                  "the clip is put there" :
                                  "that is the option model");
            cJSON_Delete(item);
            goto end;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(root, item->string);
        if (cJSON_IsNull(item)) {
            cJSON_Delete(item);
        } else {
            /* adding frees the item's own name: not the one it is given */
            char *name = item->string;

            item->string = NULL;
            if (!cJSON_AddItemToObject(root, name, item)) {
                cJSON_Delete(item);
                ret = no_memory(err);
            }
            cJSON_free(name);
            if (ret)
                goto end;
        }
    }
end:
    cJSON_Delete(extra);
    return ret;
}

static RunwayOutcome add_string(RunwayBody *body, const char *text)
{
    return ff_runway_body_add_text(body, text, strlen(text));
}

/** text as a JSON string with its quotes, freed by cJSON_free(). */
static char *quoted(const char *text)
{
    cJSON *item = cJSON_CreateString(text);
    char *out = item ? cJSON_PrintUnformatted(item) : NULL;

    cJSON_Delete(item);
    return out;
}

/**
 * {"SOURCE": the clip, and the members of the object that is printed in rest.
 * The clip comes first and by hand, so nothing in any member can be taken for
 * its place.
 */
static RunwayOutcome assemble(RunwayBody *body, const char *source,
                              const char *rest, int fd, uint64_t size,
                              const char *uri)
{
    char *name = quoted(source);
    char *value = uri ? quoted(uri) : NULL;
    RunwayOutcome ret = RUNWAY_NOMEM;

    if (!name || (uri && !value))
        goto end;
    if ((ret = add_string(body, "{")) || (ret = add_string(body, name)) ||
        (ret = add_string(body, ":")))
        goto end;
    if (uri) {
        ret = add_string(body, value);
    } else if (!(ret = add_string(body, "\"" MIME_PREFIX)) &&
               !(ret = ff_runway_body_add_base64(body, fd, size))) {
        ret = add_string(body, "\"");
    }
    if (ret)
        goto end;
    /* never empty: it has "model" */
    ret = add_string(body, ",");
    if (!ret)
        ret = add_string(body, rest + 1);
end:
    cJSON_free(name);
    cJSON_free(value);
    return ret;
}

RunwayOutcome ff_runway_wire_create_body(const RunwayRequest *request,
                                         int fd, uint64_t size, const char *uri,
                                         RunwayBody **body, RunwayError *err)
{
    cJSON *root = cJSON_CreateObject();
    char *rest = NULL;
    RunwayOutcome ret;

    *body = NULL;
    if (!root || !add_members(root, request)) {
        ret = no_memory(err);
        goto end;
    }
    if (request->extra) {
        ret = merge_extra(root, request, err);
        if (ret)
            goto end;
    }
    rest  = cJSON_PrintUnformatted(root);
    *body = ff_runway_body_create();
    if (!rest || !*body) {
        ret = no_memory(err);
        goto end;
    }
    ret = assemble(*body, request->model->source_field, rest, fd, size, uri);
    if (ret)
        ff_runway_error(err, ret, "out of memory");
end:
    if (ret)
        ff_runway_body_free(body);
    cJSON_free(rest);
    cJSON_Delete(root);
    return ret;
}

/*
 * Replies that come in
 */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/** The member's text, NULL when it is no string or an empty one. */
static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    return cJSON_IsString(item) && item->valuestring[0] ? item->valuestring
                                                        : NULL;
}

/** Copy text, whole characters only. */
static void copy_text(char *out, size_t room, const char *text)
{
    int n = snprintf(out, room, "%s", text);

    ff_runway_clean_text(out, n >= (int)room);
}

/** An id becomes part of a path: letters, digits and what cannot climb. */
static int is_id(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length < RUNWAY_ID_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_.:") == length &&
           strspn(text, ".") < length;
}

static const char *id_in(const cJSON *object, const char *name)
{
    const char *text = text_of(object, name);

    return text && is_id(text) ? text : NULL;
}

/** Credits of a "cost" or "estimatedCost", -1 when not told. */
static double credits_of(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    if (cJSON_IsObject(item))
        item = member(item, "credits");
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) ||
        item->valuedouble < 0)
        return -1;
    return item->valuedouble;
}

RunwayOutcome ff_runway_wire_parse_create(const char *text, size_t size,
                                          char id[RUNWAY_ID_MAX],
                                          double *credits, RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *data = member(root, "data");
    const cJSON *inner = member(data, "data");
    const cJSON *objects[3];
    const char *found;

    objects[0] = root;
    objects[1] = data;
    objects[2] = inner;
    id[0]    = 0;
    *credits = -1;

    /* the outer id is what the gateway goes by */
    found = id_in(root, "id");
    if (!found)
        found = id_in(root, "task_id");
    if (!found)
        found = id_in(data, "task_id");
    if (!found)
        found = id_in(data, "id");
    if (!found)
        found = id_in(inner, "id");
    if (found) {
        memcpy(id, found, strlen(found) + 1);
        for (int i = 0; i < 3 && *credits < 0; i++)
            *credits = credits_of(objects[i], "estimatedCost");
        cJSON_Delete(root);
        return RUNWAY_OK;
    }
    cJSON_Delete(root);
    if (err) {
        char why[512];

        ff_runway_wire_error_text(text, size, why, sizeof(why));
        ff_runway_error(err, RUNWAY_UNKNOWN,
                        "the create was answered without a task id, so it may "
                        "have been accepted and billed: %s", why);
    }
    return RUNWAY_UNKNOWN;
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

RunwayOutcome ff_runway_wire_slot_body(const char *filename, RunwayBody **body,
                                       RunwayError *err)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    RunwayOutcome ret = RUNWAY_NOMEM;

    *body = ff_runway_body_create();
    if (root && *body && cJSON_AddStringToObject(root, "filename", filename) &&
        cJSON_AddStringToObject(root, "type", "ephemeral"))
        text = cJSON_PrintUnformatted(root);
    if (text)
        ret = add_string(*body, text);
    cJSON_free(text);
    cJSON_Delete(root);
    if (ret) {
        ff_runway_body_free(body);
        return no_memory(err);
    }
    return RUNWAY_OK;
}

/** Copy the form's fields in their order. @return 0 when one is no text */
static int copy_fields(RunwaySlot *slot, const cJSON *fields)
{
    const cJSON *item;
    size_t n = (size_t)cJSON_GetArraySize(fields) + 1;

    slot->names  = calloc(n, sizeof(*slot->names));
    slot->values = calloc(n, sizeof(*slot->values));
    if (!slot->names || !slot->values)
        return 0;
    cJSON_ArrayForEach(item, fields) {
        if (!cJSON_IsString(item))
            return 0;
        slot->names[slot->nb_fields]    = strdup(item->string);
        slot->values[slot->nb_fields++] = strdup(item->valuestring);
        if (!slot->names[slot->nb_fields - 1] ||
            !slot->values[slot->nb_fields - 1])
            return 0;
    }
    return 1;
}

RunwayOutcome ff_runway_wire_parse_slot(const char *text, size_t size,
                                        RunwaySlot **slot, RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const char *url = text_of(root, "uploadUrl");
    const char *uri = text_of(root, "runwayUri");
    const cJSON *fields = member(root, "fields");
    RunwaySlot *s = calloc(1, sizeof(*s));
    int good;

    good = s && url && strlen(url) <= RUNWAY_URL_MAX && uri &&
           !strncmp(uri, "runway://", 9) && cJSON_IsObject(fields) &&
           (s->url = strdup(url)) && (s->uri = strdup(uri)) &&
           copy_fields(s, fields);
    cJSON_Delete(root);
    *slot = s;
    if (good)
        return RUNWAY_OK;
    ff_runway_slot_free(slot);
    if (err) {
        char why[512];

        ff_runway_wire_error_text(text, size, why, sizeof(why));
        ff_runway_error(err, RUNWAY_UNAVAILABLE, "the reply to the request for "
                        "an upload slot is not understood: %s", why);
    }
    return RUNWAY_UNAVAILABLE;
}

static const struct {
    const char *name;
    RunwayTaskState state;
} states[] = {
    { "PENDING",     RUNWAY_TASK_PENDING },
    { "THROTTLED",   RUNWAY_TASK_THROTTLED },
    { "RUNNING",     RUNWAY_TASK_RUNNING },
    { "SUCCEEDED",   RUNWAY_TASK_SUCCEEDED },
    { "FAILED",      RUNWAY_TASK_FAILED_STATE },
    { "CANCELLED",   RUNWAY_TASK_CANCELLED },
    /* the words of gateways */
    { "CANCELED",    RUNWAY_TASK_CANCELLED },
    { "QUEUED",      RUNWAY_TASK_PENDING },
    { "SUBMITTED",   RUNWAY_TASK_PENDING },
    { "NOT_START",   RUNWAY_TASK_PENDING },
    { "IN_PROGRESS", RUNWAY_TASK_RUNNING },
    { "PROCESSING",  RUNWAY_TASK_RUNNING },
    { "SUCCESS",     RUNWAY_TASK_SUCCEEDED },
    { "COMPLETED",   RUNWAY_TASK_SUCCEEDED },
    { "FAILURE",     RUNWAY_TASK_FAILED_STATE },
};

const char *ff_runway_task_state_name(RunwayTaskState state)
{
    if (state == RUNWAY_TASK_NOT_EXIST)
        return "not existing";
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (states[i].state == state)
            return states[i].name;
    return "?";
}

/** The state an object tells; 0 when it tells none that is known. */
static int state_of(const cJSON *object, RunwayTaskState *state)
{
    const char *text = text_of(object, "status");

    for (size_t i = 0; text && i < sizeof(states) / sizeof(states[0]); i++) {
        if (!strcasecmp(text, states[i].name)) {
            *state = states[i].state;
            return 1;
        }
    }
    return 0;
}

static int is_final(RunwayTaskState state)
{
    return state == RUNWAY_TASK_SUCCEEDED ||
           state == RUNWAY_TASK_FAILED_STATE ||
           state == RUNWAY_TASK_CANCELLED;
}

/** Progress as 0.25, 25 or "25%"; -1 when not told. */
static double progress_of(const cJSON *object)
{
    const cJSON *item = member(object, "progress");
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
    const cJSON *output = member(object, "output");

    if (cJSON_IsArray(output))
        output = cJSON_GetArrayItem(output, 0);
    if (cJSON_IsObject(output))
        output = member(output, "url");
    return cJSON_IsString(output) && output->valuestring[0] ?
           output->valuestring : NULL;
}

/** Whether text can be given to the client as a URL. */
static int is_url(const char *text)
{
    if (strncasecmp(text, "https://", 8) && strncasecmp(text, "http://", 7))
        return 0;
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7F)
            return 0;
    return strlen(text) < RUNWAY_URL_MAX;
}

static int says_not_exist(const cJSON *root);

/**
 * Find the Runway object (*task) and the gateway's wrapping (*wrap, NULL:
 * none) in a reply, and the state that the two together tell.
 */
static int find_state(const cJSON *root, const cJSON **task, const cJSON **wrap,
                      RunwayTaskState *state)
{
    RunwayTaskState outer;

    *wrap = NULL;
    *task = root;
    if (state_of(root, state))
        return 1;
    *wrap = member(root, "data");
    *task = member(*wrap, "data");
    if (!state_of(*task, state)) {
        *task = *wrap;
        return state_of(*wrap, state);
    }
    /* The wrapping may lag behind or run ahead. A failure of the gateway's is
     * an end, though; its success is one only once the output is there. */
    if (!is_final(*state) && state_of(*wrap, &outer) &&
        (outer == RUNWAY_TASK_FAILED_STATE || outer == RUNWAY_TASK_CANCELLED ||
         (outer == RUNWAY_TASK_SUCCEEDED && output_of(*task))))
        *state = outer;
    return 1;
}

static void fill_task(RunwayTask *task, const cJSON *object, const cJSON *wrap)
{
    const char *text;

    text = id_in(object, "id");
    if (!text)
        text = id_in(wrap, "task_id");
    if (text)
        copy_text(task->id, sizeof(task->id), text);

    task->progress = progress_of(object);
    if (task->progress < 0)
        task->progress = progress_of(wrap);

    task->credits = credits_of(object, "cost");
    if (task->credits < 0)
        task->credits = credits_of(object, "estimatedCost");

    if (task->state == RUNWAY_TASK_FAILED_STATE) {
        text = text_of(object, "failure");
        if (!text)
            text = text_of(wrap, "fail_reason");
        if (!text)
            text = text_of(object, "fail_reason");
        if (text)
            copy_text(task->failure, sizeof(task->failure), text);
        text = text_of(object, "failureCode");
        if (text)
            copy_text(task->failure_code, sizeof(task->failure_code), text);
    }
}

RunwayOutcome ff_runway_wire_parse_task(const char *text, size_t size,
                                        RunwayTask *task, RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *object, *wrap;
    RunwayOutcome ret = RUNWAY_OK;
    const char *url;

    memset(task, 0, sizeof(*task));
    task->progress = -1;
    task->credits  = -1;

    if (!find_state(root, &object, &wrap, &task->state)) {
        if (says_not_exist(root)) {
            task->state = RUNWAY_TASK_NOT_EXIST;
        } else if (err) {
            char why[512];

            ff_runway_wire_error_text(text, size, why, sizeof(why));
            ff_runway_error(err, RUNWAY_UNAVAILABLE,
                            "the provider's reply about the task tells no "
                            "status that is known: %s", why);
            ret = RUNWAY_UNAVAILABLE;
        } else {
            ret = RUNWAY_UNAVAILABLE;
        }
        goto end;
    }
    fill_task(task, object, wrap);
    if (task->state != RUNWAY_TASK_SUCCEEDED)
        goto end;

    url = output_of(object);
    if (!url)
        url = output_of(wrap);
    if (!url)
        ret = ff_runway_error(err, RUNWAY_BAD_RESULT,
                              "the task SUCCEEDED without an output");
    else if (!is_url(url))
        ret = ff_runway_error(err, RUNWAY_BAD_RESULT,
                              "the task SUCCEEDED with an output that is no "
                              "URL, or one of %d bytes or more",
                              RUNWAY_URL_MAX);
    else
        memcpy(task->url, url, strlen(url) + 1);
end:
    cJSON_Delete(root);
    return ret;
}

RunwayOutcome ff_runway_failure_class(const char *failure_code)
{
    /* whole codes, or what they begin with up to a dot */
    static const char *const passing[] = {
        "INTERNAL", "INPUT_PREPROCESSING.INTERNAL", "THIRD_PARTY.UNAVAILABLE",
    };

    if (!failure_code || !failure_code[0])
        return RUNWAY_TASK_FAILED_PASSING;
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        size_t length = strlen(passing[i]);

        if (!strncmp(failure_code, passing[i], length) &&
            (!failure_code[length] || failure_code[length] == '.'))
            return RUNWAY_TASK_FAILED_PASSING;
    }
    return RUNWAY_TASK_FAILED;
}

/*
 * Errors
 */

/** Whether text holds word, in either case. */
static int contains(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (; *text; text++)
        if (!strncasecmp(text, word, length))
            return 1;
    return 0;
}

static int member_contains(const cJSON *object, const char *name,
                           const char *word)
{
    const char *text = text_of(object, name);

    return text && contains(text, word);
}

/** Whether one of the places where an error is told holds word. */
static int error_contains(const cJSON *root, const char *word)
{
    const cJSON *error = member(root, "error");

    return member_contains(root, "error", word) ||
           member_contains(root, "code", word) ||
           member_contains(root, "message", word) ||
           member_contains(error, "code", word) ||
           member_contains(error, "type", word) ||
           member_contains(error, "message", word);
}

static int says_not_exist(const cJSON *root)
{
    return error_contains(root, "task_not_exist") ||
           error_contains(root, "could not find task");
}

/** A number that is not negative, -1 when there is none. */
static double amount_of(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    return cJSON_IsNumber(item) && item->valuedouble >= 0 ? item->valuedouble
                                                          : -1;
}

/** A whole number that is not negative, -1 when there is none. */
static int64_t count_of(const cJSON *object, const char *name)
{
    double value = amount_of(object, name);

    return value >= 0 && value < 1e15 ? (int64_t)value : -1;
}

RunwayOutcome ff_runway_wire_parse_account(const char *text, size_t size,
                                           const char *model_name,
                                           RunwayAccount *account,
                                           RunwayError *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *tier = member(root, "tier"), *usage = member(root, "usage");

    account->balance     = -1;
    account->daily_max   = -1;
    account->daily_count = -1;
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "the account's reply is not understood");
    }
    account->balance     = amount_of(root, "creditBalance");
    account->daily_max   = count_of(member(member(tier, "models"), model_name),
                                    "maxDailyGenerations");
    account->daily_count = count_of(member(member(usage, "models"),
                                           model_name), "dailyGenerations");
    cJSON_Delete(root);
    return RUNWAY_OK;
}

int ff_runway_wire_is_not_exist(const char *text, size_t size)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    int ret = says_not_exist(root);

    cJSON_Delete(root);
    return ret;
}

int ff_runway_wire_is_bad_request(const char *text, size_t size)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *error = member(root, "error");
    const char *code = text_of(error, "code");
    int ret;

    if (!code)
        code = text_of(root, "code");
    ret = code && !strcmp(code, "invalid_request");
    cJSON_Delete(root);
    return ret;
}

/** Text that is put together; what does not fit is left out. */
typedef struct Line {
    char text[4096];
    size_t used;
} Line;

static void append(Line *line, const char *fmt, ...) RUNWAY_PRINTF(2, 3);

static void append(Line *line, const char *fmt, ...)
{
    size_t room = sizeof(line->text) - line->used;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(line->text + line->used, room, fmt, args);
    va_end(args);
    if (n < 0)
        line->text[line->used] = 0;
    else
        line->used += (size_t)n < room ? (size_t)n : room - 1;
}

/** A validation path as people write it: references[0].uri */
static void append_path(Line *line, const cJSON *path)
{
    const cJSON *item;
    int first = 1;

    if (cJSON_IsString(path)) {
        append(line, "%s", path->valuestring);
        return;
    }
    cJSON_ArrayForEach(item, path) {
        if (cJSON_IsString(item))
            append(line, "%s%s", first ? "" : ".", item->valuestring);
        else if (cJSON_IsNumber(item))
            append(line, "[%.0f]", item->valuedouble);
        first = 0;
    }
}

static void append_issues(Line *line, const cJSON *issues)
{
    const cJSON *issue;

    if (!cJSON_IsArray(issues))
        return;
    cJSON_ArrayForEach(issue, issues) {
        const char *message = text_of(issue, "message");
        size_t before;

        if (!message)
            message = text_of(issue, "code");
        if (cJSON_IsString(issue))
            message = issue->valuestring;
        if (!message)
            continue;
        append(line, "; ");
        before = line->used;
        append_path(line, member(issue, "path"));
        append(line, "%s%s", line->used > before ? ": " : "", message);
    }
}

/** What the known shapes of an error object say; nothing: line stays empty. */
static void append_error(Line *line, const cJSON *root)
{
    static const char *const names[] = {
        "message", "detail", "msg", "error_description", "title", "code"
    };
    const cJSON *error = member(root, "error");
    const cJSON *holder = cJSON_IsObject(error) ? error : root;
    const char *message = NULL, *code, *param;

    if (cJSON_IsString(error) && error->valuestring[0])
        message = error->valuestring;
    for (size_t i = 0; !message && i < sizeof(names) / sizeof(names[0]); i++)
        message = text_of(holder, names[i]);
    if (!message)
        return;
    append(line, "%s", message);
    code  = text_of(holder, "code");
    param = text_of(holder, "param");
    if (param)
        append(line, " (param %s)", param);
    if (code && strcmp(code, message))
        append(line, " (%s)", code);
    append_issues(line, member(root, "issues"));
    if (holder != root)
        append_issues(line, member(holder, "issues"));
}

/** Length of the tag at s, with what a script or style holds; 0: no tag. */
static size_t tag_length(const char *s, size_t size)
{
    static const char *const hidden[] = { "script", "style" };
    size_t n = 1;

    if (size < 2 || *s != '<' || !(s[1] == '/' || s[1] == '!' || s[1] == '?' ||
        (s[1] >= 'a' && s[1] <= 'z') || (s[1] >= 'A' && s[1] <= 'Z')))
        return 0;
    while (n < size && s[n] != '>')
        n++;
    if (n < size)
        n++;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        size_t length = strlen(hidden[i]);

        if (size <= length + 1 || strncasecmp(s + 1, hidden[i], length))
            continue;
        while (n < size && !(s[n] == '<' && size - n > length + 2 &&
                             s[n + 1] == '/' &&
                             !strncasecmp(s + n + 2, hidden[i], length)))
            n++;
    }
    return n;
}

/** The beginning of a reply as one line, tags taken out, white space single. */
static void append_excerpt(Line *line, const char *text, size_t size)
{
    size_t start = line->used, most = start + 4 * EXCERPT;
    int space = 0;

    for (size_t i = 0; i < size && line->used < most;) {
        size_t tag = tag_length(text + i, size - i);

        if (tag || (unsigned char)text[i] <= ' ') {
            i += tag ? tag : 1;
            space = line->used > start;
            continue;
        }
        append(line, "%s%c", space ? " " : "", text[i++]);
        space = 0;
    }
}

/** Cut what begins at start to the length of an excerpt. */
static void shorten(Line *line, size_t start)
{
    ff_runway_scrub(line->text + start);
    if (strlen(line->text + start) > EXCERPT) {
        line->text[start + EXCERPT] = 0;
        ff_runway_clean_text(line->text + start, 1);
        strcat(line->text, "...");
    }
}

void ff_runway_wire_error_text(const char *text, size_t size, char *out,
                               size_t room)
{
    cJSON *root;
    Line line;

    if (!room)
        return;
    line.text[0] = 0;
    line.used    = 0;
    root = size ? cJSON_ParseWithLength(text, size) : NULL;
    /* "404 page not found" begins with a number and is no JSON */
    if (!cJSON_IsObject(root) && !cJSON_IsArray(root) &&
        !cJSON_IsString(root)) {
        cJSON_Delete(root);
        root = NULL;
    }
    if (cJSON_IsObject(root))
        append_error(&line, root);
    else if (cJSON_IsString(root))
        append(&line, "%s", root->valuestring);
    if (!line.used) {
        append(&line, "%s", root ? "" : "a reply that is not JSON: ");
        append_excerpt(&line, text, size);
        shorten(&line, root ? 0 : strlen("a reply that is not JSON: "));
    }
    cJSON_Delete(root);
    ff_runway_scrub(line.text);
    if (!size || !line.text[strspn(line.text, " ")])
        strcpy(line.text, "an empty reply");
    copy_text(out, room, line.text);
}
