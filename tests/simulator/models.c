/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <string.h>

#include "models.h"

#define END { NULL, FIELD_END, 0 }

static const SimField gen4_aleph_fields[] = {
    { "model",             FIELD_MODEL,      1 },
    { "videoUri",          FIELD_SOURCE,     1 },
    { "promptText",        FIELD_PROMPT,     1 },
    { "ratio",             FIELD_RATIO,      1 },
    { "seed",              FIELD_SEED,       0 },
    { "references",        FIELD_REFERENCES, 0 },
    { "contentModeration", FIELD_MODERATION, 0 },
    END
};

static const SimField aleph2_fields[] = {
    { "model",             FIELD_MODEL,      1 },
    { "videoUri",          FIELD_SOURCE,     1 },
    { "promptText",        FIELD_PROMPT,     0 },
    { "seed",              FIELD_SEED,       0 },
    { "contentModeration", FIELD_MODERATION, 0 },
    { "keyframes",         FIELD_KEYFRAMES,  0 },
    { "targetAspectRatio", FIELD_ASPECT,     0 },
    { "outputFormat",      FIELD_FORMAT,     0 },
    { "proresProfile",     FIELD_PRORES,     0 },
    { "ratio",             FIELD_TEXT,       0 },
    END
};

static const SimField gemini_fields[] = {
    { "model",      FIELD_MODEL,      1 },
    { "videoUri",   FIELD_SOURCE,     1 },
    { "promptText", FIELD_PROMPT,     1 },
    { "references", FIELD_REFERENCES, 0 },
    END
};

static const SimField gemini_1_1_fields[] = {
    { "model",      FIELD_MODEL,      1 },
    { "videoUri",   FIELD_SOURCE,     1 },
    { "promptText", FIELD_PROMPT,     1 },
    { "references", FIELD_REFERENCES, 0 },
    { "duration",   FIELD_SECONDS,    0 },
    { "mode",       FIELD_MODE,       0 },
    { "ratio",      FIELD_RATIO,      0 },
    END
};

static const SimField seedance2_fields[] = {
    { "model",           FIELD_MODEL,      1 },
    { "promptVideo",     FIELD_SOURCE,     1 },
    { "promptText",      FIELD_PROMPT,     0 },
    { "audio",           FIELD_BOOL,       0 },
    { "duration",        FIELD_SECONDS,    0 },
    { "ratio",           FIELD_RATIO,      0 },
    { "referenceAudio",  FIELD_AUDIO_LIST, 0 },
    { "references",      FIELD_REFERENCES, 0 },
    { "referenceVideos", FIELD_VIDEO_LIST, 0 },
    { "seed",            FIELD_SEED,       0 },
    END
};

static const SimField seedance2_5_fields[] = {
    { "model",           FIELD_MODEL,      1 },
    { "promptVideo",     FIELD_SOURCE,     1 },
    { "promptText",      FIELD_PROMPT,     0 },
    { "audio",           FIELD_BOOL,       0 },
    { "duration",        FIELD_SECONDS,    0 },
    { "mode",            FIELD_MODE,       0 },
    { "ratio",           FIELD_RATIO,      0 },
    { "referenceAudio",  FIELD_AUDIO_LIST, 0 },
    { "references",      FIELD_REFERENCES, 0 },
    { "referenceVideos", FIELD_VIDEO_LIST, 0 },
    { "seed",            FIELD_SEED,       0 },
    END
};

static const SimField hailuo3_fields[] = {
    { "model",           FIELD_MODEL,      1 },
    { "promptVideo",     FIELD_SOURCE,     1 },
    { "promptText",      FIELD_PROMPT,     1 },
    { "duration",        FIELD_NUMBER,     0 },
    { "ratio",           FIELD_RATIO,      0 },
    { "referenceAudio",  FIELD_AUDIO_LIST, 0 },
    { "references",      FIELD_REFERENCES, 0 },
    { "referenceVideos", FIELD_VIDEO_LIST, 0 },
    { "resolution",      FIELD_RESOLUTION, 0 },
    END
};

