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

#include "pace.h"

/* polled this long after the moment a task is expected to end, or may be
 * polled for the first time: what tasks take varies by seconds, so that a longer
 * wait makes each poll later and spares few that are too early */
#define MARGIN 150000LL

/* a task that is seen to have ended up to so long behind that moment took what
 * was expected: the answer was on its way, too, and a journal that counted that
 * in would let each run look a little later than the one before */
#define LATE 600000LL

/* what tasks take is looked for until it is known to within this, once so many
 * have ended that may have taken the same: a wrong guess finds a task late by up
 * to the distance of two polls, which a short film does not earn back */
#define NEAR 500000LL
#define NARROW_MIN 8

/* less progress than this says nothing of the pace */
#define STEP_MIN 0.02

void ff_runway_pace_note(RunwayPace *p, int64_t now, const RunwayTask *task)
{
    p->polls++;
    if (task->state == RUNWAY_TASK_THROTTLED) {
        p->began   = now;
        p->elapsed = 0;
        p->base_progress = p->progress = 0;
        return;
    }
    if (p->base_progress <= 0) {
        p->base          = p->elapsed;
        p->base_progress = p->progress;
    }
    p->elapsed  = now - p->began;
    p->progress = task->progress > 0 ? task->progress : 0;
}

int ff_runway_pace_is_shown(const RunwayPace *p)
{
    return p->base_progress > 0 && p->progress - p->base_progress >= STEP_MIN;
}

int64_t ff_runway_pace_length(const RunwayPace *p)
{
    double step = p->progress - p->base_progress;

    if (ff_runway_pace_is_shown(p))
        return p->elapsed + (int64_t)((1 - p->progress) / step *
                                      (double)(p->elapsed - p->base));
    if (p->expected || p->progress < STEP_MIN)
        return p->expected;
    return (int64_t)((double)p->elapsed / p->progress);
}

int64_t ff_runway_pace_next(const RunwayPace *p, int64_t now)
{
    int64_t length = ff_runway_pace_length(p), least = p->least;
    int64_t interval = p->interval > least ? p->interval : least;
    int64_t left = p->began + length + MARGIN - now;

    /* the first polls of a task that nothing is known of show if it has begun */
    if (!length && !p->polls)
        return least + MARGIN < interval ? least + MARGIN : interval;
    if (!length && p->polls == 1 && interval < 2 * least)
        return least;
    if (!length || -left >= length / 4 + interval + least)
        return interval;
    /* one poll's progress says only when it ends at the latest, as it may have
     * waited before it ran: two say more */
    if (!p->expected && p->base_progress <= 0)
        return least;
    if (left >= length / 4 + 2 * least) /* far, but not beyond where it is near */
        return left - length / 4 < interval ? left - length / 4 : interval;
    return left > least ? least + left % least : least;
}

int64_t ff_runway_pace_took(const RunwayPace *p, int64_t now, int64_t *least)
{
    int64_t length = ff_runway_pace_length(p), done = now - p->began;
    int is_between = length > p->elapsed && length < done;

    *least = p->elapsed - MARGIN;
    if (is_between && ff_runway_pace_is_shown(p))
        *least = length;
    /* else the poll was late for other reasons */
    if (is_between &&
        (ff_runway_pace_is_shown(p) || done <= length + LATE))
        return length;
    /* at the latest, as the task may have waited before it ran */
    if (p->progress >= STEP_MIN &&
        (double)p->elapsed / p->progress < (double)(done - MARGIN))
        return (int64_t)((double)p->elapsed / p->progress);
    return done - MARGIN > p->elapsed ? done - MARGIN : p->elapsed;
}

void ff_runway_pace_learn(RunwayPaceLength *l, int64_t least, int64_t took)
{
    if (!l->most || least >= l->most || took <= l->least) {
        l->expected = l->expected ? (l->expected + took) / 2 : took;
        l->least    = least;
        l->most     = took;
        l->nb       = 1;
        return;
    }
    l->nb++;
    l->least    = least > l->least ? least : l->least;
    l->most     = took < l->most ? took : l->most;
    l->expected = l->nb >= NARROW_MIN && l->most - l->least > NEAR ?
                  (l->least + l->most) / 2 : l->most;
}
