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

#include <string.h>

#include "mp4_internal.h"

/* more bytes than a picture has pixels, uncompressed at 16 bit with alpha */
#define BYTES_PER_PIXEL_MAX 8
#define SAMPLE_SLACK        (1 << 20)

/* Entries of one size, read in blocks. */
typedef struct Table {
    Parse *p;
    int64_t at, left;    ///< of what was not read; entries that were not taken
    size_t entry, used, pos;
    RunwayOutcome ret;
    unsigned char block[4080]; ///< divisible by each size of an entry
} Table;

/* RUNWAY_BAD_RESULT when the box does not hold so many. */
static RunwayOutcome open_table(Table *t, Parse *p, const Box *box, int after,
                                int64_t nb, size_t entry)
{
    t->p     = p;
    t->at    = box->start + after;
    t->left  = nb;
    t->entry = entry;
    t->used  = t->pos = 0;
    t->ret   = RUNWAY_OK;
    if (nb > RUNWAY_MP4_SAMPLES_MAX)
        return ff_runway_mp4_bad(p, "has more entries than a clip can have");
    if (t->at > box->end || nb > (box->end - t->at) / (int64_t)entry)
        return ff_runway_mp4_bad(p, "has a table with more entries than there "
                                 "are");
    return RUNWAY_OK;
}

/* The next entry; NULL at the end, and where t->ret says what is wrong. */
static const unsigned char *next_entry(Table *t)
{
    const unsigned char *entry = t->block + t->pos;

    if (!t->left || t->ret)
        return NULL;
    if (t->pos == t->used) {
        int64_t size = t->left * (int64_t)t->entry;

        if (size > (int64_t)sizeof(t->block))
            size = (int64_t)sizeof(t->block);
        t->ret = ff_runway_mp4_bytes(t->p, t->at, t->block, (size_t)size);
        if (t->ret)
            return NULL;
        t->at  += size;
        t->used = (size_t)size;
        t->pos  = 0;
        entry   = t->block;
    }
    t->pos += t->entry;
    t->left--;
    return entry;
}

static RunwayOutcome read_u32(Parse *p, int64_t at, uint32_t *value)
{
    unsigned char data[4];
    RunwayOutcome ret = ff_runway_mp4_bytes(p, at, data, 4);

    *value = ret ? 0 : ff_runway_mp4_u32(data);
    return ret;
}

/* What almost all tables begin with: a version, and how many entries. */
static RunwayOutcome open_counted(Table *t, Parse *p, const Box *box,
                                  size_t entry)
{
    uint32_t nb;
    RunwayOutcome ret = read_u32(p, box->start + 4, &nb);

    return ret ? ret : open_table(t, p, box, 8, nb, entry);
}

/* nb samples more, of that many bytes in all */
static RunwayOutcome add_samples(Parse *p, int64_t nb, int64_t bytes,
                                 int64_t largest)
{
    if (nb > RUNWAY_MP4_SAMPLES_MAX - p->nb_samples)
        return ff_runway_mp4_bad(p, "has more frames than a clip can have");
    p->nb_samples += nb;
    p->nb_bytes   += bytes; /* 2^17 times 2^32 at most */
    if (largest > p->largest)
        p->largest = largest;
    return RUNWAY_OK;
}

/* The size of such a box hangs on its version: more for 64 bit times. */
static RunwayOutcome check_version(Parse *p, const Box *box, int64_t more)
{
    uint32_t version;
    RunwayOutcome ret = read_u32(p, box->start, &version);

    if (!ret && version >> 24 && box->end - box->start < more)
        ret = ff_runway_mp4_bad(p, "has a box that is too small");
    return ret;
}

RunwayOutcome ff_runway_mp4_mvhd(Parse *p, const Box *box)
{
    return check_version(p, box, 112);
}

RunwayOutcome ff_runway_mp4_tkhd(Parse *p, const Box *box)
{
    return check_version(p, box, 96);
}

RunwayOutcome ff_runway_mp4_mdhd(Parse *p, const Box *box)
{
    return check_version(p, box, 36);
}

RunwayOutcome ff_runway_mp4_tfdt(Parse *p, const Box *box)
{
    return check_version(p, box, 12);
}

RunwayOutcome ff_runway_mp4_elst(Parse *p, const Box *box)
{
    Table t = { 0 };
    uint32_t version;
    RunwayOutcome ret = read_u32(p, box->start, &version);

    if (!ret)
        ret = open_counted(&t, p, box, version >> 24 ? 20 : 12);
    if (!ret)
        p->nb_edits = t.left;
    return ret;
}

