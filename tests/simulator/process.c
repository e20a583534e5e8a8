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

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#define MAX_CHILDREN 128
#define MAX_OUTPUT (32u << 20)

extern char **environ;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t children[MAX_CHILDREN];
static int stopping;

void sim_args_add(SimArgs *args, ...)
{
    const char *s;
    va_list ap;

    va_start(ap, args);
    while ((s = va_arg(ap, const char *)))
        sim_args_addf(args, "%s", s);
    va_end(ap);
}

void sim_args_addf(SimArgs *args, const char *fmt, ...)
{
    va_list ap;

    args->argv = sim_realloc(args->argv,
                             sizeof(*args->argv) * ((size_t)args->argc + 2));
    va_start(ap, fmt);
    args->argv[args->argc++] = sim_vasprintf(fmt, ap);
    va_end(ap);
    args->argv[args->argc] = NULL;
}

void sim_args_free(SimArgs *args)
{
    for (int i = 0; i < args->argc; i++)
        free(args->argv[i]);
    free(args->argv);
    *args = (SimArgs) { 0 };
}

static int open_pipe(int fds[2])
{
    if (pipe(fds) < 0) {
        fds[0] = fds[1] = -1;
        return -1;
    }
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    fcntl(fds[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

/**
 * Opens the pipes, starts the child and enters it in the table, all under the
 * lock: so no other child can inherit the pipes before they are marked, and
 * sim_process_stop_all() misses no child.
 */
static int start(const SimArgs *args, int outpipe[2], int errpipe[2],
                 pid_t *pid, int *slot)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t set;
    int ret = -1;

    pthread_mutex_lock(&lock);
    if (stopping || open_pipe(outpipe) < 0 || open_pipe(errpipe) < 0) {
        pthread_mutex_unlock(&lock);
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, outpipe[1], 1);
    posix_spawn_file_actions_adddup2(&actions, errpipe[1], 2);
    /* The simulator blocks signals in all its threads; a child must not. */
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &set);
    /* A group of its own: Ctrl-C at the terminal is for the simulator, which
     * then ends its children itself. */
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

    for (*slot = 0; *slot < MAX_CHILDREN && children[*slot]; (*slot)++)
        ;
    if (*slot < MAX_CHILDREN)
        ret = posix_spawnp(pid, args->argv[0], &actions, &attr, args->argv,
                           environ) ? -1 : 0;
    if (!ret)
        children[*slot] = *pid;
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    pthread_mutex_unlock(&lock);
    return ret;
}

/* Takes what is there. @return 0 at the end of the stream */
static int drain(int fd, SimBuf *buf)
{
    char chunk[16384];
    ssize_t n = read(fd, chunk, sizeof(chunk));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n && buf && buf->size < MAX_OUTPUT)
        sim_buf_append(buf, chunk, (size_t)n);
    return n > 0;
}

int sim_process_run(const SimArgs *args, SimBuf *out, SimBuf *err,
                    double timeout)
{
    int outpipe[2] = { -1, -1 }, errpipe[2] = { -1, -1 };
    double deadline = sim_now() + timeout;
    int slot = -1, status = 0, ret = -1, killed = 0;
    struct pollfd fds[2];
    siginfo_t info;
    pid_t pid = 0;

    if (start(args, outpipe, errpipe, &pid, &slot) < 0)
        goto fail;
    close(outpipe[1]);
    close(errpipe[1]);
    outpipe[1] = errpipe[1] = -1;

    fds[0] = (struct pollfd) { .fd = outpipe[0], .events = POLLIN };
    fds[1] = (struct pollfd) { .fd = errpipe[0], .events = POLLIN };
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (!killed && sim_now() > deadline) {
            kill(pid, SIGKILL);
            killed = 1;
        }
        if (poll(fds, 2, 100) < 0 && errno != EINTR)
            break;
        if (fds[0].fd >= 0 && fds[0].revents && !drain(fds[0].fd, out))
            fds[0].fd = -1;
        if (fds[1].fd >= 0 && fds[1].revents && !drain(fds[1].fd, err))
            fds[1].fd = -1;
    }

    /* Out of the table before it is reaped: from then on the number may be
     * some other process's. */
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0) {
        if (errno != EINTR)
            break;
    }
    pthread_mutex_lock(&lock);
    children[slot] = 0;
    pthread_mutex_unlock(&lock);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            break;
    }
    ret = !killed && WIFEXITED(status) ? WEXITSTATUS(status) : -1;

fail:
    for (int i = 0; i < 2; i++) {
        if (outpipe[i] >= 0)
            close(outpipe[i]);
        if (errpipe[i] >= 0)
            close(errpipe[i]);
    }
    return ret;
}

void sim_process_stop_all(void)
{
    pthread_mutex_lock(&lock);
    stopping = 1;
    for (int i = 0; i < MAX_CHILDREN; i++) {
        if (children[i])
            kill(children[i], SIGKILL);
    }
    pthread_mutex_unlock(&lock);
}
