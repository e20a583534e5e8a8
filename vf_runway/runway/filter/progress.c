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
#include <unistd.h>

#include "libavutil/avutil.h"
#include "libavutil/bprint.h"
#include "libavutil/log.h"

#include "../base/clock.h"
#include "progress.h"
#include "status_line.h"

#define SECOND 1000000LL

/* When the next line is due: less and less often in the course of the run, as a
 * long film waits for each of its clips. */
static int64_t next_line(const RunwayProgress *p)
{
    static const int seconds[] = { 5, 10, 15, 30, 60 };
    int i = FFMIN(p->nb_lines, FF_ARRAY_ELEMS(seconds) - 1);

    return FFMAX(p->wait_start + seconds[0] * SECOND,
                 p->last_line + seconds[i] * SECOND);
}

/* All clips of the film, 0: not known. */
static int count_clips(const RunwayProgress *p, const RunwaySequence *sequence,
                       const RunwayPipelineStatus *st)
{
    int64_t length = ff_runway_sequence_clip_length(sequence);

    if (p->is_read)
        return st->admitted;
    if (p->film_end == AV_NOPTS_VALUE || length <= 0)
        return 0;
    /* the clip at hand is among those that are to come */
    return st->admitted +
           (int)(FFMAX(0, p->film_end - p->film - 1) / length) + 1;
}

static void print_time(AVBPrint *text, const char *what, int64_t time)
{
    if (time < SECOND / 2)
        av_bprintf(text, ", %s any moment", what);
    else if (time < 100 * SECOND)
        av_bprintf(text, ", %s in about %.0f s", what, time / 1e6);
    else
        av_bprintf(text, ", %s in about %.0f min", what, time / 60e6);
}

#define IS_SAFE "; Ctrl-C is safe"

/* How things stand, for a person. */
static void describe(AVBPrint *text, const RunwayProgress *p, int total,
                     const RunwayPipelineStatus *st)
{
    int64_t last = ff_runway_pipeline_time_to_last(st, total);

    av_bprintf(text, "film read to %.1f s, ", p->film / 1e6);
    if (total)
        av_bprintf(text, "%d of %s%d clips ready", st->done,
                   p->is_read ? "" : "about ", total);
    else
        av_bprintf(text, "%d clip%s ready, %d on the way", st->done,
                   st->done == 1 ? "" : "s",
                   st->admitted - st->done - st->failed);
    if (st->throttled)
        av_bprintf(text, ", %d queued at the provider", st->throttled);
    if (st->progress >= 0)
        av_bprintf(text, ", the next at %.0f %%", 100 * st->progress);
    if (st->expected >= 0)
        print_time(text, st->progress >= 0 ? "ready" : "the next ready",
                   st->expected);
    if (last > st->expected + SECOND)
        print_time(text, "the last", last);
    if (st->credits > 0 && !st->unpriced)
        av_bprintf(text, ", %.0f credits", st->credits);
    av_bprintf(text, IS_SAFE);
}

/* Take back what was added from len on, where that leaves too few columns. */
static void fit(AVBPrint *text, unsigned len, unsigned columns)
{
    if (text->len + strlen(IS_SAFE) > columns) {
        text->len = len;
        text->str[len] = '\0';
    }
}

/* The same in 80 columns, or with less in fewer. */
static void abbreviate(AVBPrint *text, const RunwayProgress *p, int total,
                       const RunwayPipelineStatus *st, unsigned columns)
{
    unsigned len;
    int64_t last = ff_runway_pipeline_time_to_last(st, total);

    av_bprintf(text, "%.0f s read, ", p->film / 1e6);
    if (total)
        av_bprintf(text, "%d/%s%d clips", st->done, p->is_read ? "" : "~",
                   total);
    else
        av_bprintf(text, "%d clip%s ready, %d to come", st->done,
                   st->done == 1 ? "" : "s",
                   st->admitted - st->done - st->failed);
    len = text->len;
    if (last >= 0)
        print_time(text, "all", last);
    else if (st->expected >= 0)
        print_time(text, "next", st->expected);
    else if (st->progress >= 0)
        av_bprintf(text, ", next at %.0f %%", 100 * st->progress);
    fit(text, len, columns);
    len = text->len;
    if (st->credits > 0 && !st->unpriced)
        av_bprintf(text, ", %.0f credits", st->credits);
    fit(text, len, columns);
    av_bprintf(text, IS_SAFE);
}

static void beat(const RunwayProgress *p, RunwayEventLog *events, int total,
                 const RunwayPipelineStatus *st, int64_t now)
{
    const int64_t last = ff_runway_pipeline_time_to_last(st, total);
    const RunwayEventField fields[] = {
        RUNWAY_NUMBER("waiting_seconds", (now - p->wait_start) / 1e6),
        RUNWAY_NUMBER("film_seconds", p->film / 1e6),
        RUNWAY_INT("ready", st->done), RUNWAY_INT("admitted", st->admitted),
        RUNWAY_NUMBER("clips", total ? total : -1),
        RUNWAY_INT("queued", st->throttled),
        RUNWAY_NUMBER("progress", st->progress),
        RUNWAY_NUMBER("expected_seconds", st->expected < 0 ? -1 :
                                          st->expected / 1e6),
        RUNWAY_NUMBER("last_seconds", last < 0 ? -1 : last / 1e6),
        RUNWAY_NUMBER("credits", st->unpriced ? -1 : st->credits),
        RUNWAY_EVENT_LAST
    };

    ff_runway_event(events, "heartbeat", fields);
}

