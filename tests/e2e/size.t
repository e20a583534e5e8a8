#!/usr/bin/env perl
# That the output's size, shape of pixels, rate and tags are what was asked
# for, and that what is sent is what the provider likes, whatever comes in.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
my %GEN4 = map { ($_ => 1) } qw(1280:720 720:1280 1104:832 960:960 832:1104 1584:672 848:480 640:480);

sub upload_fits {
    my ($name, $create, $rate) = @_;
    my $clip = $create->{clip};
    is($clip->{codec}, 'h264', "$name: sent as H.264");
    like($clip->{format}, qr/mp4/, "$name: in MP4");
    is($clip->{pix_fmt}, 'yuv420p', "$name: sent as yuv420p");
    is($clip->{sar}, '1:1', "$name: with square pixels");
    is($clip->{width} % 2 + $clip->{height} % 2, 0, "$name: of even size");
    ok($clip->{constant_rate}, "$name: at a constant rate");
    is($clip->{r_frame_rate}, $rate, "$name: which is the source's") if $rate;
    cmp_ok($clip->{start}, '==', 0, "$name: from zero");
    is($clip->{audio_streams}, 0, "$name: without sound");
    is($clip->{video_streams}, 1, "$name: one picture stream");
    cmp_ok($clip->{duration}, '>=', 1, "$name: no shorter than the model takes");
    cmp_ok($clip->{duration}, '<=', 5.001, "$name: no longer");
}

my @CASES = (
    # size, SAR, ratio that is nearest
    ['320x180', '1/1',   '1280:720'],
    ['180x320', '1/1',   '720:1280'],
    ['160x120', '1/1',   '640:480'],
    ['144x144', '1/1',   '960:960'],
    ['720x576', '16/15', '1104:832'], # 640:480 is a hair nearer, and too small
    ['720x576', '64/45', '1280:720'],
    ['720x480', '8/9',   '640:480'],
    ['161x121', '1/1',   '640:480'],
    ['321x179', '1/1',   '1280:720'],
    ['256x108', '1/1',   '1584:672'],
    ['400x100', '1/1',   '1584:672'],
    ['100x400', '1/1',   '720:1280'],
);
for my $case (@CASES) {
    my ($size, $sar, $ratio) = @$case;
    my $name = "$size SAR $sar";
    subtest $name => sub {
        my $rate = $size eq '720x480' ? '30000/1001' : 25;
        my $clip = lossless_clip(size => $size, frames => 6, rate => $rate, filter => "setsar=$sar");
        my $run = ok_filter($sim, $name, in => $clip, options => { prompt => 'echo' });
        my ($before, $after) = map { video_facts($_) } $clip, $run->{out};
        is_deeply($after, $before, 'size, SAR, rate, format and tags are the source\'s');
        my ($create) = reverse $sim->requests('create');
        ok($GEN4{ $create->{body}{ratio} }, 'a ratio of the model');
        is($create->{body}{ratio}, $ratio, 'the nearest to the picture\'s shape');
        upload_fits($name, $create, $rate =~ m{/} ? $rate : "$rate/1");
        # padded on the way there and cropped on the way back, the picture is
        # where it was: the same, but for the two encodings
        my ($psnr) = sort { $a <=> $b } @{ psnr_per_frame($run->{out}, 'null', $clip, 'null') };
        cmp_ok($psnr, '>', 21, 'the picture is in its place');
    };
}

# 160 of these pixels are more square ones than an int has room for.
subtest 'pixels of a shape that none has' => sub {
    my $clip = lossless_clip(size => '160x120', frames => 6);
    for my $case (['20000000', '1584:672'], ['1/20000000', '720:1280']) {
        my ($sar, $ratio) = @$case;
        for my $options ({}, { size => 'generated' }, { size => 'generated', fit => 'crop' }, { fit => 'crop' }) {
            my $name = join ' ', "SAR $sar", map { "$_=$options->{$_}" } sort keys %$options;
            ok_filter($sim, $name, in => $clip, before => "setsar=$sar:max=2000000000", options => { prompt => 'echo', %$options },
                args => [qw(-f null)], out => '-');
            my ($create) = reverse $sim->requests('create');
            is($create->{body}{ratio}, $ratio, "$name: the nearest shape");
        }
    }
};

