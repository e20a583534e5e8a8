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

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "client.h"
#include "net.h"
#include "retry.h"

#define USER_AGENT "runway_v2v/" RUNWAY_VERSION

/* milliseconds between two looks at cancelled() */
#define SLICE 100
/* microseconds a create that went out is waited for after cancelled(); less
 * than the two seconds the contract allows, as others have to end as well */
#define GRACE 1500000LL

#define CONNECT_TIMEOUT 30L       /* seconds */
#define STALL_TIMEOUT   60000000LL
#define CREATE_STALL    120000000LL

#define REPLY_MAX (1 << 20)       /* bytes of a JSON reply */
#define PAGE_MAX  (64 << 10)      /* bytes kept of a download's error page */
#define REDIRECTS_MAX 5

/* bytes per second under which a transfer counts as stalled; a result that
 * comes more slowly than this would take hours */
#define SLOW          1L
#define SLOW_DOWNLOAD 256L

struct RunwayClient {
    const RunwayProvider *provider;
    const RunwayLog *log;
    int (*cancelled)(void *opaque);
    void *opaque;

    RunwayUrl base;
    char *key;
    char *proxy;                ///< NULL: none
    char *no_proxy;             ///< hosts that proxy is not for; NULL: none
    char *ca_file;              ///< NULL: the system's
    int tls_verify;
    int64_t result_max;
    int64_t stall_timeout;      ///< 0: the defaults

    struct curl_slist *headers;        ///< of reads
    struct curl_slist *create_headers; ///< of creates
    char **secrets;                    ///< values of the user's own headers
    size_t nb_secrets;

    pthread_mutex_t mutex;
    int near;   ///< under mutex: the API is on a private or loopback address
    int reached; ///< under mutex: something has answered with a status
};

/** One request on its way, and what came back. */
typedef struct Call {
    RunwayClient *client;
    RunwayRequestKind kind;
    CURL *easy;
    const RunwayUrl *url;
    char reason[CURL_ERROR_SIZE];  ///< libcurl's own words

    const RunwaySlot *slot;        ///< a file goes to the storage, or NULL
    struct curl_slist *storage_headers;
    RunwayBody *body;
    RunwayOutcome body_outcome;    ///< why the body could not be read
    uint64_t given;                ///< bytes of it that libcurl took
    int begun;                     ///< the request may have begun to go out

    char *reply;                   ///< always ends in a 0 when not NULL
    size_t reply_size;
    char retry_after[64];          ///< header, "" when it did not come
    char content_type[64];
    int64_t range_start, range_total; ///< of Content-Range, -1: not told

    int fd;                        ///< downloads: where to
    int64_t done;                  ///< bytes fd holds
    int write_error;               ///< errno of a failed write
    int wrong_range;               ///< not the range that was asked for

    int proxied;
    int refused_address;           ///< the address is one that may not be
    int too_large;
    int no_memory;
    int cancelled;

    CURLcode code;
    RunwayTransport transport;
    long status;                   ///< of the last reply line, 0: none
} Call;

/*
 * libcurl as a whole
 */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void init_curl(void)
{
    /* Never cleaned up: the host program may use libcurl as well, and there is
     * no last moment for a filter. */
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/**
 * With CURLOPT_NOSIGNAL the program has to see to SIGPIPE, which OpenSSL raises
 * on a connection that is gone. The program is not ours, so it is held off in
 * this thread only.
 */
typedef struct PipeGuard {
    sigset_t before;
    int was_pending;
} PipeGuard;

static void hold_sigpipe(PipeGuard *guard)
{
    sigset_t set;

    sigpending(&set);
    guard->was_pending = sigismember(&set, SIGPIPE) == 1;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, &guard->before);
}

static void release_sigpipe(PipeGuard *guard)
{
    sigset_t set;
    int number;

    sigpending(&set);
    if (!guard->was_pending && sigismember(&set, SIGPIPE) == 1) {
        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        sigwait(&set, &number);
    }
    pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

/*
 * The client
 */

static RunwayOutcome no_memory(RunwayError *err)
{
    return ff_runway_error(err, RUNWAY_NOMEM, "out of memory");
}

static RunwayOutcome check_base(const RunwayClient *client, const char *text,
                                RunwayError *err)
{
    const RunwayUrl *base = &client->base;

    /* what is wrong may hold a password: the text is not shown whole */
    if (!base->text)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url is no http or https URL; one is %s",
                               client->provider->base_url);
    if (base->has_user)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url may not hold a user or password");
    if (base->has_query)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url may not hold a query ('?') or a "
                               "fragment ('#')");
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7F)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "base_url may not hold blanks or control "
                                   "characters");
    if (!base->is_https && !base->is_loopback)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url %s: http:// would send the key in the "
                               "clear and is for loopback only (127.0.0.0/8, "
                               "[::1], localhost); use https://", base->text);
    return RUNWAY_OK;
}

/** Whether the text of length n is a header's name. */
static int is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
              (s[i] >= '0' && s[i] <= '9') || strchr("!#$%&'*+-.^_`|~", s[i])))
            return 0;
    return n > 0;
}

/** Append a header to a list, by reference. */
static int add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (!longer)
        return 0;
    *list = longer;
    return 1;
}

/** Whether a list has a header of that name. */
static int has_header(const struct curl_slist *list, const char *name)
{
    size_t n = strlen(name);

    for (; list; list = list->next)
        if (!strncasecmp(list->data, name, n) &&
            (list->data[n] == ':' || list->data[n] == ';'))
            return 1;
    return 0;
}

static RunwayOutcome add_secret(RunwayClient *client, const char *value)
{
    char **longer = realloc(client->secrets, (client->nb_secrets + 1) *
                                             sizeof(*client->secrets));

    if (!longer)
        return RUNWAY_NOMEM;
    client->secrets = longer;
    longer[client->nb_secrets] = strdup(value);
    if (!longer[client->nb_secrets])
        return RUNWAY_NOMEM;
    client->nb_secrets++;
    return RUNWAY_OK;
}

