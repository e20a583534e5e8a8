# One schedule of bad luck: a service that fails in ways drawn by lot, a user
# whose runs are killed at moments drawn by lot and who repeats the command until
# it is through, and a count of what that was billed.
#
#   my $schedule = draw(17);           # the same for the same seed
#   my $report = play($schedule, $reference{ $schedule->{provider} });
#   @{ $report->{wrong} } and print describe($schedule);
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package Soak;
use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(remove_tree);
use Time::HiRes qw(sleep time);

use RunwayTest;
use FilterTest;
use PaidTest;

our @EXPORT = qw(draw describe reference play);

# After so many runs that were left alone, it has to be done.
use constant MAX_RUNS => 60;
# Nor is there any schedule that takes so long.
use constant MAX_SCHEDULE => 900;
# Longer than any row of failures that can be drawn makes the filter wait.
use constant MAX_SECONDS => 240;

# --- drawing ---------------------------------------------------------------------------

sub between { my ($from, $to) = @_; return $from + rand($to - $from) }
sub one_of { return $_[rand @_] }
sub chance { return rand() < $_[0] }
sub whole { return int between(@_) }

# What happens to the requests of a kind: up to which number, how often, and what.
# All has its end.
my %FAULTS = (
    create => [10, 1.5, sub { one_of('drop-before', 'drop-before', 'drop-after', 'drop-after', 'status=500', 'status=502', 'after-status=502', map({ "after-status=$_" } 408, 409, 499),
        map({ "after-page=$_" } 404, 429, 503), sprintf('after-page=503,retry-after=%.1f', between(0, 0.6)), 'bad-json', 'html', sprintf('stall=%.2f', between(0.2, 1)), sprintf('status=429,retry-after=%.1f', between(0, 0.6)), 'status=429',
        sprintf('status=503,retry-after=%.1f', between(0, 0.6)), 'status=401') }],
    read => [30, 0.5, sub { one_of('drop-before', 'drop-after', map({ "status=$_" } 429, 500, 502, 503, 404), 'bad-json', 'html', 'slow=300',
        'cut=' . whole(1, 60), sprintf('stall=%.2f', between(0.2, 1)), sprintf('status=503,retry-after=%.1f', between(0, 0.6))) }],
    download => [10, 1, sub { one_of('drop-before', 'drop-after', map({ "status=$_" } 403, 404, 500, 503), 'slow=' . whole(8000, 60000),
        ('cut=' . whole(1, 20000)) x 3, sprintf('stall=%.2f', between(0.2, 1))) }],
    account => [3, 1, sub { one_of('drop-after', 'status=500', 'status=503', 'bad-json') }],
    upload => [8, 1, sub { one_of('drop-before', 'drop-after', 'status=500', 'status=503,retry-after=0.3', 'bad-json',
        sprintf('stall=%.2f', between(0.2, 1))) }],
    storage => [8, 1, sub { one_of('drop-before', 'drop-after', 'status=500', 'status=403', sprintf('stall=%.2f', between(0.2, 1))) }],
);

# When, and how, a run is ended; nothing: it is left alone.
sub draw_end {
    return undef if chance(0.1);
    my $signal = chance(0.75) ? 'KILL' : one_of(qw(INT TERM HUP));
    my $delay = between(0, chance(0.5) ? 0.03 : 0.3);
    return { signal => $signal, after => between(0.1, 1.6), delay => 0 } if chance(0.5);
    return { signal => $signal, state => one_of(qw(intent submitted generated stored none)), more => 1 + whole(0, 2),
        delay => $delay } if chance(0.5);
    return { signal => $signal, request => one_of(qw(create create read download)), more => 1 + whole(0, 3), delay => $delay };
}

