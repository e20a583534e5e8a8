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

/* In large pictures only as many as a decoder has done in about two seconds. */
#define PARTS_MAX   100
#define PARTS_LARGE 25
#define PIXELS_MAX  (PARTS_LARGE * 4096LL * 2304) /* of all parts together */

static size_t count_start_codes(const unsigned char *data, size_t size)
{
    size_t nb = 0;

    for (size_t i = 0; i + 3 <= size; i++) {
        if (data[i + 2] <= 1) { /* what is more is in none */
            if (memcmp(data + i, "\0\0\1", 3))
                continue;
            nb++;
        }
        i += 2;
    }
    return nb;
}

/* NAL units behind lengths of so many bytes, and behind start codes in them. When
 * the last goes beyond the packet, decoders have taken notes of those before it;
 * less than four bytes behind it are ignored. */
static size_t count_lengths(const unsigned char *data, size_t size,
                            size_t bytes)
{
    size_t at = 0, nb = 0;

    while (size - at >= 4) {
        size_t length = 0;

        for (size_t i = 0; i < bytes; i++)
            length = length << 8 | data[at++];
        if (!length || length > size - at)
            return nb;
        nb += 1 + count_start_codes(data + at, length);
        at += length;
    }
    return nb;
}

/* Frames and frame headers among the OBUs of a packet, as far as these can be
 * distinguished. */
static size_t count_frames(const unsigned char *data, size_t size)
{
    size_t nb = 0;

    for (size_t at = 0; at < size;) {
        const int type = data[at] >> 3 & 15, has_size = data[at] & 2;
        uint64_t length = 0;

        nb += type == 3 || type == 6;
        at += 1 + (data[at] >> 2 & 1);
        if (!has_size)
            break;
        for (int i = 0; i < 8 && at < size; i++) {
            length |= (uint64_t)(data[at] & 0x7F) << 7 * i;
            if (!(data[at++] & 0x80))
                break;
        }
        if (at >= size || length > size - at)
            break;
        at += (size_t)length;
    }
    return nb;
}

/* As many as there are in the way of those said that finds most. */
static size_t count_nals(unsigned lengths, const unsigned char *data,
                         size_t size)
{
    size_t most = lengths & 1 ? count_start_codes(data, size) : 0;

    for (size_t bytes = 1; bytes <= 4; bytes++) {
        size_t nb = lengths >> bytes & 1 ? count_lengths(data, size, bytes) : 0;

        if (nb > most)
            most = nb;
    }
    return most;
}

size_t ff_runway_count_parts(RunwayPartKind kind, unsigned lengths,
                             const unsigned char *data, size_t size)
{
    switch (kind) {
    case RUNWAY_PART_NAL:   return count_nals(lengths, data, size);
    case RUNWAY_PART_FRAME: return count_frames(data, size);
    default:                return 1;
    }
}

size_t ff_runway_excess_parts(RunwayPartKind kind, unsigned lengths,
                              int64_t pixels, const unsigned char *data,
                              size_t size)
{
    size_t nb = ff_runway_count_parts(kind, lengths, data, size);

    return nb > PARTS_MAX ||
           (nb > PARTS_LARGE && pixels > PIXELS_MAX / (int64_t)nb) ? nb : 0;
}
