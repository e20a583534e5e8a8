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

# ffmpeg is killed once it has bought so many clips.
sub killed {
    my ($sim, $name, $in, $options, $bought) = @_;
    # one at a time: no other create is out when that many tasks are known
    my $what = filter_command($sim, options_of($sim, $name, $in, { %$options, concurrency => 1 }));
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my %env = %{ $what->{env} };
        for (keys %env) { if (defined $env{$_}) { $ENV{$_} = $env{$_} } else { delete $ENV{$_} } }
        open STDOUT, '>', '/dev/null' or POSIX::_exit(126);
        open STDERR, '>', '/dev/null' or POSIX::_exit(126);
        exec { $what->{command}[0] } @{ $what->{command} } or POSIX::_exit(127);
    }
    my $until = time + 60;
    my $polled = sub { my %tasks = map { ($_->{path} => 1) } $sim->requests('read'); return scalar keys %tasks };
    sleep 0.05 while time < $until && $polled->() < $bought;
    kill KILL => $pid;
    waitpid $pid, 0;
    return $? & 127;
}

# three clips, of which the last is a short one
my @SHORT = (seconds => 4.5);
my $film = film('moving', moving(@SHORT));
my $nearly = film('nearly', moving(@SHORT) . ",trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=108,noise=c0s=3:c0f=t:all_seed=1");

for my $case (
    ['match', $film, {}],
    ['blend', $film, \%BLEND],
    ['a negative', $film, { prompt => 'negative' }],
    ['a nearly still picture', $nearly, \%BLEND],
    ['a fade across the joint', film('fade', moving(@SHORT) . ",fade=out:st=1.5:d=1:enable='lt(t,2.5)',fade=in:st=2.5:d=1:enable='gte(t,2.5)'"), {}],
    ['a flash', film('flash', moving(@SHORT) . ",lutyuv=y=235:enable='eq(n,47)'"), \%BLEND],
    ['a variable rate', film('variable', moving(@SHORT, rate => 30) . ",select='gt(mod(n\\,7)\\,2)+lt(n\\,20)'"), \%BLEND],
    ['24000/1001', film('rate-23', moving(@SHORT, rate => '24000/1001')), \%BLEND],
    ['60 frames a second', film('rate-60', moving(@SHORT, rate => 60)), \%BLEND],
    ['results of another rate', $film, \%BLEND, '--result-rate' => 30],
    ['results that are too long', $film, \%BLEND, '--result-stretch' => 1.06],
    ['results of a variable rate', $film, {}, '--result-vfr'],
    ['ten bits', film('deep', moving(@SHORT), 'yuv420p10le'), \%BLEND],
    ['results of ten bits', film('deep-results', moving(@SHORT), 'yuv420p10le'), \%BLEND, '--result-codec' => 'hevc10'],
    ['a cut among the frames that two clips show', film('cut', moving(@SHORT) . ",negate=enable='gte(n,45)'", 'yuv420p'), \%BLEND],
    ['full range', film('full', moving(@SHORT) . ',scale=out_range=full', 'yuv420p', 'pc'), \%BLEND],
    ['padding', film('wide', moving(@SHORT, size => '256x108')), { %BLEND, provider => 'cometapi', model => 'gen4_aleph', ratio => '1280x720' }],
) {
    my ($name, $in, $way, @service) = @$case;
    subtest "kill -9 in the middle: $name" => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 0.5, '--drift' => 'tone,field,place,grain', '--seed' => 3, @service);
        is(killed($sim, 'resumed', $in, $way, 2), 9, 'killed while the second clip is generated');
        my $again = treated($sim, 'resumed', $in, $way);
        my $bought = $sim->requests('create');
        is($bought, 1 + joints($again), 'no clip was bought twice');
        # from the same results, without a break
        my $whole = treated($sim, 'whole', $in, $way);
        is(scalar $sim->requests('create'), $bought, 'which are stored');
        is_deeply(frames_md5($again->{out}), frames_md5($whole->{out}), 'the same frames after the resume');
    };
}

done_testing;
