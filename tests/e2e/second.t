#!/usr/bin/env perl
# The filter against a second server of the API, written by somebody else from the
# service's documents: what holds with the simulator has to hold here. The server's
# ledger is the judge: no clip is billed twice, nothing forbidden is sent.
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
use SecondServer;

# --- the main job ------------------------------------------------------------

subtest 'the main job' => sub {
    for my $case (['cometapi', 'gen4_aleph', 90], ['runway', 'aleph2', 168]) {
        my ($provider, $model, $credits) = @$case;
        my $server = SecondServer->start('--provider' => $provider);
        my $job = job($server);
        my $run = $job->run;
        whole($model, $job, $run);
        my $ledger = paid_once($model, $server, 3);
        is(join(' ', map { $_->{model} } @{ $ledger->{tasks} }), join(' ', ($model) x 3), "$model: is the provider's model");
        is($ledger->{credits}, $credits, "$model: what was billed");
        is_deeply($ledger->{refused}, [], "$model: nothing was refused") or diag explain $ledger->{refused};
        ok(!$run->{status} && probe($run->{file})->{audio}, "$model: the sound is there");
        whole("$model, again", $job, $job->run);
        is($server->ledger->{requests}{read}, $ledger->{requests}{read}, "$model: the second run asked nothing");
    }
};

subtest 'all that can be asked for is taken' => sub {
    my $image = "$TMP/image.png";
    run_cmd([$FFMPEG, qw(-v error -f lavfi -i testsrc2=s=320x192 -frames:v 1), $image]);
    my @cases = (
        [cometapi => 'references', 30, reference => $image, seed => 4294967295, public_figure_threshold => 'low'],
        [runway => 'keyframes', 56, keyframe => "1=$image", prompt => 'the negative ' . "\x{1F600}" x 493],
        [runway => 'targetAspectRatio', 56, ratio => '16:9'],
        [runway => 'outputFormat', 66, output_format => 'prores', prompt => undef],
        [runway => 'outputFormat', 96, output_format => 'sdr_rec709_10bit', seed => -1],
        [runway => 'references', 20, model => 'gemini_omni_flash', reference => $image, seed => -1],
        [runway => 'duration', 144, model => 'seedance2', mode => 'reference'],
        [runway => 'duration', 116, model => 'seedance2_fast', mode => 'reference'],
        [runway => 'duration', 64, model => 'seedance2_mini', mode => 'reference'],
        [runway => 'mode', 7, model => 'gemini_omni_flash_1.1'],
        [runway => 'resolution', 102, model => 'hailuo3', mode => 'reference', reference => $image, seed => -1],
    );
    for my $case (@cases) {
        my ($provider, $field, $credits, @options) = @$case;
        my $server = SecondServer->start('--provider' => $provider);
        my %options = @options;
        utf8::encode($options{prompt}) if defined $options{prompt};
        my $name = "$provider, $field, $credits credits";
        my $job = short_job($server, options => \%options);
        whole($name, $job, $job->run);
        my $ledger = paid_once($name, $server, 1);
        is_deeply($ledger->{refused}, [], "$name: nothing was refused");
        ok((grep { $_ eq $field } @{ $ledger->{tasks}[0]{members} }), "$name: it is there") or diag explain $ledger->{tasks}[0]{members};
        is($ledger->{credits}, $credits, "$name: was billed");
    }
};

