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

#include <stdlib.h>
#include <string.h>

#include "../base/disk.h"
#include "body.h"
#include "data_uri.h"

/* bytes of a file that are encoded at once, whole groups of three */
#define CHUNK 12288

typedef struct Part {
    uint64_t size;          ///< bytes this part has in the body
    char *text;             ///< NULL: a file to encode
    int fd;
    uint64_t file_size;
} Part;

struct RunwayBody {
    Part *parts;
    size_t nb_parts;
    size_t current;         ///< part that is being read
    uint64_t offset;        ///< bytes of it that were read
};

RunwayBody *ff_runway_body_create(void)
{
    return calloc(1, sizeof(RunwayBody));
}

void ff_runway_body_free(RunwayBody **body)
{
    if (!body || !*body)
        return;
    for (size_t i = 0; i < (*body)->nb_parts; i++)
        free((*body)->parts[i].text);
    free((*body)->parts);
    free(*body);
    *body = NULL;
}

static RunwayOutcome add_part(RunwayBody *body, Part part)
{
    Part *parts = realloc(body->parts,
                          (body->nb_parts + 1) * sizeof(*body->parts));

    if (!parts) {
        free(part.text);
        return RUNWAY_NOMEM;
    }
    body->parts = parts;
    parts[body->nb_parts++] = part;
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_body_add_text(RunwayBody *body, const char *text,
                                      size_t size)
{
    Part part = { .size = size, .text = malloc(size + 1) };

    if (!part.text)
        return RUNWAY_NOMEM;
    if (size)
        memcpy(part.text, text, size);
    return add_part(body, part);
}

RunwayOutcome ff_runway_body_add_base64(RunwayBody *body, int fd,
                                        uint64_t size)
{
    return add_part(body, (Part){ .size = ff_runway_base64_size(size),
                                  .fd = fd, .file_size = size });
}

uint64_t ff_runway_body_size(const RunwayBody *body)
{
    uint64_t size = 0;

    for (size_t i = 0; i < body->nb_parts; i++)
        size += body->parts[i].size;
    return size;
}

void ff_runway_body_rewind(RunwayBody *body)
{
    body->current = 0;
    body->offset  = 0;
}

/** Characters of the base64 of a file from offset on. */
static RunwayOutcome read_base64(const Part *part, uint64_t offset, char *out,
                                 size_t size, size_t *got)
{
    char plain[CHUNK], coded[RUNWAY_BASE64_CAPACITY(CHUNK)];
    const size_t skip = offset % 4; /* of the first group of four */
    const uint64_t from = offset / 4 * 3, left = part->file_size - from;
    size_t n = left < CHUNK ? (size_t)left : CHUNK;

    if (size < CHUNK && (size + skip + 3) / 4 * 3 < n)
        n = (size + skip + 3) / 4 * 3;
    if (ff_runway_disk_read_at(part->fd, (int64_t)from, plain, n))
        return RUNWAY_IO;
    n    = ff_runway_base64_encode(plain, n, coded) - skip;
    *got = n < size ? n : size;
    memcpy(out, coded + skip, *got);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_body_read(RunwayBody *body, char *out, size_t size,
                                  size_t *written)
{
    *written = 0;
    while (*written < size && body->current < body->nb_parts) {
        const Part *part = &body->parts[body->current];
        RunwayOutcome ret;
        size_t got = size - *written;

        if (body->offset == part->size) {
            body->current++;
            body->offset = 0;
            continue;
        }
        if (!part->text) {
            ret = read_base64(part, body->offset, out + *written, got, &got);
            if (ret)
                return ret;
        } else {
            if (got > part->size - body->offset)
                got = (size_t)(part->size - body->offset);
            memcpy(out + *written, part->text + body->offset, got);
        }
        body->offset += got;
        *written     += got;
    }
    return RUNWAY_OK;
}
