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
 * Ephemeral uploads: slots, the form that fills one, and the files.
 */

#ifndef SIMULATOR_UPLOADS_H
#define SIMULATOR_UPLOADS_H

#include <cjson/cJSON.h>
#include <microhttpd.h>

typedef struct SimUploads SimUploads;

/** A form that is coming in. */
typedef struct SimUploadForm SimUploadForm;

/** @param work_dir where the files go; must outlive this */
SimUploads *sim_uploads_alloc(const char *work_dir);

/** NULL-safe; the files stay for whoever removes the directory. */
void sim_uploads_free(SimUploads *uploads);

/**
 * Opens a slot.
 * @param body   the request's JSON
 * @param base   where the storage is, "http://127.0.0.1:1234"
 * @param issues receives what is wrong with the request
 * @return the reply's body, or NULL when there are issues
 */
cJSON *sim_uploads_slot(SimUploads *uploads, const cJSON *body,
                        const char *base, cJSON *issues);

/**
 * Starts taking in a form.
 * @param slot last part of the upload URL
 * @return NULL when the request is no multipart form
 */
SimUploadForm *sim_upload_form_start(SimUploads *uploads,
                                     struct MHD_Connection *connection,
                                     const char *slot);

/** Takes in a piece of the body. */
void sim_upload_form_data(SimUploadForm *form, const char *data, size_t size);

/**
 * Ends the form.
 * @param error receives S3's code for what is wrong (constant)
 * @param text  receives the message (constant)
 * @return the HTTP status
 */
int sim_upload_form_finish(SimUploadForm *form, const char **error,
                           const char **text);

/** Frees the form, finished or not. NULL-safe. */
void sim_upload_form_free(SimUploadForm *form);

/**
 * The file behind a runway:// URI.
 * @param type receives its media type
 * @return its path (the caller frees it), or NULL
 */
char *sim_uploads_find(SimUploads *uploads, const char *uri, char type[64]);

#endif /* SIMULATOR_UPLOADS_H */
