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
 * Generative video-to-video filter: what flows through is sent, clip by clip,
 * to Runway's API (or a gateway to it) and comes back generated, frame for frame
 * at the same time.
 *
 * Here are options, pads and activate(). What a clip is, how it travels and
 * what a provider says is in runway/; see runway/README.md for the layers.
 */

#define RUNWAY_COMPAT_FILTER

#include <math.h>
#include <string.h>

#include "libavutil/mathematics.h"
#include "libavutil/opt.h"
#include "libavutil/pixdesc.h"

#include "runway/media/compat.h"
#include "runway/media/averror.h"
#include "runway/base/event_log.h"
#include "runway/base/interrupt.h"
#include "runway/filter/progress.h"
#include "runway/filter/sequence.h"
#include "runway/filter/options.h"

/* how long one activation waits for a job at most: other branches of the graph
 * and the user's signals have to get through */
#define WAIT_SLICE 50000

/* more frames than these that come, or stand, in while none is asked for are no
 * decoder's delay, but a host that serves another stream first */
#define UNASKED_MAX 64

/* native frames have no rate that is known beforehand; this is fine enough for
 * any and what MPEG counts in */
#define NATIVE_TIME_BASE (AVRational){ 1, 90000 }

typedef struct RunwayV2VContext {
    const AVClass *class;

    RunwaySettings set;

    /* while frames flow */
    RunwayInterrupt interrupt;
    RunwayEventLog *events;
    RunwaySequence *sequence;
    int64_t delta;              ///< length of a frame that does not say
    int64_t prev_pts;
    int warned_interlaced;

    int status;                 ///< of the input, 0: it goes on
    int64_t status_pts;
    int ended;                  ///< what was left has been sent
    int64_t nb_unasked;         ///< frames in since one was asked for
    int unserved;               ///< see is_wanted()
    int settled;                ///< every job has ended
    int error;                  ///< the first one; sticky

    RunwayProgress progress;
    int64_t end_pts;            ///< of what went out, output time base
} RunwayV2VContext;

#define OFFSET(x) offsetof(RunwayV2VContext, set.x)
#define FLAGS (AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_FILTERING_PARAM)
#define STR(name, field, def, help) \
    { name, help, OFFSET(field), AV_OPT_TYPE_STRING, { .str = def }, 0, 0, FLAGS }
#define RUNTIME (FLAGS | AV_OPT_FLAG_RUNTIME_PARAM)

