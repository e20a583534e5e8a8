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

#ifdef __APPLE__
#define _DARWIN_C_SOURCE /* flock(), F_FULLFSYNC */
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"

int ff_runway_disk_open(const char *path, int flags, int *fd)
{
    do
        *fd = open(path, flags, 0600);
    while (*fd < 0 && errno == EINTR);
    if (*fd < 0)
        return errno;
    fcntl(*fd, F_SETFD, FD_CLOEXEC); /* O_CLOEXEC is younger than POSIX 2001 */
    return 0;
}

int ff_runway_disk_create(const char *path, int *fd)
{
    return ff_runway_disk_open(path, O_RDWR | O_CREAT | O_EXCL, fd);
}

void ff_runway_disk_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int ff_runway_disk_write(int fd, const void *data, size_t size)
{
    const char *from = data;

    while (size) {
        ssize_t n = write(fd, from, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (!n)
            return ENOSPC;
        from += n;
        size -= (size_t)n;
    }
    return 0;
}

int ff_runway_disk_read(int fd, int64_t offset, void *data, size_t size,
                        size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = pread(fd, (char *)data + *got, size - *got,
                          (off_t)(offset + (int64_t)*got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (!n)
            break;
        *got += (size_t)n;
    }
    return 0;
}

int ff_runway_disk_read_at(int fd, int64_t offset, void *data, size_t size)
{
    size_t got;
    int ret = ff_runway_disk_read(fd, offset, data, size, &got);

    return ret || got == size ? ret : EIO;
}

int ff_runway_disk_sync(int fd)
{
    int ret;

#ifdef F_FULLFSYNC
    /* fsync() leaves the data in the drive's memory there */
    if (!fcntl(fd, F_FULLFSYNC))
        return 0;
#endif
    do
        ret = fsync(fd);
    while (ret < 0 && errno == EINTR);
    return ret < 0 ? errno : 0;
}

int ff_runway_disk_lock(int fd)
{
    int ret;

    do
        ret = flock(fd, LOCK_EX | LOCK_NB);
    while (ret < 0 && errno == EINTR);
    return ret < 0 ? errno : 0;
}

void ff_runway_disk_pause(int64_t microseconds)
{
    struct timespec ts = {
        .tv_sec  = (time_t)(microseconds / 1000000),
        .tv_nsec = (long)(microseconds % 1000000) * 1000,
    };

    while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
        ;
}

char *ff_runway_disk_path(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + (c ? strlen(c) : 0) + 2;
    char *path = malloc(size);

    if (path)
        snprintf(path, size, "%s/%s%s", a, b, c ? c : "");
    return path;
}

RunwayOutcome ff_runway_disk_default(const char *option, char **path,
                                     RunwayError *err)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    *path = NULL;
    /* a relative path in them is to be ignored */
    if (base && *base == '/')
        *path = ff_runway_disk_path(base, "runway_v2v", NULL);
    else if (home && *home == '/')
        *path = ff_runway_disk_path(home, ".local/state", "/runway_v2v");
    else
        return ff_runway_error(err, RUNWAY_INVALID, "%s: there is no default, "
                               "because neither XDG_STATE_HOME nor HOME is set "
                               "to an absolute path; set %s=DIR", option,
                               option);
    return *path ? RUNWAY_OK : ff_runway_no_memory(err);
}

/* Make the names in a directory durable, as far as its file system can. What
 * cannot be read cannot be synced: that is no reason to stop. */
static void sync_dir(const char *path)
{
    int fd;

    if (ff_runway_disk_open(path, O_RDONLY, &fd))
        return;
    ff_runway_disk_sync(fd);
    close(fd);
}

/* The names above a new directory must last as well. */
static void sync_parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash) {
        sync_dir(".");
    } else if (slash == path) {
        sync_dir("/");
    } else {
        *slash = 0;
        sync_dir(path);
        *slash = '/';
    }
}

/* 0, EEXIST when there is a directory already, or what is wrong */
static int make_one(char *path)
{
    struct stat st;
    int ret;

    if (!mkdir(path, 0700)) {
        sync_parent(path);
        return 0;
    }
    ret = errno;
    if (stat(path, &st))
        return ret;
    return S_ISDIR(st.st_mode) ? EEXIST : ENOTDIR;
}

RunwayOutcome ff_runway_disk_make_dir(const char *option, const char *path,
                                      RunwayError *err)
{
    char *copy = strdup(path), *end;
    int ret;

    if (!copy)
        return ff_runway_no_memory(err);
    end = copy + strlen(copy);
    while (end > copy + 1 && end[-1] == '/')
        *--end = 0;
    for (char *at = copy + 1; at < end; at++) {
        if (*at != '/' || at[-1] == '/')
            continue;
        *at = 0;
        ret = make_one(copy);
        *at = '/';
        if (ret && ret != EEXIST)
            goto end;
    }
    ret = make_one(copy);
end:
    free(copy);
    return !ret || ret == EEXIST ? RUNWAY_OK :
           ff_runway_error(err, RUNWAY_IO, "%s: the directory %s cannot be "
                           "created: %s", option, path, strerror(ret));
}

RunwayOutcome ff_runway_disk_temporary(int *fd, RunwayError *err)
{
    const char *dir = getenv("TMPDIR");
    char *path;
    int saved;

    *fd = -1;
    if (!dir || !*dir)
        dir = "/tmp";
    path = ff_runway_disk_path(dir, "runway_v2v.XXXXXX", NULL);
    if (!path)
        return ff_runway_no_memory(err);
    *fd = mkstemp(path); /* 0600 by POSIX */
    saved = errno;
    if (*fd >= 0) {
        unlink(path);
        fcntl(*fd, F_SETFD, FD_CLOEXEC);
    }
    free(path);
    if (*fd < 0)
        return ff_runway_error(err, RUNWAY_IO, "no temporary file can be "
                               "created in %s (%s); set TMPDIR to a writable "
                               "directory", dir, strerror(saved));
    return RUNWAY_OK;
}
