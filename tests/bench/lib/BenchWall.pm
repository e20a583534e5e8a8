# How long it takes: against the floor, which is the provider's own time, and
# beside the script that a user would otherwise write, by turns, so that a busy
# machine is as busy for both; figures are medians, ratios those of a turn. All
# results are made beforehand.
#
#   idle    the longest that the provider had a place free and a clip waited
#   free    the same, whether a clip waited or was still to be read
#   tail    from the last task's success, as read, to the end of the process, less
#           decoding and encoding one clip
#   floor = ceil(clips / concurrency) x task latency
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchWall;
use strict;
use warnings;

use File::Path qw(make_path);
use POSIX qw(ceil);

use Bench;
use BenchTimes qw(idle tail ratios utc verdict);
use RunwayTest;

my $SECONDS = $ENV{BENCH_FILM} || 30; # of film
my $CLIP = 5;           # seconds
my $CLIPS = $SECONDS / $CLIP;
my $TIMES = $ENV{BENCH_TIMES} || 3;

# As fast as encoders are: what is measured is not how the user encodes.
my @OUTPUT = qw(-c:v libx264 -preset ultrafast);

# LATENCYxCONCURRENCY
my @ROWS = split ' ', $ENV{BENCH_ROWS} // '5x4 10x4 10x5 20x4';

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

