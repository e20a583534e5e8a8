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

int ff_runway_joint_accepts(const AVFrame *frame)
{
    const RunwayRect whole = { 0, 0, frame->width, frame->height };
    RunwaySeamPicture picture;

    return planes_of(frame, whole, &picture);
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

int ff_runway_joint_mix(AVFrame **mixed, const AVFrame *a, const AVFrame *b,
                        double weight)
{
    const RunwayRect whole = { 0, 0, a->width, a->height };
    RunwaySeamPicture from[2], to;
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
    if (ret >= 0 && (!planes_of(a, whole, &from[0]) ||
                     !planes_of(b, whole, &from[1]) ||
                     !planes_of(frame, whole, &to)))
        ret = AVERROR_BUG;
    if (ret >= 0 && ff_runway_seam_mix(&to, &from[0], &from[1], weight) < 0)
        ret = AVERROR(ENOMEM);
    if (ret < 0)
        av_frame_free(&frame);
    else
        *mixed = frame;
    return ret;
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
