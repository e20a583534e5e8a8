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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "zip.h"

#define NAME_LENGTH 16      /* frame_000001.png */

/* 1980-01-01, the earliest there is; MS-DOS's way to say it. */
#define DATE 0x21

static uint32_t crc32(const unsigned char *data, size_t size)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

static void put16(SimBuf *buf, unsigned value)
{
    const char bytes[2] = { (char)value, (char)(value >> 8) };

    sim_buf_append(buf, bytes, 2);
}

static void put32(SimBuf *buf, uint32_t value)
{
    put16(buf, value & 0xffff);
    put16(buf, value >> 16);
}

/* What local header and directory say alike, from the version needed on. */
static void put_entry(SimBuf *buf, uint32_t crc, uint32_t size)
{
    put16(buf, 20);
    put16(buf, 0);              /* flags */
    put16(buf, 0);              /* stored */
    put16(buf, 0);              /* time */
    put16(buf, DATE);
    put32(buf, crc);
    put32(buf, size);
    put32(buf, size);
    put16(buf, NAME_LENGTH);
    put16(buf, 0);              /* extra field */
}

/* Appends a file's entry to the archive and to the directory. */
static int add(FILE *out, SimBuf *directory, const char *name,
               const SimBuf *file)
{
    uint32_t crc = crc32((const unsigned char *)file->data, file->size);
    long offset = ftell(out);
    SimBuf header = { 0 };
    int ok;

    if (offset < 0)
        return -1;
    put32(&header, 0x04034b50);
    put_entry(&header, crc, (uint32_t)file->size);
    sim_buf_append(&header, name, NAME_LENGTH);
    ok = fwrite(header.data, header.size, 1, out) == 1 &&
         fwrite(file->data, file->size, 1, out) == 1;
    sim_buf_free(&header);

    put32(directory, 0x02014b50);
    put16(directory, 20);
    put_entry(directory, crc, (uint32_t)file->size);
    put16(directory, 0);        /* comment */
    put16(directory, 0);        /* disk */
    put16(directory, 0);        /* attributes */
    put32(directory, 0);
    put32(directory, (uint32_t)offset);
    sim_buf_append(directory, name, NAME_LENGTH);
    return ok ? 0 : -1;
}

static int end(FILE *out, const SimBuf *directory, long count)
{
    long offset = ftell(out);
    SimBuf tail = { 0 };
    int ok;

    put32(&tail, 0x06054b50);
    put32(&tail, 0);            /* disks */
    put16(&tail, (unsigned)count);
    put16(&tail, (unsigned)count);
    put32(&tail, (uint32_t)directory->size);
    put32(&tail, (uint32_t)offset);
    put16(&tail, 0);            /* comment */
    ok = offset >= 0 &&
         fwrite(directory->data, directory->size, 1, out) == 1 &&
         fwrite(tail.data, tail.size, 1, out) == 1;
    sim_buf_free(&tail);
    return ok ? 0 : -1;
}

static int read_whole(const char *path, SimBuf *buf)
{
    FILE *in = fopen(path, "rb");
    char part[65536];
    size_t n;

    if (!in)
        return -1;
    while ((n = fread(part, 1, sizeof(part), in)))
        sim_buf_append(buf, part, n);
    n = (size_t)ferror(in);
    fclose(in);
    return n ? -1 : 0;
}

long sim_zip_frames(const char *path, const char *dir)
{
    FILE *out = fopen(path, "wb");
    SimBuf directory = { 0 };
    long count = 0;
    int ret = 0;

    if (!out)
        return -1;
    /* the directory of an archive this old holds no more */
    while (!ret && count < 65535) {
        char name[NAME_LENGTH + 1];
        SimBuf file = { 0 };
        char *full;

        snprintf(name, sizeof(name), "frame_%06u.png",
                 (unsigned)(count + 1) % 1000000);
        full = sim_asprintf("%s/%s", dir, name);
        if (read_whole(full, &file) < 0) {
            ret = errno == ENOENT ? 1 : -1;
        } else {
            ret = add(out, &directory, name, &file);
            count++;
        }
        sim_buf_free(&file);
        free(full);
    }
    if (ret >= 0 && count)
        ret = end(out, &directory, count);
    sim_buf_free(&directory);
    if (fclose(out))
        ret = -1;
    return ret < 0 ? -1 : count;
}
