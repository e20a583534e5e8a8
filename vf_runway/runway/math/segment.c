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

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "segment.h"

/* Time stamps are often rounded to whole milliseconds (Matroska): a frame may
 * be late by this part of a slot and still be the slot's. It must stay under
 * the quarter that thinning 120 fps to 30 leaves between frames. */
#define LATE_NUM 1
#define LATE_DEN 5

/* A rate is a known one's when it is no further off: a fifth of what lies between
 * 24000/1001 and 24. */
#define SNAP 2e-4

/* The sum of many rounded times may pass an exact limit by this much. */
#define TOLERANCE 1000

/* In a file of such a rate a second has NUM_MAX units, and a frame DEN_MAX. With
 * more, a few reordered frames are beyond the 2^28 that FFmpeg 5.1 to 7.1 accept,
 * in a result of the same rate too. */
#define NUM_MAX (1 << 29)
#define DEN_MAX (1 << 25)

/* The rate of frames of that length, if it is one of film or video. The length
 * may be a difference of times in whole milliseconds. Others are no guess: a
 * long frame may be a still picture of a variable rate. */
static int guess(int64_t length, int *num, int *den)
{
    static const int rates[] = { 24, 25, 30, 48, 50, 60 };
    int64_t least = 700;

    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        int64_t off = llabs(length - 1000000 / rates[i]);

        if (off < least) {
            least = off;
            *num  = rates[i];
            *den  = 1;
        }
        /* only an exact time distinguishes 24000/1001 from 24 */
        if (llabs(length - 1001000 / rates[i]) < 10) {
            *num = rates[i] * 1000;
            *den = 1001;
            return 1;
        }
    }
    return least < 700;
}

/* The rate of film or video that a container's number stands for: 59.94 is
 * 2997/50 in one and 60000/1001 in another. @return 0: for none */
static int snap(int *num, int *den)
{
    static const int rates[] = { 24, 25, 30, 48, 50, 60, 100, 120 };
    const double rate = (double)*num / *den;

    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        if (fabs(rate / rates[i] - 1) < SNAP) {
            *num = rates[i];
            *den = 1;
            return 1;
        }
        if (fabs(rate * 1001 / (rates[i] * 1000.0) - 1) < SNAP) {
            *num = rates[i] * 1000;
            *den = 1001;
            return 1;
        }
    }
    return 0;
}

/* Whether a frame of that length is none of a film of that rate: then the rate is
 * the mean of a variable one. Short lengths may be rounded, to a
 * 600th of a second at the coarsest. */
static int is_mean(int num, int den, int64_t length)
{
    double frame = 1e6 * den / num, off = fabs((double)length - frame);

    return length > 0 && off > frame / 5 && off > 1700;
}

void ff_runway_segment_rate(RunwaySegment *segment, int num, int den,
                            int64_t length, int max_rate)
{
    int is_known = num > 0 && den > 0;
    int64_t limit, n;

    if (max_rate <= 0)
        max_rate = RUNWAY_RATE_MAX;
    segment->nearest = !is_known;
    /* of a film whose rate varies each container knows another mean */
    if (!(is_known && snap(&num, &den)) && !guess(length, &num, &den) &&
        (!is_known || (is_mean(num, den, length) && !segment->is_billed))) {
        segment->nearest  = 1;
        segment->rate_num = max_rate;
        segment->rate_den = 1;
        return;
    }
    if (num > NUM_MAX || den > DEN_MAX) { /* the mean of many odd lengths */
        num = (int)fmin(NUM_MAX, fmax(1, rint(1000.0 * num / den)));
        den = 1000;
    }
    limit = (int64_t)max_rate * den;
    n     = (num + limit - 1) / limit;
    segment->rate_den = (int)(den * n);
    /* a frame every minute: as one slot it would be longer than any clip */
    n = ((int64_t)den + num - 1) / num;
    segment->rate_num = (int)(num * n);
}

/* Slots of the longest upload. */
static int64_t most_slots(const RunwaySegment *segment)
{
    return (segment->max_duration + TOLERANCE) * segment->rate_num /
           (1000000LL * segment->rate_den);
}

int64_t ff_runway_segment_longest(const RunwaySegment *segment)
{
    return ff_runway_segment_length(segment, most_slots(segment));
}

int ff_runway_segment_fits(const RunwaySegment *segment, int64_t end)
{
    return end <= segment->max_duration + TOLERANCE;
}

int64_t ff_runway_segment_slot(const RunwaySegment *segment, int64_t time)
{
    int64_t unit = 1000000LL * segment->rate_den;
    int64_t pos;

    if (time <= 0)
        return 0;
    /* ceil(time * rate - LATE), in units of 1 / unit slots. In the middle between
     * two slots the earlier has it, with the microsecond of rounding that
     * ff_runway_retime_is_nearer() allows as well. */
    if (segment->nearest)
        pos = (time - 1) * segment->rate_num - unit / 2;
    else
        pos = time * segment->rate_num - unit * LATE_NUM / LATE_DEN;
    return pos <= 0 ? 0 : (pos + unit - 1) / unit;
}

int64_t ff_runway_segment_slots(const RunwaySegment *segment, int64_t end)
{
    int64_t unit  = 1000000LL * segment->rate_den;
    int64_t slots = ff_runway_segment_slot(segment, end);
    int64_t least = (segment->min_duration * segment->rate_num + unit - 1) /
                    unit;
    int64_t most  = most_slots(segment);

    if (slots > most)
        slots = most;
    if (segment->whole_seconds) {
        /* a part of a slot is no reason for another second */
        int64_t length  = (slots - 1) * segment->rate_den;
        int64_t seconds = (length + segment->rate_num) / segment->rate_num;
        int64_t whole   = seconds * segment->rate_num / segment->rate_den;

        if (slots < whole)
            slots = whole;
    }
    /* a limit that is no whole number of slots is not to be missed: what is too
     * short is refused */
    if (slots < least)
        slots = least;
    return slots < 1 ? 1 : slots;
}

int64_t ff_runway_segment_length(const RunwaySegment *segment, int64_t slots)
{
    return slots * 1000000LL * segment->rate_den / segment->rate_num;
}

int ff_runway_segment_differ(double a, double b)
{
    return fabs(a / b - 1) > 0.005;
}
