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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/checksum.h"
#include "core_test.h"
#include "http/upload.h"
#include "tiny_server.h"

static char form[4096], head[4096];
static size_t form_size;

static int keep_form(Server *server, int fd, const Request *request)
{
    (void)server;
    form_size = request->body_size;
    if (form_size >= sizeof(form))
        form_size = 0;
    memcpy(form, request->body, form_size);
    form[form_size] = 0;
    memcpy(head, request->head, sizeof(head));
    server_reply(fd, "204 No Content", "", "");
    return 0;
}

static RunwayClient *connect_to(const Server *server, char *base, size_t size)
{
    RunwayClientConfig config = {
        .provider = ff_runway_provider_find("runway"), .base_url = base,
        .api_version = RUNWAY_API_VERSION, .key = "sk-test-0123456789",
        .proxy = "", .tls_verify = 1,
    };
    RunwayClient *client;
    RunwayError err;

    snprintf(base, size, "http://127.0.0.1:%d", server->port);
    setenv("RUNWAYML_CUSTOM_HEADERS", "X-Mine: yes", 1);
    assert_int_equal(ff_runway_client_create(&config, &client, &err),
                     RUNWAY_OK);
    return client;
}

/* Every field in its order, then the file, names that cannot break out, and the
 * length said before; nothing of the user's own goes along. */
