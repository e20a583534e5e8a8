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

#include "matrix.h"

/* With AVX2 where the processor has it: integers, so the result is the same. */
#if defined(__GNUC__) && defined(__x86_64__)
#define HAS_AVX2      __builtin_cpu_supports("avx2")
#define AVX2          __attribute__((target("avx2")))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define HAS_AVX2      0
#define AVX2
#define ALWAYS_INLINE inline
#endif

/* Everything is computed in 16 bits, which is what a compiler can make most of:
 * FFmpeg's `make` lets it, see Makefile. Samples of chroma, less
 * grey's, are shifted up until they fill 16 bits, and the high half of their
 * product with a coefficient is what is added. */

static int16_t fixed(double coefficient)
{
    return (int16_t)lrint(coefficient * 32768);
}

void ff_runway_matrix_plan(RunwayMatrix *m, RunwayPrimaryWeights from,
                           RunwayPrimaryWeights to, int full, int bits)
{
    const double green = 1 - from.red - from.blue;
    /* R = Y + v_red V, B = Y + u_blue U, and G is what is left */
    const double v_red   = 2 * (1 - from.red);
    const double u_blue  = 2 * (1 - from.blue);
    const double u_green = -from.blue * u_blue / green;
    const double v_green = -from.red * v_red / green;
    const double to_green = 1 - to.red - to.blue;
    const double y_u = to.blue * u_blue + to_green * u_green;
    const double y_v = to.red * v_red + to_green * v_green;
    /* luma has 219 steps where chroma has 224 */
    const double scale = full ? 1 : 219.0 / 224.0;

    m->y[0] = fixed(y_u * scale);
    m->y[1] = fixed(y_v * scale);
    m->u[0] = fixed((u_blue - y_u) / (2 * (1 - to.blue)) - 1);
    m->u[1] = fixed(-y_v / (2 * (1 - to.blue)));
    m->v[0] = fixed(-y_u / (2 * (1 - to.red)));
    m->v[1] = fixed((v_red - y_v) / (2 * (1 - to.red)) - 1);
    m->bits = bits;
}

/* A sample less grey's, shifted up, times a coefficient: so many bits of that are
 * behind the point. Eight of it fit on top. */
#define UP(bits)    (15 - (bits))
#define POINT(bits) (UP(bits) - 1)

static ALWAYS_INLINE int16_t times(int16_t a, int16_t coefficient)
{
    return (int16_t)((a * coefficient) >> 16);
}

static ALWAYS_INLINE int16_t get(const uint8_t *line, int i, int wide)
{
    return wide ? (int16_t)((const uint16_t *)(const void *)line)[i] : line[i];
}

static ALWAYS_INLINE void put(uint8_t *line, int i, int16_t value, int16_t max,
                              int wide)
{
    value = value < 0 ? 0 : value;
    value = value > max ? max : value;
    if (wide)
        ((uint16_t *)(void *)line)[i] = (uint16_t)value;
    else
        line[i] = (uint8_t)value;
}

/* A line of chroma: turned, and what it means for luma into part. */
static ALWAYS_INLINE void turn(const RunwayMatrix *m,
                               const uint8_t *restrict from_u,
                               const uint8_t *restrict from_v,
                               uint8_t *restrict u, uint8_t *restrict v,
                               int16_t *restrict part, int width, int bits)
{
    const int16_t y_u = m->y[0], y_v = m->y[1];
    const int16_t u_u = m->u[0], u_v = m->u[1];
    const int16_t v_u = m->v[0], v_v = m->v[1];
    const int16_t grey = (int16_t)(1 << (bits - 1));
    const int16_t max  = (int16_t)((1 << bits) - 1);
    const int16_t half = (int16_t)(1 << (POINT(bits) - 1));
    const int wide = bits > 8;

    for (int i = 0; i < width; i++) {
        const int16_t was_u = get(from_u, i, wide);
        const int16_t was_v = get(from_v, i, wide);
        const int16_t a = (int16_t)((was_u - grey) * (1 << UP(bits)));
        const int16_t b = (int16_t)((was_v - grey) * (1 << UP(bits)));
        const int16_t to_u = (int16_t)(times(a, u_u) + times(b, u_v) + half);
        const int16_t to_v = (int16_t)(times(a, v_u) + times(b, v_v) + half);

        part[i] = (int16_t)(times(a, y_u) + times(b, y_v));
        put(u, i, (int16_t)(was_u + (to_u >> POINT(bits))), max, wide);
        put(v, i, (int16_t)(was_v + (to_v >> POINT(bits))), max, wide);
    }
}

