/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "seam.h"

#define COLUMNS RUNWAY_SEAM_COLUMNS
#define ROWS    RUNWAY_SEAM_ROWS
#define BLOCKS  RUNWAY_SEAM_BLOCKS
#define KNOTS   RUNWAY_SEAM_KNOTS

/* A plane is judged by what most of its blocks are off by: what moves, or was
 * invented, is in few of them. */
#define SHARE 80
/* Levels: a joint that is no worse than this is as good as a step inside a clip.
 * What two encodings of one picture differ by stays below it. */
#define CLOSE 0.5
/* a step of the source that is no motion any more, but another picture; or a
 * smaller one, where there is less in the picture */
#define CUT 10.0
#define CUT_MIN 3.0
/* how much more than the usual block one may count for, and levels of luma of a
 * black one */
#define USUAL 3.0
#define BLACK 20.0
/* a step that is a fade where so much of it is light that comes or goes */
#define FADE 1.0
#define FADE_PART 0.9
/* a plane is corrected where what is left of its joint is at most this part */
#define WORTH 0.6

#define GAIN_MIN  0.67
#define GAIN_MAX  1.5
#define FIELD_MAX 12.0

/* A picture whose levels touch no more knots of the curve than this does not say
 * what it is elsewhere; and how firmly it is held at none there. */
#define FEW  3
#define FIRM 100.0

/* Fitting the curve and the field in turns; each round knows better which blocks
 * to distrust. */
#define ROUNDS 4
/* Levels: blocks that are off by more are distrusted, however well the others
 * agree. Where both pictures show one frame, nothing has moved, and what alone is
 * bright or red is all that tells how such things are drawn. */
#define DOUBT      0.5
#define DOUBT_SAME 12.0
/* how far the field is smoothed, in blocks: wider it would be flat at the edges,
 * where a slope of light goes on; narrower it would explain anything */
#define SOFT 1.2
#define SOFT_REACH 4

/* Sum of samples from one column to another. */
static uint64_t sum_of(const RunwaySeamPicture *p, int plane, int y, int x0,
                       int x1)
{
    const uint8_t *line = p->data[plane] + (ptrdiff_t)y * p->stride[plane];
    uint32_t sum = 0;   /* of 65536 columns at most */

    if (p->bits > 8)
        for (int x = x0; x < x1; x++)
            sum += ((const uint16_t *)line)[x];
    else
        for (int x = x0; x < x1; x++)
            sum += line[x];
    return sum;
}

static int plane_width(const RunwaySeamPicture *p, int plane)
{
    return plane ? -(-p->width >> p->log2_chroma_w) : p->width;
}

static int plane_height(const RunwaySeamPicture *p, int plane)
{
    return plane ? -(-p->height >> p->log2_chroma_h) : p->height;
}

static int nb_planes(const RunwaySeamPicture *p)
{
    return p->gray ? 1 : 3;
}

void ff_runway_seam_measure(RunwaySeamGrid *grid, const RunwaySeamPicture *p)
{
    const double scale = 1.0 / (1 << (p->bits - 8));

    for (int plane = 0; plane < 3; plane++) {
        int w = plane_width(p, plane), h = plane_height(p, plane);

        for (int b = 0; b < BLOCKS; b++) {
            int bx = b % COLUMNS, by = b / COLUMNS;
            int x0 = bx * w / COLUMNS, x1 = (bx + 1) * w / COLUMNS;
            int y0 = by * h / ROWS, y1 = (by + 1) * h / ROWS;
            uint64_t sum = 0;

            if (plane >= nb_planes(p) || x1 <= x0 || y1 <= y0) {
                grid->mean[plane][b] = plane ? 128 : 0;
                continue;
            }
            for (int y = y0; y < y1; y++)
                sum += sum_of(p, plane, y, x0, x1);
            grid->mean[plane][b] = (float)((double)sum * scale / (x1 - x0) /
                                           (y1 - y0));
        }
    }
}

