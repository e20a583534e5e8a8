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

#include <stdlib.h>
#include <time.h>

#include "../api/request_json.h"
#include "../base/clock.h"
#include "../base/text.h"
#include "job_internal.h"

/* The create certainly was not accepted: take the intent back. */
static void take_back(RunwayJobRun *run)
{
    RunwayRecord *r = run->record;
    RunwayError err;
    RunwayOutcome ret = ff_runway_record_take_back(r, &err);

    if (!ret)
        ret = ff_runway_journal_write(run->host->journal, run->lock, r, &err);
    if (ret)
        ff_runway_log(run->host->log, RUNWAY_LOG_WARNING, "%s: nothing was "
                      "accepted, but the journal cannot be written: %s",
                      run->job->label, err.text);
    ff_runway_run_count(run);
}

static RunwayPurchase purchase_of(const RunwayJobRun *run)
{
    const RunwayJobHost *host = run->host;
    const RunwayModel *model = run->job->request.model;

    return (RunwayPurchase){
        .journal   = host->journal,
        .policy    = host->policy,
        .output    = host->output,
        .seconds   = (double)run->job->sent / 1e6,
        .credits   = (double)run->job->credits,
        .is_flat   = model && model->fields & RUNWAY_FIELD_DURATION_AUTO,
        .opaque    = host->opaque,
        .wait      = host->wait_open,
        .log       = host->log,
        .label     = run->job->label,
        .cancelled = host->closed,
    };
}

/* The intent on disk, if the caps leave it. */
static RunwayOutcome write_intent(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRecord *r = run->record;
    const RunwayJobHost *host = run->host;
    const RunwayPurchase purchase = purchase_of(run);
    RunwayOutcome ret;

    ff_runway_copy_text(r->provider, sizeof(r->provider), host->provider);
    ff_runway_copy_text(r->endpoint, sizeof(r->endpoint),
                         ff_runway_client_endpoint(host->client));
    ff_runway_copy_text(r->model, sizeof(r->model), job->request.model_name);
    ff_runway_copy_text(r->label, sizeof(r->label), job->label);
    ret = ff_runway_budget_intend(&purchase, run->lock, r, err);
    ff_runway_run_count(run);
    return ret;
}

static void log_submitted(RunwayJobRun *run)
{
    const RunwayJob *job = run->job;
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", job->index), RUNWAY_TEXT("task", job->now.task_id),
        RUNWAY_TEXT("model", job->request.model_name),
        RUNWAY_NUMBER("credits", ff_runway_try_cost(
                                     ff_runway_record_try(run->record))),
        RUNWAY_NUMBER("timeout",
                      (double)run->host->policy->task_timeout / 1e6),
        RUNWAY_EVENT_LAST
    };

    ff_runway_event(run->host->events, "submitted", fields);
}

/* A create was accepted: the task is ours, come what may. reported is the
 * provider's price, -1: none. */
static void accepted(RunwayJobRun *run, double reported)
{
    RunwayJob *job = run->job;
    RunwayTry *t = ff_runway_record_try(run->record);
    RunwayError err;

    ff_runway_retry_recovered(&run->retry);
    run->submitted_here = 1;
    ff_runway_copy_text(t->task_id, sizeof(t->task_id), job->now.task_id);
    t->reported = reported;
    /* it is paid for now: a disk that fails here is no reason to drop it */
    if (ff_runway_run_write(run, RUNWAY_CLIP_SUBMITTED, NULL, NULL, &err))
        ff_runway_log(run->host->log, RUNWAY_LOG_ERROR, "%s: task %s was "
                      "accepted, but the journal cannot be written: %s",
                      job->label, job->now.task_id, err.text);
    ff_runway_log(run->host->log, RUNWAY_LOG_VERBOSE,
                  "%s: submitted as task %s", job->label, job->now.task_id);
    log_submitted(run);
}

/* Upload those of the pictures that are files; to has a slot for each. The URIs
 * are the caller's to free(), on failure as well. */
