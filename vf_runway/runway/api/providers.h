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
 * The providers: where they are, which key is theirs, what exists there.
 * The one list of them, with their words for the options' help below. Replies
 * come in the shapes that reply.h reads, from whichever provider. No I/O.
 */

#ifndef AVFILTER_RUNWAY_API_PROVIDERS_H
#define AVFILTER_RUNWAY_API_PROVIDERS_H

#include "../base/error.h"
#include "models.h"

typedef struct RunwayProvider {
    const char *name;          ///< as typed, lower case
    const char *title;         ///< for people
    const char *base_url;      ///< default, without a slash at the end
    const char *key_variable;  ///< environment variable of the key
    const char *key_page;      ///< where a person gets a key
    const char *models[RUNWAY_NB_ENDPOINTS]; ///< by default; NULL: it has no
                               ///< such endpoint
    const char *base_url_variable; ///< overrides base_url; NULL: none
    const char *headers_variable;  ///< more headers; NULL: none
    double dollars_per_credit; ///< what a credit is bought for; 0: not known
    int bills_dollars;         ///< so prices in credits are only a measure
    const char *key_prefix;    ///< what its keys begin with, and
    int key_digits;            ///< hex digits behind that; NULL: not known. Such
                               ///< a key goes to no other provider
    const char *task_path;     ///< GET, the task's id behind it; behind base_url
    const char *uploads_path;  ///< POST: a slot; NULL: no uploads
    const char *account_path;  ///< GET: balance and limits; NULL: none
} RunwayProvider;

#define RUNWAY_API_VERSION "2024-11-06" ///< X-Runway-Version [SDK 4.20.1]

/* The table in words, for option help, which is constant text. */
#define RUNWAY_PROVIDER_NAMES  "cometapi, runway"
#define RUNWAY_PROVIDER_KEYS   "COMETAPI_KEY or RUNWAYML_API_SECRET"
#define RUNWAY_PROVIDER_MODELS "gen4_aleph at cometapi, aleph2 at runway"
#define RUNWAY_PROVIDER_HDR     "ruby at runway"
#define RUNWAY_PROVIDER_UPSCALE "upscale_v1 at cometapi, " \
                                "magnific_video_upscaler_creative at runway"

/** The provider of that name, NULL when there is none. */
const RunwayProvider *ff_runway_provider_find(const char *name);

/** The i-th provider in the table, NULL behind the last one. */
const RunwayProvider *ff_runway_provider_at(int i);

/**
 * Choose a provider: name is "auto" or a provider's name, getenv_fn reads the
 * environment. auto goes by which key variable is set and not empty, among the
 * providers that have the endpoint; none set: the first of them; more than one:
 * RUNWAY_INVALID with a text that says so. A name without the endpoint is
 * RUNWAY_INVALID too, and the text says who has it.
 */
RunwayOutcome ff_runway_provider_choose(const char *name,
                                        RunwayEndpoint endpoint,
                                        const char *(*getenv_fn)(const char *),
                                        const RunwayProvider **provider,
                                        RunwayError *err);

/**
 * Where the API is: as said, unless that is NULL or empty; else as the
 * provider's variable says, without white space around it (Runway's SDKs read
 * it so); else the provider's own. For free(); NULL: out of memory.
 */
char *ff_runway_provider_base_url(const RunwayProvider *provider,
                                  const char *said,
                                  const char *(*getenv_fn)(const char *));

/**
 * Trim white space off both ends of key in place and check it for the provider:
 * not empty, no control character inside, nothing copied with it ("Bearer ",
 * quotes, a space, NAME=), and a key that looks like another provider's own
 * (key_prefix) is not for this one. Error texts name the variable and the page to
 * get a key at, never the key.
 */
RunwayOutcome ff_runway_key_check(const RunwayProvider *provider, char *key,
                                  RunwayError *err);

#endif /* AVFILTER_RUNWAY_API_PROVIDERS_H */
