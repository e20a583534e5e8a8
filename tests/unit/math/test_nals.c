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
#include <time.h>
#include <cmocka.h>

#include "core_test.h"
#include "math/nals.h"

/* Sequence parameter sets, all of 64x48 but for those named otherwise. */
#define HEVC_SET \
    "\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00" \
    "\x00\x03\x00\xBA\xA0\x20\x83\x17\xFA\xBC\x20\x80"
#define HEVC_16240 \
    "\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00" \
    "\x00\x03\x00\xBA\xA0\x00\x7E\xE2\x00\x0F\xDC\x5F\xEA\xF0" \
    "\x82"
/* of three temporal layers, of which two are described */
#define HEVC_LAYERS \
    "\x42\x01\x05\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00" \
    "\x00\x03\x00\xBA\xD0\x00\x01\x60\x00\x00\x03\x00\x90\x00" \
    "\x00\x03\x00\x00\x03\x00\x5A\x5A\x90\x04\x10\x62\xCB\x7B" \
    "\xDF\x24\x98\x41"

#define SET(name, is_hevc, bytes, width, height) \
    { name, is_hevc, sizeof(bytes) - 1, bytes, width, height }

static const struct {
    const char *name;
    int is_hevc;
    size_t size;
    const char *bytes;
    int width, height;       /* 0: cannot be read */
} sets[] = {
    SET("HEVC", 1, HEVC_SET, 64, 48),
    SET("HEVC, large", 1, HEVC_16240, 16240, 16240),
    SET("HEVC, layers", 1, HEVC_LAYERS, 64, 48),
    SET("HEVC, as of a second view", 1, "\x42\x01\x0F\x01\x60", 0, 0),
    SET("HEVC, an end", 1, "\x42\x01\x01", 0, 0),
    SET("H.264", 0,
        "\x67\x42\x00\x33\xDA\x11\xE4", 64, 48),
    SET("H.264, large", 0,
        "\x67\x42\x00\x33\xDA\x00\x3F\x70\x07\xEF\x90", 16240, 16240),
    SET("H.264, order of kind 0", 0,
        "\x67\x42\x00\x33\xE5\x42\x3C\x80", 64, 48),
    SET("H.264, order of kind 1", 0,
        "\x67\x42\x00\x33\xD1\x91\x98\xE8\x47\x90", 64, 48),
    SET("H.264, lists", 0,
        "\x67\x64\x00\x33\xAD\x42\x34\x13\xA4\x92\x49\x24\x92\x49"
        "\x1F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xF6\x54\x23\xC8", 64, 48),
    SET("H.264, 4:4:4", 0,
        "\x67\x64\x00\x33\x91\xA8\x46\x82\x74\x92\x49\x24\x92\x49"
        "\x23\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE\x0C\xA8\x47\x90", 64, 48),
    SET("H.264, fields", 0,
        "\x67\x64\x00\x33\xAC\xCA\x84\x44\x80", 64, 64),
    /* FFmpeg would read it again, with its escape */
    SET("H.264, escaped", 0, "\x67\x42\0\0\3\x01\x33\xDA\x11\xE4", 0, 0),
    SET("H.264, reserved order", 0, "\x67\x42\0\x33\xC9\x11", 0, 0),
    SET("H.264, no end of a number", 0, "\x67\x42\0\x33\0\0\0\0\0\0", 0, 0),
};

static RunwayOutcome try_packet(RunwayNals *nals, const char *bytes, size_t size)
{
    RunwayError err;

    return ff_runway_nals_packet(nals, (const unsigned char *)bytes, size, &err);
}

static RunwayOutcome describe(RunwayNals *nals, const char *bytes, size_t size)
{
    RunwayError err;

    return ff_runway_nals_description(nals, (const unsigned char *)bytes, size,
                                      &err);
}

#define PACKET(nals, bytes)   try_packet(nals, bytes, sizeof(bytes) - 1)
#define DESCRIBE(nals, bytes) describe(nals, bytes, sizeof(bytes) - 1)

