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

/* Where the reads of a task are placed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/job.h"

#define SECOND 1000000LL
#define MIN_WAIT RUNWAY_POLL_MIN

/* How long after its end a task is seen to have ended, that takes so long and
 * is expected to; never is it read sooner than least after the read before. */
static int64_t seen_after(int64_t takes, int64_t expected, int64_t interval,
                          int64_t least)
{
    int64_t now = 0;

    while (now < takes) {
        int64_t pause = ff_runway_job_next_read(now, interval, expected, least);

        assert_true(pause >= least);
        assert_true(pause < interval + least || pause == interval);
        now += pause;
    }
    return now - takes;
}

static void test_nothing_to_go_by(void **state)
{
    (void)state;
    for (int64_t elapsed = 0; elapsed < 100 * SECOND; elapsed += SECOND)
        assert_int_equal(ff_runway_job_next_read(elapsed, 6 * SECOND, 0, MIN_WAIT),
                         6 * SECOND);
}

static void test_never_nearer_than_the_provider_asks(void **state)
{
    (void)state;
    assert_int_equal(ff_runway_job_next_read(0, SECOND, 0, MIN_WAIT), MIN_WAIT);
    assert_int_equal(ff_runway_job_next_read(9 * SECOND, SECOND, 10 * SECOND,
                                             MIN_WAIT), MIN_WAIT);
}

static void test_a_task_that_takes_what_is_expected(void **state)
{
    (void)state;
    for (int64_t takes = MIN_WAIT; takes < 600 * SECOND; takes += SECOND / 10)
        assert_true(seen_after(takes, takes, 6 * SECOND, MIN_WAIT) <= SECOND / 2);
}

/* A little longer than those before: it is asked again soon, not an interval
 * later; much longer: the interval holds again. */
static void test_a_task_that_takes_longer(void **state)
{
    int64_t expected = 40 * SECOND;

    (void)state;
    assert_true(seen_after(42 * SECOND, expected, 20 * SECOND, MIN_WAIT) <= MIN_WAIT);
    assert_true(seen_after(60 * SECOND, expected, 20 * SECOND, MIN_WAIT) <= MIN_WAIT);
    assert_int_equal(ff_runway_job_next_read(200 * SECOND, 20 * SECOND,
                                             expected, MIN_WAIT), 20 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_go_by),
        cmocka_unit_test(test_never_nearer_than_the_provider_asks),
        cmocka_unit_test(test_a_task_that_takes_what_is_expected),
        cmocka_unit_test(test_a_task_that_takes_longer),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
