/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/**
 * @file
 * NAL units of H.264 by a grammar. What is right without any input: a picture of
 * grey, CAVLC, and after it pictures that are skipped.
 */

#ifndef TESTS_FUZZ_CODED_H264_H
#define TESTS_FUZZ_CODED_H264_H

#include "grammar.h"

/** What was said last, and slices go by; each file begins with all of it 0. */
typedef struct H264 {
    unsigned width, height;
    uint32_t chroma, frame_bits, poc_type, poc_bits, is_frame, is_fixed;
    uint32_t has_cabac, has_poc, has_weights, has_control, has_redundant;
} H264;

static void h264_scaling(Bits *b, FuzzInput *in, int lists)
{
    for (int i = 0; i < lists; i++) {
        int size = i < 6 ? 16 : 64;

        if (!put_u(b, in, 1, seldom(in, 3)))
            continue;
        for (int k = take(in, 0) % (size + 1); k; k--)
            put_ue(b, in, take(in, 4));
        put_ue(b, in, 16); /* -8: that is all of them */
    }
}

static void h264_hrd(Bits *b, FuzzInput *in)
{
    unsigned nb = put_count(b, in, 0) + 1;

    put_u(b, in, 8, 0);
    for (; nb; nb--) {
        put_ue(b, in, 1000);
        put_ue(b, in, 1000);
        put_u(b, in, 1, 0);
    }
    put_u(b, in, 20, 0x7FFFF);
}

static void h264_vui(Bits *b, FuzzInput *in)
{
    int nal, vcl;

    put_look(b, in);
    if (put_u(b, in, 1, 0)) {
        put_u(b, in, 32, 1);
        put_u(b, in, 32, 50);
        put_u(b, in, 1, 1);
    }
    if ((nal = put_u(b, in, 1, seldom(in, 4))))
        h264_hrd(b, in);
    if ((vcl = put_u(b, in, 1, seldom(in, 4))))
        h264_hrd(b, in);
    if (nal || vcl)
        put_u(b, in, 1, 0);
    put_u(b, in, 1, 0);
    if (put_u(b, in, 1, 1)) {
        put_u(b, in, 1, 1);
        for (int i = 0; i < 6; i++)
            put_ue(b, in, i < 4 ? 0 : 1);
    }
}

static void h264_sps(H264 *h, Bits *b, FuzzInput *in, unsigned id)
{
    static const uint8_t profiles[] = { 66, 77, 100, 110, 122, 244, 44, 118 };
    uint32_t profile;

    put_u(b, in, 8, 0x67);
    profile = put_u(b, in, 8, profiles[take(in, sizeof(profiles))]);
    put_u(b, in, 16, 30);
    put_ue(b, in, id);
    h->chroma = 1;
    if (profile >= 100 || profile == 44) {
        if ((h->chroma = put_ue(b, in, 1)) == 3)
            put_u(b, in, 1, 0);
        put_ue(b, in, 0);
        put_ue(b, in, 0);
        put_u(b, in, 1, 0);
        if (put_u(b, in, 1, seldom(in, 4)))
            h264_scaling(b, in, h->chroma == 3 ? 12 : 8);
    }
    h->frame_bits = put_ue(b, in, 0) + 4;
    h->poc_type   = put_ue(b, in, seldom(in, 4) ? take(in, 2) : 2);
    if (!h->poc_type) {
        h->poc_bits = put_ue(b, in, 0) + 4;
    } else if (h->poc_type == 1) {
        h->is_fixed = put_u(b, in, 1, 1);
        put_ue(b, in, 0);
        put_ue(b, in, 0);
        for (unsigned nb = put_count(b, in, 1); nb; nb--)
            put_ue(b, in, 3);
    }
    put_ue(b, in, 1);
    put_u(b, in, 1, 0);
    put_ue(b, in, (h->width + 15) / 16 - 1);
    put_ue(b, in, (h->height + 15) / 16 - 1);
    if (!(h->is_frame = put_u(b, in, 1, 1)))
        put_u(b, in, 1, 0);
    put_u(b, in, 1, 1);
    if (put_u(b, in, 1, seldom(in, 8)))
        for (int i = 0; i < 4; i++)
            put_ue(b, in, 0);
    if (put_u(b, in, 1, seldom(in, 2)))
        h264_vui(b, in);
}

