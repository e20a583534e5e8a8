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

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <b64/cencode.h>

#include "data_uri.h"

uint64_t ff_runway_base64_size(uint64_t size)
{
    return size / 3 * 4 + (size % 3 ? 4 : 0);
}

static uint64_t prefix_size(const char *mime)
{
    return strlen("data:") + strlen(mime) + strlen(";base64,");
}

uint64_t ff_runway_data_uri_size(const char *mime, uint64_t size)
{
    return prefix_size(mime) + ff_runway_base64_size(size);
}

uint64_t ff_runway_data_uri_capacity(const char *mime, uint64_t limit)
{
    uint64_t prefix = prefix_size(mime);

    return limit < prefix ? 0 : (limit - prefix) / 4 * 3;
}

size_t ff_runway_base64_encode(const void *data, size_t size, char *out)
{
    base64_encodestate state;
    size_t coded, n = 0;

    base64_init_encodestate(&state);
    coded  = (size_t)base64_encode_block(data, (int)size, out, &state);
    coded += (size_t)base64_encode_blockend(out + coded, &state);
    /* what is no base64: newlines (libb64 1.2), a final 0 (libb64 2) */
    for (size_t i = 0; i < coded; i++)
        if (out[i] != '\n' && out[i] != '\r' && out[i])
            out[n++] = out[i];
    return n;
}

char *ff_runway_base64(const void *data, size_t size)
{
    char *out = size < INT_MAX / 2 ? malloc(RUNWAY_BASE64_CAPACITY(size)) : NULL;

    if (out)
        out[ff_runway_base64_encode(data, size, out)] = 0;
    return out;
}
