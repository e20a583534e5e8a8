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
#include "job_internal.h"
#include "../http/retry.h"

#define BACKOFF_BASE  1000000LL
#define BACKOFF_CAP  60000000LL
#define BACKOFF_MIN    250000LL

static uint32_t next_random(RunwayJobRun *run)
{
    /* xorshift32: jitter needs no more */
    run->random ^= run->random << 13;
    run->random ^= run->random >> 17;
    run->random ^= run->random << 5;
    return run->random;
}

void ff_runway_run_set_state(RunwayJobRun *run, RunwayJobState state)
{
    run->job->now.state = state;
    run->host->changed(run->host->opaque, run->job);
}

RunwayOutcome ff_runway_run_cancelled(RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
}

void ff_runway_run_recovered(RunwayJobRun *run)
{
    run->outage  = 0;
    run->attempt = 0;
}

RunwayOutcome ff_runway_run_back_off(RunwayJobRun *run, const char *what,
                                     int64_t retry_after,
                                     const RunwayError *why, RunwayError *err)
{
    int64_t now = ff_runway_now();
    int64_t most = ff_runway_client_has_reached(run->host->client) ?
                   RUNWAY_OUTAGE_MAX : RUNWAY_UNREACHED_MAX;
    int64_t wait, left;

    if (!run->outage)
        run->outage = now;
    if (now - run->outage > most)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "%s has failed for %.0f s: %s", what,
                               (double)(now - run->outage) / 1e6, why->text);
    wait = ff_runway_backoff(run->attempt, BACKOFF_BASE, BACKOFF_CAP,
                             BACKOFF_MIN, retry_after, next_random(run));
    /* the last try is when patience ends, and not up to a minute later */
    left = most - (now - run->outage) + BACKOFF_MIN;
    if (retry_after < 0 && wait > left)
        wait = left;
    ff_runway_log(run->host->log,
                  run->attempt ? RUNWAY_LOG_VERBOSE : RUNWAY_LOG_WARNING,
                  "%s: %s failed, trying again in %.1f s: %s", run->job->label,
                  what, (double)wait / 1e6, why->text);
    if (run->attempt < 30)
        run->attempt++;
    if (run->host->wait(run->host->opaque, wait))
        return ff_runway_run_cancelled(err);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_run_write(RunwayJobRun *run, RunwayClipState state,
                                  const char *what, const char *code,
                                  RunwayError *err)
{
    RunwayRecord *r = run->record;
    RunwayOutcome ret;

    ff_runway_record_set(r->failure, sizeof(r->failure), what);
    ff_runway_record_set(r->failure_code, sizeof(r->failure_code), code);
    ret = ff_runway_record_move(r, state, err);
    if (!ret)
        ret = ff_runway_journal_write(run->host->journal, run->lock, r, err);
    return ret;
}
