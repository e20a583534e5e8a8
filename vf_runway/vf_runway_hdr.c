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
 * HDR out of SDR by Runway's API: the same frames at the same times, in 10 bits,
 * BT.2020 and PQ or HLG. A filter over the engine of runway/filter/filter.h.
 */

#define RUNWAY_COMPAT_FILTER

#include "runway/filter/filter_options.h"

static const AVOption runway_hdr_options[] = {
    { "transfer", "transfer characteristic of the output", OFFSET(transfer), AV_OPT_TYPE_INT, { .i64 = AVCOL_TRC_SMPTE2084 }, AVCOL_TRC_SMPTE2084, AVCOL_TRC_ARIB_STD_B67, FLAGS, .unit = "transfer" },
        { "pq",  "SMPTE ST 2084, as in HDR10",     0, AV_OPT_TYPE_CONST, { .i64 = AVCOL_TRC_SMPTE2084 },    0, 0, FLAGS, .unit = "transfer" },
        { "hlg", "hybrid log-gamma, ARIB STD-B67", 0, AV_OPT_TYPE_CONST, { .i64 = AVCOL_TRC_ARIB_STD_B67 }, 0, 0, FLAGS, .unit = "transfer" },
    { "format", "format of the result", OFFSET(mezzanine), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, 1, FLAGS, .unit = "format" },
        { "hevc",       "10-bit HEVC",            0, AV_OPT_TYPE_CONST, { .i64 = 0 }, 0, 0, FLAGS, .unit = "format" },
        { "hdr_prores", "ProRes, as a mezzanine", 0, AV_OPT_TYPE_CONST, { .i64 = 1 }, 0, 0, FLAGS, .unit = "format" },
    STR("prores_profile", prores_profile, NULL, "ProRes profile for format=hdr_prores: 422, 422 HQ, 4444"),
    RUNWAY_OPTIONS_REMAKE(RUNWAY_PROVIDER_HDR),
    { NULL }
};

RUNWAY_DEFINE_FILTER(runway_hdr, RUNWAY_VIDEO_TO_HDR,
                     "Generate HDR from SDR video using Runway's API.", 0, NULL);
