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

static size_t count(RunwayPartKind kind, const char *bytes, size_t size)
{
    return ff_runway_count_parts(kind, (const unsigned char *)bytes, size);
}

#define COUNT(kind, bytes) count(RUNWAY_PART_##kind, bytes, sizeof(bytes) - 1)

static void test_nals(void **state)
{
    assert_int_equal(COUNT(NAL, ""), 0);
    assert_int_equal(COUNT(NAL, "\0"), 0);
    /* behind their lengths, of whatever size; the packet may say otherwise than
     * the index */
    assert_int_equal(COUNT(NAL, "\0\0\0\4abcd\0\0\0\2ab"), 2);
    assert_int_equal(COUNT(NAL, "\0\0\2ab\0\0\4abcd\0\0\2ab"), 3);
    assert_int_equal(COUNT(NAL, "\0\4abcd\0\2ab"), 2);
    assert_int_equal(COUNT(NAL, "\4abcd\2ab\1a\1a"), 3);
    /* less than a NAL unit at the end */
    assert_int_equal(COUNT(NAL, "\0\0\0\4abcd\0\0\0"), 1);
    /* nothing of it is decoded where a length is wrong */
    assert_int_equal(COUNT(NAL, "\0\0\0\4abcd\0\0\0\3ab"), 0);
    assert_int_equal(COUNT(NAL, "\0\0\0\4abcd\0\0\0\0ab"), 0);
    /* start codes, and those in a NAL unit that ends with them */
    assert_int_equal(COUNT(NAL, "\0\0\0\1ab\0\0\1ab\0\0\1a"), 3);
    assert_int_equal(COUNT(NAL, "\0\0\0\xA" "abc\0\0\1d\0\0\1"), 3);
}

static void test_others(void **state)
{
    assert_int_equal(COUNT(SCAN, "\xFF\xD8\xFF\xDA..\xFF\xDA..\xFF\xD9"), 2);
    assert_int_equal(COUNT(SCAN, "\xFF"), 0);
    assert_int_equal(COUNT(SCAN, "\xFF\xFF\xDA"), 1);
    assert_int_equal(COUNT(VIDEO_PACKET, "\0\0\1\xB6..\0\0\x80..\0\0\x40.."), 3);
    assert_int_equal(COUNT(VIDEO_PACKET, "\0.\0."), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nals),
        cmocka_unit_test(test_others),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
