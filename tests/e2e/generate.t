#!/usr/bin/env perl
# That what comes out was generated, every frame of it, and at its own place:
# the looks of the simulator are measured on the output.
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

my $sim = RunwayTest::Simulator->start('--latency' => 0.2);

# From bright to dark and left unlike right, so that no two frames and no two
# halves are alike; pale enough that no look and no matrix has to clip a colour.
my $clip = lossless_clip(seconds => 1.5,
    filter => "eq=contrast=0.5:saturation=0.5:brightness='0.1-0.1*t':eval=frame");
my $before = frame_means($clip);

sub least { my ($least) = sort { $a <=> $b } @{ $_[0] }; return $least // -1 }
sub most { my ($most) = sort { $b <=> $a } @{ $_[0] }; return $most // 999 }

# Every frame's mean is what the look makes of the source frame's mean.
sub look_like {
    my ($name, $path, $tolerance, @plane) = @_;
    my $after = frame_means($path);
    is(scalar @$after, scalar @$before, "$name: as many frames");
    for my $p (0 .. 2) {
        my @off = map { abs($after->[$_][$p] - $plane[$p]->($before->[$_][$p])) } 0 .. $#$before;
        cmp_ok(most(\@off), '<=', $tolerance, "$name: plane $p of every frame is as the look makes it");
    }
}

subtest 'night' => sub {
    my $run = ok_filter($sim, 'night', in => $clip, options => { prompt => 'turn the day into night' });
    # the simulator rounds each sample, x264 adds its own
    look_like('night', $run->{out}, 3, sub { 16 + 0.35 * ($_[0] - 16) }, sub { 146 + 0.4 * ($_[0] - 128) },
        sub { 120 + 0.4 * ($_[0] - 128) });
    my $psnr = psnr_per_frame($run->{out}, 'null', $clip, 'null');
    cmp_ok(most($psnr), '<', 20, 'no frame is the source frame');
};

subtest 'negative' => sub {
    my $run = ok_filter($sim, 'negative', in => $clip, options => { prompt => 'negative' });
    look_like('negative', $run->{out}, 3, sub { 251 - $_[0] }, sub { 256 - $_[0] }, sub { 256 - $_[0] });
    my $psnr = psnr_per_frame($run->{out}, 'lutyuv=y=negval:u=negval:v=negval', $clip, 'null');
    is(scalar @$psnr, scalar @$before, 'every frame was compared');
    cmp_ok(least($psnr), '>', 24, 'inverted once more, each frame is its own source frame');
    # a frame of another time is further off than that
    my $shifted = psnr_per_frame($run->{out}, 'lutyuv=y=negval:u=negval:v=negval,setpts=N', $clip,
        'trim=start_frame=3,setpts=N');
    cmp_ok(least([map { $psnr->[$_] - $shifted->[$_] } 0 .. $#$shifted - 3]), '>', 1, 'and not that of three frames later');
};

subtest 'mirror' => sub {
    my $run = ok_filter($sim, 'mirror', in => $clip, options => { prompt => 'mirrored' });
    my $psnr = psnr_per_frame($run->{out}, 'hflip', $clip, 'null');
    cmp_ok(least($psnr), '>', 24, 'mirrored once more, each frame is its own source frame');
    cmp_ok(most(psnr_per_frame($run->{out}, 'null', $clip, 'null')), '<', 15, 'and was mirrored');
};

subtest 'any other prompt, out of a file' => sub {
    my $file = spew("$TMP/prompt.txt", "\xEF\xBB\xBFa caf\xC3\xA9, it's: 100 %, [raining];\n");
    my $run = ok_filter($sim, 'sepia', in => $clip, options => { prompt_file => $file });
    look_like('sepia', $run->{out}, 3, sub { $_[0] }, sub { 106 }, sub { 148 });
    my ($create) = reverse $sim->requests('create');
    is($create->{body}{promptText}, "a caf\x{e9}, it's: 100 %, [raining];", 'the prompt arrives as it is, without BOM and newline');
};

subtest 'several clips' => sub {
    my $before_this = $sim->requests('create');
    my $run = ok_filter($sim, 'three clips', in => $clip, options => { prompt => 'negative', clip_duration => 0.5 });
    # gen4_aleph takes no less than 1 s: two clips, the second held to its length
    is($sim->requests('create') - $before_this, 2, 'two clips, a create each');
    my $psnr = psnr_per_frame($run->{out}, 'lutyuv=y=negval:u=negval:v=negval', $clip, 'null');
    is(scalar @$psnr, scalar @$before, 'every frame was compared');
    cmp_ok(least($psnr), '>', 24, 'each frame of each clip is its own source frame');
};

subtest 'where a frame comes from is said' => sub {
    my $run = ok_filter($sim, 'metadata', in => $clip, options => { prompt => 'night', clip_duration => 1 },
        after => 'metadata=print:file=-', args => [qw(-f null)], out => '-');
    my %count;
    $count{$1}++ while $run->{stdout} =~ /^lavfi\.runway_v2v\.(\w+=\S+)$/mg;
    is($count{'origin=generated'}, scalar @$before, 'every frame: generated');
    is($count{'clip=1'}, 24, 'of the first clip');
    is($count{'clip=2'}, 12, 'of the second clip');
    my %billed = map { ("task_id=$_->{task}" => 1) } $sim->events('billed');
    is((grep { /^task_id=/ && $billed{$_} } keys %count), 2, 'by a task that was billed');
};

subtest 'enable: the others pass untouched' => sub {
    my $run = ok_filter($sim, 'enable', in => $clip, options => { prompt => 'negative', enable => 'lt(t,1)' });
    my $psnr = psnr_per_frame($run->{out}, 'null', $clip, 'null');
    is(scalar @$psnr, scalar @$before, 'as many frames');
    cmp_ok(most([@$psnr[0 .. 23]]), '<', 20, 'generated as long as enabled');
    is(least([@$psnr[24 .. 35]]), 99, 'bit by bit the source frames then');
    is_deeply(times_of($run->{out}), times_of($clip), 'and every time is the source\'s');
};

subtest 'the result may be of another rate and length' => sub {
    for my $case (['--result-rate' => 30], ['--result-frames' => -1, '--no-audio'],
        ['--result-rate' => '30000/1001', '--result-stretch' => '1.04'], ['--result-vfr'],
        ['--result-size' => '640x352'], ['--wrap', '--not-exist-for' => 0.3]) {
        my $name = "@$case";
        my $other = RunwayTest::Simulator->start('--latency' => 0.2, @$case);
        my $run = ok_filter($other, $name, in => $clip, options => { prompt => 'mirror' });
        is_deeply(times_of($run->{out}), times_of($clip), "$name: frames and times are the source's");
        my $psnr = psnr_per_frame($run->{out}, 'hflip', $clip, 'null');
        cmp_ok(least($psnr), '>', 18, "$name: each frame is made of its own source frame or the next to it");
    }
};

subtest 'Runway itself' => sub {
    my $run = ok_filter(undef, 'runway', in => $clip, options => { prompt => 'negative' },
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64, RUNWAYML_BASE_URL => $sim->{runway} });
    look_like('runway', $run->{out}, 3, sub { 251 - $_[0] }, sub { 256 - $_[0] }, sub { 256 - $_[0] });
    my ($create) = reverse $sim->requests('create');
    is($create->{path}, '/v1/video_to_video', 'its path');
    is_deeply([sort keys %{ $create->{body} }], [qw(model promptText seed videoUri)], 'its fields, no ratio');
    is($create->{body}{model}, 'aleph2', 'its model');
    cmp_ok($create->{clip}{duration}, '>=', 2, 'at least two seconds');
};

done_testing;
