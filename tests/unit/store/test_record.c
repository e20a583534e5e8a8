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

#include "store/record.h"

#define IDENTITY "0123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef"
#define OTHER    "f123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef"

#define STATES (RUNWAY_CLIP_DAMAGED + 1)

/* everything a record can hold */
static void fill(RunwayRecord *r, RunwayClipState state)
{
    ff_runway_record_init(r, IDENTITY);
    r->state = state;
    strcpy(r->endpoint, "https://api.cometapi.com/runwayml");
    strcpy(r->model, "gen4_aleph");
    strcpy(r->label, "clip 3 (10.00-15.00 s) \xc3\xa4\"\\");
    strcpy(r->output, IDENTITY);
    strcpy(r->task_id, "17f20503-6c24-4c16-946b-35dbbce2af2f");
    strcpy(r->failure, "a reason \xe2\x82\xac");
    strcpy(r->failure_code, "INTERNAL.BAD_OUTPUT.CODE01");
    strcpy(r->result_checksum, "0123456789abcdef");
    strcpy(r->writer_host, "host.example");
    r->credits_estimated = 75;
    r->credits_charged   = 60.1;
    r->credits_before    = 0.125;
    r->tries             = 2;
    r->failures          = 1;
    r->created           = 1795305600;
    r->updated           = 1795305601;
    r->result_size       = 5368709121;
    r->writer_pid        = 4194303;
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
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->identity, b->identity);
    assert_string_equal(a->endpoint, b->endpoint);
    assert_string_equal(a->model, b->model);
    assert_string_equal(a->label, b->label);
    assert_string_equal(a->output, b->output);
    assert_string_equal(a->task_id, b->task_id);
    assert_string_equal(a->failure, b->failure);
    assert_string_equal(a->failure_code, b->failure_code);
    assert_string_equal(a->result_checksum, b->result_checksum);
    assert_string_equal(a->writer_host, b->writer_host);
    assert_true(a->credits_estimated == b->credits_estimated);
    assert_true(a->credits_charged == b->credits_charged);
    assert_true(a->credits_before == b->credits_before);
    assert_int_equal(a->tries, b->tries);
    assert_int_equal(a->failures, b->failures);
    assert_int_equal(a->created, b->created);
    assert_int_equal(a->updated, b->updated);
    assert_int_equal(a->result_size, b->result_size);
    assert_int_equal(a->writer_pid, b->writer_pid);
}

static void assert_damaged(const char *text, size_t size, const char *identity,
                           const char *why)
{
    RunwayRecord r;

    assert_int_equal(ff_runway_record_decode(text, size, identity, &r),
                     RUNWAY_OK);
    assert_int_equal(r.state, RUNWAY_CLIP_DAMAGED);
    assert_string_equal(r.identity, identity);
    /* nothing of it is believed */
    assert_string_equal(r.task_id, "");
    assert_int_equal(r.result_size, -1);
    assert_true(r.failure[0]);
    if (why && !strstr(r.failure, why))
        fail_msg("'%s' does not say '%s'", r.failure, why);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (int i = RUNWAY_CLIP_INTENT; i < RUNWAY_CLIP_DAMAGED; i++) {
        RunwayRecord r, back;
        size_t size;
        char *text;

        fill(&r, (RunwayClipState)i);
        text = encode(&r, &size);
        assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                         RUNWAY_OK);
        assert_same(&r, &back);
        free(text);

        r.credits_estimated = r.credits_charged = -1;
        if (i != RUNWAY_CLIP_STORED)
            r.result_size = -1;
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
        assert_int_equal(back.state, r->state);
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
    assert_edited(&r, "\"tries\":2", "\"tries\":3", NULL);
    assert_edited(&r, "\"format\":1", "\"format\":2", "another version");
    assert_edited(&r, "\"format\":1", "\"format\":\"1\"", "no record");
    assert_edited(&r, "\"state\":\"submitted\"", "\"state\":\"damaged\"",
                  "unfit");
    assert_edited(&r, "\"state\":\"submitted\"", "\"state\":\"none\"",
                  "unfit");
    assert_edited(&r, "\"state\":\"submitted\"", "\"state\":3", "unfit");
    assert_edited(&r, "\"tries\":2", "\"tries\":-1", "unfit");
    assert_edited(&r, "\"tries\":2", "\"tries\":1.5", "unfit");
    assert_edited(&r, "\"tries\":2", "\"tries\":1e300", "unfit");
    assert_edited(&r, "\"tries\":2,", "", "missing");
    assert_edited(&r, "\"model\":\"gen4_aleph\"", "\"model\":null", "unfit");
    assert_edited(&r, "17f20503-6c24-4c16-946b-35dbbce2af2f", "", "lacks");
    /* what would not have been written, and would be part of a path */
    assert_edited(&r, "17f20503-6c24-4c16-946b-35dbbce2af2f", "\x8f-1",
                  "unfit");
    assert_edited(&r, "17f20503-6c24-4c16-946b-35dbbce2af2f", "../x?y",
                  "unfit");
    assert_edited(&r, "gen4_aleph", "gen4\xff", "unfit");
    assert_edited(&r, "\"credits_charged\":60.1", "\"credits_charged\":-2",
                  "unfit");
    text = encode(&r, &size);
    *strchr(text, '\n') = 0;
    assert_edited(&r, text, "[]", "no JSON object");
    free(text);
    assert_edited(&r, "{", "{\n", "no record");
    for (int i = 0; i < 2; i++) { /* too long, by much and by 1 */
        char name[2000] = "";

        memset(name, 'm', i ? 128 : 1999);
        assert_edited(&r, "gen4_aleph", name, "unfit");
    }
    fill(&r, RUNWAY_CLIP_STORED);
    assert_edited(&r, "\"result_size\":5368709121", "\"result_size\":null",
                  "lacks");
    assert_edited(&r, "\"0123456789abcdef\"", "\"0123456789abcdeF\"", "lacks");
}

