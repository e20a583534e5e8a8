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

/* What slices of HEVC begin with, as FFmpeg reads it: up to how many entries they
 * have, places to decode from, for each of which it takes memory before it knows
 * whether that is so. Another picture parameter set than FFmpeg goes by would
 * have it read something else: it may leave out one that is not right, so none
 * such is let through. */

#include "nals_internal.h"

/* The bits of a number below that. */
static int bits_below(uint32_t nb)
{
    int bits = 0;

    while (((uint64_t)1 << bits) < nb)
        bits++;
    return bits;
}

/* The tiles of pictures. @return how many entries a slice may have */
static uint32_t read_tiles(Bits *b, const RunwayNalsSequence *s)
{
    const int has_tiles = (int)read_bit(b), has_waves = (int)read_bit(b);
    int64_t columns = 1, rows = 1;

    if (has_tiles) {
        columns += read_ue(b, s->columns - 1);
        rows    += read_ue(b, s->rows - 1);
        if (!read_bit(b)) /* of other sizes */
            for (int64_t i = columns + rows - 2; i > 0 && !b->is_bad; i--)
                read_ue(b, UINT16_MAX);
        read_bit(b);
    }
    return (uint32_t)(columns * (has_waves ? s->rows : rows) - 1);
}

/* What comes last, and later decoders read of more profiles. */
static void read_extensions(Bits *b, const RunwayNalsSequence *s,
                            RunwayNalsPicture *p, int has_skips)
{
    const int flags = (int)read_bits(b, 8);

    b->is_bad |= flags >> 4 & 1; /* of the screen's content, as in a sequence */
    if (!(flags >> 7))
        return;
    if (has_skips)
        read_ue(b, 31);
    read_bit(b);
    p->has_list = (unsigned char)read_bit(b);
    b->is_bad |= p->has_list && !s->is_ranged;
    if (p->has_list) {
        read_ue(b, 31);
        for (int64_t i = 2 * read_ue(b, 5) + 2; i > 0; i--)
            read_ue(b, 255);
    }
    read_ue(b, 31);
    read_ue(b, 31);
}

/* Its fields behind those that are for other decoders. */
static void read_filters(Bits *b, RunwayNalsPicture *p)
{
    p->has_edges = (unsigned char)read_bit(b);
    if (read_bit(b)) {
        p->has_override  = (unsigned char)read_bit(b);
        p->is_unfiltered = (unsigned char)read_bit(b);
        for (int i = p->is_unfiltered ? 2 : 0; i < 2; i++)
            read_ue(b, 12);
    }
    if (read_bit(b))
        ff_runway_nals_skip_lists(b);
    p->has_order = (unsigned char)read_bit(b);
    read_ue(b, 6);
    read_bit(b);
}

void ff_runway_nals_read_picture(Bits *b, const RunwayNalsSequence sequences[16],
                                 RunwayNalsPicture *picture)
{
    RunwayNalsPicture p = { .sequence = (unsigned char)read_ue(b, 15) };
    const RunwayNalsSequence *s = &sequences[p.sequence];
    Bits tiles;
    int has_skips;

    if (b->is_bad || !s->rows)
        return;
    p.has_parts  = (unsigned char)read_bit(b);
    p.has_output = (unsigned char)read_bit(b);
    p.nb_extra   = (unsigned char)read_bits(b, 3);
    read_bit(b);
    p.has_start = (unsigned char)read_bit(b);
    for (int i = 0; i < 2; i++)
        p.nb_refs[i] = (unsigned char)(read_ue(b, 15) + 1);
    read_ue(b, 255);
    read_bit(b);
    has_skips = (int)read_bit(b);
    if (read_bit(b))
        read_ue(b, 3);
    read_ue(b, 24);
    read_ue(b, 24);
    p.has_chroma_offsets = (unsigned char)read_bit(b);
    for (int i = 0; i < 2; i++)
        p.has_weights[i] = (unsigned char)read_bit(b);
    read_bit(b);
    tiles         = *b;
    p.has_entries = read_bits(&tiles, 2) > 0;
    p.most        = read_tiles(b, s);
    read_filters(b, &p);
    if (read_bit(b))
        read_extensions(b, s, &p, has_skips);
    b->is_bad |= ff_runway_nals_is_over(b);
    *picture = p;
}

/* Which picture it is, and those that are kept. @return how many of them count
 * now; *has_motion: whether motion is taken over from one */
