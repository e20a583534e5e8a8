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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../api/data_uri.h"
#include "client_internal.h"

/* bytes of a secret that is looked for in what servers say */
#define SECRET_MIN 8
/* bytes of one that needs no digit in it */
#define TOKEN_MIN 16

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void init_curl(void)
{
    /* Never cleaned up: the host program may use libcurl as well, and there is
     * no last moment for a filter. */
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static RunwayOutcome check_base(const RunwayClient *client, const char *text,
                                RunwayError *err)
{
    const RunwayUrl *base = &client->base;

    /* what is wrong may hold a password: the text is not shown whole */
    if (!base->text)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url is not an http or https URL, such as "
                               "%s",
                               client->provider->base_url);
    if (base->has_user)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url may not contain a user or password");
    if (base->has_query)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url may not contain a query ('?') or a "
                               "fragment ('#')");
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7F)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "base_url may not contain blanks or control "
                                   "characters");
    if (!base->is_https && !base->is_loopback)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "base_url %s: http:// would send the key in the "
                               "clear and is for loopback only (127.0.0.0/8, "
                               "[::1], localhost); use https://", base->text);
    return RUNWAY_OK;
}

/** Whether the text of length n is a token: a header's name, and what can be no
 *  more than its value. */
static int is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
              (s[i] >= '0' && s[i] <= '9') || strchr("!#$%&'*+-.^_`|~", s[i])))
            return 0;
    return n > 0;
}

int ff_runway_header_add(struct curl_slist **list, const char *line)
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

/**
 * What no server's text may hold: value itself and, wherever it begins in a
 * longer text, its base64 in both alphabets. What is shorter than SECRET_MIN is
 * an ordinary word, and would be missed in ids.
 */
static RunwayOutcome add_secret(RunwayClient *client, const char *value)
{
    size_t length = strlen(value);
    RunwayOutcome ret;

    if (length < SECRET_MIN)
        return RUNWAY_OK;
    ret = ff_runway_client_add_word(client, value, length);
    for (size_t before = 0; before < 3 && !ret; before++) {
        /* the digits that only value's own bits are in */
        size_t first = (8 * before + 5) / 6, last = 8 * (before + length) / 6;
        uint8_t *bytes = calloc(1, before + length);
        char *text = NULL;

        if (bytes) {
            memcpy(bytes + before, value, length);
            text = ff_runway_base64(bytes, before + length);
        }
        ret = text ? ff_runway_client_add_word(client, text + first, last - first)
                   : RUNWAY_NOMEM;
        for (char *c = text; c && *c; c++)
            *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
        if (!ret)
            ret = ff_runway_client_add_word(client, text + first, last - first);
        free(text);
        free(bytes);
    }
    return ret;
}

/** The same of what is in no URL either that a server names. */
static RunwayOutcome add_key(RunwayClient *client, const char *value)
{
    RunwayOutcome ret = add_secret(client, value);

    client->nb_keys = client->nb_secrets;
    return ret;
}

/** Whether a value is more likely a token than a word, which servers say as well:
 *  an id that a word was taken out of would be lost. */
static int is_telling(const char *value)
{
    return strlen(value) >= TOKEN_MIN || strpbrk(value, "0123456789");
}

/** The value of a header of the user's and each of its parts: "Bearer X",
 *  "id=X; path=Y", user:X, sig="X". */
static RunwayOutcome add_value(RunwayClient *client, const char *value)
{
    static const char between[] = " \t;,=:\"'";
    char *copy = strdup(value), *rest = copy, *part;
    RunwayOutcome ret = RUNWAY_OK;

    if (!copy)
        return RUNWAY_NOMEM;
    if (is_telling(value))
        ret = add_secret(client, value);
    while (!ret && (part = strtok_r(rest, between, &rest)))
        if (is_telling(part) && strcmp(part, value))
            ret = add_secret(client, part);
    free(copy);
    return ret;
}

