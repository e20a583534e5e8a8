#!/usr/bin/env perl
# FFmpeg's own tests (FATE) of filters, as far as they need no samples, in the
# build that has the filter in it: what is put in must break nothing.
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

# As scripts/build-ffmpeg has it: FFmpeg must not take the project's commits
# for its own, or it would call itself by another version and be linked anew
# under the other tests.
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
$ENV{GIT_CEILING_DIRECTORIES} = dirname(abs_path("$BUILD/src/ffmpeg"));
my @before = (stat $FFMPEG)[1, 9];

my $listed = run_cmd(['make', '-s', '-C', $dir, 'fate-list'], timeout => 300);
is($listed->{status}, 0, 'the list of FATE') or diag $listed->{err};
my @tests = grep { /^fate-(filter-|ffmpeg-(filter|lavfi)|lavfi|sws-)/ } split /\s+/, $listed->{out};
cmp_ok(scalar @tests, '>=', 130, 'has tests of filters') or diag "@tests";

my $run = run_cmd(['make', '-k', '-j2', '-C', $dir, @tests], timeout => 1500);
my @failed = $run->{err} =~ /\*\*\* \[[^\]]*\b(fate-[^\]]+)\]/g;
is("@failed", '', scalar(@tests) . ' tests of filters: none fails');
is($run->{status}, 0, 'make agrees') or diag substr $run->{err}, -2000;
my %started = map { ("fate-$_" => 1) } $run->{out} =~ /^TEST\s+(\S+)/mg;
is_deeply([grep { !$started{$_} } @tests], [], 'all were run');
is_deeply([(stat $FFMPEG)[1, 9]], \@before, 'the ffmpeg under test is the one that was built');

done_testing;
