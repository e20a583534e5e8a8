#!/usr/bin/env perl
# A clip whose task fails, or whose result is none: on_error=fail ends the run
# and keeps what the other clips have; on_error=source puts that clip's own
# frames in its place. And what on_error=source is no answer to.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;
use PaidTest;

# Four clips of ten frames, but the last, which is half as long.
my $FILM = film(seconds => 3.5);
my $SOURCE = frames_md5($FILM);

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.2, '--result-size' => '132x100', @_) }
sub job { return PaidTest->new(in => $FILM, @_) }

my $quiet = simulator();
my $undisturbed = job(sim => $quiet)->run;
is($undisturbed->{status}, 0, 'an undisturbed run') or BAIL_OUT($undisturbed->{err});
my $WANT = frames_md5($undisturbed->{file});
is(scalar @$WANT, 35, 'all frames are there');
is((grep { $WANT->[$_] eq $SOURCE->[$_] } 0 .. 34), 0, 'and none of them is the source\'s');

sub frames_of { my ($clip) = @_; return $clip < 4 ? 10 * $clip - 10 .. 10 * $clip - 1 : 30 .. 34 }

# A run that goes well, with these clips as their source and all others as in an
# undisturbed one.
sub comes_out {
    my ($name, $job, %opt) = @_;
    my $meta = sprintf '%s/meta-%d', $TMP, ++our $metas;
    my @kept = @{ delete $opt{kept} };
    my $run = $job->run(after => "metadata=print:file=$meta", %opt,
        options => { on_error => 'source', %{ $opt{options} || {} } });
    is($run->{status}, 0, "$name: the run ends well") or diag $run->{err};
    my @want = @$WANT;
    @want[frames_of($_)] = @$SOURCE[frames_of($_)] for @kept;
    my $got = $run->{status} ? [] : frames_md5($run->{file});
    is_deeply($got, \@want, "$name: clips @kept are the source bit for bit, the others are generated");
    my @frames = split /^frame:/m, slurp($meta);
    shift @frames;
    my %source = map { ($_ => 1) } map { frames_of($_) } @kept;
    my @wrong = grep { ($frames[$_] =~ /lavfi\.runway_v2v\.origin=(\w+)/)[0] ne ($source{$_} ? 'source' : 'generated') } 0 .. $#frames;
    is("@wrong", '', "$name: and each frame says what it is");
    is(scalar @frames, 35, "$name: all of them");
    my $of = @kept;
    my @summary = $run->{said} =~ /^(\d+ of 4 clips were replaced by their source frames)$/mg;
    is("@summary", @kept ? "$of of 4 clips were replaced by their source frames" : '', "$name: one warning sums up");
    like($run->{said}, qr/^clip $_ is replaced by its source frames \(on_error=source\)$/m, "$name: clip $_ is named") for @kept;
    return $run;
}

# A run that stops, with one line from the filter.
sub stops {
    my ($name, $job, $patterns, %opt) = @_;
    my $run = $job->run(loglevel => 'error', %opt);
    error_line($name, $run, @$patterns);
    return $run;
}

