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
 * The line of clips: frames are cut into clips and sent, and come out again in
 * the order they went in, those that pass through untouched among them.
 * Errors are AVERROR codes, and the reason is logged.
 * Belongs to the filter's thread.
 *
 * What it holds is bounded: accepts() says when nothing more may go in.
 */

#ifndef AVFILTER_RUNWAY_FILTER_SEQUENCE_H
#define AVFILTER_RUNWAY_FILTER_SEQUENCE_H

#include <stdint.h>

#include "libavutil/frame.h"
#include "libavutil/rational.h"

#include "../api/request.h"
#include "../base/event_log.h"
#include "../engine/pipeline.h"
#include "options.h"

typedef struct RunwaySequence RunwaySequence;

/** All that is pointed to outlives the sequence. */
typedef struct RunwaySequenceConfig {
    const RunwaySettings *set;
    const char *filter;          ///< its name, for what frames are marked with
    const char *instance;        ///< the filter's name in its graph
    RunwayEventLog *events;      ///< NULL: none
    int64_t pixels;              ///< of the larger one of a picture that goes
                                 ///< in and one that comes out
    AVRational time_base;        ///< of frames that go in
    AVRational sar;              ///< of those that the output goes by
    AVRational frame_rate;       ///< of these, 0/0 or 1/0: not known
    AVRational out_time_base;    ///< of frames that come out
    enum AVPixelFormat out_format;
    enum AVPixelFormat end_format;  ///< what it becomes, for the notice
    int out_w, out_h;
    int is_assumed;              ///< what goes in is not what a run has, as of
                                 ///< ff_runway_plan_assume()
    int forgets;                 ///< the host may exit with 0 at an error behind
                                 ///< the end of the input
    /** Where the film is cut off, microseconds; AV_NOPTS_VALUE: not known. */
    int64_t end;
    AVFrame *(*get_buffer)(void *opaque); ///< of the output's size and format
    /** A result has arrived, or the news that there is none; what is logged of it
     *  comes after that. */
    void (*arrived)(void *opaque);
    void *opaque;
    /** Non-zero when the process was asked to end. Encoding ends then: what adds
     *  a frame or ends a clip returns AVERROR_EXIT, which is for the caller and
     *  not for the graph. */
    int (*interrupted)(void *interrupt_opaque);
    void *interrupt_opaque;
} RunwaySequenceConfig;

/** Sends nothing yet. The directories of journal and results are made and
 *  proven to be writable, but in a dry run, which only looks. */
int ff_runway_sequence_create(RunwaySequence **sequence,
                              const RunwaySequenceConfig *config);

/** Cancels what is under way, and waits for it as ff_runway_pipeline_stop()
 *  does. */
void ff_runway_sequence_free(RunwaySequence **sequence);

/**
 * The ratio that is sent for a picture, and its two numbers; 0 and NULL for
 * models whose output follows the input.
 */
int ff_runway_sequence_ratio(const RunwayRequest *request, int width,
                             int height, AVRational sar, const char **ratio,
                             int *ratio_w, int *ratio_h, void *log_ctx);

/** Whether a frame may go in now. */
int ff_runway_sequence_accepts(RunwaySequence *s);

/** What the clips go through: it may be asked how they are, stopped and
 *  cancelled; the sequence puts clips in and takes them out. */
RunwayPipeline *ff_runway_sequence_pipeline(RunwaySequence *s);

/** Whether a frame that is shown for length fills the clip at hand: another one
 *  has no place in it. */
int ff_runway_sequence_is_filled(const RunwaySequence *s, const AVFrame *frame,
                                 int64_t length);

/** A frame to be generated anew; length microseconds are what it is shown for.
 *  The frame stays the caller's. */
int ff_runway_sequence_add(RunwaySequence *s, const AVFrame *frame,
                           int64_t length);

/** A frame that is not sent, as its time is not behind that of the frame before:
 *  it comes out at its own pts with the picture of that one. The frame stays the
 *  caller's. */
int ff_runway_sequence_add_unsent(RunwaySequence *s, const AVFrame *frame,
                                  int *now);

/** From the next frame on, ask for what the settings say now (prompt, seed,
 *  take, reference): ends the clip, unless nothing has changed. */
int ff_runway_sequence_change(RunwaySequence *s);

/** End the clip that frames went into. */
int ff_runway_sequence_cut(RunwaySequence *s);

/** A frame that passes through, its pts in out_time_base: *now is set when it
 *  may go out at once; else a copy is kept. The frame stays the caller's. */
int ff_runway_sequence_pass(RunwaySequence *s, const AVFrame *frame, int *now);

/** No more frames: send what there is; or, with discard set, drop the clip that
 *  is not complete. */
int ff_runway_sequence_end(RunwaySequence *s, int discard);

/** Nothing is left to come out. */
int ff_runway_sequence_is_empty(const RunwaySequence *s);

/** Whether the next frame can be had, waiting up to timeout microseconds for
 *  it. @return 1, 0, or the first error of any clip */
int ff_runway_sequence_ready(RunwaySequence *s, int64_t timeout);

/** The next frame; only when it is ready. */
int ff_runway_sequence_next(RunwaySequence *s, AVFrame **frame);

/** Whether every clip has ended, waiting up to timeout microseconds. */
int ff_runway_sequence_settle(RunwaySequence *s, int64_t timeout);

/** How long the clips are at most, less what each shares with the next,
 *  microseconds; 0 or less: there was none yet. */
int64_t ff_runway_sequence_clip_length(const RunwaySequence *s);

/** Clips that came out as their source. */
int ff_runway_sequence_nb_kept(const RunwaySequence *s);

/** In a dry run: log the sums of the plan, once. early: the output has ended
 *  before the input, whatever the plan says. */
void ff_runway_sequence_log_plan(RunwaySequence *s, int early);

#endif /* AVFILTER_RUNWAY_FILTER_SEQUENCE_H */
