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
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "libavutil/avstring.h"
#include "libavutil/mathematics.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "../media/clip.h"
#include "../media/format.h"
#include "../media/reader.h"
#include "../media/scene.h"
#include "../media/spool.h"
#include "../api/data_uri.h"
#include "../engine/plan.h"
#include "notice.h"
#include "sequence.h"

/* A frame that stands for longer is sent for so long, where one comes out for
 * each that goes in: more of a still picture would be paid for and not shown. */
#define STAND_MAX AV_TIME_BASE

/* What is to come out, in order: a closed clip whose frames are not all out, or
 * frames in the spool, which pass through or stand in for a clip that failed. */
typedef struct Node {
    RunwayClip *clip;           ///< NULL: frames in the spool
    RunwayJob *job;             ///< its result, once it is being read
    int nb_spooled;             ///< frames in the spool; with a clip its source
    int index;                  ///< number of the clip, 0: frames pass through
    int nb_out;                 ///< frames that have come out
    int shot;                   ///< as in RunwaySequence, when it was closed
    int nb_alpha;               ///< planes that nobody asks for, once it is first
    int nb_shared;              ///< first frames that the clip before shows too
    RunwayPicture *keyframes;   ///< what the clip's job refers to
    struct Node *next;
} Node;

struct RunwaySequence {
    RunwaySequenceConfig config;
    const RunwaySettings *set;
    RunwayReaderLimits limits;  ///< of results
    RunwayRequest request;      ///< of the frames to come; ratio as wanted
    int64_t take;               ///< likewise
    RunwayClipSaid said;
    RunwayPipeline *pipeline;
    Node *head, *tail;
    RunwaySpool *spool;
    RunwaySpool *alpha;         ///< alpha of all clips' frames, NULL: none
    RunwayScene *scene;

    RunwayClip *open;           ///< the clip that frames go into
    const char *ratio;          ///< of that clip
    int width, height, format;  ///< of its frames
    int64_t pixels;             ///< of its result's picture, if like the upload
    int64_t frame;              ///< length of a frame of the upload
    int64_t max_duration;       ///< of that clip, microseconds
    int64_t first_pts;          ///< of its first frame
    int nb_spooled;             ///< of its frames, with keep_source
    int nb_shared;              ///< of its frames, from the first
    int64_t shared;             ///< of all clips, microseconds
    int nb_clips;
    RunwayClip *ahead;          ///< begins within the open clip, NULL: none yet
    int64_t ahead_frame, ahead_duration, ahead_pts; ///< as frame,
                                ///< max_duration and first_pts, of that clip
    uint8_t *keyframe_used;     ///< for each of the keyframes
    int shot;                   ///< counts changes of the request
    RunwayJoint joint;          ///< how the clip that came out last ends
    int joint_shot;             ///< its shot, -1: nothing to match with
    int nb_kept;                ///< clips that came out as their source
    int plan_logged;
    int is_ending;              ///< the clip at hand is the last one
};

/* A length that clips cannot have is moved to where they can: never in silence,
 * as it changes what they cost. */
static int check_clip_duration(const RunwaySettings *set)
{
    const RunwayModel *m = set->request.model;
    int64_t taken = set->clip_duration;

    if (m->max_duration && taken > m->max_duration)
        taken = m->max_duration;
    if (taken < m->min_duration)
        taken = m->min_duration;
    if (set->clip_duration && taken != set->clip_duration)
        av_log(set->log_ctx, AV_LOG_WARNING, "clip_duration: %g s is %s than "
               "model %s supports; clips are %g s long\n",
               set->clip_duration / 1e6,
               taken < set->clip_duration ? "more" : "less",
               set->request.model_name, taken / 1e6);
    if (2 * set->overlap > (taken ? taken : m->best_duration)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "overlap: %g s are more than half of "
               "a clip\n", set->overlap / 1e6);
        return AVERROR(EINVAL);
    }
    return 0;
}

int ff_runway_sequence_create(RunwaySequence **sequence,
                              const RunwaySequenceConfig *config)
{
    const RunwaySettings *set = config->set;
    RunwaySequence *s = av_mallocz(sizeof(*s));
    const RunwayPipelineConfig pipeline = {
        .client           = ff_runway_settings_client(set),
        .policy           = &set->policy,
        .log              = &set->log,
        .events           = config->events,
        .instance         = config->instance,
        .check            = ff_runway_reader_check,
        .check_opaque     = s ? &s->limits : NULL,
        .interrupted      = config->interrupted,
        .interrupt_opaque = config->interrupt_opaque,
    };
    RunwayError err;
    int ret = AVERROR(ENOMEM);

    *sequence = NULL;
    if (!s)
        return ret;
    s->limits.log_ctx = set->log_ctx;
    s->limits.length_tolerance = set->policy.length_tolerance;
    s->limits.pixels  = FFMAX(config->pixels, RUNWAY_RESULT_PIXELS);
    s->config  = *config;
    s->joint_shot = -1;
    s->set     = set;
    s->request = set->request;
    s->take    = set->take;
    if (set->nb_keyframes) {
        s->keyframe_used = av_calloc(set->nb_keyframes, 1);
        if (!s->keyframe_used)
            goto fail;
    }
    if (set->scene > 0 && !(s->scene = ff_runway_scene_create()))
        goto fail;
    if (ff_runway_pipeline_create(&pipeline, &s->pipeline, &err)) {
        ret = ff_runway_report(set->log_ctx, &err);
        goto fail;
    }
    ret = check_clip_duration(set);
    if (ret < 0)
        goto fail;
    *sequence = s;
    return 0;

fail:
    ff_runway_sequence_free(&s);
    return ret;
}

