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
 * Generative upscaling by Runway's API: the same frames at the same times, but
 * larger.
 * A filter over the engine of runway/filter/filter.h.
 */

#define RUNWAY_COMPAT_FILTER

#include "runway/filter/filter_options.h"

#define NUMBER(name, number, help) \
    { name, help "; 0 to 100, the service's choice by default", \
      OFFSET(numbers[number]), AV_OPT_TYPE_INT, { .i64 = -1 }, -1, \
      RUNWAY_NUMBER_MAX, FLAGS }

static const AVOption runway_upscale_options[] = {
    STR("resolution", resolution, NULL, "resolution of the result for models that have several: 2k, 4k; 2k by default"),
    STR("size", size, NULL, "output size WxH; by default what the model makes of the input, as far as that is on record"),
    NUMBER("creativity", RUNWAY_NUMBER_CREATIVITY,
           "how much the model may invent"),
    NUMBER("sharpen", RUNWAY_NUMBER_SHARPEN, "how much the picture is sharpened"),
    NUMBER("grain", RUNWAY_NUMBER_GRAIN, "how much grain is added"),
    RUNWAY_OPTIONS_REMAKE(RUNWAY_PROVIDER_UPSCALE),
    { NULL }
};

RUNWAY_DEFINE_FILTER(runway_upscale, RUNWAY_VIDEO_UPSCALE,
                     "Upscale video generatively using Runway's API.", 0, NULL);
