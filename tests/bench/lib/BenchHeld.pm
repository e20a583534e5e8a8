# What is held back: how many clips were out when the last task was read to have
# succeeded. FFMPEG=build/releases/9.0/assert/ffmpeg measures another release. Order
# is what counts here, not speed: there is no bar.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchHeld;
use strict;
use warnings;

use Bench;
use BenchTimes qw(held);
use RunwayTest;

my @CLIPS = split ' ', $ENV{BENCH_CLIPS} // '5 6 12';
my $LATENCY = $ENV{BENCH_LATENCY} // 2;
my $CLIP = 2;       # seconds
my $CONCURRENCY = 4;

sub run {
    my @rows;
    for my $clips (@CLIPS) {
        my $film = film(size => '320x240', seconds => $clips * $CLIP);
        say_so("what is held back, $clips clips");
        my $sim = started('--latency' => $LATENCY);
        my $log = "$TMP/held-$clips.jsonl";
        my $run = measure(filter_args($sim, $film, { clip_duration => $CLIP, concurrency => $CONCURRENCY, poll_interval => 0.5,
            log_path => $log }, qw(-map 0:v:0 -f null -)), env => service_env($sim));
        push @rows, { clips => $clips, wall => $run->{wall}, %{ held($run->{start}, map { decode($_) } split /\n/, slurp($log)) } };
    }
    print "\nWhat was out when the last task had succeeded: tasks of $LATENCY s, $CONCURRENCY at once, clips of $CLIP s; seconds\n\n";
    table(['clips', 'out by then', 'first out', 'last success', 'end'],
        map { [$_->{clips}, $_->{out}, map { sprintf '%.1f', $_ } @$_{qw(first success wall)}] } @rows);
    return { rows => \@rows, latency => $LATENCY, concurrency => $CONCURRENCY };
}

1;
