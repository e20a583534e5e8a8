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

static int is_in(uint32_t address, uint32_t net, int bits)
{
    return !((address ^ net) >> (32 - bits));
}

static RunwayReach reach_v4(uint32_t a)
{
    static const struct {
        uint32_t net;
        int bits;
    } nets[] = {
        { 0x00000000,  8 },  /* this network */
        { 0x0A000000,  8 },
        { 0x64400000, 10 },  /* carrier-grade NAT */
        { 0xA9FE0000, 16 },  /* link-local; clouds tell secrets there */
        { 0xAC100000, 12 },
        { 0xC0000000, 24 },
        { 0xC0A80000, 16 },
        { 0xC6120000, 15 },  /* benchmarks */
        { 0xE0000000,  3 },  /* multicast and above */
    };

    if (is_in(a, 0x7F000000, 8))
        return RUNWAY_REACH_LOOPBACK;
    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
        if (is_in(a, nets[i].net, nets[i].bits))
            return RUNWAY_REACH_PRIVATE;
    return RUNWAY_REACH_PUBLIC;
}

static uint32_t read_u32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

static RunwayReach reach_v6(const unsigned char *b)
{
    static const unsigned char zeros[16];
    static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    static const unsigned char nat64[12] = { 0x00, 0x64, 0xFF, 0x9B };

    if (!memcmp(b, zeros, 15) && b[15] == 1)
        return RUNWAY_REACH_LOOPBACK;
    if (!memcmp(b, mapped, 12) || !memcmp(b, nat64, 12))
        return reach_v4(read_u32(b + 12));
    /* unspecified and IPv4-compatible, unique local, link-local, site-local,
     * multicast */
    if (!memcmp(b, zeros, 12) || (b[0] & 0xFE) == 0xFC ||
        (b[0] == 0xFE && (b[1] & 0x80)) || b[0] == 0xFF)
        return RUNWAY_REACH_PRIVATE;
    return RUNWAY_REACH_PUBLIC;
}

RunwayReach ff_runway_reach(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return reach_v4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        return reach_v6(in6.sin6_addr.s6_addr);
    }
    return RUNWAY_REACH_PRIVATE;
}

RunwayReach ff_runway_host_reach(const char *host)
{
    struct in_addr v4;
    size_t length = strlen(host);

    if (!strcasecmp(host, "localhost"))
        return RUNWAY_REACH_LOOPBACK;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return reach_v4(ntohl(v4.s_addr));
    if (length > 2 && length < INET6_ADDRSTRLEN + 2 && host[0] == '[' &&
        host[length - 1] == ']') {
        char text[INET6_ADDRSTRLEN + 2];
        struct in6_addr v6;

        memcpy(text, host + 1, length - 2);
        text[length - 2] = 0;
        if (inet_pton(AF_INET6, text, &v6) == 1)
            return reach_v6(v6.s6_addr);
    }
    return RUNWAY_REACH_PUBLIC;
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
    if (!scheme || !port || !path || !url->host || !url->host[0])
        goto end;
    url->is_https = !strcasecmp(scheme, "https");
    if (!url->is_https && strcasecmp(scheme, "http"))
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
    size_t host_length = strlen(host);

    while (list && *list) {
        size_t length;

        list  += strspn(list, ", \t");
        length = strcspn(list, ", \t");
        if (length == 1 && *list == '*')
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
