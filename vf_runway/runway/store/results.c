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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/dir.h"
#include "../base/disk.h"
#include "../base/text.h"
#include "results_internal.h"

#define BUFFER_SIZE 65536

/* bytes of one result that are read and made durable in well under the two
 * seconds that a person waits for an end; several at once take longer */
#define STOP_SIZE (64 << 20)

static const char *const endings[] = {
    [RESULT_WHOLE]   = ".mp4",
    [RESULT_REFUSED] = ".refused.mp4",
    [RESULT_DAMAGED] = ".damaged",
};

struct RunwayIncoming {
    const RunwayResults *results;
    int fd;
    char identity[RUNWAY_IDENTITY_SIZE];
    char name[RUNWAY_IDENTITY_SIZE + 32];
};

/* Where nothing is said: in the journal's directory. */
static RunwayOutcome open_default(RunwayResults *r, RunwayError *err)
{
    const char *above = ff_runway_journal_path(r->journal);
    struct stat st;

    r->path = ff_runway_disk_path(above, "results", NULL);
    if (!r->path)
        return ff_runway_no_memory(err);
    if (r->policy->dry_run &&
        (ff_runway_journal_dir(r->journal) < 0 ||
         ff_runway_dir_stat(ff_runway_journal_dir(r->journal), "results", &st)))
        return RUNWAY_OK;
    return ff_runway_dir_open_below(OPTION, above,
                                    ff_runway_journal_dir(r->journal),
                                    "results", &r->dir, err);
}

static RunwayOutcome open_given(RunwayResults *r, const char *path,
                                RunwayError *err)
{
    r->path = strdup(path);
    if (!r->path)
        return ff_runway_no_memory(err);
    return ff_runway_dir_open_or_make(OPTION, path, r->policy->dry_run,
                                      &r->dir, err);
}

static RunwayOutcome prepare(RunwayResults *r, RunwayError *err)
{
    RunwayOutcome ret = ff_runway_dir_claim(OPTION, r->path, r->dir, &r->ours,
                                            err);

    if (!ret)
        ret = ff_runway_dir_open_below(OPTION, r->path, r->dir, INCOMING,
                                       &r->incoming, err);
    if (!ret)
        ret = ff_runway_dir_prove(OPTION, r->path, r->incoming, r->dir, err);
    if (!ret)
        ret = ff_runway_results_prune(r, (int64_t)time(NULL), err);
    return ret;
}

RunwayOutcome ff_runway_results_open(const RunwayPolicy *policy,
                                     RunwayJournal *journal,
                                     const RunwayLog *log,
                                     RunwayResults **results,
                                     RunwayError *err)
{
    RunwayResults *r = calloc(1, sizeof(*r));
    RunwayOutcome ret;

    *results = NULL;
    if (!r)
        return ff_runway_no_memory(err);
    r->dir = r->incoming = -1;
    r->journal = journal;
    r->policy  = policy;
    r->log     = log;
    atomic_flag_clear(&r->full_logged);
    ret = policy->results_dir && *policy->results_dir ?
          open_given(r, policy->results_dir, err) : open_default(r, err);
    if (!ret && !r->policy->dry_run)
        ret = prepare(r, err);
    if (ret)
        ff_runway_results_free(&r);
    *results = r;
    return ret;
}

void ff_runway_results_free(RunwayResults **results)
{
    RunwayResults *r = *results;

    if (!r)
        return;
    ff_runway_disk_close(&r->incoming);
    ff_runway_disk_close(&r->dir);
    free(r->path);
    free(r);
    *results = NULL;
}

void ff_runway_results_heed(RunwayResults *r, int (*interrupted)(void *opaque),
                            void *opaque)
{
    r->interrupted = interrupted;
    r->opaque      = opaque;
}

const char *ff_runway_results_path(const RunwayResults *r)
{
    return r->path;
}

