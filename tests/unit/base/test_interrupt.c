/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/* A program that handles SIGINT and SIGTERM itself, and what it finds of its
 * handlers while the filter is there and afterwards. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/interrupt.h"

static volatile sig_atomic_t plain_calls, info_calls, last_signal, last_code;
static volatile sig_atomic_t other_calls, on_stack, is_masked;

static void plain(int signal)
{
    sigset_t mask;

    plain_calls++;
    last_signal = signal;
    errno = EBADF; /* ffmpeg's writes, and does not put it back */
    is_masked = !sigprocmask(SIG_BLOCK, NULL, &mask) &&
                sigismember(&mask, SIGUSR1);
}

static void with_info(int signal, siginfo_t *info, void *context)
{
    stack_t stack;

    info_calls++;
    last_signal = info->si_signo == signal && context ? signal : 0;
    last_code   = info->si_code;
    if (!sigaltstack(NULL, &stack))
        on_stack = !!(stack.ss_flags & SS_ONSTACK);
}

static struct sigaction set_plain(int signal, int flags)
{
    struct sigaction action = { .sa_flags = flags };

    action.sa_handler = plain;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    assert_int_equal(sigaction(signal, &action, NULL), 0);
    return action;
}

/* errno stays what it was */
static void raise_quietly(int signal)
{
    errno = 4711;
    assert_int_equal(raise(signal), 0);
    assert_int_equal(errno, 4711);
}

static struct sigaction current(int signal)
{
    struct sigaction now;

    assert_int_equal(sigaction(signal, NULL, &now), 0);
    return now;
}

static int reset(void **state)
{
    (void)state;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    plain_calls = info_calls = other_calls = last_signal = on_stack = 0;
    return 0;
}

/* A program that cleans up at SIGTERM is let do so when its terminal is closed,
 * and at Ctrl-\. */
static void check_made_term(int hangup)
{
    RunwayInterrupt interrupt = { 0 };

    reset(NULL);
    ff_runway_interrupt_acquire(&interrupt);
    assert_ptr_equal(current(hangup).sa_handler, SIG_DFL);
    ff_runway_interrupt_release(&interrupt);

    set_plain(SIGTERM, 0);
    ff_runway_interrupt_acquire(&interrupt);
    raise_quietly(hangup);
    assert_true(ff_runway_interrupt_seen(&interrupt));
    assert_int_equal(plain_calls, 1);
    assert_int_equal(last_signal, SIGTERM);
    ff_runway_interrupt_release(&interrupt);
    assert_ptr_equal(current(hangup).sa_handler, SIG_DFL);

    /* nohup */
    signal(hangup, SIG_IGN);
    ff_runway_interrupt_acquire(&interrupt);
    raise_quietly(hangup);
    assert_false(ff_runway_interrupt_seen(&interrupt));
    ff_runway_interrupt_release(&interrupt);

    set_plain(hangup, 0);
    ff_runway_interrupt_acquire(&interrupt);
    raise_quietly(hangup);
    assert_int_equal(last_signal, hangup);
    ff_runway_interrupt_release(&interrupt);
}

static void test_hangup(void **state)
{
    (void)state;
    check_made_term(SIGHUP);
    check_made_term(SIGQUIT);
}

/* A SIGTERM of our own is for a program that handles it, and lets it through. */
static void test_raise(void **state)
{
    RunwayInterrupt interrupt = { 0 };
    struct sigaction ours;
    sigset_t set, before;

    (void)state;
    assert_false(ff_runway_interrupt_raise(&interrupt));
    ff_runway_interrupt_acquire(&interrupt);
    assert_false(ff_runway_interrupt_raise(&interrupt));
    ff_runway_interrupt_release(&interrupt);

    set_plain(SIGTERM, 0);
    assert_false(ff_runway_interrupt_raise(&interrupt));
    ff_runway_interrupt_acquire(&interrupt);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
    assert_false(ff_runway_interrupt_raise(&interrupt));
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(plain_calls, 0);
    assert_true(ff_runway_interrupt_raise(&interrupt));
    assert_int_equal(plain_calls, 1);
    assert_int_equal(last_signal, SIGTERM);
    /* a second one would end more than was asked for */
    assert_true(ff_runway_interrupt_raise(&interrupt));
    assert_int_equal(plain_calls, 1);

    /* somebody else's, who may not call ours */
    ours = current(SIGTERM);
    signal(SIGTERM, SIG_IGN);
    assert_false(ff_runway_interrupt_raise(&interrupt));
    assert_int_equal(sigaction(SIGTERM, &ours, NULL), 0);
    ff_runway_interrupt_release(&interrupt);
}

/* The program's handler is called, and is there again afterwards. */
static void test_chained_and_restored(void **state)
{
    RunwayInterrupt interrupt = { 0 };
    struct sigaction now;

    (void)state;
    set_plain(SIGINT, SA_RESTART);
    set_plain(SIGTERM, 0);
    ff_runway_interrupt_acquire(&interrupt);
    assert_false(ff_runway_interrupt_seen(&interrupt));
    assert_ptr_not_equal(current(SIGINT).sa_handler, plain);

    raise_quietly(SIGTERM);
    assert_true(ff_runway_interrupt_seen(&interrupt));
    assert_int_equal(plain_calls, 1);
    assert_int_equal(last_signal, SIGTERM);
    raise_quietly(SIGINT);
    assert_int_equal(plain_calls, 2);
    assert_int_equal(last_signal, SIGINT);
    assert_true(is_masked);

    ff_runway_interrupt_release(&interrupt);
    assert_false(ff_runway_interrupt_seen(&interrupt));
    now = current(SIGINT);
    assert_ptr_equal(now.sa_handler, plain);
    assert_int_equal(now.sa_flags & (SA_RESTART | SA_SIGINFO), SA_RESTART);
    assert_true(sigismember(&now.sa_mask, SIGUSR1));
    now = current(SIGTERM);
    assert_ptr_equal(now.sa_handler, plain);
    assert_int_equal(now.sa_flags & (SA_RESTART | SA_SIGINFO), 0);
    raise(SIGINT);
    assert_int_equal(plain_calls, 3);
}

