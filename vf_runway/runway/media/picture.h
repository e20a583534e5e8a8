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
 * What the colours of a picture mean, and pictures that are turned or lack their
 * edges. Errors are AVERROR codes.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_PICTURE_H
#define AVFILTER_RUNWAY_MEDIA_PICTURE_H

#include "libavutil/frame.h"

#include "../math/geometry.h"

/**
 * Name what a frame leaves unsaid: an unspecified matrix becomes BT.709 from
 * 1280 columns or 577 lines on and BT.601 below (what players do), the range
 * of RGB and gray full, any other unspecified range limited; primaries and
 * transfer go by the matrix. The matrix of RGB and gray, and the range of RGB
 * and yuvj, are what they are whatever the tags say. Only tags are changed.
 */
void ff_runway_picture_name_colour(AVFrame *frame);

/** A frame without pixels, with the tags of frame so named. */
AVFrame ff_runway_picture_tags(const AVFrame *frame);

/**
 * Change the primaries and transfer of XYZ to those of the RGB that libswscale
 * makes of it (BT.709, gamma 2.2), as which it is sent and output.
 */
void ff_runway_picture_name_xyz(AVFrame *frame);

/**
 * Set the matrix and range of a frame that becomes the successor of src. What
 * dst has is kept (its link may want something else), else both are the
 * source's, said where the size of dst would give an unspecified matrix another
 * meaning; YUV made from RGB or gray is BT.709 from 720 lines on and BT.601
 * below, and limited, as is what has its full range in the name of a format
 * that is not wanted.
 */
void ff_runway_picture_tag_output(AVFrame *dst, const AVFrame *src);

/** Where pixels come to lie: x' = a x + c y, y' = b x + d y, each -1, 0 or 1,
 *  and of a and c, and of b and d, one is 0. */
typedef struct RunwayTurn {
    int a, b, c, d;
} RunwayTurn;

/**
 * Turn and mirror a picture. Does nothing, and costs nothing, when that leaves
 * it as it is. AVERROR_PATCHWELCOME for formats whose components are not planes.
 */
int ff_runway_picture_turn(AVFrame *frame, RunwayTurn turn);

/** Fill everything outside rect with the pixels at its edges. 8 bit planar. */
void ff_runway_picture_replicate_edges(AVFrame *frame, RunwayRect rect);

#endif /* AVFILTER_RUNWAY_MEDIA_PICTURE_H */
