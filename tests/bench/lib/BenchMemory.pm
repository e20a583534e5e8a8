# What the filter holds: peak memory over the same transcode without it, and
# temporary files, for films of several lengths. Tasks take no time, so that
# all that is held is what the filter cannot do without.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchMemory;
use strict;
use warnings;

use Bench;
use BenchTimes qw(median verdict);
use RunwayTest;

my @SIZES = split ' ', $ENV{BENCH_SIZES} // '854x480 1920x1080';
my @SECONDS = split ' ', $ENV{BENCH_SECONDS} // '10 60 600';
my $CLIP = 10; # seconds
my $LATENCY = $ENV{BENCH_LATENCY} // 0;
my $TIMES = $ENV{BENCH_TIMES} || 3;

my %LIMIT = ('854x480' => 48, '1920x1080' => 160);   # MiB over the transcode
my $GROWTH = 8;                                     # MiB from a minute to ten

my @OUTPUT = qw(-c:v libx264 -preset ultrafast -c:a copy);

# One turn with a film: MiB, and what the filter left on disk.
sub turn {
    my ($film, $result) = @_;
    my $out = "$TMP/memory.mp4";
    my $plain = measure([$FFMPEG, qw(-hide_banner -nostdin -nostats -benchmark -y -i), $film, @OUTPUT, $out]);
    my $sim = started('--latency' => $LATENCY, '--result-file' => $result);
    my $run = measure(filter_args($sim, $film, { poll_interval => 0.5, clip_duration => $CLIP, seam => 'none', scene => 0 }, @OUTPUT, $out), env => service_env($sim),
        tmp => "$TMP/memory.tmp");
    my $clips = () = $sim->events('billed');
    my $frames = film_facts($out)->{frames};
    unlink $out;
    return {
        plain => $plain->{peak_kib} / 1024, filter => $run->{peak_kib} / 1024,
        over => ($run->{peak_kib} - $plain->{peak_kib}) / 1024, temp_mib => $run->{temp_bytes} / 1048576,
        temp_files => $run->{temp_files}, clips => $clips, wall => $run->{wall}, frames => $frames,
    };
}

# The median of each figure.
sub middle {
    my (@turns) = @_;
    return { map { my $figure = $_; ($figure => median(map { $_->{$figure} } @turns)) } keys %{ $turns[0] } };
}

sub one {
    my ($size, $seconds) = @_;
    my $film = looped($size, $seconds);
    say_so("memory, $seconds s of $size, $TIMES times");
    my $result = result($film, $CLIP);
    my @turns = map { turn($film, $result) } 1 .. $TIMES;
    unlink $film, $result;
    return { size => $size, seconds => $seconds, %{ middle(@turns) }, turns => \@turns };
}

sub run {
    my (@rows, @bars);
    for my $size (@SIZES) {
        my %over;
        for my $seconds (@SECONDS) {
            my $row = one($size, $seconds);
            push @rows, $row;
            $over{$seconds} = $row->{over};
            push @bars, $row->{bar} = bar("memory, $seconds s of $size: MiB over the transcode", $row->{over}, $LIMIT{$size})
                if $LIMIT{$size};
        }
        push @bars, bar("memory, $size: MiB from a minute to ten", $over{600} - $over{60}, $GROWTH)
            if defined $over{600} && defined $over{60};
    }
    print "\nPeak memory, MiB, and temporary files, median of $TIMES: the same transcode without and with the filter\n\n";
    table(
        ['film', 'without', 'with', 'over', 'temporary', 'files', 'clips', 'took'],
        map {
            ["$_->{seconds} s of $_->{size}", (map { sprintf '%.1f', $_ } @$_{qw(plain filter)}),
                $_->{bar} ? verdict($_->{bar}, '%.1f') : sprintf('%.1f', $_->{over}), sprintf('%.1f', $_->{temp_mib}), $_->{temp_files},
                $_->{clips}, sprintf('%.0f s', $_->{wall})]
        } @rows);
    return { rows => \@rows, bars => \@bars, latency => $LATENCY };
}

1;
