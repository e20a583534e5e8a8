#!/usr/bin/env perl
# Joints of films of every kind: still ones, those that fade or flash where clips
# meet, of odd and variable rates, of more bits, of full range, of another shape than
# the ratio's; results of other rates and lengths; a picture that is inverted.
# However a joint is treated, there are as many frames as without, each at its time,
# and no joint is seen more. seams_killed.t kills the run.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Time::HiRes ();
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use FilterTest;
use RunwayTest;
use SeamTest;

# Luma of each frame of a film.
sub luma { return raw_frames($_[0], 'extractplanes=y', $W * $H) }

sub mean { my $sum = 0; $sum += $_ for unpack 'C*', $_[0]; return $sum / length $_[0] }

my $film = film('moving', moving());

all_ways('a negative', $film, options => { prompt => 'negative' }, seam => 'matched');
# its clips are equal and share one task, so nothing is seen to begin with
all_ways('a still picture', film('still', moving() . ',trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=144'), seam => 'close', judge => 0);
all_ways('a nearly still picture', film('nearly', moving() . ",format=yuv420p,trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=144,noise=c0s=3:c0f=t:all_seed=1"), seam => 'matched');
all_ways('ten bits', film('deep', moving(), 'yuv420p10le'), seam => 'matched');
all_ways('results of ten bits', film('deep-results', moving(), 'yuv420p10le'), service => ['--result-codec' => 'hevc10'], seam => 'matched');
all_ways('full range', film('full', moving() . ',scale=out_range=full', 'yuv420p', 'pc'), seam => 'matched');
all_ways('24000/1001', film('rate-23', moving(rate => '24000/1001')), seam => 'matched');
# exact times, of which each microsecond is rounded
all_ways('24000/1001, exactly', film('exact-23', moving(rate => '24000/1001'), undef, undef, 'nut'), seam => 'matched', at => [[48, 96], [48, 90, 132]]);
all_ways('60 frames a second', film('rate-60', moving(rate => 60)), seam => 'matched', shared => 16);
all_ways('a variable rate', film('variable', moving(rate => 30) . ",select='gt(mod(n\\,7)\\,2)+lt(n\\,20)'"), seam => 'matched', shared => 8);
all_ways('padding', film('wide', moving(size => '256x108')), options => { provider => 'cometapi', model => 'gen4_aleph', ratio => '1280x720' }, seam => 'matched');
all_ways('results of another rate', $film, service => ['--result-rate' => 30], seam => 'matched');
all_ways('results of half the rate', $film, service => ['--result-rate' => 12], seam => 'matched');
all_ways('results that are too long', $film, service => ['--result-stretch' => 1.06], seam => 'matched');
all_ways('results that are too short', $film, service => ['--result-stretch' => 0.94], seam => 'matched');
all_ways('results of a variable rate', $film, service => ['--result-vfr'], seam => 'matched');
all_ways('animation that is held for two frames', film('twos', moving(rate => 12) . ',fps=24'), seam => 'matched');
all_ways('a film without colours', film('colourless', moving() . ',hue=s=0'), seam => 'matched');
all_ways('a dark film', film('night', moving() . ",lutyuv=y='16+(val-16)/8':u='128+(val-128)/8':v='128+(val-128)/8'", 'yuv420p'), seam => 'matched');
all_ways('a zoom', film('zoom', moving() . ",scale=w='256+4*n':h='144+2.25*n':eval=frame,crop=$W:$H", 'yuv420p'), seam => 'matched');
# steps of up to a twentieth of the picture's width, over many small things
all_ways('a hand that shakes', film('shake', "color=gray:s=640x360:r=24,format=yuv420p,noise=c0s=90:c1s=40:c2s=40:all_seed=3,gblur=sigma=2.5,eq=contrast=2,"
    . "trim=end_frame=1,loop=-1:1:0,setpts=N/24/TB,trim=end_frame=144,crop=$W:$H:x='100+4*sin(n*1.7)+4*sin(n*2.9)':y='80+4*sin(n*2.1)'"), seam => 'matched');
# of place nothing is matched without overlap, and nothing is seen as well as an edge of black
all_ways('a letterboxed film', film('letterbox', moving() . ',drawbox=0:0:iw:18:black:fill,drawbox=0:ih-18:iw:18:black:fill', 'yuv420p'),
    service => ['--drift' => 'tone,field,grain'], seam => 'matched', part => 0.25);
