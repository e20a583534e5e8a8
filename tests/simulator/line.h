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
 * A request's line in the log: what is known of it when it begins, and what
 * came of it.
 */

#ifndef SIMULATOR_LINE_H
#define SIMULATOR_LINE_H

#include "http.h"

/** Starts req->line. The key is not in it, nor anything that is signed. */
void sim_line_start(SimRequest *req);

/** Ends and writes it, where it is not written yet. @param status 0: none */
void sim_line_end(SimServer *server, SimRequest *req, int status);

#endif /* SIMULATOR_LINE_H */
