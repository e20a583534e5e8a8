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
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drift.h"
#include "process.h"
#include "render.h"
#include "zip.h"

/* A minute of clip at most; an hour is for a machine under great load. */
#define RENDER_TIMEOUT 3600

#define MAX_RENDERERS 16

/* A display of P3's colours and 1000 nits. */
#define HDR10_PARAMS "log-level=error:hdr10=1:repeat-headers=1:master-display=" \
                     "G(13250,34500)B(7500,3000)R(34000,16000)"                 \
                     "WP(15635,16450)L(10000000,1):max-cll=1000,400"

typedef struct Entry {
    SimRenderJob *job;
    struct Entry *next;
} Entry;

struct SimRender {
    const SimOptions *options;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    Entry *first, **last;
    pthread_t threads[MAX_RENDERERS];
    int nb_threads;
    int nb_jobs;
    int stop;
};

void sim_render_job_free(SimRenderJob *job)
{
    if (!job)
        return;
    if (job->input && !job->keep_input)
        unlink(job->input);
    free(job->input);
    free(job->output);
    for (int i = 0; i < job->nb_images; i++) {
        if (!job->images[i].keep)
            unlink(job->images[i].path);
        free(job->images[i].path);
    }
    free(job);
}

/* What is on record: twice of 1280 and three times of 640 at 2k; sides are
 * multiples of 16, so 640x360 becomes 1920x1072. */
static void enlarge(SimRenderJob *job)
{
    static const struct { const char *name; int width; } sizes[] = {
        { "720p", 1280 }, { "1k", 1920 }, { "2k", 2560 }, { "4k", 3840 },
    };
    const SimClip *clip = &job->clip;
    int longer = clip->width > clip->height ? clip->width : clip->height;
    double times = 2560.0 / longer;

    for (size_t i = 0; i < SIM_ELEMS(sizes); i++) {
        if (!strcmp(job->larger, sizes[i].name))
            times = (double)sizes[i].width / longer;
    }
    times = times < 1 ? 1 : times > 3 ? 3 : floor(times);
    if (job->model->times)
        times = longer * job->model->times > 4096 ? 4096.0 / longer
                                                  : job->model->times;
    job->width  = (int)(clip->width * times) & ~15;
    job->height = (int)(clip->height * times) & ~15;
    job->width  = job->width < 16 ? 16 : job->width;
    job->height = job->height < 16 ? 16 : job->height;
}

