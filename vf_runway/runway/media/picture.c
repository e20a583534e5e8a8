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

#include "libavutil/pixdesc.h"

#include "compat.h"
#include "format.h"
#include "picture.h"

static int is_yuv(const AVFrame *frame)
{
    return !ff_runway_format_is_rgb(frame->format) &&
           !ff_runway_format_is_gray(frame->format);
}

/* A matrix, primaries or a transfer: H.273 leaves the same numbers open. What was
 * RGB once may say so still: 0 as a matrix. */
static int is_unsaid(int tag)
{
    return tag == AVCOL_SPC_UNSPECIFIED || tag == AVCOL_SPC_RESERVED || !tag;
}

/* What players take YUV for whose matrix is not said. */
static enum AVColorSpace usual_space(const AVFrame *frame)
{
    return frame->width >= 1280 || frame->height > 576 ? AVCOL_SPC_BT709
                                                       : AVCOL_SPC_SMPTE170M;
}

void ff_runway_picture_name_colour(AVFrame *frame)
{
    int yuv = is_yuv(frame);

    if (ff_runway_format_is_rgb(frame->format) ||
        ff_runway_format_is_full(frame->format))
        frame->color_range = AVCOL_RANGE_JPEG;
    if (frame->color_range == AVCOL_RANGE_UNSPECIFIED)
        frame->color_range = yuv ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
    if (!yuv)
        frame->colorspace = AVCOL_SPC_RGB;
    else if (is_unsaid(frame->colorspace))
        frame->colorspace = usual_space(frame);
    if (is_unsaid(frame->color_primaries))
        frame->color_primaries =
            frame->colorspace == AVCOL_SPC_BT2020_NCL ? AVCOL_PRI_BT2020  :
            frame->colorspace == AVCOL_SPC_BT470BG    ? AVCOL_PRI_BT470BG :
            frame->colorspace == AVCOL_SPC_SMPTE170M  ? AVCOL_PRI_SMPTE170M :
                                                        AVCOL_PRI_BT709;
    if (is_unsaid(frame->color_trc))
        frame->color_trc = frame->colorspace == AVCOL_SPC_BT470BG ||
                           frame->colorspace == AVCOL_SPC_SMPTE170M ?
                           AVCOL_TRC_SMPTE170M : AVCOL_TRC_BT709;
}

AVFrame ff_runway_picture_tags(const AVFrame *frame)
{
    AVFrame named = {
        .format          = frame->format,
        .width           = frame->width,
        .height          = frame->height,
        .colorspace      = frame->colorspace,
        .color_range     = frame->color_range,
        .color_primaries = frame->color_primaries,
        .color_trc       = frame->color_trc,
    };

    ff_runway_picture_name_colour(&named);
    return named;
}

void ff_runway_picture_name_xyz(AVFrame *frame)
{
    if (!ff_runway_format_is_xyz(frame->format))
        return;
    if (frame->color_primaries != AVCOL_PRI_UNSPECIFIED)
        frame->color_primaries = AVCOL_PRI_BT709;
    if (frame->color_trc == AVCOL_TRC_SMPTE428)
        frame->color_trc = AVCOL_TRC_GAMMA22;
}

void ff_runway_picture_tag_output(AVFrame *dst, const AVFrame *src)
{
    if (ff_runway_format_is_rgb(dst->format)) {
        dst->colorspace  = AVCOL_SPC_RGB;
        dst->color_range = AVCOL_RANGE_JPEG;
        return;
    }
    if (ff_runway_format_is_gray(dst->format)) {
        dst->colorspace = AVCOL_SPC_UNSPECIFIED;
        if (ff_runway_format_is_gray(src->format))
            dst->color_range = src->color_range;
        else
            dst->color_range = AVCOL_RANGE_JPEG;
        return;
    }
    if (is_unsaid(dst->colorspace))
        dst->colorspace = is_yuv(src) && src->colorspace != AVCOL_SPC_RGB ?
                          src->colorspace :
                          dst->height >= 720 ? AVCOL_SPC_BT709
                                             : AVCOL_SPC_SMPTE170M;
    /* in the other size it would be taken for something else */
    if (is_unsaid(dst->colorspace) && usual_space(dst) != usual_space(src))
        dst->colorspace = usual_space(src);
    if (ff_runway_format_is_full(dst->format))
        dst->color_range = AVCOL_RANGE_JPEG;
    else if (dst->color_range == AVCOL_RANGE_UNSPECIFIED)
        dst->color_range = is_yuv(src) && !ff_runway_format_is_full(src->format)
                           ? src->color_range : AVCOL_RANGE_MPEG;
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
