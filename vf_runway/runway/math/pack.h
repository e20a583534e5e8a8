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
 * Bytes of a flat picture, such as a mask, in less space: each line less the one
 * above it, and runs of one value as two bytes. Pure.
 */

#ifndef AVFILTER_RUNWAY_MATH_PACK_H
#define AVFILTER_RUNWAY_MATH_PACK_H

#include <stdint.h>

/** What cannot be made smaller grows by one byte in so many. */
#define RUNWAY_PACK_RUN 128

/** Pack size bytes, lines of stride bytes. packed holds size + size /
 *  RUNWAY_PACK_RUN + 1. @return bytes in it */
int64_t ff_runway_pack(uint8_t *packed, const uint8_t *data, int64_t size,
                       int64_t stride);

/** The size bytes that were packed. */
void ff_runway_unpack(uint8_t *data, int64_t size, const uint8_t *packed,
                      int64_t stride);

#endif /* AVFILTER_RUNWAY_MATH_PACK_H */
