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
#include <string.h>

#include "libavutil/avstring.h"
#include "libavutil/opt.h"

#include "compat.h"
#include "fdio.h"
#include "heap.h"
#include "picture.h"
#include "scaler.h"
#include "writer.h"

struct RunwayWriter {
    RunwayWriterConfig config;
    RunwayScaler *scaler;
    AVFormatContext *mux;
    AVStream *stream;
    AVIOContext *io;
    AVCodecContext *enc;
    AVPacket *packet;
    AVFrame *picture;    ///< as it is uploaded, encoded again where it is held
    RunwaySeamGrid looks[2]; ///< of the first and the last picture
    RunwaySeamWatch watch;
    AVFrame *last;       ///< the newest source frame, not encoded yet
    int64_t last_slot;   ///< where it begins
    int64_t bytes;       ///< of packets so far
};

/* In this order for "auto": quality first, then what else a build may have. */
static const char *const encoders[] = {
    "libx264", "libopenh264", "h264_videotoolbox", "h264_mediacodec", NULL
};

static const AVCodec *find_encoder(const char *name)
{
    const AVCodec *codec = NULL;

    if (strcmp(name, "auto"))
        return avcodec_find_encoder_by_name(name);
    for (int i = 0; encoders[i] && !codec; i++)
        codec = avcodec_find_encoder_by_name(encoders[i]);
    return codec;
}

int ff_runway_writer_check_encoder(const char *encoder, void *log_ctx)
{
    const AVCodec *codec = find_encoder(encoder);

    if (!codec && strcmp(encoder, "auto")) {
        av_log(log_ctx, AV_LOG_ERROR, "encoder: this FFmpeg has no encoder "
               "\"%s\"; see ffmpeg -encoders\n", encoder);
        return AVERROR_ENCODER_NOT_FOUND;
    }
    if (!codec) {
        av_log(log_ctx, AV_LOG_ERROR, "this FFmpeg has no H.264 encoder, which "
               "is needed for the clips that are sent; build it with libx264 "
               "or libopenh264\n");
        return AVERROR_ENCODER_NOT_FOUND;
    }
    if (codec->id != AV_CODEC_ID_H264) {
        av_log(log_ctx, AV_LOG_ERROR, "encoder: %s does not produce H.264, "
               "which the service requires\n", encoder);
        return AVERROR(EINVAL);
    }
    return 0;
}

/*
 * By quality: superfast with the macroblock tree that it leaves out, and with
 * little to look ahead at, which is what most of an encoder's memory is for.
 * Against veryfast with a lookahead of 10, three B-frames and CRF 18, for 5 to
 * 10 s of a film and a drawn one at 480p and of a grainy one at 720p: less than
 * two thirds of the memory; about the same time; 0.97, 1.15 and 1.10 times the
 * bytes; SSIM within 0.001, and for the grain higher by 0.007. A lookahead of 5
 * takes 13 MiB more at 1080p and 1.10, 1.03 and 1.01 times the bytes, for 0.0006
 * of SSIM. Without the tree, what is as good takes 1.13 times the bytes of the
 * film. Where the size is given, quality is what is left to gain.
 */
static void tune_x264(AVCodecContext *enc, int64_t bit_rate)
{
    av_opt_set(enc->priv_data, "preset", bit_rate ? "veryfast" : "superfast", 0);
    av_opt_set(enc->priv_data, "mbtree", "1", 0);
    av_opt_set(enc->priv_data, "rc-lookahead", "3", 0);
    enc->max_b_frames = 1;
    if (!bit_rate)
        av_opt_set(enc->priv_data, "crf", "17.5", 0);
}

