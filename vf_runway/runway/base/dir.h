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

/**
 * @file
 * Directories of ours, opened once and used through their descriptors: nobody
 * else can put another one, or a link, where we write.
 *
 * A directory is ours when the effective user owns it and nobody else can write
 * to it; it is no symbolic link, its parents may be. Names are single
 * components: one with a slash is EINVAL. Descriptors are close-on-exec and the
 * caller's to close(). Functions that return int return 0 or an errno value.
 * Any thread.
 */

#ifndef AVFILTER_RUNWAY_BASE_DIR_H
#define AVFILTER_RUNWAY_BASE_DIR_H

#include <dirent.h>
#include <sys/stat.h>

#include "error.h"

/**
 * Open the directory path, which exists (ff_runway_disk_make_dir()).
 * RUNWAY_INVALID: it is not ours; RUNWAY_IO: it cannot be opened. Both name
 * option, path and what to do.
 */
RunwayOutcome ff_runway_dir_open(const char *option, const char *path, int *fd,
                                 RunwayError *err);

/** The same for a directory that need not exist: it is made, and with read_only
 *  *fd is -1 instead. */
RunwayOutcome ff_runway_dir_open_or_make(const char *option, const char *path,
                                         int read_only, int *fd,
                                         RunwayError *err);

/** As ff_runway_dir_open() for name in the directory dir, whose path is for
 *  errors only. One that does not exist is made, 0700, and its name made
 *  durable. */
RunwayOutcome ff_runway_dir_open_below(const char *option, const char *path,
                                       int dir, const char *name, int *fd,
                                       RunwayError *err);

/** Open a new file in dir, 0600, for reading and writing. */
int ff_runway_dir_create_file(int dir, const char *name, int *fd);

/** No errno value: a regular file, but another user's, or others can write it. */
#define RUNWAY_DIR_NOT_OURS (-1)

/** Open a file in dir; flags is O_RDONLY or O_RDWR. ELOOP: a symbolic link.
 *  EPERM: no regular file, or to be written and it has a second name.
 *  RUNWAY_DIR_NOT_OURS. */
int ff_runway_dir_open_file(int dir, const char *name, int flags, int *fd);

/** As strerror(), also of RUNWAY_DIR_NOT_OURS. */
const char *ff_runway_dir_strerror(int error);

int ff_runway_dir_rename(int from_dir, const char *from, int to_dir,
                         const char *to);
int ff_runway_dir_remove_file(int dir, const char *name);

/** Make the names in dir durable, as far as its file system can. */
int ff_runway_dir_sync(int dir);

/** As lstat(): links are not followed. */
int ff_runway_dir_stat(int dir, const char *name, struct stat *st);

/** Whether name in dir is the file that fd is open on. */
int ff_runway_dir_is_at(int dir, const char *name, int fd);

#define RUNWAY_DIR_MARKER ".runway_v2v"  ///< a directory that was made for us
/** How names of ff_runway_dir_prove() begin. */
#define RUNWAY_DIR_PROBE  ".probe."

/**
 * Whether dir was made for us, so that what we put there may be removed from it
 * again: a new or empty one is marked, once and permanently. RUNWAY_IO names
 * option, path and reason.
 */
RunwayOutcome ff_runway_dir_claim(const char *option, const char *path, int dir,
                                  int *ours, RunwayError *err);

/** Write a real file into dir, make it durable, move it to to_dir (it may be dir)
 *  and remove it; another process may remove it before. RUNWAY_IO names option,
 *  path and reason. */
RunwayOutcome ff_runway_dir_prove(const char *option, const char *path,
                                  int dir, int to_dir, RunwayError *err);

/** The names in dir: closedir(). dir stays open and may be listed again. */
int ff_runway_dir_list(int dir, DIR **list);

/** The next name in list, as readdir(). NULL: there are no more, and *why is 0,
 *  or they cannot be read, and it is the reason. */
const struct dirent *ff_runway_dir_next(DIR *list, int *why);

#endif /* AVFILTER_RUNWAY_BASE_DIR_H */
