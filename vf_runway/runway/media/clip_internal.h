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
 * What clip.c, frames in and a file out, clip_out.c, a result in and frames out,
 * and clip_joint.c, where it meets the clip before it, share.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_CLIP_INTERNAL_H
#define AVFILTER_RUNWAY_MEDIA_CLIP_INTERNAL_H

#include "clip.h"
#include "scaler.h"
#include "../api/task.h"
#include "../math/retime.h"

/* What stays of a frame that came in. */
typedef struct RunwayClipFrame {
    AVFrame *props;           ///< without a picture; NULL: it is out
    int64_t source;           ///< its time, microseconds from the clip's start
    int64_t time;             ///< and in what is sent
    int64_t shown;            ///< when that shows it; its time if it does not
} RunwayClipFrame;

struct RunwayClip {
    RunwayClipConfig config;

    /* while frames come in */
    RunwayWriter *writer; ///< NULL with dry_run
    int fd;
    RunwayIdentity *identity;
    int width, height, format; ///< of all frames but those that are not sent
    AVRational sar;           ///< likewise, 1:1 where it is not known
    int64_t start;            ///< pts of the first frame, time base of config
    int64_t end;              ///< of what is sent so far, microseconds
    int64_t source_end;       ///< of the source so far, microseconds from start
    int64_t slot;             ///< of the upload, that the newest frame is in
    int64_t slot_time;        ///< and that frame's time
    int slot_frame;           ///< and that frame
    int64_t last_gap;         ///< from the frame before to the newest one
    int64_t last_length;      ///< of the newest frame as it is sent
    AVFrame *first;           ///< the first frame, NULL: not kept
    char label[96];           ///< once it is closed
    int64_t sent;             ///< once it is closed: length of the upload

    RunwayClipFrame *frames;            ///< in order
    int nb_frames;
    unsigned frames_size;

    /* while frames go out */
    char task[RUNWAY_ID_MAX]; ///< that made the result
    RunwayReader *reader;
    RunwayError damage;       ///< why the result cannot be used; "": it can
    RunwayScaler *scaler, *alpha_scaler;
    RunwayRetime retime;
    RunwayRect part;          ///< of the result's picture that is used
    RunwaySeamGrid looks[2];  ///< of the source's first and last picture
    RunwayJoint *before;      ///< what the clip is to be matched with, until its
                              ///< first picture is there
    RunwaySeam *seam;         ///< correction, NULL: none
    RunwayAlign *align;       ///< likewise, of where the picture lies
    RunwayLevels levels;      ///< that both were fitted in, by a cross-fade
    int converts;             ///< which are not the result's own
    int64_t fade;             ///< when these begin to fade, time of the result
    int corrected;            ///< the present picture is
    const char *joint;        ///< what was made of the joint in front
    int nb_cuts;              ///< as in RunwaySeamWatch, in what is sent
    int64_t cuts[RUNWAY_SEAM_CUTS], back;
    RunwayClip *later;        ///< shows the last frames too, NULL: none does
    int64_t fade_begin, fade_end; ///< of the cross-fade with it, time of the
                              ///< source; a cut of the source if they are equal
    int blending;             ///< is compared with it
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

/** A sample aspect ratio, or 1:1 where it is not known. */
static inline AVRational ff_runway_clip_sar(AVRational sar)
{
    return sar.num > 0 && sar.den > 0 ? sar : (AVRational){ 1, 1 };
}

/** Go on to the generated frame that is nearest to the wanted time of the
 *  result. */
int ff_runway_clip_seek(RunwayClip *clip, int64_t wanted);

/**
 * The present picture, corrected, is to answer frame and go to dst, as clip->part
 * of clip->frame; or *mixed, to be freed, what it and the later clip's make
 * together.
 */
int ff_runway_clip_present(RunwayClip *clip, const RunwayClipFrame *frame,
                           const AVFrame *dst, AVFrame **mixed);

#endif /* AVFILTER_RUNWAY_MEDIA_CLIP_INTERNAL_H */
