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
#include <string.h>

#include "libavutil/imgutils.h"
#include "libavutil/intreadwrite.h"
#include "libavutil/murmur3.h"
#include "libavutil/pixdesc.h"
#include "libavutil/sha.h"

#include "compat.h"
#include "format.h"
#include "identity.h"
#include "picture.h"

/* Another number when anything below is counted differently: old results are
 * then not found, which costs, but never taken for something else. */
#define IDENTITY_VERSION 3

struct RunwayIdentity {
    struct AVSHA *sha;
    struct AVMurMur3 *digest; ///< of one frame: SHA-256 over raw pixels would
                              ///< cost a third of an encode
};

RunwayIdentity *ff_runway_identity_create(void)
{
    RunwayIdentity *id = av_mallocz(sizeof(*id));

    if (!id)
        return NULL;
    id->sha    = av_sha_alloc();
    id->digest = av_murmur3_alloc();
    if (!id->sha || !id->digest) {
        ff_runway_identity_free(&id);
        return NULL;
    }
    av_sha_init(id->sha, 256);
    return id;
}

void ff_runway_identity_free(RunwayIdentity **identity)
{
    if (!*identity)
        return;
    av_freep(&(*identity)->sha);
    av_freep(&(*identity)->digest);
    av_freep(identity);
}

static void add_number(RunwayIdentity *id, int64_t number)
{
    uint8_t bytes[8];

    AV_WL64(bytes, number);
    av_sha_update(id->sha, bytes, sizeof(bytes));
}

/* With its length, so that no two lists of texts run into the same bytes. */
static void add_text(RunwayIdentity *id, const char *text)
{
    add_number(id, text ? (int64_t)strlen(text) : -1);
    if (text)
        av_sha_update(id->sha, (const uint8_t *)text, strlen(text));
}

/* The bits of a line of packed pixels that are colour: alpha is not sent, and
 * what no component uses is anything. */
static int get_mask(const AVPixFmtDescriptor *desc, int width, uint8_t *mask)
{
    const int nb = desc->nb_components -
                   !!(desc->flags & AV_PIX_FMT_FLAG_ALPHA);
    uint16_t *ones = av_malloc_array(width, sizeof(*ones));
    uint8_t *data[4] = { mask };
    const int linesize[4] = { 0 };

    if (!ones)
        return AVERROR(ENOMEM);
    for (int c = 0; c < nb; c++) {
        int w = c ? AV_CEIL_RSHIFT(width, desc->log2_chroma_w) : width;

        for (int x = 0; x < w; x++)
            ones[x] = (uint16_t)((1 << desc->comp[c].depth) - 1);
        av_write_image_line2(ones, data, linesize, desc, 0, 0, c, w, 2);
    }
    av_free(ones);
    return 0;
}

static int digest_planes(RunwayIdentity *id, const AVFrame *frame)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    int nb = FFMIN(av_pix_fmt_count_planes(frame->format), 3);
    uint8_t *mask = NULL, *scratch = NULL;

    if (!(desc->flags & AV_PIX_FMT_FLAG_PLANAR)) {
        int size = av_image_get_linesize(frame->format, frame->width, 0);
        int ret  = AVERROR(ENOMEM);

        mask = av_calloc(2, size);
        if (mask)
            ret = get_mask(desc, frame->width, mask);
        if (ret < 0) {
            av_free(mask);
            return ret;
        }
        scratch = mask + size;
    }
    for (int i = 0; i < nb; i++) {
        int size   = av_image_get_linesize(frame->format, frame->width, i);
        int height = i ? AV_CEIL_RSHIFT(frame->height, desc->log2_chroma_h)
                       : frame->height;

        for (int y = 0; y < height; y++) {
            const uint8_t *line = frame->data[i] +
                                  (ptrdiff_t)y * frame->linesize[i];

            for (int x = 0; mask && x < size; x++)
                scratch[x] = line[x] & mask[x];
            av_murmur3_update(id->digest, mask ? scratch : line, size);
        }
    }
    av_free(mask);
    return 0;
}

