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

/*
 * Memory is short, or the disk fails, at each moment in turn: in every module of
 * the core that takes any or writes. It is said so, and nothing is left.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <unistd.h>

#include "http/account.h"
#include "api/body.h"
#include "engine/budget.h"
#include "http/client.h"
#include "core_test.h"
#include "api/data_uri.h"
#include "base/event_log.h"
#include "faults.h"
#include "api/files.h"
#include "store/journal.h"
#include "api/models.h"
#include "http/url.h"
#include "engine/pipeline.h"
#include "api/providers.h"
#include "store/record.h"
#include "store/results.h"
#include "sweep.h"
#include "base/disk.h"
#include "http/upload.h"
#include "api/reply.h"
#include "api/request_json.h"

#define HALF "0123456789abcdef0123456789abcdef"
#define IDENTITY HALF HALF

static char *dir;

static int set_up(void **state)
{
    (void)state;
    faults_own_cjson();
    dir = sweep_make_dir();
    return dir ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sweep_remove_dir(dir);
    return 0;
}

static const char *path_in_dir(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

/*
 * Requests
 */

static RunwayOutcome drain(RunwayBody *body, int add)
{
    char text[8192];
    size_t n, all = 0;

    ff_runway_body_rewind(body);
    do {
        RunwayOutcome ret = ff_runway_body_read(body, text, sizeof(text), &n);

        if (ret)
            return ret;
        all += n;
    } while (n);
    assert_int_equal(all, ff_runway_body_size(body));
    assert_true(all >= (size_t)add);
    return RUNWAY_OK;
}

static RunwayOutcome make_a_body(void *opaque, RunwayError *err)
{
    RunwayBody *body = ff_runway_body_create();
    RunwayOutcome ret = body ? RUNWAY_OK : RUNWAY_NOMEM;

    if (!ret)
        ret = ff_runway_body_add_text(body, "some text", 9);
    if (!ret)
        ret = ff_runway_body_add_base64(body, *(int *)opaque, 3000);
    /* what could not be added is not there, and what is there is whole */
    if (body) {
        RunwayOutcome read = drain(body, 0);

        assert_int_equal(read, RUNWAY_OK);
    }
    ff_runway_body_free(&body);
    return ret ? ff_runway_error(err, ret, "a body") : ret;
}

static RunwayOutcome make_a_data_uri(void *opaque, RunwayError *err)
{
    char *text = ff_runway_base64((const uint8_t *)"abc", 3);

    if (!text)
        return ff_runway_error(err, RUNWAY_NOMEM, "base64");
    assert_string_equal(text, "YWJj");
    faulty_free(text);
    return RUNWAY_OK;
}

static RunwayOutcome make_a_create(void *opaque, RunwayError *err)
{
    const RunwayPicture pictures[] = {
        { "https://a.invalid/1.png", 0, 0, 0, NULL },
        { "runway://2", 1.5, 1, 3, NULL },
    };
    const RunwayRequest request = {
        .model = find_model("aleph2"), .model_name = "aleph2",
        .prompt = "night", .seed = 7, .ratio = "16:9",
        .public_figure_threshold = "low", .references = pictures,
        .nb_references = 2, .keyframes = pictures, .nb_keyframes = 2,
    };
    RunwayRequest merged = request;
    RunwayBody *body;
    RunwayOutcome ret;

    merged.extra = opaque;
    ret = ff_runway_request_json(&merged, -1, 0, "runway://clip", &body,
                                 err);
    assert_int_equal(!body, !!ret);
    if (!ret)
        assert_int_equal(drain(body, 100), RUNWAY_OK);
    ff_runway_body_free(&body);
    return ret;
}

static RunwayOutcome make_a_slot_body(void *opaque, RunwayError *err)
{
    RunwayBody *body;
    RunwayOutcome ret = ff_runway_slot_request_json("clip.mp4", &body, err);

    assert_int_equal(!body, !!ret);
    ff_runway_body_free(&body);
    return ret;
}

