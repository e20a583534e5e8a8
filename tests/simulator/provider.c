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
#include <stdlib.h>
#include <string.h>

#include "provider.h"
#include "util.h"

const char *sim_provider_name(SimProvider provider)
{
    return provider == PROVIDER_COMET ? "cometapi" : "runway";
}

static char *join_path(const cJSON *issue)
{
    const cJSON *path = cJSON_GetObjectItemCaseSensitive(issue, "path"), *part;
    SimBuf buf = { 0 };

    sim_buf_append(&buf, "", 0);
    cJSON_ArrayForEach(part, path) {
        if (buf.size)
            sim_buf_append(&buf, ".", 1);
        if (cJSON_IsNumber(part))
            sim_buf_printf(&buf, "%d", part->valueint);
        else
            sim_buf_printf(&buf, "%s", part->valuestring);
    }
    return buf.data;
}

/* The gateway has one message and one parameter, so what Runway lists is
 * strung together. */
static cJSON *comet_error(int status, const char *text, const cJSON *issues)
{
    cJSON *body = cJSON_CreateObject();
    cJSON *error = cJSON_AddObjectToObject(body, "error");
    const char *code = "internal_error";
    char *param = NULL;
    SimBuf message = { 0 };
    const cJSON *issue;

    sim_buf_printf(&message, "%s", text);
    cJSON_ArrayForEach(issue, issues) {
        char *path = join_path(issue);

        sim_buf_printf(&message, "%s %s%s%s", issue->prev->next ? ";" : ":",
                       path, *path ? ": " : "",
                       cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
                                                issue, "message")));
        if (!param)
            param = path;
        else
            free(path);
    }
    if (status == 401)
        code = "invalid_api_key";
    else if (status == 403)
        code = "insufficient_user_quota";
    else if (status == 404 || status == 405)
        code = "not_found";
    else if (status == 413)
        code = "request_too_large";
    else if (status == 429)
        code = "rate_limit_exceeded";
    else if (status == 400 || (status == 500 && issues))
        code = "invalid_request";
    cJSON_AddStringToObject(error, "message", message.data);
    cJSON_AddStringToObject(error, "type", "comet_api_error");
    cJSON_AddStringToObject(error, "param", param ? param : "");
    cJSON_AddStringToObject(error, "code", code);
    free(param);
    sim_buf_free(&message);
    return body;
}

cJSON *sim_error_body(SimProvider provider, int status, const char *text,
                      cJSON *issues)
{
    cJSON *body;

    if (provider == PROVIDER_COMET) {
        body = comet_error(status, text, issues);
        cJSON_Delete(issues);
        return body;
    }
    body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "error", text);
    if (issues) {
        cJSON_AddItemToObject(body, "issues", issues);
        cJSON_AddStringToObject(body, "docUrl",
                                "https://docs.dev.runwayml.com/api");
    }
    return body;
}

cJSON *sim_not_exist_body(int status)
{
    cJSON *body = cJSON_CreateObject(), *error;

    if (status == 404) {
        error = cJSON_AddObjectToObject(body, "error");
        cJSON_AddStringToObject(error, "message", "task_not_exist");
        cJSON_AddStringToObject(error, "type", "comet_api_error");
        cJSON_AddStringToObject(error, "param", "");
        cJSON_AddStringToObject(error, "code", "task_not_exist");
    } else {
        cJSON_AddStringToObject(body, "code", "task_not_exist");
        cJSON_AddStringToObject(body, "message", "task_not_exist");
        cJSON_AddNullToObject(body, "data");
    }
    return body;
}

void sim_issue_add(cJSON *issues, const char *code, const char *path,
                   const char *fmt, ...)
{
    cJSON *issue = cJSON_CreateObject(), *parts;
    char *message;
    va_list ap;

    va_start(ap, fmt);
    message = sim_vasprintf(fmt, ap);
    va_end(ap);
    cJSON_AddStringToObject(issue, "code", code);
    cJSON_AddStringToObject(issue, "message", message);
    parts = cJSON_AddArrayToObject(issue, "path");
    while (*path) {
        size_t length = strcspn(path, ".");
        char *part = sim_strndup(path, length);

        if (isdigit((unsigned char)*part))
            cJSON_AddItemToArray(parts, cJSON_CreateNumber(atoi(part)));
        else
            cJSON_AddItemToArray(parts, cJSON_CreateString(part));
        free(part);
        path += length + (path[length] == '.');
    }
    cJSON_AddItemToArray(issues, issue);
    free(message);
}