void ff_runway_progress_waiting(RunwayProgress *p, RunwaySequence *sequence,
                                RunwayEventLog *events, void *log_ctx)
{
    int64_t now = ff_runway_now();
    int in_place = !p->nb_out && isatty(STDERR_FILENO);
    RunwayPipelineStatus st;
    AVBPrint text, brief;
    int total;

    if (!p->wait_start)
        p->wait_start = now;
    if (now < next_line(p) && (!in_place || now < p->next_status))
        return;
    ff_runway_pipeline_status(ff_runway_sequence_pipeline(sequence), &st);
    total = count_clips(p, sequence, &st);
    av_bprint_init(&text, 0, AV_BPRINT_SIZE_AUTOMATIC);
    describe(&text, p, total, &st);
    if (in_place) {
        unsigned columns = ff_runway_status_line_columns();

        p->next_status = now + SECOND;
        av_bprint_init(&brief, 0, AV_BPRINT_SIZE_AUTOMATIC);
        abbreviate(&brief, p, total, &st, columns);
        ff_runway_status_line_draw(p, text.len <= columns ? text.str :
                                                            brief.str);
        av_bprint_finalize(&brief, NULL);
    }
    if (now >= next_line(p)) {
        p->last_line = now;
        p->nb_lines++;
        if (!in_place)
            av_log(log_ctx, AV_LOG_INFO, "waiting for %.0f s: %s\n",
                   (now - p->wait_start) / 1e6, text.str);
        beat(p, events, total, &st, now);
    }
    av_bprint_finalize(&text, NULL);
}

void ff_runway_progress_moved(RunwayProgress *p)
{
    p->wait_start = 0;
    ff_runway_status_line_clear(p);
}

/* The same for programs. */
static void log_summary(const RunwayProgress *p, RunwayEventLog *events,
                        const RunwayPipelineStatus *st,
                        const RunwayTotals *totals, const char *end)
{
    const RunwayEventField fields[] = {
        RUNWAY_TEXT("end", end),
        RUNWAY_INT("frames_in", p->nb_in), RUNWAY_INT("frames_out", p->nb_out),
        RUNWAY_INT("clips", st->admitted), RUNWAY_INT("made", totals->made),
        RUNWAY_INT("reused", totals->reused),
        RUNWAY_INT("failed", totals->failed),
        RUNWAY_INT("left", st->left),
        RUNWAY_NUMBER("credits_estimated", totals->estimated),
        RUNWAY_NUMBER("credits_charged",
                      totals->uncharged && !(totals->charged > 0) ? -1
                                                             : totals->charged),
        RUNWAY_INT("unpriced", totals->unpriced), RUNWAY_EVENT_LAST
    };

    ff_runway_event(events, "summary", fields);
}

/* Where the film ended: a connection that was lost looks like its end. */
static void log_input_end(const RunwayProgress *p,
                          const RunwaySequence *sequence, void *log_ctx)
{
    if (!p->is_read || (p->film_end != AV_NOPTS_VALUE &&
                        p->film_end - p->film < SECOND / 4))
        return;
    av_log(log_ctx, AV_LOG_INFO, "the input ended at %.2f s\n", p->film / 1e6);
    if (p->stall &&
        p->film - p->stall <= ff_runway_sequence_clip_length(sequence))
        av_log(log_ctx, AV_LOG_INFO, "if the film is longer, its server may "
               "have closed the connection because nothing was read for a "
               "while: use -reconnect 1 before -i, or copy the film first\n");
}

/* ffmpeg's rate conversion (-r) reaches the end that -t gives it with the last
 * frames of the film still to come, which are none that it would output. */
static int is_complete(const RunwayProgress *p)
{
    return p->film_end != AV_NOPTS_VALUE && p->film_end - p->shown < SECOND / 4;
}

void ff_runway_progress_end(RunwayProgress *p, const RunwaySettings *set,
                            RunwaySequence *sequence, RunwayEventLog *events,
                            const char *end)
{
    void *log_ctx = set->log_ctx;
    int64_t left = p->nb_in - p->nb_out;
    int kept = ff_runway_sequence_nb_kept(sequence);
    RunwayPipeline *pipeline = ff_runway_sequence_pipeline(sequence);
    RunwayPipelineStatus st;
    RunwayTotals totals;
    char summary[256];

    ff_runway_status_line_clear(NULL);
    ff_runway_pipeline_stop(pipeline);
    ff_runway_pipeline_status(pipeline, &st);
    if (left > 0 && (!strcmp(end, "ok") || !strcmp(end, "freed")) &&
        set->timing == RUNWAY_TIMING_SOURCE && !is_complete(p))
        av_log(log_ctx, AV_LOG_WARNING, "%"PRId64" input frame%s not output: "
               "the graph ended before %s\n", left,
               left == 1 ? " was" : "s were", left == 1 ? "it" : "them");
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
    ff_runway_pipeline_totals(pipeline, &totals);
    log_summary(p, events, &st, &totals, end);
    if (set->policy.dry_run || !st.admitted)
        return;
    ff_runway_totals_summary(&totals, summary, sizeof(summary));
    log_input_end(p, sequence, log_ctx);
    av_log(log_ctx, AV_LOG_INFO, "%s\n", summary);
}