RunwayOutcome ff_runway_mp4_dref(Parse *p, const Box *box)
{
    int64_t at = box->start + 8;
    uint32_t nb, size, flags;
    RunwayOutcome ret = read_u32(p, box->start + 4, &nb);

    if (!ret && nb > RUNWAY_MP4_FORMATS_MAX)
        return ff_runway_mp4_bad(p, "has more entries than a clip can have");
    for (; !ret && nb; nb--, at += size) {
        if (box->end - at < 12)
            return ff_runway_mp4_bad(p, "has a table with more entries than "
                                     "there are");
        ret = read_u32(p, at, &size);
        if (!ret && (size < 12 || size > box->end - at))
            ret = ff_runway_mp4_bad(p, "has a box that is larger than what it "
                                    "is in");
        if (!ret)
            ret = read_u32(p, at + 8, &flags);
        if (!ret && !(flags & 1))
            ret = ff_runway_mp4_bad(p, "says that the pictures are in another "
                                    "file");
    }
    return ret;
}

RunwayOutcome ff_runway_mp4_stts(Parse *p, const Box *box)
{
    const unsigned char *entry;
    int64_t nb = 0;
    Table t;
    RunwayOutcome ret = open_counted(&t, p, box, 8);

    if (ret)
        return ret;
    while ((entry = next_entry(&t))) {
        nb += ff_runway_mp4_u32(entry);
        if (nb > RUNWAY_MP4_SAMPLES_MAX)
            return ff_runway_mp4_bad(p, "has more frames than a clip can have");
    }
    return t.ret;
}

RunwayOutcome ff_runway_mp4_stss(Parse *p, const Box *box)
{
    Table t;

    return open_counted(&t, p, box, 4);
}

RunwayOutcome ff_runway_mp4_stsc(Parse *p, const Box *box)
{
    Table t;

    p->stsc = *box;
    return open_counted(&t, p, box, 12);
}

RunwayOutcome ff_runway_mp4_stsz(Parse *p, const Box *box)
{
    const unsigned char *entry;
    uint32_t size, nb;
    Table t;
    RunwayOutcome ret = read_u32(p, box->start + 4, &size);

    if (!ret)
        ret = read_u32(p, box->start + 8, &nb);
    if (ret)
        return ret;
    if (size) {
        if (nb > RUNWAY_MP4_SAMPLES_MAX)
            return ff_runway_mp4_bad(p, "has more entries than a clip can "
                                     "have");
        return add_samples(p, nb, (int64_t)nb * size, size);
    }
    ret = open_table(&t, p, box, 12, nb, 4);
    while (!ret && (entry = next_entry(&t))) {
        size = ff_runway_mp4_u32(entry);
        ret  = add_samples(p, 1, size, size);
    }
    return ret ? ret : t.ret;
}

/* Sizes of 4, 8 or 16 bits. */
RunwayOutcome ff_runway_mp4_stz2(Parse *p, const Box *box)
{
    const unsigned char *entry;
    uint32_t bits, nb;
    Table t;
    RunwayOutcome ret = read_u32(p, box->start + 4, &bits);

    if (!ret)
        ret = read_u32(p, box->start + 8, &nb);
    if (ret)
        return ret;
    bits &= 0xFF;
    if (bits != 4 && bits != 8 && bits != 16)
        return ff_runway_mp4_bad(p, "has sample sizes of an unknown kind");
    if (nb > RUNWAY_MP4_SAMPLES_MAX)
        return ff_runway_mp4_bad(p, "has more entries than a clip can have");
    ret = open_table(&t, p, box, 12, ((int64_t)nb * bits + 7) / 8, 1);
    if (!ret)
        ret = add_samples(p, nb, 0, 0);
    for (int odd = 0; !ret && (entry = next_entry(&t)); odd ^= 1) {
        /* a byte is two sizes, one, or the half of one */
        int64_t size = bits == 4  ? (*entry >> 4) + (*entry & 15) :
                       bits == 16 ? *entry << (odd ? 0 : 8) : *entry;

        ret = add_samples(p, 0, size, size);
    }
    return ret ? ret : t.ret;
}

RunwayOutcome ff_runway_mp4_stco(Parse *p, const Box *box)
{
    Table t;
    RunwayOutcome ret = open_counted(&t, p, box, box->type[0] == 'c' ? 8 : 4);

    if (!ret)
        p->nb_chunks = t.left;
    return ret;
}

RunwayOutcome ff_runway_mp4_chunks(Parse *p)
{
    int64_t first = 0, each = 0, nb = 0;
    const unsigned char *entry;
    Table t;
    RunwayOutcome ret;

    if (!p->stsc.end || !p->nb_chunks)
        return RUNWAY_OK;
    ret = open_counted(&t, p, &p->stsc, 12);
    if (ret)
        return ret;
    do {
        int64_t next = p->nb_chunks + 1;

        entry = next_entry(&t);
        if (t.ret)
            return t.ret;
        if (entry) {
            uint32_t format = ff_runway_mp4_u32(entry + 8);

            next = ff_runway_mp4_u32(entry);
            if (next > p->nb_chunks || next <= first || (!first && next != 1) ||
                !ff_runway_mp4_u32(entry + 4) || !format ||
                format > p->nb_formats)
                return ff_runway_mp4_bad(p, "has chunks that are not described "
                                         "as they should be");
        }
        /* 2^17 times 2^32 at most */
        nb += (next - first) * each;
        if (nb > RUNWAY_MP4_SAMPLES_MAX)
            return ff_runway_mp4_bad(p, "has more frames than a clip can have");
        if (entry) {
            first = next;
            each  = ff_runway_mp4_u32(entry + 4);
        }
    } while (entry);
    return RUNWAY_OK;
}

