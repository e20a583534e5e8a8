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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_test.h"
#include "engine/job.h"
#include "job_world.h"
#include "api/models.h"
#include "engine/pipeline.h"
#include "sweep.h"
#include "tiny_server.h"

#define HALF "0123456789abcdef0123456789abcdef"

#define CLIP_SIZE   3000
#define RESULT_SIZE 20000

#define CLIPS 2

static const char *const identities[CLIPS] = {
    HALF HALF, "fedcba9876543210fedcba9876543210" HALF,
};

static const char *const prompts[CLIPS] = { "night", "snow" };

/*
 * The service, as little of it as is needed
 */

typedef struct Service {
    Server *server;
    ServerHandler special;  ///< NULL: none
    uint8_t *result;
    _Atomic int accepted[CLIPS]; ///< creates that were answered with a task
} Service;

static void answer(Server *server, int fd, const char *format)
{
    char text[512];

    snprintf(text, sizeof(text), format, server->port);
    server_reply(fd, "200 OK", "Content-Type: application/json\r\n", text);
}

static int serve(Server *server, int fd, const Request *request)
{
    Service *s = server->opaque;
    const char *head = request->head;
    char text[256];
    int clip, ret = s->special ? s->special(server, fd, request) : -1;

    if (ret >= 0)
        return ret;

    /* nobody has accepted what did not come in whole */
    if (request->body_size < strtoul(request_header(request, "Content-Length"),
                                     NULL, 10))
        return 0;
    if (!strncmp(head, "POST /v1/video_to_video ", 24)) {
        clip = !!strstr(request->body, prompts[1]);
        s->accepted[clip]++;
        snprintf(text, sizeof(text), "{\"id\":\"task-%s\","
                 "\"estimatedCost\":{\"credits\":60}}", prompts[clip]);
        answer(server, fd, text);
    } else if (!strncmp(head, "GET /v1/tasks/task-", 19)) {
        answer(server, fd, "{\"status\":\"SUCCEEDED\",\"cost\":{\"credits\":"
               "60},\"output\":[\"http://127.0.0.1:%d/result?_jwt=x\"]}");
    } else if (!strncmp(head, "GET /v1/organization ", 21)) {
        answer(server, fd, "{\"creditBalance\":100000}");
    } else if (!strncmp(head, "POST /v1/uploads ", 17)) {
        answer(server, fd, "{\"uploadUrl\":\"http://127.0.0.1:%d/store\","
               "\"runwayUri\":\"runway://up\",\"fields\":{\"key\":\"k\"}}");
    } else if (!strncmp(head, "POST /store ", 12)) {
        server_reply(fd, "204 No Content", "", "");
    } else if (!strncmp(head, "GET /result?_jwt=x ", 19)) {
        long long start = 0;

        sscanf(request_header(request, "Range"), "bytes=%lld-", &start);
        snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: %lld\r\n"
                 "Content-Range: bytes %lld-%d/%d\r\n\r\n",
                 start ? "206 Partial Content" : "200 OK",
                 RESULT_SIZE - start, start, RESULT_SIZE - 1, RESULT_SIZE);
        if (server_send(fd, text))
            server_send_bytes(fd, s->result + start,
                              (size_t)(RESULT_SIZE - start));
    } else {
        server_reply(fd, "404 Not Found", "", "");
    }
    return 1;
}

/*
 * A run
 */

struct World {
    Service service;
    char *dir;
    int clip;
    WorldKind world;
    int64_t download_timeout;
    int waits;              ///< of this run, so far
    int closed_at;          ///< which time closed() is asked it says so; 0: none
    int asked;              ///< times so far
    _Atomic int reported;       ///< errors and warnings of this run
    _Atomic int wrong;      ///< results that were not what was sent
};

static void count_line(void *opaque, RunwayLogLevel level, const char *line)
{
    World *w = opaque;

    w->reported += level <= RUNWAY_LOG_WARNING;
}

static int wait_a_little(void *opaque, int64_t microseconds)
{
    World *w = opaque;

    if (w->service.special) {
        usleep(20000);
        return 0;
    }
    /* a disk that stays full, or no memory at all, would go on for minutes */
    return ++w->waits > 12;
}

static int never(void *opaque)
{
    return 0;
}

static int is_closed(void *opaque)
{
    World *w = opaque;

    return ++w->asked >= w->closed_at && w->closed_at;
}

static int enter(void *opaque, RunwayJob *job, RunwayJobState state)
{
    job->now.state = state;
    return 0;
}

static void ignore_change(void *opaque, const RunwayJob *job)
{
}

static int64_t not_known(void *opaque)
{
    return 0;
}

