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

/* The line at the bottom of a terminal that two filters of a process share. Run
 * by status_line.t. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "libavutil/log.h"

#include "filter/status_line.h"

/* what was written since it was looked at last */
static char written[4096];

static void keep(void *opaque, int level, const char *format, va_list args)
{
    size_t n = strlen(written);

    (void)opaque;
    (void)level;
    vsnprintf(written + n, sizeof(written) - n, format, args);
}

static void assert_written(const char *text)
{
    assert_string_equal(written, text);
    written[0] = 0;
}

static void test_two_filters(void **state)
{
    static const int one, other;

    (void)state;
    ff_runway_status_line_draw(&one, "waiting");
    assert_written("waiting\r");
    /* the other one outputs a frame, which it does not say */
    ff_runway_status_line_clear(&other);
    assert_written("");
    /* nothing of a longer line stays behind a shorter one */
    ff_runway_status_line_draw(&other, "on");
    assert_written("on     \r");
    ff_runway_status_line_clear(&one);
    assert_written("");
    ff_runway_status_line_clear(&other);
    assert_written("  \r");
    ff_runway_status_line_clear(&other);
    assert_written("");
    /* a line of the log goes over what anybody has drawn */
    ff_runway_status_line_draw(&one, "waiting");
    ff_runway_status_line_clear(NULL);
    assert_written("waiting\r       \r");
    ff_runway_status_line_clear(NULL);
    assert_written("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_filters),
    };

    av_log_set_callback(keep);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
