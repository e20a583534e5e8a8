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

/* What comes in: whether a frame can be sent, and where it goes. */

#define RUNWAY_COMPAT_FILTER

#include <stdatomic.h>
#include <stdlib.h>

#include "libavutil/mathematics.h"
#include "libavutil/timestamp.h"

#include "../base/clock.h"
#include "../media/averror.h"
#include "../media/clip.h"
#include "../media/compat.h"
#include "../media/format.h"
#include "../media/picture.h"
#include "filter_internal.h"
#include "negotiate.h"

#define IS_COVER "it is a cover picture and not a film. Choose the film with " \
                 "-map 0:v:0, or -map 0:V:0 where the cover comes first"

/* filters of the process that hold what may be a cover */
static atomic_int nb_covers;

static AVFrame *get_buffer(void *opaque)
{
    AVFilterLink *outlink = opaque;
    const RunwayFilter *s = outlink->src->priv;

    return ff_runway_negotiate_buffer(outlink, &s->first);
}

static void clear_status(void *opaque)
{
    AVFilterLink *outlink = opaque;
    RunwayFilter *s = outlink->src->priv;

    ff_runway_progress_moved(&s->progress);
}

static int is_interrupted(void *opaque)
{
    return ff_runway_interrupt_seen(opaque);
}

static int open_events(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    RunwayError err;

    if (!s->set.log_path ||
        !ff_runway_event_log_open(s->set.log_path, &s->set.log, &s->events,
                                  &err))
        return 0;
    return ff_runway_report(ctx, &err);
}

/* Where the film is cut off behind the filter, as far as that is known. */
static int64_t film_end(const AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;
    int64_t end = ff_runway_window_end(&s->window);

    return end == AV_NOPTS_VALUE ? end :
           av_rescale_q(end, ctx->outputs[0]->time_base, AV_TIME_BASE_Q);
}

/* Everything that costs begins here, with the first frame. */
static int start(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
    RunwaySequenceConfig config = {
        .set           = &s->set,
        .filter        = ctx->filter->name,
        .instance      = ctx->name,
        .events        = s->events,
        .pixels        = FFMAX((int64_t)inlink->w * inlink->h,
                               (int64_t)outlink->w * outlink->h),
        .time_base     = inlink->time_base,
        .sar           = inlink->sample_aspect_ratio,
        .frame_rate    = RUNWAY_LINK(inlink)->frame_rate,
        .out_time_base = outlink->time_base,
        .out_format    = outlink->format,
        .out_w         = outlink->w,
        .out_h         = outlink->h,
        .end_format    = ff_runway_negotiate_end(outlink),
        .is_assumed    = s->is_behind_plan,
        .end           = film_end(ctx),
        .get_buffer    = get_buffer,
        .arrived       = clear_status,
        .opaque        = outlink,
        .interrupted   = is_interrupted,
        .interrupt_opaque = &s->interrupt,
    };

    s->progress.film_end = config.end;
    if (!ff_runway_model_is_known(s->set.model_info))
        av_log(ctx, AV_LOG_WARNING, "unknown model %s: the common fields are "
               "sent, and its price is not known (docs/models.md has those "
               "that are, such as " RUNWAY_PROVIDER_MODELS ")\n", s->set.model);
    /* not in init(), which runs twice for one graph */
    if (s->set.key_exposed)
        av_log(ctx, AV_LOG_WARNING, "key_file: others can read %s; run chmod "
               "600 on it\n", s->set.key_file);
    if (!s->set.client.tls_verify && !s->set.policy.dry_run)
        av_log(ctx, AV_LOG_WARNING, "tls_verify=0: anybody on the way to the "
               "service can read the key and what is sent\n");
    if (s->window.hidden_by)
        av_log(ctx, AV_LOG_INFO, "%s follows the filter: which frames a trim, "
               "or -ss, -t or -to after -i, drops behind it is not known, so "
               "they are sent too; put before -i, these options end the input "
               "itself\n", s->window.hidden_by);
    if (s->window.ended_by)
        av_log(ctx, AV_LOG_INFO, "%s follows the filter and may end before the "
               "film: what is generated after that is paid for but not output; "
               "put a trim in front of the filter\n", s->window.ended_by);
    if (s->set.timing == RUNWAY_TIMING_NATIVE)
        av_log(ctx, AV_LOG_INFO, "timing=native: the frames come at the "
               "provider's rate, which is not known in advance; keep their "
               "times with -fps_mode vfr, or choose a rate with an fps filter "
               "after this one\n");
    if (s->set.signals && !s->set.policy.dry_run)
        ff_runway_interrupt_acquire(&s->interrupt);
    config.forgets = RUNWAY_FFMPEG_5 &&
                     !ff_runway_interrupt_is_heard(&s->interrupt);
    return ff_runway_sequence_create(&s->sequence, &config);
}

