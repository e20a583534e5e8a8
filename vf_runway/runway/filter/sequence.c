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
#include <stdio.h>
#include <string.h>

#include "libavutil/avstring.h"
#include "libavutil/mathematics.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "../base/disk.h"
#include "sequence_internal.h"

/* scene=auto: the score of a cut at which a clip ends */
#define SCENE_AUTO 10

/* Whether a clip of that many seconds that begins at start has the keyframe. */
static int is_touched(const RunwayPicture *keyframe, double start,
                      double length)
{
    return FFMAX(keyframe->seconds, keyframe->range_end) >= start - 1e-6 &&
           keyframe->seconds < start + length - 1e-6;
}

/* What no clip of that many seconds can have together is an error now: where
 * clips end is known when others are paid for already. Only a clip with frames
 * that stand still reaches further. */
static int check_keyframes(const RunwaySettings *set, double length)
{
    const RunwayPicture *k = set->keyframes;
    const RunwayModel *m = set->request.model;

    for (int i = 0; i < set->nb_keyframes; i++) {
        /* a clip that begins where this one ends */
        double start = FFMAX(k[i].seconds, k[i].range_end);
        int nb = 0;

        for (int j = 0; j < set->nb_keyframes; j++) {
            if (!is_touched(&k[j], start, length))
                continue;
            nb++;
            if (!(k[i].range_end > 0) != !(k[j].range_end > 0)) {
                av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: those at %g s and "
                       "%g s can be in one clip of %g s, but only one of them "
                       "has a range; give both of them a range, or neither\n",
                       k[i].seconds, k[j].seconds, length);
                return AVERROR(EINVAL);
            }
        }
        if (m->max_keyframes && nb > m->max_keyframes) {
            av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: %d, from %g s on, can "
                   "be in one clip of %g s, but model %s supports %d; use a "
                   "shorter clip_duration\n", nb, start, length,
                   set->request.model_name, m->max_keyframes);
            return AVERROR(EINVAL);
        }
    }
    return 0;
}

/* The same of what is in a clip that begins with a still. */
static int check_still(const RunwaySettings *set, const RunwayStill *still,
                       double length)
{
    const RunwayModel *m = set->request.model;
    int nb = 1, is_used = 1;

    for (int i = 0; i < set->nb_keyframes; i++) {
        const RunwayPicture *k = &set->keyframes[i];

        if (!is_touched(k, still->seconds, length))
            continue;
        if (k->range_end > 0) {
            av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: the one at %g s has a "
                   "range and can be in one clip with %s of keyframe_dir, which "
                   "has none\n", k->seconds, still->path);
            return AVERROR(EINVAL);
        }
        nb++;
        /* it takes the still's place */
        is_used &= fabs(k->seconds - still->seconds) > 1e-6;
    }
    if (!is_used || !m->max_keyframes || nb <= m->max_keyframes)
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: %d can be in one clip with %s "
           "of keyframe_dir, but model %s supports %d; leave out one of them, "
           "or the still\n", nb - 1, still->path, set->request.model_name,
           m->max_keyframes);
    return AVERROR(EINVAL);
}

static int check_stills(const RunwaySettings *set, double length)
{
    int ret = 0;

    for (int i = 0; ret >= 0 && i < set->nb_stills; i++) {
        double at = set->stills[i].seconds, end = at + length;

        /* where a clip begins, the one before it ends; one that begins where
         * there is no still is seen when it is there */
        for (int k = 0; k < set->nb_stills; k++)
            if (set->stills[k].seconds > at)
                end = fmin(end, set->stills[k].seconds);
        ret = check_still(set, &set->stills[i], end - at);
    }
    return ret;
}

/* A length that clips cannot have is moved to where they can: never in silence,
 * as it changes what they cost. */
static int check_clip_duration(const RunwaySettings *set)
{
    int64_t longest = ff_runway_sequence_longest(set);
    int ret;

    if (set->clip_duration && longest != set->clip_duration)
        av_log(set->log_ctx, AV_LOG_WARNING, "clip_duration: %g s is %s than "
               "model %s supports; clips are %g s long\n",
               set->clip_duration / 1e6,
               longest < set->clip_duration ? "more" : "less",
               set->request.model_name, longest / 1e6);
    if (2 * set->overlap > longest) {
        av_log(set->log_ctx, AV_LOG_ERROR, "overlap: %g s is more than half of "
               "a clip; at most %g s can be shared by clips of %g s\n",
               set->overlap / 1e6, longest / 2e6, longest / 1e6);
        return AVERROR(EINVAL);
    }
    ret = check_keyframes(set, longest / 1e6);
    return ret < 0 ? ret : check_stills(set, longest / 1e6);
}