/** Take over one "Name: value" line of the user's. */
static RunwayOutcome add_own_header(RunwayClient *client, const char *line,
                                    size_t length, RunwayError *err)
{
    /* the first two are secrets' matters, the others would break the framing
     * that the create depends on */
    static const char *const forbidden[] = {
        "Authorization", "Host", "Content-Length", "Transfer-Encoding",
        "Connection", "Expect", "Upgrade", "Proxy-Authorization", "TE",
        "Trailer", "Accept-Encoding",
    };
    const char *colon = memchr(line, ':', length);
    size_t name = colon ? (size_t)(colon - line) : 0;
    size_t start, n;
    RunwayOutcome ret;
    char *text;

    if (!colon || !is_token(line, name))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "%s: each line is \"Name: value\", and one is "
                               "not", client->provider->headers_variable ?
                               client->provider->headers_variable : "headers");
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        if (strlen(forbidden[i]) == name &&
            !strncasecmp(line, forbidden[i], name))
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "%s may not set %s",
                                   client->provider->headers_variable ?
                                   client->provider->headers_variable :
                                   "headers", forbidden[i]);
    for (size_t i = name; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') ||
            line[i] == 0x7F)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "the header %.*s has a control character "
                                   "in its value", (int)name, line);
    start = name + 1;
    while (start < length && (line[start] == ' ' || line[start] == '\t'))
        start++;
    n    = length - start;
    text = malloc(name + n + 3);
    if (!text)
        return no_memory(err);
    memcpy(text, line + start, n);
    text[n] = 0;
    ret = add_secret(client, text);
    /* libcurl takes "Name:" for the wish to send no such header */
    memcpy(text, line, name);
    text[name] = n ? ':' : ';';
    text[name + 1] = 0;
    if (n) {
        text[name + 1] = ' ';
        memcpy(text + name + 2, line + start, n);
        text[name + 2 + n] = 0;
    }
    if (!ret && !add_header(&client->headers, text))
        ret = RUNWAY_NOMEM;
    free(text);
    return ret ? no_memory(err) : RUNWAY_OK;
}

static RunwayOutcome add_own_headers(RunwayClient *client, const char *text,
                                     RunwayError *err)
{
    while (text && *text) {
        size_t whole = strcspn(text, "\n"), length = whole;
        size_t start = strspn(text, " \t\r");
        RunwayOutcome ret;

        while (length && strchr(" \t\r", text[length - 1]))
            length--;
        if (start < length) {
            ret = add_own_header(client, text + start, length - start, err);
            if (ret)
                return ret;
        }
        text += whole + (text[whole] == '\n');
    }
    return RUNWAY_OK;
}

/** The header "name: value", unless the user's own say it. */
static int add_default(struct curl_slist **list, const char *name,
                       const char *value)
{
    size_t room = strlen(name) + strlen(value) + 3;
    char *line;
    int ret;

    if (has_header(*list, name))
        return 1;
    line = malloc(room);
    if (!line)
        return 0;
    snprintf(line, room, "%s: %s", name, value);
    ret = add_header(list, line);
    free(line);
    return ret;
}

static RunwayOutcome make_headers(RunwayClient *client,
                                  const RunwayClientConfig *config,
                                  RunwayError *err)
{
    size_t room = strlen("Bearer ") + strlen(config->key) + 1;
    RunwayOutcome ret = add_own_headers(client, config->headers, err);
    char *bearer;

    if (ret)
        return ret;
    bearer = malloc(room);
    if (!bearer)
        return no_memory(err);
    snprintf(bearer, room, "Bearer %s", config->key);
    if (!add_default(&client->headers, "Authorization", bearer) ||
        !add_default(&client->headers, "X-Runway-Version",
                     config->api_version) ||
        !add_default(&client->headers, "Accept", "application/json") ||
        !add_default(&client->headers, "User-Agent", USER_AGENT))
        ret = no_memory(err);
    free(bearer);
    for (struct curl_slist *i = client->headers; i && !ret; i = i->next)
        if (!add_header(&client->create_headers, i->data))
            ret = no_memory(err);
    if (ret)
        return ret;
    /* Without this libcurl asks for "100 Continue" and, in its absence, waits
     * and may send the body a second time. */
    if (!add_header(&client->create_headers, "Expect:") ||
        !add_default(&client->create_headers, "Content-Type",
                     "application/json"))
        return no_memory(err);
    return RUNWAY_OK;
}

/** Whether a proxy's URL leads to this machine. */
static int is_loopback_proxy(const char *proxy)
{
    CURLU *u = curl_url();
    char *host = NULL;
    int ret = 0;

    if (u && !curl_url_set(u, CURLUPART_URL, proxy, CURLU_GUESS_SCHEME |
                           CURLU_NON_SUPPORT_SCHEME) &&
        !curl_url_get(u, CURLUPART_HOST, &host, 0))
        ret = ff_runway_host_reach(host) == RUNWAY_REACH_LOOPBACK;
    curl_free(host);
    curl_url_cleanup(u);
    return ret;
}

static const char *get_variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/** The environment is read here and nowhere else, as others may change it. */
static RunwayOutcome choose_proxy(RunwayClient *client, const char *proxy,
                                  RunwayError *err)
{
    /* curl's, then the one that FFmpeg's own https goes by */
    static const char *const names[] = {
        "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy",
    };
    const char *except = NULL;

    if (proxy && *proxy && !client->base.is_https && !is_loopback_proxy(proxy))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "http_proxy is not for base_url %s: the key "
                               "would leave this machine in the clear",
                               client->base.text);
    if (!proxy) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !proxy; i++)
            proxy = get_variable(names[i]);
        except = get_variable("no_proxy");
        if (!except)
            except = get_variable("NO_PROXY");
        /* loopback never goes through a proxy that nobody named for it */
        if (proxy) {
            size_t room = strlen(except ? except : "") +
                          strlen("localhost,[::1],,") + 1;

            client->no_proxy = malloc(room);
            if (!client->no_proxy)
                return no_memory(err);
            snprintf(client->no_proxy, room, "localhost,[::1],%s",
                     except ? except : "");
        }
    }
    if (!proxy || !*proxy)
        return RUNWAY_OK;
    client->proxy = strdup(proxy);
    return client->proxy ? RUNWAY_OK : no_memory(err);
}

