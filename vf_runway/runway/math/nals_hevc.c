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

#include "nals_internal.h"

/* Whether one of two bits is 1; the second is only there if the first is not. */
static int read_either(Bits *b)
{
    int first = (int)read_bit(b);

    return first || read_bit(b);
}

/* What a set of HEVC says of its levels. */
static void skip_levels(Bits *b, int layers)
{
    int has[8] = { 0 };

    read_bits(b, 88 + 8);
    for (int i = 0; i < 8 && layers; i++)
        has[i] = (int)read_bits(b, 2);
    for (int i = 0; i < layers; i++)
        read_bits(b, (has[i] & 2 ? 88 : 0) + (has[i] & 1 ? 8 : 0));
}

/* And of how many pictures are kept. */
static void skip_orders(Bits *b, int layers)
{
    for (int i = read_bit(b) ? 0 : layers; i <= layers; i++)
        for (int k = 0; k < 3; k++)
            read_ue(b, UINT32_MAX);
}

/* How a stream is to arrive, as FFmpeg reads it: of more than 32 ways it
 * complains to everybody, and goes on. */
static void skip_hrd(Bits *b, int has_common, int layers)
{
    int kinds = 0, has_parts = 0;

    if (has_common) {
        kinds  = (int)read_bit(b);
        kinds += (int)read_bit(b);
        has_parts = kinds && read_bit(b);
        read_bits(b, (has_parts ? 19 + 4 : 0) + (kinds ? 8 + 15 : 0));
    }
    for (int i = 0; i <= layers && !b->is_bad; i++) {
        int is_low = 0;
        int64_t nb = 0;

        if (read_either(b))
            read_ue(b, UINT32_MAX);
        else
            is_low = (int)read_bit(b);
        if (!is_low)
            nb = read_ue(b, 31);
        for (nb = kinds * (nb + 1); nb > 0; nb--) {
            for (int k = 0; k < (has_parts ? 4 : 2); k++)
                read_ue(b, UINT32_MAX);
            read_bit(b);
        }
    }
}

int ff_runway_nals_has_bad_hrd(Bits b)
{
    int layers, most;
    int64_t nb;

    read_bits(&b, 2 + 6);
    layers = (int)read_bits(&b, 3);
    read_bits(&b, 1 + 16);
    skip_levels(&b, layers);
    skip_orders(&b, layers);
    most = (int)read_bits(&b, 6) + 1;
    nb   = read_ue(&b, 1023);
    if (b.is_bad)
        return 0;
    for (nb *= most; nb > 0 && !b.is_bad; nb--)
        read_bit(&b);
    if (!read_bit(&b))
        return b.is_bad;
    read_bits(&b, 64);
    if (read_bit(&b))
        read_ue(&b, UINT32_MAX);
    nb = read_ue(&b, 1024);
    for (int64_t i = 0; i < nb && !b.is_bad; i++) {
        read_ue(&b, UINT32_MAX);
        skip_hrd(&b, !i || read_bit(&b), layers);
    }
    return b.is_bad;
}

void ff_runway_nals_skip_lists(Bits *b)
{
    for (int i = 0; i < 6 + 6 + 6 + 2; i++) {
        int nb = (i < 6 ? 16 : 64) + (i >= 12);

        if (!read_bit(b))
            read_ue(b, 5);
        else
            while (nb--)
                read_ue(b, 511);
    }
}

/* It goes by the one before, or that of a slice by any. */
int ff_runway_nals_skip_refs(Bits *b, const RunwayNalsSequence *s, int nth,
                             int is_slice, int *used)
{
    int nb = 0;

    *used = 0;
    if (nth > 0 && read_bit(b)) {
        const int64_t back = is_slice ? read_ue(b, nth - 1) : 0;
        const int before = s->refs[nth - 1 - back];

        read_bit(b);
        read_ue(b, 32767);
        for (int i = 0; i <= before; i++) {
            const int is_used = (int)read_bit(b);

            *used += is_used;
            nb    += is_used || read_bit(b);
        }
        b->is_bad |= nb > 31; /* to decoders */
        return nb;
    }
    for (int i = 0; i < 2; i++)
        nb += (int)read_ue(b, 15);
    for (int i = 0; i < nb; i++) {
        read_ue(b, 32767);
        *used += (int)read_bit(b);
    }
    return nb;
}

/* Bits before b, without escapes. */
static int64_t count_bits(const Bits *b)
{
    return (int64_t)(b->at - b->escapes) * 8 - b->left;
}

/* And before the one that ends the set: the last that is 1. */
static int64_t find_end(Bits b)
{
    unsigned last = 1;
    int64_t end = 0;

    for (; !b.is_bad; read_bit(&b)) {
        b.left = 0;
        if (b.data[b.at - 1]) {
            last = b.data[b.at - 1];
            end  = count_bits(&b);
        }
    }
    for (; !(last & 1); last >>= 1)
        end--;
    return end - 1;
}

int ff_runway_nals_is_over(const Bits *b)
{
    return count_bits(b) > find_end(*b);
}

/* An Exp-Golomb code, whatever it is, as FFmpeg reads it. */
static void skip_ue(Bits *b)
{
    int nb = 0;

    while (nb < 31 && !read_bit(b))
        nb++;
    read_bits(b, nb < 31 ? nb : 32);
}

