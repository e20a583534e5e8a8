#!/usr/bin/env perl
# The simulator: that it refuses what the service refuses, and makes what the
# filter's tests rely on. Speaks HTTP to it as a stranger would.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use HTTP::Tiny;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

use RunwayTest;

my $http = HTTP::Tiny->new(timeout => 60, max_redirect => 0, keep_alive => 0);
my %auth = (Authorization => 'Bearer key', 'X-Runway-Version' => '2024-11-06', Accept => 'application/json');

sub call {
    my ($method, $url, $body, %headers) = @_;
    my %send = (%auth, defined $body ? ('Content-Type' => 'application/json') : (), %headers);
    delete $send{$_} for grep { !defined $send{$_} } keys %send;
    my $reply = $http->request($method, $url, {
        headers => \%send,
        defined $body ? (content => ref $body ? json($body) : $body) : (),
    });
    $reply->{json} = eval { decode($reply->{content}) };
    return $reply;
}

# What an error says: text, then each issue as path: message.
sub complaint {
    my ($reply) = @_;
    my $json = $reply->{json} or return "no JSON: $reply->{content}";
    my $error = $json->{error};
    return $error->{message} if ref $error;
    return join '; ', $error // '', map {
        my $issue = $_;
        join('.', @{ $issue->{path} }) . ": $issue->{message}"
    } @{ $json->{issues} || [] };
}

