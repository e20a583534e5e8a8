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
 * What a user sees of a run: how things stand while it waits, and at its end
 * what came of the frames and of the money. Belongs to
 * the filter's thread.
 */

#ifndef AVFILTER_RUNWAY_FILTER_PROGRESS_H
#define AVFILTER_RUNWAY_FILTER_PROGRESS_H

#include <stdint.h>

#include "../base/event_log.h"
#include "sequence.h"
#include "options.h"

/** An input that nobody reads for so long may be closed at its other end. */
#define RUNWAY_STALL 30000000LL

/** Begins as zeros; the filter counts and notes the first part. */
typedef struct RunwayProgress {
    int64_t nb_in, nb_out;      ///< frames
    int64_t film;               ///< end of the newest frame, microseconds
    int64_t film_end;           ///< of what will be, AV_NOPTS_VALUE: not known
    int64_t shown;              ///< time of the newest frame that is out
    int is_read;                ///< the input has ended
    int64_t stall;              ///< film at which it was last left unread for
                                ///< RUNWAY_STALL or longer, 0: never

    int64_t wait_start;         ///< of the present wait, 0: none
    int64_t last_line;          ///< when a wait was reported last
    int nb_lines;               ///< that did
    int64_t next_status;        ///< when it is next, in place
} RunwayProgress;

/**
 * There is nothing to output. Reported to a person: in place, once a second,
 * while nothing is out yet and stderr is a terminal; else in lines after 5, 15,
 * 30 and 60 s and then each minute: later waits go on with that, but none is
 * reported before it has lasted for 5 s. The event "heartbeat" comes with the
 * lines and at the same times without them. events may be NULL.
 */
void ff_runway_progress_waiting(RunwayProgress *p, RunwaySequence *sequence,
                                RunwayEventLog *events, void *log_ctx);

/** A result is there, or a frame goes out: the wait is over. */
void ff_runway_progress_moved(RunwayProgress *p);

/**
 * The last lines, and the event "summary" with end ("ok", "interrupted",
 * "freed", "error"). Stops the sequence, since a create that is going out may
 * still be accepted, and counts. events may be NULL.
 */
void ff_runway_progress_end(RunwayProgress *p, const RunwaySettings *set,
                            RunwaySequence *sequence, RunwayEventLog *events,
                            const char *end);

#endif /* AVFILTER_RUNWAY_FILTER_PROGRESS_H */