static const AVOption runway_v2v_options[] = {
    { "prompt", "what the output should show", OFFSET(prompt), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, RUNTIME },
    STR("prompt_file", prompt_file, NULL, "UTF-8 text file to read the prompt from, instead of prompt"),
    STR("model", model, NULL, "model to use; when not set gen4_aleph at cometapi, aleph2 at runway"),
    { "seed", "seed of the generation, the same for all clips; -1 sends none", OFFSET(seed), AV_OPT_TYPE_INT64, { .i64 = 1 }, -1, UINT32_MAX, RUNTIME },
    { "take", "another number buys another result for the same clips", OFFSET(take), AV_OPT_TYPE_INT64, { .i64 = 0 }, 0, INT64_MAX, FLAGS },
    STR("ratio", ratio, "auto", "output ratio WxH (or W:H, escaped) for models that have one; auto is the nearest to the input's"),
    /* behind ratio, so that what a colon cuts off comes to where it is told */
    STR("size", size, NULL, "output size WxH, or generated for the ratio's; the input's when not set"),
    { "fit", "what to do where the input's shape is not the ratio's", OFFSET(fit), AV_OPT_TYPE_INT, { .i64 = RUNWAY_FIT_PAD }, RUNWAY_FIT_PAD, RUNWAY_FIT_STRETCH, FLAGS, .unit = "fit" },
        { "pad",     "replicate the edges, and crop them out of the result", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_FIT_PAD },     0, 0, FLAGS, .unit = "fit" },
        { "crop",    "send the middle of the picture only",                  0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_FIT_CROP },    0, 0, FLAGS, .unit = "fit" },
        { "stretch", "distort the picture for the upload, and back",         0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_FIT_STRETCH }, 0, 0, FLAGS, .unit = "fit" },
    { "reference", "reference image: a local PNG, JPEG or WebP, or an https URL; several with | between", OFFSET(reference), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, RUNTIME },
    STR("keyframe", keyframe, NULL, "SECONDS=IMAGE: what the output should look like at that time of the source; several with | between"),
    STR("public_figure_threshold", public_figure_threshold, NULL, "moderation of public figures: auto or low; the service's own when not set"),
    STR("output_format", output_format, NULL, "form of the result for models that have several: mp4, prores, sdr_rec709_10bit"),
    STR("body", body, NULL, "JSON object merged into the request; null takes a member out"),
    STR("body_file", body_file, NULL, "file to read that JSON object from"),
    STR("provider", provider_name, "auto", "who is asked: cometapi, runway, or auto by which key variable is set"),
    STR("base_url", base_url, NULL, "base URL of the API; the provider's when not set"),
    STR("api_version", api_version, RUNWAY_API_VERSION, "value of the X-Runway-Version header"),
    STR("key_file", key_file, NULL, "file to read the API key from, instead of COMETAPI_KEY or RUNWAYML_API_SECRET; wants provider"),
    STR("http_proxy", http_proxy, NULL, "HTTP proxy; the environment's when not set"),
    { "transport", "how clips and large pictures travel", OFFSET(transport), AV_OPT_TYPE_INT, { .i64 = RUNWAY_SEND_AUTO }, RUNWAY_SEND_AUTO, RUNWAY_SEND_UPLOAD, FLAGS, .unit = "transport" },
        { "auto",   "inside the request where they fit, else uploaded; encoded smaller where the provider has no uploads", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEND_AUTO },   0, 0, FLAGS, .unit = "transport" },
        { "inline", "inside the request, encoded smaller where they do not fit", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEND_INLINE }, 0, 0, FLAGS, .unit = "transport" },
        { "upload", "uploaded to the provider first",                            0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_SEND_UPLOAD }, 0, 0, FLAGS, .unit = "transport" },
    { "clip_duration", "longest clip that is sent, in seconds; 0 is the model's best", OFFSET(clip_duration), AV_OPT_TYPE_DURATION, { .i64 = 0 }, 0, 3600000000LL, FLAGS },
    { "scene", "scene change score (0..100, as scdet) at which a clip may end early; 0 is off", OFFSET(scene), AV_OPT_TYPE_DOUBLE, { .dbl = 0 }, 0, 100, FLAGS },
    { "concurrency", "clips in flight at the same time", OFFSET(policy.concurrency), AV_OPT_TYPE_INT, { .i64 = 4 }, 1, 64, FLAGS },
    STR("encoder", encoder, "auto", "H.264 encoder for the clips that are sent; auto is libx264, or else what is there"),
    { "encoder_opts", "options for that encoder, key=value with : between", OFFSET(encoder_opts), AV_OPT_TYPE_DICT, { .str = NULL }, 0, 0, FLAGS },
    { "timing", "which frames come out", OFFSET(timing), AV_OPT_TYPE_INT, { .i64 = RUNWAY_TIMING_SOURCE }, RUNWAY_TIMING_SOURCE, RUNWAY_TIMING_NATIVE, FLAGS, .unit = "timing" },
        { "source", "one for each frame in, at its time",            0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_TIMING_SOURCE }, 0, 0, FLAGS, .unit = "timing" },
        { "native", "the generated ones, on the source's time line", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_TIMING_NATIVE }, 0, 0, FLAGS, .unit = "timing" },
    { "interlaced", "what to do with interlaced input", OFFSET(interlaced), AV_OPT_TYPE_INT, { .i64 = RUNWAY_INTERLACED_FAIL }, RUNWAY_INTERLACED_FAIL, RUNWAY_INTERLACED_WARN, FLAGS, .unit = "interlaced" },
        { "fail", "end with an error",           0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_INTERLACED_FAIL }, 0, 0, FLAGS, .unit = "interlaced" },
        { "warn", "warn, and send it as it is", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_INTERLACED_WARN }, 0, 0, FLAGS, .unit = "interlaced" },
    { "poll_interval", "seconds between two looks at a task; at least 5, but on loopback", OFFSET(policy.poll_interval), AV_OPT_TYPE_DURATION, { .i64 = 6000000 }, 100000, 600000000, FLAGS },
    { "task_timeout", "longest time for a task, in seconds or MM:SS; waiting for a free place is not counted", OFFSET(policy.task_timeout), AV_OPT_TYPE_DURATION, { .i64 = 1800000000LL }, 1000000, 86400000000LL, FLAGS },
    STR("state_dir", policy.state_dir, NULL, "folder of the journal of what was paid for; the XDG state home's when not set"),
    STR("cache_dir", policy.cache_dir, NULL, "folder of the results; the XDG cache home's when not set"),
    { "cache_size", "bytes that results may take; the oldest go first", OFFSET(policy.cache_size), AV_OPT_TYPE_INT64, { .i64 = 20LL << 30 }, 0, INT64_MAX, FLAGS },
    { "dry_run", "send nothing, log the plan and the price, pass the frames through", OFFSET(policy.dry_run), AV_OPT_TYPE_BOOL, { .i64 = 0 }, 0, 1, FLAGS },
    { "max_credits", "most credits that the clips of this output may cost in all; 0 is no limit", OFFSET(policy.max_credits), AV_OPT_TYPE_DOUBLE, { .dbl = 0 }, 0, 1e12, FLAGS },
    { "on_error", "what to do when a clip's task fails", OFFSET(policy.on_error), AV_OPT_TYPE_INT, { .i64 = RUNWAY_ON_ERROR_FAIL }, RUNWAY_ON_ERROR_FAIL, RUNWAY_ON_ERROR_SOURCE, FLAGS, .unit = "on_error" },
        { "fail",   "end with an error",                   0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_ERROR_FAIL },   0, 0, FLAGS, .unit = "on_error" },
        { "source", "put out that clip's own source frames", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_ERROR_SOURCE }, 0, 0, FLAGS, .unit = "on_error" },
    { "on_unknown", "what to do about a request or a task of unknown fate", OFFSET(policy.on_unknown), AV_OPT_TYPE_INT, { .i64 = RUNWAY_ON_UNKNOWN_FAIL }, RUNWAY_ON_UNKNOWN_FAIL, RUNWAY_ON_UNKNOWN_RESEND, FLAGS, .unit = "on_unknown" },
        { "fail",   "end with an error",               0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_UNKNOWN_FAIL },   0, 0, FLAGS, .unit = "on_unknown" },
        { "resend", "send it again, and maybe pay twice", 0, AV_OPT_TYPE_CONST, { .i64 = RUNWAY_ON_UNKNOWN_RESEND }, 0, 0, FLAGS, .unit = "on_unknown" },
    { "retries", "new paid tasks for a clip whose task failed for a passing reason", OFFSET(policy.retries), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, 100, FLAGS },
    STR("log_path", log_path, NULL, "file to append one JSON line to for each event"),
    STR("ca_file", ca_file, NULL, "PEM file of certificate authorities; the system's when not set"),
    { "tls_verify", "check the server's certificate", OFFSET(tls_verify), AV_OPT_TYPE_BOOL, { .i64 = 1 }, 0, 1, FLAGS },
    { "signals", "return early when the process gets SIGINT or SIGTERM", OFFSET(signals), AV_OPT_TYPE_BOOL, { .i64 = 1 }, 0, 1, FLAGS },
    { NULL }
};

