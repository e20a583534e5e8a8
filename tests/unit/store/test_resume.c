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

#include "store/resume.h"

#define IDENTITY "0123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef"

#define FAIL RUNWAY_ON_UNKNOWN_FAIL
#define RESEND RUNWAY_ON_UNKNOWN_RESEND
#define SEND RUNWAY_RESUME_SEND
#define READ RUNWAY_RESUME_READ_TASK
#define STOP RUNWAY_RESUME_STOP

static RunwayTry *fill(RunwayRecord *r, RunwayClipState state)
{
    RunwayTry *t = &r->tries[0];

    ff_runway_record_init(r, IDENTITY);
    strcpy(r->endpoint, "https://api.cometapi.com/runwayml");
    strcpy(r->label, "clip 3 (10.00-15.00 s)");
    if (state == RUNWAY_CLIP_DAMAGED)
        strcpy(r->damage, "/x/y.record: it is empty");
    r->nb_tries = state != RUNWAY_CLIP_NONE && state != RUNWAY_CLIP_DAMAGED;
    t->state = state;
    strcpy(t->task_id, "17f20503");
    t->estimated = 75;
    t->reported = t->charged = -1;
    return t;
}

/* every state, with each way of handling the unknown */
static void test_table(void **state)
{
    static const struct {
        RunwayClipState state;
        RunwayResumeAction fail, resend, resent;
        RunwayOutcome outcome;
    } table[] = {
        { RUNWAY_CLIP_NONE, SEND, SEND, SEND, RUNWAY_OK },
        { RUNWAY_CLIP_FORGOTTEN, SEND, SEND, SEND, RUNWAY_OK },
        /* its file is gone */
        { RUNWAY_CLIP_STORED, READ, READ, READ, RUNWAY_OK },
        { RUNWAY_CLIP_REFUSED, READ, READ, READ, RUNWAY_OK },
        { RUNWAY_CLIP_SUBMITTED, READ, READ, READ, RUNWAY_OK },
        { RUNWAY_CLIP_GENERATED, READ, READ, READ, RUNWAY_OK },
        { RUNWAY_CLIP_INTENT, STOP, SEND, STOP, RUNWAY_UNKNOWN },
        { RUNWAY_CLIP_UNKNOWN, STOP, SEND, STOP, RUNWAY_UNKNOWN },
        { RUNWAY_CLIP_LOST, STOP, SEND, STOP, RUNWAY_TASK_LOST },
        { RUNWAY_CLIP_DAMAGED, STOP, SEND, STOP, RUNWAY_IO },
        { RUNWAY_CLIP_FAILED, STOP, STOP, STOP, RUNWAY_TASK_FAILED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        for (int retries = 0; retries < 3; retries++) {
            for (int how = 0; how < 3; how++) {
                const RunwayPolicy policy = {
                    .on_unknown = how ? RESEND : FAIL, .retries = retries,
                };
                RunwayError err = { RUNWAY_OK, "" };
                RunwayResumeAction want = !how     ? table[i].fail :
                                          how == 1 ? table[i].resend :
                                                     table[i].resent;
                RunwayRecord r;

                fill(&r, table[i].state);
                assert_int_equal(ff_runway_resume(&r, NULL, &policy, how == 2,
                                                  &err), want);
                assert_int_equal(err.outcome,
                                 want == STOP ? table[i].outcome : RUNWAY_OK);
            }
        }
    }
}

static void test_retries(void **state)
{
    (void)state;
    for (int failures = 1; failures < 6; failures++) {
        for (int retries = 0; retries < 6; retries++) {
            for (int resend = 0; resend < 2; resend++) {
                const RunwayPolicy policy = {
                    .on_unknown = resend ? RESEND : FAIL, .retries = retries,
                };
                RunwayError err = { RUNWAY_OK, "" };
                RunwayRecord r;
                int send = failures <= retries;

                fill(&r, RUNWAY_CLIP_FAILED_TRANSIENT);
                /* resent ones do not count */
                r.nb_tries = failures + 3;
                for (int i = 0; i < r.nb_tries; i++)
                    r.tries[i].state = i < 3 ? RUNWAY_CLIP_UNKNOWN
                                             : RUNWAY_CLIP_FAILED_TRANSIENT;
                assert_int_equal(ff_runway_resume(&r, "clip 9", &policy, 0,
                                                  &err), send ? SEND : STOP);
                assert_int_equal(err.outcome,
                                 send ? RUNWAY_OK
                                      : RUNWAY_TASK_FAILED_TRANSIENT);
            }
        }
    }
}

static void send(RunwayRecord *r, RunwayClipState end)
{
    assert_int_equal(ff_runway_record_begin(r, "", 1, 5, 75, NULL), RUNWAY_OK);
    if (end == RUNWAY_CLIP_LOST || end == RUNWAY_CLIP_FAILED_TRANSIENT) {
        strcpy(ff_runway_record_try(r)->task_id, "t");
        assert_int_equal(ff_runway_record_move(r, RUNWAY_CLIP_SUBMITTED, NULL),
                         RUNWAY_OK);
    }
    if (end != RUNWAY_CLIP_INTENT)
        assert_int_equal(ff_runway_record_move(r, end, NULL), RUNWAY_OK);
}

/* a retry is counted as one, until a person forgets it */
static void test_rounds(void **state)
{
    const RunwayPolicy policy = { .on_unknown = FAIL, .retries = 2 };
    RunwayError err;
    RunwayRecord r;
    int sent = 0;

    (void)state;
    ff_runway_record_init(&r, IDENTITY);
    while (ff_runway_resume(&r, NULL, &policy, 0, &err) == SEND) {
        send(&r, RUNWAY_CLIP_FAILED_TRANSIENT);
        assert_true(++sent < 10);
    }
    assert_int_equal(sent, 3);
    assert_int_equal(r.nb_tries, 3);
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_FORGOTTEN, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_resume(&r, NULL, &policy, 0, &err), SEND);
    send(&r, RUNWAY_CLIP_FAILED_TRANSIENT);
    assert_int_equal(ff_runway_record_failures(&r), 1);
}

