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
 * What the files of a filter share among themselves: filter.c (activate() and
 * the frame's way out), source.c (what comes in), output.c (the output's format
 * and size). Layer 4.
 */

#ifndef AVFILTER_RUNWAY_FILTER_FILTER_INTERNAL_H
#define AVFILTER_RUNWAY_FILTER_FILTER_INTERNAL_H

#include "filter.h"

/** Consume what the input has: a frame, or its end.
 *  @return 1 when there was one, 0, AVERROR */
int ff_runway_filter_take_input(AVFilterContext *ctx);

/** No frame follows: send the one that is held. */
int ff_runway_filter_send_last(AVFilterContext *ctx);

/** What is held may be a cover picture, or nothing that may be one is. */
void ff_runway_filter_note_cover(AVFilterContext *ctx, int cover);

/** Output the next frame, in the output's format and size: *frame is handed on,
 *  or left with an error. */
int ff_runway_filter_output(AVFilterContext *ctx, AVFrame **frame);

#endif /* AVFILTER_RUNWAY_FILTER_FILTER_INTERNAL_H */
