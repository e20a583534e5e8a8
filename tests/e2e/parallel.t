#!/usr/bin/env perl
# Several at once that want the same clips, as processes or as filters of one
# graph: one pays, the others wait and use what it got, also when it dies.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;
use Time::HiRes qw(sleep);

use RunwayTest;
use FilterTest;
use PaidTest;

# Four clips of ten frames, but the last, which is half as long.
my $FILM = film(seconds => 3.5);

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.3, '--result-size' => '132x100', @_) }
sub job { return PaidTest->new(in => $FILM, @_) }

my $undisturbed = job(sim => simulator())->run;
is($undisturbed->{status}, 0, 'an undisturbed run') or BAIL_OUT($undisturbed->{err});
my $WANT = frames_md5($undisturbed->{file});
is(scalar @$WANT, 35, 'all frames are there');

sub is_good {
    my ($name, $run, $want) = @_;
    is($run->{status}, 0, "$name ends well") or diag $run->{err};
    is_deeply($run->{status} ? [] : frames_md5($run->{file}), $want // $WANT, "$name: the output is the undisturbed one");
}

sub in_state { my ($job, $state) = @_; return scalar grep { $_ eq $state } values %{ $job->states } }

sub paid_once {
    my ($name, $sim, $clips) = @_;
    my %tasks;
    $tasks{ $_->{clip_sha256} }++ for $sim->events('billed');
    is(join(' ', sort values %tasks), join(' ', (1) x $clips), "$name: each clip was paid once");
    is(scalar(() = $sim->requests('create')), $clips, "$name: and asked for once");
}

# --- processes ---------------------------------------------------------------------------

subtest 'all at the same time' => sub {
    for my $concurrency (1, 4) {
        my $sim = simulator();
        my $job = job(sim => $sim, options => { concurrency => $concurrency });
        my @runs = map { $_->end(undef, 90) } map { $job->begin } 1 .. 4;
        is_good("concurrency=$concurrency: run $_", $runs[$_]) for 0 .. 3;
        paid_once("concurrency=$concurrency", $sim, 4);
        my ($made, $reused) = (0, 0);
        for (@runs) {
            my ($m, $r) = $_->{said} =~ /^clips: (\d+) made, (\d+) reused, 0 failed/m;
            $made += $m // 0;
            $reused += $r // 0;
        }
        is("$made $reused", '4 12', "concurrency=$concurrency: four made and twelve reused, by the last lines");
    }
};

subtest 'one comes later' => sub {
    my $sim = simulator('--latency' => 15);
    my $job = job(sim => $sim);
    my $first = $job->begin;
    ok($first->until(sub { in_state($job, 'submitted') == 4 }), 'the first has sent everything');
    my $second = $job->begin;
    is_good('the second', $second->end(undef, 60));
    is_good('the first', $first->end(undef, 60));
    paid_once('both', $sim, 4);
    like($second->said, qr/clip 1 .*: waiting for process $first->{pid}\b/, 'the second says what it waits for');
};

# Not for longer than it buys anything.
subtest 'an error of the one that waits' => sub {
    my $sim = simulator('--latency' => 20, '--fault' => 'create:2=status=400');
    my $film = film(seconds => 1);
    my %dirs = (state => "$TMP/short/state", results => "$TMP/short/results");
    mkdir "$TMP/short";
    my $first = job(sim => $sim, in => $film, %dirs)->begin;
    ok($first->until(sub { scalar $sim->requests('create') }), 'the first has sent the clip that both have');
    my $run = job(sim => $sim, in => film(seconds => 2), %dirs)->run;
    cmp_ok($run->{status}, '>', 0, "the second's own clip is refused") or diag $run->{err};
    like($run->{said}, qr/clip 1 .*: waiting for process $first->{pid}\b.*^clip 2 .*400/ms, 'which ends it') or diag $run->{err};
    ok(!$first->is_over, 'before the first has ended');
    is($first->end('TERM')->{status}, 255, 'which goes on');
};

# Those that have the same clips in another order: who waits for whom must not
# be a circle.
subtest 'in another order' => sub {
    my $sim = simulator();
    my $turned = make_clip(size => '96x64', rate => 10, seconds => 2, codec => [qw(-c:v ffv1 -g 1)], name => 'turned.mkv',
        filter => q(select='gte(n,20)',setpts=PTS-STARTPTS));
    my @films = (film(seconds => 4), $turned, film(seconds => 4));
    my @jobs = map { job(sim => $sim, in => $_, state => "$TMP/order/state", results => "$TMP/order/results",
        options => { concurrency => 1 }) } @films;
    mkdir "$TMP/order";
    my @runs = map { $_->end } map { $_->begin } @jobs;
    is($runs[$_]{status}, 0, "run $_ ends well") or diag $runs[$_]{err} for 0 .. $#runs;
    return if grep { $_->{status} } @runs;
    my $whole = frames_md5($runs[0]{file});
    is_deeply(frames_md5($runs[2]{file}), $whole, 'the same film, the same output');
    is_deeply(frames_md5($runs[1]{file}), [@$whole[20 .. 39]], 'its second half is what it is in the whole one');
    paid_once('all', $sim, 4);
};

# --- death ---------------------------------------------------------------------------------

# The first is ended at a moment, while the others wait for it.
sub ended {
    my ($name, $signal, $sim, $moment, %opt) = @_;
    my $job = job(sim => $sim, options => { concurrency => $opt{concurrency} // 4 }, $opt{in} ? (in => $opt{in}) : ());
    my $first = $job->begin;
    ok($first->until(sub { $opt{early}->($job) }), "$name: the first is at work") or diag $first->said if $opt{early};
    my @others = map { $job->begin } 1 .. 2;
    ok($first->until(sub { $moment->($job) }), "$name: the moment comes") or diag $first->said;
    my $dead = $first->end($signal);
    is($signal eq 'KILL' ? $dead->{signal} : $dead->{status}, $signal eq 'KILL' ? 9 : 255, "$name: the first is gone");
    return ($job, map { $_->end(undef, 90) } @others);
}

subtest 'the one that pays dies' => sub {
    for my $signal (qw(KILL INT)) {
        for my $case (
            ['while tasks run', ['--latency' => 8], sub { in_state($_[0], 'submitted') == 4 },
                early => sub { in_state($_[0], 'submitted') == 4 }],
            # and no create is going out any more
            ['while a result comes in', ['--fault' => 'download:1=slow=3000'],
                sub { in_state($_[0], 'generated') >= 1 && 4 == in_state($_[0], 'submitted') + in_state($_[0], 'generated') + in_state($_[0], 'stored') },
                early => sub { grep { /^(submitted|generated|stored)$/ } values %{ $_[0]->states } }],
            # so long that the task still runs when the signal comes
            ['with one clip after the other', ['--latency' => 5], sub { in_state($_[0], 'stored') >= 1 && in_state($_[0], 'submitted') },
                # the others have no clip of their own, so the task is the first one's
                early => sub { in_state($_[0], 'stored') >= 1 && in_state($_[0], 'submitted') },
                concurrency => 1],
        ) {
            my ($name, $args, $moment, %opt) = @$case;
            my $sim = simulator(@$args);
            my ($job, @runs) = ended("SIG$signal $name", $signal, $sim, $moment, %opt);
            is_good("SIG$signal $name: run $_", $runs[$_]) for 0 .. $#runs;
            paid_once("SIG$signal $name", $sim, 4);
        }
    }
    # nobody knows what became of a create that was going out
    my $sim = simulator('--latency' => 5, '--fault' => 'create:2=stall=60');
    my ($job, @runs) = ended('while it asks', 'KILL', $sim, sub { billed($sim) == 2 },
        # both clips are its own, or another one's create could be the second
        in => film(seconds => 2), concurrency => 1,
        early => sub { 2 == grep { !m{/money[^/]*$} } glob "$_[0]{state}/locks/*.lock" });
    for (@runs) {
        cmp_ok($_->{status}, '>', 0, 'while it asks: the others stop');
        like($_->{said}, qr/^clip 2 .*an earlier run ended while .*on_unknown=resend/m, 'while it asks: and say why');
    }
    is(billed($sim), 2, 'while it asks: nothing is asked for again');
};

subtest 'one of them does not want to go on' => sub {
    my $sim = simulator('--latency' => 10);
    my $job = job(sim => $sim);
    my $first = $job->begin;
    ok($first->until(sub { in_state($job, 'submitted') == 4 }), 'the first has sent everything');
    my $second = $job->begin;
    ok($second->until(sub { $second->said =~ /Stream mapping/ }), 'a second one waits');
    sleep 0.5;
    $second->end('KILL');
    is_good('the first', $first->end);
    paid_once('both', $sim, 4);
};

# --- what they share ------------------------------------------------------------------------

subtest 'a task that fails' => sub {
    my $sim = simulator('--fail-tasks' => '2=SAFETY.INPUT.VIDEO');
    my $job = job(sim => $sim, options => { on_error => 'source' });
    my @runs = map { $_->end } map { $job->begin } 1 .. 3;
    for (0 .. $#runs) {
        is($runs[$_]{status}, 0, "run $_ ends well") or diag $runs[$_]{err};
        like($runs[$_]{said}, qr/^1 of 4 clips were replaced by their source frames$/m, "run $_: with one clip as its source");
    }
    return if grep { $_->{status} } @runs;
    is_deeply(frames_md5($runs[$_]{file}), frames_md5($runs[0]{file}), "run $_: the same one") for 1, 2;
    paid_once('all', $sim, 4);
};

subtest 'no space for results' => sub {
    my $sim = simulator();
    my $job = job(sim => $sim, options => { results_size => 1, concurrency => 1 });
    my @runs = map { $_->end } map { $job->begin(after => 'realtime=speed=8') } 1 .. 3;
    is_good("run $_", $runs[$_]) for 0 .. $#runs;
    paid_once('all', $sim, 4);
};

# --- filters of one process ------------------------------------------------------------------

sub run_graph {
    my ($name, $job, $graph, @outputs) = @_;
    my %options = (base_url => $job->{sim}{api}, state_dir => $job->{state}, results_dir => $job->{results}, %{ $job->{options} });
    my $filter = filter_graph(%options);
    s/FILTER/$filter/g for grep { defined } $graph, @outputs;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -v info -i), $FILM,
        defined $graph ? ('-filter_complex', $graph) : (), @outputs], env => { COMETAPI_KEY => 'k' }, timeout => 90);
    is($run->{status}, 0, "$name: ends well") or diag $run->{err} or die "$name: nothing to look at\n";
}

