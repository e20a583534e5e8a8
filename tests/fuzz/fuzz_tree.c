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

/*
 * Results that are valid trees of boxes with odd numbers in them, by a grammar:
 * bytes by themselves seldom become one. The input picks the boxes and numbers.
 * Judged by what FFmpeg makes of those that pass: a check has two seconds (in a
 * program that is slowed down by sanitizers), and its memory is limited.
 * fuzz_coded.c has what is in the samples.
 */

#include "libavutil/log.h"

#include "media/reader.h"
#include "grammar.h"

#define SENT 1000000
#define PIXELS (64 * 48)
#define DEPTH_MAX 10
#define MEMORY (64 << 20)

static const char types[][5] = {
    "moov", "trak", "mdia", "minf", "stbl", "edts", "dinf", "mvex", "moof",
    "traf", "udta", "meta", "hoov", "free", "skip", "wide", "uuid", "ilst",
    "mvhd", "tkhd", "mdhd", "hdlr", "vmhd", "smhd", "dref", "elst", "stsd",
    "stts", "ctts", "stss", "stsc", "stsz", "stz2", "stco", "co64", "trex",
    "tfhd", "tfdt", "trun", "mdat", "sidx", "mfra", "tfra", "mfro", "senc",
    "saiz", "saio", "sgpd", "sbgp", "cmov", "dcom", "cmvd", "keys", "tref",
    "chap", "tmcd", "avcC", "hvcC", "esds", "colr", "pasp", "fiel", "sdtp",
    "stps", "pssh", "iloc", "pitm", "iprp", "ipco", "covr", "chpl", "st3d",
};

/* Any box with anything in it. */
static void put_odd(Mp4File *f, FuzzInput *in, int depth)
{
    begin(f, types[take(in, sizeof(types) / sizeof(*types))]);
    for (unsigned nb = take(in, 8); nb && in->size; nb--) {
        if (depth < DEPTH_MAX && take(in, 3) == 0)
            put_odd(f, in, depth + 1);
        else
            put_u32(f, number(in));
    }
    end_with(f, take(in, 16) == 0 ? number(in) : 0);
}

/* Between the boxes of a right tree: mostly nothing. */
static void maybe_odd(Mp4File *f, FuzzInput *in)
{
    if (take(in, 6) == 1)
        put_odd(f, in, 0);
}

/* entries as their numbers say, or not */
static void put_counted(Mp4File *f, FuzzInput *in, const char *type,
                        const uint32_t *entry, int words)
{
    uint32_t nb = take(in, 30) * (take(in, 8) == 1 ? 1000 : 1);
    uint32_t said = near(in, nb);

    begin(f, type);
    put_u32(f, take(in, 12) == 1 ? number(in) : 0);
    put_u32(f, said);
    for (; nb; nb--)
        for (int i = 0; i < words; i++)
            put_u32(f, near(in, entry[i]));
    end(f);
}

static void put_words(Mp4File *f, FuzzInput *in, const char *type, int words)
{
    begin(f, type);
    for (int i = 0; i < words; i++)
        put_u32(f, near(in, i ? 1 : 0));
    end(f);
}

static void put_stsd(Mp4File *f, FuzzInput *in)
{
    static const char formats[][5] = {
        "avc1", "hvc1", "mp4v", "apch", "jpeg", "vp09", "av01", "AVdn", "raw ",
        "encv", "mp4a",
    };
    unsigned nb = 1 + (take(in, 8) == 1);

    begin(f, "stsd");
    put_u32(f, 0);
    put_u32(f, near(in, nb));
    for (; nb; nb--) {
        begin(f, formats[take(in, 30) < 20 ? 4 : take(in, 11)]);
        put_u32(f, 0);
        put_u32(f, 1);
        put_zeros(f, 16);
        put_u32(f, near(in, 32 << 16 | 32));
        put_zeros(f, 46);
        put_u32(f, near(in, 0x18FFFF)); /* depth and palette */
        maybe_odd(f, in);
        end(f);
    }
    end(f);
}

