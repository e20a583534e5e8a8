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

#include "libavutil/pixdesc.h"

#include "../media/format.h"
#include "../media/scaler.h"
#include "notice.h"

static double number(AVRational rate)
{
    return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
}

/* A shape that no picture has. */
static int is_absurd(double shape)
{
    return shape > 10 || shape < 0.1;
}

/* A pixel aspect ratio that is not true makes a line of the picture. */
static void warn_shape(const AVFrame *frame, const RunwayClipConfig *c,
                       const char *plan)
{
    const AVRational sar = frame->sample_aspect_ratio;
    const double grid = (double)frame->width / frame->height;

    if (number(sar) > 0 && is_absurd(grid * number(sar)) && !is_absurd(grid))
        av_log(c->log_ctx, AV_LOG_WARNING, "%sthe pixel aspect ratio is %d:%d: "
               "pictures of %dx%d are sent as %dx%d; put setsar=1 in front of "
               "the filter if their pixels are square\n", plan, sar.num,
               sar.den, frame->width, frame->height, c->writer.geometry.width,
               c->writer.geometry.height);
}

void ff_runway_notice_sent(const AVFrame *frame, const RunwayClipConfig *c,
                           enum AVPixelFormat end_format)
{
    const RunwayGeometry *g = &c->writer.geometry;
    const char *plan = c->policy->dry_run ? "plan: " : "";
    const double sent = (double)c->writer.rate_num / c->writer.rate_den;
    const int depth = ff_runway_format_depth(frame->format);
    char part[64] = "";

    warn_shape(frame, c, plan);
    if (g->target.w != g->width || g->target.h != g->height)
        snprintf(part, sizeof(part), ", with bars around %dx%d", g->target.w,
                 g->target.h);
    else if (g->source.w != frame->width || g->source.h != frame->height)
        snprintf(part, sizeof(part), ", only %dx%d of them", g->source.w,
                 g->source.h);
    if (part[0] || g->target.w != g->source.w || g->target.h != g->source.h)
        av_log(c->log_ctx, AV_LOG_INFO, "%spictures of %dx%d are sent as %dx%d"
               "%s; what comes back is scaled to the size of the output\n",
               plan, frame->width, frame->height, g->width, g->height, part);
    /* a run says what comes back as well, when that is known */
    if (c->policy->dry_run && c->rate > 0 &&
        ff_runway_segment_differ(c->rate, sent))
        av_log(c->log_ctx, AV_LOG_INFO, "%s%.4g frames a second are sent "
               "as %.4g\n", plan, c->rate, sent);
    if (depth > 8)
        av_log(c->log_ctx, AV_LOG_INFO, "%sthe input has %d bits; what is sent "
               "has 8\n", plan, depth);
    if (ff_runway_scaler_is_wide(frame))
        av_log(c->log_ctx, AV_LOG_INFO, "%sthe primaries of the input (%s) are "
               "converted to BT.709 and back\n", plan,
               frame->color_primaries == AVCOL_PRI_UNSPECIFIED ? "bt2020" :
               av_color_primaries_name(frame->color_primaries));
    if (!ff_runway_format_has_alpha(frame->format))
        return;
    if (ff_runway_format_has_alpha(end_format))
        av_log(c->log_ctx, AV_LOG_INFO, "%salpha is not sent: each frame comes "
               "back with the source's own, which fits where the edit keeps "
               "outlines\n", plan);
    else
        av_log(c->log_ctx, AV_LOG_WARNING, "%salpha is not sent, and the output "
               "(%s) has none\n", plan, av_get_pix_fmt_name(end_format));
}