static void test_requests(void **state)
{
    uint8_t *bytes = make_bytes(3000);
    int fd = make_file(bytes, 3000);

    (void)state;
    free(bytes);
    sweep_memory("a body", make_a_body, &fd, 0);
    sweep_memory("a data URI", make_a_data_uri, NULL, 0);
    sweep_memory("a slot's request", make_a_slot_body, NULL, 0);
    sweep_memory("a create", make_a_create, NULL, 0);
    /* cJSON does not say why it cannot read a text */
    sweep_memory("a create with a body of the user's", make_a_create,
                 "{\"a\":{\"b\":[1,2,null]},\"seed\":null,\"c\":\"d\"}",
                 SWEEP_MAY(RUNWAY_INVALID));
    close(fd);
}

/*
 * Replies: cJSON does not say why it cannot read one, so that a reply that
 * there is no memory for is one that is not understood. What that means is the
 * careful thing in each case: a create's id is found all the same, all others are
 * asked again.
 */

static RunwayOutcome read_a_create(void *opaque, RunwayError *err)
{
    const char *text = opaque;
    char id[RUNWAY_ID_MAX];
    double credits;
    RunwayOutcome ret = ff_runway_parse_create(text, strlen(text), id,
                                               &credits, err);

    if (!ret) {
        assert_string_equal(id, "t-1");
        /* the id is kept also where there is no memory to read the rest */
        assert_true(credits == 75 || credits == -1);
    }
    return ret;
}

static RunwayOutcome read_a_task(void *opaque, RunwayError *err)
{
    const char *text = opaque;
    RunwayTask task;
    RunwayOutcome ret = ff_runway_parse_task(text, strlen(text), &task,
                                             err);

    if (!ret) {
        assert_int_equal(task.state, RUNWAY_TASK_SUCCEEDED);
        assert_string_equal(task.url, "https://a.invalid/x?y");
    }
    return ret;
}

static RunwayOutcome read_a_slot(void *opaque, RunwayError *err)
{
    const char *text = opaque;
    RunwaySlot *slot;
    RunwayOutcome ret = ff_runway_parse_slot(text, strlen(text), &slot,
                                             err);

    assert_int_equal(!slot, !!ret);
    if (!ret)
        assert_int_equal(slot->nb_fields, 2);
    ff_runway_slot_free(&slot);
    return ret;
}

static RunwayOutcome read_an_account(void *opaque, RunwayError *err)
{
    const char *text = opaque;
    RunwayAccount account;

    return ff_runway_parse_account(text, strlen(text), "aleph2", &account,
                                   err);
}

static RunwayOutcome read_an_error(void *opaque, RunwayError *err)
{
    const char *text = opaque;
    char line[200];

    ff_runway_reply_error_text(text, strlen(text), NULL, NULL, line,
                               sizeof(line));
    assert_true(strlen(line) > 0);
    assert_null(strstr(line, "s3cr3t"));
    ff_runway_reply_is_not_exist(text, strlen(text));
    ff_runway_reply_is_refusal(text, strlen(text));
    return RUNWAY_OK;
}

static RunwayOutcome read_a_field(void *opaque, RunwayError *err)
{
    char text[16];

    if (ff_runway_extra_text(opaque, "outputFormat", text, sizeof(text)))
        assert_string_equal(text, "prores");
    return RUNWAY_OK;
}

static void test_replies(void **state)
{
    const unsigned again = SWEEP_MAY(RUNWAY_UNAVAILABLE);

    (void)state;
    sweep_memory("a create's reply", read_a_create,
                 "{\"id\":\"t-1\",\"estimatedCost\":{\"credits\":75}}",
                 SWEEP_MAY(RUNWAY_OK));
    sweep_memory("a task", read_a_task,
                 "{\"id\":\"t-1\",\"status\":\"SUCCEEDED\","
                 "\"output\":[\"https://a.invalid/x?y\"]}", again);
    sweep_memory("a slot", read_a_slot,
                 "{\"uploadUrl\":\"https://a.invalid/\",\"runwayUri\":"
                 "\"runway://x\",\"fields\":{\"key\":\"a\",\"policy\":\"b\"}}",
                 again);
    sweep_memory("an account", read_an_account,
                 "{\"creditBalance\":5,\"tier\":{\"models\":{\"aleph2\":"
                 "{\"maxDailyGenerations\":3}}}}", again);
    sweep_memory("an error", read_an_error,
                 "{\"error\":\"no https://a.invalid/?s3cr3t\",\"issues\":"
                 "[{\"path\":[\"a\",1],\"message\":\"bad\"}]}",
                 SWEEP_MAY(RUNWAY_OK));
    sweep_memory("a field", read_a_field, "{\"outputFormat\":\"prores\"}",
                 SWEEP_MAY(RUNWAY_OK));
}

