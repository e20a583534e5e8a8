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

#include "align.h"

/* The picture is compared at these sizes, one after the other: what lies far off
 * is found in a small one, the rest of a pixel in a larger one. Columns. */
static const int sizes[] = { 60, 120, 240, 480 };

/* Gauss-Newton in each size, until a step is no more than so much of a pixel */
#define ROUNDS 6
#define NEAR 0.002
/* levels that a pixel may be off by and still be believed */
#define LIMIT 24.0

/* Luma at some size. */
typedef struct Small {
    int width, height;
    float *level;
} Small;

static int get(const RunwaySeamPicture *p, int plane, int x, int y)
{
    const uint8_t *line = p->data[plane] + (ptrdiff_t)y * p->stride[plane];

    return p->bits > 8 ? ((const uint16_t *)line)[x] : line[x];
}

static void shrink(Small *small, const RunwaySeamPicture *p)
{
    const double scale = 1.0 / (1 << (p->bits - 8));

    for (int y = 0; y < small->height; y++) {
        int y0 = (int)((int64_t)y * p->height / small->height);
        int y1 = (int)((int64_t)(y + 1) * p->height / small->height);

        for (int x = 0; x < small->width; x++) {
            int x0 = (int)((int64_t)x * p->width / small->width);
            int x1 = (int)((int64_t)(x + 1) * p->width / small->width);
            int64_t sum = 0;

            for (int j = y0; j < y1; j++)
                for (int i = x0; i < x1; i++)
                    sum += get(p, 0, i, j);
            small->level[y * small->width + x] =
                (float)((double)sum * scale / (x1 - x0) / (y1 - y0));
        }
    }
}

/* What is at a place between pixels, from 0 on. */
static double at(const Small *s, double x, double y)
{
    int i = (int)x, j = (int)y;
    double fx = x - i, fy = y - j;
    const float *p = s->level + (ptrdiff_t)j * s->width + i;

    return (1 - fy) * ((1 - fx) * p[0] + fx * p[1]) +
           fy * ((1 - fx) * p[s->width] + fx * p[s->width + 1]);
}

/* One step nearer. @return whether another one may be worth it */
static int improve(RunwayAlign *align, const Small *reference,
                   const Small *picture)
{
    const int w = picture->width, h = picture->height;
    const double cx = (w - 1) / 2.0, cy = (h - 1) / 2.0;
    double a[9] = { 0 }, b[3] = { 0 };

    for (int y = 2; y < h - 2; y++) {
        for (int x = 2; x < w - 2; x++) {
            /* where the picture has what the reference has here */
            double sx = x - align->dx * w - align->zoom * (x - cx);
            double sy = y - align->dy * w - align->zoom * (y - cy);
            double gx, gy, off, weight, d[3];

            if (sx < 1 || sy < 1 || sx > w - 3 || sy > h - 3)
                continue;
            off = reference->level[y * w + x] - at(picture, sx, sy);
            if (fabs(off) > LIMIT)
                continue;
            gx = (at(picture, sx + 1, sy) - at(picture, sx - 1, sy)) / 2;
            gy = (at(picture, sx, sy + 1) - at(picture, sx, sy - 1)) / 2;
            weight = 1 - off * off / (LIMIT * LIMIT);
            weight *= weight;
            d[0] = -gx * w;
            d[1] = -gy * w;
            d[2] = -gx * (x - cx) - gy * (y - cy);
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++)
                    a[3 * i + j] += weight * d[i] * d[j];
                b[i] += weight * d[i] * off;
            }
        }
    }
    if (!ff_runway_seam_solve(a, b, 3))
        return 0;
    align->dx   += b[0];
    align->dy   += b[1];
    align->zoom += b[2];
    return (fabs(b[0]) + fabs(b[1]) + fabs(b[2])) * w > NEAR;
}

static int is_far(const RunwayAlign *align)
{
    return !(fabs(align->dx) < RUNWAY_ALIGN_MAX &&
             fabs(align->dy) < RUNWAY_ALIGN_MAX &&
             fabs(align->zoom) < 2 * RUNWAY_ALIGN_MAX);
}

