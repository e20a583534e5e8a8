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
 * What goes out as base64: a body is as long as it says, and the same bytes come
 * out in whatever pieces it is read.
 *
 * Input: a byte for the size of the pieces, the file.
 */

#include "api/body.h"
#include "api/data_uri.h"
#include "fuzz.h"

/* All of body, in pieces of step bytes. */
static char *drain(RunwayBody *body, size_t step, size_t *size)
{
    size_t capacity = (size_t)ff_runway_body_size(body), used = 0, n;
    char *text = malloc(capacity + step + 1);

    MUST(text);
    ff_runway_body_rewind(body);
    do {
        MUST(!ff_runway_body_read(body, text + used, step, &n));
        MUST(n <= step);
        used += n;
        MUST(used <= capacity);
    } while (n);
    MUST(used == capacity);
    text[used] = 0;
    *size = used;
    return text;
}

static void check_base64(const FuzzInput *file, int fd, size_t step)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    RunwayBody *body = ff_runway_body_create();
    char *whole = ff_runway_base64(file->data, file->size), *read;
    size_t size, n = strlen(whole);

    MUST(body && whole && n == ff_runway_base64_size(file->size));
    for (size_t i = 0; i < file->size; i++) {
        /* the byte again, from the two digits that it is in */
        size_t at = i / 3 * 4 + i % 3;
        unsigned a = (unsigned)(strchr(digits, whole[at]) - digits);
        unsigned b = (unsigned)(strchr(digits, whole[at + 1]) - digits);
        unsigned shift = (unsigned)(i % 3 + 1) * 2;

        MUST(((a << shift | b >> (6 - shift)) & 255) == file->data[i]);
    }
    MUST(!ff_runway_body_add_base64(body, fd, file->size));
    read = drain(body, step, &size);
    MUST(size == n && !memcmp(read, whole, n));
    free(read);
    free(whole);
    ff_runway_body_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput in = { data + 1, size - 1 };
    int fd;

    if (!size)
        return 0;
    fd = fuzz_file(in.data, in.size);
    check_base64(&in, fd, 1 + (size_t)data[0]);
    close(fd);
    return 0;
}
