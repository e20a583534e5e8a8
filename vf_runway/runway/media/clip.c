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
#include <math.h>

#include "libavutil/avstring.h"
#include "libavutil/mathematics.h"
#include "libavutil/pixdesc.h"

#include "compat.h"
#include "averror.h"
#include "alpha.h"
#include "clip_internal.h"
#include "../base/disk.h"

/* An encode that leaves a pixel fewer bits than this shows it. */
#define BITS_PER_PIXEL_NUM 1
#define BITS_PER_PIXEL_DEN 20

/* The only side data that still describes a picture that was made anew, in the
 * colours and the place of the source. */
static const enum AVFrameSideDataType kept_side_data[] = {
    AV_FRAME_DATA_A53_CC, AV_FRAME_DATA_S12M_TIMECODE,
    AV_FRAME_DATA_GOP_TIMECODE, AV_FRAME_DATA_ICC_PROFILE,
    AV_FRAME_DATA_DISPLAYMATRIX, AV_FRAME_DATA_SPHERICAL,
    AV_FRAME_DATA_STEREO3D,
};

static int is_kept(enum AVFrameSideDataType type)
{
    for (int i = 0; i < FF_ARRAY_ELEMS(kept_side_data); i++)
        if (kept_side_data[i] == type)
            return 1;
    return 0;
}

static AVFrame *properties_of(const AVFrame *frame)
{
    AVFrame *props = av_frame_alloc();
    int again = 1;

    if (!props || av_frame_copy_props(props, frame) < 0) {
        av_frame_free(&props);
        return NULL;
    }
    while (again) {
        again = 0;
        for (int i = 0; i < props->nb_side_data && !again; i++) {
            if (!is_kept(props->side_data[i]->type)) {
                av_frame_remove_side_data(props, props->side_data[i]->type);
                again = 1; /* the array has changed */
            }
        }
    }
    props->format      = frame->format;
    props->width       = frame->width;
    props->height      = frame->height;
    props->repeat_pict = 0;
    props->crop_top    = props->crop_bottom = 0;
    props->crop_left   = props->crop_right  = 0;
    props->pict_type   = AV_PICTURE_TYPE_NONE;
    ff_runway_set_progressive(props);
    return props;
}

static int64_t time_of(const RunwayClip *clip, int64_t pts)
{
    return av_rescale_q(pts - clip->start, clip->config.time_base,
                        AV_TIME_BASE_Q);
}

/* What is sent of a frame that stands for length. */
static int64_t sent_of(const RunwayClip *clip, int64_t length)
{
    return clip->config.max_stand ? FFMIN(length, clip->config.max_stand)
                                  : length;
}

/* Where in what is sent a frame at that time of the source comes next. */
static int64_t next_time_of(const RunwayClip *clip, int64_t source)
{
    const RunwayClipFrame *last = clip->nb_frames ?
                                        &clip->frames[clip->nb_frames - 1]
                                        : NULL;

    return last ? last->time + sent_of(clip, source - last->source) : source;
}

int ff_runway_clip_create(RunwayClip **clip, const RunwayClipConfig *config,
                          const AVFrame *first, int64_t length)
{
    RunwayClip *c = av_mallocz(sizeof(*c));
    RunwayError err;
    int ret;

    *clip = NULL;
    if (!c)
        return AVERROR(ENOMEM);
    c->config = *config;
    c->fd     = -1;
    c->width  = first->width;
    c->height = first->height;
    c->format = first->format;
    c->start  = first->pts;
    c->sar    = ff_runway_clip_sar(first->sample_aspect_ratio);
    c->identity = ff_runway_identity_create();
    if (!c->identity) {
        ret = AVERROR(ENOMEM);
        goto fail;
    }
    if (!config->policy->dry_run && ff_runway_disk_temporary(&c->fd, &err)) {
        ret = ff_runway_report(c->config.log_ctx, &err);
        goto fail;
    }
    if (config->keep_first && !(c->first = av_frame_clone(first))) {
        ret = AVERROR(ENOMEM);
        goto fail;
    }
    ret = config->policy->dry_run ? 0 :
          ff_runway_writer_create(&c->writer, &config->writer, c->fd,
                                  first);
    if (ret >= 0)
        ret = ff_runway_clip_add(c, first, length);
    if (ret < 0)
        goto fail;
    *clip = c;
    return 0;

fail:
    ff_runway_clip_free(&c);
    return ret;
}

