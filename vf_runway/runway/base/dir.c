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

/* openat() and its like are younger than what FFmpeg asks for */
#undef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#undef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "clock.h"
#include "dir.h"
#include "disk.h"

/* bytes that must fit when a directory is tried out */
#define PROBE_SIZE 65536

static int open_at(int dir, const char *name, int flags, int *fd)
{
    do
        *fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    while (*fd < 0 && errno == EINTR);
    return *fd < 0 ? errno : 0;
}

static int check_name(const char *name)
{
    return *name && !strchr(name, '/') ? 0 : EINVAL;
}

static int is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* path is for errors; dir and name say which. */
static RunwayOutcome open_dir(const char *option, const char *path, int dir,
                              const char *name, int *fd, RunwayError *err)
{
    struct stat st;
    int ret = open_at(dir, name, O_RDONLY | O_DIRECTORY, fd);

    if (ret) {
        /* systems do not agree on the error for a link */
        if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
            S_ISLNK(st.st_mode))
            return ff_runway_error(err, RUNWAY_INVALID, "%s: %s is a symbolic "
                                   "link; name the directory itself", option,
                                   path);
        return ff_runway_error(err, RUNWAY_IO, "%s: the directory %s cannot "
                               "be opened: %s", option, path, strerror(ret));
    }
    if (fstat(*fd, &st))
        ret = ff_runway_error(err, RUNWAY_IO, "%s: the directory %s cannot be "
                              "checked: %s", option, path, strerror(errno));
    else if (st.st_uid != geteuid())
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: %s belongs to another "
                              "user (uid %ld); use a directory of your own",
                              option, path, (long)st.st_uid);
    else if (!is_ours(&st) && st.st_mode & S_ISVTX)
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: others can write to "
                              "%s, as they can to /tmp; use a directory of your "
                              "own inside it", option, path);
    else if (!is_ours(&st))
        ret = ff_runway_error(err, RUNWAY_INVALID, "%s: others can write to "
                              "%s; check what is in it, then run chmod go-w "
                              "'%s'", option, path, path);
    if (ret)
        ff_runway_disk_close(fd);
    return (RunwayOutcome)ret;
}

RunwayOutcome ff_runway_dir_open(const char *option, const char *path, int *fd,
                                 RunwayError *err)
{
    char *copy = strdup(path);
    size_t length;
    RunwayOutcome ret;

    *fd = -1;
    if (!copy)
        return ff_runway_no_memory(err);
    /* with a slash behind it, a link would be followed all the same; with a dot
     * behind that as well */
    length = strlen(copy);
    while (length > 1 && (copy[length - 1] == '/' ||
                          (length > 2 && !strcmp(copy + length - 2, "/."))))
        copy[--length] = 0;
    ret = open_dir(option, copy, AT_FDCWD, copy, fd, err);
    free(copy);
    return ret;
}

RunwayOutcome ff_runway_dir_open_or_make(const char *option, const char *path,
                                         int read_only, int *fd,
                                         RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_OK;

    *fd = -1;
    if (!read_only)
        ret = ff_runway_disk_make_dir(option, path, err);
    else if (access(path, F_OK) && errno == ENOENT)
        return RUNWAY_OK;
    return ret ? ret : ff_runway_dir_open(option, path, fd, err);
}

RunwayOutcome ff_runway_dir_open_below(const char *option, const char *path,
                                       int dir, const char *name, int *fd,
                                       RunwayError *err)
{
    char *whole = ff_runway_disk_path(path, name, NULL);
    int error = check_name(name);
    RunwayOutcome ret;

    *fd = -1;
    if (!whole)
        return ff_runway_no_memory(err);
    if (!error && !mkdirat(dir, name, 0700))
        ff_runway_disk_sync(dir); /* some file systems cannot */
    else if (!error && errno != EEXIST)
        error = errno;
    ret = error ? ff_runway_error(err, RUNWAY_IO, "%s: the directory %s cannot "
                                  "be created: %s", option, whole,
                                  strerror(error))
                : open_dir(option, whole, dir, name, fd, err);
    free(whole);
    return ret;
}

int ff_runway_dir_create_file(int dir, const char *name, int *fd)
{
    *fd = -1;
    if (check_name(name))
        return EINVAL;
    return open_at(dir, name, O_RDWR | O_CREAT | O_EXCL, fd);
}

int ff_runway_dir_open_file(int dir, const char *name, int flags, int *fd)
{
    struct stat st;
    int ret = check_name(name);

    *fd = -1;
    /* whoever put a FIFO there shall not stop us */
    if (!ret)
        ret = open_at(dir, name, flags | O_NONBLOCK, fd);
    if (ret)
        return ret;
    if (fstat(*fd, &st))
        ret = errno;
    else if (!S_ISREG(st.st_mode) || (flags != O_RDONLY && st.st_nlink > 1))
        ret = EPERM;
    else if (!is_ours(&st))
        ret = RUNWAY_DIR_NOT_OURS;
    if (ret)
        ff_runway_disk_close(fd);
    return ret;
}

const char *ff_runway_dir_strerror(int error)
{
    return error == RUNWAY_DIR_NOT_OURS ? "it belongs to another user, or "
           "others can write to it; check what is in it, then run chown or "
           "chmod go-w on it and its like" : strerror(error);
}

