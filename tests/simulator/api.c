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

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assets.h"
#include "checks.h"
#include "sha256.h"
#include "sites.h"

#define API_VERSION "2024-11-06"

/* What a task is billed by when its video cannot be fetched. */
#define UNKNOWN_SECONDS 5

static void fail(const SimServer *server, const SimRequest *req,
                 SimReply *reply, int status, const char *text, cJSON *issues)
{
    /* The gateway passes a bad request on under a status of its own choice. */
    if (req->provider == PROVIDER_COMET && status == 400)
        status = server->options->bad_request_status;
    sim_reply(reply, status,
                   sim_error_body(req->provider, status, text, issues));
}

static void api_error(SimServer *server, SimRequest *req, SimReply *reply,
                      int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        { 400, "Bad request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Could not find Task" },
        { 413, "Request entity too large" },
        { 429, "Too many requests" },
        { 500, "Internal server error" },
        { 502, "Bad gateway" },
        { 503, "Service unavailable" },
        { 504, "Gateway timeout" },
    };
    const char *text = "Error";

    (void)server;
    for (size_t i = 0; i < SIM_ELEMS(texts); i++) {
        if (texts[i].status == status)
            text = texts[i].text;
    }
    sim_reply(reply, status,
                   sim_error_body(req->provider, status, text, NULL));
}

/* The endpoint that makes tasks, NULL: it is none of them. The gateway has no
 * HDR. */
static const char *create_path(const SimRequest *req)
{
    static const char *const paths[] = {
        SIM_PATH_EDIT, SIM_PATH_UPSCALE, SIM_PATH_HDR
    };
    int comet = req->provider == PROVIDER_COMET;
    const char *path = req->path + (comet ? strlen("/runwayml") : 0);

    for (size_t i = 0; i < SIM_ELEMS(paths) - (comet ? 1 : 0); i++) {
        if (!strcmp(path, paths[i]))
            return paths[i];
    }
    return NULL;
}

/* Which request is this? @return 0, or -1 for a path that does not exist */
static int route(SimRequest *req)
{
    const char *path = req->path;

    req->provider = PROVIDER_RUNWAY;
    if (sim_has_prefix(path, "/runwayml/")) {
        req->provider = PROVIDER_COMET;
        path         += strlen("/runwayml");
    } else if (!sim_has_prefix(path, "/v1/")) {
        /* Nothing but the gateway has anything else. */
        req->provider = PROVIDER_COMET;
        return -1;
    }
    if (create_path(req)) {
        req->where = WHERE_CREATE;
    } else if (sim_has_prefix(path, "/v1/tasks/") && path[10] &&
               !strchr(path + 10, '/')) {
        req->where = WHERE_READ;
        snprintf(req->task, sizeof(req->task), "%s", path + 10);
        if (req->provider == PROVIDER_RUNWAY && !strcmp(req->method, "DELETE"))
            req->where = WHERE_DELETE;
    } else if (req->provider == PROVIDER_RUNWAY &&
               !strcmp(path, "/v1/uploads")) {
        req->where = WHERE_UPLOAD;
    } else if (req->provider == PROVIDER_RUNWAY &&
               !strcmp(path, "/v1/organization")) {
        req->where = WHERE_ACCOUNT;
    } else {
        return -1;
    }
    return 0;
}

static const char *method_for(SimWhere where)
{
    if (where == WHERE_CREATE || where == WHERE_UPLOAD)
        return "POST";
    return where == WHERE_DELETE ? "DELETE" : "GET";
}

static void api_begin(SimServer *server, SimRequest *req)
{
    req->origin = "api";
    if (route(req) < 0 || strcmp(req->method, method_for(req->where)))
        req->where = WHERE_NONE;
    if (req->where == WHERE_CREATE)
        sim_tasks_count_create(server->tasks);
}