# A simulator that finds its results made, once they were.
sub simulator {
    my ($latency, $concurrency) = @_;
    local $ENV{BENCH_RESULTS} = "$TMP/results";
    make_path($ENV{BENCH_RESULTS});
    return started('--latency' => $latency, '--renderers' => $concurrency, '--ffmpeg' => "$ROOT/tests/bench/render-once");
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

# What decoding and encoding a clip's worth of the film takes now, beside
# whatever else this machine does.
sub work_of_a_clip {
    my ($film, $out) = @_;
    return measure([$FFMPEG, qw(-hide_banner -nostdin -nostats -v error -y -ss), $SECONDS - $CLIP, '-i', $film,
        qw(-map 0:v:0), @OUTPUT, $out])->{wall};
}

sub by_filter {
    my ($latency, $concurrency, $film, $in) = @_;
    my $sim = simulator($latency, $concurrency);
    my $zero = simulator_zero($sim);
    my ($out, $events) = map { "$TMP/wall-filter.$_" } qw(mp4 jsonl);
    unlink $events;
    my $run = measure(filter_args($sim, $film, { clip_duration => $CLIP, concurrency => $concurrency, log_path => $events },
        @OUTPUT, qw(-c:a copy), $out), env => service_env($sim));
    my @planned = map { utc($_->{time}) - $zero } grep { $_->{event} eq 'planned' } map { decode($_) } split /\n/, slurp($events);
    my @log = $sim->log;
    my $facts = facts($run, $sim, $out, $in, 854);
    return {
        %$facts, idle => idle(\@log, \@planned, $concurrency), free => idle(\@log, [], $concurrency),
        tail => tail(\@log, $run->{end} - $zero, work_of_a_clip($film, "$TMP/wall-work.mp4")),
    };
}

sub by_script {
    my ($latency, $concurrency, $film, $in, $sdk) = @_;
    my $sim = simulator($latency, $concurrency);
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

# The bars of issue and README: of the floor, by seconds of a task.
sub most_of_floor { $_[0] >= 20 ? 1.10 : $_[0] >= 10 ? 1.25 : undef }

# Of the script's time.
sub most_of_script { $_[0] == 10 ? 0.8 : 1 }

# What the turns of a row come to, with its bars.
sub judge {
    my ($latency, $concurrency, $floor, $filter, $script) = @_;
    my $name = "tasks of $latency s, $concurrency at once";
    my %row = (latency => $latency, concurrency => $concurrency, floor => $floor, filter => $filter, script => $script,
        wall => median(map { $_->{wall} } @$filter), of_floor => median(map { $_->{wall} / $floor } @$filter),
        (map { my $what = $_; ($what => median(grep { defined } map { $_->{$what} } @$filter)) } qw(idle free)),
        tail => median(map { $_->{tail} } @$filter));
    ($row{least_gap}) = sort { $a <=> $b } grep { defined } map { $_->{least_gap} } @$filter;
    my $most = most_of_floor($latency);
    $row{bars}{of_floor} = bar("$name: of the floor", $row{of_floor}, $most) if $most;
    if ($script) {
        $row{script_wall} = median(map { $_->{wall} } @$script);
        $row{script_of_floor} = $row{script_wall} / $floor;
        $row{of_script} = median(ratios(map { [map { $_->{wall} } @$_] } $filter, $script));
        $row{bars}{of_script} = bar("$name: of the script", $row{of_script}, most_of_script($latency));
    }
    $row{bars}{idle} = bar("$name: idle", $row{idle}, 0.2) if defined $row{idle};
    # the last clip alone, so that results are ready in order
    $row{bars}{tail} = bar("$name: tail", $row{tail}, 1) if $CLIPS % $concurrency == 1 || $concurrency == 1;
    $row{bars}{least_gap} = bar("$name: 5 s between two reads of a task", -$row{least_gap}, -4.99) if defined $row{least_gap};
    return \%row;
}

sub shown {
    my ($row, $name, $format) = @_;
    return verdict($row->{bars}{$name}, $format) if $row->{bars}{$name};
    return defined $row->{$name} ? sprintf($format, $row->{$name}) : '-';
}

sub cells {
    my ($row) = @_;
    my ($f, $s) = ($row->{filter}[0], ($row->{script} || [])->[0]);
    return [
        "$row->{latency} s", $row->{concurrency}, sprintf('%.0f s', $row->{floor}), sprintf('%.1f s', $row->{wall}),
        shown($row, 'of_floor', '%.2f'), shown($row, 'script_of_floor', '%.2f'), shown($row, 'of_script', '%.2f'),
        map({ shown($row, $_, '%.2f') } qw(idle free tail)),
        $s ? "$f->{reads}:$s->{reads}" : $f->{reads}, defined $row->{least_gap} ? sprintf('%.1f s', $row->{least_gap}) : '-',
        said($f) || 'nothing', $s ? said($s) || 'nothing' : '-',
    ];
}

our @HEAD = ('task', 'at once', 'floor', 'filter', '/floor', 'script/floor', 'filter/script', 'idle, s', 'free, s', 'tail, s', 'reads', 'gap',
    'filter got wrong', 'script got wrong');

sub run {
    my ($sdk) = @_;
    my $film = film(seconds => $SECONDS);
    my $in = film_facts($film);
    my @rows;
    say_so('making the results beforehand');
    by_filter(0, $CLIPS, $film, $in);
    by_script(0, $CLIPS, $film, $in, $sdk) if $sdk;
    for (@ROWS) {
        my ($latency, $concurrency) = /^([\d.]+)x(\d+)$/ or die "BENCH_ROWS: LATENCYxCONCURRENCY is expected, not $_\n";
        my $floor = ceil($CLIPS / $concurrency) * $latency;
        my (@filter, @script);
        for my $turn (1 .. $TIMES) {
            say_so("tasks of $latency s, $concurrency at once: floor $floor s, turn $turn");
            push @filter, by_filter($latency, $concurrency, $film, $in);
            push @script, by_script($latency, $concurrency, $film, $in, $sdk) if $sdk;
        }
        push @rows, judge($latency, $concurrency, $floor, \@filter, $sdk ? \@script : undef);
    }
    print "\nWall time: $SECONDS s of film, 854x480, $CLIPS clips of $CLIP s, $TIMES turns, medians\n\n";
    table(\@HEAD, map { cells($_) } @rows);
    return { rows => \@rows, bars => [map { values %{ $_->{bars} } } @rows], seconds => $SECONDS, clip_duration => $CLIP };
}

1;