# What was paid for and cannot be used: the file that the error names.
sub kept_aside {
    my ($name, $job) = @_;
    my $run = $job->run(loglevel => 'error');
    my ($path) = $run->{said} =~ /It is paid for and kept: (.*?\.mp4)\. / or fail("$name: says where it is: $run->{said}");
    like($path // '', qr{^\Q$job->{results}\E/\w{64}-\w{64}\.refused\.mp4$}, "$name: where results are");
    ok(-s ($path // ''), "$name: what came is there");
    return $path;
}

# --- on_error=fail -------------------------------------------------------------------

subtest 'fail' => sub {
    for my $case (
        ['a transient reason', ['--fail-tasks' => '2=INTERNAL.BAD_OUTPUT.CODE01'], qr/INTERNAL\.BAD_OUTPUT\.CODE01/, 'failed_transient'],
        ['permanently', ['--fail-tasks' => '2=SAFETY.INPUT.TEXT'], qr/SAFETY\.INPUT\.TEXT/, 'failed'],
    ) {
        my ($name, $args, $pattern, $state) = @$case;
        my $sim = simulator(@$args);
        my $job = job(sim => $sim, options => { concurrency => 1 });
        stops($name, $job, [qr/^clip 2 \(1\.00-2\.00 s\): task \S+/, $pattern]);
        is_deeply($job->states, { 1 => 'stored', 2 => $state }, "$name: what the first clip has is kept") or diag explain $job->states;
        is(billed($sim), 2, "$name: nothing more is bought");
        stops("$name, again", $job, [qr/^clip 2 /, $pattern]);
        is(billed($sim), 2, "$name: nor in the next run");
        comes_out("$name, then with source", $job, kept => [2]);
        is(billed($sim), 4, "$name: the others are bought once");
        next if $state eq 'failed';
        comes_out("$name, then with a try more", $job, kept => [], options => { retries => 1 });
        is(billed($sim), 5, "$name: and that is one task more");
    }

    # tasks of others are on their way when one fails
    my $sim = simulator('--latency' => 5, '--fail-tasks' => '1=SAFETY.OUTPUT.IMAGE');
    my $job = job(sim => $sim);
    my $run = stops('beside others', $job, [qr/^clip \d .*SAFETY\.OUTPUT\.IMAGE/]);
    my $paid = billed($sim);
    my ($failed) = grep { $job->states->{$_} eq 'failed' } 1 .. 4;
    is((grep { !/^(submitted|generated|stored|failed)$/ } values %{ $job->states }), 0, 'all others are known') or diag explain $job->states;
    comes_out('beside others, then with source', $job, kept => [$failed]);
    is(billed($sim), 4, 'what was on its way is used');
};

# --- on_error=source -----------------------------------------------------------------

subtest 'source' => sub {
    for my $case (
        ['a transient reason', ['--fail-tasks' => '3=INTERNAL.BAD_OUTPUT.CODE01'], [3]],
        ['no reason', ['--fail-tasks' => '3=NONE'], [3]],
        ['moderation', ['--fail-tasks' => '1=SAFETY.INPUT.VIDEO'], [1]],
        ['the last one', ['--fail-tasks' => '4=ASSET.INVALID'], [4]],
        ['two of them', ['--fail-tasks' => '1=SAFETY.INPUT.VIDEO,2=SAFETY.INPUT.VIDEO'], [1, 2]],
        ['a web page for a result', ['--fault' => 'download:3-4=html'], [3], []],
        ['a result that is refused', ['--fault' => 'download:3-8=status=403'], [3], []],
        ['a web page, once', ['--fault' => 'download:3=html'], []],
    ) {
        my ($name, $args, $kept, $again) = @$case;
        my $sim = simulator(@$args);
        my $job = job(sim => $sim, options => { concurrency => 1 });
        comes_out($name, $job, kept => $kept);
        is(billed($sim), 4, "$name: a task for each clip");
        # what has succeeded is fetched again for free
        comes_out("$name, again", $job, kept => $again // $kept);
        is(billed($sim), 4, "$name: and no more in the next run");
    }
    my $sim = simulator('--fail-tasks' => '1=INTERNAL,3=INTERNAL,4=INTERNAL');
    # with a limit, another clip does not have the place of one that failed
    my $job = job(sim => $sim, options => { concurrency => 1, retries => 1, max_credits => 1000 });
    # the first one in its second try; the second clip fails twice
    comes_out('with another try', $job, kept => [2]);
    is(billed($sim), 6, 'each of which is a task');

};

# One whose header is right and whose end is there, but not its middle.
subtest 'a result with a hole' => sub {
    my $film = film(seconds => 9);
    # so many frames that there are several key frames among them
    my $sim = simulator_with(<<'PERL', '--result-rate' => 100);
my @packets = `'$ffprobe' -v error -select_streams v:0 -show_entries packet=pos,size,flags -of csv=p=0 '$file'`;
my @keys = grep { $packets[$_] =~ /K/ } 0 .. $#packets;
exit 1 if @keys < 4;
for (@packets[$keys[1] + 10 .. $keys[1] + 20]) {
    my ($size, $pos) = split /,/;
    seek $out, $pos + 5, 0;
    print $out "\xff" x ($size - 5);
}
PERL
    my %all = (sim => $sim, in => $film, options => { model => 'aleph2', clip_duration => 0 });
    my $job = PaidTest->new(%all);
    my @error = (qr/^clip 1 .*the result of task \S+ is not used: the result is damaged after [23]\.\d+ s: .* It is paid for and kept: \Q$job->{results}\E\S+\.mp4\. .*on_error=source; .*\("runway-tasks forget --force [0-9a-f]{12}"\)/);
    my $run = stops('fail', $job, \@error);
    cmp_ok(scalar @{ frames_md5($run->{file}) }, '>', 10, 'what is whole of it comes out');
    my $log = "$TMP/hole.log";
    stops('again', $job, \@error, options => { log_path => $log });
    my @events = grep { $_->{event} eq 'error' } map { decode($_) } split /\n/, slurp($log);
    is_deeply([map { [@$_{qw(clip outcome)}] } @events], [[1, 'bad_result']], 'log_path has it') or diag explain \@events;
    $run = $job->run(options => { on_error => 'source' });
    is($run->{status}, 0, 'source: goes on') or diag $run->{err};
    is_deeply($run->{status} ? [] : frames_md5($run->{file}), frames_md5($film), 'with the source from its first frame on');
    is(billed($sim), 1, 'and pays once');
    # FFmpeg 5.1 forgets an error that comes so late, and cannot be told of it
    stops('signals=0', PaidTest->new(%all), [qr/^clip 1 .*the result is damaged after [23]\.\d+ s: /], options => { signals => 0 });
};

# Of one result, or of all of them.
sub damaged_late {
    my ($which, $packets) = @_;
    my $count = spew(sprintf('%s/count-%d', $TMP, ++our $counts), '');
    return simulator_with(<<"PERL" . <<'PERL');
my \$count = '$count';
my \$which = qr/^(?:$which)\$/;
my \$range = '$packets';
PERL
open my $n, '>>', $count or die;
syswrite $n, '.';
exit 0 if (-s $count) !~ $which;
my @packets = `'$ffprobe' -v error -select_streams v:0 -show_entries packet=pos,size -of csv=p=0 '$file'`;
exit 1 if @packets < 10;
for (@packets[eval $range]) {
    my ($size, $pos) = split /,/;
    seek $out, $pos + 5, 0;
    print $out "\xff" x ($size - 5);
}
PERL
}

subtest 'damage behind the first picture' => sub {
    my $film = film(seconds => 14);
    my %all = (in => $film, options => { model => 'aleph2', concurrency => 1, clip_duration => 2 });
    my @error = (qr/^clip 1 .*the result is damaged after [01]\.\d+ s/);
    my $sim = damaged_late('\d+', '-5 .. -3');
    my $job = PaidTest->new(%all, sim => $sim);
    my $run = $job->run;
    like($run->{said}, qr/^clips: \d made, 0 reused, 1 failed/m, 'it counts as failed') or diag $run->{said};
    my $bought = billed($sim);
    cmp_ok($bought, '<=', 5, 'no more than the window is bought');
    is($job->states->{1}, 'refused', 'it is written down');
    $run = stops('the next run', $job, \@error);
    is(billed($sim), $bought, 'buys nothing');
    my $nothing_out = sub {
        my $out = run_cmd([$FFPROBE, qw(-v quiet -count_packets -select_streams v:0 -show_entries stream=nb_read_packets -of csv=p=0), $_[0]])->{out};
        like($out, qr{^(?:0|N/A|)$}, 'and says so before a frame is out');
    };
    $nothing_out->($run->{file});
    my ($file) = $run->{said} =~ /It is paid for and kept: (\S+\.mp4)\. / or fail('its file is named');

    $run = $job->run(options => { dry_run => 1 });
    like($run->{said}, qr/^plan: clip 1 .*already bought: resumed$/m, 'the plan does not call it stored') or diag $run->{said};

    unlink $file or fail("$file: $!");
    $run = stops('without its file', $job, \@error);
    is(billed($sim), $bought, 'and not bought again');
    $nothing_out->($run->{file});
    my ($again) = $run->{said} =~ /It is paid for and kept: (\S+\.mp4)\. /;
    ok(-s ($again // ''), 'it is fetched again');

    # shown by two clips at a time
    for my $case ([1, '-5 .. -3'], [2, '-5 .. -3'], [2, '2 .. 4']) {
        my ($clip, $packets) = @$case;
        my $name = "blend, result $clip, packets $packets";
        $job = PaidTest->new(in => $film, sim => damaged_late($clip, $packets), options => { %{ $all{options} }, clip_duration => 3, seam => 'blend', overlap => 0.5 });
        stops($name, $job, [qr/^clip $clip .*the result is damaged after \d+\.\d+ s/]);
        is($job->states->{$clip}, 'refused', "$name: it is written down");
    }
};

# A captive portal, a CDN's own page: the task has succeeded, and stays so.
subtest 'what is fetched is no video' => sub {
    my $sim = simulator('--fault' => 'download:1-2=html', '--fault' => 'download:3-4=html');
    my $job = job(sim => $sim, options => { concurrency => 1 });
    my %no_try = (options => { retries => 2 });
    for my $time (1, 2) {
        stops("time $time", $job, [qr/^clip 1 .*SUCCEEDED and is paid for.*downloads it for free.*on_error=source; large pictures may be cut into other clips then, which dry_run=1 shows\), or buy the clip again for about 15 credits \("runway-tasks forget --force [0-9a-f]{12}"\)/], %no_try);
        is_deeply($job->states, { 1 => 'generated' }, "time $time: it stays generated") or diag explain $job->states;
    }
    is(billed($sim), 1, 'nothing is bought for it, whatever retries says');
    is(() = glob("$job->{results}/*.mp4"), 0, 'and a page is not kept');
    my $run = $job->run;
    is($run->{status}, 0, 'on a healthy network it comes') or diag $run->{err};
    is(billed($sim), 4, 'each clip was paid once');

    # none of eight would be used
    $sim = simulator('--fault' => 'download:*=html');
    $job = job(sim => $sim, in => film(seconds => 8), options => { concurrency => 1, on_error => 'source' });
    stops('on_error=source', $job, [qr/^a second result of this run cannot be used, so nothing more is bought: clip 2 /]);
    is(billed($sim), 2, 'after the second one nothing more is bought');
    $sim = simulator('--latency' => 1, '--fault' => 'download:*=html');
    $job = job(sim => $sim, in => film(seconds => 12), options => { concurrency => 4, on_error => 'source' });
    stops('several at once', $job, [qr/a second result of this run cannot be used/]);
    cmp_ok(billed($sim), '<=', 8, 'nor beside those in flight and those that are not checked yet');
    # one that was about to go out is taken back: nothing of it is left
    my @bought = grep { $_ ne 'none' } values %{ $job->states };
    is(@bought, billed($sim), 'what was bought is known');
    is((grep { $_ ne 'generated' } @bought), 0, 'and awaited') or diag explain $job->states;
    # nothing of it is paid for
    $sim = simulator('--fault' => 'create:2=status=503,retry-after=300', '--fault' => 'download:*=html');
    $job = job(sim => $sim, options => { concurrency => 2 });
    stops('a clip whose create is put off for minutes is not awaited', $job, [qr/^clip \d .*SUCCEEDED and is paid for/]);
    is(billed($sim), 1, 'and is not sent');
    # the third one's result is here before the second one's
    $sim = simulator('--fault' => 'create:2=stall=2', '--fault' => 'download:*=html');
    $job = job(sim => $sim, options => { on_error => 'source' });
    stops('which the second is', $job, [qr/^a second result of this run cannot be used, so nothing more is bought: clip 2 /]);
};

subtest 'a result whose length is off' => sub {
    my $sim = simulator('--result-stretch' => 1.3);
    my $job = job(sim => $sim, options => { concurrency => 1 });
    my $path = kept_aside('refused', $job);
    is_deeply($job->states, { 1 => 'refused' }, 'it is written down');
    my $downloads = () = $sim->requests('download');
    stops('again', $job, [qr/^clip 1 .*off by 0\.\d+ of it, and length_tolerance is 0\.1.*larger length_tolerance.*on_error=source; large pictures may be cut into other clips then, which dry_run=1 shows\), or buy the clip again for about 15 credits \("runway-tasks forget --force [0-9a-f]{12}"\)/],
        options => { retries => 2 });
    is(scalar(() = $sim->requests('download')), $downloads, 'it is not fetched again');
    is(billed($sim), 1, 'nor bought');
    # each run risks two
    stops('source', $job, [qr/^a second result of this run.*clip 3 /], options => { on_error => 'source' });
    is(billed($sim), 3, 'on_error=source: the one on disk is known, two more are of no use');
    my $run = $job->run(options => { length_tolerance => 0.5 });
    is($run->{status}, 0, 'length_tolerance: all come out') or diag $run->{err};
    is(billed($sim), 4, 'with those that are there');
    ok(!-e $path && -e $path =~ s/\.refused//r, 'which are results like others now');
    is_deeply([sort values %{ $job->states }], [('stored') x 4], 'and the journal says so');
};

# One that nothing is wrong with, but that this FFmpeg has no decoder for.
subtest 'a result for another FFmpeg' => sub {
    my $decoders = run_cmd([$FFMPEG, qw(-hide_banner -decoders)])->{out};
    plan skip_all => 'this ffmpeg decodes all that could be tried' if $decoders =~ /\bvp9\b/;
    my $sim = simulator_with(<<'PERL');
my $head = '';
read $out, $head, 65536;
my $at = rindex $head, 'avc1';
exit 1 if $at < 40;
seek $out, $at, 0;
print $out 'vp09';
PERL
    my $job = job(sim => $sim, options => { on_error => 'source', concurrency => 1 });
    stops('source', $job, [qr/^clip 1 .*not a readable video: it is coded as vp9, which is not supported by this FFmpeg/]);
    is($job->states->{1}, 'refused', 'what is paid for is not given up');
    my $path = kept_aside('for another FFmpeg', $job);
    like(slurp($path), qr/vp09/, 'it is what came');
    stops('again', $job, [qr/^clip 1 .*coded as vp9/]);
    is(scalar(() = glob "$job->{results}/*.mp4"), 1, 'which is kept once');
    is(billed($sim), 1, 'nor paid again');
};

# --- what it is no answer to -----------------------------------------------------------

subtest 'not for these' => sub {
    my $stop = sub {
        my ($name, $args, $patterns, $bill, %opt) = @_;
        my $sim = simulator(@$args);
        my $job = job(sim => $sim, options => { concurrency => 1, on_error => 'source', %{ delete $opt{options} || {} } });
        my $run = stops($name, $job, $patterns, %opt);
        unlike($run->{said}, qr/source/, "$name: nothing comes out as its source");
        is(billed($sim), $bill, "$name: nothing more is asked for");
        return ($sim, $job);
    };
    for my $status (400, 401, 403, 404, 413) {
        $stop->("a create that is refused with $status", ['--fault' => "create:2=status=$status"], [qr/^clip 2 .*$status/], 1);
    }
    $stop->('a wrong key', ['--key' => 'another'], [qr/key/], 0);
    $stop->('no credits', ['--balance' => 20], [qr/^clip 2 .*enough credits/], 1);
    $stop->('the cap', [], [qr/^clip 3 .*max_credits=40/], 2, options => { max_credits => 40 });
    for my $fault ('drop-after', 'after-status=502', 'bad-json') {
        $stop->("a create of unknown fate ($fault)", ['--fault' => "create:2=$fault"], [qr/^clip 2 .*on_unknown=resend/], 2);
    }
    $stop->('a task that is gone', [], [qr/^clip 1 .*on_unknown=resend/], 1, options => { prompt => 'fail with CANCELLED' });
    my ($sim, $job) = $stop->('a task that takes too long', ['--latency' => 8], [qr/^clip 1 .*task_timeout/], 1, options => { task_timeout => 1 });
    comes_out('which is there the next time', $job, kept => [], options => { task_timeout => 60 });
    $stop->('a cap that another try would pass', ['--fail-tasks' => '1=INTERNAL.BAD_OUTPUT.CODE01'],
        [qr/^clip 1 .*max_credits=20/], 1, options => { max_credits => 20, retries => 1 });
    is(billed($sim), 4, 'and paid once');

    $sim = simulator();
    $job = job(sim => $sim);
    is($job->run->{status}, 0, 'a run');
    my $path = $job->record_of(2)->{path};
    spew($path, 'nonsense');
    # with its result the clip would need no record
    unlink glob "$job->{results}/*.mp4";
    stops('a journal that cannot be trusted', $job, [qr/^clip 2 .*cannot be trusted/], options => { on_error => 'source' });
    is(billed($sim), 4, 'nothing was bought');

    $sim = simulator();
    $job = job(sim => $sim, in => film(seconds => 3, source => 'color=teal'), options => { on_error => 'source', ratio => '848:480', size => 'generated' });
    stops('an output of another size', $job, [qr/^size: .*on_error=source/]);
    is(scalar(() = $sim->requests), 0, 'which nothing is sent for');
};

# --- moderation ------------------------------------------------------------------------

# Films of eight clips, and of sixteen.
my $LONG = film(seconds => 8);
my $LONGER = film(seconds => 16);
sub moderated {
    my ($list, %options) = @_;
    my $film = @$list > 1 ? $LONG : $LONGER;
    my $sim = simulator('--fail-tasks' => join ',', map { "$_=SAFETY.INPUT.VIDEO" } @$list);
    return ($sim, PaidTest->new(in => $film, sim => $sim, options => { on_error => 'source', concurrency => 1, %options }));
}

subtest 'three in a row' => sub {
    for my $concurrency (1, 4) {
        my ($sim, $job) = moderated(['*'], concurrency => $concurrency);
        stops("concurrency=$concurrency", $job, [qr/^3 clips in a row failed permanently.*clip \d .*SAFETY\.INPUT\.VIDEO/]);
        my $paid = billed($sim);
        is($paid, 3, 'three tasks and no more') if $concurrency == 1;
        # they end in any order, and while one is in flight two on each side of it
        # are no three: two for each in flight, and those
        cmp_ok($paid, '<=', 3 * $concurrency, "concurrency=$concurrency: no more than that takes");
        stops("concurrency=$concurrency, again", $job, [qr/^3 clips in a row/]);
        is(billed($sim), $paid, "concurrency=$concurrency: nothing more in the next run");
    }

    my ($sim, $job) = moderated([1, 2, 4, 5, 7, 8]);
    for my $time (1 .. 3) {
        # the same clips whatever ends first: from the journal, failures are there at once
        my $run = $job->run(options => { concurrency => $time == 1 ? 1 : 8 });
        is($run->{status}, 0, "two in a row are not three, time $time") or diag $run->{err};
        like($run->{said}, qr/^6 of 8 clips were replaced by their source frames$/m, "time $time: all of them as their source");
    }
    is(billed($sim), 8, 'each paid once');

    # one task of four equal clips, as of a black leader
    ($sim, $job) = moderated([1]);
    $job = PaidTest->new(in => film(seconds => 4, source => 'color=gray'), sim => $sim, options => { on_error => 'source' });
    for my $time (1, 2) {
        my $run = $job->run;
        is($run->{status}, 0, "one task of equal clips is no row, time $time") or diag $run->{err};
        is(billed($sim), 1, "and is paid once, time $time");
    }
};

# As the error says it, and for that clip only.
subtest 'to buy a clip again' => sub {
    my @html = ('--fault' => 'download:1-2=html');
    for my $case (
        ['a permanent failure', ['--fail-tasks' => '2=NEW.CODE'], {}, 4],
        ['a transient one', ['--fail-tasks' => '2=INTERNAL.BAD_OUTPUT.CODE01'], {}, 4],
        ['what is fetched is no video', \@html, {}, 4],
        ['a result whose length is off', ['--result-stretch' => 1.3], { length_tolerance => 0.5 }, 4],
    ) {
        my ($name, $args, $options, $paid) = @$case;
        my $sim = simulator(@$args);
        my $job = job(sim => $sim, in => film(seconds => 3), options => { concurrency => 1 });
        my $run = $job->run;
        cmp_ok($run->{status}, '>', 0, "$name: the run fails");
        my ($how) = $run->{said} =~ /"runway-tasks (forget(?: --force)? [0-9a-f]{12})"/ or fail("$name: says how: $run->{said}");
        unlike($run->{said}, qr/another take/, "$name: which is not a take");
        my $forget = run_cmd([dirname($FFMPEG) . '/../bin/runway-tasks', '--state-dir', $job->{state},
            '--results-dir', $job->{results}, split ' ', $how // 'list']);
        is($forget->{status}, 0, "$name: it is forgotten") or diag $forget->{err};
        $run = $job->run(options => $options);
        is($run->{status}, 0, "$name: and comes") or diag $run->{err};
        is(billed($sim), $paid, "$name: that clip was bought again, and no other");
    }
    my $job = job(sim => simulator('--fail-tasks' => '1=SAFETY.OUTPUT.VIDEO'), options => { concurrency => 1 });
    stops('moderation', $job, [qr/SAFETY.*: change the request or the source$/]);
};

# Two tasks run, the create of a third clip is out, and a fourth one is refused: what
# then becomes of the third one's is said, and is no reason to drop the two.
subtest 'a create of unknown fate beside a clip that may not be bought' => sub {
    my $sim = simulator('--latency' => 8, '--fault' => 'create:3=drop-late=4', '--fault' => 'create:4=status=400');
    # a clip more, so that the fourth one is closed whenever the end is read; and each
    # half a second behind the one before: two are known to be paid for by then
    my $job = job(sim => $sim, in => film(seconds => 5));
    my $run = $job->run(input => [qw(-readrate 2)]);
    cmp_ok($run->{status}, '>', 0, 'the run fails');
    like($run->{said}, qr/^a clip may not be bought: no more clips are sent; waiting for what is already paid for$/m, 'at the refusal') or diag $run->{said};
    my ($unknown) = map { $_->{label} } grep { $_->{state} eq 'unknown' } $job->records;
    like($run->{said}, qr/^\Q$unknown\E: .*may have been accepted/m, 'what is not known is said') or diag $run->{said};
    is((grep { $_ eq 'stored' } values %{ $job->states }), 2, 'and the other two are awaited') or diag explain $job->states;
};

# A disk that cannot be read says nothing about the result, which was checked. In the
# thread that outputs, which is FFmpeg 5.1's first one.
subtest 'a good result that cannot be read' => sub {
    my $lib = "$TMP/unread.so";
    my $cc = run_cmd([split(' ', $ENV{CC} || 'cc'), qw(-shared -fPIC -o), $lib, spew("$TMP/unread.c", <<'C'), '-ldl']);
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static int is_bad(int fd)
{
    char link[64], name[4096];
    ssize_t n;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof(name) - 1);
    name[n > 0 ? n : 0] = 0;
    return syscall(SYS_gettid) == getpid() && strstr(name, "/results/") && (errno = EIO);
}
ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
    ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
    return is_bad(fd) ? -1 : real(fd, buf, size, offset);
}
ssize_t pread64(int fd, void *buf, size_t size, off64_t offset)
{
    ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
    return is_bad(fd) ? -1 : real(fd, buf, size, offset);
}
C
    plan skip_all => "cannot compile: $cc->{err}" if $cc->{status};
    my $sim = simulator();
    my $job = job(sim => $sim, options => { concurrency => 1, on_error => 'source' });
    my $run = $job->run(env => { LD_PRELOAD => $lib });
    cmp_ok($run->{status}, '>', 0, 'the run fails') or diag $run->{err};
    like($run->{said}, qr/the result cannot be read/, 'and says why') or diag $run->{err};
    unlike($run->{said}, qr/replaced by its source/, 'its source does not stand in for it');
    comes_out('then', $job, kept => []);
    is(billed($sim), 4, 'and each clip is bought once');
} if $RunwayTest::LIBAVFILTER <= 8;

done_testing;