static void wrong_path(SimServer *server, SimRequest *req, SimReply *reply)
{
    if (req->provider == PROVIDER_RUNWAY ||
        server->options->wrong_path == WRONG_PATH_404) {
        fail(server, req, reply, 404, "Not found", NULL);
        return;
    }
    if (server->options->wrong_path == WRONG_PATH_301) {
        sim_reply_text(reply, 301, "text/html; charset=utf-8",
                       "<a href=\"/\">Moved Permanently</a>.\n");
        sim_reply_header(reply, "Location", "/");
        return;
    }
    /* The gateway's web interface answers for whatever it does not know. */
    sim_reply_text(reply, 200, "text/html; charset=utf-8",
                   "<!doctype html><html lang=\"en\"><head><title>API "
                   "gateway</title></head><body><div id=\"root\"></div>"
                   "</body></html>\n");
}

/* @return 0, or -1 when the request was refused */
static int check_headers(SimServer *server, SimRequest *req, SimReply *reply)
{
    const char *key = server->options->key, *value;
    int count;

    value = sim_request_header(req, "Authorization", &count);
    if (count != 1 || !sim_has_prefix(value, "Bearer ") || !value[7] ||
        strpbrk(value + 7, " \t") || (key && strcmp(value + 7, key))) {
        fail(server, req, reply, 401, req->provider == PROVIDER_COMET ?
             "invalid token" : "Unauthorized", NULL);
        return -1;
    }
    value = sim_request_header(req, "X-Runway-Version", &count);
    if (count != 1 || strcmp(value, API_VERSION)) {
        fail(server, req, reply, 400, !count ?
             "The X-Runway-Version header is required" :
             "The X-Runway-Version header is not a known version", NULL);
        return -1;
    }
    return 0;
}

static int is_json_type(const char *type)
{
    size_t length = strlen("application/json");

    return type && !strncasecmp(type, "application/json", length) &&
           (!type[length] || type[length] == ';' || type[length] == ' ');
}

