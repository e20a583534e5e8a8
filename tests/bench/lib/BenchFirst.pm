# How long it takes until the first frame comes out of the filter. The floor is
# one task's time; a script has nothing to show before it has all.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchFirst;
use strict;
use warnings;

use Bench;
use RunwayTest;

my @LATENCIES = split ' ', $ENV{BENCH_FIRST} // '0 5 10 20';
my @SECONDS = (30, 60);     # six clips are all under way at once, twelve are not
my $CLIP = 5;
my $CONCURRENCY = 4;

sub run {
    my @rows;
    for my $seconds (@SECONDS) {
        my $film = film(seconds => $seconds);
        for my $latency (@LATENCIES) {
            say_so("first frame, $seconds s of film, tasks of $latency s");
            my $sim = started('--latency' => $latency, '--renderers' => $CONCURRENCY);
            my $run = measure(filter_args($sim, $film, { clip_duration => $CLIP, concurrency => $CONCURRENCY },
                qw(-map 0:v:0 -c:v rawvideo -flush_packets 1 -f framecrc -)), env => service_env($sim), first => 1);
            die "no frame came: $run->{err}\n" if !defined $run->{first};
            push @rows, { seconds => $seconds, latency => $latency, first => $run->{first} };
        }
    }
    print "\nFirst frame out: clips of $CLIP s, $CONCURRENCY at once, 854x480\n\n";
    table(['film', 'task', 'first frame', 'over the task'],
        map { ["$_->{seconds} s", "$_->{latency} s", sprintf('%.1f s', $_->{first}), sprintf('%.1f s', $_->{first} - $_->{latency})] }
            @rows);
    return { rows => \@rows, bars => [], clip_duration => $CLIP, concurrency => $CONCURRENCY };
}

1;
