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

/**
 * @file
 * How many parts a coded picture is made of. A decoder can be made to go over
 * the whole picture for each part of it, however small, and nothing stops it
 * before the packet's end. A slice of H.264 says where in the picture it begins:
 * it costs no more than what is behind that. Layer 1: no I/O, no FFmpeg. Any
 * thread.
 */

#ifndef AVFILTER_RUNWAY_MATH_PARTS_H
#define AVFILTER_RUNWAY_MATH_PARTS_H

#include <stddef.h>

#include "nals.h"

/** What parts are: NAL units behind their length or behind start codes (H.264,
 *  HEVC); frames, of which one is shown at most (AV1), or that are listed at the
 *  packet's end (VP9). */
typedef enum RunwayPartKind {
    RUNWAY_PART_NAL,
    RUNWAY_PART_FRAME,
    RUNWAY_PART_LISTED,
    RUNWAY_PART_WHOLE,      ///< it has none
} RunwayPartKind;

/** The number of parts in a packet; never less than a decoder would find. nals:
 *  has seen the packet, if it is of NAL units; its pixels are of any. *too_many:
 *  more than a packet may have, or more of its pixels. */
size_t ff_runway_count_parts(RunwayPartKind kind, const RunwayNals *nals,
                             const unsigned char *data, size_t size,
                             int *too_many);

/** Turn the messages of ITU-T T.35 (metadata OBUs) in a packet of AV1 into
 *  padding: a decoder keeps all of them until the next picture is shown, however
 *  much they are. They end as padding has to, and others need not. */
void ff_runway_mute_parts(unsigned char *data, size_t size);

#endif /* AVFILTER_RUNWAY_MATH_PARTS_H */
