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

/** Members of the create body a model has, beside the source and "model". */
typedef enum RunwayField {
    RUNWAY_FIELD_PROMPT             = 1 << 0, ///< promptText
    RUNWAY_FIELD_PROMPT_REQUIRED    = 1 << 1,
    RUNWAY_FIELD_SEED               = 1 << 2,
    RUNWAY_FIELD_RATIO              = 1 << 3,
    RUNWAY_FIELD_REFERENCES         = 1 << 4, ///< {type:"image", uri}
    RUNWAY_FIELD_REFERENCES_BARE    = 1 << 5, ///< {uri}, no type
    RUNWAY_FIELD_MODERATION         = 1 << 6, ///< contentModeration
    RUNWAY_FIELD_KEYFRAMES          = 1 << 7,
    RUNWAY_FIELD_OUTPUT_FORMAT      = 1 << 8,
    RUNWAY_FIELD_DURATION           = 1 << 9, ///< whole seconds of output
    RUNWAY_FIELD_ASPECT             = 1 << 10, ///< the ratio is a
                                              ///< targetAspectRatio, see ratios
} RunwayField;

typedef struct RunwayModel {
    const char *name;
    const char *source_field;   ///< "videoUri" or "promptVideo"
    unsigned fields;            ///< RunwayField bits
    int max_references;         ///< 0 with the field: no known limit
    int max_keyframes;          ///< likewise
    int64_t min_duration;       ///< microseconds; shortest clip taken
    int64_t max_duration;       ///< microseconds; longest clip of use
    int64_t best_duration;      ///< microseconds; what clip_duration=0 means
    int max_rate;               ///< frames per second taken; 0: no known limit
    int max_width, max_height;  ///< longest and shortest side worth sending,
                                ///< whichever way round; 0: no known limit
    const char *const *ratios;  ///< "W:H" …, NULL-terminated; NULL: none. In
                                ///< pixels, or with RUNWAY_FIELD_ASPECT shapes
                                ///< that the picture is expanded to when asked
    int ratios_are_shapes;      ///< 16:9 and no size in pixels
    int size_follows_input;     ///< the result has the input's shape, or the
                                ///< one it was expanded to
    int max_prompt;             ///< UTF-16 code units; 0: no known limit
    double credits_per_second;  ///< 0: unknown
    int min_credits;            ///< least price of a task
} RunwayModel;

#define RUNWAY_DATA_URI_MAX 5242880 ///< characters, since 2026-08-31
#define RUNWAY_UPLOAD_MAX 200000000 ///< bytes of a runway:// upload

/**
 * The model of that name, or the entry for models that are not in the table
 * (name "", common fields, nothing known of price); never NULL.
 * ff_runway_model_is_known() tells them apart.
 */
const RunwayModel *ff_runway_model_find(const char *name);
int ff_runway_model_is_known(const RunwayModel *model);
/** The i-th known model, NULL behind the last one. */
const RunwayModel *ff_runway_model_at(int i);

/** "W:H" or "WxH" → two positive ints; 0 when text is not of that form. */
int ff_runway_ratio_parse(const char *text, int *w, int *h);

/**
 * The ratio to send. wanted is "auto" or "W:H". auto takes the model's ratio
 * whose shape is nearest to width:height (square pixels; compared by the
 * logarithm of the aspect; on a tie the smallest picture that is not smaller
 * than the input, else the largest; where the nearest is smaller than the input,
 * shapes within 1 % of it count as a tie). *ratio points into the table, or to
 * wanted for a model that is not known; NULL for a model that has none (wanted
 * other than auto is RUNWAY_INVALID then) or that expands the picture only when
 * asked (auto does not ask). An unknown ratio is RUNWAY_INVALID with a text that
 * lists the valid ones.
 */
RunwayOutcome ff_runway_ratio_choose(const RunwayModel *model,
                                     const char *wanted, int width, int height,
                                     const char **ratio, RunwayError *err);

/** Check a prompt (may be NULL) against the model: there where required,
 *  valid UTF-8, not empty, not longer than the model takes. */
RunwayOutcome ff_runway_prompt_check(const RunwayModel *model,
                                     const char *prompt, RunwayError *err);

/** What a task's price goes by. */
typedef struct RunwayPriced {
    int64_t duration;           ///< of the clip, microseconds
    const char *output_format;  ///< NULL: the default
    int64_t pixels;             ///< of the result's picture, where its size
                                ///< follows the input
} RunwayPriced;

/** Credits of one task, rounded up to whole credits and at least the model's
 *  least; -1 when the price is unknown. */
int64_t ff_runway_credits(const RunwayModel *model, const RunwayPriced *what);

/** Whole seconds to ask for when a clip of that many microseconds was sent with
 *  frames of that length: rounded up, but not for a part of a frame. */
int ff_runway_whole_seconds(int64_t duration, int64_t frame);

#endif /* AVFILTER_RUNWAY_API_MODELS_H */
