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
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>
#include <cmocka.h>

#include "base/checksum.h"
#include "base/clock.h"
#include "disk_faults.h"
#include "core_test.h"
#include "store/journal.h"

#define HALF "0123456789abcdef0123456789abcdef"
#define IDENTITY HALF HALF

#define NOBODY 65534

/* --- what most tests need ----------------------------------------------- */

typedef struct Seen {
    int lines;
    int warnings;
    char text[16384];
} Seen;

static void keep_line(void *opaque, RunwayLogLevel level, const char *line)
{
    Seen *seen = opaque;

    seen->lines++;
    seen->warnings += level == RUNWAY_LOG_WARNING;
    if (strlen(seen->text) + strlen(line) + 2 < sizeof(seen->text)) {
        strcat(seen->text, line);
        strcat(seen->text, "\n");
    }
}

static Seen seen;
static const RunwayLog seen_log = { &seen, keep_line };
static char dir[512];

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    faults_reset();
    strcpy(dir, make_test_dir());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    faults_reset();
    remove_test_dir(dir);
    return 0;
}

static RunwayOutcome try_open(const char *path, RunwayJournal **j,
                              RunwayError *err)
{
    static RunwayPolicy policy;

    policy = (RunwayPolicy){ .state_dir = path };
    return ff_runway_journal_open(&policy, &seen_log, j, err);
}

static RunwayJournal *open_at(const char *path)
{
    RunwayJournal *j;
    RunwayError err;

    if (try_open(path, &j, &err))
        fail_msg("%s", err.text);
    return j;
}

static RunwayJournalLock *lock_clip(RunwayJournal *j, const char *identity)
{
    RunwayJournalLock *lock;
    RunwayError err;

    if (ff_runway_journal_lock(j, identity, "clip 1", NULL, NULL, &lock, &err))
        fail_msg("%s", err.text);
    return lock;
}

static void read_clip(RunwayJournal *j, const char *identity, RunwayRecord *r)
{
    RunwayError err;

    if (ff_runway_journal_read(j, identity, r, &err))
        fail_msg("%s", err.text);
}

static const char *path_of(const char *identity, const char *suffix)
{
    static char path[1024];

    snprintf(path, sizeof(path), "%s/clips/%s%s", dir, identity, suffix);
    return path;
}

/* the identity number n */
static const char *identity_of(int n)
{
    static char text[RUNWAY_IDENTITY_SIZE];

    snprintf(text, sizeof(text), "%08x%s0123456789abcdef01234567", (unsigned)n,
             HALF);
    return text;
}

/* a record with all that its state needs */
static void make_record(RunwayRecord *r, const char *identity,
                        RunwayClipState state)
{
    RunwayTry *t = &r->tries[0];

    ff_runway_record_init(r, identity);
    strcpy(r->label, "clip 1 (0.00-5.00 s)");
    r->nb_tries  = state != RUNWAY_CLIP_NONE;
    t->state     = state;
    t->estimated = 75;
    t->reported  = t->charged = -1;
    if (state != RUNWAY_CLIP_INTENT && state != RUNWAY_CLIP_UNKNOWN)
        snprintf(t->task_id, sizeof(t->task_id), "task-%.8s", identity);
}

static RunwayClipState state_of(const RunwayRecord *r)
{
    return ff_runway_record_state(r);
}

static void write_clip(RunwayJournal *j, RunwayRecord *r)
{
    RunwayJournalLock *lock = lock_clip(j, r->identity);
    RunwayError err;

    if (ff_runway_journal_write(j, lock, r, &err))
        fail_msg("%s", err.text);
    ff_runway_journal_unlock(&lock);
}

static char *slurp(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *data = calloc(1, 65536);

    assert_non_null(f);
    *size = fread(data, 1, 65535, f);
    fclose(f);
    return data;
}

static void put(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* a record as if it had been written at another time */
static void put_old(RunwayRecord *r, int64_t updated)
{
    char *text;
    size_t size;
    struct utimbuf times = { (time_t)updated, (time_t)updated };

    r->created = r->updated = updated;
    assert_int_equal(ff_runway_record_encode(r, &text, &size, NULL),
                     RUNWAY_OK);
    put(path_of(r->identity, ".record"), text, size);
    assert_int_equal(utime(path_of(r->identity, ".record"), &times), 0);
    free(text);
}

static int exists(const char *path)
{
    return !access(path, F_OK);
}

static int count_files(const char *sub)
{
    char path[600];
    struct dirent *entry;
    int n = 0;
    DIR *d;

    snprintf(path, sizeof(path), "%s/%s", dir, sub);
    d = opendir(path);
    assert_non_null(d);
    while ((entry = readdir(d)))
        n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(d);
    return n;
}

static int mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return (int)(st.st_mode & 07777);
}

