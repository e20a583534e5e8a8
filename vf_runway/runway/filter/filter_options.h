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
 * The options that all filters over this engine have, for their tables of
 * AVOption: lists of entries, in the order in which help shows them; and what
 * makes a filter of such a table. Layer 4.
 */

#ifndef AVFILTER_RUNWAY_FILTER_FILTER_OPTIONS_H
#define AVFILTER_RUNWAY_FILTER_FILTER_OPTIONS_H

#include "libavutil/opt.h"

#include "../media/compat.h"
#include "filter.h"

#define OFFSET(x) offsetof(RunwayFilter, set.x)
#define FLAGS (AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_FILTERING_PARAM)
#define STR(name, field, def, help) \
    { name, help, OFFSET(field), AV_OPT_TYPE_STRING, { .str = def }, 0, 0, FLAGS }
#define RUNTIME (FLAGS | AV_OPT_FLAG_RUNTIME_PARAM)

/** The request, the provider and how clips get there. */
#define RUNWAY_OPTIONS_SERVICE \
    STR("body", body, NULL, "JSON object merged into the request; null removes a field"), \
    STR("body_file", body_file, NULL, "file to read that JSON object from"), \
    STR("provider", provider_name, "auto", "provider to use: " RUNWAY_PROVIDER_NAMES ", or auto, by which key variable is set"), \
    STR("base_url", base_url, NULL, "base URL of the API; the provider's by default"), \
    STR("api_version", client.api_version, RUNWAY_API_VERSION, "value of the X-Runway-Version header"), \
    STR("key_file", key_file, NULL, "file to read the API key from, instead of " RUNWAY_PROVIDER_KEYS "; requires provider"), \
    STR("http_proxy", client.proxy, NULL, "HTTP proxy; the environment's by default"), \
    { "transport", "how clips and large pictures are sent", OFFSET(transport), AV_OPT_TYPE_INT, { .i64 = RUNWAY_SEND_AUTO }, RUNWAY_SEND_AUTO, RUNWAY_SEND_UPLOAD, FLAGS, .unit = "transport" }, \
        { "auto",   "inside the request if they fit, else uploaded; encoded smaller if the provider has no uploads", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEND_AUTO },   0, 0, FLAGS, .unit = "transport" }, \
        { "inline", "inside the request, encoded smaller if they do not fit", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEND_INLINE }, 0, 0, FLAGS, .unit = "transport" }, \
        { "upload", "uploaded to the provider first",                            0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEND_UPLOAD }, 0, 0, FLAGS, .unit = "transport" }, \
    { "clip_duration", "longest clip to send, in seconds; 0 selects the best for the model", OFFSET(clip_duration), AV_OPT_TYPE_DURATION, { .i64 = 0 }, 0, 3600000000LL, FLAGS }

/** What is sent. */
#define RUNWAY_OPTIONS_ENCODING \
    { "concurrency", "number of tasks at the provider at the same time", OFFSET(policy.concurrency), AV_OPT_TYPE_INT, { .i64 = 4 }, 1, 64, FLAGS }, \
    STR("encoder", encoder, "auto", "H.264 encoder for the clips that are sent; auto is libx264, or else one that is available"), \
    { "encoder_opts", "options for that encoder: key=value, separated by :", OFFSET(encoder_opts), AV_OPT_TYPE_DICT, { .str = NULL }, 0, 0, FLAGS }

/** Tasks, and where they are remembered. */
#define RUNWAY_OPTIONS_TASKS(timeout, timeout_min, more) \
    { "interlaced", "what to do with interlaced input", OFFSET(interlaced), AV_OPT_TYPE_INT, { .i64 = RUNWAY_INTERLACED_FAIL }, RUNWAY_INTERLACED_FAIL, RUNWAY_INTERLACED_WARN, FLAGS, .unit = "interlaced" }, \
        { "fail", "end with an error",           0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_INTERLACED_FAIL }, 0, 0, FLAGS, .unit = "interlaced" }, \
        { "warn", "warn, and send it as is", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_INTERLACED_WARN }, 0, 0, FLAGS, .unit = "interlaced" }, \
    { "poll_interval", "seconds between two polls of a task; at least 5, except on loopback", OFFSET(policy.poll_interval), AV_OPT_TYPE_DURATION, { .i64 = 6000000 }, 100000, 600000000, FLAGS }, \
    { "task_timeout", "longest time for a task, in seconds or MM:SS; time spent in the provider's queue does not count" more, OFFSET(policy.task_timeout), AV_OPT_TYPE_DURATION, { .i64 = timeout }, timeout_min, 86400000000LL, FLAGS }, \
    STR("state_dir", policy.state_dir, NULL, "directory of the journal of what was paid for; in the XDG state home by default"), \
    STR("results_dir", policy.results_dir, NULL, "directory of the results; results in state_dir by default"), \
    { "results_size", "bytes that results may occupy; the oldest that were output more than a week ago are removed first", OFFSET(policy.results_size), AV_OPT_TYPE_INT64, { .i64 = 20LL << 30 }, 0, INT64_MAX, FLAGS }