static RunwayOutcome check_result(void *opaque, int fd, int64_t size,
                                  int64_t sent, int whole, RunwayError *err)
{
    World *w = opaque;

    w->wrong += size != RESULT_SIZE;
    return RUNWAY_OK;
}

static RunwayClientConfig client_config(World *w, char *base, size_t size)
{
    snprintf(base, size, "http://127.0.0.1:%d", w->service.server->port);
    return (RunwayClientConfig){
        .provider = ff_runway_provider_find("runway"), .base_url = base,
        .api_version = RUNWAY_API_VERSION, .key = "a-key", .proxy = "",
        .tls_verify = 1,
    };
}

/* A job for a clip, NULL when memory is short. */
static RunwayJob *make_job(World *w, int clip)
{
    RunwayJob *job = ff_runway_job_create();

    if (!job)
        return NULL;
    job->index = clip + 1;
    snprintf(job->label, sizeof(job->label), "clip %d", clip + 1);
    strcpy(job->identity, identities[clip]);
    job->fd     = dup(w->clip);
    job->size   = CLIP_SIZE;
    job->upload = w->world == WORLD_UPLOAD;
    job->sent   = 5000000;
    job->credits = 140;
    job->request = (RunwayRequest){
        .model = find_model("aleph2"), .model_name = "aleph2",
        .prompt = prompts[clip], .seed = 1,
    };
    return job;
}

/* All that one clip needs, from nothing to a result, and its end. */
static RunwayOutcome run_job(World *w, RunwayError *err)
{
    const RunwayLog log = { w, count_line };
    const RunwayPolicy policy = {
        .poll_interval = 1000, .task_timeout = 60000000,
        .state_dir = w->dir, .results_size = 1 << 20,
    };
    RunwayJobHost host = {
        .output = "",
        .policy = &policy, .log = &log, .opaque = w, .wait = wait_a_little,
        .wait_open = wait_a_little, .cancelled = never,
        .closed = is_closed, .enter = enter, .provider = "runway",
        .changed = ignore_change, .expected = not_known,
        .check = check_result, .download_timeout = w->download_timeout,
    };
    char base[64], events[600];
    RunwayClientConfig client = client_config(w, base, sizeof(base));
    RunwayJob *job = NULL;
    RunwayOutcome ret;

    snprintf(events, sizeof(events), "%s/events", w->dir);
    ret = ff_runway_client_create(&client, &host.client, err);
    if (!ret)
        ret = ff_runway_uploader_create(&host.uploader, err);
    if (!ret)
        ret = ff_runway_account_gate_create(host.client, &log, &host.account,
                                            err);
    if (!ret)
        ret = ff_runway_journal_open(&policy, &log, &host.journal, err);
    if (!ret)
        ret = ff_runway_results_open(&policy, host.journal, &log,
                                     &host.results, err);
    if (!ret)
        ret = ff_runway_event_log_open(events, &log, &host.events, err);
    if (!ret && !(job = make_job(w, 0)))
        ret = ff_runway_error(err, RUNWAY_NOMEM, "no job");
    if (!ret) {
        ret  = ff_runway_job_run(job, &host);
        *err = job->error;
        if (!w->service.special && !w->service.accepted[0] &&
            ret != RUNWAY_UNKNOWN)
            assert_true(job->now.spent.cost == 0);
        assert_int_equal(job->result_fd < 0, !!ret);
    }
    if (job)
        ff_runway_job_free(&job);
    ff_runway_event_log_free(&host.events);
    ff_runway_results_free(&host.results);
    ff_runway_journal_free(&host.journal);
    if (host.account)
        ff_runway_account_gate_free(&host.account);
    if (host.uploader)
        ff_runway_uploader_free(&host.uploader);
    ff_runway_client_free(&host.client);
    return ret;
}

static RunwayOutcome admit_all(World *w, RunwayPipeline *p, RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_OK;

    for (int i = 0; i < CLIPS && !ret; i++) {
        RunwayJob *job = make_job(w, i);

        ret = job ? ff_runway_pipeline_admit(p, &job, err)
                  : ff_runway_error(err, RUNWAY_NOMEM, "no job");
        if (job)
            ff_runway_job_free(&job);
    }
    return ret;
}

static RunwayOutcome check_in_pipeline(void *opaque,
                                       int (*cancelled)(void *opaque),
                                       void *cancel_opaque, int fd,
                                       int64_t size, int64_t sent, int whole,
                                       RunwayError *err)
{
    return check_result(opaque, fd, size, sent, whole, err);
}

