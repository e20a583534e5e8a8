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

/**
 * @file
 * What the files of the tasks share, and nobody else looks at: what happens to
 * them is in tasks.c, what is reported of all of them in tasks_report.c.
 */

#ifndef SIMULATOR_TASKS_OWN_H
#define SIMULATOR_TASKS_OWN_H

#include <pthread.h>

#include "tasks.h"
#include "util.h"

#define MAX_TOKENS 16

typedef struct Token {
    char text[128];
    double expires;
} Token;

typedef struct Task {
    char id[37];
    SimProvider provider;
    const SimModel *model;
    char created_at[32];
    double created;
    double released;        ///< when it left THROTTLED; negative: not yet
    double rendered;        ///< when the result was there; negative: not yet
    double ended;           ///< negative: not yet
    SimStatus end_status;   ///< once ended
    int deleted;
    int credits, held;
    char failure[256];
    char failure_code[96];
    char *output;
    char file[64];
    uint64_t size;
    char etag[40];
    char result_sha256[65];
    char body_sha256[65];
    char clip_sha256[65];
    int width, height, rate_num, rate_den;
    long frames;
    Token tokens[MAX_TOKENS];
    int next_token;
    SimTasks *tasks;
    struct Task *next;
} Task;

struct SimTasks {
    const SimOptions *options;
    SimLog *log;
    SimRender *render;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    pthread_t ticker;
    int has_ticker;
    int stop;
    Task *first, **last;
    int nb_tasks;
    long creates;
    double credits;
};

/**
 * Brings all tasks up to now, in the order in which things happen, so that
 * the outcome does not depend on when somebody looks. With the lock held.
 *
 * @return when the next thing is due, INFINITY for never
 */
double sim_tasks_advance(SimTasks *tasks);

#endif /* SIMULATOR_TASKS_OWN_H */
