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
 * Files to the provider's storage, for what is too large to be inside a request:
 * a slot, the file as a form, and again with a new slot until it is there.
 * Uploads cost nothing and may be repeated.
 */

#ifndef AVFILTER_RUNWAY_HTTP_UPLOAD_H
#define AVFILTER_RUNWAY_HTTP_UPLOAD_H

#include <stdint.h>

#include "../api/request.h"
#include "../base/error.h"
#include "client.h"
#include "retry.h"

/** Seconds for which a create may name what was uploaded: it lives for 24 hours,
 *  and a task may wait for its place before it looks. */
#define RUNWAY_UPLOAD_AGE 43200

/** Remembers what pictures are there; several threads may use it at once. */
typedef struct RunwayUploader RunwayUploader;

RunwayOutcome ff_runway_uploader_create(RunwayUploader **uploader,
                                        RunwayError *err);
void ff_runway_uploader_free(RunwayUploader **uploader);

/**
 * Upload for who goes by retry; failures are a row of their own. *uri is what a
 * create calls the file for the next 24 hours, the caller's to free(). A
 * transient failure is waited out; RUNWAY_UNAVAILABLE when it does not pass,
 * RUNWAY_REFUSED, RUNWAY_IO; RUNWAY_CANCELLED, before a try too, where
 * retry->wait() says so.
 */
RunwayOutcome ff_runway_upload(const RunwayRetry *retry,
                               const RunwayUpload *what, char **uri,
                               RunwayError *err);

/** The same for a picture, which clips share: one upload serves all of them
 *  for some hours. picture may be freed afterwards; its type is a constant.
 *  RUNWAY_INVALID: the file is no longer what it was. */
RunwayOutcome ff_runway_upload_picture(RunwayUploader *uploader,
                                       const RunwayRetry *retry,
                                       const RunwayPictureFile *picture,
                                       char **uri, RunwayError *err);

#endif /* AVFILTER_RUNWAY_HTTP_UPLOAD_H */
