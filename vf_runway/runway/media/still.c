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

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libavcodec/avcodec.h"
#include "libavutil/avstring.h"
#include "libavutil/mathematics.h"
#include "libavutil/mem.h"

#include "../base/disk.h"
#include "../base/text.h"
#include "scaler.h"
#include "still.h"

/* of a still whose pixels are not square */
#define WIDTH_MAX 16384

/* The frame in RGB, with square pixels. */
static int make_picture(const AVFrame *frame, AVFrame *rgb, void *log_ctx)
{
    const AVRational sar = frame->sample_aspect_ratio;
    const RunwayRect from = { 0, 0, frame->width, frame->height };
    RunwayScaler *scaler = ff_runway_scaler_create(log_ctx);
    int ret = AVERROR(ENOMEM);

    if (!scaler)
        return ret;
    rgb->format = AV_PIX_FMT_RGB24;
    rgb->width  = frame->width;
    rgb->height = frame->height;
    if (sar.num > 0 && sar.den > 0) {
        int64_t width = av_rescale(frame->width, sar.num, sar.den);

        if (width <= FFMAX(frame->width, WIDTH_MAX))
            rgb->width  = FFMAX(1, (int)width);
        else
            rgb->height = FFMAX(1, (int)av_rescale(frame->height, sar.den,
                                                   sar.num));
    }
    rgb->colorspace      = AVCOL_SPC_RGB;
    rgb->color_range     = AVCOL_RANGE_JPEG;
    rgb->color_primaries = AVCOL_PRI_BT709;
    rgb->color_trc       = AVCOL_TRC_BT709;
    ret = av_frame_get_buffer(rgb, 0);
    if (ret >= 0)
        ret = ff_runway_scaler_convert(scaler, frame, from, rgb,
                                       (RunwayRect){ 0, 0, rgb->width,
                                                     rgb->height });
    ff_runway_scaler_free(&scaler);
    /* what has no tags is sRGB to every program */
    rgb->color_primaries = AVCOL_PRI_UNSPECIFIED;
    rgb->color_trc       = AVCOL_TRC_UNSPECIFIED;
    return ret;
}

static int encode(const AVFrame *rgb, AVPacket *packet)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *encoder;
    int ret;

    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    encoder = avcodec_alloc_context3(codec);
    if (!encoder)
        return AVERROR(ENOMEM);
    encoder->width        = rgb->width;
    encoder->height       = rgb->height;
    encoder->pix_fmt      = rgb->format;
    encoder->time_base    = (AVRational){ 1, 1 };
    encoder->thread_count = 1;
    ret = avcodec_open2(encoder, codec, NULL);
    if (ret >= 0)
        ret = avcodec_send_frame(encoder, rgb);
    if (ret >= 0)
        ret = avcodec_send_frame(encoder, NULL);
    if (ret >= 0)
        ret = avcodec_receive_packet(encoder, packet);
    avcodec_free_context(&encoder);
    return ret;
}

/* To part until it is whole and durable: what a killed run leaves is no picture.
 * @return 0 or errno */
static int write_file(const char *path, const AVPacket *packet)
{
    static atomic_int nb;
    struct stat st;
    char *part = NULL;
    int fd, error;

    if (!lstat(path, &st))
        return EEXIST;
    /* a name of its own: others may write the same still at this moment */
    do {
        av_free(part);
        part  = av_asprintf("%s.%ld-%d.part", path, (long)getpid(),
                            atomic_fetch_add(&nb, 1));
        error = part ? ff_runway_disk_create(part, &fd) : ENOMEM;
    } while (error == EEXIST);
    if (error)
        goto end;
    error = ff_runway_disk_write(fd, packet->data, (size_t)packet->size);
    if (!error)
        error = ff_runway_disk_sync(fd);
    close(fd);
    if (!error && rename(part, path) < 0)
        error = errno;
    if (error)
        unlink(part);
end:
    av_free(part);
    return error;
}

int ff_runway_still_write(const AVFrame *frame, const char *dir,
                          const char *name, void *log_ctx)
{
    char *path = ff_runway_disk_path(dir, name, NULL);
    AVFrame *rgb = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    int error = 0, ret = AVERROR(ENOMEM);

    if (!path || !rgb || !packet)
        goto end;
    ret = make_picture(frame, rgb, log_ctx);
    if (ret >= 0)
        ret = encode(rgb, packet);
    if (ret < 0) {
        ff_runway_scrub_users(path);
        av_log(log_ctx, AV_LOG_ERROR, "stills_dir: %s cannot be made: %s\n",
               path, ret == AVERROR_ENCODER_NOT_FOUND ?
               "this FFmpeg has no PNG encoder" : av_err2str(ret));
        goto end;
    }
    error = write_file(path, packet);
    ff_runway_scrub_users(path); /* its name may be a URL by mistake */
    if (error == EEXIST) {
        av_log(log_ctx, AV_LOG_WARNING, "stills_dir: %s exists already, and is "
               "left as it is\n", path);
    } else if (error) {
        ret = AVERROR(error);
        av_log(log_ctx, AV_LOG_ERROR, "stills_dir: %s cannot be written: %s\n",
               path, av_err2str(ret));
    }
end:
    free(path);
    av_frame_free(&rgb);
    av_packet_free(&packet);
    return ret;
}
