#!/usr/bin/env perl
# What it costs: the plan beforehand, the cap while it runs, the last line.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest qw(error_line filter_graph);
use PaidTest;

my $FILM = film(seconds => 3);

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.2, @_) }
sub job { return PaidTest->new(in => $FILM, @_) }
# What is sent of a picture is not of this file.
sub plan_lines { return [grep { !/^pictures of / } $_[0]{said} =~ /^plan: (.*)/mg] }

# A service that nobody runs: port 9 of an address that may not be used.
my $NOWHERE = 'https://api.example.invalid/runwayml';

# what credits are where dollars are billed
my $MEASURE = qr/ \(Runway's measure: CometAPI bills in US dollars, at its own prices\)/;

subtest 'the plan' => sub {
    my %bare = (env => { COMETAPI_KEY => undef, HOME => undef, XDG_STATE_HOME => undef });
    my $job = job(in => film(seconds => 2.3), options => { dry_run => 1, base_url => $NOWHERE, retries => 2 });
    my $run = $job->run(%bare);
    is($run->{status}, 0, 'it needs no key, no network') or diag $run->{err};
    is_deeply(plan_lines($run), [
        'clip 1 (0.00-1.00 s): 1.000 s sent, 15 credits',
        'clip 2 (1.00-2.00 s): 1.000 s sent, 15 credits',
        # filled up to the least that the model takes
        'clip 3 (2.00-2.30 s): 1.000 s sent, 15 credits, 11 of them for 0.700 s of padding',
        '3 clips, 3.000 s sent, 45 credits (Runway\'s measure: CometAPI bills in US dollars, at its own prices) with one task per clip; 0 of them are already here and cost nothing more',
        'at most 135 credits with every retry used up (retries=2); nothing was sent',
    ], 'clips with their times, what is sent, what it costs; the sum, and the sum with retries') or diag $run->{err};
    is_deeply(frames_md5($run->{file}), frames_md5($job->{in}), 'the frames pass through');
    ok(!-e $job->{state} && !-e $job->{results}, 'nothing was made on disk');
    $run = $job->run(%bare, options => { state_dir => undef });
    cmp_ok($run->{status}, '>=', 0, 'without a home') or diag $run->{err};

    # the model's best: 5 s; aleph2 has a least price
    $run = $job->run(%bare, in => film(seconds => 7.5), options => { clip_duration => 0 });
    is_deeply([@{ plan_lines($run) }[0, 1]], ['clip 1 (0.00-5.00 s): 5.000 s sent, 75 credits',
        'clip 2 (5.00-7.50 s): 2.500 s sent, 38 credits'], 'parts of a second are rounded up') or diag $run->{err};
    $run = $job->run(%bare, in => film(seconds => 1), options => { clip_duration => 0, model => 'aleph2' });
    is_deeply([@{ plan_lines($run) }[0]], ['clip 1 (0.00-1.00 s): 2.000 s sent, 56 credits, 28 of them for 1.000 s of padding'],
        'filling up and the least price are in it') or diag $run->{err};
    $run = $job->run(%bare, options => { model => 'tomorrow' });
    like($run->{said}, qr/clip 1 .*price unknown/, 'an unknown price is said');
    like($run->{said}, qr/0 credits and 3 clips of unknown price/, 'and not in the sum');

    # only what enable lets through
    $run = $job->run(%bare, options => { enable => 'between(t,1,1.95)' });
    is_deeply([@{ plan_lines($run) }[0, 1]], ['clip 1 (1.00-2.00 s): 1.000 s sent, 15 credits',
        '1 clip, 1.000 s sent, 15 credits (Runway\'s measure: CometAPI bills in US dollars, at its own prices) with one task per clip; 0 of them are already here and cost nothing more'],
        'what enable leaves out costs nothing') or diag $run->{err};
};

subtest 'a plan touches nothing' => sub {
    my $sim = simulator();
    my $job = job(sim => $sim);
    my $run = $job->run(options => { dry_run => 1 });
    is($run->{status}, 0, 'with a service') or diag $run->{err};
    is(scalar(() = $sim->requests), 0, 'it is not asked');
    my $all = plan_lines($run);
    $run = $job->run;
    is($run->{status}, 0, 'the run') or diag $run->{err};
    my ($made) = $run->{said} =~ /credits: (\d+) estimated/;
    like($all->[3], qr/ $made credits$MEASURE with one task/, 'costs what the plan said');
    my $listing = `find '$job->{state}' '$job->{results}' -printf '%p %T@ %s\\n' | sort`;
    $run = $job->run(options => { dry_run => 1 });
    like($run->{said}, qr/clip 2 .*15 credits, already stored: free/, 'what is stored is free');
    like($run->{said}, qr/ 0 credits$MEASURE with one task per clip; 3 of them are already here/, 'in the sum as well');
    is(`find '$job->{state}' '$job->{results}' -printf '%p %T@ %s\\n' | sort`, $listing, 'journal and cache are as they were');
    $run = $job->run(in => film(seconds => 4), options => { dry_run => 1 });
    like($run->{said}, qr/ 15 credits$MEASURE with one task per clip; 3 of them/, 'one second more costs one second more');
};

subtest 'a plan of what was begun' => sub {
    my $last = sub { my ($run) = @_; return [@{ plan_lines($run) }[-2, -1]] };
    my $plan = sub { my ($job, %options) = @_; return $job->run(options => { dry_run => 1, %options }) };

    # equal clips share a task
    my $sim = simulator();
    my $job = job(sim => $sim, in => film(seconds => 4, source => 'color=gray'));
    my $run = $plan->($job, retries => 1);
    like($run->{said}, qr/clip 4 .*, equal to an earlier clip: free/, 'equal clips: said');
    is_deeply($last->($run), [
        '4 clips, 4.000 s sent, 15 credits (Runway\'s measure: CometAPI bills in US dollars, at its own prices) with one task per clip; 0 of them are already here and cost nothing more; 3 share the task of another',
        'at most 30 credits with every retry used up (retries=1); nothing was sent',
    ], 'equal clips: paid once') or diag $run->{err};
    is($job->run->{status}, 0, 'equal clips: a run');
    is($sim->stats->{credits}, 15, 'equal clips: costs what the plan said');

    # a task that is on its way may still fail
    $job = job(sim => simulator('--latency' => 30));
    my $going = $job->begin;
    ok($going->until(sub { 3 == grep { $_->{state} eq 'submitted' } $job->records }), 'three tasks are on their way');
    $going->end('KILL');
    is_deeply($last->($plan->($job, retries => 2)), [
        '3 clips, 3.000 s sent, 0 credits (Runway\'s measure: CometAPI bills in US dollars, at its own prices) with one task per clip; 3 of them are already here and cost nothing more',
        'at most 90 credits with every retry used up (retries=2); nothing was sent',
    ], 'tasks on their way: the retries are still to come');

    # what has failed is not bought again, or not as often
    $job = job(sim => simulator('--fail-tasks' => '1=INTERNAL.BAD_OUTPUT.CODE01'), in => film(seconds => 1));
    cmp_ok($job->run->{status}, '>', 0, 'a task that failed');
    $run = $plan->($job);
    like($run->{said}, qr/clip 1 .*, failed before: the run would stop here/, 'failed: said');
    is_deeply($last->($run), [
        '1 clip, 1.000 s sent, 0 credits (Runway\'s measure: CometAPI bills in US dollars, at its own prices) with one task per clip; 0 of them are already here and cost nothing more; the run would stop at 1 of them',
        'at most 0 credits with every retry used up (retries=0); nothing was sent',
    ], 'failed: costs nothing') or diag $run->{err};
    $run = $plan->($job, on_error => 'source');
    like($run->{said}, qr/clip 1 .*, failed before: replaced by its source/, 'failed: or is not replaced');
    like($run->{said}, qr/ 0 credits$MEASURE with one task per clip; 0 of them are already here and cost nothing more$/m, 'failed: for nothing');
    $run = $plan->($job, retries => 2);
    like($run->{said}, qr/at most 30 credits with every retry/, 'failed: one of three tasks is spent') or diag $run->{said};

    # of unknown fate
    $job = job(sim => simulator('--fault' => 'create:1=drop-after'), in => film(seconds => 1));
    cmp_ok($job->run->{status}, '>', 0, 'a create that is not answered');
    $run = $plan->($job);
    like($run->{said}, qr/clip 1 .*, of unknown fate: the run would stop here/, 'unknown: said');
    like($run->{said}, qr/ 0 credits$MEASURE with one task per clip;.*the run would stop at 1 of them$/m, 'unknown: costs nothing');
    $run = $plan->($job, on_unknown => 'resend', retries => 1);
    like($run->{said}, qr/ 15 credits$MEASURE with one task per clip/, 'unknown: or is sent again');
    like($run->{said}, qr/at most 30 credits .*\(retries=1, on_unknown=resend\)/, 'unknown: once') or diag $run->{said};
    $run = $plan->(job(sim => simulator(), in => film(seconds => 1)), on_unknown => 'resend', retries => 1);
    like($run->{said}, qr/at most 45 credits .*\(retries=1, on_unknown=resend\)/, 'new: sent, sent again, retried') or diag $run->{said};
};

subtest 'the cap' => sub {
    my $long = film(seconds => 6);
    for my $concurrency (1, 4, 8) {
        my $sim = simulator();
        my $job = job(sim => $sim, in => $long, options => { concurrency => $concurrency });
        my $run = $job->run(options => { max_credits => 50 });
        cmp_ok($run->{status}, '>', 0, "concurrency=$concurrency: a cap of 50 for 90") or diag $run->{err};
        my $bill = $sim->stats->{credits};
        cmp_ok($bill, '<=', 50, "concurrency=$concurrency: the bill never passes it");
        like($run->{said}, qr/clip 4 .*max_credits=50.*45 credits.*15 more/, "concurrency=$concurrency: the error has the numbers");
        like($run->{said}, qr/dry_run=1/, "concurrency=$concurrency: and says how to see the plan");
        # what was spent counts on, whenever it was: the cap is the output's
        for my $again (2, 3) {
            $run = $job->run(options => { max_credits => 50 });
            is($sim->stats->{credits}, 45, "concurrency=$concurrency: the same command, time $again: no more");
            like($run->{said}, qr/45 credits were spent on this output or are in flight \(15 on clip 1 .*15 on clip 2 .*15 on clip 3 .*To continue with it, set max_credits=60 /,
                "concurrency=$concurrency: what was spent on what, and how to go on") or diag $run->{said};
        }
        $run = $job->run(options => { max_credits => 90 });
        is($run->{status}, 0, "concurrency=$concurrency: with enough it comes out") or diag $run->{err};
        is($sim->stats->{credits}, 90, "concurrency=$concurrency: all was paid once");
    }

    # tasks in flight of a run that died count
    my $sim = simulator('--latency' => 8);
    my $job = job(sim => $sim, in => $long);
    my $going = $job->begin(options => { concurrency => 3 });
    ok($going->until(sub { 3 == grep { $_->{state} eq 'submitted' } $job->records }), 'three tasks run') or diag $going->said;
    $going->end('KILL');
    my $paid = $sim->stats->{credits};
    my $run = $job->run(options => { max_credits => $paid + 20 });
    cmp_ok($run->{status}, '>', 0, 'with three tasks of a dead run in flight') or diag $run->{err};
    cmp_ok($sim->stats->{credits}, '<=', $paid + 20, 'these count');

    # so do tasks that failed
    $sim = simulator('--fail-tasks' => '*=INTERNAL.BAD_OUTPUT.CODE01');
    $job = job(sim => $sim, in => film(seconds => 1));
    $run = $job->run(options => { max_credits => 50, retries => 9 });
    cmp_ok($run->{status}, '>', 0, 'a task that fails again and again') or diag $run->{err};
    is($sim->stats->{credits}, 45, 'stops at the cap');
    unlike($run->{said}, qr/at the provider, already paid for/, 'with nothing left to be picked up');
    $job->run(options => { max_credits => 50, retries => 9 });
    is($sim->stats->{credits}, 45, 'in the next run too');

    # four clips are paid for, one of them in vain: with these on their way
    # another try passes the cap, whichever of them comes by first. It is the last
    # create that is not answered, as nothing is sent after it. One runs at a time,
    # so that none is stored when the first has failed: that one would be free.
    my $four = film(seconds => 4);
    for my $case (['--fail-tasks' => '1=INTERNAL.BAD_OUTPUT.CODE01', 'retries', 1],
        ['--fault' => 'create:4=drop-after', 'on_unknown', 'resend']) {
        my ($option, $value, @more) = @$case;
        $sim = simulator('--latency' => 5, '--concurrency' => 1, $option => $value);
        $job = job(sim => $sim, in => $four);
        $run = $job->run(options => { max_credits => 60 });
        cmp_ok($run->{status}, '>', 0, "$option: the first run fails") or diag $run->{err};
        my @before = sort values %{ $job->states };
        is($sim->stats->{credits}, 60, "$option: with everything paid for") or diag "@before";
        $run = $job->run(options => { max_credits => 60, @more });
        is($sim->stats->{credits}, 60, "$option: nothing is bought again below the cap") or diag $run->{err};
        like($run->{said}, qr/clip \d .*max_credits=60 .*60 credits.*15 more/, "$option: and the error says why") or diag $run->{err};
        $run = $job->run(options => { max_credits => 75, @more });
        is($run->{status}, 0, "$option: with a higher cap it goes on") or diag $run->{err};
        is($sim->stats->{credits}, 75, "$option: for that much");
    }

    # two processes at once share the cap of their output
    $sim = simulator('--latency' => 0.5);
    $job = job(sim => $sim, in => $long);
    my @going = map { $job->begin(options => { max_credits => 60 }) } 1, 2;
    $_->end(undef, 60) for @going;
    is($sim->stats->{credits}, 60, 'two processes at once: 60');

    # the provider's price is twice the table's: 112 for a clip of 2 s, and not 56
    $sim = simulator('--price' => 2);
    $job = job(sim => undef, in => $long, env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'k' },
        options => { base_url => $sim->{runway}, provider => 'runway', clip_duration => 2, concurrency => 8 });
    $run = $job->run(options => { max_credits => 300 });
    cmp_ok($run->{status}, '>', 0, 'a provider that is dearer than the table') or diag $run->{err};
    is($sim->stats->{credits}, 224, 'the cap holds its prices');
    like($run->{said}, qr/this clip may cost 112 more/, 'and says which') or diag $run->{said};

    # a day's limit is the journal's
    $sim = simulator();
    $job = job(sim => $sim, in => film(seconds => 2));
    is($job->run(options => { max_credits_day => 60 })->{status}, 0, 'max_credits_day: the first film');
    my $other = job(sim => $sim, in => film(seconds => 4, source => 'mandelbrot'), state => $job->{state}, results => $job->{results});
    $run = $other->run(options => { max_credits_day => 60 });
    cmp_ok($run->{status}, '>', 0, 'max_credits_day: the second one stops');
    is($sim->stats->{credits}, 60, 'max_credits_day: at the limit of both');
    like($run->{said}, qr/max_credits_day=60 is reached: 60 credits.*24 hours.*To continue with it, set max_credits_day=75, or run/, 'max_credits_day: and says so')
        or diag $run->{err};

    # what was bought for another output costs this one nothing
    $run = $job->run(in => film(seconds => 2), options => { max_credits => 1 });
    is($run->{status}, 0, 'what is stored costs nothing') or diag $run->{err};

    # two filters in a graph are two outputs, each with a limit of its own
    $sim = simulator();
    $job = job(sim => $sim);
    my ($one, $two) = map { filter_graph(base_url => $sim->{api}, state_dir => $job->{state}, %{ $job->{options} }, max_credits => 45, prompt => $_) }
        'negative', 'mirror';
    $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $FILM, '-filter_complex', "[0:v]split[a][b];[a]${one}[c];[b]${two}[d]",
        map { ('-map', $_, qw(-f null -)) } '[c]', '[d]'], env => { COMETAPI_KEY => 'k', RUNWAYML_API_SECRET => undef }, timeout => 90);
    is($run->{status}, 0, 'two filters: each has its limit') or diag $run->{err};
    is($sim->stats->{credits}, 90, 'two filters: and pays for its clips');

    # of a record that cannot be believed nobody knows the price: it is the clip's
    $sim = simulator();
    $job = job(sim => $sim, in => film(seconds => 1));
    is($job->run->{status}, 0, 'a clip is paid for');
    truncate(($job->records)[0]{path}, 100) or die;
    remove_tree($job->{results});
    $run = $job->run(options => { max_credits => 20, on_unknown => 'resend' });
    cmp_ok($run->{status}, '>', 0, 'what is known of it is damaged') or diag $run->{err};
    is($sim->stats->{credits}, 15, 'it counts all the same');
    like($run->{said}, qr/max_credits=20 .*15 credits.*15 more/, 'which the error says') or diag $run->{err};
    $run = $job->run(options => { max_credits => 30, on_unknown => 'resend' });
    is($run->{status}, 0, 'with a higher cap it goes on') or diag $run->{err};

    # clips that are equal share a task that fails, and count it once
    my $still = film(seconds => 4, source => 'color=gray');
    for my $concurrency (1, 4) {
        $sim = simulator('--fail-tasks' => '*=INTERNAL.BAD_OUTPUT.CODE01');
        $job = job(sim => $sim, in => $still, options => { on_error => 'source', concurrency => $concurrency });
        for my $name ('bought', 'from the journal') {
            $run = $job->run(options => { max_credits => 15 });
            is($run->{status}, 0, "equal clips, concurrency=$concurrency, $name: the cap holds all of them") or diag $run->{err};
            my $spent = $name eq 'bought' ? '15 estimated, charges not reported' : '0 estimated, 0 charged';
            like($run->{said}, qr/^clips: 0 made, 0 reused, 4 failed; credits: $spent$/m,
                "equal clips, concurrency=$concurrency, $name: the last line has the task once");
        }
        is(billed($sim), 1, "equal clips, concurrency=$concurrency: so has the bill");
    }

    $sim = simulator();
    $run = job(sim => $sim)->run(options => { max_credits => 1000, model => 'tomorrow' });
    cmp_ok($run->{status}, '>', 0, 'a price that is not known');
    like($run->{said}, qr/max_credits.*price/, 'cannot be capped');
    is(scalar(() = $sim->requests), 0, 'which is said before the first request');
    # before a frame was looked at: a film may be hours long
    like($run->{said}, qr/\A[^\n]*max_credits/m, 'at once');
};

