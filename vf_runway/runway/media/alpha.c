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

#include <string.h>

#include "alpha.h"
#include "format.h"

static AVFrame *new_plane(enum AVPixelFormat format, int width, int height)
{
    AVFrame *plane = av_frame_alloc();

    if (!plane)
        return NULL;
    plane->format      = ff_runway_format_of_component(format);
    plane->width       = width;
    plane->height      = height;
    plane->color_range = AVCOL_RANGE_JPEG;
    if (av_frame_get_buffer(plane, 0) < 0)
        av_frame_free(&plane);
    return plane;
}

static void make_opaque(AVFrame *plane, int depth)
{
    for (int y = 0; y < plane->height; y++) {
        uint8_t *line = plane->data[0] + y * (ptrdiff_t)plane->linesize[0];

        for (int x = 0; x < plane->width; x++)
            if (depth > 8)
                ((uint16_t *)(void *)line)[x] = (uint16_t)((1 << depth) - 1);
            else
                line[x] = 255;
    }
}

AVFrame *ff_runway_alpha_take(const AVFrame *frame)
{
    AVFrame *plane = new_plane(frame->format, frame->width, frame->height);

    if (!plane)
        return NULL;
    if (!ff_runway_format_has_alpha(frame->format))
        make_opaque(plane, ff_runway_format_depth(frame->format));
    else if (ff_runway_component_read(frame, RUNWAY_ALPHA, plane) < 0)
        av_frame_free(&plane);
    return plane;
}

/* A plane that is opaque but for the part that another one is put over. */
static int fit_plane(RunwayScaler *scaler, const AVFrame *plane,
                     enum AVPixelFormat format, RunwayRect from, AVFrame **fit,
                     const AVFrame *frame, RunwayRect to)
{
    AVFrame *f = new_plane(format, frame->width, frame->height);

    *fit = f;
    if (!f)
        return AVERROR(ENOMEM);
    make_opaque(f, ff_runway_format_depth(format));
    return ff_runway_scaler_convert(scaler, plane, from, f, to);
}

int ff_runway_alpha_put(RunwayScaler *scaler, AVFrame *plane,
                        enum AVPixelFormat format, RunwayRect from,
                        AVFrame *frame, RunwayRect to)
{
    AVFrame *fit = NULL;
    int ret = 0;

    if (plane && (plane->width != frame->width || from.w != frame->width ||
                  plane->height != frame->height || from.h != frame->height ||
                  to.w != frame->width || to.h != frame->height)) {
        ret = fit_plane(scaler, plane, format, from, &fit, frame, to);
        plane = fit;
    }
    if (ret >= 0)
        ff_runway_component_write(frame, RUNWAY_ALPHA, plane,
                                  ff_runway_format_depth(format));
    av_frame_free(&fit);
    return ret;
}

int ff_runway_alpha_copy(RunwayScaler *scaler, const AVFrame *src, AVFrame *dst)
{
    RunwayRect from = { 0, 0, src->width, src->height };
    RunwayRect to = { 0, 0, dst->width, dst->height };
    AVFrame *plane = NULL;
    int ret;

    if (!ff_runway_format_has_alpha(dst->format))
        return 0;
    if (ff_runway_format_has_alpha(src->format)) {
        plane = ff_runway_alpha_take(src);
        if (!plane)
            return AVERROR(ENOMEM);
    }
    ret = ff_runway_alpha_put(scaler, plane, src->format, from, dst, to);
    av_frame_free(&plane);
    return ret;
}
