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

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "provider.h"
#include "util.h"

#define MAX_URL 2048
#define MAX_SEED 4294967295.0
#define MAX_KEYFRAMES 5

typedef struct Check {
    const SimOptions *options;
    SimCreate *create;
    cJSON *issues;
} Check;

static const char *type_name(const cJSON *item)
{
    if (!item)
        return "undefined";
    if (cJSON_IsString(item))
        return "string";
    if (cJSON_IsNumber(item))
        return "number";
    if (cJSON_IsBool(item))
        return "boolean";
    if (cJSON_IsArray(item))
        return "array";
    return cJSON_IsNull(item) ? "null" : "object";
}

static void wrong_type(Check *c, const char *path, const char *expected,
                       const cJSON *item)
{
    sim_issue_add(c->issues, "invalid_type", path,
                  "Invalid input: expected %s, received %s", expected,
                  type_name(item));
}

/* Refuses fields that are not in the list. */
static void check_keys(Check *c, const cJSON *object, const char *path,
                       const char *const *allowed)
{
    SimBuf unknown = { 0 };
    const cJSON *item;

    cJSON_ArrayForEach(item, object) {
        int i;

        for (i = 0; allowed[i] && strcmp(allowed[i], item->string); i++)
            ;
        if (!allowed[i])
            sim_buf_printf(&unknown, "%s\"%s\"", unknown.size ? ", " : "",
                           item->string);
    }
    if (unknown.size)
        sim_issue_add(c->issues, "unrecognized_keys", path,
                      "Unrecognized keys: %s", unknown.data);
    sim_buf_free(&unknown);
}

/* JavaScript's idea of a string's length, which the service's limits mean. */
static int utf16_length(const char *s)
{
    int n = 0;

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if ((c & 0xc0) != 0x80)
            n += c >= 0xf0 ? 2 : 1;
    }
    return n;
}

static const char *check_option(Check *c, const cJSON *item, const char *path,
                                const char *const *options)
{
    SimBuf list = { 0 };

    if (cJSON_IsString(item)) {
        for (int i = 0; options[i]; i++) {
            if (!strcmp(options[i], item->valuestring))
                return item->valuestring;
        }
    }
    for (int i = 0; options[i]; i++)
        sim_buf_printf(&list, "%s\"%s\"", i ? "|" : "", options[i]);
    sim_issue_add(c->issues, "invalid_value", path,
                  "Invalid option: expected one of %s", list.data);
    sim_buf_free(&list);
    return NULL;
}

static int check_number(Check *c, const cJSON *item, const char *path,
                        double min, double max, int whole)
{
    if (!cJSON_IsNumber(item)) {
        wrong_type(c, path, "number", item);
        return -1;
    }
    if (whole && item->valuedouble != floor(item->valuedouble)) {
        sim_issue_add(c->issues, "invalid_type", path,
                      "Invalid input: expected int, received number");
        return -1;
    }
    if (item->valuedouble < min) {
        sim_issue_add(c->issues, "too_small", path,
                      "Too small: expected number to be >=%.15g", min);
        return -1;
    }
    if (item->valuedouble > max) {
        sim_issue_add(c->issues, "too_big", path,
                      "Too big: expected number to be <=%.15g", max);
        return -1;
    }
    return 0;
}

/* A public host has a name; addresses are not fetched from. */
static const char *check_https(const char *uri)
{
    const char *host = uri + strlen("https://");
    size_t length = strcspn(host, ":/?#");
    int letters = 0;

    if (strlen(uri) > MAX_URL)
        return "Invalid URL: longer than 2048 characters";
    for (size_t i = 0; i < length; i++) {
        unsigned char ch = (unsigned char)host[i];

        if (!isalnum(ch) && ch != '-' && ch != '.')
            return "Invalid URL";
        letters |= isalpha(ch);
    }
    if (!letters || !memchr(host, '.', length))
        return "Invalid URL: the host must be a domain name";
    for (const char *p = uri; *p; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return "Invalid URL";
    }
    return NULL;
}

static int check_uri(Check *c, const cJSON *item, const char *path)
{
    const char *uri, *error = "Invalid URL: expected an HTTPS URL, a data "
                              "URI or a Runway upload URI";
    int64_t limit = c->options->data_uri_limit;

    if (!cJSON_IsString(item)) {
        wrong_type(c, path, "string", item);
        return -1;
    }
    uri = item->valuestring;
    if (sim_has_prefix(uri, "data:")) {
        if ((int64_t)strlen(uri) <= limit)
            return 0;
        if (c->options->data_uri_status == 413) {
            c->create->too_large = 1;
            return -1;
        }
        sim_issue_add(c->issues, "too_big", path,
                      "Too big: expected string to have <=%lld characters",
                      (long long)limit);
        return -1;
    }
    if (sim_has_prefix(uri, "runway://"))
        return 0;
    if (sim_has_prefix(uri, "https://"))
        error = check_https(uri);
    if (error)
        sim_issue_add(c->issues, "invalid_format", path, "%s", error);
    return error ? -1 : 0;
}