AVFILTER_DEFINE_CLASS(runway_v2v);

/* Runs twice in most hosts, once for a graph that never sees a frame: it looks
 * at options and does nothing that costs or can be seen. */
static av_cold int init(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;

    s->prev_pts = AV_NOPTS_VALUE;
    return ff_runway_settings_init(&s->set, ctx);
}

static av_cold void uninit(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;

    if (s->sequence)
        ff_runway_progress_end(&s->progress, &s->set, s->sequence, s->events,
                               s->error ? "error" :
                               ff_runway_interrupt_seen(&s->interrupt) ?
                               "interrupted" : "ok");
    ff_runway_sequence_free(&s->sequence);
    ff_runway_event_log_free(&s->events);
    ff_runway_interrupt_release(&s->interrupt);
    ff_runway_settings_free(&s->set);
}

static const int pix_fmts[] = {
    AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV422P,   AV_PIX_FMT_YUV444P,
    AV_PIX_FMT_YUVJ420P,  AV_PIX_FMT_YUVJ422P,  AV_PIX_FMT_YUVJ444P,
    AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P10,
    AV_PIX_FMT_NONE
};

/* Whether frames of the input may come out as they are. */
static int passes_source(const AVFilterContext *ctx)
{
    const RunwayV2VContext *s = ctx->priv;

    return s->set.policy.dry_run || ctx->enable_str ||
           s->set.policy.on_error == RUNWAY_ON_ERROR_SOURCE;
}

