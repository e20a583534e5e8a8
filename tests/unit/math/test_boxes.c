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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "math/boxes.h"
#include "core_test.h"

/* A file that is put together; the boxes that are open know where they began. */
typedef struct File {
    uint8_t data[1 << 20];
    size_t size;
    size_t open[64];
    int nb_open;
} File;

static void put_u32(File *f, uint32_t value)
{
    assert_true(f->size + 4 <= sizeof(f->data));
    for (int i = 24; i >= 0; i -= 8)
        f->data[f->size++] = (uint8_t)(value >> i);
}

static void put_zeros(File *f, size_t nb)
{
    assert_true(f->size + nb <= sizeof(f->data));
    memset(f->data + f->size, 0, nb);
    f->size += nb;
}

static void begin(File *f, const char *type)
{
    f->open[f->nb_open++] = f->size;
    put_u32(f, 0);
    assert_true(f->size + 4 <= sizeof(f->data));
    memcpy(f->data + f->size, type, 4);
    f->size += 4;
}

static void end(File *f)
{
    size_t start = f->open[--f->nb_open], now = f->size;

    f->size = start;
    put_u32(f, (uint32_t)(now - start));
    f->size = now;
}

/* types, four characters each, one in the other */
static void begin_all(File *f, const char *types)
{
    for (; *types; types += 4)
        begin(f, types);
}

static void end_all(File *f)
{
    while (f->nb_open)
        end(f);
}

static File *new_file(void)
{
    File *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    begin(f, "ftyp");
    put_zeros(f, 8);
    end(f);
    return f;
}

/* says: what the refusal says, NULL: it passes. Frees f. */
static void check(File *f, const char *says)
{
    int fd = make_file(f->data, f->size);
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = ff_runway_boxes_check(fd, (int64_t)f->size, NULL, NULL,
                                              &err);

    if (ret != (says ? RUNWAY_BAD_RESULT : RUNWAY_OK) ||
        (says && !strstr(err.text, says)))
        fail_msg("%s: %s", ff_runway_outcome_name(ret), err.text);
    close(fd);
    free(f);
}

static void put_table(File *f, const char *type, int after, uint32_t count)
{
    begin(f, type);
    put_zeros(f, (size_t)after);
    put_u32(f, count);
    end(f);
}

static void test_plain(void **state)
{
    static const uint32_t lengths[] = { 24, 1000000, RUNWAY_BOXES_SAMPLES };

    (void)state;
    check(new_file(), "no MP4 index");
    for (int i = 0; i < 3; i++) {
        File *f = new_file();

        begin_all(f, "moovtrakmdiaminfstbl");
        put_table(f, "stsz", 8, lengths[i]);
        put_table(f, "stts", 4, 1);
        end_all(f);
        begin(f, "mdat");
        put_zeros(f, 1000);
        end(f);
        check(f, NULL);
    }
}

/* What is no MP4 has no index, and is no trouble. */
static void test_nonsense(void **state)
{
    static const char *const texts[] = {
        "", "<html>", "moov", "\0\0\0\0moov", "\0\0\0\1moov",
        "\0\0\0\1moov\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        "\0\0\0\4moov", "\xFF\xFF\xFF\xFFmdat", "\0\0\0\x10stsz",
    };
    static const size_t sizes[] = { 0, 6, 4, 8, 8, 16, 8, 8, 8 };

    (void)state;
    for (int i = 0; i < 9; i++) {
        File *f = calloc(1, sizeof(*f));

        memcpy(f->data, texts[i], sizes[i]);
        f->size = sizes[i];
        /* two are an index that is empty: for the demuxer to tell */
        check(f, i == 3 || i == 5 ? NULL : "no MP4 index");
    }
    for (uint32_t seed = 1; seed < 300; seed++) {
        File *f = calloc(1, sizeof(*f));
        uint8_t *bytes = make_bytes(3000 + seed);

        memcpy(f->data, bytes + seed, 3000);
        f->size = 3000;
        free(bytes);
        check(f, "no MP4 index");
    }
}

