#!/usr/bin/env perl
# Who stops reading, fails, or stands beside the filter in the graph.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;
use Time::HiRes qw(sleep time);

use RunwayFilm;
use RunwayTest;

my $filter = 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2';
my @exact = ('--result-rate' => 'source', '--result-frames' => '+0');
my $film = numbered_film(rate => 24, seconds => 40);
my $lossless = [qw(-an -fps_mode passthrough -c:v ffv1)];

# --- who stops reading --------------------------------------------------------------

for (
    ['-t',        undef,          [qw(-t 3)], 72],
    ['-frames:v', undef,          [qw(-frames:v 30)], 30],
    ['trim',      'trim=end=3.5', [], 84],
) {
    my ($name, $after, $args, $frames) = @$_;
    my $sim = RunwayTest::Simulator->start('--latency' => 0.5, @exact);
    my $run = filter_film($sim, $film, "$filter:concurrency=2", after => $after, args => [@$lossless, @$args]);
    subtest $name => sub {
        ends_well($run, 'ends well');
        is(near(numbers_of($run->{file}), [0 .. $frames - 1], 0), '', 'the frames up to there');
        # Twenty clips are in the film. The window is two in flight and two that
        # wait; while the first is output another may go in.
        my $sent = $sim->requests('create');
        cmp_ok($sent, '<=', 6, 'nothing more is submitted') or diag "$sent clips were sent";
        sleep 0.5;
        is(scalar $sim->requests('create'), $sent, 'nor afterwards');
    };
}

# --- what fails ---------------------------------------------------------------------

for (
    ['that cannot be opened', [qw(-c:v libx264 -profile:v baseline -pix_fmt yuv422p -f null), '-'], undef],
    ['whose file is full',    [qw(-c:v rawvideo -f rawvideo)], -e '/dev/full' ? '/dev/full' : undef],
) {
    my ($name, $args, $file) = @$_;
    next if $name =~ /full/ && !$file;
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact);
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -i), $film, '-vf',
        "$filter:concurrency=2:" . api_options($sim), '-an', @$args, $file // ()],
        env => command_env(), timeout => 60);
    isnt($run->{status}, 0, "an encoder $name is a failure");
    ok(!$run->{timed_out} && !$run->{signal}, '... that ends the run') or diag $run->{err};
    cmp_ok(scalar $sim->requests('create'), '<=', 7, '... and nothing more is submitted');
}
for (
    ['the first of several', 1, 'film', []],
    ['the last of several',  3, 'film', []],
    ['the only one',         1, 'short', []],
    ['the last, with -xerror', 3, 'film', ['-xerror']],
) {
    my ($name, $n, $which, $global) = @$_;
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact,
        '--fail-tasks' => "$n=INTERNAL.BAD_OUTPUT.CODE01");
    my $input = numbered_film(rate => 24, seconds => $which eq 'film' ? 6 : 2);
    my $run = filter_film($sim, $input, $filter, global => $global);
    isnt($run->{status}, 0, "a failed clip is a failed run: $name");
    ok(!$run->{timed_out} && !$run->{signal}, '... and it ends') or diag $run->{err};
    # clips are sent at once: which task is the simulator's first is chance
    my ($task) = map { $_->{task} } grep { ($_->{status} // '') eq 'FAILED' } $sim->events('ended');
    like($run->{err}, qr/clip \d \(.*task \Q$task\E FAILED .*INTERNAL\.BAD_OUTPUT\.CODE01/, '... and says which and why');
}

# FFmpeg 5.1 forgets an error behind the end of the input: it ends as after a signal,
# or, where signals are not the filter's affair, nothing comes out before it is known.
for my $signals (1, 0) {
    my $concurrency = 2 - $signals;
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact, '--fail-tasks' => '3=INTERNAL.BAD_OUTPUT.CODE01');
    my $log = "$TMP/forgotten-$signals.jsonl";
    my $run = filter_film($sim, numbered_film(rate => 24, seconds => 6), "$filter:concurrency=$concurrency:signals=$signals:log_path=$log",
        args => $lossless);
    subtest "the last clip of three fails, signals=$signals" => sub {
        cmp_ok($run->{status}, '>', 0, 'the run fails');
        like($run->{err}, qr/clip 3 \(.*FAILED/, '... and says which');
        if ($LIBAVFILTER < 9) {
            is($run->{status}, $signals ? 255 : 1, 'its status');
            is($run->{err} =~ /ends as it does after a signal: with status 255/ ? 1 : 0, $signals, 'its reason');
        }
        my $held = $LIBAVFILTER < 9 && !$signals;
        is(scalar(() = slurp($log) =~ /"event":"emitted"/g), 0, 'nothing is out') if $held;
        is(near(numbers_of($run->{file}), [0 .. 95], 0), '', 'what was ready is out') if $signals;
    };
}

# The film has ended, but not for the filter.
for my $n (1, 3) {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact, '--fail-tasks' => "$n=INTERNAL.BAD_OUTPUT.CODE01");
    my $run = filter_film($sim, numbered_film(rate => 24, seconds => 14), "$filter:concurrency=1", before => 'reverse', args => $lossless);
    cmp_ok($run->{status}, '>', 0, "behind a filter that keeps the film, clip $n: a failed run");
    like($run->{err}, qr/clip $n \(.*FAILED/, '... and says which');
}

# What ffmpeg gives to the graph then does not come to the filter; nor does ffmpeg's
# way through the graph take long.
{
    my $still = "$TMP/still.png";
    is(run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i testsrc2=size=96x64 -frames:v 1), $still])->{status}, 0, 'a still');
    my $join = 'split[a][b];[a][b]overlay';
    for (
        ['a still that is zoomed', $still, 'zoompan=d=300:s=96x64:fps=24'],
        ['padding', numbered_film(rate => 24, seconds => 6), 'tpad=start_duration=10:stop_duration=5'],
        ['thirty joins', numbered_film(rate => 24, seconds => 6), join ',', ($join) x ($LIBAVFILTER < 9 ? 30 : 3)],
    ) {
        my ($name, $input, $before) = @$_;
        my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact, '--fail-tasks' => '1=INTERNAL.BAD_OUTPUT.CODE01');
        my $run = filter_film($sim, $input, "$filter:concurrency=1", before => $before, args => $lossless, timeout => 120);
        ok($run->{status} > 0 && !$run->{timed_out} && !$run->{signal}, "behind $name, a failed clip is a failed run") or diag $run->{err};
        like($run->{err}, qr/clip 1 \(.*FAILED/, '... and says which');
    }
}