RunwayOutcome ff_runway_client_create(const RunwayClientConfig *config,
                                      RunwayClient **client, RunwayError *err)
{
    RunwayClient *c;
    RunwayOutcome ret;

    *client = NULL;
    pthread_once(&curl_once, init_curl);
    if (curl_ready)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "libcurl cannot be used: %s",
                               curl_easy_strerror(curl_ready));
    c = calloc(1, sizeof(*c));
    if (!c)
        return no_memory(err);
    pthread_mutex_init(&c->mutex, NULL);
    c->provider      = config->provider;
    c->log           = config->log;
    c->cancelled     = config->cancelled;
    c->opaque        = config->opaque;
    c->tls_verify    = config->tls_verify;
    c->stall_timeout = config->stall_timeout;
    c->result_max    = config->result_max > 0 ? config->result_max
                                              : RUNWAY_RESULT_MAX;

    ff_runway_url_parse(config->base_url, &c->base);
    ret = check_base(c, config->base_url, err);
    if (ret)
        goto fail;
    c->near = ff_runway_host_reach(c->base.host) != RUNWAY_REACH_PUBLIC;
    if (config->ca_file && *config->ca_file) {
        if (access(config->ca_file, R_OK)) {
            ret = ff_runway_error(err, RUNWAY_INVALID,
                                  "ca_file %s cannot be read: %s",
                                  config->ca_file, strerror(errno));
            goto fail;
        }
        c->ca_file = strdup(config->ca_file);
        if (!c->ca_file) {
            ret = no_memory(err);
            goto fail;
        }
    }
    c->key = strdup(config->key);
    if (!c->key) {
        ret = no_memory(err);
        goto fail;
    }
    ret = choose_proxy(c, config->proxy, err);
    if (!ret)
        ret = make_headers(c, config, err);
    if (ret)
        goto fail;
    *client = c;
    return RUNWAY_OK;
fail:
    ff_runway_client_free(&c);
    return ret;
}

void ff_runway_client_free(RunwayClient **client)
{
    RunwayClient *c = client ? *client : NULL;

    if (!c)
        return;
    for (size_t i = 0; i < c->nb_secrets; i++)
        free(c->secrets[i]);
    free(c->secrets);
    curl_slist_free_all(c->headers);
    curl_slist_free_all(c->create_headers);
    ff_runway_url_reset(&c->base);
    free(c->key);
    free(c->proxy);
    free(c->no_proxy);
    free(c->ca_file);
    pthread_mutex_destroy(&c->mutex);
    free(c);
    *client = NULL;
}

int ff_runway_client_is_loopback(const RunwayClient *client)
{
    return client->base.is_loopback;
}

int ff_runway_client_has_reached(RunwayClient *client)
{
    int reached;

    pthread_mutex_lock(&client->mutex);
    reached = client->reached;
    pthread_mutex_unlock(&client->mutex);
    return reached;
}

const char *ff_runway_client_endpoint(const RunwayClient *client)
{
    return client->base.text;
}

static int is_cancelled(const RunwayClient *client)
{
    return client->cancelled && client->cancelled(client->opaque);
}

/** Whether the request goes where a reply said, and not to the API. */
static int is_foreign(const Call *call)
{
    return call->slot || call->kind == RUNWAY_REQUEST_DOWNLOAD;
}

/*
 * What libcurl calls
 */

static size_t read_body(char *out, size_t size, size_t nb, void *opaque)
{
    Call *call = opaque;
    size_t written;

    call->begun = 1;
    call->body_outcome = ff_runway_body_read(call->body, out, size * nb,
                                             &written);
    if (call->body_outcome)
        return CURL_READFUNC_ABORT;
    call->given += written;
    return written;
}

/** Keep a reply's bytes in memory, as many as the limit allows. */
static int keep_reply(Call *call, const char *data, size_t size, size_t limit)
{
    char *longer;

    if (size > limit - call->reply_size) {
        call->too_large = 1;
        size = limit - call->reply_size;
    }
    longer = realloc(call->reply, call->reply_size + size + 1);
    if (!longer) {
        call->no_memory = 1;
        return 0;
    }
    memcpy(longer + call->reply_size, data, size);
    call->reply       = longer;
    call->reply_size += size;
    longer[call->reply_size] = 0;
    return 1;
}

static size_t write_reply(char *data, size_t size, size_t nb, void *opaque)
{
    Call *call = opaque;

    if (!keep_reply(call, data, size * nb, REPLY_MAX) || call->too_large)
        return 0;
    return size * nb;
}

/** Drop what fd holds: it belongs to something else. */
static void start_over(Call *call)
{
    call->done = 0;
    if (ftruncate(call->fd, 0))
        call->write_error = errno;
}

static size_t write_file(char *data, size_t size, size_t nb, void *opaque)
{
    Call *call = opaque;
    size_t left = size * nb;
    curl_off_t length = -1;

    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->status);
    if (call->status != 200 && call->status != 206) {
        int kept = keep_reply(call, data, left, PAGE_MAX);

        call->too_large = 0;
        return kept ? left : 0;
    }
    /* reply_size serves as the count of what this request brought */
    if (!call->reply_size) {
        if (call->status == 200 && call->done)
            start_over(call);
        if (call->status == 206 && call->range_start != call->done) {
            call->wrong_range = 1;
            return 0;
        }
        curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                          &length);
        if (length > call->client->result_max - call->done)
            call->too_large = 1;
    }
    if ((int64_t)left > call->client->result_max - call->done)
        call->too_large = 1;
    if (call->too_large || call->write_error)
        return 0;
    call->reply_size += left;
    while (left) {
        ssize_t n = pwrite(call->fd, data, left, (off_t)call->done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            call->write_error = n < 0 ? errno : EIO;
            return 0;
        }
        data       += n;
        left       -= (size_t)n;
        call->done += n;
    }
    return size * nb;
}

