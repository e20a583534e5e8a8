#!/usr/bin/env perl
# A service that is down: patience for what is paid for, an end after a quarter
# of an hour, and no storm in between. The clock of ffmpeg runs forty times faster for
# it.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use IO::Socket::INET;
use Test::More;

use RunwayTest;
use FastClock;
use FilterTest;
use PaidTest;

my $lib = fast_clock();
plan skip_all => 'no library that makes time go faster' if !$lib;

my $FILM = film(seconds => 2);      # two clips

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.3, '--result-size' => '132x100', map { ('--fault' => $_) } @_) }
sub job { return PaidTest->new(in => $FILM, env => { LD_PRELOAD => $lib }, options => { poll_interval => 6 }, @_) }

# Runs that give up, after a quarter of an hour. All at the same time, and
# beside them one that does not have to.
my @CASES = (
    # with jitter, one request in half a minute for each of the two clips
    { name => 'reads', fault => 'read:*=status=502', where => 'read', least => 8, most => 160, state => 'submitted', billed => 2,
        says => qr/reading the task/ },
    # of four clips in flight one tries again for all
    { name => 'creates', fault => 'create:*=status=429', seconds => 4, where => 'create', least => 8, most => 60, state => 'none', billed => 0,
        says => qr/the create request.* 429/ },
    # five minutes is the most that is waited
    { name => 'creates, told when to come again', fault => 'create:*=status=503,retry-after=100000', where => 'create', least => 4, most => 6,
        state => 'none', billed => 0, says => qr/the create request.* 503/ },
    { name => 'downloads', fault => 'download:*=status=503', where => 'download', least => 8, most => 160, state => 'generated', billed => 2,
        says => qr/the download/ },
);
for my $case (@CASES) {
    $case->{sim} = simulator($case->{fault});
    $case->{job} = job(sim => $case->{sim}, $case->{seconds} ? (in => film(seconds => $case->{seconds})) : ());
    $case->{going} = $case->{job}->begin(loglevel => 'error');
}
# one that takes connections and says nothing on them, not even for TLS
my $silent = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 16) or die "socket: $!\n";
my $hanging = job(options => { poll_interval => 6, base_url => 'https://127.0.0.1:' . $silent->sockport },
    env => { LD_PRELOAD => $lib, FASTER => 10 })->begin(loglevel => 'error');
# seven minutes or so for each kind of request
my $back = simulator('create:1-15=status=429', 'read:1-20=status=502', 'download:1-15=status=503');
my $patient = job(sim => $back, options => { concurrency => 1, poll_interval => 6 })->begin;

for my $case (@CASES) {
    subtest "$case->{name}: the service is down" => sub {
        my $run = $case->{going}->end(undef, 300);
        error_line('it gives up', $run, $case->{says}, qr/^clip \d .* has failed for (9\d\d|1[0-2]\d\d) s: .*same command again later/);
        my $asked = () = $case->{sim}->requests($case->{where});
        note "$asked requests";
        cmp_ok($asked, '>=', $case->{least}, 'it did try');
        cmp_ok($asked, '<=', $case->{most}, 'and was no storm');
        is_deeply([grep { $_ ne $case->{state} } values %{ $case->{job}->states }], [], "the clips are $case->{state}")
            or diag explain $case->{job}->states;
        is(billed($case->{sim}), $case->{billed}, 'and paid for or not');
    };
}

subtest 'a connection that is never made' => sub {
    my $run = $hanging->end(undef, 300);
    error_line('it gives up', $run, qr/cannot reach 127\.0\.0\.1:/);
    # two tries of fifteen seconds, and a wait between them
    my ($seconds) = $run->{err} =~ /has failed for (\d+) s/;
    cmp_ok($seconds // 0, '>=', 20, 'after two tries');
    # a delay of the machine counts ten times, and a create may take half an hour
    cmp_ok($seconds // 9999, '<', 300, 'of a quarter of a minute');
};

subtest 'the service was down' => sub {
    my $run = $patient->end(undef, 300);
    is($run->{status}, 0, 'it goes on when it is there again') or diag $run->{err};
    is(billed($back), 2, 'each clip was paid once');
    cmp_ok(scalar(() = $back->requests($_)), '>', 15, "after all those $_ requests") for qw(create read download);
};

done_testing;
