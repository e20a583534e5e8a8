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
 * What the assets of a create hold: fetched out of the request or the
 * uploads, put into files, and looked at.
 */

#ifndef SIMULATOR_ASSETS_H
#define SIMULATOR_ASSETS_H

#include <cjson/cJSON.h>

#include "checks.h"
#include "render.h"
#include "uploads.h"

typedef enum SimAssetsResult {
    ASSETS_OK,
    ASSETS_REFUSED,     ///< there are issues, or an error text
    ASSETS_UNREACHABLE, ///< well-formed, but the task will fail on it
} SimAssetsResult;

typedef struct SimAssetsContext {
    const SimOptions *options;
    SimUploads *uploads;
    const char *work_dir;
} SimAssetsContext;

/**
 * @param create      a request without faults in its shape
 * @param job         receives the input, the images and what the clip is;
 *                    its files are in work_dir and stay there
 * @param clip_sha256 receives the digest of the clip, or ""
 * @param issues      receives faults
 * @param error       receives a text for a refusal without issues (free it)
 */
SimAssetsResult sim_assets_load(const SimAssetsContext *ctx,
                                const SimCreate *create, SimRenderJob *job,
                                char clip_sha256[65], cJSON *issues,
                                char **error);

#endif /* SIMULATOR_ASSETS_H */
