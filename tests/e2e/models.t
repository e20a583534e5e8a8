#!/usr/bin/env perl
# The models: that each gets its own fields and no others, clips of a length it
# takes, and a price that is reported beforehand; and that what a model lacks is an
# error while nothing is paid yet.
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

my $sim = RunwayTest::Simulator->start('--latency' => 0, '--result-frames' => '+0', '--result-rate' => 'source');
my $wide = lossless_clip(seconds => 1.5);
my $large = lossless_clip(seconds => 1.5, size => '640x480', rate => 12);
my %runway = (COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64, RUNWAYML_BASE_URL => $sim->{runway});

sub last_create { return ($sim->requests('create'))[-1] // {} }
sub creates { return scalar(() = $sim->requests('create')) }

# A run with the model, at CometAPI's face of the simulator where that is given,
# else at Runway's own.
sub at {
    my ($comet, $name, $model, %opt) = @_;
    my %options = ($comet ? () : (base_url => undef), model => $model, $opt{filter} ? () : (prompt => 'negative'),
        %{ delete $opt{options} || {} });
    return ok_filter($comet, $name, in => $wide, env => $comet ? {} : { %runway }, %opt, options => \%options);
}
sub at_runway { return at(undef, @_) }

# One that has to be refused, and nothing may be asked for.
sub refused {
    my ($name, $model, $options, @patterns) = @_;
    my $before = creates();
    my $run = run_filter(undef, in => delete $options->{in} // $wide, env => { %runway }, loglevel => 'error',
        options => { base_url => undef, model => $model, prompt => 'negative', %$options });
    my @lines = filter_lines($run);
    ok($run->{status} > 0, "$name: an error");
    like($lines[0] // $run->{err}, $_, "$name: says $_") for @patterns;
    is(creates(), $before, "$name: nothing was asked for");
}

subtest 'fields by model' => sub {
    my @new = qw(audio duration model promptText promptVideo ratio seed);
    for my $case (
        ['aleph2', 'edit', qw(model promptText seed videoUri)],
        ['gemini_omni_flash', 'edit', qw(model promptText videoUri)],
        ['gemini_omni_flash_1.1', 'edit', qw(duration mode model promptText ratio videoUri)],
        ['gemini_omni_flash_1.1', 'reference', qw(duration mode model promptText ratio videoUri)],
        (map { [$_, 'reference', @new] } qw(seedance2 seedance2_fast seedance2_mini)),
        ['seedance2_5', 'edit', qw(audio duration mode model promptText promptVideo seed)],
        ['seedance2_5', 'reference', sort 'mode', @new],
        ['hailuo3', 'reference', qw(duration model promptText promptVideo ratio resolution)],
    ) {
        my ($model, $mode, @fields) = @$case;
        my $film = $model eq 'seedance2_5' ? $large : $wide;
        my $run = at_runway("$model, $mode", $model, in => $film, options => { mode => $mode });
        my $create = last_create();
        my $body = $create->{body};
        is($create->{status}, 200, "$model: accepted");
        is_deeply([sort keys %$body], \@fields, "$model: its fields");
        is($body->{model}, $model, "$model: by its name");
        is($body->{mode}, $mode, "$model: in that mode") if exists $body->{mode};
        ok(!$body->{audio}, "$model: without sound") if exists $body->{audio};
        like($body->{duration}, $mode eq 'edit' ? qr/^auto$/ : qr/^\d+$/, "$model: its length") if exists $body->{duration};
        is(times_of($run->{out})->[-1], times_of($film)->[-1], "$model: to the last frame");
        my @mean = mean_luma($run->{out});
        my @was = mean_luma($film);
        cmp_ok(abs($mean[0] - (251 - $was[0])), '<', 4, "$model: generated");
    }
    my $gen4 = ok_filter($sim, 'gen4_aleph', in => $wide, options => { prompt => 'negative', seed => -1 });
    is_deeply([sort keys %{ last_create()->{body} }], [qw(model promptText ratio videoUri)], 'seed=-1 sends none');
};

# What does not edit is not taken for what does.
subtest 'edit is what is meant' => sub {
    refused('seedance2', 'seedance2', {}, qr/^model seedance2 does not edit: it makes a new video .*mode=reference/);
    refused('hailuo3', 'hailuo3', { dry_run => 1 }, qr/^model hailuo3 does not edit/);
    refused('aleph2', 'aleph2', { mode => 'reference' }, qr/^mode=reference: model aleph2 only edits/);
    refused('a model of tomorrow', 'aleph9', { mode => 'reference' }, qr/^mode=reference: model aleph9 is not known here/);
    refused('extend', 'seedance2_5', { mode => 'extend' }, qr/extend/);
};

# What the service takes for the models, from its documents: the shortest clip
# or the shortest new video, and the longest; and what clip_duration=0 is.
my @BORDERS = (
    ['gen4_aleph', 'edit', 1, 5, 5, sim => $sim],
    ['aleph2', 'edit', 2, 10, 30], ['gemini_omni_flash', 'edit', 0, 10, 10],
    ['gemini_omni_flash_1.1', 'edit', 0, 10, 10], ['gemini_omni_flash_1.1', 'reference', 1, 10, 10],
    ['seedance2', 'reference', 4, 5, 15], ['seedance2_fast', 'reference', 4, 5, 15], ['seedance2_mini', 'reference', 4, 5, 15],
    ['seedance2_5', 'edit', 4, 10, 30], ['seedance2_5', 'reference', 4, 5, 30], ['hailuo3', 'reference', 5, 5, 15],
);
# and for those of the other filters; how long a clip of upscale_v1 may be, nobody says
my @OTHERS = (
    ['ruby', undef, 0, 10, 30, filter => 'runway_hdr'],
    ['magnific_video_upscaler_creative', undef, 0, 5, 30, filter => 'runway_upscale', size => '128x96'],
    ['upscale_v1', undef, 0, 5, 40, filter => 'runway_upscale', sim => $sim, no_price => 1],
);
# the simulator makes HDR with it
my $has_x265 = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} =~ /^ \S+ libx265 /m;

# A tail of one frame, a film of one frame, and one frame more than the longest:
# nothing is refused, and the plan says at least what is billed.
subtest 'at the borders' => sub {
    my %film;
    for my $case (@BORDERS, @OTHERS) {
        my ($model, $mode, $least, $best, $longest, %is) = @$case;
        next if $is{filter} && $is{filter} eq 'runway_hdr' && !$has_x265;
        my $size = $model eq 'seedance2_5' ? '480x480' : '64x48';
        for my $run (['one frame', 1, 0, 1], ['the least', 4 * ($least || 1), 0, 1], ['the best and one', $best * 4 + 1, 0, 2], ['the longest and one', $longest * 4 + 1, 1, 2]) {
            my ($what, $frames, $clip_duration, $clips) = @$run;
            my $name = join ', ', $model, $mode // (), $what;
            my $film = $film{"$size $frames"} //= lossless_clip(frames => $frames, rate => 4, size => $size);
            my $before = creates();
            my $billed = $sim->stats->{credits};
            my $log = "$TMP/borders.jsonl";
            unlink $log;
            my $out = at($is{sim}, $name, $model, in => $film, loglevel => 'error', filter => $is{filter},
                options => { mode => $mode, size => $is{size}, clip_duration => $clip_duration && $longest, log_path => $log });
            my @creates = ($sim->requests('create'))[$before .. creates() - 1];
            is(join(' ', map { $_->{status} } @creates), join(' ', (200) x $clips), "$name: $clips, and none is refused");
            is(scalar(grep { $_->{clip}{duration} < $least - 0.01 || $_->{clip}{duration} > $longest + 0.01 } @creates), 0,
                "$name: of a length that is supported");
            is(scalar(grep { /^\d+$/ && ($_ < $least || $_ > $longest) } map { $_->{body}{duration} // '' } @creates), 0,
                "$name: and no other is asked for");
            is(scalar @{ packets($out->{out}, 'v:0') }, $frames, "$name: every frame comes out");
            my $planned = 0;
            $planned += $_->{credits} // 0 for grep { $_->{event} eq 'planned' } map { decode($_) } split /\n/, slurp($log);
            $billed = $sim->stats->{credits} - $billed;
            next if $is{no_price};
            cmp_ok($planned, '>=', $billed, "$name: planned is not less than billed");
            # the dearer figure where two are on record: 11 for 10
            cmp_ok($planned, '<=', 1.1 * $billed + $clips, "$name: and hardly more");
        }
    }
};

subtest 'what the filling costs' => sub {
    my $film = lossless_clip(frames => 21, rate => 4, size => '64x48');
    my $plan = sub {
        my ($model, %options) = @_;
        my $run = run_filter(undef, in => $film, env => { %runway }, loglevel => 'info',
            options => { base_url => undef, prompt => 'x', model => $model, dry_run => 1, %options });
        is($run->{status}, 0, "$model: a dry run") or diag $run->{err};
        return $run->{err};
    };
    my $said = $plan->('seedance2', mode => 'reference');
    like($said, qr/plan: clip 1 .*: 5\.000 s sent, 180 credits \(720p\)$/m, 'none, and the class is named');
    like($said, qr/plan: clip 2 .*: 4\.000 s sent, 144 credits \(720p\), 135 of them for 3\.750 s of padding$/m, 'a tail');
    like($said, qr/plan: 2 clips, .* 324 credits \(3\.24 US dollars\)/m, 'and in dollars');
    like($plan->('aleph2', clip_duration => 5), qr/plan: clip 2 .*: 2\.000 s sent, 56 credits, 49 of them for 1\.750 s of padding$/m,
        'aleph2');
    my $run = run_filter($sim, in => $film, loglevel => 'info', options => { prompt => 'x', dry_run => 1 });
    like($run->{err}, qr/plan: 2 clips, .* credits \(Runway's measure: CometAPI bills in US dollars, at its own prices\)/, 'CometAPI');
};

# The plan is kept to: a cap that is one credit short stops a run before anything is paid.
subtest 'max_credits with every model' => sub {
    for my $case (grep { @$_ == 5 } @BORDERS) {
        my ($model, $mode) = @$case;
        my $film = $model eq 'seedance2_5' ? $large : $wide;
        my $run = run_filter(undef, in => $film, env => { %runway }, loglevel => 'info',
            options => { base_url => undef, prompt => 'x', model => $model, mode => $mode, dry_run => 1 });
        my ($credits) = $run->{err} =~ /plan: clip 1 .*, (\d+) credits/;
        ok($credits, "$model, $mode: planned with a price") or next;
        refused("$model, $mode", $model, { in => $film, mode => $mode, max_credits => $credits - 1 }, qr/max_credits=@{[$credits - 1]}\b/);
        at_runway("$model, $mode, a cap that is enough", $model, in => $film, options => { mode => $mode, max_credits => $credits });
    }
};

subtest 'whole seconds' => sub {
    my $film = lossless_clip(frames => 125, rate => '30000/1001', size => '64x48');
    my $run = at_runway('seedance2_fast', 'seedance2_fast', in => $film, options => { mode => 'reference', clip_duration => 4 });
    my @creates = ($sim->requests('create'))[-2, -1];
    is(join(' ', map { $_->{body}{duration} } @creates), '4 4', 'both clips ask for four seconds');
    is(join(' ', map { $_->{clip}{frames} } @creates), '120 120', 'and the second is held that long');
    is(scalar @{ times_of($run->{out}) }, scalar @{ times_of($film) }, 'every frame comes out');
};

subtest 'what a model lacks' => sub {
    my $png = "$TMP/red.png";
    run_cmd([$FFMPEG, qw(-v error -y -f lavfi -i color=red:size=64x64 -frames:v 1), $png]);
    refused('reference', 'aleph2', { reference => $png }, qr/^reference: model aleph2 does not support references/);
    refused('keyframe', 'seedance2', { mode => 'reference', keyframe => "0=$png" }, qr/^keyframe: model seedance2 does not support keyframes/);
    refused('seed', 'hailuo3', { mode => 'reference', seed => 7 }, qr/^seed: model hailuo3 has no such setting; .*take/);
    refused('seed 0', 'gemini_omni_flash', { seed => 0 }, qr/^seed: model gemini_omni_flash has no such/);
    refused('output_format', 'hailuo3', { mode => 'reference', output_format => 'prores' }, qr/^output_format: model hailuo3 has no such/);
    refused('threshold', 'hailuo3', { mode => 'reference', public_figure_threshold => 'low' }, qr/^public_figure_threshold: model hailuo3/);
    refused('ratio', 'gemini_omni_flash', { ratio => '16:9' }, qr/^ratio=16:9: model gemini_omni_flash has no choice of ratios/);
    refused('wrong ratio', 'hailuo3', { mode => 'reference', ratio => '1280:720' }, qr/hailuo3 supports auto, 21:9, 16:9, 4:3, 1:1/);
    refused('wrong shape', 'aleph2', { ratio => '5:4' }, qr/aleph2 supports auto, 16:9, 4:3, 3:2/);
    refused('no prompt', 'hailuo3', { mode => 'reference', prompt => undef }, qr/^no prompt: model hailuo3 needs one/);
    refused('long prompt', 'aleph2', { prompt => 'x' x 1001 }, qr/1001 characters.* at most 1000/);
    refused('size', 'hailuo3', { mode => 'reference', size => 'generated' }, qr/^size: .* hailuo3 .*not known in advance; set WxH/);
    refused('size', 'aleph2', { size => 'generated' }, qr/^size: .* aleph2 .*not known in advance; set WxH/);
    refused('cap without a price', 'aleph9', { max_credits => 100 }, qr/^max_credits: the price of model aleph9/);
    refused('resolution', 'aleph2', { resolution => '2k' }, qr/^resolution: model aleph2 has no such/);
    refused('wrong resolution', 'hailuo3', { mode => 'reference', resolution => '4K' }, qr/^resolution: model hailuo3 makes 768p 2k, not "4K"/);
    refused('ProRes profile', 'hailuo3', { mode => 'reference', prores_profile => '422' }, qr/^prores_profile: /);
    refused('ProRes profile of MP4', 'aleph2', { prores_profile => '422' }, qr/^prores_profile: .*output_format=prores/);
    refused('wrong ProRes profile', 'aleph2', { output_format => 'prores', prores_profile => '444' },
        qr/^prores_profile: "444" is not one of 422 Proxy/);
    refused('too small', 'seedance2_5', {}, qr/^model seedance2_5 needs a picture whose shorter side has 480 pixels, and 160x120/);
};

# Every setting with every model: planned where the documents have it, else an error.
subtest 'each setting with each model' => sub {
    my $png = "$TMP/grid.png";
    run_cmd([$FFMPEG, qw(-v error -y -f lavfi -i color=red:size=64x64 -frames:v 1), $png]);
    my %setting = (reference => $png, keyframe => "0=$png", seed => 7, output_format => 'prores', prores_profile => '422',
        resolution => '2k', public_figure_threshold => 'low');
    my %has = (
        'gen4_aleph edit' => 'public_figure_threshold reference seed',
        'aleph2 edit' => 'keyframe output_format prores_profile public_figure_threshold seed',
        (map { ("gemini_omni_flash$_" => 'reference') } ' edit', '_1.1 edit', '_1.1 reference'),
        (map { ("seedance2$_" => 'reference seed') } ' reference', '_fast reference', '_mini reference', '_5 edit', '_5 reference'),
        'hailuo3 reference' => 'reference resolution',
    );
    for my $case (@BORDERS) {
        my ($model, $mode, undef, undef, undef, %is) = @$case;
        my @took;
        for my $option (sort keys %setting) {
            my $run = run_filter($is{sim}, in => $model eq 'seedance2_5' ? $large : $wide, env => $is{sim} ? {} : { %runway },
                loglevel => 'error', options => { $is{sim} ? () : (base_url => undef), model => $model, mode => $mode, prompt => 'x',
                dry_run => 1, $option => $setting{$option}, $option eq 'prores_profile' ? (output_format => 'prores') : () });
            push @took, $option if !$run->{status};
            like(join("\n", filter_lines($run)), qr/^(?:$option|output_format): /, "$model, $mode: $option, the error names it") if $run->{status};
        }
        is("@took", $has{"$model $mode"}, "$model, $mode: has that and nothing else");
    }
};

# Clips have the length that is asked for, or it is said that they have not.
subtest 'a length that the model does not take' => sub {
    for my $case (
        ['aleph2', 60, qr/^clip_duration: 60 s is more than model aleph2 supports; clips are 30 s long$/m],
        ['aleph2', 0.5, qr/^clip_duration: 0\.5 s is less than model aleph2 supports; clips are 2 s long$/m],
        ['gen4_aleph', 7.5, qr/^clip_duration: 7\.5 s is more than model gen4_aleph supports; clips are 5 s long$/m],
        ['aleph2', 30], ['aleph2', 2], ['aleph2', 0],
        ['seedance2', 20, qr/^clip_duration: 20 s is more than model seedance2 supports; clips are 15 s long$/m], ['seedance2', 15],
    ) {
        my ($model, $seconds, $says) = @$case;
        my $run = run_filter(undef, in => $wide, env => { %runway },
            options => { base_url => undef, model => $model, prompt => 'echo', clip_duration => $seconds, dry_run => 1,
                mode => $model =~ /^seed/ ? 'reference' : 'edit' });
        my $said = join "\n", filter_lines($run);
        $says ? like($said, $says, "$model: $seconds") : unlike($said, qr/clip_duration/, "$model: $seconds");
    }
};

subtest 'long prompts' => sub {
    my $text = spew("$TMP/long.txt", 'negative ' . 'x' x 14991);
    at_runway('15000', 'seedance2_5', in => $large, options => { prompt => undef, prompt_file => $text });
    like(last_create()->{body}{promptText}, qr{15000 chars}, 'sent whole');
    $text = spew("$TMP/long.txt", 'negative ' . 'x' x 3491);
    at_runway('3500', 'seedance2_mini', options => { mode => 'reference', prompt => undef, prompt_file => $text });
    spew($text, 'negative ' . 'x' x 3492);
    refused('3501', 'seedance2_mini', { mode => 'reference', prompt => undef, prompt_file => $text }, qr/3501 .*at most 3500/);
};

subtest 'shapes that are no sizes' => sub {
    my $run = at_runway('hailuo3', 'hailuo3', in => lossless_clip(size => '320x180', seconds => 1),
        options => { mode => 'reference' });
    is(last_create()->{body}{ratio}, '16:9', 'the nearest');
    is(last_create()->{body}{resolution}, '768p', 'and the cheaper resolution, which holds it');
    is(last_create()->{clip}{width}, 320, 'sent as large as it is, not 16 pixels wide');
    is(video_facts($run->{out})->{width}, 320, 'and so it comes out');
};

# The model always makes 720p, so what it gets has that shape.
subtest 'shapes that are never sent' => sub {
    my $four_three = lossless_clip(size => '160x120', seconds => 1, rate => 5);
    my $run = at_runway('pad', 'gemini_omni_flash', in => $four_three, options => { prompt => 'echo' });
    my $clip = last_create()->{clip};
    is("$clip->{width}x$clip->{height}", '214x120', 'padded');
    ok(!exists last_create()->{body}{ratio}, 'and no ratio is sent');
    unlike($run->{err}, qr/unexpected shape/, 'which is no surprise');
    # what padding, 720p and the way back cost by themselves: the same chain of
    # ffmpeg's own filters, with the encoder and its quality twice; 3 dB are for
    # the result's part, which begins at an even pixel, up to a sixth of one of the
    # source's beside it
    my $chain = "$TMP/chain";
    my @x264 = qw(-c:v libx264 -crf 18 -pix_fmt yuv420p);
    for my $step ([$four_three, 'pad=214:120:26:0,fillborders=left=26:right=28:mode=smear', "$chain-1.mp4"],
        ["$chain-1.mp4", 'scale=1280:720', "$chain-2.mp4"], ["$chain-2.mp4", 'scale=214:120,crop=160:120:26:0', "$chain-3.mkv"]) {
        my ($from, $filter, $to) = @$step;
        my $made = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $from, '-vf', $filter, $to =~ /mkv/ ? qw(-c:v ffv1) : @x264, $to]);
        die "no $to: $made->{err}\n" if $made->{status};
    }
    my ($psnr, $alone) = map { psnr_per_frame($_, 'null', $four_three, 'null')->[0] } $run->{out}, "$chain-3.mkv";
    note "$psnr dB, and $alone dB without the filter";
    cmp_ok($psnr, '>', $alone - 3, 'and what comes out lies where it lay');
    at_runway('crop', 'gemini_omni_flash', in => $four_three, options => { fit => 'crop' });
    $clip = last_create()->{clip};
    is("$clip->{width}x$clip->{height}", '160x90', 'cropped');
    $run = at_runway('generated', 'gemini_omni_flash', in => lossless_clip(size => '90x160', seconds => 1, rate => 5),
        options => { size => 'generated' });
    my $facts = video_facts($run->{out});
    is("$facts->{width}x$facts->{height}", '720x1280', 'and its size can be had');
};

# A picture of no model's shape, by each that makes fixed ones: padded, all of it
# comes back to its place; cropped, its middle.
subtest 'fixed shapes, padded and cropped' => sub {
    my %film = map { ($_ => lossless_clip(size => $_, frames => 4, rate => 4)) } qw(300x100 1440x480);
    for my $case (@BORDERS) {
        my ($model, $mode, undef, undef, undef, %is) = @$case;
        next if $model eq 'aleph2' || "$model $mode" eq 'seedance2_5 edit';     # the input's shape
        my $size = $model eq 'seedance2_5' ? '1440x480' : '300x100';
        my ($w, $h) = split /x/, $size;
        for my $fit (qw(pad crop)) {
            my $name = "$model, $mode, fit=$fit";
            my $run = at($is{sim}, $name, $model, in => $film{$size}, options => { prompt => 'echo', mode => $mode, fit => $fit });
            my $create = last_create();
            my ($x, $y) = split /:/, $create->{body}{ratio} // '1280:720';
            my $clip = $create->{clip};
            cmp_ok(abs(log($clip->{width} / $clip->{height} / ($x / $y))), '<', 0.03, "$name: sent in the shape that is made");
            cmp_ok($fit eq 'pad' ? abs($clip->{width} - $w) : abs($clip->{height} - $h), '<=', 1, "$name: " .
                ($fit eq 'pad' ? 'all of it' : 'at its height'));
            is(join('x', @{ video_facts($run->{out}) }{qw(width height)}), $size, "$name: the size stays");
            # where a result of that shape lies in the picture
            my $part = $h * $x / $y / $w;
            my $middle = $fit eq 'pad' ? 'null' : "crop=iw*$part:ih*$part,scale=$w:$h";
            my ($psnr) = sort { $a <=> $b } @{ psnr_per_frame($run->{out}, 'null', $film{$size}, $middle) };
            cmp_ok($psnr, '>', 20, "$name: everything is in its place");
        }
    }
};

# An edit of seedance2_5 is billed for 30 s when it is sent, and what is too much
# comes back: two clips of 4 s are 240 credits, and each may need 900 for a while.
subtest 'what is held until a clip is made' => sub {
    my $film = lossless_clip(size => '640x480', frames => 16, rate => 2);
    my %options = (base_url => undef, prompt => 'negative', model => 'seedance2_5', clip_duration => 4);
    my $run = run_filter(undef, in => $film, env => { %runway }, loglevel => 'info', options => { %options, dry_run => 1 });
    like($run->{err}, qr/plan: 2 clips, .* 240 credits/, 'the price');
    like($run->{err}, qr/plan: the service may hold up to 900 credits for each clip, the price of 30 s, until it is made: .*, 4 times/, 'and what is held');
    my $before = creates();
    refused('a cap without that', 'seedance2_5', { in => $film, prompt => 'negative', clip_duration => 4, max_credits => 100 }, qr/set max_credits=120\b/);
    $run = run_filter(undef, in => $film, env => { %runway }, loglevel => 'error', options => { %options, max_credits => 240 });
    error_line('a cap of the price', $run, qr/max_credits=240 is reached: .*may cost \d+ more.*To continue with it, set max_credits=\d+/);
    is(creates() - $before, 1, 'which is kept: the second clip is not bought');
    $before = $sim->stats->{credits};
    $run = at_runway('a cap that leaves it', 'seedance2_5', in => $film, options => { clip_duration => 4, concurrency => 1, max_credits => 900 + 120 });
    is($sim->stats->{credits} - $before, 240, 'two clips');
};

subtest 'prices by size' => sub {
    for my $case (['640x480', 752, 560, '480p'], ['1280x720', 1280, 720, '720p']) {
        my ($size, $w, $h, $class) = @$case;
        my $run = run_filter(undef, in => lossless_clip(size => $size, frames => 2, rate => 2), env => { %runway }, loglevel => 'info',
            options => { base_url => undef, prompt => 'x', model => 'seedance2_5', mode => 'reference', dry_run => 1 });
        like($run->{err}, qr/plan: clip 1 .* credits \($class\)/, "$size: no dearer class than it needs");
    }
    my $run = run_filter(undef, in => lossless_clip(size => '1280x800', frames => 2, rate => 2), env => { %runway }, loglevel => 'info',
        options => { base_url => undef, prompt => 'x', model => 'hailuo3', mode => 'reference', dry_run => 1 });
    like($run->{err}, qr/plan: clip 1 .* credits \(768p\)/, '1280x800: bars are no reason for the dearer one');
};

subtest 'aleph2 expands' => sub {
    my $four_three = lossless_clip(size => '320x240', seconds => 2);
    my $run = at_runway('16:9', 'aleph2', in => $four_three, options => { ratio => '16:9' });
    is(last_create()->{body}{targetAspectRatio}, '16:9', 'is asked for');
    ok(!exists last_create()->{body}{ratio}, 'and no ratio');
    my $facts = video_facts($run->{out});
    is("$facts->{width}x$facts->{height}", '426x240', 'the output holds the input and what is beside it');
    unlike($run->{err}, qr/unexpected shape/, 'which is no surprise');
    $run = at_runway('size', 'aleph2', in => $four_three, options => { ratio => '16:9', size => '640x360' });
    $facts = video_facts($run->{out});
    is("$facts->{width}x$facts->{height} $facts->{sample_aspect_ratio}", '640x360 1:1', 'in the size that is given');
    $run = run_filter(undef, in => $four_three, env => { %runway }, loglevel => 'error',
        options => { base_url => undef, prompt => 'x', model => 'aleph2', ratio => '16:9', on_error => 'source' });
    error_line('on_error=source', $run, qr/has to have the input's size 320x240, and ratio changes it/);
    $run = at_runway('the one it has', 'aleph2', in => $four_three, options => { ratio => '4:3' });
    is(video_facts($run->{out})->{width}, 320, 'a shape that it has already changes nothing');
};

subtest 'prices' => sub {
    my $ten = lossless_clip(size => '64x48', rate => 10, seconds => 5);
    my $plan = sub {
        my (%options) = @_;
        my $run = run_filter(undef, in => $ten, env => { %runway }, loglevel => 'info',
            options => { base_url => undef, model => 'aleph2', prompt => 'x', dry_run => 1, %options });
        is($run->{status}, 0, 'a dry run') or diag $run->{err};
        return join ' ', $run->{err} =~ /plan: clip .*, (\d+) credits/g;
    };
    my %price = ('', 140, prores => 165, sdr_rec709_10bit => 240);
    for my $format (sort keys %price) {
        my @format = $format ? (output_format => $format) : ();
        is($plan->(@format), $price{$format}, 'planned: ' . ($format || 'mp4'));
        my $before = $sim->stats->{credits};
        at_runway($format || 'mp4', 'aleph2', in => $ten, options => { prompt => 'negative', @format });
        is($sim->stats->{credits} - $before, $price{$format}, 'and that is what is billed');
    }
    is($plan->(body => '{"outputFormat":"prores"}'), 165, 'said in body: the same price');
    is($plan->(ratio => '16:9'), 140, 'expanding costs nothing');
    my $creates = creates();
    my $run = run_filter(undef, in => $ten, env => { %runway }, loglevel => 'error',
        options => { base_url => undef, prompt => 'x', output_format => 'prores', max_credits => 150 });
    error_line('max_credits knows of the surcharge', $run, qr/165/);
    is(creates(), $creates, 'nothing was asked for');
};

subtest 'a model of tomorrow' => sub {
    my $run = run_filter(undef, in => $wide, env => { %runway }, options => { base_url => undef, model => 'aleph9',
        prompt => 'x', body => '{"strength":0.5,"seed":null}' });
    like($run->{err}, qr/unknown model aleph9: the common fields are sent, and its price is not known \(docs\/models.md has those that are, such as gen4_aleph at cometapi, aleph2 at runway\)/,
        'a warning');
    my $body = last_create()->{body};
    is("$body->{model} $body->{strength}", 'aleph9 0.5', 'is sent, with what body adds');
    ok(!exists $body->{seed}, 'and without what body takes out');
    like($run->{err}, qr/model: Invalid option/, 'what the service says to it is passed on');
    run_filter(undef, in => $wide, env => { %runway }, options => { base_url => undef, model => 'seedance9', prompt => 'x',
        body => '{"promptVideo":"@clip","duration":2}' });
    $body = last_create()->{body};
    like($body->{promptVideo}, qr{^data:video/mp4;base64,}, 'the clip goes where body says that it does');
    is(join(' ', sort keys %$body), 'duration model promptText promptVideo seed', 'and nowhere else');
};

# docs/models.md against the table in models.c, and its commands.
subtest 'the page' => sub {
    my $page = slurp("$ROOT/docs/models.md");
    my $code = slurp("$ROOT/vf_runway/runway/api/models.c");
    my $providers = slurp("$ROOT/vf_runway/runway/api/providers.c");
    my %provider;
    for my $entry (split /^    \}, \{$/m, $providers) {
        my ($title) = $entry =~ /\.title\s*= "(\w+)"/ or next;
        $provider{$_} = $title for $entry =~ /\[RUNWAY_VIDEO_(?:TO_HDR|UPSCALE)\]\s*= "(\w+)"/g;
    }
    my %prices = $code =~ /RunwayPrice (\w+)\[\]\s*= \{(.*?)\};/sg;
    my %define = $code =~ /#define ((?:GEMINI|SEEDANCE)\w*)(.*?[^\\])\n\n/sg;
    my ($table) = $code =~ /^static const RunwayModel models\[\] = \{(.*?)^\};/ms;
    my (@wanted, @others);
    for my $entry (split /^    \}, \{$/m, $table) {
        1 while $entry =~ s/\b((?:GEMINI|SEEDANCE)\w*)/$define{$1}/;
        my %is = $entry =~ /\.(\w+)\s*= (?:SECONDS\()?"?([\w.]+)/g;
        my %has = map { ($_ => 1) } $entry =~ /RUNWAY_FIELD_(\w+)/g;
        # name, up to how many pixels, a second, of that for the input, a frame
        my @price = ($prices{ $is{prices} // '' } // '') =~ /\{ (NULL|"[^"]*"),\s*[^,]*,\s*([\d.]+),\s*([\d.]+),\s*([\d.]+) \}/g;
        @price = map { [@price[4 * $_ .. 4 * $_ + 3]] } 0 .. @price / 4 - 1;
        if (my $endpoint = $is{endpoint}) {
            push @others, [$endpoint, join(' | ', "`$is{name}`", $provider{ $is{name} } // 'nobody',
                $is{max_duration} ? "..$is{max_duration} s" : 'not known', "$is{best_duration} s"),
                join(' ', map { my ($name, @each) = @$_; grep { $_ > 0 } @each } @price)];
            next;
        }
        push @wanted, join ' | ', "`$is{name}`", ($is{mode} // '') =~ /REFERENCE/ ? 'reference' : 'edit',
            ($is{min_duration} // '') . "..$is{max_duration} s", "$is{best_duration} s", $is{max_rate} // 'any',
            "$is{max_prompt}" . ($has{PROMPT_REQUIRED} ? ', needed' : ''), $has{SEED} ? 'yes' : 'no',
            $has{REFERENCES} || $has{REFERENCES_BARE} ? $is{max_references} : 'no',
            $has{KEYFRAMES} ? $is{max_keyframes} : 'no',
            $has{ASPECT} ? 'expands' : !$is{ratios} ? "the input's" : $is{ratios_are_shapes} ? 'shapes' : $has{RATIO} ? 'sizes' : '720p',
            join(', ', map { my $name = $_->[0] =~ s/"//gr; my $price = $_->[1] . ($_->[2] > 0 ? " + $_->[2]" : '');
                $name eq 'NULL' ? $price : "$price ($name)" } @price) . ($is{min_credits} ? "; at least $is{min_credits}" : '');
    }
    is(scalar @wanted, 11, 'there are models');
    my ($first, $second) = split /^\| filter \|.*\n/m, $page;
    is_deeply([$first =~ /^\| (`\w.*?) \|$/mg], \@wanted, 'each has its row, and the row is right');
    my @rows = map { [split / \| /] } $second =~ /^\| (`\w.*?) \|$/mg;
    my %filter = (RUNWAY_VIDEO_TO_HDR => '`runway_hdr`', RUNWAY_VIDEO_UPSCALE => '`runway_upscale`');
    cmp_ok(scalar @others, '>', 2, 'there are models of the other filters');
    is_deeply([map { join ' | ', @$_[0 .. 4] } @rows], [map { "$filter{ $_->[0] } | $_->[1]" } @others], 'each of them has its row, too');
    # upscaling is billed by the frame and the resolutions of what it makes
    for my $i (0 .. $#others) {
        my %is = map { ($_ => 1) } split / /, $others[$i][2];
        my @said = grep { $is{$_} } $rows[$i][6] =~ /([\d.]+)/g;
        cmp_ok(scalar @said, '==', keys %is ? 2 : 0, "its prices: $rows[$i][1]");
    }
};

subtest 'ProRes profile' => sub {
    at_runway('ProRes', 'aleph2', options => { output_format => 'prores', prores_profile => '422 HQ' });
    is(last_create()->{status}, 200, 'taken');
    is(last_create()->{body}{proresProfile}, '422 HQ', 'and sent');
};

subtest 'body' => sub {
    my $file = spew("$TMP/body.json", qq({"proresProfile": "422",\n "outputFormat": "prores"}\n));
    at_runway('body_file', 'aleph2', options => { body_file => $file });
    is(last_create()->{body}{proresProfile}, '422', 'fields of a file');
    refused('no object', 'aleph2', { body => '[1]' }, qr/^body is not a JSON object/);
    refused('no JSON', 'aleph2', { body => '{' }, qr/^body is not a JSON object.*cannot be read/);
    refused('the clip', 'aleph2', { body => '{"videoUri":"x"}' }, qr/^body may not set "videoUri"/);
    refused('the model', 'aleph2', { body => '{"model":"x"}' }, qr/^body may not set "model"/);
    # max_credits would not know of these
    for my $case (['hailuo3', resolution => '"2k"'], ['seedance2', ratio => '"3840:2160"'], ['seedance2', ratio => 'null'],
        ['seedance2_5', mode => '"extend"'], ['seedance2_5', duration => 30, 'clip_duration'], ['hailuo3', references => '[]', 'reference'],
        ['aleph2', targetAspectRatio => '"16:9"', 'ratio']) {
        my ($model, $field, $value, $option) = (@$case, $case->[1]);
        refused("$field of $model", $model, { mode => $model eq 'aleph2' ? 'edit' : 'reference', body => qq({"$field":$value}) },
            qr/^body may not set "$field": use the option $option for it/);
    }
    refused('both', 'aleph2', { body => '{}', body_file => $file }, qr/body and body_file are both set/);
    refused('no video', 'aleph2', { body => '{"outputFormat":"png_sequence"}' }, qr/png_sequence is an archive/);
};

done_testing;