# A graph without an input: ffmpeg 5.1 sees no error of it.
for my $end ('', ':duration=4') {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact, '--fail-tasks' => '2=INTERNAL.BAD_OUTPUT.CODE01');
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -filter_complex),
        "testsrc2=size=96x64:rate=24$end,$filter:concurrency=1:" . api_options($sim), qw(-t 20 -f null -)], env => command_env(), timeout => 60);
    cmp_ok($run->{status}, '>', 0, "a graph without an input: a failed clip is a failed run$end") or diag $run->{err};
    like($run->{err}, qr/clip 2 \(.*FAILED/, '... and says which');
}

{
    my $sim = RunwayTest::Simulator->start;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -filter_complex),
        "testsrc2=size=96x64:rate=24,setfield=tff,$filter:" . api_options($sim), qw(-t 20 -f null -)], env => command_env(), timeout => 60);
    cmp_ok($run->{status}, '>', 0, '... as is a frame that is not supported') or diag $run->{err};
    like($run->{err}, qr/interlaced/, '... which is said');
}

# FFmpeg 5.1 serves the stream that is behind, here a sound that ends early, and
# asks for the last pictures only when the input has ended.
{
    my $behind = "$TMP/behind.mkv";
    my $made = run_cmd([$FFMPEG, qw(-v error -nostdin -y -i), numbered_film(rate => 24, seconds => 14), qw(-f lavfi -t 1 -i sine
        -map 0:v -map 1:a -c:v copy -c:a pcm_s16le), $behind]);
    is($made->{status}, 0, 'a film whose sound ends early') or diag $made->{err};
    my @both = qw(-fps_mode passthrough -c:v ffv1 -c:a copy);
    for my $n (4, 7, 0) {
        my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact,
            $n ? ('--fail-tasks' => "$n=INTERNAL.BAD_OUTPUT.CODE01") : ());
        my $run = filter_film($sim, $behind, "$filter:concurrency=1", args => \@both);
        if ($n) {
            isnt($run->{status}, 0, "a failed clip is a failed run: $n of 7, beside a stream that is behind") or diag $run->{err};
            like($run->{err}, qr/clip $n \(.*FAILED/, '... and says which');
        } else {
            ends_well($run, 'beside a stream that is behind');
            is(near(numbers_of($run->{file}), [0 .. 335], 0), '', 'all frames come');
        }
    }
}

