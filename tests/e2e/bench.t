#!/usr/bin/env perl
# What `make bench` reads out of logs and prints beside its bars, with logs whose
# figures are known, that its results are made once, and that it compares with the
# filter's own encoder. No speed is measured.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib', dirname(abs_path(__FILE__)) . '/../bench/lib';

use Test::More;

use BenchTimes qw(creates first_after_stored held idle median ratios successes tail utc verdict);
use Bench;
use BenchFirst;
use BenchMemory;
use BenchCpu;
use BenchWall;
use FilterTest;
use RunwayTest;

sub near { cmp_ok(abs($_[0] - $_[1]), '<', 1e-6, $_[2]) or diag "$_[0], not $_[1]" }

# --- what is read --------------------------------------------------------------------

sub created { return { where => 'create', t => $_[0], status => $_[1] // 200, took => 0.1 } }
sub seen { return { where => 'read', path => "/v1/tasks/$_[0]", t => $_[1], took => 0.5, task_status => $_[2] // 'SUCCEEDED' } }

# two places, four clips; the second task is read to have succeeded before the first
my @log = (created(1), created(2), created(2.5, 429), seen('a', 8, 'RUNNING'), seen('b', 11), seen('a', 14), seen('a', 20),
    created(11.6), created(16), seen('c', 30), seen('d', 33), { event => 'billed', t => 40 });

is_deeply([successes(@log)], [11.5, 14.5, 30.5, 33.5], 'the first success of each task, as answered');
is_deeply([creates(@log)], [1, 2, 11.6, 16], 'creates that were accepted');
near(idle(\@log, [0, 0, 0, 0], 2), 1.5, 'idle: the longest');
near(idle(\@log, [0, 0, 0, 15.7], 2), 0.3, 'idle: not while there was no clip');
near(idle(\@log, [0, 0, 0, 16], 2), 0.1, 'idle: another place');
near(idle([created(1), seen('a', 8), created(8)], [0, 0], 1), 0, 'idle: none at all');
near(idle(\@log, [], 2), 1.5, 'free: whatever was there');
is(idle(\@log, [0, 0, 0, 0], 4), undef, 'idle: unknown where each clip has a place');
near(tail(\@log, 35, 0.25), 1.25, 'tail');
is(tail([created(1)], 35, 0), undef, 'tail: unknown where no task succeeded');
near(utc('2026-11-27T07:00:01.250Z') - utc('2026-11-27T06:59:59Z'), 2.25, 'times of the filter\'s log');
near(first_after_stored([map { { event => $_->[0], time => "2026-11-27T07:00:0$_->[1]Z" } }
    ['planned', 1], ['stored', '3.5'], ['stored', '2.5'], ['emitted', 4]], utc('2026-11-27T07:00:03Z')), 0.5,
    'the first frame behind the first result');
is_deeply(held(utc('2026-11-27T07:00:00Z'), map { { event => $_->[0], time => "2026-11-27T07:00:0$_->[1]Z", state => $_->[2] } }
    ['state', 1, 'RUNNING'], ['state', 2, 'SUCCEEDED'], ['emitted', 3], ['state', 4, 'SUCCEEDED'], ['emitted', 5], ['state', 6, 'RUNNING']),
    { success => 4, first => 3, out => 1 }, 'what was out when the last task had succeeded');
is(median(3, 1, 2), 2, 'median');
is(median(4, 1, 2, 3), 2.5, 'median of an even number');
is(median(), undef, 'median of nothing');
is_deeply([ratios([1, 6], [2, 3])], [0.5, 2], 'ratios are those of a turn');

# --- what is printed -----------------------------------------------------------------

is(verdict(bar('x', 1.2, 1.25), '%.2f'), '1.20 (1.25: pass)', 'a bar that is reached');
is(verdict(bar('x', 1.3, 1.25), '%.2f'), '1.30 (1.25: MISSED)', 'a bar that is missed');
is(verdict(undef, '%.2f'), '-', 'no bar');

my %right = (frames => 0, late_ms => 0, sound => 'same', size => '854x480', reads => 12, least_gap => 5.2);
sub turn { return { %right, wall => $_[0], idle => $_[1], tail => $_[2] } }

my $row = BenchWall::judge(10, 4, 20, [turn(24, 0.1, 2), turn(26, 0.5, 0.5), turn(22, 0.2, 4)], [turn(30), turn(26), turn(44)]);
my %cell;
@cell{@BenchWall::HEAD} = @{ BenchWall::cells($row) };
is($cell{filter}, '24.0 s', 'the median of the turns');
is($cell{'/floor'}, '1.20 (1.25: pass)', 'of the floor');
is($cell{'script/floor'}, '1.50', 'the script: no bar of its own');
is($cell{'filter/script'}, '0.80 (0.80: pass)', 'the median of the ratios, not the ratio of the medians');
is($cell{'idle, s'}, '0.20 (0.20: pass)', 'idle');
is($cell{'tail, s'}, '2.00', 'tail: no bar where two clips end together');
is($cell{'filter got wrong'}, 'nothing', 'what came out');

$row = BenchWall::judge(20, 5, 40, [turn(45, undef, 1.5)], undef);
@cell{@BenchWall::HEAD} = @{ BenchWall::cells($row) };
is($cell{'/floor'}, '1.12 (1.10: MISSED)', 'a longer task has a stricter bar');
is($cell{'filter/script'}, '-', 'without the script');
is($cell{'idle, s'}, '-', 'without a clip that waited');
is($cell{'tail, s'}, '1.50 (1.00: MISSED)', 'tail: the last clip alone');
is((grep { $_->{name} =~ /tasks of 20 s/ && !$_->{ok} } @Bench::BARS), 2, 'what was missed is noted');

is_deeply(BenchMemory::middle({ over => 3, clips => 2 }, { over => 9, clips => 2 }, { over => 4, clips => 2 }), { over => 4, clips => 2 },
    'memory: the median of the turns');

# --- results are made once -----------------------------------------------------------

{
    local @ENV{qw(BENCH_RESULTS FFMPEG)} = ("$TMP/results", "$TMP/renderer");
    mkdir $ENV{BENCH_RESULTS} or die "$ENV{BENCH_RESULTS}: $!\n";
    spew($ENV{FFMPEG}, "#!/bin/sh\necho once >> '$TMP/renders'\ntest \"\$2\" != fail && printf made > \"\$3\"\n");
    chmod 0755, $ENV{FFMPEG};
    spew("$TMP/$_.clip", $_ eq 'c' ? 'another' : 'same') for 'a' .. 'c';
    my @asked = (['a', 'x'], ['b', 'x'], ['a', 'y'], ['c', 'x']);
    for my $n (0 .. $#asked) {
        my $run = run_cmd(["$ROOT/tests/bench/render-once", "file:$TMP/$asked[$n][0].clip", $asked[$n][1], "$TMP/$n.out"]);
        is($run->{status}, 0, "result $n: made") or diag $run->{err};
        is(slurp("$TMP/$n.out"), 'made', "result $n: there");
    }
    is(() = slurp("$TMP/renders") =~ /once/g, 3, 'the same clip in the same way is rendered once');
    spew($ENV{FFMPEG}, "#!/bin/sh\necho \"\$*\"\nexit 1\n");
    is(run_cmd(["$ROOT/tests/bench/render-once", '-version'])->{out}, "-version\n", 'what makes no result is passed on');
    isnt(run_cmd(["$ROOT/tests/bench/render-once", "file:$TMP/a.clip", 'fail', "$TMP/fail.out"])->{status}, 0, 'a failure is one');
}

# --- the encoder of the plain command is the filter's ----------------------------------

# x264 notes its settings in the stream.
sub settings { return slurp($_[0]) =~ /(x264 - core .*?)\0/s ? $1 : '' }

{
    my $film = lossless_clip(frames => 30, rate => 24);
    my $sim = simulator_with(<<"PERL");
use File::Copy;
my (\$clip) = map { /^file:(.*)/ ? \$1 : () } \@ARGV;
copy(\$clip, '$TMP/sent.mp4') or die;
PERL
    ok_filter($sim, 'sent', in => $film, options => { prompt => 'echo' });
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $film, @BenchCpu::ENCODER, "$TMP/plain.mp4"]);
    is($run->{status}, 0, 'the plain command') or diag $run->{err};
    is(settings("$TMP/sent.mp4"), settings("$TMP/plain.mp4"), 'the settings of the filter\'s x264 are those of the bench');
    like(settings("$TMP/sent.mp4"), qr/ rc_lookahead=3 /, 'with little to look ahead at');
    my %option = @BenchCpu::ENCODER;
    my $manual = join ':', map { "$_=$option{\"-$_\"}" } qw(preset mbtree rc-lookahead bf crf);
    like(slurp("$ROOT/libavfilter-patch/filters.texi"), qr/\{\Q$manual\E\}/, 'and those of the manual');
}

done_testing;
