#!/usr/bin/env perl
# runway_upscale: a size that is known beforehand, a price by the frame; and behind
# runway_v2v in one graph, killed in either and gone on with.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;
use Time::HiRes qw(sleep time);

use RunwayTest;
use FilterTest;
use SiblingTest;

my $film = lossless_clip(frames => 8, rate => 8, size => '640x360');
my $small = lossless_clip(frames => 16, rate => 8, size => '96x64');
sibling('runway_upscale', $film);

subtest 'a size on record' => sub {
    my $log = "$TMP/upscale.log";
    my $run = generated('640x360', options => { creativity => 30, sharpen => 0, grain => 100, log_path => $log });
    my ($submitted) = grep { $_->{event} eq 'submitted' } map { decode($_) } split /\n/, slurp($log);
    is($submitted->{timeout}, 7200, 'it is given two hours');
    my ($create) = $sim->requests('create');
    is($create->{path}, '/v1/video_upscale', 'at its endpoint');
    my %body = %{ $create->{body} };
    delete $body{videoUri};
    is_deeply(\%body, { model => 'magnific_video_upscaler_creative', resolution => '2k', creativity => 30, sharpen => 0,
        smartGrain => 100 }, 'its fields');
    is($create->{credits}, 8, 'priced by the frame');
    is(join('x', @{ video_facts($run->{out}) }{qw(width height)}), '1920x1080', 'three times as large');
    like($run->{err}, qr/the result has 1920x1072 pixels, and is scaled to the 1920x1080 of the output/, 'a few lines are reported');
    is(last_time($run->{out}), last_time($film), 'as many frames, at the same times');
    my ($is) = mean_luma($run->{out});
    my ($was) = mean_luma($film);
    cmp_ok(abs($is - $was), '<', 2, 'of the same picture');
};

subtest 'a size that is said' => sub {
    refused('not on record', $small, {}, qr/^size: what model magnific_video_upscaler_creative makes of 96x64 at resolution=2k is not on record; .*size=192x128/);
    refused('4k', $film, { resolution => '4k' }, qr/at resolution=4k is not on record/);
    refused('no size', $film, { size => 'large' }, qr/^size: "large" is not WxH$/);
    refused('a plan', $small, { dry_run => 1 }, qr/^size: what model magnific_video_upscaler_creative makes of 96x64 at resolution=2k is not on record; .*size=192x128/);
    my $before = creates();
    my $run = generated('dry_run', in => $small, options => { dry_run => 1, size => '192x128' });
    is(creates(), $before, 'a plan: nothing is asked for');
    like($run->{err}, qr/plan: .* 15 credits/, 'it has the price');
    is(join('x', @{ video_facts($run->{out}) }{qw(width height)}), '192x128', 'frames pass in the size of the output');
    my $still = lossless_clip(seconds => 11, rate => 2, size => '96x64', filter => 'drawbox=t=fill:c=gray');
    $run = generated('behind another plan', in => $still, filter => 'runway_v2v', options => { prompt => 'echo', size => '640x360', dry_run => 1 },
        after => 'runway_upscale=dry_run=1');
    is(join('x', @{ video_facts($run->{out}) }{qw(width height)}), '1920x1080', 'behind another plan: three times its output');
    my @plan = $run->{err} =~ /runway_upscale.*\] (plan: .*)/g;
    like($plan[0], qr/^plan: what comes from the filter in front is not known in a dry run/, '... which is not there yet');
    like($plan[-2], qr/^plan: 3 clips, 11\.000 s sent, 20 credits .* per clip$/, '... and the price of that') or diag join "\n", @plan;
    for my $between ('fps=2,setpts=PTS', 'split[a][b];[b]negate[c];[a][c]overlay') {
        $run = generated("behind another plan and $between", in => $still, filter => 'runway_v2v', options => { prompt => 'echo', size => '640x360', dry_run => 1 },
            after => "$between,runway_upscale=dry_run=1");
        is((() = $run->{err} =~ /plan: what comes from the filter in front is not known in a dry run/g) + 0, 1, '... it is not there yet, either');
    }
    # so many ways lead up there that nobody can walk them all; later releases ask for
    # each frame on each of them
    if ($RunwayTest::LIBAVFILTER <= 8) {
        my $ways = join ',', ('split[a][b];[a][b]overlay') x 40;
        $run = generated('behind forty joins', in => $small, before => $ways, options => { dry_run => 1, size => '192x128' });
        unlike($run->{err}, qr/plan: what comes from the filter in front/, '... nothing is found there, and not for long');
    }
    generated('dry_run', options => { dry_run => 1 });
    $run = generated('dry_run', in => lossless_clip(seconds => 11, rate => 2, size => '96x64'), options => { dry_run => 1, size => '192x128' });
    is(join(' ', $run->{err} =~ /plan: clip \d \S+ s\): (\S+) s sent/g), '5.000 5.000 1.000', 'clips of five seconds');
    $run = generated('size', in => $small, options => { size => '288x192' });
    is(join('x', @{ video_facts($run->{out}) }{qw(width height)}), '288x192', 'that size');
    is(($sim->requests('create'))[-1]{body}{creativity}, undef, 'what is not set is not sent');
    $run = generated('4k', in => $small, options => { size => '288x192', resolution => '4k' });
    is(($sim->requests('create'))[-1]{body}{resolution}, '4k', '4k is asked for');
    is(($sim->requests('create'))[-1]{credits}, 20, 'and costs more');
};

