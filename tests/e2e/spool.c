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


/* Source frames that wait on disk: what was put in comes out, and the disk is free
 * again behind it. Run by spool.t. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libavutil/frame.h"
#include "libavutil/log.h"
#include "libavutil/pixdesc.h"

#include "media/spool.h"

/* a yuv420p frame of 64x48 */
#define BYTES (64 * 48 * 3 / 2)

static uint32_t lcg = 1;

static int below(int most)
{
    lcg = lcg * 1664525 + 1013904223;
    return (int)((lcg >> 8) % (uint32_t)most);
}

static int plane_height(const AVFrame *frame, int plane)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);

    return plane ? AV_CEIL_RSHIFT(frame->height, desc->log2_chroma_h) :
                   frame->height;
}

static int plane_width(const AVFrame *frame, int plane)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    int width = plane ? AV_CEIL_RSHIFT(frame->width, desc->log2_chroma_w) :
                        frame->width;

    return width * ((desc->comp[0].depth + 7) / 8);
}

/* What stands in a byte of the frame of that number. */
static uint8_t content(int64_t number, int plane, int x, int y)
{
    return (uint8_t)(number * 31 + plane * 7 + x * 3 + y * 5);
}

static AVFrame *make_frame(int64_t number, enum AVPixelFormat format, int width,
                           int height)
{
    AVFrame *frame = av_frame_alloc();
    char text[32];

    assert_non_null(frame);
    frame->format = format;
    frame->width  = width;
    frame->height = height;
    frame->pts    = number;
    frame->color_range = AVCOL_RANGE_JPEG;
    snprintf(text, sizeof(text), "%lld", (long long)number);
    assert_true(av_dict_set(&frame->metadata, "number", text, 0) >= 0);
    assert_true(av_frame_get_buffer(frame, 0) >= 0);
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < plane_height(frame, p); y++)
            for (int x = 0; x < plane_width(frame, p); x++)
                frame->data[p][y * frame->linesize[p] + x] =
                    content(number, p, x, y);
    return frame;
}

static void put(RunwaySpool *spool, int64_t number, enum AVPixelFormat format,
                int width, int height)
{
    AVFrame *frame = make_frame(number, format, width, height);

    assert_int_equal(ff_runway_spool_put(spool, frame), 0);
    av_frame_free(&frame);
}

/* The next frame out is the one of that number. */
static void take(RunwaySpool *spool, int64_t number)
{
    AVFrame *frame = NULL;
    int wrong = 0;

    assert_int_equal(ff_runway_spool_take(spool, &frame), 1);
    assert_int_equal(frame->pts, number);
    assert_int_equal(frame->color_range, AVCOL_RANGE_JPEG);
    assert_int_equal(atoll(av_dict_get(frame->metadata, "number", NULL,
                                       0)->value), number);
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < plane_height(frame, p); y++)
            for (int x = 0; x < plane_width(frame, p); x++)
                wrong += frame->data[p][y * frame->linesize[p] + x] !=
                         content(number, p, x, y);
    assert_int_equal(wrong, 0);
    av_frame_free(&frame);
}

/* Bytes of all files that are open and have no name. */
static int64_t unnamed_size(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int64_t size = -1;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        struct stat st;

        if (!fstat(atoi(entry->d_name), &st) && S_ISREG(st.st_mode) &&
            !st.st_nlink)
            size = (size < 0 ? 0 : size) + st.st_size;
    }
    closedir(dir);
    return size;
}

static void test_empty(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(BYTES, 0, NULL), *none = NULL;
    AVFrame *frame = NULL;

    (void)state;
    assert_non_null(spool);
    assert_int_equal(ff_runway_spool_take(spool, &frame), 0);
    assert_null(frame);
    ff_runway_spool_drop(spool, 3);
    assert_int_equal(unnamed_size(), -1);
    ff_runway_spool_free(&spool);
    assert_null(spool);
    ff_runway_spool_free(&none);
}

/* What is closed makes it full, and what comes behind it does not. */
static void test_full(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(2 * BYTES, 0, NULL);

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 5; n++)
        put(spool, n, AV_PIX_FMT_YUV420P, 64, 48);
    assert_false(ff_runway_spool_is_full(spool));
    ff_runway_spool_mark(spool);
    put(spool, 5, AV_PIX_FMT_YUV420P, 64, 48);
    for (int n = 0; n < 3; n++) {
        assert_true(ff_runway_spool_is_full(spool));
        take(spool, n);
    }
    assert_false(ff_runway_spool_is_full(spool));
    ff_runway_spool_mark(spool);
    assert_true(ff_runway_spool_is_full(spool));
    ff_runway_spool_drop(spool, 3);
    put(spool, 6, AV_PIX_FMT_YUV420P, 64, 48);
    assert_false(ff_runway_spool_is_full(spool));
    ff_runway_spool_free(&spool);
    assert_int_equal(unnamed_size(), -1);
    ff_runway_spool_mark(NULL);
    assert_false(ff_runway_spool_is_full(NULL));
}

