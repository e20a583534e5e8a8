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
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "cache_internal.h"
#include "../base/disk.h"
#include "record.h"

#define SUFFIX_REFUSED ".refused"

#define BUFFER_SIZE 65536

/* who prunes has a file locked for an instant only */
#define LOCK_PAUSE    10000
#define LOCK_TRIES      500

struct RunwayCacheEntry {
    int fd;
    char *path;
    char identity[RUNWAY_IDENTITY_SIZE];
};

static RunwayOutcome make_dirs(RunwayCache *c, RunwayError *err)
{
    RunwayOutcome ret = ff_runway_disk_make_dir(OPTION, c->dir, err);

    if (!ret)
        ret = ff_runway_disk_make_own_dir(OPTION, c->results, err);
    if (!ret)
        ret = ff_runway_disk_make_own_dir(OPTION, c->incoming, err);
    if (!ret)
        ret = ff_runway_disk_prove(OPTION, c->incoming, err);
    return ret;
}

RunwayOutcome ff_runway_cache_create(const RunwayCacheConfig *config,
                                     RunwayCache **cache, RunwayError *err)
{
    RunwayCache *c = calloc(1, sizeof(*c));
    RunwayOutcome ret = RUNWAY_OK;

    *cache = NULL;
    if (!c)
        return ff_runway_no_memory(err);
    c->size      = config->cache_size;
    c->read_only = config->read_only;
    c->log       = config->log;
    if (config->cache_dir && *config->cache_dir)
        c->dir = strdup(config->cache_dir);
    else
        ret = ff_runway_disk_default(OPTION, "XDG_CACHE_HOME", ".cache",
                                     &c->dir, err);
    if (ret)
        goto fail;
    if (c->dir) {
        c->results  = ff_runway_disk_path(c->dir, "results", NULL);
        c->incoming = ff_runway_disk_path(c->dir, "incoming", NULL);
    }
    if (!c->results || !c->incoming) {
        ret = ff_runway_no_memory(err);
        goto fail;
    }
    if (!c->read_only) {
        ret = make_dirs(c, err);
        if (!ret)
            ret = ff_runway_cache_prune(c, NULL, err);
    }
    if (ret)
        goto fail;
    *cache = c;
    return RUNWAY_OK;

fail:
    ff_runway_cache_free(&c);
    return ret;
}

void ff_runway_cache_free(RunwayCache **cache)
{
    if (!cache || !*cache)
        return;
    free((*cache)->dir);
    free((*cache)->results);
    free((*cache)->incoming);
    free(*cache);
    *cache = NULL;
}

const char *ff_runway_cache_dir(const RunwayCache *c)
{
    return c->dir;
}

static RunwayOutcome check_identity(const char *identity, RunwayError *err)
{
    return ff_runway_identity_is_valid(identity) ? RUNWAY_OK :
           ff_runway_error(err, RUNWAY_INVALID, "'%s' is no identity of a clip "
                           "(a mistake in the filter)", identity);
}

/* Where a result is, or NULL: out of memory. kind is "" or SUFFIX_REFUSED. */
static char *result_path(const RunwayCache *c, const char *identity,
                         const char *checksum, const char *kind)
{
    char name[RUNWAY_IDENTITY_SIZE + RUNWAY_CHECKSUM_SIZE +
              sizeof(SUFFIX_REFUSED) + 8];

    snprintf(name, sizeof(name), "%s.%s%s.mp4", identity, checksum, kind);
    return ff_runway_disk_path(c->results, name, NULL);
}

/**
 * Share fd, so that nobody prunes it. ENOENT: it was pruned just before.
 */
static int hold(int fd, const char *path)
{
    for (int i = 0;; i++) {
        int ret = ff_runway_disk_lock(fd, 0);

        if (!ret)
            return ff_runway_disk_is_at(fd, path) ? 0 : ENOENT;
        if (ret != EWOULDBLOCK || i == LOCK_TRIES)
            return ret;
        ff_runway_disk_pause(LOCK_PAUSE);
    }
}

/* A new file in incoming/, held. path ends in XXXXXX. */
static int make_temp(char *path, int *fd)
{
    size_t length = strlen(path);
    int ret;

    do {
        memcpy(path + length - 6, "XXXXXX", 6);
        *fd = mkstemp(path);
        if (*fd < 0)
            return errno;
        fcntl(*fd, F_SETFD, FD_CLOEXEC);
        ret = hold(*fd, path);
        if (ret) {
            close(*fd);
            unlink(path);
            *fd = -1;
        }
    } while (ret == ENOENT); /* taken for a dead one's before it was held */
    return ret;
}

