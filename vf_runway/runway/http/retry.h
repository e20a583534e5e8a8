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

/** A caller's failures in a row. One thread's own; the fields down to moved are
 *  set by the caller and outlive it, the others begin as zeros. */
typedef struct RunwayRetry {
    RunwayClient *client;
    const RunwayLog *log;
    const char *label;      ///< for people: "clip 3 (10.00-15.00 s)"
    void *opaque;
    /** Wait; non-zero when cancelled, at once then. */
    int (*wait)(void *opaque, int64_t microseconds);
    /** The same, only for least where a place at the service has become free
     *  since that time, or does meanwhile. NULL: wait() */
    int (*wait_place)(void *opaque, int64_t since, int64_t least, int64_t most);
    /** When the service last did something for this run, as ff_runway_now():
     *  patience begins anew then. 0: not yet; NULL: that is not asked. */
    int64_t (*moved)(void *opaque);

    int64_t tried;          ///< when the try began, for wait_place()
    int64_t after;          ///< of the try: as in client.h
    RunwayError why;        ///< likewise

    int64_t outage;         ///< when the row began, 0: there is none
    int attempt;            ///< failures in it
    uint32_t random;
} RunwayRetry;

/** Something was answered: the row of failures, if there was one, is over. */
void ff_runway_retry_recovered(RunwayRetry *retry);

/**
 * A try of what has ended as *ret, with retry's after and why: whether it is to
 * be tried again, for which this waits. That is so after RUNWAY_UNAVAILABLE; else
 * *ret and err are how it all ends: as the try did, with RUNWAY_CANCELLED, or
 * with RUNWAY_UNAVAILABLE, as the failures have gone on for RUNWAY_OUTAGE_MAX (or
 * _UNREACHED_MAX), and nothing has moved for as long. The wait is uniform in
 * [0, 1 s << failures], a quarter of a second at least and a minute at most, and
 * not shorter than after; wait_place() may end it at the least of these.
 */
int ff_runway_retry_again(RunwayRetry *retry, const char *what,
                          RunwayOutcome *ret, RunwayError *err);

#endif /* AVFILTER_RUNWAY_HTTP_RETRY_H */
