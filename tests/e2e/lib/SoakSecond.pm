# The schedules of Soak at the second server: the same users and deaths, a service of
# another make, whose own lot draws the faults and whose ledger is the judge.
#
# draw, describe, reference and play are as in Soak.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package SoakSecond;
use strict;
use warnings;

use File::Path qw(remove_tree);
use Time::HiRes qw(time);

use RunwayTest;
use PaidTest;
use Soak ();
use SecondServer;

my $FILM_SECONDS = 6;
my $CLIPS = 3;

sub draw {
    my ($seed) = @_;
    srand $seed;
    my $provider = Soak::chance(0.4) ? 'runway' : 'cometapi';
    my %server = ('--provider' => $provider, '--seed' => $seed, '--paid' => 1, '--severity' => Soak::one_of(0.08, 0.15, 0.3),
        '--run' => sprintf('%.2f', Soak::between(0.1, 0.8)), '--bare' => 0 + Soak::chance(0.2));
    $server{'--concurrent'} = Soak::whole(1, 3) if Soak::chance(0.3);
    $server{'--url-lifetime'} = sprintf '%.2f', Soak::between(0.5, 1.5) if Soak::chance(0.25);
    if ($provider eq 'cometapi') {
        $server{'--wrap'} = Soak::one_of(qw(never always mixed));
        $server{'--not-exist-for'} = sprintf '%.2f', Soak::between(0.1, 1) if Soak::chance(0.3);
    }
    my %schedule = (
        seed => $seed, provider => $provider, server => \%server, concurrency => 1 + Soak::whole(0, 4),
        transport => $provider eq 'runway' ? Soak::one_of(qw(auto upload)) : 'auto',
        runs => [map { { end => Soak::draw_end(), twin => Soak::chance(0.25) } } 1 .. Soak::whole(0, 7)],
    );
    $_->{lose} = Soak::chance(0.15) for @{ $schedule{runs} };
    return \%schedule;
}

sub describe {
    my ($schedule) = @_;
    my %server = %{ $schedule->{server} };
    return "seed $schedule->{seed}, concurrency=$schedule->{concurrency}, transport=$schedule->{transport}\n"
        . join(' ', '  node tests/second-server/main.js', map { "$_ $server{$_}" } sort keys %server) . "\n"
        . Soak::describe_runs($schedule);
}

sub _job {
    my ($server, %options) = @_;
    return job($server, in => second_film($FILM_SECONDS), options => \%options);
}

# What an undisturbed run gives.
sub reference {
    my ($provider) = @_;
    my $server = SecondServer->start('--provider' => $provider);
    my $run = _job($server)->run;
    die "an undisturbed run at the second server's $provider fails:\n$run->{err}\n" if $run->{status};
    return { frames => frames_md5($run->{file}) };
}

sub play {
    my ($schedule, $reference) = @_;
    my $start = time;
    my $server = SecondServer->start(%{ $schedule->{server} });
    my $job = _job($server, concurrency => $schedule->{concurrency}, transport => $schedule->{transport}, retries => 8);
    my ($runs, $killed, $resend, $done) = (0, 0, 0);
    my (@wrong, @said, @deaths, @resent);
    for my $n (1 .. Soak::MAX_RUNS) {
        my $plan = $schedule->{runs}[$n - 1] || {};
        Soak::_lose_records($job) if $plan->{lose};
        my $option = $resend ? 'resend' : 'fail';
        my $begun = time;
        my @going = map { $job->begin(options => { on_unknown => $option }) } 1 .. ($plan->{twin} ? 2 : 1);
        my $end = $plan->{end};
        my $signal = $end && Soak::_moment($going[0], $end, $job, $server) ? $end->{signal} : undef;
        my $from = time;
        my @ended = ($going[0]->end($signal, Soak::MAX_SECONDS));
        push @deaths, [$from, time] if $signal;
        push @ended, map { $_->end(undef, Soak::MAX_SECONDS) } @going[1 .. $#going];
        push @resent, [$begun, time] if $resend;
        $runs += @ended;
        $killed++ if $signal;
        for my $run (@ended) {
            push @said, "--- run $n, on_unknown=$option" . ($signal && $run == $ended[0] ? ", SIG$signal" : '')
                . ": status $run->{status}, signal $run->{signal}\n$run->{said}\n";
            push @wrong, "run $n did not end" if $run->{timed_out};
            push @wrong, "run $n failed and said nothing" if $run->{status} > 0 && $run->{status} != 255 && $run->{said} !~ /^\S/m;
        }
        ($done) = grep { !$_->{status} && !$_->{signal} } @ended;
        last if $done || @wrong || time - $start > Soak::MAX_SCHEDULE * $PATIENCE;
        $resend = grep { $_->{said} =~ /on_unknown=resend, which/ } @ended;
    }
    push @wrong, "not done after $runs runs" if !$done && !@wrong;
    if ($done) {
        push @wrong, 'the output is not the undisturbed one' if json(frames_md5($done->{file})) ne json($reference->{frames});
        my $creates = $server->nb_requests('create');
        my $again = $job->run;
        push @wrong, "once more fails: $again->{err}" if $again->{status};
        push @wrong, 'once more asks for clips' if $server->nb_requests('create') != $creates;
    }
    my $ledger = $server->ledger;
    push @wrong, grep { $_ } bought_twice($ledger, retries => 1, resend => \@resent, deaths => \@deaths);
    push @wrong, "forbidden: $_, $ledger->{forbidden}{$_} times" for grep { $ledger->{forbidden}{$_} } sort keys %{ $ledger->{forbidden} };
    push @wrong, "a request was refused: $_->{path}: $_->{status} $_->{message}"
        for grep { $_->{status} == 400 && $_->{message} !~ /task_not_exist/ } @{ $ledger->{refused} };
    if (@wrong) {
        push @said, 'ledger: ' . json({ %$ledger, tasks => [map { { %$_, source => undef } } @{ $ledger->{tasks} }] }) . "\n";
    }
    $server->stop;
    remove_tree($job->{dir}, $server->{dir}) if !@wrong;
    return {
        wrong => \@wrong, runs => $runs, killed => $killed, said => join('', @said), dirs => "$job->{dir} $server->{dir}",
        line => sprintf('seed %d, second server as %s: %d runs, %d ended early, %d faults struck, %d tasks for %d clips (%d failed)',
            @$schedule{qw(seed provider)}, $runs, $killed, scalar @{ $ledger->{faults} }, scalar @{ $ledger->{tasks} }, $CLIPS,
            scalar grep { $_->{state} eq 'FAILED' } @{ $ledger->{tasks} }),
    };
}

1;
