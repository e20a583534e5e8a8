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

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "client_internal.h"
#include "../base/clock.h"
#include "../base/disk.h"
#include "../base/interrupt.h"

/* milliseconds between two checks of cancelled() */
#define SLICE 100
/* microseconds a create that went out is waited for after cancelled(): what is
 * not answered then is of unknown fate. With a person waiting, less than the two
 * seconds the contract allows, as others have to end as well */
#define GRACE_NOW   1500000LL
#define GRACE_SOON 30000000LL

/* how many stall times a request may take in all, however it goes on: a reply
 * that comes byte by byte is never slow enough for libcurl. What has to be sent
 * or fetched may take its time. */
#define TIMES_READ      2
#define TIMES_CREATE   15
#define TIMES_STORED   10 /* from the last byte of a file that is uploaded */
#define TIMES_DOWNLOAD 240

#define CONNECT_TIMEOUT 30L       /* seconds; name, TCP and TLS together */
/* while nothing has ever answered: a name server or host that is not there is
 * said after two of these, see RUNWAY_UNREACHED_MAX */
#define FIRST_CONNECT_TIMEOUT 15L
#define STALL_TIMEOUT   60000000LL
#define CREATE_STALL    120000000LL

/* bytes per second under which a transfer counts as stalled; a result that
 * comes more slowly than this would take hours */
#define SLOW          1L
#define SLOW_DOWNLOAD 256L

static RunwayStop is_cancelled(const RunwayClient *client)
{
    return client->cancelled ? (RunwayStop)client->cancelled(client->opaque)
                             : RUNWAY_STOP_NOT;
}

int ff_runway_call_is_foreign(const RunwayCall *call)
{
    return call->slot || call->kind == RUNWAY_REQUEST_DOWNLOAD;
}

/*
 * What libcurl calls
 */

static size_t read_body(char *out, size_t size, size_t nb, void *opaque)
{
    RunwayCall *call = opaque;
    size_t written;

    call->begun = 1;
    call->body_outcome = ff_runway_body_read(call->body, out, size * nb,
                                             &written);
    if (call->body_outcome)
        return CURL_READFUNC_ABORT;
    call->given += written;
    return written;
}

static size_t read_file(char *out, size_t size, size_t nb, void *opaque)
{
    RunwayCall *call = opaque;
    uint64_t left = call->file->size - call->given;
    size_t wanted = size * nb < left ? size * nb : (size_t)left;

    if (ff_runway_disk_read_at(call->file->fd, (int64_t)call->given, out,
                               wanted)) {
        call->body_outcome = RUNWAY_IO;
        return CURL_READFUNC_ABORT;
    }
    call->given += wanted;
    return wanted;
}

/**
 * Only to learn when the create's own request line has gone out: a CONNECT to a
 * proxy goes by here too and is no create. Nothing is logged: secrets pass by.
 */
static int watch(CURL *easy, curl_infotype type, char *data, size_t size,
                 void *opaque)
{
    RunwayCall *call = opaque;

    (void)easy;
    if (type == CURLINFO_HEADER_OUT &&
        !(size >= 8 && !memcmp(data, "CONNECT ", 8)))
        call->begun = 1;
    return 0;
}

static curl_socket_t open_socket(void *opaque, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    RunwayCall *call = opaque;
    RunwayReach reach = ff_runway_reach(&address->addr);
    int refused = 0, fd;

    (void)purpose;
    if (!call->proxied && !call->url->is_https)
        refused = reach != RUNWAY_REACH_LOOPBACK;
    else if (!call->proxied && ff_runway_call_is_foreign(call))
        refused = reach != RUNWAY_REACH_PUBLIC &&
                  !ff_runway_client_is_near(call->client);
    if (refused) {
        call->refused_address = 1;
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family, address->socktype, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

/*
 * One request
 */

static int64_t stall_time(const RunwayCall *call)
{
    if (call->client->stall_timeout > 0)
        return call->client->stall_timeout;
    return call->kind == RUNWAY_REQUEST_CREATE ? CREATE_STALL : STALL_TIMEOUT;
}

/** Stall times that the whole request may take, 0: see run(). */
static int times_of(const RunwayCall *call)
{
    switch (call->kind) {
    case RUNWAY_REQUEST_CREATE:   return TIMES_CREATE;
    case RUNWAY_REQUEST_DOWNLOAD: return TIMES_DOWNLOAD;
    case RUNWAY_REQUEST_UPLOAD:   return call->slot ? 0 : TIMES_READ;
    default:                      return TIMES_READ;
    }
}

static CURLcode set_protocols(CURL *easy, int is_https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                            is_https ? "https" : "http");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                            (long)(is_https ? CURLPROTO_HTTPS
                                            : CURLPROTO_HTTP));
#endif
}

