#!/usr/bin/env perl
# The second server by itself: what it refuses, and how; what it bills; what its
# second port does. A server that takes everything would judge nothing.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use HTTP::Tiny;
use Test::More;
use Time::HiRes qw(sleep time);

use RunwayTest;
use SecondServer;

my $CLIP = make_clip(size => '320x192', seconds => 2);
my $VIDEO = data_uri($CLIP);
my %HEADERS = (Authorization => 'Bearer key', 'X-Runway-Version' => '2024-11-06', 'Content-Type' => 'application/json');
my $HTTP = HTTP::Tiny->new(proxy => undef, timeout => 60, max_redirect => 0);

# One request; a hash or list is sent as JSON. Returns { status, body, content, headers }.
sub ask {
    my ($server, $method, $path, $body, %headers) = @_;
    %headers = (%HEADERS, %headers);
    my $url = $path =~ /^http/ ? $path : "$server->{api}$path";
    my $reply = $HTTP->request($method, $url, {
        headers => { map { ($_ => $headers{$_}) } grep { defined $headers{$_} } keys %headers },
        defined $body ? (content => ref $body ? json($body) : $body) : (),
    });
    $reply->{body} = eval { decode($reply->{content}) };
    return $reply;
}

sub create { return ask($_[0], 'POST', '/v1/video_to_video', @_[1 .. $#_]) }

sub finished {
    my ($server, $id) = @_;
    my $until = time + 30 * $PATIENCE;
    while (time < $until) {
        my $task = ask($server, 'GET', "/v1/tasks/$id")->{body};
        return $task if $task->{status} =~ /^(SUCCEEDED|FAILED|CANCELLED)$/;
        sleep 0.05;
    }
    return {};
}

my %ALEPH = (model => 'gen4_aleph', videoUri => $VIDEO, promptText => 'x', ratio => '848:480');
my %ALEPH2 = (model => 'aleph2', videoUri => $VIDEO);
my %server = map { ($_ => SecondServer->start('--provider' => $_, '--queue' => 0, '--run' => 0, '--wrap' => 'never')) } qw(cometapi runway);

subtest 'bodies' => sub {
    my $image = 'data:image/png;base64,' . 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB';
    my $key = { seconds => 1, uri => $image };
    # what is sent, and what the first issue is: a path, or text of the message
    my @cases = (
        ['a field too many', runway => { %ALEPH2, strength => 1 }, qr/strength/],
        ['references at aleph2', runway => { %ALEPH2, references => [] }, qr/references/],
        ['keyframes at gen4_aleph', cometapi => { %ALEPH, keyframes => [$key] }, qr/keyframes/],
        ['no video', runway => { model => 'aleph2' }, qr/videoUri/],
        ['no prompt at gen4_aleph', cometapi => { %ALEPH, promptText => undef }, qr/promptText/],
        ['an empty prompt', runway => { %ALEPH2, promptText => '' }, qr/promptText/],
        ['a prompt of 1001 units', runway => { %ALEPH2, promptText => "\x{1F600}" x 500 . 'x' }, qr/promptText/],
        ['no model', runway => { videoUri => $VIDEO }, qr/model/],
        ['another model', runway => { %ALEPH2, model => 'aleph9' }, qr/model/],
        ['a model of another endpoint', runway => { %ALEPH2, model => 'ruby' }, qr/model/],
        ['a ratio that is none', cometapi => { %ALEPH, ratio => '1920:1080' }, qr/ratio/],
        ['a seed of 2^32', runway => { %ALEPH2, seed => 2**32 }, qr/seed/],
        ['a seed of a half', runway => { %ALEPH2, seed => 0.5 }, qr/seed/],
        ['a seed in quotes', runway => { %ALEPH2, seed => '1' }, qr/seed/],
        ['two references', cometapi => { %ALEPH, references => [({ type => 'image', uri => $image }) x 2] }, qr/references/],
        ['a threshold', runway => { %ALEPH2, contentModeration => { publicFigureThreshold => 'high' } }, qr/publicFigureThreshold/],
        ['six keyframes', runway => { %ALEPH2, keyframes => [($key) x 6] }, qr/keyframes/],
        ['a range for one of two', runway => { %ALEPH2, keyframes => [$key, { %$key, range => { start_seconds => 0, end_seconds => 2 } }] }, qr/range/],
        ['an image that is none', runway => { %ALEPH2, keyframes => [{ seconds => 1, uri => 'data:image/png;base64,AAAA' }] }, qr/keyframes|asset/],
        ['a profile without its format', runway => { %ALEPH2, proresProfile => '422' }, qr/proresProfile/],
        ['http', runway => { %ALEPH2, videoUri => 'http://example.com/a.mp4' }, qr/HTTPS/],
        ['an address for a name', runway => { %ALEPH2, videoUri => 'https://192.0.2.1/a.mp4' }, qr/domain/],
        ['an upload that is none', runway => { %ALEPH2, videoUri => 'runway://abcd' }, qr/upload/],
        ['base64 with a newline', runway => { %ALEPH2, videoUri => "$VIDEO\n" }, qr/base64/],
        ['a data URI that is too large', runway => { %ALEPH2, videoUri => 'data:video/mp4;base64,' . 'A' x 5242860 }, qr/5242880/],
        ['no video in it', runway => { %ALEPH2, videoUri => 'data:video/mp4;base64,' . 'A' x 4000 }, qr/could not be read/],
        ['the sunset', runway => \%ALEPH, qr/gen4_aleph reached its sunset date\. Use "aleph2"\./],
        ['seedance2_5 edit with a ratio', runway => { model => 'seedance2_5', promptVideo => $VIDEO, mode => 'edit', duration => 'auto',
            promptText => 'x', ratio => '1280:720' }, qr/ratio/],
        ['a list', runway => [1], qr/object/i],
        ['no JSON', runway => '{"model":', qr/JSON/],
    );
    for my $case (@cases) {
        my ($name, $provider, $body, $said) = @$case;
        delete $body->{promptText} if ref $body eq 'HASH' && exists $body->{promptText} && !defined $body->{promptText};
        my $reply = create($server{$provider}, $body);
        is($reply->{status}, 400, "$name: 400");
        like($reply->{content} =~ s/\\"/"/gr, $said, "$name: says what");
        if ($provider eq 'runway') {
            ok(!ref $reply->{body}{error} && length $reply->{body}{error}, "$name: as Runway says it");
        } else {
            is($reply->{body}{error}{type}, 'comet_api_error', "$name: as CometAPI says it");
        }
    }
    my $prompt = "\x{1F600}" x 500;
    is(create($server{runway}, { %ALEPH2, promptText => $prompt })->{status}, 200, 'a prompt of 1000 units is taken');
    is(create($server{runway}, { %ALEPH2, seed => 2**32 - 1, ratio => 'any' })->{status}, 200, 'and the largest seed');
};

subtest 'videos' => sub {
    my %clips = map { ($_ => data_uri(make_clip(size => '320x192', seconds => $_))) } 0.9, 1, 1.9;
    is(create($server{cometapi}, { %ALEPH, videoUri => $clips{'0.9'} })->{status}, 400, 'gen4_aleph: too short');
    is(create($server{cometapi}, { %ALEPH, videoUri => $clips{1} })->{status}, 200, 'gen4_aleph: a second');
    my $reply = create($server{runway}, { %ALEPH2, videoUri => $clips{'1.9'} });
    is_deeply($reply->{body}, { error => 'Asset duration must be at least 2 seconds' }, 'aleph2: too short');
    $reply = create($server{runway}, { %ALEPH2, videoUri => data_uri(make_clip(size => '320x192', rate => 60, seconds => 2)) });
    is($reply->{status}, 400, 'aleph2: too many frames per second');
};

subtest 'headers and paths' => sub {
    for my $provider (qw(cometapi runway)) {
        my $server = $server{$provider};
        my $body = $provider eq 'runway' ? \%ALEPH2 : \%ALEPH;
        is(create($server, $body, Authorization => undef)->{status}, 401, "$provider: no key");
        is(create($server, $body, Authorization => 'key')->{status}, 401, "$provider: no bearer");
        is(create($server, $body, 'X-Runway-Version' => undef)->{status}, 400, "$provider: no version");
        is(create($server, $body, 'X-Runway-Version' => '2024-09-13')->{status}, 400, "$provider: another version");
        is(create($server, $body, 'Content-Type' => 'text/plain')->{status}, 400, "$provider: another type");
        is(create($server, ' ' x 17e6)->{status}, 413, "$provider: too large");
        is(ask($server, 'GET', '/v1/tasks/00000000-0000-0000-0000-000000000000')->{status}, 404, "$provider: no such task");
    }
    is(ask($server{cometapi}, 'GET', '/v1/organization')->{status}, 301, 'CometAPI has no account');
    is(ask($server{cometapi}, 'POST', '/v1/uploads', {})->{status}, 404, 'and no uploads');
    is(ask($server{runway}, 'POST', '/v1/uploads', { filename => 'a.mp4' })->{status}, 400, 'Runway wants the type of an upload');
};

subtest 'a result' => sub {
    my %sizes = ('640x360' => [640, 352], '320x192' => [320, 192]);
    for my $size (sort keys %sizes) {
        my $clip = make_clip(size => $size, seconds => 2, rate => 30);
        my $id = create($server{runway}, { %ALEPH2, videoUri => data_uri($clip), promptText => 'the negative' })->{body}{id};
        my $task = finished($server{runway}, $id);
        is($task->{status}, 'SUCCEEDED', "$size: is made") or next;
        my $file = spew("$TMP/result-$size.mp4", ask(undef, 'GET', $task->{output}[0], undef, Authorization => undef)->{content});
        my $facts = probe($file);
        is("$facts->{video}{width} $facts->{video}{height}", "@{ $sizes{$size} }", "$size: lines by 16");
        is($facts->{video}{nb_read_packets}, 49, "$size: a frame too many, at 24 fps");
        ok($facts->{audio}, "$size: with sound");
        my @in = mean_luma($clip);
        my @out = mean_luma($file);
        cmp_ok(abs($in[0] + $out[0] - 255), '<', 6, "$size: the negative of what was sent") or diag "@in, @out";
    }
    my $image = ask($server{runway}, 'POST', '/v1/video_to_hdr', { model => 'ruby', videoUri => $VIDEO })->{body}{id};
    my $task = finished($server{runway}, $image);
    my $file = spew("$TMP/hdr.mp4", ask(undef, 'GET', $task->{output}[0], undef, Authorization => undef)->{content});
    is(probe($file)->{video}{color_transfer}, 'smpte2084', 'video_to_hdr: PQ');
    is(probe($file)->{video}{nb_read_packets}, 48, 'and as many frames as were sent');
};

subtest 'the second port' => sub {
    my $id = create($server{runway}, { %ALEPH2, seed => 7 })->{body}{id};
    my $url = finished($server{runway}, $id)->{output}[0];
    unlike($url, qr/^\Q$server{runway}{api}\E\//, 'is another origin');
    is(ask(undef, 'GET', $url)->{status}, 400, 'refuses a key');
    is($server{runway}->ledger->{forbidden}{cdn_authorization}, 1, 'and counts it');
    my @no_key = (undef, Authorization => undef);
    is(ask(undef, 'GET', $url =~ s/_jwt=.*//r, @no_key)->{status}, 403, 'wants the token');
    is(ask(undef, 'GET', "${url}x", @no_key)->{status}, 403, 'and just this one');
    my $whole = ask(undef, 'GET', $url, @no_key);
    my $part = ask(undef, 'GET', $url, @no_key, Range => 'bytes=100-');
    is($part->{status}, 206, 'gives a part');
    ok($part->{content} eq substr($whole->{content}, 100), 'and the right one');
    my $server = SecondServer->start('--provider' => 'runway', '--run' => 0, '--url-lifetime' => 0.2);
    $url = finished($server, create($server, \%ALEPH2)->{body}{id})->{output}[0];
    sleep 0.4;
    is(ask(undef, 'GET', $url, @no_key)->{status}, 403, 'a URL expires');
};

subtest 'the ledger' => sub {
    my $server = SecondServer->start('--provider' => 'runway', '--min-poll' => 5, '--run' => 0,
        faults => [{ on => 'create', nth => 2, kind => 'answer', status => 502, accepted => JSON::PP::true }]);
    my $id = create($server, \%ALEPH2)->{body}{id};
    is(create($server, { %ALEPH2, seed => 1 })->{status}, 502, 'a proxy answers');
    is(create($server, \%ALEPH2, Authorization => 'Bearer another')->{status}, 200, 'another key');
    ask($server, 'GET', "/v1/tasks/$id") for 1, 2;
    ask($server, 'DELETE', "/v1/tasks/$id");
    my $ledger = $server->ledger;
    is(join(' ', map { $_->{reported} ? 'reported' : 'unknown' } @{ $ledger->{tasks} }), 'reported unknown reported', 'which of them the client can know of');
    is($ledger->{credits}, 168, 'all are billed');
    is($ledger->{early_polls}, 1, 'a second read too early');
    is("$ledger->{forbidden}{deletes} $ledger->{forbidden}{second_bearers}", '1 1', 'what is forbidden');
    is($ledger->{tasks}[0]{source}{frames}, 48, 'the frames of the source');
    is($ledger->{tasks}[0]{request}, $ledger->{tasks}[2]{request}, 'the same request');
    isnt($ledger->{tasks}[0]{request}, $ledger->{tasks}[1]{request}, 'another one');
};

subtest 'lots' => sub {
    my @drawn = map { json(SecondServer->start('--seed' => $_, '--paid' => 1)->{drawn}) } 5, 5, 6;
    is($drawn[0], $drawn[1], 'the same seed draws the same');
    isnt($drawn[0], $drawn[2], 'another one others');
    my $server = SecondServer->start('--idle' => 1);
    my $until = time + 10 * $PATIENCE;
    sleep 0.1 while kill(0 => $server->{pid}) && !waitpid($server->{pid}, POSIX::WNOHANG()) && time < $until;
    cmp_ok(time, '<', $until, 'a server that nobody asks goes home');
    delete $server->{pid};
};

done_testing;
