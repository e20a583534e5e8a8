# What the parts of `make bench` share: films, a run with its time, processor
# time, memory and temporary files, tables, and JSON.
#
#   my $film = film(size => '854x480', seconds => 30);
#   my $run = measure([$FFMPEG, ...], env => {...}, tmp => "$TMP/x");
#   say "$run->{wall} s, $run->{cpu} s of processor, $run->{peak_kib} KiB";
#   table(['name', 'wall'], ['filter', '12.3']);
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package Bench;
use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(make_path remove_tree);
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

use BenchTimes qw(median);
use RunwayFilm ();
use RunwayTest;

our @EXPORT = qw(say_so film looped result measure filter_args service_env started simulator_zero median table bar
    write_json film_facts numbers_shown cpu_now);

our $PROMPT = 'echo';
our $MODEL = 'aleph2';
our $INPUT = $ENV{BENCH_INPUT};     # a real film
our @BARS;                          # what was to be reached: { name, value, limit, ok }

# The corner that shows the number of the frame.
my $CORNER = 64;

sub say_so { printf STDERR "# %s\n", join ' ', @_ }

# --- films --------------------------------------------------------------------------

my %films;

# A film with sound of a size (854x480) and seconds (30), 24 frames a second, each
# frame with its number in the corner: BENCH_INPUT's if there is one, else drawn
# by lavfi, from `drawn` (testsrc2) if that is given. `frames` instead of seconds,
# `plain` for none of these numbers.
sub film {
    my (%opt) = @_;
    my $size = $opt{size} // '854x480';
    my $frames = $opt{frames} // 24 * ($opt{seconds} // 30);
    my $path = "$TMP/film-$size-$frames" . ($opt{plain} ? '-plain' : '') . '.mp4';
    return $path if $films{$path}++;
    my ($w, $h) = split /x/, $size;
    say_so("making a film of $frames frames, $size");
    my $numbers = sprintf "color=black:size=%1\$dx%1\$d:rate=24,format=gray,%2\$s,format=yuv420p", $CORNER,
        RunwayFilm::numbered(0);
    my @picture = $INPUT ? (qw(-stream_loop -1 -i), $INPUT)
        : ('-f', 'lavfi', '-i', $opt{drawn} // "testsrc2=size=$size:rate=24,format=yuv420p");
    my @sound = $INPUT ? () : (qw(-f lavfi -i sine=frequency=440:beep_factor=2:sample_rate=48000));
    my $numbered = $opt{plain} ? '' : '[a];[a][1:v]overlay=0:0:shortest=1';
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y), @picture, '-f', 'lavfi', '-i', $numbers, @sound,
        '-filter_complex', "[0:v:0]fps=24,scale=$w:$h,setsar=1,format=yuv420p${numbered}[v]",
        '-map', '[v]', '-map', $INPUT ? '0:a:0' : '2:a:0', '-frames:v', $frames, '-t', $frames / 24,
        qw(-c:v libx264 -preset veryfast -crf 18 -c:a aac -b:a 128k -ar 48000), $path], timeout => 3600);
    die "cannot make a film: $run->{err}\n" if $run->{status};
    return $path;
}

# So many seconds of a film that goes round and round, without making it anew.
# No two clips of it are alike: it comes round at no multiple of a clip.
# Half a second less, as copied packets end a little late: no clip of three frames.
sub looped {
    my ($size, $seconds) = @_;
    my $loop = film(size => $size, frames => 24 * ($INPUT ? 30 : 60) - 12);
    my $path = "$TMP/looped-$size-$seconds.mp4";
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -stream_loop -1 -i), $loop, '-t', $seconds - 0.5,
        qw(-c copy), $path], timeout => 600);
    die "cannot make a film: $run->{err}\n" if $run->{status};
    return $path;
}

# What every clip comes back as, made beforehand: a simulator that renders beside
# the filter makes the filter slower, which is not the filter's.
sub result {
    my ($film, $seconds) = @_;
    my $path = $film =~ s/\.\w+$/-result.mp4/r;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -y -i), $film, '-t', $seconds,
        qw(-vf negate -an -c:v libx264 -preset veryfast -crf 18), $path], timeout => 600);
    die "bench: $run->{err}\n" if $run->{status};
    return $path;
}

