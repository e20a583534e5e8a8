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

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/checksum.h"
#include "store/record.h"

#define IDENTITY "0123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef"
#define OTHER    "f123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef"

#define STATES (RUNWAY_CLIP_DAMAGED + 1)

static void fill_try(RunwayTry *t, RunwayClipState state)
{
    memset(t, 0, sizeof(*t));
    t->state     = state;
    t->time      = 1795305599;
    strcpy(t->output, IDENTITY);
    strcpy(t->task_id, "17f20503-6c24-4c16-946b-35dbbce2af2f");
    t->seconds   = 4.75;
    t->estimated = 75;
    t->reported  = 0.125;
    t->charged   = 60.1;
    t->took      = 61.5;
    t->adopted   = 1;
    strcpy(t->failure, "a reason \xe2\x82\xac");
    strcpy(t->failure_code, "INTERNAL.BAD_OUTPUT.CODE01");
}

/* everything a record can hold */
static void fill(RunwayRecord *r, RunwayClipState state)
{
    ff_runway_record_init(r, IDENTITY);
    strcpy(r->provider, "cometapi");
    strcpy(r->endpoint, "https://api.cometapi.com/runwayml");
    strcpy(r->model, "gen4_aleph");
    strcpy(r->label, "clip 3 (10.00-15.00 s) \xc3\xa4\"\\");
    strcpy(r->writer_host, "host.example");
    ff_runway_record_add_output(r, IDENTITY);
    ff_runway_record_add_output(r, OTHER);
    if (state == RUNWAY_CLIP_DAMAGED) {
        strcpy(r->damage, "torn");
    } else if (state != RUNWAY_CLIP_NONE) {
        fill_try(&r->tries[r->nb_tries++], RUNWAY_CLIP_FAILED_TRANSIENT);
        fill_try(&r->tries[r->nb_tries++], state);
    }
    r->created    = 1795305600;
    r->updated    = 1795305601;
    r->emitted    = 1795305602;
    r->writer_pid = 4194303;
}

static char *encode(const RunwayRecord *r, size_t *size)
{
    RunwayError err = { RUNWAY_OK, "" };
    char *text;

    if (ff_runway_record_encode(r, &text, size, &err))
        fail_msg("%s", err.text);
    assert_int_equal(strlen(text), *size);
    return text;
}

static void assert_same(const RunwayRecord *a, const RunwayRecord *b)
{
    assert_string_equal(a->identity, b->identity);
    assert_string_equal(a->provider, b->provider);
    assert_string_equal(a->endpoint, b->endpoint);
    assert_string_equal(a->model, b->model);
    assert_string_equal(a->label, b->label);
    assert_string_equal(a->writer_host, b->writer_host);
    assert_int_equal(a->created, b->created);
    assert_int_equal(a->updated, b->updated);
    assert_int_equal(a->emitted, b->emitted);
    assert_int_equal(a->writer_pid, b->writer_pid);
    assert_int_equal(a->nb_outputs, b->nb_outputs);
    for (int i = 0; i < a->nb_outputs; i++)
        assert_string_equal(a->outputs[i], b->outputs[i]);
    assert_int_equal(a->nb_tries, b->nb_tries);
    for (int i = 0; i < a->nb_tries; i++) {
        const RunwayTry *x = &a->tries[i], *y = &b->tries[i];

        assert_int_equal(x->state, y->state);
        assert_int_equal(x->time, y->time);
        assert_int_equal(x->adopted, y->adopted);
        assert_string_equal(x->output, y->output);
        assert_string_equal(x->task_id, y->task_id);
        assert_string_equal(x->failure, y->failure);
        assert_string_equal(x->failure_code, y->failure_code);
        assert_true(x->seconds == y->seconds);
        assert_true(x->estimated == y->estimated);
        assert_true(x->reported == y->reported);
        assert_true(x->charged == y->charged);
        assert_true(x->took == y->took);
    }
}

static void assert_damaged(const char *text, size_t size, const char *identity,
                           const char *why)
{
    RunwayRecord r;

    assert_int_equal(ff_runway_record_decode(text, size, identity, &r),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_record_state(&r), RUNWAY_CLIP_DAMAGED);
    assert_string_equal(r.identity, identity);
    /* nothing of it is believed */
    assert_int_equal(r.nb_tries, 0);
    assert_string_equal(r.label, "");
    assert_true(r.damage[0]);
    if (why && !strstr(r.damage, why))
        fail_msg("'%s' does not say '%s'", r.damage, why);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (int i = RUNWAY_CLIP_NONE; i < RUNWAY_CLIP_DAMAGED; i++) {
        RunwayRecord r, back;
        size_t size;
        char *text;

        fill(&r, (RunwayClipState)i);
        text = encode(&r, &size);
        assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                         RUNWAY_OK);
        assert_same(&r, &back);
        free(text);

        r.tries[1].estimated = r.tries[1].reported = r.tries[1].charged = -1;
        text = encode(&r, &size);
        assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                         RUNWAY_OK);
        assert_same(&r, &back);
        free(text);
    }
}

