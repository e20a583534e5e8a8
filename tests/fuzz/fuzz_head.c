/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/*
 * The headers of replies, as libcurl hands them out: a line at a time, whatever
 * is in it. An empty one stands for another reply, as behind "100 Continue".
 */

#include "fuzz.h"
#include "http/client_internal.h"

#define SECRET "key_9f8e7d6c5b4a"

static int is_header(const uint8_t *line, size_t size, const char *name)
{
    return size > strlen(name) &&
           !strncasecmp((const char *)line, name, strlen(name)) &&
           line[strlen(name)] == ':';
}

static int is_text(const char *text, size_t capacity)
{
    return memchr(text, 0, capacity) && !strstr(text, SECRET);
}

static void check(const RunwayCall *call, int has_location)
{
    int64_t wait = ff_runway_retry_after(call->retry_after, 784111777);

    MUST(is_text(call->retry_after, sizeof(call->retry_after)));
    MUST(is_text(call->content_type, sizeof(call->content_type)));
    MUST(is_text(call->location, sizeof(call->location)));
    MUST(call->has_location == has_location);
    MUST(has_location || !call->location[0]);
    MUST(call->head_size <= RUNWAY_HEAD_MAX);
    MUST(call->range_start >= -1 && call->range_total >= -1);
    MUST(wait >= -1 && wait <= RUNWAY_RETRY_AFTER_MAX);
    MUST(!ff_runway_call_is_json(call) || !ff_runway_call_is_web_page(call));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char secret[] = SECRET, *secrets[] = { secret };
    RunwayClient client = { .secrets = secrets, .nb_secrets = 1, .nb_keys = 1 };
    RunwayCall call = { .client = &client, .range_start = -1,
                        .range_total = -1 };
    FuzzInput in = { data, size };
    int has_location = 0;

    while (in.size) {
        const uint8_t *end = memchr(in.data, '\n', in.size);
        size_t length = end ? (size_t)(end - in.data) + 1 : in.size, taken;
        FuzzInput one = { in.data, length };
        char *line = fuzz_rest(&one);

        if (length == 1 && end)
            taken = ff_runway_call_take_header((char[]){ "HTTP/1.1 200\r\n" },
                                               1, 14, &call);
        else
            taken = ff_runway_call_take_header(line, 1, length, &call);
        free(line);
        MUST(!taken == !!call.refused_head);
        if (!taken)
            break;
        if ((length == 1 && end) ||
            (length >= 5 && !memcmp(in.data, "HTTP/", 5)))
            has_location = 0;
        has_location |= is_header(in.data, length, "location");
        in.data += length;
        in.size -= length;
        check(&call, has_location);
    }
    return 0;
}
