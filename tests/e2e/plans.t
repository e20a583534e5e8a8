#!/usr/bin/env perl
# Where clips end and what of them is sent twice, by the plans of dry runs: films whose
# frames stand, cuts, rates of all kinds.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest qw(filter_graph);

my @BLEND = (seam => 'blend', overlap => 0.25);

# The plan of a film that FFmpeg draws: its lines, the clips' beginnings and ends, and
# how much is sent twice.
sub planned {
    my ($film, %options) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v info -f lavfi -i), $film, '-vf',
        filter_graph(dry_run => 1, prompt => 'night', provider => 'runway', model => 'aleph2', %options), qw(-f null -)]);
    is($run->{status}, 0, "$film: ffmpeg ends well") or diag $run->{err};
    my @lines = $run->{err} =~ /plan: (.*)/g;
    return {
        lines => \@lines,
        said => $run->{err},
        clips => [map { /^clip \d+ \((.*)-(.*) s\)/ ? [$1, $2] : () } @lines],
        twice => (map { /^([\d.]+) s of that are sent twice/ ? $1 : () } @lines)[0] // 0,
    };
}

sub film { return "testsrc=s=64x36:r=$_[1]:d=$_[0]" }
# one frame stands for so many seconds more
sub standing { return film(16, 24) . ",settb=1/24,setpts='N+if(gte(N,12)," . 24 * $_[0] . ",0)'" }

subtest 'a frame that stands counts for the second that is sent' => sub {
    my $plan = planned(standing(3), @BLEND, clip_duration => 10);
    my ($first, $second) = @{ $plan->{clips} };
    cmp_ok($first->[1], '>', 12, 'the first clip shows more than is sent');
    cmp_ok(abs($first->[1] - $second->[0] - 0.25), '<', 0.01, 'and shares with the next what overlap says') or diag explain $plan->{lines};
};

subtest 'scene=auto: the last third is that of what is sent' => sub {
    my $cut = ",negate=enable='gte(n,%d)'";
    # 3.5 s of 10 are sent when the source is at 8.5 s; a cut there does not pay
    my $early = planned(standing(5.5) . sprintf($cut, 72), clip_duration => 10, scene => 'auto');
    is_deeply($early->{clips}, planned(standing(5.5), clip_duration => 10)->{clips}, 'a cut before it ends no clip') or diag explain $early->{lines};
    # the eighth second of what is sent
    my $late = planned(standing(5.5) . sprintf($cut, 24 * 7), clip_duration => 10, scene => 'auto');
    is($late->{clips}[0][1], '12.50', 'a cut within it does') or diag explain $late->{lines};
};

subtest 'what is sent twice, at any rate' => sub {
    for my $rate (24, 50, '60000/1001', 60, 120) {
        my $plan = planned(film(6, $rate), @BLEND, clip_duration => 2);
        my ($first, @later) = @{ $plan->{clips} };
        # within a frame of what is sent for each
        cmp_ok(abs($plan->{twice} - @later * 0.25), '<', @later / 24, "$rate: as much as overlap says, for each clip but the first")
            or diag explain $plan->{lines};
    }
};

subtest 'a cut where a clip is full' => sub {
    for my $scene (10, 'auto') {
        my $plan = planned(film(6, 24) . ",negate=enable='gte(n,48)'", @BLEND, clip_duration => 2, scene => $scene);
        is_deeply($plan->{clips}[1], ['2.00', '4.00'], "scene=$scene: the next clip begins at it") or diag explain $plan->{lines};
        is(scalar @{ $plan->{clips} }, 4, 'and the one behind that with what it shares');
        cmp_ok(abs($plan->{twice} - 0.5), '<', 0.1, 'nothing is sent twice across it');
    }
};

subtest 'an overlap of less than half a frame is none' => sub {
    for my $case ([1, 0.25, 1], [24, 0.02, 1], [24, 0.03, 0], [60, 0.01, 0]) {
        my ($rate, $overlap, $warns) = @$case;
        my $plan = planned(film(6, $rate), seam => 'blend', overlap => $overlap, clip_duration => 2);
        is(!!$plan->{twice}, !$warns, "$rate fps, $overlap s: whether clips overlap");
        is(scalar(() = $plan->{said} =~ /overlap: $overlap s is less than half of a frame, so clips do not overlap/g), $warns, 'and a warning if not');
    }
};

subtest 'scene=auto: what is a cut' => sub {
    # the whole picture is so many levels lighter from frame 72 on: a hundredth of
    # 256 is a score of 1
    for my $case ([23, '4.00'], [28, '3.00']) {
        my ($levels, $end) = @$case;
        my $plan = planned("color=0x606060:s=64x36:r=24:d=6,lutyuv=y=val+$levels:enable='gte(n,72)'", clip_duration => 4, scene => 'auto');
        is($plan->{clips}[0][1], $end, "$levels levels: the first clip ends at $end s") or diag explain $plan->{lines};
    }
    # the lower half of a word is noise, whichever comes first
    for my $format (qw(gray16le gray16be rgb48be)) {
        for my $case ([20, '4.00'], [28, '3.00']) {
            my ($levels, $end) = @$case;
            my $plan = planned("color=s=64x36:r=24:d=6,format=gray16le,geq=lum='(96+$levels*gte(N,72))*256+random(1)*255',format=$format",
                clip_duration => 4, scene => 'auto');
            is($plan->{clips}[0][1], $end, "$format, $levels levels: the first clip ends at $end s") or diag explain $plan->{lines};
        }
    }
};

subtest 'overlap: what is sent twice' => sub {
    # four clips of two seconds where there were three
    my $plan = planned(film(6, 24), @BLEND, clip_duration => 2);
    is_deeply($plan->{clips}, [['0.00', '2.00'], [1.75, 3.75], ['3.50', '5.50'], [5.25, '6.00']], 'each clip begins before the last one ends');
    cmp_ok(abs($plan->{twice} - 0.75), '<', 0.01, 'and the plan says for how long');
};

subtest 'overlap: a cut after the next clip was opened' => sub {
    # that one would begin with frame 54
    my $plan = planned(film(6, 24) . ",negate=enable='gte(n,57)'", @BLEND, clip_duration => 2.5, scene => 10);
    is_deeply([@{ $plan->{clips} }[0, 1]], [['0.00', 2.38], [2.38, 4.88]], 'it begins at the cut') or diag explain $plan->{lines};
    my $others = @{ $plan->{clips} } - 2;
    cmp_ok(abs($plan->{twice} - 0.25 * $others), '<', 0.01, 'and shares nothing with the clip before it');
};

done_testing;
