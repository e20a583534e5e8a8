#!/usr/bin/env perl
# HDR that no transfer names, as in files that were remuxed or tagged anew: the
# mastering display, the content light, HDR10+ or Dolby Vision do. It is refused
# before anything is paid for, and taken where the user knows better.
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
my ($has_x265, $has_zscale) = map { run_cmd([$FFMPEG, '-hide_banner', "-$_->[0]"])->{out} =~ / $_->[1] / } [encoders => 'libx265'], [filters => 'zscale'];

# An MP4 with a box more behind the others of its only track's sample entry.
sub with_box {
    my ($path, $type, $data) = @_;
    my ($mp4, $at) = (slurp($path), 0);
    my @sizes = map { $at = index($mp4, $_, $at); $at - 4 } qw(moov trak mdia minf stbl stsd avc1);
    my $end = $sizes[-1] + unpack 'N', substr $mp4, $sizes[-1], 4;
    substr $mp4, $_, 4, pack 'N', 8 + length($data) + unpack 'N', substr $mp4, $_, 4 for @sizes;
    substr $mp4, $end, 0, pack('N a4', 8 + length $data, $type) . $data;
    return spew("$TMP/$type.mp4", $mp4);
}

my @UNTAGGED = map { ("-$_", 'unknown') } qw(colorspace color_primaries color_trc);

sub hevc {
    my ($name, $params, @args) = @_;
    return make_clip(name => $name, seconds => 1, rate => 12, size => '160x120', filter => 'format=yuv420p10le',
        codec => [qw(-c:v libx265 -preset ultrafast)], args => ['-x265-params', "log-level=error:repeat-headers=1:keyint=6:$params", @UNTAGGED, @args]);
}

# One with more NAL units: insert gives those before and behind its nth picture.
sub with_nals {
    my ($name, $insert) = @_;
    my $film = hevc("$name.hevc", 'open-gop=0:bframes=0', qw(-f rawvideo));
    my ($out, $n) = ('', 0);
    for my $nal (grep { length } split /\x00\x00\x00?\x01/, slurp($film)) {
        my ($before, $behind) = (ord($nal) >> 1 & 63) < 32 ? $insert->($n++) : ();
        # H.265, 7.3.1.1: no start code within
        s/\x00\x00(?=[\x00-\x03])/\x00\x00\x03/g for grep { defined } $before, $behind;
        $out .= join '', map { "\x00\x00\x00\x01$_" } grep { defined } $before, $nal, $behind;
    }
    return spew($film, $out);
}

# [value, bits], ...
sub bits { return pack 'B*', join '', map { substr sprintf('%032b', $_->[0]), -$_->[1] } @_ }
sub ue { return [$_[0] + 1, 2 * length(sprintf '%b', $_[0] + 1) - 1] }

# SMPTE ST 2094-40 in ITU-T T.35: one window, nothing in it
sub hdr10_plus {
    my $t35 = pack('C n n C C', 0xb5, 0x3c, 1, 4, 1)
        . bits([1, 2], [1000, 27], [0, 1], (map { [500, 17] } 1 .. 4), [0, 4], [0, 10], [0, 1], [0, 1], [0, 1]);
    return pack('C2 C2', 39 << 1, 1, 4, length $t35) . $t35 . "\x80";
}

# A reference picture of Dolby Vision profile 5: curves that change nothing
sub dolby_vision {
    return pack('C2 C', 62 << 1, 1, 25) . bits([2, 6], [18, 11], [0, 4], [0, 4], [1, 1], [0, 1], [0, 2], ue(23), [1, 2], [1, 1],
        ue(2), ue(2), ue(4), [0, 1], [0, 3], [0, 1], [1, 1], [0, 1], [0, 1], ue(0), ue(0), ue(0),
        (map { (ue(0), [0, 10], [1023, 10]) } 1 .. 3), ue(0), ue(0),
        (map { (ue(0), ue(0), [0, 1], ue(0), [0, 23], ue(1), [0, 23]) } 1 .. 3)) . pack 'N C', 0, 0x80;
}

