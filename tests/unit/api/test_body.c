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
#include <unistd.h>
#include <cmocka.h>

#include "api/body.h"
#include "core_test.h"

static void test_empty(void **state)
{
    RunwayBody *body = ff_runway_body_create();
    char out[4];
    size_t n = 9;

    (void)state;
    assert_int_equal(ff_runway_body_size(body), 0);
    assert_int_equal(ff_runway_body_read(body, out, sizeof(out), &n),
                     RUNWAY_OK);
    assert_int_equal(n, 0);
    ff_runway_body_free(&body);
    assert_null(body);
    ff_runway_body_free(&body);
    ff_runway_body_free(NULL);
}

/* all kinds of parts, empty ones between, read with every step */
static void check_parts(size_t size)
{
    uint8_t *data = make_bytes(size);
    char *base64 = plain_base64(data, size);
    int fd = make_file(data, size);
    RunwayBody *body = ff_runway_body_create();
    size_t capacity = strlen(base64) + 64, n;
    char *want = malloc(capacity);
    size_t length = (size_t)snprintf(want, capacity, "{\"a\":\"%s\",\"b\":}",
                                     base64);

    assert_int_equal(ff_runway_body_add_text(body, "{\"a\":\"xx", 6),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_body_add_text(body, NULL, 0), RUNWAY_OK);
    assert_int_equal(ff_runway_body_add_base64(body, fd, size), RUNWAY_OK);
    assert_int_equal(ff_runway_body_add_base64(body, fd, 0), RUNWAY_OK);
    assert_int_equal(ff_runway_body_add_text(body, "\",\"b\":", 6), RUNWAY_OK);
    assert_int_equal(ff_runway_body_add_text(body, "}", 1), RUNWAY_OK);
    assert_int_equal(ff_runway_body_size(body), length);

    for (size_t step = 1; step < 40000; step = step * 3 + 1) {
        char *got = read_whole_body(body, step, &n);

        assert_int_equal(n, length);
        assert_memory_equal(got, want, length);
        free(got);
        ff_runway_body_rewind(body);
        /* begin again from somewhere in the middle */
        got = malloc(length);
        ff_runway_body_read(body, got, length / 2, &n);
        ff_runway_body_rewind(body);
        free(got);
    }
    ff_runway_body_free(&body);
    close(fd);
    free(want);
    free(base64);
    free(data);
}

static void test_parts(void **state)
{
    (void)state;
    for (size_t size = 0; size < 20; size++)
        check_parts(size);
    check_parts(12287);
    check_parts(12288);
    check_parts(12289);
    check_parts(50000);
}

static void test_text_is_copied(void **state)
{
    RunwayBody *body = ff_runway_body_create();
    char text[] = "abc";
    size_t n;
    char *got;

    (void)state;
    ff_runway_body_add_text(body, text, 3);
    memset(text, 'x', 3);
    got = read_whole_body(body, 10, &n);
    assert_string_equal(got, "abc");
    free(got);
    ff_runway_body_free(&body);
}

/* never fewer bytes than the Content-Length said */
static void test_short_file(void **state)
{
    char out[64];
    size_t n;
    int fd = make_file("12345", 5);
    RunwayBody *body;

    (void)state;
    body = ff_runway_body_create();
    ff_runway_body_add_base64(body, fd, 6);
    assert_int_equal(ff_runway_body_read(body, out, sizeof(out), &n),
                     RUNWAY_IO);
    ff_runway_body_free(&body);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_text_is_copied),
        cmocka_unit_test(test_short_file),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
