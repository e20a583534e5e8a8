# What hdr.t and upscale.t share: a filter beside runway_v2v, at Runway's address of
# a simulator.
#
#   sibling('runway_hdr', $film, clip_duration => 1);     # options of every run
#   my $run = generated('pq', options => { transfer => 'pq' });
#   refused('a model', $film, { model => 'aleph2' }, qr/^model aleph2 is not/);
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package SiblingTest;
use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use RunwayTest;
use FilterTest;

our @EXPORT = qw($sim %env sibling creates generated refused last_time);
our ($sim, %env);
my ($filter, $film, %options);

sub sibling {
    ($filter, $film, %options) = @_;
    $sim = RunwayTest::Simulator->start('--latency' => 0);
    %env = (COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64, RUNWAYML_BASE_URL => $sim->{runway});
}

sub _run_of {
    my (%opt) = @_;
    return (in => $film, filter => $filter, loglevel => 'info', %opt, env => { %env, %{ $opt{env} || {} } },
        options => { base_url => undef, %options, %{ $opt{options} || {} } });
}

sub creates { return scalar(() = $sim->requests('create')) }

sub generated {
    my ($name, %opt) = @_;
    return ok_filter(undef, $name, _run_of(%opt));
}

# An error that says so, and not a create.
sub refused {
    my ($name, $in, $options, @patterns) = @_;
    my $before = creates();
    error_line($name, run_filter(undef, _run_of(in => $in, options => $options, loglevel => 'error')), @patterns);
    is(creates(), $before, "$name: nothing was asked for");
}

# The last frame's times; its size in bytes is another.
sub last_time { return times_of($_[0])->[-1] =~ s/,\d+$//r }

1;
