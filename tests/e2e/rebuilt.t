#!/usr/bin/env perl
# A host that builds its graph again in mid-stream, as players do: the new filter goes
# on with its predecessor's output, and max_credits is for both together. rebuilt.c is
# such a host.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my ($program) = link_program('rebuilt');
my $sim = RunwayTest::Simulator->start('--latency' => 0.3, '--result-size' => '160x96');

# A film of its own, in clips of one second for 15 credits each.
sub graph {
    my ($source, $seconds, $name, $number) = @_;
    return "$source:s=160x96:r=24:d=$seconds,format=yuv420p,$name=prompt=x:model=gen4_aleph:state_dir=$TMP/state-$number:clip_duration=1:concurrency=1:"
        . "max_credits=45:poll_interval=0.1:base_url='" . $sim->{api} =~ s/:/\\:/gr . "',buffersink\@out";
}

sub run {
    my @graphs = @_;
    my $before = $sim->requests('create');
    my $run = run_cmd([$program, 1, @graphs], env => { COMETAPI_KEY => 'k', RUNWAYML_API_SECRET => undef });
    is($run->{status}, 0, 'the host goes on') or diag $run->{err};
    return (@$run{qw(out err)}, $sim->requests('create') - $before);
}

my ($out, $err, $bought) = run(graph('testsrc=n=0', 30, 'runway_v2v', 1), graph('testsrc2=alpha=255', 3, 'runway_v2v', 1));
like($out, qr/^1 frames\n\d+ frames, (?!End of file)/, 'a graph in the place of one that was freed') or diag $err;
is($bought, 3, 'buys what the limit leaves both of them');
like($err, qr/max_credits=45 is reached: 45 credits were spent on this output or are in flight \(15 on clip 1 .*, 15 on clip 1 /, 'which is said') or diag $err;

($out, $err, $bought) = run(graph('testsrc=n=0', 30, 'runway_v2v', 2), graph('testsrc2=alpha=255', 3, 'runway_v2v@another', 2),
    graph('testsrc=n=2', 3, 'runway_v2v@another', 2));
is($out, "1 frames\n72 frames, End of file\n72 frames, End of file\n",
    'a filter of another name, and one behind an output that was complete, are other outputs') or diag $err;
cmp_ok($bought, '>', 6, 'each with its own limit');
done_testing;
