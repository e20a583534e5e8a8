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

#include <stdlib.h>
#include <string.h>

#include "mp4_internal.h"

/* The head of a box as it is shown. */
typedef struct Patch {
    int64_t at;
    unsigned char head[8];
} Patch;

struct RunwayMp4 {
    RunwayMp4Source source;
    int64_t end;         ///< of what is shown of the file
    Patch *patches;      ///< in order of at; the last one lies at end
    int nb_patches, nb_allocated;
};

typedef enum Place {
    IN_FILE, IN_MOOV, IN_TRAK, IN_EDTS, IN_MDIA, IN_MINF, IN_DINF, IN_STBL,
    IN_FORMAT, IN_MVEX, IN_MOOF, IN_TRAF,
} Place;

/* A box that is shown, where nothing else is said. Its content has min bytes at
 * least; one of more than max bytes, where that is set, is hidden. Of boxes with
 * the same number in one place (0: any number of them) the first is shown. */
typedef struct Rule {
    Place place;
    char type[5];
    int number, min, max;
    Place inside;        ///< what it is made of; IN_FILE: no boxes
    RunwayOutcome (*check)(Parse *p, const Box *box);
} Rule;

static RunwayOutcome check_ftyp(Parse *p, const Box *box);
static RunwayOutcome check_moov(Parse *p, const Box *box);
static RunwayOutcome check_trak(Parse *p, const Box *box);
static RunwayOutcome check_dref(Parse *p, const Box *box);
static RunwayOutcome check_stsd(Parse *p, const Box *box);
static RunwayOutcome check_moof(Parse *p, const Box *box);
static RunwayOutcome check_traf(Parse *p, const Box *box);

/* The allow-list. */
static const Rule rules[] = {
    { IN_FILE,   "ftyp", 1,  8,   512, IN_FILE, check_ftyp },
    { IN_FILE,   "moov", 2,  0,     0, IN_FILE, check_moov },
    { IN_FILE,   "moof", 0,  0,     0, IN_FILE, check_moof },
    { IN_FILE,   "mdat", 0,  0,     0, IN_FILE, NULL },
    { IN_MOOV,   "mvhd", 1, 100,    0, IN_FILE, ff_runway_mp4_mvhd },
    { IN_MOOV,   "trak", 0,  0,     0, IN_FILE, check_trak },
    { IN_MOOV,   "mvex", 2,  0,     0, IN_MVEX, NULL },
    { IN_TRAK,   "tkhd", 1, 84,     0, IN_FILE, ff_runway_mp4_tkhd },
    { IN_TRAK,   "edts", 2,  0,     0, IN_EDTS, NULL },
    { IN_TRAK,   "mdia", 3,  0,     0, IN_MDIA, NULL },
    { IN_EDTS,   "elst", 1,  8,     0, IN_FILE, ff_runway_mp4_elst },
    { IN_MDIA,   "mdhd", 1, 24,     0, IN_FILE, ff_runway_mp4_mdhd },
    { IN_MDIA,   "hdlr", 2, 24,   512, IN_FILE, NULL },
    { IN_MDIA,   "minf", 3,  0,     0, IN_MINF, NULL },
    { IN_MINF,   "dinf", 1,  0,     0, IN_DINF, NULL },
    { IN_MINF,   "stbl", 2,  0,     0, IN_STBL, NULL },
    { IN_DINF,   "dref", 1,  8,     0, IN_FILE, check_dref },
    { IN_STBL,   "stsd", 1,  8,     0, IN_FILE, check_stsd },
    { IN_STBL,   "stts", 2,  8,     0, IN_FILE, ff_runway_mp4_stts },
    { IN_STBL,   "ctts", 3,  8,     0, IN_FILE, ff_runway_mp4_stts },
    { IN_STBL,   "stss", 4,  8,     0, IN_FILE, ff_runway_mp4_stss },
    { IN_STBL,   "stsc", 5,  8,     0, IN_FILE, ff_runway_mp4_stsc },
    { IN_STBL,   "stsz", 6, 12,     0, IN_FILE, ff_runway_mp4_stsz },
    { IN_STBL,   "stz2", 6, 12,     0, IN_FILE, ff_runway_mp4_stz2 },
    { IN_STBL,   "stco", 7,  8,     0, IN_FILE, ff_runway_mp4_stco },
    { IN_STBL,   "co64", 7,  8,     0, IN_FILE, ff_runway_mp4_stco },
    { IN_FORMAT, "avcC", 1,  7, 65536, IN_FILE, NULL },
    { IN_FORMAT, "hvcC", 1, 23, 65536, IN_FILE, NULL },
    { IN_FORMAT, "av1C", 1,  4, 65536, IN_FILE, NULL },
    { IN_FORMAT, "vpcC", 1, 12, 65536, IN_FILE, NULL },
    { IN_FORMAT, "glbl", 1,  8, 65536, IN_FILE, NULL },
    { IN_FORMAT, "esds", 1,  6, 65536, IN_FILE, ff_runway_mp4_esds },
    { IN_FORMAT, "ACLR", 1, 16,    64, IN_FILE, NULL },
    { IN_FORMAT, "colr", 2, 10,    64, IN_FILE, NULL },
    { IN_FORMAT, "pasp", 3,  8,     0, IN_FILE, NULL },
    { IN_FORMAT, "fiel", 4,  2,     0, IN_FILE, NULL },
    { IN_MVEX,   "trex", 0, 24,     0, IN_FILE, ff_runway_mp4_trex },
    { IN_MOOF,   "traf", 0,  0,     0, IN_FILE, check_traf },
    { IN_TRAF,   "tfhd", 1,  8,     0, IN_FILE, ff_runway_mp4_tfhd },
    { IN_TRAF,   "tfdt", 2,  8,     0, IN_FILE, ff_runway_mp4_tfdt },
    { IN_TRAF,   "trun", 0,  8,     0, IN_FILE, ff_runway_mp4_trun },
};

