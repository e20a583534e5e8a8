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

#include "libavutil/common.h"
#include "libavutil/imgutils.h"

#include "compat.h"
#include "spool.h"
#include "../math/pack.h"
#include "../base/disk.h"

/* A frame in the ring. */
typedef struct Record {
    AVFrame *frame;      ///< without pixels, but for one that the ring had
                         ///< no place for
    int64_t begin, end;  ///< bytes of its pixels, counted from the first ever
                         ///< written; the place in the file is modulo size
    struct Record *next;
} Record;

struct RunwaySpool {
    void *log_ctx;
    int64_t size;
    int packed;
    int fd;
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

void ff_runway_spool_free(RunwaySpool **spool)
{
    RunwaySpool *s = *spool;

    if (!s)
        return;
    while (s->head) {
        Record *record = s->head;

        s->head = record->next;
        free_record(&record);
    }
    ff_runway_disk_close(&s->fd);
    av_freep(spool);
}

/* Where a frame of that many bytes would begin: it does not wrap around. */
static int64_t place(const RunwaySpool *s, int64_t bytes)
{
    int64_t begin = s->tail ? s->tail->end : 0;
    int64_t offset = begin % s->size;

    return offset + bytes > s->size ? begin - offset + s->size : begin;
}

static int64_t raw_size(const AVFrame *frame)
{
    return av_image_get_buffer_size(frame->format, frame->width, frame->height,
                                    1);
}

/* Bytes that a frame takes at most: incompressible ones grow a little. */
static int64_t frame_size(const RunwaySpool *s, int format, int width,
                          int height)
{
    int64_t bytes = av_image_get_buffer_size(format, width, height, 1);

    return s->packed && bytes >= 0 ? bytes + bytes / RUNWAY_PACK_RUN + 1
                                   : bytes;
}

/* Whether there is a place for that many bytes. */
static int fits(const RunwaySpool *s, int64_t bytes)
{
    return bytes <= s->size &&
           (!s->head ||
            place(s, bytes) + bytes - s->head->begin <= s->size);
}

int ff_runway_spool_is_full(const RunwaySpool *s)
{
    const AVFrame *newest = s->tail ? s->tail->frame : NULL;

    return newest && !fits(s, frame_size(s, newest->format, newest->width,
                                         newest->height));
}

/* Copy bytes at offset from or to the file, whole. */
static int transfer(RunwaySpool *s, uint8_t *data, int64_t bytes,
                    int64_t offset, int write)
{
    while (bytes > 0) {
        ssize_t n = write ? pwrite(s->fd, data, bytes, offset)
                          : pread(s->fd, data, bytes, offset);

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
    packed = av_malloc(frame_size(s, frame->format, frame->width,
                                  frame->height));
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
    int64_t bytes;
    uint8_t *buffer;
    RunwayError err;
    int ret;

    if (s->fd < 0 && ff_runway_disk_temporary(&s->fd, &err)) {
        av_log(s->log_ctx, AV_LOG_ERROR, "%s\n", err.text);
        return AVERROR(EIO);
    }
    buffer = gather(s, frame, &bytes);
    if (!buffer)
        return AVERROR(ENOMEM);
    record->begin = place(s, bytes);
    record->end   = record->begin + bytes;
    ret = transfer(s, buffer, bytes, record->begin % s->size, 1);
    av_free(buffer);
    return ret;
}

int ff_runway_spool_put(RunwaySpool *s, const AVFrame *frame)
{
    int64_t bytes = frame_size(s, frame->format, frame->width, frame->height);
    Record *record = av_mallocz(sizeof(*record));
    int ret = AVERROR(ENOMEM);

    if (bytes < 0) {
        ret = bytes;
        goto fail;
    }
    if (!record)
        return ret;
    if (!fits(s, bytes)) {
        record->frame = av_frame_clone(frame);
        if (!record->frame)
            goto fail;
        record->begin = record->end = place(s, 0);
    } else {
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
    }
    if (s->tail)
        s->tail->next = record;
    else
        s->head = record;
    s->tail = record;
    return 0;

fail:
    free_record(&record);
    return ret;
}

static int read_pixels(RunwaySpool *s, const Record *record)
{
    AVFrame *frame = record->frame;
    int64_t bytes = record->end - record->begin, raw = raw_size(frame);
    uint8_t *buffer = av_malloc(bytes), *unpacked = NULL, *data[4];
    int linesize[4], ret = AVERROR(ENOMEM);

    if (!buffer)
        return ret;
    if (s->packed && !(unpacked = av_malloc(raw)))
        goto end;
    ret = transfer(s, buffer, bytes, record->begin % s->size, 0);
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

static void remove_head(RunwaySpool *s)
{
    Record *record = s->head;

    s->head = record->next;
    if (!s->head)
        s->tail = NULL;
    free_record(&record);
}

void ff_runway_spool_drop(RunwaySpool *s, int count)
{
    while (count-- > 0 && s->head)
        remove_head(s);
}

int ff_runway_spool_take(RunwaySpool *s, AVFrame **frame)
{
    Record *record = s->head;
    int ret = 0;

    *frame = NULL;
    if (!record)
        return 0;
    if (!record->frame->buf[0])
        ret = read_pixels(s, record);
    if (ret >= 0)
        FFSWAP(AVFrame *, *frame, record->frame);
    remove_head(s);
    return ret < 0 ? ret : 1;
}
