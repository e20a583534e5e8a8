#!/usr/bin/env perl
# The models: that each gets its own members and no others, clips of a length it
# takes, and a price that is told beforehand; and that what a model lacks is an
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

my $sim = RunwayTest::Simulator->start('--latency' => 0, '--result-frames' => '+0');
my $wide = lossless_clip(seconds => 1.5);
my %runway = (COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'key_' . '0a' x 64, RUNWAYML_BASE_URL => $sim->{runway});

sub last_create { return ($sim->requests('create'))[-1] // {} }
sub creates { return scalar(() = $sim->requests('create')) }

# A run at Runway's own, with the model.
sub at_runway {
    my ($name, $model, %opt) = @_;
    my %options = (base_url => undef, model => $model, prompt => 'negative', %{ delete $opt{options} || {} });
    return ok_filter(undef, $name, in => $wide, env => { %runway }, %opt, options => \%options);
}

# One that has to be refused, and nothing may be asked for.
sub refused {
    my ($name, $model, $options, @patterns) = @_;
    my $before = creates();
    my $run = run_filter(undef, in => $wide, env => { %runway }, loglevel => 'error',
        options => { base_url => undef, model => $model, prompt => 'negative', %$options });
    my @lines = filter_lines($run);
    ok($run->{status} > 0, "$name: an error");
    like($lines[0] // $run->{err}, $_, "$name: says $_") for @patterns;
    is(creates(), $before, "$name: nothing was asked for");
}

subtest 'members by model' => sub {
    my %members = (
        aleph2 => [qw(model promptText seed videoUri)],
        gemini_omni_flash => [qw(model promptText videoUri)],
        'gemini_omni_flash_1.1' => [qw(duration model promptText ratio videoUri)],
        (map { ($_ => [qw(duration model promptText promptVideo ratio seed)]) }
            qw(seedance2 seedance2_fast seedance2_mini seedance2_5)),
        hailuo3 => [qw(duration model promptText promptVideo ratio)],
    );
    for my $model (sort keys %members) {
        my $run = at_runway($model, $model);
        my $create = last_create();
        is($create->{status}, 200, "$model: accepted");
        is_deeply([sort keys %{ $create->{body} }], $members{$model}, "$model: its members");
        is($create->{body}{model}, $model, "$model: by its name");
        is(times_of($run->{out})->[-1], times_of($wide)->[-1], "$model: to the last frame");
        my @mean = mean_luma($run->{out});
        my @was = mean_luma($wide);
        cmp_ok(abs($mean[0] - (251 - $was[0])), '<', 4, "$model: generated");
    }
    my $gen4 = ok_filter($sim, 'gen4_aleph', in => $wide, options => { prompt => 'negative', seed => -1 });
    is_deeply([sort keys %{ last_create()->{body} }], [qw(model promptText ratio videoUri)], 'seed=-1 sends none');
};

subtest 'whole seconds' => sub {
    my $film = lossless_clip(frames => 95, rate => '30000/1001', size => '64x48');
    my $run = at_runway('seedance2_fast', 'seedance2_fast', in => $film, options => { clip_duration => 2 });
    my @creates = ($sim->requests('create'))[-2, -1];
    is(join(' ', map { $_->{body}{duration} } @creates), '2 2', 'both clips ask for two seconds');
    is(join(' ', map { $_->{clip}{frames} } @creates), '59 59', 'and the second is held that long');
    is(scalar @{ times_of($run->{out}) }, scalar @{ times_of($film) }, 'every frame comes out');
};

subtest 'what a model lacks' => sub {
    my $png = "$TMP/red.png";
    run_cmd([$FFMPEG, qw(-v error -y -f lavfi -i color=red:size=64x64 -frames:v 1), $png]);
    refused('reference', 'aleph2', { reference => $png }, qr/^reference: model aleph2 does not support references/);
    refused('keyframe', 'seedance2', { keyframe => "0=$png" }, qr/^keyframe: model seedance2 does not support keyframes/);
    refused('seed', 'hailuo3', { seed => 7 }, qr/^seed: model hailuo3 has no such setting; .*take/);
    refused('seed 0', 'gemini_omni_flash', { seed => 0 }, qr/^seed: model gemini_omni_flash has no such/);
    refused('output_format', 'hailuo3', { output_format => 'prores' }, qr/^output_format: model hailuo3 has no such/);
    refused('threshold', 'hailuo3', { public_figure_threshold => 'low' }, qr/^public_figure_threshold: model hailuo3/);
    refused('ratio', 'gemini_omni_flash', { ratio => '16:9' }, qr/^ratio=16:9: model gemini_omni_flash has no ratio/);
    refused('wrong ratio', 'hailuo3', { ratio => '1280:720' }, qr/hailuo3 supports auto, 21:9, 16:9, 4:3, 1:1/);
    refused('wrong shape', 'aleph2', { ratio => '5:4' }, qr/aleph2 supports auto, 16:9, 4:3, 3:2/);
    refused('no prompt', 'hailuo3', { prompt => undef }, qr/^no prompt: model hailuo3 needs one/);
    refused('long prompt', 'aleph2', { prompt => 'x' x 1001 }, qr/1001 characters.* at most 1000/);
    refused('size', 'hailuo3', { size => 'generated' }, qr/^size: .* hailuo3 .*not known in advance; set WxH/);
    refused('size', 'aleph2', { size => 'generated' }, qr/^size: .* aleph2 .*not known in advance; set WxH/);
    refused('cap without a price', 'hailuo3', { max_credits => 100 }, qr/^max_credits: the price of model hailuo3/);
};

# Clips have the length that is asked for, or it is said that they have not.
subtest 'a length that the model does not take' => sub {
    for my $case (
        ['aleph2', 60, qr/^clip_duration: 60 s is more than model aleph2 supports; clips are 30 s long$/m],
        ['aleph2', 0.5, qr/^clip_duration: 0\.5 s is less than model aleph2 supports; clips are 2 s long$/m],
        ['gen4_aleph', 7.5, qr/^clip_duration: 7\.5 s is more than model gen4_aleph supports; clips are 5 s long$/m],
        ['aleph2', 30], ['aleph2', 2], ['aleph2', 0], ['seedance2', 60],
    ) {
        my ($model, $seconds, $says) = @$case;
        my $run = run_filter(undef, in => $wide, env => { %runway },
            options => { base_url => undef, model => $model, prompt => 'echo', clip_duration => $seconds, dry_run => 1 });
        my $said = join "\n", filter_lines($run);
        $says ? like($said, $says, "$model: $seconds") : unlike($said, qr/clip_duration/, "$model: $seconds");
    }
};

subtest 'long prompts' => sub {
    my $text = spew("$TMP/long.txt", 'negative ' . 'x' x 14991);
    at_runway('15000', 'seedance2_5', options => { prompt => undef, prompt_file => $text });
    like(last_create()->{body}{promptText}, qr{15000 chars}, 'sent whole');
    $text = spew("$TMP/long.txt", 'negative ' . 'x' x 3491);
    at_runway('3500', 'seedance2_mini', options => { prompt => undef, prompt_file => $text });
    spew($text, 'negative ' . 'x' x 3492);
    refused('3501', 'seedance2_mini', { prompt => undef, prompt_file => $text }, qr/3501 .*at most 3500/);
};

subtest 'shapes that are no sizes' => sub {
    my $run = at_runway('hailuo3', 'hailuo3', in => lossless_clip(size => '320x180', seconds => 1));
    is(last_create()->{body}{ratio}, '16:9', 'the nearest');
    is(last_create()->{clip}{width}, 320, 'sent as large as it is, not 16 pixels wide');
    is(video_facts($run->{out})->{width}, 320, 'and so it comes out');
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
    like($run->{err}, qr/unknown model aleph9: it is sent the common fields, and its price is not known/,
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
    my ($seedance) = $code =~ /#define SEEDANCE_FIELDS(.*?)\n\n/s;
    my ($best) = $code =~ /#define BEST_UNKNOWN SECONDS\((\d+)\)/;
    my ($table) = $code =~ /^static const RunwayModel models\[\] = \{(.*?)^\};/ms;
    my @wanted;
    for my $entry (split /^    \}, \{$/m, $table) {
        $entry =~ s/SEEDANCE_FIELDS/$seedance/;
        $entry =~ s/BEST_UNKNOWN/SECONDS($best)/;
        my %is = $entry =~ /\.(\w+)\s*= (?:SECONDS\()?"?([\w.]+)/g;
        my %has = map { ($_ => 1) } $entry =~ /RUNWAY_FIELD_(\w+)/g;
        push @wanted, join ' | ', "`$is{name}`",
            $is{max_duration} ? ($is{min_duration} // '') . "..$is{max_duration} s" : 'any',
            "$is{best_duration} s", $is{max_rate} // 'any',
            $has{PROMPT_REQUIRED} ? 'needed' : $has{PROMPT} ? 'yes' : 'no', $has{SEED} ? 'yes' : 'no',
            $has{REFERENCES} || $has{REFERENCES_BARE} ? $is{max_references} // 'any' : 'no',
            $has{KEYFRAMES} ? $is{max_keyframes} : 'no',
            $has{ASPECT} ? 'expands' : !$is{ratios} ? "the input's" : $is{ratios_are_shapes} ? 'shapes' : 'sizes',
            $has{OUTPUT_FORMAT} ? 'yes' : 'no',
            $is{credits_per_second} ? $is{credits_per_second} . ($is{min_credits} ? ", at least $is{min_credits}" : '')
                : 'not known';
    }
    cmp_ok(scalar @wanted, '>=', 9, 'there are models');
    is_deeply([$page =~ /^\| (`\w.*?) \|$/mg], \@wanted, 'each has its row, and the row is right');

    my ($prores, @edits) = $page =~ /^    (\{.*\})$/mg;
    my @model = qw(seedance2_5 gemini_omni_flash_1.1);
    for (0 .. 1) {
        my $file = spew("$TMP/edit.json", $edits[$_]);
        at_runway("$model[$_] edits", $model[$_], options => { body_file => $file });
        is(last_create()->{status}, 200, "$model[$_]: $edits[$_] is taken");
        is(last_create()->{body}{mode}, 'edit', "$model[$_]: and sent");
    }
    at_runway('ProRes', 'aleph2', options => { output_format => 'prores', body_file => spew("$TMP/prores.json", $prores) });
    is(last_create()->{body}{proresProfile}, '422 HQ', 'a setting without an option');
};

subtest 'body' => sub {
    my $file = spew("$TMP/body.json", qq({"proresProfile": "422",\n "outputFormat": "prores"}\n));
    at_runway('body_file', 'aleph2', options => { body_file => $file });
    is(last_create()->{body}{proresProfile}, '422', 'members of a file');
    refused('no object', 'aleph2', { body => '[1]' }, qr/^body is not a JSON object/);
    refused('no JSON', 'aleph2', { body => '{' }, qr/^body is not a JSON object.*cannot be read/);
    refused('the clip', 'aleph2', { body => '{"videoUri":"x"}' }, qr/^body may not set "videoUri"/);
    refused('the model', 'aleph2', { body => '{"model":"x"}' }, qr/^body may not set "model"/);
    refused('both', 'aleph2', { body => '{}', body_file => $file }, qr/body and body_file are both set/);
    refused('no video', 'aleph2', { body => '{"outputFormat":"png_sequence"}' }, qr/png_sequence is an archive/);
};

done_testing;
