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

#include "../base/clock.h"
#include "retry.h"

#define BACKOFF_BASE 1000000LL
#define BACKOFF_MAX 60000000LL
#define BACKOFF_MIN   250000LL

void ff_runway_retry_recovered(RunwayRetry *retry)
{
    retry->outage  = 0;
    retry->attempt = 0;
}

/** Full jitter: clips that fail together do not come back together. */
static int64_t jitter(RunwayRetry *retry)
{
    int64_t limit = retry->attempt < 6 ? BACKOFF_BASE << retry->attempt
                                       : BACKOFF_MAX;

    if (!retry->random)
        retry->random = (uint32_t)(ff_runway_now() ^ (intptr_t)retry) | 1;
    /* xorshift32: no more is needed */
    retry->random ^= retry->random << 13;
    retry->random ^= retry->random >> 17;
    retry->random ^= retry->random << 5;
    return (int64_t)((uint64_t)limit * retry->random >> 32);
}

/** When patience began: with the row of failures, or later. */
static int64_t last_move(const RunwayRetry *retry)
{
    int64_t moved = retry->moved ? retry->moved(retry->opaque) : 0;

    return moved > retry->outage ? moved : retry->outage;
}

/** Wait before the next try. */
static RunwayOutcome wait_again(RunwayRetry *retry, const char *what,
                                RunwayError *err)
{
    int64_t now = ff_runway_now();
    int reached = ff_runway_client_has_reached(retry->client);
    int64_t most = reached ? RUNWAY_OUTAGE_MAX : RUNWAY_UNREACHED_MAX;
    int64_t since, wait, left;
    int64_t least = retry->after > BACKOFF_MIN ? retry->after : BACKOFF_MIN;

    if (!retry->outage)
        retry->outage = now;
    since = last_move(retry);
    if (now - since > most)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "%s has failed for %.0f s: %s%s", what,
                               (double)(now - retry->outage) / 1e6,
                               retry->why.text, reached ? "; run the same "
                               "command again later; what is paid for is kept"
                               : "");
    wait = jitter(retry);
    /* the last try is when patience ends, and not up to a minute later */
    left = most - (now - since) + BACKOFF_MIN;
    if (wait > left)
        wait = left;
    if (wait < least)
        wait = least;
    ff_runway_log(retry->log, retry->attempt ? RUNWAY_LOG_VERBOSE
                                             : RUNWAY_LOG_WARNING,
                  "%s: %s failed, trying again in %.1f s: %s", retry->label,
                  what, (double)wait / 1e6, retry->why.text);
    retry->attempt++;
    if (retry->wait_place ? retry->wait_place(retry->opaque, retry->tried,
                                            least, wait)
                          : retry->wait(retry->opaque, wait))
        return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
    return RUNWAY_OK;
}

int ff_runway_retry_again(RunwayRetry *retry, const char *what,
                          RunwayOutcome *ret, RunwayError *err)
{
    if (*ret == RUNWAY_UNAVAILABLE) {
        *ret = wait_again(retry, what, err);
        return !*ret;
    }
    if (*ret && err)
        *err = retry->why;
    return 0;
}