void sim_render_plan(const SimOptions *options, SimRenderJob *job)
{
    const SimClip *clip = &job->clip;
    const SimModel *model = job->model;
    int a, b;

    job->seconds = clip->duration;
    if (model->used_seconds > 0 && job->seconds > model->used_seconds)
        job->seconds = model->used_seconds;
    job->made = job->length ? job->length : job->seconds;
    if (!job->edits && job->made < model->min_length)
        job->made = model->min_length;

    job->rate_num = clip->rate_num;
    job->rate_den = clip->rate_den;
    if (options->rate_num && !model->keeps_picture) {
        job->rate_num = options->rate_num;
        job->rate_den = options->rate_den;
    }
    if (job->rate_num <= 0 || job->rate_den <= 0) {
        job->rate_num = 24;
        job->rate_den = 1;
    }
    /* The small subtraction keeps 5.000001 s from needing one frame more. */
    job->frames = (long)ceil(job->made * options->stretch *
                             job->rate_num / job->rate_den - 0.01) +
                  (model->keeps_picture ? 0 : options->extra_frames);
    if (job->frames < 1)
        job->frames = 1;

    if (model->is_larger || model->times) {
        enlarge(job);
    } else if (model->keeps_picture) {
        job->width  = clip->width & ~1;
        job->height = clip->height & ~1;
    } else if (model->always_720p) {
        job->width  = clip->width >= clip->height ? 1280 : 720;
        job->height = clip->width >= clip->height ? 720 : 1280;
    } else if (model->ratio_size &&
               sscanf(job->ratio, "%d:%d", &a, &b) == 2) {
        job->width  = a & ~1;
        job->height = b & ~1;
    } else {
        job->width  = clip->width  & ~15;
        job->height = clip->height & ~15;
        if (sscanf(job->aspect, "%d:%d", &a, &b) == 2) {
            double want = (double)a / b;

            /* Expanding never crops: the side that is too short grows. */
            if (want * clip->height >= clip->width)
                job->width = (int)(want * job->height + 8) & ~15;
            else
                job->height = (int)(job->width / want + 8) & ~15;
        }
        if (job->width < 16)
            job->width = 16;
        if (job->height < 16)
            job->height = 16;
    }
    if (options->width) {
        job->width  = options->width;
        job->height = options->height;
    }

    job->codec = options->codec;
    if (!job->codec) {
        job->codec = "h264";
        if (!strcmp(job->format, "prores"))
            job->codec = "prores";
        else if (!strcmp(job->format, "sdr_rec709_10bit"))
            job->codec = "hevc10";
        else if (!strcmp(job->format, "png_sequence"))
            job->codec = "png";
        if (!strcmp(model->name, "ruby"))
            job->codec = !strcmp(job->format, "hdr_prores") ? "prores"
                                                            : "hevc10";
        if (!strncmp(job->format, "hdr_exr", 7))
            job->codec = "png";
    }
    job->extension = !strcmp(job->codec, "prores") ? "mov" :
                     !strcmp(job->codec, "png") ? "zip" : "mp4";
    if (options->result_file) {
        const char *dot = strrchr(options->result_file, '.');

        job->extension = dot && !strcmp(dot, ".mov") ? "mov" :
                         dot && !strcmp(dot, ".zip") ? "zip" : "mp4";
    }
}

/* The transfer of an HDR result, NULL: it is none. Its colours are BT.2020's. */
static const char *hdr_transfer(const SimRenderJob *job)
{
    if (strcmp(sim_model_path(job->model), SIM_PATH_HDR))
        return NULL;
    return !strcmp(job->format, "hlg") ? "arib-std-b67" : "smpte2084";
}

static const char *tag(const SimRenderJob *job, const SimOptions *options,
                       const char *kind)
{
    const char *transfer = hdr_transfer(job);

    if (options->untagged)
        return "unknown";
    if (!transfer)
        return "bt709";
    return !strcmp(kind, "trc") ? transfer :
           !strcmp(kind, "matrix") ? "bt2020nc" : "bt2020";
}

/* Ten bits are made in ten bits, not from eight. */
static int is_deep(const SimRenderJob *job)
{
    return strcmp(job->codec, "h264") && strcmp(job->codec, "png");
}

/* The matrix a decoder would assume: the tag, or the custom for the size. */
static const char *input_matrix(const SimClip *clip)
{
    if (!strcmp(clip->color_space, "bt709"))
        return "bt709";
    if (!strcmp(clip->color_space, "smpte170m") ||
        !strcmp(clip->color_space, "bt470bg"))
        return "smpte170m";
    if (!strcmp(clip->color_space, "bt2020nc"))
        return "bt2020";
    return clip->height >= 720 || clip->width >= 1280 ? "bt709" : "smpte170m";
}

