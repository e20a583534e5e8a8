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

#include <string.h>

#include "libavutil/imgutils.h"
#include "libavutil/opt.h"
#include "libavutil/pixdesc.h"
#include "libswscale/swscale.h"

#include "compat.h"
#include "picture.h"
#include "../math/matrix.h"

/* Everything a SwsContext was set up for. */
typedef struct Conversion {
    int src_w, src_h, dst_w, dst_h;
    enum AVPixelFormat src_format, dst_format;
    enum AVColorSpace src_space, dst_space;
    int src_full, dst_full;
} Conversion;

struct RunwayScaler {
    void *log_ctx;
    struct SwsContext *sws;
    Conversion now;
};

static int is_yuvj(enum AVPixelFormat format)
{
    return format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
           format == AV_PIX_FMT_YUVJ444P;
}

/* The same planes without the range in the name: libswscale warns of yuvj. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
    default:                  return format;
    }
}

void ff_runway_picture_name_full(AVFrame *frame)
{
    if (is_yuvj(frame->format))
        frame->color_range = AVCOL_RANGE_JPEG;
}

void ff_runway_picture_name_colour(AVFrame *frame)
{
    ff_runway_picture_name_full(frame);
    if (frame->color_range == AVCOL_RANGE_UNSPECIFIED)
        frame->color_range = AVCOL_RANGE_MPEG;
    if (frame->colorspace == AVCOL_SPC_UNSPECIFIED ||
        frame->colorspace == AVCOL_SPC_RESERVED)
        frame->colorspace = frame->width >= 1280 || frame->height > 576 ?
                            AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

/* Whether b is a with rows and columns of its chroma exchanged. */
static int is_transposed(const AVPixFmtDescriptor *a,
                         const AVPixFmtDescriptor *b)
{
    return a->nb_components == b->nb_components && a->flags == b->flags &&
           a->log2_chroma_w == b->log2_chroma_h &&
           a->log2_chroma_h == b->log2_chroma_w &&
           !memcmp(a->comp, b->comp, sizeof(a->comp));
}

static enum AVPixelFormat transposed_format(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *was = av_pix_fmt_desc_get(format), *is = NULL;

    if (was->log2_chroma_w == was->log2_chroma_h)
        return format;
    while ((is = av_pix_fmt_desc_next(is)))
        if (is_transposed(was, is))
            return av_pix_fmt_desc_get_id(is);
    return AV_PIX_FMT_NONE;
}

/* Whether each component is a plane of bytes, or of words. */
static int is_made_of_planes(const AVPixFmtDescriptor *desc)
{
    if (desc->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM |
                       AV_PIX_FMT_FLAG_PAL))
        return 0;
    for (int i = 0; i < desc->nb_components; i++) {
        if (desc->comp[i].step > 2)
            return 0;
        for (int k = 0; k < i; k++)
            if (desc->comp[k].plane == desc->comp[i].plane)
                return 0;
    }
    return 1;
}

/* dst is as large as src, turned. */
static void turn_plane(const AVFrame *src, AVFrame *dst, int plane,
                       int width, int height, RunwayTurn t)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(src->format);
    int step = desc->comp[0].step;
    ptrdiff_t stride = src->linesize[plane];
    /* the way in src for one column, and for one row, of dst */
    ptrdiff_t column = t.a * step + t.c * stride;
    ptrdiff_t row    = t.b * step + t.d * stride;
    const uint8_t *from = src->data[plane];

    if (t.a < 0 || t.b < 0)
        from += (width - 1) * step;
    if (t.c < 0 || t.d < 0)
        from += (height - 1) * stride;
    if (!t.a)
        FFSWAP(int, width, height);
    for (int y = 0; y < height; y++) {
        const uint8_t *in = from + y * row;
        uint8_t *out = dst->data[plane] + y * (ptrdiff_t)dst->linesize[plane];

        for (int x = 0; x < width; x++, in += column, out += step) {
            out[0] = in[0];
            if (step > 1)
                out[1] = in[1];
        }
    }
}

int ff_runway_picture_turn(AVFrame *frame, RunwayTurn turn)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    AVFrame *turned;
    int ret;

    if (turn.a == 1 && turn.d == 1)
        return 0;
    turned = av_frame_alloc();
    if (!turned)
        return AVERROR(ENOMEM);
    turned->format = turn.a ? frame->format : transposed_format(frame->format);
    turned->width  = turn.a ? frame->width  : frame->height;
    turned->height = turn.a ? frame->height : frame->width;
    ret = is_made_of_planes(desc) && turned->format != AV_PIX_FMT_NONE ?
          av_frame_get_buffer(turned, 0) : AVERROR_PATCHWELCOME;
    if (ret >= 0)
        ret = av_frame_copy_props(turned, frame);
    if (ret >= 0) {
        for (int i = 0; i < desc->nb_components; i++) {
            int chroma = i == 1 || i == 2;

            turn_plane(frame, turned, i,
                       AV_CEIL_RSHIFT(frame->width,
                                      chroma ? desc->log2_chroma_w : 0),
                       AV_CEIL_RSHIFT(frame->height,
                                      chroma ? desc->log2_chroma_h : 0), turn);
        }
        if (!turn.a && frame->sample_aspect_ratio.num)
            turned->sample_aspect_ratio =
                av_inv_q(frame->sample_aspect_ratio);
        av_frame_unref(frame);
        av_frame_move_ref(frame, turned);
    }
    av_frame_free(&turned);
    return ret;
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
    if (!*scaler)
        return;
    sws_freeContext((*scaler)->sws);
    av_freep(scaler);
}

