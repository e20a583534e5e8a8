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

#include "math/seam.h"

#define WIDTH  320
#define HEIGHT 180

/* A picture with all it needs, 4:2:0. */
typedef struct Film {
    RunwaySeamPicture picture;
    uint16_t samples[WIDTH * HEIGHT * 3 / 2];
} Film;

static Film *new_film(int bits)
{
    Film *f = calloc(1, sizeof(*f));
    int bytes = bits > 8 ? 2 : 1;
    uint8_t *data = (uint8_t *)f->samples;

    assert_non_null(f);
    f->picture = (RunwaySeamPicture){
        .data   = { data, data + WIDTH * HEIGHT * bytes,
                    data + WIDTH * HEIGHT * 5 / 4 * bytes },
        .stride = { WIDTH * bytes, WIDTH / 2 * bytes, WIDTH / 2 * bytes },
        .width  = WIDTH, .height = HEIGHT,
        .log2_chroma_w = 1, .log2_chroma_h = 1, .bits = bits,
    };
    return f;
}

static double get(const Film *f, int plane, int x, int y)
{
    const RunwaySeamPicture *p = &f->picture;
    const uint8_t *line = p->data[plane] + y * p->stride[plane];

    return p->bits > 8 ? (double)((const uint16_t *)line)[x] /
                         (1 << (p->bits - 8)) : line[x];
}

static void put(Film *f, int plane, int x, int y, double value)
{
    const RunwaySeamPicture *p = &f->picture;
    uint8_t *line = p->data[plane] + y * p->stride[plane];
    double top = (1 << p->bits) - 1, v = value * (1 << (p->bits - 8));

    v = fmin(fmax(v, 0), top);
    if (p->bits > 8)
        ((uint16_t *)line)[x] = (uint16_t)lrint(v);
    else
        line[x] = (uint8_t)lrint(v);
}

/* Levels of a picture; moved shifts what is in it. */
static double level(int plane, double x, double y, double moved)
{
    x = (x + moved) / (plane ? WIDTH / 2 : WIDTH);
    y = y / (plane ? HEIGHT / 2 : HEIGHT);
    return !plane ? 128 + 90 * sin(7 * x) * cos(5 * y)
         : plane == 1 ? 128 + 40 * sin(4 * x + 3 * y) : 128 + 40 * cos(6 * x - y);
}

typedef double Change(int plane, const double yuv[3], double x, double y);

static double unchanged(int plane, const double yuv[3], double x, double y)
{
    return yuv[plane];
}

/* Brighter, with more contrast, gamma; other saturation and hue. */
static double toned(int plane, const double yuv[3], double x, double y)
{
    double u = yuv[1] - 128, v = yuv[2] - 128;

    if (!plane)
        return 255 * pow(fmax(0, (yuv[0] - 128) * 1.06 + 132) / 255, 1.08);
    return 128 + 1.1 * (plane == 1 ? cos(0.08) * u - sin(0.08) * v
                                   : sin(0.08) * u + cos(0.08) * v);
}

static double lit(int plane, const double yuv[3], double x, double y)
{
    return toned(plane, yuv, x, y) + (plane ? 0 : 4 * sin(3 * x) * cos(2 * y));
}

static double negative(int plane, const double yuv[3], double x, double y)
{
    return 255 - yuv[plane];
}

static double dimmed_negative(int plane, const double yuv[3], double x, double y)
{
    return (255 - yuv[plane]) * (plane ? 1 : 0.95) + (plane ? 0 : 3);
}

static void draw(Film *f, double moved, Change *change)
{
    for (int p = 0; p < 3; p++) {
        for (int y = 0; y < (p ? HEIGHT / 2 : HEIGHT); y++) {
            for (int x = 0; x < (p ? WIDTH / 2 : WIDTH); x++) {
                double c = p ? 1 : 0.5, yuv[3];

                yuv[0] = level(0, x * c * 2, y * c * 2, moved);
                yuv[1] = level(1, x * c, y * c, moved / 2);
                yuv[2] = level(2, x * c, y * c, moved / 2);
                put(f, p, x, y, change(p, yuv, (double)x / (p ? WIDTH / 2 : WIDTH),
                                       (double)y / (p ? HEIGHT / 2 : HEIGHT)));
            }
        }
    }
}