/*
 * Files of the user's
 */

static RunwayOutcome read_a_text(void *opaque, RunwayError *err)
{
    char *text = NULL;
    RunwayOutcome ret = ff_runway_read_text("prompt_file", opaque, &text, err);

    if (!ret)
        assert_int_equal(strlen(text), 20000);
    faulty_free(text);
    return ret;
}

static RunwayOutcome read_a_key(void *opaque, RunwayError *err)
{
    char *key = NULL;
    int exposed;
    RunwayOutcome ret = ff_runway_read_key(opaque, &key, &exposed, err);

    faulty_free(key);
    return ret;
}

static RunwayOutcome read_a_picture(void *opaque, RunwayError *err)
{
    char *uri;
    RunwayPictureFile *file;
    RunwayOutcome ret = ff_runway_picture_read("reference", opaque, NULL, &uri,
                                               &file, err);

    assert_int_equal(!uri && !file, !!ret);
    faulty_free(uri);
    faulty_free(file);
    return ret;
}

static void put_file(const char *name, const char *begin, size_t size)
{
    FILE *f = fopen(path_in_dir(name), "wb");

    assert_non_null(f);
    fputs(begin, f);
    for (size_t i = strlen(begin); i < size; i++)
        fputc('x', f);
    assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
    char path[1024];

    (void)state;
    put_file("text", "", 20000);
    strcpy(path, path_in_dir("text"));
    sweep_memory("a prompt's file", read_a_text, path, 0);
    sweep_memory("a key's file", read_a_key, path, 0);
    put_file("small.png", "\x89PNG\r\n\x1a\nxxxxIEND", 20000);
    strcpy(path, path_in_dir("small.png"));
    sweep_memory("a picture", read_a_picture, path, 0);
    put_file("large.png", "\x89PNG\r\n\x1a\nxxxxIEND", 6000000);
    strcpy(path, path_in_dir("large.png"));
    sweep_memory("a picture to be uploaded", read_a_picture, path, 0);
    sweep_memory("a picture by its URL", read_a_picture, "https://a.invalid/",
                 0);
}

/*
 * What is on disk
 */

static void make_record(RunwayRecord *r, RunwayClipState state)
{
    RunwayTry *t = &r->tries[0];

    ff_runway_record_init(r, IDENTITY);
    strcpy(r->label, "clip 1 (0.00-5.00 s)");
    r->nb_tries  = 1;
    t->state     = state;
    t->estimated = 75;
    t->reported  = t->charged = -1;
    if (state != RUNWAY_CLIP_INTENT)
        strcpy(t->task_id, "task-1");
}

static RunwayOutcome make_a_record(void *opaque, RunwayError *err)
{
    RunwayRecord r, back;
    char *text;
    size_t size;
    RunwayOutcome ret;

    make_record(&r, RUNWAY_CLIP_SUBMITTED);
    ret = ff_runway_record_encode(&r, &text, &size, err);
    assert_int_equal(!text, !!ret);
    if (!ret) {
        ret = ff_runway_record_decode(text, size, IDENTITY, &back);
        if (!ret)
            assert_int_equal(ff_runway_record_state(&back),
                             RUNWAY_CLIP_SUBMITTED);
        else
            ff_runway_error(err, ret, "decoding");
    }
    faulty_free(text);
    return ret;
}

static int count_visit(void *opaque, const RunwayRecord *record)
{
    ++*(int *)opaque;
    return 0;
}

