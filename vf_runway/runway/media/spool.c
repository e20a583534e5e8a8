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
#include <limits.h>
#include <unistd.h>

#include "libavutil/common.h"
#include "libavutil/imgutils.h"

#include "compat.h"
#include "spool.h"
#include "../math/pack.h"
#include "../base/disk.h"

/* Frames go to another file behind that many bytes: one is freed as soon as none
 * of its frames is left, so that the disk has little more than what waits. */
#define FILE_SIZE (256 << 20)

/* A frame that waits. */
typedef struct Record {
    AVFrame *frame;        ///< without pixels
    int fd;                ///< of the file that has these
    int64_t offset, bytes; ///< and where
    struct Record *next;
} Record;

struct RunwaySpool {
    void *log_ctx;
    int64_t size;
    int packed;
    int fd;                ///< of the newest file, -1: none yet
    int64_t offset;        ///< where the next frame goes
    int64_t bytes;         ///< of all frames
    int64_t marked;        ///< of those that were there at the last mark
    Record *head, *tail;
};

RunwaySpool *ff_runway_spool_create(int64_t size, int packed, void *log_ctx)
{
    RunwaySpool *spool = av_mallocz(sizeof(*spool));

    if (spool) {
        spool->log_ctx = log_ctx;
        spool->size    = size;
        spool->packed  = packed;
        spool->fd      = -1;
    }
    return spool;
}

static void free_record(Record **record)
{
    if (*record)
        av_frame_free(&(*record)->frame);
    av_freep(record);
}

static void remove_head(RunwaySpool *s)
{
    Record *record = s->head;

    s->head    = record->next;
    s->bytes  -= record->bytes;
    s->marked  = FFMAX(0, s->marked - record->bytes);
    if (!s->head) {
        s->tail   = NULL;
        s->offset = 0;
    }
    if (record->fd != s->fd && (!s->head || record->fd != s->head->fd))
        ff_runway_disk_close(&record->fd);
    free_record(&record);
}

void ff_runway_spool_free(RunwaySpool **spool)
{
    RunwaySpool *s = *spool;

    if (!s)
        return;
    ff_runway_spool_drop(s, INT_MAX);
    ff_runway_disk_close(&s->fd);
    av_freep(spool);
}

static int64_t raw_size(const AVFrame *frame)
{
    return av_image_get_buffer_size(frame->format, frame->width, frame->height,
                                    1);
}

int ff_runway_spool_clip_frames(enum AVPixelFormat format, int width,
                                int height)
{
    int64_t bytes = av_image_get_buffer_size(format, width, height, 1);

    return FFMIN(RUNWAY_SPOOL_CLIP / FFMAX(bytes, 1), INT_MAX);
}

void ff_runway_spool_mark(RunwaySpool *s)
{
    if (s)
        s->marked = s->bytes;
}

int ff_runway_spool_is_full(const RunwaySpool *s)
{
    return s && s->marked > s->size;
}

/* Copy bytes at offset from or to a file, whole. */
static int transfer(const RunwaySpool *s, int fd, uint8_t *data, int64_t bytes,
                    int64_t offset, int write)
{
    while (bytes > 0) {
        ssize_t n = write ? pwrite(fd, data, bytes, offset)
                          : pread(fd, data, bytes, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int ret = n < 0 ? AVERROR(errno) : AVERROR(EIO);

            av_log(s->log_ctx, AV_LOG_ERROR, "source frames cannot be kept in "
                   "a temporary file: %s (set TMPDIR to use another "
                   "directory)\n",
                   av_err2str(ret));
            return ret;
        }
        data   += n;
        offset += n;
        bytes  -= n;
    }
    return 0;
}

/* A frame's pixels in one piece, compressed where the spool does so; *bytes are
 * what there is. */
