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

/*
 * Servers that mean no good: replies without an end in each place where one can
 * be, drops that never make a cup, addresses that are nobody's business. Each
 * request ends within its limit, has not read more than that, and says the right
 * thing.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "http/client_internal.h"
#include "core_test.h"
#include "job_world.h"
#include "tiny_server.h"

#define KEY "sk-test-0123456789"

/* more than any limit, and what the system keeps on its way; less than what a
 * flood brings in the time that a test has */
#define MUCH (48 << 20)

static double seconds_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/*
 * What is asked, one of each kind
 */

typedef struct Asker {
    RunwayClient *client;
    char base[64];
    int64_t retry_after;
    RunwayError err;
} Asker;

static RunwayOutcome ask_create(Asker *a)
{
    RunwayBody *body = ff_runway_body_create();
    char id[RUNWAY_ID_MAX];
    double credits;
    RunwayOutcome ret;

    assert_int_equal(ff_runway_body_add_text(body, "{}", 2), RUNWAY_OK);
    ret = ff_runway_client_submit(a->client, body, id, &credits,
                                  &a->retry_after, &a->err);
    ff_runway_body_free(&body);
    return ret;
}

static RunwayOutcome ask_read(Asker *a)
{
    RunwayTask task;

    return ff_runway_client_read(a->client, "task-1", &task, &a->retry_after,
                                 &a->err);
}

static RunwayOutcome ask_account(Asker *a)
{
    RunwayAccount account;

    return ff_runway_client_account(a->client, "aleph2", &account, &a->err);
}

static RunwayOutcome ask_slot(Asker *a)
{
    RunwaySlot *slot;
    RunwayOutcome ret = ff_runway_client_slot(a->client, "clip.mp4", &slot,
                                              &a->retry_after, &a->err);

    assert_int_equal(!slot, !!ret);
    ff_runway_slot_free(&slot);
    return ret;
}

static RunwayOutcome ask_store(Asker *a)
{
    RunwaySlot slot = { .url = a->base };
    RunwayUpload file = { "clip.mp4", "video/mp4",
                          make_file("file", 4), 4 };
    RunwayOutcome ret = ff_runway_client_store(a->client, &slot, &file,
                                               &a->retry_after, &a->err);

    close(file.fd);
    return ret;
}

static RunwayOutcome ask_download(Asker *a)
{
    int fd = make_file("", 0);
    int64_t done = 0;
    RunwayOutcome ret = ff_runway_client_download(a->client, a->base, fd,
                                                  &done, &a->retry_after,
                                                  &a->err);

    assert_true(done <= 1000000);
    close(fd);
    return ret;
}

