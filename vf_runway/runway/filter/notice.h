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
 * What of the pictures is not sent as it is, said once for all clips.
 */

#ifndef AVFILTER_RUNWAY_FILTER_NOTICE_H
#define AVFILTER_RUNWAY_FILTER_NOTICE_H

#include "libavutil/frame.h"

#include "../media/clip.h"

/** The first clip begins with a frame; end_format is what the output ends as.
 *  With dry_run the lines are the plan's. */
void ff_runway_notice_sent(const AVFrame *frame, const RunwayClipConfig *config,
                           enum AVPixelFormat end_format);

#endif /* AVFILTER_RUNWAY_FILTER_NOTICE_H */
