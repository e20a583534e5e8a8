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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "math/nals.h"

/* A set is written bit by bit. */

static unsigned char data[8192];
static size_t nb_bits;
static unsigned width = 64, height = 48;

static void u(int nb, uint64_t value)
{
    for (; nb-- > 0; nb_bits++) {
        const int mask = 0x80 >> (nb_bits & 7);
        const int bit  = nb < 64 && value >> nb & 1;

        data[nb_bits >> 3] = (unsigned char)((data[nb_bits >> 3] & ~mask) |
                                             (bit ? mask : 0));
    }
}

/* Exp-Golomb */
static void e(unsigned value)
{
    int nb = 0;

    while (((uint64_t)value + 1) >> (nb + 1))
        nb++;
    u(2 * nb + 1, (uint64_t)value + 1);
}

static void put_levels(int layers)
{
    u(8, 1);
    u(32, 0x60000000);
    u(56, 0x9000000000005D);
    u(layers ? 16 : 0, 0xC000);
    u(layers ? 96 : 0, 0);
    u(1, 0);
    for (int i = 0; i < 3; i++)
        e(2 - (i > 0) * 2);
}

/* As many ways as that, by each kind; 0: none are said. */
static void put_hrd(int has_common, unsigned kinds, int layers, unsigned ways)
{
    if (has_common) {
        u(2, kinds);
        u(kinds ? 1 + 19 + 12 + 15 : 0, 1ULL << 46);
    } else {
        kinds = 0;
    }
    for (int i = 0; i <= layers; i++) {
        u(2, i & 1);
        if (i & 1)
            e(7);
        else
            u(1, !ways);
        if (ways || i & 1)
            e(ways ? ways - 1 : 0);
        for (unsigned k = ways ? ways : 1; kinds && k; k--) {
            for (unsigned m = (kinds & 1) + (kinds >> 1); m; m--) {
                for (int n = 0; n < 4; n++)
                    e(1000);
                u(1, 0);
            }
        }
    }
}

static void put_times(int has_hrd)
{
    u(1, 1);
    u(64, 24ULL << 32 | 1);
    u(1, 1);
    e(0);
    u(1, (uint64_t)has_hrd);
}

static void put_vps(int layers, unsigned sets)
{
    nb_bits = 0;
    u(16, 0x4001);
    u(4, 0);
    u(8, 0xC0);
    u(3, (uint64_t)layers);
    u(17, 0x1FFFF);
    put_levels(layers);
    u(6, 3);
    e(sets - 1);
    u(4 * (int)(sets - 1), 0);
}

static void put_lists(void)
{
    for (int i = 0; i < 20; i++) {
        u(1, i > 1);
        if (i < 2) {
            e((unsigned)i);
            continue;
        }
        if (i >= 12)
            e(494);
        for (int k = 0; k < (i < 6 ? 16 : 64); k++)
            e(k & 1 ? 255 : 256);
    }
}

/* With all that may be before its HRD, or nothing of it. */
static void put_sps(int is_full, int layers)
{
    nb_bits = 0;
    u(16, 0x4201);
    u(4, 0);
    u(3, (uint64_t)layers);
    u(1, 1);
    put_levels(layers);
    nb_bits -= 6;           /* what is said of orders comes later */
    e(0);
    e(is_full ? 3 : 1);
    u(is_full, 0);
    e(width);
    e(height);
    u(1, (uint64_t)is_full);
    for (int i = 0; i < (is_full ? 4 : 0); i++)
        e(0);
    e(0);
    e(0);
    e(4);
    u(1, 1);
    for (int i = 0; i <= layers; i++) {
        e(2);
        e(0);
        e(0);
    }
    for (int i = 0; i < 6; i++)
        e(i == 1 || i == 3 ? 3 : 0);
    u(1, (uint64_t)is_full);
    if (is_full) {
        u(1, 1);
        put_lists();
    }
    u(2, 3);
    u(1, (uint64_t)is_full);
    if (is_full) {
        u(8, 0x77);
        e(0);
        e(2);
        u(1, 1);
        e(3);
        e(2);
        e(1);
        u(6, 0x3F);         /* each the next picture, and used */
        /* by these: the first, the second if not for now, none, the fourth */
        u(2, 3);
        e(0);
        u(6, 0x29);
        /* by those three, of which one is left out */
        u(2, 2);
        e(9);
        u(5, 0x13);
        u(1, 1);
        e(2);
        u(18, 0);
    } else {
        e(0);
        u(1, 0);
    }
    u(2, 3);
    u(1, 1);                /* what it looks like */
    u(is_full ? 41 : 1, is_full ? 0x1FF00010001ULL : 0);
    u(is_full ? 2 : 1, is_full ? 3 : 0);
    u(is_full ? 30 : 1, is_full ? 0x2B010101 : 0);
    u(1, (uint64_t)is_full);
    if (is_full) {
        e(5);
        e(5);
    }
    u(3, 0);
}

