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
 * HDR: whether a frame is, and the frames of an HDR result: their colour tags,
 * and what is said of their light. Errors are AVERROR codes.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_HDR_H
#define AVFILTER_RUNWAY_MEDIA_HDR_H

#include <stddef.h>

#include "libavutil/frame.h"

/** Why a frame is HDR: the name of its transfer, or, where it has no transfer, of
 *  side data that only HDR has. NULL: it is not. */
const char *ff_runway_hdr_reason(const AVFrame *frame);

/** The kinds of side data that only HDR has. @return their number */
int ff_runway_hdr_kinds(const enum AVFrameSideDataType **kinds);

/** Name what a result's frame leaves unsaid: BT.2020, limited range, and transfer
 *  (PQ or HLG), which is what was asked for.
 *  @return whether its tags say that it is neither PQ nor HLG: they are not
 *          believed, then, ProRes is often tagged wrong */
int ff_runway_hdr_name(AVFrame *frame, int transfer);

/** Tag a frame that a result's picture is converted to: it keeps the result's
 *  colours, with BT.2020's matrix in limited range. */
void ff_runway_hdr_tag(AVFrame *dst, const AVFrame *result);

/** Give an output frame the result's primaries and transfer, and its mastering
 *  display and content light as far as it has them; what the frame had is
 *  gone. */
int ff_runway_hdr_copy(AVFrame *dst, const AVFrame *result);

#define RUNWAY_HDR_PARAMS 320 ///< bytes that ff_runway_hdr_params() may need

/** The same as options of libx265, key=value with : between. */
void ff_runway_hdr_params(const AVFrame *result, char *text, size_t size);

#endif /* AVFILTER_RUNWAY_MEDIA_HDR_H */
