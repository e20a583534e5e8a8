#!/usr/bin/env perl
# output_format: 10-bit and ProRes results decode and go on in the format the
# graph negotiated, with their depth; what is no video is refused before it is
# paid for; a result of another shape is reported.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use MIME::Base64 qw(decode_base64);
use Test::More;

use FilterTest;
use RunwayTest;

# What output_format=sdr_rec709_10bit is at the service and what few ffmpegs can
# make: HEVC of ten bits in MP4, 128x96, 50 frames in 2 s. Y is 64 + 6 x + n in
# column x of frame n. Made of lavfi's color and geq, with x265.
my $hevc = spew("$TMP/hevc.mp4", decode_base64(<<'CLIP'));
AAAAHGZ0eXBpc29tAAACAGlzb21pc28ybXA0MQAAAAhmcmVlAAAEx21kYXQAAAAYQAEMAf//AiAAAAMAkAAAAwAAAwAekRQJAAAAKkIBAQIgAAADAJAA
AAMAAAMAHqAQIGE2WRFkkyuagICAggAAB9AAAMNQEAAAAAdEAcFytCJAAAAAQCgBr3jrrycjSBezzmN96H7Ng6T/xHEWAToJ8+Z73gLbcbm/8efa/Gnx
vf10PVwyWxVT+//bBloumN0JripVwAAAAAAVAgHQIUnhDG/miirMZdTBhVsEP9QAAAAACwAB4CS34ZOSzkAAAAAADAAB4ESVeGRAu8asAAAAAAsAAeBk
n+GRks5AAAAAAB0CAdBBySfUQwbQ8ZP02aeXvWOMOj6n7Dr68or8AAAAAA0AAeCmsl/UZECS1dwAAAAADgAB4MaUlfUZMLwt3mAAAAAADQAB4Oacn9Rk
QJLOQAAAAAAmAgHQYJJJJ9xDAbQc55s5Q9L91YS04KZfcjrkvetCaK5q7rJRqgAAAAANAAHhJrJf1GTAlLChAAAAAA4AAeFGlJX1GRC7/QpYAAAAAA0A
AeFmnJ/UZMCS1dwAAAAAIQIB0ICSSSfcQwG05m7kH1u/uDQFEHEIflBiJrksBX9AAAAAAA4AAeGmsl/UZECfe3fgAAAAAA4AAeHGlJX1GTC9iPBYAAAA
AA0AAeHmnJ/UZECSzkAAAAAAGQIB0KCSSSfcQwG04Gt43FRPgDxGGdndgAAAAAANAAHiJrJf1GTAkt08AAAAAA4AAeJGlJX1GTC8JqJgAAAAAA0AAeJm
nJ/UZMCSzkAAAAAAFQIB0MCSSSfcQwG89Mmnbq/Wsj/AAAAAAA0AAeKmsl/UZECSzkAAAAAADQAB4saUlfUZMLvGrAAAAAANAAHi5pyf1GRAks5AAAAA
AEYoAa8u69knWBzvnI71Q6rXzlGjBDPUhY6J0aEhk0ulVr4+1zejew7aMY2EcwHYcS/8gaKRyBFC5uXLfNu4WP51ApgASkAAAAAAHgIB0CFJ4Qxt5ooq
zGXVoquRANuc4dJpV6RQyApMAAAAAAsAAeAkt+GTks5AAAAAAAwAAeBElXhkwLvGrAAAAAALAAHgZJ/hk5LOQAAAAAAgAgHQQckn1EMG0PFGVXAs1IB3
lEhvPC0LK2z3ZjSXwAAAAAANAAHgprJf1GTAks5AAAAAAA4AAeDGlJX1GTC7yIeAAAAAAA0AAeDmnJ/UZMCSzkAAAAAAFwIB0GCSSSfcQwG85aSCrwks
BykmOeAAAAAADQAB4SayX9RkQJZkmAAAAAANAAHhRpSV9Rkwks5AAAAAAA0AAeFmnJ/UZECSzkAAAAAAIQIB0ICSSSfcQwG0Nx6CyZTNFuZC6Ft616mS
2P3015KAAAAAAA0AAeGmsl/UZECSzkAAAAAADQAB4caUlfUZELvGrAAAAAANAAHh5pyf1GTAks5AAAAAAB8CAdCgkkkn3EMBvOVyBTq4nIIP+4ylH3hL
ziyAgMAAAAAADQAB4iayX9RkwJLOQAAAAAANAAHiRpSV9RkQu8asAAAAAA0AAeJmnJ/UZECSzkAAAAAAEQIB0MCSSSfcQwG85aa655kAAAAADQAB4qay
X9RkQJLOQAAAAAANAAHixpSV9RkQu8asAAAAAAwAAeLmnJ/UZMCSzkAAAAT3bW9vdgAAAGxtdmhkAAAAAAAAAAAAAAAAAAAD6AAAB9AAAQAAAQAAAAAA
AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAABEZ0cmFrAAAAXHRraGQA
AAADAAAAAAAAAAAAAAABAAAAAAAAB9AAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAIAAAABgAAAAAAAk
ZWR0cwAAABxlbHN0AAAAAAAAAAEAAAfQAAAAAQABAAAAAAO+bWRpYQAAACBtZGhkAAAAAAAAAAAAAAAAAAAAGQAAADJVxAAAAAAALWhkbHIAAAAAAAAA
AHZpZGUAAAAAAAAAAAAAAABWaWRlb0hhbmRsZXIAAAADaW1pbmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAAACRkaW5mAAAAHGRyZWYAAAAAAAAAAQAAAAx1
cmwgAAAAAQAAAylzdGJsAAABBXN0c2QAAAAAAAAAAQAAAPVodmMxAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAIAAYABIAAAASAAAAAAAAAABAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGP//AAAAeGh2Y0MBAiAAAACQAAAAAAAe8AD8/fr6AAAPA6AAAQAYQAEMAf//AiAAAAMAkAAAAwAAAwAe
kRQJoQABACpCAQECIAAAAwCQAAADAAADAB6gECBhNlkRZJMrmoCAgIIAAAfQAADDUBCiAAEACEQBwXK0IkAAAAAAE2NvbHJuY2x4AAEAAQABAAAAABRi
dHJ0AAAAAAAAEvwAABL8AAAAGHN0dHMAAAAAAAAAAQAAADIAAAABAAAAGHN0c3MAAAAAAAAAAgAAAAEAAAAaAAAA4GN0dHMAAAAAAAAAGgAAAAEAAAAB
AAAAAQAAAAQAAAADAAAAAAAAAAEAAAAEAAAAAwAAAAAAAAABAAAABAAAAAMAAAAAAAAAAQAAAAQAAAADAAAAAAAAAAEAAAAEAAAAAwAAAAAAAAABAAAA
BAAAAAMAAAAAAAAAAQAAAAEAAAABAAAABAAAAAMAAAAAAAAAAQAAAAQAAAADAAAAAAAAAAEAAAAEAAAAAwAAAAAAAAABAAAABAAAAAMAAAAAAAAAAQAA
AAQAAAADAAAAAAAAAAEAAAAEAAAAAwAAAAAAAAAcc3RzYwAAAAAAAAABAAAAAQAAADIAAAABAAAA3HN0c3oAAAAAAAAAAAAAADIAAACZAAAAGQAAAA8A
AAAQAAAADwAAACEAAAARAAAAEgAAABEAAAAqAAAAEQAAABIAAAARAAAAJQAAABIAAAASAAAAEQAAAB0AAAARAAAAEgAAABEAAAAZAAAAEQAAABEAAAAR
AAAASgAAACIAAAAPAAAAEAAAAA8AAAAkAAAAEQAAABIAAAARAAAAGwAAABEAAAARAAAAEQAAACUAAAARAAAAEQAAABEAAAAjAAAAEQAAABEAAAARAAAA
FQAAABEAAAARAAAAEAAAABRzdGNvAAAAAAAAAAEAAAAsAAAAPXVkdGEAAAA1bWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAbWRpcmFwcGwAAAAAAAAAAAAA
AAAIaWxzdA==
CLIP

