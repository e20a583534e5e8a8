#!/usr/bin/env perl
# Runway's own Node SDK judges the simulator: what a user of it does works here
# as it does there, every reply is what the SDK declares, and every field that
# the SDK declares for a model is taken. So filter and simulator cannot agree on
# a mistake of their own. tests/sdk/judge.js does it and prints what came of it.
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

my $node = $ENV{NODE} || 'node';
my $version = run_cmd([$node, '--version'])->{out};
my ($major) = $version =~ /^v(\d+)\./ or plan skip_all => 'there is no node';
plan skip_all => "node is $version; the SDK wants 18 or later" =~ s/\n//r if $major < 18;
my $why = "$BUILD/sdk/why-not";
plan skip_all => "Runway's SDK is not here (make check fetches it)" . (-e $why ? ': ' . slurp($why) =~ s/\s+$//r : '')
    if !-d "$BUILD/sdk/node_modules/\@runwayml/sdk";

my $key = 'key_' . '5d' x 64;
my %sims = (
    main   => [qw(--latency 1), '--key' => $key],
    busy   => [qw(--latency 6 --concurrency 1)],
    slow   => [qw(--latency 120)],
    daily  => [qw(--latency 0 --daily 1 --concurrency 3 --balance 500)],
    flaky  => ['--latency' => 0, '--fault' => 'create:1=status=429,retry-after=1', '--fault' => 'read:1=status=502'],
    lost   => [qw(--latency 0 --fault create:1-2=drop-after)],
    broken => [qw(--latency 0 --fault account=status=503 --fault read=stall=5)],
);
my %sim = map { ($_ => RunwayTest::Simulator->start(@{ $sims{$_} })) } keys %sims;
my $clip = make_clip(size => '160x120', seconds => 2);
my $picture = "$TMP/picture.png";
run_cmd([$FFMPEG, qw(-v error -y -f lavfi -i testsrc2=size=64x64 -frames:v 1), $picture])->{status} and die "no PNG\n";

sub judge {
    my ($config, %env) = @_;
    my $file = spew("$TMP/judge.json", json({ key => $key, clip => $clip, picture => $picture,
        gateway => $sim{main}{api}, (map { ($_ => $sim{$_}{runway}) } keys %sim), %$config }));
    my $run = run_cmd([$node, "$ROOT/tests/sdk/judge.js", $file], timeout => 400,
        env => { NODE_PATH => "$BUILD/sdk/node_modules", %env });
    is($run->{status}, 0, 'the judge comes to an end') or diag $run->{err};
    return decode($run->{out} || '{}');
}

my $said = judge({});
my %scene = %{ $said->{scenes} || {} };
note "node $said->{node}";
for my $name (sort keys %scene) {
    ok(!(ref $scene{$name} eq 'HASH' && $scene{$name}{uncaught}), "$name is played to its end")
        or diag $scene{$name}{uncaught};
}

subtest 'what is declared is what comes' => sub {
    # The SDK has a number there. Those who ran it saw null at first.
    my @odd = grep { $_ ne 'TaskRetrieveResponse.progress: is null, not a number' } @{ $said->{oddities} };
    is(join("\n", @odd), '', 'no reply is strange to the SDK');
};

subtest 'create and wait' => sub {
    for my $name (qw(aleph2 gen4_aleph promptVideo prores)) {
        my $it = $scene{$name};
        is($it->{task}{status}, 'SUCCEEDED', "$name: succeeds");
        is($it->{file}{status}, 200, "$name: its output is there");
        is(substr($it->{file}{head}, 4, 4), 'ftyp', "$name: and a video");
        is($it->{file}{type}, $name eq 'prores' ? 'video/quicktime' : 'video/mp4', "$name: said to be one");
    }
    is($scene{png_sequence}{file}{type}, 'application/zip', 'png_sequence: an archive');
    is(substr($scene{png_sequence}{file}{head}, 0, 4), "PK\x03\x04", 'png_sequence: indeed');
    is($scene{aleph2}{created}{estimatedCost}{credits}, 56, 'the estimate');
    is($scene{aleph2}{task}{cost}{credits}, 56, 'and the cost');
};

subtest 'tasks that come to nothing' => sub {
    for my $case (['failed', 'FAILED', 'SAFETY.INPUT.TEXT'], ['failed_without_a_code', 'FAILED', undef], ['cancelled', 'CANCELLED', undef]) {
        my ($name, $status, $code) = @$case;
        my $it = $scene{$name};
        is($it->{class}, 'TaskFailedError', "$name: is a TaskFailedError");
        is($it->{task}{status}, $status, "$name: its status");
        is($it->{task}{failureCode}, $code, "$name: its code");
        is($it->{message}, $status eq 'FAILED' ? $it->{task}{failure} : 'Task cancelled', "$name: what it says");
        ok(defined $it->{task}{cost}{credits}, "$name: and its cost");
    }
};

subtest 'throttling' => sub {
    is($scene{throttled}{states}[1], 'THROTTLED', 'the second task waits');
    like($scene{throttled}{states}[0], qr/^(PENDING|RUNNING)$/, 'for the first');
    is(join(' ', @{ $scene{throttled}{ends} }), 'SUCCEEDED SUCCEEDED', 'and both succeed');
};

subtest 'delete' => sub {
    my $it = $scene{delete_running};
    like($it->{before}, qr/^(PENDING|RUNNING)$/, 'of a task that runs');
    is_deeply($it->{deleted}, { resolved => undef }, 'resolves to nothing');
    is($it->{after}{class}, 'NotFoundError', 'after which it is not found');
    is(($sim{slow}->events('ended'))[0]{status}, 'CANCELLED', 'and was cancelled');
    $it = $scene{delete_done};
    is_deeply($it->{deleted}, { resolved => undef }, 'of one that is done');
    is($it->{after}{class}, 'NotFoundError', 'takes the task away');
    is($it->{file}{status}, 404, 'and what was paid for');
};

subtest 'uploads' => sub {
    my $it = $scene{upload};
    like($it->{$_}{uri}, qr{^runway://\S+$}, "$_: has a URI") for qw(stream bytes);
    is($it->{made}{task}{status}, 'SUCCEEDED', 'which a task takes as clip and as picture');
    is($it->{small}{class}, 'APIError', 'under 512 bytes: refused');
    is($it->{small}{status}, 400, 'by the storage');
    my ($store) = $sim{main}->requests('storage');
    ok(!$store->{bearer}, 'the SDK sends no key there either');
};

subtest 'account' => sub {
    my $it = $scene{organization};
    cmp_ok($it->{creditBalance}, '<=', 500, 'the balance');
    is($it->{tier}{models}{aleph2}{maxConcurrentGenerations}, 3, 'the tier');
    is($it->{tier}{models}{aleph2}{maxDailyGenerations}, 1, 'and its limits');
    ok(exists $it->{usage}{models}{aleph2}{dailyGenerations}, 'what is used of them');
};

subtest 'errors have their classes' => sub {
    for my $case (
        [wrong_key     => 'AuthenticationError', 401, qr/\S/],
        [wrong_task    => 'NotFoundError', 404, qr/^Could not find Task$/],
        [wrong_path    => 'NotFoundError', 404, qr/\S/],
        [wrong_body    => 'BadRequestError', 400, qr/^Validation of body failed$/],
        [sunset        => 'BadRequestError', 400, qr/^gen4_aleph reached its sunset date\. Use "aleph2"\.$/],
        [wrong_version => 'BadRequestError', 400, qr/X-Runway-Version/],
        [too_large     => 'APIError', 413, qr/too large/],
        [daily_limit   => 'RateLimitError', 429, qr/daily/],
        [server_error  => 'InternalServerError', 503, qr/\S/],
    ) {
        my ($name, $class, $status, $text) = @$case;
        my $it = $scene{$name};
        is("$it->{class} $it->{status}", "$class $status", "$name: $class");
        ok($it->{isAPIError}, "$name: an APIError");
        like($it->{body}{error}, $text, "$name: its text, which is text");
    }
    my %issue = map { (join('.', @{ $_->{path} }) => $_->{message}) } @{ $scene{wrong_body}{body}{issues} };
    like($issue{seed}, qr/>=0/, 'issues name the field');
    like($issue{''}, qr/Unrecognized keys?: "colour"/, 'and what is none');
    like($scene{wrong_body}{body}{docUrl}, qr/^https:/, 'with a page to read');
    # the gateway's errors are objects, and a 404 is not what it says of a task
    like($scene{wrong_body_at_the_gateway}{body}{error}{message}, qr/ratio/, 'the gateway says it in its own shape');
    is($scene{wrong_task_at_the_gateway}{body}{code}, 'task_not_exist', 'and knows no task in its own words');
    is($scene{web_page}{class}, undef, 'a web page from the gateway is no error to the SDK');
    like($scene{web_page}{resolved}, qr/^<!doctype html>/, 'but text');
    is($scene{timeout}{class}, 'APIConnectionTimeoutError', 'too slow');
};

subtest 'retries' => sub {
    is($scene{retries}{status}, 'SUCCEEDED', 'a 429 and a 502 are got over');
    is($sim{flaky}->stats->{billed}, 1, 'with one task');
    my @creates = $sim{flaky}->requests('create');
    is(join(' ', map { $_->{status} } @creates), '429 200', 'after one refusal');
    cmp_ok($creates[1]{t} - $creates[0]{t}, '>=', 0.95, 'and the second that it was asked to wait');
    is($scene{lost_answer}{once}{class}, 'APIConnectionError', 'an answer that is lost is no answer');
    is($sim{lost}->stats->{billed}, 3, 'and is billed, each time: why the filter never sends again by itself');
};

subtest 'the models' => sub {
    my $it = $scene{models};
    is(join("\n", @{ $it->{wrong} }), '', 'every declared field and value is taken, no other');
    my $help = run_cmd([$SIMULATOR, '--help'])->{out} =~ s/.*^Models: //msr;
    my %known = map { ($_ => 1) } $help =~ /([\w.]+)/g;
    # what the SDK once had, and what goes to other endpoints
    delete @known{qw(gen4_aleph ruby magnific_video_upscaler_creative upscale_v1)};
    is(join(' ', sort keys %{ $it->{models} }), join(' ', sort keys %known),
        'the simulator has the models that the SDK has for video-to-video, and no other');
    my $code = slurp("$ROOT/vf_runway/runway/api/models.c");
    ok($code =~ /\.name\s*= "\Q$_\E"/, "and the filter has $_") for sort keys %{ $it->{models} };
};

# The same environment for both: the same origin, path, key and headers.
subtest 'the environment' => sub {
    for my $case (
        ['as it is meant', '%s', "$key", "X-Team: blue\nX-Run: 7"],
        ['with white space', " %s/\n", " $key\n", "\n  X-Team :  blue  \n\nX-Team: green\nno header\nX-Empty:\n"],
        ['a version of one\'s own', '%s', $key, 'X-Runway-Version: 2020-01-01'],
    ) {
        my ($name, $base, $secret, $headers) = @$case;
        my %env = (RUNWAYML_BASE_URL => sprintf($base, $sim{main}{runway}), RUNWAYML_API_SECRET => $secret,
            RUNWAYML_CUSTOM_HEADERS => $headers, COMETAPI_KEY => undef);
        my $before = () = $sim{main}->requests;
        my $judged = judge({ scenes => ['environment'] }, %env);
        my $run = run_filter(undef, in => $clip, loglevel => 'error', env => { %env }, options => { prompt => 'x' });
        my @requests = $sim{main}->requests;
        splice @requests, 0, $before;
        my ($sdk) = grep { ($_->{headers}{user_agent} // '') =~ /^RunwayML/ } @requests;
        my ($filter) = grep { ($_->{headers}{user_agent} // '') =~ /^runway_v2v/ } @requests;
        ok($sdk && $filter, "$name: both find the way") or diag($run->{err}), next;
        my %own = %{ $sdk->{own_headers} || {} };
        delete $own{$_} for grep { /^x-stainless-/ } keys %own;
        is_deeply($filter->{own_headers} || {}, \%own, "$name: the filter sends the headers that the SDK sends");
        is($filter->{headers}{version}, $sdk->{headers}{version}, "$name: the version");
        is($filter->{headers}{accept}, $sdk->{headers}{accept}, "$name: Accept");
        is((($filter->{status} == 401) + 0) . (($sdk->{status} == 401) + 0), '00', "$name: and the key");
    }
};

done_testing;
