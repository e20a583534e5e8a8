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

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/checksum.h"
#include "../base/disk.h"
#include "../base/text.h"
#include "data_uri.h"
#include "files.h"
#include "models.h"

#define TEXT_MAX (64 << 10)
#define URL_MAX  2048           /* [SDK 4.20.1] */

/* larger ones are no pictures but mistakes; the service takes 16 MB by URL */
#define PICTURE_MAX (64 << 20)

/* @return 0 for what can be read over and over */
static const char *what_else(const struct stat *st)
{
    return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ? NULL :
           S_ISFIFO(st->st_mode) ? "a pipe" : "not a regular file";
}

/* The whole of a regular file, up to limit bytes, 0 appended. A pipe would give
 * it once only, and options are looked at twice in most hosts. */
static RunwayOutcome read_all(const char *option, const char *path,
                              int64_t limit, struct stat *st, char **data,
                              size_t *size, RunwayError *err)
{
    /* nobody may ever write into a pipe with a name */
    int fd, why = ff_runway_disk_open(path, O_RDONLY | O_NONBLOCK, &fd);
    RunwayOutcome ret = RUNWAY_OK;

    *data = NULL;
    if (why || fstat(fd, st) < 0) {
        why = why ? why : errno;
    } else if (what_else(st)) {
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: %s is %s; it is read "
                              "more than once, so it must be a regular file",
                              option, path, what_else(st));
    } else if (S_ISDIR(st->st_mode)) {
        why = EISDIR;
    } else if (st->st_size > limit) {
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: %s is larger than %lld "
                              "bytes", option, path, (long long)limit);
    } else {
        *size = (size_t)st->st_size;
        *data = calloc(1, *size + 1);
        why   = *data ? ff_runway_disk_read_at(fd, 0, *data, *size) : ENOMEM;
    }
    if (why == ENOMEM)
        ret = ff_runway_no_memory(err);
    else if (!ret && (why || !*data))
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: %s cannot be read: %s",
                              option, path, strerror(why));
    if (fd >= 0)
        close(fd);
    if (ret) {
        free(*data);
        *data = NULL;
    }
    return ret;
}

/* What editors of Windows put before a text. */
static void drop_mark(char *text, size_t *size)
{
    if (strncmp(text, "\xEF\xBB\xBF", 3))
        return;
    *size -= 3;
    memmove(text, text + 3, *size + 1);
}

RunwayOutcome ff_runway_read_text(const char *option, const char *path,
                                  char **text, RunwayError *err)
{
    struct stat st;
    size_t size;
    RunwayOutcome ret = read_all(option, path, TEXT_MAX, &st, text, &size, err);

    if (ret)
        return ret;
    if (strlen(*text) != size || ff_runway_utf16_length(*text) < 0) {
        free(*text);
        *text = NULL;
        return ff_runway_error(err, RUNWAY_INVALID, "%s: %s is not UTF-8 text",
                               option, path);
    }
    drop_mark(*text, &size);
    if (size && (*text)[size - 1] == '\n')
        (*text)[--size] = 0;
    if (size && (*text)[size - 1] == '\r')
        (*text)[--size] = 0;
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_read_key(const char *path, char **key, int *exposed,
                                 RunwayError *err)
{
    struct stat st;
    size_t size;
    RunwayOutcome ret = read_all("key_file", path, TEXT_MAX, &st, key, &size,
                                 err);

    if (ret)
        return ret;
    /* root's are as good as ours: the administrator put them there */
    if (st.st_uid && st.st_uid != geteuid())
        ret = ff_runway_error(err, RUNWAY_INVALID, "key_file: %s belongs to "
                              "another user (uid %ld), so the key in it may be "
                              "anyone's; use a file of your own", path,
                              (long)st.st_uid);
    else if (st.st_mode & (S_IWGRP | S_IWOTH))
        ret = ff_runway_error(err, RUNWAY_INVALID, "key_file: others can "
                              "write to %s, so the key in it may be anyone's; "
                              "run chmod 600 on it", path);
    else if (strlen(*key) != size)
        ret = ff_runway_error(err, RUNWAY_INVALID, "key_file: %s is not text",
                              path);
    if (ret) {
        memset(*key, 0, size);
        free(*key);
        *key = NULL;
        return ret;
    }
    drop_mark(*key, &size);
    *exposed = !!(st.st_mode & (S_IRGRP | S_IROTH));
    return RUNWAY_OK;
}

static const char *picture_type(const char *data, size_t size)
{
    if (size >= 8 && !memcmp(data, "\x89PNG\r\n\x1a\n", 8))
        return "image/png";
    if (size >= 3 && !memcmp(data, "\xFF\xD8\xFF", 3))
        return "image/jpeg";
    if (size >= 12 && !memcmp(data, "RIFF", 4) && !memcmp(data + 8, "WEBP", 4))
        return "image/webp";
    return NULL;
}

/* Whether a PNG file has its last part: a copy or an editor may have stopped
 * before that. What is behind it does no harm. */
static int is_whole_png(const char *data, size_t size)
{
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        const uint8_t *p = (const uint8_t *)data + at;
        size_t length = (size_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];

        if (!memcmp(p + 4, "IEND", 4))
            return 1;
        if (length > size - 12 - at)
            return 0;
        at += 12 + length;
    }
    return 0;
}

