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

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sha256.h"
#include "util.h"

/* Longer than any prompt may be. */
#define LONGEST_STRING 1100

struct SimLog {
    pthread_mutex_t lock;
    int fd;
};

SimLog *sim_log_open(const char *path)
{
    SimLog *log;
    int fd = -1;

    if (path) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0)
            return NULL;
    }
    log     = sim_calloc(sizeof(*log));
    log->fd = fd;
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

double sim_log_seconds(double t)
{
    return floor(t * 1e4 + 0.5) / 1e4;
}

cJSON *sim_log_event(const char *name)
{
    cJSON *line = cJSON_CreateObject();

    cJSON_AddNumberToObject(line, "t", sim_log_seconds(sim_now()));
    cJSON_AddStringToObject(line, "event", name);
    return line;
}

void sim_log_write(SimLog *log, cJSON *line)
{
    char *text = NULL;
    size_t length;

    if (log->fd >= 0)
        text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    if (!text)
        return;
    /* One write for line and newline: a reader never sees half of one. */
    length = strlen(text);
    text   = sim_realloc(text, length + 2);
    memcpy(text + length, "\n", 2);
    pthread_mutex_lock(&log->lock);
    sim_write_all(log->fd, text, length + 1);
    pthread_mutex_unlock(&log->lock);
    free(text);
}

void sim_log_close(SimLog *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

static void shorten(cJSON *item)
{
    for (; item; item = item->next) {
        if (cJSON_IsString(item) &&
            strlen(item->valuestring) > LONGEST_STRING) {
            const char *s = item->valuestring, *comma = strchr(s, ',');
            size_t length = strlen(s), head = 32;
            char digest[65], *cut;

            if (sim_has_prefix(s, "data:") && comma && comma - s < 100)
                head = (size_t)(comma - s) + 1;
            while (head && ((unsigned char)s[head] & 0xc0) == 0x80)
                head--;
            sim_sha256_hex(s, length, digest);
            cut = sim_asprintf("%.*s\xe2\x80\xa6(%zu chars, sha256 %s)",
                               (int)head, s, length, digest);
            free(item->valuestring);
            item->valuestring = cut;
        }
        shorten(item->child);
    }
}

cJSON *sim_log_shorten(const cJSON *body)
{
    cJSON *copy = cJSON_Duplicate(body, 1);

    shorten(copy);
    return copy;
}
