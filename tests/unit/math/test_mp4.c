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


#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core_test.h"
#include "math/mp4.h"
#include "mp4_file.h"

#define PIXELS (1920 * 1080)

/* What a film that is put together is like; a test changes what it is about. */
typedef struct Film {
    const char *format;      ///< NULL: avc1
    int width, height;
    uint32_t sample_size;    ///< of all; 0: a table of sizes
    uint32_t nb_samples, nb_sizes, each;
    uint32_t nb_stts, stts_samples;
    uint32_t nb_chunks, stco, first_chunk, per_chunk, description;
    uint32_t more_chunk;     ///< the first of another entry; 0: none
    uint32_t nb_edits, elst;
    uint32_t depth;          ///< bits of a pixel, and which palette
    uint32_t hdlr;           ///< bytes in its name
    uint32_t more_format;    ///< bytes in the description of its frames
    uint32_t profile;        ///< bytes of a colour profile in front of in_format
    uint32_t dref_flags, dref_name;
    const char *dref;        ///< NULL: "url "
    const char *other;       ///< a second description of frames; NULL: none
    const char *handler;
    const char *in_trak, *in_moov, *in_mdia, *in_stbl,
               *in_format;   ///< one box more
    int with_sound, is_fragmented, no_video;
    uint32_t trun_flags, trun_samples, trun_words;
    uint32_t trex_before;    ///< bytes of a frame, said before the usual ones
    uint32_t more_stbl;      ///< bytes that stbl claims beyond its end
    uint32_t tkhd_flags;
    uint32_t ctts;           ///< offset of the first frame; 0: no table of them
} Film;

static const Film plain = {
    .width = 64, .height = 48, .nb_samples = 24, .nb_sizes = 24, .each = 100,
    .nb_stts = 1, .stts_samples = 24, .nb_chunks = 2, .stco = 2,
    .first_chunk = 1, .per_chunk = 12, .description = 1, .nb_edits = 1,
    .elst = 1, .dref_flags = 1, .dref_name = 0x0A6F6E65, .handler = "vide", .depth = 0x18FFFF,
    .hdlr = 13,
    .trun_flags = 0x201, .trun_samples = 24, .trun_words = 24,
};

static void put_trak(Mp4File *f, const Film *film, uint32_t id,
                     const char *handler)
{
    begin(f, "trak");
    begin(f, "tkhd");
    put_u32(f, film->tkhd_flags);
    put_zeros(f, 8);
    put_u32(f, id);
    put_zeros(f, 68);
    end(f);
    if (film->in_trak) {
        begin(f, film->in_trak);
        put_zeros(f, 100);
        end(f);
    }
    begin(f, "edts");
    begin(f, "elst");
    put_u32(f, 0);
    put_u32(f, film->nb_edits);
    for (uint32_t i = 0; i < film->elst; i++)
        put_zeros(f, 12);
    end(f);
    end(f);
    begin(f, "mdia");
    begin(f, "mdhd");
    put_zeros(f, 24);
    end(f);
    begin(f, "hdlr");
    put_zeros(f, 8);
    put_bytes(f, handler, 4);
    put_zeros(f, film->hdlr);
    end(f);
    if (film->in_mdia) {
        begin(f, film->in_mdia);
        put_zeros(f, 100);
        end(f);
    }
    begin(f, "minf");
    begin(f, "vmhd");
    put_zeros(f, 12);
    end(f);
    begin(f, "dinf");
    begin(f, "dref");
    put_zeros(f, 4);
    put_u32(f, 1);
    PUT_TABLE(f, film->dref ? film->dref : "url ", film->dref_flags,
              film->dref_name);
    end(f);
    end(f);
    begin(f, "stbl");
    begin(f, "stsd");
    put_u32(f, 0);
    put_u32(f, film->other ? 2 : 1);
    begin(f, film->format ? film->format : "avc1");
    put_zeros(f, 24);
    put_u32(f, (uint32_t)film->width << 16 | (uint32_t)film->height);
    put_zeros(f, 46);
    put_u32(f, film->depth);
    begin(f, "avcC");
    put_zeros(f, 30);
    end(f);
    if (film->profile) {
        begin(f, "colr");
        put_zeros(f, film->profile);
        end(f);
    }
    if (film->in_format) {
        begin(f, film->in_format);
        put_zeros(f, 20);
        end(f);
    }
    put_zeros(f, 4 + film->more_format); /* 4: as QuickTime ends it */
    end(f);
    if (film->other) {
        begin(f, film->other);
        put_zeros(f, 8);
        begin(f, "moov");
        end(f);
        end(f);
    }
    end(f);
    PUT_TABLE(f, "stts", 0, film->nb_stts, film->stts_samples, 40);
    if (film->in_stbl) {
        begin(f, film->in_stbl);
        put_zeros(f, 16);
        end(f);
    }
    if (film->ctts)
        PUT_TABLE(f, "ctts", 0, 1, 1, film->ctts);
    if (film->more_chunk)
        PUT_TABLE(f, "stsc", 0, 2, film->first_chunk, film->per_chunk,
                  film->description, film->more_chunk, 0, 9);
    else
        PUT_TABLE(f, "stsc", 0, 1, film->first_chunk, film->per_chunk,
                  film->description);
    begin(f, "stsz");
    put_u32(f, 0);
    put_u32(f, film->sample_size);
    put_u32(f, film->nb_samples);
    for (uint32_t i = 0; i < film->nb_sizes; i++)
        put_u32(f, film->each);
    end(f);
    begin(f, "stco");
    put_u32(f, 0);
    put_u32(f, film->nb_chunks);
    for (uint32_t i = 0; i < film->stco; i++)
        put_u32(f, 8);
    end(f);
    end_with(f, film->more_stbl);
    end(f);
    end(f);
    end(f);
}

