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

/* Where the polls of a task are placed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine/pace.h"

#define SECOND 1000000LL
#define POLL_MIN  RUNWAY_POLL_MIN

/* A task that waits for so long, and then runs for so long. */
typedef struct Task {
    int64_t waits, runs;
    int reports;               ///< its progress
} Task;

/* Poll it to its end. @return how long after that */
static int64_t seen_after(RunwayPace *pace, Task is)
{
    int64_t now = pace->began = 0, end = is.waits + is.runs;

    for (;;) {
        int64_t pause = ff_runway_pace_next(pace, now);
        RunwayTask task = { .state = RUNWAY_TASK_RUNNING, .progress = -1 };

        assert_true(pause >= POLL_MIN);
        assert_true(pause < 2 * POLL_MIN || pause <= pace->interval);
        now += pause;
        if (now >= end)
            return now - end;
        if (now < is.waits)
            task.state = RUNWAY_TASK_PENDING;
        else if (is.reports)
            task.progress = (double)(now - is.waits) / (double)is.runs;
        ff_runway_pace_note(pace, now, &task);
    }
}

static void test_nothing_to_go_by(void **state)
{
    RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN };
    const RunwayTask task = { .state = RUNWAY_TASK_RUNNING, .progress = -1 };

    (void)state;
    ff_runway_pace_note(&pace, SECOND, &task);
    for (int64_t now = 2 * SECOND; now < 100 * SECOND; now += SECOND) {
        ff_runway_pace_note(&pace, now, &task);
        assert_int_equal(ff_runway_pace_next(&pace, now), 6 * SECOND);
    }
}

/* The first poll shows the pace the sooner the sooner it is, and a second one, but
 * not if the interval is long, and no third; none with an interval that is shorter. */
static void test_the_first_poll(void **state)
{
    RunwayPace pace = { .interval = 600 * SECOND, .least = POLL_MIN };
    const RunwayTask task = { .state = RUNWAY_TASK_THROTTLED, .progress = -1 };

    (void)state;
    assert_in_range(ff_runway_pace_next(&pace, 0), POLL_MIN, POLL_MIN + SECOND / 2);
    ff_runway_pace_note(&pace, 6 * SECOND, &task);
    assert_int_equal(ff_runway_pace_next(&pace, 6 * SECOND), 600 * SECOND);
    pace = (RunwayPace){ .interval = 6 * SECOND, .least = POLL_MIN };
    ff_runway_pace_note(&pace, 6 * SECOND, &task);
    assert_int_equal(ff_runway_pace_next(&pace, 6 * SECOND), POLL_MIN);
    ff_runway_pace_note(&pace, 11 * SECOND, &task);
    assert_int_equal(ff_runway_pace_next(&pace, 11 * SECOND), 6 * SECOND);
    pace = (RunwayPace){ .interval = SECOND / 2, .least = SECOND / 2 };
    assert_int_equal(ff_runway_pace_next(&pace, 0), SECOND / 2);
}

static void test_never_nearer_than_the_provider_asks(void **state)
{
    RunwayPace pace = { .interval = SECOND, .least = POLL_MIN };

    (void)state;
    assert_int_equal(ff_runway_pace_next(&pace, 0), POLL_MIN);
    pace.expected = 10 * SECOND;
    assert_int_equal(ff_runway_pace_next(&pace, 9 * SECOND), POLL_MIN);
}

static void test_a_task_that_takes_what_is_expected(void **state)
{
    (void)state;
    for (int64_t runs = POLL_MIN; runs < 600 * SECOND; runs += SECOND / 10) {
        RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN, .expected = runs };

        assert_true(seen_after(&pace, (Task){ 0, runs, 0 }) <= SECOND / 2);
    }
}

/* A fifth sooner or later than those before: it is polled as often as is allowed;
 * much later: the interval holds again. */
static void test_a_task_that_takes_more_or_less(void **state)
{
    RunwayPace late = { .interval = 20 * SECOND, .least = POLL_MIN, .expected = 60 * SECOND };

    (void)state;
    for (int64_t runs = 48 * SECOND; runs < 72 * SECOND; runs += SECOND / 10) {
        RunwayPace pace = { .interval = 20 * SECOND, .least = POLL_MIN, .expected = 60 * SECOND };

        assert_true(seen_after(&pace, (Task){ 0, runs, 0 }) <= POLL_MIN);
    }
    assert_int_equal(ff_runway_pace_next(&late, 200 * SECOND), 20 * SECOND);
}

/* A long interval is not a reason to poll more often. */
static void test_a_long_interval(void **state)
{
    RunwayPace pace = { .interval = 600 * SECOND, .least = POLL_MIN,
                        .expected = 120 * SECOND };

    (void)state;
    assert_true(ff_runway_pace_next(&pace, 0) >= 90 * SECOND);
    assert_true(ff_runway_pace_next(&pace, 0) < 120 * SECOND);
    pace.interval = 60 * SECOND;
    assert_int_equal(ff_runway_pace_next(&pace, 0), 60 * SECOND);
    assert_true(ff_runway_pace_next(&pace, 60 * SECOND) >= 30 * SECOND);
}

