#!/usr/bin/env perl
# Pictures in files as FFmpeg's own encoders write them, GIF to OpenEXR, and raw ones
# that it only reads: as many frames as there are, each at its time and in its place,
# each colour as its opposite (the look `negative`), alpha as it was.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use FilterTest qw(error_line filter_lines);
use Patches;
use RunwayFilm;
use RunwayTest;

my $sim = RunwayTest::Simulator->start('--latency' => 0, '--result-rate' => 'source', '--result-frames' => '+0');
my $FRAMES = 8;
my $filter = 'runway_v2v=prompt=negative:model=aleph2';

sub codecs { return { map { ($_ => 1) } run_cmd([$FFMPEG, '-hide_banner', "-$_[0]"])->{out} =~ /^ V\S+ +(\S+) /mg } }
my ($encoders, $decoders) = (codecs('encoders'), codecs('decoders'));

# The patches, and below them a white block that steps to the right with each frame.
my $BLOCK = $W / $FRAMES;
my $source = spew("$TMP/steps.rgba", join '', map {
    my ($n, $frame) = ($_, picture($W, $H));
    for my $y ($H - $BLOCK .. $H - 1) {
        substr $frame, 4 * ($y * $W + $n * $BLOCK + $_), 3, "\xff\xff\xff" for 0 .. $BLOCK - 1;
    }
    $frame;
} 0 .. $FRAMES - 1);

