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

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/json.h"
#include "../base/text.h"
#include "reply.h"

/* characters shown of a reply that is not understood */
#define EXCERPT 200
/* bytes at the end of a line that was cut in which a secret may not be found */
#define UNSURE  256

/** Whether text holds word, in either case. */
static int contains(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (; *text; text++)
        if (!strncasecmp(text, word, length))
            return 1;
    return 0;
}

static int field_contains(const cJSON *object, const char *name,
                          const char *word)
{
    const char *text = runway_json_text(object, name);

    return text && contains(text, word);
}

/** Whether one of the places where an error is reported holds word. */
static int error_contains(const cJSON *root, const char *word)
{
    const cJSON *error = runway_json_field(root, "error");

    return field_contains(root, "error", word) ||
           field_contains(root, "code", word) ||
           field_contains(root, "message", word) ||
           field_contains(error, "code", word) ||
           field_contains(error, "type", word) ||
           field_contains(error, "message", word);
}

int ff_runway_reply_is_not_exist(const char *text, size_t size)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    int ret = error_contains(root, "task_not_exist") ||
              error_contains(root, "could not find task");

    cJSON_Delete(root);
    return ret;
}

int ff_runway_reply_is_daily(const char *text, size_t size)
{
    static const char *const words[] = {
        "daily", "per day", "a day", "today", "24 hours"
    };
    cJSON *root = cJSON_ParseWithLength(text, size);
    int ret = 0;

    for (size_t i = 0; !ret && i < sizeof(words) / sizeof(words[0]); i++)
        ret = error_contains(root, words[i]);
    cJSON_Delete(root);
    return ret;
}

int ff_runway_reply_is_refusal(const char *text, size_t size)
{
    const char *end = text;
    cJSON *root = cJSON_ParseWithLengthOpts(text, size, &end, 0);
    const char *type = runway_json_text(runway_json_field(root, "error"),
                                        "type");
    char id[RUNWAY_ID_MAX];
    int ret = (runway_json_text(root, "error") ||
               (type && !strcmp(type, "comet_api_error"))) &&
              !ff_runway_reply_find_id(text, size, 0, id);

    for (; ret && end < text + size; end++)
        ret = (unsigned char)*end <= ' ';
    cJSON_Delete(root);
    return ret;
}

/** Text that is put together; what does not fit is left out. */
typedef struct Line {
    char text[4096];
    size_t used;
} Line;

static void append(Line *line, const char *fmt, ...) RUNWAY_PRINTF(2, 3);

static void append(Line *line, const char *fmt, ...)
{
    size_t left = sizeof(line->text) - line->used;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(line->text + line->used, left, fmt, args);
    va_end(args);
    if (n < 0)
        line->text[line->used] = 0;
    else
        line->used += (size_t)n < left ? (size_t)n : left - 1;
}

/** A validation path as people write it: references[0].uri */
static void append_path(Line *line, const cJSON *path)
{
    const cJSON *item;
    int first = 1;

    if (cJSON_IsString(path)) {
        append(line, "%s", path->valuestring);
        return;
    }
    cJSON_ArrayForEach(item, path) {
        if (cJSON_IsString(item))
            append(line, "%s%s", first ? "" : ".", item->valuestring);
        else if (cJSON_IsNumber(item))
            append(line, "[%.0f]", item->valuedouble);
        first = 0;
    }
}

static void append_issues(Line *line, const cJSON *issues)
{
    const cJSON *issue;

    if (!cJSON_IsArray(issues))
        return;
    cJSON_ArrayForEach(issue, issues) {
        const char *message = runway_json_text(issue, "message");
        size_t before;

        if (!message)
            message = runway_json_text(issue, "code");
        if (cJSON_IsString(issue))
            message = issue->valuestring;
        if (!message)
            continue;
        append(line, "; ");
        before = line->used;
        append_path(line, runway_json_field(issue, "path"));
        append(line, "%s%s", line->used > before ? ": " : "", message);
    }
}

