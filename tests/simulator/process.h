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
 * Child processes: started without a shell, with a time limit, and ended with
 * the simulator.
 */

#ifndef SIMULATOR_PROCESS_H
#define SIMULATOR_PROCESS_H

#include "util.h"

/** Arguments of a child, growing; zero-initialise. */
typedef struct SimArgs {
    char **argv; ///< NULL-terminated once something was added
    int argc;
} SimArgs;

/** Adds copies of all given strings; the list ends with NULL. */
void sim_args_add(SimArgs *args, ...) __attribute__((sentinel));

/** Adds one formatted argument. */
void sim_args_addf(SimArgs *args, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void sim_args_free(SimArgs *args);

/**
 * Runs argv[0] (looked up in PATH if it has no slash) to its end.
 *
 * @param out     receives stdout if not NULL
 * @param err     receives stderr if not NULL; each keeps at most 32 MiB
 * @param timeout seconds after which the child is killed
 * @return the exit status (0..255), or negative: not started, killed, timed
 *         out, or sim_process_stop_all() was called
 */
int sim_process_run(const SimArgs *args, SimBuf *out, SimBuf *err,
                    double timeout);

/** Kills all running children and refuses new ones, from any thread. */
void sim_process_stop_all(void);

#endif /* SIMULATOR_PROCESS_H */
