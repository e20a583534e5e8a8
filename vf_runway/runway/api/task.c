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

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "task.h"

int ff_runway_task_id_is_valid(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length < RUNWAY_ID_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_.:") == length &&
           strcmp(text, ".") && !strstr(text, "..");
}

static const struct {
    const char *name;
    RunwayTaskState state;
} states[] = {
    { "PENDING",     RUNWAY_TASK_PENDING },
    { "THROTTLED",   RUNWAY_TASK_THROTTLED },
    { "RUNNING",     RUNWAY_TASK_RUNNING },
    { "SUCCEEDED",   RUNWAY_TASK_SUCCEEDED },
    { "FAILED",      RUNWAY_TASK_FAILED_STATE },
    { "CANCELLED",   RUNWAY_TASK_CANCELLED },
    /* the words of gateways */
    { "CANCELED",    RUNWAY_TASK_CANCELLED },
    { "QUEUED",      RUNWAY_TASK_PENDING },
    { "SUBMITTED",   RUNWAY_TASK_PENDING },
    { "NOT_START",   RUNWAY_TASK_PENDING },
    { "IN_PROGRESS", RUNWAY_TASK_RUNNING },
    { "PROCESSING",  RUNWAY_TASK_RUNNING },
    { "SUCCESS",     RUNWAY_TASK_SUCCEEDED },
    { "COMPLETED",   RUNWAY_TASK_SUCCEEDED },
    { "FAILURE",     RUNWAY_TASK_FAILED_STATE },
};

const char *ff_runway_task_state_name(RunwayTaskState state)
{
    if (state == RUNWAY_TASK_NOT_EXIST)
        return "not_existing";
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (states[i].state == state)
            return states[i].name;
    return "?";
}

int ff_runway_task_state_find(const char *name, RunwayTaskState *state)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (!strcasecmp(name, states[i].name)) {
            *state = states[i].state;
            return 1;
        }
    }
    return 0;
}

RunwayOutcome ff_runway_failure_class(const char *failure_code)
{
    /* whole codes, or what they begin with up to a dot */
    static const char *const transient[] = {
        "INTERNAL", "INPUT_PREPROCESSING.INTERNAL", "THIRD_PARTY.UNAVAILABLE",
    };

    if (!failure_code || !failure_code[0])
        return RUNWAY_TASK_FAILED_TRANSIENT;
    for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++) {
        size_t length = strlen(transient[i]);

        if (!strncmp(failure_code, transient[i], length) &&
            (!failure_code[length] || failure_code[length] == '.'))
            return RUNWAY_TASK_FAILED_TRANSIENT;
    }
    return RUNWAY_TASK_FAILED;
}

void ff_runway_failure_code(char *code, size_t size, const char *text)
{
    static const char *const permanent[] = {
        "SAFETY.", "INPUT_PREPROCESSING.SAFETY", "ASSET.INVALID",
        "THIRD_PARTY.INPUT_VALIDATION",
    };
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

    for (size_t i = 0; i < sizeof(permanent) / sizeof(permanent[0]); i++)
        if (!strncmp(text, permanent[i], strlen(permanent[i])))
            snprintf(code, size, "%.*s", (int)length, text);
}
