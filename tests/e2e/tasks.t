#!/usr/bin/env perl
# runway-tasks: the journal for people, and what it may and may not do.
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
use FilterTest;
use PaidTest;

my $TASKS = dirname($FFMPEG) . '/../bin/runway-tasks';

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.2, @_) }

# The program beside a job: its journal, its results, its origin.
sub tasks {
    my ($job, @args) = @_;
    my %env = ref $args[-1] ? %{ pop @args } : ();
    return run_cmd([$TASKS, '--state-dir', $job->{state}, '--results-dir', $job->{results},
        '--base-url', $job->{sim}{api}, @args], env => { COMETAPI_KEY => $FilterTest::KEY, %env }, timeout => 60);
}

my $FILM = film();

subtest 'list and sum' => sub {
    my $sim = simulator();
    my $job = PaidTest->new(sim => $sim, in => $FILM);
    my $empty = tasks($job, 'list');
    is($empty->{status}, 0, 'no journal is an empty list') or diag $empty->{err};
    ok(!-e $job->{state}, 'and none is made');
    is($job->run->{status}, 0, 'a run');
    my $requests = () = $sim->requests;
    my $list = tasks($job, 'list');
    is($list->{status}, 0, 'list') or diag $list->{err};
    my @lines = split /\n/, $list->{out};
    is(scalar @lines, 4, 'a head and three clips') or diag $list->{out};
    like($lines[1], qr/^\w{12}  \w{12}  cometapi  stored +15 +0 min  [0-9a-f-]{36}  clip \d \(/, 'clip, output, provider, state, credits, age, task') or diag $list->{out};
    my @json = map { decode($_) } split /\n/, tasks($job, 'list', '--json')->{out};
    is(scalar @json, 3, 'list --json: an object for each');
    is((grep { $_->{state} eq 'stored' && $_->{result} && $_->{credits} == 15 && $_->{tries}[0]{task} } @json), 3, 'with its tries');
    my %outputs = map { $_->{outputs}[0] => 1 } @json;
    is(scalar keys %outputs, 1, 'of one output');
    # around a midnight, which the run may have been around as well
    my $midnight = 1795392000;
    for (1 .. 3) {
        my $time = $midnight - ($_ < 3);
        rewrite_record($job->record_of($_)->{path}, sub { s/"time":\d+/"time":$time/ or die });
    }
    my $sum = tasks($job, 'sum');
    like($sum->{out}, qr/^output \w{12} +3 tasks +45 credits\nday +2026-11-22 +2 tasks +30 credits\nday +2026-11-23 +1 tasks +15 credits\n +all +3 tasks +45 credits$/m, 'sum') or diag $sum->{out};
    is(scalar(() = $sim->requests), $requests, 'nobody was asked');
    is(tasks($job, 'dance')->{status}, 2, 'no such command');
    my $mistyped = bless { %$job, state => "$job->{state}-" }, ref $job;
    for (['fetch'], ['adopt', 'ab', 'task'], ['forget', 'ab']) {
        my $wrong = tasks($mistyped, @$_);
        is($wrong->{status}, 1, "$_->[0]: a directory without a journal is an error");
        like($wrong->{err}, qr/^runway-tasks: state_dir: \Q$mistyped->{state}\E has no journal$/m, 'which is named');
        ok(!-e $mistyped->{state}, 'and none is made');
    }
    SKIP: {
        skip 'no /dev/full here', 1 if !-e '/dev/full';
        my $full = run_cmd(['sh', '-c', 'exec "$@" >/dev/full', 'sh', $TASKS, '--state-dir', $job->{state}, 'list', '--json']);
        is($full->{status}, 1, 'a list that cannot be written is no success');
    }
    # a clip that another output uses is listed for both
    is($job->run(args => ['-ss', 0], input => ['-ss', 1])->{status}, 0, 'another output, of the same clips');
    @json = map { decode($_) } split /\n/, tasks($job, 'list', '--json')->{out};
    is((grep { @{ $_->{outputs} } == 2 } @json), 2, 'both are listed') or diag tasks($job, 'list', '--json')->{out};
    is(billed($sim), 3, 'and nothing was bought for it');
};

subtest 'fetch' => sub {
    my $sim = simulator('--latency' => 5);
    my $job = PaidTest->new(sim => $sim, in => $FILM);
    my $going = $job->begin;
    ok($going->until(sub { 3 == grep { $_->{state} eq 'submitted' } $job->records }), 'three tasks run');
    $going->end('KILL');
    # the reason is told whatever it is: that another has it is only one of them
    my $identity = $job->record_of(2)->{identity};
    my $lock = "$job->{state}/locks/$identity.lock";
    unlink $lock;
    mkdir $lock or die "$lock: $!";
    my $why = qr/state_dir: \Q$lock\E cannot be locked: /;
    my $run = tasks($job, 'fetch');
    is($run->{status}, 1, 'a lock that cannot be had') or diag "$run->{out}$run->{err}";
    like($run->{out}, qr/^\w{12}  not fetched: $why/m, 'is named');
    is((() = $run->{out} =~ /fetched: \d+ bytes/g) + 0, 2, 'and the others are brought in') or diag $run->{out};
    like(tasks($job, 'forget', '--force', $identity)->{err}, qr/^runway-tasks: \w{12}: $why/, 'forget says it, too');
    rmdir $lock or die "$lock: $!";
    $run = tasks($job, 'fetch');
    is($run->{status}, 0, 'fetch') or diag "$run->{out}$run->{err}";
    is((() = $run->{out} =~ /fetched: \d+ bytes/g) + 0, 1, 'brings all in') or diag $run->{out};
    is(scalar(() = glob "$job->{results}/*.mp4"), 3, 'as results');
    is(billed($sim), 3, 'and buys nothing');
    my $requests = () = $sim->requests;
    is($job->run->{status}, 0, 'the filter uses them');
    is(scalar(() = $sim->requests), $requests, 'without a word to the service');
    is(tasks($job, 'fetch')->{out}, '', 'there is nothing more to fetch');
    # a key goes to no origin just because a record names it
    remove_tree($job->{results});
    my $other = simulator();
    my $away = bless { %$job, sim => $other }, ref $job;
    $run = tasks($away, 'fetch');
    is((() = $run->{out} =~ /skipped: it belongs to \Q$sim->{api}\E/g) + 0, 3, 'records of another origin are skipped') or diag "$run->{out}$run->{err}";
    is(scalar(() = $other->requests), 0, 'and nobody was asked');
    $run = tasks($job, 'fetch', { COMETAPI_KEY => undef });
    cmp_ok($run->{status}, '>', 0, 'without a key it says so');
};

# It fetches them itself: that is no failure.
subtest 'fetch beside a running film' => sub {
    my $sim = simulator('--latency' => 60);
    my $job = PaidTest->new(sim => $sim, in => $FILM);
    my $going = $job->begin;
    ok($going->until(sub { 3 == grep { $_->{state} eq 'submitted' } $job->records }), 'three tasks run');
    my $run = tasks($job, 'fetch');
    is($run->{status}, 0, 'fetch ends well') or diag "$run->{out}$run->{err}";
    is((() = $run->{out} =~ /^\w{12}  skipped: in use by another process$/mg) + 0, 3, 'and skips them') or diag $run->{out};
    $going->end('KILL');
};

subtest 'adopt' => sub {
    my $sim = simulator('--fault' => 'create:1-2=drop-after');
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 1));
    my $run = $job->run;
    cmp_ok($run->{status}, '>', 0, 'a create that is not answered');
    my ($clip) = $run->{said} =~ /"runway-tasks adopt (\w{12}) TASKID"/ or fail("names the command: $run->{said}");
    my ($task) = map { $_->{id} // $_->{task} } $sim->events('billed');
    is(tasks($job, 'adopt', 'ffff', $task)->{status}, 1, 'no such clip');
    is(tasks($job, 'adopt', $clip, '00000000-0000-0000-0000-000000000000')->{status}, 1, 'no such task');
    is($job->states->{1}, 'unknown', 'nothing has changed');
    my $late = $job->record_of(1);
    rewrite_record($late->{path}, sub { s/"time":(\d+)/'"time":' . ($1 - 2000)/e or die });
    like(tasks($job, 'adopt', $clip, $task)->{err}, qr/15 minutes.*--force/, 'a task of another time is not taken');
    rewrite_record($late->{path}, sub { s/"time":(\d+)/'"time":' . ($1 + 2000)/e or die });
    $run = tasks($job, 'adopt', $clip, $task);
    is($run->{status}, 0, 'adopt') or diag $run->{err};
    is($job->states->{1}, 'submitted', 'it is submitted');
    ok($job->record_of(1)->{adopted}, 'and the record says adopted');
    is(tasks($job, 'adopt', $clip, $task)->{status}, 1, 'once');
    is($job->run->{status}, 0, 'the run takes it up');
    is(billed($sim), 1, 'for nothing');
    # what is one clip's is no other's
    ($clip) = $job->run(options => { take => 1 })->{said} =~ /"runway-tasks adopt (\w{12}) TASKID"/ or fail('another clip');
    $run = tasks($job, 'adopt', '--force', $clip, $task);
    is($run->{status}, 1, 'a task of another record') or diag $run->{out};
    like($run->{err}, qr/already in the journal/, 'is not adopted');
};