# One behind a gap would be paid for and not output.
subtest 'a cap is for the first clips' => sub {
    my $long = film(seconds => 12);
    for my $case (map { my $cap = $_; map { [$cap, $_] } 1, 4, 8 } 'max_credits', 'max_credits_day') {
        my ($cap, $concurrency) = @$case;
        my $sim = simulator('--latency' => 0.5);
        my $job = job(sim => $sim, in => $long, options => { concurrency => $concurrency, $cap => 50 });
        for my $time (1 .. 3) {
            my $log = "$job->{dir}/$time.jsonl";
            my $run = $job->run(options => { log_path => $log });
            cmp_ok($run->{status}, '>', 0, "$cap, concurrency=$concurrency, time $time: the cap is reached") or diag $run->{err};
            my %clips;
            push @{ $clips{$_->{event}} }, $_->{clip} for map { RunwayTest::decode($_) } split /\n/, RunwayTest::slurp($log);
            is_deeply($clips{submitted}, $time > 1 ? undef : [1, 2, 3], '... by the first clips, in their order');
            is_deeply($clips{emitted}, [1, 2, 3], '... which come out each time');
        }
    }
};

# Films are distinguished by their clips, and outputs by their first one.
subtest 'two films that begin alike' => sub {
    my $sim = simulator();
    my ($one, $two) = map { film(seconds => 3, source => $_, filter => "drawbox=color=gray:t=fill:enable='lt(t,1)'") }
        'testsrc2', 'mandelbrot';
    my $job = job(sim => $sim, in => $one, options => { max_credits => 45 });
    is($job->run->{status}, 0, 'the first one');
    my $run = $job->run(in => $two);
    cmp_ok($run->{status}, '>', 0, 'share their limit') or diag $run->{err};
    is($sim->stats->{credits}, 45, 'and it holds');
    # another journal would know nothing of the clips that are paid for
    unlike($run->{said}, qr/state_dir/, 'and no other journal is named');
    $run = $job->run(in => $two, options => { max_credits => 75 });
    is($run->{status}, 0, 'with a higher one both come') or diag $run->{err};
    is($sim->stats->{credits}, 75, 'and the clip that they share is paid once');
};