/* What two pictures are apart by, levels, all planes, the mean. */
static double apart(const Film *a, const Film *b)
{
    double sum = 0;

    for (int p = 0; p < 3; p++)
        for (int y = 0; y < (p ? HEIGHT / 2 : HEIGHT); y++)
            for (int x = 0; x < (p ? WIDTH / 2 : WIDTH); x++)
                sum += fabs(get(a, p, x, y) - get(b, p, x, y));
    return sum / (WIDTH * HEIGHT * 1.5);
}

/* Fits a joint at which the source moves by 1, and films it by two changes. */
static RunwaySeamFit fit(RunwaySeam *seam, int bits, Change *before,
                         Change *behind)
{
    Film *f = new_film(bits);
    RunwaySeamGrid grids[4];
    const RunwaySeamGrid *const source[2] = { &grids[0], &grids[1] };
    const RunwaySeamGrid *const film[2] = { &grids[2], &grids[3] };

    draw(f, 0, unchanged);
    ff_runway_seam_measure(&grids[0], &f->picture);
    draw(f, 1, unchanged);
    ff_runway_seam_measure(&grids[1], &f->picture);
    draw(f, 0, before);
    ff_runway_seam_measure(&grids[2], &f->picture);
    draw(f, 1, behind);
    ff_runway_seam_measure(&grids[3], &f->picture);
    free(f);
    return ff_runway_seam_fit(seam, source, film);
}

/* How near a picture comes to what it should have been, before and behind. */
static void check_matched(int bits, Change *before, Change *behind, double most)
{
    Film *is = new_film(bits), *wanted = new_film(bits);
    RunwaySeam seam;
    double was;

    assert_int_equal(fit(&seam, bits, before, behind), RUNWAY_SEAM_MATCHED);
    draw(is, 1, behind);
    draw(wanted, 1, before);
    was = apart(is, wanted);
    assert_int_equal(ff_runway_seam_apply(&seam, 1, &is->picture), 0);
    assert_true(apart(is, wanted) < most);
    assert_true(apart(is, wanted) < was / 4);
    free(is);
    free(wanted);
}

static void test_tone(void **state)
{
    check_matched(8, unchanged, toned, 0.8);
    check_matched(10, unchanged, toned, 0.8);
    check_matched(8, toned, unchanged, 0.8);
}

static void test_light(void **state)
{
    check_matched(8, unchanged, lit, 0.8);
    check_matched(12, lit, unchanged, 0.8);
}

static void test_negative(void **state)
{
    check_matched(8, negative, dimmed_negative, 0.8);
}

static void test_nothing_to_correct(void **state)
{
    RunwaySeam seam;

    assert_int_equal(fit(&seam, 8, unchanged, unchanged), RUNWAY_SEAM_CLOSE);
    assert_int_equal(fit(&seam, 8, toned, toned), RUNWAY_SEAM_CLOSE);
    assert_int_equal(fit(&seam, 8, negative, negative), RUNWAY_SEAM_CLOSE);
}

/* What was invented on one side only stays where it is, and its surroundings are
 * matched as if it was not there. */
static double with_object(int plane, const double yuv[3], double x, double y)
{
    int inside = x > 0.4 && x < 0.5 && y > 0.4 && y < 0.55;

    return inside ? (plane ? 90 : 235) : toned(plane, yuv, x, y);
}

static void test_object(void **state)
{
    Film *is = new_film(8), *plain = new_film(8);
    RunwaySeam seam, without;

    assert_int_equal(fit(&seam, 8, unchanged, with_object), RUNWAY_SEAM_MATCHED);
    assert_int_equal(fit(&without, 8, unchanged, toned), RUNWAY_SEAM_MATCHED);
    draw(is, 1, toned);
    draw(plain, 1, toned);
    ff_runway_seam_apply(&seam, 1, &is->picture);
    ff_runway_seam_apply(&without, 1, &plain->picture);
    assert_true(apart(is, plain) < 0.5);
    free(is);
    free(plain);
}

/* Something bright over a land without anything as bright; and both darkened, the
 * bright thing most. */
static double sunny(int plane, const double yuv[3], double x, double y)
{
    int inside = x > 0.4 && x < 0.5 && y > 0.4 && y < 0.55;

    return plane ? yuv[plane] : inside ? 220 : 110 + yuv[0] / 8;
}

