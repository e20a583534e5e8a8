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

#include <string.h>

#include "libavutil/mathematics.h"

#include "compat.h"
#include "averror.h"
#include "../base/clock.h"
#include "../base/disk.h"
#include "../base/thread.h"
#include "../math/mp4.h"
#include "fdio.h"
#include "heap.h"
#include "picture.h"
#include "reader_internal.h"
#include "../math/retime.h"

struct RunwayReader {
    RunwayReaderLimits limits;
    int fd;
    RunwayMp4 *mp4;      ///< what the demuxer is shown of it
    AVIOContext *io;
    AVFormatContext *demux;
    AVStream *stream;
    AVCodecContext *dec;
    AVPacket *packet;
    RunwayReaderInfo info;
    RunwayTurn turn;     ///< from pictures as stored to pictures as shown
    int64_t first;       ///< pts of the first frame, stream time base
    int64_t last;        ///< time of the frame handed out last, -1: none
    int left_out;        ///< frames whose time was over
    int draining;
    int refused;         ///< why a picture was not decoded, an AVERROR
    RunwayNals nals;     ///< of H.264 and HEVC
    int (*cancelled)(void *opaque); ///< NULL: never
    void *opaque;
    int64_t deadline;    ///< as ff_runway_thread_time(), which is not that of a
                         ///< process that was stopped, or gets no processor
    int64_t spent;       ///< on frames that were asked for, likewise
};

static int is_cancelled(const RunwayReader *r)
{
    return r->cancelled && r->cancelled(r->opaque);
}

static int is_late(const RunwayReader *r)
{
    return r->deadline < ff_runway_thread_time();
}

static int is_stopped(void *opaque)
{
    const RunwayReader *r = opaque;

    return is_cancelled(r) || is_late(r);
}

static int read_bytes(void *opaque, int64_t offset, void *data, size_t size)
{
    const RunwayReader *r = opaque;

    return ff_runway_disk_read_at(r->fd, offset, data, size);
}

static int open_demuxer(RunwayReader *r)
{
    int ret = ff_runway_fdio_open_read(&r->io, r->mp4, is_stopped, r);

    if (ret < 0)
        return ret;
    ret = ff_runway_fdio_open_demuxer(&r->demux, r->io, r->limits.log_ctx);
    if (ret < 0)
        return ret;
    if (!r->demux->nb_streams)
        return AVERROR_INVALIDDATA;
    r->stream = r->demux->streams[0];
    return 0;
}

/* Pixels of a picture as decoders count them, which round up and leave edges. An
 * index may leave its size out. */
static int64_t pixels_of(const RunwayReader *r)
{
    const AVCodecParameters *par = r->stream->codecpar;

    return par->width ? (par->width + 96LL) * (par->height + 96LL)
                      : r->limits.pixels;
}

/* Read from the beginning again. A file in fragments is not sought in: that is
 * done otherwise in each release, and opening it costs next to nothing. */
static int rewind_demuxer(RunwayReader *r)
{
    avformat_close_input(&r->demux);
    ff_runway_fdio_close(&r->io);
    return open_demuxer(r);
}

/* Decoders call a picture that there is no memory for damaged, HEVC's the other
 * way round. One larger than the index says might have too many parts. Those that
 * are not shown are asked for, too. */
static int get_buffer(AVCodecContext *dec, AVFrame *frame, int flags)
{
    RunwayReader *r = dec->opaque;
    int ret = is_stopped(r) ? AVERROR_EXIT :
              (int64_t)frame->width * frame->height > pixels_of(r) ?
              AVERROR_INVALIDDATA :
              avcodec_default_get_buffer2(dec, frame, flags);

    if (ret < 0)
        r->refused = ret;
    return ret;
}

