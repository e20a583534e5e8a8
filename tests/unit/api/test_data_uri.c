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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_test.h"
#include "api/body.h"
#include "api/data_uri.h"

static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(ff_runway_base64_size(0), 0);
    assert_int_equal(ff_runway_base64_size(1), 4);
    assert_int_equal(ff_runway_base64_size(2), 4);
    assert_int_equal(ff_runway_base64_size(3), 4);
    assert_int_equal(ff_runway_base64_size(4), 8);
    assert_int_equal(ff_runway_base64_size(3000000000ull), 4000000000ull);
    assert_int_equal(ff_runway_data_uri_size("video/mp4", 0),
                     strlen("data:video/mp4;base64,"));
    assert_int_equal(ff_runway_data_uri_size("video/mp4", 5),
                     strlen("data:video/mp4;base64,") + 8);
}

/* the capacity fits, and one byte more does not */
static void test_capacity(void **state)
{
    (void)state;
    assert_int_equal(ff_runway_data_uri_capacity("video/mp4", 0), 0);
    assert_int_equal(ff_runway_data_uri_capacity("video/mp4", 22), 0);
    assert_int_equal(ff_runway_data_uri_capacity("video/mp4", 25), 0);
    assert_int_equal(ff_runway_data_uri_capacity("video/mp4", 26), 3);
    assert_int_equal(ff_runway_data_uri_capacity("video/mp4", 5242880),
                     3932142);
    for (uint64_t limit = 26; limit < 200; limit++) {
        uint64_t most = ff_runway_data_uri_capacity("video/mp4", limit);

        assert_true(ff_runway_data_uri_size("video/mp4", most) <= limit);
        assert_true(ff_runway_data_uri_size("video/mp4", most + 1) > limit);
    }
}

static void check_memory(size_t size)
{
    uint8_t *data = make_bytes(size);
    char *want = plain_base64(data, size);
    char *got = ff_runway_base64(data, size);

    assert_non_null(got);
    assert_string_equal(got, want);
    assert_int_equal(strlen(got), ff_runway_base64_size(size));
    free(got);
    free(want);
    free(data);
}

static const size_t edges[] = {
    4095, 4096, 4097, 12285, 12286, 12287, 12288, 12289, 12290, 12291, 16384,
    24575, 24576, 24577, 65535, 65536, 100003
};

static void test_memory(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 300; size++)
        check_memory(size);
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
        check_memory(edges[i]);
}

static void test_all_byte_values(void **state)
{
    uint8_t data[256];
    char *got, *want;

    (void)state;
    for (int i = 0; i < 256; i++)
        data[i] = (uint8_t)i;
    got  = ff_runway_base64(data, sizeof(data));
    want = plain_base64(data, sizeof(data));
    assert_string_equal(got, want);
    free(got);
    free(want);
}

static void check_file(size_t size, const size_t *steps, size_t nb_steps)
{
    uint8_t *data = make_bytes(size);
    char *want = plain_base64(data, size);
    int fd = make_file(data, size);
    RunwayBody *body = ff_runway_body_create();

    assert_int_equal(ff_runway_body_add_base64(body, fd, size), RUNWAY_OK);
    for (size_t i = 0; i < nb_steps; i++) {
        size_t n;
        char *got = read_whole_body(body, steps[i], &n);

        assert_string_equal(got, want);
        ff_runway_body_rewind(body);
        /* a rewind from the middle is one to the beginning as well */
        assert_int_equal(ff_runway_body_read(body, got, n < 7 ? n : 7, &n),
                         RUNWAY_OK);
        ff_runway_body_rewind(body);
        free(got);
    }
    ff_runway_body_free(&body);
    close(fd);
    free(want);
    free(data);
}

static void test_file(void **state)
{
    static const size_t small[] = { 1, 2, 3, 5, 71, 72, 73, 4096 };
    static const size_t large[] = { 7, 4095, 4097, 16383, 16385, 65536 };

    (void)state;
    for (size_t size = 0; size <= 300; size++)
        check_file(size, small, sizeof(small) / sizeof(*small));
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
        check_file(edges[i], large, sizeof(large) / sizeof(*large));
}

/* only as much of a file as was said, and an error when there is less */
static void test_part_of_a_file(void **state)
{
    uint8_t *data = make_bytes(20000);
    int fd = make_file(data, 20000);
    char *want = plain_base64(data, 13001), *out = malloc(40000), *got;
    RunwayBody *body = ff_runway_body_create();
    size_t n;

    (void)state;
    ff_runway_body_add_base64(body, fd, 13001);
    got = read_whole_body(body, 1000, &n);
    assert_string_equal(got, want);
    /* the file offset was not used */
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 20000);
    free(got);
    ff_runway_body_free(&body);

    body = ff_runway_body_create();
    ff_runway_body_add_base64(body, fd, 20001);
    assert_int_equal(ff_runway_body_read(body, out, 40000, &n), RUNWAY_IO);
    ff_runway_body_free(&body);

    /* cut while it is read */
    body = ff_runway_body_create();
    ff_runway_body_add_base64(body, fd, 20000);
    assert_int_equal(ff_runway_body_read(body, out, 100, &n), RUNWAY_OK);
    assert_int_equal(n, 100);
    assert_int_equal(ftruncate(fd, 15000), 0);
    assert_int_equal(ff_runway_body_read(body, out, 40000, &n), RUNWAY_IO);
    ff_runway_body_free(&body);

    body = ff_runway_body_create();
    ff_runway_body_add_base64(body, -1, 1);
    assert_int_equal(ff_runway_body_read(body, out, 100, &n), RUNWAY_IO);
    ff_runway_body_free(&body);
    close(fd);
    free(out);
    free(want);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_all_byte_values),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_part_of_a_file),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("data_uri", tests, NULL, NULL);
}
