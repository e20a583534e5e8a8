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
#include <cmocka.h>

#include "math/retime.h"
#include "math/segment.h"

static RunwaySegment make(int num, int den, int max_rate, int64_t min,
                          int64_t max)
{
    RunwaySegment s = { 0 };

    ff_runway_segment_rate(&s, num, den, 0, max_rate);
    s.min_duration = min;
    s.max_duration = max;
    return s;
}

static void test_rate(void **state)
{
    static const struct { int num, den, max, want_num, want_den; } cases[] = {
        { 24,    1,    0,  24,    1 },
        { 25,    1,    0,  25,    1 },
        { 30000, 1001, 0,  30000, 1001 },
        { 30,    1,    30, 30,    1 },
        { 50,    1,    0,  50,    2 },
        { 60,    1,    30, 60,    2 },
        { 60000, 1001, 0,  60000, 2002 },
        { 120,   1,    0,  120,   4 },
        { 48,    1,    24, 48,    2 },
        { 31,    1,    0,  31,    2 },
        { 1,     1,    0,  1,     1 },
        { 1,     7,    0,  7,     7 },
        { 2,     3,    0,  4,     3 },
        { 1,     60,   24, 60,    60 },
        { 1, INT32_MAX, 0, 1000,  1000 },
        { 1674722802, 64104047, 0, 26125, 1000 },
        { INT32_MAX, 80000000, 0, 26844, 1000 },
        { INT32_MAX, 1, 0, 1 << 29, 17896 * 1000 },
        { INT32_MAX, INT32_MAX - 1, 1, 1000, 1000 },
        { 0,     0,    0,  30,    1 },
        { 1,     0,    24, 24,    1 },
        { -1,    1,    0,  30,    1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        RunwaySegment s = make(cases[i].num, cases[i].den, cases[i].max, 0, 1);

        assert_int_equal(s.rate_num, cases[i].want_num);
        assert_int_equal(s.rate_den, cases[i].want_den);
    }
}

/* A frame that is shown for longer than a clip may be is held for a whole clip. */
static void test_slow(void **state)
{
    RunwaySegment s = make(1, 60, 30, 2000000, 10000000);

    (void)state;
    assert_int_equal(ff_runway_segment_length(&s, ff_runway_segment_slots(&s,
                     60000000)), 10000000);
    s = make(1, 7, 30, 1000000, 5000000);
    assert_int_equal(ff_runway_segment_length(&s, ff_runway_segment_slots(&s,
                     7000000)), 5000000);
    assert_int_equal(ff_runway_segment_slot(&s, 7000000), 7);
}

/* A rate that is not known is guessed where the first frame shows it. */
static void test_rate_guessed(void **state)
{
    static const struct { int64_t length; int max, num, den; } cases[] = {
        { 41667,  0,  24,    1 },
        { 41708,  0,  24000, 1001 },
        { 41000,  0,  24,    1 },      /* milliseconds */
        { 42000,  0,  24,    1 },
        { 40000,  0,  25,    1 },
        { 33333,  0,  30,    1 },
        { 33367,  0,  30000, 1001 },
        { 33000,  0,  30,    1 },
        { 34000,  0,  30,    1 },
        { 41667,  20, 24,    2 },
        { 20833,  0,  48,    2 },
        { 20000,  0,  50,    2 },
        { 16000,  0,  60,    2 },
        { 17000,  0,  60,    2 },
        { 16683,  0,  60000, 2002 },
        { 0,      0,  30,    1 },
        { 8333,   0,  30,    1 },
        { 45000,  0,  30,    1 },
        { 500000, 24, 24,    1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        RunwaySegment s = { 0 };

        ff_runway_segment_rate(&s, 1, 0, cases[i].length, cases[i].max);
        assert_int_equal(s.rate_num, cases[i].num);
        assert_int_equal(s.rate_den, cases[i].den);
        assert_true(s.nearest);
        ff_runway_segment_rate(&s, 25, 1, cases[i].length, 0);
        assert_int_equal(s.rate_num, 25);
        assert_false(s.nearest);
    }
}

/* the mean of a variable rate, as one container writes it down */
static void test_rate_varies(void **state)
{
    RunwaySegment s = { 0 };

    (void)state;
    ff_runway_segment_rate(&s, 4080, 149, 33333, 0);
    assert_int_equal(s.rate_num, 30);
    assert_int_equal(s.rate_den, 1);
    assert_false(s.nearest);
    /* a length that is no part of it, unless frames are paid for */
    ff_runway_segment_rate(&s, 4080, 149, 66667, 24);
    assert_int_equal(s.rate_num, 24);
    assert_int_equal(s.rate_den, 1);
    assert_true(s.nearest);
    s.is_billed = 1;
    ff_runway_segment_rate(&s, 4080, 149, 66667, 0);
    assert_int_equal(s.rate_num, 4080);
    assert_int_equal(s.rate_den, 149);
    assert_false(s.nearest);
    s.is_billed = 0;
    /* constant, and in milliseconds */
    ff_runway_segment_rate(&s, 31, 1, 32258, 0);
    assert_int_equal(s.rate_num, 31);
    ff_runway_segment_rate(&s, 31, 1, 32000, 0);
    assert_int_equal(s.rate_num, 31);
    ff_runway_segment_rate(&s, 240, 1, 5000, 0);
    assert_int_equal(s.rate_num, 240);
    assert_int_equal(s.rate_den, 8);
    ff_runway_segment_rate(&s, 1, 7, 7000000, 0);
    assert_int_equal(s.rate_den, 7);
    assert_false(s.nearest);
    /* a known one stays */
    ff_runway_segment_rate(&s, 30, 1, 40000, 0);
    assert_int_equal(s.rate_num, 30);
}

static void test_rate_never_over_limit(void **state)
{
    (void)state;
    for (int num = 1; num < 2000; num++) {
        RunwaySegment s = make(num, 7, 30, 0, 1);

        assert_true(s.rate_num <= 30 * (int64_t)s.rate_den);
        assert_true(s.rate_num > 0 && s.rate_den > 0);
    }
}

static int64_t frame_time(int n, int num, int den, int64_t unit)
{
    /* rounded to unit microseconds, as a container's time base does */
    int64_t t = (2000000LL * n * den + num) / (2 * num);

    return (t + unit / 2) / unit * unit;
}

/* At the source's own rate every frame has its slot, rounded times or not. */
static void test_one_slot_each(void **state)
{
    static const int rates[][2] = {
        { 24000, 1001 }, { 24, 1 }, { 25, 1 }, { 30000, 1001 }, { 30, 1 },
        { 15, 1 }, { 12, 5 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        RunwaySegment s = make(rates[i][0], rates[i][1], 0, 0, 30000000);

        for (int n = 0; n < 900; n++) {
            int64_t exact = frame_time(n, rates[i][0], rates[i][1], 1);
            int64_t milli = frame_time(n, rates[i][0], rates[i][1], 1000);

            assert_int_equal(ff_runway_segment_slot(&s, exact), n);
            assert_int_equal(ff_runway_segment_slot(&s, milli), n);
        }
    }
}

/* At a rate of its own every frame that is not shorter than a slot has one, and
 * it is the one that is looked up for the frame's time. */
static void test_nearest_slot(void **state)
{
    static const int rates[][2] = {
        { 24, 1 }, { 25, 1 }, { 30000, 1001 }, { 30, 1 }, { 15, 1 }, { 27, 1 },
        { 7, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        RunwaySegment s = make(1, 0, 0, 0, 30000000);
        int64_t before = -1;

        assert_int_equal(s.rate_num, 30);
        for (int n = 0; n < 900; n++) {
            int64_t time = frame_time(n, rates[i][0], rates[i][1], 1);
            int64_t slot = ff_runway_segment_slot(&s, time);
            int64_t at   = ff_runway_segment_length(&s, slot);

            assert_true(slot > before);
            assert_true(llabs(at - time) <= 16668);
            assert_false(ff_runway_retime_is_nearer(
                time, at, ff_runway_segment_length(&s, slot + 1)));
            if (slot)
                assert_true(ff_runway_retime_is_nearer(
                    time, ff_runway_segment_length(&s, slot - 1), at));
            before = slot;
        }
    }
}

/* Thinned by k: frames 0, k, 2k … are the ones that are seen. */
static void test_thinned(void **state)
{
    static const int rates[][3] = {
        { 50, 1, 2 }, { 60, 1, 2 }, { 60000, 1001, 2 }, { 90, 1, 3 },
        { 120, 1, 4 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        RunwaySegment s = make(rates[i][0], rates[i][1], 30, 0, 30000000);
        int k = rates[i][2];

        for (int n = 0; n < 600; n++) {
            int64_t here = ff_runway_segment_slot(
                &s, frame_time(n, rates[i][0], rates[i][1], 1));
            int64_t behind = ff_runway_segment_slot(
                &s, frame_time(n + 1, rates[i][0], rates[i][1], 1));

            assert_int_equal(behind - here, n % k == 0);
        }
    }
}

static void test_slots(void **state)
{
    RunwaySegment s = make(25, 1, 0, 1000000, 5000000);
    RunwaySegment ntsc = make(30000, 1001, 0, 1000000, 5000000);

    (void)state;
    assert_int_equal(ff_runway_segment_slots(&s, 5000000), 125);
    assert_int_equal(ff_runway_segment_slots(&s, 2040000), 51);
    /* short ones are filled up, and long stills do not pass the limit */
    assert_int_equal(ff_runway_segment_slots(&s, 40000), 25);
    assert_int_equal(ff_runway_segment_slots(&s, 60000000), 125);
    assert_int_equal(ff_runway_segment_slots(&ntsc, 4971633), 149);
    assert_int_equal(ff_runway_segment_slots(&ntsc, 33367), 30);
    assert_int_equal(ff_runway_segment_length(&s, 125), 5000000);
    assert_int_equal(ff_runway_segment_length(&ntsc, 30), 1001000);
}

/* for models whose result lasts whole seconds */
static void test_whole_seconds(void **state)
{
    RunwaySegment s = make(24, 1, 0, 0, 5000000);
    RunwaySegment ntsc = make(30000, 1001, 0, 0, 5000000);

    (void)state;
    s.whole_seconds = ntsc.whole_seconds = 1;
    assert_int_equal(ff_runway_segment_slots(&s, 41667), 24);
    assert_int_equal(ff_runway_segment_slots(&s, 1000000), 24);
    assert_int_equal(ff_runway_segment_slots(&s, 1041667), 48);
    assert_int_equal(ff_runway_segment_slots(&s, 5000000), 120);
    /* 30 frames are a second, whatever the rate is called, and never more than
     * the longest clip */
    assert_int_equal(ff_runway_segment_slots(&ntsc, 1001000), 30);
    assert_int_equal(ff_runway_segment_slots(&ntsc, 1034367), 59);
    assert_int_equal(ff_runway_segment_slots(&ntsc, 5000000), 149);
}

static void test_fits(void **state)
{
    RunwaySegment s = make(30000, 1001, 0, 1000000, 5000000);

    (void)state;
    assert_true(ff_runway_segment_fits(&s, 5000000));
    assert_true(ff_runway_segment_fits(&s, 5000400)); /* rounding */
    assert_false(ff_runway_segment_fits(&s, 5005000)); /* a 150th frame */
    assert_int_equal(ff_runway_segment_longest(&s),
                     ff_runway_segment_length(&s, 149));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_rate_guessed),
        cmocka_unit_test(test_rate_varies),
        cmocka_unit_test(test_rate_never_over_limit),
        cmocka_unit_test(test_one_slot_each),
        cmocka_unit_test(test_nearest_slot),
        cmocka_unit_test(test_thinned),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_whole_seconds),
        cmocka_unit_test(test_fits),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
