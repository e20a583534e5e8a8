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

#include "nals_internal.h"

/* What is in a packet, or in a description. */
typedef struct Found {
    RunwayNals *nals;
    size_t units, sets, messages;
    int is_bad;            ///< one of the sets is
    int has_bad_slice;     ///< of HEVC
    int64_t width, height; ///< of a picture that is too large
    unsigned char *muted;  ///< where messages that are not whole become filler;
                           ///< NULL: nowhere
} Found;

/* Differences of -128 to 127; the list ends where the sum of them is 0. */
static void skip_scaling_list(Bits *b, int size)
{
    int sum = 8;

    if (!read_bit(b))
        return;
    for (int i = 0; i < size && sum && !b->is_bad; i++) {
        const int code = (int)read_ue(b, 256);

        b->is_bad |= code == 255;
        sum = (sum + (code & 1 ? (code >> 1) + 1 : -(code >> 1))) & 0xFF;
    }
}

/* What only some profiles have. @return the kind of chroma */
static int64_t skip_high(Bits *b)
{
    const int64_t chroma = read_ue(b, 3);

    if (chroma == 3)
        read_bit(b);
    read_ue(b, 6);
    read_ue(b, 6);
    read_bit(b);
    if (read_bit(b))
        for (int i = 0; i < (chroma == 3 ? 12 : 8); i++)
            skip_scaling_list(b, i < 6 ? 16 : 64);
    return chroma;
}

/* A sequence parameter set of H.264 up to its size, as FFmpeg reads it. One that
 * it cannot read it reads again, with the escapes in it. */
static void read_h264(Bits *b, Set *set)
{
    static const unsigned char high[] = {
        100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 144,
    };
    const int profile = (int)read_bits(b, 16) & 0xFF;
    const int is_simple = read_bits(b, 16) >> 13 &&
                          (profile == 66 || profile == 77 || profile == 88);
    int64_t kind;

    set->id    = read_ue(b, 31);
    set->lists = is_simple ? 0 : 8;
    if (memchr(high, profile, sizeof(high)) && skip_high(b) == 3)
        set->lists = 12;
    set->number_bits = (int)read_ue(b, 12) + 4;
    kind = read_ue(b, 2);
    if (!kind) {
        read_ue(b, 12);
    } else if (kind == 1) {
        read_bit(b);
        read_ue(b, UINT32_MAX);
        read_ue(b, UINT32_MAX);
        for (int64_t nb = read_ue(b, 255); nb > 0; nb--)
            read_ue(b, UINT32_MAX);
    }
    read_ue(b, 16);
    read_bit(b);
    set->width   = 16 * (read_ue(b, 1 << 20) + 1);
    set->height  = 16 * (read_ue(b, 1 << 20) + 1);
    set->height *= 2 - (int)read_bit(b);
    b->is_bad |= b->escapes > 0;
}

/* A picture parameter set of H.264 behind its number. @return whether there are
 * lists of scaling in it that are wrong, or not whole: FFmpeg complains of each
 * of them to everybody, and goes on with a description where they are */
static int has_bad_lists(const RunwayNals *nals, Bits b)
{
    int nb = nals->lists[read_ue(&b, 31)];

    read_bits(&b, 2);
    if (!nb || read_ue(&b, 255))
        return 0; /* decoders know no groups of slices */
    read_ue(&b, 31);
    read_ue(&b, 31);
    read_bits(&b, 3);
    for (int i = 0; i < 3; i++)
        read_ue(&b, 255);
    read_bits(&b, 3);
    if (b.is_bad)
        return !is_at_end(&b);
    if (!read_bit(&b))
        nb = 6;
    if (!read_bit(&b))
        return 0;
    for (int i = 0; i < nb; i++)
        skip_scaling_list(&b, i < 6 ? 16 : 64);
    return b.is_bad;
}

/* A parameter set: of pictures (2), sequences (1), or others (0). Decoders have
 * no use for one that cannot be read, but may read one of a sequence twice. */
