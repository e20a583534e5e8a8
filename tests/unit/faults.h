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
 * Memory that runs short and disks that fail, at a moment of a test's choosing.
 * The core is compiled a second time with this header in front of each file and
 * CORE_FAULTS defined: what it calls of the C library goes through the
 * functions below. They do what they are called, count, and fail where a test
 * says so. cJSON's memory comes from them too, once faults_own_cjson() was
 * called. From any thread.
 */

#ifndef TESTS_UNIT_FAULTS_H
#define TESTS_UNIT_FAULTS_H

/* what files of the core ask for is decided by the first header */
#undef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#undef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700

#ifdef __APPLE__
#define _DARWIN_C_SOURCE /* flock() */
#endif

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

typedef enum FaultKind {
    FAULT_NONE,
    FAULT_MEMORY,   ///< malloc() and its like, strdup()
    FAULT_SPACE,    ///< what makes files longer or new: ENOSPC
    FAULT_DISK,     ///< all that goes to the disk or comes from it: EIO
    FAULT_OPEN,     ///< all that needs a new descriptor: EMFILE
} FaultKind;

/** From now on count the calls of that kind, and let number first (from 1) and
 *  the nb - 1 after it fail. */
void faults_arm(FaultKind kind, int first, int nb);

/** Let nothing fail any more. @return how many calls have failed */
int faults_disarm(void);

/** Blocks of the core and of cJSON that nobody has freed. */
long faults_live(void);

void faults_own_cjson(void);

void *faulty_malloc(size_t size);
void *faulty_calloc(size_t nb, size_t size);
void *faulty_realloc(void *block, size_t size);
char *faulty_strdup(const char *text);
/** For what the core gave away: counts. */
void faulty_free(void *block);

int faulty_open(const char *path, int flags, ...);
int faulty_openat(int dir, const char *path, int flags, ...);
int faulty_mkstemp(char *path);
int faulty_mkdir(const char *path, mode_t mode);
int faulty_mkdirat(int dir, const char *path, mode_t mode);
DIR *faulty_opendir(const char *path);
DIR *faulty_fdopendir(int fd);
struct dirent *faulty_readdir(DIR *list);
ssize_t faulty_read(int fd, void *data, size_t size);
ssize_t faulty_pread(int fd, void *data, size_t size, off_t at);
ssize_t faulty_write(int fd, const void *data, size_t size);
ssize_t faulty_pwrite(int fd, const void *data, size_t size, off_t at);
int faulty_ftruncate(int fd, off_t size);
int faulty_fsync(int fd);
int faulty_rename(const char *from, const char *to);
int faulty_renameat(int from_dir, const char *from, int to_dir, const char *to);
int faulty_link(const char *from, const char *to);
int faulty_unlink(const char *path);
int faulty_unlinkat(int dir, const char *path, int flags);
int faulty_flock(int fd, int how);
int faulty_socket(int domain, int type, int protocol);

#ifdef CORE_FAULTS
#define malloc    faulty_malloc
#define calloc    faulty_calloc
#define realloc   faulty_realloc
#define strdup    faulty_strdup
#define free      faulty_free
#define open      faulty_open
#define openat    faulty_openat
#define mkstemp   faulty_mkstemp
#define mkdir     faulty_mkdir
#define mkdirat   faulty_mkdirat
#define opendir   faulty_opendir
#define fdopendir faulty_fdopendir
#define readdir   faulty_readdir
#define read      faulty_read
#define pread     faulty_pread
#define write     faulty_write
#define pwrite    faulty_pwrite
#define ftruncate faulty_ftruncate
#define fsync     faulty_fsync
#define rename    faulty_rename
#define renameat  faulty_renameat
#define link      faulty_link
#define unlink    faulty_unlink
#define unlinkat  faulty_unlinkat
#define flock     faulty_flock
#define socket    faulty_socket
#endif

#endif /* TESTS_UNIT_FAULTS_H */
