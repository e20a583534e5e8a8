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
 * From the input's picture to the one that is sent, and back out of the one
 * that is returned. Arithmetic on sizes in pixels.
 */

#ifndef AVFILTER_RUNWAY_MATH_GEOMETRY_H
#define AVFILTER_RUNWAY_MATH_GEOMETRY_H

typedef enum RunwayFit {
    RUNWAY_FIT_PAD,      ///< edges replicated, cropped out of the result
    RUNWAY_FIT_CROP,     ///< the input's edges are not sent
    RUNWAY_FIT_STRETCH,  ///< the shape is changed for the upload
} RunwayFit;

typedef struct RunwayRect {
    int x, y, w, h;
} RunwayRect;

typedef struct RunwayGeometry {
    int width, height;  ///< of the upload: even, square pixels
    RunwayRect source;  ///< the part of the input that is sent; even corner
                        ///< and, where it is a part, size
    RunwayRect target;  ///< where it lies in the upload; even corner
} RunwayGeometry;

/**
 * Plan the upload of width x height pixels of the given sample aspect ratio
 * (0/1: square). ratio_w:ratio_h is the shape the model gives back, 0:0 when it
 * follows the input. A shape less than 3 % off is stretched into it, that is
 * less than a pixel's worth and is undone on the way back. max_long and
 * max_short bound the sides of the upload (0: none); nothing is enlarged but to
 * make pixels square.
 */
void ff_runway_geometry_plan(RunwayGeometry *g, int width, int height,
                             int sar_num, int sar_den, int ratio_w, int ratio_h,
                             RunwayFit fit, int max_long, int max_short);

/**
 * The part of a result of width x height that becomes the output picture of
 * out_w x out_h with the given sample aspect ratio: what was padded is left out
 * and, after RUNWAY_FIT_CROP, what makes the shape differ. Corners are even,
 * and so are sizes, but of a side that is odd and used from end to end.
 */
RunwayRect ff_runway_geometry_result(const RunwayGeometry *g, int width,
                                     int height, RunwayFit fit, int out_w,
                                     int out_h, int sar_num, int sar_den);

/** A width of pixels of that sample aspect ratio (0/1: square) in square ones,
 *  1 to INT_MAX. */
int ff_runway_geometry_square(int width, int sar_num, int sar_den);

/** Make *width x *height, of the given sample aspect ratio, the smallest even
 *  size of shape ratio_w:ratio_h that a picture of that size fits into. */
void ff_runway_geometry_expand(int *width, int *height, int sar_num,
                               int sar_den, int ratio_w, int ratio_h);

/** Whether width x height has another shape than the upload, over 3 % off. */
int ff_runway_geometry_is_off(const RunwayGeometry *g, int width, int height);

#endif /* AVFILTER_RUNWAY_MATH_GEOMETRY_H */
