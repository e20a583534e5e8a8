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

#include <stdio.h>
#include <string.h>

#include "libavutil/bswap.h"
#include "libavutil/imgutils.h"
#include "libavutil/opt.h"
#include "libswscale/swscale.h"

#include "compat.h"
#include "format.h"
#include "picture.h"
#include "scaler.h"
#include "../math/gamut.h"
#include "../math/matrix.h"

/* Everything a SwsContext was set up for. */
typedef struct Conversion {
    int src_w, src_h, dst_w, dst_h;
    enum AVPixelFormat src_format, dst_format;
    enum AVColorSpace src_space, dst_space;
    int src_full, dst_full;
} Conversion;

/* One call of libswscale, set up. */
typedef struct Step {
    struct SwsContext *sws;
    Conversion now;
} Step;

/* Pixels to convert, or to convert to. */
typedef struct View {
    enum AVPixelFormat format;
    enum AVColorSpace space;
    int full;
    const RunwayPrimaries *primaries;
    uint8_t *data[4];
    int stride[4];
    int w, h;
} View;

struct RunwayScaler {
    void *log_ctx;
    Step first, second;         ///< where there is a picture in between
    AVFrame *between;
    AVFrame *gray_in, *gray_out; ///< luma of what has alpha beside it
    AVFrame *chroma_in, *chroma_out; ///< what gray pictures lack
    RunwayGamut *gamut;
    const RunwayPrimaries *gamut_from, *gamut_to;
};

static const RunwayPrimaries bt709 = {
    { 0.640, 0.330 }, { 0.300, 0.600 }, { 0.150, 0.060 }, { 0.3127, 0.3290 },
};
static const RunwayPrimaries bt2020 = {
    { 0.708, 0.292 }, { 0.170, 0.797 }, { 0.131, 0.046 }, { 0.3127, 0.3290 },
};
static const RunwayPrimaries dci_p3 = {
    { 0.680, 0.320 }, { 0.265, 0.690 }, { 0.150, 0.060 }, { 0.3140, 0.3510 },
};
static const RunwayPrimaries display_p3 = {
    { 0.680, 0.320 }, { 0.265, 0.690 }, { 0.150, 0.060 }, { 0.3127, 0.3290 },
};
static const RunwayPrimaries film = {
    { 0.681, 0.319 }, { 0.243, 0.692 }, { 0.145, 0.049 }, { 0.3100, 0.3160 },
};
static const RunwayPrimaries ntsc = {
    { 0.670, 0.330 }, { 0.210, 0.710 }, { 0.140, 0.080 }, { 0.3100, 0.3160 },
};
static const RunwayPrimaries v_gamut = {
    { 0.730, 0.280 }, { 0.165, 0.840 }, { 0.100, -0.030 }, { 0.3127, 0.3290 },
};

/* Others are near enough to BT.709, in which they are sent as they are. */
static const RunwayPrimaries *primaries_of(const AVFrame *named)
{
    switch ((int)named->color_primaries) {
    case RUNWAY_PRI_V_GAMUT:  return &v_gamut;
    case AVCOL_PRI_BT470M:    return &ntsc;
    case AVCOL_PRI_FILM:      return &film;
    case AVCOL_PRI_BT2020:    return &bt2020;
    case AVCOL_PRI_SMPTE431:  return &dci_p3;
    case AVCOL_PRI_SMPTE432:  return &display_p3;
    default:                  return &bt709;
    }
}

int ff_runway_scaler_is_wide(const AVFrame *frame)
{
    const AVFrame named = ff_runway_picture_tags(frame);

    return primaries_of(&named) != &bt709;
}

RunwayScaler *ff_runway_scaler_create(void *log_ctx)
{
    RunwayScaler *scaler = av_mallocz(sizeof(*scaler));

    if (scaler)
        scaler->log_ctx = log_ctx;
    return scaler;
}