# The lost task was paid for, so it stays on record.
subtest 'adopt for a task that is lost' => sub {
    my $sim = simulator();
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 1));
    is($job->run->{status}, 0, 'a clip');
    my $lost = $job->record_of(1);
    rewrite_record($lost->{path}, sub { s/"state":"stored"/"state":"lost"/ && s/"time":(\d+)/'"time":' . ($1 - 2000)/e or die });
    unlink glob "$job->{results}/*.mp4";
    my $other = PaidTest->new(sim => $sim, in => film(seconds => 1), options => { take => 1 });
    is($other->run->{status}, 0, 'another');
    my ($task) = map { $_->{task_id} } @{ $other->record_of(1)->{tries} };
    my @adopt = (substr($lost->{identity}, 0, 12), $task);
    like(tasks($job, 'adopt', @adopt)->{err}, qr/15 minutes.*--force/, 'a task of another time is not adopted');
    my $run = tasks($job, 'adopt', '--force', @adopt);
    is($run->{status}, 0, 'but with --force') or diag $run->{err};
    my @tries = @{ $job->record_of(1)->{tries} };
    is(join(' ', map { $_->{state} } @tries), 'lost submitted', 'beside the one that is lost');
    is($tries[-1]{task_id}, $task, 'which the run takes up');
    is($job->run->{status}, 0, 'and ends well');
    is(billed($sim), 2, 'for nothing');
};

