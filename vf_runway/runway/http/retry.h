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
 * What all loops of retries share: how long a caller waits before it tries
 * something again, and when it gives up. What may be tried again is
 * classify.h's matter.
 */

#ifndef AVFILTER_RUNWAY_HTTP_RETRY_H
#define AVFILTER_RUNWAY_HTTP_RETRY_H

#include <stdint.h>

#include "../base/error.h"
#include "../base/log.h"
#include "client.h"

#define RUNWAY_OUTAGE_MAX      900000000LL ///< microseconds until a run ends
/* of the same, while nothing has ever answered in this run */
#define RUNWAY_UNREACHED_MAX    20000000LL

/** A caller's failures in a row. One thread's own; the fields down to wait are
 *  set by the caller and outlive it, the others begin as 0. */
typedef struct RunwayRetry {
    RunwayClient *client;
    const RunwayLog *log;
    const char *label;      ///< for people: "clip 3 (10.00-15.00 s)"
    void *opaque;
    /** Wait; non-zero when cancelled, at once then. */
    int (*wait)(void *opaque, int64_t microseconds);

    int64_t outage;         ///< when the row began, 0: there is none
    int attempt;            ///< failures in it
    uint32_t random;
} RunwayRetry;

/** Something was answered: the row of failures, if there was one, is over. */
void ff_runway_retry_recovered(RunwayRetry *retry);

/**
 * After RUNWAY_UNAVAILABLE: wait before the next try of what. The wait is
 * uniform in [0, 1 s << failures], a quarter of a second at least and a minute
 * at most, and not shorter than retry_after (microseconds, -1: not reported).
 * @return RUNWAY_OK: try again; RUNWAY_CANCELLED; RUNWAY_UNAVAILABLE: the
 *         failures have gone on for RUNWAY_OUTAGE_MAX (or _UNREACHED_MAX)
 */
RunwayOutcome ff_runway_retry_wait(RunwayRetry *retry, const char *what,
                                   int64_t retry_after, const RunwayError *why,
                                   RunwayError *err);

#endif /* AVFILTER_RUNWAY_HTTP_RETRY_H */
