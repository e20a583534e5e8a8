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

/* what follows a larger one is where the demuxer does not expect it */
#define FORMAT_SIZE_MAX (1 << 18)

/* What is shown in place of what is there: of the head of a box, or of a trun. */
typedef struct Patch {
    int64_t at;
    unsigned char data[8];
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
 * least, or min64 where that is set and its version is not 0; one of more than
 * max bytes, where that is set, is hidden. Of boxes with one number (0: none),
 * the first in a place is shown, or none; in a format, the first not hidden, and
 * what is too small is hidden: it may be of a version that players pass over. */
typedef struct Rule {
    Place place;
    char type[5];
    int number, min, min64, max;
    Place inside;        ///< what it is made of; IN_FILE: no boxes
    void (*check)(Parse *p, const Box *box);
} Rule;

static void check_ftyp(Parse *p, const Box *box);
static void check_moov(Parse *p, const Box *box);
static void check_trak(Parse *p, const Box *box);
static void check_dref(Parse *p, const Box *box);
static void check_stsd(Parse *p, const Box *box);
static void check_moof(Parse *p, const Box *box);
static void check_traf(Parse *p, const Box *box);

/* The allow-list. */
static const Rule rules[] = {
    { IN_FILE,   "ftyp", 1,   8,   0,   512, IN_FILE, check_ftyp },
    { IN_FILE,   "moov", 2,   0,   0,     0, IN_FILE, check_moov },
    { IN_FILE,   "moof", 0,   0,   0,     0, IN_FILE, check_moof },
    { IN_FILE,   "mdat", 0,   0,   0,     0, IN_FILE, NULL },
    { IN_MOOV,   "mvhd", 1, 100, 112,     0, IN_FILE, NULL },
    { IN_MOOV,   "trak", 0,   0,   0,     0, IN_FILE, check_trak },
    { IN_MOOV,   "mvex", 2,   0,   0,     0, IN_MVEX, NULL },
    { IN_TRAK,   "tkhd", 1,  84,  96,     0, IN_FILE, NULL },
    { IN_TRAK,   "edts", 2,   0,   0,     0, IN_EDTS, NULL },
    { IN_TRAK,   "mdia", 3,   0,   0,     0, IN_MDIA, NULL },
    { IN_EDTS,   "elst", 1,   8,   0,     0, IN_FILE, ff_runway_mp4_elst },
    { IN_MDIA,   "mdhd", 1,  24,  36,     0, IN_FILE, NULL },
    { IN_MDIA,   "hdlr", 2,  24,   0,   512, IN_FILE, NULL },
    { IN_MDIA,   "minf", 3,   0,   0,     0, IN_MINF, NULL },
    { IN_MINF,   "dinf", 1,   0,   0,     0, IN_DINF, NULL },
    { IN_MINF,   "stbl", 2,   0,   0,     0, IN_STBL, NULL },
    { IN_DINF,   "dref", 1,   8,   0,     0, IN_FILE, check_dref },
    { IN_STBL,   "stsd", 1,   8,   0,     0, IN_FILE, check_stsd },
    { IN_STBL,   "stts", 2,   8,   0,     0, IN_FILE, ff_runway_mp4_stts },
    { IN_STBL,   "ctts", 3,   8,   0,     0, IN_FILE, ff_runway_mp4_stts },
    { IN_STBL,   "stss", 4,   8,   0,     0, IN_FILE, ff_runway_mp4_stss },
    { IN_STBL,   "stsc", 5,   8,   0,     0, IN_FILE, ff_runway_mp4_stsc },
    { IN_STBL,   "stsz", 6,  12,   0,     0, IN_FILE, ff_runway_mp4_stsz },
    { IN_STBL,   "stz2", 6,  12,   0,     0, IN_FILE, ff_runway_mp4_stz2 },
    { IN_STBL,   "stco", 7,   8,   0,     0, IN_FILE, ff_runway_mp4_stco },
    { IN_STBL,   "co64", 7,   8,   0,     0, IN_FILE, ff_runway_mp4_stco },
    { IN_FORMAT, "avcC", 1,   7,   0, 65536, IN_FILE, NULL },
    { IN_FORMAT, "hvcC", 1,  23,   0, 65536, IN_FILE, NULL },
    { IN_FORMAT, "av1C", 1,   4,   0, 65536, IN_FILE, NULL },
    { IN_FORMAT, "vpcC", 1,  12,   0, 65536, IN_FILE, NULL },
    { IN_FORMAT, "glbl", 1,   8,   0, 65536, IN_FILE, NULL },
    { IN_FORMAT, "colr", 2,  10,   0,    64, IN_FILE, NULL },
    { IN_FORMAT, "pasp", 3,   8,   0,     0, IN_FILE, NULL },
    { IN_FORMAT, "fiel", 4,   2,   0,     0, IN_FILE, NULL },
    { IN_MVEX,   "trex", 0,  24,   0,     0, IN_FILE, ff_runway_mp4_trex },
    { IN_MOOF,   "traf", 0,   0,   0,     0, IN_FILE, check_traf },
    { IN_TRAF,   "tfhd", 1,   8,   0,     0, IN_FILE, ff_runway_mp4_tfhd },
    { IN_TRAF,   "tfdt", 2,   8,  12,     0, IN_FILE, NULL },
    { IN_TRAF,   "trun", 0,   8,   0,     0, IN_FILE, ff_runway_mp4_trun },
};

void ff_runway_mp4_bad(Parse *p, const char *why)
{
    if (!p->ret)
        p->ret = ff_runway_error(p->err, RUNWAY_BAD_RESULT,
                                 "the result's index %s", why);
}

void ff_runway_mp4_bytes(Parse *p, int64_t at, void *data, size_t size)
{
    const RunwayMp4Source *s = p->source;
    int why = 0;

    if (!p->ret && s->cancelled && s->cancelled(s->opaque))
        p->ret = ff_runway_error(p->err, RUNWAY_CANCELLED, "cancelled");
    if (!p->ret)
        why = s->read(s->opaque, at, data, size);
    if (why)
        p->ret = ff_runway_error(p->err, RUNWAY_IO, "the result cannot be "
                                 "read: %s", strerror(why));
    if (p->ret)
        memset(data, 0, size);
}

uint32_t ff_runway_mp4_u32_at(Parse *p, int64_t at)
{
    unsigned char data[4];

    ff_runway_mp4_bytes(p, at, data, 4);
    return ff_runway_mp4_u32(data);
}

int ff_runway_mp4_next_box(Parse *p, int64_t *at, int64_t end, Box *box)
{
    unsigned char head[16];
    int64_t left = end - *at, size, head_size = 8;

    memset(box, 0, sizeof(*box));
    if (p->ret || left < 8)
        return 0;
    if (++p->nb_boxes > RUNWAY_MP4_BOXES_MAX)
        ff_runway_mp4_bad(p, "has more boxes than a clip can have");
    ff_runway_mp4_bytes(p, *at, head, 8);
    memcpy(box->type, head + 4, 4);
    size = ff_runway_mp4_u32(head);
    if (size == 1 && left >= 16) {
        head_size = 16;
        ff_runway_mp4_bytes(p, *at + 8, head + 8, 8);
        /* a negative one is larger than any file */
        size = head[8] & 0x80 ? INT64_MAX :
               (int64_t)ff_runway_mp4_u32(head + 8) << 32 |
               ff_runway_mp4_u32(head + 12);
    } else if (!size) {
        size            = left;
        box->has_no_end = 1;
    }
    if (size < head_size)
        ff_runway_mp4_bad(p, "has a box that is smaller than its header");
    else if (size > left && end != p->source->size)
        ff_runway_mp4_bad(p, "has a box that is larger than the one it is in");
    else if (size > left && !p->ret)
        p->ret = ff_runway_error(p->err, RUNWAY_NO_RESULT, "the result is "
                                 "truncated, or not a readable video: a part "
                                 "of it claims %lld bytes more than the %lld "
                                 "there are", (long long)(size - left),
                                 (long long)p->source->size);
    if (p->ret)
        return 0;
    box->at    = *at;
    box->start = *at + head_size;
    box->end   = *at + size;
    *at        = box->end;
    return 1;
}

int ff_runway_mp4_find_box(Parse *p, const Box *in, const char *type, int min,
                           Box *box)
{
    int64_t at = in->start;

    while (ff_runway_mp4_next_box(p, &at, in->end, box) &&
           memcmp(box->type, type, 4))
        ;
    if (box->end && box->end - box->start < min)
        ff_runway_mp4_bad(p, "has a box that is too small");
    return box->end && !p->ret;
}

void ff_runway_mp4_return(Parse *p, const Parse *other)
{
    p->nb_boxes = other->nb_boxes;
    if (other->ret != RUNWAY_BAD_RESULT && other->ret != RUNWAY_NO_RESULT)
        p->ret = other->ret;
}

void ff_runway_mp4_patch(Parse *p, int64_t at, const unsigned char data[8])
{
    RunwayMp4 *m = p->mp4;
    Patch *patch;
    int i;

    if (p->ret)
        return;
    if (m->nb_patches == m->nb_allocated) {
        int nb = 2 * m->nb_allocated + 64;

        patch = realloc(m->patches, (size_t)nb * sizeof(*patch));
        if (!patch) {
            p->ret = ff_runway_no_memory(p->err);
            return;
        }
        m->patches      = patch;
        m->nb_allocated = nb;
    }
    for (i = m->nb_patches++; i > 0 && m->patches[i - 1].at > at; i--)
        m->patches[i] = m->patches[i - 1];
    m->patches[i].at = at;
    memcpy(m->patches[i].data, data, 8);
}

/* Show a box as one of that type, with its true size. */
static void show_as(Parse *p, const Box *box, const char *type)
{
    int64_t size = box->end - box->at;
    unsigned char head[8];

    if (box->start - box->at > 8)
        size = 1; /* 64 bits of it follow */
    else if (size > UINT32_MAX)
        ff_runway_mp4_bad(p, "has a box without a size");
    ff_runway_mp4_put_u32(head, (uint32_t)size);
    memcpy(head + 4, type, 4);
    ff_runway_mp4_patch(p, box->at, head);
}

static void hide(Parse *p, const Box *box)
{
    show_as(p, box, "skip");
}

static const Rule *find_rule(Place place, const Box *box, unsigned *seen)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        const Rule *rule = &rules[i];
        unsigned bit = rule->number ? 1u << rule->number : 0;
        const int64_t size = box->end - box->start;
        int is_shown = !(*seen & bit) && (!rule->max || size <= rule->max) &&
                       (place != IN_FORMAT || size >= rule->min);

        if (rule->place != place || memcmp(rule->type, box->type, 4))
            continue;
        if (is_shown || place != IN_FORMAT)
            *seen |= bit;
        return is_shown ? rule : NULL;
    }
    return NULL;
}