#define SET(option, value)                                                    \
    do {                                                                      \
        if (!ret)                                                             \
            ret = curl_easy_setopt(call->easy, option, value);                \
    } while (0)

static CURLcode set_network(RunwayCall *call)
{
    const RunwayClient *client = call->client;
    long verify = !!client->tls_verify;
    int64_t stall = stall_time(call);
    CURLcode ret = CURLE_OK;

    call->proxied = client->proxy &&
                    !ff_runway_no_proxy(client->no_proxy, call->url->host) &&
                    !(client->no_proxy && call->url->is_loopback);
    SET(CURLOPT_PROXY, call->proxied ? client->proxy : "");
    /* what no_proxy says was looked at above; libcurl must not differ */
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, call);

    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, verify);
    SET(CURLOPT_SSL_VERIFYHOST, 2 * verify);
    if (client->ca_file) {
        SET(CURLOPT_CAINFO, client->ca_file);
        SET(CURLOPT_PROXY_CAINFO, client->ca_file);
    }

    SET(CURLOPT_CONNECTTIMEOUT, ff_runway_client_has_reached(call->client) ?
                                CONNECT_TIMEOUT : FIRST_CONNECT_TIMEOUT);
    SET(CURLOPT_LOW_SPEED_LIMIT, call->kind == RUNWAY_REQUEST_DOWNLOAD ?
                                 SLOW_DOWNLOAD : SLOW);
    SET(CURLOPT_LOW_SPEED_TIME, (long)((stall + 999999) / 1000000));
    if (times_of(call))
        SET(CURLOPT_TIMEOUT_MS, (long)(times_of(call) * stall / 1000));

    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* a name that is being looked up must not hold up the end; an older
     * library than this was built with may not know how */
    if (!ret)
        curl_easy_setopt(call->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    return ret;
}

/** The form that a storage takes: its fields in their order, the file last. */
static CURLcode set_form(RunwayCall *call)
{
    const RunwaySlot *slot = call->slot;
    const RunwayUpload *file = call->file;
    curl_mimepart *part = NULL;
    CURLcode ret = CURLE_OK;

    call->form = curl_mime_init(call->easy);
    for (int i = 0; !ret && i <= slot->nb_fields; i++) {
        part = call->form ? curl_mime_addpart(call->form) : NULL;
        if (!part)
            return CURLE_OUT_OF_MEMORY;
        ret = curl_mime_name(part, i < slot->nb_fields ? slot->names[i]
                                                       : "file");
        if (!ret && i < slot->nb_fields)
            ret = curl_mime_data(part, slot->values[i], CURL_ZERO_TERMINATED);
    }
    if (!ret)
        ret = curl_mime_filename(part, file->filename);
    if (!ret)
        ret = curl_mime_type(part, file->type);
    /* no seek function, as for a body */
    if (!ret)
        ret = curl_mime_data_cb(part, (curl_off_t)file->size, read_file, NULL,
                                NULL, call);
    if (!ret && !ff_runway_header_add(&call->form_headers, "Expect:"))
        ret = CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_HTTPHEADER, call->form_headers);
    SET(CURLOPT_MIMEPOST, call->form);
    return ret;
}