static int open_decoder(RunwayReader *r)
{
    const AVCodec *codec =
        ff_runway_reader_decoder(r->stream->codecpar->codec_id);
    int ret;

    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    r->dec = avcodec_alloc_context3(codec);
    if (!r->dec)
        return AVERROR(ENOMEM);
    ret = avcodec_parameters_to_context(r->dec, r->stream->codecpar);
    if (ret < 0)
        return ret;
    r->dec->opaque          = r;
    r->dec->get_buffer2     = get_buffer;
    r->dec->pkt_timebase    = r->stream->time_base;
    /* two that decode a frame each take a sixth more time of processors, and
     * pictures of their own */
    r->dec->thread_count    = 1;
    /* get_buffer() is exact, but not asked by libdav1d; to others, memory is
     * short beyond this */
    r->dec->max_pixels      = pixels_of(r) << (codec->id != AV_CODEC_ID_AV1);
    /* what is wrong is said once, by whoever asked; the decoder's own lines
     * (errors at VERBOSE) can have text of the result in them */
    r->dec->log_level_offset = AV_LOG_VERBOSE - AV_LOG_ERROR;
    r->dec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER |
                              AV_EF_EXPLODE;
    return avcodec_open2(r->dec, codec, NULL);
}

void ff_runway_reader_free(RunwayReader **reader)
{
    RunwayReader *r = *reader;

    if (!r)
        return;
    avcodec_free_context(&r->dec);
    avformat_close_input(&r->demux);
    ff_runway_fdio_close(&r->io);
    ff_runway_mp4_free(&r->mp4);
    av_packet_free(&r->packet);
    av_freep(reader);
    ff_runway_heap_trim();
}

const RunwayReaderInfo *ff_runway_reader_info(const RunwayReader *r)
{
    return &r->info;
}

/* The next packet, 0 at the end. */
static int read_packet(RunwayReader *r)
{
    int ret;

    if (is_stopped(r))
        return AVERROR_EXIT;
    ret = av_read_frame(r->demux, r->packet);
    /* an error of the disk within a packet makes it shorter, no more */
    if ((ret >= 0 || ret == AVERROR_EOF) && r->demux->pb->error < 0) {
        av_packet_unref(r->packet);
        return r->demux->pb->error;
    }
    return ret == AVERROR_EOF ? 0 : ret < 0 ? ret : 1;
}

static int feed(RunwayReader *r)
{
    int ret;

    if (r->draining)
        return 0;
    ret = read_packet(r);
    if (ret < 0)
        return ret;
    r->draining = !ret;
    if (ret)
        ret = ff_runway_reader_mute(r->dec->codec_id, &r->nals, r->packet);
    if (ret >= 0)
        ret = avcodec_send_packet(r->dec, r->draining ? NULL : r->packet);
    av_packet_unref(r->packet);
    return ret;
}

/* 0: it is to be left out, as one has been shown at its time, or later. The times
 * of frames that are held back may be wrong where an index leaves them out. */
static int accept(RunwayReader *r, AVFrame *frame, int64_t *time)
{
    int64_t pts = frame->best_effort_timestamp;
    int ret;

    if (frame->decode_error_flags || frame->flags & AV_FRAME_FLAG_CORRUPT ||
        pts == AV_NOPTS_VALUE)
        return AVERROR_INVALIDDATA;
    if (r->first == AV_NOPTS_VALUE)
        r->first = pts;
    *time = av_rescale_q(av_sat_sub64(pts, r->first), r->stream->time_base,
                         AV_TIME_BASE_Q);
    if (*time <= r->last)
        return *time == r->last || r->left_out++ < RUNWAY_HELD_MAX
               ? 0 : AVERROR_INVALIDDATA;
    r->last = *time;
    if (frame->colorspace == AVCOL_SPC_UNSPECIFIED ||
        frame->colorspace == AVCOL_SPC_RESERVED)
        frame->colorspace = AVCOL_SPC_BT709;
    if (frame->color_range == AVCOL_RANGE_UNSPECIFIED)
        frame->color_range = AVCOL_RANGE_MPEG;
    ret = ff_runway_picture_turn(frame, r->turn);
    if (ret == AVERROR_PATCHWELCOME)
        av_log(r->limits.log_ctx, AV_LOG_VERBOSE, "the result is stored "
               "rotated, in a pixel format that cannot be rotated\n");
    return ret < 0 ? ret : 1;
}

static int next_frame(RunwayReader *r, AVFrame *frame, int64_t *time)
{
    int ret;

    do {
        if (is_stopped(r)) /* a packet may be of many frames */
            return AVERROR_EXIT;
        av_frame_unref(frame);
        while ((ret = avcodec_receive_frame(r->dec, frame)) == AVERROR(EAGAIN)) {
            ret = feed(r);
            if (ret < 0)
                break;
        }
        if (ret == AVERROR_EOF)
            return 0;
        if (ret >= 0)
            ret = accept(r, frame, time);
    } while (!ret);
    if (ret < 0 && r->refused)
        return r->refused;
    return ret == AVERROR_EOF || ret == AVERROR(EAGAIN) ? AVERROR_INVALIDDATA
                                                        : ret;
}

