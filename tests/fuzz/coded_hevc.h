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
 * NAL units of HEVC by a grammar. What is right without any input: pictures of
 * one block each, whatever is in it.
 */

#ifndef TESTS_FUZZ_CODED_HEVC_H
#define TESTS_FUZZ_CODED_HEVC_H

#include "grammar.h"

/** What was said last, and slices go by; each file begins with all of it 0. */
typedef struct Hevc {
    unsigned width, height;
    uint32_t poc_bits, sets, has_long, has_offsets, has_motion;
    uint32_t has_parts, has_output, extra, has_cabac, has_weights, has_tiles;
    uint32_t has_control, has_extension;
} Hevc;

static void hevc_levels(Bits *b, FuzzInput *in, uint32_t layers)
{
    int has[8] = { 0 };

    put_u(b, in, 8, 1);
    put_u(b, in, 32, 0x60000000);
    put_u(b, in, 24, 0x900000);
    put_u(b, in, 24, 0);
    put_u(b, in, 8, 30);
    for (uint32_t i = 0; i < 8 && layers; i++)
        has[i] = (int)put_u(b, in, 2, take(in, 4));
    for (uint32_t i = 0; i < layers; i++)
        put_bits(b, (has[i] & 2 ? 88 : 0) + (has[i] & 1 ? 8 : 0), 0);
}

static void hevc_hrd(Bits *b, FuzzInput *in, int has_common, uint32_t layers)
{
    int nal = 0, vcl = 0, parts = 0;

    if (has_common) {
        nal = put_u(b, in, 1, 1);
        vcl = put_u(b, in, 1, 0);
        if ((nal || vcl) && (parts = put_u(b, in, 1, 0)))
            put_u(b, in, 19, 0);
        if (nal || vcl) {
            put_u(b, in, 8, 0);
            if (parts)
                put_u(b, in, 4, 0);
            put_u(b, in, 15, 0x7FFF);
        }
    }
    for (uint32_t i = 0; i <= layers; i++) {
        int low = 0, is_fixed = put_u(b, in, 1, 1);
        unsigned nb = 1;

        if (!is_fixed)
            is_fixed = put_u(b, in, 1, 1);
        if (is_fixed)
            put_ue(b, in, 0);
        else
            low = put_u(b, in, 1, 0);
        if (!low)
            nb = put_count(b, in, 0) + 1;
        for (nb *= nal + vcl; nb; nb--) {
            for (int k = 0; k < (parts ? 4 : 2); k++)
                put_ue(b, in, 1000);
            put_u(b, in, 1, 0);
        }
    }
}

static void hevc_vps(Bits *b, FuzzInput *in, unsigned id)
{
    uint32_t layers, most, all;
    unsigned nb;

    put_u(b, in, 16, 32 << 9 | 1);
    put_u(b, in, 4, id);
    put_u(b, in, 8, 0xC0);
    layers = put_u(b, in, 3, 0);
    put_u(b, in, 1, 1);
    put_u(b, in, 16, 0xFFFF);
    hevc_levels(b, in, layers);
    all = put_u(b, in, 1, 1);
    for (uint32_t i = all ? 0 : layers; i <= layers; i++) {
        put_ue(b, in, 2);
        put_ue(b, in, 0);
        put_ue(b, in, 0);
    }
    most = put_u(b, in, 6, 0);
    nb   = put_count(b, in, 0);
    for (unsigned i = 0; i < nb; i++)
        for (uint32_t k = 0; k <= most; k++)
            put_bits(b, 1, 0);
    if (put_u(b, in, 1, seldom(in, 4))) {
        put_u(b, in, 32, 1);
        put_u(b, in, 32, 25);
        if (put_u(b, in, 1, 0))
            put_ue(b, in, 0);
        nb = put_count(b, in, 1);
        for (unsigned i = 0; i < nb; i++) {
            put_ue(b, in, 0);
            hevc_hrd(b, in, i ? (int)put_u(b, in, 1, 1) : 1, layers);
        }
    }
    put_u(b, in, 1, 0);
}

static void hevc_scaling(Bits *b, FuzzInput *in)
{
    for (int size = 0; size < 4; size++)
        for (int i = 0; i < (size == 3 ? 2 : 6); i++) {
            if (!put_u(b, in, 1, seldom(in, 3))) {
                put_ue(b, in, 0);
                continue;
            }
            if (size > 1)
                put_ue(b, in, 0);
            for (int k = size ? 64 : 16; k; k--)
                put_ue(b, in, 0);
        }
}