/* A descriptor's tag, and its length in up to four bytes of 7 bits. */
static int read_descriptor(const unsigned char *data, int size, int *at,
                           int64_t *length)
{
    int tag;

    if (*at >= size)
        return -1;
    tag     = data[(*at)++];
    *length = 0;
    for (int i = 0; i < 4 && *at < size; i++) {
        int c = data[(*at)++];

        *length = *length << 7 | (c & 0x7F);
        if (!(c & 0x80))
            break;
    }
    return tag;
}

/* How to decode, in descriptors: the demuxer believes their lengths. */
RunwayOutcome ff_runway_mp4_esds(Parse *p, const Box *box)
{
    unsigned char data[256];
    int size = (int)sizeof(data), at = 4, tag;
    int64_t length, whole = box->end - box->start;
    RunwayOutcome ret;

    if (size > whole)
        size = (int)whole;
    ret = ff_runway_mp4_bytes(p, box->start, data, (size_t)size);
    if (ret)
        return ret;
    tag = read_descriptor(data, size, &at, &length);
    if (tag == 3 && at + 3 <= size) {
        int flags = data[at + 2];

        at += 3;
        if (flags & 0x80)
            at += 2;
        if (flags & 0x40 && at < size)
            at += data[at] + 1;
        if (flags & 0x20)
            at += 2;
    } else {
        at += 2;
    }
    if (read_descriptor(data, size, &at, &length) != 4)
        return RUNWAY_OK;
    at += 13;
    tag = read_descriptor(data, size, &at, &length);
    if (tag >= 0 && length > whole - at)
        return ff_runway_mp4_bad(p, "has a description that is larger than its "
                                 "box");
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_mp4_trex(Parse *p, const Box *box)
{
    uint32_t id, size;
    RunwayOutcome ret = read_u32(p, box->start + 4, &id);

    if (!ret)
        ret = read_u32(p, box->start + 16, &size);
    /* of several for one track the demuxer believes the first */
    if (!ret && id == p->track && size > p->track_size)
        p->track_size = size;
    return ret;
}

RunwayOutcome ff_runway_mp4_tfhd(Parse *p, const Box *box)
{
    int64_t at = box->start + 8;
    uint32_t flags, size = p->track_size;
    RunwayOutcome ret = read_u32(p, box->start, &flags);

    if (ret)
        return ret;
    at += (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0) + (flags & 8 ? 4 : 0);
    if (at + (flags & 0x10 ? 4 : 0) + (flags & 0x20 ? 4 : 0) > box->end)
        return ff_runway_mp4_bad(p, "has a box that is too small");
    if (flags & 0x10)
        ret = read_u32(p, at, &size);
    p->fragment_size = size;
    return ret;
}

RunwayOutcome ff_runway_mp4_trun(Parse *p, const Box *box)
{
    const unsigned char *entry;
    uint32_t flags, nb;
    size_t each = 0;
    Table t;
    int after;
    RunwayOutcome ret = read_u32(p, box->start, &flags);

    if (!ret)
        ret = read_u32(p, box->start + 4, &nb);
    if (ret)
        return ret;
    after = 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
    for (uint32_t flag = 0x100; flag <= 0x800; flag <<= 1)
        each += (flags & flag) ? 4 : 0;
    if (!each && nb > RUNWAY_MP4_SAMPLES_MAX)
        return ff_runway_mp4_bad(p, "has more entries than a clip can have");
    if (p->fragment_size < 0)
        return ff_runway_mp4_bad(p, "has frames of an unknown track");
    ret = open_table(&t, p, box, after, each ? nb : 0, each ? each : 4);
    if (ret || !(flags & 0x200))
        return ret ? ret : add_samples(p, nb, nb * p->fragment_size,
                                       p->fragment_size);
    while (!ret && (entry = next_entry(&t))) {
        uint32_t size = ff_runway_mp4_u32(entry + (flags & 0x100 ? 4 : 0));

        ret = add_samples(p, 1, size, size);
    }
    return ret ? ret : t.ret;
}

RunwayOutcome ff_runway_mp4_sums(Parse *p)
{
    int64_t pixels = p->pixels ? p->pixels : p->max_pixels;

    if (p->nb_edits > 1 &&
        p->nb_samples * p->nb_edits > RUNWAY_MP4_EDITED_MAX)
        return ff_runway_mp4_bad(p, "plays its frames more often than a clip "
                                 "can");
    if (p->nb_bytes > 2 * p->source->size)
        return ff_runway_mp4_bad(p, "has more bytes of frames than the file");
    if (p->largest > pixels * BYTES_PER_PIXEL_MAX + SAMPLE_SLACK)
        return ff_runway_mp4_bad(p, "has a frame of more bytes than its "
                                 "pixels can take");
    return RUNWAY_OK;
}