sub wait_for {
    my ($base, $id, $seconds) = @_;
    return { task => {} } if !defined $id;
    my $until = time + ($seconds // 60);
    my $reply;
    do {
        $reply = call(GET => "$base/v1/tasks/$id");
        my $json = $reply->{json} // {};
        $json = $json->{data}{data} if $json->{data} && $json->{data}{data};
        $reply->{task} = $json;
        return $reply if ($json->{status} // '') =~ /^(SUCCEEDED|FAILED|CANCELLED)$/;
        sleep 0.05;
    } while (time < $until);
    return $reply;
}

sub download {
    my ($url, $path, %headers) = @_;
    my $reply = $http->get($url, { headers => \%headers });
    spew($path, $reply->{content}) if $path && $reply->{success};
    return $reply;
}

sub gen4 {
    my ($clip, %more) = @_;
    my $body = { model => 'gen4_aleph', videoUri => data_uri($clip), promptText => 'echo', ratio => '1280:720',
        seed => 1, %more };
    delete $body->{$_} for grep { !defined $body->{$_} } keys %$body;
    return $body;
}

sub aleph2 {
    my ($clip, %more) = @_;
    return { model => 'aleph2', videoUri => data_uri($clip), promptText => 'echo', %more };
}

# Creates, waits, downloads; returns the file's path.
my $results = 0;
sub make {
    my ($base, $body, $endpoint) = @_;
    my $create = call(POST => "$base/v1/" . ($endpoint // 'video_to_video'), $body);
    is($create->{status}, 200, 'create accepted') or diag complaint($create);
    my $task = wait_for($base, $create->{json}{id})->{task};
    is($task->{status}, 'SUCCEEDED', 'task succeeded') or diag explain $task;
    my $path = sprintf '%s/result-%d.mp4', $TMP, ++$results;
    download($task->{output}[0], $path);
    return $path;
}

# The files of an archive that compresses nothing, as its directory has them.
sub stored_files {
    my ($zip) = @_;
    my ($count, $size, $at) = unpack 'x8 v x2 V V', substr $zip, -22;
    my @files;
    for (1 .. $count) {
        my ($magic, $method, $length, $name_length, $offset) = unpack 'V x6 v x8 V x4 v x12 V', substr $zip, $at, 46;
        last if $magic != 0x02014b50 || $method;
        my $name = substr $zip, $at + 46, $name_length;
        push @files, { name => $name, data => substr $zip, $offset + 30 + $name_length, $length };
        $at += 46 + $name_length;
    }
    return @files;
}

sub around {
    my ($got, $want, $by, $name) = @_;
    ok(abs($got - $want) <= $by, $name) or diag "got $got, want $want within $by";
}

my $second = make_clip(seconds => 1, name => 'second.mp4');
my $two = make_clip(seconds => 2, size => '640x368', name => 'two.mp4');

# --- the command line ---------------------------------------------------------

subtest 'command line' => sub {
    my $help = run_cmd([$SIMULATOR, '--help']);
    is($help->{status}, 0, '--help: status');
    for my $option (qw(port latency key ffmpeg log ready-file tls-cert max-seconds concurrency data-uri-limit seed
        fault result-rate result-frames url-lifetime wrap not-exist-for wrong-path fail-tasks)) {
        like($help->{out}, qr/^  --$option /m, "--help has $option");
    }
    is((grep { length > 80 } split /\n/, $help->{out}), 0, '--help fits 80 columns');
    for my $bad (['--bind', '0.0.0.0'], ['--bind', '192.168.1.1'], ['--latency', 'soon'], ['--port', '99999'],
        ['--fault', 'create'], ['--fault', 'lunch=status=500'], ['--fault', 'create=status'],
        ['--fault', 'create=explode'], ['--fault', 'create:x=drop-after'], ['--result-rate', '24/0'],
        ['--result-size', '641x360'], ['--tls-cert', 'x.pem'], ['--laten', '1'], ['extra']) {
        my $run = run_cmd([$SIMULATOR, @$bad], timeout => 20);
        is($run->{status}, 2, "@$bad is refused");
        like($run->{err}, qr/^runway-simulator: .+/, "@$bad: one line says why");
    }
    my $run = run_cmd([$SIMULATOR, '--ffmpeg', '/nowhere/ffmpeg'], timeout => 20);
    is($run->{status}, 1, 'no ffmpeg');
    like($run->{err}, qr{/nowhere/ffmpeg does not run}, 'no ffmpeg: named');
    $run = run_cmd([$SIMULATOR, '--ffmpeg', $FFMPEG, '--ffprobe', $FFPROBE, '--max-seconds', '0.5'], timeout => 20);
    is($run->{status}, 0, '--max-seconds ends it');
    ok(!$run->{timed_out} && $run->{seconds} < 10, 'in time');
    my $ready = decode($run->{out});
    like($ready->{api}, qr{^http://127\.0\.0\.1:\d+/runwayml$}, 'it says where it is');
};

# --- life and death -----------------------------------------------------------

subtest 'start and stop' => sub {
    for my $signal (qw(TERM INT)) {
        my $sim = RunwayTest::Simulator->start('--latency', 30);
        my $create = call(POST => "$sim->{api}/v1/video_to_video", gen4($two));
        is($create->{status}, 200, 'a task is under way');
        my ($work) = glob "$sim->{dir}/runway-simulator-*";
        is((stat $work)[2] & 0777, 0700, 'the work directory is private');
        is($sim->stop($signal), 0, "SIG$signal ends it cleanly");
        ok(!-e $work, 'nothing is left behind');
        my ($exit) = $sim->events('exit');
        is($exit->{stats}{billed}, 1, 'the last line has the counts');
    }
};

# --- what is refused ----------------------------------------------------------

subtest 'headers and paths' => sub {
    my $sim = RunwayTest::Simulator->start('--key', 'good', '--latency', 0);
    my %good = (Authorization => 'Bearer good');
    my $create = "$sim->{runway}/v1/video_to_video";
    my $body = aleph2($two);

    for my $case ([undef, 'none'], ['Bearer', 'empty'], ['Bearer bad', 'wrong'], ['Basic good', 'not a bearer'],
        ["Bearer good\tx", 'with a blank inside']) {
        my $reply = call(POST => $create, $body, Authorization => $case->[0]);
        is($reply->{status}, 401, "key: $case->[1]");
        is($reply->{json}{error}, 'Unauthorized', 'a string as Runway has it');
    }
    my $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second));
    is($reply->{status}, 401, 'gateway: wrong key');
    is($reply->{json}{error}{type}, 'comet_api_error', 'an object as the gateway has it');
    ok(exists $reply->{json}{error}{$_}, "error.$_") for qw(message param code);
    $reply = call(GET => "$sim->{runway}/v1/tasks/x");
    is($reply->{status}, 401, 'reads want the key too');

    for my $version (undef, '2024-11-07', '') {
        $reply = call(POST => $create, $body, %good, 'X-Runway-Version' => $version);
        is($reply->{status}, 400, 'version ' . ($version // 'missing'));
        like(complaint($reply), qr/X-Runway-Version/, 'is named');
    }
    $reply = call(POST => $create, $body, %good, 'Content-Type' => 'text/plain');
    is($reply->{status}, 400, 'content type');
    like(complaint($reply), qr/Content-Type/, 'is named');
    for my $text ('', '{', '{"a":1} x', '[1,]', "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}") {
        $reply = call(POST => $create, $text, %good);
        is($reply->{status}, 400, 'not JSON');
        like(complaint($reply), qr/not valid JSON/, 'is what it says');
    }
    $reply = call(POST => $create, '[]', %good);
    like(complaint($reply), qr/expected object, received array/, 'JSON, but no object');

    $reply = call(GET => $create, undef, %good);
    is($reply->{status}, 405, 'wrong method');
    is($reply->{headers}{allow}, 'POST', 'and which is right');
    $reply = call(GET => "$sim->{runway}/v1/tasks/nothing", undef, %good);
    is($reply->{status}, 404, 'unknown task');
    is($reply->{content}, '{"error":"Could not find Task"}', 'word for word');
    $reply = call(POST => "$sim->{runway}/v1/video-to-video", $body, %good);
    is($reply->{status}, 404, 'Runway: wrong path');
    $reply = call(POST => "$sim->{api}/video_to_video", $body, %good);
    is($reply->{status}, 200, 'gateway: wrong path is a web page');
    like($reply->{headers}{'content-type'}, qr{^text/html}, 'in HTML');
    $reply = call(DELETE => "$sim->{api}/v1/tasks/x", undef, %good);
    is($reply->{status}, 405, 'gateway: no delete');
    $reply = call(POST => "$sim->{api}/v1/uploads", { filename => 'a.mp4', type => 'ephemeral' }, %good);
    like($reply->{headers}{'content-type'}, qr{^text/html}, 'gateway: no uploads');
    is($sim->stats->{billed}, 0, 'nothing of this was billed');

    my $moved = RunwayTest::Simulator->start('--wrong-path', '301');
    $reply = call(POST => "$moved->{api}/video_to_video", $body);
    is($reply->{status}, 301, 'gateway: wrong path can be a redirect');
    ok($reply->{headers}{location}, 'with a location');
};

subtest 'bodies' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0);
    my $gen4 = sub {
        my ($like, $name, %more) = @_;
        my $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second, %more));
        is($reply->{status}, 400, "gen4_aleph: $name");
        like(complaint($reply), $like, 'is named');
        is($reply->{json}{error}{code}, 'invalid_request', 'as a bad request');
    };
    my $aleph2 = sub {
        my ($like, $name, %more) = @_;
        my $reply = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two, %more));
        is($reply->{status}, 400, "aleph2: $name");
        is($reply->{json}{error}, 'Validation of body failed', 'the text');
        like(complaint($reply), $like, 'is named');
        ok($reply->{json}{docUrl}, 'docUrl');
    };
    my $png = 'data:image/png;base64,iVBORw0KGgo=';

    $gen4->(qr/Unrecognized keys: "outputFormat"/, 'a field of another model', outputFormat => 'mp4');
    $gen4->(qr/promptText: .*expected string, received undefined/, 'no prompt', promptText => undef);
    $gen4->(qr/promptText: Too small/, 'empty prompt', promptText => '');
    $gen4->(qr/promptText: .*received number/, 'prompt is a number', promptText => 5);
    $gen4->(qr/promptText: Too big.*<=1000/, '1001 characters', promptText => 'x' x 1001);
    $gen4->(qr/promptText: Too big.*<=1000/, '501 characters of two units', promptText => "\x{1f319}" x 501);
    $gen4->(qr/ratio: Invalid option.*"1280:720"\|"720:1280"/, 'ratio', ratio => '1920:1080');
    $gen4->(qr/ratio: Invalid option/, 'no ratio', ratio => undef);
    $gen4->(qr/seed: Too small.*>=0/, 'seed below 0', seed => -1);
    $gen4->(qr/seed: Too big.*<=4294967295/, 'seed too large', seed => 4294967296);
    $gen4->(qr/seed: .*expected int/, 'seed with a fraction', seed => 1.5);
    $gen4->(qr/seed: .*expected number, received string/, 'seed as text', seed => '1');
    $gen4->(qr/references: Too big.*<=1/, 'two references',
        references => [map { { type => 'image', uri => $png } } 1 .. 2]);
    $gen4->(qr/references\.0\.type: Invalid option/, 'reference without type', references => [{ uri => $png }]);
    $gen4->(qr/references\.0\.uri: .*received undefined/, 'reference without uri',
        references => [{ type => 'image' }]);
    $gen4->(qr/references\.0: Unrecognized keys: "tag"/, 'reference with a tag',
        references => [{ type => 'image', uri => $png, tag => 'x' }]);
    $gen4->(qr/references\.0\.uri: Invalid asset/, 'reference is no image',
        references => [{ type => 'image', uri => $png }]);
    $gen4->(qr/contentModeration\.publicFigureThreshold: Invalid option.*"auto"\|"low"/, 'moderation',
        contentModeration => { publicFigureThreshold => 'high' });
    $gen4->(qr/contentModeration: Unrecognized keys/, 'moderation with more',
        contentModeration => { publicFigureThreshold => 'low', x => 1 });
    $gen4->(qr/model: Invalid option/, 'model', model => 'gen9');
    $gen4->(qr/videoUri: Invalid URL/, 'http', videoUri => 'http://example.com/a.mp4');
    $gen4->(qr/videoUri: Invalid URL: the host must be a domain name/, 'IP host',
        videoUri => 'https://192.0.2.1/a.mp4');
    $gen4->(qr/videoUri: Invalid URL: longer/, 'long URL', videoUri => 'https://example.com/' . 'a' x 2048);
    $gen4->(qr/videoUri: Invalid data URI: not base64/, 'not base64', videoUri => 'data:video/mp4,abc');
    (my $broken = data_uri($second)) =~ s/(.{76})/$1\n/;
    $gen4->(qr/videoUri: .*white space/, 'line breaks in base64', videoUri => $broken);
    ($broken = data_uri($second)) =~ s/=*$/A/;
    $gen4->(qr/videoUri: .*not padded|videoUri: .*stray|cannot be read/, 'bad padding', videoUri => "${broken}AA");
    $gen4->(qr/videoUri: .*not padded/, 'no padding', videoUri => 'data:video/mp4;base64,QUI');
    $gen4->(qr/videoUri: .*stray bits/, 'stray bits', videoUri => 'data:video/mp4;base64,QUJ=');
    $gen4->(qr/videoUri: .*outside of base64/, 'url-safe alphabet', videoUri => 'data:video/mp4;base64,QU-_');
    $gen4->(qr/videoUri: Unsupported media type "video\/webm"/, 'type', videoUri => data_uri($second, 'video/webm'));
    $gen4->(qr/videoUri: Invalid asset: declared/, 'no MP4', videoUri => 'data:video/mp4;base64,' . 'QUJD' x 40);
    $gen4->(qr/videoUri: Invalid Runway upload URI/, 'unknown upload', videoUri => 'runway://nothing');

    my $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second, promptText => "\x{1f319}" x 500));
    is($reply->{status}, 200, '1000 units exactly are fine') or diag complaint($reply);
    $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second, seed => 4294967295,
        contentModeration => { publicFigureThreshold => 'low' }));
    is($reply->{status}, 200, 'the largest seed and moderation are fine') or diag complaint($reply);

    $aleph2->(qr/: Unrecognized keys: "references", "zebra"/, 'fields it lacks', references => [], zebra => 1);
    $aleph2->(qr/keyframes: Too big.*<=5/, 'six keyframes', keyframes => [map { { seconds => 1, uri => $png } } 1 .. 6]);
    $aleph2->(qr/keyframes\.0: .*either "seconds" or "at"/, 'keyframe with both',
        keyframes => [{ seconds => 1, at => 0.5, uri => $png }]);
    $aleph2->(qr/keyframes\.0\.at: Too big/, 'keyframe at 1.5', keyframes => [{ at => 1.5, uri => $png }]);
    $aleph2->(qr/keyframes: All keyframes must either/, 'one with a range', keyframes => [
        { seconds => 0, uri => $png, range => { start_seconds => 0, end_seconds => 1 } }, { at => 1, uri => $png }]);
    $aleph2->(qr/end_seconds: .*expected int/, 'range of half seconds', keyframes => [
        { seconds => 0, uri => $png, range => { start_seconds => 0, end_seconds => 1.5 } }]);
    $aleph2->(qr/range: The keyframe timestamp must fall/, 'outside its range', keyframes => [
        { seconds => 1, uri => $png, range => { start_seconds => 0, end_seconds => 1 } }]);
    $aleph2->(qr/targetAspectRatio: Invalid option/, 'aspect', targetAspectRatio => '5:4');
    $aleph2->(qr/outputFormat: Invalid option/, 'format', outputFormat => 'webm');
    $aleph2->(qr/proresProfile is only valid/, 'profile without prores', proresProfile => '422');
    $aleph2->(qr/seed: Too big.*; promptText: |promptText: .*; seed: Too big/, 'two faults are two issues',
        seed => 2**33, promptText => '');
    $reply = call(POST => "$sim->{runway}/v1/video_to_video", { model => 'aleph2', videoUri => data_uri($two) });
    is($reply->{status}, 200, 'aleph2 needs no prompt') or diag complaint($reply);
    is($reply->{json}{estimatedCost}{credits}, 56, 'and says what it costs');

    $reply = call(POST => "$sim->{runway}/v1/video_to_video", gen4($second));
    is($reply->{status}, 400, 'gen4_aleph at Runway');
    is($reply->{content}, '{"error":"gen4_aleph reached its sunset date. Use \"aleph2\"."}', 'word for word');

    my $sim500 = RunwayTest::Simulator->start('--bad-request-status', 500);
    $reply = call(POST => "$sim500->{api}/v1/video_to_video", gen4($second, seed => -1));
    is($reply->{status}, 500, 'gateway: a bad request can be a 500');
    is($reply->{json}{error}{code}, 'invalid_request', 'with the code of a bad request');
};