/* Whether a clip whose task failed comes out as its source frames, marked in
 * the metadata. */
static int keeps_source(const RunwaySequence *s)
{
    return s->set->policy.on_error == RUNWAY_ON_ERROR_SOURCE &&
           !s->set->policy.dry_run;
}

static Node *append_node(RunwaySequence *s)
{
    Node *node = av_mallocz(sizeof(*node));

    if (!node)
        return NULL;
    if (s->tail)
        s->tail->next = node;
    else
        s->head = node;
    return s->tail = node;
}

/* What nobody will ask for of the first clip's alpha. */
static void drop_alpha(RunwaySequence *s)
{
    Node *node = s->head;

    if (!s->alpha)
        return;
    if (node->clip)
        node->nb_alpha = ff_runway_clip_nb_alpha(node->clip);
    ff_runway_spool_drop(s->alpha, node->nb_alpha);
    node->nb_alpha = 0;
}

static void remove_head(RunwaySequence *s)
{
    Node *node = s->head;

    drop_alpha(s);
    s->head = node->next;
    if (!s->head)
        s->tail = NULL;
    ff_runway_clip_free(&node->clip);
    ff_runway_job_free(&node->job);
    av_free(node->keyframes);
    av_free(node);
    if (s->head && !s->head->clip)
        drop_alpha(s);
}

void ff_runway_sequence_free(RunwaySequence **sequence)
{
    RunwaySequence *s = *sequence;

    if (!s)
        return;
    ff_runway_pipeline_free(&s->pipeline);
    while (s->head)
        remove_head(s);
    ff_runway_clip_free(&s->open);
    ff_runway_clip_free(&s->ahead);
    ff_runway_spool_free(&s->spool);
    ff_runway_spool_free(&s->alpha);
    ff_runway_scene_free(&s->scene);
    av_freep(&s->keyframe_used);
    av_freep(sequence);
}

int ff_runway_sequence_ratio(const RunwayRequest *request, int width,
                             int height, AVRational sar, const char **ratio,
                             int *ratio_w, int *ratio_h, void *log_ctx)
{
    RunwayError err;

    *ratio_w = *ratio_h = 0;
    if (sar.num > 0 && sar.den > 0)
        width = FFMAX(1, av_rescale(width, sar.num, sar.den));
    if (ff_runway_ratio_choose(request->model, request->ratio, width, height,
                               ratio, &err))
        return ff_runway_report(log_ctx, &err);
    if (*ratio && !request->model->size_follows_input)
        ff_runway_ratio_parse(*ratio, ratio_w, ratio_h);
    return 0;
}

static int alpha_has_room(const RunwaySequence *s, int format, int width,
                          int height)
{
    return ff_runway_spool_has_room(s->alpha,
                                    ff_runway_format_of_component(format),
                                    width, height);
}

int ff_runway_sequence_has_room(RunwaySequence *s, int format, int width,
                                int height)
{
    return ff_runway_pipeline_has_room(s->pipeline) &&
           (!s->spool || ff_runway_spool_has_room(s->spool, format, width,
                                                  height)) &&
           (!s->alpha || alpha_has_room(s, format, width, height));
}

/* How long a clip is at most, and at what rate it is sent; length is its first
 * frame's. */
static RunwaySegment plan_segment(const RunwaySequence *s, int64_t length)
{
    const RunwayModel *m = s->request.model;
    AVRational rate = s->config.frame_rate;
    RunwaySegment segment = { 0 };

    segment.whole_seconds = !!(m->fields & RUNWAY_FIELD_DURATION);
    segment.min_duration = m->min_duration;
    segment.max_duration = s->set->clip_duration ? s->set->clip_duration
                                                 : m->best_duration;
    if (m->max_duration && segment.max_duration > m->max_duration)
        segment.max_duration = m->max_duration;
    if (segment.max_duration < m->min_duration)
        segment.max_duration = m->min_duration;
    ff_runway_segment_rate(&segment, rate.num, rate.den, length, m->max_rate);
    /* the shortest upload has places for source frames to its end */
    segment.max_duration =
        FFMAX(segment.max_duration,
              ff_runway_segment_length(&segment,
                                       ff_runway_segment_slots(&segment, 0)));
    return segment;
}

