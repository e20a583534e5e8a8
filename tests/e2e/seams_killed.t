#!/usr/bin/env perl
# Joints of films of every kind, as in seams_films.t, where the run is killed in the
# middle: nothing is bought twice, and the same frames come out.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use POSIX ();
use Time::HiRes qw(sleep time);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use FilterTest;
use RunwayTest;
use SeamTest;

# ffmpeg, with its frames in $to, until it is killed as soon as $done->().
sub killed {
    my ($sim, $name, $in, $options, $to, $done, @args) = @_;
    my %of = (options_of($sim, $name, $in, $options), @args);
    my $what = filter_command($sim, %of);
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my %env = %{ $what->{env} };
        for (keys %env) { if (defined $env{$_}) { $ENV{$_} = $env{$_} } else { delete $ENV{$_} } }
        open STDOUT, '>&', $to or POSIX::_exit(126);
        open STDERR, '>', '/dev/null' or POSIX::_exit(126);
        exec { $what->{command}[0] } @{ $what->{command} } or POSIX::_exit(127);
    }
    close $to;
    $done->();
    kill KILL => $pid;
    waitpid $pid, 0;
    return $? & 127;
}

# Killed once it has bought so many clips. What the next one is made of comes in
# slowly: no other create is out, however late this is.
sub killed_buying {
    my ($sim, $name, $in, $options, $bought) = @_;
    my $hold = 'sendcmd=c=4.1 realtime speed 0.01,realtime=speed=1000';
    open my $null, '>', '/dev/null' or die "/dev/null: $!\n";
    my $polled = sub { my %tasks = map { ($_->{path} => 1) } $sim->requests('read'); return scalar keys %tasks };
    my $until = time + 60 * $PATIENCE;
    return killed($sim, $name, $in, { %$options, concurrency => 1 }, $null,
        sub { sleep 0.05 while time < $until && $polled->() < $bought }, before => $hold);
}

# Killed once so many frames have come out, of so many bytes; it waits to be rid of
# the next ones. @return the signal and these frames
sub killed_writing {
    my ($sim, $name, $in, $options, $nb, $size) = @_;
    pipe my $read, my $write or die "pipe: $!\n";
    my $frames = '';
    my $done = sub { while (length($frames) < $nb * $size) { sysread $read, $frames, $nb * $size - length $frames, length $frames or last } };
    my $signal = killed($sim, $name, $in, $options, $write, $done, after => undef, out => '-',
        args => [qw(-fps_mode passthrough -pix_fmt yuv420p -f rawvideo)]);
    return ($signal, $frames);
}

# three clips, of which the last is a short one
my @SHORT = (seconds => 4.5);
my $film = film('moving', moving(@SHORT));
my $variable = film('variable', moving(@SHORT, rate => 30) . ",select='gt(mod(n\\,7)\\,2)+lt(n\\,20)'");
my $ntsc = film('rate-23', moving(@SHORT, rate => '24000/1001'));
my $fast = film('rate-60', moving(@SHORT, rate => 60));
my $deep = film('deep', moving(@SHORT), 'yuv420p10le');
my $full = film('full', moving(@SHORT) . ',scale=out_range=full', 'yuv420p', 'pc');
my $wide = film('wide', moving(@SHORT, size => '256x108'));
my %PADDED = (provider => 'cometapi', model => 'gen4_aleph', ratio => '1280x720');
my $nearly = film('nearly', moving(@SHORT) . ",trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=108,noise=c0s=3:c0f=t:all_seed=1");

