#!/usr/bin/env perl
# What is on disk, and when; and what becomes of a run that cannot write there or
# finds something there that the filter did not write.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname basename);
use File::Copy qw(copy);
use File::Find qw(find);
use File::Path qw(make_path remove_tree);
use IO::Socket::INET;
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;
use PaidTest;

my $FILM = film();

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.2, @_) }
sub job { return PaidTest->new(in => $FILM, @_) }

# --- states ----------------------------------------------------------------------

subtest 'nobody else can read it' => sub {
    my $old = umask 0;
    my $sim = simulator();
    my $job = job(sim => $sim);
    my $going = $job->begin;
    my %mode;
    my $look = sub {
        find({ no_chdir => 1, wanted => sub {
            my @st = lstat $_ or return;
            $mode{ -d _ ? 'directory' : 'file' }{ sprintf '%o', $st[2] & 07777 }++;
        } }, grep { -e } grep { defined } @$job{qw(state results)});
    };
    $going->until(sub { $look->(); 0 });
    umask $old;
    $look->();
    is($going->end->{status}, 0, 'a run with a umask of 0') or diag $going->said;
    is_deeply([sort keys %{ $mode{directory} }], ['700'], 'directories are 0700 at any time');
    is_deeply([sort keys %{ $mode{file} }], ['600'], 'files are 0600 at any time');
};

subtest 'the intent is on disk before the first byte goes out' => sub {
    my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "listen: $!";
    my $job = job(in => film(seconds => 1), options => { base_url => 'http://127.0.0.1:' . $server->sockport . '/runwayml' });
    my $going = $job->begin;
    # libcurl has sent nothing before it is connected, and there is somebody to
    # be connected to only as soon as this looks
    my $peer;
    ok($going->until(sub { local $SIG{ALRM} = sub { die "late\n" }; alarm 10; $peer = eval { $server->accept }; alarm 0; $peer }),
        'the create comes');
    is_deeply($job->states, { 1 => 'intent' }, 'and the journal knows already');
    my ($record) = $job->records;
    is($record->{credits_estimated}, 15, 'with its price');
    is($record->{label}, 'clip 1 (0.00-1.00 s)', 'and its times');
    close $peer;
    my $run = $going->end;
    is_deeply($job->states, { 1 => 'unknown' }, 'a create that is not answered is of unknown fate');
};