/* Pixels that a result may have: each takes memory, up to 17 times for H.264's
 * references, so there is room for what the model is known to make, and some. */
static int64_t most_pixels(const RunwaySequenceConfig *config)
{
    const RunwayRequest *r = &config->set->request;
    const char *ratio = r->ratio ? r->ratio : "auto";
    int64_t known = r->extra ? -1 : ff_runway_largest_result(r->model, ratio);
    int64_t asked = config->pixels;

    /* as large as its clip, and a later one may be larger than the first */
    if (!known)
        known = FFMIN((int64_t)r->model->max_width * r->model->max_height,
                      RUNWAY_RESULT_PIXELS);
    if (known <= 0)
        return FFMAX(asked, RUNWAY_RESULT_PIXELS);
    known += known / 4; /* 4K is 4096x2304 to some, and lines are rounded */
    asked  = FFMAX(asked, FFMIN(4 * asked, RUNWAY_RESULT_PIXELS));
    return FFMAX3(known, asked, RUNWAY_RESULT_LEAST);
}

int ff_runway_sequence_create(RunwaySequence **sequence,
                              const RunwaySequenceConfig *config)
{
    const RunwaySettings *set = config->set;
    RunwaySequence *s = av_mallocz(sizeof(*s));
    const RunwayPipelineConfig pipeline = {
        .client           = set->client,
        .policy           = &set->policy,
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
    s->limits.policy  = &set->policy;
    s->limits.pixels  = most_pixels(config);
    s->limits.whole   = set->policy.on_error == RUNWAY_ON_ERROR_SOURCE ||
                        config->forgets;
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
    if (set->nb_stills) {
        s->still_used = av_calloc(set->nb_stills, 1);
        if (!s->still_used)
            goto fail;
    }
    if (set->scene && !(s->scene = ff_runway_scene_create()))
        goto fail;
    if (ff_runway_pipeline_create(&pipeline, &s->pipeline, &err)) {
        ret = ff_runway_report(set->log_ctx, &err);
        goto fail;
    }
    if (set->policy.dry_run && config->is_assumed)
        ff_runway_plan_assume(ff_runway_pipeline_plan(s->pipeline));
    ret = check_clip_duration(set);
    if (ret >= 0 && set->stills_dir &&
        ff_runway_disk_make_dir("stills_dir", set->stills_dir, &err))
        ret = ff_runway_report(set->log_ctx, &err);
    if (ret < 0)
        goto fail;
    *sequence = s;
    return 0;

fail:
    ff_runway_sequence_free(&s);
    return ret;
}

void ff_runway_sequence_free(RunwaySequence **sequence)
{
    RunwaySequence *s = *sequence;

    if (!s)
        return;
    ff_runway_pipeline_free(&s->pipeline);
    while (s->head)
        ff_runway_sequence_remove_head(s);
    ff_runway_clip_free(&s->open);
    ff_runway_clip_free(&s->ahead);
    ff_runway_spool_free(&s->spool);
    ff_runway_spool_free(&s->alpha);
    ff_runway_scene_free(&s->scene);
    av_freep(&s->keyframe_used);
    av_freep(&s->still_used);
    av_freep(sequence);
}

int ff_runway_sequence_keeps_source(const RunwaySequence *s)
{
    return s->set->policy.on_error == RUNWAY_ON_ERROR_SOURCE &&
           !s->set->policy.dry_run;
}

/* Whether no clip may begin, as those that are closed have the disk. But the one
 * in line may end with frames that the open one shows too: it comes out when that
 * one is complete. */
static int is_spool_full(const RunwaySequence *s)
{
    return !(s->open && s->nb_shared && s->head == s->tail) &&
           (ff_runway_spool_is_full(s->spool) ||
            ff_runway_spool_is_full(s->alpha));
}

int ff_runway_sequence_accepts(RunwaySequence *s)
{
    if (!s->open)
        ff_runway_sequence_mark_spools(s);
    return ff_runway_pipeline_accepts(s->pipeline) && !is_spool_full(s);
}

RunwayPipeline *ff_runway_sequence_pipeline(RunwaySequence *s)
{
    return s->pipeline;
}

/* The clip that was begun ahead is not wanted: the open one ends early. */
static void discard_ahead(RunwaySequence *s)
{
    s->nb_clips -= !!s->ahead;
    ff_runway_clip_free(&s->ahead);
}

/* The same, and whatever comes next begins anew. */
int ff_runway_sequence_cut(RunwaySequence *s)
{
    int ret;

    discard_ahead(s);
    ret = ff_runway_sequence_send_clip(s);
    s->nb_shared = 0;
    return ret;
}

/* The open clip is full: go on with the one that was begun ahead, if any. */
static int close_full(RunwaySequence *s)
{
    int ret = ff_runway_sequence_send_clip(s);

    s->nb_shared = 0;
    if (ret < 0 || !s->ahead)
        return ret;
    FFSWAP(RunwayClip *, s->open, s->ahead);
    s->frame        = s->ahead_frame;
    s->max_duration = s->ahead_duration;
    s->nb_shared    = ff_runway_clip_nb_frames(s->open);
    ff_runway_clip_set_ahead(s->open, 0);
    return 0;
}

int64_t ff_runway_sequence_clip_length(const RunwaySequence *s)
{
    return s->max_duration - s->set->overlap;
}

int ff_runway_sequence_change(RunwaySequence *s)
{
    RunwayRequest next = s->set->request;
    const RunwayRequest *now = &s->request;
    int ret = 0;

    /* a seed that is not sent is no change, but it is in clips' identities */
    if (!(next.model->fields & RUNWAY_FIELD_SEED))
        next.seed = now->seed;
    if (s->set->take != s->take || next.seed != now->seed ||
        next.references != now->references ||
        !next.prompt != !now->prompt ||
        (next.prompt && strcmp(next.prompt, now->prompt))) {
        ret = ff_runway_sequence_cut_early(s);
        s->shot++;
    }
    s->request = next;
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
    RunwayClip *open = s->open;
    int ret;

    if (s->ahead)
        return ff_runway_clip_add(s->ahead, frame, length);
    /* half a frame for times that were rounded */
    if (s->set->seam != RUNWAY_SEAM_MODE_BLEND ||
        ff_runway_clip_left(open, length) +
        FFMIN(length, RUNWAY_STAND_MAX) / 2 > s->set->overlap)
        return 0;
    s->ahead_frame    = s->frame;
    s->ahead_duration = s->max_duration;
    s->open = NULL;
    ret = ff_runway_sequence_open_clip(s, frame, length, 1);
    s->ahead = s->open;
    s->open  = open;
    FFSWAP(int64_t, s->ahead_frame, s->frame);
    FFSWAP(int64_t, s->ahead_duration, s->max_duration);
    return ret;
}

enum { CLIP_FULL = 1, CLIP_CUT, CLIP_OTHER };

/* Whether the open clip ends at a cut of that score. */
static int is_cut(const RunwaySequence *s, double score)
{
    /* nothing but what the clip before shows too: that one ends here */
    int is_shown = s->nb_shared == ff_runway_clip_nb_frames(s->open);

    /* a cut soon after a clip's beginning does not pay: what is shorter than
     * the model takes has to be filled up, and the filling is paid for */
    if (!s->scene || (!is_shown && !ff_runway_clip_is_long_enough(s->open)))
        return 0;
    return s->set->scene > 0 ? score >= s->set->scene
                             : score >= SCENE_AUTO &&
                               (is_shown || ff_runway_clip_end(s->open) >=
                                                s->max_duration / 3 * 2);
}

/* Whether a clip should end before this frame, and why. @return 0, one of these,
 * AVERROR */
static int ends_clip(RunwaySequence *s, const AVFrame *frame, int64_t length)
{
    double score = 0;
    int ret;

    if (s->scene) {
        score = ff_runway_scene_score(s->scene, frame);
        if (score < 0)
            return (int)score;
    }
    if (!s->open)
        return 0;
    if (!ff_runway_clip_accepts(s->open, frame))
        return CLIP_OTHER;
    if (is_cut(s, score))
        return CLIP_CUT;
    if (ff_runway_clip_fits(s->open, frame, length))
        return 0;
    ret = check_first(s, ff_runway_clip_end(s->open) +
                         FFMIN(length, RUNWAY_STAND_MAX));
    return ret < 0 ? ret : CLIP_FULL;
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
        ret = ret == CLIP_FULL  ? close_full(s) :
              ret == CLIP_OTHER ? ff_runway_sequence_cut_early(s) :
                                  ff_runway_sequence_cut(s);
    if (ret < 0)
        return ret;
    ret = s->open ? ff_runway_clip_add(s->open, frame, length)
                  : ff_runway_sequence_open_clip(s, frame, length, 0);
    if (ret >= 0)
        ret = add_ahead(s, frame, length);
    if (ret < 0)
        return ret;
    if (ff_runway_sequence_keeps_source(s)) {
        ret = spool_frame(s, frame);
        if (ret < 0)
            return ret;
        s->nb_spooled++;
    }
    if (!ff_runway_clip_is_full(s->open))
        return 0;
    ret = check_first(s, 2 * FFMIN(length, RUNWAY_STAND_MAX));
    return ret < 0 ? ret : close_full(s);
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
    if ((s->tail->clip || s->tail->index) && !ff_runway_sequence_append(s))
        return AVERROR(ENOMEM);
    s->tail->nb_spooled++;
    return 0;
}

int ff_runway_sequence_add_unsent(RunwaySequence *s, const AVFrame *frame,
                                  int *now)
{
    /* the frame before is that of the clip before where both show it */
    int in_open = s->open && s->nb_shared < ff_runway_clip_nb_frames(s->open);
    RunwayClip *clip = in_open ? s->open : s->tail ? s->tail->clip : NULL;
    int ret;

    *now = 0;
    if (s->set->policy.dry_run) /* it counts in where the clip ends */
        return in_open ? ff_runway_clip_add_unsent(s->open, frame) : 0;
    /* nothing is left of the neighbour: its own picture is as good */
    if (!clip)
        return line_up(s, frame, now);
    ret = ff_runway_clip_add_unsent(clip, frame);
    if (ret < 0 || !ff_runway_sequence_keeps_source(s))
        return ret;
    ret = spool_frame(s, frame);
    if (ret >= 0)
        (*(in_open ? &s->nb_spooled : &s->tail->nb_spooled))++;
    return ret;
}

int ff_runway_sequence_pass(RunwaySequence *s, const AVFrame *frame, int *now)
{
    int ret = ff_runway_sequence_cut_early(s);

    s->shot++;
    *now = 0;
    return ret < 0 ? ret : line_up(s, frame, now);
}

int ff_runway_sequence_end(RunwaySequence *s, int discard)
{
    int ret;

    if (discard)
        ff_runway_clip_free(&s->open);
    s->is_ending = 1;
    ret = ff_runway_sequence_cut(s);
    ff_runway_pipeline_complete(s->pipeline);
    for (int i = 0; ret >= 0 && !discard && i < s->set->nb_keyframes; i++)
        if (!s->keyframe_used[i])
            av_log(s->set->log_ctx, AV_LOG_WARNING, "keyframe: there is no "
                   "clip at %.3f s, so this keyframe was not used\n",
                   s->set->keyframes[i].seconds);
    for (int i = 0; ret >= 0 && !discard && i < s->set->nb_stills; i++)
        if (!s->still_used[i])
            av_log(s->set->log_ctx, AV_LOG_WARNING, "keyframe_dir: no clip "
                   "begins at %.3f s, so %s was not used\n",
                   s->set->stills[i].seconds, s->set->stills[i].path);
    return ret;
}

int ff_runway_sequence_is_empty(const RunwaySequence *s)
{
    return !s->head && !s->open;
}

int ff_runway_sequence_settle(RunwaySequence *s, int64_t timeout)
{
    RunwayError err;
    int settled;

    if (ff_runway_pipeline_settle(s->pipeline, timeout, &settled, &err))
        return ff_runway_report(s->set->log_ctx, &err);
    return settled;
}

int ff_runway_sequence_nb_kept(const RunwaySequence *s)
{
    return s->nb_kept;
}
