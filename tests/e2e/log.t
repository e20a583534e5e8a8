#!/usr/bin/env perl
# log_path: one JSON line for each event, with the fields that docs/log.md
# says and nothing secret, for good runs and bad ones.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

my $runway_key = 'key_' . '0a' x 64;
my $clip = lossless_clip(seconds => 3, rate => 12);

sub lines { return map { decode($_) } split /\n/, slurp($_[0]) }
sub of { my ($event, @lines) = @_; return grep { $_->{event} eq $event } @lines }

# Every line has what every line has, and no field is undocumented.
my $page = slurp("$ROOT/docs/log.md");
sub well_formed {
    my ($name, $path) = @_;
    my $text = slurp($path);
    like($text, qr/\A(\{[^\n]+\}\n)+\z/, "$name: whole lines");
    my @lines = lines($path);
    my %unknown;
    for my $line (@lines) {
        like("$line->{time}", qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "$name: $line->{event} has its time");
        my ($part) = $page =~ /^### `\Q$line->{event}\E`\n(.*?)(?=^##|\z)/ms;
        ok(defined $part, "$name: $line->{event} is documented") or next;
        $unknown{"$line->{event}.$_"} = 1 for grep { !/^(time|run|event)$/ && $part !~ /^\| `\Q$_\E` \|/m } keys %$line;
    }
    is(join(' ', sort keys %unknown), '', "$name: and every field");
    is(join(' ', sort { $a cmp $b } map { $_->{time} } @lines), join(' ', map { $_->{time} } @lines), "$name: in order");
    unlike($text, qr/\Q$FilterTest::KEY\E|$runway_key|_jwt|data:|https?:|runway:/, "$name: nothing secret");
    return @lines;
}

subtest 'a good run' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.5);
    my $path = "$TMP/good.jsonl";
    my %env = (COMETAPI_KEY => undef, RUNWAYML_API_SECRET => $runway_key, RUNWAYML_BASE_URL => $sim->{runway},
        XDG_STATE_HOME => "$TMP/good/state");
    my %options = (prompt => 'negative', clip_duration => 2, log_path => $path);
    my $run = run_filter(undef, in => $clip, env => \%env, options => { %options, transport => 'upload' });
    is($run->{status}, 0, 'ffmpeg ends well') or diag $run->{err};
    my @lines = well_formed('good', $path);
    for my $n (1, 2) {
        my @of_clip = grep { ($_->{clip} // 0) == $n } @lines;
        my $events = join ' ', map { $_->{event} } @of_clip;
        like($events, qr/^planned uploaded submitted (state )+stored emitted$/, "clip $n: its journey");
        my ($planned, $uploaded, $submitted) = @of_clip;
        my ($stored) = of('stored', @of_clip);
        my ($emitted) = of('emitted', @of_clip);
        my ($create) = grep { ($_->{task} // '') eq $submitted->{task} } $sim->requests('create');
        ok($create, "clip $n: the task is the service's");
        is($uploaded->{bytes}, $planned->{bytes}, "clip $n: bytes that were sent");
        is("$planned->{credits} $submitted->{credits} $stored->{credits}", '56 56 56', "clip $n: credits");
        cmp_ok($stored->{bytes}, '>', 1000, "clip $n: bytes that came");
        ok(!$stored->{reused}, "clip $n: bought");
        is($emitted->{frames}, $planned->{frames}, "clip $n: frames");
        is($emitted->{origin}, 'generated', "clip $n: generated");
        is((of('state', @of_clip))[-1]{state}, 'SUCCEEDED', "clip $n: its last state");
    }
    my ($first, $second) = of('planned', @lines);
    is(join(' ', map { $_->{start_ms}, $_->{end_ms}, $_->{frames} } $first, $second), '0 2000 24 2000 3000 12',
        'where they lie');
    my ($summary) = of('summary', @lines);
    is("$lines[-1]{event} $summary->{end} $summary->{frames_in} $summary->{frames_out}", 'summary ok 36 36', 'the end');
    is("$summary->{made} $summary->{credits_charged}", '2 112', 'and the sum');

    # appended, and distinct
    $run = run_filter(undef, in => $clip, env => \%env, options => \%options);
    my @again = well_formed('again', $path);
    is(scalar(grep { $_->{run} eq $lines[0]{run} } @again), scalar @lines, 'the first run stays as it was');
    my @new = grep { $_->{run} ne $lines[0]{run} } @again;
    is(join(' ', map { $_->{reused} ? 'reused' : 'bought' } of('stored', @new)), 'reused reused', 'nothing is bought');
    is((of('summary', @new))[0]{credits_charged} // 0, 0, 'nor paid');
    is(scalar(of('submitted', @new)), 0, 'nor submitted');
};

subtest 'failures' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my $path = "$TMP/bad.jsonl";
    my $run = run_filter($sim, in => $clip, options => { prompt => 'fail SAFETY.INPUT.TEXT', log_path => $path });
    my @lines = well_formed('moderation', $path);
    my ($error) = of('error', @lines);
    is("$error->{clip} $error->{outcome}", '1 failed', 'which clip, and how');
    like($error->{error}, qr/SAFETY\.INPUT\.TEXT/, 'why');
    ok($error->{task}, 'and which task');
    is((of('summary', @lines))[0]{end}, 'error', 'the end');

    unlink $path;
    $run = run_filter($sim, in => $clip, options => { prompt => 'fail INTERNAL', on_error => 'source', log_path => $path });
    is($run->{status}, 0, 'on_error=source') or diag $run->{err};
    @lines = well_formed('source', $path);
    is((of('emitted', @lines))[0]{origin}, 'source', 'says so');
    is((of('summary', @lines))[0]{end}, 'ok', 'and ends well');
};

subtest 'outcomes' => sub {
    my ($names) = slurp("$ROOT/vf_runway/runway/base/error.c") =~ /^const char \*ff_runway_outcome_name(.*?)^}/ms;
    my ($row) = $page =~ /^\| `outcome` \| (.*) \|$/m;
    my %named = map { ($_ => 1) } ($names // '') =~ /return "(\w+)"/g;
    delete $named{ok};
    is(join(' ', sort $row =~ /`(\w+)`/g), join(' ', sort keys %named), 'the page has all of them');
};

subtest 'a dry run' => sub {
    my $path = "$TMP/dry.jsonl";
    my $run = run_filter(undef, in => $clip, env => { COMETAPI_KEY => undef },
        options => { prompt => 'x', dry_run => 1, log_path => $path });
    is($run->{status}, 0, 'ends well') or diag $run->{err};
    my @lines = well_formed('dry', $path);
    is(join(' ', map { $_->{event} } @lines), 'planned summary', 'plans');
    ok($lines[0]{dry_run}, 'and says that it is one');
    is($lines[0]{credits}, 45, 'with the price');
};

subtest 'a log that cannot be written' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my $run = run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'x', log_path => "$TMP/no/where" });
    error_line('no directory', $run, qr{^log_path: cannot write to \S+/no/where: No such file});
    is(scalar(() = $sim->requests), 0, 'nothing was asked for');
    SKIP: {
        skip 'this system has no /dev/full', 3 if !-w '/dev/full';
        $run = ok_filter($sim, 'a full disk', in => $clip, options => { prompt => 'x', log_path => '/dev/full' });
        my $reported = () = $run->{err} =~ /log_path: cannot write any more; the file is incomplete/g;
        is($reported, 1, 'is reported once');
        is(scalar @{ times_of($run->{out}) }, scalar @{ times_of($clip) }, 'and what is paid for comes out');
    }
};

