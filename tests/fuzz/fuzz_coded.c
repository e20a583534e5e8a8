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
 * Results whose boxes are right and whose pictures are odd: NAL units of H.264
 * and HEVC, in descriptions and in samples, by a grammar with odd numbers in it.
 * Judged as fuzz_tree.c judges: by time and memory, by what the check says, and how
 * much FFmpeg says of what is accepted;
 * what it lets pass is read as the filter reads it.
 */

#include "libavutil/log.h"

#include "media/reader.h"
#include "coded_h264.h"
#include "coded_hevc.h"

#define SENT 1000000
#define PIXELS (176 * 144)
#define MEMORY (64 << 20)
#define SAMPLES_MAX 16

typedef enum Kind { H264_KIND, HEVC_KIND, NB_KINDS } Kind;

typedef struct Coded {
    Mp4File f;
    Kind kind;
    FuzzInput in;
    unsigned width, height;
    int length;          /* bytes of a NAL unit's length; 0: start codes */
    H264 h264;
    Hevc hevc;
    unsigned nb_formats, nb_samples;
    Mp4File descriptions[2];
    size_t at[SAMPLES_MAX + 1];
} Coded;

static void put_number(Mp4File *f, int bytes, uint32_t value)
{
    while (bytes--)
        put_bytes(f, &(uint8_t){ (uint8_t)(value >> 8 * bytes) }, 1);
}

/* Of a NAL unit: its end, and the bytes that keep start codes out of it. The
 * length is of so many bytes, 0: a start code. */
static void put_nal(Coded *c, Bits *b, int length)
{
    static uint8_t data[2 * sizeof(b->data)];
    const int is_raw = seldom(&c->in, 32);
    size_t size = 0, zeros = 0;

    put_bits(b, 1, 1);
    while (b->nb & 7)
        put_bits(b, 1, 0);
    for (size_t i = 0; i < b->nb / 8; i++) {
        if (zeros >= 2 && b->data[i] <= 3 && !is_raw) {
            data[size++] = 3;
            zeros = 0;
        }
        zeros        = b->data[i] ? 0 : zeros + 1;
        data[size++] = b->data[i];
    }
    if (length)
        put_number(&c->f, length, odd(&c->in, (uint32_t)size));
    else
        put_bytes(&c->f, "\0\0\1", 3);
    put_bytes(&c->f, data, size);
}

/* Parameter sets of one kind: a video, sequence or picture's. */
static void put_set(Coded *c, int which, unsigned id, int length)
{
    const unsigned of = seldom(&c->in, 8) ? id : 0;
    Bits b = { .nb = 0 };

    if (c->kind == H264_KIND && which == 1)
        h264_sps(&c->h264, &b, &c->in, id);
    else if (c->kind == H264_KIND)
        h264_pps(&c->h264, &b, &c->in, id, of);
    else if (which == 1)
        hevc_sps(&c->hevc, &b, &c->in, id);
    else if (which == 2)
        hevc_pps(&c->hevc, &b, &c->in, id, of);
    else
        hevc_vps(&b, &c->in, id);
    put_nal(c, &b, length);
}

/* Messages, or what is in place of them. */
static void put_message(Coded *c)
{
    static const uint8_t types[] = {
        0, 1, 2, 3, 4, 5, 6, 7, 9, 19, 37, 45, 47, 129, 130, 132, 133, 136, 137,
        144, 147, 148, 165, 255,
    };
    FuzzInput *in = &c->in;
    Bits b = { .nb = 0 };

    put_u(&b, in, c->kind == HEVC_KIND ? 16 : 8,
          c->kind == HEVC_KIND ? (39 + take(in, 2)) << 9 | 1 : 6);
    for (unsigned nb = count(in, 1); nb; nb--) {
        unsigned type = types[take(in, sizeof(types))], size = count(in, 24);

        put_bits(&b, 8, type);
        put_u(&b, in, 8, size);
        if (type == 4 && seldom(in, 2)) {
            /* captions */
            put_bits(&b, 64, 0xB500314741393403);
            put_bits(&b, 16, 0x40FF | take(in, 32) << 8);
        }
        for (; size; size--)
            put_u(&b, in, 8, size & 1);
    }
    put_nal(c, &b, c->length);
}

static void put_slice(Coded *c, unsigned nb, unsigned first)
{
    const int is_first = !nb || seldom(&c->in, 8);
    Bits b = { .nb = 0 };

    if (c->kind == H264_KIND)
        h264_slice(&c->h264, &b, &c->in, is_first, nb, first);
    else
        hevc_slice(&c->hevc, &b, &c->in, is_first, nb, first);
    put_nal(c, &b, c->length);
}

