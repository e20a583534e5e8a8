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
 * What the prompt's words do to the picture, and the failures it can ask for.
 */

#ifndef SIMULATOR_LOOKS_H
#define SIMULATOR_LOOKS_H

typedef struct SimLook {
    const char *name;
    const char *words;  ///< separated by blanks; any of them asks for it
    const char *filter; ///< on limited-range yuv420p
    const char *about;  ///< for --help
} SimLook;

/** All looks, ending with one without a name; the last named is the default. */
extern const SimLook sim_looks[];

/** The look a prompt asks for; NULL is an empty prompt. */
const SimLook *sim_look_find(const char *prompt);

/**
 * Whether the prompt asks for a failure: "fail CODE" or "fail with CODE".
 * @param code receives the code, cut to @p size
 * @return 1 or 0
 */
int sim_look_failure(const char *prompt, char *code, int size);

/** The text the service gives with such a code. */
const char *sim_failure_text(const char *code);

#endif /* SIMULATOR_LOOKS_H */
