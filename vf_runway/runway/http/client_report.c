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

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/text.h"
#include "client_internal.h"

/* characters from which on a value of a form or query may be a signature */
#define SIGNED_MIN 16
/* values of a query that are looked for one by one */
#define QUERY_MAX  16

/** What %41 and such in text mean, in place. */
static void percent_decode(char *text)
{
    char *to = text;

    for (; *text; text++) {
        const char digits[] = { text[1], text[1] ? text[2] : 0, 0 };

        /* no control characters */
        if (*text == '%' && isxdigit((unsigned char)digits[0]) &&
            isxdigit((unsigned char)digits[1]) && digits[0] != '0') {
            *to++ = (char)strtoul(digits, NULL, 16);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = 0;
}

/** Give take() what the query of a signed URL, or NULL, has for values, as they
 *  are and as they are meant. Behind so many of them the rest is one. */
static RunwayOutcome visit_query(const char *url,
                                 RunwayOutcome (*take)(void *opaque,
                                                       const char *word),
                                 void *opaque)
{
    const char *s = url ? strchr(url, '?') : NULL;
    RunwayOutcome ret = RUNWAY_OK;
    char word[RUNWAY_URL_MAX];

    for (int nb = 0; s && *s && *s != '#' && !ret;) {
        size_t length = strcspn(s + 1, nb < QUERY_MAX ? "&#" : "#");
        size_t name = strcspn(s + 1, "=&#") + 1;

        if (nb >= QUERY_MAX || name > length)
            name = 0;
        length -= name;
        if (length >= SIGNED_MIN && length < sizeof(word)) {
            nb++;
            memcpy(word, s + 1 + name, length);
            word[length] = 0;
            ret = take(opaque, word);
            percent_decode(word);
            if (!ret)
                ret = take(opaque, word);
        }
        s += 1 + name + length;
    }
    return ret;
}

static RunwayOutcome scrub_value(void *opaque, const char *word)
{
    ff_runway_scrub_word(opaque, word);
    return RUNWAY_OK;
}

/** Take the values of a URL's query out of text. */
static void scrub_query(char *text, const char *url)
{
    if (strlen(text) >= SIGNED_MIN)
        visit_query(url, scrub_value, text);
}

RunwayOutcome ff_runway_client_add_word(RunwayClient *client, const char *word,
                                        size_t length)
{
    char **longer = realloc(client->secrets, (client->nb_secrets + 1) *
                                             sizeof(*client->secrets));
    char *copy = malloc(length + 1);

    if (longer)
        client->secrets = longer;
    if (!longer || !copy) {
        free(copy);
        return RUNWAY_NOMEM;
    }
    memcpy(copy, word, length);
    copy[length] = 0;
    longer[client->nb_secrets++] = copy;
    return RUNWAY_OK;
}

static RunwayOutcome hide_value(void *opaque, const char *word)
{
    RunwayClient *client = opaque;

    for (size_t i = 0; i < client->nb_secrets; i++)
        if (!strcmp(client->secrets[i], word))
            return RUNWAY_OK;
    return ff_runway_client_add_word(client, word, strlen(word));
}

RunwayOutcome ff_runway_client_hide(RunwayClient *client, const char *url)
{
    RunwayOutcome ret;

    pthread_mutex_lock(&client->mutex);
    ret = visit_query(url, hide_value, client);
    pthread_mutex_unlock(&client->mutex);
    return ret;
}

void ff_runway_call_scrub(void *opaque, char *text, int is_shown)
{
    const RunwayCall *call = opaque;
    RunwayClient *client = call->client;

    pthread_mutex_lock(&client->mutex);
    ff_runway_scrub_words(text, (const char *const *)client->secrets,
                          is_shown ? client->nb_secrets : client->nb_keys);
    pthread_mutex_unlock(&client->mutex);
    /* storage services quote what they did not like */
    for (int i = 0; call->slot && i < call->slot->nb_fields; i++)
        if (strlen(call->slot->values[i]) >= SIGNED_MIN)
            ff_runway_scrub_word(text, call->slot->values[i]);
    /* but a redirect may well lead to where the same is asked for */
    for (int i = 0; is_shown && i < 2; i++)
        scrub_query(text, call->asked[i]);
}

void ff_runway_call_clean_reply(RunwayCall *call)
{
    /* by its name: what has the shape of a URL may be any text */
    static const char *const sent[][4] = {
        [RUNWAY_REQUEST_CREATE]   = { NULL },
        [RUNWAY_REQUEST_READ]     = { "output" },
        [RUNWAY_REQUEST_DOWNLOAD] = { NULL },
        [RUNWAY_REQUEST_UPLOAD]   = { "uploadUrl", "runwayUri", "fields" },
    };
    char *clean;

    if (!call->reply)
        return;
    /* that it was stored is all that a storage has to say, and many words are
     * looked for in it, as in a page instead of a result */
    call->page_cut |= call->slot && call->reply_size > RUNWAY_PAGE_MAX;
    if (call->page_cut)
        call->reply_size = 0;
    clean = ff_runway_reply_clean(call->reply, call->reply_size,
                                  sent[call->kind], ff_runway_call_scrub, call);
    /* without memory what came is not known, but neither is it shown */
    free(call->reply);
    call->reply      = clean;
    call->reply_size = clean ? strlen(clean) : 0;
}

/** libcurl's reason, with nothing secret in it. */
static const char *reason(RunwayCall *call)
{
    /* what fills its buffer was cut, and a secret that the cut goes through would
     * not be found */
    if (!call->reason[0] || strlen(call->reason) == sizeof(call->reason) - 1)
        snprintf(call->reason, sizeof(call->reason), "%s",
                 curl_easy_strerror(call->code));
    ff_runway_call_scrub(call, call->reason, 1);
    ff_runway_scrub(call->reason);
    return call->reason;
}

static const char *what(const RunwayCall *call)
{
    switch (call->kind) {
    case RUNWAY_REQUEST_CREATE:   return "the create request";
    case RUNWAY_REQUEST_READ:     return "reading the task";
    case RUNWAY_REQUEST_DOWNLOAD: return "the download";
    case RUNWAY_REQUEST_UPLOAD:   return call->slot ? "the upload" :
                                         "asking for an upload slot";
    default:                      return "the request";
    }
}

/** What to do where a proxy asks for a password, or does not take the one it was
 *  given; else nothing. Behind two slashes, error.c would blank it. */
static const char *proxy_hint(const RunwayCall *call)
{
    long status = 0;

    if (!call->proxied)
        return "";
    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status == 407 || call->status == 407 ?
           ": the proxy wants a user and a password: set "
           "https_proxy=USER:PASSWORD@HOST:PORT in the environment (or the "
           "option http_proxy, which others can see)" : "";
}

/** An https proxy has a certificate of its own, which is seen before it is asked
 *  to connect, and which tls_verify is not about. */
static RunwayOutcome report_tls(RunwayCall *call, RunwayOutcome outcome,
                                const char *through, RunwayError *err)
{
    const char *proxy = call->proxied ? call->client->proxy : "";
    long connected = 0;

    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &connected);
    if (!connected && !strncasecmp(proxy, "https:", 6))
        return ff_runway_error(err, outcome,
                               "no secure connection to the proxy on the way "
                               "to %s:%d: %s. If your own authority issued the "
                               "proxy's certificate, it has to be in the file "
                               "that ca_file=FILE names",
                               call->url->host, call->url->port, reason(call));
    return ff_runway_error(err, outcome,
                           "no secure connection to %s:%d%s: %s. If your own "
                           "authority issued the server's certificate, name it "
                           "with ca_file=FILE; tls_verify=0 checks nothing, and "
                           "anybody on the way can then read the key",
                           call->url->host, call->url->port, through,
                           reason(call));
}

RunwayOutcome ff_runway_call_report_transport(RunwayCall *call,
                                              RunwayOutcome outcome,
                                              RunwayError *err)
{
    const char *host = call->url->host;
    const char *through = call->proxied ? " through the proxy" : "";
    const char *billed = outcome == RUNWAY_UNKNOWN ?
                         ": it may have been accepted and billed" : "";
    int port = call->url->port;

    if (call->refused_address && !call->begun)
        return ff_runway_error(err, outcome,
                               "%s:%d is at an address that %s may not use: %s",
                               host, port, what(call),
                               call->url->is_https ? "private or loopback" :
                               "http:// is for loopback only");
    switch (call->transport) {
    case RUNWAY_TRANSPORT_NOT_SENT:
        return ff_runway_error(err, outcome, "cannot reach %s:%d%s: %s%s", host,
                               port, through, reason(call), proxy_hint(call));
    case RUNWAY_TRANSPORT_TLS:
        return report_tls(call, outcome, through, err);
    case RUNWAY_TRANSPORT_TOO_LARGE:
        if (call->refused_head)
            return ff_runway_error(err, outcome, "%s: %s:%d sends %s%s",
                                   what(call), host, port, call->refused_head,
                                   billed);
        if (call->kind != RUNWAY_REQUEST_DOWNLOAD)
            return ff_runway_error(err, outcome,
                                   "%s: the reply from %s:%d is larger than %d "
                                   "bytes, so it was not read to the end%s",
                                   what(call), host, port, RUNWAY_REPLY_MAX,
                                   billed);
        return ff_runway_error(err, outcome,
                               "the result at %s:%d is larger than %lld bytes",
                               host, port,
                               (long long)call->client->result_max);
    default:
        break;
    }
    if (call->kind == RUNWAY_REQUEST_CREATE)
        return ff_runway_error(err, outcome,
                               "the create request was sent to %s:%d%s but not "
                               "answered (%s)%s", host, port, through,
                               reason(call), billed);
    return ff_runway_error(err, outcome, "%s from %s:%d%s broke off: %s",
                           what(call), host, port, through, reason(call));
}

int ff_runway_call_is_web_page(const RunwayCall *call)
{
    const char *text = call->reply ? call->reply : "";

    text += strspn(text, " \t\r\n");
    return !strncasecmp(call->content_type, "text/html", 9) || *text == '<';
}

int ff_runway_call_is_json(const RunwayCall *call)
{
    const char *type = "application/json";
    size_t length = strlen(type);

    return !strncasecmp(call->content_type, type, length) &&
           (!call->content_type[length] ||
            strchr("; \t", call->content_type[length]));
}

/** Where a redirect that is not followed goes, in place of its text. */
static void describe_redirect(RunwayCall *call, char *out, size_t size)
{
    char *target = NULL;

    curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &target);
    target = strdup(target ? target : "nowhere");
    if (target) {
        ff_runway_call_scrub(call, target, 1);
        target[strcspn(target, "?#")] = 0;
        ff_runway_scrub(target);
    }
    snprintf(out, size, "a redirect to %s, which is not followed with the key",
             target ? target : "another place");
    free(target);
}

