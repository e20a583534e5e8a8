#!/usr/bin/env perl
# What is sent: the headers and the body of each create, where the key goes and
# where not, how often a task is read, and that a clip is sent once.
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

my $sim = RunwayTest::Simulator->start('--latency' => 0.5, '--key' => $FilterTest::KEY);
my $clip = lossless_clip(size => '320x180', seconds => 1);

sub last_create { return (reverse $sim->requests('create'))[0] }

subtest 'headers and order' => sub {
    ok_filter($sim, 'plain', in => $clip, options => { prompt => 'night' });
    my @requests = $sim->requests;
    my ($create) = $sim->requests('create');
    is(scalar $sim->requests('create'), 1, 'one create');
    is($create->{method} . ' ' . $create->{path}, 'POST /runwayml/v1/video_to_video', 'its path');
    my $headers = $create->{headers};
    is($headers->{version}, '2024-11-06', 'X-Runway-Version');
    is($headers->{accept}, 'application/json', 'Accept');
    is($headers->{content_type}, 'application/json', 'Content-Type');
    like($headers->{content_length}, qr/^\d+$/, 'Content-Length is known beforehand');
    is($headers->{content_length}, $create->{body_bytes}, 'and right');
    ok(!exists $headers->{$_}, "no $_") for qw(transfer_encoding expect);
    like($headers->{user_agent}, qr{^runway_v2v/}, 'User-Agent');

    my @reads = $sim->requests('read');
    cmp_ok(scalar @reads, '>=', 2, 'the task is read until it is done');
    is((grep { $_->{path} ne "/runwayml/v1/tasks/$create->{task}" || $_->{method} ne 'GET' } @reads), 0, 'that task only');
    is((grep { !$_->{bearer} || $_->{headers}{version} ne '2024-11-06' } @reads), 0, 'with key and version');
    is((grep { $reads[$_]{t} - $reads[$_ - 1]{t} < 0.095 } 1 .. $#reads), 0, 'poll_interval apart');
    my ($download) = $sim->requests('download');
    is($download->{origin}, 'cdn', 'the result is fetched from where it is');
    ok(!$download->{bearer}, 'the key does not go there');
    is((grep { $_->{method} eq 'DELETE' } @requests), 0, 'nothing is deleted');
    isnt($create->{connection}, $_->{connection}, 'the create has a connection of its own') for $reads[0];
};

subtest 'the body of gen4_aleph' => sub {
    my $body = last_create()->{body};
    is_deeply([sort keys %$body], [qw(model promptText ratio seed videoUri)], 'these fields, no others');
    is($body->{model}, 'gen4_aleph', 'model');
    is($body->{promptText}, 'night', 'promptText');
    is($body->{seed}, 1, 'seed');
    is($body->{ratio}, '1280:720', 'ratio');
    like($body->{videoUri}, qr{^data:video/mp4;base64,}, 'videoUri');

    my $png = "$TMP/ref.png";
    run_cmd([$FFMPEG, qw(-v error -y -f lavfi -i color=red:s=64x64 -frames:v 1), $png])->{status} and die 'no PNG';
    ok_filter($sim, 'all options', in => $clip, options => { prompt => "it's: a \"test\", \\ [1];", seed => 4294967295,
        ratio => '848:480', reference => $png, public_figure_threshold => 'low' });
    $body = last_create()->{body};
    is_deeply([sort keys %$body], [qw(contentModeration model promptText ratio references seed videoUri)], 'with what is set');
    is($body->{promptText}, "it's: a \"test\", \\ [1];", 'the prompt as it was written');
    is($body->{seed}, 4294967295, 'the largest seed');
    is($body->{ratio}, '848:480', 'the ratio');
    is_deeply($body->{contentModeration}, { publicFigureThreshold => 'low' }, 'contentModeration');
    is(scalar @{ $body->{references} }, 1, 'one reference');
    is($body->{references}[0]{type}, 'image', 'an image');
    is($body->{references}[0]{uri}, data_uri($png, 'image/png'), 'its bytes');

    # the simulator fetches nothing from elsewhere: the task fails, after the create
    run_filter($sim, in => $clip, options => { prompt => 'echo', seed => -1, reference => 'https://a.example/x.png' });
    $body = last_create()->{body};
    ok(!exists $body->{seed}, 'seed=-1 leaves it out');
    is_deeply($body->{references}, [{ type => 'image', uri => 'https://a.example/x.png' }], 'a reference by its URL');

    ok_filter($sim, 'body', in => $clip, options => { prompt => 'echo', body => '{"seed":77,"contentModeration":{"publicFigureThreshold":"auto"}}' });
    $body = last_create()->{body};
    is($body->{seed}, 77, 'body goes over what options say');
    is_deeply($body->{contentModeration}, { publicFigureThreshold => 'auto' }, 'and adds');
};

subtest 'api_version' => sub {
    my $run = run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'echo', api_version => '2020-01-01' });
    is(last_create()->{headers}{version}, '2020-01-01', 'is sent');
    error_line('api_version', $run, qr/X-Runway-Version/);
};

subtest 'one create for each clip' => sub {
    my $long = lossless_clip(seconds => 4.5);
    my @before = $sim->events('billed');
    my $run = ok_filter($sim, 'five clips', in => $long, options => { prompt => 'snow', clip_duration => 1 });
    my @billed = $sim->events('billed');
    splice @billed, 0, scalar @before;
    is(scalar @billed, 5, '4.5 s in clips of 1 s are five');
    my %body = map { ($_->{body_sha256} => 1) } @billed;
    is(scalar keys %body, 5, 'each another');
    is((grep { ($_->{status} // '') ne 'SUCCEEDED' } ($sim->events('ended'))[-5 .. -1]), 0, 'each made');
    my @clips = map { $_->{clip} } ($sim->requests('create'))[-5 .. -1];
    is((grep { $_->{duration} < 1 } @clips), 0, 'none shorter than the model takes');
};

subtest 'concurrency' => sub {
    my $long = lossless_clip(seconds => 4);
    for my $n (1, 2) {
        my $slow = RunwayTest::Simulator->start('--latency' => 2);
        ok_filter($slow, "concurrency=$n", in => $long, options => { prompt => 'snow', clip_duration => 1, concurrency => $n });
        # how many tasks had been created and not read as done, at each create
        my ($open, $most) = (0, 0);
        my %done;
        for my $line (sort { $a->{t} <=> $b->{t} } $slow->requests) {
            if ($line->{where} eq 'create') {
                $most = $open if ++$open > $most;
            } elsif ($line->{where} eq 'read' && $line->{task_status} eq 'SUCCEEDED' && !$done{ $line->{task} }++) {
                $open--;
            }
        }
        is($most, $n, "concurrency=$n: that many at once");
    }
};

subtest 'the clip is in the body as it is' => sub {
    # written by the same code with the same encoder: the same run gives the
    # same bytes, whole and unbroken by newlines
    ok_filter($sim, 'once', in => $clip, options => { prompt => 'echo' });
    my $one = last_create();
    ok_filter($sim, 'twice', in => $clip, options => { prompt => 'echo' });
    my $two = last_create();
    is($two->{clip_sha256}, $one->{clip_sha256}, 'the same clip');
    is($two->{body_sha256}, $one->{body_sha256}, 'in the same body');
    is($one->{clip}{frames}, 24, 'with all frames');
};

done_testing;
