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

#include <inttypes.h>
#include <stdio.h>

#include "libavutil/avstring.h"
#include "libavutil/mathematics.h"
#include "libavutil/pixdesc.h"

#include "compat.h"
#include "averror.h"
#include "alpha.h"
#include "clip_internal.h"
#include "format.h"
#include "hdr.h"
#include "picture.h"

/* Where it is damaged, what is to be said of it is the caller's to know; else it
 * is a disk, or memory. */
static int not_read(const RunwayClip *c, int error)
{
    if (error != AVERROR_EXIT && error != AVERROR_INVALIDDATA)
        av_log(c->config.log_ctx, AV_LOG_ERROR, "%s: task %s: the result cannot "
               "be read: %s\n", c->label, c->task, c->damage.text);
    return error;
}

const char *ff_runway_clip_damage(const RunwayClip *c)
{
    return c->damage.text[0] ? c->damage.text : NULL;
}

/* Read the generated frame behind the present one. */
static int read_next(RunwayClip *c)
{
    int ret = ff_runway_reader_next(c->reader, c->next, &c->next_time,
                                    &c->damage);

    if (ret < 0)
        return not_read(c, ret);
    c->has_next = ret;
    if (ret && c->config.transfer &&
        ff_runway_hdr_name(c->next, c->config.transfer) &&
        !c->config.said->tags++)
        av_log(c->config.log_ctx, AV_LOG_WARNING, "%s: the result is not "
               "tagged as HDR; it is treated as %s, as requested\n",
               c->label, av_color_transfer_name(c->config.transfer));
    return 0;
}

/* An encoder is given what a player should know of the light before there is a
 * result: by hand, with what is said here. */
static void log_hdr(const RunwayClip *c)
{
    char params[RUNWAY_HDR_PARAMS];

    if (c->config.said->hdr++)
        return;
    if (c->frame->color_trc != c->config.transfer)
        av_log(c->config.log_ctx, AV_LOG_WARNING, "%s: the result's transfer "
               "is %s, not the %s that was asked for\n", c->label,
               av_color_transfer_name(c->frame->color_trc),
               av_color_transfer_name(c->config.transfer));
    ff_runway_hdr_params(c->frame, params, sizeof(params));
    av_log(c->config.log_ctx, AV_LOG_INFO, "%s: for the encoder: -x265-params "
           "%s\n", c->label, params);
}

/* " (the source has 50, sent as 25)", where the result does not have that many
 * frames a second */
static void print_rate(const RunwayClip *c, double rate, char *out, size_t size)
{
    const double is = c->config.rate;
    const double sent = (double)c->config.segment.rate_num /
                        c->config.segment.rate_den;
    char sent_as[32] = "";

    *out = '\0';
    if (is <= 0 || rate <= 0 || !ff_runway_segment_differ(is, rate))
        return;
    if (ff_runway_segment_differ(is, sent))
        snprintf(sent_as, sizeof(sent_as), ", sent as %.4g", sent);
    snprintf(out, size, " (the source has %.4g%s)", is, sent_as);
}

/* What a first result is like: some of it is a surprise. */
static void log_facts(const RunwayClip *c, const RunwayReaderInfo *info)
{
    const double rate = info->frame > 0 ? 1e6 / (double)info->frame : 0;
    char fewer[64] = "", source[64];

    if (c->config.said->facts++)
        return;
    print_rate(c, rate, source, sizeof(source));
    if (info->nb_frames < c->nb_frames && !c->config.native)
        snprintf(fewer, sizeof(fewer), ", %"PRId64" frames for the clip's %d",
                 info->nb_frames, c->nb_frames);
    av_log(c->config.log_ctx, AV_LOG_INFO, "%s: the result is %dx%d, %s, "
           "%.4g fps%s, %s%s\n", c->label, c->next->width, c->next->height,
           av_get_pix_fmt_name(c->next->format), rate, source, info->codec,
           fewer);
}