static int wait_for(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- opening ------------------------------------------------------------ */

static void test_open(void **state)
{
    char deep[600], path[700];
    RunwayJournal *j;
    mode_t before = umask(0);

    (void)state;
    snprintf(deep, sizeof(deep), "%s/a//b/c/", dir);
    j = open_at(deep);
    assert_string_equal(ff_runway_journal_path(j), deep);
    for (const char *sub = "a\0a/b\0a/b/c\0a/b/c/clips\0a/b/c/locks\0";
         *sub; sub += strlen(sub) + 1) {
        snprintf(path, sizeof(path), "%s/%s", dir, sub);
        assert_int_equal(mode_of(path), 0700);
    }
    /* it is marked as made for us, and the file that was tried is gone */
    snprintf(path, sizeof(path), "%s/a/b/c/.runway_v2v", dir);
    assert_true(exists(path));
    assert_int_equal(count_files("a/b/c/clips"), 0);
    ff_runway_journal_free(&j);
    assert_null(j);
    ff_runway_journal_free(&j);
    

    /* nothing is changed about a directory that is there */
    snprintf(deep, sizeof(deep), "%s/a/b/c", dir);
    chmod(deep, 0755);
    j = open_at(deep);
    assert_int_equal(mode_of(deep), 0755);
    ff_runway_journal_free(&j);
    umask(before);
}

static void expect_no_open(const char *path, RunwayOutcome outcome,
                           const char *why)
{
    RunwayJournal *j;
    RunwayError err;

    assert_int_equal(try_open(path, &j, &err), outcome);
    assert_null(j);
    if (!strstr(err.text, "state_dir") || !strstr(err.text, why))
        fail_msg("'%s' does not name state_dir and '%s'", err.text, why);
}

static void test_not_opened(void **state)
{
    char path[1024];
    pid_t pid;

    (void)state;
    /* a file is in the way */
    snprintf(path, sizeof(path), "%s/file", dir);
    put(path, "x", 1);
    expect_no_open(path, RUNWAY_IO, strerror(ENOTDIR));
    strcat(path, "/below");
    expect_no_open(path, RUNWAY_IO, strerror(ENOTDIR));
    snprintf(path, sizeof(path), "%s/clips", dir);
    put(path, "x", 1);
    expect_no_open(dir, RUNWAY_IO, strerror(ENOTDIR));
    unlink(path);
    /* clips/ is a link to where somebody else may read */
    assert_int_equal(symlink("/tmp", path), 0);
    expect_no_open(dir, RUNWAY_INVALID, "symbolic link");
    unlink(path);
    /* where others can write */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0777), 0);
    expect_no_open(dir, RUNWAY_INVALID, "others can write");
    rmdir(path);
    snprintf(path, sizeof(path), "%s/%0300d", dir, 7);
    expect_no_open(path, RUNWAY_IO, strerror(ENAMETOOLONG));
    /* on a file system that lets everybody have the lock */
    faults.on = faults.lock_lies = 1;
    expect_no_open(dir, RUNWAY_IO, "locks do not work");
    faults_reset();

    /* a directory that is only read; root may write everywhere */
    pid = fork_child();
    if (!pid) {
        char tmp[] = "/tmp/runway_v2v_ro_XXXXXX";

        if (!mkdtemp(tmp))
            _exit(1);
        if (!getuid() && (chown(tmp, NOBODY, NOBODY) || setgid(NOBODY) ||
                          setuid(NOBODY)))
            _exit(2);
        for (int i = 0; i < 2; i++) {
            RunwayJournal *j = NULL;
            RunwayError err = { RUNWAY_OK, "" };
            RunwayOutcome ret;

            if (i) { /* and one whose clips/ is there already */
                char clips[64], locks[64];

                chmod(tmp, 0700);
                snprintf(clips, sizeof(clips), "%s/clips", tmp);
                snprintf(locks, sizeof(locks), "%s/locks", tmp);
                mkdir(clips, 0700);
                mkdir(locks, 0700);
                chmod(clips, 0500);
            }
            chmod(tmp, 0500);
            ret = try_open(tmp, &j, &err);
            if (ret != RUNWAY_IO || !strstr(err.text, "state_dir") ||
                !strstr(err.text, tmp) || !strstr(err.text, strerror(EACCES)))
                _exit(3 + i);
        }
        chmod(tmp, 0700);
        remove_test_dir(tmp);
        _exit(0);
    }
    assert_int_equal(wait_for(pid), 0);
}

static void test_full_disk(void **state)
{
    static const struct { int error, sync; } cases[] = {
        { ENOSPC, 0 }, { EIO, 1 },
    };

    (void)state;
    for (int i = 0; i < 2; i++) {
        faults_reset();
        faults.on = 1;
        if (cases[i].sync)
            faults.fail_sync = cases[i].error;
        else
            faults.space = 100;
        expect_no_open(dir, RUNWAY_IO, strerror(cases[i].error));
        faults_reset();
        assert_int_equal(count_files("clips"), 0);
    }
}

static void test_default(void **state)
{
    char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char want[600];
    RunwayJournal *j;

    (void)state;
    xdg  = xdg ? strdup(xdg) : NULL;
    home = home ? strdup(home) : NULL;

    setenv("XDG_STATE_HOME", dir, 1);
    setenv("HOME", "/nowhere", 1);
    snprintf(want, sizeof(want), "%s/runway_v2v", dir);
    j = open_at(NULL);
    assert_string_equal(ff_runway_journal_path(j), want);
    ff_runway_journal_free(&j);

    /* unset, empty, and relative, which is to be ignored */
    setenv("HOME", dir, 1);
    snprintf(want, sizeof(want), "%s/.local/state/runway_v2v", dir);
    for (int i = 0; i < 3; i++) {
        if (i)
            setenv("XDG_STATE_HOME", i == 1 ? "" : "some/where", 1);
        else
            unsetenv("XDG_STATE_HOME");
        j = open_at(i ? "" : NULL);
        assert_string_equal(ff_runway_journal_path(j), want);
        ff_runway_journal_free(&j);
    }

    for (int i = 0; i < 3; i++) {
        if (i)
            setenv("HOME", i == 1 ? "" : "relative", 1);
        else
            unsetenv("HOME");
        expect_no_open(NULL, RUNWAY_INVALID, "HOME");
    }
    if (xdg)
        setenv("XDG_STATE_HOME", xdg, 1);
    if (home)
        setenv("HOME", home, 1);
    free(xdg);
    free(home);
}

static void test_read_only(void **state)
{
    char path[600];
    const RunwayPolicy policy = { .state_dir = path, .dry_run = 1 };
    RunwayJournal *j, *w;
    RunwayJournalLock *lock;
    RunwayRecord r;

    (void)state;
    snprintf(path, sizeof(path), "%s/none", dir);
    assert_int_equal(ff_runway_journal_open(&policy, &seen_log, &j, NULL),
                     RUNWAY_OK);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_NONE);
    assert_int_equal(ff_runway_journal_prune(j, time(NULL), NULL, NULL, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_lock(j, IDENTITY, "", NULL, NULL, &lock,
                                            NULL), RUNWAY_INVALID);
    assert_null(lock);
    assert_false(exists(path));
    ff_runway_journal_free(&j);
    /* it sees what others write */
    w = open_at(path);
    assert_int_equal(ff_runway_journal_open(&policy, &seen_log, &j, NULL),
                     RUNWAY_OK);
    make_record(&r, IDENTITY, RUNWAY_CLIP_STORED);
    write_clip(w, &r);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_STORED);
    /* and leaves it, however old it is */
    assert_int_equal(ff_runway_journal_prune(j, time(NULL) + 99999999, NULL,
                                             NULL, NULL), RUNWAY_OK);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_STORED);
    ff_runway_journal_free(&w);
    ff_runway_journal_free(&j);
}

