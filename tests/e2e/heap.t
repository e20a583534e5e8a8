#!/usr/bin/env perl
# Large pictures go back to the system when they are freed: glibc is told so,
# unless its user has said from what size on. What it is told is seen in mallopt()'s
# place; what comes of it, in the rows of `make bench B=memory`.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

plan skip_all => 'the C library is not glibc' if run_cmd(['sh', '-c', 'ldd --version 2>&1'])->{out} !~ /GNU|GLIBC/i;
plan skip_all => 'a sanitizer has an allocator of its own' if run_cmd(['sh', '-c', "nm -D '$FFMPEG' 2>/dev/null"])->{out} =~ /__[at]san_/;

my ($source, $lib) = ("$TMP/mallopt.c", "$TMP/mallopt.so");
spew($source, <<'C');
#include <stdio.h>

int mallopt(int what, int value)
{
    fprintf(stderr, "mallopt %d %d\n", what, value);
    return 1;
}
C
my $made = run_cmd(['cc', '-shared', '-fPIC', '-o', $lib, $source]);
is($made->{status}, 0, 'mallopt() is watched') or BAIL_OUT($made->{err});

my $sim = RunwayTest::Simulator->start('--latency' => 0.1);
my $clip = make_clip(seconds => 1);

for my $case (
    ['nothing said', {}, 1],
    ['said by its variable', { MALLOC_MMAP_THRESHOLD_ => 4_000_000 }, 0],
    ['said by a tunable', { GLIBC_TUNABLES => 'glibc.malloc.mmap_threshold=4000000' }, 0],
    ['another tunable', { GLIBC_TUNABLES => 'glibc.malloc.arena_max=3' }, 1],
) {
    my ($name, $env, $told) = @$case;
    my $run = ok_filter($sim, $name, in => $clip, loglevel => 'error', options => { prompt => 'echo' }, env => { LD_PRELOAD => $lib, %$env });
    my %said = map { ($_ => 1) } $run->{err} =~ /^(mallopt .*)$/mg;
    is(join(', ', sort keys %said), $told ? 'mallopt -3 2097152' : '', "$name: what it is told");
}

done_testing;