void ff_runway_scaler_free(RunwayScaler **scaler)
{
    RunwayScaler *s = *scaler;

    if (!s)
        return;
    sws_freeContext(s->first.sws);
    sws_freeContext(s->second.sws);
    av_frame_free(&s->between);
    av_frame_free(&s->gray_in);
    av_frame_free(&s->gray_out);
    av_frame_free(&s->chroma_in);
    av_frame_free(&s->chroma_out);
    ff_runway_gamut_free(&s->gamut);
    av_freep(scaler);
}

/* Make *frame a picture of that kind; it is one already where the last
 * conversion was of the same kind. */
static int ensure(AVFrame **frame, enum AVPixelFormat format, int w, int h)
{
    AVFrame *f = *frame;
    int ret;

    if (f && f->format == format && f->width == w && f->height == h)
        return 0;
    av_frame_free(frame);
    f = av_frame_alloc();
    if (!f)
        return AVERROR(ENOMEM);
    f->format = format;
    f->width  = w;
    f->height = h;
    ret = av_frame_get_buffer(f, 0);
    if (ret < 0) {
        av_frame_free(&f);
        return ret;
    }
    *frame = f;
    return 1;
}

static int set_up(RunwayScaler *scaler, Step *step, const Conversion *c)
{
    struct SwsContext *sws = sws_alloc_context();
    int ret;

    if (!sws)
        return AVERROR(ENOMEM);
    av_opt_set_int(sws, "srcw", c->src_w, 0);
    av_opt_set_int(sws, "srch", c->src_h, 0);
    av_opt_set_int(sws, "dstw", c->dst_w, 0);
    av_opt_set_int(sws, "dsth", c->dst_h, 0);
    av_opt_set_int(sws, "src_format", c->src_format, 0);
    av_opt_set_int(sws, "dst_format", c->dst_format, 0);
    av_opt_set_int(sws, "src_range", c->src_full, 0);
    av_opt_set_int(sws, "dst_range", c->dst_full, 0);
    av_opt_set_int(sws, "sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND |
                   SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, 0);
    ret = sws_init_context(sws, NULL, NULL);
    if (ret >= 0) {
        /* a failure only means that there is no matrix to set */
        sws_setColorspaceDetails(sws, sws_getCoefficients(c->src_space),
                                 c->src_full,
                                 sws_getCoefficients(c->dst_space),
                                 c->dst_full, 0, 1 << 16, 1 << 16);
        sws_freeContext(step->sws);
        step->sws = sws;
        step->now = *c;
        return 0;
    }
    sws_freeContext(sws);
    av_log(scaler->log_ctx, AV_LOG_ERROR,
           "cannot convert %dx%d %s to %dx%d %s\n", c->src_w, c->src_h,
           av_get_pix_fmt_name(c->src_format), c->dst_w, c->dst_h,
           av_get_pix_fmt_name(c->dst_format));
    return ret;
}

/* Whether there is nothing to compute. */
static int is_same(const View *in, const View *out)
{
    return in->w == out->w && in->h == out->h && in->format == out->format &&
           in->space == out->space && in->full == out->full;
}

/* in to out, in one call: either one of them is RGB, or both have one matrix. */
static int take_step(RunwayScaler *scaler, Step *step, const View *in,
                     const View *out)
{
    Conversion c;
    int ret;

    /* copying keeps every bit */
    if (is_same(in, out)) {
        av_image_copy((uint8_t **)out->data, (int *)out->stride,
                      (const uint8_t **)in->data, in->stride, in->format,
                      in->w, in->h);
        return 0;
    }
    memset(&c, 0, sizeof(c)); /* compared as bytes */
    c.src_w      = in->w;
    c.src_h      = in->h;
    c.dst_w      = out->w;
    c.dst_h      = out->h;
    c.src_format = in->format;
    c.dst_format = out->format;
    c.src_space  = in->space;
    c.dst_space  = out->space;
    c.src_full   = in->full;
    c.dst_full   = out->full;
    if (!step->sws || memcmp(&c, &step->now, sizeof(c))) {
        ret = set_up(scaler, step, &c);
        if (ret < 0)
            return ret;
    }
    ret = sws_scale(step->sws, (const uint8_t *const *)in->data, in->stride, 0,
                    in->h, (uint8_t *const *)out->data, out->stride);
    return FFMIN(ret, 0);
}