static double sunny_darkened(int plane, const double yuv[3], double x, double y)
{
    double is = sunny(plane, yuv, x, y);

    return plane ? is : is - (is > 180 ? 12 : 4);
}

/* Where both pictures show one frame, it is no less right for being alone. */
static void test_one_frame(void **state)
{
    Film *is = new_film(8), *wanted = new_film(8);
    RunwaySeamGrid grids[2];
    const RunwaySeamGrid *const film[2] = { &grids[0], &grids[1] };
    const RunwaySeamGrid *const source[2] = { &grids[0], &grids[0] };
    RunwaySeam seam;
    int x = (int)(0.45 * WIDTH), y = (int)(0.48 * HEIGHT);

    draw(wanted, 0, sunny);
    ff_runway_seam_measure(&grids[0], &wanted->picture);
    draw(is, 0, sunny_darkened);
    ff_runway_seam_measure(&grids[1], &is->picture);
    assert_true(fabs(get(is, 0, x, y) - get(wanted, 0, x, y)) > 3);
    assert_int_equal(ff_runway_seam_fit(&seam, source, film),
                     RUNWAY_SEAM_MATCHED);
    assert_int_equal(ff_runway_seam_apply(&seam, 1, &is->picture), 0);
    assert_true(apart(is, wanted) < 0.8);
    assert_true(fabs(get(is, 0, x, y) - get(wanted, 0, x, y)) < 2);
    free(is);
    free(wanted);
}

/* Noise that differs from block to block: nothing soft explains it. */
static double speckled(int plane, const double yuv[3], double x, double y)
{
    uint32_t n = (uint32_t)(x * 32) + 32 * (uint32_t)(y * 18) + 999u * plane;

    n = (n ^ 61) ^ (n >> 16);
    n *= 9;
    n = (n ^ (n >> 4)) * 0x27d4eb2du;
    n ^= n >> 15;
    return yuv[plane] + (double)(n & 31) - 15.5;
}

static void test_unlike(void **state)
{
    RunwaySeam seam;

    assert_int_equal(fit(&seam, 8, unchanged, speckled), RUNWAY_SEAM_UNLIKE);
}

/* What is said where the source moves, and steps from one change to the other, and
 * what it became drifts behind that. */
static RunwaySeamFit fit_moving(double moved, Change *before, Change *behind)
{
    Film *f = new_film(8);
    RunwaySeamGrid grids[3];
    const RunwaySeamGrid *const source[2] = { &grids[0], &grids[1] };
    const RunwaySeamGrid *const film[2] = { &grids[0], &grids[2] };
    RunwaySeam seam;

    draw(f, 0, before);
    ff_runway_seam_measure(&grids[0], &f->picture);
    draw(f, moved, behind);
    ff_runway_seam_measure(&grids[1], &f->picture);
    grids[2] = grids[1];
    for (int p = 0; p < 3; p++)
        for (int b = 0; b < RUNWAY_SEAM_BLOCKS; b++)
            grids[2].mean[p][b] += p ? -2 : 4;
    free(f);
    return ff_runway_seam_fit(&seam, source, film);
}

static RunwaySeamFit fit_step(Change *before, Change *behind)
{
    return fit_moving(0, before, behind);
}

static double other_hue(int plane, const double yuv[3], double x, double y)
{
    return plane ? 256 - yuv[plane] : yuv[0];
}

static double orange(int plane, const double yuv[3], double x, double y)
{
    return plane == 0 ? 110 : plane == 1 ? 95 : 165;
}

static double green(int plane, const double yuv[3], double x, double y)
{
    return plane == 0 ? 110 : plane == 1 ? 120 : 100;
}

/* One that lets the plane of V go on by little. */
static double wash(int plane, const double yuv[3], double x, double y)
{
    return orange(plane, yuv, x, y) + (plane == 2 ? 2 : 0);
}

static double dark(int plane, const double yuv[3], double x, double y)
{
    return plane ? 128 : 16 + yuv[0] / 16;
}

static double dark_mirrored(int plane, const double yuv[3], double x, double y)
{
    return plane ? 128 : 16 + level(0, WIDTH * (1 - x), HEIGHT * y, 0) / 16;
}

