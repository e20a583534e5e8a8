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

#include "base/error.h"

static void test_outcome_is_returned(void **state)
{
    RunwayError err;

    (void)state;
    assert_int_equal(ff_runway_error(&err, RUNWAY_IO, "%s %d", "disk", 7),
                     RUNWAY_IO);
    assert_int_equal(err.outcome, RUNWAY_IO);
    assert_string_equal(err.text, "disk 7");
    assert_int_equal(ff_runway_error(NULL, RUNWAY_REFUSED, "x"),
                     RUNWAY_REFUSED);
}

static void test_its_own_text_as_argument(void **state)
{
    RunwayError err;

    (void)state;
    ff_runway_error(&err, RUNWAY_IO, "inner");
    ff_runway_error(&err, RUNWAY_REFUSED, "outer: %s", err.text);
    assert_string_equal(err.text, "outer: inner");
}

/* the buffer ends within a character of 1..4 bytes, at each of its bytes */
static void test_cut_at_a_character(void **state)
{
    static const char *const characters[] = {
        "a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x8e\xac"
    };

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        for (size_t before = 0; before < 5; before++) {
            char *text = calloc(1, 2 * RUNWAY_ERROR_TEXT);
            size_t width = c + 1, fits;
            RunwayError err;

            memset(text, 'x', before);
            while (strlen(text) < RUNWAY_ERROR_TEXT + 8)
                strcat(text, characters[c]);
            ff_runway_error(&err, RUNWAY_IO, "%s", text);
            fits = before + (RUNWAY_ERROR_TEXT - 1 - before) / width * width;
            assert_int_equal(strlen(err.text), fits);
            assert_memory_equal(err.text, text, fits);
            free(text);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int i = RUNWAY_OK; i <= RUNWAY_NOMEM; i++) {
        const char *name = ff_runway_outcome_name((RunwayOutcome)i);

        assert_string_not_equal(name, "?");
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(name));
        for (int j = RUNWAY_OK; j < i; j++)
            assert_string_not_equal(name,
                                    ff_runway_outcome_name((RunwayOutcome)j));
    }
    assert_string_equal(ff_runway_outcome_name((RunwayOutcome)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome_is_returned),
        cmocka_unit_test(test_its_own_text_as_argument),
        cmocka_unit_test(test_cut_at_a_character),
        cmocka_unit_test(test_names),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
