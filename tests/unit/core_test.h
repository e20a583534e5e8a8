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
 * What several tests of the core need.
 */

#ifndef TESTS_UNIT_CORE_TEST_H
#define TESTS_UNIT_CORE_TEST_H

#include <stddef.h>
#include <stdint.h>

#include "api/body.h"
#include "api/models.h"

/** size bytes that look random and are the same each time; free() it. */
uint8_t *make_bytes(size_t size);

/** base64, written down from its definition and unlike the one that is tested:
 *  one bit after the other; free() it. */
char *plain_base64(const uint8_t *data, size_t size);

/** A nameless file with these bytes, its offset at their end. */
int make_file(const void *data, size_t size);

/** The whole body as a string, read in steps of step bytes; free() it.
 *  *size is its length. */
char *read_whole_body(RunwayBody *body, size_t step, size_t *size);

/** The model of that name: the one that edits, where there are two. */
const RunwayModel *find_model(const char *name);

/** How many times longer things may take (TEST_PATIENCE), 1 at least. */
double test_patience(void);

#endif /* TESTS_UNIT_CORE_TEST_H */