/* The unit with its end, and escapes. @return its size */
static size_t put_unit(unsigned char *packet)
{
    size_t size = 0, zeros = 0;

    u(1, 1);
    while (nb_bits & 7)
        u(1, 0);
    for (size_t i = 0; i < nb_bits >> 3; i++) {
        if (zeros >= 2 && data[i] <= 3) {
            packet[size++] = 3;
            zeros = 0;
        }
        zeros = data[i] ? 0 : zeros + 1;
        packet[size++] = data[i];
    }
    return size;
}

/* A set, asked about: in a packet, and described. */
static RunwayOutcome judge(void)
{
    static unsigned char whole[26 + 2 * sizeof(data)] = "\1....................\1"
                                                        "\1\x21\0\1";
    unsigned char *packet = whole + 26;
    RunwayNals nals = { .is_hevc = 1, .pixels = 64 * 48, .lengths = 1 << 2 };
    const size_t bits = nb_bits;
    const size_t size = 2 + put_unit(packet + 2);
    RunwayError err;
    RunwayOutcome ret;

    packet[0] = (unsigned char)((size - 2) >> 8);
    packet[1] = (unsigned char)(size - 2);
    ret = ff_runway_nals_packet(&nals, packet, size, &err);
    assert_int_equal(ff_runway_nals_description(&nals, whole, 26 + size, &err),
                     ret);
    nb_bits = bits;
    return ret;
}

#define RIGHT() assert_int_equal(judge(), RUNWAY_OK)
#define WRONG() assert_int_equal(judge(), RUNWAY_BAD_RESULT)

static void test_sequences(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        const int is_full = i & 1, layers = i & 2 ? 2 : 0;

        /* no window and times; a window, too, which is nothing to old decoders */
        for (unsigned ways = 0; ways <= 34; ways += ways == 1 ? 30 : 1) {
            put_sps(is_full, layers);
            u(1, 0);
            put_times(1);
            put_hrd(1, i & 4 ? 3 : 0, layers, ways);
            u(2, 0);
            assert_int_equal(judge(), ways > 32 ? RUNWAY_BAD_RESULT : RUNWAY_OK);
            put_sps(is_full, layers);
            u(1, 1);
            for (int k = 0; k < 4; k++)
                e(0);
            put_times(1);
            put_hrd(1, i & 4 ? 3 : 0, layers, ways);
            u(2, 0);
            assert_int_equal(judge(), ways > 32 ? RUNWAY_BAD_RESULT : RUNWAY_OK);
            /* times where the window is to others */
            put_sps(is_full, layers);
            put_times(1);
            put_hrd(1, i & 4 ? 3 : 0, layers, ways);
            u(2, 0);
            if (ways > 32)
                WRONG();
        }
        put_sps(is_full, layers);
        u(1, 0);
        put_times(0);
        u(2, 0);
        RIGHT();
    }
    /* it ends within what it says */
    put_sps(1, 0);
    nb_bits -= 60;
    WRONG();
    put_sps(0, 0);
    u(1, 0);
    put_times(1);
    u(3, 6);
    WRONG();
}

