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

#include "libavutil/avstring.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "../media/writer.h"
#include "../api/files.h"
#include "options_internal.h"
#include "status_line.h"

static void write_log(void *opaque, RunwayLogLevel level, const char *line)
{
    static const int levels[] = {
        [RUNWAY_LOG_ERROR]   = AV_LOG_ERROR,
        [RUNWAY_LOG_WARNING] = AV_LOG_WARNING,
        [RUNWAY_LOG_INFO]    = AV_LOG_INFO,
        [RUNWAY_LOG_VERBOSE] = AV_LOG_VERBOSE,
        [RUNWAY_LOG_DEBUG]   = AV_LOG_DEBUG,
    };

    if (levels[level] <= av_log_get_level())
        ff_runway_status_line_clear(NULL);
    av_log(opaque, levels[level], "%s\n", line);
}

static const char *get_environment(const char *name)
{
    return getenv(name);
}

int ff_runway_settings_keep(RunwaySettings *set, char *text)
{
    char **larger = text ? av_realloc_array(set->kept, set->nb_kept + 1,
                                            sizeof(*larger)) : NULL;

    if (!larger) {
        free(text);
        return AVERROR(ENOMEM);
    }
    set->kept = larger;
    set->kept[set->nb_kept++] = text;
    return 0;
}

/* A colon divides a filter's options: what comes behind one that is not escaped
 * is taken for the next option's value. */
static int check_base_url(RunwaySettings *set)
{
    const char *url = set->base_url, *version = set->client.api_version;

    if (!url || (strcmp(url, "http") && strcmp(url, "https") &&
                 !strchr(version, '/') &&
                 version[strspn(version, "0123456789")]))
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "base_url: \"%s\" was cut at an "
           "unescaped colon; in a filter, escape each colon: "
           "base_url='https\\://HOST\\:PORT/PATH'\n", url);
    return AVERROR(EINVAL);
}

static int set_endpoint(RunwaySettings *set)
{
    char *url;
    int ret = check_base_url(set);

    if (ret < 0)
        return ret;
    url = ff_runway_provider_base_url(set->client.provider, set->base_url,
                                      get_environment);
    ret = ff_runway_settings_keep(set, url);
    if (ret >= 0)
        set->client.base_url = url;
    return ret;
}

static int check_transport(RunwaySettings *set)
{
    const RunwayProvider *other = NULL;

    if (set->transport != RUNWAY_SEND_UPLOAD ||
        set->client.provider->uploads_path)
        return 0;
    for (int i = 0; (other = ff_runway_provider_at(i)); i++)
        if (other->uploads_path)
            break;
    av_log(set->log_ctx, AV_LOG_ERROR, "transport=upload: %s has no uploads; "
           "leave transport set to auto%s%s\n", set->client.provider->title,
           other ? ", or use provider=" : "", other ? other->name : "");
    return AVERROR(EINVAL);
}

static int set_prompt(RunwaySettings *set)
{
    char *text = NULL;
    RunwayError err;
    int ret;

    if (set->prompt && set->prompt_file) {
        av_log(set->log_ctx, AV_LOG_ERROR, "prompt and prompt_file are both "
               "set; use one of them (a colon ends the prompt unless it is "
               "escaped: prompt='night\\: dark')\n");
        return AVERROR(EINVAL);
    }
    if (set->prompt_file) {
        if (ff_runway_read_text("prompt_file", set->prompt_file, &text, &err))
            return ff_runway_report(set->log_ctx, &err);
    } else if (set->prompt) {
        text = strdup(set->prompt);
        if (!text)
            return AVERROR(ENOMEM);
    }
    if (ff_runway_prompt_check(set->model_info, text, &err)) {
        free(text);
        return ff_runway_report(set->log_ctx, &err);
    }
    if (text && set->request.prompt && !strcmp(text, set->request.prompt)) {
        free(text);
        return 0;
    }
    ret = text ? ff_runway_settings_keep(set, text) : 0;
    if (ret >= 0)
        set->request.prompt = text;
    return ret;
}

static int set_key(RunwaySettings *set)
{
    RunwayError err;

    set->client.key = "dry_run"; /* then it is never sent */
    if (set->policy.dry_run)
        return 0;
    if (set->key_file) {
        if (!strcmp(set->provider_name, "auto")) {
            av_log(set->log_ctx, AV_LOG_ERROR, "key_file: also set "
                   "provider=NAME, to say whose key it is; the choices are "
                   RUNWAY_PROVIDER_NAMES "\n");
            return AVERROR(EINVAL);
        }
        if (ff_runway_read_key(set->key_file, &set->key, &set->key_exposed,
                               &err))
            return ff_runway_report(set->log_ctx, &err);
    } else {
        const char *key = getenv(set->client.provider->key_variable);

        set->key = strdup(key ? key : "");
        if (!set->key)
            return AVERROR(ENOMEM);
    }
    if (ff_runway_key_check(set->client.provider, set->key, &err))
        return ff_runway_report(set->log_ctx, &err);
    set->client.key = set->key;
    return 0;
}

