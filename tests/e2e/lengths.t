#!/usr/bin/env perl
# How long a frame lasts: until the next one, whatever it says of itself; and what
# of it is sent.
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

# What a run has sent, in seconds of each clip.
sub sends {
    my ($wanted, $name, $film, %opt) = @_;
    my $before = $sim->requests('create');
    my $filter = delete $opt{filter} // $filter;
    my $run = $filter =~ /native/ ? filter_film($sim, $film, $filter, %opt) : same_film($sim, $filter, $name, $film, %opt);
    my @creates = $sim->requests('create');

    my @got = reverse sort map { sprintf "%.1f", $_->{clip}{duration} } @creates[$before .. $#creates];
    is("@got", $wanted, "$name: what is sent");
    return $run;
}

# --- stale durations ----------------------------------------------------------------

# 1/12800 as MP4 has it: behind these filters of FFmpeg 5.1 each frame says that
# it lasts for 20 s.
my $mp4 = numbered_film(name => 'four.mp4', rate => 25, frames => 100,
    codec => [qw(-c:v libx264 -preset ultrafast -qp 0 -bf 0 -video_track_timescale 12800)]);
sends('2.0 2.0', 'fps', $mp4, before => 'fps=24', within => 1);
sends('2.0 2.0', 'settb', $mp4, before => 'settb=1/25');
sends('2.0 2.0', 'minterpolate', $mp4, before => 'minterpolate=fps=25:mi_mode=dup', within => 1);
sends('2.0 2.0', '-r in front of -i', $mp4, input => [qw(-r 30)]);

# --- pictures that stand ------------------------------------------------------------

my $slides = numbered_film(rate => '1/12', frames => 6);
sends('2.0 2.0 2.0', 'six slides of 12 s', $slides);
my $film = numbered_film(frames => 96);
my @hole = (before => q(settb=1/24,setpts='N+if(gte(N,40),96,0)'), filter => $filter =~ s/=2$/=5/r);
# 96 frames, of which one stands for a second
sends('5.0', 'a hole of 4 s', $film, @hole, within => 1);
$hole[-1] .= ':timing=native';
sends('4.0 2.3 2.0', 'timing=native shows it as long as it stands', $film, @hole);

# --- time stamps that do not rise ---------------------------------------------------

# The film with other times, as ffmpeg alone passes it on and as the filter does,
# and how many creates there were before.
sub retimed {
    my ($pts) = @_;
    my $graph = "settb=1/24,setpts='$pts'";
    my $plain = filter_film(undef, $film, 'null', before => $graph);
    my $before = $sim->requests('create');
    return ($plain, $before, filter_film($sim, $film, $filter, before => $graph));
}

for (
    ['doubled',        'if(eq(N,50),49,N)',            49],
    ['a step back',    'if(between(N,50,53),N-6,N)',   49, 49, 49, 49],
) {
    my ($name, $pts, @instead) = @$_;
    my ($plain, $before, $run) = retimed($pts);
    subtest "time stamps: $name" => sub {
        ends_well($run, 'ends well') or return;
        is_deeply(times_of($run), times_of($plain), 'each frame at its own time');
        my $wanted = numbers_of($plain->{file});
        splice @$wanted, 50, scalar @instead, @instead;
        is(near(numbers_of($run->{file}), $wanted, 0), '', 'with the picture of the frame before');
        like($run->{err}, qr/the pts does not increase from frame to frame \(\S+ after 2\.0416\d+ s\): such a frame is not sent/, 'and a warning');
        is(() = $run->{err} =~ /does not increase/g, 1, 'one');
        is($sim->requests('create') - $before, 2, 'two clips');
    };
}
{
    my $graph = "settb=1/24,setpts='if(gte(N,60),N-40,N)',sendcmd=c='2.4-3 [leave] runway_v2v seed 2'";
    my $before = $sim->requests('create');
    my $run = filter_film($sim, $film, $filter, before => $graph);
    my @creates = $sim->requests('create');
    subtest 'time stamps: a step back of more than a second' => sub {
        ends_well($run, 'ends well') or return;
        is(scalar @{ $run->{frames} }, 96, 'all frames come out');
        is(near(numbers_of($run->{file}), [0 .. 95], 0), '', 'each with its own picture');
        is(join(' ', sort map { $_->{body}{seed} } @creates[$before .. $#creates]), '1 1 2',
            'the clip ends there, and a command with that frame is for all of the next one');
    };
}

for my $n (2, 3) {
    my $before = $sim->requests('create');
    my $run = filter_film($sim, $film, $filter, before => "settb=1/24,setpts='N+mod(N,$n)*40'");
    subtest "time stamps: to and fro, every $n frames" => sub {
        isnt($run->{status}, 0, 'is an error');
        like($run->{err}, qr/timestamps step back by more than a second every few frames.*put setpts=N\/FR\/TB in front/, 'that names the cure');
        # what comes before the first step, as frames so far apart may be two clips;
        # and one behind it, whose create may be faster than the frames up to the next
        cmp_ok($sim->requests('create') - $before, '<=', $n, 'before every few frames are paid for');
    };
}

# --- a cover picture -----------------------------------------------------------------

# An MP3 of silence with a picture in its ID3 tag, which no encoder here writes.
sub mp3_with_cover {
    my ($picture) = @_;
    my $body = "\0image/png\0\3\0" . slurp($picture);
    my $frame = 'APIC' . pack('N', length $body) . "\0\0$body";
    my $tag = "ID3\3\0\0" . pack 'C4', map { length($frame) >> $_ & 127 } 21, 14, 7, 0;
    return spew("$TMP/cover.mp3", $tag . $frame . ("\xff\xfb\x90\x64" . "\0" x 413) x 76);
}

{
    my $picture = numbered_film(frames => 1, name => 'cover.png', codec => [qw(-c:v png)]);
    my @film = (numbered_film(frames => 72), qw(-c:v:0 libx264));
    my @second = ('-i', $picture, qw(-map 0 -map 1 -c:v:1 copy -disposition:v:1 attached_pic));
    my @only = ('-i', $picture, qw(-map 0 -map 1 -c:v copy -disposition:v attached_pic));
    my @attached = ('-attach', $picture, qw(-metadata:s:t mimetype=image/png -metadata:s:t filename=cover.png));
    my %made = (
        'music.m4a'  => [qw(-f lavfi -i sine=d=2), @only],
        'music.flac' => [qw(-f lavfi -i sine=d=2), @only],
        'music.mkv'  => [qw(-f lavfi -i sine=d=2), @attached, qw(-c:a flac)],
        'film.mp4'   => ['-i', $film[0], @second, @film[1, 2]],
        'film.mkv'   => ['-i', $film[0], @attached, @film[1, 2]],
    );
    # without a rate, and with lengths that are none
    my $doubled = filter_film($sim, numbered_film(rate => 90000, frames => 71), $filter, before => 'settb=1/1000000,setpts=40000*floor(N/2)');
    ends_well($doubled, 'a film whose times all come twice is no cover');
    is(scalar @{ $doubled->{frames} }, 71, '... and has all of its frames');
    mp3_with_cover($picture);
    for my $name (sort keys %made, 'cover.mp3') {
        my $made = $made{$name} ? run_cmd([$FFMPEG, qw(-v error -y), @{ $made{$name} }, "$TMP/$name"]) : {};
        ok(!$made->{status}, "$name is made") or diag $made->{err};
        is(run_cmd([$FFPROBE, qw(-v error -show_entries stream_disposition=attached_pic -of csv=p=0), "$TMP/$name"])->{out} =~ tr/1//, 1, '... with a cover');
        my $before = $sim->requests('create');
        my $run = filter_film($sim, "$TMP/$name", $filter, args => [qw(-map 0 -c:v ffv1 -c:a copy)]);
        isnt($run->{status}, 0, '... with -map 0: an error');
        like($run->{err}, $name =~ /film/ ? qr/another video stream has a single frame without a length: it is a cover picture.*-map 0:v:0.*; if it is a film whose second frame is late, put fps=25 in front of the filter there/
            : qr/only frame of the input has no length: it is a cover picture.*-map 0:v:0/, '... which says so');
        is($sim->requests('create') - $before, 0, '... before anything is paid for');
        next if $name !~ /film/;
        for my $map ('0:v:0', '0:V:0') {
            $run = filter_film($sim, "$TMP/$name", $filter, args => ['-map', $map, qw(-c:v ffv1)]);
            ends_well($run, "with -map $map it goes well");
        }
    }
    ends_well(filter_film($sim, $picture, $filter), 'a still picture is one');
}

for my $case (['without a time stamp', 'if(eq(N,50),NAN,N)', qr/\(NOPTS after 2\.0416\d+ s\): such a frame is not sent/, 2],
    ['a step back of more than a second', 'if(lt(N,50),N,N-40)', qr/steps back from 2\.0416\d+ to 0\.4166\d+ s: a new clip begins there/, 3]) {
    my ($name, $pts, $said, $clips) = @$case;
    my ($plain, $before, $run) = retimed($pts);
    subtest "time stamps: $name" => sub {
        ends_well($run, 'ends well') or return;
        is_deeply(times_of($run), times_of($plain), 'each frame at its own time');
        my $wanted = numbers_of($plain->{file});
        $wanted->[50] = 49 if $name =~ /without/;
        is(near(numbers_of($run->{file}), $wanted, 0), '', 'and in its place');
        like($run->{err}, $said, 'and a warning');
        is($sim->requests('create') - $before, $clips, 'and so many clips');
    };
}

# --- where the input ended ------------------------------------------------------------

{
    my (undef, undef, $run) = retimed('N+1-2*mod(N,2)');
    like($run->{err}, qr/the input ended at 4\.00 s$/m, 'the latest frame decides, not the last one');
    (undef, undef, $run) = retimed('N-24*5');
    like($run->{err}, qr/clip 1 \(-5\.00 to -3\.00 s\) sent/, 'and times before zero can be read');
    like($run->{err}, qr/the input ended at -1\.00 s$/m, '... there, too');
}

# Frames outside of enable were read as well.
{
    my $run = filter_film($sim, numbered_film(frames => 144, size => '32x18'), "$filter:enable='between(t,2,3.9)'");
    ends_well($run, 'with enable');
    like($run->{err}, qr/the input ended at 6\.00 s$/m, '... it ends where the film does');
    unlike($run->{err}, qr/if the film is longer/, '... and nothing else is said, as it was not left unread');
}

done_testing;
