#!/usr/bin/env perl
# What is not sent passes through bit by bit; what changes in mid-stream loses
# nothing; scenes are cut where they change; each frame says where it is from.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayFilm;
use RunwayTest;

my $sim = RunwayTest::Simulator->start('--latency' => 1, '--result-rate' => 'source', '--result-frames' => '+0');
my $filter = 'runway_v2v=prompt=negative:model=aleph2';

# The metadata of each frame behind the filter: [{ clip, task_id, origin }, ...].
sub origins_of {
    my ($file) = @_;
    my @frames;
    for (split /\n/, slurp($file)) {
        push @frames, {} if /^frame:/;
        $frames[-1]{$1} = $2 if /^lavfi\.runway_v2v\.(\w+)=(.*)/;
    }
    return @frames;
}

sub seconds_billed {
    my ($sim, $from) = @_;
    my $sum = 0;
    my @billed = $sim->events('billed');
    $sum += $_->{credits} // 0 for @billed[$from .. $#billed];
    return $sum / 28;
}

# --- enable -----------------------------------------------------------------------

my $film = numbered_film(rate => 24, seconds => 12);
my $source = filter_film(undef, $film, 'null');
for (
    ['one range',                  'between(t,4,9)',   2, sub { $_[0] >= 4 && $_[0] <= 9 }, 1],
    ['ranges from the beginning',  'lt(mod(t,4),2)',   2, sub { $_[0] - 4 * int($_[0] / 4) < 2 }, 3],
    ['a range to the end',         'gte(t,9)',         10, sub { $_[0] >= 9 }, 1],
    ['a range of one frame',       'eq(n,100)',        10, sub { abs($_[0] - 100 / 24) < 0.01 }, 1],
    ['no range at all',            'gt(t,100)',        10, sub { 0 }, 0],
) {
    my ($name, $enable, $length, $is_in, $ranges) = @$_;
    my $meta = "$TMP/meta.txt";
    unlink $meta;
    my $before = $sim->requests('create');
    my $events = () = $sim->events('billed');
    my $run = filter_film($sim, $film, "$filter:clip_duration=$length:concurrency=2:enable='$enable'",
        after => "metadata=print:file=$meta");
    subtest "enable: $name" => sub {
        ends_well($run, 'ends well') or return;
        is_deeply(times_of($run), times_of($source), 'the same times');
        my ($n_in, @touched, @kept) = (0);
        for (0 .. $#{ $source->{frames} }) {
            my ($was, $is) = ($source->{frames}[$_], $run->{frames}[$_]);
            my $in = $is_in->($was->{time});
            $n_in += $in;
            push @touched, $_ if !$in && $was->{sum} ne $is->{sum};
            push @kept, $_ if $in && $was->{sum} eq $is->{sum};
        }
        is("@touched", '', 'frames outside are the same to the last bit');
        is("@kept", '', 'frames inside are generated');
        # The film is black and white: turned over, every bit of the number is.
        my $numbers = numbers_of($run->{file});
        my @wrong = grep {
            $numbers->[$_] != ($is_in->($source->{frames}[$_]{time}) ? 0xFFFF ^ $_ : $_)
        } 0 .. $#$numbers;
        is("@wrong", '', 'each frame is in its place');
        my @billed = $sim->events('billed');
        my $tasks = @billed - $events;
        if ($ranges) {
            cmp_ok($tasks, '>=', $ranges, 'each range was sent');
        } else {
            is($tasks, 0, 'nothing was sent');
        }
        my $least = 2 * $tasks;
        my $sent = seconds_billed($sim, $events);
        cmp_ok($sent, '<=', $n_in / 24 + $least, 'no more than the ranges was sent') if $ranges;
        my @origins = origins_of($meta) if -e $meta;
        is((grep { ($_->{origin} // '') eq 'generated' && $_->{clip} && $_->{task_id} } @origins), $n_in,
            'frames inside name their clip and task');
        is((grep { ($_->{origin} // '') eq 'source' && !$_->{task_id} } @origins), @{ $source->{frames} } - $n_in,
            'frames outside are marked as the source\'s');
        my %tasks = map { $_->{task_id} => 1 } grep { $_->{task_id} } @origins;
        is(scalar keys %tasks, $tasks, 'as many tasks as were billed');
    };
}
{
    my $run = filter_film($sim, $film, "$filter:size=80x46:enable='lt(t,2)'");
    isnt($run->{status}, 0, 'another size and enable are an error');
    like($run->{err}, qr/size: with enable.*160x90/, '... that says why');
}

# Time steps back to where the filter was enabled, behind frames that wait as they
# are for the clip before them: that one waits there, too.
subtest 'enable: a step back' => sub {
    my $meta = "$TMP/back.txt";
    my $run = filter_film($sim, $film, "$filter:enable='lt(t,2)'", before => q(settb=1/24,setpts='if(eq(N,58),40,N)'), after => "metadata=print:file=$meta");
    ends_well($run, 'ends well') or return;
    my @origins = origins_of($meta);
    # a frame without metadata would not be among them
    is(scalar @origins, 288, 'each frame is marked as what it is');
    is((grep { $_->{origin} eq 'generated' } @origins), 48, 'and so are all before');
    is((grep { $_->{origin} eq 'source' } @origins), @origins - 48, 'and behind it');
};

# Each clip costs what the shortest one costs: changes every few frames are an
# error, and what comes together now and then is not.
for (
    ['enable, every other frame',  'mod(n,2)'],
    ['enable, a tenth of the film', 'lt(mod(t,0.5),0.1)'],
    ['a command for each frame',   undef, '0-8 [enter+expr] runway_v2v seed N'],
    ['few sections, then many',    'between(t,1,2)+between(t,5,6)+gte(t,8)*mod(n,2)', undef, 2],
) {
    my ($name, $enable, $commands, $more) = @$_;
    my @opt = (before => $commands ? "sendcmd=c='$commands'" : 'null');
    my $graph = $filter . ($enable ? ":enable='$enable'" : '');
    subtest "too many clips: $name" => sub {
        my $before = $sim->requests('create');
        for ($graph, "$graph:dry_run=1") {
            my $run = filter_film($sim, $film, $_, @opt);
            isnt($run->{status}, 0, 'is an error');
            like($run->{err}, qr/enable, commands, or changes in the input's size, format or pixel shape end a clip every few frames, 4 within \d\.\d\d s of film at \S+ s, and each costs what 2 s cost, 56 credits; let them change less often/,
                '... that says why') or diag $run->{err};
        }
        cmp_ok($sim->requests('create') - $before, '<=', 3 + ($more // 0), '... before much is paid for');
    };
}
for (
    ['a second every five',        'lt(mod(t,5),1)',                  3],
    ['short ones now and then',    'lt(mod(t,2),0.3)',                6],
    ['three at once',              'between(t,1,1.1)+between(t,1.4,1.5)+between(t,1.8,1.9)', 3],
    ['a shot each second',         undef,                             12, '0-12 [enter+expr] runway_v2v seed floor(T)'],
) {
    my ($name, $enable, $clips, $commands) = @$_;
    my $run = filter_film($sim, $film, "$filter:dry_run=1" . ($enable ? ":enable='$enable'" : ''),
        before => $commands ? "sendcmd=c='$commands'" : 'null');
    like($run->{err}, qr/plan: $clips clips, .* credits/, "not too many: $name") or diag $run->{err};
}

# --- scenes -----------------------------------------------------------------------

# Cuts at 3.5 s and 6 s; the numbers go on across them.
my $cuts = "$TMP/cuts.nut";
my $made = run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i testsrc2=s=160x96:r=24:d=3.5
    -f lavfi -i), 'color=white:s=160x96:r=24:d=2.5', qw(-f lavfi -i smptebars=s=160x96:r=24:d=4
    -filter_complex), '[0]format=yuv420p[a];[1]format=yuv420p[b];[2]format=yuv420p[c];[a][b][c]concat=n=3',
    qw(-c:v ffv1), $cuts]);
is($made->{status}, 0, 'a film with cuts') or diag $made->{err};
for (['by itself', undef], ['by scdet in front', 'scdet=threshold=10']) {
    my ($name, $before) = @$_;
    my $meta = "$TMP/meta-scene.txt";
    my $run = filter_film($sim, $cuts, "$filter:scene=10", before => $before,
        after => "metadata=print:file=$meta");
    subtest "scene, $name" => sub {
        ends_well($run, 'ends well') or return;
        my @origins = origins_of($meta);
        my @starts = grep { !$_ || $origins[$_]{clip} != $origins[$_ - 1]{clip} } 0 .. $#origins;
        is("@starts", '0 84 144', 'a clip begins at each cut');
    };
}
# With auto, only in the last third of a clip: of five seconds not after 2.5.
for my $value ('auto', -1) {
    my $meta = "$TMP/meta-auto.txt";
    my $run = filter_film($sim, $cuts, "$filter:clip_duration=5:scene=$value", after => "metadata=print:file=$meta");
    subtest "scene=$value" => sub {
        ends_well($run, 'ends well') or return;
        my @origins = origins_of($meta);
        my @starts = grep { !$_ || $origins[$_]{clip} != $origins[$_ - 1]{clip} } 0 .. $#origins;
        is("@starts", '0 84 204', 'a clip ends at the cut in its last third');
        my $plan = filter_film($sim, $cuts, "$filter:clip_duration=5:scene=$value:dry_run=1");
        is(join(' ', $plan->{err} =~ /plan: clip \d+ \((\S+) s\)/g), '0.00-3.50 3.50-8.50 8.50-10.00', 'the plan says so');
    };
}
# What an scdet in front says is believed, whatever the picture does: here that
# there is a cut at 5 s, and none where the cuts are.
{
    my $meta = "$TMP/meta-reported.txt";
    my $run = filter_film($sim, $cuts, "$filter:scene=10",
        before => q(metadata=add:key=lavfi.scd.score:value=0,metadata=modify:key=lavfi.scd.score:value=55:enable='eq(n,120)'),
        after => "metadata=print:file=$meta");
    subtest 'scene, named by the frames' => sub {
        ends_well($run, 'ends well') or return;
        my @origins = origins_of($meta);
        my @starts = grep { !$_ || $origins[$_]{clip} != $origins[$_ - 1]{clip} } 0 .. $#origins;
        is("@starts", '0 120', 'a clip begins where they say');
    };
}
{
    my $meta = "$TMP/meta-scene.txt";
    my $run = filter_film($sim, $cuts, $filter, after => "metadata=print:file=$meta");
    my %clips = map { $_->{clip} // '' => 1 } origins_of($meta);
    is(join(' ', keys %clips), '1', 'without scene, ten seconds are one clip');
}

# --- what passes is not held ------------------------------------------------------------

{
    # While the one clip is generated frames gather that pass; then they go out.
    my $slow = RunwayTest::Simulator->start('--latency' => 2);
    my $long = numbered_film(name => 'long.nut', rate => 24, seconds => 60);
    my $run = filter_film($slow, $long, "runway_v2v=prompt=echo:model=aleph2:clip_duration=2:enable='lt(t,2)'", before => 'showinfo');
    subtest 'behind the last clip' => sub {
        ends_well($run, 'ends well') or return;
        my ($in, $out, $most, $waited) = (0, 0, 0, undef);
        for ($run->{err} =~ /^\[Parsed_showinfo_(\d) @ [^\]]+\] +n:/mg) {
            $_ == 0 ? $in++ : $out++;
            $waited //= $in if $out;
            $most = $in - $out if $in - $out > $most;
        }
        is("$in $out", '1440 1440', 'every frame goes in and comes out');
        cmp_ok($most, '<', $waited + 100, 'no more are held than gathered for the clip');
    };
}

# --- a change of size in mid-stream --------------------------------------------------

my @parts = map {
    numbered_film(name => "part$_->[0].ts", size => $_->[1], frames => 60, first => $_->[2],
        codec => [qw(-c:v libx264 -preset ultrafast -qp 4 -bf 0)], args => ['-output_ts_offset', $_->[3]])
} ([1, '160x96', 0, 10], [2, '320x192', 60, 12.5]);
my $changing = spew("$TMP/changing.ts", slurp($parts[0]) . slurp($parts[1]));
{
    # 2 s and 0.5 s of the first size, then the other: ffmpeg takes the graph down.
    # The first clip has to be in flight when that comes: sent by then, and not
    # done.
    my $slow = RunwayTest::Simulator->start('--latency' => 12);
    my $run = filter_film($slow, $changing, 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2:concurrency=2',
        input => [qw(-readrate 0.4)], args => [qw(-an -c:v libx264 -s 160x96)], name => 'changed.mp4');
    cmp_ok($run->{status}, '>', 0, 'ffmpeg ends with an error');
    like($run->{err}, qr/-reinit_filter 0/, '... that names the cure');
    my @lost = $run->{err} =~ /were not output/g;
    is(scalar @lost, 1, 'uninit says what was lost');
    my ($first) = $slow->events('billed');
    my @named = $run->{err} =~ /(clip 1 .*: task \S+ is left at the provider)/g;
    is(scalar @named, 1, '... and names the task that is paid for') or diag $run->{err};
    like($run->{err}, qr/\d tasks? (?:is|are) at the provider, already paid for; the same command/, '... and what to do');
}
{
    # With -reinit_filter 0 the graph stays, and scale makes one size of it.
    my $run = filter_film($sim, $changing, 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2',
        input => [qw(-reinit_filter 0)], before => 'scale=160:96:flags=area');
    subtest '-reinit_filter 0 behind scale' => sub {
        ends_well($run, 'ends well') or return;
        is(scalar @{ $run->{frames} }, 120, 'all frames');
        is(near(numbers_of($run->{file}), [0 .. 119], 0), '', 'each in its place');
    };
}

done_testing;