int ff_runway_identity_add(RunwayIdentity *id, const AVFrame *frame,
                           int64_t slot)
{
    /* by what they mean: one container keeps tags that another leaves out */
    AVFrame named = { .format = frame->format, .width = frame->width,
                      .height = frame->height,
                      .colorspace = frame->colorspace,
                      .color_range = frame->color_range,
                      .color_primaries = frame->color_primaries,
                      .color_trc = frame->color_trc };
    AVRational sar = frame->sample_aspect_ratio;
    uint8_t digest[16];
    int ret;

    ff_runway_picture_name_colour(&named);
    if (sar.num <= 0 || sar.den <= 0)
        sar = (AVRational){ 1, 1 };
    av_murmur3_init(id->digest);
    ret = digest_planes(id, frame);
    if (ret < 0)
        return ret;
    av_murmur3_final(id->digest, digest);
    av_sha_update(id->sha, digest, sizeof(digest));
    add_number(id, slot);
    add_number(id, frame->width);
    add_number(id, frame->height);
    add_text(id, av_get_pix_fmt_name(ff_runway_format_plain(frame->format)));
    add_number(id, sar.num);
    add_number(id, sar.den);
    add_number(id, named.colorspace);
    add_number(id, named.color_range);
    add_number(id, named.color_primaries);
    add_number(id, named.color_trc);
    return 0;
}

static void add_rect(RunwayIdentity *id, const RunwayRect *rect)
{
    add_number(id, rect->x);
    add_number(id, rect->y);
    add_number(id, rect->w);
    add_number(id, rect->h);
}

/* By what it holds, whichever way that travels. */
static void add_picture(RunwayIdentity *id, const RunwayPicture *picture)
{
    add_text(id, picture->uri);
    if (picture->uri)
        return;
    add_text(id, picture->file->type);
    add_text(id, picture->file->checksum);
    add_number(id, (int64_t)picture->file->size);
}

/* What came after version 2, by its name where it is set: all that was bought
 * before is found again. */
static void add_later(RunwayIdentity *id, const RunwayRequest *request)
{
    if (request->model->fields & RUNWAY_FIELD_MODE) {
        add_text(id, "mode");
        add_text(id, ff_runway_mode_name(request->model->mode));
    }
    if (request->prores_profile) {
        add_text(id, "prores_profile");
        add_text(id, request->prores_profile);
    }
    if (request->resolution) {
        add_text(id, "resolution");
        add_text(id, request->resolution);
    }
    for (int i = 0; request->numbers && i < RUNWAY_NB_NUMBERS; i++) {
        if (request->numbers[i] < 0)
            continue;
        add_text(id, ff_runway_number_name(i));
        add_number(id, request->numbers[i]);
    }
    for (int i = 0; i < request->nb_keyframes; i++) {
        if (!(request->keyframes[i].range_end > 0))
            continue;
        add_text(id, "range");
        add_number(id, i);
        add_number(id, (int64_t)request->keyframes[i].range_start);
        add_number(id, (int64_t)request->keyframes[i].range_end);
    }
}

static void add_request(RunwayIdentity *id, const RunwayRequest *request)
{
    add_text(id, request->model_name);
    add_text(id, request->prompt);
    add_number(id, request->seed);
    add_text(id, request->ratio);
    add_text(id, request->public_figure_threshold);
    add_text(id, request->output_format);
    add_number(id, request->nb_references);
    for (int i = 0; i < request->nb_references; i++)
        add_picture(id, &request->references[i]);
    add_number(id, request->nb_keyframes);
    for (int i = 0; i < request->nb_keyframes; i++) {
        add_picture(id, &request->keyframes[i]);
        add_number(id, (int64_t)(request->keyframes[i].seconds * 1000000));
    }
    add_later(id, request);
    add_text(id, request->extra);
}

void ff_runway_identity_finish(RunwayIdentity *id,
                               const RunwayIdentityRequest *r,
                               char text[RUNWAY_IDENTITY_SIZE])
{
    uint8_t hash[32];

    add_number(id, IDENTITY_VERSION);
    add_text(id, r->endpoint);
    add_request(id, r->request);
    add_number(id, r->take);
    add_number(id, r->geometry->width);
    add_number(id, r->geometry->height);
    add_rect(id, &r->geometry->source);
    add_rect(id, &r->geometry->target);
    add_number(id, r->rate_num);
    add_number(id, r->rate_den);
    add_number(id, r->length);
    av_sha_final(id->sha, hash);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
}
