#!/usr/bin/env perl
# Several clips in flight: how many, in what order they come out, how far the
# filter reads ahead and holds meanwhile, and what it reports.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use IO::Handle;
use lib dirname(abs_path(__FILE__)) . '/lib';

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Time::Local qw(timegm);

use PaidTest;
use RunwayFilm;
use RunwayTest;

my $filter = 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2';
my @exact = ('--result-rate' => 'source', '--result-frames' => '+0');
my $film = numbered_film(rate => 24, seconds => 16);     # eight clips

# The events of a log_path with their seconds, and the time of one of them.
sub events_of {
    my ($path) = @_;
    return map {
        my $event = decode($_);
        my ($y, $m, $d, $h, $min, $s) = $event->{time} =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):([\d.]+)Z$/;
        +{ %$event, t => timegm(0, $min, $h, $d, $m - 1, $y) + $s };
    } split /\n/, slurp($path);
}
sub at {
    my ($events, $name, $clip) = @_;
    my ($found) = grep { $_->{event} eq $name && $_->{clip} == $clip } @$events;
    return $found ? $found->{t} : undef;
}

# --- as many as were asked for, and in order -------------------------------------------

for my $concurrency (1, 3) {
    # The first answer comes late: the clips behind it are there before it.
    my $sim = RunwayTest::Simulator->start('--latency' => 0.6, @exact, '--fault' => 'create:1=stall=8');
    my $log = "$TMP/flight-$concurrency.jsonl";
    # in real time, or the second clip's create could be the first
    my $run = filter_film($sim, $film, "$filter:concurrency=$concurrency:log_path=$log", $concurrency > 1 ? (input => ['-re']) : ());
    subtest "concurrency=$concurrency" => sub {
        ends_well($run, 'ends well') or return;
        is(near(numbers_of($run->{file}), [0 .. 383], 0), '', 'each frame in its place');
        my @events = events_of($log);
        is(join(' ', map { $_->{clip} } grep { $_->{event} eq 'emitted' } @events), '1 2 3 4 5 6 7 8', 'in order');
        my ($now, $most) = (0, 0);
        for (@events) {
            $now++ if $_->{event} eq 'submitted';
            $now-- if ($_->{state} // '') eq 'SUCCEEDED';
            $most = $now if $now > $most;
        }
        cmp_ok($most, '<=', $concurrency, 'no more tasks are at the provider at once');
        cmp_ok(at(\@events, 'stored', 2), '<', at(\@events, 'stored', 1), 'the second is there before the first')
            if $concurrency > 1;
    };
}

# --- while one is handed on --------------------------------------------------------------

{
    # Behind the filter a clip takes its own two seconds.
    my $sim = RunwayTest::Simulator->start('--latency' => 0.5, @exact);
    my $log = "$TMP/handed.jsonl";
    my $run = filter_film($sim, $film, "$filter:concurrency=2:log_path=$log", after => 'realtime');
    subtest 'while the first is handed on, the others go on' => sub {
        ends_well($run, 'ends well') or return;
        my @events = events_of($log);
        cmp_ok(at(\@events, 'submitted', 3), '<', at(\@events, 'emitted', 1), 'the third is sent while the first comes out');
        cmp_ok(at(\@events, 'stored', 3), '<', at(\@events, 'emitted', 2), 'and is there while the second does');
        is(near(numbers_of($run->{file}), [0 .. 383], 0), '', 'each frame in its place');
    };
}

# --- the first clips, while others are under way -------------------------------------------

for my $case ([0, 'download:5+'], [0.25, 'download:5+'], [0, 'create:5']) {
    # the results of the last two do not come, or the answer to a create
    my ($overlap, $stalled) = @$case;
    my $sim = RunwayTest::Simulator->start('--latency' => 4, @exact, '--fault' => "$stalled=stall=300");
    my $log = "$TMP/first.jsonl";
    unlink $log;
    my $job = PaidTest->new(sim => $sim, in => numbered_film(rate => 24, seconds => 12 - 4 * $overlap),
        options => { prompt => 'echo', model => 'aleph2', clip_duration => 2, concurrency => 4, log_path => $log,
            $overlap ? (seam => 'blend', overlap => $overlap) : () });
    subtest "four at once, overlap=$overlap, $stalled stands still" => sub {
        my $going = $job->begin;
        my $clips = sub {
            my ($event) = @_;
            return -e $log ? join ' ', map { $_->{clip} } grep { $_->{event} eq $event } events_of($log) : '';
        };
        # the end of the fourth is blended with the fifth
        my $out = $overlap ? '1 2 3' : '1 2 3 4';
        ok($going->until(sub { $clips->('emitted') eq $out }), 'the first are out') or diag $going->said;
        ok($going->until(sub { $sim->events('billed') >= 6 }), 'and the others are sent') if $stalled =~ /download/;
        is($clips->('emitted'), $out, 'no other one is out');
        is($going->end('INT')->{status}, 255, 'and it can be ended');
    };
}

# --- back-pressure -----------------------------------------------------------------------

# Files of a directory that a process has open: [bytes, ...].
sub open_files {
    my ($pid, $dir) = @_;
    return map {
        my $to = readlink;
        my @stat = defined $to && $to =~ /^\Q$dir\E\// ? stat : ();
        @stat ? $stat[7] : ();
    } glob "/proc/$pid/fd/*";
}

for my $concurrency (1, 4) {
    my $sim = RunwayTest::Simulator->start('--latency' => 120, @exact);
    my $long = numbered_film(rate => 24, seconds => 40);
    my $log = "$TMP/pressure-$concurrency.jsonl";
    my $tmp = "$TMP/pressure-$concurrency.tmp";
    make_path($tmp);
    my $job = PaidTest->new(sim => $sim, in => $long, env => { TMPDIR => $tmp },
        options => { prompt => 'echo', model => 'aleph2', clip_duration => 2, concurrency => $concurrency, log_path => $log });
    subtest "a window that is full, concurrency=$concurrency" => sub {
        my $going = $job->begin(before => 'showinfo');
        my $planned = sub { -e $log ? () = slurp($log) =~ /"event":"planned"/g : 0 };
        my $window = $concurrency + ($concurrency > 2 ? $concurrency : 2);
        ok($going->until(sub { $planned->() >= $window && $sim->events('billed') >= $concurrency }), 'fills')
            or diag $going->said;
        sleep 1.5;
        is($planned->(), $window, 'so many in flight, and as many that wait, or two');
        is(scalar $sim->events('billed'), $concurrency, 'so many tasks are at the provider');
        my $read = () = $going->said =~ / n: *\d+ pts:/g;
        cmp_ok($read, '>=', 48 * $window, 'that much was read ...');
        cmp_ok($read, '<=', 48 * $window + 4, '... and no more');
        SKIP: {
            skip 'this system has no /proc', 2 if !-d "/proc/$going->{pid}/fd";
            my @files = open_files($going->{pid}, $tmp);
            cmp_ok(scalar @files, '<=', $window + 1, 'no more temporary files than clips');
            my $largest = 0;
            for (map { decode($_) } split /\n/, slurp($log)) {
                $largest = $_->{bytes} if $_->{event} eq 'planned' && $_->{bytes} > $largest;
            }
            my $sum = 0;
            $sum += $_ for @files;
            cmp_ok($sum, '<=', $largest * ($window + 1), 'and no larger ones');
        }
        my $end = $going->end('INT');
        is($end->{status}, 255, 'and it can be ended');
        is_deeply([glob "$tmp/*"], [], 'nothing is left behind');
    };
}

# --- waiting for a place -----------------------------------------------------------------

my $short = numbered_film(rate => 24, seconds => 8);
{
    # one at a time at the provider: the last waits for three others
    my $sim = RunwayTest::Simulator->start('--latency' => 3, '--concurrency' => 1, @exact);
    my $run = filter_film($sim, $short, "$filter:concurrency=4:task_timeout=10");
    subtest 'THROTTLED is waiting' => sub {
        ends_well($run, 'ends well, though the last takes longer than task_timeout') or return;
        my @ends = sort { $a <=> $b } map { $_->{after} } $sim->events('ended');
        cmp_ok($ends[-1], '>', 10, '... which it did');
        is((grep { $_->{throttled} } $sim->events('billed')), 3, 'three of four were throttled');
        is(near(numbers_of($run->{file}), [0 .. 191], 0), '', 'each frame in its place');
    };
    my $slow = RunwayTest::Simulator->start('--latency' => 60, @exact);
    $run = filter_film($slow, $short, "$filter:concurrency=4:task_timeout=2");
    isnt($run->{status}, 0, 'a task that runs for longer is an error');
    like($run->{err}, qr/task_timeout/, '... that names the option');
    cmp_ok($run->{seconds}, '<', 50, '... and comes in time');
}

# --- what comes through a pipe -------------------------------------------------------------------------------

my @raw = qw(-f rawvideo -pix_fmt yuv420p -video_size 160x120 -framerate);

# A process that gives frames to a pipe as that sub wants it, which calls what it
# is given with their number; it ends with 0 if the sub says so.
sub feed {
    my ($pipe, $sub) = @_;
    POSIX::mkfifo($pipe, 0600) or die "mkfifo: $!\n";
    my $feeder = fork // die "fork: $!\n";
    return $feeder if $feeder;
    local $SIG{PIPE} = 'IGNORE';
    open my $to, '>:raw', $pipe or POSIX::_exit(1);
    $to->autoflush(1);
    my $given = 0;
    my $good = $sub->(sub { for (1 .. $_[0]) { print $to chr(20 + $given++ % 200) x (160 * 120) . chr(128) x (160 * 60) or return } });
    close $to;
    POSIX::_exit($good ? 0 : 2);
}

# Five frames a second come through a pipe, so that places at the provider are idle.
# When two clips of ten frames are ready, twelve more frames come, and then none:
# the two clips are out by then.
{
    my $sim = RunwayTest::Simulator->start('--latency' => 0.5, @exact, '--fault' => 'create:1=stall=2');
    my ($pipe, $log) = ("$TMP/live.pipe", "$TMP/live.jsonl");
    my $feeder = feed($pipe, sub {
        my ($give) = @_;
        my $has = sub {
            my ($event) = @_;
            return -e $log && 2 == grep { $_->{event} eq $event && $_->{clip} <= 2 } events_of($log);
        };
        my $after = 0;
        for (1 .. 200) {
            $give->(1);
            sleep 0.2;
            $after++ if $after || $has->('stored');
            last if $after > 12;
        }
        my $until = time + 20;
        sleep 0.2 while time < $until && !$has->('emitted');
        return $has->('emitted');
    });
    my $run = filter_film($sim, $pipe, "$filter:concurrency=4:log_path=$log", input => [@raw, 5]);
    waitpid $feeder, 0;
    is($? >> 8, 0, 'what is ready is out when a live input stands still');
    ends_well($run, 'it goes on');
}

# The first result is there from an earlier run; then the places are taken by tasks
# that take long, and much input comes at once.
for my $concurrency (1, 2) {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.5, @exact, '--fault' => 'create:2+=stall=12');
    my ($pipe, $log, $state) = map { "$TMP/taken-$concurrency.$_" } qw(pipe jsonl state);
    my $first = feed("$pipe.first", sub { $_[0]->(48); return 1 });
    ends_well(filter_film($sim, "$pipe.first", "$filter:state_dir=$state", input => [@raw, 24]), 'one clip is bought');
    waitpid $first, 0;
    my $feeder = feed($pipe, sub {
        my ($give) = @_;
        $give->(48 * (1 + $concurrency) + 3);
        my $sent = sub { scalar grep { slurp($_) =~ /"state": *"intent"/ } glob "$state/clips/*.record" };
        my $until = time + 30;
        sleep 0.1 while time < $until && !($sent->() == $concurrency && grep { $_->{event} eq 'stored' } events_of($log));
        my $good = $sent->() == $concurrency;
        $give->(48 * 2 - 3);
        return $good;
    });
    my $run = filter_film($sim, $pipe, "$filter:state_dir=$state:concurrency=$concurrency:log_path=$log", input => [@raw, 24]);
    waitpid $feeder, 0;
    is($? >> 8, 0, "the places are taken, concurrency=$concurrency");
    ends_well($run, '... and it ends well');
    my $next = $concurrency + 2;
    my ($seen) = map { "$_->{event} $_->{clip}" }
        grep { ($_->{event} eq 'emitted' && $_->{clip} == 1) || ($_->{event} eq 'planned' && $_->{clip} == $next) } events_of($log);
    is($seen, 'emitted 1', '... and what is ready goes out before more is read');
}

