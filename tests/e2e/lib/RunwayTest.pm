# What the end-to-end tests share: the simulator, clips, commands with a limit.
#
#   use lib dirname(abs_path(__FILE__)) . '/lib';
#   use RunwayTest;
#
#   my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
#   my $run = run_cmd([$FFMPEG, ...], timeout => 60, env => { COMETAPI_KEY => 'k' });
#   is($run->{status}, 0) or diag $run->{err};
#   is(scalar $sim->requests('create'), 1);
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package RunwayTest;
use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our @EXPORT = qw($ROOT $BUILD $FFMPEG $FFPROBE $SIMULATOR $TMP $LIBAVFILTER $PATIENCE @SOURCE_TIME_BASE
    run_cmd link_program slurp spew json decode make_clip data_uri probe frame_means mean_luma
    simulator_with);

our $ROOT = abs_path(dirname(__FILE__) . '/../../..');
our $BUILD = $ENV{BUILD} || "$ROOT/build";

# By hand, without scripts/check: the built programs, else the system's.
sub _program {
    my ($variable, @candidates) = @_;
    return $ENV{$variable} if $ENV{$variable};
    for (@candidates) {
        return $_ if m{/} ? -x $_ : 1;
    }
    die "no program for $variable\n";
}
our $FFMPEG = _program(FFMPEG => "$BUILD/assert/ffmpeg", "$BUILD/bin/ffmpeg", 'ffmpeg');
our $FFPROBE = _program(FFPROBE => "$BUILD/assert/ffprobe", "$BUILD/bin/ffprobe", 'ffprobe');
our $SIMULATOR = _program(SIMULATOR => "$BUILD/bin/runway-simulator");
our $TMP = $ENV{TEST_TMP} || tempdir(CLEANUP => 1);

# The release, by its libavfilter: 8 is FFmpeg 5.1, 9 is 6, 10 is 7, 11 is 8, 12 is 9.
our $LIBAVFILTER = `'$FFMPEG' -version` =~ /^libavfilter\s+(\d+)/m ? $1 : 0;

# What is only made ready, rendered or measured needs no sanitizer (scripts/check).
our ($PLAIN_FFMPEG, $PLAIN_FFPROBE) = $ENV{PLAIN} && -x "$ENV{PLAIN}/ffprobe"
    ? ("$ENV{PLAIN}/ffmpeg", "$ENV{PLAIN}/ffprobe") : ($FFMPEG, $FFPROBE);

# Limits of time are so many times as long.
our $PATIENCE = $ENV{TEST_PATIENCE} || 1;

# Makes an encoder keep the input's time base. The number is what 5.1 knows;
# newer ones warn of it.
our @SOURCE_TIME_BASE = ('-enc_time_base', $LIBAVFILTER >= 10 ? 'demux' : '-1');

# A proxy of the developer's own is no concern of tests on loopback.
delete @ENV{grep { /^(https?|all|no)_proxy$/i } keys %ENV};

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

sub spew {
    my ($path, $text) = @_;
    open my $out, '>:raw', $path or die "$path: $!\n";
    print $out $text;
    close $out or die "$path: $!\n";
    return $path;
}

sub json { return JSON::PP->new->utf8->canonical->encode($_[0]) }
sub decode { return JSON::PP->new->utf8->decode($_[0]) }