int ff_runway_dir_rename(int from_dir, const char *from, int to_dir,
                         const char *to)
{
    if (check_name(from) || check_name(to))
        return EINVAL;
    return renameat(from_dir, from, to_dir, to) ? errno : 0;
}

int ff_runway_dir_remove_file(int dir, const char *name)
{
    if (check_name(name))
        return EINVAL;
    return unlinkat(dir, name, 0) ? errno : 0;
}

int ff_runway_dir_sync(int dir)
{
    int ret = ff_runway_disk_sync(dir);

    /* some file systems have no such thing */
    return ret == EINVAL || ret == ENOTSUP || ret == EBADF ? 0 : ret;
}

int ff_runway_dir_stat(int dir, const char *name, struct stat *st)
{
    return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) ? errno : 0;
}

int ff_runway_dir_is_at(int dir, const char *name, int fd)
{
    struct stat here, there;

    return !fstat(fd, &here) &&
           !fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

int ff_runway_dir_list(int dir, DIR **list)
{
    /* an opening of its own, which begins at the beginning */
    int fd, ret = open_at(dir, ".", O_RDONLY | O_DIRECTORY, &fd);

    *list = NULL;
    if (ret)
        return ret;
    *list = fdopendir(fd);
    if (!*list) {
        ret = errno;
        close(fd);
    }
    return ret;
}

const struct dirent *ff_runway_dir_next(DIR *list, int *why)
{
    const struct dirent *entry;

    /* nothing else tells a list that ends from one that cannot be read on */
    errno = 0;
    entry = readdir(list);
    *why  = entry ? 0 : errno;
    return entry;
}

static int is_empty(int dir, int *empty)
{
    const struct dirent *entry;
    DIR *list;
    int ret = ff_runway_dir_list(dir, &list);

    *empty = 1;
    if (ret)
        return ret;
    while (*empty && (entry = ff_runway_dir_next(list, &ret)))
        *empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
    closedir(list);
    return ret;
}

static int claim(int dir, int *ours)
{
    static const char text[] = "runway_v2v created this directory, and removes "
                               "only what it has put there itself.\n";
    int fd, ret = ff_runway_dir_open_file(dir, RUNWAY_DIR_MARKER, O_RDONLY,
                                          &fd);

    *ours = !ret;
    if (*ours) {
        close(fd);
        return 0;
    }
    if (ret != ENOENT)
        return 0;
    ret = is_empty(dir, ours);
    if (ret || !*ours)
        return ret;
    ret = ff_runway_dir_create_file(dir, RUNWAY_DIR_MARKER, &fd);
    if (ret) /* another process was faster */
        return ret == EEXIST ? 0 : ret;
    ret = ff_runway_disk_write(fd, text, sizeof(text) - 1);
    close(fd);
    return ret;
}

RunwayOutcome ff_runway_dir_claim(const char *option, const char *path, int dir,
                                  int *ours, RunwayError *err)
{
    int why = claim(dir, ours);

    return why ? ff_runway_error(err, RUNWAY_IO, "%s: %s cannot be written: %s",
                                 option, path, strerror(why)) : RUNWAY_OK;
}

/* What is done with a file that comes: written, found again, given the name it
 * stays under. */
static int prove(int dir, const char *name, int to_dir, const char *data,
                 int fd)
{
    int again = -1, ret = ff_runway_disk_write(fd, data, PROBE_SIZE);

    if (!ret)
        ret = ff_runway_disk_sync(fd);
    if (!ret)
        ret = ff_runway_dir_open_file(dir, name, O_RDONLY, &again);
    ff_runway_disk_close(&again);
    if (!ret)
        ret = ff_runway_dir_rename(dir, name, to_dir, RUNWAY_DIR_PROBE);
    ff_runway_dir_remove_file(ret ? dir : to_dir,
                              ret ? name : RUNWAY_DIR_PROBE);
    /* another process may clear probes away, which shows as much */
    return ret && ret != ENOENT ? ret : ff_runway_dir_sync(to_dir);
}

RunwayOutcome ff_runway_dir_prove(const char *option, const char *path,
                                  int dir, int to_dir, RunwayError *err)
{
    char *data = malloc(PROBE_SIZE), name[64];
    int fd, ret;

    if (!data)
        return ff_runway_no_memory(err);
    memset(data, 'r', PROBE_SIZE); /* zeros might occupy nothing */
    do {
        /* a probe that could not be removed is in nobody's way */
        snprintf(name, sizeof(name), RUNWAY_DIR_PROBE "%ld.%lld",
                 (long)getpid(), (long long)ff_runway_now());
        ret = ff_runway_dir_create_file(dir, name, &fd);
    } while (ret == EEXIST);
    if (!ret) {
        ret = prove(dir, name, to_dir, data, fd);
        close(fd);
    }
    free(data);
    return ret ? ff_runway_error(err, RUNWAY_IO, "%s: files in %s cannot be "
                                 "written: %s", option, path, ret == EXDEV ?
                                 "a directory in it is on another file system" :
                                 ff_runway_dir_strerror(ret))
               : RUNWAY_OK;
}
