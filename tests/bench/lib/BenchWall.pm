# How long it takes: against the floor, which is the provider's own time, and
# beside the script that a user would otherwise write, in the same run.
#
#   floor = ceil(clips / concurrency) x task latency
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchWall;
use strict;
use warnings;

use POSIX qw(ceil);

use Bench;
use RunwayTest;

my $SECONDS = 30;       # of film
my $CLIP = 5;           # seconds
my $POLL = 6;           # the filter's default, and the SDK's, which adds 1.5 either way

# LATENCYxCONCURRENCY
my @ROWS = split ' ', $ENV{BENCH_ROWS} // '2x4 5x4 10x1 10x2 10x4 20x4 20x6 40x4';

# What is wrong with a film that should be another one, frame by frame.
sub faults {
    my ($out, $in, $numbers) = @_;
    my %fault = (frames => $out->{frames} - $in->{frames}, size => $out->{size});
    # picture and sound of the output, against those of the source
    my $shift = ($out->{sound_start} // 0) - ($in->{sound_start} // 0);
    my ($worst, $wrong) = (0, 0);
    for (0 .. $#$numbers) {
        my $was = $in->{times}[$numbers->[$_]];
        my $off = defined $was ? abs($out->{times}[$_] - $shift - $was) : 9;
        $worst = $off if $off > $worst;
        $wrong++ if $off > 0.0005;
    }
    $fault{late_ms} = 1000 * $worst;
    $fault{frames_off} = $wrong;
    $fault{sound} = !$out->{sound} ? 'lost' : $out->{sound} eq ($in->{sound} // '') ? 'same' : 'changed';
    return \%fault;
}

# Reads of a task: how many, and the least time between two of the same one.
sub polls {
    my ($sim) = @_;
    my (%last, $least, $reads);
    for my $read ($sim->requests('read')) {
        $reads++;
        my $task = $read->{path};
        my $gap = defined $last{$task} ? $read->{t} - $last{$task} : undef;
        $least = $gap if defined $gap && (!defined $least || $gap < $least);
        $last{$task} = $read->{t};
    }
    return ($reads // 0, $least);
}

sub facts {
    my ($run, $sim, $out, $in, $width) = @_;
    my ($reads, $least) = polls($sim);
    return {
        wall => $run->{wall}, cpu => $run->{cpu}, reads => $reads, least_gap => $least,
        tasks => scalar(() = $sim->events('billed')),
        %{ faults(film_facts($out), $in, numbers_shown($out, $width)) },
    };
}

sub by_filter {
    my ($latency, $concurrency, $film, $in) = @_;
    my $sim = started('--latency' => $latency, '--renderers' => $concurrency);
    my $out = "$TMP/wall-filter.mp4";
    my $run = measure(filter_args($sim, $film, { clip_duration => $CLIP, concurrency => $concurrency },
        qw(-c:v libx264 -preset veryfast -c:a copy), $out), env => service_env($sim));
    return facts($run, $sim, $out, $in, 854);
}

sub by_script {
    my ($latency, $concurrency, $film, $in, $sdk) = @_;
    my $sim = started('--latency' => $latency, '--renderers' => $concurrency);
    my $out = "$TMP/wall-script.mp4";
    my $run = measure(['node', "$ROOT/tests/bench/user-script.mjs", $sdk, $FFMPEG, $film, $out, $CLIP, $concurrency,
        $Bench::PROMPT, $Bench::MODEL], env => service_env($sim));
    return facts($run, $sim, $out, $in, 854);
}

sub said {
    my ($fault) = @_;
    return join ', ', $fault->{frames} ? sprintf('%+d frames', $fault->{frames}) : (),
        $fault->{late_ms} >= 1 ? sprintf('%.0f ms off', $fault->{late_ms}) : (),
        $fault->{sound} ne 'same' ? "sound $fault->{sound}" : (),
        $fault->{size} ne '854x480' ? $fault->{size} : ();
}

sub run {
    my ($sdk) = @_;
    my $film = film(seconds => $SECONDS);
    my $in = film_facts($film);
    my $clips = ceil($SECONDS / $CLIP);
    my (@rows, @bars);
    for (@ROWS) {
        my ($latency, $concurrency) = /^([\d.]+)x(\d+)$/ or die "BENCH_ROWS: LATENCYxCONCURRENCY is expected, not $_\n";
        my $floor = ceil($clips / $concurrency) * $latency;
        say_so("tasks of $latency s, $concurrency at once: floor $floor s");
        my $filter = by_filter($latency, $concurrency, $film, $in);
        my $script = $sdk ? by_script($latency, $concurrency, $film, $in, $sdk) : undef;
        my %row = (latency => $latency, concurrency => $concurrency, clips => $clips, floor => $floor,
            filter => $filter, script => $script);
        push @rows, \%row;
        my $name = "tasks of $latency s, $concurrency at once";
        push @bars, bar("$name: wall time", $filter->{wall}, 1.1 * $floor + $POLL) if $latency >= 10;
        push @bars, bar("$name: ahead of the script", $filter->{wall}, $script->{wall}) if $script;
        push @bars, bar("$name: 5 s between two reads of a task", -$filter->{least_gap}, -4.99)
            if defined $filter->{least_gap};
    }
    print "\nWall time: $SECONDS s of film, 854x480, $clips clips of $CLIP s\n\n";
    table(
        ['task', 'at once', 'floor', 'filter', '/floor', 'script', '/floor', 'script/filter', 'reads', 'gap', 'filter got wrong', 'script got wrong'],
        map {
            my ($f, $s) = @$_{qw(filter script)};
            [
                "$_->{latency} s", $_->{concurrency}, sprintf('%.0f s', $_->{floor}),
                sprintf('%.1f s', $f->{wall}), sprintf('%.2f', $f->{wall} / $_->{floor}),
                $s ? (sprintf('%.1f s', $s->{wall}), sprintf('%.2f', $s->{wall} / $_->{floor}),
                    sprintf('%.2f', $s->{wall} / $f->{wall})) : ('-') x 3,
                $s ? "$f->{reads}:$s->{reads}" : $f->{reads},
                defined $f->{least_gap} ? sprintf('%.1f s', $f->{least_gap}) : '-',
                said($f) || 'nothing', $s ? said($s) || 'nothing' : '-',
            ]
        } @rows);
    return { rows => \@rows, bars => \@bars, seconds => $SECONDS, clip_duration => $CLIP };
}

1;
