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
 * Who may be talked to: URLs, proxies, addresses. It uses libcurl's URL
 * parser and nothing that sends.
 */

#ifndef AVFILTER_RUNWAY_HTTP_URL_H
#define AVFILTER_RUNWAY_HTTP_URL_H

#include <sys/types.h>
#include <sys/socket.h>

#include "../base/error.h"

typedef struct RunwayUrl {
    char *text;       ///< scheme://host[:port][/path], no slash at the end
    char *host;       ///< lower case, an IPv6 address in brackets
    int port;
    int is_https;     ///< else http
    int is_loopback;  ///< host is 127.0.0.0/8, ::1 or localhost
    int has_user;
    int has_query;    ///< a query or a fragment
} RunwayUrl;

/** Characters of a host: a name has 253, and an error shows it whole. */
#define RUNWAY_HOST_MAX 255

/** Take an http or https URL apart. RUNWAY_INVALID: it is none, or its host is
 *  longer than that or not ASCII (as xn-- names are); RUNWAY_NOMEM. url is empty
 *  then. */
RunwayOutcome ff_runway_url_parse(const char *text, RunwayUrl *url);
void ff_runway_url_reset(RunwayUrl *url);

typedef enum RunwayReach {
    RUNWAY_REACH_PUBLIC,
    RUNWAY_REACH_PRIVATE,   ///< any of IANA's special-purpose ranges
    RUNWAY_REACH_LOOPBACK,
} RunwayReach;

/** Where an address is. What is neither IPv4 nor IPv6 is private. */
RunwayReach ff_runway_reach(const struct sockaddr *address);

/** The same for an IPv4 or IPv6 address in its usual form; anything else is
 *  public. */
RunwayReach ff_runway_address_reach(const char *text);

/** Where a host is that is a literal address or localhost, in any spelling; any
 *  other name is public as far as is known without asking. */
RunwayReach ff_runway_host_reach(const char *host);

/** Whether host is excepted by a no_proxy list (NULL: none): names with their
 *  subdomains and addresses, separated by commas or blanks, or "*". Networks are
 *  not looked for. */
int ff_runway_no_proxy(const char *list, const char *host);

#endif /* AVFILTER_RUNWAY_HTTP_URL_H */
