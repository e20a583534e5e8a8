#!/usr/bin/env perl
# Which frames a clip takes, by itself: clip.c with the libraries that the ffmpeg
# of the tests is made of.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my ($program) = link_program('clip', '$(pkg-config --cflags --libs cmocka)');
exec $program or die "clip: $!\n";