# The filters of the other endpoints: what they ask for is taken, and they make of what
# comes back what they should.
subtest 'HDR, and larger' => sub {
    my $film = lossless_clip(frames => 24, rate => 12, size => '160x96');
    my $x265 = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} =~ /\blibx265\b/;
    # upscaling keeps it; FFmpeg 9.0's encoders leave one out that only the command names
    my $transfer = video_facts($film)->{color_transfer} // 'unknown';
    for my $case (
        $x265 ? ([runway => 'runway_hdr', '160x96 yuv420p10le smpte2084', 40, {}],
            [runway => 'runway_hdr', '160x96 yuv420p10le arib-std-b67', 40, { transfer => 'hlg' }]) : (),
        [runway => 'runway_hdr', '160x96 yuv420p10le smpte2084', 40, { format => 'hdr_prores', prores_profile => '4444' }],
        [runway => 'runway_upscale', "480x288 yuv420p $transfer", 22, { size => '480x288', creativity => 100, sharpen => 1, grain => 0 }],
        [cometapi => 'runway_upscale', "640x384 yuv420p $transfer", undef, {}],
    ) {
        my ($provider, $filter, $wanted, $credits, $options) = @$case;
        my $name = join ' ', $provider, $filter, map { "$_=$options->{$_}" } sort keys %$options;
        my $server = SecondServer->start('--provider' => $provider);
        my $run = ok_filter(undef, $name, in => $film, filter => $filter, env => $server->env,
            options => { base_url => $server->{api}, %$options });
        like($run->{err}, qr/not tagged as HDR; it is treated as smpte2084, as requested/, "$name: its tags are wrong") if $options->{format};
        my $facts = video_facts($run->{out});
        is("$facts->{width}x$facts->{height} $facts->{pix_fmt} $facts->{color_transfer}", $wanted, "$name: what comes out");
        is(scalar @{ packets($run->{out}, 'v:0') }, 24, "$name: a frame for each");
        my $ledger = paid_once($name, $server, 1);
        is_deeply($ledger->{refused}, [], "$name: nothing was refused");
        cmp_ok(abs($ledger->{credits} - $credits), '<=', 1, "$name: was billed") if $credits;
    }
};

subtest 'upload' => sub {
    my $server = SecondServer->start('--provider' => 'runway', faults => [
        { on => 'storage', nth => 1, kind => 'answer', status => 503 }, { on => 'slot', nth => 3, kind => 'cut' }]);
    my $job = job($server, options => { transport => 'upload' });
    whole('upload', $job, $job->run);
    my $ledger = paid_once('upload', $server, 3);
    is(join(' ', map { $_->{source}{transport} } @{ $ledger->{tasks} }), 'upload upload upload', 'all came by upload');
    is($ledger->{requests}{slot}, 5, 'a storage that fails, and a slot that is not had, cost one more slot each');
};

subtest 'one at a time' => sub {
    my $server = SecondServer->start('--provider' => 'runway', '--concurrent' => 1, '--run' => 4);
    my $job = job($server);
    whole('throttled', $job, $job->run);
    my $ledger = paid_once('throttled', $server, 3);
    ok((grep { $_->{throttled} } @{ $ledger->{tasks} }), 'there were tasks that had to wait');
};

subtest 'what the account does not allow' => sub {
    my $server = SecondServer->start('--provider' => 'runway', '--credits' => 50);
    ends_badly('a small balance', job($server)->run, qr/50 credits/);
    is($server->ledger->{requests}{create}, 0, 'a small balance: nothing was sent');

    $server = SecondServer->start('--provider' => 'runway', '--daily' => 1);
    my $job = short_job($server);
    whole('the last one today', $job, $job->run);
    ends_badly('one more', $job->run(options => { take => 1 }), qr/\bday\b|today/);
    is($server->ledger->{requests}{create}, 1, 'one more: it was not sent');
    paid_once('one more', $server, 1);

    # a gateway has no account that could be asked first
    $server = SecondServer->start('--daily' => 1);
    ends_badly('a day that is used up', job($server)->run, qr/daily limit.*same command again/);
    my $ledger = paid_once('a day that is used up', $server, 1);
    cmp_ok($ledger->{requests}{create}, '<=', 3, 'a day that is used up: one create for each clip');

    $server = SecondServer->start('--key' => 'another');
    ends_badly('a wrong key', job($server)->run, qr/key/i);
    paid_once('a wrong key', $server, 0);
};

subtest 'how often a task is read' => sub {
    my $server = SecondServer->start('--min-poll' => 5, '--run' => 7);
    my $job = short_job($server, options => { poll_interval => undef });
    whole('at its own pace', $job, $job->run);
    my $ledger = paid_once('at its own pace', $server, 1);
    is($ledger->{early_polls}, 0, 'never sooner than after five seconds');
    cmp_ok($ledger->{tasks}[0]{polls}, '>=', 2, 'though more than once');
};

# --- reads, results ---------------------------------------------------------------

