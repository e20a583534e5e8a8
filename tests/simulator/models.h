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

/**
 * @file
 * The models and what each of them takes, makes and costs. A table, no code.
 */

#ifndef SIMULATOR_MODELS_H
#define SIMULATOR_MODELS_H

#define SIM_PATH_EDIT    "/v1/video_to_video"
#define SIM_PATH_HDR     "/v1/video_to_hdr"
#define SIM_PATH_UPSCALE "/v1/video_upscale"

/** The kinds of value a field of a request can have. */
typedef enum SimFieldKind {
    FIELD_END,
    FIELD_MODEL,
    FIELD_SOURCE,       ///< the video
    FIELD_PROMPT,
    FIELD_SEED,
    FIELD_RATIO,        ///< one of the model's ratios
    FIELD_TEXT,         ///< any string, ignored
    FIELD_BOOL,
    FIELD_SECONDS,      ///< a whole number of seconds or "auto"
    FIELD_NUMBER,       ///< a whole number of seconds
    FIELD_MODE,
    FIELD_REFERENCES,
    FIELD_VIDEO_LIST,
    FIELD_AUDIO_LIST,
    FIELD_MODERATION,
    FIELD_KEYFRAMES,
    FIELD_ASPECT,
    FIELD_FORMAT,
    FIELD_PRORES,
    FIELD_RESOLUTION,
    FIELD_HDR_FORMAT,
    FIELD_LARGER,       ///< the resolution of an upscaled result
    FIELD_PERCENT,
    FIELD_FLAVOR,
} SimFieldKind;

typedef struct SimField {
    const char *name;
    SimFieldKind kind;
    int required;
} SimField;

/** Credits per second, for results of up to that many pixels. */
typedef struct SimRate {
    double pixels;              ///< 0: any, the last of a list
    double made, sent;          ///< for seconds of result and of input
} SimRate;

typedef struct SimModel {
    const char *name;
    const char *path;           ///< of its endpoint; NULL: SIM_PATH_EDIT
    int keeps_picture;          ///< size, rate, length and look are the input's
    int is_larger;              ///< but for the size
    int times;                  ///< the result is so many times as large
    const SimField *fields;     ///< ends with FIELD_END
    const char *const *ratios;  ///< NULL, or a list ending with NULL
    const char *sunset;         ///< Runway's own answer once it is retired
    int max_prompt;             ///< UTF-16 code units
    int max_references;
    int typed_references;       ///< {type: "image", uri} and not just {uri}
    double min_seconds;
    double max_seconds;         ///< 0: no limit known
    double used_seconds;        ///< only that much is looked at; 0: all
    double max_fps;             ///< 0: no limit known
    int ratio_size;             ///< the result has the ratio's size
    int always_720p;            ///< the result lies as the input does
    int min_length, max_length; ///< of the field "duration"
    int usual_length;           ///< where it is left out; 0: the input's
    int auto_holds_most;        ///< with "auto", the price of max_length is
                                ///< held until the task has ended
    int min_side;               ///< pixels of the input's shorter side
    int max_side;               ///< of its longer one, 0: no limit known
    int edit_is_strict;         ///< mode edit: "auto", a prompt and no ratio
    const SimRate *rates;
    int image_price;            ///< credits for each reference image
    int min_credits;            ///< least price of a task
} SimModel;

/** The whole table, ending with an entry without a name. */
extern const SimModel sim_models[];

/** The model of that name at that path, or NULL. */
const SimModel *sim_model_find(const char *path, const char *name);

/** The path of its endpoint. */
const char *sim_model_path(const SimModel *model);

#endif /* SIMULATOR_MODELS_H */