# Nothing is asked for here, as the cap is reached by the first clip.
subtest 'how often is asked' => sub {
    for my $case ([0.1, 1], [4.9, 1], [5, 0], [6, 0]) {
        my ($interval, $warned) = @$case;
        my $run = job(sim => undef, in => film(seconds => 1),
            options => { base_url => 'https://api.invalid', poll_interval => $interval, max_credits => 1 })->run;
        like($run->{said}, qr/max_credits=1/, "poll_interval=$interval: ends at the cap");
        is((() = $run->{said} =~ /^poll_interval: the provider asks for 5 s/mg) + 0, $warned,
            "poll_interval=$interval: " . ($warned ? 'too often, which is said' : 'as often as is allowed'));
    }
};

subtest 'the account' => sub {
    my %runway = (env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'k' });
    my $account = sub {
        my ($sim, %options) = @_;
        return job(sim => undef, in => film(seconds => 4), %runway,
            options => { base_url => $sim->{runway}, provider => 'runway', clip_duration => 2, concurrency => 1, %options });
    };
    my $sim = simulator('--balance' => 40);
    my $run = $account->($sim)->run;
    cmp_ok($run->{status}, '>', 0, 'a balance of 40 for a clip of 56') or diag $run->{err};
    like($run->{said}, qr/40 credits.*56/, 'is said with the numbers');
    is(scalar(() = $sim->requests('create')), 0, 'before the first create');
    is(scalar(() = $sim->requests('account')), 1, 'the account was looked at');

    $sim = simulator('--daily' => 0);
    $run = $account->($sim)->run;
    cmp_ok($run->{status}, '>', 0, 'no task left for today') or diag $run->{err};
    like($run->{said}, qr/aleph2.*0.*day|day.*0.*aleph2/i, 'is said');
    is(scalar(() = $sim->requests('create')), 0, 'before the first create');

    $sim = simulator('--balance' => 200, '--daily' => 5);
    my $job = $account->($sim);
    $run = $job->run;
    is($run->{status}, 0, 'enough of both') or diag $run->{err};
    is(scalar(() = $sim->requests('account')), 1, 'looked at once');
    $run = $job->run;
    is(scalar(() = $sim->requests('account')), 1, 'and not when all is there already');

    # what is used up while the run goes on: said at once, and not tried again
    for my $case (['says so', '--daily' => 2], ['shows only in the account', '--daily' => 2, '--fault' => 'create:3+=status=429']) {
        my ($name, @arguments) = @$case;
        $sim = simulator(@arguments);
        $run = $account->($sim)->run(in => film(seconds => 8), loglevel => 'error');
        error_line("the day's last task, which $name", $run, qr/\b2\b|daily/, qr/today|tomorrow/);
        is(scalar(() = $sim->requests('create')), 3, "$name: the one that was refused was not tried again");
        is(billed($sim), 2, "$name: the others were paid");
    }
    $sim = simulator('--daily' => 2);
    $job = job(sim => $sim, options => { concurrency => 4 });
    $run = $job->run(loglevel => 'error');
    error_line('at a gateway without an account', $run, qr/daily task limit/, qr/same command again/);
    cmp_ok(scalar(() = $sim->requests('create')), '<=', 4, 'at a gateway: one create for each clip');
    is(billed($sim), 2, 'at a gateway: two were paid');

    $sim = simulator('--daily' => 2, '--latency' => 15);
    $job = job(sim => $sim, options => { concurrency => 3 });
    $run = $job->run;
    cmp_ok($run->{status}, '>', 0, 'the third of three clips at once is refused') or diag $run->{err};
    like($run->{said}, qr/^a clip may not be bought: no more clips are sent; waiting for what is already paid for$/m, 'which is said');
    is((grep { $_ eq 'stored' } values %{ $job->states }), 2, 'and the other two are awaited') or diag explain $job->states;

    for my $fault ('status=404', 'status=500', 'bad-json', 'html', 'drop-after') {
        $sim = simulator('--fault' => "account:*=$fault");
        $run = $account->($sim)->run;
        is($run->{status}, 0, "an account that cannot be read ($fault) is no reason to stop") or diag $run->{err};
    }
    $sim = simulator('--fault' => 'account=status=401');
    $run = $account->($sim)->run;
    cmp_ok($run->{status}, '>', 0, 'a key that is not accepted is one');
    is(scalar(() = $sim->requests('create')), 0, 'before the first create');

    $sim = simulator('--balance' => 0);
    job(sim => $sim)->run;
    is(scalar(() = $sim->requests('account')), 0, 'a gateway has no such account');
};