/* What each encoder needs to be good, quick and small in memory. */
static void tune(RunwayWriter *w, const AVCodec *codec)
{
    AVCodecContext *enc = w->enc;

    /* every thread with a frame of its own holds more of them: at 1080p a
     * default x264 takes 200 to 430 MiB. Two share each frame, for 1 % more
     * bytes, and no frame waits for the next one to be done */
    enc->thread_count = 2;
    enc->thread_type  = FF_THREAD_SLICE;
    /* a page of statistics for each clip is nothing for INFO */
    enc->log_level_offset = AV_LOG_VERBOSE - AV_LOG_INFO;
    enc->gop_size     = FFMAX(1, (int)(2LL * w->config.rate_num /
                                           w->config.rate_den));
    if (!strcmp(codec->name, "libx264")) {
        tune_x264(enc, w->config.bit_rate);
    } else if (!w->config.bit_rate) {
        /* these have no constant quality: about what x264 spends at CRF 18 */
        enc->bit_rate = (int64_t)enc->width * enc->height *
                        w->config.rate_num / w->config.rate_den / 5;
    }
    if (w->config.bit_rate) {
        enc->bit_rate       = w->config.bit_rate;
        enc->rc_max_rate    = w->config.bit_rate;
        enc->rc_buffer_size = FFMIN(w->config.bit_rate, INT_MAX);
    }
}

/* The matrix is converted; primaries and transfer are what they were, as far as
 * they are those of video. */
static void tag_upload(AVCodecContext *enc, const AVFrame *first)
{
    AVFrame named = { .format = first->format, .width = first->width,
                      .height = first->height,
                      .colorspace = first->colorspace,
                      .color_primaries = first->color_primaries,
                      .color_trc = first->color_trc };

    ff_runway_picture_name_colour(&named);
    enc->colorspace      = AVCOL_SPC_BT709;
    enc->color_range     = AVCOL_RANGE_MPEG;
    enc->color_primaries = named.color_primaries;
    enc->color_trc       = named.color_trc;
    /* as good as the same, and encoders cannot write it */
    if (named.color_primaries == AVCOL_PRI_EBU3213)
        enc->color_primaries = AVCOL_PRI_SMPTE170M;
    /* libswscale makes BT.709 of XYZ, and may have left the tag */
    if (named.color_primaries == AVCOL_PRI_SMPTE428)
        enc->color_primaries = AVCOL_PRI_BT709;
    if (ff_runway_scaler_is_wide(first)) {
        enc->color_primaries = AVCOL_PRI_BT709;
        enc->color_trc       = AVCOL_TRC_BT709;
    }
}

static int open_encoder(RunwayWriter *w, const AVFrame *first)
{
    const AVCodec *codec = find_encoder(w->config.encoder);
    AVDictionary *options = NULL;
    AVDictionaryEntry *unused;
    AVCodecContext *enc;
    int ret;

    if (!codec)
        return ff_runway_writer_check_encoder(w->config.encoder,
                                              w->config.log_ctx);
    w->enc = enc = avcodec_alloc_context3(codec);
    if (!enc)
        return AVERROR(ENOMEM);
    enc->width               = w->config.geometry.width;
    enc->height              = w->config.geometry.height;
    enc->pix_fmt             = AV_PIX_FMT_YUV420P;
    enc->sample_aspect_ratio = (AVRational){ 1, 1 };
    enc->framerate           = (AVRational){ w->config.rate_num,
                                             w->config.rate_den };
    enc->time_base           = av_inv_q(enc->framerate);
    tag_upload(enc, first);
    enc->chroma_sample_location = AVCHROMA_LOC_LEFT;
    if (w->mux->oformat->flags & AVFMT_GLOBALHEADER)
        enc->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    tune(w, codec);

    ret = av_dict_copy(&options, w->config.options, 0);
    if (ret >= 0)
        ret = avcodec_open2(enc, codec, &options);
    if (ret < 0) {
        av_log(w->config.log_ctx, AV_LOG_ERROR,
               "encoder %s cannot be opened for %dx%d: %s\n", codec->name,
               enc->width, enc->height, av_err2str(ret));
    } else if ((unused = av_dict_get(options, "", NULL,
                                     AV_DICT_IGNORE_SUFFIX))) {
        av_log(w->config.log_ctx, AV_LOG_ERROR,
               "encoder_opts: %s has no option \"%s\"\n", codec->name,
               unused->key);
        ret = AVERROR_OPTION_NOT_FOUND;
    }
    av_dict_free(&options);
    return ret;
}