/* Sets or messages, as many as there are. */
static void put_others(Coded *c)
{
    FuzzInput *in = &c->in;
    const int pick = (int)take(in, 5);
    const unsigned nb = count(in, 1), id = seldom(in, 2) ? 0 : take(in, 32);

    for (unsigned i = 0; i < nb; i++)
        if (pick > 2)
            put_message(c);
        else
            put_set(c, pick, id ? id + i : 0, c->length);
}

static void put_nals(Coded *c, unsigned nb)
{
    FuzzInput *in = &c->in;
    const int is_hevc = c->kind == HEVC_KIND;
    Bits b = { .nb = 0 };

    /* what has no description says it here */
    for (int which = c->length || nb ? 3 : !is_hevc; which < 3; which++)
        put_set(c, which, 0, c->length);
    for (unsigned k = seldom(in, 3) ? 1 + take(in, 4) : 0; k; k--)
        put_others(c);
    for (unsigned i = 0, many = count(in, 1); i < many; i++)
        put_slice(c, nb, i);
    if (seldom(in, 8)) {
        put_u(&b, in, is_hevc ? 16 : 8, take(in, 0));
        put_any(&b, in, take(in, 32));
        put_nal(c, &b, c->length);
    }
}

/* A kind's parameter sets behind their number, of so many bits. */
static void put_sets(Coded *c, int which, int bits)
{
    const unsigned nb = count(&c->in, 1) & ((1u << bits) - 1);

    put_number(&c->f, bits > 8 ? 2 : 1, odd(&c->in, bits < 8 ? 0xE0 | nb : nb));
    for (unsigned i = 0; i < nb; i++)
        put_set(c, which, i, 2);
}

static void put_description(Coded *c)
{
    Mp4File *f = &c->f;

    if (c->kind == H264_KIND) {
        begin(f, "avcC");
        put_u32(f, near(&c->in, 0x0142001E));
        put_number(f, 1, near(&c->in, 0xFB + (unsigned)c->length));
        put_sets(c, 1, 5);
        put_sets(c, 2, 8);
    } else {
        begin(f, "hvcC");
        put_u32(f, near(&c->in, 0x01016000));
        put_zeros(f, 17);
        put_number(f, 1, near(&c->in, 0xFB + (unsigned)c->length));
        put_number(f, 1, near(&c->in, 3));
        for (int which = 0; which < 3; which++) {
            put_number(f, 1, near(&c->in, 0xA0 + (unsigned)which));
            put_sets(c, which, 16);
        }
    }
    end(f);
}

static void put_stsd(Coded *c)
{
    static const char formats[NB_KINDS][2][5] = {
        { "avc1", "avc3" }, { "hvc1", "hev1" },
    };
    Mp4File *f = &c->f;

    begin(f, "stsd");
    put_u32(f, 0);
    put_u32(f, c->nb_formats);
    for (unsigned i = 0; i < c->nb_formats; i++) {
        begin(f, formats[c->kind][seldom(&c->in, 4)]);
        put_u32(f, 0);
        put_u32(f, 1);
        put_zeros(f, 16);
        put_u32(f, c->width << 16 | c->height);
        put_zeros(f, 46);
        put_u32(f, 0x18FFFF);
        put_bytes(f, c->descriptions[i].data, c->descriptions[i].size);
        end(f);
    }
    end(f);
}

static void put_stbl(Coded *c)
{
    Mp4File *f = &c->f;

    begin(f, "stbl");
    put_stsd(c);
    PUT_TABLE(f, "stts", 0, 1, c->nb_samples, 1);
    begin(f, "stsc");
    put_u32(f, 0);
    put_u32(f, c->nb_samples);
    for (unsigned i = 0; i < c->nb_samples; i++) {
        put_u32(f, i + 1);
        put_u32(f, 1);
        put_u32(f, i % c->nb_formats + 1);
    }
    end(f);
    begin(f, "stsz");
    put_u32(f, 0);
    put_u32(f, 0);
    put_u32(f, c->nb_samples);
    for (unsigned i = 0; i < c->nb_samples; i++)
        put_u32(f, (uint32_t)(c->at[i + 1] - c->at[i]));
    end(f);
    begin(f, "stco");
    put_u32(f, 0);
    put_u32(f, c->nb_samples);
    for (unsigned i = 0; i < c->nb_samples; i++)
        put_u32(f, (uint32_t)c->at[i]);
    end(f);
    end(f);
}

