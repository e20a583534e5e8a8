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
 * Where a picture lies beside another of the same scene: a generated clip can
 * come back some pixels off, and a little larger or smaller. Arithmetic on
 * planes, no I/O.
 */

#ifndef AVFILTER_RUNWAY_MATH_ALIGN_H
#define AVFILTER_RUNWAY_MATH_ALIGN_H

#include "seam.h"

/** A placement: what the picture shows at (x, y) from its centre belongs at
 *  (x, y) + zoom (x, y) + (dx, dy). In parts of the picture's width, so that it
 *  fits any plane of it. */
typedef struct RunwayAlign {
    double dx, dy, zoom;
} RunwayAlign;

/** Farther than this from where it should be nothing is moved; a part of the
 *  width. */
#define RUNWAY_ALIGN_MAX 0.012

/**
 * How picture has to be moved to lie on reference; both of one size and depth.
 * No move at all where none explains the difference. @return 0, or -1 when
 * there is no memory
 */
int ff_runway_align_fit(RunwayAlign *align, const RunwaySeamPicture *reference,
                        const RunwaySeamPicture *picture);

/** Move a picture by so much of align. What comes in at an edge is that edge
 *  again. @return 0, or -1 when there is no memory for a plane */
int ff_runway_align_apply(const RunwayAlign *align, double strength,
                          const RunwaySeamPicture *picture);

#endif /* AVFILTER_RUNWAY_MATH_ALIGN_H */
