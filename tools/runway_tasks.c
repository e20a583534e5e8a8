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
 * runway-tasks: the journal for people. Over the core, without FFmpeg: what was
 * bought, for which output and for how much; brings in what is paid for; takes
 * up a task of unknown fate, or gives a clip up. It never buys anything.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/files.h"
#include "api/providers.h"
#include "base/disk.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/job.h"
#include "http/client.h"
#include "math/mp4.h"
#include "store/journal.h"
#include "store/results.h"

/* seconds between an intent and the task that it may have become */
#define ADOPT_WITHIN 900

#define SHORT 12 /* digits of an identity that are shown */

typedef struct Tool {
    const char *state_dir, *results_dir;
    const char *provider_name, *base_url, *api_version, *key_file;
    const char *proxy, *ca_file;
    int tls_verify, json, force;

    RunwayLog log;
    RunwayJournal *journal;
    RunwayResults *results;
    RunwayClient *client;
    const RunwayProvider *provider;
    RunwayPolicy policy;
    int failed;             ///< clips of a fetch
} Tool;

static void say(void *opaque, RunwayLogLevel level, const char *line)
{
    if (level <= RUNWAY_LOG_INFO)
        fprintf(stderr, "runway-tasks: %s\n", line);
}

static int complain(const RunwayError *err)
{
    fprintf(stderr, "runway-tasks: %s\n", err->text);
    return 1;
}

static const char *get_environment(const char *name)
{
    return getenv(name);
}

static int open_journal(Tool *t, int read_only)
{
    const RunwayJournalConfig config = { t->state_dir, read_only, &t->log };
    RunwayResultsConfig results = {
        .results_dir = t->results_dir, .results_size = INT64_MAX,
        .read_only = read_only, .log = &t->log,
    };
    RunwayError err;

    if (ff_runway_journal_open(&config, &t->journal, &err))
        return complain(&err);
    results.journal = t->journal;
    return ff_runway_results_open(&results, &t->results, &err) ?
           complain(&err) : 0;
}

/* The key and the origin come from the user alone, as for the filter. */
static int open_client(Tool *t)
{
    RunwayError err;
    const char *key = NULL;
    char *from_file = NULL, *url = NULL;
    int exposed, ret = 1;

    if (ff_runway_provider_choose(t->provider_name, get_environment,
                                  &t->provider, &err))
        return complain(&err);
    url = ff_runway_provider_base_url(t->provider, t->base_url,
                                      get_environment);
    if (t->key_file) {
        if (ff_runway_read_key(t->key_file, &from_file, &exposed, &err)) {
            complain(&err);
            goto end;
        }
    } else {
        key       = getenv(t->provider->key_variable);
        from_file = strdup(key ? key : "");
    }
    if (!url || !from_file) {
        fprintf(stderr, "runway-tasks: out of memory\n");
        goto end;
    }
    if (ff_runway_key_check(t->provider, from_file, &err)) {
        complain(&err);
        goto end;
    }
    {
        const char *headers = t->provider->headers_variable ?
                              getenv(t->provider->headers_variable) : NULL;
        const RunwayClientConfig config = {
            .provider = t->provider, .base_url = url,
            .api_version = t->api_version, .key = from_file,
            .headers = headers && *headers ? headers : NULL,
            .proxy = t->proxy, .ca_file = t->ca_file,
            .tls_verify = t->tls_verify, .log = &t->log,
        };

        ret = ff_runway_client_create(&config, &t->client, &err) ?
              complain(&err) : 0;
    }
end:
    free(from_file);
    free(url);
    return ret;
}

/*
 * list
 */

static double cost_of(const RunwayRecord *r)
{
    double cost = 0;

    for (int i = 0; i < r->nb_tries; i++)
        cost += ff_runway_try_cost(&r->tries[i]);
    return cost;
}

