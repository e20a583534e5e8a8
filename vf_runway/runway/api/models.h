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
 * The models: what each one takes, for how long, and what it costs. A table and
 * arithmetic; no I/O.
 */

#ifndef AVFILTER_RUNWAY_API_MODELS_H
#define AVFILTER_RUNWAY_API_MODELS_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

/** Fields of the create body a model has, beside the source and "model". */
typedef enum RunwayField {
    RUNWAY_FIELD_PROMPT             = 1 << 0, ///< promptText
    RUNWAY_FIELD_PROMPT_REQUIRED    = 1 << 1,
    RUNWAY_FIELD_SEED               = 1 << 2,
    RUNWAY_FIELD_RATIO              = 1 << 3,
    RUNWAY_FIELD_REFERENCES         = 1 << 4, ///< {type:"image", uri}
    RUNWAY_FIELD_REFERENCES_BARE    = 1 << 5, ///< {uri}, no type
    RUNWAY_FIELD_MODERATION         = 1 << 6, ///< contentModeration
    RUNWAY_FIELD_KEYFRAMES          = 1 << 7, ///< with ranges
    RUNWAY_FIELD_OUTPUT_FORMAT      = 1 << 8,
    RUNWAY_FIELD_DURATION           = 1 << 9, ///< whole seconds of output
    RUNWAY_FIELD_ASPECT             = 1 << 10, ///< the ratio is a
                                              ///< targetAspectRatio, see ratios
    RUNWAY_FIELD_MODE               = 1 << 11, ///< mode, as in the entry
    RUNWAY_FIELD_DURATION_AUTO      = 1 << 12, ///< duration, always "auto"
    RUNWAY_FIELD_AUDIO              = 1 << 13, ///< audio, always false
    RUNWAY_FIELD_RESOLUTION         = 1 << 14, ///< a price class by its name
    RUNWAY_FIELD_PRORES_PROFILE     = 1 << 15,
    RUNWAY_FIELD_NUMBERS            = 1 << 16, ///< all of RunwayNumber
} RunwayField;

/** Where tasks are created; each is a table of models of its own. */
typedef enum RunwayEndpoint {
    RUNWAY_VIDEO_TO_VIDEO,
    RUNWAY_VIDEO_TO_HDR,
    RUNWAY_VIDEO_UPSCALE,
    RUNWAY_NB_ENDPOINTS,
} RunwayEndpoint;

/** The path behind a provider's base URL. */
const char *ff_runway_endpoint_path(RunwayEndpoint endpoint);

/** What a model does with the video it is sent. */
typedef enum RunwayMode {
    RUNWAY_MODE_EDIT,      ///< changes it: frame for frame the same scene
    RUNWAY_MODE_REFERENCE, ///< makes a new one that is guided by it
} RunwayMode;

/** The price of results up to a size. */
typedef struct RunwayPrice {
    const char *name;      ///< "720p"; NULL: the model has one price
    int64_t max_pixels;    ///< of the result's picture; 0: any, the last class
    double output;         ///< credits per second of output
    double input;          ///< and per second of input
    double frame;          ///< and per frame of output
} RunwayPrice;

/** What comes of an input of a size. */
typedef struct RunwaySize {
    int width, height;      ///< of the input
    const char *resolution; ///< as sent
    int out_width, out_height;
} RunwaySize;

/** A number that a model accepts, 0 to 100, by its name in requests. */
typedef enum RunwayNumber {
    RUNWAY_NUMBER_CREATIVITY,
    RUNWAY_NUMBER_SHARPEN,
    RUNWAY_NUMBER_GRAIN,
    RUNWAY_NB_NUMBERS,
} RunwayNumber;

#define RUNWAY_NUMBER_MAX 100

const char *ff_runway_number_name(RunwayNumber number);

/** A model in one of its modes. Where a source names two figures, the table has
 *  the dearer or the narrower one. */
