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
#include <stdlib.h>

#include "gamut.h"

#define GAMMA 2.4
#define MAX   65535

struct RunwayGamut {
    float m[3][3];              ///< light to light
    float light[MAX + 1];       ///< of a value
    uint16_t value[MAX + 1];    ///< of the square root of light, so that what
                                ///< is dark has enough steps
};

static void invert(double m[3][3])
{
    double a[3][3], det;

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            const int r = (k + 1) % 3, s = (k + 2) % 3;
            const int t = (i + 1) % 3, u = (i + 2) % 3;

            a[i][k] = m[r][t] * m[s][u] - m[r][u] * m[s][t];
        }
    det = m[0][0] * a[0][0] + m[0][1] * a[1][0] + m[0][2] * a[2][0];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            m[i][k] = a[i][k] / det;
}

/* What the three kinds of cones in the eye see of XYZ, by Bradford. */
static const double cones[3][3] = {
    {  0.8951,  0.2664, -0.1614 },
    { -0.7502,  1.7135,  0.0367 },
    {  0.0389, -0.0685,  1.0296 },
};

static void multiply(const double a[3][3], const double b[3][3],
                     double product[3][3])
{
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            product[i][k] = a[i][0] * b[0][k] + a[i][1] * b[1][k] +
                            a[i][2] * b[2][k];
}

/* What the cones see of each primary, which is as strong as makes white of the
 * three. White is 1 for each, as the eye adapts to it: the whites of two kinds of
 * primaries may differ. */
static void to_cones(const RunwayPrimaries *p, double m[3][3])
{
    const double *const xy[4] = { p->red, p->green, p->blue, p->white };
    double inverse[3][3], light[3][3], xyz[4][3];

    for (int i = 0; i < 4; i++) {
        xyz[i][0] = xy[i][0] / xy[i][1];
        xyz[i][1] = 1;
        xyz[i][2] = (1 - xy[i][0] - xy[i][1]) / xy[i][1];
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            inverse[i][k] = xyz[k][i];
    invert(inverse);
    for (int k = 0; k < 3; k++) {
        double strength = 0;

        for (int i = 0; i < 3; i++)
            strength += inverse[k][i] * xyz[3][i];
        for (int i = 0; i < 3; i++)
            light[i][k] = xyz[k][i] * strength;
    }
    multiply(cones, light, m);
    for (int i = 0; i < 3; i++) {
        const double white = m[i][0] + m[i][1] + m[i][2];

        for (int k = 0; k < 3; k++)
            m[i][k] /= white;
    }
}

RunwayGamut *ff_runway_gamut_create(const RunwayPrimaries *from,
                                    const RunwayPrimaries *to)
{
    RunwayGamut *g = malloc(sizeof(*g));
    double there[3][3], here[3][3], m[3][3];

    if (!g)
        return NULL;
    to_cones(from, there);
    to_cones(to, here);
    invert(here);
    multiply(here, there, m);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            g->m[i][k] = (float)m[i][k];
    for (int i = 0; i <= MAX; i++) {
        g->light[i] = (float)pow((double)i / MAX, GAMMA);
        g->value[i] = (uint16_t)lrint(pow((double)i / MAX, 2 / GAMMA) * MAX);
    }
    return g;
}

void ff_runway_gamut_free(RunwayGamut **gamut)
{
    free(*gamut);
    *gamut = NULL;
}

void ff_runway_gamut_apply(const RunwayGamut *g, uint8_t *data,
                           ptrdiff_t stride, int width, int height)
{
    for (int y = 0; y < height; y++) {
        uint16_t *p = (uint16_t *)(void *)(data + y * stride);

        for (int x = 0; x < width; x++, p += 3) {
            const float r = g->light[p[0]];
            const float green = g->light[p[1]];
            const float b = g->light[p[2]];

            for (int i = 0; i < 3; i++) {
                float sum = g->m[i][0] * r + g->m[i][1] * green +
                            g->m[i][2] * b;

                sum = sum < 0 ? 0 : sum > 1 ? 1 : sum;
                p[i] = g->value[(int)(sqrtf(sum) * MAX + 0.5F)];
            }
        }
    }
}
