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
 * Things that go wrong on purpose, and which request they happen to.
 */

#ifndef SIMULATOR_FAULTS_H
#define SIMULATOR_FAULTS_H

#include <stdint.h>

/** The kinds of request that faults are counted for. */
typedef enum SimWhere {
    WHERE_NONE = -1,
    WHERE_CREATE,
    WHERE_READ,
    WHERE_DELETE,
    WHERE_ACCOUNT,
    WHERE_UPLOAD,   ///< asking for a slot
    WHERE_STORAGE,  ///< sending the file
    WHERE_DOWNLOAD,
    NB_WHERE,
} SimWhere;

typedef enum SimFaultKind {
    FAULT_NONE,
    FAULT_DROP_BEFORE,
    FAULT_DROP_AFTER,
    FAULT_DROP_LATE,
    FAULT_STATUS,
    FAULT_AFTER_STATUS,
    FAULT_AFTER_PAGE,   ///< as a proxy that has forwarded the request
    FAULT_STALL,
    FAULT_CUT,
    FAULT_BAD_JSON,
    FAULT_HTML,
    FAULT_SLOW,
    FAULT_HUGE,
} SimFaultKind;

typedef struct SimFault {
    SimFaultKind kind;
    double value;        ///< status, seconds, bytes or bytes per second
    double retry_after;  ///< seconds, negative: no such header
    const char *name;    ///< as in the command line, for the log
} SimFault;

typedef struct SimFaults SimFaults;

SimFaults *sim_faults_alloc(void);
void sim_faults_free(SimFaults *faults);

/**
 * Adds one rule, "WHERE[:WHICH]=WHAT".
 * @return NULL, or what is wrong with it (constant)
 */
const char *sim_faults_add(SimFaults *faults, const char *rule);

/** Where the random ones start from. */
void sim_faults_seed(SimFaults *faults, uint64_t seed);

/**
 * Counts a request and says what is to happen to it: the first rule that
 * fits. May be called from any thread.
 */
SimFault sim_faults_take(SimFaults *faults, SimWhere where);

/** The word for a kind of request. */
const char *sim_where_name(SimWhere where);

#endif /* SIMULATOR_FAULTS_H */