/* every byte changed to every other one, every length, more at the end */
static void test_damage(void **state)
{
    RunwayRecord r;
    size_t size;
    char *text, *longer;

    (void)state;
    fill(&r, RUNWAY_CLIP_SUBMITTED);
    text = encode(&r, &size);
    for (size_t i = 0; i < size; i++) {
        for (int x = 1; x < 256; x++) {
            text[i] = (char)(text[i] ^ x);
            assert_damaged(text, size, IDENTITY, NULL);
            text[i] = (char)(text[i] ^ x);
        }
        assert_damaged(text, i, IDENTITY, NULL);
        assert_damaged(text + i, size - i - (i == 0), IDENTITY, NULL);
    }
    assert_damaged(NULL, 0, IDENTITY, "empty");
    longer = calloc(1, 2 * size + 2);
    memcpy(longer, text, size);
    for (int c = 0; c < 256; c++) {
        longer[size] = (char)c;
        assert_damaged(longer, size + 1, IDENTITY, NULL);
    }
    memcpy(longer + size, text, size);
    assert_damaged(longer, 2 * size, IDENTITY, NULL);
    /* two bytes change places */
    for (size_t i = 0; i + 1 < size; i++) {
        char c = text[i];

        if (c == text[i + 1])
            continue;
        text[i]     = text[i + 1];
        text[i + 1] = c;
        assert_damaged(text, size, IDENTITY, NULL);
        text[i + 1] = text[i];
        text[i]     = c;
    }
    free(longer);
    free(text);
}

/* a record with a right checksum whose text was changed */
static void assert_edited(const RunwayRecord *r, const char *from,
                          const char *to, const char *why)
{
    size_t size, head;
    char *text = encode(r, &size), *at = strstr(text, from);
    char *edited = malloc(size + strlen(to) + 64);
    char sum_text[RUNWAY_CHECKSUM_SIZE];
    RunwayChecksum sum;

    assert_non_null(at);
    head = (size_t)(at - text);
    memcpy(edited, text, head);
    strcpy(edited + head, to);
    strcat(edited, at + strlen(from));
    head = strlen(edited) - strlen("checksum \n") -
           (RUNWAY_CHECKSUM_SIZE - 1);
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, edited, head);
    ff_runway_checksum_text(&sum, sum_text);
    sprintf(edited + head, "checksum %s\n", sum_text);
    if (why) {
        assert_damaged(edited, strlen(edited), IDENTITY, why);
    } else {
        RunwayRecord back;

        assert_int_equal(ff_runway_record_decode(edited, strlen(edited),
                                                 IDENTITY, &back), RUNWAY_OK);
        assert_int_equal(ff_runway_record_state(&back),
                         ff_runway_record_state(r));
    }
    free(edited);
    free(text);
}