/* the nb-th set of pictures that are referred to; before: of so many pictures */
static void hevc_set(Bits *b, FuzzInput *in, unsigned nb, int is_slice,
                     unsigned before)
{
    unsigned negative, positive;

    if (nb && put_u(b, in, 1, seldom(in, 4))) {
        if (is_slice)
            put_ue(b, in, 0);
        put_u(b, in, 1, 0);
        put_ue(b, in, 0);
        for (unsigned i = 0; i <= before; i++)
            if (!put_u(b, in, 1, 1))
                put_u(b, in, 1, 1);
        return;
    }
    negative = put_count(b, in, before);
    positive = put_count(b, in, 0);
    for (unsigned i = 0; i < negative + positive; i++) {
        put_ue(b, in, 0);
        put_u(b, in, 1, 1);
    }
}

static void hevc_vui(Bits *b, FuzzInput *in, uint32_t layers)
{
    put_look(b, in);
    put_u(b, in, 3, 0);
    for (int i = put_u(b, in, 1, 0) ? 4 : 0; i; i--)
        put_ue(b, in, 0);
    if (put_u(b, in, 1, seldom(in, 3))) {
        put_u(b, in, 32, 1);
        put_u(b, in, 32, 25);
        if (put_u(b, in, 1, 0))
            put_ue(b, in, 0);
        if (put_u(b, in, 1, 1))
            hevc_hrd(b, in, 1, layers);
    }
    if (put_u(b, in, 1, 0)) {
        put_u(b, in, 3, 0);
        for (int i = 0; i < 5; i++)
            put_ue(b, in, 0);
    }
}

/* The tools that it says the slices use. */
static void hevc_sps_tools(Hevc *h, Bits *b, FuzzInput *in)
{
    if (put_u(b, in, 1, seldom(in, 4)) && put_u(b, in, 1, 1))
        hevc_scaling(b, in);
    put_u(b, in, 1, 0);
    h->has_offsets = put_u(b, in, 1, seldom(in, 2));
    if (put_u(b, in, 1, seldom(in, 8))) {
        put_u(b, in, 8, 0x77);
        put_ue(b, in, 0);
        put_ue(b, in, 0);
        put_u(b, in, 1, 0);
    }
    h->sets = put_count(b, in, 0);
    for (unsigned i = 0; i < h->sets; i++)
        hevc_set(b, in, i, 0, 1);
    h->has_long = put_u(b, in, 1, seldom(in, 8));
    if (h->has_long)
        for (unsigned nb = put_count(b, in, 1); nb; nb--) {
            put_u(b, in, h->poc_bits <= 16 ? (int)h->poc_bits : 0, 1);
            put_u(b, in, 1, 1);
        }
    h->has_motion = put_u(b, in, 1, seldom(in, 2));
    put_u(b, in, 1, 0);
}

static void hevc_sps(Hevc *h, Bits *b, FuzzInput *in, unsigned id)
{
    uint32_t layers, all;

    put_u(b, in, 16, 33 << 9 | 1);
    put_u(b, in, 4, 0);
    layers = put_u(b, in, 3, 0);
    put_u(b, in, 1, 1);
    hevc_levels(b, in, layers);
    put_ue(b, in, id);
    if (put_ue(b, in, 1) == 3)
        put_u(b, in, 1, 0);
    put_ue(b, in, h->width);
    put_ue(b, in, h->height);
    for (int i = put_u(b, in, 1, seldom(in, 8)) ? 4 : 0; i; i--)
        put_ue(b, in, 0);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    h->poc_bits = put_ue(b, in, 4) + 4;
    all = put_u(b, in, 1, 1);
    for (uint32_t i = all ? 0 : layers; i <= layers; i++) {
        put_ue(b, in, 2);
        put_ue(b, in, 0);
        put_ue(b, in, 0);
    }
    put_ue(b, in, 0);
    put_ue(b, in, 3);
    put_ue(b, in, 0);
    put_ue(b, in, 3);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    hevc_sps_tools(h, b, in);
    if (put_u(b, in, 1, seldom(in, 2)))
        hevc_vui(b, in, layers);
    if (put_u(b, in, 1, 0)) {
        put_u(b, in, 8, 0x80);
        put_u(b, in, 9, take(in, 0));
    }
}

