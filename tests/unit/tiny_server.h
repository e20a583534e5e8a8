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
 * A server on loopback that sends exactly the bytes that it is given, for tests
 * of the client: what a real server would never do has to be seen too. One
 * thread for each connection.
 */

#ifndef TESTS_UNIT_TINY_SERVER_H
#define TESTS_UNIT_TINY_SERVER_H

#include <pthread.h>
#include <stddef.h>

#define SERVER_REQUESTS 64

typedef struct Server Server;

typedef struct Request {
    char head[4096];     ///< request line and headers
    char *body;
    size_t body_size;    ///< bytes that arrived
    int connection;      ///< number of the connection, from 0
    int number;          ///< number of the request, from 0
} Request;

/** Answer a request by server_send() and the like. Non-zero: the connection
 *  stays open for another one. */
typedef int (*ServerHandler)(Server *server, int fd, const Request *request);

struct Server {
    int fd, port;
    ServerHandler handler;
    void *opaque;
    _Atomic int ignore_body;     ///< the handler is called when the head is there
    _Atomic int ignore_request;  ///< the handler is called at once, without a request
    pthread_t thread;
    pthread_t threads[SERVER_REQUESTS];
    pthread_mutex_t mutex;
    _Atomic int stop;
    int nb_connections;  ///< under mutex, like what follows
    int connections[SERVER_REQUESTS]; ///< descriptors, -1: closed
    int nb_requests;
    Request requests[SERVER_REQUESTS];
};

Server *server_start(ServerHandler handler, void *opaque);
void server_stop(Server **server);

int server_requests(Server *server);
int server_connections(Server *server);

/** Send text, or as much of it as the other end takes. 0: it is gone. */
int server_send(int fd, const char *text);
int server_send_bytes(int fd, const void *data, size_t size);

/** A whole reply with a Content-Length. more: further header lines, each with
 *  its line end. */
void server_reply(int fd, const char *status, const char *more,
                  const char *body);

/** Wait, as long as the server is not to stop. */
void server_wait(Server *server, int milliseconds);

/** Value of a header, "" when it is not there; valid until the next call. */
const char *request_header(const Request *request, const char *name);
int request_has_header(const Request *request, const char *name);

#endif /* TESTS_UNIT_TINY_SERVER_H */