subtest 'rates' => sub {
    for my $case (['30000/1001', '30000/1001'], [24, '24/1'], ['12', '12/1']) {
        my ($rate, $want) = @$case;
        my $clip = lossless_clip(seconds => 1, rate => $rate);
        my $run = ok_filter($sim, "rate $rate", in => $clip, options => { prompt => 'echo' });
        my ($create) = reverse $sim->requests('create');
        upload_fits("rate $rate", $create, $want);
        is(video_facts($run->{out})->{r_frame_rate}, video_facts($clip)->{r_frame_rate}, "rate $rate: and so is the output's");
    }
    my $run = ok_filter($sim, 'no rate', in => lossless_clip(as => 'nut', seconds => 1.3, rate => 20), options => { prompt => 'echo' },
        before => "settb=1/1000,setpts='1000*(N+0.4*mod(N\\,3))/20'");
    my ($create) = reverse $sim->requests('create');
    upload_fits('variable rate', $create);
};

subtest 'size=' => sub {
    my $clip = lossless_clip(size => '160x120', frames => 6);
    my $anamorphic = lossless_clip(size => '144x120', frames => 6, filter => 'setsar=10/9');
    for my $case (
        # clip, options, size, SAR
        [$clip, { size => '320x240' },       '320x240', '1:1'],
        [$clip, { size => '97x73' },         '97x73',   '7081:7081'],
        [$clip, { size => 'qqvga' },         '160x120', '1:1'],
        [$clip, { size => 'generated' },     '640x480', '1:1'],
        [$clip, { size => 'generated', ratio => '960:960', fit => 'crop' }, '960x960', '1:1'],
        [$clip, { size => 'generated', ratio => '1280:720' }, '1280x720', '3:4'],
        [$clip, { size => 'generated', ratio => '720:1280', fit => 'stretch' }, '720x1280', '64:27'],
        [$anamorphic, { size => 'generated' }, '640x480', '1:1'],
        [$anamorphic, { size => '288x240' },   '288x240', '10:9'],
        [$anamorphic, { size => '160x120' },   '160x120', '1:1'],
    ) {
        my ($in, $options, $size, $sar) = @$case;
        my $name = join ' ', map { "$_=$options->{$_}" } sort keys %$options;
        my $run = ok_filter($sim, $name, in => $in, options => { prompt => 'echo', %$options });
        my $v = video_facts($run->{out});
        is("$v->{width}x$v->{height}", $size, "$name: is $size");
        my $plan = video_facts(ok_filter($sim, "$name, a plan", in => $in, options => { prompt => 'echo', %$options, dry_run => 1 })->{out});
        is("$plan->{width}x$plan->{height} $plan->{sample_aspect_ratio}", "$v->{width}x$v->{height} $v->{sample_aspect_ratio}",
            "$name: what passes has that size and shape in a plan, too");
        if ($sar ne '7081:7081') {
            is($v->{sample_aspect_ratio}, $sar, "$name: SAR");
        } else {
            # of a size that is not quite the shape, the pixels make up for it
            my ($x, $y) = split /:/, $v->{sample_aspect_ratio};
            cmp_ok(abs(97 * $x / $y / 73 - 4 / 3), '<', 0.01, "$name: the shape of the picture stays");
        }
        is_deeply(times_of($run->{out})->[-1] =~ s/,\d+$//r, times_of($in)->[-1] =~ s/,\d+$//r, "$name: times are the source's");
    }
    # a plan is refused with the same words, and both before anything is sent
    my $before = $sim->requests('create');
    for my $case (
        [qr/size: "tiny" is neither WxH nor generated/,                    size => 'tiny'],
        [qr/size: with enable or on_error=source.*input's size 160x120$/m, size => '320x240', enable => 'lt(t,2)'],
        [qr/size: with enable or on_error=source.*input's size 160x120$/m, size => '320x240', on_error => 'source'],
        [qr/Picture size 50000x50000 is invalid/,                          size => '50000x50000'],
    ) {
        my ($says, %options) = @$case;
        my $name = join ' ', map { "$_=$options{$_}" } sort keys %options;
        my @said = map {
            my $run = run_filter($sim, in => $clip, options => { prompt => 'echo', dry_run => $_, %options }, loglevel => 'error');
            ok($run->{status} > 0, "$name: an error" . ($_ ? ' of the plan too' : ''));
            join "\n", map { s/ @ \w+//gr } grep { /^\[(?:Parsed_)?runway_v2v/ } split /\n/, $run->{err};
        } 0, 1;
        like($said[0], $says, "$name: says why");
        is($said[1], $said[0], "$name: and the plan says the same");
    }
    is($sim->requests('create') - $before, 0, 'nothing is sent');
};

subtest 'fit=' => sub {
    my $clip = lossless_clip(size => '240x120', frames => 6);
    for my $fit (qw(pad crop stretch)) {
        my $run = ok_filter($sim, $fit, in => $clip, options => { prompt => 'echo', fit => $fit, ratio => '960:960' });
        is((grep { /^fit=crop: .* is cropped once more; size=generated/ } filter_lines($run)), $fit eq 'crop' ? 1 : 0,
            "$fit: what that means is " . ($fit eq 'crop' ? 'reported' : 'known'));
        my ($create) = reverse $sim->requests('create');
        my ($w, $h) = @{ $create->{clip} }{qw(width height)};
        cmp_ok(abs($w / $h - 1), '<', 0.03, "$fit: a square is sent") if $fit ne 'stretch';
        my $v = video_facts($run->{out});
        is("$v->{width}x$v->{height} $v->{sample_aspect_ratio}", '240x120 1:1', "$fit: the output is the input's size");
        my ($psnr) = sort { $a <=> $b } @{ psnr_per_frame($run->{out}, 'null', $clip, 'null') };
        cmp_ok($psnr, $fit eq 'crop' ? '<' : '>', 19, "$fit: the whole picture is " . ($fit eq 'crop' ? 'not ' : '') . 'there');
    }
    for my $size ('generated', '100x100') {
        my $run = ok_filter($sim, "crop to $size", in => $clip,
            options => { prompt => 'echo', fit => 'crop', ratio => '960:960', size => $size });
        is((grep { /cropped once more/ } filter_lines($run)), 0, "crop to $size: nothing more is cropped");
    }
};

subtest 'formats' => sub {
    for my $format (qw(yuv420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le)) {
        my $clip = lossless_clip(frames => 6, filter => "format=$format");
        my $run = ok_filter($sim, $format, in => $clip, options => { prompt => 'echo' });
        is(video_facts($run->{out})->{pix_fmt}, $format, "$format comes out as it went in");
    }
};

subtest 'what is too large is sent smaller' => sub {
    my $small = RunwayTest::Simulator->start('--latency' => 0.2);
    my $clip = make_clip(size => '640x480', seconds => 2, rate => 24, filter => 'noise=alls=60:allf=t', codec => [qw(-c:v mpeg4 -q:v 2)],
        name => 'noise.mp4');
    my $run = ok_filter($small, 'noise', in => $clip, options => { prompt => 'echo' });
    my ($create) = $small->requests('create');
    is($create->{status}, 200, 'accepted');
    cmp_ok($create->{body_bytes}, '<', 5_242_880 + 4096, 'the data URI is within the limit');
    is((grep { /reduced to [\d.]+ MB/ } filter_lines($run)), 1, 'and it is reported once');
    is(scalar @{ packets($run->{out}, 'v:0') }, scalar @{ packets($clip, 'v:0') }, 'with all frames');
};

done_testing;
