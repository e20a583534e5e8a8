#!/usr/bin/env perl
# Pictures as they come: each comes out as it went in, or is refused before
# anything is paid.
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

my @exact = ('--result-rate' => 'source', '--result-frames' => '+0');
my $sim = RunwayTest::Simulator->start('--latency' => 0.1, @exact);
my $aleph2 = 'runway_v2v=prompt=echo:model=aleph2';
my $gen4 = 'runway_v2v=prompt=echo:model=gen4_aleph';

# Mean PSNR of luma and of chroma of two files.
sub psnr {
    my ($one, $two) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -i), $one, '-i', $two,
        '-lavfi', 'settb=AVTB,setpts=N,format=yuv420p[a];[1:v]settb=AVTB,setpts=N,format=yuv420p[b];[a][b]psnr', qw(-f null -)]);
    my ($y, $u, $v) = $run->{err} =~ /PSNR y:(\S+) u:(\S+) v:(\S+)/ or diag $run->{err};
    return map { ($_ // 0) eq 'inf' ? 99 : $_ // 0 } $y, $u, $v;
}

# A film of moving things: shape and colours can be compared.
sub moving_film {
    my (%opt) = @_;
    # What is not tagged means BT.601 at these sizes.
    return make_clip(frames => 26, matrix => 'smpte170m', codec => [qw(-c:v ffv1)], name => ($opt{name} // 'moving') . '.nut', %opt);
}

# --- what comes out as it went in ------------------------------------------------------

for (
    # name, film, filter, least PSNR
    ['PAL 720x576 with SAR 16:15', { size => '720x576', rate => 25, filter => 'setsar=16/15', matrix => 'smpte170m' }, $aleph2, 30],
    ['PAL 720x576 with SAR 64:45', { size => '720x576', rate => 25, filter => 'setsar=64/45', matrix => 'smpte170m' }, $gen4, 30],
    ['NTSC 720x480 with SAR 8:9',  { size => '720x480', rate => '30000/1001', filter => 'setsar=8/9', matrix => 'smpte170m' }, $gen4, 30],
    ['vertical 180x320',           { size => '180x320' }, $gen4, 28],
    ['vertical 180x320',           { size => '180x320' }, $aleph2, 28],
    ['square 200x200',             { size => '200x200' }, $gen4, 28],
    ['scope 480x200, padded',      { size => '480x200' }, "$gen4:ratio='1280\\:720'", 28],
    ['scope 480x200, stretched',   { size => '480x200' }, "$gen4:ratio='1280\\:720':fit=stretch", 28],
    ['odd 321x181',                { size => '322x182', filter => 'format=yuv444p,crop=321:181:0:0:exact=1' }, $aleph2, 28],
    ['odd 321x181',                { size => '322x182', filter => 'format=yuv420p,crop=321:181:0:0:exact=1' }, $gen4, 25],
    ['tiny 32x18',                 { size => '32x18' }, $aleph2, 20],
    ['10 bit 4:2:2',               { filter => 'format=yuv422p10le' }, $aleph2, 28],
    ['10 bit 4:2:0',               { filter => 'format=yuv420p10le' }, $gen4, 28],
    ['10 bit 4:4:4',               { filter => 'format=yuv444p10le' }, $aleph2, 28],
    ['full range',                 { range => 'pc' }, $aleph2, 28, 'setparams=range=pc'],
    ['full range by name',         { filter => 'format=yuvj420p', range => 'pc', codec => [qw(-c:v mjpeg -q:v 2)] }, $aleph2, 28,
        undef, 'format=yuvj420p'], # FFV1 wants none, and gets limited range then
    ['BT.709, tagged',             { matrix => 'bt709' }, $aleph2, 28,
        'setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709'],
) {
    my ($name, $opt, $filter, $least, $before, $after) = @$_;
    my ($model) = $filter =~ /model=(\w+)/;
    my $film = moving_film(%$opt);
    my $run = filter_film($sim, $film, $filter, before => $before, after => $after);
    subtest "$name, $model" => sub {
        ends_well($run, 'ends well') or return;
        my $wanted = filter_film(undef, $film, 'null', before => $before, after => $after);
        is_deeply(times_of($run), times_of($wanted), 'the same times');
        for my $what (qw(size sar format)) {
            is($run->{frames}[0]{$what}, $wanted->{frames}[0]{$what}, "the same $what");
        }
        my ($was, $is) = map { probe($_->{file})->{video} } $wanted, $run;
        is(join(' ', map { $is->{$_} // 'none' } qw(pix_fmt color_range color_space color_transfer color_primaries)),
            join(' ', map { $was->{$_} // 'none' } qw(pix_fmt color_range color_space color_transfer color_primaries)),
            'the same colour tags');
        my @psnr = psnr($wanted->{file}, $run->{file});
        cmp_ok($psnr[0], '>', $least, 'the same picture') or diag "PSNR @psnr";
        cmp_ok($psnr[1], '>', $least, 'the same colours') or diag "PSNR @psnr";
    };
}

# --- cropped on purpose -----------------------------------------------------------------

{
    my $film = moving_film(size => '480x200');
    my $run = filter_film($sim, $film, "$gen4:ratio='960\\:960':fit=crop:size=200x200");
    my $wanted = filter_film(undef, $film, 'crop=200:200');
    subtest 'fit=crop' => sub {
        ends_well($run, 'ends well') or return;
        is($run->{frames}[0]{size}, '200x200', 'the size that was asked for');
        my @psnr = psnr($wanted->{file}, $run->{file});
        cmp_ok($psnr[0], '>', 25, 'the middle of the picture') or diag "PSNR @psnr";
    };
}
for (['size=generated', '1280x720'], ['size=640x360', '640x360']) {
    my ($option, $size) = @$_;
    my $run = filter_film($sim, moving_film(), "$gen4:$option");
    ends_well($run, $option);
    is($run->{frames}[0]{size}, $size, '... has that size');
}

# --- captions ---------------------------------------------------------------------------

# No encoder here writes captions, so they are put into a H.264 stream: a SEI
# with ITU-T T.35 user data, one for each picture.
{
    my $plain = make_clip(name => 'plain.h264', frames => 26, codec => [qw(-c:v libx264 -bf 0 -x264-params sliced-threads=0:slices=1:aud=1)],
        args => [qw(-f h264)]);
    my $stream = slurp($plain);
    my $n = 0;
    $stream =~ s/(\x00\x00\x01\x09.)/$1 . sei($n++)/ges;
    my $film = spew("$TMP/captions.h264", $stream);
    is($n, 26, 'captions on each picture');
    my $wanted = filter_film(undef, $film, 'null', input => [qw(-framerate 24)]);
    my $run = filter_film($sim, $film, $aleph2, input => [qw(-framerate 24)]);
    my @had = map { $_->{text} =~ /closed captions/i ? 1 : 0 } @{ $wanted->{frames} };
    my @has = map { $_->{text} =~ /closed captions/i ? 1 : 0 } @{ $run->{frames} };
    is((grep { $_ } @had), 26, 'the source shows them');
    ends_well($run, 'captions: ends well');
    is("@has", "@had", 'captions travel with their frames');
    # libx264 writes those of each frame beside it again
    $run = filter_film($sim, $film, "$aleph2", input => [qw(-framerate 24)], name => 'captions-out.h264',
        args => [qw(-an -fps_mode passthrough -c:v libx264 -bf 0 -f h264)]);
    my @numbers = map { ord($_) - 0x20 } slurp($run->{file}) =~ /GA94\x03..\xFC(.)/gs;
    is("@numbers", join(' ', 0 .. 25), 'each with its own');
    # two generated frames of one of the source
    my $faster = RunwayTest::Simulator->start('--latency' => 0.1, '--result-rate' => 24);
    $run = filter_film($faster, $film, "$aleph2:timing=native", before => "setpts=2*PTS");
    cmp_ok(scalar @{ $run->{frames} }, '>', 45, 'native: frames of twice the rate');
    cmp_ok((grep { $_->{text} =~ /closed captions/i } @{ $run->{frames} }), '<=', 26, '... have captions once');
}

sub sei {
    my ($n) = @_;
    my $cc = pack 'C3', 0xFC, 0x20 + $n, 0x41;
    my $payload = pack('C n a4 C C C', 0xB5, 0x31, 'GA94', 3, 0x41, 0xFF) . $cc . "\xFF";
    return "\0\0\0\1\x06\x04" . chr(length $payload) . $payload . "\x80";
}

# --- orientation and key frames -----------------------------------------------------------

{
    my $film = make_clip(name => 'upright.mp4', frames => 30, codec => [qw(-c:v libx264 -preset ultrafast -g 8 -bf 0)]);
    # a quarter turn on each picture: where it comes and goes, ffmpeg builds its graph anew
    my $turn = "\0\0\0\1\x06\x2F\x03\x08\0\x14\x80";
    my $turned = spew("$TMP/turned.h264", slurp("$TMP/plain.h264") =~ s/(\x00\x00\x01\x09.)/$1$turn/gsr);
    my ($null, $run) = map { filter_film($_ eq 'null' ? undef : $sim, $turned, $_, input => ['-noautorotate']) } 'null', $aleph2;
    like($null->{frames}[0]{text}, qr/displaymatrix/, 'the source says so');
    like($run->{frames}[0]{text}, qr/displaymatrix/, 'and so does the output');
    for my $case (['-force_key_frames source', '0 8 16 24', qw(-force_key_frames source)], ['without it', '0']) {
        my ($name, $keys, @args) = @$case;
        $run = filter_film($sim, $film, $aleph2, name => 'keys.mp4', args => [qw(-an -c:v libx264 -preset ultrafast -g 999 -sc_threshold 0 -bf 0), @args]);
        ends_well($run, "$name: ends well") or next;
        my @packets = split /\n/, run_cmd([$FFPROBE, qw(-v error -select_streams v -show_entries packet=flags -of csv=p=0), $run->{file}])->{out};
        is(join(' ', grep { $packets[$_] =~ /K/ } 0 .. $#packets), $keys, "$name: key frames");
    }
}

# --- what is refused before anything is paid ----------------------------------------------

for (
    ['HLG', { filter => 'format=yuv420p10le' }, [qw(-color_trc arib-std-b67)], $aleph2, qr/HDR \(arib-std-b67\).*tone-map/],
    ['PQ',  { filter => 'format=yuv420p10le' }, [qw(-color_trc smpte2084)], $aleph2, qr/HDR \(smpte2084\).*tone-map/],
    ['1080i', { size => '1920x1080', frames => 3, filter => 'setfield=tff', matrix => 'bt709' }, [qw(-field_order tt)], $aleph2, qr/interlaced; deinterlace first, e\.g\. bwdif/],
    ['fit=crop of another shape', { size => '480x200' }, [], "$gen4:ratio=nonsense", qr/ratio=nonsense: model gen4_aleph supports/],
) {
    my ($name, $opt, $args, $filter, $message) = @$_;
    my $sent = $sim->requests('create');
    my %tags = @$args;
    my $film = moving_film(%$opt);
    my $run = filter_film($sim, $film, $filter, before => join(',',
        $name =~ /1080i/ ? 'setfield=tff' : (), $tags{-color_trc} ? "setparams=color_trc=$tags{-color_trc}" : ()) || undef);
    isnt($run->{status}, 0, "$name is refused");
    like($run->{err}, $message, '... with the reason');
    is($sim->requests('create') - $sent, 0, '... before anything is paid');
}
{
    my $film = moving_film(size => '320x180');
    my $run = filter_film($sim, $film, "$aleph2:interlaced=warn", before => 'setfield=tff');
    ends_well($run, 'interlaced=warn goes on');
    like($run->{err}, qr/the input is interlaced/, '... with a warning');
    my @marked = grep { $_->{text} =~ / i:[TB] / } @{ $run->{frames} };
    is(scalar @marked, 0, '... and what was generated is progressive');
}
{
    my $film = moving_film(size => '320x180');
    my $run = filter_film($sim, $film, $aleph2, before => 'interlace,bwdif=mode=send_field');
    ends_well($run, 'bwdif in front');
}

done_testing;