/* Output has the input's format; but where results have more bits than a source
 * of eight, the graph may take them by wanting such a format behind. */
static int query_formats(AVFilterContext *ctx)
{
    const RunwayV2VContext *s = ctx->priv;
    const char *form = s->set.request.output_format;
    int ret;

    if (!form || !strcmp(form, "mp4") || passes_source(ctx))
        return ff_set_common_formats(ctx, ff_make_format_list(pix_fmts));
    ret = ff_formats_ref(ff_make_format_list(pix_fmts),
                         &ctx->inputs[0]->outcfg.formats);
    if (ret < 0)
        return ret;
    return ff_formats_ref(ff_make_format_list(pix_fmts),
                          &ctx->outputs[0]->incfg.formats);
}

/* The picture is expanded to a ratio: the output holds the input as it is, and
 * what is new around it; or that in the size that was asked for. */
static void expand_output(const RunwayV2VContext *s, const AVFilterLink *inlink,
                          AVFilterLink *outlink, const char *ratio)
{
    AVRational sar = inlink->sample_aspect_ratio;
    int w, h;

    if (!ff_runway_ratio_parse(ratio, &w, &h))
        return;
    if (!s->set.out_w) {
        ff_runway_geometry_expand(&outlink->w, &outlink->h, sar.num, sar.den,
                                  w, h);
        return;
    }
    outlink->w = s->set.out_w;
    outlink->h = s->set.out_h;
    av_reduce(&outlink->sample_aspect_ratio.num,
              &outlink->sample_aspect_ratio.den, (int64_t)w * outlink->h,
              (int64_t)h * outlink->w, 1 << 16);
}

/* The shape of the picture stays what it is, unless it is cropped; where that is
 * the shape of the model's own size, the pixels are square, as the model's. */
static void shape_pixels(const RunwayV2VContext *s, const AVFilterLink *inlink,
                         AVFilterLink *outlink)
{
    const RunwayGeometry own = { .width = outlink->w, .height = outlink->h };
    AVRational sar = inlink->sample_aspect_ratio;

    if (!s->set.out_w && sar.num <= 0)
        sar = (AVRational){ 1, 1 };
    if (!s->set.out_w && (s->set.fit == RUNWAY_FIT_CROP ||
                          !ff_runway_geometry_is_off(&own, lrint(inlink->w *
                                                     av_q2d(sar)), inlink->h)))
        outlink->sample_aspect_ratio = (AVRational){ 1, 1 };
    else if (sar.num > 0 && s->set.fit != RUNWAY_FIT_CROP)
        outlink->sample_aspect_ratio =
            av_mul_q(sar, av_mul_q((AVRational){ inlink->w, outlink->w },
                                   (AVRational){ outlink->h, inlink->h }));
}

/* The result is cropped to the output's shape. Told before it costs. */
static void warn_cropped(AVFilterContext *ctx, int ratio_w, int ratio_h)
{
    const AVFilterLink *outlink = ctx->outputs[0];
    const RunwayGeometry result = { .width = ratio_w, .height = ratio_h };
    AVRational sar = outlink->sample_aspect_ratio;
    int w = outlink->w;

    if (sar.num > 0 && sar.den > 0)
        w = FFMAX(1, av_rescale(w, sar.num, sar.den));
    if (ff_runway_geometry_is_off(&result, w, outlink->h))
        av_log(ctx, AV_LOG_WARNING, "fit=crop: the output has another shape "
               "than the result (%dx%d), which is cropped once more; "
               "size=generated keeps all of it\n", ratio_w, ratio_h);
}

