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

/*
 * What stands in front of FFmpeg's demuxer: the boxes of a result. What it shows
 * passes again, and is shown as it is.
 */

#include "math/mp4.h"
#include "fuzz.h"

#define PIXELS (1920 * 1080)

static int read_input(void *opaque, int64_t offset, void *data, size_t size)
{
    const FuzzInput *in = opaque;

    MUST(offset >= 0 && size <= in->size && (size_t)offset <= in->size - size);
    memcpy(data, in->data + offset, size);
    return 0;
}

/* What is shown of an input; NULL: it is refused. */
static uint8_t *show(FuzzInput *in, size_t *size)
{
    const RunwayMp4Source source = { (int64_t)in->size, read_input, NULL, in };
    RunwayError err = { RUNWAY_OK, "" };
    RunwayMp4 *mp4;
    RunwayOutcome ret = ff_runway_mp4_parse(&mp4, &source, PIXELS, &err);
    uint8_t *data;

    MUST(!mp4 == !!ret);
    if (ret) {
        MUST((ret == RUNWAY_NO_RESULT || ret == RUNWAY_BAD_RESULT ||
              ret == RUNWAY_INVALID) &&
             err.text[0]);
        return NULL;
    }
    *size = (size_t)ff_runway_mp4_size(mp4);
    data  = malloc(*size);
    MUST(data && !ff_runway_mp4_read(mp4, 0, data, *size));
    ff_runway_mp4_free(&mp4);
    return data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput in = { data, size };
    const size_t whole = size;
    uint8_t *once, *twice;

    once = show(&in, &in.size);
    if (!once)
        return 0;
    in.data = once;
    size    = in.size;
    twice   = show(&in, &in.size);
    /* what is not shown at its end counts where bytes of frames are limited */
    MUST((twice && in.size == size + 8 && !memcmp(once, twice, size)) ||
         (!twice && size < whole + 8));
    free(once);
    free(twice);
    return 0;
}
