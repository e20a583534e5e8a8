#!/usr/bin/env perl
# Every pixel format that this FFmpeg can read and write, through the filter and
# the look `negative`: each colour has to come back as its opposite, read by the
# tags of what comes out and by nothing that ffmpeg would guess, and alpha as it
# was. Then the colour tags, the encoders behind, and frames that pass.
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

my $sim = RunwayTest::Simulator->start('--latency' => 0);
my ($W, $H, $FRAMES) = (64, 64, 6);

# No colour whose opposite is out of gamut in 4:2:0, nor one near a clip.
my @PATCHES = ([200, 60, 60], [60, 190, 60], [70, 60, 200], [60, 180, 180], [200, 70, 180], [190, 190, 60],
    [40, 40, 40], [220, 220, 220]);
my ($PW, $PH) = ($W / 4, $H / 2);
# H.264 twice, 8 bits twice, and what each format loses by itself on top.
my $TOLERANCE = 8;

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
my $rgba = write_picture($W, $H);

sub formats {
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -v error -pix_fmts)]);
    return map { /^IO\.\.[B.]\s+(\S+)/ || /^IO[.P]{2}\.\s+(\S+)/ ? $1 : () } split /\n/, $run->{out};
}

sub is_rgb { return $_[0] =~ /rgb|bgr|gbr/ }
sub is_gray { return $_[0] =~ /^(gray|ya\d|mono)/ }
sub has_alpha { return $_[0] =~ /^(ya\d|yuva|argb|rgba|abgr|bgra|gbrap|ayuv|vuya$|uyva)/ }
sub is_yuv { return !is_rgb($_[0]) && !is_gray($_[0]) && $_[0] !~ /^xyz/ }

my $FLAGS = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';

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

# Raw files of a format, as 8 bit RGB and 16 bit RGBA.
sub decode_all {
    my (@files) = @_;
    convert_all(map {
        my ($path, $format, $matrix, $range) = @$_;
        my $tags = is_yuv($format) ? "in_color_matrix=$matrix:in_range=$range:" : '';
        ([raw_input($path, $format), "scale=$tags$FLAGS:out_range=pc,format=rgb24", [qw(-frames:v 1 -f rawvideo), "$path.rgb"]],
            has_alpha($format) ? [raw_input($path, $format), 'format=rgba64le', [qw(-f rawvideo), "$path.rgba"]] : ());
    } @files);
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

# What showinfo said of the first frame of each output.
sub shown {
    my ($err) = @_;
    my %shown;
    while ($err =~ /^\[Parsed_showinfo_(\d+) @ [^\]]+\]\s+n:\s*0 (.*)$/mg) {
        my ($n, $line) = ($1, $2);
        $shown{$n} = { map { /^(\w+):(\S+)/ ? ($1 => $2) : () } $line =~ /((?:fmt|s):\S+)/g };
    }
    while ($err =~ /^\[Parsed_showinfo_(\d+) @ [^\]]+\]\s+color_range:(\S+) color_space:(\S+)/mg) {
        @{ $shown{$1} }{qw(range space)} = ($2, $3) if $shown{$1} && !$shown{$1}{space};
    }
    return map { $shown{$_} } sort { $a <=> $b } keys %shown;
}

# Each [name, raw file, format, filters in front] through a filter of its own.
sub filter_all {
    my ($options, @cases) = @_;
    my $graph = filter_graph(base_url => $sim->{api}, provider => 'cometapi', poll_interval => 0.1, model => 'aleph2', %$options);
    my $own = "$TMP/run-" . ++our $runs;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -y -v info), (map { @{ raw_input(@$_[1, 2]) } } @cases),
        '-filter_complex', join(';', map { "[$_:v]" . join(',', grep { $_ } $cases[$_][3], $graph, 'showinfo') . "[o$_]" } 0 .. $#cases),
        map { ('-map', "[o$_]", qw(-c:v rawvideo -f rawvideo), "$cases[$_][1].out") } 0 .. $#cases],
        timeout => 300, env => { COMETAPI_KEY => 'k', XDG_STATE_HOME => "$own/state", XDG_CACHE_HOME => "$own/cache" });
    is($run->{status}, 0, 'ffmpeg ends well') or diag $run->{err};
    return $run;
}

my @formats = formats();
cmp_ok(scalar @formats, '>', 100, 'formats were found');
# given to ffmpeg as they are, and to the filter as what ffmpeg makes of them
my $made_otherwise = qr/^(mono|(rgb|bgr)(4|4_byte|8|444[lb]e|555[lb]e|565[lb]e)$|xyz|.*f(16|32)[lb]e|gray32|rgba?128|rgb96)/;

while (my @batch = splice @formats, 0, 12) {
    subtest "$batch[0] to $batch[-1]" => sub {
        my @cases = map { [$_, "$TMP/$_.raw", $_, is_yuv($_) ? 'setparams=colorspace=bt709:range=' . (/^yuvj/ ? 'pc' : 'tv') : undef] } @batch;
        convert_all(map {
            my $format = $_->[0];
            my $range = $format =~ /^yuvj/ ? 'pc' : 'tv';
            [[qw(-stream_loop), $FRAMES - 1, @{ raw_input($rgba, 'rgba') }], (is_yuv($format) ?
                "scale=$FLAGS:out_color_matrix=bt709:out_range=$range," : "scale=$FLAGS,") . "format=$format", ['-f', 'rawvideo', $_->[1]]];
        } @cases);
        my $run = filter_all({ prompt => 'negative' }, @cases);
        return if $run->{status};
        my @shown = shown($run->{err});
        decode_all(map { [@{ $cases[$_] }[1, 2], 'bt709', $cases[$_][0] =~ /^yuvj/ ? 'pc' : 'tv'] } 0 .. $#cases);
        decode_all(map { ["$cases[$_][1].out", $shown[$_]{fmt}, $shown[$_]{space}, $shown[$_]{range}] } 0 .. $#cases);
        for my $i (0 .. $#cases) {
            my ($name, $path) = @{ $cases[$i] };
            is($shown[$i]{fmt}, $name, "$name comes back as such") if $name !~ $made_otherwise;
            my ($was, $is) = map { [patches_of("$_.rgb")] } $path, "$path.out";
            cmp_ok(furthest_from_opposite($was, $is), '<=', $TOLERANCE, "$name: each patch is its opposite")
                or diag join "\n", map { join ' ', map { sprintf '%.0f', $_ } @{ $was->[$_] }, @{ $is->[$_] } } 0 .. $#PATCHES;
            next if !has_alpha($name);
            my @alpha = map { my @a = unpack '(x6 v)*', slurp("$_.rgba"); "@a" } $path, "$path.out";
            is($alpha[1], $alpha[0], "$name: alpha is the source's");
        }
    };
}

done_testing();