RunwayOutcome ff_runway_results_begin(RunwayResults *r, const char *identity,
                                      RunwayIncoming **incoming,
                                      RunwayError *err)
{
    RunwayIncoming *in;
    int why;

    *incoming = NULL;
    if (r->policy->dry_run || !ff_runway_identity_is_valid(identity))
        return ff_runway_error(err, RUNWAY_INVALID, "no result can be stored "
                               "for '%s' here (internal error)", identity);
    in = calloc(1, sizeof(*in));
    if (!in)
        return ff_runway_no_memory(err);
    in->results = r;
    ff_runway_copy_text(in->identity, sizeof(in->identity), identity);
    do {
        snprintf(in->name, sizeof(in->name), "%s.%ld.%d", identity,
                 (long)getpid(), atomic_fetch_add(&r->nb_incoming, 1));
        why = ff_runway_dir_create_file(r->incoming, in->name, &in->fd);
    } while (why == EEXIST);
    if (why) {
        free(in);
        return ff_runway_error(err, RUNWAY_IO, OPTION ": no file can be "
                               "created in %s/" INCOMING ": %s", r->path,
                               strerror(why));
    }
    *incoming = in;
    return RUNWAY_OK;
}

int ff_runway_incoming_fd(const RunwayIncoming *incoming)
{
    return incoming->fd;
}

static void free_incoming(RunwayIncoming **incoming)
{
    close((*incoming)->fd);
    free(*incoming);
    *incoming = NULL;
}

void ff_runway_incoming_abort(RunwayIncoming **incoming)
{
    if (!*incoming)
        return;
    ff_runway_dir_remove_file((*incoming)->results->incoming,
                              (*incoming)->name);
    free_incoming(incoming);
}

/* Size and digest of the whole file; 0, or an errno value: ECANCELED when a
 * person would wait too long for it. */
static int digest_file(const RunwayResults *r, int fd, int64_t *size,
                       char digest[RUNWAY_SHA256_SIZE])
{
    char *buffer = malloc(BUFFER_SIZE);
    RunwaySha256 sum;
    size_t n;
    int ret;

    *size = 0;
    if (!buffer)
        return ENOMEM;
    ff_runway_sha256_init(&sum);
    do {
        ret = ff_runway_disk_read(fd, *size, buffer, BUFFER_SIZE, &n);
        ff_runway_sha256_add(&sum, buffer, n);
        *size += (int64_t)n;
        if (*size > STOP_SIZE && r->interrupted && r->interrupted(r->opaque))
            ret = ECANCELED;
    } while (!ret && n == BUFFER_SIZE);
    ff_runway_sha256_text(&sum, digest);
    free(buffer);
    return ret;
}

static void make_name(char name[RUNWAY_RESULT_NAME], const char *identity,
                      const char *digest, ResultKind kind)
{
    snprintf(name, RUNWAY_RESULT_NAME, "%.64s-%.64s%s", identity, digest,
             endings[kind]);
}

ResultKind ff_runway_results_parse_name(const char *name,
                                        char identity[RUNWAY_IDENTITY_SIZE],
                                        char digest[RUNWAY_SHA256_SIZE])
{
    /* a digest looks like an identity */
    const char *rest = ff_runway_identity_split(name, identity);

    if (rest)
        rest = *rest == '-' ? ff_runway_identity_split(rest + 1, digest) : NULL;
    for (int i = RESULT_WHOLE; rest && i <= RESULT_DAMAGED; i++)
        if (!strcmp(rest, endings[i]))
            return (ResultKind)i;
    return RESULT_NONE;
}

RunwayOutcome ff_runway_results_list(const RunwayResults *r, int dir,
                                     DIR **list, RunwayError *err)
{
    int why = 0;

    *list = NULL;
    if (dir >= 0)
        why = ff_runway_dir_list(dir, list);
    return ff_runway_results_listed(r, why, err);
}

RunwayOutcome ff_runway_results_listed(const RunwayResults *r, int why,
                                       RunwayError *err)
{
    return why ? ff_runway_error(err, RUNWAY_IO, OPTION ": %s cannot be read: "
                                 "%s", r->path, strerror(why)) : RUNWAY_OK;
}

