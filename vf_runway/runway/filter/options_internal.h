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
 * What the files of the options share: options.c (init, change and free),
 * options_pictures.c and options_request.c, whose functions check one option each
 * and put it into the request. They return AVERROR codes, and log the reason.
 */

#ifndef AVFILTER_RUNWAY_FILTER_OPTIONS_INTERNAL_H
#define AVFILTER_RUNWAY_FILTER_OPTIONS_INTERNAL_H

#include "options.h"

/** Take over text, which was malloc()ed, until the end; NULL is ENOMEM. */
int ff_runway_settings_keep(RunwaySettings *set, char *text);

int ff_runway_set_references(RunwaySettings *set);
int ff_runway_set_keyframes(RunwaySettings *set);
int ff_runway_set_keyframe_dir(RunwaySettings *set);
int ff_runway_set_seed(RunwaySettings *set);
int ff_runway_set_moderation(RunwaySettings *set);
int ff_runway_set_output_format(RunwaySettings *set);
int ff_runway_set_prores_profile(RunwaySettings *set);
int ff_runway_set_resolution(RunwaySettings *set);
int ff_runway_set_numbers(RunwaySettings *set);
int ff_runway_set_size(RunwaySettings *set);
int ff_runway_set_body(RunwaySettings *set);

#endif /* AVFILTER_RUNWAY_FILTER_OPTIONS_INTERNAL_H */