# A run at Runway's own.
sub at_runway {
    my ($sim, %opt) = @_;
    my %options = (model => 'aleph2', prompt => 'echo', provider => 'runway', base_url => $sim->{runway}, %{ delete $opt{options} || {} });
    return run_filter(undef, env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64 }, %opt, options => \%options);
}

# The luma of a frame, row by row; in ten bits two bytes each.
sub luma {
    my ($path, $n, $deep) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $path, '-vf', "select=eq(n\\,$n),extractplanes=y",
        qw(-frames:v 1 -f rawvideo -)]);
    die "cannot read $path: $run->{err}\n" if $run->{status};
    return [unpack $deep ? 'v*' : 'C*', $run->{out}];
}

# How many of the values are none that eight bits have.
sub fine_values { my ($luma) = @_; return scalar grep { $_ % 4 } @$luma }

# The same picture as ProRes, of 4:2:2 and of 4:4:4 with the opaque alpha channel.
sub prores {
    my ($profile, $format) = @_;
    my $path = "$TMP/prores-$profile.mov";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -f lavfi -i),
        "color=gray:s=128x96:r=25:d=2,format=$format,geq=lum='64+6*X+N':cb=512:cr=512" . ($format =~ /a/ ? ':a=1023' : ''),
        qw(-c:v prores_ks -profile:v), $profile, qw(-colorspace bt709 -color_primaries bt709 -color_trc bt709), $path]);
    die "no ProRes: $run->{err}\n" if $run->{status};
    return $path;
}