/* Nobody waits to begin for one who has stopped while it had the money lock. */
static void test_open_beside_money(void **state)
{
    RunwayJournal *j = open_at(dir), *other;
    RunwayJournalLock *money;

    (void)state;
    assert_int_equal(ff_runway_journal_lock_money(j, NULL, NULL, &money, NULL),
                     RUNWAY_OK);
    other = open_at(dir);
    ff_runway_journal_free(&other);
    ff_runway_journal_unlock(&money);
    ff_runway_journal_free(&j);
}

/* --- writing and reading ------------------------------------------------ */

static void test_write(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock;
    RunwayRecord r, back;
    int64_t before = time(NULL);
    mode_t mask = umask(0);

    (void)state;
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_NONE);
    assert_string_equal(r.identity, IDENTITY);
    lock = lock_clip(j, IDENTITY);
    assert_int_equal(ff_runway_record_begin(&r, "", 1, 5, 75, NULL),
                     RUNWAY_OK);
    strcpy(r.label, "clip 1");
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL), RUNWAY_OK);
    assert_true(r.created >= before && r.updated >= before);
    read_clip(j, IDENTITY, &back);
    assert_int_equal(state_of(&back), RUNWAY_CLIP_INTENT);
    assert_string_equal(back.label, "clip 1");
    assert_int_equal(back.writer_pid, getpid());
    assert_int_equal(back.created, r.created);
    assert_int_equal(mode_of(path_of(IDENTITY, ".record")), 0600);
    assert_int_equal(mode_of(path_of(IDENTITY, ".next")), 0600);

    strcpy(r.tries[0].task_id, "task-1");
    r.created = 5; /* stays what it was */
    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_SUBMITTED, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL), RUNWAY_OK);
    read_clip(j, IDENTITY, &back);
    assert_int_equal(state_of(&back), RUNWAY_CLIP_SUBMITTED);
    assert_string_equal(back.tries[0].task_id, "task-1");
    assert_int_equal(back.created, 5);
    assert_true(back.updated >= before);
    assert_int_equal(mode_of(path_of(IDENTITY, ".record")), 0600);
    assert_int_equal(count_files("clips"), 1);

    assert_int_equal(ff_runway_record_move(&r, RUNWAY_CLIP_GENERATED, NULL),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL), RUNWAY_OK);
    read_clip(j, IDENTITY, &back);
    assert_int_equal(state_of(&back), RUNWAY_CLIP_GENERATED);
    ff_runway_journal_unlock(&lock);
    assert_null(lock);
    ff_runway_journal_unlock(&lock);
    assert_int_equal(count_files("clips"), 1);
    assert_int_equal(count_files("locks"), 0);

    /* the lock is another clip's */
    lock = lock_clip(j, identity_of(2));
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL),
                     RUNWAY_INVALID);
    ff_runway_journal_unlock(&lock);
    assert_int_equal(ff_runway_journal_read(j, "../../etc/passwd", &r, NULL),
                     RUNWAY_INVALID);
    assert_int_equal(ff_runway_journal_lock(j, "", "", NULL, NULL, &lock,
                                            NULL), RUNWAY_INVALID);
    ff_runway_journal_free(&j);
    umask(mask);
}

/* that each change is on the disk before the call returns: contents, then the
 * name, then the directory */
static void test_durable(void **state)
{
    static const RunwayClipState states[] = {
        RUNWAY_CLIP_INTENT, RUNWAY_CLIP_SUBMITTED, RUNWAY_CLIP_GENERATED,
        RUNWAY_CLIP_STORED, RUNWAY_CLIP_UNKNOWN, RUNWAY_CLIP_INTENT,
    };
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock = lock_clip(j, IDENTITY);
    char clips[600];
    struct stat st;

    (void)state;
    snprintf(clips, sizeof(clips), "%s/clips", dir);
    assert_int_equal(stat(clips, &st), 0);
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        int named = -1, synced = 0;
        RunwayRecord r;

        make_record(&r, IDENTITY, states[i]);
        faults_reset();
        faults.on = 1;
        assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL),
                         RUNWAY_OK);
        faults.on = 0;
        for (int e = 0; e < faults.nb_events; e++)
            if (faults.events[e].kind == DISK_RENAME)
                named = e;
        assert_true(named > 0);
        for (int e = 0; e < named; e++)
            if (faults.events[e].inode == faults.events[named].inode)
                synced = faults.events[e].kind == DISK_SYNC;
        assert_true(synced);
        assert_int_equal(faults.nb_events, named + 2);
        assert_int_equal(faults.events[named + 1].kind, DISK_SYNC);
        assert_int_equal(faults.events[named + 1].inode, st.st_ino);
    }
    ff_runway_journal_unlock(&lock);
    ff_runway_journal_free(&j);
}

static void test_interrupted(void **state)
{
    RunwayJournal *j;
    RunwayRecord r;

    (void)state;
    j = open_at(dir);
    faults.on     = 1;
    faults.choppy = 1;
    make_record(&r, IDENTITY, RUNWAY_CLIP_INTENT);
    write_clip(j, &r);
    make_record(&r, IDENTITY, RUNWAY_CLIP_SUBMITTED);
    write_clip(j, &r);
    faults_reset();
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_SUBMITTED);
    ff_runway_journal_free(&j);
}

static void expect_damaged(RunwayJournal *j, const char *why)
{
    RunwayRecord r;
    RunwayError err = { RUNWAY_OK, "" };

    assert_int_equal(ff_runway_journal_read(j, IDENTITY, &r, &err),
                     RUNWAY_OK);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_DAMAGED);
    assert_non_null(strstr(r.damage, path_of(IDENTITY, ".record")));
    if (why)
        assert_non_null(strstr(r.damage, why));
    assert_int_equal(r.nb_tries, 0);
}

/* A record that nothing is wrong with but that it has so many blanks in it. */
static void put_blanks(const char *path, const char *text, size_t size,
                       size_t blanks)
{
    const size_t end = strlen("checksum \n") + RUNWAY_CHECKSUM_SIZE - 1;
    char *longer = malloc(size + blanks), sum_text[RUNWAY_CHECKSUM_SIZE];
    RunwayChecksum sum;

    longer[0] = '{';
    memset(longer + 1, ' ', blanks);
    memcpy(longer + 1 + blanks, text + 1, size - 1);
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, longer, size + blanks - end);
    ff_runway_checksum_text(&sum, sum_text);
    memcpy(longer + size + blanks - RUNWAY_CHECKSUM_SIZE, sum_text,
           RUNWAY_CHECKSUM_SIZE - 1);
    put(path, longer, size + blanks);
    free(longer);
}

