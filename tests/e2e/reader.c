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

/* What the check of a result says of a file, and what that costs. Run by
 * reader.t:
 *
 *     [VERBOSE=1] [FIRST=1] [SLOW=1] reader FILE SENT PIXELS TIME [STOP]
 *
 * SENT and TIME in microseconds; STOP: how often it asks whether it is to stop
 * until it is stopped; FIRST: the check decodes the first frame only; SLOW: the
 * other frames take longer, with 2 without a processor. One line: outcome, the
 * check's seconds of processor time, peak memory in KiB, seconds from then on,
 * questions asked, the most seconds of processor time between two of them, in
 * the check and in what is read after it, frames x width x height as the reader
 * gives them (-1x0x0: it does not take what is larger than PIXELS either), and
 * the text of an error, of the check or else of what is read. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "libavutil/log.h"

#include "base/clock.h"
#include "media/reader.h"

static int asked, stop, is_slow;
static int64_t stopped, last, longest;

/* Of the processor, as others may keep it busy. */
static void note_time(void)
{
    struct timespec spec;
    int64_t now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spec);
    now = spec.tv_sec * INT64_C(1000000) + spec.tv_nsec / 1000;
    if (now - last > longest)
        longest = now - last;
    last = now;
}

static int is_stopped(void *opaque)
{
    (void)opaque;
    note_time();
    if (++asked < stop || !stop)
        return 0;
    if (!stopped)
        stopped = ff_runway_now();
    return 1;
}

static int is_watched(void *opaque)
{
    (void)opaque;
    note_time();
    for (int64_t end = last + 50000; is_slow == 1 && last < end; note_time())
        ;
    if (is_slow > 1)
        nanosleep(&(const struct timespec){ 0, 50000000 }, NULL);
    return 0;
}

/* The most memory that it had, KiB. What getrusage() says of it, on Linux, has
 * that of who started it in it. */
static long peak_memory(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    struct rusage usage;
    char line[256];
    long kib;

    while (status && fgets(line, sizeof(line), status)) {
        if (sscanf(line, "VmHWM: %ld", &kib) == 1) {
            fclose(status);
            return kib;
        }
    }
    if (status)
        fclose(status);
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Read all of it as the filter does. */
static int read_frames(const RunwayReaderLimits *limits, int fd, int64_t size,
                       int *width, int *height, RunwayError *err)
{
    AVFrame *frame;
    RunwayReader *reader;
    int64_t time;
    int nb = 0;

    if (ff_runway_reader_open(&reader, limits, is_watched, NULL, fd, size,
                              err) < 0)
        return -1;
    is_slow = getenv("SLOW") ? atoi(getenv("SLOW")) : 0;
    frame = av_frame_alloc();
    while (ff_runway_reader_next(reader, frame, &time, err) > 0) {
        *width  = frame->width;
        *height = frame->height;
        nb++;
    }
    note_time();
    ff_runway_reader_free(&reader);
    av_frame_free(&frame);
    return nb;
}

int main(int argc, char **argv)
{
    RunwayError err = { RUNWAY_OK, "" }, read_err = { RUNWAY_OK, "" };
    const RunwayPolicy policy = { 0 };
    RunwayReaderLimits limits = { .policy = &policy };
    RunwayOutcome ret;
    long memory;
    int fd, nb = 0, width = 0, height = 0;
    int64_t start, size, end, used;

    if (argc < 5)
        return 2;
    if (getenv("VERBOSE"))
        av_log_set_level(AV_LOG_VERBOSE);
    fd            = open(argv[1], O_RDONLY);
    size          = lseek(fd, 0, SEEK_END);
    limits.pixels = atoll(argv[3]);
    limits.time   = atoll(argv[4]);
    limits.whole  = !getenv("FIRST");
    stop          = argc > 5 ? atoi(argv[5]) : 0;
    note_time();
    start   = last;
    longest = 0;
    ret = ff_runway_reader_check(&limits, is_stopped, NULL, fd, size,
                                 atoll(argv[2]), 0, &err);
    end = ff_runway_now();
    note_time();
    used = last - start;
    memory = peak_memory();
    if (!ret || strstr(err.text, " pixels"))
        nb = read_frames(&limits, fd, size, &width, &height,
                         &read_err);
    printf("%s|%.3f|%ld|%.3f|%d|%.3f|%dx%dx%d|%s\n",
           ret ? ff_runway_outcome_name(ret) : "accepted", used / 1e6,
           memory, stopped ? (end - stopped) / 1e6 : 0.0, asked,
           longest / 1e6, nb, width, height, ret ? err.text : read_err.text);
    return 0;
}
