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

#include <b64/cdecode.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "data_uri.h"
#include "util.h"

static int value_of(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? strchr(alphabet, c) : NULL;

    return p ? (int)(p - alphabet) : -1;
}

/* libb64 skips what it does not know and takes unpadded text, so anything
 * wrong has to be found before it is asked. */
static const char *check(const char *text, size_t length)
{
    size_t pad = 0;

    if (!length)
        return "Invalid data URI: no data";
    if (strpbrk(text, "\r\n \t"))
        return "Invalid data URI: white space in base64 data";
    while (pad < 2 && pad < length && text[length - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i < length - pad; i++) {
        if (value_of(text[i]) < 0)
            return "Invalid data URI: character outside of base64";
    }
    if (length % 4)
        return "Invalid data URI: base64 data is not padded";
    if ((pad == 1 && value_of(text[length - 2]) & 3) ||
        (pad == 2 && value_of(text[length - 3]) & 15))
        return "Invalid data URI: base64 data ends in stray bits";
    return NULL;
}

const char *sim_data_uri_decode(const char *uri, char *type, size_t type_size,
                                unsigned char **data, size_t *size)
{
    const char *semicolon, *text, *error;
    base64_decodestate state;
    size_t length;
    int n;

    *data = NULL;
    *size = 0;
    if (!sim_has_prefix(uri, "data:"))
        return "Invalid data URI";
    uri += strlen("data:");
    semicolon = strchr(uri, ';');
    if (!semicolon || !sim_has_prefix(semicolon, ";base64,"))
        return "Invalid data URI: not base64";
    if ((size_t)(semicolon - uri) >= type_size)
        return "Invalid data URI: media type too long";
    memcpy(type, uri, (size_t)(semicolon - uri));
    type[semicolon - uri] = '\0';

    text   = semicolon + strlen(";base64,");
    length = strlen(text);
    if (length > INT_MAX)
        return "Invalid data URI: too long";
    error = check(text, length);
    if (error)
        return error;

    *data = sim_malloc(length / 4 * 3 + 4);
    base64_init_decodestate(&state);
    n     = base64_decode_block(text, (int)length, (char *)*data, &state);
    *size = length / 4 * 3 - (text[length - 1] == '=') -
            (text[length - 2] == '=');
    if (n < 0 || (size_t)n < *size) {
        free(*data);
        *data = NULL;
        return "Invalid data URI: cannot decode";
    }
    return NULL;
}
