#!/usr/bin/env perl
# That colours survive the way there and back. Patches of known RGB go in, in
# each matrix and range; with the look `echo` the same RGB has to come out, and
# has to have been in the upload, read as its tags say.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use HTTP::Tiny;
use Test::More;

use RunwayTest;
use FilterTest;

my $sim = RunwayTest::Simulator->start('--latency' => 0.2);

# Strong colours, which a wrong matrix turns by 15 and more, but none at the
# edge of the gamut, where clipping would hide an error. The greys are for the
# range: 16..235 taken for 0..255 moves the darkest and the lightest by 10.
our @PATCHES = ([200, 40, 40], [40, 200, 40], [40, 40, 200], [40, 200, 200], [200, 40, 200], [200, 200, 40],
    [30, 30, 30], [230, 230, 230]);
# H.264 twice, 8 bits of YUV twice: each step may be off by one or two.
my $TOLERANCE = 5;
my ($W, $H) = (320, 240);
my ($PW, $PH) = ($W / 4, $H / 2);

# One picture of patches, four by two, as raw RGB.
sub raw_patches {
    my ($name, @patches) = @_;
    return spew("$TMP/$name.rgb", join '', map {
        my $row = $_ >= $PH ? 1 : 0;
        join '', map { pack('C3', @{ $patches[4 * $row + $_] }) x $PW } 0 .. 3;
    } 0 .. $H - 1);
}
my $patches = raw_patches('patches', @PATCHES);

# What an output is written with. FFV1 is not for full range: since FFmpeg 7.1
# what goes into it is made limited, whatever the filter gave.
sub lossless {
    my ($codec) = @_;
    return ('-c:v', $codec // 'ffv1', ($codec // '') eq 'libx264' ? qw(-qp 0) : qw(-q:v 2));
}

# A clip of it, in a matrix, range and format; tagged unless `untagged`.
sub patch_clip {
    my (%opt) = @_;
    my $range = $opt{range} // 'tv';
    my $size = $opt{size} // "${W}x$H";
    my $path = sprintf '%s/patches-%d.mkv', $TMP, ++our $clips;
    my $tag = $opt{tag} // ($opt{matrix} eq 'bt601' ? 'smpte170m' : $opt{matrix});
    my @tags = $opt{untagged} ? () : ('-color_range', $range, '-colorspace', $tag, '-color_primaries', $tag,
        '-color_trc', $tag eq 'bt470bg' ? 'gamma28' : $tag);
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f rawvideo -pixel_format rgb24 -video_size), "${W}x$H",
        qw(-framerate 24 -stream_loop 11 -i), $patches, '-vf',
        "scale=$size:flags=neighbor+accurate_rnd+full_chroma_int+full_chroma_inp:in_range=pc:out_range=$range"
            . ":out_color_matrix=$opt{matrix},format=$opt{format}",
        lossless($opt{codec}), @tags, $path]);
    die "cannot make a clip: $run->{err}\n" if $run->{status};
    return $path;
}

