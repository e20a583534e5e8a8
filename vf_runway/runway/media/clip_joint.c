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
#include "libavutil/mathematics.h"
#include "libavutil/pixdesc.h"

#include "compat.h"
#include "clip_internal.h"
#include "picture.h"

int ff_runway_clip_match(RunwayClip *c, const RunwayJoint *before)
{
    int64_t start = av_rescale_q(c->start, c->config.time_base, AV_TIME_BASE_Q);

    /* across a gap nobody sees a step; a frame that stands for less is none */
    if (FFABS(start - before->end) > AV_TIME_BASE)
        return 0;
    c->before = av_memdup(before, sizeof(*before));
    return c->before ? 0 : AVERROR(ENOMEM);
}

/* What the levels of a frame mean, by its tags. */
static RunwayLevels levels_of(const AVFrame *frame)
{
    const AVFrame tags = ff_runway_picture_tags(frame);
    int is_hdr = frame->color_trc == AVCOL_TRC_SMPTE2084 ||
                 frame->color_trc == AVCOL_TRC_ARIB_STD_B67;

    return (RunwayLevels){
        .matrix    = tags.colorspace,
        .range     = tags.color_range,
        /* as they are converted: most are near enough to BT.709 */
        .primaries = ff_runway_scaler_is_wide(&tags) ? tags.color_primaries
                                                     : AVCOL_PRI_BT709,
        /* all others are output as they are */
        .transfer  = is_hdr ? tags.color_trc : AVCOL_TRC_BT709,
    };
}

static int is_same(const RunwayLevels *a, const RunwayLevels *b)
{
    return a->matrix == b->matrix && a->range == b->range &&
           a->primaries == b->primaries && a->transfer == b->transfer;
}

int ff_runway_clip_joint(const RunwayClip *c, RunwayJoint *joint)
{
    joint->levels = levels_of(c->frame);
    joint->source = c->looks[1];
    joint->end    = av_rescale_q(c->start, c->config.time_base,
                                 AV_TIME_BASE_Q) + c->source_end;
    return ff_runway_joint_measure(&joint->film, c->frame, c->part);
}

/* With the first picture at hand: what the clip should have looked like. */
static int fit_joint(RunwayClip *c)
{
    const RunwaySeamGrid *const source[2] = { &c->before->source, &c->looks[0] };
    RunwaySeamGrid first;
    const RunwaySeamGrid *const film[2] = { &c->before->film, &first };
    const RunwayLevels levels = levels_of(c->frame);
    RunwaySeamFit fit = RUNWAY_SEAM_UNLIKE;

    if (ff_runway_joint_measure(&first, c->frame, c->part)) {
        c->seam = av_malloc(sizeof(*c->seam));
        if (!c->seam)
            return AVERROR(ENOMEM);
        if (is_same(&levels, &c->before->levels))
            fit = ff_runway_seam_fit(c->seam, source, film);
        if (fit != RUNWAY_SEAM_MATCHED)
            av_freep(&c->seam);
        c->joint = ff_runway_joint_name(fit);
        av_log(c->config.log_ctx, AV_LOG_VERBOSE, "%s: seam with the clip "
               "before it: %s\n", c->label, c->joint);
    }
    av_freep(&c->before);
    return 0;
}

/* How much of the correction the present picture gets: none where the next clip
 * is fitted to this one, unless nearly all of it is shared. */
static double strength_of(const RunwayClip *c)
{
    int64_t length = c->sent - c->fade;

    return ff_runway_seam_strength(c->time - c->fade,
                                   FFMAX(length - c->config.overlap,
                                         length / 2));
}

/* Correct the present picture where it is. */
static int correct(RunwayClip *c)
{
    double strength = strength_of(c);
    int ret = c->before ? fit_joint(c) : 0;

    if (ret < 0 || c->corrected || strength <= 0 ||
        !ff_runway_joint_accepts(c->frame))
        return ret;
    c->corrected = 1;
    if (c->align)
        ret = ff_runway_joint_move(c->align, strength, c->frame, c->part);
    if (ret >= 0 && c->seam)
        ret = ff_runway_joint_correct(c->seam, strength, c->frame, c->part);
    return ret;
}

static void set_part(RunwayClip *c, const AVFrame *dst)
{
    /* the output keeps its pixels' shape where that of the film has changed */
    const AVRational change =
        av_div_q(c->sar, ff_runway_clip_sar(c->config.film_sar));
    const AVRational sar =
        av_mul_q(ff_runway_clip_sar(dst->sample_aspect_ratio), change);

    c->part = ff_runway_geometry_result(&c->config.writer.geometry,
                                        c->frame->width, c->frame->height,
                                        c->config.fit, dst->width, dst->height,
                                        sar.num, sar.den);
}