/* UTF-8 without overlong forms, surrogates or anything above U+10FFFF. */
static int is_utf8(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + size;

    while (p < end) {
        int n = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 :
                *p >= 0xe0 && *p < 0xf0 ? 2 : *p >= 0xf0 && *p < 0xf5 ? 3 : -1;

        if (n < 0 || end - p <= n)
            return 0;
        for (int i = 1; i <= n; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return 0;
        }
        if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
            (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
            return 0;
        p += n + 1;
    }
    return 1;
}

/* The request's JSON, or NULL with the refusal in the reply. */
static cJSON *read_json(SimServer *server, SimRequest *req, SimReply *reply)
{
    const char *end;
    cJSON *body;

    if (req->too_large) {
        fail(server, req, reply, 413, "Request entity too large", NULL);
        return NULL;
    }
    if (!is_json_type(sim_request_header(req, "Content-Type", NULL))) {
        fail(server, req, reply, 400,
             "The Content-Type header must be application/json", NULL);
        return NULL;
    }
    if (!req->body.size || !is_utf8(req->body.data, req->body.size) ||
        memchr(req->body.data, '\0', req->body.size)) {
        fail(server, req, reply, 400, "The request body is not valid JSON",
             NULL);
        return NULL;
    }
    body = cJSON_ParseWithLengthOpts(req->body.data, req->body.size, &end, 0);
    while (body && *end && strchr(" \t\r\n", *end))
        end++;
    if (!body || *end) {
        cJSON_Delete(body);
        fail(server, req, reply, 400, "The request body is not valid JSON",
             NULL);
        return NULL;
    }
    return body;
}

/* US cents for each frame, and a credit is one. */
static double frame_price(const SimRenderJob *job)
{
    return !strcmp(job->larger, "4k") ? 1.2 :
           !*job->larger || !strcmp(job->larger, "2k") ? 0.9 : 0.7;
}

/* @param length of the result; 0: as it will be */
static int price(const SimModel *model, const SimRenderJob *job, double factor,
                 int length)
{
    double sent = job->seconds > 0 ? job->seconds : UNKNOWN_SECONDS;
    double made = length ? length : job->seconds > 0 ? job->made : sent;
    double per_second, pixels = (double)job->width * job->height;
    const SimRate *rate = model->rates;
    int credits;

    if (!rate)
        return (int)ceil((double)job->frames * frame_price(job) * factor -
                         1e-9);
    while (rate->pixels > 0 && pixels > rate->pixels)
        rate++;
    per_second = rate->made * (job->is_2k ? 1.5 : 1);
    if (model->keeps_picture)
        ; /* one price, whatever it comes as */
    else if (!strcmp(job->format, "prores") ||
        !strcmp(job->format, "png_sequence"))
        per_second += 5;
    else if (!strcmp(job->format, "sdr_rec709_10bit"))
        per_second += pixels > 4e6 ? 40 : 20;
    /* A millisecond too many is rounding, not footage. */
    credits = (int)ceil((made - 0.001) * per_second +
                        (rate->sent > 0 ? (sent - 0.001) * rate->sent *
                         (job->is_2k ? 1.5 : 1) : 0) +
                        job->nb_images * model->image_price);
    if (credits < model->min_credits)
        credits = model->min_credits;
    return (int)ceil(credits * factor);
}

/* Everything is in order: the task exists from here on, and costs. */
static void accept_create(SimServer *server, SimRequest *req, SimReply *reply,
                          const SimCreate *create, SimRenderJob *job,
                          int unreachable, const char *body_sha256,
                          const char *clip_sha256)
{
    SimNewTask task = { .provider = req->provider, .model = create->model };
    char code[96] = "", id[37];
    cJSON *body, *cost;

    if (!unreachable)
        sim_render_plan(server->options, job);
    task.credits = price(create->model, job, server->options->price, 0);
    task.held    = create->model->auto_holds_most && !job->length ?
                   price(create->model, job, server->options->price,
                         create->model->max_length) : task.credits;
    switch (sim_tasks_allowance(server->tasks, task.held)) {
    case ALLOWANCE_NO_CREDITS:
        sim_render_job_free(job);
        fail(server, req, reply, 400,
             "You do not have enough credits to run this task.", NULL);
        return;
    case ALLOWANCE_DAY_FULL:
        sim_render_job_free(job);
        fail(server, req, reply, 429,
             "You have reached your daily task limit.", NULL);
        return;
    case ALLOWANCE_OK:
        break;
    }

    if (sim_look_failure(create->prompt, code, sizeof(code)))
        task.failure_code = code;
    else if (unreachable)
        task.failure_code = "ASSET.INVALID";
    if (unreachable) {
        sim_render_job_free(job);
        job = NULL;
    } else {
        job->output = sim_asprintf("%s.out", job->input);
    }
    task.body_sha256 = body_sha256;
    task.clip_sha256 = clip_sha256;
    task.job         = job;
    sim_tasks_create(server->tasks, &task, id);
    cJSON_AddStringToObject(req->line, "task", id);
    cJSON_AddNumberToObject(req->line, "credits", task.credits);

    body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "id", id);
    if (req->provider == PROVIDER_RUNWAY) {
        cost = cJSON_AddObjectToObject(body, "estimatedCost");
        cJSON_AddNumberToObject(cost, "credits", task.held);
    }
    sim_reply(reply, 200, body);
}

static const char *sunset_text(const SimRequest *req, const cJSON *body)
{
    const char *name = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(body, "model"));
    const SimModel *model = name ? sim_model_find(create_path(req), name)
                                 : NULL;

    return req->provider == PROVIDER_RUNWAY && model ? model->sunset : NULL;
}

