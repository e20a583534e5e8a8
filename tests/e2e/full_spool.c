/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/*
 * A filter graph whose spools are small: SIZE bytes of closed clips make one full,
 * and a clip has FRAMES frames at most. For each frame that comes out a checksum of
 * its first plane; then how it ended, and how many frames a spool had at most. Run
 * by full_spool.t, linked with --wrap.
 *
 *   full_spool SIZE FRAMES GRAPH
 */

#include <stdio.h>
#include <stdlib.h>

#include "libavfilter/avfilter.h"
#include "libavfilter/buffersink.h"
#include "libavutil/adler32.h"
#include "libavutil/error.h"
#include "libavutil/frame.h"
#include "libavutil/common.h"
#include "media/spool.h"

static int64_t size;
static int clip_frames, waiting, most;

RunwaySpool *__real_ff_runway_spool_create(int64_t, int, void *);
RunwaySpool *__wrap_ff_runway_spool_create(int64_t, int, void *);
int __wrap_ff_runway_spool_clip_frames(enum AVPixelFormat, int, int);
int __real_ff_runway_spool_put(RunwaySpool *, const AVFrame *);
int __wrap_ff_runway_spool_put(RunwaySpool *, const AVFrame *);
int __real_ff_runway_spool_take(RunwaySpool *, AVFrame **);
int __wrap_ff_runway_spool_take(RunwaySpool *, AVFrame **);
void __real_ff_runway_spool_drop(RunwaySpool *, int);
void __wrap_ff_runway_spool_drop(RunwaySpool *, int);

RunwaySpool *__wrap_ff_runway_spool_create(int64_t all, int packed, void *log)
{
    return __real_ff_runway_spool_create(size < all ? size : 0, packed, log);
}

int __wrap_ff_runway_spool_clip_frames(enum AVPixelFormat format, int width,
                                       int height)
{
    return format >= 0 && width > 0 && height > 0 ? clip_frames : 0;
}

int __wrap_ff_runway_spool_put(RunwaySpool *spool, const AVFrame *frame)
{
    waiting++;
    most = FFMAX(most, waiting);
    return __real_ff_runway_spool_put(spool, frame);
}

int __wrap_ff_runway_spool_take(RunwaySpool *spool, AVFrame **frame)
{
    waiting--;
    return __real_ff_runway_spool_take(spool, frame);
}

void __wrap_ff_runway_spool_drop(RunwaySpool *spool, int count)
{
    waiting -= count;
    __real_ff_runway_spool_drop(spool, count);
}

int main(int argc, char **argv)
{
    AVFilterGraph *graph = avfilter_graph_alloc();
    AVFilterInOut *in = NULL, *out = NULL;
    AVFrame *frame = av_frame_alloc();
    AVFilterContext *sink;
    int ret;

    if (argc != 4 || !graph || !frame)
        return 2;
    size        = atoll(argv[1]);
    clip_frames = atoi(argv[2]);
    if (avfilter_graph_parse_ptr(graph, argv[3], &in, &out, NULL) < 0 ||
        avfilter_graph_config(graph, NULL) < 0 ||
        !(sink = avfilter_graph_get_filter(graph, "buffersink@out")))
        return 2;
    while ((ret = av_buffersink_get_frame(sink, frame)) >= 0) {
        unsigned long sum = 1;

        for (int y = 0; y < frame->height; y++)
            sum = av_adler32_update(sum, frame->data[0] +
                                    y * frame->linesize[0], frame->width);
        printf("%08lx\n", sum);
        av_frame_unref(frame);
    }
    printf("%s, at most %d\n", av_err2str(ret), most);
    av_frame_free(&frame);
    avfilter_graph_free(&graph);
    return ret != AVERROR_EOF;
}
