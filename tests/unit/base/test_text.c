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
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "core_test.h"

static void test_utf16(void **state)
{
    static const struct { const char *text; int units; } cases[] = {
        { "", 0 }, { "abc", 3 }, { "\xc3\xbc", 1 }, { "\xe2\x82\xac", 1 },
        { "\xf0\x9f\x8e\xac", 2 },        /* a surrogate pair there */
        { "a\xf0\x9f\x8e\xac" "b", 4 },
        { "\xef\xbf\xbf", 1 }, { "\xf4\x8f\xbf\xbf", 2 },
        { "\xed\x9f\xbf", 1 }, { "\xee\x80\x80", 1 },
        { "\xff", -1 }, { "\x80", -1 }, { "\xc3", -1 }, { "\xc3(", -1 },
        { "\xe2\x82", -1 }, { "\xf0\x9f\x8e", -1 },
        { "\xc0\x80", -1 }, { "\xc1\xbf", -1 }, { "\xe0\x9f\xbf", -1 },
        { "\xf0\x8f\xbf\xbf", -1 },       /* overlong */
        { "\xed\xa0\x80", -1 }, { "\xed\xbf\xbf", -1 },
        { "\xf4\x90\x80\x80", -1 }, { "\xf8\x88\x80\x80\x80", -1 },
        { "ok\xfe", -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(ff_runway_utf16_length(cases[i].text),
                         cases[i].units);
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
        /* what turns a line around, or ends it */
        { "\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f|", "        |" },
        { "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xae|",
          "            |" },
        { "\xe2\x81\xa6\xe2\x81\xa9|", "      |" },
        { "\xe2\x80\x8d\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xd8\x9b",
          "\xe2\x80\x8d\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xd8\x9b" },
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

static void test_copy(void **state)
{
    char field[8] = "before";

    (void)state;
    ff_runway_copy_text(field, sizeof(field), NULL);
    assert_string_equal(field, "");
    ff_runway_copy_text(field, sizeof(field), "1234567");
    assert_string_equal(field, "1234567");
    ff_runway_copy_text(field, sizeof(field), "12345678");
    assert_string_equal(field, "1234567");
    /* never within a character */
    ff_runway_copy_text(field, sizeof(field), "12345\xe2\x82\xac");
    assert_string_equal(field, "12345");
    ff_runway_copy_text(field, sizeof(field), "a\nb");
    assert_string_equal(field, "a b");
    ff_runway_copy_text(field, sizeof(field), field + 2);
    assert_string_equal(field, "b");
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
        { "at http://me:pw@a.b/c there", "at http://... there" },
        { "HTTPS://me@[::1]:5/?x",     "HTTPS://..." },
        { "HTTP://me:pw@a.b/?x",       "HTTP://..." },
        { "'socks5h://me:pw@a:1' is",  "'socks5h://...' is" },
        { "https://a.b/c@d",           "https://a.b/c@d" },
        { "ftp://a.b/?c@d",            "ftp://a.b/?c@d" },
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
    memset(text, 'A', 65);
    strcpy(text + 65, "//me:pw@a/b end");
    ff_runway_scrub(text);
    assert_string_equal(text, "...//... end");

    /* AWS's signatures have 64 hexadecimal digits */
    memset(text, 'a', 64);
    strcpy(text + 64, " end");
    ff_runway_scrub(text);
    assert_string_equal(text, "... end");
    memset(text, 'a', 63);
    strcpy(text + 63, " end");
    ff_runway_scrub(text);
    assert_int_equal(strlen(text), 67);
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
    /* as URLs and JSON write it, in any mixture; what is cut is none */
    strcpy(text, "%73ecret s\\u0065c%53et %73%65cre\\u0074! secre% s\\u006");
    ff_runway_scrub_word(text, "secret");
    assert_string_equal(text, "... s\\u0065c%53et ...! secre% s\\u006");
    strcpy(text, "a\\/b\\\"c a/b%22c");
    ff_runway_scrub_word(text, "a/b\"c");
    assert_string_equal(text, "... ...");
    strcpy(text, "....");
    ff_runway_scrub_word(text, "....");     /* ends, whatever the word is */
    assert_string_equal(text, "...");
}

/* Escapes of escapes, HTML's, and lines that break within a word. */
static void test_scrub_word_in_disguise(void **state)
{
    static const char *const forms[] = {
        "SECRET", "sEc%52et", "%2573ecret", "%252573ecret", "s\\x65cret", "\\\\u0073ecret",
        "s\\\\\\\\u0065cret", "&#115;ecret", "s&#x65;c&#X72;et",
        "&#115ecret", "&#115&#101&#x63&#114&#101&#116", "s&amp;#101cret",
        "sec&Tab;ret", "sec&NewLine;ret",
        "sec\nret", "sec\r\n   ret", "s\te c r e t", "sec\\nret",
        "sec\\r\\nret", "sec%0D%0Aret", "sec&#10;ret", "sec\\u000aret",
    };
    static const char *const others[] = {
        "sec-ret", "%2573ecre", "%25", "&#115", "&#;ecret", "s&#x;ecret", "\\",
        "sec\\", "secre\\x7", "secre\n", "terces", "736563726574", "s\xC3\xA9""cret", "%zz",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        char text[64];

        snprintf(text, sizeof(text), "a %s b", forms[i]);
        ff_runway_scrub_word(text, "secret");
        assert_string_equal(text, "a ... b");
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        char text[64];

        strcpy(text, others[i]);
        ff_runway_scrub_word(text, "secret");
        assert_string_equal(text, others[i]);
    }
}

/* Of what escapes begin with, and of what HTML has names for. */
static void test_scrub_word_of_escapes(void **state)
{
    static const struct { const char *word, *forms[8]; } cases[] = {
        { "100%sure*<3>{x}",
          { "100%sure*<3>{x}", "100%25sure%2A%3C3%3E%7Bx%7D",
            "100%2525sure%252A%253C3%253E%257Bx%257D",
            "100%sure*&lt;3&gt;{x}", "100&#37;sure*&amp;lt;3&amp;GT;{x}",
            "100%sure*\\u003c3\\u003e{x}" } },
        { "ab%41c%z", { "ab%41c%z", "ab%2541c%25z", "ab%252541c%2525z", "ab&#37;41c%z" } },
        { "a%25b&lt;c\\u005cd", { "a%25b&lt;c\\u005cd" } },
        { "%abc", { "%abc", "%25abc" } },
        { "a&b&c", { "a&b&c", "a&amp;b&amp;c", "a%26b%26c",
                     "a&amp;amp;b&amp;amp;c", "a&#38;b&#x26;c" } },
        { "\"a'b\"", { "\"a'b\"", "&quot;a&#39;b&quot;", "\\\"a'b\\\"",
                      "&quot;a&apos;b&quot;", "&#34;a&#039;b&#34;" } },
        { "k_a-b.c+d/e=f:g@h;i~", { "k_a-b.c+d/e=f:g@h;i~",
          "k&lowbar;a&hyphen;b&period;c&plus;d&sol;e&equals;f&colon;g&commat;h"
          "&semi;i&tilde;", "k&UnderBar;a&dash;b.c&amp;plus;d/e=f:g@h;i~" } },
        { "{[(a|b)]}^`\\!?$#", {
          "&lcub;&lsqb;&lpar;a&vert;b&rpar;&rsqb;&rcub;&Hat;&grave;&bsol;&excl;"
          "&quest;&dollar;&num;", "&lbrace;&lbrack;(a&verbar;b)&rbrack;&rbrace;^"
          "`\\!?$#" } },
        { "a\\nb", { "a\\nb", "a\\\\nb", "a%5Cnb", "a\\u005cnb" } },
    };
    static const char *const others[] = {
        "100%2sure*<3>{x}", "100%sure*&lt3&gt;{x}", "100%sure*&lt;3&gt", "&", "&amp;",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (int k = 0; cases[i].forms[k]; k++) {
            char text[128];

            snprintf(text, sizeof(text), "a %s b", cases[i].forms[k]);
            ff_runway_scrub_word(text, cases[i].word);
            assert_string_equal(text, "a ... b");
        }
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        char text[64];

        strcpy(text, others[i]);
        ff_runway_scrub_word(text, cases[0].word);
        assert_string_equal(text, others[i]);
    }
}

static void test_scrub_users(void **state)
{
    static const struct { const char *in, *out; } cases[] = {
        { "x https://u:p@a/b y", "x https://... y" },
        { "https:///u:p@a/b", "https:///..." },
        { "https:/u:p@a/b: no", "https:/... no" },
        { "//u@a", "//..." },
        { "/home/me@b/c.png", "/home/me@b/c.png" },
        { "https://a/b@c?d=e", "https://a/b@c?d=e" },
        { "/", "/" }, { ":/", ":/" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[64];

        strcpy(text, cases[i].in);
        ff_runway_scrub_users(text);
        assert_string_equal(text, cases[i].out);
    }
}

/** size bytes of unit, again and again, behind begin; free() it. */
static char *repeated(const char *begin, const char *unit, size_t size)
{
    const size_t start = strlen(begin), n = strlen(unit);
    char *text = malloc(start + size + n + 1);

    assert_non_null(text);
    strcpy(text, begin);
    for (size_t k = 0; k < size; k += n)
        memcpy(text + start + k, unit, n);
    text[start + size] = 0;
    return text;
}

/** Time of the processor since begin, seconds. */
static double spent(clock_t begin)
{
    return (double)(clock() - begin) / CLOCKS_PER_SEC / test_patience();
}

/* What a server may say is as long as it likes: no text takes the time of its
 * square, nor more than a few times that of another. */
static void test_scrub_long_escapes(void **state)
{
    static const char *const units[] = {
        "k ", "\\", "%25", "s", "&#", "&#1", "&amp;",
    };
    const size_t size = 1 << 20;
    double first = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        char *text = repeated("", units[i], size);
        const clock_t begin = clock();

        alarm(60);
        for (int k = 0; k < 4; k++)
            ff_runway_scrub_word(text, "kesssssecret");
        alarm(0);
        if (!i)
            first = spent(begin);
        assert_true(spent(begin) < 4 * first);
        assert_int_equal(strlen(text), size);
        free(text);
    }
}

/* However long a word is: what says its first 32 characters says it. */
static void test_scrub_long_word(void **state)
{
    const size_t size = 1 << 20;
    char *text = repeated("", "ab", size), *word = repeated("", "ab", size / 2);
    char part[128] = "";
    clock_t begin;

    (void)state;
    strcpy(word + size / 2 - 1, "c");
    begin = clock();
    alarm(60);
    ff_runway_scrub_word(text, word);
    alarm(0);
    assert_true(spent(begin) < 2);
    free(text);
    free(word);
    strcpy(part, "x 0123456789abcdefghijklmnopqrstuv& 0123456789abcdefghijklmno"
           "pqrstuvwxy%7a 0123456789abcdefghijklmnopqrst-");
    ff_runway_scrub_word(part, "0123456789abcdefghijklmnopqrstuvwxyz");
    assert_string_equal(part, "x ...& ... 0123456789abcdefghijklmnopqrst-");
}

/* The same of what only looks like a data URI or a URL with a query. */
static void test_scrub_long_urls(void **state)
{
    static const struct { const char *begin, *unit; } cases[] = {
        { "", "data:" }, { "https://h/", "data:" }, { "", "http:--http://" },
        { "https://h/", "http://" }, { "https://h/", "https://-" },
        { "", "bearer " }, { "", ":/" }, { "https://h/", "//a" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *text = repeated(cases[i].begin, cases[i].unit, 1 << 20);
        const clock_t begin = clock();

        alarm(60);
        ff_runway_scrub(text);
        alarm(0);
        assert_true(spent(begin) < 2);
        free(text);
    }
}

/* What was looked through in vain says nothing of what comes behind it. */
static void test_scrub_behind_plain(void **state)
{
    static const struct { const char *in, *out; } cases[] = {
        { "data:data:x data:text/plain", "data:data:x data:..." },
        { "data:data:a/b", "data:..." },
        { "http://a/http://b http://c/?def",
          "http://a/http://b http://c/?..." },
        { "http://a/http://b?", "http://a/http://b?" },
        { "http://a/http://b?cde", "http://a/http://b?..." },
        { "http://a/http://b? http://me:pw@c/?def",
          "http://a/http://b? http://..." },
        { "http://a/http://me:pw@c/?def x", "http://a/http://... x" },
        { "http://a/http:/me:pw@c/?def x",  "http://a/http:/... x" },
        { "http://a/b//me:pw@c/?def",       "http://a/b//..." },
        { "http://a/http://b?//me:pw@c",    "http://a/http://b?..." },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[64];

        strcpy(text, cases[i].in);
        ff_runway_scrub(text);
        assert_string_equal(text, cases[i].out);
    }
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
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_scrub),
        cmocka_unit_test(test_scrub_long_runs),
        cmocka_unit_test(test_scrub_word),
        cmocka_unit_test(test_scrub_word_in_disguise),
        cmocka_unit_test(test_scrub_word_of_escapes),
        cmocka_unit_test(test_scrub_users),
        cmocka_unit_test(test_scrub_long_escapes),
        cmocka_unit_test(test_scrub_long_word),
        cmocka_unit_test(test_scrub_long_urls),
        cmocka_unit_test(test_scrub_behind_plain),
        cmocka_unit_test(test_scrub_many_words),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