/** Whether a reply has an upload slot in it, which opens the storage to whoever
 *  reads it. */
static int has_slot(const RunwayCall *call)
{
    return call->kind == RUNWAY_REQUEST_UPLOAD && !call->slot && call->reply &&
           (strstr(call->reply, "\"fields\":{") ||
            strstr(call->reply, "uploadUrl"));
}

/** What a reply says. */
static void describe_reply(RunwayCall *call, char *out, size_t size)
{
    /* a secret that the cut goes through would not be found */
    if (call->too_large || call->page_cut)
        snprintf(out, size, "a reply that is too long to be shown");
    else if (has_slot(call))
        snprintf(out, size, "an upload slot, which is not shown");
    else
        ff_runway_reply_error_text(call->reply ? call->reply : "",
                                   call->reply_size, ff_runway_call_scrub, call,
                                   out, size);
}

RunwayOutcome ff_runway_call_report_unreadable(RunwayCall *call,
                                               RunwayOutcome outcome,
                                               RunwayError *err)
{
    char text[512];

    if (!err)
        return outcome;
    describe_reply(call, text, sizeof(text));
    return ff_runway_error(err, outcome, "%s: %s", err->text, text);
}

/** The error text of a create whose fate the reply leaves open. */
static RunwayOutcome report_unknown(RunwayCall *call, const char *text,
                                    RunwayError *err)
{
    const RunwayProvider *provider = call->client->provider;
    char hint[512] = "";

    if (call->status < 400 || call->status == 404 || call->status == 405 ||
        ff_runway_call_is_web_page(call))
        snprintf(hint, sizeof(hint), "; check base_url, which is %.200s (that "
                 "of %s is %s): at a wrong one nothing was accepted",
                 call->client->base.text, provider->title, provider->base_url);
    return ff_runway_error(err, RUNWAY_UNKNOWN,
                           "the create request was answered with %ld (%s), "
                           "which is not a reply of %s's own: it may have "
                           "been accepted and billed%s", call->status, text,
                           provider->title, hint);
}

