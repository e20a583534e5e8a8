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
 * An allow-list for MP4 and MOV. FFmpeg's demuxer knows some hundred kinds of
 * boxes, and a file of a few bytes can make it take gigabytes or hours, in a
 * function that cannot be interrupted. So the index of a result is parsed here
 * first, and the demuxer is shown only what a clip needs: the boxes on the list
 * (mp4.c), of one video track. All others are shown as `skip`, with the same
 * length. Layer 1: no I/O of its own, no FFmpeg.
 *
 * What is shown holds: no box claims more than what it is in; no table claims
 * more entries than its box holds; the samples are in no other file; samples,
 * edits and bytes are within the limits below; all of it is boxes, and whole.
 * How the pictures are coded and where in the file they are is not parsed.
 *
 * Results are read by any thread, one at a time for one RunwayMp4.
 */

#ifndef AVFILTER_RUNWAY_MATH_MP4_H
#define AVFILTER_RUNWAY_MATH_MP4_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

#define RUNWAY_MP4_BOXES_MAX   65536     ///< that are parsed
#define RUNWAY_MP4_SAMPLES_MAX (1 << 17) ///< of the video
#define RUNWAY_MP4_EDITED_MAX  (1 << 18) ///< samples x edits
#define RUNWAY_MP4_FORMATS_MAX 16        ///< descriptions of samples

/** A file, and who may stop the parsing of it. Its callbacks outlive the
 *  RunwayMp4. */
typedef struct RunwayMp4Source {
    int64_t size;
    /** Read exactly size bytes at offset. @return 0 or an errno value */
    int (*read)(void *opaque, int64_t offset, void *data, size_t size);
    int (*cancelled)(void *opaque); ///< NULL: never
    void *opaque;
} RunwayMp4Source;

typedef struct RunwayMp4 RunwayMp4;

/**
 * Parse source. RUNWAY_NO_RESULT: it is no MP4, or a truncated one.
 * RUNWAY_BAD_RESULT: it has no video, pictures of more than max_pixels, or
 * breaks a rule above; err says which. RUNWAY_INVALID: its video is of a kind
 * that is not known here, which is not the result's fault.
 * RUNWAY_IO: read() failed. RUNWAY_CANCELLED: cancelled() answered non-zero; it
 * is asked at least once for each 4 KiB that are read. *mp4 is NULL then.
 */
RunwayOutcome ff_runway_mp4_parse(RunwayMp4 **mp4,
                                  const RunwayMp4Source *source,
                                  int64_t max_pixels, RunwayError *err);
void ff_runway_mp4_free(RunwayMp4 **mp4);

/** Bytes of what is shown: a few more than the file has, or less where something
 *  else is behind its boxes. */
int64_t ff_runway_mp4_size(const RunwayMp4 *mp4);

/** Read what is shown: size bytes at offset, both within the size above.
 *  @return 0 or an errno value */
int ff_runway_mp4_read(const RunwayMp4 *mp4, int64_t offset, void *data,
                       size_t size);

#endif /* AVFILTER_RUNWAY_MATH_MP4_H */