static const SimField ruby_fields[] = {
    { "model",         FIELD_MODEL,      1 },
    { "videoUri",      FIELD_SOURCE,     1 },
    { "outputFormat",  FIELD_HDR_FORMAT, 0 },
    { "proresProfile", FIELD_PRORES,     0 },
    END
};

static const SimField magnific_fields[] = {
    { "model",      FIELD_MODEL,   1 },
    { "videoUri",   FIELD_SOURCE,  1 },
    { "resolution", FIELD_LARGER,  0 },
    { "creativity", FIELD_PERCENT, 0 },
    { "sharpen",    FIELD_PERCENT, 0 },
    { "smartGrain", FIELD_PERCENT, 0 },
    { "flavor",     FIELD_FLAVOR,  0 },
    { "fpsBoost",   FIELD_BOOL,    0 },
    END
};

static const SimField upscale_v1_fields[] = {
    { "model",    FIELD_MODEL,  1 },
    { "videoUri", FIELD_SOURCE, 1 },
    END
};

static const char *const gen4_aleph_ratios[] = {
    "1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672",
    "848:480", "640:480", NULL
};

static const char *const gemini_1_1_ratios[] = {
    "640:360", "360:640", "1280:720", "720:1280", "1920:1080", "1080:1920",
    "3840:2160", "2160:3840", NULL
};

static const char *const seedance2_small_ratios[] = {
    "992:432", "864:496", "752:560", "640:640", "560:752", "496:864",
    "1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280",
    NULL
};

static const char *const seedance2_ratios[] = {
    "992:432", "864:496", "752:560", "640:640", "560:752", "496:864",
    "1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280",
    "2206:946", "1920:1080", "1664:1248", "1440:1440", "1248:1664",
    "1080:1920", "3840:1646", "3840:2160", "3840:2880", "3840:3840",
    "2880:3840", "2160:3840", NULL
};

static const char *const seedance2_5_ratios[] = {
    "992:432", "854:480", "752:560", "640:640", "560:752", "480:854",
    "1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280",
    "2206:946", "1920:1080", "1664:1248", "1440:1440", "1248:1664",
    "1080:1920", NULL
};

static const char *const hailuo3_ratios[] = {
    "adaptive", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16", NULL
};

/* What was billed, or shown, until October 2026; where nobody has seen a size's
 * price, the one in proportion to its neighbours. */
static const SimRate gen4_aleph_rates[]     = { { 0, 15, 0 } };
static const SimRate aleph2_rates[]         = { { 0, 28, 0 } };
static const SimRate gemini_rates[]         = { { 0, 10, 0 } };
static const SimRate seedance2_fast_rates[] = { { 0, 29, 0 } };
static const SimRate seedance2_mini_rates[] = { { 0, 16, 0 } };

static const SimRate gemini_1_1_rates[] = {
    { 0.3e6, 3.4, 0 }, { 1e6, 10, 0 }, { 2.1e6, 15, 0 }, { 0, 30, 0 },
};

static const SimRate seedance2_rates[] = {
    { 1e6, 36, 0 }, { 2.1e6, 40, 0 }, { 0, 150, 0 },
};

static const SimRate seedance2_5_rates[] = {
    { 0.45e6, 20, 10 }, { 0.95e6, 30, 15 }, { 0, 68, 34 },
};

static const SimRate hailuo3_rates[]    = { { 0, 10, 10 } };
static const SimRate ruby_rates[]       = { { 4e6, 20, 0 }, { 0, 40, 0 } };
static const SimRate upscale_v1_rates[] = { { 0, 2, 0 } };

/* The input, alone or with reference videos, is 15 seconds at most. */
#define SEEDANCE2                            \
        .fields           = seedance2_fields, \
        .max_prompt       = 3500,             \
        .max_references   = 9,                \
        .max_seconds      = 15,               \
        .min_length       = 4,                \
        .max_length       = 15,               \
        .auto_holds_most  = 1,                \
        .ratio_size       = 1

