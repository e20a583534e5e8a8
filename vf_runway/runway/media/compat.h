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
 * What differs between the FFmpeg releases the filter is built in, 5.1 to 9.0.
 * Nothing else in the project looks at a version number.
 *
 * Each guard names the version at which the change came (doc/APIchanges or the
 * commit); where it came without a version bump of its own, the guard is exact
 * for releases and only ambiguous between two of them.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_COMPAT_H
#define AVFILTER_RUNWAY_MEDIA_COMPAT_H

#include "libavcodec/avcodec.h"
#include "libavcodec/version.h"
#include "libavformat/avformat.h"
#include "libavformat/version.h"
#include "libavutil/frame.h"
#include "libavutil/mem.h" /* no longer implied in 7.1 */
#include "libavutil/version.h"

/* AVFrame.duration replaced pkt_duration: lavu 57.30.100, FFmpeg 6.0 */
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
#define RUNWAY_FRAME_DURATION(frame) ((frame)->duration)
#else
#define RUNWAY_FRAME_DURATION(frame) ((frame)->pkt_duration)
#endif

/* AVCOL_PRI_V_GAMUT, which FFmpeg 8.1 and later have; its number is ABI */
#define RUNWAY_PRI_V_GAMUT 256

/* frame flags replaced the integers: lavu 58.7.100, FFmpeg 6.1 */
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
static inline int ff_runway_is_interlaced(const AVFrame *frame)
{
    return !!(frame->flags & AV_FRAME_FLAG_INTERLACED);
}

static inline void ff_runway_set_progressive(AVFrame *frame)
{
    frame->flags &= ~(AV_FRAME_FLAG_INTERLACED | AV_FRAME_FLAG_TOP_FIELD_FIRST);
}

static inline void ff_runway_set_not_key(AVFrame *frame)
{
    frame->flags &= ~AV_FRAME_FLAG_KEY;
}
#else
static inline int ff_runway_is_interlaced(const AVFrame *frame)
{
    return frame->interlaced_frame;
}

static inline void ff_runway_set_progressive(AVFrame *frame)
{
    frame->interlaced_frame = frame->top_field_first = 0;
}

static inline void ff_runway_set_not_key(AVFrame *frame)
{
    frame->key_frame = 0;
}
#endif

/* SMPTE ST 2094-50: lavu 60.30.100, FFmpeg 9.0 */
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
#define RUNWAY_LATER_HDR_KINDS AV_FRAME_DATA_DYNAMIC_HDR_SMPTE_2094_APP5,
#else
#define RUNWAY_LATER_HDR_KINDS
#endif

/* buffers that an AVIOContext writes became const: lavf 61, FFmpeg 7.0 */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
#define RUNWAY_AVIO_CONST const
#else
#define RUNWAY_AVIO_CONST
#endif

/* side data of a stream moved to its parameters: lavc 60.30.100, FFmpeg 6.1 */
static inline const uint8_t *ff_runway_display_matrix(const AVStream *st)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
    const AVPacketSideData *sd =
        av_packet_side_data_get(st->codecpar->coded_side_data,
                                st->codecpar->nb_coded_side_data,
                                AV_PKT_DATA_DISPLAYMATRIX);

    return sd && sd->size >= 9 * sizeof(int32_t) ? sd->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(st, AV_PKT_DATA_DISPLAYMATRIX,
                                                  &size);

    return size >= 9 * sizeof(int32_t) ? data : NULL;
#endif
}

/* What only the filter needs: libavfilter's own, private headers. */
#ifdef RUNWAY_COMPAT_FILTER

#include "libavfilter/avfilter.h"
#include "libavfilter/filters.h"
#include "libavfilter/formats.h"
#include "libavfilter/version.h"
#include "libavfilter/video.h"

/* private link fields moved to FilterLink, internal.h went: 10.2.102/10.3.100,
 * FFmpeg 7.1 */
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(10, 3, 100)
#define RUNWAY_LINK(link) ff_filter_link(link)
#else
#include "libavfilter/internal.h"
#define RUNWAY_LINK(link) (link)
#endif

/* links have the side data of their first frame, which encoders write: 10.7.100,
 * FFmpeg 8.0. Those kinds of it, and the light to see the source in. */