static void test_not_encoded(void **state)
{
    RunwayRecord r;
    RunwayError err;
    char *text;
    size_t size;

    (void)state;
    for (int i = 0; i < STATES; i++) {
        int task = i >= RUNWAY_CLIP_SUBMITTED && i != RUNWAY_CLIP_REJECTED &&
                   i != RUNWAY_CLIP_UNKNOWN;

        fill(&r, (RunwayClipState)i);
        if (i == RUNWAY_CLIP_NONE || i == RUNWAY_CLIP_DAMAGED)
            assert_int_equal(ff_runway_record_encode(&r, &text, &size, &err),
                             RUNWAY_INVALID);
        r.task_id[0] = 0;
        if (task) {
            assert_int_equal(ff_runway_record_encode(&r, &text, &size, &err),
                             RUNWAY_INVALID);
            assert_null(text);
        }
    }
    fill(&r, RUNWAY_CLIP_INTENT);
    r.identity[63] = 'F';
    assert_int_equal(ff_runway_record_encode(&r, &text, &size, &err),
                     RUNWAY_INVALID);
    /* odd numbers do no harm */
    fill(&r, RUNWAY_CLIP_INTENT);
    r.credits_estimated = NAN;
    r.credits_charged   = INFINITY;
    text = encode(&r, &size);
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &r),
                     RUNWAY_OK);
    assert_int_equal(r.state, RUNWAY_CLIP_INTENT);
    assert_true(r.credits_estimated == -1);
    assert_true(r.credits_charged == -1);
    free(text);
}

static void test_nothing_secret(void **state)
{
    RunwayRecord r, back;
    size_t size;
    char *text;

    (void)state;
    fill(&r, RUNWAY_CLIP_FAILED);
    strcpy(r.endpoint, "https://user:pass@word@api.example/v?key=SECRET#x");
    strcpy(r.failure, "GET https://cdn.example/out.mp4?_jwt=SECRET failed, "
           "Bearer SECRETSECRET, line\nbreak");
    strcpy(r.failure_code, "key_SECRETSECRETSECRETSECRET");
    text = encode(&r, &size);
    assert_null(strstr(text, "SECRET"));
    assert_null(strstr(text, "pass"));
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                     RUNWAY_OK);
    assert_int_equal(back.state, RUNWAY_CLIP_FAILED);
    assert_string_equal(back.endpoint, "https://api.example/v");
    assert_non_null(strstr(back.failure, "line break"));
    free(text);
    /* an @ in the path is none */
    strcpy(r.endpoint, "https://api.example/v@1/x");
    text = encode(&r, &size);
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                     RUNWAY_OK);
    assert_string_equal(back.endpoint, "https://api.example/v@1/x");
    free(text);
}

/* all fields full of what needs escapes */
static void test_largest(void **state)
{
    RunwayRecord r, back;
    size_t size;
    char *text;

    (void)state;
    fill(&r, RUNWAY_CLIP_STORED);
#define FULL(field) (memset(r.field, '"', sizeof(r.field) - 1), \
                     r.field[sizeof(r.field) - 1] = 0)
    FULL(endpoint);
    FULL(model);
    FULL(label);
    FULL(task_id);
    memset(r.task_id, 'a', sizeof(r.task_id) - 1); /* an id has no quotes */
    FULL(failure);
    FULL(failure_code);
    FULL(writer_host);
    text = encode(&r, &size);
    assert_true(size < RUNWAY_RECORD_TEXT);
    assert_int_equal(ff_runway_record_decode(text, size, IDENTITY, &back),
                     RUNWAY_OK);
    assert_same(&r, &back);
    free(text);
}

