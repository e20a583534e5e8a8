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
#include <string.h>
#include <strings.h>

#include "providers.h"

static const RunwayProvider providers[] = {
    {
        .name          = "cometapi",
        .title         = "CometAPI",
        .base_url      = "https://api.cometapi.com/runwayml",
        .key_variable  = "COMETAPI_KEY",
        .key_page      = "https://www.cometapi.com/",
        .models        = { [RUNWAY_VIDEO_TO_VIDEO] = "gen4_aleph",
                           [RUNWAY_VIDEO_UPSCALE]  = "upscale_v1" },
        .task_path     = "/v1/tasks/",
        .bills_dollars = 1, /* its notice of 2026-09-24 */
    }, {
        .name              = "runway",
        .title             = "Runway",
        .base_url          = "https://api.dev.runwayml.com",
        .key_variable      = "RUNWAYML_API_SECRET",
        .key_page          = "https://dev.runwayml.com/",
        .key_prefix        = "key_",
        .key_digits        = 128,
        .models            = {
            [RUNWAY_VIDEO_TO_VIDEO] = "aleph2",
            [RUNWAY_VIDEO_TO_HDR]   = "ruby",
            [RUNWAY_VIDEO_UPSCALE]  = "magnific_video_upscaler_creative",
        },
        .base_url_variable = "RUNWAYML_BASE_URL",
        .headers_variable  = "RUNWAYML_CUSTOM_HEADERS",
        .dollars_per_credit = 0.01, /* its guide, guides/setup, 2026-10 */
        .task_path         = "/v1/tasks/",
        .uploads_path      = "/v1/uploads",
        .account_path      = "/v1/organization",
    },
};

#define NB_PROVIDERS ((int)(sizeof(providers) / sizeof(providers[0])))

const RunwayProvider *ff_runway_provider_at(int i)
{
    return i >= 0 && i < NB_PROVIDERS ? &providers[i] : NULL;
}

const RunwayProvider *ff_runway_provider_find(const char *name)
{
    for (int i = 0; i < NB_PROVIDERS; i++)
        if (!strcmp(name, providers[i].name))
            return &providers[i];
    return NULL;
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/** Skip white space in front of *text. @return what is left without that at its
 *  end */
static size_t trim(const char **text)
{
    size_t length;

    while (is_space(**text))
        (*text)++;
    length = strlen(*text);
    while (length && is_space((*text)[length - 1]))
        length--;
    return length;
}

/** Such a provider is not there: say who has it. */
static RunwayOutcome has_not(const RunwayProvider *p, RunwayEndpoint endpoint,
                             RunwayError *err)
{
    const RunwayProvider *other = providers;

    while (!other->models[endpoint]) /* none is in the table that nobody has */
        other++;
    return ff_runway_error(err, RUNWAY_INVALID,
                           "provider=%s: %s has no %s; %s has it, "
                           "provider=%s", p->name, p->title,
                           ff_runway_endpoint_path(endpoint), other->title,
                           other->name);
}

RunwayOutcome ff_runway_provider_choose(const char *name,
                                        RunwayEndpoint endpoint,
                                        const char *(*getenv_fn)(const char *),
                                        const RunwayProvider **provider,
                                        RunwayError *err)
{
    const RunwayProvider *found = NULL, *first = NULL;

    *provider = NULL;
    if (strcmp(name, "auto")) {
        found = ff_runway_provider_find(name);
        if (!found)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "unknown provider '%s'; the choices are "
                                   "auto, " RUNWAY_PROVIDER_NAMES, name);
        if (!found->models[endpoint])
            return has_not(found, endpoint, err);
        *provider = found;
        return RUNWAY_OK;
    }
    for (int i = 0; i < NB_PROVIDERS; i++) {
        const RunwayProvider *p = &providers[i];
        const char *key;

        if (!p->models[endpoint])
            continue;
        if (!first)
            first = p;
        key = getenv_fn(p->key_variable);
        if (!key || !trim(&key))
            continue;
        if (found)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "both %s and %s are set: choose a provider, "
                                   "provider=%s or provider=%s",
                                   found->key_variable, p->key_variable,
                                   found->name, p->name);
        found = p;
    }
    *provider = found ? found : first;
    return RUNWAY_OK;
}