const SimModel sim_models[] = {
    {
        .name             = "gen4_aleph",
        .fields           = gen4_aleph_fields,
        .ratios           = gen4_aleph_ratios,
        .sunset           = "gen4_aleph reached its sunset date. "
                            "Use \"aleph2\".",
        .max_prompt       = 1000,
        .max_references   = 1,
        .typed_references = 1,
        .min_seconds      = 1,
        .used_seconds     = 5,
        .ratio_size       = 1,
        .rates            = gen4_aleph_rates,
    }, {
        .name             = "aleph2",
        .fields           = aleph2_fields,
        .max_prompt       = 1000,
        .min_seconds      = 2,
        .max_seconds      = 30,
        .max_fps          = 30,
        .rates            = aleph2_rates,
        .min_credits      = 56,
    }, {
        .name             = "gemini_omni_flash",
        .fields           = gemini_fields,
        .max_prompt       = 4000,
        .max_references   = 5,
        .max_seconds      = 10,
        .always_720p      = 1,
        .rates            = gemini_rates,
    }, {
        .name             = "gemini_omni_flash_1.1",
        .fields           = gemini_1_1_fields,
        .ratios           = gemini_1_1_ratios,
        .max_prompt       = 4000,
        .max_references   = 5,
        .max_seconds      = 10,
        .min_length       = 1,
        .max_length       = 10,
        .ratio_size       = 1,
        .rates            = gemini_1_1_rates,
    }, {
        .name             = "seedance2",
        .ratios           = seedance2_ratios,
        SEEDANCE2,
        .rates            = seedance2_rates,
    }, {
        .name             = "seedance2_fast",
        .ratios           = seedance2_small_ratios,
        SEEDANCE2,
        .rates            = seedance2_fast_rates,
    }, {
        .name             = "seedance2_mini",
        .ratios           = seedance2_small_ratios,
        SEEDANCE2,
        .rates            = seedance2_mini_rates,
        .min_credits      = 64,
    }, {
        .name             = "seedance2_5",
        .fields           = seedance2_5_fields,
        .ratios           = seedance2_5_ratios,
        .max_prompt       = 15000,
        .max_references   = 30,
        .max_seconds      = 30,
        .min_length       = 4,
        .max_length       = 30,
        .usual_length     = 5,
        .auto_holds_most  = 1,
        .min_side         = 480,
        .edit_is_strict   = 1,
        .ratio_size       = 1,
        .rates            = seedance2_5_rates,
        .min_credits      = 80,
    }, {
        .name             = "hailuo3",
        .fields           = hailuo3_fields,
        .ratios           = hailuo3_ratios,
        .max_prompt       = 6000,
        .max_references   = 9,
        .max_seconds      = 15,
        .min_length       = 5,
        .max_length       = 15,
        .usual_length     = 5,
        .rates            = hailuo3_rates,
        .image_price      = 2,
    },
    {
        .name             = "ruby",
        .path             = SIM_PATH_HDR,
        .fields           = ruby_fields,
        .keeps_picture    = 1,
        .max_seconds      = 30,
        .max_side         = 4095,
        .rates            = ruby_rates,
    }, {
        .name             = "magnific_video_upscaler_creative",
        .path             = SIM_PATH_UPSCALE,
        .fields           = magnific_fields,
        .keeps_picture    = 1,
        .is_larger        = 1,
        .max_seconds      = 30,
        .rates            = NULL, /* by the frame: api.c */
    }, {
        .name             = "upscale_v1",
        .path             = SIM_PATH_UPSCALE,
        .fields           = upscale_v1_fields,
        .sunset           = "upscale_v1 is no longer available.",
        .keeps_picture    = 1,
        .times            = 4,
        .rates            = upscale_v1_rates,
    },
    { .name = NULL }
};

const char *sim_model_path(const SimModel *model)
{
    return model->path ? model->path : SIM_PATH_EDIT;
}

const SimModel *sim_model_find(const char *path, const char *name)
{
    for (const SimModel *model = sim_models; model->name; model++) {
        if (!strcmp(model->name, name) && !strcmp(sim_model_path(model), path))
            return model;
    }
    return NULL;
}
