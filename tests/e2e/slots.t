#!/usr/bin/env perl
# What concurrency counts: tasks at the provider, and nothing else. A download
# keeps no create waiting, and what is uploaded is uploaded before its turn.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use List::Util qw(max);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;
use PaidTest;

# When each task was created, when it was first read as SUCCEEDED, and when its
# result's last byte went out.
sub tasks_of {
    my ($sim) = @_;
    my %tasks;
    $tasks{ $_->{task} }{created} = $_->{t} for $sim->requests('create');
    for ($sim->requests('read')) {
        $tasks{ $_->{task} }{ended} //= $_->{t} if ($_->{task_status} // '') eq 'SUCCEEDED';
    }
    for ($sim->events('sent')) {
        $tasks{$1}{fetched} = $_->{t} if $_->{path} =~ m{/([\w-]+)\.mp4$};
    }
    return sort { $a->{created} <=> $b->{created} } values %tasks;
}

# The most tasks that were at the provider at a time, by what the filter knew.
sub most_at_once {
    my (@tasks) = @_;
    return max map { my $now = $_->{created}; scalar grep { $_->{created} <= $now && $_->{ended} > $now } @tasks } @tasks;
}

subtest 'a download keeps no create waiting' => sub {
    # the second's end is seen later: two that are not checked would stop the third
    my $sim = RunwayTest::Simulator->start('--latency' => 2, '--fault' => 'create:2=stall=5', '--fault' => 'download=slow=10000');
    my $run = PaidTest->new(sim => $sim, in => film(seconds => 5), options => { concurrency => 2 })->run(timeout => 180);
    is($run->{status}, 0, 'ends well') or diag $run->{err};
    my @tasks = tasks_of($sim);
    is(scalar @tasks, 5, 'five tasks');
    cmp_ok($tasks[2]{created}, '<', $tasks[0]{fetched}, 'the third goes out while the first result comes in');
    cmp_ok(most_at_once(@tasks), '<=', 2, 'never more than two at the provider');
};

subtest 'results that nobody has checked are bounded' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--fault' => 'download=slow=10000');
    my $run = PaidTest->new(sim => $sim, in => film(seconds => 8), options => { concurrency => 2 })->run(timeout => 180);
    is($run->{status}, 0, 'ends well') or diag $run->{err};
    my @tasks = tasks_of($sim);
    is(scalar @tasks, 8, 'eight tasks');
    for my $task (@tasks) {
        my $unchecked = grep { $_->{created} < $task->{created} && $_->{fetched} > $task->{created} } @tasks;
        cmp_ok($unchecked, '<=', 3, 'no more than twice two are bought and not here');
    }
};

subtest 'what can be done before is done before' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 6);
    my $run = PaidTest->new(sim => $sim, in => film(seconds => 4),
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64 },
        options => { concurrency => 1, transport => 'upload', provider => 'runway', base_url => $sim->{runway}, model => 'aleph2', clip_duration => 2 })->run;
    is($run->{status}, 0, 'ends well') or diag $run->{err};
    my @tasks = tasks_of($sim);
    my @uploads = $sim->requests('storage');
    is(scalar @uploads, 2, 'two uploads');
    cmp_ok($uploads[1]{t}, '<', $tasks[0]{ended}, 'the second while the first task runs');
};

# The place of an event in the log.
sub place_of {
    my ($log, $event, $clip) = @_;
    my ($place) = grep { $log->[$_]{event} eq $event && ($log->[$_]{clip} // 0) == $clip } 0 .. $#$log;
    return $place // -1;
}

# The result is made beforehand: a busy machine would take seconds for each.
my $result = make_clip(size => '96x72', seconds => 1, rate => 10);

sub events_of {
    my ($film, $latency, %opt) = @_;
    my $sim = RunwayTest::Simulator->start('--latency' => $latency, '--result-file' => $result);
    my $path = sprintf '%s/events-%d.log', $TMP, ++our $logs;
    my $run = PaidTest->new(sim => $sim, in => $film, options => { concurrency => 2, log_path => $path })->run(timeout => 180, %opt);
    is($run->{status}, 0, 'ends well') or diag $run->{err};
    return [map { RunwayTest::decode($_) } split /\n/, slurp($path)];
}

# Output is slow: 0.4 seconds for each frame. Of the eight clips, six at a time may
# be in line: the last one follows when the second has begun to go out. The filter in
# front takes about as long as half of a frame is shown.
for my $case (['a cheap source', 2, 10, 4], ['a slow filter in front', 3, 5, 2, before => 'scale=2600:1800,scale=96:64']) {
    my ($name, $later, $rate, $slower, @before) = @$case;
    subtest "a free place is filled before frames that are ready go out: $name" => sub {
        my $log = events_of(film(seconds => 8, rate => $rate), 0.2, @before, after => "setpts=$slower*PTS,realtime");
        cmp_ok(place_of($log, 'planned', 8), '<', place_of($log, 'emitted', $later), "the last clip is there before clip $later is out");
        cmp_ok(place_of($log, 'submitted', 8), '>', 0, 'it is sent');
    };
}

subtest 'frames that are ready go out while places are free' => sub {
    # input is slow, and a place is always free: as many frames go out as come in
    my $log = events_of(film(seconds => 12), 0, input => ['-re']);
    cmp_ok(place_of($log, 'emitted', 6), '<', place_of($log, 'planned', 12), 'half of the film is out before the last clip is read');
    cmp_ok(place_of($log, 'emitted', 6), '>', 0, 'it is out');
};

done_testing;
