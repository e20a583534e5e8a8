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
#include <stdarg.h>
#include <stdint.h>

#if defined(__has_include)
#if !__has_include(<cJSON.h>) && __has_include(<cjson/cJSON.h>)
#define CJSON_IN_FOLDER
#endif
#endif
#ifdef CJSON_IN_FOLDER
#include <cjson/cJSON.h>
#else
#include <cJSON.h>
#endif

#include "faults.h"

static struct {
    _Atomic int kind, first, last;
    _Atomic int calls, failed;
    _Atomic long live;
} faults;

void faults_arm(FaultKind kind, int first, int nb)
{
    faults.kind   = FAULT_NONE;
    faults.first  = first;
    faults.last   = nb > INT32_MAX - first ? INT32_MAX : first + nb - 1;
    faults.calls  = 0;
    faults.failed = 0;
    faults.kind   = (int)kind;
}

int faults_disarm(void)
{
    faults.kind = FAULT_NONE;
    return faults.failed;
}

long faults_live(void)
{
    return faults.live;
}

/* Whether this call is one that fails; may is one bit for each kind that it
 * belongs to. */
static int fails(unsigned may)
{
    static const int errors[] = {
        [FAULT_MEMORY] = ENOMEM, [FAULT_SPACE] = ENOSPC,
        [FAULT_DISK]   = EIO,    [FAULT_OPEN]  = EMFILE,
    };
    int kind = faults.kind, number;

    if (!(may >> kind & 1) || kind == FAULT_NONE)
        return 0;
    number = ++faults.calls;
    if (number < faults.first || number > faults.last)
        return 0;
    faults.failed++;
    errno = errors[kind];
    return 1;
}

#define MEMORY (1u << FAULT_MEMORY)
#define SPACE  (1u << FAULT_SPACE)
#define DISK   (1u << FAULT_DISK)
#define OPEN   (1u << FAULT_OPEN)

static void *count(void *block)
{
    faults.live += !!block;
    return block;
}

void *faulty_malloc(size_t size)
{
    return fails(MEMORY) ? NULL : count(malloc(size));
}

void *faulty_calloc(size_t nb, size_t size)
{
    return fails(MEMORY) ? NULL : count(calloc(nb, size));
}

void *faulty_realloc(void *block, size_t size)
{
    if (fails(MEMORY))
        return NULL;
    return block ? realloc(block, size) : count(malloc(size));
}

char *faulty_strdup(const char *text)
{
    return fails(MEMORY) ? NULL : count(strdup(text));
}

void faulty_free(void *block)
{
    faults.live -= !!block;
    free(block);
}

void faults_own_cjson(void)
{
    cJSON_Hooks hooks = { faulty_malloc, faulty_free };

    cJSON_InitHooks(&hooks);
}

int faulty_open(const char *path, int flags, ...)
{
    va_list args;
    int mode = 0;

    if (fails(OPEN | DISK | (flags & O_CREAT ? SPACE : 0)))
        return -1;
    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, int);
        va_end(args);
    }
    return open(path, flags, mode);
}

int faulty_openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    int mode = 0;

    if (fails(OPEN | DISK | (flags & O_CREAT ? SPACE : 0)))
        return -1;
    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, int);
        va_end(args);
    }
    return openat(dir, path, flags, mode);
}

int faulty_mkstemp(char *path)
{
    return fails(OPEN | DISK | SPACE) ? -1 : mkstemp(path);
}

int faulty_mkdir(const char *path, mode_t mode)
{
    return fails(DISK | SPACE) ? -1 : mkdir(path, mode);
}

int faulty_mkdirat(int dir, const char *path, mode_t mode)
{
    return fails(DISK | SPACE) ? -1 : mkdirat(dir, path, mode);
}

DIR *faulty_opendir(const char *path)
{
    return fails(OPEN | DISK) ? NULL : opendir(path);
}

DIR *faulty_fdopendir(int fd)
{
    return fails(DISK) ? NULL : fdopendir(fd);
}

struct dirent *faulty_readdir(DIR *list)
{
    return fails(DISK) ? NULL : readdir(list);
}

ssize_t faulty_read(int fd, void *data, size_t size)
{
    return fails(DISK) ? -1 : read(fd, data, size);
}

ssize_t faulty_pread(int fd, void *data, size_t size, off_t at)
{
    return fails(DISK) ? -1 : pread(fd, data, size, at);
}

/* The half of it is there when a disk fails. */
ssize_t faulty_write(int fd, const void *data, size_t size)
{
    if (!fails(DISK | SPACE))
        return write(fd, data, size);
    if (size > 1 && write(fd, data, size / 2) < 0)
        return -1;
    errno = faults.kind == FAULT_DISK ? EIO : ENOSPC;
    return -1;
}

ssize_t faulty_pwrite(int fd, const void *data, size_t size, off_t at)
{
    if (!fails(DISK | SPACE))
        return pwrite(fd, data, size, at);
    if (size > 1 && pwrite(fd, data, size / 2, at) < 0)
        return -1;
    errno = faults.kind == FAULT_DISK ? EIO : ENOSPC;
    return -1;
}

int faulty_ftruncate(int fd, off_t size)
{
    return fails(DISK) ? -1 : ftruncate(fd, size);
}

int faulty_fsync(int fd)
{
    return fails(DISK | SPACE) ? -1 : fsync(fd);
}

int faulty_rename(const char *from, const char *to)
{
    return fails(DISK | SPACE) ? -1 : rename(from, to);
}

int faulty_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return fails(DISK | SPACE) ? -1 : renameat(from_dir, from, to_dir, to);
}

int faulty_link(const char *from, const char *to)
{
    return fails(DISK | SPACE) ? -1 : link(from, to);
}

int faulty_unlink(const char *path)
{
    return fails(DISK) ? -1 : unlink(path);
}

int faulty_unlinkat(int dir, const char *path, int flags)
{
    return fails(DISK) ? -1 : unlinkat(dir, path, flags);
}

int faulty_flock(int fd, int how)
{
    return fails(DISK) ? -1 : flock(fd, how);
}

int faulty_socket(int domain, int type, int protocol)
{
    return fails(OPEN) ? -1 : socket(domain, type, protocol);
}