static int open_file(RunwayWriter *w, int fd)
{
    int ret = avformat_alloc_output_context2(&w->mux, NULL, "mp4", NULL);

    if (ret < 0) {
        av_log(w->config.log_ctx, AV_LOG_ERROR,
               "this FFmpeg has no MP4 muxer\n");
        return ret;
    }
    ret = ff_runway_fdio_open_write(&w->io, fd);
    if (ret < 0)
        return ret;
    w->mux->pb     = w->io;
    w->mux->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
    return 0;
}

static int write_header(RunwayWriter *w)
{
    int ret;

    w->stream = avformat_new_stream(w->mux, NULL);
    if (!w->stream)
        return AVERROR(ENOMEM);
    w->stream->time_base      = w->enc->time_base;
    w->stream->avg_frame_rate = w->enc->framerate;
    ret = avcodec_parameters_from_context(w->stream->codecpar, w->enc);
    if (ret < 0)
        return ret;
    ret = avformat_write_header(w->mux, NULL);
    return FFMIN(ret, 0);
}

int ff_runway_writer_create(RunwayWriter **writer,
                            const RunwayWriterConfig *config, int fd,
                            const AVFrame *first)
{
    RunwayWriter *w = av_mallocz(sizeof(*w));
    int ret = AVERROR(ENOMEM);

    *writer = NULL;
    if (!w)
        return ret;
    ff_runway_heap_set_up();
    w->config  = *config;
    w->scaler  = ff_runway_scaler_create(config->log_ctx);
    w->packet  = av_packet_alloc();
    w->picture = av_frame_alloc();
    w->last    = av_frame_alloc();
    if (!w->scaler || !w->packet || !w->picture || !w->last)
        goto fail;
    ret = open_file(w, fd);
    if (ret >= 0)
        ret = open_encoder(w, first);
    if (ret >= 0)
        ret = write_header(w);
    if (ret < 0)
        goto fail;
    *writer = w;
    return 0;

fail:
    ff_runway_writer_free(&w);
    return ret;
}

void ff_runway_writer_free(RunwayWriter **writer)
{
    RunwayWriter *w = *writer;

    if (!w)
        return;
    avcodec_free_context(&w->enc);
    avformat_free_context(w->mux);
    ff_runway_fdio_close(&w->io);
    av_packet_free(&w->packet);
    av_frame_free(&w->picture);
    av_frame_free(&w->last);
    ff_runway_scaler_free(&w->scaler);
    av_freep(writer);
    ff_runway_heap_trim();
}

/* Say that the file cannot be written. @return the code for a filter graph:
 * those that mean something else to it stay inside */
static int not_written(const RunwayWriter *w, int error)
{
    int full = error == AVERROR(ENOSPC) || error == AVERROR(EDQUOT) ||
               error == AVERROR(EFBIG);

    av_log(w->config.log_ctx, AV_LOG_ERROR, "a clip cannot be written: %s%s\n",
           av_err2str(error),
           full ? " (set TMPDIR to a directory with more space)" : "");
    return error == AVERROR_EOF || error == AVERROR(EAGAIN) ? AVERROR_BUG
                                                            : error;
}

