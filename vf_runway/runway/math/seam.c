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
#define MOST 80
/* Levels: a joint that is no worse than this is as good as a step inside a clip.
 * What two encodings of one picture differ by stays below it. */
#define CLOSE 0.5
/* a step of the source that is no motion any more, but another picture */
#define CUT 10.0
/* a step that is a fade where so much of it is light that comes or goes */
#define FADE 1.0
#define FADE_PART 0.9
/* a plane is corrected where what is left of its joint is at most this part */
#define WORTH 0.6

#define GAIN_MIN  0.67
#define GAIN_MAX  1.5
#define FIELD_MAX 12.0

/* Fitting the curve and the field in turns; each round knows better which blocks
 * to distrust. */
#define ROUNDS 4
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

/* --- fitting ------------------------------------------------------------- */

static double rms(const double *values, int nb)
{
    double sum = 0;

    for (int i = 0; i < nb; i++)
        sum += values[i] * values[i];
    return sqrt(sum / nb);
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
 * over the other. A negative has -1, a night scene less than 1. */
static double slope(const float *source, const float *film)
{
    double s = 0, f = 0, ss = 0, sf = 0, k;

    for (int b = 0; b < BLOCKS; b++) {
        s += source[b];
        f += film[b];
    }
    for (int b = 0; b < BLOCKS; b++) {
        double ds = source[b] - s / BLOCKS;

        ss += ds * ds;
        sf += ds * (film[b] - f / BLOCKS);
    }
    /* a flat picture says nothing */
    k = ss > BLOCKS ? sf / ss : 0;
    return fmin(fmax(k, -1.5), 1.5);
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

static double curve_at(const double *curve, double level)
{
    double part;
    int i = knot_of(level, &part);

    return curve[i] + part * (curve[i + 1] - curve[i]);
}

/* A curve that turns each film level into the wanted one, smooth where little is
 * known. */
static void fit_curve(double *curve, const float *film, const double *wanted,
                      const double *weight)
{
    double a[KNOTS * KNOTS] = { 0 }, distance = 255.0 / (KNOTS - 1);

    memset(curve, 0, KNOTS * sizeof(*curve));
    for (int b = 0; b < BLOCKS; b++) {
        double part;
        int i = knot_of(film[b], &part);

        a[i * KNOTS + i]           += weight[b] * (1 - part) * (1 - part);
        a[i * KNOTS + i + 1]       += weight[b] * part * (1 - part);
        a[(i + 1) * KNOTS + i]     += weight[b] * part * (1 - part);
        a[(i + 1) * KNOTS + i + 1] += weight[b] * part * part;
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

    return !plane ? curve_at(seam->curve, film->mean[0][b])
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
                      const double *off, double *left)
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
        limit = fmax(4 * within(left, 50), 0.5);
        for (int b = 0; b < BLOCKS; b++) {
            double u = left[b] / limit;

            weight[b] = fabs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
        }
    }
}

/* Fit a plane, and keep that only where it helps. @return whether it does */
static int correct_plane(RunwaySeam *seam, const RunwaySeamGrid *film,
                         int plane, const double *off)
{
    double left[BLOCKS];

    fit_plane(seam, film, plane, off, left);
    if (within(left, MOST) < WORTH * within(off, MOST))
        return 1;
    memset(seam->field[plane], 0, sizeof(seam->field[plane]));
    if (plane)
        memset(seam->chroma[plane - 1], 0, sizeof(seam->chroma[plane - 1]));
    else
        memset(seam->curve, 0, sizeof(seam->curve));
    return 0;
}

/* Whether the source becomes another picture, or goes to or from black or white:
 * each block by its distance from that. */
static int cuts_or_fades(const float *before, const float *behind)
{
    static const double ends[] = { 16, 235 };
    double moved[BLOCKS], step;

    for (int b = 0; b < BLOCKS; b++)
        moved[b] = behind[b] - before[b];
    step = rms(moved, BLOCKS);
    for (int i = 0; i < 2 && step > FADE; i++) {
        double mm = BLOCKS * step * step, mx = 0, xx = 0;

        for (int b = 0; b < BLOCKS; b++) {
            double x = before[b] - ends[i];

            mx += moved[b] * x;
            xx += x * x;
        }
        if (mx * mx > FADE_PART * mm * xx)
            return 1;
    }
    return step > CUT;
}

RunwaySeamFit ff_runway_seam_fit(RunwaySeam *seam,
                                 const RunwaySeamGrid *const source[2],
                                 const RunwaySeamGrid *const film[2])
{
    double off[3][BLOCKS];
    RunwaySeamFit fit = RUNWAY_SEAM_CLOSE;

    if (cuts_or_fades(source[0]->mean[0], source[1]->mean[0]))
        return RUNWAY_SEAM_CUT;
    memset(seam, 0, sizeof(*seam));
    for (int p = 0; p < 3; p++) {
        double k = slope(source[0]->mean[p], film[0]->mean[p]);

        for (int b = 0; b < BLOCKS; b++)
            off[p][b] = film[0]->mean[p][b] - film[1]->mean[p][b] +
                        k * (source[1]->mean[p][b] - source[0]->mean[p][b]);
        if (within(off[p], MOST) < CLOSE)
            continue;
        if (correct_plane(seam, film[1], p, off[p]))
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
    /* without a jump in speed or in its change at either end */
    return 1 - t * t * t * (10 + t * (6 * t - 15));
}

/* --- applying ------------------------------------------------------------ */

/* Samples are computed in 64ths, and rounded by this pattern, so that a slow
 * ramp has no steps. */
#define POINT 6

static const uint8_t dither[4][4] = {
    {  2, 34, 10, 42 }, { 50, 18, 58, 26 },
    { 14, 46,  6, 38 }, { 62, 30, 54, 22 },
};

/* What a line of a picture needs: the field between block centres, in 64ths of a
 * sample. */
typedef struct Line {
    int32_t *field;
    int32_t *part;              ///< for each column, how far it is from the block
                                ///< left of it to the next one, of 256
    int begin[COLUMNS];         ///< the first column of each block, and the end
} Line;

static int create_line(Line *line, int width)
{
    line->field = malloc(2 * (size_t)width * sizeof(*line->field));
    if (!line->field)
        return -1;
    line->part = line->field + width;
    return 0;
}

/* Where a row or column lies between block centres. */
static int place(int at, int size, int blocks, double *part)
{
    double where = fmin(fmax((at + 0.5) * blocks / size - 0.5, 0), blocks - 1);
    int block = (int)where;

    if (block > blocks - 2)
        block = blocks - 2;
    *part = where - block;
    return block;
}

static void set_columns(Line *line, int width)
{
    int next = 0;

    for (int x = 0; x < width; x++) {
        double part;
        int block = place(x, width, COLUMNS, &part);

        while (next <= block)
            line->begin[next++] = x;
        line->part[x] = (int32_t)lrint(part * 255);
    }
    while (next < COLUMNS)
        line->begin[next++] = width;
}

static void set_field(Line *line, const float *field, double scale, int y,
                      int height)
{
    int32_t row[COLUMNS];
    double part;
    int block = place(y, height, ROWS, &part);

    for (int i = 0; i < COLUMNS; i++) {
        const float *at = field + block * COLUMNS + i;

        row[i] = (int32_t)lrint((at[0] + part * (at[COLUMNS] - at[0])) * scale);
    }
    for (int b = 0; b < COLUMNS - 1; b++) {
        const int32_t from = row[b], step = row[b + 1] - row[b];

        for (int x = line->begin[b]; x < line->begin[b + 1]; x++)
            line->field[x] = from + ((step * line->part[x]) >> 8);
    }
}

static int get(const uint8_t *line, int x, int wide)
{
    return wide ? ((const uint16_t *)line)[x] : line[x];
}

static void put(uint8_t *line, int x, int wide, int value, int max)
{
    value >>= POINT;
    value = value < 0 ? 0 : value > max ? max : value;
    if (wide)
        ((uint16_t *)line)[x] = (uint16_t)value;
    else
        line[x] = (uint8_t)value;
}

static int apply_luma(const RunwaySeam *seam, double strength,
                      const RunwaySeamPicture *p, Line *line)
{
    const int max = (1 << p->bits) - 1, wide = p->bits > 8;
    const double unit = 1 << (p->bits - 8);
    const double scale = strength * unit * (1 << POINT);
    int32_t *curve = malloc(((size_t)max + 1) * sizeof(*curve));

    if (!curve)
        return -1;
    for (int i = 0; i <= max; i++)
        curve[i] = (i << POINT) +
                   (int32_t)lrint(curve_at(seam->curve, i / unit) * scale);
    set_columns(line, p->width);
    for (int y = 0; y < p->height; y++) {
        uint8_t *row = p->data[0] + (ptrdiff_t)y * p->stride[0];

        set_field(line, seam->field[0], scale, y, p->height);
        for (int x = 0; x < p->width; x++)
            put(row, x, wide, curve[get(row, x, wide) & max] + line->field[x] +
                              dither[y & 3][x & 3], max);
    }
    free(curve);
    return 0;
}

/* Parts of chroma are multiplied in so many bits. */
#define PART 12

static void apply_chroma(const RunwaySeam *seam, double strength,
                         const RunwaySeamPicture *p, Line *u_line, Line *v_line)
{
    const int max = (1 << p->bits) - 1, wide = p->bits > 8;
    const int w = plane_width(p, 1), h = plane_height(p, 1);
    const int gray = 1 << (p->bits - 1);
    const double scale = strength * (1 << (p->bits - 8)) * (1 << POINT);
    int32_t constant[2], part[2][2];

    for (int i = 0; i < 2; i++) {
        constant[i] = (int32_t)lrint(seam->chroma[i][0] * scale);
        for (int j = 0; j < 2; j++)
            part[i][j] = (int32_t)lrint(seam->chroma[i][j + 1] * strength *
                                        (1 << PART));
    }
    set_columns(u_line, w);
    set_columns(v_line, w);
    for (int y = 0; y < h; y++) {
        uint8_t *u_row = p->data[1] + (ptrdiff_t)y * p->stride[1];
        uint8_t *v_row = p->data[2] + (ptrdiff_t)y * p->stride[2];

        set_field(u_line, seam->field[1], scale, y, h);
        set_field(v_line, seam->field[2], scale, y, h);
        for (int x = 0; x < w; x++) {
            int u = get(u_row, x, wide), v = get(v_row, x, wide);
            int du = u - gray, dv = v - gray, round = dither[y & 3][x & 3];

            put(u_row, x, wide, (u << POINT) + constant[0] + u_line->field[x] +
                ((part[0][0] * du + part[0][1] * dv) >> (PART - POINT)) + round,
                max);
            put(v_row, x, wide, (v << POINT) + constant[1] + v_line->field[x] +
                ((part[1][0] * du + part[1][1] * dv) >> (PART - POINT)) + round,
                max);
        }
    }
}

int ff_runway_seam_apply(const RunwaySeam *seam, double strength,
                         const RunwaySeamPicture *p)
{
    Line a = { 0 }, b = { 0 };
    int ret = -1;

    if (create_line(&a, p->width) < 0 || create_line(&b, p->width) < 0)
        goto end;
    ret = apply_luma(seam, strength, p, &a);
    if (!ret && !p->gray)
        apply_chroma(seam, strength, p, &a, &b);
end:
    free(a.field);
    free(b.field);
    return ret;
}
