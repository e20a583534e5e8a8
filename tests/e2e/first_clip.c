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
 * A filter graph whose clips end too early: the arithmetic that says what fits
 * into a clip says no from the n-th question on. Run by first_clip.t.
 *
 *   first_clip GRAPH N
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "libavfilter/avfilter.h"
#include "libavfilter/buffersink.h"
#include "libavutil/error.h"
#include "libavutil/frame.h"

#include "math/segment.h"

int __real_ff_runway_segment_fits(const RunwaySegment *segment, int64_t end);
int __wrap_ff_runway_segment_fits(const RunwaySegment *segment, int64_t end);

static int left;

int __wrap_ff_runway_segment_fits(const RunwaySegment *segment, int64_t end)
{
    return left-- > 0 && __real_ff_runway_segment_fits(segment, end);
}

int main(int argc, char **argv)
{
    AVFilterGraph *graph = avfilter_graph_alloc();
    AVFilterInOut *in = NULL, *out = NULL;
    AVFrame *frame = av_frame_alloc();
    AVFilterContext *sink;
    int frames = 0, ret;

    if (argc != 3 || !graph || !frame)
        return 2;
    left = atoi(argv[2]);
    ret = avfilter_graph_parse_ptr(graph, argv[1], &in, &out, NULL);
    if (ret >= 0)
        ret = avfilter_graph_config(graph, NULL);
    sink = avfilter_graph_get_filter(graph, "buffersink@out");
    if (ret < 0 || !sink)
        return 2;
    while ((ret = av_buffersink_get_frame(sink, frame)) >= 0) {
        frames++;
        av_frame_unref(frame);
    }
    printf("%d frames, %s\n", frames, av_err2str(ret));
    av_frame_free(&frame);
    avfilter_graph_free(&graph);
    return ret != AVERROR_EOF;
}
