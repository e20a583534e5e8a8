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
 * Pictures of Motion JPEG by a grammar. What is right without any input: one of
 * grey.
 */

#ifndef TESTS_FUZZ_CODED_JPEG_H
#define TESTS_FUZZ_CODED_JPEG_H

#include "grammar.h"

static void put_byte(Bits *b, uint32_t value)
{
    put_bits(b, 8, value & 0xFF);
}

/* A mark; what follows is as long as it says, mostly. @return where that is */
static size_t jpeg_begin(Bits *b, uint32_t mark)
{
    put_byte(b, 0xFF);
    put_byte(b, mark);
    put_bits(b, 16, 0);
    return b->nb - 16;
}

static void jpeg_end(Bits *b, FuzzInput *in, size_t start)
{
    size_t nb = b->nb;

    b->nb = start;
    put_bits(b, 16, odd(in, (uint32_t)(nb - start) / 8) & 0xFFFF);
    b->nb = nb > b->nb ? nb : b->nb;
}

static void jpeg_quantizers(Bits *b, FuzzInput *in)
{
    size_t start = jpeg_begin(b, 0xDB);

    for (unsigned i = 0, nb = count(in, 1); i < nb; i++) {
        uint32_t head = odd(in, i & 3) & 0xFF;

        put_byte(b, head);
        for (int k = 0; k < 64; k++)
            put_bits(b, head >> 4 ? 16 : 8, 1);
    }
    jpeg_end(b, in, start);
}

static void jpeg_codes(Bits *b, FuzzInput *in)
{
    size_t start = jpeg_begin(b, 0xC4);

    for (unsigned nb = count(in, 1); nb; nb--) {
        unsigned sum = 0;

        put_byte(b, take(in, 4) << 4 | take(in, 4));
        for (int i = 0; i < 16; i++) {
            uint32_t codes = odd(in, i > 1 ? take(in, 4) : 0) & 0xFF;

            put_byte(b, codes);
            sum += codes;
        }
        for (; sum; sum--)
            put_byte(b, take(in, 0));
    }
    jpeg_end(b, in, start);
}

/* What programs say beside the picture. */
static void jpeg_text(Bits *b, FuzzInput *in)
{
    static const struct {
        uint8_t mark, size;
        char text[18];
    } texts[] = {
        { 0xE0, 5, "JFIF" }, { 0xE0, 4, "AVI1" }, { 0xE0, 5, "JFXX" },
        { 0xE1, 6, "Exif\0" }, { 0xE2, 12, "ICC_PROFILE" }, { 0xEE, 5, "Adobe" },
        { 0xE3, 8, "_JPSJPS_" }, { 0xE8, 5, "SPIFF" }, { 0xE1, 4, "mjpg" },
        { 0xE7, 4, "pixi" }, { 0xFE, 4, "AVID" }, { 0xFE, 9, "CS=ITU601" },
        { 0xFE, 16, "MULTISCOPE II" }, { 0xEF, 4, "LJIF" }, { 0xED, 4, "8BIM" },
        { 0xE1, 2, "MM" },
    };
    unsigned pick = take(in, sizeof(texts) / sizeof(*texts));
    size_t start = jpeg_begin(b, texts[pick].mark);

    for (int i = 0; i < texts[pick].size; i++)
        put_byte(b, (uint8_t)texts[pick].text[i]);
    for (unsigned nb = take(in, 24); nb; nb--)
        put_bits(b, seldom(in, 2) ? 32 : 8, number(in));
    jpeg_end(b, in, start);
}

static void jpeg_head(Bits *b, FuzzInput *in, unsigned width, unsigned height,
                      unsigned nb, uint32_t mark)
{
    size_t start = jpeg_begin(b, mark);

    put_byte(b, odd(in, 8));
    put_bits(b, 16, odd(in, height) & 0xFFFF);
    put_bits(b, 16, odd(in, width) & 0xFFFF);
    put_byte(b, odd(in, nb));
    for (unsigned i = 0; i < nb; i++) {
        put_byte(b, odd(in, i + 1));
        put_byte(b, seldom(in, 4) ? take(in, 0) : 0x11);
        put_byte(b, odd(in, 0));
    }
    jpeg_end(b, in, start);
}

static void jpeg_scan(Bits *b, FuzzInput *in, unsigned width, unsigned height,
                      unsigned nb)
{
    size_t start = jpeg_begin(b, 0xDA);

    put_byte(b, odd(in, nb));
    for (unsigned i = 0; i < nb; i++) {
        put_byte(b, odd(in, i + 1));
        put_byte(b, odd(in, 0));
    }
    put_byte(b, odd(in, 0));
    put_byte(b, odd(in, 63));
    put_byte(b, odd(in, 0));
    jpeg_end(b, in, start);
    if (seldom(in, 3)) {
        put_any(b, in, take(in, 64));
        return;
    }
    /* blocks without a difference, by the codes that need not be said */
    for (unsigned i = nb * ((width + 7) / 8) * ((height + 7) / 8); i; i--)
        put_bits(b, 6, 0x0A);
    while (b->nb & 7)
        put_bits(b, 1, 1);
}

/* The marks that may come anywhere. */
static void jpeg_other(Bits *b, FuzzInput *in, unsigned width, unsigned height)
{
    static const uint8_t heads[] = { 0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xF7 };
    unsigned pick = take(in, 8);
    size_t start;

    if (pick == 0) {
        jpeg_text(b, in);
    } else if (pick == 1) {
        jpeg_codes(b, in);
    } else if (pick == 2) {
        jpeg_quantizers(b, in);
    } else if (pick == 3) {
        jpeg_head(b, in, width, height, 1 + take(in, 4),
                  heads[take(in, sizeof(heads))]);
    } else if (pick == 4) {
        jpeg_scan(b, in, width, height, 1 + take(in, 4));
    } else if (pick == 5) {
        put_byte(b, 0xFF);
        put_byte(b, 0xD0 + take(in, 10));
    } else {
        start = jpeg_begin(b, pick == 6 ? 0xDD : 0xC0 + take(in, 64));
        for (unsigned nb = take(in, 16); nb; nb--)
            put_bits(b, 16, number(in));
        jpeg_end(b, in, start);
    }
}

static void jpeg_others(Bits *b, FuzzInput *in, unsigned width, unsigned height)
{
    if (seldom(in, 3))
        for (unsigned nb = count(in, 1); nb; nb--)
            jpeg_other(b, in, width, height);
}

/** A packet. */
static void jpeg_picture(Bits *b, FuzzInput *in, unsigned width, unsigned height)
{
    unsigned nb = seldom(in, 4) ? 3 : 1;

    put_bits(b, 16, 0xFFD8);
    jpeg_others(b, in, width, height);
    jpeg_quantizers(b, in);
    jpeg_head(b, in, width, height, nb, seldom(in, 8) ? 0xC2 : 0xC0);
    jpeg_others(b, in, width, height);
    jpeg_scan(b, in, width, height, nb);
    jpeg_others(b, in, width, height);
    put_bits(b, 16, 0xFFD9);
}

#endif /* TESTS_FUZZ_CODED_JPEG_H */
