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
 * Files that options name: prompts, keys, pictures.
 * They are regular files: what can be read once only is refused.
 * Every text returned is malloc()ed and the caller's to free().
 */

#ifndef AVFILTER_RUNWAY_API_FILES_H
#define AVFILTER_RUNWAY_API_FILES_H

#include "../base/error.h"
#include "request.h"

/** A UTF-8 text of at most 64 KiB; a byte order mark and the last newline are
 *  dropped. option is named in errors. */
RunwayOutcome ff_runway_read_text(const char *option, const char *path,
                                  char **text, RunwayError *err);

/**
 * A key. A file of another user than the effective one or root is refused, and
 * one that others than its owner can write; whether others
 * can read it is reported in *exposed. Not checked otherwise.
 */
RunwayOutcome ff_runway_read_key(const char *path, char **key, int *exposed,
                                 RunwayError *err);

/**
 * A reference picture: an https or runway URI as it is, else a local PNG, JPEG
 * or WebP (by its content): *uri is its data URI. One that is too large
 * for that is looked at only: *file says what there is to upload, one block to
 * free(). With no_uploads set that is an error instead, and this is why.
 */
RunwayOutcome ff_runway_picture_read(const char *option, const char *name,
                                     const char *no_uploads, char **uri,
                                     RunwayPictureFile **file,
                                     RunwayError *err);

#endif /* AVFILTER_RUNWAY_API_FILES_H */
