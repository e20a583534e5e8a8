#!/usr/bin/env perl
# The providers: each by its own path, key and default model; what they answer in
# their own shapes, tasks and errors alike; what exists at one and not at the other.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use FilterTest;
use RunwayTest;

my $clip = lossless_clip(size => '160x112', seconds => 2, rate => 12);
my $runway_key = 'key_' . '0a' x 64;
my %provider = (
    cometapi => { env => { COMETAPI_KEY => 'sk-1', RUNWAYML_API_SECRET => undef }, base => 'api', prefix => '/runwayml', model => 'gen4_aleph',
        bearer => 'sk-1' },
    runway => { env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => $runway_key }, base => 'runway', prefix => '', model => 'aleph2',
        bearer => $runway_key },
);

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.3, '--result-frames' => '+0', @_) }

# A run at one of them, with a log for programs: in $run->{events}.
sub run_at {
    my ($name, $sim, %opt) = @_;
    my $it = $provider{$name};
    my $log = sprintf '%s/log-%d.jsonl', $TMP, ++our $logs;
    my $run = run_filter(undef, in => $clip, %opt, env => { %{ $it->{env} }, %{ $opt{env} || {} } },
        options => { prompt => 'negative', base_url => $sim->{ $it->{base} }, log_path => $log, %{ $opt{options} || {} } });
    $run->{events} = [-e $log ? map { decode($_) } split /\n/, slurp($log) : ()];
    return $run;
}

