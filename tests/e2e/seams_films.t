#!/usr/bin/env perl
# Joints of films of every kind: still ones, those that fade or flash where clips
# meet, of odd and variable rates, of more bits, of full range, of another shape than
# the ratio's; results of other rates and lengths; a picture that is inverted.
# However a joint is treated, there are as many frames as without, each at its time,
# and no joint is seen more. seams_killed.t kills the run.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use FilterTest;
use RunwayTest;
use SeamTest;

# A film, treated in each way, against a service that drifts. Besides the film:
#   options, service   of both
#   seam               what is said of joints with match: of all, or of each
#   part               of an untreated joint that may be left (1/2)
#   judge              0: times only
sub all_ways {
    my ($name, $film, %opt) = @_;
    subtest $name => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3, @{ $opt{service} || [] });
        my %options = %{ $opt{options} || {} };
        my $none = treated($sim, 'none', $film, { seam => 'none', %options });
        my @joints = joints($none);
        cmp_ok(scalar @joints, '>=', 2, 'there are joints');
        my @before = ratios($film, $none->{out}, map { [$_->{frame}] } @joints);
        my ($least) = sort { $a <=> $b } @before;
        my $part = $opt{part} // 0.5;
        for my $way ({}, \%BLEND) {
            my $run = treated($sim, 'way', $film, { %options, %$way });
            my $seam = $way->{seam} // 'match';
            is_deeply(times_of($run->{out}), times_of($none->{out}), "$seam: each frame at its time");
            my @now = joints($run);
            is(join(' ', map { $_->{seam} } @now), $opt{seam} =~ / / ? $opt{seam} : join(' ', ($opt{seam}) x @now), "$seam: what was done")
                if $opt{seam} && !%$way;
            next if defined $opt{judge};
            my @after = ratios($film, $run->{out},
                map { my $at = $_->{frame}; $way->{overlap} ? [map { $at - $_ } 0 .. ($opt{shared} // 6)] : [$at] } @now);
            my ($worst) = sort { $b <=> $a } @after;
            cmp_ok($worst, '<', $least * $part, "$seam: the worst joint is less than so much of the best untreated one");
        }
    };
}

my $film = film('moving', moving());

all_ways('a negative', $film, options => { prompt => 'negative' }, seam => 'matched');
# its clips are equal and share one task, so nothing is seen to begin with
all_ways('a still picture', film('still', moving() . ',trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=144'), seam => 'close', judge => 0);
all_ways('a nearly still picture', film('nearly', moving() . ",format=yuv420p,trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=144,noise=c0s=3:c0f=t:all_seed=1"), seam => 'matched');
all_ways('ten bits', film('deep', moving(), 'yuv420p10le'), seam => 'matched');
all_ways('full range', film('full', moving() . ',scale=out_range=full', 'yuv420p', 'pc'), seam => 'matched');
all_ways('24000/1001', film('rate-23', moving(rate => '24000/1001')), seam => 'matched');
all_ways('60 frames a second', film('rate-60', moving(rate => 60)), seam => 'matched', shared => 16);
all_ways('a variable rate', film('variable', moving(rate => 30) . ",select='gt(mod(n\\,7)\\,2)+lt(n\\,20)'"), seam => 'matched', shared => 8);
all_ways('padding', film('wide', moving(size => '256x108')), options => { provider => 'cometapi', model => 'gen4_aleph', ratio => '1280x720' }, seam => 'matched');
all_ways('results of another rate', $film, service => ['--result-rate' => 30], seam => 'matched');
all_ways('results of half the rate', $film, service => ['--result-rate' => 12], seam => 'matched');
all_ways('results that are too long', $film, service => ['--result-stretch' => 1.06], seam => 'matched');
all_ways('results of a variable rate', $film, service => ['--result-vfr'], seam => 'matched');
# where the source changes much the film is not touched, or not made worse
all_ways('a fade across the joint', film('fade', moving() . ",fade=out:st=1.5:d=1:enable='lt(t,2.5)',fade=in:st=2.5:d=1:enable='gte(t,2.5)'"),
    seam => 'cut matched', judge => 0);
# a frame that stands is sent for a second, and is no gap
all_ways('a frame that stands', film('stands', moving() . ",settb=1/24,setpts='N+if(gte(N,24),72,0)'"), seam => 'matched', judge => 0);
for my $at (47, 48) {
    subtest "a flash at frame $at" => sub {
        my $flash = film("flash-$at", moving() . ",lutyuv=y=235:enable='eq(n,$at)'");
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3);
        my ($none, $match) = map { treated($sim, $_, $flash, { seam => $_ }) } qw(none match);
        my @frames = map { frames_md5($_->{out}) } $none, $match;
        is_deeply([@{ $frames[1] }[0 .. 95]], [@{ $frames[0] }[0 .. 95]], 'nothing is matched across it');
        is((joints($match))[0]{seam}, 'cut', 'it is said to be a cut');
        my $blend = treated($sim, 'blend', $flash, \%BLEND);
        is_deeply(times_of($blend->{out}), times_of($none->{out}), 'blend: each frame at its time');
    };
}

done_testing;