subtest 'sizes' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0);
    my $head = 'data:video/mp4;base64,';
    my $long = $head . 'A' x (5242878 - length $head);
    my $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second, videoUri => $long));
    is($reply->{status}, 400, 'almost 5242880 characters are not too many');
    like(complaint($reply), qr/Invalid asset/, 'but no video');
    $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second, videoUri => "${long}AAAA"));
    is($reply->{status}, 413, 'four more are');
    $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second, videoUri => $long x 4));
    is($reply->{status}, 413, 'a body of 20 MB');
    my $strict = RunwayTest::Simulator->start('--data-uri-status', 400, '--data-uri-limit', 1000);
    $reply = call(POST => "$strict->{runway}/v1/video_to_video", aleph2($two));
    is($reply->{status}, 400, 'or 400');
    like(complaint($reply), qr/videoUri: Too big: expected string to have <=1000 characters/, 'as an issue');
};

subtest 'clips' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0);
    my $refused = sub {
        my ($model, $like, $name, %clip) = @_;
        my $clip = make_clip(%clip);
        my $comet = $model eq 'gen4_aleph';
        my $reply = call(POST => ($comet ? $sim->{api} : $sim->{runway}) . '/v1/video_to_video',
            $comet ? gen4($clip) : aleph2($clip));
        is($reply->{status}, 400, "$model: $name");
        like(complaint($reply), $like, 'is named');
        unlink $clip;
    };
    $refused->('gen4_aleph', qr/^Asset duration must be at least 1 second$/, 'short', frames => 23);
    $refused->('aleph2', qr/^Asset duration must be at least 2 seconds$/, 'short', frames => 47);
    $refused->('aleph2', qr/^Asset duration must be at most 30 seconds$/, 'long', seconds => 30.5, size => '64x64');
    $refused->('aleph2', qr/^Asset frame rate must be at most 30 fps$/, 'fast', rate => 50);
    $refused->('gen4_aleph', qr/square pixels/, 'anamorphic', seconds => 1, filter => 'setsar=16/15');
    $refused->('gen4_aleph', qr/even width and height/, 'odd size', seconds => 1,
        filter => 'scale=321:181,format=yuv444p');
    $refused->('gen4_aleph', qr/pixel format yuv420p/, '4:4:4', seconds => 1, filter => 'format=yuv444p');
    $refused->('gen4_aleph', qr/codec h264 expected/, 'MJPEG', seconds => 1, range => 'pc',
        codec => [qw(-c:v mjpeg -pix_fmt yuvj420p)]);
    $refused->('gen4_aleph', qr/constant frame rate/, 'variable rate', seconds => 2,
        filter => "select='mod(n\\,5)'", args => [qw(-fps_mode vfr)]);

    # 24000/1001 in whole ticks of a coarse time base is constant all the same.
    my $clip = make_clip(seconds => 2, rate => '24000/1001', args => [qw(-video_track_timescale 1000)]);
    my $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($clip));
    is($reply->{status}, 200, '23.976 in milliseconds is a constant rate') or diag complaint($reply);
    my ($line) = reverse $sim->requests('create');
    is($line->{clip}{frames}, probe($clip)->{video}{nb_read_packets}, 'the log has the facts: frames');
    is($line->{clip}{$_->[0]}, $_->[1], "the log has the facts: $_->[0]")
        for [width => 320], [height => 180], [codec => 'h264'], [sar => '1:1'], [color_space => 'bt709'],
        [color_range => 'tv'], [audio_streams => 0];

    # What no probe sees is found when the clip is used.
    my $bytes = slurp($two);
    my $at = index $bytes, 'mdat';
    substr $bytes, $at + 2000, 4000, "\x55" x 4000;
    $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4(spew("$TMP/damaged.mp4", $bytes)));
    is($reply->{status}, 200, 'a damaged picture is accepted') or diag complaint($reply);
    my $task = wait_for($sim->{api}, $reply->{json}{id})->{task};
    is($task->{status}, 'FAILED', 'and fails');
    is($task->{failureCode}, 'ASSET.INVALID', 'as an asset');
    $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($two, videoUri => 'https://example.com/clip.mp4'));
    $task = wait_for($sim->{api}, $reply->{json}{id})->{task};
    is($task->{failureCode}, 'ASSET.INVALID', 'so does a URL that cannot be fetched');
};