static Mp4File *make_film(Film film)
{
    Mp4File *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    begin(f, "ftyp");
    put_bytes(f, "isom\0\0\2\0isom", 12);
    end(f);
    begin(f, "mdat");
    put_zeros(f, 3000);
    end(f);
    begin(f, "moov");
    begin(f, "mvhd");
    put_zeros(f, 100);
    end(f);
    if (film.with_sound)
        put_trak(f, &film, 1, "soun");
    if (!film.no_video)
        put_trak(f, &film, 2, film.handler);
    if (film.in_moov) {
        begin(f, film.in_moov);
        put_zeros(f, 100);
        end(f);
    }
    if (film.is_fragmented) {
        begin(f, "mvex");
        if (film.trex_before)
            PUT_TABLE(f, "trex", 0, 2, 1, 40, film.trex_before, 0);
        PUT_TABLE(f, "trex", 0, 2, 1, 40, 100, 0);
        PUT_TABLE(f, "trex", 0, 1, 1, 40, 0xFFFFFFFF, 0);
        end(f);
    }
    end(f);
    for (uint32_t id = 1; film.is_fragmented && id <= 2; id++) {
        begin(f, "moof");
        begin(f, "traf");
        PUT_TABLE(f, "tfhd", 0x20000, id);
        PUT_TABLE(f, "tfdt", 0, 0);
        begin(f, "trun");
        put_u32(f, film.trun_flags);
        put_u32(f, film.trun_samples);
        put_u32(f, 8);
        for (uint32_t i = 0; i < film.trun_words; i++)
            put_u32(f, film.each);
        end(f);
        end(f);
        end(f);
    }
    return f;
}

typedef struct Disk {
    const Mp4File *file;
    int reads, fail_at, stop_at;
} Disk;

static int disk_read(void *opaque, int64_t offset, void *data, size_t size)
{
    Disk *d = opaque;

    assert_true(offset >= 0 && size <= d->file->size &&
                (size_t)offset <= d->file->size - size);
    if (++d->reads == d->fail_at)
        return EIO;
    memcpy(data, d->file->data + offset, size);
    return 0;
}

static int disk_cancelled(void *opaque)
{
    const Disk *d = opaque;

    return d->stop_at && d->reads >= d->stop_at;
}

static RunwayOutcome parse(Disk *d, RunwayMp4 **mp4, RunwayError *err)
{
    const RunwayMp4Source source = { (int64_t)d->file->size, disk_read,
                                     disk_cancelled, d };

    return ff_runway_mp4_parse(mp4, &source, PIXELS, err);
}

/* Frees f. says: what the refusal says. */
static void refused_as(RunwayOutcome outcome, Mp4File *f, const char *says)
{
    Disk d = { .file = f };
    RunwayError err = { RUNWAY_OK, "" };
    RunwayMp4 *mp4;
    RunwayOutcome ret = parse(&d, &mp4, &err);

    if (ret != outcome || !strstr(err.text, says))
        fail_msg("%s: %s, not %s", ff_runway_outcome_name(ret), err.text, says);
    assert_null(mp4);
    free(f);
}