int ff_runway_align_fit(RunwayAlign *align, const RunwaySeamPicture *reference,
                        const RunwaySeamPicture *picture)
{
    Small a = { 0 }, b = { 0 };
    int ret = -1;

    memset(align, 0, sizeof(*align));
    for (size_t n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
        if (n && sizes[n] > picture->width)
            break;
        a.width  = b.width = sizes[n] < picture->width ? sizes[n]
                                                       : picture->width;
        a.height = b.height = (int)((int64_t)picture->height * a.width /
                                    picture->width);
        if (a.width < 16 || a.height < 16)
            break;
        free(a.level);
        free(b.level);
        a.level = malloc(sizeof(float) * (size_t)a.width * (size_t)a.height);
        b.level = malloc(sizeof(float) * (size_t)b.width * (size_t)b.height);
        if (!a.level || !b.level)
            goto end;
        shrink(&a, reference);
        shrink(&b, picture);
        for (int i = 0, more = 1; i < ROUNDS && more; i++) {
            more = improve(align, &a, &b);
            if (is_far(align)) {
                memset(align, 0, sizeof(*align));
                break;
            }
        }
    }
    ret = 0;
end:
    free(a.level);
    free(b.level);
    return ret;
}

/* What a row or column is made of: four that follow each other, of a plane whose
 * edges go on to both sides. */
typedef struct Taps {
    int from;               /* the first of the four */
    float weight[4];
} Taps;

/* Catmull-Rom: as sharp as it can be with four samples. */
static void set_taps(Taps *taps, double from)
{
    double whole = floor(from), t = from - whole, tt = t * t, ttt = tt * t;

    taps->from      = (int)whole - 1;
    taps->weight[0] = (float)((-ttt + 2 * tt - t) / 2);
    taps->weight[1] = (float)((3 * ttt - 5 * tt + 2) / 2);
    taps->weight[2] = (float)((-3 * ttt + 4 * tt + t) / 2);
    taps->weight[3] = (float)((ttt - tt) / 2);
}

static int within(int value, int size)
{
    return value < 0 ? 0 : value >= size ? size - 1 : value;
}

/* Where the place i of size was. */
static double place_before(int i, int size, double shift, double zoom)
{
    return i - shift - zoom * (i - (size - 1) / 2.0);
}

/* A plane on its way. Rows are moved across one by one, and four of those make
 * one of the picture; as the picture is moved where it is, each is done before
 * it is overwritten, and kept until the last row that it is part of. */
typedef struct Mover {
    int width, height, max, wide;
    int margin;             /* columns that the edges go on for */
    float *line;            /* one, with margins */
    int32_t *from;          /* for each column the first of its four */
    int32_t *end;           /* of the run of columns that begins with one, whose
                             * sources follow each other */
    float *weight[4];       /* for each column */
    int nb_moved;           /* rows that are kept, moved across */
    float *moved;
} Mover;

static void widen(const Mover *m, const uint8_t *line)
{
    float *to = m->line + m->margin;

    if (m->wide)
        for (int x = 0; x < m->width; x++)
            to[x] = ((const uint16_t *)line)[x];
    else
        for (int x = 0; x < m->width; x++)
            to[x] = line[x];
    for (int x = 1; x <= m->margin; x++) {
        to[-x]               = to[0];
        to[m->width - 1 + x] = to[m->width - 1];
    }
}

static float *moved_row(const Mover *m, int y)
{
    return m->moved + (ptrdiff_t)(y % m->nb_moved) * m->width;
}

/* In loops that a compiler makes vectors of. */
static void move_across(const Mover *m, float *restrict to)
{
    const float *w0 = m->weight[0], *w1 = m->weight[1];
    const float *w2 = m->weight[2], *w3 = m->weight[3];

    for (int x = 0; x < m->width; x = m->end[x]) {
        const float *s = m->line + m->margin + m->from[x] - x;
        const int end = m->end[x];

        for (int i = x; i < end; i++)
            to[i] = w0[i] * s[i] + w1[i] * s[i + 1] + w2[i] * s[i + 2] +
                    w3[i] * s[i + 3];
    }
}