# --- what is made -------------------------------------------------------------

subtest 'states by time' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 10);
    my $start = time;
    my $id = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two))->{json}{id};
    like($id, qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'the id is a UUID');
    my (@seen, %progress);
    while (time < $start + 60) {
        my $task = call(GET => "$sim->{runway}/v1/tasks/$id")->{json};
        push @seen, $task->{status} if !@seen || $seen[-1] ne $task->{status};
        $progress{ $task->{progress} // 'null' }++ if $task->{status} eq 'RUNNING';
        is($task->{progress}, undef, 'no progress while PENDING') if $task->{status} eq 'PENDING' && @seen == 1 && !$progress{x}++;
        if ($task->{status} eq 'SUCCEEDED') {
            is($task->{cost}{credits}, 56, 'cost at the end');
            ok(!exists $task->{estimatedCost}, 'and no estimate');
            like($task->{createdAt}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'createdAt');
            is(ref $task->{output}, 'ARRAY', 'output is a list');
            last;
        }
        is($task->{estimatedCost}{credits}, 56, 'estimate before') if !$progress{y}++;
        sleep 0.05;
    }
    is("@seen", 'PENDING RUNNING SUCCEEDED', 'in this order');
    ok(time - $start > 3.9, 'not before its time');
    ok($progress{null}, 'progress is null at first');
    cmp_ok(scalar(grep { /^0\.\d/ } keys %progress), '>', 3, 'then a fraction');
};

subtest 'the result' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0.2);
    my $five = make_clip(seconds => 6, size => '1280x720', rate => 30, source => 'smptehdbars');
    my $facts = probe(make($sim->{api}, gen4($five)));
    is($facts->{video}{nb_read_packets}, 121, '5 of 6 s are used, in 121 frames');
    is($facts->{video}{r_frame_rate}, '24/1', 'at 24 fps');
    around($facts->{video}{duration}, 5.0417, 0.001, '5.0417 s');
    is("$facts->{video}{codec_name} $facts->{video}{pix_fmt}", 'h264 yuv420p', 'H.264');
    is("$facts->{video}{width}x$facts->{video}{height}", '1280x720', 'size of the ratio');
    is($facts->{video}{$_}, 'bt709', $_) for qw(color_space color_primaries color_transfer);
    is($facts->{video}{color_range}, 'tv', 'color_range');
    is($facts->{audio}{codec_name}, 'aac', 'with AAC');
    is(($sim->events('billed'))[0]{credits}, 75, '5 s at 15 credits');

    for my $audio (0, 1) {
        my $clip = make_clip(seconds => 1, size => '160x96', audio => $audio);
        $facts = probe(make($sim->{runway}, { model => 'magnific_video_upscaler_creative', videoUri => data_uri($clip) }, 'video_upscale'));
        is(!!$facts->{audio}, !!$audio, 'an upscaler keeps the sound that there is');
    }

    $facts = probe(make($sim->{api}, gen4($second, ratio => '720:1280')));
    is("$facts->{video}{width}x$facts->{video}{height}", '720x1280', 'size of another ratio');
    is($facts->{video}{nb_read_packets}, 25, '25 frames for a second');

    my $hd = make_clip(seconds => 2, size => '1920x1080', rate => 30, source => 'smptehdbars');
    $facts = probe(make($sim->{runway}, aleph2($hd)));
    is("$facts->{video}{width}x$facts->{video}{height}", '1920x1072', 'aleph2: 1072 lines for 1080');
    is($facts->{video}{nb_read_packets}, 49, 'aleph2: 49 frames for 2 s');

    $facts = probe(make($sim->{runway}, aleph2($two, targetAspectRatio => '1:1')));
    is("$facts->{video}{width}x$facts->{video}{height}", '640x640', 'aleph2: expanded to a square');
    $facts = probe(make($sim->{runway}, aleph2($two, outputFormat => 'sdr_rec709_10bit')));
    like($facts->{video}{pix_fmt}, qr/^yuv420p10/, 'aleph2: ten bits');
    $facts = probe(make($sim->{runway}, aleph2($two, outputFormat => 'prores')));
    is($facts->{video}{codec_name}, 'prores', 'aleph2: ProRes');
    like($facts->{video}{pix_fmt}, qr/^yuva444p1/, 'aleph2: of 4:4:4 with an alpha channel');
    for my $profile ('422 Proxy', '422 LT', '422', '422 HQ', '4444 XQ') {
        $facts = probe(make($sim->{runway}, aleph2($two, outputFormat => 'prores', proresProfile => $profile)));
        my ($pixels, $tag) = @{ { '422 Proxy' => [422, 'apco'], '422 LT' => [422, 'apcs'], '422' => [422, 'apcn'],
            '422 HQ' => [422, 'apch'], '4444 XQ' => [444, 'ap4x'] }->{$profile} };
        is($facts->{video}{codec_tag_string}, $tag, "aleph2: ProRes $profile");
        like($facts->{video}{pix_fmt}, qr/^yuva?${pixels}p1/, "aleph2: ProRes $profile: its pixels");
    }
    {
        my $create = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two, outputFormat => 'png_sequence'));
        my $task = wait_for($sim->{runway}, $create->{json}{id})->{task};
        like($task->{output}[0], qr{/[\w-]+\.zip\?_jwt=}, 'aleph2: PNGs in an archive');
        my $reply = download($task->{output}[0], "$TMP/pictures.zip");
        is($reply->{headers}{'content-type'}, 'application/zip', 'aleph2: said to be one');
        my @pictures = stored_files($reply->{content});
        is(scalar @pictures, 49, 'aleph2: as many as frames');
        is($pictures[48]{name}, 'frame_000049.png', 'aleph2: numbered');
        spew("$TMP/one.png", $pictures[48]{data});
        is(probe("$TMP/one.png")->{video}{codec_name}, 'png', 'aleph2: and pictures');
        is($create->{json}{estimatedCost}{credits}, 66, 'aleph2: which cost more');
    }

    my $given = spew("$TMP/given.mov", 'what the service gave me once' x 100);
    my $giving = RunwayTest::Simulator->start('--latency', 0, '--result-file', $given);
    my $create = call(POST => "$giving->{runway}/v1/video_to_video", aleph2($two));
    my $task = wait_for($giving->{runway}, $create->{json}{id})->{task};
    like($task->{output}[0], qr/\.mov\?/, '--result-file: in its own form');
    is(download($task->{output}[0])->{content}, slurp($given), '--result-file: every result is that');

    my $odd = RunwayTest::Simulator->start('--latency', 0, '--result-rate', '30000/1001', '--result-frames', -2,
        '--result-stretch', 1.05, '--result-size', '300x200', '--result-untagged', '--no-audio');
    $facts = probe(make($odd->{api}, gen4($two)));
    is($facts->{video}{r_frame_rate}, '30000/1001', '--result-rate');
    is($facts->{video}{nb_read_packets}, 61, '--result-frames, --result-stretch: ceil(2.1 s) - 2');
    is("$facts->{video}{width}x$facts->{video}{height}", '300x200', '--result-size');
    ok(!$facts->{audio}, '--no-audio');
    is($facts->{video}{color_space} // 'unknown', 'unknown', '--result-untagged');
    my $source = RunwayTest::Simulator->start('--latency', 0, '--result-rate', 'source', '--result-frames', 0);
    $facts = probe(make($source->{api}, gen4($five)));
    is("$facts->{video}{r_frame_rate} $facts->{video}{nb_read_packets}", '30/1 150', '--result-rate source');
    my $vfr = RunwayTest::Simulator->start('--latency', 0, '--result-vfr');
    my $run = run_cmd([$FFPROBE, qw(-v error -select_streams v -show_entries packet=pts -of csv=p=0),
        make($vfr->{api}, gen4($two))]);
    my @pts = sort { $a <=> $b } $run->{out} =~ /(\d+)/g;
    my %steps = map { $pts[$_] - $pts[$_ - 1] => 1 } 1 .. $#pts;
    is(scalar keys %steps, 2, '--result-vfr: two different steps');
};

