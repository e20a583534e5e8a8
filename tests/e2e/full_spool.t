#!/usr/bin/env perl
# Source frames, or their alpha, that wait for the clips in front of them have the
# disk: the filter waits, and where clips end does not depend on that, or the same
# film would be bought again in other clips. full_spool.c makes the disk small.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

plan skip_all => "the linker of $^O has no --wrap" if $^O eq 'darwin';

my ($program) = link_program('full_spool', map { "-Wl,--wrap=ff_runway_spool_$_" } qw(create clip_frames put take drop));
my $sim = RunwayTest::Simulator->start('--latency' => 0.3, '--result-size' => '64x48');

my $frames = 96;
my $film = 'testsrc2=s=64x48:r=24:d=4';
# noise, which cannot be made smaller
my $noise = "$film,format=yuva444p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='random(1)*255'";

# A graph with so many frames of that many bytes in closed clips, and so many in a
# clip: checksums of what comes out, creates, frames that waited, what was said.
sub run {
    my ($bytes, $limit, $clip, @graph) = @_;
    my $before = $sim->requests('create');
    my $run = run_cmd([$program, int($limit * $bytes * 1.02), $clip, join ',', @graph, 'buffersink@out'],
        env => { COMETAPI_KEY => 'k', RUNWAYML_API_SECRET => undef }, timeout => 100);
    my ($sums, $most) = $run->{out} =~ /\A(.*)^End of file, at most (-?\d+)\n\z/ms;
    ok(defined $most, "all goes well ($limit)") or diag $run->{out}, $run->{err};
    return ($sums, $sim->requests('create') - $before, $most, $run->{err});
}

my $number;
for my $case (
    ['source frames', 4608, $film, 'format=yuv420p', 'on_error=source:seam=none', 3],
    ['alpha', 3072, $noise, 'format=yuva444p,alphaextract', 'seam=none', 3],
    # one clip shows the last frames of another: 32, and 20 more with each
    ['an overlap', 4608, $film, 'format=yuv420p', 'on_error=source:overlap=0.5:seam=blend', 5],
    ['alpha of an overlap', 3072, $noise, 'format=yuva444p,alphaextract', 'overlap=0.5:seam=blend', 5],
    # 30 of 96 frames are cut off by the second prompt
    ['a cut', 4608, "$film,sendcmd=c='1.25 runway_v2v prompt mirror'", 'format=yuv420p', 'on_error=source:seam=none', 4],
    # 24 to 47 and 72 to 95
    ['frames that pass', 4608, $film, 'format=yuv420p', "on_error=source:seam=none:enable='gte(mod(t,2),1)'", 2],
) {
    my ($name, $bytes, $source, $end, $options, $clips) = @$case;
    subtest $name => sub {
        my $state = "$TMP/state-" . ++$number;
        my $filter = sub {
            return "runway_v2v=prompt=negative:model=gen4_aleph:clip_duration=2:state_dir=$state:poll_interval=0.1:base_url='"
                . $sim->{api} =~ s/:/\\:/gr . "':$options:$_[0]";
        };
        my $plan = (run($bytes, 8, 32, $source, $filter->('dry_run=1'), $end))[3];
        like($plan, qr/plan: $clips clips, /, 'so many are planned');
        is(scalar(() = $plan =~ /plan: clip \d ends after 1\.33 s: no more than 32 frames/g), $name =~ /pass/ ? 0 : 1, 'and why they are short is said once');
        my ($sums, $creates, $most) = run($bytes, 8, 32, $source, $filter->('concurrency=1'), $end);
        is($creates, $clips, 'with little disk as many are made');
        is(scalar(() = $sums =~ /\n/g), $frames, 'and all frames come out');
        cmp_ok($most, '<=', 8 + 32 + ($name =~ /overlap/ ? 32 : 2), 'no more wait than may');
        for my $again ([8, 'concurrency=4'], [1000, 'concurrency=4'], [1000, 'concurrency=1']) {
            my ($limit, $way) = @$again;
            my @same = run($bytes, $limit, 32, $source, $filter->($way), $end);
            is($same[1], 0, "none is made again ($limit, $way)");
            ok($same[0] eq $sums, 'the same frames come out');
        }
        return if $name !~ /alpha/;
        my ($right) = run($bytes, 8, 32, $source, $end);
        ok($sums eq $right, 'each frame has its own alpha');
    };
}

# Clips end after 32 frames instead of 96, and the second one begins at the 21st;
# so they do where the first frame stands for a second.
for my $source ($film, "$film,setpts='N+23*gt(N,0)'") {
    subtest "a cut in an overlap: $source" => sub {
        my ($printed) = run(4608, 1000, 32, "$source,negate=enable='gte(n,26)'",
            "runway_v2v=prompt=negative:model=gen4_aleph:clip_duration=4:state_dir=$TMP/state-" . ++$number . ":poll_interval=0.1:base_url='"
            . $sim->{api} =~ s/:/\\:/gr . "':on_error=source:overlap=0.5:seam=blend,metadata=mode=print:file=-", 'format=yuv420p');
        is(($printed =~ /runway_v2v\.seam=(\w+)/)[0], 'cut', 'is seen');
    };
}

done_testing;