subtest 'refused' => sub {
    refused('resolution', $film, { resolution => '8k' }, qr/^resolution: model magnific_video_upscaler_creative makes 720p 1k 2k 4k, not "8k"/);
    refused('a limit', $film, { max_credits => 5 }, qr/max_credits/);
};

subtest 'no seam is matched' => sub {
    for my $filter (qw(runway_hdr runway_upscale)) {
        my $help = run_cmd([$FFMPEG, qw(-hide_banner -h), "filter=$filter"])->{out};
        like($help, qr/^ +take /m, "$filter has options");
        unlike($help, qr/^ +(?:seam|overlap) /m, 'and none for seams');
    }
};

subtest 'CometAPI' => sub {
    my $run = ok_filter($sim, 'four times', in => $small, filter => 'runway_upscale');
    my $create = ($sim->requests('create'))[-1];
    is_deeply([sort keys %{ $create->{body} }], [qw(model videoUri)], 'its fields');
    is($create->{body}{model}, 'upscale_v1', 'its model');
    is(join('x', @{ video_facts($run->{out}) }{qw(width height)}), '384x256', 'four times as large');
    error_line('what it has not', run_filter($sim, in => $small, filter => 'runway_upscale', loglevel => 'error',
        options => { grain => 5 }), qr/^smartGrain: model upscale_v1 has no such setting/);
};

# One graph, two filters: each clip of each is paid for once, whatever is killed when.
subtest 'behind runway_v2v' => sub {
    my $slow = RunwayTest::Simulator->start('--latency' => 6);
    my %both = (base_url => $slow->{runway}, provider => 'runway', poll_interval => 0.1, clip_duration => 2);
    my $long = lossless_clip(frames => 32, rate => 8, size => '96x64');
    my %run = (in => $long, options => { %both, prompt => 'negative', FILTER => 'runway_v2v' },
        after => filter_graph(%both, size => '192x128', FILTER => 'runway_upscale'), env => { %env });
    my $whole = run_filter(undef, %run, env => { %env });
    is($whole->{status}, 0, 'whole: ffmpeg ends well') or diag $whole->{err};
    my @bought = $slow->requests('create');
    is(scalar(grep { $_->{path} eq '/v1/video_to_video' } @bought), 2, 'two clips are edited');
    is(scalar(grep { $_->{path} eq '/v1/video_upscale' } @bought), 2, 'and made larger');
    is(join('x', @{ video_facts($whole->{out}) }{qw(width height)}), '192x128', 'larger');
    is(last_time($whole->{out}), last_time($long), 'to the last frame');
    my @was = mean_luma($long);
    my @is = mean_luma($whole->{out});
    cmp_ok(abs($is[0] - (251 - $was[0])), '<', 4, 'and edited');
    # killed while the first kind is in flight, then while the second is
    for my $path ('/v1/video_to_video', '/v1/video_upscale') {
        my $before = () = $slow->requests('create');
        my $take = $path =~ /upscale/ ? 2 : 1;
        my %again = (%run, options => { %{ $run{options} }, take => $take },
            after => filter_graph(%both, size => '192x128', take => $take, FILTER => 'runway_upscale'));
        my $what = filter_command(undef, %again);
        my $pid = fork // die;
        if (!$pid) {
            %ENV = (%ENV, map { ($_ => $what->{env}{$_}) } grep { defined $what->{env}{$_} } keys %{ $what->{env} });
            delete $ENV{COMETAPI_KEY};
            open STDERR, '>', '/dev/null';
            exec @{ $what->{command} } or POSIX::_exit(127);
        }
        my $until = time + 60 * $PATIENCE;
        my $seen = sub { my @all = $slow->requests('create'); return scalar grep { $_->{path} eq $path } @all[$before .. $#all] };
        # both are answered: what one that is not means is second_fates.t's
        sleep 0.05 while $seen->() < 2 && time < $until;
        sleep 0.5;
        kill KILL => $pid;
        waitpid $pid, 0;
        is(scalar $seen->(), 2, "$path: killed behind its creates");
        my $on = run_filter(undef, %again, env => { %env, XDG_STATE_HOME => "$what->{own}/state" });
        is($on->{status}, 0, "$path: gone on with") or diag $on->{err};
        my @all = $slow->requests('create');
        is(scalar @all - $before, 4, "$path: each clip was bought once");
        is(join(' ', @{ times_of($on->{out}) }), join(' ', @{ times_of($whole->{out}) }), "$path: the same film");
    }
};

done_testing;
