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
 * The record tests read: one JSON object a line, appended whole.
 */

#ifndef SIMULATOR_LOG_H
#define SIMULATOR_LOG_H

#include <cjson/cJSON.h>

typedef struct SimLog SimLog;

/**
 * @param path the file to append to, NULL for none
 * @return NULL when it cannot be opened (errno says why)
 */
SimLog *sim_log_open(const char *path);

/** Starts a line about an event: {"t":..., "event":NAME}. */
cJSON *sim_log_event(const char *name);

/** Writes a line and frees it. May be called from any thread. */
void sim_log_write(SimLog *log, cJSON *line);

void sim_log_close(SimLog *log);

/**
 * A copy of a request body fit for reading: long strings are cut and carry
 * their length and digest instead.
 */
cJSON *sim_log_shorten(const cJSON *body);

/** Seconds, rounded to a tenth of a millisecond so that lines stay readable. */
double sim_log_seconds(double t);

#endif /* SIMULATOR_LOG_H */
