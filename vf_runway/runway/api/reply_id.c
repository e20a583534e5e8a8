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


#include <string.h>

#include "reply.h"

/** A part of a reply that may end anywhere. */
typedef struct Span {
    const char *start, *end;
} Span;

/** Whether what is at s is one of these characters. */
static int is_one_of(const char *s, const char *end, const char *characters)
{
    return s < end && *s && strchr(characters, *s);
}

static const char *skip_blanks(const char *s, const char *end)
{
    while (is_one_of(s, end, " \t\r\n"))
        s++;
    return s;
}

/** The text whose opening quote is at s; its end is NULL when it was cut off. */
static Span text_at(const char *s, const char *end)
{
    Span text = { s + 1, NULL };

    for (s++; s < end && *s != '"'; s++)
        if (*s == '\\')
            s++;
    if (s < end)
        text.end = s;
    return text;
}

/** Copy the id at s: a text, or a whole number, whose digits count.
 *  @return as ff_runway_reply_find_id() */
static int take_id(const char *s, const char *end, char id[RUNWAY_ID_MAX])
{
    Span value = { s, s };
    char text[RUNWAY_ID_MAX];
    size_t size;

    if (s < end && *s == '"') {
        value = text_at(s, end);
        if (!value.end)
            return -1;
    } else {
        while (value.end < end && *value.end >= '0' && *value.end <= '9')
            value.end++;
        /* "null" is none, and a number of which more follows is not whole */
        if (value.end == s)
            return end - s >= 4 && !memcmp(s, "null", 4) ? 0 : -1;
        if (!is_one_of(value.end, end, ",}] \t\r\n"))
            return -1;
    }
    size = (size_t)(value.end - value.start);
    /* how a program without an id may write that it has none */
    if (!size || (size == 1 && *value.start == '0'))
        return 0;
    if (size >= sizeof(text))
        return -1;
    memcpy(text, value.start, size);
    text[size] = 0;
    if (strlen(text) != size || !ff_runway_task_id_is_valid(text))
        return -1;
    memcpy(id, text, size + 1);
    return 1;
}

int ff_runway_reply_find_id(const char *text, size_t size, int in_data,
                            char id[RUNWAY_ID_MAX])
{
    static const char *const names[] = { "task_id", "taskId", "id", "data" };
    enum { DATA = 3, NAMES };
    const char *end = text + size, *s = skip_blanks(text, end);
    int64_t depth = 0, best = INT64_MAX;
    int ret = 0;

    id[0] = 0;
    if (!is_one_of(s, end, "{["))
        return 0;
    for (; s < end; s++) {
        const char *value;
        Span name;

        depth += *s == '{' || *s == '[';
        depth -= *s == '}' || *s == ']';
        if (*s != '"')
            continue;
        name = text_at(s, end);
        if (!name.end)
            break;
        s     = name.end;
        value = skip_blanks(s + 1, end);
        if (value == end || *value != ':')
            continue;
        value = skip_blanks(value + 1, end);
        for (int i = 0; i < NAMES; i++) {
            size_t length = (size_t)(name.end - name.start);
            int64_t rank  = depth * NAMES + i;
            int found;

            if (length != strlen(names[i]) ||
                memcmp(name.start, names[i], length) || rank >= best ||
                (i == DATA && !(in_data && depth == 1)))
                continue;
            found = take_id(value, end, id);
            if (found > 0)
                best = rank;
            if (!ret || found > 0)
                ret = found;
        }
    }
    return ret;
}