/* A UHD clip of 10 s at 30 frames a second is whole. */
static void test_clip_frames(void **state)
{
    (void)state;
    assert_in_range(ff_runway_spool_clip_frames(AV_PIX_FMT_YUV420P, 3840, 2160),
                    300, 400);
    assert_in_range(ff_runway_spool_clip_frames(AV_PIX_FMT_RGBA64, 16000, 16000),
                    1, 2);
    assert_true(ff_runway_spool_clip_frames(AV_PIX_FMT_GRAY8, 1, 1) > 0);
}

/* Of a film that goes through, the disk has what waits, and a file more. */
static void test_files(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(0, 0, NULL);
    AVFrame *frame = make_frame(0, AV_PIX_FMT_YUV420P, 4096, 4096), *out;
    const int64_t bytes = 4096 * 4096 * 3 / 2, file = 256 << 20;

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 24; n++) {
        frame->pts = n;
        assert_int_equal(ff_runway_spool_put(spool, frame), 0);
        assert_true(unnamed_size() <= 3 * bytes + file + bytes);
        if (n < 2)
            continue;
        assert_int_equal(ff_runway_spool_take(spool, &out), 1);
        assert_int_equal(out->pts, n - 2);
        av_frame_free(&out);
    }
    ff_runway_spool_drop(spool, 2);
    put(spool, 24, AV_PIX_FMT_YUV420P, 64, 48);
    assert_true(unnamed_size() <= file + bytes);
    take(spool, 24);
    av_frame_free(&frame);
    ff_runway_spool_free(&spool);
    assert_int_equal(unnamed_size(), -1);
}

/* Sizes and formats in any order, put in, taken and dropped in any order. */
static void test_any(void **state)
{
    static const enum AVPixelFormat formats[] = {
        AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV422P10
    };
    RunwaySpool *spool = ff_runway_spool_create(0, 0, NULL);
    int64_t in = 0, out = 0;

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 3000; n++) {
        enum AVPixelFormat format = formats[below(3)];
        int width = 1 + below(100), height = 1 + below(70), what = below(16);

        if (what < 9) {
            put(spool, in++, format, width, height);
        } else if (what < 15) {
            if (out < in)
                take(spool, out++);
        } else {
            int nb = below(4);

            ff_runway_spool_drop(spool, nb);
            out += nb < in - out ? nb : in - out;
        }
    }
    while (out < in)
        take(spool, out++);
    ff_runway_spool_free(&spool);
}

/* Where the file cannot be made, or no more goes into it: an error, and what
 * was in before still comes out. */
static void test_no_room_on_disk(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(4 * BYTES, 0, NULL);
    AVFrame *frame = make_frame(0, AV_PIX_FMT_YUV420P, 64, 48), *none = NULL;
    char *kept = strdup(getenv("TMPDIR"));
    int level = av_log_get_level();

    (void)state;
    assert_non_null(spool);
    av_log_set_level(AV_LOG_QUIET);
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    assert_true(ff_runway_spool_put(spool, frame) < 0);
    assert_int_equal(ff_runway_spool_take(spool, &none), 0);
    av_log_set_level(level);
    assert_int_equal(setenv("TMPDIR", kept, 1), 0);
    assert_int_equal(ff_runway_spool_put(spool, frame), 0);
    take(spool, 0);
    av_frame_free(&frame);
    ff_runway_spool_free(&spool);
    free(kept);
}

/* Compressed, they take less than they have. */
static void test_packed(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(0, 1, NULL);
    AVFrame *none = NULL;
    int64_t in = 0, out = 0;

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 300; n++) {
        for (int k = below(20); k >= 0; k--)
            put(spool, in++, AV_PIX_FMT_YUV420P, 64, 48);
        for (int k = below(20); k >= 0 && out < in; k--)
            take(spool, out++);
    }
    while (out < in)
        take(spool, out++);
    assert_int_equal(ff_runway_spool_take(spool, &none), 0);
    while (in < out + 20)
        put(spool, in++, AV_PIX_FMT_YUV420P, 64, 48);
    assert_true(unnamed_size() > 0);
    ff_runway_spool_free(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_clip_frames),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_no_room_on_disk),
        cmocka_unit_test(test_packed),
    };

    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
