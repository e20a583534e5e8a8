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

/* The bits that parameter sets are made of, for nals.c and nals_hevc.c. */

#ifndef AVFILTER_RUNWAY_MATH_NALS_INTERNAL_H
#define AVFILTER_RUNWAY_MATH_NALS_INTERNAL_H

#include "nals.h"

/* The bits of a NAL unit, without the bytes that keep start codes out of it. */
typedef struct Bits {
    const unsigned char *data;
    size_t size, at;
    int zeros;           ///< bytes of 0 in a row before at
    int left;            ///< bits of the byte before at
    size_t escapes;      ///< of such bytes before at
    int is_bad;          ///< it ended, or says what it may not
} Bits;

/* What a parameter set says; of others than sequences, 0x0. */
typedef struct Set {
    int64_t id, width, height;
    int lists;           ///< of scaling that its pictures may have, in H.264
    int number_bits;     ///< of frame_num, in H.264
} Set;

static inline unsigned read_bit(Bits *b)
{
    if (!b->left) {
        if (b->zeros >= 2 && b->at < b->size && b->data[b->at] == 3) {
            b->at++;
            b->zeros = 0;
            b->escapes++;
        }
        if (b->at == b->size || (b->zeros >= 2 && b->data[b->at] == 2)) {
            b->size   = b->at; /* to some decoders, that is an end, too */
            b->is_bad = 1;
            return 0;
        }
        b->zeros = b->data[b->at++] ? 0 : b->zeros + 1;
        b->left  = 8;
    }
    return b->data[b->at - 1] >> --b->left & 1;
}

static inline unsigned read_bits(Bits *b, int nb)
{
    unsigned value = 0;

    while (nb-- > 0)
        value = value << 1 | read_bit(b);
    return value;
}

/* An Exp-Golomb code that may be most; 0: it is not. */
static inline int64_t read_ue(Bits *b, int64_t most)
{
    int64_t value;
    int nb = 0;

    while (!b->is_bad && !read_bit(b))
        b->is_bad |= ++nb > 31;
    if (b->is_bad)
        return 0;
    value = ((int64_t)1 << nb | read_bits(b, nb)) - 1;
    b->is_bad |= value > most;
    return b->is_bad ? 0 : value;
}

static inline int is_at_end(const Bits *b)
{
    return b->at == b->size && !b->left;
}

/* Whether a video parameter set of HEVC has, behind its number, what a decoder
 * reads on from and cannot be read. */
int ff_runway_nals_has_bad_hrd(Bits b);

/* A sequence parameter set of HEVC, up to its extensions. */
void ff_runway_nals_read_hevc(Bits *b, Set *set, RunwayNalsSequence *s);

/* What skips over lists of scaling, and over the nth set of references of a
 * sequence, or that of a slice. @return how many pictures are in it; *used: how
 * many of these count now */
void ff_runway_nals_skip_lists(Bits *b);
int ff_runway_nals_skip_refs(Bits *b, const RunwayNalsSequence *s, int nth,
                             int is_slice, int *used);

/* Whether more was read of a set than it has before the bit that ends it. */
int ff_runway_nals_is_over(const Bits *b);

/* A picture parameter set of HEVC, behind its number. Nothing becomes of one
 * whose sequence is unknown, which decoders refuse. */
void ff_runway_nals_read_picture(Bits *b, const RunwayNalsSequence sequences[16],
                                 RunwayNalsPicture *p);

/* Whether what a slice of HEVC begins with cannot be read, or claims too much. */
int ff_runway_nals_has_bad_slice(const RunwayNals *nals, Bits b);

#endif /* AVFILTER_RUNWAY_MATH_NALS_INTERNAL_H */
