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
 * A thing that is done over and over while the first, the second, the third ...
 * call of the C library in it fails, until one time none has failed.
 */

#ifndef TESTS_UNIT_SWEEP_H
#define TESTS_UNIT_SWEEP_H

#include "base/error.h"
#include "faults.h"

/** What is done; it frees what it takes. With anything but RUNWAY_OK err has a
 *  text. */
typedef RunwayOutcome (*SweepDo)(void *opaque, RunwayError *err);

/** An outcome, as a bit of what is allowed. */
#define SWEEP_MAY(outcome) (1u << (outcome))

/**
 * Do it with each fault of that kind: alone, and with all that follow. After a
 * fault the outcome is one of may, with a text; no block of memory and no
 * descriptor is left. Without one it is RUNWAY_OK.
 */
void sweep(const char *name, FaultKind kind, SweepDo what, void *opaque,
           unsigned may);

/** The same for memory: RUNWAY_NOMEM, or one of may. */
void sweep_memory(const char *name, SweepDo what, void *opaque, unsigned may);

/** How many descriptors are open. */
int sweep_descriptors(void);

/** A directory for a test, NULL: none can be made. */
char *sweep_make_dir(void);
void sweep_remove_dir(char *dir);

#endif /* TESTS_UNIT_SWEEP_H */
