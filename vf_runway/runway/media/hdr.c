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

#include <math.h>
#include <string.h>

#include "libavutil/avstring.h"
#include "libavutil/error.h"
#include "libavutil/mastering_display_metadata.h"
#include "libavutil/pixdesc.h"

#include "compat.h"
#include "hdr.h"

/* What describes HDR: first what is copied from a result, last what says most. */
static const enum AVFrameSideDataType kinds[] = {
    AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
    AV_FRAME_DATA_DYNAMIC_HDR_PLUS, AV_FRAME_DATA_DYNAMIC_HDR_VIVID,
    RUNWAY_LATER_HDR_KINDS
    AV_FRAME_DATA_DOVI_RPU_BUFFER, AV_FRAME_DATA_DOVI_METADATA,
};

#define NB_COPIED 2

/* FFmpeg's PNG decoder makes a display without a luminance of cHRM; a MaxCLL of 0
 * is an unknown one (CTA-861.3). */
static int says_light(const AVFrameSideData *sd)
{
    switch (sd->type) {
    case AV_FRAME_DATA_MASTERING_DISPLAY_METADATA:
        return ((const AVMasteringDisplayMetadata *)sd->data)->has_luminance;
    case AV_FRAME_DATA_CONTENT_LIGHT_LEVEL:
        return ((const AVContentLightMetadata *)sd->data)->MaxCLL > 0;
    default:
        return 1;
    }
}

const char *ff_runway_hdr_reason(const AVFrame *frame)
{
    switch (frame->color_trc) {
    case AVCOL_TRC_SMPTE2084:
    case AVCOL_TRC_ARIB_STD_B67:
        return av_color_transfer_name(frame->color_trc);
    case AVCOL_TRC_UNSPECIFIED:
    case AVCOL_TRC_RESERVED0:
    case AVCOL_TRC_RESERVED:
        break;
    default:
        return NULL;
    }
    for (int i = FF_ARRAY_ELEMS(kinds) - 1; i >= 0; i--) {
        const AVFrameSideData *sd = av_frame_get_side_data(frame, kinds[i]);

        if (sd && says_light(sd))
            return av_frame_side_data_name(kinds[i]);
    }
    return NULL;
}

int ff_runway_hdr_kinds(const enum AVFrameSideDataType **list)
{
    *list = kinds;
    return FF_ARRAY_ELEMS(kinds);
}

int ff_runway_hdr_name(AVFrame *frame, int transfer)
{
    if (frame->color_trc == AVCOL_TRC_UNSPECIFIED)
        frame->color_trc = transfer;
    if (frame->color_trc != AVCOL_TRC_SMPTE2084 &&
        frame->color_trc != AVCOL_TRC_ARIB_STD_B67) {
        frame->color_trc       = transfer;
        frame->color_primaries = AVCOL_PRI_BT2020;
        frame->colorspace      = AVCOL_SPC_BT2020_NCL;
        return 1;
    }
    if (frame->color_primaries == AVCOL_PRI_UNSPECIFIED)
        frame->color_primaries = AVCOL_PRI_BT2020;
    /* which is what the reader takes an unsaid one for, and HDR has none */
    if (frame->colorspace == AVCOL_SPC_BT709)
        frame->colorspace = AVCOL_SPC_BT2020_NCL;
    return 0;
}

void ff_runway_hdr_tag(AVFrame *dst, const AVFrame *result)
{
    dst->colorspace      = AVCOL_SPC_BT2020_NCL;
    dst->color_range     = AVCOL_RANGE_MPEG;
    dst->color_primaries = result->color_primaries;
    dst->color_trc       = result->color_trc;
}

int ff_runway_hdr_copy(AVFrame *dst, const AVFrame *result)
{
    dst->color_primaries = result->color_primaries;
    dst->color_trc       = result->color_trc;
    av_frame_remove_side_data(dst, AV_FRAME_DATA_ICC_PROFILE);
    for (int i = 0; i < NB_COPIED; i++) {
        const AVFrameSideData *sd = av_frame_get_side_data(result, kinds[i]);
        AVFrameSideData *copy;

        av_frame_remove_side_data(dst, kinds[i]);
        if (!sd)
            continue;
        copy = av_frame_new_side_data(dst, kinds[i], sd->size);
        if (!copy)
            return AVERROR(ENOMEM);
        memcpy(copy->data, sd->data, sd->size);
    }
    return 0;
}

/* In the units that libx265 counts in. */
static long units(AVRational value, double unit)
{
    return value.den ? lrint(av_q2d(value) / unit) : 0;
}

static void add_display(const AVMasteringDisplayMetadata *d, char *text,
                        size_t size)
{
    static const char letters[] = "RGB";
    static const int order[] = { 1, 2, 0 };

    if (!d->has_primaries || !d->has_luminance)
        return;
    av_strlcat(text, ":master-display=", size);
    for (int i = 0; i < 3; i++)
        av_strlcatf(text, size, "%c(%ld,%ld)", letters[order[i]],
                    units(d->display_primaries[order[i]][0], 0.00002),
                    units(d->display_primaries[order[i]][1], 0.00002));
    av_strlcatf(text, size, "WP(%ld,%ld)L(%ld,%ld)",
                units(d->white_point[0], 0.00002),
                units(d->white_point[1], 0.00002),
                units(d->max_luminance, 0.0001),
                units(d->min_luminance, 0.0001));
}

void ff_runway_hdr_params(const AVFrame *result, char *text, size_t size)
{
    const AVFrameSideData *display = av_frame_get_side_data(result, kinds[0]);
    const AVFrameSideData *light = av_frame_get_side_data(result, kinds[1]);
    int is_pq = result->color_trc == AVCOL_TRC_SMPTE2084;

    av_strlcpy(text, "repeat-headers=1:colorprim=bt2020:colormatrix=bt2020nc:",
               size);
    av_strlcatf(text, size, "range=limited:transfer=%s", is_pq ? "smpte2084"
                                                   : "arib-std-b67");
    if (is_pq)
        av_strlcat(text, ":hdr10=1", size);
    if (display)
        add_display((const AVMasteringDisplayMetadata *)display->data, text,
                    size);
    if (light) {
        const AVContentLightMetadata *l =
            (const AVContentLightMetadata *)light->data;

        av_strlcatf(text, size, ":max-cll=%u,%u", l->MaxCLL, l->MaxFALL);
    }
}