static SimCreateImage *add_image(Check *c, const char *uri, const char *path)
{
    SimCreateImage *image;

    if (c->create->nb_images == SIM_MAX_IMAGES)
        return NULL;
    image = &c->create->images[c->create->nb_images++];
    memset(image, 0, sizeof(*image));
    image->uri = uri;
    snprintf(image->path, sizeof(image->path), "%s", path);
    return image;
}

static int check_list(Check *c, const cJSON *list, const char *name, int max)
{
    if (!cJSON_IsArray(list)) {
        wrong_type(c, name, "array", list);
        return -1;
    }
    if (cJSON_GetArraySize(list) > max) {
        sim_issue_add(c->issues, "too_big", name,
                      "Too big: expected array to have <=%d items", max);
        return -1;
    }
    return 0;
}

/* Lists of {type, uri}; of images only the untyped form exists as well. */
static void check_media(Check *c, const cJSON *list, const char *name,
                        const char *type, int typed, int max)
{
    static const char *const typed_keys[] = { "type", "uri", NULL };
    const char *const types[] = { type, NULL };
    const cJSON *item;
    int i = 0;

    if (check_list(c, list, name, max) < 0)
        return;
    cJSON_ArrayForEach(item, list) {
        const cJSON *uri = cJSON_GetObjectItemCaseSensitive(item, "uri");
        char path[48];

        snprintf(path, sizeof(path), "%s.%d", name, i);
        if (!cJSON_IsObject(item)) {
            wrong_type(c, path, "object", item);
            i++;
            continue;
        }
        check_keys(c, item, path, typed ? typed_keys : typed_keys + 1);
        if (typed) {
            snprintf(path, sizeof(path), "%s.%d.type", name, i);
            check_option(c, cJSON_GetObjectItemCaseSensitive(item, "type"),
                         path, types);
        }
        snprintf(path, sizeof(path), "%s.%d.uri", name, i);
        if (!check_uri(c, uri, path) && !strcmp(type, "image"))
            add_image(c, uri->valuestring, path);
        i++;
    }
}

static void check_moderation(Check *c, const cJSON *item, const char *name)
{
    static const char *const keys[] = { "publicFigureThreshold", NULL };
    static const char *const options[] = { "auto", "low", NULL };
    const cJSON *threshold;

    if (!cJSON_IsObject(item)) {
        wrong_type(c, name, "object", item);
        return;
    }
    check_keys(c, item, name, keys);
    threshold = cJSON_GetObjectItemCaseSensitive(item, keys[0]);
    if (threshold)
        check_option(c, threshold, "contentModeration.publicFigureThreshold",
                     options);
}

static void check_range(Check *c, const cJSON *range, const char *path,
                        const cJSON *seconds)
{
    static const char *const keys[] = { "start_seconds", "end_seconds", NULL };
    const cJSON *start, *end;
    char sub[80];

    if (!cJSON_IsObject(range)) {
        wrong_type(c, path, "object", range);
        return;
    }
    check_keys(c, range, path, keys);
    start = cJSON_GetObjectItemCaseSensitive(range, keys[0]);
    end   = cJSON_GetObjectItemCaseSensitive(range, keys[1]);
    snprintf(sub, sizeof(sub), "%s.%s", path, keys[0]);
    if (check_number(c, start, sub, 0, 1e6, 1) < 0)
        return;
    snprintf(sub, sizeof(sub), "%s.%s", path, keys[1]);
    if (check_number(c, end, sub, start->valuedouble + 1, 1e6, 1) < 0)
        return;
    if (cJSON_IsNumber(seconds) &&
        (seconds->valuedouble < start->valuedouble ||
         seconds->valuedouble >= end->valuedouble))
        sim_issue_add(c->issues, "custom", path,
                      "The keyframe timestamp must fall within its range");
}