static RunwayOutcome upload_pictures(RunwayJobRun *run,
                                     const RunwayPicture *from, int nb,
                                     RunwayPicture *to, char **uris,
                                     RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_OK;

    for (int i = 0; i < nb && !ret; i++) {
        to[i] = from[i];
        if (from[i].uri)
            continue;
        ret = ff_runway_upload_picture(run->host->uploader, &run->retry,
                                       from[i].file, &uris[i], err);
        to[i].uri = uris[i];
    }
    return ret;
}

/* Bring what does not fit into the request where the provider finds it, and
 * make the request. */
static RunwayOutcome make_body(RunwayJobRun *run, RunwayBody **body,
                               RunwayError *err)
{
    RunwayJob *job = run->job;
    RunwayRequest request = job->request;
    RunwayUpload clip = { "clip.mp4", "video/mp4", job->fd, job->size };
    const RunwayEventField uploaded[] = {
        RUNWAY_INT("clip", job->index), RUNWAY_INT("bytes", (int64_t)job->size),
        RUNWAY_EVENT_LAST
    };
    int nb = request.nb_references + request.nb_keyframes;
    RunwayPicture *pictures = calloc((size_t)nb + 1, sizeof(*pictures));
    char **uris = calloc((size_t)nb + 1, sizeof(*uris));
    const int64_t start = (int64_t)time(NULL);
    RunwayOutcome ret = RUNWAY_OK;

    *body = NULL;
    if (!pictures || !uris)
        ret = ff_runway_no_memory(err);
    if (!ret)
        ret = upload_pictures(run, request.references, request.nb_references,
                              pictures, uris, err);
    if (!ret)
        ret = upload_pictures(run, request.keyframes, request.nb_keyframes,
                              pictures + request.nb_references,
                              uris + request.nb_references, err);
    if (!ret && job->upload)
        ret = ff_runway_upload(&run->retry, &clip, &uris[nb], err);
    if (!ret && job->upload)
        ff_runway_event(run->host->events, "uploaded", uploaded);
    if (!ret) {
        request.references = pictures;
        request.keyframes  = pictures + request.nb_references;
        ret = ff_runway_request_json(&request, job->fd, job->size,
                                     uris[nb], body, err);
    }
    for (int i = 0; uris && i <= nb; i++) {
        if (uris[i])
            run->uploaded = start;
        free(uris[i]);
    }
    free(uris);
    free(pictures);
    return ret;
}

/* Make the request anew where what was uploaded for it is too old: it may have
 * waited for its turn for long. */
static RunwayOutcome renew_body(RunwayJobRun *run, RunwayBody **body,
                                RunwayError *err)
{
    int64_t age = (int64_t)time(NULL) - run->uploaded;

    /* a clock that was set back says nothing of its age */
    if (!run->uploaded || (age >= 0 && age < RUNWAY_UPLOAD_AGE))
        return RUNWAY_OK;
    ff_runway_body_free(body);
    return make_body(run, body, err);
}

/* The create went out, and was not answered. */
static RunwayOutcome note_unknown(RunwayJobRun *run, const RunwayError *why,
                                  RunwayError *err)
{
    const RunwayJobHost *host = run->host;
    RunwayError second;

    /* a run that ends has another error, and asks for no more */
    if (host->closed(host->opaque))
        ff_runway_log(host->log, RUNWAY_LOG_WARNING, "%s: %s",
                      run->job->label, why->text);
    if (!ff_runway_run_write(run, RUNWAY_CLIP_UNKNOWN, why->text, NULL,
                             &second))
        return RUNWAY_OK;
    return ff_runway_error(err, RUNWAY_UNKNOWN, "%s: a create request went out "
                           "and was not answered (%s): a task may exist and be "
                           "billed; and the journal cannot be written: %s",
                           run->job->label, why->text, second.text);
}

/* microseconds between two polls whether another clip's create got through */
#define TURN_INTERVAL 100000

/* The service has put another clip's create off: wait until that one is through,
 * or the limit of an account would be tried by all at once. */
