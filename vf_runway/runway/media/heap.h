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
#ifdef __GLIBC__
#include <malloc.h>
#endif

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
