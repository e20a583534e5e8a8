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

/* activate(): when a frame is taken, when one is output, and when to wait. */

#define RUNWAY_COMPAT_FILTER

#include <string.h>

#include "libavutil/bprint.h"
#include "libavutil/mathematics.h"
#include "libavutil/opt.h"

#include "../base/clock.h"
#include "../media/compat.h"
#include "filter_internal.h"
#include "negotiate.h"
#include "status_line.h"

/* how long one activation waits for a job at most: other branches of the graph
 * and the user's signals have to get through */
#define WAIT_SLICE 50000

/* frames in for each that is ready, while a place at the provider is idle: it
 * goes on coming out, if slowly */
#define AHEAD_MAX 4

/* more frames than these that come, or stand, in while none is asked for are no
 * decoder's delay, but a host that serves another stream first */
#define UNASKED_MAX 64

av_cold int ff_runway_filter_init(AVFilterContext *ctx,
                                  RunwayEndpoint endpoint)
{
    RunwayFilter *s = ctx->priv;

    s->set.client.endpoint = endpoint;
    if (endpoint != RUNWAY_VIDEO_TO_VIDEO)
        s->set.seed = -1; /* it is no option there, and nothing is sent */
    s->prev_pts = AV_NOPTS_VALUE;
    return ff_runway_settings_init(&s->set, ctx);
}

int ff_runway_filter_query(AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;

    return ff_runway_negotiate_query(ctx, ff_runway_makes_hdr(&s->set));
}

av_cold void ff_runway_filter_uninit(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;

    if (s->set.policy.dry_run && !s->error && s->sequence)
        ff_runway_sequence_log_plan(s->sequence, !s->ended);
    else if (s->set.policy.dry_run && !s->error && s->searched)
        av_log(ctx, AV_LOG_INFO, "plan: 0 clips, as no frame is generated; "
               "nothing was sent\n");
    if (s->sequence) {
        const char *end = s->error ? "error" :
                          ff_runway_interrupt_seen(&s->interrupt) ?
                          "interrupted" : "ok";

        /* neither side has ended */
        if (!strcmp(end, "ok") && !s->status && !s->closed &&
            s->progress.nb_in > s->progress.nb_out) {
            end = "freed";
            ff_runway_rebuild_note(&s->kind);
        }
        ff_runway_progress_end(&s->progress, &s->set, s->sequence, s->events,
                               end);
    }
    ff_runway_filter_note_cover(ctx, 0);
    av_frame_free(&s->held);
    ff_runway_sequence_free(&s->sequence);
    ff_runway_scaler_free(&s->scaler);
    ff_runway_event_log_free(&s->events);
    ff_runway_interrupt_release(&s->interrupt);
    ff_runway_settings_free(&s->set);
}

int ff_runway_filter_output(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayFilter *s = ctx->priv;
    AVFrame *out;
    int ret = ff_runway_negotiate_fit(ctx->outputs[0], &s->first,
                                      s->scaler, frame);

    if (ret < 0)
        return ret;
    out    = *frame;
    *frame = NULL;
    if (!s->progress.nb_out++)
        s->first = (RunwayColours){ 1, out->colorspace, out->color_range };
    ff_runway_progress_moved(&s->progress);
    if (out->pts != AV_NOPTS_VALUE) {
        s->end_pts = out->pts + RUNWAY_FRAME_DURATION(out);
        s->progress.shown = av_rescale_q(out->pts, ctx->outputs[0]->time_base,
                                         AV_TIME_BASE_Q);
    }
    return ff_filter_frame(ctx->outputs[0], out);
}

/* Output the next frame, which is ready. */
static int put_frame(AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;
    AVFrame *frame;
    int ret = ff_runway_sequence_next(s->sequence, &frame);

    if (ret >= 0)
        ret = ff_runway_filter_output(ctx, &frame);
    av_frame_free(&frame);
    return ret;
}

/* Whether somebody wants what comes out. A host whose output is complete
 * (-frames:v, -t) ends the input, and on FFmpeg 5.1 that is all it says: but
 * then it asks for no frame. There it asks for none either while a stream beside
 * this one is behind (the last subtitle was a minute ago). */
static int is_wanted(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;

    if (ff_outlink_frame_wanted(ctx->outputs[0])) {
        s->unserved = 0;
        return 1;
    }
    if (RUNWAY_FFMPEG_5 && s->nb_unasked +
        (int64_t)ff_inlink_queued_frames(ctx->inputs[0]) > UNASKED_MAX)
        s->unserved = 1;
    return s->unserved;
}

