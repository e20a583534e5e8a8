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
 * What the files of the line of clips share: sequence.c (which clip a frame
 * goes into), sequence_open.c (a clip is begun), sequence_send.c (it is closed
 * and sent), sequence_out.c (frames come out).
 */

#ifndef AVFILTER_RUNWAY_FILTER_SEQUENCE_INTERNAL_H
#define AVFILTER_RUNWAY_FILTER_SEQUENCE_INTERNAL_H

#include "../media/clip.h"
#include "../media/reader.h"
#include "../media/scene.h"
#include "../media/spool.h"
#include "sequence.h"

/** A frame that stands for longer is sent for so long, where one comes out for
 *  each that goes in: more of a still picture would be paid for and not shown. */
#define RUNWAY_STAND_MAX AV_TIME_BASE

/** Clips that the timeline or commands may end in a row, however short. */
#define RUNWAY_EARLY_MAX 3

/** What is to come out, in order: a closed clip whose frames are not all out, or
 *  frames in the spool, which pass through or stand in for a clip that failed. */
typedef struct RunwaySequenceNode {
    RunwayClip *clip;           ///< NULL: frames in the spool
    RunwayJob *job;             ///< its result, once it is being read
    int nb_spooled;             ///< frames in the spool; with a clip its source
    int index;                  ///< number of the clip, 0: frames pass through
    int nb_out;                 ///< frames that have come out
    int shot;                   ///< as in RunwaySequence, when it was closed
    int nb_alpha;               ///< planes that nobody asks for, once it is first
    int nb_shared;              ///< first frames that the clip before shows too
    RunwayPicture *keyframes;   ///< what the clip's job refers to
    char *still;                ///< likewise
    struct RunwaySequenceNode *next;
} RunwaySequenceNode;

struct RunwaySequence {
    RunwaySequenceConfig config;
    const RunwaySettings *set;
    RunwayReaderLimits limits;  ///< of results
    RunwayRequest request;      ///< of the frames to come; ratio as wanted
    int64_t take;               ///< likewise
    RunwayClipSaid said;
    RunwayPipeline *pipeline;
    RunwaySequenceNode *head, *tail;
    RunwaySpool *spool;
    RunwaySpool *alpha;         ///< alpha of all clips' frames, NULL: none
    RunwayScene *scene;

    RunwayClip *open;           ///< the clip that frames go into
    const char *ratio;          ///< of that clip
    RunwayGeometry geometry;    ///< of what is sent of it
    int64_t pixels;             ///< of its result's picture, if like the upload
    int64_t frame;              ///< length of a frame of the upload
    int64_t max_duration;       ///< of that clip, microseconds
    int nb_spooled;             ///< of its frames, with keep_source
    int nb_shared;              ///< of its frames, from the first
    int64_t shared;             ///< of all clips, microseconds
    int nb_clips;
    int64_t early[RUNWAY_EARLY_MAX]; ///< where the last ones of these ended
    int nb_early;               ///< clips that did, see cut_early()
    RunwayClip *ahead;          ///< begins within the open clip, NULL: none yet
    int64_t ahead_frame, ahead_duration; ///< as frame and max_duration, of
                                ///< that clip
    uint8_t *keyframe_used;     ///< for each of the keyframes
    uint8_t *still_used;        ///< for each of the stills
    int shot;                   ///< counts changes of the request,
                                ///< and frames that passed
    RunwayJoint joint;          ///< how the clip that came out last ends
    int joint_shot;             ///< its shot, -1: nothing to match with
    int nb_kept;                ///< clips that came out as their source
    int plan_logged;
    int is_ending;              ///< the clip at hand is the last one
};

/** Whether a clip whose task failed comes out as its source frames, marked in
 *  the metadata. */
int ff_runway_sequence_keeps_source(const RunwaySequence *s);

/** How long a clip may be at most, microseconds: clip_duration where the model
 *  supports it, or what is closest to it. */
int64_t ff_runway_sequence_longest(const RunwaySettings *set);

/** Begin a clip with a frame: s->open. */
int ff_runway_sequence_open_clip(RunwaySequence *s, const AVFrame *frame,
                                 int64_t length, int is_ahead);

/** End the clip that frames went into, if there is one, and send it on. */
int ff_runway_sequence_send_clip(RunwaySequence *s);

/** End the open clip by the timeline, a command or frames of another kind: an
 *  error where these do so every few frames, as each clip costs what the shortest
 *  one costs. */
int ff_runway_sequence_cut_early(RunwaySequence *s);

/** What is in the spools now belongs to closed clips. */
void ff_runway_sequence_mark_spools(RunwaySequence *s);

/** A new last one. @return NULL: out of memory */
RunwaySequenceNode *ff_runway_sequence_append(RunwaySequence *s);

/** The first in line is out, or is not wanted any more. */
void ff_runway_sequence_remove_head(RunwaySequence *s);

#endif /* AVFILTER_RUNWAY_FILTER_SEQUENCE_INTERNAL_H */