static int set_model(RunwaySettings *set)
{
    RunwayClientConfig *client = &set->client;
    RunwayError err;

    if (ff_runway_provider_choose(set->provider_name, client->endpoint,
                                  get_environment, &client->provider, &err))
        return ff_runway_report(set->log_ctx, &err);
    if (!set->model) {
        set->model = av_strdup(client->provider->models[client->endpoint]);
        if (!set->model)
            return AVERROR(ENOMEM);
    }
    if (ff_runway_model_choose(set->model, set->mode, &set->model_info, &err))
        return ff_runway_report(set->log_ctx, &err);
    if (set->model_info->endpoint != client->endpoint) {
        av_log(set->log_ctx, AV_LOG_ERROR, "model %s is not known to run at "
               "%s, where this filter creates its tasks; %s does\n", set->model,
               ff_runway_endpoint_path(client->endpoint),
               client->provider->models[client->endpoint]);
        return AVERROR(EINVAL);
    }
    if (!set->policy.task_timeout)
        set->policy.task_timeout = ff_runway_model_timeout(set->model_info);
    set->request.model      = set->model_info;
    set->request.model_name = set->model;
    if ((set->policy.max_credits > 0 || set->policy.max_credits_day > 0) &&
        !set->model_info->prices) {
        av_log(set->log_ctx, AV_LOG_ERROR, "max_credits: the price of model %s "
               "is not known, so a limit cannot be enforced\n", set->model);
        return AVERROR(EINVAL);
    }
    return 0;
}

/* Options of before, whose silence would cost what they were to keep. */
static int check_removed(RunwaySettings *set)
{
    if (!set->cache_dir && !set->cache_size)
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "%s was removed, because results are no "
           "longer a cache: use results_dir (by default results in state_dir) "
           "and results_size\n", set->cache_dir ? "cache_dir"
                                                         : "cache_size");
    return AVERROR(EINVAL);
}

static int check_seam(RunwaySettings *set)
{
    if (set->scene < 0 && set->scene != -1) {
        av_log(set->log_ctx, AV_LOG_ERROR, "scene: %g is not a score; 0 to 100 "
               "and auto (-1) are supported\n", set->scene);
        return AVERROR(EINVAL);
    }
    if (set->seam != RUNWAY_SEAM_MODE_BLEND && set->overlap) {
        av_log(set->log_ctx, AV_LOG_ERROR, "overlap requires seam=blend\n");
        return AVERROR(EINVAL);
    }
    if (set->seam == RUNWAY_SEAM_MODE_BLEND && !set->overlap) {
        av_log(set->log_ctx, AV_LOG_ERROR, "seam=blend needs an overlap, e.g. "
               "overlap=0.25\n");
        return AVERROR(EINVAL);
    }
    if (set->seam == RUNWAY_SEAM_MODE_BLEND &&
        set->timing == RUNWAY_TIMING_NATIVE) {
        av_log(set->log_ctx, AV_LOG_ERROR, "seam=blend needs timing=source\n");
        return AVERROR(EINVAL);
    }
    return 0;
}

static int check_stills(RunwaySettings *set)
{
    if (!set->stills_dir || set->policy.dry_run)
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "stills_dir is for dry_run=1\n");
    return AVERROR(EINVAL);
}

int ff_runway_settings_init(RunwaySettings *set, void *log_ctx)
{
    static int (*const steps[])(RunwaySettings *set) = {
        check_removed, set_model, set_endpoint, check_transport, set_prompt,
        ff_runway_set_seed, ff_runway_set_references, ff_runway_set_keyframes,
        ff_runway_set_keyframe_dir, ff_runway_set_moderation,
        ff_runway_set_output_format, ff_runway_set_prores_profile,
        ff_runway_set_resolution,
        ff_runway_set_numbers, ff_runway_set_size, ff_runway_set_body,
        check_seam, check_stills, set_key,
    };

    set->log_ctx = log_ctx;
    set->log     = (RunwayLog){ .opaque = log_ctx, .write = write_log };
    set->client.log = &set->log;
    for (int i = 0; i < FF_ARRAY_ELEMS(steps); i++) {
        int ret = steps[i](set);

        if (ret < 0)
            return ret;
    }
    return ff_runway_writer_check_encoder(set->encoder, log_ctx);
}

int ff_runway_settings_change(RunwaySettings *set, const char *name)
{
    if (!strcmp(name, "prompt")) {
        av_freep(&set->prompt_file); /* the newer of the two holds */
        return set_prompt(set);
    }
    if (!strcmp(name, "reference"))
        return ff_runway_set_references(set);
    if (!strcmp(name, "seed"))
        return ff_runway_set_seed(set);
    if (!strcmp(name, "take"))
        return 0;
    return AVERROR(ENOSYS);
}

void ff_runway_settings_free(RunwaySettings *set)
{
    for (int i = 0; i < set->nb_kept; i++)
        free(set->kept[i]);
    av_freep(&set->kept);
    set->nb_kept = 0;
    for (int i = 0; i < set->nb_kept_pictures; i++)
        av_freep(&set->kept_pictures[i]);
    av_freep(&set->kept_pictures);
    set->nb_kept_pictures = 0;
    for (int i = 0; i < set->nb_stills; i++)
        free(set->stills[i].path);
    av_freep(&set->stills);
    set->nb_stills = 0;
    if (set->key)
        memset(set->key, 0, strlen(set->key));
    free(set->key);
    set->key = NULL;
}
