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
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "event_log.h"
#include "interrupt.h"
#include "json.h"

struct RunwayEventLog {
    const RunwayLog *log;
    int fd;
    char run[32];           ///< which run a line is from
    pthread_mutex_t lock;
    /* protected by lock */
    int failed;             ///< it was reported
    char *rest;             ///< of a line that was written in part
    size_t rest_size;
    int64_t rest_at;        ///< size of the log then; -1: it is no file
    int nb_dropped;         ///< lines, in all
    int nb_unsaid;          ///< of these, since the log last said so
};

static int64_t wall_clock(void)
{
    struct timeval tv;

    gettimeofday(&tv, NULL);
    return (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
}

/* Sockets cannot be opened: /dev/stderr may be one that we have already. -1: it
 * is none. */
static int find_socket(const char *path)
{
    struct stat st, own;

    if (stat(path, &st) || !S_ISSOCK(st.st_mode))
        return -1;
    for (int fd = 0; fd < 256; fd++)
        if (!fstat(fd, &own) && own.st_dev == st.st_dev &&
            own.st_ino == st.st_ino)
            return dup(fd);
    return -1;
}

/* /dev/fd/N, /dev/stdout, /dev/stderr: what is behind them the shell has chosen,
 * as output. */
static int is_given(const char *path)
{
    static const char fd[] = "/dev/fd/";
    const char *number = path + sizeof(fd) - 1;

    return !strcmp(path, "/dev/stdout") || !strcmp(path, "/dev/stderr") ||
           (!strncmp(path, fd, sizeof(fd) - 1) && *number &&
            !number[strspn(number, "0123456789")]);
}

/* Whether it is another file than a log, by mistake: a prompt, the film, a record
 * of the journal. */
static int is_other_file(const char *path, int fd)
{
    static const char begin[] = "{\"time\":";
    char found[sizeof(begin) - 1];
    struct stat st;
    ssize_t size;
    int in;

    if (fstat(fd, &st) || S_ISBLK(st.st_mode))
        return 1;
    if (!S_ISREG(st.st_mode) || is_given(path))
        return 0;
    if (ff_runway_disk_open(path, O_RDONLY, &in))
        return 0;
    size = pread(in, found, sizeof(found), 0);
    close(in);
    return size < 0 || memcmp(found, begin, (size_t)size);
}

RunwayOutcome ff_runway_event_log_open(const char *path, const RunwayLog *log,
                                       RunwayEventLog **events,
                                       RunwayError *err)
{
    RunwayEventLog *e = calloc(1, sizeof(*e));
    const char *why = NULL;

    *events = NULL;
    if (!e)
        return ff_runway_no_memory(err);
    /* a pipe may have no reader, now or ever, and must not stop us */
    if (ff_runway_disk_open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK,
                            &e->fd) == ENXIO) {
        e->fd = find_socket(path);
        why   = e->fd < 0 ? "nothing reads from it" : NULL;
    }
    if (e->fd >= 0 && is_other_file(path, e->fd))
        why = "what is in it is not a log; use a file of its own";
    if (e->fd < 0 || why || pthread_mutex_init(&e->lock, NULL)) {
        ff_runway_error(err, RUNWAY_INVALID, "log_path: cannot write to %s: %s",
                        path, why ? why : strerror(errno));
        if (e->fd >= 0)
            close(e->fd);
        free(e);
        return RUNWAY_INVALID;
    }
    fcntl(e->fd, F_SETFD, FD_CLOEXEC);
    e->log = log;
    snprintf(e->run, sizeof(e->run), "%"PRIx64"-%lx", (uint64_t)wall_clock(),
             (long)getpid());
    *events = e;
    return RUNWAY_OK;
}

static int add_field(cJSON *line, const RunwayEventField *field)
{
    switch (field->kind) {
    case RUNWAY_EVENT_TEXT:
        return !field->text ||
               cJSON_AddStringToObject(line, field->name, field->text);
    case RUNWAY_EVENT_NUMBER:
        if (!(field->real >= 0 && field->real < 1e15))
            return 1;
        return !!cJSON_AddNumberToObject(line, field->name,
                                         floor(field->real * 1000 + 0.5) /
                                         1000);
    case RUNWAY_EVENT_INT:
        return !!cJSON_AddNumberToObject(line, field->name,
                                         (double)field->number);
    case RUNWAY_EVENT_BOOL:
        return !!cJSON_AddBoolToObject(line, field->name, !!field->number);
    case RUNWAY_EVENT_END:
        break;
    }
    return 1;
}

