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
 * Default directories, durable writes, locks that die with their holder,
 * temporary files. What is in a directory of our own: dir.h.
 *
 * All functions may be called from any thread. Those that return int return 0
 * or an errno value. Signals that interrupt a system call make nothing fail.
 */

#ifndef AVFILTER_RUNWAY_BASE_DISK_H
#define AVFILTER_RUNWAY_BASE_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/**
 * The default of a directory option: "runway_v2v" in $XDG_STATE_HOME where that
 * is absolute, else in $HOME/.local/state. *path is malloc()ed. RUNWAY_INVALID
 * names the option when there is no home.
 */
RunwayOutcome ff_runway_disk_default(const char *option, char **path,
                                     RunwayError *err);

/** a/b, or a/b followed by c where that is not NULL; malloc()ed, NULL when
 *  memory is short. */
char *ff_runway_disk_path(const char *a, const char *b, const char *c);

/**
 * Make a directory and what it stands in, all 0700. One that is there already
 * is left as it is. RUNWAY_IO names option, path and reason.
 */
RunwayOutcome ff_runway_disk_make_dir(const char *option, const char *path,
                                      RunwayError *err);

/** open() with close-on-exec: a program that the host starts meanwhile does not
 *  get it. What O_CREAT makes is 0600. *fd is -1 on failure. */
int ff_runway_disk_open(const char *path, int flags, int *fd);

/** Open a new file, 0600 and close-on-exec, for reading and writing; it must
 *  not exist yet. */
int ff_runway_disk_create(const char *path, int *fd);

/** Close a descriptor, if it is one; it is -1 then. */
void ff_runway_disk_close(int *fd);

/** Write all of it at the descriptor's offset. */
int ff_runway_disk_write(int fd, const void *data, size_t size);

/** Read up to size bytes at offset; *got is less only at the end of the file. */
int ff_runway_disk_read(int fd, int64_t offset, void *data, size_t size,
                        size_t *got);

/** Read exactly that many bytes at offset; EIO when there are less. */
int ff_runway_disk_read_at(int fd, int64_t offset, void *data, size_t size);

/** Make what was written to fd durable. */
int ff_runway_disk_sync(int fd);

/**
 * Lock the whole of fd with flock(), without waiting; EWOULDBLOCK when another
 * has it. The lock belongs to this opening of the file (threads of one process
 * exclude each other too) and goes when its last descriptor is closed.
 */
int ff_runway_disk_lock(int fd);

/**
 * Open a new, empty file without a name, 0600 and close-on-exec, in $TMPDIR, or
 * /tmp where that is not set: it is gone when its last descriptor is closed,
 * whatever ends the process. RUNWAY_IO names directory and reason.
 */
RunwayOutcome ff_runway_disk_temporary(int *fd, RunwayError *err);

/** Sleep, signals or not. */
void ff_runway_disk_pause(int64_t microseconds);

#endif /* AVFILTER_RUNWAY_BASE_DISK_H */
