#!/usr/bin/env perl
# That a clip is the same clip, and so not bought again, whatever stands behind
# the filter, whatever container the film comes in and whatever the processor
# can do. Seen in the plan: dry_run writes each clip's identity to log_path.
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

my $ENV_OF_RUN = { COMETAPI_KEY => 'k', XDG_STATE_HOME => "$TMP/state" };

sub make {
    my ($name, $filter, @args) = @_;
    my $path = "$TMP/$name";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), $filter, @args, $path]);
    die "cannot make $name: $run->{err}\n" if $run->{status};
    return $path;
}

# The identities of a film's clips, as a plan has them.
sub identities {
    my ($path, %opt) = @_;
    my $log = "$TMP/plan-" . ++our $plans . '.jsonl';
    my @filters = grep { defined } $opt{before}, filter_graph(model => 'aleph2', prompt => 'x', dry_run => 1, provider => 'cometapi',
        clip_duration => 2, log_path => $log, %{ $opt{options} || {} });
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -y -v error), @{ $opt{global} || [] }, @{ $opt{input} || [] }, '-i', $path,
        '-vf', join(',', @filters), @{ $opt{args} || [qw(-f null)] }, $opt{out} // '-'], env => $ENV_OF_RUN);
    is($run->{status}, 0, 'ffmpeg ends well') or diag $run->{err};
    return join ' ', map { $_->{identity} } grep { $_->{event} eq 'planned' } map { decode($_) } split /\n/, slurp($log);
}

# What takes YUV of some kinds, of others, and RGB.
my %BEHIND = (
    x264   => [[qw(-c:v libx264)], 'out.mkv'],
    prores => [[qw(-c:v prores_ks)], 'out.mov'],
    ffv1   => [[qw(-c:v ffv1)], 'ffv1.mkv'],
    mjpeg  => [[qw(-c:v mjpeg)], 'out.avi'],
    png    => [[qw(-c:v png)], 'png.mov'],
);

for my $format (qw(yuv420p rgb24 gbrp12le nv12 p010le gray yuv422p12le yuva444p10le rgba yuvj420p yuv411p)) {
    subtest "$format, whatever stands behind" => sub {
        my $film = make("$format.nut", "testsrc2=s=128x96:r=24:d=3,format=$format", qw(-c:v rawvideo));
        my %seen = map { ($_ => identities($film, args => $BEHIND{$_}[0], out => "$TMP/$BEHIND{$_}[1]")) } sort keys %BEHIND;
        my ($first) = map { $seen{$_} } 'x264';
        like($first, qr/^\w{64} \w{64}$/, 'two clips');
        is($seen{$_}, $first, "the same with $_") for sort keys %seen;
        is(identities($film, global => [qw(-cpuflags 0)]), $first, 'the same without any vectors');
    };
}

subtest 'what ffmpeg converts in front' => sub {
    for my $format (qw(pal8 rgb565le monow gbrpf32le)) {
        my $film = make("$format.nut", "testsrc2=s=128x96:r=24:d=3,format=" . ($format eq 'pal8' ? 'rgb8' : $format), qw(-c:v rawvideo));
        my $first = identities($film, before => 'setparams=color_trc=bt709', args => $BEHIND{x264}[0], out => "$TMP/out.mkv");
        is(identities($film, before => 'setparams=color_trc=bt709', args => $BEHIND{$_}[0], out => "$TMP/$BEHIND{$_}[1]"), $first, "$format: the same with $_") for qw(ffv1 prores);
    }
    for my $format (qw(yuv420p nv12 rgb24 yuv422p10le yuva444p gray)) {
        my $film = make("scaled-$format.nut", "testsrc2=s=256x192:r=24:d=3,format=$format", qw(-c:v rawvideo));
        my %seen = map { ($_ => identities($film, before => 'scale=128:96', args => $BEHIND{$_}[0], out => "$TMP/$BEHIND{$_}[1]")) } sort keys %BEHIND;
        like($seen{x264}, qr/^\w{64} \w{64}$/, "scale in front of $format: two clips");
        is($seen{$_}, $seen{x264}, "... the same with $_") for sort keys %seen;
    }
};