int ff_runway_clip_open_result(RunwayClip *c, const RunwayReaderLimits *limits,
                               int fd, int64_t size, const char *task)
{
    RunwayGeometry shape = { 0 };
    const RunwayReaderInfo *info;
    int ret;

    av_strlcpy(c->task, task, sizeof(c->task));
    c->frame  = av_frame_alloc();
    c->next   = av_frame_alloc();
    c->scaler = ff_runway_scaler_create(c->config.log_ctx);
    c->alpha_scaler = ff_runway_scaler_create(c->config.log_ctx);
    if (!c->frame || !c->next || !c->scaler || !c->alpha_scaler)
        return AVERROR(ENOMEM);
    ret = ff_runway_reader_open(&c->reader, limits,
                                c->config.writer.interrupted,
                                c->config.writer.opaque, fd, size,
                                &c->damage);
    if (ret < 0)
        return not_read(c, ret);
    info = ff_runway_reader_info(c->reader);
    if (ff_runway_retime_plan(&c->retime, c->sent, info->duration,
                              info->frame,
                              c->config.policy->length_tolerance,
                              &c->damage))
        return not_read(c, ff_runway_averror(c->damage.outcome));
    ret = read_next(c);
    if (ret < 0)
        return ret;
    if (!c->has_next) {
        ff_runway_error(&c->damage, RUNWAY_BAD_RESULT,
                        "the result has no frames");
        return not_read(c, AVERROR_INVALIDDATA);
    }
    /* from the picture itself: the header may say something else */
    shape.width  = c->config.shape_w;
    shape.height = c->config.shape_h;
    log_facts(c, info);
    if (ff_runway_geometry_is_off(&shape, c->next->width, c->next->height) &&
        !c->config.said->shape++)
        av_log(c->config.log_ctx, AV_LOG_WARNING, "%s: the result has an "
               "unexpected shape (%dx%d for %dx%d) and is stretched\n",
               c->label, c->next->width, c->next->height, shape.width,
               shape.height);
    if (c->config.out_w && (c->next->width != c->config.out_w ||
                            c->next->height != c->config.out_h) &&
        !c->config.said->size++)
        av_log(c->config.log_ctx, AV_LOG_INFO, "%s: the result has %dx%d "
               "pixels, and is scaled to the %dx%d of the output\n", c->label,
               c->next->width, c->next->height, c->config.out_w,
               c->config.out_h);
    FFSWAP(AVFrame *, c->frame, c->next);
    c->time = c->next_time;
    if (c->config.transfer)
        log_hdr(c);
    return read_next(c);
}

int ff_runway_clip_is_open(const RunwayClip *clip)
{
    return !!clip->reader;
}

int ff_runway_clip_nb_frames(const RunwayClip *clip)
{
    return clip->nb_frames;
}

int ff_runway_clip_is_done(const RunwayClip *clip)
{
    return clip->nb_out == clip->nb_frames || clip->finished;
}

/* Make the generated frame behind the present one the present one. */
static int advance(RunwayClip *c)
{
    FFSWAP(AVFrame *, c->frame, c->next);
    c->time = c->next_time;
    c->corrected = 0;
    av_frame_free(&c->converted);
    return read_next(c);
}

int ff_runway_clip_seek(RunwayClip *c, int64_t wanted)
{
    while (c->has_next &&
           ff_runway_retime_is_nearer(wanted, c->time, c->next_time)) {
        int ret = advance(c);

        if (ret < 0)
            return ret;
    }
    return 0;
}

void ff_runway_clip_skip(RunwayClip *c, int nb)
{
    while (c->nb_out < nb)
        av_frame_free(&c->frames[c->nb_out++].props);
}