/* What samples are called whose decoder may be given a result: see reader.c. */
static const char formats[][5] = {
    "avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "av01", "vp08", "vp09",
    "apch", "apcn", "apcs", "apco", "ap4h", "ap4x", "AVdn", "AVdh", "mp4v",
    "jpeg", "mjpa", "mjpb",
};

RunwayOutcome ff_runway_mp4_bad(Parse *p, const char *why)
{
    return ff_runway_error(p->err, RUNWAY_BAD_RESULT, "the result's index %s",
                           why);
}

RunwayOutcome ff_runway_mp4_bytes(Parse *p, int64_t at, unsigned char *data,
                                  size_t size)
{
    const RunwayMp4Source *s = p->source;
    int ret;

    if (s->cancelled && s->cancelled(s->opaque))
        return ff_runway_error(p->err, RUNWAY_CANCELLED, "cancelled");
    ret = s->read(s->opaque, at, data, size);
    return ret ? ff_runway_error(p->err, RUNWAY_IO, "the result cannot be "
                                 "read: %s", strerror(ret)) : RUNWAY_OK;
}

/* The box at *at, before end; *at moves behind it. box->end is 0 when there is
 * no more: less than the head of a box is left. */
static RunwayOutcome next_box(Parse *p, int64_t *at, int64_t end, Box *box)
{
    unsigned char head[16];
    int64_t left = end - *at, size, head_size = 8;
    RunwayOutcome ret;

    memset(box, 0, sizeof(*box));
    if (left < 8)
        return RUNWAY_OK;
    if (++p->nb_boxes > RUNWAY_MP4_BOXES_MAX)
        return ff_runway_mp4_bad(p, "has more boxes than a clip can have");
    ret = ff_runway_mp4_bytes(p, *at, head, 8);
    if (ret)
        return ret;
    size = ff_runway_mp4_u32(head);
    if (size == 1 && left >= 16) {
        head_size = 16;
        ret = ff_runway_mp4_bytes(p, *at + 8, head + 8, 8);
        if (ret)
            return ret;
        /* a negative one is larger than any file */
        size = head[8] & 0x80 ? INT64_MAX :
               (int64_t)ff_runway_mp4_u32(head + 8) << 32 |
               ff_runway_mp4_u32(head + 12);
    } else if (!size) {
        size            = left;
        box->has_no_end = 1;
    }
    if (size < head_size)
        return ff_runway_mp4_bad(p, "has a box that is smaller than its head");
    if (size > left && end == p->source->size)
        return ff_runway_error(p->err, RUNWAY_NO_RESULT, "the result is "
                               "truncated, or not a readable video: a part of "
                               "it claims %lld bytes more than the %lld there "
                               "are",
                               (long long)(size - left),
                               (long long)p->source->size);
    if (size > left)
        return ff_runway_mp4_bad(p, "has a box that is larger than what it is "
                                 "in");
    memcpy(box->type, head + 4, 4);
    box->at    = *at;
    box->start = *at + head_size;
    box->end   = *at + size;
    *at        = box->end;
    return RUNWAY_OK;
}

