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
 * One clip's journey: what the journal knows of it, create, wait, download,
 * check, store. Straight-line code that runs on a worker and blocks; all it
 * waits for can be cancelled.
 *
 * Each step is on disk before the next one is taken, so that whatever dies
 * when, the next run knows what may have been paid for (record.h, resume.h).
 */

#ifndef AVFILTER_RUNWAY_ENGINE_JOB_H
#define AVFILTER_RUNWAY_ENGINE_JOB_H

#include <stdint.h>

#include "../http/account.h"
#include "budget.h"
#include "../http/client.h"
#include "../base/error.h"
#include "../base/event_log.h"
#include "../store/journal.h"
#include "../base/log.h"
#include "../base/policy.h"
#include "../store/record.h"
#include "../store/results.h"
#include "../store/resume.h"
#include "../http/upload.h"
#include "../api/request.h"
#include "../api/task.h"

/** What has to wait for its turn has a state for that right before its own. */
typedef enum RunwayJobState {
    RUNWAY_JOB_QUEUED,       ///< has no worker yet
    RUNWAY_JOB_BLOCKED,      ///< waits for another run that has the same clip, or
                             ///< until what has failed may be tried again
    RUNWAY_JOB_PREPARING,    ///< the clip is going to the provider's storage
    RUNWAY_JOB_READY,        ///< waits for its create, see enter()
    RUNWAY_JOB_SUBMITTING,   ///< the create is going out
    RUNWAY_JOB_WAITING,      ///< the provider has it: see task_state
    RUNWAY_JOB_GENERATED,    ///< waits for its download, see enter()
    RUNWAY_JOB_DOWNLOADING,  ///< or keeping what the checks refuse
    RUNWAY_JOB_FETCHED,      ///< waits for its check, see enter()
    RUNWAY_JOB_CHECKING,
    RUNWAY_JOB_DONE,         ///< the result was checked, and is stored, or about
                             ///< to be
    RUNWAY_JOB_FAILED,       ///< error says why
} RunwayJobState;

/** What can be watched while a job runs. */
typedef struct RunwayJobProgress {
    RunwayJobState state;
    RunwayTaskState task_state;  ///< while WAITING
    double progress;             ///< 0..1 of the task, -1 when not reported
    char task_id[RUNWAY_ID_MAX]; ///< "" before the create was answered
    int is_stored;               ///< its result is in results_dir, whatever the
                                 ///< checks say or will say of it
    RunwayTotals spent;          ///< on tries of this run, and one that was under
                                 ///< way when it began
    int64_t ends;                ///< when the task is likely to, as
                                 ///< ff_runway_now(); 0: not known
    int64_t length;              ///< that the task is likely to take in
                                 ///< microseconds; 0: not known
    int is_shown;                ///< length is: by the task's progress from one
                                 ///< poll to another
    int64_t took;                ///< what the task took in microseconds, as near
                                 ///< as is known; 0: not known
    int64_t took_least;          ///< see ff_runway_pace_took()
} RunwayJobProgress;

/**
 * A clip and what became of it. Filled in by who submits it; while a worker has
 * it, only that worker touches it.
 */
typedef struct RunwayJob {
    /* set before, unchanged after */
    int index;               ///< number of the clip, from 1
    char label[96];          ///< for people: "clip 3 (10.00-15.00 s)"
    char identity[RUNWAY_IDENTITY_SIZE]; ///< what it is in journal and results
    int fd;                  ///< the clip as MP4, closed by ff_runway_job_free()
    uint64_t size;           ///< bytes of it
    int upload;              ///< goes to the provider's storage and not into
                             ///< the request
    int64_t sent;            ///< its length in microseconds
    int64_t filled;          ///< of it, what only makes it long enough
    int64_t credits;         ///< estimated price, -1 when unknown
    const char *price_class; ///< that it goes by, NULL: the model has one price
    RunwayRequest request;   ///< strings are borrowed and outlive the job
    /* set by the worker */
    int reused;              ///< what came is on disk already: its result, or
                             ///< one that the checks refuse
    int refused;             ///< it failed as it may not be bought: by a cap, the
                             ///< account or the provider
    int result_fd;           ///< MP4, -1: none; closed by ff_runway_job_free()
    int64_t result_size;
    char result_name[RUNWAY_RESULT_NAME]; ///< in results_dir
    RunwayJobProgress now;
    RunwayError error;
} RunwayJob;

/** Jobs that may wait for their create, beside those in flight: tasks that began
 *  together end together, and each place then has its next clip at once. */