subtest 'two filters' => sub {
    my $same = [qw(-c:v ffv1 -g 1 -fps_mode passthrough)];
    for my $concurrency (1, 4) {
        my %options = (options => { concurrency => $concurrency });
        my $name = "concurrency=$concurrency";
        my $sim = simulator();
        run_graph("$name, two outputs", job(sim => $sim, %options), '[0:v]split[a][b];[a]FILTER[c];[b]FILTER[d]',
            '-map', '[c]', @$same, "$TMP/c.mkv", '-map', '[d]', @$same, "$TMP/d.mkv");
        is_deeply(frames_md5("$TMP/$_.mkv"), $WANT, "$name, two outputs: $_") for qw(c d);
        paid_once("$name, two outputs", $sim, 4);

        $sim = simulator();
        run_graph("$name, one output", job(sim => $sim, %options), '[0:v]split[a][b];[a]FILTER[c];[b]FILTER[d];[c][d]hstack',
            @$same, "$TMP/e.mkv");
        is_deeply(frames_md5('-i', "$TMP/e.mkv", '-vf', "crop=iw/2:ih:$_:0"), $WANT, "$name, one output: at $_") for 0, 'iw/2';
        paid_once("$name, one output", $sim, 4);

        $sim = simulator();
        run_graph("$name, two graphs", job(sim => $sim, %options), undef,
            map { (@$same, '-vf', 'FILTER', "$TMP/$_.mkv") } qw(f g));
        is_deeply(frames_md5("$TMP/$_.mkv"), $WANT, "$name, two graphs: $_") for qw(f g);
        paid_once("$name, two graphs", $sim, 4);
    }
};

# An earlier film output them long ago, and this one has them in hand.
subtest 'results_size removes nothing that is about to come out' => sub {
    my $sim = simulator('--latency' => 1);
    my $job = job(sim => $sim, in => film(seconds => 3), options => { concurrency => 1 });
    is($job->run->{status}, 0, 'three results are there');
    my $size = 0;
    $size += -s $_ for glob "$job->{results}/*.mp4";
    rewrite_record($_->{path}, sub { s/"emitted":(\d+)/'"emitted":' . ($1 - 9 * 86400)/e }) for $job->records;
    my $going = $job->begin(in => film(seconds => 4), options => { results_size => $size }, after => 'realtime=speed=0.1');
    ok($going->until(sub { 4 == grep { $_->{state} eq 'stored' } $job->records }), 'a fourth one comes') or diag $going->said;
    $going->end('KILL');
    is(scalar(() = glob "$job->{results}/*.mp4"), 4, 'and all are kept') or diag $going->said;
};

done_testing;