/* The first box of that type in another, with a content of min bytes at least;
 * end 0: there is none. */
static RunwayOutcome find_box(Parse *p, const Box *in, const char *type,
                              int min, Box *box)
{
    int64_t at = in->start, end = in->end;
    RunwayOutcome ret;

    do
        ret = next_box(p, &at, end, box);
    while (!ret && box->end && memcmp(box->type, type, 4));
    if (!ret && box->end && box->end - box->start < min)
        ret = ff_runway_mp4_bad(p, "has a box that is too small");
    return ret;
}

/* Show a box as one of that type, with its true size. */
static RunwayOutcome show_as(Parse *p, const Box *box, const char *type)
{
    RunwayMp4 *m = p->mp4;
    int64_t size = box->end - box->at;
    Patch *patch;

    if (m->nb_patches == m->nb_allocated) {
        int nb = 2 * m->nb_allocated + 64;

        patch = realloc(m->patches, (size_t)nb * sizeof(*patch));
        if (!patch)
            return ff_runway_no_memory(p->err);
        m->patches      = patch;
        m->nb_allocated = nb;
    }
    if (box->start - box->at > 8)
        size = 1; /* 64 bits of it follow */
    else if (size > UINT32_MAX)
        return ff_runway_mp4_bad(p, "has a box without a size");
    patch     = &m->patches[m->nb_patches++];
    patch->at = box->at;
    for (int i = 0; i < 4; i++)
        patch->head[i] = (unsigned char)(size >> (24 - 8 * i));
    memcpy(patch->head + 4, type, 4);
    return RUNWAY_OK;
}

static RunwayOutcome hide(Parse *p, const Box *box)
{
    return show_as(p, box, "skip");
}

static const Rule *find_rule(Place place, const Box *box, unsigned *seen)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        const Rule *rule = &rules[i];
        unsigned bit = rule->number ? 1u << rule->number : 0;

        if (rule->place != place || memcmp(rule->type, box->type, 4))
            continue;
        if (*seen & bit || (rule->max && box->end - box->start > rule->max))
            return NULL;
        *seen |= bit;
        return rule;
    }
    return NULL;
}

/* Show what is on the list, hide the rest. */
static RunwayOutcome walk(Parse *p, Place place, int64_t at, int64_t end)
{
    unsigned seen = 0;
    RunwayOutcome ret;
    Box box;

    while (!(ret = next_box(p, &at, end, &box)) && box.end) {
        const Rule *rule = find_rule(place, &box, &seen);

        if (place == IN_FILE)
            p->mp4->end = at;
        if (!rule) {
            ret = hide(p, &box);
        } else if (box.end - box.start < rule->min) {
            ret = ff_runway_mp4_bad(p, "has a box that is too small");
        } else {
            if (box.has_no_end)
                ret = show_as(p, &box, box.type);
            if (!ret && rule->check)
                ret = rule->check(p, &box);
            else if (!ret && rule->inside)
                ret = walk(p, rule->inside, box.start, box.end);
        }
        if (ret)
            break;
    }
    return ret;
}

/* The names in it reach the log. */
static RunwayOutcome check_ftyp(Parse *p, const Box *box)
{
    unsigned char name[4];
    RunwayOutcome ret = ff_runway_mp4_bytes(p, box->start, name, 4);

    for (int i = 0; !ret && i < 4; i++)
        if (name[i] < ' ' || name[i] > '~')
            return hide(p, box);
    return ret;
}

static int is_format(const char *type)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (!memcmp(formats[i], type, 4))
            return 1;
    return 0;
}

/* The result may be good all the same: for a person to see. */
static RunwayOutcome unknown_format(Parse *p, const char *type)
{
    char name[5] = "";

    for (int i = 0; i < 4; i++)
        name[i] = type[i] < ' ' || type[i] > '~' ? '?' : type[i];
    return ff_runway_error(p->err, RUNWAY_INVALID, "the result is not a "
                           "readable video: it is coded as \"%s\", which is not "
                           "supported", name);
}

/* What a trak box is: its id, number of samples in the index, and format; end 0
 * of the format's box: it is no video. */
