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
 * The two providers' ways of saying the same things.
 */

#ifndef SIMULATOR_PROVIDER_H
#define SIMULATOR_PROVIDER_H

#include <cjson/cJSON.h>

typedef enum SimProvider {
    PROVIDER_COMET,
    PROVIDER_RUNWAY,
} SimProvider;

struct SimTaskView;

const char *sim_provider_name(SimProvider provider);

/**
 * An error's body.
 * @param text   what is wrong
 * @param issues array of {code, message, path}, taken over; NULL for none
 */
cJSON *sim_error_body(SimProvider provider, int status, const char *text,
                      cJSON *issues);

/** The gateway's way of not knowing a task, by status. */
cJSON *sim_not_exist_body(int status);

/**
 * Adds a fault found in the request to the list.
 * @param path the way to the field, "keyframes.0.uri"; "" is the whole body
 */
void sim_issue_add(cJSON *issues, const char *code, const char *path,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif /* SIMULATOR_PROVIDER_H */
