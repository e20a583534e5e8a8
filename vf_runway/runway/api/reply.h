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

#ifndef AVFILTER_RUNWAY_API_REPLY_H
#define AVFILTER_RUNWAY_API_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"
#include "task.h"

/**
 * The task's id in a reply of any shape, as text or as a whole number: the field
 * "task_id", "taskId" or "id" that lies outermost, of several in one object the
 * first of these names; with in_data also an outermost "data" that is itself the
 * id. It is found before the end of a reply that was cut off behind it too.
 * @return 1: found, 0: no such field, or only empty ones, -1: there is one, and
 *         what it holds can be no id (ff_runway_task_id_is_valid())
 */
int ff_runway_reply_find_id(const char *text, size_t size, int in_data,
                            char id[RUNWAY_ID_MAX]);

/**
 * The reply to a create, whatever its status: the task's id and what the task
 * will cost, -1 when not reported, or reported as 0. RUNWAY_UNKNOWN: there is
 * no id in it; the error says so, and not what there is. An id becomes part of
 * a path, so it has only letters, digits, '-', '_', '.', ':' and is not empty.
 */
RunwayOutcome ff_runway_parse_create(const char *text, size_t size,
                                     char id[RUNWAY_ID_MAX],
                                     double *credits, RunwayError *err);

/**
 * The reply to a read with status 200, bare or wrapped. RUNWAY_UNAVAILABLE when
 * it is not JSON or has no status that is known: a read may be done again, and
 * the error says nothing of what there is.
 * It is RUNWAY_UNAVAILABLE too, with the task filled in and no url, when that has
 * SUCCEEDED and its output is not there yet: a task that succeeded does not fail
 * by that. An output that is no URL is RUNWAY_OK with an empty url, which the
 * download refuses.
 */
RunwayOutcome ff_runway_parse_task(const char *text, size_t size,
                                   RunwayTask *task, RunwayError *err);

/** Take secrets out of a text in place. Without is_shown it is part of a request
 *  to come (a URL, a field of a form): what is no secret has to stay. */
typedef void RunwayScrub(void *opaque, char *text, int is_shown);

/**
 * What a server sent, without what scrub() takes out of a text in place: out of
 * every name, text and number of JSON, its escapes undone and cleaned as
 * ff_runway_clean_text() does it, or out of the whole where it is no JSON. What
 * is in the fields that sent names (up to a NULL) is part of a request to come.
 * Whole numbers of more than 15 digits have become texts, and whatever follows
 * the JSON three dots.
 * @return for free(); NULL: out of memory
 */
char *ff_runway_reply_clean(const char *text, size_t size,
                            const char *const *sent, RunwayScrub *scrub,
                            void *opaque);

#define RUNWAY_FIELDS_MAX 64 ///< fields of an upload's form; S3's has ten

/** Where a file can be put, and how. */
typedef struct RunwaySlot {
    char *url;                  ///< the storage; signed, so secret
    char *uri;                  ///< what the file is called in a create
    int nb_fields;
    char **names, **values;     ///< of the form, in the order they came
} RunwaySlot;

void ff_runway_slot_free(RunwaySlot **slot);

/** The reply to a request for one. RUNWAY_UNAVAILABLE when it is not understood,
 *  with the name of the field at fault and nothing of what the reply says:
 *  also where the form has more fields than RUNWAY_FIELDS_MAX. */
RunwayOutcome ff_runway_parse_slot(const char *text, size_t size,
                                   RunwaySlot **slot, RunwayError *err);

/** What an account says about the model that was asked for. */
typedef struct RunwayAccount {
    double balance;      ///< credits, -1 when not reported
    int64_t daily_max;   ///< tasks a day, -1: no limit, or not reported
    int64_t daily_count; ///< of these, used up today; -1 when not reported
} RunwayAccount;

/**
 * The reply to a check of the account. RUNWAY_UNAVAILABLE when it is no JSON
 * object; what is missing in one is just not reported.
 */
RunwayOutcome ff_runway_parse_account(const char *text, size_t size,
                                      const char *model_name,
                                      RunwayAccount *account,
                                      RunwayError *err);

/** Whether an error reply (any status) says that the task does not exist:
 *  CometAPI's task_not_exist, Runway's "Could not find Task". */
int ff_runway_reply_is_not_exist(const char *text, size_t size);

/** Whether an error reply with 429 is about the tasks of a day, and not about a
 *  rate or load: no document gives the words, so it is any that name a day. */
int ff_runway_reply_is_daily(const char *text, size_t size);

/** Whether an error reply has the shape that a provider's own has, and speaks
 *  of no task: Runway's error is a string, CometAPI's an object of its type, no
 *  field that ff_runway_reply_find_id() knows holds anything, and nothing
 *  follows. What has another shape may be somebody's in between. */
int ff_runway_reply_is_refusal(const char *text, size_t size);

/**
 * What an error reply says, as one line for a person: a string error with its
 * issues (each path and message), CometAPI's error object, or the beginning of
 * a text that is no JSON, its tags taken out. Always writes something, and
 * nothing that scrub() (NULL: nothing) and ff_runway_scrub() take out of it
 * before it is cut.
 */
void ff_runway_reply_error_text(const char *text, size_t size,
                                RunwayScrub *scrub, void *opaque, char *out,
                                size_t out_size);

#endif /* AVFILTER_RUNWAY_API_REPLY_H */