/* The source's alpha waits for its frames, where they are to have any. */
static int open_alpha(RunwaySequence *s, const AVFrame *frame)
{
    if (s->alpha || s->set->policy.dry_run ||
        !ff_runway_format_has_alpha(frame->format) ||
        !ff_runway_format_has_alpha(s->config.out_format))
        return 0;
    s->alpha = ff_runway_spool_create(RUNWAY_SPOOL_SIZE, 1, s->set->log_ctx);
    return s->alpha ? 0 : AVERROR(ENOMEM);
}

/* Begin a clip with a frame. */
static int open_clip(RunwaySequence *s, const AVFrame *frame, int64_t length,
                     int is_ahead)
{
    const RunwaySequenceConfig *c = &s->config;
    const RunwaySettings *set = s->set;
    const RunwayModel *m = s->request.model;
    RunwayClipConfig config = { 0 };
    int max_long = m->max_width, max_short = m->max_height;
    int ratio_w, ratio_h, ret;

    ret = ff_runway_sequence_ratio(&s->request, frame->width, frame->height,
                                   frame->sample_aspect_ratio, &s->ratio,
                                   &ratio_w, &ratio_h, set->log_ctx);
    if (ret >= 0)
        ret = open_alpha(s, frame);
    if (ret < 0)
        return ret;
    config.alpha    = s->alpha;
    config.is_ahead = is_ahead;
    if (ratio_w && !m->ratios_are_shapes) {
        /* more than comes back is not worth sending */
        max_long  = FFMAX(ratio_w, ratio_h);
        max_short = FFMIN(ratio_w, ratio_h);
    }
    config.said          = &s->said;
    config.index         = ++s->nb_clips;
    config.time_base     = c->time_base;
    config.out_time_base = c->out_time_base;
    config.native        = set->timing == RUNWAY_TIMING_NATIVE;
    config.dry_run       = set->policy.dry_run;
    config.length_tolerance = set->policy.length_tolerance;
    if (set->timing == RUNWAY_TIMING_SOURCE)
        config.max_stand = STAND_MAX;
    config.fit           = set->fit;
    config.segment       = plan_segment(s, length);
    if (set->transport != RUNWAY_SEND_UPLOAD)
        config.inline_size = ff_runway_data_uri_capacity("video/mp4",
                                                         RUNWAY_DATA_URI_MAX);
    if (set->transport != RUNWAY_SEND_INLINE && set->provider->uploads_path)
        config.upload_size = RUNWAY_UPLOAD_MAX;
    config.log_ctx       = set->log_ctx;
    config.writer = (RunwayWriterConfig){
        .encoder     = set->encoder,
        .options     = set->encoder_opts,
        .rate_num    = config.segment.rate_num,
        .rate_den    = config.segment.rate_den,
        .interrupted = c->interrupted,
        .opaque      = c->interrupt_opaque,
        .log_ctx     = set->log_ctx,
    };
    ff_runway_geometry_plan(&config.writer.geometry, frame->width,
                            frame->height, frame->sample_aspect_ratio.num,
                            frame->sample_aspect_ratio.den, ratio_w, ratio_h,
                            set->fit, max_long, max_short);
    config.shape_w = config.writer.geometry.width;
    config.shape_h = config.writer.geometry.height;
    if ((m->fields & RUNWAY_FIELD_ASPECT) && s->ratio &&
        ff_runway_ratio_parse(s->ratio, &ratio_w, &ratio_h))
        ff_runway_geometry_expand(&config.shape_w, &config.shape_h, 1, 1,
                                  ratio_w, ratio_h);
    s->pixels = ratio_w && !m->ratios_are_shapes ?
                (int64_t)ratio_w * ratio_h :
                (int64_t)config.shape_w * config.shape_h;
    if (FFMIN(config.writer.geometry.width, config.writer.geometry.height) <
        m->min_height) {
        av_log(set->log_ctx, AV_LOG_ERROR, "model %s needs a picture whose "
               "shorter side has %d pixels, and %dx%d would be sent; scale the "
               "input up, or use another model\n", s->request.model_name,
               m->min_height, config.writer.geometry.width,
               config.writer.geometry.height);
        return AVERROR(EINVAL);
    }
    s->frame  = ff_runway_segment_length(&config.segment, 1);
    s->max_duration = config.segment.max_duration;
    s->first_pts    = frame->pts;
    s->width  = frame->width;
    s->height = frame->height;
    s->format = frame->format;
    if (config.index == 1)
        ff_runway_notice_sent(frame, &config, c->frame_rate, c->out_format);
    return ff_runway_clip_create(&s->open, &config, frame, length);
}

