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

#include "libavutil/avstring.h"

#include "../media/compat.h"
#include "../media/alpha.h"
#include "../media/format.h"
#include "../media/hdr.h"
#include "../media/picture.h"
#include "negotiate.h"

/* What an encoder of HDR takes; no less than the ten bits there are. */
static const int hdr_formats[] = {
    AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P10,
    AV_PIX_FMT_P010, AV_PIX_FMT_YUV420P12, AV_PIX_FMT_YUV422P12,
    AV_PIX_FMT_YUV444P12, -1
};

static int refer_hdr(AVFilterFormatsConfig *config)
{
    int ret = ff_formats_ref(ff_make_format_list(hdr_formats),
                             &config->formats);

    return ret < 0 ? ret : ff_runway_refer_hdr_colours(config);
}

static int refer(AVFilterFormatsConfig *config, const int *list, int output)
{
    int ret = list ? ff_formats_ref(ff_make_format_list(list), &config->formats)
                   : AVERROR(ENOMEM);

    return ret < 0 ? ret : ff_runway_refer_colours(config, output);
}

static int refer_all(AVFilterFormatsConfig *config, int output)
{
    int *list = ff_runway_formats(output), ret = refer(config, list, output);

    av_free(list);
    return ret;
}

static int has_palette(const AVFilterFormats *formats)
{
    for (unsigned i = 0; i < formats->nb_formats; i++)
        if (formats->formats[i] == AV_PIX_FMT_PAL8)
            return 1;
    return 0;
}

static const AVFilterLink *first_link(const AVFilterLink *link)
{
    while (link->src->nb_inputs == 1)
        link = link->src->inputs[0];
    return link;
}

int ff_runway_negotiate_query(AVFilterContext *ctx, int hdr)
{
    /* a palette has alpha, which the format that ffmpeg would choose has not */
    static const int behind_palette[] = { AV_PIX_FMT_RGB32, -1 };
    AVFilterLink *inlink = ctx->inputs[0];
    const AVFilterFormats *before = inlink->incfg.formats;
    const AVFilterFormats *first = first_link(inlink)->incfg.formats;
    AVFilterFormatsConfig *out = &ctx->outputs[0]->incfg;
    int ret;

    /* asked again when the filters in front have said what they offer */
    if (!before || !first)
        return AVERROR(EAGAIN);
    if (first->nb_formats == 1 && has_palette(first) && has_palette(before))
        ret = refer(&inlink->outcfg, behind_palette, 0);
    else
        ret = refer_all(&inlink->outcfg, 0);
    if (ret >= 0)
        ret = hdr ? refer_hdr(out) : refer_all(out, 1);
    return ret < 0 ? ret : ff_runway_refer_alpha(ctx);
}

static const char *without_zscale(void)
{
    return avfilter_get_by_name("zscale") ? "" : "; this FFmpeg has no zscale, "
           "which needs a build with libzimg";
}

/* By name: releases add to them (vlog). */
static int is_logarithmic(enum AVColorTransferCharacteristic transfer)
{
    const char *name = av_color_transfer_name(transfer);

    return name && strstr(name, "log");
}

/* Files with floating point hold linear light, and FFmpeg's decoders do not tag
 * all of them (EXR, PFM, PHM). */
static int is_float_source(const AVFilterLink *link)
{
    return !!(av_pix_fmt_desc_get(first_link(link)->format)->flags &
              AV_PIX_FMT_FLAG_FLOAT);
}

/* zscale converts what is tagged, and no Dolby Vision. */
static void log_hdr(AVFilterContext *ctx, const AVFrame *frame,
                    const char *reason)
{
    const char *first = "", *chain, *missing = "";

    if (av_strstart(reason, "Dolby Vision", NULL)) {
        chain = "libplacebo=colorspace=bt709:color_primaries=bt709:"
                "color_trc=bt709:range=tv,format=yuv420p";
    } else {
        chain = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
                "tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,"
                "format=yuv420p";
        missing = without_zscale();
        if (strcmp(reason, av_color_transfer_name(frame->color_trc)))
            first = "setparams=color_trc=smpte2084:color_primaries=bt2020:"
                    "colorspace=bt2020nc,";
    }
    av_log(ctx, AV_LOG_ERROR, "the input is HDR (%s), which the service does "
           "not support; tone-map first: %s%s; or, where that is wrong, "
           "setparams=color_trc=bt709%s\n", reason, first, chain, missing);
}

static int refuse_tag(AVFilterContext *ctx, const char *what,
                      const char *option, char zscale, const char *is)
{
    av_log(ctx, AV_LOG_ERROR, "the %s of the input (%s) cannot be sent; "
           "convert it first: zscale=%c=bt709; or, where the tag is wrong, "
           "setparams=%s=bt709%s\n", what, is, zscale, option,
           without_zscale());
    return AVERROR(EINVAL);
}