static RunwayOutcome identify(Parse *p, const Box *trak, uint32_t *id,
                              uint32_t *nb, Box *format)
{
    unsigned char data[24];
    Box box;
    RunwayOutcome ret = find_box(p, trak, "tkhd", 24, &box);

    *nb = 0;
    memset(format, 0, sizeof(*format));
    if (ret || !box.end)
        return ret;
    ret = ff_runway_mp4_bytes(p, box.start, data, 24);
    if (ret)
        return ret;
    *id = ff_runway_mp4_u32(data + (data[0] ? 20 : 12));
    ret = find_box(p, trak, "mdia", 0, &box);
    if (ret || !box.end)
        return ret;
    ret = find_box(p, &box, "hdlr", 12, format);
    if (!ret && format->end)
        ret = ff_runway_mp4_bytes(p, format->start, data, 12);
    if (ret || !format->end || memcmp(data + 8, "vide", 4)) {
        format->end = 0;
        return ret;
    }
    ret = find_box(p, &box, "minf", 0, format);
    if (!ret && format->end)
        ret = find_box(p, format, "stbl", 0, &box);
    if (ret || !format->end || !box.end) {
        format->end = 0;
        return ret;
    }
    ret = find_box(p, &box, "stsz", 12, format);
    if (!ret && format->end)
        ret = ff_runway_mp4_bytes(p, format->start, data, 12);
    if (!ret && format->end)
        *nb = ff_runway_mp4_u32(data + 8);
    if (!ret)
        ret = find_box(p, &box, "stsd", 16, format);
    if (!ret && format->end)
        ret = ff_runway_mp4_bytes(p, format->start, data, 16);
    memcpy(format->type, data + 12, 4);
    return ret;
}

/* Which track is shown: of those of a known format the one with most samples. */
static RunwayOutcome choose_video(Parse *p, const Box *moov)
{
    int64_t at = moov->start, most = -1;
    Box box, other = { "", 0, 0, 0, 0 };
    int is_compressed = 0;
    RunwayOutcome ret;

    while (!(ret = next_box(p, &at, moov->end, &box)) && box.end) {
        uint32_t id = 0, nb;
        Box format;

        is_compressed |= !memcmp(box.type, "cmov", 4);
        if (memcmp(box.type, "trak", 4))
            continue;
        ret = identify(p, &box, &id, &nb, &format);
        if (ret)
            break;
        if (format.end && !is_format(format.type)) {
            other = format;
        } else if (format.end && nb > most) {
            most     = nb;
            p->video = box.at;
            p->track = id;
        }
    }
    if (!ret && p->video < 0)
        ret = other.end ? unknown_format(p, other.type) :
              ff_runway_mp4_bad(p, is_compressed ? "is compressed, which is "
                                                   "not supported"
                                                 : "has no video");
    return ret;
}

static RunwayOutcome check_moov(Parse *p, const Box *box)
{
    RunwayOutcome ret = choose_video(p, box);

    p->has_index = 1;
    return ret ? ret : walk(p, IN_MOOV, box->start, box->end);
}

static RunwayOutcome check_trak(Parse *p, const Box *box)
{
    RunwayOutcome ret;

    if (box->at != p->video)
        return hide(p, box);
    ret = walk(p, IN_TRAK, box->start, box->end);
    return ret ? ret : ff_runway_mp4_chunks(p);
}

/* All that is of interest is that it says nothing. */
static RunwayOutcome check_dref(Parse *p, const Box *box)
{
    RunwayOutcome ret = ff_runway_mp4_dref(p, box);

    return ret ? ret : hide(p, box);
}

