#!/usr/bin/env perl
# The same command again, whatever ended the one before: nothing is paid twice,
# nothing paid for is lost, and what comes out is the same bit for bit.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use PaidTest;

my $FILM = film();

# What an undisturbed run gives. The result does not depend on the simulator, so
# that it holds for all of them.
my $quiet = RunwayTest::Simulator->start('--latency' => 0.2);
my $reference = PaidTest->new(sim => $quiet, in => $FILM);
my $first = $reference->run;
is($first->{status}, 0, 'an undisturbed run') or BAIL_OUT($first->{err});
my $WANT = frames_md5($first->{file});
is(scalar @$WANT, 30, 'all frames are there');
is(billed($quiet), 3, 'three clips, three tasks');

sub same_output {
    my ($name, $run, $want) = @_;
    is($run->{status}, 0, "$name: the run ends well") or diag $run->{err};
    is_deeply($run->{status} ? [] : frames_md5($run->{file}), $want // $WANT, "$name: the output is the same bit for bit");
}

subtest 'stored results are used' => sub {
    my $before = () = $quiet->requests;
    my $run = $reference->run;
    same_output('again', $run);
    is(scalar(() = $quiet->requests), $before, 'not one request was sent');
    like($run->{said}, qr/clips: 0 made, 3 reused, 0 failed; credits: 0 estimated/, 'and the last line says so');
    same_output('in a row', $reference->run(options => { concurrency => 1 }));
    my $small = $reference->run(options => { size => '48x32' });
    is(scalar(() = $quiet->requests), $before, 'another output size is no other clip');
    is($small->{status}, 0, 'it comes out') or diag $small->{err};
};

subtest 'a result that is gone, or not what it was' => sub {
    my $job = PaidTest->new(sim => $quiet, in => $FILM);
    same_output('first', $job->run);
    my $paid = billed($quiet);
    remove_tree($job->{results});
    my $downloads = () = $quiet->requests('download');
    same_output('the results were removed', $job->run);
    is(billed($quiet), $paid, 'nothing was paid again');
    is(scalar(() = $quiet->requests('download')), $downloads + 3, 'the results were fetched again');

    my ($result) = glob "$job->{results}/*.mp4";
    my $bytes = slurp($result);
    substr($bytes, 5000, 1) ^= "\1";
    spew($result, $bytes);
    my $run = $job->run;
    same_output('one bit of a result turned', $run);
    is(scalar(() = $quiet->requests('download')), $downloads + 4, 'it was not believed and fetched again');
    is(billed($quiet), $paid, 'nothing was paid again');
    ($result) = glob "$job->{results}/*.mp4";
    truncate $result, 3000 or die $!;
    same_output('a result cut short', $job->run);
    is(billed($quiet), $paid, 'nothing was paid again');
};

# A result proves itself by its name and digest.
subtest 'the journal is lost, the results are kept' => sub {
    my $job = PaidTest->new(sim => $quiet, in => $FILM);
    same_output('first', $job->run);
    my ($paid, $before) = (billed($quiet), scalar(() = $quiet->requests));
    remove_tree("$job->{state}/clips");
    same_output('without clips/', $job->run);
    is_deeply([map { $_->{path} } $job->records], [], 'no record is made up');
    same_output('again', $job->run);
    my $torn = PaidTest->new(sim => $quiet, in => $FILM);
    same_output('another', $torn->run);
    truncate $_->{path}, 100 or die for $torn->records;
    $before = () = $quiet->requests;
    same_output('with torn records', $torn->run);
    is(scalar(() = $quiet->requests), $before, 'nothing was asked for');
    is(billed($quiet), $paid + 3, 'nor paid');

    # a damaged one shows that there was a task: it is not bought again unasked
    remove_tree("$job->{state}/clips");
    my ($result) = sort glob "$job->{results}/*.mp4";
    truncate $result, 3000 or die $!;
    for (1, 2) {
        my $run = $job->run;
        cmp_ok($run->{status}, '>', 0, 'a result is damaged, and its record lost');
        like($run->{said}, qr/it is lost, and \S+\.damaged shows that there was one\): it may have been sent and billed before.*on_unknown=resend/,
            'that is the question');
    }
    like($job->run(options => { dry_run => 1 })->{said}, qr/of unknown fate: the run would stop here/, 'as the plan says');
    is(billed($quiet), $paid + 3, 'nothing was paid');
    same_output('resend', $job->run(options => { on_unknown => 'resend' }));
    is(billed($quiet), $paid + 4, 'one was bought, as asked');
    is(scalar(grep { @{ $_->{tries} } == 2 } $job->records), 1, 'and the try that was lost is in its record');
    same_output('and used', $job->run);
};