/* Several clips on threads. */
static RunwayOutcome run_pipeline(World *w, RunwayError *err)
{
    const RunwayLog log = { w, count_line };
    char base[64];
    const RunwayPolicy policy = {
        .concurrency = CLIPS, .poll_interval = 1000, .task_timeout = 60000000,
        .state_dir = w->dir, .results_size = 1 << 20,
        .max_credits = 1000,
    };
    RunwayPipelineConfig config = {
        .client = client_config(w, base, sizeof(base)), .policy = &policy,
        .check = check_in_pipeline, .check_opaque = w,
    };
    RunwayPipeline *p;
    RunwayOutcome ret;

    config.client.log = &log;
    ret = ff_runway_pipeline_create(&config, &p, err);

    if (!ret)
        ret = admit_all(w, p, err);
    for (int i = 0; i < CLIPS && !ret; i++) {
        RunwayJob *job;

        ret = ff_runway_pipeline_take(p, 120000000, &job, err);
        if (ret)
            break;
        assert_non_null(job);
        assert_int_equal(job->index, i + 1);
        ff_runway_job_free(&job);
    }
    ff_runway_pipeline_free(&p);
    return ret;
}

static RunwayOutcome run(World *w, RunwayError *err)
{
    w->waits = w->reported = w->wrong = 0;
    return w->world == WORLD_PIPELINE ? run_pipeline(w, err) : run_job(w, err);
}

/*
 * What must be true whatever has failed
 */

static void start_world(World *w)
{
    for (int i = 0; i < CLIPS; i++)
        w->service.accepted[i] = 0;
    w->dir            = sweep_make_dir();
    w->service.server = server_start(serve, &w->service);
    assert_non_null(w->dir);
}

static void end_world(World *w)
{
    server_stop(&w->service.server);
    sweep_remove_dir(w->dir);
}

static void read_record(World *w, int clip, RunwayRecord *r)
{
    const RunwayPolicy policy = { .state_dir = w->dir, .dry_run = 1 };
    RunwayJournal *j;
    RunwayError err;

    assert_int_equal(ff_runway_journal_open(&policy, NULL, &j, &err),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_read(j, identities[clip], r, &err),
                     RUNWAY_OK);
    ff_runway_journal_free(&j);
}

