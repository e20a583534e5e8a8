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

#include <limits.h>
#include <math.h>
#include <stdint.h>

#include "geometry.h"

#define SHAPE_TOLERANCE 0.03

static int even(double v)
{
    int n = 2 * (int)lrint(fmin(v, INT_MAX - 1) / 2);

    return n < 2 ? 2 : n;
}

static int shapes_differ(double a, double b)
{
    return fabs(a / b - 1) > SHAPE_TOLERANCE;
}

/* An even-cornered rectangle of about w x h in the middle of W x H. */
static RunwayRect centred(double w, double h, int W, int H)
{
    RunwayRect r;

    r.w = even(w) < W ? even(w) : W;
    r.h = even(h) < H ? even(h) : H;
    r.x = (W - r.w) / 2 & ~1;
    r.y = (H - r.h) / 2 & ~1;
    return r;
}

void ff_runway_geometry_plan(RunwayGeometry *g, int width, int height,
                             int sar_num, int sar_den, int ratio_w, int ratio_h,
                             RunwayFit fit, int max_long, int max_short)
{
    double sar = sar_num > 0 && sar_den > 0 ? (double)sar_num / sar_den : 1;
    double w = width, h = height, scale = 1, shape;
    double cw, ch; /* the upload's size before the limits */

    /* square pixels: the side that is too short grows */
    if (sar > 1)
        w *= sar;
    else
        h /= sar;
    shape = ratio_w > 0 && ratio_h > 0 ? (double)ratio_w / ratio_h : w / h;

    g->source = (RunwayRect){ 0, 0, width, height };
    cw = w;
    ch = h;
    if (shapes_differ(w / h, shape)) {
        int wider = w / h > shape;

        if (fit == RUNWAY_FIT_CROP) {
            g->source = centred(wider ? width * shape / (w / h) : width,
                                wider ? height : height * (w / h) / shape,
                                width, height);
            cw = w = w * g->source.w / width;
            ch = h = h * g->source.h / height;
        } else if (wider) {
            ch = w / shape;
        } else {
            cw = h * shape;
        }
        if (fit == RUNWAY_FIT_STRETCH) {
            w = cw;
            h = ch;
        }
    }

    if (max_long > 0 && fmax(cw, ch) > max_long)
        scale = max_long / fmax(cw, ch);
    if (max_short > 0 && fmin(cw, ch) * scale > max_short)
        scale = max_short / fmin(cw, ch);
    g->width  = even(cw * scale);
    g->height = even(ch * scale);
    g->target = centred(w * scale, h * scale, g->width, g->height);
    /* a shape that agrees fills the upload to the last pixel */
    if (!shapes_differ(w / h, cw / ch))
        g->target = (RunwayRect){ 0, 0, g->width, g->height };
}

/* An even corner at of the length from, in the length to, where size fits. */
static int moved(int at, int from, int to, int size)
{
    int n = 2 * (int)lrint((double)at * to / from / 2);

    return n < to - size ? n : (to - size) & ~1;
}

RunwayRect ff_runway_geometry_result(const RunwayGeometry *g, int width,
                                     int height, RunwayFit fit, int out_w,
                                     int out_h, int sar_num, int sar_den)
{
    double sar = sar_num > 0 && sar_den > 0 ? (double)sar_num / sar_den : 1;
    double shape = out_w * sar / out_h;
    RunwayRect r = { 0, 0, width, height };

    if (g->target.w != g->width || g->target.h != g->height) {
        /* where it was put, which need not be the very middle */
        r = centred((double)g->target.w * width / g->width,
                    (double)g->target.h * height / g->height, width, height);
        r.x = moved(g->target.x, g->width, width, r.w);
        r.y = moved(g->target.y, g->height, height, r.h);
    } else if (fit == RUNWAY_FIT_CROP &&
               shapes_differ((double)width / height, shape)) {
        double got = (double)width / height;

        r = centred(got > shape ? width * shape / got : width,
                    got > shape ? height : height * got / shape,
                    width, height);
    }
    return r;
}

int ff_runway_geometry_is_off(const RunwayGeometry *g, int width, int height)
{
    return shapes_differ((double)width / height,
                         (double)g->width / g->height);
}

int ff_runway_geometry_square(int width, int sar_num, int sar_den)
{
    int64_t w = width;

    if (sar_num > 0 && sar_den > 0)
        w = (w * sar_num + sar_den / 2) / sar_den;
    return w < 1 ? 1 : w > INT_MAX ? INT_MAX : (int)w;
}

void ff_runway_geometry_expand(int *width, int *height, int sar_num,
                               int sar_den, int ratio_w, int ratio_h)
{
    double sar = sar_num > 0 && sar_den > 0 ? (double)sar_num / sar_den : 1;
    double wanted = (double)ratio_w / ratio_h;

    if (wanted > *width * sar / *height)
        *width = even(*height * wanted / sar);
    else
        *height = even(*width * sar / wanted);
}
