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
 * What goes out: base64, data URIs and forms. A body is as long as it says, the
 * same each time it is read and in whatever pieces, and nothing that a storage
 * service names ends a field or a header before its time.
 *
 * Input: a byte for the size of the pieces, a line with the name of the file,
 * lines NAME=VALUE for fields, an empty line, the file.
 */

#include "api/body.h"
#include "api/data_uri.h"
#include "fuzz.h"
#include "http/upload.h"

#define BOUNDARY "runway-v2v-0123456789abcdef"
#define FIELDS 8

/* All of body, in pieces of step bytes. */
static char *drain(RunwayBody *body, size_t step, size_t *size)
{
    size_t room = (size_t)ff_runway_body_size(body), used = 0, n;
    char *text = malloc(room + step + 1);

    MUST(text);
    ff_runway_body_rewind(body);
    do {
        MUST(!ff_runway_body_read(body, text + used, step, &n));
        MUST(n <= step);
        used += n;
        MUST(used <= room);
    } while (n);
    MUST(used == room);
    text[used] = 0;
    *size = used;
    return text;
}

static size_t count(const char *text, size_t size, const char *word)
{
    size_t nb = 0, length = strlen(word);

    for (size_t i = 0; i + length <= size; i++)
        nb += !memcmp(text + i, word, length);
    return nb;
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
    char *filename, *names[FIELDS], *values[FIELDS], *form, *again;
    RunwaySlot slot = { .names = names, .values = values };
    RunwayUpload what = { "clip 1", NULL, "video/mp4", -1, 0 };
    RunwayBody *body;
    RunwayError err;
    size_t step, nb = 0, inside = 0, n, m;

    if (!size)
        return 0;
    step     = 1 + data[0];
    filename = fuzz_line(&in);
    while (nb < FIELDS) {
        char *line = fuzz_line(&in), *equals = strchr(line, '=');

        if (!*line) {
            free(line);
            break;
        }
        if (equals)
            *equals = 0;
        names[nb]  = line;
        values[nb] = equals ? equals + 1 : line + strlen(line);
        inside    += count(values[nb], strlen(values[nb]), BOUNDARY) +
                     count(names[nb], strlen(names[nb]), BOUNDARY);
        nb++;
    }
    slot.nb_fields = (int)nb;
    what.filename  = filename;
    what.fd        = fuzz_file(in.data, in.size);
    what.size      = in.size;
    inside        += count(filename, strlen(filename), BOUNDARY) +
                     count((const char *)in.data, in.size, BOUNDARY);

    MUST(!ff_runway_upload_form(&slot, BOUNDARY, &what, &body, &err));
    form  = drain(body, step, &n);
    again = drain(body, 4096, &m);
    MUST(n == m && !memcmp(form, again, n));
    if (!inside) {
        const char *end = strstr(form, "\r\n\r\n");

        /* one for each field, one for the file, one at the end */
        MUST(count(form, n, "--" BOUNDARY) == nb + 2);
        /* the first part's head is of one line, or of two for the file */
        MUST(end && count(form, (size_t)(end - form), "\r\n") == (nb ? 1 : 2));
        /* the file stands in it as it is */
        MUST(n >= in.size + strlen("\r\n--" BOUNDARY "--\r\n"));
        MUST(!memcmp(form + n - strlen("\r\n--" BOUNDARY "--\r\n") - in.size,
                     in.data, in.size));
    }
    free(form);
    free(again);
    ff_runway_body_free(&body);
    check_base64(&in, what.fd, step);
    close(what.fd);
    for (size_t i = 0; i < nb; i++)
        free(names[i]);
    free(filename);
    return 0;
}
