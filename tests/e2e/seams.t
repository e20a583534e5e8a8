#!/usr/bin/env perl
# The joints of clips that were generated independently: seam=match makes them no
# more visible than any other step of the film, and touches nothing where it has
# nothing to do.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Time::HiRes ();
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

my ($WIDTH, $HEIGHT) = (320, 180);
my $CLIP = 2;
our @JOINTS = (48, 96);     # of six seconds at 24 fps
# one clip after the other: what drifts follows from the number of the task
my %OPTIONS = (concurrency => 1, prompt => 'echo', model => 'aleph2', provider => 'runway', clip_duration => $CLIP);

my $measure = "$TMP/seams";
my $made = run_cmd(['sh', '-c', "\${CC:-cc} -O2 -o '$measure' '$ROOT/tests/bench/seams.c' -lm"]);
BAIL_OUT("seams.c: $made->{err}") if $made->{status};

# A picture that moves slowly and has every level in it.
sub film {
    my ($name, $graph, $format) = @_;
    my $path = "$TMP/$name.mkv";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), $graph, '-pix_fmt', $format // 'yuv420p',
        qw(-c:v ffv1 -colorspace bt709 -color_range tv), $path]);
    die "cannot make $name: $run->{err}\n" if $run->{status};
    return $path;
}
my $MOVING = "gradients=s=${WIDTH}x$HEIGHT:r=24:d=6:c0=0x205080:c1=0xd0b060:c2=0x407030:n=3:speed=0.01:seed=7";
my $film = film('moving', $MOVING);

sub pictures {
    my ($film, $path) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $film, qw(-map 0:v:0 -pix_fmt yuv420p -f rawvideo), $path]);
    die "cannot read $film: $run->{err}\n" if $run->{status};
    return $path;
}

# Each joint's ratio: how much stronger it is than a usual step.
sub ratios {
    my ($source, $out) = @_;
    my $run = run_cmd([$measure, $WIDTH, $HEIGHT, pictures($source, "$TMP/s.yuv"), pictures($out, "$TMP/o.yuv"), @JOINTS]);
    die "seams: $run->{err}\n" if $run->{status};
    return map { $_->{ratio} } grep { defined $_->{joint} } map { decode($_) } split /\n/, $run->{out};
}

sub service { return RunwayTest::Simulator->start('--latency' => 0, @_) }

# What the filter has said of each frame's joint.
sub said {
    my ($run) = @_;
    return join ' ', map { /seam=(\w+)/ ? $1 : () } split /\n/, $run->{stdout};
}

sub treated {
    my ($sim, $name, $in, $options, %opt) = @_;
    return ok_filter($sim, $name, in => $in, options => { %OPTIONS, base_url => $sim->{runway}, %$options },
        before => $opt{before}, after => "metadata=mode=print:key=lavfi.runway_v2v.seam:file=-", out => "$name.mkv",
        # the same clip has the same result, however it is treated
        env => { RUNWAYML_API_SECRET => 'key', COMETAPI_KEY => undef, XDG_STATE_HOME => "$TMP/state-$sim->{pid}", %{ $opt{env} || {} } });
}

# What two frames differ by in the mean of all samples: with sign, and without.
sub change {
    my ($one, $other) = @_;
    my ($x, $y) = map { [unpack 'C*', $_] } $one, $other;
    my ($sum, $all) = (0, 0);
    for (0 .. $#$x) {
        my $by = $x->[$_] - $y->[$_];
        $sum += $by;
        $all += abs $by;
    }
    return [$sum / @$x, $all / @$x];
}

# Frames that differ, and by how much at most, without sign.
sub differing {
    my ($one, $other) = @_;
    my @frames = map { raw_frames($_->{out}, 'format=yuv420p', $WIDTH * $HEIGHT * 3 / 2) } $one, $other;
    my @off = map { change($frames[0][$_], $frames[1][$_])->[1] } grep { $frames[0][$_] ne $frames[1][$_] } 0 .. $#{ $frames[0] };
    return (scalar @off, (sort { $b <=> $a } @off, 0)[0]);
}

subtest 'drift in tone' => sub {
    for my $case (['echo', {}], ['negative', { prompt => 'negative' }]) {
        my ($name, $options) = @$case;
        my $sim = service('--drift' => 'tone', '--seed' => 3);
        my $none = treated($sim, "$name-none", $film, { seam => 'none', %$options });
        my $match = treated($sim, "$name-match", $film, $options);
        my @before = ratios($film, $none->{out});
        my @after = ratios($film, $match->{out});
        cmp_ok($before[$_], '>', 6, "$name: joint $_ is seen untreated") for 0, 1;
        cmp_ok($after[$_], '<', $before[$_] / 3, "$name: joint $_ is a third of that at most") for 0, 1;
        like(said($match), qr/^matched( matched)*$/, "$name: said so");
        is(said($none), '', "$name: seam=none says nothing");
        is_deeply(times_of($match->{out}), times_of($none->{out}), "$name: no time has changed");
    }
};

