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

/* Gauss-Newton in each size */
#define ROUNDS 6
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

/* What is at a place between pixels. */
static double at(const Small *s, double x, double y)
{
    int i = (int)floor(x), j = (int)floor(y);
    double fx = x - i, fy = y - j;
    const float *p = s->level + (ptrdiff_t)j * s->width + i;

    return (1 - fy) * ((1 - fx) * p[0] + fx * p[1]) +
           fy * ((1 - fx) * p[s->width] + fx * p[s->width + 1]);
}

/* One step nearer, in pixels of this size. @return whether there was one */
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
    return 1;
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
        for (int i = 0; i < ROUNDS && improve(align, &a, &b); i++)
            if (is_far(align)) {
                memset(align, 0, sizeof(*align));
                break;
            }
    }
    ret = 0;
end:
    free(a.level);
    free(b.level);
    return ret;
}

/* Catmull-Rom: as sharp as it can be with four samples. In 1024ths. */
static void weights(double part, int w[4])
{
    double t = part, tt = t * t, ttt = tt * t;

    w[0] = (int)lrint(512 * (-ttt + 2 * tt - t));
    w[2] = (int)lrint(512 * (-3 * ttt + 4 * tt + t));
    w[3] = (int)lrint(512 * (ttt - tt));
    w[1] = 1024 - w[0] - w[2] - w[3];
}

static int within(int value, int size)
{
    return value < 0 ? 0 : value >= size ? size - 1 : value;
}

/* What a row or column is made of: four that follow each other, of a plane whose
 * edges go on to both sides. */
typedef struct Taps {
    int from;               /* the first of the four */
    int weight[4];
} Taps;

static void set_taps(Taps *taps, double from)
{
    int whole = (int)floor(from);

    taps->from = whole - 1;
    weights(from - whole, taps->weight);
}

/* Where the place i of size was. */
static double place_before(int i, int size, double shift, double zoom)
{
    return i - shift - zoom * (i - (size - 1) / 2.0);
}

/* A plane on its way: moved across it is kept in 16ths of a level, so that
 * nothing is rounded twice, and four of those lines make one of the picture. */
typedef struct Mover {
    int width, height, max, wide;
    int margin;             /* columns that the edges go on for */
    uint16_t *line;         /* one, with margins */
    int32_t *from;          /* for each column the first of its four */
    int32_t *weight[4];     /* for each column */
    int32_t *moved;         /* the plane, moved across */
} Mover;

static void widen(const Mover *m, const uint8_t *line)
{
    uint16_t *to = m->line + m->margin;

    if (m->wide)
        memcpy(to, line, (size_t)m->width * 2);
    else
        for (int x = 0; x < m->width; x++)
            to[x] = line[x];
    for (int x = 1; x <= m->margin; x++) {
        to[-x]               = to[0];
        to[m->width - 1 + x] = to[m->width - 1];
    }
}

/* Run by run of columns whose sources follow each other: loops that a compiler
 * makes vectors of. */
static void move_across(const Mover *m, int32_t *restrict to)
{
    const int32_t *w0 = m->weight[0], *w1 = m->weight[1];
    const int32_t *w2 = m->weight[2], *w3 = m->weight[3];

    for (int x = 0, end; x < m->width; x = end) {
        const uint16_t *s = m->line + m->margin + m->from[x] - x;

        end = x + 1;
        while (end < m->width && m->from[end] - end == m->from[x] - x)
            end++;
        for (int i = x; i < end; i++)
            to[i] = (w0[i] * s[i] + w1[i] * s[i + 1] + w2[i] * s[i + 2] +
                     w3[i] * s[i + 3]) >> 6;
    }
}

/* Below 2^31 for 16 bits too: weights are at most 1.25 together, and lines exceed
 * their range by an eighth. */
static void move_down(const Mover *m, const int32_t *const lines[4],
                      const int weight[4], uint8_t *restrict to)
{
    const int32_t *a = lines[0], *b = lines[1], *c = lines[2], *d = lines[3];
    const int max = m->max;

    for (int x = 0; x < m->width; x++) {
        int value = (weight[0] * a[x] + weight[1] * b[x] + weight[2] * c[x] +
                     weight[3] * d[x] + (1 << 13)) >> 14;

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
    free(m->moved);
}

static int create_mover(Mover *m, double shift, double zoom)
{
    const size_t w = (size_t)m->width;

    m->margin = (int)(fabs(shift) + fabs(zoom) * m->width) + 4;
    m->line  = malloc((w + 2 * (size_t)m->margin) * sizeof(*m->line));
    m->from  = malloc(5 * w * sizeof(*m->from));
    m->moved = malloc(w * (size_t)m->height * sizeof(*m->moved));
    if (!m->line || !m->from || !m->moved)
        return -1;
    for (int k = 0; k < 4; k++)
        m->weight[k] = m->from + (size_t)(k + 1) * w;
    for (int x = 0; x < m->width; x++) {
        Taps taps;

        set_taps(&taps, place_before(x, m->width, shift, zoom));
        m->from[x] = taps.from;
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
    int ret = create_mover(&m, by->dx * m.width, by->zoom);

    for (int y = 0; !ret && y < m.height; y++) {
        widen(&m, p->data[plane] + (ptrdiff_t)y * p->stride[plane]);
        move_across(&m, m.moved + (ptrdiff_t)y * m.width);
    }
    for (int y = 0; !ret && y < m.height; y++) {
        const int32_t *lines[4];
        Taps taps;

        set_taps(&taps, place_before(y, m.height, down, by->zoom));
        for (int k = 0; k < 4; k++)
            lines[k] = m.moved +
                       (ptrdiff_t)within(taps.from + k, m.height) * m.width;
        move_down(&m, lines, taps.weight,
                  p->data[plane] + (ptrdiff_t)y * p->stride[plane]);
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
