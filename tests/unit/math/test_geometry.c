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

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "math/geometry.h"

static RunwayGeometry plan(int w, int h, int sn, int sd, int rw, int rh,
                           RunwayFit fit)
{
    RunwayGeometry g;

    ff_runway_geometry_plan(&g, w, h, sn, sd, rw, rh, fit, 1280, 720);
    return g;
}

static void assert_rect(RunwayRect r, int x, int y, int w, int h)
{
    assert_int_equal(r.x, x);
    assert_int_equal(r.y, y);
    assert_int_equal(r.w, w);
    assert_int_equal(r.h, h);
}

static void test_plain(void **state)
{
    RunwayGeometry g = plan(1280, 720, 1, 1, 1280, 720, RUNWAY_FIT_PAD);

    (void)state;
    assert_int_equal(g.width, 1280);
    assert_int_equal(g.height, 720);
    assert_rect(g.source, 0, 0, 1280, 720);
    assert_rect(g.target, 0, 0, 1280, 720);
    /* a little off is stretched, by less than is seen */
    g = plan(854, 480, 0, 1, 1280, 720, RUNWAY_FIT_PAD);
    assert_int_equal(g.width, 854);
    assert_int_equal(g.height, 480);
    assert_rect(g.target, 0, 0, 854, 480);
}

static void test_larger_is_scaled_down(void **state)
{
    RunwayGeometry g = plan(3840, 2160, 1, 1, 1280, 720, RUNWAY_FIT_PAD);

    (void)state;
    assert_int_equal(g.width, 1280);
    assert_int_equal(g.height, 720);
    assert_rect(g.source, 0, 0, 3840, 2160);
    g = plan(2160, 3840, 1, 1, 720, 1280, RUNWAY_FIT_PAD);
    assert_int_equal(g.width, 720);
    assert_int_equal(g.height, 1280);
}

static void test_square_pixels(void **state)
{
    /* PAL 4:3: 720x576 of 16:15 is 768x576 */
    RunwayGeometry g = plan(720, 576, 16, 15, 0, 0, RUNWAY_FIT_PAD);

    (void)state;
    assert_int_equal(g.width, 768);
    assert_int_equal(g.height, 576);
    assert_rect(g.source, 0, 0, 720, 576);
    assert_rect(g.target, 0, 0, 768, 576);
}

static void test_pad(void **state)
{
    RunwayGeometry g = plan(640, 480, 1, 1, 1280, 720, RUNWAY_FIT_PAD);
    RunwayRect r;

    (void)state;
    assert_int_equal(g.width, 854);
    assert_int_equal(g.height, 480);
    assert_rect(g.source, 0, 0, 640, 480);
    assert_rect(g.target, 106, 0, 640, 480);
    /* and out again of a result of another size */
    r = ff_runway_geometry_result(&g, 1280, 720, RUNWAY_FIT_PAD, 640, 480, 1,
                                  1);
    assert_int_equal(r.h, 720);
    assert_true(abs(r.w - 960) <= 2);
    /* where it was put, a little left of the middle: 106 of 854 */
    assert_int_equal(r.x, 158);
    g = plan(160, 120, 1, 1, 1280, 720, RUNWAY_FIT_PAD);
    assert_rect(g.target, 26, 0, 160, 120);
    r = ff_runway_geometry_result(&g, 1280, 720, RUNWAY_FIT_PAD, 160, 120, 1,
                                  1);
    assert_rect(r, 156, 0, 958, 720);
}

static void test_crop(void **state)
{
    RunwayGeometry g = plan(640, 480, 1, 1, 1280, 720, RUNWAY_FIT_CROP);
    RunwayRect r;

    (void)state;
    assert_rect(g.source, 0, 60, 640, 360);
    assert_int_equal(g.width, 640);
    assert_int_equal(g.height, 360);
    assert_rect(g.target, 0, 0, 640, 360);
    r = ff_runway_geometry_result(&g, 1280, 720, RUNWAY_FIT_CROP, 640, 480, 1,
                                  1);
    assert_true(abs(r.w - 960) <= 2);
    assert_int_equal(r.h, 720);
}

static void test_stretch(void **state)
{
    RunwayGeometry g = plan(640, 480, 1, 1, 1280, 720, RUNWAY_FIT_STRETCH);

    (void)state;
    assert_rect(g.source, 0, 0, 640, 480);
    assert_int_equal(g.width, 854);
    assert_int_equal(g.height, 480);
    assert_rect(g.target, 0, 0, 854, 480);
    assert_rect(ff_runway_geometry_result(&g, 1280, 720, RUNWAY_FIT_STRETCH,
                                          640, 480, 1, 1), 0, 0, 1280, 720);
}

