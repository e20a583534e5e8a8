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

/*
 * The look at the account before the first create: how often it is asked, and
 * what is said to those that come later.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/account.h"
#include "tiny_server.h"

typedef struct Reply {
    const char *status, *body;
} Reply;

static int answer(Server *server, int fd, const Request *request)
{
    const Reply *reply = server->opaque;

    (void)request;
    server_reply(fd, reply->status, "Content-Type: application/json\r\n",
                 reply->body);
    return 1;
}

static _Atomic int cancel;

static int is_cancelled(void *opaque)
{
    (void)opaque;
    return cancel;
}

typedef struct Looks {
    Server *server;
    RunwayClient *client;
    RunwayAccountGate *gate;
} Looks;

static void begin(Looks *l, Reply *reply)
{
    RunwayClientConfig config = { 0 };
    char base[64];

    cancel = 0;
    l->server = server_start(answer, reply);
    snprintf(base, sizeof(base), "http://127.0.0.1:%d", l->server->port);
    config.provider    = ff_runway_provider_find("runway");
    config.base_url    = base;
    config.api_version = RUNWAY_API_VERSION;
    config.key         = "sk-test-0123456789";
    config.cancelled   = is_cancelled;
    assert_int_equal(ff_runway_client_create(&config, &l->client, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_account_gate_create(l->client, NULL, &l->gate,
                                                   NULL), RUNWAY_OK);
}

static void end(Looks *l)
{
    ff_runway_account_gate_free(&l->gate);
    ff_runway_client_free(&l->client);
    server_stop(&l->server);
}

/* Clips that are on their way to a create by then are told the same, whatever
 * the account has meanwhile become, and nothing is asked for them. */
static void test_refused_once(void **state)
{
    static const struct {
        Reply reply;
        const char *says;
    } cases[] = {
        { { "401 Unauthorized", "{\"error\":\"no such key\"}" }, "no such key" },
        { { "200 OK", "{\"creditBalance\":3}" }, "3 credits left" },
        { { "200 OK", "{\"creditBalance\":99,\"tier\":{\"models\":{\"aleph2\":"
            "{\"maxDailyGenerations\":5}}},\"usage\":{\"models\":{\"aleph2\":"
            "{\"dailyGenerations\":5}}}}" }, "try again tomorrow" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        Reply reply = cases[i].reply;
        RunwayError first, err;
        Looks l;

        begin(&l, &reply);
        assert_int_equal(ff_runway_account_admit(l.gate, "aleph2", 15, &first),
                         RUNWAY_REFUSED);
        if (!strstr(first.text, cases[i].says))
            fail_msg("\"%s\" does not say \"%s\"", first.text, cases[i].says);
        reply = (Reply){ "200 OK", "{\"creditBalance\":99}" };
        for (int n = 0; n < 2; n++) {
            assert_int_equal(ff_runway_account_admit(l.gate, "aleph2", 1, &err),
                             RUNWAY_REFUSED);
            assert_string_equal(err.text, first.text);
        }
        assert_int_equal(server_requests(l.server), 1);
        end(&l);
    }
}

/* Where it says yes, or cannot be asked, that is for all as well. */
static void test_admitted_once(void **state)
{
    static const Reply replies[] = {
        { "200 OK", "{\"creditBalance\":99}" },
        { "503 Service Unavailable", "{\"error\":\"later\"}" },
        { "403 Forbidden", "{\"error\":\"not for this key\"}" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
        Reply reply = replies[i];
        RunwayError err;
        Looks l;

        begin(&l, &reply);
        for (int n = 0; n < 3; n++)
            assert_int_equal(ff_runway_account_admit(l.gate, "aleph2", 15,
                                                     &err), RUNWAY_OK);
        assert_int_equal(server_requests(l.server), 1);
        end(&l);
    }
}

/* What the user ended has said nothing about the account. */
static void test_cancelled(void **state)
{
    Reply reply = { "200 OK", "{\"creditBalance\":99}" };
    RunwayError err;
    Looks l;

    (void)state;
    begin(&l, &reply);
    cancel = RUNWAY_STOP_SOON;
    assert_int_equal(ff_runway_account_admit(l.gate, "aleph2", 15, &err),
                     RUNWAY_CANCELLED);
    cancel = 0;
    assert_int_equal(ff_runway_account_admit(l.gate, "aleph2", 15, &err),
                     RUNWAY_OK);
    assert_int_equal(server_requests(l.server), 1);
    end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_once),
        cmocka_unit_test(test_admitted_once),
        cmocka_unit_test(test_cancelled),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
