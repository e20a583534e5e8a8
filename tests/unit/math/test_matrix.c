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
#include <string.h>

#include "math/matrix.h"

static const RunwayPrimaryWeights bt601 = { 0.299, 0.114 };
static const RunwayPrimaryWeights bt709 = { 0.2126, 0.0722 };
static const RunwayPrimaryWeights bt2020 = { 0.2627, 0.0593 };

#define SIZE 64

/* A picture; two bytes a sample are enough for any depth. */
typedef struct Picture {
    uint16_t wide[3][SIZE * SIZE];
    uint8_t narrow[3][SIZE * SIZE];
    RunwayPlanes planes;
    int bits;
} Picture;

static void make(Picture *p, int w, int h, int cw, int ch, int bits)
{
    memset(p, 0, sizeof(*p));
    p->bits = bits;
    p->planes = (RunwayPlanes){ .width = w, .height = h, .log2_chroma_w = cw,
                                .log2_chroma_h = ch };
    for (int i = 0; i < 3; i++) {
        p->planes.data[i]   = bits > 8 ? (uint8_t *)p->wide[i] : p->narrow[i];
        p->planes.stride[i] = bits > 8 ? 2 * SIZE : SIZE;
    }
}

static int get(const Picture *p, int plane, int x, int y)
{
    return p->bits > 8 ? p->wide[plane][y * SIZE + x]
                       : p->narrow[plane][y * SIZE + x];
}

static void put(Picture *p, int plane, int x, int y, int value)
{
    if (p->bits > 8)
        p->wide[plane][y * SIZE + x] = (uint16_t)value;
    else
        p->narrow[plane][y * SIZE + x] = (uint8_t)value;
}

/* What a pixel should become: to RGB and back, in floating point. */
static void by_rgb(double yuv[3], RunwayPrimaryWeights from,
                   RunwayPrimaryWeights to, int full, int bits)
{
    double s = 1 << (bits - 8), max = 256 * s - 1;
    double y = full ? yuv[0] / max : (yuv[0] - 16 * s) / (219 * s);
    double c = full ? max : 224 * s;
    double u = (yuv[1] - 128 * s) / c, v = (yuv[2] - 128 * s) / c;
    double r = y + 2 * (1 - from.red) * v, b = y + 2 * (1 - from.blue) * u;
    double g = (y - from.red * r - from.blue * b) / (1 - from.red - from.blue);

    y = to.red * r + to.blue * b + (1 - to.red - to.blue) * g;
    u = (b - y) / (2 * (1 - to.blue));
    v = (r - y) / (2 * (1 - to.red));
    yuv[0] = full ? y * max : y * 219 * s + 16 * s;
    yuv[1] = u * c + 128 * s;
    yuv[2] = v * c + 128 * s;
    for (int i = 0; i < 3; i++)
        yuv[i] = fmin(fmax(yuv[i], 0), max);
}

/* One colour all over: each pixel is what RGB makes of it. */
static void check_flat(RunwayPrimaryWeights from, RunwayPrimaryWeights to,
                       int full, int bits, int cw, int ch)
{
    static Picture p;
    RunwayMatrix m;
    const int s = 1 << (bits - 8);
    const int w = 7, h = 5;

    ff_runway_matrix_plan(&m, from, to, full, bits);
    for (int y = 16; y <= 235; y += 73) {
        for (int u = 16; u <= 240; u += 32) {
            for (int v = 16; v <= 240; v += 32) {
                double yuv[3] = { y * s, u * s, v * s };

                make(&p, w, h, cw, ch, bits);
                for (int i = 0; i < 3; i++)
                    for (int at = 0; at < w * h; at++)
                        put(&p, i, at % w, at / w, (int)yuv[i]);
                assert_int_equal(ff_runway_matrix_apply(&m, &p.planes), 0);
                by_rgb(yuv, from, to, full, bits);
                for (int i = 0; i < 3; i++) {
                    int lw = i ? (w + cw) >> cw : w;
                    int lh = i ? (h + ch) >> ch : h;

                    for (int at = 0; at < lw * lh; at++) {
                        double off = get(&p, i, at % lw, at / lw) - yuv[i];

                        assert_true(fabs(off) < 0.6);
                    }
                }
            }
        }
    }
}

