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
 * One picture to another size, format and colour. Errors are AVERROR codes.
 *
 * What comes out is the same whatever the processor can do. YCbCr goes to YCbCr
 * without RGB in between, so what is whiter than white or blacker than black
 * stays so, but where primaries change.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_SCALER_H
#define AVFILTER_RUNWAY_MEDIA_SCALER_H

#include "libavutil/frame.h"

#include "../math/geometry.h"

typedef struct RunwayScaler RunwayScaler;

/** NULL when memory is short. */
RunwayScaler *ff_runway_scaler_create(void *log_ctx);
void ff_runway_scaler_free(RunwayScaler **scaler);

/** Whether frames of that matrix can be converted; reserved and unspecified
 *  ones are, by what their size says. */
int ff_runway_scaler_knows(enum AVColorSpace space);

/** Whether a frame's primaries are much wider than those of BT.709. */
int ff_runway_scaler_is_wide(const AVFrame *frame);

/**
 * Convert the part from of src to the part to of dst, by both frames' format
 * and colour tags: matrix, range and primaries; what is not tagged is what
 * ff_runway_picture_name_colour() says. dst has buffers already, and only its
 * pixels are changed; its alpha is not defined after that. Corners are even.
 * What was set up for one conversion is kept for the next of the same kind.
 */
int ff_runway_scaler_convert(RunwayScaler *scaler, const AVFrame *src,
                             RunwayRect from, AVFrame *dst, RunwayRect to);

/**
 * Where that would copy all of src and change nothing, make dst refer to src's
 * buffers instead; dst needs none of its own.
 * @return 1, or 0 where there is something to convert
 */
int ff_runway_scaler_share(const AVFrame *src, RunwayRect from, AVFrame *dst,
                           RunwayRect to);

#endif /* AVFILTER_RUNWAY_MEDIA_SCALER_H */