subtest 'reads' => sub {
    my @kinds = ((map { { kind => 'answer', status => $_, body => 'html' } } 500, 502, 503, 504, 524),
        { kind => 'answer', status => 429, body => 'json', retry_after => 1 }, { kind => 'cut' },
        { kind => 'cut', accepted => JSON::PP::true, reply => JSON::PP::true }, { kind => 'page' }, { kind => 'not_exist' });
    my $n = -1;
    my ($server, $job, $run) = run_short([map { { on => 'read', nth => $n += 2, %$_ } } @kinds], arguments => { '--reads' => scalar @kinds });
    whole('reads that go wrong', $job, $run);
    paid_once('reads that go wrong', $server, 1);
    is(scalar @{ $server->ledger->{faults} }, scalar @kinds, 'all of them went wrong');

    ($server, $job, $run) = run_short([], arguments => { '--not-exist-for' => 2 });
    whole('a task that does not exist yet', $job, $run);
    paid_once('a task that does not exist yet', $server, 1);
};

subtest 'results' => sub {
    my %faults = (
        'a web page, twice' => [{ on => 'download', nth => [1, 2], kind => 'page' }],
        'a web page, for long' => [{ on => 'download', nth => [1 .. 6], kind => 'page' }],
        'truncated' => [{ on => 'download', nth => 1, kind => 'truncate', bytes => 3000 },
            { on => 'download', nth => 2, kind => 'truncate', bytes => 2000 }],
        'refused, cut' => [{ on => 'download', nth => 1, kind => 'answer', status => 403 },
            { on => 'download', nth => 2, kind => 'answer', status => 502 }, { on => 'download', nth => 3, kind => 'cut' }],
        'slow' => [{ on => 'download', kind => 'slow', rate => 30000 }],
        'a URL that has to be encoded' => [{ on => 'task', kind => 'odd_url' }],
        'output that is late' => [{ on => 'task', kind => 'late_output', seconds => 4 }],
    );
    for my $name (sort keys %faults) {
        my ($server, $job, $run) = run_short($faults{$name}, options => { retries => 2 });
        if ($run->{status}) {
            like($name, qr/web page/, "$name: only that is not got over in one run") or diag $run->{said};
            at_last("$name, again", $job, 3, options => { retries => 2 });
        } else {
            whole($name, $job, $run);
        }
        paid_once($name, $server, 1);
    }
};

subtest 'tasks that fail' => sub {
    my $internal = { on => 'task', kind => 'fail', code => 'INTERNAL.BAD_OUTPUT.CODE01', failure => 'It went wrong.' };
    my ($server, $job, $run) = run_short([$internal]);
    ends_badly('retries=0', $run, qr/INTERNAL\.BAD_OUTPUT/);
    paid_once('retries=0', $server, 1);

    ($server, $job, $run) = run_short([$internal], options => { retries => 1 });
    whole('retries=1', $job, $run);
    paid_once('retries=1', $server, 2, retries => 1);

    for my $code (qw(SAFETY.INPUT.TEXT INPUT_PREPROCESSING.SAFETY.TEXT ASSET.INVALID)) {
        ($server, $job, $run) = run_short([{ %$internal, code => $code }], options => { retries => 2 });
        ends_badly($code, $run, qr/\Q$code\E/);
        paid_once($code, $server, 1);
    }

    ($server, $job, $run) = run_short([{ on => 'task', kind => 'cancel' }], options => { retries => 2 });
    ends_badly('cancelled', $run, qr/cancel/i);
    paid_once('cancelled', $server, 1);
};

# --- death -------------------------------------------------------------------------

subtest 'kill -9' => sub {
    my %moments = (
        'while tasks run' => sub { @{ $_[0]{tasks} } == 3 && !grep { !$_->{reported} || !$_->{polls} } @{ $_[0]{tasks} } },
        # every create's answer has been read: what one that has not means is second_fates.t's
        'while a result comes in' => sub { $_[0]{requests}{download} && @{ $_[0]{tasks} } == 3 && !grep { !$_->{polls} } @{ $_[0]{tasks} } },
    );
    for my $name (sort keys %moments) {
        for my $provider (qw(cometapi runway)) {
            my $server = SecondServer->start('--provider' => $provider, '--run' => 1,
                faults => [{ on => 'download', nth => 1, kind => 'slow', rate => 3000 }]);
            my $job = job($server);
            my $going = $job->begin;
            ok($going->until(sub { $moments{$name}->($server->ledger) }), "$provider, $name: the moment comes") or diag $going->said;
            is($going->end('KILL')->{signal}, 9, "$provider, $name: killed");
            whole("$provider, $name", $job, $job->run);
            paid_once("$provider, $name", $server, 3);
        }
    }
};

done_testing;
