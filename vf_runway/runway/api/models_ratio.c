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

/* Which of a model's ratios a picture gets, and what size a result has. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models.h"

/** A number of up to five digits, 1 or more; 0 when there is none. */
static int parse_side(const char **text)
{
    int value = 0, digits = 0;

    while (**text >= '0' && **text <= '9') {
        if (++digits > 5)
            return 0;
        value = value * 10 + (**text - '0');
        (*text)++;
    }
    return value;
}

int ff_runway_ratio_parse(const char *text, int *w, int *h)
{
    *w = parse_side(&text);
    if (!*w || (*text != ':' && *text != 'x'))
        return 0;
    text++;
    *h = parse_side(&text);
    return *h && !*text;
}

/** The model's ratios as "a, b, c". */
static void list_ratios(const RunwayModel *model, char *out, size_t size)
{
    size_t used = 0;

    out[0] = 0;
    for (int i = 0; model->ratios[i] && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                         model->ratios[i]);

        if (n < 0)
            break;
        used += (size_t)n;
    }
}

/* Shapes that differ by no more than this (1 %) look the same to everybody. */
#define NEARLY 0.01

/**
 * Whether a picture of w1 x h1 serves an input of that size better than one of
 * w2 x h2 of the same shape: the smallest that loses nothing, or else the
 * largest. (Some models go up to 2160 lines at a price to match.)
 */
static int serves_better(int w1, int h1, int w2, int h2, int width, int height)
{
    int enough1 = w1 >= width && h1 >= height;
    int enough2 = w2 >= width && h2 >= height;

    if (enough1 != enough2)
        return enough1;
    return enough1 ? w1 < w2 : w1 > w2;
}

/* Whether a result of w x h costs more than one of the input's size. */
static int is_dearer(const RunwayModel *model, int w, int h, int width,
                     int height)
{
    const RunwayPrice *price, *needed;

    if (!model->prices || model->ratios_are_shapes)
        return 0;
    price  = ff_runway_price_class(model, (int64_t)w * h, NULL);
    needed = ff_runway_price_class(model, (int64_t)width * height, NULL);
    return price->output > needed->output;
}

static const char *nearest_ratio(const RunwayModel *model, int width,
                                 int height)
{
    double wanted = log((double)width / height), least = 0;
    const char *best = NULL;
    int best_w = 0, best_h = 0, w, h;

    for (int i = 0; model->ratios[i]; i++) {
        double distance;

        if (!ff_runway_ratio_parse(model->ratios[i], &w, &h) ||
            is_dearer(model, w, h, width, height))
            continue;
        distance = fabs(log((double)w / h) - wanted);
        if (!best || distance < least - 1e-9 ||
            (distance < least + 1e-9 &&
             serves_better(w, h, best_w, best_h, width, height))) {
            best   = model->ratios[i];
            least  = distance;
            best_w = w;
            best_h = h;
        }
    }
    if (!best || (best_w >= width && best_h >= height))
        return best;
    /* it is too small: another of its shape may lose less */
    wanted = log((double)best_w / best_h);
    for (int i = 0; model->ratios[i]; i++) {
        if (ff_runway_ratio_parse(model->ratios[i], &w, &h) &&
            fabs(log((double)w / h) - wanted) < NEARLY &&
            !is_dearer(model, w, h, width, height) &&
            serves_better(w, h, best_w, best_h, width, height)) {
            best   = model->ratios[i];
            best_w = w;
            best_h = h;
        }
    }
    return best;
}

RunwayOutcome ff_runway_ratio_choose(const RunwayModel *model,
                                     const char *wanted, int width, int height,
                                     const char **ratio, RunwayError *err)
{
    char list[512];
    int w, h;

    *ratio = NULL;
    if (!strcmp(wanted, "auto")) {
        if (!model->ratios || (model->fields & RUNWAY_FIELD_ASPECT))
            return RUNWAY_OK;
        if (width <= 0 || height <= 0)
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "the input has no size to choose a ratio "
                                   "from");
        *ratio = nearest_ratio(model, width, height);
        return RUNWAY_OK;
    }
    if (!(model->fields & (RUNWAY_FIELD_RATIO | RUNWAY_FIELD_ASPECT)))
        return ff_runway_error(err, RUNWAY_INVALID,
                               "ratio=%s: model %s has no choice of ratios, "
                               "its output %s; leave ratio set to auto", wanted,
                               model->name, model->size_follows_input ?
                               "has the input's shape" :
                               "is 1280:720 or 720:1280, whichever is nearer "
                               "to the input");
    if (!model->ratios) {
        if (!ff_runway_ratio_parse(wanted, &w, &h))
            return ff_runway_error(err, RUNWAY_INVALID,
                                   "ratio=%s: a ratio is WIDTHxHEIGHT, as in "
                                   "1280x720, or auto", wanted);
        *ratio = wanted;
        return RUNWAY_OK;
    }
    for (int i = 0; model->ratios[i]; i++) {
        if (!strcmp(wanted, model->ratios[i])) {
            *ratio = model->ratios[i];
            return RUNWAY_OK;
        }
    }
    list_ratios(model, list, sizeof(list));
    /* a colon that is not escaped ends the option, and a number is left */
    return ff_runway_error(err, RUNWAY_INVALID,
                           "ratio=%s: model %s supports auto, %s%s", wanted,
                           model->name, list, strchr(wanted, ':') ? "" :
                           "; in a filter, write x instead of the colon");
}

static int even(double side)
{
    return (int)(side / 2 + 0.5) * 2;
}

int ff_runway_larger_size(const RunwayModel *model, const char *resolution,
                          int width, int height, int *out_w, int *out_h)
{
    double times = model->times;

    if (times > 0) {
        if (times * width > model->max_side)
            times = (double)model->max_side / width;
        if (times * height > model->max_side)
            times = (double)model->max_side / height;
        *out_w = even(times * width);
        *out_h = even(times * height);
        return 1;
    }
    for (const RunwaySize *s = model->sizes; s && s->width; s++) {
        if (s->width == width && s->height == height && resolution &&
            !strcmp(s->resolution, resolution)) {
            *out_w = s->out_width;
            *out_h = s->out_height;
            return 1;
        }
    }
    return 0;
}

int64_t ff_runway_largest_result(const RunwayModel *model, const char *ratio)
{
    int is_wanted, w, h;
    int64_t most = 0;

    is_wanted = ff_runway_ratio_parse(ratio, &w, &h);
    /* the clip may be expanded to a shape, by nobody knows how much */
    if (!ff_runway_model_is_known(model) ||
        model->endpoint == RUNWAY_VIDEO_UPSCALE ||
        model->fields & RUNWAY_FIELD_RESOLUTION ||
        (model->ratios_are_shapes && is_wanted))
        return -1;
    if (!model->ratios || model->ratios_are_shapes)
        return 0;
    if (is_wanted)
        return (int64_t)w * h;
    for (int i = 0; model->ratios[i]; i++)
        if (ff_runway_ratio_parse(model->ratios[i], &w, &h) &&
            (int64_t)w * h > most)
            most = (int64_t)w * h;
    return most;
}
