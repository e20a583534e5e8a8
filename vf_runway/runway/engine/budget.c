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

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/text.h"
#include "budget.h"

#define DAY 86400

/* seconds for which a price of another output is believed */
#define PRICES_KEEP (30LL * DAY)

/* seconds by which the clocks of two machines may differ */
#define SKEW_MAX 60

/* sums of amounts with three places: less is no difference */
#define EPSILON 0.0005

/* clips that an error names */
#define NAMED_MAX 12

/* microseconds between two polls for the answer to a first create */
#define ANSWER_PAUSE 200000

/* of these, it is said: another process may be stopped */
#define ANSWER_LOG 25

/* What was spent, for an error. */
typedef struct Spent {
    int64_t time;
    double cost;
    char label[96];
} Spent;

typedef struct Sums {
    const RunwayPurchase *purchase;
    const RunwayRecord *own; ///< the clip's; NULL: only a question
    int64_t now;
    double output, day;     ///< credits
    double future;          ///< of these of a day, at times that are to come
    char future_name[RUNWAY_IDENTITY_SIZE]; ///< and a record that says so
    double unit;            ///< highest price per second that was charged, or
                            ///< reported
    double flat;            ///< highest one held for a clip of any length
    int damaged;            ///< other records whose tries cannot be read
    int answered;           ///< tries of this output that are tasks
    int unanswered;         ///< and those that are going out
    int day_answered;       ///< the same of a day, with a cap for it: of any
    int day_unanswered;     ///< output, as long as the price is likely the same
    Spent list[NAMED_MAX];  ///< what the output's cap was spent on first
    int nb;                 ///< and how many there are
} Sums;

int ff_runway_budget_has_cap(const RunwayPolicy *policy)
{
    return policy->max_credits > 0 || policy->max_credits_day > 0;
}

static int is_before(const Spent *a, const Spent *b)
{
    return a->time != b->time ? a->time < b->time
                              : strcmp(a->label, b->label) < 0;
}

/* The first ones stay, in order. */
static void note_spent(Sums *s, const RunwayTry *t, const char *label)
{
    Spent spent = { .time = t->time, .cost = ff_runway_try_cost(t) };
    int at = s->nb < NAMED_MAX ? s->nb : NAMED_MAX;

    ff_runway_copy_text(spent.label, sizeof(spent.label), label);
    for (; at > 0 && is_before(&spent, &s->list[at - 1]); at--)
        if (at < NAMED_MAX)
            s->list[at] = s->list[at - 1];
    if (at < NAMED_MAX)
        s->list[at] = spent;
    s->nb++;
}

/* Whether the create of another clip is going out: its owner lives. */
static int is_going_out(Sums *s, const RunwayRecord *r, const RunwayTry *t)
{
    RunwayJournalLock *lock;

    if (t->state != RUNWAY_CLIP_INTENT || t != &r->tries[r->nb_tries - 1] ||
        !s->own || !strcmp(r->identity, s->own->identity))
        return 0;
    lock = ff_runway_journal_lock_if_free(s->purchase->journal, r->identity,
                                         NULL);
    if (!lock)
        return 1;
    ff_runway_journal_unlock(&lock);
    return 0;
}

/* Whether what a clip has cost says what the clip's own will cost. */
static int is_like_own(const Sums *s, const RunwayRecord *r)
{
    return s->own && !strcmp(r->endpoint, s->own->endpoint) &&
           !strcmp(r->model, s->own->model);
}

/* The price that a try has shown: what was charged grows with a clip, and what is
 * only held beforehand may not. */
static void add_unit(Sums *s, const RunwayRecord *r, const RunwayTry *t)
{
    int is_of_output = !strcmp(t->output, s->purchase->output);
    int is_of_day    = s->purchase->policy->max_credits_day > 0 &&
                       is_like_own(s, r) && s->now - t->time < PRICES_KEEP;

    if (t->seconds <= 0 || !(is_of_output || is_of_day))
        return;
    if (t->charged >= 0)
        s->unit = fmax(s->unit, t->charged / ceil(t->seconds));
    else if (s->purchase->is_flat)
        s->flat = fmax(s->flat, t->reported);
    else
        s->unit = fmax(s->unit, t->reported / ceil(t->seconds));
}

/* Whether the prices are shown already, or will be by a create that is out. */
static void add_answer(Sums *s, const RunwayRecord *r, const RunwayTry *t)
{
    int is_of_output = !strcmp(t->output, s->purchase->output);
    int is_of_day    = s->purchase->policy->max_credits_day > 0 &&
                       is_like_own(s, r) && s->now - t->time < DAY;
    int is_answered  = !!t->task_id[0];
    int is_out       = (is_of_output || is_of_day) && is_going_out(s, r, t);

    s->answered       += is_of_output && is_answered;
    s->unanswered     += is_of_output && is_out;
    s->day_answered   += is_of_day && is_answered;
    s->day_unanswered += is_of_day && is_out;
}

