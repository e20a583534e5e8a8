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
 * The line that is written in place at the bottom of the terminal, as ffmpeg
 * writes its own status. The filters of a process take turns at it. All on any
 * thread. Layer 4.
 */

#ifndef AVFILTER_RUNWAY_FILTER_STATUS_LINE_H
#define AVFILTER_RUNWAY_FILTER_STATUS_LINE_H

/** What fits into one line, where the cursor stays in it. */
int ff_runway_status_line_columns(void);

/** Write text, or as much of it as fits, over what stands there. owner is who
 *  draws, any address but NULL. */
void ff_runway_status_line_draw(const void *owner, const char *text);

/** Remove the line if it is the owner's; with NULL anybody's, before another
 *  line is logged: nothing of this one is left beside it. */
void ff_runway_status_line_clear(const void *owner);

#endif /* AVFILTER_RUNWAY_FILTER_STATUS_LINE_H */
