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
 * How the core speaks without av_log.
 */

#ifndef AVFILTER_RUNWAY_BASE_LOG_H
#define AVFILTER_RUNWAY_BASE_LOG_H

#include "error.h"

typedef enum RunwayLogLevel {
    RUNWAY_LOG_ERROR,
    RUNWAY_LOG_WARNING,
    RUNWAY_LOG_INFO,
    RUNWAY_LOG_VERBOSE,
    RUNWAY_LOG_DEBUG,
} RunwayLogLevel;

/**
 * Where lines go. The owner of the struct outlives every user of it.
 * write() may be called from any thread, several at once; line is one line
 * without newline and is only valid during the call.
 */
typedef struct RunwayLog {
    void *opaque;
    void (*write)(void *opaque, RunwayLogLevel level, const char *line);
} RunwayLog;

/** Log a line. log may be NULL: nothing is logged then. */
void ff_runway_log(const RunwayLog *log, RunwayLogLevel level,
                   const char *fmt, ...) RUNWAY_PRINTF(3, 4);

#endif /* AVFILTER_RUNWAY_BASE_LOG_H */