subtest 'a log into a pipe' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my $run = ok_filter($sim, '/dev/stderr', in => $clip, options => { prompt => 'x', log_path => '/dev/stderr' });
    like($run->{err}, qr/^\{"time":.*"event":"summary".*\}$/m, 'the lines are there');
    ok_filter($sim, '/dev/null', in => $clip, options => { prompt => 'x', log_path => '/dev/null' });
    system('mkfifo', "$TMP/pipe") and die "mkfifo\n";
    $run = run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'x', log_path => "$TMP/pipe" });
    error_line('a pipe that nothing reads from', $run, qr{^log_path: cannot write to \S+/pipe: nothing reads from it});
    cmp_ok($run->{seconds}, '<', 20 * $PATIENCE, 'at once');
};

# The commands of docs/log.md, word for word.
subtest 'the page' => sub {
    plan skip_all => 'there is no jq' if run_cmd([qw(jq --version)])->{status};
    my $dir = "$TMP/page";
    make_path("$dir/bin");
    symlink $FFMPEG, "$dir/bin/ffmpeg" or die "symlink: $!\n";
    make_clip(seconds => 7, size => '160x112', name => 'page/in.mp4');
    my @blocks = map { s/^    //mgr } $page =~ /((?:^    .*\n)+)/mg;
    is(scalar @blocks, 4, 'its commands');
    my $sim = RunwayTest::Simulator->start('--latency' => 1);
    my %env = (PATH => "$dir/bin:$ENV{PATH}", COMETAPI_KEY => undef, RUNWAYML_API_SECRET => $runway_key,
        RUNWAYML_BASE_URL => $sim->{runway}, XDG_STATE_HOME => "$dir/state");
    my @runs = map { run_cmd(['sh', '-c', $_], dir => $dir, env => \%env) } @blocks;
    is("$_->{status} $_->{err}", '0 ', 'ends well, and says nothing') for @runs[1 .. 3];
    is($runs[0]{status}, 0, 'a run with a log') or diag $runs[0]{err};
    my ($sum, @clips) = split /\n/, $runs[1]{out};
    is($sum, 196, 'what it has cost');
    is(join('; ', map { /^1\t196\t(\d+)$/ && $1 > 1000 ? 'clip, credits, bytes' : $_ } @clips), 'clip, credits, bytes', 'each clip');
    is($runs[2]{out}, '', 'nothing is lacking');
    like($runs[3]{out}, qr/\Aclip 1: \d+\.\d s\n\z/, 'how long it took');

    # a run whose task goes on at the provider
    my $slow = RunwayTest::Simulator->start('--latency' => 60);
    my $run = run_cmd(['sh', '-c', $blocks[0] =~ s/prompt=snow/prompt=night:task_timeout=1:poll_interval=0.1/r =~ s/out\.mp4/-y out.mp4/r],
        dir => $dir, env => { %env, RUNWAYML_BASE_URL => $slow->{runway} });
    cmp_ok($run->{status}, '>', 0, 'a task that takes too long');
    is((of('error', lines("$dir/run.jsonl")))[-1]{outcome}, 'timeout', 'for that reason');
    my ($create) = $slow->requests('create');
    is(run_cmd(['sh', '-c', $blocks[2]], dir => $dir)->{out}, "$create->{task}\n", 'is found by its id');
};

done_testing;
