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
    return ff_runway_count_parts(kind, lengths, (const unsigned char *)bytes,
                                 size);
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
    assert_int_equal(COUNT(FRAME, "\x32\5abc\x32"), 1);
    assert_int_equal(COUNT(FRAME, "\x32\xFF\xFF"), 1);
    assert_int_equal(COUNT(FRAME, ""), 0);
}

/* Many parts are for small pictures. */
static void test_excess(void **state)
{
    static const struct { size_t nb; int64_t pixels; int many; } cases[] = {
        { 100, 64 * 64, 0 }, { 101, 64 * 64, 1 }, { 100, 1920 * 1088, 0 },
        { 25, 4096 * 2304, 0 }, { 26, 4096 * 2304, 1 }, { 28, 3840 * 2176, 0 },
        { 29, 3840 * 2176, 1 }, { 25, 1LL << 40, 0 }, { 26, 1LL << 62, 1 },
    };
    unsigned char data[303];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t k = 0; k < sizeof(data); k++)
            data[k] = k % 3 == 2;
        assert_int_equal(ff_runway_excess_parts(RUNWAY_PART_NAL, 1,
                                                cases[i].pixels, data,
                                                3 * cases[i].nb),
                         cases[i].many ? cases[i].nb : 0);
    }
    assert_int_equal(ff_runway_excess_parts(RUNWAY_PART_WHOLE, 0, 1LL << 40,
                                            data, sizeof(data)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nals),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_excess),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