static void test_flat(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 10; bits += 2) {
        for (int full = 0; full < 2; full++) {
            for (int shape = 0; shape < 3; shape++) {
                int cw = shape > 0, ch = shape > 1;

                check_flat(bt709, bt601, full, bits, cw, ch);
                check_flat(bt601, bt709, full, bits, cw, ch);
                check_flat(bt2020, bt709, full, bits, cw, ch);
            }
        }
    }
}

/* Samples that differ: those of 4:4:4 do not touch each other. */
static void test_each_pixel(void **state)
{
    static Picture p, was;
    RunwayMatrix m;

    (void)state;
    make(&p, 40, 30, 0, 0, 8);
    srand(1);
    for (int at = 0; at < 40 * 30; at++)
        for (int i = 0; i < 3; i++)
            put(&p, i, at % 40, at / 40, 16 + rand() % 220);
    was = p;
    ff_runway_matrix_plan(&m, bt709, bt601, 0, 8);
    assert_int_equal(ff_runway_matrix_apply(&m, &p.planes), 0);
    for (int at = 0; at < 40 * 30; at++) {
        double yuv[3];

        for (int i = 0; i < 3; i++)
            yuv[i] = get(&was, i, at % 40, at / 40);
        by_rgb(yuv, bt709, bt601, 0, 8);
        for (int i = 0; i < 3; i++)
            assert_true(fabs(get(&p, i, at % 40, at / 40) - yuv[i]) < 0.6);
    }
}

/* Chroma that rises evenly, subsampled: luma gets what lies at its place, so
 * it changes evenly too and has no steps of two pixels. */
static void test_between(void **state)
{
    static Picture p;
    RunwayMatrix m;

    (void)state;
    ff_runway_matrix_plan(&m, bt709, bt601, 0, 10);
    make(&p, SIZE, SIZE, 1, 1, 10);
    for (int at = 0; at < SIZE * SIZE; at++)
        put(&p, 0, at % SIZE, at / SIZE, 512);
    for (int at = 0; at < SIZE * SIZE / 4; at++) {
        int x = at % (SIZE / 2), y = at / (SIZE / 2);

        put(&p, 1, x, y, 512);
        put(&p, 2, x, y, 512 + 8 * x + 4 * y - 160);
    }
    assert_int_equal(ff_runway_matrix_apply(&m, &p.planes), 0);
    for (int y = 1; y < SIZE - 1; y++) {
        for (int x = 0; x < SIZE - 2; x++) {
            /* across on every other sample, down between two of them */
            double yuv[3] = { 512, 512, 512 + 4.0 * x + 2.0 * (y - 0.5) - 160 };

            by_rgb(yuv, bt709, bt601, 0, 10);
            assert_true(fabs(get(&p, 0, x, y) - yuv[0]) < 0.6);
        }
    }
}

/* What is around a part of a picture stays as it is. */
static void test_only_there(void **state)
{
    static Picture p;
    RunwayMatrix m;

    (void)state;
    for (int w = 1; w <= 9; w++) {
        for (int h = 1; h <= 9; h++) {
            make(&p, w, h, 1, 1, 8);
            memset(p.narrow, 77, sizeof(p.narrow));
            ff_runway_matrix_plan(&m, bt601, bt709, 0, 8);
            assert_int_equal(ff_runway_matrix_apply(&m, &p.planes), 0);
            for (int i = 0; i < 3; i++) {
                int lw = i ? (w + 1) / 2 : w, lh = i ? (h + 1) / 2 : h;

                for (int at = 0; at < SIZE * SIZE; at++) {
                    int in = at % SIZE < lw && at / SIZE < lh;

                    assert_int_equal(p.narrow[i][at] == 77, !in);
                }
            }
        }
    }
}

