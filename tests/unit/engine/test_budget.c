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


#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "disk_faults.h"
#include "engine/budget.h"
#include "engine/rebuilt.h"

#define DAY 86400

static char dir[512], own[RUNWAY_IDENTITY_SIZE];
static RunwayJournal *journal;
static _Atomic int cancel;

static const char *identity_of(int n)
{
    static _Thread_local char text[RUNWAY_IDENTITY_SIZE];

    snprintf(text, sizeof(text), "%064x", (unsigned)n);
    return text;
}

static int set_up(void **state)
{
    static const RunwayPolicy config = { .state_dir = dir };

    (void)state;
    cancel = 0;
    faults_reset();
    strcpy(own, identity_of(1));
    strcpy(dir, make_test_dir());
    return ff_runway_journal_open(&config, NULL, &journal, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    faults_reset();
    ff_runway_journal_free(&journal);
    remove_test_dir(dir);
    return 0;
}

static int wait_a_little(void *opaque, int64_t microseconds)
{
    (void)opaque;
    usleep(1000);
    return cancel;
}

static int cancelled(void *opaque)
{
    (void)opaque;
    return cancel;
}

static RunwayPurchase purchase(const RunwayPolicy *policy, double credits)
{
    return (RunwayPurchase){
        .journal = journal, .policy = policy, .output = own, .seconds = 1.25,
        .credits = credits, .wait = wait_a_little, .cancelled = cancelled,
    };
}

/* A clip's record, which may be none yet, under its lock. */
static RunwayJournalLock *open_record(int n, RunwayRecord *r)
{
    RunwayJournalLock *lock;

    assert_int_equal(ff_runway_journal_lock(journal, identity_of(n), NULL,
                                            NULL, NULL, &lock, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_read(journal, identity_of(n), r, NULL),
                     RUNWAY_OK);
    return lock;
}

/* A clip is bought, if the caps leave it; what becomes of it is set then. */
static RunwayOutcome buy(int n, const RunwayPurchase *p, RunwayClipState end,
                         double reported, RunwayError *err)
{
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayOutcome ret;

    lock = open_record(n, r);
    snprintf(r->label, sizeof(r->label), "clip %d", n);
    ret = ff_runway_budget_intend(p, lock, r, err);
    if (!ret && end == RUNWAY_CLIP_NONE) {
        assert_int_equal(ff_runway_record_take_back(r, NULL), RUNWAY_OK);
    } else if (!ret) {
        RunwayTry *t = ff_runway_record_try(r);

        t->state    = end;
        t->reported = reported;
        strcpy(t->task_id, "t");
    }
    if (!ret)
        assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                         RUNWAY_OK);
    ff_runway_journal_unlock(&lock);
    free(r);
    return ret;
}

/* whatever has become of a try, it counts: also in the next run */
static void test_cap(void **state)
{
    static const RunwayClipState ends[] = {
        RUNWAY_CLIP_STORED, RUNWAY_CLIP_UNKNOWN, RUNWAY_CLIP_FAILED,
        RUNWAY_CLIP_FORGOTTEN,
    };
    const RunwayPolicy policy = { .max_credits = 60 };
    const RunwayPurchase p = purchase(&policy, 15);
    RunwayError err;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ff_runway_budget_check(&p, &err), RUNWAY_OK);
        assert_int_equal(buy(i, &p, ends[i], -1, &err), RUNWAY_OK);
    }
    assert_int_equal(ff_runway_budget_check(&p, &err), RUNWAY_REFUSED);
    assert_int_equal(buy(4, &p, RUNWAY_CLIP_STORED, -1, &err),
                     RUNWAY_REFUSED);
    /* what was spent on what, and which value goes on */
    assert_non_null(strstr(err.text, "max_credits=60 is reached: 60 credits"));
    for (int i = 0; i < 4; i++) {
        char text[32];

        snprintf(text, sizeof(text), "15 on clip %d", i);
        assert_non_null(strstr(err.text, text));
    }
    assert_non_null(strstr(err.text, "set max_credits=75 "));
}

