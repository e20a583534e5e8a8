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
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tiny_server.h"

typedef struct Connection {
    Server *server;
    int fd, number;
} Connection;

/** One byte more, 0 at the end or when the server is to stop. */
static int receive(Server *server, int fd, void *data, size_t size)
{
    while (!server->stop) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        if (poll(&p, 1, 20) > 0) {
            ssize_t n = recv(fd, data, size, 0);

            return n > 0 ? (int)n : 0;
        }
    }
    return 0;
}

static int receive_request(Server *server, int fd, Request *request)
{
    size_t n = 0, want = 0;

    request->head[0] = 0;
    while (n < 4 || memcmp(request->head + n - 4, "\r\n\r\n", 4)) {
        if (n + 1 >= sizeof(request->head) ||
            receive(server, fd, request->head + n, 1) != 1)
            return 0;
        request->head[++n] = 0;
    }
    want = strtoul(request_header(request, "Content-Length"), NULL, 10);
    request->body = malloc(want + 1);
    while (request->body_size < want && !server->ignore_body) {
        int got = receive(server, fd, request->body + request->body_size,
                          want - request->body_size);

        if (!got)
            break;
        request->body_size += (size_t)got;
    }
    request->body[request->body_size] = 0;
    return 1;
}

static void *run_connection(void *opaque)
{
    Connection *connection = opaque;
    Server *server = connection->server;
    int keep = 1;

    while (keep && !server->stop) {
        Request *request;
        Request got = { .connection = connection->number };

        if (!server->ignore_request &&
            !receive_request(server, connection->fd, &got))
            break;
        pthread_mutex_lock(&server->mutex);
        got.number = server->nb_requests++;
        request = &server->requests[got.number % SERVER_REQUESTS];
        free(request->body);
        *request = got;
        pthread_mutex_unlock(&server->mutex);
        keep = server->handler(server, connection->fd, request);
    }
    pthread_mutex_lock(&server->mutex);
    server->connections[connection->number] = -1;
    close(connection->fd);
    pthread_mutex_unlock(&server->mutex);
    free(connection);
    return NULL;
}

static void *run_server(void *opaque)
{
    Server *server = opaque;

    while (!server->stop) {
        struct pollfd p = { .fd = server->fd, .events = POLLIN };
        Connection *connection;

        if (poll(&p, 1, 20) <= 0)
            continue;
        connection = calloc(1, sizeof(*connection));
        connection->server = server;
        connection->fd = accept(server->fd, NULL, NULL);
        pthread_mutex_lock(&server->mutex);
        connection->number = server->nb_connections;
        if (connection->fd >= 0 && connection->number < SERVER_REQUESTS)
            server->connections[connection->number] = connection->fd;
        if (connection->fd >= 0 && connection->number < SERVER_REQUESTS &&
            !pthread_create(&server->threads[connection->number], NULL,
                            run_connection, connection)) {
            server->nb_connections++;
        } else {
            if (connection->fd >= 0)
                close(connection->fd);
            free(connection);
        }
        pthread_mutex_unlock(&server->mutex);
    }
    return NULL;
}

Server *server_start(ServerHandler handler, void *opaque)
{
    Server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);

    assert_non_null(server);
    server->handler = handler;
    server->opaque  = opaque;
    pthread_mutex_init(&server->mutex, NULL);
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address,
                          sizeof(address)), 0);
    assert_int_equal(listen(server->fd, 16), 0);
    getsockname(server->fd, (struct sockaddr *)&address, &size);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, run_server, server),
                     0);
    return server;
}

void server_stop(Server **server)
{
    Server *s = *server;

    s->stop = 1;
    /* what they wait for comes at once, where the system can do that */
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    pthread_mutex_lock(&s->mutex);
    for (int i = 0; i < s->nb_connections; i++)
        if (s->connections[i] >= 0)
            shutdown(s->connections[i], SHUT_RDWR);
    pthread_mutex_unlock(&s->mutex);
    for (int i = 0; i < s->nb_connections; i++)
        pthread_join(s->threads[i], NULL);
    for (int i = 0; i < SERVER_REQUESTS; i++)
        free(s->requests[i].body);
    close(s->fd);
    pthread_mutex_destroy(&s->mutex);
    free(s);
    *server = NULL;
}

int server_requests(Server *server)
{
    int n;

    pthread_mutex_lock(&server->mutex);
    n = server->nb_requests;
    pthread_mutex_unlock(&server->mutex);
    return n;
}

int server_connections(Server *server)
{
    int n;

    pthread_mutex_lock(&server->mutex);
    n = server->nb_connections;
    pthread_mutex_unlock(&server->mutex);
    return n;
}

int server_send_bytes(int fd, const void *data, size_t size)
{
    const char *from = data;

    while (size) {
        ssize_t n = send(fd, from, size, MSG_NOSIGNAL);

        if (n <= 0)
            return 0;
        from += n;
        size -= (size_t)n;
    }
    return 1;
}

int server_send(int fd, const char *text)
{
    return server_send_bytes(fd, text, strlen(text));
}

void server_reply(int fd, const char *status, const char *more,
                  const char *body)
{
    char head[1024];

    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n"
             "%s\r\n", status, strlen(body), more);
    if (server_send(fd, head))
        server_send(fd, body);
}

void server_wait(Server *server, int milliseconds)
{
    struct timespec start, now;

    /* by the clock: a sleep may take much longer */
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        usleep(10000);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (!server->stop &&
             (now.tv_sec - start.tv_sec) * 1000 +
             (now.tv_nsec - start.tv_nsec) / 1000000 < milliseconds);
}

static const char *find_header(const Request *request, const char *name)
{
    size_t n = strlen(name);
    const char *line = strstr(request->head, "\r\n");

    for (; line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, n) && line[2 + n] == ':')
            return line + 3 + n;
    return NULL;
}

int request_has_header(const Request *request, const char *name)
{
    return find_header(request, name) != NULL;
}

const char *request_header(const Request *request, const char *name)
{
    static _Thread_local char value[1024];
    const char *at = find_header(request, name);

    value[0] = 0;
    if (at) {
        at += strspn(at, " ");
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
    }
    return value;
}
