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

#include "base/error.h"

static void test_outcome_is_returned(void **state)
{
    RunwayError err;

    (void)state;
    assert_int_equal(ff_runway_error(&err, RUNWAY_IO, "%s %d", "disk", 7),
                     RUNWAY_IO);
    assert_int_equal(err.outcome, RUNWAY_IO);
    assert_string_equal(err.text, "disk 7");
    assert_int_equal(ff_runway_error(NULL, RUNWAY_REFUSED, "x"),
                     RUNWAY_REFUSED);
}

static void test_its_own_text_as_argument(void **state)
{
    RunwayError err;

    (void)state;
    ff_runway_error(&err, RUNWAY_IO, "inner");
    ff_runway_error(&err, RUNWAY_REFUSED, "outer: %s", err.text);
    assert_string_equal(err.text, "outer: inner");
}

static void test_clean(void **state)
{
    static const struct { const char *in, *out; } cases[] = {
        { "",                     "" },
        { "plain",                "plain" },
        { "a\nb\r\tc\x1b[31m\x7f", "a b  c [31m " },
        { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8e\xac",
          "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8e\xac" },
        { "\xc2\x9b" "31m",       "  31m" },  /* CSI as one character */
        { "\xff" "a\xc0\x80",     "?a??" },   /* overlong zero */
        { "\xed\xa0\x80",         "???" },    /* surrogate */
        { "\xf4\x90\x80\x80",     "????" },   /* above the last one */
        { "\xe0\x80\x80",         "???" },
        { "\xf0\x80\x80\x80",     "????" },
        { "\xc3(",                "?(" },
        { "a\xe2\x82",            "a??" },    /* nobody cut it: it came so */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[64];

        strcpy(text, cases[i].in);
        ff_runway_clean_text(text, 0);
        assert_string_equal(text, cases[i].out);
    }
}

/* the buffer ends within a character of 1..4 bytes, at each of its bytes */
static void test_cut_at_a_character(void **state)
{
    static const char *const characters[] = {
        "a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x8e\xac"
    };

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        for (size_t before = 0; before < 5; before++) {
            char *text = calloc(1, 2 * RUNWAY_ERROR_TEXT);
            size_t width = c + 1, fits;
            RunwayError err;

            memset(text, 'x', before);
            while (strlen(text) < RUNWAY_ERROR_TEXT + 8)
                strcat(text, characters[c]);
            ff_runway_error(&err, RUNWAY_IO, "%s", text);
            fits = before + (RUNWAY_ERROR_TEXT - 1 - before) / width * width;
            assert_int_equal(strlen(err.text), fits);
            assert_memory_equal(err.text, text, fits);
            free(text);
        }
    }
}

static void test_scrub(void **state)
{
    static const struct { const char *in, *out; } cases[] = {
        { "nothing here",              "nothing here" },
        { "metadata: none",            "metadata: none" },
        { "data: 5 bytes",             "data: 5 bytes" },
        { "uri data:video/mp4;base64,AAAAIGZ0eXA= is long",
          "uri data:... is long" },
        { "DATA:image/png,xx\"}",      "DATA:...\"}" },
        { "see https://a.b/c?_jwt=eyJ0&x=1 there",
          "see https://a.b/c?... there" },
        { "https://a.b/c",             "https://a.b/c" },
        { "https://a.b/?",             "https://a.b/?" },
        { "x _jwt=abcdefgh, y",        "x _jwt=... y" },
        { "Authorization: Bearer sk-1234567890",
          "Authorization: Bearer ..." },
        { "bearer token",              "bearer token" },
        { "key key_0123456789abcdef0", "key key_..." },
        { "key_id is missing",         "key_id is missing" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[256];

        strcpy(text, cases[i].in);
        ff_runway_scrub(text);
        assert_string_equal(text, cases[i].out);
    }
}

static void test_scrub_long_runs(void **state)
{
    char text[256];

    (void)state;
    memset(text, 'A', 65);
    strcpy(text + 65, " end");
    ff_runway_scrub(text);
    assert_string_equal(text, "... end");

    /* a digest in hexadecimal digits is still read by people */
    memset(text, 'a', 64);
    strcpy(text + 64, " end");
    ff_runway_scrub(text);
    assert_int_equal(strlen(text), 68);
}

static void test_scrub_word(void **state)
{
    char text[64];

    (void)state;
    strcpy(text, "got secret and secretsecret.");
    ff_runway_scrub_word(text, "secret");
    assert_string_equal(text, "got ... and .......");
    strcpy(text, "abc abcd");
    ff_runway_scrub_word(text, "abc");      /* too short for a secret */
    ff_runway_scrub_word(text, NULL);
    ff_runway_scrub_word(text, "");
    assert_string_equal(text, "abc abcd");
    strcpy(text, "....");
    ff_runway_scrub_word(text, "....");     /* ends, whatever the word is */
    assert_string_equal(text, "...");
}

static void test_names(void **state)
{
    (void)state;
    for (int i = RUNWAY_OK; i <= RUNWAY_NOMEM; i++) {
        const char *name = ff_runway_outcome_name((RunwayOutcome)i);

        assert_string_not_equal(name, "?");
        for (int j = RUNWAY_OK; j < i; j++)
            assert_string_not_equal(name,
                                    ff_runway_outcome_name((RunwayOutcome)j));
    }
    assert_string_equal(ff_runway_outcome_name((RunwayOutcome)99), "?");
}

/* A server may say a word as often as it likes. */
static void test_scrub_many_words(void **state)
{
    const size_t size = 4 << 20;
    char *text = malloc(size + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', size);
    text[size] = 0;
    ff_runway_scrub_word(text, "aaaa");
    assert_int_equal(strlen(text), size / 4 * 3);
    assert_int_equal(strspn(text, "."), size / 4 * 3);
    strcpy(text, "aaaab, aaaa and aaaaa");
    ff_runway_scrub_word(text, "aaaa");
    assert_string_equal(text, "...b, ... and ...a");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome_is_returned),
        cmocka_unit_test(test_its_own_text_as_argument),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_cut_at_a_character),
        cmocka_unit_test(test_scrub),
        cmocka_unit_test(test_scrub_long_runs),
        cmocka_unit_test(test_scrub_word),
        cmocka_unit_test(test_scrub_many_words),
        cmocka_unit_test(test_names),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
