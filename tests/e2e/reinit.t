#!/usr/bin/env perl
# A change of size or format in mid-stream. ffmpeg builds its graph anew there and
# forgets what is on its way: the run ends with an error, and what is paid for is in
# the journal. With -reinit_filter 0 the filter ends the clip there and goes on; no
# frame is lost.
#
# FFmpeg's own assertions, on in the build for tests, allow such a change to none
# of its filters but a few. So this runs that ffmpeg with one file compiled anew,
# the one where frames are handed from filter to filter, without them.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use FilterTest qw(psnr_per_frame raw_frames);
use RunwayFilm;
use RunwayTest;
use SiblingTest qw(sibling generated creates);

my $build = dirname(abs_path($FFMPEG));
plan skip_all => "$FFMPEG is not where it was built" if !-f "$build/ffbuild/config.mak";

# The command by which FFmpeg's make would make a file of that build.
sub command_for {
    my ($what, $pattern) = @_;
    my $run = run_cmd(['make', '-n', 'V=1', '-W', 'src/libavfilter/avfilter.c', $what], dir => $build,
        env => { MAKEFLAGS => undef, MFLAGS => undef });
    my ($line) = grep { /$pattern/ } split /\n/, $run->{out};
    die "make does not say how $what is made: $run->{err}\n" if !defined $line;
    return $line;
}

sub shell {
    my ($line) = @_;
    # ccache does not see that another header comes first
    my $run = run_cmd(['sh', '-c', $line], dir => $build, timeout => 300, env => { CCACHE_DISABLE => 1 });
    die "$line\n$run->{err}\n" if $run->{status};
}

sub without_assertions {
    make_path("$TMP/lax/libavutil");
    spew("$TMP/lax/libavutil/avassert.h", <<'HEADER');
#include_next "libavutil/avassert.h"
#undef av_assert1
#define av_assert1(condition) ((void)0)
HEADER
    my $compile = command_for('libavfilter/avfilter.o', qr/ -o libavfilter\/avfilter\.o /);
    $compile =~ s{ -I}{ -I$TMP/lax -I} && $compile =~ s{ -o libavfilter/avfilter\.o }{ -o $TMP/avfilter.o }
        or die "not understood: $compile\n";
    $compile =~ s{ -MMD -MF \S+ -MT \S+}{};      # what depends on what is the build's matter
    shell($compile);
    # first on the line, it is taken instead of the library's
    my $link = command_for('ffmpeg_g', qr/ -o ffmpeg_g /);
    $link =~ s{ -o ffmpeg_g }{ -o $TMP/ffmpeg-lax $TMP/avfilter.o };
    shell($link);
    return "$TMP/ffmpeg-lax";
}

my $sim = RunwayTest::Simulator->start('--latency' => 0.3, '--result-rate' => 'source', '--result-frames' => '+0');
my $strict = $FFMPEG;
my $lax = without_assertions();

# 2.5 s of one kind and 2.5 s of another.
sub changing_film {
    my ($name, @kinds) = @_;
    my @parts = map {
        my $n = $_;
        numbered_film(name => "$name-$n.ts", frames => 60, first => 60 * $n,
            codec => [qw(-c:v libx264 -preset ultrafast -qp 4 -bf 0)], %{ $kinds[$n] },
            args => [@{ $kinds[$n]{args} || [] }, '-output_ts_offset', 10 + 2.5 * $n])
    } 0, 1;
    return spew("$TMP/$name.ts", join '', map { slurp($_) } @parts);
}