RunwayOutcome ff_runway_call_report_status(RunwayCall *call,
                                           RunwayOutcome outcome,
                                           RunwayError *err)
{
    const RunwayClient *client = call->client;
    const RunwayProvider *provider = client->provider;
    char text[1024];

    describe_reply(call, text, sizeof(text));
    if (ff_runway_call_is_foreign(call))
        return ff_runway_error(err, outcome, "%s:%d answered %s with "
                               "%ld: %s", call->url->host, call->url->port,
                               what(call), call->status, text);
    if (call->status >= 300 && call->status < 400)
        describe_redirect(call, text, sizeof(text));
    if (*proxy_hint(call))
        return ff_runway_error(err, outcome, "%s was answered with 407 (%s)%s%s",
                               what(call), text, outcome == RUNWAY_UNKNOWN ?
                               ": it may have been accepted and billed" : "",
                               proxy_hint(call));
    if (outcome == RUNWAY_UNKNOWN)
        return report_unknown(call, text, err);
    if (call->status == 401)
        return ff_runway_error(err, outcome,
                               "%s does not accept the key (401: %s): check "
                               "%s or key_file; keys are at %s",
                               provider->title, text, provider->key_variable,
                               provider->key_page);
    if (call->status < 400 || call->status == 404 || call->status == 405 ||
        (call->status < 500 && call->status != 403 && call->status != 413 &&
         call->status != 429 && ff_runway_call_is_web_page(call)))
        return ff_runway_error(err, outcome,
                               "there is no such service at %s (%ld: %s): "
                               "check base_url (for %s it is %s)",
                               client->base.text, call->status, text,
                               provider->title, provider->base_url);
    if (call->status == 403)
        return ff_runway_error(err, outcome,
                               "%s does not allow this (403: %s): the key in "
                               "%s may lack the permission, see %s",
                               provider->title, text, provider->key_variable,
                               provider->key_page);
    if (call->status == 413 && call->body)
        return ff_runway_error(err, outcome,
                               "the request, %llu bytes including the clip, is "
                               "too large for %s (413: %s): %sa shorter "
                               "clip_duration makes it smaller, and buys all "
                               "clips anew",
                               (unsigned long long)ff_runway_call_size(call),
                               provider->title, text, provider->uploads_path ?
                               "transport=upload sends the clip beside it; or "
                               : "");
    return ff_runway_error(err, outcome, "%s answered %s with %ld: %s",
                           provider->title, what(call), call->status, text);
}