static void h264_pps(H264 *h, Bits *b, FuzzInput *in, unsigned id, unsigned of)
{
    put_u(b, in, 8, 0x68);
    put_ue(b, in, id);
    put_ue(b, in, of);
    h->has_cabac = put_u(b, in, 1, seldom(in, 2));
    h->has_poc   = put_u(b, in, 1, 0);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    h->has_weights = put_u(b, in, 1, seldom(in, 4));
    put_u(b, in, 2, take(in, 3));
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    h->has_control = put_u(b, in, 1, 1);
    put_u(b, in, 1, 0);
    h->has_redundant = put_u(b, in, 1, 0);
    if (seldom(in, 4)) {
        put_u(b, in, 1, 1);
        if (put_u(b, in, 1, seldom(in, 2)))
            h264_scaling(b, in, 8);
        put_ue(b, in, 0);
    }
}

/* What comes before the pictures that are referred to. */
static void h264_slice_place(H264 *h, Bits *b, FuzzInput *in, int is_idr,
                             unsigned nb)
{
    int is_field = 0;

    if (h->frame_bits <= 16)
        put_u(b, in, (int)h->frame_bits, nb);
    if (!h->is_frame && (is_field = (int)put_u(b, in, 1, 0)))
        put_u(b, in, 1, 0);
    if (is_idr)
        put_ue(b, in, 0);
    if (!h->poc_type && h->poc_bits <= 16) {
        put_u(b, in, (int)h->poc_bits, 2 * nb);
        if (h->has_poc && !is_field)
            put_ue(b, in, 0);
    } else if (h->poc_type == 1 && !h->is_fixed) {
        put_ue(b, in, 0);
        if (h->has_poc && !is_field)
            put_ue(b, in, 0);
    }
    if (h->has_redundant)
        put_ue(b, in, 0);
}

static void h264_references(H264 *h, Bits *b, FuzzInput *in, int is_idr,
                            int is_b, int is_intra)
{
    unsigned nb = 1;

    if (is_b)
        put_u(b, in, 1, 1);
    if (!is_intra && put_u(b, in, 1, 0)) {
        nb = put_count(b, in, 0) + 1;
        if (is_b)
            put_ue(b, in, 0);
    }
    for (int list = is_intra ? 2 : !is_b; list < 2; list++)
        if (put_u(b, in, 1, 0)) {
            for (unsigned k = count(in, 1); k; k--) {
                put_ue(b, in, take(in, 3));
                put_ue(b, in, 0);
            }
            put_ue(b, in, 3);
        }
    if (h->has_weights && !is_intra) {
        put_ue(b, in, 0);
        if (h->chroma)
            put_ue(b, in, 0);
        for (; nb; nb--)
            for (int i = 0; i < 1 + !!h->chroma; i++)
                for (int k = put_u(b, in, 1, 0) ? 2 + 2 * i : 0; k; k--)
                    put_ue(b, in, 0);
    }
    if (is_idr) {
        put_u(b, in, 2, 0);
    } else if (put_u(b, in, 1, 0)) {
        for (unsigned k = count(in, 1); k; k--) {
            put_ue(b, in, 1 + take(in, 6));
            put_ue(b, in, 0);
        }
        put_ue(b, in, 0);
    }
}

static void h264_slice(H264 *h, Bits *b, FuzzInput *in, int is_idr, unsigned nb,
                       unsigned first)
{
    unsigned mbs = (h->width + 15) / 16 * ((h->height + 15) / 16);
    uint32_t type;

    put_u(b, in, 8, is_idr ? 0x65 : 0x61);
    put_ue(b, in, first);
    type = put_ue(b, in, is_idr ? 7 : 5 + take(in, 3)) % 5;
    put_ue(b, in, 0);
    h264_slice_place(h, b, in, is_idr, nb);
    h264_references(h, b, in, is_idr, type == 1, type == 2 || type == 4);
    if (h->has_cabac && type != 2)
        put_ue(b, in, 0);
    put_ue(b, in, 0);
    if (h->has_control && put_ue(b, in, 1) != 1) {
        put_ue(b, in, 0);
        put_ue(b, in, 0);
    }
    if (seldom(in, 3)) {
        put_any(b, in, take(in, 64));
    } else if (type == 2) {
        /* a macroblock of its neighbours' mean, without a difference */
        for (; mbs; mbs--)
            put_bits(b, 8, 0x27);
    } else {
        put_ue(b, in, mbs);
    }
}

#endif /* TESTS_FUZZ_CODED_H264_H */