static void add_try(Sums *s, const RunwayRecord *r, const RunwayTry *t)
{
    if (s->now - t->time < DAY)
        s->day += ff_runway_try_cost(t);
    if (t->time - s->now > SKEW_MAX) {
        s->future += ff_runway_try_cost(t);
        ff_runway_copy_text(s->future_name, sizeof(s->future_name),
                            r->identity);
    }
    add_unit(s, r, t);
    add_answer(s, r, t);
    if (strcmp(t->output, s->purchase->output))
        return;
    s->output += ff_runway_try_cost(t);
    note_spent(s, t, r->label);
}

static int add_record(void *opaque, const RunwayRecord *record)
{
    Sums *s = opaque;

    s->damaged += record->damage[0] &&
                  !(s->own && !strcmp(record->identity, s->own->identity));
    for (int i = 0; i < record->nb_tries; i++)
        add_try(s, record, &record->tries[i]);
    return 0;
}

/* The price that is reserved: what the provider has reported before counts. */
static double price_of(const Sums *s)
{
    return fmax(fmax(s->purchase->credits, s->flat),
                s->unit * ceil(s->purchase->seconds));
}

/* What a damaged record has cost, and for which output, nobody knows: as much as
 * this clip, at least. */
static void add_damaged(Sums *s, int nb)
{
    s->output += nb * price_of(s);
    s->day    += nb * price_of(s);
}

static RunwayOutcome make_sums(const RunwayPurchase *purchase,
                               const RunwayRecord *own, Sums *s,
                               RunwayError *err)
{
    RunwayOutcome ret;

    *s = (Sums){ .purchase = purchase, .own = own, .now = (int64_t)time(NULL) };
    ret = ff_runway_journal_each(purchase->journal, add_record, s, err);
    add_damaged(s, s->damaged);
    return ret;
}

/* " (15 on clip 1 (0.00-5.00 s), …)", or nothing */
static void put_spent(const Sums *s, char *text, size_t size)
{
    size_t used = 0;

    text[0] = 0;
    if (!s->nb)
        return;
    for (int i = 0; i < s->nb && i < NAMED_MAX && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%.15g on %s",
                                 i ? ", " : " (", s->list[i].cost,
                                 s->list[i].label);
    if (s->nb > NAMED_MAX && used < size)
        used += (size_t)snprintf(text + used, size - used, " and %d more",
                                 s->nb - NAMED_MAX);
    if (used < size)
        snprintf(text + used, size - used, ")");
}

/* What does not count for a day less tomorrow, and what to do; or nothing. */
static void put_future(const Sums *s, char *text, size_t size)
{
    if (s->future > 0)
        snprintf(text, size, ", %.15g of these at times that are to come, as "
                 "%s/clips/%.64s.record has it: a clock was wrong then or is "
                 "now; where that is so, and its result is stored, move that "
                 "record away", s->future,
                 ff_runway_journal_path(s->purchase->journal), s->future_name);
}

/* The numbers of a cap, rounded up to what goes on. */
static RunwayOutcome refuse(const Sums *s, const char *option, double max,
                            double spent, double price, RunwayError *err)
{
    int is_day = !strcmp(option, "max_credits_day");
    char list[RUNWAY_ERROR_TEXT / 2] = "", damaged[128] = "";

    if (is_day)
        put_future(s, list, sizeof(list));
    else
        put_spent(s, list, sizeof(list));
    if (s->damaged)
        snprintf(damaged, sizeof(damaged), ", %.15g of these for %d records "
                 "that are damaged (runway-tasks list shows them)",
                 s->damaged * price, s->damaged);
    return ff_runway_error(err, RUNWAY_REFUSED, "%s=%.15g is reached: %.15g "
                           "credits were spent%s or are in flight%s%s, and this "
                           "clip may cost %.15g more; nothing was sent for it. "
                           "To continue with it, set %s=%.15g%s (dry_run=1 "
                           "shows what all clips cost)", option, max, spent,
                           is_day ? " in the last 24 hours" : " on this output",
                           list, damaged, price, option,
                           ceil(spent + price - EPSILON),
                           is_day && s->future + price <= max + EPSILON ?
                           ", or run the same command tomorrow" : "");
}

static RunwayOutcome check_caps(const Sums *s, RunwayError *err)
{
    const RunwayPolicy *policy = s->purchase->policy;
    double price = price_of(s);

    if (policy->max_credits > 0 &&
        s->output + price > policy->max_credits + EPSILON)
        return refuse(s, "max_credits", policy->max_credits, s->output, price,
                      err);
    if (policy->max_credits_day > 0 &&
        s->day + price > policy->max_credits_day + EPSILON)
        return refuse(s, "max_credits_day", policy->max_credits_day, s->day,
                      price, err);
    return RUNWAY_OK;
}