static RunwayOutcome check_stsd(Parse *p, const Box *box)
{
    int64_t at = box->start + 8;
    unsigned char data[86];
    uint32_t nb;
    RunwayOutcome ret = ff_runway_mp4_bytes(p, box->start, data, 8);

    nb = ret ? 0 : ff_runway_mp4_u32(data + 4);
    if (!ret && (!nb || nb > RUNWAY_MP4_FORMATS_MAX))
        return ff_runway_mp4_bad(p, "describes its frames in no way, or in too "
                                 "many");
    p->nb_formats = nb;
    for (; !ret && nb; nb--) {
        int64_t pixels;
        Box entry;

        ret = next_box(p, &at, box->end, &entry);
        if (ret)
            break;
        if (!entry.end || entry.has_no_end || entry.start - entry.at > 8)
            return ff_runway_mp4_bad(p, "has a table with more entries than "
                                     "there are");
        if (!is_format(entry.type))
            return unknown_format(p, entry.type);
        if (entry.end - entry.at < (int64_t)sizeof(data))
            return ff_runway_mp4_bad(p, "has a box that is too small");
        ret = ff_runway_mp4_bytes(p, entry.at, data, sizeof(data));
        if (ret)
            break;
        pixels = (int64_t)(data[32] << 8 | data[33]) * (data[34] << 8 |
                                                        data[35]);
        if (pixels > p->max_pixels)
            return ff_runway_error(p->err, RUNWAY_BAD_RESULT, "the result has "
                                   "pictures of %dx%d: more than %lld pixels",
                                   data[32] << 8 | data[33],
                                   data[34] << 8 | data[35],
                                   (long long)p->max_pixels);
        if (pixels > p->pixels)
            p->pixels = pixels;
        ret = walk(p, IN_FORMAT, entry.at + (int)sizeof(data), entry.end);
    }
    return ret;
}

static RunwayOutcome check_moof(Parse *p, const Box *box)
{
    return p->has_index ? walk(p, IN_MOOF, box->start, box->end)
                        : hide(p, box);
}

static RunwayOutcome check_traf(Parse *p, const Box *box)
{
    unsigned char data[8];
    Box head;
    RunwayOutcome ret = find_box(p, box, "tfhd", 8, &head);

    if (!ret && head.end)
        ret = ff_runway_mp4_bytes(p, head.start, data, 8);
    if (ret)
        return ret;
    if (!head.end || ff_runway_mp4_u32(data + 4) != p->track)
        return hide(p, box);
    p->fragment_size = -1; /* comes with the head, which has to be first */
    return walk(p, IN_TRAF, box->start, box->end);
}

RunwayOutcome ff_runway_mp4_parse(RunwayMp4 **mp4,
                                  const RunwayMp4Source *source,
                                  int64_t max_pixels, RunwayError *err)
{
    RunwayMp4 *m = calloc(1, sizeof(*m));
    Parse p = { .mp4 = m, .source = source, .err = err,
                .max_pixels = max_pixels, .video = -1 };
    RunwayOutcome ret;

    *mp4 = NULL;
    if (!m)
        return ff_runway_no_memory(err);
    m->source = *source;
    ret = walk(&p, IN_FILE, 0, source->size);
    if (!ret && !p.has_index)
        ret = ff_runway_error(err, RUNWAY_NO_RESULT, "the result (%lld bytes) "
                              "is not a readable video: it has no MP4 index",
                              (long long)source->size);
    if (!ret)
        ret = ff_runway_mp4_sums(&p);
    /* whatever the last bytes of a file look like: an index of fragments is
     * looked for there */
    if (!ret)
        ret = hide(&p, &(const Box){ "skip", m->end, m->end + 8, m->end + 8,
                                     0 });
    if (ret)
        ff_runway_mp4_free(&m);
    *mp4 = m;
    return ret;
}

void ff_runway_mp4_free(RunwayMp4 **mp4)
{
    if (!*mp4)
        return;
    free((*mp4)->patches);
    free(*mp4);
    *mp4 = NULL;
}

int64_t ff_runway_mp4_size(const RunwayMp4 *m)
{
    return m->end + 8;
}

/* The first patch that ends behind offset, by its number. */
static int find_patch(const RunwayMp4 *m, int64_t offset)
{
    int low = 0, high = m->nb_patches;

    while (low < high) {
        int mid = (low + high) / 2;

        if (m->patches[mid].at + 8 <= offset)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int ff_runway_mp4_read(const RunwayMp4 *m, int64_t offset, void *data,
                       size_t size)
{
    int64_t end = offset + (int64_t)size;
    unsigned char *bytes = data;
    int ret = 0;

    if (offset < m->end)
        ret = m->source.read(m->source.opaque, offset, data,
                             (size_t)((end < m->end ? end : m->end) - offset));
    if (ret)
        return ret;
    for (int i = find_patch(m, offset); i < m->nb_patches; i++) {
        const Patch *patch = &m->patches[i];

        if (patch->at >= end)
            break;
        for (int k = 0; k < 8; k++)
            if (patch->at + k >= offset && patch->at + k < end)
                bytes[patch->at + k - offset] = patch->head[k];
    }
    return 0;
}
