#!/usr/bin/env perl
# Joints of sources of every kind of picture: chroma of each pixel, RGB, odd sides,
# portraits. Each joint is seen less, and each frame comes out, at its time.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use SeamTest;

for my $case (
    ['4:4:4',          '256x144', 'yuv444p'],
    ['RGB in planes',  '256x144', 'bgr0', 'gbrp'],
    ['odd sides, RGB', '241x139', 'bgr0', 'rgb24'],
    ['odd sides',      '427x241', 'yuv420p'],
    ['a portrait',     '240x428', 'yuv420p'],
) {
    my ($name, $size, $format, $wanted) = @$case;
    my $film = film($name =~ tr/ ,:/-/r, moving(size => $size), $format, $wanted ? 'pc' : 'tv');
    my $is = probe($film)->{video};
    is("$is->{width}x$is->{height} $is->{pix_fmt}", "$size $format", "$name: a film");
    all_ways($name, $film, seam => 'matched', $wanted ? (format => $wanted) : ());
}

done_testing;
