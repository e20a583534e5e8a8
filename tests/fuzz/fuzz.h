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
 * What the fuzz targets share. Each file that has a LLVMFuzzerTestOneInput() is
 * one: `make fuzz`. What a target asserts is what the module's header promises.
 */

#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MUST(condition)                                                    \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                       \
        }                                                                  \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The rest of an input. */
typedef struct FuzzInput {
    const uint8_t *data;
    size_t size;
} FuzzInput;

/** The next line, without its newline, as a text of its own: free(). "" when
 *  there is no more; a 0 in it ends it. */
static inline char *fuzz_line(FuzzInput *in)
{
    const uint8_t *end = in->size ? memchr(in->data, '\n', in->size) : NULL;
    size_t length = end ? (size_t)(end - in->data) : in->size;
    char *text = malloc(length + 1);

    MUST(text);
    if (length)
        memcpy(text, in->data, length);
    text[length] = 0;
    length += !!end;
    in->data += length;
    in->size -= length;
    return text;
}

/** All of the rest, in a block of exactly that size: free(). */
static inline char *fuzz_rest(const FuzzInput *in)
{
    char *block = malloc(in->size ? in->size : 1);

    MUST(block);
    if (in->size)
        memcpy(block, in->data, in->size);
    return block;
}

/** A file without a name with that in it. */
static inline int fuzz_file(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    MUST(fd >= 0);
    MUST(write(fd, data, size) == (ssize_t)size);
    return fd;
}

#endif /* TESTS_FUZZ_FUZZ_H */
