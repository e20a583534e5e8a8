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
#include <string.h>
#include <strings.h>

#include "../base/json.h"
#include "request_json.h"

#define MIME_PREFIX "data:video/mp4;base64,"

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

static int add_range(cJSON *keyframe, const RunwayPicture *picture)
{
    cJSON *range;

    if (!(picture->range_end > 0))
        return 1;
    range = cJSON_AddObjectToObject(keyframe, "range");
    return range &&
           cJSON_AddNumberToObject(range, "start_seconds",
                                   picture->range_start) &&
           cJSON_AddNumberToObject(range, "end_seconds", picture->range_end);
}

static int add_keyframes(cJSON *root, const RunwayRequest *request)
{
    cJSON *array = cJSON_AddArrayToObject(root, "keyframes");

    for (int i = 0; array && i < request->nb_keyframes; i++) {
        cJSON *object = add_object(array);

        if (!object ||
            !cJSON_AddNumberToObject(object, "seconds",
                                     request->keyframes[i].seconds) ||
            !cJSON_AddStringToObject(object, "uri",
                                     request->keyframes[i].uri) ||
            !add_range(object, &request->keyframes[i]))
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

static int add_numbers(cJSON *root, const int *numbers)
{
    for (int i = 0; i < RUNWAY_NB_NUMBERS; i++)
        if (numbers[i] >= 0 &&
            !cJSON_AddNumberToObject(root, ff_runway_number_name(i),
                                     numbers[i]))
            return 0;
    return 1;
}

static int add_text(cJSON *root, unsigned has, const char *name,
                    const char *text)
{
    return !has || !text || cJSON_AddStringToObject(root, name, text);
}

/** The fields the model has, as far as the request sets them. */
static int add_fields(cJSON *root, const RunwayRequest *request)
{
    const unsigned fields = request->model->fields;
    const unsigned references = RUNWAY_FIELD_REFERENCES |
                                RUNWAY_FIELD_REFERENCES_BARE;

    return add_text(root, fields & RUNWAY_FIELD_PROMPT, "promptText",
                    request->prompt) &&
           add_text(root, 1, "model", request->model_name) &&
           (!(fields & RUNWAY_FIELD_SEED) || request->seed < 0 ||
            cJSON_AddNumberToObject(root, "seed", (double)request->seed)) &&
           add_text(root, fields & RUNWAY_FIELD_RATIO, "ratio",
                    request->ratio) &&
           add_text(root, fields & RUNWAY_FIELD_ASPECT, "targetAspectRatio",
                    request->ratio) &&
           (!(fields & RUNWAY_FIELD_DURATION) || request->duration <= 0 ||
            cJSON_AddNumberToObject(root, "duration", request->duration)) &&
           add_text(root, fields & RUNWAY_FIELD_DURATION_AUTO, "duration",
                    "auto") &&
           add_text(root, fields & RUNWAY_FIELD_MODE, "mode",
                    ff_runway_mode_name(request->model->mode)) &&
           (!(fields & RUNWAY_FIELD_AUDIO) ||
            cJSON_AddFalseToObject(root, "audio")) &&
           add_text(root, fields & RUNWAY_FIELD_RESOLUTION, "resolution",
                    request->resolution) &&
           (!(fields & references) || request->nb_references <= 0 ||
            add_references(root, request)) &&
           (!(fields & RUNWAY_FIELD_KEYFRAMES) || request->nb_keyframes <= 0 ||
            add_keyframes(root, request)) &&
           (!(fields & RUNWAY_FIELD_MODERATION) ||
            !request->public_figure_threshold ||
            add_moderation(root, request)) &&
           add_text(root, fields & RUNWAY_FIELD_OUTPUT_FORMAT, "outputFormat",
                    request->output_format) &&
           add_text(root, fields & RUNWAY_FIELD_PRORES_PROFILE,
                    "proresProfile", request->prores_profile) &&
           (!(fields & RUNWAY_FIELD_NUMBERS) || !request->numbers ||
            add_numbers(root, request->numbers));
}

int ff_runway_extra_text(const char *extra, const char *name, char *out,
                         size_t size)
{
    cJSON *root = cJSON_Parse(extra);
    const char *text = runway_json_text(root, name);
    int found = !!runway_json_field(root, name);

    snprintf(out, size, "%s", text ? text : "");
    cJSON_Delete(root);
    return found;
}

/** Where the clip goes in a model that came after the table: the field that
 *  extra says "@clip" of, taken out of it. NULL: it does not. */
static cJSON *take_source(cJSON *extra, const RunwayRequest *request)
{
    cJSON *item;

    if (ff_runway_model_is_known(request->model))
        return NULL;
    cJSON_ArrayForEach(item, extra)
        if (cJSON_IsString(item) && !strcmp(item->valuestring, "@clip"))
            return cJSON_DetachItemViaPointer(extra, item);
    return NULL;
}

/** The option to use for a field that may not come from extra, NULL when it may:
 *  the price of a clip and its length depend on what the options say. */
static const char *option_of(const RunwayModel *model, const char *name)
{
    static const struct {
        const char *name, *option;
        unsigned fields; /* of a known model; 0: of any */
    } options[] = {
        { "model",      "model",         0 },
        { "mode",       "mode",          RUNWAY_FIELD_MODE },
        { "duration",   "clip_duration", RUNWAY_FIELD_DURATION |
                                         RUNWAY_FIELD_DURATION_AUTO },
        { "ratio",      "ratio",         RUNWAY_FIELD_RATIO },
        { "targetAspectRatio", "ratio",  RUNWAY_FIELD_ASPECT },
        { "resolution", "resolution",    RUNWAY_FIELD_RESOLUTION },
        { "references", "reference",     RUNWAY_FIELD_REFERENCES |
                                         RUNWAY_FIELD_REFERENCES_BARE },
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (!strcmp(name, options[i].name) &&
            (!options[i].fields || (ff_runway_model_is_known(model) &&
                                    model->fields & options[i].fields)))
            return options[i].option;
    return NULL;
}

/** Move the fields of request->extra into root, over what is there. *own is
 *  the caller's to delete: its name is the clip's, if it is not NULL. */
static RunwayOutcome merge_extra(cJSON *root, const RunwayRequest *request,
                                 cJSON **own, RunwayError *err)
{
    cJSON *extra = cJSON_ParseWithOpts(request->extra, NULL, 1);
    const char *source, *option;
    RunwayOutcome ret = RUNWAY_OK;

    if (!cJSON_IsObject(extra)) {
        ret = ff_runway_error(err, RUNWAY_INVALID,
                              "body is not a JSON object, as in "
                              "{\"name\": \"value\"}%s", extra ? "" :
                              " (it cannot be read as JSON)");
        goto end;
    }
    *own   = take_source(extra, request);
    source = *own ? (*own)->string : request->model->source_field;
    while (extra->child) {
        cJSON *item = cJSON_DetachItemViaPointer(extra, extra->child);

        option = option_of(request->model, item->string);
        if (option || !strcmp(item->string, source)) {
            ret = ff_runway_error(err, RUNWAY_INVALID,
                                  "body may not set \"%s\": %s%s%s",
                                  item->string,
                                  option ? "use the option " :
                                  "that is where the clip goes",
                                  option ? option : "",
                                  option ? " for it" : "");
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
                ret = ff_runway_no_memory(err);
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

static RunwayOutcome add_strings(RunwayBody *body, const char *a,
                                 const char *b, const char *c)
{
    RunwayOutcome ret = ff_runway_body_add_text(body, a, strlen(a));

    if (!ret)
        ret = ff_runway_body_add_text(body, b, strlen(b));
    return ret ? ret : ff_runway_body_add_text(body, c, strlen(c));
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
 * {"SOURCE": the clip, and the fields of the object that is printed in rest.
 * The clip comes first and by hand, so nothing in any field can be taken for
 * its place.
 */
static RunwayOutcome assemble(RunwayBody *body, const char *source,
                              const char *rest, int fd, uint64_t size,
                              const char *uri)
{
    char *name = quoted(source);
    char *value = uri ? quoted(uri) : NULL;
    RunwayOutcome ret = RUNWAY_NOMEM;

    if (name && (!uri || value))
        ret = add_strings(body, "{", name, uri ? ":" : ":\"" MIME_PREFIX);
    if (!ret)
        ret = uri ? add_strings(body, value, "", "")
                  : ff_runway_body_add_base64(body, fd, size);
    /* rest is never empty: it has "model" */
    if (!ret)
        ret = add_strings(body, uri ? "," : "\",", rest + 1, "");
    cJSON_free(name);
    cJSON_free(value);
    return ret;
}

RunwayOutcome ff_runway_request_json(const RunwayRequest *request,
                                     int fd, uint64_t size, const char *uri,
                                     RunwayBody **body, RunwayError *err)
{
    cJSON *root = cJSON_CreateObject(), *own = NULL;
    char *rest = NULL;
    RunwayOutcome ret;

    *body = NULL;
    if (!root || !add_fields(root, request)) {
        ret = ff_runway_no_memory(err);
        goto end;
    }
    if (request->extra) {
        ret = merge_extra(root, request, &own, err);
        if (ret)
            goto end;
    }
    rest  = cJSON_PrintUnformatted(root);
    *body = ff_runway_body_create();
    if (!rest || !*body) {
        ret = ff_runway_no_memory(err);
        goto end;
    }
    ret = assemble(*body, own ? own->string : request->model->source_field,
                   rest, fd, size, uri);
    if (ret)
        ff_runway_no_memory(err);
end:
    if (ret)
        ff_runway_body_free(body);
    cJSON_free(rest);
    cJSON_Delete(own);
    cJSON_Delete(root);
    return ret;
}

typedef RunwayOutcome TakeUrl(void *opaque, const char *url);

static RunwayOutcome take_url(const char *text, TakeUrl *take, void *opaque)
{
    return text && !strncasecmp(text, "http", 4) ? take(opaque, text)
                                                 : RUNWAY_OK;
}

/** All in a list of items; cJSON has bounded the depth. */
static RunwayOutcome take_items(const cJSON *item, TakeUrl *take, void *opaque)
{
    RunwayOutcome ret = RUNWAY_OK;

    for (; item && !ret; item = item->next) {
        ret = take_url(item->valuestring, take, opaque);
        if (!ret)
            ret = take_items(item->child, take, opaque);
    }
    return ret;
}

RunwayOutcome ff_runway_request_urls(const RunwayRequest *request,
                                     TakeUrl *take, void *opaque)
{
    RunwayOutcome ret = RUNWAY_OK;
    cJSON *extra;

    for (int i = 0; i < request->nb_references && !ret; i++)
        ret = take_url(request->references[i].uri, take, opaque);
    for (int i = 0; i < request->nb_keyframes && !ret; i++)
        ret = take_url(request->keyframes[i].uri, take, opaque);
    if (ret || !request->extra)
        return ret;
    extra = cJSON_Parse(request->extra);
    ret   = extra ? take_items(extra, take, opaque) : RUNWAY_NOMEM;
    cJSON_Delete(extra);
    return ret;
}

RunwayOutcome ff_runway_slot_request_json(const char *filename,
                                          RunwayBody **body, RunwayError *err)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    RunwayOutcome ret = RUNWAY_NOMEM;

    *body = ff_runway_body_create();
    if (root && *body && cJSON_AddStringToObject(root, "filename", filename) &&
        cJSON_AddStringToObject(root, "type", "ephemeral"))
        text = cJSON_PrintUnformatted(root);
    if (text)
        ret = add_strings(*body, text, "", "");
    cJSON_free(text);
    cJSON_Delete(root);
    if (ret) {
        ff_runway_body_free(body);
        return ff_runway_no_memory(err);
    }
    return RUNWAY_OK;
}
