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

#include "libavutil/intreadwrite.h"
#include "libswscale/swscale.h"

#include "compat.h"
#include "format.h"

static int is_supported(const AVPixFmtDescriptor *desc, int output)
{
    enum AVPixelFormat format = av_pix_fmt_desc_get_id(desc);

    if (desc->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM |
                       AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_FLOAT |
                       AV_PIX_FMT_FLAG_BAYER) ||
        (output && ff_runway_format_is_xyz(format)))
        return 0;
    for (int i = 0; i < desc->nb_components; i++)
        if (desc->comp[i].depth < 8 && i < 3)
            return 0;
    /* four pixels in six bytes: no step leads from one to the next (UYYVYY411) */
    if (desc->comp[0].step * 8 > av_get_padded_bits_per_pixel(desc))
        return 0;
    return desc->comp[0].depth <= 16 &&
           (output ? sws_isSupportedOutput(format)
                   : sws_isSupportedInput(format));
}

int *ff_runway_formats(int output)
{
    const AVPixFmtDescriptor *desc = NULL;
    int *formats, nb = 0;

    while ((desc = av_pix_fmt_desc_next(desc)))
        nb++;
    formats = av_malloc_array(nb + 1, sizeof(*formats));
    if (!formats)
        return NULL;
    nb = 0;
    while ((desc = av_pix_fmt_desc_next(desc)))
        if (is_supported(desc, output))
            formats[nb++] = av_pix_fmt_desc_get_id(desc);
    formats[nb] = AV_PIX_FMT_NONE;
    return formats;
}

int ff_runway_format_is_supported(enum AVPixelFormat format)
{
    return is_supported(av_pix_fmt_desc_get(format), 0);
}

int ff_runway_format_is_rgb(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(format);

    return desc->flags & AV_PIX_FMT_FLAG_RGB || ff_runway_format_is_xyz(format);
}

int ff_runway_format_is_xyz(enum AVPixelFormat format)
{
    return !strncmp(av_get_pix_fmt_name(format), "xyz", 3);
}

int ff_runway_format_is_gray(enum AVPixelFormat format)
{
    return av_pix_fmt_desc_get(format)->nb_components < 3;
}

int ff_runway_format_has_alpha(enum AVPixelFormat format)
{
    return !!(av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_ALPHA);
}

int ff_runway_format_depth(enum AVPixelFormat format)
{
    return av_pix_fmt_desc_get(format)->comp[0].depth;
}

enum AVPixelFormat ff_runway_format_plain(enum AVPixelFormat format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ411P: return AV_PIX_FMT_YUV411P;
    case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
    default:                  return format;
    }
}

int ff_runway_format_is_full(enum AVPixelFormat format)
{
    return ff_runway_format_plain(format) != format;
}

enum AVPixelFormat ff_runway_format_of_component(enum AVPixelFormat format)
{
    return ff_runway_format_depth(format) > 8 ? AV_PIX_FMT_GRAY16
                                              : AV_PIX_FMT_GRAY8;
}

static int component_of(const AVFrame *frame, int component)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);

    return component == RUNWAY_ALPHA ? desc->nb_components - 1 : component;
}

int ff_runway_component_read(const AVFrame *frame, int component,
                             AVFrame *plane)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    uint16_t *line = av_malloc_array(frame->width, sizeof(*line));

    if (!line)
        return AVERROR(ENOMEM);
    for (int y = 0; y < frame->height; y++) {
        uint8_t *to = plane->data[0] + y * (ptrdiff_t)plane->linesize[0];

        av_read_image_line2(line, (const uint8_t **)frame->data,
                            frame->linesize, desc, 0, y,
                            component_of(frame, component), frame->width, 0, 2);
        if (plane->format == AV_PIX_FMT_GRAY16)
            memcpy(to, line, frame->width * sizeof(*line));
        else
            for (int x = 0; x < frame->width; x++)
                to[x] = (uint8_t)line[x];
    }
    av_free(line);
    return 0;
}

/* av_write_image_line2() adds to what is there. */
static void put(uint8_t *to, unsigned value, int wide, int big_endian)
{
    if (!wide)
        *to = (uint8_t)value;
    else if (big_endian)
        AV_WB16(to, value);
    else
        AV_WL16(to, value);
}

void ff_runway_component_write(AVFrame *frame, int component,
                               const AVFrame *plane, int depth)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    const AVComponentDescriptor *comp =
        &desc->comp[component_of(frame, component)];
    const unsigned was = (1U << depth) - 1, is = (1U << comp->depth) - 1;
    const int wide = comp->shift + comp->depth > 8;

    for (int y = 0; y < frame->height; y++) {
        const uint8_t *from = plane ? plane->data[0] + y *
                              (ptrdiff_t)plane->linesize[0] : NULL;
        uint8_t *to = frame->data[comp->plane] + comp->offset +
                      y * (ptrdiff_t)frame->linesize[comp->plane];

        for (int x = 0; x < frame->width; x++, to += comp->step) {
            unsigned value = !plane ? is : depth > 8 ? AV_RN16(from + 2 * x)
                                                     : from[x];

            /* a plane that was scaled overshoots beside its edges */
            if (plane && value > was)
                value = was;
            if (plane && was != is)
                value = (value * is + was / 2) / was;
            put(to, value << comp->shift, wide,
                desc->flags & AV_PIX_FMT_FLAG_BE);
        }
    }
}