my @DEEP = (
    ['HEVC', 'sdr_rec709_10bit', $hevc],
    ['ProRes 422 HQ', 'prores', prores('hq', 'yuv422p10le')],
    ['ProRes 4444', 'prores', prores('4444', 'yuva444p10le')],
);

# How far a film is from that picture at worst, in steps of ten bits.
sub off_by {
    my ($path, $deep) = @_;
    my $worst = 0;
    for my $n (0, 1, 24, 25, 49) {
        my $luma = luma($path, $n, $deep);
        for my $x (0 .. 127) {
            my $off = abs($luma->[48 * 128 + $x] * ($deep ? 1 : 4) - (64 + 6 * $x + $n));
            $worst = $off if $off > $worst;
        }
    }
    return $worst;
}

for my $case (@DEEP) {
    my ($title, $form, $file) = @$case;
    subtest $title => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--result-file' => $file);
        for my $format (qw(yuv420p yuv420p10le yuv422p10le yuv444p)) {
            my $deep = $format =~ /10/;
            my $clip = lossless_clip(size => '128x96', rate => 25, seconds => 2, filter => "format=$format");
            my $run = at_runway($sim, in => $clip, options => { output_format => $form });
            is($run->{status}, 0, "$format: goes well") or diag $run->{err};
            is($run->{err}, '', "$format: without a warning");
            is(video_facts($run->{out})->{pix_fmt}, $format, "$format: is what comes out");
            is_deeply(times_of($run->{out}), times_of($clip), "$format: at the source's times");
            cmp_ok(off_by($run->{out}, $deep), '<=', $deep ? 10 : 12, "$format: each picture in its place");
            cmp_ok(fine_values(luma($run->{out}, 7, 1)), '>', 128 * 96 / 2, "$format: with all ten bits") if $deep;
        }

        # ten bits out of a source of eight: by wanting them behind the filter
        my $clip = lossless_clip(size => '128x96', rate => 25, seconds => 2);
        for my $by (['a filter', after => 'format=yuv422p10le'], ['an encoder', args => [qw(-c:v ffv1 -pix_fmt yuv422p10le)]]) {
            my ($name, @how) = @$by;
            my $run = at_runway($sim, in => $clip, @how, options => { output_format => $form });
            is($run->{status}, 0, "wanted by $name: goes well") or diag $run->{err};
            is(video_facts($run->{out})->{pix_fmt}, 'yuv422p10le', "wanted by $name: is what comes out");
            cmp_ok(off_by($run->{out}, 1), '<=', 10, "wanted by $name: each picture in its place");
            cmp_ok(fine_values(luma($run->{out}, 7, 1)), '>', 128 * 96 / 2, "wanted by $name: with all ten bits");
        }
        # frames that pass through have one format
        my $run = at_runway($sim, in => $clip, after => 'format=yuv422p10le', options => { output_format => $form, on_error => 'source' });
        is($run->{status}, 0, 'with on_error=source: goes well') or diag $run->{err};
        is(video_facts($run->{out})->{pix_fmt}, 'yuv422p10le', 'with on_error=source: converted behind the filter');
    };
}

# A full-range source in, a limited format wanted, and the other way round.
subtest 'range' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--result-file' => $DEEP[1][2]);
    for my $case (['yuvj420p', 'yuv422p10le'], ['yuv420p', 'yuvj422p']) {
        my ($in, $out) = @$case;
        my $clip = lossless_clip(size => '128x96', rate => 25, seconds => 2, filter => "format=$in", range => $in =~ /j/ ? 'pc' : 'tv');
        my $run = at_runway($sim, in => $clip, after => "format=$out", options => { output_format => 'prores' });
        is($run->{status}, 0, "$in to $out: goes well") or diag $run->{err};
        my $plain = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $run->{out}, '-vf',
            "select=eq(n\\,7),scale=out_range=tv,format=yuv422p10le,extractplanes=y", qw(-frames:v 1 -f rawvideo -)]);
        my @luma = unpack 'v*', $plain->{out};
        my ($worst) = sort { $b <=> $a } map { abs($luma[48 * 128 + $_] - (64 + 6 * $_ + 7)) } 0 .. 127;
        cmp_ok($worst, '<=', 14, "$in to $out: the picture means what it meant");
    }
};