/* on the disk: every byte, every length; and the clips beside it stay */
static void test_damage(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayRecord r;
    size_t size;
    char *data, path[1024], *big;

    (void)state;
    make_record(&r, identity_of(1), RUNWAY_CLIP_SUBMITTED);
    write_clip(j, &r);
    make_record(&r, IDENTITY, RUNWAY_CLIP_SUBMITTED);
    write_clip(j, &r);
    strcpy(path, path_of(IDENTITY, ".record"));
    data = slurp(path, &size);
    for (size_t i = 0; i < size; i++) {
        data[i] ^= 1 << i % 8;
        put(path, data, size);
        expect_damaged(j, NULL);
        data[i] ^= 1 << i % 8;
        put(path, data, i);
        expect_damaged(j, NULL);
    }
    put(path, data, size);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_SUBMITTED);
    /* what a lost power supply leaves: the right length, nothing in it */
    big = calloc(1, 100000);
    put(path, big, size);
    expect_damaged(j, NULL);
    put(path, big, 100000);
    expect_damaged(j, NULL);
    put(path, "", 0);
    expect_damaged(j, "empty");
    /* more than is read */
    put_blanks(path, data, size, RUNWAY_RECORD_TEXT - size - 1);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_SUBMITTED);
    put_blanks(path, data, size, RUNWAY_RECORD_TEXT - size + 1);
    expect_damaged(j, NULL);
    /* another clip's record under this name */
    free(data);
    data = slurp(path_of(identity_of(1), ".record"), &size);
    put(path, data, size);
    expect_damaged(j, "another clip");
    /* no file at all, and one that would be waited for */
    unlink(path);
    mkdir(path, 0700);
    expect_damaged(j, "not a regular file");
    rmdir(path);
    mkfifo(path, 0600);
    expect_damaged(j, "not a regular file");
    unlink(path);
    /* a link, which could lead anywhere */
    assert_int_equal(symlink("loop.record", path), 0);
    expect_damaged(j, "not a regular file");
    unlink(path);

    put(path, "x", 1);
    read_clip(j, identity_of(1), &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_SUBMITTED);

    /* bought again: the evidence is kept */
    make_record(&r, IDENTITY, RUNWAY_CLIP_INTENT);
    write_clip(j, &r);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_INTENT);
    free(data);
    data = slurp(path_of(IDENTITY, ".damaged"), &size);
    assert_int_equal(size, 1);
    assert_non_null(strstr(seen.text, ".damaged"));
    free(data);
    free(big);
    ff_runway_journal_free(&j);
}

/* what an earlier version has written is named, and left alone */
static void test_earlier(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayRecord r;

    (void)state;
    assert_int_equal(seen.lines, 0);
    put(path_of(IDENTITY, ".json"), "{}", 2);
    put(path_of("README", ".json"), "{}", 2);
    ff_runway_journal_free(&j);
    j = open_at(dir);
    assert_int_equal(seen.warnings, 1);
    assert_non_null(strstr(seen.text, "1 records of an earlier version"));
    assert_non_null(strstr(seen.text, dir));
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_NONE);
    assert_int_equal(ff_runway_journal_prune(j, (int64_t)1 << 40, NULL, NULL,
                                             NULL), RUNWAY_OK);
    assert_true(exists(path_of(IDENTITY, ".json")));
    ff_runway_journal_free(&j);
}

/* --- a disk that is full ------------------------------------------------ */

static void test_no_room(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock = lock_clip(j, IDENTITY);
    char *before, *after;
    size_t size, size_after;
    RunwayRecord r;
    RunwayError err;
    int failed = 0, done = 0;

    (void)state;
    make_record(&r, IDENTITY, RUNWAY_CLIP_NONE);
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL), RUNWAY_OK);
    before = slurp(path_of(IDENTITY, ".record"), &size);
    for (long space = 0; !done; space += 61) {
        RunwayOutcome ret;

        make_record(&r, IDENTITY, RUNWAY_CLIP_INTENT);
        faults.on   = 1;
        faults.space = space;
        ret = ff_runway_journal_write(j, lock, &r, &err);
        faults_reset();
        if (ret) {
            assert_int_equal(ret, RUNWAY_IO);
            assert_non_null(strstr(err.text, "state_dir"));
            assert_non_null(strstr(err.text, strerror(ENOSPC)));
            after = slurp(path_of(IDENTITY, ".record"), &size_after);
            assert_int_equal(size, size_after);
            assert_memory_equal(before, after, size);
            free(after);
            /* and nothing of the try is left to fill it further */
            assert_int_equal(count_files("clips"), 1);
            failed++;
        } else {
            done = 1;
        }
    }
    assert_true(failed > 30);
    free(before);

    /* the intent is written; now the disk is full: the id of what was bought
     * still gets written */
    make_record(&r, IDENTITY, RUNWAY_CLIP_SUBMITTED);
    faults.on   = 1;
    faults.space = 0;
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL), RUNWAY_OK);
    make_record(&r, IDENTITY, RUNWAY_CLIP_GENERATED);
    assert_int_equal(ff_runway_journal_write(j, lock, &r, &err), RUNWAY_IO);
    faults_reset();
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_SUBMITTED);
    assert_int_equal(count_files("clips"), 1);
    ff_runway_journal_unlock(&lock);
    ff_runway_journal_free(&j);
}