# What a film has: frames, times (of the frames in order, seconds), sound_start,
# sound (a digest of its packets), size, rate.
sub film_facts {
    my ($path) = @_;
    my $facts = probe($path);
    my $v = $facts->{video};
    my (@times, $sound);
    my $run = run_cmd([$FFPROBE, qw(-v error -select_streams v:0 -show_entries packet=pts_time -of csv=p=0), $path]);
    @times = sort { $a <=> $b } map { /^([-\d.]+)/ ? $1 : () } split /\n/, $run->{out};
    $run = run_cmd([$FFMPEG, qw(-v error -nostdin -i), $path, qw(-map 0:a:0 -c copy -f md5 -)]);
    ($sound) = $run->{out} =~ /=(\w+)/ if !$run->{status};
    return {
        frames => scalar @times, times => \@times, sound => $sound, size => "$v->{width}x$v->{height}",
        sound_start => $facts->{audio} ? $facts->{audio}{start_time} + 0 : undef,
        sound_seconds => $facts->{audio} ? $facts->{audio}{duration} + 0 : undef,
        bytes => -s $path,
    };
}

# The numbers in the corner, frame by frame, of a film that was $width wide.
sub numbers_shown {
    my ($path, $width) = @_;
    return RunwayFilm::numbers_of($path, "crop=iw*$CORNER/$width:iw*$CORNER/$width:0:0");
}

# --- runs ---------------------------------------------------------------------------

# Processor seconds of this process's ended children and theirs.
sub cpu_now {
    my (undef, undef, $user, $system) = times;
    return ($user, $system);
}

# Peak of the resident memory so far, KiB; 0 where /proc does not say.
sub _peak {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/status" or return 0;
    while (my $line = <$in>) { return $1 if $line =~ /^VmHWM:\s+(\d+)/ }
    return 0;
}

# Temporary files that a process has open, whether they have a name or not:
# bytes on disk, and how many.
sub _temporary {
    my ($pid, $dir) = @_;
    my ($bytes, $files, %seen) = (0, 0);
    for my $fd (glob "/proc/$pid/fd/*") {
        my $to = readlink $fd or next;
        next if index($to, "$dir/");
        my @stat = stat $fd or next;
        next if !-f _ || $seen{"$stat[0] $stat[1]"}++;
        $bytes += 512 * $stat[12];
        $files++;
    }
    return ($bytes, $files);
}

# Runs a command to its end: { status, start, end, wall, cpu, user, system,
# peak_kib, temp_bytes, temp_files, first, err }; start and end since 1970.
#
#   env      variables to add
#   tmp      its TMPDIR, an empty directory, looked at while it runs
#   timeout  seconds (3600)
#   first    ends it with the first line on stdout, and says when that came
#
# peak_kib is what ffmpeg's own -benchmark says of it, or what /proc says.
sub measure {
    my ($command, %opt) = @_;
    my $id = sprintf '%s/measure-%d', $TMP, ++our $runs;
    my $tmp = $opt{tmp} // "$id.tmp";
    make_path($tmp);
    my @before = cpu_now();
    pipe my $read, my $write or die "pipe: $!\n";
    my $start = time;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp 0, 0;
        my %env = (TMPDIR => $tmp, %{ $opt{env} || {} });
        $ENV{$_} = $env{$_} for keys %env;
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        if ($opt{first}) { open STDOUT, '>&', $write or POSIX::_exit(126) }
        else { open STDOUT, '>', '/dev/null' or POSIX::_exit(126) }
        open STDERR, '>', "$id.err" or POSIX::_exit(126);
        { no warnings 'exec'; exec { $command->[0] } @$command; }
        print STDERR "$command->[0]: $!\n";
        POSIX::_exit(127);
    }
    close $write;
    my $end = $start + ($opt{timeout} // 3600);
    my %run = (peak_kib => 0, temp_bytes => 0, temp_files => 0, first => undef);
    local $SIG{INT} = sub { kill KILL => -$pid; exit 130 };
    local $SIG{TERM} = sub { kill KILL => -$pid; exit 143 };
    my ($looked, $text) = (0, '');
    while (waitpid($pid, WNOHANG) != $pid) {
        my $now = time;
        if ($now - $looked > 0.05) {
            $looked = $now;
            my $peak = _peak($pid);
            $run{peak_kib} = $peak if $peak > $run{peak_kib};
            my ($bytes, $files) = _temporary($pid, $tmp);
            $run{temp_bytes} = $bytes if $bytes > $run{temp_bytes};
            $run{temp_files} = $files if $files > $run{temp_files};
        }
        if ($opt{first} && !defined $run{first}) {
            vec(my $bits = '', fileno $read, 1) = 1;
            if (select $bits, undef, undef, 0.005) {
                sysread $read, $text, 4096, length $text;
                if ($text =~ /^\d/m) {
                    $run{first} = time - $start;
                    kill INT => $pid;
                }
            }
        } else {
            sleep 0.005;
        }
        if ($now > $end) {
            kill KILL => -$pid;
            waitpid $pid, 0;
            last;
        }
    }
    my $status = $?;
    @run{qw(start end)} = ($start, time);
    $run{wall} = $run{end} - $start;
    my @after = cpu_now();
    ($run{user}, $run{system}) = map { $after[$_] - $before[$_] } 0, 1;
    $run{cpu} = $run{user} + $run{system};
    $run{status} = $status & 127 ? -1 : $status >> 8;
    $run{err} = slurp("$id.err");
    $run{peak_kib} = $1 if $run{err} =~ /^bench: maxrss=(\d+)/m;
    unlink "$id.err";
    remove_tree($tmp);
    if ($run{status} && !$opt{first}) {
        my @lines = split /\n/, $run{err};
        die join "\n", "failed with status $run{status}: @$command", @lines > 8 ? @lines[-8 .. -1] : @lines, '';
    }
    return \%run;
}