static void put_moov(Coded *c)
{
    Mp4File *f = &c->f;

    begin(f, "moov");
    begin(f, "mvhd");
    put_zeros(f, 12);
    put_u32(f, c->nb_samples);
    put_u32(f, c->nb_samples);
    put_zeros(f, 80);
    end(f);
    begin(f, "trak");
    PUT_TABLE(f, "tkhd", 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000,
              0, 0, 0, 0x40000000, c->width << 16, c->height << 16);
    begin(f, "mdia");
    PUT_TABLE(f, "mdhd", 0, 0, 0, c->nb_samples, c->nb_samples, 0);
    begin(f, "hdlr");
    put_zeros(f, 8);
    put_bytes(f, "vide", 4);
    put_zeros(f, 13);
    end(f);
    begin(f, "minf");
    put_stbl(c);
    end(f);
    end(f);
    end(f);
    end(f);
}

/* The sets come first, as slices go by what they say. */
static void put_descriptions(Coded *c)
{
    c->nb_formats = 1 + (unsigned)seldom(&c->in, 4);
    for (unsigned i = 0; i < c->nb_formats; i++) {
        c->f.size = 0;
        if (c->length)
            put_description(c);
        c->descriptions[i].size = c->f.size;
        memcpy(c->descriptions[i].data, c->f.data, c->f.size);
    }
    c->f.size = 0;
}

static void put_file(Coded *c)
{
    static const uint8_t sizes[][2] = {
        { 64, 48 }, { 16, 16 }, { 176, 144 }, { 128, 64 }, { 33, 17 },
    };
    FuzzInput *in = &c->in;
    unsigned pick;

    c->kind      = (Kind)take(in, NB_KINDS);
    pick         = take(in, sizeof(sizes) / sizeof(*sizes));
    c->width     = sizes[pick][0];
    c->height    = sizes[pick][1];
    c->length    = seldom(in, 4) ? (int)take(in, 5) : 4;
    c->h264      = (H264){ .width = c->width, .height = c->height };
    c->hevc      = (Hevc){ .width = c->width, .height = c->height };
    c->f.nb_open = 0;
    put_descriptions(c);
    begin(&c->f, "ftyp");
    put_bytes(&c->f, "isom\0\0\2\0isom", 12);
    end(&c->f);
    c->nb_samples = 1 + take(in, SAMPLES_MAX);
    begin(&c->f, "mdat");
    for (unsigned i = 0; i < c->nb_samples; i++) {
        c->at[i] = c->f.size;
        put_nals(c, i);
    }
    c->at[c->nb_samples] = c->f.size;
    end(&c->f);
    put_moov(c);
}

static atomic_int nb_lines; /* that a user sees */

static void count_line(void *context, int level, const char *format,
                       va_list args)
{
    (void)context;
    (void)format;
    (void)args;
    nb_lines += level <= AV_LOG_INFO;
}

/* What has passed is read to its end. */
static void read_all(const RunwayReaderLimits *limits, int fd, int64_t size)
{
    AVFrame *frame = av_frame_alloc();
    RunwayReader *reader;
    int64_t time, last = -1;
    RunwayError err;
    int ret;

    MUST(frame && !ff_runway_reader_open(&reader, limits, NULL, NULL, fd, size,
                                         &err));
    while ((ret = ff_runway_reader_next(reader, frame, &time, &err)) > 0) {
        MUST(time > last);
        last = time;
    }
    MUST(!ret && last >= 0);
    ff_runway_reader_free(&reader);
    av_frame_free(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Coded coded;
    const RunwayPolicy policy = { .length_tolerance = 0.1 };
    RunwayReaderLimits limits = { .pixels = PIXELS, .time = 1500000,
                                  .policy = &policy, .whole = 1 };
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;
    Judge judge;
    int fd;

    av_log_set_callback(count_line);
    nb_lines = 0;
    coded.in = (FuzzInput){ data, size };
    put_file(&coded);
    fd    = fuzz_file(coded.f.data, coded.f.size);
    judge = judge_begin(MEMORY);
    ret   = ff_runway_reader_check(&limits, NULL, NULL, fd,
                                   (int64_t)coded.f.size, SENT, 0, &err);
    judge_end(&judge);
    limits.time = 0;
    if (!ret)
        read_all(&limits, fd, (int64_t)coded.f.size);
    close(fd);
    MUST(ret || nb_lines < 3);
    MUST(!ret || err.text[0]);
    MUST(ret != RUNWAY_IO && ret != RUNWAY_CANCELLED && ret != RUNWAY_NOMEM);
    MUST(!strchr(err.text, '\n'));
    MUST(!ret || size > 1); /* what is right without any input passes */
    return 0;
}