static RunwayOutcome blame(const RunwayReader *r, int error)
{
    return ff_runway_reader_blame(r->stream ? pixels_of(r) : r->limits.pixels,
                                  error);
}

/* What is said in place of what a reader came upon when it was stopped. */
static RunwayOutcome settle(const RunwayReader *r, RunwayOutcome outcome,
                            RunwayError *err)
{
    if (outcome && is_cancelled(r))
        return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
    if (outcome && is_late(r))
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result cannot be "
                               "decoded within %.0f s of processor time",
                               r->limits.time / 1e6);
    return outcome;
}

/* Behind so many frames, or -1: by the time of the last one decoded. */
static RunwayOutcome damaged(const RunwayReader *r, int error, int64_t nb,
                             RunwayError *err)
{
    RunwayOutcome ret = blame(r, error);
    char where[32];

    if (nb < 0)
        snprintf(where, sizeof(where), "%.3f s", FFMAX(r->last, 0) / 1e6);
    else
        snprintf(where, sizeof(where), "frame %lld", (long long)nb);
    return ff_runway_error(err, ret, "the result %s after %s: %s",
                           ret == RUNWAY_BAD_RESULT ? "is damaged"
                                                    : "cannot be read",
                           where, av_err2str(error));
}

static int to_averror(RunwayOutcome outcome)
{
    return outcome == RUNWAY_CANCELLED ? AVERROR_EXIT
                                       : ff_runway_averror(outcome);
}

int ff_runway_reader_next(RunwayReader *r, AVFrame *frame, int64_t *time,
                          RunwayError *err)
{
    int64_t start = ff_runway_thread_time();
    int ret;

    r->deadline = start + r->limits.time - r->spent;
    ret = next_frame(r, frame, time);
    r->spent += ff_runway_thread_time() - start;
    return ret < 0 ? to_averror(settle(r, damaged(r, ret, -1, err), err)) : ret;
}

/* Packets that have to come: the samples that the index lists, less what an
 * edit leaves out. More may come in fragments, of which it knows nothing. */
static int64_t nb_expected(const RunwayReader *r)
{
    return FFMIN(r->stream->nb_frames,
                 avformat_index_get_entries_count(r->stream));
}

static RunwayOutcome check_part(RunwayReader *r, const uint8_t *data, size_t size,
                                int64_t nb, RunwayError *err)
{
    return ff_runway_reader_judge(r->stream->codecpar->codec_id, &r->nals, data,
                                  size, nb, err);
}

