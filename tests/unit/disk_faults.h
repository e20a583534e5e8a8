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
 * Stands between the core and the C library's file functions: the core's calls
 * are bound to the functions below, because they are linked first. They do what
 * they are called, count, note the order, and go wrong where a test says so.
 * For one test program each: include it once. One thread at a time.
 */

#ifndef TESTS_UNIT_DISK_FAULTS_H
#define TESTS_UNIT_DISK_FAULTS_H

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum DiskEventKind {
    DISK_WRITE,
    DISK_SYNC,
    DISK_RENAME,
} DiskEventKind;

typedef struct DiskEvent {
    DiskEventKind kind;
    ino_t inode;
} DiskEvent;

typedef struct Faults {
    int on;            /* nothing below happens without it */
    int steps;         /* calls so far */
    int exit_before;   /* _exit() in place of the call with that number */
    int exit_after;    /* _exit() after it, or after the half of it */
    long space;         /* bytes by which files may still grow; -1: any */
    int choppy;        /* every other call is interrupted, one byte a write */
    int fail_sync;     /* errno of all fsync(), 0: none */
    int fail_rename;
    int fail_list;     /* errno of readdir() after list_first names */
    int list_first;
    int lock_lies;     /* every flock() succeeds */
    DiskEvent events[256];
    int nb_events;
} Faults;

static Faults faults = { .space = -1 };

static void faults_reset(void)
{
    memset(&faults, 0, sizeof(faults));
    faults.space = -1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

static void note(DiskEventKind kind, ino_t inode)
{
    if (faults.nb_events < 256)
        faults.events[faults.nb_events++] = (DiskEvent){ kind, inode };
}

static ino_t inode_of(int fd)
{
    struct stat st;

    return fstat(fd, &st) ? 0 : st.st_ino;
}

/* @return whether to die once the call is done */
static int step(void)
{
    faults.steps++;
    if (faults.steps == faults.exit_before)
        _exit(99);
    return faults.steps == faults.exit_after;
}

static int interrupted(void)
{
    static int turn;

    if (!faults.choppy || (turn = !turn))
        return 0;
    errno = EINTR;
    return 1;
}

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) =
        REAL("write", ssize_t (*)(int, const void *, size_t));
    struct stat st;
    off_t at;
    int die;

    if (!faults.on)
        return real(fd, data, size);
    die = step();
    if (interrupted())
        return -1;
    note(DISK_WRITE, inode_of(fd));
    if (faults.choppy && size > 1)
        size = 1;
    at = lseek(fd, 0, SEEK_CUR);
    if (faults.space >= 0 && !fstat(fd, &st)) {
        off_t most = st.st_size + faults.space;

        if (at >= most && size) {
            errno = ENOSPC;
            return -1;
        }
        if (at + (off_t)size > most)
            size = (size_t)(most - at);
        if (at + (off_t)size > st.st_size)
            faults.space -= at + (off_t)size - st.st_size;
    }
    if (die) {
        real(fd, data, size / 2);
        _exit(99);
    }
    return real(fd, data, size);
}

int flock(int fd, int operation)
{
    return faults.on && faults.lock_lies ? 0 :
           REAL("flock", int (*)(int, int))(fd, operation);
}

int fsync(int fd)
{
    int (*real)(int) = REAL("fsync", int (*)(int));
    int die, ret;

    if (!faults.on)
        return real(fd);
    die = step();
    if (interrupted())
        return -1;
    if (faults.fail_sync) {
        errno = faults.fail_sync;
        return -1;
    }
    note(DISK_SYNC, inode_of(fd));
    ret = real(fd);
    if (die)
        _exit(99);
    return ret;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    int (*real)(int, const char *, int, const char *) =
        REAL("renameat", int (*)(int, const char *, int, const char *));
    struct stat st;
    int die, ret;

    if (!faults.on)
        return real(from_dir, from, to_dir, to);
    die = step();
    if (faults.fail_rename) {
        errno = faults.fail_rename;
        return -1;
    }
    note(DISK_RENAME, fstatat(from_dir, from, &st, 0) ? 0 : st.st_ino);
    ret = real(from_dir, from, to_dir, to);
    if (die)
        _exit(99);
    return ret;
}

struct dirent *readdir(DIR *list)
{
    struct dirent *(*real)(DIR *) = REAL("readdir", struct dirent *(*)(DIR *));

    if (faults.on && faults.fail_list && --faults.list_first < 0) {
        errno = faults.fail_list;
        return NULL;
    }
    return real(list);
}

int unlinkat(int dir, const char *path, int flags)
{
    int (*real)(int, const char *, int) =
        REAL("unlinkat", int (*)(int, const char *, int));
    int die, ret;

    if (!faults.on)
        return real(dir, path, flags);
    die = step();
    ret = real(dir, path, flags);
    if (die)
        _exit(99);
    return ret;
}

int close(int fd)
{
    int (*real)(int) = REAL("close", int (*)(int));
    int die, ret;

    if (!faults.on)
        return real(fd);
    die = step();
    ret = real(fd);
    if (die)
        _exit(99);
    return ret;
}

/* fork(), but a child that is forgotten, because the test failed, does not hold
 * up who waits for the test. */
__attribute__((unused)) static pid_t fork_child(void)
{
    pid_t pid = fork();

    if (!pid)
        alarm(60);
    return pid;
}

/* A directory of the test's own. The buffer is the next call's too. */
static char *make_test_dir(void)
{
    static char path[512];
    const char *base = getenv("TEST_TMP");

    snprintf(path, sizeof(path), "%s/runway_v2v_dir_XXXXXX",
             base && *base ? base : "/tmp");
    return mkdtemp(path);
}

static void remove_test_dir(const char *path)
{
    char command[600];

    snprintf(command, sizeof(command), "chmod -R u+rwx '%s'; rm -rf '%s'", path,
             path);
    if (system(command))
        fprintf(stderr, "%s stays\n", path);
}

#endif /* TESTS_UNIT_DISK_FAULTS_H */