static void test_foreign(void **state)
{
    RunwayRecord r;
    size_t size;
    char *text;

    (void)state;
    fill(&r, RUNWAY_CLIP_SUBMITTED);
    text = encode(&r, &size);
    assert_damaged(text, size, OTHER, "another clip");
    free(text);
    /* that the edits themselves are sound */
    assert_edited(&r, "\"seconds\":4.75", "\"seconds\":3", NULL);
    assert_edited(&r, "\"format\":2", "\"format\":3", "another version");
    assert_edited(&r, "\"format\":2", "\"format\":1", "another version");
    assert_edited(&r, "\"format\":2", "\"format\":\"2\"", "not a record");
    assert_edited(&r, "\"state\":\"submitted\"", "\"state\":\"damaged\"",
                  "invalid");
    assert_edited(&r, "\"state\":\"submitted\"", "\"state\":\"none\"",
                  "invalid");
    assert_edited(&r, "\"state\":\"submitted\"", "\"state\":3", "invalid");
    assert_edited(&r, "\"time\":1795305599", "\"time\":-1", "invalid");
    assert_edited(&r, "\"time\":1795305599", "\"time\":1.5", "invalid");
    assert_edited(&r, "\"time\":1795305599", "\"time\":1e300", "invalid");
    assert_edited(&r, "\"time\":1795305599,", "", "missing");
    assert_edited(&r, "\"adopted\":1", "\"adopted\":2", "invalid");
    assert_edited(&r, "\"took\":61.5", "\"took\":\"61.5\"", "invalid");
    assert_edited(&r, "\"took\":61.5", "\"took\":-1", "invalid");
    /* records from before there was such a field */
    assert_edited(&r, "\"took\":61.5,", "", NULL);
    assert_edited(&r, "\"model\":\"gen4_aleph\"", "\"model\":null", "invalid");
    assert_edited(&r, "17f20503-6c24-4c16-946b-35dbbce2af2f", "", "invalid");
    /* what would not have been written, and would be part of a path */
    assert_edited(&r, "17f20503-6c24-4c16-946b-35dbbce2af2f", "\x8f-1",
                  "invalid");
    assert_edited(&r, "17f20503-6c24-4c16-946b-35dbbce2af2f", "../x?y",
                  "invalid");
    assert_edited(&r, "\"outputs\":[\"0", "\"outputs\":[\"x", "invalid");
    assert_edited(&r, "\"tries\":[{", "\"tries\":[3,{", "invalid");
    assert_edited(&r, "gen4_aleph", "gen4\xff", "invalid");
    assert_edited(&r, "\"credits_charged\":60.1", "\"credits_charged\":-2",
                  "invalid");
    text = encode(&r, &size);
    *strchr(text, '\n') = 0;
    assert_edited(&r, text, "[]", "not a JSON object");
    free(text);
    assert_edited(&r, "{", "{\n", "not a record");
    for (int i = 0; i < 2; i++) { /* too long, by much and by 1 */
        char name[2000] = "";

        memset(name, 'm', i ? 128 : 1999);
        assert_edited(&r, "gen4_aleph", name, "invalid");
    }
}

static void test_not_encoded(void **state)
{
    RunwayRecord r;
    RunwayError err;
    char *text;
    size_t size;

    (void)state;
    for (int i = RUNWAY_CLIP_INTENT; i < RUNWAY_CLIP_DAMAGED; i++) {
        int task = i != RUNWAY_CLIP_INTENT && i != RUNWAY_CLIP_UNKNOWN &&
                   i != RUNWAY_CLIP_FORGOTTEN;

        fill(&r, (RunwayClipState)i);
        r.tries[1].task_id[0] = 0;
        if (task) {
            assert_int_equal(ff_runway_record_encode(&r, &text, &size, &err),
                             RUNWAY_INVALID);
            assert_null(text);
        }
    }
    fill(&r, RUNWAY_CLIP_DAMAGED);
    assert_int_equal(ff_runway_record_encode(&r, &text, &size, &err),
                     RUNWAY_INVALID);
    fill(&r, RUNWAY_CLIP_INTENT);
    r.identity[63] = 'F';
    assert_int_equal(ff_runway_record_encode(&r, &text, &size, &err),
                     RUNWAY_INVALID);
    /* odd numbers do no harm */
    fill(&r, RUNWAY_CLIP_INTENT);
    r.tries[1].estimated = NAN;
    r.tries[1].charged   = INFINITY;
    text = encode(&r, &size);
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &r),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_record_state(&r), RUNWAY_CLIP_INTENT);
    assert_true(r.tries[1].estimated == -1);
    assert_true(r.tries[1].charged == -1);
    free(text);
}

static void test_nothing_secret(void **state)
{
    RunwayRecord r, back;
    size_t size;
    char *text;

    (void)state;
    fill(&r, RUNWAY_CLIP_FAILED);
    strcpy(r.endpoint, "https://user:wordpart@word@api.example/v?key=SECRET#x");
    strcpy(r.tries[1].failure, "GET https://cdn.example/out.mp4?_jwt=SECRET "
           "failed, Bearer SECRETSECRET, line\nbreak");
    strcpy(r.tries[1].failure_code, "key_SECRETSECRETSECRETSECRET");
    text = encode(&r, &size);
    assert_null(strstr(text, "SECRET"));
    assert_null(strstr(text, "wordpart"));
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_record_state(&back), RUNWAY_CLIP_FAILED);
    assert_string_equal(back.endpoint, "https://api.example/v");
    assert_non_null(strstr(back.tries[1].failure, "line break"));
    free(text);
    /* an @ in the path is none */
    strcpy(r.endpoint, "https://api.example/v@1/x");
    text = encode(&r, &size);
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                     RUNWAY_OK);
    assert_string_equal(back.endpoint, "https://api.example/v@1/x");
    free(text);
}