# The numbers of the frames of a file, by that block: the lightest of its row, or the darkest.
sub steps {
    my ($path, $is_dark, @input) = @_;
    my $raw = "$path.steps";
    convert_all([[@input, '-i', $path], "format=rgb24,scale=$FRAMES:$FRAMES:flags=area,format=gray", [qw(-f rawvideo -fps_mode passthrough), $raw]]);
    return [map {
        my @row = unpack 'C*', substr $_, -$FRAMES;
        (sort { ($row[$b] <=> $row[$a]) * ($is_dark ? -1 : 1) } 0 .. $#row)[0];
    } unpack '(a' . $FRAMES * $FRAMES . ')*', slurp($raw)];
}

# Alpha of all frames. In 8 bits where it has no more, as swscale makes 16 of them in two ways.
sub alphas {
    my ($path, $bits, @input) = @_;
    my ($format, $unpack) = $bits > 8 ? ('rgba64le', '(x6 v)*') : ('rgba', '(x3 C)*');
    convert_all([[@input, '-i', $path], "format=$format", [qw(-f rawvideo -fps_mode passthrough), "$path.rgba"]]);
    return [unpack $unpack, slurp("$path.rgba")];
}

sub rgb_of {
    my ($path, @input) = @_;
    convert_all([[@input, '-i', $path], "scale=$FLAGS,format=rgb24", [qw(-frames:v 1 -f rawvideo), "$path.first"]]);
    return [patches_of("$path.first")];
}

# A file through the filter: input (arguments in front of it), before (a filter), was
# (its patches), alpha (of all its frames), palette_alpha.
sub comes_back {
    my ($name, $path, %opt) = @_;
    my @input = @{ $opt{input} // [] };
    my %run = (input => \@input, before => $opt{before});
    my $plain = filter_film(undef, $path, 'null', %run, args => [qw(-f null)]);
    for my $behind (['ffv1', qw(-c:v ffv1)], ['x264', qw(-c:v libx264 -qp 1 -pix_fmt yuv420p)]) {
        my ($encoder, @args) = @$behind;
        my $run = filter_film($sim, $path, $filter, %run, name => "$name-$encoder.mkv" =~ tr{ /}{--}r,
            args => [@args, qw(-an -fps_mode passthrough -enc_time_base 1/90000)]);
        subtest "$name, $encoder" => sub {
            ends_well($run, 'ends well') or return;
            is(scalar @{ $run->{frames} }, $FRAMES, 'all frames');
            is_deeply(times_of($run), times_of($plain), 'at their times');
            my ($facts, $is) = patches_by_tags($run->{file});
            if (is_rgb($facts->{pix_fmt}) || is_gray($facts->{pix_fmt})) {
                is($encoder, 'ffv1', "$facts->{pix_fmt} is what is wanted");
            } else {
                is("$facts->{color_space} $facts->{color_range}", 'smpte170m tv', 'YUV is tagged');
            }
            if ($opt{palette_alpha}) {
                # what cannot be seen has no colour
                $is->[$_] = [map { 255 - $_ } @{ $opt{was}[$_] }] for 0, 1, 4, 5;
            } else {
                # GIF has hundredths of a second, so that its rate varies
                is(near(steps($run->{file}, 1), [0 .. $FRAMES - 1], $name =~ /GIF/ ? 1 : 0), '', 'in their places');
            }
            cmp_ok(furthest_from_opposite($opt{was}, $is), '<=', $TOLERANCE, 'each patch is its opposite')
                or diag join "\n", map { join ' ', map { sprintf '%.0f', $_ } @{ $opt{was}[$_] }, @{ $is->[$_] } } 0 .. $#PATCHES;
            return if !$opt{alpha} || $encoder ne 'ffv1';
            my ($was, $is_alpha) = ($opt{alpha}, alphas($run->{file}, $opt{bits}));
            is(scalar @$is_alpha, scalar @$was, 'alpha of all frames');
            my $off = grep { $was->[$_] != ($is_alpha->[$_] // -1) } 0 .. $#$was;
            is($off, 0, 'is the source\'s');
        };
    }
}

my $PALETTE = 'split[a][b];[a]palettegen%s[p];[b][p]paletteuse=dither=none';
my @FILES = (
    # name, encoder, what it is given, file
    ['GIF',              'gif',  'format=rgb24,' . sprintf($PALETTE, ''), 'film.gif'],
    ['GIF with alpha',   'gif',  'format=rgba,' . sprintf($PALETTE, '=reserve_transparent=1'), 'alpha.gif'],
    (map { ["APNG, $_", 'apng', "format=$_", "$_.apng"] } qw(rgb24 rgba rgb48be rgba64be gray gray16be ya8)),
    (map { ["PNG, $_",  'png',  "format=$_", "png-$_-%d.png"] } qw(rgb24 rgba rgb48be rgba64be gray gray16be ya8 ya16be monob)),
    ['PNG, pal8',        'png',  'format=rgb24,' . sprintf($PALETTE, ''), 'png-pal8-%d.png'],
    (map { ["TIFF, $_", 'tiff', "format=$_", "tiff-$_-%d.tiff"] } qw(rgb24 rgba rgb48le rgba64le gray gray16le ya8 monob monow)),
    ['TIFF, pal8',       'tiff', 'format=rgb24,' . sprintf($PALETTE, ''), 'tiff-pal8-%d.tiff'],
    (map { ["BMP, $_",  'bmp',  "format=$_", "bmp-$_-%d.bmp"] } qw(bgr24 bgra rgb565le rgb555le gray monob)),
    ['BMP, pal8',        'bmp',  'format=rgb24,' . sprintf($PALETTE, ''), 'bmp-pal8-%d.bmp'],
    (map { ["DPX, $_",  'dpx',  "format=$_", "dpx-$_-%d.dpx"] } qw(rgb24 rgba gbrp10be gbrp12le rgb48be rgba64be gray)),
    (map { ["EXR, $_",  'exr',  "format=$_", "exr-$_-%d.exr"] } qw(gbrpf32le gbrapf32le grayf32le)),
    (map { ["PFM, $_",  'pfm',  "format=$_", "pfm-$_-%d.pfm"] } qw(gbrpf32le grayf32le)),
    ['UT Video with alpha', 'utvideo', 'format=gbrap', 'ut.avi'],
    ['HuffYUV with alpha',  'huffyuv', 'format=bgra',  'huff.avi'],
);

for my $file (@FILES) {
    my ($name, $encoder, $chain, $out) = @$file;
    SKIP: {
        skip "$name: this ffmpeg has no $encoder", 1 if !$encoders->{$encoder} || !$decoders->{$encoder};
        my $path = "$TMP/$out";
        convert_all([raw_input($source, 'rgba'), "scale=$FLAGS,$chain", ['-c:v', $encoder, $out =~ /apng/ ? qw(-f apng -plays 1) : (), $path]]);
        my @input = $out =~ /%d/ ? (qw(-framerate 24)) : ();
        my $has_alpha = $chain =~ /rgba|bgra|gbrap|ya\d|transparent/;
        my $bits = $chain =~ /64|16|32/ ? 16 : 8;
        my %run = (input => \@input, bits => $bits, was => rgb_of($path, @input), palette_alpha => $chain =~ /transparent/ ? 1 : 0,
            $has_alpha ? (alpha => alphas($path, $bits, @input)) : ());
        # colours that are multiplied by alpha, which FFmpeg 8.1 and later do and undo
        $run{was} = \@PATCHES if $out =~ /gbrapf32/;
        # as DPX is tagged by FFmpeg before 8, and floating point is where it is not tagged
        my $light = run_cmd([$FFPROBE, qw(-v error -show_entries stream=color_transfer -of csv=p=0), @input, $path])->{out};
        if ($light =~ /linear/ || $encoder =~ /exr|pfm/) {
            my $creates = $sim->requests('create');
            my $run = filter_film($sim, $path, $filter, input => \@input);
            isnt($run->{status}, 0, "$name: linear light is refused");
            like($run->{err}, qr/(treated|tagged) as linear light.*zscale=t=bt709.*setparams=color_trc=bt709/, '... with the cure');
            is($sim->requests('create') - $creates, 0, '... before anything is paid for');
            $run{before} = 'setparams=color_trc=bt709';
        }
        comes_back($name, $path, %run);
    }
}

# --- raw, in formats that FFmpeg reads and does not write ---------------------------------

sub read_only { return map { /^I\.\S+\s+(\w+)/ ? $1 : () } split /\n/, run_cmd([$FFMPEG, qw(-hide_banner -v error -pix_fmts)])->{out} }

my @RGBA = unpack 'C*', slurp($source);
my $PIXELS = $W * $H * $FRAMES;

# The components of all pixels, 0 to 1: packed, or plane by plane of each frame.
sub components {
    my ($is_planar, @order) = @_;
    my @all = map { my $c = $_; [map { $RGBA[4 * $_ + $c] / 255 } 0 .. $PIXELS - 1] } @order;
    return map { my $n = $_; map { $_->[$n] } @all } 0 .. $PIXELS - 1 if !$is_planar;
    my $area = $W * $H;
    return map { my $n = $_ * $area; map { @$_[$n .. $n + $area - 1] } @all } 0 .. $FRAMES - 1;
}

# Half a float, of 0 to 1.
sub half {
    my ($value) = @_;
    return 0 if !$value;
    my $exponent = 0;
    ($value, $exponent) = ($value * 2, $exponent - 1) while $value < 1;
    return ($exponent + 15 << 10) + int(($value - 1) * 1024 + 0.5);
}

sub floats {
    my ($kind, $bits, $end) = @_;
    my $arrow = $end eq 'le' ? '<' : '>';
    my %order = (rgb => [0, 1, 2], rgba => [0 .. 3], gbrp => [1, 2, 0], gbrap => [1, 2, 0, 3], gray => [1], ya => [1, 3]);
    my @numbers = components(scalar $kind =~ /p$/, @{ $order{$kind} });
    return $bits == 32 ? pack "(f$arrow)*", @numbers : pack "(S$arrow)*", map { half($_) } @numbers;
}

# The place in a Bayer pattern of each colour.
sub bayer {
    my ($order, $bits, $end) = @_;
    my @of = map { index 'rgb', $_ } split //, $order;
    return pack $bits == 8 ? 'C*' : $end eq 'le' ? 'v*' : 'n*', map {
        my ($x, $y) = ($_ % $W, int($_ / $W) % $H);
        $RGBA[4 * $_ + $of[2 * ($y % 2) + $x % 2]] * ($bits == 8 ? 1 : 257);
    } 0 .. $PIXELS - 1;
}

# Packed as the order says, out of the planes that FFmpeg does write.
sub packed {
    my ($planar, $unpack, $chroma_width, $order, $shift) = @_;
    convert_all([raw_input($source, 'rgba'), "scale=$FLAGS:out_color_matrix=bt601:out_range=tv,format=$planar", [qw(-f rawvideo), "$TMP/$planar.planes"]]);
    my ($area, $step) = ($W * $H, $W / $chroma_width);
    my @all = unpack "$unpack*", slurp("$TMP/$planar.planes");
    my @packed;
    while (my @y = splice @all, 0, $area) {
        my %plane = (Y => \@y, U => [splice @all, 0, $area / $step], V => [splice @all, 0, $area / $step]);
        push @packed, map { (shift @{ $plane{$_} }) << $shift } (split //, $order) x ($area / $step);
    }
    return pack "$unpack*", @packed;
}

sub write_raw {
    my ($format) = @_;
    return floats($1, $2, $3) if $format =~ /^(rgba?|gbra?p|gray|ya)f(16|32)(le|be)$/;
    return bayer($1, $2, $3 // '') if $format =~ /^bayer_([rgb]{4})(8|16)(le|be)?$/;
    return packed('yuv422p10le', 'v', $W / 2, 'YUYV', 6) if $format eq 'y210le';
    return packed('yuv411p', 'C', $W / 4, 'UYYVYY', 0) if $format eq 'uyyvyy411';
    return;
}

for my $format (sort { $a cmp $b } grep { $_ ne 'pal8' } read_only()) {
    my $raw = write_raw($format);
    if (!defined $raw) {
        fail("$format: this test knows how to write it");
        next;
    }
    my $path = spew("$TMP/$format.raw", $raw);
    my @input = @{ raw_input($path, $format) };
    splice @input, -2;
    comes_back($format, $path, input => \@input, was => rgb_of($path, @input), before => $format =~ /f(16|32)/ ? 'setparams=color_trc=bt709'
        : $format =~ /bayer/ ? undef : 'setparams=colorspace=smpte170m:range=tv');
}

done_testing;