# Both find that the task can be read before either writes it down.
subtest 'two adopt one task' => sub {
    my $sim = simulator('--fault' => 'create:1-2=drop-after', '--fault' => 'read:1-2=stall=1.5');
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 1));
    my @clips = map { $job->run(options => { take => $_ })->{said} =~ /"runway-tasks adopt (\w{12}) TASKID"/ } 0, 1;
    is(scalar @clips, 2, 'two clips of unknown fate') or return;
    my ($task) = map { $_->{id} // $_->{task} } $sim->events('billed');
    my $run = run_cmd(['sh', '-c', 'clip=$1 other=$2 task=$3; shift 3; "$@" adopt $clip $task & "$@" adopt $other $task; wait',
            'sh', @clips, $task, $TASKS, '--state-dir', $job->{state}, '--base-url', $sim->{api}],
        env => { COMETAPI_KEY => $FilterTest::KEY });
    is((() = $run->{out} =~ /adopted task \Q$task\E/g) + 0, 1, 'one of them has it') or diag $run->{out}, $run->{err};
    like($run->{err}, qr/that task is already in the journal/, 'the other says so');
    is(join(' ', sort map { $_->{state} } $job->records), 'submitted unknown', 'as the records say');
};

subtest 'adopt what a run left behind' => sub {
    my $sim = simulator('--fault' => 'create:1=stall=30');
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 1));
    my $going = $job->begin;
    ok($going->until(sub { billed($sim) }), 'the service has it');
    my ($task) = map { $_->{id} // $_->{task} } $sim->events('billed');
    my $clip = substr $job->record_of(1)->{identity}, 0, 12;
    my $run = tasks($job, 'adopt', $clip, $task);
    is($run->{status}, 1, 'not while the run is at work on it');
    like($run->{err}, qr/in use by another process/, 'which is said');
    $going->end('KILL');
    is($job->states->{1}, 'intent', 'an intent without an owner');
    $run = tasks($job, 'adopt', $clip, $task);
    is($run->{status}, 0, 'is another matter') or diag $run->{err};
    is($job->run->{status}, 0, 'the run takes it up');
    is(billed($sim), 1, 'for nothing');
};