static int encode(RunwayWriter *w, AVFrame *frame)
{
    int ret = avcodec_send_frame(w->enc, frame);

    while (ret >= 0) {
        /* at the end, some twenty frames come out one after the other */
        if (w->config.interrupted(w->config.opaque))
            return AVERROR_EXIT;
        ret = avcodec_receive_packet(w->enc, w->packet);
        if (ret == AVERROR(EAGAIN) || ret == AVERROR_EOF)
            return 0;
        if (ret < 0)
            break;
        /* some encoders leave it out, and MP4 needs it for the last one */
        if (!w->packet->duration)
            w->packet->duration = 1;
        av_packet_rescale_ts(w->packet, w->enc->time_base,
                             w->stream->time_base);
        w->packet->stream_index = 0;
        w->bytes += w->packet->size;
        ret = av_interleaved_write_frame(w->mux, w->packet);
    }
    return not_written(w, ret);
}

static int convert_last(RunwayWriter *w)
{
    const RunwayGeometry *g = &w->config.geometry;
    AVFrame *src = w->last, *dst = w->picture;
    RunwayRect from = g->source;
    RunwaySeamGrid look;
    int ret;

    /* the encoder may still refer to the previous picture's buffers */
    av_frame_unref(dst);
    dst->format      = AV_PIX_FMT_YUV420P;
    dst->width       = g->width;
    dst->height      = g->height;
    dst->colorspace  = w->enc->colorspace;
    dst->color_range = w->enc->color_range;
    dst->sample_aspect_ratio = (AVRational){ 1, 1 };
    dst->color_primaries     = w->enc->color_primaries;
    dst->color_trc           = w->enc->color_trc;
    dst->chroma_location     = AVCHROMA_LOC_LEFT;
    ret = ff_runway_scaler_share(src, from, dst, g->target);
    if (!ret) {
        ret = av_frame_get_buffer(dst, 0);
        if (ret >= 0)
            ret = ff_runway_scaler_convert(w->scaler, src, from, dst,
                                           g->target);
    }
    if (ret < 0)
        return ret;
    if (g->target.w != g->width || g->target.h != g->height)
        ff_runway_picture_replicate_edges(dst, g->target);
    if (!w->last_slot)
        ff_runway_joint_measure(&w->looks[0], dst, g->target);
    if (w->last_slot >= w->config.watch) {
        ff_runway_joint_measure(&look, dst, g->target);
        ff_runway_seam_watch(&w->watch, &look, w->last_slot);
    }
    return 0;
}

/* Show the last frame up to, but not in, slot. */
static int encode_last(RunwayWriter *w, int64_t slot)
{
    int ret;

    if (!w->last->buf[0] || slot <= w->last_slot)
        return 0;
    ret = convert_last(w);
    for (int64_t i = w->last_slot; ret >= 0 && i < slot; i++) {
        w->picture->pts = i;
        ret = encode(w, w->picture);
    }
    return ret;
}

const RunwaySeamGrid *ff_runway_writer_looks(const RunwayWriter *w)
{
    return w->looks;
}

const RunwaySeamWatch *ff_runway_writer_watch(const RunwayWriter *w)
{
    return &w->watch;
}

int64_t ff_runway_writer_bytes(const RunwayWriter *w)
{
    return w->bytes;
}

int ff_runway_writer_write(RunwayWriter *w, const AVFrame *frame,
                           int64_t slot)
{
    int ret = encode_last(w, slot);

    if (ret < 0)
        return ret;
    if (slot > w->last_slot)
        w->last_slot = slot;
    av_frame_unref(w->last);
    return av_frame_ref(w->last, frame);
}

int ff_runway_writer_finish(RunwayWriter *w, int64_t slots,
                            int64_t *size)
{
    int ret = encode_last(w, slots);

    if (ret >= 0 && w->picture->buf[0])
        ff_runway_joint_measure(&w->looks[1], w->picture,
                                w->config.geometry.target);
    if (ret >= 0)
        ret = encode(w, NULL);
    if (ret >= 0) {
        ret = av_write_trailer(w->mux);
        if (ret >= 0) {
            avio_flush(w->io);
            ret = w->io->error;
        }
        if (ret < 0)
            ret = not_written(w, ret);
    }
    *size = ff_runway_fdio_size(w->io);
    av_frame_unref(w->last);
    return ret;
}
