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

#include <pthread.h>
#include <string.h>

#include "../base/text.h"
#include "rebuilt.h"

/* filters of one process whose graphs are being built again; the oldest is
 * forgotten */
#define LEFT_MAX 32

typedef struct Left {
    char instance[128];
    char output[RUNWAY_IDENTITY_SIZE];
} Left;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* protected by lock, the oldest first */
static Left left[LEFT_MAX];
static int nb_left;

/* lock is held */
static void remove_left(int i)
{
    memmove(&left[i], &left[i + 1], (size_t)(--nb_left - i) * sizeof(*left));
}

void ff_runway_output_leave(const char *instance, const char *output)
{
    if (!instance || !*output)
        return;
    pthread_mutex_lock(&lock);
    if (nb_left == LEFT_MAX)
        remove_left(0);
    ff_runway_copy_text(left[nb_left].instance, sizeof(left->instance),
                         instance);
    ff_runway_copy_text(left[nb_left].output, sizeof(left->output), output);
    nb_left++;
    pthread_mutex_unlock(&lock);
}

void ff_runway_output_begin(const char *instance, const char *identity,
                            char output[RUNWAY_IDENTITY_SIZE])
{
    char name[sizeof(left->instance)];

    ff_runway_copy_text(output, RUNWAY_IDENTITY_SIZE, identity);
    if (!instance)
        return;
    ff_runway_copy_text(name, sizeof(name), instance);
    pthread_mutex_lock(&lock);
    for (int i = nb_left - 1; i >= 0; i--) {
        if (!strcmp(left[i].instance, name)) {
            ff_runway_copy_text(output, RUNWAY_IDENTITY_SIZE, left[i].output);
            remove_left(i);
            break;
        }
    }
    pthread_mutex_unlock(&lock);
}
