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
 * What a create says, but for the clip itself. Layer 1.
 */

#ifndef AVFILTER_RUNWAY_API_REQUEST_H
#define AVFILTER_RUNWAY_API_REQUEST_H

#include <stdint.h>

#include "models.h"

/** A picture that is too large to be inside a request. */
typedef struct RunwayPictureFile {
    const char *path;
    const char *type;       ///< "image/png", …
    const char *checksum;   ///< of its bytes, checksum.h
    uint64_t size;
} RunwayPictureFile;

/** A picture that goes along: an https or runway:// URI, or a data URI. */
typedef struct RunwayPicture {
    const char *uri;               ///< NULL: file is uploaded first
    double seconds;                ///< keyframes only: where in the clip
    double range_start, range_end; ///< keyframes only: seconds of the clip that
                                   ///< it holds for; both 0: all of it
    const RunwayPictureFile *file; ///< NULL: none
} RunwayPicture;

/** Everything a create says beside the clip itself. Borrowed, never freed. */
typedef struct RunwayRequest {
    const RunwayModel *model;
    const char *model_name;  ///< as sent
    const char *prompt;      ///< NULL: none
    int64_t seed;            ///< -1: left out
    const char *ratio;       ///< NULL: none
    const char *public_figure_threshold; ///< NULL: none
    const char *output_format;           ///< NULL: none
    const char *prores_profile;          ///< NULL: none
    const char *resolution;              ///< NULL: none
    const RunwayPicture *references;
    int nb_references;
    const RunwayPicture *keyframes;
    int nb_keyframes;
    int duration;            ///< whole seconds of output, for models with that
                             ///< field; 0: left out
    const int *numbers;      ///< RUNWAY_NB_NUMBERS, -1: left out; NULL: none
    const char *extra;       ///< JSON object merged on top; NULL: none
} RunwayRequest;

#endif /* AVFILTER_RUNWAY_API_REQUEST_H */