RunwayOutcome ff_runway_results_keep(RunwayResults *r,
                                     RunwayIncoming **incoming, int refused,
                                     RunwayResult *result, RunwayError *err)
{
    RunwayIncoming *in = *incoming;
    char digest[RUNWAY_SHA256_SIZE];
    RunwayError ignored;
    int why = digest_file(r, in->fd, &result->size, digest);

    result->fd = -1;
    if (!why)
        why = ff_runway_disk_sync(in->fd);
    if (!why)
        why = ff_runway_dir_open_file(r->incoming, in->name, O_RDONLY,
                                      &result->fd);
    if (!why) {
        result->refused = refused;
        make_name(result->name, in->identity, digest,
                  refused ? RESULT_REFUSED : RESULT_WHOLE);
        why = ff_runway_dir_rename(r->incoming, in->name, r->dir,
                                   result->name);
    }
    if (!why)
        why = ff_runway_dir_sync(r->dir);
    if (why) {
        ff_runway_disk_close(&result->fd);
        ff_runway_incoming_abort(incoming);
        if (why == ENOMEM)
            return ff_runway_no_memory(err);
        if (why == ECANCELED)
            return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
        return ff_runway_error(err, RUNWAY_IO, OPTION ": the result cannot be "
                               "stored in %s: %s", r->path,
                               ff_runway_dir_strerror(why));
    }
    free_incoming(incoming);
    if (ff_runway_results_prune(r, (int64_t)time(NULL), &ignored))
        ff_runway_log(r->log, RUNWAY_LOG_VERBOSE, "%s", ignored.text);
    return RUNWAY_OK;
}

/* Open a file and read all of it. 0, EILSEQ: it is empty or not what its name
 * says, or another errno value. */
static int open_result(RunwayResults *r, const char *name, const char *digest,
                       RunwayResult *result)
{
    char found[RUNWAY_SHA256_SIZE];
    int ret = ff_runway_dir_open_file(r->dir, name, O_RDONLY, &result->fd);

    if (ret)
        return ret;
    ret = digest_file(r, result->fd, &result->size, found);
    if (!ret && (!result->size || strcmp(found, digest)))
        ret = EILSEQ;
    if (ret)
        ff_runway_disk_close(&result->fd);
    else
        ff_runway_copy_text(result->name, sizeof(result->name), name);
    return ret;
}

static void move_aside(RunwayResults *r, const char *name)
{
    char identity[RUNWAY_IDENTITY_SIZE], digest[RUNWAY_SHA256_SIZE];
    char aside[RUNWAY_RESULT_NAME];

    ff_runway_log(r->log, RUNWAY_LOG_WARNING, OPTION ": %s/%s is damaged and "
                  "not used", r->path, name);
    if (r->policy->dry_run ||
        !ff_runway_results_parse_name(name, identity, digest))
        return;
    make_name(aside, identity, digest, RESULT_DAMAGED);
    ff_runway_dir_rename(r->dir, name, r->dir, aside);
}

void ff_runway_results_reject(RunwayResults *r, RunwayResult *result)
{
    ff_runway_disk_close(&result->fd);
    move_aside(r, result->name);
}

/* The name of a file of that clip and kind; 0: there is none, or *why says why
 * nobody knows. */
static int find_name(DIR *list, const char *identity, ResultKind kind,
                     char name[RUNWAY_RESULT_NAME],
                     char digest[RUNWAY_SHA256_SIZE], int *why)
{
    char found[RUNWAY_IDENTITY_SIZE];
    const struct dirent *entry;

    while ((entry = ff_runway_dir_next(list, why))) {
        if (ff_runway_results_parse_name(entry->d_name, found, digest) != kind ||
            strcmp(found, identity))
            continue;
        ff_runway_copy_text(name, RUNWAY_RESULT_NAME, entry->d_name);
        return 1;
    }
    return 0;
}

RunwayOutcome ff_runway_results_find(RunwayResults *r, const char *identity,
                                     RunwayResult *result, RunwayError *err)
{
    static const ResultKind kinds[] = { RESULT_WHOLE, RESULT_REFUSED };
    char name[RUNWAY_RESULT_NAME], digest[RUNWAY_SHA256_SIZE];
    DIR *list;
    int end = 0;
    RunwayOutcome ret = ff_runway_results_list(r, r->dir, &list, err);

    result->fd = -1;
    for (int i = 0; list && i < 2 && !ret && result->fd < 0; i++) {
        rewinddir(list);
        while (!ret && result->fd < 0 &&
               find_name(list, identity, kinds[i], name, digest, &end)) {
            int why = open_result(r, name, digest, result);

            result->refused = kinds[i] == RESULT_REFUSED;
            if (why == EILSEQ)
                move_aside(r, name);
            else if (why == ENOMEM)
                ret = ff_runway_no_memory(err);
            else if (why == ECANCELED)
                ret = ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
            else if (why && why != ENOENT)
                ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s/%s cannot "
                                      "be read: %s", r->path, name,
                                      ff_runway_dir_strerror(why));
        }
        if (!ret && result->fd < 0)
            ret = ff_runway_results_listed(r, end, err);
    }
    if (list)
        closedir(list);
    return ret;
}