/* a 429 in the second try does not make the first one forgotten */
static void test_taken_back(void **state)
{
    static const RunwayClipState firsts[] = {
        RUNWAY_CLIP_UNKNOWN, RUNWAY_CLIP_LOST, RUNWAY_CLIP_INTENT,
        RUNWAY_CLIP_DAMAGED,
    };
    const RunwayPolicy fail = { .on_unknown = FAIL, .retries = 3 };
    const RunwayPolicy resend = { .on_unknown = RESEND };
    RunwayError err;
    RunwayRecord r;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        ff_runway_record_init(&r, IDENTITY);
        if (firsts[i] == RUNWAY_CLIP_DAMAGED)
            strcpy(r.damage, "torn");
        else
            send(&r, firsts[i]);
        for (int n = 0; n < 3; n++) {
            send(&r, RUNWAY_CLIP_INTENT);
            assert_int_equal(ff_runway_record_take_back(&r, NULL), RUNWAY_OK);
        }
        assert_int_equal(ff_runway_resume(&r, "c", &fail, 0, &err), STOP);
        assert_non_null(strstr(err.text, "on_unknown=resend"));
        assert_int_equal(ff_runway_resume(&r, "c", &resend, 0, &err), SEND);
        assert_int_equal(ff_runway_resume(&r, "c", &resend, 1, &err), STOP);
    }
    ff_runway_record_init(&r, IDENTITY);
    send(&r, RUNWAY_CLIP_INTENT);
    assert_int_equal(ff_runway_record_take_back(&r, NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_resume(&r, "c", &fail, 0, &err), SEND);
}

static void stop_text(const RunwayRecord *r, const char *label,
                      RunwayError *err)
{
    const RunwayPolicy policy = { .on_unknown = FAIL };

    assert_int_equal(ff_runway_resume(r, label, &policy, 0, err), STOP);
}