static RunwayOutcome check_price(const RunwayPurchase *purchase,
                                 RunwayError *err)
{
    if (!ff_runway_budget_has_cap(purchase->policy) || purchase->credits >= 0)
        return RUNWAY_OK;
    return ff_runway_error(err, RUNWAY_INVALID, "max_credits and "
                           "max_credits_day cannot be enforced, because the "
                           "price of this clip is not known; nothing was sent "
                           "for it");
}

RunwayOutcome ff_runway_budget_check(const RunwayPurchase *purchase,
                                     RunwayError *err)
{
    Sums s;
    RunwayOutcome ret = check_price(purchase, err);

    if (ret || !ff_runway_budget_has_cap(purchase->policy))
        return ret;
    ret = make_sums(purchase, NULL, &s, err);
    return ret ? ret : check_caps(&s, err);
}

/* Once, under the money lock. *wait: the first create of the output, or of the
 * day, is out. */
static RunwayOutcome intend_once(const RunwayPurchase *purchase,
                                 const RunwayJournalLock *lock,
                                 RunwayRecord *record, int *wait,
                                 RunwayError *err)
{
    RunwayJournalLock *money;
    Sums s = { .purchase = purchase };
    double price = purchase->credits;
    /* the only one there is where no copy of it could be kept */
    int is_damaged = !!record->damage[0];
    RunwayError ignored;
    RunwayOutcome ret;

    *wait = 0;
    /* without a cap too: another process may be summing up for its own */
    ret = ff_runway_journal_lock_money(purchase->journal, purchase->cancelled,
                                       purchase->opaque, &money, err);
    if (ret)
        return ret;
    if (ff_runway_budget_has_cap(purchase->policy)) {
        ret   = make_sums(purchase, record, &s, err);
        price = price_of(&s);
        add_damaged(&s, is_damaged);
        *wait = !ret && ((s.unanswered && !s.answered) ||
                         (s.day_unanswered && !s.day_answered));
        if (!ret && !*wait)
            ret = check_caps(&s, err);
    }
    if (!ret && !*wait)
        ret = ff_runway_record_begin(record, purchase->output,
                                     (int64_t)time(NULL), purchase->seconds,
                                     price, err);
    if (!ret && !*wait) {
        ret = ff_runway_journal_write(purchase->journal, lock, record, err);
        /* nothing goes out: no intent may be found, nor counted */
        if (ret && !ff_runway_record_take_back(record, &ignored) &&
            !is_damaged)
            ff_runway_journal_write(purchase->journal, lock, record, &ignored);
    }
    ff_runway_journal_unlock(&money);
    return ret;
}

RunwayOutcome ff_runway_budget_intend(const RunwayPurchase *purchase,
                                      const RunwayJournalLock *lock,
                                      RunwayRecord *record, RunwayError *err)
{
    int wait = 1, waits = 0;
    RunwayOutcome ret = check_price(purchase, err);

    while (!ret && wait) {
        ret = intend_once(purchase, lock, record, &wait, err);
        if (!ret && wait && ++waits == ANSWER_LOG)
            ff_runway_log(purchase->log, RUNWAY_LOG_INFO, "%s: waiting for "
                          "the answer to another clip's create, which may "
                          "report a price (max_credits, max_credits_day)",
                          purchase->label);
        if (!ret && wait && purchase->wait(purchase->opaque, ANSWER_PAUSE))
            ret = ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
    }
    return ret;
}

void ff_runway_totals_add_try(RunwayTotals *totals, const RunwayTry *t)
{
    double estimated = t->reported >= 0 ? t->reported : t->estimated;

    totals->cost += ff_runway_try_cost(t);
    if (estimated >= 0)
        totals->estimated += estimated;
    else
        totals->unpriced++;
    if (t->charged >= 0)
        totals->charged += t->charged;
    else
        totals->uncharged++;
}

void ff_runway_totals_add(RunwayTotals *totals, const RunwayTotals *more)
{
    totals->made      += more->made;
    totals->reused    += more->reused;
    totals->failed    += more->failed;
    totals->cost      += more->cost;
    totals->estimated += more->estimated;
    totals->charged   += more->charged;
    totals->unpriced  += more->unpriced;
    totals->uncharged += more->uncharged;
}

void ff_runway_totals_summary(const RunwayTotals *t, char *text, size_t size)
{
    char unpriced[64] = "", charged[96];

    if (t->unpriced)
        snprintf(unpriced, sizeof(unpriced), " and %d of unknown price",
                 t->unpriced);
    /* a sum of nothing would look like a gift */
    if (!t->uncharged)
        snprintf(charged, sizeof(charged), "%.15g charged", t->charged);
    else if (t->charged > 0)
        snprintf(charged, sizeof(charged), "%.15g charged, not reported for %d",
                 t->charged, t->uncharged);
    else
        snprintf(charged, sizeof(charged), "charges not reported");
    snprintf(text, size, "clips: %d made, %d reused, %d failed; credits: "
             "%.15g estimated%s, %s", t->made, t->reused, t->failed,
             t->estimated, unpriced, charged);
}