static void refused(Mp4File *f, const char *says)
{
    /* what is no whole MP4 may be one when it is fetched again */
    refused_as(!*says || strstr(says, "truncated") || strstr(says, "no MP4 index") ?
               RUNWAY_NO_RESULT : RUNWAY_BAD_RESULT, f, says);
}

static void film_refused(Film film, const char *says)
{
    refused(make_film(film), says);
}

/* What is shown of f, which it frees; free() it. */
static uint8_t *shown(Mp4File *f, size_t *size)
{
    Disk d = { .file = f };
    RunwayError err = { RUNWAY_OK, "" };
    RunwayMp4 *mp4;
    uint8_t *data;

    if (parse(&d, &mp4, &err))
        fail_msg("%s", err.text);
    *size = (size_t)ff_runway_mp4_size(mp4);
    data  = malloc(*size);
    assert_int_equal(ff_runway_mp4_read(mp4, 0, data, *size), 0);
    /* in parts, wherever they begin and end, it is the same */
    for (size_t step = 1; step < 40; step++) {
        uint8_t part[40];

        for (size_t at = 0; at + step <= *size; at += step) {
            assert_int_equal(ff_runway_mp4_read(mp4, (int64_t)at, part, step),
                             0);
            assert_memory_equal(part, data + at, step);
        }
    }
    ff_runway_mp4_free(&mp4);
    assert_null(mp4);
    free(f);
    return data;
}

/* How often a type stands in what is shown of the film. */
static int count_shown(Film film, const char *type)
{
    size_t size;
    uint8_t *data = shown(make_film(film), &size);
    int nb = 0;

    for (size_t i = 0; i + 4 <= size; i++)
        nb += !memcmp(data + i, type, 4);
    free(data);
    return nb;
}

/* The plain film, but for what is set of it. */
#define FILM(...) ({ Film it = plain; __VA_ARGS__; it; })

static void test_shown(void **state)
{
    static const char *const kept[] = {
        "ftyp", "moov", "mvhd", "trak", "tkhd", "edts", "elst", "mdia", "mdhd",
        "hdlr", "minf", "dinf", "stbl", "stsd", "avc1", "avcC", "stts", "stsc",
        "stsz", "stco", "mdat",
    };
    static const char *const hidden[] = {
        "hoov", "cmov", "udta", "meta", "keys", "free", "uuid", "tref", "iods",
        "senc", "sidx", "\n\n\n\n", "wave", "chpl", "mfra",
    };
    Mp4File *f = make_film(plain);
    uint8_t *copy = malloc(f->size), *data;
    size_t size, was = f->size;

    memcpy(copy, f->data, was);
    data = shown(f, &size);
    /* a skip behind the file, and two in it: vmhd and dref */
    assert_int_equal(size, was + 8);
    assert_memory_equal(data + was, "\0\0\0\x08skip", 8);
    for (size_t i = 0; i + 4 <= was; i++) {
        if (memcmp(data + i, copy + i, 4) && !memcmp(data + i, "skip", 4))
            assert_true(!memcmp(copy + i, "vmhd", 4) ||
                        !memcmp(copy + i, "dref", 4));
    }
    free(data);
    free(copy);
    assert_int_equal(count_shown(plain, "skip"), 3);
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
        assert_int_equal(count_shown(plain, kept[i]), 1);
    for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
        assert_int_equal(count_shown(FILM(it.in_moov = hidden[i]), hidden[i]),
                         0);
        assert_int_equal(count_shown(FILM(it.in_trak = hidden[i]), hidden[i]),
                         0);
        assert_int_equal(count_shown(FILM(it.in_stbl = hidden[i]), hidden[i]),
                         0);
        assert_int_equal(count_shown(FILM(it.in_format = hidden[i]),
                                     hidden[i]), 0);
    }
    /* what is right in one place is not in another, or a second time */
    assert_int_equal(count_shown(FILM(it.in_moov = "stts"), "stts"), 1);
    assert_int_equal(count_shown(FILM(it.in_stbl = "stts"), "stts"), 1);
    assert_int_equal(count_shown(FILM(it.in_trak = "moov"), "moov"), 1);
    /* the sound's track is not shown */
    assert_int_equal(count_shown(FILM(it.with_sound = 1), "trak"), 1);
    assert_int_equal(count_shown(FILM(it.with_sound = 1), "soun"), 1);
    assert_int_equal(count_shown(FILM(it.is_fragmented = 1), "traf"), 1);
    assert_int_equal(count_shown(FILM(it.is_fragmented = 1), "moof"), 2);
}