/** Take a header out of a list again; what is said later holds. */
static void drop_header(struct curl_slist **list, const char *name, size_t n)
{
    for (struct curl_slist *i; (i = *list);) {
        if (strncasecmp(i->data, name, n) ||
            (i->data[n] != ':' && i->data[n] != ';')) {
            list = &i->next;
            continue;
        }
        *list   = i->next;
        i->next = NULL;
        curl_slist_free_all(i);
    }
}

/** Take over one "Name: value" line of the user's, as Runway's SDKs do: blanks
 *  around both go, and a line without a colon is none. */
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
    const char *source = client->provider->headers_variable;
    const char *colon = memchr(line, ':', length);
    size_t name = colon ? (size_t)(colon - line) : 0;
    size_t start = name + 1, n;
    RunwayOutcome ret;
    char *text;

    if (!colon) {
        ff_runway_log(client->log, RUNWAY_LOG_WARNING,
                      "%s: a line without a colon is ignored", source);
        return RUNWAY_OK;
    }
    while (name && (line[name - 1] == ' ' || line[name - 1] == '\t'))
        name--;
    if (!is_token(line, name))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "%s: each line must be \"Name: value\", and one "
                               "is not", source);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        if (strlen(forbidden[i]) == name &&
            !strncasecmp(line, forbidden[i], name))
            return ff_runway_error(err, RUNWAY_INVALID, "%s may not set %s",
                                   source, forbidden[i]);
    for (size_t i = start; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') ||
            line[i] == 0x7F)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "the value of the header %.*s contains a "
                                   "control character", (int)name, line);
    while (start < length && (line[start] == ' ' || line[start] == '\t'))
        start++;
    n    = length - start;
    text = malloc(name + n + 3);
    if (!text)
        return ff_runway_no_memory(err);
    /* libcurl takes "Name:" for the wish to send no such header */
    snprintf(text, name + n + 3, "%.*s%s%.*s", (int)name, line,
             n ? ": " : ";", (int)n, line + start);
    ret = n ? add_value(client, text + name + 2) : RUNWAY_OK;
    drop_header(&client->headers, line, name);
    if (!ret && !ff_runway_header_add(&client->headers, text))
        ret = RUNWAY_NOMEM;
    free(text);
    return ret ? ff_runway_no_memory(err) : RUNWAY_OK;
}

static RunwayOutcome add_own_headers(RunwayClient *client, RunwayError *err)
{
    const char *text = client->provider->headers_variable ?
                       getenv(client->provider->headers_variable) : NULL;

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
    size_t size = strlen(name) + strlen(value) + 3;
    char *line;
    int ret;

    if (has_header(*list, name))
        return 1;
    line = malloc(size);
    if (!line)
        return 0;
    snprintf(line, size, "%s: %s", name, value);
    ret = ff_runway_header_add(list, line);
    free(line);
    return ret;
}

static RunwayOutcome make_headers(RunwayClient *client,
                                  const RunwayClientConfig *config,
                                  RunwayError *err)
{
    size_t size = strlen("Bearer ") + strlen(config->key) + 1;
    RunwayOutcome ret = add_own_headers(client, err);
    char *bearer;

    if (!ret && !is_token(config->api_version, strlen(config->api_version)))
        ret = ff_runway_error(err, RUNWAY_INVALID, "api_version goes into a "
                              "header and may only hold letters, digits and "
                              "-._~ and the like, such as "
                              RUNWAY_API_VERSION);
    if (ret)
        return ret;
    bearer = malloc(size);
    if (!bearer)
        return ff_runway_no_memory(err);
    snprintf(bearer, size, "Bearer %s", config->key);
    if (!add_default(&client->headers, "Authorization", bearer) ||
        !add_default(&client->headers, "X-Runway-Version",
                     config->api_version) ||
        !add_default(&client->headers, "Accept", "application/json") ||
        !add_default(&client->headers, "User-Agent", RUNWAY_USER_AGENT))
        ret = ff_runway_no_memory(err);
    free(bearer);
    for (struct curl_slist *i = client->headers; i && !ret; i = i->next)
        if (!ff_runway_header_add(&client->create_headers, i->data))
            ret = ff_runway_no_memory(err);
    if (ret)
        return ret;
    /* Without this libcurl asks for "100 Continue" and, in its absence, waits
     * and may send the body a second time. */
    if (!ff_runway_header_add(&client->create_headers, "Expect:") ||
        !add_default(&client->create_headers, "Content-Type",
                     "application/json"))
        return ff_runway_no_memory(err);
    return RUNWAY_OK;
}