static int config_output(AVFilterLink *outlink)
{
    AVFilterContext *ctx = outlink->src;
    AVFilterLink *inlink = ctx->inputs[0];
    RunwayV2VContext *s = ctx->priv;
    AVRational rate = RUNWAY_LINK(inlink)->frame_rate;
    const char *ratio;
    int w, h, ret;

    ret = ff_runway_sequence_ratio(&s->set.request, inlink->w, inlink->h,
                                   inlink->sample_aspect_ratio, &ratio, &w, &h,
                                   ctx);
    if (ret < 0)
        return ret;
    s->delta = rate.num > 0 && rate.den > 0 ?
               av_rescale(AV_TIME_BASE, rate.den, rate.num) : 0;
    outlink->w         = inlink->w;
    outlink->h         = inlink->h;
    outlink->time_base = s->set.timing == RUNWAY_TIMING_NATIVE ? NATIVE_TIME_BASE
                                                    : inlink->time_base;
    outlink->sample_aspect_ratio    = inlink->sample_aspect_ratio;
    RUNWAY_LINK(outlink)->frame_rate = s->set.timing == RUNWAY_TIMING_NATIVE ?
                                       (AVRational){ 1, 0 } : rate;
    if (s->set.policy.dry_run) /* frames pass through as they are */
        return 0;
    if (ratio && (s->set.model_info->fields & RUNWAY_FIELD_ASPECT))
        expand_output(s, inlink, outlink, ratio);
    else if (s->set.size && (s->set.out_w || w)) {
        outlink->w = s->set.out_w ? s->set.out_w : w;
        outlink->h = s->set.out_h ? s->set.out_h : h;
        shape_pixels(s, inlink, outlink);
    }
    if (w && s->set.fit == RUNWAY_FIT_CROP)
        warn_cropped(ctx, w, h);
    if (passes_source(ctx) &&
        (outlink->w != inlink->w || outlink->h != inlink->h)) {
        av_log(ctx, AV_LOG_ERROR, "size: with enable or on_error=source, "
               "frames pass through as they are, so the output has to have "
               "the input's size %dx%d%s\n", inlink->w, inlink->h, ratio &&
               !s->set.size ? ", and ratio makes it another" : "");
        return AVERROR(EINVAL);
    }
    return 0;
}

static AVFrame *get_buffer(void *opaque)
{
    AVFilterLink *outlink = opaque;
    AVFrame *frame = ff_get_video_buffer(outlink, outlink->w, outlink->h);

    if (frame)
        frame->sample_aspect_ratio = outlink->sample_aspect_ratio;
    return frame;
}

static int is_interrupted(void *opaque)
{
    return ff_runway_interrupt_seen(opaque);
}

static int open_events(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    RunwayError err;

    if (!s->set.log_path ||
        !ff_runway_event_log_open(s->set.log_path, &s->set.log, &s->events,
                                  &err))
        return 0;
    return ff_runway_report(ctx, &err);
}

/* Everything that costs begins here, with the first frame. */
static int start(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
    const RunwaySequenceConfig config = {
        .set           = &s->set,
        .events        = s->events,
        .time_base     = inlink->time_base,
        .frame_rate    = RUNWAY_LINK(inlink)->frame_rate,
        .out_time_base = outlink->time_base,
        .get_buffer    = get_buffer,
        .opaque        = outlink,
        .interrupted   = is_interrupted,
        .interrupt_opaque = &s->interrupt,
    };

    if (!ff_runway_model_is_known(s->set.model_info))
        av_log(ctx, AV_LOG_WARNING, "model %s is not known here: it is sent "
               "the common fields, and its price is unknown\n", s->set.model);
    /* not in init(), which runs twice for one graph */
    if (s->set.key_exposed)
        av_log(ctx, AV_LOG_WARNING, "key_file: others can read %s; chmod 600 "
               "it\n", s->set.key_file);
    if (s->set.timing == RUNWAY_TIMING_NATIVE)
        av_log(ctx, AV_LOG_INFO, "timing=native: the frames come at the "
               "provider's rate, which is not known beforehand; keep their "
               "times with -fps_mode vfr, or choose a rate with a fps filter "
               "behind this one\n");
    if (s->set.signals && !s->set.policy.dry_run)
        ff_runway_interrupt_acquire(&s->interrupt);
    return ff_runway_sequence_create(&s->sequence, &config);
}

