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
#define _DARWIN_C_SOURCE /* pthread_cond_timedwait_relative_np() */
#endif

#include <time.h>

#include "clock.h"

/* one that stands still while the machine sleeps */
#ifdef __APPLE__
#define CLOCK CLOCK_UPTIME_RAW
#else
#define CLOCK CLOCK_MONOTONIC
#endif

int64_t ff_runway_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t ff_runway_thread_time(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int ff_runway_cond_init(pthread_cond_t *cond)
{
#ifdef __APPLE__
    return pthread_cond_init(cond, NULL);
#else
    pthread_condattr_t attr;
    int ret = pthread_condattr_init(&attr);

    if (ret)
        return ret;
    ret = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (!ret)
        ret = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return ret;
#endif
}

int ff_runway_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                        int64_t end)
{
    int64_t now = ff_runway_now();
    struct timespec ts;

    if (end == INT64_MAX) {
        pthread_cond_wait(cond, mutex);
        return 1;
    }
    if (end <= now)
        return 0;
#ifdef __APPLE__
    end -= now;
#endif
    ts.tv_sec  = (time_t)(end / 1000000);
    ts.tv_nsec = (long)(end % 1000000) * 1000;
#ifdef __APPLE__
    pthread_cond_timedwait_relative_np(cond, mutex, &ts);
#else
    pthread_cond_timedwait(cond, mutex, &ts);
#endif
    return 1;
}

void ff_runway_cond_wake(pthread_cond_t *cond)
{
    pthread_cond_broadcast(cond);
}
