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
static const RunwayPrice gen4_aleph_prices[] = { { NULL, 0, 15, 0 } };
/* [live] */
static const RunwayPrice aleph2_prices[]     = { { NULL, 0, 28, 0 } };
/* [live] 10, and 11 once */
static const RunwayPrice gemini_prices[]     = { { NULL, 0, 11, 0 } };

/* [live] 3.4 to 30; [inferred] the two between, in the proportions that others
 * sell these sizes at, rounded up */
static const RunwayPrice gemini_1_1_prices[] = {
    { "360p",  640 * 360,    3.4, 0 },
    { "720p",  1280 * 720,   11,  0 },
    { "1080p", 1920 * 1080,  16,  0 },
    { "4K",    0,            30,  0 },
};

/* The classes are those of the ratios' sizes; [live] all below. */
#define PIXELS_480P  (450 * 1000)
#define PIXELS_720P  (950 * 1000)
#define PIXELS_1080P (2100 * 1000)

static const RunwayPrice seedance2_prices[] = {
    { "720p",  PIXELS_720P,   36, 0 },
    { "1080p", PIXELS_1080P,  40, 0 },
    { "4K",    0,            150, 0 },
};

static const RunwayPrice seedance2_fast_prices[] = { { NULL, 0, 29, 0 } };
static const RunwayPrice seedance2_mini_prices[] = { { NULL, 0, 16, 0 } };

static const RunwayPrice seedance2_5_prices[] = {
    { "480p",  PIXELS_480P, 20, 10 },
    { "720p",  PIXELS_720P, 30, 15 },
    { "1080p", 0,           68, 34 },
};

/* the input is billed as the output is; sizes are those of 16:9 */
static const RunwayPrice hailuo3_prices[] = {
    { "768p", 1366 * 768, 10, 10 },
    { "2k",   0,          15, 15 },
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
        .min_credits        = 56,
    }, {
        .name               = "gemini_omni_flash",
        .source_field       = "videoUri",
        .fields             = RUNWAY_FIELD_PROMPT |
                              RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_REFERENCES_BARE,
        .max_references     = 5,
        .max_duration       = SECONDS(10),
        .best_duration      = SECONDS(10),
        .ratios             = gemini_ratios,
        .max_prompt         = 4000,
        .prices             = gemini_prices,
    }, {
        .name               = "gemini_omni_flash_1.1",
        .source_field       = "videoUri",
        .fields             = RUNWAY_FIELD_PROMPT |
                              RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_REFERENCES_BARE |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION_AUTO,
        .max_references     = 5,
        .max_duration       = SECONDS(10),
        .best_duration      = SECONDS(10),
        .ratios             = gemini_1_1_ratios,
        .max_prompt         = 4000,
        .prices             = gemini_1_1_prices,
    }, {
        .name               = "gemini_omni_flash_1.1",
        .mode               = RUNWAY_MODE_REFERENCE,
        .source_field       = "videoUri",
        .fields             = RUNWAY_FIELD_PROMPT |
                              RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_REFERENCES_BARE |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION,
        .max_references     = 5,
        .max_duration       = SECONDS(10),
        .best_duration      = SECONDS(10),
        .ratios             = gemini_1_1_ratios,
        .max_prompt         = 4000,
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
        .name               = "seedance2_5",
        .source_field       = "promptVideo",
        .fields             = SEEDANCE_FIELDS | RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION_AUTO,
        .max_references     = 30,
        .min_duration       = SECONDS(4),
        .max_duration       = SECONDS(30),
        .best_duration      = SECONDS(10),
        .max_width          = 1920,
        .max_height         = 1080,
        .min_height         = 480,
        .size_follows_input = 1,
        .max_prompt         = 15000,
        .prices             = seedance2_5_prices,
        .min_credits        = 80,
    }, {
        .name               = "seedance2_5",
        .mode               = RUNWAY_MODE_REFERENCE,
        .source_field       = "promptVideo",
        .fields             = SEEDANCE_FIELDS | RUNWAY_FIELD_RATIO |
                              RUNWAY_FIELD_MODE | RUNWAY_FIELD_DURATION,
        .max_references     = 30,
        .min_duration       = SECONDS(4),
        .max_duration       = SECONDS(30),
        .best_duration      = SECONDS(5),
        .min_height         = 480,
        .ratios             = seedance2_5_ratios,
        .max_prompt         = 15000,
        .prices             = seedance2_5_prices,
        .min_credits        = 80,
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
                               "is not known here, so what it calls that is "
                               "for body to say", name);
    if (mode == RUNWAY_MODE_REFERENCE)
        return ff_runway_error(err, RUNWAY_INVALID, "mode=reference: model %s "
                               "only edits the video it is sent; leave mode at "
                               "edit", name);
    return ff_runway_error(err, RUNWAY_INVALID, "model %s does not edit: it "
                           "makes a new video and takes the input only as a "
                           "reference; if that is wanted, say mode=reference; "
                           "aleph2 edits", name);
}