/* the error names the first ones, and counts the others */
static void test_many(void **state)
{
    const RunwayPolicy policy = { .max_credits = 14 };
    const RunwayPurchase p = purchase(&policy, 1);
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;

    (void)state;
    for (int i = 0; i < 14; i++) {
        assert_int_equal(buy(i, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
        lock = open_record(i, r);
        r->tries[0].time -= 10 * i;
        assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                         RUNWAY_OK);
        ff_runway_journal_unlock(&lock);
    }
    assert_int_equal(ff_runway_budget_check(&p, &err), RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "(1 on clip 13, 1 on clip 12, 1 on "));
    assert_non_null(strstr(err.text, ", 1 on clip 2 and 2 more), "));
    free(r);
}

/* what was not accepted, and what another output has paid for, costs nothing */
static void test_what_counts(void **state)
{
    const RunwayPolicy policy = { .max_credits = 15 };
    const RunwayPurchase p = purchase(&policy, 15);
    RunwayPurchase other = p;
    RunwayError err;

    (void)state;
    other.output = "f000000000000000000000000000000000000000000000000000000000"
                   "000000";
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_NONE, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(2, &other, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(4, &p, RUNWAY_CLIP_STORED, -1, &err),
                     RUNWAY_REFUSED);
}

/* what a damaged record has cost nobody knows: as much again, at least */
static void test_damaged(void **state)
{
    const RunwayPolicy low = { .max_credits = 20 }, high = { .max_credits = 30 };
    const RunwayPurchase p = purchase(&low, 15), q = purchase(&high, 15);
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;

    (void)state;
    lock = open_record(1, r);
    strcpy(r->damage, "torn");
    assert_int_equal(ff_runway_budget_intend(&p, lock, r, &err),
                     RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "15 credits were spent"));
    assert_int_equal(ff_runway_budget_intend(&q, lock, r, &err), RUNWAY_OK);
    ff_runway_journal_unlock(&lock);
    free(r);
}

static void put_torn(int n)
{
    char path[700];
    FILE *f;

    snprintf(path, sizeof(path), "%s/clips/%s.record", dir, identity_of(n));
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("torn", f) >= 0);
    fclose(f);
}

/* A write that fails, with the next one going well. */
static RunwayOutcome fail_to_buy(int n, const RunwayPurchase *p,
                                 RunwayRecord *r, RunwayError *err)
{
    RunwayJournalLock *lock = open_record(n, r);
    RunwayOutcome ret;
    char path[700];

    /* in the place of the file that space for the next step is reserved in */
    snprintf(path, sizeof(path), "%s/clips/%s.next", dir, identity_of(n));
    assert_int_equal(mkdir(path, 0700), 0);
    ret = ff_runway_budget_intend(p, lock, r, err);
    assert_int_equal(rmdir(path), 0);
    ff_runway_journal_unlock(&lock);
    return ret;
}

/* Nothing went out: there is no intent, here or on disk, and nothing to pay for.
 * What cannot be trusted stays: of it there may be no copy. */
static void test_failed_intent(void **state)
{
    const RunwayPolicy policy = { .max_credits = 30 };
    const RunwayPurchase p = purchase(&policy, 15);
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;

    (void)state;
    put_torn(1);
    assert_int_equal(fail_to_buy(1, &p, r, &err), RUNWAY_IO);
    assert_non_null(strstr(err.text, "cannot be written"));
    /* what was damaged stands for a try */
    assert_int_equal(r->nb_tries, 1);
    assert_int_equal(ff_runway_record_state(r), RUNWAY_CLIP_UNKNOWN);
    assert_int_equal(ff_runway_journal_read(journal, identity_of(1), r, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_record_state(r), RUNWAY_CLIP_DAMAGED);
    assert_int_equal(fail_to_buy(2, &p, r, &err), RUNWAY_IO);
    assert_int_equal(r->nb_tries, 0);
    assert_int_equal(ff_runway_journal_read(journal, identity_of(2), r, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_record_state(r), RUNWAY_CLIP_NONE);
    /* 15 for the damaged one, 15 for this, and no more */
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_REFUSED);
    free(r);
}

/* nor which output it belongs to: it counts for each, and for the day */
static void test_damaged_elsewhere(void **state)
{
    const RunwayPolicy output = { .max_credits = 30 };
    const RunwayPolicy day = { .max_credits_day = 30 };
    RunwayPurchase p = purchase(&output, 15);
    RunwayError err;

    (void)state;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    put_torn(2);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "30 credits were spent"));
    assert_non_null(strstr(err.text, "15 of these for 1 records"));
    p.policy = &day;
    assert_int_equal(ff_runway_budget_check(&p, &err), RUNWAY_REFUSED);
    /* its own clip's is counted once */
    put_torn(1);
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "30 credits were spent"));
}