static const struct Kind {
    const char *name;
    RunwayOutcome (*ask)(Asker *a);
} kinds[] = {
    { "a create",   ask_create },
    { "a read",     ask_read },
    { "an account", ask_account },
    { "a slot",     ask_slot },
    { "a store",    ask_store },
    { "a download", ask_download },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static void open_asker(Asker *a, const Server *server, int64_t stall)
{
    RunwayClientConfig config = { 0 };

    memset(a, 0, sizeof(*a));
    snprintf(a->base, sizeof(a->base), "http://127.0.0.1:%d", server->port);
    config.provider    = ff_runway_provider_find("runway");
    config.base_url    = a->base;
    config.api_version = RUNWAY_API_VERSION;
    config.key         = KEY;
    config.tls_verify  = 1;
    config.proxy       = "";
    assert_int_equal(ff_runway_client_create(&config, &a->client, &a->err),
                     RUNWAY_OK);
    a->client->result_max    = 1000000;
    a->client->stall_timeout = stall;
}

/*
 * No end
 */

typedef struct Flood {
    const char *name;
    const char *begin, *again;
    int is_slow;    ///< only time ends it: nothing of it counts
    RunwayOutcome outcomes[KINDS];
    const char *says;
} Flood;

static _Atomic long sent; /* bytes of the flood at hand */

static int flood(Server *server, int fd, const Request *request)
{
    const Flood *f = server->opaque;
    size_t length = strlen(f->again), nb = 65536 / length + 1;
    char *block = malloc(nb * length);

    for (size_t i = 0; i < nb; i++)
        memcpy(block + i * length, f->again, length);
    sent = 0;
    server_send(fd, f->begin);
    while (!server->stop && server_send_bytes(fd, block, nb * length))
        sent += (long)(nb * length);
    free(block);
    return 0;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"

#define UNKNOWN RUNWAY_UNKNOWN
#define LATER   RUNWAY_UNAVAILABLE
#define REFUSED RUNWAY_REFUSED
#define BAD     RUNWAY_BAD_RESULT

static const Flood floods[] = {
    { "headers", OK_HEAD, "X-Nonsense: 0123456789\r\n", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, LATER }, "headers" },
    { "one header", OK_HEAD "X-Nonsense: ", "0123456789", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, LATER }, NULL },
    { "interim replies", "", "HTTP/1.1 100 Continue\r\n\r\n", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, LATER }, "headers" },
    { "a status line", "HTTP/1.1 200 ", "O", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, LATER }, NULL },
    { "no HTTP", "", "0123456789", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, LATER }, NULL },
    { "spaces", OK_HEAD "\r\n", "          ", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, BAD }, "larger than" },
    { "a GiB of spaces", OK_HEAD "Content-Length: 1073741824\r\n\r\n",
      "          ", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, BAD }, "larger than" },
    { "open brackets", OK_HEAD "\r\n", "[[[[[[[[[[", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, BAD }, "larger than" },
    { "chunks", CHUNKED, "a\r\n0123456789\r\n", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, BAD }, "larger than" },
    { "a chunk's extension", CHUNKED "a;", "0123456789", 1,
      { UNKNOWN, LATER, LATER, LATER, LATER, LATER }, NULL },
    { "a trailer", CHUNKED "2\r\n{}\r\n0\r\n", "X-Nonsense: 0123456789\r\n", 0,
      { UNKNOWN, LATER, LATER, LATER, LATER, LATER }, "headers" },
    { "an error page", "HTTP/1.1 403 Forbidden\r\n\r\n", "0123456789", 0,
      { UNKNOWN, LATER, LATER, REFUSED, REFUSED, REFUSED }, NULL },
    { "an error's headers", "HTTP/1.1 403 Forbidden\r\n", "X: 0\r\n", 0,
      { UNKNOWN, LATER, LATER, REFUSED, REFUSED, LATER }, NULL },
};

static void test_floods(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(floods) / sizeof(*floods); i++) {
        for (size_t k = 0; k < KINDS; k++) {
            const Flood *f = &floods[i];
            Server *server = server_start(flood, (void *)f);
            double start = seconds_now(), took;
            RunwayOutcome ret;
            Asker a;

            open_asker(&a, server, 1000000);
            ret  = kinds[k].ask(&a);
            took = seconds_now() - start;
            if (ret != f->outcomes[k])
                fail_msg("%s, %s: %s: %s", f->name, kinds[k].name,
                         ff_runway_outcome_name(ret), a.err.text);
            if (f->says && !strstr(a.err.text, f->says))
                fail_msg("%s, %s: \"%s\" does not say \"%s\"", f->name,
                         kinds[k].name, a.err.text, f->says);
            if (took > 20 * test_patience())
                fail_msg("%s, %s: %.1f s", f->name, kinds[k].name, took);
            if (!f->is_slow && sent > MUCH)
                fail_msg("%s, %s: %ld bytes went out", f->name, kinds[k].name,
                         sent);
            assert_null(strstr(a.err.text, KEY));
            assert_true(strlen(a.err.text) < 1000);
            ff_runway_client_free(&a.client);
            server_stop(&server);
        }
    }
}

/*
 * No depth
 */