/* Whatever comes: even, inside, not enlarged, and of the wanted shape. */
static void test_sweep(void **state)
{
    static const int ratios[][2] = {
        { 0, 0 }, { 1280, 720 }, { 720, 1280 }, { 1104, 832 }, { 960, 960 },
        { 832, 1104 }, { 1584, 672 }, { 848, 480 }, { 640, 480 },
    };
    static const int sars[][2] = { { 0, 1 }, { 16, 15 }, { 8, 9 }, { 64, 45 } };

    (void)state;
    for (int w = 2; w < 2200; w = w * 3 / 2 + 1)
        for (int h = 2; h < 2200; h = h * 3 / 2 + 1)
            for (size_t r = 0; r < sizeof(ratios) / sizeof(*ratios); r++)
                for (size_t s = 0; s < sizeof(sars) / sizeof(*sars); s++)
                    for (int fit = 0; fit <= RUNWAY_FIT_STRETCH; fit++) {
                        RunwayGeometry g = plan(w, h, sars[s][0], sars[s][1],
                                                ratios[r][0], ratios[r][1],
                                                (RunwayFit)fit);
                        RunwayRect t = g.target, f = g.source;

                        assert_true(g.width >= 2 && g.height >= 2);
                        assert_false((g.width | g.height) & 1);
                        assert_false((t.x | t.y | f.x | f.y) & 1);
                        assert_true(t.x >= 0 && t.y >= 0 && t.w > 0 && t.h > 0);
                        assert_true(t.x + t.w <= g.width);
                        assert_true(t.y + t.h <= g.height);
                        assert_true(f.x >= 0 && f.y >= 0 && f.w > 0 && f.h > 0);
                        assert_true(f.x + f.w <= w && f.y + f.h <= h);
                        if (ratios[r][0] && g.width > 100 && g.height > 100)
                            assert_true(fabs((double)g.width / g.height /
                                             ratios[r][0] * ratios[r][1] - 1) <
                                        0.05);
                        assert_true((g.width <= 1280 && g.height <= 720) ||
                                    (g.width <= 720 && g.height <= 1280));
                    }
}

/* Results come in any size: what is used has an even corner, and an even size
 * but where the whole of an odd side is. */
static void test_odd_results(void **state)
{
    static const int sizes[][2] = {
        { 853, 480 }, { 854, 479 }, { 1279, 719 }, { 1281, 721 }, { 3, 3 },
        { 1280, 720 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        for (int w = 61; w < 1300; w += 77)
            for (int fit = 0; fit <= RUNWAY_FIT_STRETCH; fit++) {
                RunwayGeometry g = plan(w, 480, 1, 1, 1280, 720,
                                        (RunwayFit)fit);
                int W = sizes[i][0], H = sizes[i][1];
                RunwayRect r = ff_runway_geometry_result(&g, W, H,
                                                         (RunwayFit)fit, w,
                                                         480, 1, 1);

                assert_true(r.x >= 0 && r.y >= 0 && r.w > 0 && r.h > 0);
                assert_true(r.x + r.w <= W && r.y + r.h <= H);
                assert_false((r.x | r.y) & 1);
                assert_true(!(r.w & 1) || (r.w == W && !r.x));
                assert_true(!(r.h & 1) || (r.h == H && !r.y));
            }
}

static void test_expand(void **state)
{
    static const struct { int w, h, num, den, rw, rh, want_w, want_h; } c[] = {
        { 640, 480, 1, 1, 16, 9, 854, 480 },    /* to the sides */
        { 1920, 1080, 1, 1, 9, 16, 1920, 3414 }, /* up and down */
        { 1920, 1080, 0, 1, 16, 9, 1920, 1080 },
        { 720, 576, 16, 15, 4, 3, 720, 576 },   /* PAL is 4:3 already */
        { 720, 576, 16, 15, 16, 9, 960, 576 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++) {
        int w = c[i].w, h = c[i].h;

        ff_runway_geometry_expand(&w, &h, c[i].num, c[i].den, c[i].rw,
                                  c[i].rh);
        assert_int_equal(w, c[i].want_w);
        assert_int_equal(h, c[i].want_h);
    }
}

/* Pixels of a shape that none has are numbers that fit, not others. */
static void test_absurd_pixels(void **state)
{
    RunwayGeometry g;
    int w = 1920, h = 1080;

    (void)state;
    assert_int_equal(ff_runway_geometry_square(720, 16, 15), 768);
    assert_int_equal(ff_runway_geometry_square(720, 0, 1), 720);
    assert_int_equal(ff_runway_geometry_square(3, 1, 2), 2);
    assert_int_equal(ff_runway_geometry_square(1920, INT_MAX, 1), INT_MAX);
    assert_int_equal(ff_runway_geometry_square(INT_MAX, INT_MAX, INT_MAX),
                     INT_MAX);
    assert_int_equal(ff_runway_geometry_square(1920, 1, INT_MAX), 1);
    ff_runway_geometry_expand(&w, &h, INT_MAX, 1, 1, 99999);
    assert_int_equal(w, 1920);
    assert_int_equal(h, INT_MAX - 1);
    ff_runway_geometry_plan(&g, 1920, 1080, INT_MAX, 1, 0, 0, RUNWAY_FIT_PAD,
                            0, 0);
    assert_int_equal(g.width, INT_MAX - 1);
    assert_int_equal(g.height, 1080);
    g = plan(1920, 1080, 1, INT_MAX, 1280, 720, RUNWAY_FIT_PAD);
    assert_int_equal(g.width, 1280);
    assert_int_equal(g.height, 720);
    assert_int_equal(g.target.w, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_larger_is_scaled_down),
        cmocka_unit_test(test_square_pixels),
        cmocka_unit_test(test_pad),
        cmocka_unit_test(test_crop),
        cmocka_unit_test(test_odd_results),
        cmocka_unit_test(test_stretch),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_absurd_pixels),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
