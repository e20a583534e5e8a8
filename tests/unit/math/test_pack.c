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
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "math/pack.h"

#define STRIDE 64
#define SIZE   (STRIDE * 48)

/* Pack, unpack, compare. @return the packed size */
static int64_t round_trip(const uint8_t *data, int64_t size)
{
    const int64_t most = size + size / RUNWAY_PACK_RUN + 1;
    uint8_t *packed = malloc(most + 1), *back = malloc(size + 1);
    int64_t bytes;

    assert_non_null(packed);
    assert_non_null(back);
    packed[most] = back[size] = 0xA5;
    bytes = ff_runway_pack(packed, data, size, STRIDE);
    assert_in_range(bytes, 1, most);
    assert_int_equal(packed[most], 0xA5);
    ff_runway_unpack(back, size, packed, STRIDE);
    assert_memory_equal(back, data, size);
    assert_int_equal(back[size], 0xA5);
    free(packed);
    free(back);
    return bytes;
}

static void test_flat(void **state)
{
    uint8_t data[SIZE];

    (void)state;
    memset(data, 255, SIZE);
    assert_in_range(round_trip(data, SIZE), 1, SIZE / 60);
    /* an edge down the middle costs nothing after the first line */
    for (int i = 0; i < SIZE; i++)
        data[i] = i % STRIDE < STRIDE / 2 ? 0 : 255;
    assert_in_range(round_trip(data, SIZE), 1, SIZE / 40);
    /* nor does a ramp */
    for (int i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i % STRIDE * 4);
    assert_in_range(round_trip(data, SIZE), 1, SIZE / 20);
}

static void test_noise(void **state)
{
    uint8_t data[SIZE];

    (void)state;
    srand(1);
    for (int values = 2; values <= 256; values *= 2)
        for (int size = 1; size <= SIZE; size += 1 + size / 3) {
            for (int i = 0; i < size; i++)
                data[i] = (uint8_t)(rand() % values);
            round_trip(data, size);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_noise),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