# The RGB of each patch, the file's YUV read in the given matrix and range
# whatever its tags say: the middle of the patch, mean of all frames.
sub patches_of {
    my ($path, $matrix, $range) = @_;
    # setparams: else the decoder's tags would have their say too
    my $frames = raw_frames($path, 'setparams=range=' . ($range eq 'pc' ? 'pc' : 'tv')
        . ':colorspace=' . ($matrix eq 'bt601' ? 'smpte170m' : $matrix eq 'bt2020' ? 'bt2020nc' : $matrix) . ",scale=$W:$H:flags=area+accurate_rnd+full_chroma_int+full_chroma_inp:in_color_matrix=$matrix"
        . ":in_range=$range:out_range=pc,format=rgb24", $W * $H * 3);
    return [map {
        my ($x0, $y0) = (($_ % 4) * $PW, int($_ / 4) * $PH);
        my @sum = (0, 0, 0);
        my $n = 0;
        for my $frame ($frames->[0], $frames->[-1]) {
            for my $y (map { $y0 + $_ } 45, 60, 75) {
                for my $x (map { $x0 + $_ } 30, 40, 50) {
                    my @rgb = unpack 'C3', substr $frame, 3 * ($y * $W + $x), 3;
                    $sum[$_] += $rgb[$_] for 0 .. 2;
                    $n++;
                }
            }
        }
        [map { $_ / $n } @sum];
    } 0 .. $#PATCHES];
}

sub furthest {
    my ($got) = @_;
    my $most = 0;
    for my $i (0 .. $#PATCHES) {
        for (0 .. 2) {
            my $off = abs($got->[$i][$_] - $PATCHES[$i][$_]);
            $most = $off if $off > $most;
        }
    }
    return $most;
}

sub right_colours {
    my ($name, $path, $matrix, $range) = @_;
    my $got = patches_of($path, $matrix, $range);
    cmp_ok(furthest($got), '<=', $TOLERANCE, "$name: every patch has its colour")
        or diag join "\n", map { sprintf '%s became %s', "@{ $PATCHES[$_] }", join ' ', map { sprintf '%.0f', $_ } @{ $got->[$_] } } 0 .. $#PATCHES;
}

# What the simulator made of the last upload, which is the upload itself, for
# the look was echo.
sub echo_of_upload {
    my ($create) = reverse $sim->requests('create');
    my $http = HTTP::Tiny->new(timeout => 20);
    my $task = decode($http->get("$sim->{api}/v1/tasks/$create->{task}",
        { headers => { Authorization => 'Bearer k', 'X-Runway-Version' => '2024-11-06' } })->{content});
    return spew(sprintf('%s/echo-%d.mp4', $TMP, ++our $echoes), $http->get($task->{output}[0])->{content});
}

subtest 'this test can tell' => sub {
    for my $case (['bt709', 'tv'], ['bt601', 'tv'], ['bt709', 'pc']) {
        my ($matrix, $range) = @$case;
        my $clip = patch_clip(matrix => $matrix, range => $range, format => 'yuv420p');
        right_colours("$matrix $range", $clip, $matrix, $range);
        cmp_ok(furthest(patches_of($clip, $matrix eq 'bt709' ? 'bt601' : 'bt709', $range)), '>', 2 * $TOLERANCE,
            'in another matrix they are wrong');
        cmp_ok(furthest(patches_of($clip, $matrix, $range eq 'tv' ? 'pc' : 'tv')), '>', 2 * $TOLERANCE,
            'in another range they are wrong');
    }
};

my @CASES = (
    # name, matrix, range, format, more; what the tags are called where they come out
    ['BT.601',                 'bt601', 'tv', 'yuv420p',     { tag => 'smpte170m' }],
    ['BT.601 of PAL',          'bt601', 'tv', 'yuv420p',     { tag => 'bt470bg' }],
    ['BT.709',                 'bt709', 'tv', 'yuv420p',     { tag => 'bt709' }],
    ['full range, BT.709',     'bt709', 'pc', 'yuv420p',     { codec => 'rawvideo', tag => 'bt709' }],
    ['full range, BT.601',     'bt601', 'pc', 'yuv420p',     { codec => 'rawvideo', tag => 'smpte170m' }],
    ['yuvj420p',               'bt601', 'pc', 'yuvj420p',    { codec => 'mjpeg', tag => 'smpte170m', untagged => 1, out => 'yuvj420p' }],
    ['yuvj422p',               'bt601', 'pc', 'yuvj422p',    { codec => 'mjpeg', tag => 'smpte170m', untagged => 1, out => 'yuvj422p' }],
    ['10 bit, BT.709',         'bt709', 'tv', 'yuv420p10le', { tag => 'bt709' }],
    ['10 bit 4:2:2, BT.601',   'bt601', 'tv', 'yuv422p10le', { tag => 'smpte170m' }],
    ['10 bit full range',      'bt709', 'pc', 'yuv444p10le', { codec => 'libx264', tag => 'bt709' }],
    ['4:4:4, BT.601',          'bt601', 'tv', 'yuv444p',     { tag => 'smpte170m' }],
    ['untagged, SD',           'bt601', 'tv', 'yuv420p',     { untagged => 1 }],
    ['untagged, HD',           'bt709', 'tv', 'yuv420p',     { untagged => 1, size => '1280x960' }],
);

for my $case (@CASES) {
    my ($name, $matrix, $range, $format, $more) = @$case;
    subtest $name => sub {
        my $clip = patch_clip(matrix => $matrix, range => $range, format => $format, %$more);
        right_colours('the source', $clip, $matrix, $range);
        my $before = video_facts($clip);
        my $run = ok_filter($sim, 'echo', in => $clip, options => { prompt => 'echo' },
            args => [lossless($more->{codec})]);
        right_colours('the output', $run->{out}, $matrix, $range);
        my $after = video_facts($run->{out});
        is($after->{pix_fmt}, $before->{pix_fmt}, 'the pixel format is the input\'s');
        is($after->{$_}, $before->{$_}, "$_ is the input's") for qw(color_range color_space color_primaries color_transfer);

        my ($create) = reverse $sim->requests('create');
        # limited range always, and no tag left open; primaries and transfer
        # are not converted, so they are the source's
        is($create->{clip}{$_->[0]}, $_->[1], "the upload's $_->[0]") for ['pix_fmt', 'yuv420p'], ['color_range', 'tv'],
            map { [$_, $before->{$_}] } grep { $before->{$_} !~ /^(unknown|.*rgb)$/ } qw(color_primaries color_transfer);
        like($create->{clip}{$_}, qr/^(bt709|smpte170m|bt470bg|gamma28|bt470m)$/, "the upload's $_ is said")
            for qw(color_space color_primaries color_transfer);
        # the simulator reads the upload by its tags, and says by its own what it made
        my $echo = echo_of_upload();
        is(video_facts($echo)->{color_space}, 'bt709', 'the echo is BT.709');
        right_colours('the upload', $echo, 'bt709', 'tv');
    };
}

subtest 'a result without tags' => sub {
    my $other = RunwayTest::Simulator->start('--latency' => 0.2, '--result-untagged');
    my $clip = patch_clip(matrix => 'bt709', format => 'yuv420p', size => '320x180');
    my $run = ok_filter($other, 'echo', in => $clip, options => { prompt => 'echo' });
    right_colours('the output', $run->{out}, 'bt709', 'tv');
};

subtest 'a result of 10 bits' => sub {
    my $other = RunwayTest::Simulator->start('--latency' => 0.2, '--result-codec' => 'hevc10');
    my $clip = patch_clip(matrix => 'bt709', format => 'yuv420p10le');
    my $run = ok_filter($other, 'echo', in => $clip, options => { prompt => 'echo' });
    right_colours('the output', $run->{out}, 'bt709', 'tv');
};

# Luma and one chroma plane of the first frame.
sub luma_of {
    my ($path, $w, $h) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $path, qw(-frames:v 1 -f rawvideo -)]);
    return [unpack "C${w}", substr $run->{out}, $w * int($h / 2), $w];
}