/** A user and a password as they are sent, for whoever says them as one. */
static RunwayOutcome add_pair(RunwayClient *client, CURLU *u)
{
    char *user = NULL, *password = NULL, *pair = NULL;
    RunwayOutcome ret = RUNWAY_OK;

    if (!curl_url_get(u, CURLUPART_USER, &user, CURLU_URLDECODE) &&
        !curl_url_get(u, CURLUPART_PASSWORD, &password, CURLU_URLDECODE)) {
        size_t size = strlen(user) + strlen(password) + 2;

        pair = malloc(size);
        if (pair)
            snprintf(pair, size, "%s:%s", user, password);
        ret = pair ? add_key(client, pair) : RUNWAY_NOMEM;
    }
    free(pair);
    curl_free(password);
    curl_free(user);
    return ret;
}

/** Take a proxy's URL apart: whether it leads to this machine; and where it wants
 *  a password, the proxy may say that in its error pages. A user may be a token,
 *  and is one where there is no password. */
static RunwayOutcome read_proxy(RunwayClient *client, const char *proxy,
                                int *is_loopback)
{
    static const struct {
        CURLUPart part;
        unsigned flags;
    } parts[] = { { CURLUPART_HOST, 0 }, { CURLUPART_PASSWORD, 0 },
                  { CURLUPART_PASSWORD, CURLU_URLDECODE },
                  { CURLUPART_USER, 0 }, { CURLUPART_USER, CURLU_URLDECODE } };
    CURLU *u = curl_url();
    int has_password = 0;
    RunwayOutcome ret;

    *is_loopback = 0;
    if (u && curl_url_set(u, CURLUPART_URL, proxy, CURLU_GUESS_SCHEME |
                          CURLU_NON_SUPPORT_SCHEME)) {
        /* libcurl will say what it does not understand */
        curl_url_cleanup(u);
        return add_key(client, proxy);
    }
    ret = u ? add_pair(client, u) : RUNWAY_NOMEM;
    for (int i = 0; i < 5 && !ret; i++) {
        char *value = NULL;

        if (curl_url_get(u, parts[i].part, &value, parts[i].flags))
            continue;
        if (!i)
            *is_loopback = ff_runway_host_reach(value) == RUNWAY_REACH_LOOPBACK;
        else if (i < 3 || is_telling(value))
            ret = add_key(client, value);
        else if (!has_password) /* a word, which an output's URL may have */
            ret = add_secret(client, value);
        has_password |= (i == 1 || i == 2) && *value;
        curl_free(value);
    }
    curl_url_cleanup(u);
    return ret;
}

/** A proxy's URL, for free(): of the schemes by which libcurl would look up names
 *  itself those that leave it to the proxy. One slash is enough for it. */
static char *copy_proxy(const char *proxy)
{
    static const char *const schemes[][2] = {
        { "socks:/",  "socks4a:/" },
        { "socks4:/", "socks4a:/" },
        { "socks5:/", "socks5h:/" },
    };
    const char *scheme = "";
    char *copy;
    size_t size;

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        size_t length = strlen(schemes[i][0]);

        if (!strncasecmp(proxy, schemes[i][0], length)) {
            scheme = schemes[i][1];
            proxy += length;
            break;
        }
    }
    size = strlen(scheme) + strlen(proxy) + 1;
    copy = malloc(size);
    if (copy)
        snprintf(copy, size, "%s%s", scheme, proxy);
    return copy;
}