static void test_grey_and_back(void **state)
{
    static Picture p, was;
    RunwayMatrix there, back;

    (void)state;
    make(&p, SIZE, SIZE, 1, 1, 8);
    for (int at = 0; at < SIZE * SIZE; at++)
        put(&p, 0, at % SIZE, at / SIZE, at % 256);
    memset(p.narrow[1], 128, sizeof(p.narrow[1]));
    memset(p.narrow[2], 128, sizeof(p.narrow[2]));
    was = p;
    ff_runway_matrix_plan(&there, bt709, bt601, 0, 8);
    ff_runway_matrix_plan(&back, bt601, bt709, 0, 8);
    assert_int_equal(ff_runway_matrix_apply(&there, &p.planes), 0);
    assert_memory_equal(p.narrow, was.narrow, sizeof(p.narrow));

    for (int at = 0; at < SIZE * SIZE / 4; at++)
        for (int i = 1; i < 3; i++)
            put(&p, i, at % (SIZE / 2), at / (SIZE / 2), 64 + (at + 40 * i) % 128);
    was = p;
    assert_int_equal(ff_runway_matrix_apply(&there, &p.planes), 0);
    assert_memory_not_equal(p.narrow[1], was.narrow[1], SIZE);
    assert_int_equal(ff_runway_matrix_apply(&back, &p.planes), 0);
    for (int i = 1; i < 3; i++)
        for (int at = 0; at < SIZE * SIZE / 4; at++)
            assert_true(abs(get(&p, i, at % (SIZE / 2), at / (SIZE / 2)) -
                            get(&was, i, at % (SIZE / 2), at / (SIZE / 2))) <= 1);
}

/* On the way from elsewhere it comes to the same, there and nowhere else, and what
 * it comes from stays. */
static void test_from_elsewhere(void **state)
{
    static Picture p, was, source, to;
    RunwayMatrix m;

    (void)state;
    for (int bits = 8; bits <= 10; bits += 2) {
        make(&p, 37, 23, 1, 1, bits);
        for (int at = 0; at < SIZE * SIZE; at++)
            for (int i = 0; i < 3; i++)
                put(&p, i, at % SIZE, at / SIZE,
                    (16 + at * (7 + i) % 220) << (bits - 8));
        was = source = p;
        ff_runway_matrix_plan(&m, bt601, bt709, 0, bits);
        assert_int_equal(ff_runway_matrix_apply(&m, &p.planes), 0);

        make(&to, 37, 23, 1, 1, bits);
        for (int i = 0; i < 3; i++) {
            to.planes.from[i] = bits > 8 ? (uint8_t *)source.wide[i]
                                         : source.narrow[i];
            to.planes.from_stride[i] = p.planes.stride[i];
        }
        assert_int_equal(ff_runway_matrix_apply(&m, &to.planes), 0);
        for (int i = 0; i < 3; i++)
            for (int at = 0; at < SIZE * SIZE; at++) {
                int in = at % SIZE < (i ? 19 : 37) && at / SIZE < (i ? 12 : 23);
                int x = at % SIZE, y = at / SIZE;

                assert_int_equal(get(&to, i, x, y), in ? get(&p, i, x, y) : 0);
            }
        assert_memory_equal(source.narrow, was.narrow, sizeof(was.narrow));
        assert_memory_equal(source.wide, was.wide, sizeof(was.wide));
    }
}

/* One sum of all pictures, which no compiler and no processor changes. */
static void test_exact(void **state)
{
    static Picture p;
    RunwayMatrix m;
    uint32_t random = 1, sum = 0;

    (void)state;
    for (int n = 0; n < 3 * 3 * 2; n++) {
        const int bits = 8 + n % 3, full = n / 9;
        const int cw = n / 3 % 3 > 0, ch = n / 3 % 3 > 1;

        make(&p, 61, 37, cw, ch, bits);
        for (int at = 0; at < 3 * SIZE * SIZE; at++) {
            random = random * 1664525 + 1013904223;
            put(&p, at % 3, at / 3 % SIZE, at / 3 / SIZE,
                (int)(random >> (32 - bits)));
        }
        ff_runway_matrix_plan(&m, bt601, n & 1 ? bt709 : bt2020, full, bits);
        assert_int_equal(ff_runway_matrix_apply(&m, &p.planes), 0);
        for (int at = 0; at < 3 * SIZE * SIZE; at++)
            sum = sum * 31 + (uint32_t)get(&p, at % 3, at / 3 % SIZE,
                                           at / 3 / SIZE);
    }
    assert_int_equal(sum, 0x8194a6cc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_from_elsewhere),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_each_pixel),
        cmocka_unit_test(test_between),
        cmocka_unit_test(test_only_there),
        cmocka_unit_test(test_grey_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