/** Copy a header's value if line is that header. */
static void take_header(const char *line, size_t length, const char *name,
                        char *out, size_t room)
{
    size_t n = strlen(name);

    if (length <= n || strncasecmp(line, name, n) || line[n] != ':')
        return;
    for (n++; n < length && (line[n] == ' ' || line[n] == '\t'); n++)
        ;
    while (length > n && (unsigned char)line[length - 1] <= ' ')
        length--;
    /* a value that does not fit is no value that is understood */
    if (length - n >= room)
        return;
    memcpy(out, line + n, length - n);
    out[length - n] = 0;
}

/** A decimal number at *s, -1 when there is none. */
static int64_t take_number(const char **s)
{
    int64_t value = 0;
    int digits = 0;

    for (; **s >= '0' && **s <= '9' && digits < 18; (*s)++, digits++)
        value = value * 10 + (**s - '0');
    return digits ? value : -1;
}

/** "bytes 100-199/200", "bytes 100-199/" and a star, "bytes ", a star, "/200" */
static void parse_range(Call *call, const char *value)
{
    call->range_start = -1;
    call->range_total = -1;
    if (strncasecmp(value, "bytes", 5))
        return;
    value += 5;
    value += strspn(value, " \t=");
    call->range_start = take_number(&value);
    value = strchr(value, '/');
    if (value) {
        value++;
        call->range_total = take_number(&value);
    }
}

static size_t read_header(char *data, size_t size, size_t nb, void *opaque)
{
    Call *call = opaque;
    size_t length = size * nb;
    char range[96] = "";

    if (length >= 5 && !memcmp(data, "HTTP/", 5)) {
        /* another reply begins: the one before was a "100 Continue" */
        call->retry_after[0]  = 0;
        call->content_type[0] = 0;
        call->range_start     = -1;
        call->range_total     = -1;
    }
    take_header(data, length, "Retry-After", call->retry_after,
                sizeof(call->retry_after));
    take_header(data, length, "Content-Type", call->content_type,
                sizeof(call->content_type));
    take_header(data, length, "Content-Range", range, sizeof(range));
    if (range[0])
        parse_range(call, range);
    return length;
}

/**
 * Only to learn when the create's own request line has gone out: a CONNECT to a
 * proxy goes by here too and is no create. Nothing is logged: secrets pass by.
 */
static int watch(CURL *easy, curl_infotype type, char *data, size_t size,
                 void *opaque)
{
    Call *call = opaque;

    (void)easy;
    if (type == CURLINFO_HEADER_OUT &&
        !(size >= 8 && !memcmp(data, "CONNECT ", 8)))
        call->begun = 1;
    return 0;
}

static curl_socket_t open_socket(void *opaque, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    Call *call = opaque;
    RunwayReach reach = ff_runway_reach(&address->addr);
    int refused = 0, near;
    int fd;

    (void)purpose;
    if (!call->proxied) {
        pthread_mutex_lock(&call->client->mutex);
        if (!is_foreign(call) && reach != RUNWAY_REACH_PUBLIC)
            call->client->near = 1;
        near = call->client->near;
        pthread_mutex_unlock(&call->client->mutex);
        if (!call->url->is_https)
            refused = reach != RUNWAY_REACH_LOOPBACK;
        else if (is_foreign(call))
            refused = reach != RUNWAY_REACH_PUBLIC && !near;
    }
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

static int64_t stall_time(const Call *call)
{
    if (call->client->stall_timeout > 0)
        return call->client->stall_timeout;
    return call->kind == RUNWAY_REQUEST_CREATE ? CREATE_STALL : STALL_TIMEOUT;
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

static CURLcode set_network(Call *call)
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
    if (client->ca_file)
        SET(CURLOPT_CAINFO, client->ca_file);

    SET(CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
    SET(CURLOPT_LOW_SPEED_LIMIT, call->kind == RUNWAY_REQUEST_DOWNLOAD ?
                                 SLOW_DOWNLOAD : SLOW);
    SET(CURLOPT_LOW_SPEED_TIME, (long)((stall + 999999) / 1000000));
    /* a reply that comes byte by byte is never slow enough for the above; what
     * has to be sent or fetched may take its time all the same */
    if (call->kind == RUNWAY_REQUEST_READ ||
        (call->kind == RUNWAY_REQUEST_UPLOAD && !call->slot))
        SET(CURLOPT_TIMEOUT_MS, (long)(2 * stall / 1000));
    else if (call->kind == RUNWAY_REQUEST_CREATE)
        SET(CURLOPT_TIMEOUT_MS, (long)(15 * stall / 1000));

    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* a name that is being looked up must not hold up the end; an older
     * library than this was built with may not know how */
    if (!ret)
        curl_easy_setopt(call->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    return ret;
}

static CURLcode set_request(Call *call, const char *url)
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
    SET(CURLOPT_HEADERFUNCTION, read_header);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_DEBUGFUNCTION, watch);
    SET(CURLOPT_DEBUGDATA, call);
    SET(CURLOPT_VERBOSE, 1L);
    if (call->kind == RUNWAY_REQUEST_DOWNLOAD) {
        SET(CURLOPT_WRITEFUNCTION, write_file);
        SET(CURLOPT_USERAGENT, USER_AGENT);
    } else {
        SET(CURLOPT_WRITEFUNCTION, write_reply);
    }
    if (call->body) {
        SET(CURLOPT_HTTPHEADER, call->slot ? call->storage_headers
                                           : call->client->create_headers);
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE,
            (curl_off_t)ff_runway_body_size(call->body));
        /* no seek function: libcurl cannot begin the body a second time */
        SET(CURLOPT_READFUNCTION, read_body);
        SET(CURLOPT_READDATA, call);
    } else if (call->kind == RUNWAY_REQUEST_READ) {
        SET(CURLOPT_HTTPHEADER, call->client->headers);
    }
    return ret;
}

/** libcurl's codes for a certificate or a handshake that was not accepted. */
static int is_tls_code(CURLcode code)
{
    /* by number: some names are gone from, or not yet in, some releases */
    static const unsigned char codes[] = {
        35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91, 98
    };

    return memchr(codes, (int)code, sizeof(codes)) != NULL;
}

