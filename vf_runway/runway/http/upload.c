/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/checksum.h"
#include "../base/disk.h"
#include "upload.h"

/* slots tried until the storage's refusal is believed */
#define REFUSED_MAX 3

/* A picture that is there. Of the caller's only the type is kept, which is a
 * constant: a still lives no longer than its clip. */
typedef struct Known {
    uint64_t size;
    char checksum[RUNWAY_CHECKSUM_SIZE];
    const char *type;
    char *uri;
    time_t since;               ///< a machine that sleeps ages it, too
    struct Known *next;
} Known;

struct RunwayUploader {
    pthread_mutex_t lock;       ///< held while a picture is uploaded
    Known *known;               ///< protected by lock
};

RunwayOutcome ff_runway_uploader_create(RunwayUploader **uploader,
                                        RunwayError *err)
{
    RunwayUploader *u = calloc(1, sizeof(*u));

    *uploader = NULL;
    if (!u || pthread_mutex_init(&u->lock, NULL)) {
        free(u);
        return ff_runway_no_memory(err);
    }
    *uploader = u;
    return RUNWAY_OK;
}

void ff_runway_uploader_free(RunwayUploader **uploader)
{
    RunwayUploader *u = *uploader;

    if (!u)
        return;
    while (u->known) {
        Known *known = u->known;

        u->known = known->next;
        free(known->uri);
        free(known);
    }
    pthread_mutex_destroy(&u->lock);
    free(u);
    *uploader = NULL;
}

/* One slot and one try to fill it. *stored is whether the storage was asked. */
static RunwayOutcome upload_once(RunwayRetry *retry, const RunwayUpload *what,
                                 char **uri, int *stored)
{
    RunwaySlot *slot = NULL;
    RunwayOutcome ret = ff_runway_client_slot(retry->client, what->filename,
                                              &slot, &retry->after,
                                              &retry->why);

    *stored = !ret;
    if (!ret)
        ret = ff_runway_client_store(retry->client, slot, what, &retry->after,
                                     &retry->why);
    if (!ret && !(*uri = strdup(slot->uri)))
        ret = ff_runway_no_memory(&retry->why);
    ff_runway_slot_free(&slot);
    return ret;
}

RunwayOutcome ff_runway_upload(const RunwayRetry *like,
                               const RunwayUpload *what, char **uri,
                               RunwayError *err)
{
    RunwayRetry retry = *like;
    int refused = 0, stored;
    RunwayOutcome ret;

    *uri = NULL;
    ff_runway_retry_recovered(&retry);
    retry.wait_place = NULL; /* it needs none */
    do {
        /* another may have been waited for */
        if (retry.wait(retry.opaque, 0))
            return ff_runway_error(err, RUNWAY_CANCELLED, "cancelled");
        ret = upload_once(&retry, what, uri, &stored);
        /* a slot is used up by a try: what the storage refuses may be the
         * slot's fault */
        if (ret == RUNWAY_REFUSED && stored && ++refused < REFUSED_MAX)
            ret = RUNWAY_UNAVAILABLE;
    } while (ff_runway_retry_again(&retry, "the upload", &ret, err));
    if (!ret)
        ff_runway_log(retry.log, RUNWAY_LOG_VERBOSE, "%s: %llu bytes of "
                      "%s uploaded", retry.label,
                      (unsigned long long)what->size, what->type);
    return ret;
}

/* The URI of a picture that was uploaded before, as a copy; NULL: none. lock is
 * held. */
static char *find_known(RunwayUploader *u, const RunwayPictureFile *picture)
{
    time_t now = time(NULL);

    /* a clock that was set back says nothing of its age */
    for (const Known *k = u->known; k; k = k->next)
        if (k->size == picture->size &&
            !strcmp(k->checksum, picture->checksum) &&
            !strcmp(k->type, picture->type) &&
            now >= k->since && now - k->since < RUNWAY_UPLOAD_AGE)
            return strdup(k->uri);
    return NULL;
}

/* Without memory it is uploaded again the next time. lock is held. */
static void keep_known(RunwayUploader *u, const RunwayPictureFile *picture,
                       const char *uri, time_t since)
{
    Known *known = calloc(1, sizeof(*known));

    if (known)
        known->uri = strdup(uri);
    if (!known || !known->uri) {
        free(known);
        return;
    }
    known->size  = picture->size;
    known->type  = picture->type;
    known->since = since;
    known->next  = u->known;
    snprintf(known->checksum, sizeof(known->checksum), "%s",
             picture->checksum);
    u->known     = known;
}

/* Whether fd still holds what it held when the options were read. */
static RunwayOutcome check_picture(int fd, const RunwayPictureFile *picture,
                                   RunwayError *err)
{
    char block[16384], text[RUNWAY_CHECKSUM_SIZE];
    RunwayChecksum sum;
    uint64_t size = 0;
    size_t n;
    int why;

    ff_runway_checksum_init(&sum);
    do {
        why = ff_runway_disk_read(fd, (int64_t)size, block, sizeof(block), &n);
        ff_runway_checksum_add(&sum, block, n);
        size += n;
        /* what it has become may have no end */
    } while (!why && n == sizeof(block) && size <= picture->size);
    ff_runway_checksum_text(&sum, text);
    if (!why && size == picture->size && !strcmp(text, picture->checksum))
        return RUNWAY_OK;
    return ff_runway_error(err, RUNWAY_INVALID, "%s has changed since this run "
                           "began", picture->path);
}

static RunwayOutcome upload_picture(RunwayUploader *u, const RunwayRetry *retry,
                                    const RunwayPictureFile *picture,
                                    char **uri, RunwayError *err)
{
    RunwayUpload what = { .type = picture->type, .size = picture->size };
    char filename[32];
    time_t start = time(NULL);
    RunwayOutcome ret;
    int why;

    why = ff_runway_disk_open(picture->path, O_RDONLY | O_NONBLOCK, &what.fd);
    if (why)
        return ff_runway_error(err, RUNWAY_INVALID, "%s cannot be read: %s",
                               picture->path, strerror(why));
    /* its own name is nobody's business: "image/png" becomes picture.png */
    snprintf(filename, sizeof(filename), "picture.%.8s",
             strchr(picture->type, '/') + 1);
    what.filename = filename;
    ret = check_picture(what.fd, picture, err);
    if (!ret)
        ret = ff_runway_upload(retry, &what, uri, err);
    close(what.fd);
    if (*uri)
        keep_known(u, picture, *uri, start);
    return ret;
}

/* Clips that want the same picture come at the same time: the second waits for
 * the first's, which ends early when it is cancelled. */
RunwayOutcome ff_runway_upload_picture(RunwayUploader *u,
                                       const RunwayRetry *retry,
                                       const RunwayPictureFile *picture,
                                       char **uri, RunwayError *err)
{
    RunwayOutcome ret = RUNWAY_OK;

    pthread_mutex_lock(&u->lock);
    *uri = find_known(u, picture);
    if (!*uri)
        ret = upload_picture(u, retry, picture, uri, err);
    pthread_mutex_unlock(&u->lock);
    return ret;
}
