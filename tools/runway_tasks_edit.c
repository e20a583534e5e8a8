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

/**
 * @file
 * runway-tasks adopt, and forget: changes to one clip's record.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "runway_tasks.h"

/* seconds between an intent and the task that it may have become */
#define ADOPT_WITHIN 900

/* The one clip whose identity begins so; or the tries that have a task. */
typedef struct Search {
    const char *clip, *task;
    char identity[RUNWAY_IDENTITY_SIZE];
    int nb;
} Search;

static int search_one(void *opaque, const RunwayRecord *r)
{
    Search *s = opaque;

    if (*s->clip && !strncmp(r->identity, s->clip, strlen(s->clip))) {
        s->nb++;
        ff_runway_copy_text(s->identity, sizeof(s->identity), r->identity);
    }
    return 0;
}

static int refuse(const char *clip, const char *why)
{
    fprintf(stderr, "runway-tasks: %.*s: %s\n", SHORT, clip, why);
    return 1;
}

/* Find, lock and read it. */
static int take_clip(Tool *t, Search *s, RunwayJournalLock **lock,
                     RunwayRecord *r)
{
    RunwayError err;

    if (ff_runway_journal_each(t->journal, search_one, s, &err))
        return tasks_complain(&err);
    if (s->nb != 1) {
        fprintf(stderr, "runway-tasks: %s: %s\n", s->clip, s->nb ?
                "more than one clip matches" : "there is no such clip");
        return 1;
    }
    *lock = ff_runway_journal_lock_if_free(t->journal, s->identity, &err);
    if (!*lock)
        return refuse(s->identity, err.text);
    return ff_runway_journal_read(t->journal, s->identity, r, &err) ?
           tasks_complain(&err) : 0;
}

/* Whether the task may be this clip's: it can be read, and was made when the
 * create went out. */
static int check_task(Tool *t, const char *id, const RunwayRecord *r,
                      RunwayTask *task)
{
    const RunwayTry *a = &r->tries[r->nb_tries - 1];
    int64_t retry_after;
    RunwayError err;

    if (strcmp(r->endpoint, ff_runway_client_endpoint(t->client)))
        return refuse(r->identity, "it was requested from another origin: set "
                      "--provider and --base-url");
    if (ff_runway_client_read(t->client, id, task, &retry_after, &err) &&
        task->state != RUNWAY_TASK_SUCCEEDED)
        return tasks_complain(&err);
    if (task->state == RUNWAY_TASK_NOT_EXIST)
        return refuse(r->identity, "the provider has no such task");
    if (t->force)
        return 0;
    if (task->created < 0)
        return refuse(r->identity, "the provider does not say when the task "
                      "was created; --force adopts it anyway");
    if (llabs(task->created - a->time) > ADOPT_WITHIN)
        return refuse(r->identity, "the task was not created within 15 minutes "
                      "of the request; --force adopts it anyway");
    return 0;
}

static int search_task(void *opaque, const RunwayRecord *r)
{
    Search *s = opaque;

    for (int i = 0; i < r->nb_tries; i++)
        s->nb += !strcmp(r->tries[i].task_id, s->task);
    return s->nb;
}

/* Write it down, if it is in no record yet: under the lock for money, as two may
 * want to adopt one task. */
static int adopt(Tool *t, const char *task_id, const RunwayJournalLock *lock,
                 RunwayRecord *r)
{
    Search s = { .task = task_id };
    RunwayTry *a = ff_runway_record_try(r);
    RunwayJournalLock *money;
    RunwayError err;
    RunwayOutcome ret;

    ret = ff_runway_journal_lock_money(t->journal, NULL, NULL, &money, &err);
    if (!ret)
        ret = ff_runway_journal_each(t->journal, search_task, &s, &err);
    if (!ret && s.nb)
        ret = ff_runway_error(&err, RUNWAY_INVALID, "%.*s: that task is "
                              "already in the journal", SHORT, r->identity);
    /* a lost task stays on record beside it */
    if (!ret && ff_runway_record_state(r) == RUNWAY_CLIP_LOST) {
        const RunwayTry was = *a;

        ret = ff_runway_record_begin(r, was.output, was.time, was.seconds,
                                     was.estimated, &err);
        a = ff_runway_record_try(r);
    }
    ff_runway_copy_text(a->task_id, sizeof(a->task_id), task_id);
    a->adopted = 1;
    if (!ret)
        ret = ff_runway_record_move(r, RUNWAY_CLIP_SUBMITTED, &err);
    if (!ret)
        ret = ff_runway_journal_write(t->journal, lock, r, &err);
    ff_runway_journal_unlock(&money);
    return ret ? tasks_complain(&err) : 0;
}

int tasks_adopt(Tool *t, const char *clip, const char *task_id)
{
    Search s = { .clip = clip };
    RunwayJournalLock *lock = NULL;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayTask *task = calloc(1, sizeof(*task));
    RunwayClipState state;
    int ret = 1;

    if (!r || !task || tasks_open_journal(t, 0) || tasks_open_client(t) ||
        take_clip(t, &s, &lock, r))
        goto end;
    state = ff_runway_record_state(r);
    if (state != RUNWAY_CLIP_INTENT && state != RUNWAY_CLIP_UNKNOWN &&
        state != RUNWAY_CLIP_LOST) {
        refuse(s.identity, r->damage[0] ? "its record cannot be trusted: "
               "nothing can be adopted, and on_unknown=resend buys it again" :
               "its fate is known: nothing can be adopted");
        goto end;
    }
    if (!ff_runway_task_id_is_valid(task_id)) {
        refuse(s.identity, "that is not a task id");
        goto end;
    }
    if (check_task(t, task_id, r, task) || adopt(t, task_id, lock, r))
        goto end;
    printf("%.*s  adopted task %s; the next run picks it up\n", SHORT,
           s.identity, task_id);
    ret = 0;
end:
    ff_runway_journal_unlock(&lock);
    free(task);
    free(r);
    return ret;
}

int tasks_forget(Tool *t, const char *clip)
{
    Search s = { .clip = clip };
    RunwayJournalLock *lock = NULL;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;
    int ret = 1, removed = 0;

    if (!r || tasks_open_journal(t, 0) || take_clip(t, &s, &lock, r))
        goto end;
    if (!r->nb_tries) {
        refuse(s.identity, r->damage[0] ? "its record cannot be trusted; "
               "on_unknown=resend buys it again" : "nothing was bought for it");
        goto end;
    }
    if (!t->force && (ff_runway_record_is_open(r) ||
                      ff_runway_results_has(t->results, s.identity, 1))) {
        refuse(s.identity, "it may have been paid for, or its result is here; "
               "--force forgets it anyway");
        goto end;
    }
    if (ff_runway_record_move(r, RUNWAY_CLIP_FORGOTTEN, &err) ||
        ff_runway_journal_write(t->journal, lock, r, &err) ||
        ff_runway_results_remove(t->results, s.identity, &removed, &err)) {
        tasks_complain(&err);
        goto end;
    }
    printf("%.*s  forgotten: the next run buys it again%s\n", SHORT,
           s.identity, removed ? "; its result was removed" : "");
    ret = 0;
end:
    ff_runway_journal_unlock(&lock);
    free(r);
    return ret;
}
