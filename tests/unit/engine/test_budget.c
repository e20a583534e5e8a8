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
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/budget.h"

static RunwayBudget *make(double max)
{
    RunwayBudget *budget;

    assert_int_equal(ff_runway_budget_create(max, &budget, NULL), RUNWAY_OK);
    return budget;
}

static double held(RunwayBudget *budget)
{
    RunwayBudgetTotals t;

    ff_runway_budget_totals(budget, &t);
    return t.held;
}

static void test_cap(void **state)
{
    RunwayBudget *b = make(150);
    RunwayReservation r[3];
    RunwayError err;

    (void)state;
    assert_int_equal(ff_runway_budget_reserve(b, 75, &r[0], &err), RUNWAY_OK);
    assert_int_equal(ff_runway_budget_reserve(b, 75, &r[1], &err), RUNWAY_OK);
    assert_int_equal(ff_runway_budget_reserve(b, 0.001, &r[2], &err),
                     RUNWAY_REFUSED);
    assert_int_equal(err.outcome, RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "max_credits=150"));
    assert_non_null(strstr(err.text, "150 credits are spent or in flight"));
    assert_non_null(strstr(err.text, "0.001 more"));
    assert_false(r[2].active);
    assert_true(held(b) == 150);
    /* nothing is held by the one that was refused */
    ff_runway_budget_release(b, &r[2]);
    assert_true(held(b) == 150);
    /* certainly not accepted: there is room again, and only once */
    ff_runway_budget_release(b, &r[0]);
    ff_runway_budget_release(b, &r[0]);
    assert_true(held(b) == 75);
    assert_int_equal(ff_runway_budget_reserve(b, 76, &r[2], &err),
                     RUNWAY_REFUSED);
    assert_int_equal(ff_runway_budget_reserve(b, 75, &r[2], &err), RUNWAY_OK);
    ff_runway_budget_free(&b);
    assert_null(b);
    ff_runway_budget_free(&b);
    ff_runway_budget_free(NULL);
}

static void test_settle(void **state)
{
    RunwayBudget *b = make(100);
    RunwayReservation r, s;
    RunwayBudgetTotals t;

    (void)state;
    assert_int_equal(ff_runway_budget_reserve(b, 60, &r, NULL), RUNWAY_OK);
    /* the provider told no price: the estimate goes on counting */
    ff_runway_budget_estimate(b, &r, -1);
    ff_runway_budget_settle(b, &r, -1);
    assert_true(held(b) == 60);
    ff_runway_budget_totals(b, &t);
    assert_int_equal(t.uncharged, 1);
    /* it cost less: the rest is free again */
    ff_runway_budget_settle(b, &r, 50);
    assert_true(held(b) == 50);
    assert_int_equal(ff_runway_budget_reserve(b, 50, &s, NULL), RUNWAY_OK);
    /* more: it is spent, though it passes the cap, and nothing more is sent */
    ff_runway_budget_estimate(b, &s, 55);
    assert_true(held(b) == 105);
    ff_runway_budget_settle(b, &s, 56);
    assert_true(held(b) == 106);
    ff_runway_budget_totals(b, &t);
    assert_true(t.estimated == 115);
    assert_true(t.charged == 106);
    assert_int_equal(t.uncharged, 0);
    ff_runway_budget_settle(b, &s, 0);
    assert_true(held(b) == 50);
    ff_runway_budget_settle(b, &s, 60);
    assert_int_equal(ff_runway_budget_reserve(b, 0, &s, NULL),
                     RUNWAY_REFUSED);
    ff_runway_budget_free(&b);
}

static void test_resume(void **state)
{
    RunwayBudget *b = make(100);
    RunwayReservation r, s;
    RunwayBudgetTotals t;

    (void)state;
    /* an earlier run spent it: it is not refused, and it counts */
    ff_runway_budget_resume(b, "a", 75, 75, &r);
    assert_true(held(b) == 150);
    assert_int_equal(ff_runway_budget_reserve(b, 1, &s, NULL), RUNWAY_REFUSED);
    ff_runway_budget_settle(b, &r, 20);
    assert_true(held(b) == 95);
    assert_int_equal(ff_runway_budget_reserve(b, 5, &s, NULL), RUNWAY_OK);
    ff_runway_budget_totals(b, &t);
    assert_true(t.estimated == 80);
    assert_true(t.charged == 20);
    ff_runway_budget_free(&b);

    b = make(100);
    ff_runway_budget_resume(b, "a", 30, -1, NULL);
    assert_true(held(b) == 30);
    ff_runway_budget_resume(b, "b", -1, -1, &r);
    assert_true(held(b) == 30);
    ff_runway_budget_totals(b, &t);
    assert_int_equal(t.unpriced, 1);
    ff_runway_budget_settle(b, &r, 70);
    assert_true(held(b) == 100);
    ff_runway_budget_free(&b);
}