/* What a clip of that length costs. */
static int64_t price(const RunwaySequence *s, const RunwayRequest *request,
                     int64_t length)
{
    const RunwayPriced priced = {
        .duration      = length,
        .output_format = request->output_format,
        .pixels        = s->pixels,
        .resolution    = request->resolution,
        .nb_references = request->nb_references,
    };

    return ff_runway_credits(request->model, &priced);
}

/* What is known of the price before the first create. */
static void log_price(const RunwaySequence *s, const RunwayJob *job, int is_all)
{
    double second = (double)price(s, &s->request, s->max_duration) /
                    s->max_duration * 1e6;
    double start, end, left;

    ff_runway_clip_extent(s->open, &start, &end);
    left = s->config.end / 1e6 - start;
    if (job->credits < 0)
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: not known for model %s\n",
               s->request.model_name);
    else if (is_all)
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: 1 clip, %"PRId64" "
               "credits\n", job->credits);
    else if (s->config.end != AV_NOPTS_VALUE)
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: %.4g credits a second, "
               "about %.0f for the %.2f s of film\n", second,
               ceil(second * left), left);
    else
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: %.4g credits a second, "
               "%"PRId64" for the first clip; the length of the film is not "
               "known to a filter (dry_run=1 tells the sum)\n", second,
               job->credits);
}

static void log_planned(RunwaySequence *s, const RunwayJob *job)
{
    int dry_run = s->set->policy.dry_run;
    double start, end;

    ff_runway_clip_extent(s->open, &start, &end);
    {
        const RunwayEventField fields[] = {
            RUNWAY_INT("clip", job->index),
            RUNWAY_TEXT("model", s->request.model_name),
            /* a film may begin before its zero */
            RUNWAY_INT("start_ms", llrint(1000 * start)),
            RUNWAY_INT("end_ms", llrint(1000 * end)),
            RUNWAY_INT("frames", ff_runway_clip_nb_frames(s->open)),
            RUNWAY_NUMBER("sent_seconds", job->sent / 1e6),
            RUNWAY_INT("bytes", (int64_t)job->size),
            RUNWAY_NUMBER("credits", job->credits),
            RUNWAY_TEXT("transport", dry_run ? NULL : job->upload
                                     ? "upload" : "inline"),
            RUNWAY_BOOL("dry_run", dry_run),
            RUNWAY_TEXT("identity", job->identity), RUNWAY_EVENT_LAST
        };

        ff_runway_event(s->config.events, "planned", fields);
    }
}

/* The last frame of the first in line is out. */
static void log_emitted(RunwaySequence *s, int frames, const char *origin)
{
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", s->head->index), RUNWAY_INT("frames", frames),
        RUNWAY_TEXT("origin", origin), RUNWAY_EVENT_LAST
    };

    ff_runway_event(s->config.events, "emitted", fields);
}

void ff_runway_sequence_log_plan(RunwaySequence *s, int early)
{
    const RunwayPlan *plan = ff_runway_pipeline_plan(s->pipeline);

    if (s->plan_logged++)
        return;
    ff_runway_plan_log(plan, s->set->provider);
    if (s->shared)
        av_log(s->set->log_ctx, AV_LOG_INFO, "plan: %.3f s of that are sent "
               "twice, for overlap\n", s->shared / 1e6);
    if (early)
        ff_runway_plan_log_read_ahead(plan, price(s, &s->request,
                                                  s->max_duration));
}

/* A keyframe of the source's time line at the clip's own seconds; its range cut
 * to the clip, and rounded outwards to whole ones. */
static RunwayPicture in_clip(const RunwaySequence *s,
                             const RunwayPicture *keyframe, double start,
                             double end)
{
    double from = FFMAX(keyframe->seconds, start);
    RunwayPicture picture = *keyframe;

    picture.seconds = ff_runway_clip_place(s->open, from) / 1e6;
    if (keyframe->range_end > 0) {
        double to = FFMIN(keyframe->range_end, end);

        picture.range_start = floor(picture.seconds + 1e-6);
        picture.range_end   =
            ceil(ff_runway_clip_place(s->open, to) / 1e6 - 1e-6);
        picture.range_end   = FFMAX(picture.range_end,
                                    picture.range_start + 1);
    }
    return picture;
}