RunwayOutcome ff_runway_call_check(RunwayCall *call, RunwayError *err)
{
    if (call->transport == RUNWAY_TRANSPORT_REPLY)
        return RUNWAY_OK;
    /* we cut it off ourselves: a body that lacks a part of its Content-Length
     * is no request that anybody could have accepted */
    if (call->cancelled && !(call->kind == RUNWAY_REQUEST_CREATE &&
                             ff_runway_call_has_begun(call) &&
                             !ff_runway_call_is_incomplete(call)))
        return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
    if (call->cancelled)
        return ff_runway_error(err, RUNWAY_UNKNOWN,
                               "%s after the create request was sent to %s and "
                               "before it was answered: it may have been "
                               "accepted and billed", call->cancelled ==
                               RUNWAY_STOP_NOW ? "interrupted" : "stopped",
                               call->url->host);
    /* A body of which nothing went out is our own affair; of one that was cut
     * short the same is likely, and not certain. */
    if (call->body_outcome && !call->given)
        return ff_runway_error(err, call->body_outcome,
                               "the clip to be sent cannot be read");
    if (call->no_memory && call->kind != RUNWAY_REQUEST_CREATE)
        return ff_runway_no_memory(err);
    if (call->code == CURLE_OUT_OF_MEMORY && !ff_runway_call_has_begun(call))
        return ff_runway_no_memory(err);
    if ((call->code == CURLE_UNSUPPORTED_PROTOCOL ||
         call->code == CURLE_NOT_BUILT_IN ||
         call->code == CURLE_URL_MALFORMAT) && !ff_runway_call_has_begun(call))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "libcurl cannot talk to %s:%d: %s",
                               call->url->host, call->url->port, reason(call));
    return RUNWAY_OK;
}