int ff_runway_negotiate_check(AVFilterContext *ctx, const AVFrame *frame,
                              int hdr)
{
    const char *reason = ff_runway_hdr_reason(frame);
    int is_log = is_logarithmic(frame->color_trc);

    if (is_log || frame->color_trc == AVCOL_TRC_LINEAR) {
        av_log(ctx, AV_LOG_ERROR, "the input is tagged as %s, which the service "
               "does not support; convert it first: zscale=t=bt709; or, where "
               "the tag is wrong, setparams=color_trc=bt709%s\n",
               is_log ? "logarithmic" : "linear light", without_zscale());
        return AVERROR(EINVAL);
    }
    if (frame->color_trc == AVCOL_TRC_UNSPECIFIED &&
        is_float_source(ctx->inputs[0])) {
        av_log(ctx, AV_LOG_ERROR, "the input is floating point without a "
               "tag, so it is treated as linear light, which the service does "
               "not support; convert it first: setparams=color_trc=linear:"
               "color_primaries=bt709:colorspace=gbr:range=pc,zscale=t=bt709; "
               "or, where the light is not linear, setparams=color_trc=bt709"
               "%s\n", without_zscale());
        return AVERROR(EINVAL);
    }
    if (reason) {
        if (hdr)
            av_log(ctx, AV_LOG_ERROR, "the input is already HDR (%s), so there "
                   "is nothing to convert; where that is wrong, "
                   "setparams=color_trc=bt709\n", reason);
        else
            log_hdr(ctx, frame, reason);
        return AVERROR(EINVAL);
    }
    /* XYZ in the format of something else */
    if (frame->color_primaries == AVCOL_PRI_SMPTE428)
        return refuse_tag(ctx, "primaries", "color_primaries", 'p',
                          av_color_primaries_name(frame->color_primaries));
    if (ff_runway_format_is_rgb(frame->format) ||
        ff_runway_format_is_gray(frame->format) ||
        ff_runway_scaler_knows(frame->colorspace))
        return 0;
    return refuse_tag(ctx, "matrix", "colorspace", 'm',
                      av_color_space_name(frame->colorspace));
}

enum AVPixelFormat ff_runway_negotiate_end(const AVFilterLink *link)
{
    while (ff_runway_format_has_alpha(link->format) &&
           link->dst->nb_inputs == 1 && link->dst->nb_outputs == 1 &&
           (ff_runway_format_has_alpha(link->dst->outputs[0]->format) ||
            !strcmp(link->dst->filter->name, "scale")))
        link = link->dst->outputs[0];
    return link->format;
}

void ff_runway_negotiate_configure(AVFilterLink *outlink)
{
    const AVFilterLink *inlink = outlink->src->inputs[0];
    AVFrame in = { .format = inlink->format, .width = inlink->w,
                   .height = inlink->h };
    AVFrame out = { .format = outlink->format, .width = outlink->w,
                    .height = outlink->h };

    ff_runway_get_link_colours(inlink, &in);
    ff_runway_get_link_colours(outlink, &out);
    ff_runway_picture_tag_output(&out, &in);
    ff_runway_set_link_colours(outlink, &out);
}

/* What all frames are tagged as: what the link says or, before FFmpeg 7.0, what
 * the first frame that went out was. */
static void get_colours(const AVFilterLink *outlink, const RunwayColours *first,
                        AVFrame *frame)
{
    ff_runway_get_link_colours(outlink, frame);
    if (!first->is_known)
        return;
    if (frame->colorspace == AVCOL_SPC_UNSPECIFIED)
        frame->colorspace = first->space;
    if (frame->color_range == AVCOL_RANGE_UNSPECIFIED)
        frame->color_range = first->range;
}

AVFrame *ff_runway_negotiate_buffer(AVFilterLink *outlink,
                                    const RunwayColours *first)
{
    AVFrame *frame = ff_get_video_buffer(outlink, outlink->w, outlink->h);

    if (frame) {
        frame->sample_aspect_ratio = outlink->sample_aspect_ratio;
        frame->colorspace          = AVCOL_SPC_UNSPECIFIED;
        frame->color_range         = AVCOL_RANGE_UNSPECIFIED;
        get_colours(outlink, first, frame);
    }
    return frame;
}

static int is_fit(const AVFilterLink *outlink, const RunwayColours *first,
                  const AVFrame *frame)
{
    AVFrame wanted = { .format = outlink->format, .width = outlink->w,
                       .height = outlink->h };

    get_colours(outlink, first, &wanted);
    ff_runway_picture_tag_output(&wanted, frame);
    return frame->format == wanted.format && frame->width == wanted.width &&
           frame->height == wanted.height &&
           (ff_runway_format_is_rgb(frame->format) ||
            ff_runway_format_is_gray(frame->format) ||
            (frame->colorspace == wanted.colorspace &&
             (frame->color_range == wanted.color_range ||
              ff_runway_format_is_full(frame->format))));
}

int ff_runway_negotiate_fit(AVFilterLink *outlink, const RunwayColours *first,
                            RunwayScaler *scaler, AVFrame **frame)
{
    AVFrame *src = *frame, *dst;
    RunwayRect from = { 0, 0, src->width, src->height };
    RunwayRect to = { 0, 0, outlink->w, outlink->h };
    enum AVColorSpace space;
    enum AVColorRange range;
    AVRational sar;
    int ret;

    if (is_fit(outlink, first, src))
        return 0;
    dst = ff_runway_negotiate_buffer(outlink, first);
    if (!dst)
        return AVERROR(ENOMEM);
    ff_runway_picture_tag_output(dst, src);
    dst->color_primaries = src->color_primaries;
    space = dst->colorspace;
    range = dst->color_range;
    sar   = dst->sample_aspect_ratio;
    ret = ff_runway_scaler_convert(scaler, src, from, dst, to);
    if (ret >= 0)
        ret = ff_runway_alpha_copy(scaler, src, dst);
    if (ret >= 0)
        ret = av_frame_copy_props(dst, src);
    if (ret < 0) {
        av_frame_free(&dst);
        return ret;
    }
    dst->colorspace          = space;
    dst->color_range         = range;
    dst->sample_aspect_ratio = sar;
    av_frame_free(frame);
    *frame = dst;
    return 0;
}