# The service, and what names it to the filter.
sub started { return RunwayTest::Simulator->start('--max-seconds', 7200, @_) }

# When its clock showed 0, since 1970.
sub simulator_zero {
    my ($sim) = @_;
    my $now = time;
    $sim->stats;
    my ($line) = grep { ($_->{path} // '') eq '/_sim/stats' } reverse $sim->log;
    return $now - $line->{t};
}

# ffmpeg with the filter in it: $output are the arguments behind, %options the
# filter's besides the service.
sub filter_args {
    my ($sim, $film, $options, @output) = @_;
    (my $url = $sim->{runway}) =~ s/:/\\:/g;
    my %options = (prompt => $PROMPT, model => $MODEL, provider => 'runway', base_url => "'$url'", %$options);
    my $filter = 'runway_v2v=' . join ':', map { "$_=$options{$_}" } sort keys %options;
    return [$FFMPEG, qw(-hide_banner -nostdin -nostats -benchmark -y -v info -i), $film, '-vf', $filter, @output];
}

# Its journal, which is empty.
sub service_env {
    my ($sim) = @_;
    my $own = sprintf '%s/own-%d', $TMP, ++our $owns;
    make_path("$own/state");
    return {
        RUNWAYML_API_SECRET => 'key', RUNWAYML_BASE_URL => $sim->{runway},
        XDG_STATE_HOME => "$own/state",
    };
}

# --- figures ------------------------------------------------------------------------

# Rows of text, the first one the head.
sub table {
    my (@rows) = @_;
    my @widths;
    for my $row (@rows) {
        for (0 .. $#$row) {
            my $length = length $row->[$_];
            $widths[$_] = $length if $length > ($widths[$_] // 0);
        }
    }
    for my $n (0 .. $#rows) {
        my $row = $rows[$n];
        my @cells = map { sprintf $_ ? '%*s' : '%-*s', $_ ? ($widths[$_]) : $widths[$_], $row->[$_] } 0 .. $#$row;
        print join('  ', @cells) =~ s/\s+$//r, "\n";
        print join('  ', map { '-' x $_ } @widths), "\n" if !$n;
    }
    print "\n";
}

# Notes a bar: value is to be at most limit. Returns { name, value, limit, ok }.
sub bar {
    my ($name, $value, $limit) = @_;
    my $bar = { name => $name, value => $value + 0, limit => $limit + 0,
        ok => $value <= $limit ? JSON::PP::true() : JSON::PP::false() };
    push @BARS, $bar;
    return $bar;
}

# BUILD/bench/NAME.json: what a part found, and the machine.
sub write_json {
    my ($name, $what) = @_;
    my $dir = "$BUILD/bench";
    make_path($dir);
    my ($model) = -e '/proc/cpuinfo' ? slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)/m : ();
    my $load = -e '/proc/loadavg' ? (split ' ', slurp('/proc/loadavg'))[0] + 0 : undef;
    chomp(my $processors = `getconf _NPROCESSORS_ONLN 2>/dev/null` || 1);
    my $version = run_cmd([$FFMPEG, '-version']);
    my %all = (
        %$what,
        machine => { processor => $model, processors => $processors + 0, load => $load,
            ffmpeg => (split /\n/, $version->{out})[0] },
        film => $INPUT // 'lavfi', time => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime),
    );
    spew("$dir/$name.json", JSON::PP->new->utf8->canonical->pretty->encode(\%all));
}

1;
