#!/usr/bin/env perl
# The ring of source frames on disk, by itself: spool.c with the libraries that
# the ffmpeg of the tests is made of.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my $build = dirname(abs_path($FFMPEG));
plan skip_all => "$FFMPEG is not where it was built" if !-f "$build/ffbuild/config.mak";

my %config = map { /^([\w-]+)=(.*)/ ? ($1 => $2) : () } split /\n/, slurp("$build/ffbuild/config.mak");
my @libraries = map { "$build/lib$_/lib$_.a" } qw(avfilter avformat avcodec swscale swresample avutil);
my $line = join ' ', $config{CC}, '-std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-deprecated-declarations',
    (grep { /^-fsanitize=/ } split ' ', $config{LDFLAGS}), "-I$build -I$build/src -I$ROOT/vf_runway/runway",
    "-o $TMP/spool $ROOT/tests/e2e/spool.c", @libraries, '$(pkg-config --cflags --libs cmocka)',
    map { $config{$_} } sort grep { /^EXTRALIBS-/ } keys %config;
my $run = run_cmd(['sh', '-c', $line], timeout => 300);
BAIL_OUT("$line\n$run->{err}") if $run->{status};
exec "$TMP/spool" or die "spool: $!\n";
