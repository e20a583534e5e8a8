#!/usr/bin/env perl
# Frames that ffmpeg drops behind the filter (-ss, -t, -to behind -i) are not paid
# for, as far as that can be seen; a dry run says so too.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayFilm;
use RunwayTest;

my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--result-rate' => 'source', '--result-frames' => '+0');
our $film = numbered_film(frames => 480, size => '64x36', codec => [qw(-c:v libx264 -preset ultrafast -qp 4)], name => 'film.mkv');
my $n = 0;
our @before; # -i

sub run_ffmpeg {
    my ($filter, @args) = @_;
    my $file = sprintf '%s/trimmed-%d.nut', $TMP, ++$n;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -nostats -y), @before, '-i', $film, $filter =~ /^\[/ ? '-filter_complex' : '-vf', $filter,
        qw(-fps_mode passthrough -c:v ffv1), @args, $file], timeout => 120, env => command_env());
    $run->{file} = $file;
    return $run;
}

sub packet_times { return run_cmd([$FFPROBE, qw(-v error -show_entries packet=pts -of csv=p=0), $_[0]{file}])->{out} }

sub v2v { return "runway_v2v=prompt=echo:model=aleph2:clip_duration=2:concurrency=2:" . api_options($sim) . join ':', '', @_ }

for (
    ['-ss and -to',            '%s',                        [qw(-ss 6 -to 9)],  2],
    ['-t',                     '%s',                        [qw(-t 3)],         2],
    ['-ss alone',              '%s',                        [qw(-ss 18)],       1],
    ['a trim of the user\'s',  '%s,trim=start_frame=96:end_frame=140', [],      1],
    ['two of them',            '%s,trim=start=2,trim=end=5', [qw(-t 6)],        2],
    ['through other filters',  '%s,hflip,hflip,crop=64:32,pad=64:36,setsar=1,scale=64:36,format=yuv420p', [qw(-ss 6 -t 3)], 2],
    ['and through these',      '%s,vflip,vflip,null,setdar=16/9,setparams=range=tv', [qw(-ss 6 -t 2)], 1],
    ['and another of ours',    '%s,' . v2v('take=1'),      [qw(-ss 6 -t 2)],   2],
    ['with another size',      '%s:size=128x72,scale=64:36', [qw(-ss 6 -t 2)],  1],
    ['clips that overlap',     '%s:seam=blend:overlap=1',   [qw(-t 5)],        4],
) {
    my ($name, $graph, $args, $clips) = @$_;
    my $plain = run_ffmpeg(sprintf($graph =~ s/%s:[^,]+/%s/r, 'null'), @$args);
    my $before = $sim->requests('create');
    my $run = run_ffmpeg(sprintf($graph, v2v()), @$args);
    subtest $name => sub {
        ends_well($run, 'ends well') or return;
        my $wanted = numbers_of($plain->{file});
        cmp_ok(scalar @$wanted, '>', 30, 'there are frames');
        is(near(numbers_of($run->{file}), $wanted, 0), '', 'the same frames come out');
        is($sim->requests('create') - $before, $clips, 'and nothing else was paid for');
        unlike($run->{err}, qr/is not known, so they|not output/, 'no word about it');
        like($run->{err}, qr/price: 28 credits a second, about 84 for at most 3\.00 s of film/, 'what it costs is known') if $name eq '-t';
        like($run->{err}, qr/about 224 for at most 5\.00 s of film/, 'with what is sent twice') if $name eq 'clips that overlap';
    };
}