/* Times in a set for sequences, and what its pictures keep to. is_again: this is
 * read for the second time. @return whether FFmpeg does that, as the set ends too
 * early; -1: the times cannot be read */
static int read_times(Bits *b, int layers, int64_t end, int is_again)
{
    if (read_bit(b)) {
        if (!is_again && end - count_bits(b) < 66)
            return 1;
        read_bits(b, 64);
        if (read_bit(b))
            read_ue(b, UINT32_MAX);
        if (read_bit(b))
            skip_hrd(b, 1, layers);
        if (b->is_bad)
            return -1;
    }
    if (read_bit(b)) {
        read_bits(b, 3);
        for (int i = 0; i < 5; i++)
            skip_ue(b);
    }
    return !is_again && count_bits(b) >= end;
}

/* FFmpeg takes what is a window to others for times if it is as some old encoders
 * wrote these, or if there is too little behind it. */
static void read_look(Bits *b, int layers)
{
    Bits ahead, window;
    int64_t end;
    int ret;

    if (read_bit(b) && read_bits(b, 8) == 255)
        read_bits(b, 32);
    if (read_bit(b))
        read_bit(b);
    if (read_bit(b) && (read_bits(b, 5) & 1))
        read_bits(b, 24);
    if (read_bit(b)) {
        read_ue(b, 30);
        read_ue(b, 30);
    }
    read_bits(b, 3);
    ahead = window = *b;
    end = find_end(*b);
    if ((end - count_bits(b) < 68 || read_bits(&ahead, 21) != 0x100000) &&
        read_bit(&window))
        for (int i = 0; i < 4; i++)
            skip_ue(&window);
    ret = read_times(&window, layers, end, 0);
    if (ret > 0)
        ret = read_times(b, layers, end, 1);
    else
        *b = window;
    b->is_bad |= ret < 0;
}

/* What pictures refer to. */
static void read_references(Bits *b, RunwayNalsSequence *s)
{
    s->nb_sets = (unsigned char)read_ue(b, 64);
    for (int i = 0; i < s->nb_sets && !b->is_bad; i++) {
        int used;

        s->refs[i] = (unsigned char)ff_runway_nals_skip_refs(b, s, i, 0, &used);
        s->used[i] = (unsigned char)used;
    }
    s->has_long = (unsigned char)read_bit(b);
    if (s->has_long)
        s->nb_long = (unsigned char)read_ue(b, 32);
    for (int i = 0; i < s->nb_long; i++) {
        read_bits(b, s->order_bits);
        s->long_used |= (uint32_t)read_bit(b) << i;
    }
    s->has_motion = (unsigned char)read_bit(b);
}

/* A sequence parameter set of HEVC behind its size. @return the bits of a block's
 * size */
static int read_tools(Bits *b, int layers, RunwayNalsSequence *s)
{
    int bits, has_lists;

    for (int i = read_bit(b) ? 4 : 0; i > 0; i--)
        read_ue(b, UINT32_MAX);
    read_ue(b, UINT32_MAX);
    read_ue(b, UINT32_MAX);
    s->order_bits = (unsigned char)(read_ue(b, 12) + 4);
    skip_orders(b, layers);
    bits  = (int)read_ue(b, 3) + 3;
    bits += (int)read_ue(b, 3);
    for (int i = 0; i < 4; i++)
        read_ue(b, UINT32_MAX);
    has_lists = (int)read_bit(b);
    if (has_lists && read_bit(b))
        ff_runway_nals_skip_lists(b);
    read_bit(b);
    s->has_offsets = (unsigned char)read_bit(b);
    if (read_bit(b)) {
        read_bits(b, 8);
        read_ue(b, UINT32_MAX);
        read_ue(b, UINT32_MAX);
        read_bit(b);
    }
    read_references(b, s);
    read_bit(b);
    if (read_bit(b))
        read_look(b, layers);
    /* of the screen's content, later decoders read more in slices, and go on to
     * refuse them */
    if (read_bit(b))
        b->is_bad |= (int)read_bits(b, 4) & 1;
    return bits;
}

void ff_runway_nals_read_hevc(Bits *b, Set *set, RunwayNalsSequence *s)
{
    Bits profile;
    int64_t kind;
    int layers, bits;

    *s = (RunwayNalsSequence){ 0 };
    read_bits(b, 16 + 4);
    layers = (int)read_bits(b, 3);
    b->is_bad |= layers == 7;
    read_bit(b);
    profile = *b;
    s->is_ranged = (read_bits(&profile, 8) & 31) == 4;
    skip_levels(b, layers);
    set->id = read_ue(b, 15);
    kind    = read_ue(b, 3);
    if (kind == 3)
        s->has_planes = (unsigned char)read_bit(b);
    s->has_chroma = kind && !s->has_planes;
    set->width  = read_ue(b, 1 << 20);
    set->height = read_ue(b, 1 << 20);
    bits = read_tools(b, layers, s);
    s->columns = (uint32_t)((set->width + (1 << bits) - 1) >> bits);
    s->rows    = (uint32_t)((set->height + (1 << bits) - 1) >> bits);
}
