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
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "provider.h"
#include "uploads.h"
#include "util.h"

#define MIN_FILE 512
#define MAX_FILE (200u * 1000 * 1000)
#define LIFETIME (24 * 3600.0)
#define NB_FIELDS 6
#define MAX_VALUE 1024

typedef struct Slot {
    char name[33];
    char uri[96];
    char type[64];
    char *file;
    char *values[NB_FIELDS];
    double opened;
    int used;       ///< a form went to it; a slot is good for one
    int filled;
    struct Slot *next;
} Slot;

struct SimUploads {
    const char *work_dir;
    pthread_mutex_t lock;
    Slot *first;
};

struct SimUploadForm {
    SimUploads *uploads;
    Slot *slot;
    struct MHD_PostProcessor *processor;
    int field;          ///< the next expected one
    char value[MAX_VALUE];
    size_t value_size;
    char key[64];       ///< the part that is being read
    int in_file, after_file;
    int fd;
    uint64_t size;
    int status;
    const char *error, *text;
};

static const char *const field_names[NB_FIELDS] = {
    "Content-Type", "bucket", "key", "X-Amz-Algorithm", "Policy",
    "X-Amz-Signature",
};

SimUploads *sim_uploads_alloc(const char *work_dir)
{
    SimUploads *uploads = sim_calloc(sizeof(*uploads));

    uploads->work_dir = work_dir;
    pthread_mutex_init(&uploads->lock, NULL);
    return uploads;
}

void sim_uploads_free(SimUploads *uploads)
{
    if (!uploads)
        return;
    while (uploads->first) {
        Slot *slot = uploads->first;

        uploads->first = slot->next;
        for (int i = 0; i < NB_FIELDS; i++)
            free(slot->values[i]);
        free(slot->file);
        free(slot);
    }
    pthread_mutex_destroy(&uploads->lock);
    free(uploads);
}

static const char *type_by_name(const char *filename)
{
    static const char *const types[][2] = {
        { ".mp4",  "video/mp4"  }, { ".mov", "video/quicktime" },
        { ".webm", "video/webm" }, { ".png", "image/png" },
        { ".jpg",  "image/jpeg" }, { ".jpeg", "image/jpeg" },
        { ".webp", "image/webp" }, { ".mp3", "audio/mpeg" },
        { ".wav",  "audio/wav"  }, { ".m4a", "audio/mp4" },
    };
    const char *dot = strrchr(filename, '.');

    for (size_t i = 0; dot && i < SIM_ELEMS(types); i++) {
        if (!strcasecmp(dot, types[i][0]))
            return types[i][1];
    }
    return NULL;
}

static void check_slot_request(const cJSON *body, cJSON *issues)
{
    const char *name, *type;
    const cJSON *item;

    if (!cJSON_IsObject(body)) {
        sim_issue_add(issues, "invalid_type", "",
                      "Invalid input: expected object");
        return;
    }
    name = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(body, "filename"));
    type = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(body, "type"));
    if (!name || !*name || strlen(name) > 255)
        sim_issue_add(issues, "invalid_type", "filename",
                      "Invalid input: expected string of 1 to 255 "
                      "characters");
    else if (!type_by_name(name))
        sim_issue_add(issues, "custom", "filename",
                      "Unsupported file extension");
    if (!type || strcmp(type, "ephemeral"))
        sim_issue_add(issues, "invalid_value", "type",
                      "Invalid input: expected \"ephemeral\"");
    cJSON_ArrayForEach(item, body) {
        if (strcmp(item->string, "filename") && strcmp(item->string, "type"))
            sim_issue_add(issues, "unrecognized_keys", "",
                          "Unrecognized keys: \"%s\"", item->string);
    }
}