# --- more than one filter -------------------------------------------------------------

my $short = numbered_film(rate => 24, seconds => 5);
{
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact);
    my $second = 'runway_v2v=prompt=negative:model=aleph2:clip_duration=3:' . api_options($sim);
    my $run = filter_film($sim, $short, $filter, after => $second, timeout => 60);
    subtest 'two in a row' => sub {
        ends_well($run, 'ends well') or return;
        is(near(numbers_of($run->{file}), [map { 0xFFFF ^ $_ } 0 .. 119], 0), '', 'both did their part');
        is(scalar $sim->requests('create'), 5, 'three clips and two');
    };
}
for (
    ['beside an untouched branch', '[0:v]split[a][b];[a]FILTER[c];[b]negate[d];[c][d]hstack'],
    ['two side by side', '[0:v]split[a][b];[a]FILTER[c];[b]SECOND[d];[c][d]hstack'],
    ['behind another input', '[1:v][0:v]concat,split[a][b];[a]FILTER[c];[b]negate[d];[c][d]hstack'],
) {
    my ($name, $graph) = @$_;
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact);
    my $options = api_options($sim);
    $graph =~ s/FILTER/$filter:$options/;
    $graph =~ s/SECOND/runway_v2v=prompt=negative:model=aleph2:clip_duration=3:$options/;
    my $out = "$TMP/complex.nut";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -i), $short, '-i', $short,
        '-filter_complex', $graph, @$lossless, $out], env => command_env(), timeout => 60);
    subtest "-filter_complex: $name" => sub {
        ends_well($run, 'ends well') or return;
        my @wanted = $name =~ /another/ ? (0 .. 119, 0 .. 119) : 0 .. 119;
        my ($left, $right) = map { numbers_of($out, "crop=iw/2:ih:$_:0") } 0, 'iw/2';
        is(near($left, \@wanted, 0), '', 'the generated branch');
        is(near($right, [map { 0xFFFF ^ $_ } @wanted], 0), '', 'the other branch');
    };
}
{
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, @exact);
    my $out = "$TMP/two";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -i), $short,
        '-filter_complex', "[0:v]split[a][b];[a]$filter:" . api_options($sim) . '[c]',
        '-map', '[c]', @$lossless, "$out-1.nut", '-map', '[b]', @$lossless, "$out-2.nut"],
        env => command_env(), timeout => 60);
    subtest '-filter_complex: two outputs' => sub {
        ends_well($run, 'ends well') or return;
        is(near(numbers_of("$out-$_.nut"), [0 .. 119], 0), '', "output $_") for 1, 2;
    };
}

# --- progress -------------------------------------------------------------------------

{
    my $sim = RunwayTest::Simulator->start('--latency' => 12, @exact);
    my $run = filter_film($sim, $short, "$filter:poll_interval=1");
    ends_well($run, 'a run that has to wait');
    my @lines = $run->{err} =~ /(waiting for .*)/g;
    cmp_ok(scalar @lines, '>=', 1, 'waiting is reported ...');
    cmp_ok(scalar @lines, '<=', 1 + $run->{seconds} / 15, '... after 5 s, then less often');
    like($lines[0] // '', qr/waiting for \d+ s: film read to 5\.0 s, 0 of 3 clips ready, the next at \d+ %(?:, ready (?:in about \d+ s|any moment))?, 168 credits; Ctrl-C is safe/,
        '... with how things stand');
    is(join(', ', sort { $a <=> $b } $run->{err} =~ /clip \d+ \(\d+\.\d\d-\d+\.\d\d s\) sent(?: with 1\.00 s of padding)?: 56 credits, (\d+) in all$/mg), '56, 112, 168', 'a line when money is spent');
    like($run->{err}, qr/clip 3 \(4\.00-5\.00 s\) sent with 1\.00 s of padding: /, 'which says what is only padding');
    like($run->{err}, qr/price: 28 credits a second, 56 for the first clip.*?clip 1 .*? sent:/s, 'the price is there first');
    like($run->{err}, qr/clip 1 \(0\.00-2\.00 s\): the result is \d+x\d+, yuv420p, 24 fps, h264/, 'and what the results are like');
}

