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
 * Outcomes of the core as FFmpeg says them.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_AVERROR_H
#define AVFILTER_RUNWAY_MEDIA_AVERROR_H

#include "../base/error.h"

/** The AVERROR code of an outcome; never AVERROR_EOF, AVERROR(EAGAIN) or
 *  AVERROR_EXIT, which mean something else to a filter graph. */
int ff_runway_averror(RunwayOutcome outcome);

/** Log an error's line and return its code. */
int ff_runway_report(void *log_ctx, const RunwayError *err);

#endif /* AVFILTER_RUNWAY_MEDIA_AVERROR_H */