static void add_picture_filters(const SimRenderJob *job,
                                const SimOptions *options, SimBuf *graph)
{
    const SimClip *clip = &job->clip;

    sim_buf_printf(graph, "[0:v:0]trim=duration=%.9g,setpts=(PTS-STARTPTS)*%.9g",
                   job->seconds, options->stretch);
    sim_buf_printf(graph, ",fps=%d/%d", job->rate_num, job->rate_den);
    if (job->aspect[0] && !options->width)
        sim_buf_printf(graph, ",scale=%d:%d:force_original_aspect_ratio="
                       "decrease:force_divisible_by=2:flags=bicubic,"
                       "pad=%d:%d:-1:-1", job->width, job->height,
                       job->width, job->height);
    if (options->crop)
        sim_buf_printf(graph, ",scale=%d:%d:force_original_aspect_ratio="
                       "increase:force_divisible_by=2:flags=bicubic,"
                       "crop=%d:%d", job->width, job->height,
                       job->width, job->height);
    sim_buf_printf(graph, ",scale=%d:%d:flags=bicubic+accurate_rnd+"
                   "full_chroma_int:in_color_matrix=%s:in_range=%s:"
                   "out_color_matrix=%s:out_range=tv,format=yuv420p%s,"
                   "setsar=1,%s", job->width, job->height, input_matrix(clip),
                   strcmp(clip->color_range, "pc") ? "tv" : "pc",
                   hdr_transfer(job) ? "bt2020" : "bt709",
                   is_deep(job) ? "10" : "", job->look->filter);
    /* SDR's white is not the brightest that there is any more */
    if (hdr_transfer(job))
        sim_buf_printf(graph, ",lutyuv=y=minval+(val-minval)*%s",
                       !strcmp(job->format, "hlg") ? "0.75" : "0.6");
    if (options->drift)
        sim_drift_append(graph, options->drift, options->seed, job->number,
                         job->width, job->height, is_deep(job));
    sim_buf_printf(graph, ",tpad=stop=-1:stop_mode=clone,trim=end_frame=%ld",
                   job->frames);
    /* One frame in five goes: what is left is unevenly spaced. */
    if (options->vfr)
        sim_buf_printf(graph, ",select='mod(n\\,5)-1'");
    sim_buf_printf(graph, "[v0]");
}

static void add_images(const SimRenderJob *job, SimBuf *graph)
{
    const char *depth = is_deep(job) ? "10" : "";
    int corners = 0;

    for (int i = 0; i < job->nb_images; i++) {
        const SimImage *image = &job->images[i];
        int divisor = image->keyframe ? 1 : 4;

        sim_buf_printf(graph, ";[%d:v]scale=%d:%d:flags=bicubic:"
                       "out_color_matrix=bt709:out_range=tv,format=yuv420p%s,"
                       "setsar=1[i%d];[v%d][i%d]", i + 1,
                       job->width / divisor & ~1, job->height / divisor & ~1,
                       depth, i, i, i);
        if (image->keyframe)
            sim_buf_printf(graph, "overlay=0:0:enable='between(t,%.6f,%.6f)'",
                           image->seconds - 0.125, image->seconds + 0.125);
        else
            sim_buf_printf(graph, "overlay=W-w-%d*w:H-h", corners++ % 4);
        sim_buf_printf(graph, ":repeatlast=1:format=yuv420%s[v%d]",
                       *depth ? "p10" : "", i + 1);
    }
}

static int has_sound(const SimRenderJob *job, const SimOptions *options)
{
    return !options->no_audio && strcmp(job->codec, "png");
}

/* An upscaler keeps the sound that there is; the others make their own. */
static int keeps_sound(const SimRenderJob *job)
{
    return job->model->is_larger || job->model->times;
}

/* Its pixels by profile; those of 4444 have an alpha channel, all opaque. */
static void add_prores(const SimRenderJob *job, SimArgs *args)
{
    static const char *const profiles[][2] = {
        { "422 Proxy", "proxy" }, { "422 LT", "lt" }, { "422", "standard" },
        { "422 HQ", "hq" }, { "4444", "4444" }, { "4444 XQ", "4444xq" },
    };
    const char *profile = "4444";

    for (size_t i = 0; i < SIM_ELEMS(profiles); i++) {
        if (!strcmp(job->profile, profiles[i][0]))
            profile = profiles[i][1];
    }
    sim_args_add(args, "-c:v", "prores_ks", "-profile:v", profile, "-pix_fmt",
                 *profile == '4' ? "yuva444p10le" : "yuv422p10le", NULL);
}

