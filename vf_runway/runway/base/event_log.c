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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "event_log.h"

/* the longest error text, each character of it escaped, and the rest */
#define LINE_MAX_SIZE (6 * RUNWAY_ERROR_TEXT + 2048)

struct RunwayEventLog {
    const RunwayLog *log;
    int fd;
    char run[32];           ///< which run a line is from
    pthread_mutex_t lock;
    int failed;             ///< protected by lock: was told
};

static int64_t wall_clock(void)
{
    struct timeval tv;

    gettimeofday(&tv, NULL);
    return (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
}

RunwayOutcome ff_runway_event_log_open(const char *path, const RunwayLog *log,
                                       RunwayEventLog **events,
                                       RunwayError *err)
{
    RunwayEventLog *e = calloc(1, sizeof(*e));

    *events = NULL;
    if (!e)
        return ff_runway_no_memory(err);
    e->fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (e->fd < 0 || pthread_mutex_init(&e->lock, NULL)) {
        ff_runway_error(err, RUNWAY_INVALID, "log_path: %s cannot be written: "
                        "%s", path, strerror(errno));
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

void ff_runway_event_log_free(RunwayEventLog **events)
{
    RunwayEventLog *e = *events;

    if (!e)
        return;
    close(e->fd);
    pthread_mutex_destroy(&e->lock);
    free(e);
    *events = NULL;
}

/* Text that grows in a buffer; used passes room once it did not fit. */
typedef struct Line {
    char *text;
    size_t room, used;
} Line;

static void RUNWAY_PRINTF(2, 3) put(Line *line, const char *fmt, ...)
{
    va_list args;
    int n;

    if (line->used >= line->room)
        return;
    va_start(args, fmt);
    n = vsnprintf(line->text + line->used, line->room - line->used, fmt, args);
    va_end(args);
    line->used = n < 0 ? line->room : line->used + (size_t)n;
}

static void put_text(Line *line, const char *text)
{
    put(line, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            put(line, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            put(line, "\\u%04x", c);
        else
            put(line, "%c", c);
    }
    put(line, "\"");
}

/* printf's point is the locale's, which the program has chosen. */
static void put_number(Line *line, double value)
{
    int64_t thousandths = (int64_t)floor(value * 1000 + 0.5);

    put(line, "%"PRId64, thousandths / 1000);
    if (thousandths % 1000)
        put(line, ".%03d", (int)(thousandths % 1000));
}

static void put_field(Line *line, const RunwayEventField *field)
{
    if ((field->kind == RUNWAY_EVENT_TEXT && !field->text) ||
        (field->kind == RUNWAY_EVENT_NUMBER &&
         !(field->real >= 0 && field->real < 1e15)))
        return;
    put(line, ",\"%s\":", field->name);
    switch (field->kind) {
    case RUNWAY_EVENT_TEXT:   put_text(line, field->text);               break;
    case RUNWAY_EVENT_INT:    put(line, "%"PRId64, field->number);       break;
    case RUNWAY_EVENT_NUMBER: put_number(line, field->real);             break;
    case RUNWAY_EVENT_BOOL:   put(line, field->number ? "true" : "false"); break;
    case RUNWAY_EVENT_END:    break;
    }
}

size_t ff_runway_event_format(char *out, size_t room, int64_t time,
                              const char *run, const char *event,
                              const RunwayEventField *fields)
{
    Line line = { out, room, 0 };
    time_t seconds = (time_t)(time / 1000000);
    char when[32];
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) ||
        !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm))
        return 0;
    put(&line, "{\"time\":\"%s.%03dZ\",\"run\":\"%s\",\"event\":\"%s\"", when,
        (int)(time / 1000 % 1000), run, event);
    for (; fields->kind != RUNWAY_EVENT_END; fields++)
        put_field(&line, fields);
    put(&line, "}\n");
    return line.used < room ? line.used : 0;
}

/* All of it by one write where the system takes it whole, as it does for a
 * file: lines of several programs do not run into each other. */
static int write_all(int fd, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(fd, text, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        text += n;
        size -= (size_t)n;
    }
    return 0;
}

void ff_runway_event(RunwayEventLog *events, const char *event,
                     const RunwayEventField *fields)
{
    char *line;
    size_t size;
    int error = ENOMEM;

    if (!events)
        return;
    line = malloc(LINE_MAX_SIZE);
    if (line) {
        size  = ff_runway_event_format(line, LINE_MAX_SIZE, wall_clock(),
                                       events->run, event, fields);
        pthread_mutex_lock(&events->lock);
        error = size ? write_all(events->fd, line, size) : EOVERFLOW;
        pthread_mutex_unlock(&events->lock);
    }
    free(line);
    if (!error)
        return;
    pthread_mutex_lock(&events->lock);
    if (events->failed)
        error = 0;
    events->failed = 1;
    pthread_mutex_unlock(&events->lock);
    /* what is paid for goes on; the log is not worth it */
    if (error)
        ff_runway_log(events->log, RUNWAY_LOG_WARNING, "log_path cannot be "
                      "written, and is not complete: %s", strerror(error));
}
