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
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core_test.h"
#include "math/parts.h"

static size_t count(RunwayPartKind kind, unsigned lengths, const char *bytes,
                    size_t size)
{
    const RunwayNals nals = { .lengths = lengths, .pixels = 64 * 64 };
    int too_many;

    return ff_runway_count_parts(kind, &nals, (const unsigned char *)bytes,
                                 size, &too_many);
}

#define COUNT(kind, bytes) \
    count(RUNWAY_PART_##kind, 0, bytes, sizeof(bytes) - 1)

#define NALS(lengths, bytes) \
    count(RUNWAY_PART_NAL, lengths, bytes, sizeof(bytes) - 1)

static void test_nals(void **state)
{
    static char large[4 + 65536] = "\0\1";

    (void)state;
    for (unsigned lengths = 0; lengths < 32; lengths++) {
        assert_int_equal(NALS(lengths, ""), 0);
        assert_int_equal(NALS(lengths, "\0"), 0);
    }
    /* behind their lengths, as long as they are */
    assert_int_equal(NALS(1 << 4, "\0\0\0\4abcd\0\0\0\2ab"), 2);
    assert_int_equal(NALS(1 << 3, "\0\0\2ab\0\0\4abcd\0\0\2ab"), 3);
    assert_int_equal(NALS(1 << 2, "\0\4abcd\0\2ab"), 2);
    assert_int_equal(NALS(1 << 1, "\4abcd\2ab\1a\1a"), 3);
    /* one of several that were said; none that was not */
    assert_int_equal(NALS(0x1F, "\4abcd\2ab\1a\1a"), 3);
    assert_int_equal(NALS(0x1D, "\4abcd\2ab\1a\1a"), 0);
    /* less than a NAL unit at the end */
    assert_int_equal(NALS(1 << 4, "\0\0\0\4abcd\0\0\0"), 1);
    /* what is before a wrong length is not decoded, but split */
    assert_int_equal(NALS(1 << 4, "\0\0\0\4abcd\0\0\0\3ab"), 1);
    assert_int_equal(NALS(1 << 4, "\0\0\0\7a\0\0\1b\0\0\0\0\0ab"), 2);
    /* start codes, and those in a NAL unit */
    assert_int_equal(NALS(1, "\0\0\0\1ab\0\0\1ab\0\0\1a"), 3);
    assert_int_equal(NALS(1 << 4, "\0\0\0\xA" "abc\0\0\1d\0\0\1"), 3);
    /* a large one, in which there would be many of another length */
    for (size_t i = 4; i < sizeof(large); i++)
        large[i] = "\1\xFF"[i % 3];
    assert_int_equal(count(RUNWAY_PART_NAL, 1 << 4, large, sizeof(large)), 1);
    assert_true(count(RUNWAY_PART_NAL, 1 << 2, large, sizeof(large)) > 20000);
    /* a length of 256 to 511 bytes is no start code */
    memcpy(large, "\0\0\1\1", 4);
    assert_int_equal(count(RUNWAY_PART_NAL, 1 << 4, large, 4 + 257), 1);
    assert_int_equal(count(RUNWAY_PART_NAL, 1, large, 4 + 257), 1);
}

static void test_others(void **state)
{
    /* a delimiter, a sequence header, a frame; a header with an extension */
    assert_int_equal(COUNT(FRAME, "\x12\0\x0A\1x\x32\2ab\x1E\x08\1a"), 2);
    assert_int_equal(COUNT(FRAME, "\x32\x81\0" "a\x30" "2222"), 2);
    assert_int_equal(COUNT(FRAME, "\x32\0\x32\0\x32\0\x12"), 3);
    /* a frame that is shown again, by headers that may be redundant */
    assert_int_equal(COUNT(FRAME, "\x3A\1\x88\x3A\1\x88\x3A\1\x88"), 3);
    assert_int_equal(COUNT(FRAME, "\x32\5abc\x32"), 1);
    assert_int_equal(COUNT(FRAME, "\x32\xFF\xFF"), 1);
    assert_int_equal(COUNT(FRAME, ""), 0);
}

/* Messages of AV1, but for the light; with an extension, of nothing, without a
 * size. */
static void test_mute(void **state)
{
    unsigned char data[] = "\x12\0\x2A\2\4\xB5\x2A\3\1ab\x2A\3\2ab\x2A\0\x32\2\4b"
                           "\x2E\x08\2\4x\x28\4zz";
    const char muted[]   = "\x12\0\x7A\2\4\xB5\x2A\3\1ab\x2A\3\2ab\x2A\0\x32\2\4b"
                           "\x7E\x08\2\4x\x78\4zz";
    unsigned char cut[] = "\x2A\5\4zz", last[] = "\x2E";
    unsigned char padded[] = "\x2A\3\x84\0b", clock[] = "\x2A\3\5ab";

    (void)state;
    ff_runway_mute_parts(data, sizeof(data) - 1);
    assert_memory_equal(data, muted, sizeof(muted));
    ff_runway_mute_parts(cut, sizeof(cut) - 1);
    assert_memory_equal(cut, "\x7A\5\4zz", sizeof(cut));
    ff_runway_mute_parts(last, sizeof(last) - 1);
    assert_memory_equal(last, "\x2E", sizeof(last));
    ff_runway_mute_parts(padded, sizeof(padded) - 1);
    assert_memory_equal(padded, "\x7A\3\x84\0b", sizeof(padded));
    /* no right padding */
    ff_runway_mute_parts(clock, sizeof(clock) - 1);
    assert_memory_equal(clock, "\x2A\3\5ab", sizeof(clock));
    ff_runway_mute_parts(last, 0);
}

static int is_excess(RunwayPartKind kind, const RunwayNals *nals,
                     const unsigned char *data, size_t size)
{
    int too_many;

    ff_runway_count_parts(kind, nals, data, size, &too_many);
    return too_many;
}

/* Many parts are for small pictures. */
static void test_excess(void **state)
{
    static const struct { size_t nb; int64_t pixels; int many; } cases[] = {
        { 400, 64 * 64, 0 }, { 401, 64 * 64, 1 }, { 112, 1920 * 1088, 0 },
        { 113, 1920 * 1088, 1 },
        { 25, 4096 * 2304, 0 }, { 26, 4096 * 2304, 1 }, { 28, 3840 * 2176, 0 },
        { 29, 3840 * 2176, 1 }, { 25, 4097 * 2304, 1 },
        { 6, 8192 * 4608, 0 }, { 8, 1LL << 40, 0 }, { 9, 1LL << 62, 1 },
        { 9, 8192 * 4608, 1 },
    };
    unsigned char data[3 * 401];

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
        const RunwayNals nals = { .is_hevc = i & 1, .lengths = 1,
                                  .pixels = cases[i / 2].pixels };

        for (size_t k = 0; k < sizeof(data); k++)
            data[k] = k % 3 == 2;
        assert_int_equal(is_excess(RUNWAY_PART_NAL, &nals, data,
                                   3 * cases[i / 2].nb), cases[i / 2].many);
        assert_false(is_excess(RUNWAY_PART_WHOLE, &nals, data, sizeof(data)));
    }
}

