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
 * What the cache's own files share, and nobody else looks at: the directories
 * and the names in them. Results are brought in and found in cache.c, and
 * cleared away in cache_prune.c.
 */

#ifndef AVFILTER_RUNWAY_STORE_CACHE_INTERNAL_H
#define AVFILTER_RUNWAY_STORE_CACHE_INTERNAL_H

#include "cache.h"

/* the option that names the directory, for error texts */
#define OPTION "cache_dir"

#define SUFFIX_DAMAGED ".damaged" ///< what is not what was stored

struct RunwayCache {
    char *dir, *results, *incoming;
    int64_t size;
    int read_only;
    const RunwayLog *log;
};

#endif /* AVFILTER_RUNWAY_STORE_CACHE_INTERNAL_H */