static double titled(int plane, const double yuv[3], double x, double y)
{
    return y < 0.75 || y > 0.95 || x < 0.1 || x > 0.9 ? yuv[plane] :
           plane ? 128 : 235;
}

static double barred(int plane, const double yuv[3], double x, double y)
{
    return y > 0.15 && y < 0.85 ? yuv[plane] : plane ? 128 : 16;
}

/* A picture of a telephone in a wide one. */
static double narrow(int plane, const double yuv[3], double x, double y)
{
    return x > 0.35 && x < 0.65 ? yuv[plane] : plane ? 128 : 16;
}

static double narrow_negative(int plane, const double yuv[3], double x, double y)
{
    return x > 0.35 && x < 0.65 ? 255 - yuv[plane] : plane ? 128 : 16;
}

static void test_cut(void **state)
{
    /* what is in a part of the picture only */
    for (int moved = 0; moved < 3; moved++) {
        assert_int_equal(fit_moving(moved, unchanged, titled),
                         RUNWAY_SEAM_MATCHED);
        assert_int_equal(fit_moving(moved, titled, unchanged),
                         RUNWAY_SEAM_MATCHED);
        assert_int_equal(fit_moving(moved, unchanged, barred),
                         RUNWAY_SEAM_MATCHED);
        assert_int_equal(fit_moving(moved, barred, unchanged),
                         RUNWAY_SEAM_MATCHED);
    }
    assert_int_equal(fit_step(narrow, narrow_negative), RUNWAY_SEAM_CUT);

    assert_int_equal(fit_step(unchanged, negative), RUNWAY_SEAM_CUT);
    /* in colour alone, of a picture and of a title card */
    assert_int_equal(fit_step(unchanged, other_hue), RUNWAY_SEAM_CUT);
    assert_int_equal(fit_step(orange, green), RUNWAY_SEAM_CUT);
    /* where little is seen anyway */
    assert_int_equal(fit_step(dark, dark_mirrored), RUNWAY_SEAM_CUT);
    assert_int_equal(fit_step(unchanged, unchanged), RUNWAY_SEAM_MATCHED);
}

/* Much that is small, and the same a thirtieth of the width aside. */
static double leaves(int plane, const double yuv[3], double x, double y)
{
    return plane ? 128 : 128 + 50 * sin(50 * x + 9 * y) * cos(40 * y - 7 * x);
}

static double leaves_aside(int plane, const double yuv[3], double x, double y)
{
    return leaves(plane, yuv, x + 0.032, y + 0.02);
}

static double other_leaves(int plane, const double yuv[3], double x, double y)
{
    return leaves(plane, yuv, y, x);
}

static void test_shake(void **state)
{
    assert_int_equal(fit_step(leaves, leaves_aside), RUNWAY_SEAM_MATCHED);
    assert_int_equal(fit_step(leaves, other_leaves), RUNWAY_SEAM_CUT);
}

static int is_inset(double x, double y)
{
    return x > 0.18 && x < 0.82 && y > 0.18 && y < 0.82;
}

static double inset(int plane, const double yuv[3], double x, double y)
{
    return is_inset(x, y) ? yuv[plane] : plane ? 120 : 60 + 80 * y;
}

static double inset_negative(int plane, const double yuv[3], double x, double y)
{
    return is_inset(x, y) ? 255 - yuv[plane] : inset(plane, yuv, x, y);
}

static double toned_inset_negative(int plane, const double yuv[3], double x,
                                   double y)
{
    const double other[3] = { inset_negative(0, yuv, x, y),
                              inset_negative(1, yuv, x, y),
                              inset_negative(2, yuv, x, y) };

    return toned(plane, other, x, y);
}

/* A picture in a still one, which is the larger part: where only the former cuts
 * the latter would be seen to jump. */
