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
 * What the user has decided about a run: how much at once, where its files go,
 * what it may cost and what happens when something fails. One struct, filled in
 * by the options and read by every layer, so that each decision has one name.
 * What a request says is in api, what a client needs in http.
 */

#ifndef AVFILTER_RUNWAY_BASE_POLICY_H
#define AVFILTER_RUNWAY_BASE_POLICY_H

#include <stdint.h>

/** What to do about a clip whose task failed, or whose result is unusable. */
enum RunwayOnError {
    RUNWAY_ON_ERROR_FAIL,
    RUNWAY_ON_ERROR_SOURCE,
};

/** What to do about a create or a task of unknown fate. */
enum RunwayOnUnknown {
    RUNWAY_ON_UNKNOWN_FAIL,
    RUNWAY_ON_UNKNOWN_RESEND,
};

/** Each field is the option of the same name; durations are microseconds. The
 *  enums are ints because AVOption writes ints. Not changed while a run lasts,
 *  and outlives all that is given it. */
typedef struct RunwayPolicy {
    int concurrency;        ///< tasks at the provider, from 1
    int64_t poll_interval;  ///< between two reads of a task
    int64_t task_timeout;   ///< from the first PENDING or RUNNING; THROTTLED
                            ///< does not count
    const char *state_dir;  ///< NULL: the default, as in journal.h
    const char *results_dir; ///< NULL: the default, as in results.h
    int64_t results_size;   ///< bytes
    double max_credits;     ///< of the output; 0: no cap
    double max_credits_day; ///< of all that the journal has bought in 24 hours
    double length_tolerance; ///< how far a result's length may be off, as a
                             ///< fraction of the clip's
    int dry_run;            ///< send nothing, and write nothing to disk
    int on_error;           ///< enum RunwayOnError
    int on_unknown;         ///< enum RunwayOnUnknown
    int retries;            ///< new paid tasks after transient failures
} RunwayPolicy;

#endif /* AVFILTER_RUNWAY_BASE_POLICY_H */