static int64_t source_time(const RunwayClip *c, int64_t time)
{
    return av_rescale_q(c->start, c->config.time_base, AV_TIME_BASE_Q) + time;
}

int ff_runway_clip_reaches(const RunwayClip *c, const RunwayClip *later)
{
    /* a microsecond for times that were rounded */
    return c->nb_out < c->nb_frames &&
           source_time(c, c->frames[c->nb_out].source) + 1 >=
               source_time(later, 0);
}

/* When a time of what is sent is first shown, on the source: the nearest slot's
 * picture is. */
static int64_t shown_from(const RunwayClip *c, int64_t sent)
{
    int64_t slot = ff_runway_segment_length(&c->config.segment, 1);

    for (int i = 0; i < c->nb_frames; i++)
        if (ff_runway_retime_is_nearer(c->frames[i].shown, sent - slot, sent))
            return source_time(c, c->frames[i].source);
    return source_time(c, c->source_end);
}

void ff_runway_clip_blend(RunwayClip *c, RunwayClip *later)
{
    c->later      = later;
    c->fade_begin = source_time(later, 0);
    c->fade_end   = source_time(c, c->source_end);
    if (c->back)
        c->fade_begin = FFMAX(c->fade_begin, shown_from(c, c->back));
    for (int i = c->nb_cuts - 1; i >= 0; i--) {
        /* the first that both show */
        int64_t cut = shown_from(c, c->cuts[i]);

        if (cut + 1 >= source_time(later, 0))
            c->fade_begin = c->fade_end = cut;
    }
}

/* What brings the colour of picture, which the later clip shows, to that of
 * reference, where the source is the same in both; picture is corrected. */
static int fit_colour(RunwayClip *later, const RunwaySeamGrid *reference,
                      AVFrame *picture)
{
    RunwaySeamGrid grid;
    const RunwaySeamGrid *const source[2] = { reference, reference };
    const RunwaySeamGrid *const film[2] = { reference, &grid };

    ff_runway_joint_measure(&grid, picture, later->part);
    if (!later->seam)
        later->seam = av_malloc(sizeof(*later->seam));
    if (!later->seam)
        return AVERROR(ENOMEM);
    if (ff_runway_seam_fit(later->seam, source, film) != RUNWAY_SEAM_MATCHED) {
        av_freep(&later->seam);
        return 0;
    }
    return ff_runway_joint_correct(later->seam, 1, picture, later->part);
}

/* Results of one film may differ in depth and in tags: bring the present picture
 * to a format and, where matrix, range or primaries are others, to such levels.
 * Of another transfer there are none that could be had: is_alike(). */
static int unite(RunwayClip *c, enum AVPixelFormat format,
                 const RunwayLevels *levels)
{
    const RunwayLevels own = levels_of(c->frame);
    AVFrame *from = c->frame, *to;
    const RunwayRect whole = { 0, 0, from->width, from->height };
    int ret;

    if (from->format == format && is_same(&own, levels))
        return 0;
    to = av_frame_alloc();
    if (!to)
        return AVERROR(ENOMEM);
    to->format = format;
    to->width  = from->width;
    to->height = from->height;
    ret = av_frame_get_buffer(to, 0);
    if (ret >= 0)
        ret = av_frame_copy_props(to, from);
    to->colorspace      = levels->matrix;
    to->color_range     = levels->range;
    to->color_primaries = levels->primaries;
    if (ret >= 0)
        ret = ff_runway_scaler_convert(c->scaler, from, whole, to, whole);
    if (ret >= 0)
        FFSWAP(AVFrame *, c->frame, to);
    av_frame_free(&to);
    return ret;
}

static const char *light_of(const AVFrame *frame)
{
    switch (levels_of(frame).transfer) {
    case AVCOL_TRC_SMPTE2084:    return " PQ";
    case AVCOL_TRC_ARIB_STD_B67: return " HLG";
    default:                     return "";
    }
}

/* Whether the present pictures can be mixed. Within a result, size and format may
 * change from one to the next; primaries are converted in light as SDR has it. */
static int is_alike(const RunwayClip *c)
{
    const RunwayLevels one = levels_of(c->frame);
    const RunwayLevels other = levels_of(c->later->frame);

    return c->frame->width == c->later->frame->width &&
           c->frame->height == c->later->frame->height &&
           one.transfer == other.transfer &&
           (one.primaries == other.primaries || !*light_of(c->frame)) &&
           ff_runway_joint_accepts(c->frame) &&
           ff_runway_joint_accepts(c->later->frame);
}

