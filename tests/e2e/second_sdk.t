#!/usr/bin/env perl
# Runway's own SDK against the second server: what the SDK sends is accepted, what
# it gets is what its types say, and the bodies that the server takes are the SDK's.
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

my $SDK = "$BUILD/sdk/node_modules/\@runwayml/sdk";
if (!-d $SDK) {
    my $why = -e "$BUILD/sdk/why-not" ? slurp("$BUILD/sdk/why-not") : 'it was not fetched';
    chomp $why;
    plan skip_all => "Runway's SDK is not here: $why";
}

sub node { return run_cmd([$SecondServer::NODE, "$ROOT/tests/second-server/$_[0].js", $SDK, @_[1 .. $#_]], timeout => 60) }

my $types = node('sdk-types');
is($types->{out}, "11 models compared\n", 'models, fields, what is required, values: all as in the SDK') or diag $types->{err};

my $server = SecondServer->start('--provider' => 'runway', '--queue' => 0, '--run' => 8, '--credits' => 1000);
my $clip = make_clip(size => '320x192', seconds => 2);
my $run = node('sdk-client', $server->{api}, $clip);
is($run->{status}, 0, 'the SDK does its work') or BAIL_OUT($run->{err});
my $seen = decode($run->{out});

is($seen->{before}{creditBalance}, 1000, 'the balance');
is($seen->{before}{usage}{models}{aleph2}{dailyGenerations}, 0, 'nothing was made today');
like($seen->{uploaded}, qr{^runway://\S+$}, 'an upload');
like($seen->{created}{id}, qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a task');
is($seen->{created}{estimatedCost}{credits}, 56, 'and what it may cost');
is($seen->{output}{status}, 'SUCCEEDED', 'waitForTaskOutput');
is($seen->{output}{cost}{credits}, 56, 'what it did cost');
like($seen->{output}{output}[0], qr{^http://127\.0\.0\.1:\d+/results/\S+\?_jwt=\S+$}, 'a signed URL');
is($seen->{download}{status}, 200, 'its result');
is($seen->{download}{type}, 'video/mp4', 'is a video');
cmp_ok($seen->{download}{bytes}, '>', 1000, 'and not empty');
like($seen->{pending}{status}, qr/^(PENDING|RUNNING)$/, 'video_to_hdr begins');
is($seen->{upscale}{estimatedCost}{credits}, 34, 'video_upscale is billed by frame');
is($seen->{cancelled}{status}, 'CANCELLED', 'DELETE cancels what runs');
is_deeply($seen->{deleted}, { name => 'NotFoundError', status => 404, error => { error => 'Could not find Task' } },
    'and deletes what is over');
is_deeply([@{ $seen->{sunset} }{qw(name status)}], ['BadRequestError', 400], 'a model after its day');
is($seen->{unknown}{error}{issues}[0]{code}, 'unrecognized_keys', 'a field that no model has');
is($seen->{short}{status}, 400, 'a picture that is too small');
is_deeply([@{ $seen->{nobody} }{qw(name status)}], ['AuthenticationError', 401], 'no key');
is($seen->{after}{creditBalance}, 1000 - 56 - 40 - 34, 'the balance after three tasks');

my $ledger = $server->ledger;
is(scalar @{ $ledger->{tasks} }, 3, 'three tasks are in the ledger');
is($ledger->{tasks}[0]{source}{transport}, 'upload', 'the first came by upload');
is($ledger->{tasks}[0]{source}{frames}, 48, 'with its frames');
is($ledger->{forbidden}{cdn_authorization}, 0, 'the SDK sends no key to the storage');
is($ledger->{forbidden}{deletes}, 2, 'its DELETEs are counted');

done_testing;
