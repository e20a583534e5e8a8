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

/* One scaler for pictures of the formats that are named, one after the other: all
 * are gray, and come out as YUV. One line for each: the format, and the least and
 * the most of its chroma, which says no colour as 128. Run by scaler.t. */

#include <stdio.h>
#include <string.h>

#include "libavutil/pixdesc.h"

#include "media/scaler.h"

#define SIZE 32

static AVFrame *picture(enum AVPixelFormat format)
{
    AVFrame *frame = av_frame_alloc();

    frame->format = format;
    frame->width  = frame->height = SIZE;
    if (av_frame_get_buffer(frame, 0) < 0)
        return NULL;
    frame->color_range = AVCOL_RANGE_JPEG;
    memset(frame->data[0], 1, (size_t)frame->linesize[0] * SIZE);
    return frame;
}

int main(int argc, char **argv)
{
    RunwayScaler *scaler = ff_runway_scaler_create(NULL);
    const RunwayRect whole = { 0, 0, SIZE, SIZE };

    for (int i = 1; i < argc; i++) {
        AVFrame *in = picture(av_get_pix_fmt(argv[i]));
        AVFrame *out = picture(AV_PIX_FMT_YUV420P);
        int least = 255, most = 0;

        if (ff_runway_scaler_convert(scaler, in, whole, out, whole) < 0)
            return 1;
        for (int k = 0; k < SIZE * SIZE / 4; k++) {
            int value = out->data[1 + k % 2][k / (SIZE / 2) * out->linesize[1] +
                                             k % (SIZE / 2)];

            least = value < least ? value : least;
            most  = value > most ? value : most;
        }
        printf("%s %d %d\n", argv[i], least, most);
        av_frame_free(&in);
        av_frame_free(&out);
    }
    ff_runway_scaler_free(&scaler);
    return 0;
}