/* How two planes go together, block by block; of one plane, how much is in it. */
static double covariance(const float *x, const float *y)
{
    double sx = 0, sy = 0, xy = 0;

    for (int b = 0; b < BLOCKS; b++) {
        sx += x[b];
        sy += y[b];
        xy += (double)x[b] * y[b];
    }
    return xy - sx * sy / BLOCKS;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* What so many of a hundred blocks are off by at most, whatever the sign. */
static double within(const double *values, int percent)
{
    double sorted[BLOCKS];

    for (int i = 0; i < BLOCKS; i++)
        sorted[i] = fabs(values[i]);
    qsort(sorted, BLOCKS, sizeof(*sorted), compare);
    return sorted[BLOCKS * percent / 100];
}

/* How much a change of the source is in the film: the slope of the one picture
 * over the other. A negative has -1, a night scene less than 1. @return whether
 * there is an answer: a flat picture says nothing */
static int find_slope(double *slope, const float *source, const float *film)
{
    double all = covariance(source, source);

    *slope = all > BLOCKS ? covariance(source, film) / all : 0;
    *slope = fmin(fmax(*slope, -1.5), 1.5);
    return all > BLOCKS;
}

int ff_runway_seam_solve(double *a, double *b, int n)
{
    for (int i = 0; i < n; i++) {
        if (fabs(a[i * n + i]) < 1e-9)
            return 0;
        for (int j = i + 1; j < n; j++) {
            double part = a[j * n + i] / a[i * n + i];

            for (int k = i; k < n; k++)
                a[j * n + k] -= part * a[i * n + k];
            b[j] -= part * b[i];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
    return 1;
}

/* Where a level lies between knots: *part of the way from the answer to the next
 * one. */
static int knot_of(double level, double *part)
{
    double at = fmin(fmax(level, 0), 255) * (KNOTS - 1) / 255;
    int i = (int)at;

    if (i > KNOTS - 2)
        i = KNOTS - 2;
    *part = at - i;
    return i;
}

double ff_runway_seam_curve_at(const double *curve, double level)
{
    double part;
    int i = knot_of(level, &part);

    return curve[i] + part * (curve[i + 1] - curve[i]);
}

/* Whether a knot is more than one further than all levels of a picture that has
 * few of them: in black, in a flash, nothing is said of how the film goes on. */
static int is_far(const int *seen, int knot)
{
    int nb = 0;

    for (int i = 0; i < KNOTS; i++) {
        if (seen[i] && abs(i - knot) < 2)
            return 0;
        nb += seen[i];
    }
    return nb <= FEW;
}

/* A curve that turns each film level into the wanted one, smooth where little is
 * known. */
static void fit_curve(double *curve, const float *film, const double *wanted,
                      const double *weight)
{
    double a[KNOTS * KNOTS] = { 0 }, distance = 255.0 / (KNOTS - 1);
    int seen[KNOTS] = { 0 };

    memset(curve, 0, KNOTS * sizeof(*curve));
    for (int b = 0; b < BLOCKS; b++) {
        double part;
        int i = knot_of(film[b], &part);

        a[i * KNOTS + i]           += weight[b] * (1 - part) * (1 - part);
        a[i * KNOTS + i + 1]       += weight[b] * part * (1 - part);
        a[(i + 1) * KNOTS + i]     += weight[b] * part * (1 - part);
        a[(i + 1) * KNOTS + i + 1] += weight[b] * part * part;
        seen[i] = seen[i + 1] = 1;
        curve[i]     += weight[b] * (1 - part) * wanted[b];
        curve[i + 1] += weight[b] * part * wanted[b];
    }
    for (int i = 0; i < KNOTS; i++) {
        static const double second[3] = { 1, -2, 1 };

        if (i + 1 < KNOTS) {    /* a little: level where nothing is known */
            double stiff = 0.1;

            a[i * KNOTS + i]           += stiff;
            a[(i + 1) * KNOTS + i + 1] += stiff;
            a[i * KNOTS + i + 1]       -= stiff;
            a[(i + 1) * KNOTS + i]     -= stiff;
        }
        if (is_far(seen, i))
            a[i * KNOTS + i] += FIRM;
        for (int j = 0; i + 2 < KNOTS && j < 9; j++)
            a[(i + j / 3) * KNOTS + i + j % 3] +=
                4 * second[j / 3] * second[j % 3];
    }
    ff_runway_seam_solve(a, curve, KNOTS);
    for (int i = 1; i < KNOTS; i++)
        curve[i] = curve[i - 1] +
                   fmin(fmax(curve[i] - curve[i - 1],
                             (GAIN_MIN - 1) * distance),
                        (GAIN_MAX - 1) * distance);
}

/* A constant and parts of both chroma planes, held back where they are flat. */
static void fit_chroma(double *chroma, const RunwaySeamGrid *film,
                       const double *wanted, const double *weight)
{
    double a[9] = { 0, 0, 0, 0, 2000, 0, 0, 0, 2000 };

    memset(chroma, 0, 3 * sizeof(*chroma));
    a[0] = 1;
    for (int b = 0; b < BLOCKS; b++) {
        const double x[3] = { 1, film->mean[1][b] - 128, film->mean[2][b] - 128 };

        for (int i = 0; i < 9; i++)
            a[i] += weight[b] * x[i / 3] * x[i % 3];
        for (int i = 0; i < 3; i++)
            chroma[i] += weight[b] * x[i] * wanted[b];
    }
    ff_runway_seam_solve(a, chroma, 3);
    for (int i = 1; i < 3; i++)
        chroma[i] = fmin(fmax(chroma[i], GAIN_MIN - 1), GAIN_MAX - 1);
}

static double corrected_by(const RunwaySeam *seam, const RunwaySeamGrid *film,
                           int plane, int b)
{
    const double *c = seam->chroma[plane ? plane - 1 : 0];

    return !plane ? ff_runway_seam_curve_at(seam->curve, film->mean[0][b])
                  : c[0] + c[1] * (film->mean[1][b] - 128) +
                    c[2] * (film->mean[2][b] - 128);
}

/* The soft part of what is left. */
static void smooth(float *field, const double *left, const double *weight)
{
    double bell[SOFT_REACH + 1];

    for (int i = 0; i <= SOFT_REACH; i++)
        bell[i] = exp(-i * i / (2 * SOFT * SOFT));
    for (int b = 0; b < BLOCKS; b++) {
        double sum = 0, all = 1e-3;

        for (int y = -SOFT_REACH; y <= SOFT_REACH; y++) {
            for (int x = -SOFT_REACH; x <= SOFT_REACH; x++) {
                int bx = b % COLUMNS + x, by = b / COLUMNS + y;
                double w;

                if (bx < 0 || bx >= COLUMNS || by < 0 || by >= ROWS)
                    continue;
                w = bell[abs(x)] * bell[abs(y)] * weight[by * COLUMNS + bx];
                sum += w * left[by * COLUMNS + bx];
                all += w;
            }
        }
        field[b] = (float)fmin(fmax(sum / all, -FIELD_MAX), FIELD_MAX);
    }
}

static void fit_plane(RunwaySeam *seam, const RunwaySeamGrid *film, int plane,
                      const double *off, double doubt, double *left)
{
    double weight[BLOCKS], wanted[BLOCKS];

    for (int b = 0; b < BLOCKS; b++)
        weight[b] = 1;
    for (int round = 0; round < ROUNDS; round++) {
        double limit;

        for (int b = 0; b < BLOCKS; b++)
            wanted[b] = off[b] - seam->field[plane][b];
        if (plane)
            fit_chroma(seam->chroma[plane - 1], film, wanted, weight);
        else
            fit_curve(seam->curve, film->mean[0], wanted, weight);
        for (int b = 0; b < BLOCKS; b++)
            wanted[b] = off[b] - corrected_by(seam, film, plane, b);
        smooth(seam->field[plane], wanted, weight);
        for (int b = 0; b < BLOCKS; b++)
            left[b] = wanted[b] - seam->field[plane][b];
        /* what is far off has moved, or was never there: Tukey's weights */
        limit = fmax(4 * within(left, 50), doubt);
        for (int b = 0; b < BLOCKS; b++) {
            double u = left[b] / limit;

            weight[b] = fabs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
        }
    }
}

/* Fit a plane, and keep that only where it helps. @return whether it does */
static int correct_plane(RunwaySeam *seam, const RunwaySeamGrid *film,
                         int plane, const double *off, double doubt)
{
    double left[BLOCKS];

    fit_plane(seam, film, plane, off, doubt, left);
    if (within(left, SHARE) < WORTH * within(off, SHARE))
        return 1;
    memset(seam->field[plane], 0, sizeof(seam->field[plane]));
    if (plane)
        memset(seam->chroma[plane - 1], 0, sizeof(seam->chroma[plane - 1]));
    else
        memset(seam->curve, 0, sizeof(seam->curve));
    return 0;
}

/* Whether luma goes to or from black or white: each block by its distance from
 * that. */
static int fades(const float *before, const double *moved)
{
    static const double ends[] = { 16, 235 };
    double change = 0;

    for (int b = 0; b < BLOCKS; b++)
        change += moved[b] * moved[b];
    for (int i = 0; i < 2 && change > FADE * FADE * BLOCKS; i++) {
        double mx = 0, xx = 0;

        for (int b = 0; b < BLOCKS; b++) {
            double x = before[b] - ends[i];

            mx += moved[b] * x;
            xx += x * x;
        }
        if (mx * mx > FADE_PART * change * xx)
            return 1;
    }
    return 0;
}

/* A block of a plane where a picture has been moved by halves of blocks, or the
 * nearest one at its edges. */
static double block_at(const float *mean, int x, int y)
{
    int right, down;

    x     = x < 0 ? 0 : x < 2 * COLUMNS - 2 ? x : 2 * COLUMNS - 2;
    y     = y < 0 ? 0 : y < 2 * ROWS - 2 ? y : 2 * ROWS - 2;
    right = x % 2;              /* between two blocks */
    down  = y % 2 * COLUMNS;
    mean += y / 2 * COLUMNS + x / 2;
    return (mean[0] + mean[right] + mean[down] + mean[right + down]) / 4;
}

/* How much the blocks of a plane change where what was before is moved. A title
 * or bars that appear are in few: none counts for much more than what half of
 * them change by at most, those that are black before and behind left out. */
static double change_of(const RunwaySeamGrid *before,
                        const RunwaySeamGrid *behind, int plane, int dx, int dy)
{
    double moved[BLOCKS], usual[BLOCKS], sum = 0;
    int nb = 0;

    for (int b = 0; b < BLOCKS; b++) {
        moved[b] = fabs(behind->mean[plane][b] -
                        block_at(before->mean[plane], 2 * (b % COLUMNS) + dx,
                                 2 * (b / COLUMNS) + dy));
        if (before->mean[0][b] > BLACK || behind->mean[0][b] > BLACK)
            usual[nb++] = moved[b];
    }
    if (!nb)
        return 0;
    qsort(usual, (size_t)nb, sizeof(*usual), compare);
    for (int b = 0; b < BLOCKS; b++) {
        double by = fmin(moved[b], USUAL * usual[nb / 2]);

        sum += by * by;
    }
    return sum;
}

/* Whether the source becomes another picture, and is not the same one that moves,
 * by a block at most: a hand that shakes, or a fast pan. */
static int cuts(const RunwaySeamGrid *before, const RunwaySeamGrid *behind)
{
    double detail = 0, most;

    for (int p = 0; p < 3; p++)
        detail += covariance(before->mean[p], before->mean[p]);
    most = fmin(CUT * CUT * BLOCKS, fmax(detail, CUT_MIN * CUT_MIN * BLOCKS));
    for (int i = 0; i < 25; i++) {
        /* of a block: what does not move is seen at once */
        static const int halves[5] = { 0, 1, -1, 2, -2 };
        double all = 0;

        for (int p = 0; p < 3; p++)
            all += change_of(before, behind, p, halves[i % 5], halves[i / 5]);
        if (all <= most)
            return 0;
    }
    return 1;
}

void ff_runway_seam_watch(RunwaySeamWatch *watch, const RunwaySeamGrid *look,
                          int64_t time)
{
    if (watch->seen++ && cuts(&watch->last, look)) {
        int i = 0;

        while (i < watch->nb_cuts && cuts(&watch->before[i], look))
            i++;
        if (i < watch->nb_cuts) {
            watch->nb_cuts = i;
            watch->back    = time;
        } else {
            if (i == RUNWAY_SEAM_CUTS) {
                i--;
                memmove(watch->cuts, watch->cuts + 1,
                        (size_t)i * sizeof(*watch->cuts));
                memmove(watch->before, watch->before + 1,
                        (size_t)i * sizeof(*watch->before));
            }
            watch->before[i] = watch->last;
            watch->cuts[i]   = time;
            watch->nb_cuts   = i + 1;
        }
    }
    watch->last = *look;
}

RunwaySeamFit ff_runway_seam_fit(RunwaySeam *seam,
                                 const RunwaySeamGrid *const source[2],
                                 const RunwaySeamGrid *const film[2])
{
    double off[BLOCKS], moved[3][BLOCKS];
    const double doubt = source[0] == source[1] ? DOUBT_SAME : DOUBT;
    RunwaySeamFit fit = RUNWAY_SEAM_CLOSE;

    for (int p = 0; p < 3; p++)
        for (int b = 0; b < BLOCKS; b++)
            moved[p][b] = source[1]->mean[p][b] - source[0]->mean[p][b];
    if (cuts(source[0], source[1]) || fades(source[0]->mean[0], moved[0]))
        return RUNWAY_SEAM_CUT;
    memset(seam, 0, sizeof(*seam));
    for (int p = 0; p < 3; p++) {
        double k;
        int is_known = find_slope(&k, source[0]->mean[p], film[0]->mean[p]);

        for (int b = 0; b < BLOCKS; b++)
            off[b] = film[0]->mean[p][b] - film[1]->mean[p][b] +
                     k * moved[p][b];
        if (within(off, SHARE) < CLOSE)
            continue;
        if ((is_known || within(moved[p], SHARE) < CLOSE) &&
            correct_plane(seam, film[1], p, off, doubt))
            fit = RUNWAY_SEAM_MATCHED;
        else if (fit == RUNWAY_SEAM_CLOSE)
            fit = RUNWAY_SEAM_UNLIKE;
    }
    return fit;
}

double ff_runway_seam_strength(int64_t time, int64_t length)
{
    double fade = (double)(length < RUNWAY_SEAM_FADE ? length
                                                     : RUNWAY_SEAM_FADE);
    double t = (double)time / fade;

    if (time <= 0)
        return 1;
    if (time >= fade)
        return 0;
    /* Without a jump in speed or in its change at either end, and later rather
     * than sooner: beside the joint a change of look is seen, not in the clip. */
    return 1 - t * t * t * t * (15 + t * (10 * t - 24));
}
