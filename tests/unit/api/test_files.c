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
 * Files that options name: what they may be, and how large.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_test.h"
#include "api/files.h"

static char path[] = "/dev/fd/0000000000";

/* A file of that many letters with that beginning; its descriptor. */
static int open_file(const char *begin, size_t size)
{
    char *text = malloc(size + 1);
    int fd;

    assert_non_null(text);
    memset(text, 'a', size);
    memcpy(text, begin, strlen(begin));
    fd = make_file(text, size);
    snprintf(path, sizeof(path), "/dev/fd/%d", fd);
    free(text);
    return fd;
}

static void test_text(void **state)
{
    RunwayError err;
    char *text;
    int fd = open_file("", 65536);

    (void)state;
    assert_int_equal(ff_runway_read_text("prompt_file", path, &text, &err),
                     RUNWAY_OK);
    assert_int_equal(strlen(text), 65536);
    free(text);
    close(fd);
    fd = open_file("", 65537);
    assert_int_equal(ff_runway_read_text("prompt_file", path, &text, &err),
                     RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "larger than 65536"));
    close(fd);
    fd = open_file("\xff", 3);
    assert_int_equal(ff_runway_read_text("prompt_file", path, &text, &err),
                     RUNWAY_INVALID);
    close(fd);
    /* one without an end */
    assert_int_equal(ff_runway_read_text("prompt_file", "/dev/zero", &text,
                                         &err), RUNWAY_INVALID);
}

static void test_key(void **state)
{
    static const struct { mode_t mode; int is_taken, warns; } cases[] = {
        { 0600, 1, 0 }, { 0400, 1, 0 }, { 0640, 1, 1 }, { 0644, 1, 1 },
        { 0620, 0, 0 }, { 0602, 0, 0 }, { 0666, 0, 0 },
    };
    int exposed;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int fd = open_file("sk-", 20);
        RunwayError err;
        RunwayOutcome ret;
        char *key;

        exposed = 0;
        assert_int_equal(fchmod(fd, cases[i].mode), 0);
        ret = ff_runway_read_key(path, &key, &exposed, &err);
        assert_int_equal(ret, cases[i].is_taken ? RUNWAY_OK : RUNWAY_INVALID);
        if (ret) {
            assert_null(strstr(err.text, "sk-"));
        } else {
            assert_int_equal(exposed, cases[i].warns);
            free(key);
        }
        close(fd);
    }
    for (int i = 0; i < 2; i++) { /* as Notepad saves it; binary */
        int fd = open_file(i ? "sk-" : "\xEF\xBB\xBFsk-", 20);
        RunwayError err;
        char *key;

        if (i)
            assert_int_equal(pwrite(fd, "\0", 1, 3), 1);
        assert_int_equal(fchmod(fd, 0600), 0);
        assert_int_equal(ff_runway_read_key(path, &key, &exposed, &err),
                         i ? RUNWAY_INVALID : RUNWAY_OK);
        if (i)
            assert_null(key);
        else
            assert_memory_equal(key, "sk-", 3);
        free(key);
        close(fd);
    }
    if (!geteuid()) { /* another user's, who could be given the next request */
        int fd = open_file("sk-", 20);
        RunwayError err;
        char *key;

        assert_int_equal(fchown(fd, 12345, 0), 0);
        assert_int_equal(fchmod(fd, 0600), 0);
        assert_int_equal(ff_runway_read_key(path, &key, &exposed, &err),
                         RUNWAY_INVALID);
        assert_null(key);
        assert_non_null(strstr(err.text, "another user (uid 12345)"));
        /* root's is as good as our own */
        assert_int_equal(fchown(fd, 0, 0), 0);
        assert_int_equal(seteuid(12345), 0);
        assert_int_equal(ff_runway_read_key(path, &key, &exposed, &err),
                         RUNWAY_INVALID); /* only its owner can read it */
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(fchmod(fd, 0644), 0);
        assert_int_equal(seteuid(12345), 0);
        assert_int_equal(ff_runway_read_key(path, &key, &exposed, &err),
                         RUNWAY_OK);
        assert_int_equal(exposed, 1);
        assert_int_equal(seteuid(0), 0);
        free(key);
        close(fd);
    }
}

static void test_picture(void **state)
{
    RunwayPictureFile *file;
    RunwayError err;
    char *uri;
    int fd = open_file("\x89PNG\r\n\x1a\naaaaIEND", 100);

    (void)state;
    assert_int_equal(ff_runway_picture_read("reference", path, NULL, &uri,
                                            &file, &err), RUNWAY_OK);
    assert_null(file);
    assert_int_equal(strncmp(uri, "data:image/png;base64,", 22), 0);
    free(uri);
    assert_int_equal(ftruncate(fd, (64 << 20) + 1), 0);
    assert_int_equal(ff_runway_picture_read("reference", path, NULL, &uri,
                                            &file, &err), RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "larger than 67108864"));
    close(fd);
}

/* What is in a request is in the provider's logs too. */
static void test_picture_url(void **state)
{
    static const char *const refused[] = {
        "https://me:canary@a.example/1.png", "https://canary@a.example/1.png",
        "HTTPS://me:canary@a.example/1.png", "http://me:canary@a.example/1.png",
        "ftp://me:canary@a.example/1.png", "runway://me:canary@x",
        "https://:canary@[2001:db8::1]:8/1.png",
        "https:///me:canary@a.example/1.png", "https:/me:canary@a.example/1.png",
        "https:\\\\me:canary@a.example/1.png",
    };
    static const char *const accepted[] = {
        "https://a.example/1@2.png", "https://a.example?me:canary@b",
        "HTTPS://a.example/1.png", "runway://x",
    };
    RunwayPictureFile *file;
    RunwayError err;
    char *uri;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        assert_int_equal(ff_runway_picture_read("reference", refused[i], NULL,
                                                &uri, &file, &err),
                         RUNWAY_INVALID);
        assert_null(uri);
        assert_non_null(strstr(err.text, "reference: a URL may not contain a "
                                         "user or password"));
        assert_null(strstr(err.text, "canary"));
    }
    /* a name, and a file's that is not there */
    assert_int_equal(ff_runway_picture_read("reference", "//me:canary@a.example",
                                            NULL, &uri, &file, &err),
                     RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "reference: //... cannot be read"));
    assert_int_equal(ff_runway_picture_read("reference", "none/me@2x:1.png",
                                            NULL, &uri, &file, &err),
                     RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "none/me@2x:1.png cannot be read"));
    for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
        assert_int_equal(ff_runway_picture_read("reference", accepted[i], NULL,
                                                &uri, &file, &err), RUNWAY_OK);
        assert_string_equal(uri, accepted[i]);
        free(uri);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_picture),
        cmocka_unit_test(test_picture_url),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
