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
#include <strings.h>

#include "classify.h"

static RunwayOutcome classify_create(RunwayTransport transport, long status,
                                     int has_retry_after)
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
    if (status == 429 || (status == 503 && has_retry_after))
        return RUNWAY_UNAVAILABLE;
    if (status >= 300 && status < 500)
        return RUNWAY_REFUSED;
    return RUNWAY_UNKNOWN;
}

RunwayOutcome ff_runway_classify(RunwayRequestKind kind,
                                 RunwayTransport transport, long status,
                                 int has_retry_after)
{
    if (kind == RUNWAY_REQUEST_CREATE)
        return classify_create(transport, status, has_retry_after);

    switch (transport) {
    case RUNWAY_TRANSPORT_TLS:
        /* The create got through, so the certificate was right a moment ago:
         * what is wrong for a while must not cost a paid task. */
    case RUNWAY_TRANSPORT_NOT_SENT:
    case RUNWAY_TRANSPORT_BROKEN:
        return RUNWAY_UNAVAILABLE;
    case RUNWAY_TRANSPORT_TOO_LARGE:
        return RUNWAY_BAD_RESULT;
    case RUNWAY_TRANSPORT_REPLY:
        break;
    }
    if (status >= 200 && status < 300)
        return RUNWAY_OK;
    if (kind == RUNWAY_REQUEST_READ && (status == 404 || status == 410))
        return RUNWAY_TASK_LOST;
    if (status == 408 || status == 425 || status == 429 || status >= 500 ||
        status < 200)
        return RUNWAY_UNAVAILABLE;
    return RUNWAY_REFUSED;
}

/** Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3; /* the year ends in Feb. */

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
           719468;
}

/** A run of digits at *s, at most max of them; -1 when there is none. */
static int parse_digits(const char **s, int max)
{
    int value = 0, n = 0;

    while (**s >= '0' && **s <= '9' && n < max) {
        value = value * 10 + (**s - '0');
        (*s)++;
        n++;
    }
    return n && !(**s >= '0' && **s <= '9') ? value : -1;
}

/** 1..12 for the name of a month at *s, which is passed over; else 0. */
static int parse_month(const char **s)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (int i = 0; i < 12; i++) {
        if (!strncasecmp(*s, &names[(size_t)i * 3], 3)) {
            *s += 3;
            return i + 1;
        }
    }
    return 0;
}

/**
 * The three forms of an HTTP date:
 * Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT;
 * Sun Nov  6 08:49:37 1994. The name of the day is not looked at.
 * @return 0 when text is none of them
 */
static int parse_date(const char *s, int64_t *seconds)
{
    static const unsigned char days[] = {
        31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    int year = -1, month, day, hour, minute, second;
    int asctime_form;

    while ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))
        s++;
    asctime_form = *s == ' ';
    if (*s != ' ' && *s++ != ',')
        return 0;
    while (*s == ' ')
        s++;
    if (asctime_form) {
        month = parse_month(&s);
        while (*s == ' ')
            s++;
        day = parse_digits(&s, 2);
    } else {
        day = parse_digits(&s, 2);
        if (*s == ' ' || *s == '-')
            s++;
        month = parse_month(&s);
        if (*s == ' ' || *s == '-')
            s++;
        year = parse_digits(&s, 4);
        /* two digits: the century is this one for as long as this matters */
        if (year >= 0 && year < 100)
            year += year < 70 ? 2000 : 1900;
    }
    if (*s++ != ' ')
        return 0;
    hour = parse_digits(&s, 2);
    if (*s++ != ':')
        return 0;
    minute = parse_digits(&s, 2);
    if (*s++ != ':')
        return 0;
    second = parse_digits(&s, 2);
    if (*s++ != ' ')
        return 0;
    if (asctime_form)
        year = parse_digits(&s, 4);
    else if (strncmp(s, "GMT", 3) && strncmp(s, "UTC", 3))
        return 0;
    else
        s += 3;
    if (*s || year < 1970 || !month || day < 1 || day > days[month - 1] ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60)
        return 0;
    *seconds = days_from_date(year, month, day) * 86400 + hour * 3600LL +
               minute * 60LL + second;
    return 1;
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
    char text[64];
    size_t length;
    int64_t wait, seconds;

    while (*value == ' ' || *value == '\t')
        value++;
    length = strlen(value);
    while (length && strchr(" \t\r\n", value[length - 1]))
        length--;
    if (!length || length >= sizeof(text))
        return -1;
    memcpy(text, value, length);
    text[length] = 0;

    wait = parse_seconds(text);
    if (wait < 0) {
        if (!parse_date(text, &seconds))
            return -1;
        if (seconds <= now)
            return 0;
        wait = seconds - now > RUNWAY_RETRY_AFTER_MAX / 1000000 ?
               RUNWAY_RETRY_AFTER_MAX : (seconds - now) * 1000000;
    }
    return wait > RUNWAY_RETRY_AFTER_MAX ? RUNWAY_RETRY_AFTER_MAX : wait;
}