subtest 'the looks' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0, '--result-rate', 'source', '--result-frames', 0);
    my $clip = make_clip(seconds => 1, size => '848x480', source => 'smptehdbars', codec => [qw(-c:v libx264 -crf 1)]);
    my @source = mean_luma($clip);
    my %mean;
    my %path;
    for my $prompt ('echo', 'Turn the day into NIGHT!', 'deep snow', 'a negative', 'mirror it', 'a knight in armour') {
        my $path = make($sim->{api}, gen4($clip, promptText => $prompt, ratio => '848:480'));
        ($path{$prompt}, $mean{$prompt}) = ($path, [mean_luma($path)]);
    }
    around($mean{echo}[$_], $source[$_], 1, "echo: mean $_ is the source's") for 0 .. 2;
    my ($night, $snow, $negative) = @mean{'Turn the day into NIGHT!', 'deep snow', 'a negative'};
    around($night->[0], 16 + 0.35 * ($source[0] - 16), 1.5, 'night: dark by the rule');
    cmp_ok($night->[1], '>', $source[1] + 5, 'night: bluer');
    around($snow->[0], 110 + 0.57 * ($source[0] - 16), 1.5, 'snow: bright by the rule');
    around($negative->[0], 251 - $source[0], 1.5, 'negative: Y');
    around($negative->[$_], 256 - $source[$_], 1.5, "negative: plane $_") for 1, 2;
    around($mean{'a knight in armour'}[0], $source[0], 1.5, 'else: Y as it was');
    around($mean{'a knight in armour'}[1], 106, 1.5, 'else: brown (a knight is no night)');
    around($mean{'a knight in armour'}[2], 148, 1.5, 'else: brown');
    my @left = mean_luma($clip, 'crop=iw/4:ih:0:0');
    my @mirrored = mean_luma($path{'mirror it'}, 'crop=iw/4:ih:iw*3/4:0');
    around($mirrored[$_], $left[$_], 1.5, "mirror: left is right, plane $_") for 0 .. 2;

    # Twice negative is the source: by PSNR, not only in the mean.
    my $again = make($sim->{api}, gen4($path{'a negative'}, promptText => 'invert', ratio => '848:480'));
    my $psnr = sub {
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -i), $_[0], '-i', $_[1], '-lavfi',
            '[0:v][1:v]psnr', qw(-f null -)]);
        return $run->{err} =~ /average:(inf|[\d.]+)/ ? $1 eq 'inf' ? 99 : $1 : 0;
    };
    SKIP: {
        skip 'this ffmpeg has no psnr filter', 3
            if run_cmd([$FFMPEG, qw(-hide_banner -h filter=psnr)])->{out} !~ /^Filter psnr/m;
        cmp_ok($psnr->($path{echo}, $clip), '>', 40, 'echo: as good as the source');
        cmp_ok($psnr->($again, $clip), '>', 36, 'negative twice is the source');
        cmp_ok($psnr->($path{'a negative'}, $clip), '<', 20, 'once is not');
    }

    # Colours arrive right whatever matrix and range the clip has.
    for my $case (['smpte170m', 'tv'], ['bt709', 'pc']) {
        my ($matrix, $range) = @$case;
        my $other = make_clip(seconds => 1, size => '848x480', source => 'color=c=0xC04020', rgb => 1, matrix => $matrix,
            range => $range);
        my $reference = make_clip(seconds => 1, size => '848x480', source => 'color=c=0xC04020', rgb => 1);
        my @want = mean_luma($reference);
        my @got = mean_luma(make($sim->{api}, gen4($other, ratio => '848:480')));
        around($got[$_], $want[$_], 3, "$matrix $range: plane $_") for 0 .. 2;
    }
};

subtest 'pictures' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0, '--result-rate', 'source', '--result-frames', 0);
    my $clip = make_clip(seconds => 2, size => '640x480', source => 'color=c=gray');
    my $image = "$TMP/red.png";
    run_cmd([$FFMPEG, qw(-v error -y -f lavfi -i color=c=red:s=64x48 -frames:v 1), $image]);
    my $uri = data_uri($image, 'image/png');

    my $path = make($sim->{api}, gen4($clip, ratio => '640:480', references => [{ type => 'image', uri => $uri }]));
    my @corner = mean_luma($path, 'crop=iw/5:ih/5:iw*4/5:ih*4/5');
    my @rest = mean_luma($path, 'crop=iw/5:ih/5:0:0');
    cmp_ok($corner[2], '>', 200, 'a reference is seen in the corner');
    around($rest[2], 128, 3, 'and nowhere else');
    $path = make($sim->{runway}, aleph2($clip, keyframes => [{ seconds => 1, uri => $uri }]));
    my $frames = frame_means($path);
    cmp_ok($frames->[24][2], '>', 200, 'a keyframe fills the picture at its time');
    around($frames->[$_][2], 128, 3, "and not at frame $_") for 0, 18, 30, 47;
    $path = make($sim->{runway}, aleph2($clip, keyframes => [{ at => 0.25, uri => $uri }]));
    cmp_ok(frame_means($path)->[12][2], '>', 200, 'a keyframe by fraction');

    my $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($clip, references => [
        { type => 'image', uri => data_uri($image, 'image/jpeg') }]));
    like(complaint($reply), qr/declared as "image\/jpeg", but the data is "image\/png"/, 'a PNG is no JPEG');
    $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($clip, references => [
        { type => 'image', uri => 'https://example.com/a.png' }]));
    is(wait_for($sim->{api}, $reply->{json}{id})->{task}{failureCode}, 'ASSET.INVALID', 'a URL is not fetched');
};