static void put_trak(Mp4File *f, FuzzInput *in, uint32_t id)
{
    static const uint32_t edit[] = { 1000, 0, 0x10000 }, stts[] = { 1, 40 },
        ctts[] = { 1, 0 }, stsc[] = { 1, 1, 1 }, size[] = { 600 },
        offset[] = { 0, 40 };
    int is_sound = take(in, 12) == 1;

    begin(f, "trak");
    begin(f, "tkhd");
    put_u32(f, 0);
    put_zeros(f, 8);
    put_u32(f, near(in, id));
    put_zeros(f, 68);
    end(f);
    maybe_odd(f, in);
    if (take(in, 2)) {
        begin(f, "edts");
        put_counted(f, in, "elst", edit, 3);
        end(f);
    }
    begin(f, "mdia");
    begin(f, "mdhd");
    put_zeros(f, 12);
    put_u32(f, near(in, 1000));
    put_u32(f, near(in, 1000));
    put_u32(f, 0);
    end(f);
    begin(f, "hdlr");
    put_zeros(f, 8);
    put_bytes(f, is_sound ? "soun" : "vide", 4);
    put_zeros(f, 13);
    end(f);
    maybe_odd(f, in);
    begin(f, "minf");
    begin(f, "dinf");
    begin(f, "dref");
    put_u32(f, 0);
    put_u32(f, 1);
    put_words(f, in, "url ", 1);
    end(f);
    end(f);
    maybe_odd(f, in);
    begin(f, "stbl");
    put_stsd(f, in);
    put_counted(f, in, "stts", stts, 2);
    maybe_odd(f, in);
    put_counted(f, in, "stsc", stsc, 3);
    if (take(in, 3) == 1)
        put_counted(f, in, "ctts", ctts, 2);
    if (take(in, 3) == 1)
        put_counted(f, in, "stss", ctts, 1);
    begin(f, "stsz");
    put_u32(f, 0);
    put_u32(f, near(in, 0));
    {
        uint32_t nb = take(in, 30);

        put_u32(f, near(in, nb));
        for (; nb; nb--)
            put_u32(f, near(in, size[0]));
    }
    end(f);
    maybe_odd(f, in);
    if (take(in, 4))
        put_counted(f, in, "stco", offset + 1, 1);
    else
        put_counted(f, in, "co64", offset, 2);
    end(f);
    end(f);
    end(f);
    end_with(f, take(in, 64) == 1 ? number(in) : 0);
}

static void put_moof(Mp4File *f, FuzzInput *in)
{
    begin(f, "moof");
    maybe_odd(f, in);
    begin(f, "traf");
    begin(f, "tfhd");
    put_u32(f, near(in, 0x20000));
    put_u32(f, near(in, 1));
    for (int i = take(in, 6); i; i--)
        put_u32(f, number(in));
    end(f);
    if (take(in, 2))
        put_words(f, in, "tfdt", 2 + take(in, 2)); /* version 1: 3 */
    maybe_odd(f, in);
    for (int i = take(in, 3); i >= 0; i--) {
        begin(f, "trun");
        put_u32(f, near(in, 0x301));
        put_u32(f, near(in, 1));
        for (int k = take(in, 20); k; k--)
            put_u32(f, number(in));
        end(f);
    }
    end(f);
    end(f);
}

static void put_moov(Mp4File *f, FuzzInput *in)
{
    begin(f, "moov");
    put_words(f, in, "mvhd", 25);
    maybe_odd(f, in);
    for (uint32_t id = 1, nb = 1 + take(in, 3) / 2; id <= nb; id++)
        put_trak(f, in, id);
    if (take(in, 3) == 1) {
        begin(f, "mvex");
        put_words(f, in, "trex", 6);
        end(f);
    }
    maybe_odd(f, in);
    end_with(f, take(in, 64) == 1 ? number(in) : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Mp4File f;
    FuzzInput in = { data, size };
    const RunwayPolicy policy = { .length_tolerance = 0.1 };
    RunwayReaderLimits limits = { .pixels = PIXELS, .time = 1500000,
                                  .policy = &policy, .whole = 1 };
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;
    Judge judge;
    int fd;

    av_log_set_level(AV_LOG_QUIET);
    f.size = 0;
    f.nb_open = 0;
    begin(&f, "ftyp");
    put_bytes(&f, "isom\0\0\2\0isom", 12);
    end(&f);
    /* a picture to decode would be the decoder's business */
    begin(&f, "mdat");
    put_zeros(&f, 1200);
    end(&f);
    put_moov(&f, &in);
    while (in.size) {
        if (take(&in, 3))
            put_moof(&f, &in);
        else
            put_odd(&f, &in, 0);
    }
    fd    = fuzz_file(f.data, f.size);
    judge = judge_begin(MEMORY);
    ret   = ff_runway_reader_check(&limits, NULL, NULL, fd, (int64_t)f.size,
                                   SENT, 0, &err);
    judge_end(&judge);
    close(fd);
    MUST(!ret || err.text[0]);
    MUST(ret != RUNWAY_IO && ret != RUNWAY_CANCELLED && ret != RUNWAY_NOMEM);
    MUST(!strchr(err.text, '\n'));
    return 0;
}