/* A sum over a part of the records would leave too much. */
static void test_not_listed(void **state)
{
    const RunwayPolicy policy = { .max_credits = 30 };
    const RunwayPurchase p = purchase(&policy, 15);
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;

    (void)state;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    lock = open_record(3, r);
    faults = (Faults){ .on = 1, .space = -1, .fail_list = EIO };
    assert_int_equal(ff_runway_budget_check(&p, &err), RUNWAY_IO);
    assert_int_equal(ff_runway_budget_intend(&p, lock, r, &err), RUNWAY_IO);
    faults_reset();
    assert_non_null(strstr(err.text, "/clips cannot be read: "));
    assert_int_equal(r->nb_tries, 0);
    ff_runway_journal_unlock(&lock);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_REFUSED);
    free(r);
}

/* for the day other outputs of the same model report the price as well */
static void test_day_price(void **state)
{
    const RunwayPolicy day = { .max_credits_day = 100 };
    RunwayPurchase p = purchase(&day, 19);
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayJournalLock *lock;
    RunwayError err;

    (void)state;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, 60, &err), RUNWAY_OK);
    p.output = identity_of(9);
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_STORED, 60, &err), RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "may cost 60 more"));
    /* a price of long ago may be another by now */
    lock = open_record(1, r);
    r->tries[0].time -= 31 * DAY;
    assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                     RUNWAY_OK);
    ff_runway_journal_unlock(&lock);
    p.credits = 50;
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    free(r);
}

/* the journal's own limit, over all outputs, for a day */
static void test_day(void **state)
{
    const RunwayPolicy policy = { .max_credits_day = 30 };
    RunwayPurchase p = purchase(&policy, 15);
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;

    (void)state;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    p.output = identity_of(9);
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_FAILED, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err),
                     RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "max_credits_day=30 is reached"));
    assert_non_null(strstr(err.text, "set max_credits_day=45, "));
    assert_non_null(strstr(err.text, "tomorrow"));
    /* a clock that was wrong: for one of two clips tomorrow is early enough, for
     * both it is not */
    for (int n = 1; n <= 2; n++) {
        lock = open_record(n, r);
        r->tries[0].time += 7 * DAY;
        assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                         RUNWAY_OK);
        ff_runway_journal_unlock(&lock);
        assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err),
                         RUNWAY_REFUSED);
        assert_true(!strstr(err.text, "tomorrow") == (n == 2));
        assert_non_null(strstr(err.text, n == 1 ? ", 15 of these at times that "
                               "are to come" : ", 30 of these"));
        assert_true(strstr(err.text, identity_of(1)) ||
                    strstr(err.text, identity_of(n)));
    }
    lock = open_record(1, r);
    r->tries[0].time -= 8 * DAY;
    assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                     RUNWAY_OK);
    ff_runway_journal_unlock(&lock);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    free(r);
}

/* the provider's price is believed more than the table, begun seconds whole */
static void test_reported(void **state)
{
    const RunwayPolicy policy = { .max_credits = 100 };
    const RunwayPurchase p = purchase(&policy, 19);
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;

    (void)state;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_SUBMITTED, 60, &err), RUNWAY_OK);
    /* 30 a second, two seconds: 60 again would be over */
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_SUBMITTED, 60, &err),
                     RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "may cost 60 more"));
    assert_non_null(strstr(err.text, "set max_credits=120 "));
    free(r);
}

/* What a finished task has cost, as the provider says at its end. */
static void charge(int n, double credits)
{
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));

    lock = open_record(n, r);
    ff_runway_record_try(r)->charged = credits;
    assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                     RUNWAY_OK);
    ff_runway_journal_unlock(&lock);
    free(r);
}

