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
 * What the files of the wire share, and nobody else looks at: cJSON, and how to
 * take something out of an object that came from the network. What goes out is
 * in wire_request.c, replies are read in wire.c, and what a reply says went
 * wrong in wire_error.c.
 */

#ifndef AVFILTER_RUNWAY_API_WIRE_INTERNAL_H
#define AVFILTER_RUNWAY_API_WIRE_INTERNAL_H

#include "../base/error.h"
#include "../base/json.h"

/** The member of that name, NULL when there is none or object is no object. */
static inline const cJSON *runway_json_member(const cJSON *object,
                                              const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/** The member's text, NULL when it is no string or an empty one. */
static inline const char *runway_json_text(const cJSON *object,
                                           const char *name)
{
    const cJSON *item = runway_json_member(object, name);

    return cJSON_IsString(item) && item->valuestring[0] ? item->valuestring
                                                        : NULL;
}

/** Whether an error reply says that the task does not exist. */
int ff_runway_json_says_not_exist(const cJSON *root);

#endif /* AVFILTER_RUNWAY_API_WIRE_INTERNAL_H */