static void answer_create(SimServer *server, SimRequest *req, SimReply *reply)
{
    const SimAssetsContext context = { server->options, server->uploads,
                                       server->work_dir };
    char body_sha256[65], clip_sha256[65], *error = NULL;
    SimAssetsResult assets = ASSETS_REFUSED;
    SimRenderJob *job = NULL;
    cJSON *issues = NULL, *body;
    SimCreate create;

    body = read_json(server, req, reply);
    if (!body)
        return;
    sim_sha256_hex(req->body.data, req->body.size, body_sha256);
    cJSON_AddStringToObject(req->line, "body_sha256", body_sha256);
    cJSON_AddItemToObject(req->line, "body", sim_log_shorten(body));
    if (sunset_text(req, body)) {
        fail(server, req, reply, 400, sunset_text(req, body), NULL);
        goto end;
    }

    issues = cJSON_CreateArray();
    sim_check_body(server->options, create_path(req), body, &create, issues);
    if (!cJSON_GetArraySize(issues) && create.too_large) {
        fail(server, req, reply, 413, "Request entity too large: a data URI "
             "is over the limit", NULL);
        goto end;
    }
    if (!cJSON_GetArraySize(issues)) {
        job        = sim_calloc(sizeof(*job));
        job->model = create.model;
        job->look  = create.model->keeps_picture ? sim_look_find("unchanged")
                                                 : sim_look_find(create.prompt);
        job->length = create.length;
        job->edits  = create.edits;
        job->is_2k  = create.is_2k;
        snprintf(job->larger, sizeof(job->larger), "%s",
                 create.larger ? create.larger : "");
        snprintf(job->ratio, sizeof(job->ratio), "%s",
                 create.ratio ? create.ratio : "");
        snprintf(job->aspect, sizeof(job->aspect), "%s",
                 create.aspect ? create.aspect : "");
        snprintf(job->format, sizeof(job->format), "%s",
                 create.format ? create.format : "");
        snprintf(job->profile, sizeof(job->profile), "%s",
                 create.profile ? create.profile : "");
        assets = sim_assets_load(&context, &create, job, clip_sha256, issues,
                                 &error);
        cJSON_AddStringToObject(req->line, "look", job->look->name);
        if (job->clip.frames)
            cJSON_AddItemToObject(req->line, "clip",
                                  sim_clip_to_json(&job->clip));
        if (clip_sha256[0])
            cJSON_AddStringToObject(req->line, "clip_sha256", clip_sha256);
    }
    if (assets == ASSETS_REFUSED) {
        cJSON *list = NULL;

        if (cJSON_GetArraySize(issues)) {
            list   = issues;
            issues = NULL;
            cJSON_AddItemToObject(req->line, "issues",
                                  cJSON_Duplicate(list, 1));
        } else {
            cJSON_AddStringToObject(req->line, "refusal", error);
        }
        fail(server, req, reply, 400, list ? "Validation of body failed" :
             error, list);
        goto end;
    }
    accept_create(server, req, reply, &create, job,
                  assets == ASSETS_UNREACHABLE, body_sha256,
                  clip_sha256[0] ? clip_sha256 : NULL);
    job = NULL;

end:
    sim_render_job_free(job);
    free(error);
    cJSON_Delete(issues);
    cJSON_Delete(body);
}

static cJSON *task_object(const SimServer *server, const SimRequest *req,
                          const SimTaskView *view)
{
    cJSON *body = cJSON_CreateObject(), *cost, *output;
    int ended = view->status >= STATUS_SUCCEEDED;
    char *url;

    cJSON_AddStringToObject(body, "id", view->id);
    cJSON_AddStringToObject(body, "createdAt", view->created_at);
    cJSON_AddStringToObject(body, "status", sim_status_name(view->status));
    if (req->provider == PROVIDER_RUNWAY) {
        cost = cJSON_AddObjectToObject(body, ended ? "cost" : "estimatedCost");
        cJSON_AddNumberToObject(cost, "credits", view->credits);
    }
    switch (view->status) {
    case STATUS_RUNNING:
        if (view->progress < 0)
            cJSON_AddNullToObject(body, "progress");
        else
            cJSON_AddNumberToObject(body, "progress", view->progress);
        break;
    case STATUS_FAILED:
        cJSON_AddStringToObject(body, "failure", view->failure);
        if (view->failure_code[0])
            cJSON_AddStringToObject(body, "failureCode", view->failure_code);
        break;
    case STATUS_SUCCEEDED:
        output = cJSON_AddArrayToObject(body, "output");
        if (!view->file[0])
            break;
        url = sim_asprintf("%s/results/%s?_jwt=%s%s", server->cdn_base,
                           view->file, view->token, server->options->url_tail);
        cJSON_AddItemToArray(output, cJSON_CreateString(url));
        free(url);
        break;
    default:
        break;
    }
    return body;
}

