# What the tests of "one clip, one payment" share: a job of a user's that is run
# again and again with one journal and one directory of results, beside a simulator that counts
# what it bills.
#
#   my $job = PaidTest->new(sim => $sim, seconds => 3);   # three clips
#   my $run = $job->run(options => { retries => 1 });
#   my $going = $job->begin;                              # in the background
#   $going->until(sub { $sim->requests('read') }) and $going->end('KILL');
#   is_deeply($job->states, { 1 => 'submitted', 2 => 'stored' });
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package PaidTest;
use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(make_path);
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

use RunwayTest;
use FilterTest;

our @EXPORT = qw(film frames_md5 billed until_true fnv1a rewrite_record);

# A small film that is no two frames alike; `filter` draws into it.
sub film {
    my (%opt) = @_;
    return make_clip(size => '96x64', rate => 10, seconds => 3, codec => [qw(-c:v ffv1 -g 1)],
        name => sprintf('film-%d-%d.mkv', $$, ++our $films), %opt);
}

sub until_true {
    my ($what, $seconds) = @_;
    my $end = time + ($seconds // 60) * $RunwayTest::PATIENCE;
    while (1) {
        my $last = time > $end;
        return 1 if $what->();
        return 0 if $last;
        sleep 0.02;
    }
}

# The pictures of a file or of ffmpeg's input arguments, by their digests.
sub frames_md5 {
    my (@input) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error), @input > 1 ? @input : ('-i', @input),
        qw(-map 0:v:0 -fps_mode passthrough -f framemd5 -)]);
    die "cannot read @input: $run->{err}\n" if $run->{status};
    return [map { (split /,\s*/)[5] } grep { !/^#/ } split /\n/, $run->{out}];
}

# Tasks that the simulator has billed.
sub billed { return scalar $_[0]->events('billed') }

# A job: film or seconds, options; state and results, or those of another job.
sub new {
    my ($class, %opt) = @_;
    my $dir = sprintf '%s/job-%d-%d', $TMP, $$, ++our $jobs;
    make_path($dir);
    return bless {
        in => film(seconds => $opt{seconds} // 3), dir => $dir,
        state => "$dir/state", results => "$dir/results", env => {}, %opt,
        # with mbtree, libx264 164 reads memory that nobody set in pictures as
        # small as these, and what the simulator makes is not the same each time
        options => { prompt => 'night', clip_duration => 1, poll_interval => 0.1, encoder_opts => 'mbtree=0',
            %{ $opt{options} || {} } },
    }, $class;
}

sub _command {
    my ($self, %opt) = @_;
    my $sim = exists $opt{sim} ? $opt{sim} : $self->{sim};
    my %options = ($sim ? (base_url => $sim->{api}) : (), state_dir => $self->{state}, results_dir => $self->{results},
        %{ $self->{options} }, %{ $opt{options} || {} });
    delete $options{$_} for grep { !defined $options{$_} } keys %options;
    my $out = $opt{out} // sprintf '%s/out-%d.mkv', $self->{dir}, ++our $outs;
    my $graph = join ',', $opt{before} // (), filter_graph(%options), $opt{after} // ();
    my @command = (@{ $opt{under} || [] }, $FFMPEG, qw(-hide_banner -nostdin -nostats -y -v), $opt{loglevel} // 'info',
        @{ $opt{input} || [] }, '-i', $opt{in} // $self->{in}, '-vf', $graph,
        @{ $opt{args} || [qw(-c:v ffv1 -g 1 -fps_mode passthrough)] }, $out);
    return ($out, { COMETAPI_KEY => $FilterTest::KEY, %{ $self->{env} }, %{ $opt{env} || {} } }, @command);
}

# Runs it to its end. Like run_cmd's answer, with `file`, what came out, and
# `said`, the filter's own lines.
sub run {
    my ($self, %opt) = @_;
    my ($out, $env, @command) = $self->_command(%opt);
    my $run = run_cmd(\@command, env => $env, timeout => $opt{timeout} // 60,
        $opt{signal} ? (signal => $opt{signal}) : ());
    $run->{file} = $out;
    $run->{said} = join "\n", filter_lines($run);
    return $run;
}

# Begins it, and comes back at once.
sub begin {
    my ($self, %opt) = @_;
    my ($out, $env, @command) = $self->_command(%opt);
    my $err = "$out.err";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp 0, 0;
        for (keys %$env) {
            if (defined $env->{$_}) { $ENV{$_} = $env->{$_} } else { delete $ENV{$_} }
        }
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', '/dev/null' or POSIX::_exit(126);
        open STDERR, '>', $err or POSIX::_exit(126);
        { no warnings 'exec'; exec { $command[0] } @command; }
        POSIX::_exit(127);
    }
    return bless { pid => $pid, file => $out, err_file => $err, start => time, owner => $$ }, 'PaidTest::Going';
}

# All records that can be read: hashes with their path.
sub records {
    my ($self) = @_;
    my @records;
    for my $path (sort glob "$self->{state}/clips/*.record") {
        # it may be replaced at this moment
        my $text = eval { slurp($path) } // next;
        my $record = eval { decode((split /\n/, $text)[0]) } // next;
        # the try at hand is what a record says of itself
        my $try = $record->{tries}[-1] // { state => 'none' };
        push @records, { %$record, %$try, path => $path };
    }
    return sort { $a->{label} cmp $b->{label} } @records;
}

# Number of the clip => state.
sub states {
    my ($self) = @_;
    return { map { ($_->{label} =~ /^clip (\d+)/)[0] => $_->{state} } $self->records };
}

sub record_of {
    my ($self, $clip) = @_;
    return (grep { $_->{label} =~ /^clip $clip / } $self->records)[0];
}

# The checksum of a record: FNV-1a of 64 bits.
sub fnv1a {
    my ($text) = @_;
    my $hash = 0xcbf29ce4 << 32 | 0x84222325;
    for my $byte (unpack 'C*', $text) {
        $hash ^= $byte;
        # times 0x100000001b3 = 2^40 + 0x1b3, in 64 bits
        use integer;
        $hash = $hash * 0x1b3 + ($hash << 40);
    }
    return sprintf '%016x', $hash;
}

# Change a record as the filter itself might have written it.
sub rewrite_record {
    my ($path, $change) = @_;
    my ($line) = split /\n/, slurp($path);
    $change->() for $line;
    $line .= "\n";
    spew($path, $line . 'checksum ' . fnv1a($line) . "\n");
}

package PaidTest::Going;

use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

sub is_over {
    my ($self) = @_;
    return 1 if defined $self->{status};
    return 0 if waitpid($self->{pid}, WNOHANG) != $self->{pid};
    $self->{status} = $?;
    $self->{seconds} = time - $self->{start};
    return 1;
}

# Waits until something is true while it goes on. False when it was over first.
# What comes with its end, or while this does not get to run, has come.
sub until {
    my ($self, $what, $seconds) = @_;
    my $end = time + ($seconds // 60) * $RunwayTest::PATIENCE;
    while (1) {
        my $last = $self->is_over || time > $end;
        return 1 if $what->();
        return 0 if $last;
        sleep 0.01;
    }
}

sub said { my ($self) = @_; return -e $self->{err_file} ? RunwayTest::slurp($self->{err_file}) : '' }

# Sends a signal, if one is named, and waits for the end. Like run_cmd's answer;
# `took` are the seconds since the signal.
sub end {
    my ($self, $signal, $limit) = @_;
    my $start = time;
    kill $signal => $self->{pid} if defined $signal && !$self->is_over;
    my $late = 0;
    while (!$self->is_over) {
        if (time - $start > ($limit // 30) * $RunwayTest::PATIENCE) {
            $late = 1;
            kill KILL => -$self->{pid};
        }
        sleep 0.005;
    }
    my $err = $self->said;
    my $run = { err => $err };
    return {
        status => $self->{status} & 127 ? -1 : $self->{status} >> 8, signal => $self->{status} & 127,
        err => $err, file => $self->{file}, timed_out => $late, seconds => $self->{seconds}, took => time - $start,
        said => join("\n", FilterTest::filter_lines($run)),
    };
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || defined $self->{status};
    local ($?, $@, $!);
    kill KILL => -$self->{pid};
    waitpid $self->{pid}, 0;
}

1;
