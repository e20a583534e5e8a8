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
 * Notice SIGINT, SIGTERM, SIGHUP and SIGQUIT beside a program with handlers:
 * libavfilter has no interrupt callback, and a filter that waits for minutes has
 * to return. POSIX signals, process-wide.
 *
 * The handler notes the signal and calls the one it replaced, as that asked to
 * be called: its mask, its stack, system calls restarted or not. It is installed
 * only over a real handler: where a signal's default ends the process, or where
 * it is ignored, nothing changes; but for SIGHUP and SIGQUIT, whose default
 * becomes SIGTERM where that has a handler. It is restored when the last user is
 * gone, and only if it is still in place.
 */

#ifndef AVFILTER_RUNWAY_BASE_INTERRUPT_H
#define AVFILTER_RUNWAY_BASE_INTERRUPT_H

#include <signal.h>

typedef struct RunwayInterrupt {
    int active;
    unsigned baseline;  ///< signals noted before
} RunwayInterrupt;

/** Begin to notice. Any thread. Each acquire is ended by one release. */
void ff_runway_interrupt_acquire(RunwayInterrupt *interrupt);

/** Whether a signal came since. Any thread. */
int ff_runway_interrupt_seen(const RunwayInterrupt *interrupt);

/** Whether the program would notice a SIGTERM of ours, on this thread. */
int ff_runway_interrupt_is_heard(const RunwayInterrupt *interrupt);

/** End the program as a SIGTERM does, once: for an error that it would not
 *  notice. @return whether it is heard, else nothing is done */
int ff_runway_interrupt_raise(const RunwayInterrupt *interrupt);

/** Does nothing when it is not active. */
void ff_runway_interrupt_release(RunwayInterrupt *interrupt);

typedef struct RunwayPipeGuard {
    sigset_t before;
    int was_pending;
} RunwayPipeGuard;

/**
 * SIGPIPE, which a connection or a pipe raises whose other end is gone, would end
 * a program that has not thought of it, and the program is not ours: hold it off
 * in this thread until the release.
 */
void ff_runway_sigpipe_hold(RunwayPipeGuard *guard);
void ff_runway_sigpipe_release(const RunwayPipeGuard *guard);

#endif /* AVFILTER_RUNWAY_BASE_INTERRUPT_H */