/* Open, lock, write intent and task, read back, count, prune. */
static RunwayOutcome keep_a_journal(void *opaque, RunwayError *err)
{
    const RunwayPolicy policy = { .state_dir = opaque };
    RunwayJournalLock *lock = NULL;
    RunwayJournal *j = NULL;
    int visits = 0;
    RunwayRecord r, back;
    RunwayOutcome ret = ff_runway_journal_open(&policy, NULL, &j, err);

    if (!ret)
        ret = ff_runway_journal_lock(j, IDENTITY, "clip 1", NULL, NULL, &lock,
                                     err);
    make_record(&r, RUNWAY_CLIP_INTENT);
    if (!ret)
        ret = ff_runway_journal_write(j, lock, &r, err);
    make_record(&r, RUNWAY_CLIP_SUBMITTED);
    if (!ret)
        ret = ff_runway_journal_write(j, lock, &r, err);
    if (!ret)
        ret = ff_runway_journal_read(j, IDENTITY, &back, err);
    if (!ret)
        assert_int_equal(ff_runway_record_state(&back),
                             RUNWAY_CLIP_SUBMITTED);
    if (!ret)
        ret = ff_runway_journal_each(j, count_visit, &visits, err);
    if (!ret) /* what cannot be read at the moment is damaged, and is there */
        assert_int_equal(visits, 1);
    if (!ret)
        ret = ff_runway_journal_prune(j, (int64_t)1 << 40, NULL, NULL, err);
    ff_runway_journal_unlock(&lock);
    ff_runway_journal_free(&j);
    return ret;
}

/* What is there cannot be believed: it is kept when another try begins. */
static RunwayOutcome keep_a_damaged_record(void *opaque, RunwayError *err)
{
    const RunwayPolicy policy = { .state_dir = opaque };
    RunwayJournalLock *lock = NULL;
    RunwayJournal *j = NULL;
    RunwayRecord r;
    char path[1200];
    FILE *f;
    RunwayOutcome ret = ff_runway_journal_open(&policy, NULL, &j, err);

    if (!ret)
        ret = ff_runway_journal_lock(j, IDENTITY, "clip 1", NULL, NULL, &lock,
                                     err);
    snprintf(path, sizeof(path), "%s/clips/" IDENTITY ".record", (char *)opaque);
    if (!ret) {
        f = fopen(path, "wb");
        assert_non_null(f);
        fputs("nonsense", f);
        fclose(f);
        ret = ff_runway_journal_read(j, IDENTITY, &r, err);
        if (!ret) {
            assert_int_equal(ff_runway_record_state(&r), RUNWAY_CLIP_DAMAGED);
            ret = ff_runway_record_begin(&r, "", 1, 5, 75, err);
        }
        if (!ret)
            ret = ff_runway_journal_write(j, lock, &r, err);
        if (!ret)
            ret = ff_runway_journal_prune(j, (int64_t)1 << 40, NULL, NULL, err);
    }
    ff_runway_journal_unlock(&lock);
    ff_runway_journal_free(&j);
    return ret;
}

/* The default directories, which are put together from the environment. */
static RunwayOutcome open_default_stores(void *opaque, RunwayError *err)
{
    const RunwayPolicy policy = { .results_size = 1000 };
    RunwayJournal *j = NULL;
    RunwayResults *r = NULL;
    RunwayOutcome ret = ff_runway_journal_open(&policy, NULL, &j, err);

    if (!ret)
        ret = ff_runway_results_open(&policy, j, NULL, &r, err);
    ff_runway_results_free(&r);
    ff_runway_journal_free(&j);
    return ret;
}

/* Bring a result in, find it again, find it damaged, prune, refuse another and
 * accept it. */
/* What could not be removed while the disk failed: each next run would have one
 * more to look at, and so one more call that can fail, without an end. */
