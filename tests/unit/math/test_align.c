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

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "math/align.h"

#define WIDTH  480
#define HEIGHT 270

typedef struct Film {
    RunwaySeamPicture picture;
    uint8_t samples[WIDTH * HEIGHT * 3 / 2 * 2];
} Film;

/* Something with detail in every direction, seen from where align puts it. */
static double level(double x, double y)
{
    return 128 + 50 * sin(x / 9) * cos(y / 7) + 40 * sin((x + 2 * y) / 23) +
           20 * cos((3 * x - y) / 31);
}

static Film *draw(int bits, double dx, double dy, double zoom)
{
    Film *f = calloc(1, sizeof(*f));
    int bytes = bits > 8 ? 2 : 1;

    assert_non_null(f);
    f->picture = (RunwaySeamPicture){
        .data = { f->samples, f->samples + WIDTH * HEIGHT * bytes,
                  f->samples + WIDTH * HEIGHT * 5 / 4 * bytes },
        .stride = { WIDTH * bytes, WIDTH / 2 * bytes, WIDTH / 2 * bytes },
        .width = WIDTH, .height = HEIGHT,
        .log2_chroma_w = 1, .log2_chroma_h = 1, .bits = bits,
    };
    for (int p = 0; p < 3; p++) {
        int step = p ? 2 : 1;

        for (int y = 0; y < HEIGHT / step; y++) {
            for (int x = 0; x < WIDTH / step; x++) {
                double fx = (x + 0.5) * step - WIDTH / 2.0;
                double fy = (y + 0.5) * step - HEIGHT / 2.0;
                double v = level(fx * (1 + zoom) + dx, fy * (1 + zoom) + dy);
                int i = y * (WIDTH / step) + x;
                int sample = (int)lrint(v * (1 << (bits - 8)));

                if (bits > 8)
                    ((uint16_t *)f->picture.data[p])[i] = (uint16_t)sample;
                else
                    f->picture.data[p][i] = (uint8_t)sample;
            }
        }
    }
    return f;
}

/* How far luma is off away from the edges, levels of 255, RMS. */
static double apart(const Film *a, const Film *b, int plane)
{
    int w = plane ? WIDTH / 2 : WIDTH, h = plane ? HEIGHT / 2 : HEIGHT, nb = 0;
    int scale = 1 << (a->picture.bits - 8);
    double sum = 0;

    for (int y = 8; y < h - 8; y++) {
        for (int x = 8; x < w - 8; x++) {
            int i = y * w + x;
            double d = a->picture.bits > 8
                ? (double)((const uint16_t *)a->picture.data[plane])[i] -
                  ((const uint16_t *)b->picture.data[plane])[i]
                : (double)a->picture.data[plane][i] - b->picture.data[plane][i];

            sum += d * d / scale / scale;
            nb++;
        }
    }
    return sqrt(sum / nb);
}

static void check(int bits, double dx, double dy, double zoom)
{
    Film *reference = draw(bits, 0, 0, 0), *picture = draw(bits, dx, dy, zoom);
    RunwayAlign align;
    double before = apart(reference, picture, 0);

    assert_int_equal(ff_runway_align_fit(&align, &reference->picture,
                                         &picture->picture), 0);
    assert_true(fabs(align.dx * WIDTH - dx) < 0.1);
    assert_true(fabs(align.dy * WIDTH - dy) < 0.1);
    assert_true(fabs(align.zoom - zoom) < 0.0006);
    assert_int_equal(ff_runway_align_apply(&align, 1, &picture->picture), 0);
    for (int p = 0; p < 3; p++)
        assert_true(apart(reference, picture, p) < 1.2);
    assert_true(apart(reference, picture, 0) < before / 4 || before < 1);
    free(reference);
    free(picture);
}

static void test_moves(void **state)
{
    check(8, 1.5, 0, 0);
    check(8, 0, -1.5, 0);
    check(8, 0, 0, 0.004);
    check(8, -1.2, 0.7, -0.004);
    check(10, 0.4, 0.3, 0.002);
}

static void test_in_place(void **state)
{
    Film *a = draw(8, 0, 0, 0), *b = draw(8, 0, 0, 0);
    RunwayAlign align;

    assert_int_equal(ff_runway_align_fit(&align, &a->picture, &b->picture), 0);
    assert_true(fabs(align.dx * WIDTH) < 0.01);
    assert_int_equal(ff_runway_align_apply(&align, 0, &b->picture), 0);
    assert_memory_equal(a->samples, b->samples, sizeof(a->samples));
    free(a);
    free(b);
}

/* Another picture altogether: nothing is moved. */
static void test_unlike(void **state)
{
    Film *a = draw(8, 0, 0, 0), *b = draw(8, 170, 90, 0.3);
    RunwayAlign align;

    assert_int_equal(ff_runway_align_fit(&align, &a->picture, &b->picture), 0);
    assert_true(fabs(align.dx) <= RUNWAY_ALIGN_MAX);
    assert_true(fabs(align.dy) <= RUNWAY_ALIGN_MAX);
    free(a);
    free(b);
}

/* A picture without anything in it, and one of a few pixels. */
static void test_odd_pictures(void **state)
{
    uint8_t flat[40 * 30];
    RunwaySeamPicture p = { .data = { flat }, .stride = { 40 }, .width = 40,
                            .height = 30, .bits = 8, .gray = 1 };
    RunwayAlign align;

    memset(flat, 99, sizeof(flat));
    assert_int_equal(ff_runway_align_fit(&align, &p, &p), 0);
    assert_true(align.dx == 0 && align.dy == 0 && align.zoom == 0);
    align.dx = 0.01;
    assert_int_equal(ff_runway_align_apply(&align, 1, &p), 0);
    for (size_t i = 0; i < sizeof(flat); i++)
        assert_int_equal(flat[i], 99);
    p.width = 5;
    p.height = 3;
    assert_int_equal(ff_runway_align_fit(&align, &p, &p), 0);
    assert_int_equal(ff_runway_align_apply(&(RunwayAlign){ 0.2, 0.2, 0 }, 1, &p),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_unlike),
        cmocka_unit_test(test_odd_pictures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
