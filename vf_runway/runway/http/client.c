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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../api/request_json.h"
#include "client_internal.h"

#define REDIRECTS_MAX 5

/*
 * What is known of the client
 */

int ff_runway_client_is_loopback(const RunwayClient *client)
{
    return client->base.is_loopback;
}

int ff_runway_client_has_account(const RunwayClient *client)
{
    return !!client->provider->account_path;
}

static int read_locked(RunwayClient *client, const int *flag)
{
    int value;

    pthread_mutex_lock(&client->mutex);
    value = *flag;
    pthread_mutex_unlock(&client->mutex);
    return value;
}

int ff_runway_client_has_reached(RunwayClient *client)
{
    return read_locked(client, &client->reached);
}

int ff_runway_client_is_near(RunwayClient *client)
{
    return read_locked(client, &client->near);
}

const char *ff_runway_client_endpoint(const RunwayClient *client)
{
    return client->base.text;
}

/*
 * One request, its answer and what that means
 */

static const char *reply_of(const RunwayCall *call)
{
    return call->reply ? call->reply : "";
}

/** Send a request and wait for its answer. RUNWAY_OK: call->transport is what
 *  became of it, to be settled. */
static RunwayOutcome send_request(RunwayCall *call, const char *url,
                                  const char *range, int64_t *retry_after,
                                  RunwayError *err)
{
    RunwayOutcome ret = ff_runway_call_perform(call, url, range, err);

    *retry_after = -1;
    ff_runway_call_clean_reply(call);
    if (!ret)
        ret = ff_runway_call_check(call, err);
    if (!ret && call->retry_after[0])
        *retry_after = ff_runway_retry_after(call->retry_after,
                                             (int64_t)time(NULL));
    return ret;
}

/** The outcome of a request, with its text where it is not RUNWAY_OK. */
static RunwayOutcome settle(RunwayCall *call, RunwayError *err)
{
    int not_accepted = ff_runway_call_is_incomplete(call) ||
                       (ff_runway_call_is_json(call) && !call->has_location &&
                        ff_runway_reply_is_refusal(reply_of(call),
                                                   call->reply_size));
    RunwayOutcome ret = ff_runway_classify(call->kind, call->transport,
                                           call->status, not_accepted);

    /* headers that are refused say nothing about a result */
    if (ret == RUNWAY_BAD_RESULT && call->refused_head)
        ret = RUNWAY_UNAVAILABLE;
    if (call->transport != RUNWAY_TRANSPORT_REPLY)
        return ff_runway_call_report_transport(call, ret, err);
    return ret ? ff_runway_call_report_status(call, ret, err) : RUNWAY_OK;
}

/** A request to the API and its outcome. call is to be ended in any case. */
static RunwayOutcome ask_api(RunwayCall *call, const char *path, const char *id,
                             int64_t *retry_after, RunwayError *err)
{
    const char *base = call->client->base.text;
    size_t size = strlen(base) + strlen(path) + strlen(id) + 1;
    char *url = malloc(size);
    RunwayOutcome ret;

    *retry_after = -1;
    if (!url)
        return ff_runway_no_memory(err);
    snprintf(url, size, "%s%s%s", base, path, id);
    call->url = &call->client->base;
    ret = send_request(call, url, NULL, retry_after, err);
    if (!ret)
        ret = settle(call, err);
    free(url);
    return ret;
}

/** The id of a task whose address a reply's header has: what its path ends in,
 *  behind the provider's own. @return 0: none */
static int find_location(const RunwayCall *call, char id[RUNWAY_ID_MAX])
{
    const char *path = call->client->provider->task_path;
    const char *text = call->location;
    size_t length = strlen(path), end = strcspn(text, "?#"), from = end;

    while (from && text[from - 1] != '/')
        from--;
    /* what fills its buffer may have been cut there */
    if (from < length || memcmp(text + from - length, path, length) ||
        end - from >= RUNWAY_ID_MAX || end == sizeof(call->location) - 1)
        return 0;
    memcpy(id, text + from, end - from);
    id[end - from] = 0;
    if (!ff_runway_task_id_is_valid(id))
        id[0] = 0;
    return !!id[0];
}