static void hevc_pps(Hevc *h, Bits *b, FuzzInput *in, unsigned id, unsigned of)
{
    int waves;

    put_u(b, in, 16, 34 << 9 | 1);
    put_ue(b, in, id);
    put_ue(b, in, of);
    h->has_parts  = put_u(b, in, 1, 0);
    h->has_output = put_u(b, in, 1, 0);
    h->extra      = put_u(b, in, 3, 0);
    put_u(b, in, 1, 0);
    h->has_cabac = put_u(b, in, 1, 0);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    put_u(b, in, 2, 0);
    if (put_u(b, in, 1, 0))
        put_ue(b, in, 0);
    put_ue(b, in, 0);
    put_ue(b, in, 0);
    put_u(b, in, 1, 0);
    h->has_weights = put_u(b, in, 2, seldom(in, 4) ? 3 : 0);
    put_u(b, in, 1, 0);
    h->has_tiles = put_u(b, in, 1, seldom(in, 4));
    waves        = (int)put_u(b, in, 1, seldom(in, 4));
    if (h->has_tiles) {
        unsigned nb = put_count(b, in, 1) + put_count(b, in, 0);

        if (!put_u(b, in, 1, 1))
            for (; nb; nb--)
                put_ue(b, in, 0);
        put_u(b, in, 1, 1);
    }
    h->has_tiles |= waves;
    put_u(b, in, 1, 0);
    h->has_control = put_u(b, in, 1, seldom(in, 4));
    if (h->has_control) {
        h->has_control = put_u(b, in, 1, 1);
        if (!put_u(b, in, 1, 1)) {
            put_ue(b, in, 0);
            put_ue(b, in, 0);
        }
    }
    if (put_u(b, in, 1, seldom(in, 8)))
        hevc_scaling(b, in);
    put_u(b, in, 1, 0);
    put_ue(b, in, 0);
    h->has_extension = put_u(b, in, 1, 0);
    if (put_u(b, in, 1, 0)) {
        put_u(b, in, 8, 0x80);
        put_any(b, in, take(in, 8));
    }
}

/* What comes before the slice's own numbers: the pictures it refers to. @return
 * whether their motion counts */
static uint32_t hevc_slice_place(Hevc *h, Bits *b, FuzzInput *in, unsigned nb)
{
    if (h->poc_bits <= 16)
        put_u(b, in, (int)h->poc_bits, nb);
    if (!put_u(b, in, 1, h->sets && seldom(in, 2))) {
        hevc_set(b, in, h->sets, 1, 1);
    } else if (h->sets > 1) {
        int bits = 0;

        while (1u << bits < h->sets)
            bits++;
        put_u(b, in, bits, 0);
    }
    if (h->has_long)
        for (unsigned k = put_count(b, in, 0); k && h->poc_bits <= 16; k--) {
            put_u(b, in, (int)h->poc_bits, 0);
            put_u(b, in, 2, 0);
        }
    return h->has_motion ? put_u(b, in, 1, seldom(in, 2)) : 0;
}

static void hevc_slice(Hevc *h, Bits *b, FuzzInput *in, int is_idr, unsigned nb,
                       unsigned address)
{
    uint32_t type, has_motion = 0;

    put_u(b, in, 16, (is_idr ? 19 : 1) << 9 | 1);
    put_u(b, in, 1, !address);
    if (is_idr)
        put_u(b, in, 1, 0);
    put_ue(b, in, 0);
    if (address) {
        if (h->has_parts)
            put_u(b, in, 1, 0);
        put_u(b, in, 4, address);
    }
    put_u(b, in, (int)h->extra, 0);
    type = put_ue(b, in, is_idr ? 2 : 2 - take(in, 3));
    if (h->has_output)
        put_u(b, in, 1, 1);
    if (!is_idr)
        has_motion = hevc_slice_place(h, b, in, nb);
    if (h->has_offsets)
        put_u(b, in, 2, 0);
    if (type < 2) {
        if (put_u(b, in, 1, 0))
            put_ue(b, in, 0);
        if (!type)
            put_u(b, in, 1, 0);
        if (h->has_cabac)
            put_u(b, in, 1, 0);
        if (has_motion && !type)
            put_u(b, in, 1, 1);
        if (h->has_weights) {
            put_ue(b, in, 0);
            put_ue(b, in, 0);
            put_u(b, in, 2, 0);
        }
        put_ue(b, in, 0);
    }
    put_ue(b, in, 0);
    if (h->has_control && put_u(b, in, 1, 0))
        put_u(b, in, 1, 1);
    if (h->has_tiles)
        for (unsigned k = put_count(b, in, 0); k; k--)
            put_u(b, in, 8, 1);
    if (h->has_extension)
        put_any(b, in, put_ue(b, in, 0) & 63);
    put_bits(b, 1, 1);
    while (b->nb & 7)
        put_bits(b, 1, 0);
    if (seldom(in, 3))
        put_any(b, in, take(in, 64));
    else
        put_bits(b, 64, 0x2600A55A137FEDCB);
}

#endif /* TESTS_FUZZ_CODED_HEVC_H */