sub states { return join ' ', map { $_->{event} eq 'state' ? $_->{state} : () } @{ $_[0]{events} } }
sub of { my ($run, $event) = @_; return (grep { $_->{event} eq $event } @{ $run->{events} })[-1] // {} }

subtest 'by the key' => sub {
    for my $name (sort keys %provider) {
        my $it = $provider{$name};
        my $sim = simulator('--key' => $it->{bearer});
        my $run = run_at($name, $sim);
        is($run->{status}, 0, "$name: goes well") or diag $run->{err};
        my ($create) = $sim->requests('create');
        is($create->{path}, "$it->{prefix}/v1/video_to_video", "$name: its path");
        is($create->{body}{model}, $it->{model}, "$name: its default model");
        is((grep { $_->{path} !~ m{^$it->{prefix}/v1/tasks/[\w-]+$} } $sim->requests('read')), 0, "$name: where tasks are");
        is(scalar(() = $sim->requests('account')), $name eq 'runway' ? 1 : 0, "$name: " . ($name eq 'runway' ? 'the account is looked at' : 'has no account'));
        $run = run_at($name, $sim, options => { provider => $name, take => 1 }, env => { COMETAPI_KEY => 'sk-1', RUNWAYML_API_SECRET => $runway_key });
        is($run->{status}, 0, "$name: by its name, whatever keys there are") or diag $run->{err};
    }
};

subtest 'tasks, bare and wrapped' => sub {
    for my $case (
        ['cometapi', 'bare', [], ''],
        ['cometapi', 'wrapped', ['--wrap'], ''],
        ['runway', 'bare', [], 56],
    ) {
        my ($name, $how, $args, $cost) = @$case;
        my $sim = simulator(@$args);
        my $run = run_at($name, $sim);
        is($run->{status}, 0, "$name, $how: goes well") or diag $run->{err};
        like(states($run), qr/\bSUCCEEDED$/, "$name, $how: its states are understood");
        unlike(states($run), qr/QUEUED|IN_PROGRESS|SUCCESS$/, "$name, $how: in Runway's words");
        is(of($run, 'stored')->{credits} // '', $cost, "$name, $how: what it cost, where that is reported");
        is(of($run, 'submitted')->{credits}, $name eq 'runway' ? 56 : 30, "$name, $how: what it will cost, theirs or else ours");

        my $failing = simulator(@$args, '--fail-tasks' => '1=INTERNAL.BAD_OUTPUT.CODE01');
        $run = run_at($name, $failing, loglevel => 'error');
        error_line("$name, $how: a failure", $run, qr/FAILED/, qr/INTERNAL\.BAD_OUTPUT\.CODE01/, qr/did not come out well/);
        my $gone = simulator(@$args);
        $run = run_at($name, $gone, loglevel => 'error', options => { prompt => 'fail CANCELLED' });
        error_line("$name, $how: cancelled", $run, qr/cancelled/i);
    }
};

subtest 'THROTTLED is no error' => sub {
    for my $name (sort keys %provider) {
        my $sim = simulator('--concurrency' => 1, '--latency' => 1.5);
        my $run = run_at($name, $sim, options => { clip_duration => 2, model => 'aleph2', task_timeout => 8 }, in => lossless_clip(seconds => 6, size => '160x112', rate => 12));
        is($run->{status}, 0, "$name: waits") or diag $run->{err};
        like(states($run), qr/THROTTLED.*(RUNNING|PENDING|SUCCEEDED)/, "$name: through it");
        is($sim->stats->{billed}, 3, "$name: three tasks for three clips");
    }
};

subtest 'a task that does not exist yet' => sub {
    for my $status (200, 400, 404) {
        my $sim = simulator('--not-exist-for' => 2, '--not-exist-as' => $status);
        my $run = run_at('cometapi', $sim);
        is($run->{status}, 0, "$status: is waited for") or diag $run->{err};
        like(states($run), qr/^not_existing .*SUCCEEDED$/, "$status: and reported");
        is($sim->stats->{billed}, 1, "$status: one task");
    }
};

subtest 'errors' => sub {
    my $sim = simulator();
    my %wrong = (body => '{"seed":-5,"colour":"red"}');
    for my $case (['cometapi', 'an object', 400], ['runway', 'a string, with issues', 400]) {
        my ($name, $shape, $status) = @$case;
        error_line("$name: $shape", run_at($name, $sim, loglevel => 'error', options => { %wrong }),
            qr/ $status: Validation of body failed/, qr/\bseed: Too small: expected number to be >=0/, qr/Unrecognized keys?: "colour"/);
    }
    error_line('cometapi: a bad request called 500', run_at('cometapi', simulator('--bad-request-status' => 500), loglevel => 'error', options => { %wrong }),
        qr/Validation of body failed/, qr/\bseed: Too small/);
    error_line('runway: no credits', run_at('runway', simulator('--fault' => 'account:*=status=404', '--balance' => 3), loglevel => 'error'),
        qr/You do not have enough credits to run this task/);
    is($sim->stats->{billed}, 0, 'nothing was billed');
};

# html: the answer has status 200, and only a person can tell that it means no
subtest 'a wrong path' => sub {
    for my $case (
        ['301', qr/answered with 301 \(a redirect to \S+, which is not followed with the key\).*check base_url/],
        ['404', qr/there is no such service at .* \(404.*check base_url \(for CometAPI it is https:\/\/api\.cometapi\.com\/runwayml\)/],
        ['html', qr/this looks like a web page: check base_url/],
    ) {
        my ($how, @says) = @$case;
        my $sim = simulator('--wrong-path' => $how);
        error_line("cometapi: $how", run_at('cometapi', $sim, loglevel => 'error', options => { base_url => "$sim->{api}/v2" }), @says);
        is(scalar(() = grep { $_->{method} eq 'POST' } $sim->requests), 1, "cometapi: $how: asked once");
    }
    my $sim = simulator();
    my $run = run_at('runway', $sim, loglevel => 'error', options => { base_url => "$sim->{runway}/v1" });
    error_line('runway: 404', $run, qr/404.*check base_url \(for Runway it is https:\/\/api\.dev\.runwayml\.com\)/);
};

subtest 'nothing of the one goes to the other' => sub {
    my $sim = simulator();
    my $run = run_at('cometapi', $sim, env => { RUNWAYML_CUSTOM_HEADERS => 'X-Team: blue', RUNWAYML_BASE_URL => 'https://nowhere.invalid' });
    is($run->{status}, 0, 'Runway\'s variables are not for CometAPI') or diag $run->{err};
    is(scalar(grep { $_->{own_headers} } $sim->requests), 0, 'nor the headers');
    my $plan = run_filter(undef, in => $clip, loglevel => 'verbose', options => { prompt => 'x', dry_run => 1 },
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => undef });
    is($plan->{status}, 0, 'a dry run goes without either') or diag $plan->{err};
};

done_testing;
