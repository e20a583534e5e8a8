#!/usr/bin/env perl
# That as many frames come out as went in, each at its own time, and that the
# sound stays in step.
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

my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
my @RAW = (qw(-c:v rawvideo -fps_mode passthrough -copyts), @SOURCE_TIME_BASE);

# The lines of framecrc (time base, size, dts, pts, duration, bytes), without
# the checksums, straight out of the filter.
sub lines { return [map { s/\s+//gr =~ s/,0x[0-9a-f]+//ir } grep { /^(#tb|#dimensions|#sar|\d)/ } split /\n/, $_[0]] }

# The filter against `null` on the same input: all but the pictures is equal.
sub same_times {
    my ($name, $in, $options, %opt) = @_;
    my $null = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error), @{ $opt{input} || [] }, '-i', $in, '-vf',
        join(',', $opt{before} // (), 'null'), @RAW, qw(-f framecrc -)]);
    is($null->{status}, 0, "$name: the source can be read") or diag $null->{err};
    my $run = ok_filter($opt{sim} // $sim, $name, in => $in, options => { prompt => 'mirror', %$options },
        args => [@RAW, qw(-f framecrc)], out => '-', map { exists $opt{$_} ? ($_ => $opt{$_}) : () } qw(before input env));
    my ($got, $want) = (lines($run->{stdout}), lines($null->{out}));
    cmp_ok(scalar @$want, '>', 3, "$name: there are frames");
    is_deeply($got, $want, "$name: frame count, every pts and duration, time base, size and shape are the source's")
        or diag scalar(@$got) . ' lines for ' . scalar(@$want);
    isnt(join(',', $run->{stdout} =~ /0x[0-9a-f]+/g), join(',', $null->{out} =~ /0x[0-9a-f]+/g),
        "$name: but the pictures are not");
    return $run;
}

subtest 'constant rates' => sub {
    for my $rate ('24', '25', '30000/1001', '60', '12', '15/2') {
        same_times("rate $rate", lossless_clip(as => 'nut', rate => $rate, seconds => 1), {});
    }
};

subtest 'lengths' => sub {
    same_times('one frame', lossless_clip(as => 'nut', frames => 5), {}, before => 'trim=end_frame=4');
    same_times('4.2 s', lossless_clip(as => 'nut', seconds => 4.2), {});
    my $created = $sim->requests('create');
    same_times('5 s', lossless_clip(as => 'nut', seconds => 5), {});
    is($sim->requests('create') - $created, 1, '5 s are one clip');
    $created = $sim->requests('create');
    same_times('6.3 s', lossless_clip(as => 'nut', seconds => 6.3, rate => 25), {});
    is($sim->requests('create') - $created, 2, '6.3 s are two');
    $created = $sim->requests('create');
    same_times('3.5 s in clips of 1 s', lossless_clip(as => 'nut', seconds => 3.5, rate => '30000/1001'),
        { clip_duration => 1 });
    is($sim->requests('create') - $created, 4, 'four clips');
};

subtest 'times as they come' => sub {
    my $clip = lossless_clip(as => 'nut', seconds => 2);
    same_times('variable rate', $clip, {}, before => "settb=1/1000,setpts='1000*(N+0.4*mod(N\\,3))/24'");
    same_times('a pause in it', $clip, {}, before => "settb=1/1000,setpts='1000*(N/24+gt(N\\,20)*0.9)'");
    same_times('frames left out, two clips', $clip, { clip_duration => 1 }, before => "select='mod(n\\,5)'");
    same_times('starts late', $clip, {}, before => "setpts=PTS+7.77/TB");
    same_times('starts before zero', $clip, {}, before => "setpts=PTS-0.5/TB");
    same_times('a fine time base', $clip, {}, before => 'settb=1/90000');
    same_times('seeked', $clip, {}, input => ['-ss', '0.6']);
};

subtest 'lengths the service may return' => sub {
    my $clip = lossless_clip(as => 'nut', seconds => 1.5, rate => 25);
    for my $case (['--result-rate' => 30], ['--result-rate' => 12, '--result-frames' => -1], ['--result-stretch' => 1.05],
        ['--result-vfr', '--result-rate' => '30000/1001']) {
        same_times("@$case", $clip, {},
            sim => RunwayTest::Simulator->start('--latency' => 0.2, @$case));
    }
    my $odd = RunwayTest::Simulator->start('--latency' => 0.2, '--result-stretch' => 0.6);
    error_line('a result of 0.6 of the length', run_filter($odd, in => $clip, options => { prompt => 'echo' }, loglevel => 'error'),
        qr/clip 1/);
};

# Black with a white flash of three frames at the beginning of each second, and
# a beep at the same time.
my $FLASHES = "drawbox=color=white:t=fill:enable='lt(mod(t\\,1)\\,0.12)'";
sub flash_clip {
    my ($name, $seconds) = @_;
    my $path = "$TMP/$name";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i),
        "color=black:size=160x120:rate=24,format=yuv420p,$FLASHES", qw(-f lavfi -i),
        "sine=frequency=880:sample_rate=48000,volume='lt(mod(t\\,1)\\,0.12)':eval=frame",
        '-t', $seconds, qw(-c:v libx264 -crf 12 -preset veryfast -c:a pcm_s16le), $path]);
    die "cannot make a clip: $run->{err}\n" if $run->{status};
    return $path;
}

