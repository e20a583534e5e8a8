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


#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>
#include <cmocka.h>

#include "disk_faults.h"
#include "store/results.h"

#define HALF "0123456789abcdef0123456789abcdef"
#define IDENTITY HALF HALF
#define DAY 86400

static char seen[16384];
static int warnings;

static void keep_line(void *opaque, RunwayLogLevel level, const char *line)
{
    (void)opaque;
    warnings += level == RUNWAY_LOG_WARNING;
    if (strlen(seen) + strlen(line) + 2 < sizeof(seen)) {
        strcat(seen, line);
        strcat(seen, "\n");
    }
}

static const RunwayLog seen_log = { NULL, keep_line };
static char dir[512], results_dir[600];
static RunwayJournal *journal;

static int set_up(void **state)
{
    static const RunwayPolicy policy = { .state_dir = dir };

    (void)state;
    seen[0] = 0;
    warnings = 0;
    faults_reset();
    strcpy(dir, make_test_dir());
    snprintf(results_dir, sizeof(results_dir), "%s/results_dir", dir);
    return ff_runway_journal_open(&policy, &seen_log, &journal, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    faults_reset();
    ff_runway_journal_free(&journal);
    remove_test_dir(dir);
    return 0;
}

static RunwayResults *open_results(const char *path, int64_t size)
{
    static RunwayPolicy policy; /* one is open at a time */
    RunwayResults *r;
    RunwayError err;

    policy = (RunwayPolicy){ .results_dir = path, .results_size = size };
    if (ff_runway_results_open(&policy, journal, &seen_log, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

static const char *identity_of(int n)
{
    static char text[RUNWAY_IDENTITY_SIZE];

    snprintf(text, sizeof(text), "%08x%s0123456789abcdef01234567", (unsigned)n,
             HALF);
    return text;
}

static void bring_in(RunwayResults *r, const char *identity, const char *text,
                     int refused, RunwayResult *result)
{
    RunwayIncoming *in;
    RunwayError err;

    if (ff_runway_results_begin(r, identity, &in, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pwrite(ff_runway_incoming_fd(in), text, strlen(text), 0),
                     strlen(text));
    if (ff_runway_results_keep(r, &in, refused, result, &err))
        fail_msg("%s", err.text);
    assert_null(in);
    assert_true(result->fd >= 0);
    close(result->fd);
}

/* a record that says when the result was last output */
static void note_emitted(const char *identity, int64_t emitted)
{
    RunwayJournalLock *lock;
    RunwayRecord *r = calloc(1, sizeof(*r));

    ff_runway_record_init(r, identity);
    assert_int_equal(ff_runway_record_begin(r, "", 1, 5, 75, NULL), RUNWAY_OK);
    strcpy(ff_runway_record_try(r)->task_id, "t");
    ff_runway_record_try(r)->state = RUNWAY_CLIP_STORED;
    r->emitted = emitted;
    assert_int_equal(ff_runway_journal_lock(journal, identity, NULL, NULL,
                                            NULL, &lock, NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_journal_write(journal, lock, r, NULL),
                     RUNWAY_OK);
    ff_runway_journal_unlock(&lock);
    free(r);
}

static char *path_of(const char *name)
{
    static char path[1200];

    snprintf(path, sizeof(path), "%s/%s", results_dir, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "wb");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int exists(const char *name)
{
    return !access(path_of(name), F_OK);
}

static int find(RunwayResults *r, const char *identity, RunwayResult *result)
{
    RunwayError err;

    if (ff_runway_results_find(r, identity, result, &err))
        fail_msg("%s", err.text);
    if (result->fd >= 0)
        close(result->fd);
    return result->fd >= 0;
}

/* a name that proves itself, without any record */
static void test_round_trip(void **state)
{
    RunwayResults *r = open_results(results_dir, 1000);
    RunwayResult in, out;
    RunwayRecord *record = calloc(1, sizeof(*record));
    struct stat st;

    (void)state;
    assert_false(find(r, IDENTITY, &out));
    assert_false(ff_runway_results_has(r, IDENTITY, 0));
    bring_in(r, IDENTITY, "abc", 0, &in);
    assert_string_equal(in.name, IDENTITY "-ba7816bf8f01cfea414140de5dae2223b0"
                        "0361a396177a9cb410ff61f20015ad.mp4");
    assert_int_equal(stat(path_of(in.name), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(find(r, IDENTITY, &out));
    assert_string_equal(in.name, out.name);
    assert_int_equal(out.size, 3);
    assert_false(out.refused);
    assert_true(ff_runway_results_has(r, IDENTITY, 0));
    assert_false(find(r, identity_of(1), &out));
    assert_int_equal(ff_runway_journal_read(journal, IDENTITY, record, NULL),
                     RUNWAY_OK);
    assert_int_equal(record->nb_tries, 0);
    free(record);
    ff_runway_results_free(&r);
}

static void test_damaged(void **state)
{
    RunwayResults *r = open_results(results_dir, 1000);
    RunwayResult in, out;

    (void)state;
    bring_in(r, IDENTITY, "abc", 0, &in);
    put(in.name, "abd");
    assert_false(find(r, IDENTITY, &out));
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(seen, in.name));
    assert_false(exists(in.name));
    memcpy(strstr(in.name, ".mp4"), ".damaged", 9);
    assert_true(exists(in.name));
    assert_false(find(r, IDENTITY, &out));
    assert_int_equal(warnings, 1);
    ff_runway_results_free(&r);
}

static void test_refused(void **state)
{
    RunwayResults *r = open_results(results_dir, 1000);
    RunwayResult in, out;
    int removed;

    (void)state;
    bring_in(r, IDENTITY, "abc", 1, &in);
    assert_non_null(strstr(in.name, ".refused.mp4"));
    assert_false(ff_runway_results_has(r, IDENTITY, 0));
    assert_true(ff_runway_results_has(r, IDENTITY, 1));
    assert_false(ff_runway_results_has(r, identity_of(1), 1));
    assert_true(find(r, IDENTITY, &out));
    assert_true(out.refused);
    /* one in which nothing has arrived stands for none */
    bring_in(r, identity_of(1), "", 1, &in);
    assert_false(find(r, identity_of(1), &out));
    /* a good one goes before it */
    bring_in(r, IDENTITY, "abcd", 0, &in);
    assert_true(find(r, IDENTITY, &out));
    assert_false(out.refused);
    assert_int_equal(unlink(path_of(in.name)), 0);
    assert_true(find(r, IDENTITY, &out));
    assert_int_equal(ff_runway_results_accept(r, &out, NULL), RUNWAY_OK);
    assert_true(find(r, IDENTITY, &out));
    assert_false(out.refused);
    put("other-thing.mp4", "x");
    assert_int_equal(ff_runway_results_remove(r, IDENTITY, &removed, NULL),
                     RUNWAY_OK);
    assert_int_equal(removed, 1);
    assert_false(find(r, IDENTITY, &out));
    assert_true(exists("other-thing.mp4"));
    ff_runway_results_free(&r);
}

static void prune(RunwayResults *r, int64_t now)
{
    assert_int_equal(ff_runway_results_prune(r, now, NULL), RUNWAY_OK);
}

/* the oldest that were output more than a week ago, each with a line */
static void test_prune(void **state)
{
    int64_t now = (int64_t)time(NULL);
    RunwayResults *r = open_results(results_dir, 1000);
    RunwayResult result[6];

    (void)state;
    for (int i = 0; i < 6; i++)
        bring_in(r, identity_of(i), "0123456789", 0, &result[i]);
    note_emitted(identity_of(0), now - 8 * DAY);
    note_emitted(identity_of(1), now - 10 * DAY);
    note_emitted(identity_of(2), now - 9 * DAY);
    note_emitted(identity_of(3), now - 6 * DAY);
    note_emitted(identity_of(4), 0); /* never output; of 5 nobody knows */
    prune(r, now);
    for (int i = 0; i < 6; i++)
        assert_true(exists(result[i].name));
    ff_runway_results_free(&r);

    seen[0] = 0;
    r = open_results(results_dir, 45);
    assert_true(exists(result[0].name));
    assert_false(exists(result[1].name));
    assert_false(exists(result[2].name));
    assert_non_null(strstr(seen, result[1].name));
    assert_non_null(strstr(seen, result[2].name));
    assert_int_equal(warnings, 0);
    ff_runway_results_free(&r);

    /* where nothing may be dropped it goes over, and says so once */
    r = open_results(results_dir, 5);
    assert_false(exists(result[0].name));
    for (int i = 3; i < 6; i++)
        assert_true(exists(result[i].name));
    assert_int_equal(warnings, 1);
    bring_in(r, identity_of(7), "a download that was paid for", 0, &result[0]);
    assert_true(exists(result[0].name));
    assert_int_equal(warnings, 1);
    ff_runway_results_free(&r);
}

/* a clip that somebody works on keeps its result */
static void test_in_use(void **state)
{
    int64_t now = (int64_t)time(NULL);
    RunwayResults *r = open_results(results_dir, 1000);
    RunwayJournalLock *lock;
    RunwayResult result;

    (void)state;
    bring_in(r, IDENTITY, "0123456789", 0, &result);
    note_emitted(IDENTITY, now - 30 * DAY);
    ff_runway_results_free(&r);
    assert_int_equal(ff_runway_journal_lock(journal, IDENTITY, NULL, NULL,
                                            NULL, &lock, NULL), RUNWAY_OK);
    r = open_results(results_dir, 5);
    assert_true(exists(result.name));
    ff_runway_journal_unlock(&lock);
    prune(r, now);
    assert_false(exists(result.name));
    ff_runway_results_free(&r);
}

/* a directory of the user's own: nothing in it goes, nothing is changed */
static void test_not_ours(void **state)
{
    int64_t now = (int64_t)time(NULL);
    RunwayResult result;
    RunwayResults *r;
    struct stat st;

    (void)state;
    assert_int_equal(mkdir(results_dir, 0755), 0);
    put("thesis.pdf", "years of work");
    assert_int_equal(mkdir(path_of("incoming"), 0755), 0);
    put("incoming/letter.txt", "unread");
    put("incoming/" IDENTITY ".1.2", "somebody's");
    utime(path_of("incoming/" IDENTITY ".1.2"), &(struct utimbuf){ 1, 1 });
    r = open_results(results_dir, 5);
    bring_in(r, IDENTITY, "0123456789", 0, &result);
    note_emitted(IDENTITY, now - 30 * DAY);
    prune(r, now);
    assert_true(exists(result.name));
    assert_true(exists("thesis.pdf"));
    assert_true(exists("incoming/letter.txt"));
    assert_true(exists("incoming/" IDENTITY ".1.2"));
    assert_false(exists(".runway_v2v"));
    assert_int_equal(warnings, 1);
    assert_int_equal(stat(results_dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    ff_runway_results_free(&r);
}

/* of what is left behind only what has our names, and is old, goes */
static void test_incoming(void **state)
{
    RunwayResults *r = open_results(results_dir, 1000);

    (void)state;
    put("incoming/" IDENTITY ".77.0", "half");
    put("incoming/" IDENTITY ".78.0", "half");
    put("incoming/" IDENTITY ".mp4", "half");
    put("incoming/letter.txt", "unread");
    for (int i = 0; i < 2; i++)
        utime(path_of(i ? "incoming/" IDENTITY ".77.0"
                        : "incoming/letter.txt"), &(struct utimbuf){ 1, 1 });
    utime(path_of("incoming/" IDENTITY ".mp4"), &(struct utimbuf){ 1, 1 });
    prune(r, (int64_t)time(NULL));
    assert_false(exists("incoming/" IDENTITY ".77.0"));
    assert_true(exists("incoming/" IDENTITY ".78.0"));
    assert_true(exists("incoming/" IDENTITY ".mp4"));
    assert_true(exists("incoming/letter.txt"));
    ff_runway_results_free(&r);
}

/* nothing is made where it is only read, and the default is beside clips/ */
static void test_places(void **state)
{
    const RunwayPolicy policy = { .results_dir = results_dir, .dry_run = 1 };
    char want[600];
    RunwayResult result;
    RunwayResults *r;

    (void)state;
    assert_int_equal(ff_runway_results_open(&policy, journal, NULL, &r, NULL),
                     RUNWAY_OK);
    assert_false(find(r, IDENTITY, &result));
    assert_true(access(results_dir, F_OK));
    ff_runway_results_free(&r);

    r = open_results(NULL, 1000);
    snprintf(want, sizeof(want), "%s/results", dir);
    assert_string_equal(ff_runway_results_path(r), want);
    assert_false(access(want, F_OK));
    ff_runway_results_free(&r);
}

/* it cannot be written: an error that names the option */
static void test_full(void **state)
{
    RunwayResults *r = open_results(results_dir, 1000);
    RunwayIncoming *in;
    RunwayResult result;
    RunwayError err;

    (void)state;
    assert_int_equal(ff_runway_results_begin(r, IDENTITY, &in, &err),
                     RUNWAY_OK);
    faults.on        = 1;
    faults.fail_sync = EIO;
    assert_int_equal(ff_runway_results_keep(r, &in, 0, &result, &err),
                     RUNWAY_IO);
    faults_reset();
    assert_null(in);
    assert_true(result.fd < 0);
    assert_non_null(strstr(err.text, "results_dir"));
    ff_runway_results_free(&r);
}

static int is_interrupted(void *opaque)
{
    return *(int *)opaque;
}

/* Who waits for an end waits for no result that takes seconds to be read. */
static void test_interrupted(void **state)
{
    RunwayResults *r = open_results(results_dir, 1 << 30);
    int interrupted = 0;
    RunwayIncoming *in;
    RunwayResult result;
    RunwayError err;

    (void)state;
    ff_runway_results_heed(r, is_interrupted, &interrupted);
    for (int i = 0; i < 3; i++) {
        /* the second one is kept, the third is too large */
        interrupted = i > 0;
        assert_int_equal(ff_runway_results_begin(r, identity_of(i), &in, &err),
                         RUNWAY_OK);
        assert_int_equal(ftruncate(ff_runway_incoming_fd(in),
                                   i == 1 ? 1000 : 65 << 20), 0);
        assert_int_equal(ff_runway_results_keep(r, &in, 0, &result, &err),
                         i == 2 ? RUNWAY_CANCELLED : RUNWAY_OK);
        assert_null(in);
        assert_int_equal(result.fd < 0, i == 2);
        if (i < 2)
            close(result.fd);
    }
    assert_int_equal(ff_runway_results_find(r, identity_of(0), &result, &err),
                     RUNWAY_CANCELLED);
    assert_true(result.fd < 0);
    assert_true(find(r, identity_of(1), &result));
    assert_false(ff_runway_results_has(r, identity_of(2), 1));
    interrupted = 0;
    assert_true(find(r, identity_of(0), &result));
    ff_runway_results_free(&r);
}

/* A directory that cannot be read to its end may have the result: it is not
 * bought again. */
static void test_not_listed(void **state)
{
    RunwayResults *r = open_results(results_dir, 1000);
    RunwayRecord *record = calloc(1, sizeof(*record));
    RunwayResult result;
    RunwayError err;
    int removed;

    (void)state;
    bring_in(r, IDENTITY, "film", 0, &result);
    ff_runway_record_init(record, IDENTITY);
    for (int first = 0; first < 2; first++) {
        const Faults failing = { .on = 1, .space = -1, .fail_list = EIO,
                                 .list_first = first };

        faults = failing;
        assert_int_equal(ff_runway_results_find(r, identity_of(1), &result,
                                                &err), RUNWAY_IO);
        assert_true(result.fd < 0);
        assert_non_null(strstr(err.text, "results_dir: "));
        assert_non_null(strstr(err.text, strerror(EIO)));
        faults = failing;
        assert_int_equal(ff_runway_results_has(r, identity_of(1), 1), -1);
        faults = failing;
        assert_int_equal(ff_runway_results_remove(r, identity_of(1), &removed,
                                                  &err), RUNWAY_IO);
        faults = failing;
        assert_int_equal(ff_runway_results_prune(r, time(NULL), &err),
                         RUNWAY_IO);
        faults = failing;
        ff_runway_results_doubt(r, record);
        assert_int_equal(ff_runway_record_state(record), RUNWAY_CLIP_DAMAGED);
        ff_runway_record_init(record, IDENTITY);
    }
    faults_reset();
    free(record);
    ff_runway_results_free(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_damaged),
        TEST(test_refused),
        TEST(test_prune),
        TEST(test_in_use),
        TEST(test_not_ours),
        TEST(test_incoming),
        TEST(test_places),
        TEST(test_full),
        TEST(test_interrupted),
        TEST(test_not_listed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
