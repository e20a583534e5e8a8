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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libavutil/avstring.h"
#include "libavutil/parseutils.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "../media/writer.h"
#include "../api/files.h"
#include "../api/request_json.h"
#include "options.h"

static void write_log(void *opaque, RunwayLogLevel level, const char *line)
{
    static const int levels[] = {
        [RUNWAY_LOG_ERROR]   = AV_LOG_ERROR,
        [RUNWAY_LOG_WARNING] = AV_LOG_WARNING,
        [RUNWAY_LOG_INFO]    = AV_LOG_INFO,
        [RUNWAY_LOG_VERBOSE] = AV_LOG_VERBOSE,
        [RUNWAY_LOG_DEBUG]   = AV_LOG_DEBUG,
    };

    av_log(opaque, levels[level], "%s\n", line);
}

static const char *get_environment(const char *name)
{
    return getenv(name);
}

/* Take over text, which was malloc()ed, until the end. */
static int keep(RunwaySettings *set, char *text)
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

static int keep_pictures(RunwaySettings *set, RunwayPicture *pictures)
{
    RunwayPicture **larger = av_realloc_array(set->kept_pictures,
                                              set->nb_kept_pictures + 1,
                                              sizeof(*larger));

    if (!larger) {
        av_free(pictures);
        return AVERROR(ENOMEM);
    }
    set->kept_pictures = larger;
    set->kept_pictures[set->nb_kept_pictures++] = pictures;
    return 0;
}

/* A colon divides a filter's options: what comes behind one that is not escaped
 * is taken for the next option's value. */
static int check_base_url(RunwaySettings *set)
{
    const char *url = set->base_url, *version = set->api_version;

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
    url = ff_runway_provider_base_url(set->provider, set->base_url,
                                      get_environment);
    ret = keep(set, url);
    if (ret >= 0)
        set->endpoint = url;
    return ret;
}

