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

#include <stdio.h>

#include "checksum.h"

/* FNV-1a, 64 bits: offset basis and prime */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

void ff_runway_checksum_init(RunwayChecksum *sum)
{
    sum->hash = FNV_BASIS;
}

void ff_runway_checksum_add(RunwayChecksum *sum, const void *data,
                            size_t size)
{
    const unsigned char *bytes = data;
    uint64_t hash = sum->hash;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    sum->hash = hash;
}

void ff_runway_checksum_text(const RunwayChecksum *sum,
                             char text[RUNWAY_CHECKSUM_SIZE])
{
    snprintf(text, RUNWAY_CHECKSUM_SIZE, "%08lx%08lx",
             (unsigned long)(sum->hash >> 32),
             (unsigned long)(sum->hash & 0xFFFFFFFFu));
}