# Runs a command, without a shell, for at most `timeout` seconds (120, and times
# $PATIENCE).
#
#   env      variables to add; undef removes one
#   stdin    a file, instead of /dev/null
#   dir      where to run it
#   signal   [seconds => 'INT']: sent after that time, or when that sub is true
#
# Returns { status, signal, out, err, seconds, timed_out }; status is -1 where
# a signal ended it.
sub run_cmd {
    my ($command, %opt) = @_;
    if ($command->[0] eq $FFMPEG && !grep { /runway_(?:hdr|upscale|v2v)/ } @$command) {
        $command = [$PLAIN_FFMPEG, @$command[1 .. $#$command]];
    } elsif ($command->[0] eq $FFPROBE) {
        $command = [$PLAIN_FFPROBE, @$command[1 .. $#$command]];
    }
    my $id = join '-', 'run', $$, ++our $runs;
    my ($out, $err) = map { "$TMP/$id.$_" } qw(out err);
    my $start = time;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp 0, 0;
        my $env = $opt{env} || {};
        for (keys %$env) {
            if (defined $env->{$_}) { $ENV{$_} = $env->{$_} } else { delete $ENV{$_} }
        }
        open STDIN, '<', $opt{stdin} || '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', $out or POSIX::_exit(126);
        open STDERR, '>', $err or POSIX::_exit(126);
        if (defined $opt{dir}) { chdir $opt{dir} or POSIX::_exit(126) }
        { no warnings 'exec'; exec { $command->[0] } @$command; }
        print STDERR "$command->[0]: $!\n";
        POSIX::_exit(127);
    }
    my $limit = ($opt{timeout} || 120) * $PATIENCE;
    my @signal = @{ $opt{signal} || [] };
    my ($late, $status) = (0);
    while (1) {
        if (waitpid($pid, WNOHANG) == $pid) { $status = $?; last }
        my $elapsed = time - $start;
        if (@signal && (ref $signal[0] ? $signal[0]->() : $elapsed >= $signal[0])) {
            kill $signal[1] => $pid;
            splice @signal, 0, 2;
        }
        if ($elapsed > $limit) {
            $late = 1;
            kill KILL => -$pid;
            waitpid $pid, 0;
            $status = $?;
            last;
        }
        sleep 0.01;
    }
    my %result = (
        seconds   => time - $start,
        status    => $status & 127 ? -1 : $status >> 8,
        signal    => $status & 127,
        timed_out => $late,
        out       => slurp($out),
        err       => slurp($err),
    );
    unlink $out, $err;
    return \%result;
}

# Makes a program of tests/e2e/NAME.c and the libraries that the ffmpeg of the tests is
# made of; more: what else its command line needs. Returns its path and that line.
sub link_program {
    my ($name, @more) = @_;
    my $build = dirname(abs_path($FFMPEG));
    Test::More::plan(skip_all => "$FFMPEG is not where it was built") if !-f "$build/ffbuild/config.mak";
    my %config = map { /^([\w-]+)=(.*)/ ? ($1 => $2) : () } split /\n/, slurp("$build/ffbuild/config.mak");
    my @libraries = grep { -e } map { "$build/lib$_/lib$_.a" } qw(avfilter postproc avformat avcodec swscale swresample avutil);
    my $line = join ' ', $config{CC}, '-std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-deprecated-declarations',
        (grep { /^-(?:fsanitize=|static-lib)/ } split ' ', $config{LDFLAGS}), "-I$build -I$build/src -I$ROOT/vf_runway/runway",
        "-o $TMP/$name $ROOT/tests/e2e/$name.c", @more, @libraries, map { $config{$_} } sort grep { /^EXTRALIBS-/ } keys %config;
    my $run = run_cmd(['sh', '-c', $line], timeout => 300);
    Test::More::BAIL_OUT("$line\n$run->{err}") if $run->{status};
    return ("$TMP/$name", $line);
}

# Makes a clip with lavfi sources and returns its path.
#
#   size 320x180, rate 24, seconds 2, or frames; source (testsrc2), filter,
#   codec [-c:v libx264 ...], audio 1, matrix bt709, range tv, args [...], name,
#   rgb 1 (the source draws in RGB, so that its colours mean the same in any matrix)
sub make_clip {
    my (%opt) = @_;
    my $matrix = $opt{matrix} // 'bt709';
    my $name = $opt{name} // sprintf 'clip-%d-%d.mp4', $$, ++our $clips;
    my $rate = $opt{rate} // 24;
    my $path = "$TMP/$name";
    my $source = sprintf '%s=size=%s:rate=%s', $opt{source} // 'testsrc2', $opt{size} // '320x180', $rate;
    # A source that has options already continues with a colon.
    $source =~ s/^(\w+)=(.*)=size=/$1=$2:size=/;
    my @limit = $opt{frames} ? ('-frames:v', $opt{frames}) : ('-t', $opt{seconds} // 2);
    my @tags = map { ("-$_", $matrix) } qw(colorspace color_primaries color_trc);
    my $run = run_cmd([
        $FFMPEG, '-hide_banner', '-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', $source,
        $opt{audio} ? ('-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-shortest') : (),
        '-vf', join(',', $opt{rgb} ? 'format=rgb24' : (),
            "scale=flags=bicubic+accurate_rnd+full_chroma_int:out_color_matrix=$matrix:out_range="
                . ($opt{range} // 'tv'),
            'format=yuv420p', $opt{filter} // ()),
        $opt{codec} ? @{ $opt{codec} } : (qw(-c:v libx264 -preset veryfast -crf 12)),
        $opt{audio} ? (qw(-c:a aac)) : (),
        @tags, '-color_range', $opt{range} // 'tv',
        @limit, @{ $opt{args} || [] }, $path,
    ]);
    die "cannot make a clip (status $run->{status}, signal $run->{signal}): $run->{err}\n" if $run->{status};
    return $path;
}

sub data_uri {
    my ($path, $type) = @_;
    return 'data:' . ($type // 'video/mp4') . ';base64,' . encode_base64(slurp($path), '');
}

# ffprobe's view of a file: { format => {}, streams => [], video => {}, audio => {} }.
# The number of frames is video->{nb_read_packets}.
sub probe {
    my ($path) = @_;
    my $run = run_cmd([$FFPROBE, '-v', 'error', '-count_packets', '-show_format', '-show_streams',
        '-of', 'json', $path]);
    die "ffprobe $path: $run->{err}\n" if $run->{status};
    my $facts = decode($run->{out});
    for my $type (qw(video audio)) {
        ($facts->{$type}) = grep { ($_->{codec_type} // '') eq $type } @{ $facts->{streams} };
    }
    return $facts;
}

# Mean Y, U and V of each frame: [[y, u, v], ...]; filter goes before measuring.
sub frame_means {
    my ($path, $filter) = @_;
    my $run = run_cmd([
        $FFMPEG, '-hide_banner', '-nostdin', '-v', 'error', '-i', $path, '-map', '0:v:0', '-vf',
        join(',', $filter // (), 'scale=1:1:flags=area', 'format=yuv444p'),
        qw(-f rawvideo -),
    ]);
    die "cannot measure $path: $run->{err}\n" if $run->{status};
    my @bytes = unpack 'C*', $run->{out};
    my @frames;
    push @frames, [splice @bytes, 0, 3] while @bytes >= 3;
    return \@frames;
}

# Mean Y, U, V over all frames of a file.
sub mean_luma {
    my $frames = frame_means(@_);
    my @sum = (0, 0, 0);
    for my $frame (@$frames) { $sum[$_] += $frame->[$_] for 0 .. 2 }
    return map { @$frames ? $_ / @$frames : 0 } @sum;
}

# A simulator whose results are worked on by some lines of Perl, which see the
# file's name as $file.
sub simulator_with {
    my ($perl, @args) = @_;
    my $wrapper = spew(sprintf('%s/ffmpeg-%d', $TMP, ++our $wrappers),
        "#!$^X\nmy (\$ffmpeg, \$ffprobe) = ('$PLAIN_FFMPEG', '$PLAIN_FFPROBE');\n" . <<'PERL' . $perl);
exit 1 if system { $ffmpeg } $ffmpeg, @ARGV;
my $file = $ARGV[-1];
exit 0 if $file !~ /\.out$/;
open my $out, '+<:raw', $file or die;
PERL
    chmod 0755, $wrapper;
    return RunwayTest::Simulator->start('--latency' => 0.2, '--ffmpeg' => $wrapper, @args);
}

# A server as a child of the test; ended with the object at the latest.
package RunwayTest::Server;

use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our %alive;     # pid => the process that started it

# Runs what command->(directory of its own) says, with a --ready-file. Dies when that is
# not there in 20 s.
sub launch {
    my ($class, $name, $command) = @_;
    my $dir = sprintf '%s/%s-%d-%d', $RunwayTest::TMP, $name, $$, ++our $count;
    mkdir $dir or die "$dir: $!\n";
    my @command = ($command->($dir), '--ready-file', "$dir/ready.json");
    my $self = bless { dir => $dir, owner => $$ }, $class;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', "$dir/out" or POSIX::_exit(126);
        open STDERR, '>', "$dir/err" or POSIX::_exit(126);
        $ENV{TMPDIR} = $dir;
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $alive{$pid} = $$;
    my $until = time + 20 * $RunwayTest::PATIENCE;
    while (!-e "$dir/ready.json") {
        if (waitpid($pid, WNOHANG) == $pid) {
            delete $alive{$pid};
            $self->{pid} = 0;
            die "the $name ended: " . RunwayTest::slurp("$dir/err");
        }
        if (time > $until) {
            $self->stop;
            die "the $name is not ready after 20 s\n";
        }
        sleep 0.01;
    }
    $self->{ready} = RunwayTest::decode(RunwayTest::slurp("$dir/ready.json"));
    return $self;
}

# Ends it (SIGTERM, or the given signal) and returns its exit status; -1 for a signal.
sub stop {
    my ($self, $signal) = @_;
    my $pid = delete $self->{pid} or return;
    delete $alive{$pid};
    kill $signal // 'TERM' => $pid;
    my $until = time + 10;
    # -1: END was here first, where a closure kept the object until the very end
    while (!waitpid($pid, WNOHANG)) {
        kill KILL => $pid if time > $until;
        sleep 0.01;
    }
    return $? & 127 ? -1 : $? >> 8;
}

sub DESTROY {
    my ($self) = @_;
    # Not from a fork of the test, which is not the parent.
    return if ($self->{owner} // 0) != $$;
    local ($?, $@, $!);
    $self->stop;
}

END {
    for my $pid (keys %alive) {
        next if $alive{$pid} != $$;
        local $?;
        kill TERM => $pid;
        waitpid $pid, 0;
    }
}

# Arguments of start() go on its command line.
package RunwayTest::Simulator;

use HTTP::Tiny;

our @ISA = ('RunwayTest::Server');

sub start {
    my ($class, @args) = @_;
    my $self = $class->launch('simulator', sub {
        return ($RunwayTest::SIMULATOR, '--ffmpeg', $RunwayTest::PLAIN_FFMPEG, '--ffprobe', $RunwayTest::PLAIN_FFPROBE,
            '--log', "$_[0]/log.jsonl", '--max-seconds', 3600, @args);
    });
    $self->{log_file} = "$self->{dir}/log.jsonl";
    @$self{qw(api runway cdn)} = @{ $self->{ready} }{qw(api runway cdn)};
    return $self;
}

# All lines of the log so far. Each is decoded once, as that is slow: the caller leaves
# them as they are.
sub log {
    my ($self) = @_;
    open my $in, '<:raw', $self->{log_file} or return;
    seek $in, $self->{log_read} // 0, 0;
    while (my $line = <$in>) {
        last if $line !~ /\n\z/;       # is being written
        push @{ $self->{log_lines} }, RunwayTest::decode($line);
        $self->{log_read} += length $line;
    }
    return @{ $self->{log_lines} // [] };
}

# Requests of a kind (create, read, download, ...); without one, all.
sub requests {
    my ($self, $where) = @_;
    return grep { $_->{origin} && (!defined $where || ($_->{where} // '') eq $where) } $self->log;
}

# Events of a name (billed, ended, sent, ...).
sub events {
    my ($self, $name) = @_;
    return grep { ($_->{event} // '') eq $name } $self->log;
}

sub stats {
    my ($self) = @_;
    my $reply = HTTP::Tiny->new(proxy => undef, timeout => 20)->get("$self->{cdn}/_sim/stats");
    return RunwayTest::decode($reply->{content});
}

1;
