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
 * What makes one generated clip differ from the next: a model draws each of its
 * own, so colour, light and placement are never the same twice.
 */

#ifndef SIMULATOR_DRIFT_H
#define SIMULATOR_DRIFT_H

#include <stdint.h>

#include "util.h"

/** What may drift; bits of a set. */
enum {
    SIM_DRIFT_TONE    = 1,  ///< brightness, contrast, gamma, saturation, hue
    SIM_DRIFT_FIELD   = 2,  ///< soft light that lies over the picture
    SIM_DRIFT_PLACE   = 4,  ///< a shift and a zoom
    SIM_DRIFT_GRAIN   = 8,
    SIM_DRIFT_SLIDE   = 16, ///< brightness that goes on changing
    SIM_DRIFT_OBJECTS = 32, ///< something that was never there
    SIM_DRIFT_ALL     = 63
};

/** The set a list of names stands for ("tone,field", "all"); -1: none does. */
int sim_drift_parse(const char *list);

/**
 * Append filters to a graph that ends with a link of yuv420p, of 10 bits if deep
 * is set, else of 8, each with a comma in front. What is drawn follows from the
 * seed and the number of the task alone.
 */
void sim_drift_append(SimBuf *graph, int set, uint64_t seed, int number,
                      int width, int height, int deep);

#endif /* SIMULATOR_DRIFT_H */