static CURLcode set_request(RunwayCall *call, const char *url)
{
    CURLcode ret = CURLE_OK;

    SET(CURLOPT_URL, url);
    if (!ret)
        ret = set_protocols(call->easy, call->url->is_https);
    /* one connection, one request: HTTP/2 would resend refused streams */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_ERRORBUFFER, call->reason);
    SET(CURLOPT_HEADERFUNCTION, ff_runway_call_take_header);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_DEBUGFUNCTION, watch);
    SET(CURLOPT_DEBUGDATA, call);
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_WRITEFUNCTION, call->kind == RUNWAY_REQUEST_DOWNLOAD ?
                               ff_runway_call_take_file :
                               ff_runway_call_take_reply);
    if (ff_runway_call_is_foreign(call))
        SET(CURLOPT_USERAGENT, RUNWAY_USER_AGENT);
    else
        SET(CURLOPT_HTTPHEADER, call->body ? call->client->create_headers
                                           : call->client->headers);
    if (call->slot && !ret)
        ret = set_form(call);
    if (call->body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE,
            (curl_off_t)ff_runway_body_size(call->body));
        /* no seek function: libcurl cannot begin the body a second time */
        SET(CURLOPT_READFUNCTION, read_body);
        SET(CURLOPT_READDATA, call);
    }
    return ret;
}

/**
 * Whether it was TLS that said no, so that asking again would not help: a
 * certificate that is not accepted, or what was set up for it. A handshake that
 * breaks off (35) may be anything from no TLS at all to a line that was cut: it
 * counts as no while nothing has ever answered, else as a transient fault.
 */
static int is_tls_verdict(RunwayCall *call)
{
    /* by number: some names are gone from, or not yet in, some releases */
    static const unsigned char codes[] = {
        51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91, 98
    };

    if (call->code != CURLE_SSL_CONNECT_ERROR)
        return !!memchr(codes, (int)call->code, sizeof(codes));
    return !ff_runway_client_has_reached(call->client);
}

int ff_runway_call_has_begun(RunwayCall *call)
{
    curl_off_t time_us = 0;

    /* set when the connection, TLS included, is there and sending starts; after
     * that a failed write may have been half of one */
    if (!curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &time_us) &&
        time_us > 0)
        call->begun = 1;
    return call->begun;
}

uint64_t ff_runway_call_size(const RunwayCall *call)
{
    return call->body ? ff_runway_body_size(call->body) :
           call->file ? call->file->size : 0;
}

int ff_runway_call_is_incomplete(const RunwayCall *call)
{
    return call->given < ff_runway_call_size(call);
}

/** Let the transfer run to its end, or to that of the caller's patience. */
static CURLcode run(RunwayCall *call, CURLM *multi)
{
    int64_t since[] = { 0, 0, 0 }; /* when each RunwayStop was seen first */
    int64_t stored = 0;

    for (;;) {
        CURLMsg *message;
        int running, queued;
        int64_t now = ff_runway_now();
        RunwayStop stop;

        if (curl_multi_perform(multi, &running))
            return CURLE_OUT_OF_MEMORY;
        while ((message = curl_multi_info_read(multi, &queued)))
            if (message->msg == CURLMSG_DONE)
                return message->data.result;
        if (!running)
            return CURLE_RECV_ERROR;
        stop = is_cancelled(call->client);
        if (stop) {
            call->cancelled = stop;
            /* A create that went out has an answer that is worth waiting for:
             * without it nobody knows what is billed. */
            if (call->kind != RUNWAY_REQUEST_CREATE ||
                !ff_runway_call_has_begun(call) ||
                ff_runway_call_is_incomplete(call))
                return CURLE_ABORTED_BY_CALLBACK;
            if (!since[stop])
                since[stop] = now;
            if (now - since[stop] >= (stop == RUNWAY_STOP_NOW ? GRACE_NOW
                                                              : GRACE_SOON))
                return CURLE_ABORTED_BY_CALLBACK;
        }
        if (call->slot && !stored && !ff_runway_call_is_incomplete(call))
            stored = now;
        if (stored && now - stored > TIMES_STORED * stall_time(call))
            return CURLE_OPERATION_TIMEDOUT;
        curl_multi_poll(multi, NULL, 0, SLICE, NULL);
    }
}

