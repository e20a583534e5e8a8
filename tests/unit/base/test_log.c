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

#include "base/log.h"

typedef struct Seen {
    int lines;
    RunwayLogLevel level;
    char line[8192];
} Seen;

static void keep(void *opaque, RunwayLogLevel level, const char *line)
{
    Seen *seen = opaque;

    seen->lines++;
    seen->level = level;
    strcpy(seen->line, line);
}

static void test_line(void **state)
{
    Seen seen = { 0 };
    RunwayLog log = { &seen, keep };

    (void)state;
    ff_runway_log(&log, RUNWAY_LOG_WARNING, "%s\nforged line %d", "a", 5);
    assert_int_equal(seen.lines, 1);
    assert_int_equal(seen.level, RUNWAY_LOG_WARNING);
    assert_string_equal(seen.line, "a forged line 5");
}

static void test_no_log(void **state)
{
    RunwayLog log = { NULL, NULL };

    (void)state;
    ff_runway_log(NULL, RUNWAY_LOG_ERROR, "x");
    ff_runway_log(&log, RUNWAY_LOG_ERROR, "x");
}

static void test_long_line(void **state)
{
    Seen seen = { 0 };
    RunwayLog log = { &seen, keep };
    char *text = calloc(1, 10000);

    (void)state;
    for (int i = 0; i < 3000; i++)
        strcat(text, "\xe2\x82\xac");
    ff_runway_log(&log, RUNWAY_LOG_DEBUG, "%s", text);
    assert_int_equal(seen.lines, 1);
    assert_true(strlen(seen.line) > 2000);
    assert_int_equal(strlen(seen.line) % 3, 0);
    assert_memory_equal(seen.line, text, strlen(seen.line));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_no_log),
        cmocka_unit_test(test_long_line),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
