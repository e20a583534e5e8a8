#!/usr/bin/env perl
# Frames out are frames in, one by one at the same times, whatever the rate and
# the times of the source.
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

my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--result-rate' => 'source', '--result-frames' => '+0');

# --- rates ------------------------------------------------------------------------

for my $rate (qw(24000/1001 24 25 30000/1001 30)) {
    my $film = numbered_film(rate => $rate, frames => 131);
    same_film($sim, $filter, "$rate fps", $film);
}
# Every other frame is sent: both of a pair show the first's picture.
for my $rate (50, 60) {
    my $film = numbered_film(rate => $rate, frames => 251);
    my $run = same_film($sim, $filter, "$rate fps, thinned for the upload", $film, within => 1);
}
# where the longest clip is no whole number of frames
same_film($sim, "$filter:clip_duration=2.5", '60000/1001 fps, thinned for the upload', numbered_film(rate => '60000/1001', frames => 251), within => 1);
same_film($sim, $filter, '120 fps', numbered_film(rate => 120, frames => 300), within => 3);
same_film($sim, $filter, '5 fps', numbered_film(rate => 5, frames => 23));
same_film($sim, $filter, 'a frame in seven seconds', numbered_film(rate => '1/7', frames => 3));
same_film($sim, $filter, 'a frame in a minute, longer than any clip', numbered_film(rate => '1/60', frames => 3));
is((grep { $_->{status} != 200 && $_->{status} != 201 } $sim->requests('create')), 0,
    'no clip was refused');

# --- times ------------------------------------------------------------------------

my $film = numbered_film(frames => 121);
same_film($sim, $filter, 'starts at 100 s',  $film, before => 'setpts=PTS+100/TB');
same_film($sim, $filter, 'starts at -5 s, ends at 0.04 s', $film, before => 'setpts=PTS-5/TB');
same_film($sim, $filter, 'an odd time base', $film, before => 'settb=1001/240000,setpts=PTS+7');
# A picture is shown where it is the nearest: the upload has a constant rate.
same_film($sim, $filter, 'a gap inside a clip', $film, before => q(select='not(between(n,60,75))'));
same_film($sim, $filter, 'a gap of many seconds, longer than a clip', $film,
    before => q(settb=1/24,setpts='N+if(gte(N,30),1000,0)'));
same_film($sim, $filter, 'two frames in three', $film, before => q(select='mod(n,3)'));
same_film($sim, $filter, 'a variable rate', $film, before => q(settb=1/1000,setpts='floor((N+0.4*sin(N))*1000/24)'), within => 1);
same_film($sim, "$filter:clip_duration=2.03", 'frames off the grid, and clips of less than a whole number of them', $film,
    before => q(settb=1/1000,setpts='floor((N+0.6*gt(N,0))*1000/24)'));
same_film($sim, $filter, 'slides, each as long as it likes', $film,
    before => q(trim=end_frame=24,settb=1/1000,setpts='floor(500*N+180*sin(3*N))'));
same_film($sim, "$filter:overlap=0.5:seam=blend:clip_duration=4", 'slides in clips that overlap', $film,
    before => q(trim=end_frame=24,settb=1/1000,setpts='floor(500*N+180*sin(3*N))'));
same_film($sim, "$filter:clip_duration=5", 'a last frame between two of the upload', numbered_film(rate => 50, frames => 120),
    before => q(select='not(mod(n,7))'));
same_film($sim, $filter, 'times in milliseconds', $film, before => q(settb=1/1000,setpts='floor(N*1000/24)'));
same_film($sim, $filter, 'bursts', $film, before => q(settb=1/1000,setpts='floor(N/4)*160+mod(N,4)*10'), within => 2);
same_film($sim, $filter, 'a rate that is not known', $film, before => q(fps=24,settb=1/1000,setpts='N*1000/24+0*TB'));

# A mean of odd lengths is a fraction of numbers of 31 bits, which the encoder's
# distance of key frames is computed from. Which time scale gives one depends on
# how the release writes the length of the last frame.
subtest 'a rate of large numbers' => sub {
    my ($film, $num);
    for my $scale (1000000007, 1000000009, 1000000021, 1000000033, 1000000087, 1000000093, 1000000097, 1000000103) {
        $film = make_clip(size => '160x96', frames => 60, name => "mean-$scale.mp4",
            filter => q{settb=1/90000,setpts='if(eq(N,0),0,4500+(N-1)*90000/26.4+mod(N*7919,1500))'},
            codec => [qw(-c:v libx264 -preset ultrafast -enc_time_base 1/90000 -fps_mode vfr -video_track_timescale), $scale]);
        ($num) = split m{/}, probe($film)->{video}{avg_frame_rate};
        last if $num > 2 ** 30;
    }
    cmp_ok($num, '>', 2 ** 30, 'it is one');
    my $run = filter_film($sim, $film, $filter, loglevel => 'verbose');
    ends_well($run, 'ends well') or return;
    my @keys = $run->{err} =~ /frame I:\s*(\d+)/g;
    cmp_ok(scalar @keys, '>', 0, 'the encoder says how many key frames a clip has');
    is((grep { $_ > 2 } @keys), 0, 'few') or diag "@keys";
};

# --- counts -----------------------------------------------------------------------

for my $frames (1, 2, 47, 48, 49, 50) {
    my $before = $sim->requests('create');
    same_film($sim, $filter, "$frames frames of 24 fps", numbered_film(frames => $frames));
    is($sim->requests('create') - $before, $frames > 48 ? 2 : 1, '... in so many clips');
}
# A tail that is shorter than the model takes is filled up with its last frame:
# of noise, each frame that is another one costs as much as the first. One clip
# at a time, so that the tail is the second to arrive.
{
    my $before = $sim->requests('create');
    my $run = same_film($sim, "$filter:concurrency=1", 'a tail of two frames, of noise',
        numbered_film(frames => 50, filter => 'noise=alls=30:allf=t+u'));
    my @clips = ($sim->requests('create'))[$before, $before + 1];
    is(join(' ', map { $_->{clip}{frames} } @clips), '48 48', '... is sent as long as the model takes');
    is(join(' ', map { sprintf '%.3f', $_->{clip}{duration} } @clips), '2.000 2.000', '... and not longer');
    cmp_ok($clips[1]{body_bytes}, '<', $clips[0]{body_bytes} / 8, '... its last frame held');
}
is($sim->stop, 0, 'the simulator ends');

done_testing;
