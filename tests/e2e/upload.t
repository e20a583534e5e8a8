#!/usr/bin/env perl
# Large clips: inside the request where they fit, else uploaded, else encoded
# smaller or cut shorter. And that an upload is done as the storage wants it,
# again with a new slot when it fails, and never twice for one task.
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

my $runway_key = 'key_' . '0a' x 64;
my $small = lossless_clip(seconds => 3, rate => 12);
# what x264 can make nothing of: 5 MB at good quality
my $rich = lossless_clip(seconds => 3, rate => 24, size => '640x360', source => 'color=gray',
    filter => 'noise=alls=80:allf=t', args => [qw(-slices 4)]);

sub env_of {
    my ($sim, %more) = @_;
    return { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => $runway_key, RUNWAYML_BASE_URL => $sim->{runway}, %more };
}

sub at_runway {
    my ($sim, %opt) = @_;
    return run_filter(undef, in => $small, %opt, env => env_of($sim, %{ $opt{env} || {} }),
        options => { prompt => 'negative', %{ $opt{options} || {} } });
}

sub kinds {
    my ($sim) = @_;
    return join ' ', map { $_->{where} } grep { ($_->{where} // '') =~ /^(upload|storage|create)$/ } $sim->requests;
}

subtest 'as the storage wants it' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my $run = at_runway($sim, options => { transport => 'upload', clip_duration => 2 },
        env => { RUNWAYML_CUSTOM_HEADERS => "X-Secret: tell-nobody-0815\n" });
    is($run->{status}, 0, 'ffmpeg ends well') or diag $run->{err};
    my @uploads = $sim->requests('upload');
    my @stores = $sim->requests('storage');
    my @creates = $sim->requests('create');
    is(join(' ', map { $_->{status} } @uploads), '200 200', 'a slot for each of two clips');
    is(join(' ', map { $_->{status} } @stores), '204 204', 'a form that the storage takes: order, names, file last');
    is(scalar(grep { $_->{bearer} } @stores), 0, 'without the key');
    is(scalar(grep { !$_->{bearer} } @uploads), 0, 'which went to the API');
    like($_->{body}{videoUri}, qr{^runway://}, 'the create names the upload') for @creates;
    isnt($creates[0]{body}{videoUri}, $creates[1]{body}{videoUri}, 'each its own');
    my ($after) = mean_luma($run->{out});
    my ($before) = mean_luma($small);
    cmp_ok(abs($after - (251 - $before)), '<', 3, 'and it comes back generated');
    is(($_->{own_headers} // {})->{'x-secret'}, 'tell-nobody-0815', 'with the own header') for @uploads, @creates;
    is(scalar(grep { $_->{own_headers} } @stores, $sim->requests('download')), 0, 'which the storage does not see, nor who has the results');
    unlike($run->{err}, qr/tell-nobody-0815/, 'and which is not logged');
};

subtest 'one identity' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my %store = (XDG_STATE_HOME => "$TMP/one/state");
    my $run = at_runway($sim, env => \%store);
    is(kinds($sim), 'create', 'what fits goes inside the request');
    $run = at_runway($sim, env => \%store, options => { transport => 'upload' });
    is($run->{status}, 0, 'another transport') or diag $run->{err};
    is(kinds($sim), 'create', 'finds what was paid for, and uploads nothing');
};

subtest 'auto' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my $run = at_runway($sim, in => $rich);
    is($run->{status}, 0, 'with uploads') or diag $run->{err};
    is(kinds($sim), 'upload storage create', 'too large for a request: uploaded');
    is($run->{err}, '', 'nobody is warned: nothing is lost');

    $run = run_filter($sim, in => $rich, options => { prompt => 'negative' });
    is($run->{status}, 0, 'without uploads') or diag $run->{err};
    like($run->{err}, qr/clip 1: (\S+) MB at good quality is more than the 3\.9 MB that can be sent; reduced to (\S+) MB/,
        'a warning');
    my ($was, $is) = $run->{err} =~ /clip 1: (\S+) MB.*reduced to (\S+) MB/;
    cmp_ok($is // 99, '<=', 3.9, 'that fits') and cmp_ok($is, '>', 2.2, 'and most of it is used');
    is(kinds($sim), 'upload storage create create', 'inside the request');
    is(($sim->requests('create'))[1]{status}, 200, 'which the service takes');

    $run = at_runway($sim, in => $rich, options => { transport => 'inline', take => 1 });
    is($run->{status}, 0, 'transport=inline') or diag $run->{err};
    like($run->{err}, qr/more than the 3\.9 MB/, 'is the same with the other provider');
    is(kinds($sim), 'upload storage create create create', 'no upload');
};

subtest 'failures' => sub {
    for my $case (
        ['storage:1=status=500',                  'upload storage upload storage create'],
        ['storage:1=status=403',                  'upload storage upload storage create'],
        ['storage:1=drop-before',                 'upload storage upload storage create'],
        ['storage:1=drop-after',                  'upload storage upload storage create'],
        ['upload:1=status=503,retry-after=0.3',   'upload upload storage create'],
        ['upload:1=bad-json',                     'upload upload storage create'],
        ['upload:1=drop-after',                   'upload upload storage create'],
    ) {
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--fault' => $case->[0]);
        my $run = at_runway($sim, options => { transport => 'upload' });
        is($run->{status}, 0, "$case->[0]: is got over") or diag $run->{err};
        is(kinds($sim), $case->[1], "$case->[0]: with a new slot");
        like($run->{err}, qr/the upload failed, trying again in/, "$case->[0]: and said");
        is($sim->stats->{billed}, 1, "$case->[0]: one task");
    }
    my $sim = RunwayTest::Simulator->start('--latency' => 0, '--fault' => 'storage:*=status=403');
    my $run = at_runway($sim, options => { transport => 'upload' }, loglevel => 'error');
    error_line('refused permanently', $run, qr/^clip 1 .*answered the upload with 403/);
    is(kinds($sim), 'upload storage upload storage upload storage', 'three slots were tried');
    is($sim->stats->{creates}, 0, 'and nothing was asked for');
    unlike($run->{err}, qr/Signature=|policy/i, 'no part of the form is logged');

    $sim = RunwayTest::Simulator->start('--key' => 'another', '--latency' => 0);
    $run = at_runway($sim, options => { transport => 'upload' }, loglevel => 'error');
    error_line('a wrong key', $run, qr/does not accept the key/);
    is(join(' ', map { $_->{where} } $sim->requests), 'account', 'is found out before anything is uploaded');

    $sim = RunwayTest::Simulator->start('--latency' => 0, '--fault' => 'upload:*=status=401');
    $run = at_runway($sim, options => { transport => 'upload' }, loglevel => 'error');
    error_line('no right to upload', $run, qr/does not accept the key/);
    is(kinds($sim), 'upload', 'is not tried again');
};

subtest 'no second upload for a task' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 8);
    my %store = (XDG_STATE_HOME => "$TMP/two/state");
    my $run = at_runway($sim, env => \%store, options => { transport => 'upload', task_timeout => 1 });
    cmp_ok($run->{status}, '>', 0, 'the task takes too long');
    $run = at_runway($sim, env => \%store, options => { transport => 'upload' });
    is($run->{status}, 0, 'the next run reads on') or diag $run->{err};
    is(kinds($sim), 'upload storage create', 'and uploads nothing');
};

subtest 'who has none' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my $run = run_filter($sim, in => $small, loglevel => 'error', options => { prompt => 'x', transport => 'upload' });
    error_line('cometapi', $run, qr/^transport=upload: CometAPI has no uploads; .*provider=runway/);
    is(scalar(() = $sim->requests), 0, 'nothing was asked');
    $run = at_runway($sim, loglevel => 'error', options => { transport => 'pigeon' });
    like($run->{err}, qr/pigeon/, 'an unknown way is an error');
};

# 0.05 bit for a pixel are 415 kbit for a frame of 4K: some fifty frames are
# what a request can hold.
subtest 'shorter where it would get too thin' => sub {
    my $sim = RunwayTest::Simulator->start;
    my $run = run_filter($sim, in => 'color=gray:s=3840x2160:r=24,format=yuv420p,noise=alls=60:allf=t',
        input => [qw(-f lavfi -t 4)], timeout => 600, args => [qw(-f null)], out => '-',
        options => { prompt => 'x', model => 'aleph9', encoder_opts => 'preset=ultrafast' });
    my ($seconds) = $run->{err} =~ /clip 1 ends after (\S+) s: the picture is too detailed to send more of it/;
    cmp_ok($seconds // 0, '>', 1.6, 'the clip ends early') or diag $run->{err};
    cmp_ok($seconds // 9, '<', 2.6, 'and not earlier than it has to');
    my ($is) = $run->{err} =~ /clip 1: .* reduced to (\S+) MB/;
    cmp_ok($is // 99, '<=', 3.9, 'it can be sent') or diag $run->{err};
    cmp_ok(($is // 0) * 8e6 / (3840 * 2160 * 24 * ($seconds // 9)), '>', 0.045, 'and is not thin');

    # a dry run encodes nothing: it says where that may be so, and nowhere else
    my $plan = sub {
        my ($name, $about, $size, %options) = @_;
        my $run = run_filter($sim, in => "color=gray:s=$size:r=6,format=yuv420p", input => [qw(-f lavfi -t 6)], args => [qw(-f null)], out => '-',
            loglevel => 'info', options => { prompt => 'x', dry_run => 1, %options });
        is($run->{status}, 0, "the plan, $name") or diag $run->{err};
        my @lines = $run->{err} =~ /plan: (clip \d+ .*|.*\d clips, .*) s sent/g;
        is(scalar(grep { /about/ } @lines), $about ? scalar @lines : 0, "$name: " . ($about ? 'all of it is about' : 'is certain')) or diag $run->{err};
        is(scalar(() = $run->{err} =~ /too detailed/g), $about, "$name: and why") or diag $run->{err};
    };
    $plan->('a request cannot hold it', 1, '7680x4320', model => 'aleph9');
    $plan->('a request can hold it', 0, '1280x720', model => 'aleph9');
};

subtest 'rich, and yet not too rich' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0);
    my @args = (in => $rich, loglevel => 'info');
    my $plan = run_filter($sim, @args, options => { prompt => 'x', clip_duration => 2.75, dry_run => 1 });
    my $run = run_filter($sim, @args, options => { prompt => 'x', clip_duration => 2.75 });
    my @planned = $plan->{err} =~ /plan: (clip \d+ \(.*?\)): \d/g;
    my @sent = sort $run->{err} =~ /(clip \d+ \(.*?\)) sent\b/g;
    is($run->{status}, 0, 'the run') or diag $run->{err};
    like($run->{err}, qr/reduced to/, 'a clip that had to be made smaller') or diag $run->{err};
    is("@planned", "@sent", 'has the borders of the plan') or diag $plan->{err};
};

done_testing;