subtest 'failures' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0.1, '--fail-tasks', '2=SAFETY.OUTPUT.VIDEO');
    my $outcome = sub {
        my ($prompt) = @_;
        my $reply = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two, promptText => $prompt));
        return wait_for($sim->{runway}, $reply->{json}{id})->{task};
    };
    my $task = $outcome->('please fail with SAFETY.INPUT.TEXT.');
    is("$task->{status} $task->{failureCode}", 'FAILED SAFETY.INPUT.TEXT', 'by the prompt');
    like($task->{failure}, qr/moderation/, 'with a text');
    is($task->{cost}{credits}, 56, 'and billed');
    $task = $outcome->('echo');
    is("$task->{status} $task->{failureCode}", 'FAILED SAFETY.OUTPUT.VIDEO', 'by --fail-tasks');
    $task = $outcome->('echo');
    is($task->{status}, 'SUCCEEDED', 'but not the next');
    $task = $outcome->('fail INTERNAL.BAD_OUTPUT.CODE01');
    is($task->{failureCode}, 'INTERNAL.BAD_OUTPUT.CODE01', 'without "with"');
    $task = $outcome->('fail NONE');
    is($task->{status}, 'FAILED', 'without a code');
    ok(!exists $task->{failureCode}, 'there is none');
    $task = $outcome->('fail CANCELLED');
    is($task->{status}, 'CANCELLED', 'CANCELLED');
    $task = $outcome->('they fail miserably');
    is($task->{status}, 'SUCCEEDED', 'a prompt may speak of failing');
    is($sim->stats->{billed}, 7, 'seven tasks, seven bills');
    is($sim->stats->{credits}, 7 * 56, 'and their sum');
};

subtest 'the output URL' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0, '--url-lifetime', 600);
    my $id = call(POST => "$sim->{api}/v1/video_to_video", gen4($second))->{json}{id};
    my $url = wait_for($sim->{api}, $id)->{task}{output}[0];
    like($url, qr/^\Q$sim->{cdn}\E\/.+\.mp4\?_jwt=.+/, 'another origin, signed');
    unlike($url, qr/^\Q$sim->{runway}\E/, 'not the API');
    my $whole = download($url);
    is($whole->{status}, 200, 'GET');
    is($whole->{headers}{'content-type'}, 'video/mp4', 'type');
    my $size = length $whole->{content};
    is(download($url, undef, Authorization => 'Bearer key')->{status}, 400, 'a bearer is refused');
    (my $wrong = $url) =~ s/(.)$/$1 eq 'x' ? 'y' : 'x'/e;
    is(download($wrong)->{status}, 401, 'a wrong signature');
    (my $none = $url) =~ s/\?.*//;
    is(download($none)->{status}, 401, 'no signature');
    my $head = $http->head($url);
    is("$head->{status} $head->{headers}{'content-length'}", "200 $size", 'HEAD');
    my $etag = $head->{headers}{etag};
    my $range = sub {
        my ($range, %more) = @_;
        return download($url, undef, Range => $range, %more);
    };
    my $part = $range->('bytes=100-199');
    is("$part->{status} $part->{headers}{'content-range'}", "206 bytes 100-199/$size", 'a range');
    ok($part->{content} eq substr($whole->{content}, 100, 100), 'the right bytes');
    ok($range->('bytes=1000-')->{content} eq substr($whole->{content}, 1000), 'from there to the end');
    ok($range->('bytes=-50')->{content} eq substr($whole->{content}, -50), 'the last ones');
    is($range->("bytes=$size-")->{status}, 416, 'beyond the end');
    is($range->('bytes=1-', 'If-Range' => $etag)->{status}, 206, 'If-Range: same');
    is($range->('bytes=1-', 'If-Range' => '"other"')->{status}, 200, 'If-Range: changed');
    my $short = RunwayTest::Simulator->start('--latency', 0, '--url-lifetime', 4);
    $id = call(POST => "$short->{api}/v1/video_to_video", gen4($second))->{json}{id};
    my $old = wait_for($short->{api}, $id)->{task}{output}[0];
    sleep 4.1;
    is(download($old)->{status}, 403, 'expired');
    my $fresh = wait_for($short->{api}, $id)->{task}{output}[0];
    isnt($fresh, $old, 'reading again gives another');
    is(download($fresh)->{status}, 200, 'which is good');
    my $log = slurp($sim->{log_file});
    my ($jwt) = $url =~ /_jwt=(.+)/;
    ok(index($log, $jwt) < 0, 'no signature in the log');
};

subtest 'an output URL that is late, and odd' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0, '--output-after', 5, '--url-tail', '&name=a b');
    my $id = call(POST => "$sim->{api}/v1/video_to_video", gen4($second))->{json}{id};
    my $task = wait_for($sim->{api}, $id)->{task};
    is("$task->{status} " . @{ $task->{output} }, 'SUCCEEDED 0', 'no output yet');
    sleep 5.1;
    my ($url) = @{ call(GET => "$sim->{api}/v1/tasks/$id")->{json}{output} };
    like($url, qr/\?_jwt=[^& ]+&name=a b$/, 'then it is there, as it is');
    is(download($url =~ s/ /%20/r)->{status}, 200, 'and good');
};

# --- the two providers ----------------------------------------------------------

subtest 'gateway' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0.3, '--wrap', '--not-exist-for', 5, '--not-exist-as', 200);
    my $create = call(POST => "$sim->{api}/v1/video_to_video", gen4($second));
    is(join(',', sort keys %{ $create->{json} }), 'id', 'create: nothing but the id');
    my $reply = call(GET => "$sim->{api}/v1/tasks/$create->{json}{id}");
    is("$reply->{status} $reply->{json}{code}", '200 task_not_exist', 'not known yet');
    sleep 5.1;
    $reply = wait_for($sim->{api}, $create->{json}{id});
    is($reply->{json}{code}, 'success', 'wrapped');
    my $data = $reply->{json}{data};
    is("$data->{task_id} $data->{status} $data->{progress}", "$create->{json}{id} SUCCESS 100%", 'outer fields');
    is($data->{data}{status}, 'SUCCEEDED', 'the inner object is Runway\'s');
    $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second, promptText => 'fail ASSET.INVALID'));
    sleep 5.1;
    $data = wait_for($sim->{api}, $reply->{json}{id})->{json}{data};
    is($data->{status}, 'FAILURE', 'outer status of a failure');
    like($data->{fail_reason}, qr/asset/i, 'fail_reason');
    is(call(GET => "$sim->{runway}/v1/tasks/$create->{json}{id}")->{status}, 404,
        'one provider does not know the other\'s tasks');
    for my $status (400, 404) {
        my $other = RunwayTest::Simulator->start('--not-exist-as', $status);
        $reply = call(GET => "$other->{api}/v1/tasks/none");
        is($reply->{status}, $status, "task_not_exist as $status");
        like($reply->{content}, qr/"code":"task_not_exist"/, 'by its code');
    }
};

