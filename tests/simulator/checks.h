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
 * Is the body of a create what the model takes? Only its shape; what the
 * assets in it hold is assets.h.
 */

#ifndef SIMULATOR_CHECKS_H
#define SIMULATOR_CHECKS_H

#include <cjson/cJSON.h>

#include "models.h"
#include "options.h"
#include "render.h"

/** A picture the request names. */
typedef struct SimCreateImage {
    const char *uri;
    char path[48];      ///< where it stands, for issues
    int keyframe;
    double at;          ///< seconds, or with is_fraction 0..1 of the clip
    int is_fraction;
} SimCreateImage;

/** What a well-formed request asks for. Strings belong to the body. */
typedef struct SimCreate {
    const SimModel *model;
    const char *source;
    const char *source_name;    ///< the field it stands in
    const char *prompt, *ratio, *aspect, *format, *profile;
    int length;                 ///< duration in seconds; 0: "auto", or none
    int edits;                  ///< mode edit
    int is_2k;                  ///< resolution
    const char *larger;         ///< resolution of an upscaler, NULL: none
    SimCreateImage images[SIM_MAX_IMAGES];
    int nb_images;
    int too_large;              ///< a data URI is over the limit
} SimCreate;

/**
 * @param path   of the endpoint
 * @param body   any JSON value
 * @param issues receives one entry per fault
 * @param create filled in as far as the body is right
 */
void sim_check_body(const SimOptions *options, const char *path,
                    const cJSON *body,
                    SimCreate *create, cJSON *issues);

#endif /* SIMULATOR_CHECKS_H */