for my $case (
    ['match', $film, {}],
    ['blend', $film, \%BLEND],
    ['a negative', $film, { prompt => 'negative' }],
    ['a nearly still picture', $nearly, \%BLEND],
    ['a fade across the joint', film('fade', moving(@SHORT) . ",fade=out:st=1.5:d=1:enable='lt(t,2.5)',fade=in:st=2.5:d=1:enable='gte(t,2.5)'"), {}],
    ['a flash', film('flash', moving(@SHORT) . ",lutyuv=y=235:enable='eq(n,47)'"), \%BLEND],
    ['a variable rate', $variable, \%BLEND],
    ['a variable rate, match', $variable, {}],
    ['24000/1001', $ntsc, \%BLEND],
    ['24000/1001, match', $ntsc, {}],
    ['60 frames a second', $fast, \%BLEND],
    ['60 frames a second, match', $fast, {}],
    ['results of another rate', $film, \%BLEND, '--result-rate' => 30],
    ['results that are too long', $film, \%BLEND, '--result-stretch' => 1.06],
    ['results of a variable rate', $film, {}, '--result-vfr'],
    ['ten bits', $deep, \%BLEND],
    ['results of ten bits', $deep, \%BLEND, '--result-codec' => 'hevc10'],
    ['results of ten bits, match', $deep, {}, '--result-codec' => 'hevc10'],
    ['a cut among the frames that two clips show', film('cut', moving(@SHORT) . ",negate=enable='gte(n,45)'", 'yuv420p'), \%BLEND],
    ['full range', $full, \%BLEND],
    ['full range, match', $full, {}],
    ['padding', $wide, { %BLEND, %PADDED }],
    ['padding, match', $wide, \%PADDED],
) {
    my ($name, $in, $way, @service) = @$case;
    subtest "kill -9 in the middle: $name" => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 0.5, '--drift' => 'tone,field,place,grain', '--seed' => 3, @service);
        is(killed_buying($sim, 'resumed', $in, $way, 2), 9, 'killed while the second clip is generated');
        my $again = treated($sim, 'resumed', $in, $way);
        my $bought = $sim->requests('create');
        is($bought, 1 + joints($again), 'no clip was bought twice');
        # from the same results, without a break
        my $whole = treated($sim, 'whole', $in, $way);
        is(scalar $sim->requests('create'), $bought, 'which are stored');
        is_deeply(frames_md5($again->{out}), frames_md5($whole->{out}), 'the same frames after the resume');
    };
}

# two clips: both are bought once a frame of the second one is out
my @TWO = (seconds => 3.75);
$film = film('two', moving(@TWO));

for my $case (
    ['match', $film, {}, 60],
    ['blend', $film, \%BLEND, 45],
    ['native frames', $film, { timing => 'native' }, 70, '--result-rate' => 30],
    ['ten bits', film('two-deep', moving(@TWO), 'yuv420p10le'), \%BLEND, 45],
    ['padding', film('two-wide', moving(@TWO, size => '256x108')), { %BLEND, provider => 'cometapi', model => 'gen4_aleph', ratio => '1280x720' }, 45],
    ['a variable rate', film('two-variable', moving(@TWO, rate => 30) . ",select='gt(mod(n\\,7)\\,2)+lt(n\\,20)'"), \%BLEND, 40],
    ['60 frames a second', film('two-60', moving(@TWO, rate => 60)), \%BLEND, 112],
    ['results that are too short', $film, \%BLEND, 45, '--result-stretch' => 0.94],
    ['results of half the rate', $film, \%BLEND, 45, '--result-rate' => 12],
    ['a fade across the joint', film('two-fade', moving(@TWO) . ",fade=out:st=1.5:d=0.4:enable='lt(t,1.9)',fade=in:st=1.9:d=0.4:enable='gte(t,1.9)'"), \%BLEND, 45],
    ['a cut among the frames that two clips show', film('two-cut', moving(@TWO) . ",negate=enable='gte(n,45)'", 'yuv420p'), \%BLEND, 46],
) {
    my ($name, $in, $way, $nb, @service) = @$case;
    subtest "kill -9 while frames come out: $name" => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone,field,place,grain', '--seed' => 3, @service);
        my $facts = probe($in)->{video};
        my $size = $facts->{width} * $facts->{height} * 3 / 2;
        my ($signal, $frames) = killed_writing($sim, 'written', $in, $way, $nb, $size);
        is($signal, 9, 'killed');
        my $again = treated($sim, 'written', $in, $way);
        is(scalar $sim->requests('create'), 2, 'no clip was bought twice');
        my @times = map { $_->{pts_time} } @{ packets($again->{out}, 'v:0') };
        my ($joint) = joints($again);
        cmp_ok($times[$nb - 1], '>', $times[$joint->{frame}] - ($way->{overlap} // 0), 'with frames of the second clip');
        my $out = raw_frames($again->{out}, 'format=yuv420p', $size);
        is_deeply([grep { $out->[$_] ne substr $frames, $_ * $size, $size } 0 .. $nb - 1], [], 'the same frames as before');
        my $whole = treated($sim, 'whole', $in, $way);
        is_deeply(frames_md5($again->{out}), frames_md5($whole->{out}), 'and behind them the same as without a break');
    };
}

done_testing;
