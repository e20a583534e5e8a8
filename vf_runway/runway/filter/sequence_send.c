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
 * A clip is closed, priced, given its keyframes, and sent; and what is logged
 * of it.
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "libavutil/avstring.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "../media/still.h"
#include "../engine/plan.h"
#include "sequence_internal.h"

/* What a clip of that length costs. */
static int64_t price(const RunwaySequence *s, const RunwayRequest *request,
                     int64_t length)
{
    const RunwayPriced priced = {
        .duration      = length,
        .frame         = s->frame,
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
    const double most = s->max_duration / 1e6, overlap = s->set->overlap / 1e6;
    double second = price(s, &s->request, s->max_duration) / most;
    double start, end, left, sent;

    ff_runway_clip_extent(s->open, &start, &end);
    left = s->config.end / 1e6 - start;
    /* each clip but the first begins with what the one before it shows too */
    sent = left + overlap * ceil(fmax(left - most, 0) / (most - overlap));
    if (job->credits < 0)
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: not known for model %s\n",
               s->request.model_name);
    else if (is_all)
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: 1 clip, %"PRId64" "
               "credits\n", job->credits);
    else if (s->config.end != AV_NOPTS_VALUE)
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: %.4g credits a second, "
               "about %.0f for at most %.2f s of film\n", second,
               ceil(second * sent), left);
    else
        av_log(s->set->log_ctx, AV_LOG_INFO, "price: %.4g credits a second, "
               "%"PRId64" for the first clip; the length of the film is not "
               "known to a filter (dry_run=1 shows the total)\n", second,
               job->credits);
}