/* A part of a frame. */
static View view_of(const AVFrame *frame, RunwayRect part)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    const AVFrame named = ff_runway_picture_tags(frame);
    View view = {
        .format    = ff_runway_format_plain(frame->format),
        .space     = named.colorspace,
        .full      = named.color_range == AVCOL_RANGE_JPEG,
        .primaries = primaries_of(&named),
        .w         = part.w,
        .h         = part.h,
    };
    int step[4], component[4];

    av_image_fill_max_pixsteps(step, component, desc);
    for (int i = 0; i < 4 && frame->data[i]; i++) {
        int chroma = component[i] == 1 || component[i] == 2;
        int x = chroma ? part.x >> desc->log2_chroma_w : part.x;
        int y = part.y >> (i == 1 || i == 2 ? desc->log2_chroma_h : 0);

        view.data[i]   = frame->data[i] + (ptrdiff_t)y * frame->linesize[i] +
                         (ptrdiff_t)x * step[i];
        view.stride[i] = frame->linesize[i];
    }
    return view;
}

/* libswscale has its own ideas of what range gray has. It is given luma and
 * chroma, which is neutral where it comes from, and lost where it goes to. */
static int add_chroma(View *view, AVFrame **chroma)
{
    const char *name = av_get_pix_fmt_name(view->format);
    int wide = ff_runway_format_depth(view->format) > 8;
    char full[32];
    int ret;

    snprintf(full, sizeof(full), "yuv420p%s", name + strlen("gray"));
    ret = ensure(chroma, view->format, AV_CEIL_RSHIFT(view->w, 1),
                 AV_CEIL_RSHIFT(view->h, 1));
    if (ret < 0)
        return ret;
    if (ret) {
        AVFrame *f = *chroma;
        const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(view->format);
        int grey = 1 << (desc->comp[0].depth - 1);

        if (wide && desc->flags & AV_PIX_FMT_FLAG_BE)
            grey = av_bswap16(grey);
        for (int y = 0; y < f->height; y++)
            for (int x = 0; x < f->width; x++)
                if (wide)
                    ((uint16_t *)(void *)(f->data[0] +
                                          y * f->linesize[0]))[x] = grey;
                else
                    f->data[0][y * f->linesize[0] + x] = grey;
    }
    view->format    = av_get_pix_fmt(full);
    view->data[1]   = view->data[2]   = (*chroma)->data[0];
    view->stride[1] = view->stride[2] = (*chroma)->linesize[0];
    return view->format == AV_PIX_FMT_NONE ? AVERROR_BUG : 0;
}

/* @return 0 for a matrix that is not made of weights, or not known here */
static int weights_of(enum AVColorSpace space, RunwayPrimaryWeights *weights)
{
    switch (space) {
    case AVCOL_SPC_BT709:
        *weights = (RunwayPrimaryWeights){ 0.2126, 0.0722 };
        return 1;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        *weights = (RunwayPrimaryWeights){ 0.299, 0.114 };
        return 1;
    case AVCOL_SPC_SMPTE240M:
        *weights = (RunwayPrimaryWeights){ 0.212, 0.087 };
        return 1;
    case AVCOL_SPC_FCC:
        *weights = (RunwayPrimaryWeights){ 0.30, 0.11 };
        return 1;
    case AVCOL_SPC_BT2020_NCL:
        *weights = (RunwayPrimaryWeights){ 0.2627, 0.0593 };
        return 1;
    default:
        return 0;
    }
}

int ff_runway_scaler_knows(enum AVColorSpace space)
{
    RunwayPrimaryWeights weights;

    return space == AVCOL_SPC_UNSPECIFIED || space == AVCOL_SPC_RESERVED ||
           space == AVCOL_SPC_RGB || weights_of(space, &weights);
}