/* the kernel's own refusal, without anything in between */
static void test_file_limit(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayRecord r;
    pid_t pid;

    (void)state;
    make_record(&r, IDENTITY, RUNWAY_CLIP_SUBMITTED);
    write_clip(j, &r);
    pid = fork_child();
    if (!pid) {
        struct rlimit limit = { 100, 100 };
        RunwayJournal *other = NULL;
        RunwayJournalLock *lock = lock_clip(j, IDENTITY);
        RunwayError err;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        make_record(&r, IDENTITY, RUNWAY_CLIP_GENERATED);
        if (ff_runway_journal_write(j, lock, &r, &err) != RUNWAY_IO ||
            !strstr(err.text, strerror(EFBIG)))
            _exit(1);
        make_record(&r, IDENTITY, RUNWAY_CLIP_INTENT);
        if (ff_runway_journal_write(j, lock, &r, &err) != RUNWAY_IO)
            _exit(2);
        if (try_open(dir, &other, &err) != RUNWAY_IO)
            _exit(3);
        _exit(0);
    }
    assert_int_equal(wait_for(pid), 0);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_SUBMITTED);
    assert_int_equal(count_files("clips"), 1);
    ff_runway_journal_free(&j);
}

static void test_other_failures(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock = lock_clip(j, IDENTITY);
    RunwayRecord r;
    RunwayError err;

    (void)state;
    make_record(&r, IDENTITY, RUNWAY_CLIP_SUBMITTED);
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL), RUNWAY_OK);
    for (int i = 0; i < 2; i++) {
        make_record(&r, IDENTITY, RUNWAY_CLIP_GENERATED);
        faults.on = 1;
        if (i)
            faults.fail_rename = EIO;
        else
            faults.fail_sync = EIO;
        assert_int_equal(ff_runway_journal_write(j, lock, &r, &err),
                         RUNWAY_IO);
        assert_non_null(strstr(err.text, strerror(EIO)));
        faults_reset();
        read_clip(j, IDENTITY, &r);
        assert_int_equal(state_of(&r), RUNWAY_CLIP_SUBMITTED);
        assert_int_equal(count_files("clips"), 1);
    }
    ff_runway_journal_unlock(&lock);
    ff_runway_journal_free(&j);
}

/* --- death at any point ------------------------------------------------- */

/* One process takes the step from one state to another and dies at call number
 * at. @return its exit status */
static int die_between(RunwayJournal *j, RunwayClipState to, int at, int after)
{
    pid_t pid = fork_child();

    if (!pid) {
        RunwayJournalLock *lock;
        RunwayRecord r;

        make_record(&r, IDENTITY, to);
        faults.on = 1;
        if (after)
            faults.exit_after = at;
        else
            faults.exit_before = at;
        if (ff_runway_journal_lock(j, IDENTITY, "", NULL, NULL, &lock, NULL) ||
            ff_runway_journal_write(j, lock, &r, NULL))
            _exit(1);
        _exit(0); /* with the lock */
    }
    return wait_for(pid);
}

static void test_killed_between(void **state)
{
    static const RunwayClipState ways[][2] = {
        { RUNWAY_CLIP_NONE,           RUNWAY_CLIP_INTENT },
        { RUNWAY_CLIP_UNKNOWN,        RUNWAY_CLIP_INTENT },
        { RUNWAY_CLIP_DAMAGED,        RUNWAY_CLIP_INTENT },
        { RUNWAY_CLIP_INTENT,         RUNWAY_CLIP_SUBMITTED },
        { RUNWAY_CLIP_INTENT,         RUNWAY_CLIP_UNKNOWN },
        { RUNWAY_CLIP_SUBMITTED,      RUNWAY_CLIP_GENERATED },
        { RUNWAY_CLIP_GENERATED,      RUNWAY_CLIP_STORED },
        { RUNWAY_CLIP_FAILED_TRANSIENT, RUNWAY_CLIP_INTENT },
    };
    RunwayJournal *j = open_at(dir);

    (void)state;
    for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++) {
        RunwayClipState from = ways[way][0], to = ways[way][1];

        for (int after = 0; after < 2; after++) {
            int status = 99, points = 0, olds = 0, news = 0;

            for (int at = 1; status == 99; at++) {
                RunwayJournalLock *lock;
                RunwayRecord r;

                unlink(path_of(IDENTITY, ".record"));
                unlink(path_of(IDENTITY, ".next"));
                unlink(path_of(IDENTITY, ".new"));
                if (from == RUNWAY_CLIP_DAMAGED) {
                    put(path_of(IDENTITY, ".record"), "x", 1);
                } else if (from != RUNWAY_CLIP_NONE) {
                    make_record(&r, IDENTITY, from);
                    write_clip(j, &r);
                }
                status = die_between(j, to, at, after);
                read_clip(j, IDENTITY, &r);
                if (status == 99) {
                    assert_true(state_of(&r) == from || state_of(&r) == to);
                    olds += state_of(&r) == from;
                    news += state_of(&r) == to;
                    points++;
                } else {
                    assert_int_equal(status, 0);
                    assert_int_equal(state_of(&r), to);
                }
                /* the lock died with it, and the next one can go on */
                lock = lock_clip(j, IDENTITY);
                make_record(&r, IDENTITY, to);
                assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL),
                                 RUNWAY_OK);
                ff_runway_journal_unlock(&lock);
                read_clip(j, IDENTITY, &r);
                assert_int_equal(state_of(&r), to);
            }
            /* the sweep went over both sides of the rename */
            assert_true(points > 5 && olds && news);
        }
    }
    ff_runway_journal_free(&j);
}

/* kill -9 at moments nobody chose */
static void test_killed_anywhere(void **state)
{
    RunwayJournal *j = open_at(dir);
    unsigned seed = (unsigned)time(NULL), random = seed;
    int changed = 0;
    int64_t begin, took;
    RunwayRecord r;

    (void)state;
    print_message("# seed %u\n", seed);
    make_record(&r, IDENTITY, RUNWAY_CLIP_INTENT);
    r.emitted = 1;
    begin = ff_runway_now();
    write_clip(j, &r);
    took = ff_runway_now() - begin; /* disks differ by a factor of 1000 */
    for (int i = 0; changed ? i < 150 && ff_runway_now() - begin < 10000000
                            : ff_runway_now() - begin < 60000000; i++) {
        int64_t before = r.emitted;
        pid_t pid = fork_child();

        if (!pid) {
            for (;;) {
                RunwayJournalLock *lock;

                if (ff_runway_journal_lock(j, IDENTITY, "", NULL, NULL, &lock,
                                           NULL))
                    _exit(1);
                r.emitted++;
                r.tries[0].state = r.emitted % 2 ? RUNWAY_CLIP_INTENT
                                                 : RUNWAY_CLIP_SUBMITTED;
                strcpy(r.tries[0].task_id, "task-1");
                snprintf(r.tries[0].failure, sizeof(r.tries[0].failure),
                         "%0*d", (int)(r.emitted * 37 % 500) + 1, 0);
                if (ff_runway_journal_write(j, lock, &r, NULL))
                    _exit(2);
                ff_runway_journal_unlock(&lock);
            }
        }
        usleep(500 + rand_r(&random) % (unsigned)(3 * took + 3000));
        kill(pid, SIGKILL);
        assert_int_equal(wait_for(pid), -SIGKILL);
        read_clip(j, IDENTITY, &r);
        /* a whole one, and never one from before */
        assert_int_equal(state_of(&r), r.emitted % 2 ? RUNWAY_CLIP_INTENT
                                                     : RUNWAY_CLIP_SUBMITTED);
        assert_true(r.emitted >= before);
        changed += r.emitted > before;
    }
    assert_true(changed > 0);
    ff_runway_journal_free(&j);
}