# --- where a clip ends ------------------------------------------------------------------------

# A frame is missing behind the sixth clip; whatever is in flight, it ends at the same
# frame.
{
    my $sim = RunwayTest::Simulator->start('--latency' => 1, @exact);
    my @creates;
    for my $concurrency (4, 1, 8) {
        my $run = filter_film($sim, $film, "$filter:concurrency=$concurrency:state_dir=$TMP/ends",
            before => q{select='not(eq(n,288))'});
        ends_well($run, "a frame is missing, concurrency=$concurrency");
        push @creates, scalar $sim->events('billed');
    }
    is("@creates", '8 8 8', 'the same clips, bought once');
}

# --- what is reported ------------------------------------------------------------------------

{
    my $sim = RunwayTest::Simulator->start('--latency' => 12, @exact);
    my $run = filter_film($sim, numbered_film(rate => 24, seconds => 4), "$filter:concurrency=1");
    subtest 'when the next clip is likely to be there' => sub {
        ends_well($run, 'ends well');
        my @lines = map { [/^waiting for (\d+) s: film read to [\d.]+ s, (\d+) of 2 clips ready.*?(?:ready in about (\d+) s)?(?:, (\d+) credits)?; Ctrl-C is safe$/] }
            $run->{err} =~ /\] (waiting for .*)/g;
        cmp_ok(scalar @lines, '>=', 2, 'there are lines');
        my ($again) = grep { $lines[$_][0] <= $lines[$_ - 1][0] } 1 .. $#lines;
        ok(defined $again, 'of two waits');
        my $off = $run->{seconds} - 24;
        is((grep { my $at = $_->[0]; !grep { $at >= $_ && $at < $_ + 4 + $off } 5, 15, 30, 60 } @lines), 0, 'after 5, 15, 30 and 60 s');
        is((grep { !$_->[1] && defined $_->[2] && abs($_->[0] + $_->[2] - 12) > 4 + $off } @lines), 0,
            'what is known of the first is right');
        my @known = grep { $_->[1] == 1 } @lines;
        cmp_ok(scalar @known, '>=', 1, 'then it is known');
        # the second began when the first was there
        is((grep { !defined $_->[2] || abs($_->[0] + $_->[2] - 12) > 4 + $off } @known), 0, 'and is right')
            or diag map { "@$_[0 .. 1] " . ($_->[2] // '-') . "\n" } @lines;
        is($lines[-1][3], 112, 'with the credits so far');
    };
}

# The first result is there at once, the second takes its time.
{
    my $sim = RunwayTest::Simulator->start('--latency' => 0.5, @exact, '--fault' => 'download:2=stall=8');
    my $run = filter_film($sim, numbered_film(rate => 24, seconds => 4), "$filter:concurrency=1");
    ends_well($run, 'a result that is slow to come');
    my @lines = $run->{err} =~ /\] waiting for (.*)/g;
    ok((grep { /the next ready any moment/ } @lines), 'later than the first one was') or diag @lines;
    unlike("@lines", qr/about 0 s/, 'and never in no time');
}

# Tasks that have no place yet have not begun.
{
    my $sim = RunwayTest::Simulator->start('--latency' => 12, @exact, '--concurrency' => 1);
    my $run = filter_film($sim, numbered_film(rate => 24, seconds => 4), "$filter:concurrency=2");
    ends_well($run, 'one at a time');
    my @lines = $run->{err} =~ /\] waiting for (.*)/g;
    ok((grep { /, 0 of 2 clips ready, 1 queued at the provider/ } @lines), 'one is queued') or diag @lines;
    ok((grep { /, 1 of 2 clips ready.* ready in about ([2-9]|1\d) s/ } @lines), 'the second takes as long as the first') or diag @lines;
}

done_testing;