subtest 'every drift at once' => sub {
    my $sim = service('--drift' => 'tone,field,place,grain', '--seed' => 5);
    my $none = treated($sim, 'all-none', $film, { seam => 'none' });
    my $match = treated($sim, 'all-match', $film, {});
    my @before = ratios($film, $none->{out});
    my @after = ratios($film, $match->{out});
    cmp_ok($after[$_], '<', $before[$_] / 2, "joint $_ is half of what it was") for 0, 1;
};

subtest 'ten bits' => sub {
    my $deep = film('deep', $MOVING, 'yuv420p10le');
    my $sim = service('--drift' => 'tone', '--seed' => 3);
    my $none = treated($sim, 'deep-none', $deep, { seam => 'none' });
    my $match = treated($sim, 'deep-match', $deep, {});
    my @before = ratios($deep, $none->{out});
    my @after = ratios($deep, $match->{out});
    cmp_ok($after[$_], '<', $before[$_] / 3, "joint $_ is a third at most") for 0, 1;
};

subtest 'without drift' => sub {
    my $sim = service();
    my ($nb, $most) = differing(treated($sim, 'plain-none', $film, { seam => 'none' }), treated($sim, 'plain-match', $film, {}));
    cmp_ok($most, '<=', 0.3, "no frame changes by more than 0.3 levels in the mean ($nb are touched)");
};

subtest 'a cut of the source' => sub {
    # the source's own cuts are where clips end; the second one is in colour alone
    my $cut = film('cut', "$MOVING,negate=enable='gte(n,48)',hue=h=150:enable='gte(n,96)'");
    my $sim = service('--drift' => 'tone', '--seed' => 3);
    my $match = treated($sim, 'cut-match', $cut, {});
    my ($nb) = differing(treated($sim, 'cut-none', $cut, { seam => 'none' }), $match);
    is($nb, 0, 'every frame is that of seam=none');
    like(said($match), qr/^cut( cut)*$/, 'said so');
};

subtest 'a new prompt is a new look' => sub {
    my $sim = service('--drift' => 'tone', '--seed' => 3);
    my %shots = (input => [], before => "sendcmd=c='1.9 runway_v2v prompt mirror'");
    my $run = ok_filter($sim, 'shots', in => $film, options => { %OPTIONS, base_url => $sim->{runway} }, %shots,
        after => "metadata=mode=print:key=lavfi.runway_v2v.seam:file=-", env => { RUNWAYML_API_SECRET => 'key', COMETAPI_KEY => undef });
    # the clip from 1.9 s on has nothing before it, the one behind that has
    unlike($run->{stdout}, qr/pts_time:2\.[0-9]+\n.*seam/, 'nothing is matched across it');
    like($run->{stdout}, qr/pts_time:5\.[0-9]+\n.*seam/, 'but within the shot');
};

subtest 'native frames are left alone' => sub {
    my $sim = service('--drift' => 'tone', '--seed' => 3);
    is(said(treated($sim, 'native', $film, { timing => 'native' })), '', 'no joint is said to be treated');
};

subtest 'beside frames that are no clip' => sub {
    my $sim = service('--drift' => 'tone', '--seed' => 3, '--fail-tasks' => '2=INTERNAL');
    my $failed = treated($sim, 'failed', $film, { on_error => 'source' });
    is(said($failed), '', 'a clip that failed: neither it nor the one behind it is matched');
    # frames pass through from 2 s to 3 s: the second clip has nothing before it, the
    # third one has the second
    for my $concurrency (1, 4) {
        my $run = treated($sim, "gap-$concurrency", $film, { enable => 'lt(t,2)+gte(t,3)', concurrency => $concurrency });
        unlike($run->{stdout}, qr/pts_time:[34][.\d]*\n.*seam/, "across a gap nothing is matched (concurrency=$concurrency)");
        like($run->{stdout}, qr/pts_time:5[.\d]*\n.*seam/, 'but behind it');
    }
};

