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

# A landscape to pan over, with soft light and things that cross it. No numbers in a
# corner: they would be most of the motion of every frame.
our $DRAWN = "gradients=s=${WIDTH}x$HEIGHT:r=24:c0=0x205080:c1=0xd0b060:c2=0x407030:n=3:speed=0.01:seed=7,format=yuv420p[light];"
    . 'color=gray:s=1280x640:r=24,format=yuv420p,noise=c0s=90:all_seed=3,gblur=sigma=2.5,trim=end_frame=1,loop=-1:1,setpts=N/24/TB,'
    . "crop=$WIDTH:$HEIGHT:x='(iw-ow)/2+180*sin(t/3)':y='(ih-oh)/2+70*cos(t/4)'[leaves];"
    . '[light][leaves]blend=c0_mode=grainmerge[land];'
    . thing('0xb04030', '150x190') . "[near];[land][near]overlay=x='W/2+W/3*sin(t/2)':y='H/2+40*sin(t)':shortest=1[crossed];"
    . thing('0xf0e8d0', '100x100') . "[far];[crossed][far]overlay=x='(W+w)*mod(t/12,1)-w':y='H/5':shortest=1";

# Something round with edges as a lens sees them. Upright ones would all cross the
# measure's grid at once, as nothing in a real film does, and an edge within a pixel
# would cross it in one frame: both look like joints where there is none.
sub thing {
    my ($colour, $size) = @_;
    return "color=$colour:s=$size:r=24,format=yuva420p,trim=end_frame=1,"
        . "geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='255*clip(4-4*hypot(2*X/W-1,2*Y/H-1),0,1)',loop=-1:1,setpts=N/24/TB";
}

# What drifts, and how it is treated.
my @DRIFTS = grep { my $name = $_->[1]; grep { $_ eq $name } split ' ', $ENV{BENCH_DRIFTS} // $name }
    (['', 'nothing'], ['tone', 'tone'], ['tone,field,place,grain', 'all']);
my @TREATMENTS = map {
        my ($seam, $overlap) = /^(\w+)(?::overlap=(.*))?$/ or die "BENCH_TREATMENTS: $_ is none\n";
        { name => $_, seam => $seam, $overlap ? (overlap => $overlap) : () }
    } split ' ', $ENV{BENCH_TREATMENTS} // 'none match blend:overlap=0.25';

# The frames of a film, for the program that measures.
my @RAW = qw(-map 0:v:0 -pix_fmt yuv420p -f rawvideo);

# Where clips meet: the frames that begin one, or all that two of them show and the
# first that one alone shows.
sub joints {
    my ($overlap) = @_;
    my $shared = int(24 * ($overlap // 0) + 0.5);
    my $length = 24 * $CLIP - $shared;
    return map { [$length * $_ .. $length * $_ + $shared] } 1 .. (24 * $SECONDS - 1 - $shared) / $length;
}

# What the program says of each joint, of its strongest step; and of the frames in
# the middle of clips, where there is no joint to be found.
sub figures {
    my ($program, $source, $path, @joints) = @_;
    my @inside = map { $_->[0] - 12 * $CLIP } @joints;
    my $run = run_cmd([$program, $WIDTH, $HEIGHT, $source, $path, (map { @$_ } @joints), map { -$_ } @inside], timeout => 600);
    die "seams: $run->{err}\n" if $run->{status};
    my @lines = map { JSON::PP::decode_json($_) } split /\n/, $run->{out};
    my %at = map { defined $_->{joint} ? ($_->{joint} => $_) : () } @lines;
    my @figures;
    for my $joint (@joints) {
        my @steps = grep { $_ && !$_->{cut} } @at{@$joint} or next;
        my %figure = %{ $steps[@steps / 2] };
        ($figure{ratio}) = sort { $b <=> $a } map { $_->{ratio} } @steps;
        push @figures, \%figure;
    }
    return (\@figures, [map { defined $_->{inside} && !$_->{cut} ? $_->{ratio} : () } @lines]);
}

# A joint's pictures, one beside the other, for a person: the last that the clip
# before it alone shows, and the first that is the later clip's alone.
sub picture {
    my ($film, $joint, $path) = @_;
    my ($last, $next) = ($joint->[0] - 1, $joint->[-1]);
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f rawvideo -video_size), "${WIDTH}x$HEIGHT", '-i', $film, '-vf',
        "select='eq(n,$last)+eq(n,$next)',tile=2x1", '-frames:v', 1, $path], timeout => 600);
    die "seams: no picture: $run->{err}\n" if $run->{status};
}

