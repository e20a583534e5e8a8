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
#include <cmocka.h>

#include "base/sha256.h"

static void assert_digest(const char *data, size_t size, size_t step,
                          const char *want)
{
    char text[RUNWAY_SHA256_SIZE];
    RunwaySha256 s;

    ff_runway_sha256_init(&s);
    for (size_t at = 0; at < size; at += step)
        ff_runway_sha256_add(&s, data + at, size - at < step ? size - at
                                                             : step);
    ff_runway_sha256_text(&s, text);
    assert_string_equal(text, want);
}

/* the examples of FIPS 180-4, and what sha256sum says */
static void test_known(void **state)
{
    char *many = malloc(1000000);

    (void)state;
    memset(many, 'a', 1000000);
    for (size_t step = 1; step < 200; step += 7) {
        assert_digest("", 0, step, "e3b0c44298fc1c149afbf4c8996fb92427ae41e464"
                                   "9b934ca495991b7852b855");
        assert_digest("abc", 3, step, "ba7816bf8f01cfea414140de5dae2223b00361"
                                      "a396177a9cb410ff61f20015ad");
        assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopno"
                      "pq", 56, step, "248d6a61d20638b8e5c026930c3e6039a33ce4"
                                      "5964ff2167f6ecedd419db06c1");
        assert_digest(many, 1000000, step * 997,
                      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39"
                      "ccc7112cd0");
    }
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
