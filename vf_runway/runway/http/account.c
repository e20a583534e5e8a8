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
#include <stdlib.h>

#include "account.h"

struct RunwayAccountGate {
    RunwayClient *client;
    const RunwayLog *log;

    pthread_mutex_t lock;
    /* under lock */
    int checked;
    RunwayError refusal;    ///< what the look said, for whoever comes after it
    const void *turn;   ///< who alone may create now; NULL: all
};

RunwayOutcome ff_runway_account_gate_create(RunwayClient *client,
                                            const RunwayLog *log,
                                            RunwayAccountGate **gate,
                                            RunwayError *err)
{
    RunwayAccountGate *g = calloc(1, sizeof(*g));

    *gate = NULL;
    if (!g || pthread_mutex_init(&g->lock, NULL)) {
        free(g);
        return ff_runway_no_memory(err);
    }
    g->client = client;
    g->log    = log;
    *gate     = g;
    return RUNWAY_OK;
}

void ff_runway_account_gate_free(RunwayAccountGate **gate)
{
    if (!*gate)
        return;
    pthread_mutex_destroy(&(*gate)->lock);
    free(*gate);
    *gate = NULL;
}

static RunwayOutcome check(RunwayAccountGate *gate, const char *model_name,
                           double credits, RunwayError *err)
{
    RunwayAccount account;
    RunwayOutcome ret;

    ret = ff_runway_client_account(gate->client, model_name, &account, err);
    if (ret == RUNWAY_REFUSED || ret == RUNWAY_CANCELLED ||
        ret == RUNWAY_NOMEM)
        return ret;
    if (ret) {
        ff_runway_log(gate->log, RUNWAY_LOG_VERBOSE,
                      "the account cannot be checked: %s", err->text);
        return RUNWAY_OK;
    }
    if (account.balance >= 0)
        ff_runway_log(gate->log, RUNWAY_LOG_VERBOSE,
                      "the account has %.15g credits", account.balance);
    if (account.balance >= 0 && credits > account.balance)
        return ff_runway_error(err, RUNWAY_REFUSED, "the account has %.15g "
                               "credits left and this clip costs %.15g: "
                               "nothing was sent", account.balance, credits);
    if (account.daily_max >= 0 && account.daily_count >= account.daily_max)
        return ff_runway_error(err, RUNWAY_REFUSED, "with %s the account may "
                               "create %lld tasks per day and has created "
                               "%lld: nothing was sent; try again tomorrow",
                               model_name, (long long)account.daily_max,
                               (long long)account.daily_count);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_account_admit(RunwayAccountGate *gate,
                                      const char *model_name, double credits,
                                      RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_OK;

    pthread_mutex_lock(&gate->lock);
    if (gate->refusal.outcome)
        ret = ff_runway_error(err, gate->refusal.outcome, "%s",
                              gate->refusal.text);
    else if (!gate->checked && ff_runway_client_has_account(gate->client))
        ret = check(gate, model_name, credits, err);
    if (ret == RUNWAY_REFUSED && err)
        gate->refusal = *err;
    gate->checked = !ret;
    pthread_mutex_unlock(&gate->lock);
    return ret;
}

int ff_runway_account_may_create(RunwayAccountGate *gate, const void *who)
{
    int may;

    pthread_mutex_lock(&gate->lock);
    may = !gate->turn || gate->turn == who;
    pthread_mutex_unlock(&gate->lock);
    return may;
}

RunwayOutcome ff_runway_account_put_off(RunwayAccountGate *gate,
                                        const void *who,
                                        const char *model_name, double credits,
                                        RunwayError *err)
{
    int first;

    pthread_mutex_lock(&gate->lock);
    first = !gate->turn;
    if (first)
        gate->turn = who;
    pthread_mutex_unlock(&gate->lock);
    if (!first || !ff_runway_client_has_account(gate->client))
        return RUNWAY_OK;
    return check(gate, model_name, credits, err);
}

void ff_runway_account_release(RunwayAccountGate *gate, const void *who)
{
    pthread_mutex_lock(&gate->lock);
    if (gate->turn == who)
        gate->turn = NULL;
    pthread_mutex_unlock(&gate->lock);
}