static void remove_leftovers(const char *dir)
{
    char pattern[1200];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/results/incoming/*", dir);
    if (glob(pattern, 0, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

static RunwayOutcome keep_results(void *opaque, RunwayError *err)
{
    const RunwayPolicy policy = { .state_dir = opaque, .results_size = 10 };
    char path[1200];
    RunwayJournal *j = NULL;
    RunwayResults *r = NULL;
    RunwayIncoming *in = NULL;
    RunwayResult result = { .fd = -1 }, found = { .fd = -1 };
    int removed;
    RunwayOutcome ret;

    remove_leftovers(opaque);
    ret = ff_runway_journal_open(&policy, NULL, &j, err);
    if (!ret)
        ret = ff_runway_results_open(&policy, j, NULL, &r, err);
    for (int refused = 0; refused < 2 && !ret; refused++) {
        ret = ff_runway_results_begin(r, IDENTITY, &in, err);
        if (ret)
            break;
        assert_int_equal(pwrite(ff_runway_incoming_fd(in), "result", 6, 0), 6);
        ret = ff_runway_results_keep(r, &in, refused, &result, err);
        assert_null(in);
        assert_int_equal(result.fd < 0, !!ret);
        if (result.fd >= 0)
            close(result.fd);
        if (!ret)
            ret = ff_runway_results_find(r, IDENTITY, &found, err);
        if (found.fd >= 0)
            close(found.fd);
        if (ret)
            break;
        assert_true(found.fd >= 0 && found.refused == refused);
        if (refused) {
            ret = ff_runway_results_accept(r, &found, err);
        } else {
            snprintf(path, sizeof(path), "%s/results/%s", (char *)opaque,
                     result.name);
            assert_int_equal(truncate(path, 3), 0);
            ret = ff_runway_results_find(r, IDENTITY, &found, err);
            /* a round before may have left one that was refused */
            assert_true(found.fd < 0 || found.refused);
            if (found.fd >= 0)
                close(found.fd);
            /* it could not be moved aside at the moment */
            unlink(path);
        }
    }
    if (!ret)
        ret = ff_runway_results_prune(r, (int64_t)1 << 40, err);
    if (!ret)
        ret = ff_runway_results_remove(r, IDENTITY, &removed, err);
    ff_runway_results_free(&r);
    ff_runway_journal_free(&j);
    return ret;
}

static RunwayOutcome open_a_temp(void *opaque, RunwayError *err)
{
    int fd;
    RunwayOutcome ret = ff_runway_disk_temporary(&fd, err);

    assert_int_equal(fd < 0, !!ret);
    if (!ret)
        close(fd);
    return ret;
}

static RunwayOutcome write_an_event(void *opaque, RunwayError *err)
{
    const RunwayEventField fields[] = { RUNWAY_INT("clip", 1),
                                        RUNWAY_EVENT_LAST };
    RunwayEventLog *events;
    RunwayOutcome ret = ff_runway_event_log_open(opaque, NULL, &events, err);

    if (ret)
        return ret;
    /* without memory a line is lost, which is reported in the log */
    ff_runway_event(events, "state", fields);
    ff_runway_event_log_free(&events);
    return RUNWAY_OK;
}

static void test_stores(void **state)
{
    char path[1024];

    (void)state;
    sweep_memory("a record", make_a_record, NULL, 0);
    strcpy(path, path_in_dir("state"));
    /* a listing that lacks something, a lock that is not got: no harm */
    sweep_memory("a journal", keep_a_journal, path, SWEEP_MAY(RUNWAY_OK));
    sweep_memory("a damaged record", keep_a_damaged_record, path,
                 SWEEP_MAY(RUNWAY_OK));
    strcpy(path, path_in_dir("results"));
    sweep_memory("results", keep_results, path, SWEEP_MAY(RUNWAY_OK));
    setenv("XDG_STATE_HOME", dir, 1);
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", dir, 1);
    sweep_memory("the default directories", open_default_stores, NULL,
                 SWEEP_MAY(RUNWAY_OK));
    sweep_memory("a temporary file", open_a_temp, NULL, 0);
    strcpy(path, path_in_dir("events"));
    sweep_memory("an event", write_an_event, path, SWEEP_MAY(RUNWAY_OK));
}

