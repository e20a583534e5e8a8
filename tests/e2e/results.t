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
    like($run->{err}, qr/off by 0\.\d+ of it, and length_tolerance is 0\.1/, '... that says so');
}

# --- how it is stored ------------------------------------------------------------------

# In fragments: the index says little of them, or of the first one only.
for (
    ['in fragments',                        'empty_moov+frag_keyframe'],
    ['in fragments behind an index',        'frag_keyframe'],
    ['in fragments of a frame',             'empty_moov+frag_every_frame+default_base_moof'],
    ['in fragments with an index of them',  'dash+frag_keyframe'],
) {
    my ($name, $flags) = @$_;
    # several fragments in each result
    my $other = simulator_with(<<"PERL", '--result-rate' => 'source');
system(\$ffmpeg, qw(-v error -y -i), \$file, qw(-map 0 -c:v libx264 -g 12 -c:a copy -movflags $flags -f mp4), "\$file.new") and exit 1;
rename "\$file.new", \$file or exit 1;
PERL
    same_film($other, $filter, "a result $name", $second);
}
{
    my $other = simulator_with(<<'PERL', '--result-rate' => 'source', '--result-stretch' => 1.3);
system($ffmpeg, qw(-v error -y -i), $file, qw(-map 0 -c copy -movflags empty_moov+frag_keyframe -f mp4), "$file.new") and exit 1;
rename "$file.new", $file or exit 1;
PERL
    my $run = filter_film($other, $second, $filter);
    isnt($run->{status}, 0, 'fragments three tenths too long are an error');
    like($run->{err}, qr/off by 0\.\d+ of it, and length_tolerance is 0\.1/, '... that says so');
}

# More than is shown: an edit leaves the first frames out.
{
    my $other = simulator_with(<<'PERL', '--result-rate' => 'source');
system($ffmpeg, qw(-v error -y -i), $file, qw(-vf tpad=start=10:start_mode=clone -an -f mp4), "$file.more") and exit 1;
system($ffmpeg, qw(-v error -y -ss 0.4 -i), "$file.more", qw(-c copy -f mp4), "$file.new") and exit 1;
rename "$file.new", $file or exit 1;
PERL
    same_film($other, $filter, 'a result with an edit', $second);
}

# Turned and mirrored, and marked to be shown as it was. The matrix is written
# into the track's head, as that ffmpeg does it otherwise in each release.
my $turn = <<'PERL';
sub turn {
    my ($file, $filter, @matrix) = @_;
    system($ffmpeg, qw(-v error -y -i), $file, '-vf', $filter,
        qw(-c:v libx264 -qp 0 -preset ultrafast -pix_fmt), $ENV{TURN_FORMAT} // 'yuv420p', qw(-an -f mp4), "$file.new") and exit 1;
    open my $new, '+<:raw', "$file.new" or die;
    my $bytes = do { local $/; <$new> };
    my $at = index $bytes, 'tkhd';
    exit 1 if $at < 0;
    my @m = (@matrix[0, 1], 0, @matrix[2, 3], 0, 0, 0, 1 << 30);
    substr $bytes, $at + 4 + 40, 36, pack 'l>*', map { abs $_ == 1 ? $_ << 16 : $_ } @m;
    seek $new, 0, 0;
    print $new $bytes;
    close $new;
    rename "$file.new", $file or exit 1;
}
PERL
for (
    ['a quarter to the right',  'transpose=clock',       0, -1,  1,  0],
    ['a quarter to the left',   'transpose=cclock',      0,  1, -1,  0],
    ['half a turn',             'hflip,vflip',          -1,  0,  0, -1],
    ['mirrored',                'hflip',                -1,  0,  0,  1],
    ['upside down',             'vflip',                 1,  0,  0, -1],
    ['over a corner',           'transpose=cclock_flip', 0,  1,  1,  0],
    ['a quarter, in 4:2:2',     'transpose=clock',       0, -1,  1,  0, 'yuv422p'],
    ['a quarter, in 10 bit',    'transpose=clock',       0, -1,  1,  0, 'yuv422p10le'],
) {
    my ($name, $how, @matrix) = @$_;
    local $ENV{TURN_FORMAT} = my $format = $matrix[4] // 'yuv420p';
    my $list = join ', ', @matrix[0 .. 3];
    # ffmpeg itself shows such a file upright
    my $file = numbered_film(rate => 25, frames => 30, codec => [qw(-c:v libx264 -qp 0)], name => 'upright.mp4');
    my $made = run_cmd([$^X, '-e', "my \$ffmpeg = '$FFMPEG';\n$turn turn('$file', '$how', $list)"]);
    is($made->{status}, 0, "$name: a file is made") or diag $made->{err};
    is(near(numbers_of($file), [0 .. 29], 0), '', "$name: it is right");
    my $other = simulator_with("$turn turn(\$file, '$how', $list);\n", '--result-rate' => 'source');
    same_film($other, $filter, "a result stored $name", $second);
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