# ffmpeg counts -t from 0 or -ss too: that ends a film earlier that begins later.
# The first frame behind the end may be output, where the encoder's rate moves it.
for (
    ['-to',                  [qw(-itsoffset 0.5)],     [qw(-to 6.1)],        3, qr/about 157 for at most 5\.60 s/],
    ['-t',                   [qw(-itsoffset 5)],       [qw(-t 7)],           1, qr/about 56 for at most 2\.00 s/],
    ['-ss and -t',           [qw(-itsoffset 0.5)],     [qw(-ss 0.25 -t 4)],  2],
    ['-ss behind its begin', [qw(-itsoffset 0.5)],     [qw(-ss 1 -t 4)],     2],
    ['-copyts',              [qw(-copyts -ss 2)],      [qw(-to 5)],          2],
    ['-copyts and -ss -t',   [qw(-copyts -ss 2)],      [qw(-ss 3 -t 2)],     1],
    ['a begin before 0',     [qw(-itsoffset -3)],      [qw(-t 4)],           2],
    ['a frame that rounding brings in', [qw(-itsoffset 0.019)], [qw(-t 6.0042)], 3, qr/about 168 for at most 5\.99 s/, 1],
) {
    my ($name, $in, $args, $clips, $price, $near) = @$_;
    subtest "a film that begins at another time: $name" => sub {
        local @before = @$in;
        my $plain = run_ffmpeg('null', @$args);
        my $before = $sim->requests('create');
        my $run = run_ffmpeg(v2v("take=1$n"), @$args, qw(-v verbose));
        ends_well($run, 'ends well') or return;
        is(packet_times($run), packet_times($plain), 'as many frames come out, at their times');
        is(near(numbers_of($run->{file}), numbers_of($plain->{file}), $near || 0), '', 'the same ones');
        is($sim->requests('create') - $before, $clips, 'and nothing else was paid for');
        unlike($run->{err}, qr/not output/, 'no word about it');
        is($run->{err} =~ /the film begins at -3\.00 s, and ffmpeg drops frames before 0 / ? 1 : 0, $name =~ /before 0/ ? 1 : 0,
            'what is dropped before 0 is warned of');
        like($run->{err}, qr/ (\d+) frames in, \1 frames out/, 'the input is not read on');
        like($run->{err}, $price, 'what it costs is known') if $price;
        like(run_ffmpeg(v2v('dry_run=1'), @$args)->{err}, qr/plan: $clips clips?,/, 'the plan has the same');
    };
}

subtest 'what the warning of a begin before 0 names' => sub {
    local @before = qw(-itsoffset -3);
    my @vfr = qw(-fps_mode vfr);
    my $frames_of = sub { scalar @{ numbers_of(run_ffmpeg($_[0], @vfr)->{file}) } };
    # the last frame before 0 may be as good as at 0
    cmp_ok($frames_of->('null'), '<', 412, 'ffmpeg does drop frames');
    for my $filter (qw(trim=start=0 setpts=PTS-STARTPTS)) {
        my $frames = $frames_of->($filter);
        is($frames, $filter =~ /trim/ ? 408 : 480, "$filter: what is left");
        my $run = run_ffmpeg("$filter," . v2v("take=1$n"), @vfr, qw(-v verbose));
        ends_well($run, "$filter: ends well") or return;
        is(scalar @{ numbers_of($run->{file}) }, $frames, 'is there');
        like($run->{err}, qr/ $frames frames in, $frames frames out/, 'and no others were sent');
        unlike($run->{err}, qr/the film begins at/, 'no word about it');
    }
};

subtest 'a film that begins behind its end' => sub {
    local @before = qw(-itsoffset 5);
    my $before = $sim->requests('create');
    for ('', 'dry_run=1') {
        my $run = run_ffmpeg(v2v($_ || 'take=2'), qw(-t 3));
        is($run->{status}, 0, 'ends as without the filter');
        like($run->{err}, qr/-t or -to ends the output at 3\.00 s, and the first frame to be generated is at 5\.00 s: nothing is sent/, 'says why');
    }
    is($sim->requests('create') - $before, 0, 'and costs nothing');
};

# What does not fit into the output is not passed, so the frames are others there.
subtest 'a trim that counts frames of another size' => sub {
    local @before = qw(-t 4);
    my $before = $sim->requests('create');
    for ('take=70', 'dry_run=1') {
        my $run = run_ffmpeg(v2v("size=128x72:$_") . ',trim=start_frame=72');
        is($run->{status}, 0, "$_: ends well");
        like($run->{err}, qr/trim follows the filter: which frames a trim, .* drops behind it is not known/, 'that is not known');
        is(scalar(() = packet_times($run) =~ /^\d/mg), 24, 'what comes out');
        like($run->{err}, qr/plan: 2 clips, 4\.000 s sent/, 'the plan is that of the run') if /dry/;
    }
    is($sim->requests('create') - $before, 2, 'two clips were sent');
};