/** What it may cost. */
#define RUNWAY_OPTIONS_MONEY \
    { "dry_run", "send nothing, log the plan and the price, and pass the frames through", OFFSET(policy.dry_run), AV_OPT_TYPE_BOOL, { .i64 = 0 }, 0, 1, FLAGS }, \
    { "max_credits", "the most credits that the clips of this output may cost in total; 0 means no limit", OFFSET(policy.max_credits), AV_OPT_TYPE_DOUBLE, { .dbl = 0 }, 0, 1e12, FLAGS }, \
    { "max_credits_day", "the most credits that this journal may spend within 24 hours, on all outputs; 0 means no limit", OFFSET(policy.max_credits_day), AV_OPT_TYPE_DOUBLE, { .dbl = 0 }, 0, 1e12, FLAGS }, \
    { "length_tolerance", "how far the length of a result may be off, as a fraction of the clip's", OFFSET(policy.length_tolerance), AV_OPT_TYPE_DOUBLE, { .dbl = 0.1 }, 0, 1000, FLAGS }

/** Faults, the log and the network. */
#define RUNWAY_OPTIONS_FAULTS \
    { "on_unknown", "what to do if the fate of a request or task is unknown", OFFSET(policy.on_unknown), AV_OPT_TYPE_INT, { .i64 = RUNWAY_ON_UNKNOWN_FAIL }, RUNWAY_ON_UNKNOWN_FAIL, RUNWAY_ON_UNKNOWN_RESEND, FLAGS, .unit = "on_unknown" }, \
        { "fail",   "end with an error",               0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_UNKNOWN_FAIL },   0, 0, FLAGS, .unit = "on_unknown" }, \
        { "resend", "send it again, and possibly pay twice", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_UNKNOWN_RESEND }, 0, 0, FLAGS, .unit = "on_unknown" }, \
    { "retries", "new paid tasks for a clip whose task failed with a transient error", OFFSET(policy.retries), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, 30, FLAGS }, \
    STR("log_path", log_path, NULL, "file to which one line of JSON is appended for each event"), \
    STR("ca_file", client.ca_file, NULL, "PEM file of certificate authorities; the system's by default"), \
    { "tls_verify", "check the server's certificate", OFFSET(client.tls_verify), AV_OPT_TYPE_BOOL, { .i64 = 1 }, 0, 1, FLAGS }, \
    { "signals", "return early when the process receives SIGINT, SIGTERM, SIGHUP or SIGQUIT", OFFSET(signals), AV_OPT_TYPE_BOOL, { .i64 = 1 }, 0, 1, FLAGS }

/** What a filter has that makes the same video in another form. */
#define RUNWAY_OPTIONS_REMAKE(default_model) \
    { "take", "another number buys another result for the same clips", OFFSET(take), AV_OPT_TYPE_INT64, { .i64 = 0 }, 0, INT64_MAX, FLAGS }, \
    STR("model", model, NULL, "model to use; by default " default_model), \
    RUNWAY_OPTIONS_SERVICE, \
    RUNWAY_OPTIONS_ENCODING, \
    RUNWAY_OPTIONS_TASKS(0, 0, "; 0: what the model needs"), \
    RUNWAY_OPTIONS_MONEY, \
    RUNWAY_OPTIONS_FAULTS

/** The filter of that name, whose options are NAME_options and whose tasks are
 *  created at endpoint. command: its process_command. */
#define RUNWAY_DEFINE_FILTER(filter, endpoint, text, flag, command)           \
    AVFILTER_DEFINE_CLASS(filter);                                            \
                                                                              \
    static const AVFilterPad inputs[] = {                                     \
        { .name = "default", .type = AVMEDIA_TYPE_VIDEO },                    \
    };                                                                        \
    static const AVFilterPad outputs[] = {                                    \
        { .name = "default", .type = AVMEDIA_TYPE_VIDEO,                      \
          .config_props = ff_runway_filter_config_output },                   \
    };                                                                        \
                                                                              \
    static int init(AVFilterContext *ctx)                                     \
    {                                                                         \
        return ff_runway_filter_init(ctx, endpoint);                          \
    }                                                                         \
                                                                              \
    RUNWAY_FILTER ff_vf_ ## filter = {                                        \
        RUNWAY_PUBLIC(name)        = #filter,                                 \
        RUNWAY_PUBLIC(description) = NULL_IF_CONFIG_SMALL(text),              \
        RUNWAY_PUBLIC(priv_class)  = &filter ## _class,                       \
        RUNWAY_PUBLIC(flags)       = flag,                                    \
        .priv_size                 = sizeof(RunwayFilter),                    \
        .init                      = init,                                    \
        .uninit                    = ff_runway_filter_uninit,                 \
        .activate                  = ff_runway_filter_activate,               \
        .process_command           = command,                                 \
        FILTER_INPUTS(inputs),                                                \
        FILTER_OUTPUTS(outputs),                                              \
        FILTER_QUERY_FUNC(ff_runway_filter_query),                            \
    }

#endif /* AVFILTER_RUNWAY_FILTER_FILTER_OPTIONS_H */
