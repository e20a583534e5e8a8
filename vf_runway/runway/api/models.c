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
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "models.h"

#define SECONDS(n) ((n) * 1000000LL)

static const char *const gen4_aleph_ratios[] = {
    "1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672",
    "848:480", "640:480", NULL
};

static const char *const seedance2_ratios[] = {
    "992:432", "864:496", "752:560", "640:640", "560:752", "496:864",
    "1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280",
    "2206:946", "1920:1080", "1664:1248", "1440:1440", "1248:1664", "1080:1920",
    "3840:1646", "3840:2160", "3840:2880", "3840:3840", "2880:3840",
    "2160:3840", NULL
};

static const char *const seedance2_small_ratios[] = {
    "992:432", "864:496", "752:560", "640:640", "560:752", "496:864",
    "1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280", NULL
};

static const char *const seedance2_5_ratios[] = {
    "992:432", "854:480", "752:560", "640:640", "560:752", "480:854",
    "1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280",
    "2206:946", "1920:1080", "1664:1248", "1440:1440", "1248:1664", "1080:1920",
    NULL
};

static const char *const gemini_1_1_ratios[] = {
    "640:360", "360:640", "1280:720", "720:1280", "1920:1080", "1080:1920",
    "3840:2160", "2160:3840", NULL
};

static const char *const hailuo3_ratios[] = {
    "21:9", "16:9", "4:3", "1:1", "3:4", "9:16", NULL
};

static const char *const aleph2_shapes[] = {
    "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "21:9", NULL
};

/* gemini_omni_flash makes one of these, as the input lies [oapi] */
static const char *const gemini_ratios[] = { "1280:720", "720:1280", NULL };

/* Prices, credits per second. Sources: [seed] the page of CometAPI that
 * describes gen4_aleph; [oapi] Runway's openapi.json and [sdk] its Node SDK
 * 4.20.1, both of 2026-09; [live] what users were billed or shown, until
 * 2026-10-04; [inferred]. */
/* [seed] */
static const RunwayPrice gen4_aleph_prices[] = { { NULL, 0, 15, 0, 0 } };
/* [live] */
static const RunwayPrice aleph2_prices[]     = { { NULL, 0, 28, 0, 0 } };
/* [live] 10, and 11 once */
static const RunwayPrice gemini_prices[]     = { { NULL, 0, 11, 0, 0 } };

/* [live] 3.4 to 30; [inferred] the two between, in the proportions that others
 * sell these sizes at, rounded up */
static const RunwayPrice gemini_1_1_prices[] = {
    { "360p",  640 * 360,    3.4, 0, 0 },
    { "720p",  1280 * 720,   11,  0, 0 },
    { "1080p", 1920 * 1080,  16,  0, 0 },
    { "4K",    0,            30,  0, 0 },
};

/* The classes are those of the ratios' sizes; [live] all below. */
#define PIXELS_480P  (450 * 1000)
#define PIXELS_720P  (950 * 1000)
#define PIXELS_1080P (2100 * 1000)

static const RunwayPrice seedance2_prices[] = {
    { "720p",  PIXELS_720P,   36, 0, 0 },
    { "1080p", PIXELS_1080P,  40, 0, 0 },
    { "4K",    0,            150, 0, 0 },
};

static const RunwayPrice seedance2_fast_prices[] = { { NULL, 0, 29, 0, 0 } };
static const RunwayPrice seedance2_mini_prices[] = { { NULL, 0, 16, 0, 0 } };

static const RunwayPrice seedance2_5_prices[] = {
    { "480p",  PIXELS_480P, 20, 10, 0 },
    { "720p",  PIXELS_720P, 30, 15, 0 },
    { "1080p", 0,           68, 34, 0 },
};

/* the input is billed as the output is; sizes are those of 16:9 */
static const RunwayPrice hailuo3_prices[] = {
    { "768p", 1366 * 768, 10, 10, 0 },
    { "2k",   0,          15, 15, 0 },
};

/* [live] "20 credits a second, 40 above 4 megapixels" */
static const RunwayPrice ruby_prices[] = {
    { "4 MP",          4000000, 20, 0, 0 },
    { "above 4 MP",    0,       40, 0, 0 },
};

/* [live] US cents a frame, and a credit is one; three prices are on record for
 * four sizes: the least is that of the two small ones */
static const RunwayPrice magnific_prices[] = {
    { "720p", 1280 * 720,  0, 0, 0.7 },
    { "1k",   1920 * 1080, 0, 0, 0.7 },
    { "2k",   2560 * 1440, 0, 0, 0.9 },
    { "4k",   0,           0, 0, 1.2 },
};

/* [live] The second one comes back with 1072 lines, which is scaled: its shape
 * is the input's. What 4k makes of an input is not documented. */