char *ff_runway_provider_base_url(const RunwayProvider *provider,
                                  const char *said,
                                  const char *(*getenv_fn)(const char *))
{
    const char *text;
    size_t length = 0;
    char *copy;

    if (said && *said)
        return strdup(said);
    text = provider->base_url_variable ?
           getenv_fn(provider->base_url_variable) : NULL;
    if (text)
        length = trim(&text);
    copy = strdup(length ? text : provider->base_url);
    if (copy && length)
        copy[length] = 0;
    return copy;
}

/** The provider that gives out keys that look like this one, NULL: anyone. */
static const RunwayProvider *owner_of(const char *key)
{
    for (int i = 0; i < NB_PROVIDERS; i++) {
        const RunwayProvider *p = &providers[i];
        size_t prefix = p->key_prefix ? strlen(p->key_prefix) : 0;

        if (prefix && !strncmp(key, p->key_prefix, prefix) &&
            strspn(key + prefix, "0123456789abcdefABCDEF") ==
            (size_t)p->key_digits && !key[prefix + (size_t)p->key_digits])
            return p;
    }
    return NULL;
}

/** Whether something was copied with the key; quotes may be typographic ones. */
static int has_more_than_key(const RunwayProvider *provider, const char *key)
{
    const size_t name = strlen(provider->key_variable);

    for (const char *c = key; *c; c++)
        if ((unsigned char)*c >= 0x80 || strchr(" '\"", *c))
            return 1;
    return !strncmp(key, provider->key_variable, name) && key[name] == '=';
}

/** Whether it only stands for a key: a variable that was not expanded, asterisks
 *  or dots, or what an example has in its place. Such characters may well be in
 *  the key of a gateway of one's own. */
static int is_placeholder(const char *key)
{
    const char last = key[strlen(key) - 1];

    switch (*key) {
    case '$':
        return key[1] == '{' || key[1] == '(' ||
               !key[1 + strspn(key + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                        "abcdefghijklmnopqrstuvwxyz")];
    case '%': return last == '%';
    case '<': return last == '>';
    case '{': return last == '}';
    default:
        return strstr(key, "***") || strstr(key, "...") ||
               !strncasecmp(key, "your-", 5) || !strncasecmp(key, "your_", 5);
    }
}

RunwayOutcome ff_runway_key_check(const RunwayProvider *provider, char *key,
                                  RunwayError *err)
{
    const RunwayProvider *owner;
    const char *start = key;
    size_t length = trim(&start);

    memmove(key, start, length);
    key[length] = 0;

    if (!length)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "no key for %s: set the environment variable "
                               "%s, or name a file that holds the key with "
                               "key_file (get one at %s; dry_run=1 needs "
                               "none); unless provider is set, the key that is "
                               "there selects it: " RUNWAY_PROVIDER_KEYS,
                               provider->title, provider->key_variable,
                               provider->key_page);
    for (const char *c = key; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "the key for %s contains a line break or "
                                   "another control character: check %s or "
                                   "key_file, and copy it again from %s",
                                   provider->title, provider->key_variable,
                                   provider->key_page);
    if (is_placeholder(key))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "the key for %s is a placeholder (a variable "
                               "that was not expanded, <...> or the like): set "
                               "%s to the key itself, or write it into the "
                               "file that key_file names (get one at %s)",
                               provider->title, provider->key_variable,
                               provider->key_page);
    if (has_more_than_key(provider, key))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "the key for %s contains more than the key "
                               "(\"Bearer \", quotes, a space or the name of a "
                               "variable was copied with it): check %s or "
                               "key_file, and leave only the key, as %s shows "
                               "it",
                               provider->title, provider->key_variable,
                               provider->key_page);
    owner = owner_of(key);
    if (owner && owner != provider)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "the key given for %s looks like one of %s's "
                               "own and is not sent there: set provider=%s and "
                               "%s, or get a key for %s at %s",
                               provider->title, owner->title, owner->name,
                               owner->key_variable, provider->title,
                               provider->key_page);
    return RUNWAY_OK;
}