subtest 'throttling, balance, account' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 2, '--concurrency', 1, '--daily', 3, '--balance', 200);
    my $slow = RunwayTest::Simulator->start('--latency', 60, '--concurrency', 1);
    my $create = sub { return call(POST => "$_[0]{runway}/v1/video_to_video", aleph2($two, seed => $_[1]))->{json}{id} };
    my @status = map { call(GET => "$slow->{runway}/v1/tasks/$_")->{json}{status} } map { $create->($slow, $_) } 1 .. 3;
    my @ids = map { $create->($sim, $_) } 1 .. 3;
    like($status[0], qr/PENDING|RUNNING/, 'the first runs');
    is("@status[1, 2]", 'THROTTLED THROTTLED', 'the others wait');
    my $reply = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two));
    is($reply->{status}, 429, 'the day is full');
    wait_for($sim->{runway}, $_) for @ids;
    my @ended = $sim->events('ended');
    is(join(',', map { $_->{task} } @ended), join(',', @ids), 'first come, first served');
    my ($billed) = $sim->events('billed');
    cmp_ok($ended[2]{t} - $billed->{t}, '>=', 5.9, 'one after the other, each for its time');
    my $account = call(GET => "$sim->{runway}/v1/organization")->{json};
    is($account->{creditBalance}, 200 - 3 * 56, 'balance');
    is($account->{tier}{models}{aleph2}{maxConcurrentGenerations}, 1, 'concurrency');
    is($account->{tier}{models}{aleph2}{maxDailyGenerations}, 3, 'per day');
    is($account->{usage}{models}{aleph2}{dailyGenerations}, 3, 'today');

    my $poor = RunwayTest::Simulator->start('--balance', 100, '--latency', 0);
    is(call(POST => "$poor->{runway}/v1/video_to_video", aleph2($two))->{status}, 200, 'enough credits');
    $reply = call(POST => "$poor->{runway}/v1/video_to_video", aleph2($two));
    is("$reply->{status} $reply->{json}{error}", '400 You do not have enough credits to run this task.', 'not enough');
};

subtest 'delete' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 1, '--concurrency', 1);
    my ($first, $second_id) = map {
        call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two, seed => $_))->{json}{id}
    } 1, 2;
    is(call(DELETE => "$sim->{runway}/v1/tasks/$first")->{status}, 204, 'cancel');
    is(call(GET => "$sim->{runway}/v1/tasks/$first")->{status}, 404, 'gone');
    isnt(call(GET => "$sim->{runway}/v1/tasks/$second_id")->{json}{status}, 'THROTTLED', 'its place is free');
    my $task = wait_for($sim->{runway}, $second_id)->{task};
    is(call(DELETE => "$sim->{runway}/v1/tasks/$second_id")->{status}, 204, 'delete a finished one');
    is(download($task->{output}[0])->{status}, 404, 'its result is gone');
    is(call(DELETE => "$sim->{runway}/v1/tasks/$second_id")->{status}, 404, 'only once');
    is($sim->stats->{credits}, 112, 'nothing is refunded');
};

subtest 'uploads' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0);
    my $slot = sub {
        return call(POST => "$sim->{runway}/v1/uploads", { filename => 'clip.mp4', type => 'ephemeral', @_ });
    };
    like(complaint($slot->(type => 'forever')), qr/type: /, 'type is checked');
    like(complaint($slot->(filename => 'clip.exe')), qr/filename: /, 'name is checked');
    like(complaint($slot->(size => 1)), qr/Unrecognized keys: "size"/, 'nothing else');

    # The order of a JSON object is the order of the text.
    my $fields = sub {
        my ($reply) = @_;
        my ($text) = $reply->{content} =~ /"fields":\{(.*?)\}/;
        return $text =~ /"([^"]+)":"([^"]*)"/g;
    };
    my $form = sub {
        my ($reply, $parts, %headers) = @_;
        my $boundary = 'xyzzy' . int rand 1e9;
        my $body = '';
        while (my ($name, $value) = splice @$parts, 0, 2) {
            $body .= "--$boundary\r\nContent-Disposition: form-data; name=\"$name\""
                . ($name eq 'file' ? "; filename=\"clip.mp4\"\r\nContent-Type: video/mp4" : '') . "\r\n\r\n$value\r\n";
        }
        $body .= "--$boundary--\r\n";
        return $http->post($reply->{json}{uploadUrl}, { content => $body,
            headers => { 'Content-Type' => "multipart/form-data; boundary=$boundary", %headers } });
    };
    my $bytes = slurp($two);
    my $reply = $slot->();
    is($reply->{status}, 200, 'a slot');
    like($reply->{json}{runwayUri}, qr{^runway://}, 'its URI');
    is($form->($reply, [$fields->($reply), file => $bytes])->{status}, 204, 'the file');
    my $create = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two, videoUri => $reply->{json}{runwayUri}));
    is($create->{status}, 200, 'is used') or diag complaint($create);
    is(wait_for($sim->{runway}, $create->{json}{id})->{task}{status}, 'SUCCEEDED', 'and transformed');
    is($form->($reply, [$fields->($reply), file => $bytes])->{status}, 403, 'a slot is good for one');
    $create = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two, videoUri => $reply->{json}{runwayUri}));
    is($create->{status}, 200, 'a URI for many') or diag complaint($create);

    my $bad = sub {
        my ($status, $name, $change, %headers) = @_;
        my $new = $slot->();
        my @parts = ($fields->($new), file => $bytes);
        $change->(\@parts);
        my $got = $form->($new, \@parts, %headers);
        is($got->{status}, $status, $name) or diag $got->{content};
        my $use = call(POST => "$sim->{runway}/v1/video_to_video", aleph2($two, videoUri => $new->{json}{runwayUri}));
        is($use->{status}, 400, 'and the URI is not good');
    };
    $bad->(400, 'with a bearer', sub { }, Authorization => 'Bearer key');
    $bad->(403, 'fields in another order', sub { my ($p) = @_; @$p[0 .. 3] = @$p[2, 3, 0, 1] });
    $bad->(403, 'a field missing', sub { my ($p) = @_; splice @$p, 2, 2 });
    $bad->(403, 'a field changed', sub { my ($p) = @_; $p->[1] .= 'x' });
    $bad->(403, 'the file first', sub { my ($p) = @_; unshift @$p, splice @$p, -2 });
    $bad->(400, 'something after the file', sub { my ($p) = @_; push @$p, late => 'x' });
    $bad->(403, 'an unknown field', sub { my ($p) = @_; splice @$p, -2, 0, extra => 'x' });
    $bad->(400, '511 bytes', sub { my ($p) = @_; $p->[-1] = 'x' x 511 });
    $bad->(400, 'no file', sub { my ($p) = @_; splice @$p, -2 });
    my $lines = () = $sim->requests('storage');
    is($lines, 11, 'the log has them all');
};

# --- what goes wrong on purpose ---------------------------------------------------

