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
 * What the files of runway-tasks share: its state, and its commands, which return
 * the status the program ends with.
 */

#ifndef RUNWAY_TASKS_H
#define RUNWAY_TASKS_H

#include "api/providers.h"
#include "base/log.h"
#include "base/policy.h"
#include "http/client.h"
#include "store/journal.h"
#include "store/results.h"

#define SHORT 12 /* digits of an identity that are shown */

typedef struct Tool {
    const char *provider_name, *base_url, *key_file;
    int json, force;
    RunwayClientConfig config;

    RunwayLog log;
    RunwayJournal *journal;
    RunwayResults *results;
    RunwayClient *client;
    RunwayPolicy policy;
    int failed;             ///< clips of a fetch
} Tool;

/** Say what is wrong. @return 1 */
int tasks_complain(const RunwayError *err);

/** To change something there must be a journal. */
int tasks_open_journal(Tool *t, int read_only);

/** The key and the origin come from the user alone, as for the filter. */
int tasks_open_client(Tool *t);

int tasks_list(Tool *t);
int tasks_sum(Tool *t);
int tasks_fetch(Tool *t);
int tasks_adopt(Tool *t, const char *clip, const char *task_id);
int tasks_forget(Tool *t, const char *clip);

#endif /* RUNWAY_TASKS_H */