/* Whether the filter can do a frame at all; nothing is paid for one it cannot. */
static int check_frame(AVFilterContext *ctx, const AVFrame *frame)
{
    RunwayFilter *s = ctx->priv;
    int ret;

    if (frame->pts == AV_NOPTS_VALUE && s->prev_pts == AV_NOPTS_VALUE) {
        av_log(ctx, AV_LOG_ERROR, "the first frame has no pts; put setpts or "
               "fps in front of the filter\n");
        return AVERROR(EINVAL);
    }
    ret = ff_runway_negotiate_check(ctx, frame, ff_runway_makes_hdr(&s->set));
    if (ret < 0)
        return ret;
    if (ff_runway_is_interlaced(frame) && !s->warned_interlaced) {
        int fail = s->set.interlaced == RUNWAY_INTERLACED_FAIL;

        av_log(ctx, fail ? AV_LOG_ERROR : AV_LOG_WARNING, "the input is "
               "interlaced; deinterlace first, e.g. bwdif%s\n", fail ?
               ", or set interlaced=warn if it is only flagged as such" : "");
        if (fail)
            return AVERROR(EINVAL);
        s->warned_interlaced = 1;
    }
    return 0;
}

/* How long the last frame lasts, which no other one shows. A duration that a
 * frame carries may be stale: fps, settb, minterpolate and an input -r of FFmpeg
 * 5.1 change the time base and leave it as it was, and 20 s are claimed for each
 * frame of a 25th. So it is believed near what is usual, or where nothing is. */
static int64_t last_length(AVFilterContext *ctx, const AVFrame *frame)
{
    RunwayFilter *s = ctx->priv;
    int64_t usual = s->delta > 0 ? s->delta : s->distance;
    int64_t said = av_rescale_q(RUNWAY_FRAME_DURATION(frame),
                                ctx->inputs[0]->time_base, AV_TIME_BASE_Q);

    if (!usual)
        return said > 0 ? said : AV_TIME_BASE / 25;
    return said >= usual / 2 && said <= usual * 2 ? said : usual;
}

/* Send the frame that is held. It lasts until pts; AV_NOPTS_VALUE: there is no
 * frame that shows it. */
static int send_held(AVFilterContext *ctx, int64_t pts)
{
    RunwayFilter *s = ctx->priv;
    int64_t length;
    int ret;

    if (!s->held)
        return 0;
    length = last_length(ctx, s->held);
    if (pts != AV_NOPTS_VALUE && pts > s->held->pts)
        length = s->distance = av_rescale_q(pts - s->held->pts,
                                            ctx->inputs[0]->time_base,
                                            AV_TIME_BASE_Q);
    ret = ff_runway_sequence_add(s->sequence, s->held, length);
    av_frame_free(&s->held);
    return ret;
}

/* The cover of a music file is a stream of one frame without a length, and
 * nothing else marks it. */
static int is_cover(const AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;

    return s->held && s->progress.nb_in == 1 && !s->distance && !s->delta &&
           av_rescale_q(RUNWAY_FRAME_DURATION(s->held),
                        ctx->inputs[0]->time_base, AV_TIME_BASE_Q) < 1000;
}

static int check_cover(AVFilterContext *ctx)
{
    if (!is_cover(ctx))
        return 0;
    av_log(ctx, AV_LOG_ERROR, "the only frame of the input has no length: "
           IS_COVER "; to use a still picture, put fps=25 in front of the "
           "filter\n");
    return AVERROR(EINVAL);
}

/* A cover beside the film would end ffmpeg's run with that error, but only behind
 * the film, when all of it is paid for. By now another frame would have come; or
 * there would be a rate or a length, as slides have in NUT, Matroska, MP4, AVI
 * and MPEG-TS [5.1.9], but not in MPEG-PS. Waiting for more tells no more: what
 * comes before the first clip is complete may not be enough either, and then that
 * is paid for. */
