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
 * What every module needs and none owns: time, memory, text, randomness.
 */

#ifndef SIMULATOR_UTIL_H
#define SIMULATOR_UTIL_H

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

/**
 * Memory. A test service that runs out of it has nothing sensible left to do,
 * so these end the process instead of returning NULL.
 */
void *sim_malloc(size_t size);
void *sim_calloc(size_t size);
void *sim_realloc(void *p, size_t size);
char *sim_strdup(const char *s);
char *sim_strndup(const char *s, size_t n);

/** printf into a fresh string; the caller frees it. */
char *sim_asprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
char *sim_vasprintf(const char *fmt, va_list ap);

/** Bytes that grow. Zero-initialise; data is NUL-terminated once not NULL. */
typedef struct SimBuf {
    char *data;
    size_t size;
    size_t allocated;
} SimBuf;

void sim_buf_append(SimBuf *buf, const void *data, size_t size);
void sim_buf_printf(SimBuf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void sim_buf_free(SimBuf *buf);

/** Seconds since the first call in this process, on the monotonic clock. */
double sim_now(void);

/** A condition whose timed waits no change of the wall clock disturbs. */
void sim_cond_init(pthread_cond_t *cond);

/**
 * Waits until signalled or until sim_now() is @p t; may wake up for nothing.
 * @return 0, or not 0 when the time has come
 */
int sim_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, double t);

/** Wall time now as "2026-11-22T21:00:00.000Z"; buf takes 32 bytes. */
void sim_iso_time(char buf[32]);

/** Fills @p out with @p n characters of [A-Za-z0-9_-] and a NUL. */
void sim_random_token(char *out, size_t n);

/** A random version 4 UUID. */
void sim_random_uuid(char out[37]);

/** Writes all of @p size bytes to @p fd. @return 0 or a negative errno */
int sim_write_all(int fd, const void *data, size_t size);

/** Creates @p path (0600) with these bytes. @return 0 or a negative errno */
int sim_write_file(const char *path, const void *data, size_t size);

/**
 * Parses a plain decimal number that makes up the whole of @p s.
 * @return 0, or -1 where it is none or outside [min, max]
 */
int sim_parse_number(const char *s, double min, double max, double *out);

/** Removes a directory and the plain files in it (no deeper). */
void sim_remove_dir(const char *path);

/** Whether @p s starts with @p prefix. */
int sim_has_prefix(const char *s, const char *prefix);

#endif /* SIMULATOR_UTIL_H */
