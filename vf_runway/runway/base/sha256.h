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
 * SHA-256 (FIPS 180-4), which names results on disk: people and other programs
 * can check them with sha256sum. Here because the core has no FFmpeg, and
 * libcurl does not hand out that of its TLS library.
 */

#ifndef AVFILTER_RUNWAY_BASE_SHA256_H
#define AVFILTER_RUNWAY_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/** Size of a digest as text: 64 lower-case hex digits and a 0. */
#define RUNWAY_SHA256_SIZE 65
/** The same of a clip's identity, which is the SHA-256 of what makes it up. */
#define RUNWAY_IDENTITY_SIZE RUNWAY_SHA256_SIZE

/** Belongs to one thread at a time. */
typedef struct RunwaySha256 {
    uint32_t h[8];
    uint64_t bytes;
    unsigned char block[64];
} RunwaySha256;

void ff_runway_sha256_init(RunwaySha256 *s);
void ff_runway_sha256_add(RunwaySha256 *s, const void *data, size_t size);
/** The digest of all that was added; s must be initialized before it is used
 *  again. */
void ff_runway_sha256_text(RunwaySha256 *s, char text[RUNWAY_SHA256_SIZE]);

#endif /* AVFILTER_RUNWAY_BASE_SHA256_H */