/* What is written to disk, while the disk fails: a text that names the option. */
static void test_disk(void **state)
{
    static const FaultKind kinds[] = { FAULT_SPACE, FAULT_DISK, FAULT_OPEN };
    static const char *const names[] = { "full", "failing", "no descriptors" };
    const unsigned may = SWEEP_MAY(RUNWAY_OK) | SWEEP_MAY(RUNWAY_IO);
    char path[1024], name[100];

    (void)state;
    for (int i = 0; i < 3; i++) {
        strcpy(path, path_in_dir("state"));
        snprintf(name, sizeof(name), "a journal, %s", names[i]);
        sweep(name, kinds[i], keep_a_journal, path, may);
        snprintf(name, sizeof(name), "a damaged record, %s", names[i]);
        sweep(name, kinds[i], keep_a_damaged_record, path, may);
        strcpy(path, path_in_dir("results"));
        snprintf(name, sizeof(name), "results, %s", names[i]);
        sweep(name, kinds[i], keep_results, path, may);
        snprintf(name, sizeof(name), "a temporary file, %s", names[i]);
        sweep(name, kinds[i], open_a_temp, NULL, may);
        strcpy(path, path_in_dir("events"));
        snprintf(name, sizeof(name), "an event, %s", names[i]);
        sweep(name, kinds[i], write_an_event, path,
              SWEEP_MAY(RUNWAY_OK) | SWEEP_MAY(RUNWAY_INVALID));
    }
}

/*
 * Clients and pipelines that are made and never asked; what becomes of what
 * they do is in test_faults_memory.c.
 */

static RunwayOutcome parse_a_url(void *opaque, RunwayError *err)
{
    RunwayUrl url;
    RunwayOutcome ret = ff_runway_url_parse(opaque, &url);

    if (!ret)
        assert_string_equal(url.text, "https://a.invalid:81/b");
    ff_runway_url_reset(&url);
    return ret ? ff_runway_error(err, ret, "parsing") : ret;
}

static RunwayClientConfig client_config(void)
{
    static char ca_file[1024];

    snprintf(ca_file, sizeof(ca_file), "%s", path_in_dir("ca.pem"));
    return (RunwayClientConfig){
        .provider = ff_runway_provider_find("runway"),
        .base_url = "https://a.invalid/b", .api_version = RUNWAY_API_VERSION,
        .key = "a-key", .ca_file = ca_file, .tls_verify = 1,
    };
}

static RunwayOutcome make_a_client(void *opaque, RunwayError *err)
{
    RunwayClientConfig config = client_config();
    RunwayClient *client;
    RunwayOutcome ret;

    config.proxy = opaque;
    ret = ff_runway_client_create(&config, &client, err);
    assert_int_equal(!client, !!ret);
    ff_runway_client_free(&client);
    return ret;
}

static RunwayOutcome make_a_pipeline(void *opaque, RunwayError *err)
{
    const RunwayPolicy policy = {
        .concurrency = 2, .state_dir = dir, .results_size = 1000,
        .max_credits = 100, .dry_run = 1,
    };
    const RunwayPipelineConfig config = {
        .client = client_config(), .policy = &policy,
    };
    RunwayPipeline *p;
    RunwayJob *job = NULL;
    RunwayOutcome ret = ff_runway_pipeline_create(&config, &p, err);

    assert_int_equal(!p, !!ret);
    if (ret)
        return ret;
    job = ff_runway_job_create();
    if (!job)
        ret = ff_runway_error(err, RUNWAY_NOMEM, "a job");
    if (!ret) {
        strcpy(job->identity, IDENTITY);
        ret = ff_runway_plan_add(ff_runway_pipeline_plan(p), job, 0, err);
    }
    ff_runway_job_free(&job);
    ff_runway_pipeline_free(&p);
    return ret;
}

static void test_makers(void **state)
{
    (void)state;
    sweep_memory("a URL", parse_a_url, "https://A.invalid:81/b/?c", 0);
    setenv("RUNWAYML_CUSTOM_HEADERS", "X-Team: a\nX-Other:\n", 1);
    fclose(fopen(path_in_dir("ca.pem"), "wb"));
    sweep_memory("a client", make_a_client, "http://a.invalid:3128", 0);
    setenv("https_proxy", "http://a.invalid:3128", 1);
    sweep_memory("a client with a proxy from the environment", make_a_client,
                 NULL, 0);
    unsetenv("https_proxy");
    sweep_memory("a pipeline", make_a_pipeline, NULL, SWEEP_MAY(RUNWAY_OK));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_requests),
        TEST(test_replies),
        TEST(test_files),
        TEST(test_stores),
        TEST(test_disk),
        TEST(test_makers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
