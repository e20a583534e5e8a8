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
 * A frame as a PNG file, for a person to edit. Errors are AVERROR codes, and the
 * reason is logged.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_STILL_H
#define AVFILTER_RUNWAY_MEDIA_STILL_H

#include "libavutil/frame.h"

/** Write a frame, with square pixels and 8 bits, to a new file in dir. One of
 * that name is left as it is, with a warning: it may have been edited. */
int ff_runway_still_write(const AVFrame *frame, const char *dir,
                          const char *name, void *log_ctx);

#endif /* AVFILTER_RUNWAY_MEDIA_STILL_H */
