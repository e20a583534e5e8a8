#!/usr/bin/env perl
# An FFmpeg with nothing in it but one of the filters still works: what the filter
# needs, configure takes in by itself. Only the file protocol is for ffmpeg.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use FilterTest;
use RunwayTest;

my $tree = abs_path("$BUILD/src/ffmpeg");
plan skip_all => "no FFmpeg source in $BUILD/src: make check gets it" if !$tree || !-f "$tree/configure";

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
$ENV{GIT_CEILING_DIRECTORIES} = dirname($tree);

# The line as configure-snippet/ has it.
my ($line) = slurp("$ROOT/configure-snippet/README.md") =~ m{^ +\./configure (--disable-everything(?:.*\\\n)*.*)$}m;
ok($line, 'configure-snippet has such a line');
my @switches = grep { /^--/ } split /[\s\\]+/, $line;

my $cc = $ENV{CC} || 'cc';
$cc = "ccache $cc" if $cc !~ /ccache/ && grep { -x "$_/ccache" } split /:/, $ENV{PATH};

# A tree with that filter alone, and what make makes there. Kept between runs; what
# configure decides does not depend on what is there.
sub build {
    my ($filter, $target) = @_;
    my $dir = "$BUILD/standalone/$filter";
    my @with = map { s/\brunway_v2v\b/$filter/r } @switches;
    make_path($dir);
    my $asked = join "\n", $tree, $cc, @with, slurp("$tree/configure");
    if (!-f "$dir/.asked" || slurp("$dir/.asked") ne $asked) {
        my $run = run_cmd(["$tree/configure", "--cc=$cc", @with, qw(--disable-doc --disable-debug --optflags=-O1)],
            dir => $dir, timeout => 300);
        is($run->{status}, 0, "$filter: configure") or diag $run->{out}, $run->{err};
        unlike("$run->{out}$run->{err}", qr/WARNING.*(runway|Disabled)/, 'does not leave the filter out');
        spew("$dir/.asked", $asked);
    }
    my $built = run_cmd(['make', '-j2', '-C', $dir, $target], timeout => 1500);
    is($built->{status}, 0, "$filter: it is built") or BAIL_OUT substr $built->{err}, -3000;
    return $dir;
}

# The siblings by themselves: libavfilter lacks nothing that they need of it.
for my $filter (grep { $_ ne 'runway_v2v' } map { m{/vf_(\w+)\.c$} } glob "$ROOT/vf_runway/vf_*.c") {
    my $archive = build($filter, 'libavfilter/libavfilter.a') . '/libavfilter/libavfilter.a';
    my (%needed, %there);
    for (split /\n/, run_cmd(['nm', $archive])->{out}) {
        $needed{$1} = 1 if /\bU _?(ff_\w+)$/;
        $there{$1} = 1 if /\b[A-TV-Z] _?(ff_\w+)$/;
    }
    is(join(' ', sort grep { /^ff_vf_runway/ } keys %there), "ff_vf_$filter", 'it and no other');
    is(join(' ', sort grep { !$there{$_} } keys %needed), '', 'and nothing is missing');
    my $mak = slurp("$BUILD/standalone/$filter/ffbuild/config.mak");
    like($mak, qr/^CONFIG_$_=yes/m, "$filter: $_") for qw(H264_DECODER HEVC_DECODER MOV_DEMUXER MP4_MUXER LIBX264_ENCODER);
}

my $dir = build('runway_v2v', 'ffmpeg');
my %has = map { /^CONFIG_(\w+)=yes/ ? ($1 => 1) : () } split /\n/, slurp("$dir/ffbuild/config.mak");
ok($has{$_}, $_) for qw(RUNWAY_V2V_FILTER LIBX264_ENCODER H264_DECODER HEVC_DECODER PRORES_DECODER MOV_DEMUXER MP4_MUXER);
ok(!$has{$_}, "no $_") for qw(TESTSRC2_FILTER AAC_DECODER MATROSKA_DEMUXER HTTP_PROTOCOL);

my $sim = RunwayTest::Simulator->start('--latency' => 0);
my $clip = make_clip(seconds => 3);
my ($base) = $sim->{api} =~ s/:/\\:/gr;
my $run = run_cmd(["$dir/ffmpeg", qw(-hide_banner -nostdin -y -i), $clip, '-vf',
    "runway_v2v=prompt=negative:base_url='$base':provider=cometapi:poll_interval=0.1:clip_duration=2", "$TMP/out.mp4"],
    env => { COMETAPI_KEY => 'k' }, timeout => 300);
is($run->{status}, 0, 'and goes all the way') or diag $run->{err};
is(scalar $sim->requests('create'), 2, 'both clips were sent');
is(probe("$TMP/out.mp4")->{video}{nb_read_packets}, 72, 'all frames came out');
my ($y_in, $y_out) = map { (mean_luma($_))[0] } $clip, "$TMP/out.mp4";
cmp_ok(abs(235 + 16 - $y_in - $y_out), '<', 8, 'and they are the generated ones') or diag "$y_in $y_out";

done_testing;
