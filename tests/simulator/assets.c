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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assets.h"
#include "data_uri.h"
#include "provider.h"
#include "sha256.h"
#include "util.h"

/* Where a time or a rate sits on its limit, rounding must not decide. */
#define SLACK 0.0015

static char *new_path(const SimAssetsContext *ctx, const char *kind)
{
    char token[17];

    sim_random_token(token, 16);
    return sim_asprintf("%s/%s-%s", ctx->work_dir, kind, token);
}

/**
 * Brings what a URI stands for into a file.
 *
 * @param media "video" or "image"
 * @param type  receives the media type it claims to have
 */
static SimAssetsResult fetch(const SimAssetsContext *ctx, const char *uri,
                             const char *media, const char *path,
                             cJSON *issues, char **file, char type[64])
{
    unsigned char *data;
    const char *error;
    size_t size;

    if (sim_has_prefix(uri, "https://"))
        return ASSETS_UNREACHABLE;
    if (sim_has_prefix(uri, "runway://")) {
        *file = sim_uploads_find(ctx->uploads, uri, type);
        if (*file)
            return ASSETS_OK;
        sim_issue_add(issues, "custom", path,
                      "Invalid Runway upload URI: not found or expired");
        return ASSETS_REFUSED;
    }

    error = sim_data_uri_decode(uri, type, 64, &data, &size);
    if (error) {
        sim_issue_add(issues, "invalid_format", path, "%s", error);
        return ASSETS_REFUSED;
    }
    *file = new_path(ctx, media);
    if (sim_write_file(*file, data, size) < 0) {
        free(*file);
        *file = NULL;
    }
    free(data);
    return *file ? ASSETS_OK : ASSETS_UNREACHABLE;
}

/* Where a file begins says what it is, whatever it is called. */
static const char *sniff(const char *file)
{
    unsigned char head[16] = { 0 };
    FILE *f = fopen(file, "rbe");
    size_t n = f ? fread(head, 1, sizeof(head), f) : 0;

    if (f)
        fclose(f);
    if (n >= 12 && !memcmp(head + 4, "ftyp", 4))
        return "video/mp4";
    if (n >= 8 && !memcmp(head, "\x89PNG\r\n\x1a\n", 8))
        return "image/png";
    if (n >= 3 && !memcmp(head, "\xff\xd8\xff", 3))
        return "image/jpeg";
    if (n >= 12 && !memcmp(head, "RIFF", 4) && !memcmp(head + 8, "WEBP", 4))
        return "image/webp";
    return "application/octet-stream";
}

static int check_type(const char *file, const char *claimed, const char *media,
                      const char *path, cJSON *issues)
{
    const char *real = sniff(file);

    if (!strcmp(media, "video") ? strcmp(claimed, "video/mp4")
                                : strcmp(claimed, "image/png") &&
                                  strcmp(claimed, "image/jpeg") &&
                                  strcmp(claimed, "image/webp")) {
        sim_issue_add(issues, "custom", path,
                      "Unsupported media type \"%s\"", claimed);
        return -1;
    }
    if (strcmp(real, claimed)) {
        sim_issue_add(issues, "custom", path, "Invalid asset: declared as "
                      "\"%s\", but the data is \"%s\"", claimed, real);
        return -1;
    }
    return 0;
}

/* The service names the length; everything else about a clip that no decoder
 * or player would be glad of is one kind of fault. */