/* a price that is reported only at the end: what is in flight then can pass the
 * limit, what comes after it cannot */
static void test_charged(void **state)
{
    const RunwayPolicy policy = { .max_credits = 110 };
    const RunwayPurchase p = purchase(&policy, 19);
    RunwayError err;

    (void)state;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_SUBMITTED, -1, &err), RUNWAY_OK);
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_SUBMITTED, -1, &err), RUNWAY_OK);
    charge(1, 60);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_SUBMITTED, -1, &err),
                     RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "79 credits"));
    assert_non_null(strstr(err.text, "may cost 60 more"));
    charge(2, 60);
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_SUBMITTED, -1, &err),
                     RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "max_credits=110 is reached: 120 "));
}

/* what was held for a clip and not charged says nothing of the next one; what is
 * held for any clip does not grow with it */
static void test_held(void **state)
{
    const RunwayPolicy policy = { .max_credits = 100 };
    RunwayPurchase p = purchase(&policy, 19);
    RunwayError err;

    (void)state;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, 80, &err), RUNWAY_OK);
    charge(1, 20);
    p.seconds = 1.75;
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_STORED, 30, &err), RUNWAY_OK);
    p.seconds = 4;
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err),
                     RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "may cost 60 more"));
    p.is_flat = 1;
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
    /* what was charged for two seconds grows with the clip all the same */
    p.seconds = 6;
    assert_int_equal(buy(4, &p, RUNWAY_CLIP_STORED, -1, &err),
                     RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "may cost 60 more"));
}

static void test_no_price(void **state)
{
    const RunwayPolicy policy = { .max_credits = 100 }, none = { 0 };
    const RunwayPurchase p = purchase(&policy, -1), q = purchase(&none, -1);
    RunwayError err;

    (void)state;
    assert_int_equal(ff_runway_budget_check(&p, &err), RUNWAY_INVALID);
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, -1, &err),
                     RUNWAY_INVALID);
    assert_int_equal(ff_runway_budget_check(&q, &err), RUNWAY_OK);
    assert_int_equal(buy(1, &q, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
}

static int cancelled_soon(void *opaque)
{
    return ++*(int *)opaque > 3;
}

/* who has no cap does not buy either while another sums up for its own */
static void test_no_cap(void **state)
{
    const RunwayPolicy policy = { 0 };
    RunwayPurchase p = purchase(&policy, -1);
    RunwayJournalLock *money;
    RunwayError err;
    int asked = 0;

    (void)state;
    p.cancelled = cancelled_soon;
    p.opaque    = &asked;
    assert_int_equal(ff_runway_journal_lock_money(journal, NULL, NULL, &money,
                                                  NULL), RUNWAY_OK);
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, -1, &err),
                     RUNWAY_CANCELLED);
    ff_runway_journal_unlock(&money);
    asked = 0;
    assert_int_equal(buy(1, &p, RUNWAY_CLIP_STORED, -1, &err), RUNWAY_OK);
}

typedef struct Buyer {
    const RunwayPurchase *purchase;
    int n;
    RunwayOutcome ret;
} Buyer;

static void *buy_thread(void *opaque)
{
    Buyer *b = opaque;
    RunwayError err;

    b->ret = buy(b->n, b->purchase, RUNWAY_CLIP_SUBMITTED, 30, &err);
    return NULL;
}

/* an output's first create goes alone until it was answered */
static void check_first_alone(const RunwayPolicy *policy)
{
    const RunwayPurchase p = purchase(policy, 15);
    Buyer b = { &p, 2, RUNWAY_OK };
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));
    pthread_t thread;

    lock = open_record(1, r);
    assert_int_equal(ff_runway_budget_intend(&p, lock, r, NULL), RUNWAY_OK);
    assert_int_equal(pthread_create(&thread, NULL, buy_thread, &b), 0);
    usleep(300000);
    {
        RunwayRecord *second = calloc(1, sizeof(*second));

        assert_int_equal(ff_runway_journal_read(journal, identity_of(2),
                                                second, NULL), RUNWAY_OK);
        assert_int_equal(second->nb_tries, 0);
        free(second);
    }
    strcpy(r->tries[0].task_id, "t");
    r->tries[0].reported = 80;
    assert_int_equal(ff_runway_record_move(r, RUNWAY_CLIP_SUBMITTED, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                     RUNWAY_OK);
    pthread_join(thread, NULL);
    assert_int_equal(b.ret, RUNWAY_OK);
    assert_int_equal(ff_runway_journal_read(journal, identity_of(2), r, NULL),
                     RUNWAY_OK);
    assert_true(r->tries[0].estimated == 80);
    ff_runway_journal_unlock(&lock);
    free(r);
}

