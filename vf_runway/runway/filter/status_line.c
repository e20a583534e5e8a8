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
#include <sys/ioctl.h>
#include <unistd.h>

#include "libavutil/log.h"
#include "libavutil/macros.h"

#include "status_line.h"

/* the line, which the filters of a process share */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int shown_width;      ///< 0: there is none
static const void *shown_by;

int ff_runway_status_line_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 2
           ? 79 : size.ws_col - 1;
}

/* lock is held */
static void draw(const void *owner, const char *text)
{
    int most = ff_runway_status_line_columns();
    int width = FFMIN((int)strlen(text), most);

    av_log(NULL, AV_LOG_INFO, "%-*.*s\r", FFMIN(shown_width, most), width,
           text);
    shown_width = width;
    shown_by    = owner;
}

void ff_runway_status_line_draw(const void *owner, const char *text)
{
    pthread_mutex_lock(&lock);
    draw(owner, text);
    pthread_mutex_unlock(&lock);
}

void ff_runway_status_line_clear(const void *owner)
{
    pthread_mutex_lock(&lock);
    if (shown_width && (!owner || owner == shown_by))
        draw(NULL, "");
    pthread_mutex_unlock(&lock);
}