subtest 'behind a filter that is not known' => sub {
    my $before = $sim->requests('create');
    my $run = run_ffmpeg(v2v() . ',fps=24', qw(-t 3));
    ends_well($run, 'ends well') or return;
    cmp_ok($sim->requests('create') - $before, '>', 2, 'more is sent');
    like($run->{err}, qr/fps follows the filter: which frames a trim, or -ss, -t or -to after -i, drops behind it is not known.*? sent: /s,
        'and that is said before');
    for (['no trim behind it', v2v() . ',fps=24'], ['one in front of it', v2v() . ',trim=end=3,setpts=PTS-STARTPTS']) {
        my ($name, $graph) = @$_;
        $run = run_ffmpeg($graph);
        ends_well($run, $name);
        unlike($run->{err}, qr/follows the filter/, '... of which there is nothing to say');
    }
};

# What may end before its input does is said before it is paid for.
my @films = ('[1:v]trim=end=3[b];[0:v]trim=end=5,%s', '[a];[a][b]');
for (
    ['xfade',            'xfade=offset=2:duration=1', 'xfade'],
    ['overlay',          'overlay=shortest=1',        'overlay'],
    ['eof_action',       'overlay=eof_action=endall', 'overlay'],
    ['blend',            'blend=all_mode=normal:shortest=1', 'blend'],
    ['vstack',           'vstack=shortest=1,hue=h=0', 'vstack'],
    ['behind another',   'overlay[c];[c][1:v]hstack=inputs=2:shortest=1', 'hstack'],
    ['without shortest', 'overlay', ''],
    ['the second input', '[b]xfade=offset=2:duration=1', ''],
    ['the second and first', '[b]xfade=offset=2:duration=1[c];[c][0:v]xfade=offset=5:duration=1', 'xfade'],
    ['one branch',       'split[c];[c][b]overlay=shortest=1,nullsink', ''],
) {
    my ($name, $behind, $early) = @$_;
    my $graph = $films[0] . ($behind =~ /^split/ ? ',' : $behind =~ s/^\[b\]// ? '[a];[b][a]' : $films[1]) . $behind;
    subtest "what ends early behind the filter: $name" => sub {
        local @before = ('-i', $film);
        my $plain = run_ffmpeg(sprintf($graph, 'null'));
        my $before = $sim->requests('create');
        my $run = run_ffmpeg(sprintf($graph, v2v("take=2$n")));
        ends_well($run, 'ends well') or return;
        is(scalar @{ numbers_of($run->{file}) }, scalar @{ numbers_of($plain->{file}) }, 'as many frames come out');
        is(packet_times($run), packet_times($plain), 'at their times');
        is($sim->requests('create') - $before, 3, 'all is sent');
        my @says = $run->{err} =~ /(\w+) follows the filter and may end before the film: .* put a trim in front of the filter\n(?=.* sent: )/gs;
        is("@says", $early, 'and that is said before');
    };
}

subtest 'an input that ends before' => sub {
    for ([18, qr/^(?!.*the input ended)/s], [30, qr/the input ended at 20\.00 s\n/]) {
        my ($to, $says) = @$_;
        my $run = run_ffmpeg(v2v("take=4$to"), '-ss', 17, '-to', $to);
        ends_well($run, "-to $to");
        like($run->{err}, $says, $to > 20 ? 'where that was is said' : 'the end that was asked for is not');
    }
};

subtest 'another rate' => sub {
    my $plain = run_ffmpeg('null', qw(-r 12 -t 2 -fps_mode cfr));
    my $run = run_ffmpeg(v2v('take=3'), qw(-r 12 -t 2 -fps_mode cfr));
    ends_well($run, 'ends well') or return;
    is(near(numbers_of($run->{file}), numbers_of($plain->{file}), 0), '', 'the same frames come out');
    unlike($run->{err}, qr/not output/, 'that is all of them, and nothing to warn of');
    $run = run_ffmpeg(v2v('take=4'), qw(-t 2 -frames:v 12));
    like($run->{err}, qr/\d+ input frames were not output: the graph ended before them/, 'another end of the output is');
};

subtest '-frames:v' => sub {
    my $before = $sim->requests('create');
    my $run = run_ffmpeg(v2v(), qw(-frames:v 12 -v warning));
    ends_well($run, 'ends well') or return;
    cmp_ok($sim->requests('create') - $before, '>', 1, 'is nothing that the filter sees');
    like($run->{err}, qr/\d+ input frames were not output: the graph ended before them/, 'what is left out is said');
    $run = run_ffmpeg(v2v('take=9'), qw(-frames:v 12 -v error));
    is($run->{err}, '', 'and is no error');
};

subtest 'frames counted behind another size' => sub {
    my $graph = '%s:size=128x72,trim=start_frame=48:end_frame=90,scale=64:36';
    my $plain = run_ffmpeg(sprintf $graph =~ s/:size=\w+//r, 'null');
    my $run = run_ffmpeg(sprintf $graph, v2v('take=2'));
    ends_well($run, 'ends well') or return;
    is(near(numbers_of($run->{file}), numbers_of($plain->{file}), 0), '', 'the same frames come out');
    like($run->{err}, qr/trim follows the filter: .* sent too;/s, 'all are sent, and that is said before');
};

subtest 'a dry run' => sub {
    my $before = $sim->requests('create');
    my $run = run_ffmpeg(v2v('dry_run=1'), qw(-t 3));
    ends_well($run, 'ends well') or return;
    like($run->{err}, qr/plan: 2 clips, 4\.000 s sent/, 'with -t: what is within it');
    unlike($run->{err}, qr/reads ahead/, 'and that is all');
    for (['-frames:v', v2v('dry_run=1'), qw(-frames:v 60)], ['-t behind fps', v2v('dry_run=1') . ',fps=24', qw(-t 3)]) {
        my ($name, @args) = @$_;
        $run = run_ffmpeg(@args);
        ends_well($run, "$name: ends well") or next;
        is(() = $run->{err} =~ /plan: (?:at least )?\d+ clips?,/g, 1, "$name: the plan is there, once");
        like($run->{err}, qr/plan: at least 2 clips, 2\.000 s sent, 56 credits\b.*; the last is incomplete, and not counted here$/m,
            "$name: the clip that was not complete is among the clips");
        like($run->{err}, qr/plan: the output ends before the input; the run reads ahead, and may send up to 9 clips more, 504 credits,/,
            "$name: with what is read ahead");
    }
    # FFV1 is decoded without delay: the end comes at once
    for (['FFV1', numbered_film(frames => 480, size => '64x36', name => 'film-ffv1.mkv', codec => [qw(-c:v ffv1)])]) {
        (my $name, local $film) = @$_;
        $run = run_ffmpeg(v2v('dry_run=1'), qw(-frames:v 60));
        ends_well($run, "$name: ends well") or next;
        like($run->{err}, qr/plan: the output ends before the input; the run reads ahead/, "$name: with what is read ahead");
        unlike(run_ffmpeg(v2v('dry_run=1'))->{err}, qr/reads ahead/, "$name: all of it is complete");
    }
    for (['-ss behind the end', qw(-ss 30)], ['-t 0', qw(-t 0)]) {
        my ($name, @args) = @$_;
        like(run_ffmpeg(v2v('dry_run=1'), @args)->{err}, qr/plan: 0 clips, as no frame is generated/, "$name: nothing");
        is(run_ffmpeg(v2v(), @args)->{status}, 0, "$name: the run ends well");
    }
    is($sim->requests('create') - $before, 0, 'and nothing was sent, in those either');
    # one of the user's lets everything through
    like(run_ffmpeg(v2v('dry_run=1') . ',trim', qw(-t 3))->{err}, qr/plan: 2 clips, 4\.000 s sent/, 'a trim without a limit');
};

subtest 'what it costs, before anything is sent' => sub {
    for (['a film of one clip', 'trim=end=1,' . v2v('take=2'), qr/price: 1 clip, 56 credits\n.* sent with 1\.00 s of padding: 56 credits/s],
        ['a model without a known price', v2v() =~ s/aleph2/aleph9/r, qr/price: not known for model aleph9\n/]) {
        my ($name, $filter, $says) = @$_;
        like(run_ffmpeg($filter)->{err}, $says, $name);
    }
};

done_testing;