static void check_stored(World *w, const RunwayRecord *r)
{
    const RunwayPolicy policy = { .state_dir = w->dir, .dry_run = 1 };
    RunwayJournal *journal;
    RunwayResults *results;
    RunwayResult result;

    assert_int_equal(ff_runway_journal_open(&policy, NULL, &journal, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_results_open(&policy, journal, NULL, &results,
                                            NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_results_find(results, r->identity, &result,
                                            NULL), RUNWAY_OK);
    assert_true(result.fd >= 0 && !result.refused);
    close(result.fd);
    ff_runway_results_free(&results);
    ff_runway_journal_free(&journal);
}

/* What the record says of a clip, against what the service knows, ret being
 * what the run said. */
static void check_record(World *w, int clip, RunwayOutcome ret)
{
    int accepted = w->service.accepted[clip];
    RunwayRecord r;

    assert_true(accepted <= 1);
    read_record(w, clip, &r);
    switch (ff_runway_record_state(&r)) {
    case RUNWAY_CLIP_NONE:
        assert_false(accepted);
        break;
    case RUNWAY_CLIP_INTENT:
    case RUNWAY_CLIP_UNKNOWN:
        break; /* says that nobody knows */
    case RUNWAY_CLIP_STORED:
        check_stored(w, &r);
        /* fall through */
    case RUNWAY_CLIP_SUBMITTED:
    case RUNWAY_CLIP_GENERATED:
        assert_true(accepted);
        assert_memory_equal(ff_runway_record_try(&r)->task_id, "task-", 5);
        break;
    default:
        fail_msg("the journal says: %s (%s)",
                 ff_runway_clip_state_name(ff_runway_record_state(&r)), r.damage);
    }
    /* the journal could not note what is paid for: somebody was */
    if (accepted && ff_runway_record_state(&r) != RUNWAY_CLIP_STORED)
        assert_true(ret || w->reported);
}

static int is_intent(World *w, int clip)
{
    RunwayRecord r;

    read_record(w, clip, &r);
    return ff_runway_record_state(&r) == RUNWAY_CLIP_INTENT;
}

/* The same again, on a machine that is well: it gets through, and pays nothing
 * that is paid already. */
static void check_next_run(World *w)
{
    RunwayError err = { RUNWAY_OK, "" };
    int clips = w->world == WORLD_PIPELINE ? CLIPS : 1, unknown = 0;
    RunwayOutcome ret;

    for (int i = 0; i < clips; i++) {
        RunwayRecord r;

        read_record(w, i, &r);
        unknown |= ff_runway_record_state(&r) == RUNWAY_CLIP_INTENT ||
                   ff_runway_record_state(&r) == RUNWAY_CLIP_UNKNOWN;
    }
    ret = run(w, &err);
    if (ret != (unknown ? RUNWAY_UNKNOWN : RUNWAY_OK))
        fail_msg("the next run: %s: %s", ff_runway_outcome_name(ret), err.text);
    assert_int_equal(w->wrong, 0);
    for (int i = 0; i < clips; i++)
        assert_true(w->service.accepted[i] <= 1 &&
                    (unknown || w->service.accepted[i]));
}

/* One run with a fault. @return whether anything failed */
static int run_with_fault(World *w, const char *name, FaultKind kind,
                          int first, int nb)
{
    RunwayError err = { RUNWAY_OK, "" };
    long live = faults_live();
    int open, failed;
    RunwayOutcome ret;

    start_world(w);
    open = sweep_descriptors();
    faults_arm(kind, first, nb);
    ret = run(w, &err);
    failed = faults_disarm();
    if (!failed && ret)
        fail_msg("%s: without a fault: %s", name, err.text);
    if (ret && (err.outcome != ret || !err.text[0]))
        fail_msg("%s, fault %d: no error text", name, first);
    if (faults_live() != live)
        fail_msg("%s, fault %d: %ld blocks are left", name, first,
                 faults_live() - live);
    /* the server's own come and go */
    server_stop(&w->service.server);
    if (sweep_descriptors() > open - 1)
        fail_msg("%s, fault %d: a descriptor is left", name, first);
    w->service.server = server_start(serve, &w->service);
    assert_int_equal(w->wrong, 0);
    for (int i = 0; i < CLIPS; i++) {
        check_record(w, i, ret);
        /* what was left by a disk that is well again is taken back */
        if (nb == 1 && is_intent(w, i))
            assert_true(w->service.accepted[i]);
    }
    switch (ret) {
    case RUNWAY_OK:
    case RUNWAY_NOMEM:
    case RUNWAY_IO:
    case RUNWAY_UNKNOWN:
    case RUNWAY_CANCELLED:   /* see wait_a_little() */
        break;
    case RUNWAY_INVALID:     /* log_path: a file of the user's */
        assert_false(w->service.accepted[0]);
        break;
    default:
        fail_msg("%s, fault %d: %s: %s", name, first,
                 ff_runway_outcome_name(ret), err.text);
    }
    check_next_run(w);
    end_world(w);
    return failed;
}

static void sweep_job(World *w, const char *name, FaultKind kind)
{
    /* threads wait by the clock when they have to */
    int step = w->world == WORLD_PIPELINE ? 7 : 1, first;

    for (first = 1; run_with_fault(w, name, kind, first, 1); first += step)
        assert_true(first < 3000);
    print_message("%s: %d calls that can fail\n", name, first - 1);
    assert_true(first > 10);
    if (w->world == WORLD_PIPELINE)
        return;
    /* and from some moments on nothing is left: fewer, because it takes time */
    for (int i = 1; i < first; i += 5)
        run_with_fault(w, name, kind, i, 100000);
}

static World *new_world(WorldKind world)
{
    World *w = calloc(1, sizeof(*w));
    uint8_t *clip = make_bytes(CLIP_SIZE);

    w->service.result = make_bytes(RESULT_SIZE);
    w->clip   = make_file(clip, CLIP_SIZE);
    w->world  = world;
    free(clip);
    return w;
}

static void free_world(World *w)
{
    close(w->clip);
    free(w->service.result);
    free(w);
}

void world_sweep(const char *name, FaultKind kind, WorldKind world)
{
    World *w = new_world(world);

    sweep_job(w, name, kind);
    free_world(w);
}

RunwayOutcome world_run_hostile(ServerHandler special,
                                int64_t download_timeout, RunwayError *err)
{
    World *w = new_world(WORLD_INLINE);
    RunwayOutcome ret;

    w->service.special  = special;
    w->download_timeout = download_timeout;
    start_world(w);
    ret = run(w, err);
    for (int i = 0; i < CLIPS; i++)
        check_record(w, i, ret);
    end_world(w);
    free_world(w);
    return ret;
}

void world_close(void)
{
    World *w = new_world(WORLD_INLINE);
    RunwayOutcome ret = RUNWAY_CANCELLED;
    RunwayError err;

    while (ret) {
        RunwayRecord r;

        w->asked = 0;
        w->closed_at++;
        start_world(w);
        ret = run(w, &err);
        read_record(w, 0, &r);
        assert_int_equal(w->service.accepted[0], !ret);
        assert_int_equal(ret, r.nb_tries ? RUNWAY_OK : RUNWAY_CANCELLED);
        end_world(w);
    }
    /* at the beginning, before the intent, for the money, before the create */
    assert_int_equal(w->asked, 4);
    free_world(w);
}
