#!/usr/bin/env perl
# Frames out are frames in, one by one at the same times, whatever the provider
# makes of a clip: rate, count, length, size. With timing=native they are its own,
# on the source's time line.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayFilm;
use RunwayTest;

my $filter = 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2';

# --- what comes back ----------------------------------------------------------------

my $second = numbered_film(rate => 25, frames => 130);
for (
    ['one frame more',           0, ['--result-rate' => 'source', '--result-frames' => '+1']],
    ['two frames fewer',         2, ['--result-rate' => 'source', '--result-frames' => '-2']],
    ['24 fps for 25',            1, ['--result-rate' => 24]],
    ['30 fps for 25',            1, ['--result-rate' => 30]],
    ['60 fps for 25',            1, ['--result-rate' => 60]],
    ['12 fps for 25',            2, ['--result-rate' => 12]],
    ['a tenth longer',           1, ['--result-rate' => 'source', '--result-frames' => '+0', '--result-stretch' => '1.09']],
    ['a tenth shorter',          1, ['--result-rate' => 'source', '--result-frames' => '+0', '--result-stretch' => '0.91']],
    ['a variable rate',          1, ['--result-rate' => 'source', '--result-vfr']],
    ['another size',             0, ['--result-rate' => 'source', '--result-size' => '320x176']],
    ['10 bit',                   0, ['--result-rate' => 'source', '--result-codec' => 'hevc10']],
    ['ProRes',                   0, ['--result-rate' => 'source', '--result-codec' => 'prores']],
    ['no sound and no tags',     0, ['--result-rate' => 'source', '--no-audio', '--result-untagged']],
) {
    my ($name, $within, $args) = @$_;
    my $other = RunwayTest::Simulator->start('--latency' => 0.1, @$args);
    same_film($other, $filter, "the result has $name", $second, within => $within);
}
{
    my $other = RunwayTest::Simulator->start('--latency' => 0.1, '--result-stretch' => 1.3);
    my $run = filter_film($other, $second, $filter);
    isnt($run->{status}, 0, 'a result three tenths too long is an error');
    like($run->{err}, qr/over a tenth off/, '... that says so');
}

# --- timing=native ----------------------------------------------------------------

for (
    ['24 fps, one frame more', ['--result-rate' => 24]],
    ['30 fps',                 ['--result-rate' => 30]],
    ['30 fps, a tenth longer', ['--result-rate' => 30, '--result-frames' => '+0', '--result-stretch' => 1.09]],
    ['24 fps, a tenth shorter', ['--result-rate' => 24, '--result-frames' => '+0', '--result-stretch' => 0.91]],
    ['a variable rate',        ['--result-vfr']],
) {
    my ($name, $args) = @$_;
    my $other = RunwayTest::Simulator->start('--latency' => 0.1, @$args);
    my $run = filter_film($other, $second, "$filter:timing=native", before => 'setpts=PTS+3/TB');
    subtest "native: $name" => sub {
        ends_well($run, 'ends well') or return;
        my @pts = map { $_->{pts} } @{ $run->{frames} };
        is($pts[0], 3 * 90000, 'begins with the source');
        is((grep { $pts[$_] <= $pts[$_ - 1] } 1 .. $#pts), 0, 'times rise');
        my ($rate) = $name =~ /^(\d+) fps/;
        # A seam falls between two frames of a clip: no more than one frame's time.
        my @gaps = sort { $a <=> $b } map { $pts[$_] - $pts[$_ - 1] } 1 .. $#pts;
        my $usual = $gaps[@gaps / 2];
        cmp_ok($gaps[-1], '<=', $usual * ($name =~ /variable/ ? 2.1 : 1.15), 'no gap at a seam');
        # Each clip begins where the source's clip did, 2 s apart.
        my %at = map { $_ => 1 } @pts;
        ok($at{(3 + 2 * $_) * 90000}, "a frame at the clip's beginning, $_") for 0 .. 2;
        my $length = probe($run->{file})->{video}{nb_read_packets};
        is($length, scalar @pts, 'all are in the file');
        # What is shown at a time is what the source showed then.
        my $numbers = numbers_of($run->{file});
        my @off = grep { abs($numbers->[$_] - ($pts[$_] / 90000 - 3) * 25) > 25 / ($rate // 24) + 1 } 0 .. $#pts;
        is(scalar @off, 0, 'the pictures are on the time line of the source');
        cmp_ok($pts[-1], '<', (3 + 130 / 25) * 90000, 'nothing behind the end');
    };
}

done_testing;