/* The keyframes that lie in the clip, at the clip's own seconds. */
static int choose_keyframes(RunwaySequence *s, RunwayJob *job,
                            RunwayPicture **keyframes)
{
    const RunwaySettings *set = s->set;
    const RunwayModel *m = s->request.model;
    double start, end;
    int nb = 0, nb_ranges = 0;

    ff_runway_clip_extent(s->open, &start, &end);
    if (!set->nb_keyframes)
        return 0;
    *keyframes = av_calloc(set->nb_keyframes, sizeof(**keyframes));
    if (!*keyframes)
        return AVERROR(ENOMEM);
    for (int i = 0; i < set->nb_keyframes; i++) {
        /* a microsecond for times that were rounded */
        if (FFMAX(set->keyframes[i].seconds, set->keyframes[i].range_end -
                  2e-6) < start - 1e-6 ||
            set->keyframes[i].seconds >= end - 1e-6)
            continue;
        s->keyframe_used[i] = 1;
        (*keyframes)[nb++] = in_clip(s, &set->keyframes[i], start, end);
        nb_ranges += set->keyframes[i].range_end > 0;
    }
    if (nb_ranges && nb_ranges < nb) {
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: of those in %s some have "
               "a range and some have none; give one to all of them, or to "
               "none\n", job->label);
        return AVERROR(EINVAL);
    }
    if (m->max_keyframes && nb > m->max_keyframes) {
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: %d are in %s, but model "
               "%s supports %d; use a shorter clip_duration\n", nb, job->label,
               s->request.model_name, m->max_keyframes);
        return AVERROR(EINVAL);
    }
    job->request.keyframes    = *keyframes;
    job->request.nb_keyframes = nb;
    return 0;
}

/* What the job costs, and with that the resolution it asks for. */
static void price_job(const RunwaySequence *s, RunwayJob *job)
{
    RunwayRequest *r = &job->request;
    const RunwayPrice *class = ff_runway_price_class(r->model, s->pixels,
                                                     r->resolution);

    job->credits = price(s, r, r->duration ? r->duration * 1000000LL
                                           : job->sent);
    if (!class)
        return;
    job->price_class = class->name;
    if (r->model->fields & RUNWAY_FIELD_RESOLUTION)
        r->resolution = class->name;
}

/* The clip that was begun ahead is not wanted: the open one ends early. */
static void discard_ahead(RunwaySequence *s)
{
    s->nb_clips -= !!s->ahead;
    ff_runway_clip_free(&s->ahead);
}

/* End the clip that frames went into, if there is one, and send it on. */
static int send_clip(RunwaySequence *s)
{
    const RunwayModel *m = s->request.model;
    RunwayPicture *keyframes = NULL;
    RunwayClipFile file;
    RunwayJob *job;
    Node *node;
    RunwayError err;
    int ret;

    /* what is shown already is not worth paying for twice */
    if (s->open && s->nb_shared == ff_runway_clip_nb_frames(s->open)) {
        ff_runway_clip_free(&s->open);
        s->nb_clips--;
    }
    if (!s->open)
        return 0;
    job = ff_runway_job_create();
    if (!job)
        return AVERROR(ENOMEM);
    ret = ff_runway_clip_close(s->open, &file);
    if (ret < 0)
        goto end;
    job->index  = s->nb_clips - !!s->ahead;
    job->fd     = file.fd;
    job->size   = file.size;
    job->sent   = file.length;
    job->upload = file.upload;
    av_strlcpy(job->label, ff_runway_clip_label(s->open), sizeof(job->label));
    job->filled = file.filled;
    job->request       = s->request;
    job->request.ratio = s->ratio;
    if (m->fields & RUNWAY_FIELD_DURATION)
        job->request.duration = ff_runway_whole_seconds(job->sent, s->frame);
    price_job(s, job);
    ret = choose_keyframes(s, job, &keyframes);
    if (ret < 0)
        goto end;
    ff_runway_clip_identify(s->open, ff_runway_pipeline_endpoint(s->pipeline),
                            &job->request, s->take, job->identity);
    s->shared += s->nb_shared * s->frame;
    log_planned(s, job);
    if (s->set->policy.dry_run) {
        ff_runway_clip_free(&s->open);
        if (ff_runway_plan_add(ff_runway_pipeline_plan(s->pipeline), job, 0,
                               &err))
            ret = ff_runway_report(s->set->log_ctx, &err);
        goto end;
    }
    if (job->index == 1)
        log_price(s, job, s->is_ending);
    node = append_node(s);
    if (!node) {
        ret = AVERROR(ENOMEM);
        goto end;
    }
    FFSWAP(RunwayClip *, node->clip, s->open);
    FFSWAP(RunwayPicture *, node->keyframes, keyframes);
    FFSWAP(int, node->nb_spooled, s->nb_spooled);
    node->nb_shared = s->nb_shared;
    node->shot  = s->shot;
    node->index = job->index;
    if (ff_runway_pipeline_admit(s->pipeline, &job, &err))
        ret = ff_runway_report(s->set->log_ctx, &err);
end:
    if (ret < 0) /* half closed */
        ff_runway_clip_free(&s->open);
    av_free(keyframes);
    ff_runway_job_free(&job);
    return ret;
}

