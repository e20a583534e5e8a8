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
 * The alpha of source frames: it is not sent, and comes back with each frame.
 * Errors are AVERROR codes.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_ALPHA_H
#define AVFILTER_RUNWAY_MEDIA_ALPHA_H

#include "libavutil/frame.h"

#include "scaler.h"

/** A frame's alpha as a picture of its own, the caller's, opaque where it has
 *  none; its format is ff_runway_format_of_component(). NULL: no memory. */
AVFrame *ff_runway_alpha_take(const AVFrame *frame);

/**
 * Put the part from of a plane that was taken of frames of a format over the
 * part to of a frame; it is opaque around that, and everywhere without a plane.
 */
int ff_runway_alpha_put(RunwayScaler *scaler, AVFrame *plane,
                        enum AVPixelFormat format, RunwayRect from,
                        AVFrame *frame, RunwayRect to);

/** Give dst the alpha of src, if it is to have any. */
int ff_runway_alpha_copy(RunwayScaler *scaler, const AVFrame *src,
                         AVFrame *dst);

#endif /* AVFILTER_RUNWAY_MEDIA_ALPHA_H */
