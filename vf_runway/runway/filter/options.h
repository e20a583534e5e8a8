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
 * What a user has typed, checked and made into what the other modules take. Looks
 * at files and at the environment, and does nothing else that can be seen.
 * Errors are AVERROR codes, and the reason is logged.
 */

#ifndef AVFILTER_RUNWAY_FILTER_OPTIONS_H
#define AVFILTER_RUNWAY_FILTER_OPTIONS_H

#include <stdint.h>

#include "libavutil/dict.h"

#include "../api/models.h"
#include "../api/request.h"
#include "../base/log.h"
#include "../base/policy.h"
#include "../http/client.h"

enum RunwayInterlaced {
    RUNWAY_INTERLACED_FAIL,
    RUNWAY_INTERLACED_WARN,
};

/** How clips travel. */
enum RunwaySend {
    RUNWAY_SEND_AUTO,            ///< inside the request where they fit
    RUNWAY_SEND_INLINE,          ///< always so, encoded smaller if need be
    RUNWAY_SEND_UPLOAD,          ///< never so
};

enum RunwayTiming {
    RUNWAY_TIMING_SOURCE,
    RUNWAY_TIMING_NATIVE,
};

/** What is done to the joint of two clips. */
enum RunwaySeamMode {
    RUNWAY_SEAM_MODE_NONE,
    RUNWAY_SEAM_MODE_MATCH,
    RUNWAY_SEAM_MODE_BLEND,
};

/** A picture of keyframe_dir, checked, and read again when it is sent. */
typedef struct RunwayStill {
    double seconds;             ///< on the source
    char *path;
    int width, height;          ///< of a PNG file, else 0
} RunwayStill;

typedef struct RunwaySettings {
    /** Some fields are options (api_version, proxy, ca_file, tls_verify);
     *  endpoint is set before ff_runway_settings_init(), and the others by it. */
    RunwayClientConfig client;

    /* options, set by AVOption */
    char *prompt, *prompt_file;
    char *model;
    int mode;                   ///< enum RunwayMode
    int64_t seed, take;
    char *ratio;
    int fit;
    char *reference, *keyframe, *keyframe_dir;
    char *stills_dir;
    char *public_figure_threshold;
    char *output_format;
    char *prores_profile, *resolution;
    int transfer;               ///< enum AVColorTransferCharacteristic, of HDR
    int mezzanine;              ///< HDR comes as ProRes
    int numbers[RUNWAY_NB_NUMBERS]; ///< -1: the service's choice
    char *body, *body_file;
    char *provider_name;
    char *base_url;
    char *key_file;
    int transport;
    int64_t clip_duration;
    double scene;
    char *encoder;
    AVDictionary *encoder_opts;
    char *size;
    int timing;
    int seam;
    int64_t overlap;
    int interlaced;
    char *log_path;
    int signals;
    char *cache_dir, *cache_size; ///< options of before: errors
    RunwayPolicy policy;        ///< all that the engine goes by

    /* what they come to, set by ff_runway_settings_init() */
    void *log_ctx;
    RunwayLog log;
    const RunwayModel *model_info;
    RunwayRequest request;      ///< ratio as wished, no keyframes
    RunwayPicture *keyframes;   ///< times and ranges on the source, in order
    int nb_keyframes;
    RunwayStill *stills;        ///< in order of time
    int nb_stills;
    int out_w, out_h;           ///< of size, 0: not given
    char *key;
    int key_exposed;            ///< others can read key_file
    char **kept;                ///< every text that request has pointed to
    int nb_kept;
    RunwayPicture **kept_pictures; ///< every array of pictures, likewise; the
                                ///< last one in it is empty
    int nb_kept_pictures;
} RunwaySettings;

/** HDR out of SDR: 10 bits, as its result is. */
static inline int ff_runway_makes_hdr(const RunwaySettings *set)
{
    return set->client.endpoint == RUNWAY_VIDEO_TO_HDR;
}

/** The output has the size of the result. */
static inline int ff_runway_enlarges(const RunwaySettings *set)
{
    return set->client.endpoint == RUNWAY_VIDEO_UPSCALE;
}

/** Check everything. What request and keyframes point to lives until
 *  ff_runway_settings_free(), also when an option is changed. */
int ff_runway_settings_init(RunwaySettings *set, void *log_ctx);

/** The option of that name (prompt, seed, take, reference) has been set: make
 *  request say so; its pointers stay as they are where that is nothing new. On
 *  failure request is what it was. */
int ff_runway_settings_change(RunwaySettings *set, const char *name);

/** Read a picture of keyframe_dir, for the first frame of a clip. What it points
 *  to is *block, to free(). */
int ff_runway_settings_still(const RunwaySettings *set, const char *path,
                             RunwayPicture *picture, char **block);

/** Frees what init has made; the options are AVOption's. */
void ff_runway_settings_free(RunwaySettings *set);

#endif /* AVFILTER_RUNWAY_FILTER_OPTIONS_H */
