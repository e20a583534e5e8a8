# What the tests of the filter share: a graph with the filter in it, a run of
# ffmpeg whose state and temporary files are its own, and looks at what
# came out.
#
#   my $run = run_filter($sim, in => $clip, out => 'x.nut', options => { prompt => 'night' });
#   is($run->{status}, 0) or diag $run->{err};
#   is_deeply(times_of($run->{out}), times_of($clip));
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package FilterTest;
use strict;
use warnings;

use Compress::Zlib ();
use Exporter qw(import);
use File::Path qw(make_path);
use RunwayTest;

our @EXPORT = qw(escape filter_graph run_filter filter_command ok_filter filter_lines error_line
    lossless_clip add_profile times_of packets video_facts raw_frames psnr_per_frame);

our $KEY = 'key-of-the-test-7f3b91d2c4';

# A value as it has to be written in an option of a filter in -vf.
sub escape {
    my ($value) = @_;
    $value =~ s/([\\':])/\\$1/g;            # for the filter's options
    $value =~ s/([\\'\[\],;])/\\$1/g;       # for the graph
    return $value;
}

sub filter_graph {
    my (%options) = @_;
    return (delete $options{FILTER} // 'runway_v2v') . '=' . join ':', map { "$_=" . escape($options{$_}) } sort keys %options;
}

# The command and its environment. Besides `in` and `out`:
#
#   options  of the filter; base_url and poll_interval are there by themselves
#   filter   its name (runway_v2v)
#   before, after  filters around it
#   input    arguments before -i
#   args     arguments before the output
#   loglevel (warning)
#   env      more variables
sub filter_command {
    my ($sim, %opt) = @_;
    my %options = (
        $sim ? (base_url => $sim->{api}) : (),
        poll_interval => 0.1,
        %{ $opt{options} || {} },
    );
    delete $options{$_} for grep { !defined $options{$_} } keys %options;
    $options{FILTER} = $opt{filter} if $opt{filter};
    my $own = sprintf '%s/filter-%d-%d', $TMP, $$, ++our $count;
    make_path(map { "$own/$_" } qw(tmp state));
    my $out = $opt{out} // 'out.mkv';
    $out = "$own/$out" if $out !~ m{^(/|-$)};
    my %env = (
        COMETAPI_KEY   => $KEY,
        TMPDIR         => "$own/tmp",
        XDG_STATE_HOME => "$own/state",
        %{ $opt{env} || {} },
    );
    my $graph = join ',', $opt{before} // (), filter_graph(%options), $opt{after} // ();
    # A time base of its own for the encoder would round what is compared.
    my @command = ($FFMPEG, qw(-hide_banner -nostdin -y -v), $opt{loglevel} // 'warning',
        @{ $opt{input} || [] }, '-i', $opt{in}, '-vf', $graph,
        @{ $opt{args} || [qw(-c:v ffv1 -c:a copy -fps_mode passthrough), @SOURCE_TIME_BASE] }, $out);
    return { command => \@command, env => \%env, out => $out, own => $own };
}

# Runs it. Returns what run_cmd returns, but `out` is the file, `own` the
# directory of the run; what went to stdout is in `stdout`.
sub run_filter {
    my ($sim, %opt) = @_;
    my $what = filter_command($sim, %opt);
    my $run = run_cmd($what->{command}, timeout => $opt{timeout} // 180, env => $what->{env},
        $opt{stdin} ? (stdin => $opt{stdin}) : (), $opt{signal} ? (signal => $opt{signal}) : ());
    $run->{stdout} = $run->{out};
    @$run{qw(out own command)} = @$what{qw(out own command)};
    return $run;
}

# The same, and it has to go well.
sub ok_filter {
    my ($sim, $name, %opt) = @_;
    my $run = run_filter($sim, %opt);
    Test::More::is($run->{status}, 0, "$name: ffmpeg ends well")
        or Test::More::diag("@{ $run->{command} }\n$run->{err}");
    return $run;
}

# What the filter itself said, without the name in front; libavfilter adds a
# line of its own in the filter's name when pads cannot be configured.
sub filter_lines {
    my ($run) = @_;
    return grep { !/^Failed to configure (in|out)put pad on / } map { /^\[(?:Parsed_)?runway_(?:hdr|upscale|v2v)(?:_\d+)? @ [0-9a-fx]+\] (?:\[\w+\] )?(.*)/ ? $1 : () } split /\n/, $run->{err};
}

# A run that has to fail, with exactly one line from the filter at -v error,
# which is like each of the patterns.
sub error_line {
    my ($name, $run, @patterns) = @_;
    my @lines = filter_lines($run);
    my $ok = Test::More::ok($run->{status} > 0 && !$run->{timed_out}, "$name: ffmpeg ends with an error");
    $ok = Test::More::is(scalar @lines, 1, "$name: one line from the filter") && $ok;
    $ok = Test::More::like($lines[0] // '', $_, "$name: says $_") && $ok for @patterns;
    Test::More::diag("status $run->{status}, said:\n$run->{err}") if !$ok;
    return $ok;
}

# A clip in FFV1, so that what is compared with it is what went in. Matroska
# keeps the colour's tags, NUT (as => 'nut') any time base.
sub lossless_clip {
    my (%opt) = @_;
    my $name = sprintf 'clip-%d-%d.%s', $$, ++our $clips, delete $opt{as} // 'mkv';
    return make_clip(size => '160x120', codec => [qw(-c:v ffv1)], name => $name, %opt);
}

# Gives PNGs an ICC profile, which FFmpeg hands on as it is.
sub add_profile {
    my $data = "profile\0\0" . Compress::Zlib::compress('not looked into' x 20);
    my $chunk = pack('N', length $data) . "iCCP$data" . pack 'N', Compress::Zlib::crc32("iCCP$data");
    # behind the header
    spew($_, slurp($_) =~ s/^(.{33})/$1$chunk/sr) for @_;
}

# Everything about a file's pictures but the pictures: the lines of framecrc
# (dts, pts, duration, size) in the stream's own time base.
sub times_of {
    my ($path, @input) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error), @input, '-i', $path,
        qw(-map 0:v:0 -c:v rawvideo -fps_mode passthrough), @SOURCE_TIME_BASE, qw(-copyts -f framecrc -)]);
    die "cannot read $path: $run->{err}\n" if $run->{status};
    return [map { s/\s+//gr =~ s/,0x[0-9a-f]+//ir } grep { /^(#tb|#dimensions|\d)/ } split /\n/, $run->{out}];
}

# ffprobe's packets of a stream: [{ pts_time, dts_time, duration_time, size, data_hash }, ...].
sub packets {
    my ($path, $stream) = @_;
    my $run = run_cmd([$FFPROBE, qw(-v error -show_packets -show_data_hash crc32 -select_streams), $stream,
        qw(-of json), $path]);
    die "ffprobe $path: $run->{err}\n" if $run->{status};
    return decode($run->{out})->{packets};
}

sub video_facts {
    my ($path) = @_;
    my $v = probe($path)->{video};
    return { map { ($_ => $v->{$_} // 'unknown') } qw(width height pix_fmt sample_aspect_ratio color_range
        color_space color_primaries color_transfer r_frame_rate field_order) };
}

# The pictures of a file as they are, one string for each frame; filter goes
# before, the format is the last filter's.
sub raw_frames {
    my ($path, $filter, $size) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $path, qw(-map 0:v:0 -vf), $filter,
        qw(-fps_mode passthrough -f rawvideo -)]);
    die "cannot read $path: $run->{err}\n" if $run->{status};
    die "$path: not whole frames of $size bytes\n" if length($run->{out}) % $size;
    return [unpack "(a$size)*", $run->{out}];
}

# How alike two files are, frame by frame, in dB; the filters go before each.
sub psnr_per_frame {
    my ($one, $filter_one, $other, $filter_other) = @_;
    my $stats = sprintf '%s/psnr-%d-%d', $TMP, $$, ++our $psnrs;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $one, '-i', $other, '-lavfi',
        "[0:v]$filter_one\[a];[1:v]$filter_other\[b];[a][b]psnr=stats_file=" . escape($stats),
        qw(-f null -)]);
    die "cannot compare $one and $other: $run->{err}\n" if $run->{status};
    return [map { /psnr_avg:(\S+)/ ? ($1 eq 'inf' ? 99 : $1) : () } split /\n/, slurp($stats)];
}

1;