/* Make c->converted from c->frame: size, format and colour of the output. */
static int convert(RunwayClip *c, const RunwayClipFrame *frame, AVFrame *dst)
{
    const AVFrame *props = frame->props;
    RunwayRect whole = { 0, 0, dst->width, dst->height };
    AVFrame named = { 0 }, *mixed;
    int ret = ff_runway_clip_present(c, frame, dst, &mixed);

    if (ret < 0)
        return ret;
    if (c->config.transfer)
        ff_runway_hdr_tag(dst, c->frame);
    else
        dst->color_primaries = props->color_primaries;
    ff_runway_picture_tag_output(dst, props);
    c->colorspace  = dst->colorspace;
    c->color_range = dst->color_range;
    /* what the source leaves unsaid has to be meant the same way here, so the
     * source's size decides it */
    named.format     = dst->format;
    named.width      = props->width;
    named.height     = props->height;
    named.colorspace = dst->colorspace;
    ff_runway_picture_name_colour(&named);
    dst->colorspace  = named.colorspace;
    ret = ff_runway_scaler_share(mixed ? mixed : c->frame, c->part, dst, whole);
    if (!ret)
        ret = ff_runway_scaler_convert(c->scaler, mixed ? mixed : c->frame,
                                       c->part, dst, whole);
    av_frame_free(&mixed);
    if (ret < 0)
        return ret;
    if (!c->config.alpha && ff_runway_format_has_alpha(dst->format))
        ff_runway_component_write(dst, RUNWAY_ALPHA, NULL, 8);
    c->converted = dst;
    return 0;
}

/* A side of the source in the output, which may have been expanded. */
static int side_of_source(int output, int sent, int expected)
{
    return sent == expected ? output :
           FFMIN(output, (int)av_rescale(output, sent, expected) & ~1);
}

static RunwayRect place_of_source(const RunwayClip *c, const AVFrame *frame)
{
    const RunwayGeometry *g = &c->config.writer.geometry;
    RunwayRect r;

    r.w = side_of_source(frame->width, g->width, c->config.shape_w);
    r.h = side_of_source(frame->height, g->height, c->config.shape_h);
    r.x = (frame->width - r.w) / 2 & ~1;
    r.y = (frame->height - r.h) / 2 & ~1;
    return r;
}

/* Give a frame the alpha of the source frame that is answered. */
static int put_alpha(RunwayClip *c, const AVFrame *props, AVFrame *frame)
{
    RunwayRect from = c->config.writer.geometry.source;
    int ret = 1;

    if (!c->config.alpha)
        return 0;
    while (ret > 0 && c->nb_alpha_out <= c->nb_out) {
        av_frame_free(&c->alpha);
        ret = ff_runway_spool_take(c->config.alpha, &c->alpha);
        c->nb_alpha_out += ret > 0;
    }
    if (!c->alpha)
        return ret < 0 ? ret : AVERROR_BUG;
    /* of a frame of another size, which is not sent, all of it */
    if (c->alpha->width != c->width || c->alpha->height != c->height)
        from = (RunwayRect){ 0, 0, c->alpha->width, c->alpha->height };
    ret = av_frame_make_writable(frame);
    return ret < 0 ? ret :
           ff_runway_alpha_put(c->alpha_scaler, c->alpha, props->format, from,
                               frame, place_of_source(c, frame));
}

int ff_runway_clip_mark(AVDictionary **metadata, const char *filter,
                        const char *key, const char *value)
{
    char name[64];

    snprintf(name, sizeof(name), "lavfi.%s.%s", filter, key);
    return av_dict_set(metadata, name, value, 0);
}

/* Mark where a frame comes from. */
static int set_metadata(const RunwayClip *c, AVFrame *frame)
{
    char index[16];
    const char *const marks[][2] = {
        { "clip", index }, { "task_id", c->task }, { "origin", "generated" },
        { "seam", c->joint },
    };
    int ret = 0;

    snprintf(index, sizeof(index), "%d", c->config.index);
    for (int i = 0; ret >= 0 && i < FF_ARRAY_ELEMS(marks); i++)
        if (marks[i][1])
            ret = ff_runway_clip_mark(&frame->metadata, c->config.filter,
                                      marks[i][0], marks[i][1]);
    return ret;
}