/* What a server packs is not unpacked, and it was not asked to. */
static int send_packed(Server *server, int fd, const Request *request)
{
    /* {"id":"t","status":"PENDING"}, as gzip has it */
    static const char packed[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\x4c"
        "\x51\xb2\x52\x2a\x51\xd2\x51\x2a\x2e\x49\x2c\x29\x2d\x06"
        "\x72\x02\x5c\xfd\x5c\x3c\xfd\xdc\x95\x6a\x01\x7c\x3e\x34"
        "\xa8\x1d\x00\x00\x00";
    char head[128];

    /* libcurl would unpack what is packed on its way, whatever it is told */
    if (server->opaque)
        snprintf(head, sizeof(head), OK_HEAD "Transfer-Encoding: gzip\r\n\r\n");
    else
        snprintf(head, sizeof(head), OK_HEAD "Content-Encoding: gzip\r\n"
                 "Content-Length: %zu\r\n\r\n", sizeof(packed) - 1);
    server_send(fd, head);
    server_send_bytes(fd, packed, sizeof(packed) - 1);
    return 0;
}

/* As many brackets as a reply may have bytes. */
static int send_brackets(Server *server, int fd, const Request *request)
{
    const size_t size = 1000000;
    char *block = malloc(size);

    memset(block, server->opaque ? '[' : '{', size);
    for (size_t i = 0; i < size && !server->opaque; i += 5)
        memcpy(block + i, "{\"a\":", 5);
    server_send(fd, OK_HEAD "Content-Length: 1000000\r\n\r\n");
    server_send_bytes(fd, block, size);
    free(block);
    return 0;
}

static void test_packed_and_nested(void **state)
{
    static const struct {
        const char *name;
        ServerHandler handler;
        char *opaque;
    } cases[] = {
        { "packed", send_packed, NULL },
        { "packed on its way", send_packed, "" },
        { "arrays in arrays", send_brackets, "[" },
        { "objects in objects", send_brackets, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        /* but the last: a store and a download have no JSON */
        for (size_t k = 0; k < (cases[i].handler == send_packed &&
                                cases[i].opaque ? 6 : 4); k++) {
            Server *server = server_start(cases[i].handler, cases[i].opaque);
            RunwayOutcome ret;
            Asker a;

            open_asker(&a, server, 1000000);
            ret = kinds[k].ask(&a);
            if (ret != (k ? LATER : UNKNOWN))
                fail_msg("%s, %s: %s: %s", cases[i].name, kinds[k].name,
                         ff_runway_outcome_name(ret), a.err.text);
            assert_false(request_has_header(&server->requests[0],
                                            "Accept-Encoding"));
            ff_runway_client_free(&a.client);
            server_stop(&server);
        }
    }
}

/*
 * No hurry
 */

/* opaque, and then for ever a little, which is fast enough for libcurl */
static int drip(Server *server, int fd, const Request *request)
{
    char block[101];

    memset(block, 'x', 100);
    block[100] = 0;
    server_send(fd, server->opaque);
    while (!server->stop && server_send(fd, block))
        server_wait(server, 50);
    return 0;
}

static void test_drips(void **state)
{
    static char *const begins[] = {
        OK_HEAD "Content-Length: 900000\r\n\r\n", OK_HEAD "X: ",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < KINDS; k++) {
            Server *server = server_start(drip, begins[i]);
            double start = seconds_now(), took;
            RunwayOutcome ret;
            Asker a;

            /* a minute is 20 ms here, and what takes four hours takes 5 s; a
             * create has to be out in that minute to be of unknown fate */
            open_asker(&a, server, k ? 20000 : 200000);
            ret  = kinds[k].ask(&a);
            took = seconds_now() - start;
            if (ret != (k ? RUNWAY_UNAVAILABLE : RUNWAY_UNKNOWN))
                fail_msg("%s: %s: %s", kinds[k].name,
                         ff_runway_outcome_name(ret), a.err.text);
            if (took > 15 * test_patience())
                fail_msg("%s: %.1f s", kinds[k].name, took);
            ff_runway_client_free(&a.client);
            server_stop(&server);
        }
    }
}

/* One byte of the result each time it is asked for, which is progress. */
static int one_byte(Server *server, int fd, const Request *request)
{
    long long start = 0;
    char text[256];

    if (strncmp(request->head, "GET /result", 11))
        return -1;
    sscanf(request_header(request, "Range"), "bytes=%lld-", &start);
    snprintf(text, sizeof(text), "HTTP/1.1 206 Partial Content\r\n"
             "Content-Range: bytes %lld-19999/20000\r\n"
             "Content-Length: %lld\r\n\r\nx", start, 20000 - start);
    server_send(fd, text);
    return 0;
}

static void test_result_byte_by_byte(void **state)
{
    double start = seconds_now();
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = world_run_hostile(one_byte, 500000, &err);

    (void)state;
    if (ret != RUNWAY_UNAVAILABLE || !strstr(err.text, "has not arrived after"))
        fail_msg("%s: %s", ff_runway_outcome_name(ret), err.text);
    assert_true(seconds_now() - start < 10 * test_patience());
}

static int huge(Server *server, int fd, const Request *request)
{
    (void)server;
    if (strncmp(request->head, "GET /result", 11))
        return -1;
    server_send(fd, "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"
                "Content-Length: 2147483649\r\n\r\nx");
    return 0;
}

/* more than 2 GiB: the task has succeeded all the same, and stays so */
static void test_result_too_large(void **state)
{
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = world_run_hostile(huge, 0, &err);

    (void)state;
    if (ret != RUNWAY_NO_RESULT || !strstr(err.text, "is paid for") ||
        !strstr(err.text, "larger than"))
        fail_msg("%s: %s", ff_runway_outcome_name(ret), err.text);
}

/*
 * Other people's addresses
 */

/* opaque is where to */
static int redirect(Server *server, int fd, const Request *request)
{
    char more[256];

    snprintf(more, sizeof(more), "Location: %s\r\n", (char *)server->opaque);
    server_reply(fd, "302 Found", more, "");
    return 0;
}

/* The result is where this machine does not go. */
static int result_elsewhere(Server *server, int fd, const Request *request)
{
    (void)server;
    if (strncmp(request->head, "GET /v1/tasks/", 14))
        return -1;
    server_reply(fd, "200 OK", "", "{\"status\":\"SUCCEEDED\",\"output\":"
                 "[\"http://192.0.2.1/x?_jwt=secret\"]}");
    return 0;
}

/* A name server that leads astray, or the page of a hotel's network, says
 * nothing about a task: it is paid for, and the next run asks for it again. */
static void test_result_elsewhere(void **state)
{
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = world_run_hostile(result_elsewhere, 0, &err);

    (void)state;
    if (ret != RUNWAY_NO_RESULT || !strstr(err.text, "192.0.2.1"))
        fail_msg("%s: %s", ff_runway_outcome_name(ret), err.text);
    assert_null(strstr(err.text, "secret"));
}

static _Atomic int late_looks;
/* what stands for a URL */
static const char *no_url;

static int result_is_no_url(Server *server, int fd, const Request *request)
{
    char text[128];

    (void)server;
    if (strncmp(request->head, "GET /v1/tasks/", 14))
        return -1;
    late_looks++;
    snprintf(text, sizeof(text), "{\"status\":\"SUCCEEDED\","
             "\"output\":[\"%s\"]}", no_url);
    server_reply(fd, "200 OK", "", text);
    return 0;
}

/* It is not polled until an outage would end, and what it is is not shown. */
static void test_result_is_no_url(void **state)
{
    static const char *const none[] = {
        "file:///etc/passwd", "data:video/mp4;base64,AAAAGGZ0eXA=", "/x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        RunwayError err = { RUNWAY_OK, "" };
        RunwayOutcome ret;

        no_url     = none[i];
        late_looks = 0;
        ret = world_run_hostile(result_is_no_url, 0, &err);
        if (ret != RUNWAY_NO_RESULT || late_looks != 6 ||
            !strstr(err.text, "SUCCEEDED and is paid for") ||
            !strstr(err.text, "not an http or https URL"))
            fail_msg("%s: %d, %s: %s", no_url, late_looks,
                     ff_runway_outcome_name(ret), err.text);
        assert_null(strstr(err.text, none[i]));
    }
}

/* An output that comes after the end. */
static int result_late(Server *server, int fd, const Request *request)
{
    (void)server;
    if (strncmp(request->head, "GET /v1/tasks/", 14) || ++late_looks > 3)
        return -1;
    server_reply(fd, "200 OK", "", late_looks == 1 ?
                 "{\"status\":\"SUCCEEDED\"}" :
                 "{\"status\":\"SUCCEEDED\",\"output\":[]}");
    return 0;
}

static void test_result_late(void **state)
{
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    (void)state;
    late_looks = 0;
    ret = world_run_hostile(result_late, 0, &err);
    if (ret)
        fail_msg("%s: %s", ff_runway_outcome_name(ret), err.text);
    assert_int_equal(late_looks, 4);
}

/* One that is taken back, between polls without an output. */
static int result_late_twice(Server *server, int fd, const Request *request)
{
    (void)server;
    if (strncmp(request->head, "GET /v1/tasks/", 14) || ++late_looks > 19)
        return -1;
    server_reply(fd, "200 OK", "", late_looks == 10 ?
                 "{\"status\":\"RUNNING\"}" : "{\"status\":\"SUCCEEDED\"}");
    return 0;
}

static void test_result_late_twice(void **state)
{
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    (void)state;
    late_looks = 0;
    ret = world_run_hostile(result_late_twice, 0, &err);
    if (ret)
        fail_msg("%s: %s", ff_runway_outcome_name(ret), err.text);
    assert_int_equal(late_looks, 20);
}

static void test_closed(void **state)
{
    (void)state;
    world_close();
}

/* What stands for an output that never comes. */
static const char *no_output;

static int result_never(Server *server, int fd, const Request *request)
{
    char text[128];

    (void)server;
    if (strncmp(request->head, "GET /v1/tasks/", 14))
        return -1;
    late_looks++;
    snprintf(text, sizeof(text), "{\"status\":\"SUCCEEDED\"%s}", no_output);
    server_reply(fd, "200 OK", "", text);
    return 0;
}

static void test_result_never(void **state)
{
    static const char *const none[] = {
        "", ",\"output\":[]", ",\"output\":null", ",\"output\":\"\"",
        ",\"output\":[5]", ",\"output\":{}", ",\"output\":[\"\"]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        RunwayError err = { RUNWAY_OK, "" };
        RunwayOutcome ret;

        no_output  = none[i];
        late_looks = 0;
        ret = world_run_hostile(result_never, 0, &err);
        if (ret != RUNWAY_NO_RESULT || late_looks != 10 ||
            !strstr(err.text, "SUCCEEDED and is paid for") ||
            !strstr(err.text, "its output is not there yet. Run the same "
                              "command again"))
            fail_msg("%s: %d, %s: %s", no_output, late_looks,
                     ff_runway_outcome_name(ret), err.text);
    }
}

/* It has succeeded, though nothing could be fetched yet: it never fails. */
static int then_failed(Server *server, int fd, const Request *request)
{
    (void)server;
    if (strncmp(request->head, "GET /v1/tasks/", 14))
        return -1;
    server_reply(fd, "200 OK", "", late_looks++ ?
                 "{\"status\":\"FAILED\",\"failure\":\"x\","
                 "\"failureCode\":\"INTERNAL\"}" :
                 "{\"status\":\"SUCCEEDED\"}");
    return 0;
}

static void test_failed_after_success(void **state)
{
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    (void)state;
    late_looks = 0;
    ret = world_run_hostile(then_failed, 0, &err);
    if (ret != RUNWAY_NO_RESULT || !strstr(err.text, "had SUCCEEDED and is paid for, but now: "))
        fail_msg("%s: %s", ff_runway_outcome_name(ret), err.text);
}

/* What is not the API's own follows redirects, but not to anywhere. */
static void test_redirects(void **state)
{
    static char *const targets[] = {
        "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
        "http://192.0.2.1/", "http://example.com/", "http://10.0.0.1/",
        "data:text/plain,x", "dict://127.0.0.1/", "//192.0.2.1/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
        for (size_t k = 0; k < KINDS; k++) {
            Server *server = server_start(redirect, targets[i]);
            RunwayOutcome ret;
            Asker a;

            open_asker(&a, server, 1000000);
            ret = kinds[k].ask(&a);
            if (!ret || server_requests(server) != 1)
                fail_msg("%s to %s: %s, %d requests", kinds[k].name,
                         targets[i], ff_runway_outcome_name(ret),
                         server_requests(server));
            if (k == 5 && ret != RUNWAY_REFUSED)
                fail_msg("to %s: %s", targets[i], a.err.text);
            if (!k && ret != RUNWAY_UNKNOWN)
                fail_msg("to %s: %s", targets[i], a.err.text);
            ff_runway_client_free(&a.client);
            server_stop(&server);
        }
    }
}

static int say_established(Server *server, int fd, const Request *request)
{
    server_send(fd, "HTTP/1.1 200 Connection established\r\n\r\n");
    return 0;
}

/* A proxy goes where it is told: addresses that are written down are looked at
 * before it is told anything. */
static void test_private_addresses_by_proxy(void **state)
{
    static char *const urls[] = {
        "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x",
        "https://10.1.2.3/x", "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1/", "https://[fd00::1]/", "https://0.0.0.0/",
        "https://[::ffff:10.0.0.1]/",
    };
    Server *proxy = server_start(say_established, NULL);
    RunwayClientConfig config = { 0 };
    RunwayClient *client;
    RunwayError err;
    char url[64];

    (void)state;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", proxy->port);
    config.provider    = ff_runway_provider_find("runway");
    config.base_url    = "https://api.example.com";
    config.api_version = RUNWAY_API_VERSION;
    config.key         = KEY;
    config.tls_verify  = 1;
    config.proxy       = url;
    assert_int_equal(ff_runway_client_create(&config, &client, &err),
                     RUNWAY_OK);
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        RunwaySlot slot = { .url = urls[i] };
        RunwayUpload file = { "clip.mp4", "video/mp4", -1, 1000 };
        int64_t done = 0, wait;

        assert_int_equal(ff_runway_client_download(client, urls[i], -1, &done,
                                                   &wait, &err),
                         RUNWAY_REFUSED);
        assert_non_null(strstr(err.text, "private or loopback"));
        assert_int_equal(ff_runway_client_store(client, &slot, &file, &wait,
                                                &err), RUNWAY_REFUSED);
    }
    assert_int_equal(server_connections(proxy), 0);
    ff_runway_client_free(&client);
    server_stop(&proxy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_packed_and_nested),
        cmocka_unit_test(test_drips),
        cmocka_unit_test(test_result_byte_by_byte),
        cmocka_unit_test(test_result_too_large),
        cmocka_unit_test(test_result_elsewhere),
        cmocka_unit_test(test_result_is_no_url),
        cmocka_unit_test(test_result_late),
        cmocka_unit_test(test_result_late_twice),
        cmocka_unit_test(test_result_never),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_failed_after_success),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_private_addresses_by_proxy),
    };
    static const char *const variables[] = {
        "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy",
        "no_proxy", "NO_PROXY",
    };

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        unsetenv(variables[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
