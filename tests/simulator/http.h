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

/**
 * @file
 * HTTP: requests come in whole, replies go out as the site says or, where a
 * fault was ordered, as it should not be.
 */

#ifndef SIMULATOR_HTTP_H
#define SIMULATOR_HTTP_H

#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <stdint.h>

#include "faults.h"
#include "log.h"
#include "options.h"
#include "provider.h"
#include "tasks.h"
#include "uploads.h"
#include "util.h"

/** Everything a site may need. */
typedef struct SimServer {
    const SimOptions *options;
    SimLog *log;
    SimRender *render;
    SimTasks *tasks;
    SimUploads *uploads;
    const char *work_dir;
    char *api_base;     ///< "http://127.0.0.1:1234"
    char *cdn_base;
} SimServer;

typedef struct SimRequest {
    struct MHD_Connection *connection;
    const char *origin;         ///< "api", "cdn" or "upload", for the log
    char *method;
    char *path;
    SimProvider provider;
    SimWhere where;
    char task[64];              ///< from the path, where it names one
    SimFault fault;
    SimUploadForm *form;        ///< takes the body instead of the buffer
    SimBuf body;
    uint64_t received;          ///< bytes of body, kept or not
    int too_large;              ///< body is over the limit and was not kept
    cJSON *line;                ///< its line in the log; add to it
    int started, answered, is_download;
    double t;
} SimRequest;

typedef struct SimReply {
    int status;
    const char *type;
    char *body;                 ///< bytes, or
    int fd;                     ///< a file (>= 0), closed by the reply
    uint64_t offset;            ///< into the file
    uint64_t size;
    struct {
        const char *name;
        char *value;
    } headers[8];
    int nb_headers;
} SimReply;

/** One origin: what it answers. */
typedef struct SimSite {
    /** The headers are there: fill in origin, where, provider, form. */
    void (*begin)(SimServer *server, SimRequest *req);
    /** The body is there as well. */
    void (*answer)(SimServer *server, SimRequest *req, SimReply *reply);
    /** An error in the origin's own words. */
    void (*error)(SimServer *server, SimRequest *req, SimReply *reply,
                  int status);
} SimSite;

typedef struct SimHttp SimHttp;

/**
 * Serves a site on its own port, one thread per connection.
 * @param port 0 for any
 * @return NULL when it cannot
 */
SimHttp *sim_http_start(const SimSite *site, SimServer *server, int port);

int sim_http_port(const SimHttp *http);

/** Lets go of everybody who waits in a fault, permanently. */
void sim_http_wake_all(void);

/** NULL-safe. Call sim_http_wake_all() before. */
void sim_http_stop(SimHttp *http);

/** A reply of JSON, which is taken over. */
void sim_reply(SimReply *reply, int status, cJSON *body);

void sim_reply_text(SimReply *reply, int status, const char *type,
                    const char *text);

void sim_reply_header(SimReply *reply, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** A request header, or NULL. @param count receives how many there are */
const char *sim_request_header(const SimRequest *req, const char *name,
                               int *count);

#endif /* SIMULATOR_HTTP_H */