# The frames that are white, by their times; the filter's pictures may be grey.
sub flashes {
    my ($path) = @_;
    my $frames = frame_means($path);
    my $packets = [sort { $a->{pts} <=> $b->{pts} } @{ packets($path, 'v:0') }];
    return [map { $frames->[$_][0] > 126 ? $packets->[$_]{pts_time} + 0 : () } 0 .. $#$frames];
}

# The seconds at which sound begins.
sub beeps {
    my ($path) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v info -i), $path,
        qw(-map 0:a:0 -af silencedetect=noise=-40dB:d=0.3 -f null -)]);
    # it ends where a silence does; the first beep is there from the start
    return [0, $run->{err} =~ /silence_end: (\S+)/g];
}

subtest 'flash and beep' => sub {
    my $clip = flash_clip('flash.mkv', 4.4);
    my $want = flashes($clip);
    is(scalar @$want, 15, 'the source has five flashes of three frames');
    for my $clip_duration (0, 1.5) {
        my $name = $clip_duration ? 'in three clips' : 'in one clip';
        my $run = ok_filter($sim, $name, in => $clip, options => { prompt => 'echo', clip_duration => $clip_duration });
        is_deeply(flashes($run->{out}), $want, "$name: each flash is where it was, to the frame");
        is_deeply(beeps($run->{out}), beeps($clip), "$name: and so is each beep");
        my ($got, $source) = map { [map { [@$_{qw(pts duration data_hash)}] } @{ packets($_, 'a:0') }] } $run->{out}, $clip;
        is_deeply($got, $source, "$name: the sound's packets are untouched");
    }
    # 30 frames for 24: a frame may show its neighbour, no more
    my $run = ok_filter(RunwayTest::Simulator->start('--latency' => 0.2, '--result-rate' => 30), 'result of 30 fps',
        in => $clip, options => { prompt => 'echo', clip_duration => 1.5 });
    my @white = @{ flashes($run->{out}) };
    my @begin = grep { my $t = $_; !grep { $_ < $t && $t - $_ < 0.06 } @white } @white;
    is(scalar @begin, 5, 'five flashes');
    ok(!(grep { abs($begin[$_] - $_) > 1 / 24 + 0.002 } 0 .. $#begin), 'each within a frame of its beep') or diag "@begin";
    $run = ok_filter($sim, 'negative', in => $clip, options => { prompt => 'negative', clip_duration => 2 });
    my %flash = map { ($_ => 1) } @$want;
    my $all = [map { $_->{pts_time} + 0 } sort { $a->{pts} <=> $b->{pts} } @{ packets($clip, 'v:0') }];
    is_deeply(flashes($run->{out}), [grep { !$flash{$_} } @$all], 'inverted: dark at these times, and bright at all others');
};

subtest 'containers people use' => sub {
    my $clip = make_clip(size => '160x120', seconds => 2.4, audio => 1, args => [qw(-bf 2)]);
    for my $type (qw(mp4 ts mkv mov)) {
        my $run = ok_filter($sim, $type, in => $clip, options => { prompt => 'snow', clip_duration => 1.2 },
            args => [qw(-c:v libx264 -preset ultrafast -c:a copy)], out => "out.$type");
        my ($in, $out) = map { probe($_) } $clip, $run->{out};
        is($out->{video}{nb_read_packets}, $in->{video}{nb_read_packets}, "$type: as many frames");
        is($out->{audio}{nb_read_packets}, $in->{audio}{nb_read_packets}, "$type: as much sound");
        my @times = map { my $p = packets($_, 'v:0'); my @t = sort { $a <=> $b } map { $_->{pts_time} } @$p; \@t } $clip, $run->{out};
        my @sound = map { packets($_, 'a:0')->[0]{pts_time} } $clip, $run->{out};
        # a container may start elsewhere, but with picture and sound alike
        my @off = map { abs(($times[1][$_] - $sound[1]) - ($times[0][$_] - $sound[0])) } 0 .. $#{ $times[0] };
        is((grep { $_ > 0.0015 } @off), 0, "$type: each frame is as far from the sound as it was");
        cmp_ok(abs($out->{format}{duration} - $in->{format}{duration}), '<', 0.05, "$type: as long");
    }
};

subtest 'through pipes' => sub {
    my $clip = lossless_clip(as => 'nut', seconds => 1.2);
    my $run = ok_filter($sim, 'nut to nut', in => '-', stdin => $clip, options => { prompt => 'mirror' },
        input => [qw(-f nut)], args => [qw(-c:v ffv1 -fps_mode passthrough -f nut)], out => '-');
    my $out = spew("$TMP/piped.nut", $run->{stdout});
    is_deeply(times_of($out), times_of($clip), 'frames and times are the source\'s');
};

subtest 'an end that comes early' => sub {
    my $clip = lossless_clip(as => 'nut', seconds => 3);
    my $run = ok_filter($sim, '-frames:v', in => $clip, options => { prompt => 'mirror', clip_duration => 1 },
        args => [qw(-c:v ffv1 -frames:v 10)]);
    is(scalar @{ packets($run->{out}, 'v:0') }, 10, 'as many as were wanted');
    $run = ok_filter($sim, '-t', in => $clip, options => { prompt => 'mirror', clip_duration => 1 },
        args => [qw(-c:v ffv1 -t 1.5)]);
    is(scalar @{ packets($run->{out}, 'v:0') }, 36, 'as long as was wanted');
};

subtest 'native timing' => sub {
    my $clip = lossless_clip(as => 'nut', seconds => 2, rate => 12);
    my $run = ok_filter(RunwayTest::Simulator->start('--latency' => 0.2, '--result-rate' => 30), 'native',
        in => $clip, options => { prompt => 'mirror', timing => 'native' });
    my @pts = sort { $a <=> $b } map { $_->{pts_time} } @{ packets($run->{out}, 'v:0') };
    cmp_ok(abs(@pts - 60), '<=', 1, 'the frames that were made');
    cmp_ok($pts[0], '==', 0, 'from the beginning');
    cmp_ok($pts[-1], '<', 2, 'to the end');
    is((grep { $pts[$_] <= $pts[$_ - 1] } 1 .. $#pts), 0, 'rising');
};

done_testing;