static char *check_clip(const SimModel *model, const SimClip *clip,
                        const char *path, cJSON *issues)
{
    double rate = clip->rate_den ? (double)clip->rate_num / clip->rate_den : 0;
    double longest = model->max_seconds, shortest = model->min_seconds;

    if (clip->nb_video != 1)
        sim_issue_add(issues, "custom", path, "Invalid asset: one video "
                      "stream expected, found %d", clip->nb_video);
    if (strcmp(clip->codec, "h264"))
        sim_issue_add(issues, "custom", path, "Invalid asset: video codec "
                      "h264 expected, found %s", clip->codec);
    /* yuvj420p is what ffprobe calls full range. */
    if (strcmp(clip->pix_fmt, "yuv420p") && strcmp(clip->pix_fmt, "yuvj420p"))
        sim_issue_add(issues, "custom", path, "Invalid asset: pixel format "
                      "yuv420p expected, found %s", clip->pix_fmt);
    if (clip->sar_num != clip->sar_den)
        sim_issue_add(issues, "custom", path, "Invalid asset: square pixels "
                      "expected, found %d:%d", clip->sar_num, clip->sar_den);
    if (clip->width % 2 || clip->height % 2)
        sim_issue_add(issues, "custom", path, "Invalid asset: even width and "
                      "height expected, found %dx%d", clip->width,
                      clip->height);
    if (!clip->constant_rate)
        sim_issue_add(issues, "custom", path, "Invalid asset: constant frame "
                      "rate expected");
    if (cJSON_GetArraySize(issues))
        return NULL;
    if (model->max_side && (clip->width > model->max_side ||
                            clip->height > model->max_side))
        return sim_asprintf("Asset dimensions must be less than %d pixels",
                            model->max_side + 1);
    if (clip->width < model->min_side || clip->height < model->min_side)
        return sim_asprintf("Asset dimensions must be at least %d pixels",
                            model->min_side);
    if (clip->duration < shortest - SLACK)
        return sim_asprintf("Asset duration must be at least %g second%s",
                            shortest, shortest == 1 ? "" : "s");
    if (longest > 0 && clip->duration > longest + SLACK)
        return sim_asprintf("Asset duration must be at most %g seconds",
                            longest);
    if (model->max_fps > 0 && rate > model->max_fps * (1 + SLACK))
        return sim_asprintf("Asset frame rate must be at most %g fps",
                            model->max_fps);
    return NULL;
}

static SimAssetsResult load_source(const SimAssetsContext *ctx,
                                   const SimCreate *create, SimRenderJob *job,
                                   char clip_sha256[65], cJSON *issues,
                                   char **error)
{
    const char *path = create->source_name;
    SimAssetsResult ret;
    char type[64] = "";

    job->keep_input = sim_has_prefix(create->source, "runway://");
    ret = fetch(ctx, create->source, "video", path, issues, &job->input,
                type);
    if (ret != ASSETS_OK)
        return ret;
    if (check_type(job->input, type, "video", path, issues) < 0)
        return ASSETS_REFUSED;
    sim_sha256_file(job->input, clip_sha256);
    if (sim_probe(ctx->options->ffprobe, job->input, &job->clip) < 0) {
        sim_issue_add(issues, "custom", path,
                      "Invalid asset: cannot be read as a video");
        return ASSETS_REFUSED;
    }
    *error = check_clip(create->model, &job->clip, path, issues);
    return *error || cJSON_GetArraySize(issues) ? ASSETS_REFUSED : ASSETS_OK;
}

static SimAssetsResult load_image(const SimAssetsContext *ctx,
                                  const SimCreateImage *image,
                                  SimRenderJob *job, cJSON *issues)
{
    SimAssetsResult ret;
    SimImage *out = &job->images[job->nb_images];
    char type[64] = "", *file = NULL;
    SimClip probed;

    ret = fetch(ctx, image->uri, "image", image->path, issues, &file, type);
    if (ret != ASSETS_OK)
        return ret;
    out->path     = file;
    out->keep     = sim_has_prefix(image->uri, "runway://");
    out->keyframe = image->keyframe;
    out->seconds  = image->at * (image->is_fraction ? job->clip.duration : 1);
    job->nb_images++;
    if (check_type(file, type, "image", image->path, issues) < 0)
        return ASSETS_REFUSED;
    if (sim_probe(ctx->options->ffprobe, file, &probed) < 0) {
        sim_issue_add(issues, "custom", image->path,
                      "Invalid asset: cannot be read as an image");
        return ASSETS_REFUSED;
    }
    if (image->keyframe && out->seconds > job->clip.duration + SLACK) {
        sim_issue_add(issues, "custom", image->path,
                      "The keyframe timestamp lies beyond the video");
        return ASSETS_REFUSED;
    }
    return ASSETS_OK;
}

SimAssetsResult sim_assets_load(const SimAssetsContext *ctx,
                                const SimCreate *create, SimRenderJob *job,
                                char clip_sha256[65], cJSON *issues,
                                char **error)
{
    SimAssetsResult ret;

    *error         = NULL;
    clip_sha256[0] = '\0';
    ret = load_source(ctx, create, job, clip_sha256, issues, error);
    for (int i = 0; i < create->nb_images && ret == ASSETS_OK; i++)
        ret = load_image(ctx, &create->images[i], job, issues);
    return ret;
}