/* clips that are equal share their tasks */
static void test_equal_clips(void **state)
{
    RunwayBudget *b = make(100);
    RunwayReservation r, s;
    RunwayBudgetTotals t;

    (void)state;
    ff_runway_budget_resume(b, "a", 20, 30, &r);
    ff_runway_budget_resume(b, "a", 20, 30, &s);
    assert_true(r.active);
    assert_false(s.active);
    ff_runway_budget_settle(b, &r, 25);
    ff_runway_budget_settle(b, &s, 25);
    assert_true(held(b) == 45);
    ff_runway_budget_totals(b, &t);
    assert_true(t.estimated == 30);
    assert_true(t.charged == 25);
    /* one that is bought here, fails, and comes by again */
    ff_runway_budget_resume(b, "b", 0, -1, NULL);
    assert_int_equal(ff_runway_budget_reserve(b, 15, &r, NULL), RUNWAY_OK);
    ff_runway_budget_resume(b, "b", 0, 15, &s);
    assert_true(held(b) == 60);
    /* many of them */
    for (int i = 0; i < 1000; i++) {
        char name[16];

        snprintf(name, sizeof(name), "%d", i % 200);
        ff_runway_budget_resume(b, name, 0, 0.1, &s);
    }
    assert_true(held(b) == 80);
    ff_runway_budget_free(&b);
}

static void test_foresee(void **state)
{
    RunwayBudget *b = make(100);
    RunwayReservation r, s;
    RunwayBudgetTotals t;

    (void)state;
    ff_runway_budget_resume(b, "a", 0, 15, &r);
    assert_int_equal(ff_runway_budget_foresee(b, "a", 15, NULL), RUNWAY_OK);
    assert_true(held(b) == 15);
    assert_int_equal(ff_runway_budget_foresee(b, "b", 40, NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_budget_foresee(b, "b", 40, NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_budget_foresee(b, "c", 40, NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_budget_foresee(b, "d", -1, NULL), RUNWAY_OK);
    assert_true(held(b) == 95);
    assert_int_equal(ff_runway_budget_reserve(b, 6, &r, NULL), RUNWAY_REFUSED);
    /* it counts for the cap and is nothing that this run has to do with */
    ff_runway_budget_totals(b, &t);
    assert_true(t.estimated == 15);
    /* one comes by, and cost what it cost; the other is stored by now */
    ff_runway_budget_resume(b, "b", 10, 35, &r);
    assert_true(held(b) == 100);
    ff_runway_budget_resume(b, "c", 0, -1, NULL);
    assert_true(held(b) == 60);
    assert_int_equal(ff_runway_budget_reserve(b, 40, &s, NULL), RUNWAY_OK);
    ff_runway_budget_free(&b);
}

static void test_unknown_price(void **state)
{
    static const double odd[] = { -1, -0.5, NAN, -INFINITY };
    RunwayReservation r;
    RunwayBudgetTotals t;
    RunwayError err;
    RunwayBudget *b;

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        b = make(100);
        assert_int_equal(ff_runway_budget_reserve(b, odd[i], &r, &err),
                         RUNWAY_INVALID);
        assert_non_null(strstr(err.text, "max_credits=100"));
        assert_false(r.active);
        ff_runway_budget_free(&b);
        b = make(0);
        assert_int_equal(ff_runway_budget_reserve(b, odd[i], &r, &err),
                         RUNWAY_OK);
        ff_runway_budget_totals(b, &t);
        assert_int_equal(t.unpriced, 1);
        assert_true(t.held == 0);
        ff_runway_budget_free(&b);
    }
    /* an endless price is over any cap, and breaks nothing without one */
    b = make(100);
    assert_int_equal(ff_runway_budget_reserve(b, INFINITY, &r, NULL),
                     RUNWAY_REFUSED);
    ff_runway_budget_free(&b);
    b = make(0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ff_runway_budget_reserve(b, 1e300, &r, NULL),
                         RUNWAY_OK);
    assert_true(held(b) > 0);
    ff_runway_budget_free(&b);
}

/* no drift: 1000 tenths are 100 */
static void test_fractions(void **state)
{
    RunwayBudget *b = make(100);
    RunwayReservation r;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ff_runway_budget_reserve(b, 0.1, &r, NULL),
                         RUNWAY_OK);
    assert_true(held(b) == 100);
    assert_int_equal(ff_runway_budget_reserve(b, 0.1, &r, NULL),
                     RUNWAY_REFUSED);
    ff_runway_budget_release(b, &r);
    assert_true(held(b) == 100);
    ff_runway_budget_free(&b);
    /* rounded up, never down */
    b = make(1);
    assert_int_equal(ff_runway_budget_reserve(b, 0.9991, &r, NULL), RUNWAY_OK);
    assert_true(held(b) == 1);
    ff_runway_budget_free(&b);
}

#define THREADS 8
#define ROUNDS 20000

typedef struct Shared {
    RunwayBudget *budget;
    pthread_mutex_t lock;
    double submitted;    /* what a provider would see */
    double most;
} Shared;

static void *spend(void *opaque)
{
    Shared *s = opaque;
    unsigned random = (unsigned)(uintptr_t)&random;

    for (int i = 0; i < ROUNDS; i++) {
        double price = 1 + rand_r(&random) % 40;
        RunwayReservation r;

        if (ff_runway_budget_reserve(s->budget, price, &r, NULL))
            continue;
        pthread_mutex_lock(&s->lock);
        s->submitted += price;
        if (s->submitted > s->most)
            s->most = s->submitted;
        pthread_mutex_unlock(&s->lock);
        /* "not accepted": what was submitted is taken back first */
        pthread_mutex_lock(&s->lock);
        s->submitted -= price;
        pthread_mutex_unlock(&s->lock);
        ff_runway_budget_release(s->budget, &r);
    }
    return NULL;
}

static void test_threads(void **state)
{
    Shared s = { make(100), PTHREAD_MUTEX_INITIALIZER, 0, 0 };
    pthread_t threads[THREADS];
    RunwayBudgetTotals t;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, spend, &s), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(s.most > 0);
    assert_true(s.most <= 100);
    ff_runway_budget_totals(s.budget, &t);
    assert_true(t.held == 0);
    assert_true(t.estimated == 0);
    assert_int_equal(t.uncharged, 0);
    ff_runway_budget_free(&s.budget);
}

