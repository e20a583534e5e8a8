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
 * Notice that a host has built its graph anew in mid-stream: ffmpeg does so where
 * an input of the graph changes its size, format, colours, rotation or channels,
 * frees the filter with all that it owes, and goes on as if nothing was missing.
 * The next filter of the process refuses then. Process-wide; any thread. Layer 4.
 */

#ifndef AVFILTER_RUNWAY_FILTER_REBUILD_H
#define AVFILTER_RUNWAY_FILTER_REBUILD_H

#include "libavfilter/avfilter.h"

/** What an input is like. */
typedef struct RunwayKind {
    int width, height, format;
    int colorspace, color_range;
} RunwayKind;

RunwayKind ff_runway_kind(const AVFilterLink *inlink);

/** Whether ffmpeg made the graph. */
int ff_runway_rebuild_is_ffmpegs(const AVFilterGraph *graph);

/** Whether all of the host in it is named as ffmpeg of 5.1 names it; also of a
 *  graph without an input. */
int ff_runway_rebuild_is_ffmpeg5s(const AVFilterGraph *graph);

/** A filter with that input was freed while frames were owed. */
void ff_runway_rebuild_note(const RunwayKind *kind);

/** A filter with that input is configured: AVERROR(EINVAL), and an error that
 *  names the cure, where the one that was noted last had another input, or the
 *  graph is ffmpeg's; once. */
int ff_runway_rebuild_check(const RunwayKind *kind, AVFilterContext *ctx);

#endif /* AVFILTER_RUNWAY_FILTER_REBUILD_H */
