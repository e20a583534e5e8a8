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
 * cJSON, wherever its header lies: cjson/cJSON.h as it installs it, cJSON.h as
 * its pkg-config file points to.
 */

#ifndef AVFILTER_RUNWAY_BASE_JSON_H
#define AVFILTER_RUNWAY_BASE_JSON_H

#if defined(__has_include)
#if !__has_include(<cJSON.h>) && __has_include(<cjson/cJSON.h>)
#define RUNWAY_CJSON_IN_DIRECTORY
#endif
#endif
#ifdef RUNWAY_CJSON_IN_DIRECTORY
#include <cjson/cJSON.h>
#else
#include <cJSON.h>
#endif

/** The field of that name, NULL when there is none or object is no object. */
static inline const cJSON *runway_json_field(const cJSON *object,
                                              const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/** The field's text, NULL when it is no string or an empty one. */
static inline const char *runway_json_text(const cJSON *object,
                                           const char *name)
{
    const cJSON *item = runway_json_field(object, name);

    return cJSON_IsString(item) && item->valuestring[0] ? item->valuestring
                                                        : NULL;
}

#endif /* AVFILTER_RUNWAY_BASE_JSON_H */