subtest 'whiter than white, blacker than black' => sub {
    my ($w, $h) = (256, 64);
    # a slow ramp, as in DV: 1 to 254
    my $ramp = join '', map { chr($_ < 1 ? 1 : $_ > 254 ? 254 : $_) } 0 .. 255;
    my $raw = spew("$TMP/ramp.raw", $ramp x $h . chr(128) x ($w * $h / 2));
    for my $tag (qw(smpte170m bt709)) {
        my $clip = "$TMP/ramp-$tag.mkv";
        run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f rawvideo -pixel_format yuv420p -video_size), "${w}x$h", qw(-framerate 24 -stream_loop 23 -i), $raw,
            '-color_range', 'tv', '-colorspace', $tag, '-color_primaries', $tag, '-color_trc', $tag, qw(-c:v ffv1), $clip]);
        my $run = ok_filter($sim, "echo, $tag", in => $clip, options => { prompt => 'echo', model => 'aleph2' });
        my ($was, $is) = map { luma_of($_, $w, $h) } $clip, $run->{out};
        my ($off) = sort { $b <=> $a } map { abs($was->[$_] - $is->[$_]) } 0 .. $w - 1;
        cmp_ok($off, '<=', 5, "$tag: luma from 1 to 254 comes back") or diag join ' ', @$is;
    }
};

