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
#include <unistd.h>

#include "temp.h"

RunwayOutcome ff_runway_temp_open(int *fd, RunwayError *err)
{
    static const char name[] = "/runway_v2v.XXXXXX";
    const char *dir = getenv("TMPDIR");
    size_t size;
    char *path;
    int saved;

    *fd = -1;
    if (!dir || !*dir)
        dir = "/tmp";
    size = strlen(dir) + sizeof(name);
    path = malloc(size);
    if (!path)
        return ff_runway_no_memory(err);
    snprintf(path, size, "%s%s", dir, name);
    *fd = mkstemp(path); /* 0600 by POSIX */
    saved = errno;
    if (*fd >= 0) {
        unlink(path);
        fcntl(*fd, F_SETFD, FD_CLOEXEC);
    }
    free(path);
    if (*fd < 0)
        return ff_runway_error(err, RUNWAY_IO, "no temporary file can be made "
                               "in %s (%s); set TMPDIR to a folder that can "
                               "be written", dir, strerror(saved));
    return RUNWAY_OK;
}