/* Whether a box at the end of a file is one that was cut off, or may be one that
 * more of the film follows. */
static int is_cut_off(const Parse *p, const Box *box, int64_t at)
{
    static const char types[][5] = {
        "ftyp", "styp", "moov", "moof", "mdat", "sidx", "ssix", "emsg", "prft",
        "free", "skip", "wide", "uuid",
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (!memcmp(types[i], box->type, 4))
            return 1;
    return !p->has_index || p->reach >= (uint64_t)at ||
           p->nb_boxes == RUNWAY_MP4_BOXES_MAX;
}

/* The next box in place. What is behind the last one of a file, players take no
 * notice of; it is not shown. */
static int next_shown(Parse *p, Place place, int64_t *at, int64_t end, Box *box)
{
    Parse other = *p;
    int ret = ff_runway_mp4_next_box(&other, at, end, box);

    if (place == IN_FILE && !p->ret && !is_cut_off(p, box, *at) &&
        (other.ret == RUNWAY_BAD_RESULT || other.ret == RUNWAY_NO_RESULT))
        return 0;
    *p = other;
    return ret;
}

/* Show what is on the list, hide the rest. */
static void walk(Parse *p, Place place, int64_t at, int64_t end)
{
    unsigned seen = 0;
    Box box;

    while (next_shown(p, place, &at, end, &box)) {
        const Rule *rule = find_rule(place, &box, &seen);
        int64_t size = box.end - box.start;

        if (place == IN_FILE)
            p->mp4->end = at;
        if (!rule) {
            hide(p, &box);
            continue;
        }
        if (size < rule->min ||
            (size < rule->min64 && ff_runway_mp4_u32_at(p, box.start) >> 24))
            ff_runway_mp4_bad(p, "has a box that is too small");
        if (box.has_no_end)
            show_as(p, &box, box.type);
        if (p->ret)
            return;
        if (rule->check)
            rule->check(p, &box);
        else if (rule->inside)
            walk(p, rule->inside, box.start, box.end);
    }
}

/* The names in it reach the log. */
static void check_ftyp(Parse *p, const Box *box)
{
    unsigned char name[4];

    ff_runway_mp4_bytes(p, box->start, name, 4);
    for (int i = 0; i < 4 && !p->ret; i++)
        if (name[i] < ' ' || name[i] > '~') {
            hide(p, box);
            return;
        }
}

static void check_moov(Parse *p, const Box *box)
{
    ff_runway_mp4_choose_video(p, box);
    p->has_index = 1;
    walk(p, IN_MOOV, box->start, box->end);
}

static void check_trak(Parse *p, const Box *box)
{
    if (box->at != p->video) {
        hide(p, box);
        return;
    }
    walk(p, IN_TRAK, box->start, box->end);
    ff_runway_mp4_chunks(p);
}

/* All that is of interest is that it says nothing. */
static void check_dref(Parse *p, const Box *box)
{
    ff_runway_mp4_dref(p, box);
    hide(p, box);
}

/* A description of frames, of a known format. */
static void check_entry(Parse *p, const Box *entry)
{
    unsigned char data[86];
    int64_t pixels;
    int width, height;

    if (entry->end - entry->at < (int64_t)sizeof(data)) {
        ff_runway_mp4_bad(p, "has a box that is too small");
        return;
    }
    if (entry->end - entry->at > FORMAT_SIZE_MAX)
        ff_runway_mp4_bad(p, "has a box that is too large");
    ff_runway_mp4_bytes(p, entry->at, data, sizeof(data));
    /* the demuxer takes what follows for colors then, and not for boxes */
    if ((data[83] & 31) && (data[83] & 31) <= 8 && !data[84] && !data[85])
        ff_runway_mp4_bad(p, "has a palette, which is not supported");
    width  = data[32] << 8 | data[33];
    height = data[34] << 8 | data[35];
    pixels = (int64_t)width * height;
    if (pixels > p->max_pixels)
        p->ret = ff_runway_error(p->err, RUNWAY_BAD_RESULT, "the result "
                                 "has pictures of %dx%d: more than %lld "
                                 "pixels", width, height,
                                 (long long)p->max_pixels);
    if (pixels > p->pixels)
        p->pixels = pixels;
    walk(p, IN_FORMAT, entry->at + (int)sizeof(data), entry->end);
}

static void check_stsd(Parse *p, const Box *box)
{
    int64_t at = box->start + 8;
    uint32_t nb = ff_runway_mp4_u32_at(p, box->start + 4);

    if (!nb || nb > RUNWAY_MP4_FORMATS_MAX)
        ff_runway_mp4_bad(p, "has no description of its frames, or too many");
    p->nb_formats = nb;
    for (uint32_t n = 1; !p->ret && n <= nb; n++) {
        Mp4Format format;
        Box entry;

        if (!ff_runway_mp4_next_box(p, &at, box->end, &entry) ||
            entry.has_no_end || entry.start - entry.at > 8) {
            ff_runway_mp4_bad(p, "has a table with more entries than there "
                              "are");
            return;
        }
        format = ff_runway_mp4_format(entry.type);
        p->is_intra |= format == RUNWAY_MP4_INTRA;
        if (format != RUNWAY_MP4_UNKNOWN) {
            check_entry(p, &entry);
        } else if (n > 1 && !p->is_intra) {
            /* the demuxer passes over it, but not behind one of ProRes */
            p->unknown |= 1u << n;
            memcpy(p->unknown_type, entry.type, 4);
            hide(p, &entry);
        } else {
            ff_runway_mp4_unknown(p, entry.type);
        }
    }
}

static void check_moof(Parse *p, const Box *box)
{
    p->moof = p->follows = p->follows_shown = (uint64_t)box->at;
    if (p->has_index)
        walk(p, IN_MOOF, box->start, box->end);
    else
        hide(p, box);
}

/* Of a fragment that is hidden, only where its bytes end. */
static void skip_traf(Parse *p, const Box *traf)
{
    int64_t at = traf->start;
    Parse hidden = *p;
    Box box;

    hidden.mp4        = NULL;
    hidden.track_size = 0;
    hidden.unknown    = 0;
    while (ff_runway_mp4_next_box(&hidden, &at, traf->end, &box)) {
        if (box.end - box.start < 8)
            continue;
        if (!memcmp(box.type, "tfhd", 4))
            ff_runway_mp4_tfhd(&hidden, &box);
        else if (!memcmp(box.type, "trun", 4))
            ff_runway_mp4_trun(&hidden, &box);
    }
    if (!hidden.ret)
        p->follows = hidden.follows;
    ff_runway_mp4_return(p, &hidden);
}

static void check_traf(Parse *p, const Box *box)
{
    Box head;

    p->fragment_size = -1; /* comes with the head, which has to be first */
    if (!ff_runway_mp4_find_box(p, box, "tfhd", 8, &head) ||
        ff_runway_mp4_u32_at(p, head.start + 4) != p->track) {
        hide(p, box);
        skip_traf(p, box);
        return;
    }
    walk(p, IN_TRAF, box->start, box->end);
}

RunwayOutcome ff_runway_mp4_parse(RunwayMp4 **mp4,
                                  const RunwayMp4Source *source,
                                  int64_t max_pixels, RunwayError *err)
{
    RunwayMp4 *m = calloc(1, sizeof(*m));
    Parse p = { .mp4 = m, .source = source, .err = err,
                .max_pixels = max_pixels, .video = -1 };

    *mp4 = m;
    if (!m)
        return ff_runway_no_memory(err);
    m->source = *source;
    walk(&p, IN_FILE, 0, source->size);
    if (!p.ret && !p.has_index)
        p.ret = ff_runway_error(err, RUNWAY_NO_RESULT, "the result (%lld "
                                "bytes) is not a readable video: it has no MP4 "
                                "index", (long long)source->size);
    ff_runway_mp4_sums(&p);
    /* whatever the last bytes of a file look like: an index of fragments is
     * looked for there */
    if (!p.ret)
        hide(&p, &(const Box){ "skip", m->end, m->end + 8, m->end + 8, 0 });
    if (p.ret)
        ff_runway_mp4_free(mp4);
    return p.ret;
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
                bytes[patch->at + k - offset] = patch->data[k];
    }
    return 0;
}