static cJSON *wrap_task(const SimTaskView *view, cJSON *object)
{
    static const char *const statuses[] = {
        [STATUS_PENDING]   = "QUEUED",
        [STATUS_THROTTLED] = "QUEUED",
        [STATUS_RUNNING]   = "IN_PROGRESS",
        [STATUS_SUCCEEDED] = "SUCCESS",
        [STATUS_FAILED]    = "FAILURE",
        [STATUS_CANCELLED] = "FAILURE",
    };
    cJSON *body = cJSON_CreateObject(), *data;
    int percent = 0;
    char text[16];

    if (view->status >= STATUS_SUCCEEDED)
        percent = 100;
    else if (view->progress > 0)
        percent = (int)(view->progress * 100);
    snprintf(text, sizeof(text), "%d%%", percent);
    cJSON_AddStringToObject(body, "code", "success");
    cJSON_AddStringToObject(body, "message", "");
    data = cJSON_AddObjectToObject(body, "data");
    cJSON_AddStringToObject(data, "task_id", view->id);
    cJSON_AddStringToObject(data, "status", statuses[view->status]);
    cJSON_AddStringToObject(data, "fail_reason", view->failure);
    cJSON_AddStringToObject(data, "progress", text);
    cJSON_AddItemToObject(data, "data", object);
    return body;
}

static void no_task(SimServer *server, SimRequest *req, SimReply *reply)
{
    int status = server->options->not_exist_as;

    if (req->provider == PROVIDER_COMET)
        sim_reply(reply, status, sim_not_exist_body(status));
    else
        fail(server, req, reply, 404, "Could not find Task", NULL);
}

static void answer_read(SimServer *server, SimRequest *req, SimReply *reply)
{
    SimTaskView view;
    cJSON *body;

    cJSON_AddStringToObject(req->line, "task", req->task);
    if (sim_tasks_read(server->tasks, req->provider, req->task, &view) < 0) {
        no_task(server, req, reply);
        return;
    }
    cJSON_AddStringToObject(req->line, "task_status",
                            sim_status_name(view.status));
    body = task_object(server, req, &view);
    if (req->provider == PROVIDER_COMET && server->options->wrap)
        body = wrap_task(&view, body);
    sim_reply(reply, 200, body);
}

static void answer_delete(SimServer *server, SimRequest *req, SimReply *reply)
{
    cJSON_AddStringToObject(req->line, "task", req->task);
    if (sim_tasks_delete(server->tasks, req->provider, req->task) < 0)
        no_task(server, req, reply);
    else
        reply->status = 204;
}

static void answer_upload(SimServer *server, SimRequest *req, SimReply *reply)
{
    cJSON *body = read_json(server, req, reply), *issues, *slot;

    if (!body)
        return;
    cJSON_AddItemToObject(req->line, "body", sim_log_shorten(body));
    issues = cJSON_CreateArray();
    slot   = sim_uploads_slot(server->uploads, body, server->cdn_base, issues);
    cJSON_Delete(body);
    if (!slot) {
        fail(server, req, reply, 400, "Validation of body failed", issues);
        return;
    }
    cJSON_Delete(issues);
    sim_reply(reply, 200, slot);
}

static void api_answer(SimServer *server, SimRequest *req, SimReply *reply)
{
    if (req->where == WHERE_NONE) {
        if (route(req) < 0) {
            wrong_path(server, req, reply);
        } else {
            sim_reply_header(reply, "Allow", "%s", method_for(req->where));
            fail(server, req, reply, 405, "Method not allowed", NULL);
        }
        return;
    }
    if (check_headers(server, req, reply) < 0)
        return;
    switch (req->where) {
    case WHERE_CREATE:
        answer_create(server, req, reply);
        break;
    case WHERE_READ:
        answer_read(server, req, reply);
        break;
    case WHERE_DELETE:
        answer_delete(server, req, reply);
        break;
    case WHERE_UPLOAD:
        answer_upload(server, req, reply);
        break;
    default:
        sim_reply(reply, 200, sim_tasks_organization(server->tasks));
        break;
    }
}

const SimSite sim_api_site = { api_begin, api_answer, api_error };
