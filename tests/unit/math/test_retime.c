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
#include <cmocka.h>

#include "math/retime.h"

static void test_same_time_within_two_frames(void **state)
{
    RunwayRetime r;

    (void)state;
    /* "5 s" that came back as 121 frames of 24 fps */
    assert_int_equal(ff_runway_retime_plan(&r, 5000000, 5041667, 41667, 0.1, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_retime_map(&r, 4960000), 4960000);
    assert_int_equal(ff_runway_retime_plan(&r, 5000000, 4916667, 41667, 0.1, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_retime_map(&r, 4960000), 4960000);
}

static void test_same_fraction_up_to_a_tenth(void **state)
{
    RunwayRetime r;

    (void)state;
    assert_int_equal(ff_runway_retime_plan(&r, 5000000, 5500000, 41667, 0.1, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_retime_map(&r, 1000000), 1100000);
    assert_int_equal(ff_runway_retime_unmap(&r, 1100000), 1000000);
    assert_int_equal(ff_runway_retime_plan(&r, 5000000, 4500000, 41667, 0.1, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_retime_map(&r, 1000000), 900000);
}

static void test_further_off_is_an_error(void **state)
{
    RunwayRetime r;
    RunwayError err;

    (void)state;
    assert_int_equal(ff_runway_retime_plan(&r, 5000000, 5600000, 41667, 0.1, &err),
                     RUNWAY_BAD_RESULT);
    assert_int_equal(err.outcome, RUNWAY_BAD_RESULT);
    assert_int_equal(ff_runway_retime_plan(&r, 5000000, 2500000, 41667, 0.1, &err),
                     RUNWAY_BAD_RESULT);
    assert_int_equal(ff_runway_retime_plan(&r, 5000000, 0, 41667, 0.1, &err),
                     RUNWAY_BAD_RESULT);
}

static void test_nearest(void **state)
{
    (void)state;
    assert_false(ff_runway_retime_is_nearer(0, 0, 41667));
    assert_false(ff_runway_retime_is_nearer(20000, 0, 41667));
    assert_true(ff_runway_retime_is_nearer(21000, 0, 41667));
    assert_true(ff_runway_retime_is_nearer(41667, 0, 41667));
    /* a tie stays with the earlier one, rounding allowed */
    assert_false(ff_runway_retime_is_nearer(20000, 0, 40000));
    assert_false(ff_runway_retime_is_nearer(16667, 0, 33333));
}

/* The k-th frame shows the k-th result at equal rates, whatever the rounding. */
static void test_k_in_k_out(void **state)
{
    static const int rates[][2] = {
        { 24000, 1001 }, { 24, 1 }, { 25, 1 }, { 30000, 1001 }, { 30, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        int64_t den = 1000000LL * rates[i][1];
        int k = 0;

        for (int n = 0; n < 150; n++) {
            int64_t wanted = (n * den / rates[i][0] + 500) / 1000 * 1000;

            while (ff_runway_retime_is_nearer(wanted, k * den / rates[i][0],
                                              (k + 1) * den / rates[i][0]))
                k++;
            assert_int_equal(k, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_time_within_two_frames),
        cmocka_unit_test(test_same_fraction_up_to_a_tenth),
        cmocka_unit_test(test_further_off_is_an_error),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_k_in_k_out),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
