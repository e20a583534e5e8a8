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
 * Results on disk.
 *
 * A cache may be used from several threads and by several processes at once.
 * Below cache_dir it keeps results/IDENTITY.CHECKSUM.mp4 (the checksum in the
 * name, so that two journals with one cache do not take each other's results
 * away), IDENTITY.CHECKSUM.refused.mp4 beside them for what was paid for and
 * cannot be used, and incoming/ for what is still being downloaded; directories
 * 0700, files 0600. A descriptor that comes from here keeps its file from being
 * pruned until it is closed, by a shared flock(). Errors name the option
 * cache_dir, the path and the reason.
 */

#ifndef AVFILTER_RUNWAY_STORE_CACHE_H
#define AVFILTER_RUNWAY_STORE_CACHE_H

#include <stdint.h>

#include "../base/checksum.h"
#include "../base/error.h"
#include "../base/log.h"

typedef struct RunwayCache RunwayCache;
/** A result on its way in; belongs to one thread at a time. */
typedef struct RunwayCacheEntry RunwayCacheEntry;

typedef struct RunwayCacheConfig {
    const char *cache_dir; ///< copied; NULL or "": the XDG cache home
    int64_t cache_size;    ///< bytes that results may take; what is in use may
                           ///< pass it for a time
    int read_only;         ///< dry_run: create and change nothing
    const RunwayLog *log;  ///< outlives the cache
} RunwayCacheConfig;

/**
 * Make the directories, prove that they can be written, prune. RUNWAY_INVALID:
 * no home. RUNWAY_IO: they cannot be made or written.
 */
RunwayOutcome ff_runway_cache_create(const RunwayCacheConfig *config,
                                     RunwayCache **cache, RunwayError *err);
/** Entries must have been committed or aborted; descriptors stay valid. */
void ff_runway_cache_free(RunwayCache **cache);

/** cache_dir as it was resolved; lives as long as the cache. */
const char *ff_runway_cache_dir(const RunwayCache *cache);

/** A private, empty file to download into. */
RunwayOutcome ff_runway_cache_begin(RunwayCache *cache, const char *identity,
                                    RunwayCacheEntry **entry,
                                    RunwayError *err);
/** Its descriptor, for reading and writing; the entry's, do not close it. */
int ff_runway_cache_entry_fd(const RunwayCacheEntry *entry);
/** Throw the file away. Does nothing when *entry is NULL. */
void ff_runway_cache_abort(RunwayCacheEntry **entry);

/**
 * Make the file durable under its name; *entry is freed and NULL, whatever the
 * outcome. Sets *size and checksum, which ff_runway_cache_open() wants later,
 * and *fd: read-only, the caller's to close. Older results go where there is
 * too little room for all. RUNWAY_IO: nothing was brought in.
 */
RunwayOutcome ff_runway_cache_commit(RunwayCache *cache,
                                     RunwayCacheEntry **entry, int64_t *size,
                                     char checksum[RUNWAY_CHECKSUM_SIZE],
                                     int *fd, RunwayError *err);

/**
 * Instead of a commit, for a result that is none: it was paid for, so it is kept
 * for a person to look at. It is never opened here again, takes part of
 * cache_size, and goes in its turn as the others do. *entry is freed and NULL,
 * whatever the outcome. Sets checksum, "" when it cannot be kept, which is
 * logged.
 */
void ff_runway_cache_refuse(RunwayCache *cache, RunwayCacheEntry **entry,
                            char checksum[RUNWAY_CHECKSUM_SIZE]);
/** Where such a one lies, malloc()ed; NULL: it is not (or no more) there. */
char *ff_runway_cache_refused_path(const RunwayCache *cache,
                                   const char *identity, const char *checksum);

/**
 * Open a result: read-only, offset 0, the caller's to close. All of it is read:
 * what does not agree with size and checksum is RUNWAY_BAD_RESULT and is moved
 * aside, to be pruned in time. RUNWAY_OK with *fd -1: there is none (pruned).
 * RUNWAY_IO: it cannot be read. In all of these the task may still have it.
 */
RunwayOutcome ff_runway_cache_open(RunwayCache *cache, const char *identity,
                                   int64_t size, const char *checksum, int *fd,
                                   RunwayError *err);

/** Whether there is a file for such a result, of that size; not read. */
int ff_runway_cache_has(const RunwayCache *cache, const char *identity,
                        int64_t size, const char *checksum);

/**
 * Remove what nobody uses: downloads of processes that are gone, then results,
 * the longest unused first, until the others fit. *removed (may be NULL) is how
 * many results went.
 */
RunwayOutcome ff_runway_cache_prune(RunwayCache *cache, int *removed,
                                    RunwayError *err);

#endif /* AVFILTER_RUNWAY_STORE_CACHE_H */