/* The same, and whatever comes next begins anew. */
static int close_clip(RunwaySequence *s)
{
    int ret;

    discard_ahead(s);
    ret = send_clip(s);
    s->nb_shared = 0;
    return ret;
}

/* The open clip is full: go on with the one that was begun ahead, if any. */
static int close_full(RunwaySequence *s)
{
    int ret = send_clip(s);

    s->nb_shared = 0;
    if (ret < 0 || !s->ahead)
        return ret;
    FFSWAP(RunwayClip *, s->open, s->ahead);
    s->frame        = s->ahead_frame;
    s->max_duration = s->ahead_duration;
    s->first_pts    = s->ahead_pts;
    s->nb_shared    = ff_runway_clip_nb_frames(s->open);
    ff_runway_clip_set_ahead(s->open, 0);
    return 0;
}

int ff_runway_sequence_cut(RunwaySequence *s)
{
    return close_clip(s);
}

int64_t ff_runway_sequence_clip_length(const RunwaySequence *s)
{
    return s->max_duration;
}

int ff_runway_sequence_change(RunwaySequence *s)
{
    const RunwayRequest *request = &s->set->request, *now = &s->request;
    int ret = 0;

    if (s->set->take != s->take || request->seed != now->seed ||
        request->references != now->references ||
        !request->prompt != !now->prompt ||
        (request->prompt && strcmp(request->prompt, now->prompt))) {
        ret = close_clip(s);
        s->shot++;
    }
    s->request = *request;
    s->take    = s->set->take;
    return ret;
}

/* Against mistakes of time stamps, which once cost a task for each frame: a first
 * clip that ends with its first frame, although another that ends at end is short
 * enough to be in it. */
static int check_first(const RunwaySequence *s, int64_t end)
{
    if (s->nb_clips != 1 || ff_runway_clip_nb_frames(s->open) != 1 ||
        s->set->timing != RUNWAY_TIMING_SOURCE || end > s->max_duration)
        return 0;
    av_log(s->set->log_ctx, AV_LOG_ERROR, "the first clip would end with its "
           "first frame, and the next one ends after %.3f s; nothing was sent "
           "(internal error)\n", end / 1e6);
    return AVERROR_BUG;
}

/* A frame of the open clip's end begins the next clip, or is in it too. */
static int add_ahead(RunwaySequence *s, const AVFrame *frame, int64_t length)
{
    int64_t time = av_rescale_q(frame->pts - s->first_pts, s->config.time_base,
                                AV_TIME_BASE_Q);
    RunwayClip *open = s->open;
    int ret;

    if (s->ahead)
        return ff_runway_clip_add(s->ahead, frame, length);
    /* half a frame for times that were rounded */
    if (s->set->seam != RUNWAY_SEAM_MODE_BLEND ||
        time + FFMIN(length, STAND_MAX) / 2 <
        s->max_duration - s->set->overlap)
        return 0;
    s->ahead_frame    = s->frame;
    s->ahead_duration = s->max_duration;
    s->ahead_pts      = s->first_pts;
    s->open = NULL;
    ret = open_clip(s, frame, length, 1);
    s->ahead = s->open;
    s->open  = open;
    FFSWAP(int64_t, s->ahead_frame, s->frame);
    FFSWAP(int64_t, s->ahead_duration, s->max_duration);
    FFSWAP(int64_t, s->ahead_pts, s->first_pts);
    return ret;
}

enum { CLIP_FULL = 1, CLIP_CUT };

/* Whether a clip should end before this frame, and why. @return 0, one of these,
 * AVERROR */
static int ends_clip(RunwaySequence *s, const AVFrame *frame, int64_t length)
{
    double score = 0;

    if (s->scene) {
        score = ff_runway_scene_score(s->scene, frame);
        if (score < 0)
            return (int)score;
    }
    if (!s->open)
        return 0;
    if (!ff_runway_clip_fits(s->open, frame, length)) {
        int64_t time = av_rescale_q(frame->pts - s->first_pts,
                                    s->config.time_base, AV_TIME_BASE_Q);
        int ret = check_first(s, FFMIN(time, STAND_MAX) +
                                 FFMIN(length, STAND_MAX));

        return ret < 0 ? ret : CLIP_FULL;
    }
    if (frame->width != s->width || frame->height != s->height ||
        frame->format != s->format)
        return CLIP_CUT;
    /* a cut soon after a clip's beginning does not pay: what is shorter than
     * the model takes has to be filled up, and the filling is paid for */
    return s->scene && score >= s->set->scene &&
           ff_runway_clip_is_long_enough(s->open) ? CLIP_CUT : 0;
}

/* Keep a copy of a frame behind what is in line already. */
static int spool_frame(RunwaySequence *s, const AVFrame *frame)
{
    if (!s->spool)
        s->spool = ff_runway_spool_create(RUNWAY_SPOOL_SIZE, 0,
                                          s->set->log_ctx);
    if (!s->spool)
        return AVERROR(ENOMEM);
    return ff_runway_spool_put(s->spool, frame);
}