/* Whether the filter can do a frame at all; nothing is paid for one it cannot. */
static int check_frame(AVFilterContext *ctx, const AVFrame *frame)
{
    RunwayV2VContext *s = ctx->priv;

    if (frame->pts == AV_NOPTS_VALUE) {
        av_log(ctx, AV_LOG_ERROR, "a frame has no pts; put setpts or fps in "
               "front of the filter\n");
        return AVERROR(EINVAL);
    }
    if (s->prev_pts != AV_NOPTS_VALUE && frame->pts <= s->prev_pts) {
        av_log(ctx, AV_LOG_ERROR, "the pts does not rise from frame to frame "
               "(%"PRId64" after %"PRId64"); put setpts or fps in front of the "
               "filter\n", frame->pts, s->prev_pts);
        return AVERROR(EINVAL);
    }
    if (frame->color_trc == AVCOL_TRC_SMPTE2084 ||
        frame->color_trc == AVCOL_TRC_ARIB_STD_B67) {
        av_log(ctx, AV_LOG_ERROR, "the input is HDR (%s), which the service "
               "does not take; tone-map first, e.g. zscale=t=linear,"
               "tonemap=hable,zscale=t=bt709:m=bt709:r=tv,format=yuv420p%s\n",
               av_color_transfer_name(frame->color_trc),
               avfilter_get_by_name("zscale") ? "" : "; this FFmpeg has no "
               "zscale: it takes one that was built with libzimg");
        return AVERROR(EINVAL);
    }
    if (ff_runway_is_interlaced(frame) && !s->warned_interlaced) {
        int fail = s->set.interlaced == RUNWAY_INTERLACED_FAIL;

        av_log(ctx, fail ? AV_LOG_ERROR : AV_LOG_WARNING, "the input is "
               "interlaced; deinterlace first, e.g. bwdif%s\n", fail ?
               ", or set interlaced=warn if it is only marked so" : "");
        if (fail)
            return AVERROR(EINVAL);
        s->warned_interlaced = 1;
    }
    return 0;
}

static int64_t frame_length(AVFilterContext *ctx, const AVFrame *frame)
{
    RunwayV2VContext *s = ctx->priv;
    AVRational tb = ctx->inputs[0]->time_base;
    int64_t duration = RUNWAY_FRAME_DURATION(frame);

    if (duration > 0)
        return av_rescale_q(duration, tb, AV_TIME_BASE_Q);
    if (s->delta > 0)
        return s->delta;
    if (s->prev_pts != AV_NOPTS_VALUE)
        return av_rescale_q(frame->pts - s->prev_pts, tb, AV_TIME_BASE_Q);
    return AV_TIME_BASE / 25;
}

/* From the input's time base to the output's, which differ for native. */
static void rescale_times(AVFilterContext *ctx, AVFrame *frame)
{
    AVRational in = ctx->inputs[0]->time_base, out = ctx->outputs[0]->time_base;

    if (frame->pts != AV_NOPTS_VALUE)
        frame->pts = av_rescale_q(frame->pts, in, out);
    RUNWAY_FRAME_DURATION(frame) =
        av_rescale_q(RUNWAY_FRAME_DURATION(frame), in, out);
}

/* Put a frame out as it is. */
static int put_untouched(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayV2VContext *s = ctx->priv;
    AVFrame *out = *frame;

    *frame = NULL;
    s->progress.nb_out++;
    s->end_pts = out->pts + RUNWAY_FRAME_DURATION(out);
    return ff_filter_frame(ctx->outputs[0], out);
}

/* A frame that the timeline leaves alone: out at once, or behind the clips that
 * are not out yet. */
static int pass_frame(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayV2VContext *s = ctx->priv;
    int ret = 0, now = 1;

    rescale_times(ctx, *frame);
    ret = av_dict_set(&(*frame)->metadata, "lavfi.runway_v2v.origin", "source",
                      0);
    if (ret >= 0 && s->sequence)
        ret = ff_runway_sequence_pass(s->sequence, *frame, &now);
    return ret >= 0 && now ? put_untouched(ctx, frame) : ret;
}

/* What becomes of a frame of the input. Hands *frame on, or leaves it. */
static int take_frame(AVFilterContext *ctx, AVFrame **frame)
{
    RunwayV2VContext *s = ctx->priv;
    int64_t length;
    int ret;

    s->progress.nb_in++;
    if (ctx->is_disabled)
        return pass_frame(ctx, frame);
    ret = check_frame(ctx, *frame);
    if (ret < 0)
        return ret;
    if (!s->sequence) {
        ret = open_events(ctx);
        if (ret >= 0)
            ret = start(ctx);
        if (ret < 0)
            return ret;
    }
    length      = frame_length(ctx, *frame);
    s->prev_pts = (*frame)->pts;
    ret = ff_runway_sequence_add(s->sequence, *frame, length);
    if (ret < 0 || !s->set.policy.dry_run)
        return ret;
    rescale_times(ctx, *frame);
    return put_untouched(ctx, frame);
}