subtest 'a range that changes in mid-stream' => sub {
    # far from the grey in the middle, which both ranges have in one place
    my $clip = lossless_clip(seconds => 3, filter => 'lutyuv=y=200+val/10');
    my $run = ok_filter($sim, 'echo', in => $clip, options => { prompt => 'echo', model => 'aleph2', clip_duration => 2 },
        before => 'split[a][b];[a]trim=end_frame=36,setparams=range=tv:colorspace=bt709[c];'
            . '[b]trim=start_frame=36,scale=in_range=tv:out_range=pc,setparams=range=pc:colorspace=bt709[d];[c][d]concat');
    my ($was, $is) = map { raw_frames($_, 'format=rgb24,scale=1:1:flags=area', 3) } $clip, $run->{out};
    is(scalar @$is, 72, 'all frames');
    for my $n (20, 34, 38, 60) {
        my @off = map { abs(ord(substr $was->[$n], $_, 1) - ord(substr $is->[$n], $_, 1)) } 0 .. 2;
        is((grep { $_ > 4 } @off), 0, "frame $n means what it did, by the tags of the file") or diag "@off";
    }
};

my $has_zscale = run_cmd([$FFMPEG, qw(-hide_banner -filters)])->{out} =~ /^ \S+ zscale /m;

# A clip in wider primaries of patches that are BT.709's: that is what has to be in the
# upload, and the clip's own colours what comes back.
sub wide_primaries {
    my ($name, $clip, $matrix, $tagged) = @_;
    my $run = ok_filter($sim, "$name, echo", in => $clip, before => $tagged, options => { prompt => 'echo', model => 'aleph2' });
    my ($before, $after) = map { video_facts($_) } $clip, $run->{out};
    # no file says V-Gamut
    is($after->{$_}, $before->{$_}, "$_ is the input's") for qw(pix_fmt color_range color_space color_transfer), $tagged ? () : 'color_primaries';
    my ($create) = reverse $sim->requests('create');
    is(join(' ', map { $create->{clip}{$_} } qw(color_space color_primaries color_transfer)), 'bt709 bt709 bt709', 'the upload is BT.709');
    right_colours("$name, the upload", echo_of_upload(), 'bt709', 'tv');
    my ($was, $is) = map { patches_of($_, $matrix, 'tv') } $clip, $run->{out};
    my ($off) = sort { $b <=> $a } map { my $i = $_; map { abs($was->[$i][$_] - $is->[$i][$_]) } 0 .. 2 } 0 .. $#PATCHES;
    cmp_ok($off, '<=', $TOLERANCE, 'and what comes back is what went in');
}

# Raw RGB to a clip, by a chain.
sub rgb_clip {
    my ($name, $rgb, $chain) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f rawvideo -pixel_format rgb24 -video_size), "${W}x$H", qw(-framerate 24 -stream_loop 11 -i), $rgb,
        '-vf', $chain, qw(-c:v ffv1), "$TMP/$name.mkv"]);
    is($run->{status}, 0, "$name: the source") or diag $run->{err};
    return "$TMP/$name.mkv";
}

