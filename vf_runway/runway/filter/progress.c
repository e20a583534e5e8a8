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

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libavutil/log.h"

#include "../base/clock.h"
#include "progress.h"

/* between two lines about waiting, microseconds */
#define INTERVAL 5000000

void ff_runway_progress_waiting(RunwayProgress *p, RunwaySequence *sequence,
                                void *log_ctx)
{
    int64_t now = ff_runway_now();
    RunwayPipelineStatus st;
    char progress[32] = "", expected[48] = "", credits[32] = "";

    if (!p->wait_start)
        p->wait_start = p->told = now;
    if (now - p->told < INTERVAL)
        return;
    p->told = now;
    ff_runway_sequence_status(sequence, &st);
    if (st.progress >= 0)
        snprintf(progress, sizeof(progress), " (%.0f %%)", 100 * st.progress);
    /* it takes longer than the others did */
    if (st.expected >= 0 && st.expected < 500000)
        snprintf(expected, sizeof(expected), ", next any moment");
    else if (st.expected >= 0)
        snprintf(expected, sizeof(expected), ", next in about %.0f s",
                 st.expected / 1e6);
    if (st.credits > 0 && !st.unpriced)
        snprintf(credits, sizeof(credits), ", %.0f credits", st.credits);
    av_log(log_ctx, AV_LOG_INFO, "waiting for %.0f s: %d clips done; %d "
           "queued, %d submitting, %d throttled, %d generating%s, %d "
           "downloading%s%s\n", (now - p->wait_start) / 1e6, st.done,
           st.queued, st.submitting, st.throttled, st.waiting, progress,
           st.downloading, expected, credits);
}

void ff_runway_progress_moved(RunwayProgress *p)
{
    p->wait_start = 0;
}

/* The same for programs. */
static void log_summary(const RunwayProgress *p, RunwayEventLog *events,
                        const RunwayPipelineStatus *st,
                        const RunwayBudgetTotals *totals, const char *end)
{
    const RunwayEventField fields[] = {
        RUNWAY_TEXT("end", end),
        RUNWAY_INT("frames_in", p->nb_in), RUNWAY_INT("frames_out", p->nb_out),
        RUNWAY_INT("clips", st->admitted), RUNWAY_INT("made", totals->made),
        RUNWAY_INT("reused", totals->reused),
        RUNWAY_INT("failed", totals->failed),
        RUNWAY_INT("left", st->left),
        RUNWAY_NUMBER("credits_estimated", totals->estimated),
        RUNWAY_NUMBER("credits_charged", totals->uncharged && !totals->told ?
                                         -1 : totals->charged),
        RUNWAY_INT("unpriced", totals->unpriced), RUNWAY_EVENT_LAST
    };

    ff_runway_event(events, "summary", fields);
}

void ff_runway_progress_end(const RunwayProgress *p, const RunwaySettings *set,
                            RunwaySequence *sequence, RunwayEventLog *events,
                            const char *end)
{
    void *log_ctx = set->log_ctx;
    int64_t left = p->nb_in - p->nb_out;
    int kept = ff_runway_sequence_nb_kept(sequence);
    RunwayPipelineStatus st;
    RunwayBudgetTotals totals;
    char summary[256];

    ff_runway_sequence_stop(sequence);
    ff_runway_sequence_status(sequence, &st);
    if (!strcmp(end, "rebuilt"))
        av_log(log_ctx, AV_LOG_ERROR, "%"PRId64" frames were not output: the "
               "filter graph was freed before the end of its input\n", left);
    else if (left > 0 && !strcmp(end, "ok") &&
             set->timing == RUNWAY_TIMING_SOURCE)
        av_log(log_ctx, AV_LOG_WARNING, "%"PRId64" frames in were not output: "
               "the graph ended before them\n", left);
    if (st.left)
        av_log(log_ctx, AV_LOG_WARNING, "%d task%s at the provider, already "
               "paid for; the same command again picks up what is there and "
               "sends nothing twice\n",
               st.left, st.left == 1 ? " is" : "s are");
    if (kept)
        av_log(log_ctx, AV_LOG_WARNING, "%d of %d clips were replaced by their "
               "source frames\n", kept, st.admitted);
    av_log(log_ctx, AV_LOG_VERBOSE, "%"PRId64" frames in, %"PRId64" frames "
           "out\n", p->nb_in, p->nb_out);
    ff_runway_sequence_totals(sequence, &totals);
    log_summary(p, events, &st, &totals, end);
    if (set->policy.dry_run || !st.admitted)
        return;
    ff_runway_budget_summary(&totals, summary, sizeof(summary));
    av_log(log_ctx, AV_LOG_INFO, "%s\n", summary);
}
