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

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <curl/curl.h>

#include "url.h"

/** The first bits of some addresses. */
typedef struct Range {
    unsigned char bytes[16];
    int bits;
} Range;

static int is_in(const unsigned char *address, const Range *range)
{
    int whole = range->bits / 8, rest = range->bits % 8;

    return !memcmp(address, range->bytes, (size_t)whole) &&
           !((address[whole] ^ range->bytes[whole]) >> (8 - rest));
}

static RunwayReach reach_v4(const unsigned char *b)
{
    /* the IANA IPv4 Special-Purpose Address Registry, and multicast */
    static const Range special[] = {
        { { 0 }, 8 },               /* this network */
        { { 10 }, 8 },              /* private use */
        { { 100, 64 }, 10 },        /* shared: carrier-grade NAT */
        { { 169, 254 }, 16 },       /* link-local; clouds tell secrets there */
        { { 172, 16 }, 12 },        /* private use */
        { { 192, 0, 0 }, 24 },      /* protocol assignments */
        { { 192, 0, 2 }, 24 },      /* documentation */
        { { 192, 31, 196 }, 24 },   /* AS112 */
        { { 192, 52, 193 }, 24 },   /* AMT */
        { { 192, 88, 99 }, 24 },    /* 6to4 relays */
        { { 192, 168 }, 16 },       /* private use */
        { { 192, 175, 48 }, 24 },   /* AS112 */
        { { 198, 18 }, 15 },        /* benchmarks */
        { { 198, 51, 100 }, 24 },   /* documentation */
        { { 203, 0, 113 }, 24 },    /* documentation */
        { { 224 }, 3 },             /* multicast, reserved, broadcast */
    };

    if (b[0] == 127)
        return RUNWAY_REACH_LOOPBACK;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (is_in(b, &special[i]))
            return RUNWAY_REACH_PRIVATE;
    return RUNWAY_REACH_PUBLIC;
}

static RunwayReach reach_v6(const unsigned char *b)
{
    static const unsigned char loopback[16] = { [15] = 1 };
    static const Range mapped = { { [10] = 0xFF, [11] = 0xFF }, 96 };
    static const Range nat64  = { { 0x00, 0x64, 0xFF, 0x9B }, 96 };
    static const Range global = { { 0x20 }, 3 };
    /* behind any prefix; the byte before it is 0, or 2 in front of an IPv4
     * address that is called public */
    static const unsigned char isatap[] = { 0x00, 0x5E, 0xFE };
    /* of the IANA IPv6 Special-Purpose Address Registry what lies in 2000::/3,
     * the one block that global addresses are given out of; all else, from ::
     * with its IPv4-compatible addresses to ff00::/8, is refused as a whole */
    static const Range special[] = {
        { { 0x20, 0x01, 0x00 }, 23 },             /* Teredo, ORCHID, and more */
        { { 0x20, 0x01, 0x0D, 0xB8 }, 32 },       /* documentation */
        { { 0x20, 0x02 }, 16 },                   /* 6to4 */
        { { 0x26, 0x20, 0x00, 0x4F, 0x80 }, 48 }, /* AS112 */
        { { 0x3F, 0xFF, 0x00 }, 20 },             /* documentation */
    };

    if (!memcmp(b, loopback, sizeof(loopback)))
        return RUNWAY_REACH_LOOPBACK;
    if (is_in(b, &mapped))
        return reach_v4(b + 12);
    /* a network that has only IPv6 reaches IPv4 so, and 127.0.0.1 is then the
     * translator's own and not this machine's */
    if (is_in(b, &nat64))
        return reach_v4(b + 12) == RUNWAY_REACH_PUBLIC ? RUNWAY_REACH_PUBLIC
                                                       : RUNWAY_REACH_PRIVATE;
    if (!is_in(b, &global) || ((!b[8] || b[8] == 2) &&
                               !memcmp(b + 9, isatap, sizeof(isatap))))
        return RUNWAY_REACH_PRIVATE;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (is_in(b, &special[i]))
            return RUNWAY_REACH_PRIVATE;
    return RUNWAY_REACH_PUBLIC;
}

RunwayReach ff_runway_reach(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return reach_v4((const unsigned char *)&in.sin_addr.s_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        return reach_v6(in6.sin6_addr.s6_addr);
    }
    return RUNWAY_REACH_PRIVATE;
}

RunwayReach ff_runway_address_reach(const char *text)
{
    struct in6_addr v6;
    struct in_addr v4;

    if (inet_pton(AF_INET6, text, &v6) == 1)
        return reach_v6(v6.s6_addr);
    if (inet_pton(AF_INET, text, &v4) == 1)
        return reach_v4((const unsigned char *)&v4.s_addr);
    return RUNWAY_REACH_PUBLIC;
}

static int ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), n = strlen(end);

    return length >= n && !strcasecmp(text + length - n, end);
}