static void test_first_alone(void **state)
{
    const RunwayPolicy policy = { .max_credits = 1000 };

    (void)state;
    check_first_alone(&policy);
}

/* the other cap is one as well */
static void test_first_alone_day(void **state)
{
    const RunwayPolicy policy = { .max_credits_day = 1000 };

    (void)state;
    check_first_alone(&policy);
}

static int is_cancelled_by_a_wait(void *opaque, int64_t microseconds)
{
    (void)opaque;
    (void)microseconds;
    return 1;
}

static char another[RUNWAY_IDENTITY_SIZE], third[RUNWAY_IDENTITY_SIZE];

/* An output of its own, whose clip goes out; *lock stays. */
static void send_first(RunwayPurchase *p, RunwayRecord *r,
                       RunwayJournalLock **lock)
{
    strcpy(another, identity_of(90));
    strcpy(third, identity_of(91));
    p->output = another;
    *lock     = open_record(1, r);
    assert_int_equal(ff_runway_budget_intend(p, *lock, r, NULL), RUNWAY_OK);
    p->output = own;
    p->wait   = is_cancelled_by_a_wait;
}

/* The cap of a day is one of all outputs: the first create of them goes alone, as
 * its answer may show that there is less for the others. */
static void test_first_of_outputs(void **state)
{
    const RunwayPolicy day = { .max_credits_day = 120 };
    const RunwayPolicy output = { .max_credits = 120 };
    RunwayPurchase p = purchase(&day, 15);
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayJournalLock *lock;
    RunwayError err;

    (void)state;
    send_first(&p, r, &lock);
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_STORED, 80, &err), RUNWAY_CANCELLED);
    p.policy = &output;
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_NONE, -1, &err), RUNWAY_OK);
    p.policy = &day;
    strcpy(r->tries[0].task_id, "t");
    r->tries[0].reported = 80;
    assert_int_equal(ff_runway_record_move(r, RUNWAY_CLIP_SUBMITTED, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                     RUNWAY_OK);
    assert_int_equal(buy(2, &p, RUNWAY_CLIP_STORED, 80, &err), RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "may cost 80 more"));
    ff_runway_journal_unlock(&lock);
    free(r);
}

/* A process that dies with its create out is not waited for, and has shown no
 * price: the next one goes alone. What it may have cost counts. */
static void test_first_that_dies(void **state)
{
    const RunwayPolicy day = { .max_credits_day = 120 };
    RunwayPurchase p = purchase(&day, 15);
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayRecord *second = calloc(1, sizeof(*second));
    RunwayJournalLock *lock;
    RunwayError err;

    (void)state;
    send_first(&p, r, &lock);
    ff_runway_journal_unlock(&lock);
    lock = open_record(2, second);
    assert_int_equal(ff_runway_budget_intend(&p, lock, second, &err), RUNWAY_OK);
    p.output = third;
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, 15, &err), RUNWAY_CANCELLED);
    ff_runway_journal_unlock(&lock);
    p.credits = 91;
    assert_int_equal(buy(3, &p, RUNWAY_CLIP_STORED, 91, &err), RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "30 credits were spent"));
    free(r);
    free(second);
}

