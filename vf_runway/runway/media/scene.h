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
 * How much a frame differs from the one before it, as FFmpeg's scdet filter
 * counts it (0..100).
 */

#ifndef AVFILTER_RUNWAY_MEDIA_SCENE_H
#define AVFILTER_RUNWAY_MEDIA_SCENE_H

#include "libavutil/frame.h"

typedef struct RunwayScene RunwayScene;

RunwayScene *ff_runway_scene_create(void);
void ff_runway_scene_free(RunwayScene **scene);

/**
 * The score of a frame against the one given before; 0 for the first. A score
 * that an scdet filter has put on the frame (lavfi.scd.score) is believed.
 * Keeps a reference to the frame. @return the score, or AVERROR (< 0)
 */
double ff_runway_scene_score(RunwayScene *scene, const AVFrame *frame);

#endif /* AVFILTER_RUNWAY_MEDIA_SCENE_H */
