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

/* The output's format, size, shape and time, fixed before the first frame. */

#define RUNWAY_COMPAT_FILTER

#include <string.h>

#include "libavutil/mathematics.h"
#include "libavutil/opt.h"

#include "../media/compat.h"
#include "../media/hdr.h"
#include "filter_internal.h"
#include "negotiate.h"

/* native frames have no rate that is known beforehand; this is fine enough for
 * any and what MPEG counts in */
#define NATIVE_TIME_BASE (AVRational){ 1, 90000 }

/* frames per second that no input has */
#define RATE_MAX 1000

/* more links than any graph has above the filter where every way is its own */
#define LINKS_MAX 10000

/* The picture is expanded to a ratio: the output holds the input as it is, and
 * what is new around it; or that in the size that was asked for. */
static void expand_output(const RunwayFilter *s, const AVFilterLink *inlink,
                          AVFilterLink *outlink, const char *ratio)
{
    AVRational sar = inlink->sample_aspect_ratio;
    int w, h;

    if (!ff_runway_ratio_parse(ratio, &w, &h))
        return;
    if (!s->set.out_w) {
        ff_runway_geometry_expand(&outlink->w, &outlink->h, sar.num, sar.den,
                                  w, h);
        return;
    }
    outlink->w = s->set.out_w;
    outlink->h = s->set.out_h;
    av_reduce(&outlink->sample_aspect_ratio.num,
              &outlink->sample_aspect_ratio.den, (int64_t)w * outlink->h,
              (int64_t)h * outlink->w, 1 << 16);
}

/* The shape of the picture stays what it is, unless it is cropped; where that is
 * the shape of the model's own size, the pixels are square, as the model's. */
static void shape_pixels(const RunwayFilter *s, const AVFilterLink *inlink,
                         AVFilterLink *outlink)
{
    const RunwayGeometry own = { .width = outlink->w, .height = outlink->h };
    AVRational sar = inlink->sample_aspect_ratio;
    int square = ff_runway_geometry_square(inlink->w, sar.num, sar.den);

    if (!s->set.out_w && sar.num <= 0)
        sar = (AVRational){ 1, 1 };
    if (!s->set.out_w && (s->set.fit == RUNWAY_FIT_CROP ||
                          !ff_runway_geometry_is_off(&own, square, inlink->h)))
        outlink->sample_aspect_ratio = (AVRational){ 1, 1 };
    else if (sar.num > 0 && s->set.fit != RUNWAY_FIT_CROP)
        outlink->sample_aspect_ratio =
            av_mul_q(sar, av_mul_q((AVRational){ inlink->w, outlink->w },
                                   (AVRational){ outlink->h, inlink->h }));
}

/* The result is cropped to the output's shape: reported before it is paid for. */
static void warn_cropped(AVFilterContext *ctx, int ratio_w, int ratio_h)
{
    const AVFilterLink *outlink = ctx->outputs[0];
    const RunwayGeometry result = { .width = ratio_w, .height = ratio_h };
    AVRational sar = outlink->sample_aspect_ratio;
    int w = ff_runway_geometry_square(outlink->w, sar.num, sar.den);

    if (ff_runway_geometry_is_off(&result, w, outlink->h))
        av_log(ctx, AV_LOG_WARNING, "fit=crop: the output and the result "
               "(%dx%d) differ in shape, so the result is cropped once more; "
               "size=generated keeps all of it\n", ratio_w, ratio_h);
}

/* The size of the result is the output's; it has to be known now. */
static int enlarge(AVFilterContext *ctx, int *w, int *h)
{
    const RunwayFilter *s = ctx->priv;
    const AVFilterLink *inlink = ctx->inputs[0];

    if (ff_runway_larger_size(s->set.model_info, s->set.request.resolution,
                              inlink->w, inlink->h, w, h))
        return 0;
    av_log(ctx, AV_LOG_ERROR, "size: what model %s makes of %dx%d at "
           "resolution=%s is not on record; set the size of the output, e.g. "
           "size=%dx%d: the result is scaled to it\n", s->set.model, inlink->w,
           inlink->h, s->set.request.resolution, 2 * inlink->w, 2 * inlink->h);
    return AVERROR(EINVAL);
}

/* Whether there or further up a filter over this engine only plans: what comes
 * from it will be something else. left is how many links may still be looked at:
 * each part of a graph that splits and joins again doubles the ways up. */
static int is_planned(const AVFilterContext *src, int *left)
{
    int64_t dry_run;

    if (!strncmp(src->filter->name, "runway_", 7) &&
        av_opt_get_int(src->priv, "dry_run", 0, &dry_run) >= 0 && dry_run)
        return 1;
    for (unsigned i = 0; i < src->nb_inputs; i++) {
        if (--*left < 0)
            return 0;
        if (is_planned(src->inputs[i]->src, left))
            return 1;
    }
    return 0;
}

/* A filter over this engine in front that makes HDR: its first frame, which says
 * so, is paid for. */
