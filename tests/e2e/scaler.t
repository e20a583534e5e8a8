#!/usr/bin/env perl
# One scaler for pictures of several kinds, as a result may have: scaler.c with the
# libraries that the ffmpeg of the tests is made of.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my ($scaler) = link_program('scaler');

my @formats = qw(gray10le gray12le gray16le gray16be gray gray10be gray9le gray12le);
my $run = run_cmd([$scaler, @formats]);
is($run->{status}, 0, 'it ends well') or diag $run->{err};
is($run->{out}, join('', map { $_ . " 128 128\n" } @formats), 'gray has no colour, whatever came before');

done_testing;