my $sim = RunwayTest::Simulator->start('--latency' => 0);
subtest 'the forms there are' => sub {
    for my $case (
        [mp4              => '', 'mp4'],
        [prores           => '', 'mov'],
        [prores           => '422 Proxy', 'mov'],
        [prores           => '422', 'mov'],
        [prores           => '422 HQ', 'mov'],
        [prores           => '4444 XQ', 'mov'],
        [sdr_rec709_10bit => '', 'mp4'],
    ) {
        my ($form, $profile, $ending) = @$case;
        my $name = join ' ', $form, $profile || ();
        my %more = $profile ? (body => json({ proresProfile => $profile })) : ();
        for my $format ($profile ? 'yuv422p10le' : qw(yuv420p yuv422p10le)) {
            my $clip = lossless_clip(rate => 24, seconds => 2, filter => "format=$format");
            my $run = at_runway($sim, in => $clip, options => { output_format => $form, %more });
            is($run->{status}, 0, "$name, $format: goes well") or diag $run->{err};
            is(($sim->requests('create'))[-1]{body}{outputFormat}, $form, "$name, $format: is asked for");
            like(($sim->requests('download'))[-1]{path}, qr/\.$ending$/, "$name, $format: and comes");
            is(video_facts($run->{out})->{pix_fmt}, $format, "$name, $format: is what comes out");
            is_deeply(times_of($run->{out}), times_of($clip), "$name, $format: at the source's times");
            my ($psnr) = sort { $a <=> $b } @{ psnr_per_frame($run->{out}, 'null', $clip, 'null') };
            cmp_ok($psnr, '>', 24, "$name, $format: and as it was");
        }
    }
};

subtest 'no video' => sub {
    my $clip = lossless_clip(rate => 24, seconds => 2);
    my $file = spew("$TMP/body.json", '{"outputFormat": "png_sequence"}');
    my $before = () = $sim->requests;
    for my $options ({ output_format => 'png_sequence' }, { body => slurp($file) }, { body_file => $file }) {
        my ($name) = keys %$options;
        error_line($name, at_runway($sim, in => $clip, loglevel => 'error', options => $options),
            qr/png_sequence is an archive of pictures.*mp4, prores and sdr_rec709_10bit can be read/);
    }
    is(scalar(() = $sim->requests), $before, 'nothing was asked for');
    # a form of tomorrow that is none either: paid for, and kept
    my $zip = spew("$TMP/other.zip", "PK\x03\x04" . 'x' x 4000);
    my $other = RunwayTest::Simulator->start('--latency' => 0, '--result-file' => $zip);
    my $run = at_runway($other, in => $clip, loglevel => 'error');
    error_line('an archive that comes unasked', $run, qr/not a readable video/, qr/task \S{36}\b/);
    my $wrong = at_runway($sim, in => $clip, loglevel => 'error', options => { output_format => 'webm' });
    error_line('a form that does not exist', $wrong, qr/outputFormat: Invalid option.*mp4/);
};

subtest 'another shape' => sub {
    my $clip = lossless_clip(size => '320x180', rate => 24, seconds => 4);
    for my $case (['640x360', 0], ['320x176', 0], ['320x320', 1], ['160x320', 1]) {
        my ($size, $warned) = @$case;
        my $other = RunwayTest::Simulator->start('--latency' => 0, '--result-size' => $size);
        my $run = at_runway($other, in => $clip, options => { clip_duration => 2 });
        is($run->{status}, 0, "$size: goes well") or diag $run->{err};
        my $said = () = $run->{err} =~ /^.*clip 1 .*an unexpected shape \(\Q$size\E for 320x180\) and is stretched/mg;
        is($said, $warned, "$size: " . ($warned ? 'is warned of' : 'nothing to warn of'));
        my $again = () = $run->{err} =~ /unexpected shape/g;
        is($again, $warned, "$size: and not for each clip");
        my $facts = video_facts($run->{out});
        is("$facts->{width}x$facts->{height} $facts->{sample_aspect_ratio}", '320x180 1:1', "$size: the output is the input's");
    }
};

done_testing;
