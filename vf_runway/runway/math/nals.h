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
 * What a decoder of H.264 or HEVC is told beside the pictures: parameter sets,
 * each of which may cost it a table of the whole picture or a pass over it, and
 * messages, which it keeps one by one. FFmpeg takes what is said there for the
 * size of a picture, whatever the index says, and cannot be stopped before it
 * has read all of a description or of a packet. Layer 1: no I/O, no FFmpeg.
 */

#ifndef AVFILTER_RUNWAY_MATH_NALS_H
#define AVFILTER_RUNWAY_MATH_NALS_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

/** Most parameter sets in a description, in a packet, or by their numbers in all
 *  of a stream, as a decoder keeps each: encoders write up to five. */
#define RUNWAY_NALS_SETS 16

/** Most NAL units in a description, of any kind; those of a packet are its parts
 *  (parts.h). */
#define RUNWAY_NALS_UNITS 64

/** Most bytes of messages (SEI) in a description, or in a packet. */
#define RUNWAY_NALS_MESSAGES 65536

/** What slices of HEVC go by that a parameter set says; the nals_*.c's own. That
 *  of a sequence: */
typedef struct RunwayNalsSequence {
    uint32_t columns, rows;  ///< of blocks, in a picture; 0: there is no such set
    uint32_t long_used;      ///< of the pictures for long, a bit for each
    unsigned char is_ranged; ///< its profile has the range extensions
    unsigned char has_planes, has_chroma, order_bits;
    unsigned char nb_sets;   ///< of pictures that others refer to
    unsigned char refs[64], used[64]; ///< how many are in each, and count now
    unsigned char has_long, nb_long, has_motion, has_offsets;
} RunwayNalsSequence;

/** That of pictures: */
typedef struct RunwayNalsPicture {
    uint32_t most;           ///< entries that a slice may have
    unsigned char has_entries;
    unsigned char sequence;  ///< its number
    unsigned char has_parts, has_output, nb_extra, has_start, nb_refs[2];
    unsigned char has_chroma_offsets, has_list, has_weights[2], has_order;
    unsigned char has_override, is_unfiltered, has_edges;
} RunwayNalsPicture;

/** A stream, the zero of it set up with its first two fields. One thread at a
 *  time. */
typedef struct RunwayNals {
    int is_hevc;
    int64_t pixels;      ///< most of a picture, as decoders count them: in whole
                         ///< blocks
    unsigned lengths;    ///< its own: how long NAL units' lengths are, a bit for
                         ///< each way that was said
    unsigned char ids[3][32]; ///< its own: those of VPS, SPS and PPS that were
                         ///< there, a bit for each
    int nb_ids;          ///< its own
    int number_bits;     ///< its own: most that H.264's frame_num has
    unsigned char lists[32]; ///< its own: of scaling, for pictures of the
                         ///< sequence of H.264 with that number
    RunwayNalsSequence sequences[16]; ///< its own: of HEVC, by their numbers
    RunwayNalsPicture pictures[64];
} RunwayNals;

/**
 * Whether a decoder may be given a description of the stream (avcC, hvcC, or
 * none: size 0), or a packet of the last ones described. All of a stream are
 * asked about, in order. RUNWAY_OK, or RUNWAY_BAD_RESULT: too many sets or NAL
 * units, long messages, a sequence parameter set of too large a picture, or one
 * with what a decoder complains of and goes on; of HEVC, also a set or a slice
 * whose beginning cannot be read, or a slice that claims more places to decode
 * from than its picture has: a decoder takes memory for each.
 */
RunwayOutcome ff_runway_nals_description(RunwayNals *nals,
                                         const unsigned char *data, size_t size,
                                         RunwayError *err);
RunwayOutcome ff_runway_nals_packet(RunwayNals *nals,
                                    const unsigned char *data, size_t size,
                                    RunwayError *err);

/** Turn into filler, in a description or a packet that was asked about: messages
 *  (SEI) that are not whole, of which players take no notice, and a decoder that
 *  is to tell of damage would; and of HEVC, other layers than the film's (a
 *  second view, alpha). Those are not judged, and FFmpeg 7.1 and later read sets
 *  of them. */
void ff_runway_nals_mute(RunwayNals *nals, unsigned char *data, size_t size,
                         int is_description);

/** Whether a NAL unit of HEVC is of another layer than the film's. */
int ff_runway_nals_is_layer(const RunwayNals *nals, const unsigned char *data,
                            size_t size);

/** Where in its picture a slice of H.264 begins, in blocks (or pairs of them); 0
 *  also if that cannot be read. *picture: the same of all slices of a picture; of
 *  another, it may be. */
int64_t ff_runway_nals_slice(const RunwayNals *nals, const unsigned char *data,
                             size_t size, uint32_t *picture);

#endif /* AVFILTER_RUNWAY_MATH_NALS_H */
