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

#include "api/providers.h"
#include "base/clock.h"
#include "core_test.h"
#include "http/retry.h"

static int64_t waited;
static int is_cancelled;

static int note_wait(void *opaque, int64_t microseconds)
{
    (void)opaque;
    waited = microseconds;
    return is_cancelled;
}

static const RunwayError why = { RUNWAY_UNAVAILABLE, "nobody is there" };

/* A client to which nothing has ever answered. */
static RunwayRetry begin(RunwayClient **client)
{
    RunwayClientConfig config = {
        .provider = ff_runway_provider_find("runway"),
        .base_url = "http://127.0.0.1:9", .api_version = RUNWAY_API_VERSION,
        .key = "key", .proxy = "", .tls_verify = 1,
    };
    RunwayError err;

    assert_int_equal(ff_runway_client_create(&config, client, &err),
                     RUNWAY_OK);
    is_cancelled = 0;
    return (RunwayRetry){ .client = *client, .label = "clip 1",
                          .wait = note_wait };
}

static RunwayOutcome wait_again(RunwayRetry *retry, int64_t after,
                                RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_UNAVAILABLE;

    retry->after = after;
    retry->why   = why;
    return ff_runway_retry_again(retry, "it", &ret, err) ? RUNWAY_OK : ret;
}

static void test_waits(void **state)
{
    int64_t longest[9] = { 0 };
    RunwayClient *client;
    RunwayRetry retry = begin(&client);
    RunwayError err;

    (void)state;
    for (int row = 0; row < 400; row++) {
        for (int i = 0; i < 9; i++) {
            int64_t limit = i < 6 ? 1000000LL << i : 60000000;

            retry.outage = 0; /* patience is not what this is about */
            assert_int_equal(wait_again(&retry, -1, &err), RUNWAY_OK);
            assert_in_range(waited, 250000, limit < 20250000 ? limit
                                                             : 20250000);
            if (waited > longest[i])
                longest[i] = waited;
        }
        ff_runway_retry_recovered(&retry);
    }
    /* spread to near their ends: with full jitter it takes bad luck of
     * 0.8^400 to miss this */
    for (int i = 0; i < 9; i++)
        assert_true(longest[i] > (i < 5 ? 800000LL << i : 16000000));
    ff_runway_client_free(&client);
}

static void test_what_the_service_asks_for(void **state)
{
    RunwayClient *client;
    RunwayRetry retry = begin(&client);
    RunwayError err;

    (void)state;
    assert_int_equal(wait_again(&retry, 290000000, &err), RUNWAY_OK);
    assert_int_equal(waited, 290000000);
    assert_int_equal(wait_again(&retry, 0, &err), RUNWAY_OK);
    assert_in_range(waited, 250000, 2000000);
    ff_runway_client_free(&client);
}

static void test_end_of_patience(void **state)
{
    RunwayClient *client;
    RunwayRetry retry = begin(&client);
    RunwayError err;

    (void)state;
    /* a moment before the end: the last try is then, not a minute later */
    retry.attempt = 20;
    retry.outage  = ff_runway_now() - RUNWAY_UNREACHED_MAX + 1000000;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(wait_again(&retry, -1, &err), RUNWAY_OK);
        assert_in_range(waited, 250000, 1250000);
    }
    retry.outage = ff_runway_now() - RUNWAY_UNREACHED_MAX - 1000000;
    assert_int_equal(wait_again(&retry, -1, &err), RUNWAY_UNAVAILABLE);
    assert_string_equal(err.text, "it has failed for 21 s: nobody is there");
    /* an answer to anything begins a new row */
    ff_runway_retry_recovered(&retry);
    assert_int_equal(wait_again(&retry, -1, &err), RUNWAY_OK);
    assert_in_range(waited, 250000, 1000000);
    ff_runway_client_free(&client);
}

static void test_cancelled(void **state)
{
    RunwayClient *client;
    RunwayRetry retry = begin(&client);
    RunwayError err;

    (void)state;
    is_cancelled = 1;
    assert_int_equal(wait_again(&retry, -1, &err), RUNWAY_CANCELLED);
    ff_runway_client_free(&client);
}

/* What is over is not waited for. */
static void test_other_ends(void **state)
{
    static const RunwayOutcome ends[] = {
        RUNWAY_OK, RUNWAY_REFUSED, RUNWAY_UNKNOWN, RUNWAY_NO_RESULT,
    };
    RunwayClient *client;
    RunwayRetry retry = begin(&client);

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        RunwayError err = { RUNWAY_OK, "" };
        RunwayOutcome ret = ends[i];

        waited    = -1;
        retry.why = why;
        assert_false(ff_runway_retry_again(&retry, "it", &ret, &err));
        assert_int_equal(ret, ends[i]);
        assert_string_equal(err.text, ret ? why.text : "");
        assert_int_equal(waited, -1);
    }
    ff_runway_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_what_the_service_asks_for),
        cmocka_unit_test(test_end_of_patience),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_other_ends),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
