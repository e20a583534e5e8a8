#!/usr/bin/env perl
# One clip, one payment, whatever happens: random faults, random deaths, the same
# command again until it is through, and a count at the server. A short form
# of it belongs to `make check`; `make soak` goes on for a quarter of an hour.
#
#   SOAK_SEED     of the first schedule (by the clock); each next one has the next
#   SOAK_RUNS     schedules; or
#   SOAK_SECONDS  after which none is begun (35)
#   SOAK_JOBS     that are played beside each other (one for each processor, 4)
#   SOAK_SERVER   simulator, second (tests/second-server/), or both: odd seeds at the
#                 second one
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use IO::Select;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

use RunwayTest;
use PaidTest;
use Soak ();

my $SEED = $ENV{SOAK_SEED} || time % 1_000_000;
my $RUNS = $ENV{SOAK_RUNS} || 0;
my $SECONDS = $ENV{SOAK_SECONDS} || 35;
my $SERVER = $ENV{SOAK_SERVER} || 'simulator';
$SERVER =~ /^(simulator|second|both)$/ or BAIL_OUT("SERVER is simulator, second or both, not $SERVER");
my $JOBS = $ENV{SOAK_JOBS};
if (!$JOBS) {
    chomp($JOBS = `nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null` || 1);
    $JOBS = 4 if $JOBS > 4;
}

my $start = time;
my %player;        # which module plays at a server
$player{simulator} = 'Soak' if $SERVER ne 'second';
$player{second} = 'SoakSecond' if $SERVER ne 'simulator' && require SoakSecond;
my $film = film(seconds => 3.5);
my %reference;
for my $player (sort values %player) {
    $reference{$player}{$_} = $player->can('reference')->($_, $film) for qw(cometapi runway);
    my $frames = $player eq 'Soak' ? 35 : 144;
    is(scalar @{ $reference{$player}{$_}{frames} }, $frames, "$player: an undisturbed run at $_") for qw(cometapi runway);
    is(json($player->can('draw')->(4711)), json($player->can('draw')->(4711)), "$player: the same seed draws the same");
}

# The judge himself: two tasks for one clip, the first of which was or was not known.
{
    package Log;
    sub new { my $class = shift; return bless [@_], $class }
    sub log { return @{ $_[0] } }
}
my @billed = map { { event => 'billed', task => $_, clip_sha256 => 'c' } } 1, 2;
my %create = (where => 'create', task => 1, status => 200, t => 10, took => 0.1);
for my $case (['a task that was known', 1, {}, []], ['one that failed', 0, {}, [], { event => 'ended', task => 1, status => 'FAILED' }],
    ['one whose answer was lost', 0, { fault => 'drop-after' }, []], ['one that died with its run', 0, {}, [[109, 111]]],
    ['one of a run that died before it', 1, {}, [[100, 105]]]) {
    my ($name, $wrong, $more, $deaths, @events) = @$case;
    is(scalar(() = Soak::_known_and_bought_again(Log->new(@billed, { %create, %$more }, @events), 'c', $deaths, [100, 100])), $wrong,
        "the judge: $name");
}

# Plays every JOBS-th schedule and reports each in a line of JSON.
sub work {
    my ($first, $out) = @_;
    for (my $n = $first; $RUNS ? $n < $RUNS : time - $start < $SECONDS; $n += $JOBS) {
        my $player = $player{ $SERVER ne 'both' ? $SERVER : ($SEED + $n) % 2 ? 'second' : 'simulator' };
        my $schedule = $player->can('draw')->($SEED + $n);
        my $report = eval { $player->can('play')->($schedule, $reference{$player}{ $schedule->{provider} }) }
            // { wrong => ["the test itself failed: $@"], line => "seed $schedule->{seed}", runs => 0, killed => 0, said => '', dirs => '' };
        print $out json({ %$report, schedule => $player->can('describe')->($schedule) }), "\n";
    }
}

my $select = IO::Select->new;
my (%text, @pids);
for my $n (0 .. $JOBS - 1) {
    pipe my $in, my $out or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        close $in;
        $out->autoflush(1);
        work($n, $out);
        POSIX::_exit(0);
    }
    close $out;
    push @pids, $pid;
    $select->add($in);
}
my ($schedules, $runs, $killed) = (0, 0, 0);
my @failed;
while ($select->count) {
    for my $in ($select->can_read) {
        if (!sysread $in, $text{$in}, 65536, length($text{$in} // '')) {
            $select->remove($in);
            next;
        }
        while ($text{$in} =~ s/^(.*)\n//) {
            my $report = decode($1);
            $schedules++;
            $runs += $report->{runs};
            $killed += $report->{killed};
            push @failed, $report->{line} =~ /^seed (\d+)/ if @{ $report->{wrong} };
            ok(!@{ $report->{wrong} }, $report->{line}) or diag map({ "VIOLATION: $_\n" } @{ $report->{wrong} }), $report->{schedule},
                "$report->{said}files: $report->{dirs}\n";
        }
    }
}
for (@pids) {
    waitpid $_, 0;
    is($?, 0, 'a player went home');
}
note sprintf '%d schedules, %d runs of ffmpeg, %d of them ended early, in %.0f s; first seed %d', $schedules, $runs, $killed,
    time - $start, $SEED;
diag map { "again: make soak SEED=$_ RUNS=1" . ($SERVER eq 'simulator' ? '' : " SERVER=$SERVER") . "\n" } @failed if @failed;
cmp_ok($schedules, '>=', $RUNS || 1, 'all were played');
done_testing;
