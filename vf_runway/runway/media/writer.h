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
 * Frames to the MP4 that is uploaded: H.264, yuv420p, BT.709 of limited range,
 * square pixels, even size, constant rate. Errors are AVERROR codes,
 * and the reason is logged.
 *
 * One thread at a time. Frames are encoded as they come: what stays in memory
 * is what the encoder holds and the frame written last.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_WRITER_H
#define AVFILTER_RUNWAY_MEDIA_WRITER_H

#include <stdint.h>

#include "libavutil/dict.h"
#include "libavutil/frame.h"

#include "../math/geometry.h"
#include "joint.h"

typedef struct RunwayWriter RunwayWriter;

typedef struct RunwayWriterConfig {
    const char *encoder;         ///< "auto", or an encoder's name
    const AVDictionary *options; ///< more options for it, may be NULL
    RunwayGeometry geometry;
    int rate_num, rate_den;      ///< frames per second
    int64_t watch;               ///< slot from which on cuts of the source are
                                 ///< watched for; INT64_MAX: none
    int64_t bit_rate;            ///< bits per second to keep to, 0: by quality
    /** Non-zero when nobody waits for the clip any more: AVERROR_EXIT then,
     *  before the next frame. */
    int (*interrupted)(void *opaque);
    void *opaque;
    void *log_ctx;
} RunwayWriterConfig;

/** Whether there is an encoder of that name, or any for "auto"; logs what is
 *  wanted. Opens nothing. */
int ff_runway_writer_check_encoder(const char *encoder, void *log_ctx);

/** Start a clip in fd, an empty file that stays the caller's. first is a frame
 *  as they will come, for its primaries and transfer. */
int ff_runway_writer_create(RunwayWriter **writer,
                            const RunwayWriterConfig *config, int fd,
                            const AVFrame *first);

/**
 * From slot on, show frame (a reference is taken). Slots never decrease; a
 * frame whose slot is the next one's too is not seen. A gap is filled with the
 * frame before it. All frames have the size and format of the first.
 */
int ff_runway_writer_write(RunwayWriter *writer, const AVFrame *frame,
                           int64_t slot);

/** Show the last frame up to slots frames in all and close the file. *size is
 *  its size in bytes. Only ff_runway_writer_free() may follow. */
int ff_runway_writer_finish(RunwayWriter *writer, int64_t slots,
                            int64_t *size);

void ff_runway_writer_free(RunwayWriter **writer);

/** Means of the source's first [0] and last [1] picture as they were uploaded,
 *  without the edges; after ff_runway_writer_finish(). */
const RunwaySeamGrid *ff_runway_writer_looks(const RunwayWriter *writer);

/** What was seen from the slot config names on, times in slots; likewise. */
const RunwaySeamWatch *ff_runway_writer_watch(const RunwayWriter *writer);

/** Bytes that have been encoded so far; what is on its way through the encoder
 *  is not among them. The same for the same frames and settings. */
int64_t ff_runway_writer_bytes(const RunwayWriter *writer);

#endif /* AVFILTER_RUNWAY_MEDIA_WRITER_H */