/* A picture of just that size may be, and one of less may not. */
static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
        int64_t pixels = (int64_t)sets[i].width * sets[i].height;
        RunwayNals nals = { .is_hevc = sets[i].is_hevc, .pixels = pixels,
                            .lengths = 1 << 4 };
        char data[128] = "\0\0\0";

        data[3] = (char)sets[i].size;
        memcpy(data + 4, sets[i].bytes, sets[i].size);
        if (!pixels)
            nals.pixels = INT64_MAX;
        print_message("# %s\n", sets[i].name);
        assert_int_equal(try_packet(&nals, data, 4 + sets[i].size),
                         pixels ? RUNWAY_OK : RUNWAY_BAD_RESULT);
        nals.pixels = pixels - 1;
        assert_int_equal(try_packet(&nals, data, 4 + sets[i].size),
                         RUNWAY_BAD_RESULT);
    }
}

/* What is behind other lengths, or none, than the description says is nothing. */
static void test_lengths(void **state)
{
    RunwayNals nals = { .is_hevc = 1, .pixels = 64 * 48 };

    (void)state;
    /* no description: start codes alone */
    assert_int_equal(DESCRIBE(&nals, ""), RUNWAY_OK);
    assert_int_equal(PACKET(&nals, HEVC_16240), RUNWAY_OK);
    assert_int_equal(PACKET(&nals, "\0\0\1" HEVC_16240), RUNWAY_BAD_RESULT);
    assert_int_equal(PACKET(&nals, "\x1D" HEVC_16240), RUNWAY_OK);
    /* an empty one that says a byte each */
    nals.lengths = 0;
    assert_int_equal(DESCRIBE(&nals, "\1....................\0\0"), RUNWAY_OK);
    assert_int_equal(PACKET(&nals, "\x1D" HEVC_16240), RUNWAY_BAD_RESULT);
    assert_int_equal(PACKET(&nals, "\1a\x1D" HEVC_16240), RUNWAY_BAD_RESULT);
    assert_int_equal(PACKET(&nals, "\0\x1D" HEVC_16240), RUNWAY_BAD_RESULT);
    assert_int_equal(PACKET(&nals, "\x1E" HEVC_16240), RUNWAY_OK);
    assert_int_equal(PACKET(&nals, "\0\x1D" HEVC_16240 "\7"), RUNWAY_BAD_RESULT);
    assert_int_equal(PACKET(&nals, "\x22..\0\0\1" HEVC_16240),
                     RUNWAY_BAD_RESULT);
    /* both, and one too short to say it */
    assert_int_equal(DESCRIBE(&nals, ""), RUNWAY_BAD_RESULT);
    nals.lengths = 0;
    assert_int_equal(DESCRIBE(&nals, "\1..."), RUNWAY_BAD_RESULT);
    /* a length of 256 to 511 bytes is no start code */
    nals.lengths = 1 << 4;
    assert_int_equal(PACKET(&nals, "\0\0\1\x42" "\1...."), RUNWAY_OK);
    /* of H.264, a packet may describe those that follow */
    nals = (RunwayNals){ .pixels = 64 * 48, .lengths = 1 << 4 };
    assert_int_equal(PACKET(&nals, "\1\x42\0\x33\xFC\xE0\0"), RUNWAY_OK);
    assert_int_equal(nals.lengths, 1 << 4 | 1 << 1);
    /* or be behind start codes, with a set of 128000x128000 */
    nals = (RunwayNals){ .pixels = 64 * 48, .lengths = 1 << 4 };
    assert_int_equal(PACKET(&nals, "\0\0\0\1\x09\xF0\0\0\1\x67\x42\0\x33"
                                   "\xDA\0\x07\xD0\0\x03\xE8\x19"),
                     RUNWAY_BAD_RESULT);
    assert_int_equal(nals.lengths, 1 << 4 | 1);
}

