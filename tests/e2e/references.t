#!/usr/bin/env perl
# Pictures that options name: references by what they are and not by their name,
# keyframes at the clip that holds their time and in its own seconds; inside the
# request, uploaded where too large, or refused before anything is paid.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use MIME::Base64 qw(decode_base64);
use Test::More;

use FilterTest;
use RunwayTest;

my $clip = lossless_clip(size => '160x112', seconds => 6, rate => 12);
my $sim = RunwayTest::Simulator->start('--latency' => 0);

sub picture {
    my ($name, $source, @args) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), $source, @args, '-frames:v', 1, "$TMP/$name"]);
    die "no $name: $run->{err}\n" if $run->{status};
    return "$TMP/$name";
}

sub at_runway {
    my ($at, %opt) = @_;
    my %options = (prompt => 'echo', provider => 'runway', base_url => $at->{runway}, %{ delete $opt{options} || {} });
    return run_filter(undef, in => $clip, env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64 },
        %opt, options => \%options);
}

sub creates { return map { $_->{body} } $_[0]->requests('create') }

my %colour = map { ($_ => picture("$_.png", "color=$_:size=64x48")) } qw(red green blue);
my $jpeg = picture('photo.jpg', 'testsrc2=size=64x48');
# the smallest WebP there is: one pixel, lossless
my $webp = spew("$TMP/pixel.webp", decode_base64('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=='));

subtest 'types by content' => sub {
    for my $case (
        ['a PNG',           $colour{red}, 'image/png'],
        ['a JPEG',          $jpeg, 'image/jpeg'],
        ['a WebP',          $webp, 'image/webp'],
        ['a PNG named JPEG', spew("$TMP/wrong.jpg", slurp($colour{red})), 'image/png'],
        ['a JPEG without a name', spew("$TMP/nameless", slurp($jpeg)), 'image/jpeg'],
        ['a PNG with a quote in its name', spew("$TMP/it's mine.png", slurp($colour{red})), 'image/png'],
        ['a PNG with a bar in its name', spew("$TMP/a|b.png", slurp($colour{red})) =~ s/\|/\\|/r, 'image/png'],
        ['a PNG with white space around it', " $colour{red} ", 'image/png'],
    ) {
        my ($name, $file, $type) = @$case;
        my $run = run_filter($sim, in => $clip, options => { prompt => 'echo', reference => $file, clip_duration => 5 });
        is($run->{status}, 0, "$name: goes well") or diag $run->{err};
        my ($body) = (creates($sim))[-1];
        my $uri = $body->{references}[0]{uri};
        like($uri, qr/^\Qdata:$type;base64,\E/, "$name: as $type");
        is(($sim->requests('create'))[-1]{status}, 200, "$name: which the service takes");
    }
    my $before = () = $sim->requests;
    my $empty = spew("$TMP/empty.png", '');
    my $gif = spew("$TMP/moving.png", "GIF89a\x01\x00\x01\x00\x80\x00\x00");
    for my $case (
        ['a GIF named PNG', $gif, qr/^reference: \S+moving\.png is not a PNG, JPEG or WebP picture/],
        ['an empty file', $empty, qr/^reference: \S+empty\.png is not a PNG, JPEG or WebP picture/],
        ['a video', $clip, qr/is not a PNG, JPEG or WebP picture/],
        ['a directory', $TMP, qr/^reference: \S+ cannot be read: Is a directory/],
        ['a URL in the clear', 'http://a.example/1.png', qr/^reference: the service accepts https URLs only/],
        ['a URL that is too long', 'https://a.example/' . 'x' x 2040, qr/^reference: the URL is longer than the 2048 characters/],
    ) {
        my ($name, $file, $says) = @$case;
        error_line($name, run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'x', reference => $file }), $says);
    }
    is(scalar(() = $sim->requests), $before, 'nothing was asked for');
};

