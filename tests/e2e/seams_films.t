#!/usr/bin/env perl
# Joints of films of every kind: still ones, those that fade or flash where clips
# meet, of odd and variable rates, of more bits, of full range, of another shape than
# the ratio's; results of other rates and lengths; a picture that is inverted; and
# a run that is killed. However a joint is treated, there are as many frames as
# without, each at its time, and no joint is seen more.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use POSIX ();
use Time::HiRes qw(sleep time);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

my ($W, $H) = (320, 180);
# one clip after the other: what drifts follows from the number of the task
my %OPTIONS = (concurrency => 1, prompt => 'echo', model => 'aleph2', provider => 'runway', clip_duration => 2);
my %BLEND = (seam => 'blend', overlap => 0.25);

my $measure = "$TMP/seams";
my $compiled = run_cmd(['sh', '-c', "\${CC:-cc} -O2 -o '$measure' '$ROOT/tests/bench/seams.c' -lm"]);
BAIL_OUT("seams.c: $compiled->{err}") if $compiled->{status};

# A picture that moves slowly and has every level in it.
sub moving {
    my (%opt) = @_;
    my $rate = $opt{rate} // 24;
    return sprintf 'gradients=s=%s:r=%s:d=6:c0=0x205080:c1=0xd0b060:c2=0x407030:n=3:speed=%s:seed=7', $opt{size} // "${W}x$H", $rate,
        0.24 / eval $rate;
}

sub film {
    my ($name, $graph, $format, $range) = @_;
    my $path = "$TMP/$name.mkv";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), $graph, '-pix_fmt', $format // 'yuv420p',
        qw(-c:v ffv1 -fps_mode passthrough -colorspace bt709 -color_range), $range // 'tv', '-enc_time_base', '1/1000', $path]);
    die "cannot make $name: $run->{err}\n" if $run->{status};
    return $path;
}

sub options_of {
    my ($sim, $name, $in, $options) = @_;
    my $gateway = ($options->{provider} // '') eq 'cometapi';
    return (in => $in, options => { %OPTIONS, base_url => $sim->{$gateway ? 'api' : 'runway'}, %$options }, out => "$TMP/$name.mkv",
        after => 'metadata=mode=print:file=-',
        env => { RUNWAYML_API_SECRET => 'key', COMETAPI_KEY => $gateway ? 'key' : undef, XDG_STATE_HOME => "$TMP/state-$sim->{pid}" });
}

sub treated {
    my ($sim, $name, $in, $options) = @_;
    return ok_filter($sim, $name, options_of($sim, $name, $in, $options));
}

# The frames that begin a clip, and what was done there.
sub joints {
    my ($run) = @_;
    my (@joints, $last);
    my $n = -1;
    for (split /\n/, $run->{stdout}) {
        $n++ if /^frame:/;
        push @joints, { frame => $n, seam => '' } if /runway_v2v\.clip=(\d+)/ && defined $last && $1 != $last;
        $last = $1 if /runway_v2v\.clip=(\d+)/;
        $joints[-1]{seam} = $1 if /runway_v2v\.seam=(\w+)/ && @joints;
    }
    return @joints;
}

sub pictures {
    my ($path, $to) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $path,
        qw(-map 0:v:0 -fps_mode passthrough -pix_fmt yuv420p -f rawvideo), $to]);
    die "cannot read $path: $run->{err}\n" if $run->{status};
    return $to;
}