# A download is renamed into its place, which works within one file system only.
subtest 'results on a file system of their own' => sub {
    my $else = '/dev/shm';
    plan skip_all => "$else is no other file system" if !-w $else || (stat $else)[0] == (stat $TMP)[0];
    my $dir = tempdir(DIR => $else, CLEANUP => 1);
    my $job = PaidTest->new(sim => $quiet, in => $FILM, results => "$dir/results", options => { take => 3 });
    same_output('first', $job->run);
    is(scalar(() = glob "$dir/results/*.mp4"), 3, 'the results are there');
    my $before = () = $quiet->requests;
    same_output('again', $job->run);
    is(scalar(() = $quiet->requests), $before, 'and found');
};

subtest 'a journal of the earlier format is left alone' => sub {
    my $job = PaidTest->new(sim => $quiet, in => $FILM);
    make_path("$job->{state}/clips");
    my $old = spew("$job->{state}/clips/" . 'ab' x 32 . '.json', qq({"format":1}\n));
    my $run = $job->run;
    same_output('beside it', $run);
    like($run->{said}, qr/^state_dir: .*1 records of an earlier version/m, 'it is named');
    ok(-e $old, 'and stays');
};

subtest 'what was lost is looked for' => sub {
    my $job = PaidTest->new(sim => $quiet, in => $FILM, options => { concurrency => 1 });
    same_output('first', $job->run);
    my $paid = billed($quiet);
    my $change = sub {
        my ($clip, $how) = @_;
        rewrite_record($job->record_of($clip)->{path}, $how);
    };
    # as when results_dir was another for one run, and the provider's day was over
    $change->(1, sub { s/"state":"stored"/"state":"lost"/ or die });
    $change->(2, sub { s/"state":"stored"/"state":"generated"/ or die });
    my $before = () = $quiet->requests;
    same_output('the results are there again', $job->run);
    is(scalar(() = $quiet->requests), $before, 'not one request was sent');
    is("@{ $job->states }{1 .. 3}", 'stored stored stored', 'and the journal says so');

    # as when the provider knew nothing of it for a while, or the key was another's
    $change->(1, sub { s/"state":"stored"/"state":"lost"/ or die });
    for my $more ({}, { on_unknown => 'resend' }) {
        remove_tree($job->{results});
        my $run = $job->run(options => $more);
        same_output('the task is known again', $run);
        is(billed($quiet), $paid, 'nothing was paid again');
        $change->(1, sub { s/"state":"stored"/"state":"lost"/ or die });
    }

    my $late = RunwayTest::Simulator->start('--latency' => 0, '--output-after' => 8);
    my $again = PaidTest->new(sim => $late, in => film(seconds => 1));
    my $going = $again->begin;
    ok($going->until(sub { ($again->states->{1} // '') eq 'generated' }), 'a task that has no output yet') or diag $going->said;
    $going->end('KILL');
    rewrite_record($again->record_of(1)->{path}, sub { s/"state":"generated"/"state":"lost"/ or die });
    my $known = $again->run;
    is($known->{status}, 0, 'is known again') or diag $known->{err};
    like($known->{said}, qr/has reappeared.*reading the task failed, trying again/s, 'at once, and its output is waited for');
    is(billed($late), 1, 'it was paid once');

    $change->(1, sub { s/("task_id":"\w+)/${1}0/ or die });
    remove_tree($job->{results});
    my $looks = sub { scalar grep { $_->{status} != 200 } $quiet->requests('read') };
    my $before_it = $looks->();
    my $run = $job->run;
    cmp_ok($run->{status}, '>', 0, 'a task that is gone permanently') or diag $run->{err};
    like($run->{said}, qr/clip 1 \(.*is gone.*on_unknown=resend/, 'is said');
    is($looks->(), $before_it + 1, 'after one look');
    is(billed($quiet), $paid, 'nothing was paid again');
    same_output('on_unknown=resend', $job->run(options => { on_unknown => 'resend' }));
    is(billed($quiet), $paid + 1, 'buys it anew');
};

# What had succeeded is paid for, whatever is said of it later.
subtest 'a task that had succeeded is never lost' => sub {
    my $job = PaidTest->new(sim => $quiet, in => film(seconds => 1), options => { prompt => 'please fail with CANCELLED' });
    cmp_ok($job->run->{status}, '>', 0, 'a task that is cancelled');
    my $paid = billed($quiet);
    for (['generated', {}], ['generated', { on_unknown => 'resend' }], ['stored', {}], ['refused', {}]) {
        my ($state, $more) = @$_;
        rewrite_record($job->record_of(1)->{path}, sub { s/"state":"\w+"/"state":"$state"/ or die });
        my $run = $job->run(options => $more);
        cmp_ok($run->{status}, '>', 0, "when it was $state before");
        like($run->{said}, qr/^clip 1 .*had SUCCEEDED and is paid for, but now: .*cancelled.*for free; .*on_error=source.*"runway-tasks forget --force \w{12}"/m,
            'that is said, with the ways to proceed');
        is($run->{said} =~ /Its result was stored before, but is not in results_dir: look for it/, $state ne 'generated', 'and where it may be');
        is($job->states->{1}, $state, 'and it stays');
    }
    is($job->run(options => { on_error => 'source' })->{status}, 0, 'its source is one of them');
    is(billed($quiet), $paid, 'nothing was paid again');
};

# --- death ---------------------------------------------------------------------

# Kills a run at a moment, and runs the command again.
sub killed {
    my ($name, $faults, $moment, %opt) = @_;
    my $sim = RunwayTest::Simulator->start('--latency' => $opt{latency} // 0.3, map { ('--fault' => $_) } @$faults);
    my $job = PaidTest->new(sim => $sim, in => $FILM, options => { concurrency => $opt{concurrency} // 4 });
    my $going = $job->begin(%{ $opt{begin} || {} });
    ok($going->until(sub { $moment->($sim, $job) }), "$name: the moment comes") or diag $going->said;
    my $dead = $going->end('KILL');
    is($dead->{signal}, 9, "$name: killed");
    my $states = $job->states;
    same_output($name, $job->run);
    is(billed($sim), 3, "$name: each clip was paid once");
    my %tasks;
    $tasks{ $_->{clip_sha256} }++ for $sim->events('billed');
    is_deeply([sort values %tasks], [1, 1, 1], "$name: three clips");
    is_deeply([values %{ $job->states }], [('stored') x 3], "$name: all are stored");
    return ($sim, $job, $states);
}

subtest 'kill -9' => sub {
    killed('before anything was sent', [], sub { -d "$_[1]{state}/clips" },
        begin => { under => [], before => 'realtime=speed=0.1' });
    killed('while tasks run', [], sub { (grep { $_->{state} eq 'submitted' } $_[1]->records) == 3 }, latency => 8);
    killed('when the first one is stored', [],
        sub { join(' ', sort values %{ $_[1]->states }) eq 'stored submitted' }, concurrency => 1, latency => 3);
    my ($sim) = killed('while a result comes in', ['download:1=slow=8000'], sub {
        # and no create is going out any more
        my @states = map { $_->{state} } $_[1]->records;
        return $_[0]->requests('download') && grep({ $_ eq 'generated' } @states) && 3 == grep { /^(submitted|generated|stored)$/ } @states;
    });
    killed('while frames go out', [], sub { (grep { $_->{state} eq 'stored' } $_[1]->records) == 3 },
        begin => { after => 'realtime=speed=0.3' });
    killed('while a read is not answered', ['read:2=stall=5'],
        sub { (grep { $_->{state} eq 'submitted' } $_[1]->records) == 3 }, latency => 8);
};

subtest 'kill -9 again and again' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 3);
    my $job = PaidTest->new(sim => $sim, in => $FILM, options => { concurrency => 1 });
    for my $n (1 .. 3) {
        my $going = $job->begin;
        $going->until(sub { (grep { $_->{state} =~ /submitted|generated|stored/ } $job->records) >= $n });
        $going->end('KILL');
    }
    same_output('at last', $job->run);
    is(billed($sim), 3, 'each clip was paid once');
};

subtest 'an intent that a killed run left, and a cap' => sub {
    # the second clip's create is out when the run dies; in the next one it has to
    # wait for the first's, which must not wait for it
    my ($job, $going);
    for (1 .. 3) { # which of the two uploads is the first is not certain
        my $sim = RunwayTest::Simulator->start('--latency' => 0.2, map { ('--fault' => $_) }
            'upload:1=status=503,retry-after=25', 'create:1=stall=40', 'upload:3=status=503,retry-after=2');
        $job = PaidTest->new(sim => $sim, in => film(seconds => 4), env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64 },
            options => { base_url => $sim->{runway}, provider => 'runway', model => 'aleph2', clip_duration => 2, transport => 'upload', concurrency => 2 });
        $going = $job->begin;
        ok($going->until(sub { grep { $_->{state} eq 'intent' } $job->records }), 'an intent') or diag $going->said;
        $going->end('KILL');
        last if $job->states->{2};
    }
    is_deeply($job->states, { 2 => 'intent' }, 'of the second clip');
    my $run = $job->run(options => { on_unknown => 'resend', max_credits => 1000 }, timeout => 60);
    is($run->{status}, 0, 'the next run ends') or diag $run->{said};
    is_deeply($job->states, { 1 => 'stored', 2 => 'stored' }, 'with both clips');
};

subtest 'waiting to send again is no intent' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.2, '--fault' => 'create:1=status=429,retry-after=20');
    my $job = PaidTest->new(sim => $sim, in => $FILM, options => { concurrency => 1 });
    my $going = $job->begin;
    ok($going->until(sub { $job->{sim}->requests('create') && join('', values %{ $job->states }) eq 'none' }),
        'a create that certainly was not accepted is written down as that') or diag explain $job->states;
    $going->end('KILL');
    same_output('after that', $job->run);
    is(billed($sim), 3, 'each clip was paid once');
};

# --- what time does --------------------------------------------------------------

subtest 'expired and broken downloads' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.2, '--fault' => 'download:1=status=403',
        '--fault' => 'download:3=cut=30000', '--fault' => 'download:4=cut=20000');
    my $job = PaidTest->new(sim => $sim, in => $FILM, options => { concurrency => 1 });
    same_output('in one run', $job->run);
    is(billed($sim), 3, 'each clip was paid once');
    my @ranges = map { $_->{first_byte} // 0 } $sim->requests('download');
    is_deeply(\@ranges, [0, 0, 0, 30000, 50000, 0], 'a cut download goes on where it was cut')
        or diag explain \@ranges;

    $sim = RunwayTest::Simulator->start('--latency' => 0.2, '--url-lifetime' => 0.5,
        '--fault' => 'download:1=cut=20000', '--fault' => 'download:2=status=503,retry-after=1');
    $job = PaidTest->new(sim => $sim, in => $FILM);
    same_output('a URL that expired half way', $job->run);
    is(billed($sim), 3, 'each clip was paid once');
    ok((grep { ($_->{status} // 0) == 403 } $sim->requests('download')), 'it had expired');

    # a gateway that does not know its task when it is asked for another URL
    $sim = RunwayTest::Simulator->start('--latency' => 0, '--fault' => 'download:1=status=403', '--fault' => 'read:2=status=404');
    $job = PaidTest->new(sim => $sim, in => $FILM, options => { concurrency => 1, poll_interval => 2 });
    same_output('a task that is not there for a moment', $job->run);
    is(join(' ', map { $_->{status} } ($sim->requests('read'))[0 .. 2]), '200 404 200', 'it was not');
    is(billed($sim), 3, 'each clip was paid once');
};

subtest 'the clock of the machine jumps' => sub {
    my $lib = "$TMP/clock.so";
    my $cc = run_cmd([split(' ', $ENV{CC} || 'cc'), qw(-shared -fPIC -o), $lib,
        spew("$TMP/clock.c", <<'C'), '-ldl']);
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long jump(void) { const char *t = getenv("CLOCK_JUMP"); return t ? atol(t) : 0; }
int clock_gettime(clockid_t id, struct timespec *ts)
{
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int ret = real(id, ts);
    if (id == CLOCK_REALTIME) ts->tv_sec += jump();
    return ret;
}
int gettimeofday(struct timeval *tv, void *tz)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *t)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (t) *t = ts.tv_sec;
    return ts.tv_sec;
}
C
    is($cc->{status}, 0, 'a library that shows another time') or do { diag $cc->{err}; return };
    my $sim = RunwayTest::Simulator->start('--latency' => 5, '--not-exist-for' => 0.3);
    my $job = PaidTest->new(sim => $sim, in => $FILM);
    my @jumps = (-20 * 365 * 86400, 3 * 365 * 86400, -3600, 0);
    for my $jump (@jumps[0, 1]) {
        my $going = $job->begin(env => { LD_PRELOAD => $lib, CLOCK_JUMP => $jump });
        ok($going->until(sub { 3 == grep { $_->{state} ne 'intent' } $job->records }), "a run at $jump s") or diag $going->said;
        # the second one is let go on until it has written something, too
        $going->until(sub { grep { $_->{updated} > $_->{created} + 86400 } $job->records }) if $jump > 0;
        $going->end('KILL');
    }
    my ($record) = sort { abs($b->{updated} - $b->{created}) <=> abs($a->{updated} - $a->{created}) } $job->records;
    cmp_ok(abs($record->{updated} - $record->{created}), '>', 10 * 365 * 86400, 'the journal has seen the jumps')
        or diag explain $record;
    for my $jump (@jumps[2, 3]) {
        same_output("at $jump s", $job->run(env => { LD_PRELOAD => $lib, CLOCK_JUMP => $jump }));
    }
    is(billed($sim), 3, 'each clip was paid once');
};

subtest 'times in the journal decide nothing' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 5);
    my $job = PaidTest->new(sim => $sim, in => $FILM);
    my $going = $job->begin;
    ok($going->until(sub { (grep { $_->{state} eq 'submitted' } $job->records) == 3 }), 'three tasks run') or diag $going->said;
    $going->end('KILL');
    my $far = 0;
    for my $record ($job->records) {
        # 1970, and 60 years from now
        rewrite_record($record->{path}, sub { s/"updated":\d+/'"updated":' . ($far ? 3700000000 : 1)/e;
            s/"created":\d+/"created":1/ });
        $far = !$far;
    }
    same_output('afterwards', $job->run);
    is(billed($sim), 3, 'each clip was paid once');
};

# --- what is another clip, and what is not ------------------------------------------

subtest 'a change pays for the clips it touches' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
    my $job = PaidTest->new(sim => $sim, in => $FILM);
    same_output('first', $job->run);
    my $run = $job->run(before => q(drawbox=w=2:h=2:color=white:t=fill:enable='eq(n\,14)'));
    is($run->{status}, 0, 'one frame is different') or diag $run->{err};
    is(billed($sim), 4, 'one clip was paid for');
    my $got = frames_md5($run->{file});
    is_deeply([@$got[0 .. 9, 20 .. 29]], [@$WANT[0 .. 9, 20 .. 29]], 'the other clips came out as before');
    same_output('as it was before', $job->run);
    is(billed($sim), 4, 'that is still there');

    my $take = $job->run(options => { take => 1 });
    is($take->{status}, 0, 'another take') or diag $take->{err};
    is(billed($sim), 7, 'take=1 buys anew');
    $job->run(options => { take => 1 });
    $job->run(options => { take => 0 });
    is(billed($sim), 7, 'and each take is bought once');

    for my $option ([seed => 2], [prompt => 'snow']) {
        my $paid = billed($sim);
        $job->run(options => {@$option});
        is(billed($sim), $paid + 3, "another $option->[0] is another result");
    }
    my $paid = billed($sim);
    for my $option ([concurrency => 1], [encoder_opts => 'crf=30:mbtree=0'], [timing => 'native'], [retries => 3],
        [max_credits => 1000], [on_error => 'source']) {
        my $run = $job->run(options => {@$option});
        is($run->{status}, 0, "$option->[0] can be set") or diag $run->{err};
        is(billed($sim), $paid, "$option->[0] is no part of the clip");
    }
};

subtest 'after an insertion' => sub {
    # three scenes of 1.3 s, no two frames alike, with hard cuts between
    my $scenes = film(seconds => 3.9, source => 'mandelbrot=start_scale=0.5',
        filter => q(lutyuv=y='val*0.2+20',lutyuv=enable='between(n\,13\,25)':y='235-val',lutyuv=enable='gte(n\,26)':u=60:v=200));
    my $longer = film(name => 'longer.mkv', source => 'color=gray', seconds => 0.3, filter => 'null');
    my $run = run_cmd([$FFMPEG, qw(-v error -nostdin -y -i), $scenes, '-i', $longer, '-filter_complex',
        '[0:v]split[a][b];[a]trim=end_frame=5,setpts=PTS-STARTPTS[a];[b]trim=start_frame=5,setpts=PTS-STARTPTS[b];'
            . '[1:v]noise=alls=30:allf=t[i];[a][i][b]concat=n=3:v=1,fps=10', qw(-c:v ffv1 -g 1), "$TMP/inserted.mkv"]);
    die $run->{err} if $run->{status};
    my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
    for my $scene (10, 0) {
        my $job = PaidTest->new(sim => $sim, in => $scenes, options => { scene => $scene, clip_duration => 2 });
        my $run = $job->run;
        is($run->{status}, 0, "scene=$scene: it comes out") or diag $run->{err};
        my @clips = map { $_->{label} } $job->records;
        is(scalar @clips, $scene ? 3 : 2, "scene=$scene: so many clips") or diag explain \@clips;
        my $paid = billed($sim);
        $run = $job->run(in => "$TMP/inserted.mkv");
        is($run->{status}, 0, "scene=$scene: with three frames more") or diag $run->{err};
        is(scalar @{ frames_md5($run->{file}) }, 42, "scene=$scene: as many frames as went in");
        is(billed($sim) - $paid, $scene ? 1 : 3,
            $scene ? 'the first scene is paid for; at the next cut the clips line up again'
                   : 'without scene all clips behind the insertion are others');
    }
};

# 30 frames a second in whole milliseconds: 33, 33, 34, and which is which depends
# on all frames before.
subtest 'after a cut, with rounded times' => sub {
    my $scenes = film(seconds => 3.9, rate => 30, source => 'mandelbrot=start_scale=0.5:rate=30',
        filter => q(lutyuv=y='val*0.2+20',lutyuv=enable='between(n\,39\,77)':y='235-val',lutyuv=enable='gte(n\,78)':u=60:v=200));
    my $run = run_cmd([$FFMPEG, qw(-v error -nostdin -y -i), $scenes, '-vf', "select='not(eq(n\\,3))',setpts=N/30/TB",
        qw(-c:v ffv1 -g 1), "$TMP/cut.mkv"]);
    die $run->{err} if $run->{status};
    my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
    my $job = PaidTest->new(sim => $sim, in => $scenes, options => { scene => 10, clip_duration => 2 });
    is($job->run->{status}, 0, 'three scenes');
    is(billed($sim), 3, 'three clips');
    $run = $job->run(in => "$TMP/cut.mkv");
    is($run->{status}, 0, 'with a frame less') or diag $run->{err};
    is(billed($sim), 4, 'the scene that lacks it is paid for, and no other');
    is(scalar @{ frames_md5($run->{file}) }, 116, 'as many frames as went in');
};

subtest 'a result is of one endpoint' => sub {
    my @sims = map { RunwayTest::Simulator->start('--latency' => 0.2) } 1, 2;
    my $job = PaidTest->new(sim => $sims[0], in => $FILM);
    same_output('here', $job->run);
    same_output('there', $job->run(sim => $sims[1]));
    is(billed($sims[1]), 3, 'what one service made is not taken for what another would make');
    my $run = $job->run(sim => undef, options => { base_url => "$sims[0]{runway}", provider => 'runway', model => 'gen4_aleph' },
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'k' });
    isnt($run->{status}, -1, 'another path at the same origin');
    is(scalar(grep { $_->{provider} eq 'runway' } $sims[0]->events('billed')), scalar(grep { $_->{status} eq '200' }
        grep { $_->{path} =~ m{^/v1/} } $sims[0]->requests('create')), 'was asked itself');
    cmp_ok(scalar(grep { $_->{path} =~ m{^/v1/} } $sims[0]->requests('create')), '>', 0, 'and was sent the clips');
};

subtest 'equal clips share a task' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.4);
    my $job = PaidTest->new(sim => $sim, in => film(source => 'color=teal', seconds => 4));
    my $run = $job->run;
    is($run->{status}, 0, 'four equal clips') or diag $run->{err};
    is(billed($sim), 1, 'one task');
    is(scalar @{ frames_md5($run->{file}) }, 40, 'all frames came out');
    like($run->{said}, qr/1 made, 3 reused, 0 failed/, 'and the last line says so');
};

done_testing;
