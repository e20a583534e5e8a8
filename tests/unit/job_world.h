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
 * Clips' whole journeys, from nothing to a result in the cache, against a
 * service of its own, again and again while another call fails each time.
 */

#ifndef TESTS_UNIT_JOB_WORLD_H
#define TESTS_UNIT_JOB_WORLD_H

#include "base/error.h"
#include "faults.h"
#include "tiny_server.h"

typedef struct World World;

typedef enum WorldKind {
    WORLD_INLINE,    ///< one clip inside its request
    WORLD_UPLOAD,    ///< one clip that goes to the storage
    WORLD_PIPELINE,  ///< two clips on threads
} WorldKind;

/**
 * Let each call of that kind fail, alone, and from some on all of them.
 * Whatever it is: the journal says no more than the service knows, no task is
 * paid for twice, nothing is left open or not freed, there is an error text,
 * and the next run gets through.
 */
void world_sweep(const char *name, FaultKind kind, WorldKind world);

/**
 * One clip's journey, with no fault but a service that may be hostile: special
 * is asked first about each request, and says -1 to leave it to the usual one.
 * Waits between tries are short, and none of them ends the run.
 */
RunwayOutcome world_run_hostile(ServerHandler special,
                                int64_t download_timeout, RunwayError *err);

/** One clip's journey, with an end of the buying each time that this is asked:
 *  nothing is sent, and no intent is left. */
void world_close(void);

#endif /* TESTS_UNIT_JOB_WORLD_H */