static const RunwaySize magnific_sizes[] = {
    { 1280, 720, "2k", 2560, 1440 },
    { 640,  360, "2k", 1920, 1080 },
    { 0 }
};

#define SEEDANCE_FIELDS (RUNWAY_FIELD_PROMPT | RUNWAY_FIELD_SEED |            \
                         RUNWAY_FIELD_REFERENCES_BARE | RUNWAY_FIELD_AUDIO)

#define SEEDANCE2_REFERENCE                                                   \
    .mode               = RUNWAY_MODE_REFERENCE,                              \
    .source_field       = "promptVideo",                                      \
    .fields             = SEEDANCE_FIELDS | RUNWAY_FIELD_RATIO |              \
                          RUNWAY_FIELD_DURATION,                              \
    .max_references     = 9,                                                  \
    .min_duration       = SECONDS(4),                                         \
    .max_duration       = SECONDS(15),                                        \
    .best_duration      = SECONDS(5),                                         \
    .max_prompt         = 3500

#define SEEDANCE2_5                                                           \
    .name               = "seedance2_5",                                      \
    .source_field       = "promptVideo",                                      \
    .max_references     = 30,                                                 \
    .min_duration       = SECONDS(4),                                         \
    .max_duration       = SECONDS(30),                                        \
    .min_height         = 480,                                                \
    .max_prompt         = 15000,                                              \
    .prices             = seedance2_5_prices,                                 \
    .min_credits        = 80

#define GEMINI_FIELDS (RUNWAY_FIELD_PROMPT | RUNWAY_FIELD_PROMPT_REQUIRED |   \
                       RUNWAY_FIELD_REFERENCES_BARE)

#define GEMINI                                                                \
    .source_field       = "videoUri",                                         \
    .max_references     = 5,                                                  \
    .max_duration       = SECONDS(10),                                        \
    .best_duration      = SECONDS(10),                                        \
    .max_prompt         = 4000

/* Limits and fields: gen4_aleph [seed], aleph2 [sdk, live], the others [oapi,
 * sdk]; scripts/check-models compares them with it. best_duration is ours. */
