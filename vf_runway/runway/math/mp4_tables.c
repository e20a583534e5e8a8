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

/* a decoder cannot be stopped before it has read all of them */
#define SAMPLE_SLACK        (1 << 20)
/* FFmpeg 5.1 to 7.1 forget a table with a larger one, and then say of fragments
 * behind it that memory is short */
#define TIME_OFFSET_MAX     (1 << 28)

/* Entries of one size, read in blocks. */
typedef struct Table {
    Parse *p;
    int64_t at, left;    ///< of what was not read; entries that were not taken
    size_t entry, used, pos;
    unsigned char block[4080]; ///< divisible by each size of an entry
} Table;

/* RUNWAY_BAD_RESULT, and no entry, when the box does not hold so many. */
static void open_table(Table *t, Parse *p, const Box *box, int after,
                       int64_t nb, size_t entry)
{
    t->p     = p;
    t->at    = box->start + after;
    t->left  = nb;
    t->entry = entry;
    t->used  = t->pos = 0;
    if (nb > RUNWAY_MP4_SAMPLES_MAX)
        ff_runway_mp4_bad(p, "has more entries than a clip can have");
    else if (t->at > box->end || nb > (box->end - t->at) / (int64_t)entry)
        ff_runway_mp4_bad(p, "has a table with more entries than there are");
}

/* The next entry; NULL at the end, and when something is wrong. */
static const unsigned char *next_entry(Table *t)
{
    const unsigned char *entry;

    if (!t->left || t->p->ret)
        return NULL;
    if (t->pos == t->used) {
        int64_t size = t->left * (int64_t)t->entry;

        if (size > (int64_t)sizeof(t->block))
            size = (int64_t)sizeof(t->block);
        ff_runway_mp4_bytes(t->p, t->at, t->block, (size_t)size);
        t->at  += size;
        t->used = (size_t)size;
        t->pos  = 0;
        if (t->p->ret)
            return NULL;
    }
    entry   = t->block + t->pos;
    t->pos += t->entry;
    t->left--;
    return entry;
}

/* What almost all tables begin with: a version, and how many entries. */
static void open_counted(Table *t, Parse *p, const Box *box, size_t entry)
{
    open_table(t, p, box, 8, ff_runway_mp4_u32_at(p, box->start + 4), entry);
}

/* nb samples more, of that many bytes each */
static void add_samples(Parse *p, int64_t nb, int64_t bytes)
{
    if (nb > RUNWAY_MP4_SAMPLES_MAX - p->nb_samples) {
        ff_runway_mp4_bad(p, nb > RUNWAY_MP4_SAMPLES_MAX ?
                          "has more entries than a clip can have" :
                          "has more frames than a clip can have");
        return;
    }
    p->nb_samples += nb;
    p->nb_bytes   += nb * bytes; /* 2^17 times 2^32 at most */
    if (bytes > p->largest)
        p->largest = bytes;
}

/* The demuxer reads as many edits as the box holds, whatever the count says. The
 * only one that shows something goes on to the end if it has no length; FFmpeg
 * drops what of that is not in fragments. */
void ff_runway_mp4_elst(Parse *p, const Box *box)
{
    const int each = ff_runway_mp4_u32_at(p, box->start) >> 24 == 1 ? 20 : 12;
    const int time = each == 20 ? 8 : 4;
    static const unsigned char zeros[8];
    const unsigned char *entry;
    Table t;

    open_counted(&t, p, box, (size_t)each);
    open_table(&t, p, box, 8, (box->end - box->start - 8) / each, (size_t)each);
    p->nb_edits = t.left;
    while ((entry = next_entry(&t))) {
        unsigned char data[8];

        if (entry[time] & 0x80) /* nothing is shown then */
            continue;
        if (t.left || memcmp(entry, zeros, (size_t)time))
            break;
        memcpy(data, entry, sizeof(data));
        ff_runway_mp4_put_u32(data + time - 4, INT32_MAX);
        ff_runway_mp4_patch(p, box->start + 8 + (p->nb_edits - 1) * each, data);
    }
}

/* An address in it may be empty where a flag should say that there is none. */
void ff_runway_mp4_dref(Parse *p, const Box *box)
{
    int64_t at = box->start + 8;
    uint32_t nb = ff_runway_mp4_u32_at(p, box->start + 4), size;

    if (nb > RUNWAY_MP4_FORMATS_MAX)
        ff_runway_mp4_bad(p, "has more entries than a clip can have");
    for (; !p->ret && nb; nb--, at += size) {
        unsigned char data[9] = { 0 };

        if (box->end - at < 12) {
            ff_runway_mp4_bad(p, "has a table with more entries than there "
                              "are");
            return;
        }
        size = ff_runway_mp4_u32_at(p, at);
        if (size < 12 || size > box->end - at)
            ff_runway_mp4_bad(p, "has a box that is larger than the one it is "
                              "in");
        ff_runway_mp4_bytes(p, at + 4, data, size > 12 ? 9 : 8);
        if (!(data[7] & 1) && (memcmp(data, "url ", 4) || data[8]))
            ff_runway_mp4_bad(p, "says that the pictures are in another file");
    }
}