RunwayOutcome ff_runway_client_submit(RunwayClient *client, RunwayBody *body,
                                      char id[RUNWAY_ID_MAX], double *credits,
                                      int64_t *retry_after, RunwayError *err)
{
    RunwayCall call = { .client = client, .kind = RUNWAY_REQUEST_CREATE,
                        .body = body };
    RunwayError why = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    id[0]    = 0;
    *credits = -1;
    ff_runway_body_rewind(body);
    ret = ask_api(&call, client->create_path, "", retry_after, err);
    /* not to be had by trying again soon */
    if (ret == RUNWAY_UNAVAILABLE && call.status == 429 &&
        ff_runway_reply_is_daily(reply_of(&call), call.reply_size)) {
        why = *err;
        ret = ff_runway_error(err, RUNWAY_REFUSED, "no task is left for today, "
                              "and nothing was accepted: %s; run the same "
                              "command again when the provider's day is over; "
                              "what is paid for is kept", why.text);
    }
    /* An id says that there is a task, whatever the status is and whatever the
     * connection did then: it is paid for. */
    if (!ff_runway_parse_create(reply_of(&call), call.reply_size, id, credits,
                                &why) || find_location(&call, id)) {
        ret = RUNWAY_OK;
    } else if (!ret) {
        ret = ff_runway_call_report_unreadable(&call, RUNWAY_UNKNOWN, &why);
        if (ff_runway_call_is_web_page(&call))
            ff_runway_error(&why, ret, "%s (this looks like a web page: check "
                            "base_url, which is %s)", why.text,
                            client->base.text);
        ff_runway_error(err, ret, "%s", why.text);
    }
    ff_runway_call_end(&call);
    return ret;
}

/** Whether a reply is JSON by its type, or has none and looks like it. */
static int may_be_json(const RunwayCall *call)
{
    const char *text = call->reply + strspn(call->reply, " \t\r\n");

    return ff_runway_call_is_json(call) ||
           (!call->content_type[0] && *text == '{');
}

/** Whether an error reply to a read says that the task is not there. */
static int is_missing_task(const RunwayCall *call)
{
    if (call->transport != RUNWAY_TRANSPORT_REPLY || call->status < 400 ||
        call->status >= 500 || !call->reply)
        return 0;
    if (ff_runway_reply_is_not_exist(call->reply, call->reply_size))
        return 1;
    return (call->status == 404 || call->status == 410) && may_be_json(call);
}

/** Whether somebody in between refuses a read, as the login page of a network
 *  does: the task was created with the same key at the same address, so this
 *  ends. */
static int is_elsewhere(const RunwayCall *call)
{
    return !ff_runway_call_is_json(call) &&
           ((call->status >= 300 && call->status < 400) ||
            call->status == 401 || call->status == 403 || call->status == 407);
}

RunwayOutcome ff_runway_client_read(RunwayClient *client, const char *id,
                                    RunwayTask *task, int64_t *retry_after,
                                    RunwayError *err)
{
    RunwayCall call = { .client = client, .kind = RUNWAY_REQUEST_READ };
    RunwayOutcome ret;

    memset(task, 0, sizeof(*task));
    task->progress = -1;
    task->credits  = -1;
    ret = ask_api(&call, client->provider->task_path, id, retry_after, err);
    if (!ret) {
        ret = ff_runway_parse_task(reply_of(&call), call.reply_size, task, err);
        if (ret && task->state != RUNWAY_TASK_SUCCEEDED)
            ff_runway_call_report_unreadable(&call, ret, err);
    } else if (is_missing_task(&call)) {
        task->state = RUNWAY_TASK_NOT_EXIST;
        ret = RUNWAY_OK;
    } else if (ret == RUNWAY_REFUSED && is_elsewhere(&call)) {
        ret = err->outcome = RUNWAY_UNAVAILABLE;
    }
    ff_runway_call_end(&call);
    return ret;
}

