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
 * An archive of files as they are (nothing is compressed: pictures are).
 */

#ifndef SIMULATOR_ZIP_H
#define SIMULATOR_ZIP_H

/**
 * Packs DIR/frame_000001.png and so on, as many as there are without a gap.
 *
 * @return how many were packed, or -1 (errno says why)
 */
long sim_zip_frames(const char *path, const char *dir);

#endif /* SIMULATOR_ZIP_H */