/* The present generated frame with the properties of a source frame. */
static int make_frame(RunwayClip *c, const RunwayClipFrame *of, AVFrame **out,
                      AVFrame *(*get_buffer)(void *opaque), void *opaque)
{
    const AVFrame *props = of->props;
    AVFrame *frame;
    AVRational sar;
    int ret;

    /* no two frames of a cross-fade are the same */
    if (c->later && ff_runway_clip_reaches(c, c->later))
        av_frame_free(&c->converted);
    if (!c->converted) {
        frame = get_buffer(opaque);
        if (!frame)
            return AVERROR(ENOMEM);
        ret = convert(c, of, frame);
        if (ret < 0) {
            av_frame_free(&frame);
            return ret;
        }
    }
    frame = av_frame_clone(c->converted);
    if (!frame)
        return AVERROR(ENOMEM);
    /* the shape of the pixels is the link's, all else the source's */
    sar = frame->sample_aspect_ratio;
    ret = put_alpha(c, props, frame);
    if (ret >= 0)
        ret = av_frame_copy_props(frame, props);
    if (ret >= 0)
        ret = set_metadata(c, frame);
    if (ret < 0) {
        av_frame_free(&frame);
        return ret;
    }
    frame->sample_aspect_ratio = sar;
    frame->colorspace  = c->colorspace;
    frame->color_range = c->color_range;
    if (c->config.transfer) {
        ret = ff_runway_hdr_copy(frame, c->frame);
        if (ret < 0) {
            av_frame_free(&frame);
            return ret;
        }
    }
    *out = frame;
    return 1;
}

static int next_for_source(RunwayClip *c, AVFrame **out,
                           AVFrame *(*get_buffer)(void *opaque), void *opaque)
{
    RunwayClipFrame *frame = &c->frames[c->nb_out];
    int ret = ff_runway_clip_seek(c, ff_runway_retime_map(&c->retime,
                                                          frame->shown));

    if (ret >= 0)
        ret = make_frame(c, frame, out, get_buffer, opaque);
    if (ret > 0) {
        av_frame_free(&frame->props); /* no property is needed twice */
        c->nb_out++;
    }
    return ret;
}

static int64_t native_pts(const RunwayClip *c, int64_t time)
{
    AVRational tb = c->config.out_time_base;

    return av_rescale_q(c->start, c->config.time_base, tb) +
           av_rescale_q(time, AV_TIME_BASE_Q, tb);
}

static int next_native(RunwayClip *c, AVFrame **out,
                       AVFrame *(*get_buffer)(void *opaque), void *opaque)
{
    int64_t time = ff_runway_retime_unmap(&c->retime, c->time);
    int64_t end  = c->end;
    int ret;

    if (c->has_next)
        end = FFMIN(end, ff_runway_retime_unmap(&c->retime, c->next_time));
    while (c->nb_out + 1 < c->nb_frames &&
           c->frames[c->nb_out + 1].time <= time)
        c->nb_out++;
    ret = make_frame(c, &c->frames[c->nb_out], out, get_buffer, opaque);
    if (ret < 0)
        return ret;
    /* the next one may be of the same source frame */
    av_frame_remove_side_data(c->frames[c->nb_out].props, AV_FRAME_DATA_A53_CC);
    ff_runway_set_not_key(c->frames[c->nb_out].props);
    (*out)->pts = native_pts(c, time);
    RUNWAY_FRAME_DURATION(*out) = native_pts(c, end) - (*out)->pts;
    if (c->has_next && c->end > end)
        ret = advance(c);
    else
        c->finished = 1;
    if (ret < 0)
        av_frame_free(out);
    return ret < 0 ? ret : 1;
}

int ff_runway_clip_next(RunwayClip *c, AVFrame **out,
                        AVFrame *(*get_buffer)(void *opaque), void *opaque)
{
    *out = NULL;
    if (ff_runway_clip_is_done(c))
        return 0;
    return c->config.native ? next_native(c, out, get_buffer, opaque)
                            : next_for_source(c, out, get_buffer, opaque);
}
