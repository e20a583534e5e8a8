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
 * From one YCbCr matrix to another without going through RGB: luma takes a part
 * of the chroma, and chroma is turned a little. Arithmetic on planes.
 */

#ifndef AVFILTER_RUNWAY_MATH_MATRIX_H
#define AVFILTER_RUNWAY_MATH_MATRIX_H

#include <stdint.h>

/** What a matrix is made of: the parts of red and blue in luma. */
typedef struct RunwayPrimaryWeights {
    double red, blue;
} RunwayPrimaryWeights;

/** A change from one to another, in the units of samples of a depth and range. */
typedef struct RunwayMatrix {
    int16_t y[2], u[2], v[2];   ///< what of u and v is added to each, as 1/32768
    int bits;                   ///< of a sample
} RunwayMatrix;

/** bits is 8 to 10; full: luma and chroma use all of them. The matrices are those
 *  of video: none is very unlike another. */
void ff_runway_matrix_plan(RunwayMatrix *m, RunwayPrimaryWeights from,
                           RunwayPrimaryWeights to, int full, int bits);

/** Planes of a picture. Chroma is subsampled by powers of two, at most one;
 *  across it lies on every other luma sample, down between two of them, as in
 *  MPEG-2 and H.264. */
typedef struct RunwayPlanes {
    uint8_t *data[3];
    int stride[3];              ///< bytes
    const uint8_t *from[3];     ///< where they are before; NULL: in data
    int from_stride[3];
    int width, height;          ///< of luma
    int log2_chroma_w, log2_chroma_h;
} RunwayPlanes;

/** @return 0, or -1 when there is no memory for a few lines */
int ff_runway_matrix_apply(const RunwayMatrix *m, const RunwayPlanes *planes);

#endif /* AVFILTER_RUNWAY_MATH_MATRIX_H */
