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
 * Which frames the graph behind the filter lets through. ffmpeg makes a trim
 * filter of its output options -ss, -t and -to [5.1.9, 9.0.2:
 * configure_output_video_filter()], and what that drops is not worth paying for.
 * The trim counts -t from its first frame; in front of the encoder ffmpeg counts
 * it again, from -ss or 0, which is earlier for a film that begins later [5.1.9,
 * 9.0.2: check_recording_time()]. It does so once a rate has moved the frames,
 * back by one of them at most: the first frame behind that limit may be output.
 * It is looked for through filters that are known to keep frames and times;
 * behind any other nothing is known. Layer 4.
 */

#ifndef AVFILTER_RUNWAY_FILTER_WINDOW_H
#define AVFILTER_RUNWAY_FILTER_WINDOW_H

#include <stdint.h>

#include "libavfilter/avfilter.h"

#define RUNWAY_TRIMS_MAX 4

/** One trim, as libavfilter/trim.c goes by it. */
typedef struct RunwayTrim {
    int64_t start_pts, end_pts;     ///< AV_NOPTS_VALUE: none
    int64_t start_frame;            ///< -1: none
    int64_t end_frame;              ///< INT64_MAX: none
    int64_t duration;               ///< time base of the link; 0: none
    int64_t limit;                  ///< of ffmpeg's own, or AV_NOPTS_VALUE
    int64_t first_pts;              ///< of what it has let through
    int64_t nb_frames;              ///< that have come to it
} RunwayTrim;

/** Begins as zeros: all frames are let through. */
typedef struct RunwayWindow {
    RunwayTrim trims[RUNWAY_TRIMS_MAX];
    int nb_trims;
    int over;                       ///< no frame is let through any more
    int nb_late;                    ///< frames at or behind a limit
    /** Filter in front of a trim that the search ended at, or NULL. */
    const char *hidden_by;
    /** Filter behind that may end before the film; NULL: none is known to. */
    const char *ended_by;
} RunwayWindow;

/** Search behind outlink; the graph is configured. exact: the frames that go out
 *  there are those that will be asked for, so that they can be counted. */
void ff_runway_window_find(RunwayWindow *window, const AVFilterLink *outlink,
                           int exact);

typedef enum RunwayPlace {
    RUNWAY_PLACE_WITHIN,
    RUNWAY_PLACE_BEFORE,            ///< is dropped, later ones are not
    RUNWAY_PLACE_LATE,              ///< is the last one, if it is not dropped
    RUNWAY_PLACE_AFTER,             ///< is dropped, as all later ones are
} RunwayPlace;

/** What becomes of the next frame; once for each, in order. pts in the time base
 *  of the link. */
RunwayPlace ff_runway_window_place(RunwayWindow *window, int64_t pts);

/** The pts at which it ends, as far as times say; AV_NOPTS_VALUE: it does
 *  not. */
int64_t ff_runway_window_end(const RunwayWindow *window);

#endif /* AVFILTER_RUNWAY_FILTER_WINDOW_H */