static void take_set(Found *f, int kind, Bits *b)
{
    const int is_hevc = f->nals->is_hevc;
    Set set = { 0 };
    RunwayNalsSequence sequence;

    if (kind == 1 && is_hevc) {
        ff_runway_nals_read_hevc(b, &set, &sequence);
        if (!b->is_bad)
            f->nals->sequences[set.id] = sequence;
    } else if (kind == 1) {
        read_h264(b, &set);
    } else {
        read_bits(b, is_hevc ? 16 : 8);
        set.id = kind ? read_ue(b, is_hevc ? 63 : 255) : read_bits(b, 4);
        if (!is_hevc)
            f->is_bad |= has_bad_lists(f->nals, *b);
        else if (!kind)
            f->is_bad |= ff_runway_nals_has_bad_hrd(*b);
        else if (!b->is_bad)
            ff_runway_nals_read_picture(b, f->nals->sequences,
                                        &f->nals->pictures[set.id]);
    }
    f->sets++;
    f->is_bad |= (kind == 1 || (kind && is_hevc)) && b->is_bad;
    if (!b->is_bad) {
        unsigned char *ids = &f->nals->ids[kind][set.id >> 3];
        const int bit = 1 << (set.id & 7);

        f->nals->nb_ids += !(*ids & bit);
        *ids |= (unsigned char)bit;
        if (set.lists > f->nals->lists[set.id & 31])
            f->nals->lists[set.id & 31] = (unsigned char)set.lists;
    }
    if (set.number_bits > f->nals->number_bits)
        f->nals->number_bits = set.number_bits;
    if (set.width * set.height > f->nals->pixels) {
        f->width  = set.width;
        f->height = set.height;
    }
}

/* Whether messages are what they say: a type and a size each, of bytes of which
 * 255 means that there is more of it, and so many bytes. */
static int are_whole(const unsigned char *data, size_t size, int is_hevc)
{
    Bits b = { .data = data, .size = size };

    while (b.size && !data[b.size - 1])
        b.size--;
    read_bits(&b, is_hevc ? 16 : 8);
    do {
        size_t length = 0;
        unsigned byte;

        while (read_bits(&b, 8) == 255)
            ;
        do {
            byte    = read_bits(&b, 8);
            length += byte;
        } while (byte == 255);
        for (; length && !b.is_bad; length--)
            read_bits(&b, 8);
        b.is_bad |= b.at >= b.size;
    } while (!b.is_bad && (b.at + 1 < b.size || data[b.at] != 0x80));
    return !b.is_bad;
}

int ff_runway_nals_is_layer(const RunwayNals *nals, const unsigned char *data,
                            size_t size)
{
    return nals->is_hevc && size > 1 && (data[0] & 1 || data[1] >> 3);
}

/* One NAL unit, of a byte at least. */
static void take(Found *f, const unsigned char *data, size_t size)
{
    const int is_hevc = f->nals->is_hevc;
    const int type = is_hevc ? data[0] >> 1 & 63 : data[0] & 31;
    const int is_message = is_hevc ? type == 39 || type == 40 : type == 6;
    const int is_layer = ff_runway_nals_is_layer(f->nals, data, size);
    Bits bits = { .data = data, .size = size };

    f->units++;
    if (is_message)
        f->messages += size;
    if (f->muted && (is_layer ||
                     (is_message && !are_whole(data, size, is_hevc))))
        f->muted[data - f->muted] = is_hevc ? (data[0] & 0x81) | 38 << 1
                                            : (data[0] & 0xE0) | 12;
    /* decoders pass over one whose second byte, or first bit, is none */
    if (f->muted || is_message || is_layer ||
        (is_hevc && (size < 2 || data[0] & 0x80 || !(data[1] & 7))))
        return;
    if (is_hevc && type < 32)
        f->has_bad_slice |= ff_runway_nals_has_bad_slice(f->nals, bits);
    else if (is_hevc && type >= 32 && type <= 34)
        take_set(f, type - 32, &bits);
    else if (!is_hevc && (type == 7 || type == 8))
        take_set(f, type - 6, &bits);
}

/* NAL units between start codes; another begins before the first of these where
 * a length says so. */
static void take_all(Found *f, const unsigned char *data, size_t size,
                     int begins)
{
    size_t from = 0;

    for (size_t i = 0; i + 3 <= size; i++) {
        if (data[i + 2] > 1) { /* no start code has such a byte */
            i += 2;
            continue;
        }
        if (memcmp(data + i, "\0\0\1", 3))
            continue;
        if (begins && i > from)
            take(f, data + from, i - from);
        begins = 1;
        from   = i + 3;
        i     += 2;
    }
    if (begins && size > from)
        take(f, data + from, size - from);
}

/* As many NAL units, or fewer, behind lengths of so many bytes. @return where
 * they end */
static size_t take_list(Found *f, const unsigned char *data, size_t size,
                        size_t at, size_t bytes, size_t nb)
{
    for (; nb && size - at >= bytes; nb--) {
        size_t length = 0;

        for (size_t i = 0; i < bytes; i++)
            length = length << 8 | data[at++];
        if (length > size - at)
            return size;
        take_all(f, data + at, length, 1);
        at += length;
    }
    return at;
}