/* --- locks -------------------------------------------------------------- */

typedef struct Counter {
    RunwayJournal *journal;
    char path[600];
    int rounds;
} Counter;

/* read, think, write: wrong as soon as two do it at once */
static int count_up(const Counter *c)
{
    for (int i = 0; i < c->rounds; i++) {
        RunwayJournalLock *lock;
        int value = 0;
        FILE *f;

        if (ff_runway_journal_lock(c->journal, IDENTITY, "clip 1", NULL, NULL,
                                   &lock, NULL))
            return 1;
        f = fopen(c->path, "r");
        if (f) {
            if (fscanf(f, "%d", &value) != 1)
                return 2;
            fclose(f);
        }
        usleep(rand() % 300);
        f = fopen(c->path, "w");
        if (!f)
            return 3;
        fprintf(f, "%d", value + 1);
        fclose(f);
        ff_runway_journal_unlock(&lock);
    }
    return 0;
}

static void *count_thread(void *opaque)
{
    return (void *)(intptr_t)count_up(opaque);
}

static void test_exclusion(void **state)
{
    const RunwayPolicy policy = { .state_dir = dir };
    Counter c = { NULL, "", 30 };
    pthread_t threads[3];
    pid_t pids[3];
    int value = 0;
    FILE *f;

    (void)state;
    assert_int_equal(ff_runway_journal_open(&policy, NULL, &c.journal, NULL),
                     RUNWAY_OK);
    snprintf(c.path, sizeof(c.path), "%s/counter", dir);
    for (int i = 0; i < 3; i++) {
        pids[i] = fork_child();
        if (!pids[i])
            _exit(count_up(&c));
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_thread, &c),
                         0);
    for (int i = 0; i < 3; i++) {
        void *ret;

        pthread_join(threads[i], &ret);
        assert_null(ret);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(wait_for(pids[i]), 0);
    f = fopen(c.path, "r");
    assert_int_equal(fscanf(f, "%d", &value), 1);
    fclose(f);
    assert_int_equal(value, 6 * 30);
    assert_int_equal(count_files("locks"), 0);
    ff_runway_journal_free(&c.journal);
}

typedef struct Cancel {
    int64_t at, seen;
    int is_told; /* and not before somebody was told of the wait */
} Cancel;

static int cancel_later(void *opaque)
{
    Cancel *c = opaque;

    c->seen = ff_runway_now();
    return c->seen >= c->at && (!c->is_told || seen.lines);
}

