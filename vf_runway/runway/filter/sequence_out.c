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

/**
 * @file
 * Frames come out: generated ones, those that stand in for a clip that failed,
 * and those that pass through.
 */

#include <stdlib.h>

#include "libavutil/mathematics.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "sequence_internal.h"

RunwaySequenceNode *ff_runway_sequence_append(RunwaySequence *s)
{
    RunwaySequenceNode *node = av_mallocz(sizeof(*node));

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
    RunwaySequenceNode *node = s->head;

    if (!s->alpha)
        return;
    if (node->clip)
        node->nb_alpha = ff_runway_clip_nb_alpha(node->clip);
    ff_runway_spool_drop(s->alpha, node->nb_alpha);
    node->nb_alpha = 0;
}

void ff_runway_sequence_remove_head(RunwaySequence *s)
{
    RunwaySequenceNode *node = s->head;

    drop_alpha(s);
    s->head = node->next;
    if (!s->head)
        s->tail = NULL;
    ff_runway_clip_free(&node->clip);
    ff_runway_job_free(&node->job);
    av_free(node->keyframes);
    free(node->still);
    av_free(node);
    if (s->head && !s->head->clip)
        drop_alpha(s);
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

/* A clip has failed: its source frames stand in for it. */
static void keep_source(RunwaySequence *s, RunwaySequenceNode *node)
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
    char number[16];
    int ret;

    snprintf(number, sizeof(number), "%d", index);
    ret = ff_runway_clip_mark(&frame->metadata, s->config.filter, "clip",
                              number);
    if (ret >= 0)
        ret = ff_runway_clip_mark(&frame->metadata, s->config.filter, "origin",
                                  "source");
    if (frame->pts != AV_NOPTS_VALUE)
        frame->pts = av_rescale_q(frame->pts, in, out);
    RUNWAY_FRAME_DURATION(frame) =
        av_rescale_q(RUNWAY_FRAME_DURATION(frame), in, out);
    return ret;
}

/* A result that the checks let pass turns out to be damaged: of the first in
 * line, or of the one whose first frames that shows too. Other errors are logged.
 * @return error */
static int give_up(RunwaySequence *s, RunwaySequenceNode *node, int error)
{
    if (node->next && node->next->job && node->next->clip &&
        !ff_runway_clip_damage(node->clip))
        node = node->next;
    if (error != AVERROR_INVALIDDATA || !ff_runway_clip_damage(node->clip))
        return error;
    ff_runway_pipeline_refuse(s->pipeline, node->job,
                              ff_runway_clip_damage(node->clip));
    return ff_runway_report(s->set->log_ctx, &node->job->error);
}

/* The result of a clip is there: begin to read it. */
static int open_result(RunwaySequence *s, RunwaySequenceNode *node)
{
    int ret = ff_runway_clip_open_result(node->clip, &s->limits,
                                         node->job->result_fd,
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
    const RunwaySequenceNode *node = s->head;

    s->joint_shot = -1;
    if (s->set->seam != RUNWAY_SEAM_MODE_NONE &&
        s->set->timing == RUNWAY_TIMING_SOURCE &&
        ff_runway_clip_joint(node->clip, &s->joint))
        s->joint_shot = node->shot;
    log_emitted(s, node->nb_out, "generated");
    ff_runway_pipeline_emitted(s->pipeline, node->job->identity);
    if (s->spool)
        ff_runway_spool_drop(s->spool, node->nb_spooled);
    ff_runway_sequence_remove_head(s);
}

/* The clip whose result is wanted next: the first in line, or, where frames come
 * that the second one shows too, that one. NULL: it is not closed yet. @return
 * whether it is wanted */
static int wants_result(const RunwaySequence *s, RunwaySequenceNode **node)
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

int ff_runway_sequence_is_filled(const RunwaySequence *s, const AVFrame *frame,
                                 int64_t length)
{
    return s->open && ff_runway_clip_fits(s->open, frame, length) &&
           !ff_runway_clip_fits(s->open, frame, 2 * length);
}

int ff_runway_sequence_ready(RunwaySequence *s, int64_t timeout)
{
    RunwayJob *job = NULL;
    RunwaySequenceNode *node;
    RunwayError err;
    int ret;

    /* the first frame of a clip may be one that the next clip shows too */
    for (; wants_result(s, &node); timeout = 0) {
        /* asked without a clip in flight too: an error must not wait for one */
        ret = ff_runway_pipeline_take(s->pipeline, timeout, &job, &err);
        if (!ret && !job)
            return 0;
        s->config.arrived(s->config.opaque);
        if (ret)
            return ff_runway_report(s->set->log_ctx, &err);
        if (!job->error.outcome) {
            FFSWAP(RunwayJob *, node->job, job);
            ret = open_result(s, node);
            if (ret >= 0)
                continue;
            /* anything else is not the result's fault, which is good when the
             * same command runs again */
            ret = give_up(s, node, ret);
            if (ret != AVERROR_INVALIDDATA ||
                !ff_runway_sequence_keeps_source(s)) {
                ff_runway_pipeline_cancel(s->pipeline);
                return ret;
            }
        } else {
            av_log(s->set->log_ctx, AV_LOG_WARNING, "%s\n", job->error.text);
        }
        ff_runway_job_free(&job);
        keep_source(s, node);
    }
    return 1;
}

int ff_runway_sequence_next(RunwaySequence *s, AVFrame **frame)
{
    RunwaySequenceNode *node = s->head;
    int ret, was_clip = !!node->clip;

    if (was_clip) {
        ret = ff_runway_clip_next(node->clip, frame, s->config.get_buffer,
                                  s->config.opaque);
        if (ret < 0) {
            ff_runway_pipeline_cancel(s->pipeline);
            return give_up(s, node, ret);
        }
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
            ff_runway_sequence_remove_head(s);
        }
    }
    return 0;
}
