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
 * A table and look-ups; no I/O.
 */

#ifndef AVFILTER_RUNWAY_API_PROVIDERS_H
#define AVFILTER_RUNWAY_API_PROVIDERS_H

#include "../base/error.h"

typedef struct RunwayProvider {
    const char *name;          ///< as typed: "cometapi", "runway"
    const char *title;         ///< for people: "CometAPI"
    const char *base_url;      ///< default, without a slash at the end
    const char *key_variable;  ///< environment variable of the key
    const char *key_page;      ///< where a person gets a key
    const char *default_model;
    const char *base_url_variable; ///< overrides base_url; NULL: none
    const char *headers_variable;  ///< more headers; NULL: none
    int has_uploads;           ///< POST /v1/uploads exists
    int has_account;           ///< GET /v1/organization exists
} RunwayProvider;

#define RUNWAY_API_VERSION "2024-11-06" ///< X-Runway-Version [SDK 4.20.1]

/** The provider of that name, NULL when there is none. */
const RunwayProvider *ff_runway_provider_find(const char *name);

/** The i-th provider in the table, NULL behind the last one. */
const RunwayProvider *ff_runway_provider_at(int i);

/**
 * Choose a provider: name is "auto" or a provider's name, getenv_fn reads the
 * environment. auto goes by which key variable is set and not empty; none set:
 * cometapi; both set: RUNWAY_INVALID with a text that says so.
 */
RunwayOutcome ff_runway_provider_choose(const char *name,
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
 * not empty, no control character inside, and a key that looks like Runway's
 * own ("key_" and 128 hex digits) never goes to another provider. Error texts
 * name the variable and the page to get a key at, never the key.
 */
RunwayOutcome ff_runway_key_check(const RunwayProvider *provider, char *key,
                                  RunwayError *err);

#endif /* AVFILTER_RUNWAY_API_PROVIDERS_H */
