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

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "line.h"
#include "sha256.h"

/* An idle connection may be kept that long. */
#define IDLE_TIMEOUT 300

#define HUGE_DOWNLOAD ((uint64_t)1 << 40)

struct SimHttp {
    const SimSite *site;
    SimServer *server;
    struct MHD_Daemon *daemon;
    char *cert, *key;
    int port;
};

/* A body that is sent worse than it could be. */
typedef struct Stream {
    char *data;
    int fd;
    uint64_t offset, size;
    SimFault fault;
} Stream;

static pthread_mutex_t wake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake_cond;
static pthread_once_t wake_once = PTHREAD_ONCE_INIT;
static int woken;
static long nb_connections;

static void wake_init(void)
{
    sim_cond_init(&wake_cond);
}

static void sleep_for(double seconds)
{
    double until = sim_now() + seconds;

    pthread_once(&wake_once, wake_init);
    pthread_mutex_lock(&wake_lock);
    while (!woken && !sim_cond_wait_until(&wake_cond, &wake_lock, until))
        ;
    pthread_mutex_unlock(&wake_lock);
}

static int is_woken(void)
{
    int ret;

    pthread_mutex_lock(&wake_lock);
    ret = woken;
    pthread_mutex_unlock(&wake_lock);
    return ret;
}

void sim_http_wake_all(void)
{
    pthread_once(&wake_once, wake_init);
    pthread_mutex_lock(&wake_lock);
    woken = 1;
    pthread_cond_broadcast(&wake_cond);
    pthread_mutex_unlock(&wake_lock);
}

void sim_reply_text(SimReply *reply, int status, const char *type,
                    const char *text)
{
    free(reply->body);
    if (reply->fd >= 0)
        close(reply->fd);
    reply->fd     = -1;
    reply->status = status;
    reply->type   = type;
    reply->body   = sim_strdup(text);
    reply->size   = strlen(text);
}

void sim_reply(SimReply *reply, int status, cJSON *body)
{
    char *text = cJSON_PrintUnformatted(body);

    sim_reply_text(reply, status, "application/json; charset=utf-8", text);
    free(text);
    cJSON_Delete(body);
}

void sim_reply_header(SimReply *reply, const char *name, const char *fmt, ...)
{
    va_list ap;

    if (reply->nb_headers == (int)SIM_ELEMS(reply->headers))
        return;
    va_start(ap, fmt);
    reply->headers[reply->nb_headers].name    = name;
    reply->headers[reply->nb_headers++].value = sim_vasprintf(fmt, ap);
    va_end(ap);
}

typedef struct HeaderSearch {
    const char *name, *value;
    int count;
} HeaderSearch;

static enum MHD_Result on_header(void *opaque, enum MHD_ValueKind kind,
                                 const char *key, const char *value)
{
    HeaderSearch *search = opaque;

    (void)kind;
    if (!strcasecmp(key, search->name)) {
        if (!search->count++)
            search->value = value ? value : "";
    }
    return MHD_YES;
}

const char *sim_request_header(const SimRequest *req, const char *name,
                               int *count)
{
    HeaderSearch search = { .name = name };

    MHD_get_connection_values(req->connection, MHD_HEADER_KIND, on_header,
                              &search);
    if (count)
        *count = search.count;
    return search.value;
}

static ssize_t stream_huge(Stream *stream, uint64_t pos, char *buf, size_t max)
{
    memset(buf, stream->fd >= 0 ? 0 : ' ', max);
    for (size_t i = 0; i < max && pos + i < stream->size; i++) {
        if (stream->fd >= 0)
            break;
        /* An object that never closes. */
        buf[i] = stream->data[pos + i] == '}' ? ' ' : stream->data[pos + i];
    }
    return is_woken() ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)max;
}

