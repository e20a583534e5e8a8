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

/* How often the bytes of a mark occur. */
static size_t count_marks(const unsigned char *data, size_t size,
                          const char *mark, size_t length)
{
    size_t nb = 0;

    for (size_t i = 0; i + length <= size; i++)
        if (!memcmp(data + i, mark, length)) {
            nb++;
            i += length - 1;
        }
    return nb;
}

/* NAL units behind lengths of so many bytes. Decoders read none of them when
 * the last goes beyond the packet's end; less than four bytes behind it are
 * ignored. */
static size_t count_lengths(const unsigned char *data, size_t size,
                            size_t bytes)
{
    size_t at = 0, nb = 0;

    while (size - at >= 4) {
        size_t length = 0;

        for (size_t i = 0; i < bytes; i++)
            length = length << 8 | data[at++];
        if (!length || length > size - at)
            return 0;
        at += length;
        nb++;
    }
    return nb;
}

size_t ff_runway_count_parts(RunwayPartKind kind, const unsigned char *data,
                             size_t size)
{
    size_t most = 0;

    if (kind == RUNWAY_PART_SCAN)
        return count_marks(data, size, "\xFF\xDA", 2);
    if (kind == RUNWAY_PART_VIDEO_PACKET)
        return count_marks(data, size, "\0\0", 2);
    /* the index says how long lengths are, and so may each packet */
    for (size_t bytes = 1; bytes <= 4; bytes++) {
        size_t nb = count_lengths(data, size, bytes);

        if (nb > most)
            most = nb;
    }
    return most + count_marks(data, size, "\0\0\1", 3);
}