static int check_beside(AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;
    int64_t film = s->progress.film - s->begin;

    if (film > 4 * AV_TIME_BASE || (film < AV_TIME_BASE && !s->status) ||
        atomic_load(&nb_covers) <= s->is_cover ||
        !ff_runway_rebuild_is_ffmpegs(ctx->graph))
        return 0;
    av_log(ctx, AV_LOG_ERROR, "another video stream has a single frame without "
           "a length: " IS_COVER "; if it is a film whose second frame is late, "
           "put fps=25 in front of the filter there\n");
    return AVERROR(EINVAL);
}

void ff_runway_filter_note_cover(AVFilterContext *ctx, int cover)
{
    RunwayFilter *s = ctx->priv;

    atomic_fetch_add(&nb_covers, cover - s->is_cover);
    s->is_cover = cover;
}

int ff_runway_filter_send_last(AVFilterContext *ctx)
{
    int ret = check_beside(ctx);

    return ret < 0 ? ret : send_held(ctx, AV_NOPTS_VALUE);
}

/* Whether the frame that is held fills the clip, if it lasts as long as is usual:
 * the clip does not wait for the next one then. This is so for each clip, as
 * where one ends, and what it is, must not depend on what is in flight. */
static int fills_clip(AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;

    return s->delta > 0 &&
           2 * llabs(s->distance - s->delta) < s->delta &&
           ff_runway_sequence_is_filled(s->sequence, s->held,
                                        last_length(ctx, s->held));
}

/* ffmpeg drops what ends before 0, when it is paid for. */
static void warn_begin(AVFilterContext *ctx, const AVFrame *frame)
{
    const RunwayFilter *s = ctx->priv;

    if (s->begin <= 0 && ff_runway_rebuild_is_ffmpegs(ctx->graph))
        av_log(ctx, AV_LOG_WARNING, "the film begins at %.2f s, and ffmpeg "
               "drops frames before 0 behind the filter, without "
               "-fps_mode passthrough: put trim=start=0 in front of the filter, "
               "or setpts=PTS-STARTPTS to keep them\n",
               frame->pts * av_q2d(ctx->inputs[0]->time_base));
}

/* A frame that is to be generated, as was commanded with it: it is held until the
 * next one shows how long it lasts. */
static int hold(AVFilterContext *ctx, const AVFrame *frame)
{
    RunwayFilter *s = ctx->priv;
    int ret = s->changed ? ff_runway_sequence_change(s->sequence) : 0;

    s->changed = 0;
    if (ret < 0)
        return ret;
    if (s->prev_pts == AV_NOPTS_VALUE) {
        s->begin = s->progress.film;
        warn_begin(ctx, frame);
    }
    s->prev_pts = frame->pts;
    s->nb_since_step += s->nb_since_step > 0;
    s->held     = av_frame_clone(frame);
    if (!s->held)
        return AVERROR(ENOMEM);
    ff_runway_filter_note_cover(ctx, is_cover(ctx));
    return check_beside(ctx);
}

/* From the input's time base to the output's, which differ for native. */
static int64_t out_pts(const AVFilterContext *ctx, int64_t pts)
{
    return pts == AV_NOPTS_VALUE ? pts :
           av_rescale_q(pts, ctx->inputs[0]->time_base,
                        ctx->outputs[0]->time_base);
}

static void rescale_times(AVFilterContext *ctx, AVFrame *frame)
{
    AVRational in = ctx->inputs[0]->time_base, out = ctx->outputs[0]->time_base;

    frame->pts = out_pts(ctx, frame->pts);
    RUNWAY_FRAME_DURATION(frame) =
        av_rescale_q(RUNWAY_FRAME_DURATION(frame), in, out);
}

static int mark_source(const AVFilterContext *ctx, AVFrame *frame)
{
    return ff_runway_clip_mark(&frame->metadata, ctx->filter->name, "origin",
                               "source");
}

/* A frame that the timeline leaves alone: out at once, or behind the clips that
 * are not out yet. */
static int pass_frame(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayFilter *s = ctx->priv;
    int ret = send_held(ctx, (*frame)->pts), now = 1;

    if (ret >= 0)
        ret = mark_source(ctx, *frame);
    rescale_times(ctx, *frame);
    if (ret >= 0 && s->sequence)
        ret = ff_runway_sequence_pass(s->sequence, *frame, &now);
    return ret >= 0 && now ? ff_runway_filter_output(ctx, frame) : ret;
}

/* A frame that is dropped behind the filter: it costs nothing. Before the first
 * that is not, it goes the way that it would go without the filter, if it fits
 * into the output; with the last one the input is over. */
