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
 * Where a clip ends and which source frame each frame of the upload shows.
 * Arithmetic on one clip at a time; no I/O.
 *
 * Times are microseconds from the clip's first frame. The upload has a constant
 * rate; its n-th frame, or slot, is at n / rate. A source frame fills the slots
 * from its own time to the next frame's; one that fills none is left out of the
 * upload (50 and 60 fps, bursts of a variable rate) and finds its picture again
 * by time (retime.h). Where the source's rate is not known (behind setpts, in
 * newer FFmpeg), a frame goes to the slot nearest to it, which is where it will
 * be looked for.
 */

#ifndef AVFILTER_RUNWAY_MATH_SEGMENT_H
#define AVFILTER_RUNWAY_MATH_SEGMENT_H

#include <stdint.h>

/** Frames per second that no model gains from: more is thinned. */
#define RUNWAY_RATE_MAX 30

typedef struct RunwaySegment {
    int rate_num, rate_den;    ///< of the upload, frames per second
    int nearest;               ///< that is not the source's rate, or a guess
    int is_billed;             ///< each frame of the upload is paid for
    int64_t min_duration;      ///< shortest upload, microseconds
    int64_t max_duration;      ///< longest upload, microseconds
    int whole_seconds;         ///< uploads are lengthened to whole seconds, as
                               ///< the result can have no other length
} RunwaySegment;

/**
 * Choose the rate of the upload: the source's, divided by the smallest whole
 * number that brings it to max_rate (0: RUNWAY_RATE_MAX) or below, or multiplied
 * by the smallest one that brings it to a frame per second or more. A source rate
 * that is not known (0/0, 1/0) is guessed from the length of the clip's first
 * frame, microseconds, where that is one of film or video; else it gives max_rate
 * itself. A rate that is nearly one of film or video is taken for that, and in
 * place of any other the one that the length shows, if it does: a rate must not
 * depend on how a container writes it down. Any other that the length is off
 * from by more than a fifth is a mean of lengths that differ, and as good as not
 * known, unless is_billed is set. A fraction of very large numbers is rounded to
 * thousandths.
 */
void ff_runway_segment_rate(RunwaySegment *segment, int num, int den,
                            int64_t length, int max_rate);

/** Microseconds of the whole slots in max_duration. The last frame of a clip that
 *  is longer may not be in the upload. */
int64_t ff_runway_segment_longest(const RunwaySegment *segment);

/** Whether a clip that ends at end is no longer than the upload may be. */
int ff_runway_segment_fits(const RunwaySegment *segment, int64_t end);

/** The first slot of a frame at that time: its picture is first seen there. */
int64_t ff_runway_segment_slot(const RunwaySegment *segment, int64_t time);

/**
 * Slots of the whole upload of a clip that ends at end: cut at max_duration,
 * lengthened to min_duration or just over it, at least one; with whole_seconds
 * lengthened to the next whole second.
 */
int64_t ff_runway_segment_slots(const RunwaySegment *segment, int64_t end);

/** Length of that many slots in microseconds. */
int64_t ff_runway_segment_length(const RunwaySegment *segment, int64_t slots);

/** Whether anybody would call rates, frames per second, different. */
int ff_runway_segment_differ(double a, double b);

#endif /* AVFILTER_RUNWAY_MATH_SEGMENT_H */