static RunwayOutcome await_turn(RunwayJobRun *run, RunwayError *err)
{
    const RunwayJobHost *host = run->host;
    int waited = 0;

    for (; !ff_runway_account_may_create(host->account, run); waited = 1)
        if (host->wait_open(host->opaque, TURN_INTERVAL))
            return ff_runway_run_cancelled(err);
    if (waited)
        ff_runway_retry_recovered(&run->retry);
    return RUNWAY_OK;
}

/* Send the create until it is not only unavailable. */
static RunwayOutcome send_create(RunwayJobRun *run, RunwayBody **body,
                                 RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayJobHost *host = run->host;
    double reported = -1;
    RunwayOutcome ret, put_off;

    do {
        ret = ff_runway_run_enter(run, RUNWAY_JOB_SUBMITTING, err);
        if (!ret)
            ret = await_turn(run, err);
        if (!ret)
            ret = renew_body(run, body, err);
        if (ret)
            return ret;
        /* others have used their time meanwhile */
        if (host->closed(host->opaque))
            return ff_runway_run_cancelled(err);
        ret = write_intent(run, err);
        if (ret)
            return ret;
        /* and while the money was locked */
        if (host->closed(host->opaque)) {
            take_back(run);
            return ff_runway_run_cancelled(err);
        }
        run->retry.tried = ff_runway_now();
        ret = ff_runway_client_submit(host->client, *body, job->now.task_id,
                                      &reported, &run->retry.after,
                                      &run->retry.why);
        if (ret == RUNWAY_UNKNOWN)
            return note_unknown(run, &run->retry.why, err);
        if (!ret) {
            accepted(run, reported);
            return ret;
        }
        /* before the wait: who dies in it leaves nothing behind that may have
         * been paid for */
        take_back(run);
        if (ret == RUNWAY_UNAVAILABLE) {
            put_off = ff_runway_account_put_off(host->account, run,
                                                job->request.model_name,
                                                (double)job->credits, err);
            if (put_off)
                return put_off;
        }
    } while (ff_runway_retry_again(&run->retry, "the create request", &ret,
                                   err));
    return ret;
}

/* Whether anything goes to the provider's storage before the create. */
static int has_uploads(const RunwayJob *job)
{
    const RunwayRequest *request = &job->request;
    int has = job->upload;

    for (int i = 0; i < request->nb_references; i++)
        has |= !request->references[i].uri;
    for (int i = 0; i < request->nb_keyframes; i++)
        has |= !request->keyframes[i].uri;
    return has;
}

RunwayOutcome ff_runway_run_submit(RunwayJobRun *run, RunwayError *err)
{
    RunwayJob *job = run->job;
    const RunwayPurchase purchase = purchase_of(run);
    RunwayBody *body = NULL;
    RunwayOutcome ret = RUNWAY_OK;

    job->now.task_id[0] = 0;
    job->now.ends       = 0;
    run->retry.wait       = run->host->wait_open;
    run->retry.wait_place = run->host->wait_place;
    run->retry.moved      = run->host->moved;
    /* another try at once has the place of the one that failed */
    if (job->now.state != RUNWAY_JOB_WAITING)
        ff_runway_run_set_state(run, RUNWAY_JOB_PREPARING);
    /* what cannot be bought is not uploaded either; those in flight may turn
     * out cheaper than they are counted */
    if (has_uploads(job))
        ret = ff_runway_budget_check(&purchase, err);
    if (ret == RUNWAY_REFUSED) {
        ret = ff_runway_run_enter(run, RUNWAY_JOB_SUBMITTING, err);
        if (!ret)
            ret = ff_runway_budget_check(&purchase, err);
    }
    if (!ret)
        ret = ff_runway_account_admit(run->host->account,
                                      job->request.model_name,
                                      (double)job->credits, err);
    if (!ret)
        ret = make_body(run, &body, err);
    if (!ret)
        ret = send_create(run, &body, err);
    job->refused          = ret == RUNWAY_REFUSED;
    run->retry.wait       = run->host->wait;
    run->retry.wait_place = NULL;
    run->retry.moved      = NULL;
    ff_runway_account_release(run->host->account, run);
    ff_runway_body_free(&body);
    return ret;
}
