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

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "options.h"
#include "process.h"
#include "sites.h"

/* The program of that name beside another one, if it is there. */
static char *beside(const char *program, const char *name)
{
    const char *slash = program ? strrchr(program, '/') : NULL;
    char *path;

    if (!slash)
        return NULL;
    path = sim_asprintf("%.*s/%s", (int)(slash - program), program, name);
    if (!access(path, X_OK))
        return path;
    free(path);
    return NULL;
}

/* Where this program is, or NULL where the system does not say. */
static char *own_path(const char *argv0)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (n > 0) {
        path[n] = '\0';
        return sim_strdup(path);
    }
    return strchr(argv0, '/') ? sim_strdup(argv0) : NULL;
}

static int runs(const char *program)
{
    SimArgs args = { 0 };
    int ret;

    sim_args_add(&args, program, "-version", NULL);
    ret = sim_process_run(&args, NULL, NULL, 30);
    sim_args_free(&args);
    if (ret)
        fprintf(stderr, "runway-simulator: %s does not run; install ffmpeg or "
                "say where it is with --ffmpeg and --ffprobe\n", program);
    return !ret;
}

/* Whoever waits for the file finds all of it or none. */
static int write_ready_file(const char *path, const char *text)
{
    char *temp = sim_asprintf("%s.new", path);
    int ret = sim_write_file(temp, text, strlen(text));

    if (!ret && rename(temp, path) < 0)
        ret = -errno;
    if (ret) {
        fprintf(stderr, "runway-simulator: %s: %s\n", path, strerror(-ret));
        unlink(temp);
    }
    free(temp);
    return ret;
}

static int announce(const SimServer *server)
{
    cJSON *json = cJSON_CreateObject();
    char *text, *url, *line;
    int ret = 0;

    url = sim_asprintf("%s/runwayml", server->api_base);
    cJSON_AddStringToObject(json, "api", url);
    cJSON_AddStringToObject(json, "runway", server->api_base);
    cJSON_AddStringToObject(json, "cdn", server->cdn_base);
    cJSON_AddNumberToObject(json, "pid", (double)getpid());
    text = cJSON_PrintUnformatted(json);
    line = sim_asprintf("%s\n", text);
    if (server->options->ready_file)
        ret = write_ready_file(server->options->ready_file, line);
    fputs(line, stdout);
    fflush(stdout);
    free(line);
    free(text);
    free(url);
    cJSON_Delete(json);
    return ret;
}

/* The limit comes as SIGALRM: waiting for signals with a time-out is not to
 * be had everywhere. */
static void wait_for_end(const SimOptions *options, const sigset_t *signals)
{
    double left = options->max_seconds - sim_now();
    struct itimerval timer = { .it_value = { .tv_usec = 1 } };
    int signal_number;

    if (options->max_seconds > 0 && left > 0.000001) {
        timer.it_value.tv_sec  = (time_t)left;
        timer.it_value.tv_usec = (int)((left - floor(left)) * 1e6) + 1;
        if (timer.it_value.tv_usec > 999999)
            timer.it_value.tv_usec = 999999;
    }
    if (options->max_seconds > 0)
        setitimer(ITIMER_REAL, &timer, NULL);
    sigwait(signals, &signal_number);
}

static char *base_url(const SimOptions *options, const SimHttp *http)
{
    int v6 = !!strchr(options->bind, ':');

    return sim_asprintf("http%s://%s%s%s:%d", options->tls_cert ? "s" : "",
                        v6 ? "[" : "", options->bind, v6 ? "]" : "",
                        sim_http_port(http));
}

static char *make_work_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    char *path = sim_asprintf("%s/runway-simulator-XXXXXX",
                              tmp && *tmp ? tmp : "/tmp");

    if (!mkdtemp(path)) {
        fprintf(stderr, "runway-simulator: %s: %s\n", path, strerror(errno));
        free(path);
        return NULL;
    }
    return path;
}

static int serve(const SimOptions *options, const sigset_t *signals)
{
    SimServer server = { .options = options };
    SimHttp *api = NULL, *cdn = NULL;
    char *work_dir = NULL;
    cJSON *line;
    int ret = 1;

    server.log = sim_log_open(options->log);
    if (!server.log) {
        fprintf(stderr, "runway-simulator: %s: %s\n", options->log,
                strerror(errno));
        goto fail;
    }
    work_dir = make_work_dir();
    if (!work_dir)
        goto fail;
    server.work_dir = work_dir;
    server.uploads  = sim_uploads_alloc(work_dir);
    server.render   = sim_render_alloc(options);
    if (!server.render)
        goto fail;
    server.tasks = sim_tasks_alloc(options, server.log, server.render);
    if (!server.tasks)
        goto fail;
    /* The CDN first: replies of the API name its port. */
    cdn = sim_http_start(&sim_cdn_site, &server, options->cdn_port);
    if (!cdn)
        goto fail;
    server.cdn_base = base_url(options, cdn);
    api = sim_http_start(&sim_api_site, &server, options->port);
    if (!api)
        goto fail;
    server.api_base = base_url(options, api);
    if (announce(&server) < 0)
        goto fail;

    wait_for_end(options, signals);
    ret = 0;

fail:
    sim_http_wake_all();
    sim_process_stop_all();
    sim_http_stop(api);
    sim_http_stop(cdn);
    sim_render_free(server.render);
    if (server.tasks && !ret) {
        line = sim_log_event("exit");
        cJSON_AddItemToObject(line, "stats", sim_tasks_stats(server.tasks));
        sim_log_write(server.log, line);
    }
    sim_tasks_free(server.tasks);
    sim_uploads_free(server.uploads);
    if (work_dir)
        sim_remove_dir(work_dir);
    free(work_dir);
    sim_log_close(server.log);
    free(server.api_base);
    free(server.cdn_base);
    return ret;
}

int main(int argc, char **argv)
{
    char *own, *ffmpeg = NULL, *ffprobe = NULL;
    SimOptions options;
    sigset_t signals;
    int ret;

    sim_now();
    ret = sim_options_parse(&options, argc, argv);
    if (ret) {
        sim_options_free(&options);
        return ret > 0 ? 0 : 2;
    }

    /* Blocked here, the threads to come inherit it: one place waits. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    own = own_path(argv[0]);
    if (!options.ffmpeg)
        options.ffmpeg = ffmpeg = beside(own, "ffmpeg");
    if (!options.ffprobe)
        options.ffprobe = ffprobe = beside(options.ffmpeg ? options.ffmpeg
                                                          : own, "ffprobe");
    if (!options.ffmpeg)
        options.ffmpeg = "ffmpeg";
    if (!options.ffprobe)
        options.ffprobe = "ffprobe";

    ret = runs(options.ffmpeg) && runs(options.ffprobe)
          ? serve(&options, &signals) : 1;

    free(ffmpeg);
    free(ffprobe);
    free(own);
    sim_options_free(&options);
    return ret;
}