RunwayOutcome ff_runway_cache_begin(RunwayCache *c, const char *identity,
                                    RunwayCacheEntry **entry, RunwayError *err)
{
    RunwayOutcome ret = check_identity(identity, err);
    RunwayCacheEntry *e;
    int why;

    *entry = NULL;
    if (ret)
        return ret;
    if (c->read_only)
        return ff_runway_error(err, RUNWAY_INVALID, "nothing can be brought "
                               "into a cache that is only read (a mistake in "
                               "the filter)");
    e = calloc(1, sizeof(*e));
    if (!e)
        return ff_runway_no_memory(err);
    e->fd = -1;
    memcpy(e->identity, identity, sizeof(e->identity));
    e->path = ff_runway_disk_path(c->incoming, identity, ".XXXXXX");
    if (!e->path) {
        free(e);
        return ff_runway_no_memory(err);
    }
    why = make_temp(e->path, &e->fd);
    if (why) {
        free(e->path);
        free(e);
        return ff_runway_error(err, RUNWAY_IO, OPTION ": no file can be made "
                               "in %s: %s", c->incoming, strerror(why));
    }
    *entry = e;
    return RUNWAY_OK;
}

int ff_runway_cache_entry_fd(const RunwayCacheEntry *entry)
{
    return entry->fd;
}

static void free_entry(RunwayCacheEntry **entry)
{
    close((*entry)->fd);
    free((*entry)->path);
    free(*entry);
    *entry = NULL;
}

void ff_runway_cache_abort(RunwayCacheEntry **entry)
{
    if (!entry || !*entry)
        return;
    unlink((*entry)->path);
    free_entry(entry);
}

