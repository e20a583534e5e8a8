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
 * SHA-256 (FIPS 180-4), so that log and stats can name a body or a clip
 * without holding it.
 */

#ifndef SIMULATOR_SHA256_H
#define SIMULATOR_SHA256_H

#include <stddef.h>

/** Hashes @p size bytes into 64 lower-case hex digits and a NUL. */
void sim_sha256_hex(const void *data, size_t size, char out[65]);

/**
 * The same for what a file holds.
 * @return 0 or a negative errno
 */
int sim_sha256_file(const char *path, char out[65]);

#endif /* SIMULATOR_SHA256_H */
