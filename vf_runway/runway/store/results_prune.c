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

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../base/dir.h"
#include "../base/disk.h"
#include "../base/text.h"
#include "results_internal.h"

#define INCOMING_KEEP 86400 /* seconds: a day */

/* A result, while it is decided what goes. */
typedef struct Result {
    char name[RUNWAY_RESULT_NAME];
    char identity[RUNWAY_IDENTITY_SIZE];
    ResultKind kind;
    int64_t size;
    int64_t emitted;  ///< as in the record; 0: never, or nobody knows
} Result;

typedef struct Results {
    Result *list;
    size_t nb, capacity;
    int64_t size;
} Results;

static int add_result(Results *all, const Result *result)
{
    if (all->nb == all->capacity) {
        size_t capacity = all->capacity ? 2 * all->capacity : 64;
        Result *list = realloc(all->list, capacity * sizeof(*list));

        if (!list)
            return 0;
        all->list     = list;
        all->capacity = capacity;
    }
    all->list[all->nb++] = *result;
    all->size += result->size;
    return 1;
}

static RunwayOutcome list_results(const RunwayResults *r, Results *all,
                                  RunwayError *err)
{
    char digest[RUNWAY_SHA256_SIZE];
    const struct dirent *entry;
    DIR *list;
    int why = 0;
    RunwayOutcome ret = ff_runway_results_list(r, r->dir, &list, err);

    while (!ret && list && (entry = ff_runway_dir_next(list, &why))) {
        Result result = { .emitted = 0 };
        struct stat st;

        result.kind = ff_runway_results_parse_name(entry->d_name,
                                                   result.identity, digest);
        if (!result.kind || ff_runway_dir_stat(r->dir, entry->d_name, &st) ||
            !S_ISREG(st.st_mode))
            continue;
        ff_runway_copy_text(result.name, sizeof(result.name), entry->d_name);
        result.size = (int64_t)st.st_size;
        if (!add_result(all, &result))
            ret = ff_runway_no_memory(err);
    }
    if (list)
        closedir(list);
    return ret ? ret : ff_runway_results_listed(r, why, err);
}

static int64_t read_emitted(const RunwayResults *r, const char *identity)
{
    RunwayRecord *record = malloc(sizeof(*record)); /* many KiB */
    int64_t emitted = 0;

    if (record && !ff_runway_journal_read(r->journal, identity, record, NULL))
        emitted = record->emitted;
    free(record);
    return emitted;
}

static int may_go(const Result *result, int64_t now)
{
    return result->kind == RESULT_DAMAGED ||
           (result->emitted && now > result->emitted &&
            now - result->emitted > RUNWAY_RESULTS_KEEP);
}

static int by_age(const void *a, const void *b)
{
    const Result *x = a, *y = b;

    if ((x->kind == RESULT_DAMAGED) != (y->kind == RESULT_DAMAGED))
        return x->kind == RESULT_DAMAGED ? -1 : 1;
    if (x->emitted != y->emitted)
        return x->emitted < y->emitted ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* @return whether it is gone */
static int drop(const RunwayResults *r, Result *result, int64_t now)
{
    RunwayJournalLock *lock = ff_runway_journal_lock_if_free(r->journal,
                                                             result->identity,
                                                             NULL);
    char date[32] = "never";
    time_t emitted;
    struct tm tm;
    int gone;

    if (!lock)
        return 0;
    /* as it is now that nobody else can change it */
    result->emitted = read_emitted(r, result->identity);
    gone = may_go(result, now) &&
           !ff_runway_dir_remove_file(r->dir, result->name);
    ff_runway_journal_unlock(&lock);
    if (!gone)
        return 0;
    emitted = (time_t)result->emitted;
    if (emitted && gmtime_r(&emitted, &tm))
        strftime(date, sizeof(date), "%Y-%m-%d", &tm);
    ff_runway_log(r->log, RUNWAY_LOG_INFO, "results_size: removed %s (%lld "
                  "bytes, last output: %s)", result->name,
                  (long long)result->size, date);
    return 1;
}

static void drop_old(RunwayResults *r, Results *all, int64_t now)
{
    for (size_t i = 0; i < all->nb; i++)
        all->list[i].emitted = read_emitted(r, all->list[i].identity);
    if (all->nb)
        qsort(all->list, all->nb, sizeof(*all->list), by_age);
    for (size_t i = 0; i < all->nb && all->size > r->policy->results_size; i++)
        if (may_go(&all->list[i], now) && drop(r, &all->list[i], now))
            all->size -= all->list[i].size;
}

/* Whether a name in incoming/ is one that ff_runway_results_begin() makes. */
static int is_incoming(const char *name, char identity[RUNWAY_IDENTITY_SIZE])
{
    const char *rest = ff_runway_identity_split(name, identity);

    return rest && rest[0] == '.' && rest[1] &&
           !rest[strspn(rest, "0123456789.")];
}

/* What processes that are gone have left: nobody has written to it for long, as
 * one with another journal may be at work in the same directory. */
static RunwayOutcome prune_incoming(const RunwayResults *r, int64_t now,
                                    RunwayError *err)
{
    char identity[RUNWAY_IDENTITY_SIZE];
    const struct dirent *entry;
    struct stat st;
    DIR *list;
    int why = 0;
    RunwayOutcome ret = ff_runway_results_list(r, r->incoming, &list, err);

    while (list && (entry = ff_runway_dir_next(list, &why))) {
        const char *name = entry->d_name;
        RunwayJournalLock *lock;

        if (!strncmp(name, RUNWAY_DIR_PROBE, strlen(RUNWAY_DIR_PROBE)))
            ff_runway_dir_remove_file(r->incoming, name);
        if (!is_incoming(name, identity) ||
            ff_runway_dir_stat(r->incoming, name, &st) ||
            now - (int64_t)st.st_mtime < INCOMING_KEEP)
            continue;
        lock = ff_runway_journal_lock_if_free(r->journal, identity, NULL);
        if (lock)
            ff_runway_dir_remove_file(r->incoming, name);
        ff_runway_journal_unlock(&lock);
    }
    if (list)
        closedir(list);
    return ret ? ret : ff_runway_results_listed(r, why, err);
}

RunwayOutcome ff_runway_results_prune(RunwayResults *r, int64_t now,
                                      RunwayError *err)
{
    const int64_t most = r->policy->results_size;
    Results all = { NULL, 0, 0, 0 };
    RunwayOutcome ret = RUNWAY_OK;

    if (r->ours)
        ret = prune_incoming(r, now, err);
    if (!ret)
        ret = list_results(r, &all, err);
    if (!ret && r->ours && all.size > most)
        drop_old(r, &all, now);
    if (!ret && all.size > most && !atomic_flag_test_and_set(&r->full_logged))
        ff_runway_log(r->log, RUNWAY_LOG_WARNING, "results_size: the results "
                      "in %s take %lld bytes, more than %lld, and none may be "
                      "removed: %s", r->path, (long long)all.size,
                      (long long)most, r->ours ?
                      "they were output less than a week ago, or never" :
                      "the directory was not made for them");
    free(all.list);
    return ret;
}