static void add_output(const SimRenderJob *job, const SimOptions *options,
                       SimArgs *args)
{
    if (!strcmp(job->codec, "png")) {
        sim_args_add(args, "-pix_fmt", "rgb24", "-f", "image2", NULL);
        sim_args_addf(args, "%s.d/frame_%%06d.png", job->output);
        return;
    }
    if (!strcmp(job->codec, "prores"))
        add_prores(job, args);
    else if (!strcmp(job->codec, "hevc10"))
        sim_args_add(args, "-c:v", "libx265", "-preset", "fast", "-crf", "16",
                     "-x265-params", hdr_transfer(job) &&
                     strcmp(job->format, "hlg") ? HDR10_PARAMS :
                     "log-level=error", "-tag:v", "hvc1",
                     "-pix_fmt", "yuv420p10le", NULL);
    else {
        sim_args_add(args, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt",
                     strcmp(job->codec, "h264_10") ? "yuv420p"
                                                   : "yuv420p10le", "-crf", NULL);
        sim_args_addf(args, "%d", options->crf);
    }
    sim_args_add(args, "-colorspace", tag(job, options, "matrix"),
                 "-color_primaries", tag(job, options, "primaries"),
                 "-color_trc", tag(job, options, "trc"), "-color_range",
                 options->untagged ? "unknown" : "tv", NULL);
    if (has_sound(job, options))
        sim_args_add(args, "-c:a", "aac", "-b:a", "96k", NULL);
    sim_args_add(args, "-map_metadata", "-1", "-movflags", "+faststart",
                 "-f", job->extension, job->output, NULL);
}

static void build_command(const SimRenderJob *job, const SimOptions *options,
                          SimArgs *args)
{
    SimBuf graph = { 0 };

    sim_args_add(args, options->ffmpeg, "-hide_banner", "-nostdin", "-v",
                 "error", "-xerror", "-y", "-err_detect", "explode",
                 "-protocol_whitelist", "file", "-i", NULL);
    sim_args_addf(args, "file:%s", job->input);
    for (int i = 0; i < job->nb_images; i++) {
        sim_args_add(args, "-protocol_whitelist", "file", "-i", NULL);
        sim_args_addf(args, "file:%s", job->images[i].path);
    }
    add_picture_filters(job, options, &graph);
    add_images(job, &graph);
    sim_buf_printf(&graph, ";[v%d]setparams=range=%s:color_primaries=%s:"
                   "color_trc=%s:colorspace=%s[v]", job->nb_images,
                   options->untagged ? "unknown" : "tv",
                   tag(job, options, "primaries"), tag(job, options, "trc"),
                   tag(job, options, "matrix"));
    /* Sound of the model's own making, which is not the source's. */
    if (has_sound(job, options) && !keeps_sound(job))
        sim_buf_printf(&graph, ";sine=frequency=330:sample_rate=48000,"
                       "volume=0.2,atrim=duration=%.6f[a]",
                       (double)job->frames * job->rate_den / job->rate_num);
    sim_args_add(args, "-filter_complex", graph.data, "-map", "[v]", NULL);
    if (has_sound(job, options))
        sim_args_add(args, "-map", keeps_sound(job) ? "0:a?" : "[a]", NULL);
    if (options->vfr)
        sim_args_add(args, "-fps_mode", "vfr", NULL);
    add_output(job, options, args);
    sim_buf_free(&graph);
}

static int run_ffmpeg(const SimRender *render, const SimRenderJob *job,
                      SimBuf *err)
{
    SimArgs args = { 0 };
    int ret;

    build_command(job, render->options, &args);
    ret = sim_process_run(&args, NULL, err, RENDER_TIMEOUT);
    if (ret && !err->size)
        sim_buf_printf(err, "%s ended with status %d", render->options->ffmpeg,
                       ret);
    sim_args_free(&args);
    return ret;
}

/* Every result is a file of the user's. */
static int copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
    char part[65536];
    int ret = out ? 0 : -1;
    size_t n;

    while (!ret && (n = fread(part, 1, sizeof(part), in)))
        ret = fwrite(part, n, 1, out) == 1 ? 0 : -1;
    if (in) {
        if (ferror(in))
            ret = -1;
        fclose(in);
    }
    if (out && fclose(out))
        ret = -1;
    return ret;
}

