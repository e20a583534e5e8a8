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
use RunwayFilm;
use PaidTest;
use SecondServer;

my $FILM = second_film(seconds => 6);
my @FRAMES = 0 .. 143;

# A job at a server: six seconds, in clips of two.
sub job {
    my ($server, %opt) = @_;
    my $options = delete $opt{options} || {};
    return PaidTest->new(sim => $server, in => $FILM, env => $server->env,
        options => { clip_duration => 2, prompt => 'the negative', $server->{provider} eq 'cometapi' ? (ratio => '848x480') : (), %$options },
        %opt);
}

# As many frames as went in, each the generated one of its time.
sub whole {
    my ($name, $run, %opt) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, 0, "$name: the run ends well") or do { diag $run->{err}; return 0 };
    my $numbers = numbers_made($run->{file});
    is(scalar @$numbers, scalar @FRAMES, "$name: as many frames out as in");
    return is(near($numbers, \@FRAMES, $opt{within} // 1), '', "$name: each is the generated frame of its time");
}

sub paid_once {
    my ($name, $server, $tasks, %allow) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ledger = $server->ledger;
    is(bought_twice($ledger, %allow), '', "$name: no clip was paid for twice")
        or diag explain [map { { %$_, source => undef } } @{ $ledger->{tasks} }];
    is(scalar @{ $ledger->{tasks} }, $tasks, "$name: $tasks tasks") if defined $tasks;
    no_oddities($ledger, $name);
    return $ledger;
}

# --- the main job ------------------------------------------------------------

subtest 'the main job' => sub {
    for my $case (['cometapi', 'gen4_aleph', 90], ['runway', 'aleph2', 168]) {
        my ($provider, $model, $credits) = @$case;
        my $server = SecondServer->start('--provider' => $provider);
        my $job = job($server);
        my $run = $job->run;
        whole($model, $run);
        my $ledger = paid_once($model, $server, 3);
        is(join(' ', map { $_->{model} } @{ $ledger->{tasks} }), join(' ', ($model) x 3), "$model: is the provider's model");
        is($ledger->{credits}, $credits, "$model: what was billed");
        is_deeply($ledger->{refused}, [], "$model: nothing was refused") or diag explain $ledger->{refused};
        ok(!$run->{status} && probe($run->{file})->{audio}, "$model: the sound is there");
        whole("$model, again", $job->run);
        is($server->ledger->{requests}{read}, $ledger->{requests}{read}, "$model: the second run asked nothing");
    }
};

done_testing;
