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
 * What an MP4 says of itself, looked at before FFmpeg reads it: a file of a few
 * bytes can ask for all the memory there is.
 */

#ifndef AVFILTER_RUNWAY_MATH_BOXES_H
#define AVFILTER_RUNWAY_MATH_BOXES_H

#include <stdint.h>

#include "../base/error.h"

/* each sample of plain sound is one */
#define RUNWAY_BOXES_SAMPLES (1 << 23)  ///< of all tracks together, at most
#define RUNWAY_BOXES_INDEX   (64 << 20) ///< bytes beside the samples, at most
#define RUNWAY_BOXES_COUNT   100000     ///< boxes, at most

/**
 * Look at the boxes in the first size bytes of fd (by pread).
 * RUNWAY_BAD_RESULT: no index, so no MP4; more samples, bytes of index or boxes
 * than above, boxes in boxes without end, or an index that is compressed.
 * RUNWAY_IO: fd cannot be read. RUNWAY_CANCELLED soon after cancelled(), which
 * may be NULL, begins to answer non-zero.
 */
RunwayOutcome ff_runway_boxes_check(int fd, int64_t size,
                                    int (*cancelled)(void *opaque),
                                    void *opaque, RunwayError *err);

#endif /* AVFILTER_RUNWAY_MATH_BOXES_H */