static int run_pictures(const SimRender *render, const SimRenderJob *job,
                        SimBuf *err)
{
    char *dir = sim_asprintf("%s.d", job->output);
    int ret = mkdir(dir, 0700);

    if (!ret)
        ret = run_ffmpeg(render, job, err);
    if (!ret && sim_zip_frames(job->output, dir) <= 0)
        ret = -1;
    sim_remove_dir(dir);
    free(dir);
    return ret;
}

static void run(const SimRender *render, SimRenderJob *job)
{
    const char *code = NULL;
    SimBuf err = { 0 };

    if (render->options->result_file) {
        if (copy_file(render->options->result_file, job->output) < 0)
            code = "INTERNAL";
    } else if (!strcmp(job->codec, "png")) {
        if (run_pictures(render, job, &err))
            code = "INTERNAL";
    } else if (run_ffmpeg(render, job, &err)) {
        /* Many an ffmpeg comes without libx265; ten bits are still ten. */
        if (!strcmp(job->codec, "hevc10") && strstr(err.data, "x265")) {
            sim_buf_free(&err);
            job->codec = "h264_10";
            if (run_ffmpeg(render, job, &err))
                code = "INTERNAL";
        } else {
            /* What is not the program's own lack is the clip's. */
            code = strstr(err.data, "Unknown encoder") ||
                   strstr(err.data, "No such filter") ? "INTERNAL"
                                                      : "ASSET.INVALID";
        }
    }
    job->done(job->opaque, code, err.data);
    sim_buf_free(&err);
}

static void *worker(void *opaque)
{
    SimRender *render = opaque;

    pthread_mutex_lock(&render->lock);
    for (;;) {
        Entry *entry;
        int stop;

        while (!render->first && !render->stop)
            pthread_cond_wait(&render->cond, &render->lock);
        entry = render->first;
        if (!entry)
            break;
        render->first = entry->next;
        if (!render->first)
            render->last = &render->first;
        stop = render->stop;
        pthread_mutex_unlock(&render->lock);
        if (stop)
            entry->job->done(entry->job->opaque, "INTERNAL",
                             "the simulator is ending");
        else
            run(render, entry->job);
        sim_render_job_free(entry->job);
        free(entry);
        pthread_mutex_lock(&render->lock);
    }
    pthread_mutex_unlock(&render->lock);
    return NULL;
}

SimRender *sim_render_alloc(const SimOptions *options)
{
    SimRender *render = sim_calloc(sizeof(*render));

    render->options = options;
    render->last    = &render->first;
    pthread_mutex_init(&render->lock, NULL);
    pthread_cond_init(&render->cond, NULL);
    while (render->nb_threads < options->renderers &&
           render->nb_threads < MAX_RENDERERS) {
        if (pthread_create(&render->threads[render->nb_threads], NULL, worker,
                           render))
            break;
        render->nb_threads++;
    }
    if (!render->nb_threads) {
        sim_render_free(render);
        return NULL;
    }
    return render;
}

void sim_render_start(SimRender *render, SimRenderJob *job)
{
    Entry *entry = sim_calloc(sizeof(*entry));

    entry->job = job;
    pthread_mutex_lock(&render->lock);
    job->number   = ++render->nb_jobs;
    *render->last = entry;
    render->last  = &entry->next;
    pthread_cond_signal(&render->cond);
    pthread_mutex_unlock(&render->lock);
}

void sim_render_free(SimRender *render)
{
    if (!render)
        return;
    pthread_mutex_lock(&render->lock);
    render->stop = 1;
    pthread_cond_broadcast(&render->cond);
    pthread_mutex_unlock(&render->lock);
    for (int i = 0; i < render->nb_threads; i++)
        pthread_join(render->threads[i], NULL);
    pthread_cond_destroy(&render->cond);
    pthread_mutex_destroy(&render->lock);
    free(render);
}