/* Of several videos the one that is enabled, with the larger pictures, with more
 * of them. */
static void test_choice(void **state)
{
    const Film small = FILM(it.width = 32);
    const struct { Film film, other; } cases[] = {
        { plain, FILM(it.nb_samples = it.nb_sizes = 1;
                      it.per_chunk = it.nb_chunks = it.stco = 1;
                      it.stts_samples = 1) },
        { plain, FILM(it.width = 32; it.nb_samples = it.nb_sizes = 26;
                      it.per_chunk = 13; it.stts_samples = 26) },
        { FILM(it = small; it.tkhd_flags = 1), plain },
        { FILM(it.tkhd_flags = 7), FILM(it.tkhd_flags = 6) },
    };

    for (int i = 0; i < 8; i++) {
        const Film *film = &cases[i / 2].film, *other = &cases[i / 2].other;
        Mp4File *f = calloc(1, sizeof(*f));
        uint8_t *data;
        size_t size;

        begin(f, "moov");
        put_trak(f, i % 2 ? film : other, 1, "vide");
        put_trak(f, i % 2 ? other : film, 2, "vide");
        end(f);
        begin(f, "mdat");
        put_zeros(f, 3000);
        f->data[f->open[0]] = 0; /* a size of 0: to the end */
        data = shown(f, &size);
        assert_memory_equal(data + 12, i % 2 ? "trak" : "skip", 4);
        free(data);
    }
}

/* Of what is not shown, nothing has to be whole, wherever it is; of the video, all
 * of it. */
static void test_damaged_track(void **state)
{
    static const struct {
        const char *handler, *says;
        uint32_t tkhd, hdlr, more;  ///< bytes in them; that hdlr claims beyond
    } cases[] = {
        { "soun", NULL, 3, 20, 0 },    { "vide", "too small", 3, 20, 0 },
        { "soun", NULL, 80, 20, 999 }, { "vide", NULL, 80, 20, 999 },
        { "soun", NULL, 80, 0, 0 },    { "soun", NULL, 80, 20, 0 },
        { "tmcd", NULL, 3, 20, 0 },    { "tmcd", NULL, 3, 0, 999 },
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
        Mp4File *f = calloc(1, sizeof(*f));
        size_t k = i / 2, size, trak;
        uint8_t *data;

        begin(f, "mdat");
        put_zeros(f, 3000);
        end(f);
        begin(f, "moov");
        if (i % 2)
            put_trak(f, &plain, 2, "vide");
        trak = f->size;
        begin(f, "trak");
        begin(f, "tkhd");
        put_zeros(f, cases[k].tkhd);
        end(f);
        begin(f, "mdia");
        begin(f, "hdlr");
        put_zeros(f, 8);
        put_bytes(f, cases[k].handler, cases[k].hdlr ? 4 : 0);
        put_zeros(f, cases[k].hdlr);
        end_with(f, cases[k].more);
        end(f);
        end(f);
        if (!(i % 2))
            put_trak(f, &plain, 2, "vide");
        end(f);
        if (cases[k].says) {
            refused(f, cases[k].says);
            continue;
        }
        data = shown(f, &size);
        assert_memory_equal(data + trak + 4, "skip", 4);
        free(data);
    }
}

