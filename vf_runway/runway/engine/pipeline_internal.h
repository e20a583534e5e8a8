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
 * What the pipeline's own files share, and nobody else looks at: the queue of
 * jobs. What is on the workers' side, and whose turn it is, is in
 * pipeline_run.c, what else the owner calls in pipeline.c.
 */

#ifndef AVFILTER_RUNWAY_ENGINE_PIPELINE_INTERNAL_H
#define AVFILTER_RUNWAY_ENGINE_PIPELINE_INTERNAL_H

#include <pthread.h>

#include "pace.h"
#include "pipeline.h"

/* A job's place in the queue. */
typedef struct Entry {
    RunwayJob *job;
    /* protected by the pipeline's lock */
    RunwayJobProgress now;  ///< copy of job->now
    int running;            ///< a worker has it, or had it
    int ended;
    int moderated;          ///< it failed permanently
    int unusable;           ///< its result was fetched and is of no use
    int fatal;              ///< the pipeline's error is this one's
    struct Entry *next;
} Entry;

struct RunwayPipeline {
    RunwayPipelineConfig config;
    RunwayClient *client;
    RunwayJournal *journal;
    RunwayResults *results;
    RunwayPlan *plan;        ///< of a dry run, else NULL
    RunwayAccountGate *account;
    RunwayUploader *uploader;

    /* owner's thread only */
    pthread_t *threads;
    int nb_threads;

    int complete;            ///< all of the output's clips were admitted

    /* set with the first job, before there is a worker */
    char output[RUNWAY_IDENTITY_SIZE];

    pthread_mutex_t lock;
    pthread_cond_t changed;  ///< signalled to all on any change below

    /* protected by lock */
    Entry *head, *tail;      ///< jobs in order of admission
    int nb_entries;
    int idle;                ///< workers that wait for a job
    int queued;              ///< jobs that wait for a worker
    int active;              ///< jobs that a worker has
    int stop;                ///< nothing more is submitted
    int closed;              ///< no job is started any more
    RunwayError error;       ///< first failure; stays
    int admitted;
    RunwayTotals totals;     ///< of jobs that have ended
    int unusable;            ///< results fetched in this run and of no use, of
                             ///< jobs that were taken already
    RunwayPaceLength task_time; ///< begun with an earlier run's
    int64_t moved;           ///< when a task was last seen to, as
                             ///< ff_runway_now(); 0: none was yet
    int64_t freed;           ///< when a task was last seen to end, as
                             ///< ff_runway_now(); 0: none was yet
    int64_t shown_time;      ///< what one will take, by the progress of the one
                             ///< that was polled last; 0: not known
    int moderated;           ///< permanent failures in a row, of jobs that were
                             ///< taken already
    /** The last clips that were counted in these: equal ones share a task. */
    char last_unusable[RUNWAY_IDENTITY_SIZE];
    char last_moderated[RUNWAY_IDENTITY_SIZE];
};

/** What all jobs have cost so far. lock is held. */
RunwayTotals ff_runway_pipeline_sum(const RunwayPipeline *p);

/** A RunwayStop, for the client. */
int ff_runway_pipeline_is_stopped(void *opaque);

/** A worker thread. */
void *ff_runway_pipeline_worker(void *opaque);

#endif /* AVFILTER_RUNWAY_ENGINE_PIPELINE_INTERNAL_H */
