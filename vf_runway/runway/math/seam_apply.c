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

#include "seam.h"

#define COLUMNS RUNWAY_SEAM_COLUMNS
#define ROWS    RUNWAY_SEAM_ROWS

/* Samples are rounded by this pattern, of 64ths, so that a slow ramp has no
 * steps. */
static const uint8_t dither[4][4] = {
    {  2, 34, 10, 42 }, { 50, 18, 58, 26 },
    { 14, 46,  6, 38 }, { 62, 30, 54, 22 },
};

/* A plane that is corrected line by line: lines of floats, in its own samples,
 * and loops that a compiler makes vectors of. */
typedef struct Plane {
    const float *field;
    double scale;               /* what makes samples of it */
    int width, height;
    int block;                  /* row of blocks that these are of, or -1 */
    float *above;               /* the field at its centre */
    float *below;               /* and at the next one's */
    float *sum;                 /* what the line is to be */
    float *from;                /* what it was */
    float *rounding[4];         /* of each fourth line */
} Plane;

static int create_plane(Plane *p, int width)
{
    float *all = malloc(8 * (size_t)width * sizeof(*all));

    if (!all)
        return -1;
    p->above = all;
    p->below = p->above + width;
    p->sum   = p->below + width;
    p->from  = p->sum   + width;
    for (int i = 0; i < 4; i++) {
        p->rounding[i] = p->from + (ptrdiff_t)width * (i + 1);
        for (int x = 0; x < width; x++)
            p->rounding[i][x] = dither[i][x & 3] / 64.0f;
    }
    return 0;
}

static void begin_plane(Plane *p, const RunwaySeamPicture *picture, int plane,
                        const RunwaySeam *seam, double scale)
{
    p->field  = seam->field[plane];
    p->scale  = scale;
    p->width  = plane ? -(-picture->width >> picture->log2_chroma_w)
                      : picture->width;
    p->height = plane ? -(-picture->height >> picture->log2_chroma_h)
                      : picture->height;
    p->block  = -1;
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

static void set_field(const Plane *p, float *line, int row)
{
    const float *field = p->field + (ptrdiff_t)row * COLUMNS;

    for (int x = 0; x < p->width; x++) {
        double part;
        int i = place(x, p->width, COLUMNS, &part);

        line[x] = (float)(p->scale *
                          (field[i] + part * (field[i + 1] - field[i])));
    }
}

/* Begin a line with the field, and what makes it round. */
static void begin_line(Plane *p, int y)
{
    const float *restrict above = p->above, *restrict below = p->below;
    const float *restrict rounding = p->rounding[y & 3];
    float *restrict sum = p->sum;
    double part;
    int block = place(y, p->height, ROWS, &part);
    const float down = (float)part;

    if (p->block != block) {
        set_field(p, p->above, block);
        set_field(p, p->below, block + 1);
        p->block = block;
    }
    for (int x = 0; x < p->width; x++)
        sum[x] = rounding[x] + above[x] + down * (below[x] - above[x]);
}

static void widen(const Plane *p, const uint8_t *restrict row, int wide)
{
    float *restrict to = p->from;

    if (wide)
        for (int x = 0; x < p->width; x++)
            to[x] = ((const uint16_t *)row)[x];
    else
        for (int x = 0; x < p->width; x++)
            to[x] = row[x];
}

static void end_line(const Plane *p, uint8_t *restrict row, int bits)
{
    const float *restrict sum = p->sum;
    const int max = (1 << bits) - 1, wide = bits > 8;

    for (int x = 0; x < p->width; x++) {
        int value = (int)sum[x];

        value = value < 0 ? 0 : value > max ? max : value;
        if (wide)
            ((uint16_t *)row)[x] = (uint16_t)value;
        else
            row[x] = (uint8_t)value;
    }
}

static int apply_luma(const RunwaySeam *seam, double strength,
                      const RunwaySeamPicture *picture, Plane *p)
{
    const int max = (1 << picture->bits) - 1, wide = picture->bits > 8;
    const double unit = 1 << (picture->bits - 8);
    float *curve = malloc(((size_t)max + 1) * sizeof(*curve));

    if (!curve)
        return -1;
    for (int i = 0; i <= max; i++)
        curve[i] = (float)(i + strength * unit *
                               ff_runway_seam_curve_at(seam->curve, i / unit));
    begin_plane(p, picture, 0, seam, strength * unit);
    for (int y = 0; y < p->height; y++) {
        uint8_t *row = picture->data[0] + (ptrdiff_t)y * picture->stride[0];

        begin_line(p, y);
        for (int x = 0; x < p->width; x++)
            p->sum[x] += curve[wide ? ((const uint16_t *)row)[x] & max : row[x]];
        end_line(p, row, picture->bits);
    }
    free(curve);
    return 0;
}

/* One of both chroma planes: what it was, and parts of both. */
static void add_chroma(Plane *p, const double chroma[3], double strength,
                       int bits, const float *restrict own,
                       const float *restrict u, const float *restrict v)
{
    const double gray = 1 << (bits - 1);
    const float part_u = (float)(strength * chroma[1]);
    const float part_v = (float)(strength * chroma[2]);
    const float constant = (float)(strength * chroma[0] * (1 << (bits - 8)) -
                                   gray * (part_u + part_v));
    float *restrict sum = p->sum;

    for (int x = 0; x < p->width; x++)
        sum[x] += constant + own[x] + part_u * u[x] + part_v * v[x];
}

static void apply_chroma(const RunwaySeam *seam, double strength,
                         const RunwaySeamPicture *picture, Plane planes[2])
{
    const int bits = picture->bits;
    const float *u = planes[0].from, *v = planes[1].from;

    for (int i = 0; i < 2; i++)
        begin_plane(&planes[i], picture, i + 1, seam,
                    strength * (1 << (bits - 8)));
    for (int y = 0; y < planes[0].height; y++) {
        uint8_t *rows[2];

        for (int i = 0; i < 2; i++) {
            rows[i] = picture->data[i + 1] +
                      (ptrdiff_t)y * picture->stride[i + 1];
            begin_line(&planes[i], y);
            widen(&planes[i], rows[i], bits > 8);
        }
        for (int i = 0; i < 2; i++) {
            add_chroma(&planes[i], seam->chroma[i], strength, bits,
                       planes[i].from, u, v);
            end_line(&planes[i], rows[i], bits);
        }
    }
}

int ff_runway_seam_apply(const RunwaySeam *seam, double strength,
                         const RunwaySeamPicture *picture)
{
    Plane planes[2] = { 0 };
    int ret = -1;

    if (create_plane(planes, picture->width) < 0 ||
        create_plane(&planes[1], picture->width) < 0)
        goto end;
    ret = apply_luma(seam, strength, picture, planes);
    if (!ret && !picture->gray)
        apply_chroma(seam, strength, picture, planes);
end:
    free(planes[0].above);
    free(planes[1].above);
    return ret;
}