/* The input has ended: send what is left, if there is somebody who wants it. */
static int end_input(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    /* what an error cut short is not worth paying for either */
    int discard = s->status != AVERROR_EOF, ret;

    if (!discard && !s->set.policy.dry_run && !is_wanted(ctx))
        return 0;
    s->ended = 1;
    if (!s->sequence)
        return 0;
    ret = discard ? 0 : ff_runway_filter_send_last(ctx);
    if (ret >= 0)
        ret = ff_runway_sequence_end(s->sequence, discard);
    if (ret >= 0 && s->set.policy.dry_run)
        ff_runway_sequence_log_plan(s->sequence, RUNWAY_FFMPEG_5 && !discard &&
                                                 !is_wanted(ctx));
    return ret;
}

/* Pass the end of the input on. */
static void put_status(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    int64_t pts = s->status_pts;

    if (pts != AV_NOPTS_VALUE)
        pts = av_rescale_q(pts, ctx->inputs[0]->time_base,
                           ctx->outputs[0]->time_base);
    ff_outlink_set_status(ctx->outputs[0], s->status, pts);
}

static void request_input(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;

    if (!s->asked)
        s->asked = ff_runway_now();
    s->nb_behind = 0;
    ff_inlink_request_frame(ctx->inputs[0]);
}

/* Whether a frame that is ready waits for another one of the input, so that a
 * place at the provider is not idle for longer than it has to be. Two go out for
 * each that took about as long to come as it is shown: what is live is not read
 * any sooner so, and where it stands still the filter may be stuck in reading. */
static int is_input_first(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;

    /* frames that pass make no clip: they would only fill the spool */
    return !ctx->is_disabled && s->nb_ahead < AHEAD_MAX &&
           s->waited < s->distance / 4 * 3 &&
           ff_runway_pipeline_is_short(ff_runway_sequence_pipeline(s->sequence));
}

/* A frame is ready: output it, unless nobody asks, or the input comes first. */
static int put_ready(AVFilterContext *ctx, int accepts)
{
    RunwayFilter *s = ctx->priv;
    int ret;

    /* unasked, too, where the end of the input waits behind a full window */
    if (!ff_outlink_frame_wanted(ctx->outputs[0]) &&
        (s->status || accepts || !is_wanted(ctx)))
        return 0;
    if (!s->status && accepts && is_input_first(ctx)) {
        s->nb_ahead++;
        request_input(ctx);
        return 0;
    }
    s->nb_ahead = 0;
    /* what comes while this one goes out may have been there for long */
    s->asked = 0;
    if (++s->nb_behind > 1)
        s->waited = 0;
    ret = put_frame(ctx);
    /* the end goes out with the last frame, unasked */
    if (ret >= 0 && (s->status || s->unserved))
        ff_filter_set_ready(ctx, 100);
    return ret;
}

/* Whether the host goes on giving frames to an input of the graph, or its end. */
static int is_fed(const AVFilterGraph *graph)
{
    for (unsigned i = 0; i < graph->nb_filters; i++) {
        const AVFilterContext *ctx = graph->filters[i];

        if ((!strcmp(ctx->filter->name, "buffer") ||
             !strcmp(ctx->filter->name, "abuffer")) &&
            !ff_outlink_get_status(ctx->outputs[0]))
            return 1;
    }
    return 0;
}

/* Whether an error of this activation may be one that the host forgets. */
static int is_forgotten(const AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;

    return RUNWAY_FFMPEG_5 && ff_runway_rebuild_is_ffmpeg5s(ctx->graph) &&
           (s->status || !is_fed(ctx->graph));
}

static int run(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    int accepts, ret;

    accepts = !s->sequence || ff_runway_sequence_accepts(s->sequence);
    if (!s->status && accepts) {
        ret = ff_runway_filter_take_input(ctx);
        if (ret > 0)
            ff_filter_set_ready(ctx, 100);
        if (ret)
            return FFMIN(ret, 0);
    }

    if (s->status && !s->ended) {
        ret = end_input(ctx);
        if (ret < 0 || !s->ended)
            return ret;
    }

    /* what nobody will notice later */
    if (s->status && s->sequence && !s->settled) {
        ret = is_forgotten(ctx) && !ff_runway_interrupt_is_heard(&s->interrupt) ?
              ff_runway_sequence_settle(s->sequence, WAIT_SLICE) : 1;
        if (ret < 0)
            return ret;
        s->settled = ret;
        if (!ret)
            goto wait;
    }
    if (s->status &&
        (!s->sequence || ff_runway_sequence_is_empty(s->sequence))) {
        put_status(ctx);
        return 0;
    }

    ret = s->sequence ? ff_runway_sequence_ready(s->sequence, 0) : 0;
    if (ret)
        return ret < 0 ? ret : put_ready(ctx, accepts);
    if (!s->status && accepts) {
        if (ff_outlink_frame_wanted(ctx->outputs[0]))
            request_input(ctx);
        return 0;
    }

    ret = ff_runway_sequence_ready(s->sequence, WAIT_SLICE);
    if (ret < 0)
        return ret;
    if (ret) {
        ff_filter_set_ready(ctx, 100);
        return 0;
    }
wait:
    ff_runway_progress_waiting(&s->progress, s->sequence, s->events, ctx);
    /* the lowest priority: other branches of the graph go first */
    ff_filter_set_ready(ctx, 1);
    return 0;
}