/* What is behind the boxes, once all of the film is there. */
static void test_left_over(void **state)
{
    static const struct { const char *bytes; size_t size; int is_cut; } cases[] = {
        { "text\n", 5, 0 },              { "Hello, world!\n", 14, 0 },
        { "\0\0\0\0\0\0\0\0", 8, 0 },   { "\0\0\0\7text", 8, 0 },
        { "\0\0\0\1text", 8, 0 },        { "\0\0\0\x09mdat", 8, 1 },
        { "\0\0\0\1moofabcd", 12, 1 },   { "\0\0\1\0styp", 8, 1 },
        { "\0\0\0\1mdat\x80\0\0\0\0\0\0\0", 16, 1 },
        { "\0\0\0\1text\x80\0\0\0\0\0\0\0", 16, 0 },
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
        size_t k = i / 2, was, size;
        Mp4File *f = make_film(FILM(it.is_fragmented = (int)i % 2; it.each = 4));
        uint8_t *data;

        was = f->size;
        put_bytes(f, cases[k].bytes, cases[k].size);
        if (cases[k].is_cut) {
            refused_as(memcmp(cases[k].bytes + 4, "moof", 4) ? RUNWAY_NO_RESULT
                       : RUNWAY_BAD_RESULT, f, "");
            continue;
        }
        data = shown(f, &size);
        if (memcmp(cases[k].bytes, "\0\0\0\0", 4)) {
            assert_int_equal(size, was + 8);
            assert_memory_equal(data + was, "\0\0\0\x08skip", 8);
        } else {
            assert_int_equal(size, was + 16);
            assert_memory_equal(data + was, "\0\0\0\x08skip\0\0\0\x08skip",
                                16);
        }
        free(data);
    }
    /* samples that lie behind the end: of a fragment, of the last chunk */
    for (int i = 0; i < 3; i++) {
        Mp4File *f = make_film(FILM(it.is_fragmented = !i));
        const size_t size = f->size;

        for (size_t at = 0; i && at < size; at++)
            if (!memcmp(f->data + at, "stco", 4))
                f->data[at + 13] = (uint8_t)(i - 1); /* 64 KiB */
        put_bytes(f, "Hello, world!", 13);
        if (i == 1)
            free(shown(f, &(size_t){ 0 }));
        else
            refused(f, "truncated");
    }
}

