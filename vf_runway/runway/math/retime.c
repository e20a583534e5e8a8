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

#include <stdlib.h>

#include "retime.h"

RunwayOutcome ff_runway_retime_plan(RunwayRetime *retime, int64_t sent,
                                    int64_t got, int64_t frame,
                                    double tolerance,
                                    RunwayError *err)
{
    int64_t off = llabs(got - sent);

    if (got <= 0 || sent <= 0)
        return ff_runway_error(err, RUNWAY_BAD_RESULT,
                               "the result has no length");
    retime->sent = sent;
    /* a single frame may say that it lasts for ever */
    if (frame > sent)
        frame = sent;
    /* a millisecond more: times in files are rounded */
    retime->got  = off <= 2 * frame + 1000 ? sent : got;
    if (retime->got != sent && (double)off > tolerance * (double)sent)
        return ff_runway_error(err, RUNWAY_BAD_RESULT,
                               "the result is %.3f s long, but the clip sent "
                               "was %.3f s: off by %.3f of it, and "
                               "length_tolerance is %.15g", (double)got / 1e6,
                               (double)sent / 1e6, (double)off / (double)sent,
                               tolerance);
    return RUNWAY_OK;
}

/* a * b / c without overflow for times of hours: c > 0 */
static int64_t muldiv(int64_t a, int64_t b, int64_t c)
{
    return a / c * b + a % c * b / c;
}

int64_t ff_runway_retime_map(const RunwayRetime *retime, int64_t time)
{
    return retime->got == retime->sent ? time
                                       : muldiv(time, retime->got,
                                                retime->sent);
}

int64_t ff_runway_retime_unmap(const RunwayRetime *retime, int64_t time)
{
    return retime->got == retime->sent ? time
                                       : muldiv(time, retime->sent,
                                                retime->got);
}

int ff_runway_retime_is_nearer(int64_t wanted, int64_t prev, int64_t next)
{
    return llabs(next - wanted) + 1 < llabs(wanted - prev);
}