int ff_runway_sequence_cut_early(RunwaySequence *s)
{
    /* no task costs less than its model's shortest clip, or a second */
    const int64_t least = FFMAX(s->request.model->min_duration, AV_TIME_BASE);
    int64_t *oldest = &s->early[s->nb_early % RUNWAY_EARLY_MAX], since, credits;
    double start, end;
    char cost[48] = "";

    if (!s->open || s->nb_shared == ff_runway_clip_nb_frames(s->open))
        return ff_runway_sequence_cut(s);
    ff_runway_clip_extent(s->open, &start, &end);
    since   = llrint(1e6 * end) - *oldest;
    *oldest += since;
    if (s->nb_early++ < RUNWAY_EARLY_MAX || since < 0 || since >= least)
        return ff_runway_sequence_cut(s);
    credits = price(s, &s->request, least);
    if (credits >= 0)
        snprintf(cost, sizeof(cost), ", %"PRId64" credits", credits);
    av_log(s->set->log_ctx, AV_LOG_ERROR, "enable, commands, or changes in the "
           "input's size, format or pixel shape end a clip every few frames, %d "
           "within %.2f s of film at %.2f s, and each costs what %g s cost%s; "
           "let them change less often, or put scale in front against sizes "
           "that change, or generate the whole film and choose between it and "
           "its source behind the filter\n",
           RUNWAY_EARLY_MAX + 1, since / 1e6, end, least / 1e6, cost);
    return AVERROR(EINVAL);
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

void ff_runway_sequence_log_plan(RunwaySequence *s, int early)
{
    const RunwayPlan *plan = ff_runway_pipeline_plan(s->pipeline);
    const RunwayModel *m = s->request.model;

    if (s->plan_logged++)
        return;
    ff_runway_plan_log(plan, s->set->client.provider, early && s->open &&
                       s->nb_shared < ff_runway_clip_nb_frames(s->open));
    if (m->fields & RUNWAY_FIELD_DURATION_AUTO)
        av_log(s->set->log_ctx, AV_LOG_INFO, "plan: the service may hold up to "
               "%"PRId64" credits for each clip, the price of %.0f s, until it "
               "is made: max_credits and the balance have to allow for that, "
               "%d times (concurrency)\n",
               price(s, &s->request, m->max_duration), m->max_duration / 1e6,
               s->set->policy.concurrency);
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

/* Most often it was meant for another film. */
static void check_shape(RunwaySequence *s, const RunwayStill *still)
{
    if (still->width && !s->ratio && !s->said.still &&
        ff_runway_geometry_is_off(&s->geometry, still->width, still->height)) {
        s->said.still = 1;
        av_log(s->set->log_ctx, AV_LOG_WARNING, "keyframe_dir: %s has a "
               "different shape (%dx%d) than the film, which is sent as "
               "%dx%d\n",
               still->path, still->width, still->height, s->geometry.width,
               s->geometry.height);
    }
}

/* The still of the clip's first frame, where keyframe_dir has one. @return 1, 0
 * or AVERROR; *still is what to free() behind it */
static int choose_still(RunwaySequence *s, RunwayPicture *picture, char **still)
{
    const RunwaySettings *set = s->set;
    double start, end, nearest = ff_runway_clip_first_length(s->open) / 2e6;
    int found = -1, ret;

    ff_runway_clip_extent(s->open, &start, &end);
    nearest += 1e-6; /* for times that were rounded */
    for (int i = 0; i < set->nb_stills; i++) {
        double distance = fabs(set->stills[i].seconds - start);

        if (distance > nearest)
            continue;
        nearest = distance;
        found   = i;
    }
    if (found < 0)
        return 0;
    /* stills_dir has written it for the first of them */
    if (s->still_used[found]) {
        av_log(set->log_ctx, AV_LOG_WARNING, "keyframe_dir: %s is not sent "
               "again, with a second clip that begins at %.3f s\n",
               set->stills[found].path, start);
        return 0;
    }
    s->still_used[found] = 1;
    for (int i = 0; i < set->nb_keyframes; i++) {
        if (fabs(set->keyframes[i].seconds - start) > 1e-6)
            continue;
        av_log(set->log_ctx, AV_LOG_WARNING, "keyframe_dir: %s is not used, as "
               "keyframe has a picture for %.3f s\n", set->stills[found].path,
               start);
        return 0;
    }
    check_shape(s, &set->stills[found]);
    ret = ff_runway_settings_still(set, set->stills[found].path, picture,
                                   still);
    return ret < 0 ? ret : 1;
}

/* The first frame of the open clip as a file that is named by its time. */
static int write_still(const RunwaySequence *s)
{
    double start, end;
    char name[64];

    if (!s->set->stills_dir)
        return 0;
    ff_runway_clip_extent(s->open, &start, &end);
    snprintf(name, sizeof(name), "%010.3f.png", start);
    return ff_runway_still_write(ff_runway_clip_first(s->open),
                                 s->set->stills_dir, name, s->set->log_ctx);
}

/* The keyframes that lie in the clip, at the clip's own seconds. */
static int choose_keyframes(RunwaySequence *s, RunwayJob *job,
                            RunwayPicture **keyframes, char **still)
{
    const RunwaySettings *set = s->set;
    const RunwayModel *m = s->request.model;
    double start, end;
    int nb_ranges = 0, nb;

    ff_runway_clip_extent(s->open, &start, &end);
    if (!set->nb_keyframes && !set->nb_stills)
        return 0;
    *keyframes = av_calloc(set->nb_keyframes + 1, sizeof(**keyframes));
    if (!*keyframes)
        return AVERROR(ENOMEM);
    nb = choose_still(s, *keyframes, still);
    if (nb < 0)
        return nb;
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
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: some of those in %s have "
               "a range and some have none; give all of them a range, or "
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

/* A closed clip's job: what is asked for, and what it costs. */
static int fill_job(RunwaySequence *s, RunwayJob *job,
                    const RunwayClipFile *file, RunwayPicture **keyframes,
                    char **still)
{
    int ret;

    job->index  = s->nb_clips - !!s->ahead;
    job->fd     = file->fd;
    job->size   = file->size;
    job->sent   = file->length;
    job->upload = file->upload;
    av_strlcpy(job->label, file->label, sizeof(job->label));
    job->filled = file->filled;
    job->request       = s->request;
    job->request.ratio = s->ratio;
    if (s->request.model->fields & RUNWAY_FIELD_DURATION)
        job->request.duration = ff_runway_whole_seconds(job->sent, s->frame);
    price_job(s, job);
    ret = choose_keyframes(s, job, keyframes, still);
    if (ret < 0)
        return ret;
    ff_runway_clip_identify(s->open, ff_runway_pipeline_endpoint(s->pipeline),
                            &job->request, s->take, job->identity);
    s->shared += ff_runway_clip_time(s->open, s->nb_shared);
    log_planned(s, job);
    return 0;
}

/* In a dry run the clip goes no further. */
static int plan_clip(RunwaySequence *s, const RunwayJob *job, int about)
{
    RunwayError err;
    int ret = write_still(s);

    ff_runway_clip_free(&s->open);
    if (ret >= 0 && ff_runway_plan_add(ff_runway_pipeline_plan(s->pipeline), job,
                                       about, &err))
        ret = ff_runway_report(s->set->log_ctx, &err);
    return ret;
}

/* Put the clip in line and its job into the pipeline, which take over what they
 * are given. */
static int admit(RunwaySequence *s, RunwayJob **job, RunwayPicture **keyframes,
                 char **still)
{
    RunwaySequenceNode *node;
    RunwayError err;

    if ((*job)->index == 1)
        log_price(s, *job, s->is_ending);
    node = ff_runway_sequence_append(s);
    if (!node)
        return AVERROR(ENOMEM);
    FFSWAP(RunwayClip *, node->clip, s->open);
    FFSWAP(RunwayPicture *, node->keyframes, *keyframes);
    FFSWAP(char *, node->still, *still);
    FFSWAP(int, node->nb_spooled, s->nb_spooled);
    ff_runway_sequence_mark_spools(s);
    node->nb_shared = s->nb_shared;
    node->shot  = s->shot;
    node->index = (*job)->index;
    return ff_runway_pipeline_admit(s->pipeline, job, &err) ?
           ff_runway_report(s->set->log_ctx, &err) : 0;
}

void ff_runway_sequence_mark_spools(RunwaySequence *s)
{
    ff_runway_spool_mark(s->spool);
    ff_runway_spool_mark(s->alpha);
}

int ff_runway_sequence_send_clip(RunwaySequence *s)
{
    RunwayPicture *keyframes = NULL;
    char *still = NULL;
    RunwayClipFile file;
    RunwayJob *job;
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
    if (ret >= 0)
        ret = fill_job(s, job, &file, &keyframes, &still);
    if (ret >= 0)
        ret = s->set->policy.dry_run ? plan_clip(s, job, file.about)
                                     : admit(s, &job, &keyframes, &still);
    if (ret < 0) /* half closed */
        ff_runway_clip_free(&s->open);
    av_free(keyframes);
    free(still);
    ff_runway_job_free(&job);
    return ret;
}
