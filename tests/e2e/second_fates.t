#!/usr/bin/env perl
# Creates whose fate nobody knows, and faults drawn at random, at the second server:
# what it accepted stands in its ledger, whatever the filter was answered. None is
# sent again unless the user says so, and none that is known is bought again.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use SecondServer;


# --- creates -------------------------------------------------------------------

subtest 'a create that certainly was not accepted is sent again' => sub {
    for my $provider (qw(cometapi runway)) {
        my ($server, $job, $run) = run_short([{ on => 'create', nth => 1, kind => 'answer', status => 429, body => 'json', retry_after => 1 },
            { on => 'create', nth => 2, kind => 'answer', status => 503, body => 'json', retry_after => 1 }],
            arguments => { '--provider' => $provider });
        whole($provider, $job, $run);
        my $ledger = paid_once($provider, $server, 1);
        is($ledger->{requests}{create}, 3, "$provider: at the third time");
    }
};

# How somebody in between may answer for a create, or nobody.
my %ANSWERS = (
    (map { ("$_ of a proxy" => { kind => 'answer', status => $_, body => 'html' }) } 408, 409, 499, 500, 502, 503, 504, 524),
    '503 of a proxy, with Retry-After' => { kind => 'answer', status => 503, body => 'html', retry_after => 1 },
    '429 of a proxy' => { kind => 'answer', status => 429, body => 'html', retry_after => 1 },
    '502 as the service has it' => { kind => 'answer', status => 502, body => 'json' },
    'a web page' => { kind => 'page' },
    'a cut' => { kind => 'cut' },
    'a cut in the answer' => { kind => 'cut', reply => JSON::PP::true },
    'silence and a cut' => { kind => 'stall', seconds => 1 },
);

subtest 'a create of unknown fate that was accepted' => sub {
    for my $name (sort keys %ANSWERS) {
        my ($server, $job, $run) = run_short([{ on => 'create', accepted => JSON::PP::true, %{ $ANSWERS{$name} } }]);
        ends_badly($name, $run, qr/clip 1 .*on_unknown=resend/);
        ends_badly("$name, again", $job->run, qr/on_unknown=resend/);
        paid_once($name, $server, 1);
        whole("$name, resend", $job, $job->run(options => { on_unknown => 'resend' }));
        my $ledger = paid_once("$name, resend", $server, 2, resend => 1);
        isnt(bought_twice($ledger), '', "$name: the ledger does see a second payment");
    }
};

subtest 'a create of unknown fate that was not accepted' => sub {
    my %answers = (%ANSWERS{'503 of a proxy, with Retry-After', 'a web page', 'a cut', '502 as the service has it'},
        'a cut in the request' => { kind => 'cut', early => JSON::PP::true });
    for my $name (sort keys %answers) {
        my ($server, $job, $run) = run_short([{ on => 'create', %{ $answers{$name} } }]);
        ends_badly($name, $run, qr/on_unknown=resend/);
        paid_once($name, $server, 0);
        whole("$name, resend", $job, $job->run(options => { on_unknown => 'resend' }));
        paid_once("$name, resend", $server, 1);
    }
};

subtest 'a create whose answer has an id' => sub {
    my @true = (accepted => JSON::PP::true, id => JSON::PP::true, kind => 'answer', body => 'json');
    my %answers = (
        'in a 400' => { @true, status => 400 }, 'in a 500' => { @true, status => 500 },
        'in a 429' => { @true, status => 429, retry_after => 1 },
        'as a number' => { kind => 'shape', as => 'number' }, 'as a string' => { kind => 'shape', as => 'string' },
        'in a 201' => { kind => 'shape', as => 'created' }, 'and nothing else' => { kind => 'shape', as => 'bare' },
    );
    for my $name (sort keys %answers) {
        my ($server, $job, $run) = run_short([{ on => 'create', %{ $answers{$name} } }]);
        whole($name, $job, $run);
        paid_once($name, $server, 1);
    }
};

subtest 'wrapped answers' => sub {
    for my $wrap (qw(never always)) {
        my $server = SecondServer->start('--wrap' => $wrap, '--bare' => 1);
        my $job = job($server);
        whole($wrap, $job, $job->run);
        paid_once($wrap, $server, 3);
    }
};

# --- drawn --------------------------------------------------------------------------

subtest 'drawn faults' => sub {
    for my $seed (1 .. 4) {
        for my $provider (qw(cometapi runway)) {
            my $server = SecondServer->start('--provider' => $provider, '--seed' => $seed, '--paid' => 1);
            my $name = "$provider, seed $seed";
            my $job = job($server, options => { retries => 2, transport => $provider eq 'runway' && $seed % 2 ? 'upload' : 'auto' });
            my $run = $job->run;
            $run = $job->run(options => { on_unknown => 'resend' }) for 1 .. 7 * !!$run->{status};
            whole($name, $job, $run) or diag json($server->{drawn});
            paid_once($name, $server, undef, retries => 1, resend => 1);
        }
    }
};

done_testing;
