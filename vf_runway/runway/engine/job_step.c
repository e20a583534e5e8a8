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

#include <string.h>

#include "../base/text.h"
#include "job_internal.h"

void ff_runway_run_set_state(RunwayJobRun *run, RunwayJobState state)
{
    run->job->now.state = state;
    run->host->changed(run->host->opaque, run->job);
}

RunwayOutcome ff_runway_run_enter(RunwayJobRun *run, RunwayJobState state,
                                  RunwayError *err)
{
    return run->host->enter(run->host->opaque, run->job, state) ?
           ff_runway_run_cancelled(err) : RUNWAY_OK;
}

RunwayOutcome ff_runway_run_cancelled(RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
}

void ff_runway_run_count(RunwayJobRun *run)
{
    const RunwayRecord *r = run->record;
    RunwayTotals *spent = &run->job->now.spent;

    memset(spent, 0, sizeof(*spent));
    for (int i = run->first_try; i < r->nb_tries; i++)
        ff_runway_totals_add_try(spent, &r->tries[i]);
}

RunwayOutcome ff_runway_run_write(RunwayJobRun *run, RunwayClipState state,
                                  const char *what, const char *code,
                                  RunwayError *err)
{
    RunwayRecord *r = run->record;
    RunwayOutcome ret = ff_runway_record_move(r, state, err);

    if (!ret) {
        RunwayTry *t = ff_runway_record_try(r);

        ff_runway_copy_text(t->failure, sizeof(t->failure), what);
        ff_runway_copy_text(t->failure_code, sizeof(t->failure_code), code);
        ret = ff_runway_journal_write(run->host->journal, run->lock, r, err);
    }
    ff_runway_run_count(run);
    return ret;
}

void ff_runway_run_note(RunwayJobRun *run, RunwayClipState state)
{
    RunwayError err;

    /* what is paid for is not given up because a disk fails now: the next run
     * finds the step before, and reads the task again, which costs nothing */
    if (ff_runway_run_write(run, state, NULL, NULL, &err))
        ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: task %s: the "
                      "journal cannot be written: %s", run->job->label,
                      run->job->now.task_id, err.text);
}
