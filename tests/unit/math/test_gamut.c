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

#include <math.h>
#include <stdlib.h>

#include "math/gamut.h"

static const RunwayPrimaries bt709 = {
    { 0.640, 0.330 }, { 0.300, 0.600 }, { 0.150, 0.060 }, { 0.3127, 0.3290 },
};
static const RunwayPrimaries bt2020 = {
    { 0.708, 0.292 }, { 0.170, 0.797 }, { 0.131, 0.046 }, { 0.3127, 0.3290 },
};

static void apply(const RunwayPrimaries *from, const RunwayPrimaries *to,
                  uint16_t *pixel)
{
    RunwayGamut *g = ff_runway_gamut_create(from, to);

    assert_non_null(g);
    ff_runway_gamut_apply(g, (uint8_t *)pixel, 6, 1, 1);
    ff_runway_gamut_free(&g);
    assert_null(g);
}

/* The matrix of ITU-R BT.2087, table 1. */
static void test_known(void **state)
{
    static const double m[3][3] = {
        { 0.6274, 0.3293, 0.0433 },
        { 0.0691, 0.9195, 0.0114 },
        { 0.0164, 0.0880, 0.8956 },
    };

    (void)state;
    for (int k = 0; k < 3; k++) {
        uint16_t pixel[3] = { 0 };

        pixel[k] = 65535;
        apply(&bt709, &bt2020, pixel);
        for (int i = 0; i < 3; i++)
            assert_in_range(fabs(pow(pixel[i] / 65535.0, 2.4) - m[i][k]) * 1e5,
                            0, 12);
    }
}

static void test_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) { /* each makes two tables */
        uint16_t pixel[3], was[3];

        for (int k = 0; k < 3; k++)
            was[k] = pixel[k] = (uint16_t)(rand() % 65536);
        apply(&bt709, &bt2020, pixel);
        apply(&bt2020, &bt709, pixel);
        for (int k = 0; k < 3; k++)
            assert_in_range(abs(pixel[k] - was[k]), 0, was[k] < 4096 ? 700 : 80);
    }
}

static void test_grey_stays(void **state)
{
    (void)state;
    for (int v = 0; v <= 65535; v += 5041) {
        uint16_t pixel[3] = { (uint16_t)v, (uint16_t)v, (uint16_t)v };

        apply(&bt2020, &bt709, pixel);
        for (int k = 0; k < 3; k++)
            assert_in_range(abs(pixel[k] - v), 0, 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_grey_stays),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