# What was bought under these names is found again as long as they stay: the default
# seed is in them, even where the model has no seeds and none is sent.
subtest 'as they have been' => sub {
    my $film = spew("$TMP/gray.raw", chr(128) x (320 * 240 * 3 / 2) x 96);
    my @raw = (input => [qw(-f rawvideo -s 320x240 -r 12 -pix_fmt yuv420p)]);
    my %known = (
        aleph2            => 'b9b234d79087d5556459417c1b184bbe7a93ac0f4d5f941831acf119279e317a',
        gemini_omni_flash => 'db8e9659062c111cc993ea7a6bd42be03d748b1c90cd870f184a25486dba5b21',
    );
    for my $model (sort keys %known) {
        my %options = (model => $model, clip_duration => 4);
        is(identities($film, @raw, options => \%options), "$known{$model} $known{$model}", $model);
        next if $model eq 'aleph2';
        my $commands = spew("$TMP/seed.txt", "1.0 runway_v2v seed -1;\n5.0 runway_v2v seed 1;\n");
        is(identities($film, @raw, options => \%options, before => "sendcmd=f=$commands"), "$known{$model} $known{$model}", '... whatever seed is commanded');
    }
};

subtest 'alpha is no part of it' => sub {
    for my $format (qw(rgba yuva420p gbrap ya8 rgba64le)) {
        my @films = map { make("alpha-$_.nut", "testsrc2=s=128x96:r=24:d=3,format=rgba,colorchannelmixer=aa=$_,format=$format", qw(-c:v rawvideo)) } 0.25, 0.75;
        my @seen = map { identities($_) } @films;
        is($seen[1], $seen[0], "$format: other alpha, the same clips");
    }
};

subtest 'nor are bits that mean nothing' => sub {
    # which byte of a pixel, and its bits without meaning
    my %unused = (rgb0 => [3, 0xff], bgr0 => [3, 0xff], '0rgb' => [0, 0xff], '0bgr' => [0, 0xff], x2rgb10le => [3, 0xc0]);
    for my $format (sort keys %unused) {
        my ($byte, $bits) = @{ $unused{$format} };
        my @pixels = map { [map { $_ * 37 % 256 } $_ .. $_ + 3] } 1 .. 32 * 16;
        my %seen;
        for my $what (['none', $byte, 0], ['other bits', $byte, $bits], ['another picture', $byte ^ 1, 1]) {
            my ($name, $at, $flip) = @$what;
            my $frame = join '', map { my @p = @$_; $p[$at] ^= $flip; pack 'C4', @p } @pixels;
            $seen{$name} = identities(spew("$TMP/unused.raw", $frame x 48), input => [qw(-f rawvideo -s 32x16 -r 24 -pix_fmt), $format]);
        }
        is($seen{'other bits'}, $seen{none}, "$format: other bits, the same clips");
        isnt($seen{'another picture'}, $seen{none}, "$format: another picture, other clips");
    }
};

for my $rate ('60000/1001', '24000/1001', '30000/1001', 25, 50) {
    subtest "$rate fps, remuxed" => sub {
        my $film = make('rate.mp4', "testsrc2=s=128x96:r=$rate:d=5", qw(-c:v libx264 -bf 0 -qp 20));
        my $first = identities($film);
        like($first, qr/^\w{64}/, 'there are clips');
        for my $as (qw(mkv avi mov ts)) {
            my $again = "$TMP/rate.$as";
            for my $given ([], ['-r', $rate]) {
                my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y), @$given, '-i', $film, qw(-c copy), @$given, $again]);
                die "cannot remux: $run->{err}\n" if $run->{status};
                # FFmpeg 7.1 and later round the times in an AVI to a 600th of a second unless they are told the rate:
                # such a file holds 60 fps, and nothing in it says that these were 59.94
                last if abs(eval(probe($again)->{video}{r_frame_rate}) / eval($rate) - 1) < 5e-4;
            }
            is(identities($again), $first, "the same clips in $as");
        }
        is(identities("$TMP/rate.mkv", input => [], global => [qw(-cpuflags 0)]), $first, 'and without any vectors');
    };
}

done_testing();
