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
 * Private temporary files without a name: they are gone when the last
 * descriptor is closed, whatever ends the process.
 */

#ifndef AVFILTER_RUNWAY_BASE_TEMP_H
#define AVFILTER_RUNWAY_BASE_TEMP_H

#include "error.h"

/**
 * Open a new, empty file (mode 0600, close-on-exec, already unlinked) in
 * $TMPDIR, or /tmp where that is not set. *fd is the caller's to close().
 * RUNWAY_IO names the folder and the reason.
 */
RunwayOutcome ff_runway_temp_open(int *fd, RunwayError *err);

#endif /* AVFILTER_RUNWAY_BASE_TEMP_H */