sub most { return (sort { $b <=> $a } @_)[0] }
sub least { return (sort { $a <=> $b } @_)[0] }

# All treatments of a film that has been through a service, by its name: figures of
# each joint, added to @{ $all->{name}{figure} }. The clips are bought once.
sub treat {
    my ($program, $film, $source, $drift, $seed, $all) = @_;
    my $sim = started('--latency' => 0, '--seed' => $seed, '--result-crf' => $RESULT_CRF, $drift->[0] ? ('--drift' => $drift->[0]) : ());
    my $env = service_env($sim);
    for my $treatment (@TREATMENTS) {
        say_so("seams: drift of $drift->[1], $treatment->{name}, seed $seed");
        my $out = "$TMP/seams.yuv";
        my $run = measure(filter_args($sim, $film, { clip_duration => $CLIP, scene => 0, poll_interval => 0.1, encoder_opts => "crf=$SENT_CRF",
            map { ($_ => $treatment->{$_}) } grep { $_ ne 'name' } keys %$treatment }, @RAW, $out), env => $env);
        my @joints = joints($treatment->{overlap});
        my ($figures, $inside) = figures($program, $source, $out, @joints);
        my $to = $all->{$treatment->{name}} //= {};
        for my $figure (@$figures) {
            push @{ $to->{$_} }, $figure->{$_} // () for qw(ratio near step sharp);
        }
        push @{ $to->{inside} }, @$inside;
        push @{ $to->{joints} }, map { { seed => $seed, %$_ } } @$figures;
        push @{ $to->{$_} }, $run->{$_} for qw(cpu peak_kib);
        if ($seed == $SEEDS[0]) {
            make_path("$BUILD/bench/joints");
            picture($out, $_, "$BUILD/bench/joints/$drift->[1]-$treatment->{seam}-$_->[0].png") for @joints;
        }
        unlink $out;
    }
}

# What a treatment costs, beside what it is allowed to: processor time for each second
# that is corrected, beside an encode of a second of the film with x264's preset
# veryfast; and peak memory, beside that of one decoder and one encoder. What clips
# share is sent, checked and read twice: that is the price of the overlap, and not
# of the correction, so as much as that costs elsewhere is taken off.
sub costs {
    my ($film, $all) = @_;
    my $plain = sub { measure([$FFMPEG, qw(-hide_banner -nostdin -nostats -benchmark -v info -y -i), $film, qw(-map 0:v:0), @_]) };
    my $decode = $plain->(qw(-f null -));
    my $veryfast = $plain->(qw(-c:v libx264 -preset veryfast -f null -));
    my $nothing = $plain->(qw(-frames:v 1 -c:v rawvideo -threads 1 -f null -));
    my $written = $plain->(@RAW, "$TMP/seams.yuv");
    unlink "$TMP/seams.yuv";
    my $second = ($veryfast->{cpu} - $decode->{cpu}) / $SECONDS;
    my $clip_second = (median(@{ $all->{none}{cpu} }) - $written->{cpu}) / $SECONDS;
    my @bars;
    for my $treatment (grep { $_->{seam} ne 'none' } @TREATMENTS) {
        my $shared = $treatment->{overlap} // 0;
        my @joints = joints($shared);
        my $corrected = 0;
        $corrected += least(4 + $shared, $SECONDS - $_->[0] / 24) for @joints;
        my $more = sub { my ($of) = @_; return median(@{ $all->{$treatment->{name}}{$of} }) - median(@{ $all->{none}{$of} }) };
        push @bars, bar("seam=$treatment->{seam}: processor time of a corrected second, part of x264 veryfast's",
                ($more->('cpu') - $clip_second * $shared * @joints) / $corrected / $second, 1),
            bar("seam=$treatment->{seam}: more peak memory, part of a decoder's and an encoder's",
                $more->('peak_kib') / ($veryfast->{peak_kib} - $nothing->{peak_kib}), 1);
    }
    return @bars;
}

