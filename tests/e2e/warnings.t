#!/usr/bin/env perl
# The filter's files draw no warning from the compiler in FFmpeg's own build,
# with the flags that FFmpeg's configure has picked.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my $dir = dirname($FFMPEG);
plan skip_all => "$dir is no build directory of FFmpeg" if !-f "$dir/ffbuild/config.mak";
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

my @files = map { s{^\Q$ROOT\E/vf_runway/}{libavfilter/}r } glob("$ROOT/vf_runway/*.c"), glob("$ROOT/vf_runway/runway/*/*.c");
cmp_ok(scalar @files, '>', 30, 'there are files');
my $asked = run_cmd(['make', '-n', 'V=1', '-C', $dir, (map { ('-W', "src/$_") } @files), map { s/\.c$/.o/r } @files]);
is($asked->{status}, 0, 'make says how each is compiled') or diag $asked->{err};

my %command;
for my $line (split /\n/, $asked->{out}) {
    $command{$1} = $line if $line =~ m{ -c .*\bsrc/(libavfilter/\S+\.c)\s*$};
}
is_deeply([grep { !$command{$_} } @files], [], 'each of them');

# To another place than the build's, and as optimized as a release: some
# warnings come with optimization only.
for my $file (@files) {
    my $command = ($command{$file} // next) . ' -O2';
    $command =~ s/ -o \S+/ -o '$TMP\/warnings.o'/;
    $command =~ s/ -MF \S+/ -MF '$TMP\/warnings.d'/;
    my $run = run_cmd(['sh', '-c', $command], dir => $dir);
    is("$run->{status} $run->{err}$run->{out}", '0 ', $file);
}

done_testing;
