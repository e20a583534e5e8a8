# Films whose clips are generated independently, and what the filter makes of their
# joints:
#
#   my $film = film('moving', moving());            # lossless, of a lavfi graph
#   my $run = treated($sim, 'name', $film, \%BLEND); # and it has to go well
#   joints($run)                                    # { frame, seam } of each
#   all_ways('moving', $film)                       # none, match, blend
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package SeamTest;
use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use FilterTest;
use RunwayTest;

our @EXPORT = qw($W $H %OPTIONS %BLEND moving film options_of treated all_ways joints ratios frames_md5);

our ($W, $H) = (256, 144);
# one clip after the other: what drifts follows from the number of the task
our %OPTIONS = (concurrency => 1, prompt => 'echo', model => 'aleph2', provider => 'runway', clip_duration => 2);
our %BLEND = (seam => 'blend', overlap => 0.25);

# A picture that moves slowly and has every level in it.
sub moving {
    my (%opt) = @_;
    my $rate = $opt{rate} // 24;
    return sprintf 'gradients=s=%s:r=%s:d=%s:c0=0x205080:c1=0xd0b060:c2=0x407030:n=3:speed=%s:seed=7', $opt{size} // "${W}x$H", $rate,
        $opt{seconds} // 6, 0.24 / eval $rate;
}

# In Matroska, whose times are rounded to milliseconds, or another container.
sub film {
    my ($name, $graph, $format, $range, $container) = @_;
    my $path = "$TMP/$name." . ($container // 'mkv');
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i), $graph, '-pix_fmt', $format // 'yuv420p',
        qw(-c:v ffv1 -fps_mode passthrough -colorspace bt709 -color_range), $range // 'tv',
        $container ? () : ('-enc_time_base', '1/1000'), $path]);
    die "cannot make $name: $run->{err}\n" if $run->{status};
    return $path;
}

sub options_of {
    my ($sim, $name, $in, $options) = @_;
    my $gateway = ($options->{provider} // '') eq 'cometapi';
    return (in => $in, options => { %OPTIONS, base_url => $sim->{$gateway ? 'api' : 'runway'}, %$options }, out => "$TMP/$name.mkv",
        after => 'metadata=mode=print:file=-',
        env => { RUNWAYML_API_SECRET => 'key', COMETAPI_KEY => $gateway ? 'key' : undef, XDG_STATE_HOME => "$TMP/state-$sim->{pid}" });
}

# More is as for run_filter().
sub treated {
    my ($sim, $name, $in, $options, %more) = @_;
    return ok_filter($sim, $name, options_of($sim, $name, $in, $options), %more);
}

# The frames that begin a clip, and what was done there.
sub joints {
    my ($run) = @_;
    my (@joints, $last);
    my $n = -1;
    for (split /\n/, $run->{stdout}) {
        $n++ if /^frame:/;
        push @joints, { frame => $n, seam => '' } if /runway_v2v\.clip=(\d+)/ && defined $last && $1 != $last;
        $last = $1 if /runway_v2v\.clip=(\d+)/;
        $joints[-1]{seam} = $1 if /runway_v2v\.seam=(\w+)/ && @joints;
    }
    return @joints;
}

sub pictures {
    my ($path, $to) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $path,
        qw(-map 0:v:0 -fps_mode passthrough -pix_fmt yuv420p -f rawvideo), $to]);
    die "cannot read $path: $run->{err}\n" if $run->{status};
    return $to;
}

# The program that measures, made when it is first wanted.
sub measure {
    my $program = "$TMP/seams";
    return $program if -e $program;
    my $made = run_cmd(['sh', '-c', "\${CC:-cc} -O2 -o '$program' '$ROOT/tests/bench/seams.c' -lm"]);
    die "seams.c: $made->{err}\n" if $made->{status};
    return $program;
}

# The strongest step of each of these runs of frames, beside a usual one.
sub ratios {
    my ($source, $out, @spans) = @_;
    my $facts = probe($out)->{video};
    my $run = run_cmd([measure(), $facts->{width}, $facts->{height}, pictures($source, "$TMP/s.yuv"), pictures($out, "$TMP/o.yuv"),
        map { @$_ } @spans]);
    die "seams: $run->{err}\n" if $run->{status};
    my %ratio = map { defined $_->{joint} ? ($_->{joint} => $_->{cut} ? 0 : $_->{ratio}) : () } map { decode($_) } split /\n/, $run->{out};
    return map { (sort { $b <=> $a } map { $ratio{$_} // 0 } @$_)[0] } @spans;
}

# A film, treated in each way, against a service that drifts. Besides the film:
#   options, service   of both
#   seam               what is said of joints with match: of all, or of each
#   part               of an untreated joint that may be left (1/2)
#   judge              0: times only
#   at                 where the joints are, with match and with blend
#   format             of what goes in and comes out, where the file has another
sub all_ways {
    my ($name, $film, %opt) = @_;
    subtest $name => sub {
        my $sim = RunwayTest::Simulator->start('--latency' => 0, '--drift' => 'tone', '--seed' => 3, @{ $opt{service} || [] });
        my %options = %{ $opt{options} || {} };
        my @more = $opt{format} ? (before => "format=$opt{format}", after => "format=$opt{format},metadata=mode=print:file=-") : ();
        my $none = treated($sim, 'none', $film, { seam => 'none', %options }, @more);
        my @joints = joints($none);
        cmp_ok(scalar @joints, '>=', 2, 'there are joints');
        # the container rounds to milliseconds
        my ($in, $out) = map { [map { $_->{pts_time} } @{ packets($_, 'v:0') }] } $film, $none->{out};
        ok(@$in == @$out && !grep({ abs($in->[$_] - $out->[$_]) > 0.0011 } 0 .. $#$in), 'each frame of the film comes out at its time')
            or diag("in: @$in\nout: @$out");
        my @before = ratios($film, $none->{out}, map { [$_->{frame}] } @joints);
        my ($least) = sort { $a <=> $b } @before;
        my $part = $opt{part} // 0.5;
        for my $way ({}, \%BLEND) {
            my $run = treated($sim, 'way', $film, { %options, %$way }, @more);
            my $seam = $way->{seam} // 'match';
            is_deeply(times_of($run->{out}), times_of($none->{out}), "$seam: each frame at its time");
            my @now = joints($run);
            is(join(' ', map { $_->{seam} } @now), $opt{seam} =~ / / ? $opt{seam} : join(' ', ($opt{seam}) x @now), "$seam: what was done")
                if $opt{seam} && !%$way;
            is_deeply([map { $_->{frame} } @now], $opt{at}[$way == \%BLEND], "$seam: where clips meet") if $opt{at};
            next if defined $opt{judge};
            my @after = ratios($film, $run->{out},
                map { my $at = $_->{frame}; $way->{overlap} ? [map { $at - $_ } 0 .. ($opt{shared} // 6)] : [$at] } @now);
            my ($worst) = sort { $b <=> $a } @after;
            cmp_ok($worst, '<', $least * $part, "$seam: the worst joint is less than so much of the best untreated one");
        }
    };
}

sub frames_md5 {
    my ($path) = @_;
    my $run = run_cmd([$FFMPEG, qw(-v error -nostdin -i), $path, qw(-map 0:v:0 -fps_mode passthrough -c:v rawvideo -f framemd5 -)]);
    return [grep { !/^#/ } split /\n/, $run->{out}];
}

1;