static void test_texts(void **state)
{
    static const RunwayClipState resendable[] = {
        RUNWAY_CLIP_INTENT, RUNWAY_CLIP_UNKNOWN, RUNWAY_CLIP_LOST,
        RUNWAY_CLIP_DAMAGED,
    };
    RunwayError err;
    RunwayRecord r;
    RunwayTry *t;

    (void)state;
    /* which clip, what may have been billed, both ways to proceed */
    for (size_t i = 0; i < 4; i++) {
        fill(&r, resendable[i]);
        stop_text(&r, NULL, &err);
        assert_ptr_equal(strstr(err.text, "clip 3 (10.00-15.00 s): "),
                         err.text);
        assert_non_null(strstr(err.text, "on_unknown=resend"));
        assert_int_equal(!!strstr(err.text,
                                  "runway-tasks adopt 0123456789ab TASKID"),
                         resendable[i] != RUNWAY_CLIP_DAMAGED);
        assert_non_null(strstr(err.text, "billed"));
        if (resendable[i] != RUNWAY_CLIP_DAMAGED) {
            assert_non_null(strstr(err.text, "about 75 credits"));
            assert_non_null(strstr(err.text,
                                   "https://api.cometapi.com/runwayml"));
        }
        /* the label of this run is the one to be believed */
        stop_text(&r, "clip 7 (1.00-2.00 s)", &err);
        assert_ptr_equal(strstr(err.text, "clip 7 (1.00-2.00 s): "), err.text);
        assert_null(strstr(err.text, "clip 3"));
    }

    t = fill(&r, RUNWAY_CLIP_UNKNOWN);
    strcpy(t->failure, "the connection was cut");
    t->estimated = -1;
    r.endpoint[0] = r.label[0] = 0;
    stop_text(&r, "", &err);
    assert_non_null(strstr(err.text, "(the connection was cut)"));
    assert_non_null(strstr(err.text, "a price that is not known"));
    assert_non_null(strstr(err.text, "the provider"));
    assert_ptr_equal(strstr(err.text, "a clip: "), err.text);

    fill(&r, RUNWAY_CLIP_LOST);
    stop_text(&r, NULL, &err);
    assert_non_null(strstr(err.text, "17f20503 was accepted and is gone"));
    assert_non_null(strstr(err.text, "Running the same command again polls"));

    t = fill(&r, RUNWAY_CLIP_FAILED);
    strcpy(t->failure, "Your input was refused");
    strcpy(t->failure_code, "SAFETY.INPUT.TEXT");
    t->charged = 60;
    stop_text(&r, NULL, &err);
    assert_non_null(strstr(err.text, "17f20503"));
    assert_non_null(strstr(err.text,
                           "(Your input was refused, SAFETY.INPUT.TEXT)"));
    assert_non_null(strstr(err.text, "(60 credits)"));
    assert_null(strstr(err.text, "forget"));
    strcpy(t->failure_code, "NEW.CODE");
    stop_text(&r, NULL, &err);
    assert_non_null(strstr(err.text, "\"runway-tasks forget "));
    assert_null(strstr(err.text, "on_unknown"));

    t = fill(&r, RUNWAY_CLIP_FAILED_TRANSIENT);
    strcpy(t->failure_code, "INTERNAL");
    stop_text(&r, NULL, &err);
    assert_non_null(strstr(err.text, "(INTERNAL)"));
    assert_non_null(strstr(err.text, "retries=0 allows"));
    assert_non_null(strstr(err.text, "with retries=1"));

    fill(&r, RUNWAY_CLIP_DAMAGED);
    stop_text(&r, NULL, &err);
    assert_non_null(strstr(err.text, "(/x/y.record: it is empty)"));
}

/* What was resent in this run is said to be. The same command would buy another
 * task then, so nobody is told to repeat it. */
static void test_resent(void **state)
{
    static const RunwayClipState states[] = {
        RUNWAY_CLIP_LOST, RUNWAY_CLIP_UNKNOWN,
    };
    const RunwayPolicy policy = { .on_unknown = RESEND };
    RunwayError err;
    RunwayRecord r;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fill(&r, states[i]);
        assert_int_equal(ff_runway_resume(&r, NULL, &policy, 1, &err), STOP);
        assert_non_null(strstr(err.text, ", after it had been sent again once "
                                         "in this run, "));
        assert_null(strstr(err.text, "Running the same command"));
        assert_null(strstr(err.text, "for free"));
        assert_non_null(strstr(err.text, "runway-tasks adopt"));
    }
}

/* the longest of all still names the ways to proceed */
static void test_long(void **state)
{
    RunwayError err;
    RunwayRecord r;
    RunwayTry *t;

    (void)state;
    t = fill(&r, RUNWAY_CLIP_UNKNOWN);
    memset(t->failure, 'x', sizeof(t->failure) - 1);
    memset(t->failure_code, 'y', sizeof(t->failure_code) - 1);
    memset(r.endpoint, 'z', sizeof(r.endpoint) - 1);
    stop_text(&r, NULL, &err);
    assert_non_null(strstr(err.text, "on_unknown=resend"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_taken_back),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_resent),
        cmocka_unit_test(test_long),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
