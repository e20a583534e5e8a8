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
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "interrupt.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define NB_SIGNALS 4

/* read and written by the handler, which may run on any thread at any time:
 * without a lock, as handlers have to be */
static atomic_uint nb_seen;
static struct sigaction replaced[NB_SIGNALS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* protected by lock */
static int nb_users;
static int installed[NB_SIGNALS];

static void handler(int signal, siginfo_t *info, void *context)
{
    /* the one that is called may change it under what was interrupted */
    int saved = errno;

    atomic_fetch_add(&nb_seen, 1);
    for (int i = 0; i < NB_SIGNALS; i++) {
        if (signals[i] != signal)
            continue;
        if (replaced[i].sa_flags & SA_SIGINFO)
            replaced[i].sa_sigaction(signal, info, context);
        else if (replaced[i].sa_handler == SIG_DFL)
            raise(SIGTERM);
        else
            replaced[i].sa_handler(signal);
    }
    errno = saved;
}

static int is_handler(const struct sigaction *action)
{
    return action->sa_flags & SA_SIGINFO || (action->sa_handler != SIG_DFL &&
                                             action->sa_handler != SIG_IGN);
}

static int is_ours(const struct sigaction *action)
{
    return action->sa_flags & SA_SIGINFO && action->sa_sigaction == handler;
}

/* A closed terminal ends ffmpeg at once, as Ctrl-\ does with -nostdin, and the
 * answer to a create would be lost with it: where SIGTERM has a handler, SIGHUP
 * and SIGQUIT are made one. */
static int is_made_term(int signal, const struct sigaction *action)
{
    struct sigaction term;

    return (signal == SIGHUP || signal == SIGQUIT) &&
           !(action->sa_flags & SA_SIGINFO) &&
           action->sa_handler == SIG_DFL && !sigaction(SIGTERM, NULL, &term) &&
           is_handler(&term);
}

/* lock is held */
static void install(int i)
{
    struct sigaction ours, now;

    if (sigaction(signals[i], NULL, &now) || is_ours(&now) ||
        (!is_handler(&now) && !is_made_term(signals[i], &now)))
        return;
    /* before the handler can run, and never while it is in place: another
     * program that put its own on top may still call ours */
    replaced[i] = now;
    memset(&ours, 0, sizeof(ours));
    ours.sa_sigaction = handler;
    ours.sa_mask      = now.sa_mask;
    /* on the stack it wants (Go's runtime insists), and with system calls that
     * end where it counts on that (so does Python) */
    ours.sa_flags     = SA_SIGINFO | (now.sa_flags &
                                      (SA_RESTART | SA_ONSTACK | SA_NODEFER));
    installed[i] = !sigaction(signals[i], &ours, NULL);
}

/* lock is held */
static void restore(int i)
{
    struct sigaction now;

    if (installed[i] && !sigaction(signals[i], NULL, &now) && is_ours(&now) &&
        !sigaction(signals[i], &replaced[i], NULL))
        installed[i] = 0;
}

void ff_runway_interrupt_acquire(RunwayInterrupt *interrupt)
{
    if (interrupt->active)
        return;
    pthread_mutex_lock(&lock);
    if (!nb_users++)
        for (int i = 0; i < NB_SIGNALS; i++)
            if (!installed[i])
                install(i);
    interrupt->active   = 1;
    interrupt->baseline = atomic_load(&nb_seen);
    pthread_mutex_unlock(&lock);
}

int ff_runway_interrupt_seen(const RunwayInterrupt *interrupt)
{
    return interrupt->active && atomic_load(&nb_seen) != interrupt->baseline;
}

int ff_runway_interrupt_is_heard(const RunwayInterrupt *interrupt)
{
    struct sigaction now;
    sigset_t blocked;

    return interrupt->active && !sigaction(SIGTERM, NULL, &now) &&
           is_ours(&now) && !pthread_sigmask(SIG_BLOCK, NULL, &blocked) &&
           !sigismember(&blocked, SIGTERM);
}

int ff_runway_interrupt_raise(const RunwayInterrupt *interrupt)
{
    static atomic_flag is_raised = ATOMIC_FLAG_INIT;

    return ff_runway_interrupt_is_heard(interrupt) &&
           (atomic_flag_test_and_set(&is_raised) || !raise(SIGTERM));
}

void ff_runway_interrupt_release(RunwayInterrupt *interrupt)
{
    if (!interrupt->active)
        return;
    pthread_mutex_lock(&lock);
    if (!--nb_users)
        for (int i = 0; i < NB_SIGNALS; i++)
            restore(i);
    interrupt->active = 0;
    pthread_mutex_unlock(&lock);
}

void ff_runway_sigpipe_hold(RunwayPipeGuard *guard)
{
    sigset_t set;

    sigpending(&set);
    guard->was_pending = sigismember(&set, SIGPIPE) == 1;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, &guard->before);
}

void ff_runway_sigpipe_release(const RunwayPipeGuard *guard)
{
    sigset_t set;
    int number;

    sigpending(&set);
    if (!guard->was_pending && sigismember(&set, SIGPIPE) == 1) {
        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        sigwait(&set, &number);
    }
    pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}