/* Put out the next frame, which is ready. */
static int put_frame(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    AVFrame *frame;
    int ret = ff_runway_sequence_next(s->sequence, &frame);

    if (ret < 0)
        return ret;
    s->progress.nb_out++;
    ff_runway_progress_moved(&s->progress);
    s->end_pts = frame->pts + RUNWAY_FRAME_DURATION(frame);
    return ff_filter_frame(ctx->outputs[0], frame);
}

/* Take what the input has: a frame, or its end. @return 1 when there was one */
static int take_input(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    AVFrame *frame = NULL;
    int ret = ff_inlink_consume_frame(inlink, &frame);

    if (ret > 0) {
        s->nb_unasked = ff_outlink_frame_wanted(ctx->outputs[0]) ?
                        0 : s->nb_unasked + 1;
        ret = take_frame(ctx, &frame);
        av_frame_free(&frame);
        return ret < 0 ? ret : 1;
    }
    if (ret < 0 ||
        !ff_inlink_acknowledge_status(inlink, &s->status, &s->status_pts))
        return ret;
    return 1;
}

/* Whether somebody wants what comes out. A host whose output is complete
 * (-frames:v, -t) ends the input, and on FFmpeg 5.1 that is all it tells: but
 * then it asks for no frame. There it asks for none either while a stream beside
 * this one is behind (the last subtitle was a minute ago), and if it asks later
 * it forgets what came of that, see RUNWAY_SETTLE_AT_EOF. */
static int is_wanted(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;

    if (ff_outlink_frame_wanted(ctx->outputs[0])) {
        s->unserved = 0;
        return 1;
    }
    if (RUNWAY_SETTLE_AT_EOF && s->nb_unasked +
        (int64_t)ff_inlink_queued_frames(ctx->inputs[0]) > UNASKED_MAX)
        s->unserved = 1;
    return s->unserved;
}

/* The input has ended: send what is left, if there is somebody who wants it. */
static int end_input(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    /* what an error cut short is not worth paying for either */
    int discard = s->status != AVERROR_EOF, ret;

    if (!discard && !s->set.policy.dry_run && !is_wanted(ctx))
        return 0;
    s->ended = 1;
    if (!s->sequence)
        return 0;
    ret = ff_runway_sequence_end(s->sequence, discard);
    if (ret >= 0 && s->set.policy.dry_run)
        ff_runway_sequence_log_plan(s->sequence);
    return ret;
}

/* Pass the end of the input on. */
static void put_status(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    int64_t pts = s->status_pts;

    if (pts != AV_NOPTS_VALUE)
        pts = av_rescale_q(pts, ctx->inputs[0]->time_base,
                           ctx->outputs[0]->time_base);
    ff_outlink_set_status(ctx->outputs[0], s->status, pts);
}

static int run(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
    int has_room, ret;

    has_room = !s->sequence ||
               ff_runway_sequence_has_room(s->sequence, inlink->format,
                                           inlink->w, inlink->h);
    if (!s->status && has_room) {
        ret = take_input(ctx);
        if (ret > 0)
            ff_filter_set_ready(ctx, 100);
        if (ret)
            return FFMIN(ret, 0);
    }

    if (s->status && !s->ended) {
        ret = end_input(ctx);
        if (ret < 0 || !s->ended)
            return ret;
    }

    /* before the end of the input is known to be behind us, see compat.h */
    if (s->status && RUNWAY_SETTLE_AT_EOF && s->sequence && !s->settled) {
        ret = ff_runway_sequence_settle(s->sequence, WAIT_SLICE);
        if (ret < 0)
            return ret;
        s->settled = ret;
        if (!ret)
            goto wait;
    }
    if (s->status &&
        (!s->sequence || ff_runway_sequence_is_empty(s->sequence))) {
        put_status(ctx);
        return 0;
    }

    ret = s->sequence ? ff_runway_sequence_ready(s->sequence, 0) : 0;
    if (ret < 0)
        return ret;
    if (ret) {
        /* unasked, too, where the end of the input waits behind a full window */
        if (!ff_outlink_frame_wanted(outlink) &&
            (s->status || has_room || !is_wanted(ctx)))
            return 0;
        ret = put_frame(ctx);
        /* the end goes out with the last frame, unasked */
        if (ret >= 0 && (s->status || s->unserved))
            ff_filter_set_ready(ctx, 100);
        return ret;
    }
    if (!s->status && has_room) {
        if (ff_outlink_frame_wanted(outlink))
            ff_inlink_request_frame(inlink);
        return 0;
    }

    ret = ff_runway_sequence_ready(s->sequence, WAIT_SLICE);
    if (ret < 0)
        return ret;
    if (ret) {
        ff_filter_set_ready(ctx, 100);
        return 0;
    }
wait:
    ff_runway_progress_waiting(&s->progress, s->sequence, ctx);
    /* the lowest priority: other branches of the graph go first */
    ff_filter_set_ready(ctx, 1);
    return 0;
}

