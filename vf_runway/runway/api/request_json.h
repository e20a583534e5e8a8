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
 * What goes out: requests as JSON. No I/O but what RunwayBody reads later.
 * cJSON stays inside. Layer 1.
 */

#ifndef AVFILTER_RUNWAY_API_REQUEST_JSON_H
#define AVFILTER_RUNWAY_API_REQUEST_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"
#include "body.h"
#include "request.h"

/**
 * The body of a create with the clip as a data URI: the first size bytes of fd
 * (video/mp4), which stays the caller's and open while the body lives. With
 * uri set the clip is that URI instead and fd is not used. Only fields the
 * model has are written, except those of extra, which win over all others but
 * may not name the source field or "model"; a null in extra takes the field
 * out. For a model that is not known, the field that is "@clip" in extra is the
 * source field. Every picture has its uri. RUNWAY_INVALID: extra is no JSON
 * object, or names what it may not. *body is the caller's to free.
 */
RunwayOutcome ff_runway_request_json(const RunwayRequest *request,
                                     int fd, uint64_t size, const char *uri,
                                     RunwayBody **body, RunwayError *err);

/**
 * Whether the JSON object extra has a field of that name; out is its text, ""
 * when it is none or there is no such field.
 */
int ff_runway_extra_text(const char *extra, const char *name, char *out,
                         size_t size);

/**
 * Give take() every http URL that a create has from the user: pictures', and
 * those in extra. Ends with what take() returns, if that is not RUNWAY_OK;
 * RUNWAY_NOMEM.
 */
RunwayOutcome ff_runway_request_urls(const RunwayRequest *request,
                                     RunwayOutcome (*take)(void *opaque,
                                                           const char *url),
                                     void *opaque);

/** The body of the request for a slot. */
RunwayOutcome ff_runway_slot_request_json(const char *filename,
                                          RunwayBody **body, RunwayError *err);

#endif /* AVFILTER_RUNWAY_API_REQUEST_JSON_H */
