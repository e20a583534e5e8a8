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

#include <string.h>

#include "mp4_internal.h"

/* What samples are called whose decoder may be given a result: see
 * reader_parts.c. Frames of the first NB_INTRA are coded each by itself. */
#define NB_INTRA 6
static const char formats[][5] = {
    "apch", "apcn", "apcs", "apco", "ap4h", "ap4x", "avc1", "avc3", "hvc1",
    "hev1", "dvh1", "dvhe", "av01", "vp09",
};

Mp4Format ff_runway_mp4_format(const char *type)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (!memcmp(formats[i], type, 4))
            return i < NB_INTRA ? RUNWAY_MP4_INTRA : RUNWAY_MP4_KNOWN;
    return RUNWAY_MP4_UNKNOWN;
}

void ff_runway_mp4_unknown(Parse *p, const char *type)
{
    char name[5] = "";

    for (int i = 0; i < 4; i++)
        name[i] = type[i] < ' ' || type[i] > '~' ? '?' : type[i];
    p->ret = ff_runway_error(p->err, RUNWAY_INVALID, "the result is not a "
                             "readable video: it is coded as \"%s\", which is "
                             "not supported", name);
}

/* Whether a trak box is video; mdia: what else it says of that. Of what is not,
 * nothing needs to be whole, as it is not shown. */
static int is_video(Parse *p, const Box *trak, Box *mdia)
{
    Parse other = *p;
    unsigned char data[12] = { 0 };
    Box hdlr;
    int ret = ff_runway_mp4_find_box(&other, trak, "mdia", 0, mdia) &&
              ff_runway_mp4_find_box(&other, mdia, "hdlr", 12, &hdlr);

    if (ret)
        ff_runway_mp4_bytes(&other, hdlr.start, data, 12);
    ff_runway_mp4_return(p, &other);
    return ret && !p->ret && !memcmp(data + 8, "vide", 4);
}

/* What a trak box is: its id, its format, and how likely it is the film: previews
 * are disabled, smaller or shorter. @return whether it is video */
static int identify(Parse *p, const Box *trak, uint32_t *id, uint64_t *rank,
                    char format[4])
{
    unsigned char data[24];
    Box mdia, minf, stbl, box;

    if (!is_video(p, trak, &mdia) ||
        !ff_runway_mp4_find_box(p, trak, "tkhd", 24, &box))
        return 0;
    ff_runway_mp4_bytes(p, box.start, data, 24);
    *id   = ff_runway_mp4_u32(data + (data[0] ? 20 : 12));
    *rank = (uint64_t)(data[3] & 1) << 62;
    if (!ff_runway_mp4_find_box(p, &mdia, "minf", 0, &minf) ||
        !ff_runway_mp4_find_box(p, &minf, "stbl", 0, &stbl))
        return 0;
    /* a clip has no more than fit */
    if (ff_runway_mp4_find_box(p, &stbl, "stsz", 12, &box))
        *rank |= ff_runway_mp4_u32_at(p, box.start + 8) & 0x3FFFF;
    if (!ff_runway_mp4_find_box(p, &stbl, "stsd", 44, &box))
        return 0;
    ff_runway_mp4_bytes(p, box.start + 12, format, 4);
    ff_runway_mp4_bytes(p, box.start + 40, data, 4);
    *rank |= (uint64_t)(data[0] << 8 | data[1]) *
             (uint64_t)(data[2] << 8 | data[3]) << 18;
    return !p->ret;
}

void ff_runway_mp4_choose_video(Parse *p, const Box *moov)
{
    int64_t at = moov->start;
    uint64_t most = 0;
    int is_compressed = 0, is_other = 0;
    char other[4];
    Box box;

    while (ff_runway_mp4_next_box(p, &at, moov->end, &box)) {
        uint64_t rank;
        uint32_t id;
        char format[4];

        is_compressed |= !memcmp(box.type, "cmov", 4);
        if (memcmp(box.type, "trak", 4) ||
            !identify(p, &box, &id, &rank, format))
            continue;
        if (ff_runway_mp4_format(format) == RUNWAY_MP4_UNKNOWN) {
            is_other = 1;
            memcpy(other, format, 4);
        } else if (p->video < 0 || rank > most) {
            most     = rank;
            p->video = box.at;
            p->track = id;
        }
    }
    if (p->ret || p->video >= 0)
        return;
    if (is_other)
        ff_runway_mp4_unknown(p, other);
    else
        ff_runway_mp4_bad(p, is_compressed ? "is compressed, which is not "
                                             "supported" : "has no video");
}
