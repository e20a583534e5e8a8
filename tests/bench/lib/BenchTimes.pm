# What the simulator's log and the filter's own say of a run's time: how long
# a place at the provider stood idle, how long the run went on behind the last
# task, how long a stored result waited to be seen. Seconds all.
#
# Nothing is run or read here: tests/e2e/bench.t tests it with logs of its own.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchTimes;
use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(max min);
use Time::Local qw(timegm);

our @EXPORT_OK = qw(successes creates idle tail utc first_after_stored held median verdict ratios);

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return undef if !@sorted;
    return @sorted % 2 ? $sorted[@sorted / 2] : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

# By turns: of each, one part by the other.
sub ratios {
    my ($these, $those) = @_;
    return map { $these->[$_] / $those->[$_] } 0 .. min($#$these, $#$those);
}

# When each task's first SUCCEEDED had been answered, in order.
sub successes {
    my %at;
    for my $line (@_) {
        next if ($line->{where} // '') ne 'read' || ($line->{task_status} // '') ne 'SUCCEEDED';
        my $answered = $line->{t} + ($line->{took} // 0);
        my $known = $at{$line->{path}};
        $at{$line->{path}} = $answered if !defined $known || $answered < $known;
    }
    return sort { $a <=> $b } values %at;
}

# When the first byte came of each create that was accepted, in order.
sub creates {
    return sort { $a <=> $b } map { $_->{t} }
        grep { ($_->{where} // '') eq 'create' && ($_->{status} // 0) =~ /^2/ } @_;
}

# The longest that a place was free while a clip waited: from the answer that
# freed it, or where that was later from when the clip was there (planned), to
# the clip's create. undef where no clip had to wait for a place.
sub idle {
    my ($log, $planned, $concurrency) = @_;
    my @freed = successes(@$log);
    my @created = creates(@$log);
    my @there = sort { $a <=> $b } @$planned;
    my @idle;
    for my $n ($concurrency .. $#created) {
        my $free = $freed[$n - $concurrency] // last;
        push @idle, max(0, $created[$n] - max($free, $there[$n] // $free));
    }
    return @idle ? max(@idle) : undef;
}

# From the answer that said that the last task had succeeded to the end of the
# process, less what the last clip's frames cost anybody.
sub tail {
    my ($log, $end, $work) = @_;
    my @freed = successes(@$log);
    return @freed ? $end - $freed[-1] - $work : undef;
}

# 2026-11-22T23:03:22.123Z, as seconds since 1970.
sub utc {
    my ($text) = @_;
    my ($y, $mon, $d, $h, $min, $s, $part) = $text =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)?Z$/
        or die "not a time: $text\n";
    return timegm($s, $min, $h, $d, $mon - 1, $y) + ($part // 0);
}

# How long after the first result was stored the first frame came; both since 1970.
sub first_after_stored {
    my ($events, $first) = @_;
    my @stored = map { utc($_->{time}) } grep { $_->{event} eq 'stored' } @$events;
    return @stored ? $first - min(@stored) : undef;
}

# Of the filter's events and the start of its run, seconds since 1970: the last
# success of a task, the first clip that was out, and how many were out by then.
sub held {
    my ($start, @events) = @_;
    my $success = max(map { utc($_->{time}) } grep { $_->{event} eq 'state' && $_->{state} eq 'SUCCEEDED' } @events);
    my @out = map { utc($_->{time}) } grep { $_->{event} eq 'emitted' } @events;
    return { success => $success - $start, first => min(@out) - $start, out => scalar grep { $_ < $success } @out };
}

# A figure beside its bar: "1.32 (1.25: MISSED)". Without a figure, "-".
sub verdict {
    my ($bar, $format) = @_;
    return '-' if !$bar;
    return sprintf "$format ($format: %s)", @$bar{qw(value limit)}, $bar->{ok} ? 'pass' : 'MISSED';
}

1;
