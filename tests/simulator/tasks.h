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
 * The tasks of the service: their state by time, what they cost, the signed
 * names of their results. All functions may be called from any thread.
 */

#ifndef SIMULATOR_TASKS_H
#define SIMULATOR_TASKS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "log.h"
#include "options.h"
#include "provider.h"
#include "render.h"

typedef struct SimTasks SimTasks;

typedef enum SimStatus {
    STATUS_PENDING,
    STATUS_THROTTLED,
    STATUS_RUNNING,
    STATUS_SUCCEEDED,
    STATUS_FAILED,
    STATUS_CANCELLED,
} SimStatus;

/** What a create hands over. */
typedef struct SimNewTask {
    SimProvider provider;
    const SimModel *model;
    int credits;
    int held;                   ///< credits until the task has ended
    const char *body_sha256;
    const char *clip_sha256;    ///< NULL when there is no clip at hand
    const char *failure_code;   ///< how it is to fail, or NULL
    SimRenderJob *job;          ///< what to make, or NULL; taken over
} SimNewTask;

/** A task as it is at one moment. */
typedef struct SimTaskView {
    char id[37];
    char created_at[32];
    SimStatus status;
    double progress;            ///< negative: none known
    int credits;                ///< what it costs, or what is held for it
    char failure[256];
    char failure_code[96];
    char file[64];              ///< last part of the result's URL
    char token[128];            ///< fresh _jwt for it
} SimTaskView;

typedef enum SimAccess {
    ACCESS_GRANTED,
    ACCESS_UNKNOWN,     ///< no such result
    ACCESS_DENIED,      ///< no or a wrong token
    ACCESS_EXPIRED,
} SimAccess;

SimTasks *sim_tasks_alloc(const SimOptions *options, SimLog *log,
                          SimRender *render);

/** To be called when neither server nor renderer run any more. NULL-safe. */
void sim_tasks_free(SimTasks *tasks);

/** Whether the account may create one more task of this price. */
typedef enum SimAllowance {
    ALLOWANCE_OK,
    ALLOWANCE_NO_CREDITS,
    ALLOWANCE_DAY_FULL,
} SimAllowance;

SimAllowance sim_tasks_allowance(SimTasks *tasks, int credits);

/** Makes, bills and starts a task. @p id receives its name. */
void sim_tasks_create(SimTasks *tasks, const SimNewTask *task, char id[37]);

/**
 * @return 0; -1 when there is none of that name for that provider; -2 when
 *         the provider does not know it yet
 */
int sim_tasks_read(SimTasks *tasks, SimProvider provider, const char *id,
                   SimTaskView *view);

/** Cancels or deletes. @return 0 or -1 as above */
int sim_tasks_delete(SimTasks *tasks, SimProvider provider, const char *id);

/**
 * Opens a result for reading.
 * @param fd   receives a descriptor that the caller closes
 * @param etag receives the entity tag, quoted
 */
SimAccess sim_tasks_open(SimTasks *tasks, const char *file, const char *token,
                         int *fd, uint64_t *size, char etag[40]);

/** Another create was seen, whatever comes of it. */
void sim_tasks_count_create(SimTasks *tasks);

/** The account as Runway shows it. */
cJSON *sim_tasks_organization(SimTasks *tasks);

/** What happened so far, for tests. */
cJSON *sim_tasks_stats(SimTasks *tasks);

const char *sim_status_name(SimStatus status);

#endif /* SIMULATOR_TASKS_H */