/** What the known shapes of an error object say; nothing: line stays empty. */
static void append_error(Line *line, const cJSON *root)
{
    static const char *const names[] = {
        "message", "detail", "msg", "error_description", "title", "code"
    };
    const cJSON *error = runway_json_field(root, "error");
    const cJSON *holder = cJSON_IsObject(error) ? error : root;
    const char *message = NULL, *code, *param;

    if (cJSON_IsString(error) && error->valuestring[0])
        message = error->valuestring;
    for (size_t i = 0; !message && i < sizeof(names) / sizeof(names[0]); i++)
        message = runway_json_text(holder, names[i]);
    if (!message)
        return;
    append(line, "%s", message);
    code  = runway_json_text(holder, "code");
    param = runway_json_text(holder, "param");
    if (param)
        append(line, " (param %s)", param);
    if (code && strcmp(code, message))
        append(line, " (%s)", code);
    append_issues(line, runway_json_field(root, "issues"));
    if (holder != root)
        append_issues(line, runway_json_field(holder, "issues"));
}

/** Length of the tag at s, with what a script or style holds; 0: no tag. */
static size_t tag_length(const char *s, size_t size)
{
    static const char *const hidden[] = { "script", "style" };
    size_t n = 1;

    if (size < 2 || *s != '<' || !(s[1] == '/' || s[1] == '!' || s[1] == '?' ||
        (s[1] >= 'a' && s[1] <= 'z') || (s[1] >= 'A' && s[1] <= 'Z')))
        return 0;
    while (n < size && s[n] != '>')
        n++;
    if (n < size)
        n++;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        size_t length = strlen(hidden[i]);

        if (size <= length + 1 || strncasecmp(s + 1, hidden[i], length))
            continue;
        while (n < size && !(s[n] == '<' && size - n > length + 2 &&
                             s[n + 1] == '/' &&
                             !strncasecmp(s + n + 2, hidden[i], length)))
            n++;
    }
    return n;
}

/** The beginning of a reply as one line, tags taken out, white space single. */
static void append_excerpt(Line *line, const char *text, size_t size)
{
    size_t start = line->used;
    int space = 0;

    for (size_t i = 0; i < size && line->used < sizeof(line->text) - 1;) {
        size_t tag = tag_length(text + i, size - i);

        if (tag || (unsigned char)text[i] <= ' ') {
            i += tag ? tag : 1;
            space = line->used > start;
            continue;
        }
        append(line, "%s%c", space ? " " : "", text[i++]);
        space = 0;
    }
}

/** Make a line one of valid UTF-8 without secrets, and only then cut it, to
 *  excerpt bytes if that is not 0. */
static void finish(Line *line, size_t excerpt, RunwayScrub *scrub, void *opaque)
{
    char *text = line->text;
    size_t length;

    /* first one line: what follows a control character is seen after it */
    ff_runway_clean_text(text, 1);
    if (scrub)
        scrub(opaque, text, 1);
    ff_runway_scrub(text);
    length = strlen(text);
    /* what was cut within a secret that was found ends in its dots */
    if (line->used == sizeof(line->text) - 1)
        for (int i = 0; i < UNSURE && length &&
             (length < 3 || memcmp(text + length - 3, "...", 3)); i++)
            text[--length] = 0;
    if (excerpt && strlen(text) > excerpt) {
        text[excerpt] = 0;
        ff_runway_clean_text(text, 1);
        memcpy(text + strlen(text), "...", sizeof("..."));
    }
}

void ff_runway_reply_error_text(const char *text, size_t size,
                                RunwayScrub *scrub, void *opaque, char *out,
                                size_t out_size)
{
    size_t excerpt = 0;
    cJSON *root;
    Line line;

    if (!out_size)
        return;
    line.text[0] = 0;
    line.used    = 0;
    root = size ? cJSON_ParseWithLength(text, size) : NULL;
    /* "404 page not found" begins with a number and is no JSON */
    if (!cJSON_IsObject(root) && !cJSON_IsArray(root) &&
        !cJSON_IsString(root)) {
        cJSON_Delete(root);
        root = NULL;
    }
    if (cJSON_IsObject(root))
        append_error(&line, root);
    else if (root && cJSON_IsString(root))
        append(&line, "%s", root->valuestring);
    if (!line.used) {
        append(&line, "%s", root ? "" : "a reply that is not JSON: ");
        excerpt = line.used + EXCERPT;
        append_excerpt(&line, text, size);
    }
    cJSON_Delete(root);
    finish(&line, excerpt, scrub, opaque);
    ff_runway_copy_text(out, out_size,
                        size && line.text[strspn(line.text, " ")] ?
                        line.text : "an empty reply");
}