/** Whether s begins with %00 to %1F, or %7F. */
static int is_escaped_control(const char *s)
{
    return *s == '%' && strspn(s + 1, "0123456789abcdefABCDEF") >= 2 &&
           (s[1] == '0' || s[1] == '1' || !strncasecmp(s + 1, "7f", 2));
}

/** Whether a URL has a control character in it, as it is or, in its user or
 *  password, as %0A: libcurl would connect past such a proxy (7.88.1). */
static int has_control(const char *url)
{
    for (const char *c = url; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F ||
            (is_escaped_control(c) && strchr(c, '@')))
            return 1;
    return 0;
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
    const int is_given = !!proxy;
    const char *except = NULL;
    int is_loopback;

    if (!proxy) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !proxy; i++)
            proxy = get_variable(names[i]);
        except = get_variable("no_proxy");
        if (!except)
            except = get_variable("NO_PROXY");
        /* loopback never goes through a proxy that nobody named for it */
        if (proxy) {
            size_t size = strlen(except ? except : "") +
                          strlen("localhost,[::1],,") + 1;

            client->no_proxy = malloc(size);
            if (!client->no_proxy)
                return ff_runway_no_memory(err);
            snprintf(client->no_proxy, size, "localhost,[::1],%s",
                     except ? except : "");
        }
    }
    if (!proxy || !*proxy)
        return RUNWAY_OK;
    if (has_control(proxy))
        return ff_runway_error(err, RUNWAY_INVALID, "the URL of the proxy "
                               "(http_proxy%s) has a control character in it",
                               is_given ? "" : " or another variable of the "
                               "environment");
    client->proxy = copy_proxy(proxy);
    if (!client->proxy || read_proxy(client, client->proxy, &is_loopback))
        return ff_runway_no_memory(err);
    if (is_given && !client->base.is_https && !is_loopback)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "http_proxy cannot be used with base_url %s: "
                               "the key would leave this machine in the clear",
                               client->base.text);
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_client_create(const RunwayClientConfig *config,
                                      RunwayClient **client, RunwayError *err)
{
    RunwayClient *c;
    struct stat st;
    RunwayOutcome ret;

    *client = NULL;
    pthread_once(&curl_once, init_curl);
    if (curl_ready)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "libcurl cannot be used: %s",
                               curl_easy_strerror(curl_ready));
    c = calloc(1, sizeof(*c));
    if (!c)
        return ff_runway_no_memory(err);
    pthread_mutex_init(&c->mutex, NULL);
    c->provider    = config->provider;
    c->create_path = ff_runway_endpoint_path(config->endpoint);
    c->log         = config->log;
    c->cancelled   = config->cancelled;
    c->opaque      = config->opaque;
    c->tls_verify  = config->tls_verify;
    c->result_max  = RUNWAY_RESULT_MAX;

    ret = ff_runway_url_parse(config->base_url, &c->base) == RUNWAY_NOMEM ?
          ff_runway_no_memory(err) : check_base(c, config->base_url, err);
    c->near = c->base.is_loopback;
    if (!ret && config->ca_file && *config->ca_file) {
        c->ca_file = strdup(config->ca_file);
        if (!c->ca_file)
            ret = ff_runway_no_memory(err);
        else if (access(c->ca_file, R_OK) || stat(c->ca_file, &st))
            ret = ff_runway_error(err, RUNWAY_INVALID,
                                  "ca_file %s cannot be read: %s", c->ca_file,
                                  strerror(errno));
        else if (!S_ISREG(st.st_mode)) /* opening a pipe may never end */
            ret = ff_runway_error(err, RUNWAY_INVALID, "ca_file %s is not a "
                                  "regular file", c->ca_file);
    }
    if (!ret && add_key(c, config->key))
        ret = ff_runway_no_memory(err);
    if (!ret)
        ret = choose_proxy(c, config->proxy, err);
    if (!ret)
        ret = make_headers(c, config, err);
    if (ret)
        ff_runway_client_free(&c);
    *client = c;
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
    free(c->proxy);
    free(c->no_proxy);
    free(c->ca_file);
    pthread_mutex_destroy(&c->mutex);
    free(c);
    *client = NULL;
}
