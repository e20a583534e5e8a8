/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/**
 * @file
 * What an output is called: by its first clip's identity. A host that builds its
 * graph again in mid-stream frees the filter and makes another of the same name,
 * which goes on with the same output: how that was called is remembered here,
 * for the process. Any thread.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_REBUILT_H
#define AVFILTER_RUNWAY_ENGINE_REBUILT_H

#include "../store/record.h"

/** An instance of the filter, by its name in the graph (NULL: nothing happens),
 *  ends before its output does. */
void ff_runway_output_leave(const char *instance, const char *output);

/** How the first clip's output is called, the first one's identity being given.
 *  What an instance of that name has left is taken over, once. */
void ff_runway_output_begin(const char *instance, const char *identity,
                            char output[RUNWAY_IDENTITY_SIZE]);

#endif /* AVFILTER_RUNWAY_ENGINE_REBUILT_H */
