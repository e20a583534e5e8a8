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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <b64/cencode.h>

#include "data_uri.h"

/* bytes read at once */
#define CHUNK 12288
/* four characters for three bytes, a newline after each 72 (54 bytes), and what
 * the end of the encoding adds */
#define CODED (CHUNK / 3 * 4 + CHUNK / 54 + 16)

struct RunwayBase64 {
    int fd;
    uint64_t size;
    uint64_t offset;            ///< bytes of fd that are encoded
    int ended;                  ///< the end of the encoding is in coded
    base64_encodestate state;
    size_t pos, nb;             ///< characters given out, and there, in coded
    char plain[CHUNK];
    char coded[CODED];
};

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

/** Drop what is no base64: newlines (libb64 1.2), a final 0 (libb64 2). */
static size_t strip(char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++)
        if (text[i] != '\n' && text[i] != '\r' && text[i])
            text[n++] = text[i];
    return n;
}

char *ff_runway_base64(const uint8_t *data, size_t size)
{
    base64_encodestate state;
    size_t done = 0, nb = 0, capacity;
    char coded[CODED];
    char *out;

    if (size > SIZE_MAX / 2)
        return NULL;
    capacity = (size_t)ff_runway_base64_size(size) + 1;
    out  = malloc(capacity);
    if (!out)
        return NULL;
    base64_init_encodestate(&state);
    for (;;) {
        size_t n = size - done < CHUNK ? size - done : CHUNK;

        if (n)
            n = strip(coded,
                      (size_t)base64_encode_block((const char *)data + done,
                                                  (int)n, coded, &state));
        else
            n = strip(coded, (size_t)base64_encode_blockend(coded, &state));
        /* never so, unless the library is not what it was */
        if (n >= capacity - nb) {
            free(out);
            return NULL;
        }
        memcpy(out + nb, coded, n);
        nb += n;
        if (done == size)
            break;
        done += size - done < CHUNK ? size - done : CHUNK;
    }
    out[nb] = 0;
    return out;
}

RunwayBase64 *ff_runway_base64_create(int fd, uint64_t size)
{
    RunwayBase64 *b = malloc(sizeof(*b));

    if (!b)
        return NULL;
    b->fd   = fd;
    b->size = size;
    ff_runway_base64_rewind(b);
    return b;
}

void ff_runway_base64_free(RunwayBase64 **b)
{
    if (!b)
        return;
    free(*b);
    *b = NULL;
}

void ff_runway_base64_rewind(RunwayBase64 *b)
{
    b->offset = 0;
    b->ended  = 0;
    b->pos    = 0;
    b->nb     = 0;
    base64_init_encodestate(&b->state);
}

/** Encode the next chunk, or the end. */
static RunwayOutcome fill(RunwayBase64 *b)
{
    uint64_t left = b->size - b->offset;
    size_t want = left < CHUNK ? (size_t)left : CHUNK;
    size_t got = 0;

    b->pos = 0;
    b->nb  = 0;
    if (!want) {
        b->nb    = strip(b->coded, (size_t)base64_encode_blockend(b->coded,
                                                                  &b->state));
        b->ended = 1;
        return RUNWAY_OK;
    }
    while (got < want) {
        ssize_t n = pread(b->fd, b->plain + got, want - got,
                          (off_t)(b->offset + got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return RUNWAY_IO;
        got += (size_t)n;
    }
    b->offset += got;
    b->nb      = strip(b->coded, (size_t)base64_encode_block(b->plain, (int)got,
                                                             b->coded,
                                                             &b->state));
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_base64_read(RunwayBase64 *b, char *out, size_t size,
                                    size_t *written)
{
    *written = 0;
    while (*written < size) {
        size_t n = b->nb - b->pos;

        if (!n) {
            RunwayOutcome ret;

            if (b->ended)
                break;
            ret = fill(b);
            if (ret)
                return ret;
            continue;
        }
        if (n > size - *written)
            n = size - *written;
        memcpy(out + *written, b->coded + b->pos, n);
        b->pos   += n;
        *written += n;
    }
    return RUNWAY_OK;
}