/** Whether the request may have reached the other end, if only in part. */
static int has_begun(Call *call)
{
    curl_off_t time_us = 0;

    /* set when the connection, TLS included, is there and sending starts; after
     * that a failed write may have been half of one */
    if (!curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &time_us) &&
        time_us > 0)
        call->begun = 1;
    return call->begun;
}

/** Let the transfer run to its end, or to that of the caller's patience. */
static CURLcode run(Call *call, CURLM *multi)
{
    int64_t deadline = 0;

    for (;;) {
        CURLMsg *message;
        int running, queued;

        if (curl_multi_perform(multi, &running))
            return CURLE_OUT_OF_MEMORY;
        while ((message = curl_multi_info_read(multi, &queued)))
            if (message->msg == CURLMSG_DONE)
                return message->data.result;
        if (!running)
            return CURLE_RECV_ERROR;
        if (!deadline && is_cancelled(call->client)) {
            call->cancelled = 1;
            /* A create that went out has an answer that is worth waiting for:
             * without it nobody knows what is billed. */
            if (call->kind != RUNWAY_REQUEST_CREATE || !has_begun(call))
                return CURLE_ABORTED_BY_CALLBACK;
            deadline = now_us() + GRACE;
        }
        if (deadline && now_us() >= deadline)
            return CURLE_ABORTED_BY_CALLBACK;
        curl_multi_poll(multi, NULL, 0, SLICE, NULL);
    }
}

/** What became of the request, from everything that is known about it. */
static RunwayTransport judge(Call *call)
{
    /* To what was sent a final status is an answer, whatever happened to the text
     * behind it. Not so a 2xx: there the text is what counts. */
    int answered = call->status >= 300 && call->body;

    if (call->code == CURLE_OK || answered)
        return RUNWAY_TRANSPORT_REPLY;
    if (call->too_large)
        return RUNWAY_TRANSPORT_TOO_LARGE;
    if (has_begun(call))
        return RUNWAY_TRANSPORT_BROKEN;
    return is_tls_code(call->code) ? RUNWAY_TRANSPORT_TLS
                                   : RUNWAY_TRANSPORT_NOT_SENT;
}

static void log_call(const Call *call, const char *url, int64_t took)
{
    size_t path = strcspn(url, "?#");

    ff_runway_log(call->client->log, RUNWAY_LOG_DEBUG,
                  "%s %.*s: status %ld, curl %d, %.3f s",
                  call->body ? "POST" : "GET",
                  (int)path, url, call->status, (int)call->code,
                  (double)took / 1e6);
}

/**
 * Send call's request to url. @return RUNWAY_OK when call->transport is what
 * became of it, else why nothing was tried.
 */
static RunwayOutcome perform(Call *call, const char *url, const char *range,
                             RunwayError *err)
{
    CURLM *multi = curl_multi_init();
    int64_t start = now_us();
    PipeGuard guard;
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

    hold_sigpipe(&guard);
    if (is_cancelled(call->client)) {
        call->cancelled = 1;
        call->code      = CURLE_ABORTED_BY_CALLBACK;
    } else {
        call->code = run(call, multi);
    }
    call->status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->status);
    call->transport = judge(call);
    if (call->status > 0) {
        pthread_mutex_lock(&call->client->mutex);
        call->client->reached = 1;
        pthread_mutex_unlock(&call->client->mutex);
    }
    curl_multi_remove_handle(multi, call->easy);
    release_sigpipe(&guard);
    log_call(call, url, now_us() - start);
end:
    if (multi) {
        hold_sigpipe(&guard);
        curl_multi_cleanup(multi);
        release_sigpipe(&guard);
    }
    if (ret == CURLE_OUT_OF_MEMORY)
        return no_memory(err);
    if (ret)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "this libcurl cannot do what is needed: %s",
                               curl_easy_strerror(ret));
    return RUNWAY_OK;
}

static void end_call(Call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->storage_headers);
    free(call->reply);
}

/*
 * What to say about it
 */

/** libcurl's reason, with nothing secret in it. */
static const char *reason(Call *call)
{
    if (!call->reason[0])
        snprintf(call->reason, sizeof(call->reason), "%s",
                 curl_easy_strerror(call->code));
    ff_runway_scrub(call->reason);
    return call->reason;
}

static void scrub_own(const RunwayClient *client, char *text)
{
    ff_runway_scrub_word(text, client->key);
    for (size_t i = 0; i < client->nb_secrets; i++)
        ff_runway_scrub_word(text, client->secrets[i]);
}

/** What the reply says, as a line. */
static void reply_text(Call *call, char *out, size_t room)
{
    if (call->reply)
        scrub_own(call->client, call->reply);
    ff_runway_wire_error_text(call->reply ? call->reply : "",
                              call->reply ? strlen(call->reply) : 0, out,
                              room);
    scrub_own(call->client, out);
    /* storage services quote what they did not like */
    for (int i = 0; call->slot && i < call->slot->nb_fields; i++)
        if (strlen(call->slot->values[i]) >= 16)
            ff_runway_scrub_word(out, call->slot->values[i]);
}

static const char *what(const Call *call)
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