static void test_inset(void **state)
{
    Film *f = new_film(8), *wanted = new_film(8);
    RunwaySeamGrid grids[3];
    const RunwaySeamGrid *const source[2] = { &grids[0], &grids[1] };
    const RunwaySeamGrid *const film[2] = { &grids[0], &grids[2] };
    RunwaySeam seam;

    draw(f, 0, inset);
    ff_runway_seam_measure(&grids[0], &f->picture);
    draw(wanted, 0, inset_negative);
    ff_runway_seam_measure(&grids[1], &wanted->picture);
    draw(f, 0, toned_inset_negative);
    ff_runway_seam_measure(&grids[2], &f->picture);
    assert_int_equal(ff_runway_seam_fit(&seam, source, film),
                     RUNWAY_SEAM_MATCHED);
    assert_int_equal(ff_runway_seam_apply(&seam, 1, &f->picture), 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (y < HEIGHT / 8 || y > HEIGHT * 7 / 8 || x < WIDTH / 8 ||
                x > WIDTH * 7 / 8)
                assert_true(fabs(get(f, 0, x, y) - get(wanted, 0, x, y)) < 2);
    free(f);
    free(wanted);
}

static void watch(RunwaySeamWatch *w, int64_t time, double moved, Change *change)
{
    Film *f = new_film(8);
    RunwaySeamGrid grid;

    draw(f, moved, change);
    ff_runway_seam_measure(&grid, &f->picture);
    ff_runway_seam_watch(w, &grid, time);
    free(f);
}

static void check_watch(const RunwaySeamWatch *w, int nb_cuts,
                        const int64_t *cuts, int64_t back)
{
    assert_int_equal(w->nb_cuts, nb_cuts);
    for (int i = 0; i < nb_cuts; i++)
        assert_int_equal(w->cuts[i], cuts[i]);
    assert_int_equal(w->back, back);
}

/* Motion is no cut; what comes back was none. */
static void test_watch(void **state)
{
    static const int64_t cuts[] = { 33, 34 };
    RunwaySeamWatch w = { .seen = 0 };

    for (int i = 0; i < 10; i++)
        watch(&w, 20 + i, i, unchanged);
    check_watch(&w, 0, NULL, 0);
    watch(&w, 30, 10, orange);
    check_watch(&w, 1, (const int64_t[]){ 30 }, 0);
    watch(&w, 31, 11, orange);
    check_watch(&w, 1, (const int64_t[]){ 30 }, 0);
    watch(&w, 32, 12, unchanged);
    check_watch(&w, 0, NULL, 32);
    watch(&w, 33, 13, negative);
    check_watch(&w, 1, cuts, 32);
    watch(&w, 34, 14, other_hue);
    check_watch(&w, 2, cuts, 32);
    /* a flash behind cuts, and one of two pictures */
    watch(&w, 35, 15, orange);
    watch(&w, 36, 16, other_hue);
    check_watch(&w, 2, cuts, 36);
    watch(&w, 37, 17, orange);
    watch(&w, 38, 18, narrow_negative);
    watch(&w, 39, 19, other_hue);
    check_watch(&w, 2, cuts, 39);
}

/* Of many cuts the newest are known. */
static void test_many_cuts(void **state)
{
    RunwaySeamWatch w = { .seen = 0 };
    RunwaySeamGrid grid;

    for (int i = 0; i < RUNWAY_SEAM_CUTS + 3; i++) {
        for (int p = 0; p < 3; p++)
            for (int b = 0; b < RUNWAY_SEAM_BLOCKS; b++)
                grid.mean[p][b] = p ? 128 : (float)(20 * i + 20);
        ff_runway_seam_watch(&w, &grid, i + 1);
    }
    check_watch(&w, RUNWAY_SEAM_CUTS,
                (const int64_t[]){ 4, 5, 6, 7, 8, 9, 10, 11 }, 0);
    /* flat: what is in the middle of them is seen again */
    for (int b = 0; b < RUNWAY_SEAM_BLOCKS; b++)
        grid.mean[0][b] = 120;
    ff_runway_seam_watch(&w, &grid, 12);
    check_watch(&w, 3, (const int64_t[]){ 4, 5, 6 }, 12);
}

/* A flat plane that changes says nothing of how much of that is in the film, so
 * what the film does is not taken for drift. */
static void test_flat(void **state)
{
    Film *f = new_film(8);
    RunwaySeamGrid grids[3];
    const RunwaySeamGrid *const source[2] = { &grids[0], &grids[1] };
    const RunwaySeamGrid *const film[2] = { &grids[0], &grids[2] };
    RunwaySeam seam;

    draw(f, 0, orange);
    ff_runway_seam_measure(&grids[0], &f->picture);
    draw(f, 0, wash);
    ff_runway_seam_measure(&grids[1], &f->picture);
    ff_runway_seam_measure(&grids[2], &f->picture);
    assert_int_equal(ff_runway_seam_fit(&seam, source, film),
                     RUNWAY_SEAM_UNLIKE);
    /* the other planes are matched nevertheless */
    for (int b = 0; b < RUNWAY_SEAM_BLOCKS; b++)
        grids[2].mean[1][b] += 4;
    assert_int_equal(ff_runway_seam_fit(&seam, source, film),
                     RUNWAY_SEAM_MATCHED);
    assert_true(seam.chroma[1][0] == 0);
    assert_true(fabs(seam.chroma[0][0] + seam.field[1][0] +
                     seam.chroma[0][1] * (99 - 128) +
                     seam.chroma[0][2] * (167 - 128) + 4) < 0.5);
    free(f);
}

/* Where the film shows one level of luma only, which is off by so much, that is
 * corrected, and no level that is far from it. */
static void check_known(double shown, double off)
{
    RunwaySeamGrid grids[3];
    const RunwaySeamGrid *const source[2] = { &grids[0], &grids[0] };
    const RunwaySeamGrid *const film[2] = { &grids[1], &grids[2] };
    RunwaySeam seam;
    double at;
    int below;

    for (int p = 0; p < 3; p++)
        for (int b = 0; b < RUNWAY_SEAM_BLOCKS; b++) {
            grids[0].mean[p][b] = p ? 128 : (float)shown;
            grids[1].mean[p][b] = grids[0].mean[p][b] + (p ? 0 : (float)off);
            grids[2].mean[p][b] = grids[0].mean[p][b];
        }
    assert_int_equal(ff_runway_seam_fit(&seam, source, film),
                     RUNWAY_SEAM_MATCHED);
    at = shown * (RUNWAY_SEAM_KNOTS - 1) / 255;
    below = (int)at;
    assert_true(fabs(seam.curve[below] + (at - below) *
                     (seam.curve[below + 1] - seam.curve[below]) - off) < 0.3);
    for (int i = 0; i < RUNWAY_SEAM_KNOTS; i++)
        if (fabs(i - at) > 3)
            assert_true(fabs(seam.curve[i]) < 0.5);
}

/* Black, and a flash: nothing is known of the levels of the film behind it. */
static void test_one_level(void **state)
{
    check_known(18, 6);
    check_known(18, -2);
    check_known(235, -10);
    check_known(235, 10);
    check_known(128, 8);
}

/* Light that goes, comes, or goes to white, and such as is slow enough to be
 * followed; the film has a tone of its own behind the joint. */
static double darker(int plane, const double yuv[3], double x, double y)
{
    return plane ? yuv[plane] : 16 + (yuv[0] - 16) * 0.96;
}

static double whiter(int plane, const double yuv[3], double x, double y)
{
    return plane ? yuv[plane] : 235 + (yuv[0] - 235) * 0.96;
}

static double hardly_darker(int plane, const double yuv[3], double x, double y)
{
    return plane ? yuv[plane] : 16 + (yuv[0] - 16) * 0.995;
}

static double slope_of_light(int plane, const double yuv[3], double x, double y)
{
    return plane ? 128 : 40 + 150 * y;
}

static double slope_passed(int plane, const double yuv[3], double x, double y)
{
    return plane ? 128 : 43 + 150 * y;
}

static void test_fades(void **state)
{
    static const struct {
        Change *before, *behind;
        int fades;
    } cases[] = {
        { unchanged, darker, 1 }, { darker, unchanged, 1 },
        { unchanged, whiter, 1 }, { unchanged, hardly_darker, 0 },
        /* a pan over the sky */
        { slope_of_light, slope_passed, 0 },
    };
    Film *f = new_film(8);

    for (int i = 0; i < 5; i++) {
        RunwaySeamGrid grids[3];
        const RunwaySeamGrid *const source[2] = { &grids[0], &grids[1] };
        const RunwaySeamGrid *const film[2] = { &grids[0], &grids[2] };
        RunwaySeam seam;

        draw(f, 0, cases[i].before);
        ff_runway_seam_measure(&grids[0], &f->picture);
        draw(f, 0, cases[i].behind);
        ff_runway_seam_measure(&grids[1], &f->picture);
        draw(f, 0, toned);
        ff_runway_seam_measure(&grids[2], &f->picture);
        assert_int_equal(ff_runway_seam_fit(&seam, source, film) ==
                         RUNWAY_SEAM_CUT, cases[i].fades);
    }
    free(f);
}

/* Gains stay within their bounds, whatever is asked for. */
static double flat(int plane, const double yuv[3], double x, double y)
{
    return plane ? yuv[plane] : 128 + (yuv[0] - 128) * 0.65;
}

static double steep(int plane, const double yuv[3], double x, double y)
{
    return plane ? yuv[plane] : 128 + (yuv[0] - 128) * 1.35;
}

static double steeper(int plane, const double yuv[3], double x, double y)
{
    return plane ? yuv[plane] : 128 + (yuv[0] - 128) * 0.8;
}

static double pale(int plane, const double yuv[3], double x, double y)
{
    return plane ? 128 + (yuv[plane] - 128) * 0.5 : yuv[0];
}

static double gaudy(int plane, const double yuv[3], double x, double y)
{
    return plane ? 128 + (yuv[plane] - 128) * 1.7 : yuv[0];
}

/* The steps between knots of the curve, of a gain of 1: least and most. */
static void check_curve(Change *before, Change *behind, double gain)
{
    const double distance = 255.0 / (RUNWAY_SEAM_KNOTS - 1);
    double most = 0, least = 0;
    RunwaySeam seam;

    assert_int_equal(fit(&seam, 8, before, behind), RUNWAY_SEAM_MATCHED);
    for (int i = 1; i < RUNWAY_SEAM_KNOTS; i++) {
        double step = (seam.curve[i] - seam.curve[i - 1]) / distance;

        most  = fmax(most, step);
        least = fmin(least, step);
    }
    assert_true(most <= 0.5 + 1e-6 && least >= -0.33 - 1e-6);
    assert_true(fabs((gain > 1 ? most : least) + 1 - gain) < 0.01);
}

static void check_chroma(Change *before, Change *behind, double gain)
{
    RunwaySeam seam;

    assert_int_equal(fit(&seam, 8, before, behind), RUNWAY_SEAM_MATCHED);
    for (int i = 0; i < 2; i++) {
        double is = 1 + seam.chroma[i][1 + i];

        assert_true(is <= 1.5 + 1e-6 && is >= 0.67 - 1e-6);
        assert_true(fabs(is - gain) < 0.005);
    }
}

static void test_bounds(void **state)
{
    check_curve(unchanged, flat, 1.5);
    check_curve(steeper, steep, 0.67);
    check_chroma(unchanged, pale, 1.5);
    check_chroma(unchanged, gaudy, 0.67);
}

static void test_strength(void **state)
{
    Film *is = new_film(8), *was = new_film(8);
    RunwaySeam seam;
    int64_t s = 1000000;

    assert_int_equal(fit(&seam, 8, unchanged, lit), RUNWAY_SEAM_MATCHED);
    draw(is, 1, lit);
    draw(was, 1, lit);
    assert_int_equal(ff_runway_seam_apply(&seam, 0, &is->picture), 0);
    assert_memory_equal(is->samples, was->samples, sizeof(is->samples));

    assert_true(ff_runway_seam_strength(0, 5 * s) == 1);
    assert_true(ff_runway_seam_strength(4 * s, 5 * s) == 0);
    assert_true(ff_runway_seam_strength(2 * s, 2 * s) == 0);
    assert_true(fabs(ff_runway_seam_strength(2 * s, 9 * s) - 0.65625) < 1e-9);
    assert_true(fabs(ff_runway_seam_strength(s, 2 * s) - 0.65625) < 1e-9);
    /* what is just behind a joint still belongs to it */
    assert_true(ff_runway_seam_strength(s, 5 * s) > 0.96);
    for (int64_t t = 0; t < 5 * s; t += s / 24)
        assert_true(ff_runway_seam_strength(t, 5 * s) -
                    ff_runway_seam_strength(t + s / 24, 5 * s) < 0.022);
    free(is);
    free(was);
}

/* Noise of a picture, the same for the same seed. */
static void add_noise(Film *f, uint32_t seed)
{
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            seed = seed * 1664525 + 1013904223;
            put(f, 0, x, y, get(f, 0, x, y) + (seed >> 24) / 10.0 - 12.75);
        }
    }
}

