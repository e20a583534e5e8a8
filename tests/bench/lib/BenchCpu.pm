# What the filter costs in processor time, of all processes it is and starts,
# against what no way around it can save: decode the film, encode what is sent
# with the same settings, decode what comes back, each by a plain ffmpeg.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchCpu;
use strict;
use warnings;

use Bench;
use BenchTimes qw(verdict);
use RunwayTest;

my $TIMES = $ENV{BENCH_TIMES} || 3;
my $CLIP = 10; # seconds
my @FILMS = split ' ', $ENV{BENCH_CPU} // '854x480:30 1920x1080:20';

# As writer.c has it: bench.t compares.
our @ENCODER = qw(-c:v libx264 -preset superfast -mbtree 1 -rc-lookahead 3 -bf 1 -crf 17.5 -threads:v 2 -thread_type:v slice -g 48);

# The results in the order of the film, as one input.
sub results {
    my ($sim, $own) = @_;
    my @records = glob "$own->{XDG_STATE_HOME}/*/clips/*.record";
    my @files = map { $_->{path} } sort { $a->{at} <=> $b->{at} } map {
        my ($record) = split /\n/, slurp($_);
        $record = decode($record);
        my ($n) = $record->{label} =~ /^clip (\d+)/;
        my ($path) = glob "$own->{XDG_STATE_HOME}/*/results/$record->{identity}-*.mp4";
        { at => $n, path => $path // die "no result of clip $n\n" };
    } @records;
    return \@files;
}

sub run {
    my (@rows, @bars);
    for (@FILMS) {
        my ($size, $seconds) = /^(\d+x\d+):(\d+)$/ or die "BENCH_CPU: SIZE:SECONDS is expected, not $_\n";
        die "BENCH_CPU: SECONDS is a multiple of $CLIP, and $seconds is none\n" if $seconds % $CLIP;
        my $film = film(size => $size, seconds => $seconds);
        my $result = result($film, $CLIP);
        my (@filter, @plain);
        say_so("processor time, $size, $TIMES times");
        for my $n (1 .. $TIMES) {
            my $sim = started('--latency' => 1, '--result-file' => $result);
            my $env = service_env($sim);
            push @filter, measure(filter_args($sim, $film, { concurrency => 4, clip_duration => $CLIP, seam => 'none', scene => 0 }, qw(-map 0:v:0 -f null -)), env => $env);
            $sim->stop;
            my $list = spew("$TMP/results.txt", join '', map { "file '$_'\n" } @{ results($sim, $env) });
            my $encode = measure([$FFMPEG, qw(-hide_banner -nostdin -nostats -v error -y -i), $film, qw(-map 0:v:0), @ENCODER,
                "$TMP/plain.mp4"]);
            my $decode = measure([$FFMPEG, qw(-hide_banner -nostdin -nostats -v error -f concat -safe 0 -i), $list,
                qw(-map 0:v:0 -f null -)]);
            push @plain, { encode => $encode->{cpu}, decode => $decode->{cpu}, cpu => $encode->{cpu} + $decode->{cpu} };
        }
        my $filter = median(map { $_->{cpu} } @filter);
        my $plain = median(map { $_->{cpu} } @plain);
        my $ratio = median(map { $filter[$_]{cpu} / $plain[$_]{cpu} } 0 .. $#filter);
        push @rows, {
            size => $size, seconds => $seconds, filter => $filter, plain => $plain, ratio => $ratio,
            encode => median(map { $_->{encode} } @plain), decode => median(map { $_->{decode} } @plain),
            runs => [map { { filter => $filter[$_]{cpu}, plain => $plain[$_] } } 0 .. $#filter],
        };
        push @bars, $rows[-1]{bar} = bar("processor time, $size", $ratio, 1.1);
    }
    print "\nProcessor time, median of $TIMES: the filter, and decode + encode + decode by plain ffmpeg\n\n";
    table(['film', 'filter', 'plain', 'ratio', 'decode + encode', 'decode'],
        map {
            ["$_->{seconds} s of $_->{size}", (map { sprintf '%.2f s', $_ } @$_{qw(filter plain)}), verdict($_->{bar}, '%.2f'),
                (map { sprintf '%.2f s', $_ } @$_{qw(encode decode)})]
        } @rows);
    return { rows => \@rows, bars => \@bars };
}

1;
