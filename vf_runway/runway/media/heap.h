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
 * Memory that is freed in large pieces, and wanted elsewhere next.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_HEAP_H
#define AVFILTER_RUNWAY_MEDIA_HEAP_H

#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/** Blocks from this size on, bytes: a picture of 1080p is one, of 480p is not. */
#define RUNWAY_HEAP_LARGE (2 << 20)

/** Have large blocks in pages of their own, which go back to the system when
 *  they are freed. glibc begins so from 128 KiB on, and by what is freed raises
 *  that up to 32 MiB: the heap then fills with gaps between pictures, and ten
 *  minutes of 1080p took 40 MiB more than one. It holds for the process from then
 *  on; a size that its user has set stays. Any thread, as often as one likes. */
static inline void ff_runway_heap_set_up(void)
{
#ifdef __GLIBC__
    const char *tunables = getenv("GLIBC_TUNABLES");

    if (!getenv("MALLOC_MMAP_THRESHOLD_") &&
        !(tunables && strstr(tunables, "mmap_threshold")))
        mallopt(M_MMAP_THRESHOLD, RUNWAY_HEAP_LARGE);
#endif
}

/** Give what is free back to the system, where the allocator does not do so by
 *  itself: glibc keeps the pictures of a codec that was closed, each thread its
 *  own, and they do not always fit what is opened next. Takes about 1 ms. */
static inline void ff_runway_heap_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

#endif /* AVFILTER_RUNWAY_MEDIA_HEAP_H */
