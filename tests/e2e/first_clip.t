#!/usr/bin/env perl
# A mistake of time stamps once cost a task for each frame. There is a wall against
# the next one: a first clip that ends with its first frame, although the second
# would fit, ends the run before its create. first_clip.c makes such a mistake.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use PaidTest;

plan skip_all => "the linker of $^O has no --wrap" if $^O eq 'darwin';

my ($program) = link_program('first_clip', '-Wl,--wrap=ff_runway_segment_fits');

my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--result-size' => '160x96');
my $wall = qr/the first clip would end with its first frame, and the next one ends after 0\.083 s; nothing was sent \(internal error\)/;
for my $case (['the first question', 0], ['the second one', 1], ['none', 1000]) {
    my ($name, $fits) = @$case;
    my $before = $sim->requests('create');
    my $run = run_cmd([$program, "testsrc=s=160x96:r=24:d=0.5,format=yuv420p,runway_v2v=prompt=x:state_dir=$TMP/state-$fits:"
        . "poll_interval=0.1:base_url='" . $sim->{api} =~ s/:/\\:/gr . "',buffersink\@out", $fits], env => { COMETAPI_KEY => 'k', RUNWAYML_API_SECRET => undef });
    my $creates = $sim->requests('create') - $before;
    if ($name eq 'none') {
        is($run->{out}, "12 frames, End of file\n", 'without a mistake all frames come out') or diag $run->{err};
        is($creates, 1, 'of one clip');
        next;
    }
    is($run->{status}, 1, "$name is answered wrongly: an error") or diag $run->{out}, $run->{err};
    like($run->{err}, $wall, "$name: which says that it is the filter's own");
    is($creates, 0, "$name: and nothing was bought");
    is_deeply([glob "$TMP/state-$fits/clips/*"], [], "$name: or was about to be");
}
done_testing;