static void test_wait(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock, *other;
    int64_t before, took;
    Cancel cancel = { 0 };
    RunwayError err;
    int pipes[2];
    char byte, name[64];
    pid_t pid;

    (void)state;
    /* another process has it */
    assert_int_equal(pipe(pipes), 0);
    pid = fork_child();
    if (!pid) {
        lock = lock_clip(j, IDENTITY);
        if (write(pipes[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    cancel.at = ff_runway_now() + 350000;
    assert_int_equal(ff_runway_journal_lock(j, IDENTITY, "clip 4", cancel_later,
                                            &cancel, &lock, &err),
                     RUNWAY_CANCELLED);
    took = ff_runway_now() - cancel.at;
    assert_null(lock);
    assert_true(took >= 0 && took < 1000000 * test_patience());
    assert_true(cancel.seen >= cancel.at);
    assert_int_equal(seen.lines, 1);
    snprintf(name, sizeof(name), "process %d", (int)pid);
    assert_non_null(strstr(seen.text, "clip 4"));
    assert_non_null(strstr(seen.text, name));
    /* another clip is free meanwhile */
    lock = lock_clip(j, identity_of(1));
    ff_runway_journal_unlock(&lock);

    /* and it dies */
    kill(pid, SIGKILL);
    assert_int_equal(wait_for(pid), -SIGKILL);
    before = ff_runway_now();
    lock = lock_clip(j, IDENTITY);
    assert_true(ff_runway_now() - before < 2000000 * test_patience());

    /* within one process, by another opening of the journal or the same */
    cancel.at      = ff_runway_now() + 100000;
    cancel.is_told = 1;
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(ff_runway_journal_lock(j, IDENTITY, "clip 5", cancel_later,
                                            &cancel, &other, &err),
                     RUNWAY_CANCELLED);
    assert_int_equal(seen.lines, 1);
    assert_non_null(strstr(seen.text, "equal clip"));
    ff_runway_journal_unlock(&lock);

    /* cancelled before it began */
    cancel = (Cancel) { 0 };
    assert_int_equal(ff_runway_journal_lock(j, IDENTITY, "", cancel_later,
                                            &cancel, &lock, &err),
                     RUNWAY_CANCELLED);
    close(pipes[0]);
    close(pipes[1]);
    ff_runway_journal_free(&j);
}

static void test_lock_fails(void **state)
{
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock;
    RunwayError err;
    char path[600];

    (void)state;
    snprintf(path, sizeof(path), "%s/locks", dir);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(ff_runway_journal_lock(j, IDENTITY, "", NULL, NULL, &lock,
                                            &err), RUNWAY_IO);
    assert_non_null(strstr(err.text, "state_dir"));
    assert_null(ff_runway_journal_lock_if_free(j, IDENTITY, NULL));
    assert_null(ff_runway_journal_lock_if_free(j, IDENTITY, &err));
    assert_int_equal(err.outcome, RUNWAY_IO);
    assert_non_null(strstr(err.text, "state_dir"));
    ff_runway_journal_free(&j);
}

/* one for all clips, beside theirs */
static void test_money(void **state)
{
    RunwayJournal *j = open_at(dir), *other = open_at(dir);
    RunwayJournalLock *money, *second, *clip;
    Cancel cancel = { ff_runway_now() + 100000, 0, 0 };
    RunwayError err;

    (void)state;
    clip = lock_clip(j, IDENTITY);
    assert_int_equal(ff_runway_journal_lock_money(j, NULL, NULL, &money, &err),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_journal_lock_money(other, cancel_later, &cancel,
                                                  &second, &err),
                     RUNWAY_CANCELLED);
    assert_null(second);
    assert_int_equal(seen.lines, 0);
    /* it is said, once, where that takes long */
    cancel.at = ff_runway_now() + 1500000;
    assert_int_equal(ff_runway_journal_lock_money(other, cancel_later, &cancel,
                                                  &second, &err),
                     RUNWAY_CANCELLED);
    assert_int_equal(seen.lines, 1);
    ff_runway_journal_unlock(&money);
    cancel.at = INT64_MAX;
    assert_int_equal(ff_runway_journal_lock_money(other, cancel_later, &cancel,
                                                  &second, &err), RUNWAY_OK);
    ff_runway_journal_unlock(&second);
    ff_runway_journal_unlock(&clip);
    assert_int_equal(count_files("locks"), 0);
    ff_runway_journal_free(&other);
    ff_runway_journal_free(&j);
}

/* --- going through all, and pruning ------------------------------------- */

static int count_visit(void *opaque, const RunwayRecord *record)
{
    int *counts = opaque;

    counts[ff_runway_record_state(record)]++;
    return 0;
}

static int stop_at_once(void *opaque, const RunwayRecord *record)
{
    ++*(int *)opaque;
    return 1;
}

static void test_each(void **state)
{
    RunwayJournal *j = open_at(dir);
    int counts[RUNWAY_CLIP_DAMAGED + 1] = { 0 }, visits = 0;
    RunwayRecord r;

    (void)state;
    for (int i = RUNWAY_CLIP_INTENT; i < RUNWAY_CLIP_DAMAGED; i++) {
        make_record(&r, identity_of(i), (RunwayClipState)i);
        write_clip(j, &r);
    }
    put(path_of(identity_of(100), ".record"), "{}", 2);
    /* names that are none of ours */
    put(path_of("README", ""), "x", 1);
    put(path_of("../README", ".record"), "x", 1);
    put(path_of(IDENTITY "0", ".record"), "x", 1);
    put(path_of(identity_of(101), ".record.bak"), "x", 1);
    put(path_of(identity_of(101), ".new"), "x", 1);
    assert_int_equal(symlink("loop", path_of("loop", "")), 0);
    /* one that is a link is no more than that one */
    assert_int_equal(symlink("loop", path_of(identity_of(102), ".record")), 0);

    assert_int_equal(ff_runway_journal_each(j, count_visit, counts, NULL),
                     RUNWAY_OK);
    for (int i = RUNWAY_CLIP_INTENT; i < RUNWAY_CLIP_DAMAGED; i++)
        assert_int_equal(counts[i], 1);
    assert_int_equal(counts[RUNWAY_CLIP_DAMAGED], 2);
    assert_int_equal(counts[RUNWAY_CLIP_NONE], 0);
    assert_int_equal(ff_runway_journal_each(j, stop_at_once, &visits, NULL),
                     RUNWAY_OK);
    assert_int_equal(visits, 1);
    ff_runway_journal_free(&j);
}

static int keep_three(void *opaque, const char *identity)
{
    ++*(int *)opaque;
    return !strcmp(identity, identity_of(3));
}

/* @return how many files went */
static int prune(RunwayJournal *j, int64_t now)
{
    int before = count_files("clips");
    RunwayError err;

    if (ff_runway_journal_prune(j, now, NULL, NULL, &err))
        fail_msg("%s", err.text);
    return before - count_files("clips");
}

static void test_prune(void **state)
{
    const int64_t now = 1795305600, day = 86400;
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock;
    RunwayRecord r;
    int asked = 0;

    (void)state;
    /* each state, 401 and 399 days old */
    for (int i = RUNWAY_CLIP_INTENT; i < RUNWAY_CLIP_DAMAGED; i++) {
        make_record(&r, identity_of(i), (RunwayClipState)i);
        put_old(&r, now - 401 * day);
        make_record(&r, identity_of(100 + i), (RunwayClipState)i);
        put_old(&r, now - 399 * day);
    }
    put(path_of(identity_of(50), ".record"), "x", 1);
    utime(path_of(identity_of(50), ".record"),
          &(struct utimbuf){ now - 401 * day, now - 401 * day });

    /* a clock that was set back, or is wrong by years, makes nothing old */
    assert_int_equal(prune(j, now - 410 * day), 0);
    assert_int_equal(prune(j, 0), 0);
    assert_int_equal(prune(j, INT64_MIN / 2), 0);
    assert_int_equal(seen.lines, 0);

    assert_int_equal(prune(j, now), 5);
    for (int i = RUNWAY_CLIP_INTENT; i < RUNWAY_CLIP_DAMAGED; i++) {
        int closed = i == RUNWAY_CLIP_STORED || i == RUNWAY_CLIP_REFUSED ||
                     i == RUNWAY_CLIP_FAILED || i == RUNWAY_CLIP_FORGOTTEN ||
                     i == RUNWAY_CLIP_FAILED_TRANSIENT;

        assert_int_equal(exists(path_of(identity_of(i), ".record")), !closed);
        assert_true(exists(path_of(identity_of(100 + i), ".record")));
    }
    assert_true(exists(path_of(identity_of(50), ".record")));
    /* 10 that are open, and the way to see them */
    assert_int_equal(seen.lines, 1);
    assert_int_equal(seen.warnings, 1);
    assert_non_null(strstr(seen.text, "10 clips"));
    assert_non_null(strstr(seen.text, "runway-tasks list"));
    assert_int_equal(count_files("locks"), 0);

    /* somebody is at work on it; its result is there */
    memset(&seen, 0, sizeof(seen));
    for (int i = 2; i < 5; i++) {
        make_record(&r, identity_of(i), RUNWAY_CLIP_STORED);
        put_old(&r, now - 401 * day);
    }
    lock = lock_clip(j, identity_of(2));
    assert_int_equal(ff_runway_journal_prune(j, now, keep_three, &asked, NULL),
                     RUNWAY_OK);
    assert_true(asked >= 3);
    assert_true(exists(path_of(identity_of(2), ".record")));
    assert_true(exists(path_of(identity_of(3), ".record")));
    assert_false(exists(path_of(identity_of(4), ".record")));
    ff_runway_journal_unlock(&lock);
    assert_int_equal(prune(j, now), 2);
    ff_runway_journal_free(&j);
}

/* a directory of the user's own is used, and nothing in it is ever removed */
static void test_not_ours(void **state)
{
    char own[600], path[700];
    RunwayJournal *j;
    RunwayRecord r;

    (void)state;
    snprintf(own, sizeof(own), "%s/own", dir);
    assert_int_equal(mkdir(own, 0755), 0);
    snprintf(path, sizeof(path), "%s/thesis.txt", own);
    put(path, "x", 1);
    j = open_at(own);
    make_record(&r, IDENTITY, RUNWAY_CLIP_STORED);
    write_clip(j, &r);
    assert_int_equal(ff_runway_journal_prune(j, (int64_t)1 << 40, NULL, NULL,
                                             NULL), RUNWAY_OK);
    read_clip(j, IDENTITY, &r);
    assert_int_equal(state_of(&r), RUNWAY_CLIP_STORED);
    assert_int_equal(mode_of(own), 0755);
    ff_runway_journal_free(&j);
    snprintf(path, sizeof(path), "%s/.runway_v2v", own);
    assert_false(exists(path));
}

static void test_prune_leftovers(void **state)
{
    const int64_t now = time(NULL), day = 86400;
    RunwayJournal *j = open_at(dir);
    RunwayJournalLock *lock;
    RunwayRecord r;

    (void)state;
    make_record(&r, identity_of(1), RUNWAY_CLIP_INTENT);
    write_clip(j, &r);
    make_record(&r, identity_of(2), RUNWAY_CLIP_INTENT);
    lock = lock_clip(j, identity_of(2));
    assert_int_equal(ff_runway_journal_write(j, lock, &r, NULL), RUNWAY_OK);
    put(path_of(identity_of(1), ".new"), "half", 4);
    put(path_of(identity_of(2), ".new"), "half", 4);
    put(path_of(identity_of(3), ".damaged"), "x", 1);
    put(path_of(identity_of(4), ".damaged"), "x", 1);
    put(path_of(".probe.1.2", ""), "x", 1);
    put(path_of("thesis.new", ""), "x", 1);
    utime(path_of(identity_of(4), ".damaged"),
          &(struct utimbuf){ now - 401 * day, now - 401 * day });
    assert_int_equal(prune(j, now), 4);
    assert_true(exists(path_of(identity_of(1), ".record")));
    assert_false(exists(path_of(identity_of(1), ".new")));
    assert_false(exists(path_of(identity_of(1), ".next")));
    assert_true(exists(path_of(identity_of(2), ".new")));
    assert_true(exists(path_of(identity_of(2), ".next")));
    assert_true(exists(path_of(identity_of(3), ".damaged")));
    assert_false(exists(path_of(identity_of(4), ".damaged")));
    assert_false(exists(path_of(".probe.1.2", "")));
    assert_true(exists(path_of("thesis.new", "")));
    ff_runway_journal_unlock(&lock);
    ff_runway_journal_free(&j);
}

static int count_clip(void *opaque, const RunwayRecord *record)
{
    ++*(int *)opaque;
    return 0;
}

/* A directory that cannot be read on is no directory that ends there: what is
 * behind may have been paid for. */
static void test_not_listed(void **state)
{
    const int64_t now = 2000000000;
    RunwayRecord r;
    RunwayJournal *j;
    RunwayError err;
    int nb = 0;

    (void)state;
    /* whether it is empty */
    faults = (Faults){ .on = 1, .space = -1, .fail_list = EIO };
    assert_int_equal(try_open(dir, &j, &err), RUNWAY_IO);
    assert_non_null(strstr(err.text, strerror(EIO)));
    faults_reset();
    j = open_at(dir);
    for (int i = 0; i < 3; i++) {
        make_record(&r, identity_of(i), RUNWAY_CLIP_STORED);
        write_clip(j, &r);
    }
    for (int first = 0; first < 5; first++) {
        faults = (Faults){ .on = 1, .space = -1, .fail_list = EIO,
                           .list_first = first };
        nb = 0;
        assert_int_equal(ff_runway_journal_each(j, count_clip, &nb, &err),
                         RUNWAY_IO);
        assert_true(nb <= first);
        assert_non_null(strstr(err.text, "/clips cannot be read: "));
        assert_non_null(strstr(err.text, strerror(EIO)));
    }
    /* records are all read, and then what is left over */
    faults = (Faults){ .on = 1, .space = -1, .fail_list = EIO,
                       .list_first = 6 };
    assert_int_equal(ff_runway_journal_prune(j, now, NULL, NULL, &err),
                     RUNWAY_IO);
    ff_runway_journal_free(&j);
    /* records of an earlier version */
    faults = (Faults){ .on = 1, .space = -1, .fail_list = EIO };
    assert_int_equal(try_open(dir, &j, &err), RUNWAY_IO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open),
        TEST(test_not_opened),
        TEST(test_full_disk),
        TEST(test_default),
        TEST(test_read_only),
        TEST(test_open_beside_money),
        TEST(test_write),
        TEST(test_durable),
        TEST(test_interrupted),
        TEST(test_damage),
        TEST(test_earlier),
        TEST(test_no_room),
        TEST(test_file_limit),
        TEST(test_other_failures),
        TEST(test_killed_between),
        TEST(test_killed_anywhere),
        TEST(test_exclusion),
        TEST(test_wait),
        TEST(test_lock_fails),
        TEST(test_money),
        TEST(test_each),
        TEST(test_not_listed),
        TEST(test_prune),
        TEST(test_prune_leftovers),
        TEST(test_not_ours),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
