#!/usr/bin/env perl
# What a person sees of a long wait: lines, the line in a terminal, what is left,
# and what a wait does to the input. The clock of ffmpeg runs ten times faster for it, and
# all runs go on beside each other.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use IO::Socket::INET;
use POSIX ();
use Test::More;

use RunwayTest;
use FastClock;
use FilterTest;
use PaidTest;

# A second is so many. A create that is not answered for two minutes is given up: a
# machine with many other things to do may stand still for twelve seconds.
my $FAST = 10;
my $lib = fast_clock();
plan skip_all => 'no library that makes time go faster' if !$lib;

sub simulator { return RunwayTest::Simulator->start('--result-rate' => 'source', '--result-frames' => '+0', @_) }

# A server that closes a connection which nobody reads from for a while.
sub impatient {
    my ($path, $seconds) = @_;
    my $listen = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "no socket: $!\n";
    my $pid = fork // die "fork: $!\n";
    return ($pid, 'http://127.0.0.1:' . $listen->sockport . '/film.nut') if $pid;
    my $to = $listen->accept or POSIX::_exit(1);
    setsockopt $to, SOL_SOCKET, SO_SNDBUF, 65536;
    1 while defined($_ = <$to>) && /\S/;
    my $film = "HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" . slurp($path);
    $to->blocking(0);
    for (my $at = 0; $at < length $film;) {
        my $ready = '';
        vec($ready, fileno $to, 1) = 1;
        last if !select undef, $ready, undef, $seconds;
        $at += syswrite($to, $film, 65536, $at) // 0;
    }
    POSIX::_exit(0);
}

# Small pictures and a lot of sound: more than fits into the sockets.
my $loud = "$TMP/loud.nut";
my $made = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i testsrc2=s=96x64:r=10 -f lavfi -i),
    'sine=sample_rate=192000,aformat=sample_fmts=s16:channel_layouts=hexadecagonal', qw(-t 12 -c:v ffv1 -g 1 -c:a pcm_s16le), $loud]);
die "cannot make a film: $made->{err}\n" if $made->{status};
my ($server, $url) = impatient($loud, 1.5 * $PATIENCE);

my %job;
sub begin {
    my ($name, $sim, %opt) = @_;
    my $job = PaidTest->new(sim => $sim, in => $opt{in} // film(seconds => $opt{seconds}), env => { LD_PRELOAD => $lib, FASTER => $opt{faster} // $FAST },
        options => { poll_interval => 6, concurrency => 1, %{ $opt{options} || {} } });
    $job{$name} = { sim => $sim, job => $job, going => $job->begin(args => [qw(-an), @{ $opt{args} || [] }, qw(-c:v ffv1 -g 1)]) };
}
begin('lines', simulator('--latency' => 25), seconds => 3, faster => 8, options => { concurrency => 3 });
begin('last', simulator('--latency' => 4), seconds => 4);
begin('trim', simulator('--latency' => 4), seconds => 12, args => [qw(-t 6)]);
begin('shared', simulator('--latency' => 1), seconds => 12, args => [qw(-t 6)], options => { seam => 'blend', overlap => 0.5 });
begin('long', simulator('--latency' => 2), seconds => 12, options => { log_path => "$TMP/long.jsonl" });
# Tasks that take more than forty seconds, also where a create is answered late.
my $short = "$TMP/short.jsonl";
begin('short', simulator('--latency' => 14), seconds => 5, faster => 4, options => { concurrency => 4, log_path => $short });
# Half a minute is fifteen seconds here, which no later wait takes on any machine.
begin('early', simulator('--latency' => 0.1, '--fault' => 'read:1=stall=17'), seconds => 8, faster => 2, options => { poll_interval => 1 });
begin('unread', simulator('--latency' => 0.1, '--fault' => 'read:1=stall=6'), seconds => 3);
# What the sockets have of the film is less than a clip; what is read ahead has come long
# before the first task ends.
begin('closed', simulator('--latency' => 3 + 4 * $PATIENCE), in => $url, options => { clip_duration => 2 });

# The filter's lines of a run that went well.
sub said {
    my ($name) = @_;
    my $run = $job{$name}{going}->end(undef, 300);
    is($run->{status}, 0, "$name: ends well") or diag $run->{err};
    return join "\n", filter_lines($run);
}

