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
 * must neither prolong a wait nor end one. Who waits and wakes in no other way
 * can be run in a time that a test makes up.
 */

#ifndef AVFILTER_RUNWAY_BASE_CLOCK_H
#define AVFILTER_RUNWAY_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

/** Microseconds since some fixed point; never goes back. Any thread. */
int64_t ff_runway_now(void);

/** Microseconds of a processor that this thread has had. */
int64_t ff_runway_thread_time(void);

/** Make a condition for ff_runway_cond_wait(). @return 0 or an errno value */
int ff_runway_cond_init(pthread_cond_t *cond);

/**
 * Wait until cond is woken, or it is end by ff_runway_now(), INT64_MAX: however
 * long that takes. mutex is held, as for pthread_cond_wait(). Returns for nothing
 * at times. @return 0, without waiting, when end has come already
 */
int ff_runway_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                        int64_t end);

/** Wake all who wait for cond; the mutex they wait with is held. */
void ff_runway_cond_wake(pthread_cond_t *cond);

#endif /* AVFILTER_RUNWAY_BASE_CLOCK_H */
