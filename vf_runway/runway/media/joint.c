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

#include <math.h>

#include "libavutil/common.h"
#include "libavutil/pixdesc.h"

#include "joint.h"

/* Planes of a part of a frame. @return whether it has such */
static int planes_of(const AVFrame *frame, RunwayRect part,
                     RunwaySeamPicture *p)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    int nb = desc ? desc->nb_components : 0;

    if (!desc || (desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL |
                                 AV_PIX_FMT_FLAG_HWACCEL |
                                 AV_PIX_FMT_FLAG_BITSTREAM)))
        return 0;
    if (desc->comp[0].depth > 8 &&
        !(desc->flags & AV_PIX_FMT_FLAG_BE) != !HAVE_BIGENDIAN)
        return 0;
    *p = (RunwaySeamPicture){
        .width = part.w, .height = part.h,
        .log2_chroma_w = desc->log2_chroma_w,
        .log2_chroma_h = desc->log2_chroma_h,
        .bits = desc->comp[0].depth, .gray = nb < 3,
    };
    for (int i = 0; i < (nb < 3 ? 1 : 3); i++) {
        const AVComponentDescriptor *comp = &desc->comp[i];
        int bytes = p->bits > 8 ? 2 : 1;
        int x = i ? part.x >> p->log2_chroma_w : part.x;
        int y = i ? part.y >> p->log2_chroma_h : part.y;

        if (comp->plane != i || comp->step != bytes || comp->shift ||
            comp->offset || comp->depth != p->bits)
            return 0;
        p->stride[i] = frame->linesize[i];
        p->data[i]   = frame->data[i] + (ptrdiff_t)y * frame->linesize[i] +
                       (ptrdiff_t)x * bytes;
    }
    return p->bits >= 8 && p->bits <= 16;
}

int ff_runway_joint_measure(RunwaySeamGrid *grid, const AVFrame *frame,
                            RunwayRect part)
{
    RunwaySeamPicture picture;

    if (!planes_of(frame, part, &picture))
        return 0;
    ff_runway_seam_measure(grid, &picture);
    return 1;
}

static int writable_planes_of(AVFrame *frame, RunwayRect part,
                              RunwaySeamPicture *picture)
{
    int ret = av_frame_make_writable(frame);

    if (ret < 0)
        return ret;
    return planes_of(frame, part, picture) ? 0 : AVERROR_BUG;
}

int ff_runway_joint_correct(const RunwaySeam *seam, double strength,
                            AVFrame *frame, RunwayRect part)
{
    RunwaySeamPicture picture;
    int ret = writable_planes_of(frame, part, &picture);

    if (ret < 0)
        return ret;
    return ff_runway_seam_apply(seam, strength, &picture) < 0 ? AVERROR(ENOMEM)
                                                              : 0;
}

int ff_runway_joint_place(RunwayAlign *align, AVFrame *reference,
                          AVFrame *picture, RunwayRect part)
{
    RunwaySeamPicture a, b;

    if (!planes_of(reference, part, &a) || !planes_of(picture, part, &b))
        return AVERROR_BUG;
    return ff_runway_align_fit(align, &a, &b) < 0 ? AVERROR(ENOMEM) : 0;
}

int ff_runway_joint_move(const RunwayAlign *align, double strength,
                         AVFrame *frame, RunwayRect part)
{
    RunwaySeamPicture picture;
    int ret = writable_planes_of(frame, part, &picture);

    if (ret < 0)
        return ret;
    return ff_runway_align_apply(align, strength, &picture) < 0 ?
           AVERROR(ENOMEM) : 0;
}

/* Rounded by a pattern that is even over any part of a picture, and not that of
 * math/seam: what is a level apart would else change all at once, half way. */
static void mix_lines(uint8_t *dst, const uint8_t *a, const uint8_t *b,
                      int size, int wide, int weight, int round)
{
    if (wide)
        for (int x = 0; x < size; x++)
            ((uint16_t *)dst)[x] = (((const uint16_t *)a)[x] * (256 - weight) +
                                    ((const uint16_t *)b)[x] * weight +
                                    ((round + 193 * x) & 255)) >> 8;
    else
        for (int x = 0; x < size; x++)
            dst[x] = (a[x] * (256 - weight) + b[x] * weight +
                      ((round + 193 * x) & 255)) >> 8;
}

int ff_runway_joint_mix(AVFrame **mixed, const AVFrame *a, const AVFrame *b,
                        double weight)
{
    const RunwayRect whole = { 0, 0, a->width, a->height };
    RunwaySeamPicture p;
    AVFrame *frame = av_frame_alloc();
    int ret;

    if (!frame)
        return AVERROR(ENOMEM);
    frame->format = a->format;
    frame->width  = a->width;
    frame->height = a->height;
    ret = av_frame_get_buffer(frame, 0);
    if (ret >= 0)
        ret = av_frame_copy_props(frame, a);
    if (ret >= 0 && !planes_of(frame, whole, &p))
        ret = AVERROR_BUG;
    if (ret < 0) {
        av_frame_free(&frame);
        return ret;
    }
    for (int i = 0; i < (p.gray ? 1 : 3); i++) {
        int w = i ? AV_CEIL_RSHIFT(p.width, p.log2_chroma_w) : p.width;
        int h = i ? AV_CEIL_RSHIFT(p.height, p.log2_chroma_h) : p.height;

        for (int y = 0; y < h; y++)
            mix_lines(frame->data[i] + (ptrdiff_t)y * frame->linesize[i],
                      a->data[i] + (ptrdiff_t)y * a->linesize[i],
                      b->data[i] + (ptrdiff_t)y * b->linesize[i], w,
                      p.bits > 8, (int)lrint(weight * 256), 145 * y);
    }
    *mixed = frame;
    return 0;
}

const char *ff_runway_joint_name(RunwaySeamFit fit)
{
    static const char *const names[] = {
        [RUNWAY_SEAM_MATCHED] = "matched",
        [RUNWAY_SEAM_CUT]     = "cut",
        [RUNWAY_SEAM_CLOSE]   = "close",
        [RUNWAY_SEAM_UNLIKE]  = "unlike",
    };

    return names[fit];
}
