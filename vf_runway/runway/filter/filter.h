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
 * What any filter over this engine shares: one video input, one video output,
 * and between them clips that are sent and generated. Layer 4, knows FFmpeg.
 *
 * A filter has its own file with its options (offsets into RunwayFilter.set;
 * filter_options.h has those of all), its endpoint, and the definition that
 * RUNWAY_DEFINE_FILTER makes of them. What it does not offer of RunwaySettings is
 * 0 there, which ff_runway_settings_init() has to accept.
 *
 * All of it is called by libavfilter, on the graph's thread. FFmpeg's rules for
 * activate(), and how they were measured, are in filter.c.
 */

#ifndef AVFILTER_RUNWAY_FILTER_FILTER_H
#define AVFILTER_RUNWAY_FILTER_FILTER_H

#include <stdint.h>

#include "libavfilter/avfilter.h"

#include "../base/event_log.h"
#include "../base/interrupt.h"
#include "../media/scaler.h"
#include "negotiate.h"
#include "options.h"
#include "progress.h"
#include "rebuild.h"
#include "sequence.h"
#include "window.h"

typedef struct RunwayFilter {
    const AVClass *class;       ///< of the filter, for its options
    RunwaySettings set;         ///< the options; AVOption's

    /* the rest is private to filter/; begins as zeros */
    RunwayKind kind;            ///< of the input
    RunwayInterrupt interrupt;
    RunwayEventLog *events;
    RunwaySequence *sequence;
    RunwayScaler *scaler;       ///< for source frames that pass
    RunwayWindow window;        ///< frames that are wanted behind the filter
    int searched;               ///< for that window
    int64_t delta;              ///< length of a frame by the link's rate, 0: it
                                ///< has none
    int64_t distance;           ///< of the newest two frames, 0: not known
    int64_t prev_pts;           ///< of the newest frame that was to be sent
    int64_t nb_since_step;      ///< such frames since time stepped back, 0: never
    AVFrame *held;              ///< that frame, until its length is known
    int64_t begin;              ///< of the film, as progress.film has it
    int is_behind_plan;         ///< what comes in is what a dry run passes
    int is_cover;               ///< what is held may be a cover picture
    int changed;                ///< by a command; for the frame to come
    int64_t nb_unsent;          ///< frames with a time stamp that did not rise
    int warned_interlaced;
    int warned_command;         ///< of a name that is no option

    int64_t last_read;          ///< when the newest frame came, 0: none yet
    int64_t asked;              ///< since when one is asked for, 0: none is
    int64_t waited;             ///< how long the newest that was asked for took
    int nb_ahead;               ///< frames in since a ready one began to wait
    int nb_behind;              ///< frames out since one that was long in coming
    int status;                 ///< of the input, 0: it goes on
    int64_t status_pts;
    int closed;                 ///< the output has ended first
    int ended;                  ///< what was left has been sent
    int64_t nb_unasked;         ///< frames in since one was asked for
    int unserved;               ///< see is_wanted()
    int settled;                ///< every job has ended
    int error;                  ///< the first one; sticky

    RunwayProgress progress;
    int64_t end_pts;            ///< of what went out, output time base
    RunwayColours first;        ///< of the first frame that went out
} RunwayFilter;

/** Checks the options, for a filter whose tasks are created there. Runs twice in
 *  most hosts, once for a graph that never sees a frame: does nothing that costs
 *  or can be seen. */
int ff_runway_filter_init(AVFilterContext *ctx, RunwayEndpoint endpoint);

/** For query_func, after the same. */
int ff_runway_filter_query(AVFilterContext *ctx);

/** Stops what is under way, see ff_runway_pipeline_stop(), and reports. */
void ff_runway_filter_uninit(AVFilterContext *ctx);

/** config_props of the output pad: size, shape, time base and rate. */
int ff_runway_filter_config_output(AVFilterLink *outlink);

int ff_runway_filter_activate(AVFilterContext *ctx);

/** prompt, seed, take, reference: a change ends the clip. Another option is an
 *  error, as the frames would be bought without the change. */
int ff_runway_filter_process_command(AVFilterContext *ctx, const char *cmd,
                                     const char *arg, char *res, int res_len,
                                     int flags);

#endif /* AVFILTER_RUNWAY_FILTER_FILTER_H */