# where the source changes much the film is not touched, or not made worse
all_ways('a fade across the joint', film('fade', moving() . ",fade=out:st=1.5:d=1:enable='lt(t,2.5)',fade=in:st=2.5:d=1:enable='gte(t,2.5)'"),
    seam => 'cut matched', judge => 0);
# a frame that stands is sent for a second, and is no gap
all_ways('a frame that stands', film('stands', moving() . ",settb=1/24,setpts='N+if(gte(N,24),72,0)'"), seam => 'matched', judge => 0);
# The clip that ends before the gap is as long as it would be without.
subtest 'a gap in times behind a joint' => sub {
    my $gap = film('gap-in', moving() . ",settb=1/24,setpts='N+if(gte(N,48),96,0)'");
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3);
    my ($none, $match, $blend) = map { treated($sim, "gap-" . ($_->{seam} // 'match'), $gap, $_) } { seam => 'none' }, {}, \%BLEND;
    is_deeply(times_of($_->{out}), times_of($gap), 'each frame at its time') for $none, $match, $blend;
    is_deeply([joints($match)], [{ frame => 48, seam => '' }, { frame => 96, seam => 'matched' }], 'nothing is matched across it');
    my @frames = map { frames_md5($_->{out}) } $none, $match;
    is_deeply([@{ $frames[1] }[0 .. 95]], [@{ $frames[0] }[0 .. 95]], 'the clips on both sides are as they were generated');
    # both clips show what is before the gap
    is(join(' ', map { "$_->{frame} $_->{seam}" } joints($blend)), '48 blended 67 blended 109 blended', 'but clips that overlap are blended');
    my ($in, $out) = map { luma($_) } $gap, $blend->{out};
    my @off = map { mean($out->[$_]) - mean($in->[$_]) } 41, 47, 48;
    cmp_ok(abs($off[$_] - $off[0]), '<', 2, 'and the look is the same on both sides') for 1, 2;
};

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

subtest 'a strobe' => sub {
    my $strobe = film('strobe-in', moving() . ",lutyuv=y=val/4:enable='lt(mod(n,4),2)'");
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3);
    my ($none, $match, $blend) = map { treated($sim, 'strobe-' . ($_->{seam} // 'match'), $strobe, $_) } { seam => 'none' }, {}, \%BLEND;
    is_deeply(frames_md5($match->{out}), frames_md5($none->{out}), 'match: every frame is that of seam=none');
    is_deeply(times_of($blend->{out}), times_of($none->{out}), 'blend: each frame at its time');
    is(join(' ', map { $_->{seam} } joints($_)), join(' ', ('cut') x joints($_)), 'said so') for $match, $blend;
};

# White on both sides of the joint says nothing of the levels that come back.
subtest 'a flash over the end of a clip' => sub {
    my $flash = film('flash-over', moving() . ",lutyuv=y=235:enable='between(n,46,49)'", 'yuv420p');
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3);
    my ($none, $match, $blend) = map { treated($sim, 'over-' . ($_->{seam} // 'match'), $flash, $_) } { seam => 'none' }, {}, \%BLEND;
    is_deeply(times_of($_->{out}), times_of($none->{out}), 'each frame at its time') for $match, $blend;
    my ($in, $without, $with) = map { luma($_) } $flash, $none->{out}, $match->{out};
    my $look = sub { my ($out, $n) = @_; return abs((mean($out->[$n]) - mean($in->[$n])) - (mean($out->[44]) - mean($in->[44]))) };
    my @worse = grep { $look->($with, $_) > $look->($without, $_) + 0.5 } 50 .. 95;
    is_deeply(\@worse, [], 'match: no frame behind it is farther from the look before it than without');
};

# The size of a result's pictures may change in mid-stream.
subtest 'a result that changes its size in the overlap' => sub {
    my $all = join '', map {
        my ($size, $frames) = @$_;
        slurp(make_clip(size => $size, frames => $frames, rate => 24, name => "part-$size-$frames.h264",
            codec => [qw(-c:v libx264 -preset ultrafast -bf 0 -f h264)]))
    } (['640x480', 6], ['64x48', 6], ['640x480', 36]);
    my $result = "$TMP/sizes.mp4";
    my $made = run_cmd([$FFMPEG, qw(-v error -y -r 24 -f h264 -i), spew("$TMP/sizes.h264", $all), qw(-c copy), $result]);
    is($made->{status}, 0, 'it can be made') or diag $made->{err};
    # the index has the larger one
    my $bytes = slurp($result);
    substr $bytes, index($bytes, 'avc1', index $bytes, 'stsd') + 28, 4, pack 'n2', 640, 480;
    spew($result, $bytes);
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--result-file' => $result);
    my $run = treated($sim, 'sizes', $film, { seam => 'blend', overlap => 1 });
    like($run->{err}, qr/the result, 64x48 yuv420p, cannot be blended with the one before it, 640x480/, 'which is said');
    is(scalar @{ frames_md5($run->{out}) }, 144, 'all frames are there');
};

# What appears in a part of the picture, exactly where clips meet, is no cut.
for my $case (['a subtitle', "drawbox=iw/5:ih*3/4:iw*3/5:ih/8:white:fill:enable='between(n,48,100)'"],
    ['bars', "drawbox=0:0:iw:ih/8:black:fill:enable='gte(n,48)',drawbox=0:ih*7/8:iw:ih/8:black:fill:enable='gte(n,48)'"]) {
    my ($name, $draw) = @$case;
    all_ways("$name where clips meet", film($name =~ tr/ /-/r, moving() . ",$draw", 'yuv420p'), seam => 'matched', judge => 0);
}

# Each clip shows the fade, so each of its frames can be blended: it is no cut.
for my $case (['in the middle of', 1.75, 1.875, 0.1], ['that goes on past', 1.6, 2.4, 0.8]) {
    my ($name, $out, $in, $length) = @$case;
    subtest "a fade $name the frames that two clips show" => sub {
        my $fade = film("fade-$length", moving() . ",fade=out:st=$out:d=$length:enable='lt(t,$in)',fade=in:st=$in:d=$length:enable='gte(t,$in)'", 'yuv420p');
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone,field', '--seed' => 3);
        my ($none, $blend) = map { treated($sim, $_->{seam}, $fade, $_) } { seam => 'none' }, { %BLEND };
        my @joints = joints($blend);
        is(join(' ', map { $_->{seam} } @joints), 'blended blended blended', 'said so');
        my ($before) = ratios($fade, $none->{out}, [48]);
        my ($after) = ratios($fade, $blend->{out}, [map { $joints[0]{frame} - $_ } 0 .. 6]);
        cmp_ok($after, '<', $before / 2, 'the joint is less than half of what it was');
    };
}

# The first clip shows frames 0 to 47, the second one 42 to 89, the third one is
# another shot from frame 84 on.
subtest 'a cut among the frames that two clips show' => sub {
    my $cut = film('cut', moving() . ",negate=enable='gte(n,45)'", 'yuv420p');
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone,field,place', '--seed' => 3);
    my %results = (results_dir => "$TMP/cut-results");
    my ($run, $none) = map { treated($sim, $_->{seam}, $cut, { %results, %$_ }) } { %BLEND }, { seam => 'none' };
    is_deeply(times_of($run->{out}), times_of($none->{out}), 'each frame at its time');
    my ($out, $first) = map { luma($_->{out}) } $run, $none;
    is_deeply([grep { $out->[$_] ne $first->[$_] } 0 .. 44], [], 'up to the cut it is the first clip');
    my @second = grep { $_->[3] eq $out->[45] } map { luma($_) } glob "$results{results_dir}/*.mp4";
    is(scalar @second, 1, 'from the cut on it is the second one');
    is_deeply([grep { $out->[$_] ne $second[0][$_ - 42] } 45 .. 83], [], 'as it was generated');
    is(join(' ', map { $_->{seam} } joints($run)), 'cut blended blended', 'it is said to be a cut');
};

# Frames 42 to 47 are in both, and the watch begins before them.
subtest 'a cut behind another one' => sub {
    my $cut = film('cut-again', moving() . ",negate=enable='gte(n,39)',lutyuv=y=235-val/2:u=val/2:enable='gte(n,45)'", 'yuv420p');
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3);
    my %results = (results_dir => "$TMP/cut-again-results");
    my ($run, $none) = map { treated($sim, $_->{seam}, $cut, { %results, %$_ }) } { %BLEND }, { seam => 'none' };
    is((joints($run))[0]{seam}, 'cut', 'it is said to be a cut');
    my ($out, $first) = map { luma($_->{out}) } $run, $none;
    is_deeply([grep { $out->[$_] ne $first->[$_] } 0 .. 44], [], 'up to it, it is the first clip');
};

# Of two frames, which begins before the frames that two clips show, with them, or
# among them.
for my $at (40, 41, 42, 44) {
    subtest "a flash of two frames at frame $at" => sub {
        my $flash = film("flashes-$at", moving() . ",lutyuv=y=235:enable='between(n,$at,$at+1)'", 'yuv420p');
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3);
        my $run = treated($sim, 'blend', $flash, \%BLEND);
        is((joints($run))[0]{seam}, 'blended', 'said so');
        my ($in, $out) = map { luma($_) } $flash, $run->{out};
        # what the film has changed by since before the flash, and the source has not
        my @off = map { (mean($out->[$_]) - mean($out->[38])) - (mean($in->[$_]) - mean($in->[38])) } 46 .. 54;
        my ($most) = sort { $b <=> $a } map { abs } @off;
        cmp_ok($most, '<', 2, 'the look behind it is that before it');
    };
}

# Where the later clip has an object that the source has not, a frame says how much
# of the clip is in it: Hann's window over the time that clips share, whatever the
# frames' distances are.
subtest 'a cross-fade at a variable rate goes by time' => sub {
    my $uneven = film('uneven-in', moving(rate => 30) . ",select='gt(mod(n\\,7)\\,2)+lt(n\\,20)'", 'yuv420p');
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'objects', '--seed' => 3, '--result-crf' => 1, '--result-rate' => 'source');
    my %results = (results_dir => "$TMP/uneven-results", overlap => 0.5);
    my $run = treated($sim, 'uneven', $uneven, { %BLEND, %results });
    my @times = map { $_->{pts_time} } @{ packets($run->{out}, 'v:0') };
    my ($joint) = map { $_->{frame} } joints($run);
    my (undef, $later) = sort { (Time::HiRes::stat($a))[9] <=> (Time::HiRes::stat($b))[9] } glob "$TMP/uneven-results/*.mp4";
    my ($clip, $in, $out) = map { luma($_) } $later, $uneven, $run->{out};
    # as far as the clip shows what the one before it does
    my @shared = grep { $times[$_] > $times[$joint] - 0.5 - 0.02 } 0 .. $joint - 1;
    my ($begin, $end) = @times[$shared[0], $joint];
    my $object = sub {
        my ($n) = @_;
        my @p = map { [unpack 'C*', $_] } $clip->[int(30 * ($times[$n] - $begin) + 0.5)], $in->[$n], $out->[$n];
        my ($is, $whole) = (0, 0);
        for (0 .. $#{ $p[0] }) {
            next if $p[0][$_] - $p[1][$_] < 30;
            $is    += $p[2][$_] - $p[1][$_];
            $whole += $p[0][$_] - $p[1][$_];
        }
        return $is / $whole;
    };
    my $alone = $object->($joint);
    for my $n (@shared) {
        my $wanted = 0.5 - 0.5 * cos(3.14159265 * (($times[$n] + $times[$n + 1]) / 2 - $begin) / ($end - $begin));
        my $part = $object->($n) / $alone;
        cmp_ok(abs($part - $wanted), '<', 0.04, sprintf 'frame %d at %.3f s: %.2f of the later clip', $n, $times[$n], $wanted) or diag($part);
    }
    cmp_ok(scalar @shared, '>', 6, 'there are enough of them');
};

# The first clip of a film from one service, the others from another.
sub of_two_services {
    my ($name, $way, $deep, @other) = @_;
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3, @{ $deep || [] });
    treated($sim, $name, film("$name-beginning", moving(seconds => 2)), $way);
    my ($port) = $sim->{runway} =~ /:(\d+)/;
    my %env = (XDG_STATE_HOME => "$TMP/state-$sim->{pid}");
    $sim->stop;
    $sim = RunwayTest::Simulator->start('--latency' => 0, '--port' => $port, '--drift' => 'tone', '--seed' => 4, @other);
    my %of = options_of($sim, $name, $film, $way);
    my $run = ok_filter($sim, $name, %of, env => { %{ $of{env} }, %env }, loglevel => 'warning');
    is(scalar $sim->requests('create'), scalar joints($run), 'the first clip is not bought again');
    is_deeply(times_of($run->{out}), times_of($film), 'each frame at its time');
    return $run;
}

subtest 'results that cannot be blended' => sub {
    my $run = of_two_services('two-sizes', \%BLEND, undef, '--result-size' => '128x80');
    is(join(' ', map { $_->{seam} } joints($run)), 'unlike blended blended', 'the first joint is said to be left as it is');
    my @said = $run->{err} =~ /(cannot be blended.*)/g;
    is(scalar @said, 1, 'and it is said once') or diag($run->{err});
    like($said[0] // '', qr/^cannot be blended with the one before it, 256x144 yuv420p$/, 'why');
};

for my $case (['of ten bits behind eight', undef, '--result-codec' => 'hevc10'], ['of eight bits behind ten', ['--result-codec' => 'hevc10']]) {
    my ($name, @services) = @$case;
    subtest "results $name" => sub {
        my $run = of_two_services($name =~ tr/ /-/r, \%BLEND, @services);
        is(join(' ', map { $_->{seam} } joints($run)), 'blended blended blended', 'are blended');
        is($run->{err}, '', 'without a warning');
        my ($first) = joints($run);
        my ($ratio) = ratios($film, $run->{out}, [map { $first->{frame} - $_ } 0 .. 6]);
        cmp_ok($ratio, '<', 2.5, 'the joint is not seen');
    };
}

# The film from a frame on, with other levels and tags, as a result.
sub result_of {
    my ($name, $begin, $filter, @tags) = @_;
    my $file = "$TMP/second-$name.mp4";
    # later releases go by the frames, 5.1 by the encoder's options
    my %tags = @tags;
    my $params = join ':', map { s/^-(?:color_(?=range))?//r . "=$tags{$_}" } sort keys %tags;
    my $made = run_cmd([$FFMPEG, qw(-v error -nostdin -y -i), $film, '-vf', "trim=start_frame=$begin,setpts=PTS-STARTPTS,$filter,format=yuv420p,setparams=$params",
        qw(-frames:v 48 -c:v libx264 -crf 4), @tags, $file]);
    is($made->{status}, 0, 'its result can be made') or diag $made->{err};
    return $file;
}

my $RANGE = 'scale=in_color_matrix=bt709:out_color_matrix=bt601:out_range=full';
# of light that is the 2.4th power of a level
my $LIGHT = join ':', map { "$_=maxval*pow(val/maxval\\,POWER)" } qw(r g b);
my $WIDE = join ',', 'scale=in_color_matrix=bt709,format=gbrp16', 'lutrgb=' . $LIGHT =~ s/POWER/2.4/gr,
    'colorchannelmixer=.6274:.3293:.0433:0:.0691:.9195:.0114:0:.0164:.088:.8956',
    'lutrgb=' . $LIGHT =~ s{POWER}{1/2.4}gr, 'scale=out_color_matrix=bt709:out_range=tv';
my @BT709 = qw(-color_range tv -colorspace bt709);
for my $case (
    ['BT.601, full range', $RANGE, qw(-color_range pc -colorspace smpte170m)],
    ['primaries', $WIDE, @BT709, qw(-color_primaries bt2020 -color_trc bt709)],
) {
    my ($name, $filter, @tags) = @$case;
    for my $way (['blend', \%BLEND, 42, 'blended'], ['match', {}, 48, 'unlike']) {
        my ($seam, $options, $begin, $done) = @$way;
        subtest "results of other levels, $name: $seam" => sub {
            my $file = result_of("$name-$seam" =~ tr/ ,/-/r, $begin, $filter, @tags);
            my $run = of_two_services("levels-$name-$seam" =~ tr/ ,/-/r, $options, ['--drift' => 'grain'], '--result-file' => $file);
            is((joints($run))[0]{seam}, $done, 'what is said');
            for my $plane (qw(y u v)) {
                my ($in, $out) = map { raw_frames($_, "extractplanes=$plane", $W * $H / ($plane eq 'y' ? 1 : 4)) } $film, $run->{out};
                my ($most) = sort { $b <=> $a } map { abs(mean($in->[$_]) - mean($out->[$_])) } 36 .. 80;
                cmp_ok($most, '<', 1.5, "their levels are those of the film: $plane");
            }
        };
    }
}

# The second one is brighter, which is matched where the light is the same.
for my $case (['HLG beside PQ', 'arib-std-b67', 'unlike', 'unlike'], ['PQ beside PQ', 'smpte2084', 'matched', 'blended']) {
    my ($name, $light, @done) = @$case;
    for my $way (['match', {}, 48], ['blend', \%BLEND, 42]) {
        my ($seam, $options, $begin) = @$way;
        my $done = shift @done;
        subtest "results of $name: $seam" => sub {
            my $first = result_of("$light-$seam-first", 0, 'null', @BT709, qw(-color_trc smpte2084));
            my $second = result_of("$light-$seam", $begin, 'lutyuv=y=val+8', @BT709, '-color_trc', $light);
            my $run = of_two_services("light-$light-$seam", $options, ['--result-file' => $first], '--result-file' => $second);
            is((joints($run))[0]{seam}, $done, 'what is said');
            like($run->{err}, qr/the result, ${W}x$H yuv420p HLG, cannot be blended with the one before it, ${W}x$H yuv420p PQ$/m, 'and why')
                if "$seam $done" eq 'blend unlike';
        };
    }
}

done_testing;
