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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "line.h"
#include "log.h"

static void add_header_to_line(const SimRequest *req, cJSON *object,
                               const char *name, const char *header)
{
    const char *value = sim_request_header(req, header, NULL);

    if (value)
        cJSON_AddStringToObject(object, name, value);
}

/* Headers of the sender's own: "X-Team: blue" and the like. */
static enum MHD_Result on_own_header(void *opaque, enum MHD_ValueKind kind,
                                     const char *key, const char *value)
{
    cJSON *own = opaque;
    char *name;

    (void)kind;
    if (strncasecmp(key, "X-", 2) || !strcasecmp(key, "X-Runway-Version"))
        return MHD_YES;
    name = sim_strdup(key);
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    cJSON_AddStringToObject(own, name, value ? value : "");
    free(name);
    return MHD_YES;
}

static void add_own_headers(const SimRequest *req)
{
    cJSON *own = cJSON_CreateObject();

    MHD_get_connection_values(req->connection, MHD_HEADER_KIND, on_own_header,
                              own);
    if (own->child)
        cJSON_AddItemToObject(req->line, "own_headers", own);
    else
        cJSON_Delete(own);
}

void sim_line_start(SimRequest *req)
{
    const union MHD_ConnectionInfo *info;
    const char *value;
    cJSON *headers;

    req->line = cJSON_CreateObject();
    cJSON_AddNumberToObject(req->line, "t", sim_log_seconds(req->t));
    cJSON_AddStringToObject(req->line, "origin", req->origin);
    cJSON_AddStringToObject(req->line, "method", req->method);
    cJSON_AddStringToObject(req->line, "path", req->path);
    if (req->where != WHERE_NONE)
        cJSON_AddStringToObject(req->line, "where",
                                sim_where_name(req->where));
    info = MHD_get_connection_info(req->connection,
                                   MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info && info->socket_context)
        cJSON_AddNumberToObject(req->line, "connection",
                                (double)(intptr_t)info->socket_context);
    value = sim_request_header(req, "Authorization", NULL);
    cJSON_AddBoolToObject(req->line, "bearer", value &&
                          sim_has_prefix(value, "Bearer ") && value[7]);
    if (value && !sim_has_prefix(value, "Bearer "))
        cJSON_AddTrueToObject(req->line, "other_authorization");
    if (MHD_lookup_connection_value(req->connection, MHD_GET_ARGUMENT_KIND,
                                    "_jwt"))
        cJSON_AddTrueToObject(req->line, "jwt");
    headers = cJSON_AddObjectToObject(req->line, "headers");
    add_header_to_line(req, headers, "version", "X-Runway-Version");
    add_header_to_line(req, headers, "accept", "Accept");
    add_header_to_line(req, headers, "content_type", "Content-Type");
    add_header_to_line(req, headers, "content_length", "Content-Length");
    add_header_to_line(req, headers, "transfer_encoding",
                       "Transfer-Encoding");
    add_header_to_line(req, headers, "expect", "Expect");
    add_header_to_line(req, headers, "user_agent", "User-Agent");
    add_header_to_line(req, headers, "range", "Range");
    add_header_to_line(req, headers, "if_range", "If-Range");
    add_own_headers(req);
}

void sim_line_end(SimServer *server, SimRequest *req, int status)
{
    if (!req->line)
        return;
    cJSON_AddNumberToObject(req->line, "status", status);
    if (req->fault.kind != FAULT_NONE) {
        cJSON_AddStringToObject(req->line, "fault", req->fault.name);
        cJSON_AddNumberToObject(req->line, "fault_value", req->fault.value);
    }
    if (req->received)
        cJSON_AddNumberToObject(req->line, "body_bytes",
                                (double)req->received);
    cJSON_AddNumberToObject(req->line, "took",
                            sim_log_seconds(sim_now() - req->t));
    sim_log_write(server->log, req->line);
    req->line = NULL;
}