/* the steps that exist, one row a state: where it may go */
static void test_steps(void **state)
{
    static const char *const ways[STATES] = {
        [RUNWAY_CLIP_NONE]           = "intent",
        [RUNWAY_CLIP_INTENT]         = "intent submitted rejected unknown",
        [RUNWAY_CLIP_SUBMITTED]      = "submitted generated failed "
                                       "failed_passing lost",
        [RUNWAY_CLIP_GENERATED]      = "generated stored failed "
                                       "failed_passing lost",
        [RUNWAY_CLIP_STORED]         = "stored generated lost",
        [RUNWAY_CLIP_REJECTED]       = "intent rejected",
        [RUNWAY_CLIP_FAILED]         = "failed",
        [RUNWAY_CLIP_FAILED_PASSING] = "intent failed_passing",
        [RUNWAY_CLIP_UNKNOWN]        = "intent unknown",
        [RUNWAY_CLIP_LOST]           = "intent submitted stored lost",
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
            ret = ff_runway_record_move(&r, (RunwayClipState)to, &err);
            assert_int_equal(ret, strstr(list, word) ? RUNWAY_OK
                                                     : RUNWAY_INVALID);
            assert_int_equal((int)r.state, ret ? from : to);
        }
    }
}

static void test_needs(void **state)
{
    RunwayRecord r;

    (void)state;
    fill(&r, RUNWAY_CLIP_INTENT);
    r.task_id[0] = 0;
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_SUBMITTED, NULL),
                     RUNWAY_INVALID);
    fill(&r, RUNWAY_CLIP_GENERATED);
    r.result_size = -1;
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_STORED, NULL),
                     RUNWAY_INVALID);
    r.result_size = 0;
    r.result_checksum[0] = 'x';
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_STORED, NULL),
                     RUNWAY_INVALID);
    r.result_checksum[0] = 'a';
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_STORED, NULL),
                     RUNWAY_OK);
}

static void move(RunwayRecord *r, RunwayClipState to)
{
    RunwayError err;

    if (ff_runway_record_move(r, to, &err))
        fail_msg("%s", err.text);
}

static void test_books(void **state)
{
    RunwayRecord r;

    (void)state;
    ff_runway_record_init(&r, IDENTITY);
    assert_true(ff_runway_record_cost(&r) == 0);
    assert_false(ff_runway_record_is_open(&r));

    move(&r, RUNWAY_CLIP_INTENT);
    r.credits_estimated = 75;
    assert_int_equal(r.tries, 1);
    assert_true(ff_runway_record_cost(&r) == 75);
    assert_true(ff_runway_record_is_open(&r));
    /* not accepted: as if it had not been */
    move(&r, RUNWAY_CLIP_REJECTED);
    move(&r, RUNWAY_CLIP_REJECTED);
    assert_int_equal(r.tries, 0);
    assert_true(ff_runway_record_cost(&r) == 0);
    assert_false(ff_runway_record_is_open(&r));
    move(&r, RUNWAY_CLIP_INTENT);
    r.credits_estimated = 80;
    assert_true(r.credits_before == 0);
    strcpy(r.task_id, "first");
    move(&r, RUNWAY_CLIP_SUBMITTED);
    r.credits_charged = 81;
    strcpy(r.failure, "why");
    strcpy(r.failure_code, "INTERNAL");
    move(&r, RUNWAY_CLIP_FAILED_PASSING);
    move(&r, RUNWAY_CLIP_FAILED_PASSING);
    assert_int_equal(r.failures, 1);
    assert_int_equal(r.tries, 1);
    assert_true(ff_runway_record_cost(&r) == 81);
    assert_false(ff_runway_record_is_open(&r));
    /* another try knows nothing of the last one but what it cost */
    move(&r, RUNWAY_CLIP_INTENT);
    assert_int_equal(r.tries, 2);
    assert_int_equal(r.failures, 1);
    assert_string_equal(r.task_id, "");
    assert_string_equal(r.failure, "");
    assert_string_equal(r.failure_code, "");
    assert_true(r.credits_before == 81);
    assert_true(r.credits_charged == -1);
    assert_true(r.credits_estimated == -1);
    r.credits_estimated = 75;
    /* an owner that died: it may have cost something */
    move(&r, RUNWAY_CLIP_INTENT);
    assert_int_equal(r.tries, 3);
    assert_true(r.credits_before == 156);
    move(&r, RUNWAY_CLIP_UNKNOWN);
    assert_true(ff_runway_record_is_open(&r));
    assert_true(ff_runway_record_cost(&r) == 156);
    /* what was to replace it was not accepted: nothing is settled by that */
    move(&r, RUNWAY_CLIP_INTENT);
    move(&r, RUNWAY_CLIP_REJECTED);
    assert_true(ff_runway_record_is_open(&r));
    assert_true(ff_runway_record_cost(&r) == 156);

    ff_runway_record_init(&r, IDENTITY);
    r.state = RUNWAY_CLIP_DAMAGED;
    assert_true(ff_runway_record_is_open(&r));
    move(&r, RUNWAY_CLIP_INTENT);
    assert_int_equal(r.tries, 2);
    assert_true(r.credits_before == 0);
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
        cmocka_unit_test(test_books),
        cmocka_unit_test(test_identity),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
