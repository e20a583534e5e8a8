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
 * A clip is begun: how long it may become, at what size and rate it is sent.
 */

#include "libavutil/mathematics.h"

#include "../media/averror.h"
#include "../media/format.h"
#include "../api/data_uri.h"
#include "notice.h"
#include "sequence_internal.h"

int ff_runway_sequence_ratio(const RunwayRequest *request, int width,
                             int height, AVRational sar, const char **ratio,
                             int *ratio_w, int *ratio_h, void *log_ctx)
{
    RunwayError err;

    *ratio_w = *ratio_h = 0;
    width = ff_runway_geometry_square(width, sar.num, sar.den);
    if (ff_runway_ratio_choose(request->model, request->ratio, width, height,
                               ratio, &err))
        return ff_runway_report(log_ctx, &err);
    if (*ratio && !request->model->size_follows_input)
        ff_runway_ratio_parse(*ratio, ratio_w, ratio_h);
    return 0;
}

int64_t ff_runway_sequence_longest(const RunwaySettings *set)
{
    const RunwayModel *m = set->request.model;
    int64_t longest = set->clip_duration ? set->clip_duration
                                         : m->best_duration;

    if (m->max_duration)
        longest = FFMIN(longest, m->max_duration);
    return FFMAX(longest, m->min_duration);
}

/* How long a clip is at most, and at what rate it is sent; length is its first
 * frame's. */
static RunwaySegment plan_segment(const RunwaySequence *s, int64_t length)
{
    const RunwayModel *m = s->request.model;
    AVRational rate = s->config.frame_rate;
    RunwaySegment segment = { 0 };

    segment.whole_seconds = !!(m->fields & RUNWAY_FIELD_DURATION);
    segment.is_billed    = m->prices && m->prices->frame > 0;
    segment.min_duration = m->min_duration;
    segment.max_duration = ff_runway_sequence_longest(s->set);
    ff_runway_segment_rate(&segment, rate.num, rate.den, length, m->max_rate);
    /* the shortest upload has places for source frames to its end */
    segment.max_duration =
        FFMAX(ff_runway_segment_longest(&segment),
              ff_runway_segment_length(&segment,
                                       ff_runway_segment_slots(&segment, 0)));
    return segment;
}

/* How many frames a clip may have, as they are kept until it is out: the same in
 * a dry run, and whatever is wanted behind the filter. 0: any number */
static int max_frames(const RunwaySettings *set, const AVFrame *frame)
{
    enum AVPixelFormat format = frame->format;

    if (set->policy.on_error != RUNWAY_ON_ERROR_SOURCE) {
        if (!ff_runway_format_has_alpha(format))
            return 0;
        format = ff_runway_format_of_component(format);
    }
    return ff_runway_spool_clip_frames(format, frame->width, frame->height);
}

/* The source's alpha waits for its frames, where they are to have any. */
static int open_alpha(RunwaySequence *s, const AVFrame *frame)
{
    if (s->alpha || s->set->policy.dry_run ||
        !ff_runway_format_has_alpha(frame->format) ||
        !ff_runway_format_has_alpha(s->config.out_format))
        return 0;
    s->alpha = ff_runway_spool_create(RUNWAY_SPOOL_SIZE, 1, s->set->log_ctx);
    return s->alpha ? 0 : AVERROR(ENOMEM);
}

/* The picture that is sent, and what the result is to be shaped like. */
static int plan_picture(RunwaySequence *s, const AVFrame *frame,
                        RunwayClipConfig *config)
{
    const RunwaySettings *set = s->set;
    const RunwayModel *m = s->request.model;
    RunwayGeometry *g = &config->writer.geometry;
    const AVRational sar = frame->sample_aspect_ratio;
    int max_long = m->max_width, max_short = m->max_height, w, h, ret;

    ret = ff_runway_sequence_ratio(&s->request, frame->width, frame->height,
                                   sar, &s->ratio, &w, &h, set->log_ctx);
    if (ret < 0)
        return ret;
    if (w && !m->ratios_are_shapes) {
        /* more than comes back is not worth sending */
        max_long  = FFMAX(w, h);
        max_short = FFMIN(w, h);
    }
    ff_runway_geometry_plan(g, frame->width, frame->height, sar.num, sar.den, w,
                            h, set->fit, max_long, max_short);
    config->shape_w = g->width;
    config->shape_h = g->height;
    if ((m->fields & RUNWAY_FIELD_ASPECT) && s->ratio &&
        ff_runway_ratio_parse(s->ratio, &w, &h))
        ff_runway_geometry_expand(&config->shape_w, &config->shape_h, 1, 1, w,
                                  h);
    s->pixels = w && !m->ratios_are_shapes ?
                (int64_t)w * h : (int64_t)config->shape_w * config->shape_h;
    /* bars are no reason for a larger result */
    if (m->ratios_are_shapes && (m->fields & RUNWAY_FIELD_RATIO))
        s->pixels = (int64_t)g->target.w * g->target.h;
    if (FFMIN(g->width, g->height) >= m->min_height)
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "model %s needs a picture whose shorter "
           "side has %d pixels, and %dx%d would be sent; scale the input up, or "
           "use another model\n", s->request.model_name, m->min_height,
           g->width, g->height);
    return AVERROR(EINVAL);
}

