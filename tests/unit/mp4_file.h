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


/**
 * @file
 * MP4 files that are put together box by box, right ones and odd ones. For one
 * test program each: include it once.
 */

#ifndef TESTS_UNIT_MP4_FILE_H
#define TESTS_UNIT_MP4_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MP4_FILE_SIZE (1 << 20)

/** The boxes that are open know where they began. What does not fit is left
 *  out. */
typedef struct Mp4File {
    uint8_t data[MP4_FILE_SIZE];
    size_t size;
    size_t open[64];
    int nb_open;
} Mp4File;

static inline void put_bytes(Mp4File *f, const void *data, size_t size)
{
    if (size > sizeof(f->data) - f->size)
        size = sizeof(f->data) - f->size;
    memcpy(f->data + f->size, data, size);
    f->size += size;
}

static inline void put_u32(Mp4File *f, uint32_t value)
{
    uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
                         (uint8_t)(value >> 8), (uint8_t)value };

    put_bytes(f, bytes, 4);
}

static inline void put_zeros(Mp4File *f, size_t nb)
{
    for (; nb; nb--)
        put_bytes(f, "", 1);
}

static inline void begin(Mp4File *f, const char *type)
{
    f->open[f->nb_open++ & 63] = f->size;
    put_u32(f, 0);
    put_bytes(f, type, 4);
}

/** What was begun last ends here; more: bytes that it claims beyond that. */
static inline void end_with(Mp4File *f, uint32_t more)
{
    size_t start = f->open[--f->nb_open & 63], now = f->size;

    f->size = start;
    put_u32(f, (uint32_t)(now - start) + more);
    f->size = now > f->size ? now : f->size;
}

static inline void end(Mp4File *f)
{
    end_with(f, 0);
}

/** A box with these words of 32 bits in it, after 4 bytes of version and flags. */
static inline void put_table(Mp4File *f, const char *type, uint32_t flags,
                             const uint32_t *words, int nb)
{
    begin(f, type);
    put_u32(f, flags);
    for (int i = 0; i < nb; i++)
        put_u32(f, words[i]);
    end(f);
}

#define PUT_TABLE(f, type, flags, ...)                                   \
    put_table(f, type, flags, (const uint32_t[]){ __VA_ARGS__ },         \
              (int)(sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4))

#endif /* TESTS_UNIT_MP4_FILE_H */
