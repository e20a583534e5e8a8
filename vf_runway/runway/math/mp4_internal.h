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

/* Between mp4.c, which knows the tree, mp4_video.c, which chooses the track, and
 * mp4_tables.c, which knows what is in the boxes. */

#ifndef AVFILTER_RUNWAY_MATH_MP4_INTERNAL_H
#define AVFILTER_RUNWAY_MATH_MP4_INTERNAL_H

#include "mp4.h"

typedef struct Box {
    char type[5];
    int64_t at;          ///< where its head begins
    int64_t start, end;  ///< of what is in it
    int has_no_end;      ///< it goes on to the end of what it is in
} Box;

/* What is summed up while the boxes are parsed. */
typedef struct Parse {
    RunwayMp4 *mp4;          ///< NULL: nothing of it is shown
    const RunwayMp4Source *source;
    RunwayError *err;
    RunwayOutcome ret;       ///< the first error, which ends the parsing: what is
                             ///< read behind it is 0, and no other replaces it
    int64_t max_pixels;
    int nb_boxes;
    int has_index;
    int64_t video;           ///< where the trak box of the video begins; -1
    uint32_t track;          ///< its id
    int is_intra;            ///< its frames are coded each by itself
    int is_forgotten;        ///< its ctts is: see TIME_OFFSET_MAX
    int64_t pixels;          ///< of its largest picture, as the index says
    int64_t nb_samples;
    int64_t nb_bytes;        ///< of all samples
    int64_t largest;         ///< bytes of the largest sample
    int64_t nb_edits;
    int64_t nb_chunks;
    int64_t nb_formats;
    unsigned unknown;        ///< those of no known kind, which nothing may be
                             ///< of: a bit for each number, from 1 on
    char unknown_type[5];    ///< of the last of them
    uint64_t reach;          ///< where the last chunk begins, or the last byte of
                             ///< fragments is, whichever is later
    Box stsc;                ///< end 0: none
    uint32_t track_size;     ///< bytes of a sample in a fragment, by default
    int64_t fragment_size;   ///< the same in this fragment; -1: not known yet
    uint64_t moof;           ///< where it begins that is parsed
    uint64_t base;           ///< what this fragment's offsets are from
    uint64_t follows;        ///< what it is where it goes unsaid: the end of the
                             ///< bytes of the fragment before
    uint64_t follows_shown;  ///< the same of those that are shown
    uint64_t shift;          ///< from the one to the other, for this fragment
} Parse;

static inline uint32_t ff_runway_mp4_u32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

static inline void ff_runway_mp4_put_u32(unsigned char *b, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Show 8 bytes at a place; seldom at one before others. */
void ff_runway_mp4_patch(Parse *p, int64_t at, const unsigned char data[8]);

/* RUNWAY_BAD_RESULT: "the result's index " and why. */
void ff_runway_mp4_bad(Parse *p, const char *why);

/* Exactly that many bytes, which are within the file. Asks for the cancellation
 * first. */
void ff_runway_mp4_bytes(Parse *p, int64_t at, void *data, size_t size);
uint32_t ff_runway_mp4_u32_at(Parse *p, int64_t at);

/* The box at *at, before end; *at moves behind it. @return 0, and box->end is 0,
 * when there is no more: less than the head of a box is left. box->type is set
 * also where something is wrong with it. */
int ff_runway_mp4_next_box(Parse *p, int64_t *at, int64_t end, Box *box);

/* The first box of that type in another, with a content of min bytes at least.
 * @return whether there is one */
int ff_runway_mp4_find_box(Parse *p, const Box *in, const char *type, int min,
                           Box *box);

/* other is a copy of p in which something was looked at that is not shown: what
 * is wrong with that is not wrong with the result. */
void ff_runway_mp4_return(Parse *p, const Parse *other);

/* Whether a decoder may be given samples that are called so. */
typedef enum Mp4Format {
    RUNWAY_MP4_UNKNOWN,
    RUNWAY_MP4_KNOWN,
    RUNWAY_MP4_INTRA,        ///< and each frame is coded by itself
} Mp4Format;

Mp4Format ff_runway_mp4_format(const char *type);
/* RUNWAY_INVALID: the result may be good all the same, for a person to see. */
void ff_runway_mp4_unknown(Parse *p, const char *type);

/* Set video and track: of those of a known format the likeliest; or an error. */
void ff_runway_mp4_choose_video(Parse *p, const Box *moov);

/* What is in a box of that type is within the limits; adds to the sums. The box
 * has the least size that its rule says. */
void ff_runway_mp4_elst(Parse *p, const Box *box);
void ff_runway_mp4_dref(Parse *p, const Box *box);
void ff_runway_mp4_stts(Parse *p, const Box *box); /* and ctts */
void ff_runway_mp4_stss(Parse *p, const Box *box);
void ff_runway_mp4_stsc(Parse *p, const Box *box);
void ff_runway_mp4_stsz(Parse *p, const Box *box);
void ff_runway_mp4_stz2(Parse *p, const Box *box);
void ff_runway_mp4_stco(Parse *p, const Box *box); /* and co64 */
void ff_runway_mp4_trex(Parse *p, const Box *box);
void ff_runway_mp4_tfhd(Parse *p, const Box *box);
void ff_runway_mp4_trun(Parse *p, const Box *box);

/* Once the boxes of the index are parsed: chunks and what is in each. */
void ff_runway_mp4_chunks(Parse *p);
/* Once all boxes are parsed: the sums. */
void ff_runway_mp4_sums(Parse *p);

#endif /* AVFILTER_RUNWAY_MATH_MP4_INTERNAL_H */