/** The error text of a request that was not answered. */
static RunwayOutcome report_transport(Call *call, RunwayOutcome outcome,
                                      RunwayError *err)
{
    const char *host = call->url->host, *through = "";
    int port = call->url->port;

    if (call->proxied)
        through = " through the proxy";
    if (call->refused_address && !call->begun)
        return ff_runway_error(err, outcome,
                               "%s:%d is at an address that %s may not go to: "
                               "%s", host, port, what(call),
                               call->url->is_https ? "private or loopback" :
                               "http:// is for loopback only");
    switch (call->transport) {
    case RUNWAY_TRANSPORT_NOT_SENT:
        return ff_runway_error(err, outcome, "cannot reach %s:%d%s: %s", host,
                               port, through, reason(call));
    case RUNWAY_TRANSPORT_TLS:
        return ff_runway_error(err, outcome,
                               "no secure connection to %s:%d%s: %s. If the "
                               "server's certificate is from an authority of "
                               "your own, name it by ca_file=FILE; "
                               "tls_verify=0 checks nothing, and anybody on "
                               "the way can then read the key", host, port,
                               through, reason(call));
    case RUNWAY_TRANSPORT_TOO_LARGE:
        if (call->kind != RUNWAY_REQUEST_DOWNLOAD)
            return ff_runway_error(err, outcome,
                                   "%s: the reply of %s:%d is larger than %d "
                                   "bytes, so it was not read to its end%s",
                                   what(call), host, port, REPLY_MAX,
                                   outcome == RUNWAY_UNKNOWN ?
                                   ": it may have been accepted and billed" :
                                   "");
        return ff_runway_error(err, outcome,
                               "the result at %s:%d is larger than %lld bytes",
                               host, port,
                               (long long)call->client->result_max);
    default:
        break;
    }
    if (call->kind == RUNWAY_REQUEST_CREATE)
        return ff_runway_error(err, outcome,
                               "the create request went out to %s:%d%s and was "
                               "not answered (%s): nobody knows whether it was "
                               "accepted, it may have been billed", host, port,
                               through, reason(call));
    return ff_runway_error(err, outcome, "%s from %s:%d%s broke off: %s",
                           what(call), host, port, through, reason(call));
}

static int is_web_page(const Call *call)
{
    const char *text = call->reply ? call->reply : "";

    text += strspn(text, " \t\r\n");
    return !strncasecmp(call->content_type, "text/html", 9) || *text == '<';
}

/** The error text of a reply whose status is no success. */
static RunwayOutcome report_status(Call *call, RunwayOutcome outcome,
                                   RunwayError *err)
{
    const RunwayClient *client = call->client;
    const RunwayProvider *provider = client->provider;
    char text[1024];

    reply_text(call, text, sizeof(text));
    if (is_foreign(call))
        return ff_runway_error(err, outcome, "%s:%d answered %s with "
                               "%ld: %s", call->url->host, call->url->port,
                               what(call), call->status, text);
    if (call->status == 401)
        return ff_runway_error(err, outcome,
                               "%s does not accept the key (401: %s): check "
                               "%s or key_file; keys are at %s",
                               provider->title, text, provider->key_variable,
                               provider->key_page);
    if (call->status >= 300 && call->status < 400) {
        char *target = NULL;

        curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &target);
        return ff_runway_error(err, outcome,
                               "%s answered with a redirect (%ld) to %.*s, "
                               "which is not followed with the key: check "
                               "base_url (that of %s is %s)",
                               client->base.text, call->status,
                               target ? (int)strcspn(target, "?#") : 7,
                               target ? target : "nowhere", provider->title,
                               provider->base_url);
    }
    if (call->status == 404 || call->status == 405 ||
        (call->status < 500 && call->status != 403 && call->status != 413 &&
         call->status != 429 && is_web_page(call)))
        return ff_runway_error(err, outcome,
                               "there is no such service at %s (%ld: %s): "
                               "check base_url (that of %s is %s)",
                               client->base.text, call->status, text,
                               provider->title, provider->base_url);
    if (call->status == 403)
        return ff_runway_error(err, outcome,
                               "%s does not allow this (403: %s): the key in "
                               "%s may lack the right, see %s",
                               provider->title, text, provider->key_variable,
                               provider->key_page);
    if (call->status == 413 && call->body)
        return ff_runway_error(err, outcome,
                               "the request of %llu bytes, the clip in it, is "
                               "too large for %s (413: %s): a shorter "
                               "clip_duration makes it smaller",
                               (unsigned long long)
                               ff_runway_body_size(call->body),
                               provider->title, text);
    if (outcome == RUNWAY_UNKNOWN)
        return ff_runway_error(err, outcome,
                               "%s answered the create request with %ld (%s): "
                               "nobody knows whether it was accepted, it may "
                               "have been billed", provider->title,
                               call->status, text);
    return ff_runway_error(err, outcome, "%s answered %s with %ld: %s",
                           provider->title, what(call), call->status, text);
}

/** What can be told before the outcome is classified; RUNWAY_OK: nothing. */
static RunwayOutcome check_own_faults(Call *call, RunwayError *err)
{
    if (call->transport == RUNWAY_TRANSPORT_REPLY)
        return RUNWAY_OK;
    if (call->cancelled && !(call->kind == RUNWAY_REQUEST_CREATE &&
                             has_begun(call)))
        return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
    if (call->cancelled)
        return ff_runway_error(err, RUNWAY_UNKNOWN,
                               "interrupted after the create request went out "
                               "to %s and before it was answered: it may have "
                               "been accepted and billed", call->url->host);
    /* A body of which nothing went out is our own affair; of one that was cut
     * short the same is likely, and not certain. */
    if (call->body_outcome && !call->given)
        return ff_runway_error(err, call->body_outcome,
                               "the clip to be sent cannot be read");
    if (call->no_memory && call->kind != RUNWAY_REQUEST_CREATE)
        return no_memory(err);
    if (call->code == CURLE_OUT_OF_MEMORY && !has_begun(call))
        return no_memory(err);
    if ((call->code == CURLE_UNSUPPORTED_PROTOCOL ||
         call->code == CURLE_NOT_BUILT_IN ||
         call->code == CURLE_URL_MALFORMAT) && !has_begun(call))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "libcurl cannot talk to %s:%d: %s",
                               call->url->host, call->url->port, reason(call));
    return RUNWAY_OK;
}

static int64_t wanted_wait(const Call *call)
{
    return call->retry_after[0] ?
           ff_runway_retry_after(call->retry_after, (int64_t)time(NULL)) : -1;
}

/** base_url + path + id as a new string. */
static char *api_url(const RunwayClient *client, const char *path,
                     const char *id)
{
    size_t room = strlen(client->base.text) + strlen(path) + strlen(id) + 1;
    char *url = malloc(room);

    if (url)
        snprintf(url, room, "%s%s%s", client->base.text, path, id);
    return url;
}

