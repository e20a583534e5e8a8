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
 * base64 and data URIs. libb64 does the encoding, this module takes out the
 * newlines that its 1.2 puts in.
 */

#ifndef AVFILTER_RUNWAY_API_DATA_URI_H
#define AVFILTER_RUNWAY_API_DATA_URI_H

#include <stddef.h>
#include <stdint.h>

/** Characters of the base64 of size bytes, padding included, no newline. */
uint64_t ff_runway_base64_size(uint64_t size);

/** Characters of "data:MIME;base64," plus the base64 of size bytes. */
uint64_t ff_runway_data_uri_size(const char *mime, uint64_t size);

/** The most bytes a file may have for its data URI to fit in limit characters;
 *  0 when none fits. */
uint64_t ff_runway_data_uri_capacity(const char *mime, uint64_t limit);

/** Characters that libb64 may write for size bytes: four for three, a newline
 *  behind each 72 (54 bytes), and what the end of the encoding adds. */
#define RUNWAY_BASE64_CAPACITY(size) ((size) / 3 * 4 + (size) / 54 + 16)

/** Write the base64 of size bytes, less than INT_MAX / 2, to out, which has
 *  RUNWAY_BASE64_CAPACITY. @return ff_runway_base64_size(size); no 0 follows */
size_t ff_runway_base64_encode(const void *data, size_t size, char *out);

/** The same as a new string, for free(). NULL when memory is short. */
char *ff_runway_base64(const void *data, size_t size);

#endif /* AVFILTER_RUNWAY_API_DATA_URI_H */