/* A signal of before is no reason to end. */
static void test_only_since(void **state)
{
    RunwayInterrupt first = { 0 }, second = { 0 };

    (void)state;
    set_plain(SIGINT, 0);
    ff_runway_interrupt_acquire(&first);
    raise(SIGINT);
    ff_runway_interrupt_acquire(&second);
    assert_true(ff_runway_interrupt_seen(&first));
    assert_false(ff_runway_interrupt_seen(&second));
    raise(SIGINT);
    assert_true(ff_runway_interrupt_seen(&second));

    /* the handler stays for as long as one of them is there */
    ff_runway_interrupt_release(&first);
    ff_runway_interrupt_release(&first);
    assert_ptr_not_equal(current(SIGINT).sa_handler, plain);
    ff_runway_interrupt_release(&second);
    assert_ptr_equal(current(SIGINT).sa_handler, plain);
    assert_int_equal(plain_calls, 2);
}

/* What ends the process goes on ending it, what is ignored goes on being so. */
static void test_no_handler(void **state)
{
    RunwayInterrupt interrupt = { 0 };
    int status;
    pid_t pid;

    (void)state;
    signal(SIGTERM, SIG_IGN);
    ff_runway_interrupt_acquire(&interrupt);
    assert_ptr_equal(current(SIGINT).sa_handler, SIG_DFL);
    assert_ptr_equal(current(SIGTERM).sa_handler, SIG_IGN);
    raise(SIGTERM);
    assert_false(ff_runway_interrupt_seen(&interrupt));
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        raise(SIGINT);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    ff_runway_interrupt_release(&interrupt);
    assert_ptr_equal(current(SIGTERM).sa_handler, SIG_IGN);
}

/* What a handler was promised, it gets: its arguments, its own stack, and
 * system calls that end with EINTR where it did not ask for anything else. */
static void test_as_promised(void **state)
{
    RunwayInterrupt interrupt = { 0 };
    struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
    stack_t stack = { .ss_size = 65536 }, none = { .ss_flags = SS_DISABLE };
    int fds[2], status;
    char byte;
    pid_t pid;

    (void)state;
    stack.ss_sp = malloc(stack.ss_size);
    assert_non_null(stack.ss_sp);
    assert_int_equal(sigaltstack(&stack, NULL), 0);
    action.sa_sigaction = with_info;
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGINT, &action, NULL), 0);
    set_plain(SIGTERM, SA_RESTART);
    ff_runway_interrupt_acquire(&interrupt);

    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_int_equal(info_calls, 1);
    assert_int_equal(last_signal, SIGINT);
    assert_int_equal(last_code, SI_USER);
    assert_true(on_stack);

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        /* only the first of them ends the read */
        usleep(200000);
        kill(getppid(), SIGTERM);
        usleep(200000);
        kill(getppid(), SIGINT);
        usleep(200000);
        _exit(write(fds[1], "", 1) != 1);
    }
    assert_int_equal(read(fds[0], &byte, 1), -1);
    assert_int_equal(errno, EINTR);
    assert_int_equal(plain_calls, 1);
    assert_int_equal(info_calls, 2);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(fds[0]);
    close(fds[1]);

    ff_runway_interrupt_release(&interrupt);
    assert_int_equal(current(SIGINT).sa_flags & (SA_ONSTACK | SA_RESTART),
                     SA_ONSTACK);
    assert_int_equal(sigaltstack(&none, NULL), 0);
    free(stack.ss_sp);
}

static struct sigaction below;

static void other(int signal)
{
    other_calls++;
    if (below.sa_flags & SA_SIGINFO)
        below.sa_sigaction(signal, NULL, NULL);
    else
        below.sa_handler(signal);
}

/* Somebody else puts a handler on top of ours: it stays, and ours goes on
 * handing signals down, also when there is a filter again. */
static void test_another_on_top(void **state)
{
    RunwayInterrupt interrupt = { 0 };
    struct sigaction action = { 0 };

    (void)state;
    set_plain(SIGINT, 0);
    ff_runway_interrupt_acquire(&interrupt);
    action.sa_handler = other;
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGINT, &action, &below), 0);
    ff_runway_interrupt_release(&interrupt);
    assert_ptr_equal(current(SIGINT).sa_handler, other);
    raise(SIGINT);
    assert_int_equal(other_calls, 1);
    assert_int_equal(plain_calls, 1);

    ff_runway_interrupt_acquire(&interrupt);
    assert_ptr_equal(current(SIGINT).sa_handler, other);
    raise(SIGINT);
    assert_true(ff_runway_interrupt_seen(&interrupt));
    assert_int_equal(other_calls, 2);
    assert_int_equal(plain_calls, 2);

    /* the other one goes first this time */
    assert_int_equal(sigaction(SIGINT, &below, NULL), 0);
    ff_runway_interrupt_release(&interrupt);
    assert_ptr_equal(current(SIGINT).sa_handler, plain);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hangup),
        TEST(test_raise),
        TEST(test_chained_and_restored),
        TEST(test_only_since),
        TEST(test_no_handler),
        TEST(test_as_promised),
        TEST(test_another_on_top),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
