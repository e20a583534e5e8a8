/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "probe.h"

static void copy_text(char *dst, size_t size, const cJSON *object,
                      const char *name)
{
    const char *s = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(object, name));

    snprintf(dst, size, "%s", s ? s : "unknown");
}

static double get_number(const cJSON *object, const char *name, double none)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsNumber(item))
        return item->valuedouble;
    if (cJSON_IsString(item))
        return atof(item->valuestring);
    return none;
}

static void get_ratio(const cJSON *object, const char *name, char separator,
                      int *num, int *den)
{
    const char *s = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(object, name));
    char c;

    if (!s || sscanf(s, "%d%c%d", num, &c, den) != 3 || c != separator)
        *num = *den = 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Frames are shown in the order of their times, packets are stored in the
 * order of decoding, so the steps between frames show only after sorting. */
static void look_at_packets(SimClip *clip, const cJSON *packets, int stream,
                            double tick)
{
    double *times, *steps, median, tolerance, last = -1;
    const cJSON *packet;
    long n = 0;

    times = sim_malloc(sizeof(*times) * (size_t)(cJSON_GetArraySize(packets) + 1));
    cJSON_ArrayForEach(packet, packets) {
        const char *flags = cJSON_GetStringValue(
            cJSON_GetObjectItemCaseSensitive(packet, "flags"));

        if ((int)get_number(packet, "stream_index", -1) != stream ||
            (flags && strchr(flags, 'D')))
            continue;
        times[n++] = get_number(packet, "pts", 0) * tick;
        last       = get_number(packet, "duration", 0) * tick;
    }
    clip->frames        = n;
    clip->constant_rate = 1;
    if (n) {
        qsort(times, (size_t)n, sizeof(*times), compare);
        clip->start = times[0];
        if (clip->duration <= 0)
            clip->duration = times[n - 1] + last - times[0];
    }
    if (n > 1) {
        steps = sim_malloc(sizeof(*steps) * (size_t)n);
        for (long i = 0; i < n - 1; i++)
            steps[i] = times[i + 1] - times[i];
        qsort(steps, (size_t)n - 1, sizeof(*steps), compare);
        median    = steps[(n - 1) / 2];
        tolerance = tick > 0.001 ? tick : 0.001;
        /* Written time stamps are whole ticks; that alone is no variation. */
        if (steps[n - 2] - median > tolerance * 1.01 ||
            median - steps[0] > tolerance * 1.01)
            clip->constant_rate = 0;
        free(steps);
    }
    free(times);
}

int sim_probe(const char *ffprobe, const char *path, SimClip *clip)
{
    const cJSON *streams, *stream, *video = NULL, *format;
    SimArgs args = { 0 };
    SimBuf out = { 0 };
    cJSON *json = NULL;
    int ret = -1, num, den;

    memset(clip, 0, sizeof(*clip));
    sim_args_add(&args, ffprobe, "-v", "error", "-protocol_whitelist", "file",
                 "-of", "json=compact=1", "-show_format", "-show_streams",
                 "-show_packets", "-show_entries",
                 "packet=stream_index,pts,duration,flags", "-i", NULL);
    sim_args_addf(&args, "file:%s", path);
    if (sim_process_run(&args, &out, NULL, 60) != 0 || !out.data)
        goto fail;
    json = cJSON_Parse(out.data);
    if (!json)
        goto fail;

    format  = cJSON_GetObjectItemCaseSensitive(json, "format");
    streams = cJSON_GetObjectItemCaseSensitive(json, "streams");
    copy_text(clip->format, sizeof(clip->format), format, "format_name");
    cJSON_ArrayForEach(stream, streams) {
        const char *type = cJSON_GetStringValue(
            cJSON_GetObjectItemCaseSensitive(stream, "codec_type"));

        if (type && !strcmp(type, "audio"))
            clip->nb_audio++;
        if (type && !strcmp(type, "video")) {
            if (!clip->nb_video++)
                video = stream;
        }
    }
    if (!video)
        goto fail;
    copy_text(clip->codec, sizeof(clip->codec), video, "codec_name");
    copy_text(clip->pix_fmt, sizeof(clip->pix_fmt), video, "pix_fmt");
    copy_text(clip->color_space, sizeof(clip->color_space), video,
              "color_space");
    copy_text(clip->color_range, sizeof(clip->color_range), video,
              "color_range");
    copy_text(clip->color_primaries, sizeof(clip->color_primaries), video,
              "color_primaries");
    copy_text(clip->color_transfer, sizeof(clip->color_transfer), video,
              "color_transfer");
    clip->width    = (int)get_number(video, "width", 0);
    clip->height   = (int)get_number(video, "height", 0);
    clip->duration = get_number(video, "duration", 0);
    get_ratio(video, "sample_aspect_ratio", ':', &clip->sar_num,
              &clip->sar_den);
    get_ratio(video, "r_frame_rate", '/', &clip->rate_num, &clip->rate_den);
    get_ratio(video, "time_base", '/', &num, &den);
    if (clip->width <= 0 || clip->height <= 0 || num <= 0 || den <= 0)
        goto fail;
    look_at_packets(clip, cJSON_GetObjectItemCaseSensitive(json, "packets"),
                    (int)get_number(video, "index", 0),
                    (double)num / den);
    ret = clip->frames > 0 ? 0 : -1;

fail:
    cJSON_Delete(json);
    sim_buf_free(&out);
    sim_args_free(&args);
    return ret;
}

cJSON *sim_clip_to_json(const SimClip *clip)
{
    cJSON *json = cJSON_CreateObject();
    char text[64];

    cJSON_AddStringToObject(json, "format", clip->format);
    cJSON_AddStringToObject(json, "codec", clip->codec);
    cJSON_AddStringToObject(json, "pix_fmt", clip->pix_fmt);
    cJSON_AddNumberToObject(json, "width", clip->width);
    cJSON_AddNumberToObject(json, "height", clip->height);
    snprintf(text, sizeof(text), "%d:%d", clip->sar_num, clip->sar_den);
    cJSON_AddStringToObject(json, "sar", text);
    cJSON_AddNumberToObject(json, "frames", (double)clip->frames);
    snprintf(text, sizeof(text), "%d/%d", clip->rate_num, clip->rate_den);
    cJSON_AddStringToObject(json, "r_frame_rate", text);
    cJSON_AddBoolToObject(json, "constant_rate", clip->constant_rate);
    cJSON_AddNumberToObject(json, "start", clip->start);
    cJSON_AddNumberToObject(json, "duration", clip->duration);
    cJSON_AddStringToObject(json, "color_space", clip->color_space);
    cJSON_AddStringToObject(json, "color_range", clip->color_range);
    cJSON_AddStringToObject(json, "color_primaries", clip->color_primaries);
    cJSON_AddStringToObject(json, "color_transfer", clip->color_transfer);
    cJSON_AddNumberToObject(json, "video_streams", clip->nb_video);
    cJSON_AddNumberToObject(json, "audio_streams", clip->nb_audio);
    return json;
}