static const RunwayModel models[] = {
    {
        .name               = "gen4_aleph",
        .source_field       = "videoUri",
        .fields             = RUNWAY_FIELD_PROMPT |
                              RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_SEED | RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_REFERENCES |
                              RUNWAY_FIELD_MODERATION,
        .max_references     = 1,
        .min_duration       = SECONDS(1),
        .max_duration       = SECONDS(5),
        .best_duration      = SECONDS(5),
        .max_width          = 1584,
        .max_height         = 960,
        .ratios             = gen4_aleph_ratios,
        .max_prompt         = 1000,
        .prices             = gen4_aleph_prices,
    }, {
        .name               = "aleph2",
        .source_field       = "videoUri",
        .fields             = RUNWAY_FIELD_PROMPT | RUNWAY_FIELD_SEED |
                              RUNWAY_FIELD_MODERATION |
                              RUNWAY_FIELD_KEYFRAMES |
                              RUNWAY_FIELD_OUTPUT_FORMAT |
                              RUNWAY_FIELD_PRORES_PROFILE |
                              RUNWAY_FIELD_ASPECT,
        .max_keyframes      = 5,
        .min_duration       = SECONDS(2),
        .max_duration       = SECONDS(30),
        /* A data URI holds 3.9 MB: 3 Mbit/s for 10 s, which 1080p needs, and
         * only 1 Mbit/s for 30 s. A failure costs 280 credits and not 840; and
         * still there are few seams, and the least price of 2 s hurts only the
         * last clip. */
        .best_duration      = SECONDS(10),
        .max_rate           = 30,
        .max_width          = 1920,
        .max_height         = 1080,
        .ratios             = aleph2_shapes,
        .ratios_are_shapes  = 1,
        .size_follows_input = 1,
        .max_prompt         = 1000,
        .prices             = aleph2_prices,
        .formats_cost       = 1,
        .min_credits        = 56,
    }, {
        .name               = "gemini_omni_flash",
        GEMINI,
        .fields             = GEMINI_FIELDS,
        .ratios             = gemini_ratios,
        .prices             = gemini_prices,
    }, {
        .name               = "gemini_omni_flash_1.1",
        GEMINI,
        .fields             = GEMINI_FIELDS | RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION_AUTO,
        .ratios             = gemini_1_1_ratios,
        .prices             = gemini_1_1_prices,
    }, {
        .name               = "gemini_omni_flash_1.1",
        GEMINI,
        .mode               = RUNWAY_MODE_REFERENCE,
        .fields             = GEMINI_FIELDS | RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION,
        .ratios             = gemini_1_1_ratios,
        .prices             = gemini_1_1_prices,
    }, {
        .name               = "seedance2",
        SEEDANCE2_REFERENCE,
        .ratios             = seedance2_ratios,
        .prices             = seedance2_prices,
    }, {
        .name               = "seedance2_fast",
        SEEDANCE2_REFERENCE,
        .ratios             = seedance2_small_ratios,
        .prices             = seedance2_fast_prices,
    }, {
        .name               = "seedance2_mini",
        SEEDANCE2_REFERENCE,
        .ratios             = seedance2_small_ratios,
        .prices             = seedance2_mini_prices,
        .min_credits        = 64,
    }, {
        SEEDANCE2_5,
        .fields             = SEEDANCE_FIELDS | RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION_AUTO,
        .best_duration      = SECONDS(10),
        .max_width          = 1920,
        .max_height         = 1080,
        .size_follows_input = 1,
    }, {
        SEEDANCE2_5,
        .mode               = RUNWAY_MODE_REFERENCE,
        .fields             = SEEDANCE_FIELDS | RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION,
        .best_duration      = SECONDS(5),
        .ratios             = seedance2_5_ratios,
    }, {
        .name               = "hailuo3",
        .mode               = RUNWAY_MODE_REFERENCE,
        .source_field       = "promptVideo",
        .fields             = RUNWAY_FIELD_PROMPT |
                              RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_REFERENCES_BARE |
                              RUNWAY_FIELD_DURATION | RUNWAY_FIELD_RESOLUTION,
        .max_references     = 9,
        .min_duration       = SECONDS(5),
        .max_duration       = SECONDS(15),
        .best_duration      = SECONDS(5),
        .ratios             = hailuo3_ratios,
        .ratios_are_shapes  = 1,
        .max_prompt         = 6000,
        .prices             = hailuo3_prices,
        .credits_per_reference = 2,
    }, {
        .name               = "ruby",
        .endpoint           = RUNWAY_VIDEO_TO_HDR,
        .source_field       = "videoUri",
        .fields             = RUNWAY_FIELD_OUTPUT_FORMAT |
                              RUNWAY_FIELD_PRORES_PROFILE,
        .max_duration       = SECONDS(30),
        .best_duration      = SECONDS(10), /* as aleph2 */
        .max_width          = 4094, /* less than 4096, and even */
        .max_height         = 4094,
        .size_follows_input = 1,
        .prices             = ruby_prices,
    }, {
        .name               = "magnific_video_upscaler_creative",
        .endpoint           = RUNWAY_VIDEO_UPSCALE,
        .source_field       = "videoUri",
        .fields             = RUNWAY_FIELD_RESOLUTION | RUNWAY_FIELD_NUMBERS,
        .max_duration       = SECONDS(30),
        /* minutes for each second: a failure loses little */
        .best_duration      = SECONDS(5),
        .size_follows_input = 1,
        .sizes              = magnific_sizes,
        .resolution         = "2k",
        .prices             = magnific_prices,
        .task_timeout       = SECONDS(7200), /* [live] 7 minutes for 3 s */
    }, {
        /* CometAPI's page; retired at Runway. No price is on record. */
        .name               = "upscale_v1",
        .endpoint           = RUNWAY_VIDEO_UPSCALE,
        .source_field       = "videoUri",
        .best_duration      = SECONDS(5),
        .size_follows_input = 1,
        .times              = 4,
        .max_side           = 4096,
    },
};

#define NB_MODELS ((int)(sizeof(models) / sizeof(models[0])))

/* A model that came after this table: what a user sets is sent, and the service
 * is the judge of it. */
static const RunwayModel unknown_model = {
    .name               = "",
    .source_field       = "videoUri",
    .fields             = RUNWAY_FIELD_PROMPT | RUNWAY_FIELD_SEED |
                          RUNWAY_FIELD_RATIO | RUNWAY_FIELD_REFERENCES |
                          RUNWAY_FIELD_MODERATION | RUNWAY_FIELD_KEYFRAMES |
                          RUNWAY_FIELD_OUTPUT_FORMAT |
                          RUNWAY_FIELD_PRORES_PROFILE,
    .best_duration      = SECONDS(5), /* what all of them take */
    .size_follows_input = 1,
};

const char *ff_runway_endpoint_path(RunwayEndpoint endpoint)
{
    static const char *const paths[RUNWAY_NB_ENDPOINTS] = {
        [RUNWAY_VIDEO_TO_VIDEO] = "/v1/video_to_video",
        [RUNWAY_VIDEO_TO_HDR]   = "/v1/video_to_hdr",
        [RUNWAY_VIDEO_UPSCALE]  = "/v1/video_upscale",
    };

    return paths[endpoint];
}

const char *ff_runway_number_name(RunwayNumber number)
{
    static const char *const names[RUNWAY_NB_NUMBERS] = {
        [RUNWAY_NUMBER_CREATIVITY] = "creativity",
        [RUNWAY_NUMBER_SHARPEN]    = "sharpen",
        [RUNWAY_NUMBER_GRAIN]      = "smartGrain",
    };

    return names[number];
}

