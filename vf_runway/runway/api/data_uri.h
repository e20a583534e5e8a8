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
 * base64 of a file as it is read, for data URIs. libb64 does the
 * encoding, this module takes out the newlines that its 1.2 puts in.
 */

#ifndef AVFILTER_RUNWAY_API_DATA_URI_H
#define AVFILTER_RUNWAY_API_DATA_URI_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

/** Characters of the base64 of size bytes, padding included, no newline. */
uint64_t ff_runway_base64_size(uint64_t size);

/** Characters of "data:MIME;base64," plus the base64 of size bytes. */
uint64_t ff_runway_data_uri_size(const char *mime, uint64_t size);

/** The most bytes a file may have for its data URI to fit in limit characters;
 *  0 when none fits. */
uint64_t ff_runway_data_uri_capacity(const char *mime, uint64_t limit);

/**
 * The base64 of a memory block as a new NUL-terminated string, freed by the
 * caller with free(). NULL when memory is short.
 */
char *ff_runway_base64(const uint8_t *data, size_t size);

typedef struct RunwayBase64 RunwayBase64;

/**
 * Start reading size bytes of fd from its beginning (by pread: the file offset
 * is neither used nor moved, fd stays the caller's). NULL when memory is short.
 */
RunwayBase64 *ff_runway_base64_create(int fd, uint64_t size);
void ff_runway_base64_free(RunwayBase64 **b);

/** Begin again at the first character. */
void ff_runway_base64_rewind(RunwayBase64 *b);

/**
 * Write up to size further characters to out; *written is their number, 0 at
 * the end. @return RUNWAY_OK, or RUNWAY_IO when the file cannot be read or has
 * become shorter than size.
 */
RunwayOutcome ff_runway_base64_read(RunwayBase64 *b, char *out, size_t size,
                                    size_t *written);

#endif /* AVFILTER_RUNWAY_API_DATA_URI_H */