/* The process was told to end. ffmpeg shows that as an ordinary end of input,
 * which must not send what is left: both sides are told that it is over, so the
 * file is whole up to here. */
static void stop_early(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;

    av_log(ctx, AV_LOG_WARNING, "interrupted: nothing more is sent\n");
    if (s->sequence)
        ff_runway_sequence_cancel(s->sequence);
    s->status = AVERROR_EOF;
    ff_inlink_set_status(ctx->inputs[0], AVERROR_EOF);
    ff_outlink_set_status(ctx->outputs[0], AVERROR_EOF, s->end_pts);
}

static int activate(AVFilterContext *ctx)
{
    RunwayV2VContext *s = ctx->priv;
    int status = ff_outlink_get_status(ctx->outputs[0]);

    if (status) {
        /* nobody wants the rest: it is not made */
        if (s->sequence)
            ff_runway_sequence_cancel(s->sequence);
        ff_inlink_set_status(ctx->inputs[0], status);
        return 0;
    }
    if (!s->error && ff_runway_interrupt_seen(&s->interrupt)) {
        stop_early(ctx);
        return 0;
    }
    if (!s->error)
        s->error = run(ctx);
    /* in the middle of encoding a clip, which can take longer than we have */
    if (s->error == AVERROR_EXIT && ff_runway_interrupt_seen(&s->interrupt)) {
        s->error = 0;
        stop_early(ctx);
    }
    return s->error;
}

/* A change of what is asked for ends the clip: each shot has its own prompt. */
static int process_command(AVFilterContext *ctx, const char *cmd,
                           const char *arg, char *res, int res_len, int flags)
{
    RunwayV2VContext *s = ctx->priv;
    int ret = ff_filter_process_command(ctx, cmd, arg, res, res_len, flags);

    if (ret == AVERROR(ENOSYS))
        return ret;
    if (ret >= 0)
        ret = ff_runway_settings_change(&s->set, cmd);
    if (ret >= 0 && s->sequence)
        ret = ff_runway_sequence_change(s->sequence, &s->set.request);
    if (ret == AVERROR_EXIT) /* interrupted: the next activate() ends it */
        return 0;
    /* going on with the old prompt would buy what nobody wants */
    if (ret < 0 && !s->error)
        s->error = ret;
    return ret;
}

static const AVFilterPad runway_v2v_inputs[] = {
    {
        .name = "default",
        .type = AVMEDIA_TYPE_VIDEO,
    },
};

static const AVFilterPad runway_v2v_outputs[] = {
    {
        .name         = "default",
        .type         = AVMEDIA_TYPE_VIDEO,
        .config_props = config_output,
    },
};

RUNWAY_FILTER ff_vf_runway_v2v = {
    RUNWAY_PUBLIC(name)        = "runway_v2v",
    RUNWAY_PUBLIC(description) = NULL_IF_CONFIG_SMALL("Generate video from "
                                                      "video by Runway's API."),
    RUNWAY_PUBLIC(priv_class)  = &runway_v2v_class,
    RUNWAY_PUBLIC(flags)       = AVFILTER_FLAG_SUPPORT_TIMELINE_INTERNAL,
    .priv_size                 = sizeof(RunwayV2VContext),
    .init                      = init,
    .uninit                    = uninit,
    .activate                  = activate,
    .process_command           = process_command,
    FILTER_INPUTS(runway_v2v_inputs),
    FILTER_OUTPUTS(runway_v2v_outputs),
    FILTER_QUERY_FUNC(query_formats),
};