for (
    ['larger',         { size => '160x96' },      { size => '320x192' },  '160x96 yuv420p'],
    ['smaller',        { size => '320x192' },     { size => '160x96' },   '320x192 yuv420p'],
    ['another format', { format => 'yuv420p' },   { format => 'yuv422p' }, '160x90 yuv420p'],
    ['ten bits',       { format => 'yuv420p10' }, { format => 'yuv420p' }, '160x90 yuv420p10le'],
) {
    my ($name, @kinds) = @$_;
    my $kind = pop @kinds;
    my $film = changing_film($name =~ s/ /-/gr, @kinds);
    my $before = $sim->requests('create');
    $FFMPEG = $lax;
    my $run = filter_film($sim, $film, 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2', input => [qw(-reinit_filter 0)]);
    $FFMPEG = $strict;
    subtest $name => sub {
        ends_well($run, 'ends well') or return;
        my $frames = $run->{frames};
        is(scalar @$frames, 120, 'all frames');
        my %kinds = map { ("$_->{size} $_->{format}" => 1) } @$frames;
        is(join(', ', keys %kinds), $kind, 'all as the first');
        is(near(numbers_of($run->{file}), [0 .. 119], 0), '', 'each in its place');
        is((grep { abs($frames->[$_]{time} - $frames->[$_ - 1]{time} - 1 / 24) > 0.001 } 1 .. $#$frames), 0, 'at its time');
        # 2 s and 0.5 s of each: no clip goes over the change
        my @sent = ($sim->requests('create'))[$before .. $before + 3];
        is($sim->requests('create') - $before, 4, 'in four clips');
        my %sizes;
        $sizes{"$_->{clip}{width}x$_->{clip}{height}"}++ for @sent;
        is(join(' ', sort values %sizes), $name =~ /er$/ ? '2 2' : '4', 'each of its own size');
    };
}

# PNGs as one film: parts of [frames, size, what their pixels are made of].
sub changing_pictures {
    my ($name, @parts) = @_;
    my $nb = 0;
    for (@parts) {
        my ($frames, $size, $filter) = @$_;
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), "testsrc2=size=$size:rate=24,$filter",
            '-frames:v', $frames, '-start_number', $nb, "$TMP/$name-%03d.png"]);
        die "no pictures: $run->{err}\n" if $run->{status};
        $nb += $frames;
    }
    return "$TMP/$name-%03d.png";
}

# The values of alpha in the left and right third of each frame of an output.
sub alphas {
    my ($run) = @_;
    my ($w, $h) = split /x/, $run->{frames}[0]{size};
    my $part = int($w / 3);
    return [map {
        my %side;
        for my $line (unpack "(a$w)*", $_) {
            $side{0}{$_}++ for unpack 'C*', substr $line, 0, $part;
            $side{1}{$_}++ for unpack 'C*', substr $line, -$part;
        }
        join ' ', map { join ',', sort { $a <=> $b } keys %{ $side{$_} } } 0, 1;
    } @{ raw_frames($run->{file}, 'alphaextract,format=gray', $w * $h) }];
}