static cJSON *to_json(const Tool *t, const RunwayRecord *r)
{
    cJSON *json = cJSON_CreateObject(), *outputs, *tries;

    cJSON_AddStringToObject(json, "clip", r->identity);
    cJSON_AddStringToObject(json, "state", ff_runway_clip_state_name(
                                               ff_runway_record_state(r)));
    cJSON_AddStringToObject(json, "label", r->label);
    cJSON_AddStringToObject(json, "provider", r->provider);
    cJSON_AddStringToObject(json, "endpoint", r->endpoint);
    cJSON_AddStringToObject(json, "model", r->model);
    cJSON_AddBoolToObject(json, "result",
                          ff_runway_results_has(t->results, r->identity));
    cJSON_AddNumberToObject(json, "updated", (double)r->updated);
    cJSON_AddNumberToObject(json, "credits", cost_of(r));
    if (r->damage[0])
        cJSON_AddStringToObject(json, "damage", r->damage);
    outputs = cJSON_AddArrayToObject(json, "outputs");
    for (int i = 0; i < r->nb_outputs; i++)
        cJSON_AddItemToArray(outputs, cJSON_CreateString(r->outputs[i]));
    tries = cJSON_AddArrayToObject(json, "tries");
    for (int i = 0; i < r->nb_tries; i++) {
        const RunwayTry *a = &r->tries[i];
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "state",
                                ff_runway_clip_state_name(a->state));
        cJSON_AddNumberToObject(item, "time", (double)a->time);
        cJSON_AddStringToObject(item, "output", a->output);
        cJSON_AddStringToObject(item, "task", a->task_id);
        cJSON_AddNumberToObject(item, "credits", ff_runway_try_cost(a));
        cJSON_AddBoolToObject(item, "adopted", a->adopted);
        if (a->failure[0])
            cJSON_AddStringToObject(item, "failure", a->failure);
        cJSON_AddItemToArray(tries, item);
    }
    return json;
}

static void put_age(const RunwayRecord *r, char *text, size_t size)
{
    int64_t age = (int64_t)time(NULL) - r->updated;

    if (age < 0)
        age = 0;
    if (age < 7200)
        snprintf(text, size, "%d min", (int)(age / 60));
    else if (age < 172800)
        snprintf(text, size, "%d h", (int)(age / 3600));
    else
        snprintf(text, size, "%d d", (int)(age / 86400));
}

static int list_one(void *opaque, const RunwayRecord *r)
{
    const Tool *t = opaque;
    const RunwayTry *a = r->nb_tries ? &r->tries[r->nb_tries - 1] : NULL;
    char age[32];

    if (t->json) {
        cJSON *json = to_json(t, r);
        char *text = json ? cJSON_PrintUnformatted(json) : NULL;

        if (text)
            puts(text);
        cJSON_free(text);
        cJSON_Delete(json);
        return 0;
    }
    put_age(r, age, sizeof(age));
    printf("%.*s  %.*s  %-9s %-14s %7.6g  %7s  %-36s  %s%s\n", SHORT,
           r->identity, SHORT, a && a->output[0] ? a->output : "-           ",
           r->provider[0] ? r->provider : "-",
           ff_runway_clip_state_name(ff_runway_record_state(r)), cost_of(r),
           age, a && a->task_id[0] ? a->task_id : "-",
           r->damage[0] ? r->damage : r->label,
           ff_runway_results_has(t->results, r->identity) ? "" :
           ff_runway_record_state(r) == RUNWAY_CLIP_STORED ?
           " (its result is not here)" : "");
    return 0;
}

static int list(Tool *t)
{
    RunwayError err;

    if (open_journal(t, 1))
        return 1;
    if (!t->json)
        printf("%-12s  %-12s  %-9s %-14s %7s  %7s  %-36s  %s\n", "clip",
               "output", "provider", "state", "credits", "age", "task",
               "what");
    return ff_runway_journal_each(t->journal, list_one, t, &err) ?
           complain(&err) : 0;
}

/*
 * sum
 */

typedef struct Line {
    char key[RUNWAY_IDENTITY_SIZE];
    double credits;
    int tries;
} Line;

typedef struct Lines {
    Line *list;
    int nb;
} Lines;

static void add(Lines *lines, const char *key, double credits)
{
    Line *list;

    for (int i = 0; i < lines->nb; i++) {
        if (!strcmp(lines->list[i].key, key)) {
            lines->list[i].credits += credits;
            lines->list[i].tries++;
            return;
        }
    }
    list = realloc(lines->list, (size_t)(lines->nb + 1) * sizeof(*list));
    if (!list)
        return;
    lines->list = list;
    list += lines->nb++;
    ff_runway_copy_text(list->key, sizeof(list->key), key);
    list->credits = credits;
    list->tries   = 1;
}

static int sum_one(void *opaque, const RunwayRecord *r)
{
    Lines *lines = opaque; /* by output, by day, all */

    for (int i = 0; i < r->nb_tries; i++) {
        double credits = ff_runway_try_cost(&r->tries[i]);
        time_t when = (time_t)r->tries[i].time;
        char day[32] = "?";
        struct tm tm;

        if (gmtime_r(&when, &tm))
            strftime(day, sizeof(day), "%Y-%m-%d", &tm);
        add(&lines[0], r->tries[i].output, credits);
        add(&lines[1], day, credits);
        add(&lines[2], "all", credits);
    }
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const Line *)a)->key, ((const Line *)b)->key);
}