subtest 'faults' => sub {
    my $start = sub { return RunwayTest::Simulator->start('--latency', 0, map { ('--fault', $_) } @_) };
    my $create = sub { return call(POST => "$_[0]{api}/v1/video_to_video", gen4($second, seed => $_[1] // 1)) };

    my $sim = $start->('create:1=drop-before', 'create:2=drop-after', 'create:3=status=503,retry-after=7',
        'create:4=after-status=502', 'create:5=bad-json', 'create:6=html', 'create:7=stall=1', 'create:8=huge');
    is($create->($sim)->{status}, 599, 'drop-before: no answer');
    is($sim->stats->{billed}, 0, 'and no task');
    is($create->($sim)->{status}, 599, 'drop-after: no answer');
    is($sim->stats->{billed}, 1, 'but a task');
    my $reply = $create->($sim);
    is("$reply->{status} $reply->{headers}{'retry-after'}", '503 7', 'status, retry-after');
    is($sim->stats->{billed}, 1, 'and no task');
    is($create->($sim)->{status}, 502, 'after-status');
    is($sim->stats->{billed}, 2, 'and a task');
    $reply = $create->($sim);
    ok($reply->{status} == 200 && !$reply->{json}, 'bad-json');
    $reply = $create->($sim);
    like($reply->{content}, qr/<html>/, 'html');
    is($sim->stats->{billed}, 4, 'and tasks');
    my $time = time;
    $reply = $create->($sim);
    cmp_ok(time - $time, '>=', 1, 'stall');
    is($reply->{status}, 200, 'then the answer');
    my $got = 0;
    eval {
        $http->request(POST => "$sim->{api}/v1/video_to_video", {
            headers => { %auth, 'Content-Type' => 'application/json' }, content => json(gen4($second)),
            data_callback => sub { $got += length $_[0]; die "enough\n" if $got > 20e6 },
        });
    };
    cmp_ok($got, '>', 20e6, 'huge');
    is($create->($sim)->{status}, 200, 'then all is well');
    my $stats = $sim->stats;
    is("$stats->{creates} $stats->{billed}", '9 7', 'nine creates, seven bills');
    is((values %{ $stats->{billed_by_body} })[0], 7, 'all for the same body');
    is((values %{ $stats->{billed_by_clip} })[0], 7, 'and the same clip');
    is(join(',', map { $_->{status} } $sim->requests('create')), '0,0,503,502,200,200,200,200,200', 'statuses in the log');
    is(scalar(grep { $_->{fault} } $sim->requests('create')), 8, 'faults in the log');

    $sim = $start->('create:1=after-page=503,retry-after=2');
    $reply = $create->($sim);
    is("$reply->{status} $reply->{headers}{'retry-after'} $reply->{headers}{'content-type'}", '503 2 text/html', 'after-page');
    like($reply->{content}, qr/<h1>/, 'a page');
    is($sim->stats->{billed}, 1, 'and a task');

    $sim = $start->('read:1-2=status=502', 'read:3=drop-after', 'read:4=status=404', 'download:1=cut=1000',
        'download:2=slow=40000', 'download:3+=status=500');
    my $id = $create->($sim)->{json}{id};
    call(GET => "$sim->{api}/v1/tasks/$id") for 1 .. 4;    # HTTP::Tiny repeats the one that is dropped
    is(join(' ', map { $_->{status} } $sim->requests('read')), '502 502 0 404 200', 'reads');
    my $url = wait_for($sim->{api}, $id)->{task}{output}[0];
    my $cut = '';
    my ($host, $port, $path) = $url =~ m{^http://([^:]+):(\d+)(/.*)};
    my $get = sub {
        my ($limit) = @_;
        my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or die "connect: $!\n";
        print $socket "GET $path HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n";
        my $text = '';
        while (sysread $socket, my $more, 65536) { $text .= $more; last if length $text > $limit }
        return $text =~ /\r\n\r\n/ ? ($`, $') : ($text, '');
    };
    my ($head, $body) = $get->(1e9);
    is(length $body, 1000, 'cut');
    my ($announced) = $head =~ /Content-Length: (\d+)/i;
    cmp_ok($announced, '>', 1000, 'after announcing all');
    $time = time;
    $get->(30000);
    cmp_ok(time - $time, '>', 0.5, 'slow');
    is(download($url)->{status}, 500, 'from the third on: 1');
    is(download($url)->{status}, 500, 'from the third on: 2');

    # A connection that is kept, read from, and closed: one create arrives.
    $sim = $start->('create:1=drop-after', 'create:2+=status=500');
    my ($api_port) = $sim->{api} =~ /:(\d+)/;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $api_port);
    my $headers = join '', map { "$_: $auth{$_}\r\n" } sort keys %auth;
    print $socket "GET /runwayml/v1/tasks/x HTTP/1.1\r\nHost: x\r\n$headers\r\n";
    sysread $socket, my $first, 65536;
    like($first, qr{^HTTP/1.1 400}, 'the connection serves a read');
    my $content = json(gen4($second));
    print $socket "POST /runwayml/v1/video_to_video HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($content) . "\r\n$headers\r\n$content";
    is(sysread($socket, my $second_reply, 65536) || 0, 0, 'the create is read and the connection closed');
    my ($read, $made) = ($sim->requests('read'), $sim->requests('create'));
    is($read->{connection}, $made->{connection}, 'the same connection');
    is($sim->stats->{billed}, 1, 'billed once');

    # Random ones: the same seed, the same schedule.
    my @schedules = map {
        my $random = RunwayTest::Simulator->start('--seed', $_, '--fault', 'read:30%=status=502');
        join '', map { call(GET => "$random->{api}/v1/tasks/x")->{status} == 502 ? 'x' : '.' } 1 .. 40;
    } 7, 7, 8;
    is($schedules[0], $schedules[1], 'same seed');
    isnt($schedules[0], $schedules[2], 'another seed');
    my $hits = $schedules[0] =~ tr/x//;
    ok($hits > 3 && $hits < 25, 'about 30%') or diag $schedules[0];
};

subtest 'https' => sub {
    my ($cert, $key) = ("$TMP/cert.pem", "$TMP/key.pem");
    my $run = run_cmd([qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext),
        'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', $key, '-out', $cert]);
    is($run->{status}, 0, 'a certificate') or diag $run->{err};
    my $sim = RunwayTest::Simulator->start('--tls-cert', $cert, '--tls-key', $key);
    like($sim->{api}, qr{^https://127\.0\.0\.1:\d+/runwayml$}, 'says https');
    my ($port) = $sim->{api} =~ /:(\d+)/;
    my $request = spew("$TMP/request", "GET /v1/tasks/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    $run = run_cmd([qw(openssl s_client -quiet -verify_return_error -CAfile), $cert, '-connect', "127.0.0.1:$port"],
        stdin => $request, timeout => 30);
    like($run->{out}, qr{^HTTP/1.1 401 }, 'speaks TLS');
    like($run->{out}, qr/"error":"Unauthorized"/, 'and HTTP in it');
};

subtest 'the log' => sub {
    my $sim = RunwayTest::Simulator->start('--latency', 0);
    my $secret = 'key_secret_never_seen';
    my $reply = call(POST => "$sim->{api}/v1/video_to_video", gen4($second), Authorization => "Bearer $secret");
    wait_for($sim->{api}, $reply->{json}{id});
    my ($line) = $sim->requests('create');
    is("$line->{origin} $line->{method} $line->{path} $line->{status}",
        'api POST /runwayml/v1/video_to_video 200', 'a line');
    ok($line->{bearer}, 'names the bearer');
    is($line->{headers}{version}, '2024-11-06', 'and the version');
    like($line->{body}{videoUri}, qr/^data:video\/mp4;base64,.\(\d+ chars, sha256 [0-9a-f]{64}\)$/s, 'clip is cut');
    is($line->{body}{promptText}, 'echo', 'the rest is not');
    is($line->{task}, $reply->{json}{id}, 'the task');
    is($line->{credits}, 15, 'what it cost');
    like($line->{clip_sha256}, qr/^[0-9a-f]{64}$/, 'the clip\'s digest');
    my ($billed) = $sim->events('billed');
    is("$billed->{task} $billed->{credits}", "$reply->{json}{id} 15", 'billed');
    my ($ended) = $sim->events('ended');
    is("$ended->{task} $ended->{status}", "$reply->{json}{id} SUCCEEDED", 'ended');
    ok(index(slurp($sim->{log_file}), $secret) < 0, 'never the key');
    ok(!(grep { ref $_->{t} || $_->{t} !~ /^[\d.]+(e-\d+)?$/ } $sim->log), 'each with its time');
};

done_testing;