for (
    ['a picture without alpha', [[24, '160x96', 'format=rgba,colorchannelmixer=aa=0.5'], [24, '160x96', 'format=rgb24'],
        [24, '160x96', 'format=rgba,colorchannelmixer=aa=0.25']], 'N/24/TB', { 24 => '255 255', 48 => '64 64' }],
    # its first one has the time of the one before, and counts as one of the open clip
    ['a smaller one that is not sent', [[24, '160x96', 'format=rgba,colorchannelmixer=aa=0.5'],
        [24, '80x48', 'format=rgba,colorchannelmixer=aa=0.25']], '(N-gte(N,24))/24/TB', { 24 => '64 64' }],
    ['a larger one that is not sent', [[24, '80x48', 'format=rgba,colorchannelmixer=aa=0.5'],
        [24, '160x96', "format=rgba,geq=r='r(X,Y)':a='if(lt(X,W/2),64,200)'"]], '(N-gte(N,24))/24/TB', { 24 => '64 200' }],
    ['one without alpha that is not sent', [[24, '160x96', 'format=rgba,colorchannelmixer=aa=0.5'],
        [24, '80x48', 'format=rgb24']], '(N-gte(N,24))/24/TB', { 24 => '255 255' }],
) {
    my ($name, $parts, $times, $changes) = @$_;
    subtest "alpha: $name" => sub {
        $FFMPEG = $lax;
        my $run = filter_film($sim, changing_pictures($name =~ s/ /-/gr, @$parts), 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2',
            before => "setpts='$times'", input => [qw(-reinit_filter 0 -framerate 24)]);
        $FFMPEG = $strict;
        ends_well($run, 'ends well') or return;
        my $alpha = '128 128';
        my @wanted = map { my $nb = $_; $alpha = $changes->{$nb} // $alpha } 0 .. -1 + 24 * @$parts;
        is_deeply(alphas($run), \@wanted, 'each frame has its own');
    };
}

# The changed frame lasts longer than the clip has left, and the next clip was
# begun ahead, of frames as they were.
subtest 'a change where clips overlap' => sub {
    my $film = spew("$TMP/overlap.ts", join '', map { slurp($_) }
        numbered_film(name => 'overlap-0.ts', size => '320x192', rate => 25, frames => 49, codec => [qw(-c:v libx264 -preset ultrafast -qp 4 -bf 0)],
            args => [qw(-output_ts_offset 10)]),
        numbered_film(name => 'overlap-1.ts', size => '160x96', rate => '25/2', frames => 20, first => 49, codec => [qw(-c:v libx264 -preset ultrafast -qp 4 -bf 0)],
            args => [qw(-output_ts_offset 11.96)]));
    my $before = $sim->requests('create');
    $FFMPEG = $lax;
    my $run = filter_film($sim, $film, 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2:seam=blend:overlap=0.5', input => [qw(-reinit_filter 0)]);
    $FFMPEG = $strict;
    ends_well($run, 'ends well') or return;
    is(near(numbers_of($run->{file}), [0 .. 68], 0), '', 'each frame in its place');
    my @sent = ($sim->requests('create'))[$before .. $sim->requests('create') - 1];
    is(join(' ', sort map { "$_->{clip}{width}x$_->{clip}{height}" } @sent), '160x96 320x192', 'no clip is begun with frames of both sizes');
};

subtest 'a format that is not supported' => sub {
    my $film = changing_pictures('palette', [12, '160x96', 'format=rgb24'], [12, '160x96', 'format=pal8']);
    my @args = ($sim, $film, 'runway_v2v=prompt=echo:model=aleph2');
    $FFMPEG = $lax;
    my $run = filter_film(@args, input => [qw(-reinit_filter 0)]);
    my $cured = filter_film(@args, input => [qw(-reinit_filter 0)], before => 'scale,format=rgb24');
    $FFMPEG = $strict;
    isnt($run->{status}, 0, 'is an error');
    like($run->{err}, qr/changes to pal8, which is not supported; put scale,format=rgb24 in front/, 'and the cure');
    ends_well($cured, 'which helps') or return;
    is(scalar @{ $cured->{frames} }, 24, 'all frames');
};

# A bound on a result's picture by the first clip would refuse what is paid for.
SKIP: {
    skip 'the simulator makes HDR with libx265, which this build lacks', 1
        if run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} !~ /\blibx265\b/;
    my @parts = map {
        make_clip(size => $_, seconds => 1, rate => 4, codec => [qw(-c:v libx264 -preset ultrafast)], name => "part-$_.h264")
    } '320x180', '2560x1440';
    my $film = spew("$TMP/grows.h264", join '', map { slurp($_) } @parts);
    subtest 'a larger size than the first clip\'s, for a model whose sizes are not known' => sub {
        sibling('runway_hdr', $film, clip_duration => 1, concurrency => 1);
        $FFMPEG = $lax;
        generated('which goes on', input => [qw(-reinit_filter 0 -framerate 4)]);
        $FFMPEG = $strict;
        is(creates(), 2, 'a clip of each');
    };
}

# Each clip costs what the shortest one costs, so a kind for each frame is an error.
{
    my $before = 'scale=w=160+2*n:h=96:eval=frame';
    subtest 'each frame has its own size' => sub {
        my $film = numbered_film(name => 'grows.mkv', frames => 50, size => '160x96');
        my $nb = $sim->requests('create');
        for ('', ':dry_run=1') {
            $FFMPEG = $lax;
            my $run = filter_film($sim, $film, "runway_v2v=prompt=echo:model=aleph2$_", before => $before);
            $FFMPEG = $strict;
            isnt($run->{status}, 0, 'is an error');
            like($run->{err}, qr/changes in the input's size, format or pixel shape end a clip every few frames.*put scale in front/, '... that says why') or diag $run->{err};
        }
        cmp_ok($sim->requests('create') - $nb, '<=', 3, '... before much is paid for');
    };
}

subtest 'the shape of pixels changes' => sub {
    my $film = numbered_film(name => 'shape.mkv', frames => 96, size => '160x96');
    my $nb = $sim->requests('create');
    my $change = 'split[a][b];[a]trim=end=2,setsar=1[c];[b]trim=start=2,setpts=PTS-STARTPTS,setsar=2[d];[c][d]concat=unsafe=1';
    # concat of FFmpeg 7.1 gives all frames the first one's
    my $shapes = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v info -i), $film, '-vf', "$change,showinfo", qw(-f null -)])->{err};
    my $run = filter_film($sim, $film, 'runway_v2v=prompt=echo:model=aleph2', before => $change);
    ends_well($run, 'ends well') or return;
    is(near(numbers_of($run->{file}), [0 .. 95], 0), '', 'each frame in its place');
    my @sent = ($sim->requests('create'))[$nb .. $sim->requests('create') - 1];
    is(join(' ', sort map { "$_->{clip}{width}x$_->{clip}{height}" } @sent),
        $shapes =~ m{ sar:2/1 } ? '160x96 320x96' : '160x96', 'a clip of each');
    my $cropped = filter_film($sim, $film, 'runway_v2v=prompt=echo:model=aleph2:fit=crop', before => $change);
    ends_well($cropped, 'fit=crop: ends well') or return;
    my ($least) = sort { $a <=> $b } @{ psnr_per_frame($cropped->{file}, 'null', $run->{file}, 'null') };
    cmp_ok($least, '>', 40, '... and crops nothing that is as it was sent');
};