/* The first tasks of a run have no forerunners. */
static void test_progress_alone(void **state)
{
    (void)state;
    for (int64_t runs = 18 * SECOND; runs < 600 * SECOND; runs += SECOND) {
        RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN };

        /* by one poll, and by two where it waited */
        assert_true(seen_after(&pace, (Task){ 0, runs, 1 }) <= SECOND / 2);
        pace = (RunwayPace){ .interval = 6 * SECOND, .least = POLL_MIN };
        assert_true(seen_after(&pace, (Task){ 14 * SECOND, runs, 1 }) <= SECOND / 2);
    }
}

/* A task of which nothing is known, and that ends while its progress was reported
 * only once: it may have waited, so that it ends sooner than that alone says. */
static void test_short_tasks(void **state)
{
    (void)state;
    for (int64_t length = POLL_MIN; length < 18 * SECOND; length += SECOND / 10)
        for (int64_t waits = 0; waits < length; waits += SECOND / 10) {
            RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN };

            assert_true(seen_after(&pace, (Task){ waits, length - waits, 1 }) <= 6 * SECOND);
        }
}

static void test_the_second_progress_comes_soon(void **state)
{
    RunwayPace pace = { .interval = 60 * SECOND, .least = POLL_MIN };
    RunwayTask task = { .state = RUNWAY_TASK_RUNNING, .progress = 0.1 };

    (void)state;
    ff_runway_pace_note(&pace, 6 * SECOND, &task);
    assert_int_equal(ff_runway_pace_next(&pace, 6 * SECOND), POLL_MIN);
    task.progress = 0.18;
    ff_runway_pace_note(&pace, 11 * SECOND, &task);
    assert_true(ff_runway_pace_next(&pace, 11 * SECOND) > 30 * SECOND);
}

static void test_progress_goes_before_what_others_took(void **state)
{
    RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN, .expected = 60 * SECOND };

    (void)state;
    assert_true(seen_after(&pace, (Task){ 0, 33 * SECOND, 1 }) <= SECOND / 2);
}

static void test_what_it_took(void **state)
{
    RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN };
    int64_t after = seen_after(&pace, (Task){ 0, 34 * SECOND, 0 }), least, took;

    (void)state;
    /* by the polls: the next one is polled at the same time */
    assert_in_range(after, 1, 6 * SECOND);
    took = ff_runway_pace_took(&pace, 34 * SECOND + after, &least);
    assert_in_range(took - least, 1, 6 * SECOND);
    pace = (RunwayPace){ .interval = 6 * SECOND, .least = POLL_MIN, .expected = took };
    assert_int_equal(seen_after(&pace, (Task){ 0, 34 * SECOND, 0 }), after);
    /* by its own progress: to the second */
    pace  = (RunwayPace){ .interval = 6 * SECOND, .least = POLL_MIN };
    after = seen_after(&pace, (Task){ 0, 34 * SECOND, 1 });
    took  = ff_runway_pace_took(&pace, 34 * SECOND + after, &least);
    assert_true(llabs(took - 34 * SECOND) < 1000);
    assert_int_equal(least, took);
}

/* One poll's progress says what a short task took at the most, and the next one that
 * takes the same is read at its end. */
static void test_short_tasks_again(void **state)
{
    (void)state;
    for (int64_t runs = 6 * SECOND; runs < 18 * SECOND; runs += SECOND / 10) {
        RunwayPace pace = { .interval = 5 * SECOND, .least = POLL_MIN };
        int64_t after = seen_after(&pace, (Task){ 0, runs, 1 }), least, took;

        took = ff_runway_pace_took(&pace, runs + after, &least);
        assert_true(least <= took);
        assert_true(llabs(took - runs) <= SECOND / 2);
        pace = (RunwayPace){ .interval = 5 * SECOND, .least = POLL_MIN, .expected = took };
        assert_true(seen_after(&pace, (Task){ 0, runs, 1 }) <= SECOND / 2);
    }
}

/* One clip in each run, and answers that take a fifth of a second: the journal of
 * many runs does not find the end later and later. */
static void test_answers_on_their_way(void **state)
{
    const int64_t runs = 45 * SECOND, way = SECOND / 5;
    int64_t expected = 0, first = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN,
                            .expected = expected };
        int64_t after = seen_after(&pace, (Task){ 0, runs, 0 }), least;

        expected = ff_runway_pace_took(&pace, runs + after + way, &least);
        if (i < 2)
            first = after;
        assert_true(after <= first + SECOND / 2);
    }
}

/* Many tasks that take the same: whatever that is, the end of the twentieth is known
 * to the second. The first ones are found as late as by chance, and no later: no
 * guess comes before their end. */