void ff_runway_mp4_stts(Parse *p, const Box *box)
{
    const unsigned char *entry;
    int64_t nb = 0;
    Table t;

    open_counted(&t, p, box, 8);
    while (nb <= RUNWAY_MP4_SAMPLES_MAX && (entry = next_entry(&t))) {
        int32_t offset = (int32_t)ff_runway_mp4_u32(entry + 4);

        nb += ff_runway_mp4_u32(entry);
        p->is_forgotten |= box->type[0] == 'c' && (offset > TIME_OFFSET_MAX ||
                                                   offset < -TIME_OFFSET_MAX);
    }
    if (nb > RUNWAY_MP4_SAMPLES_MAX)
        ff_runway_mp4_bad(p, "has more frames than a clip can have");
}

void ff_runway_mp4_stss(Parse *p, const Box *box)
{
    Table t;

    open_counted(&t, p, box, 4);
}

void ff_runway_mp4_stsc(Parse *p, const Box *box)
{
    Table t;

    p->stsc = *box;
    open_counted(&t, p, box, 12);
}

void ff_runway_mp4_stsz(Parse *p, const Box *box)
{
    const uint32_t size = ff_runway_mp4_u32_at(p, box->start + 4);
    const uint32_t nb = ff_runway_mp4_u32_at(p, box->start + 8);
    const unsigned char *entry;
    Table t;

    if (size) {
        add_samples(p, nb, size);
        return;
    }
    open_table(&t, p, box, 12, nb, 4);
    while ((entry = next_entry(&t)))
        add_samples(p, 1, ff_runway_mp4_u32(entry));
}

/* Sizes of 4, 8 or 16 bits. */
void ff_runway_mp4_stz2(Parse *p, const Box *box)
{
    const uint32_t bits = ff_runway_mp4_u32_at(p, box->start + 4) & 0xFF;
    const uint32_t nb = ff_runway_mp4_u32_at(p, box->start + 8);
    const unsigned char *entry;
    Table t;

    if (bits != 4 && bits != 8 && bits != 16)
        ff_runway_mp4_bad(p, "has sample sizes of an unknown kind");
    add_samples(p, nb, 0);
    open_table(&t, p, box, 12, ((int64_t)nb * bits + 7) / 8, 1);
    for (int odd = 0; (entry = next_entry(&t)); odd ^= 1) {
        /* a byte is two sizes, one, or the half of one */
        int64_t size = bits == 4  ? (*entry >> 4) + (*entry & 15) :
                       bits == 16 ? *entry << (odd ? 0 : 8) : *entry;

        p->nb_bytes += size;
        if (size > p->largest)
            p->largest = size;
    }
}

void ff_runway_mp4_stco(Parse *p, const Box *box)
{
    const size_t each = box->type[0] == 'c' ? 8 : 4;
    const unsigned char *entry;
    Table t;

    open_counted(&t, p, box, each);
    p->nb_chunks = t.left;
    while ((entry = next_entry(&t))) {
        uint64_t at = ff_runway_mp4_u32(entry + each - 4);

        if (each == 8)
            at |= (uint64_t)ff_runway_mp4_u32(entry) << 32;
        if (at > p->reach)
            p->reach = at;
    }
}

/* The last entry of stsc is of chunks that are not there: FFmpeg ignores it only
 * where it has no samples. There is one more before it. */
static void hide_last_chunks(Parse *p)
{
    unsigned char data[8];

    ff_runway_mp4_bytes(p, p->stsc.start + 4, data, 8);
    ff_runway_mp4_put_u32(data, ff_runway_mp4_u32(data) - 1);
    ff_runway_mp4_patch(p, p->stsc.start + 4, data);
}

void ff_runway_mp4_chunks(Parse *p)
{
    int64_t first = 0, each = 0, nb = 0;
    const unsigned char *entry;
    Table t;

    if (!p->stsc.end || !p->nb_chunks)
        return;
    open_counted(&t, p, &p->stsc, 12);
    do {
        int64_t next = p->nb_chunks + 1;

        entry = next_entry(&t);
        if (entry && first && !t.left &&
            ff_runway_mp4_u32(entry) > p->nb_chunks) {
            hide_last_chunks(p);
            entry = NULL;
        }
        if (entry) {
            uint32_t format = ff_runway_mp4_u32(entry + 8);

            next = ff_runway_mp4_u32(entry);
            if (next > p->nb_chunks || next <= first || (!first && next != 1) ||
                !ff_runway_mp4_u32(entry + 4) || !format ||
                format > p->nb_formats)
                ff_runway_mp4_bad(p, "has chunks that are not described as "
                                  "they should be");
            else if (p->unknown >> format & 1)
                ff_runway_mp4_unknown(p, p->unknown_type);
        }
        if (p->ret)
            return;
        /* 2^17 times 2^32 at most */
        nb += (next - first) * each;
        if (nb > RUNWAY_MP4_SAMPLES_MAX)
            ff_runway_mp4_bad(p, "has more frames than a clip can have");
        if (entry) {
            first = next;
            each  = ff_runway_mp4_u32(entry + 4);
        }
    } while (entry && !p->ret);
}

