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
 * From the primaries of one kind of video to those of another: what is red there
 * is said in the colours here. Arithmetic on pixels.
 */

#ifndef AVFILTER_RUNWAY_MATH_GAMUT_H
#define AVFILTER_RUNWAY_MATH_GAMUT_H

#include <stddef.h>
#include <stdint.h>

/** Chromaticities of red, green, blue and white, x and y of each. */
typedef struct RunwayPrimaries {
    double red[2], green[2], blue[2], white[2];
} RunwayPrimaries;

typedef struct RunwayGamut RunwayGamut;

/** NULL when memory is short. */
RunwayGamut *ff_runway_gamut_create(const RunwayPrimaries *from,
                                    const RunwayPrimaries *to);
void ff_runway_gamut_free(RunwayGamut **gamut);

/**
 * Change a picture of red, green and blue, 16 bits each, where it is; stride is
 * in bytes. Light is taken to be the 2.4th power of a value, which is how SDR
 * video is shown (ITU-R BT.1886); white stays white; colours that the new
 * primaries do not reach are clipped.
 */
void ff_runway_gamut_apply(const RunwayGamut *gamut, uint8_t *data,
                           ptrdiff_t stride, int width, int height);

#endif /* AVFILTER_RUNWAY_MATH_GAMUT_H */
