# How visible the joints of clips are: the film that comes out beside the one
# that went in, against a service whose clips each have a colour, a light and a
# placement of their own (the simulator's --drift). tests/bench/seams.c says
# what is measured.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchSeams;
use strict;
use warnings;

use File::Path qw(make_path);

use Bench;
use RunwayTest;

my @SEEDS = split ' ', $ENV{BENCH_SEEDS} // '1 2 3 4 5';
my $CLIP = 5;
my $SECONDS = 20;
# x264's quality of the clips that are sent, and of results. Each begins with a
# keyframe, and at the usual 18 and 14 that alone makes joints stronger than usual
# steps, with no drift and no treatment: of three joints of a real film the median
# was 2.06, the worst 2.64; 1.97 and 2.29 with better results only, 1.52 and 1.54
# with both. What the encoders do is no part of this measure.
my ($SENT_CRF, $RESULT_CRF) = (4, 1);
my ($WIDTH, $HEIGHT) = (854, 480);

# What drifts, and how it is treated.
my @DRIFTS = (['', 'nothing'], ['tone', 'tone'], ['tone,field,place,grain', 'all']);
my @TREATMENTS = map {
        my ($seam, $overlap) = /^(\w+)(?::overlap=(.*))?$/ or die "BENCH_TREATMENTS: $_ is none\n";
        { name => $_, seam => $seam, $overlap ? (overlap => $overlap) : () }
    } split ' ', $ENV{BENCH_TREATMENTS} // 'none match';

# A film as raw pictures, for the program that measures.
sub raw {
    my ($film) = @_;
    my $path = "$film.yuv";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $film, qw(-map 0:v:0 -pix_fmt yuv420p -f rawvideo),
        $path], timeout => 600);
    die "cannot read $film: $run->{err}\n" if $run->{status};
    return $path;
}

# Where clips meet: the frames that begin one, or all that two of them show and the
# first that one alone shows.
sub joints {
    my ($overlap) = @_;
    my $shared = int(24 * ($overlap // 0) + 0.5);
    my $length = 24 * $CLIP - $shared;
    return map { [$length * $_ .. $length * $_ + $shared] } 1 .. (24 * $SECONDS - 1 - $shared) / $length;
}

# What the program says of each joint: the strongest step of those that make it.
sub figures {
    my ($program, $source, $path, @joints) = @_;
    my $run = run_cmd([$program, $WIDTH, $HEIGHT, $source, $path, map { @$_ } @joints], timeout => 600);
    die "seams: $run->{err}\n" if $run->{status};
    my %at = map { defined $_->{joint} ? ($_->{joint} => $_) : () } map { JSON::PP::decode_json($_) } split /\n/, $run->{out};
    my @figures;
    for my $joint (@joints) {
        my @steps = grep { $_ && !$_->{cut} } @at{@$joint} or next;
        my %figure = %{ $steps[@steps / 2] };
        ($figure{ratio}) = sort { $b <=> $a } map { $_->{ratio} } @steps;
        push @figures, \%figure;
    }
    return @figures;
}

# Each joint's picture before and behind, one beside the other, for a person.
sub picture {
    my ($film, $joint, $path) = @_;
    my ($last, $next) = ($joint - 1, $joint);
    run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $film, '-vf',
        "select='between(n,$last,$next)',tile=2x1", '-frames:v', 1, $path], timeout => 600);
}

sub run {
    my $program = "$BUILD/bench/seams";
    make_path("$BUILD/bench");
    my $made = run_cmd(['sh', '-c', "\${CC:-cc} -O2 -o '$program' '$ROOT/tests/bench/seams.c' -lm"]);
    die "seams.c: $made->{err}\n" if $made->{status};
    my $film = film(size => "${WIDTH}x$HEIGHT", seconds => $SECONDS);
    my $source = raw($film);
    my (@rows, %worst);
    for my $drift (@DRIFTS) {
        for my $treatment (@TREATMENTS) {
            my %all;
            for my $seed ($drift->[0] ? @SEEDS : $SEEDS[0]) {
                say_so("seams: drift of $drift->[1], $treatment->{name}, seed $seed");
                my $sim = started('--latency' => 0, '--seed' => $seed, '--result-crf' => $RESULT_CRF,
                    $drift->[0] ? ('--drift' => $drift->[0]) : ());
                my $out = "$TMP/seams-$drift->[1]-$treatment->{seam}-$seed.mkv";
                measure(filter_args($sim, $film, { clip_duration => $CLIP, scene => 0, poll_interval => 0.1,
                    encoder_opts => "crf=$SENT_CRF", map { ($_ => $treatment->{$_}) } grep { $_ ne 'name' } keys %$treatment },
                    qw(-map 0:v:0 -c:v libx264 -preset ultrafast -crf 6), $out), env => service_env($sim));
                my $path = raw($out);
                my @joints = joints($treatment->{overlap});
                for my $figures (figures($program, $source, $path, @joints)) {
                    push @{ $all{$_} }, $figures->{$_} // () for qw(ratio near step sharp);
                }
                if ($seed == $SEEDS[0]) {
                    make_path("$BUILD/bench/joints");
                    picture($out, $_->[0], "$BUILD/bench/joints/$drift->[1]-$treatment->{seam}-$_->[0].png") for @joints;
                }
                unlink $out, $path;
            }
            my ($median, $most) = (median(@{ $all{ratio} }), (sort { $b <=> $a } @{ $all{ratio} })[0]);
            my %row = (drift => $drift->[1], seam => $treatment->{name}, ratio => $median, worst => $most,
                near => median(@{ $all{near} }), step => (sort { $b <=> $a } @{ $all{step} })[0],
                sharp => (sort { $a <=> $b } @{ $all{sharp} })[0]);
            push @rows, \%row;
            $worst{$drift->[1]}{$treatment->{seam}} = \%row;
        }
    }
    print "\nJoints: $SECONDS s in clips of $CLIP s, ${WIDTH}x$HEIGHT, " . @SEEDS . " seeds; pictures in $BUILD/bench/joints/\n\n";
    table(['drift', 'seam', 'median', 'worst', 'near', 'step', 'sharp'],
        map { my $r = $_; [@$r{qw(drift seam)}, map { sprintf '%.2f', $r->{$_} } qw(ratio worst near step sharp)] } @rows);
    my @bars;
    if (my $matched = $worst{tone}{match}) {
        push @bars, bar('seam=match, drift in tone: median joint', $matched->{ratio}, 1.6),
            bar('seam=match, drift in tone: worst joint', $matched->{worst}, 2.5);
    }
    if ($worst{all}{match} && $worst{all}{none}) {
        push @bars, bar('seam=match, all drifts: part of an untreated joint', $worst{all}{match}{ratio} / $worst{all}{none}{ratio}, 0.25);
    }
    if (my $blend = $worst{all}{blend}) {
        push @bars, bar('seam=blend: median joint', $blend->{ratio}, 1.2), bar('seam=blend: worst joint', $blend->{worst}, 1.6),
            bar('seam=blend: softness', 1 / $blend->{sharp}, 1 / 0.9), bar('seam=blend: step', $blend->{step}, 1.5);
    }
    return { rows => \@rows, bars => \@bars, clip_duration => $CLIP, seconds => $SECONDS, seeds => \@SEEDS };
}

1;