subtest 'several, and where they show' => sub {
    my $run = at_runway($sim, options => { model => 'gemini_omni_flash', reference => "$colour{red}|$colour{blue}" });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    my ($body) = (creates($sim))[-1];
    is_deeply([map { [sort keys %$_] } @{ $body->{references} }], [['uri'], ['uri']], 'two, in this model\'s form');
    # the simulator shows the first in the lower right corner
    my ($y, $u, $v) = @{ frame_means($run->{out}, 'crop=20:15:130:100')->[0] };
    cmp_ok($v, '>', 200, 'and the model has seen them');
};

subtest 'keyframes' => sub {
    my %options = (model => 'aleph2', clip_duration => 2);
    my $run = at_runway($sim, options => { %options, keyframe => "5=$colour{blue}|0=$colour{red}|3.5=$colour{green}" });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    is($run->{err}, '', 'without a warning');
    my @frames = map { $_->{keyframes} // [] } (creates($sim))[-3 .. -1];
    # clips may be sent in any order: by their only second
    is_deeply([sort { $a <=> $b } map { $_->{seconds} } map { @$_ } @frames], [0, 1, 1.5],
        'each to the clip that holds its time, in the clip\'s own seconds');
    is(scalar(grep { @$_ == 1 } @frames), 3, 'one for each clip');
    my $means = frame_means($run->{out});
    for my $case ([0, 'red', 'v'], [42, 'green', 'neither'], [60, 'blue', 'u']) {
        my ($n, $name, $high) = @$case;
        my (undef, $u, $v) = @{ $means->[$n] };
        is($v > 200 ? 'v' : $u > 200 ? 'u' : 'neither', $high, "$name is there at its time");
    }
    my (undef, $u, $v) = @{ $means->[30] };
    ok(abs($u - 128) < 40 && abs($v - 128) < 40, 'and the film between');

    # a clip begins at the very second of the next
    $run = at_runway($sim, options => { %options, keyframe => "2=$colour{green}" });
    is(scalar(grep { ($_->{keyframes}[0]{seconds} // -1) == 0 } (creates($sim))[-3 .. -1]), 1, 'the second where clips meet is the later one\'s');
    # the source's own time line
    $run = at_runway($sim, before => 'setpts=PTS+100/TB', options => { %options, keyframe => "103.5=$colour{green}" });
    is_deeply([map { $_->{seconds} } map { @{ $_->{keyframes} // [] } } (creates($sim))[-3 .. -1]], [1.5], 'seconds of the source');
    $run = at_runway($sim, options => { %options, keyframe => "00:00:03.5=$colour{green}" });
    is_deeply([map { $_->{seconds} } map { @{ $_->{keyframes} // [] } } (creates($sim))[-3 .. -1]], [1.5], 'written as a time');
};

# A range is cut to each clip it touches, and rounded outwards to its whole seconds.
subtest 'keyframes that hold for a while' => sub {
    my %options = (model => 'aleph2', clip_duration => 2);
    my $sent = sub {
        my ($keyframe, %other) = @_;
        my $before = () = creates($sim);
        my $run = at_runway($sim, options => { %options, %other, keyframe => $keyframe });
        is($run->{status}, 0, "$keyframe: goes well") or diag $run->{err};
        is($run->{err}, '', "$keyframe: without a warning");
        my @all = creates($sim);
        # the one that was sent without a keyframe is that of no second
        return join ' ', sort map { sprintf '%g:%d-%d', $_->{seconds}, map { $_ // 0 } @{ $_->{range} || {} }{qw(start_seconds end_seconds)} }
            map { @{ $_->{keyframes} // [] } } @all[$before .. $#all];
    };
    is($sent->("1-3=$colour{red}"), '0:0-1 1:1-2', 'in two clips');
    is($sent->("2.5-3.2=$colour{green}"), '0.5:0-2', 'whole seconds around it');
    is($sent->("0-6=$colour{blue}"), '0:0-2 0:0-2 0:0-2', 'in all of them');
    is($sent->("00:00:02-00:00:04=$colour{blue}"), '0:0-2', 'to the end of one, and not into the next');
    # clips of 2.5 s: what is a whole second of the film is none of the second clip
    my %half = (clip_duration => 2.5);
    is($sent->("2.5-3.5=$colour{red}", %half), '0:0-1', 'from where a clip begins');
    is($sent->("1-2.5=$colour{green}", %half), '1:1-3', 'to where one ends, within a second');
    is($sent->("3-4=$colour{blue}", %half), '0.5:0-2', 'whole seconds of the clip, and not of the film');
    is($sent->("2.4-2.6=$colour{red}", %half), '0:0-1 2.4:2-3', 'across the border by a frame or two');
    is($sent->("4.99-5.01=$colour{green}", %half), '0:0-1 2.49:2-3', 'and by less than one');
    is($sent->("5.9-9=$colour{red}"), '1.9:1-2', 'beyond the end of the film');
    is($sent->("0-6=$colour{blue}", clip_duration => 0), '0:0-6', 'all of a clip');
    my $before = () = $sim->requests('create');
    for my $keyframe ("3-2=$colour{red}", "3-3=$colour{red}", "3-x=$colour{red}") {
        error_line($keyframe, at_runway($sim, loglevel => 'error', options => { %options, keyframe => $keyframe }),
            qr/is not SECONDS\[-SECONDS\]=IMAGE/);
    }
    # in the last of three clips, before the first is paid for; 3.9 s and 5 s
    # could meet in a clip, wherever clips end
    for my $case (["0-1=$colour{red}|1.5=$colour{blue}", '0 s and 1.5'], ["4.1=$colour{red}|5-6=$colour{blue}", '4.1 s and 5'],
        ["3.9-4=$colour{red}|5=$colour{blue}", '3.9 s and 5']) {
        my ($keyframe, $which) = @$case;
        error_line($keyframe, at_runway($sim, loglevel => 'error', options => { %options, keyframe => $keyframe }),
            qr/^keyframe: those at $which s can be in one clip of 2 s, but only one of them has a range/);
    }
    # a frame that stands still makes its clip longer than that
    error_line('far apart, and in one clip', at_runway($sim, loglevel => 'error', before => "select='lt(n,2)',setpts='20*N/TB'",
        options => { model => 'aleph2', keyframe => "0-1=$colour{red}|15=$colour{blue}" }),
        qr/^keyframe: some of those in clip 1 .* have a range and some have none/);
    is(scalar(() = $sim->requests('create')), $before, 'nothing was asked for');
    is($sent->("0-1=$colour{red}|3=$colour{green}"), '0:0-1 1:0-0', 'each kind in a clip of its own');
};

subtest 'keyframes that nobody gets' => sub {
    my $run = at_runway($sim, options => { model => 'aleph2', keyframe => "1=$colour{red}|7=$colour{blue}|6=$colour{green}" });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    my @said = $run->{err} =~ /keyframe: there is no clip at (\S+) s, so this keyframe was not used/g;
    is("@said", '6.000 7.000', 'a warning for each that falls in no clip');
    $run = at_runway($sim, options => { model => 'aleph2', dry_run => 1, keyframe => "7=$colour{blue}" });
    like($run->{err}, qr/no clip at 7\.000 s/, 'in a dry run, too: before it costs');

    my $before = () = $sim->requests('create');
    my $six = join '|', map { $_ / 2 . "=$colour{red}" } 0 .. 5;
    error_line('too many', at_runway($sim, loglevel => 'error', options => { model => 'aleph2', keyframe => $six }),
        qr/^keyframe: 6, from 0 s on, can be in one clip of 10 s, but model aleph2 supports 5; use a shorter clip_duration/);
    my $late = join '|', map { 4 + $_ / 10 . "=$colour{red}" } 0 .. 5;
    error_line('too many in the second clip', at_runway($sim, loglevel => 'error', options => { model => 'aleph2', clip_duration => 2, keyframe => $late }),
        qr/^keyframe: 6, from 4 s on, can be in one clip/);
    error_line('no time', at_runway($sim, loglevel => 'error', options => { keyframe => $colour{red} }), qr/^keyframe: .* is not SECONDS\[-SECONDS\]=IMAGE/);
    error_line('no number', at_runway($sim, loglevel => 'error', options => { keyframe => "soon=$colour{red}" }), qr/is not SECONDS\[-SECONDS\]=IMAGE/);
    error_line('no file', at_runway($sim, loglevel => 'error', options => { keyframe => "1=$TMP/none.png" }), qr/^keyframe: .*No such file/);
    is(scalar(() = $sim->requests('create')), $before, 'nothing was asked for');
};

# 8 MB of what no encoder makes smaller
subtest 'too large for a request' => sub {
    my $large = picture('large.png', 'color=gray:size=1600x1200,format=rgb24,noise=alls=100:allf=t');
    cmp_ok(-s $large, '>', 4e6, 'a large picture');
    my $here = RunwayTest::Simulator->start('--latency' => 0);
    error_line('at CometAPI', run_filter($here, in => $clip, loglevel => 'error', options => { prompt => 'x', reference => $large }),
        qr/^reference: \S+large\.png is \d+\.\d MB, but a request can hold a picture of 3\.9 MB at most; CometAPI has no uploads, so make it smaller/);
    error_line('transport=inline', at_runway($here, loglevel => 'error', options => { transport => 'inline', keyframe => "1=$large" }),
        qr/^keyframe: .*transport=inline uploads nothing/);
    is(scalar(() = $here->requests), 0, 'nothing was asked for');

    my $run = at_runway($here, options => { model => 'aleph2', clip_duration => 2, keyframe => "0=$large|3=$large|5=$colour{blue}" });
    is($run->{status}, 0, 'at Runway') or diag $run->{err};
    is(scalar(() = $here->requests('upload')), 1, 'is uploaded, once for all clips');
    my @uris = sort map { $_->{uri} =~ s/:.*//sr } map { @{ $_->{keyframes} // [] } } creates($here);
    is("@uris", 'data runway runway', 'and what is small goes along');
    $run = at_runway($here, options => { model => 'gemini_omni_flash', reference => $large });
    is($run->{status}, 0, 'a reference as well') or diag $run->{err};
    like((creates($here))[-1]{references}[0]{uri}, qr{^runway://}, 'by its upload');
};

# a change ends the clip, and the clips before it stay with the old one
subtest 'sendcmd' => sub {
    my $commands = spew("$TMP/commands.txt", "2.5 runway_v2v reference '$colour{blue}';\n4 runway_v2v reference '';\n");
    my $run = run_filter($sim, in => $clip, before => 'sendcmd=f=' . escape($commands),
        options => { prompt => 'echo', reference => $colour{red} });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    my $means = frame_means($run->{out}, 'crop=20:15:130:100');
    is(join(' ', map { my (undef, $u, $v) = @{ $means->[$_] }; $v > 200 ? 'red' : $u > 200 ? 'blue' : 'none' } 0, 29, 30, 47, 48, 71),
        'red red blue blue none none', 'each reference for its time, to the frame');
};

subtest 'sendcmd: another take for a section' => sub {
    my %home = (env => { XDG_STATE_HOME => "$TMP/takes" });
    my @bought;
    for my $take (7, 7, 8) {
        my $before = () = creates($sim);
        my $run = run_filter($sim, in => $clip, %home, options => { prompt => 'echo', model => 'aleph2' },
            before => 'sendcmd=f=' . escape(spew("$TMP/take-$take.txt", "1.0 runway_v2v take $take;\n2.0 runway_v2v take 0;\n")));
        is($run->{status}, 0, 'goes well') or diag $run->{err};
        push @bought, creates($sim) - $before;
    }
    is("@bought", '3 0 1', 'a clip for each section, and another of the one that was sent another take');
};

# What is said once more is no change: each frame may bring it.
subtest 'sendcmd says the same' => sub {
    my $copy = spew("$TMP/copy.png", slurp($colour{red}));
    my $before = creates($sim);
    my $commands = spew("$TMP/same.txt", "0.5-2.5 [enter] runway_v2v reference '$copy', [enter] runway_v2v prompt 'echo', [enter] runway_v2v seed 1;\n"
        . "1.5 runway_v2v reference '$colour{red}';\n2.0 runway_v2v seed 2;\n");
    my $run = run_filter($sim, in => $clip, before => 'sendcmd=f=' . escape($commands),
        options => { prompt => 'echo', reference => $copy, take => 5 });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    my @made = (creates($sim))[$before .. creates($sim) - 1];
    # two requests at once arrive in either order
    is(join(' ', sort map { $_->{seed} } @made), '1 2', 'only another seed ends the clip');
    # what the model has not, and what is taken back before a frame comes
    for my $case (['a seed', 'gemini_omni_flash', '1.0 runway_v2v seed -1;'], ['taken back', 'aleph2', '1.0 runway_v2v take 9, runway_v2v take 5, runway_v2v seed 7, runway_v2v seed 1;']) {
        my ($name, $model, $command) = @$case;
        $before = creates($sim);
        $run = run_filter($sim, in => $clip, before => 'sendcmd=f=' . escape(spew("$TMP/no-change.txt", "$command\n")),
            options => { prompt => "echo $name", model => $model, take => 5 });
        is($run->{status}, 0, "$name: goes well") or diag $run->{err};
        is(creates($sim) - $before, 1, '... in one clip');
    }
};

# Megabytes each, which are kept once.
subtest 'sendcmd: two references that take turns' => sub {
    my @large = map { picture("turn-$_.png", "nullsrc=size=1000x700,format=rgb24,noise=alls=100:all_seed=$_") } 1, 2;
    cmp_ok(-s $_, '>', 1_000_000, 'a picture') for @large;
    my $film = make_clip(size => '64x48', rate => 2, seconds => 60, name => 'turns.nut', codec => [qw(-c:v ffv1)]);
    my @peak;
    for my $turns (2, 59) {
        my $commands = join '', map { "$_ runway_v2v reference '$large[$_ % 2]';\n" } 1 .. $turns;
        my $run = run_filter($sim, in => $film, before => 'sendcmd=f=' . escape(spew("$TMP/turns-$turns.txt", $commands)),
            loglevel => 'info', args => [qw(-benchmark -f null)], options => { prompt => 'echo', reference => $large[0], dry_run => 1 });
        is($run->{status}, 0, "$turns changes") or diag $run->{err};
        push @peak, $run->{err} =~ /maxrss=(\d+)/;
    }
    note "@peak KiB";
    cmp_ok($peak[1], '<', $peak[0] + 50_000, 'need no more memory than two') if @peak == 2;
    is(scalar @peak, 2, 'and that was measured');
};

# A command that would be lost: the film is not bought as if it had not been given.
subtest 'sendcmd: what cannot be changed' => sub {
    my $can = 'what can be changed while the filter runs: prompt, seed, take, reference';
    for my $command ('model gen4_aleph', 'max_credits 100', 'keyframe 1=x.png') {
        my ($name) = split / /, $command;
        my $before = creates($sim);
        my $run = run_filter($sim, in => $clip, before => "sendcmd=c='0 runway_v2v $command'", options => { prompt => 'echo', take => 6 });
        isnt($run->{status}, 0, "$name is an error");
        like($run->{err}, qr/command $name: this option cannot be changed; $can/, '... that says what can');
        is(creates($sim) - $before, 0, '... before anything is paid for');
    }
    # of others, by names that are options of this one
    my $others = run_filter($sim, in => $clip, before => "sendcmd=c='0.5 drawbox x 3; 0.6 scale size 64x36; 1 all prompt negative'",
        after => 'drawbox,scale', options => { prompt => 'echo', take => 8 });
    is($others->{status}, 0, 'what is sent to another filter by its name is none of ours') or diag $others->{err};
    unlike($others->{err}, qr/command \w+:/, '... and not spoken of');
    my $run = run_filter($sim, in => $clip, before => "sendcmd=c='0.5-2.5 [enter] runway_v2v promt winter, [leave] all angle 1'",
        options => { prompt => 'echo', take => 7 });
    is($run->{status}, 0, 'a name that is none of ours may be for another filter') or diag $run->{err};
    is_deeply([$run->{err} =~ /command (\w+): the filter has no such option; $can/g], ['promt'], 'and is warned of, once');
};

done_testing;