subtest 'each state is on disk when it is reached' => sub {
    my %fault = (submitted => 'read=stall=30', generated => 'download=slow=1000');
    for my $state (sort keys %fault) {
        my $job = job(sim => simulator('--fault' => $fault{$state}), in => film(seconds => 1));
        my $going = $job->begin;
        ok($going->until(sub { ($job->states->{1} // '') eq $state }), "$state while the task is") or diag explain $job->states;
        $going->end('KILL');
    }
    my %ends = (
        none           => [['--fault' => 'create=status=400'], {}],
        unknown        => [['--fault' => 'create=drop-after'], {}],
        failed         => [['--fail-tasks' => '1=SAFETY.INPUT.TEXT'], {}],
        failed_transient => [['--fail-tasks' => '1=INTERNAL.BAD_OUTPUT.CODE01'], {}],
        lost           => [[], { prompt => 'please fail with CANCELLED' }],
        stored         => [[], {}],
    );
    for my $state (sort keys %ends) {
        my $job = job(sim => simulator(@{ $ends{$state}[0] }), in => film(seconds => 1), options => $ends{$state}[1]);
        my $run = $job->run;
        is($job->states->{1}, $state, "$state in the end") or diag $run->{err};
        my ($record) = $job->records;
        unlike(slurp($record->{path}), qr/night|jwt|$FilterTest::KEY|please/, "$state: no prompt, no signed URL, no key in it");
        is_deeply([glob "$job->{state}/locks/*"], [], "$state: no lock stays") if $state ne 'unknown';
    }
};

# --- what is not believed ---------------------------------------------------------

my %HARM = (
    torn => sub { my ($path) = @_; my $size = -s $path; truncate $path, $size / 2 or die },
    empty => sub { truncate $_[0], 0 or die },
    edited => sub { my $text = slurp($_[0]); $text =~ s/"state":"\w+"/"state":"rejected"/; spew($_[0], $text) },
    longer => sub { spew($_[0], slurp($_[0]) . '{}') },
    foreign => sub { spew($_[0], "Dear diary,\n") },
    binary => sub { spew($_[0], "\0\xff" x 4000) },
    'a newer version' => sub { rewrite_record($_[0], sub { s/"format":2/"format":3/ }) },
    'of another clip' => sub { my ($other) = grep { $_ ne $_[0] } glob dirname($_[0]) . '/*.record'; copy($other, $_[0]) or die },
    'a directory' => sub { unlink $_[0]; mkdir $_[0] or die },
);

subtest 'what cannot be believed' => sub {
    my $sim = simulator();
    my $whole = job(sim => $sim);
    is($whole->run->{status}, 0, 'a run');
    my $paid = billed($sim);
    for my $harm (sort keys %HARM) {
        my $job = job(sim => $sim, options => { concurrency => 1 });
        system('cp', '-a', "$whole->{state}", $job->{state}) == 0 or die;
        # the results of the others; with its own a clip needs no record
        my $path = $job->record_of(2)->{path};
        make_path($job->{results});
        my ($own) = map { $_->{identity} } $job->record_of(2);
        copy($_, $job->{results}) or die for grep { !/\Q$own\E/ } glob "$whole->{results}/*.mp4";
        $HARM{$harm}->($path);
        my $run = $job->run;
        isnt($run->{status}, 0, "$harm: the run stops") or diag $run->{err};
        like($run->{said}, qr/clip 2 \(1\.00-2\.00 s\).*\Q$path\E/, "$harm: names clip and file");
        like($run->{said}, qr/on_unknown=resend/, "$harm: and the ways to proceed");
        is(billed($sim), $paid, "$harm: nothing was sent");
        is("@{ $job->states }{1, 3}", 'stored stored', "$harm: the other clips keep what they have");
        next if $harm =~ /directory|longer|newer|empty|binary/;
        $run = $job->run(options => { on_unknown => 'resend' });
        is($run->{status}, 0, "$harm: resend goes on") or diag $run->{err};
        is(billed($sim), ++$paid, "$harm: that pays for the one clip");
        ok(-e $path =~ s/record$/damaged/r, "$harm: what was there is kept beside");
        is($job->run->{status}, 0, "$harm: all is well afterwards");
        is(billed($sim), $paid, "$harm: and paid");
    }

    # of a clip that this run has nothing to do with
    my $job = job(sim => $sim);
    system('cp', '-a', "$whole->{state}", $job->{state}) == 0 or die;
    spew("$job->{state}/clips/" . 'ab' x 32 . '.record', 'nonsense');
    spew("$job->{state}/clips/README", 'nonsense');
    my $run = $job->run;
    is($run->{status}, 0, 'a damaged record of another clip is not fatal') or diag $run->{err};
    ok(-e "$job->{state}/clips/" . 'ab' x 32 . '.record', 'and stays');
    is(billed($sim), $paid, 'nothing was sent');
};

# --- where nothing can be written -----------------------------------------------------

# A command whose files may have so many blocks of 512 bytes. What it says goes
# through a pipe, which has no such limit.
sub limited {
    my ($blocks) = @_;
    return ['sh', '-c', 'trap "" XFSZ; status=$({ { (ulimit -f ' . $blocks
        . '; exec "$@") 2>&1 >/dev/null; echo $? >&4; } | cat >&2; } 4>&1); exit "$status"', 'sh'];
}

# A run that has to end before the first create.
sub refused_early {
    my ($name, $option, %opt) = @_;
    my $sim = simulator();
    my $job = job(sim => $sim);
    my $run = $job->run(%opt);
    cmp_ok($run->{status}, '>', 0, "$name: an error") or diag $run->{err};
    like($run->{said}, qr/(^|\W)$option\b/m, "$name: names $option") or diag $run->{err};
    is(scalar(() = $sim->requests), 0, "$name: before the first request");
    return $run;
}

subtest 'no place to write' => sub {
    my %none = (env => { HOME => undef, XDG_STATE_HOME => undef });
    refused_early('no home', 'state_dir', %none, options => { state_dir => undef });
    for my $option (qw(cache_dir cache_size)) {
        my $run = refused_early("$option is no more", $option, options => { $option => 5 });
        like($run->{said}, qr/results_dir.*results_size/, "$option: and what is in its place");
    }
    refused_early('a relative home', 'state_dir', options => { state_dir => undef },
        env => { HOME => 'here', XDG_STATE_HOME => undef });
    my $file = spew("$TMP/a file", '');
    for my $option (qw(state_dir results_dir)) {
        refused_early("$option below a file", $option, options => { $option => "$file/x" });
        refused_early("$option where nothing can be made", $option, options => { $option => '/proc/runway_v2v' });
        my $locked = "$TMP/locked-$option";
        mkdir $locked, 0500 or die;
        # root may write anywhere, unless that right is taken from it
        my @under = $> ? () : ('setpriv', map { "--$_=-dac_override,-dac_read_search" } qw(bounding-set inh-caps));
        refused_early("a read-only $option", $option, under => \@under, options => { $option => "$locked/x" });
        # no space for a single file
        refused_early("a full disk", $option, under => limited(0), out => '-', args => [qw(-f null)]) if $option eq 'state_dir';
    }
};

subtest 'a disk that is full when a clip is encoded' => sub {
    my $sim = simulator();
    # more than the 64 KiB that the directories are proven with
    my %film = (sim => $sim, in => film(seconds => 1.4, filter => 'noise=alls=80:allf=t'));
    my %options = (clip_duration => 2);
    is(job(%film)->run(options => { %options, log_path => "$TMP/full.jsonl" })->{status}, 0, 'with space');
    my ($bytes) = slurp("$TMP/full.jsonl") =~ /"bytes":(\d+)/;
    cmp_ok($bytes, '>', 66000, 'for a clip of some size');
    $sim = simulator();
    # all but the end, which is the index and comes last
    my $run = job(%film, sim => $sim)->run(under => limited(int(($bytes - 1) / 512)), options => \%options,
        loglevel => 'error', args => [qw(-f null)], out => '-');
    error_line('no space for the clip', $run, qr/^a clip cannot be written: File too large \(set TMPDIR to a directory with more space\)$/);
    is(scalar(() = $sim->requests), 0, 'before the first request');
};

subtest 'a disk that is full when the result comes' => sub {
    my $sim = simulator();
    my $job = job(sim => $sim, in => film(seconds => 1));
    # what is sent fits into 80 KiB, what comes back does not
    my $run = $job->run(under => limited(160), args => [qw(-f null)], out => '-');
    cmp_ok($run->{status}, '>', 0, 'an error') or diag $run->{err};
    like($run->{said}, qr/clip 1.*results_dir: \Q$job->{results}\E.*cannot be written.*the same command fetches it/, 'that says what cannot be written')
        or diag $run->{said};
    like($run->{said}, qr/^1 task is at the provider, already paid for; the same command again/m, 'and what is left') or diag $run->{said};
    is($job->states->{1}, 'generated', 'the task is known');
    $run = $job->run;
    is($run->{status}, 0, 'with space again, the run goes on') or diag $run->{err};
    is(billed($sim), 1, 'and nothing is paid twice');
};

# --- unknown fate --------------------------------------------------------------------------

subtest 'unknown fate' => sub {
    for my $fault ('drop-after', 'drop-before', 'after-status=502', 'status=500', 'bad-json', 'html', 'after-page=503,retry-after=1') {
        my $sim = simulator('--fault' => "create:2=$fault");
        my $job = job(sim => $sim, options => { concurrency => 1 });
        my $run = $job->run;
        cmp_ok($run->{status}, '>', 0, "$fault: the run stops") or diag $run->{err};
        like($run->{said}, qr/clip 2 \(1\.00-2\.00 s\)/, "$fault: says which clip, by its times");
        like($run->{said}, qr/billed \(about 15 credits\)/, "$fault: what may have been billed");
        like($run->{said}, qr/runway-tasks adopt \w{12} TASKID.*on_unknown=resend/, "$fault: and both ways to proceed");
        is_deeply($job->states, { 1 => 'stored', 2 => 'unknown' }, "$fault: as the journal has it");
        my $sent = () = $sim->requests('create');
        is($sent, 2, "$fault: it was sent once");
        $run = $job->run;
        cmp_ok($run->{status}, '>', 0, "$fault: and stops again");
        is(scalar(() = $sim->requests('create')), $sent, "$fault: without asking anything");
        next if $fault !~ /drop|500/;
        my $before = billed($sim);
        $run = $job->run(options => { on_unknown => 'resend' });
        is($run->{status}, 0, "$fault: resend goes on") or diag $run->{err};
        like($run->{said}, qr/clip 2 .*may be paid for twice/, "$fault: and says what it does");
        is(scalar(() = $sim->requests('create')), 4, "$fault: it is sent exactly once more");
        is($job->run(options => { on_unknown => 'resend' })->{status}, 0, "$fault: once more");
        is(scalar(() = $sim->requests('create')), 4, "$fault: nothing is sent again");
    }
    # a line that always breaks must not buy without end
    my $sim = simulator('--fault' => 'create:*=drop-after');
    my $job = job(sim => $sim, in => film(seconds => 1));
    my $run = $job->run(options => { on_unknown => 'resend' });
    cmp_ok($run->{status}, '>', 0, 'a line that always breaks');
    is(billed($sim), 2, 'is tried twice in one run and no more') or diag $run->{err};
};

subtest 'killed in a create' => sub {
    my $sim = simulator('--fault' => 'create:1=stall=30');
    my $job = job(sim => $sim, in => film(seconds => 1));
    my $going = $job->begin;
    ok($going->until(sub { billed($sim) }), 'the service has it');
    $going->end('KILL');
    is_deeply($job->states, { 1 => 'intent' }, 'the journal has the intent');
    my $run = $job->run;
    cmp_ok($run->{status}, '>', 0, 'the next run stops');
    like($run->{said}, qr/clip 1 \(0\.00-1\.00 s\): an earlier run ended while .*about 15 credits.*on_unknown=resend/, 'and says why');
    is(billed($sim), 1, 'nothing was sent');
    $run = $job->run(options => { on_unknown => 'resend' });
    is($run->{status}, 0, 'resend') or diag $run->{err};
    is(billed($sim), 2, 'pays once more');
};

subtest 'a task that is gone' => sub {
    my $sim = simulator();
    my $job = job(sim => $sim, in => film(seconds => 1), options => { prompt => 'fail CANCELLED' });
    my $run = $job->run;
    cmp_ok($run->{status}, '>', 0, 'it stops');
    my $id = $job->record_of(1)->{task_id};
    like($run->{said}, qr/clip 1 .*\Q$id\E.*billed.*on_unknown=resend/, 'with the task and the ways to proceed');
    $job->run;
    is(billed($sim), 1, 'nothing is sent again');
    is(scalar(() = $sim->requests('delete')), 0, 'and nothing is deleted, ever');
};

done_testing;