/** What became of the request, from everything that is known about it. */
static RunwayTransport judge(RunwayCall *call)
{
    /* To what was sent a final status is an answer, whatever happened to the
     * text behind it. Not so a 2xx: there the text is what counts. */
    int answered = call->status >= 300 &&
                   (ff_runway_call_size(call) || call->page_cut);

    if (call->code == CURLE_OK || answered)
        return RUNWAY_TRANSPORT_REPLY;
    if (call->too_large || call->refused_head)
        return RUNWAY_TRANSPORT_TOO_LARGE;
    if (ff_runway_call_has_begun(call))
        return RUNWAY_TRANSPORT_BROKEN;
    return is_tls_verdict(call) ? RUNWAY_TRANSPORT_TLS
                                : RUNWAY_TRANSPORT_NOT_SENT;
}

/** Something has answered. Where the API is, only a verified certificate shows:
 *  a name that was led astray would open the user's network to any URL. */
static void note_reached(RunwayCall *call)
{
    int is_verified = !ff_runway_call_is_foreign(call) && call->url->is_https &&
                      call->client->tls_verify;
    char *ip = NULL;
    RunwayReach reach;

    if (!call->proxied)
        curl_easy_getinfo(call->easy, CURLINFO_PRIMARY_IP, &ip);
    reach = ip ? ff_runway_address_reach(ip)
               : ff_runway_host_reach(call->url->host);
    pthread_mutex_lock(&call->client->mutex);
    call->client->reached = 1;
    call->client->near |= is_verified && reach != RUNWAY_REACH_PUBLIC;
    pthread_mutex_unlock(&call->client->mutex);
}

static void log_call(RunwayCall *call, const char *url, int64_t took)
{
    char *shown = strdup(url);

    if (shown) {
        shown[strcspn(shown, "?#")] = 0;
        ff_runway_call_scrub(call, shown, 1);
    }
    ff_runway_log(call->client->log, RUNWAY_LOG_DEBUG,
                  "%s %s: status %ld, curl %d, %.3f s",
                  ff_runway_call_size(call) ? "POST" : "GET",
                  shown ? shown : "a URL", call->status, (int)call->code,
                  (double)took / 1e6);
    free(shown);
}

RunwayOutcome ff_runway_call_perform(RunwayCall *call, const char *url,
                                     const char *range, RunwayError *err)
{
    CURLM *multi = curl_multi_init();
    int64_t start = ff_runway_now();
    RunwayPipeGuard guard;
    CURLcode ret;

    call->easy        = curl_easy_init();
    call->range_start = -1;
    call->range_total = -1;
    if (!multi || !call->easy) {
        ret = CURLE_OUT_OF_MEMORY;
        goto end;
    }
    ret = set_request(call, url);
    if (!ret)
        ret = set_network(call);
    if (range)
        SET(CURLOPT_RANGE, range);
    if (!ret && curl_multi_add_handle(multi, call->easy))
        ret = CURLE_OUT_OF_MEMORY;
    if (ret)
        goto end;

    /* with CURLOPT_NOSIGNAL that is up to us, and OpenSSL raises it */
    ff_runway_sigpipe_hold(&guard);
    if (is_cancelled(call->client)) {
        call->cancelled = 1;
        call->code      = CURLE_ABORTED_BY_CALLBACK;
    } else {
        call->code = run(call, multi);
    }
    call->status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->status);
    call->transport = judge(call);
    if (call->status > 0)
        note_reached(call);
    curl_multi_remove_handle(multi, call->easy);
    ff_runway_sigpipe_release(&guard);
    log_call(call, url, ff_runway_now() - start);
end:
    if (multi) {
        ff_runway_sigpipe_hold(&guard);
        curl_multi_cleanup(multi);
        ff_runway_sigpipe_release(&guard);
    }
    if (ret == CURLE_OUT_OF_MEMORY)
        return ff_runway_no_memory(err);
    if (ret)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "this libcurl lacks something that is needed: "
                               "%s",
                               curl_easy_strerror(ret));
    return RUNWAY_OK;
}

void ff_runway_call_end(RunwayCall *call)
{
    curl_easy_cleanup(call->easy);
    curl_mime_free(call->form);
    curl_slist_free_all(call->form_headers);
    free(call->reply);
}