/* A window is no times, if what is behind it has an end. */
static void test_windows(void **state)
{
    static const unsigned windows[][4] = {
        { 1, 1, 1, 1 }, { 0, 2, 0, 2 }, { 0, 0, 0, 1 }, { 0, 0, 0, 4 },
        { 4, 4, 0, 0 }, { 2, 2, 2, 2 }, { 4, 4, 4, 4 }, { 0, 4, 0, 4 },
    };
    static const unsigned rates[][2] = {
        { 24000, 1001 }, { 30000, 1001 }, { 60000, 1001 },
        { 24, 1 }, { 25, 1 }, { 30, 1 }, { 50, 1 }, { 60, 1 },
    };

    (void)state;
    for (int i = 0; i < 8 * 8 * 4; i++) {
        put_sps(i & 1, 0);
        u(1, 1);
        for (int k = 0; k < 4; k++)
            e(windows[i >> 5][k]);
        u(1, 1);
        u(32, rates[i >> 2 & 7][1]);
        u(32, rates[i >> 2 & 7][0]);
        u(2, i >> 1 & 1);
        if (i & 2)
            put_hrd(1, 1, 0, 1);
        u(2, 0);
        RIGHT();
    }
}

/* Times that can be read as a window, too, with times behind it, or with none.
 * FFmpeg reads these if they are whole, and an HRD of 33 ways only if not. */
static void test_windows_or_times(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++) {
        const int nb = i >> 1, is_wrong = i & 1;

        /* the window has 20 bits of them, of which there are 65 to 72 more */
        put_sps(0, 0);
        u(1, 1);
        u(64, 0xFFFFFFULL << 32 | 24);
        u(2, 1);
        put_hrd(1, 0, 0, 32 + is_wrong);
        u(4 + nb, 0);
        assert_int_equal(judge(),
                         nb < 3 && is_wrong ? RUNWAY_BAD_RESULT : RUNWAY_OK);
        /* and all of them, and four more */
        put_sps(0, 0);
        u(1, 1);
        u(64, 0x80000000ULL << 32 | 0x80000018);
        u(2, 1);
        put_hrd(1, 0, 0, 32 + is_wrong);
        u(4 + 2 + nb, 0);
        assert_int_equal(judge(),
                         nb < 1 && is_wrong ? RUNWAY_BAD_RESULT : RUNWAY_OK);
    }
    /* as times would begin, for which there is no place */
    put_sps(0, 0);
    u(1, 1);
    e(0xFFFFF);
    u(6, 0x38);
    RIGHT();
}

static void test_videos(void **state)
{
    (void)state;
    for (unsigned ways = 0; ways <= 34; ways++) {
        for (int layers = 0; layers <= 1; layers++) {
            put_vps(layers, 3);
            put_times(0);
            nb_bits--;
            e(3);
            e(0);
            put_hrd(1, 2, layers, 5);
            e(1);
            u(1, 0);
            put_hrd(0, 0, layers, ways);
            e(1);
            u(1, 1);
            put_hrd(1, 3, layers, 1);
            u(1, 0);
            assert_int_equal(judge(), ways > 32 ? RUNWAY_BAD_RESULT : RUNWAY_OK);
        }
    }
    put_vps(1, 1000);
    u(2, 0);
    RIGHT();
    /* which ends before its flags do: a decoder refuses it */
    put_vps(0, 1);
    nb_bits -= 1;
    RIGHT();
    /* and behind them, where it would read on */
    put_vps(0, 1);
    put_times(0);
    nb_bits -= 30;
    WRONG();
    put_vps(0, 1);
    put_times(0);
    nb_bits--;
    e(1);
    e(0);
    WRONG();
}

/* To some decoders, a set ends there. */
static void test_ends(void **state)
{
    RunwayNals nals = { .is_hevc = 1, .pixels = 64 * 48, .lengths = 1 << 2 };
    RunwayError err;
    unsigned char packet[128] = { 0 };

    (void)state;
    put_vps(0, 1);
    put_times(0);
    u(18, 1);
    while (nb_bits & 7)
        u(1, 0);
    memcpy(packet + 2, data, nb_bits >> 3);
    packet[1] = (unsigned char)(nb_bits >> 3);
    assert_int_equal(ff_runway_nals_packet(&nals, packet, 2 + (nb_bits >> 3),
                                           &err), RUNWAY_BAD_RESULT);
}

/* What sets said before, for the units that follow. */
static RunwayNals slices;
static size_t at_entries;     /* of the last slice */

static RunwayOutcome put(void)
{
    static unsigned char packet[3 + 2 * sizeof(data)] = { 0, 0, 1 };
    RunwayError err;

    return ff_runway_nals_packet(&slices, packet, 3 + put_unit(packet + 3), &err);
}

