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
 * A request body as a list of parts, so that a clip is never whole in memory:
 * text that is there, and files that are read while they are sent.
 *
 * Not thread safe: one body belongs to one thread at a time.
 */

#ifndef AVFILTER_RUNWAY_API_BODY_H
#define AVFILTER_RUNWAY_API_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

typedef struct RunwayBody RunwayBody;

/** @return a new, empty body, NULL when memory is short */
RunwayBody *ff_runway_body_create(void);
void ff_runway_body_free(RunwayBody **body);

/** Append size bytes of text (copied). */
RunwayOutcome ff_runway_body_add_text(RunwayBody *body, const char *text,
                                      size_t size);
/** Append the base64 of the first size bytes of fd. fd stays the caller's and
 *  open as long as the body lives. */
RunwayOutcome ff_runway_body_add_base64(RunwayBody *body, int fd,
                                        uint64_t size);

/** Bytes the whole body has: the Content-Length. */
uint64_t ff_runway_body_size(const RunwayBody *body);

/** Begin again at the first byte. */
void ff_runway_body_rewind(RunwayBody *body);

/** Up to size further bytes; *written is 0 at the end. RUNWAY_IO when a file
 *  cannot be read or is shorter than was said. */
RunwayOutcome ff_runway_body_read(RunwayBody *body, char *out, size_t size,
                                  size_t *written);

#endif /* AVFILTER_RUNWAY_API_BODY_H */