static int check_transport(RunwaySettings *set)
{
    const RunwayProvider *other = NULL;

    if (set->transport != RUNWAY_SEND_UPLOAD || set->provider->uploads_path)
        return 0;
    for (int i = 0; (other = ff_runway_provider_at(i)); i++)
        if (other->uploads_path)
            break;
    av_log(set->log_ctx, AV_LOG_ERROR, "transport=upload: %s has no uploads; "
           "leave transport set to auto%s%s\n", set->provider->title,
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
    ret = text ? keep(set, text) : 0;
    if (ret >= 0)
        set->request.prompt = text;
    return ret;
}

/* "SECONDS[-SECONDS]=": *name is what comes behind it. */
static int parse_times(const char *text, RunwayPicture *picture,
                       const char **name)
{
    const char *equals = strchr(text, '=');
    char *times = equals ? av_strndup(text, equals - text) : NULL;
    char *hyphen = times && *times ? strchr(times + 1, '-') : NULL;
    int64_t start = 0, end = 0;
    int ret;

    if (!equals)
        return AVERROR(EINVAL);
    if (!times)
        return AVERROR(ENOMEM);
    if (hyphen)
        *hyphen = 0;
    ret = av_parse_time(&start, times, 1);
    if (ret >= 0 && hyphen)
        ret = av_parse_time(&end, hyphen + 1, 1);
    if (ret < 0 || (hyphen && end <= start))
        ret = AVERROR(EINVAL);
    av_free(times);
    picture->seconds = start / 1e6;
    if (hyphen) {
        picture->range_start = start / 1e6;
        picture->range_end   = end / 1e6;
    }
    *name = equals + 1;
    return ret;
}

/* "IMAGE" or, with_time, "SECONDS[-SECONDS]=IMAGE" */
static int parse_picture(RunwaySettings *set, const char *option,
                         const char *text, int with_time,
                         RunwayPicture *picture)
{
    const char *name = text;
    RunwayPictureFile *file;
    char no_uploads[64] = "", *uri;
    RunwayError err;
    int ret;

    *picture = (RunwayPicture){ 0 };
    if (with_time) {
        ret = parse_times(text, picture, &name);
        if (ret == AVERROR(EINVAL))
            av_log(set->log_ctx, AV_LOG_ERROR, "%s: \"%s\" is not "
                   "SECONDS[-SECONDS]=IMAGE\n", option, text);
        if (ret < 0)
            return ret;
    }
    if (set->transport == RUNWAY_SEND_INLINE)
        snprintf(no_uploads, sizeof(no_uploads),
                 "transport=inline uploads nothing");
    else if (!set->provider->uploads_path)
        snprintf(no_uploads, sizeof(no_uploads), "%s has no uploads",
                 set->provider->title);
    if (ff_runway_picture_read(option, name, *no_uploads ? no_uploads : NULL,
                               &uri, &file, &err))
        return ff_runway_report(set->log_ctx, &err);
    picture->uri  = uri;
    picture->file = file;
    return keep(set, uri ? uri : (char *)file);
}

/* The part of a list up to the next |, without the white space around it; \| is
 * a | of a name. Nothing else is special: names have quotes. */
static char *next_name(const char **list)
{
    char *name = av_malloc(strlen(*list) + 1), *end = name;
    const char *text = *list + strspn(*list, " \t\n");

    if (!name)
        return NULL;
    for (; *text && *text != '|'; text++) {
        if (text[0] == '\\' && text[1] == '|')
            text++;
        *end++ = *text;
    }
    while (end > name && strchr(" \t\n", end[-1]))
        end--;
    *end  = 0;
    *list = text;
    return name;
}

/* A list with | between into a new array. */
static int parse_pictures(RunwaySettings *set, const char *option,
                          const char *list, int with_time,
                          RunwayPicture **pictures, int *nb)
{
    RunwayPicture *array = NULL;
    int count = 0, ret = 0;

    while (list && *list && ret >= 0) {
        char *text = next_name(&list);
        RunwayPicture *larger;

        if (*list)
            list++;
        larger = text ? av_realloc_array(array, count + 1, sizeof(*larger))
                      : NULL;
        if (!larger) {
            ret = AVERROR(ENOMEM);
        } else {
            array = larger;
            ret = parse_picture(set, option, text, with_time, &array[count++]);
        }
        av_free(text);
    }
    if (ret < 0) {
        av_free(array);
        return ret;
    }
    ret = keep_pictures(set, array);
    if (ret < 0)
        return ret;
    *pictures = array;
    *nb       = count;
    return 0;
}

/* Whether two lists of pictures make the same request. */
static int are_same(const RunwayPicture *a, int nb_a, const RunwayPicture *b,
                    int nb_b)
{
    if (nb_a != nb_b)
        return 0;
    for (int i = 0; i < nb_a; i++) {
        if (!a[i].uri != !b[i].uri || !a[i].file != !b[i].file ||
            (a[i].uri && strcmp(a[i].uri, b[i].uri)) ||
            (a[i].file && (a[i].file->size != b[i].file->size ||
                           strcmp(a[i].file->path, b[i].file->path) ||
                           strcmp(a[i].file->checksum, b[i].file->checksum))))
            return 0;
    }
    return 1;
}

/* Free what was kept since there were that many of each. */
static void forget(RunwaySettings *set, int nb_kept, int nb_kept_pictures)
{
    while (set->nb_kept > nb_kept)
        free(set->kept[--set->nb_kept]);
    while (set->nb_kept_pictures > nb_kept_pictures)
        av_freep(&set->kept_pictures[--set->nb_kept_pictures]);
}

static int set_references(RunwaySettings *set)
{
    const RunwayModel *m = set->model_info;
    int nb_kept = set->nb_kept, nb_kept_pictures = set->nb_kept_pictures;
    RunwayPicture *pictures = NULL;
    int nb = 0, ret;

    ret = parse_pictures(set, "reference", set->reference, 0, &pictures, &nb);
    if (ret < 0)
        return ret;
    if (nb && !(m->fields & (RUNWAY_FIELD_REFERENCES |
                             RUNWAY_FIELD_REFERENCES_BARE))) {
        av_log(set->log_ctx, AV_LOG_ERROR, "reference: model %s does not "
               "support references\n",
               set->model);
        return AVERROR(EINVAL);
    }
    if (m->max_references && nb > m->max_references) {
        av_log(set->log_ctx, AV_LOG_ERROR, "reference: model %s supports at "
               "most %d, but %d are given\n",
               set->model, m->max_references, nb);
        return AVERROR(EINVAL);
    }
    /* a sendcmd may say the same with each frame, in megabytes */
    if (are_same(pictures, nb, set->request.references,
                 set->request.nb_references)) {
        forget(set, nb_kept, nb_kept_pictures);
        return 0;
    }
    set->request.references    = pictures;
    set->request.nb_references = nb;
    return 0;
}

static int compare_times(const void *a, const void *b)
{
    double x = ((const RunwayPicture *)a)->seconds;
    double y = ((const RunwayPicture *)b)->seconds;

    return (x > y) - (x < y);
}

static int set_keyframes(RunwaySettings *set)
{
    int ret = parse_pictures(set, "keyframe", set->keyframe, 1,
                             &set->keyframes, &set->nb_keyframes);

    if (ret < 0 || !set->nb_keyframes)
        return ret;
    if (!(set->model_info->fields & RUNWAY_FIELD_KEYFRAMES)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: model %s does not "
               "support keyframes\n",
               set->model);
        return AVERROR(EINVAL);
    }
    qsort(set->keyframes, set->nb_keyframes, sizeof(*set->keyframes),
          compare_times);
    return 0;
}

