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
 * Generative video-to-video filter: what flows through is sent, clip by clip,
 * to Runway's API (or a gateway to it) and comes back generated, frame for frame
 * at the same time.
 *
 * Here are its options, pads and name. What any filter over this engine shares
 * is in runway/filter/filter.h; runway/README.md has the map.
 */

#define RUNWAY_COMPAT_FILTER

#include "runway/filter/filter_options.h"

static const AVOption runway_v2v_options[] = {
    { "prompt", "what the output should show", OFFSET(prompt), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, RUNTIME },
    STR("prompt_file", prompt_file, NULL, "UTF-8 text file to read the prompt from, instead of prompt"),
    STR("model", model, NULL, "model to use; by default " RUNWAY_PROVIDER_MODELS),
    { "mode", "what the model does with the video", OFFSET(mode), AV_OPT_TYPE_INT, { .i64 = RUNWAY_MODE_EDIT }, RUNWAY_MODE_EDIT, RUNWAY_MODE_REFERENCE, FLAGS, .unit = "mode" },
        { "edit",      "change it, frame for frame",                   0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_MODE_EDIT },      0, 0, FLAGS, .unit = "mode" },
        { "reference", "make a new one that is only guided by it", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_MODE_REFERENCE }, 0, 0, FLAGS, .unit = "mode" },
    { "seed", "seed of the generation, the same for all clips; -1 sends none", OFFSET(seed), AV_OPT_TYPE_INT64, { .i64 = 1 }, -1, UINT32_MAX, RUNTIME },
    { "take", "another number buys another result for the same clips", OFFSET(take), AV_OPT_TYPE_INT64, { .i64 = 0 }, 0, INT64_MAX, RUNTIME },
    STR("ratio", ratio, "auto", "output ratio WxH (or W:H, escaped) for models that have one; auto picks the nearest to the input's"),
    /* behind ratio, so that what a colon cuts off gets an error that says so */
    STR("size", size, NULL, "output size WxH, or generated for the ratio's; the input's by default"),
    { "fit", "what to do if the input's shape is not the ratio's", OFFSET(fit), AV_OPT_TYPE_INT, { .i64 = RUNWAY_FIT_PAD }, RUNWAY_FIT_PAD, RUNWAY_FIT_STRETCH, FLAGS, .unit = "fit" },
        { "pad",     "replicate the edges, and crop them out of the result", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_FIT_PAD },     0, 0, FLAGS, .unit = "fit" },
        { "crop",    "send only the middle of the picture",                  0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_FIT_CROP },    0, 0, FLAGS, .unit = "fit" },
        { "stretch", "distort the picture for the upload, and undo that in the result", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_FIT_STRETCH }, 0, 0, FLAGS, .unit = "fit" },
    { "reference", "reference images, separated by |: local PNG, JPEG or WebP files, or https URLs", OFFSET(reference), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, RUNTIME },
    STR("keyframe", keyframe, NULL, "SECONDS[-SECONDS]=IMAGE, separated by |: what the output should look like then, and for how long"),
    STR("keyframe_dir", keyframe_dir, NULL, "directory of PNG, JPEG or WebP files named by their time in seconds, each sent with the clip that begins there"),
    STR("public_figure_threshold", public_figure_threshold, NULL, "moderation of public figures: auto or low; the service's choice by default"),
    STR("output_format", output_format, NULL, "format of the result for models that have several: mp4, prores, sdr_rec709_10bit"),
    STR("prores_profile", prores_profile, NULL, "ProRes profile for output_format=prores: 422 Proxy, 422 LT, 422, 422 HQ, 4444, 4444 XQ"),
    STR("resolution", resolution, NULL, "resolution for models that have one: 768p, 2k; the cheapest that holds the input by default"),
    RUNWAY_OPTIONS_SERVICE,
    { "scene", "scene change score (0..100, as scdet) at which a clip may end early; 0 disables it, -1 is auto", OFFSET(scene), AV_OPT_TYPE_DOUBLE, { .dbl = 0 }, -1, 100, FLAGS, .unit = "scene" },
        { "auto", "at a score of 10 in the last third of a clip", 0, AV_OPT_TYPE_CONST, { .i64 = -1 }, 0, 0, FLAGS, .unit = "scene" },
    RUNWAY_OPTIONS_ENCODING,
    { "timing", "which frames come out", OFFSET(timing), AV_OPT_TYPE_INT, { .i64 = RUNWAY_TIMING_SOURCE }, RUNWAY_TIMING_SOURCE, RUNWAY_TIMING_NATIVE, FLAGS, .unit = "timing" },
        { "source", "one for each input frame, at its time",            0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_TIMING_SOURCE }, 0, 0, FLAGS, .unit = "timing" },
        { "native", "the generated frames, on the source's timeline", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_TIMING_NATIVE }, 0, 0, FLAGS, .unit = "timing" },
    { "seam", "what to do at the seam between two clips", OFFSET(seam), AV_OPT_TYPE_INT, { .i64 = RUNWAY_SEAM_MODE_MATCH }, RUNWAY_SEAM_MODE_NONE, RUNWAY_SEAM_MODE_BLEND, FLAGS, .unit = "seam" },
        { "none",  "leave every clip as it was generated",                              0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEAM_MODE_NONE },  0, 0, FLAGS, .unit = "seam" },
        { "match", "match the colour and light of a clip to the end of the one before", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEAM_MODE_MATCH }, 0, 0, FLAGS, .unit = "seam" },
        { "blend", "match them where both clips show the same, and cross-fade; requires overlap",  0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEAM_MODE_BLEND }, 0, 0, FLAGS, .unit = "seam" },
    { "overlap", "what each clip shares with the one before it, in seconds, for seam=blend; it is paid for twice", OFFSET(overlap), AV_OPT_TYPE_DURATION, { .i64 = 0 }, 0, 5000000, FLAGS },
    RUNWAY_OPTIONS_TASKS(1800000000LL, 1000000, ""),
    STR("cache_dir", cache_dir, NULL, "removed: see results_dir"),
    STR("cache_size", cache_size, NULL, "removed: see results_size"),
    RUNWAY_OPTIONS_MONEY,
    STR("stills_dir", stills_dir, NULL, "with dry_run, directory to write the first frame of each clip to, named by its time in seconds"),
    { "on_error", "what to do if the task of a clip fails", OFFSET(policy.on_error), AV_OPT_TYPE_INT, { .i64 = RUNWAY_ON_ERROR_FAIL }, RUNWAY_ON_ERROR_FAIL, RUNWAY_ON_ERROR_SOURCE, FLAGS, .unit = "on_error" },
        { "fail",   "end with an error",                   0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_ERROR_FAIL },   0, 0, FLAGS, .unit = "on_error" },
        { "source", "output the source frames of that clip", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_ERROR_SOURCE }, 0, 0, FLAGS, .unit = "on_error" },
    RUNWAY_OPTIONS_FAULTS,
    { NULL }
};

RUNWAY_DEFINE_FILTER(runway_v2v, RUNWAY_VIDEO_TO_VIDEO,
                     "Generate video from video using Runway's API.",
                     AVFILTER_FLAG_SUPPORT_TIMELINE_INTERNAL,
                     ff_runway_filter_process_command);