# The strongest step of each of these runs of frames, beside a usual one.
sub ratios {
    my ($source, $out, @spans) = @_;
    my $facts = probe($out)->{video};
    my $run = run_cmd([$measure, $facts->{width}, $facts->{height}, pictures($source, "$TMP/s.yuv"), pictures($out, "$TMP/o.yuv"),
        map { @$_ } @spans]);
    die "seams: $run->{err}\n" if $run->{status};
    my %ratio = map { defined $_->{joint} ? ($_->{joint} => $_->{cut} ? 0 : $_->{ratio}) : () } map { decode($_) } split /\n/, $run->{out};
    return map { (sort { $b <=> $a } map { $ratio{$_} // 0 } @$_)[0] } @spans;
}

sub frames_md5 {
    my ($path) = @_;
    my $run = run_cmd([$FFMPEG, qw(-v error -nostdin -i), $path, qw(-map 0:v:0 -fps_mode passthrough -c:v rawvideo -f framemd5 -)]);
    return [grep { !/^#/ } split /\n/, $run->{out}];
}

# ffmpeg is killed once it has bought so many clips.
sub killed {
    my ($sim, $name, $in, $options, $bought) = @_;
    # one at a time: no other create is out when that many tasks are known
    my $what = filter_command($sim, options_of($sim, $name, $in, { %$options, concurrency => 1 }));
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my %env = %{ $what->{env} };
        for (keys %env) { if (defined $env{$_}) { $ENV{$_} = $env{$_} } else { delete $ENV{$_} } }
        open STDOUT, '>', '/dev/null' or POSIX::_exit(126);
        open STDERR, '>', '/dev/null' or POSIX::_exit(126);
        exec { $what->{command}[0] } @{ $what->{command} } or POSIX::_exit(127);
    }
    my $until = time + 60;
    my $polled = sub { my %tasks = map { ($_->{path} => 1) } $sim->requests('read'); return scalar keys %tasks };
    sleep 0.05 while time < $until && $polled->() < $bought;
    kill KILL => $pid;
    waitpid $pid, 0;
    return $? & 127;
}

# A film, treated in each way, against a service that drifts. Besides the film:
#   options, service   of both
#   seam               what is said of each joint with match
#   part               of an untreated joint that may be left (1/2)
#   judge              0: times only
sub all_ways {
    my ($name, $film, %opt) = @_;
    subtest $name => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3, @{ $opt{service} || [] });
        my %options = %{ $opt{options} || {} };
        my $none = treated($sim, 'none', $film, { seam => 'none', %options });
        my @joints = joints($none);
        cmp_ok(scalar @joints, '>=', 2, 'there are joints');
        my @before = ratios($film, $none->{out}, map { [$_->{frame}] } @joints);
        my ($least) = sort { $a <=> $b } @before;
        my $part = $opt{part} // 0.5;
        for my $way ({}, \%BLEND) {
            my $run = treated($sim, 'way', $film, { %options, %$way });
            my $seam = $way->{seam} // 'match';
            is_deeply(times_of($run->{out}), times_of($none->{out}), "$seam: each frame at its time");
            my @now = joints($run);
            is(join(' ', map { $_->{seam} } @now), join(' ', ($opt{seam}) x @now), "$seam: what was done") if $opt{seam} && !%$way;
            next if defined $opt{judge};
            my @after = ratios($film, $run->{out},
                map { my $at = $_->{frame}; $way->{overlap} ? [map { $at - $_ } 0 .. ($opt{shared} // 6)] : [$at] } @now);
            my ($worst) = sort { $b <=> $a } @after;
            cmp_ok($worst, '<', $least * $part, "$seam: the worst joint is less than so much of the best untreated one");
        }
    };
}

my $film = film('moving', moving());

all_ways('a negative', $film, options => { prompt => 'negative' }, seam => 'matched');
# its clips are equal and share one task, so nothing is seen to begin with
all_ways('a still picture', film('still', moving() . ',trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=144'), seam => 'close', judge => 0);
all_ways('a nearly still picture', film('nearly', moving() . ",trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=144,noise=c0s=3:c0f=t:all_seed=1"), seam => 'matched');
all_ways('ten bits', film('deep', moving(), 'yuv420p10le'), seam => 'matched');
all_ways('full range', film('full', moving() . ',scale=out_range=full', 'yuv420p', 'pc'), seam => 'matched');
all_ways('24000/1001', film('rate-23', moving(rate => '24000/1001')), seam => 'matched');
all_ways('60 frames a second', film('rate-60', moving(rate => 60)), seam => 'matched', shared => 16);
all_ways('a variable rate', film('variable', moving(rate => 30) . ",select='gt(mod(n\\,7)\\,2)+lt(n\\,20)'"), seam => 'matched', shared => 8);
all_ways('padding', film('wide', moving(size => '320x134')), options => { provider => 'cometapi', model => 'gen4_aleph', ratio => '1280x720' }, seam => 'matched');
all_ways('results of another rate', $film, service => ['--result-rate' => 30], seam => 'matched');
all_ways('results of half the rate', $film, service => ['--result-rate' => 12], seam => 'matched');
all_ways('results that are too long', $film, service => ['--result-stretch' => 1.06], seam => 'matched');
all_ways('results of a variable rate', $film, service => ['--result-vfr'], seam => 'matched');
# where the source changes much the film is not touched, or not made worse
all_ways('a fade across the joint', film('fade', moving() . ",fade=out:st=1.5:d=1:enable='lt(t,2.5)',fade=in:st=2.5:d=1:enable='gte(t,2.5)'"),
    judge => 0);
# a frame that stands is sent for a second, and is no gap
all_ways('a frame that stands', film('stands', moving() . ",settb=1/24,setpts='N+if(gte(N,24),72,0)'"), seam => 'matched', judge => 0);
for my $at (47, 48) {
    subtest "a flash at frame $at" => sub {
        my $flash = film("flash-$at", moving() . ",lutyuv=y=235:enable='eq(n,$at)'");
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3);
        my ($none, $match) = map { treated($sim, $_, $flash, { seam => $_ }) } qw(none match);
        my @frames = map { frames_md5($_->{out}) } $none, $match;
        is_deeply([@{ $frames[1] }[0 .. 95]], [@{ $frames[0] }[0 .. 95]], 'nothing is matched across it');
        is((joints($match))[0]{seam}, 'cut', 'it is said to be a cut');
        my $blend = treated($sim, 'blend', $flash, \%BLEND);
        is_deeply(times_of($blend->{out}), times_of($none->{out}), 'blend: each frame at its time');
    };
}

# --- killed -----------------------------------------------------------------------

for my $case (['match', $film, {}], ['blend', $film, \%BLEND], ['blend, ten bits', "$TMP/deep.mkv", \%BLEND],
    ['blend, a variable rate', "$TMP/variable.mkv", \%BLEND]) {
    my ($name, $in, $way) = @$case;
    subtest "kill -9 in the middle: $name" => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 1, '--drift' => 'tone,field,place,grain', '--seed' => 3);
        is(killed($sim, 'resumed', $in, $way, 2), 9, 'killed while the second clip is generated');
        my $again = treated($sim, 'resumed', $in, $way);
        my $bought = $sim->requests('create');
        is($bought, 1 + joints($again), 'no clip was bought twice');
        # from the same results, without a break
        my $whole = treated($sim, 'whole', $in, $way);
        is(scalar $sim->requests('create'), $bought, 'which are stored');
        is_deeply(frames_md5($again->{out}), frames_md5($whole->{out}), 'the same frames after the resume');
    };
}

# --- nothing stands still ---------------------------------------------------------

subtest 'overlap: one clip at a time, and many' => sub {
    my $long = film('long', moving() =~ s/d=6/d=20/r);
    for my $concurrency (1, 2, 8) {
        my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
        my $run = run_filter($sim, options_of($sim, "flight-$concurrency", $long, { %BLEND, concurrency => $concurrency }), timeout => 90);
        is($run->{status}, 0, "concurrency=$concurrency: it ends") or diag $run->{err};
        is(scalar @{ times_of($run->{out}) }, scalar @{ times_of($long) }, 'with all frames');
    }
};

done_testing;
