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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_test.h"

uint8_t *make_bytes(size_t size)
{
    uint8_t *data = malloc(size + 1);
    uint32_t x = 2463534242u;

    assert_non_null(data);
    for (size_t i = 0; i < size; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        data[i] = (uint8_t)(x >> 11);
    }
    return data;
}

static int bit_at(const uint8_t *data, size_t size, size_t bit)
{
    return bit / 8 < size ? data[bit / 8] >> (7 - bit % 8) & 1 : 0;
}

char *plain_base64(const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t bits = size * 8, length = (size + 2) / 3 * 4;
    char *out = malloc(length + 1);

    assert_non_null(out);
    for (size_t i = 0; i < length; i++) {
        int digit = 0;

        for (size_t b = 0; b < 6; b++)
            digit = digit << 1 | bit_at(data, size, 6 * i + b);
        out[i] = 6 * i < bits ? digits[digit] : '=';
    }
    out[length] = 0;
    return out;
}

int make_file(const void *data, size_t size)
{
    char name[] = "/tmp/runway_v2v_test_XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(write(fd, data, size), size);
    return fd;
}

char *read_whole_body(RunwayBody *body, size_t step, size_t *size)
{
    size_t capacity = (size_t)ff_runway_body_size(body);
    char *out = malloc(capacity + step + 1);
    size_t n;

    assert_non_null(out);
    *size = 0;
    do {
        assert_true(*size <= capacity);
        assert_int_equal(ff_runway_body_read(body, out + *size, step, &n),
                         RUNWAY_OK);
        assert_true(n <= step);
        *size += n;
    } while (n);
    /* the end stays the end */
    assert_int_equal(ff_runway_body_read(body, out + *size, step, &n),
                     RUNWAY_OK);
    assert_int_equal(n, 0);
    out[*size] = 0;
    return out;
}

double test_patience(void)
{
    const char *text = getenv("TEST_PATIENCE");
    double patience = text ? atof(text) : 1;

    return patience > 1 ? patience : 1;
}

const RunwayModel *find_model(const char *name)
{
    const RunwayModel *model;

    if (ff_runway_model_choose(name, RUNWAY_MODE_EDIT, &model, NULL))
        ff_runway_model_choose(name, RUNWAY_MODE_REFERENCE, &model, NULL);
    return model;
}