static int skip_order(Bits *b, const RunwayNalsSequence *s, int *has_motion)
{
    int used;

    read_bits(b, s->order_bits);
    if (!read_bit(b)) {
        ff_runway_nals_skip_refs(b, s, s->nb_sets, 1, &used);
    } else {
        const unsigned nth = read_bits(b, bits_below(s->nb_sets));

        b->is_bad |= nth >= s->nb_sets;
        used = b->is_bad ? 0 : s->used[nth];
    }
    if (s->has_long) {
        const int64_t known = s->nb_long ? read_ue(b, s->nb_long) : 0;
        const int64_t nb = known + read_ue(b, 32 - known);

        for (int64_t i = 0; i < nb && !b->is_bad; i++) {
            if (i < known) {
                const unsigned nth = read_bits(b, bits_below(s->nb_long));

                used += (int)(s->long_used >> nth & 1);
            } else {
                read_bits(b, s->order_bits);
                used += (int)read_bit(b);
            }
            if (read_bit(b))
                read_ue(b, UINT32_MAX);
        }
    }
    *has_motion = s->has_motion && read_bit(b);
    return used;
}

/* How much of each reference is in a picture. */
static void skip_weights(Bits *b, const RunwayNalsSequence *s, const int nb[2])
{
    read_ue(b, 7);
    if (s->has_chroma)
        read_ue(b, 14);
    for (int k = 0; k < 2; k++) {
        const unsigned luma   = read_bits(b, nb[k]);
        const unsigned chroma = s->has_chroma ? read_bits(b, nb[k]) : 0;

        for (int i = nb[k] - 1; i >= 0; i--) {
            const int pairs = (int)(luma >> i & 1) + 2 * (int)(chroma >> i & 1);

            for (int n = 0; n < pairs; n++) {
                read_ue(b, 256);
                read_ue(b, 1 << 18);
            }
        }
    }
}

/* What only slices of P (kind 1) and B (0) have. used: of how many pictures */
static void skip_inter(Bits *b, const RunwayNalsSequence *s,
                       const RunwayNalsPicture *p, int kind, int used,
                       int has_motion)
{
    int nb[2] = { p->nb_refs[0], kind ? 0 : p->nb_refs[1] };

    if (read_bit(b))
        for (int k = 0; k < 2 - kind; k++)
            nb[k] = (int)read_ue(b, 15) + 1;
    for (int k = 0; p->has_order && used > 1 && k < 2 - kind; k++)
        if (read_bit(b))
            read_bits(b, nb[k] * bits_below((uint32_t)used));
    if (!kind)
        read_bit(b);
    if (p->has_start)
        read_bit(b);
    if (has_motion) {
        const int from = !kind && !read_bit(b);

        if (nb[from] > 1)
            read_ue(b, nb[from] - 1);
    }
    if (p->has_weights[!kind])
        skip_weights(b, s, nb);
    read_ue(b, 4);
}

/* What a slice has that does not go on with the one before. */
static void skip_own(Bits *b, const RunwayNalsSequence *s,
                     const RunwayNalsPicture *p, int is_idr)
{
    int kind, used = 0, has_motion = 0, is_unfiltered = p->is_unfiltered;

    read_bits(b, p->nb_extra);
    kind = (int)read_ue(b, 2);
    read_bits(b, p->has_output + 2 * s->has_planes);
    if (!is_idr)
        used = skip_order(b, s, &has_motion);
    if (s->has_offsets && read_bits(b, 1 + s->has_chroma))
        is_unfiltered = -1;
    if (kind < 2)
        skip_inter(b, s, p, kind, used, has_motion);
    read_ue(b, 255);
    for (int i = 0; i < 2 * p->has_chroma_offsets; i++)
        read_ue(b, 24);
    read_bits(b, p->has_list);
    if (p->has_override && read_bit(b)) {
        const int is_off = (int)read_bit(b);

        for (int i = is_off ? 2 : 0; i < 2; i++)
            read_ue(b, 12);
        is_unfiltered = is_unfiltered < 0 ? -1 : is_off;
    }
    if (p->has_edges && is_unfiltered < 1)
        read_bit(b);
}

int ff_runway_nals_has_bad_slice(const RunwayNals *nals, Bits b)
{
    const int type = (int)(read_bits(&b, 16) >> 9) & 63;
    const int is_first = (int)read_bit(&b);
    const RunwayNalsPicture *p;
    const RunwayNalsSequence *s;
    int goes_on = 0;

    if ((type > 9 && type < 16) || type > 21)
        return 0; /* no decoder knows those */
    if (type >= 16)
        read_bit(&b);
    p = &nals->pictures[read_ue(&b, 63)];
    s = &nals->sequences[p->sequence];
    if (b.is_bad || !p->has_entries)
        return b.is_bad;
    if (!is_first) {
        goes_on = p->has_parts && read_bit(&b);
        read_bits(&b, bits_below(s->columns * s->rows));
    }
    if (!goes_on)
        skip_own(&b, s, p, type == 19 || type == 20);
    read_ue(&b, p->most);
    return b.is_bad;
}