void ff_runway_clip_free(RunwayClip **clip)
{
    RunwayClip *c = *clip;

    if (!c)
        return;
    ff_runway_writer_free(&c->writer);
    ff_runway_identity_free(&c->identity);
    av_frame_free(&c->first);
    ff_runway_disk_close(&c->fd);
    for (int i = 0; i < c->nb_frames; i++)
        av_frame_free(&c->frames[i].props);
    av_freep(&c->frames);
    ff_runway_reader_free(&c->reader);
    ff_runway_scaler_free(&c->scaler);
    ff_runway_scaler_free(&c->alpha_scaler);
    av_frame_free(&c->frame);
    av_frame_free(&c->next);
    av_frame_free(&c->converted);
    av_frame_free(&c->alpha);
    av_freep(&c->before);
    av_freep(&c->seam);
    av_freep(&c->align);
    av_freep(clip);
}

int ff_runway_clip_accepts(const RunwayClip *clip, const AVFrame *frame)
{
    return frame->width == clip->width && frame->height == clip->height &&
           frame->format == clip->format &&
           !av_cmp_q(ff_runway_clip_sar(frame->sample_aspect_ratio), clip->sar);
}

int ff_runway_clip_fits(const RunwayClip *clip, const AVFrame *frame,
                        int64_t length)
{
    return ff_runway_segment_fits(&clip->config.segment,
                                  next_time_of(clip, time_of(clip, frame->pts))
                                  + sent_of(clip, length));
}

/* Bytes that can be sent. */
static int64_t max_size(const RunwayClip *clip)
{
    return clip->config.upload_size ? clip->config.upload_size
                                    : clip->config.inline_size;
}

/* What a second encode of length microseconds makes of that: the encoder may
 * spend its buffer, a second's worth, on top of the rate; the container takes
 * little of the last twentieth. */
static int64_t aim(const RunwayClip *clip, int64_t length)
{
    return av_rescale(max_size(clip) * 19 / 20, length, length + AV_TIME_BASE);
}

/* Whether that leaves the pixels too little; without counts frames that are
 * not there. A picture that is held costs nothing and does not count. */
static int is_thin(const RunwayClip *clip, int without)
{
    const RunwayGeometry *g = &clip->config.writer.geometry;
    int64_t slots = ff_runway_segment_slots(&clip->config.segment, clip->end);
    int64_t size = aim(clip, ff_runway_segment_length(&clip->config.segment,
                                                      slots));

    return FFMIN(slots, clip->nb_frames) - without >=
           av_rescale(size * 8, BITS_PER_PIXEL_DEN, (int64_t)g->width *
                      g->height * BITS_PER_PIXEL_NUM);
}

/* Certain to be encoded again, and as long as is good for that. */
static int is_too_rich(const RunwayClip *clip)
{
    return clip->writer && ff_runway_clip_is_long_enough(clip) &&
           ff_runway_writer_bytes(clip->writer) > max_size(clip) &&
           is_thin(clip, 0);
}

/* Whether it has as many frames as it may. */
static int has_all_frames(const RunwayClip *clip)
{
    return clip->config.max_frames &&
           clip->nb_frames >= clip->config.max_frames &&
           clip->end >= clip->config.shortest;
}

int ff_runway_clip_is_full(const RunwayClip *clip)
{
    return !ff_runway_segment_fits(&clip->config.segment,
                                   clip->end + clip->last_length) ||
           has_all_frames(clip) || is_too_rich(clip);
}

int64_t ff_runway_clip_left(const RunwayClip *clip, int64_t length)
{
    const RunwayClipConfig *c = &clip->config;
    int64_t left = c->segment.max_duration - clip->end, frames;

    if (!c->max_frames || length >= left)
        return left;
    frames = (c->max_frames - clip->nb_frames) * length;
    return FFMIN(left, FFMAX(frames, c->shortest - clip->end));
}