subtest 'forget' => sub {
    my $sim = simulator('--fail-tasks' => '1=SAFETY.INPUT.TEXT');
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 1));
    cmp_ok($job->run->{status}, '>', 0, 'a task that failed permanently');
    my $clip = substr $job->record_of(1)->{identity}, 0, 12;
    is(tasks($job, 'forget', $clip)->{status}, 0, 'forget');
    cmp_ok($job->run(options => { max_credits => 20 })->{status}, '>', 0, 'what it has cost stays in the sum');
    is($job->run->{status}, 0, 'it is bought again');
    is(billed($sim), 2, 'once');
    is(tasks($job, 'forget', $clip)->{status}, 1, 'with a result it is not forgotten by mistake');
    is(tasks($job, 'forget', '--force', $clip)->{status}, 0, '--force');
    is(scalar(() = glob "$job->{results}/*.mp4"), 0, 'the result goes');
    is($job->run->{status}, 0, 'another');
    is(billed($sim), 3, 'is paid for');
    is(scalar @{ $job->record_of(1)->{tries} }, 3, 'and all tries are in the record');
    my $run = tasks($job, 'forget', '--force', '');
    is($run->{status}, 1, 'nothing is the beginning of no clip, though there is only one') or diag $run->{out};
    my $record = $job->record_of(1);
    (my $like = $record->{identity}) =~ s/.\z/$& eq '0' ? '1' : '0'/e;
    my $second = spew("$job->{state}/clips/$like.record", slurp($record->{path}));
    rewrite_record($second, sub { s/\Q$record->{identity}\E/$like/g or die });
    $run = tasks($job, 'forget', '--force', $clip);
    is($run->{status}, 1, 'a beginning of two clips');
    is($run->{err}, "runway-tasks: $clip: more than one clip matches\n", 'is ambiguous');
    is(tasks($job, 'forget', '--force', $like)->{status}, 0, 'a whole identity is not');
    unlink $second or die;
    is($job->states->{1}, 'stored', 'which stays as it is');
    is(tasks($job, 'sum', '--json')->{status}, 2, '--json where there is none is not passed over');
    truncate $record->{path}, 100 or die;
    like(tasks($job, 'list')->{out}, qr/ damaged +0 +- /, 'a damaged record has no age');
    like(tasks($job, 'adopt', $clip, 'task')->{err}, qr/cannot be trusted: nothing can be adopted, and on_unknown=resend/, 'nor a known fate');
};

# It is whole and was paid for: another length_tolerance uses it.
subtest 'a result that is refused' => sub {
    my $sim = simulator('--result-stretch' => 1.3);
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 1));
    cmp_ok($job->run->{status}, '>', 0, 'its length is off');
    my $clip = substr $job->record_of(1)->{identity}, 0, 12;
    is(tasks($job, 'forget', $clip)->{status}, 1, 'it is not forgotten by mistake');
    my ($file) = glob "$job->{results}/*.refused.mp4";
    ok($file, 'and its file is there');
    ok(decode(tasks($job, 'list', '--json')->{out})->{result}, 'which list says');
    is(tasks($job, 'fetch')->{out}, '', 'fetch leaves it alone');
    unlink $file or die;
    like(tasks($job, 'fetch')->{out}, qr/fetched: \d+ bytes/, 'where the file is lost, fetch brings it in again');
    my $run = $job->run;
    cmp_ok($run->{status}, '>', 0, 'fetch decodes nothing: the run checks it');
    like($run->{said}, qr/^clip 1 .*length_tolerance.*paid for and kept.*on_error=source/m, '... as any other');
    is($job->run(options => { length_tolerance => 0.5 })->{status}, 0, 'the next run takes it');
    cmp_ok($job->run->{status}, '>', 0, 'and one that asks for more does not');
    is($job->run(options => { length_tolerance => 0.5 })->{status}, 0, 'and another does');
    is(billed($sim), 1, 'and buys nothing');
};

