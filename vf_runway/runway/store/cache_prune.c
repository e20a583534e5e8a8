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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache_internal.h"
#include "../base/disk.h"

/* Remove a file that nobody holds. 0: it is gone. */
static int remove_unused(const char *path)
{
    int fd, ret = ff_runway_disk_open(path, O_RDWR, &fd);

    if (ret)
        return ret == ENOENT ? 0 : ret;
    ret = ff_runway_disk_lock(fd, 1);
    if (!ret && ff_runway_disk_is_at(fd, path) && unlink(path) &&
        errno != ENOENT)
        ret = errno;
    close(fd);
    return ret;
}

/* A result, while it is decided what goes. */
typedef struct Result {
    char *path;
    int damaged;
    int64_t used; ///< seconds since the epoch
    int64_t size;
} Result;

typedef struct Results {
    Result *list;
    size_t nb, room;
    int64_t size;
} Results;

static int by_use(const void *a, const void *b)
{
    const Result *x = a, *y = b;

    if (x->damaged != y->damaged)
        return y->damaged - x->damaged;
    if (x->used != y->used)
        return x->used < y->used ? -1 : 1;
    return strcmp(x->path, y->path);
}

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && !strcmp(text + n - m, end);
}

/* Takes path over. 0: out of memory. */
static int add_result(Results *all, char *path, const struct stat *st)
{
    Result *r;

    if (all->nb == all->room) {
        size_t room = all->room ? 2 * all->room : 64;

        r = realloc(all->list, room * sizeof(*r));
        if (!r) {
            free(path);
            return 0;
        }
        all->list = r;
        all->room = room;
    }
    r = &all->list[all->nb++];
    r->path    = path;
    r->damaged = ends_with(path, SUFFIX_DAMAGED);
    r->used    = (int64_t)st->st_mtime;
    r->size    = (int64_t)st->st_size;
    all->size += r->size;
    return 1;
}

static RunwayOutcome not_read(const char *path, RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be read: %s",
                           path, strerror(errno));
}

static RunwayOutcome list_results(const RunwayCache *c, Results *all,
                                  RunwayError *err)
{
    DIR *dir = opendir(c->results);
    const struct dirent *entry;
    RunwayOutcome ret = RUNWAY_OK;

    if (!dir)
        return not_read(c->results, err);
    while (!ret && (entry = readdir(dir))) {
        char *path = ff_runway_disk_path(c->results, entry->d_name, NULL);
        struct stat st;

        if (!path)
            ret = ff_runway_no_memory(err);
        else if (lstat(path, &st) || !S_ISREG(st.st_mode))
            free(path);
        else if (!add_result(all, path, &st))
            ret = ff_runway_no_memory(err);
    }
    closedir(dir);
    return ret;
}

static RunwayOutcome prune_incoming(const RunwayCache *c, RunwayError *err)
{
    DIR *dir = opendir(c->incoming);
    const struct dirent *entry;

    if (!dir)
        return not_read(c->incoming, err);
    while ((entry = readdir(dir))) {
        char *path = ff_runway_disk_path(c->incoming, entry->d_name, NULL);
        struct stat st;

        if (path && !lstat(path, &st) && S_ISREG(st.st_mode))
            remove_unused(path);
        free(path);
    }
    closedir(dir);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_cache_prune(RunwayCache *c, int *removed,
                                    RunwayError *err)
{
    Results all = { NULL, 0, 0, 0 };
    int gone = 0;
    RunwayOutcome ret;

    if (removed)
        *removed = 0;
    if (c->read_only)
        return RUNWAY_OK;
    ret = prune_incoming(c, err);
    if (!ret)
        ret = list_results(c, &all, err);
    if (!ret && all.nb)
        qsort(all.list, all.nb, sizeof(*all.list), by_use);
    for (size_t i = 0; !ret && i < all.nb && all.size > c->size; i++) {
        if (!remove_unused(all.list[i].path)) {
            all.size -= all.list[i].size;
            gone++;
        }
    }
    if (gone)
        ff_runway_log(c->log, RUNWAY_LOG_VERBOSE, OPTION ": %d results were "
                      "removed to keep within %lld bytes", gone,
                      (long long)c->size);
    if (removed)
        *removed = gone;
    for (size_t i = 0; i < all.nb; i++)
        free(all.list[i].path);
    free(all.list);
    return ret;
}
