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

#include <curl/curl.h>

#include "classify.h"

static RunwayOutcome classify_create(RunwayTransport transport, long status,
                                     int not_accepted)
{
    switch (transport) {
    case RUNWAY_TRANSPORT_NOT_SENT:
        return RUNWAY_UNAVAILABLE;
    case RUNWAY_TRANSPORT_TLS:
        return RUNWAY_REFUSED;
    case RUNWAY_TRANSPORT_BROKEN:
    case RUNWAY_TRANSPORT_TOO_LARGE:
        return RUNWAY_UNKNOWN;
    case RUNWAY_TRANSPORT_REPLY:
        break;
    }
    if (status >= 200 && status < 300)
        return RUNWAY_OK;
    if (!not_accepted)
        return RUNWAY_UNKNOWN;
    switch (status) {
    case 400: case 401: case 403: case 404: case 405: case 413:
        return RUNWAY_REFUSED;
    case 429: case 503:
        return RUNWAY_UNAVAILABLE;
    default:
        return RUNWAY_UNKNOWN;
    }
}

RunwayOutcome ff_runway_classify(RunwayRequestKind kind,
                                 RunwayTransport transport, long status,
                                 int not_accepted)
{
    if (kind == RUNWAY_REQUEST_CREATE)
        return classify_create(transport, status, not_accepted);

    switch (transport) {
    case RUNWAY_TRANSPORT_TLS:
        /* The create got through, so the certificate was right a moment ago:
         * what is wrong for a while must not cost a paid task. */
    case RUNWAY_TRANSPORT_NOT_SENT:
    case RUNWAY_TRANSPORT_BROKEN:
        return RUNWAY_UNAVAILABLE;
    case RUNWAY_TRANSPORT_TOO_LARGE:
        /* what is no result may be a proxy's page: ask again */
        return kind == RUNWAY_REQUEST_DOWNLOAD ? RUNWAY_BAD_RESULT
                                               : RUNWAY_UNAVAILABLE;
    case RUNWAY_TRANSPORT_REPLY:
        break;
    }
    if (status >= 200 && status < 300)
        return RUNWAY_OK;
    if (kind == RUNWAY_REQUEST_READ && (status == 404 || status == 410))
        return RUNWAY_UNAVAILABLE;
    if (status == 408 || status == 425 || status == 429 || status >= 500 ||
        status < 200)
        return RUNWAY_UNAVAILABLE;
    return RUNWAY_REFUSED;
}

/** Seconds with an optional fraction, as microseconds; -1 when it is not. */
static int64_t parse_seconds(const char *s)
{
    int64_t value = 0, unit = 100000;
    int digits = 0;

    for (; *s >= '0' && *s <= '9'; s++, digits++)
        if (value < 1000000000)
            value = value * 10 + (*s - '0');
    value *= 1000000;
    if (*s == '.') {
        for (s++; *s >= '0' && *s <= '9'; s++, digits++) {
            value += (*s - '0') * unit;
            unit  /= 10;
        }
    }
    return digits && !*s ? value : -1;
}

int64_t ff_runway_retry_after(const char *value, int64_t now)
{
    int64_t wait = parse_seconds(value), then;

    if (wait < 0) {
        then = (int64_t)curl_getdate(value, NULL);
        if (then < 0)
            return -1;
        wait = then <= now ? 0 :
               then - now > RUNWAY_RETRY_AFTER_MAX / 1000000 ?
               RUNWAY_RETRY_AFTER_MAX : (then - now) * 1000000;
    }
    return wait > RUNWAY_RETRY_AFTER_MAX ? RUNWAY_RETRY_AFTER_MAX : wait;
}
