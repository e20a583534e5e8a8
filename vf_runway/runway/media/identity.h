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
 * What makes a clip that clip: everything that shapes its result, and nothing
 * else. Two clips of one identity get the same result, and it is paid for once.
 * Belongs to one thread at a time.
 *
 * In it: a version number, where the request goes, the model, every field of
 * the request, `take`, how the frames are fitted into the upload, and of each
 * frame the pixels (without padding), size, format, SAR, what its colour tags
 * mean and the place in the upload. Not in it: the encoder, the transport, the
 * output, alpha, and what does not get as far as the upload: times in whole
 * milliseconds (Matroska) are others for the same frames when one before them
 * is cut out.
 */

#ifndef AVFILTER_RUNWAY_MEDIA_IDENTITY_H
#define AVFILTER_RUNWAY_MEDIA_IDENTITY_H

#include <stdint.h>

#include "libavutil/frame.h"

#include "../api/request.h"
#include "../base/sha256.h"
#include "../math/geometry.h"

typedef struct RunwayIdentity RunwayIdentity;

/** NULL when memory is short. */
RunwayIdentity *ff_runway_identity_create(void);
void ff_runway_identity_free(RunwayIdentity **identity);

/** Add the next frame; slot is where it begins in the upload. */
int ff_runway_identity_add(RunwayIdentity *identity, const AVFrame *frame,
                           int64_t slot);

/** All that is not a frame. */
typedef struct RunwayIdentityRequest {
    const char *endpoint;           ///< API origin and path
    const RunwayRequest *request;
    int64_t take;
    const RunwayGeometry *geometry;
    int rate_num, rate_den;         ///< of the upload
    int64_t length;                 ///< of the upload, microseconds
} RunwayIdentityRequest;

/** The identity: 64 hex digits. Nothing can be added afterwards. */
void ff_runway_identity_finish(RunwayIdentity *identity,
                               const RunwayIdentityRequest *request,
                               char text[RUNWAY_IDENTITY_SIZE]);

#endif /* AVFILTER_RUNWAY_MEDIA_IDENTITY_H */
