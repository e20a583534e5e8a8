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
#include <stdio.h>
#include <string.h>

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

/* It names its sources so [5.1.9, 9.0.2: configure_input_video_filter(),
 * configure_input_audio_filter()]. */
int ff_runway_rebuild_is_ffmpegs(const AVFilterGraph *graph)
{
    for (unsigned i = 0; i < graph->nb_filters; i++) {
        const char *name = graph->filters[i]->name;
        int n;

        if (!graph->filters[i]->nb_inputs && name &&
            (sscanf(name, "graph %d input from", &n) == 1 ||
             sscanf(name, "graph_%d_", &n) == 1))
            return 1;
    }
    return 0;
}

/* Whether it is no source or sink of the host's, or named as 5.1.9 names it, also
 * in configure_output_video_filter() and configure_output_audio_filter(). */
static int may_be_ffmpeg5s(const AVFilterContext *ctx)
{
    const char *type = ctx->filter->name, *name = ctx->name ? ctx->name : "";
    int graph, file, stream, end = 0;

    if (!strcmp(type, "buffer"))
        sscanf(name, "graph %d input from stream %d:%d%n", &graph, &file,
               &stream, &end);
    else if (!strcmp(type, "abuffer"))
        sscanf(name, "graph_%d_in_%d_%d%n", &graph, &file, &stream, &end);
    else if (!strcmp(type, "buffersink") || !strcmp(type, "abuffersink"))
        sscanf(name, "out_%d_%d%n", &file, &stream, &end);
    else
        return 1;
    return end && !name[end];
}

int ff_runway_rebuild_is_ffmpeg5s(const AVFilterGraph *graph)
{
    for (unsigned i = 0; i < graph->nb_filters; i++)
        if (!may_be_ffmpeg5s(graph->filters[i]))
            return 0;
    return 1;
}

int ff_runway_rebuild_check(const RunwayKind *kind, AVFilterContext *ctx)
{
    int is_other, lost;

    pthread_mutex_lock(&lock);
    is_other = owed.width != kind->width || owed.height != kind->height ||
               owed.format != kind->format ||
               owed.colorspace != kind->colorspace ||
               owed.color_range != kind->color_range;
    /* a player that seeks frees its filters too, and the input is the same;
     * ffmpeg never seeks within a graph */
    lost    = is_owed && (is_other || ff_runway_rebuild_is_ffmpegs(ctx->graph));
    is_owed = 0;
    pthread_mutex_unlock(&lock);
    if (!lost)
        return 0;
    if (is_other)
        av_log(ctx, AV_LOG_ERROR, "the size, format or colours of the input "
               "changed in mid-stream, and the filter graph was rebuilt: the "
               "frames in flight are lost. Use -reinit_filter 0 before -i; what "
               "is paid for is picked up\n");
    else
        av_log(ctx, AV_LOG_ERROR, "the filter graph was rebuilt in mid-stream, "
               "and the frames in flight are lost; what is paid for is picked "
               "up. Another input of the same graph has changed, audio in most "
               "cases: filter it in a graph of its own, with -af or a second "
               "-filter_complex. Or the rotation or other side data of the "
               "video has: take it out beforehand, for H.264 with -c copy "
               "-bsf:v h264_metadata=display_orientation=remove\n");
    return AVERROR(EINVAL);
}