static RunwayOutcome parse_accepted(Call *call, char id[RUNWAY_ID_MAX],
                                    double *credits, RunwayError *err)
{
    RunwayError why;
    RunwayOutcome ret;

    why.text[0] = 0;
    ret = ff_runway_wire_parse_create(call->reply ? call->reply : "",
                                      call->reply_size, id, credits, &why);
    if (!ret)
        return ret;
    scrub_own(call->client, why.text);
    if (is_web_page(call))
        return ff_runway_error(err, ret, "%s (this looks like a web page: check "
                               "base_url, which is %s)", why.text,
                               call->client->base.text);
    return ff_runway_error(err, ret, "%s", why.text);
}

RunwayOutcome ff_runway_client_submit(RunwayClient *client, RunwayBody *body,
                                      char id[RUNWAY_ID_MAX], double *credits,
                                      int64_t *retry_after, RunwayError *err)
{
    Call call = { .client = client, .kind = RUNWAY_REQUEST_CREATE,
                  .url = &client->base, .body = body };
    char *url = api_url(client, "/v1/video_to_video", "");
    RunwayOutcome ret;

    id[0]        = 0;
    *credits     = -1;
    *retry_after = -1;
    if (!url)
        return no_memory(err);
    ff_runway_body_rewind(body);
    ret = perform(&call, url, NULL, err);
    if (!ret)
        ret = check_own_faults(&call, err);
    if (ret)
        goto end;

    *retry_after = wanted_wait(&call);
    ret = ff_runway_classify(call.kind, call.transport, call.status,
                             *retry_after >= 0);
    if (call.transport != RUNWAY_TRANSPORT_REPLY) {
        report_transport(&call, ret, err);
    } else if (!ret) {
        ret = parse_accepted(&call, id, credits, err);
    } else {
        /* a gateway's 500 that says that the request was bad was no accident */
        if (ret == RUNWAY_UNKNOWN && call.reply &&
            ff_runway_wire_is_bad_request(call.reply, call.reply_size))
            ret = RUNWAY_REFUSED;
        report_status(&call, ret, err);
    }
end:
    end_call(&call);
    free(url);
    return ret;
}

static RunwayOutcome parse_read(Call *call, RunwayTask *task, RunwayError *err)
{
    RunwayError why;
    RunwayOutcome ret;

    why.text[0] = 0;
    ret = ff_runway_wire_parse_task(call->reply ? call->reply : "",
                                    call->reply_size, task, &why);
    scrub_own(call->client, task->failure);
    if (ret) {
        scrub_own(call->client, why.text);
        ff_runway_error(err, ret, "%s", why.text);
    }
    return ret;
}

/** Whether an error reply to a read says that the task is not there. */
static int is_missing_task(const Call *call)
{
    if (call->status < 400 || call->status >= 500 || !call->reply)
        return 0;
    if (ff_runway_wire_is_not_exist(call->reply, call->reply_size))
        return 1;
    return (call->status == 404 || call->status == 410) && !is_web_page(call);
}

RunwayOutcome ff_runway_client_read(RunwayClient *client, const char *id,
                                    RunwayTask *task, int64_t *retry_after,
                                    RunwayError *err)
{
    Call call = { .client = client, .kind = RUNWAY_REQUEST_READ,
                  .url = &client->base };
    char *url = api_url(client, "/v1/tasks/", id);
    RunwayOutcome ret;

    memset(task, 0, sizeof(*task));
    task->progress = -1;
    task->credits  = -1;
    *retry_after   = -1;
    if (!url)
        return no_memory(err);
    ret = perform(&call, url, NULL, err);
    if (!ret)
        ret = check_own_faults(&call, err);
    if (ret)
        goto end;

    *retry_after = wanted_wait(&call);
    ret = ff_runway_classify(call.kind, call.transport, call.status,
                             *retry_after >= 0);
    if (call.transport != RUNWAY_TRANSPORT_REPLY) {
        /* a reply that is too large may be a proxy's page: ask again */
        if (ret == RUNWAY_BAD_RESULT)
            ret = RUNWAY_UNAVAILABLE;
        report_transport(&call, ret, err);
    } else if (!ret) {
        ret = parse_read(&call, task, err);
    } else if (is_missing_task(&call)) {
        task->state = RUNWAY_TASK_NOT_EXIST;
        ret = RUNWAY_OK;
    } else {
        if (ret == RUNWAY_TASK_LOST)
            ret = RUNWAY_UNAVAILABLE;
        report_status(&call, ret, err);
    }
end:
    end_call(&call);
    free(url);
    return ret;
}

/** Whether a URL out of a reply may be gone to: the output's, the upload's. */
static RunwayOutcome check_foreign(const RunwayClient *client, const char *name,
                                   const RunwayUrl *url, RunwayOutcome unfit,
                                   RunwayError *err)
{
    if (!url->text)
        return ff_runway_error(err, unfit,
                               "the %s URL is no http or https URL", name);
    if (!url->is_https && !(client->base.is_loopback && url->is_loopback))
        return ff_runway_error(err, unfit,
                               "the %s is at %s:%d by http://, which is "
                               "not followed", name, url->host, url->port);
    return RUNWAY_OK;
}

/*
 * Uploads
 */

/** The outcome of one request of an upload, RUNWAY_OK: answered as it should */
static RunwayOutcome judge_upload(Call *call, int64_t *retry_after,
                                  RunwayError *err)
{
    RunwayOutcome ret;

    *retry_after = wanted_wait(call);
    ret = ff_runway_classify(call->kind, call->transport, call->status,
                             *retry_after >= 0);
    if (call->transport != RUNWAY_TRANSPORT_REPLY) {
        if (ret == RUNWAY_BAD_RESULT)
            ret = RUNWAY_UNAVAILABLE;
        return report_transport(call, ret, err);
    }
    return ret ? report_status(call, ret, err) : RUNWAY_OK;
}

static RunwayOutcome parse_slot(Call *call, RunwaySlot **slot, RunwayError *err)
{
    RunwayError why;
    RunwayOutcome ret;

    why.text[0] = 0;
    ret = ff_runway_wire_parse_slot(call->reply ? call->reply : "",
                                    call->reply_size, slot, &why);
    if (!ret)
        return ret;
    scrub_own(call->client, why.text);
    return ff_runway_error(err, ret, "%s", why.text);
}

