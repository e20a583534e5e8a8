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


/* The ring on disk in which source frames wait: it gives back what was put in,
 * and its file never grows beyond what was said. Run by spool.t. */

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

/* Bytes of the largest file that is open and has no name. */
static int64_t unnamed_size(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int64_t size = -1;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        struct stat st;

        if (!fstat(atoi(entry->d_name), &st) && S_ISREG(st.st_mode) &&
            !st.st_nlink && st.st_size > size)
            size = st.st_size;
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

/* As many as there is room for, and no more, time and again. */
static void test_full(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(3 * BYTES + BYTES / 2, 0, NULL);
    int64_t in = 0, out = 0;

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 3; n++) {
        assert_false(ff_runway_spool_is_full(spool));
        put(spool, in++, AV_PIX_FMT_YUV420P, 64, 48);
    }
    for (int n = 0; n < 50; n++) {
        assert_true(ff_runway_spool_is_full(spool));
        take(spool, out++);
        assert_false(ff_runway_spool_is_full(spool));
        put(spool, in++, AV_PIX_FMT_YUV420P, 64, 48);
        assert_true(unnamed_size() > 0);
        assert_true(unnamed_size() <= 3 * BYTES + BYTES / 2);
    }
    ff_runway_spool_free(&spool);
    assert_int_equal(unnamed_size(), -1);
}

/* Sizes and formats in any order, put in, taken and dropped in any order. */
static void test_any(void **state)
{
    static const enum AVPixelFormat formats[] = {
        AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV422P10
    };
    const int64_t size = 6 * BYTES + 1234;
    RunwaySpool *spool = ff_runway_spool_create(size, 0, NULL);
    int64_t in = 0, out = 0;
    int nb_full = 0;

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 3000; n++) {
        enum AVPixelFormat format = formats[below(3)];
        int width = 1 + below(100), height = 1 + below(70), what = below(16);

        if (what < 9) {
            nb_full += ff_runway_spool_is_full(spool);
            put(spool, in++, format, width, height);
        } else if (what < 15) {
            if (out < in)
                take(spool, out++);
        } else {
            int nb = below(4);

            ff_runway_spool_drop(spool, nb);
            out += nb < in - out ? nb : in - out;
        }
        assert_true(unnamed_size() <= size);
    }
    /* or it was no test of a full one */
    assert_true(nb_full > 100);
    while (out < in)
        take(spool, out++);
    ff_runway_spool_free(&spool);
}

/* A frame larger than the whole ring is not on disk. */
static void test_too_large(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(2 * BYTES, 0, NULL);

    (void)state;
    assert_non_null(spool);
    put(spool, 0, AV_PIX_FMT_YUV420P, 640, 480);
    assert_true(ff_runway_spool_is_full(spool));
    assert_int_equal(unnamed_size(), -1);
    /* one that fits may stand behind it */
    put(spool, 1, AV_PIX_FMT_YUV420P, 64, 48);
    assert_false(ff_runway_spool_is_full(spool));
    assert_true(unnamed_size() > 0);
    take(spool, 0);
    take(spool, 1);
    ff_runway_spool_free(&spool);
}

/* Nor is one that is put into a full ring: nothing there is overwritten. */
static void test_overfull(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(3 * BYTES, 0, NULL);

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 5; n++)
        put(spool, n, AV_PIX_FMT_YUV420P, 64, 48);
    assert_true(unnamed_size() <= 3 * BYTES);
    for (int n = 0; n < 5; n++) {
        assert_int_equal(ff_runway_spool_is_full(spool), n == 0);
        take(spool, n);
    }
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

/* Compressed, more of them have room than there are bytes for. */
static void test_packed(void **state)
{
    RunwaySpool *spool = ff_runway_spool_create(4 * BYTES, 1, NULL);
    AVFrame *none = NULL;
    int64_t in = 0, out = 0;

    (void)state;
    assert_non_null(spool);
    for (int n = 0; n < 300; n++) {
        while (!ff_runway_spool_is_full(spool))
            put(spool, in++, AV_PIX_FMT_YUV420P, 64, 48);
        assert_true(in - out > 20);
        assert_true(unnamed_size() <= 4 * BYTES);
        for (int k = below(20); k >= 0; k--)
            take(spool, out++);
    }
    while (out < in)
        take(spool, out++);
    assert_int_equal(ff_runway_spool_take(spool, &none), 0);
    ff_runway_spool_free(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_overfull),
        cmocka_unit_test(test_no_room_on_disk),
        cmocka_unit_test(test_packed),
    };

    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
