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
use Patches;

my $sim = RunwayTest::Simulator->start('--latency' => 0);
my $FRAMES = 6;

my $rgba = write_picture($W, $H);

sub formats {
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -v error -pix_fmts)]);
    return map { /^IO\.\.[B.]\s+(\S+)/ || /^IO[.P]{2}\.\s+(\S+)/ ? $1 : () } split /\n/, $run->{out};
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

# What showinfo said of the first frame of each output.
sub shown {
    my ($err) = @_;
    my %shown;
    while ($err =~ /^\[Parsed_showinfo_(\d+) @ [^\]]+\]\s+n:\s*0 (.*)$/mg) {
        my ($n, $line) = ($1, $2);
        $shown{$n} = { map { /^(\w+):(\S+)/ ? ($1 => $2) : () } $line =~ /((?:fmt|s):\S+)/g };
    }
    while ($err =~ /^\[Parsed_showinfo_(\d+) @ [^\]]+\]\s+color_range:(\S+) color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)/mg) {
        @{ $shown{$1} }{qw(range space color_primaries color_trc)} = ($2, $3, $4, $5) if $shown{$1} && !$shown{$1}{space};
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
        timeout => 300, env => { COMETAPI_KEY => 'k', XDG_STATE_HOME => "$own/state" });
    is($run->{status}, 0, 'ffmpeg ends well') or diag $run->{err};
    return $run;
}

my @formats = formats();
cmp_ok(scalar @formats, '>', 100, 'formats were found');
# given to ffmpeg as they are, and to the filter as what ffmpeg makes of them
my $made_otherwise = qr/^(mono|(rgb|bgr)(4|4_byte|8|444[lb]e|555[lb]e|565[lb]e)$|xyz|.*f(16|32)[lb]e|gray32|rgba?128|rgb96)/;

