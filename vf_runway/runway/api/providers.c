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

#include "providers.h"

static const RunwayProvider providers[] = {
    {
        .name          = "cometapi",
        .title         = "CometAPI",
        .base_url      = "https://api.cometapi.com/runwayml",
        .key_variable  = "COMETAPI_KEY",
        .key_page      = "https://www.cometapi.com/",
        .default_model = "gen4_aleph",
    }, {
        .name              = "runway",
        .title             = "Runway",
        .base_url          = "https://api.dev.runwayml.com",
        .key_variable      = "RUNWAYML_API_SECRET",
        .key_page          = "https://dev.runwayml.com/",
        .default_model     = "aleph2",
        .base_url_variable = "RUNWAYML_BASE_URL",
        .headers_variable  = "RUNWAYML_CUSTOM_HEADERS",
        .has_uploads       = 1,
        .has_account       = 1,
    },
};

#define NB_PROVIDERS ((int)(sizeof(providers) / sizeof(providers[0])))

static const RunwayProvider *const cometapi = &providers[0];
static const RunwayProvider *const runway   = &providers[1];

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

/** Whether there is more than white space in text. */
static int has_content(const char *text)
{
    while (text && is_space(*text))
        text++;
    return text && *text;
}

RunwayOutcome ff_runway_provider_choose(const char *name,
                                        const char *(*getenv_fn)(const char *),
                                        const RunwayProvider **provider,
                                        RunwayError *err)
{
    int has_cometapi, has_runway;

    *provider = NULL;
    if (strcmp(name, "auto")) {
        *provider = ff_runway_provider_find(name);
        if (!*provider)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "unknown provider '%s'; the choices are "
                                   "auto, cometapi, runway", name);
        return RUNWAY_OK;
    }
    has_cometapi = has_content(getenv_fn(cometapi->key_variable));
    has_runway   = has_content(getenv_fn(runway->key_variable));
    if (has_cometapi && has_runway)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "both %s and %s are set: choose a provider, "
                               "provider=%s or provider=%s",
                               cometapi->key_variable, runway->key_variable,
                               cometapi->name, runway->name);
    *provider = has_runway ? runway : cometapi;
    return RUNWAY_OK;
}

char *ff_runway_provider_base_url(const RunwayProvider *provider,
                                  const char *said,
                                  const char *(*getenv_fn)(const char *))
{
    const char *text;
    size_t length;
    char *copy;

    if (said && *said)
        return strdup(said);
    text = provider->base_url_variable ?
           getenv_fn(provider->base_url_variable) : NULL;
    if (!has_content(text))
        return strdup(provider->base_url);
    while (is_space(*text))
        text++;
    copy = strdup(text);
    if (!copy)
        return NULL;
    length = strlen(copy);
    while (is_space(copy[length - 1]))
        length--;
    copy[length] = 0;
    return copy;
}

/** Whether key is one that Runway itself gives out. */
static int is_runway_key(const char *key)
{
    size_t digits;

    if (strncmp(key, "key_", 4))
        return 0;
    digits = strspn(key + 4, "0123456789abcdefABCDEF");
    return digits == 128 && !key[4 + digits];
}

RunwayOutcome ff_runway_key_check(const RunwayProvider *provider, char *key,
                                  RunwayError *err)
{
    size_t length, start = 0;

    while (is_space(key[start]))
        start++;
    length = strlen(key + start);
    while (length && is_space(key[start + length - 1]))
        length--;
    memmove(key, key + start, length);
    key[length] = 0;

    if (!length)
        return ff_runway_error(err, RUNWAY_INVALID,
                               "no key for %s: set the environment variable "
                               "%s, or name a file that holds the key with "
                               "key_file (get one at %s; dry_run=1 needs none)",
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
    if (provider != runway && is_runway_key(key))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "the key given for %s looks like one of "
                               "Runway's own and is not sent there: set "
                               "provider=runway and %s, or get a key for %s at "
                               "%s", provider->title, runway->key_variable,
                               provider->title, provider->key_page);
    return RUNWAY_OK;
}
