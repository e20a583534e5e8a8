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

#include "libavutil/error.h"
#include "libavutil/mem.h"

#include "compat.h"
#include "../math/parts.h"
#include "reader_internal.h"

/* Those that are supported are what services send (H.264, HEVC, ProRes), or may
 * come to send. FFmpeg has decoders for some hundred others, which nobody tries
 * to break as hard. */
int ff_runway_reader_kind(enum AVCodecID id)
{
    switch (id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:   return RUNWAY_PART_NAL;
    case AV_CODEC_ID_AV1:    return RUNWAY_PART_FRAME;
    case AV_CODEC_ID_VP9:    return RUNWAY_PART_LISTED;
    case AV_CODEC_ID_PRORES: return RUNWAY_PART_WHOLE;
    default:                 return -1;
    }
}

const AVCodec *ff_runway_reader_decoder(enum AVCodecID id)
{
    const AVCodec *codec = ff_runway_reader_kind(id) < 0
                           ? NULL : avcodec_find_decoder(id);

    /* that one only works with hardware */
    return codec && strcmp(codec->name, "av1") ? codec : NULL;
}

RunwayOutcome ff_runway_reader_judge(enum AVCodecID id, RunwayNals *nals,
                                     const uint8_t *data, size_t size,
                                     int64_t nb, RunwayError *err)
{
    const int kind = ff_runway_reader_kind(id);
    RunwayOutcome ret = kind != RUNWAY_PART_NAL ? RUNWAY_OK : nb < 0 ?
                        ff_runway_nals_description(nals, data, size, err) :
                        ff_runway_nals_packet(nals, data, size, err);
    int too_many = 0;
    size_t parts = ret || nb < 0 ? 0 : ff_runway_count_parts(kind, nals, data,
                                                             size, &too_many);

    if (too_many)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "frame %lld of the "
                               "result is made of %zu parts, too many for its "
                               "size", (long long)nb, parts);
    return ret;
}

int ff_runway_reader_mute(enum AVCodecID id, RunwayNals *nals, AVPacket *packet)
{
    const int kind = ff_runway_reader_kind(id);
    uint8_t *described;
    size_t size;
    int ret;

    if (kind != RUNWAY_PART_NAL && kind != RUNWAY_PART_FRAME)
        return 0;
    ret = av_packet_make_writable(packet);
    described = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
    if (described && nals->is_hevc)
        ff_runway_nals_mute(nals, described, size, 1);
    if (ret >= 0 && kind == RUNWAY_PART_NAL)
        ff_runway_nals_mute(nals, packet->data, (size_t)packet->size, 0);
    else if (ret >= 0)
        ff_runway_mute_parts(packet->data, (size_t)packet->size);
    return ret;
}

RunwayOutcome ff_runway_reader_blame(int64_t pixels, int error)
{
    void *block;
    int has_room;

    switch (error) {
    case AVERROR(ENOMEM):
        /* more than a decoder takes at once */
        block    = av_malloc((size_t)(16 * pixels + (1 << 20)));
        has_room = !!block;
        av_free(block);
        return has_room ? RUNWAY_BAD_RESULT : RUNWAY_NOMEM;
    case AVERROR(EIO):              return RUNWAY_IO;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND: return RUNWAY_INVALID;
    default:                        return RUNWAY_BAD_RESULT;
    }
}

RunwayTurn ff_runway_reader_turn(const AVStream *stream, void *log_ctx)
{
    const uint8_t *data = ff_runway_display_matrix(stream);
    int32_t m[9];

    if (!data)
        return (RunwayTurn){ 1, 0, 0, 1 };
    memcpy(m, data, sizeof(m));
    if (!m[1] && !m[3] && m[0] && m[4])
        return (RunwayTurn){ FFDIFFSIGN(m[0], 0), 0, 0, FFDIFFSIGN(m[4], 0) };
    if (!m[0] && !m[4] && m[1] && m[3])
        return (RunwayTurn){ 0, FFDIFFSIGN(m[1], 0), FFDIFFSIGN(m[3], 0), 0 };
    av_log(log_ctx, AV_LOG_VERBOSE, "the result is marked as rotated by a "
           "fraction of a right angle, which is ignored\n");
    return (RunwayTurn){ 1, 0, 0, 1 };
}

RunwayOutcome ff_runway_reader_check_rate(const RunwayReaderInfo *info,
                                          RunwayError *err)
{
    if (info->nb_frames / RUNWAY_RESULT_RATE <= info->duration / 1000000 + 1)
        return RUNWAY_OK;
    return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result has %lld frames "
                           "in %.3f s: more than %d per second",
                           (long long)info->nb_frames, info->duration / 1e6,
                           RUNWAY_RESULT_RATE);
}

void ff_runway_reader_note_order(RunwayOrder *order, int64_t pts)
{
    int held = 0;

    for (int i = 0; i < FFMIN(order->nb, RUNWAY_HELD_MAX); i++)
        held += order->pts[i] > pts;
    order->pts[order->nb++ % RUNWAY_HELD_MAX] = pts;
    order->held = FFMAX(order->held, held);
}
