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
 * A generated clip (MP4 or MOV) to frames. It came from the network: nothing of
 * it is believed. Errors are AVERROR codes, with a reason: what it was a result
 * of is the caller's to say.
 *
 * One thread at a time for one reader; several readers may read one file.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_READER_H
#define AVFILTER_RUNWAY_MEDIA_READER_H

#include <stdint.h>

#include "libavutil/frame.h"

#include "../base/error.h"
#include "../base/policy.h"

typedef struct RunwayReader RunwayReader;

typedef struct RunwayReaderInfo {
    int64_t duration;    ///< of the video stream, microseconds
    int64_t frame;       ///< of one frame on the average, microseconds
    int64_t nb_frames;   ///< of packets, counted
    const char *codec;   ///< its name
} RunwayReaderInfo;

/** Largest picture of a result where no larger one was asked for, pixels. */
#define RUNWAY_RESULT_PIXELS (4096 * 2304)

/** The same where it is known what the model makes: the most of these, of a
 *  quarter more than its largest and of four times what was asked for, up to the
 *  number above. */
#define RUNWAY_RESULT_LEAST (1920 * 1088)

/** Most frames a second that a result may have. */
#define RUNWAY_RESULT_RATE 1000

/** Longest time of a processor for parsing, measuring and decoding a result,
 *  microseconds. */
#define RUNWAY_RESULT_TIME 600000000

/** What a result is checked against. */
typedef struct RunwayReaderLimits {
    int64_t pixels;     ///< of its largest picture
    const RunwayPolicy *policy; ///< its length_tolerance, for the check
    int64_t time;       ///< of the processor, for the check, and for all frames
                        ///< that are read, microseconds; 0: RUNWAY_RESULT_TIME
    int whole;          ///< the check decodes all of it, as what has begun to
                        ///< come out cannot be taken back; else its first frame
    void *log_ctx;
} RunwayReaderLimits;

/**
 * Open the first size bytes of fd, which stays the caller's and open; mp4.h
 * decides what of them is read. All of it is read once, within the limits' time
 * and pixels, and while cancelled() (may be NULL) answers non-zero, this
 * and what reads on return AVERROR_EXIT. Without an error, err's text is "".
 */
int ff_runway_reader_open(RunwayReader **reader,
                          const RunwayReaderLimits *limits,
                          int (*cancelled)(void *opaque), void *opaque,
                          int fd, int64_t size, RunwayError *err);
void ff_runway_reader_free(RunwayReader **reader);

const RunwayReaderInfo *ff_runway_reader_info(const RunwayReader *r);

/**
 * The next frame in order of presentation; *time is its time from the first
 * one, microseconds, and rises from frame to frame. A matrix and range that the
 * clip leaves out are those of the clips that are sent. What is stored turned or
 * mirrored (by the matrix of its track) is put upright.
 * @return 1 with a frame, 0 at the end, AVERROR_INVALIDDATA on a damaged clip,
 *         AVERROR_EXIT when cancelled, another AVERROR where this machine
 *         cannot read it
 */
int ff_runway_reader_next(RunwayReader *reader, AVFrame *frame,
                          int64_t *time, RunwayError *err);

/**
 * Whether a result is whole: mp4.h lets it pass, its codec is one that films
 * come in, it opens, every packet is there, its length fits the one that was
 * sent, and it decodes within the limits, a RunwayReaderLimits: its first packet,
 * or all of it where the limits or the caller want the whole.
 * RUNWAY_OK; RUNWAY_NO_RESULT, no whole MP4; RUNWAY_BAD_RESULT with the reason;
 * RUNWAY_NOMEM, RUNWAY_IO or RUNWAY_INVALID where this machine cannot know;
 * RUNWAY_CANCELLED within the time that one picture takes, once cancelled()
 * answers non-zero. Any thread, and any number at a time: each holds as many
 * pictures as its codec refers to, so whoever wants little memory runs one.
 */
RunwayOutcome ff_runway_reader_check(void *limits,
                                     int (*cancelled)(void *opaque),
                                     void *opaque, int fd, int64_t size,
                                     int64_t sent, int whole, RunwayError *err);

#endif /* AVFILTER_RUNWAY_MEDIA_READER_H */
