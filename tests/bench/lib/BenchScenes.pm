# What scene=auto costs and what it is good for: credits in whole seconds, as they
# are billed, and joints of clips that are not on a cut of the film, with scene=0
# and scene=auto. Plans only: nothing is sent.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package BenchScenes;
use strict;
use warnings;

use POSIX qw(ceil);

use Bench;
use RunwayTest;

my $MODEL = 'aleph2';
my $A_SECOND = 28;          # credits of a second of its output
my @CLIPS = (5, 10);        # seconds
# a cut, as scene=auto has it
my $CUT = 10;

# Films with cuts: shots of so many seconds in the mean, as unlike as those of
# films are, each another picture than the one before.
my %DRAWN = ('short shots' => 3, 'long shots' => 8);
my $SECONDS = 300;
my @PICTURES = ('testsrc2', 'smptehdbars', 'color=c=0x204060', 'gradients=c0=white:c1=orange:speed=0.01', 'rgbtestsrc');

sub lengths {
    my ($mean) = @_;
    my ($state, $sum, @lengths) = (1, 0);
    my $draw = sub { ($state = ($state * 1103515245 + 12345) % 2**31) / 2**31 };
    while ($sum < $SECONDS) {
        push @lengths, $mean * (0.2 - 0.8 * log(1 - $draw->()));
        $sum += $lengths[-1];
    }
    return @lengths;
}

sub drawn {
    my ($name) = @_;
    my $list = "$TMP/scenes-" . $name =~ s/ /-/r . '.txt';
    my @lengths = lengths($DRAWN{$name});
    my ($longest) = sort { $b <=> $a } @lengths;
    for (0 .. $#PICTURES) {
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i),
            $PICTURES[$_] . ($PICTURES[$_] =~ /=/ ? ':' : '=') . "s=320x180:r=24", '-t', $longest + 1,
            qw(-pix_fmt yuv420p -c:v ffv1 -g 1), "$TMP/scenes-$_.mkv"], timeout => 600);
        die "scenes: $run->{err}\n" if $run->{status};
    }
    spew($list, join '', map { sprintf "file 'scenes-%d.mkv'\ninpoint 0\noutpoint %.6f\n", $_ % @PICTURES,
        int($lengths[$_] * 24) / 24 } 0 .. $#lengths);
    return $list;
}

sub input_of { return $_[0] =~ /\.txt$/ ? (qw(-f concat -i), $_[0]) : ('-i', $_[0]) }

# Times of the frames that begin another shot.
sub cuts {
    my ($film) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error), input_of($film), qw(-map 0:v:0 -vf),
        "scdet=threshold=$CUT:sc_pass=1,metadata=print:file=-", qw(-f null -)], timeout => 600);
    die "scenes: $run->{err}\n" if $run->{status};
    return $run->{out} =~ /^frame:.*pts_time:([\d.]+)$/mg;
}

# The plan: where clips begin, and what each costs in whole seconds.
sub plan {
    my ($film, $scene, $clip) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v info), input_of($film), qw(-map 0:v:0 -vf),
        "runway_v2v=dry_run=1:prompt=echo:model=$MODEL:provider=runway:scene=$scene:clip_duration=$clip", qw(-f null -)], timeout => 600);
    die "scenes: $run->{err}\n" if $run->{status};
    my @clips = $run->{err} =~ /plan: clip \d+ \(([\d.]+)-[\d.]+ s\): ([\d.]+) s sent/g;
    my ($credits, @starts) = 0;
    while (my ($start, $sent) = splice @clips, 0, 2) {
        push @starts, $start;
        $credits += $A_SECOND * ceil($sent - 0.01);
    }
    return { credits => $credits, starts => \@starts };
}

sub run {
    my @films = ((map { ([$_, drawn($_)]) } sort keys %DRAWN), [$Bench::INPUT ? ('the film', $Bench::INPUT) : ('without cuts', film())]);
    my (@rows, @bars);
    for (@films) {
        my ($name, $path) = @$_;
        say_so("scenes: $name");
        my @cuts = cuts($path);
        for my $clip (@CLIPS) {
            my %row = (film => $name, clip => $clip, cuts => scalar @cuts);
            for my $scene ('0', 'auto') {
                my $plan = plan($path, $scene, $clip);
                my (undef, @joints) = @{ $plan->{starts} };
                $row{"credits_$scene"} = $plan->{credits};
                $row{"joints_$scene"} = scalar @joints;
                $row{"seen_$scene"} = grep { my $joint = $_; !grep { abs($_ - $joint) < 0.02 } @cuts } @joints;
            }
            $row{rise} = 100 * ($row{credits_auto} / $row{credits_0} - 1);
            push @rows, \%row;
        }
    }
    print "\nscene=0 and scene=auto: credits of $MODEL in whole seconds, and joints that are not on a cut\n\n";
    table(['film', 'cuts', 'clip', 'credits', 'auto', 'rise', 'joints', 'no cut', 'joints, auto', 'no cut'],
        map { [@$_{qw(film cuts)}, "$_->{clip} s", @$_{qw(credits_0 credits_auto)}, sprintf('%.1f %%', $_->{rise}),
            @$_{qw(joints_0 seen_0 joints_auto seen_auto)}] } @rows);
    # what the default is decided by: it stays 0 while one of these is missed
    return { rows => \@rows, bars => [map { bar("scene=auto, $_->{film}, clips of $_->{clip} s: credits", 1 + $_->{rise} / 100, 1.05) } @rows] };
}

1;