int ff_runway_sequence_add(RunwaySequence *s, const AVFrame *frame,
                           int64_t length)
{
    int ret = ends_clip(s, frame, length);

    if (ret > 0)
        ret = ret == CLIP_FULL ? close_full(s) : close_clip(s);
    if (ret < 0)
        return ret;
    ret = s->open ? ff_runway_clip_add(s->open, frame, length)
                  : open_clip(s, frame, length, 0);
    if (ret >= 0)
        ret = add_ahead(s, frame, length);
    if (ret < 0)
        return ret;
    if (keeps_source(s)) {
        ret = spool_frame(s, frame);
        if (ret < 0)
            return ret;
        s->nb_spooled++;
    }
    if (ff_runway_clip_is_full(s->open)) {
        ret = check_first(s, 2 * FFMIN(length, STAND_MAX));
        return ret < 0 ? ret : close_full(s);
    }
    /* a clip that leaves no place for its next source frame would wait forever
     * to be completed */
    return (keeps_source(s) &&
            !ff_runway_spool_has_room(s->spool, frame->format, frame->width,
                                      frame->height)) ||
           (s->alpha && !alpha_has_room(s, frame->format, frame->width,
                                        frame->height)) ? close_clip(s) : 0;
}

/* A frame that comes out as it is, behind what is in line already. */
static int line_up(RunwaySequence *s, const AVFrame *frame, int *now)
{
    int ret;

    *now = !s->head;
    if (*now)
        return 0;
    ret = spool_frame(s, frame);
    if (ret < 0)
        return ret;
    if ((s->tail->clip || s->tail->index) && !append_node(s))
        return AVERROR(ENOMEM);
    s->tail->nb_spooled++;
    return 0;
}

int ff_runway_sequence_add_unsent(RunwaySequence *s, const AVFrame *frame,
                                  int *now)
{
    RunwayClip *clip = s->open ? s->open : s->tail ? s->tail->clip : NULL;
    int ret;

    *now = 0;
    if (s->set->policy.dry_run)
        return 0;
    /* nothing is left of the neighbour: its own picture is as good */
    if (!clip)
        return line_up(s, frame, now);
    ret = ff_runway_clip_add_unsent(clip, frame);
    if (ret < 0 || !keeps_source(s))
        return ret;
    ret = spool_frame(s, frame);
    if (ret >= 0)
        (*(s->open ? &s->nb_spooled : &s->tail->nb_spooled))++;
    return ret;
}

int ff_runway_sequence_pass(RunwaySequence *s, const AVFrame *frame, int *now)
{
    int ret = close_clip(s);

    *now = 0;
    return ret < 0 ? ret : line_up(s, frame, now);
}

int ff_runway_sequence_end(RunwaySequence *s, int discard)
{
    int ret;

    if (discard)
        ff_runway_clip_free(&s->open);
    s->is_ending = 1;
    ret = close_clip(s);
    ff_runway_pipeline_complete(s->pipeline);
    for (int i = 0; ret >= 0 && !discard && i < s->set->nb_keyframes; i++)
        if (!s->keyframe_used[i])
            av_log(s->set->log_ctx, AV_LOG_WARNING, "keyframe: there is no "
                   "clip at %.3f s, so that keyframe was not used\n",
                   s->set->keyframes[i].seconds);
    return ret;
}

int ff_runway_sequence_is_empty(const RunwaySequence *s)
{
    return !s->head && !s->open;
}

/* A clip has failed: its source frames stand in for it. */
static void keep_source(RunwaySequence *s, Node *node)
{
    av_log(s->set->log_ctx, AV_LOG_WARNING, "clip %d is replaced by its source "
           "frames (on_error=source)\n", node->index);
    if (s->alpha)
        node->nb_alpha = ff_runway_clip_nb_alpha(node->clip);
    ff_runway_clip_free(&node->clip);
    if (node == s->head)
        drop_alpha(s);
    ff_runway_job_free(&node->job);
    s->nb_kept++;
}

static int mark_source(RunwaySequence *s, AVFrame *frame, int index)
{
    AVRational in = s->config.time_base, out = s->config.out_time_base;
    int ret = av_dict_set_int(&frame->metadata, "lavfi.runway_v2v.clip", index,
                              0);

    if (ret >= 0)
        ret = av_dict_set(&frame->metadata, "lavfi.runway_v2v.origin",
                          "source", 0);
    if (frame->pts != AV_NOPTS_VALUE)
        frame->pts = av_rescale_q(frame->pts, in, out);
    RUNWAY_FRAME_DURATION(frame) =
        av_rescale_q(RUNWAY_FRAME_DURATION(frame), in, out);
    return ret;
}