char *ff_runway_event_line(int64_t time, const char *run, const char *event,
                           const RunwayEventField *fields)
{
    cJSON *line = cJSON_CreateObject();
    time_t seconds = (time_t)(time / 1000000);
    char day[24], when[32];
    char *text = NULL;
    struct tm tm;
    int ok;

    ok = gmtime_r(&seconds, &tm) &&
         strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    if (ok) {
        snprintf(when, sizeof(when), "%s.%03dZ", day,
                 (int)(time / 1000 % 1000));
        ok = cJSON_AddStringToObject(line, "time", when) &&
             cJSON_AddStringToObject(line, "run", run) &&
             cJSON_AddStringToObject(line, "event", event);
    }
    for (; ok && fields->kind != RUNWAY_EVENT_END; fields++)
        ok = add_field(line, fields);
    if (ok)
        text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    return text;
}

/* All of it by one write where the system takes it whole, as it does for a
 * file: lines of several programs do not run into each other. EAGAIN: a pipe is
 * full; *written says how much it took. */
static int write_all(int fd, const char *text, size_t size, size_t *written)
{
    RunwayPipeGuard guard;
    int ret = 0;

    *written = 0;
    ff_runway_sigpipe_hold(&guard);
    while (!ret && *written < size) {
        ssize_t n = send(fd, text + *written, size - *written, MSG_DONTWAIT);

        if (n < 0 && errno == ENOTSOCK)
            n = write(fd, text + *written, size - *written);
        if (n > 0)
            *written += (size_t)n;
        else if (!n || errno != EINTR)
            ret = n ? errno : EIO;
    }
    ff_runway_sigpipe_release(&guard);
    return ret;
}

/* Of a file; -1: it is none. */
static int64_t size_of(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && S_ISREG(st.st_mode) ? st.st_size : -1;
}

/* What is left of a line goes out before any other. lock is held. */
static int write_rest(RunwayEventLog *e)
{
    size_t written;
    int error;

    /* what is said since, or taken out to make room, is not gone on with */
    if (e->rest_size && e->rest_at != size_of(e->fd))
        e->rest_size = 0;
    if (!e->rest_size)
        return 0;
    error = write_all(e->fd, e->rest, e->rest_size, &written);
    e->rest_size -= written;
    e->rest_at    = size_of(e->fd);
    memmove(e->rest, e->rest + written, e->rest_size);
    return error;
}

/* A whole line, or none of it: what a pipe or a full disk does not take now is
 * kept. lock is held. */
static int write_line(RunwayEventLog *e, const char *event,
                      const RunwayEventField *fields)
{
    char *line = ff_runway_event_line(wall_clock(), e->run, event, fields);
    size_t size, written;
    int error;

    if (!line)
        return ENOMEM;
    size = strlen(line);
    line[size++] = '\n'; /* in the place of the 0 */
    error = write_all(e->fd, line, size, &written);
    if (error && written) {
        cJSON_free(e->rest);
        e->rest      = line;
        e->rest_size = size - written;
        e->rest_at   = size_of(e->fd);
        memmove(line, line + written, e->rest_size);
        return error == EAGAIN ? 0 : error;
    }
    cJSON_free(line);
    return error;
}

/* lock is held */
static int write_event(RunwayEventLog *e, const char *event,
                       const RunwayEventField *fields)
{
    const RunwayEventField dropped[] = { RUNWAY_INT("lines", e->nb_unsaid),
                                         RUNWAY_EVENT_LAST };
    int error = write_rest(e);

    if (!error && e->nb_unsaid) {
        error = write_line(e, "dropped", dropped);
        if (!error) {
            e->nb_unsaid = 0;
            error = write_rest(e);
        }
    }
    return error ? error : write_line(e, event, fields);
}

void ff_runway_event(RunwayEventLog *events, const char *event,
                     const RunwayEventField *fields)
{
    int error;

    if (!events)
        return;
    pthread_mutex_lock(&events->lock);
    error = write_event(events, event, fields);
    if (error == EAGAIN) {
        events->nb_dropped++;
        events->nb_unsaid++;
        error = 0;
    }
    if (events->failed)
        error = 0;
    events->failed |= !!error;
    pthread_mutex_unlock(&events->lock);
    /* what is paid for goes on; the log is not worth it */
    if (error)
        ff_runway_log(events->log, RUNWAY_LOG_WARNING, "log_path: cannot write "
                      "any more; the file is incomplete: %s", strerror(error));
}

void ff_runway_event_log_free(RunwayEventLog **events)
{
    RunwayEventLog *e = *events;

    if (!e)
        return;
    e->nb_dropped += write_rest(e) && !e->failed;
    if (e->nb_dropped)
        ff_runway_log(e->log, RUNWAY_LOG_WARNING, "log_path: its reader was "
                      "too slow: %d lines are missing", e->nb_dropped);
    close(e->fd);
    cJSON_free(e->rest);
    pthread_mutex_destroy(&e->lock);
    free(e);
    *events = NULL;
}
