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
 * What a clip really is, by ffprobe.
 */

#ifndef SIMULATOR_PROBE_H
#define SIMULATOR_PROBE_H

#include <cjson/cJSON.h>

typedef struct SimClip {
    char format[64];        ///< ffprobe's format_name
    int nb_video, nb_audio;
    char codec[32];         ///< all of this: of the first video stream
    char pix_fmt[32];
    int width, height;
    int sar_num, sar_den;
    char color_space[32], color_range[32];
    char color_primaries[32], color_transfer[32];
    int rate_num, rate_den; ///< r_frame_rate
    long frames;            ///< packets that are shown
    int constant_rate;
    double start;           ///< seconds
    double duration;        ///< seconds, of the video stream
} SimClip;

/**
 * @param ffprobe program to ask
 * @return 0, or -1 when the file is not something with a video stream
 */
int sim_probe(const char *ffprobe, const char *path, SimClip *clip);

/** The same as an object for the log. */
cJSON *sim_clip_to_json(const SimClip *clip);

#endif /* SIMULATOR_PROBE_H */