/* "data:TYPE;base64,…" of size bytes; NULL when memory is short. */
static char *data_uri(const char *type, const char *data, size_t size)
{
    char *base64 = ff_runway_base64(data, size), *uri;
    size_t capacity = base64 ? strlen(base64) + strlen(type) + 16 : 0;

    uri = base64 ? malloc(capacity) : NULL;
    if (uri)
        snprintf(uri, capacity, "data:%s;base64,%s", type, base64);
    free(base64);
    return uri;
}

/* What there is to upload, in one block. */
static RunwayPictureFile *describe(const char *path, const char *type,
                                   const char *data, size_t size)
{
    size_t length = strlen(path) + 1;
    RunwayPictureFile *file = malloc(sizeof(*file) + RUNWAY_CHECKSUM_SIZE +
                                     length);
    RunwayChecksum sum;
    char *texts;

    if (!file)
        return NULL;
    texts = (char *)(file + 1);
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, data, size);
    ff_runway_checksum_text(&sum, texts);
    memcpy(texts + RUNWAY_CHECKSUM_SIZE, path, length);
    file->path     = texts + RUNWAY_CHECKSUM_SIZE;
    file->type     = type;
    file->checksum = texts;
    file->size     = size;
    return file;
}

/* Whether name is a URL with a user or a password in it, of any scheme, and with
 * any number of slashes: not all who read it count them. */
static int has_user(const char *name)
{
    const char *host = name + strcspn(name, ":/\\");
    size_t slashes = *host == ':' ? strspn(host + 1, "/\\") : 0;

    host += 1 + slashes;
    return slashes && host[strcspn(host, "/?#\\@")] == '@';
}

RunwayOutcome ff_runway_picture_read(const char *option, const char *name,
                                     const char *no_uploads, char **uri,
                                     RunwayPictureFile **file,
                                     RunwayError *err)
{
    struct stat st;
    const char *type;
    char *data = NULL;
    size_t size;
    RunwayOutcome ret;

    *uri  = NULL;
    *file = NULL;
    /* and it is not shown */
    if (has_user(name))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "%s: a URL may not contain a user or password, "
                               "which the provider would see", option);
    if (!strncasecmp(name, "http://", 7))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "%s: the service accepts https URLs only",
                               option);
    if (!strncasecmp(name, "https://", 8) || !strncmp(name, "runway://", 9)) {
        if (strlen(name) > URL_MAX)
            return ff_runway_error(err, RUNWAY_INVALID, "%s: the URL is longer "
                                   "than the %d characters that the service "
                                   "accepts", option, URL_MAX);
        *uri = strdup(name);
        return *uri ? RUNWAY_OK :
               ff_runway_no_memory(err);
    }
    if (!strcmp(name, "http") || !strcmp(name, "https"))
        return ff_runway_error(err, RUNWAY_INVALID, "%s: \"%s\" was cut at an "
                               "unescaped colon; in a filter, escape each "
                               "colon of a URL: %s='https\\://HOST/PATH'",
                               option, name, option);
    ret = read_all(option, name, PICTURE_MAX, &st, &data, &size, err);
    if (ret)
        return ret;
    type = picture_type(data, size);
    if (!type) {
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: %s is not a PNG, JPEG "
                              "or WebP picture", option, name);
    } else if (!strcmp(type, "image/png") && !is_whole_png(data, size)) {
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: %s is not a whole PNG "
                              "picture: its end is missing", option, name);
    } else if (ff_runway_data_uri_size(type, size) <= RUNWAY_DATA_URI_MAX) {
        *uri = data_uri(type, data, size);
    } else if (no_uploads) {
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: %s is %.1f MB, but a "
                              "request can hold a picture of %.1f MB at most; "
                              "%s, so make it smaller",
                              option, name, (double)size / 1e6,
                              (double)ff_runway_data_uri_capacity(
                                  type, RUNWAY_DATA_URI_MAX) / 1e6,
                              no_uploads);
    } else {
        *file = describe(name, type, data, size);
    }
    free(data);
    if (!ret && !*uri && !*file)
        ret = ff_runway_no_memory(err);
    return ret;
}