static void test_cancel(void **state)
{
    const RunwayPolicy policy = { .max_credits = 1000 };
    const RunwayPurchase p = purchase(&policy, 15);
    Buyer b = { &p, 2, RUNWAY_OK };
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));
    pthread_t thread;

    (void)state;
    lock = open_record(1, r);
    assert_int_equal(ff_runway_budget_intend(&p, lock, r, NULL), RUNWAY_OK);
    assert_int_equal(pthread_create(&thread, NULL, buy_thread, &b), 0);
    usleep(50000);
    cancel = 1;
    pthread_join(thread, NULL);
    assert_int_equal(b.ret, RUNWAY_CANCELLED);
    cancel = 0;
    /* its owner is gone: nobody waits for the answer */
    ff_runway_journal_unlock(&lock);
    buy_thread(&b);
    assert_int_equal(b.ret, RUNWAY_OK);
    free(r);
}

/* many at once never pass it */
static void test_race(void **state)
{
    const RunwayPolicy policy = { .max_credits = 90 };
    const RunwayPurchase p = purchase(&policy, 30);
    pthread_t threads[12];
    Buyer buyers[12];
    int bought = 0;

    (void)state;
    for (int i = 0; i < 12; i++) {
        buyers[i] = (Buyer){ &p, i, RUNWAY_OK };
        assert_int_equal(pthread_create(&threads[i], NULL, buy_thread,
                                        &buyers[i]), 0);
    }
    for (int i = 0; i < 12; i++) {
        pthread_join(threads[i], NULL);
        bought += !buyers[i].ret;
    }
    assert_int_equal(bought, 3);
}

static void test_totals(void **state)
{
    RunwayTotals totals = { .made = 2, .reused = 1 }, more = { .failed = 1 };
    RunwayTry t = { .estimated = 15, .reported = 20, .charged = 18 };
    char text[256];

    (void)state;
    ff_runway_totals_add_try(&more, &t);
    ff_runway_totals_add(&totals, &more);
    ff_runway_totals_summary(&totals, text, sizeof(text));
    assert_string_equal(text, "clips: 2 made, 1 reused, 1 failed; credits: 20 "
                              "estimated, 18 charged");
    t = (RunwayTry){ .estimated = -1, .reported = -1, .charged = -1 };
    ff_runway_totals_add_try(&totals, &t);
    ff_runway_totals_summary(&totals, text, sizeof(text));
    assert_string_equal(text, "clips: 2 made, 1 reused, 1 failed; credits: 20 "
                              "estimated and 1 of unknown price, 18 charged, "
                              "not reported for 1");
    assert_true(totals.cost == 18);
}

/* a graph that is built again goes on under its predecessor's name, once */
static void test_output(void **state)
{
    char output[RUNWAY_IDENTITY_SIZE];

    (void)state;
    ff_runway_output_begin("filter_0", "aa", output);
    assert_string_equal(output, "aa");
    ff_runway_output_leave("filter_0", "aa");
    ff_runway_output_leave("filter_1", "bb");
    ff_runway_output_leave(NULL, "cc");
    ff_runway_output_begin("filter_2", "dd", output);
    assert_string_equal(output, "dd");
    ff_runway_output_begin(NULL, "dd", output);
    assert_string_equal(output, "dd");
    ff_runway_output_begin("filter_1", "dd", output);
    assert_string_equal(output, "bb");
    ff_runway_output_begin("filter_0", "dd", output);
    assert_string_equal(output, "aa");
    ff_runway_output_begin("filter_0", "dd", output);
    assert_string_equal(output, "dd");
    /* many are no more than the newest */
    for (int i = 0; i < 100; i++) {
        char name[32];

        snprintf(name, sizeof(name), "many_%d", i);
        ff_runway_output_leave(name, "ee");
    }
    ff_runway_output_begin("many_99", "dd", output);
    assert_string_equal(output, "ee");
    ff_runway_output_begin("many_0", "dd", output);
    assert_string_equal(output, "dd");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cap),
        TEST(test_many),
        TEST(test_what_counts),
        TEST(test_damaged),
        TEST(test_failed_intent),
        TEST(test_damaged_elsewhere),
        TEST(test_not_listed),
        TEST(test_day_price),
        TEST(test_day),
        TEST(test_reported),
        TEST(test_held),
        TEST(test_charged),
        TEST(test_no_price),
        TEST(test_no_cap),
        TEST(test_first_alone),
        TEST(test_first_alone_day),
        TEST(test_first_of_outputs),
        TEST(test_first_that_dies),
        TEST(test_cancel),
        TEST(test_race),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_output),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
