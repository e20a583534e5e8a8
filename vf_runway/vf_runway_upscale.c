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

#include "runway/filter/filter.h"
#include "runway/filter/filter_options.h"
#include "runway/media/compat.h"

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
    { "take", "another number buys another result for the same clips", OFFSET(take), AV_OPT_TYPE_INT64, { .i64 = 0 }, 0, INT64_MAX, FLAGS },
    STR("model", model, NULL, "model to use; by default " RUNWAY_PROVIDER_UPSCALE),
    RUNWAY_OPTIONS_SERVICE,
    RUNWAY_OPTIONS_ENCODING,
    RUNWAY_OPTIONS_TASKS(0, 0, "; 0: what the model needs"),
    RUNWAY_OPTIONS_MONEY,
    RUNWAY_OPTIONS_FAULTS,
    { NULL }
};

AVFILTER_DEFINE_CLASS(runway_upscale);
RUNWAY_DEFINE_PADS(runway_upscale);

static int init(AVFilterContext *ctx)
{
    RunwayFilter *s = ctx->priv;

    s->set.seed = -1; /* the models have none */
    return ff_runway_filter_init(ctx, RUNWAY_VIDEO_UPSCALE);
}

RUNWAY_FILTER ff_vf_runway_upscale = {
    RUNWAY_PUBLIC(name)        = "runway_upscale",
    RUNWAY_PUBLIC(description) =
        NULL_IF_CONFIG_SMALL("Upscale video generatively by Runway's API."),
    RUNWAY_PUBLIC(priv_class)  = &runway_upscale_class,
    .priv_size                 = sizeof(RunwayFilter),
    .init                      = init,
    .uninit                    = ff_runway_filter_uninit,
    .activate                  = ff_runway_filter_activate,
    FILTER_INPUTS(runway_upscale_inputs),
    FILTER_OUTPUTS(runway_upscale_outputs),
    FILTER_QUERY_FUNC(ff_runway_filter_query),
};
