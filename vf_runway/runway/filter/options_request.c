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
 * The options that a model may have or not have, and the body that is merged into
 * the request.
 */

#include <stdlib.h>
#include <string.h>

#include "libavutil/parseutils.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "../api/files.h"
#include "../api/request_json.h"
#include "options_internal.h"

/* Whether the model has what an option sets. */
static int check_field(const RunwaySettings *set, const char *option,
                       unsigned field)
{
    if (set->model_info->fields & field)
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "%s: model %s has no such setting\n",
           option, set->model);
    return AVERROR(EINVAL);
}

static int check_output_format(RunwaySettings *set, const char *value)
{
    int is_exr = !strncmp(value, "hdr_exr", 7);

    if (strcmp(value, "png_sequence") && !is_exr)
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "output_format: %s is an archive of "
           "pictures, not a video; %s can be read\n", value, is_exr ?
           "hdr10, hlg and hdr_prores" : "mp4, prores and sdr_rec709_10bit");
    return AVERROR(EINVAL);
}

/* 1 is the default, which a model without seeds may be left alone with. */
int ff_runway_set_seed(RunwaySettings *set)
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

int ff_runway_set_moderation(RunwaySettings *set)
{
    const char *value = set->public_figure_threshold;

    if (!value)
        return 0;
    if (strcmp(value, "auto") && strcmp(value, "low")) {
        av_log(set->log_ctx, AV_LOG_ERROR, "public_figure_threshold: \"%s\" is "
               "neither auto nor low\n", value);
        return AVERROR(EINVAL);
    }
    set->request.public_figure_threshold = value;
    return check_field(set, "public_figure_threshold", RUNWAY_FIELD_MODERATION);
}

int ff_runway_set_output_format(RunwaySettings *set)
{
    const char *value = set->output_format;
    int ret;

    if (ff_runway_makes_hdr(set)) {
        /* the option's range has another one in the middle */
        if (set->transfer != AVCOL_TRC_SMPTE2084 &&
            set->transfer != AVCOL_TRC_ARIB_STD_B67) {
            av_log(set->log_ctx, AV_LOG_ERROR,
                   "transfer: %d is neither pq nor hlg\n", set->transfer);
            return AVERROR(EINVAL);
        }
        value = set->mezzanine ? "hdr_prores" :
                set->transfer == AVCOL_TRC_ARIB_STD_B67 ? "hlg" : "hdr10";
    }
    if (!value)
        return 0;
    set->request.output_format = value;
    ret = check_field(set, "output_format", RUNWAY_FIELD_OUTPUT_FORMAT);
    return ret < 0 ? ret : check_output_format(set, value);
}

int ff_runway_set_prores_profile(RunwaySettings *set)
{
    static const char *const profiles[] = {
        "422 Proxy", "422 LT", "422", "422 HQ", "4444", "4444 XQ"
    };
    const char *value = set->prores_profile;
    /* HDR has those in the middle */
    int is_hdr = ff_runway_makes_hdr(set), i = is_hdr ? 2 : 0;
    int end = is_hdr ? 5 : FF_ARRAY_ELEMS(profiles);

    if (!value)
        return 0;
    if (!(set->model_info->fields & RUNWAY_FIELD_PRORES_PROFILE) ||
        !(set->mezzanine || (set->output_format &&
                             !strcmp(set->output_format, "prores")))) {
        av_log(set->log_ctx, AV_LOG_ERROR, "prores_profile: that is a setting "
               "of %s, for models that have it\n", is_hdr ?
               "format=hdr_prores" : "output_format=prores");
        return AVERROR(EINVAL);
    }
    while (i < end && strcmp(value, profiles[i]))
        i++;
    if (i == end) {
        av_log(set->log_ctx, AV_LOG_ERROR, "prores_profile: \"%s\" is not one "
               "of %s\n", value, is_hdr ? "422, 422 HQ and 4444" :
               "422 Proxy, 422 LT, 422, 422 HQ, 4444 and 4444 XQ");
        return AVERROR(EINVAL);
    }
    set->request.prores_profile = value;
    return 0;
}

int ff_runway_set_resolution(RunwaySettings *set)
{
    const RunwayModel *m = set->model_info;
    int ret;

    if (!set->resolution) {
        set->request.resolution = m->resolution;
        return 0;
    }
    ret = check_field(set, "resolution", RUNWAY_FIELD_RESOLUTION);
    if (ret < 0)
        return ret;
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

int ff_runway_set_numbers(RunwaySettings *set)
{
    int ret = 0;

    if (!ff_runway_enlarges(set))
        return 0;
    set->request.numbers = set->numbers;
    for (int i = 0; i < RUNWAY_NB_NUMBERS && ret >= 0; i++)
        if (set->numbers[i] >= 0)
            ret = check_field(set, ff_runway_number_name(i),
                              RUNWAY_FIELD_NUMBERS);
    return ret;
}

int ff_runway_set_size(RunwaySettings *set)
{
    const char *ratio;
    char *divider = set->ratio ? strchr(set->ratio, 'x') : NULL;
    int w, h;
    RunwayError err;

    /* 1280x720 needs no escaping in a filter, and is meant the same way */
    if (divider && ff_runway_ratio_parse(set->ratio, &w, &h))
        *divider = ':';
    /* the ratio is looked up again when the input's size is known; a wrong one
     * is reported before anything is built */
    set->request.ratio = set->ratio ? set->ratio : "auto";
    if (ff_runway_ratio_choose(set->model_info, set->request.ratio, 16, 9,
                               &ratio, &err))
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
        av_log(set->log_ctx, AV_LOG_ERROR, "size: \"%s\" is %s\n", set->size,
               ff_runway_enlarges(set) ? "not WxH" : "neither WxH nor generated");
        return AVERROR(EINVAL);
    }
    return 0;
}

int ff_runway_set_body(RunwaySettings *set)
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
    ret = ff_runway_settings_keep(set, text);
    if (ret < 0)
        return ret;
    set->request.extra = text;
    /* what the price and the result go by, wherever it is said */
    if (ff_runway_extra_text(text, "outputFormat", format,
                             sizeof(format))) {
        ret = check_output_format(set, format);
        if (ret >= 0)
            ret = ff_runway_settings_keep(set, strdup(format));
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
