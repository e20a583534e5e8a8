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
#include <stdlib.h>

#include "libavfilter/scene_sad.h"
#include "libavutil/bswap.h"
#include "libavutil/common.h"
#include "libavutil/imgutils.h"
#include "libavutil/intreadwrite.h"
#include "libavutil/pixdesc.h"

#include "compat.h"
#include "scene.h"

struct RunwayScene {
    AVFrame *prev;
    double prev_difference;
};

RunwayScene *ff_runway_scene_create(void)
{
    RunwayScene *scene = av_mallocz(sizeof(*scene));

    if (scene) {
        scene->prev = av_frame_alloc();
        if (!scene->prev)
            av_freep(&scene);
    }
    return scene;
}

void ff_runway_scene_free(RunwayScene **scene)
{
    if (!*scene)
        return;
    av_frame_free(&(*scene)->prev);
    av_freep(scene);
}

/* As ff_scene_sad16, of words in the other order of bytes. */
static void sad_swapped(SCENE_SAD_PARAMS)
{
    *sum = 0;
    for (; height--; src1 += stride1, src2 += stride2)
        for (ptrdiff_t x = 0; x < width; x++)
            *sum += abs(av_bswap16(AV_RN16(src1 + 2 * x)) -
                        av_bswap16(AV_RN16(src2 + 2 * x)));
}

/* Mean absolute difference of the first plane, per cent of full scale: luma, or
 * all there is of a packed format. */
static double plane_difference(const AVFrame *a, const AVFrame *b)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(a->format);
    const AVComponentDescriptor *comp = &desc->comp[0];
    int depth = comp->depth + comp->shift > 8 ? 16 : 8;
    int scale = depth == 8 ? 8 : comp->depth + comp->shift;
    int width = av_image_get_linesize(a->format, a->width, 0) * 8 / depth;
    ff_scene_sad_fn sad = ff_scene_sad_get_fn(depth);
    uint64_t sum = 0;

    if (depth == 16 && !(desc->flags & AV_PIX_FMT_FLAG_BE) != !AV_HAVE_BIGENDIAN)
        sad = sad_swapped;
    sad(a->data[0], a->linesize[0], b->data[0], b->linesize[0], width,
        a->height, &sum);
    return sum * 100. / ((double)width * a->height) / (1 << scale);
}

double ff_runway_scene_score(RunwayScene *scene, const AVFrame *frame)
{
    const AVDictionaryEntry *known = av_dict_get(frame->metadata,
                                                "lavfi.scd.score", NULL, 0);
    const AVFrame *prev = scene->prev;
    double score = 0;
    int ret;

    if (prev->buf[0] && !known && prev->width == frame->width &&
        prev->height == frame->height && prev->format == frame->format) {
        double difference = plane_difference(prev, frame);

        /* a cut differs much, and all of a sudden */
        score = av_clipd(FFMIN(difference,
                               fabs(difference - scene->prev_difference)),
                         0, 100);
        scene->prev_difference = difference;
    }
    av_frame_unref(scene->prev);
    ret = av_frame_ref(scene->prev, frame);
    if (ret < 0)
        return ret;
    return known ? av_clipd(strtod(known->value, NULL), 0, 100) : score;
}