subtest 'wide primaries, SDR' => sub {
    plan skip_all => 'this ffmpeg has no zscale to judge with' if !$has_zscale;
    for my $primaries (qw(2020 smpte431 smpte432 film bt470m)) {
        my $matrix = $primaries eq '2020' ? '2020_ncl' : '709';
        # whose blue is less than BT.709's
        local @PATCHES = map { [map { ($_ + 128) / 2 } @$_] } @PATCHES if $primaries eq 'bt470m';
        wide_primaries($primaries, rgb_clip("wide-$primaries", raw_patches($primaries, @PATCHES), "format=gbrp16le,zscale=min=gbr:pin=709:tin=709:rin=full:p=$primaries:m=$matrix:t="
            . ($primaries eq '2020' ? '2020_10' : '709') . ':r=limited,format=yuv420p10le'), $primaries eq '2020' ? 'bt2020' : 'bt709');
    }
};
# zscale does not know V-Gamut. The matrix is the inverse of Panasonic's, which goes to
# BT.709; light is the 2.4th power of a value.
subtest 'V-Gamut' => sub {
    my @matrix = ([0.585196, 0.322642, 0.092162], [0.078588, 0.819627, 0.101784], [0.022794, 0.114217, 0.862989]);
    my $wide = raw_patches('vgamut', map {
        my @light = map { ($_ / 255) ** 2.4 } @$_;
        [map { int(255 * ($_->[0] * $light[0] + $_->[1] * $light[1] + $_->[2] * $light[2]) ** (1 / 2.4) + 0.5) } @matrix];
    } @PATCHES);
    wide_primaries('vgamut', rgb_clip('vgamut', $wide, 'scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp:in_range=pc:out_range=tv:out_color_matrix=bt709,'
        . 'format=yuv444p10le,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv'), 'bt709', 'setparams=color_primaries=vgamut');
} if run_cmd([$FFMPEG, qw(-hide_banner -h filter=setparams)])->{out} =~ /^ +vgamut /m;

subtest 'the chain that the error of an HDR input names' => sub {
    plan skip_all => 'this ffmpeg has no zscale' if !$has_zscale;
    for my $transfer (qw(smpte2084 arib-std-b67)) {
        my $clip = "$TMP/hdr-$transfer.mkv";
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f rawvideo -pixel_format rgb24 -video_size), "${W}x$H", qw(-framerate 24 -stream_loop 11 -i), $patches,
            '-vf', "format=gbrp16le,zscale=min=gbr:pin=709:tin=709:rin=full:p=2020:m=2020_ncl:t=$transfer:r=limited:npl=100,format=yuv420p10le",
            qw(-c:v ffv1), $clip]);
        is($run->{status}, 0, 'the source') or return diag $run->{err};
        is(video_facts($clip)->{color_transfer}, $transfer, 'which is HDR');
        my $refused = run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'echo' });
        my ($chain) = $refused->{err} =~ /(zscale=t=linear\S+yuv420p)/;
        isnt($chain, undef, 'the error names a chain') or return;
        $run = ok_filter($sim, 'with that in front', in => $clip, before => $chain, options => { prompt => 'echo', model => 'aleph2' });
        my $facts = video_facts($run->{out});
        is("$facts->{color_space} $facts->{color_primaries} $facts->{color_transfer} $facts->{color_range}", 'bt709 bt709 bt709 tv', 'BT.709');
        my $got = patches_of($run->{out}, 'bt709', 'tv');
        # light is compressed, colours are what they were: as far from grey
        for my $i (0 .. 5) {
            my ($was, $is) = map { my ($low, undef, $high) = sort { $a <=> $b } @$_; ($high - $low) / $high } $PATCHES[$i], $got->[$i];
            cmp_ok(abs($is - $was), '<', 0.06, "patch $i is as saturated as it was") or diag "$was became $is";
            my ($top_was, $top_is) = map { my $p = $_; (sort { $p->[$b] <=> $p->[$a] } 0 .. 2)[0] } $PATCHES[$i], $got->[$i];
            is($got->[$i][$top_was] > 0.9 * $got->[$i][$top_is] ? 1 : 0, 1, 'and of the same hue');
        }
    }
};

done_testing;