static void test_descriptions(void **state)
{
    static const char avcc[] = "\1\x42\0\x33\xFF\xE1\0\7\x67\x42\0\x33\xDA"
                               "\x11\xE4\1\0\4\x68xyz";
    static const char hvcc[] = "\1....................\3\2\xA0\0\0\xA1\0\2"
                               "\0\0\0\x1D" HEVC_16240;
    RunwayNals nals = { .pixels = 64 * 48 };
    char many[8 + 260];

    (void)state;
    assert_int_equal(DESCRIBE(&nals, avcc), RUNWAY_OK);
    assert_int_equal(nals.lengths, 1 << 4);
    nals.pixels--;
    assert_int_equal(DESCRIBE(&nals, avcc), RUNWAY_BAD_RESULT);
    nals = (RunwayNals){ .is_hevc = 1, .pixels = 64 * 48 };
    assert_int_equal(DESCRIBE(&nals, hvcc), RUNWAY_BAD_RESULT);
    nals.pixels = 16240 * 16240;
    assert_int_equal(DESCRIBE(&nals, hvcc), RUNWAY_OK);
    assert_int_equal(nals.lengths, 1 << 4);
    /* units of no kind: 64 at most */
    memcpy(many, "\1\x42\0\x33\xFF\xE1\1\0", 8);
    for (size_t i = 8; i < sizeof(many); i += 4)
        memcpy(many + i, "e\0\0\1", 4);
    nals = (RunwayNals){ .pixels = 64 * 48 };
    assert_int_equal(describe(&nals, many, 8 + 256), RUNWAY_OK);
    many[7] = 4;
    assert_int_equal(describe(&nals, many, 8 + 260), RUNWAY_BAD_RESULT);
    /* wherever it ends */
    for (size_t size = 0; size < sizeof(hvcc); size++)
        describe(&nals, hvcc, size);
    nals.is_hevc = 0;
    for (size_t size = 0; size < sizeof(avcc); size++)
        describe(&nals, avcc, size);
}

/* A decoder keeps as many as there are numbers. */
static void test_numbers(void **state)
{
    /* 0 to 3 of pictures, 0 and 1 of others */
    static const char *const hevc[] = { "\x44\1\xC0", "\x44\1\x50", "\x44\1\x70",
                                        "\x44\1\x24", "\x40\1\0", "\x40\1\x10" };
    RunwayNals nals = { .is_hevc = 1, .pixels = 64 * 48, .lengths = 1 << 1 };
    RunwayNals h264 = { .pixels = 64 * 48, .lengths = 1 << 1 };

    (void)state;
    for (int i = 0; i < 100; i++) {
        char data[4] = { 3 };

        memcpy(data + 1, hevc[i % 6], 3);
        assert_int_equal(try_packet(&nals, data, 4), RUNWAY_OK);
        assert_int_equal(nals.nb_ids, i < 6 ? i + 1 : 6);
    }
    assert_int_equal(PACKET(&nals, "\x1A" HEVC_SET), RUNWAY_OK);
    assert_int_equal(nals.nb_ids, 7);
    /* one that has no end has no number */
    assert_int_equal(PACKET(&nals, "\3\x44\1\0"), RUNWAY_BAD_RESULT);
    assert_int_equal(nals.nb_ids, 7);
    /* 7 to 22 of pictures, and one more */
    for (int id = 7; id <= 23; id++) {
        char data[4] = { 3, 0x68, 0, 0 };
        int code = (id + 1) << (id < 15 ? 9 : 7);

        data[2] = (char)(code >> 8);
        data[3] = (char)code;
        assert_int_equal(try_packet(&h264, data, 4),
                         id < 23 ? RUNWAY_OK : RUNWAY_BAD_RESULT);
    }
    assert_int_equal(h264.nb_ids, 17);
    /* which is so from then on */
    assert_int_equal(PACKET(&h264, "\2\x41."), RUNWAY_BAD_RESULT);
}

static void test_many(void **state)
{
    static char data[70000];
    RunwayNals nals = { .is_hevc = 1, .pixels = 64 * 48, .lengths = 1 << 1 };
    RunwayNals h264 = { .pixels = 64 * 48, .lengths = 1 << 1 };

    (void)state;
    for (size_t i = 0; i < 17; i++)
        memcpy(data + 4 * i, "\3\x44\1\xC0", 4);
    assert_int_equal(try_packet(&nals, data, 4 * 16), RUNWAY_OK);
    assert_int_equal(try_packet(&nals, data, 4 * 17), RUNWAY_BAD_RESULT);
    assert_int_equal(try_packet(&h264, data, 4 * 17), RUNWAY_OK);
    for (size_t i = 0; i < 17; i++)
        data[4 * i + 1] = 0x68;
    assert_int_equal(try_packet(&h264, data, 4 * 17), RUNWAY_BAD_RESULT);
    assert_int_equal(try_packet(&nals, data, 4 * 17), RUNWAY_OK);
    /* messages before a picture, or behind it */
    memset(data, 'a', sizeof(data));
    memcpy(data, "\0\0\1\x4E", 4);
    nals.lengths = h264.lengths = 1;
    assert_int_equal(try_packet(&nals, data, 65536 + 3), RUNWAY_OK);
    assert_int_equal(try_packet(&nals, data, 65536 + 4), RUNWAY_BAD_RESULT);
    memcpy(data + 40000, "\0\0\1\x50", 4);
    assert_int_equal(try_packet(&nals, data, 65536 + 4), RUNWAY_OK);
    assert_int_equal(try_packet(&nals, data, 65536 + 7), RUNWAY_BAD_RESULT);
    data[3] = 6;
    assert_int_equal(try_packet(&h264, data, 65536 + 3), RUNWAY_OK);
    data[40003] = 6;
    assert_int_equal(try_packet(&h264, data, 65536 + 7), RUNWAY_BAD_RESULT);
}

