#!/usr/bin/env perl
# That the recipes are true: each command in docs/recipes.md runs as it stands
# there, against the simulator, and its output is looked at. A recipe that this
# test has no judgement for is a failure.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;
use DocCommands;

my ($W, $H) = (160, 120);
my $has_x265 = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} =~ /^ \S+ libx265 /m;
my $has_zscale = run_cmd([$FFMPEG, qw(-hide_banner -filters)])->{out} =~ /^ \S+ zscale /m;

# --- what the recipes are about ---------------------------------------------------

sub made {
    my ($name, @args) = @_;
    my $path = "$TMP/$name";
    if (!-e $path) {
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y), @args, $path]);
        die "cannot make $name: $run->{err}\n" if $run->{status};
    }
    return $path;
}

sub lavfi { return map { ('-f', 'lavfi', '-i', $_) } @_ }

# Nothing brighter or darker than what every step keeps.
my $picture = "testsrc2=s=${W}x$H,lutrgb=r=40+val*0.6:g=40+val*0.6:b=40+val*0.6";
my $tone = 'sine=frequency=440:sample_rate=48000';
my @bt709 = ('-vf', 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p', qw(-colorspace bt709 -color_primaries bt709 -color_trc bt709));

sub film {
    my ($name, $seconds, $rate, $filter) = @_;
    return made($name, lavfi($picture =~ s/=s=/=r=$rate:s=/r . ($filter ? ",$filter" : ''), $tone), @bt709,
        qw(-c:v libx264 -crf 10 -c:a aac -t), $seconds);
}

sub sequence {
    my ($kind, $format, $start) = @_;
    my $dir = "$TMP/$kind";
    mkdir $dir or die "$dir: $!\n";
    made("$kind/%04d.$kind", lavfi("$picture,format=$format"), '-t', 2, '-start_number', $start);
    return $dir;
}

my $in = film('in.mp4', 5, 24);

# --- what is seen of a picture ----------------------------------------------------

# The simulator's night is dark and blue.
sub is_night {
    my ($was, $is, $name, $before, $after) = @_;
    my ($luma) = mean_luma($was, $before);
    my ($y, $u, $v) = mean_luma($is, $after);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    cmp_ok(abs($y - 16 - 0.35 * ($luma - 16)), '<', 5, "$name: as dark as the night") or diag "luma $luma became $y";
    cmp_ok($u - $v, '>', 12, "$name: and as blue");
}

sub credits_of {
    my ($sim) = @_;
    my $sum = 0;
    $sum += $_->{credits} for $sim->events('billed');
    return $sum;
}

sub is_film {
    my ($path, $frames, %wanted) = @_;
    my $facts = probe($path);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($facts->{video}{nb_read_packets}, $frames, basename($path) . ': as many frames as went in');
    is($facts->{audio}{codec_name}, delete $wanted{audio} // 'aac', 'and its sound') if !$wanted{silent};
    delete $wanted{silent};
    is($facts->{video}{$_}, $wanted{$_}, "$_ is $wanted{$_}") for sort keys %wanted;
    return $facts;
}

# A picture for the beginning of each clip of two seconds.
my @stills = map { "$_.png" } qw(000000.000 000002.000 000004.000);
my $look_from = "$TMP/looks";
mkdir $look_from or die "$look_from: $!\n";
made("looks/$_", lavfi("$picture,hue=s=0"), '-frames:v', 1) for @stills;

# --- the recipes ------------------------------------------------------------------

# By their titles: what they find, and how what they leave is judged, a pair for
# each block of commands.
my %recipe = (
    'Before and after, side by side' => [{ 'in.mp4' => $in } => sub {
        my ($dir) = @_;
        is_film("$dir/compare.mp4", 120, width => 2 * $W, height => $H);
        my ($was) = mean_luma($in);
        my ($left) = mean_luma("$dir/compare.mp4", 'crop=iw/2:ih:0:0');
        cmp_ok(abs($was - $left), '<', 2, 'the left side is the source');
        is_night($in, "$dir/compare.mp4", 'the right side', undef, 'crop=iw/2:ih:iw/2:0');
    }],
    'An image sequence' => [
        { shot => sequence('dpx', 'gbrp10le', 1001) } => sub {
            my ($dir) = @_;
            my @files = map { basename($_) } glob "$dir/night/*";
            is("@files", join(' ', map { "$_.dpx" } 1001 .. 1050), 'a picture for each, of the same number');
            my ($was, $is) = map { video_facts($_) } "$dir/shot/1001.dpx", "$dir/night/1001.dpx";
            is($is->{pix_fmt}, $was->{pix_fmt}, 'with the bits it had');
            like($is->{pix_fmt}, qr/gbrp10/, 'which were ten');
            is_night("$dir/shot/1020.dpx", "$dir/night/1020.dpx", 'a picture');
        },
        { still => sequence('png', 'rgb24', 0) } => sub {
            my ($dir, $run) = @_;
            my $facts = probe("$dir/sequence.mp4")->{video};
            is($facts->{nb_read_packets}, 50, 'a frame for each picture');
            is("$facts->{pix_fmt} $facts->{color_space} $facts->{color_range}", 'yuv444p smpte170m tv', 'YUV, and tagged');
            is_night("$dir/still/0020.png", "$dir/sequence.mp4", 'the film');
        },
    ],
    'A title with alpha' => [{
        'title.mov' => made('title.mov', lavfi("$picture,format=yuva444p10le,geq=lum='p(X,Y)':cb='p(X,Y)':cr='p(X,Y)':a='1023*X/W'"),
            qw(-c:v prores_ks -profile:v 4444 -t 2)),
    } => sub {
        my ($dir) = @_;
        is_film("$dir/out.mov", 50, silent => 1, codec_name => 'prores', profile => '4444');
        like(probe("$dir/out.mov")->{video}{pix_fmt}, qr/^yuva444p1[02]le$/, 'with alpha');
        my @alpha = map { raw_frames("$dir/$_", 'alphaextract,format=gray', $W * $H)->[20] } qw(title.mov out.mov);
        my ($off) = sort { $b <=> $a } map { abs(ord(substr $alpha[0], $_, 1) - ord(substr $alpha[1], $_, 1)) } 0 .. $W * $H - 1;
        cmp_ok($off, '<=', 1, 'which is the source\'s');
        is_night("$dir/title.mov", "$dir/out.mov", 'the picture');
    }],
    'A film in one look' => [
        { 'in.mp4' => $in } => sub {
            my ($dir, $run, $sim) = @_;
            is(join(' ', map { basename($_) } glob "$dir/stills/*"), join(' ', @stills), 'a still for each clip');
            is(scalar $sim->requests, 0, 'nothing was asked of the service');
        },
        { stills => $look_from } => sub {
            my ($dir) = @_;
            is(join(' ', map { basename($_) } glob "$dir/look/*"), join(' ', @stills), 'each was edited');
        },
        { 'in.mp4' => $in, look => $look_from } => sub {
            my ($dir, $run, $sim) = @_;
            is_film("$dir/out.mp4", 120);
            my @frames = map { $_->{keyframes} // [] } map { $_->{body} } $sim->requests('create');
            is(join(' ', map { join '+', map { $_->{seconds} } @$_ } @frames), '0 0 0', 'each clip has its own picture, at its beginning');
            unlike($run->{err}, qr/was not used/, 'and none is left');
        },
    ],
    'An HDR film from a phone' => [$has_zscale && {
        'phone.mov' => made('phone.mov', lavfi($picture, $tone),
            '-vf', 'format=gbrp16le,zscale=min=gbr:pin=709:tin=709:rin=full:p=2020:m=2020_ncl:t=arib-std-b67:r=limited:npl=100,format=yuv420p10le',
            qw(-c:v libx264 -crf 10 -c:a aac -t 2 -colorspace bt2020nc -color_primaries bt2020 -color_trc arib-std-b67)),
    } => sub {
        my ($dir) = @_;
        is(probe("$dir/phone.mov")->{video}{color_transfer}, 'arib-std-b67', 'HLG went in');
        is_film("$dir/out.mp4", 50, map { ("color_$_" => 'bt709') } qw(space primaries transfer));
        my ($y, $u, $v) = mean_luma("$dir/out.mp4");
        cmp_ok($u - $v, '>', 12, 'a night');
    }],
    'HDR10 from SDR' => [$has_x265 && { 'in.mp4' => $in } => sub {
        my ($dir, $run, $sim) = @_;
        is_film("$dir/hdr10.mp4", 120, codec_name => 'hevc', codec_tag_string => 'hvc1', pix_fmt => 'yuv420p10le', color_space => 'bt2020nc',
            color_primaries => 'bt2020', color_transfer => 'smpte2084');
        my $frame = run_cmd([$FFPROBE, qw(-v error -select_streams v:0 -show_frames -read_intervals), '%+#1', "$dir/hdr10.mp4"])->{out};
        like($frame, qr/^max_luminance=10000000\/10000$/m, 'with the display it was made for');
        like($frame, qr/^max_content=1000$/m, 'and how light it is');
        is(scalar $sim->events('billed'), 1, 'paid for once');
    }],
    'Larger' => [{ 'in.mp4' => $in } => sub {
        my ($dir, $run, $sim) = @_;
        is_film("$dir/large.mp4", 120, width => 480, height => 360);
        is_night($in, "$dir/large.mp4", 'the film');
        is(scalar $sim->events('billed'), 2, 'each filter has bought one clip');
    }],
    '50 or 60 frames a second' => [{ 'in50p.mp4' => film('in50p.mp4', 4, 50) } => sub {
        my ($dir) = @_;
        my $facts = probe("$dir/out.mp4");
        is($facts->{video}{r_frame_rate}, '50/1', '50 frames a second');
        cmp_ok(abs($facts->{video}{nb_read_packets} - 200), '<=', 4, 'as long as the source') or diag $facts->{video}{nb_read_packets};
        ok($facts->{audio}, 'with its sound');
        my $pictures = raw_frames("$dir/out.mp4", 'format=gray', $W * $H);
        my $same = grep { $pictures->[$_] eq $pictures->[$_ - 1] } 1 .. $#$pictures;
        cmp_ok($same, '<', 10, 'hardly a picture is shown twice');
        is_night("$dir/in50p.mp4", "$dir/out.mp4", 'the film');
    }],
    'MXF with time code' => [{
        'in.mxf' => made('in.mxf', lavfi("$picture,format=yuv422p", $tone),
            qw(-c:v mpeg2video -b:v 20M -c:a pcm_s16le -timecode 10:11:12:13 -t 2)),
    } => sub {
        my ($dir) = @_;
        my $facts = is_film("$dir/out.mxf", 50, audio => 'pcm_s16le', codec_name => 'mpeg2video', pix_fmt => 'yuv422p');
        my @codes = map { probe("$dir/$_")->{format}{tags}{timecode} } qw(in.mxf out.mxf);
        is("@codes", '10:11:12:13 10:11:12:13', 'the time code is kept');
        is_night("$dir/in.mxf", "$dir/out.mxf", 'the film');
    }],
    'HLS' => [{ 'in.mp4' => $in } => sub {
        my ($dir) = @_;
        my $list = slurp("$dir/hls/index.m3u8");
        my @parts = $list =~ /^(\S+\.ts)$/mg;
        is(scalar @parts, 2, 'a part of four seconds, and the rest');
        like($list, qr/^#EXTINF:4\.0.*^#EXT-X-ENDLIST/ms, 'and a complete list');
        my $frames = 0;
        $frames += probe("$dir/hls/$_")->{video}{nb_read_packets} for @parts;
        is($frames, 120, 'all frames are in them');
        is_night($in, "$dir/hls/$parts[0]", 'the first part', 'trim=0:4');
    }],
    'Several files from one run' => [
        { 'in.mp4' => $in } => sub {
            my ($dir, $run, $sim) = @_;
            for my $file (qw(out.mp4 out.mkv)) {
                is_film("$dir/$file", 120);
                is_night($in, "$dir/$file", $file);
            }
            is(scalar $sim->events('billed'), 1, 'paid for once');
        },
        { 'in.mp4' => $in } => sub {
            my ($dir, $run, $sim) = @_;
            is_film("$dir/full.mp4", 120, width => $W, height => $H);
            is_film("$dir/half.mp4", 120, width => $W / 2, height => $H / 2);
            is_night($in, "$dir/$_", $_) for qw(full.mp4 half.mp4);
            is(scalar $sim->events('billed'), 1, 'paid for once');
        },
    ],
    'Two-pass encoding' => [{ 'in.mp4' => $in } => sub {
        my ($dir, $run, $sim) = @_;
        is_film("$dir/out.mp4", 120);
        is_night($in, "$dir/out.mp4", 'the film');
        ok(-s "$dir/ffmpeg2pass-0.log", 'there were two passes');
        is(scalar $sim->events('billed'), 1, 'and one payment');
    }],
    'Uncompressed sound with many channels' => [{
        # more than 50 MB of it belong to the first clip
        'many.mov' => made('many.mov', lavfi("$picture,format=yuv422p10le", "anoisesrc=r=48000,pan=16c|" . join '|', map { "c$_=c0" } 0 .. 15),
            qw(-c:v prores_ks -profile:v 0 -c:a pcm_f32le -t 26)),
    } => sub {
        my ($dir, $run, $sim, $job) = @_;
        my $facts = is_film("$dir/out.mov", 26 * 25, audio => 'pcm_f32le');
        is($facts->{audio}{channels}, 16, 'all channels');
        is(packets("$dir/out.mov", 'a')->[-1]{pts_time}, packets("$dir/many.mov", 'a')->[-1]{pts_time}, 'to the end');
        is_night("$dir/many.mov", "$dir/out.mov", 'the film');
        my $command = $job->{command} =~ s/-max_muxing_queue_size \d+ //r;
        isnt($command, $job->{command}, 'without the option');
        return if $LIBAVFILTER >= 10;   # FFmpeg 7.0 and later do not read so far ahead
        my ($without) = run_commands({ command => $command, files => $job->{files} });
        isnt($without->{run}{status}, 0, 'ffmpeg gives up');
        like($without->{run}{err}, qr/Too many packets buffered/, 'as is said');
    }],
    'A directory, with a budget for the day' => [
        { map { ("$_.mp4" => film("$_.mp4", 5, 24, "hue=h=$_")) } 1 .. 4 } => sub {
            my ($dir, $run, $sim) = @_;
            is(join(' ', map { basename($_) } glob "$dir/out/*.mp4"), '1.mp4 2.mp4 3.mp4', 'the films that the budget was enough for');
            for my $n (1 .. 3) {
                is_film("$dir/out/$n.mp4", 120);
                is_night("$dir/$n.mp4", "$dir/out/$n.mp4", "film $n");
            }
            like($run->{err}, qr/max_credits_day/, 'and then the limit is named');
            is(credits_of($sim), 420, 'which was kept');
        },
    ],
);

my %text = slurp("$ROOT/docs/recipes.md") =~ /^## (.*)\n((?:(?!## ).*\n)*)/mg;
is(join("\n", sort keys %recipe), join("\n", sort keys %text), 'a judgement for each recipe');
my @jobs;
for my $title (sort keys %text) {
    my @blocks = blocks_of($text{$title});
    my @pairs = @{ $recipe{$title} || [] };
    is(2 * @blocks, scalar @pairs, "$title: and for each of its commands");
    for my $block (@blocks) {
        my ($files, $judge) = splice @pairs, 0, 2;
        push @jobs, { title => $title, command => $block, files => $files, judge => $judge } if $files;
    }
}
run_commands(@jobs);
for my $job (@jobs) {
    subtest $job->{title} => sub {
        is($job->{run}{status}, 0, 'ends well') or return diag $job->{run}{err};
        $job->{judge}->(@$job{qw(dir run sim)}, $job);
    };
}
SKIP: {
    skip 'this ffmpeg has no zscale', 1 if !$has_zscale;
    # the chain that the filter itself names
    my ($chain) = slurp("$ROOT/vf_runway/runway/filter/negotiate.c") =~ s/"\s*\n\s*"//gr =~ /"(zscale=t=linear:\S+?)"/;
    ok(index($text{'An HDR film from a phone'} =~ s/\\\n\s*//gr, $chain) >= 0, 'the chain is that of the error');
}

done_testing;
