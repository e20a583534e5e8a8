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

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "api/request_json.h"
#include "http/client_internal.h"
#include "core_test.h"
#include "tiny_server.h"

#define KEY "sk-test-0123456789"

/*
 * A client with its surroundings
 */

static volatile int cancel_now;
/* microseconds, 0: never; a server may set them when it has a request */
static _Atomic int64_t cancel_at;
static _Atomic int64_t hurry_at; /* likewise, with a person waiting */

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int is_cancelled(void *opaque)
{
    if (hurry_at && now_us() >= hurry_at)
        return RUNWAY_STOP_NOW;
    return cancel_now || (cancel_at && now_us() >= cancel_at) ?
           RUNWAY_STOP_SOON : RUNWAY_STOP_NOT;
}

/* everything that was logged in this test */
static char logged[65536];

static void keep_log(void *opaque, RunwayLogLevel level, const char *line)
{
    if (strlen(logged) + strlen(line) + 2 < sizeof(logged)) {
        strcat(logged, line);
        strcat(logged, "\n");
    }
}

static const RunwayLog test_log = { NULL, keep_log };

static RunwayClientConfig make_config(const char *base)
{
    RunwayClientConfig config = { 0 };

    config.provider    = ff_runway_provider_find("cometapi");
    config.base_url    = base;
    config.api_version = RUNWAY_API_VERSION;
    config.key         = KEY;
    config.tls_verify  = 1;
    config.log         = &test_log;
    config.cancelled   = is_cancelled;
    return config;
}

static RunwayClient *connect_with(RunwayClientConfig config)
{
    RunwayClient *client = NULL;
    RunwayError err = { RUNWAY_OK, "" };

    if (ff_runway_client_create(&config, &client, &err))
        fail_msg("%s", err.text);
    return client;
}

/* The user's own headers, which provider runway's clients read. */
static RunwayClientConfig with_headers(const char *base, const char *headers)
{
    RunwayClientConfig config = make_config(base);

    config.provider = ff_runway_provider_find("runway");
    setenv(config.provider->headers_variable, headers, 1);
    return config;
}

static const char *base_of(const Server *server)
{
    static char text[64];

    snprintf(text, sizeof(text), "http://127.0.0.1:%d/runwayml", server->port);
    return text;
}

static RunwayClient *connect_to(const Server *server)
{
    return connect_with(make_config(base_of(server)));
}

static int reset(void **state)
{
    cancel_now = 0;
    cancel_at  = 0;
    hurry_at   = 0;
    logged[0]  = 0;
    unsetenv("RUNWAYML_CUSTOM_HEADERS");
    return 0;
}

static int no_secrets(void **state)
{
    assert_null(strstr(logged, KEY));
    assert_null(strstr(logged, "_jwt"));
    assert_null(strstr(logged, "base64"));
    return 0;
}

static RunwayBody *make_body(const char *text)
{
    RunwayBody *body = ff_runway_body_create();

    assert_int_equal(ff_runway_body_add_text(body, text, strlen(text)),
                     RUNWAY_OK);
    return body;
}

/* the result of the last call of submit() and read_task() */
static RunwayError last;
static char last_id[RUNWAY_ID_MAX];
static double last_credits;
static int64_t last_wait;
static RunwayTask last_task;

static RunwayOutcome submit(RunwayClient *client)
{
    RunwayBody *body = make_body("{\"model\":\"x\"}");
    RunwayOutcome ret;

    memset(&last, 0, sizeof(last));
    ret = ff_runway_client_submit(client, body, last_id, &last_credits,
                                  &last_wait, &last);
    if (ret)
        assert_int_equal(last.outcome, ret);
    assert_null(strstr(last.text, KEY));
    ff_runway_body_free(&body);
    return ret;
}

static RunwayOutcome read_task(RunwayClient *client)
{
    RunwayOutcome ret;

    memset(&last, 0, sizeof(last));
    ret = ff_runway_client_read(client, "task-1", &last_task, &last_wait,
                                &last);
    if (ret)
        assert_int_equal(last.outcome, ret);
    assert_null(strstr(last.text, KEY));
    return ret;
}

static void assert_says(const char *text)
{
    if (!strstr(last.text, text))
        fail_msg("\"%s\" does not say \"%s\"", last.text, text);
}

/*
 * Handlers
 */

/** Says opaque, byte by byte as it is, and closes. */
static int say(Server *server, int fd, const Request *request)
{
    server_send(fd, server->opaque);
    return 0;
}

static int say_nothing(Server *server, int fd, const Request *request)
{
    return 0;
}

static int hold(Server *server, int fd, const Request *request)
{
    server_wait(server, 20000);
    return 0;
}

static int accept_task(Server *server, int fd, const Request *request)
{
    server_reply(fd, "200 OK", "Content-Type: application/json\r\n",
                 "{\"id\":\"task-1\",\"estimatedCost\":{\"credits\":75}}");
    return 1;
}

/*
 * Create
 */

static void test_create_request(void **state)
{
    Server *server = server_start(accept_task, NULL);
    RunwayClient *client = connect_to(server);
    const size_t size = 3000000; /* libcurl would say Expect from 1 MB on */
    uint8_t *data = make_bytes(size);
    char *base64 = plain_base64(data, size), length[32];
    int fd = make_file(data, size);
    RunwayBody *body = make_body("{\"videoUri\":\"");
    RunwayError err = { RUNWAY_OK, "" };
    const Request *request;

    ff_runway_body_add_base64(body, fd, size);
    ff_runway_body_add_text(body, "\"}", 2);
    assert_int_equal(ff_runway_client_submit(client, body, last_id,
                                             &last_credits, &last_wait, &err),
                     RUNWAY_OK);
    assert_string_equal(last_id, "task-1");
    assert_true(last_credits == 75);
    assert_int_equal(last_wait, -1);

    assert_int_equal(server_requests(server), 1);
    request = &server->requests[0];
    assert_memory_equal(request->head,
                        "POST /runwayml/v1/video_to_video HTTP/1.1\r\n", 43);
    assert_string_equal(request_header(request, "Authorization"),
                        "Bearer " KEY);
    assert_string_equal(request_header(request, "X-Runway-Version"),
                        "2024-11-06");
    assert_string_equal(request_header(request, "Accept"), "application/json");
    assert_string_equal(request_header(request, "Content-Type"),
                        "application/json");
    assert_string_equal(request_header(request, "User-Agent"),
                        "runway_v2v/" RUNWAY_VERSION);
    snprintf(length, sizeof(length), "%zu", strlen(base64) + 15);
    assert_string_equal(request_header(request, "Content-Length"), length);
    assert_false(request_has_header(request, "Expect"));
    assert_false(request_has_header(request, "Transfer-Encoding"));
    assert_false(request_has_header(request, "Accept-Encoding"));
    assert_int_equal(request->body_size, strlen(base64) + 15);
    assert_memory_equal(request->body, "{\"videoUri\":\"", 13);
    assert_memory_equal(request->body + 13, base64, strlen(base64));
    assert_memory_equal(request->body + 13 + strlen(base64), "\"}", 2);

    /* the same body again is the same request */
    assert_int_equal(ff_runway_client_submit(client, body, last_id,
                                             &last_credits, &last_wait, &err),
                     RUNWAY_OK);
    assert_int_equal(server->requests[1].body_size, request->body_size);
    assert_memory_equal(server->requests[1].body, request->body,
                        request->body_size);

    ff_runway_body_free(&body);
    close(fd);
    free(base64);
    free(data);
    ff_runway_client_free(&client);
    assert_null(client);
    server_stop(&server);
}