RunwayReach ff_runway_host_reach(const char *host)
{
    /* as the hosts files of Debian and Red Hat have them */
    static const char *const names[] = {
        "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback",
        "localhost4", "localhost4.localdomain4", "localhost6",
        "localhost6.localdomain6",
    };
    char text[256];
    size_t length = strlen(host);
    in_addr_t old;

    /* with a dot at its end a name is the same, and some count no dots */
    while (length && host[length - 1] == '.')
        length--;
    if (length >= sizeof(text))
        return RUNWAY_REACH_PUBLIC;
    memcpy(text, host, length);
    text[length] = 0;
    if (ends_in(text, ".localhost"))
        return RUNWAY_REACH_LOOPBACK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcasecmp(text, names[i]))
            return RUNWAY_REACH_LOOPBACK;
    if (text[0] == '[' && text[length - 1] == ']') {
        text[length - 1] = 0;
        text[1 + strcspn(text + 1, "%")] = 0; /* fe80::1%eth0 */
        return ff_runway_address_reach(text + 1);
    }
    /* 127.1, 0x7f.0.0.1, 2130706433: what resolvers take for an address */
    old = inet_addr(text);
    if (old != INADDR_NONE)
        return reach_v4((const unsigned char *)&old);
    return ff_runway_address_reach(text);
}

/** A part of a parsed URL as a string of our own, NULL when there is none.
 *  Sets *no_memory when that is why. */
static char *get_part(CURLU *u, CURLUPart part, unsigned flags, int *no_memory)
{
    char *value = NULL, *copy;
    CURLUcode ret = curl_url_get(u, part, &value, flags);

    *no_memory |= ret == CURLUE_OUT_OF_MEMORY;
    if (ret)
        return NULL;
    copy = strdup(value);
    *no_memory |= !copy;
    curl_free(value);
    return copy;
}

static int has_part(CURLU *u, CURLUPart part, int *no_memory)
{
    char *value = get_part(u, part, 0, no_memory);
    int ret = !!value;

    free(value);
    return ret;
}

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

/** Put text together from its parts: the same place has one spelling. */
static char *normal_text(const RunwayUrl *url, const char *port,
                         const char *path)
{
    int usual = url->port == (url->is_https ? 443 : 80);
    size_t length = strlen(path), size;
    char *text;

    while (length && path[length - 1] == '/')
        length--;
    size = strlen("https://:") + strlen(url->host) + strlen(port) + length + 1;
    text = malloc(size);
    if (text)
        snprintf(text, size, "%s://%s%s%s%.*s", url->is_https ? "https" : "http",
                 url->host, usual ? "" : ":", usual ? "" : port, (int)length,
                 path);
    return text;
}

RunwayOutcome ff_runway_url_parse(const char *text, RunwayUrl *url)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *port = NULL, *path = NULL;
    int ok = 0, no_memory = !u;
    CURLUcode ret = u ? curl_url_set(u, CURLUPART_URL, text, 0) : CURLUE_OK;

    memset(url, 0, sizeof(*url));
    no_memory |= ret == CURLUE_OUT_OF_MEMORY;
    if (!u || ret)
        goto end;
    scheme    = get_part(u, CURLUPART_SCHEME, 0, &no_memory);
    port      = get_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, &no_memory);
    path      = get_part(u, CURLUPART_PATH, 0, &no_memory);
    url->host = get_part(u, CURLUPART_HOST, 0, &no_memory);
    if (!scheme || !port || !path || !url->host || !url->host[0] ||
        strlen(url->host) > RUNWAY_HOST_MAX)
        goto end;
    url->is_https = !strcasecmp(scheme, "https");
    if (!url->is_https && strcasecmp(scheme, "http"))
        goto end;
    /* libcurl and the locale would make another name of it, or an address */
    for (const char *c = url->host; *c; c++)
        if (*c & 0x80)
            goto end;
    lower(url->host);
    url->port = (int)strtol(port, NULL, 10);
    if (url->port < 1 || url->port > 65535)
        goto end;
    url->is_loopback = ff_runway_host_reach(url->host) ==
                       RUNWAY_REACH_LOOPBACK;
    url->has_user  = has_part(u, CURLUPART_USER, &no_memory) ||
                     has_part(u, CURLUPART_PASSWORD, &no_memory);
    url->has_query = has_part(u, CURLUPART_QUERY, &no_memory) ||
                     has_part(u, CURLUPART_FRAGMENT, &no_memory) ||
                     strpbrk(text, "?#");
    url->text      = normal_text(url, port, path);
    no_memory |= !url->text;
    ok = !no_memory;
end:
    if (!ok)
        ff_runway_url_reset(url);
    free(scheme);
    free(port);
    free(path);
    curl_url_cleanup(u);
    if (no_memory)
        return RUNWAY_NOMEM;
    return ok ? RUNWAY_OK : RUNWAY_INVALID;
}

void ff_runway_url_reset(RunwayUrl *url)
{
    free(url->text);
    free(url->host);
    memset(url, 0, sizeof(*url));
}

int ff_runway_no_proxy(const char *list, const char *host)
{
    while (list && *list) {
        size_t host_length = strlen(host), length;

        list  += strspn(list, ", \t");
        length = strcspn(list, ", \t");
        if (length == 1 && *list == '*')
            return 1;
        /* lists have IPv6 addresses with and without the brackets */
        if (*host == '[' && *list != '[' && length == host_length - 2 &&
            !strncasecmp(host + 1, list, length))
            return 1;
        /* ".example.org" and "example.org" mean the same */
        if (length && *list == '.') {
            list++;
            length--;
        }
        if (length && length <= host_length &&
            !strncasecmp(host + host_length - length, list, length) &&
            (length == host_length || host[host_length - length - 1] == '.'))
            return 1;
        list += length;
    }
    return 0;
}