/* Size and checksum of the whole file; 0 or an errno value. */
static int sum_file(int fd, int64_t *size, char checksum[RUNWAY_CHECKSUM_SIZE])
{
    char *buffer = malloc(BUFFER_SIZE);
    RunwayChecksum sum;
    int ret = 0;

    *size = 0;
    if (!buffer)
        return ENOMEM;
    ff_runway_checksum_init(&sum);
    for (;;) {
        ssize_t n = pread(fd, buffer, BUFFER_SIZE, (off_t)*size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            ret = errno;
        if (n <= 0)
            break;
        ff_runway_checksum_add(&sum, buffer, (size_t)n);
        *size += n;
    }
    ff_runway_checksum_text(&sum, checksum);
    free(buffer);
    return ret;
}

/* Open a result and hold it; 0 or an errno value. */
static int open_result(const char *path, int *fd)
{
    int ret = ff_runway_disk_open(path, O_RDONLY, fd);

    if (ret)
        return ret;
    ret = hold(*fd, path);
    if (ret) {
        close(*fd);
        *fd = -1;
    }
    return ret;
}

/* Whether an open result is whole. 0, EILSEQ when not, or an errno value. */
static int check_result(int fd, int64_t size, const char *checksum)
{
    char found[RUNWAY_CHECKSUM_SIZE];
    int64_t found_size;
    struct stat st;
    int ret;

    if (fstat(fd, &st))
        return errno;
    if (!S_ISREG(st.st_mode))
        return EISDIR;
    if (st.st_size != size)
        return EILSEQ;
    ret = sum_file(fd, &found_size, found);
    if (ret)
        return ret;
    return found_size != size || strcmp(found, checksum) ? EILSEQ : 0;
}

/**
 * Give a file of incoming/ its name in results/. Where there is that very
 * result already it stays, because somebody may have it in use, and *fd, open
 * on the file, is made to be open on that one.
 */
static int place(const char *from, const char *to, int64_t size,
                 const char *checksum, int *fd)
{
    for (;;) {
        int other, ret;

        if (!link(from, to)) {
            unlink(from);
            return 0;
        }
        /* no such thing as links, or one of the errors of rename() too */
        if (errno != EEXIST)
            break;
        ret = open_result(to, &other);
        if (ret == ENOENT) /* pruned just now */
            continue;
        if (ret)
            break;
        if (!check_result(other, size, checksum)) {
            close(*fd);
            *fd = other;
            unlink(from);
            utimes(to, NULL);
            return 0;
        }
        close(other);
        break;
    }
    return rename(from, to) ? errno : 0;
}

/* Make an entry's file durable under its name; *fd is held and the caller's,
 * whatever comes of it. 0 or an errno value. */
static int bring_in(const RunwayCache *c, const RunwayCacheEntry *e,
                    const char *kind, int64_t *size,
                    char checksum[RUNWAY_CHECKSUM_SIZE], int *fd)
{
    char *path = NULL;
    int why = ff_runway_disk_sync(e->fd);

    *fd = -1;
    if (!why)
        why = sum_file(e->fd, size, checksum);
    if (!why) {
        path = result_path(c, e->identity, checksum, kind);
        if (!path)
            why = ENOMEM;
    }
    /* held before it has its name, so there is no moment to prune it */
    if (!why)
        why = open_result(e->path, fd);
    if (!why)
        why = place(e->path, path, *size, checksum, fd);
    if (!why)
        why = ff_runway_disk_sync_dir(c->results);
    free(path);
    return why;
}

RunwayOutcome ff_runway_cache_commit(RunwayCache *c, RunwayCacheEntry **entry,
                                     int64_t *size,
                                     char checksum[RUNWAY_CHECKSUM_SIZE],
                                     int *fd, RunwayError *err)
{
    RunwayError ignored;
    int why = bring_in(c, *entry, "", size, checksum, fd);

    if (why) {
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        ff_runway_cache_abort(entry);
        if (why == ENOMEM)
            return ff_runway_no_memory(err);
        return ff_runway_error(err, RUNWAY_IO, OPTION ": the result cannot be "
                               "kept in %s: %s", c->results, strerror(why));
    }
    free_entry(entry);
    if (ff_runway_cache_prune(c, NULL, &ignored))
        ff_runway_log(c->log, RUNWAY_LOG_VERBOSE, "%s", ignored.text);
    return RUNWAY_OK;
}

void ff_runway_cache_refuse(RunwayCache *c, RunwayCacheEntry **entry,
                            char checksum[RUNWAY_CHECKSUM_SIZE])
{
    RunwayError ignored;
    int64_t size = 0;
    int fd, why = bring_in(c, *entry, SUFFIX_REFUSED, &size, checksum, &fd);

    if (fd >= 0)
        close(fd);
    if (why) {
        checksum[0] = 0;
        ff_runway_log(c->log, RUNWAY_LOG_WARNING, OPTION ": a result that "
                      "cannot be used cannot be kept in %s either: %s",
                      c->results, strerror(why));
        ff_runway_cache_abort(entry);
        return;
    }
    free_entry(entry);
    if (ff_runway_cache_prune(c, NULL, &ignored))
        ff_runway_log(c->log, RUNWAY_LOG_VERBOSE, "%s", ignored.text);
}

char *ff_runway_cache_refused_path(const RunwayCache *c, const char *identity,
                                   const char *checksum)
{
    struct stat st;
    char *path;

    if (!ff_runway_identity_is_valid(identity) ||
        !ff_runway_checksum_is_text(checksum))
        return NULL;
    path = result_path(c, identity, checksum, SUFFIX_REFUSED);
    if (path && (lstat(path, &st) || !S_ISREG(st.st_mode))) {
        free(path);
        path = NULL;
    }
    return path;
}

static void move_aside(const RunwayCache *c, const char *path)
{
    size_t size = strlen(path) + sizeof(SUFFIX_DAMAGED);
    char *aside;

    if (c->read_only)
        return;
    aside = malloc(size);
    if (aside) {
        snprintf(aside, size, "%s" SUFFIX_DAMAGED, path);
        if (rename(path, aside))
            unlink(path);
    }
    free(aside);
}

RunwayOutcome ff_runway_cache_open(RunwayCache *c, const char *identity,
                                   int64_t size, const char *checksum, int *fd,
                                   RunwayError *err)
{
    RunwayOutcome ret = check_identity(identity, err);
    char *path;
    int why;

    *fd = -1;
    if (ret)
        return ret;
    if (!ff_runway_checksum_is_text(checksum))
        return ff_runway_error(err, RUNWAY_INVALID, "'%s' is no checksum (a "
                               "mistake in the filter)", checksum);
    path = result_path(c, identity, checksum, "");
    if (!path)
        return ff_runway_no_memory(err);
    why = open_result(path, fd);
    if (why == ENOENT) /* pruned, or never there */
        goto end;
    if (!why)
        why = check_result(*fd, size, checksum);
    if (why == EILSEQ) {
        ret = ff_runway_error(err, RUNWAY_BAD_RESULT, OPTION ": %s is damaged",
                              path);
        move_aside(c, path);
    } else if (why == ENOMEM) {
        ret = ff_runway_no_memory(err);
    } else if (why) {
        ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be read: %s",
                              path, strerror(why));
    } else if (!c->read_only) {
        /* used now; in whole seconds at worst, which is enough for an order */
        utimes(path, NULL);
    }
end:
    if (ret && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    free(path);
    return ret;
}

int ff_runway_cache_has(const RunwayCache *c, const char *identity,
                        int64_t size, const char *checksum)
{
    struct stat st;
    char *path;
    int has;

    if (!ff_runway_identity_is_valid(identity) ||
        !ff_runway_checksum_is_text(checksum))
        return 0;
    path = result_path(c, identity, checksum, "");
    has  = path && !lstat(path, &st) && S_ISREG(st.st_mode) &&
           st.st_size == size;
    free(path);
    return has;
}