sub draw {
    my ($seed) = @_;
    srand $seed;
    my $runway = chance(0.3);
    my $often = one_of(0.05, 0.12, 0.25);
    my (@sim, @faults);
    push @sim, '--latency' => sprintf('%.2f', between(0.1, 0.8));
    push @sim, '--concurrency' => whole(1, 3) if chance(0.3);
    push @sim, '--url-lifetime' => sprintf('%.2f', between(0.3, 1)) if chance(0.25);
    if (!$runway) {
        push @sim, '--wrap' if chance(0.3);
        push @sim, '--not-exist-for' => sprintf('%.2f', between(0.1, 1)), '--not-exist-as' => one_of(200, 400, 404) if chance(0.3);
    }
    my @failing = grep { chance(0.08) } 1 .. 8;
    push @sim, '--fail-tasks' => join ',', map { "$_=INTERNAL.BAD_OUTPUT.CODE01" } @failing if @failing;
    for my $where ('create', 'read', 'download', $runway ? qw(account upload storage) : ()) {
        my ($last, $share, $what) = @{ $FAULTS{$where} };
        push @faults, map { "$where:$_=" . $what->() } grep { chance($often * $share) } 1 .. $last;
    }
    # pages in the place of results, as of a captive portal: what has succeeded is
    # fetched again for free, however often
    push @faults, map { "download:$_=" . one_of(qw(html bad-json)) } grep { chance(0.3) } 1 .. 8 if chance(0.3);
    # an output that is there later than the task's end
    push @sim, '--output-after' => sprintf('%.2f', between(0.2, 1.5)) if chance(0.2);
    # one fault for each request, and no more than the simulator takes
    my %seen;
    @faults = grep { !$seen{ (split /=/)[0] }++ } reverse @faults;
    splice @faults, 60;
    return {
        seed => $seed, provider => $runway ? 'runway' : 'cometapi', sim => [@sim, map { ('--fault' => $_) } @faults],
        concurrency => 1 + whole(0, 4), nb_faults => scalar @faults,
        # ends of the first runs; with `twin` a second process has the same command
        runs => [map { { end => draw_end(), twin => chance(0.25), lose => chance(0.15) } } 1 .. whole(0, 9)],
    };
}

# The runs of a schedule, a line each.
sub describe_runs {
    my ($schedule) = @_;
    my @runs = map {
        my $end = $_->{end};
        ($_->{lose} ? 'records of results lost, ' : '') . ($_->{twin} ? 'two at once, ' : '') . (!$end ? 'left alone' : sprintf "SIG%s %s + %.3f s", $end->{signal},
            defined $end->{after} ? sprintf('after %.3f s', $end->{after}) : $end->{state} ? "when $end->{more} more clips are $end->{state}"
            : "after $end->{more} more of $end->{request}", $end->{delay});
    } @{ $schedule->{runs} };
    my $n = 0;
    return join '', map({ $n++; "  run $n: $_\n" } @runs), "  all others: left alone\n";
}

sub describe {
    my ($schedule) = @_;
    return join '', "seed $schedule->{seed}, provider $schedule->{provider}, concurrency=$schedule->{concurrency}\n",
        '  runway-simulator ', join(' ', map { /[^\w.:=+-]/ ? "'$_'" : $_ } @{ $schedule->{sim} }), "\n", describe_runs($schedule);
}

my %NUMBER = (KILL => 9, INT => 2, TERM => 15, HUP => 1);

# --- playing ---------------------------------------------------------------------------

my %FOR = (
    cometapi => { api => 'api', env => {}, options => {} },
    # which has uploads and an account
    runway => { api => 'runway', env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key' },
        options => { provider => 'runway', clip_duration => 2, transport => 'upload' } },
);

sub _job {
    my ($provider, $film, $sim, %options) = @_;
    my $for = $FOR{$provider};
    return PaidTest->new(in => $film, sim => $sim, env => $for->{env},
        options => { base_url => $sim->{ $for->{api} }, %{ $for->{options} }, %options });
}

sub _simulator { return RunwayTest::Simulator->start('--result-size' => '132x100', @_) }

# What an undisturbed run gives, and which upload is which clip.
sub reference {
    my ($provider, $film) = @_;
    my $sim = _simulator('--latency' => 0.1);
    my $run = _job($provider, $film, $sim, concurrency => 1)->run;
    die "an undisturbed run at $provider fails:\n$run->{err}\n" if $run->{status};
    return { film => $film, frames => frames_md5($run->{file}), clips => [map { $_->{clip_sha256} } $sim->events('billed')] };
}

