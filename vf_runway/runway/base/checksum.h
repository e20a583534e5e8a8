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

/**
 * @file
 * A checksum against accidental damage: torn writes, bad blocks, edits by hand.
 * 64 bits of FNV-1a; any change of a single byte is noticed for certain. It is
 * no protection against somebody who wants to deceive.
 */

#ifndef AVFILTER_RUNWAY_BASE_CHECKSUM_H
#define AVFILTER_RUNWAY_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/** Size of a checksum as text: 16 lower-case hex digits and a 0. */
#define RUNWAY_CHECKSUM_SIZE 17

typedef struct RunwayChecksum {
    uint64_t hash;
} RunwayChecksum;

void ff_runway_checksum_init(RunwayChecksum *sum);

/** Add size bytes; data may be NULL when size is 0. */
void ff_runway_checksum_add(RunwayChecksum *sum, const void *data,
                            size_t size);

/** The checksum of all that was added so far, as text. */
void ff_runway_checksum_text(const RunwayChecksum *sum,
                             char text[RUNWAY_CHECKSUM_SIZE]);

#endif /* AVFILTER_RUNWAY_BASE_CHECKSUM_H */