static void check_keyframe(Check *c, const cJSON *item, int index)
{
    static const char *const keys[] = { "seconds", "at", "uri", "range",
                                        NULL };
    const cJSON *seconds, *at, *uri, *range;
    SimCreateImage *image;
    char path[48];
    int bad = 0;

    snprintf(path, sizeof(path), "keyframes.%d", index);
    if (!cJSON_IsObject(item)) {
        wrong_type(c, path, "object", item);
        return;
    }
    check_keys(c, item, path, keys);
    seconds = cJSON_GetObjectItemCaseSensitive(item, "seconds");
    at      = cJSON_GetObjectItemCaseSensitive(item, "at");
    uri     = cJSON_GetObjectItemCaseSensitive(item, "uri");
    range   = cJSON_GetObjectItemCaseSensitive(item, "range");
    if (!seconds == !at) {
        sim_issue_add(c->issues, "invalid_union", path, "Invalid input: "
                      "either \"seconds\" or \"at\" expected");
        bad = 1;
    } else if (seconds) {
        snprintf(path, sizeof(path), "keyframes.%d.seconds", index);
        bad = check_number(c, seconds, path, 0, 1e6, 0) < 0;
    } else {
        snprintf(path, sizeof(path), "keyframes.%d.at", index);
        bad = check_number(c, at, path, 0, 1, 0) < 0;
    }
    if (range) {
        snprintf(path, sizeof(path), "keyframes.%d.range", index);
        check_range(c, range, path, seconds);
    }
    snprintf(path, sizeof(path), "keyframes.%d.uri", index);
    if (check_uri(c, uri, path) < 0 || bad)
        return;
    image = add_image(c, uri->valuestring, path);
    if (image) {
        image->keyframe    = 1;
        image->is_fraction = !seconds;
        image->at          = (seconds ? seconds : at)->valuedouble;
    }
}

static void check_keyframes(Check *c, const cJSON *list, const char *name)
{
    int i = 0, ranges = 0;
    const cJSON *item;

    if (check_list(c, list, name, MAX_KEYFRAMES) < 0)
        return;
    cJSON_ArrayForEach(item, list) {
        ranges += !!cJSON_GetObjectItemCaseSensitive(item, "range");
        check_keyframe(c, item, i++);
    }
    if (ranges && ranges != i)
        sim_issue_add(c->issues, "custom", name, "All keyframes must either "
                      "set a range or none may");
}

static void check_prompt(Check *c, const cJSON *item, const char *name)
{
    int length, max = c->create->model->max_prompt;

    if (!cJSON_IsString(item)) {
        wrong_type(c, name, "string", item);
        return;
    }
    length = utf16_length(item->valuestring);
    if (length < 1)
        sim_issue_add(c->issues, "too_small", name,
                      "Too small: expected string to have >=1 characters");
    else if (length > max)
        sim_issue_add(c->issues, "too_big", name,
                      "Too big: expected string to have <=%d characters",
                      max);
    else
        c->create->prompt = item->valuestring;
}

static void check_field(Check *c, const SimField *field, const cJSON *item)
{
    static const char *const modes[] = { "reference", "extend", "edit",
                                         NULL };
    static const char *const aspects[] = {
        "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "21:9", NULL
    };
    static const char *const formats[] = {
        "mp4", "prores", "png_sequence", "sdr_rec709_10bit", NULL
    };
    static const char *const profiles[] = {
        "422", "4444", "422 Proxy", "422 LT", "422 HQ", "4444 XQ", NULL
    };
    static const char *const resolutions[] = { "768p", "2k", "768P", "2K",
                                               NULL };
    static const char *const hdr_profiles[] = { "422", "4444", "422 HQ", NULL };
    static const char *const hdr_formats[] = {
        "hdr10", "hlg", "hdr_prores", "hdr_exr_sequence",
        "hdr_exr_acescg_sequence_1_3", "hdr_exr_acescg_sequence_2_0", NULL
    };
    static const char *const larger[] = { "720p", "1k", "2k", "4k", NULL };
    static const char *const flavors[] = { "vivid", "natural", NULL };
    SimCreate *create = c->create;
    const char *chosen;

    switch (field->kind) {
    case FIELD_SOURCE:
        create->source_name = field->name;
        if (!check_uri(c, item, field->name))
            create->source = item->valuestring;
        break;
    case FIELD_PROMPT:
        check_prompt(c, item, field->name);
        break;
    case FIELD_SEED:
        check_number(c, item, field->name, 0, MAX_SEED, 1);
        break;
    case FIELD_RATIO:
        create->ratio = check_option(c, item, field->name,
                                     create->model->ratios);
        break;
    case FIELD_TEXT:
        if (!cJSON_IsString(item))
            wrong_type(c, field->name, "string", item);
        break;
    case FIELD_BOOL:
        if (!cJSON_IsBool(item))
            wrong_type(c, field->name, "boolean", item);
        break;
    case FIELD_SECONDS:
    case FIELD_NUMBER:
        create->length = create->model->usual_length;
        if (!item)
            break;
        if (field->kind == FIELD_SECONDS && cJSON_IsString(item) &&
            !strcmp(item->valuestring, "auto"))
            create->length = 0;
        else if (!check_number(c, item, field->name, create->model->min_length,
                               create->model->max_length, 1))
            create->length = item->valueint;
        break;
    case FIELD_MODE:
        chosen = check_option(c, item, field->name, modes);
        create->edits = chosen && !strcmp(chosen, "edit");
        break;
    case FIELD_REFERENCES:
        check_media(c, item, field->name, "image",
                    create->model->typed_references,
                    create->model->max_references);
        break;
    case FIELD_VIDEO_LIST:
        check_media(c, item, field->name, "video", 1, 10);
        break;
    case FIELD_AUDIO_LIST:
        check_media(c, item, field->name, "audio", 1, 10);
        break;
    case FIELD_MODERATION:
        check_moderation(c, item, field->name);
        break;
    case FIELD_KEYFRAMES:
        check_keyframes(c, item, field->name);
        break;
    case FIELD_ASPECT:
        create->aspect = check_option(c, item, field->name, aspects);
        break;
    case FIELD_FORMAT:
        create->format = check_option(c, item, field->name, formats);
        break;
    case FIELD_PRORES:
        create->profile = check_option(c, item, field->name,
                                       create->model->keeps_picture ?
                                       hdr_profiles : profiles);
        break;
    case FIELD_RESOLUTION:
        chosen = check_option(c, item, field->name, resolutions);
        create->is_2k = chosen && *chosen == '2';
        break;
    case FIELD_HDR_FORMAT:
        create->format = check_option(c, item, field->name, hdr_formats);
        break;
    case FIELD_LARGER:
        create->larger = check_option(c, item, field->name, larger);
        break;
    case FIELD_PERCENT:
        check_number(c, item, field->name, 0, 100, 1);
        break;
    case FIELD_FLAVOR:
        check_option(c, item, field->name, flavors);
        break;
    case FIELD_MODEL:
    case FIELD_END:
        break;
    }
}