static void test_tasks_that_take_the_same(void **state)
{
    int64_t all = 0;
    int nb = 0;

    (void)state;
    for (int64_t runs = 20 * SECOND; runs < 90 * SECOND; runs += SECOND / 10) {
        RunwayPaceLength length = { 0 };
        int64_t after = 0, first = 0;

        for (int i = 0; i < 20; i++, nb++) {
            RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN,
                                .expected = length.expected };
            int64_t least, took;

            all += after = seen_after(&pace, (Task){ 0, runs, 0 });
            took = ff_runway_pace_took(&pace, runs + after, &least);
            ff_runway_pace_learn(&length, least, took);
            if (!i)
                first = after;
            if (i < 7)
                assert_true(after <= first);
        }
        assert_true(after <= SECOND);
    }
    print_message("%.2f s each\n", (double)all / nb / 1e6);
    assert_true(all <= nb * 2 * SECOND);
}

/* A length that is remembered counts for half, also where the first task has ended
 * at its first poll. */
static void test_a_length_that_is_remembered(void **state)
{
    RunwayPaceLength length = { .expected = 6 * SECOND };
    RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN, .expected = 6 * SECOND };
    int64_t least, took;

    (void)state;
    took = ff_runway_pace_took(&pace, 6 * SECOND + SECOND / 3, &least);
    ff_runway_pace_learn(&length, least, took);
    assert_in_range(length.expected, 6 * SECOND - SECOND / 2, 6 * SECOND + SECOND / 2);
    /* a poll that came a minute late says that it took no longer, and not less */
    assert_true(ff_runway_pace_took(&pace, 66 * SECOND, &least) > 60 * SECOND);
}

/* Others: half of the newest counts. */
static void test_tasks_that_take_another_time(void **state)
{
    RunwayPaceLength length = { .expected = 40 * SECOND };

    (void)state;
    ff_runway_pace_learn(&length, 55 * SECOND, 60 * SECOND);
    assert_int_equal(length.expected, 50 * SECOND);
    ff_runway_pace_learn(&length, 25 * SECOND, 30 * SECOND);
    assert_int_equal(length.expected, 40 * SECOND);
    ff_runway_pace_learn(&length, 34 * SECOND, 34 * SECOND);
    assert_int_equal(length.expected, 37 * SECOND);
}

static void test_throttled(void **state)
{
    RunwayPace pace = { .interval = 6 * SECOND, .least = POLL_MIN, .expected = 60 * SECOND };
    RunwayTask task = { .state = RUNWAY_TASK_THROTTLED, .progress = -1 };

    (void)state;
    /* it has not begun: its end is as far away as ever */
    for (int64_t now = 0; now < 300 * SECOND; now += 6 * SECOND) {
        ff_runway_pace_note(&pace, now, &task);
        assert_int_equal(pace.began + ff_runway_pace_length(&pace), now + 60 * SECOND);
        assert_int_equal(ff_runway_pace_next(&pace, now), 6 * SECOND);
    }
}

/* Progress that goes back, jumps, stands or is no part of one: no poll is nearer
 * than allowed, or farther than an interval. */
static void test_absurd_progress(void **state)
{
    static const double kinds[] = { -1, 0, 1e-9, 0.01, 0.02, 0.3, 0.5, 0.9, 1, 50, 1e300 };
    const uint32_t nb = sizeof(kinds) / sizeof(*kinds);
    uint32_t random = 1;

    (void)state;
    for (int run = 0; run < 2000; run++) {
        RunwayPace pace = { .interval = (run & 1 ? 6 : 60) * SECOND, .least = POLL_MIN,
                            .expected = run & 2 ? 40 * SECOND : 0 };
        int64_t now = 0;

        for (int poll = 0; poll < 30; poll++) {
            const int64_t pause = ff_runway_pace_next(&pace, now);
            RunwayTask task = { .state = RUNWAY_TASK_RUNNING };

            assert_in_range(pause, POLL_MIN, pace.interval > 2 * POLL_MIN ? pace.interval : 2 * POLL_MIN);
            now += pause;
            random = random * 1664525 + 1013904223;
            task.progress = kinds[(random >> 16) % nb];
            ff_runway_pace_note(&pace, now, &task);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_go_by),
        cmocka_unit_test(test_the_first_poll),
        cmocka_unit_test(test_never_nearer_than_the_provider_asks),
        cmocka_unit_test(test_a_task_that_takes_what_is_expected),
        cmocka_unit_test(test_a_task_that_takes_more_or_less),
        cmocka_unit_test(test_a_long_interval),
        cmocka_unit_test(test_progress_alone),
        cmocka_unit_test(test_short_tasks),
        cmocka_unit_test(test_the_second_progress_comes_soon),
        cmocka_unit_test(test_progress_goes_before_what_others_took),
        cmocka_unit_test(test_what_it_took),
        cmocka_unit_test(test_answers_on_their_way),
        cmocka_unit_test(test_short_tasks_again),
        cmocka_unit_test(test_tasks_that_take_the_same),
        cmocka_unit_test(test_a_length_that_is_remembered),
        cmocka_unit_test(test_tasks_that_take_another_time),
        cmocka_unit_test(test_throttled),
        cmocka_unit_test(test_absurd_progress),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