/* The same, twice, at each column of luma. part has place for one more. */
static ALWAYS_INLINE void widen(int16_t *restrict part, int16_t *restrict wide,
                                int nb, int log2_chroma_w)
{
    part[nb] = part[nb - 1];
    for (int i = 0; i < nb; i++) {
        if (log2_chroma_w) {
            wide[2 * i]     = (int16_t)(2 * part[i]);
            wide[2 * i + 1] = (int16_t)(part[i] + part[i + 1]);
        } else {
            wide[i] = (int16_t)(2 * part[i]);
        }
    }
}

/* A line of luma: takes its part of chroma, of the line of it that is near and
 * of the one that is far. */
static ALWAYS_INLINE void add(const uint8_t *restrict from, uint8_t *restrict y,
                              const int16_t *near, const int16_t *far,
                              int width, int bits)
{
    const int16_t max  = (int16_t)((1 << bits) - 1);
    /* a line is weighted by four, a column by two */
    const int point    = POINT(bits) + 3;
    const int16_t half = (int16_t)(1 << (point - 1));
    const int wide = bits > 8;

    for (int i = 0; i < width; i++) {
        const int16_t mixed = (int16_t)(3 * near[i] + far[i] + half);

        put(y, i, (int16_t)(get(from, i, wide) + (mixed >> point)), max, wide);
    }
}

/* A line of a plane as it was. One that is changed where it is is copied: the
 * loops above read and write different memory. */
static const uint8_t *line_of(const RunwayPlanes *p, int plane, int line,
                              int width, int bits, void *copy)
{
    return p->from[plane] ? p->from[plane] +
                            (ptrdiff_t)line * p->from_stride[plane] :
           memcpy(copy, p->data[plane] + (ptrdiff_t)line * p->stride[plane],
                  (size_t)width << (bits > 8));
}

static uint8_t *target_of(const RunwayPlanes *p, int plane, int line)
{
    return p->data[plane] + (ptrdiff_t)line * p->stride[plane];
}

static ALWAYS_INLINE void apply(const RunwayMatrix *m, const RunwayPlanes *p,
                                int16_t *scratch, int bits)
{
    const int cw   = p->log2_chroma_w, ch = p->log2_chroma_h;
    const int nb   = (p->width + cw) >> cw;
    const int rows = (p->height + ch) >> ch;
    const ptrdiff_t stride = (ptrdiff_t)nb << cw;
    int16_t *part    = scratch + 3 * stride;
    int16_t *copy    = part + nb + 1;

    /* luma goes one line of chroma behind: it needs the lines around it, as
     * they were */
    for (int row = 0; row <= rows; row++) {
        int16_t *next = scratch + row % 3 * stride;
        const int16_t *is  = scratch + (row + 2) % 3 * stride;
        const int16_t *was = row > 1 ? scratch + (row + 1) % 3 * stride : is;

        if (row < rows) {
            turn(m, line_of(p, 1, row, nb, bits, copy),
                 line_of(p, 2, row, nb, bits, copy + nb), target_of(p, 1, row),
                 target_of(p, 2, row), part, nb, bits);
            widen(part, next, nb, cw);
        }
        for (int i = 0; row && i < 1 << ch; i++) {
            const int line = ((row - 1) << ch) + i;
            const int16_t *far = !ch ? is : !i ? was : row < rows ? next : is;

            if (line < p->height)
                add(line_of(p, 0, line, p->width, bits, copy),
                    target_of(p, 0, line), is, far, p->width, bits);
        }
    }
}

/* With the depth known, the compiler makes vectors of all of it. */
static ALWAYS_INLINE void apply_any(const RunwayMatrix *m,
                                    const RunwayPlanes *p, int16_t *scratch)
{
    switch (m->bits) {
    case 8:  apply(m, p, scratch, 8);  break;
    case 9:  apply(m, p, scratch, 9);  break;
    default: apply(m, p, scratch, 10);
    }
}

AVX2 static void apply_avx2(const RunwayMatrix *m, const RunwayPlanes *p,
                            int16_t *scratch)
{
    apply_any(m, p, scratch);
}

static void apply_plain(const RunwayMatrix *m, const RunwayPlanes *p,
                        int16_t *scratch)
{
    apply_any(m, p, scratch);
}

int ff_runway_matrix_apply(const RunwayMatrix *m, const RunwayPlanes *p)
{
    const size_t nb = (size_t)((p->width + p->log2_chroma_w) >>
                               p->log2_chroma_w);
    /* three lines of parts as wide as luma, one of chroma's with a sample behind
     * its end, and copies of lines */
    int16_t *scratch = malloc((9 * nb + 1) * sizeof(*scratch));

    if (!scratch)
        return -1;
    if (HAS_AVX2)
        apply_avx2(m, p, scratch);
    else
        apply_plain(m, p, scratch);
    free(scratch);
    return 0;
}
