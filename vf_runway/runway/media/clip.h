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
 * One clip on its way through the filter: source frames go in and leave their
 * times and properties, a file goes to the provider, generated frames come out
 * at those times. It knows no job. Errors are AVERROR codes, and the reason is
 * logged. Belongs to the filter's thread.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_CLIP_H
#define AVFILTER_RUNWAY_MEDIA_CLIP_H

#include <stdint.h>

#include "libavutil/frame.h"
#include "libavutil/rational.h"

#include "identity.h"
#include "spool.h"
#include "joint.h"
#include "reader.h"
#include "writer.h"
#include "../base/policy.h"
#include "../math/segment.h"

typedef struct RunwayClip RunwayClip;

/** What was said of the results of all clips. Begins as zeros. */
typedef struct RunwayClipSaid {
    int facts, shape, size, hdr, tags, frames, still;
} RunwayClipSaid;

typedef struct RunwayClipConfig {
    RunwayClipSaid *said;           ///< outlives the clip
    const char *filter;             ///< its name, for what frames are marked
                                    ///< with; outlives the clip
    int transfer;                   ///< of the result, PQ or HLG; 0: source's
    int out_w, out_h;               ///< size the result should have; 0: any
    int index;                      ///< number of the clip, from 1
    AVRational time_base;           ///< of the frames' pts
    AVRational film_sar;            ///< of the frames that the output's size and
                                    ///< shape go by
    RunwayWriterConfig writer;
    double rate;                    ///< frames a second of the source, or 0
    RunwaySegment segment;
    int max_frames;                 ///< that it has at most, 0: any number
    int64_t shortest;               ///< but not before it is so long
    int64_t overlap;                ///< most that the next clip shows as well
    RunwayFit fit;
    int shape_w, shape_h;           ///< what the result is to be shaped like
    int64_t inline_size;            ///< bytes that fit into a request, 0: is
                                    ///< uploaded whatever its size
    int64_t upload_size;            ///< bytes that may be uploaded, 0: none
    int native;                     ///< generated frames as they are, not one
                                    ///< for each source frame
    AVRational out_time_base;       ///< of the frames' pts that come out
    RunwaySpool *alpha;             ///< where the frames' alpha waits for them,
                                    ///< NULL: none is wanted
    int is_ahead;                   ///< as of ff_runway_clip_set_ahead()
    const RunwayPolicy *policy;     ///< outlives the clip; with dry_run no file
                                    ///< is written
    int keep_first;                 ///< for ff_runway_clip_first()
    int64_t max_stand;              ///< longest that a frame is sent for,
                                    ///< microseconds; 0: as long as it stands
    void *log_ctx;
} RunwayClipConfig;

/** Begin a clip with its first frame; length is how long that is shown, in
 *  microseconds. The frame stays the caller's, here and below. */
int ff_runway_clip_create(RunwayClip **clip, const RunwayClipConfig *config,
                          const AVFrame *first, int64_t length);
void ff_runway_clip_free(RunwayClip **clip);

/** Whether a frame that is shown for length would still be within the clip. */
int ff_runway_clip_fits(const RunwayClip *clip, const AVFrame *frame,
                        int64_t length);
/** How much longer it can become with frames of that length. */
int64_t ff_runway_clip_left(const RunwayClip *clip, int64_t length);
/** Whether the clip should end here: a frame of the same length right behind the
 *  last would not be within it; it has as many as it may; or so much detail is
 *  in it that what can be sent would leave each pixel too little, and more so
 *  with every frame. */
int ff_runway_clip_is_full(const RunwayClip *clip);
/** How much would be sent so far, microseconds: a frame that stands counts for
 *  max_stand. */
int64_t ff_runway_clip_end(const RunwayClip *clip);
/** Where in what is sent the first frame behind the first nb is. */
int64_t ff_runway_clip_time(const RunwayClip *clip, int nb);
/** Whether the clip has the length that a model takes at least. */
int ff_runway_clip_is_long_enough(const RunwayClip *clip);

/** Whether the frame has the size, format and pixel shape of the clip's first. */
int ff_runway_clip_accepts(const RunwayClip *clip, const AVFrame *frame);

/** Only frames that are accepted. */
int ff_runway_clip_add(RunwayClip *clip, const AVFrame *frame, int64_t length);

/** A frame that is not sent, as its time is not behind the one before: it comes
 *  out with that one's picture. It may be of any size and format. Also after
 *  ff_runway_clip_close(). */
int ff_runway_clip_add_unsent(RunwayClip *clip, const AVFrame *frame);

