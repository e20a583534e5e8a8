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
 * An AVIOContext over a file descriptor without a name.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_FDIO_H
#define AVFILTER_RUNWAY_MEDIA_FDIO_H

#include <stdint.h>

#include "libavformat/avformat.h"

#include "../math/mp4.h"

/** Write to fd by its own position, from the beginning: fd's file offset is
 *  neither used nor moved. fd stays the caller's. */
int ff_runway_fdio_open_write(AVIOContext **io, int fd);

/** Read what mp4 shows of its file. mp4 outlives it. While cancelled() answers
 *  non-zero, reading fails with AVERROR_EXIT. */
int ff_runway_fdio_open_read(AVIOContext **io, const RunwayMp4 *mp4,
                             int (*cancelled)(void *opaque), void *opaque);

/** Open FFmpeg's MP4 demuxer on io, which was opened for reading, outlives *demux
 *  and has one stream at most. Nothing is parsed or filled in, and what the
 *  demuxer calls an error is logged at VERBOSE: a result could choose hundreds of
 *  thousands of lines. @return 0 or AVERROR; then *demux is NULL */
int ff_runway_fdio_open_demuxer(AVFormatContext **demux, AVIOContext *io,
                                void *log_ctx);

void ff_runway_fdio_close(AVIOContext **io);

/** Bytes written so far, up to the furthest. */
int64_t ff_runway_fdio_size(const AVIOContext *io);

#endif /* AVFILTER_RUNWAY_MEDIA_FDIO_H */