# What comes is looked at before it is a result, as far as that is possible without decoding.
subtest 'fetch checks what it brings' => sub {
    my $whole = make_clip(name => 'whole.mp4', size => '96x64', rate => 24, seconds => 1, args => [qw(-movflags +faststart)]);
    (my $poisoned = slurp($whole)) =~ s/stsz.{8}\K.{4}/\x7f\xff\xff\xff/s or die "no stsz\n";
    my %comes = (
        'a web page'         => [['--fault' => 'download:1-2=html'], undef, qr/not fetched: .*SUCCEEDED and is paid for, but what was downloaded is not a result/, 'generated'],
        'half a file'        => [[], substr(slurp($whole), 0, (-s $whole) / 2), qr/not fetched: .*is not a result: .*truncated/, 'generated'],
        'an index that lies' => [[], $poisoned, qr/not fetched: .*the result of task .* is not used: .*index.*It is paid for and kept/, 'refused'],
    );
    for my $name (sort keys %comes) {
        my ($args, $bytes, $says, $state) = @{ $comes{$name} };
        my @file = defined $bytes ? ('--result-file' => spew("$TMP/comes.mp4", $bytes)) : ();
        my $sim = simulator('--latency' => 5, @$args, @file);
        my $job = PaidTest->new(sim => $sim, in => film(seconds => 1));
        my $going = $job->begin;
        ok($going->until(sub { ($job->states->{1} // '') eq 'submitted' }), "$name: a task runs");
        $going->end('KILL');
        my $run = tasks($job, 'fetch');
        is($run->{status}, 1, "$name: is no success");
        like($run->{out}, $says, "$name: which is said");
        is($job->states->{1}, $state, "$name: $state");
        is((() = grep { !/refused/ } glob "$job->{results}/*.mp4"), 0, "$name: is no result");
        is((() = glob "$job->{results}/*.refused.mp4"), $state eq 'refused' ? 1 : 0, "$name: " . ($state eq 'refused' ? 'kept as refused' : 'not kept'));
        next if defined $bytes;
        like(tasks($job, 'fetch')->{out}, qr/fetched: \d+ bytes/, "$name: the next one brings it in");
        is($job->run->{status}, 0, "$name: for the filter to use");
        is(billed($sim), 1, "$name: bought once");
    }
};

# Key, proxy and certificates come as for the filter.
subtest 'the way to the service' => sub {
    my ($cert, $key) = ("$TMP/cert.pem", "$TMP/cert.key");
    my $openssl = run_cmd(['openssl', qw(req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext),
        'subjectAltName=IP:127.0.0.1', '-keyout', $key, '-out', $cert]);
    plan skip_all => 'openssl cannot make a certificate' if $openssl->{status};
    my $sim = simulator('--tls-cert' => $cert, '--tls-key' => $key, '--key' => $FilterTest::KEY, '--fault' => 'create:1-2=drop-after');
    my $job = PaidTest->new(sim => $sim, in => film(seconds => 1), options => { ca_file => $cert });
    my @clips = map { $job->run(options => { take => $_ })->{said} =~ /"runway-tasks adopt (\w{12}) TASKID"/ } 0, 1;
    is(scalar @clips, 2, 'two clips of unknown fate') or return;
    my @ids = map { $_->{id} // $_->{task} } $sim->events('billed');
    my $file = spew("$TMP/tasks-key", "$FilterTest::KEY\n");
    chmod 0600, $file;
    my @adopt = ('adopt', $clips[0], $ids[0]);
    my $run = tasks($job, @adopt);
    is($run->{status}, 1, 'a certificate that nobody signed');
    like($run->{err}, qr/no secure connection/, 'is not trusted');
    my $reads = () = $sim->requests('read');
    $run = tasks($job, '--ca-file', $cert, '--http-proxy', 'http://127.0.0.1:1', @adopt);
    is($run->{status}, 1, '--http-proxy');
    like($run->{err}, qr/cannot reach/, 'is the way that is tried');
    is(scalar(() = $sim->requests('read')), $reads, 'and no other');
    $run = tasks($job, '--ca-file', $cert, @adopt, { COMETAPI_KEY => 'another' });
    is($run->{status}, 1, '--ca-file');
    like($run->{err}, qr/does not accept the key/, 'leads there, with the key of the environment');
    is(tasks($job, '--ca-file', $cert, '--key-file', $file, @adopt)->{status}, 2, '--key-file: whose key it is has to be said');
    $run = tasks($job, '--ca-file', $cert, '--key-file', $file, '--provider', 'cometapi', @adopt, { COMETAPI_KEY => 'another' });
    is("$run->{status} $run->{err}", '0 ', '--key-file: instead of the environment');
    chmod 0644, $file;
    $run = tasks($job, '--no-tls-verify', '--key-file', $file, '--provider', 'cometapi', 'adopt', $clips[1], $ids[1]);
    is($run->{status}, 0, '--no-tls-verify') or diag $run->{err};
    like($run->{err}, qr/^runway-tasks: --no-tls-verify: anybody .* can read the key$/m, 'warns');
    like($run->{err}, qr/^runway-tasks: --key-file: others can read \Q$file\E; run chmod 600 on it$/m, 'and so does a key that others can read');
    is(join(' ', map { $_->{state} } $job->records), 'submitted submitted', 'both are adopted');
};

done_testing;
