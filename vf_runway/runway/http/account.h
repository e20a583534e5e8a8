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
 * A look at the account before the first create of a run: what is there to be
 * spent, and how many tasks are left for today. It costs nothing, and what would
 * be refused is said before anything is uploaded.
 */

#ifndef AVFILTER_RUNWAY_HTTP_ACCOUNT_H
#define AVFILTER_RUNWAY_HTTP_ACCOUNT_H

#include "client.h"
#include "../base/error.h"
#include "../base/log.h"

typedef struct RunwayAccountGate RunwayAccountGate;

/**
 * client and log outlive the gate. Nothing is asked yet, and never where the
 * provider has no account to look at.
 */
RunwayOutcome ff_runway_account_gate_create(RunwayClient *client,
                                            const RunwayLog *log,
                                            RunwayAccountGate **gate,
                                            RunwayError *err);
void ff_runway_account_gate_free(RunwayAccountGate **gate);

/**
 * Before a create; from any thread, and others wait meanwhile. The first call
 * looks; all others are RUNWAY_OK, as the first one's failure ends the run.
 * credits is the price of the clip at hand, -1: not known.
 *
 * RUNWAY_REFUSED: the key is not accepted, the balance is smaller than the
 * price, or no task is left for today; the text has the numbers.
 * RUNWAY_CANCELLED. An account that cannot be read is no reason to stop.
 */
RunwayOutcome ff_runway_account_admit(RunwayAccountGate *gate,
                                      const char *model_name, double credits,
                                      RunwayError *err);

#endif /* AVFILTER_RUNWAY_HTTP_ACCOUNT_H */
