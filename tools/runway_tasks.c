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

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/files.h"
#include "runway_tasks.h"

static void say(void *opaque, RunwayLogLevel level, const char *line)
{
    if (level <= RUNWAY_LOG_INFO)
        fprintf(stderr, "runway-tasks: %s\n", line);
}

int tasks_complain(const RunwayError *err)
{
    fprintf(stderr, "runway-tasks: %s\n", err->text);
    return 1;
}

static const char *get_environment(const char *name)
{
    return getenv(name);
}

static int note_one(void *opaque, const RunwayRecord *r)
{
    return *(int *)opaque = 1;
}

/* A journal is made by who buys: one that is not there was mistyped. */
static int find_journal(Tool *t)
{
    int found = 0, ret;
    RunwayError err;

    t->policy.dry_run = 1;
    ret = ff_runway_journal_open(&t->policy, &t->log, &t->journal, &err) ||
          ff_runway_journal_each(t->journal, note_one, &found, &err);
    if (ret)
        tasks_complain(&err);
    else if (!found)
        fprintf(stderr, "runway-tasks: state_dir: %s has no journal\n",
                ff_runway_journal_path(t->journal));
    ff_runway_journal_free(&t->journal);
    return ret || !found;
}

int tasks_open_journal(Tool *t, int read_only)
{
    RunwayError err;

    if (!read_only && find_journal(t))
        return 1;
    t->policy.dry_run      = read_only;
    t->policy.results_size = INT64_MAX;
    return ff_runway_journal_open(&t->policy, &t->log, &t->journal, &err) ||
           ff_runway_results_open(&t->policy, t->journal, &t->log, &t->results,
                                  &err) ? tasks_complain(&err) : 0;
}

int tasks_open_client(Tool *t)
{
    RunwayError err;
    const char *key = NULL;
    char *from_file = NULL, *url = NULL;
    int exposed, ret = 1;

    if (ff_runway_provider_choose(t->provider_name, RUNWAY_VIDEO_TO_VIDEO,
                                  get_environment, &t->config.provider, &err))
        return tasks_complain(&err);
    url = ff_runway_provider_base_url(t->config.provider, t->base_url,
                                      get_environment);
    if (t->key_file) {
        if (ff_runway_read_key(t->key_file, &from_file, &exposed, &err)) {
            tasks_complain(&err);
            goto end;
        }
        if (exposed)
            fprintf(stderr, "runway-tasks: --key-file: others can read %s; run "
                    "chmod 600 on it\n", t->key_file);
    } else {
        key       = getenv(t->config.provider->key_variable);
        from_file = strdup(key ? key : "");
    }
    if (!url || !from_file) {
        fprintf(stderr, "runway-tasks: out of memory\n");
        goto end;
    }
    if (ff_runway_key_check(t->config.provider, from_file, &err)) {
        tasks_complain(&err);
        goto end;
    }
    if (!t->config.tls_verify)
        fprintf(stderr, "runway-tasks: --no-tls-verify: anybody on the way to "
                "the service can read the key\n");
    t->config.base_url = url;
    t->config.key      = from_file;
    t->config.log      = &t->log;
    ret = ff_runway_client_create(&t->config, &t->client, &err) ?
          tasks_complain(&err) : 0;
end:
    free(from_file);
    free(url);
    return ret;
}

static int usage(FILE *to)
{
    fputs("usage: runway-tasks [OPTIONS] COMMAND\n\n"
          "  list [--json]         what the journal knows of each clip\n"
          "  sum                   credits by output and by day\n"
          "  fetch                 download every result that was paid for\n"
          "  adopt CLIP TASKID     use that task for a clip of unknown fate\n"
          "  forget CLIP           the next run buys the clip again\n\n"
          "CLIP is an identity, or an unambiguous prefix of one. Nothing is\n"
          "ever bought.\n\n"
          "  --state-dir DIR       the journal (as state_dir of the filter)\n"
          "  --results-dir DIR     the results (as results_dir)\n"
          "  --provider NAME       " RUNWAY_PROVIDER_NAMES ", or auto\n"
          "  --base-url URL        of the API\n"
          "  --api-version DATE    value of X-Runway-Version\n"
          "  --key-file FILE       instead of " RUNWAY_PROVIDER_KEYS "\n"
          "  --http-proxy URL, --ca-file FILE, --no-tls-verify\n"
          "  --force               adopt or forget where that is refused\n", to);
    return to == stderr ? 2 : 0;
}

static int run(Tool *t, int argc, char **argv)
{
    const char *command = argc ? argv[0] : "";

    if (!strcmp(command, "list") && argc == 1)
        return tasks_list(t);
    if (t->json)
        return usage(stderr);
    if (!strcmp(command, "sum") && argc == 1)
        return tasks_sum(t);
    if (!strcmp(command, "fetch") && argc == 1)
        return tasks_fetch(t);
    if (!strcmp(command, "adopt") && argc == 3)
        return tasks_adopt(t, argv[1], argv[2]);
    if (!strcmp(command, "forget") && argc == 2)
        return tasks_forget(t, argv[1]);
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
    Tool t = { .provider_name = "auto", .log = { NULL, say },
               .config = { .api_version = RUNWAY_API_VERSION,
                           .tls_verify = 1 } };
    int option, ret;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's': t.policy.state_dir   = optarg; break;
        case 'r': t.policy.results_dir = optarg; break;
        case 'p': t.provider_name      = optarg; break;
        case 'u': t.base_url           = optarg; break;
        case 'v': t.config.api_version = optarg; break;
        case 'k': t.key_file           = optarg; break;
        case 'x': t.config.proxy       = optarg; break;
        case 'c': t.config.ca_file     = optarg; break;
        case 't': t.config.tls_verify  = 0;      break;
        case 'j': t.json               = 1;      break;
        case 'f': t.force              = 1;      break;
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
    /* a list that is cut off must not look whole */
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "runway-tasks: the output cannot be written\n");
        ret = ret ? ret : 1;
    }
    return ret;
}
