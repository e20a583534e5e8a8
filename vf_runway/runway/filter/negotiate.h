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
 * What is agreed with the filters around: pixel formats, matrices and ranges.
 * The input is taken as it comes, whatever is wanted behind; the output is the
 * nearest to it of what is wanted.
 */

#ifndef AVFILTER_RUNWAY_FILTER_NEGOTIATE_H
#define AVFILTER_RUNWAY_FILTER_NEGOTIATE_H

#include "libavfilter/avfilter.h"

#include "../media/scaler.h"

/** For a filter's query_func; one input and one output, which with hdr has the
 *  formats and colours of HDR only. */
int ff_runway_negotiate_query(AVFilterContext *ctx, int hdr);

/** Whether the colours of a frame can be sent; else the reason is logged, which
 *  for HDR is another where that is to be made.
 *  @return 0 or AVERROR(EINVAL) */
int ff_runway_negotiate_check(AVFilterContext *ctx, const AVFrame *frame,
                              int hdr);

/** What the output becomes behind the filter, as far as alpha goes: the format
 *  that conversions lose it with, else one that has it or that the filter makes
 *  without it. */
enum AVPixelFormat ff_runway_negotiate_end(const AVFilterLink *outlink);

/** For config_props of the output: set the matrix and range that were not
 *  agreed on. */
void ff_runway_negotiate_configure(AVFilterLink *outlink);

/** What all frames are tagged as where the link does not say: as the first. */
typedef struct RunwayColours {
    int is_known;               ///< 0: no frame went out yet
    enum AVColorSpace space;
    enum AVColorRange range;
} RunwayColours;

/** A buffer for an output frame, with the SAR, matrix and range of the link:
 *  unspecified is what is not agreed on and not known from the first frame. */
AVFrame *ff_runway_negotiate_buffer(AVFilterLink *outlink,
                                    const RunwayColours *first);

/** Make a source frame that passes through fit the output: the same picture with
 *  its alpha, in the output's format. Costs nothing where it fits already. */
int ff_runway_negotiate_fit(AVFilterLink *outlink, const RunwayColours *first,
                            RunwayScaler *scaler, AVFrame **frame);

#endif /* AVFILTER_RUNWAY_FILTER_NEGOTIATE_H */
