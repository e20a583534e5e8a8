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
 * Filter graphs one after the other in one process, as of a host that builds its
 * graph again: the first is freed after so many frames, the others go on to their
 * end. Run by rebuilt.t.
 *
 *   rebuilt FRAMES GRAPH...
 */

#include <stdio.h>
#include <stdlib.h>

#include "libavfilter/avfilter.h"
#include "libavfilter/buffersink.h"
#include "libavutil/error.h"
#include "libavutil/frame.h"

static int run(const char *text, int most)
{
    AVFilterGraph *graph = avfilter_graph_alloc();
    AVFilterInOut *in = NULL, *out = NULL;
    AVFrame *frame = av_frame_alloc();
    AVFilterContext *sink;
    int frames = 0, ret = -1;

    if (!graph || !frame)
        return 2;
    if (avfilter_graph_parse_ptr(graph, text, &in, &out, NULL) < 0 ||
        avfilter_graph_config(graph, NULL) < 0 ||
        !(sink = avfilter_graph_get_filter(graph, "buffersink@out")))
        return 2;
    while (frames < most &&
           (ret = av_buffersink_get_frame(sink, frame)) >= 0) {
        frames++;
        av_frame_unref(frame);
    }
    printf("%d frames%s%s\n", frames, ret < 0 ? ", " : "",
           ret < 0 ? av_err2str(ret) : "");
    av_frame_free(&frame);
    avfilter_graph_free(&graph);
    return 0;
}

int main(int argc, char **argv)
{
    int ret = argc < 3 ? 2 : 0;

    for (int i = 2; i < argc && !ret; i++)
        ret = run(argv[i], i == 2 ? atoi(argv[1]) : 100000);
    return ret;
}