static void test_too_many_samples(void **state)
{
    static const char *const types[] = { "stsz", "stz2", "trun" };
    static const int after[] = { 8, 8, 4 };
    File *f;

    (void)state;
    for (int i = 0; i < 3; i++) {
        f = new_file();
        begin_all(f, i == 2 ? "mooftraf" : "moovtrakmdiaminfstbl");
        put_table(f, types[i], after[i], 0xFFFFFFFF);
        end_all(f);
        check(f, "more entries");
    }
    f = new_file();
    for (int i = 0; i < 3; i++) { /* together */
        begin_all(f, "mooftraf");
        put_table(f, "trun", 4, RUNWAY_BOXES_SAMPLES / 2);
        end_all(f);
    }
    check(f, "more frames");
    f = new_file();
    begin_all(f, "moovtrakmdiaminfstbl");
    put_table(f, "co64", 4, 0x10000000);
    end_all(f);
    check(f, "more entries");
}

static void test_compressed(void **state)
{
    static const char *const paths[] = {
        "moov", "moovtrak", "moovudtameta", "moovtrakmdiaminfstbl",
    };

    (void)state;
    for (int i = 0; i < 4; i++) {
        File *f = new_file();

        begin_all(f, paths[i]);
        if (i == 2)
            put_zeros(f, 4);
        begin(f, "cmov");
        put_zeros(f, 100);
        end_all(f);
        check(f, "compressed");
    }
    for (int i = 0; i < 4; i++) { /* in what describes the samples */
        static const size_t heads[] = { 78, 28, 44, 64 };
        File *f = new_file();

        begin_all(f, "moovtrakmdiaminfstblstsd");
        put_zeros(f, 8);
        begin(f, "avc1");
        put_zeros(f, heads[i]);
        begin(f, "cmov");
        put_zeros(f, 100);
        end_all(f);
        check(f, "compressed");
    }
}

static void test_no_end(void **state)
{
    File *f = new_file();

    (void)state;
    for (int i = 0; i < 40; i++)
        begin(f, "moov");
    end_all(f);
    check(f, "nested too deeply");
    f = new_file();
    for (int i = 0; i < RUNWAY_BOXES_COUNT + 1; i++) {
        begin(f, "skip");
        end(f);
    }
    check(f, "more boxes");
    f = new_file();
    begin(f, "moov");
    for (int i = 0; i < RUNWAY_BOXES_COUNT + 1; i++) {
        begin(f, "skip");
        end(f);
    }
    end(f);
    check(f, "more boxes");
    /* descriptions in descriptions: each is looked into four times */
    f = new_file();
    for (int i = 0; i < 20; i++) {
        begin(f, "stsd");
        put_zeros(f, 8);
        begin(f, "avc1");
        put_zeros(f, 78);
    }
    end_all(f);
    check(f, "nested too deeply");
}

static void test_large_index(void **state)
{
    static uint8_t head[] = { 0, 0, 0, 1, 'm', 'o', 'o', 'v',
                              0, 0, 0, 0, 0x10, 0, 0, 0 };
    static const uint8_t moov[] = { 0, 0, 0, 8, 'm', 'o', 'o', 'v' };
    int fd = make_file(head, sizeof(head));
    RunwayError err;

    (void)state;
    assert_int_equal(ftruncate(fd, 0x10000000), 0);
    assert_int_equal(ff_runway_boxes_check(fd, 0x10000000, NULL, NULL, &err),
                     RUNWAY_BAD_RESULT);
    assert_non_null(strstr(err.text, "larger"));
    /* the same of picture is nothing special */
    memcpy(head + 4, "mdat", 4);
    assert_int_equal(pwrite(fd, head, sizeof(head), 0), sizeof(head));
    assert_int_equal(pwrite(fd, moov, sizeof(moov), 0x10000000), sizeof(moov));
    assert_int_equal(ff_runway_boxes_check(fd, 0x10000008, NULL, NULL, &err), RUNWAY_OK);
    close(fd);
    assert_int_equal(ff_runway_boxes_check(-1, 100, NULL, NULL, &err), RUNWAY_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_too_many_samples),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_no_end),
        cmocka_unit_test(test_large_index),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("boxes", tests, NULL, NULL);
}