typedef struct RunwayModel {
    const char *name;
    RunwayEndpoint endpoint;
    RunwayMode mode;
    const char *source_field;   ///< "videoUri" or "promptVideo"
    unsigned fields;            ///< RunwayField bits
    int max_references;         ///< 0 with the field: no known limit
    int max_keyframes;          ///< likewise
    int64_t min_duration;       ///< microseconds; shortest clip supported
    int64_t max_duration;       ///< microseconds; longest clip of use
    int64_t best_duration;      ///< microseconds; what clip_duration=0 means
    int max_rate;               ///< frames per second supported; 0: no known
                                ///< limit
    int max_width, max_height;  ///< longest and shortest side worth sending,
                                ///< whichever way round; 0: no known limit
    int min_height;             ///< shortest side supported; 0: no known limit
    const char *const *ratios;  ///< "W:H" …, NULL-terminated; NULL: none. In
                                ///< pixels, or with RUNWAY_FIELD_ASPECT shapes
                                ///< that the picture is expanded to when asked.
                                ///< Without RUNWAY_FIELD_RATIO and _ASPECT they
                                ///< are not sent: the model chooses
    int ratios_are_shapes;      ///< 16:9 and no size in pixels
    int size_follows_input;     ///< the result has the input's shape, or the
                                ///< one it was expanded to
    const RunwaySize *sizes;    ///< results that are larger than their input, as
                                ///< far as that is on record; ends with 0
    int times, max_side;        ///< every result is so many times as large, and
                                ///< no side is longer than max_side; 0: sizes
    const char *resolution;     ///< with the field: the default; NULL: the price
                                ///< class that holds the input
    int max_prompt;             ///< UTF-16 code units; 0: no known limit
    const RunwayPrice *prices;  ///< from the cheapest class up; NULL: unknown
    int formats_cost;           ///< output formats other than mp4 cost more
    double credits_per_reference;
    int min_credits;            ///< lowest price of a task
    int64_t task_timeout;       ///< microseconds that tasks may need; 0: usual
} RunwayModel;

#define RUNWAY_DATA_URI_MAX 5242880 ///< characters, since 2026-08-31
#define RUNWAY_UPLOAD_MAX 200000000 ///< bytes of a runway:// upload

/**
 * The model of that name in that mode: an entry of the table, or the one for
 * models that are not in it (name "", common fields, nothing known of price).
 * RUNWAY_INVALID, and NULL: the model is known and has no such mode; the text
 * says what it does instead.
 */
RunwayOutcome ff_runway_model_choose(const char *name, RunwayMode mode,
                                     const RunwayModel **model,
                                     RunwayError *err);
int ff_runway_model_is_known(const RunwayModel *model);
/** How long its tasks are given where nothing else is said, microseconds. NULL: a
 *  model of which nothing is known. */
int64_t ff_runway_model_timeout(const RunwayModel *model);
/** "edit" or "reference", as in requests. */
const char *ff_runway_mode_name(RunwayMode mode);

/** "W:H" or "WxH" → two positive ints; 0 when text is not of that form. */
int ff_runway_ratio_parse(const char *text, int *w, int *h);

/**
 * The ratio of the result. wanted is "auto" or "W:H". auto takes the model's
 * ratio whose shape is nearest to width:height (square pixels; compared by the
 * logarithm of the aspect; on a tie the smallest picture that is not smaller
 * than the input, else the largest; where the nearest is smaller than the input,
 * shapes within 1 % of it count as a tie), among those that cost no more than a
 * picture of the input's size. *ratio points into the table, or to
 * wanted for a model that is not known; NULL for a model that has none (wanted
 * other than auto is RUNWAY_INVALID then) or that expands the picture only when
 * asked (auto does not ask). An unknown ratio is RUNWAY_INVALID with a text that
 * lists the valid ones.
 */
RunwayOutcome ff_runway_ratio_choose(const RunwayModel *model,
                                     const char *wanted, int width, int height,
                                     const char **ratio, RunwayError *err);

/** The size of what a model makes larger, for an input of width x height.
 *  @return 0 where that is not known */
int ff_runway_larger_size(const RunwayModel *model, const char *resolution,
                          int width, int height, int *out_w, int *out_h);

/** Pixels of the largest picture that a model is known to make; with a ratio in
 *  pixels, of what was asked for. @return 0: of that of the clip, -1: nothing is
 *  known */
int64_t ff_runway_largest_result(const RunwayModel *model, const char *ratio);

/** Check a prompt (may be NULL) against the model: there where required,
 *  valid UTF-8, not empty, not longer than the model takes. */
RunwayOutcome ff_runway_prompt_check(const RunwayModel *model,
                                     const char *prompt, RunwayError *err);

/** What a task's price goes by. */
typedef struct RunwayPriced {
    int64_t duration;           ///< of the clip, microseconds
    int64_t frame;              ///< of one frame, microseconds
    const char *output_format;  ///< NULL: the default
    int64_t pixels;             ///< of the result's picture, as far as known
    const char *resolution;     ///< as sent, NULL: none
    int nb_references;
} RunwayPriced;

/** The class a result is billed in: the one named by resolution, else the
 *  cheapest that holds so many pixels. NULL: price or name unknown. */
const RunwayPrice *ff_runway_price_class(const RunwayModel *model,
                                         int64_t pixels,
                                         const char *resolution);

/** Credits of one task, rounded up to whole credits and at least the model's
 *  least; -1 when the price is unknown. */
int64_t ff_runway_credits(const RunwayModel *model, const RunwayPriced *what);

/** Whole seconds to ask for when a clip of that many microseconds was sent with
 *  frames of that length: rounded up, but not for a part of a frame. */
int ff_runway_whole_seconds(int64_t duration, int64_t frame);

#endif /* AVFILTER_RUNWAY_API_MODELS_H */
