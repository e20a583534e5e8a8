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
 * The log for programs (log_path): one JSON line for each event of each clip,
 * appended whole. Fields are described in docs/log.md.
 *
 * Nothing secret goes in: callers give no URLs, and error texts, which may name
 * one, are those of error.h.
 */

#ifndef AVFILTER_RUNWAY_BASE_EVENT_LOG_H
#define AVFILTER_RUNWAY_BASE_EVENT_LOG_H

#include <stdint.h>

#include "error.h"
#include "log.h"

typedef struct RunwayEventLog RunwayEventLog;

/**
 * Open path to append to; it is made where it is not there, for its owner only.
 * log, which outlives it, gets one message when a line cannot be written later.
 * A pipe is never waited for: lines that it has no space for are dropped, and
 * counted in an event "dropped" when there is space again, and in a warning at
 * the end. RUNWAY_INVALID: it cannot be opened, or is a pipe without a reader.
 */
RunwayOutcome ff_runway_event_log_open(const char *path, const RunwayLog *log,
                                       RunwayEventLog **events,
                                       RunwayError *err);
void ff_runway_event_log_free(RunwayEventLog **events);

typedef enum RunwayEventKind {
    RUNWAY_EVENT_END,       ///< ends a list
    RUNWAY_EVENT_TEXT,
    RUNWAY_EVENT_INT,
    RUNWAY_EVENT_NUMBER,    ///< three places behind the point
    RUNWAY_EVENT_BOOL,
} RunwayEventKind;

/** A field of a line. Use the macros. */
typedef struct RunwayEventField {
    RunwayEventKind kind;
    const char *name;
    const char *text;       ///< NULL: the field is left out
    int64_t number;
    double real;            ///< negative or not finite: left out
} RunwayEventField;

#define RUNWAY_TEXT(name, value)   { RUNWAY_EVENT_TEXT, name, value, 0, 0 }
#define RUNWAY_INT(name, value)    { RUNWAY_EVENT_INT, name, NULL, value, 0 }
#define RUNWAY_NUMBER(name, value) { RUNWAY_EVENT_NUMBER, name, NULL, 0, value }
#define RUNWAY_BOOL(name, value)   { RUNWAY_EVENT_BOOL, name, NULL, value, 0 }
#define RUNWAY_EVENT_LAST          { RUNWAY_EVENT_END, NULL, NULL, 0, 0 }

/**
 * Write one line: "time", "run" and "event", then fields up to
 * RUNWAY_EVENT_LAST. events may be NULL: nothing happens. From any thread.
 */
void ff_runway_event(RunwayEventLog *events, const char *event,
                     const RunwayEventField *fields);

/** The same as text, without its newline, at the time given in microseconds
 *  since the epoch. For cJSON_free(); NULL: out of memory. */
char *ff_runway_event_line(int64_t time, const char *run, const char *event,
                           const RunwayEventField *fields);

#endif /* AVFILTER_RUNWAY_BASE_EVENT_LOG_H */