my $h264 = make_clip(name => 'plain.mp4', seconds => 1, rate => 12, size => '160x120', codec => [qw(-c:v libx264)], args => \@UNTAGGED);
my $display = pack 'n8 N2', 13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10000000, 1;
my @cases = (
    ['mastering display in MP4', sub { with_box($h264, 'mdcv', $display) }, qr/Mastering display metadata/],
    ['content light in MP4', sub { with_box($h264, 'clli', pack 'n2', 1000, 400) }, qr/Content light level metadata/],
    ['both in HEVC', sub { hevc('both.mkv', 'master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400') },
        qr/Content light level metadata/],
    ['HDR10+', sub { with_nals('hdr10plus', sub { hdr10_plus() }) }, qr/HDR Dynamic Metadata .*\(HDR10\+\)/],
    ['Dolby Vision', sub { with_nals('dolby', sub { (undef, dolby_vision()) }) }, qr/Dolby Vision (?:RPU Data|Metadata)/],
);
for (@cases) {
    my ($name, $make, $reason) = @$_;
    subtest $name => sub {
        plan skip_all => 'no libx265' if $name !~ /MP4/ && !$has_x265;
        my %run = (in => $make->(), loglevel => 'error', options => { prompt => 'x', model => 'aleph2' }, args => [qw(-f null)], out => '-');
        my $before = () = $sim->requests('create');
        my $run = run_filter($sim, %run);
        error_line('v2v', $run, qr/^the input is HDR \($reason\), .*; or, where that is wrong, setparams=color_trc=bt709/);
        my ($chain) = $run->{err} =~ /tone-map first: (\S+);/;
        like($chain, $name =~ /Dolby/ ? qr/^libplacebo=/ : qr/^setparams=color_trc=smpte2084:.*,zscale=/, 'how to convert it');
        error_line('hdr', run_filter($sim, %run, filter => 'runway_hdr', env => { RUNWAYML_API_SECRET => 'k' },
            options => { provider => 'runway', base_url => $sim->{runway} }), qr/^the input is already HDR \($reason\).*setparams=color_trc=bt709/);
        is(scalar(() = $sim->requests('create')), $before, 'nothing is paid for');
        ok_filter($sim, 'where it is wrong', %run, before => 'setparams=color_trc=bt709');
        return if $chain =~ /^libplacebo/ || !$has_zscale;
        ok_filter($sim, 'tone-mapped as the line says', %run, before => $chain);
        my $clip = ($sim->requests('create'))[-1]{clip};
        is("@$clip{qw(color_transfer color_primaries color_space)}", 'bt709 bt709 bt709', 'it is sent as SDR');
    };
}

subtest 'a content light level that is unknown' => sub {
    ok_filter($sim, '0 and 0', in => with_box($h264, 'clli', pack 'n2', 0, 0), options => { prompt => 'x', model => 'aleph2' },
        args => [qw(-f null)], out => '-');
};

# FFmpeg 8.0 and later hand it on from link to link, past the frames; before, ffmpeg
# itself copies it from the input to the output, past the filters.
subtest 'the output has none' => sub {
    my $run = ok_filter($sim, 'one that is wrong', in => with_box($h264, 'mdcv', $display), before => 'setparams=color_trc=bt709',
        options => { prompt => 'x', model => 'aleph2' }, args => [qw(-c:v libx264 -f mp4)]);
    my $said = run_cmd([$FFPROBE, qw(-v error -show_entries stream_side_data:frame=side_data_list), $run->{out}]);
    is($said->{status}, 0, 'it can be read') or diag $said->{err};
    unlike($said->{out}, qr/Mastering/i, 'and says nothing of a mastering display');
    $run = ok_filter($sim, 'the light to see it in', in => with_box($h264, 'amve', pack 'N n2', 314000, 15635, 16450),
        options => { prompt => 'x', model => 'aleph2' }, args => [qw(-c:v libx264 -f mp4)]);
    $said = run_cmd([$FFPROBE, qw(-v error -show_entries stream_side_data:frame=side_data_list), $run->{out}]);
    unlike($said->{out}, qr/Ambient/i, 'is not said of what is generated');
    my $profile = pack('N', 200) . 'profile of a camera' x 11;
    for my $case ([0, 'runway_v2v', 'cometapi'], $has_x265 ? [1, 'runway_hdr', 'runway'] : ()) {
        my ($is_hdr, $filter, $provider) = @$case;
        $run = ok_filter($sim, "$filter with a profile", in => with_box($h264, 'colr', "prof$profile"), filter => $filter,
            env => { RUNWAYML_API_SECRET => 'k', COMETAPI_KEY => $is_hdr ? undef : 'k' },
            options => { provider => $provider, base_url => $is_hdr ? $sim->{runway} : $sim->{api}, $is_hdr ? () : (prompt => 'x') },
            args => [$is_hdr ? qw(-c:v libx265 -x265-params log-level=error) : qw(-c:v libx264), qw(-movflags +write_colr+prefer_icc -f mp4)]);
        is(index(slurp($run->{out}), $profile) < 0 ? 1 : 0, $is_hdr, $is_hdr ? 'which is not that of HDR' : 'stays');
    }
} if $LIBAVFILTER >= 11;

subtest 'in a later clip' => sub {
    plan skip_all => 'no libx265' if !$has_x265;
    my $run = run_filter($sim, in => with_nals('later', sub { $_[0] < 6 ? () : hdr10_plus() }), loglevel => 'error',
        options => { prompt => 'x', model => 'aleph2' }, args => [qw(-f null)], out => '-');
    error_line('from the first frame that says so on', $run, qr/^the input is HDR \(HDR Dynamic/);
};

done_testing;