/* How much detail there is in a row of a picture, by the second difference. */
static double detail(const Film *f)
{
    double sum = 0;

    for (int y = 0; y < HEIGHT; y++)
        for (int x = 1; x < WIDTH - 1; x++)
            sum += fabs(2 * get(f, 0, x, y) - get(f, 0, x - 1, y) -
                        get(f, 0, x + 1, y));
    return sum / (WIDTH * HEIGHT);
}

static double luma_mean(const Film *f)
{
    double sum = 0;

    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            sum += get(f, 0, x, y);
    return sum / (WIDTH * HEIGHT);
}

/* Two grains, as strong as each other, on one picture. */
static void check_mixed_grain(int bits)
{
    Film *a = new_film(bits), *b = new_film(bits), *mixed = new_film(bits);

    draw(a, 0, unchanged);
    draw(b, 0, unchanged);
    add_noise(a, 1);
    add_noise(b, 2);
    for (double weight = 0; weight <= 1; weight += 0.125) {
        assert_int_equal(ff_runway_seam_mix(&mixed->picture, &a->picture,
                                            &b->picture, weight), 0);
        /* 0.71 in a plain mean */
        assert_true(detail(mixed) > 0.84 * detail(a));
        assert_true(detail(mixed) < 1.03 * detail(a));
        assert_true(fabs(luma_mean(mixed) - luma_mean(a)) < 0.05);
    }
    free(a);
    free(b);
    free(mixed);
}