/* all fields full of what needs escapes, and as many tries as there can be */
static void test_largest(void **state)
{
    RunwayRecord r, back;
    size_t size;
    char *text, *at, *more;

    (void)state;
    fill(&r, RUNWAY_CLIP_STORED);
#define FULL(field) (memset(field, '"', sizeof(field) - 1), \
                     field[sizeof(field) - 1] = 0)
    FULL(r.provider);
    FULL(r.endpoint);
    FULL(r.model);
    FULL(r.label);
    FULL(r.writer_host);
    for (int i = 0; i < RUNWAY_OUTPUTS_MAX + 5; i++) {
        char output[RUNWAY_IDENTITY_SIZE];

        snprintf(output, sizeof(output), "%064x", i);
        assert_true(ff_runway_record_add_output(&r, output));
        assert_false(ff_runway_record_add_output(&r, output));
    }
    assert_false(ff_runway_record_add_output(&r, ""));
    assert_int_equal(r.nb_outputs, RUNWAY_OUTPUTS_MAX);
    r.nb_tries = RUNWAY_TRIES_MAX;
    for (int i = 0; i < RUNWAY_TRIES_MAX; i++) {
        fill_try(&r.tries[i], RUNWAY_CLIP_FAILED_TRANSIENT);
        FULL(r.tries[i].failure);
        FULL(r.tries[i].failure_code);
        memset(r.tries[i].task_id, 'a', sizeof(r.tries[i].task_id) - 1);
    }
    text = encode(&r, &size);
    assert_true(size < RUNWAY_RECORD_TEXT);
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                     RUNWAY_OK);
    assert_same(&r, &back);
    /* no more than these, nor in a file */
    at   = strstr(text, "\"tries\":[") + strlen("\"tries\":[");
    more = calloc(1, size);
    memcpy(more, "\"tries\":[", strlen("\"tries\":["));
    strncat(more, at, (size_t)(strstr(at, "},{") + 2 - at));
    assert_edited(&r, "\"tries\":[", more, "missing or invalid");
    free(more);
    free(text);
    assert_int_equal(ff_runway_record_begin(&r, "", 1, 5, 75, NULL),
                     RUNWAY_REFUSED);
    assert_int_equal(r.nb_tries, RUNWAY_TRIES_MAX);
}

/* the steps that exist, one row a state: where it may go */
static void test_steps(void **state)
{
    static const char *const ways[STATES] = {
        [RUNWAY_CLIP_NONE]           = "intent",
        [RUNWAY_CLIP_INTENT]         = "intent submitted unknown forgotten",
        [RUNWAY_CLIP_SUBMITTED]      = "submitted generated stored failed "
                                       "failed_transient lost forgotten",
        /* a task that has succeeded never fails, and is never lost */
        [RUNWAY_CLIP_GENERATED]      = "generated stored refused forgotten",
        [RUNWAY_CLIP_STORED]         = "stored generated refused forgotten",
        [RUNWAY_CLIP_REFUSED]        = "refused stored generated forgotten",
        [RUNWAY_CLIP_FAILED]         = "failed forgotten",
        [RUNWAY_CLIP_FAILED_TRANSIENT] = "intent failed_transient forgotten",
        [RUNWAY_CLIP_UNKNOWN]        = "intent submitted unknown forgotten",
        [RUNWAY_CLIP_LOST]           = "intent submitted stored lost "
                                       "forgotten",
        [RUNWAY_CLIP_FORGOTTEN]      = "intent forgotten",
        [RUNWAY_CLIP_DAMAGED]        = "intent",
    };

    (void)state;
    for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
            char list[128], word[32];
            RunwayRecord r;
            RunwayError err;
            RunwayOutcome ret;

            snprintf(list, sizeof(list), " %s ", ways[from]);
            snprintf(word, sizeof(word), " %s ",
                     ff_runway_clip_state_name((RunwayClipState)to));
            fill(&r, (RunwayClipState)from);
            ret = to == RUNWAY_CLIP_INTENT ?
                  ff_runway_record_begin(&r, OTHER, 7, 5, 75, &err) :
                  ff_runway_record_move(&r, (RunwayClipState)to, &err);
            if (ret != (strstr(list, word) ? RUNWAY_OK : RUNWAY_INVALID))
                fail_msg("from %s to %s", ff_runway_clip_state_name(from),
                         word);
            assert_int_equal(ff_runway_record_state(&r), ret ? from : to);
        }
    }
}

static void test_needs(void **state)
{
    RunwayRecord r;

    (void)state;
    fill(&r, RUNWAY_CLIP_INTENT);
    ff_runway_record_try(&r)->task_id[0] = 0;
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_SUBMITTED, NULL),
                     RUNWAY_INVALID);
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_INTENT, NULL),
                     RUNWAY_INVALID);
    fill(&r, RUNWAY_CLIP_SUBMITTED);
    assert_int_equal(ff_runway_record_take_back(&r, NULL), RUNWAY_INVALID);
}