# Of a size that encoders do not round, so nothing has to be scaled.
subtest 'seam=none: the results as they are' => sub {
    my $even = film('even', $MOVING =~ s/s=\d+x\d+/s=320x192/r);
    my $sim = service('--drift' => 'tone', '--seed' => 3);
    my $dir = "$TMP/results-even";
    my $run = treated($sim, 'even', $even, { seam => 'none', results_dir => $dir });
    my @clips = sort { -M $b <=> -M $a } glob "$dir/*.mp4";
    is(scalar @clips, 3, 'of three clips');
    my %known = map { my $frames = raw_frames($_, 'null', 320 * 192 * 3 / 2); ($frames->[0] => $frames) } @clips;
    my $out = raw_frames($run->{out}, 'null', 320 * 192 * 3 / 2);
    my @other = grep { my $of = $known{ $out->[48 * int($_ / 48)] }; !$of || $of->[$_ % 48] ne $out->[$_] } 0 .. 143;
    is_deeply(\@other, [], 'each frame is that of its result, bit by bit');
};

subtest 'another treatment is free, and the same one the same' => sub {
    my $sim = service('--drift' => 'tone', '--seed' => 3);
    my %env = map { ($_ => "$TMP/$_") } qw(XDG_STATE_HOME XDG_CACHE_HOME);
    my $first = treated($sim, 'first', $film, {}, env => \%env);
    my $created = $sim->requests('create');
    my $again = treated($sim, 'again', $film, {}, env => \%env);
    treated($sim, 'other', $film, { seam => 'none' }, env => \%env);
    is($sim->requests('create'), $created, 'nothing more was bought');
    my ($nb) = differing($first, $again);
    is($nb, 0, 'stored results give the same frames');
};

# --- clips that overlap ---------------------------------------------------------

my @BLEND = (seam => 'blend', overlap => 0.25);
# where clips of two seconds begin that share six frames
my @STARTS = (42, 84, 126);

sub ratios_at {
    my ($source, $out, @joints) = @_;
    local @JOINTS = @joints;
    return ratios($source, $out);
}

subtest 'a cross-fade' => sub {
    my $sim = service('--drift' => 'tone,field,place,grain', '--seed' => 5);
    my $none = treated($sim, 'fade-none', $film, { seam => 'none' });
    my $run = treated($sim, 'fade', $film, { @BLEND });
    is_deeply(times_of($run->{out}), times_of($none->{out}), 'as many frames, each at its time');
    my @before = ratios_at($film, $none->{out}, 48, 96);
    # from the last frame of the one alone to the first of the other alone
    my @after = ratios_at($film, $run->{out}, map { $_ .. $_ + 6 } @STARTS);
    my ($worst) = sort { $b <=> $a } @after;
    my ($least) = sort { $a <=> $b } @before;
    cmp_ok($worst, '<', $least / 3, 'no step of the cross-fade is a third of an untreated joint');
    like(said($run), qr/blended/, 'said so');
    is(scalar $sim->requests('create'), 3 + 3, 'four clips where there were three, of which the first is the same');
};

# Each frame beside those of the clips that show it, as they were generated.
subtest 'a cross-fade without drift' => sub {
    my ($sim, $dir, $size) = (service(), "$TMP/results-alike", 320 * 192 * 3 / 2);
    my $even = film('even', $MOVING =~ s/s=\d+x\d+/s=320x192/r);
    my $out = raw_frames(treated($sim, 'alike', $even, { @BLEND, results_dir => $dir })->{out}, 'null', $size);
    my @clips = map { raw_frames($_, 'null', $size) } sort { (Time::HiRes::stat($a))[9] <=> (Time::HiRes::stat($b))[9] } glob "$dir/*.mp4";
    is(scalar @clips, 4, 'of four clips');
    my @changes;
    for my $n (0 .. $#$out) {
        my @of = grep { defined } map { my $at = $n - (0, @STARTS)[$_]; $at >= 0 ? $clips[$_][$at] : undef } 0 .. 3;
        my @off = map { change($out->[$n], $_) } @of;
        # their encoders' noise is not the same: where two are mixed it is with sign
        push @changes, @off == 1 ? $off[0][1] : (sort { $a <=> $b } map { abs $_->[0] } @off)[0];
    }
    my ($most) = sort { $b <=> $a } @changes;
    cmp_ok($most, '<=', 0.3, 'no frame changes by more than 0.3 levels in the mean');
};