# On a terminal it stands in place until the first frame is out. With -v error
# nothing is said; log_path has it.
SKIP: {
    skip 'no script(1) to make a terminal', 1 if run_cmd(['sh', '-c', 'command -v script'])->{status} || $^O ne 'linux';
    my $sim = RunwayTest::Simulator->start('--latency' => 10, @exact);
    subtest 'on a terminal' => sub {
        my $env = command_env();
        # once a task has ended, in an earlier run as well, the end can be estimated
        for my $case (['info', 140], ['info', 80], ['info', 40], ['error', 80], ['info', 140, 1], ['info', 80, 2, '-stats']) {
            my ($level, $columns, $take, $stats) = @$case;
            # with two at once the third clip is not paid for yet
            my $credits = $stats ? 112 : 168;
            my $log = "$TMP/terminal-$level-$columns-" . ($take // 0) . '.jsonl';
            my $command = "stty cols $columns; exec " . join ' ', map { s/'/'\\''/gr =~ s/.*/'$&'/sr } $FFMPEG, qw(-hide_banner -nostdin -y), $stats // '-nostats', '-loglevel', $level, '-i', $short,
                '-vf', "$filter:log_path=$log:take=" . ($take // 0) . ($stats ? ':concurrency=2:' : ':') . api_options($sim), @$lossless, "$TMP/terminal.nut";
            my $run = run_cmd(['script', '-qec', $command, '/dev/null'], env => $take ? $env : command_env(), timeout => 60);
            if (($take // 0) == 1 && $run->{out} !~ / in about /) {
                # this was the run from which it is known
                $run = run_cmd(['script', '-qec', $command =~ s/take=1/take=3/r, '/dev/null'], env => $env, timeout => 60);
            }
            ok(!$run->{status}, "-v $level, $columns columns: ends well") or diag $run->{out};
            my @status = $run->{out} =~ /(film read to [\d.]+ s, 0 of 3 clips ready[^\r\n]*; Ctrl-C is safe|5 s read, 0\/3 clips[^\r\n]*?) *\r(?!\n)/g;
            cmp_ok(scalar @status, $level eq 'info' ? '>=' : '==', $level eq 'info' ? 3 : 0, '... the status in place');
            cmp_ok(scalar @status, '<=', $run->{seconds} + 2, '... once a second');
            is_deeply([grep { length >= $columns } @status], [], '... in one line');
            like($_, $columns == 140 ? qr/^film.*; Ctrl-C is safe$/ : $columns == 80 ? qr/^5 s.*, (168|$credits) credits; Ctrl-C is safe$/ : qr/^5 s read, 0\/3 clips; Ctrl-C is safe$/, '... as much as there is space for')
                for $status[-1] // ();
            ok((grep { $stats ? /, all in about \d+ s, / : /, (the next )?ready in about \d+ s, / } @status), '... with the time that is left') or diag join "\n", @status if $take;
            if ($stats) {
                like($run->{out}, qr/frame= *\d+ fps=/, '... beside ffmpeg\'s own');
                unlike($run->{out}, qr/frame=[^\r\n]*read, |Ctrl-C is safe *[^\r\n ][^\r\n]*frame=/, '... each for itself');
            }
            unlike($run->{out}, qr/waiting for \d/, '... and not in lines') if !$stats;
            my @beats = grep { $_->{event} eq 'heartbeat' } map { RunwayTest::decode($_) } split /\n/, slurp($log);
            ok(@beats && $beats[0]{clips} == 3 && $beats[0]{credits} == $credits && $beats[0]{queued} == 0, '... a heartbeat for programs') or diag explain \@beats;
            cmp_ok($beats[0]{last_seconds} // -1, '>', 0, '... which also has the time that is left') or diag explain \@beats if $stats;
        }
    };
}

done_testing;
