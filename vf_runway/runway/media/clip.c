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
#include <unistd.h>

#include "libavutil/avstring.h"
#include "libavutil/mathematics.h"
#include "libavutil/pixdesc.h"

#include "compat.h"
#include "averror.h"
#include "alpha.h"
#include "clip.h"
#include "format.h"
#include "picture.h"
#include "reader.h"
#include "../api/task.h"
#include "scaler.h"
#include "../math/retime.h"
#include "../base/disk.h"

/* What stays of a frame that came in. */
typedef struct Frame {
    AVFrame *props;           ///< without a picture; NULL: it is out
    int64_t source;           ///< its time, microseconds from the clip's start
    int64_t time;             ///< and in what is sent
} Frame;

struct RunwayClip {
    RunwayClipConfig config;

    /* while frames come in */
    RunwayWriter *writer; ///< NULL with dry_run
    int fd;
    RunwayIdentity *identity;
    int64_t start;            ///< pts of the first frame, time base of config
    int64_t end;              ///< of what is sent so far, microseconds
    int64_t source_end;       ///< of the source so far, microseconds from start
    int64_t last_length;      ///< of the newest frame as it is sent
    char label[96];           ///< once it is closed
    int64_t sent;             ///< once it is closed: length of the upload

    Frame *frames;            ///< in order
    int nb_frames;
    unsigned frames_size;

    /* while frames go out */
    char task[RUNWAY_ID_MAX]; ///< that made the result
    RunwayReader *reader;
    RunwayScaler *scaler, *alpha_scaler;
    RunwayRetime retime;
    RunwayRect part;          ///< of the result's picture that is used
    RunwaySeamGrid looks[2];  ///< of the source's first and last picture
    RunwayJoint *before;      ///< what the clip is to be matched with, until its
                              ///< first picture is there
    RunwaySeam *seam;         ///< correction, NULL: none
    const char *joint;        ///< what was made of the joint in front
    AVFrame *frame, *next;    ///< generated frame at or before the wanted time,
                              ///< and the one behind it
    int64_t time, next_time;  ///< of these, microseconds
    int has_next;
    AVFrame *converted;       ///< frame as it went out last, NULL: none
    enum AVColorSpace colorspace; ///< tags of that
    enum AVColorRange color_range;
    int nb_out;               ///< source frames that have been answered
    int nb_alpha_in, nb_alpha_out; ///< planes of the spool
    AVFrame *alpha;           ///< the newest of those that are out
    int finished;             ///< native: the last generated frame is out
};

/* An encode that leaves a pixel fewer bits than this shows it. */
#define BITS_PER_PIXEL_NUM 1
#define BITS_PER_PIXEL_DEN 20

