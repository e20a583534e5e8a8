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
 * Monotonic time, and waiting for a condition by it: a wall clock that jumps
 * must neither prolong a wait nor end one.
 */

#ifndef AVFILTER_RUNWAY_BASE_CLOCK_H
#define AVFILTER_RUNWAY_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

/** Microseconds since some fixed point; never goes back. Any thread. */
int64_t ff_runway_now(void);

/** Make a condition for ff_runway_cond_wait(). @return 0 or an errno value */
int ff_runway_cond_init(pthread_cond_t *cond);

/**
 * Wait until cond is signalled, but not for longer than timeout microseconds.
 * mutex is held, as for pthread_cond_wait(). Wakes for nothing at times.
 */
void ff_runway_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                         int64_t timeout);

#endif /* AVFILTER_RUNWAY_BASE_CLOCK_H */