/* Four blocks by three. */
static void begin(int is_full)
{
    slices = (RunwayNals){ .is_hevc = 1, .pixels = 256 * 192, .lengths = 1 };
    width  = 256;
    height = 192;
    put_sps(is_full, 0);
    width  = 64;
    height = 48;
    u(1, 0);
    put_times(0);
    u(2, 0);
    assert_int_equal(put(), RUNWAY_OK);
}

/* With all that slices have more for it, or nothing. columns, rows: of tiles, 0:
 * there are none */
static void put_picture(int is_full, unsigned columns, unsigned rows, int waves)
{
    nb_bits = 0;
    u(16, 0x4401);
    e(0);
    e(0);
    u(5, is_full ? 0x1A : 0);       /* parts, output, two bits more */
    u(2, (uint64_t)is_full);
    e((unsigned)is_full);
    e((unsigned)is_full);
    e(0);
    u(3, is_full ? 3 : 0);
    if (is_full)
        e(0);
    e(0);
    e(0);
    u(3, is_full ? 7 : 0);
    u(1, 0);
    u(1, columns > 0);
    u(1, (uint64_t)waves);
    if (columns) {
        e(columns - 1);
        e(rows - 1);
        u(1, (uint64_t)!is_full);
        for (unsigned i = 2; is_full && i < columns + rows; i++)
            e(0);
        u(1, 1);
    }
    u(1, 1);
    u(is_full ? 3 : 1, is_full ? 6 : 0);
    for (int i = 0; i < 2 * is_full; i++)
        e(12);
    u(1, (uint64_t)is_full);
    if (is_full)
        put_lists();
    u(1, (uint64_t)is_full);
    e(0);
    u(2, 0);
}

/* What pictures a slice refers to. */
static void put_order(int is_full)
{
    u(8, 5);
    u(1, 0);
    if (!is_full) {
        e(1);
        e(0);
        e(0);
        u(1, 1);
        u(1, 1);
        return;
    }
    /* by the second of three sets, with one more: four, of which three count */
    u(1, 1);
    e(1);
    u(1, 0);
    e(0);
    u(5, 0x1D);
    /* for long, one that is known, and one that counts, too */
    e(1);
    e(1);
    u(1, 1);
    u(1, 1);
    e(1000);
    u(8, 3);
    u(2, 2);
    u(1, 1);
}

/* Which of them P (kind 1) and B refer to. */
static void put_inter(int is_full, unsigned kind)
{
    const int most = kind ? 1 : 2;

    u(1, (uint64_t)is_full);
    for (int i = 0; i < most * is_full; i++)
        e(2);
    for (int i = 0; i < most * is_full; i++)
        u(1 + 3 * 2, 0x40);         /* the order: three of four */
    u(!kind, 0);
    u(is_full, 0);
    u(!kind, 0);
    if (is_full) {
        e(2);
        e(7);
        e(14);
    }
    for (int i = 0; i < most * is_full; i++) {
        u(6, 0x2A);                 /* two of luma, one of chroma */
        for (int n = 0; n < 2 + 2; n++) {
            e(256);
            e(1000);
        }
    }
    e(4);
}

/* kind: 0 B, 1 P, 2 I; nb: of entries */
static RunwayOutcome put_slice(int is_full, int type, unsigned kind, unsigned nb)
{
    nb_bits = 0;
    u(16, (uint64_t)type << 9 | 1);
    u(1, 1);
    if (type >= 16)
        u(1, 0);
    e(0);
    u(is_full ? 2 : 0, 0);
    e(kind);
    u(is_full, 1);
    if (type != 19)
        put_order(is_full);
    u(2, 0);
    if (kind < 2)
        put_inter(is_full, kind);
    e(100);
    for (int i = 0; i < 2 * is_full; i++)
        e(24);
    if (is_full) {
        u(2, 2);
        e(12);
        e(0);
    }
    u(1, 1);
    at_entries = nb_bits;
    e(nb);
    u(32, UINT32_MAX);
    return put();
}

