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
 * What may be spent: before each create the journal is summed, and the intent is
 * written under the same lock, so that neither another thread nor another
 * process can spend the same credits. Nothing is remembered here between two
 * creates: the journal is the one truth.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_BUDGET_H
#define AVFILTER_RUNWAY_ENGINE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/log.h"
#include "../base/policy.h"
#include "../store/journal.h"

/** A create that is about to go out. All that is pointed to is the caller's. */
typedef struct RunwayPurchase {
    RunwayJournal *journal;
    const RunwayPolicy *policy;
    const char *output;      ///< identity of the output's first clip
    double seconds;          ///< length of the clip
    double credits;          ///< its price by the table, -1: not known
    int is_flat;             ///< the provider holds a price that does not grow
                             ///< with the clip
    void *opaque;
    /** Wait; non-zero when cancelled, at once then. */
    int (*wait)(void *opaque, int64_t microseconds);
    const RunwayLog *log;    ///< told once that there is such a wait
    const char *label;       ///< of the clip, for that
    /** Non-zero when cancelled. */
    int (*cancelled)(void *opaque);
} RunwayPurchase;

/** Whether there is a limit, of this output or of a day. */
int ff_runway_budget_has_cap(const RunwayPolicy *policy);

/**
 * Whether the caps leave the price, as things are now; nothing is written.
 * RUNWAY_REFUSED: a cap is reached; the text says what was spent on what, and
 * which value goes on. RUNWAY_INVALID: there is a cap, and the price is not
 * known. RUNWAY_IO.
 */
RunwayOutcome ff_runway_budget_check(const RunwayPurchase *purchase,
                                     RunwayError *err);

/**
 * The same, and begin a try of the clip whose record and lock these are: the
 * intent is on disk on success. With a cap an output's first create goes
 * alone: the others wait here until it was answered, and then count on the
 * highest price per second that the provider has charged, or reported where it
 * has not charged yet, begun seconds as whole ones (per clip where it is flat);
 * with a cap for a day also the prices of other outputs of the record's endpoint
 * and model of the last 30 days, and the first create of 24 hours goes alone
 * among all of them. One whose process has died is not waited for. Another
 * record that is damaged counts as much as this clip. RUNWAY_CANCELLED.
 */
RunwayOutcome ff_runway_budget_intend(const RunwayPurchase *purchase,
                                      const RunwayJournalLock *lock,
                                      RunwayRecord *record, RunwayError *err);

/** What clips have come to, and what their tries cost. Amounts are credits. */
typedef struct RunwayTotals {
    int made;           ///< clips generated in this run, or read on
    int reused;         ///< that were stored already, or equal to another
    int failed;
    double cost;        ///< charged, else estimated
    double estimated;
    double charged;     ///< reported by the provider
    int unpriced;       ///< tries without an estimate
    int uncharged;      ///< tries whose real cost was not reported
} RunwayTotals;

/** Add what a try has cost. */
void ff_runway_totals_add_try(RunwayTotals *totals, const RunwayTry *t);

void ff_runway_totals_add(RunwayTotals *totals, const RunwayTotals *more);

/** The line for the end of a run, without a newline; cut where it does not
 *  fit. */
void ff_runway_totals_summary(const RunwayTotals *totals, char *text,
                              size_t size);

#endif /* AVFILTER_RUNWAY_ENGINE_BUDGET_H */