while (my @batch = splice @formats, 0, 12) {
    subtest "$batch[0] to $batch[-1]" => sub {
        my @cases = map { [$_, "$TMP/$_.raw", $_, is_yuv($_) ? 'setparams=colorspace=bt709:range=' . (/^yuvj/ ? 'pc' : 'tv')
            : /f(16|32)[lb]e$/ ? 'setparams=color_trc=bt709' : undef] } @batch;
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

my %BEHIND = (
    x264   => [qw(-c:v libx264 -qp 1 -pix_fmt yuv420p)],
    prores => [qw(-c:v prores_ks)],
    yuv444 => [qw(-c:v ffv1 -pix_fmt yuv444p)],
    rgb    => [qw(-c:v libx264rgb -qp 1)],
    ffv1   => [qw(-c:v ffv1)],
);
for my $size ([1280, 720, 'bt709'], [320, 240, 'smpte170m']) {
    my ($w, $h, $space) = @$size;
    for my $behind (sort keys %BEHIND) {
        next if $behind eq 'rgb' && !has_encoder('libx264rgb');
        subtest "RGB of ${w}x$h, $behind behind" => sub {
            my $run = ok_filter($sim, 'negative', in => film($w, $h, 'rgb24'), options => { prompt => 'negative', model => 'aleph2' },
                args => $BEHIND{$behind}, out => $behind eq 'prores' ? 'out.mov' : 'out.mkv');
            my ($facts, $is) = patches_by_tags($run->{out});
            if ($behind =~ /^(rgb|ffv1)$/) {
                like($facts->{pix_fmt}, qr/rgb|gbr|bgr/, 'RGB is wanted, and comes');
            } else {
                is($facts->{color_space}, $space, "tagged $space");
                is($facts->{color_range}, 'tv', 'and limited') if $behind ne 'prores'; # MOV does not say
            }
            right_patches('generated', $is, 1);
        };
    }
}

sub has_encoder { return run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} =~ /^ V\S+ +$_[0] /m }

subtest 'source frames that pass' => sub {
    for my $film ((map { [320, 240, 'smpte170m', $_] } qw(rgb24 rgba gbrp10le gray)), (map { [1280, 720, 'bt709', $_] } qw(rgb24 gbrap10le))) {
        my ($w, $h, $space, $format) = @$film;
        for my $case ([dry_run => 1], [enable => 'gt(t,100)'], [on_error => 'source', prompt => 'fail INTERNAL']) {
            my %options = (prompt => 'negative', model => 'aleph2', @$case);
            my $name = "${w}x$h, $format, $case->[0]";
            my $run = ok_filter($sim, $name, in => film($w, $h, $format), options => \%options, args => $BEHIND{x264});
            my ($facts, $is) = patches_by_tags($run->{out});
            is("$facts->{pix_fmt} $facts->{color_space} $facts->{color_range}", "yuv420p $space tv", 'the tags of what was made');
            right_patches($name, $is, 0) if $format ne 'gray';
        }
    }
};

subtest 'each matrix and range' => sub {
    for my $space (sort keys %MATRIX) {
        for my $range (qw(tv pc)) {
            my $path = "$TMP/$space-$range.nut";
            convert_all([[qw(-stream_loop 11), @{ raw_input($rgba, 'rgba') }],
                "scale=$FLAGS:out_color_matrix=$MATRIX{$space}:out_range=$range,format=yuv444p10le", ['-c:v', 'rawvideo', $path]]);
            my $run = ok_filter($sim, "$space, $range", in => $path, before => "setparams=colorspace=$space:range=$range"
                . ($space eq 'bt2020nc' ? ':color_primaries=bt709' : ''), after => 'showinfo', loglevel => 'info',
                options => { prompt => 'negative', model => 'aleph2' }, args => [qw(-c:v rawvideo -f rawvideo)], out => "$path.out");
            my ($shown) = shown($run->{err});
            is("$shown->{fmt} $shown->{space} $shown->{range}", "yuv444p10le $space $range", 'the tags of the source');
            my ($create) = reverse $sim->requests('create');
            is("@{ $create->{clip} }{qw(color_space color_range)}", 'bt709 tv', 'and what is sent is BT.709');
            decode_all(["$path.out", $shown->{fmt}, $MATRIX{$space}, $range]);
            right_patches("$space, $range", [patches_of("$path.out.rgb")], 1);
        }
    }
    for my $transfer ([linear => 'linear light'], [log100 => 'logarithmic'], [log316 => 'logarithmic']) {
        my $run = run_filter($sim, in => film(320, 240, 'rgb48le'), before => "setparams=color_trc=$transfer->[0]", loglevel => 'error',
            options => { prompt => 'x', model => 'aleph2' }, args => [qw(-f null)], out => '-');
        error_line($transfer->[0], $run, qr/tagged as $transfer->[1].*zscale=t=bt709.*setparams=color_trc=bt709/);
    }
};

subtest 'floating point, as of EXR and PFM' => sub {
    my $film = "$TMP/float.raw";
    convert_all([[qw(-f lavfi -i color=0x929292:s=128x96:r=24:d=1)], 'format=gbrpf32le', [qw(-f rawvideo), $film]]);
    my $linear = 'setparams=color_trc=linear:color_primaries=bt709:colorspace=gbr:range=pc,zscale=t=bt709';
    my %run = (in => $film, input => [qw(-f rawvideo -framerate 24 -video_size 128x96 -pixel_format gbrpf32le)], loglevel => 'error',
        options => { prompt => 'echo', model => 'aleph2' }, out => 'out.mkv');
    error_line('as it is', run_filter($sim, %run), qr/linear light.*convert it first: \Q$linear\E; or, where .*setparams=color_trc=bt709/);
    # 0.573 as it is, and with the gamma of 2.4 that zscale takes BT.709 for
    for my $case (['named', 'setparams=color_trc=bt709', 146], ['converted', $linear, 202]) {
        my ($name, $before, $right) = @$case;
        SKIP: {
            skip 'no zscale', 2 if $before =~ /zscale/ && run_cmd([$FFMPEG, qw(-hide_banner -filters)])->{out} !~ / zscale /;
            my $run = ok_filter($sim, $name, %run, before => $before);
            my $frame = raw_frames($run->{out}, 'format=rgb24', 128 * 96 * 3)->[0];
            cmp_ok(abs(ord(substr $frame, 3000, 1) - $right), '<', 4, "$name: and right");
        }
    }
};

# What an option of setparams may be, on this release.
sub tags_of {
    my ($option) = @_;
    my $help = run_cmd([$FFMPEG, qw(-hide_banner -h filter=setparams)])->{out};
    my ($constants) = $help =~ /^   \Q$option\E .*\n((?:     .*\n)*)/m;
    return grep { !/^(auto|unknown)$/ } $constants =~ /^     (\S+)/mg;
}

# Primaries that are converted to BT.709 for the upload.
my @WIDE = qw(bt2020 bt470m film smpte431 smpte432 vgamut);

sub uniq { my %seen; return grep { !$seen{$_}++ } @_ }

subtest 'each transfer and each primaries' => sub {
    my %refused = (color_trc => qr/^(linear|.*log.*|smpte2084|arib-std-b67)$/, color_primaries => qr/^smpte428$/);
    my %also = ('jedec-p22' => 'ebu3213');
    my %upload = ((map { ($_ => 'bt709') } @WIDE), map { ($_ => 'smpte170m') } %also);
    for my $option (qw(color_trc color_primaries)) {
        my $refused = $refused{$option};
        my @tags = tags_of($option);
        cmp_ok(scalar @tags, '>', 9, "$option has values");
        my @cases = map { ["$option $_", "$TMP/$option-$_.raw", 'yuv444p10le', "setparams=colorspace=bt709:range=tv:$option=$_", $_] } grep { !/$refused/ } @tags;
        convert_all(map { [[qw(-stream_loop), $FRAMES - 1, @{ raw_input($rgba, 'rgba') }],
            "scale=$FLAGS:out_color_matrix=bt709:out_range=tv,format=yuv444p10le", ['-f', 'rawvideo', $_->[1]]] } @cases);
        my $before = () = $sim->requests('create');
        my $run = filter_all({ prompt => 'echo' }, @cases);
        my @creates = $sim->requests('create');
        is(join("\n", sort { $a cmp $b } uniq(map { join ' ', @{ $_->{clip} }{qw(color_primaries color_transfer color_space color_range)} } splice @creates, $before)),
            join("\n", sort { $a cmp $b } uniq(map { join ' ', $option eq 'color_trc' ? ('bt709', $_) : ($upload{$_} // $_, 'bt709'), 'bt709 tv' } map { $_->[4] } @cases)),
            "$option: what is sent is tagged as what it is");
        my @shown = shown($run->{err});
        decode_all(map { ["$_->[1].out", 'yuv444p10le', 'bt709', 'tv'] } @cases);
        for my $i (0 .. $#cases) {
            my ($name, $path, undef, undef, $tag) = @{ $cases[$i] };
            my $is = $shown[$i]{$option} // '';
            is($also{$is} // $is, $also{$tag} // $tag, "$name: the tag comes back");
            my @is = patches_of("$path.out.rgb");
            # of wide primaries only what is gray is in the gamut of BT.709 for sure; colour.t has the others
            @is[0 .. 5] = @PATCHES[0 .. 5] if grep { $_ eq $tag } @WIDE;
            right_patches($name, \@is, 0);
        }
        for my $tag (grep { /$refused/ } @tags) {
            my $run = run_filter($sim, in => film(320, 240, 'yuv444p'), before => "setparams=$option=$tag", loglevel => 'error',
                options => { prompt => 'x', model => 'aleph2' }, args => [qw(-f null)], out => '-');
            error_line("$option $tag", $run, qr/is HDR|tagged as (linear light|logarithmic)|primaries .* cannot be sent.*zscale=p=bt709.*setparams=color_primaries=bt709/);
        }
    }
    # the ones there are: what is not known is refused
    for my $space (grep { !$MATRIX{$_} && $_ ne 'gbr' } tags_of('colorspace')) {
        my $run = run_filter($sim, in => film(320, 240, 'yuv444p'), before => "setparams=colorspace=$space", loglevel => 'error',
            options => { prompt => 'x', model => 'aleph2' }, args => [qw(-f null)], out => '-');
        error_line($space, $run, qr/matrix of the input \(\Q$space\E\) cannot be sent.*zscale=m=bt709.*setparams=colorspace/);
    }
};

# No setparams has these; 200 is none that FFmpeg knows. As a matrix they are an error
# of ffmpeg's own in FFmpeg 7.1.
subtest 'numbers that mean nothing' => sub {
    my $plain = "$TMP/plain.mp4";
    convert_all([['-i', film(320, 240, 'rgb24')], "scale=$FLAGS:out_color_matrix=bt601:out_range=tv,format=yuv420p", [qw(-c:v libx264 -qp 4), $plain]]);
    for my $number (0, 3, 200) {
        my $made = run_cmd([$FFMPEG, qw(-v error -y -i), $plain, qw(-c copy -bsf:v),
            "h264_metadata=colour_primaries=$number:transfer_characteristics=$number:matrix_coefficients=2", "$TMP/number-$number.mkv"]);
        is($made->{status}, 0, 'a film') or diag $made->{err};
        my $run = ok_filter($sim, $number, in => "$TMP/number-$number.mkv", options => { prompt => 'negative', model => 'aleph2' }, args => $BEHIND{x264});
        my ($create) = reverse $sim->requests('create');
        is(join(' ', @{ $create->{clip} }{qw(color_primaries color_transfer color_space)}), 'smpte170m smpte170m bt709', "$number: as if it were not tagged");
        my (undef, $is) = patches_by_tags($run->{out});
        right_patches($number, $is, 1);
    }
};

subtest 'untagged, and in another size' => sub {
    for my $case ([320, 240, '1280x720', 'smpte170m'], [320, 240, '640x480', 'unknown'], [1280, 720, '320x180', 'bt709']) {
        my ($w, $h, $size, $space) = @$case;
        my $path = "$TMP/untagged-$w-$size.nut";
        convert_all([['-i', film($w, $h, 'rgb24')], "scale=$FLAGS:out_color_matrix=" . ($w < 1280 ? 'bt601' : 'bt709') . ':out_range=tv,format=yuv444p',
            ['-c:v', 'rawvideo', $path]]);
        my $run = ok_filter($sim, "${w}x$h to $size", in => $path, options => { prompt => 'negative', model => 'aleph2', size => $size },
            args => [qw(-c:v libx264 -qp 1)]);
        is(video_facts($run->{out})->{color_space}, $space, 'said only where the new size would mean something else');
        next if $space eq 'unknown';
        my (undef, $is) = patches_by_tags($run->{out});
        right_patches($size, $is, 1);
    }
};

subtest 'XYZ as digital cinema tags it' => sub {
    for my $options ({ prompt => 'echo' }, { prompt => 'echo', dry_run => 1 }) {
        for my $format (qw(rgb48le yuv420p)) {
            my $run = ok_filter($sim, $format, in => film(320, 240, 'xyz12le'), before => 'setparams=color_primaries=smpte428:color_trc=smpte428',
                after => "showinfo,format=$format", loglevel => 'info', options => { model => 'aleph2', %$options }, args => [qw(-f null)], out => '-');
            my ($shown) = shown($run->{err});
            # setparams has BT.470M for gamma 2.2
            is("$shown->{color_primaries} $shown->{color_trc}", 'bt709 bt470m', "$format is tagged as what it has become");
        }
    }
    my ($create) = reverse $sim->requests('create');
    is("$create->{clip}{color_primaries} $create->{clip}{color_transfer}", 'bt709 bt470m', 'so is the upload');
};

# Alpha of all frames, 8 bits.
sub alphas {
    my ($path) = @_;
    convert_all([['-i', $path], 'format=rgba,alphaextract', ['-f', 'rawvideo', "$TMP/alphas.raw"]]);
    return slurp("$TMP/alphas.raw");
}

subtest 'a palette with alpha' => sub {
    # a disc that moves, and transparent around it
    my $made = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), 'testsrc2=s=128x96:r=24:d=0.5,format=rgba,'
        . "geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*lt(hypot(X-40-4*N,Y-48),30)',split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse",
        qw(-c:v png), "$TMP/pal%02d.png"]);
    is($made->{status}, 0, 'PNGs') or return diag $made->{err};
    my @in = (qw(-framerate 24 -i), "$TMP/pal%02d.png");
    is(run_cmd([$FFPROBE, qw(-v error -show_entries stream=pix_fmt -of csv=p=0), "$TMP/pal01.png"])->{out}, "pal8\n", 'with a palette');
    my $was = alphas("$TMP/pal%02d.png");
    ok($was =~ /\xff\0/, 'and alpha');
    for my $case ([undef, 'png.mov', qw(-c:v png)], ['fps=24', 'prores.mov', qw(-c:v prores_ks -pix_fmt yuva444p10le)],
            ['scale=64:48:flags=neighbor', 'out.mkv', qw(-c:v ffv1)], ['format=rgba', 'png.mov', qw(-c:v png)]) {
        my ($before, $out, @args) = @$case;
        my $run = ok_filter($sim, $before // 'as it is', in => "$TMP/pal%02d.png", before => $before, loglevel => 'info',
            options => { prompt => 'negative', model => 'aleph2' }, args => \@args, out => $out);
        my $is = alphas($run->{out});
        ok(($before // '') =~ /scale/ ? 4 * length $is == length $was && $is =~ /\xff\0/ : $is eq $was, 'its alpha comes back');
        is(lines_like($run, qr/alpha is not sent: each frame comes back with the source's own/), 1, 'which is said');
    }
    my $run = ok_filter($sim, 'no alpha behind', in => "$TMP/pal%02d.png", loglevel => 'info', options => { prompt => 'negative', model => 'aleph2' },
        args => $BEHIND{x264});
    is(lines_like($run, qr/alpha is not sent, and the output \(\w+\) has none/), 1, 'that alpha is lost is said');
};

# A PNG whose colours an ICC profile says: another reading of the same numbers.
subtest 'an ICC profile' => sub {
    convert_all([['-i', film(320, 240, 'rgb24')], 'null', [qw(-frames:v 12 -c:v png), "$TMP/icc%02d.png"]]);
    add_profile(glob "$TMP/icc??.png");
    for my $options ({}, { dry_run => 1 }, { enable => 'lt(t,0.2)' }) {
        my $run = ok_filter($sim, join('=', %$options), in => "$TMP/icc%02d.png", input => [qw(-framerate 24)],
            options => { prompt => 'negative', model => 'aleph2', %$options }, args => [qw(-c:v png)], out => 'out%02d.png');
        my @out = glob($run->{out} =~ s/%02d/??/r);
        is(scalar(grep { slurp($_) =~ /iCCP/ } @out), 12, 'each frame comes back with it');
    }
};

# A ProRes file has limited range. FFmpeg 5.1 knows that of formats whose names say
# that theirs is full; of others neither the filter nor ffmpeg alone does.
subtest 'full range into ProRes' => sub {
    for my $case (['yuvj420p'], ['yuvj444p'], ['yuv422p10le', $LIBAVFILTER < 9 ? 'scale=out_range=tv' : undef]) {
        my ($format, $after) = @$case;
        my $path = "$TMP/full-$format.raw";
        convert_all([[qw(-stream_loop 11), @{ raw_input($rgba, 'rgba') }], "scale=$FLAGS:out_color_matrix=bt709:out_range=pc,format=$format",
            ['-f', 'rawvideo', $path]]);
        my @input = @{ raw_input($path, $format) };
        for my $dry (0, 1) {
            my $run = ok_filter($sim, "$format, dry_run=$dry", in => $path, input => [@input[0 .. $#input - 2]],
                before => 'setparams=colorspace=bt709:range=pc', after => $after,
                options => { prompt => 'negative', model => 'aleph2', dry_run => $dry }, args => $BEHIND{prores}, out => 'out.mov');
            my ($facts, $is) = patches_by_tags($run->{out});
            isnt($facts->{color_range}, 'pc', 'ProRes has limited range, or does not say');
            right_patches($format, $is, !$dry);
        }
    }
};

subtest 'alpha in an output of another size, and with native timing' => sub {
    for my $case ([{ size => '640x480' }, 640, 480], [{ timing => 'native' }, 320, 240], [{ on_error => 'source' }, 320, 240],
        # as wide as what is sent, which is not as wide as the source
        [{ model => 'gen4_aleph', ratio => '960:960', fit => 'crop', size => '240x240' }, 240, 240, 40]) {
        my ($options, $w, $h, $left) = (@$case, 0);
        for my $format (qw(rgba yuva444p10le)) {
            my $run = ok_filter($sim, join(' ', map { $options->{$_} } sort keys %$options), in => film(320, 240, $format), args => [qw(-c:v ffv1 -fps_mode passthrough)],
                options => { prompt => 'negative', model => 'aleph2', %$options });
            convert_all([['-i', $run->{out}], 'format=rgba64le', ['-f', 'rawvideo', "$run->{out}.rgba"]]);
            my $all = slurp("$run->{out}.rgba");
            my $frames = length($all) / ($w * $h * 8);
            cmp_ok($frames, '>=', 12, 'all frames are there');
            my $most = 0;
            for my $n (0, $frames - 1) {
                my @line = unpack '(x6 v)*', substr $all, 8 * ($n * $w * $h + int($h / 3) * $w), 8 * $w;
                # a 320th of the ramp is a step of less than one
                for (4 .. $w - 5) {
                    my $off = abs($line[$_] / 257 - int(255 * ($_ + $left) / ($w + 2 * $left)));
                    $most = $off if $off > $most;
                }
            }
            cmp_ok($most, '<', 2.5, "$format: the ramp of the source");
        }
    }
};

# Scaling overshoots beside an edge: more than the most is not little.
subtest 'an edge of alpha, in an output of another size' => sub {
    my $film = "$TMP/edge.nut";
    convert_all([[qw(-f lavfi -i), 'color=white:s=320x240:r=12:d=1'],
        q{format=yuva444p10le,geq=lum=512:cb=512:cr=512:a='1023*gt(X,159)'}, [qw(-c:v rawvideo), $film]]);
    for my $format (qw(rgba yuva444p10le yuva444p12le)) {
        my $run = ok_filter($sim, "into $format", in => $film, args => [qw(-c:v rawvideo -fps_mode passthrough)],
            options => { prompt => 'echo', model => 'aleph2', size => '640x480' }, after => "format=$format", out => 'out.nut');
        convert_all([['-i', $run->{out}], "format=$format,extractplanes=a", [qw(-f rawvideo), "$run->{out}.alpha"]]);
        my ($template, $bytes, $full) = $format eq 'rgba' ? ('C*', 1, 255) : ('v*', 2, $format =~ /10/ ? 1023 : 4095);
        my @line = unpack $template, substr slurp("$run->{out}.alpha"), 640 * 240 * $bytes, 640 * $bytes;
        is((sort { $b <=> $a } @line)[0], $full, 'no more than opaque');
        is((grep { $_ < $full / 2 } @line[330 .. 639]), 0, 'and opaque behind the edge') or diag "@line[310 .. 330]";
        is($line[0], 0, 'transparent in front of it');
    }
};

# Lines at info that begin so.
sub lines_like {
    my ($run, $pattern) = @_;
    return scalar grep { /$pattern/ } filter_lines($run);
}

subtest 'what is not sent as it is is said once' => sub {
    my $film = "$TMP/notices.nut";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), 'testsrc2=s=128x96:r=50:d=5,format=yuva444p10le',
        qw(-c:v rawvideo), $film]);
    is($run->{status}, 0, 'a film') or return;
    for my $dry (0, 1) {
        my $plan = $dry ? qr/^plan: / : qr/^/;
        $run = ok_filter($sim, $dry ? 'plan' : 'run', in => $film, loglevel => 'info', input => ['-nostats'], before => 'setparams=color_primaries=bt2020',
            options => { prompt => 'echo', model => 'aleph2', clip_duration => 2, dry_run => $dry }, args => [qw(-c:v ffv1)]);
        is(lines_like($run, qr/^plan: 50 frames a second are sent as 25$/), $dry, 'the rate, in the plan');
        is(lines_like($run, qr/${plan}the input has 10 bits; what is sent has 8/), 1, 'the depth');
        is(lines_like($run, qr/${plan}the primaries of the input \(bt2020\) are converted to BT.709/), 1, 'the primaries');
        is(lines_like($run, qr/${plan}alpha is not sent: each frame comes back with the source's own/), 1, 'alpha');
        is(lines_like($run, qr/pictures of .* are sent as/), 0, 'and nothing of the size, which is kept');
        next if $dry;
        is(lines_like($run, qr/^clip 1 .*: the result is 128x96, yuv420p, 24 fps \(the source has 50, sent as 25\), h264, \d+ frames for the clip's 100$/), 1,
            'all three rates, and that there are fewer pictures');
        is(lines_like($run, qr/ frames for the clip's |the source has|\b50\b.*\b25\b/), 1, 'once');
    }
    $run = ok_filter($sim, 'no alpha behind', in => $film, loglevel => 'info', input => ['-nostats'], options => { prompt => 'echo', model => 'aleph2', dry_run => 1 },
        args => [qw(-c:v libx264)]);
    is(lines_like($run, qr/^plan: alpha is not sent, and the output \(yuv444p10le\) has none/), 1, 'alpha is lost where it is not wanted');
    $run = ok_filter($sim, 'lost further behind', in => $film, input => [qw(-t 1)], after => 'format=rgba,format=yuv420p',
        options => { prompt => 'echo', model => 'aleph2', dry_run => 1 }, args => [qw(-f null)], out => '-');
    is(lines_like($run, qr/^plan: alpha is not sent, and the output \(yuv420p\) has none/), 1, 'or where a conversion behind the filter loses it, as for GIF');
    my $large = "$TMP/large.nut";
    run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), 'testsrc2=s=4096x2160:r=24:d=0.1', qw(-c:v rawvideo), $large]);
    $run = ok_filter($sim, 'DCI 4K', in => $large, loglevel => 'info', input => ['-nostats'], options => { prompt => 'echo', model => 'aleph2', dry_run => 1 },
        args => [qw(-f null)], out => '-');
    is(lines_like($run, qr/^plan: pictures of 4096x2160 are sent as 1920x1012; what comes back is scaled/), 1, 'the size');
    $run = ok_filter($sim, 'DCI 4K, bought', in => $large, loglevel => 'info', input => ['-nostats'], options => { prompt => 'echo', model => 'aleph2' },
        args => [qw(-f null)], out => '-');
    is(lines_like($run, qr/^pictures of 4096x2160 are sent as 1920x1012; what comes back is scaled/), 1, 'the size, in a real run');
    # three frames are not enough to be sent
    is(lines_like($run, qr/^clip 1 .* sent with [12]\.\d\d s of padding: \d+ credits, \d+ in all$/), 1, 'and what is padding');
    for my $fit ([pad => ', with bars around \d+x\d+'], [crop => ', only \d+x\d+ of them'], [stretch => '']) {
        $run = ok_filter($sim, "fit=$fit->[0]", in => film(320, 240, 'rgb24'), loglevel => 'info', input => ['-nostats'],
            options => { prompt => 'echo', model => 'gen4_aleph', ratio => '1280:720', fit => $fit->[0] }, args => [qw(-f null)], out => '-');
        is(lines_like($run, qr/^pictures of 320x240 are sent as \d+x\d+$fit->[1]; what comes back is scaled/), 1, 'the bars, or what is cut off');
    }
    my $small = "$TMP/small.nut";
    run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), 'testsrc2=s=160x120:r=24:d=3', qw(-c:v rawvideo), $small]);
    for (['1/100', 1, '1:100: pictures of 160x120 are sent as 26x1920'], ['100/1', 1, '100:1: pictures of 160x120 are sent as 1920x14'],
        ['8/1', 1, '8:1: '], ['4/1', 0, ''], ['0/1', 0, '']) {
        my ($sar, $said, $how) = @$_;
        for my $dry (0, 1) {
            my $plan = $dry ? 'plan: ' : '';
            $run = ok_filter($sim, "SAR $sar", in => $small, loglevel => 'warning', before => "setsar=$sar",
                options => { prompt => 'echo', model => 'aleph2', clip_duration => 2, dry_run => $dry }, args => [qw(-f null)], out => '-');
            is(lines_like($run, qr/^${plan}the pixel aspect ratio is $how.*put setsar=1 in front of the filter/), $said,
                $said ? 'a shape that no picture has is warned of, once' : 'a plain one is not');
        }
    }
};

done_testing();
