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
 * Outcomes: what became of something that was tried, and the one line of text
 * that says what a person can do about it.
 *
 * Every function of the core that can fail returns a RunwayOutcome (0 is
 * success) and, where it takes a RunwayError, fills it in. The filter maps the
 * class to an AVERROR; nothing below the filter knows AVERROR codes.
 */

#ifndef AVFILTER_RUNWAY_BASE_ERROR_H
#define AVFILTER_RUNWAY_BASE_ERROR_H

#if defined(__GNUC__) || defined(__clang__)
#define RUNWAY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define RUNWAY_PRINTF(fmt, args)
#endif

typedef enum RunwayOutcome {
    RUNWAY_OK = 0,
    /** An option, a key or the input is unfit. Nothing was sent. */
    RUNWAY_INVALID,
    /** Certainly not accepted, for a transient reason (no connection, 429,
     *  503 with Retry-After): the same request may be sent again. */
    RUNWAY_UNAVAILABLE,
    /** Certainly not accepted, and will not be the next time either (400, 401,
     *  403, 404, 413, no credits). */
    RUNWAY_REFUSED,
    /** A create went out and nobody knows what became of it: it may have been
     *  accepted and billed. Never sent again by itself. */
    RUNWAY_UNKNOWN,
    /** The task FAILED permanently: moderation, unfit asset. Billed. */
    RUNWAY_TASK_FAILED,
    /** The task FAILED for a transient reason: another one may succeed. */
    RUNWAY_TASK_FAILED_TRANSIENT,
    /** A task that was ours is gone (404, CANCELLED). */
    RUNWAY_TASK_LOST,
    /** The task did not end within task_timeout. It is left to be read later. */
    RUNWAY_TASK_TIMEOUT,
    /** A task SUCCEEDED, and what can be fetched is no whole video: another
     *  try is free. */
    RUNWAY_NO_RESULT,
    /** The result arrived whole and is not what it should be. */
    RUNWAY_BAD_RESULT,
    /** The caller's cancellation was seen. Nothing is known to have failed. */
    RUNWAY_CANCELLED,
    /** A file of ours could not be written or read. */
    RUNWAY_IO,
    RUNWAY_NOMEM,
} RunwayOutcome;

#define RUNWAY_ERROR_TEXT 2048 ///< bytes, terminating 0 included

typedef struct RunwayError {
    RunwayOutcome outcome;
    char text[RUNWAY_ERROR_TEXT]; ///< one line, UTF-8, holds nothing secret
} RunwayError;

/**
 * Fill in err (may be NULL) and return outcome, so that a caller can write
 * return ff_runway_error(err, RUNWAY_IO, "...", ...). Text that does not fit is
 * cut at a character boundary; control characters become spaces, because parts
 * of a text come from the network, and users and passwords in URLs dots, because
 * others quote what was typed.
 */
RunwayOutcome ff_runway_error(RunwayError *err, RunwayOutcome outcome,
                              const char *fmt, ...) RUNWAY_PRINTF(3, 4);

#ifdef __clang_analyzer__
/* it looks at one file at a time, and has to know what comes back */
#define ff_runway_error(err, outcome, ...) \
    ((void)ff_runway_error(err, outcome, __VA_ARGS__), (outcome))
#endif

/** Fill in err (may be NULL) and return RUNWAY_NOMEM. */
static inline RunwayOutcome ff_runway_no_memory(RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_NOMEM, "out of memory");
}

/** The word for log_path: "refused", "bad_result", … Never NULL. */
const char *ff_runway_outcome_name(RunwayOutcome outcome);

#endif /* AVFILTER_RUNWAY_BASE_ERROR_H */