/* Whether matrix.h can work on that format. */
static int is_plain_planar(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(format);

    return desc->flags & AV_PIX_FMT_FLAG_PLANAR &&
           !(desc->flags & AV_PIX_FMT_FLAG_RGB) &&
           (desc->comp[0].depth == 8 ||
            !(desc->flags & AV_PIX_FMT_FLAG_BE) == !AV_HAVE_BIGENDIAN) &&
           desc->comp[0].depth <= 10 && !desc->comp[0].shift &&
           desc->log2_chroma_w <= 1 && desc->log2_chroma_h <= 1 &&
           desc->comp[2].plane == 2;
}

static enum AVPixelFormat nearest_plain_planar(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(format);
    int wide = desc->comp[0].depth > 8;

    if (desc->log2_chroma_w == 1 && desc->log2_chroma_h == 1)
        return wide ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
    if (desc->log2_chroma_w == 1 && !desc->log2_chroma_h)
        return wide ? AV_PIX_FMT_YUV422P10 : AV_PIX_FMT_YUV422P;
    return wide ? AV_PIX_FMT_YUV444P10 : AV_PIX_FMT_YUV444P;
}

/* Change the matrix of pixels where they are, or on their way from source. */
static int change_matrix(const View *view, const View *source,
                         RunwayPrimaryWeights from, RunwayPrimaryWeights to)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(view->format);
    RunwayPlanes planes = {
        .width         = view->w,
        .height        = view->h,
        .log2_chroma_w = desc->log2_chroma_w,
        .log2_chroma_h = desc->log2_chroma_h,
    };
    RunwayMatrix matrix;

    for (int i = 0; i < 3; i++) {
        planes.data[i]   = view->data[i];
        planes.stride[i] = view->stride[i];
        if (source) {
            planes.from[i]        = source->data[i];
            planes.from_stride[i] = source->stride[i];
        }
    }
    ff_runway_matrix_plan(&matrix, from, to, view->full, desc->comp[0].depth);
    return ff_runway_matrix_apply(&matrix, &planes) ? AVERROR(ENOMEM) : 0;
}

/* A picture between in and out, as large as out. */
static int make_between(RunwayScaler *s, enum AVPixelFormat format,
                        const View *out, View *between)
{
    int ret = ensure(&s->between, format, out->w, out->h);

    if (ret < 0)
        return ret;
    *between = *out;
    between->format = format;
    for (int i = 0; i < 4; i++) {
        between->data[i]   = s->between->data[i];
        between->stride[i] = s->between->linesize[i];
    }
    return 0;
}

/* libswscale would go through RGB, pixel by pixel, and clip: scaled in its own
 * matrix first, the rest is little. */
static int convert_matrix(RunwayScaler *s, const View *in, const View *out,
                          RunwayPrimaryWeights was, RunwayPrimaryWeights is)
{
    View between = *out, result;
    int direct = is_plain_planar(out->format), is_copy, ret;

    if (!direct) {
        ret = make_between(s, nearest_plain_planar(out->format), out, &between);
        if (ret < 0)
            return ret;
    }
    result = between;
    between.space = in->space;
    is_copy = is_same(in, &between);
    ret = is_copy ? 0 : take_step(s, &s->first, in, &between);
    if (ret >= 0)
        ret = change_matrix(&result, is_copy ? in : NULL, was, is);
    return ret >= 0 && !direct ? take_step(s, &s->second, &result, out) : ret;
}

static int convert_primaries(RunwayScaler *s, const View *in, const View *out)
{
    View between;
    int ret;

    if (!s->gamut || s->gamut_from != in->primaries ||
        s->gamut_to != out->primaries) {
        ff_runway_gamut_free(&s->gamut);
        s->gamut = ff_runway_gamut_create(in->primaries, out->primaries);
        if (!s->gamut)
            return AVERROR(ENOMEM);
        s->gamut_from = in->primaries;
        s->gamut_to   = out->primaries;
    }
    ret = make_between(s, AV_PIX_FMT_RGB48, out, &between);
    if (ret < 0)
        return ret;
    between.space = AVCOL_SPC_RGB;
    between.full  = 1;
    ret = take_step(s, &s->first, in, &between);
    if (ret < 0)
        return ret;
    ff_runway_gamut_apply(s->gamut, between.data[0], between.stride[0],
                          between.w, between.h);
    return take_step(s, &s->second, &between, out);
}