/* Whether there is one, -1: nobody knows. */
static int has_kind(RunwayResults *r, const char *identity, ResultKind kind,
                    char name[RUNWAY_RESULT_NAME])
{
    char digest[RUNWAY_SHA256_SIZE];
    DIR *list;
    int has, why;

    if (ff_runway_results_list(r, r->dir, &list, NULL))
        return -1;
    if (!list)
        return 0;
    has = find_name(list, identity, kind, name, digest, &why);
    closedir(list);
    return why ? -1 : has;
}

int ff_runway_results_has(RunwayResults *r, const char *identity, int refused)
{
    char name[RUNWAY_RESULT_NAME];
    int has = has_kind(r, identity, RESULT_WHOLE, name);

    return has || !refused ? has
                           : has_kind(r, identity, RESULT_REFUSED, name);
}

void ff_runway_results_doubt(RunwayResults *r, RunwayRecord *record)
{
    char name[RUNWAY_RESULT_NAME];
    int has = 0;

    if (ff_runway_record_state(record) == RUNWAY_CLIP_NONE)
        has = has_kind(r, record->identity, RESULT_DAMAGED, name);
    if (has < 0)
        snprintf(record->damage, sizeof(record->damage), "there is none, and "
                 "%.*s, which cannot be read, may show that there was one", 512,
                 r->path);
    else if (has)
        snprintf(record->damage, sizeof(record->damage),
                 "it is lost, and %.*s/%s shows that there was one", 512,
                 r->path, name);
}

RunwayOutcome ff_runway_results_accept(RunwayResults *r, RunwayResult *result,
                                       RunwayError *err)
{
    char identity[RUNWAY_IDENTITY_SIZE], digest[RUNWAY_SHA256_SIZE];
    char name[RUNWAY_RESULT_NAME];
    int why;

    if (!ff_runway_results_parse_name(result->name, identity, digest))
        return ff_runway_error(err, RUNWAY_INVALID, "'%s' is not a result "
                               "(internal error)", result->name);
    make_name(name, identity, digest, RESULT_WHOLE);
    why = ff_runway_dir_rename(r->dir, result->name, r->dir, name);
    if (!why)
        why = ff_runway_dir_sync(r->dir);
    if (why)
        return ff_runway_error(err, RUNWAY_IO, OPTION ": %s/%s cannot be "
                               "renamed: %s", r->path, result->name,
                               strerror(why));
    ff_runway_copy_text(result->name, sizeof(result->name), name);
    result->refused = 0;
    return RUNWAY_OK;
}

RunwayOutcome ff_runway_results_remove(RunwayResults *r, const char *identity,
                                       int *removed, RunwayError *err)
{
    char found[RUNWAY_IDENTITY_SIZE], digest[RUNWAY_SHA256_SIZE];
    const struct dirent *entry;
    int why, end = 0;
    DIR *list;
    RunwayOutcome ret = ff_runway_results_list(r, r->dir, &list, err);

    *removed = 0;
    while (list && (entry = ff_runway_dir_next(list, &end))) {
        if (!ff_runway_results_parse_name(entry->d_name, found, digest) ||
            strcmp(found, identity))
            continue;
        why = ff_runway_dir_remove_file(r->dir, entry->d_name);
        if (why)
            ret = ff_runway_error(err, RUNWAY_IO, OPTION ": %s/%s cannot be "
                                  "removed: %s", r->path, entry->d_name,
                                  strerror(why));
        *removed += !why;
    }
    if (list)
        closedir(list);
    return ret ? ret : ff_runway_results_listed(r, end, err);
}
