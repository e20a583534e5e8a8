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

/* Between reader.c, which reads, and reader_parts.c, which knows what a decoder
 * may be given, what its errors mean, and what is said beside the pictures. */

#ifndef AVFILTER_RUNWAY_MEDIA_READER_INTERNAL_H
#define AVFILTER_RUNWAY_MEDIA_READER_INTERNAL_H

#include "libavcodec/avcodec.h"
#include "libavformat/avformat.h"

#include "../math/nals.h"
#include "picture.h"
#include "reader.h"

/* What packets are made of, a RunwayPartKind; -1 of codecs that are not
 * supported. */
int ff_runway_reader_kind(enum AVCodecID id);

/* The decoder for it; NULL: it is not supported, or there is none. */
const AVCodec *ff_runway_reader_decoder(enum AVCodecID id);

/* Whether a decoder may be given a description (nb: -1), or a packet, which has
 * that number. nals: of H.264 and HEVC; its pixels are those of the others,
 * too. */
RunwayOutcome ff_runway_reader_judge(enum AVCodecID id, RunwayNals *nals,
                                     const uint8_t *data, size_t size,
                                     int64_t nb, RunwayError *err);

/* What is said beside the pictures in a packet that was judged is taken out: of
 * H.264 and HEVC what is not whole, and other layers, of AV1 all but the light.
 * @return 0, or an AVERROR */
int ff_runway_reader_mute(enum AVCodecID id, RunwayNals *nals, AVPacket *packet);

/* How the stream's pictures are put upright. A matrix may turn and mirror; what
 * else it may do, players leave out too. */
RunwayTurn ff_runway_reader_turn(const AVStream *stream, void *log_ctx);

#define RUNWAY_HELD_MAX 16      /* frames that H.264 can hold back */

/* Of the packets read last. Begins as zeros. */
typedef struct RunwayOrder {
    int64_t pts[RUNWAY_HELD_MAX], nb;
    int held;       ///< the most that are shown behind one that comes later
} RunwayOrder;

void ff_runway_reader_note_order(RunwayOrder *order, int64_t pts);

/* Frames that nobody could see would be decoded one by one. */
RunwayOutcome ff_runway_reader_check_rate(const RunwayReaderInfo *info,
                                          RunwayError *err);

/* What cannot be read, with this AVERROR: the result's fault, or this machine's?
 * What is paid for is not given up because a decoder is missing here. HEVC's
 * says ENOMEM of a message about a sequence that was not described, and of a
 * picture too many: where there is memory for pictures of so many pixels, it is
 * the result's. */
RunwayOutcome ff_runway_reader_blame(int64_t pixels, int error);

#endif /* AVFILTER_RUNWAY_MEDIA_READER_INTERNAL_H */
