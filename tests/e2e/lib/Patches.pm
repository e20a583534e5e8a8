# Patches of known colours, whose opposites the look `negative` makes: how they are
# written, and how what comes of them is read, by the tags of a file and by nothing
# that ffmpeg would guess.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package Patches;
use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use FilterTest;
use RunwayTest;

our @EXPORT = qw($W $H @PATCHES $TOLERANCE $FLAGS %MATRIX picture write_picture is_rgb is_gray has_alpha is_yuv
    convert_all raw_input patches_of furthest_from_opposite film patches_by_tags right_patches);

our ($W, $H) = (64, 64);

# No colour whose opposite is out of gamut in 4:2:0, nor one near a clip.
our @PATCHES = ([200, 60, 60], [60, 190, 60], [70, 60, 200], [60, 180, 180], [200, 70, 180], [190, 190, 60],
    [40, 40, 40], [220, 220, 220]);
my ($PW, $PH) = ($W / 4, $H / 2);
# H.264 twice, 8 bits twice, and what each format loses by itself on top.
our $TOLERANCE = 8;

# Alpha is a ramp, so that no two columns of it are alike.
sub picture {
    my ($w, $h) = @_;
    return join '', map {
        my $y = $_;
        join '', map { pack 'C4', @{ $PATCHES[4 * int(2 * $y / $h) + int(4 * $_ / $w)] }, int(255 * $_ / $w) } 0 .. $w - 1;
    } 0 .. $h - 1;
}

sub write_picture {
    my ($w, $h) = @_;
    return spew("$TMP/patches-$w-$h.rgba", picture($w, $h));
}
sub is_rgb { return $_[0] =~ /rgb|bgr|gbr/ }
sub is_gray { return $_[0] =~ /^(gray|ya|mono)/ }
sub has_alpha { return $_[0] =~ /^(ya\d|yuva|argb|rgba|abgr|bgra|gbrap|ayuv|vuya$|uyva)/ }
sub is_yuv { return !is_rgb($_[0]) && !is_gray($_[0]) && $_[0] !~ /^xyz/ }

our $FLAGS = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';

# One ffmpeg for many conversions: [input arguments, chain, output arguments].
sub convert_all {
    my (@jobs) = @_;
    my @graphs = map { "[$_:v]$jobs[$_][1]" . "[o$_]" } 0 .. $#jobs;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y), (map { @{ $_->[0] } } @jobs),
        '-filter_complex', join(';', @graphs), map { ('-map', "[o$_]", @{ $jobs[$_][2] }) } 0 .. $#jobs], timeout => 120);
    die "cannot convert: $run->{err}\n" if $run->{status};
}

sub raw_input {
    my ($path, $format, $w, $h) = @_;
    return ['-f', 'rawvideo', '-pixel_format', $format, '-video_size', ($w // $W) . 'x' . ($h // $H), '-framerate', 24, '-i', $path];
}

sub patches_of {
    my ($path) = @_;
    my $rgb = slurp($path);
    return map {
        my ($x0, $y0) = (($_ % 4) * $PW + 4, int($_ / 4) * $PH + 8);
        my @sum = (0, 0, 0);
        # the mean: some formats are dithered
        for my $y ($y0 .. $y0 + 15) {
            my @line = unpack 'C24', substr $rgb, 3 * ($y * $W + $x0), 24;
            $sum[$_ % 3] += $line[$_] for 0 .. 23;
        }
        [map { $_ / 128 } @sum];
    } 0 .. $#PATCHES;
}

sub furthest_from_opposite {
    my ($was, $is) = @_;
    my $most = 0;
    for my $i (0 .. $#PATCHES) {
        for (0 .. 2) {
            my $off = abs(255 - $was->[$i][$_] - $is->[$i][$_]);
            $most = $off if $off > $most;
        }
    }
    return $most;
}

# A film of the patches, through the filter into a file; read by its tags alone.
sub film {
    my ($w, $h, $format) = @_;
    my $path = "$TMP/film-$w-$h-$format.nut";
    convert_all([[qw(-stream_loop 11), @{ raw_input(write_picture($w, $h), 'rgba', $w, $h) }], "scale=$FLAGS,format=$format",
        ['-c:v', 'rawvideo', $path]]) if !-e $path;
    return $path;
}

our %MATRIX = (bt709 => 'bt709', smpte170m => 'smpte170m', bt470bg => 'bt601', smpte240m => 'smpte240m', fcc => 'fcc', bt2020nc => 'bt2020');

sub patches_by_tags {
    my ($path) = @_;
    my $facts = video_facts($path);
    # FFmpeg 7.1 writes no colr without primaries; each frame of ProRes has its own tags
    if ($facts->{color_space} eq 'unknown') {
        my $frame = run_cmd([$FFPROBE, qw(-v error -select_streams v:0 -read_intervals), '%+#1', qw(-show_entries frame=color_space -of csv=p=0), $path])->{out};
        $facts->{color_space} = $1 if $frame =~ /^(\w+)/;
    }
    my $tags = is_yuv($facts->{pix_fmt}) ? sprintf 'in_color_matrix=%s:in_range=%s:', $MATRIX{ $facts->{color_space} } // 'none',
        $facts->{color_range} eq 'pc' ? 'pc' : 'tv' : '';
    convert_all([['-i', $path], "scale=$W:$H:${tags}flags=area+accurate_rnd+full_chroma_int+full_chroma_inp:out_range=pc,format=rgb24",
        [qw(-frames:v 1 -f rawvideo), "$path.rgb"]]);
    return ($facts, [patches_of("$path.rgb")]);
}

sub right_patches {
    my ($name, $is, $opposite) = @_;
    my $wanted = $opposite ? \@PATCHES : [map { [map { 255 - $_ } @$_] } @PATCHES];
    cmp_ok(furthest_from_opposite($wanted, $is), '<=', $TOLERANCE, "$name: each patch is what it should be")
        or diag join "\n", map { join ' ', map { sprintf '%.0f', $_ } @{ $is->[$_] } } 0 .. $#PATCHES;
}

1;