static int sum(Tool *t)
{
    static const char *const names[] = { "output", "day", "" };
    Lines lines[3] = { { NULL, 0 } };
    RunwayError err;
    RunwayOutcome ret;

    if (open_journal(t, 1))
        return 1;
    ret = ff_runway_journal_each(t->journal, sum_one, lines, &err);
    for (int i = 0; i < 3 && !ret; i++) {
        if (lines[i].nb)
            qsort(lines[i].list, (size_t)lines[i].nb, sizeof(Line), by_key);
        for (int k = 0; k < lines[i].nb; k++)
            printf("%-6s %-12.12s  %3d tasks  %9.8g credits\n", names[i],
                   lines[i].list[k].key[0] ? lines[i].list[k].key : "-",
                   lines[i].list[k].tries, lines[i].list[k].credits);
    }
    for (int i = 0; i < 3; i++)
        free(lines[i].list);
    return ret ? complain(&err) : 0;
}

/*
 * fetch
 */

static int wait_for(void *opaque, int64_t microseconds)
{
    ff_runway_disk_pause(microseconds);
    return 0;
}

static int never(void *opaque)
{
    return 0;
}

static int always(void *opaque)
{
    return 1;
}

static void ignore(void *opaque, const RunwayJob *job)
{
}

static int64_t unknown(void *opaque)
{
    return 0;
}

