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
 * When a task is likely to end, and with that when it is polled next: the one
 * place that decides it. Pure: no I/O, no clock. Times are microseconds.
 *
 * A poll is never nearer than the provider asks for to the one before. With
 * nothing to go by, the first one comes as soon as that allows, and the second
 * one too if an interval is hardly longer. The others, and those far from the
 * likely end, are an interval apart; around the end they are as near as is
 * allowed, so that one of them is just behind it. What shows the end, the best
 * first: the task's own progress between two polls, how long others took or
 * will, by theirs, its progress at one poll (nobody knows how long it waited
 * before it ran, so the next one follows soon).
 */

#ifndef AVFILTER_RUNWAY_ENGINE_PACE_H
#define AVFILTER_RUNWAY_ENGINE_PACE_H

#include <stdint.h>

#include "../api/task.h"

/** A task's pace. interval and least are set before, began is the time of the
 *  create; the rest begins as zeros. */
typedef struct RunwayPace {
    int64_t interval;        ///< the wished distance of two polls
    int64_t least;           ///< the distance the provider asks for
    int64_t began;           ///< when its work did, as near as is known
    int64_t expected;        ///< what other tasks take, 0: not known
    /* private */
    int64_t elapsed, base;   ///< since it began: at the newest poll, and at the
                             ///< first one with progress
    double progress, base_progress; ///< 0: not running, or not reported
    int polls;               ///< so far
} RunwayPace;

/** Note what a poll at that time found: the task has not succeeded. */
void ff_runway_pace_note(RunwayPace *pace, int64_t now, const RunwayTask *task);

/** What the task is likely to take from the moment it began; 0: not known. */
int64_t ff_runway_pace_length(const RunwayPace *pace);

/** Whether that is shown by its progress from one poll to another. */
int ff_runway_pace_is_shown(const RunwayPace *pace);

/** When to poll it next. @return microseconds from now */
int64_t ff_runway_pace_next(const RunwayPace *pace, int64_t now);

/** What a task took that a poll at that time found done, at most; and *least,
 *  which it took more than, or the same where its progress says so. */
int64_t ff_runway_pace_took(const RunwayPace *pace, int64_t now,
                            int64_t *least);

/** How long tasks take. Begins as zeros, or with what is expected. */
typedef struct RunwayPaceLength {
    int64_t expected;        ///< 0: not known
    /* private: of those that may have taken the same */
    int64_t least, most;
    int nb;
} RunwayPaceLength;

/**
 * Another task took so long. Polls say that only to within seconds, so where many
 * tasks take the same, each one narrows it down; of others, half of the newest
 * counts, as load at a provider changes by the hour.
 */
void ff_runway_pace_learn(RunwayPaceLength *length, int64_t least,
                          int64_t took);

#endif /* AVFILTER_RUNWAY_ENGINE_PACE_H */