/* no film has more frames a second for a whole clip */
#define SOURCE_RATE 120

/* How large the file may be, and from where on cuts and flashes are watched
 * for. */
static void plan_limits(const RunwaySettings *set, const RunwaySegment *segment,
                        RunwayClipConfig *config)
{
    if (set->transport != RUNWAY_SEND_UPLOAD)
        config->inline_size = ff_runway_data_uri_capacity("video/mp4",
                                                          RUNWAY_DATA_URI_MAX);
    if (set->transport != RUNWAY_SEND_INLINE &&
        set->client.provider->uploads_path)
        config->upload_size = RUNWAY_UPLOAD_MAX;
    /* a flash may begin before the frames that clips share; where the number of
     * frames may end a clip is not known before, as their lengths may vary */
    if (set->overlap)
        config->writer.watch =
            config->max_frames && config->max_frames <
            av_rescale(segment->max_duration, SOURCE_RATE, AV_TIME_BASE) ? 0 :
            ff_runway_segment_slot(segment, segment->max_duration -
                                            2 * set->overlap);
}

int ff_runway_sequence_open_clip(RunwaySequence *s, const AVFrame *frame,
                                 int64_t length, int is_ahead)
{
    const RunwaySequenceConfig *c = &s->config;
    const RunwaySettings *set = s->set;
    const RunwaySegment segment = plan_segment(s, length);
    RunwayClipConfig config = {
        .said          = &s->said,
        .filter        = c->filter,
        .transfer      = ff_runway_makes_hdr(set) ? set->transfer : 0,
        .out_w         = ff_runway_enlarges(set) ? c->out_w : 0,
        .out_h         = ff_runway_enlarges(set) ? c->out_h : 0,
        .time_base     = c->time_base,
        .film_sar      = c->sar,
        .rate          = c->frame_rate.num > 0 && c->frame_rate.den > 0 ?
                         av_q2d(c->frame_rate) : 0,
        .writer = {
            .encoder     = set->encoder,
            .options     = set->encoder_opts,
            .rate_num    = segment.rate_num,
            .rate_den    = segment.rate_den,
            .watch       = INT64_MAX,
            .interrupted = c->interrupted,
            .opaque      = c->interrupt_opaque,
            .log_ctx     = set->log_ctx,
        },
        .segment       = segment,
        .max_frames    = max_frames(set, frame),
        .shortest      = FFMAX(s->request.model->min_duration,
                               2 * set->overlap),
        .overlap       = set->overlap,
        .fit           = set->fit,
        .native        = set->timing == RUNWAY_TIMING_NATIVE,
        .out_time_base = c->out_time_base,
        .is_ahead      = is_ahead,
        .policy        = &set->policy,
        .keep_first    = !!set->stills_dir,
        .max_stand     = set->timing == RUNWAY_TIMING_SOURCE ?
                         RUNWAY_STAND_MAX : 0,
        .log_ctx       = set->log_ctx,
    };
    int ret = plan_picture(s, frame, &config);

    if (ret >= 0)
        ret = open_alpha(s, frame);
    if (ret < 0)
        return ret;
    config.alpha = s->alpha;
    config.index = ++s->nb_clips;
    plan_limits(set, &segment, &config);
    s->frame  = ff_runway_segment_length(&segment, 1);
    s->max_duration = segment.max_duration;
    s->geometry = config.writer.geometry;
    if (config.index == 1 &&
        2 * set->overlap < FFMIN(length, s->frame) && set->overlap)
        av_log(set->log_ctx, AV_LOG_WARNING, "overlap: %g s is less than half "
               "of a frame, so clips do not overlap\n", set->overlap / 1e6);
    if (config.index == 1)
        ff_runway_notice_sent(frame, &config, c->end_format);
    return ff_runway_clip_create(&s->open, &config, frame, length);
}