/* No more entries than the picture has. */
static void test_slices(void **state)
{
    static const struct {
        unsigned columns, rows, waves, most;
    } tiles[] = {
        { 0, 0, 1, 2 }, { 1, 1, 0, 0 }, { 4, 3, 0, 11 }, { 2, 1, 1, 5 },
    };
    static const struct {
        int type;
        unsigned kind;
    } kinds[] = { { 19, 2 }, { 21, 2 }, { 1, 2 }, { 1, 1 }, { 0, 0 } };

    (void)state;
    for (int i = 0; i < 4 * 5 * 2; i++) {
        const int is_full = i & 1, k = (i >> 1) % 5, n = i / 10;

        begin(is_full);
        put_picture(is_full, tiles[n].columns, tiles[n].rows,
                    (int)tiles[n].waves);
        assert_int_equal(put(), RUNWAY_OK);
        print_message("# %d: %d, %d\n", is_full, k, n);
        for (unsigned nb = 0; nb < 20; nb++)
            assert_int_equal(put_slice(is_full, kinds[k].type, kinds[k].kind, nb),
                             nb <= tiles[n].most ? RUNWAY_OK : RUNWAY_BAD_RESULT);
        /* it ends within the number */
        put_slice(is_full, kinds[k].type, kinds[k].kind, 0);
        nb_bits = at_entries;
        u(21, 1);
        assert_int_equal(put(), RUNWAY_BAD_RESULT);
        /* what no decoder takes for a slice */
        assert_int_equal(put_slice(is_full, 22, kinds[k].kind, 100), RUNWAY_OK);
        /* it goes on with another */
        for (unsigned nb = 0; is_full && nb < 20; nb++) {
            nb_bits = 0;
            u(17, 1 << 10 | 2);
            e(0);
            u(1 + 4, 0x1B);
            e(nb);
            u(32, UINT32_MAX);
            assert_int_equal(put(), nb <= tiles[n].most ? RUNWAY_OK
                                                        : RUNWAY_BAD_RESULT);
        }
    }
}

/* FFmpeg leaves out a set that it cannot read, and goes by the one before. */
static void test_pictures(void **state)
{
    (void)state;
    for (int is_full = 0; is_full <= 1; is_full++) {
        begin(is_full);
        put_picture(is_full, 0, 0, 1);
        assert_int_equal(put(), RUNWAY_OK);
        assert_int_equal(put_slice(is_full, 19, 2, 3), RUNWAY_BAD_RESULT);
        /* one that no decoder sees */
        put_picture(is_full, 0, 0, 0);
        data[1] = 0;
        assert_int_equal(put(), RUNWAY_OK);
        assert_int_equal(put_slice(is_full, 19, 2, 3), RUNWAY_BAD_RESULT);
        put_picture(is_full, 0, 0, 0);
        assert_int_equal(put(), RUNWAY_OK);
        assert_int_equal(put_slice(is_full, 19, 2, 3), RUNWAY_OK);
        /* bits are missing, in whose place its end is */
        for (int nb = 1; nb <= 2; nb++) {
            put_picture(is_full, 0, 0, 1);
            nb_bits -= (size_t)nb;
            assert_int_equal(put(), RUNWAY_BAD_RESULT);
        }
        /* what few decoders read, and what others do not */
        for (unsigned flags = 0; flags < 256; flags++) {
            put_picture(is_full, 0, 0, 1);
            nb_bits--;
            u(9, 0x100 | flags);
            u(is_full, 1);
            u(4, 3);            /* no list */
            assert_int_equal(put(), flags & 16 ? RUNWAY_BAD_RESULT : RUNWAY_OK);
        }
        put_picture(is_full, 0, 0, 1);
        nb_bits--;
        u(9, 0x180);
        u(is_full, 1);
        u(2, 1);
        u(6, 0x3F);
        assert_int_equal(put(), RUNWAY_BAD_RESULT);
        /* of a sequence that is unknown */
        slices.sequences[0].rows = 0;
        put_picture(is_full, 0, 0, 1);
        assert_int_equal(put(), RUNWAY_OK);
    }
    /* and of a sequence */
    for (unsigned flags = 0; flags < 256; flags++) {
        put_sps(0, 0);
        u(1, 0);
        put_times(0);
        u(10, 0x100 | flags);
        assert_int_equal(judge(), flags & 16 ? RUNWAY_BAD_RESULT : RUNWAY_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_windows_or_times),
        cmocka_unit_test(test_videos),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_pictures),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("nals_hevc", tests, NULL, NULL);
}