static ssize_t stream_read(void *opaque, uint64_t pos, char *buf, size_t max)
{
    Stream *stream = opaque;
    uint64_t left = stream->size - pos;
    ssize_t n;

    if (stream->fault.kind == FAULT_HUGE)
        return stream_huge(stream, pos, buf, max);
    if (stream->fault.kind == FAULT_CUT) {
        uint64_t cut = (uint64_t)stream->fault.value;

        if (pos >= cut)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (left > cut - pos)
            left = cut - pos;
    }
    if (stream->fault.kind == FAULT_SLOW) {
        uint64_t step = (uint64_t)(stream->fault.value / 10) + 1;

        if (is_woken())
            return MHD_CONTENT_READER_END_WITH_ERROR;
        sleep_for((double)step / stream->fault.value);
        if (left > step)
            left = step;
    }
    if (!left)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (left > max)
        left = max;
    if (stream->fd < 0) {
        memcpy(buf, stream->data + pos, left);
        return (ssize_t)left;
    }
    n = pread(stream->fd, buf, left, (off_t)(stream->offset + pos));
    return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void stream_free(void *opaque)
{
    Stream *stream = opaque;

    if (stream->fd >= 0)
        close(stream->fd);
    free(stream->data);
    free(stream);
}

/* Takes body or file over from the reply. */
static struct MHD_Response *make_response(SimReply *reply,
                                          const SimFault *fault)
{
    struct MHD_Response *response;
    uint64_t size = reply->size;
    Stream *stream;

    if (fault->kind != FAULT_CUT && fault->kind != FAULT_SLOW &&
        fault->kind != FAULT_HUGE) {
        if (reply->fd >= 0) {
            response = MHD_create_response_from_fd_at_offset64(
                reply->size, reply->fd, reply->offset);
            if (response)
                reply->fd = -1;
            return response;
        }
        response = MHD_create_response_from_buffer(
            reply->size, reply->body ? reply->body : (char *)"",
            reply->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
        if (response)
            reply->body = NULL;
        return response;
    }

    stream         = sim_calloc(sizeof(*stream));
    stream->data   = reply->body;
    stream->fd     = reply->fd;
    stream->offset = reply->offset;
    stream->size   = reply->size;
    stream->fault  = *fault;
    if (fault->kind == FAULT_HUGE)
        size = reply->fd >= 0 ? HUGE_DOWNLOAD : MHD_SIZE_UNKNOWN;
    response = MHD_create_response_from_callback(size, 65536, stream_read,
                                                 stream, stream_free);
    if (response) {
        reply->body = NULL;
        reply->fd   = -1;
    } else {
        free(stream);
    }
    return response;
}

static void clear_reply(SimReply *reply)
{
    for (int i = 0; i < reply->nb_headers; i++)
        free(reply->headers[i].value);
    free(reply->body);
    if (reply->fd >= 0)
        close(reply->fd);
    *reply = (SimReply) { .fd = -1 };
}

static enum MHD_Result send_reply(SimHttp *http, SimRequest *req,
                                  SimReply *reply)
{
    struct MHD_Response *response;
    int status = reply->status;
    enum MHD_Result ret;

    response = make_response(reply, &req->fault);
    if (!response) {
        clear_reply(reply);
        return MHD_NO;
    }
    if (reply->type)
        MHD_add_response_header(response, "Content-Type", reply->type);
    for (int i = 0; i < reply->nb_headers; i++)
        MHD_add_response_header(response, reply->headers[i].name,
                                reply->headers[i].value);
    /* Before the client can see the reply, so that whoever got it finds its
     * line in the log. */
    sim_line_end(http->server, req, status);
    ret = MHD_queue_response(req->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    clear_reply(reply);
    return ret;
}

/* The request is complete: do what it asks, then what the fault asks. */
static enum MHD_Result answer(SimHttp *http, SimRequest *req)
{
    const SimFault *fault = &req->fault;
    SimReply reply = { .fd = -1 };

    if (fault->kind == FAULT_STATUS) {
        http->site->error(http->server, req, &reply, (int)fault->value);
    } else {
        http->site->answer(http->server, req, &reply);
    }
    switch (fault->kind) {
    case FAULT_DROP_LATE:
        sleep_for(fault->value);
        /* fall through */
    case FAULT_DROP_AFTER:
        clear_reply(&reply);
        sim_line_end(http->server, req, 0);
        return MHD_NO;
    case FAULT_AFTER_STATUS:
        clear_reply(&reply);
        http->site->error(http->server, req, &reply, (int)fault->value);
        break;
    case FAULT_AFTER_PAGE:
        clear_reply(&reply);
        sim_reply_text(&reply, (int)fault->value, "text/html",
                       "<html><head><title>Error</title></head><body>"
                       "<center><h1>The page cannot be shown</h1></center>"
                       "<hr><center>proxy</center></body></html>\n");
        break;
    case FAULT_STALL:
        sleep_for(fault->value);
        break;
    case FAULT_BAD_JSON:
        sim_reply_text(&reply, 200, "application/json; charset=utf-8",
                       "{\"id\": \"");
        break;
    case FAULT_HTML:
        sim_reply_text(&reply, 200, "text/html; charset=utf-8",
                       "<!DOCTYPE html>\n<html><body>"
                       "<h1>Under maintenance</h1></body></html>\n");
        break;
    default:
        break;
    }
    if (fault->retry_after >= 0)
        sim_reply_header(&reply, "Retry-After", "%g", fault->retry_after);
    return send_reply(http, req, &reply);
}

static void take_body(SimServer *server, SimRequest *req, const char *data,
                      size_t size)
{
    req->received += size;
    if (req->form) {
        sim_upload_form_data(req->form, data, size);
        return;
    }
    /* The rest is read and dropped: an early answer would be lost when the
     * connection closes under a client that is still sending. */
    if (req->body.size + size > (uint64_t)server->options->body_limit) {
        req->too_large = 1;
        sim_buf_free(&req->body);
    }
    if (!req->too_large)
        sim_buf_append(&req->body, data, size);
}

static enum MHD_Result on_request(void *opaque,
                                  struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *size, void **context)
{
    SimHttp *http = opaque;
    SimRequest *req = *context;

    (void)version;
    if (!req->started) {
        req->started    = 1;
        req->connection = connection;
        req->method     = sim_strdup(method);
        req->path       = sim_strdup(url);
        req->where      = WHERE_NONE;
        http->site->begin(http->server, req);
        req->fault = sim_faults_take(http->server->options->faults,
                                     req->where);
        sim_line_start(req);
        if (req->fault.kind == FAULT_DROP_BEFORE) {
            sim_line_end(http->server, req, 0);
            return MHD_NO;
        }
        return MHD_YES;
    }
    if (*size) {
        take_body(http->server, req, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (req->answered)
        return MHD_YES;
    req->answered = 1;
    return answer(http, req);
}

/* Called as soon as a request line is there; makes the context. */
static void *on_uri(void *opaque, const char *uri,
                    struct MHD_Connection *connection)
{
    SimRequest *req = sim_calloc(sizeof(*req));

    (void)opaque;
    (void)uri;
    (void)connection;
    req->t = sim_now();
    return req;
}

static void on_completed(void *opaque, struct MHD_Connection *connection,
                         void **context,
                         enum MHD_RequestTerminationCode code)
{
    SimHttp *http = opaque;
    SimRequest *req = *context;

    (void)connection;
    if (!req)
        return;
    *context = NULL;
    if (req->started && req->line) {
        /* The client went away, or spoke something else than HTTP. */
        cJSON_AddTrueToObject(req->line, "aborted");
        sim_line_end(http->server, req, 0);
    }
    if (req->is_download && req->answered) {
        cJSON *line = sim_log_event("sent");

        cJSON_AddStringToObject(line, "path", req->path);
        cJSON_AddBoolToObject(line, "complete",
                              code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
        sim_log_write(http->server->log, line);
    }
    sim_upload_form_free(req->form);
    sim_buf_free(&req->body);
    free(req->method);
    free(req->path);
    free(req);
}

static void on_connection(void *opaque, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)opaque;
    (void)connection;
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    pthread_mutex_lock(&wake_lock);
    *context = (void *)(intptr_t)++nb_connections;
    pthread_mutex_unlock(&wake_lock);
}

/* libmicrohttpd reports every client that goes away as an error. */
static void on_message(void *opaque, const char *fmt, va_list ap)
{
    (void)opaque;
    if (getenv("RUNWAY_SIMULATOR_DEBUG"))
        vfprintf(stderr, fmt, ap);
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rbe");
    SimBuf buf = { 0 };
    char chunk[4096];
    size_t n;

    if (!f) {
        fprintf(stderr, "runway-simulator: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    sim_buf_append(&buf, "", 0);
    while ((n = fread(chunk, 1, sizeof(chunk), f)))
        sim_buf_append(&buf, chunk, n);
    fclose(f);
    return buf.data;
}

SimHttp *sim_http_start(const SimSite *site, SimServer *server, int port)
{
    const SimOptions *options = server->options;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG |
                     MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC;
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr *address = (struct sockaddr *)&in;
    struct MHD_OptionItem items[3] = { { MHD_OPTION_END, 0, NULL } };
    SimHttp *http = sim_calloc(sizeof(*http));
    const union MHD_DaemonInfo *info;

    http->site   = site;
    http->server = server;
    if (strchr(options->bind, ':')) {
        inet_pton(AF_INET6, options->bind, &in6.sin6_addr);
        in6.sin6_port = htons((uint16_t)port);
        address       = (struct sockaddr *)&in6;
        flags        |= MHD_USE_IPv6;
    } else {
        inet_pton(AF_INET, options->bind, &in.sin_addr);
        in.sin_port = htons((uint16_t)port);
    }
    if (options->tls_cert) {
        http->cert = read_text(options->tls_cert);
        http->key  = read_text(options->tls_key);
        if (!http->cert || !http->key)
            goto fail;
        flags |= MHD_USE_TLS;
        items[0] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_CERT, 0,
                                             http->cert };
        items[1] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_KEY, 0,
                                             http->key };
        items[2] = (struct MHD_OptionItem) { MHD_OPTION_END, 0, NULL };
    }
    http->daemon = MHD_start_daemon(
        flags, (uint16_t)port, NULL, NULL, on_request, http,
        MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
        MHD_OPTION_SOCK_ADDR, address,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 << 10),
        MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    info = http->daemon ? MHD_get_daemon_info(http->daemon,
                                              MHD_DAEMON_INFO_BIND_PORT)
                        : NULL;
    if (!info) {
        fprintf(stderr, "runway-simulator: cannot serve on %s port %d: %s\n",
                options->bind, port, strerror(errno));
        goto fail;
    }
    http->port = info->port;
    return http;

fail:
    sim_http_stop(http);
    return NULL;
}

int sim_http_port(const SimHttp *http)
{
    return http->port;
}

void sim_http_stop(SimHttp *http)
{
    if (!http)
        return;
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    free(http->cert);
    free(http->key);
    free(http);
}