static void test_form(void **state)
{
    char *names[] = { "key", "ev\"il\r\nX: y", "policy" };
    char *values[] = { "k", "", "p\"q" };
    char base[64], want[2048], boundary[128] = "";
    RunwaySlot slot = { .url = base, .nb_fields = 3, .names = names,
                        .values = values };
    RunwayUpload what = { "clip.mp4", "video/mp4",
                          make_file("bytes", 5), 5 };
    Server *server = server_start(keep_form, NULL);
    RunwayClient *client = connect_to(server, base, sizeof(base));
    RunwayError err;
    Request got = { 0 };
    int64_t wait;

    (void)state;
    assert_int_equal(ff_runway_client_store(client, &slot, &what, &wait, &err),
                     RUNWAY_OK);
    memcpy(got.head, head, sizeof(head));
    assert_int_equal(sscanf(request_header(&got, "Content-Type"),
                            "multipart/form-data; boundary=%127s", boundary),
                     1);
    snprintf(want, sizeof(want),
             "--%s\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n"
             "k\r\n"
             "--%s\r\nContent-Disposition: form-data; "
             "name=\"ev%%22il%%0D%%0AX: y\"\r\n\r\n\r\n"
             "--%s\r\nContent-Disposition: form-data; name=\"policy\"\r\n"
             "\r\np\"q\r\n"
             "--%s\r\nContent-Disposition: form-data; name=\"file\"; "
             "filename=\"clip.mp4\"\r\nContent-Type: video/mp4\r\n\r\n"
             "bytes\r\n--%s--\r\n", boundary, boundary, boundary, boundary,
             boundary);
    assert_string_equal(form, want);
    assert_int_equal(atoi(request_header(&got, "Content-Length")),
                     strlen(want));
    assert_string_equal(request_header(&got, "User-Agent"),
                        "runway_v2v/" RUNWAY_VERSION);
    assert_false(request_has_header(&got, "Authorization"));
    assert_false(request_has_header(&got, "X-Mine"));
    assert_false(request_has_header(&got, "Expect"));
    assert_false(request_has_header(&got, "Transfer-Encoding"));
    close(what.fd);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* Nothing that is there is sent as if it were whole. */
static void test_short_file(void **state)
{
    char base[64];
    RunwaySlot slot = { .url = base };
    RunwayUpload what = { "clip.mp4", "video/mp4",
                          make_file("", 0), 600 };
    Server *server = server_start(keep_form, NULL);
    RunwayClient *client = connect_to(server, base, sizeof(base));
    RunwayError err;
    int64_t wait;

    (void)state;
    assert_int_equal(ff_runway_client_store(client, &slot, &what, &wait, &err),
                     RUNWAY_IO);
    close(what.fd);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* Read to its end and forgotten: what is counted here is our side's memory. */
static int count_form(Server *server, int fd, const Request *request)
{
    static char block[65536];
    size_t want = strtoul(request_header(request, "Content-Length"), NULL, 10);
    ssize_t n;

    (void)server;
    for (form_size = 0; form_size < want; form_size += (size_t)n)
        if ((n = read(fd, block, sizeof(block))) <= 0)
            return 0;
    server_reply(fd, "204 No Content", "", "");
    return 0;
}

/* 190 MB, which is what an upload may have, go through in small pieces: the
 * process does not grow by them. */
static void test_form_is_streamed(void **state)
{
    char *names[] = { "key" }, *values[] = { "k" }, base[64];
    RunwaySlot slot = { .url = base, .nb_fields = 1, .names = names,
                        .values = values };
    RunwayUpload what = { "clip.mp4", "video/mp4", make_file("", 0),
                          190000000 };
    Server *server = server_start(count_form, NULL);
    RunwayClient *client = connect_to(server, base, sizeof(base));
    struct rusage before, after;
    RunwayError err;
    int64_t wait;

    (void)state;
    /* read() and not malloc(): see count_form() */
    server->ignore_body = 1;
    /* a hole: it takes no space on the disk either */
    assert_int_equal(ftruncate(what.fd, (off_t)what.size), 0);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_int_equal(ff_runway_client_store(client, &slot, &what, &wait, &err),
                     RUNWAY_OK);
    assert_true(form_size > what.size && form_size < what.size + 1000);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    /* of these, one has it in bytes, the others keep what is freed */
#if !defined(__APPLE__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
    assert_true(after.ru_maxrss - before.ru_maxrss < 4096);
#endif
    close(what.fd);
    ff_runway_client_free(&client);
    server_stop(&server);
}

/* A picture that has become what blocks or has no end has changed. */
static void test_picture_is_no_file_any_more(void **state)
{
    char fifo[64];
    const char *const paths[] = { fifo, "/dev/zero" };
    const RunwayRetry retry = { 0 };
    RunwayUploader *uploader;
    RunwayError err;
    char *uri;

    (void)state;
    snprintf(fifo, sizeof(fifo), "/tmp/test_upload-%ld.png", (long)getpid());
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(ff_runway_uploader_create(&uploader, &err), RUNWAY_OK);
    alarm(60);
    for (int i = 0; i < 2; i++) {
        RunwayPictureFile picture = { .path = paths[i], .type = "image/png",
                                      .checksum = "0", .size = 100000 };

        assert_int_equal(ff_runway_upload_picture(uploader, &retry, &picture,
                                                  &uri, &err), RUNWAY_INVALID);
        assert_null(uri);
        assert_non_null(strstr(err.text, "has changed"));
    }
    alarm(0);
    ff_runway_uploader_free(&uploader);
    unlink(fifo);
}

/* A slot, and its storage. */
static int keep_picture(Server *server, int fd, const Request *request)
{
    char slot[256];
    int *nb_stored = server->opaque;

    if (strncmp(request->head, "POST /v1/uploads ", 17)) {
        ++*nb_stored;
        server_reply(fd, "204 No Content", "", "");
        return 0;
    }
    snprintf(slot, sizeof(slot), "{\"uploadUrl\":\"http://127.0.0.1:%d/store\","
             "\"fields\":{\"key\":\"k\"},\"runwayUri\":\"runway://%d\"}",
             server->port, *nb_stored);
    server_reply(fd, "200 OK", "Content-Type: application/json\r\n", slot);
    return 0;
}

static int goes_on(void *opaque, int64_t microseconds)
{
    (void)opaque;
    (void)microseconds;
    return 0;
}

/* The clock of a machine that has slept: time() of the C library stands behind
 * this one. */
static time_t slept;

time_t time(time_t *at)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_sec += slept;
    if (at)
        *at = ts.tv_sec;
    return ts.tv_sec;
}

/* A still is freed with its clip, and the next one may lie where it was: it is
 * another picture all the same. After half a day it is uploaded again. */
static void test_pictures_at_one_address(void **state)
{
    static const RunwayLog log;
    static const char *const texts[] = { "first", "other", "first", "first" };
    static const char *const uris[] = { "runway://0", "runway://1",
                                        "runway://0", "runway://2" };
    int nb_stored = 0;
    Server *server = server_start(keep_picture, &nb_stored);
    char base[64], path[64], sum[RUNWAY_CHECKSUM_SIZE];
    RunwayClient *client = connect_to(server, base, sizeof(base));
    const RunwayRetry retry = { .client = client, .log = &log, .label = "clip",
                                .wait = goes_on };
    RunwayPictureFile picture = { .path = path, .type = "image/png",
                                  .checksum = sum, .size = 5 };
    RunwayUploader *uploader;
    RunwayError err;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/test_upload-%ld.png", (long)getpid());
    assert_int_equal(ff_runway_uploader_create(&uploader, &err), RUNWAY_OK);
    for (int i = 0; i < 4; i++) {
        FILE *file = fopen(path, "w");
        RunwayChecksum s;
        char *uri;

        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        ff_runway_checksum_init(&s);
        ff_runway_checksum_add(&s, texts[i], 5);
        ff_runway_checksum_text(&s, sum);
        slept = i == 3 ? 13 * 3600 : 0;
        assert_int_equal(ff_runway_upload_picture(uploader, &retry, &picture,
                                                  &uri, &err), RUNWAY_OK);
        assert_string_equal(uri, uris[i]);
        free(uri);
    }
    assert_int_equal(nb_stored, 3);
    slept = 0;
    unlink(path);
    ff_runway_uploader_free(&uploader);
    ff_runway_client_free(&client);
    server_stop(&server);
}

static int is_over(void *opaque, int64_t microseconds)
{
    (void)opaque;
    return !microseconds;
}

/* Nothing is asked for, not even with the client. */
static void test_over(void **state)
{
    const RunwayRetry retry = { .wait = is_over };
    const RunwayUpload clip = { "clip.mp4", "video/mp4", -1, 1 };
    RunwayError err;
    char *uri;

    (void)state;
    assert_int_equal(ff_runway_upload(&retry, &clip, &uri, &err),
                     RUNWAY_CANCELLED);
    assert_null(uri);
}

static void test_free_nothing(void **state)
{
    RunwayUploader *none = NULL;

    (void)state;
    ff_runway_uploader_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_short_file),
        cmocka_unit_test(test_form_is_streamed),
        cmocka_unit_test(test_picture_is_no_file_any_more),
        cmocka_unit_test(test_pictures_at_one_address),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_free_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("upload", tests, NULL, NULL);
}