static void test_mixed_grain(void **state)
{
    check_mixed_grain(8);
    check_mixed_grain(10);
    check_mixed_grain(16);
}

/* What both show alike stays as it is, and only the one or the other is there at
 * the ends. */
static void test_mixed_alike(void **state)
{
    Film *a = new_film(8), *b = new_film(8), *mixed = new_film(8);

    draw(a, 0, unchanged);
    add_noise(a, 1);
    for (double weight = 0; weight <= 1; weight += 0.25) {
        assert_int_equal(ff_runway_seam_mix(&mixed->picture, &a->picture,
                                            &a->picture, weight), 0);
        assert_memory_equal(mixed->samples, a->samples, WIDTH * HEIGHT * 3 / 2);
    }
    draw(b, 1, lit);
    assert_int_equal(ff_runway_seam_mix(&mixed->picture, &a->picture,
                                        &b->picture, 1), 0);
    assert_memory_equal(mixed->samples, b->samples, WIDTH * HEIGHT * 3 / 2);
    free(a);
    free(b);
    free(mixed);
}

/* A picture smaller than the grid has blocks without a pixel; one that is gray
 * has no chroma. */
static void test_odd_pictures(void **state)
{
    uint8_t y[9 * 7];
    RunwaySeamPicture p = {
        .data = { y, NULL, NULL }, .stride = { 9 }, .width = 9, .height = 7,
        .bits = 8, .gray = 1,
    };
    RunwaySeamGrid grid;
    RunwaySeam seam = { .curve = { 0 } };

    memset(y, 77, sizeof(y));
    ff_runway_seam_measure(&grid, &p);
    assert_true(grid.mean[1][0] == 128);
    for (int i = 0; i < RUNWAY_SEAM_KNOTS; i++)
        seam.curve[i] = 10;
    assert_int_equal(ff_runway_seam_apply(&seam, 1, &p), 0);
    for (size_t i = 0; i < sizeof(y); i++)
        assert_int_equal(y[i], 87);
    assert_int_equal(ff_runway_seam_mix(&p, &p, &p, 0.5), 0);
    for (size_t i = 0; i < sizeof(y); i++)
        assert_int_equal(y[i], 87);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tone),
        cmocka_unit_test(test_light),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_nothing_to_correct),
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_one_frame),
        cmocka_unit_test(test_unlike),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_inset),
        cmocka_unit_test(test_shake),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_many_cuts),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_one_level),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_fades),
        cmocka_unit_test(test_strength),
        cmocka_unit_test(test_mixed_grain),
        cmocka_unit_test(test_mixed_alike),
        cmocka_unit_test(test_odd_pictures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