int64_t ff_runway_clip_end(const RunwayClip *clip)
{
    return clip->end;
}

int64_t ff_runway_clip_time(const RunwayClip *clip, int nb)
{
    return clip->frames[nb].time;
}

int ff_runway_clip_is_long_enough(const RunwayClip *clip)
{
    return clip->end >= clip->config.segment.min_duration;
}

static int keep_alpha(RunwayClip *c, const AVFrame *frame)
{
    AVFrame *plane;
    int ret;

    if (!c->config.alpha)
        return 0;
    if (c->config.is_ahead) { /* the other clip has kept it, and uses it up */
        c->nb_alpha_in++;
        c->nb_alpha_out++;
        return 0;
    }
    plane = ff_runway_alpha_take(frame);
    if (!plane)
        return AVERROR(ENOMEM);
    ret = ff_runway_spool_put(c->config.alpha, plane);
    av_frame_free(&plane);
    c->nb_alpha_in += ret >= 0;
    return ret;
}

static int append(RunwayClip *c, const AVFrame *frame, int64_t source,
                  int64_t time)
{
    RunwayClipFrame *frames = av_fast_realloc(c->frames, &c->frames_size,
                                    (c->nb_frames + 1) * sizeof(*frames));

    if (!frames)
        return AVERROR(ENOMEM);
    c->frames = frames;
    frames[c->nb_frames] = (RunwayClipFrame){ properties_of(frame), source,
                                              time, time };
    if (!frames[c->nb_frames].props)
        return AVERROR(ENOMEM);
    c->nb_frames++;
    return keep_alpha(c, frame);
}

void ff_runway_clip_set_ahead(RunwayClip *clip, int is_ahead)
{
    clip->config.is_ahead = is_ahead;
}

int ff_runway_clip_nb_alpha(const RunwayClip *clip)
{
    return clip->nb_alpha_in - clip->nb_alpha_out;
}

/* The slot that shows the frame of that time first. Of frames that fall into one
 * slot the nearest has it; what comes after that one is seen from the next on,
 * as it may stand for long. */
static int64_t shown_slot(RunwayClip *c, int64_t slot, int64_t time)
{
    if (c->nb_frames && slot <= c->slot) {
        int64_t at = ff_runway_segment_length(&c->config.segment, c->slot);

        slot = c->slot + !ff_runway_retime_is_nearer(at, c->slot_time, time);
    }
    c->slot      = slot;
    c->slot_time = time;
    return slot;
}

int ff_runway_clip_add(RunwayClip *c, const AVFrame *frame, int64_t length)
{
    int64_t source = time_of(c, frame->pts);
    int64_t time = next_time_of(c, source);
    int64_t slot = ff_runway_segment_slot(&c->config.segment, time);
    int64_t before = c->nb_frames ? c->slot : -1;
    int ret;

    if (!ff_runway_clip_accepts(c, frame))
        return AVERROR_BUG;
    ret  = ff_runway_identity_add(c->identity, frame, slot);
    c->last_gap = c->nb_frames ? time - c->slot_time : 0;
    slot = shown_slot(c, slot, time);
    if (ret >= 0 && c->writer)
        ret = ff_runway_writer_write(c->writer, frame, slot);
    if (ret >= 0)
        ret = append(c, frame, source, time);
    if (ret < 0)
        return ret;
    if (slot == before) /* the upload has this one in its place */
        for (int i = c->slot_frame; i < c->nb_frames - 1; i++)
            c->frames[i].shown = c->frames[i].time;
    c->slot_frame = c->nb_frames - 1;
    c->frames[c->slot_frame].shown =
        FFMAX(time, ff_runway_segment_length(&c->config.segment, slot));
    c->last_length = sent_of(c, length);
    c->end         = time + c->last_length;
    c->source_end  = source + length;
    return 0;
}

int ff_runway_clip_add_unsent(RunwayClip *c, const AVFrame *frame)
{
    const RunwayClipFrame last = c->frames[c->nb_frames - 1];
    int ret = append(c, frame, last.source, last.time);

    if (ret >= 0)
        c->frames[c->nb_frames - 1].shown = last.shown;
    return ret;
}

