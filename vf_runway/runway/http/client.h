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
 * The HTTP of the provider, over libcurl: each call is one request, one answer
 * and one outcome; nothing is repeated here.
 *
 * A client may be used from several threads at once. A request without progress
 * is given up after a minute, a create after two. Every call ends within
 * a quarter of a second after cancelled() starts to answer non-zero, with
 * RUNWAY_CANCELLED; but a create whose request body is out to the last byte is
 * then RUNWAY_UNKNOWN if it was not answered yet, and is given some time for its
 * answer first: see RunwayStop.
 *
 * What never happens here: the key going to another origin than base_url's, a
 * redirect followed with it, a create sent twice (libcurl resends a POST on a
 * reused connection by itself, 7.88.1: every create has a fresh connection
 * that is not reused, and sends no Expect), a secret in a log or an error text
 * (key, query of a URL, data URI).
 */

#ifndef AVFILTER_RUNWAY_HTTP_CLIENT_H
#define AVFILTER_RUNWAY_HTTP_CLIENT_H

#include <stdint.h>

#include "../api/body.h"
#include "../base/error.h"
#include "../base/log.h"
#include "../api/providers.h"
#include "../api/reply.h"
#include "../api/task.h"

#define RUNWAY_VERSION "0.1" ///< in the User-Agent

typedef struct RunwayClient RunwayClient;

/** What cancelled() answers. */
typedef enum RunwayStop {
    RUNWAY_STOP_NOT = 0,
    RUNWAY_STOP_SOON, ///< nobody is in a hurry: a create that is out may be
                      ///< answered for half a minute
    RUNWAY_STOP_NOW,  ///< a person waits: for less than two seconds
} RunwayStop;

/** Strings are copied; log, cancelled and opaque must outlive the client. More
 *  headers, "Name: value" lines, are the environment's (headers_variable of the
 *  provider): they count as secret, and may not name Authorization or Host. */
typedef struct RunwayClientConfig {
    const RunwayProvider *provider;
    RunwayEndpoint endpoint; ///< where tasks are created
    const char *base_url;    ///< https, or http to loopback only
    const char *api_version; ///< X-Runway-Version
    const char *key;         ///< as ff_runway_key_check() left it
    const char *proxy;       ///< NULL: as the environment says, and never for
                             ///< loopback; "": none
    const char *ca_file;     ///< PEM, NULL: the system's
    int tls_verify;
    const RunwayLog *log;
    int (*cancelled)(void *opaque); ///< RunwayStop; any thread; NULL: never
    void *opaque;
} RunwayClientConfig;

/**
 * Check the configuration and make a client. Sends nothing. RUNWAY_INVALID:
 * base_url is no URL, is http:// to a host that is not loopback (127.0.0.0/8,
 * ::1, localhost), or holds a user, a query or a fragment; the headers, proxy or
 * ca_file are unfit.
 */
RunwayOutcome ff_runway_client_create(const RunwayClientConfig *config,
                                      RunwayClient **client, RunwayError *err);
void ff_runway_client_free(RunwayClient **client);

/**
 * A URL of the user's own goes along with requests: from now on no text of any
 * server's shows the values of its query, of 16 characters and more, but for the
 * URLs of outputs and uploads, which are used. RUNWAY_NOMEM.
 */
RunwayOutcome ff_runway_client_hide(RunwayClient *client, const char *url);

/** Whether the API is on loopback (a simulator): short polls are allowed. */
int ff_runway_client_is_loopback(const RunwayClient *client);

/** Whether any request has had an answer yet, of whatever kind: if none has,
 *  the address is more likely wrong than the service down. */
int ff_runway_client_has_reached(RunwayClient *client);

/** Whether the provider has an account to check. */
int ff_runway_client_has_account(const RunwayClient *client);

/** "scheme://host[:port]/path" of the API (base_url in one spelling), for
 *  identities and logs. */
const char *ff_runway_client_endpoint(const RunwayClient *client);