subtest 'the last line' => sub {
    my $sim = simulator('--wrap', '--fail-tasks' => '2=INTERNAL.BAD_OUTPUT.CODE01');
    my $job = job(sim => $sim, options => { concurrency => 1, on_error => 'source' });
    my $run = $job->run;
    is($run->{status}, 0, 'one of three failed') or diag $run->{err};
    my ($line) = $run->{said} =~ /^(clips: .*)/m;
    like($line, qr/^clips: 2 made, 0 reused, 1 failed; credits: 45 estimated, charges not reported$/, 'made, reused, failed, credits') or diag $run->{err};
    $run = $job->run(options => { retries => 1 });
    ($line) = $run->{said} =~ /^(clips: .*)/m;
    like($line, qr/^clips: 1 made, 2 reused, 0 failed/, 'and what was reused') or diag $run->{err};
    is(billed($sim), 4, 'the failed one was bought once more');

    my %runway = (env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'k' });
    $sim = simulator();
    $run = job(sim => undef, in => film(seconds => 2), %runway,
        options => { base_url => $sim->{runway}, provider => 'runway', clip_duration => 2 })->run;
    like($run->{said}, qr/^clips: 1 made, 0 reused, 0 failed; credits: 56 estimated, 56 charged$/m,
        'what was really charged, where the service says it') or diag $run->{err};
};

done_testing;