subtest 'lines after 5, 15, 30 and 60 s, and each minute' => sub {
    my @at = said('lines') =~ /^waiting for (\d+) s: film read to 3\.0 s, 0 of 3 clips ready/mg;
    my @from = (5, 15, 30, 60, 120);
    cmp_ok(scalar @at, '>=', @from, 'so many of one wait');
    is((grep { $at[$_] < $from[$_] || $at[$_] >= ($from[$_ + 1] // 180) } 0 .. $#from), 0, 'each at its time') or diag "@at";
    unlike(said('lines'), qr/, 0 of 3 clips ready[^\n]* in about /, 'without an estimate before a first task has ended');
};

subtest 'lines of a long film' => sub {
    my $log = "$TMP/long.jsonl";
    said('long');
    my @beats = map { $_->{time} =~ /T(\d+):(\d+):([\d.]+)Z/ ? 3600 * $1 + 60 * $2 + $3 : () }
        grep { $_->{event} eq 'heartbeat' } map { RunwayTest::decode($_) } split /\n/, slurp($log);
    # twelve waits of 20 s or more
    cmp_ok(scalar @beats, '>=', 4, 'there are lines');
    my $minutes = ($beats[-1] - $beats[0]) * $FAST / 60;
    cmp_ok(scalar @beats, '<=', 5 + $minutes, 'less often in the course of the run, not again from the beginning for each clip');
};

subtest 'a short film begins to come out with its first result' => sub {
    said('short');
    my ($first) = grep { ($_->{event} eq 'emitted' && $_->{clip} == 1) || ($_->{event} eq 'stored' && $_->{clip} == 5) }
        map { RunwayTest::decode($_) } split /\n/, slurp($short);
    is("$first->{event} $first->{clip}", 'emitted 1', 'before the last task has ended');
};

subtest 'what is left' => sub {
    like(said('last'), qr/[1-3] of 4 clips ready.*, the last in about \d+ (s|min),/, 'the time to the last, once one is there');
    like(said('shared'), qr/\d of about 1[0-2] clips ready/, 'and those that overlap');
    like(said('trim'), qr/film read to [1-4]\.\d s, \d of about 6 clips ready/, 'clips of a film that a trim ends');
};

subtest 'where the input ended' => sub {
    for my $case (['unread', 3], ['closed']) {
        my ($name, $seconds) = @$case;
        my $said = said($name);
        my ($end) = $said =~ /^the input ended at (\d+\.\d\d) s$/m;
        $seconds ? is($end, sprintf('%.2f', $seconds), "$name: where it ended") : cmp_ok($end, '<', 11, "$name: early");
        like($said, qr/if the film is longer.*-reconnect 1/, '... and what that may mean');
    }
    my $said = said('early');
    like($said, qr/^the input ended at 8\.00 s$/m, 'early: where it ended');
    unlike($said, qr/-reconnect/, '... and no more, long after the input was left unread');
    kill KILL => $server;
    waitpid $server, 0;
};

my $script = $^O eq 'linux' && !run_cmd(['sh', '-c', 'command -v script'])->{status};

# A run in a terminal of so many columns, and what it wrote there.
sub in_terminal {
    my ($columns, $before, $sim, %options) = @_;
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 5), options => { poll_interval => 6, %options });
    my ($out, $env, @command) = $job->_command(args => [qw(-c:v ffv1 -g 1)]);
    my $file = spew("$TMP/terminal", "stty cols $columns rows 24\n${before}LD_PRELOAD=$lib FASTER=$FAST exec " . join ' ', map { "'" . s/'/'\\''/gr . "'" } @command);
    unlink "$TMP/terminal.out";
    return run_cmd(['script', qw(-f -q -e -c), "sh $file", "$TMP/terminal.out"], env => { %$env, AV_LOG_FORCE_NOCOLOR => 1 });
}

subtest 'in a terminal' => sub {
    plan skip_all => 'no script(1) to make a terminal' if !$script;
    my $run = in_terminal(80, '', simulator('--latency' => 3), concurrency => 1);
    is($run->{status}, 0, 'ends well') or diag $run->{out};
    my @status = $run->{out} =~ /(\d+ s read, [^\r\n]*?) *\r(?!\n)/g;
    cmp_ok(scalar @status, '>', 3, 'one line is written again and again');
    # or the end of a long one is left behind a shorter line
    like($run->{out}, qr/Ctrl-C is safe *\r +\r(?:\[\S+ @ \w+\] clip 2 [^\r\n]*\r?\n)?\[\S+ @ \w+\] clip 1 [^\r\n]*: the result is /, 'and cleared before another takes its place') or diag $run->{out};
    is((grep { /waiting for/ } split /the result is/, (split /(?=clip 1 .*: the result is)/, $run->{out})[0]), 0, 'there are no others until the first frame is out');
    like($run->{out}, qr/the result is .*waiting for \d+ s: film read to/s, 'then there are');
};

subtest 'a line that is logged over it' => sub {
    plan skip_all => 'no script(1) to make a terminal' if !$script;
    # the line that stands there when two clips are sent, and no more are
    my $seen = "grep -qs '30 credits; Ctrl-C is safe' $TMP/terminal.out";
    for my $case (['of a clip', '', qr/\r\[\S+ @ \w+\] clip [^\r\n]* sent: /, '--fault' => 'create:2=status=429', '--latency' => 4],
        ['of the end', "(while kill -0 \$\$ && ! $seen; do sleep 0.2; done; kill -INT \$\$) & ",
            qr/\r\[\S+ @ \w+\] interrupted: nothing more is sent/, '--latency' => 20]) {
        my ($name, $before, $line, @sim) = @$case;
        my $run = in_terminal(200, $before, simulator(@sim), concurrency => 2);
        like($run->{out}, qr/Ctrl-C is safe *\r.*$line/s, "$name: comes") or diag $run->{out};
        unlike($run->{out}, qr/Ctrl-C is safe *\r+\[/, '... with nothing of it left beside');
    }
};

done_testing;