cJSON *sim_uploads_slot(SimUploads *uploads, const cJSON *body,
                        const char *base, cJSON *issues)
{
    cJSON *reply, *fields;
    const char *filename;
    char token[81], *url;
    Slot *slot;

    check_slot_request(body, issues);
    if (cJSON_GetArraySize(issues))
        return NULL;
    filename = cJSON_GetObjectItemCaseSensitive(body, "filename")->valuestring;

    slot         = sim_calloc(sizeof(*slot));
    slot->opened = sim_now();
    sim_random_token(slot->name, sizeof(slot->name) - 1);
    sim_random_token(token, 40);
    snprintf(slot->uri, sizeof(slot->uri), "runway://%s", token);
    snprintf(slot->type, sizeof(slot->type), "%s", type_by_name(filename));
    slot->file      = sim_asprintf("%s/upload-%s", uploads->work_dir,
                                   slot->name);
    slot->values[0] = sim_strdup(slot->type);
    slot->values[1] = sim_strdup("runway-ephemeral-uploads");
    slot->values[2] = sim_asprintf("ephemeral/%s", slot->name);
    slot->values[3] = sim_strdup("AWS4-HMAC-SHA256");
    sim_random_token(token, 80);
    slot->values[4] = sim_strdup(token);
    sim_random_token(token, 64);
    slot->values[5] = sim_strdup(token);

    reply = cJSON_CreateObject();
    url   = sim_asprintf("%s/uploads/%s", base, slot->name);
    cJSON_AddStringToObject(reply, "uploadUrl", url);
    free(url);
    fields = cJSON_AddObjectToObject(reply, "fields");
    for (int i = 0; i < NB_FIELDS; i++)
        cJSON_AddStringToObject(fields, field_names[i], slot->values[i]);
    cJSON_AddStringToObject(reply, "runwayUri", slot->uri);

    pthread_mutex_lock(&uploads->lock);
    slot->next     = uploads->first;
    uploads->first = slot;
    pthread_mutex_unlock(&uploads->lock);
    return reply;
}

static void refuse(SimUploadForm *form, int status, const char *error,
                   const char *text)
{
    if (form->error)
        return;
    form->status = status;
    form->error  = error;
    form->text   = text;
}

/* The part before is complete: was it the one expected, and as given? */
static void end_part(SimUploadForm *form)
{
    if (!form->key[0] || form->in_file)
        return;
    if (form->field < NB_FIELDS &&
        !strcmp(form->key, field_names[form->field])) {
        if (strcmp(form->value, form->slot->values[form->field]))
            refuse(form, 403, "SignatureDoesNotMatch",
                   "A field differs from the one that was given out.");
        form->field++;
        return;
    }
    /* Runway's own SDK may add this one between the fields and the file. */
    if (form->field == NB_FIELDS && !strcmp(form->key, "metadata"))
        return;
    refuse(form, 403, "AccessDenied", "Invalid according to Policy: a field "
           "is unknown or not in the order that was given out.");
}

static void start_part(SimUploadForm *form, const char *key,
                       const char *filename)
{
    end_part(form);
    snprintf(form->key, sizeof(form->key), "%s", key);
    form->value_size = 0;
    form->value[0]   = '\0';
    if (form->in_file)
        refuse(form, 400, "InvalidArgument", "The file must be last.");
    form->in_file = !strcmp(key, "file");
    if (!form->in_file)
        return;
    if (form->field < NB_FIELDS)
        refuse(form, 403, "AccessDenied", "Invalid according to Policy: the "
               "file came before all fields.");
    if (!filename)
        refuse(form, 400, "InvalidArgument",
               "The file part has no file name.");
    if (!form->error) {
        form->fd = open(form->slot->file, O_WRONLY | O_CREAT | O_TRUNC |
                        O_CLOEXEC, 0600);
        if (form->fd < 0)
            refuse(form, 500, "InternalError", "Cannot store the file.");
    }
}