static void test_totals(void **state)
{
    RunwayBudget *b = make(0);
    RunwayReservation r[3];
    RunwayBudgetTotals t;
    char text[256], little[10];

    (void)state;
    for (int i = 0; i < 3; i++)
        ff_runway_budget_count(b, RUNWAY_BUDGET_MADE);
    ff_runway_budget_count(b, RUNWAY_BUDGET_REUSED);
    ff_runway_budget_count(b, RUNWAY_BUDGET_REUSED);
    ff_runway_budget_count(b, RUNWAY_BUDGET_FAILED);
    ff_runway_budget_reserve(b, 75, &r[0], NULL);
    ff_runway_budget_reserve(b, 37.5, &r[1], NULL);
    ff_runway_budget_settle(b, &r[0], 75);
    ff_runway_budget_settle(b, &r[1], 40);
    ff_runway_budget_totals(b, &t);
    ff_runway_budget_summary(&t, text, sizeof(text));
    assert_string_equal(text, "clips: 3 made, 2 reused, 1 failed; credits: "
                        "112.5 estimated, 115 charged");
    ff_runway_budget_reserve(b, -1, &r[2], NULL);
    ff_runway_budget_totals(b, &t);
    ff_runway_budget_summary(&t, text, sizeof(text));
    assert_string_equal(text, "clips: 3 made, 2 reused, 1 failed; credits: "
                        "112.5 estimated and 1 of unknown price, 115 charged, "
                        "not told for 1");
    ff_runway_budget_summary(&t, little, sizeof(little));
    assert_string_equal(little, "clips: 3 ");
    /* a provider that tells of no charge: not for nothing, but not told */
    ff_runway_budget_release(b, &r[0]);
    ff_runway_budget_release(b, &r[1]);
    ff_runway_budget_totals(b, &t);
    assert_int_equal(t.told, 0);
    ff_runway_budget_summary(&t, text, sizeof(text));
    assert_string_equal(text, "clips: 3 made, 2 reused, 1 failed; credits: "
                        "0 estimated and 1 of unknown price, charges not told");
    ff_runway_budget_release(b, &r[2]);
    ff_runway_budget_totals(b, &t);
    ff_runway_budget_summary(&t, text, sizeof(text));
    assert_string_equal(text, "clips: 3 made, 2 reused, 1 failed; credits: "
                        "0 estimated, 0 charged");
    ff_runway_budget_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_equal_clips),
        cmocka_unit_test(test_foresee),
        cmocka_unit_test(test_unknown_price),
        cmocka_unit_test(test_fractions),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_totals),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