# Or what one clip was given would be handed on from clip to clip.
subtest 'a corrected clip has its own look again where the next one begins' => sub {
    my ($sim, $dir, $size) = (service('--drift' => 'tone', '--seed' => 3), "$TMP/results-own", 320 * 192 * 3 / 2);
    my $even = film('even', $MOVING =~ s/s=\d+x\d+/s=320x192/r);
    my $out = raw_frames(treated($sim, 'own', $even, { seam => 'blend', overlap => 0.5, results_dir => $dir })->{out}, 'null', $size);
    my @clips = map { raw_frames($_, 'null', $size) } sort { (Time::HiRes::stat($a))[9] <=> (Time::HiRes::stat($b))[9] } glob "$dir/*.mp4";
    is(scalar @clips, 4, 'of four clips');
    for my $n (1, 2) {
        cmp_ok(change($out->[36 * $n + 12], $clips[$n][12])->[1], '>', 1, "clip $n is corrected where it is alone");
        cmp_ok(change($out->[36 * $n + 35], $clips[$n][35])->[1], '<', 0.3, '... and is not any more at the end of that');
    }
};

subtest 'overlap: what is shown already is not sent again' => sub {
    # two clips of 48 frames that share six are 90 frames
    # the last frame's time may be that of the one before: it is not sent
    for my $case ([48, 1], [49, 2], [90, 2], [91, 3], [49, 1, ",setpts='(N-eq(N,48))/24/TB'"]) {
        my ($frames, $clips, $times) = @$case;
        my $sim = service();
        my $run = treated($sim, "tail-$frames-$clips", $film, { @BLEND }, before => "trim=end_frame=$frames" . ($times // ''));
        is(scalar $sim->requests('create'), $clips, "$frames frames are $clips clips");
        is(scalar @{ raw_frames($run->{out}, 'format=gray', $WIDTH * $HEIGHT) }, $frames, 'and come out as so many');
    }
};

subtest 'overlap: a cut or a new prompt within it' => sub {
    my $sim = service('--drift' => 'tone', '--seed' => 3);
    # the first clip would end with frame 59, and the next begin with 54
    my $cut = film('cut-early', "$MOVING,negate=enable='gte(n,57)'");
    my %cut = (scene => 10, clip_duration => 2.5);
    my $run = treated($sim, 'cut-early', $cut, { @BLEND, %cut });
    is(scalar @{ raw_frames($run->{out}, 'format=gray', $WIDTH * $HEIGHT) }, 144, 'all frames are there');
    my $none = treated($sim, 'cut-early-none', $cut, { seam => 'none', %cut });
    my @frames = map { raw_frames($_->{out}, 'format=gray', $WIDTH * $HEIGHT) } $run, $none;
    is_deeply([grep { $frames[0][$_] ne $frames[1][$_] } 0 .. 56], [], 'the first clip is not blended with what is behind the cut');
    # a clip that was begun with frame 42 is discarded at frame 46: there a clip begins
    # that shares nothing with the one before it, and those behind it overlap again
    my $created = $sim->requests('create');
    my $shots = treated($sim, 'shots-blend', $film, { @BLEND, log_path => "$TMP/shots.log" }, before => "sendcmd=c='1.9 runway_v2v prompt mirror'");
    is(scalar @{ raw_frames($shots->{out}, 'format=gray', $WIDTH * $HEIGHT) }, 144, 'a new prompt: all frames are there');
    my @planned = grep { $_->{event} eq 'planned' } map { decode($_) } split /\n/, slurp("$TMP/shots.log");
    is(join(' ', map { "$_->{start_ms}+$_->{frames}" } @planned), '0+46 1917+48 3667+48 5417+14', 'a clip begins there');
    is($sim->requests('create') - $created, 4, 'and no other is bought');
    unlike($shots->{stdout}, qr/pts_time:[12]\.\d+\n.*seam/, 'which is blended with nothing');
    like($shots->{stdout}, qr/pts_time:3\.9\d*\n.*seam=blended/, 'the one behind it is, from where it is alone');
};

subtest 'overlap: one clip at a time, failures, resuming' => sub {
    my $sim = service('--drift' => 'tone', '--seed' => 3, '--fail-tasks' => '2=INTERNAL');
    my %env = map { ($_ => "$TMP/blend-$_") } qw(XDG_STATE_HOME XDG_CACHE_HOME);
    my $run = treated($sim, 'blend-failed', $film, { @BLEND, concurrency => 1, on_error => 'source' }, env => \%env);
    my $frames = raw_frames($run->{out}, 'format=gray', $WIDTH * $HEIGHT);
    my $source = raw_frames($film, 'format=gray', $WIDTH * $HEIGHT);
    is(scalar @$frames, 144, 'a clip has failed: all frames are there');
    is_deeply([grep { $frames->[$_] ne $source->[$_] } 48 .. 89], [], 'its own come out as the source');
    my $again = treated($sim, 'blend-again', $film, { @BLEND, concurrency => 1, on_error => 'source' }, env => \%env);
    my ($nb) = differing($run, $again);
    is($nb, 0, 'the same command again gives the same frames');

    # half of a clip: the first frame behind the one that failed is shared already
    $sim = service('--drift' => 'tone', '--seed' => 3, '--fail-tasks' => '1=INTERNAL');
    %env = map { ($_ => "$TMP/half-$_") } qw(XDG_STATE_HOME XDG_CACHE_HOME);
    my @runs = map { treated($sim, "half-$_", $film, { seam => 'blend', overlap => 1, on_error => 'source' }, env => \%env) } 1 .. 3;
    is(join(' ', map { (differing($runs[0], $runs[$_]))[0] } 1, 2), '0 0', 'overlap of half a clip: likewise');
};

subtest 'overlap: many clips at a time, or one: nothing stands still' => sub {
    my $long = film('long', $MOVING =~ s/d=6/d=15/r);
    for my $concurrency (1, 2, 8) {
        my $run = treated(service('--latency' => 0.2), "flight-$concurrency", $long, { @BLEND, concurrency => $concurrency });
        is(scalar @{ times_of($run->{out}) }, scalar @{ times_of($long) }, "concurrency=$concurrency: all frames come out");
    }
};

subtest 'overlap: alpha stays with its frames' => sub {
    my $alpha = film('alpha', "$MOVING,format=yuva420p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='N+X/4'", 'yuva420p');
    my $sim = service('--drift' => 'tone', '--seed' => 3, '--fail-tasks' => '2=INTERNAL');
    for my $options ({ @BLEND }, { @BLEND, on_error => 'source' }) {
        next if !$options->{on_error} && $sim->requests('create');
        my $run = treated($sim, 'alpha-blend' . ($options->{on_error} // ''), $alpha, { %$options, on_error => 'source' });
        my @planes = map { raw_frames($_, 'alphaextract,format=gray', $WIDTH * $HEIGHT) } $run->{out}, $alpha;
        is_deeply([grep { $planes[0][$_] ne $planes[1][$_] } 0 .. 143], [], "every frame has its own alpha");
    }
};

subtest 'overlap: what is typed' => sub {
    my $sim = service();
    my %case = (
        'without blend' => [{ overlap => 0.25 }, qr/^overlap requires seam=blend/],
        'without overlap' => [{ seam => 'blend' }, qr/^seam=blend needs an overlap/],
        'native' => [{ @BLEND, timing => 'native' }, qr/^seam=blend needs timing=source/],
        'too long' => [{ seam => 'blend', overlap => 1.5 }, qr/^overlap: 1\.5 s is more than half of a clip; at most 1 s can be shared by clips of 2 s/],
        'a score below none' => [{ scene => -0.5 }, qr/^scene: -0\.5 is not a score; 0 to 100 and auto \(-1\)/],
    );
    for my $name (sort keys %case) {
        my ($options, $says) = @{ $case{$name} };
        error_line($name, run_filter($sim, in => $film, out => '-', args => [qw(-f null)], loglevel => 'error',
            options => { %OPTIONS, base_url => $sim->{runway}, %$options },
            env => { RUNWAYML_API_SECRET => 'key', COMETAPI_KEY => undef }), $says);
    }
    is(scalar $sim->requests('create'), 0, 'nothing was sent');
};

subtest 'what is written of it' => sub {
    my ($list) = slurp("$ROOT/vf_runway/runway/media/joint.c") =~ /names\[\] = \{(.*?)\};/s;
    my @names = ($list =~ /"(\w+)"/g, slurp("$ROOT/vf_runway/runway/media/clip_joint.c") =~ /->joint = "(\w+)"/g);
    cmp_ok(scalar @names, '>', 4, 'the metadata has values');
    my ($item) = slurp("$ROOT/libavfilter-patch/filters.texi") =~ /^\@item lavfi\.runway_v2v\.seam\n(.*?)^\@(?:item|end)\b/ms;
    is(join(' ', sort $item =~ /\@code\{(\w+)\}/g), join(' ', sort @names), 'the manual says each');
    my $readme = slurp("$ROOT/README.md");
    like($readme, qr/`\.seam`/, 'the README names it');
    # and what it promises is what is tested above
    my ($match, $blend) = $readme =~ /\(`(seam=\w+)`, the default.*?`(seam=blend:overlap=[\d.]+)`/s;
    is($match, 'seam=match', 'the README says the default');
    is($blend, 'seam=' . join(':overlap=', @BLEND[1, 3]), 'and how clips overlap');
};

done_testing;
