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

#include "thread.h"

/* musl gives a thread 128 KiB, macOS 512. cJSON goes through JSON by calling
 * itself for each level, gives up at 1000, and a server chooses how many there
 * are: a create that is answered so takes 128 to 144 KiB on x86-64. The rest is
 * for what is not ours: TLS, the names of hosts, FFmpeg's decoders. */
#define STACK_SIZE (1 << 20)

int ff_runway_thread_create(pthread_t *thread, void *(*run)(void *opaque),
                            void *opaque)
{
    pthread_attr_t attr;
    int ret = pthread_attr_init(&attr);

    if (ret)
        return ret;
    ret = pthread_attr_setstacksize(&attr, STACK_SIZE);
    if (!ret)
        ret = pthread_create(thread, &attr, run, opaque);
    pthread_attr_destroy(&attr);
    return ret;
}