static void move(RunwayRecord *r, RunwayClipState to)
{
    RunwayError err;

    if (ff_runway_record_move(r, to, &err))
        fail_msg("%s", err.text);
}

static void begin(RunwayRecord *r, double estimated)
{
    assert_int_equal(ff_runway_record_begin(r, OTHER, 7, 5, estimated, NULL),
                     RUNWAY_OK);
}

/* what was output long ago is as new from when it is taken up again */
static void test_take_up(void **state)
{
    RunwayRecord r;

    (void)state;
    fill(&r, RUNWAY_CLIP_STORED);
    r.emitted = 0;
    assert_int_equal(ff_runway_record_take_up(&r, 1000000), 0);
    assert_int_equal(r.emitted, 0);
    r.emitted = 1000000;
    assert_int_equal(ff_runway_record_take_up(&r, 1000000 + 86400), 0);
    assert_int_equal(ff_runway_record_take_up(&r, 999999), 0);
    assert_int_equal(r.emitted, 1000000);
    assert_int_equal(ff_runway_record_take_up(&r, 1000000 + 86401), 1);
    assert_int_equal(r.emitted, 1000000 + 86401);
    move(&r, RUNWAY_CLIP_FORGOTTEN);
    begin(&r, 75);
    assert_int_equal(r.emitted, 0);
}

/* each try keeps what it was and what it cost */
static void test_books(void **state)
{
    RunwayRecord r;

    (void)state;
    ff_runway_record_init(&r, IDENTITY);
    assert_int_equal(ff_runway_record_state(&r), RUNWAY_CLIP_NONE);
    assert_false(ff_runway_record_is_open(&r));

    begin(&r, 75);
    assert_int_equal(r.nb_tries, 1);
    assert_string_equal(r.outputs[0], OTHER);
    assert_true(ff_runway_try_cost(&r.tries[0]) == 75);
    assert_true(ff_runway_record_is_open(&r));
    /* not accepted: as if it had not been */
    assert_int_equal(ff_runway_record_take_back(&r, NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_record_state(&r), RUNWAY_CLIP_NONE);
    assert_false(ff_runway_record_is_open(&r));

    begin(&r, 80);
    strcpy(ff_runway_record_try(&r)->task_id, "first");
    move(&r, RUNWAY_CLIP_SUBMITTED);
    r.tries[0].reported = 90;
    assert_true(ff_runway_try_cost(&r.tries[0]) == 90);
    r.tries[0].charged = 81;
    assert_true(ff_runway_try_cost(&r.tries[0]) == 81);
    move(&r, RUNWAY_CLIP_FAILED_TRANSIENT);
    assert_int_equal(ff_runway_record_failures(&r), 1);
    assert_false(ff_runway_record_is_open(&r));

    begin(&r, -1);
    assert_int_equal(r.nb_tries, 2);
    assert_string_equal(r.tries[1].task_id, "");
    assert_string_equal(r.tries[0].task_id, "first");
    assert_true(ff_runway_try_cost(&r.tries[1]) == 0);
    /* an owner that died: it may have cost something */
    begin(&r, 75);
    assert_int_equal(r.nb_tries, 3);
    move(&r, RUNWAY_CLIP_UNKNOWN);
    assert_true(ff_runway_record_is_open(&r));
    move(&r, RUNWAY_CLIP_FORGOTTEN);
    assert_false(ff_runway_record_is_open(&r));
    assert_int_equal(ff_runway_record_failures(&r), 0);

    /* what a damaged one has cost nobody knows: as much again, at least */
    fill(&r, RUNWAY_CLIP_DAMAGED);
    begin(&r, 75);
    assert_int_equal(r.nb_tries, 2);
    assert_int_equal(r.tries[0].state, RUNWAY_CLIP_UNKNOWN);
    assert_true(ff_runway_try_cost(&r.tries[0]) == 75);
    assert_string_equal(r.damage, "");
}

static void test_identity(void **state)
{
    (void)state;
    assert_true(ff_runway_identity_is_valid(IDENTITY));
    assert_false(ff_runway_identity_is_valid(""));
    assert_false(ff_runway_identity_is_valid(IDENTITY "0"));
    assert_false(ff_runway_identity_is_valid(IDENTITY + 1));
    assert_false(ff_runway_identity_is_valid("../" IDENTITY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_not_encoded),
        cmocka_unit_test(test_nothing_secret),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_take_up),
        cmocka_unit_test(test_books),
        cmocka_unit_test(test_identity),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