/* Both sides learn that it is over, so the file is whole up to here. */
static void end_links(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;

    if (s->sequence)
        ff_runway_pipeline_cancel(ff_runway_sequence_pipeline(s->sequence));
    s->status = AVERROR_EOF;
    ff_inlink_set_status(ctx->inputs[0], AVERROR_EOF);
    ff_outlink_set_status(ctx->outputs[0], AVERROR_EOF, s->end_pts);
}

/* The process was asked to end. ffmpeg shows that as an ordinary end of input,
 * which must not send what is left. */
static void stop_early(AVFilterContext *ctx)
{
    ff_runway_status_line_clear(NULL);
    av_log(ctx, AV_LOG_WARNING, "interrupted: nothing more is sent\n");
    end_links(ctx);
}

/* Return the error, or see to it in another way that the host does not exit with
 * 0. */
static int fail(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;

    /* once more with the next frame that the host gives to the graph, as it may
     * notice only then; also where a filter in front keeps that */
    ff_filter_set_ready(ctx, 100);
    if (!is_forgotten(ctx))
        return s->error;
    /* it is not there yet where the first frame is an error */
    if (s->set.signals)
        ff_runway_interrupt_acquire(&s->interrupt);
    if (!ff_runway_interrupt_seen(&s->interrupt)) {
        if (!ff_runway_interrupt_raise(&s->interrupt)) {
            av_log(ctx, AV_LOG_WARNING, "FFmpeg 5.1 may exit with 0 after this "
                   "error\n");
            return s->error;
        }
        av_log(ctx, AV_LOG_INFO, "ffmpeg would not notice this error here, and "
               "ends as it does after a signal: with status 255\n");
    }
    end_links(ctx);
    return 0;
}

int ff_runway_filter_activate(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    int status = ff_outlink_get_status(ctx->outputs[0]);

    if (status) {
        /* nobody wants the rest: it is not made */
        s->closed = 1;
        if (s->sequence)
            ff_runway_pipeline_cancel(
                ff_runway_sequence_pipeline(s->sequence));
        ff_inlink_set_status(ctx->inputs[0], status);
        return 0;
    }
    if (!s->error && ff_runway_interrupt_seen(&s->interrupt)) {
        stop_early(ctx);
        return 0;
    }
    if (!s->error)
        s->error = run(ctx);
    /* in the middle of encoding a clip, which can take longer than we have */
    if (s->error == AVERROR_EXIT && ff_runway_interrupt_seen(&s->interrupt)) {
        s->error = 0;
        stop_early(ctx);
    }
    return s->error ? fail(ctx) : 0;
}

/* A command that changes nothing: the film would be bought as if it had not been
 * given. An option was certainly meant for this filter; any other name may be for
 * another one, as what is sent to "all" comes here too. @return AVERROR */
static int refuse_command(AVFilterContext *ctx, const char *cmd)
{
    RunwayFilter *s = ctx->priv;
    int is_option = !!av_opt_find(s, cmd, NULL, 0, 0);
    const AVOption *o = NULL;
    AVBPrint names;

    if (!is_option && s->warned_command++)
        return AVERROR(ENOSYS);
    av_bprint_init(&names, 0, AV_BPRINT_SIZE_AUTOMATIC);
    while ((o = av_opt_next(s, o)))
        if (o->flags & AV_OPT_FLAG_RUNTIME_PARAM)
            av_bprintf(&names, "%s%s", names.len ? ", " : "", o->name);
    av_log(ctx, is_option ? AV_LOG_ERROR : AV_LOG_WARNING, "command %s: %s; "
           "what can be changed while the filter runs: %s (send what is for "
           "another filter to its name, not to all)\n", cmd, is_option ?
           "this option cannot be changed" : "the filter has no such option",
           names.str);
    av_bprint_finalize(&names, NULL);
    return is_option ? AVERROR(EINVAL) : AVERROR(ENOSYS);
}

/* A change of what is asked for ends the clip: each shot has its own prompt. */
int ff_runway_filter_process_command(AVFilterContext *ctx, const char *cmd,
                                     const char *arg, char *res, int res_len,
                                     int flags)
{
    RunwayFilter *s = ctx->priv;
    int ret = ff_filter_process_command(ctx, cmd, arg, res, res_len, flags);

    if (ret == AVERROR(ENOSYS))
        ret = refuse_command(ctx, cmd);
    if (ret == AVERROR(ENOSYS))
        return ret;
    if (ret >= 0)
        ret = ff_runway_settings_change(&s->set, cmd);
    /* the frame that is held was there before the command */
    s->changed |= ret >= 0;
    /* going on with the old prompt would buy what nobody wants */
    if (ret < 0 && !s->error)
        s->error = ret;
    return ret;
}
