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

#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libavutil/log.h"
#include "libavutil/macros.h"

#include "status_line.h"

/* columns of the line, which the filters of a process share; 0: there is none */
static atomic_int shown_width;

int ff_runway_status_line_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 2
           ? 79 : size.ws_col - 1;
}

void ff_runway_status_line_draw(const char *text)
{
    int most = ff_runway_status_line_columns();
    int width = FFMIN((int)strlen(text), most);
    int before = atomic_exchange(&shown_width, width);

    av_log(NULL, AV_LOG_INFO, "%-*.*s\r", FFMIN(before, most), width, text);
}

void ff_runway_status_line_clear(void)
{
    if (atomic_load(&shown_width))
        ff_runway_status_line_draw("");
}