static int read_at(void *opaque, int64_t offset, void *data, size_t size)
{
    int fd = *(int *)opaque;
    char *to = data;

    while (size) {
        ssize_t n = pread(fd, to, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        to     += n;
        offset += n;
        size   -= (size_t)n;
    }
    return 0;
}

/* The boxes only: decoding is for the filter's next run. */
static RunwayOutcome check(void *opaque, int fd, int64_t size, int64_t sent,
                           RunwayError *err)
{
    const RunwayMp4Source source = { size, read_at, NULL, &fd };
    RunwayMp4 *mp4;
    RunwayOutcome ret = ff_runway_mp4_parse(&mp4, &source, (int64_t)1 << 26,
                                            err);

    ff_runway_mp4_free(&mp4);
    return ret;
}

static int is_paid(const RunwayRecord *r)
{
    switch (ff_runway_record_state(r)) {
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
    case RUNWAY_CLIP_STORED:
    case RUNWAY_CLIP_LOST:
        return 1;
    default:
        return 0;
    }
}

static int fetch_one(void *opaque, const RunwayRecord *r)
{
    Tool *t = opaque;
    const RunwayJobHost host = {
        .client = t->client, .journal = t->journal, .results = t->results,
        .provider = t->provider->name, .output = "", .policy = &t->policy,
        .log = &t->log, .opaque = t, .wait = wait_for, .cancelled = never,
        .closed = always, .changed = ignore, .expected = unknown,
        .check = check,
    };
    RunwayJob *job;

    if (!is_paid(r) || ff_runway_results_has(t->results, r->identity))
        return 0;
    if (strcmp(r->endpoint, ff_runway_client_endpoint(t->client))) {
        printf("%.*s  skipped: it is at %s\n", SHORT, r->identity,
               r->endpoint);
        return 0;
    }
    job = ff_runway_job_create();
    if (!job) {
        t->failed++;
        return 0;
    }
    ff_runway_copy_text(job->identity, sizeof(job->identity), r->identity);
    ff_runway_copy_text(job->label, sizeof(job->label), r->label);
    if (ff_runway_job_run(job, &host)) {
        printf("%.*s  not fetched: %s\n", SHORT, r->identity,
               job->error.text);
        t->failed++;
    } else {
        printf("%.*s  fetched: %lld bytes\n", SHORT, r->identity,
               (long long)job->result_size);
    }
    ff_runway_job_free(&job);
    return 0;
}

static int fetch(Tool *t)
{
    RunwayError err;

    if (open_journal(t, 0) || open_client(t))
        return 1;
    t->policy.poll_interval = ff_runway_client_is_loopback(t->client) ?
                              100000 : RUNWAY_POLL_MIN;
    t->policy.task_timeout  = 1800000000;
    if (ff_runway_journal_each(t->journal, fetch_one, t, &err))
        return complain(&err);
    return t->failed > 0;
}

/*
 * adopt, forget
 */

/* The one clip whose identity begins so. */
typedef struct Search {
    const char *clip, *task;
    char identity[RUNWAY_IDENTITY_SIZE], owner[RUNWAY_IDENTITY_SIZE];
    int nb;
} Search;

static int search_one(void *opaque, const RunwayRecord *r)
{
    Search *s = opaque;

    if (!strncmp(r->identity, s->clip, strlen(s->clip))) {
        s->nb++;
        ff_runway_copy_text(s->identity, sizeof(s->identity), r->identity);
    }
    for (int i = 0; s->task && i < r->nb_tries; i++)
        if (!strcmp(r->tries[i].task_id, s->task))
            ff_runway_copy_text(s->owner, sizeof(s->owner), r->identity);
    return 0;
}

/* Find, lock and read it. */
static int take_clip(Tool *t, Search *s, RunwayJournalLock **lock,
                     RunwayRecord *r)
{
    RunwayError err;

    if (ff_runway_journal_each(t->journal, search_one, s, &err))
        return complain(&err);
    if (s->nb != 1) {
        fprintf(stderr, "runway-tasks: %s: %s\n", s->clip, s->nb ?
                "more than one clip begins so" : "there is no such clip");
        return 1;
    }
    *lock = ff_runway_journal_lock_if_free(t->journal, s->identity);
    if (!*lock) {
        fprintf(stderr, "runway-tasks: %.*s: a run is at work on it\n", SHORT,
                s->identity);
        return 1;
    }
    return ff_runway_journal_read(t->journal, s->identity, r, &err) ?
           complain(&err) : 0;
}

static int refuse(const char *clip, const char *why)
{
    fprintf(stderr, "runway-tasks: %.*s: %s\n", SHORT, clip, why);
    return 1;
}

/* Whether the task may be this clip's: it can be read, belongs to no other
 * record, and was made when the create went out. */
static int check_task(Tool *t, const Search *s, const RunwayRecord *r,
                      RunwayTask *task)
{
    const RunwayTry *a = &r->tries[r->nb_tries - 1];
    int64_t retry_after;
    RunwayError err;

    if (s->owner[0])
        return refuse(s->identity, "that task is in the journal already");
    if (strcmp(r->endpoint, ff_runway_client_endpoint(t->client)))
        return refuse(s->identity, "its create went to another origin: set "
                      "--provider and --base-url");
    if (ff_runway_client_read(t->client, s->task, task, &retry_after, &err) &&
        task->state != RUNWAY_TASK_SUCCEEDED)
        return complain(&err);
    if (task->state == RUNWAY_TASK_NOT_EXIST)
        return refuse(s->identity, "the provider knows no such task");
    if (t->force)
        return 0;
    if (task->created < 0)
        return refuse(s->identity, "when the task was created is not reported; "
                      "--force adopts it all the same");
    if (llabs(task->created - a->time) > ADOPT_WITHIN)
        return refuse(s->identity, "the task was not created within 15 minutes "
                      "of the request; --force adopts it all the same");
    return 0;
}

static int adopt(Tool *t, const char *clip, const char *task_id)
{
    Search s = { .clip = clip, .task = task_id };
    RunwayJournalLock *lock = NULL;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayTask *task = calloc(1, sizeof(*task));
    RunwayClipState state;
    RunwayError err;
    int ret = 1;

    if (!r || !task || open_journal(t, 0) || open_client(t) ||
        take_clip(t, &s, &lock, r))
        goto end;
    state = ff_runway_record_state(r);
    if (state != RUNWAY_CLIP_INTENT && state != RUNWAY_CLIP_UNKNOWN &&
        state != RUNWAY_CLIP_LOST) {
        refuse(s.identity, "its fate is known: nothing can be adopted");
        goto end;
    }
    if (!ff_runway_task_id_is_valid(task_id)) {
        refuse(s.identity, "that is no task's id");
        goto end;
    }
    if (check_task(t, &s, r, task))
        goto end;
    ff_runway_copy_text(ff_runway_record_try(r)->task_id, RUNWAY_ID_MAX,
                        task_id);
    ff_runway_record_try(r)->adopted = 1;
    if (ff_runway_record_move(r, RUNWAY_CLIP_SUBMITTED, &err) ||
        ff_runway_journal_write(t->journal, lock, r, &err)) {
        complain(&err);
        goto end;
    }
    printf("%.*s  adopted task %s; the next run takes it up\n", SHORT,
           s.identity, task_id);
    ret = 0;
end:
    ff_runway_journal_unlock(&lock);
    free(task);
    free(r);
    return ret;
}

static int forget(Tool *t, const char *clip)
{
    Search s = { .clip = clip };
    RunwayJournalLock *lock = NULL;
    RunwayRecord *r = calloc(1, sizeof(*r));
    RunwayError err;
    int ret = 1, removed = 0;

    if (!r || open_journal(t, 0) || take_clip(t, &s, &lock, r))
        goto end;
    if (!r->nb_tries) {
        refuse(s.identity, r->damage[0] ? "its record cannot be believed; "
               "on_unknown=resend buys it again" : "nothing was bought for it");
        goto end;
    }
    if (!t->force && (ff_runway_record_is_open(r) ||
                      ff_runway_results_has(t->results, s.identity))) {
        refuse(s.identity, "something may be paid for, or its result is here; "
               "--force forgets it all the same");
        goto end;
    }
    if (ff_runway_record_move(r, RUNWAY_CLIP_FORGOTTEN, &err) ||
        ff_runway_journal_write(t->journal, lock, r, &err) ||
        ff_runway_results_remove(t->results, s.identity, &removed, &err)) {
        complain(&err);
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

static int usage(FILE *to)
{
    fputs("usage: runway-tasks [OPTIONS] COMMAND\n\n"
          "  list [--json]         what the journal knows of each clip\n"
          "  sum                   credits by output and by day\n"
          "  fetch                 bring in every result that is paid for\n"
          "  adopt CLIP TASKID     the clip's task, whose fate was unknown\n"
          "  forget CLIP           the next run buys the clip again\n\n"
          "CLIP is an identity, or an unambiguous beginning of one. Nothing is\n"
          "ever bought here.\n\n"
          "  --state-dir DIR       the journal (as state_dir of the filter)\n"
          "  --results-dir DIR     the results (as results_dir)\n"
          "  --provider NAME       " RUNWAY_PROVIDER_NAMES ", or auto\n"
          "  --base-url URL        of the API\n"
          "  --api-version DATE    value of X-Runway-Version\n"
          "  --key-file FILE       instead of " RUNWAY_PROVIDER_KEYS "\n"
          "  --http-proxy URL, --ca-file FILE, --no-tls-verify\n"
          "  --force               adopt or forget against the rules\n", to);
    return to == stderr ? 2 : 0;
}

static int run(Tool *t, int argc, char **argv)
{
    const char *command = argc ? argv[0] : "";

    if (!strcmp(command, "list") && argc == 1)
        return list(t);
    if (!strcmp(command, "sum") && argc == 1)
        return sum(t);
    if (!strcmp(command, "fetch") && argc == 1)
        return fetch(t);
    if (!strcmp(command, "adopt") && argc == 3)
        return adopt(t, argv[1], argv[2]);
    if (!strcmp(command, "forget") && argc == 2)
        return forget(t, argv[1]);
    return usage(stderr);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "state-dir",     required_argument, NULL, 's' },
        { "results-dir",   required_argument, NULL, 'r' },
        { "provider",      required_argument, NULL, 'p' },
        { "base-url",      required_argument, NULL, 'u' },
        { "api-version",   required_argument, NULL, 'v' },
        { "key-file",      required_argument, NULL, 'k' },
        { "http-proxy",    required_argument, NULL, 'x' },
        { "ca-file",       required_argument, NULL, 'c' },
        { "no-tls-verify", no_argument,       NULL, 't' },
        { "json",          no_argument,       NULL, 'j' },
        { "force",         no_argument,       NULL, 'f' },
        { "help",          no_argument,       NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };
    Tool t = { .provider_name = "auto", .api_version = RUNWAY_API_VERSION,
               .tls_verify = 1, .log = { NULL, say } };
    int option, ret;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's': t.state_dir     = optarg; break;
        case 'r': t.results_dir   = optarg; break;
        case 'p': t.provider_name = optarg; break;
        case 'u': t.base_url      = optarg; break;
        case 'v': t.api_version   = optarg; break;
        case 'k': t.key_file      = optarg; break;
        case 'x': t.proxy         = optarg; break;
        case 'c': t.ca_file       = optarg; break;
        case 't': t.tls_verify    = 0;      break;
        case 'j': t.json          = 1;      break;
        case 'f': t.force         = 1;      break;
        case 'h': return usage(stdout);
        default:  return usage(stderr);
        }
    }
    if (t.key_file && !strcmp(t.provider_name, "auto")) {
        fprintf(stderr, "runway-tasks: --key-file: set --provider to say whose "
                "key it is\n");
        return 2;
    }
    ret = run(&t, argc - optind, argv + optind);
    ff_runway_client_free(&t.client);
    ff_runway_results_free(&t.results);
    ff_runway_journal_free(&t.journal);
    return ret;
}