/* Frames of AV1, each without a byte; of VP9, as many as its list says, if it is
 * one: up to 8. */
static void test_frames(void **state)
{
    static const struct { size_t nb; int64_t pixels; int many; } cases[] = {
        { 8, 1920 * 1088, 0 }, { 6, 4192 * 2400, 0 }, { 7, 4192 * 2400, 1 },
        { 6, 4193 * 2400, 0 }, { 7, 3936 * 2256, 1 }, { 7, 8192 * 4608, 1 },
        { 1, 1LL << 62, 0 }, { 6, 1LL << 62, 0 }, { 7, 1LL << 62, 1 },
        { 400, 64 * 64, 0 }, { 401, 64 * 64, 1 },
    };
    unsigned char data[2 * 401] = { 0 };

    (void)state;
    assert_int_equal(COUNT(LISTED, ""), 1);
    assert_int_equal(COUNT(LISTED, "ab\xC1\1\1\xC1"), 2);
    assert_int_equal(COUNT(LISTED, "\xC1\1\1\xC1"), 2);
    assert_int_equal(COUNT(LISTED, "\1\1\xC1"), 1);
    assert_int_equal(COUNT(LISTED, "ab\xC2\1\1\xC1"), 1);
    assert_int_equal(COUNT(LISTED, "ab\xC1\1\1\xE1"), 1);
    assert_int_equal(COUNT(LISTED, "a\xDA\1\0\0\0\1\0\0\0\1\0\0\0\xDA"), 3);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const RunwayNals nals = { .pixels = cases[i].pixels };
        const size_t nb = cases[i].nb;

        for (size_t k = 0; k < sizeof(data); k++)
            data[k] = k & 1 ? 0 : 0x32;
        assert_int_equal(is_excess(RUNWAY_PART_FRAME, &nals, data, 2 * nb),
                         cases[i].many);
        if (nb > 8)
            continue;
        memset(data, 0, sizeof(data));
        data[0] = data[nb + 1] = (unsigned char)(0xC0 | (nb - 1));
        assert_int_equal(is_excess(RUNWAY_PART_LISTED, &nals, data, nb + 2),
                         cases[i].many);
    }
}