/**
 * POST {base} and create_path of the config. body is rewound and read.
 * *retry_after is microseconds the provider asked for, -1: none.
 * RUNWAY_OK: accepted, id and *credits (-1: not reported) are set.
 * RUNWAY_UNAVAILABLE, RUNWAY_REFUSED, RUNWAY_UNKNOWN as error.h says; a 429
 * whose text names a day is RUNWAY_REFUSED.
 */
RunwayOutcome ff_runway_client_submit(RunwayClient *client, RunwayBody *body,
                                      char id[RUNWAY_ID_MAX], double *credits,
                                      int64_t *retry_after, RunwayError *err);

/**
 * GET {base}/v1/tasks/{id}. A reply that says that there is no such task (in
 * so many words, or a 404 or 410 in JSON) is RUNWAY_OK with state
 * RUNWAY_TASK_NOT_EXIST (how long that is waited out is the caller's matter).
 * RUNWAY_UNAVAILABLE: ask again later; a 404 that is a web page or a plain text
 * is one too: it comes from something on the way that knows nothing of tasks.
 */
RunwayOutcome ff_runway_client_read(RunwayClient *client, const char *id,
                                    RunwayTask *task, int64_t *retry_after,
                                    RunwayError *err);

/**
 * POST {base}/v1/uploads: ask for a slot that a file of that name goes into.
 * *slot is the caller's, NULL unless RUNWAY_OK. RUNWAY_UNAVAILABLE: ask again
 * later.
 */
RunwayOutcome ff_runway_client_slot(RunwayClient *client, const char *filename,
                                    RunwaySlot **slot, int64_t *retry_after,
                                    RunwayError *err);

/** What is uploaded. */
typedef struct RunwayUpload {
    const char *filename;   ///< as the provider sees it; its ending counts
    const char *type;       ///< "video/mp4", …
    int fd;                 ///< read by pread, stays the caller's
    uint64_t size;
} RunwayUpload;

/**
 * POST a file to the slot's URL as a form: the slot's fields in their order, the
 * file last. That is another host: no bearer and none of the user's headers go
 * along, no redirect is followed, and http, private and loopback addresses are
 * refused as for a download. A slot is good for one try, whatever becomes of it.
 * RUNWAY_UNAVAILABLE, RUNWAY_REFUSED (the storage did not like it): get a new
 * slot.
 */
RunwayOutcome ff_runway_client_store(RunwayClient *client,
                                     const RunwaySlot *slot,
                                     const RunwayUpload *file,
                                     int64_t *retry_after, RunwayError *err);

/**
 * GET {base}/v1/organization, for providers that have it: free of charge.
 * RUNWAY_REFUSED: the key is not accepted. RUNWAY_UNAVAILABLE: nothing is known
 * about the account, which is no reason not to try.
 */
RunwayOutcome ff_runway_client_account(RunwayClient *client,
                                       const char *model_name,
                                       RunwayAccount *account,
                                       RunwayError *err);

#define RUNWAY_RESULT_MAX (2LL << 30) ///< bytes of a result, at most
/** Microseconds a result may take to come, all tries together. */
#define RUNWAY_DOWNLOAD_MAX 14400000000LL

/**
 * GET an output URL into fd, from *done bytes on (by a range when not 0; a
 * server that answers with the whole starts over). *done is what fd holds on
 * return, whatever the outcome; fd is written by pwrite. No bearer goes along.
 * RUNWAY_OK: complete. RUNWAY_UNAVAILABLE: call again with the same *done.
 * RUNWAY_REFUSED: the URL is no good (any more): 401, 403, 404, 410, https to
 * http, a private or loopback address while the API is on neither. Read the task
 * again for a fresh one. RUNWAY_BAD_RESULT: too large.
 */
RunwayOutcome ff_runway_client_download(RunwayClient *client, const char *url,
                                        int fd, int64_t *done,
                                        int64_t *retry_after, RunwayError *err);

#endif /* AVFILTER_RUNWAY_HTTP_CLIENT_H */
