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


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/text.h"
#include "reply.h"

/* digits that a double keeps */
#define DIGITS_MAX 15

static char *copy_of(const char *text, size_t size)
{
    char *copy = malloc(size + 1);

    if (copy) {
        memcpy(copy, text, size);
        copy[size] = 0;
    }
    return copy;
}

/** JSON with each whole number that cJSON could not keep as a text: an id may be
 *  one. */
static char *quote_numbers(const char *text, size_t size)
{
    /* of DIGITS_MAX + 1 and more, so that two quotes for each never double it */
    char *out = malloc(2 * size + 1), *to = out;
    int in_text = 0;

    for (size_t i = 0; out && i < size;) {
        size_t n = 0;

        while (!in_text && i + n < size && text[i + n] >= '0' &&
               text[i + n] <= '9')
            n++;
        if (n > DIGITS_MAX && (!i || !strchr(".-+eE", text[i - 1])) &&
            (i + n == size || !strchr(".eE", text[i + n]))) {
            *to++ = '"';
            memcpy(to, text + i, n);
            to   += n;
            *to++ = '"';
            i    += n;
            continue;
        }
        n += !n;
        if (text[i] == '"')
            in_text = !in_text;
        else if (in_text && text[i] == '\\' && i + 1 < size)
            n = 2;
        memcpy(to, text + i, n);
        to += n;
        i  += n;
    }
    if (out)
        *to = 0;
    return out;
}

static int is_one_of(const char *name, const char *const *names)
{
    while (name && *names && strcmp(name, *names))
        names++;
    return name && *names;
}

/** Make a number that scrub takes something out of a text, which is no id. */
static void scrub_number(cJSON *item, RunwayScrub *scrub, void *opaque,
                         int is_shown)
{
    char text[64], *copy;

    snprintf(text, sizeof(text), "%.*g", DIGITS_MAX, item->valuedouble);
    scrub(opaque, text, is_shown);
    if (!strstr(text, ".."))
        return;
    copy = copy_of(text, strlen(text));
    item->type        = copy ? cJSON_String : cJSON_NULL;
    item->valuestring = copy;
}

/** Give a text to scrub, as one line if it is shown: what breaks a secret there
 *  would be a blank in it later. */
static void scrub_text(char *text, RunwayScrub *scrub, void *opaque,
                       int is_shown)
{
    if (is_shown)
        ff_runway_clean_text(text, 0);
    scrub(opaque, text, is_shown);
}

/** Give every name, text and number in item to scrub. cJSON has bounded the
 *  depth. */
static void scrub_all(cJSON *item, const char *const *sent, RunwayScrub *scrub,
                      void *opaque, int is_shown)
{
    for (; item; item = item->next) {
        int shown = is_shown && !is_one_of(item->string, sent);

        if (item->string)
            scrub_text(item->string, scrub, opaque, is_shown);
        if (cJSON_IsString(item))
            scrub_text(item->valuestring, scrub, opaque, shown);
        else if (cJSON_IsNumber(item))
            scrub_number(item, scrub, opaque, shown);
        scrub_all(item->child, sent, scrub, opaque, shown);
    }
}

/** JSON as text with something behind it, for free(). */
static char *print(const cJSON *root, const char *behind)
{
    char *text  = cJSON_PrintUnformatted(root);
    size_t size = text ? strlen(text) : 0;
    char *longer = text ? realloc(text, size + strlen(behind) + 1) : NULL;

    if (!longer)
        free(text);
    else
        memcpy(longer + size, behind, strlen(behind) + 1);
    return longer;
}

char *ff_runway_reply_clean(const char *text, size_t size,
                            const char *const *sent, RunwayScrub *scrub,
                            void *opaque)
{
    char *quoted = quote_numbers(text, size), *clean = NULL;
    const char *end = "";
    cJSON *root = quoted ? cJSON_ParseWithOpts(quoted, &end, 0) : NULL;

    if (cJSON_IsObject(root) || cJSON_IsArray(root)) {
        scrub_all(root, sent, scrub, opaque, 1);
        clean = print(root, end[strspn(end, " \t\r\n")] ? "..." : "");
    } else if (quoted) {
        clean = copy_of(text, size);
        if (clean)
            scrub(opaque, clean, 1);
    }
    cJSON_Delete(root);
    free(quoted);
    return clean;
}