/* The result of a clip is there: begin to read it. */
static int open_result(RunwaySequence *s, Node *node)
{
    int ret = ff_runway_clip_open_result(node->clip, node->job->result_fd,
                                         node->job->result_size,
                                         node->job->now.task_id);

    ff_runway_clip_skip(node->clip, node->nb_shared);
    if (ret >= 0 && node != s->head) {
        ff_runway_clip_blend(s->head->clip, node->clip);
        return ret;
    }
    /* a new prompt is a new look */
    if (ret < 0 || s->joint_shot != node->shot)
        return ret;
    return ff_runway_clip_match(node->clip, &s->joint);
}

/* The first in line is out. */
static void finish_clip(RunwaySequence *s)
{
    const Node *node = s->head;

    s->joint_shot = -1;
    if (s->set->seam != RUNWAY_SEAM_MODE_NONE &&
        s->set->timing == RUNWAY_TIMING_SOURCE &&
        ff_runway_clip_joint(node->clip, &s->joint))
        s->joint_shot = node->shot;
    log_emitted(s, node->nb_out, "generated");
    ff_runway_pipeline_emitted(s->pipeline, node->job->identity);
    if (s->spool)
        ff_runway_spool_drop(s->spool, node->nb_spooled);
    remove_head(s);
}

/* The clip whose result is wanted next: the first in line, or, where frames come
 * that the second one shows too, that one. NULL: it is not closed yet. @return
 * whether it is wanted */
static int wants_result(const RunwaySequence *s, Node **node)
{
    const RunwayClip *later;

    *node = s->head;
    if (!s->head || (s->head->clip && !ff_runway_clip_is_open(s->head->clip)))
        return 1;
    if (!s->head->clip)
        return 0;
    *node = s->head->next;
    later = *node ? (*node)->nb_shared ? (*node)->clip : NULL
                  : s->nb_shared ? s->open : NULL;
    return later && ff_runway_clip_reaches(s->head->clip, later) &&
           !ff_runway_clip_is_open(later);
}

int ff_runway_sequence_ready(RunwaySequence *s, int64_t timeout)
{
    RunwayJob *job = NULL;
    Node *node;
    RunwayError err;
    int ret;

    if (!wants_result(s, &node))
        return 1;
    /* asked without a clip in flight too: an error must not wait for one */
    if (ff_runway_pipeline_take(s->pipeline, timeout, &job, &err))
        return ff_runway_report(s->set->log_ctx, &err);
    if (!job)
        return 0;
    if (!job->error.outcome) {
        FFSWAP(RunwayJob *, node->job, job);
        ret = open_result(s, node);
        if (ret >= 0 || ret == AVERROR_EXIT || !keeps_source(s))
            return ret < 0 ? ret : 1;
    } else {
        av_log(s->set->log_ctx, AV_LOG_WARNING, "%s\n", job->error.text);
    }
    ff_runway_job_free(&job);
    keep_source(s, node);
    return 1;
}

int ff_runway_sequence_next(RunwaySequence *s, AVFrame **frame)
{
    Node *node = s->head;
    int ret, was_clip = !!node->clip;

    if (was_clip) {
        ret = ff_runway_clip_next(node->clip, frame, s->config.get_buffer,
                                  s->config.opaque);
        if (ret < 0)
            return ret;
        node->nb_out++;
        if (ff_runway_clip_is_done(node->clip))
            finish_clip(s);
    } else {
        ret = ff_runway_spool_take(s->spool, frame);
        if (ret > 0 && node->index)
            ret = mark_source(s, *frame, node->index);
        if (ret < 0)
            return ret;
        node->nb_out++;
        s->joint_shot = -1;
        if (!--node->nb_spooled) {
            if (node->index)
                log_emitted(s, node->nb_out, "source");
            remove_head(s);
        }
    }
    return 0;
}

int ff_runway_sequence_settle(RunwaySequence *s, int64_t timeout)
{
    RunwayError err;
    int settled;

    if (ff_runway_pipeline_settle(s->pipeline, timeout, &settled, &err))
        return ff_runway_report(s->set->log_ctx, &err);
    return settled;
}

void ff_runway_sequence_totals(RunwaySequence *s, RunwayTotals *totals)
{
    ff_runway_pipeline_totals(s->pipeline, totals);
}

int ff_runway_sequence_nb_kept(const RunwaySequence *s)
{
    return s->nb_kept;
}

void ff_runway_sequence_stop(RunwaySequence *s)
{
    ff_runway_pipeline_stop(s->pipeline);
}

void ff_runway_sequence_cancel(RunwaySequence *s)
{
    ff_runway_pipeline_cancel(s->pipeline);
}

void ff_runway_sequence_status(RunwaySequence *s, RunwayPipelineStatus *status)
{
    ff_runway_pipeline_status(s->pipeline, status);
}