RunwayOutcome ff_runway_client_slot(RunwayClient *client, const char *filename,
                                    RunwaySlot **slot, int64_t *retry_after,
                                    RunwayError *err)
{
    Call call = { .client = client, .kind = RUNWAY_REQUEST_UPLOAD,
                  .url = &client->base };
    char *url = api_url(client, "/v1/uploads", "");
    RunwayOutcome ret;

    *slot        = NULL;
    *retry_after = -1;
    ret = url ? ff_runway_wire_slot_body(filename, &call.body, err)
              : no_memory(err);
    if (ret)
        goto end;
    ret = perform(&call, url, NULL, err);
    if (!ret)
        ret = check_own_faults(&call, err);
    if (!ret)
        ret = judge_upload(&call, retry_after, err);
    if (!ret)
        ret = parse_slot(&call, slot, err);
end:
    end_call(&call);
    ff_runway_body_free(&call.body);
    free(url);
    return ret;
}

RunwayOutcome ff_runway_client_store(RunwayClient *client,
                                     const RunwaySlot *slot,
                                     const char *content_type,
                                     RunwayBody *body, int64_t *retry_after,
                                     RunwayError *err)
{
    Call call = { .client = client, .kind = RUNWAY_REQUEST_UPLOAD,
                  .slot = slot, .body = body };
    RunwayUrl url;
    RunwayOutcome ret;

    *retry_after = -1;
    ff_runway_url_parse(slot->url, &url);
    call.url = &url;
    ret = check_foreign(client, "upload", &url, RUNWAY_REFUSED, err);
    if (ret)
        goto end;
    if (!add_default(&call.storage_headers, "Content-Type", content_type) ||
        !add_header(&call.storage_headers, "Expect:") ||
        !add_default(&call.storage_headers, "User-Agent", USER_AGENT)) {
        ret = no_memory(err);
        goto end;
    }
    ff_runway_body_rewind(body);
    ret = perform(&call, slot->url, NULL, err);
    if (!ret)
        ret = check_own_faults(&call, err);
    if (!ret)
        ret = judge_upload(&call, retry_after, err);
end:
    end_call(&call);
    ff_runway_url_reset(&url);
    return ret;
}

/*
 * Downloads
 */

/** Whether a 200 or 206 brought all there is. */
static RunwayOutcome check_complete(const Call *call, RunwayError *err)
{
    if (call->status == 206 && call->range_total >= 0 &&
        call->done != call->range_total)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "the download from %s:%d has %lld of %lld bytes",
                               call->url->host, call->url->port,
                               (long long)call->done,
                               (long long)call->range_total);
    if (!call->done)
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "the download from %s:%d is empty",
                               call->url->host, call->url->port);
    return RUNWAY_OK;
}

/** The outcome of one download request that was not a redirect. */
static RunwayOutcome judge_download(Call *call, RunwayError *err)
{
    RunwayOutcome ret;

    if (call->write_error)
        return ff_runway_error(err, RUNWAY_IO,
                               "the result cannot be written: %s",
                               strerror(call->write_error));
    if (call->wrong_range) {
        start_over(call);
        return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                               "%s:%d sent another range than was asked for",
                               call->url->host, call->url->port);
    }
    if (call->refused_address && !call->status)
        return report_transport(call, RUNWAY_BAD_RESULT, err);
    ret = ff_runway_classify(call->kind, call->transport, call->status,
                             !!call->retry_after[0]);
    if (call->transport != RUNWAY_TRANSPORT_REPLY)
        return report_transport(call, ret, err);
    if (call->status == 416) {
        /* nothing left to send: either that was all, or the file is another */
        if (call->done > 0 && call->range_total == call->done)
            return RUNWAY_OK;
        start_over(call);
        return report_status(call, RUNWAY_UNAVAILABLE, err);
    }
    if (call->status == 200 || call->status == 206) {
        /* an empty 200 never reached write_file() */
        if (call->status == 200 && !call->reply_size)
            start_over(call);
        return check_complete(call, err);
    }
    return report_status(call, ret ? ret : RUNWAY_UNAVAILABLE, err);
}

/**
 * One request of a download. *next is set to a new string when there is a
 * redirect to follow.
 */
static RunwayOutcome download_once(RunwayClient *client, const char *text,
                                   int fd, int64_t *done, int64_t *retry_after,
                                   char **next, RunwayError *err)
{
    Call call = { .client = client, .kind = RUNWAY_REQUEST_DOWNLOAD,
                  .fd = fd, .done = *done };
    char range[32];
    char *target = NULL;
    RunwayUrl url;
    RunwayOutcome ret;

    ff_runway_url_parse(text, &url);
    call.url = &url;
    ret = check_foreign(client, "output", &url, RUNWAY_BAD_RESULT, err);
    if (ret)
        goto end;
    snprintf(range, sizeof(range), "%lld-", (long long)*done);
    ret = perform(&call, text, *done > 0 ? range : NULL, err);
    if (!ret)
        ret = check_own_faults(&call, err);
    *done = call.done;
    if (ret)
        goto end;
    *retry_after = wanted_wait(&call);
    if (call.transport == RUNWAY_TRANSPORT_REPLY && call.status >= 300 &&
        call.status < 400)
        curl_easy_getinfo(call.easy, CURLINFO_REDIRECT_URL, &target);
    if (target) {
        *next = strdup(target);
        if (!*next)
            ret = no_memory(err);
    } else {
        ret   = judge_download(&call, err);
        *done = call.done;
    }
end:
    end_call(&call);
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

        ret = download_once(client, current ? current : url, fd, done,
                            retry_after, &next, err);
        free(current);
        current = next;
        if (ret || !next)
            return ret;
    }
    free(current);
    return ff_runway_error(err, RUNWAY_UNAVAILABLE,
                           "the download was redirected more than %d times",
                           REDIRECTS_MAX);
}
