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
 * Source frames kept exactly, in order, on disk instead of in memory: a ring in
 * a temporary file. Errors are AVERROR codes, and the
 * reason is logged. Belongs to one thread.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_SPOOL_H
#define AVFILTER_RUNWAY_MEDIA_SPOOL_H

#include <stdint.h>

#include "libavutil/frame.h"

typedef struct RunwaySpool RunwaySpool;

/** What the file may hold at most, bytes. */
#define RUNWAY_SPOOL_SIZE (2LL << 30)

/** Nothing is created on disk before the first frame is put in. With packed set,
 *  frames are compressed, which pays for flat ones, as alpha is. */
RunwaySpool *ff_runway_spool_create(int64_t size, int packed, void *log_ctx);
void ff_runway_spool_free(RunwaySpool **spool);

/** Whether another frame like the newest one would not fit into the file. */
int ff_runway_spool_is_full(const RunwaySpool *spool);

/** Put a frame in, behind the others. The pixels go to the file, everything else
 *  stays in memory; so do the pixels of a frame that does not fit: whoever puts
 *  one in asks first whether the spool is full. */
int ff_runway_spool_put(RunwaySpool *spool, const AVFrame *frame);

/** Take the oldest frame out: *frame is the caller's, equal in every pixel and
 *  property to what was put in. @return 1, 0 when the spool is empty, AVERROR */
int ff_runway_spool_take(RunwaySpool *spool, AVFrame **frame);

/** Forget the oldest count frames without reading them. */
void ff_runway_spool_drop(RunwaySpool *spool, int count);

#endif /* AVFILTER_RUNWAY_MEDIA_SPOOL_H */