static int check_source(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;
    const AVFilterContext *src = ctx->inputs[0]->src;
    AVFrame frame = { .format = ctx->inputs[0]->format };
    int64_t transfer;
    int left = LINKS_MAX;

    s->is_behind_plan = is_planned(src, &left);
    while (!strcmp(src->filter->name, "format") ||
           (src->name && !strncmp(src->name, "auto_scale", 10)))
        src = src->inputs[0]->src;
    if (strncmp(src->filter->name, "runway_", 7) ||
        av_opt_get_int(src->priv, "transfer", 0, &transfer) < 0)
        return 0;
    frame.color_trc = transfer;
    return ff_runway_negotiate_check(ctx, &frame, ff_runway_makes_hdr(&s->set));
}

/* The size and shape of what is generated, or an error where that cannot be: a
 * plan is refused as the run would be. */
static int config_size(AVFilterContext *ctx)
{
    const RunwayFilter *s = ctx->priv;
    const AVFilterLink *inlink = ctx->inputs[0];
    AVFilterLink *outlink = ctx->outputs[0];
    const char *ratio;
    int w, h, ret;

    ret = ff_runway_sequence_ratio(&s->set.request, inlink->w, inlink->h,
                                   inlink->sample_aspect_ratio, &ratio, &w, &h,
                                   ctx);
    if (ret < 0)
        return ret;
    if (ratio && (s->set.model_info->fields & RUNWAY_FIELD_ASPECT))
        expand_output(s, inlink, outlink, ratio);
    else if (s->set.size && (s->set.out_w || w)) {
        outlink->w = s->set.out_w ? s->set.out_w : w;
        outlink->h = s->set.out_h ? s->set.out_h : h;
        shape_pixels(s, inlink, outlink);
    } else if (ff_runway_enlarges(&s->set)) {
        ret = enlarge(ctx, &outlink->w, &outlink->h);
        if (ret < 0)
            return ret;
    }
    if (w && s->set.fit == RUNWAY_FIT_CROP)
        warn_cropped(ctx, w, h);
    if ((ctx->enable_str ||
         s->set.policy.on_error == RUNWAY_ON_ERROR_SOURCE) &&
        (outlink->w != inlink->w || outlink->h != inlink->h)) {
        av_log(ctx, AV_LOG_ERROR, "size: with enable or on_error=source, "
               "frames pass through as they are, so the output has to have "
               "the input's size %dx%d%s\n", inlink->w, inlink->h, ratio &&
               !s->set.size ? ", and ratio changes it" : "");
        return AVERROR(EINVAL);
    }
    return 0;
}

static int config_link(AVFilterLink *outlink)
{
    AVFilterContext *ctx = outlink->src;
    AVFilterLink *inlink = ctx->inputs[0];
    RunwayFilter *s = ctx->priv;
    AVRational rate = RUNWAY_LINK(inlink)->frame_rate;
    int ret = check_source(ctx);

    outlink->w = inlink->w;
    outlink->h = inlink->h;
    outlink->sample_aspect_ratio = inlink->sample_aspect_ratio;
    if (ret >= 0)
        ret = config_size(ctx);
    if (ret < 0)
        return ret;
    /* 90000/1 is a time base that was taken for a rate */
    s->delta = rate.num > 0 && rate.den > 0 && av_q2d(rate) <= RATE_MAX ?
               av_rescale(AV_TIME_BASE, rate.den, rate.num) : 0;
    outlink->time_base = s->set.timing == RUNWAY_TIMING_NATIVE ? NATIVE_TIME_BASE
                                                    : inlink->time_base;
    RUNWAY_LINK(outlink)->frame_rate = s->set.timing == RUNWAY_TIMING_NATIVE ?
                                       (AVRational){ 1, 0 } : rate;
    return 0;
}

/* HDR is refused where a frame says so: what is left of it is wrong, and is not
 * true of what is generated; nor is the source's profile of what is made HDR. */
static void forget_colours(AVFilterLink *outlink, int makes_hdr)
{
    static const enum AVFrameSideDataType profile = AV_FRAME_DATA_ICC_PROFILE;
    const enum AVFrameSideDataType *kinds;
    int nb = ff_runway_hdr_kinds(&kinds);

    ff_runway_link_forget(outlink, kinds, nb);
    if (makes_hdr)
        ff_runway_link_forget(outlink, &profile, 1);
}

int ff_runway_filter_config_output(AVFilterLink *outlink)
{
    RunwayFilter *s = outlink->src->priv;
    int ret;

    s->kind = ff_runway_kind(outlink->src->inputs[0]);
    ret     = ff_runway_rebuild_check(&s->kind, outlink->src);
    if (ret >= 0)
        ret = config_link(outlink);
    if (ret < 0)
        return ret;
    ff_runway_negotiate_configure(outlink);
    forget_colours(outlink, ff_runway_makes_hdr(&s->set));
    if (!s->scaler)
        s->scaler = ff_runway_scaler_create(outlink->src);
    return s->scaler ? 0 : AVERROR(ENOMEM);
}
