# A clock that runs faster for one program, for tests of what comes after minutes.
#
#   my $lib = fast_clock();     # undef: there is no such library here
#   run_cmd([...], env => { LD_PRELOAD => $lib });          # as much as $FASTER
#   run_cmd([...], env => { LD_PRELOAD => $lib, FASTER => 5 });
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package FastClock;
use strict;
use warnings;

use Exporter qw(import);
use RunwayTest;

our @EXPORT = qw(fast_clock $FASTER);

# A second is so many.
our $FASTER = 40;

sub fast_clock {
    my $lib = "$TMP/fast.so";
    my $cc = run_cmd([split(' ', $ENV{CC} || 'cc'), qw(-shared -fPIC -o), $lib, "-DFASTER=$FASTER", spew("$TMP/fast.c", <<'C'), qw(-ldl -pthread)]);
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static long long start, faster = FASTER;
static long long real_now(void)
{
    struct timespec ts;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}
__attribute__((constructor)) static void begin(void)
{
    if (getenv("FASTER"))
        faster = atoi(getenv("FASTER"));
    start = real_now();
}
int clock_gettime(clockid_t id, struct timespec *ts)
{
    long long now;
    if (id != CLOCK_MONOTONIC)
        return syscall(SYS_clock_gettime, id, ts);
    now = start + (real_now() - start) * faster;
    ts->tv_sec  = now / 1000000000;
    ts->tv_nsec = now % 1000000000;
    return 0;
}
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *) = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec ts = *until;
    /* seconds since 1970 are of another clock */
    if (ts.tv_sec < 1000000000) {
        long long at = start + (ts.tv_sec * 1000000000LL + ts.tv_nsec - start) / faster;
        ts.tv_sec  = at / 1000000000;
        ts.tv_nsec = at % 1000000000;
    }
    return real(cond, mutex, &ts);
}
C
    return $cc->{status} ? undef : $lib;
}

1;