void ff_runway_mp4_trex(Parse *p, const Box *box)
{
    const uint32_t size = ff_runway_mp4_u32_at(p, box->start + 16);

    /* of several for one track the demuxer believes the first */
    if (ff_runway_mp4_u32_at(p, box->start + 4) == p->track &&
        size > p->track_size)
        p->track_size = size;
}

void ff_runway_mp4_tfhd(Parse *p, const Box *box)
{
    const uint32_t flags = ff_runway_mp4_u32_at(p, box->start);
    int64_t at = box->start + 8;

    if (p->unknown && !p->ret)
        ff_runway_mp4_unknown(p, p->unknown_type);
    at += (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0) + (flags & 8 ? 4 : 0);
    p->fragment_size = p->track_size;
    if (at + (flags & 0x10 ? 4 : 0) + (flags & 0x20 ? 4 : 0) > box->end) {
        ff_runway_mp4_bad(p, "has a box that is too small");
        return;
    }
    if (flags & 0x10)
        p->fragment_size = ff_runway_mp4_u32_at(p, at);
    p->shift = 0;
    if (flags & 1) {
        p->base = (uint64_t)ff_runway_mp4_u32_at(p, box->start + 8) << 32 |
                  ff_runway_mp4_u32_at(p, box->start + 12);
    } else if (flags & 0x20000) {
        p->base = p->moof;
    } else {
        p->base  = p->follows;
        p->shift = p->follows - p->follows_shown;
    }
}

void ff_runway_mp4_trun(Parse *p, const Box *box)
{
    const uint32_t flags = ff_runway_mp4_u32_at(p, box->start);
    const uint32_t nb = ff_runway_mp4_u32_at(p, box->start + 4);
    const int after = 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
    const int64_t before = p->nb_bytes;
    const unsigned char *entry;
    uint32_t offset = 0;
    size_t each = 0;
    Table t;

    for (uint32_t flag = 0x100; flag <= 0x800; flag <<= 1)
        each += (flags & flag) ? 4 : 0;
    if (p->fragment_size < 0)
        ff_runway_mp4_bad(p, "has frames of an unknown track");
    if (p->is_forgotten)
        ff_runway_mp4_bad(p, "has fragments, and times before them that are "
                          "too large");
    open_table(&t, p, box, after, each ? nb : 0, each ? each : 4);
    if (!(flags & 0x200))
        add_samples(p, nb, p->fragment_size);
    else
        while ((entry = next_entry(&t)))
            add_samples(p, 1, ff_runway_mp4_u32(entry + (flags & 0x100 ? 4
                                                                       : 0)));
    if (flags & 1)
        offset = ff_runway_mp4_u32_at(p, box->start + 8);
    p->follows = p->base + (uint64_t)(int32_t)offset +
                 (uint64_t)(p->nb_bytes - before);
    p->follows_shown = p->follows;
    if (nb && p->follows - 1 > p->reach)
        p->reach = p->follows - 1;
    if (flags & 1 && p->shift && p->mp4 && !p->ret) {
        unsigned char data[8];

        ff_runway_mp4_put_u32(data, nb);
        ff_runway_mp4_put_u32(data + 4, offset + (uint32_t)p->shift);
        ff_runway_mp4_patch(p, box->start + 4, data);
    }
}

void ff_runway_mp4_sums(Parse *p)
{
    int64_t pixels = p->pixels ? p->pixels : p->max_pixels;
    /* twice what ProRes takes at its best. The others take a decoder up to six
     * times as long for a byte; noise that is sent at 4K comes near it */
    int64_t most = p->is_intra ? 2 * pixels : pixels;

    if (p->nb_edits > 1 &&
        p->nb_samples * p->nb_edits > RUNWAY_MP4_EDITED_MAX)
        ff_runway_mp4_bad(p, "plays its frames more often than a clip can");
    if (p->nb_bytes > 2 * p->source->size)
        ff_runway_mp4_bad(p, "has more bytes of frames than the file can hold");
    if (p->largest > most + SAMPLE_SLACK)
        ff_runway_mp4_bad(p, "has a frame of more bytes than its pixels can "
                          "take");
}
