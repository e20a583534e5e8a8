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

#define RUNWAY_COMPAT_FILTER

#include <string.h>

#include "libavutil/mathematics.h"
#include "libavutil/opt.h"

#include "../media/compat.h"
#include "window.h"

/* Whether frames may be dropped there or further down. */
static int leads_to_trim(const AVFilterContext *ctx)
{
    if (!strcmp(ctx->filter->name, "trim"))
        return 1;
    for (unsigned i = 0; i < ctx->nb_outputs; i++)
        if (leads_to_trim(ctx->outputs[i]->dst))
            return 1;
    return 0;
}

/* The filter, there or further down, that may end before what comes to it does;
 * NULL: none, or some of it comes out on another way. */
static const char *find_early_end(const AVFilterLink *link)
{
    const AVFilterContext *ctx = link->dst;
    const char *name = NULL;
    int64_t shortest;

    /* a fade wants no more of its first input than it shows */
    if (!strcmp(ctx->filter->name, "xfade") && ctx->inputs[0] == link)
        return ctx->filter->name;
    /* eof_action=endall sets framesync's shortest as well */
    if (ctx->nb_inputs > 1 && ctx->filter->priv_class &&
        av_opt_get_int(ctx->priv, "shortest", AV_OPT_SEARCH_CHILDREN,
                       &shortest) >= 0 && shortest == 1)
        return ctx->filter->name;
    for (unsigned i = 0; i < ctx->nb_outputs; i++) {
        name = find_early_end(ctx->outputs[i]);
        if (!name)
            break;
    }
    return name;
}

/* One frame out for each in, at the same time. */
static int keeps_frames(const AVFilterContext *ctx)
{
    static const char *const names[] = {
        "scale", "format", "setsar", "setdar", "null", "setparams", "crop",
        "pad", "hflip", "vflip",
    };
    int64_t timing;

    if (ctx->nb_inputs != 1 || ctx->nb_outputs != 1)
        return 0;
    for (int i = 0; i < FF_ARRAY_ELEMS(names); i++)
        if (!strcmp(ctx->filter->name, names[i]))
            return 1;
    /* another filter over this engine, where it has that option */
    return !strncmp(ctx->filter->name, "runway_", 7) &&
           (av_opt_get_int(ctx->priv, "timing", 0, &timing) < 0 || !timing);
}

/* A trim that ffmpeg has made of its options. One that trims nothing is its -t 0:
 * it wants no frame, but would learn that only from the first one. */
static void read_recording_time(RunwayTrim *t, const AVFilterContext *ctx,
                                int64_t duration)
{
    int has_start = t->start_pts != AV_NOPTS_VALUE;

    if (duration)
        t->limit = (has_start ? t->start_pts : 0) +
                   av_rescale_q_rnd(duration, AV_TIME_BASE_Q,
                                    ctx->inputs[0]->time_base, AV_ROUND_UP);
    else if (!has_start && t->end_pts == AV_NOPTS_VALUE)
        t->end_pts = INT64_MIN + 1; /* the other is AV_NOPTS_VALUE */
}

static int read_trim(RunwayTrim *trim, const AVFilterContext *ctx)
{
    int64_t duration;

    *trim = (RunwayTrim){ .first_pts = AV_NOPTS_VALUE,
                          .limit     = AV_NOPTS_VALUE };
    if (av_opt_get_int(ctx->priv, "start_pts", 0, &trim->start_pts) < 0 ||
        av_opt_get_int(ctx->priv, "end_pts", 0, &trim->end_pts) < 0 ||
        av_opt_get_int(ctx->priv, "start_frame", 0, &trim->start_frame) < 0 ||
        av_opt_get_int(ctx->priv, "end_frame", 0, &trim->end_frame) < 0 ||
        av_opt_get_int(ctx->priv, "duration", 0, &duration) < 0)
        return 0;
    /* start and end have become start_pts and end_pts with the configuration */
    trim->duration = av_rescale_q(duration, AV_TIME_BASE_Q,
                                  ctx->inputs[0]->time_base);
    if (!strncmp(ctx->name, "trim_out_", 9))
        read_recording_time(trim, ctx, duration);
    return 1;
}