static int take_dropped(AVFilterContext *ctx, AVFrame **frame, int is_over)
{
    RunwayFilter *s = ctx->priv;
    const AVFilterLink *outlink = ctx->outputs[0];

    if (is_over) {
        s->status     = AVERROR_EOF;
        s->status_pts = (*frame)->pts;
        s->progress.is_read = 1;
        ff_inlink_set_status(ctx->inputs[0], AVERROR_EOF);
        return send_held(ctx, (*frame)->pts);
    }
    if ((*frame)->width != outlink->w || (*frame)->height != outlink->h)
        return 0;
    s->progress.nb_in++;
    return pass_frame(ctx, frame);
}

/* The first frame to be generated is behind all that is output. */
static int take_too_late(AVFilterContext *ctx, AVFrame **frame)
{
    av_log(ctx, AV_LOG_WARNING, "-t or -to ends the output at %.2f s, and the "
           "first frame to be generated is at %.2f s: nothing is sent; "
           "put before -i, these options count the film's own time\n",
           film_end(ctx) / 1e6,
           (*frame)->pts * av_q2d(ctx->inputs[0]->time_base));
    return take_dropped(ctx, frame, 0);
}

/* A step back by more than a second is another take, and ends the clip. Time that
 * goes to and fro would end one every few frames, and each is billed. */
static int step_back(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    int64_t usual = s->delta > 0 ? s->delta : AV_TIME_BASE / 25;

    if (s->nb_since_step &&
        (s->nb_since_step - 1) * usual < s->set.model_info->min_duration) {
        av_log(ctx, AV_LOG_ERROR, "the timestamps step back by more than a "
               "second every few frames, and each step would begin a new clip; "
               "put setpts=N/FR/TB in front of the filter\n");
        return AVERROR(EINVAL);
    }
    s->nb_since_step = 1;
    return ff_runway_sequence_cut(s->sequence);
}

/* A frame that is not worth a picture of its own: it comes out with that of the
 * frame before, which is known once that is on its way. */
static int take_unsent(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayFilter *s = ctx->priv;
    int ret = send_held(ctx, (*frame)->pts), now = 0;

    if (ret < 0 || s->set.timing == RUNWAY_TIMING_NATIVE)
        return ret;
    /* a frame that gets a generated picture is marked with that later */
    ret = mark_source(ctx, *frame);
    if (ret >= 0)
        ret = ff_runway_sequence_add_unsent(s->sequence, *frame, &now);
    return ret >= 0 && now ? ff_runway_filter_output(ctx, frame) : ret;
}

/* A frame that is not later than the one before: a doubled time stamp, one that
 * steps back, or none. ffmpeg passes such frames on, so they come out. */
static int take_disordered(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayFilter *s = ctx->priv;
    AVRational tb = ctx->inputs[0]->time_base;
    const int64_t pts = (*frame)->pts;
    int ret;

    if (pts != AV_NOPTS_VALUE &&
        av_rescale_q(s->prev_pts - pts, tb, AV_TIME_BASE_Q) > AV_TIME_BASE) {
        av_log(ctx, AV_LOG_WARNING, "the pts steps back from %s to %s s: a new "
               "clip begins there\n", av_ts2timestr(s->prev_pts, &tb),
               av_ts2timestr(pts, &tb));
        ret = send_held(ctx, pts);
        if (ret >= 0)
            ret = step_back(ctx);
        return ret < 0 ? ret : hold(ctx, *frame);
    }
    if (!s->nb_unsent++)
        av_log(ctx, AV_LOG_WARNING, "the pts does not increase from frame to "
               "frame (%s after %s s): such a frame is not sent, and is output "
               "with the picture of the one before\n",
               av_ts2timestr(pts, &tb), av_ts2timestr(s->prev_pts, &tb));
    return take_unsent(ctx, frame);
}

/* A frame ends there: so does the film, but for a frame that is a little late. */
static void note_film(RunwayFilter *s, int64_t end)
{
    if (!s->progress.nb_in || end > s->progress.film ||
        end < s->progress.film - AV_TIME_BASE)
        s->progress.film = end;
}

/* A plan has no other picture: on with it in the shape of what is generated. */
static int pass_planned(AVFilterContext *ctx, AVFrame **frame)
{
    rescale_times(ctx, *frame);
    (*frame)->sample_aspect_ratio = ctx->outputs[0]->sample_aspect_ratio;
    return ff_runway_filter_output(ctx, frame);
}

