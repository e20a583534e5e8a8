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
 * Which time of the generated clip belongs to which time of the source: nothing
 * promises the rate, count or length of what comes back. Arithmetic.
 */

#ifndef AVFILTER_RUNWAY_MATH_RETIME_H
#define AVFILTER_RUNWAY_MATH_RETIME_H

#include <stdint.h>

#include "../base/error.h"

typedef struct RunwayRetime {
    int64_t sent;     ///< length of the upload, microseconds
    int64_t got;      ///< length that it is mapped to; == sent: same time
} RunwayRetime;

/**
 * Compare the lengths. sent: the upload; got: the result; frame: one frame of
 * the result; all microseconds. Lengths within two result frames: the same time
 * in both. Off by up to tolerance, a fraction of what was sent: the same
 * fraction of the clip.
 * RUNWAY_BAD_RESULT: further off, or the result has no length.
 */
RunwayOutcome ff_runway_retime_plan(RunwayRetime *retime, int64_t sent,
                                    int64_t got, int64_t frame,
                                    double tolerance,
                                    RunwayError *err);

/** The time in the result for a time from the clip's start, microseconds. */
int64_t ff_runway_retime_map(const RunwayRetime *retime, int64_t time);

/** The time from the clip's start for a time in the result, microseconds. */
int64_t ff_runway_retime_unmap(const RunwayRetime *retime, int64_t time);

/**
 * Whether the result's frame at next shows a wanted time better than the one
 * before it at prev: it is nearer. At the same distance the earlier frame stays
 * (one microsecond of rounding allowed), so that both halves of a thinned pair
 * show the picture that was sent.
 */
int ff_runway_retime_is_nearer(int64_t wanted, int64_t prev, int64_t next);

#endif /* AVFILTER_RUNWAY_MATH_RETIME_H */
