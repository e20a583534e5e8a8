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
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

static void *or_die(void *p)
{
    if (!p) {
        fputs("runway-simulator: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *sim_malloc(size_t size)
{
    return or_die(malloc(size ? size : 1));
}

void *sim_calloc(size_t size)
{
    return or_die(calloc(1, size ? size : 1));
}

void *sim_realloc(void *p, size_t size)
{
    return or_die(realloc(p, size ? size : 1));
}

char *sim_strdup(const char *s)
{
    return or_die(strdup(s));
}

char *sim_strndup(const char *s, size_t n)
{
    return or_die(strndup(s, n));
}

char *sim_vasprintf(const char *fmt, va_list ap)
{
    va_list copy;
    char *s;
    int len;

    va_copy(copy, ap);
    len = vsnprintf(NULL, 0, fmt, copy);
    va_end(copy);
    if (len < 0)
        abort();
    s = sim_malloc((size_t)len + 1);
    vsnprintf(s, (size_t)len + 1, fmt, ap);
    return s;
}

char *sim_asprintf(const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = sim_vasprintf(fmt, ap);
    va_end(ap);
    return s;
}

void sim_buf_append(SimBuf *buf, const void *data, size_t size)
{
    if (buf->size + size + 1 > buf->allocated) {
        size_t want = buf->allocated ? buf->allocated : 4096;

        while (want < buf->size + size + 1)
            want *= 2;
        buf->data      = sim_realloc(buf->data, want);
        buf->allocated = want;
    }
    if (size)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void sim_buf_printf(SimBuf *buf, const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = sim_vasprintf(fmt, ap);
    va_end(ap);
    sim_buf_append(buf, s, strlen(s));
    free(s);
}

void sim_buf_free(SimBuf *buf)
{
    free(buf->data);
    *buf = (SimBuf) { 0 };
}

static struct timespec start_time;
static pthread_once_t start_once = PTHREAD_ONCE_INIT;

static void take_start_time(void)
{
    clock_gettime(CLOCK_MONOTONIC, &start_time);
}

double sim_now(void)
{
    struct timespec now;

    pthread_once(&start_once, take_start_time);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start_time.tv_sec) +
           (double)(now.tv_nsec - start_time.tv_nsec) * 1e-9;
}

#ifdef __APPLE__
/* There is no monotonic condition there, but a wait for a span of time. */
void sim_cond_init(pthread_cond_t *cond)
{
    pthread_cond_init(cond, NULL);
}

int sim_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, double t)
{
    double left = fmax(t - sim_now(), 0), whole = floor(left);
    struct timespec ts = { (time_t)whole, (long)((left - whole) * 1e9) };

    return pthread_cond_timedwait_relative_np(cond, lock, &ts);
}
#else
void sim_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

int sim_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, double t)
{
    double whole = floor(t);
    struct timespec ts;

    pthread_once(&start_once, take_start_time);
    ts.tv_sec  = start_time.tv_sec + (time_t)whole;
    ts.tv_nsec = start_time.tv_nsec + (long)((t - whole) * 1e9);
    if (ts.tv_nsec >= 1000000000L) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000L;
    }
    return pthread_cond_timedwait(cond, lock, &ts);
}
#endif

void sim_iso_time(char buf[32])
{
    struct timespec now;
    struct tm tm;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    n = strftime(buf, 24, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf + n, 32 - n, ".%03dZ", (int)(now.tv_nsec / 1000000) % 1000);
}

static void random_bytes(unsigned char *out, size_t n)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

    while (fd >= 0 && n) {
        ssize_t got = read(fd, out, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        out += got;
        n   -= (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    if (n) {
        fputs("runway-simulator: no /dev/urandom\n", stderr);
        abort();
    }
}

void sim_random_token(char *out, size_t n)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    random_bytes((unsigned char *)out, n);
    for (size_t i = 0; i < n; i++)
        out[i] = alphabet[(unsigned char)out[i] & 63];
    out[n] = '\0';
}

void sim_random_uuid(char out[37])
{
    unsigned char b[16];
    int pos = 0;

    random_bytes(b, sizeof(b));
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[pos++] = '-';
        pos += snprintf(out + pos, 37 - (size_t)pos, "%02x", b[i]);
    }
}

int sim_write_all(int fd, const void *data, size_t size)
{
    const char *p = data;

    while (size) {
        ssize_t n = write(fd, p, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p    += n;
        size -= (size_t)n;
    }
    return 0;
}

int sim_write_file(const char *path, const void *data, size_t size)
{
    int fd, ret;

    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ret = sim_write_all(fd, data, size);
    if (close(fd) < 0 && !ret)
        ret = -errno;
    return ret;
}

int sim_parse_number(const char *s, double min, double max, double *out)
{
    char *end;
    double v;

    /* strtod alone would take hexadecimal, "inf" and leading blanks. */
    if (!*s || s[strspn(s, "+-.0123456789")])
        return -1;
    errno = 0;
    v = strtod(s, &end);
    if (*end || errno || !(v >= min && v <= max))
        return -1;
    *out = v;
    return 0;
}

void sim_remove_dir(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
    rmdir(path);
}

int sim_has_prefix(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}