/* Those of another layer than 0 are not judged, and no decoder is shown them; but
 * they are counted. */
static void test_layers(void **state)
{
    /* a set of a second view, one of the last layer, a slice, and a message */
    char packet[] = "\4\x42\x09\x0E\xF2" "\4\x45\xF9\0\0" "\3\2\x09\x80"
                    "\3\x4E\x09\xFF" "\4\x42\1\x0E\xF2";
    static const char muted[] = "\4\x4C\x09\x0E\xF2" "\4\x4D\xF9\0\0"
                                "\3\x4C\x09\x80" "\3\x4C\x09\xFF";
    static const char head[] = "\1....................\0\1\x21\0\1\0";
    char hvcc[] = "\1....................\0\1\x21\0\1\0\4\x42\x09\x0E\xF2";
    static char messages[RUNWAY_NALS_MESSAGES + 16] = "\0\0\1\x4E\x09";
    char units[4 * 65 + 1] = "";
    RunwayNals nals = { .is_hevc = 1, .pixels = 64 * 48 };

    (void)state;
    assert_int_equal(DESCRIBE(&nals, hvcc), RUNWAY_OK);
    ff_runway_nals_mute(&nals, (unsigned char *)hvcc, sizeof(hvcc) - 1, 1);
    assert_memory_equal(hvcc, head, sizeof(head) - 1);
    assert_memory_equal(hvcc + sizeof(head), muted + 1, 4);
    /* but the last of these is of the film */
    assert_int_equal(PACKET(&nals, packet), RUNWAY_BAD_RESULT);
    assert_int_equal(try_packet(&nals, packet, sizeof(muted) - 1), RUNWAY_OK);
    ff_runway_nals_mute(&nals, (unsigned char *)packet, sizeof(packet) - 1, 0);
    assert_memory_equal(packet, muted, sizeof(muted) - 1);
    assert_int_equal(packet[sizeof(muted)], 0x42);
    nals.lengths = 1;
    assert_int_equal(try_packet(&nals, messages, 3 + RUNWAY_NALS_MESSAGES),
                     RUNWAY_OK);
    assert_int_equal(try_packet(&nals, messages, 4 + RUNWAY_NALS_MESSAGES),
                     RUNWAY_BAD_RESULT);
    for (int i = 0; i < 65; i++)
        memcpy(units + 4 * i, "\0\2\2\x09", 4);
    for (int nb = 64; nb <= 65; nb++) {
        char described[28 + sizeof(units)] = "\1....................\0\1\1\0";

        described[25] = (char)nb;
        memcpy(described + 26, units, sizeof(units));
        nals.lengths = 0;
        assert_int_equal(describe(&nals, described, 26 + 4 * (size_t)nb),
                         nb == 64 ? RUNWAY_OK : RUNWAY_BAD_RESULT);
    }
}

/* Of pictures whose order goes round, as many as no code may say. */
static void test_long_cycle(void **state)
{
    RunwayNals nals = { .pixels = 64 * 48, .lengths = 1 };
    clock_t start = clock();

    (void)state;
    assert_int_equal(PACKET(&nals, "\0\0\1\x67\x42\0\x33\xD3\0\0\3\0\1"
                                   "\xFF\xFF\xFF\xFE\x80"),
                     RUNWAY_BAD_RESULT);
    assert_true(clock() - start < CLOCKS_PER_SEC);
}