/* The only side data that still describes a picture that was made anew. */
static const enum AVFrameSideDataType kept_side_data[] = {
    AV_FRAME_DATA_A53_CC, AV_FRAME_DATA_S12M_TIMECODE,
    AV_FRAME_DATA_GOP_TIMECODE,
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
    const Frame *last = clip->nb_frames ? &clip->frames[clip->nb_frames - 1]
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
    c->start  = first->pts;
    c->identity = ff_runway_identity_create();
    if (!c->identity) {
        ret = AVERROR(ENOMEM);
        goto fail;
    }
    if (!config->dry_run && ff_runway_disk_temporary(&c->fd, &err)) {
        ret = ff_runway_report(c->config.log_ctx, &err);
        goto fail;
    }
    ret = config->dry_run ? 0 :
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
    if (c->fd >= 0)
        close(c->fd);
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
    av_freep(clip);
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

int ff_runway_clip_is_full(const RunwayClip *clip)
{
    return !ff_runway_segment_fits(&clip->config.segment,
                                   clip->end + clip->last_length) ||
           is_too_rich(clip);
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
    Frame *frames = av_fast_realloc(c->frames, &c->frames_size,
                                    (c->nb_frames + 1) * sizeof(*frames));

    if (!frames)
        return AVERROR(ENOMEM);
    c->frames = frames;
    frames[c->nb_frames] = (Frame){ properties_of(frame), source, time };
    if (!frames[c->nb_frames].props)
        return AVERROR(ENOMEM);
    c->nb_frames++;
    return keep_alpha(c, frame);
}

int ff_runway_clip_nb_alpha(const RunwayClip *clip)
{
    return clip->nb_alpha_in - clip->nb_alpha_out;
}

int ff_runway_clip_add(RunwayClip *c, const AVFrame *frame, int64_t length)
{
    int64_t source = time_of(c, frame->pts);
    int64_t time = next_time_of(c, source);
    int64_t slot = ff_runway_segment_slot(&c->config.segment, time);
    int ret;

    ret = ff_runway_identity_add(c->identity, frame, slot);
    if (ret >= 0 && c->writer)
        ret = ff_runway_writer_write(c->writer, frame, slot);
    if (ret >= 0)
        ret = append(c, frame, source, time);
    if (ret < 0)
        return ret;
    c->last_length = sent_of(c, length);
    c->end         = time + c->last_length;
    c->source_end  = source + length;
    return 0;
}

int ff_runway_clip_add_unsent(RunwayClip *c, const AVFrame *frame)
{
    const Frame *last = &c->frames[c->nb_frames - 1];

    return append(c, frame, last->source, last->time);
}

int64_t ff_runway_clip_place(const RunwayClip *c, double seconds)
{
    int64_t source = llrint((seconds - c->start *
                             av_q2d(c->config.time_base)) * AV_TIME_BASE);
    const Frame *frame = c->frames;

    for (int i = 1; i < c->nb_frames && c->frames[i].source <= source; i++)
        frame = &c->frames[i];
    return FFMAX(0, frame->time + sent_of(c, source - frame->source));
}

/* Encode the file in fd anew so that it can be sent. */
static int shrink(RunwayClip *c, int64_t slots, int64_t *size)
{
    RunwayWriterConfig config = c->config.writer;
    RunwayReader *reader = NULL;
    RunwayWriter *writer = NULL;
    AVFrame *frame = av_frame_alloc();
    int64_t length = ff_runway_segment_length(&c->config.segment, slots);
    int64_t slot = 0, time, was = *size;
    RunwayError err;
    int fd = -1, read, ret;

    /* much less than it has now, and too little for what it shows */
    if (is_thin(c, 1) && aim(c, length) < *size * 3 / 4) {
        av_log(c->config.log_ctx, AV_LOG_ERROR, "clip %d: %.1f MB at good "
               "quality, but only %.1f MB can be sent, which would leave less "
               "than %.2f bits per pixel; scale the input down, or use a "
               "provider with uploads\n", c->config.index, *size / 1e6,
               max_size(c) / 1e6,
               (double)BITS_PER_PIXEL_NUM / BITS_PER_PIXEL_DEN);
        av_frame_free(&frame);
        return AVERROR(EINVAL);
    }
    if (!frame)
        return AVERROR(ENOMEM);
    if (ff_runway_disk_temporary(&fd, &err)) {
        ret = ff_runway_report(c->config.log_ctx, &err);
        goto end;
    }
    config.bit_rate = av_rescale(aim(c, length) * 8, AV_TIME_BASE, length);
    config.geometry.source = config.geometry.target =
        (RunwayRect){ 0, 0, config.geometry.width, config.geometry.height };
    ret = read = ff_runway_reader_open(&reader, c->fd, *size,
                                       config.interrupted, config.opaque,
                                       c->config.log_ctx);
    while (ret >= 0 && (ret = read = ff_runway_reader_next(reader, frame,
                                                           &time)) > 0) {
        if (!writer)
            ret = ff_runway_writer_create(&writer, &config, fd, frame);
        if (ret >= 0)
            ret = ff_runway_writer_write(writer, frame, slot++);
    }
    if (read < 0 && read != AVERROR_EXIT)
        av_log(c->config.log_ctx, AV_LOG_ERROR, "clip %d: the encoded clip "
               "cannot be read back: %s\n", c->config.index,
               av_err2str(read));
    if (ret >= 0)
        ret = writer ? ff_runway_writer_finish(writer, slots, size)
                     : AVERROR_BUG;
    if (ret < 0)
        goto end;
    av_log(c->config.log_ctx, AV_LOG_WARNING, "clip %d: %.1f MB at good "
           "quality is more than the %.1f MB that can be sent; reduced to %.1f "
           "MB\n",
           c->config.index, was / 1e6, max_size(c) / 1e6, *size / 1e6);
    FFSWAP(int, fd, c->fd);
end:
    if (fd >= 0)
        close(fd);
    ff_runway_reader_free(&reader);
    ff_runway_writer_free(&writer);
    av_frame_free(&frame);
    return ret;
}

void ff_runway_clip_extent(const RunwayClip *c, double *start, double *end)
{
    *start = c->start * av_q2d(c->config.time_base);
    *end   = *start + c->source_end / 1e6;
}

int ff_runway_clip_close(RunwayClip *c, RunwayClipFile *file)
{
    int64_t slots = ff_runway_segment_slots(&c->config.segment, c->end);
    double start, end;
    int64_t size = 0;
    int ret = 0;

    if (is_too_rich(c))
        av_log(c->config.log_ctx, AV_LOG_WARNING, "clip %d ends after %.2f s: "
               "the picture is too detailed to send more of it\n",
               c->config.index, c->end / 1e6);
    if (c->writer) {
        ret = ff_runway_writer_finish(c->writer, slots, &size);
        memcpy(c->looks, ff_runway_writer_looks(c->writer), sizeof(c->looks));
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
    snprintf(c->label, sizeof(c->label), "clip %d (%.2f-%.2f s)",
             c->config.index, start, end);
    c->sent = ff_runway_segment_length(&c->config.segment, slots);
    *file   = (RunwayClipFile){
        .fd     = c->fd,
        .size   = size,
        .length = c->sent,
        .upload = c->config.upload_size && size > c->config.inline_size,
    };
    c->fd = -1;
    return 0;
}

const char *ff_runway_clip_label(const RunwayClip *clip)
{
    return clip->label;
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

/* The result was looked at before, so this is rare: a disk, or memory. */
static int not_read(const RunwayClip *c, int error)
{
    if (error != AVERROR_EXIT)
        av_log(c->config.log_ctx, AV_LOG_ERROR, "%s: task %s: the result cannot "
               "be read: %s\n", c->label, c->task, av_err2str(error));
    return error;
}

/* Read the generated frame behind the present one. */
static int read_next(RunwayClip *c)
{
    int ret = ff_runway_reader_next(c->reader, c->next, &c->next_time);

    if (ret < 0)
        return not_read(c, ret);
    c->has_next = ret;
    return 0;
}

/* What a first result is like: some of it is a surprise. */
static void log_facts(const RunwayClip *c, const RunwayReaderInfo *info)
{
    char fewer[64] = "";

    if (c->config.said->facts++)
        return;
    if (info->nb_frames < c->nb_frames && !c->config.native)
        snprintf(fewer, sizeof(fewer), ", %"PRId64" frames for the clip's %d",
                 info->nb_frames, c->nb_frames);
    av_log(c->config.log_ctx, AV_LOG_INFO, "%s: the result is %dx%d, %s, "
           "%.4g fps, %s%s\n", c->label, c->next->width, c->next->height,
           av_get_pix_fmt_name(c->next->format),
           info->frame > 0 ? 1e6 / info->frame : 0, info->codec, fewer);
}

int ff_runway_clip_open_result(RunwayClip *c, int fd, int64_t size,
                               const char *task)
{
    RunwayGeometry shape = { 0 };
    const RunwayReaderInfo *info;
    RunwayError err;
    int ret;

    av_strlcpy(c->task, task, sizeof(c->task));
    c->frame  = av_frame_alloc();
    c->next   = av_frame_alloc();
    c->scaler = ff_runway_scaler_create(c->config.log_ctx);
    c->alpha_scaler = ff_runway_scaler_create(c->config.log_ctx);
    if (!c->frame || !c->next || !c->scaler || !c->alpha_scaler)
        return AVERROR(ENOMEM);
    ret = ff_runway_reader_open(&c->reader, fd, size,
                                c->config.writer.interrupted,
                                c->config.writer.opaque,
                                c->config.log_ctx);
    if (ret < 0)
        return not_read(c, ret);
    info = ff_runway_reader_info(c->reader);
    if (ff_runway_retime_plan(&c->retime, c->sent, info->duration,
                              info->frame, &err))
        return ff_runway_report(c->config.log_ctx, &err);
    ret = read_next(c);
    if (ret < 0)
        return ret;
    if (!c->has_next)
        return not_read(c, AVERROR_INVALIDDATA);
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
    FFSWAP(AVFrame *, c->frame, c->next);
    c->time = c->next_time;
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
    av_frame_free(&c->converted);
    return read_next(c);
}

/* Go on to the generated frame that is nearest to the wanted time. */
static int seek_frame(RunwayClip *c, int64_t wanted)
{
    while (c->has_next &&
           ff_runway_retime_is_nearer(wanted, c->time, c->next_time)) {
        int ret = advance(c);

        if (ret < 0)
            return ret;
    }
    return 0;
}

int ff_runway_clip_match(RunwayClip *c, const RunwayJoint *before)
{
    int64_t start = av_rescale_q(c->start, c->config.time_base, AV_TIME_BASE_Q);

    /* across a gap nobody sees a step */
    if (FFABS(start - before->end) > c->last_length / 2)
        return 0;
    c->before = av_memdup(before, sizeof(*before));
    return c->before ? 0 : AVERROR(ENOMEM);
}

int ff_runway_clip_joint(const RunwayClip *c, RunwayJoint *joint)
{
    joint->source = c->looks[1];
    joint->end    = av_rescale_q(c->start, c->config.time_base,
                                 AV_TIME_BASE_Q) + c->end;
    return ff_runway_joint_measure(&joint->film, c->frame, c->part);
}

/* With the first picture at hand: what the clip should have looked like. */
static int fit_joint(RunwayClip *c)
{
    const RunwaySeamGrid *const source[2] = { &c->before->source, &c->looks[0] };
    RunwaySeamGrid first;
    const RunwaySeamGrid *const film[2] = { &c->before->film, &first };
    RunwaySeamFit fit;

    if (ff_runway_joint_measure(&first, c->frame, c->part)) {
        c->seam = av_malloc(sizeof(*c->seam));
        if (!c->seam)
            return AVERROR(ENOMEM);
        fit = ff_runway_seam_fit(c->seam, source, film);
        if (fit != RUNWAY_SEAM_MATCHED)
            av_freep(&c->seam);
        c->joint = ff_runway_joint_name(fit);
        av_log(c->config.log_ctx, AV_LOG_VERBOSE, "%s: joint with the clip "
               "before it: %s\n", c->label, c->joint);
    }
    av_freep(&c->before);
    return 0;
}

/* Correct the present picture where it is. */
static int correct(RunwayClip *c)
{
    double strength;
    int ret = c->before ? fit_joint(c) : 0;

    if (ret < 0 || !c->seam)
        return ret;
    strength = ff_runway_seam_strength(c->time, c->sent);
    return strength > 0 ? ff_runway_joint_correct(c->seam, strength, c->frame,
                                                  c->part) : 0;
}

/* Make c->converted from c->frame: size, format and colour of the output. */
static int convert(RunwayClip *c, const AVFrame *props, AVFrame *dst)
{
    const AVFrame *src = c->frame;
    RunwayRect whole = { 0, 0, dst->width, dst->height };
    AVFrame named = { 0 };
    int ret;

    c->part = ff_runway_geometry_result(&c->config.writer.geometry, src->width,
                                        src->height, c->config.fit, dst->width,
                                        dst->height, dst->sample_aspect_ratio.num,
                                        dst->sample_aspect_ratio.den);
    ret = correct(c);
    if (ret < 0)
        return ret;
    ff_runway_picture_tag_output(dst, props);
    dst->color_primaries = props->color_primaries;
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
    ret = ff_runway_scaler_convert(c->scaler, src, c->part, dst, whole);
    if (ret < 0)
        return ret;
    if (!c->config.alpha && ff_runway_format_has_alpha(dst->format))
        ff_runway_component_write(dst, RUNWAY_ALPHA, NULL, 8);
    c->converted = dst;
    return 0;
}

/* Where the source lies in the output, which may have been expanded. */
static RunwayRect place_of_source(const RunwayClip *c, const AVFrame *frame)
{
    const RunwayGeometry *g = &c->config.writer.geometry;
    RunwayRect r;

    r.w = FFMIN(frame->width, av_rescale(frame->width, g->width,
                                         c->config.shape_w) + 1 & ~1);
    r.h = FFMIN(frame->height, av_rescale(frame->height, g->height,
                                          c->config.shape_h) + 1 & ~1);
    if (c->config.shape_w == g->width)
        r.w = frame->width;
    if (c->config.shape_h == g->height)
        r.h = frame->height;
    r.x = (frame->width - r.w) / 2 & ~1;
    r.y = (frame->height - r.h) / 2 & ~1;
    return r;
}

/* Give a frame the alpha of the source frame that is answered. */
static int put_alpha(RunwayClip *c, const AVFrame *props, AVFrame *frame)
{
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
    ret = av_frame_make_writable(frame);
    return ret < 0 ? ret :
           ff_runway_alpha_put(c->alpha_scaler, c->alpha, props->format,
                               c->config.writer.geometry.source, frame,
                               place_of_source(c, frame));
}

/* Mark where a frame comes from, for whoever looks behind the filter. */
static int set_metadata(const RunwayClip *c, AVFrame *frame)
{
    int ret = av_dict_set_int(&frame->metadata, "lavfi.runway_v2v.clip",
                              c->config.index, 0);

    if (ret >= 0)
        ret = av_dict_set(&frame->metadata, "lavfi.runway_v2v.task_id",
                          c->task, 0);
    if (ret >= 0)
        ret = av_dict_set(&frame->metadata, "lavfi.runway_v2v.origin",
                          "generated", 0);
    if (ret >= 0 && c->joint)
        ret = av_dict_set(&frame->metadata, "lavfi.runway_v2v.seam", c->joint,
                          0);
    return ret;
}

/* The present generated frame with the properties of a source frame. */
static int make_frame(RunwayClip *c, const AVFrame *props, AVFrame **out,
                      AVFrame *(*get_buffer)(void *opaque), void *opaque)
{
    AVFrame *frame;
    AVRational sar;
    int ret;

    if (!c->converted) {
        frame = get_buffer(opaque);
        if (!frame)
            return AVERROR(ENOMEM);
        ret = convert(c, props, frame);
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
    *out = frame;
    return 1;
}

static int next_for_source(RunwayClip *c, AVFrame **out,
                           AVFrame *(*get_buffer)(void *opaque), void *opaque)
{
    Frame *frame = &c->frames[c->nb_out];
    int ret = seek_frame(c, ff_runway_retime_map(&c->retime, frame->time));

    if (ret >= 0)
        ret = make_frame(c, frame->props, out, get_buffer, opaque);
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
    ret = make_frame(c, c->frames[c->nb_out].props, out, get_buffer, opaque);
    if (ret < 0)
        return ret;
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
