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
 * A check of the account before the first create of a run: what is there to be
 * spent, and how many tasks are left for today. It costs nothing, and what would
 * be refused is said before anything is uploaded. And one caller at a time where
 * the provider puts creates off.
 */

#ifndef AVFILTER_RUNWAY_HTTP_ACCOUNT_H
#define AVFILTER_RUNWAY_HTTP_ACCOUNT_H

#include "client.h"
#include "../base/error.h"
#include "../base/log.h"

typedef struct RunwayAccountGate RunwayAccountGate;

/**
 * client and log outlive the gate. Nothing is asked yet, and never where the
 * provider has no account to check.
 */
RunwayOutcome ff_runway_account_gate_create(RunwayClient *client,
                                            const RunwayLog *log,
                                            RunwayAccountGate **gate,
                                            RunwayError *err);
void ff_runway_account_gate_free(RunwayAccountGate **gate);

/**
 * Before a create; from any thread, and others wait meanwhile. The first call
 * looks; all others are RUNWAY_OK, or refused as the first one was, which ends
 * the run: what is on its way to a create by then does not ask again. credits is
 * the price of the clip at hand, -1: not known.
 *
 * RUNWAY_REFUSED: the key is not accepted, the balance is smaller than the
 * price, or no task is left for today; the text has the numbers.
 * RUNWAY_CANCELLED. An account that cannot be read is no reason to stop.
 */
RunwayOutcome ff_runway_account_admit(RunwayAccountGate *gate,
                                      const char *model_name, double credits,
                                      RunwayError *err);

/**
 * While one caller's creates are put off by the provider, nobody else tries: an
 * account's limits are the same for all. who is any address of the caller's.
 * Whether it may create now; from any thread.
 */
int ff_runway_account_may_create(RunwayAccountGate *gate, const void *who);

/**
 * A create of who's was RUNWAY_UNAVAILABLE. The first of a row is the one that
 * tries again, until it calls ff_runway_account_release(); and the account is
 * checked once more, as what is used up for today has no other sign that is
 * documented. Returns as ff_runway_account_admit() does.
 */
RunwayOutcome ff_runway_account_put_off(RunwayAccountGate *gate,
                                        const void *who,
                                        const char *model_name, double credits,
                                        RunwayError *err);

/** who is answered, or gives up; nothing where it is another's turn. */
void ff_runway_account_release(RunwayAccountGate *gate, const void *who);

#endif /* AVFILTER_RUNWAY_HTTP_ACCOUNT_H */