static int counts_frames(const RunwayTrim *trim)
{
    return trim->start_frame >= 0 || trim->end_frame != INT64_MAX;
}

void ff_runway_window_find(RunwayWindow *window, const AVFilterLink *outlink,
                           int exact)
{
    const AVFilterContext *ctx = outlink->dst;

    *window = (RunwayWindow){ 0 };
    for (; ctx->nb_outputs; ctx = ctx->outputs[0]->dst) {
        if (!strcmp(ctx->filter->name, "trim")) {
            RunwayTrim *trim = &window->trims[window->nb_trims];

            if (window->nb_trims == RUNWAY_TRIMS_MAX ||
                !read_trim(trim, ctx) || (counts_frames(trim) && !exact))
                break;
            window->nb_trims++;
        } else if (!keeps_frames(ctx)) {
            break;
        }
    }
    if (leads_to_trim(ctx))
        window->hidden_by = ctx->filter->name;
    window->ended_by = find_early_end(outlink);
}

static RunwayPlace place(RunwayTrim *t, int64_t pts)
{
    int64_t n = t->nb_frames++;
    int has_pts = pts != AV_NOPTS_VALUE;

    if ((t->start_frame >= 0 || t->start_pts != AV_NOPTS_VALUE) &&
        !(t->start_frame >= 0 && n >= t->start_frame) &&
        !(t->start_pts != AV_NOPTS_VALUE && has_pts && pts >= t->start_pts))
        return RUNWAY_PLACE_BEFORE;
    if (t->first_pts == AV_NOPTS_VALUE)
        t->first_pts = pts;
    if ((t->end_frame != INT64_MAX || t->end_pts != AV_NOPTS_VALUE ||
         t->duration) &&
        !(t->end_frame != INT64_MAX && n < t->end_frame) &&
        !(t->end_pts != AV_NOPTS_VALUE && has_pts && pts < t->end_pts) &&
        !(t->duration && has_pts && pts - t->first_pts < t->duration))
        return RUNWAY_PLACE_AFTER;
    return t->limit != AV_NOPTS_VALUE && has_pts && pts >= t->limit
           ? RUNWAY_PLACE_LATE : RUNWAY_PLACE_WITHIN;
}

RunwayPlace ff_runway_window_place(RunwayWindow *window, int64_t pts)
{
    for (int i = 0; i < window->nb_trims && !window->over; i++) {
        RunwayPlace where = place(&window->trims[i], pts);

        if (where == RUNWAY_PLACE_LATE && window->nb_late++)
            where = RUNWAY_PLACE_AFTER;
        window->over = where == RUNWAY_PLACE_AFTER;
        if (where != RUNWAY_PLACE_WITHIN)
            return where;
    }
    return window->over ? RUNWAY_PLACE_AFTER : RUNWAY_PLACE_WITHIN;
}

int64_t ff_runway_window_end(const RunwayWindow *window)
{
    int64_t end = AV_NOPTS_VALUE;

    for (int i = 0; i < window->nb_trims; i++) {
        const RunwayTrim *t = &window->trims[i];
        /* the later of the two ends a trim */
        int64_t at = t->end_pts;

        if (t->duration && t->first_pts != AV_NOPTS_VALUE)
            at = FFMAX(at, t->first_pts + t->duration);
        if (t->limit != AV_NOPTS_VALUE)
            at = at == AV_NOPTS_VALUE ? t->limit : FFMIN(at, t->limit);
        if (at != AV_NOPTS_VALUE && (end == AV_NOPTS_VALUE || at < end))
            end = at;
    }
    return end;
}