/** A clip as it is sent. */
typedef struct RunwayClipFile {
    const char *label;              ///< the clip's own, for people: "clip 3
                                    ///< (10.00-15.00 s)"
    int fd;                         ///< MP4, the caller's to close; -1 with
                                    ///< dry_run
    int64_t size;                   ///< bytes
    int64_t length;                 ///< microseconds
    int64_t filled;                 ///< of it, held behind the last frame
    int upload;                     ///< it is too large for a request
    int about;                      ///< with dry_run: it would end earlier if its
                                    ///< pictures turned out to be too detailed
} RunwayClipFile;

/** No more frames: finish the file, and encode it smaller where it is more than
 *  can be sent. */
int ff_runway_clip_close(RunwayClip *clip, RunwayClipFile *file);

/** After ff_runway_clip_close(), once: what the clip is in the journal, where it
 *  is asked for with request at endpoint. */
void ff_runway_clip_identify(RunwayClip *clip, const char *endpoint,
                             const RunwayRequest *request, int64_t take,
                             char identity[RUNWAY_IDENTITY_SIZE]);

/** Frames can be had, from size bytes of fd, which task made; the limits are
 *  those that it was checked against. fd stays the caller's, and open until the
 *  clip is freed. */
int ff_runway_clip_open_result(RunwayClip *clip,
                               const RunwayReaderLimits *limits, int fd,
                               int64_t size, const char *task);
int ff_runway_clip_is_open(const RunwayClip *clip);

/** Why the clip's result cannot be used, when a frame of it was wanted and
 *  AVERROR_INVALIDDATA returned, which is not logged; NULL: it can. */
const char *ff_runway_clip_damage(const RunwayClip *clip);

/**
 * After ff_runway_clip_open_result(): match the clip's colour and light to what
 * came out before it, where that makes the joint clearly better. before is how
 * the clip in front ended; copied. Not for timing=native.
 */
int ff_runway_clip_match(RunwayClip *clip, const RunwayJoint *before);

/** Once the clip is done: how it ends. @return 1, or 0 where the next clip
 *  cannot be matched with it */
int ff_runway_clip_joint(const RunwayClip *clip, RunwayJoint *joint);

/** Where in what is sent a time of the source is, microseconds from the clip's
 *  start: not the same once a frame has stood for longer than max_stand. */
int64_t ff_runway_clip_place(const RunwayClip *clip, double seconds);

/** Whether the clip's next frame out is one that later, which begins before
 *  this one ends, shows too. */
int ff_runway_clip_reaches(const RunwayClip *clip, const RunwayClip *later);

/**
 * Both results are open: frames that later shows too become a cross-fade of
 * both, with later's colour, light and placement brought to this clip's; later
 * is corrected on beyond them, by less and less. Nothing is done where their
 * pictures cannot be compared. later outlives the clip.
 */
void ff_runway_clip_blend(RunwayClip *clip, RunwayClip *later);

/** Its first nb frames came out of the clip before: begin behind them. */
void ff_runway_clip_skip(RunwayClip *clip, int nb);

/** Where on the source the clip lies, seconds. */
void ff_runway_clip_extent(const RunwayClip *clip, double *start, double *end);

/** Mark a frame for whoever looks behind the filter: lavfi.FILTER.KEY=value. */
int ff_runway_clip_mark(AVDictionary **metadata, const char *filter,
                        const char *key, const char *value);

/** Whether frames that are added are in the clip before, too, which keeps their
 *  alpha. */
void ff_runway_clip_set_ahead(RunwayClip *clip, int is_ahead);

/** Frames whose alpha is in the spool still; the clip's are the oldest there
 *  when it is the first in line. */
int ff_runway_clip_nb_alpha(const RunwayClip *clip);

/** The first frame, where config says keep_first. */
const AVFrame *ff_runway_clip_first(const RunwayClip *clip);

/** How long the first frame stands, microseconds. */
int64_t ff_runway_clip_first_length(const RunwayClip *clip);

/** Frames put in. */
int ff_runway_clip_nb_frames(const RunwayClip *clip);

/** Whether the last frame is out. */
int ff_runway_clip_is_done(const RunwayClip *clip);

/**
 * The next frame out: the k-th has pts, duration, metadata, captions, time code
 * and colour tags of the k-th in, and the generated picture of its time, in the
 * size and format of the frame that get_buffer() makes, with the source's alpha.
 * With native set it is the next generated frame, at its own time on the
 * source's timeline, with the
 * properties of the source frame of that time; what lies behind the clip's end
 * is left out, and the last one lasts to it. SAR is the buffer's.
 * @return 1 with *out, the caller's; 0 when all are out; AVERROR
 */
int ff_runway_clip_next(RunwayClip *clip, AVFrame **out,
                        AVFrame *(*get_buffer)(void *opaque), void *opaque);

#endif /* AVFILTER_RUNWAY_MEDIA_CLIP_H */