RunwayOutcome ff_runway_client_account(RunwayClient *client,
                                       const char *model_name,
                                       RunwayAccount *account,
                                       RunwayError *err)
{
    RunwayCall call = { .client = client, .kind = RUNWAY_REQUEST_READ };
    int64_t retry_after;
    RunwayOutcome ret = ask_api(&call, client->provider->account_path, "",
                                &retry_after, err);

    if (!ret)
        ret = ff_runway_parse_account(reply_of(&call), call.reply_size,
                                      model_name, account, err);
    else if (ret == RUNWAY_REFUSED && call.status != 401)
        ret = err->outcome = RUNWAY_UNAVAILABLE;
    ff_runway_call_end(&call);
    return ret;
}

/** What is said of where a server's URL leads has a host in it that it chose. */
static void scrub_error(RunwayCall *call, RunwayOutcome ret, RunwayError *err)
{
    if (ret && err)
        ff_runway_call_scrub(call, err->text, 1);
}

/** Take a URL out of a reply apart, the output's or the upload's, and say
 *  whether it may be gone to. url is the caller's to reset. */
static RunwayOutcome parse_foreign(RunwayClient *client, const char *name,
                                   const char *text, RunwayUrl *url,
                                   RunwayError *err)
{
    RunwayOutcome ret = ff_runway_url_parse(text, url);

    if (ret == RUNWAY_NOMEM)
        return ff_runway_no_memory(err);
    if (ret)
        return ff_runway_error(err, RUNWAY_REFUSED, "the %s URL is not an http "
                               "or https URL of at most %d bytes", name,
                               RUNWAY_URL_MAX - 1);
    if (url->has_user)
        return ff_runway_error(err, RUNWAY_REFUSED, "the %s URL contains a "
                               "user or password, so it is not followed", name);
    if (!url->is_https && !(client->base.is_loopback && url->is_loopback))
        return ff_runway_error(err, RUNWAY_REFUSED,
                               "the %s is at %s:%d over http://, which is not "
                               "followed", name, url->host, url->port);
    /* names are looked at when they have become addresses; what a proxy would
     * go to is only known here */
    if (!ff_runway_client_is_near(client) &&
        ff_runway_host_reach(url->host) != RUNWAY_REACH_PUBLIC)
        return ff_runway_error(err, RUNWAY_REFUSED,
                               "the %s is at %s:%d, a private or loopback "
                               "address, which is not followed", name,
                               url->host, url->port);
    return RUNWAY_OK;
}

/*
 * Uploads
 */

RunwayOutcome ff_runway_client_slot(RunwayClient *client, const char *filename,
                                    RunwaySlot **slot, int64_t *retry_after,
                                    RunwayError *err)
{
    RunwayCall call = { .client = client, .kind = RUNWAY_REQUEST_UPLOAD };
    RunwayOutcome ret;

    *slot        = NULL;
    *retry_after = -1;
    ret = ff_runway_slot_request_json(filename, &call.body, err);
    if (!ret)
        ret = ask_api(&call, client->provider->uploads_path, "", retry_after,
                      err);
    if (!ret)
        ret = ff_runway_parse_slot(reply_of(&call), call.reply_size, slot, err);
    ff_runway_call_end(&call);
    ff_runway_body_free(&call.body);
    return ret;
}

RunwayOutcome ff_runway_client_store(RunwayClient *client,
                                     const RunwaySlot *slot,
                                     const RunwayUpload *file,
                                     int64_t *retry_after, RunwayError *err)
{
    RunwayUrl url;
    RunwayCall call = { .client = client, .kind = RUNWAY_REQUEST_UPLOAD,
                        .url = &url, .asked = { slot->url }, .slot = slot,
                        .file = file };
    RunwayOutcome ret = parse_foreign(client, "upload", slot->url, &url, err);

    *retry_after = -1;
    if (!ret)
        ret = send_request(&call, slot->url, NULL, retry_after, err);
    if (!ret)
        ret = settle(&call, err);
    scrub_error(&call, ret, err);
    ff_runway_call_end(&call);
    ff_runway_url_reset(&url);
    return ret;
}

/*
 * Downloads
 */