static RunwayOutcome check_packet(RunwayReader *r, int64_t nb, RunwayError *err)
{
    size_t size;
    const uint8_t *data =
        av_packet_get_side_data(r->packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
    RunwayOutcome ret = data ? check_part(r, data, size, -1, err) : RUNWAY_OK;

    return ret ? ret : check_part(r, r->packet->data, (size_t)r->packet->size,
                                  nb, err);
}

/* Read every packet, for what the header cannot be believed to say: it says
 * nothing of fragments. The file is at its beginning again afterwards. */
static RunwayOutcome measure(RunwayReader *r, RunwayError *err)
{
    int64_t expected = nb_expected(r), nb = 0;
    int64_t start = INT64_MAX, end = INT64_MIN, first = 0, last = 0;
    AVRational rate = r->stream->avg_frame_rate;
    RunwayOrder order = { 0 };
    int ret;

    while ((ret = read_packet(r)) > 0) {
        const AVPacket *p = r->packet;
        RunwayOutcome outcome = check_packet(r, nb, err);

        if (outcome)
            return outcome;
        ret = p->flags & AV_PKT_FLAG_CORRUPT || !p->size ? AVERROR_INVALIDDATA
                                                         : 0;
        if (p->pts != AV_NOPTS_VALUE) {
            start = FFMIN(start, p->pts);
            end   = FFMAX(end, av_sat_add64(p->pts, FFMAX(p->duration, 0)));
            ff_runway_reader_note_order(&order, p->pts);
            first = nb ? first : p->dts;
            last  = p->duration > 0 ? 0 : av_sat_sub64(p->dts, first);
        }
        av_packet_unref(r->packet);
        if (ret < 0)
            break;
        nb++;
    }
    if (ret < 0)
        return damaged(r, ret, nb, err);
    if (nb < expected)
        return ff_runway_error(err, RUNWAY_BAD_RESULT, "the result has %lld of "
                               "%lld frames", (long long)nb,
                               (long long)expected);
    /* as the header says, where it speaks of all of them */
    if (nb <= r->stream->nb_frames && r->stream->duration > 0)
        r->info.duration = av_rescale_q(r->stream->duration,
                                        r->stream->time_base, AV_TIME_BASE_Q);
    else if (end > start) /* FFmpeg 5.1 may not say how long the last is */
        r->info.duration = av_rescale_q(av_sat_add64(av_sat_sub64(end, start),
                                                     last / FFMAX(nb - 1, 1)),
                                        r->stream->time_base, AV_TIME_BASE_Q);
    if (!nb || r->info.duration <= 0)
        return ff_runway_error(err, RUNWAY_BAD_RESULT,
                               "the result has no frames");
    r->info.nb_frames = nb;
    r->info.codec     = avcodec_get_name(r->stream->codecpar->codec_id);
    r->info.frame     = r->info.duration / nb;
    if (nb <= r->stream->nb_frames && rate.num > 0 && rate.den > 0)
        r->info.frame = av_rescale(AV_TIME_BASE, rate.den, rate.num);
    /* a stream need not say it, and the demuxer knows it of the index only */
    if (r->dec->codec_id == AV_CODEC_ID_H264)
        r->dec->has_b_frames = FFMAX(r->dec->has_b_frames, order.held);
    ret = rewind_demuxer(r);
    return ret < 0 ? ff_runway_error(err, blame(r, ret), "the result cannot be "
                                     "read back: %s", av_err2str(ret))
                   : RUNWAY_OK;
}

static RunwayReader *create_reader(const RunwayReaderLimits *limits, int fd,
                                   int (*cancelled)(void *opaque), void *opaque)
{
    RunwayReader *r = av_mallocz(sizeof(*r));

    if (!r)
        return NULL;
    r->limits     = *limits;
    r->fd         = fd;
    r->cancelled  = cancelled;
    r->opaque     = opaque;
    r->first      = AV_NOPTS_VALUE;
    r->last       = -1;
    r->limits.time = limits->time ? limits->time : RUNWAY_RESULT_TIME;
    r->packet     = av_packet_alloc();
    if (!r->packet)
        av_freep(&r);
    return r;
}

/* Parse, open and measure, on the thread that goes on with it. */
static RunwayOutcome open_result(RunwayReader *r, int64_t size,
                                 RunwayError *err)
{
    const RunwayMp4Source source = {
        .size      = size,
        .read      = read_bytes,
        .cancelled = is_stopped,
        .opaque    = r,
    };
    RunwayOutcome ret;
    int error;

    r->deadline = ff_runway_thread_time() + r->limits.time;
    ret = ff_runway_mp4_parse(&r->mp4, &source, r->limits.pixels, err);
    if (ret)
        return ret;
    error = open_demuxer(r);
    if (error >= 0) {
        const AVCodecParameters *par = r->stream->codecpar;

        r->nals = (RunwayNals){ .is_hevc = par->codec_id == AV_CODEC_ID_HEVC,
                                .pixels  = pixels_of(r) };
        ret = check_part(r, par->extradata, (size_t)par->extradata_size, -1, err);
        if (ret)
            return ret;
        if (r->nals.is_hevc)
            ff_runway_nals_mute(&r->nals, par->extradata,
                                (size_t)par->extradata_size, 1);
        error = open_decoder(r);
    }
    if (r->stream && error == AVERROR_DECODER_NOT_FOUND) {
        const enum AVCodecID id = r->stream->codecpar->codec_id;

        return ff_runway_error(err, blame(r, error), "the result is not a "
                               "readable video: it is coded as %s, which is "
                               "not supported%s", avcodec_get_name(id),
                               ff_runway_reader_kind(id) < 0 ?
                               "" : " by this FFmpeg");
    }
    if (error < 0)
        return ff_runway_error(err, blame(r, error), "the result (%lld bytes) is "
                               "not a readable video: %s",
                               (long long)size, av_err2str(error));
    r->turn = ff_runway_reader_turn(r->stream, r->limits.log_ctx);
    return measure(r, err);
}

int ff_runway_reader_open(RunwayReader **reader,
                          const RunwayReaderLimits *limits,
                          int (*cancelled)(void *opaque), void *opaque,
                          int fd, int64_t size, RunwayError *err)
{
    RunwayReader *r = create_reader(limits, fd, cancelled, opaque);
    RunwayOutcome outcome;

    *reader = r;
    if (!r)
        return ff_runway_averror(ff_runway_no_memory(err));
    outcome = settle(r, open_result(r, size, err), err);
    if (outcome)
        ff_runway_reader_free(reader);
    else
        *err = (RunwayError){ RUNWAY_OK, "" }; /* what was put up with */
    return to_averror(outcome);
}

/* Decode its first packet alone: with those that it is shown behind there would
 * be as many pictures in memory as are referred to. What is half a picture, a
 * field, is no error. */
static int decode_first(RunwayReader *r, AVFrame *frame)
{
    int ret = feed(r);

    if (ret >= 0)
        ret = avcodec_send_packet(r->dec, NULL);
    if (ret >= 0)
        ret = avcodec_receive_frame(r->dec, frame);
    return ret == AVERROR_EOF ? 0 : r->refused ? r->refused : ret;
}

static int decode_all(RunwayReader *r, AVFrame *frame)
{
    int64_t time;
    int ret;

    while ((ret = next_frame(r, frame, &time)) > 0)
        ;
    return !ret && r->last < 0 ? AVERROR_INVALIDDATA : ret;
}

/* As far as the limits say: what comes later is decoded when it is wanted, which
 * costs as much again. */
static int decode(RunwayReader *r)
{
    AVFrame *frame = av_frame_alloc();
    int ret;

    if (!frame)
        return AVERROR(ENOMEM);
    /* nobody sees these frames; what is read of the file is the same, unless it
     * holds checksums of them */
    if (r->dec->codec_id != AV_CODEC_ID_HEVC)
        r->dec->skip_loop_filter = AVDISCARD_ALL;
    ret = r->limits.whole ? decode_all(r, frame) : decode_first(r, frame);
    av_frame_free(&frame);
    return ret;
}

static RunwayOutcome check(RunwayReader *r, int64_t size, int64_t sent,
                           RunwayError *err)
{
    RunwayRetime retime;
    RunwayOutcome outcome = open_result(r, size, err);
    int ret;

    if (!outcome)
        outcome = ff_runway_reader_check_rate(&r->info, err);
    if (!outcome)
        outcome = ff_runway_retime_plan(&retime, sent, r->info.duration,
                                        r->info.frame,
                                        r->limits.policy->length_tolerance, err);
    if (outcome)
        return outcome;
    ret = decode(r);
    return ret < 0 ? damaged(r, ret, -1, err) : RUNWAY_OK;
}

typedef struct Check {
    RunwayReader *reader;
    int64_t size, sent;
    RunwayOutcome outcome;
    RunwayError *err;
} Check;

static void *run_check(void *opaque)
{
    Check *c = opaque;
    RunwayReader *r = c->reader;

    c->outcome = settle(r, check(r, c->size, c->sent, c->err), c->err);
    ff_runway_reader_free(&c->reader);
    return NULL;
}

RunwayOutcome ff_runway_reader_check(void *limits,
                                     int (*cancelled)(void *opaque),
                                     void *opaque, int fd, int64_t size,
                                     int64_t sent, int whole, RunwayError *err)
{
    Check c = {
        .reader = create_reader(limits, fd, cancelled, opaque),
        .size = size, .sent = sent, .err = err,
    };
    pthread_t thread;

    if (c.reader)
        c.reader->limits.whole |= whole;

    /* on a thread that ends with it, as an allocator keeps what a thread has
     * freed for that thread */
    if (c.reader && !ff_runway_thread_create(&thread, run_check, &c))
        pthread_join(thread, NULL);
    else
        c.outcome = ff_runway_no_memory(err);
    ff_runway_reader_free(&c.reader);
    return c.outcome;
}