/* Which picture it is of takes as many bits as any of the sets may say. */
static void test_slices(void **state)
{
    static const unsigned char slice[] = "\x41\x31\xB3\xFF\xFF";
    RunwayNals nals = { .pixels = 64 * 48, .lengths = 1 << 4 };
    uint32_t picture;

    (void)state;
    assert_int_equal(ff_runway_nals_slice(&nals, slice, 3, &picture), 5);
    assert_int_equal(picture, 0);
    assert_int_equal(PACKET(&nals, "\0\0\0\7\x67\x42\0\x33\xDA\x11\xE4"),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_nals_slice(&nals, slice, 3, &picture), 5);
    assert_int_equal(picture, 9);
    assert_int_equal(PACKET(&nals,
                            "\0\0\0\x8\x67\x42\0\x33\x8D\x68\x47\x90"
                            "\0\0\0\7\x67\x42\0\x33\xDA\x11\xE4"),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_nals_slice(&nals, slice, 5, &picture), 5);
    assert_int_equal(picture, 0x9FFF);
    /* by another set */
    assert_int_equal(ff_runway_nals_slice(&nals, (const unsigned char *)
                                          "\x41\x31\x94\xFF\xFF", 5,
                                          &picture), 5);
    assert_int_equal(picture, 1 << 16 | 0x9FFF);
    /* cannot be read */
    assert_int_equal(ff_runway_nals_slice(&nals, slice, 3, &picture), 0);
    assert_int_equal(ff_runway_nals_slice(&nals, slice, 1, &picture), 0);
    assert_int_equal(ff_runway_nals_slice(&nals, (const unsigned char *)
                                          "\x41\0\0\0\0\0", 6, &picture), 0);
}

#define CASE(bytes, ...) { sizeof(bytes) - 1, bytes, { __VA_ARGS__ } }

/* Lists of scaling in a set for pictures: as many as its sequence has. */
static void test_lists(void **state)
{
    static const struct {
        size_t size;
        const char *bytes;
        int is_bad[3];
    } cases[] = {
        /* none, and nothing at all behind the rest */
        CASE("\x68\xEE\x3C\x30", 0, 0, 0),
        CASE("\x68\xEE\x3C\x80", 0, 0, 0),
        CASE("\x68\xEE\x3C\x61\x18\x46\x11\x84\x61\x18\x47", 0, 0, 0),
        /* the sixth begins with a difference of 128 */
        CASE("\x68\xEE\x3C\x61\x18\x46\x11\x84\x61\x18\x04\x03", 0, 1, 1),
        /* what would be the ninth does */
        CASE("\x68\xEE\x3C\xE1\x18\x46\x11\x84\x61\x18\x46\x11\x84\x60"
             "\x10\x0C", 0, 0, 1),
        /* twelve, or eight */
        CASE("\x68\xEE\x3C\xE1\x18\x46\x11\x84\x61\x18\x46\x11\x84\x61"
             "\x18\x46\x11\x60", 0, 0, 0),
        /* the first ends too early */
        CASE("\x68\xEE\x3C\x68", 0, 1, 1),
        /* the sixth, of slices in groups */
        CASE("\x68\xE5\x8F\x18\x46\x11\x84\x61\x18\x46\x01\x00\xC0",
             0, 0, 0),
        /* a number that FFmpeg need not read so */
        CASE("\x68\xEE\x20\x10\x1C\x30", 0, 1, 1),
    };
    /* main, high, 4:4:4 */
    static const char *const sequences[] = {
        "\x07\x67\x4D\x40\x33\xDA\x11\xE0",
        "\x08\x67\x64\0\x33\xAC\xB4\x23\xC0",
        "\x08\x67\xF4\0\x33\x91\x96\x84\x78",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (int k = 0; k < 3; k++) {
            RunwayNals nals = { .pixels = 64 * 48, .lengths = 1 << 1 };
            char data[32] = { (char)cases[i].size };

            print_message("# %zu, %d\n", i, k);
            memcpy(data + 1, cases[i].bytes, cases[i].size);
            assert_int_equal(try_packet(&nals, sequences[k],
                                        1 + (size_t)sequences[k][0]), RUNWAY_OK);
            assert_int_equal(try_packet(&nals, data, 1 + cases[i].size),
                             cases[i].is_bad[k] ? RUNWAY_BAD_RESULT : RUNWAY_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_long_cycle),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_slices),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("nals", tests, NULL, NULL);
}