/** Whether a 200 or 206 brought all there is. */
static RunwayOutcome check_complete(const RunwayCall *call, RunwayError *err)
{
    if (call->status == 206 && call->done < call->range_total)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "the download from %s:%d stopped after %lld of "
                               "%lld bytes",
                               call->url->host, call->url->port,
                               (long long)call->done,
                               (long long)call->range_total);
    if (!call->done)
        return ff_runway_error(err, RUNWAY_REFUSED,
                               "the download from %s:%d is empty",
                               call->url->host, call->url->port);
    return RUNWAY_OK;
}

/** The outcome of one download request that was not a redirect. */
static RunwayOutcome judge_download(RunwayCall *call, RunwayError *err)
{
    RunwayOutcome ret;

    if (call->write_error)
        return ff_runway_error(err, RUNWAY_IO,
                               "the result cannot be written: %s",
                               strerror(call->write_error));
    if (call->wrong_range) {
        ff_runway_call_start_over(call);
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "%s:%d sent a different range than requested",
                               call->url->host, call->url->port);
    }
    /* says nothing about the result: names may lead astray for an hour */
    if (call->refused_address && !call->status)
        return ff_runway_call_report_transport(call, RUNWAY_REFUSED, err);
    if (call->transport == RUNWAY_TRANSPORT_REPLY && call->status == 416) {
        /* nothing left to send: either that was all, or the file is another */
        if (call->done > 0 && call->range_total == call->done)
            return RUNWAY_OK;
        ff_runway_call_start_over(call);
        return ff_runway_call_report_status(call, RUNWAY_UNAVAILABLE, err);
    }
    ret = settle(call, err);
    if (ret)
        return ret;
    if (call->status != 200 && call->status != 206)
        return ff_runway_call_report_status(call, call->status == 204 ?
                                            RUNWAY_REFUSED : RUNWAY_UNAVAILABLE,
                                            err);
    /* an empty 200 never reached ff_runway_call_take_file() */
    if (call->status == 200 && !call->reply_size)
        ff_runway_call_start_over(call);
    return check_complete(call, err);
}

/**
 * One request of a download, for text, to which first led. *next is set to a
 * new string when there is a redirect to follow.
 */
static RunwayOutcome download_once(RunwayClient *client, const char *first,
                                   const char *text, int fd, int64_t *done,
                                   int64_t *retry_after, char **next,
                                   RunwayError *err)
{
    RunwayCall call = { .client = client, .kind = RUNWAY_REQUEST_DOWNLOAD,
                        .asked = { text, first == text ? NULL : first },
                        .fd = fd, .done = *done };
    char range[32];
    char *target = NULL;
    RunwayUrl url;
    RunwayOutcome ret;

    call.url = &url;
    ret = parse_foreign(client, "output", text, &url, err);
    if (ret)
        goto end;
    snprintf(range, sizeof(range), "%lld-", (long long)*done);
    ret = send_request(&call, text, *done > 0 ? range : NULL, retry_after, err);
    *done = call.done;
    if (ret)
        goto end;
    if (call.transport == RUNWAY_TRANSPORT_REPLY && call.status >= 300 &&
        call.status < 400)
        curl_easy_getinfo(call.easy, CURLINFO_REDIRECT_URL, &target);
    if (target) {
        *next = strdup(target);
        if (*next)
            ff_runway_call_scrub(&call, *next, 0);
        else
            ret = ff_runway_no_memory(err);
    } else {
        ret   = judge_download(&call, err);
        *done = call.done;
    }
end:
    scrub_error(&call, ret, err);
    ff_runway_call_end(&call);
    ff_runway_url_reset(&url);
    return ret;
}

RunwayOutcome ff_runway_client_download(RunwayClient *client, const char *url,
                                        int fd, int64_t *done,
                                        int64_t *retry_after, RunwayError *err)
{
    char *current = NULL;
    RunwayOutcome ret;

    *retry_after = -1;
    for (int i = 0; i <= REDIRECTS_MAX; i++) {
        char *next = NULL;

        ret = download_once(client, url, current ? current : url, fd, done,
                            retry_after, &next, err);
        free(current);
        current = next;
        if (ret || !next)
            return ret;
    }
    free(current);
    return ff_runway_error(err, RUNWAY_REFUSED,
                           "the download was redirected more than %d times",
                           REDIRECTS_MAX);
}
