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
 * Making the result: plans it from request and options, and runs ffmpeg in
 * the background, a few at a time.
 */

#ifndef SIMULATOR_RENDER_H
#define SIMULATOR_RENDER_H

#include "looks.h"
#include "models.h"
#include "options.h"
#include "probe.h"

#define SIM_MAX_IMAGES 30

typedef struct SimRender SimRender;

/** A picture that goes into the result. */
typedef struct SimImage {
    char *path;
    int keep;       ///< the file is somebody else's, not to be removed
    int keyframe;   ///< shown whole around a time, else small in a corner
    double seconds;
} SimImage;

/**
 * What to make. Fill in the upper part, sim_render_plan() the lower. Strings
 * are the job's own.
 */
typedef struct SimRenderJob {
    char *input, *output;
    int keep_input;         ///< as SimImage.keep
    SimClip clip;
    const SimModel *model;
    const SimLook *look;
    char ratio[16];         ///< "1280:720", or empty
    char aspect[8];         ///< targetAspectRatio, or empty
    char format[24];        ///< outputFormat, or empty
    char profile[16];       ///< proresProfile, or empty
    int length;             ///< seconds asked for; 0: the input's
    int edits;              ///< the result is the input, changed
    int is_2k;
    char larger[8];         ///< resolution of an upscaler, or empty
    SimImage images[SIM_MAX_IMAGES];
    int nb_images;
    /**
     * Called once, from a worker. @p code is NULL when the output is there,
     * else the failureCode, and @p error what ffmpeg said.
     */
    void (*done)(void *opaque, const char *code, const char *error);
    void *opaque;

    int number;             ///< of the job, from 1; set by sim_render_start()
    int width, height;
    int rate_num, rate_den;
    long frames;
    double seconds;         ///< of the source that are used
    double made;            ///< of the result
    const char *codec;
    const char *extension;
} SimRenderJob;

/** @param options what the user chose; must outlive the renderer */
SimRender *sim_render_alloc(const SimOptions *options);

/** Works out size, rate, count and codec. */
void sim_render_plan(const SimOptions *options, SimRenderJob *job);

/** Queues a planned job and takes it over; done() will be called. */
void sim_render_start(SimRender *render, SimRenderJob *job);

/** Ends the workers; queued jobs are done with an error. NULL-safe. */
void sim_render_free(SimRender *render);

/** Frees a job and removes its input files. NULL-safe. */
void sim_render_job_free(SimRenderJob *job);

#endif /* SIMULATOR_RENDER_H */