RunwayOutcome ff_runway_model_choose(const char *name, RunwayMode mode,
                                     const RunwayModel **model,
                                     RunwayError *err)
{
    int known = 0;

    for (int i = 0; i < NB_MODELS; i++) {
        if (strcmp(name, models[i].name))
            continue;
        if (models[i].mode == mode) {
            *model = &models[i];
            return RUNWAY_OK;
        }
        known = 1;
    }
    if (!known && mode == RUNWAY_MODE_EDIT) {
        *model = &unknown_model;
        return RUNWAY_OK;
    }
    *model = NULL;
    if (!known)
        return ff_runway_error(err, RUNWAY_INVALID, "mode=reference: model %s "
                               "is not known here, so set its fields for that "
                               "with body", name);
    if (mode == RUNWAY_MODE_REFERENCE)
        return ff_runway_error(err, RUNWAY_INVALID, "mode=reference: model %s "
                               "only edits the video it is sent; leave mode "
                               "set to edit", name);
    return ff_runway_error(err, RUNWAY_INVALID, "model %s does not edit: it "
                           "makes a new video and uses the input only as a "
                           "reference; if that is what you want, set "
                           "mode=reference; aleph2 edits", name);
}

int ff_runway_model_is_known(const RunwayModel *model)
{
    return model != &unknown_model;
}

int64_t ff_runway_model_timeout(const RunwayModel *model)
{
    return model && model->task_timeout ? model->task_timeout : SECONDS(1800);
}

const char *ff_runway_mode_name(RunwayMode mode)
{
    return mode == RUNWAY_MODE_EDIT ? "edit" : "reference";
}

const RunwayPrice *ff_runway_price_class(const RunwayModel *model,
                                         int64_t pixels,
                                         const char *resolution)
{
    for (const RunwayPrice *price = model->prices; price; price++) {
        if (resolution ? price->name && !strcmp(resolution, price->name)
                       : !price->max_pixels || pixels <= price->max_pixels)
            return price;
        if (!price->max_pixels)
            break;
    }
    return NULL;
}

RunwayOutcome ff_runway_prompt_check(const RunwayModel *model,
                                     const char *prompt, RunwayError *err)
{
    int units;

    if (!prompt) {
        if (!(model->fields & RUNWAY_FIELD_PROMPT_REQUIRED))
            return RUNWAY_OK;
        return ff_runway_error(err, RUNWAY_INVALID,
                               "no prompt: model %s needs one, prompt='what "
                               "the output should show' or prompt_file=FILE",
                               model->name);
    }
    units = ff_runway_utf16_length(prompt);
    if (units < 0)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "the prompt is not valid UTF-8");
    if (!units)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "the prompt is empty: say what the output "
                               "should show%s",
                               model->fields & RUNWAY_FIELD_PROMPT_REQUIRED ?
                               "" : ", or leave it out");
    if (model->max_prompt && units > model->max_prompt)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "the prompt has %d characters (UTF-16 code "
                               "units), and model %s accepts at most %d",
                               units, model->name, model->max_prompt);
    return RUNWAY_OK;
}

/* What other forms of output cost on top, per second: the dearer of [sdk] and
 * [live], which swap png_sequence and sdr_rec709_10bit. */
static double surcharge(const char *output_format, int64_t pixels)
{
    if (!output_format || !strcmp(output_format, "mp4"))
        return 0;
    if (!strcmp(output_format, "prores"))
        return 5;
    /* a form that came after this table: as the dearest one that is known */
    if (strcmp(output_format, "sdr_rec709_10bit"))
        return 40;
    return pixels > 4000000 ? 40 : 20;
}

int64_t ff_runway_credits(const RunwayModel *model, const RunwayPriced *what)
{
    const RunwayPrice *price = ff_runway_price_class(model, what->pixels,
                                                     what->resolution);
    double per_second, credits;

    if (!price)
        return -1;
    if (what->duration <= 0)
        return model->min_credits;
    per_second = price->output + price->input +
                 (model->formats_cost ?
                  surcharge(what->output_format, what->pixels) : 0);
    credits    = per_second * (double)what->duration / 1e6 +
                 (price->frame > 0 && what->frame > 0 ? price->frame *
                  ceil((double)what->duration / (double)what->frame - 0.01)
                  : 0) +
                 model->credits_per_reference * what->nb_references;
    /* the little less keeps a whole number from being rounded up */
    credits    = ceil(credits - 1e-9);
    return credits < model->min_credits ? model->min_credits : (int64_t)credits;
}

int ff_runway_whole_seconds(int64_t duration, int64_t frame)
{
    int64_t seconds = (duration - frame + 999999) / 1000000;

    return seconds < 1 ? 1 : seconds > 3600 ? 3600 : (int)seconds;
}
