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

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "client_internal.h"

/** Keep a reply's bytes in memory, as many as the limit allows. They may come
 *  one by one: the buffer is made to hold as many again. */
static int keep_reply(RunwayCall *call, const char *data, size_t size,
                      size_t limit)
{
    if (size > limit - call->reply_size) {
        call->too_large = 1;
        size = limit - call->reply_size;
    }
    if (call->reply_size + size + 1 > call->reply_capacity) {
        size_t capacity = 2 * call->reply_size + size + 1;
        char *longer = realloc(call->reply, capacity);

        if (!longer) {
            call->no_memory = 1;
            return 0;
        }
        call->reply      = longer;
        call->reply_capacity = capacity;
    }
    memcpy(call->reply + call->reply_size, data, size);
    call->reply_size += size;
    call->reply[call->reply_size] = 0;
    return 1;
}

size_t ff_runway_call_take_reply(char *data, size_t size, size_t nb,
                                 void *opaque)
{
    RunwayCall *call = opaque;

    if (!keep_reply(call, data, size * nb, RUNWAY_REPLY_MAX) || call->too_large)
        return 0;
    return size * nb;
}

void ff_runway_call_start_over(RunwayCall *call)
{
    call->done = 0;
    if (ftruncate(call->fd, 0))
        call->write_error = errno;
}

size_t ff_runway_call_take_file(char *data, size_t size, size_t nb,
                                void *opaque)
{
    RunwayCall *call = opaque;
    size_t left = size * nb;
    curl_off_t length = -1;

    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->status);
    if (call->status != 200 && call->status != 206) {
        int kept = keep_reply(call, data, left, RUNWAY_PAGE_MAX);

        /* what there is of it says enough */
        call->page_cut  = call->too_large;
        call->too_large = 0;
        return kept && !call->page_cut ? left : 0;
    }
    /* reply_size serves as the count of what this request brought */
    if (!call->reply_size) {
        if (call->status == 200 && call->done)
            ff_runway_call_start_over(call);
        /* the whole, if it is not said what a part of it this is */
        if (call->status == 206 && call->range_start != call->done &&
            (call->done || call->range_start > 0)) {
            call->wrong_range = 1;
            return 0;
        }
        curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                          &length);
        if (length > call->client->result_max - call->done)
            call->too_large = 1;
    }
    if ((int64_t)left > call->client->result_max - call->done)
        call->too_large = 1;
    if (call->too_large || call->write_error)
        return 0;
    call->reply_size += left;
    while (left) {
        ssize_t n = pwrite(call->fd, data, left, (off_t)call->done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            call->write_error = n < 0 ? errno : EIO;
            return 0;
        }
        data       += n;
        left       -= (size_t)n;
        call->done += n;
    }
    return size * nb;
}

/** Keep a header's value, without secrets and as much as fits; nothing where
 *  memory is short. @return whether line is that header */
static int take_header(RunwayCall *call, const char *line, size_t length,
                       const char *name, char *out, size_t capacity)
{
    size_t n = strlen(name);
    char *value;

    if (length <= n || strncasecmp(line, name, n) || line[n] != ':')
        return 0;
    for (n++; n < length && (line[n] == ' ' || line[n] == '\t'); n++)
        ;
    while (length > n && (unsigned char)line[length - 1] <= ' ')
        length--;
    length -= n;
    value   = malloc(length + 1);
    if (value) {
        memcpy(value, line + n, length);
        value[length] = 0;
        /* an id in a Location is shown, what the others hold is not */
        ff_runway_call_scrub(call, value, out == call->location);
        snprintf(out, capacity, "%s", value);
        free(value);
    }
    return 1;
}

/** A decimal number at *s, -1 when there is none. */
static int64_t take_number(const char **s)
{
    int64_t value = 0;
    int digits = 0;

    for (; **s >= '0' && **s <= '9' && digits < 18; (*s)++, digits++)
        value = value * 10 + (**s - '0');
    return digits ? value : -1;
}

/** "bytes 100-199/200", "bytes 100-199/" and a star; also "bytes ", a star and
 *  "/200" */
static void parse_range(RunwayCall *call, const char *value)
{
    call->range_start = -1;
    call->range_total = -1;
    if (strncasecmp(value, "bytes", 5))
        return;
    value += 5;
    value += strspn(value, " \t=");
    call->range_start = take_number(&value);
    value = strchr(value, '/');
    if (value) {
        value++;
        call->range_total = take_number(&value);
    }
}

size_t ff_runway_call_take_header(char *data, size_t size, size_t nb,
                                  void *opaque)
{
    RunwayCall *call = opaque;
    size_t length = size * nb;
    char range[96] = "", coding[16] = "";

    take_header(call, data, length, "Transfer-Encoding", coding,
                sizeof(coding));
    if (length > RUNWAY_HEAD_MAX - call->head_size)
        call->refused_head = "more than 128 KiB of headers";
    else if (coding[0] && strcasecmp(coding, "chunked") &&
             strcasecmp(coding, "identity"))
        /* libcurl decompresses it, whatever is asked for */
        call->refused_head = "a compressed reply, which was not asked for";
    if (call->refused_head)
        return 0;
    call->head_size += length;
    if (length >= 5 && !memcmp(data, "HTTP/", 5)) {
        /* another reply begins: the one before was a "100 Continue" */
        call->retry_after[0]  = 0;
        call->content_type[0] = 0;
        call->location[0]     = 0;
        call->has_location    = 0;
        call->range_start     = -1;
        call->range_total     = -1;
    }
    take_header(call, data, length, "Retry-After", call->retry_after,
                sizeof(call->retry_after));
    take_header(call, data, length, "Content-Type", call->content_type,
                sizeof(call->content_type));
    call->has_location |= take_header(call, data, length, "Location",
                                      call->location, sizeof(call->location));
    if (take_header(call, data, length, "Content-Range", range, sizeof(range)))
        parse_range(call, range);
    return length;
}