int64_t ff_runway_clip_place(const RunwayClip *c, double seconds)
{
    int64_t source = llrint((seconds - c->start *
                             av_q2d(c->config.time_base)) * AV_TIME_BASE);
    const RunwayClipFrame *frame = c->frames;

    for (int i = 1; i < c->nb_frames && c->frames[i].source <= source; i++)
        frame = &c->frames[i];
    return FFMAX(0, frame->time + sent_of(c, source - frame->source));
}

/* Encode the clip's file anew into fd. */
static int encode_again(RunwayClip *c, const RunwayWriterConfig *config, int fd,
                        int64_t slots, int64_t *size)
{
    RunwayReader *reader = NULL;
    RunwayWriter *writer = NULL;
    AVFrame *frame = av_frame_alloc();
    const RunwayReaderLimits limits = { .pixels  = INT_MAX, /* it is ours */
                                        .log_ctx = c->config.log_ctx };
    int64_t slot = 0, time;
    RunwayError err;
    int read, ret;

    if (!frame)
        return AVERROR(ENOMEM);
    ret = read = ff_runway_reader_open(&reader, &limits, config->interrupted,
                                       config->opaque, c->fd, *size, &err);
    while (ret >= 0 && (ret = read = ff_runway_reader_next(reader, frame, &time,
                                                           &err)) > 0) {
        if (!writer)
            ret = ff_runway_writer_create(&writer, config, fd, frame);
        if (ret >= 0)
            ret = ff_runway_writer_write(writer, frame, slot++);
    }
    if (read < 0 && read != AVERROR_EXIT)
        av_log(c->config.log_ctx, AV_LOG_ERROR, "clip %d: the encoded clip "
               "cannot be read back: %s\n", c->config.index, err.text);
    if (ret >= 0)
        ret = writer ? ff_runway_writer_finish(writer, slots, size)
                     : AVERROR_BUG;
    ff_runway_reader_free(&reader);
    ff_runway_writer_free(&writer);
    av_frame_free(&frame);
    return ret;
}

/* Encode the file in fd anew so that it can be sent. */
static int shrink(RunwayClip *c, int64_t slots, int64_t *size)
{
    RunwayWriterConfig config = c->config.writer;
    int64_t length = ff_runway_segment_length(&c->config.segment, slots);
    int64_t was = *size;
    RunwayError err;
    int fd, ret;

    /* much less than it has now, and too little for what it shows */
    if (is_thin(c, 1) && aim(c, length) < *size * 3 / 4) {
        av_log(c->config.log_ctx, AV_LOG_ERROR, "clip %d: %.1f MB at good "
               "quality, but only %.1f MB can be sent, which would leave less "
               "than %.2f bits per pixel; scale the input down, or use a "
               "provider with uploads\n", c->config.index, *size / 1e6,
               max_size(c) / 1e6,
               (double)BITS_PER_PIXEL_NUM / BITS_PER_PIXEL_DEN);
        return AVERROR(EINVAL);
    }
    if (ff_runway_disk_temporary(&fd, &err))
        return ff_runway_report(c->config.log_ctx, &err);
    config.bit_rate = av_rescale(aim(c, length) * 8, AV_TIME_BASE, length);
    config.geometry.source = config.geometry.target =
        (RunwayRect){ 0, 0, config.geometry.width, config.geometry.height };
    ret = encode_again(c, &config, fd, slots, size);
    if (ret >= 0) {
        av_log(c->config.log_ctx, AV_LOG_WARNING, "clip %d: %.1f MB at good "
               "quality is more than the %.1f MB that can be sent; reduced to "
               "%.1f MB\n", c->config.index, was / 1e6, max_size(c) / 1e6,
               *size / 1e6);
        FFSWAP(int, fd, c->fd);
    }
    ff_runway_disk_close(&fd);
    return ret;
}

void ff_runway_clip_extent(const RunwayClip *c, double *start, double *end)
{
    *start = c->start * av_q2d(c->config.time_base);
    *end   = *start + c->source_end / 1e6;
}

