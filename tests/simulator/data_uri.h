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
 * Strict reading of base64 data URIs.
 */

#ifndef SIMULATOR_DATA_URI_H
#define SIMULATOR_DATA_URI_H

#include <stddef.h>

/**
 * Decodes "data:TYPE;base64,...." whose base64 is canonical: the standard
 * alphabet, no line breaks, padded to a multiple of four, unused bits zero.
 *
 * @param uri  the whole URI
 * @param type receives the media type, cut to @p type_size
 * @param data receives the bytes; the caller frees them
 * @param size receives their number
 * @return NULL when all is well, else a constant text that says what is wrong
 */
const char *sim_data_uri_decode(const char *uri, char *type, size_t type_size,
                                unsigned char **data, size_t *size);

#endif /* SIMULATOR_DATA_URI_H */
