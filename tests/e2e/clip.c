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

/* Which frames go into a clip beside its first. FFmpeg's own filters do not let
 * all of them through to one that could ask: 7.1's concat gives all frames the
 * shape of the first. Run by clip.t. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "libavutil/frame.h"
#include "libavutil/macros.h"

#include "media/clip.h"

static AVFrame *picture(enum AVPixelFormat format, int width, int height,
                        AVRational shape)
{
    AVFrame *frame = av_frame_alloc();

    assert_non_null(frame);
    frame->format = format;
    frame->width  = width;
    frame->height = height;
    frame->sample_aspect_ratio = shape;
    frame->pts    = 0;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int i = 0; i < 4 && frame->buf[i]; i++)
        memset(frame->buf[i]->data, 128, frame->buf[i]->size);
    return frame;
}

static RunwayClip *begin(AVRational shape)
{
    static const RunwayPolicy policy = { .dry_run = 1 };
    static RunwayClipSaid said;
    const RunwayClipConfig config = {
        .said = &said, .filter = "runway_v2v", .index = 1,
        .time_base = { 1, 24 }, .policy = &policy,
        .segment   = { .rate_num = 24, .rate_den = 1,
                       .max_duration = 5000000 },
    };
    AVFrame *first = picture(AV_PIX_FMT_YUV420P, 64, 48, shape);
    RunwayClip *clip;

    assert_int_equal(ff_runway_clip_create(&clip, &config, first, 41667), 0);
    av_frame_free(&first);
    return clip;
}

static int accepts(const RunwayClip *clip, enum AVPixelFormat format, int width,
                   int height, AVRational shape)
{
    AVFrame *frame = picture(format, width, height, shape);
    int ret = ff_runway_clip_accepts(clip, frame);

    av_frame_free(&frame);
    return ret;
}

static void test_kinds(void **state)
{
    const AVRational shape = { 4, 3 };
    RunwayClip *clip = begin(shape);

    (void)state;
    assert_true(accepts(clip, AV_PIX_FMT_YUV420P, 64, 48, shape));
    assert_false(accepts(clip, AV_PIX_FMT_YUV422P, 64, 48, shape));
    assert_false(accepts(clip, AV_PIX_FMT_YUVJ420P, 64, 48, shape));
    assert_false(accepts(clip, AV_PIX_FMT_YUV420P, 66, 48, shape));
    assert_false(accepts(clip, AV_PIX_FMT_YUV420P, 64, 50, shape));
    assert_false(accepts(clip, AV_PIX_FMT_YUV420P, 48, 64, shape));
    ff_runway_clip_free(&clip);
}

static void test_shapes(void **state)
{
    /* what is not said, or makes no sense, is square */
    static const AVRational square[] = {
        { 1, 1 }, { 0, 1 }, { 0, 0 }, { 7, 7 }, { -4, 3 }, { 4, 0 },
    };
    static const AVRational others[] = { { 4, 3 }, { 3, 4 }, { 1001, 1000 } };
    RunwayClip *clip;

    (void)state;
    for (size_t i = 0; i < FF_ARRAY_ELEMS(square); i++) {
        clip = begin(square[i]);
        for (size_t k = 0; k < FF_ARRAY_ELEMS(square); k++)
            assert_true(accepts(clip, AV_PIX_FMT_YUV420P, 64, 48, square[k]));
        for (size_t k = 0; k < FF_ARRAY_ELEMS(others); k++)
            assert_false(accepts(clip, AV_PIX_FMT_YUV420P, 64, 48, others[k]));
        ff_runway_clip_free(&clip);
    }
    clip = begin((AVRational){ 4, 3 });
    assert_true(accepts(clip, AV_PIX_FMT_YUV420P, 64, 48,
                        (AVRational){ 8, 6 }));
    assert_false(accepts(clip, AV_PIX_FMT_YUV420P, 64, 48,
                         (AVRational){ 1, 1 }));
    ff_runway_clip_free(&clip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_shapes),
    };

    return cmocka_run_group_tests_name("clip", tests, NULL, NULL);
}
