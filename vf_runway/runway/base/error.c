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

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "text.h"
#undef ff_runway_error

RunwayOutcome ff_runway_error(RunwayError *err, RunwayOutcome outcome,
                              const char *fmt, ...)
{
    /* an argument may be err->text itself */
    char text[RUNWAY_ERROR_TEXT];
    va_list args;
    int n;

    if (!err)
        return outcome;
    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0)
        text[0] = 0;
    ff_runway_scrub_users(text);
    ff_runway_clean_text(text, n >= (int)sizeof(text));
    err->outcome = outcome;
    memcpy(err->text, text, strlen(text) + 1);
    return outcome;
}

const char *ff_runway_outcome_name(RunwayOutcome outcome)
{
    switch (outcome) {
    case RUNWAY_OK:                  return "ok";
    case RUNWAY_INVALID:             return "invalid";
    case RUNWAY_UNAVAILABLE:         return "unavailable";
    case RUNWAY_REFUSED:             return "refused";
    case RUNWAY_UNKNOWN:             return "unknown";
    case RUNWAY_TASK_FAILED:         return "failed";
    case RUNWAY_TASK_FAILED_TRANSIENT: return "failed_transient";
    case RUNWAY_TASK_LOST:           return "lost";
    case RUNWAY_TASK_TIMEOUT:        return "timeout";
    case RUNWAY_NO_RESULT:           return "no_result";
    case RUNWAY_BAD_RESULT:          return "bad_result";
    case RUNWAY_CANCELLED:           return "cancelled";
    case RUNWAY_IO:                  return "file_error";
    case RUNWAY_NOMEM:               return "out_of_memory";
    }
    return "?";
}
