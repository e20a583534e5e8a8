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

#include <stdlib.h>
#include <string.h>

#include "sites.h"

/* Storage speaks XML. */
static void xml_error(SimReply *reply, int status, const char *code,
                      const char *text)
{
    char *body = sim_asprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                              "<Error><Code>%s</Code><Message>%s</Message>"
                              "</Error>", code, text);

    sim_reply_text(reply, status, "application/xml", body);
    free(body);
}

static void cdn_error(SimServer *server, SimRequest *req, SimReply *reply,
                      int status)
{
    (void)server;
    (void)req;
    xml_error(reply, status, status >= 500 ? "InternalError" : "AccessDenied",
              status >= 500 ? "We encountered an internal error."
                            : "Access Denied");
}

static void cdn_begin(SimServer *server, SimRequest *req)
{
    int is_get = !strcmp(req->method, "GET");

    req->origin   = "cdn";
    req->provider = PROVIDER_RUNWAY;
    if (sim_has_prefix(req->path, "/results/") &&
        (is_get || !strcmp(req->method, "HEAD"))) {
        req->is_download = is_get;
        /* Faults are meant for the transfer, a look at the headers is none. */
        req->where = is_get ? WHERE_DOWNLOAD : WHERE_NONE;
    } else if (sim_has_prefix(req->path, "/uploads/")) {
        req->origin = "upload";
        if (!strcmp(req->method, "POST")) {
            req->where = WHERE_STORAGE;
            req->form  = sim_upload_form_start(server->uploads,
                                               req->connection, req->path +
                                               strlen("/uploads/"));
        }
    }
}

/**
 * Understands one range of bytes.
 *
 * @return 1: a part, 0: everything, -1: nothing that could be sent
 */
static int parse_range(const char *range, uint64_t size, uint64_t *first,
                       uint64_t *last)
{
    unsigned long long a, b;
    char *end;

    *first = 0;
    *last  = size - 1;
    if (!range || !sim_has_prefix(range, "bytes=") || strchr(range, ','))
        return 0;
    range += strlen("bytes=");
    if (*range == '-') {
        a = strtoull(range + 1, &end, 10);
        if (end == range + 1 || *end)
            return 0;
        if (!a)
            return -1;
        *first = a < size ? size - a : 0;
        return 1;
    }
    a = strtoull(range, &end, 10);
    if (end == range || *end != '-')
        return 0;
    if (a >= size)
        return -1;
    *first = a;
    range  = end + 1;
    if (*range) {
        b = strtoull(range, &end, 10);
        if (*end || b < a)
            return 0;
        if (b < size)
            *last = b;
    }
    return 1;
}

static void send_file(SimRequest *req, SimReply *reply, const char *path,
                      int fd, uint64_t size, const char *etag)
{
    const char *range = sim_request_header(req, "Range", NULL);
    const char *if_range = sim_request_header(req, "If-Range", NULL);
    const char *dot = strrchr(path, '.');
    uint64_t first, last;
    int part;

    if (if_range && strcmp(if_range, etag))
        range = NULL;
    part = parse_range(range, size, &first, &last);
    sim_reply_header(reply, "Accept-Ranges", "bytes");
    sim_reply_header(reply, "ETag", "%s", etag);
    if (part < 0) {
        xml_error(reply, 416, "InvalidRange",
                  "The requested range is not satisfiable");
        sim_reply_header(reply, "Content-Range", "bytes */%llu",
                         (unsigned long long)size);
        close(fd);
        return;
    }
    reply->status = part ? 206 : 200;
    reply->type   = !dot ? "video/mp4" :
                    !strcmp(dot, ".mov") ? "video/quicktime" :
                    !strcmp(dot, ".zip") ? "application/zip" : "video/mp4";
    reply->fd     = fd;
    reply->offset = first;
    reply->size   = last - first + 1;
    if (part)
        sim_reply_header(reply, "Content-Range", "bytes %llu-%llu/%llu",
                         (unsigned long long)first, (unsigned long long)last,
                         (unsigned long long)size);
    cJSON_AddNumberToObject(req->line, "first_byte", (double)first);
    cJSON_AddNumberToObject(req->line, "reply_bytes", (double)reply->size);
}

static void answer_result(SimServer *server, SimRequest *req, SimReply *reply)
{
    const char *file = req->path + strlen("/results/"), *token;
    uint64_t size;
    char etag[40];
    int fd;

    token = MHD_lookup_connection_value(req->connection,
                                        MHD_GET_ARGUMENT_KIND, "_jwt");
    if (sim_request_header(req, "Authorization", NULL)) {
        xml_error(reply, 400, "InvalidArgument", "Only one auth mechanism "
                  "allowed; only the Authorization header or the signed "
                  "query should be specified");
        return;
    }
    switch (sim_tasks_open(server->tasks, file, token, &fd, &size, etag)) {
    case ACCESS_GRANTED:
        send_file(req, reply, file, fd, size, etag);
        break;
    case ACCESS_EXPIRED:
        xml_error(reply, 403, "AccessDenied", "Request has expired");
        break;
    case ACCESS_DENIED:
        xml_error(reply, 401, "Unauthorized", "Missing or wrong token");
        break;
    case ACCESS_UNKNOWN:
        xml_error(reply, 404, "NoSuchKey",
                  "The specified key does not exist.");
        break;
    }
}

static void answer_storage(SimRequest *req, SimReply *reply)
{
    const char *error, *text;
    int status;

    if (sim_request_header(req, "Authorization", NULL)) {
        xml_error(reply, 400, "InvalidArgument",
                  "Only one auth mechanism allowed");
        return;
    }
    status = sim_upload_form_finish(req->form, &error, &text);
    if (error) {
        cJSON_AddStringToObject(req->line, "refusal", text);
        xml_error(reply, status, error, text);
    } else {
        reply->status = status;
    }
}

static void cdn_answer(SimServer *server, SimRequest *req, SimReply *reply)
{
    if (!strcmp(req->path, "/_sim/stats") && !strcmp(req->method, "GET"))
        sim_reply(reply, 200, sim_tasks_stats(server->tasks));
    else if (req->where == WHERE_DOWNLOAD ||
             (sim_has_prefix(req->path, "/results/") &&
              !strcmp(req->method, "HEAD")))
        answer_result(server, req, reply);
    else if (req->where == WHERE_STORAGE)
        answer_storage(req, reply);
    else
        xml_error(reply, 404, "NoSuchKey",
                  "The specified key does not exist.");
}

const SimSite sim_cdn_site = { cdn_begin, cdn_answer, cdn_error };
