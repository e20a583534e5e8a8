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

#include "parts.h"

/* Slices made for packets of a network are as many as a large frame has thousands
 * of bytes. In large pictures only as many as a decoder has done in about two
 * seconds; of frames, those that SVT-AV1 writes before one is shown. So many as
 * are sure are always let through. */
#define PARTS_MAX   400
#define PARTS_LARGE 25
#define PARTS_SURE  8
#define PIXELS_MAX  (PARTS_LARGE * 4096LL * 2304) /* of all parts together */
#define FRAMES_SURE 6
#define FRAMES_PIXELS (FRAMES_SURE * (4096 + 96LL) * (2304 + 96))

/* What a packet is made of, read in one way. */
typedef struct Parts {
    const RunwayNals *nals;
    size_t nb;           ///< of all kinds
    size_t nb_pictures;  ///< those that have something of a picture
    int64_t pixels;      ///< that a decoder goes over for these, at most
    uint32_t picture;    ///< which the first of them is of
} Parts;

/* A part for which a decoder goes over a picture from its block first on. */
static void add_part(Parts *p, int64_t first)
{
    const int64_t most = p->nals->pixels > PIXELS_MAX ? PIXELS_MAX
                                                      : p->nals->pixels;

    p->nb_pictures++;
    p->pixels += first < most >> 8 ? most - (first << 8) : most;
}

/* The parts that are neither slices nor unknown. */
static int is_told(const RunwayNals *nals, int type)
{
    return nals->is_hevc ? type >= 32 && type <= 40 : type >= 6 && type <= 15;
}

/* Slices of a picture that is begun cost what is behind their beginning; of one
 * that another slice has begun, that is all of it. */
static void add_nal(Parts *p, const unsigned char *data, size_t size)
{
    const int type = !size ? 0 : p->nals->is_hevc ? data[0] >> 1 & 63
                                                  : data[0] & 31;
    int64_t first = 0;

    if (p->nb++ >= PARTS_MAX || is_told(p->nals, type) ||
        ff_runway_nals_is_layer(p->nals, data, size))
        return;
    if (!p->nals->is_hevc && (type == 1 || type == 5)) {
        uint32_t picture;

        first = ff_runway_nals_slice(p->nals, data, size, &picture);
        if (!p->nb_pictures)
            p->picture = picture;
        else if (picture != p->picture)
            first = 0;
    }
    add_part(p, first);
}

static void add_start_codes(Parts *p, const unsigned char *data, size_t size)
{
    for (size_t i = 0; i + 3 <= size; i++) {
        if (data[i + 2] <= 1) { /* what is more is in none */
            if (memcmp(data + i, "\0\0\1", 3))
                continue;
            add_nal(p, data + i + 3, size - i - 3);
        }
        i += 2;
    }
}

/* NAL units behind lengths of so many bytes, and behind start codes in them. When
 * the last goes beyond the packet, decoders have taken notes of those before it;
 * less than four bytes behind it are ignored. */
static void add_lengths(Parts *p, const unsigned char *data, size_t size,
                        size_t bytes)
{
    size_t at = 0;

    while (size - at >= 4) {
        size_t length = 0;

        for (size_t i = 0; i < bytes; i++)
            length = length << 8 | data[at++];
        if (!length || length > size - at)
            return;
        add_nal(p, data + at, length);
        add_start_codes(p, data + at, length);
        at += length;
    }
}

/* Where the content of the OBU at *at begins. *at becomes its end: the packet's,
 * where it does not say how long it is, or too much. */
static size_t split_obu(const unsigned char *data, size_t size, size_t *at)
{
    const int has_size = data[*at] & 2;
    size_t from = *at + 1 + (data[*at] >> 2 & 1);
    uint64_t length = 0;

    *at = size;
    for (int i = 0; has_size && i < 8 && from < size; i++) {
        length |= (uint64_t)(data[from] & 0x7F) << 7 * i;
        if (!(data[from++] & 0x80))
            break;
    }
    if (has_size && from < size && length <= size - from)
        *at = from + (size_t)length;
    return from;
}

/* Frames and frame headers among the OBUs of a packet, as far as these can be
 * distinguished. Where no frame is open, a redundant header (7) opens one. */
static void add_frames(Parts *p, const unsigned char *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        const int type = data[at] >> 3 & 15;

        if ((type == 3 || type == 6 || type == 7) && p->nb++ < PARTS_MAX)
            add_part(p, 0);
        split_obu(data, size, &at);
    }
}

/* Frames of VP9, by the list at the end of a packet of more than one. */
static void add_listed(Parts *p, const unsigned char *data, size_t size)
{
    const unsigned char mark = size ? data[size - 1] : 0;
    size_t nb = 1 + (mark & 7);
    const size_t bytes = 2 + nb * (1 + (mark >> 3 & 3));

    if ((mark & 0xE0) != 0xC0 || size < bytes || data[size - bytes] != mark)
        nb = 1;
    for (p->nb = nb; nb > 0; nb--)
        add_part(p, 0);
}

void ff_runway_mute_parts(unsigned char *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        unsigned char *header = data + at;
        const size_t from = split_obu(data, size, &at);

        /* its type may be written in more bytes than one */
        if ((*header >> 3 & 15) == 5 && from < size && (data[from] & 127) == 4)
            *header |= 15 << 3;
    }
}

size_t ff_runway_count_parts(RunwayPartKind kind, const RunwayNals *nals,
                             const unsigned char *data, size_t size,
                             int *too_many)
{
    const int is_nal = kind == RUNWAY_PART_NAL;
    size_t most = kind == RUNWAY_PART_WHOLE;

    *too_many = 0;
    for (size_t bytes = 0; kind != RUNWAY_PART_WHOLE && bytes <= 4; bytes++) {
        Parts p = { .nals = nals };

        if (!is_nal && bytes)
            break;
        if (kind == RUNWAY_PART_LISTED)
            add_listed(&p, data, size);
        else if (kind == RUNWAY_PART_FRAME)
            add_frames(&p, data, size);
        else if (!(nals->lengths >> bytes & 1))
            continue;
        else if (bytes)
            add_lengths(&p, data, size, bytes);
        else
            add_start_codes(&p, data, size);
        if (p.nb > most)
            most = p.nb;
        *too_many |= p.nb > PARTS_MAX ||
                     (p.nb_pictures > (is_nal ? PARTS_SURE : FRAMES_SURE) &&
                      p.pixels > (is_nal ? PIXELS_MAX : FRAMES_PIXELS));
    }
    return most;
}
