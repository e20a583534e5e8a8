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
 * Threads that have the same room on every system.
 */

#ifndef AVFILTER_RUNWAY_BASE_THREAD_H
#define AVFILTER_RUNWAY_BASE_THREAD_H

#include <pthread.h>

/** Make a thread that runs run(opaque), joinable, with a stack that is large
 *  enough for whatever the modules do. @return 0 or an errno value */
int ff_runway_thread_create(pthread_t *thread, void *(*run)(void *opaque),
                            void *opaque);

#endif /* AVFILTER_RUNWAY_BASE_THREAD_H */