int ff_runway_model_is_known(const RunwayModel *model)
{
    return model != &unknown_model;
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

/** A number of up to five digits, 1 or more; 0 when there is none. */
static int parse_side(const char **text)
{
    int value = 0, digits = 0;

    while (**text >= '0' && **text <= '9') {
        if (++digits > 5)
            return 0;
        value = value * 10 + (**text - '0');
        (*text)++;
    }
    return value;
}

int ff_runway_ratio_parse(const char *text, int *w, int *h)
{
    *w = parse_side(&text);
    if (!*w || (*text != ':' && *text != 'x'))
        return 0;
    text++;
    *h = parse_side(&text);
    return *h && !*text;
}

/** The model's ratios as "a, b, c". */
static void list_ratios(const RunwayModel *model, char *out, size_t room)
{
    size_t used = 0;

    out[0] = 0;
    for (int i = 0; model->ratios[i] && used < room; i++) {
        int n = snprintf(out + used, room - used, "%s%s", i ? ", " : "",
                         model->ratios[i]);

        if (n < 0)
            break;
        used += (size_t)n;
    }
}

/* Shapes that differ by no more than this (1 %) are told apart by nobody. */
#define NEARLY 0.01

/**
 * Whether a picture of w1 x h1 serves an input of that size better than one of
 * w2 x h2 of the same shape: the smallest that loses nothing, or else the
 * largest. (Some models go up to 2160 lines at a price to match.)
 */
static int serves_better(int w1, int h1, int w2, int h2, int width, int height)
{
    int enough1 = w1 >= width && h1 >= height;
    int enough2 = w2 >= width && h2 >= height;

    if (enough1 != enough2)
        return enough1;
    return enough1 ? w1 < w2 : w1 > w2;
}

/* Whether a result of w x h costs more than one of the input's size. */
static int is_dearer(const RunwayModel *model, int w, int h, int width,
                     int height)
{
    const RunwayPrice *price, *needed;

    if (!model->prices || model->ratios_are_shapes)
        return 0;
    price  = ff_runway_price_class(model, (int64_t)w * h, NULL);
    needed = ff_runway_price_class(model, (int64_t)width * height, NULL);
    return price->output > needed->output;
}

static const char *nearest_ratio(const RunwayModel *model, int width,
                                 int height)
{
    double wanted = log((double)width / height), least = 0;
    const char *best = NULL;
    int best_w = 0, best_h = 0, w, h;

    for (int i = 0; model->ratios[i]; i++) {
        double distance;

        if (!ff_runway_ratio_parse(model->ratios[i], &w, &h) ||
            is_dearer(model, w, h, width, height))
            continue;
        distance = fabs(log((double)w / h) - wanted);
        if (!best || distance < least - 1e-9 ||
            (distance < least + 1e-9 &&
             serves_better(w, h, best_w, best_h, width, height))) {
            best   = model->ratios[i];
            least  = distance;
            best_w = w;
            best_h = h;
        }
    }
    if (!best || (best_w >= width && best_h >= height))
        return best;
    /* it is too small: another of its shape may lose less */
    wanted = log((double)best_w / best_h);
    for (int i = 0; model->ratios[i]; i++) {
        if (ff_runway_ratio_parse(model->ratios[i], &w, &h) &&
            fabs(log((double)w / h) - wanted) < NEARLY &&
            !is_dearer(model, w, h, width, height) &&
            serves_better(w, h, best_w, best_h, width, height)) {
            best   = model->ratios[i];
            best_w = w;
            best_h = h;
        }
    }
    return best;
}

RunwayOutcome ff_runway_ratio_choose(const RunwayModel *model,
                                     const char *wanted, int width, int height,
                                     const char **ratio, RunwayError *err)
{
    char list[512];
    int w, h;

    *ratio = NULL;
    if (!strcmp(wanted, "auto")) {
        if (!model->ratios || (model->fields & RUNWAY_FIELD_ASPECT))
            return RUNWAY_OK;
        if (width <= 0 || height <= 0)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "the input has no size to choose a ratio "
                                   "from");
        *ratio = nearest_ratio(model, width, height);
        return RUNWAY_OK;
    }
    if (!(model->fields & (RUNWAY_FIELD_RATIO | RUNWAY_FIELD_ASPECT)))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "ratio=%s: model %s has no ratio here, its "
                               "output %s; leave ratio set to auto", wanted,
                               model->name, model->size_follows_input ?
                               "has the input's shape" :
                               "lies as the input does, 1280:720 or 720:1280");
    if (!model->ratios) {
        if (!ff_runway_ratio_parse(wanted, &w, &h))
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "ratio=%s: a ratio is WIDTHxHEIGHT, as in "
                                   "1280x720, or auto", wanted);
        *ratio = wanted;
        return RUNWAY_OK;
    }
    for (int i = 0; model->ratios[i]; i++) {
        if (!strcmp(wanted, model->ratios[i])) {
            *ratio = model->ratios[i];
            return RUNWAY_OK;
        }
    }
    list_ratios(model, list, sizeof(list));
    /* a colon that is not escaped ends the option, and a number is left */
    return ff_runway_error(err, RUNWAY_INVALID,
                           "ratio=%s: model %s supports auto, %s%s", wanted,
                           model->name, list, strchr(wanted, ':') ? "" :
                           "; in a filter, write x instead of the colon");
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
                 surcharge(what->output_format, what->pixels);
    credits    = per_second * (double)what->duration / 1e6 +
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
