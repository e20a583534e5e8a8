#!/usr/bin/env perl
# runway_hdr: HDR out of SDR, with what a player has to know of it on the frames and
# in the file, one frame for each, each paid for once; and what cannot be done is
# refused before anything is paid.
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
use SiblingTest;

my $encoders = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out};
plan skip_all => 'the simulator makes HDR with libx265, which this build lacks' if $encoders !~ /\blibx265\b/;

my $film = lossless_clip(seconds => 2, rate => 12, size => '320x180');
sibling('runway_hdr', $film, clip_duration => 1);

# What ffprobe says of the first frame's side data, by its kind.
sub side_data {
    my ($path) = @_;
    my $run = run_cmd([$FFPROBE, qw(-v error -select_streams v:0 -show_frames -read_intervals), '%+#1', '-of', 'json', $path]);
    my $frame = decode($run->{out})->{frames}[0];
    return ($frame, map { ($_->{side_data_type} => $_) } @{ $frame->{side_data_list} || [] });
}

# The digest of each picture.
sub pictures { return map { (split /,\s*/)[5] // () } split /\n/, run_cmd([$FFMPEG, qw(-v error -i), $_[0], qw(-map 0:v -f framemd5 -)])->{out} }

my $params;
subtest 'PQ' => sub {
    my $log = "$TMP/hdr.log";
    my $run = generated('pq', options => { log_path => $log });
    my ($submitted) = grep { $_->{event} eq 'submitted' } map { decode($_) } split /\n/, slurp($log);
    is($submitted->{timeout}, 1800, 'a task is given as long as usual');
    my @creates = $sim->requests('create');
    is(scalar @creates, 2, 'two clips');
    is($_->{path}, '/v1/video_to_hdr', 'at its endpoint') for @creates;
    is_deeply([sort keys %{ $creates[0]{body} }], [qw(model outputFormat videoUri)], 'its fields and no others');
    is($creates[0]{body}{model}, 'ruby', 'its model');
    is($creates[0]{body}{outputFormat}, 'hdr10', 'its format');
    is($creates[0]{credits}, 20, 'its price');
    is(last_time($run->{out}), last_time($film), 'as many frames, at the same times');
    my $facts = video_facts($run->{out});
    is("@$facts{qw(pix_fmt color_space color_transfer color_primaries color_range width height)}",
        'yuv420p10le bt2020nc smpte2084 bt2020 tv 320 180', 'ten bits, BT.2020 and PQ');
    my ($was) = mean_luma($film);
    my ($is) = mean_luma($run->{out});
    cmp_ok(abs($is - (16 + ($was - 16) * 0.6)), '<', 2, 'the result\'s picture');
    my ($line) = grep { /for the encoder: -x265-params / } filter_lines($run);
    ($params) = ($line // '') =~ /-x265-params (\S+)$/;
    like($params, qr/:master-display=G\(13250,34500\)B\(7500,3000\)R\(34000,16000\)WP\(15635,16450\)L\(10000000,1\):max-cll=1000,400$/,
        'and what x265 needs to know');
    unlike($run->{err}, qr/for the encoder.*for the encoder/s, 'once');
};

subtest 'a file that players take' => sub {
    my $before = creates();
    my $first = generated('bought', options => { take => 1 });
    my $run = generated('HDR10', env => { XDG_STATE_HOME => "$first->{own}/state" }, options => { take => 1 }, out => 'hdr10.mp4',
        args => [qw(-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params), "log-level=error:$params"]);
    is(creates(), $before + 2, 'what was bought once is used');
    my $facts = video_facts($run->{out});
    is("@$facts{qw(pix_fmt color_space color_transfer color_primaries color_range)}",
        'yuv420p10le bt2020nc smpte2084 bt2020 tv', 'tagged');
    is(probe($run->{out})->{video}{codec_tag_string}, 'hvc1', 'in a form that players know');
    my (undef, %side) = side_data($run->{out});
    my $display = $side{'Mastering display metadata'};
    ok($display, 'mastering display') or return;
    is($display->{red_x}, '34000/50000', 'its red');
    is($display->{max_luminance}, '10000000/10000', 'its brightest');
    is($side{'Content light level metadata'}{max_content}, 1000, 'content light');
};

subtest 'on the frames' => sub {
    my $run = generated('frames', after => 'showinfo', args => [qw(-f null)], out => '-');
    like($run->{err}, qr/Mastering display metadata|mastering display/i, 'mastering display');
    like($run->{err}, qr/Content Light|content light/i, 'content light');
    like($run->{err}, qr/color_primaries:bt2020 color_trc:smpte2084/, 'and colours');
    # these have cHRM too, which FFmpeg makes a mastering display of
    run_cmd([$FFMPEG, qw(-v error -i), $film, "$TMP/icc%02d.png"]);
    add_profile(glob "$TMP/icc??.png");
    $run = generated('profile', in => "$TMP/icc%02d.png", input => [qw(-framerate 12)], after => 'showinfo', args => [qw(-f null)], out => '-');
    like($run->{err}, qr/color_trc:smpte2084/, 'pictures with a profile');
    unlike($run->{err}, qr/^\[Parsed_showinfo.*ICC/m, 'which is gone: it is not that of HDR');
    $run = generated('marks', after => 'metadata=print', args => [qw(-f null)], out => '-');
    like($run->{err}, qr/lavfi\.runway_hdr\.clip=2/, 'the second clip is marked');
    unlike($run->{err}, qr/lavfi\.runway_hdr\.seam/, 'and nothing was done to its seam');
};

subtest 'a side of 4096' => sub {
    my $run = generated('4096', in => lossless_clip(frames => 2, rate => 12, size => '4096x64'));
    is(($sim->requests('create'))[-1]{clip}{width}, 4094, 'is sent smaller: less than 4096 is supported');
    is(video_facts($run->{out})->{width}, 4096, 'and comes out as it was');
};

subtest 'HLG, and a mezzanine' => sub {
    my $run = generated('hlg', options => { transfer => 'hlg' });
    is(($sim->requests('create'))[-1]{body}{outputFormat}, 'hlg', 'asked for');
    is(video_facts($run->{out})->{color_transfer}, 'arib-std-b67', 'tagged');
    unlike($run->{err}, qr/master-display/, 'without a mastering display');
    $run = generated('prores', options => { format => 'hdr_prores', prores_profile => '422 HQ' });
    my $body = ($sim->requests('create'))[-1]{body};
    is("$body->{outputFormat} $body->{proresProfile}", 'hdr_prores 422 HQ', 'ProRes is asked for');
    like($run->{err}, qr/the result is 320x180, yuv422p10le, 12 fps, prores/, 'and comes');
    is(video_facts($run->{out})->{color_transfer}, 'smpte2084', 'as PQ');
    is(last_time($run->{out}), last_time($film), 'to the last frame');
    error_line('a number between them', run_filter($sim, in => $film, filter => 'runway_hdr', loglevel => 'error', options => { transfer => 17 }),
        qr/^transfer: 17 is neither pq nor hlg$/);
};

# What a result leaves unsaid is what was asked for, and no picture is changed by it;
# a tag of SDR is not believed, and a transfer that was not asked for is warned of.
subtest 'tags of a result' => sub {
    my $tagged = generated('tagged', options => { format => 'hdr_prores' });
    my $untagged = RunwayTest::Simulator->start('--latency' => 0, '--result-untagged');
    my $run = generated('untagged', options => { format => 'hdr_prores' }, env => { RUNWAYML_BASE_URL => $untagged->{runway} });
    my $colours = sub { join ' ', @{ video_facts($_[0]) }{qw(color_space color_transfer color_primaries color_range)} };
    is($colours->($run->{out}), 'bt2020nc smpte2084 bt2020 tv', 'untagged: as it was asked for');
    is(join(' ', pictures($run->{out})), join(' ', pictures($tagged->{out})), 'and the same pictures');
    unlike($run->{err}, qr/not tagged as HDR|not the \S+ that was/, 'in silence');

    for (['bt709', 'bt709', qr/the result is not tagged as HDR; it is treated as smpte2084, as requested$/m, 'smpte2084'],
        ['arib-std-b67', 'bt2020', qr/the result's transfer is arib-std-b67, not the smpte2084 that was asked for$/m, 'arib-std-b67']) {
        my ($trc, $primaries, $said, $tag) = @$_;
        my $matrix = $primaries =~ s/^bt2020\K/nc/r;
        my $result = make_clip(name => "result-$trc.mov", seconds => 1, rate => 12,
            filter => "format=yuv422p10,setparams=color_trc=$trc:color_primaries=$primaries:colorspace=$matrix",
            codec => [qw(-c:v prores_ks)], args => ['-color_trc', $trc, '-color_primaries', $primaries, '-colorspace', $matrix]);
        my $giving = RunwayTest::Simulator->start('--latency' => 0, '--result-file' => $result);
        $run = generated($trc, options => { format => 'hdr_prores' }, env => { RUNWAYML_BASE_URL => $giving->{runway} });
        like($run->{err}, $said, "$trc: warned");
        is($colours->($run->{out}), "bt2020nc $tag bt2020 tv", "$trc: tagged");
    }
};

subtest 'refused' => sub {
    my $hdr = lossless_clip(seconds => 1, filter => 'format=yuv420p10,setparams=color_trc=smpte2084', args => [qw(-color_trc smpte2084)]);
    refused('HDR', $hdr, {}, qr/^the input is already HDR \(smpte2084\)/);
    my $hlg = lossless_clip(seconds => 1, filter => 'format=yuv420p10,setparams=color_trc=arib-std-b67', args => [qw(-color_trc arib-std-b67)]);
    refused('HLG', $hlg, {}, qr/^the input is already HDR \(arib-std-b67\)/);
    refused('a limit', $film, { max_credits => 19 }, qr/max_credits=19\b/);
    refused('CometAPI', $film, { provider => 'cometapi' }, qr{^provider=cometapi: CometAPI has no /v1/video_to_hdr; Runway has it, provider=runway});
    refused('a model of another endpoint', $film, { model => 'aleph2' }, qr{^model aleph2 is not known to run at /v1/video_to_hdr, .*; ruby does});
    refused('a profile of SDR\'s', $film, { format => 'hdr_prores', prores_profile => '4444 XQ' }, qr/is not one of 422, 422 HQ and 4444$/);
    refused('prores_profile', $film, { prores_profile => '422' }, qr/^prores_profile: that is a setting of format=hdr_prores/);
};

subtest 'in front of another one' => sub {
    my $before = creates();
    for my $between ('', 'format=yuv420p,') {
        my $run = run_filter(undef, in => $film, filter => 'runway_hdr', options => { base_url => undef }, loglevel => 'error', env => \%env,
            after => $between . 'runway_upscale=size=640x360');
        error_line("HDR${between}", $run, qr/^the input is HDR \(smpte2084\), which the service does not support; tone-map first/);
    }
    is(creates(), $before, 'nothing was paid for');
};

subtest 'a plan' => sub {
    my $before = creates();
    my $run = generated('dry_run', options => { dry_run => 1 }, env => { RUNWAYML_API_SECRET => undef });
    is(creates(), $before, 'nothing is sent');
    like($run->{err}, qr/plan: .*40 credits/, 'the price');
    is(video_facts($run->{out})->{pix_fmt}, 'yuv420p10le', 'frames pass with the ten bits of the output');
    for my $plan (1, 0) {
        $run = run_filter(undef, in => $film, filter => 'runway_hdr', env => \%env,
            options => { base_url => undef, dry_run => $plan }, args => [qw(-c:v libx264 -profile:v high)]);
        isnt($run->{status}, 0, $plan ? 'an encoder that takes no more than eight is found' : '... which the run cannot use');
    }
};

done_testing;
