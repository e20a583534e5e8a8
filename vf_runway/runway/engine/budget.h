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

/**
 * @file
 * Credits: the cap of one output, and the totals for its last line.
 *
 * All functions but create and free may be called from any thread. Amounts are
 * credits, counted in thousandths, rounded up.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_BUDGET_H
#define AVFILTER_RUNWAY_ENGINE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

typedef struct RunwayBudget RunwayBudget;

/** What one paid try holds of a budget. Begins as all zeros; belongs to one
 *  thread at a time; only the functions here look inside. */
typedef struct RunwayReservation {
    int active;
    int64_t held;      ///< counts against the cap
    int64_t estimated; ///< -1: not known
    int64_t charged;   ///< -1: not told
} RunwayReservation;

/** max_credits 0: no cap. */
RunwayOutcome ff_runway_budget_create(double max_credits,
                                      RunwayBudget **budget, RunwayError *err);
void ff_runway_budget_free(RunwayBudget **budget);

/**
 * Before a create, and before each further one of the same clip (with a fresh
 * reservation: what was paid stays counted): hold its price. credits is -1
 * when the price is not known. On failure nothing is held and nothing may be
 * sent. RUNWAY_REFUSED: the sum would pass the cap; the text has the numbers.
 * RUNWAY_INVALID: there is a cap and the price is not known.
 */
RunwayOutcome ff_runway_budget_reserve(RunwayBudget *budget, double credits,
                                       RunwayReservation *reservation,
                                       RunwayError *err);

/**
 * What the journal says was spent for a clip of this output that has not come by
 * yet: held until it does, so that nothing is bought with it meanwhile. Once for
 * each identity. RUNWAY_NOMEM: nothing is held.
 */
RunwayOutcome ff_runway_budget_foresee(RunwayBudget *budget,
                                       const char *identity, double credits,
                                       RunwayError *err);

/**
 * A clip has come by. What was paid, or may have been, in an earlier run for it
 * and is not stored yet counts, and is never refused, because it is spent
 * already: credits_before are tries that are over; credits the one that is
 * still read on, -1: not known. reservation may be NULL: there is none such.
 * It takes the place of what was foreseen. An identity that has come by before
 * counts no more: its clips share their tasks, and reservation holds nothing.
 */
void ff_runway_budget_resume(RunwayBudget *budget, const char *identity,
                             double credits_before, double credits,
                             RunwayReservation *reservation);

/** For a plan, that spends nothing: whether a clip of that identity has come by
 *  before. It has now. */
int ff_runway_budget_meet(RunwayBudget *budget, const char *identity);

/** The create certainly was not accepted: give back. Does nothing when nothing
 *  is held. */
void ff_runway_budget_release(RunwayBudget *budget,
                              RunwayReservation *reservation);

/** The provider told another estimate with its answer to the create; -1: it
 *  told none. May pass the cap: it is spent. */
void ff_runway_budget_estimate(RunwayBudget *budget,
                               RunwayReservation *reservation, double credits);

/** The provider told the real cost; -1: it told none, the estimate goes on
 *  counting. */
void ff_runway_budget_settle(RunwayBudget *budget,
                             RunwayReservation *reservation, double credits);

typedef enum RunwayBudgetClip {
    RUNWAY_BUDGET_MADE,   ///< generated in this run, or read on
    RUNWAY_BUDGET_REUSED, ///< was stored already, or equal to another clip
    RUNWAY_BUDGET_FAILED,
} RunwayBudgetClip;

/** Count a clip that is done with. */
void ff_runway_budget_count(RunwayBudget *budget, RunwayBudgetClip what);

typedef struct RunwayBudgetTotals {
    int made, reused, failed;
    double held;        ///< what counts against the cap
    double estimated;   ///< of all tries that were or may have been accepted,
                        ///< this run's and those resumed
    double charged;     ///< told by the provider
    int unpriced;       ///< tries without an estimate
    int uncharged;      ///< tries whose real cost was not told
    int told;           ///< and whose was
} RunwayBudgetTotals;

void ff_runway_budget_totals(RunwayBudget *budget, RunwayBudgetTotals *totals);

/** The line for the end of a run, without a newline; cut where it does not
 *  fit. */
void ff_runway_budget_summary(const RunwayBudgetTotals *totals, char *text,
                              size_t room);

#endif /* AVFILTER_RUNWAY_ENGINE_BUDGET_H */