static void stop_blending(RunwayClip *c)
{
    RunwayClip *later = c->later;

    c->later     = NULL;
    later->joint = ff_runway_joint_name(RUNWAY_SEAM_UNLIKE);
    av_log(c->config.log_ctx, AV_LOG_WARNING, "%s: the result, %dx%d "
           "%s%s, cannot be blended with the one before it, %dx%d %s%s\n",
           later->label, later->frame->width, later->frame->height,
           av_get_pix_fmt_name(later->frame->format), light_of(later->frame),
           c->frame->width, c->frame->height,
           av_get_pix_fmt_name(c->frame->format), light_of(c->frame));
}

/* With the first picture of both at hand: what brings the later one to this.
 * Its place is seen once its colour is right, and what its colour lacks once it
 * lies in place. */
static int fit_blend(RunwayClip *c)
{
    RunwayClip *later = c->later;
    const RunwayLevels own = levels_of(later->frame);
    RunwaySeamGrid grid;
    AVFrame *coloured, *placed;
    int ret;

    c->blending = 1;
    ff_runway_joint_measure(&grid, c->frame, c->part);
    if (c->fade_begin == c->fade_end) {
        later->joint = ff_runway_joint_name(RUNWAY_SEAM_CUT);
        return 0;
    }
    later->levels   = levels_of(c->frame);
    later->converts = !is_same(&own, &later->levels);
    ret = unite(later, c->frame->format, &later->levels);
    if (ret < 0)
        return ret;
    ret = AVERROR(ENOMEM);
    later->align = av_mallocz(sizeof(*later->align));
    coloured     = av_frame_clone(later->frame);
    placed       = av_frame_clone(later->frame);
    if (!later->align || !coloured || !placed)
        goto end;
    ret = fit_colour(later, &grid, coloured);
    if (ret >= 0)
        ret = ff_runway_joint_place(later->align, c->frame, coloured,
                                    later->part);
    if (ret >= 0)
        ret = ff_runway_joint_move(later->align, 1, placed, later->part);
    if (ret >= 0)
        ret = fit_colour(later, &grid, placed);
    later->fade  = ff_runway_retime_map(&later->retime,
                                        source_time(c, c->source_end) -
                                        source_time(later, 0));
    later->joint = "blended";
end:
    av_frame_free(&coloured);
    av_frame_free(&placed);
    return ret;
}

/* How much of the later clip is in a frame that both show: Hann's window. */
static double later_weight(const RunwayClip *c, const RunwayClipFrame *frame)
{
    double length = (double)(c->fade_end - c->fade_begin);
    int64_t next = frame + 1 < c->frames + c->nb_frames ? frame[1].source
                                                        : c->source_end;
    double at = (double)(source_time(c, 0) - c->fade_begin) +
                (frame->source + next) / 2.0;

    return !length ? 1 : 0.5 - 0.5 * cos(M_PI * av_clipd(at / length, 0, 1));
}

/* When the later clip shows the frame of that time of the source. */
static int64_t shown_in(const RunwayClip *later, int64_t time)
{
    int i = later->nb_frames - 1;

    /* a microsecond for times that were rounded */
    while (i > 0 && source_time(later, later->frames[i].source) > time + 1)
        i--;
    return later->frames[i].shown;
}

int ff_runway_clip_present(RunwayClip *c, const RunwayClipFrame *frame,
                           const AVFrame *dst, AVFrame **mixed)
{
    RunwayClip *later = c->later;
    RunwayLevels levels;
    int64_t wanted;
    int ret = 0;

    *mixed = NULL;
    set_part(c, dst);
    /* for as long as it is corrected, it is in the levels of that */
    if (c->converts && strength_of(c) > 0)
        ret = unite(c, c->frame->format, &c->levels);
    if (ret >= 0)
        ret = correct(c);
    if (ret < 0 || !later ||
        source_time(c, frame->source) + 1 < c->fade_begin)
        return ret;
    wanted = shown_in(later, source_time(c, frame->source));
    ret = ff_runway_clip_seek(later,
                              ff_runway_retime_map(&later->retime, wanted));
    if (ret < 0)
        return ret;
    set_part(later, dst);
    if (!is_alike(c)) {
        stop_blending(c);
        return 0;
    }
    if (!c->blending)
        ret = fit_blend(c);
    levels = levels_of(c->frame);
    if (ret >= 0)
        ret = unite(later, c->frame->format, &levels);
    if (ret >= 0)
        ret = correct(later);
    return ret < 0 ? ret : ff_runway_joint_mix(mixed, c->frame, later->frame,
                                               later_weight(c, frame));
}