static void test_create_on_a_fresh_connection(void **state)
{
    Server *server = server_start(accept_task, NULL);
    RunwayClient *client = connect_to(server);

    for (int i = 0; i < 3; i++)
        assert_int_equal(submit(client), RUNWAY_OK);
    assert_int_equal(server_requests(server), 3);
    assert_int_equal(server_connections(server), 3);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/** Tasks are read on connections that stay; a create is read whole and then
 *  the connection closed: the case in which libcurl sends a second POST. */
static int close_on_create(Server *server, int fd, const Request *request)
{
    if (!memcmp(request->head, "POST ", 5))
        return 0;
    server_reply(fd, "200 OK", "Connection: keep-alive\r\n",
                 "{\"id\":\"task-1\",\"status\":\"RUNNING\"}");
    return 1;
}

static void test_create_arrives_once(void **state)
{
    Server *server = server_start(close_on_create, NULL);
    RunwayClient *client = connect_to(server);
    int posts = 0;

    for (int i = 0; i < 3; i++)
        assert_int_equal(read_task(client), RUNWAY_OK);
    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_says("billed");
    usleep(300000);
    for (int i = 0; i < server_requests(server); i++)
        posts += !memcmp(server->requests[i].head, "POST ", 5);
    assert_int_equal(posts, 1);
    ff_runway_client_free(&client);
    server_stop(&server);
}

static void test_connection_refused(void **state)
{
    Server *server = server_start(accept_task, NULL);
    RunwayClient *client = connect_to(server);
    char where[32];

    snprintf(where, sizeof(where), "127.0.0.1:%d", server->port);
    server_stop(&server);
    assert_int_equal(submit(client), RUNWAY_UNAVAILABLE);
    assert_says("cannot reach");
    assert_says(where);
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    assert_says(where);
    ff_runway_client_free(&client);
}

static void test_unknown_host(void **state)
{
    RunwayClient *client =
        connect_with(make_config("https://no-such-host.invalid/runwayml"));

    assert_int_equal(submit(client), RUNWAY_UNAVAILABLE);
    assert_says("no-such-host.invalid:443");
    ff_runway_client_free(&client);
}

/* every reply of a create, byte for byte, and what it means */
static void test_create_replies(void **state)
{
#define JSON(status, more, length, text)                                      \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n" more         \
    "Content-Length: " length "\r\n\r\n" text
#define NO "{\"error\":\"no!\"}"
#define MAYBE(status) RUNWAY_UNKNOWN, -1, { status, "billed" }
#define TEN(text) text text text text text text text text text text
#define LONG TEN(TEN("0123456789abcdef0123456789abcdef"))
    static const struct {
        const char *reply;
        RunwayOutcome outcome;
        int64_t wait;
        const char *says[3];
    } cases[] = {
        { JSON("201 Created", "", "10", "{\"id\":\"x\"}"), RUNWAY_OK, -1,
          { 0 } },
        { "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n"
          JSON("200 OK", "", "10", "{\"id\":\"x\"}"), RUNWAY_OK, -1, { 0 } },
        { "HTTP/1.1 200 OK\r\n\r\n{\"id\":\"x\"}", RUNWAY_OK, -1, { 0 } },
        { JSON("200 OK", "", "2", "{}"), RUNWAY_UNKNOWN, -1,
          { "no task id", "billed" } },
        { JSON("200 OK", "", "7", "Welcome"), RUNWAY_UNKNOWN, -1,
          { "not JSON: Welcome" } },
        { "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>Hello</h1>",
          RUNWAY_UNKNOWN, -1, { "Hello", "base_url" } },
        { JSON("204 No Content", "", "0", ""), RUNWAY_UNKNOWN, -1, { 0 } },
        /* a reply that is cut within its text, its head, its first line */
        { JSON("200 OK", "", "50", "{\"id\":\"x"), RUNWAY_UNKNOWN, -1,
          { "billed" } },
        { JSON("200 OK", "", "50", "{\"i"), RUNWAY_UNKNOWN, -1,
          { "billed" } },
        /* cut behind it: the task is named, so it is not lost */
        { JSON("200 OK", "", "50", "{\"id\":\"x\"}"), RUNWAY_OK, -1, { 0 } },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "a\r\n{\"id\":\"x\"}", RUNWAY_OK, -1, { 0 } },
        { JSON("200 OK", "", "50", "{\"error\":\"x\"}"), RUNWAY_UNKNOWN, -1,
          { "billed" } },
        { "HTTP/1.1 200 OK\r\nContent-Ty", RUNWAY_UNKNOWN, -1, { "billed" } },
        { "HTT", RUNWAY_UNKNOWN, -1, { "billed" } },
        { "", RUNWAY_UNKNOWN, -1, { "billed" } },
        { "garbage\r\n\r\n", RUNWAY_UNKNOWN, -1, { "billed" } },
        /* a refusal in the service's own shape */
        { JSON("400 Bad Request", "", "102", "{\"error\":\"Validation failed\","
               "\"issues\":[{\"path\":[\"promptText\"],\"message\":\"Too "
               "long\",\"code\":\"too_big\"}]}"), RUNWAY_REFUSED, -1,
          { "Validation failed", "promptText: Too long" } },
        { JSON("401 Unauthorized", "", "15", NO), RUNWAY_REFUSED, -1,
          { "COMETAPI_KEY", "https://www.cometapi.com/", "no!" } },
        { JSON("403 Forbidden", "", "15", NO), RUNWAY_REFUSED, -1,
          { "403", "no!" } },
        { JSON("404 Not Found", "", "15", NO), RUNWAY_REFUSED, -1,
          { "base_url", "https://api.cometapi.com/runwayml" } },
        { JSON("405 Method Not Allowed", "", "15", NO), RUNWAY_REFUSED, -1,
          { "base_url" } },
        { JSON("413 Payload Too Large", "", "15", NO), RUNWAY_REFUSED, -1,
          { "13 bytes", "clip_duration" } },
        { JSON("429 Too Many Requests", "Retry-After: 7\r\n", "15", NO),
          RUNWAY_UNAVAILABLE, 7000000, { "429" } },
        { JSON("429 Too Many Requests", "", "15", NO), RUNWAY_UNAVAILABLE, -1,
          { 0 } },
        { JSON("429 Too Many Requests", "retry-after:  soon\r\n", "15", NO),
          RUNWAY_UNAVAILABLE, -1, { 0 } },
        /* the tasks of a day are not there again in a minute */
        { JSON("429 Too Many Requests", "Retry-After: 7\r\n", "46",
               "{\"error\":\"You reached your Daily task limit.\"}"),
          RUNWAY_REFUSED, 7000000, { "429", "Daily", "same command" } },
        { JSON("429 Too Many Requests", "", "64",
               "{\"error\":{\"message\":\"5 tasks per day\",\"type\":"
               "\"comet_api_error\"}}"), RUNWAY_REFUSED, -1,
          { "5 tasks per day", "today" } },
        { JSON("503 Service Unavailable", "", "25",
               "{\"error\":\"not today yet\"}"), RUNWAY_UNAVAILABLE, -1,
          { "503" } },
        { JSON("503 Service Unavailable", "Retry-After: 99999\r\n", "15", NO),
          RUNWAY_UNAVAILABLE, 300000000, { 0 } },
        { JSON("503 Service Unavailable", "", "61",
               "{\"error\":{\"message\":\"busy\",\"type\":"
               "\"comet_api_error\"}}   "), RUNWAY_UNAVAILABLE, -1, { "busy" } },
        { "HTTP/1.1 400 Bad\r\nContent-Type: Application/JSON; charset=utf-8"
          "\r\n\r\n" NO, RUNWAY_REFUSED, -1, { "no!" } },
        { "HTTP/1.1 429 Slow\r\nContent-Type: application/json; charset=utf-8; "
          "profile=\"https://a.invalid/schemas/error/v1.json\"\r\n\r\n" NO,
          RUNWAY_UNAVAILABLE, -1, { "429" } },
        /* its text is whole, whatever the connection did then */
        { JSON("400 Bad Request", "", "500", NO), RUNWAY_REFUSED, -1,
          { "400" } },
        /* any other status may be somebody's in between, whatever it says */
        { JSON("408 Request Timeout", "", "15", NO), MAYBE("408") },
        { JSON("409 Conflict", "", "15", NO), MAYBE("409") },
        { JSON("422 Unprocessable", "", "15", NO), MAYBE("422") },
        { JSON("499 Client Closed", "", "15", NO), MAYBE("499") },
        { JSON("500 Internal Server Error", "", "15", NO), MAYBE("500") },
        { JSON("500 Internal Server Error", "", "83",
               "{\"error\":{\"message\":\"bad\",\"type\":\"comet_api_error\","
               "\"code\":\"invalid_request\"}}   "), MAYBE("500") },
        { JSON("502 Bad Gateway", "", "15", NO), MAYBE("502") },
        { JSON("504 Gateway Timeout", "", "15", NO), MAYBE("504") },
        { JSON("524 A Timeout", "Retry-After: 5\r\n", "15", NO),
          RUNWAY_UNKNOWN, 5000000, { "524", "billed" } },
        { JSON("301 Moved", "Location: https://a.invalid/?q=1\r\n", "15", NO),
          RUNWAY_UNKNOWN, -1, { "https://a.invalid/,", "not followed",
                                "base_url" } },
        /* and so may any other shape */
        { "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Type: text/html"
          "\r\n\r\n<h1>Busy</h1>", RUNWAY_UNKNOWN, 1000000,
          { "503", "Busy", "billed" } },
        { "HTTP/1.1 429 Slow\r\nContent-Type: text/plain\r\n\r\n" NO,
          MAYBE("429") },
        { "HTTP/1.1 400 Bad\r\n\r\n" NO, MAYBE("400") },
        { "HTTP/1.1 400 Bad\r\nContent-Type: application/json-seq\r\n\r\n" NO,
          MAYBE("400") },
        /* no provider's own says so [RFC 9457] */
        { "HTTP/1.1 429 Slow\r\nContent-Type: application/problem+json\r\n"
          "\r\n" NO, MAYBE("429") },
        { "HTTP/1.1 404 No\r\nContent-Type: text/html\r\n\r\n<p>x</p>",
          RUNWAY_UNKNOWN, -1, { "404", "base_url", "billed" } },
        { JSON("401 Unauthorized", "", "0", ""), MAYBE("401") },
        { JSON("400 Bad Request", "", "500", "{\"error\":"), MAYBE("400") },
        { JSON("400 Bad Request", "", "2", "{}"), MAYBE("400") },
        { JSON("403 Forbidden", "", "26", "{\"error\":{\"type\":\"waf\"}}  "),
          MAYBE("403") },
        { JSON("503 Service Unavailable", "", "0", ""), MAYBE("503") },
        /* an id is an id, wherever it stands */
        { JSON("503 Service Unavailable", "Retry-After: 1\r\n", "26",
               "{\"error\":\"no!\",\"id\":\"x\"}"), RUNWAY_OK, 1000000, { 0 } },
        { JSON("400 Bad Request", "", "34",
               "{\"error\":\"no!\",\"task_id\":\"x\"}    "), RUNWAY_OK, -1,
          { 0 } },
        { JSON("504 Gateway Timeout", "", "29",
               "{\"code\":\"success\",\"data\":\"x\"}"), RUNWAY_OK, -1, { 0 } },
        { "HTTP/1.1 302 Found\r\n\r\n{\"id\":\"x\"}", RUNWAY_OK, -1, { 0 } },
        { "HTTP/1.1 101 No\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxyz", MAYBE("101 (a reply that is") },
        { JSON("429 Too Many Requests", "", "34",
               "{\"error\":\"no!\",\"result\":{\"id\":\"x\"}}"), RUNWAY_OK, -1,
          { 0 } },
        { JSON("200 OK", "", "50", "{\"id\":\"x\",\"estimatedC"), RUNWAY_OK, -1,
          { 0 } },
        { JSON("202 Accepted", "Location: /v1/tasks/x\r\n", "0", ""),
          RUNWAY_OK, -1, { 0 } },
        { JSON("429 Too Many Requests",
               "Location: https://a.invalid/v1/tasks/x?y\r\n", "15", NO),
          RUNWAY_OK, -1, { 0 } },
        /* what may be one lets nobody say that there is none */
        { JSON("429 Too Many Requests", "Location: /v1/jobs/x\r\n", "15", NO),
          MAYBE("429") },
        { JSON("201 Created", "Location: /v1/tasks/\r\n", "0", ""),
          RUNWAY_UNKNOWN, -1, { "no task id" } },
        /* a task's address in the query of another page is none */
        { JSON("302 Found", "Location: https://a.invalid/?to=/v1/tasks/x\r\n",
               "0", ""), MAYBE("302") },
        { JSON("201 Created", "Location: https://a.invalid/#/v1/tasks/x\r\n",
               "0", ""), RUNWAY_UNKNOWN, -1, { "no task id" } },
        { JSON("201 Created", "Location: /v1/tasks/x/more\r\n", "0", ""),
          RUNWAY_UNKNOWN, -1, { "no task id" } },
        /* nor what is too long to be kept, or goes on in another line */
        { JSON("429 Too Many Requests", "Location: /v1/jobs/" LONG "\r\n",
               "15", NO), MAYBE("429") },
        { JSON("429 Too Many Requests", "Location: /" TEN(TEN("0123456789"))
               "/v1/tasks/" LONG "\r\n", "15", NO), MAYBE("429") },
        { JSON("429 Too Many Requests", "Location:\r\n /v1/tasks/x\r\n",
               "15", NO), MAYBE("429") },
        { JSON("429 Too Many Requests",
               "Location: https://a.invalid/v1/tasks/x?" LONG "\r\n", "15",
               NO), RUNWAY_OK, -1, { 0 } },
        { JSON("503 Service Unavailable", "", "30",
               "{\"error\":\"no!\",\"id\":\"tasks/x\"}"), MAYBE("503") },
        { JSON("503 Service Unavailable", "", "28",
               "{\"error\":\"no!\"}\n{\"id\":\"x\"}"), MAYBE("503") },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        Server *server = server_start(say, (void *)cases[i].reply);
        RunwayClient *client = connect_to(server);
        RunwayOutcome ret = submit(client);

        if (ret != cases[i].outcome || last_wait != cases[i].wait)
            fail_msg("%s: %s, %lld (%s)", cases[i].reply,
                     ff_runway_outcome_name(ret), (long long)last_wait,
                     last.text);
        assert_string_equal(last_id, ret ? "" : "x");
        for (int s = 0; s < 3 && cases[i].says[s]; s++)
            assert_says(cases[i].says[s]);
        assert_int_equal(server_requests(server), 1);
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/* closed before anything was read: it may have been read all the same */
static void test_create_cut(void **state)
{
    for (int head = 0; head < 2; head++) {
        Server *server = server_start(say_nothing, NULL);
        RunwayClient *client = connect_to(server);

        server->ignore_request = !head;
        server->ignore_body    = head;
        assert_int_equal(submit(client), RUNWAY_UNKNOWN);
        usleep(100000);
        assert_int_equal(server_connections(server), 1);
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/** Says opaque before the body is read, then reads the rest. */
static int say_early(Server *server, int fd, const Request *request)
{
    char sink[4096];

    server_send(fd, server->opaque);
    shutdown(fd, SHUT_WR);
    while (!server->stop && recv(fd, sink, sizeof(sink), 0) > 0)
        ;
    return 0;
}

static void test_create_refused_while_it_is_sent(void **state)
{
    Server *server = server_start(say_early, "HTTP/1.1 413 Too Large\r\n"
                                  "Content-Length: 0\r\n"
                                  "Connection: close\r\n\r\n");
    RunwayClient *client = connect_to(server);
    uint8_t *data = make_bytes(4000000);
    int fd = make_file(data, 4000000);
    RunwayBody *body = make_body("{");

    server->ignore_body = 1;
    ff_runway_body_add_base64(body, fd, 4000000);
    assert_int_equal(ff_runway_client_submit(client, body, last_id,
                                             &last_credits, &last_wait, &last),
                     RUNWAY_REFUSED);
    assert_says("5333337 bytes");
    ff_runway_body_free(&body);
    close(fd);
    free(data);
    ff_runway_client_free(&client);
    server_stop(&server);
}

static void test_create_with_an_unreadable_clip(void **state)
{
    Server *server = server_start(accept_task, NULL);
    RunwayClient *client = connect_to(server);
    uint8_t *data = make_bytes(1000000);
    int fd = make_file(data, 1000000);

    for (int late = 0; late < 2; late++) {
        RunwayBody *body = make_body("{");

        /* not one byte to be had; or the file ends before it should, when some
         * went out and nobody can say how much arrived */
        ff_runway_body_add_base64(body, late ? fd : -1, 1000001);
        assert_int_equal(ff_runway_client_submit(client, body, last_id,
                                                 &last_credits, &last_wait,
                                                 &last),
                         late ? RUNWAY_UNKNOWN : RUNWAY_IO);
        ff_runway_body_free(&body);
    }
    close(fd);
    free(data);
    ff_runway_client_free(&client);
    server_stop(&server);
}

static int redirect(Server *server, int fd, const Request *request)
{
    char more[200];

    snprintf(more, sizeof(more), "Location: %s\r\n", (char *)server->opaque);
    server_reply(fd, "301 Moved Permanently", more, "");
    return 1;
}

static void test_redirects_are_not_followed(void **state)
{
    Server *other = server_start(accept_task, NULL);
    char target[100];
    Server *server;
    RunwayClient *client;

    snprintf(target, sizeof(target), "http://127.0.0.1:%d/x?_jwt=abc",
             other->port);
    server = server_start(redirect, target);
    client = connect_to(server);
    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_says("redirect");
    assert_says("base_url");
    assert_null(strstr(last.text, "_jwt"));
    /* where it goes is named, and no key in it */
    strcpy(target, "https://a.b/" KEY "/c");
    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_says("a redirect to https://a.b/.../c, which");
    /* a login page in between goes away */
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    assert_int_equal(server_connections(other), 0);
    assert_int_equal(server_requests(server), 3);
    ff_runway_client_free(&client);
    server_stop(&server);
    server_stop(&other);
}

/** More than a reply may have, in a status that opaque says. */
static int flood(Server *server, int fd, const Request *request)
{
    char *text = malloc(2000001);

    memset(text, ' ', 2000000);
    text[2000000] = 0;
    server_reply(fd, server->opaque, "", text);
    free(text);
    return 0;
}

static void test_large_replies(void **state)
{
    Server *server = server_start(flood, "200 OK");
    RunwayClient *client = connect_to(server);

    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_says("larger than 1048576");
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    server->opaque = "400 Bad Request";
    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/** A server that repeats everything it heard. */
static int echo(Server *server, int fd, const Request *request)
{
    char text[4096];

    snprintf(text, sizeof(text), server->opaque,
             request_header(request, "Authorization") + 7);
    server_reply(fd, "400 Bad Request", "", text);
    return 0;
}

static void test_echoed_secrets(void **state)
{
    static const char *const formats[] = {
        "{\"error\":\"key %s is bad\"}",
        "{\"error\":\"bad\",\"issues\":[{\"message\":\"%s\"}]}",
        "<p>%s</p>",
        "<b>sk-test-</b><i>0123456789</i>",
        "{\"error\":{\"message\":\"x%sy data:video/mp4;base64,AAAA\"}}",
        "%s",
        /* cut in its middle by the length of what is shown of a reply */
        "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 "
        "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 "
        "a b c d e f g h i j k l m n o p q r s t u v w x %s",
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        Server *server = server_start(echo, (void *)formats[i]);
        RunwayClient *client = connect_to(server);

        assert_int_equal(submit(client), RUNWAY_UNKNOWN);
        assert_null(strstr(last.text, "0123456789"));
        assert_null(strstr(last.text, "sk-te"));
        assert_null(strstr(last.text, "base64"));
        assert_says("...");
        assert_int_equal(read_task(client), RUNWAY_REFUSED);
        assert_null(strstr(last.text, "0123456789"));
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/** Says opaque with the key in it where %s stands, as a reply to anything. */
static int echo_json(Server *server, int fd, const Request *request)
{
    char text[4096];

    snprintf(text, sizeof(text), server->opaque, KEY, KEY, KEY, KEY);
    server_reply(fd, "200 OK", "Content-Type: application/json\r\n", text);
    return 0;
}

/* Ids, codes, texts, URLs: what a server says goes nowhere with the key in it, in
 * none of its forms. */
static void test_echoed_secrets_in_fields(void **state)
{
    static const char *const forms[] = {
        "%s", "x%sy", "SK-Test-0123456789",
        /* sk-test-0123456789: JSON, percent, both, base64 at three places */
        "\\u0073k-\\u0074est-0123456789", "sk%%2Dtest%%2d0123456789",
        "%%73\\u006b-test-0123456789",
        "c2stdGVzdC0wMTIzNDU2Nzg5", "eHNrLXRlc3QtMDEyMzQ1Njc4OQ==",
        "eHhzay10ZXN0LTAxMjM0NTY3ODk=",
    };
    static const char *const kept[] = { "0123456789", "estdGVz", "LXRlc3Qt",
                                        "ay10ZXN0", "%2Dtest", "0MTIzNDU2Nz" };

    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        char text[1024], shown[8192];
        Server *server = server_start(echo_json, text);
        RunwayClientConfig config = make_config(base_of(server));
        RunwayClient *client;
        RunwaySlot *slot;

        config.provider = ff_runway_provider_find("runway"); /* has uploads */
        client = connect_with(config);
        snprintf(text, sizeof(text), "{\"id\":\"%s\"}", forms[i]);
        assert_int_equal(submit(client), RUNWAY_UNKNOWN);
        assert_string_equal(last_id, "");
        snprintf(shown, sizeof(shown), "%s", last.text);
        snprintf(text, sizeof(text), "{\"status\":\"FAILED\",\"failure\":"
                 "\"a %s b\",\"failureCode\":\"A.%s\"}", forms[i], forms[i]);
        assert_int_equal(read_task(client), RUNWAY_OK);
        strcat(strcat(shown, last_task.failure), last_task.failure_code);
        assert_non_null(strstr(last_task.failure, "a "));
        assert_non_null(strstr(last_task.failure_code, "A."));
        snprintf(text, sizeof(text), "{\"status\":\"SUCCEEDED\",\"output\":"
                 "[\"https://%s.invalid/a?b\"]}", forms[i]);
        assert_int_equal(read_task(client), RUNWAY_OK);
        strcat(shown, last_task.url);
        assert_non_null(strstr(last_task.url, ".invalid/a?b"));
        /* this one would be paid for */
        snprintf(text, sizeof(text), "{\"uploadUrl\":\"https://a.b/\","
                 "\"runwayUri\":\"runway://%s\",\"fields\":{}}", forms[i]);
        assert_int_equal(ff_runway_client_slot(client, "a", &slot, &last_wait,
                                               &last), RUNWAY_UNAVAILABLE);
        strcat(shown, last.text);
        snprintf(text, sizeof(text), "{\"uploadUrl\":\"https://a.b/%s\","
                 "\"runwayUri\":\"runway://a\",\"fields\":{\"%s\":\"%s\"}}",
                 forms[i], forms[i], forms[i]);
        assert_int_equal(ff_runway_client_slot(client, "a", &slot, &last_wait,
                                               &last), RUNWAY_OK);
        strcat(shown, slot->url);
        strcat(strcat(shown, slot->names[0]), slot->values[0]);
        ff_runway_slot_free(&slot);
        for (size_t k = 0; k < sizeof(kept) / sizeof(*kept); k++)
            if (strstr(shown, kept[k]))
                fail_msg("%s: %s", forms[i], shown);
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/* The base64 that goes into URLs has other digits. */
static void test_echoed_secrets_in_base64_of_urls(void **state)
{
    /* behind up to two bytes more, which share digits with it */
    static const char *const forms[] = { "c2stPz8_Pj4-fn5-MDEyMzQ1Njc4OQ",
                                         "eHNrLT8_Pz4-Pn5-fjAxMjM0NTY3ODk",
                                         "eHhzay0_Pz8-Pj5-fn4wMTIzNDU2Nzg5" };

    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        char text[256];
        Server *server = server_start(say, text);
        RunwayClientConfig config = make_config(base_of(server));
        RunwayClient *client;

        config.key = "sk-?\?\?>>>~~~0123456789";
        client = connect_with(config);
        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n\r\n{\"status\":"
                 "\"FAILED\",\"failure\":\"no %s!\"}", forms[i]);
        assert_int_equal(read_task(client), RUNWAY_OK);
        assert_non_null(strstr(last_task.failure, "..."));
        assert_in_range(strlen(last_task.failure), 7, 7 + 4);
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/* What is put together from several fields, or is a number. */
static void test_echoed_secrets_in_pieces(void **state)
{
    static const struct { const char *key, *reply, *kept; } cases[] = {
        { KEY, "<html><b>no; you sent</b> <i>sk-test-01</i><i>23456789</i>",
          "23456" },
        { "abcdefghi.jklmnop", "{\"error\":\"no\",\"issues\":[{\"path\":"
          "[\"abcdefghi\",\"jklmnop\"],\"message\":\"bad\"}]}", "jklmn" },
        { "483920175526", "{\"id\":483920175526}", "4839" },
        { "483920175526", "{\"id\":4.83920175526e11}", "4839" },
        { "48392017552601234567", "{\"id\":48392017552601234567}", "4839" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[1024];
        Server *server = server_start(say, text);
        RunwayClientConfig config = make_config(base_of(server));
        RunwayClient *client;

        config.key = cases[i].key;
        client = connect_with(config);
        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n\r\n%s",
                 cases[i].reply);
        assert_int_equal(submit(client), RUNWAY_UNKNOWN);
        assert_string_equal(last_id, "");
        assert_null(strstr(last.text, cases[i].kept));
        assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
        assert_null(strstr(last.text, cases[i].kept));
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/** A page so long that the key in it is cut; opaque: where that is. */
static int echo_late(Server *server, int fd, const Request *request)
{
    const size_t size = *(size_t *)server->opaque;
    char *text = malloc(size + 64);

    memset(text, ' ', size);
    strcpy(text + size - 10, KEY " is no key");
    server_reply(fd, "400 Bad Request", "", text);
    free(text);
    return 0;
}

static void test_echoed_secrets_at_a_cut(void **state)
{
    size_t size = RUNWAY_REPLY_MAX;
    Server *server = server_start(echo_late, &size);
    RunwayClient *client = connect_to(server);
    RunwayUpload file = { "clip.mp4", "video/mp4", make_file("file", 4), 4 };
    RunwaySlot slot = { NULL };
    int64_t done = 0;
    char url[64];

    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_null(strstr(last.text, "sk-te"));
    assert_says("too long to be shown");
    size = 16 << 10;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
    assert_int_equal(ff_runway_client_download(client, url, -1, &done,
                                               &last_wait, &last),
                     RUNWAY_REFUSED);
    assert_null(strstr(last.text, "sk-te"));
    assert_says("too long to be shown");
    slot.url = url;
    assert_int_equal(ff_runway_client_store(client, &slot, &file, &last_wait,
                                            &last), RUNWAY_REFUSED);
    assert_says("too long to be shown");
    close(file.fd);
    ff_runway_client_free(&client);
    server_stop(&server);
}

typedef struct Page {
    const char *status;
    char text[8192];
} Page;

static int say_page(Server *server, int fd, const Request *request)
{
    Page *page = server->opaque;

    server_reply(fd, page->status, "", page->text);
    return 0;
}

/* Nor is one shown in part that is put together where the text is cut: as an
 * excerpt, in what a status or a reply says, and for good. */
static void test_echoed_secrets_in_pieces_at_a_cut(void **state)
{
#define ISSUE "{\"error\":\"%s\",\"issues\":[{\"path\":[\"sk-test-0123\"," \
              "\"456789\"],\"message\":\"bad\"}]}"
    static const struct { int from, to; const char *format; } cases[] = {
        { 165, 200, "%s sk-te<b>st-0123</b>.456789 is no key" },
        { 490, 512, ISSUE }, { 1000, 1024, ISSUE }, { 4070, 4096, ISSUE },
    };
#undef ISSUE
    static const char *const statuses[] = { "400 Bad", "200 OK" };
    char pad[4200];

    for (size_t i = 0; i < 8; i++) {
        Page page;
        Server *server = server_start(say_page, &page);
        RunwayClientConfig config = make_config(base_of(server));
        RunwayClient *client;

        config.key = "sk-test-0123.456789";
        client = connect_with(config);
        for (int n = cases[i / 2].from; n < cases[i / 2].to; n++) {
            memset(pad, 'a', sizeof(pad));
            /* a run without blanks is taken out, and makes room */
            for (int k = 0; k < n && n < 4000; k += 2)
                pad[k] = ' ';
            pad[n] = 0;
            page.status = statuses[i % 2];
            snprintf(page.text, sizeof(page.text), cases[i / 2].format, pad);
            assert_int_equal(read_task(client), i % 2 ? RUNWAY_UNAVAILABLE :
                             RUNWAY_REFUSED);
            if (strstr(last.text, "sk-"))
                fail_msg("%s, %d: %s", page.status, n, last.text);
        }
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/* A header is such a text too: no task is called by a secret. */
static void test_echoed_secrets_in_a_location(void **state)
{
    static const char *const ids[] = {
        KEY, "c2stdGVzdC0wMTIzNDU2Nzg5", "sess-4f5e6a7b", "a-sess-4f5e6a7b-b",
    };
    static const char *const statuses[] = {
        "200 OK", "202 Accepted", "429 Slow",
    };

    for (size_t i = 0; i < 12; i++) {
        char text[512];
        Server *server = server_start(say, text);
        RunwayClient *client =
            connect_with(with_headers(base_of(server), "X: sess-4f5e6a7b"));

        snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Type: "
                 "application/json\r\nLocation: /v1/tasks/%s\r\n\r\n" NO,
                 statuses[i % 3], ids[i / 3]);
        assert_int_equal(submit(client), RUNWAY_UNKNOWN);
        assert_string_equal(last_id, "");
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/* As many digits as a number may have: each of them counts in an id. */
static void test_long_number_as_id(void **state)
{
    Server *server = server_start(say, "HTTP/1.1 200 OK\r\n\r\n"
                                  "{\"a\":\"\\\"1234567890123456\",\"id\":"
                                  "12345678901234567890,\"estimatedCost\":"
                                  "{\"credits\":0.1234567890123456789}}");
    RunwayClient *client = connect_to(server);

    assert_int_equal(submit(client), RUNWAY_OK);
    assert_string_equal(last_id, "12345678901234567890");
    assert_true(last_credits > 0.123 && last_credits < 0.124);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* A value goes into a header as it is: nothing in it may end that header. */
static void test_api_version_is_a_token(void **state)
{
    static const char *const bad[] = {
        "", "2024-11-06\r\nX-Evil: 1", "2024-11-06\n", "2024 11 06", "a,b",
        "\xc3\xbc", "a\tb", "a:b",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        RunwayClientConfig config = make_config("https://api.example.com");
        RunwayClient *client;

        config.api_version = bad[i];
        assert_int_equal(ff_runway_client_create(&config, &client, &last),
                         RUNWAY_INVALID);
        assert_null(client);
        assert_says("api_version");
    }
}

/*
 * Read
 */

static void test_read_request(void **state)
{
    Server *server = server_start(say, "HTTP/1.1 200 OK\r\n\r\n{\"id\":"
                                  "\"task-1\",\"status\":\"RUNNING\","
                                  "\"progress\":0.5}");
    RunwayClient *client = connect_to(server);
    const Request *request = &server->requests[0];

    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_int_equal(last_task.state, RUNWAY_TASK_RUNNING);
    assert_true(last_task.progress == 0.5);
    assert_memory_equal(request->head,
                        "GET /runwayml/v1/tasks/task-1 HTTP/1.1\r\n", 40);
    assert_string_equal(request_header(request, "Authorization"),
                        "Bearer " KEY);
    assert_string_equal(request_header(request, "X-Runway-Version"),
                        "2024-11-06");
    assert_false(request_has_header(request, "Content-Type"));
    ff_runway_client_free(&client);
    server_stop(&server);
}

static void test_read_replies(void **state)
{
    static const struct {
        const char *reply;
        RunwayOutcome outcome;
        int not_exist;
        const char *says;
    } cases[] = {
        { JSON("404 Not Found", "", "32", "{\"error\":\"Could not find "
               "Task\"} "), RUNWAY_OK, 1, NULL },
        { JSON("404 Not Found", "", "2", "{}"), RUNWAY_OK, 1, NULL },
        { JSON("410 Gone", "", "2", "{}"), RUNWAY_OK, 1, NULL },
        { JSON("400 Bad Request", "", "25", "{\"code\":\"task_not_exist\"}"),
          RUNWAY_OK, 1, NULL },
        { JSON("200 OK", "", "25", "{\"code\":\"task_not_exist\"}"),
          RUNWAY_OK, 1, NULL },
        { "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>x</p>",
          RUNWAY_UNAVAILABLE, 0, "404" },
        { "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n"
          "default backend - 404", RUNWAY_UNAVAILABLE, 0, "404" },
        { "HTTP/1.1 410 Gone\r\n\r\ngone", RUNWAY_UNAVAILABLE, 0, "410" },
        { "HTTP/1.1 404 Not Found\r\n\r\n{}", RUNWAY_OK, 1, NULL },
        { JSON("404 Not Found", "", "0", ""), RUNWAY_UNAVAILABLE, 0, "404" },
        { JSON("400 Bad Request", "", "2", "{}"), RUNWAY_REFUSED, 0, "400" },
        { JSON("401 Unauthorized", "", "2", "{}"), RUNWAY_REFUSED, 0,
          "COMETAPI_KEY" },
        /* not the service's own words: a network's login page, a proxy */
        { "HTTP/1.1 401 No\r\nContent-Type: text/html\r\n\r\n<p>x</p>",
          RUNWAY_UNAVAILABLE, 0, "401" },
        { "HTTP/1.1 403 No\r\nContent-Type: text/html\r\n\r\n<p>x</p>",
          RUNWAY_UNAVAILABLE, 0, "403" },
        { "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n",
          RUNWAY_UNAVAILABLE, 0, "407" },
        { "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n",
          RUNWAY_UNAVAILABLE, 0, "/login" },
        { JSON("403 Forbidden", "", "2", "{}"), RUNWAY_REFUSED, 0, "403" },
        { JSON("429 Too Many", "Retry-After: 3\r\n", "0", ""),
          RUNWAY_UNAVAILABLE, 0, "429" },
        { JSON("500 Oops", "", "0", ""), RUNWAY_UNAVAILABLE, 0, "500" },
        { JSON("502 Bad Gateway", "", "0", ""), RUNWAY_UNAVAILABLE, 0, "502" },
        { JSON("500 Oops", "", "54", "{\"error\":{\"message\":\"task_not_exist"
               "\",\"code\":\"\"}}      "), RUNWAY_UNAVAILABLE, 0, "500" },
        { JSON("200 OK", "", "5", "Hello"), RUNWAY_UNAVAILABLE, 0, "Hello" },
        { JSON("200 OK", "", "99", "{\"status\":"), RUNWAY_UNAVAILABLE, 0,
          NULL },
        { "", RUNWAY_UNAVAILABLE, 0, "broke off" },
        { JSON("200 OK", "", "22", "{\"status\":\"SUCCEEDED\"}"),
          RUNWAY_UNAVAILABLE, 0, "not there yet" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        Server *server = server_start(say, (void *)cases[i].reply);
        RunwayClient *client = connect_to(server);
        RunwayOutcome ret = read_task(client);

        if (ret != cases[i].outcome)
            fail_msg("%s: %s (%s)", cases[i].reply,
                     ff_runway_outcome_name(ret), last.text);
        if (cases[i].not_exist)
            assert_int_equal(last_task.state, RUNWAY_TASK_NOT_EXIST);
        if (cases[i].says)
            assert_says(cases[i].says);
        if (strstr(cases[i].reply, "Retry-After: 3"))
            assert_int_equal(last_wait, 3000000);
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

static void test_echoed_key_in_a_failure(void **state)
{
    Server *server = server_start(say, "HTTP/1.1 200 OK\r\n\r\n{\"status\":"
                                  "\"FAILED\",\"failure\":\"no " KEY " x\"}");
    RunwayClient *client = connect_to(server);

    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_string_equal(last_task.failure, "no ... x");
    ff_runway_client_free(&client);
    server_stop(&server);
}

/*
 * Download
 */

#define RESULT_SIZE 100000

/** What a server for downloads does. */
typedef struct Store {
    uint8_t *data;
    int64_t cut;          ///< close after that many bytes of each reply
    int no_ranges;        ///< always the whole
    int64_t shift;        ///< ranges begin that much later
    int no_length;        ///< neither Content-Length nor chunks
    int chunked;
    const char *refusal;  ///< status line of a refusal
    const char *all_as;   ///< Content-Range of a 206 that is the whole
} Store;

static void send_range(Server *server, int fd, int64_t start, int partial)
{
    const Store *store = server->opaque;
    int64_t left = RESULT_SIZE - start;
    char head[400], range[100] = "", length[100];

    if (store->all_as)
        snprintf(range, sizeof(range), "%s", store->all_as);
    else if (partial)
        snprintf(range, sizeof(range), "Content-Range: bytes %lld-%d/%d\r\n",
                 (long long)start, RESULT_SIZE - 1, RESULT_SIZE);
    snprintf(length, sizeof(length), "Content-Length: %lld\r\n",
             (long long)left);
    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Type: video/mp4\r\n"
             "%s%s\r\n", partial || store->all_as ? "206 Partial Content" :
             "200 OK",
             store->no_length ? "" : store->chunked ?
             "Transfer-Encoding: chunked\r\n" : length, range);
    server_send(fd, head);
    if (store->chunked) {
        snprintf(head, sizeof(head), "%llx\r\n", (unsigned long long)left);
        server_send(fd, head);
    }
    if (store->cut && left > store->cut) {
        server_send_bytes(fd, store->data + start, (size_t)store->cut);
        return;
    }
    server_send_bytes(fd, store->data + start, (size_t)left);
    if (store->chunked)
        server_send(fd, "\r\n0\r\n\r\n");
}

static int serve_result(Server *server, int fd, const Request *request)
{
    const Store *store = server->opaque;
    long long start = 0;

    if (store->refusal) {
        server_reply(fd, store->refusal, "Retry-After: 2\r\n", "<p>no</p>");
        return 0;
    }
    if (store->no_ranges ||
        sscanf(request_header(request, "Range"), "bytes=%lld-", &start) != 1) {
        send_range(server, fd, 0, 0);
    } else if (start >= RESULT_SIZE) {
        char more[100];

        snprintf(more, sizeof(more), "Content-Range: bytes */%d\r\n",
                 RESULT_SIZE);
        server_reply(fd, "416 Range Not Satisfiable", more, "");
    } else {
        send_range(server, fd, start + store->shift, 1);
    }
    return 0;
}

typedef struct Download {
    Store store;
    Server *server;
    RunwayClient *client;
    char url[200];
    int fd;
    int64_t done;
} Download;

static void open_download(Download *d)
{
    memset(d, 0, sizeof(*d));
    d->store.data = make_bytes(RESULT_SIZE);
    d->server = server_start(serve_result, &d->store);
    d->client = connect_to(d->server);
    d->fd     = make_file("", 0);
    snprintf(d->url, sizeof(d->url), "http://127.0.0.1:%d/o.mp4?_jwt=secret",
             d->server->port);
}

static RunwayOutcome download(Download *d)
{
    RunwayOutcome ret;

    memset(&last, 0, sizeof(last));
    ret = ff_runway_client_download(d->client, d->url, d->fd, &d->done,
                                    &last_wait, &last);
    if (ret)
        assert_int_equal(last.outcome, ret);
    assert_null(strstr(last.text, "_jwt"));
    assert_null(strstr(last.text, "secret"));
    /* whatever happened, fd holds the first *done bytes */
    if (d->done > 0) {
        uint8_t *got = malloc((size_t)d->done);

        assert_true(d->done <= RESULT_SIZE);
        assert_int_equal(pread(d->fd, got, (size_t)d->done, 0), d->done);
        assert_memory_equal(got, d->store.data, d->done);
        free(got);
    }
    return ret;
}

static void close_download(Download *d)
{
    ff_runway_client_free(&d->client);
    server_stop(&d->server);
    close(d->fd);
    free(d->store.data);
}

static void test_download(void **state)
{
    for (int form = 0; form < 3; form++) {
        Download d;

        open_download(&d);
        d.store.no_length = form == 1;
        d.store.chunked   = form == 2;
        assert_int_equal(download(&d), RUNWAY_OK);
        assert_int_equal(d.done, RESULT_SIZE);
        assert_int_equal(lseek(d.fd, 0, SEEK_END), RESULT_SIZE);
        assert_memory_equal(d.server->requests[0].head,
                            "GET /o.mp4?_jwt=secret HTTP/1.1\r\n", 33);
        assert_false(request_has_header(&d.server->requests[0],
                                        "Authorization"));
        assert_false(request_has_header(&d.server->requests[0],
                                        "X-Runway-Version"));
        assert_false(request_has_header(&d.server->requests[0], "Range"));
        close_download(&d);
    }
}

static void test_download_resumed(void **state)
{
    Download d;
    int calls = 0;

    open_download(&d);
    d.store.cut = 30000;
    while (download(&d) == RUNWAY_UNAVAILABLE) {
        assert_int_equal(d.done, 30000 * ++calls);
        assert_says("broke off");
    }
    assert_int_equal(last.outcome, RUNWAY_OK);
    assert_int_equal(d.done, RESULT_SIZE);
    assert_int_equal(calls, 3);
    assert_string_equal(request_header(&d.server->requests[2], "Range"),
                        "bytes=60000-");
    assert_int_equal(lseek(d.fd, 0, SEEK_END), RESULT_SIZE);
    close_download(&d);
}

static void test_download_whole_instead_of_range(void **state)
{
    Download d;

    open_download(&d);
    d.store.cut = 30000;
    assert_int_equal(download(&d), RUNWAY_UNAVAILABLE);
    assert_int_equal(d.done, 30000);
    d.store.no_ranges = 1;
    d.store.cut = 10000;
    assert_int_equal(download(&d), RUNWAY_UNAVAILABLE);
    assert_int_equal(d.done, 10000);
    assert_int_equal(lseek(d.fd, 0, SEEK_END), 10000);
    d.store.cut = 0;
    assert_int_equal(download(&d), RUNWAY_OK);
    assert_int_equal(d.done, RESULT_SIZE);
    close_download(&d);
}

static void test_download_wrong_range(void **state)
{
    Download d;

    open_download(&d);
    d.store.cut = 30000;
    download(&d);
    d.store.cut   = 0;
    d.store.shift = 5;
    assert_int_equal(download(&d), RUNWAY_UNAVAILABLE);
    assert_int_equal(d.done, 0);
    assert_int_equal(download(&d), RUNWAY_OK);
    assert_int_equal(d.done, RESULT_SIZE);
    close_download(&d);
}

/* A 206 that nobody asked for may say nothing of where it begins, or nonsense of
 * how much there is. */
static void test_download_whole_as_range(void **state)
{
    static const char *const all[] = {
        "X: y\r\n", "Content-Range: bytes */7\r\n",
        "Content-Range: bytes 0-6/7\r\n", "Content-Range: x\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        Download d;

        open_download(&d);
        d.store.all_as = all[i];
        assert_int_equal(download(&d), RUNWAY_OK);
        assert_int_equal(d.done, RESULT_SIZE);
        close_download(&d);
    }
}

static void test_download_nothing_left(void **state)
{
    Download d;

    open_download(&d);
    assert_int_equal(download(&d), RUNWAY_OK);
    assert_int_equal(download(&d), RUNWAY_OK);
    assert_int_equal(d.done, RESULT_SIZE);
    /* fd holds more than there is: not the same file */
    d.done = RESULT_SIZE + 1;
    assert_int_equal(download(&d), RUNWAY_UNAVAILABLE);
    assert_int_equal(d.done, 0);
    close_download(&d);
}

static void test_download_refused(void **state)
{
    static const struct { const char *status; RunwayOutcome outcome; } cases[] =
    {
        { "401 Unauthorized", RUNWAY_REFUSED },
        { "403 Forbidden", RUNWAY_REFUSED },
        { "404 Not Found", RUNWAY_REFUSED },
        { "410 Gone", RUNWAY_REFUSED },
        { "408 Timeout", RUNWAY_UNAVAILABLE },
        { "429 Too Many", RUNWAY_UNAVAILABLE },
        { "500 Oops", RUNWAY_UNAVAILABLE },
        { "503 Later", RUNWAY_UNAVAILABLE },
        { "203 Transformed", RUNWAY_UNAVAILABLE },
        { "204 No Content", RUNWAY_REFUSED },
        { "304 Not Modified", RUNWAY_REFUSED },
    };
    Download d;

    open_download(&d);
    d.store.cut = 30000;
    download(&d);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        d.store.refusal = cases[i].status;
        assert_int_equal(download(&d), cases[i].outcome);
        /* an error page is no result, and costs nothing of what is there */
        assert_int_equal(d.done, 30000);
        assert_int_equal(last_wait, 2000000);
        assert_int_equal(lseek(d.fd, 0, SEEK_END), 30000);
    }
    /* a fresh URL goes on from there */
    d.store.refusal = NULL;
    d.store.cut     = 0;
    assert_int_equal(download(&d), RUNWAY_OK);
    close_download(&d);
}

static void test_download_empty(void **state)
{
    Download d;

    open_download(&d);
    d.store.refusal = NULL;
    server_stop(&d.server);
    d.server = server_start(say, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    snprintf(d.url, sizeof(d.url), "http://127.0.0.1:%d/", d.server->port);
    /* another URL may have it */
    assert_int_equal(download(&d), RUNWAY_REFUSED);
    assert_says("empty");
    close_download(&d);
}

static void test_download_size_limit(void **state)
{
    for (int form = 0; form < 3; form++) {
        for (int over = 0; over < 2; over++) {
            Download d;

            open_download(&d);
            d.client->result_max = RESULT_SIZE - over;
            d.store.no_length = form == 1;
            d.store.chunked   = form == 2;
            assert_int_equal(download(&d), over ? RUNWAY_BAD_RESULT
                                                : RUNWAY_OK);
            if (over)
                assert_says("larger than 99999 bytes");
            if (over && !form)
                assert_int_equal(d.done, 0); /* known before the first byte */
            close_download(&d);
        }
    }
}

static void test_download_unwritable(void **state)
{
    Download d;
    int fd;

    open_download(&d);
    fd = open("/dev/full", O_WRONLY);
    if (fd < 0) {
        close_download(&d);
        skip(); /* no /dev/full on this system */
    }
    close(d.fd);
    d.fd = fd;
    assert_int_equal(download(&d), RUNWAY_IO);
    assert_int_equal(d.done, 0);
    close_download(&d);
}

static void test_download_redirected(void **state)
{
    Download d;
    char target[200];
    Server *first;

    open_download(&d);
    strcpy(target, d.url);
    first = server_start(redirect, target);
    snprintf(d.url, sizeof(d.url), "http://127.0.0.1:%d/a?_jwt=secret",
             first->port);
    assert_int_equal(download(&d), RUNWAY_OK);
    assert_int_equal(d.done, RESULT_SIZE);
    assert_int_equal(server_requests(first), 1);
    assert_false(request_has_header(&d.server->requests[0], "Authorization"));
    assert_false(request_has_header(&d.server->requests[0], "Referer"));

    /* another host does not get the key by that */
    snprintf(target, sizeof(target), "http://127.0.0.1:%d/" KEY "/?a=" KEY "&b",
             d.server->port);
    assert_int_equal(download(&d), RUNWAY_OK);
    assert_memory_equal(d.server->requests[1].head, "GET /.../?a=...&b ", 18);

    /* not to where it may not go */
    strcpy(target, "http://192.0.2.1/x?_jwt=secret");
    assert_int_equal(download(&d), RUNWAY_REFUSED);
    strcpy(target, "file:///etc/passwd");
    assert_int_equal(download(&d), RUNWAY_REFUSED);
    /* where it leads is named, and no key in it */
    strcpy(target, "https://sk-test-0123456789.localhost:1/");
    assert_int_not_equal(download(&d), RUNWAY_OK);
    assert_says("localhost");
    assert_null(strstr(last.text, "0123456789"));
    /* nor in a circle */
    snprintf(target, sizeof(target), "http://127.0.0.1:%d/", first->port);
    assert_int_equal(download(&d), RUNWAY_REFUSED);
    assert_says("redirected");
    assert_int_equal(server_requests(first), 5 + 6);
    server_stop(&first);
    close_download(&d);
}

/** An upload to that URL, of a file that nothing is read of. */
static RunwayOutcome store_at(Download *d, char *url)
{
    const RunwaySlot slot = { .url = url };
    const RunwayUpload file = { "clip.mp4", "video/mp4", -1, 1000 };

    return ff_runway_client_store(d->client, &slot, &file, &last_wait, &last);
}

/** Refuses with opaque as its page. */
static int refuse_with(Server *server, int fd, const Request *request)
{
    server_reply(fd, "403 Forbidden", "", server->opaque);
    return 0;
}

/* What signs a URL is not shown where its server says it back, nor where the one
 * does that it redirects to. */
static void test_signed_urls_said_back(void **state)
{
#define SAS "abCAnaryGHIJK0123456789"
#define V16 "0123456789abcdef&"
    static const struct { const char *query, *page; } cases[] = {
        { "sv=1&sig=" SAS "%2BYZ%3D", "no ?sv=1&sig=" SAS "%2BYZ%3D" },
        { "sv=1&sig=" SAS "%2BYZ%3D", "<p>sig is " SAS "+YZ=" },
        { "sv=1&sig=" SAS "%2BYZ%3D", "{\"error\":\"" SAS "\\u002bYZ%3d\"}" },
        { "Signature=~" SAS "~__&Key-Pair-Id=K2", "/?Signature=~" SAS "~__" },
        { "_jwt=" SAS "-.x", "&#63;&#95;jwt&#61;" SAS "-&#46;x" },
        { SAS, "?" SAS },
        /* behind as many others as a storage has */
        { V16 V16 V16 V16 V16 V16 V16 V16 "sig=" SAS, "no " SAS },
        { "a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y&z&1&2&3&4&5&6&7&8&"
          SAS "&9#x", "what is 8&" SAS "&9?" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        Server *server = server_start(refuse_with, (void *)cases[i].page);
        RunwayUpload file = { "clip.mp4", "video/mp4", make_file("file", 4), 4 };
        RunwaySlot slot = { NULL };
        char target[64];
        Server *first = server_start(redirect, target);
        Download d;

        open_download(&d);
        snprintf(target, sizeof(target), "http://127.0.0.1:%d/", server->port);
        for (int k = 0; k < 3; k++) {
            snprintf(d.url, sizeof(d.url), "http://127.0.0.1:%d/%s?%s",
                     k == 1 ? first->port : server->port, k ? "x" : "",
                     cases[i].query);
            slot.url = d.url;
            assert_int_equal(k < 2 ? download(&d) :
                             ff_runway_client_store(d.client, &slot, &file,
                                                    &last_wait, &last),
                             RUNWAY_REFUSED);
            assert_says("...");
            assert_null(strcasestr(last.text, "canary"));
        }
        close_download(&d);
        close(file.fd);
        server_stop(&first);
        server_stop(&server);
    }
#undef V16
#undef SAS
    assert_null(strcasestr(logged, "canary"));
}

/* libcurl cuts its words, here within a value that an output's URL may have. */
static void test_echoed_secrets_at_libcurls_cut(void **state)
{
    char url[512], label[50];
    RunwayClient *client = connect_with(
        with_headers("https://api.example.com", "X-Team: canary0123456789abcdef"));
    int64_t done = 0;

    memset(label, 'a', 49);
    label[49] = 0;
    for (int n = 0; n <= 12; n += 6) {
        snprintf(url, sizeof(url), "https://%s.%s.%s.%s.%.*s."
                 "canary0123456789abcdef.invalid/", label, label, label, label,
                 10 + n, label);
        assert_int_equal(ff_runway_client_download(client, url, -1, &done,
                                                   &last_wait, &last),
                         RUNWAY_UNAVAILABLE);
        assert_null(strstr(last.text, "canary"));
        assert_says("olve host");
    }
    ff_runway_client_free(&client);
}

static RunwayOutcome hide(void *opaque, const char *url)
{
    return ff_runway_client_hide(opaque, url);
}

/* The same of the user's own URLs, wherever they are in a request; in an output's
 * URL they stay. */
static void test_own_urls_said_back(void **state)
{
    RunwayPicture pictures[] = {
        { .uri = "https://a.example/1.png?sig=abCAnaryGHIJK0123456780" },
        { .uri = "https://a.example/2.png?x=1&sig=%61bCAnaryGHIJK0123456781" },
        { .uri = "runway://a" }, { .uri = NULL },
    };
    RunwayRequest request = {
        .references = pictures,     .nb_references = 1,
        .keyframes  = pictures + 1, .nb_keyframes  = 3,
        .extra = "{\"a\":[1,{\"b\":\"https:\\/\\/a\\/?abCAnaryGHIJK0123456782"
                 "\"},\"what? abCAnaryGHIJK0123456784\"]}",
    };
    char text[512], sas[] = "abCAnaryGHIJK0123456780";
    Server *server = server_start(echo_json, text);
    RunwayClient *client = connect_to(server);
    const size_t nb = client->nb_secrets;

    for (int k = 0; k < 2; k++)
        assert_int_equal(ff_runway_request_urls(&request, hide, client),
                         RUNWAY_OK);
    assert_int_equal(client->nb_secrets, nb + 4); /* one was escaped */
    for (char *digit = sas + strlen(sas) - 1; *digit < '4'; ++*digit) {
        snprintf(text, sizeof(text), "{\"status\":\"FAILED\",\"failure\":"
                 "\"no %s, no\",\"failureCode\":\"A.%s\"}", sas, sas);
        assert_int_equal(read_task(client), RUNWAY_OK);
        assert_int_equal(!strstr(last_task.failure, sas), *digit < '3');
        assert_int_equal(!strstr(last_task.failure_code, sas), *digit < '3');
        snprintf(text, sizeof(text), "{\"status\":\"SUCCEEDED\",\"output\":"
                 "[\"https://a.example/?%s\"]}", sas);
        assert_int_equal(read_task(client), RUNWAY_OK);
        assert_non_null(strstr(last_task.url, sas));
    }
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* Nor what its form has for values, from 16 characters on. */
static void test_echoed_fields_of_a_form(void **state)
{
    char *names[] = { "a", "b" };
    char *values[] = { "fifteen-letters", "sixteen-letters+" };
    Server *server = server_start(refuse_with, "<p>fifteen-letters and "
                                  "sixteen-letters&#43;</p>");
    RunwayUpload file = { "clip.mp4", "video/mp4", make_file("file", 4), 4 };
    char url[64];
    RunwaySlot slot = { .url = url, .nb_fields = 2, .names = names,
                        .values = values };
    RunwayClient *client = connect_to(server);

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
    assert_int_equal(ff_runway_client_store(client, &slot, &file, &last_wait,
                                            &last), RUNWAY_REFUSED);
    assert_says("fifteen-letters and ...");
    assert_null(strstr(last.text, "sixteen"));
    close(file.fd);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* Nor anything of a slot that comes with a status that is no success. */
static void test_slot_in_an_error(void **state)
{
    static const char *const pages[] = {
        "{\"fields\":{\"x-amz-signature\":\"0123456789canary0123456789\"}}",
        "{\"data\":{\"uploadUrl\":\"https://a.b/canary?x\"}}",
        "{ \"uploadUrl\" : \"https://a.b/\", \"fields\" : { \"a\" : \"canary",
    };

    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        Server *server = server_start(refuse_with, (void *)pages[i]);
        RunwayClientConfig config = make_config(base_of(server));
        RunwayClient *client;
        RunwaySlot *slot;

        config.provider = ff_runway_provider_find("runway");
        client = connect_with(config);
        assert_int_equal(ff_runway_client_slot(client, "a", &slot, &last_wait,
                                               &last), RUNWAY_REFUSED);
        assert_says("an upload slot, which is not shown");
        assert_null(strstr(last.text, "canary"));
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

/* an API on the internet does not send anybody into his own network */
static void test_download_from_private_addresses(void **state)
{
    Download d;
    char host[128] = "";
    static const char *const formats[] = {
        "http://127.0.0.1:%d/", "https://127.0.0.1:%d/",
        "https://localhost:%d/", "https://[::ffff:127.0.0.1]:%d/",
        "https://0.0.0.0:%d/", "https://127.1:%d/", "https://2130706433:%d/",
        "https://0x7f.0.0.1:%d/", "https://LOCALHOST.:%d/",
        "https://a.localhost:%d/", "https://[fe80::1%%25eth0]:%d/",
        "https://user:secret@example.com:%d/", "https://[2002:7f00:1::]:%d/",
    };

    open_download(&d);
    ff_runway_client_free(&d.client);
    d.client = connect_with(make_config("https://api.example.com"));
    assert_false(ff_runway_client_is_loopback(d.client));
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        char url[100];

        snprintf(url, sizeof(url), formats[i], d.server->port);
        strcpy(d.url, url);
        assert_int_equal(download(&d), RUNWAY_REFUSED);
        assert_int_equal(store_at(&d, url), RUNWAY_REFUSED);
    }
    /* a name that nobody sees it in: what it becomes is looked at */
    assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
    snprintf(d.url, sizeof(d.url), "https://%s:%d/", host, d.server->port);
    assert_int_equal(download(&d), strstr(last.text, "resolve") ?
                                   RUNWAY_UNAVAILABLE : RUNWAY_REFUSED);
    assert_int_not_equal(store_at(&d, d.url), RUNWAY_OK);
    assert_true(strstr(last.text, "may not use") ||
                strstr(last.text, "resolve"));
    assert_int_equal(server_connections(d.server), 0);
    /* an API in a private network may, once a certificate has proved that it is
     * there */
    ff_runway_client_free(&d.client);
    d.client = connect_with(make_config("https://10.1.2.3"));
    snprintf(d.url, sizeof(d.url), "https://127.0.0.1:%d/", d.server->port);
    assert_int_equal(download(&d), RUNWAY_REFUSED);
    assert_int_equal(server_connections(d.server), 0);
    /* one on this machine may at once */
    ff_runway_client_free(&d.client);
    d.client = connect_with(make_config("https://127.0.0.1:9"));
    d.server->ignore_request = 1;
    snprintf(d.url, sizeof(d.url), "https://127.0.0.1:%d/", d.server->port);
    assert_int_equal(download(&d), RUNWAY_UNAVAILABLE); /* it is no TLS */
    assert_int_equal(server_connections(d.server), 1);
    close_download(&d);
}

/*
 * Time
 */

static double seconds_since(int64_t start)
{
    return (double)(now_us() - start) / 1e6;
}

static void test_cancelled_before(void **state)
{
    Server *server = server_start(accept_task, NULL);
    RunwayClient *client = connect_to(server);

    cancel_now = 1;
    assert_int_equal(submit(client), RUNWAY_CANCELLED);
    assert_int_equal(read_task(client), RUNWAY_CANCELLED);
    usleep(50000);
    assert_int_equal(server_connections(server), 0);
    ff_runway_client_free(&client);
    server_stop(&server);
}

static void test_cancelled_read(void **state)
{
    Server *server = server_start(hold, NULL);
    RunwayClient *client = connect_to(server);
    int64_t start = now_us();

    cancel_at = start + 300000;
    assert_int_equal(read_task(client), RUNWAY_CANCELLED);
    assert_true(seconds_since(cancel_at) < 10 * test_patience());
    ff_runway_client_free(&client);
    server_stop(&server);
}

static int hold_in_a_hurry(Server *server, int fd, const Request *request)
{
    hurry_at = now_us() + 300000;
    return hold(server, fd, request);
}

static void test_cancelled_create(void **state)
{
    Server *server = server_start(hold_in_a_hurry, NULL);
    RunwayClient *client = connect_to(server);

    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_true(seconds_since(hurry_at) < 10 * test_patience());
    assert_says("billed");
    ff_runway_client_free(&client);
    server_stop(&server);
}

static int accept_in_4_s(Server *server, int fd, const Request *request)
{
    cancel_at = now_us() + 300000;
    server_wait(server, 4000);
    return accept_task(server, fd, request);
}

static int stop_then_hurry(Server *server, int fd, const Request *request)
{
    cancel_at = now_us() + 300000;
    hurry_at  = cancel_at + 700000;
    return hold(server, fd, request);
}

/* Another clip failed, say: what is out already is let be answered. */
static void test_stopped_create(void **state)
{
    Server *server = server_start(accept_in_4_s, NULL);
    RunwayClient *client = connect_to(server);
    int64_t start = now_us();

    assert_int_equal(submit(client), RUNWAY_OK);
    assert_true(seconds_since(start) > 3.0);
    ff_runway_client_free(&client);
    server_stop(&server);

    /* until somebody wants it to end at once */
    cancel_at = 0;
    server    = server_start(stop_then_hurry, NULL);
    client    = connect_to(server);
    start     = now_us();
    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_true(seconds_since(start) > 2.0);
    assert_true(seconds_since(hurry_at) < 10 * test_patience());
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* A body that is not out to its last byte is nothing that can be billed. */
static void test_cancelled_upload(void **state)
{
    Server *server = server_start(hold, NULL);
    RunwayClient *client = connect_to(server);
    RunwayBody *body = ff_runway_body_create();
    FILE *file = tmpfile();

    server->ignore_body = 1; /* it reads no more than the head */
    assert_int_equal(ftruncate(fileno(file), 256 << 20), 0);
    assert_int_equal(ff_runway_body_add_base64(body, fileno(file), 256 << 20),
                     RUNWAY_OK);
    cancel_at = now_us() + 500000;
    assert_int_equal(ff_runway_client_submit(client, body, last_id,
                                             &last_credits, &last_wait, &last),
                     RUNWAY_CANCELLED);
    assert_true(seconds_since(cancel_at) < 10 * test_patience());
    ff_runway_body_free(&body);
    fclose(file);
    ff_runway_client_free(&client);
    server_stop(&server);
}

static int accept_late(Server *server, int fd, const Request *request)
{
    hurry_at = now_us() + 300000;
    server_wait(server, 600);
    return accept_task(server, fd, request);
}

/* the answer that comes within the grace is worth a payment */
static void test_create_answered_after_cancellation(void **state)
{
    Server *server = server_start(accept_late, NULL);
    RunwayClient *client = connect_to(server);

    assert_int_equal(submit(client), RUNWAY_OK);
    assert_string_equal(last_id, "task-1");
    ff_runway_client_free(&client);
    server_stop(&server);
}

/** A byte each 50 ms, without end. */
static int drip(Server *server, int fd, const Request *request)
{
    server_send(fd, server->opaque);
    while (!server->stop && server_send(fd, " "))
        server_wait(server, 50);
    return 0;
}

static int drip_and_cancel(Server *server, int fd, const Request *request)
{
    cancel_at = now_us() + 300000;
    return drip(server, fd, request);
}

#define ENDLESS "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"

static void test_cancelled_slow_replies(void **state)
{
    Download d;

    open_download(&d);
    server_stop(&d.server);
    d.server = server_start(drip_and_cancel, ENDLESS);
    memset(d.store.data, ' ', RESULT_SIZE);
    snprintf(d.url, sizeof(d.url), "http://127.0.0.1:%d/", d.server->port);
    assert_int_equal(download(&d), RUNWAY_CANCELLED);
    assert_true(seconds_since(cancel_at) < 10 * test_patience());
    assert_true(d.done > 0);
    close_download(&d);
}

static void test_stalls(void **state)
{
    static const ServerHandler handlers[] = { hold, drip };

    for (int i = 0; i < 2; i++) {
        Server *server = server_start(handlers[i], ENDLESS);
        RunwayClient *client = connect_to(server);
        int64_t start = now_us();

        client->stall_timeout = 1000000;
        assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
        assert_true(seconds_since(start) < 4 * test_patience());
        if (!i) {
            start = now_us();
            assert_int_equal(submit(client), RUNWAY_UNKNOWN);
            /* libcurl's speed is the average of the last five seconds, and
             * the body went out in them */
            assert_true(seconds_since(start) < 10 * test_patience());
        }
        ff_runway_client_free(&client);
        server_stop(&server);
    }
}

static void test_stalled_download(void **state)
{
    Download d;
    int64_t start;

    open_download(&d);
    server_stop(&d.server);
    d.server = server_start(drip, ENDLESS);
    memset(d.store.data, ' ', RESULT_SIZE);
    d.client->stall_timeout = 1000000;
    snprintf(d.url, sizeof(d.url), "http://127.0.0.1:%d/", d.server->port);
    start = now_us();
    assert_int_equal(download(&d), RUNWAY_UNAVAILABLE);
    assert_true(seconds_since(start) < 4 * test_patience());
    assert_true(d.done > 0);
    close_download(&d);
}

/*
 * TLS, proxies, configuration
 */

static void test_tls_to_a_plain_server(void **state)
{
    Server *server = server_start(say, "HTTP/1.1 400 Bad Request\r\n\r\n");
    RunwayClient *client;
    char base[64];

    server->ignore_request = 1;
    snprintf(base, sizeof(base), "https://127.0.0.1:%d", server->port);
    client = connect_with(make_config(base));
    assert_int_equal(submit(client), RUNWAY_REFUSED);
    assert_says("ca_file");
    assert_says("tls_verify");
    assert_says("127.0.0.1:");
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* It has answered before, and now a handshake breaks off: that is no verdict on
 * anything, and nothing was sent. */
static void test_handshake_breaks_off(void **state)
{
    static const char *const ends[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "" };

    (void)state;
    for (int i = 0; i < 2; i++) {
        Server *server = server_start(say, (void *)ends[i]);
        RunwayClientConfig config;
        Download d;
        char base[64];

        server->ignore_request = 1;
        snprintf(base, sizeof(base), "https://127.0.0.1:%d", server->port);
        config = make_config(base);
        open_download(&d);
        ff_runway_client_free(&d.client);
        d.client = connect_with(config);
        assert_int_equal(submit(d.client), RUNWAY_REFUSED);
        assert_int_equal(download(&d), RUNWAY_OK);
        assert_int_equal(submit(d.client), RUNWAY_UNAVAILABLE);
        assert_says("cannot reach 127.0.0.1:");
        close_download(&d);
        server_stop(&server);
    }
}

/* a proxy that says no has seen no create */
static void test_proxy_refuses(void **state)
{
    Server *proxy = server_start(say, "HTTP/1.1 403 Forbidden\r\n"
                                 "Content-Length: 0\r\n\r\n");
    RunwayClientConfig config = make_config("https://api.example.com");
    RunwayClient *client;
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", proxy->port);
    config.proxy = url;
    client = connect_with(config);
    assert_int_equal(submit(client), RUNWAY_UNAVAILABLE);
    assert_says("proxy");
    assert_memory_equal(proxy->requests[0].head,
                        "CONNECT api.example.com:443 HTTP/1.1\r\n", 38);
    /* what was named goes before what the environment excepts */
    setenv("no_proxy", "*", 1);
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    assert_int_equal(server_connections(proxy), 2);
    unsetenv("no_proxy");
    assert_false(request_has_header(&proxy->requests[0], "Authorization"));
    assert_false(request_has_header(&proxy->requests[0], "X-Runway-Version"));
    ff_runway_client_free(&client);
    server_stop(&proxy);
}

/* it says yes, and what follows is no TLS: still nothing was sent */
static void test_proxy_without_tls_behind(void **state)
{
    Server *proxy = server_start(say, "HTTP/1.1 200 OK\r\n\r\nnonsense");
    RunwayClientConfig config = make_config("https://api.example.com");
    RunwayClient *client;
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", proxy->port);
    config.proxy = url;
    client = connect_with(config);
    assert_int_equal(submit(client), RUNWAY_REFUSED);
    assert_says("ca_file");
    ff_runway_client_free(&client);
    server_stop(&proxy);
}

/* what a proxy's error page repeats of its password is in no text */
static void test_proxy_password(void **state)
{
    Server *proxy = server_start(say, "HTTP/1.1 502 Bad Gateway\r\n"
                                 "Content-Type: text/html\r\n"
                                 "Content-Length: 43\r\n\r\n"
                                 "<p>me:hunter2222 "
                                 "bWU6aHVudGVyMjIyMg== !</p>");
    RunwayClientConfig config = make_config("http://127.0.0.1:9/x");
    RunwayClient *client;
    char url[64];

    snprintf(url, sizeof(url), "http://me:hunter2222@127.0.0.1:%d",
             proxy->port);
    config.proxy = url;
    client = connect_with(config);
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    assert_non_null(strstr(proxy->requests[0].head, "Proxy-Authorization: "
                           "Basic bWU6aHVudGVyMjIyMg=="));
    assert_non_null(strstr(last.text, "502"));
    assert_null(strstr(last.text, "hunter2222"));
    assert_null(strstr(last.text, "HVudGVyMjIy"));
    assert_null(strstr(logged, "hunter2222"));
    ff_runway_client_free(&client);
    server_stop(&proxy);
}

/* Nor is one of a URL that libcurl quotes, as it does not understand it; nor one
 * that was escaped there, and is not in the page. */
static void test_proxy_password_in_disguise(void **state)
{
    static const char *const proxies[] = {
        "http://me:pa/ss-hunter@127.0.0.1:1", "me:pa/ss-hunter@127.0.0.1:1",
        "socks5://me:pa/ss-hunter@127.0.0.1:1",
        "SOCKS4://me:pa#ss-hunter@127.0.0.1:1",
        "socks://me:pa?ss-hunter@127.0.0.1:1",
        "socks5:/me:pa/ss-hunter@127.0.0.1:1",
        "socks5h://me:pa ss-hunter@127.0.0.1:1",
    };
    Server *proxy = server_start(say, "HTTP/1.1 502 Bad Gateway\r\n"
                                 "Content-Length: 15\r\n\r\nno pa/ss-hunter");
    RunwayClientConfig config = make_config("https://a.invalid");
    RunwayClient *client;
    char url[64];

    for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++) {
        config.proxy = proxies[i];
        client = connect_with(config);
        assert_int_not_equal(read_task(client), RUNWAY_OK);
        if (strstr(last.text, "hunter"))
            fail_msg("%s: %s", proxies[i], last.text);
        ff_runway_client_free(&client);
    }
    config.base_url = "http://127.0.0.1:9/x";
    config.proxy    = url;
    snprintf(url, sizeof(url), "http://me:pa%%2Fss-hunter@127.0.0.1:%d",
             proxy->port);
    client = connect_with(config);
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    assert_says("no ...");
    assert_null(strstr(last.text, "hunter"));
    ff_runway_client_free(&client);
    server_stop(&proxy);
    assert_null(strstr(logged, "hunter"));
}

/* A user is a token where there is no password, or one by its looks; with a
 * password it may be anybody's name. */
static void test_proxy_user(void **state)
{
    static const struct { const char *user, *page, *says; } cases[] = {
        { "token-5dpq:@",    "no token-5dpq dG9rZW4tNWRwcTo=", "no ... ...o=" },
        { "token-5dpq@",     "no token-5dpq dG9rZW4tNWRwcTo=", "no ... ...To=" },
        { "%74oken-5dpq@",   "no token-5dpq %74oken-5dpq",    "no ... ..." },
        { "token%2Dword@",   "no token-word dG9rZW4td29yZDo=", "no ... ...Do=" },
        { "tokenword@",      "no TokenWord",                  "no ..." },
        { "token-5dpq:pw@",  "no token-5dpq",                 "no ..." },
        { "tokenword:pw@",   "no tokenword",                  "no tokenword" },
        { "tokenw:pwpw@",    "no dG9rZW53OnB3cHc= tokenw:pwpw", "no ...c= ..." },
        { "me@",             "no me",                         "no me" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char head[256], url[64];
        Server *proxy = server_start(say, head);
        RunwayClientConfig config = make_config("http://127.0.0.1:9/x");
        RunwayClient *client;

        snprintf(head, sizeof(head), "HTTP/1.1 502 Bad Gateway\r\n"
                 "Content-Length: %zu\r\n\r\n%s", strlen(cases[i].page),
                 cases[i].page);
        snprintf(url, sizeof(url), "http://%s127.0.0.1:%d", cases[i].user,
                 proxy->port);
        config.proxy = url;
        client = connect_with(config);
        assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
        assert_int_equal(strlen(strstr(last.text, "no ")),
                         strlen(cases[i].says));
        assert_says(cases[i].says);
        ff_runway_client_free(&client);
        server_stop(&proxy);
    }
    assert_null(strcasestr(logged, "token"));
}

/* An output's URL keeps what may be a word. */
static void test_proxy_user_in_a_url(void **state)
{
    static const struct { const char *user; int is_kept; } cases[] = {
        { "tokenword", 1 }, { "tokenword5", 0 },
    };
    char text[128];
    Server *proxy = server_start(echo_json, text);

    for (size_t i = 0; i < 2; i++) {
        RunwayClientConfig config = make_config("http://127.0.0.1:9/x");
        RunwayClient *client;
        char url[64];

        snprintf(text, sizeof(text), "{\"status\":\"SUCCEEDED\",\"output\":"
                 "[\"https://a.example/%s/\"]}", cases[i].user);
        snprintf(url, sizeof(url), "http://%s@127.0.0.1:%d", cases[i].user,
                 proxy->port);
        config.proxy = url;
        client = connect_with(config);
        assert_int_equal(read_task(client), RUNWAY_OK);
        assert_int_equal(!!strstr(last_task.url, cases[i].user),
                         cases[i].is_kept);
        ff_runway_client_free(&client);
    }
    server_stop(&proxy);
}

/* What to do is said on the way to https and http, also where the proxy has a
 * page for it; and what is said to be set is what works. */
static void test_proxy_wants_a_password(void **state)
{
    static const char page[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                               "Proxy-Authenticate: Basic realm=\"x\"\r\n"
                               "Content-Type: text/html\r\n"
                               "Content-Length: 9\r\n\r\n<p>no</p>";
    static const char hint[] = "the proxy wants a user and a password: set "
                               "https_proxy=USER:PASSWORD@HOST:PORT in the "
                               "environment";
    static const char *const bases[] = {
        "https://api.example.com", "http://127.0.0.1:9/x",
    };
    Server *proxy = server_start(say, (void *)page);
    RunwayClient *client;
    char url[64];

    for (int i = 0; i < 2; i++) {
        RunwayClientConfig config = make_config(bases[i]);

        snprintf(url, sizeof(url), "127.0.0.1:%d", proxy->port);
        config.proxy = url;
        client = connect_with(config);
        assert_int_equal(submit(client), i ? RUNWAY_UNKNOWN
                                           : RUNWAY_UNAVAILABLE);
        assert_says("407");
        assert_says(hint);
        assert_int_equal(!!strstr(last.text, "may have been accepted and "
                                             "billed"), i);
        assert_null(strstr(last.text, "base_url"));
        assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
        assert_says(hint);
        ff_runway_client_free(&client);
    }
    snprintf(url, sizeof(url), "me:hunter2222@127.0.0.1:%d", proxy->port);
    setenv("https_proxy", url, 1);
    client = connect_with(make_config(bases[0]));
    assert_int_equal(submit(client), RUNWAY_UNAVAILABLE);
    assert_says(hint);
    assert_null(strstr(last.text, "hunter2222"));
    assert_string_equal(request_header(&proxy->requests[4],
                                       "Proxy-Authorization"),
                        "Basic bWU6aHVudGVyMjIyMg==");
    unsetenv("https_proxy");
    ff_runway_client_free(&client);
    server_stop(&proxy);
    /* one that is none has no hint */
    proxy  = server_start(say, (void *)page);
    client = connect_to(proxy);
    assert_int_equal(read_task(client), RUNWAY_UNAVAILABLE);
    assert_null(strstr(last.text, hint));
    ff_runway_client_free(&client);
    server_stop(&proxy);
}

static void test_proxy_from_the_environment(void **state)
{
    static const char *const names[] = {
        "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"
    };
    Server *proxy = server_start(say, "HTTP/1.1 403 No\r\n\r\n");
    Server *server = server_start(accept_task, NULL);
    RunwayClientConfig config = make_config("https://api.example.com");
    RunwayClient *client;
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", proxy->port);
    for (int i = 0; i < 5; i++) {
        setenv(names[i], url, 1);
        client = connect_with(config);
        assert_int_equal(submit(client), RUNWAY_UNAVAILABLE);
        assert_int_equal(server_connections(proxy), i + 1);
        ff_runway_client_free(&client);
        /* never for loopback */
        client = connect_to(server);
        assert_int_equal(submit(client), RUNWAY_OK);
        assert_int_equal(server_connections(proxy), i + 1);
        ff_runway_client_free(&client);
        unsetenv(names[i]);
    }
    setenv("https_proxy", url, 1);
    setenv("no_proxy", "localhost,example.com", 1);
    config.base_url = "https://127.0.0.1:1";
    client = connect_with(config);
    assert_int_equal(submit(client), RUNWAY_UNAVAILABLE);
    ff_runway_client_free(&client);
    unsetenv("no_proxy");
    /* "" is none */
    config.proxy = "";
    client = connect_with(config);
    assert_int_equal(submit(client), RUNWAY_UNAVAILABLE);
    ff_runway_client_free(&client);
    assert_int_equal(server_connections(proxy), 5);
    unsetenv("https_proxy");
    server_stop(&server);
    server_stop(&proxy);
}

static void test_proxy_for_loopback_when_named(void **state)
{
    Server *proxy = server_start(accept_task, NULL);
    RunwayClientConfig config = make_config("http://127.0.0.1:9/x");
    RunwayClient *client;
    char url[64];

    snprintf(url, sizeof(url), "127.0.0.1:%d", proxy->port);
    config.proxy = url;
    client = connect_with(config);
    assert_int_equal(submit(client), RUNWAY_OK);
    assert_memory_equal(proxy->requests[0].head,
                        "POST http://127.0.0.1:9/x/v1/video_to_video ", 44);
    ff_runway_client_free(&client);
    server_stop(&proxy);
}

/** Keeps what a SOCKS proxy is asked, and closes. */
static int hear_socks(Server *server, int fd, const Request *request)
{
    char *heard = server->opaque;

    memset(heard, 0, 256);
    if (read(fd, heard, 255) > 0 && heard[0] == 5) {
        server_send_bytes(fd, "\5\0", 2);
        if (read(fd, heard, 255) < 0)
            heard[0] = 0;
    }
    return 0;
}

/* By the schemes of some, libcurl would look up what the proxy is to be asked. */
static void test_socks_proxy(void **state)
{
    static const char *const schemes[] = {
        "socks5://", "SOCKS4://", "socks://", "socks5h://", "socks4a://",
        "socks5:/", "Socks:/", "socks4:///",
    };

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        char url[64], heard[256] = "";
        Server *proxy = server_start(hear_socks, heard);
        RunwayClientConfig config = make_config("https://a.invalid");
        RunwayClient *client;

        proxy->ignore_request = 1; /* nobody speaks HTTP to it */
        snprintf(url, sizeof(url), "%s127.0.0.1:%d", schemes[i], proxy->port);
        config.proxy = url;
        client = connect_with(config);
        assert_int_not_equal(submit(client), RUNWAY_OK);
        ff_runway_client_free(&client);
        server_stop(&proxy);
        if (!memmem(heard, sizeof(heard), "a.invalid", 9))
            fail_msg("%s: the proxy is not asked for a name", schemes[i]);
    }
}

static void check_invalid(RunwayClientConfig config, const char *says)
{
    RunwayClient *client = (void *)-1;

    memset(&last, 0, sizeof(last));
    assert_int_equal(ff_runway_client_create(&config, &client, &last),
                     RUNWAY_INVALID);
    assert_null(client);
    assert_says(says);
    assert_null(strstr(last.text, "hunter2"));
}

static void test_unfit_configuration(void **state)
{
    static const char *const bases[] = {
        "", "api.example.com", "ftp://a.b", "http://example.com",
        "http://10.0.0.1", "http://127.0.0.1.example.com",
        "http://localhost.example.com", "https://u:hunter2@a.b",
        "http://127.0.0.1:80@example.com/", "https://a.b/?x=hunter2",
        "https://a.b/#hunter2", "https://a.b?",
    };
    static const struct { const char *text, *says; } headers[] = {
        { "Authorization: hunter2", "Authorization" },
        { "X: y\nauthorization:hunter2", "Authorization" },
        { "HOST: a.b", "Host" }, { "content-length: 5", "Content-Length" },
        { "Transfer-Encoding: chunked", "Transfer-Encoding" },
        { "Expect: 100-continue", "Expect" },
        { ": hunter2", "Name: value" }, { " : hunter2", "Name: value" },
        { "X Y: hunter2", "Name: value" }, { "X\x01: hunter2", "Name: value" },
        { "X: hunter2\rY: z", "control character" },
        { "X: hunter2\x01", "control character" },
    };
    RunwayClientConfig config;

    for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++)
        check_invalid(make_config(bases[i]), "base_url");
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        config = with_headers("https://a.b", headers[i].text);
        check_invalid(config, headers[i].says);
    }
    reset(NULL);
    config = make_config("https://a.b");
    config.ca_file = "/no/such/file.pem";
    check_invalid(config, "ca_file /no/such/file.pem");
    config.ca_file = "/dev/null"; /* reading from a pipe might never end */
    check_invalid(config, "not a regular file");
    config = make_config("http://127.0.0.1:5");
    config.proxy = "http://u:hunter2@proxy.example.com:8080";
    check_invalid(config, "http_proxy");
    config = make_config("https://a.b");
    config.proxy = "http://u%0Ax:hunter2@127.0.0.1:9";
    check_invalid(config, "http_proxy) has a control character");
    config.proxy = "http://127.0.0.1:9\r\nX-Evil: hunter2";
    check_invalid(config, "http_proxy) has a control character");
    config.proxy = NULL;
    setenv("https_proxy", "http://u:hunter2%1f@127.0.0.1:9", 1);
    check_invalid(config, "environment) has a control character");
    setenv("https_proxy", "http://u:hunter2%7F@127.0.0.1:9", 1);
    check_invalid(config, "environment) has a control character");
    unsetenv("https_proxy");
}

/* A % in a password that is no escape, and no control character. */
static void test_percent_in_a_proxy(void **state)
{
    static const char *const proxies[] = {
        "http://u:100%1@127.0.0.1:9", "http://u:100%@127.0.0.1:9",
        "http://u:%0z%1@127.0.0.1:9", "http://u:%7e%2f@127.0.0.1:9",
        "http://127.0.0.1:9/%0A",
    };
    RunwayClientConfig config;
    RunwayClient *client;

    reset(NULL);
    config = make_config("https://a.b");
    for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++) {
        config.proxy = proxies[i];
        assert_int_equal(ff_runway_client_create(&config, &client, &last),
                         RUNWAY_OK);
        ff_runway_client_free(&client);
    }
}

static void test_endpoint(void **state)
{
    static const struct { const char *base, *endpoint; int loopback; } cases[] =
    {
        { "https://API.example.com/runwayml/", "https://api.example.com/"
          "runwayml", 0 },
        { "https://a.b:443", "https://a.b", 0 },
        { "http://LOCALHOST:8080//", "http://localhost:8080", 1 },
        { "http://[::1]:8080", "http://[::1]:8080", 1 },
        { "https://127.0.0.1", "https://127.0.0.1", 1 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        RunwayClient *client = connect_with(make_config(cases[i].base));

        assert_string_equal(ff_runway_client_endpoint(client),
                            cases[i].endpoint);
        assert_int_equal(ff_runway_client_is_loopback(client),
                         cases[i].loopback);
        ff_runway_client_free(&client);
    }
    ff_runway_client_free(NULL);
}

static int echo_own(Server *server, int fd, const Request *request)
{
    char text[200];

    snprintf(text, sizeof(text), "{\"error\":\"got %s\"}",
             request_header(request, "X-Gateway-Key"));
    server_reply(fd, "400 Bad", "Content-Type: application/json\r\n", text);
    return 0;
}

static void test_own_headers(void **state)
{
    Server *server = server_start(echo_own, NULL);
    RunwayClient *client =
        connect_with(with_headers(base_of(server), "\n X-Gateway-Key:  "
                                  "hunter1111 \r\n\nX-Empty:\nno colon "
                                  "hunter2\nx-gateway-key \t:hunter2222\n"
                                  "accept: text/plain\n"
                                  "X-Runway-Version: 2030-01-01"));
    const Request *request = &server->requests[0];

    assert_int_equal(submit(client), RUNWAY_REFUSED);
    assert_string_equal(request_header(request, "X-Gateway-Key"),
                        "hunter2222");
    assert_null(strstr(request->head, "hunter1111"));
    assert_null(strstr(request->head, "no colon"));
    assert_non_null(strstr(logged, "without a colon"));
    assert_null(strstr(logged, "hunter2"));
    assert_true(request_has_header(request, "X-Empty"));
    assert_string_equal(request_header(request, "X-Empty"), "");
    /* said once, as the user says it */
    assert_string_equal(request_header(request, "Accept"), "text/plain");
    assert_null(strstr(request->head, "application/json\r\nAccept"));
    assert_string_equal(request_header(request, "X-Runway-Version"),
                        "2030-01-01");
    assert_null(strstr(request->head, "2024-11-06"));
    assert_string_equal(request_header(request, "Authorization"),
                        "Bearer " KEY);
    assert_null(strstr(last.text, "hunter2"));
    assert_int_equal(read_task(client), RUNWAY_REFUSED);
    assert_string_equal(request_header(&server->requests[1], "X-Gateway-Key"),
                        "hunter2222");
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* What is in them is not shown, each part of it; but what servers say as well (a
 * word, the path of an output, the field of a form) stays as it is. */
static void test_own_headers_in_replies(void **state)
{
    char text[1024];
    Server *server = server_start(echo_json, text);
    RunwayClient *client =
        connect_with(with_headers(base_of(server), "X-Auth: Bearer "
                                  "sess-4f5e6a7b\nCookie: sid=abc0123456; "
                                  "a=b\nX-Env: production\n"
                                  "X-Tenant: tenant42\nX-A: abcdefg7 abcdef7 "
                                  "sixteenletterssx fifteenletterss"));
    RunwaySlot *slot;

    strcpy(text, "{\"status\":\"FAILED\",\"failure\":\"token sess-4f5e6a7b of "
           "abc0123456 in production\",\"failureCode\":\"A.tenant42\"}");
    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_string_equal(last_task.failure, "token ... of ... in production");
    assert_string_equal(last_task.failure_code, "A....");
    /* eight characters with a digit, or sixteen */
    strcpy(text, "{\"status\":\"FAILED\",\"failure\":\"abcdef7 abcdefg7 "
           "sixteenletterssx, fifteenletterss\"}");
    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_string_equal(last_task.failure, "abcdef7 ... ..., fifteenletterss");
    /* a URL at its beginning makes no text a URL */
    strcpy(text, "{\"status\":\"FAILED\",\"failure\":\"https://a.b/ knows no "
           "tenant42\"}");
    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_string_equal(last_task.failure, "https://a.b/ knows no ...");
    strcpy(text, "{\"status\":\"SUCCEEDED\",\"output\":"
           "[\"https://a.b/production/tenant42/out.mp4?%s\"]}");
    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_string_equal(last_task.url,
                        "https://a.b/production/tenant42/out.mp4?...");
    strcpy(text, "{\"uploadUrl\":\"https://a.b/tenant42\",\"runwayUri\":"
           "\"runway://tenant42\",\"fields\":{\"tenant42\":\"tenant42/%s\"}}");
    assert_int_equal(ff_runway_client_slot(client, "a", &slot, &last_wait,
                                           &last), RUNWAY_OK);
    assert_string_equal(slot->url, "https://a.b/tenant42");
    assert_string_equal(slot->uri, "runway://tenant42");
    assert_string_equal(slot->names[0], "tenant42");
    assert_string_equal(slot->values[0], "tenant42/...");
    ff_runway_slot_free(&slot);
    /* what goes back in a URL is not shown of it */
    assert_int_equal(ff_runway_client_download(client, "http://127.0.0.1:1/"
                     "tenant42", -1, &(int64_t){ 0 }, &last_wait, &last),
                     RUNWAY_UNAVAILABLE);
    assert_non_null(strstr(logged, "GET http://127.0.0.1:1/...: status"));
    assert_int_equal(ff_runway_client_download(client, "ftp://tenant42.invalid/"
                     "x", -1, &(int64_t){ 0 }, &last_wait, &last),
                     RUNWAY_REFUSED);
    assert_int_equal(ff_runway_client_download(client, "http://tenant42.invalid"
                     "/x", -1, &(int64_t){ 0 }, &last_wait, &last),
                     RUNWAY_REFUSED);
    assert_says("the output is at ....invalid:80 over http");
    assert_int_equal(ff_runway_client_store(client, &(RunwaySlot){ .url =
                     "http://tenant42.invalid/x" }, &(RunwayUpload){ 0 },
                     &last_wait, &last), RUNWAY_REFUSED);
    assert_says("the upload is at ....invalid:80 over http");
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* A part of a value is one without its quotes, and behind a colon. */
static void test_own_headers_in_parts(void **state)
{
    char text[256];
    Server *server = server_start(echo_json, text);
    RunwayClient *client = connect_with(with_headers(base_of(server),
        "X-Sig: keyId=\"k1\",signature=\"Zm9vYmFyQmF6MTIz\",b='hunter1111'\n"
        "X-Auth: me:hunter2222"));

    strcpy(text, "{\"status\":\"FAILED\",\"failure\":\"no Zm9vYmFyQmF6MTIz, "
           "hunter1111 and hunter2222 for keyId k1 of me\"}");
    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_string_equal(last_task.failure,
                        "no ..., ... and ... for keyId k1 of me");
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* Nothing is left of a value that begins as another does, or as the key, in
 * whatever order they come. */
static void test_own_headers_that_begin_alike(void **state)
{
#define JWT "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    static const char *const headers[] = {
        "X-Tenant: tenant42\nX-Token: tenant42-9f8e7d6c5b4a",
        "X-Token: tenant42-9f8e7d6c5b4a\nX-Tenant: tenant42",
        "X-A: " KEY ".9f8e7d6c5b4a", "X-A: 42 " KEY " 9f8e7d6c5b4a",
        "X-A: " JWT "eyJhIjoiYSJ9.aaaa\nX-B: " JWT "9f8e7d6c5b4a",
    };
    static const char *const said[] = {
        "tenant42-9f8e7d6c5b4a", "tenant42-9f8e7d6c5b4a", KEY ".9f8e7d6c5b4a",
        "42 " KEY " 9f8e7d6c5b4a", JWT "9f8e7d6c5b4a",
    };

    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
        char text[256];
        Server *server = server_start(echo_json, text);
        RunwayClient *client =
            connect_with(with_headers(base_of(server), headers[i]));

        snprintf(text, sizeof(text), "{\"status\":\"FAILED\",\"failure\":"
                 "\"no %s!\"}", said[i]);
        assert_int_equal(read_task(client), RUNWAY_OK);
        assert_string_equal(last_task.failure, "no ...!");
        ff_runway_client_free(&client);
        server_stop(&server);
    }
#undef JWT
}

/* What goes back is what the field says, and not what looks like a URL. */
static void test_own_headers_by_field(void **state)
{
    static const char *const urls[][2] = {
        { "https://a.b/tenant42/my clip.mp4?x=1",
          "https://a.b/tenant42/my%20clip.mp4?x=1" },
        { " https://a.b/tenant42/c.mp4\\n", "https://a.b/tenant42/c.mp4" },
        { "https://a.b/tenant42/\\\"\xc3\xa4.mp4",
          "https://a.b/tenant42/%22%C3%A4.mp4" },
    };
    static const char *const outputs[] = {
        "{\"status\":\"SUCCEEDED\",\"output\":[\"%s\"]}",
        "{\"data\":{\"status\":\"SUCCESS\",\"data\":{\"status\":\"SUCCEEDED\","
        "\"output\":{\"url\":\"%s\"}}}}",
    };
    char text[1024];
    Server *server = server_start(echo_json, text);
    RunwayClient *client = connect_with(with_headers(base_of(server),
                                                     "X-Tenant: tenant42"));
    RunwaySlot *slot;

    for (size_t i = 0; i < 6; i++) {
        snprintf(text, sizeof(text), outputs[i % 2], urls[i / 2][0]);
        assert_int_equal(read_task(client), RUNWAY_OK);
        assert_string_equal(last_task.url, urls[i / 2][1]);
    }
    strcpy(text, "{\"uploadUrl\":\" https://a.b/tenant42 \",\"runwayUri\":"
           "\"runway://a\",\"fields\":{\"key\":\"tenant42\"}}");
    assert_int_equal(ff_runway_client_slot(client, "a", &slot, &last_wait,
                                           &last), RUNWAY_OK);
    assert_string_equal(slot->url, "https://a.b/tenant42");
    assert_string_equal(slot->values[0], "tenant42");
    ff_runway_slot_free(&slot);
    strcpy(text, "{\"status\":\"FAILED\",\"failure\":\"https://a.b/tenant42\","
           "\"failureCode\":\"INTERNAL://tenant42\"}");
    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_string_equal(last_task.failure, "https://a.b/...");
    assert_string_equal(last_task.failure_code, "INTERNAL://...");
    strcpy(text, "{\"fields\":{\"id\":\"tenant42\"},\"output\":{\"id\":"
           "\"tenant42\"},\"uploadUrl\":{\"id\":\"tenant42\"}}");
    assert_int_equal(submit(client), RUNWAY_UNKNOWN);
    assert_string_equal(last_id, "");
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* they are for the API and not for where the output is */
static void test_own_headers_stay_with_the_api(void **state)
{
    Download d;

    open_download(&d);
    ff_runway_client_free(&d.client);
    d.client = connect_with(with_headers(base_of(d.server),
                                         "X-Gateway-Key: hunter2222"));
    assert_int_equal(download(&d), RUNWAY_OK);
    assert_false(request_has_header(&d.server->requests[0], "X-Gateway-Key"));
    close_download(&d);
}

static void *submit_many(void *opaque)
{
    RunwayClient *client = opaque;

    for (int i = 0; i < 5; i++) {
        RunwayBody *body = make_body("{}");
        char id[RUNWAY_ID_MAX];
        double credits;
        int64_t wait;

        if (ff_runway_client_submit(client, body, id, &credits, &wait, NULL) ||
            strcmp(id, "task-1"))
            return "failed";
        ff_runway_body_free(&body);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    Server *server = server_start(accept_task, NULL);
    RunwayClient *client = connect_to(server);
    pthread_t threads[8];

    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, client),
                         0);
    for (int i = 0; i < 8; i++) {
        void *ret;

        pthread_join(threads[i], &ret);
        assert_null(ret);
    }
    assert_int_equal(server_requests(server), 40);
    ff_runway_client_free(&client);
    server_stop(&server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, no_secrets)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_request),
        TEST(test_create_on_a_fresh_connection),
        TEST(test_create_arrives_once),
        TEST(test_connection_refused),
        TEST(test_unknown_host),
        TEST(test_create_replies),
        TEST(test_create_cut),
        TEST(test_create_refused_while_it_is_sent),
        TEST(test_create_with_an_unreadable_clip),
        TEST(test_redirects_are_not_followed),
        TEST(test_large_replies),
        TEST(test_echoed_secrets),
        TEST(test_echoed_secrets_in_fields),
        TEST(test_echoed_secrets_in_base64_of_urls),
        TEST(test_echoed_secrets_in_pieces),
        TEST(test_echoed_secrets_at_a_cut),
        TEST(test_echoed_secrets_in_pieces_at_a_cut),
        TEST(test_echoed_secrets_in_a_location),
        TEST(test_long_number_as_id),
        TEST(test_api_version_is_a_token),
        TEST(test_read_request),
        TEST(test_read_replies),
        TEST(test_echoed_key_in_a_failure),
        TEST(test_download),
        TEST(test_download_resumed),
        TEST(test_download_whole_instead_of_range),
        TEST(test_download_wrong_range),
        TEST(test_download_whole_as_range),
        TEST(test_download_nothing_left),
        TEST(test_download_refused),
        TEST(test_download_empty),
        TEST(test_download_size_limit),
        TEST(test_download_unwritable),
        TEST(test_download_redirected),
        TEST(test_signed_urls_said_back),
        TEST(test_echoed_secrets_at_libcurls_cut),
        TEST(test_own_urls_said_back),
        TEST(test_echoed_fields_of_a_form),
        TEST(test_slot_in_an_error),
        TEST(test_download_from_private_addresses),
        TEST(test_cancelled_before),
        TEST(test_cancelled_read),
        TEST(test_cancelled_create),
        TEST(test_stopped_create),
        TEST(test_cancelled_upload),
        TEST(test_create_answered_after_cancellation),
        TEST(test_cancelled_slow_replies),
        TEST(test_stalls),
        TEST(test_stalled_download),
        TEST(test_tls_to_a_plain_server),
        TEST(test_handshake_breaks_off),
        TEST(test_proxy_refuses),
        TEST(test_proxy_without_tls_behind),
        TEST(test_proxy_password),
        TEST(test_proxy_password_in_disguise),
        TEST(test_proxy_user),
        TEST(test_proxy_user_in_a_url),
        TEST(test_proxy_wants_a_password),
        TEST(test_proxy_from_the_environment),
        TEST(test_proxy_for_loopback_when_named),
        TEST(test_socks_proxy),
        TEST(test_unfit_configuration),
        TEST(test_percent_in_a_proxy),
        TEST(test_endpoint),
        TEST(test_own_headers),
        TEST(test_own_headers_in_replies),
        TEST(test_own_headers_in_parts),
        TEST(test_own_headers_that_begin_alike),
        TEST(test_own_headers_by_field),
        TEST(test_own_headers_stay_with_the_api),
        TEST(test_many_threads),
    };
    static const char *const variables[] = {
        "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy",
        "no_proxy", "NO_PROXY",
    };

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        unsetenv(variables[i]);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