/* nb NAL units that begin with these bytes */
static int is_many(int is_hevc, size_t nb, const char *bytes)
{
    const RunwayNals nals = { .is_hevc = is_hevc, .lengths = 1 << 1,
                              .pixels = 4096 * 2304, .number_bits = 4 };
    unsigned char data[401 * 5];

    for (size_t i = 0; i < nb; i++) {
        data[5 * i] = 4;
        memcpy(data + 5 * i + 1, bytes, 4);
    }
    return is_excess(RUNWAY_PART_NAL, &nals, data, 5 * nb);
}

/* What is not of a picture counts as little. */
static void test_kinds(void **state)
{
    (void)state;
    for (int type = 0; type < 32; type++) {
        const char bytes[] = { (char)(0x60 | type), '\x9A', 'a', 'a', 0 };

        assert_false(is_many(0, 25, bytes));
        assert_int_equal(is_many(0, 26, bytes), type < 6 || type > 15);
        assert_true(is_many(0, 401, bytes));
    }
    for (int type = 0; type < 64; type++) {
        const char bytes[] = { (char)(type << 1), 1, 'a', 'a', 0 };

        assert_false(is_many(1, 25, bytes));
        assert_int_equal(is_many(1, 26, bytes), type < 32 || type > 40);
        assert_true(is_many(1, 401, bytes));
    }
}

static void put_bits(unsigned char *data, int *at, unsigned value, int nb)
{
    for (int i = nb - 1; i >= 0; i--, ++*at)
        if (i < 32)
            data[*at / 8] |=
                (unsigned char)((value >> i & 1) << (7 - *at % 8));
}

static void put_ue(unsigned char *data, int *at, unsigned value)
{
    int nb = 0;

    while ((value + 1) >> (nb + 1))
        nb++;
    put_bits(data, at, value + 1, 2 * nb + 1);
}

/* Slices of H.264, one each so many blocks; of a frame 0 and one of that number,
 * of so many bits, and by parameter sets 0 and that one. */
static int are_many(size_t nb, unsigned blocks, unsigned number, int bits,
                    unsigned set)
{
    const RunwayNals nals = { .lengths = 1 << 1, .pixels = 4096 * 2304,
                              .number_bits = bits };
    unsigned char data[100 * 16] = { 0 };

    for (size_t i = 0; i < nb; i++) {
        unsigned char *nal = data + 16 * i;
        int at = 16;

        nal[0] = 15;
        nal[1] = 1;
        put_ue(nal, &at, (unsigned)i * blocks);
        put_ue(nal, &at, i % 3); /* its type */
        put_ue(nal, &at, i & 1 ? set : 0);
        put_bits(nal, &at, i & 1 ? number : 0, bits);
        put_bits(nal, &at, 0x5A5 + (unsigned)i, 11);
    }
    return is_excess(RUNWAY_PART_NAL, &nals, data, 16 * nb);
}

/* A slice costs what is behind it. */
static void test_slices(void **state)
{
    const unsigned all = 256 * 144;

    (void)state;
    assert_false(are_many(36, all / 36, 0, 4, 0));
    assert_false(are_many(48, all / 48, 0, 4, 0));
    assert_true(are_many(50, all / 50, 0, 4, 0));
    /* small ones, one after another, and all in one place */
    assert_true(are_many(26, 1, 0, 4, 0));
    assert_true(are_many(26, 0, 0, 4, 0));
    /* of more than there is */
    assert_true(are_many(60, all / 30, 0, 4, 0));
    /* one in two is of another picture */
    for (int bits = 4; bits <= 16; bits++) {
        assert_false(are_many(36, all / 36, 0, bits, 0));
        assert_true(are_many(36, all / 36, 1, bits, 0));
        assert_true(are_many(36, all / 36, 1u << (bits - 1), bits, 0));
        assert_true(are_many(36, all / 36, 0, bits, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nals),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_mute),
        cmocka_unit_test(test_excess),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_slices),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
