/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"

/* thousandths of a credit that one amount may have: far from overflow */
#define AMOUNT_MAX 1000000000000000LL

/* A clip that was spent for before, or has come by. */
typedef struct Clip {
    char *identity;
    int64_t foreseen;    ///< is held until it comes by
    int met;
} Clip;

struct RunwayBudget {
    int64_t max;         ///< 0: no cap

    pthread_mutex_t lock;
    /* protected by lock; thousandths of a credit */
    int64_t held, estimated, charged;
    int unpriced, uncharged, told;
    int clips[RUNWAY_BUDGET_FAILED + 1];
    Clip *known;
    size_t nb_known, room;
};

/* Thousandths, rounded up; -1 for what is no amount. */
static int64_t thousandths(double credits)
{
    double scaled = credits * 1000;
    int64_t value;

    if (!(scaled >= 0))
        return -1;
    if (scaled >= (double)AMOUNT_MAX)
        return AMOUNT_MAX;
    value = (int64_t)scaled;
    return scaled - (double)value > 1e-6 ? value + 1 : value;
}

/* a + b, and never more than can be shown */
static int64_t sum(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static double credits_of(int64_t value)
{
    return (double)value / 1000;
}

RunwayOutcome ff_runway_budget_create(double max_credits,
                                      RunwayBudget **budget, RunwayError *err)
{
    RunwayBudget *b = calloc(1, sizeof(*b));

    *budget = NULL;
    if (!b)
        return ff_runway_no_memory(err);
    b->max = max_credits > 0 ? thousandths(max_credits) : 0;
    if (pthread_mutex_init(&b->lock, NULL)) {
        free(b);
        return ff_runway_error(err, RUNWAY_NOMEM, "no mutex can be made");
    }
    *budget = b;
    return RUNWAY_OK;
}

void ff_runway_budget_free(RunwayBudget **budget)
{
    if (!budget || !*budget)
        return;
    pthread_mutex_destroy(&(*budget)->lock);
    for (size_t i = 0; i < (*budget)->nb_known; i++)
        free((*budget)->known[i].identity);
    free((*budget)->known);
    free(*budget);
    *budget = NULL;
}

/* lock is held: put r into the books, or with sign -1 take it out */
static void book(RunwayBudget *b, const RunwayReservation *r, int sign)
{
    b->held = sign > 0 ? sum(b->held, r->held) : b->held - r->held;
    if (r->estimated < 0)
        b->unpriced += sign;
    else
        b->estimated = sign > 0 ? sum(b->estimated, r->estimated)
                                : b->estimated - r->estimated;
    if (r->charged < 0)
        b->uncharged += sign;
    else {
        b->told   += sign;
        b->charged = sign > 0 ? sum(b->charged, r->charged)
                              : b->charged - r->charged;
    }
}

static void begin(RunwayReservation *r, int64_t price)
{
    r->active    = 1;
    r->held      = price < 0 ? 0 : price;
    r->estimated = price;
    r->charged   = -1;
}

RunwayOutcome ff_runway_budget_reserve(RunwayBudget *b, double credits,
                                       RunwayReservation *reservation,
                                       RunwayError *err)
{
    int64_t price = thousandths(credits), held;
    int over;

    memset(reservation, 0, sizeof(*reservation));
    if (b->max && price < 0)
        return ff_runway_error(err, RUNWAY_INVALID, "max_credits=%.15g cannot "
                               "be kept, because the price of this clip is "
                               "not known; nothing was sent for it",
                               credits_of(b->max));
    pthread_mutex_lock(&b->lock);
    held = b->held;
    over = b->max && (held > b->max || price > b->max - held);
    if (!over) {
        begin(reservation, price);
        book(b, reservation, 1);
    }
    pthread_mutex_unlock(&b->lock);
    if (over)
        return ff_runway_error(err, RUNWAY_REFUSED, "max_credits=%.15g is "
                               "reached: %.15g credits are spent or in flight "
                               "and this clip would cost %.15g more; nothing "
                               "was sent for it (dry_run=1 shows what all "
                               "clips cost)", credits_of(b->max),
                               credits_of(held), credits_of(price));
    return RUNWAY_OK;
}

/* lock is held: a clip, new where it is not known; NULL: out of memory */
static Clip *know(RunwayBudget *b, const char *identity)
{
    Clip *clip;

    for (size_t i = 0; i < b->nb_known; i++)
        if (!strcmp(b->known[i].identity, identity))
            return &b->known[i];
    if (b->nb_known == b->room) {
        size_t room = b->room ? 2 * b->room : 64;

        clip = realloc(b->known, room * sizeof(*clip));
        if (!clip)
            return NULL;
        b->known = clip;
        b->room  = room;
    }
    clip = &b->known[b->nb_known];
    memset(clip, 0, sizeof(*clip));
    clip->identity = strdup(identity);
    if (!clip->identity)
        return NULL;
    b->nb_known++;
    return clip;
}

RunwayOutcome ff_runway_budget_foresee(RunwayBudget *b, const char *identity,
                                       double credits, RunwayError *err)
{
    int64_t price = thousandths(credits);
    Clip *clip;

    pthread_mutex_lock(&b->lock);
    clip = know(b, identity);
    if (clip && !clip->met && !clip->foreseen && price > 0) {
        clip->foreseen = price;
        b->held        = sum(b->held, price);
    }
    pthread_mutex_unlock(&b->lock);
    return clip ? RUNWAY_OK
                : ff_runway_no_memory(err);
}

/* lock is held: whether a clip has come by before; now it has */
static int meet(RunwayBudget *b, const char *identity)
{
    Clip *clip = know(b, identity);
    int met;

    /* without memory it may count twice, which spends less and not more */
    if (!clip)
        return 0;
    met = clip->met;
    b->held       -= clip->foreseen;
    clip->foreseen = 0;
    clip->met      = 1;
    return met;
}

void ff_runway_budget_resume(RunwayBudget *b, const char *identity,
                             double credits_before, double credits,
                             RunwayReservation *reservation)
{
    int64_t before = thousandths(credits_before);

    if (reservation)
        memset(reservation, 0, sizeof(*reservation));
    pthread_mutex_lock(&b->lock);
    if (meet(b, identity)) {
        pthread_mutex_unlock(&b->lock);
        return;
    }
    if (before > 0)
        b->held = sum(b->held, before);
    if (reservation) {
        begin(reservation, thousandths(credits));
        book(b, reservation, 1);
    }
    pthread_mutex_unlock(&b->lock);
}

int ff_runway_budget_meet(RunwayBudget *b, const char *identity)
{
    int met;

    pthread_mutex_lock(&b->lock);
    met = meet(b, identity);
    pthread_mutex_unlock(&b->lock);
    return met;
}

void ff_runway_budget_release(RunwayBudget *b, RunwayReservation *reservation)
{
    if (!reservation->active)
        return;
    pthread_mutex_lock(&b->lock);
    book(b, reservation, -1);
    pthread_mutex_unlock(&b->lock);
    memset(reservation, 0, sizeof(*reservation));
}

/* Book the reservation anew, with another estimate or charge; -1: as before. */
static void rebook(RunwayBudget *b, RunwayReservation *r, int64_t estimated,
                   int64_t charged)
{
    if (!r->active)
        return;
    pthread_mutex_lock(&b->lock);
    book(b, r, -1);
    if (estimated >= 0)
        r->estimated = estimated;
    if (charged >= 0)
        r->charged = charged;
    r->held = r->charged   >= 0 ? r->charged   :
              r->estimated >= 0 ? r->estimated : 0;
    book(b, r, 1);
    pthread_mutex_unlock(&b->lock);
}

void ff_runway_budget_estimate(RunwayBudget *b, RunwayReservation *reservation,
                               double credits)
{
    rebook(b, reservation, thousandths(credits), -1);
}

void ff_runway_budget_settle(RunwayBudget *b, RunwayReservation *reservation,
                             double credits)
{
    rebook(b, reservation, -1, thousandths(credits));
}

void ff_runway_budget_count(RunwayBudget *b, RunwayBudgetClip what)
{
    pthread_mutex_lock(&b->lock);
    b->clips[what]++;
    pthread_mutex_unlock(&b->lock);
}

void ff_runway_budget_totals(RunwayBudget *b, RunwayBudgetTotals *totals)
{
    pthread_mutex_lock(&b->lock);
    totals->made      = b->clips[RUNWAY_BUDGET_MADE];
    totals->reused    = b->clips[RUNWAY_BUDGET_REUSED];
    totals->failed    = b->clips[RUNWAY_BUDGET_FAILED];
    totals->held      = credits_of(b->held);
    totals->estimated = credits_of(b->estimated);
    totals->charged   = credits_of(b->charged);
    totals->unpriced  = b->unpriced;
    totals->uncharged = b->uncharged;
    totals->told      = b->told;
    pthread_mutex_unlock(&b->lock);
}

void ff_runway_budget_summary(const RunwayBudgetTotals *t, char *text,
                              size_t room)
{
    char unpriced[64] = "", charged[96];

    if (t->unpriced)
        snprintf(unpriced, sizeof(unpriced), " and %d of unknown price",
                 t->unpriced);
    /* a sum of nothing would look like a gift */
    if (!t->uncharged)
        snprintf(charged, sizeof(charged), "%.15g charged", t->charged);
    else if (t->told)
        snprintf(charged, sizeof(charged), "%.15g charged, not told for %d",
                 t->charged, t->uncharged);
    else
        snprintf(charged, sizeof(charged), "charges not told");
    snprintf(text, room, "clips: %d made, %d reused, %d failed; credits: "
             "%.15g estimated%s, %s", t->made, t->reused, t->failed,
             t->estimated, unpriced, charged);
}
