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

#define RUNWAY_COMPAT_FILTER

#include <pthread.h>

#include "libavutil/error.h"
#include "libavutil/log.h"

#include "../media/compat.h"
#include "rebuild.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* protected by lock */
static RunwayKind owed;
static int is_owed;

RunwayKind ff_runway_kind(const AVFilterLink *inlink)
{
    AVFrame colours = { 0 };

    ff_runway_get_link_colours(inlink, &colours);
    return (RunwayKind){ inlink->w, inlink->h, inlink->format,
                         colours.colorspace, colours.color_range };
}

void ff_runway_rebuild_note(const RunwayKind *kind)
{
    pthread_mutex_lock(&lock);
    owed    = *kind;
    is_owed = 1;
    pthread_mutex_unlock(&lock);
}

int ff_runway_rebuild_check(const RunwayKind *kind, void *log_ctx)
{
    int lost;

    pthread_mutex_lock(&lock);
    /* a player that seeks frees its filters too, and the input is the same */
    lost = is_owed && (owed.width != kind->width ||
                       owed.height != kind->height ||
                       owed.format != kind->format ||
                       owed.colorspace != kind->colorspace ||
                       owed.color_range != kind->color_range);
    is_owed = 0;
    pthread_mutex_unlock(&lock);
    if (!lost)
        return 0;
    av_log(log_ctx, AV_LOG_ERROR, "the size, format or colours of the input "
           "changed in mid-stream, and the filter graph was rebuilt: the frames "
           "in flight are lost. Use -reinit_filter 0 before -i; what is paid "
           "for is picked up\n");
    return AVERROR(EINVAL);
}
