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
 * A result from the network: what ff_runway_reader_check() lets pass is then read
 * as the filter reads it, and what it does not let pass is said.
 */

#include "libavutil/frame.h"
#include "libavutil/log.h"

#include "media/reader.h"
#include "fuzz.h"

/* As long as the clip that was sent; its corpus is of that length. */
#define SENT 1000000
#define PIXELS (1920 * 1080)

static int never(void *opaque)
{
    (void)opaque;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = fuzz_file(data, size);
    const RunwayPolicy policy = { .length_tolerance = 0.1 };
    RunwayReaderLimits limits = { .pixels = PIXELS, .policy = &policy,
                                  .whole = 1 };
    RunwayReader *reader;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;
    AVFrame *frame = av_frame_alloc();
    int64_t time, last = -1;

    av_log_set_level(AV_LOG_QUIET);
    MUST(frame);
    ret = ff_runway_reader_check(&limits, never, NULL, fd, (int64_t)size, SENT, 0,
                                 &err);
    MUST(!ret || err.text[0]);
    MUST(ret != RUNWAY_IO && ret != RUNWAY_CANCELLED);
    if (!ret) {
        /* it opens, because it did */
        MUST(!ff_runway_reader_open(&reader, &limits, NULL, NULL, fd,
                                    (int64_t)size, &err));
        while (ff_runway_reader_next(reader, frame, &time, &err) > 0) {
            MUST(time > last && frame->width > 0 && frame->height > 0);
            MUST((int64_t)frame->width * frame->height <= PIXELS);
            last = time;
        }
        ff_runway_reader_free(&reader);
    }
    av_frame_free(&frame);
    close(fd);
    return 0;
}
