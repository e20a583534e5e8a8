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
#include <sys/wait.h>
#include <time.h>
#include <utime.h>
#include <cmocka.h>

#include "store/cache.h"
#include "core_test.h"
#include "disk_faults.h"

#define HALF "0123456789abcdef0123456789abcdef"
#define IDENTITY HALF HALF

static char dir[512];

static int set_up(void **state)
{
    (void)state;
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

static RunwayCache *open_cache(int64_t size)
{
    const RunwayCacheConfig config = { dir, size, 0, NULL };
    RunwayCache *c;
    RunwayError err;

    if (ff_runway_cache_create(&config, &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static const char *identity_of(int n)
{
    static char text[65];

    snprintf(text, sizeof(text), "%08x%s0123456789abcdef01234567", (unsigned)n,
             HALF);
    return text;
}

static const char *path_of(const char *identity, const char *checksum)
{
    static char path[1024];

    snprintf(path, sizeof(path), "%s/results/%s.%s.mp4", dir, identity,
             checksum);
    return path;
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
        n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
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

/* A result of size bytes that depend on seed is brought in. @return its
 * descriptor */
static int bring(RunwayCache *c, const char *identity, int size, int seed,
                 char checksum[RUNWAY_CHECKSUM_SIZE])
{
    uint8_t *data = make_bytes((size_t)size);
    RunwayCacheEntry *entry;
    RunwayError err;
    int64_t got = -1;
    int fd = -1;

    for (int i = 0; i < size; i++)
        data[i] = (uint8_t)(data[i] + seed);
    if (ff_runway_cache_begin(c, identity, &entry, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pwrite(ff_runway_cache_entry_fd(entry), data,
                            (size_t)size, 0), size);
    if (ff_runway_cache_commit(c, &entry, &got, checksum, &fd, &err))
        fail_msg("%s", err.text);
    assert_null(entry);
    assert_int_equal(got, size);
    assert_true(fd >= 0);
    free(data);
    return fd;
}

static void bring_and_close(RunwayCache *c, const char *identity, int size,
                            int seed, char checksum[RUNWAY_CHECKSUM_SIZE])
{
    close(bring(c, identity, size, seed, checksum));
}

/* make a result look as if it had been used that long ago */
static void age(const char *identity, const char *checksum, int seconds)
{
    time_t then = time(NULL) - seconds;

    assert_int_equal(utime(path_of(identity, checksum),
                           &(struct utimbuf){ then, then }), 0);
}

static int prune(RunwayCache *c)
{
    RunwayError err;
    int removed = -1;

    if (ff_runway_cache_prune(c, &removed, &err))
        fail_msg("%s", err.text);
    return removed;
}

/* --- in and out --------------------------------------------------------- */

static void test_round_trip(void **state)
{
    mode_t mask = umask(0);
    RunwayCache *c = open_cache(1 << 30);
    char sum[RUNWAY_CHECKSUM_SIZE], again[RUNWAY_CHECKSUM_SIZE];
    uint8_t *data = make_bytes(200001), *got = malloc(200001);
    char path[600];
    int fd, i;
    RunwayError err;

    (void)state;
    assert_string_equal(ff_runway_cache_dir(c), dir);
    for (const char *sub = "results\0incoming\0"; *sub;
         sub += strlen(sub) + 1) {
        snprintf(path, sizeof(path), "%s/%s", dir, sub);
        assert_int_equal(mode_of(path), 0700);
    }
    assert_int_equal(ff_runway_cache_open(c, IDENTITY, 5, "0123456789abcdef",
                                          &fd, &err), RUNWAY_OK);
    assert_int_equal(fd, -1);

    fd = bring(c, IDENTITY, 200001, 0, sum);
    assert_int_equal(mode_of(path_of(IDENTITY, sum)), 0600);
    assert_int_equal(count_files("incoming"), 0);
    for (i = 0; i < 2; i++) {
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
        assert_int_equal(read(fd, got, 200001), 200001);
        assert_memory_equal(got, data, 200001);
        /* read-only, and closed on exec */
        assert_int_equal(write(fd, "x", 1), -1);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
        assert_int_equal(ff_runway_cache_open(c, IDENTITY, 200001, sum, &fd,
                                              &err), RUNWAY_OK);
        assert_true(fd >= 0);
    }
    close(fd);
    assert_true(ff_runway_cache_has(c, IDENTITY, 200001, sum));
    assert_false(ff_runway_cache_has(c, IDENTITY, 200000, sum));
    assert_false(ff_runway_cache_has(c, identity_of(1), 200001, sum));
    assert_false(ff_runway_cache_has(c, "../x", 200001, sum));
    assert_false(ff_runway_cache_has(c, IDENTITY, 200001, "../x"));

    /* another journal's result for the same clip takes nobody's away */
    bring_and_close(c, IDENTITY, 200001, 1, again);
    assert_string_not_equal(sum, again);
    assert_int_equal(count_files("results"), 2);
    /* the same once more is one */
    bring_and_close(c, IDENTITY, 200001, 1, again);
    assert_int_equal(count_files("results"), 2);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ff_runway_cache_open(c, IDENTITY, 200001,
                                              i ? again : sum, &fd, &err),
                         RUNWAY_OK);
        assert_true(fd >= 0);
        close(fd);
    }
    /* an empty one */
    bring_and_close(c, identity_of(7), 0, 0, sum);
    assert_int_equal(ff_runway_cache_open(c, identity_of(7), 0, sum, &fd,
                                          &err), RUNWAY_OK);
    assert_true(fd >= 0);
    close(fd);

    assert_int_equal(ff_runway_cache_open(c, "../x", 5, sum, &fd, NULL),
                     RUNWAY_INVALID);
    assert_int_equal(ff_runway_cache_open(c, IDENTITY, 5, "", &fd, NULL),
                     RUNWAY_INVALID);
    ff_runway_cache_free(&c);
    assert_null(c);
    ff_runway_cache_free(&c);
    ff_runway_cache_free(NULL);
    free(data);
    free(got);
    umask(mask);
}

static void test_abort(void **state)
{
    RunwayCache *c = open_cache(1 << 30);
    RunwayCacheEntry *entry = NULL;

    (void)state;
    ff_runway_cache_abort(&entry);
    ff_runway_cache_abort(NULL);
    assert_int_equal(ff_runway_cache_begin(c, IDENTITY, &entry, NULL),
                     RUNWAY_OK);
    assert_int_equal(count_files("incoming"), 1);
    ff_runway_cache_abort(&entry);
    assert_null(entry);
    assert_int_equal(count_files("incoming"), 0);
    assert_int_equal(count_files("results"), 0);
    assert_int_equal(ff_runway_cache_begin(c, "no identity", &entry, NULL),
                     RUNWAY_INVALID);
    assert_null(entry);
    ff_runway_cache_free(&c);
}

static void flip(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    char c;

    assert_int_equal(pread(fd, &c, 1, at), 1);
    c ^= 4;
    assert_int_equal(pwrite(fd, &c, 1, at), 1);
    close(fd);
}

static void test_damage(void **state)
{
    RunwayCache *c = open_cache(1 << 30);
    char sum[RUNWAY_CHECKSUM_SIZE], path[1024], aside[1100];
    RunwayError err;
    int fd;

    (void)state;
    for (int at = 0; at < 203; at++) {
        bring_and_close(c, IDENTITY, 200, 0, sum);
        strcpy(path, path_of(IDENTITY, sum));
        snprintf(aside, sizeof(aside), "%s.damaged", path);
        if (at < 200)
            flip(path, at);
        else if (at < 202)
            assert_int_equal(truncate(path, at == 200 ? 199 : 201), 0);
        else
            assert_int_equal(truncate(path, 0), 0);
        err.text[0] = 0;
        assert_int_equal(ff_runway_cache_open(c, IDENTITY, 200, sum, &fd,
                                              &err), RUNWAY_BAD_RESULT);
        assert_int_equal(fd, -1);
        assert_non_null(strstr(err.text, "cache_dir"));
        assert_non_null(strstr(err.text, path));
        assert_false(exists(path));
        assert_true(exists(aside));
        /* once moved aside it is as if there were none */
        assert_int_equal(ff_runway_cache_open(c, IDENTITY, 200, sum, &fd,
                                              &err), RUNWAY_OK);
        assert_int_equal(fd, -1);
    }
    assert_int_equal(count_files("results"), 1);
    /* a damaged one that nobody noticed is replaced by a whole one */
    bring_and_close(c, IDENTITY, 200, 0, sum);
    flip(path_of(IDENTITY, sum), 100);
    bring_and_close(c, IDENTITY, 200, 0, sum);
    assert_int_equal(ff_runway_cache_open(c, IDENTITY, 200, sum, &fd, &err),
                     RUNWAY_OK);
    assert_true(fd >= 0);
    close(fd);
    /* the journal says another size than the file has: not that result */
    bring_and_close(c, identity_of(1), 200, 0, sum);
    assert_int_equal(ff_runway_cache_open(c, identity_of(1), 100, sum, &fd,
                                          &err), RUNWAY_BAD_RESULT);
    /* no regular file */
    strcpy(path, path_of(identity_of(2), sum));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ff_runway_cache_open(c, identity_of(2), 200, sum, &fd,
                                          &err), RUNWAY_IO);
    assert_int_equal(fd, -1);
    assert_false(ff_runway_cache_has(c, identity_of(2), 0, sum));
    ff_runway_cache_free(&c);
}

/* contents, then the name, then the directory */
static void test_durable(void **state)
{
    RunwayCache *c = open_cache(1 << 30);
    char sum[RUNWAY_CHECKSUM_SIZE], results[600];
    int named = -1, synced = 0, dir_synced = 0;
    struct stat st;

    (void)state;
    snprintf(results, sizeof(results), "%s/results", dir);
    assert_int_equal(stat(results, &st), 0);
    faults.on = 1;
    bring_and_close(c, IDENTITY, 5000, 0, sum);
    faults.on = 0;
    for (int e = 0; e < faults.nb_events; e++)
        if (faults.events[e].kind == DISK_RENAME)
            named = e;
    assert_true(named > 0);
    for (int e = 0; e < faults.nb_events; e++) {
        if (e < named && faults.events[e].inode == faults.events[named].inode)
            synced = faults.events[e].kind == DISK_SYNC;
        if (e > named && faults.events[e].inode == st.st_ino)
            dir_synced = faults.events[e].kind == DISK_SYNC;
    }
    assert_true(synced);
    assert_true(dir_synced);
    ff_runway_cache_free(&c);
}

static void test_commit_fails(void **state)
{
    RunwayCache *c = open_cache(1 << 30);
    RunwayCacheEntry *entry;
    char sum[RUNWAY_CHECKSUM_SIZE];
    int64_t size;
    int fd = 5;
    RunwayError err;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ff_runway_cache_begin(c, IDENTITY, &entry, NULL),
                         RUNWAY_OK);
        faults.on = 1;
        if (i)
            faults.fail_rename = faults.fail_link = ENOSPC;
        else
            faults.fail_sync = ENOSPC;
        assert_int_equal(ff_runway_cache_commit(c, &entry, &size, sum, &fd,
                                                &err), RUNWAY_IO);
        faults_reset();
        assert_null(entry);
        assert_int_equal(fd, -1);
        assert_non_null(strstr(err.text, "cache_dir"));
        assert_non_null(strstr(err.text, strerror(ENOSPC)));
        assert_int_equal(count_files("incoming"), 0);
        assert_int_equal(count_files("results"), 0);
    }
    ff_runway_cache_free(&c);
}

/* --- what cannot be used -------------------------------------------------- */

static RunwayCacheEntry *begin_with(RunwayCache *c, const char *bytes)
{
    RunwayCacheEntry *entry;
    size_t size = strlen(bytes);

    assert_int_equal(ff_runway_cache_begin(c, IDENTITY, &entry, NULL),
                     RUNWAY_OK);
    assert_int_equal(pwrite(ff_runway_cache_entry_fd(entry), bytes, size, 0),
                     size);
    return entry;
}

/* kept for a person, and never taken for a result */
static void test_refused(void **state)
{
    RunwayCache *c = open_cache(1 << 30);
    RunwayCacheEntry *entry = begin_with(c, "<html>");
    char sum[RUNWAY_CHECKSUM_SIZE] = "", other[RUNWAY_CHECKSUM_SIZE], *path;
    char start[600];
    int fd = 5;

    (void)state;
    ff_runway_cache_refuse(c, &entry, sum);
    assert_null(entry);
    assert_true(ff_runway_checksum_is_text(sum));
    path = ff_runway_cache_refused_path(c, IDENTITY, sum);
    assert_non_null(path);
    snprintf(start, sizeof(start), "%s/results/%s.", dir, IDENTITY);
    assert_int_equal(strncmp(path, start, strlen(start)), 0);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(count_files("incoming"), 0);
    assert_false(ff_runway_cache_has(c, IDENTITY, 6, sum));
    assert_int_equal(ff_runway_cache_open(c, IDENTITY, 6, sum, &fd, NULL),
                     RUNWAY_OK);
    assert_int_equal(fd, -1);
    assert_null(ff_runway_cache_refused_path(c, identity_of(1), sum));
    assert_null(ff_runway_cache_refused_path(c, IDENTITY, ""));

    /* the same once more is no second file, another one is */
    entry = begin_with(c, "<html>");
    ff_runway_cache_refuse(c, &entry, other);
    assert_string_equal(sum, other);
    assert_int_equal(count_files("results"), 1);
    entry = begin_with(c, "<xml>");
    ff_runway_cache_refuse(c, &entry, other);
    assert_string_not_equal(sum, other);
    assert_int_equal(count_files("results"), 2);
    free(path);
    ff_runway_cache_free(&c);
}

/* it takes no more than there is, and goes when it is the oldest */
static void test_refused_is_bounded(void **state)
{
    RunwayCache *c = open_cache(100);
    RunwayCacheEntry *entry = begin_with(c, "<html>");
    char sum[RUNWAY_CHECKSUM_SIZE], good[RUNWAY_CHECKSUM_SIZE], *path;
    struct utimbuf old = { 1000, 1000 };

    (void)state;
    ff_runway_cache_refuse(c, &entry, sum);
    path = ff_runway_cache_refused_path(c, IDENTITY, sum);
    assert_non_null(path);
    assert_int_equal(utime(path, &old), 0);
    bring_and_close(c, IDENTITY, 90, 0, good);
    assert_true(exists(path));
    bring_and_close(c, identity_of(1), 8, 0, good);
    assert_false(exists(path));
    assert_null(ff_runway_cache_refused_path(c, IDENTITY, sum));
    assert_int_equal(count_files("results"), 2);
    free(path);
    ff_runway_cache_free(&c);
}

static void test_refused_not_kept(void **state)
{
    RunwayCache *c = open_cache(1 << 30);
    RunwayCacheEntry *entry = begin_with(c, "<html>");
    char sum[RUNWAY_CHECKSUM_SIZE] = "x";

    (void)state;
    faults.on = 1;
    faults.fail_sync = ENOSPC;
    ff_runway_cache_refuse(c, &entry, sum);
    faults_reset();
    assert_null(entry);
    assert_string_equal(sum, "");
    assert_int_equal(count_files("incoming"), 0);
    assert_int_equal(count_files("results"), 0);
    ff_runway_cache_free(&c);
}

/* --- opening ------------------------------------------------------------ */

static void expect_no_cache(const char *path, RunwayOutcome outcome,
                            const char *why)
{
    const RunwayCacheConfig config = { path, 1 << 30, 0, NULL };
    RunwayCache *c;
    RunwayError err;

    assert_int_equal(ff_runway_cache_create(&config, &c, &err), outcome);
    assert_null(c);
    if (!strstr(err.text, "cache_dir") || !strstr(err.text, why))
        fail_msg("'%s' does not name cache_dir and '%s'", err.text, why);
}

static void test_not_opened(void **state)
{
    char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[600], want[700];
    RunwayCacheConfig config = { NULL, 1 << 30, 0, NULL };
    RunwayCache *c;
    int fd;

    (void)state;
    xdg  = xdg ? strdup(xdg) : NULL;
    home = home ? strdup(home) : NULL;
    snprintf(path, sizeof(path), "%s/file", dir);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    expect_no_cache(path, RUNWAY_IO, strerror(ENOTDIR));
    faults.on   = 1;
    faults.room = 10;
    expect_no_cache(dir, RUNWAY_IO, strerror(ENOSPC));
    faults_reset();
    assert_int_equal(count_files("incoming"), 0);

    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", dir, 1);
    assert_int_equal(ff_runway_cache_create(&config, &c, NULL), RUNWAY_OK);
    snprintf(want, sizeof(want), "%s/.cache/runway_v2v", dir);
    assert_string_equal(ff_runway_cache_dir(c), want);
    ff_runway_cache_free(&c);
    unsetenv("HOME");
    expect_no_cache(NULL, RUNWAY_INVALID, "HOME");
    setenv("XDG_CACHE_HOME", dir, 1);
    assert_int_equal(ff_runway_cache_create(&config, &c, NULL), RUNWAY_OK);
    snprintf(want, sizeof(want), "%s/runway_v2v", dir);
    assert_string_equal(ff_runway_cache_dir(c), want);
    ff_runway_cache_free(&c);
    if (xdg)
        setenv("XDG_CACHE_HOME", xdg, 1);
    else
        unsetenv("XDG_CACHE_HOME");
    if (home)
        setenv("HOME", home, 1);
    free(xdg);
    free(home);

    /* only read: nothing is made, and nothing is missed */
    snprintf(path, sizeof(path), "%s/none", dir);
    config.cache_dir = path;
    config.read_only = 1;
    assert_int_equal(ff_runway_cache_create(&config, &c, NULL), RUNWAY_OK);
    assert_int_equal(ff_runway_cache_open(c, IDENTITY, 5, "0123456789abcdef",
                                          &fd, NULL), RUNWAY_OK);
    assert_int_equal(fd, -1);
    assert_false(ff_runway_cache_has(c, IDENTITY, 5, "0123456789abcdef"));
    assert_int_equal(prune(c), 0);
    assert_int_equal(ff_runway_cache_begin(c, IDENTITY,
                                           &(RunwayCacheEntry *){ NULL },
                                           NULL), RUNWAY_INVALID);
    assert_false(exists(path));
    ff_runway_cache_free(&c);
}

/* --- pruning ------------------------------------------------------------ */

static void test_oldest_first(void **state)
{
    RunwayCache *c = open_cache(1 << 30), *small;
    char sum[10][RUNWAY_CHECKSUM_SIZE];
    RunwayError err;
    int fd;

    (void)state;
    for (int i = 0; i < 10; i++) {
        bring_and_close(c, identity_of(i), 1000, i, sum[i]);
        age(identity_of(i), sum[i], 1000 - 10 * (i ^ 1));
    }
    assert_int_equal(prune(c), 0);
    /* number 3 is used: it is the youngest now */
    assert_int_equal(ff_runway_cache_open(c, identity_of(3), 1000, sum[3], &fd,
                                          &err), RUNWAY_OK);
    close(fd);
    ff_runway_cache_free(&c);
    small = open_cache(10000);
    assert_int_equal(count_files("results"), 10);
    ff_runway_cache_free(&small);
    /* 6 of 10 fit: 1, 0, 2 and 5 were unused for the longest time */
    small = open_cache(6999);
    for (int i = 0; i < 10; i++)
        assert_int_equal(exists(path_of(identity_of(i), sum[i])),
                         i != 0 && i != 1 && i != 2 && i != 5);
    assert_int_equal(prune(small), 0);
    /* one more comes in, and the next goes for it */
    bring_and_close(small, identity_of(20), 900, 0, sum[0]);
    assert_int_equal(count_files("results"), 7);
    bring_and_close(small, identity_of(21), 200, 0, sum[0]);
    assert_int_equal(count_files("results"), 7);
    assert_false(exists(path_of(identity_of(4), sum[4])));
    ff_runway_cache_free(&small);
}

static void test_in_use(void **state)
{
    RunwayCache *c = open_cache(0);
    char sum[4][RUNWAY_CHECKSUM_SIZE];
    RunwayCacheEntry *entry;
    int fds[4], pipes[2];
    char byte;
    RunwayError err;
    pid_t pid;

    (void)state;
    /* nothing may stay, and yet nothing goes that is open */
    for (int i = 0; i < 4; i++)
        fds[i] = bring(c, identity_of(i), 1000, i, sum[i]);
    assert_int_equal(prune(c), 0);
    assert_int_equal(count_files("results"), 4);
    close(fds[0]);
    assert_int_equal(prune(c), 1);
    assert_false(exists(path_of(identity_of(0), sum[0])));

    /* opened twice, closed once; and in another process */
    assert_int_equal(ff_runway_cache_open(c, identity_of(1), 1000, sum[1],
                                          &fds[0], &err), RUNWAY_OK);
    close(fds[1]);
    assert_int_equal(prune(c), 0);
    close(fds[0]);
    assert_int_equal(prune(c), 1);
    assert_int_equal(pipe(pipes), 0);
    pid = fork_child();
    if (!pid) {
        int fd;

        close(fds[2]);
        close(fds[3]);
        if (ff_runway_cache_open(c, identity_of(2), 1000, sum[2], &fd, NULL) ||
            fd < 0 || ff_runway_cache_begin(c, IDENTITY, &entry, NULL) ||
            write(pipes[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(2);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(fds[2]);
    close(fds[3]);
    assert_int_equal(prune(c), 1);
    assert_true(exists(path_of(identity_of(2), sum[2])));
    assert_false(exists(path_of(identity_of(3), sum[3])));
    /* what it is downloading stays as well, until it dies */
    assert_int_equal(count_files("incoming"), 1);
    kill(pid, SIGKILL);
    assert_int_equal(wait_for(pid), -SIGKILL);
    assert_int_equal(prune(c), 1);
    assert_int_equal(count_files("incoming"), 0);
    assert_int_equal(count_files("results"), 0);
    /* ours is not taken for a dead one's */
    assert_int_equal(ff_runway_cache_begin(c, IDENTITY, &entry, NULL),
                     RUNWAY_OK);
    assert_int_equal(prune(c), 0);
    assert_int_equal(count_files("incoming"), 1);
    ff_runway_cache_abort(&entry);
    close(pipes[0]);
    close(pipes[1]);
    ff_runway_cache_free(&c);
}

static void test_damaged_go_first(void **state)
{
    RunwayCache *c = open_cache(2500), *again;
    char sum[3][RUNWAY_CHECKSUM_SIZE];
    int fd;

    (void)state;
    for (int i = 0; i < 2; i++)
        bring_and_close(c, identity_of(i), 1000, i, sum[i]);
    age(identity_of(0), sum[0], 500);
    flip(path_of(identity_of(1), sum[1]), 5);
    assert_int_equal(ff_runway_cache_open(c, identity_of(1), 1000, sum[1], &fd,
                                          NULL), RUNWAY_BAD_RESULT);
    assert_int_equal(count_files("results"), 2);
    bring_and_close(c, identity_of(2), 1000, 2, sum[2]);
    assert_int_equal(count_files("results"), 2);
    assert_true(exists(path_of(identity_of(0), sum[0])));
    assert_true(exists(path_of(identity_of(2), sum[2])));
    /* directories and links in there are nobody's results */
    assert_int_equal(mkdir(path_of(identity_of(5), "x"), 0700), 0);
    assert_int_equal(symlink("/etc/passwd", path_of(identity_of(6), "x")), 0);
    ff_runway_cache_free(&c);
    again = open_cache(0);
    assert_int_equal(count_files("results"), 2);
    ff_runway_cache_free(&again);
}

/* --- death, and company ------------------------------------------------- */

static void test_killed_between(void **state)
{
    int whole = 0, none = 0;

    (void)state;
    /* before and after each call, with links and where there are none */
    for (int way = 0; way < 4; way++) {
        int status = 99, after = way & 1;

        for (int at = 1; status == 99; at++) {
            const char *sum = "8b0f9f3f6f4e6d5b";
            RunwayCache *c;
            pid_t pid = fork_child();
            int results;

            if (!pid) {
                char got[RUNWAY_CHECKSUM_SIZE];

                c = open_cache(1 << 30);
                faults.on = 1;
                faults.fail_link = way & 2 ? EPERM : 0;
                if (after)
                    faults.exit_after = at;
                else
                    faults.exit_before = at;
                close(bring(c, IDENTITY, 3000, 0, got));
                _exit(0);
            }
            status = wait_for(pid);
            assert_true(status == 99 || status == 0);
            /* the next one finds it whole, or not at all, and no litter */
            c = open_cache(1 << 30);
            assert_int_equal(count_files("incoming"), 0);
            results = count_files("results");
            if (results) {
                char name[RUNWAY_CHECKSUM_SIZE] = "";
                struct dirent *entry;
                char path[600];
                int fd;
                DIR *d;

                snprintf(path, sizeof(path), "%s/results", dir);
                d = opendir(path);
                while ((entry = readdir(d)))
                    if (strlen(entry->d_name) > 64)
                        memcpy(name, entry->d_name + 65,
                               RUNWAY_CHECKSUM_SIZE - 1);
                closedir(d);
                sum = name;
                assert_int_equal(ff_runway_cache_open(c, IDENTITY, 3000, sum,
                                                      &fd, NULL), RUNWAY_OK);
                assert_true(fd >= 0);
                close(fd);
                unlink(path_of(IDENTITY, sum));
                whole++;
            } else {
                none++;
            }
            ff_runway_cache_free(&c);
        }
    }
    assert_true(whole > 1 && none > 1);
}

/* Bring in, open and prune all at once; @return 0 when nothing went wrong */
static int keep_busy(RunwayCache *c, unsigned seed)
{
    for (int i = 0; i < 60; i++) {
        int n = rand_r(&seed) % 6, fd, other;
        char sum[RUNWAY_CHECKSUM_SIZE], data[1000];
        RunwayCacheEntry *entry;
        RunwayOutcome ret;
        RunwayError err;
        char identity[65];
        int64_t size;

        snprintf(identity, sizeof(identity), "%08x%s0123456789abcdef01234567",
                 (unsigned)n, HALF);
        memset(data, 'a' + n, sizeof(data));
        if (ff_runway_cache_begin(c, identity, &entry, &err) ||
            pwrite(ff_runway_cache_entry_fd(entry), data, 1000, 0) != 1000 ||
            ff_runway_cache_commit(c, &entry, &size, sum, &fd, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        /* what was just brought in is there as long as it is open */
        ret = ff_runway_cache_open(c, identity, 1000, sum, &other, &err);
        if (ret || other < 0) {
            fprintf(stderr, "not there: %s\n", ret ? err.text : "none");
            return 2;
        }
        close(other);
        if (pread(fd, data, 1000, 0) != 1000 || data[0] != 'a' + n ||
            data[999] != 'a' + n)
            return 3;
        close(fd);
        /* another's: there or not, but never damaged */
        ret = ff_runway_cache_open(c, identity, 1000, sum, &other, &err);
        if (ret) {
            fprintf(stderr, "%s\n", err.text);
            return 4;
        }
        if (other >= 0)
            close(other);
    }
    return 0;
}

typedef struct Busy {
    RunwayCache *cache;
    unsigned seed;
} Busy;

static void *busy_thread(void *opaque)
{
    Busy *b = opaque;

    return (void *)(intptr_t)keep_busy(b->cache, b->seed);
}

static void test_company(void **state)
{
    RunwayCache *c = open_cache(2500);
    Busy busy[3];
    pthread_t threads[3];
    pid_t pids[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        pids[i] = fork_child();
        if (!pids[i]) {
            RunwayCache *own = open_cache(2500);

            _exit(keep_busy(own, i));
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        busy[i] = (Busy){ c, i + 10 };
        assert_int_equal(pthread_create(&threads[i], NULL, busy_thread,
                                        &busy[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        void *ret;

        pthread_join(threads[i], &ret);
        assert_null(ret);
        assert_int_equal(wait_for(pids[i]), 0);
    }
    prune(c);
    assert_true(count_files("results") <= 2);
    assert_int_equal(count_files("incoming"), 0);
    ff_runway_cache_free(&c);
}

/* Each one that begins tries the place out, and takes away what others have
 * left: what another is trying out is no reason to give up. */
static void test_begin_together(void **state)
{
    pid_t pids[6];

    (void)state;
    for (int i = 0; i < 6; i++) {
        pids[i] = fork_child();
        if (!pids[i]) {
            const RunwayCacheConfig config = { dir, 2500, 0, NULL };
            RunwayCache *c;
            RunwayError err;

            for (int n = 0; n < 100; n++) {
                if (ff_runway_cache_create(&config, &c, &err)) {
                    fprintf(stderr, "%s\n", err.text);
                    _exit(1);
                }
                ff_runway_cache_free(&c);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(wait_for(pids[i]), 0);
    assert_int_equal(count_files("incoming"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_abort),
        TEST(test_damage),
        TEST(test_durable),
        TEST(test_commit_fails),
        TEST(test_refused),
        TEST(test_refused_is_bounded),
        TEST(test_refused_not_kept),
        TEST(test_not_opened),
        TEST(test_oldest_first),
        TEST(test_in_use),
        TEST(test_damaged_go_first),
        TEST(test_killed_between),
        TEST(test_company),
        TEST(test_begin_together),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