/* What becomes of a frame of the input. Hands *frame on, or leaves it. */
static int take_frame(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayFilter *s = ctx->priv;
    const AVFilterLink *in = ctx->inputs[0], *out = ctx->outputs[0];
    RunwayPlace where;
    int ret;

    /* with -reinit_filter 0 nothing converts what changes in mid-stream */
    if (!ff_runway_format_is_supported((*frame)->format)) {
        av_log(ctx, AV_LOG_ERROR, "the pixel format of the input changes to "
               "%s, which is not supported; put scale,format=%s in front of "
               "the filter\n", av_get_pix_fmt_name((*frame)->format),
               av_get_pix_fmt_name(in->format));
        return AVERROR(EINVAL);
    }
    if ((*frame)->pts != AV_NOPTS_VALUE)
        note_film(s, av_rescale_q((*frame)->pts, in->time_base,
                                  AV_TIME_BASE_Q) + last_length(ctx, *frame));
    /* what does not fit into the output is not passed, so a trim would count
     * fewer frames */
    if (!s->searched++)
        ff_runway_window_find(&s->window, out,
                              s->set.timing == RUNWAY_TIMING_SOURCE &&
                              in->w == out->w && in->h == out->h);
    where = ff_runway_window_place(&s->window, out_pts(ctx, (*frame)->pts));
    if (where == RUNWAY_PLACE_BEFORE || where == RUNWAY_PLACE_AFTER)
        return take_dropped(ctx, frame, where == RUNWAY_PLACE_AFTER);
    if (where == RUNWAY_PLACE_LATE && !ctx->is_disabled &&
        s->prev_pts == AV_NOPTS_VALUE)
        return take_too_late(ctx, frame);
    s->progress.nb_in++;
    ff_runway_filter_note_cover(ctx, 0);
    if (ctx->is_disabled)
        return pass_frame(ctx, frame);
    ret = check_frame(ctx, *frame);
    if (ret < 0)
        return ret;
    if (!s->sequence) {
        ret = open_events(ctx);
        if (ret >= 0)
            ret = start(ctx);
        if (ret < 0)
            return ret;
    }
    if (where == RUNWAY_PLACE_LATE) {
        ret = take_unsent(ctx, frame);
    } else if (s->prev_pts != AV_NOPTS_VALUE && (*frame)->pts <= s->prev_pts) {
        ret = take_disordered(ctx, frame);
    } else {
        ret = send_held(ctx, (*frame)->pts);
        if (ret >= 0)
            ret = hold(ctx, *frame);
        if (ret >= 0 && fills_clip(ctx))
            ret = send_held(ctx, AV_NOPTS_VALUE);
    }
    return ret < 0 || !s->set.policy.dry_run ? ret : pass_planned(ctx, frame);
}

/* Something came from the input: note how long it was left alone before. */
static void note_stall(RunwayFilter *s, int64_t now)
{
    if (s->last_read && now - s->last_read >= RUNWAY_STALL)
        s->progress.stall = FFMAX(s->progress.film, 1);
    s->last_read = now;
}

/* Take what the input has: a frame, or its end. @return 1 when there was one */
int ff_runway_filter_take_input(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    AVFrame *frame = NULL;
    int64_t now = ff_runway_now();
    int ret = ff_inlink_consume_frame(inlink, &frame);

    if (ret > 0) {
        note_stall(s, now);
        /* hosts also give what nobody asked for, as FFmpeg 9.0 does behind each
         * frame that went out: that says nothing */
        if (s->asked)
            s->waited = now - s->asked;
        s->asked = 0;
        ff_runway_picture_name_xyz(frame);
        s->nb_unasked = ff_outlink_frame_wanted(ctx->outputs[0]) ?
                        0 : s->nb_unasked + 1;
        ret = take_frame(ctx, &frame);
        av_frame_free(&frame);
        return ret < 0 ? ret : 1;
    }
    if (ret < 0 ||
        !ff_inlink_acknowledge_status(inlink, &s->status, &s->status_pts))
        return ret;
    note_stall(s, now);
    s->progress.is_read = s->status == AVERROR_EOF;
    /* at once: FFmpeg 5.1 forgets an error that comes later, and exits with 0 */
    ret = s->progress.is_read ? check_cover(ctx) : 0;
    return ret < 0 ? ret : 1;
}