static int check_output_format(RunwaySettings *set, const char *value)
{
    if (strcmp(value, "png_sequence"))
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "output_format: png_sequence is an "
           "archive of pictures, not a video; mp4, prores and "
           "sdr_rec709_10bit can be read\n");
    return AVERROR(EINVAL);
}

static int set_body(RunwaySettings *set)
{
    const char *option = set->body_file ? "body_file" : "body";
    RunwayRequest check;
    RunwayBody *body;
    char *text, format[64];
    RunwayError err;
    int ret;

    if (set->body && set->body_file) {
        av_log(set->log_ctx, AV_LOG_ERROR, "body and body_file are both set; "
               "use one of them (a colon ends the body unless it is escaped: "
               "body='{\"seed\"\\:7}')\n");
        return AVERROR(EINVAL);
    }
    if (!set->body && !set->body_file)
        return 0;
    if (!set->body_file)
        text = strdup(set->body);
    else if (ff_runway_read_text(option, set->body_file, &text, &err))
        return ff_runway_report(set->log_ctx, &err);
    ret = keep(set, text);
    if (ret < 0)
        return ret;
    set->request.extra = text;
    /* what the price and the result go by, wherever it is said */
    if (ff_runway_extra_text(text, "outputFormat", format,
                             sizeof(format))) {
        ret = check_output_format(set, format);
        if (ret >= 0)
            ret = keep(set, strdup(format));
        if (ret < 0)
            return ret;
        set->request.output_format = set->kept[set->nb_kept - 1];
    }
    /* the module that will write it says whether it can be written */
    check = set->request;
    if (ff_runway_request_json(&check, -1, 0, "https://a.invalid/", &body,
                               &err))
        return ff_runway_report(set->log_ctx, &err);
    ff_runway_body_free(&body);
    return 0;
}