static inline void ff_runway_link_forget(AVFilterLink *link,
                                         const enum AVFrameSideDataType *kinds,
                                         int nb)
{
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(10, 7, 100)
    for (int i = 0; i < nb; i++)
        av_frame_side_data_remove(&link->side_data, &link->nb_side_data,
                                  kinds[i]);
    av_frame_side_data_remove(&link->side_data, &link->nb_side_data,
                              AV_FRAME_DATA_AMBIENT_VIEWING_ENVIRONMENT);
#endif
}

/* AVFilter became the public part of FFFilter: 10.6.101, FFmpeg 8.0 */
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(10, 6, 101)
#define RUNWAY_FILTER       const FFFilter
#define RUNWAY_PUBLIC(field) .p.field
#else
#define RUNWAY_FILTER       const AVFilter
#define RUNWAY_PUBLIC(field) .field
#endif

/* links have a matrix and a range, which filters agree on: 9.15.100, FFmpeg 7.0
 * (8c7934f73a). Before that each frame says what it has. Unspecified comes first
 * in the lists: it is what is picked where the other side leaves it open. */
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(9, 15, 100)
static inline int ff_runway_refer_colours(AVFilterFormatsConfig *config,
                                          int output)
{
    static const int spaces[] = {
        AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M,
        AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE240M, AVCOL_SPC_FCC,
        AVCOL_SPC_BT2020_NCL, -1
    };
    int ret = ff_formats_ref(output ? ff_make_format_list(spaces)
                                    : ff_all_color_spaces(),
                             &config->color_spaces);

    return ret < 0 ? ret : ff_formats_ref(ff_all_color_ranges(),
                                          &config->color_ranges);
}

static inline int ff_runway_refer_hdr_colours(AVFilterFormatsConfig *config)
{
    static const int spaces[] = { AVCOL_SPC_BT2020_NCL, -1 };
    static const int ranges[] = { AVCOL_RANGE_MPEG, -1 };
    int ret = ff_formats_ref(ff_make_format_list(spaces),
                             &config->color_spaces);

    return ret < 0 ? ret : ff_formats_ref(ff_make_format_list(ranges),
                                          &config->color_ranges);
}

static inline void ff_runway_get_link_colours(const AVFilterLink *link,
                                              AVFrame *frame)
{
    frame->colorspace  = link->colorspace;
    frame->color_range = link->color_range;
}

static inline void ff_runway_set_link_colours(AVFilterLink *link,
                                              const AVFrame *frame)
{
    link->colorspace  = frame->colorspace;
    link->color_range = frame->color_range;
}
#else
static inline int ff_runway_refer_colours(AVFilterFormatsConfig *config,
                                          int output)
{
    return 0;
}

static inline int ff_runway_refer_hdr_colours(AVFilterFormatsConfig *config)
{
    return 0;
}

static inline void ff_runway_get_link_colours(const AVFilterLink *link,
                                              AVFrame *frame)
{
    frame->colorspace  = AVCOL_SPC_UNSPECIFIED;
    frame->color_range = AVCOL_RANGE_UNSPECIFIED;
}

static inline void ff_runway_set_link_colours(AVFilterLink *link,
                                              const AVFrame *frame)
{
}
#endif

/* links say whether colours are multiplied by alpha: 11.6.100, FFmpeg 8.1. A
 * result is not, so what is sent must not be either. */
static inline int ff_runway_refer_alpha(AVFilterContext *ctx)
{
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(11, 6, 100)
    static const int modes[] = {
        AVALPHA_MODE_UNSPECIFIED, AVALPHA_MODE_STRAIGHT, -1
    };

    return ff_set_common_alpha_modes_from_list(ctx, modes);
#else
    return 0;
#endif
}

/* ffmpeg of 5.1 exits with 0 when a filter fails that it has asked for a frame
 * (its transcode() forgets the error), and sees only errors of graphs that it
 * gives a frame, or the end of the input. It gives frames also while it asks for
 * none. Measured with 5.1.9, not so with 6.1.1, and not tried with 6.0. */
#define RUNWAY_FFMPEG_5 (LIBAVFILTER_VERSION_INT < AV_VERSION_INT(9, 12, 100))

#endif /* RUNWAY_COMPAT_FILTER */

#endif /* AVFILTER_RUNWAY_MEDIA_COMPAT_H */
