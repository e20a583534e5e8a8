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

#include "pack.h"

/* A run of 2 to 129 equal bytes is 126 + its length and the byte; 1 to 128 other
 * ones are their number less one and themselves. */
#define RUN 126

static uint8_t less_above(const uint8_t *data, int64_t i, int64_t stride)
{
    return (uint8_t)(data[i] - (i < stride ? 0 : data[i - stride]));
}

int64_t ff_runway_pack(uint8_t *packed, const uint8_t *data, int64_t size,
                       int64_t stride)
{
    int64_t out = 0, literal = -1; /* where the open piece of others begins */

    for (int64_t i = 0; i < size;) {
        const uint8_t value = less_above(data, i, stride);
        int64_t run = 1;

        while (run < 129 && i + run < size &&
               less_above(data, i + run, stride) == value)
            run++;
        if (run > 2) {
            packed[out++] = (uint8_t)(RUN + run);
            packed[out++] = value;
            literal = -1;
        } else {
            run = 1;
            if (literal < 0 || packed[literal] == RUNWAY_PACK_RUN - 1) {
                literal = out++;
                packed[literal] = 0;
            } else {
                packed[literal]++;
            }
            packed[out++] = value;
        }
        i += run;
    }
    return out;
}

void ff_runway_unpack(uint8_t *data, int64_t size, const uint8_t *packed,
                      int64_t stride)
{
    for (int64_t i = 0; i < size;) {
        const int control = *packed++;
        const int is_run = control >= RUNWAY_PACK_RUN;
        int64_t nb = is_run ? control - RUN : control + 1;

        for (; nb > 0 && i < size; nb--, i++) {
            data[i] = (uint8_t)(*packed + (i < stride ? 0 : data[i - stride]));
            packed += !is_run;
        }
        packed += is_run;
    }
}
