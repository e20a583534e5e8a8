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
 * What a reply or a broken connection means, and how long the service asks to
 * be left alone. Tables; no I/O, no clock of its own.
 */

#ifndef AVFILTER_RUNWAY_HTTP_CLASSIFY_H
#define AVFILTER_RUNWAY_HTTP_CLASSIFY_H

#include <stdint.h>

#include "../base/error.h"

typedef enum RunwayRequestKind {
    RUNWAY_REQUEST_CREATE,
    RUNWAY_REQUEST_READ,      ///< task, account: may be repeated freely
    RUNWAY_REQUEST_DOWNLOAD,  ///< a signed output URL
    RUNWAY_REQUEST_UPLOAD,    ///< a new slot and its storage POST
} RunwayRequestKind;

/** How a request that got no whole HTTP reply ended. */
typedef enum RunwayTransport {
    RUNWAY_TRANSPORT_REPLY,       ///< a whole reply with a status came
    RUNWAY_TRANSPORT_NOT_SENT,    ///< not a byte of the request went out
    RUNWAY_TRANSPORT_BROKEN,      ///< cut or timed out after a byte went out
    RUNWAY_TRANSPORT_TLS,         ///< the certificate was refused
    RUNWAY_TRANSPORT_TOO_LARGE,   ///< the reply passed its size limit
} RunwayTransport;

/**
 * The class of an outcome. status is the HTTP status with
 * RUNWAY_TRANSPORT_REPLY, else ignored.
 *
 * For a create, not_accepted says that the reply certainly is no acceptance: it
 * has the provider's own shape of an error, or the request's body never went out
 * whole. With it 400, 401, 403, 404, 405 and 413 are RUNWAY_REFUSED, 429 and 503
 * RUNWAY_UNAVAILABLE. A proxy answers in the service's name, also after it has
 * forwarded the request: any other status, and any other reply, is
 * RUNWAY_UNKNOWN. 2xx is RUNWAY_OK (an id is looked for elsewhere), NOT_SENT
 * RUNWAY_UNAVAILABLE, TLS RUNWAY_REFUSED (asking again does not make a
 * certificate right), BROKEN and TOO_LARGE RUNWAY_UNKNOWN.
 *
 * For the others: 408, 425, 429 and 5xx are RUNWAY_UNAVAILABLE, and so are
 * NOT_SENT, BROKEN, TLS and TOO_LARGE, but for a download's, which is
 * RUNWAY_BAD_RESULT; 404 and 410 of a read are RUNWAY_UNAVAILABLE too (whether
 * the task is gone stands in the reply).
 */
RunwayOutcome ff_runway_classify(RunwayRequestKind kind,
                                 RunwayTransport transport, long status,
                                 int not_accepted);

#define RUNWAY_RETRY_AFTER_MAX 300000000LL ///< microseconds honoured at most

/**
 * Value of a Retry-After header in microseconds, clipped to
 * RUNWAY_RETRY_AFTER_MAX; -1 when it is neither a number of seconds (fractions
 * allowed) nor a date as curl_getdate() reads them. now is seconds since the
 * epoch.
 */
int64_t ff_runway_retry_after(const char *value, int64_t now);

#endif /* AVFILTER_RUNWAY_HTTP_CLASSIFY_H */
