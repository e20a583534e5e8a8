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

/**
 * @file
 * Which pixel formats are supported, and what they are made of.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_FORMAT_H
#define AVFILTER_RUNWAY_MEDIA_FORMAT_H

#include "libavutil/frame.h"
#include "libavutil/pixdesc.h"

/**
 * The pixel formats of pictures that go in, or come out with output set: YUV,
 * RGB, XYZ and gray, with alpha or without, planar or packed, of 8 to 16 bits.
 * @return ended by AV_PIX_FMT_NONE, the caller's to av_free(); NULL: no memory
 */
int *ff_runway_formats(int output);
/** Whether it is one of those that go in. */
int ff_runway_format_is_supported(enum AVPixelFormat format);

/** XYZ, which only goes in, counts as RGB. */
int ff_runway_format_is_rgb(enum AVPixelFormat format);
/** That of digital cinema; libswscale makes RGB of it before all else. */
int ff_runway_format_is_xyz(enum AVPixelFormat format);
int ff_runway_format_is_gray(enum AVPixelFormat format);
int ff_runway_format_has_alpha(enum AVPixelFormat format);
/** Bits of a component; none has more than the first. */
int ff_runway_format_depth(enum AVPixelFormat format);

/** Whether the name of a format says that its range is full: yuvj. */
int ff_runway_format_is_full(enum AVPixelFormat format);
/** The same format without the range in its name. */
enum AVPixelFormat ff_runway_format_plain(enum AVPixelFormat format);

/**
 * One component of a frame as a picture of its own, AV_PIX_FMT_GRAY8 where it
 * has 8 bits, else AV_PIX_FMT_GRAY16, with the values that it has: luma of gray
 * formats, alpha of any.
 */
#define RUNWAY_LUMA  0
#define RUNWAY_ALPHA (-1)       ///< the last one
enum AVPixelFormat ff_runway_format_of_component(enum AVPixelFormat format);
/** Copy a component to a plane of the frame's size. @return 0, AVERROR(ENOMEM) */
int ff_runway_component_read(const AVFrame *frame, int component,
                             AVFrame *plane);
/** Copy a plane of the frame's size, whose values have depth bits, to a
 *  component; without a plane it is filled with the highest value. */
void ff_runway_component_write(AVFrame *frame, int component,
                               const AVFrame *plane, int depth);

#endif /* AVFILTER_RUNWAY_MEDIA_FORMAT_H */
