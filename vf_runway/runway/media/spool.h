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
 * Source frames kept exactly, in order, on disk instead of in memory: in
 * temporary files, which are freed with their last frame. Errors are AVERROR
 * codes, and the reason is logged. Belongs to one thread.
 *
 * It takes whatever is put in: where a clip ends must not depend on how much was
 * output by then, or the same film would be bought again in other clips. So a
 * clip has at most as many frames as fit into a fixed size, and another one
 * begins only when those before it leave enough of the disk.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_SPOOL_H
#define AVFILTER_RUNWAY_MEDIA_SPOOL_H

#include <stdint.h>

#include "libavutil/frame.h"

typedef struct RunwaySpool RunwaySpool;

/** What a clip's frames take at most, bytes, before they are compressed. */
#define RUNWAY_SPOOL_CLIP (4LL << 30)

/** What closed clips may hold when another one begins, bytes: a clip of
 *  RUNWAY_SPOOL_CLIP more is in it then. */
#define RUNWAY_SPOOL_SIZE (4LL << 30)

/** Nothing is created on disk before the first frame is put in. With packed set,
 *  frames are compressed, which pays for flat ones, as alpha is. size is for
 *  ff_runway_spool_is_full(). */
RunwaySpool *ff_runway_spool_create(int64_t size, int packed, void *log_ctx);
void ff_runway_spool_free(RunwaySpool **spool);

/** How many frames of that kind a clip may have. */
int ff_runway_spool_clip_frames(enum AVPixelFormat format, int width,
                                int height);

/** What is in now belongs to closed clips. NULL: nothing is done. */
void ff_runway_spool_mark(RunwaySpool *spool);

/** Whether what belonged to closed clips at the last mark, and is still there, is
 *  more than size. NULL: it is not. */
int ff_runway_spool_is_full(const RunwaySpool *spool);

/** Put a frame in, behind the others. The pixels go to disk, everything else
 *  stays in memory. */
int ff_runway_spool_put(RunwaySpool *spool, const AVFrame *frame);

/** Take the oldest frame out: *frame is the caller's, equal in every pixel and
 *  property to what was put in. @return 1, 0 when the spool is empty, AVERROR */
int ff_runway_spool_take(RunwaySpool *spool, AVFrame **frame);

/** Forget the oldest count frames without reading them. */
void ff_runway_spool_drop(RunwaySpool *spool, int count);

#endif /* AVFILTER_RUNWAY_MEDIA_SPOOL_H */