static enum MHD_Result on_part(void *opaque, enum MHD_ValueKind kind,
                               const char *key, const char *filename,
                               const char *content_type,
                               const char *transfer_encoding,
                               const char *data, uint64_t off, size_t size)
{
    SimUploadForm *form = opaque;

    (void)kind;
    (void)content_type;
    (void)transfer_encoding;
    if (!off)
        start_part(form, key ? key : "", filename);
    if (form->in_file) {
        form->size += size;
        if (form->size > MAX_FILE)
            refuse(form, 400, "EntityTooLarge", "Your proposed upload "
                   "exceeds the maximum allowed size");
        else if (form->fd >= 0 && sim_write_all(form->fd, data, size) < 0)
            refuse(form, 500, "InternalError", "Cannot store the file.");
    } else if (form->value_size + size < sizeof(form->value)) {
        memcpy(form->value + form->value_size, data, size);
        form->value_size += size;
        form->value[form->value_size] = '\0';
    } else if (strcmp(form->key, "metadata")) {
        refuse(form, 400, "InvalidArgument", "A field is too long.");
    }
    return MHD_YES;
}

SimUploadForm *sim_upload_form_start(SimUploads *uploads,
                                     struct MHD_Connection *connection,
                                     const char *slot)
{
    SimUploadForm *form = sim_calloc(sizeof(*form));
    const char *type = MHD_lookup_connection_value(connection,
                                                   MHD_HEADER_KIND,
                                                   "Content-Type");

    form->uploads = uploads;
    form->fd      = -1;
    form->status  = 204;
    if (!type || strncasecmp(type, "multipart/form-data", 19))
        refuse(form, 412, "PreconditionFailed", "Bucket POST must be of the "
               "enclosure-type multipart/form-data");
    else
        form->processor = MHD_create_post_processor(connection, 65536,
                                                    on_part, form);
    if (!form->processor)
        refuse(form, 400, "MalformedPOSTRequest",
               "The body is not well-formed multipart/form-data.");

    pthread_mutex_lock(&uploads->lock);
    form->slot = uploads->first;
    while (form->slot && strcmp(form->slot->name, slot))
        form->slot = form->slot->next;
    if (!form->slot)
        refuse(form, 404, "NoSuchUpload", "No such upload slot.");
    else if (form->slot->used)
        refuse(form, 403, "AccessDenied", "This slot was used already.");
    else
        form->slot->used = 1;
    pthread_mutex_unlock(&uploads->lock);
    return form;
}

void sim_upload_form_data(SimUploadForm *form, const char *data, size_t size)
{
    if (form->error)
        return;
    if (MHD_post_process(form->processor, data, size) != MHD_YES)
        refuse(form, 400, "MalformedPOSTRequest",
               "The body is not well-formed multipart/form-data.");
}

int sim_upload_form_finish(SimUploadForm *form, const char **error,
                           const char **text)
{
    if (form->processor &&
        MHD_destroy_post_processor(form->processor) != MHD_YES)
        refuse(form, 400, "MalformedPOSTRequest",
               "The body is not well-formed multipart/form-data.");
    form->processor = NULL;
    if (!form->error) {
        if (!form->in_file)
            refuse(form, 400, "InvalidArgument",
                   "POST requires exactly one file upload per request.");
        else if (form->size < MIN_FILE)
            refuse(form, 400, "EntityTooSmall", "Your proposed upload is "
                   "smaller than the minimum allowed size");
    }
    if (form->fd >= 0 && close(form->fd) < 0)
        refuse(form, 500, "InternalError", "Cannot store the file.");
    form->fd = -1;
    if (!form->error) {
        pthread_mutex_lock(&form->uploads->lock);
        form->slot->filled = 1;
        pthread_mutex_unlock(&form->uploads->lock);
    }
    *error = form->error;
    *text  = form->text;
    return form->status;
}

void sim_upload_form_free(SimUploadForm *form)
{
    if (!form)
        return;
    if (form->processor)
        MHD_destroy_post_processor(form->processor);
    if (form->fd >= 0)
        close(form->fd);
    free(form);
}

char *sim_uploads_find(SimUploads *uploads, const char *uri, char type[64])
{
    char *file = NULL;

    pthread_mutex_lock(&uploads->lock);
    for (const Slot *slot = uploads->first; slot; slot = slot->next) {
        if (strcmp(slot->uri, uri) || !slot->filled ||
            sim_now() > slot->opened + LIFETIME)
            continue;
        file = sim_strdup(slot->file);
        snprintf(type, 64, "%s", slot->type);
        break;
    }
    pthread_mutex_unlock(&uploads->lock);
    return file;
}
