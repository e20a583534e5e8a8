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

#include "libavutil/error.h"
#include "libavutil/log.h"

#include "averror.h"

int ff_runway_averror(RunwayOutcome outcome)
{
    switch (outcome) {
    case RUNWAY_OK:           return 0;
    case RUNWAY_INVALID:      return AVERROR(EINVAL);
    case RUNWAY_NO_RESULT:
    case RUNWAY_BAD_RESULT:   return AVERROR_INVALIDDATA;
    case RUNWAY_TASK_TIMEOUT: return AVERROR(ETIMEDOUT);
    case RUNWAY_CANCELLED:    return AVERROR(EINTR);
    case RUNWAY_IO:           return AVERROR(EIO);
    case RUNWAY_NOMEM:        return AVERROR(ENOMEM);
    default:                  return AVERROR_EXTERNAL;
    }
}

int ff_runway_report(void *log_ctx, const RunwayError *err)
{
    av_log(log_ctx, AV_LOG_ERROR, "%s\n", err->text);
    return ff_runway_averror(err->outcome);
}