static int set_up(RunwayScaler *scaler, const Conversion *c)
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
                   SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, 0);
    ret = sws_init_context(sws, NULL, NULL);
    if (ret >= 0) {
        /* a failure only means that there is no matrix to set */
        sws_setColorspaceDetails(sws, sws_getCoefficients(c->src_space),
                                 c->src_full,
                                 sws_getCoefficients(c->dst_space),
                                 c->dst_full, 0, 1 << 16, 1 << 16);
        sws_freeContext(scaler->sws);
        scaler->sws = sws;
        scaler->now = *c;
        return 0;
    }
    sws_freeContext(sws);
    av_log(scaler->log_ctx, AV_LOG_ERROR,
           "cannot convert %dx%d %s to %dx%d %s\n", c->src_w, c->src_h,
           av_get_pix_fmt_name(c->src_format), c->dst_w, c->dst_h,
           av_get_pix_fmt_name(c->dst_format));
    return ret;
}

static void plane_pointers(const AVFrame *frame, int x, int y,
                           uint8_t *data[4])
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);

    memset(data, 0, 4 * sizeof(*data));
    for (int i = 0; i < 4 && frame->data[i]; i++) {
        int chroma = i == 1 || i == 2;
        int px = chroma ? x >> desc->log2_chroma_w : x;
        int py = chroma ? y >> desc->log2_chroma_h : y;

        data[i] = frame->data[i] + (ptrdiff_t)py * frame->linesize[i] +
                  px * desc->comp[i].step;
    }
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

/* Change the matrix of a part of a frame, in place. */
static int change_matrix(AVFrame *frame, RunwayRect part, int full,
                         RunwayPrimaryWeights from, RunwayPrimaryWeights to)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    RunwayPlanes planes = {
        .width         = part.w,
        .height        = part.h,
        .log2_chroma_w = desc->log2_chroma_w,
        .log2_chroma_h = desc->log2_chroma_h,
    };
    RunwayMatrix matrix;
    uint8_t *data[4];

    plane_pointers(frame, part.x, part.y, data);
    for (int i = 0; i < 3; i++) {
        planes.data[i]   = data[i];
        planes.stride[i] = frame->linesize[i];
    }
    ff_runway_matrix_plan(&matrix, from, to, full, desc->comp[0].depth);
    return ff_runway_matrix_apply(&matrix, &planes) ? AVERROR(ENOMEM) : 0;
}

int ff_runway_scaler_convert(RunwayScaler *scaler, const AVFrame *src,
                             RunwayRect from, AVFrame *dst, RunwayRect to)
{
    RunwayPrimaryWeights was, is;
    Conversion c;
    uint8_t *in[4], *out[4];
    int turns, ret;

    memset(&c, 0, sizeof(c)); /* compared as bytes */
    c.src_w      = from.w;
    c.src_h      = from.h;
    c.dst_w      = to.w;
    c.dst_h      = to.h;
    c.src_format = plain_format(src->format);
    c.dst_format = plain_format(dst->format);
    c.src_space  = src->colorspace;
    c.dst_space  = dst->colorspace;
    c.src_full   = src->color_range == AVCOL_RANGE_JPEG;
    c.dst_full   = dst->color_range == AVCOL_RANGE_JPEG;

    /* libswscale would go through RGB, pixel by pixel: most of what the filter
     * costs a processor. Scaled in its own matrix first, the rest is little */
    turns = c.src_space != c.dst_space && weights_of(c.src_space, &was) &&
            weights_of(c.dst_space, &is);
    if (turns)
        c.dst_space = c.src_space;

    plane_pointers(src, from.x, from.y, in);
    plane_pointers(dst, to.x, to.y, out);
    /* nothing to compute: copying keeps every bit */
    if (c.src_w == c.dst_w && c.src_h == c.dst_h &&
        c.src_format == c.dst_format && c.src_space == c.dst_space &&
        c.src_full == c.dst_full) {
        av_image_copy(out, dst->linesize, (const uint8_t **)in, src->linesize,
                      c.src_format, c.src_w, c.src_h);
        return turns ? change_matrix(dst, to, c.dst_full, was, is) : 0;
    }

    if (!scaler->sws || memcmp(&c, &scaler->now, sizeof(c))) {
        ret = set_up(scaler, &c);
        if (ret < 0)
            return ret;
    }
    ret = sws_scale(scaler->sws, (const uint8_t *const *)in, src->linesize, 0,
                    c.src_h, out, dst->linesize);
    if (ret < 0)
        return ret;
    return turns ? change_matrix(dst, to, c.dst_full, was, is) : 0;
}

void ff_runway_picture_replicate_edges(AVFrame *frame, RunwayRect rect)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);

    for (int i = 0; i < 3; i++) {
        int sw = i ? desc->log2_chroma_w : 0, sh = i ? desc->log2_chroma_h : 0;
        int width  = AV_CEIL_RSHIFT(frame->width,  sw);
        int height = AV_CEIL_RSHIFT(frame->height, sh);
        int x0 = rect.x >> sw, x1 = AV_CEIL_RSHIFT(rect.x + rect.w, sw);
        int y0 = rect.y >> sh, y1 = AV_CEIL_RSHIFT(rect.y + rect.h, sh);
        ptrdiff_t stride = frame->linesize[i];

        for (int y = y0; y < y1; y++) {
            uint8_t *line = frame->data[i] + y * stride;

            memset(line, line[x0], x0);
            memset(line + x1, line[x1 - 1], width - x1);
        }
        for (int y = 0; y < y0; y++)
            memcpy(frame->data[i] + y * stride, frame->data[i] + y0 * stride,
                   width);
        for (int y = y1; y < height; y++)
            memcpy(frame->data[i] + y * stride,
                   frame->data[i] + (y1 - 1) * stride, width);
    }
}