sub run {
    my $program = "$BUILD/bench/seams";
    make_path("$BUILD/bench");
    my $made = run_cmd(['sh', '-c', "\${CC:-cc} -O2 -o '$program' '$ROOT/tests/bench/seams.c' -lm"]);
    die "seams.c: $made->{err}\n" if $made->{status};
    my $film = film(size => "${WIDTH}x$HEIGHT", seconds => $SECONDS, plain => 1, drawn => $DRAWN);
    my $source = "$TMP/seams-source.yuv";
    my $read = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $film, @RAW, $source], timeout => 600);
    die "cannot read $film: $read->{err}\n" if $read->{status};
    my (@rows, @inside, @corrected, @costs, %of);
    for my $drift (@DRIFTS) {
        my %all;
        treat($program, $film, $source, $drift, $_, \%all) for $drift->[0] ? @SEEDS : $SEEDS[0];
        @costs = costs($film, \%all) if $all{none} && $drift == $DRIFTS[-1];
        for my $treatment (@TREATMENTS) {
            my $figures = $all{$treatment->{name}};
            my %row = (drift => $drift->[1], seam => $treatment->{name}, ratio => median(@{ $figures->{ratio} }),
                worst => most(@{ $figures->{ratio} }), near => median(@{ $figures->{near} }), step => most(@{ $figures->{step} }),
                sharp => least(@{ $figures->{sharp} }), joints => $figures->{joints});
            push @rows, \%row;
            $of{$drift->[1]}{$treatment->{seam}} = \%row;
            # a correction that fades is a change that the source does not make
            push @{ $treatment->{seam} eq 'none' ? \@inside : \@corrected }, @{ $figures->{inside} };
        }
    }
    print "\nJoints: $SECONDS s in clips of $CLIP s, ${WIDTH}x$HEIGHT, " . @SEEDS . " seeds; pictures in $BUILD/bench/joints/\n\n";
    table(['drift', 'seam', 'median', 'worst', 'near', 'step', 'sharp'],
        map { my $r = $_; [@$r{qw(drift seam)}, map { sprintf '%.2f', $r->{$_} } qw(ratio worst near step sharp)] } @rows);
    my @bars;
    for (['untreated clips', @inside], ['clips that are corrected', @corrected]) {
        my ($of, @ratios) = @$_;
        printf "Where there is no joint, in %s: %.2f to %.2f\n", $of, least(@ratios), most(@ratios) if @ratios;
    }
    print "\n";
    push @bars, bar('no joint is found where there is none', most(@inside), 1.5),
        bar('no joint is found where there is none: inverse of the least', 1 / least(@inside), 1 / 0.7) if @inside;
    if (my $matched = $of{tone}{match}) {
        push @bars, bar('seam=match, drift in tone: median joint', $matched->{ratio}, 1.6),
            bar('seam=match, drift in tone: worst joint', $matched->{worst}, 2.5);
    }
    if ($of{all}{match} && $of{all}{none}) {
        push @bars, bar('seam=match, all drifts: part of an untreated joint', $of{all}{match}{ratio} / $of{all}{none}{ratio}, 0.25);
    }
    if (my $blend = $of{all}{blend}) {
        push @bars, bar('seam=blend: median joint', $blend->{ratio}, 1.2), bar('seam=blend: worst joint', $blend->{worst}, 1.6),
            bar('seam=blend: softness', 1 / $blend->{sharp}, 1 / 0.9), bar('seam=blend: step', $blend->{step}, 1.5);
    }
    push @bars, @costs;
    return { rows => \@rows, bars => \@bars, inside => \@inside, corrected => \@corrected, clip_duration => $CLIP, seconds => $SECONDS, seeds => \@SEEDS };
}

1;
