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
 * Joints of clips in FFmpeg's frames: math/seam on pictures. Errors are AVERROR
 * codes.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_JOINT_H
#define AVFILTER_RUNWAY_MEDIA_JOINT_H

#include "libavutil/frame.h"

#include "../math/align.h"
#include "../math/geometry.h"
#include "../math/seam.h"

/** What the levels of a picture mean, where it is compared with another. */
typedef struct RunwayLevels {
    enum AVColorSpace matrix;
    enum AVColorRange range;
    enum AVColorPrimaries primaries;            ///< BT.709 if they are near it
    enum AVColorTransferCharacteristic transfer; ///< PQ, HLG, or BT.709: others
} RunwayLevels;

/** How the film goes on behind a clip: what the next one is matched with. */
typedef struct RunwayJoint {
    RunwaySeamGrid source, film; ///< of the clip's last picture
    RunwayLevels levels;         ///< of film
    int64_t end;                 ///< of the clip, microseconds of the source
} RunwayJoint;

/** Whether a frame can be measured, corrected, moved and mixed: planar YUV or
 *  gray. A result's frames need not all be of one format. */
int ff_runway_joint_accepts(const AVFrame *frame);

/** Means of a part of a picture, corners even. @return 1, or 0 for a format
 *  that is not accepted, of which there are none */
int ff_runway_joint_measure(RunwaySeamGrid *grid, const AVFrame *frame,
                            RunwayRect part);

/** Correct a part of a picture by so much of seam; the frame is made writable.
 *  Only for frames that could be measured. */
int ff_runway_joint_correct(const RunwaySeam *seam, double strength,
                            AVFrame *frame, RunwayRect part);

/** How part of picture has to be moved to lie on that of reference; both could
 *  be measured, and are of one format and size. */
int ff_runway_joint_place(RunwayAlign *align, AVFrame *reference,
                          AVFrame *picture, RunwayRect part);

/** Move a part of a picture by so much of align; the frame is made writable. */
int ff_runway_joint_move(const RunwayAlign *align, double strength,
                         AVFrame *frame, RunwayRect part);

/** A new frame of two of one format and size, weight of b, 0..1. */
int ff_runway_joint_mix(AVFrame **mixed, const AVFrame *a, const AVFrame *b,
                        double weight);

/** For metadata and logs: "matched", "cut", … */
const char *ff_runway_joint_name(RunwaySeamFit fit);

#endif /* AVFILTER_RUNWAY_MEDIA_JOINT_H */
