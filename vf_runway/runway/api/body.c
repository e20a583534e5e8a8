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

#include "body.h"
#include "data_uri.h"

typedef struct Part {
    uint64_t size;          ///< bytes this part has in the body
    char *text;             ///< text that is there
    RunwayBase64 *base64;   ///< a file to encode, where text is NULL
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
    for (size_t i = 0; i < (*body)->nb_parts; i++) {
        free((*body)->parts[i].text);
        ff_runway_base64_free(&(*body)->parts[i].base64);
    }
    free((*body)->parts);
    free(*body);
    *body = NULL;
}

static Part *add_part(RunwayBody *body, uint64_t size)
{
    Part *part = realloc(body->parts,
                         (body->nb_parts + 1) * sizeof(*body->parts));

    if (!part)
        return NULL;
    body->parts = part;
    part = &body->parts[body->nb_parts++];
    memset(part, 0, sizeof(*part));
    part->size = size;
    return part;
}

RunwayOutcome ff_runway_body_add_text(RunwayBody *body, const char *text,
                                      size_t size)
{
    Part *part = add_part(body, size);

    if (!part)
        return RUNWAY_NOMEM;
    part->text = malloc(size + 1);
    if (!part->text) {
        body->nb_parts--;
        return RUNWAY_NOMEM;
    }
    if (size)
        memcpy(part->text, text, size);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_body_add_base64(RunwayBody *body, int fd,
                                        uint64_t size)
{
    Part *part = add_part(body, ff_runway_base64_size(size));

    if (!part)
        return RUNWAY_NOMEM;
    part->base64 = ff_runway_base64_create(fd, size);
    if (!part->base64) {
        body->nb_parts--;
        return RUNWAY_NOMEM;
    }
    return RUNWAY_OK;
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
    for (size_t i = 0; i < body->nb_parts; i++)
        if (body->parts[i].base64)
            ff_runway_base64_rewind(body->parts[i].base64);
}

/** Up to size bytes of a part from offset on, at least one. */
static RunwayOutcome read_part(Part *part, uint64_t offset, char *out,
                               size_t size, size_t *got)
{
    uint64_t left = part->size - offset;

    if (size > left)
        size = (size_t)left;
    *got = size;
    if (part->text) {
        memcpy(out, part->text + offset, size);
    } else {
        RunwayOutcome ret = ff_runway_base64_read(part->base64, out, size, got);

        if (ret)
            return ret;
    }
    return *got ? RUNWAY_OK : RUNWAY_IO;
}

RunwayOutcome ff_runway_body_read(RunwayBody *body, char *out, size_t size,
                                  size_t *written)
{
    *written = 0;
    while (*written < size && body->current < body->nb_parts) {
        Part *part = &body->parts[body->current];
        RunwayOutcome ret;
        size_t got;

        if (body->offset == part->size) {
            body->current++;
            body->offset = 0;
            continue;
        }
        ret = read_part(part, body->offset, out + *written, size - *written,
                        &got);
        if (ret)
            return ret;
        body->offset += got;
        *written     += got;
    }
    return RUNWAY_OK;
}