static uint8_t *gather(const RunwaySpool *s, const AVFrame *frame,
                       int64_t *bytes)
{
    int64_t raw = raw_size(frame);
    uint8_t *buffer = av_malloc(raw), *packed;

    *bytes = raw;
    if (!buffer ||
        av_image_copy_to_buffer(buffer, raw, (const uint8_t *const *)frame->data,
                                frame->linesize, frame->format, frame->width,
                                frame->height, 1) < 0) {
        av_free(buffer);
        return NULL;
    }
    if (!s->packed)
        return buffer;
    /* incompressible ones grow a little */
    packed = av_malloc(raw + raw / RUNWAY_PACK_RUN + 1);
    if (packed)
        *bytes = ff_runway_pack(packed, buffer, raw,
                                av_image_get_linesize(frame->format,
                                                      frame->width, 0));
    av_free(buffer);
    return packed;
}

/* Put the pixels into the file, behind what is there. */
static int write_pixels(RunwaySpool *s, const AVFrame *frame, Record *record)
{
    uint8_t *buffer;
    RunwayError err;
    int fd, ret;

    if (s->fd < 0 || s->offset >= FILE_SIZE) {
        if (ff_runway_disk_temporary(&fd, &err)) {
            av_log(s->log_ctx, AV_LOG_ERROR, "%s\n", err.text);
            return AVERROR(EIO);
        }
        s->fd     = fd;
        s->offset = 0;
    }
    buffer = gather(s, frame, &record->bytes);
    if (!buffer)
        return AVERROR(ENOMEM);
    record->fd     = s->fd;
    record->offset = s->offset;
    ret = transfer(s, record->fd, buffer, record->bytes, record->offset, 1);
    av_free(buffer);
    return ret;
}

int ff_runway_spool_put(RunwaySpool *s, const AVFrame *frame)
{
    Record *record = av_mallocz(sizeof(*record));
    int ret = AVERROR(ENOMEM);

    if (!record)
        return ret;
    record->frame = av_frame_alloc();
    if (!record->frame)
        goto fail;
    record->frame->format = frame->format;
    record->frame->width  = frame->width;
    record->frame->height = frame->height;
    ret = av_frame_copy_props(record->frame, frame);
    if (ret >= 0)
        ret = write_pixels(s, frame, record);
    if (ret < 0)
        goto fail;
    if (s->tail)
        s->tail->next = record;
    else
        s->head = record;
    s->tail    = record;
    s->offset += record->bytes;
    s->bytes  += record->bytes;
    return 0;

fail:
    free_record(&record);
    return ret;
}

static int read_pixels(RunwaySpool *s, const Record *record)
{
    AVFrame *frame = record->frame;
    int64_t raw = raw_size(frame);
    uint8_t *buffer = av_malloc(record->bytes), *unpacked = NULL, *data[4];
    int linesize[4], ret = AVERROR(ENOMEM);

    if (!buffer)
        return ret;
    if (s->packed && !(unpacked = av_malloc(raw)))
        goto end;
    ret = transfer(s, record->fd, buffer, record->bytes, record->offset, 0);
    if (ret >= 0 && unpacked)
        ff_runway_unpack(unpacked, raw, buffer,
                         av_image_get_linesize(frame->format, frame->width, 0));
    if (ret >= 0)
        ret = av_frame_get_buffer(frame, 0);
    if (ret >= 0)
        ret = av_image_fill_arrays(data, linesize, unpacked ? unpacked : buffer,
                                   frame->format, frame->width, frame->height,
                                   1);
    if (ret >= 0)
        av_image_copy(frame->data, frame->linesize, (const uint8_t **)data,
                      linesize, frame->format, frame->width, frame->height);
end:
    av_free(unpacked);
    av_free(buffer);
    return FFMIN(ret, 0);
}

void ff_runway_spool_drop(RunwaySpool *s, int count)
{
    while (count-- > 0 && s->head)
        remove_head(s);
}

int ff_runway_spool_take(RunwaySpool *s, AVFrame **frame)
{
    Record *record = s->head;
    int ret;

    *frame = NULL;
    if (!record)
        return 0;
    ret = read_pixels(s, record);
    if (ret >= 0)
        FFSWAP(AVFrame *, *frame, record->frame);
    remove_head(s);
    return ret < 0 ? ret : 1;
}