/* A gray frame's luma alone, where alpha is in the same plane. */
static int split_luma(const AVFrame *frame, AVFrame **luma)
{
    int ret = ensure(luma, ff_runway_format_of_component(frame->format),
                     frame->width, frame->height);

    if (ret < 0)
        return ret;
    (*luma)->colorspace      = frame->colorspace;
    (*luma)->color_range     = frame->color_range;
    (*luma)->color_primaries = frame->color_primaries;
    return 0;
}

static int is_luma_and_alpha(const AVFrame *frame)
{
    return ff_runway_format_is_gray(frame->format) &&
           ff_runway_format_has_alpha(frame->format);
}

int ff_runway_scaler_convert(RunwayScaler *s, const AVFrame *src,
                             RunwayRect from, AVFrame *dst, RunwayRect to)
{
    RunwayPrimaryWeights was, is;
    AVFrame *whole = NULL;
    View in, out;
    int ret = 0;

    if (is_luma_and_alpha(src)) {
        ret = split_luma(src, &s->gray_in);
        if (ret >= 0)
            ret = ff_runway_component_read(src, RUNWAY_LUMA, s->gray_in);
        src = s->gray_in;
    }
    if (ret >= 0 && is_luma_and_alpha(dst)) {
        ret = split_luma(dst, &s->gray_out);
        whole = dst;
        dst   = s->gray_out;
    }
    if (ret < 0)
        return ret;
    in  = view_of(src, from);
    out = view_of(dst, to);
    if (ff_runway_format_is_gray(in.format)) {
        /* without colours, no matrix and no primaries */
        in.space     = out.space == AVCOL_SPC_RGB ? AVCOL_SPC_BT709 : out.space;
        in.primaries = out.primaries;
        ret = add_chroma(&in, &s->chroma_in);
    }
    if (ret >= 0 && ff_runway_format_is_gray(out.format)) {
        out.space     = in.space == AVCOL_SPC_RGB ? AVCOL_SPC_BT709 : in.space;
        out.primaries = in.primaries;
        ret = add_chroma(&out, &s->chroma_out);
    }
    if (ret < 0)
        return ret;
    if (in.primaries != out.primaries)
        ret = convert_primaries(s, &in, &out);
    else if (in.space != out.space && weights_of(in.space, &was) &&
             weights_of(out.space, &is))
        ret = convert_matrix(s, &in, &out, was, is);
    else
        ret = take_step(s, &s->first, &in, &out);
    if (ret >= 0 && whole)
        ff_runway_component_write(whole, RUNWAY_LUMA, dst,
                                  ff_runway_format_depth(dst->format));
    return ret;
}

static int is_whole(const AVFrame *frame, RunwayRect part)
{
    return !part.x && !part.y && part.w == frame->width &&
           part.h == frame->height;
}

int ff_runway_scaler_share(const AVFrame *src, RunwayRect from, AVFrame *dst,
                           RunwayRect to)
{
    View in, out;

    if (src->format != dst->format || !is_whole(src, from) ||
        !is_whole(dst, to) || from.w != to.w || from.h != to.h ||
        ff_runway_format_has_alpha(src->format))
        return 0;
    in  = view_of(src, from);
    out = view_of(dst, to);
    if (in.space != out.space || in.full != out.full ||
        in.primaries != out.primaries)
        return 0;
    for (int i = 0; i < FF_ARRAY_ELEMS(dst->buf); i++) {
        int ret = av_buffer_replace(&dst->buf[i], src->buf[i]);

        if (ret < 0)
            return ret;
        dst->data[i]     = src->data[i];
        dst->linesize[i] = src->linesize[i];
    }
    return 1;
}
