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
#include <cmocka.h>

#include "base/checksum.h"
#include "core_test.h"

static void sum(const void *data, size_t size, char text[RUNWAY_CHECKSUM_SIZE])
{
    RunwayChecksum s;

    ff_runway_checksum_init(&s);
    ff_runway_checksum_add(&s, data, size);
    ff_runway_checksum_text(&s, text);
}

/* the vectors that were published with FNV */
static void test_known(void **state)
{
    static const struct { const char *text, *sum; } cases[] = {
        { "",       "cbf29ce484222325" },
        { "a",      "af63dc4c8601ec8c" },
        { "b",      "af63df4c8601f1a5" },
        { "foobar", "85944171f73967e8" },
    };
    char text[RUNWAY_CHECKSUM_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sum(cases[i].text, strlen(cases[i].text), text);
        assert_string_equal(text, cases[i].sum);
    }
    sum(NULL, 0, text);
    assert_string_equal(text, cases[0].sum);
}

/* however the bytes are cut up */
static void test_streaming(void **state)
{
    uint8_t *data = make_bytes(1000);
    char want[RUNWAY_CHECKSUM_SIZE], got[RUNWAY_CHECKSUM_SIZE];

    (void)state;
    sum(data, 1000, want);
    for (size_t cut = 1; cut < 1000; cut++) {
        RunwayChecksum s;

        ff_runway_checksum_init(&s);
        for (size_t at = 0; at < 1000; at += cut)
            ff_runway_checksum_add(&s, data + at,
                                   at + cut > 1000 ? 1000 - at : cut);
        ff_runway_checksum_text(&s, got);
        assert_string_equal(got, want);
    }
    free(data);
}

/* every change of one byte, every length */
static void test_changes(void **state)
{
    uint8_t *data = make_bytes(300);
    char want[RUNWAY_CHECKSUM_SIZE], got[RUNWAY_CHECKSUM_SIZE];

    (void)state;
    sum(data, 300, want);
    for (size_t i = 0; i < 300; i++) {
        for (int x = 1; x < 256; x++) {
            data[i] ^= (uint8_t)x;
            sum(data, 300, got);
            assert_string_not_equal(got, want);
            data[i] ^= (uint8_t)x;
        }
        sum(data, i, got);
        assert_string_not_equal(got, want);
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_changes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
