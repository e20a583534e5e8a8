# How long it takes until the first frame comes out of the filter. The floor is
# one task's time; a script has nothing to show before it has all.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchFirst;
use strict;
use warnings;

use File::Path qw(make_path);

use Bench;
use BenchTimes qw(first_after_stored verdict);
use RunwayTest;

my @LATENCIES = split ' ', $ENV{BENCH_FIRST} // '0 10';
my @SECONDS = (30, 60);     # six clips are all under way at once, twelve are not
my $TIMES = $ENV{BENCH_TIMES} || 3;
my $CLIP = 5;
my $CONCURRENCY = 4;

# One run: when the first frame came, from the start and from the first result.
sub one {
    my ($film, $seconds, $latency, $poll) = @_;
    my $sim = started('--latency' => $latency, '--renderers' => $CONCURRENCY, '--ffmpeg' => "$ROOT/tests/bench/render-once");
    my $events = "$TMP/first.jsonl";
    unlink $events;
    my $run = measure(filter_args($sim, $film, { clip_duration => $CLIP, concurrency => $CONCURRENCY, poll_interval => $poll,
        log_path => $events }, qw(-map 0:v:0 -c:v rawvideo -flush_packets 1 -f framecrc -)), env => service_env($sim), first => 1);
    die "no frame came: $run->{err}\n" if !defined $run->{first};
    my @events = map { decode($_) } split /\n/, slurp($events);
    return { first => $run->{first}, behind => first_after_stored(\@events, $run->{start} + $run->{first}) };
}

sub run {
    my (@rows, @bars);
    local $ENV{BENCH_RESULTS} = "$TMP/results";
    make_path($ENV{BENCH_RESULTS});
    for my $seconds (@SECONDS) {
        my $film = film(seconds => $seconds);
        one($film, $seconds, 0, 0.5);       # makes the results
        for my $latency (@LATENCIES) {
            say_so("first frame, $seconds s of film, tasks of $latency s");
            my @runs = map { one($film, $seconds, $latency, $latency ? 6 : 0.5) } 1 .. $TIMES;
            my %row = (seconds => $seconds, latency => $latency, runs => \@runs,
                map { my $of = $_; ($of => median(map { $_->{$of} } @runs)) } qw(first behind));
            my $name = "first frame, $seconds s of film, tasks of $latency s";
            $row{bars}{behind} = bar("$name: behind the first result", $row{behind}, 0.5);
            $row{bars}{first} = bar($name, $row{first}, 3) if !$latency;
            push @rows, \%row;
            push @bars, values %{ $row{bars} };
        }
    }
    print "\nFirst frame out, seconds: clips of $CLIP s, $CONCURRENCY at once, 854x480, medians of $TIMES;",
        " poll_interval=0.5 where tasks take no time\n\n";
    table(['film', 'task', 'first frame', 'over the task', 'behind the first result'],
        map {
            ["$_->{seconds} s", "$_->{latency} s", $_->{bars}{first} ? verdict($_->{bars}{first}, '%.1f') : sprintf('%.1f', $_->{first}),
                sprintf('%.1f', $_->{first} - $_->{latency}), verdict($_->{bars}{behind}, '%.2f')]
        } @rows);
    return { rows => \@rows, bars => \@bars, clip_duration => $CLIP, concurrency => $CONCURRENCY };
}

1;