#define RUNWAY_JOBS_WAITING(concurrency) \
    ((concurrency) > 2 ? (concurrency) : 2)

/** Jobs that a pipeline holds at most. Those that are done and not taken yet are
 *  among them: behind a first one that takes three times as long as the others,
 *  two at each place may have ended, and another one be in flight. */
#define RUNWAY_JOBS_MAX(concurrency) \
    (3 * (concurrency) + RUNWAY_JOBS_WAITING(concurrency))

/** A job with both descriptors -1; NULL when memory is short. */
RunwayJob *ff_runway_job_create(void);
/** Closes what the job holds. */
void ff_runway_job_free(RunwayJob **job);

/** What a person can do about a result that is paid for and kept, and is not
 *  used for the reason in err; job->result_name is its file. @return err's
 *  outcome, which stays */
RunwayOutcome ff_runway_job_unusable(const RunwayJob *job,
                                     const RunwayResults *results,
                                     RunwayError *err);

/** A job has failed: err, with its label in front, is job->error and in the log
 *  of events. */
void ff_runway_job_fail(RunwayJob *job, RunwayEventLog *events,
                        const RunwayError *err);

/** What a job needs around it. All callbacks are called on the worker. */
typedef struct RunwayJobHost {
    RunwayClient *client;
    RunwayJournal *journal;
    RunwayResults *results;
    RunwayAccountGate *account;
    RunwayUploader *uploader;
    const char *provider;    ///< its name, for records
    const char *output;      ///< identity of the output's first clip; "": not
                             ///< known
    const RunwayPolicy *policy;
    const RunwayLog *log;
    RunwayEventLog *events;  ///< NULL: none
    int64_t download_timeout; ///< 0: RUNWAY_DOWNLOAD_MAX; tests cannot wait
                             ///< for hours
    void *opaque;
    /** Wait; non-zero when cancelled, at once then. */
    int (*wait)(void *opaque, int64_t microseconds);
    /** The same for what is done before a create, and asked before each upload:
     *  non-zero also when none may start any more. */
    int (*wait_open)(void *opaque, int64_t microseconds);
    /** The same before a create that the provider has put off: only for least
     *  where one of the run's tasks has ended since that time, as
     *  ff_runway_now(), or does meanwhile: its place is free. */
    int (*wait_place)(void *opaque, int64_t since, int64_t least, int64_t most);
    /** When one of the run's tasks was last seen to move, as ff_runway_now(); 0:
     *  not yet. While they do, creates that the provider puts off, and what comes
     *  before them, are tried on: its places are full, and will be free. */
    int64_t (*moved)(void *opaque);
    /** Non-zero when cancelled. */
    int (*cancelled)(void *opaque);
    /** Non-zero when no create may start any more, or cancelled; asked right
     *  before each. A create that has started is not cut off by it, as nobody
     *  might know what came of that: it is answered, and its result, which is
     *  paid for, is brought in. */
    int (*closed)(void *opaque);
    /** Wait until the job may go to that state: SUBMITTING, when there is a
     *  place for its task at the provider; DOWNLOADING; CHECKING. Sets it.
     *  Non-zero, and the state is another: cancelled, or no create may start any
     *  more. */
    int (*enter)(void *opaque, RunwayJob *job, RunwayJobState state);
    /** job->now as it was just set: copy it. Not called at the end. */
    void (*changed)(void *opaque, const RunwayJob *job);
    /** How long tasks have taken so far, or the progress of one shows that they
     *  will, microseconds; 0: not known yet. */
    int64_t (*expected)(void *opaque);
    /** Whether a result can be used, as far as can be seen without decoding all
     *  of it, unless the whole is wanted: RUNWAY_OK; RUNWAY_NO_RESULT, no whole
     *  video; RUNWAY_BAD_RESULT, it is refused; RUNWAY_INVALID, this machine
     *  cannot read it; anything else: not known here and now. */
    RunwayOutcome (*check)(void *opaque, int fd, int64_t size, int64_t sent,
                           int whole, RunwayError *err);
} RunwayJobHost;

/**
 * Run a job to its end. The outcome is job->error.outcome as well, with a text
 * that names the clip and, where there is one, the task. The clip's fd is
 * closed once it is no longer needed.
 */
RunwayOutcome ff_runway_job_run(RunwayJob *job, const RunwayJobHost *host);

#endif /* AVFILTER_RUNWAY_ENGINE_JOB_H */