static void test_nonsense(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *says;
    } cases[] = {
        { "", 0, "no MP4 index" },
        { "<html>", 6, "no MP4 index" },
        { "<html><body>", 12, "truncated, or not a readable video" },
        { "moov", 4, "no MP4 index" },
        { "\0\0\0\0moov", 8, "no video" },
        { "\0\0\0\1moov", 8, "smaller than its header" },
        { "\0\0\0\1moov\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16, "truncated" },
        { "\0\0\0\4moov", 8, "smaller than its header" },
        { "\xFF\xFF\xFF\xFFmdat", 8, "truncated" },
        { "\0\0\0\x08mdat", 8, "no MP4 index" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        Mp4File *f = calloc(1, sizeof(*f));

        put_bytes(f, cases[i].text, cases[i].size);
        refused(f, cases[i].says);
    }
    for (uint32_t seed = 1; seed < 300; seed++) {
        Mp4File *f = calloc(1, sizeof(*f));
        uint8_t *bytes = make_bytes(3000 + seed);

        put_bytes(f, bytes + seed, 3000);
        free(bytes);
        refused(f, "");
    }
}

static void test_structure(void **state)
{
    static const char *const formats[] = { "raw ", "jpeg", "mjpa", "mjpb", "AVdn",
                                           "AVdh", "vp08", "encv", "s263" };
    Mp4File *f;

    film_refused(FILM(it.more_stbl = 1; it.in_moov = "free"),
                 "larger than the one it is in");
    film_refused(FILM(it.no_video = 1), "has no video");
    film_refused(FILM(it.handler = "soun"), "has no video");
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        refused_as(RUNWAY_INVALID, make_film(FILM(it.format = formats[i])),
                   "coded as \"");
    refused_as(RUNWAY_INVALID, make_film(FILM(it.format = "mp4v")),
               "coded as \"mp4v\"");
    refused_as(RUNWAY_INVALID, make_film(FILM(it.format = "\nr\x1bw")),
               "coded as \"?r?w\"");
    film_refused(FILM(it.width = 1921; it.height = 1080),
                 "1921x1080: more than 2073600 pixels");
    film_refused(FILM(it.dref_flags = 0), "in another file");
    film_refused(FILM(it.dref_flags = 0; it.dref_name = 0x00FFFFFF;
                      it.dref = "alis"), "in another file");
    assert_int_equal(count_shown(FILM(it.dref_flags = 0;
                                      it.dref_name = 0x00FFFFFF), "avc1"), 1);
    film_refused(FILM(it.no_video = 1; it.in_moov = "cmov"), "is compressed");

    f = make_film(plain); /* the last byte is missing */
    f->size--;
    refused(f, "truncated");
    f = make_film(plain);
    for (int i = 0; i <= RUNWAY_MP4_BOXES_MAX; i++)
        put_bytes(f, "\0\0\0\x08skip", 8);
    refused(f, "more boxes");
    f = calloc(1, sizeof(*f));
    for (int i = 0; i < 60; i++)
        begin(f, "moov");
    while (f->nb_open)
        end(f);
    refused(f, "no video");
}

/* A description of no known kind, of which nothing is. */
static void test_other_description(void **state)
{
    Film film = FILM(it.other = "enc\x1b"; it.with_sound = 1);

    (void)state;
    assert_int_equal(count_shown(film, "avc1"), 2);
    assert_int_equal(count_shown(film, film.other), 1); /* of the sound's */
    film.format = "ap4h";
    refused_as(RUNWAY_INVALID, make_film(film), "coded as \"enc?\"");
    film.format      = "avc1";
    film.description = 2;
    refused_as(RUNWAY_INVALID, make_film(film), "coded as \"enc?\"");
    film.description = 3;
    film_refused(film, "not described");
    film.description   = 1;
    film.is_fragmented = 1;
    refused_as(RUNWAY_INVALID, make_film(film), "coded as \"enc?\"");
    film.no_video = 1;
    film_refused(film, "has no video");
    /* of fragments that are not shown it says nothing */
    film = FILM(it.other = "enc\x1b");
    {
        Mp4File *f = make_film(film);
        size_t size;

        begin(f, "moof");
        begin(f, "traf");
        PUT_TABLE(f, "tfhd", 0x20000, 1);
        end(f);
        end(f);
        free(shown(f, &size));
    }
}

static void test_tables(void **state)
{
    const uint32_t most = RUNWAY_MP4_SAMPLES_MAX, all = 0xFFFFFFFF;

    film_refused(FILM(it.nb_samples = 25), "more entries than there are");
    film_refused(FILM(it.nb_samples = all), "more entries than a clip");
    film_refused(FILM(it.sample_size = 1; it.nb_samples = all),
                 "more entries than a clip");
    film_refused(FILM(it.sample_size = 1; it.nb_samples = most),
                 "more bytes of frames");
    film_refused(FILM(it.nb_stts = 2), "more entries than there are");
    film_refused(FILM(it.stts_samples = all), "more frames");
    film_refused(FILM(it.nb_chunks = 3), "more entries than there are");
    film_refused(FILM(it.nb_chunks = 0x10000000), "more entries than a clip");
    film_refused(FILM(it.in_stbl = "ctts"; it.nb_chunks = all),
                 "more entries than a clip");
    /* chunks */
    film_refused(FILM(it.per_chunk = all), "more frames than a clip");
    film_refused(FILM(it.per_chunk = 0), "not described");
    film_refused(FILM(it.first_chunk = 0), "not described");
    film_refused(FILM(it.first_chunk = 2), "not described");
    film_refused(FILM(it.description = 2), "not described");
    film_refused(FILM(it.description = 0), "not described");
    /* the bytes of all, and of one: 64x48 and a mebibyte */
    film_refused(FILM(it.each = 1000), "more bytes of frames");
    for (int bytes = 1; bytes <= 2; bytes++) {
        Film film = FILM(it.nb_samples = 1; it.nb_sizes = 250000;
                         it.format = bytes == 1 ? "avc1" : "apcn";
                         it.each = (1 << 20) + 64 * 48 * bytes);

        count_shown(film, "avcC");
        film.each++;
        film_refused(film, "more bytes than its pixels");
    }
    /* edits */
    film_refused(FILM(it.nb_edits = 2), "more entries than there are");
    film_refused(FILM(it.nb_edits = it.elst = 2000;
                      it.nb_samples = it.nb_sizes = 200; it.each = 1),
                 "plays its frames more often");
    assert_int_equal(count_shown(FILM(it.nb_edits = it.elst = 3), "elst"), 1);
    /* the demuxer takes those for edits too that the number leaves out */
    film_refused(FILM(it.elst = 2000; it.nb_samples = it.nb_sizes = 200;
                      it.each = 1), "plays its frames more often");
    film_refused(FILM(it.elst = 40000; it.nb_samples = it.nb_sizes = 7;
                      it.each = 1), "plays its frames more often");
}

/* The only edit that shows something is shown with a length. */
static void test_endless_edit(void **state)
{
    static const struct {
        uint32_t elst;           ///< its bytes, in entries of 12
        int version, empty;      ///< edits that show nothing before it
        int is_changed;
    } cases[] = {
        { 1, 0, 0, 1 }, { 2, 0, 1, 1 }, { 2, 0, 0, 0 }, { 1, 0, 1, 0 },
        { 5, 1, 2, 1 }, { 5, 1, 1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        Mp4File *f = make_film(FILM(it.nb_edits = it.elst = cases[i].elst));
        const size_t each = cases[i].version ? 20 : 12, time = each / 2 - 2;
        uint8_t *data, is[24] = { 0 };
        size_t size, at = 0;

        while (memcmp(f->data + at, "elst", 4))
            at++;
        f->data[at + 4] = (uint8_t)cases[i].version;
        if (cases[i].version)
            f->data[at + 11] = (uint8_t)(cases[i].elst * 12 / 20);
        for (int k = 0; k < cases[i].empty; k++)
            memset(f->data + at + 12 + (size_t)k * each + time, 0xFF, time);
        data = shown(f, &size);
        at  += 12 + (cases[i].elst * 12 / each - 1) * each;
        memset(is + time, i == 3 ? 0xFF : 0, time);
        if (cases[i].is_changed)
            memcpy(is + time - 4, "\x7F\xFF\xFF\xFF", 4);
        assert_memory_equal(data + at, is, each);
        free(data);
    }
}

/* A last entry of chunks that are not there is not shown. */
static void test_more_chunks(void **state)
{
    Mp4File *f = make_film(FILM(it.more_chunk = 3; it.in_stbl = "sgpd"));
    uint8_t *data;
    size_t size, at = 0;

    (void)state;
    data = shown(f, &size);
    while (memcmp(data + at, "stsc", 4))
        at++;
    assert_memory_equal(data + at, "stsc\0\0\0\0\0\0\0\1\0\0\0\1", 16);
    free(data);
    film_refused(FILM(it.more_chunk = 2), "not described");
    film_refused(FILM(it.more_chunk = 3; it.first_chunk = 3), "not described");
    free(shown(make_film(FILM(it.more_chunk = 0xFFFFFFFF)), &size));
}

static void test_fragments(void **state)
{
    const uint32_t all = 0xFFFFFFFF;
    Film film = FILM(it.is_fragmented = 1; it.nb_samples = it.nb_sizes = 0;
                     it.nb_chunks = it.stco = 0);

    assert_int_equal(count_shown(film, "trun"), 2);
    film.trun_samples = 25;
    film_refused(film, "more entries than there are");
    film.trun_samples = all;
    film_refused(film, "more entries than a clip");
    film.trun_flags = 1; /* no sizes: those of trex */
    film_refused(film, "more entries than a clip");
    film.trun_samples = RUNWAY_MP4_SAMPLES_MAX;
    film_refused(film, "more bytes of frames");
    film.trun_samples = 1;
    assert_int_equal(count_shown(film, "trun"), 2);
    /* the demuxer believes the first of two for one track */
    film.trex_before  = 1 << 30;
    film_refused(film, "more bytes of frames");
    film.trun_flags   = 0x201;
    film.trun_samples = 24;
    film.each         = 1 << 30;
    film_refused(film, "more bytes of frames");
    /* the demuxer would forget the offsets, but not that it had memory for them */
    for (int i = 0; i < 2; i++) {
        film = FILM(it.ctts = i & 1 ? 1 << 28 : 0u - (1 << 28));
        assert_int_equal(count_shown(film, "ctts"), 1);
        film.is_fragmented = 1;
        assert_int_equal(count_shown(film, "ctts"), 1);
        film.ctts += i & 1 ? 1 : -1;
        film_refused(film, "times before them that are too large");
        film.is_fragmented = 0;
        assert_int_equal(count_shown(film, "ctts"), 1);
    }
    /* frames before it is said whose */
    for (int i = 0; i < 2; i++) {
        Mp4File *f = make_film(FILM(it.is_fragmented = 1));

        begin(f, "moof");
        begin(f, "traf");
        for (int k = 0; k < 2; k++) {
            if (k == i)
                PUT_TABLE(f, "tfhd", 0x20000, 2);
            else
                PUT_TABLE(f, "trun", 0, 1);
        }
        end(f);
        end(f);
        if (i) {
            refused(f, "unknown track");
        } else {
            size_t size;

            free(shown(f, &size));
        }
    }
}

/* The bytes of a fragment of which it goes unsaid where they are follow those of
 * the one before it, also where that is hidden. */
static void test_fragments_behind_sound(void **state)
{
    static const struct { uint32_t sound, video, shown; } cases[] = {
        { 0, 0, 5 + 300 + 30 }, { 0x20000, 0, 5 + 300 + 30 },
        { 0, 0x20000, 5 }, { 0x10, 0, 5 + 300 + 30 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        Mp4File *f = make_film(FILM(it.is_fragmented = 1));
        size_t moof = f->size, trun[3], size;
        uint8_t *data;

        begin(f, "moof");
        begin(f, "traf");
        PUT_TABLE(f, "tfhd", cases[i].sound, 1, 7);
        PUT_TABLE(f, "trun", 0x201, 2, 300, 10, 20);
        end(f);
        begin(f, "traf");
        PUT_TABLE(f, "tfhd", cases[i].video, 2);
        for (int k = 0; k < 2; k++) {
            trun[k] = f->size;
            PUT_TABLE(f, "trun", 0x201, 1, (uint32_t)(5 - 10 * k), 40);
        }
        end(f);
        /* nothing is hidden between these */
        begin(f, "traf");
        PUT_TABLE(f, "tfhd", 0, 2);
        trun[2] = f->size;
        PUT_TABLE(f, "trun", 0x201, 1, 7, 40);
        end(f);
        end(f);
        data = shown(f, &size);
        assert_true(trun[2] + 24 <= size && moof < trun[0]);
        assert_int_equal(data[trun[2] + 18] << 8 | data[trun[2] + 19], 7);
        for (int k = 0; k < 2; k++) {
            assert_memory_equal(data + trun[k] + 4, "trun", 4);
            assert_int_equal(data[trun[k] + 15], 1); /* frames */
            assert_int_equal((int16_t)(data[trun[k] + 18] << 8 |
                                       data[trun[k] + 19]),
                             (int)cases[i].shown - 10 * k);
        }
        free(data);
    }
}

/* What makes the demuxer take other bytes for boxes than those that were
 * checked. */
static void test_shifted(void **state)
{
    static const uint32_t palettes[] = { 0x10000, 0x20000, 0x40000, 0x80000,
                                         0x280000 };

    for (size_t i = 0; i < sizeof(palettes) / sizeof(*palettes); i++)
        film_refused(FILM(it.depth = palettes[i]), "has a palette");
    assert_int_equal(count_shown(FILM(it.depth = 0x8FFFF), "avcC"), 1);
    assert_int_equal(count_shown(FILM(it.depth = 0x180000), "avcC"), 1);
    film_refused(FILM(it.more_format = 1 << 18), "too large");
    /* no second handler in the place of one that is hidden */
    assert_int_equal(count_shown(FILM(it.hdlr = 500), "hdlr"), 1);
    assert_int_equal(count_shown(FILM(it.hdlr = 501), "hdlr"), 0);
    assert_int_equal(count_shown(FILM(it.hdlr = 501; it.in_mdia = "hdlr"),
                                 "hdlr"), 0);
    /* but the colour tags beside a profile, and one of two */
    assert_int_equal(count_shown(FILM(it.profile = 600; it.in_format = "colr"),
                                 "colr"), 1);
    assert_int_equal(count_shown(FILM(it.profile = 20; it.in_format = "colr"),
                                 "colr"), 1);
    /* or beside one that is cut off */
    assert_int_equal(count_shown(FILM(it.profile = 9), "colr"), 0);
    assert_int_equal(count_shown(FILM(it.profile = 9; it.in_format = "colr"),
                                 "colr"), 1);
}

/* Whenever it is stopped, and whenever the disk fails. */
static void test_stopped(void **state)
{
    Film film = FILM(it.is_fragmented = 1; it.with_sound = 1);
    Mp4File *f = make_film(film);
    Disk d = { .file = f };
    RunwayError err;
    RunwayMp4 *mp4;
    int nb;

    assert_int_equal(parse(&d, &mp4, &err), RUNWAY_OK);
    ff_runway_mp4_free(&mp4);
    nb = d.reads;
    assert_true(nb > 30);
    for (int i = 1; i <= nb; i++) {
        Disk broken = { .file = f, .fail_at = i };
        Disk stopped = { .file = f, .stop_at = i };

        assert_int_equal(parse(&broken, &mp4, &err), RUNWAY_IO);
        assert_null(mp4);
        assert_int_equal(broken.reads, i);
        assert_int_equal(parse(&stopped, &mp4, &err),
                         i < nb ? RUNWAY_CANCELLED : RUNWAY_OK);
        ff_runway_mp4_free(&mp4);
        assert_int_equal(stopped.reads, i);
    }
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_damaged_track),
        cmocka_unit_test(test_left_over),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_other_description),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_endless_edit),
        cmocka_unit_test(test_more_chunks),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_fragments_behind_sound),
        cmocka_unit_test(test_shifted),
        cmocka_unit_test(test_stopped),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mp4", tests, NULL, NULL);
}