static int set_size(RunwaySettings *set)
{
    const char *ratio;
    char *divider = strchr(set->ratio, 'x');
    int w, h;
    RunwayError err;

    /* 1280x720 needs no escaping in a filter, and is meant the same way */
    if (divider && ff_runway_ratio_parse(set->ratio, &w, &h))
        *divider = ':';
    /* the ratio is looked up again when the input's size is known; a wrong one
     * is told before anything is built */
    set->request.ratio = set->ratio;
    if (ff_runway_ratio_choose(set->model_info, set->ratio, 16, 9, &ratio,
                               &err))
        return ff_runway_report(set->log_ctx, &err);
    if (!set->size)
        return 0;
    if (!strcmp(set->size, "generated")) {
        if (set->model_info->ratios && !set->model_info->ratios_are_shapes)
            return 0;
        av_log(set->log_ctx, AV_LOG_ERROR, "size: the size of what model %s "
               "generates is not known in advance; set WxH\n", set->model);
        return AVERROR(EINVAL);
    }
    if (av_parse_video_size(&set->out_w, &set->out_h, set->size) < 0) {
        av_log(set->log_ctx, AV_LOG_ERROR, "size: \"%s\" is neither WxH nor "
               "generated\n", set->size);
        return AVERROR(EINVAL);
    }
    return 0;
}

/* 1 is the default, which a model without seeds may be left alone with. */
static int set_seed(RunwaySettings *set)
{
    if (set->seed >= 0 && set->seed != 1 &&
        !(set->model_info->fields & RUNWAY_FIELD_SEED)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "seed: model %s has no such "
               "setting; for another result, set another take\n",
               set->model);
        return AVERROR(EINVAL);
    }
    set->request.seed = set->seed;
    return 0;
}

static int set_moderation(RunwaySettings *set)
{
    const char *value = set->public_figure_threshold;

    if (!value)
        return 0;
    if (strcmp(value, "auto") && strcmp(value, "low")) {
        av_log(set->log_ctx, AV_LOG_ERROR, "public_figure_threshold: \"%s\" is "
               "neither auto nor low\n", value);
        return AVERROR(EINVAL);
    }
    if (!(set->model_info->fields & RUNWAY_FIELD_MODERATION)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "public_figure_threshold: model %s "
               "has no such setting\n", set->model);
        return AVERROR(EINVAL);
    }
    set->request.public_figure_threshold = value;
    return 0;
}

static int set_output_format(RunwaySettings *set)
{
    const char *value = set->output_format;
    int ret;

    if (!value)
        return 0;
    if (!(set->model_info->fields & RUNWAY_FIELD_OUTPUT_FORMAT)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "output_format: model %s has no such "
               "setting\n", set->model);
        return AVERROR(EINVAL);
    }
    ret = check_output_format(set, value);
    if (ret < 0)
        return ret;
    set->request.output_format = value;
    return 0;
}

static int set_prores_profile(RunwaySettings *set)
{
    static const char *const profiles[] = {
        "422 Proxy", "422 LT", "422", "422 HQ", "4444", "4444 XQ"
    };
    const char *value = set->prores_profile;
    int i = 0;

    if (!value)
        return 0;
    if (!(set->model_info->fields & RUNWAY_FIELD_PRORES_PROFILE) ||
        !set->output_format || strcmp(set->output_format, "prores")) {
        av_log(set->log_ctx, AV_LOG_ERROR, "prores_profile: that is a setting "
               "of output_format=prores, for models that have it\n");
        return AVERROR(EINVAL);
    }
    while (i < FF_ARRAY_ELEMS(profiles) && strcmp(value, profiles[i]))
        i++;
    if (i == FF_ARRAY_ELEMS(profiles)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "prores_profile: \"%s\" is none of "
               "422 Proxy, 422 LT, 422, 422 HQ, 4444 and 4444 XQ\n", value);
        return AVERROR(EINVAL);
    }
    set->request.prores_profile = value;
    return 0;
}

