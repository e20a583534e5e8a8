# Films whose frames are numbered, and what came of them in the filter.
#
#   my $film = numbered_film(rate => '30000/1001', seconds => 5);
#   my $run = filter_film($sim, $film, 'runway_v2v=prompt=echo', before => 'setpts=PTS-5/TB');
#   is_deeply(times_of($run), times_of(filter_film(undef, $film, 'null', ...)));
#   is_deeply(numbers_of($run->{file}), [0 .. 149]);
#
# The number is drawn as four by four blocks, black or white, so that it is
# read again after any coding and scaling.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package RunwayFilm;
use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use RunwayTest;

our @EXPORT = qw(same_film numbered numbered_film filter_film ends_well times_of numbers_of frames_of near
    api_options command_env);

my $films = 0;
my $runs = 0;

# A filter that draws the number of each frame.
sub numbered {
    return "geq=lum='16+219*mod(floor((N+$_[0])/pow(2,floor(X*4/W)+4*floor(Y*4/H))),2)':cb=128:cr=128";
}

# size 160x90, rate 24, frames or seconds 5, first 0, format yuv420p, audio
# (codec), args [...], name. Lossless unless codec says otherwise.
sub numbered_film {
    my (%opt) = @_;
    my $path = "$TMP/" . ($opt{name} // sprintf 'film-%d-%d.nut', $$, ++$films);
    my @limit = $opt{frames} ? ('-frames:v', $opt{frames}) : ('-t', $opt{seconds} // 5);
    my $run = run_cmd([
        $FFMPEG, qw(-hide_banner -nostdin -v error -y -f lavfi -i),
        sprintf('color=black:size=%s:rate=%s,format=gray,%s,format=%s%s', $opt{size} // '160x90',
            $opt{rate} // 24, numbered($opt{first} // 0), $opt{format} // 'yuv420p',
            $opt{filter} ? ",$opt{filter}" : ''),
        $opt{audio} ? (qw(-f lavfi -i sine=frequency=440:sample_rate=48000 -c:a), $opt{audio}) : (),
        $opt{codec} ? @{ $opt{codec} } : (qw(-c:v ffv1 -g 1)),
        @limit, @{ $opt{args} || [] }, $path,
    ], timeout => 300);
    die "cannot make a film: $run->{err}\n" if $run->{status};
    return $path;
}

# What names the simulator to the filter.
sub api_options {
    my ($sim) = @_;
    (my $url = $sim->{api}) =~ s/:/\\:/g;
    return "base_url='$url':provider=cometapi:poll_interval=0.1";
}

# Each run has a journal of its own: nothing is there already.
sub command_env {
    my $dir = sprintf '%s/store-%d-%d', $TMP, $$, ++$runs;
    return { COMETAPI_KEY => 'key', XDG_STATE_HOME => "$dir/state" };
}

# A film through a filter, and what stood behind it frame by frame.
#
#   before, after   filters around it
#   args [...]      options of the output; input [...] of the input
#   name            of the output (a lossless NUT that keeps each time)
#   timeout, env, global [...]
#
# Returns what run_cmd does, with file, and frames: { pts, time, size, sar,
# format, sum, text } each.
sub filter_film {
    my ($sim, $film, $filter, %opt) = @_;
    my $file = "$TMP/" . ($opt{name} // sprintf 'out-%d-%d.nut', $$, ++$films);
    $filter .= ($filter =~ /=/ ? ':' : '=') . api_options($sim) if $sim;
    my $chain = join ',', $opt{before} // (), $filter, $opt{after} // (), 'showinfo';
    my $run = run_cmd([
        $FFMPEG, qw(-hide_banner -nostdin -nostats -y -loglevel), $opt{loglevel} // 'info',
        @{ $opt{global} || [] }, @{ $opt{input} || [] }, '-i', $film, '-vf', $chain,
        $opt{args} ? @{ $opt{args} } : (qw(-an -fps_mode passthrough -enc_time_base 1/90000 -c:v ffv1)),
        $file,
    ], timeout => $opt{timeout} // 180, env => { %{ command_env() }, %{ $opt{env} || {} } });
    $run->{file} = $file;
    $run->{frames} = frames_of($run->{err});
    return $run;
}

# The lines of showinfo. They are written in parts, between which another thread's
# line can come (FFmpeg 7 and later): then a frame begins within a line.
sub frames_of {
    my ($text) = @_;
    my @frames;
    for (split /\n|(?=\bn:\s*\d+ pts:)/, $text) {
        my ($line) = /^(?:\[Parsed_showinfo\S* @ [^\]]+\]\s+)?(.*)/;
        next if $line eq '' || ($line eq $_ && $line !~ /^n:/);
        if ($line =~ /^n:\s*\d+ pts:\s*(\S+) pts_time:\s*(\S+)/) {
            my %frame = (pts => $1, time => $2, text => $line);
            ($frame{size}) = $line =~ / s:(\d+x\d+)/;
            ($frame{sar}) = $line =~ / sar:(\S+)/;
            ($frame{format}) = $line =~ / fmt:(\S+)/;
            ($frame{sum}) = $line =~ / checksum:(\S+)/;
            ($frame{duration}) = $line =~ / duration:\s*(\S+)/;
            push @frames, \%frame;
        } elsif (@frames) {
            $frames[-1]{text} .= "\n$line";
        }
    }
    return \@frames;
}

# pts (and durations, where this ffmpeg reports them) of all frames.
sub times_of {
    my ($run) = @_;
    return [map { defined $_->{duration} ? "$_->{pts}+$_->{duration}" : $_->{pts} } @{ $run->{frames} }];
}

# The number drawn in each frame of a file.
sub numbers_of {
    my ($file, $filter) = @_;
    my $run = run_cmd([
        $FFMPEG, qw(-hide_banner -nostdin -v error -i), $file, qw(-map 0:v:0 -fps_mode passthrough -vf),
        join(',', $filter // (), 'scale=4:4:flags=area', 'format=gray'), qw(-f rawvideo -),
    ], timeout => 300);
    die "cannot read $file: $run->{err}\n" if $run->{status};
    my @numbers;
    for my $frame (unpack '(a16)*', $run->{out}) {
        my @blocks = unpack 'C*', $frame;
        my $number = 0;
        for (0 .. 15) { $number |= 1 << $_ if $blocks[$_] > 125 }
        push @numbers, $number;
    }
    return \@numbers;
}

sub ends_well {
    my ($run, $name) = @_;
    my $good = !$run->{status} && !$run->{timed_out};
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok($good, $name) or diag "status $run->{status} after $run->{seconds} s\n",
        grep { !/showinfo|libx264|^  / } map { "$_\n" } split /\n/, $run->{err};
    return $good;
}

# How many numbers are further than `within` from what was wanted.
sub near {
    my ($got, $wanted, $within) = @_;
    return "$#$got for $#$wanted" if @$got != @$wanted;
    my @off = grep { abs($got->[$_] - $wanted->[$_]) > $within } 0 .. $#$got;
    return join ' ', map { "$_: $got->[$_] for $wanted->[$_]" } @off > 8 ? @off[0 .. 7] : @off;
}

# A film keeps its times; the numbers are at most `within` off. Returns the run.
sub same_film {
    my ($sim, $filter, $name, $film, %opt) = @_;
    my $within = delete $opt{within} // 0;
    my $wanted = filter_film(undef, $film, 'null', %opt);
    my $got = filter_film($sim, $film, $filter, %opt);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    subtest $name => sub {
        ends_well($got, 'ends well') or return;
        cmp_ok(scalar @{ $wanted->{frames} }, '>', 0, 'there are frames');
        is_deeply(times_of($got), times_of($wanted), 'the same times');
        is(near(numbers_of($got->{file}), numbers_of($wanted->{file}), $within), '',
            $within ? "the same frame or one at most $within off" : 'the same frame at each');
    };
    return $got;
}

1;
