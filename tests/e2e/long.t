#!/usr/bin/env perl
# A film of ten minutes with its sound, and that it takes no more memory than a
# short one; sound that is too much for one of ffmpeg's own queues.
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

my $sim = RunwayTest::Simulator->start('--latency' => 0.2, '--result-rate' => 'source', '--result-frames' => '+0',
    '--no-audio');
my $filter = 'runway_v2v=prompt=echo:model=aleph2:';

# Packets of a stream: [[pts_time], ...]
sub packets_of {
    my ($file, $stream) = @_;
    my $run = run_cmd([$FFPROBE, qw(-v error -select_streams), $stream, "-show_entries", "packet=pts_time", qw(-of csv=p=0), $file],
        timeout => 120);
    return [map { [split /,/] } split /\n/, $run->{out}];
}

# Times may be rounded to the file's.
sub times_differ {
    my ($one, $two, $by) = @_;
    return "$#$one for $#$two" if @$one != @$two;
    my @off = grep { abs($one->[$_][0] - $two->[$_][0]) > $by } 0 .. $#$one;
    return @off ? "from $off[0]: $one->[$off[0]][0] for $two->[$off[0]][0]" : '';
}

# A film of so many seconds through the filter; what it is held against.
sub long_run {
    my ($name, $seconds, %opt) = @_;
    my $film = numbered_film(size => '160x90', rate => 10, seconds => $seconds, audio => $opt{audio}, name => "$name.mkv",
        codec => [qw(-c:v libx264 -preset ultrafast -qp 4 -bf 0)], args => [qw(-shortest)]);
    my $sent = $sim->requests('create');
    my $out = "$TMP/long.$opt{type}";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -benchmark -y -i), $film, '-vf', $filter . api_options($sim),
        qw(-c:v libx264 -preset ultrafast -qp 4 -c:a copy), $out], env => command_env(), timeout => 300);
    ($run->{peak}) = $run->{err} =~ /^bench: maxrss=(\d+)/m;
    $run->{sent} = $sim->requests('create') - $sent;
    return ($run, $film, $out);
}

my %peak;
for (
    ['AAC', 'aac',       'mp4'],
    ['PCM', 'pcm_s16le', 'mkv'],
) {
    my ($name, $codec, $type) = @$_;
    my ($run, $film, $out) = long_run("long-$name", 600, audio => $codec, type => $type);
    $peak{$name} = $run->{peak};
    subtest "ten minutes with $name" => sub {
        ends_well($run, 'ends well') or return;
        is($run->{sent}, 60, 'sixty clips');
        is(near(numbers_of($out), [0 .. 5999], 0), '', 'each frame in its place');
        is(times_differ(packets_of($out, 'v:0'), packets_of($film, 'v:0'), 0.0011), '', 'at its time')
            if $type eq 'mkv';
        # what this ffmpeg makes of the sound in a file of that type, without a filter
        my $copy = "$TMP/copy.$type";
        run_cmd([$FFMPEG, qw(-v error -nostdin -y -i), $film, qw(-c copy), $copy]);
        my ($heard, $was) = map { packets_of($_, 'a:0') } $out, $copy;
        is(times_differ($heard, $was, 0.0011), '', 'the sound is whole and in time');
        my $digests = join ' ', map {
            my $md5 = run_cmd([$FFMPEG, qw(-v error -nostdin -i), $_, qw(-map 0:a -c copy -f md5 -)]);
            $md5->{out} =~ /(\w{32})/;
        } $out, $film;
        is((split ' ', $digests)[0], (split ' ', $digests)[1], '... to the last bit');
        unlike($run->{err}, qr/Too many packets|non.monoton|queue/i, 'no complaint about a queue or times');
        is((split / /, probe($out)->{video}{avg_frame_rate})[0], '10/1', 'ten frames a second');
    };
}

{
    # enough that the window is full
    my ($run) = long_run('minutes', 120, audio => 'aac', type => 'mp4');
    is($run->{status}, 0, 'two minutes') or diag $run->{err};
    SKIP: {
        skip 'this ffmpeg does not report its memory', 1 if !$run->{peak} || !$peak{AAC};
        cmp_ok($peak{AAC} - $run->{peak}, '<=', 8 * 1024, 'ten minutes take no more memory, KiB')
            or diag "$peak{AAC} KiB and $run->{peak} KiB";
    }
}

# ffmpeg keeps the sound that comes while the first clips are generated. Over 50
# MB of it FFmpeg 5.1 gives up, unless it is told not to; README says how.
{
    my $heavy = "$TMP/heavy.mkv";
    my $made = run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i color=black:size=160x90:rate=10 -f lavfi -i),
        'sine=sample_rate=96000,aformat=channel_layouts=7.1', qw(-t 75 -c:v libx264 -preset ultrafast -c:a pcm_s24le), $heavy]);
    is($made->{status}, 0, 'a film with much sound') or diag $made->{err};
    my ($option) = slurp("$ROOT/README.md") =~ /`-(max_muxing_queue_size \d+)`/;
    ok($option, 'README names the option');
    my $out = "$TMP/heavy-out.mkv";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -i), $heavy, '-vf', $filter . api_options($sim),
        qw(-c:v libx264 -preset ultrafast -c:a copy), split(' ', "-$option"), $out], env => command_env(), timeout => 300);
    is($run->{status}, 0, 'with it, much sound is no trouble') or diag $run->{err};
    my ($heard, $was) = map { packets_of($_, 'a:0') } $out, $heavy;
    is(times_differ($heard, $was, 0.0011), '', '... and whole');
}

done_testing;