for my $more ('take=2', 'take=3:max_credits=1000') {
    subtest "without -reinit_filter 0, $more" => sub {
        my $film = changing_film('lost', { size => '160x96' }, { size => '320x192' });
        my $before = $sim->requests('create');
        my $store = command_env();
        my $filter = 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2:' . $more;
        my $run = filter_film($sim, $film, $filter, env => $store);
        isnt($run->{status}, 0, 'is an error');
        like($run->{err}, qr/\d+ input frames were not output: the graph ended before them/, 'the frames that are lost');
        like($run->{err}, qr/size, format or colours of the input changed in mid-stream.*-reinit_filter 0 before -i/, 'and the cure');
        my $paid = $sim->requests('create') - $before;
        cmp_ok($paid, '<=', 2, 'nothing of the second part was sent');
        $FFMPEG = $lax;
        $run = filter_film($sim, $film, $filter, input => [qw(-reinit_filter 0)], env => $store);
        $FFMPEG = $strict;
        ends_well($run, 'the cure helps') or return;
        is(scalar @{ $run->{frames} }, 120, 'all frames');
        is($sim->requests('create') - $before, 4, 'and what was paid for is picked up');
    };
}

# What is sent stays as it is, and ffmpeg builds the graph anew all the same.
for (
    ['the audio changes', [{ audio => 'aac', args => [qw(-shortest -ac 1)] }, { audio => 'aac', args => [qw(-shortest -ac 2)] }],
        '[0:v]%s[v];[0:a]volume=1[a]', qw(-map [v] -map [a] -c:a pcm_s16le)],
    ['the rotation changes', [{}, { args => [qw(-bsf:v h264_metadata=display_orientation=insert:rotate=180)] }], '[0:v]%s[v]', qw(-map [v])],
) {
    my ($name, $kinds, $graph, @args) = @$_;
    subtest $name => sub {
        my $film = changing_film($name =~ s/ /-/gr, @$kinds);
        my $before = $sim->requests('create');
        my $filter = 'runway_v2v=prompt=echo:model=aleph2:clip_duration=2:' . api_options($sim);
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y -i), $film, '-filter_complex', sprintf($graph, $filter),
            @args, qw(-fps_mode passthrough -c:v ffv1), "$TMP/rebuilt.nut"], timeout => 120, env => command_env());
        isnt($run->{status}, 0, 'is an error');
        like($run->{err}, qr/\d+ input frames were not output: the graph ended before them/, 'the frames that are lost');
        like($run->{err}, qr/graph was rebuilt in mid-stream.*-af or a second -filter_complex.*display_orientation=remove/, 'and the cures');
        cmp_ok($sim->requests('create') - $before, '<=', 2, 'nothing of the second part was sent');
    };
}

done_testing;
