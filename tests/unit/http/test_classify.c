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
#include <cmocka.h>

#include "http/classify.h"

#define CREATE RUNWAY_REQUEST_CREATE
#define READ RUNWAY_REQUEST_READ
#define DOWNLOAD RUNWAY_REQUEST_DOWNLOAD
#define UPLOAD RUNWAY_REQUEST_UPLOAD
#define REPLY RUNWAY_TRANSPORT_REPLY

static void test_create_replies(void **state)
{
    (void)state;
    for (long status = 100; status < 600; status++) {
        RunwayOutcome known = RUNWAY_UNKNOWN, want = RUNWAY_UNKNOWN;

        if (status == 400 || status == 401 || status == 403 || status == 404 ||
            status == 405 || status == 413)
            known = RUNWAY_REFUSED;
        else if (status == 429 || status == 503)
            known = RUNWAY_UNAVAILABLE;
        else if (status >= 200 && status < 300)
            known = want = RUNWAY_OK;
        assert_int_equal(ff_runway_classify(CREATE, REPLY, status, 0), want);
        assert_int_equal(ff_runway_classify(CREATE, REPLY, status, 1), known);
    }
}

static void test_other_replies(void **state)
{
    static const struct {
        long status;
        RunwayOutcome read, download, upload;
    } cases[] = {
        { 200, RUNWAY_OK, RUNWAY_OK, RUNWAY_OK },
        { 206, RUNWAY_OK, RUNWAY_OK, RUNWAY_OK },
        { 301, RUNWAY_REFUSED, RUNWAY_REFUSED, RUNWAY_REFUSED },
        { 400, RUNWAY_REFUSED, RUNWAY_REFUSED, RUNWAY_REFUSED },
        { 401, RUNWAY_REFUSED, RUNWAY_REFUSED, RUNWAY_REFUSED },
        { 403, RUNWAY_REFUSED, RUNWAY_REFUSED, RUNWAY_REFUSED },
        { 404, RUNWAY_UNAVAILABLE, RUNWAY_REFUSED, RUNWAY_REFUSED },
        { 410, RUNWAY_UNAVAILABLE, RUNWAY_REFUSED, RUNWAY_REFUSED },
        { 408, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE },
        { 425, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE },
        { 429, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE },
        { 500, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE },
        { 502, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE },
        { 524, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (int known = 0; known < 2; known++) {
            long s = cases[i].status;

            assert_int_equal(ff_runway_classify(READ, REPLY, s, known),
                             cases[i].read);
            assert_int_equal(ff_runway_classify(DOWNLOAD, REPLY, s, known),
                             cases[i].download);
            assert_int_equal(ff_runway_classify(UPLOAD, REPLY, s, known),
                             cases[i].upload);
        }
    }
}

static void test_no_reply(void **state)
{
    static const struct {
        RunwayTransport transport;
        RunwayOutcome create, other, download;
    } cases[] = {
        { RUNWAY_TRANSPORT_NOT_SENT, RUNWAY_UNAVAILABLE, RUNWAY_UNAVAILABLE,
          RUNWAY_UNAVAILABLE },
        { RUNWAY_TRANSPORT_BROKEN, RUNWAY_UNKNOWN, RUNWAY_UNAVAILABLE,
          RUNWAY_UNAVAILABLE },
        { RUNWAY_TRANSPORT_TLS, RUNWAY_REFUSED, RUNWAY_UNAVAILABLE,
          RUNWAY_UNAVAILABLE },
        { RUNWAY_TRANSPORT_TOO_LARGE, RUNWAY_UNKNOWN, RUNWAY_UNAVAILABLE,
          RUNWAY_BAD_RESULT },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        RunwayTransport t = cases[i].transport;

        /* a status without a whole reply is not looked at */
        for (long status = 0; status <= 500; status += 100) {
            assert_int_equal(ff_runway_classify(CREATE, t, status, 1),
                             cases[i].create);
            assert_int_equal(ff_runway_classify(READ, t, status, 0),
                             cases[i].other);
            assert_int_equal(ff_runway_classify(DOWNLOAD, t, status, 0),
                             cases[i].download);
            assert_int_equal(ff_runway_classify(UPLOAD, t, status, 0),
                             cases[i].other);
        }
    }
}

static void test_retry_after_seconds(void **state)
{
    static const struct { const char *value; int64_t wait; } cases[] = {
        { "0", 0 }, { "1", 1000000 }, { "120", 120000000 },
        { "1.5", 1500000 }, { "0.000001", 1 }, { "0.0000019", 1 },
        { "2.", 2000000 }, { ".5", 500000 },
        { "300", RUNWAY_RETRY_AFTER_MAX },
        { "301", RUNWAY_RETRY_AFTER_MAX },
        { "99999999999999999999999", RUNWAY_RETRY_AFTER_MAX },
        { "", -1 }, { " ", -1 }, { ".", -1 }, { "-1", -1 }, { "+1", -1 },
        { "1e3", -1 }, { "0x10", -1 }, { "1 2", -1 }, { "soon", -1 },
        { "nan", -1 }, { "inf", -1 }, { "1.2.3", -1 },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(ff_runway_retry_after(cases[i].value, 1000),
                         cases[i].wait);
}

static void test_retry_after_date(void **state)
{
    const int64_t then = 784111777; /* the RFC's example */
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 06 nov 1994 08:49:37 GMT",
    };
    static const char *const bad[] = {
        "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun Nov", "Sun", ",", "soon", "Sun, 06 Nov 1994 08:49:37 XYZ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        assert_int_equal(ff_runway_retry_after(forms[i], then - 90), 90000000);
        assert_int_equal(ff_runway_retry_after(forms[i], then), 0);
        assert_int_equal(ff_runway_retry_after(forms[i], then + 5), 0);
        assert_int_equal(ff_runway_retry_after(forms[i], then - 301),
                         RUNWAY_RETRY_AFTER_MAX);
        assert_int_equal(ff_runway_retry_after(forms[i], 0),
                         RUNWAY_RETRY_AFTER_MAX);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(ff_runway_retry_after(bad[i], then), -1);
    /* leap days, the century that has one, this century by two digits */
    assert_int_equal(ff_runway_retry_after("Tue, 29 Feb 2000 00:00:10 GMT",
                                           951782400), 10000000);
    assert_int_equal(ff_runway_retry_after("Wed, 01 Mar 2000 00:00:00 GMT",
                                           951868799), 1000000);
    assert_int_equal(ff_runway_retry_after("Sunday, 22-Nov-26 00:00:09 GMT",
                                           1795305600), 9000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_replies),
        cmocka_unit_test(test_other_replies),
        cmocka_unit_test(test_no_reply),
        cmocka_unit_test(test_retry_after_seconds),
        cmocka_unit_test(test_retry_after_date),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