/* What one field says about another. */
static void check_together(Check *c, const cJSON *body)
{
    const char *mode = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(body, "mode"));
    const char *prores = c->create->model->keeps_picture ? "hdr_prores"
                                                         : "prores";

    if (cJSON_GetObjectItemCaseSensitive(body, "proresProfile") &&
        (!c->create->format || strcmp(c->create->format, prores)))
        sim_issue_add(c->issues, "custom", "proresProfile", "proresProfile "
                      "is only valid when outputFormat is \"%s\"", prores);
    if (mode && strcmp(mode, "reference") &&
        c->create->model->edit_is_strict) {
        const cJSON *duration = cJSON_GetObjectItemCaseSensitive(body,
                                                                 "duration");

        if (!cJSON_GetObjectItemCaseSensitive(body, "promptText"))
            wrong_type(c, "promptText", "string", NULL);
        if (cJSON_GetObjectItemCaseSensitive(body, "ratio"))
            sim_issue_add(c->issues, "custom", "ratio",
                          "ratio may not be provided in this mode");
        if (!strcmp(mode, "edit") && !cJSON_IsString(duration))
            sim_issue_add(c->issues, "custom", "duration",
                          "duration must be \"auto\" in edit mode");
    }
}

static const SimModel *check_model(Check *c, const char *path,
                                   const cJSON *body)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, "model");
    const char *names[32] = { NULL };
    const SimModel *model = NULL;
    int n = 0;

    if (cJSON_IsString(item))
        model = sim_model_find(path, item->valuestring);
    if (!model) {
        for (const SimModel *m = sim_models; m->name && n < 31; m++)
            if (!strcmp(sim_model_path(m), path))
                names[n++] = m->name;
        check_option(c, item, "model", names);
    }
    return model;
}

void sim_check_body(const SimOptions *options, const char *path,
                    const cJSON *body,
                    SimCreate *create, cJSON *issues)
{
    Check c = { options, create, issues };
    const char *names[32] = { NULL };
    int n = 0;

    memset(create, 0, sizeof(*create));
    if (!cJSON_IsObject(body)) {
        wrong_type(&c, "", "object", body);
        return;
    }
    create->model = check_model(&c, path, body);
    if (!create->model)
        return;
    for (const SimField *field = create->model->fields;
         field->kind != FIELD_END; field++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(body,
                                                             field->name);

        names[n++] = field->name;
        if (item || field->required || field->kind == FIELD_SECONDS ||
            field->kind == FIELD_NUMBER)
            check_field(&c, field, item);
    }
    check_keys(&c, body, "", names);
    check_together(&c, body);
}
