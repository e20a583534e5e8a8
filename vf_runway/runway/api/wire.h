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
 * JSON: bodies that go out, replies that come in, in both providers' shapes.
 * No I/O but what RunwayBody reads later. cJSON stays inside.
 */

#ifndef AVFILTER_RUNWAY_API_WIRE_H
#define AVFILTER_RUNWAY_API_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "body.h"
#include "../base/error.h"
#include "models.h"

/** A picture that is too large to be inside a request. */
typedef struct RunwayPictureFile {
    const char *path;
    const char *type;       ///< "image/png", …
    const char *checksum;   ///< of its bytes, checksum.h
    uint64_t size;
} RunwayPictureFile;

/** A picture that goes along: an https or runway:// URI, or a data URI. */
typedef struct RunwayPicture {
    const char *uri;               ///< NULL: file is uploaded first
    double seconds;                ///< keyframes only: where in the clip
    const RunwayPictureFile *file; ///< NULL: none
} RunwayPicture;

/** Everything a create says beside the clip itself. Borrowed, never freed. */
typedef struct RunwayRequest {
    const RunwayModel *model;
    const char *model_name;  ///< as sent
    const char *prompt;      ///< NULL: none
    int64_t seed;            ///< -1: left out
    const char *ratio;       ///< NULL: none
    const char *public_figure_threshold; ///< NULL: none
    const char *output_format;           ///< NULL: none
    const RunwayPicture *references;
    int nb_references;
    const RunwayPicture *keyframes;
    int nb_keyframes;
    int duration;            ///< whole seconds of output, for models with that
                             ///< field; 0: left out
    const char *extra;       ///< JSON object merged on top; NULL: none
} RunwayRequest;

/**
 * The body of a create with the clip as a data URI: the first size bytes of fd
 * (video/mp4), which stays the caller's and open while the body lives. With
 * uri set the clip is that URI instead and fd is not used. Only members the
 * model has are written, except those of extra, which win over all others but
 * may not name the source field or "model"; a null in extra takes the member
 * out. For a model that is not known, the member that is "@clip" in extra is the
 * source field. Every picture has its uri. RUNWAY_INVALID: extra is no JSON
 * object, or names what it may not. *body is the caller's to free.
 */
RunwayOutcome ff_runway_wire_create_body(const RunwayRequest *request,
                                         int fd, uint64_t size, const char *uri,
                                         RunwayBody **body, RunwayError *err);

/**
 * Whether the JSON object extra has a member of that name; out is its text, ""
 * when it is none or there is no such member.
 */
int ff_runway_wire_extra_text(const char *extra, const char *name, char *out,
                              size_t room);

#define RUNWAY_ID_MAX 128

/** Whether text can be a task's id. It becomes part of a path: letters, digits
 *  and what cannot climb. */
int ff_runway_task_id_is_valid(const char *text);

/** Longest output URL, scheme to query, that is followed. */
#define RUNWAY_URL_MAX 8192

typedef enum RunwayTaskState {
    RUNWAY_TASK_PENDING,
    RUNWAY_TASK_THROTTLED,
    RUNWAY_TASK_RUNNING,
    RUNWAY_TASK_SUCCEEDED,
    RUNWAY_TASK_FAILED_STATE,
    RUNWAY_TASK_CANCELLED,
    RUNWAY_TASK_NOT_EXIST,  ///< the reply says there is no such task
} RunwayTaskState;

typedef struct RunwayTask {
    RunwayTaskState state;
    char id[RUNWAY_ID_MAX];
    double progress;            ///< 0..1, -1 when not told
    char url[RUNWAY_URL_MAX];   ///< SUCCEEDED: first output, else ""
    char failure[1024];         ///< FAILED: text, may be ""
    char failure_code[128];     ///< FAILED: code, may be ""
    double credits;             ///< cost, else, of a task that goes on, the
                                ///< estimate; -1 when not told
} RunwayTask;

const char *ff_runway_task_state_name(RunwayTaskState state);

/** A failure code's class: RUNWAY_TASK_FAILED or RUNWAY_TASK_FAILED_PASSING
 *  ("" and unknown INTERNAL-like codes are passing; moderation, assets and
 *  codes nobody knows are for good). */
RunwayOutcome ff_runway_failure_class(const char *failure_code);

/**
 * The reply to a create: the task's id, bare or in CometAPI's wrapping.
 * credits is -1 when not told, or told as 0. RUNWAY_UNKNOWN: a 2xx without an
 * id in it.
 * An id has only letters, digits, '-', '_', '.', ':' and is not empty: it
 * becomes part of a path.
 */
RunwayOutcome ff_runway_wire_parse_create(const char *text, size_t size,
                                          char id[RUNWAY_ID_MAX],
                                          double *credits, RunwayError *err);

/**
 * The reply to a read with status 200, bare or wrapped. RUNWAY_UNAVAILABLE when
 * it is not JSON or has no status that is known: a read may be done again.
 * SUCCEEDED without an output is RUNWAY_BAD_RESULT.
 */
RunwayOutcome ff_runway_wire_parse_task(const char *text, size_t size,
                                        RunwayTask *task, RunwayError *err);

/** Where a file can be put, and how. */
typedef struct RunwaySlot {
    char *url;                  ///< the storage; signed, so secret
    char *uri;                  ///< what the file is called in a create
    int nb_fields;
    char **names, **values;     ///< of the form, in the order they came
} RunwaySlot;

void ff_runway_slot_free(RunwaySlot **slot);

/** The body of the request for a slot. */
RunwayOutcome ff_runway_wire_slot_body(const char *filename, RunwayBody **body,
                                       RunwayError *err);

/** The reply to it. RUNWAY_UNAVAILABLE when it is not understood. */
RunwayOutcome ff_runway_wire_parse_slot(const char *text, size_t size,
                                        RunwaySlot **slot, RunwayError *err);

/** What an account says about the model that was asked for. */
typedef struct RunwayAccount {
    double balance;      ///< credits, -1 when not told
    int64_t daily_max;   ///< tasks a day, -1: no limit, or not told
    int64_t daily_count; ///< of these, used up today; -1 when not told
} RunwayAccount;

/**
 * The reply to a look at the account. RUNWAY_UNAVAILABLE when it is no JSON
 * object; what is missing in one is just not told.
 */
RunwayOutcome ff_runway_wire_parse_account(const char *text, size_t size,
                                           const char *model_name,
                                           RunwayAccount *account,
                                           RunwayError *err);

/** Whether an error reply (any status) says that the task does not exist:
 *  CometAPI's task_not_exist, Runway's "Could not find Task". */
int ff_runway_wire_is_not_exist(const char *text, size_t size);

/** Whether an error reply says that the request itself was bad, whatever its
 *  status (CometAPI: 500 with code invalid_request). */
int ff_runway_wire_is_bad_request(const char *text, size_t size);

/**
 * What an error reply says, as one line for a person: a string error with its
 * issues (each path and message), CometAPI's error object, or the beginning of
 * a text that is no JSON, its tags taken out. Always writes something, and
 * nothing that ff_runway_scrub() would take out.
 */
void ff_runway_wire_error_text(const char *text, size_t size, char *out,
                               size_t room);

#endif /* AVFILTER_RUNWAY_API_WIRE_H */