static int set_resolution(RunwaySettings *set)
{
    const RunwayModel *m = set->model_info;

    if (!set->resolution)
        return 0;
    if (!(m->fields & RUNWAY_FIELD_RESOLUTION)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "resolution: model %s has no such "
               "setting\n", set->model);
        return AVERROR(EINVAL);
    }
    if (!ff_runway_price_class(m, 0, set->resolution)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "resolution: model %s makes",
               set->model);
        for (const RunwayPrice *price = m->prices;; price++) {
            av_log(set->log_ctx, AV_LOG_ERROR, " %s", price->name);
            if (!price->max_pixels)
                break;
        }
        av_log(set->log_ctx, AV_LOG_ERROR, ", not \"%s\"\n", set->resolution);
        return AVERROR(EINVAL);
    }
    set->request.resolution = set->resolution;
    return 0;
}

static int set_key(RunwaySettings *set)
{
    RunwayError err;

    if (set->policy.dry_run)
        return 0;
    if (set->key_file) {
        if (!strcmp(set->provider_name, "auto")) {
            av_log(set->log_ctx, AV_LOG_ERROR, "key_file: set provider= to "
                   "whose key it is; the choices are "
                   RUNWAY_PROVIDER_NAMES "\n");
            return AVERROR(EINVAL);
        }
        if (ff_runway_read_key(set->key_file, &set->key, &set->key_exposed,
                               &err))
            return ff_runway_report(set->log_ctx, &err);
    } else {
        const char *key = getenv(set->provider->key_variable);

        set->key = strdup(key ? key : "");
        if (!set->key)
            return AVERROR(ENOMEM);
    }
    if (ff_runway_key_check(set->provider, set->key, &err))
        return ff_runway_report(set->log_ctx, &err);
    return 0;
}

static int set_model(RunwaySettings *set)
{
    RunwayError err;

    if (ff_runway_provider_choose(set->provider_name, get_environment,
                                  &set->provider, &err))
        return ff_runway_report(set->log_ctx, &err);
    if (!set->model) {
        set->model = av_strdup(set->provider->default_model);
        if (!set->model)
            return AVERROR(ENOMEM);
    }
    if (ff_runway_model_choose(set->model, set->mode, &set->model_info, &err))
        return ff_runway_report(set->log_ctx, &err);
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
    av_log(set->log_ctx, AV_LOG_ERROR, "%s: results are goods and no cache "
           "now: say results_dir (their directory; results in state_dir when "
           "not set) and results_size\n", set->cache_dir ? "cache_dir"
                                                         : "cache_size");
    return AVERROR(EINVAL);
}

static int check_seam(RunwaySettings *set)
{
    if (set->seam != RUNWAY_SEAM_MODE_BLEND && set->overlap) {
        av_log(set->log_ctx, AV_LOG_ERROR, "overlap is for seam=blend\n");
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

int ff_runway_settings_init(RunwaySettings *set, void *log_ctx)
{
    static int (*const steps[])(RunwaySettings *set) = {
        check_removed, set_model, set_endpoint, check_transport, set_prompt,
        set_seed, set_references, set_keyframes, set_moderation,
        set_output_format, set_prores_profile, set_resolution, set_size,
        set_body, check_seam, set_key,
    };

    set->log_ctx = log_ctx;
    set->log     = (RunwayLog){ .opaque = log_ctx, .write = write_log };
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
        return set_references(set);
    if (!strcmp(name, "seed"))
        return set_seed(set);
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
    if (set->key)
        memset(set->key, 0, strlen(set->key));
    free(set->key);
    set->key = NULL;
}

RunwayClientConfig ff_runway_settings_client(const RunwaySettings *set)
{
    const RunwayProvider *provider = set->provider;
    const char *headers = NULL;

    if (provider->headers_variable)
        headers = getenv(provider->headers_variable);
    return (RunwayClientConfig){
        .provider    = provider,
        .base_url    = set->endpoint,
        .api_version = set->api_version,
        /* in a dry run it is never sent */
        .key         = set->policy.dry_run ? "dry_run" : set->key,
        .headers     = headers && *headers ? headers : NULL,
        .proxy       = set->http_proxy,
        .ca_file     = set->ca_file,
        .tls_verify  = set->tls_verify,
        .log         = &set->log,
    };
}