sub _requests {
    my ($sim, $where) = @_;
    return $sim->nb_requests($where) if $sim->can('nb_requests');
    return 0 if !-e $sim->{log_file};
    my $n = () = slurp($sim->{log_file}) =~ /"where":"$where"/g;
    return $n;
}

# Lets a run go on until its end is to come. False when it was over first.
sub _moment {
    my ($going, $end, $job, $sim) = @_;
    my $count = sub {
        return $end->{request} ? _requests($sim, $end->{request}) : scalar grep { $_->{state} eq $end->{state} } $job->records;
    };
    my $before = defined $end->{after} ? 0 : $count->();
    my $what = defined $end->{after} ? sub { time - $going->{start} >= $end->{after} }
        : sub { $count->() >= $before + $end->{more} };
    # moments that never come: then it is left alone
    $going->until($what, MAX_SECONDS) or return 0;
    sleep $end->{delay} if $end->{delay};
    return !$going->is_over;
}

# Tasks of one clip that were bought although the one before was known to be there,
# as text. `deaths`: [from, to] of each; `since`: when the simulator was started,
# its own clock begins a little later. The whole log is judged and not what was
# before a run: a run, or its twin, may learn of a failure, buy another and lose that
# one's answer, all in one go.
sub _known_and_bought_again {
    my ($sim, $sha, $deaths, $since) = @_;
    my (@billed, %create, %failed, @wrong);
    for my $line ($sim->log) {
        my $event = $line->{event} // '';
        push @billed, $line->{task} if $event eq 'billed' && ($line->{clip_sha256} // '') eq $sha;
        $create{ $line->{task} } = $line if ($line->{where} // '') eq 'create' && $line->{task};
        $failed{ $line->{task} } = 1 if $event eq 'ended' && $line->{status} eq 'FAILED';
    }
    for (0 .. $#billed - 1) {
        my $create = $create{ $billed[$_] };
        next if $failed{ $billed[$_] } || !$create || $create->{fault} || $create->{status} != 200;
        # from when it came in to when the answer ought to have been written down
        my ($from, $to) = ($since->[0] + $create->{t} - 0.3, $since->[1] + $create->{t} + $create->{took} + 2);
        next if grep { $_->[1] > $from && $_->[0] < $to } @$deaths;
        push @wrong, "task $billed[$_] was known, and has not failed: task $billed[$_ + 1] was bought all the same";
    }
    return @wrong;
}

# The part of clips/ whose results are kept.
sub _lose_records {
    my ($job) = @_;
    unlink $_->{path} for grep { glob "$job->{results}/$_->{identity}-*.mp4" } $job->records;
}

# Plays it to the end. { wrong => [texts], line => what to report, dir => files, said }
sub play {
    my ($schedule, $reference) = @_;
    my @since = (time);
    my $sim = _simulator('--seed' => $schedule->{seed}, @{ $schedule->{sim} });
    push @since, time;
    my $job = _job($schedule->{provider}, $reference->{film}, $sim, concurrency => $schedule->{concurrency}, retries => 8);
    my @wrong;
    my ($runs, $killed, $resend, $done) = (0, 0, 0);
    my (%resent, @said, @deaths);
    for my $n (1 .. MAX_RUNS) {
        my $plan = $schedule->{runs}[$n - 1] || {};
        _lose_records($job) if $plan->{lose};
        my %options = (on_unknown => $resend ? 'resend' : 'fail');
        my @going = map { $job->begin(options => \%options) } 1 .. ($plan->{twin} ? 2 : 1);
        my $end = $plan->{end};
        my $signal = $end && _moment($going[0], $end, $job, $sim) ? $end->{signal} : undef;
        my $from = time;
        my @ended = ($going[0]->end($signal, MAX_SECONDS));
        push @deaths, [$from, time] if $signal;
        push @ended, map { $_->end(undef, MAX_SECONDS) } @going[1 .. $#going];
        $runs += @ended;
        push @said, map { "--- run $n, on_unknown=$options{on_unknown}" . ($signal && $_ == $ended[0] ? ", SIG$signal" : '')
            . ": status $_->{status}, signal $_->{signal}\n$_->{said}\n" } @ended;
        for my $run (@ended) {
            my %here;
            $here{$_}++ for $run->{said} =~ /^clip (\d+) \S+ \S+: sent again because of on_unknown=resend/mg;
            push @wrong, "run $n sent clips @{[ sort keys %here ]} again, and nobody had said so" if %here && !$resend;
            push @wrong, "run $n sent clip $_ again $here{$_} times" for grep { $here{$_} > 1 } sort keys %here;
            $resent{$_} += $here{$_} for keys %here;
            push @wrong, "run $n did not end" if $run->{timed_out};
            # ffmpeg has no handler yet in its first moments
            push @wrong, "run $n ended by signal $run->{signal}" if $run->{signal} && $run->{signal} != ($NUMBER{ $signal // '' } // 0);
            push @wrong, "run $n failed and said nothing" if $run->{status} > 0 && $run->{status} != 255 && $run->{said} !~ /^\S/m;
        }
        $killed++ if $signal;
        ($done) = grep { !$_->{status} && !$_->{signal} } @ended;
        last if $done || @wrong || time - $since[0] > MAX_SCHEDULE * $PATIENCE;
        # the user looks, and decides
        $resend = grep { $_->{said} =~ /on_unknown=resend, which/ } @ended;
    }
    push @wrong, "not done after $runs runs" if !$done && !@wrong;
    if ($done) {
        push @wrong, 'the output is not the undisturbed one' if json(frames_md5($done->{file})) ne json($reference->{frames});
        my $creates = _requests($sim, 'create');
        my $again = $job->run;
        push @wrong, "once more fails: $again->{err}" if $again->{status};
        push @wrong, 'once more gives another output' if !$again->{status} && json(frames_md5($again->{file})) ne json($reference->{frames});
        push @wrong, 'once more asks for clips' if _requests($sim, 'create') != $creates;
        push @wrong, "clip $_->{label} is $_->{state} in the end" for grep { $_->{state} ne 'stored' } $job->records;
    }

    my (%billed, %failed, %clip_of);
    for my $line ($sim->log) {
        my $event = $line->{event} // '';
        $clip_of{ $line->{task} } = $line->{clip_sha256} if $event eq 'billed';
        $billed{ $line->{clip_sha256} // '' }++ if $event eq 'billed';
        $failed{ $clip_of{ $line->{task} } // '' }++ if $event eq 'ended' && $line->{status} eq 'FAILED';
        push @wrong, 'something was deleted' if ($line->{where} // '') eq 'delete';
    }
    my $all = 0;
    for my $n (1 .. @{ $reference->{clips} }) {
        my $sha = $reference->{clips}[$n - 1];
        my ($billed, $failed, $resent) = (delete $billed{$sha} // 0, $failed{$sha} // 0, $resent{$n} // 0);
        $all += $billed;
        push @wrong, "clip $n was billed $billed times: $failed of them failed, and it was sent again $resent times because the user said so"
            if $billed > 1 + $failed + $resent;
        push @wrong, "clip $n was never billed" if $done && !$billed;
        push @wrong, map { "clip $n: $_" } _known_and_bought_again($sim, $sha, \@deaths, \@since);
    }
    push @wrong, 'something else was billed' if %billed;
    $sim->stop;
    my $again = 0;
    $again += $_ for values %resent;
    my $failed = 0;
    $failed += $_ for values %failed;
    remove_tree($job->{dir}, $sim->{dir}) if !@wrong;
    return {
        wrong => \@wrong, runs => $runs, killed => $killed, said => join('', @said), dirs => "$job->{dir} $sim->{dir}",
        line => sprintf('seed %d, %s: %d runs, %d ended early, %d faults drawn, %d tasks for %d clips (%d failed, %d sent again)',
            @$schedule{qw(seed provider)}, $runs, $killed, $schedule->{nb_faults}, $all, scalar @{ $reference->{clips} }, $failed, $again),
    };
}

1;
