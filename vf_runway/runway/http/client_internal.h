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
 * What the client's own files share, and nobody else looks at: the client
 * (client_setup.c), one request on its way (client_http.c), what comes back
 * (client_reply.c), what is said about it (client_report.c). What a request
 * means is in client.c.
 */

#ifndef AVFILTER_RUNWAY_HTTP_CLIENT_INTERNAL_H
#define AVFILTER_RUNWAY_HTTP_CLIENT_INTERNAL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "classify.h"
#include "client.h"
#include "url.h"

#define RUNWAY_USER_AGENT "runway_v2v/" RUNWAY_VERSION

#define RUNWAY_REPLY_MAX (1 << 20)       ///< bytes of a JSON reply
#define RUNWAY_PAGE_MAX  (16 << 10)      ///< of an error page of somebody else
#define RUNWAY_HEAD_MAX  (128 << 10)     ///< bytes of all headers of a reply

struct RunwayClient {
    const RunwayProvider *provider;
    const char *create_path;
    const RunwayLog *log;
    int (*cancelled)(void *opaque);
    void *opaque;

    RunwayUrl base;
    char *proxy;                ///< NULL: none
    char *no_proxy;             ///< hosts that proxy is not for; NULL: none
    char *ca_file;              ///< NULL: the system's
    int tls_verify;
    int64_t result_max;         ///< RUNWAY_RESULT_MAX, or less in tests
    int64_t stall_timeout;      ///< 0: the defaults; tests wait less

    struct curl_slist *headers;        ///< of reads
    struct curl_slist *create_headers; ///< of creates
    char **secrets;                    ///< key, the proxy's password and user,
                                       ///< values of the user's own headers,
                                       ///< each with its base64, and under
                                       ///< mutex those of the user's own URLs
    size_t nb_secrets;
    size_t nb_keys;                    ///< of these, those that are taken out of
                                       ///< URLs of outputs too

    pthread_mutex_t mutex;
    int near;   ///< under mutex: the API is on a loopback address, as
                ///< base_url says, or on a private one, as a call says whose
                ///< certificate was verified
    int reached; ///< under mutex: something has answered with a status
};

/** One request on its way, and what came back. */
typedef struct RunwayCall {
    RunwayClient *client;
    RunwayRequestKind kind;
    CURL *easy;
    const RunwayUrl *url;
    const char *asked[2];          ///< signed URLs of others: the request's, and
                                   ///< the one that redirected to it, or NULL
    char reason[CURL_ERROR_SIZE];  ///< libcurl's own words

    RunwayBody *body;              ///< of a create, or a request for a slot
    const RunwaySlot *slot;        ///< file goes to this storage, or NULL
    const RunwayUpload *file;
    curl_mime *form;
    struct curl_slist *form_headers;
    RunwayOutcome body_outcome;    ///< why body or file could not be read
    uint64_t given;                ///< bytes of it that libcurl took
    int begun;                     ///< the request may have begun to go out

    char *reply;                   ///< always ends in a 0 when not NULL
    size_t reply_size, reply_capacity;
    size_t head_size;
    /* headers: without secrets, as much as fits, "" when they did not come */
    char retry_after[64];
    char content_type[64];
    char location[1024];           ///< also of a reply that is no redirect
    int has_location;              ///< it came, whatever was kept of it
    int64_t range_start, range_total; ///< of Content-Range, -1: not reported

    int fd;                        ///< downloads: where to
    int64_t done;                  ///< bytes fd holds
    int write_error;               ///< errno of a failed write
    int wrong_range;               ///< not the range that was asked for

    int proxied;
    int refused_address;           ///< the address is one that may not be
    int too_large;
    const char *refused_head;      ///< what is wrong with the headers, or NULL
    int page_cut;                  ///< an error page of somebody else is longer
    int no_memory;
    int cancelled;

    CURLcode code;
    RunwayTransport transport;
    long status;                   ///< of the last reply line, 0: none
} RunwayCall;

/** client->near. */
int ff_runway_client_is_near(RunwayClient *client);

/** Add to client->secrets. @return RUNWAY_OK, RUNWAY_NOMEM */
RunwayOutcome ff_runway_client_add_word(RunwayClient *client, const char *word,
                                        size_t length);

/** Append a header to a list. @return 0: out of memory */
int ff_runway_header_add(struct curl_slist **list, const char *line);

/**
 * Send call's request to url. @return RUNWAY_OK when call->transport is what
 * became of it, else why nothing was tried.
 */
RunwayOutcome ff_runway_call_perform(RunwayCall *call, const char *url,
                                     const char *range, RunwayError *err);
/** Frees what the request has brought. */
void ff_runway_call_end(RunwayCall *call);

/** Whether the request may have reached the other end, if only in part. */
int ff_runway_call_has_begun(RunwayCall *call);
/** Bytes of the body, or of the file in the form; 0: nothing is sent. */
uint64_t ff_runway_call_size(const RunwayCall *call);
/** Whether a part of the request's body certainly never left. */
int ff_runway_call_is_incomplete(const RunwayCall *call);
/** Whether the request goes where a reply said, and not to the API. */
int ff_runway_call_is_foreign(const RunwayCall *call);
/** libcurl hands out a reply: its text, a file, a header line. opaque is the
 *  call. */
size_t ff_runway_call_take_reply(char *data, size_t size, size_t nb,
                                 void *opaque);
size_t ff_runway_call_take_file(char *data, size_t size, size_t nb,
                                void *opaque);
size_t ff_runway_call_take_header(char *data, size_t size, size_t nb,
                                  void *opaque);
/** A download: drop what fd holds, it belongs to something else. */
void ff_runway_call_start_over(RunwayCall *call);

/** What is known before the outcome is classified; RUNWAY_OK: nothing. */
RunwayOutcome ff_runway_call_check(RunwayCall *call, RunwayError *err);
/** A RunwayScrub, of a call: takes all secrets in use out of a text that a server
 *  has a part in. */
void ff_runway_call_scrub(void *opaque, char *text, int is_shown);
/** The same for the reply, before anything is read out of it. */
void ff_runway_call_clean_reply(RunwayCall *call);
int ff_runway_call_is_web_page(const RunwayCall *call);
/** Whether the reply says that it is JSON. */
int ff_runway_call_is_json(const RunwayCall *call);
/** The error text of a request that was not answered. @return outcome */
RunwayOutcome ff_runway_call_report_transport(RunwayCall *call,
                                              RunwayOutcome outcome,
                                              RunwayError *err);
/** The error text of a reply whose status is no success. @return outcome */
RunwayOutcome ff_runway_call_report_status(RunwayCall *call,
                                           RunwayOutcome outcome,
                                           RunwayError *err);
/** Append what the reply says to the text of what is wrong with it. @return
 *  outcome */
RunwayOutcome ff_runway_call_report_unreadable(RunwayCall *call,
                                               RunwayOutcome outcome,
                                               RunwayError *err);

#endif /* AVFILTER_RUNWAY_HTTP_CLIENT_INTERNAL_H */
