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
                   (int32_t)lrint(scale *
                                  ff_runway_seam_curve_at(seam->curve,
                                                          i / unit));
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
    const int w = -(-p->width >> p->log2_chroma_w);
    const int h = -(-p->height >> p->log2_chroma_h);
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