static RunwayOutcome judge(const Found *f, RunwayError *err)
{
    if (f->sets > RUNWAY_NALS_SETS)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result has %zu "
                               "parameter sets in one place: more than %d",
                               f->sets, RUNWAY_NALS_SETS);
    if (f->nals->nb_ids > RUNWAY_NALS_SETS)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result has more "
                               "than %d different parameter sets",
                               RUNWAY_NALS_SETS);
    if (f->messages > RUNWAY_NALS_MESSAGES)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result has %zu "
                               "bytes of messages in one place: more than %d",
                               f->messages, RUNWAY_NALS_MESSAGES);
    if (f->is_bad)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result is damaged: "
                               "a parameter set of it cannot be read");
    if (f->has_bad_slice)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result is damaged: "
                               "a slice of it begins with what none can");
    if (f->width)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result is damaged: "
                               "its pictures are larger (%lldx%lld) than its "
                               "index says", (long long)f->width,
                               (long long)f->height);
    return RUNWAY_OK;
}

/* A description, which says how packets are to be read. */
static void take_description(Found *f, const unsigned char *data, size_t size)
{
    RunwayNals *nals = f->nals;
    size_t at;

    /* as FFmpeg tells them from NAL units behind start codes */
    if (nals->is_hevc && size > 3 && (data[0] || data[1] || data[2] > 1)) {
        nals->lengths |= size < 23 ? 0x1E : 2u << (data[21] & 3);
        at = 23;
        for (int nb = size < 23 ? 0 : data[22]; nb && size - at >= 3; nb--)
            at = take_list(f, data, size, at + 3, 2,
                           (size_t)data[at + 1] << 8 | data[at + 2]);
    } else if (!nals->is_hevc && size >= 7 && data[0] == 1) {
        nals->lengths |= 2u << (data[4] & 3);
        at = take_list(f, data, size, 6, 2, data[5] & 31);
        if (at < size)
            take_list(f, data, size, at + 1, 2, data[at]);
    } else {
        nals->lengths |= 1;
        take_all(f, data, size, 0);
    }
}

RunwayOutcome ff_runway_nals_description(RunwayNals *nals,
                                         const unsigned char *data, size_t size,
                                         RunwayError *err)
{
    Found f = { .nals = nals };
    RunwayOutcome ret;

    take_description(&f, data, size);
    /* what is a set in one way of reading is none in another */
    if (nals->is_hevc && nals->lengths & (nals->lengths - 1))
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result is damaged: "
                               "it says in more ways than one how long its NAL "
                               "units are");
    ret = judge(&f, err);
    if (!ret && f.units > RUNWAY_NALS_UNITS)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result's "
                               "description has %zu NAL units: more than %d",
                               f.units, RUNWAY_NALS_UNITS);
    return ret;
}

RunwayOutcome ff_runway_nals_packet(RunwayNals *nals,
                                    const unsigned char *data, size_t size,
                                    RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_OK;

    /* a packet of H.264 may be a description */
    if (!nals->is_hevc && size >= 7 && data[0] == 1 && !data[2] &&
        data[4] >= 0xFC)
        ret = ff_runway_nals_description(nals, data, size, err);
    /* or have start codes in the place of lengths, with those that follow */
    if (!nals->is_hevc && nals->lengths >> 4 & 1 && size > 8 &&
        !memcmp(data, "\0\0\0\1", 4))
        nals->lengths |= 1;
    for (size_t bytes = 0; !ret && bytes <= 4; bytes++) {
        Found f = { .nals = nals };

        if (!(nals->lengths >> bytes & 1))
            continue;
        if (bytes)
            take_list(&f, data, size, 0, bytes, SIZE_MAX);
        else
            take_all(&f, data, size, 0);
        ret = judge(&f, err);
    }
    return ret;
}

void ff_runway_nals_mute(RunwayNals *nals, unsigned char *data, size_t size,
                         int is_description)
{
    Found f = { .nals = nals, .muted = data };

    if (is_description) {
        take_description(&f, data, size);
        return;
    }
    if (nals->lengths == 1)
        take_all(&f, data, size, 0);
    for (size_t bytes = 1; bytes <= 4; bytes++)
        if (nals->lengths == 1u << bytes)
            take_list(&f, data, size, 0, bytes, SIZE_MAX);
}

int64_t ff_runway_nals_slice(const RunwayNals *nals, const unsigned char *data,
                             size_t size, uint32_t *picture)
{
    Bits b = { .data = data, .size = size };
    int64_t first;

    read_bits(&b, 8);
    first = read_ue(&b, UINT32_MAX);
    read_ue(&b, 9); /* its type */
    *picture = (uint32_t)read_ue(&b, 255) << 16;
    *picture |= read_bits(&b, nals->number_bits);
    return b.is_bad ? 0 : first;
}