const AVFrame *ff_runway_clip_first(const RunwayClip *c)
{
    return c->first;
}

int64_t ff_runway_clip_first_length(const RunwayClip *c)
{
    return c->nb_frames > 1 ? c->frames[1].source : c->source_end;
}

/* Slots of the whole upload: the last frame is in it, unless frames are so close
 * that some are left out, or that costs another second. */
static int64_t nb_slots(const RunwayClip *c)
{
    const RunwaySegment *s = &c->config.segment;
    int64_t end = c->end;

    if (3 * FFMAX(c->last_gap, c->last_length) >
            2 * ff_runway_segment_length(s, 1) && !s->whole_seconds)
        end = FFMAX(end, ff_runway_segment_length(s, c->slot + 1));
    return ff_runway_segment_slots(s, end);
}

int ff_runway_clip_close(RunwayClip *c, RunwayClipFile *file)
{
    int64_t slots = nb_slots(c);
    const RunwaySeamWatch *watch;
    double start, end;
    int64_t size = 0;
    int ret = 0;

    if (is_too_rich(c))
        av_log(c->config.log_ctx, AV_LOG_WARNING, "clip %d ends after %.2f s: "
               "the picture is too detailed to send more of it\n",
               c->config.index, c->end / 1e6);
    else if (has_all_frames(c) && !c->config.said->frames++)
        av_log(c->config.log_ctx, AV_LOG_INFO, "%sclip %d ends after %.2f s: no "
               "more than %d frames of this size are kept for a clip "
               "(on_error=source, or alpha)\n", c->config.policy->dry_run ?
               "plan: " : "", c->config.index, c->end / 1e6, c->nb_frames);
    if (c->writer) {
        ret = ff_runway_writer_finish(c->writer, slots, &size);
        memcpy(c->looks, ff_runway_writer_looks(c->writer), sizeof(c->looks));
        watch   = ff_runway_writer_watch(c->writer);
        c->back = ff_runway_segment_length(&c->config.segment, watch->back);
        for (; c->nb_cuts < watch->nb_cuts; c->nb_cuts++)
            c->cuts[c->nb_cuts] =
                ff_runway_segment_length(&c->config.segment,
                                         watch->cuts[c->nb_cuts]);
    }
    ff_runway_writer_free(&c->writer);
    if (ret >= 0 && size > max_size(c))
        ret = shrink(c, slots, &size);
    if (ret < 0)
        return ret;
    if (size > max_size(c)) {
        av_log(c->config.log_ctx, AV_LOG_ERROR, "clip %d cannot be made small "
               "enough to be sent: %"PRId64" bytes, of at most %"PRId64"; use "
               "a shorter clip_duration or scale the input down\n",
               c->config.index, size, max_size(c));
        return AVERROR(EINVAL);
    }
    ff_runway_clip_extent(c, &start, &end);
    snprintf(c->label, sizeof(c->label), "clip %d (%.2f%s%.2f s)",
             c->config.index, start, end < 0 ? " to " : "-", end);
    c->sent = ff_runway_segment_length(&c->config.segment, slots);
    *file   = (RunwayClipFile){
        .label  = c->label,
        .fd     = c->fd,
        .size   = size,
        .length = c->sent,
        .filled = FFMAX(0, c->sent - c->end),
        .upload = c->config.upload_size && size > c->config.inline_size,
        .about  = c->config.policy->dry_run && is_thin(c, 1) &&
                  ff_runway_clip_is_long_enough(c),
    };
    c->fd = -1;
    return 0;
}

void ff_runway_clip_identify(RunwayClip *c, const char *endpoint,
                             const RunwayRequest *request, int64_t take,
                             char identity[RUNWAY_IDENTITY_SIZE])
{
    const RunwayIdentityRequest all = {
        .endpoint = endpoint,
        .request  = request,
        .take     = take,
        .geometry = &c->config.writer.geometry,
        .rate_num = c->config.segment.rate_num,
        .rate_den = c->config.segment.rate_den,
        .length   = c->sent,
    };

    ff_runway_identity_finish(c->identity, &all, identity);
    ff_runway_identity_free(&c->identity);
}
