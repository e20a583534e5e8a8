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
#include <string.h>
#include <unistd.h>

#include "boxes.h"

#define DEPTH_MAX 16

/* What is carried from box to box. */
typedef struct Walk {
    int fd;
    int64_t samples, nb;
    int (*cancelled)(void *opaque);
    void *opaque;
    RunwayError *err;
} Walk;

typedef struct Box {
    char type[5];
    int64_t start;   ///< of what is in it
    int64_t end;
} Box;

static RunwayOutcome walk(Walk *w, int64_t start, int64_t end, int depth);

static RunwayOutcome bad(Walk *w, const char *why)
{
    return ff_runway_error(w->err, RUNWAY_BAD_RESULT,
                           "the result's index %s", why);
}

/* Before each box. */
static RunwayOutcome count_box(Walk *w)
{
    /* a disk can be slow, and a person wait */
    if (w->cancelled && w->cancelled(w->opaque))
        return ff_runway_error(w->err, RUNWAY_CANCELLED, "cancelled");
    if (++w->nb > RUNWAY_BOXES_COUNT)
        return bad(w, "has more boxes than a clip can have");
    return RUNWAY_OK;
}

static uint32_t read_u32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

/* Exactly that many bytes; 0 when the file has less, and w->err is not set. */
static int read_at(Walk *w, int64_t at, unsigned char *data, size_t size,
                   RunwayOutcome *ret)
{
    size_t got = 0;

    *ret = RUNWAY_OK;
    while (got < size) {
        ssize_t n = pread(w->fd, data + got, size - got,
                          (off_t)(at + (int64_t)got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            *ret = ff_runway_error(w->err, RUNWAY_IO, "the result cannot be "
                                   "read: %s", strerror(errno));
        if (n <= 0)
            return 0;
        got += (size_t)n;
    }
    return 1;
}

/* Whether type is one of a list of types of four characters each. */
static int is_one_of(const char *type, const char *list)
{
    for (; *list; list += 4)
        if (!memcmp(type, list, 4))
            return 1;
    return 0;
}

/* The box at start; 0 when there is none, or none that ends. */
static int read_box(Walk *w, int64_t start, int64_t end, Box *box,
                    RunwayOutcome *ret)
{
    unsigned char head[16];
    int64_t size;

    *ret = RUNWAY_OK;
    if (end - start < 8 || !read_at(w, start, head, 8, ret))
        return 0;
    memcpy(box->type, head + 4, 4);
    box->type[4] = 0;
    box->start   = start + 8;
    size         = read_u32(head);
    if (size == 1) {
        if (end - start < 16 || !read_at(w, start, head, 16, ret))
            return 0;
        box->start = start + 16;
        size       = (int64_t)(read_u32(head + 8) & 0x7FFFFFFF) << 32 |
                     read_u32(head + 12);
    } else if (!size) {
        size = end - start;
    }
    if (size < box->start - start)
        return 0;
    box->end = size > end - start ? end : start + size;
    return 1;
}

/* How many entries a box says that it has, after so many bytes. */
static RunwayOutcome count_entries(Walk *w, const Box *box, int after,
                                   int are_samples)
{
    unsigned char count[4];
    RunwayOutcome ret = RUNWAY_OK;

    if (box->end - box->start < after + 4 ||
        !read_at(w, box->start + after, count, 4, &ret))
        return ret;
    if (read_u32(count) > RUNWAY_BOXES_SAMPLES)
        return bad(w, "has more entries than a clip can have");
    if (are_samples)
        w->samples += read_u32(count);
    return w->samples > RUNWAY_BOXES_SAMPLES ?
           bad(w, "has more frames than a clip can have") : RUNWAY_OK;
}

/* What describes the samples has boxes too, behind a head that depends on what
 * they are: video, or sound of one of three kinds. */
static RunwayOutcome walk_descriptions(Walk *w, const Box *box, int depth)
{
    static const int heads[] = { 78, 28, 44, 64 };
    int64_t at = box->start + 8;
    RunwayOutcome ret = RUNWAY_OK;
    Box entry;

    while (!ret && ++w->nb <= RUNWAY_BOXES_COUNT &&
           read_box(w, at, box->end, &entry, &ret)) {
        for (int i = 0; i < 4 && !ret; i++)
            if (entry.end - entry.start > heads[i])
                ret = walk(w, entry.start + heads[i], entry.end, depth + 1);
        at = entry.end;
    }
    return ret;
}

static RunwayOutcome look_into(Walk *w, const Box *box, int depth)
{
    RunwayOutcome ret;

    if (!memcmp(box->type, "cmov", 4))
        return bad(w, "is compressed, which is not supported");
    if (is_one_of(box->type, "stszstz2"))
        return count_entries(w, box, 8, 1);
    if (!memcmp(box->type, "trun", 4))
        return count_entries(w, box, 4, 1);
    if (is_one_of(box->type, "sttscttsstscstcoco64stsselstsenc"))
        return count_entries(w, box, 4, 0);
    if (!memcmp(box->type, "stsd", 4))
        return walk_descriptions(w, box, depth);
    if (!memcmp(box->type, "meta", 4)) {
        /* with and without a version, as who wrote it thinks */
        ret = walk(w, box->start, box->end, depth + 1);
        return ret ? ret : walk(w, box->start + 4, box->end, depth + 1);
    }
    if (is_one_of(box->type, "moovtrakedtsmdiaminfstbldinfudtailstmoof"
                             "trafmvexmfracliptrefwavesinfschiiprpipco"
                             "gmhdtapt"))
        return walk(w, box->start, box->end, depth + 1);
    return RUNWAY_OK;
}

static RunwayOutcome walk(Walk *w, int64_t start, int64_t end, int depth)
{
    RunwayOutcome ret = RUNWAY_OK;
    Box box;

    if (depth > DEPTH_MAX)
        return bad(w, "has boxes nested too deeply");
    while (!ret && read_box(w, start, end, &box, &ret)) {
        ret = count_box(w);
        if (!ret)
            ret = look_into(w, &box, depth);
        start = box.end;
    }
    return ret;
}

RunwayOutcome ff_runway_boxes_check(int fd, int64_t size,
                                    int (*cancelled)(void *opaque),
                                    void *opaque, RunwayError *err)
{
    Walk w = { .fd = fd, .cancelled = cancelled, .opaque = opaque, .err = err };
    int64_t start = 0, index = 0;
    RunwayOutcome ret = RUNWAY_OK;
    int is_mp4 = 0;
    Box box;

    while (!ret && read_box(&w, start, size, &box, &ret)) {
        ret = count_box(&w);
        is_mp4 |= is_one_of(box.type, "moov");
        if (!is_one_of(box.type, "mdatfreeskipwide"))
            index += box.end - start;
        if (!ret && index > RUNWAY_BOXES_INDEX)
            ret = bad(&w, "is larger than a clip's can be");
        if (!ret)
            ret = look_into(&w, &box, 0);
        start = box.end;
    }
    /* the demuxer would say so in a line of its own, to which nobody asked */
    if (!ret && !is_mp4)
        ret = ff_runway_error(err, RUNWAY_BAD_RESULT, "the result (%lld bytes) "
                              "is not a readable video: it has no MP4 index",
                              (long long)size);
    return ret;
}