static void move_down(const Mover *m, const Taps *taps, uint8_t *restrict to)
{
    const float *a = moved_row(m, within(taps->from, m->height));
    const float *b = moved_row(m, within(taps->from + 1, m->height));
    const float *c = moved_row(m, within(taps->from + 2, m->height));
    const float *d = moved_row(m, within(taps->from + 3, m->height));
    const float w0 = taps->weight[0], w1 = taps->weight[1];
    const float w2 = taps->weight[2], w3 = taps->weight[3];
    const int max = m->max;

    for (int x = 0; x < m->width; x++) {
        int value = (int)(w0 * a[x] + w1 * b[x] + w2 * c[x] + w3 * d[x] + 0.5f);

        value = value < 0 ? 0 : value > max ? max : value;
        if (m->wide)
            ((uint16_t *)to)[x] = (uint16_t)value;
        else
            to[x] = (uint8_t)value;
    }
}

static void free_mover(Mover *m)
{
    free(m->line);
    free(m->from);
    free(m->weight[0]);
    free(m->moved);
}

static int create_mover(Mover *m, double shift, double down, double zoom)
{
    const size_t w = (size_t)m->width;

    m->margin   = (int)(fabs(shift) + fabs(zoom) * m->width) + 4;
    m->nb_moved = 2 * (int)(fabs(down) + fabs(zoom) * m->height) + 8;
    m->line      = malloc((w + 2 * (size_t)m->margin) * sizeof(*m->line));
    m->from      = malloc(2 * w * sizeof(*m->from));
    m->weight[0] = malloc(4 * w * sizeof(*m->weight[0]));
    m->moved     = malloc(w * (size_t)m->nb_moved * sizeof(*m->moved));
    if (!m->line || !m->from || !m->weight[0] || !m->moved)
        return -1;
    m->end = m->from + w;
    for (int k = 1; k < 4; k++)
        m->weight[k] = m->weight[0] + (size_t)k * w;
    for (int x = 0, run = 0, from = 0; x < m->width; x++, from++) {
        Taps taps;

        set_taps(&taps, place_before(x, m->width, shift, zoom));
        if (taps.from != from)
            run = x;
        m->from[x]  = from = taps.from;
        m->end[run] = x + 1;
        for (int k = 0; k < 4; k++)
            m->weight[k][x] = taps.weight[k];
    }
    return 0;
}

static int move_plane(const RunwaySeamPicture *p, int plane,
                      const RunwayAlign *by)
{
    Mover m = {
        .width  = plane ? -(-p->width >> p->log2_chroma_w) : p->width,
        .height = plane ? -(-p->height >> p->log2_chroma_h) : p->height,
        .max    = (1 << p->bits) - 1, .wide = p->bits > 8,
    };
    /* rows are as far apart as the picture's, whatever the chroma's shape */
    const double down = by->dy * p->width * m.height / p->height;
    int ret = create_mover(&m, by->dx * m.width, down, by->zoom);

    for (int y = 0, next = 0; !ret && y < m.height; y++) {
        uint8_t *row = p->data[plane] + (ptrdiff_t)y * p->stride[plane];
        Taps taps;

        set_taps(&taps, place_before(y, m.height, down, by->zoom));
        for (; next < m.height && next <= (taps.from + 3 > y ? taps.from + 3
                                                             : y); next++) {
            widen(&m, row + (ptrdiff_t)(next - y) * p->stride[plane]);
            move_across(&m, moved_row(&m, next));
        }
        move_down(&m, &taps, row);
    }
    free_mover(&m);
    return ret;
}

int ff_runway_align_apply(const RunwayAlign *align, double strength,
                          const RunwaySeamPicture *p)
{
    const RunwayAlign by = { align->dx * strength, align->dy * strength,
                             align->zoom * strength };

    if (!by.dx && !by.dy && !by.zoom)
        return 0;
    for (int plane = 0; plane < (p->gray ? 1 : 3); plane++)
        if (move_plane(p, plane, &by) < 0)
            return -1;
    return 0;
}
