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

#include <errno.h>
#include <unistd.h>

#include "libavutil/error.h"

#include "compat.h"
#include "fdio.h"

#define BUFFER_SIZE 32768

typedef struct FdIO {
    int fd;               ///< that is written
    const RunwayMp4 *mp4; ///< that is read
    int64_t pos, size;
    int (*cancelled)(void *opaque);
    void *opaque;
    AVClass quiet;        ///< of the demuxer that reads
} FdIO;

static int read_packet(void *opaque, uint8_t *buf, int buf_size)
{
    FdIO *c = opaque;
    const int64_t size = FFMIN(buf_size, c->size - c->pos);
    int ret;

    if (c->cancelled(c->opaque))
        return AVERROR_EXIT;
    if (size <= 0)
        return AVERROR_EOF;
    ret = ff_runway_mp4_read(c->mp4, c->pos, buf, (size_t)size);
    if (ret)
        return AVERROR(ret);
    c->pos += size;
    return (int)size;
}

static int write_packet(void *opaque, RUNWAY_AVIO_CONST uint8_t *buf,
                        int buf_size)
{
    FdIO *c = opaque;
    int left = buf_size;

    while (left > 0) {
        ssize_t n = pwrite(c->fd, buf, left, c->pos);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return AVERROR(errno);
        buf    += n;
        left   -= n;
        c->pos += n;
        if (c->pos > c->size)
            c->size = c->pos;
    }
    return buf_size;
}

static int64_t seek(void *opaque, int64_t offset, int whence)
{
    FdIO *c = opaque;

    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return c->size;
    case SEEK_CUR:    offset += c->pos;  break;
    case SEEK_END:    offset += c->size; break;
    case SEEK_SET:    break;
    default:          return AVERROR(EINVAL);
    }
    if (offset < 0 || (c->mp4 && offset > c->size))
        return AVERROR(EINVAL);
    return c->pos = offset;
}

static int open_io(AVIOContext **io, const FdIO *config, int is_written)
{
    FdIO *c = av_memdup(config, sizeof(*c));
    uint8_t *buffer = av_malloc(BUFFER_SIZE);

    *io = NULL;
    if (c && buffer)
        *io = avio_alloc_context(buffer, BUFFER_SIZE, is_written, c,
                                 is_written ? NULL : read_packet,
                                 is_written ? write_packet : NULL, seek);
    if (!*io) {
        av_free(c);
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    return 0;
}

int ff_runway_fdio_open_write(AVIOContext **io, int fd)
{
    return open_io(io, &(FdIO){ .fd = fd }, 1);
}

int ff_runway_fdio_open_read(AVIOContext **io, const RunwayMp4 *mp4,
                             int (*cancelled)(void *opaque), void *opaque)
{
    return open_io(io, &(FdIO){ .mp4 = mp4, .size = ff_runway_mp4_size(mp4),
                                  .cancelled = cancelled, .opaque = opaque },
                   0);
}

int ff_runway_fdio_open_demuxer(AVFormatContext **demux, AVIOContext *io,
                                void *log_ctx)
{
    const AVInputFormat *format = av_find_input_format("mov");
    AVFormatContext *d;
    FdIO *c = io->opaque;

    *demux = NULL;
    if (!format) {
        av_log(log_ctx, AV_LOG_VERBOSE, "this FFmpeg has no MP4 demuxer\n");
        return AVERROR_DEMUXER_NOT_FOUND;
    }
    d = *demux = avformat_alloc_context();
    if (!d)
        return AVERROR(ENOMEM);
    /* its class has no log level of its own; of its fields, this one is read by
     * muxers alone */
    c->quiet = *d->av_class;
    c->quiet.log_level_offset_offset = offsetof(AVFormatContext, audio_preload);
    d->av_class      = &c->quiet;
    d->audio_preload = AV_LOG_VERBOSE - AV_LOG_ERROR;
    d->pb            = io;
    d->max_streams   = 1;
    /* parsers have a log of their own */
    d->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    /* frees it when it fails */
    return avformat_open_input(demux, NULL, format, NULL);
}

void ff_runway_fdio_close(AVIOContext **io)
{
    if (!*io)
        return;
    av_freep(&(*io)->opaque);
    av_freep(&(*io)->buffer);
    avio_context_free(io);
}

int64_t ff_runway_fdio_size(const AVIOContext *io)
{
    const FdIO *c = io->opaque;

    return c->size;
}
