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

/* Samples are rounded by this pattern, of 64ths, so that a slow ramp has no
 * steps. */
static const uint8_t dither[4][4] = {
    {  2, 34, 10, 42 }, { 50, 18, 58, 26 },
    { 14, 46,  6, 38 }, { 62, 30, 54, 22 },
};

/* How much of the detail's power that a mix lacks is given back: with all of it
 * edges that do not lie on each other would be seen; how much stronger it may
 * become, and variance of it, levels of 255, that is nothing but rounding. */
#define DETAIL_BACK     0.5f
#define DETAIL_GAIN_MAX 1.4142f
#define DETAIL_NOTHING  0.1f

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
                        const float *field, double scale)
{
    p->field  = field;
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

/* Begin a line with the field. */
static void begin_line(Plane *p, int y)
{
    const float *restrict above = p->above, *restrict below = p->below;
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
        sum[x] = above[x] + down * (below[x] - above[x]);
}

static void widen(float *restrict to, const uint8_t *restrict row, int width,
                  int wide)
{
    if (wide)
        for (int x = 0; x < width; x++)
            to[x] = ((const uint16_t *)row)[x];
    else
        for (int x = 0; x < width; x++)
            to[x] = row[x];
}

static void end_line(const Plane *p, uint8_t *restrict row, int bits,
                     const float *restrict rounding)
{
    const float *restrict sum = p->sum;
    const int max = (1 << bits) - 1, wide = bits > 8;

    for (int x = 0; x < p->width; x++) {
        int value = (int)(sum[x] + rounding[x]);

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
    begin_plane(p, picture, 0, seam->field[0], strength * unit);
    for (int y = 0; y < p->height; y++) {
        uint8_t *row = picture->data[0] + (ptrdiff_t)y * picture->stride[0];

        begin_line(p, y);
        for (int x = 0; x < p->width; x++)
            p->sum[x] += curve[wide ? ((const uint16_t *)row)[x] & max : row[x]];
        end_line(p, row, picture->bits, p->rounding[y & 3]);
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
        begin_plane(&planes[i], picture, i + 1, seam->field[i + 1],
                    strength * (1 << (bits - 8)));
    for (int y = 0; y < planes[0].height; y++) {
        uint8_t *rows[2];

        for (int i = 0; i < 2; i++) {
            rows[i] = picture->data[i + 1] +
                      (ptrdiff_t)y * picture->stride[i + 1];
            begin_line(&planes[i], y);
            widen(planes[i].from, rows[i], planes[i].width, bits > 8);
        }
        for (int i = 0; i < 2; i++) {
            add_chroma(&planes[i], seam->chroma[i], strength, bits,
                       planes[i].from, u, v);
            end_line(&planes[i], rows[i], bits, planes[i].rounding[y & 3]);
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

/* Two pictures that become one, line by line. */
typedef struct Mix {
    const RunwaySeamPicture *from[2];
    float part[2];              /* of each */
    int width, height, wide;    /* of the present plane, and its samples' size */
    float *own[2];              /* lines: of each */
    float *above, *below, *sum; /* around one of these, and of all three */
    float *detail[2];           /* what each has over its surroundings */
    float *power[2];            /* of the mix's detail, and the difference's */
    float *rounding;
} Mix;

static int create_mix(Mix *m, int width)
{
    float **const lines[] = {
        &m->own[0], &m->own[1], &m->above, &m->below, &m->sum, &m->detail[0],
        &m->detail[1], &m->power[0], &m->power[1], &m->rounding,
    };
    const size_t nb = sizeof(lines) / sizeof(*lines);
    float *all = calloc(nb * (size_t)width, sizeof(*all));

    for (size_t i = 0; all && i < nb; i++)
        *lines[i] = all + i * (size_t)width;
    return all ? 0 : -1;
}

static void read_line(const Mix *m, float *line, int i, int plane, int y)
{
    const RunwaySeamPicture *p = m->from[i];

    y = y < 0 ? 0 : y < m->height ? y : m->height - 1;
    widen(line, p->data[plane] + (ptrdiff_t)y * p->stride[plane], m->width,
          m->wide);
}

/* With the line itself at hand. */
static void find_detail(const Mix *m, int i, int y)
{
    const float *restrict own = m->own[i];
    const float *restrict above = m->above, *restrict below = m->below;
    float *restrict sum = m->sum, *restrict detail = m->detail[i];

    read_line(m, m->above, i, 0, y - 1);
    read_line(m, m->below, i, 0, y + 1);
    for (int x = 0; x < m->width; x++)
        sum[x] = above[x] + own[x] + below[x];
    for (int x = 1; x < m->width - 1; x++)
        detail[x] = own[x] - (sum[x - 1] + sum[x] + sum[x + 1]) / 9;
}

static void find_lines(const Mix *m, int plane, int y)
{
    for (int i = 0; i < 2; i++) {
        read_line(m, m->own[i], i, plane, y);
        if (!plane)
            find_detail(m, i, y);
    }
}

static void add_power(const Mix *m)
{
    const float *restrict a = m->detail[0], *restrict b = m->detail[1];
    float *restrict mix = m->power[0], *restrict off = m->power[1];

    for (int x = 0; x < m->width; x++) {
        float mixed = m->part[0] * a[x] + m->part[1] * b[x];

        mix[x] += mixed * mixed;
        off[x] += (a[x] - b[x]) * (a[x] - b[x]);
    }
}

/* What is added to the mix's detail, as a part of it, in each block: it lacks the
 * power that both pictures have, each by its part. Where they agree, nothing. */
static void find_gain(const Mix *m, float *gain)
{
    const float unit = (float)(1 << (m->from[0]->bits - 8));
    const float nothing = DETAIL_NOTHING * unit * unit;

    for (int row = 0; row < ROWS; row++) {
        int y0 = row * m->height / ROWS, y1 = (row + 1) * m->height / ROWS;

        memset(m->power[0], 0, (size_t)m->width * sizeof(float));
        memset(m->power[1], 0, (size_t)m->width * sizeof(float));
        for (int y = y0; y < y1; y++) {
            find_lines(m, 0, y);
            add_power(m);
        }
        for (int i = 0; i < COLUMNS; i++) {
            int x0 = i * m->width / COLUMNS, x1 = (i + 1) * m->width / COLUMNS;
            float mix = nothing * (float)((x1 - x0) * (y1 - y0)) + 1e-6f;
            float off = 0;

            for (int x = x0; x < x1; x++) {
                mix += m->power[0][x];
                off += m->power[1][x];
            }
            off *= DETAIL_BACK * m->part[0] * m->part[1];
            off  = sqrtf(1 + off / mix);
            gain[row * COLUMNS + i] = fminf(off, DETAIL_GAIN_MAX) - 1;
        }
    }
}

/* gain is luma's, and none is chroma's. */
static void mix_plane(const Mix *m, const RunwaySeamPicture *to, int plane,
                      Plane *gain)
{
    const float *restrict a = m->own[0], *restrict b = m->own[1];
    const float *restrict da = m->detail[0], *restrict db = m->detail[1];
    const float part_a = m->part[0], part_b = m->part[1];
    float *restrict sum = gain->sum;

    for (int y = 0; y < m->height; y++) {
        find_lines(m, plane, y);
        begin_line(gain, y);
        for (int x = 0; x < m->width; x++) {
            sum[x] = part_a * a[x] + part_b * b[x] +
                     sum[x] * (part_a * da[x] + part_b * db[x]);
            /* even over any part of a picture, and not the correction's: what is
             * a level apart would else change all at once, half way */
            m->rounding[x] = (float)((145 * y + 193 * x) & 255) / 256;
        }
        end_line(gain, to->data[plane] + (ptrdiff_t)y * to->stride[plane],
                 to->bits, m->rounding);
    }
}

int ff_runway_seam_mix(const RunwaySeamPicture *to, const RunwaySeamPicture *a,
                       const RunwaySeamPicture *b, double weight)
{
    float gain[RUNWAY_SEAM_BLOCKS], part = (float)lrint(weight * 256) / 256;
    Mix m = { { a, b }, { 1 - part, part }, .wide = to->bits > 8 };
    Plane p = { 0 };
    int ret = -1;

    if (create_plane(&p, to->width) < 0 || create_mix(&m, to->width) < 0)
        goto end;
    for (int plane = 0; plane < (to->gray ? 1 : 3); plane++) {
        begin_plane(&p, to, plane, gain, !plane);
        m.width  = p.width;
        m.height = p.height;
        if (!plane)
            find_gain(&m, gain);
        mix_plane(&m, to, plane, &p);
    }
    ret = 0;
end:
    free(p.above);
    free(m.own[0]);
    return ret;
}
