#!/usr/bin/env perl
# SIGINT and SIGTERM, and SIGHUP of a closed terminal, whatever is going on: ffmpeg is back within two seconds,
# nothing more is asked for, the file is whole up to the last clip that was
# finished, and the same command picks up what is paid for.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use IO::Handle;
use IO::Socket::INET;
use List::Util qw(max);
use Test::More;

# whoever runs this may ignore it, as nohup does
$SIG{HUP} = 'DEFAULT';
use Time::HiRes qw(sleep time);

use RunwayTest;
use FilterTest;
use PaidTest;
use Standstill;

# The contract says two seconds; a machine with many other things to do may need
# more. What it took is printed.
my ($load) = -r '/proc/loadavg' ? slurp('/proc/loadavg') =~ /^(\S+)/ : ();
my $LIMIT = (($load // 9) < 4 ? 3 : 5) * $PATIENCE;
# ... and this test may have to wait for its own turn: the longest of these waits.
my $STALL = 0;

# Four clips of ten frames, but the last, which is half as long.
my $FILM = film(seconds => 3.5);
# More clips than are held with one in flight: the first comes out before all of
# the film is in, however slow this machine is.
my $LONG = film(seconds => 6.5);
my %CLIPS = ($FILM => 4, $LONG => 7);
my $CLIPS = $CLIPS{$FILM};

# Results as small as what is sent, in the shape that is asked for.
sub simulator { return RunwayTest::Simulator->start('--latency' => 0.3, '--result-size' => '132x100', @_) }

my %WANT;
for my $film ($FILM, $LONG) {
    my $quiet = simulator();
    my $undisturbed = PaidTest->new(sim => $quiet, in => $film)->run;
    is($undisturbed->{status}, 0, 'an undisturbed run') or BAIL_OUT($undisturbed->{err});
    $WANT{$film} = frames_md5($undisturbed->{file});
}
is(scalar @{ $WANT{$FILM} }, 35, 'all frames are there');
is(scalar @{ $WANT{$LONG} }, 65, 'and of the long one');

# --- what is going on -------------------------------------------------------------

# Lines of a log that have all of that in them. What is looked at again and again
# is not parsed each time.
sub lines_with {
    my ($path, @parts) = @_;
    return 0 if !-e $path;
    return scalar grep { my $line = $_; !grep { index($line, $_) < 0 } @parts } split /\n/, slurp($path);
}
sub events { my ($job, $name, @parts) = @_; return lines_with("$job->{dir}/events.jsonl", qq("event":"$name"), @parts) }
sub emitted { my ($job, $clip) = @_; return events($job, 'emitted', qq("clip":$clip,)) }
sub is_submitted { my ($job, $clip) = @_; return ($job->states->{$clip} // '') eq 'submitted' }
sub has_asked { my ($job, $where) = @_; return lines_with($job->{sim}{log_file}, qq("where":"$where")) }
sub is_billed { my ($job) = @_; return lines_with($job->{sim}{log_file}, '"event":"billed"') }
# For so long after that was first asked.
sub after { my ($job, $seconds) = @_; return time - ($job->{seen} //= time) > $seconds }

# A run of ffmpeg for each of the signals, stopped at a moment. These are told
# here and run further down, several beside each other.
#
#   make     a job; by itself one with the film `in` and the simulator of the
#            arguments in `sim`
#   options  of the filter; begin  for PaidTest's begin
#   moment   sub ($job, $going): true when it is to be stopped
#   signals  INT and TERM
#   creates  how many there may have been
#   frames   that have to have come out; or at least `least` of them, where all
#            are on their way and ffmpeg does not ask the filter any more
#   states   of the clips afterwards
#   again    0: what the same command does then is not looked at; or a sub
#
# By hand, some of them: perl tests/e2e/interrupt.t PATTERN
my @PHASES;
sub interrupted {
    my ($name, %opt) = @_;
    push @PHASES, { name => $name, %opt } if !@ARGV || $name =~ $ARGV[0];
}

# All are made ready before the first one begins: that can take longer than a run.
sub start_phases {
    for my $phase (@_) {
        for my $signal (@{ $phase->{signals} || [qw(INT TERM)] }) {
            my $job = $phase->{make} ? $phase->{make}->() : PaidTest->new(in => $phase->{in} // $FILM, sim => simulator(@{ $phase->{sim} || [] }));
            my %options = (log_path => "$job->{dir}/events.jsonl", %{ $phase->{options} || {} });
            push @{ $phase->{runs} }, { signal => $signal, job => $job, options => \%options, moment => $phase->{moment} };
        }
    }
    for my $phase (@_) {
        $_->{going} = $_->{job}->begin(%{ $phase->{begin} || {} }, options => $_->{options}) for @{ $phase->{runs} };
    }
}

# Brings a run a little further. True when it is over.
sub is_through {
    my ($run) = @_;
    my $going = $run->{going};
    return 1 if defined $run->{took};
    if (!$run->{signalled}) {
        $run->{came} = $run->{moment}->($run->{job}, $going);
        if ($run->{came} || $going->is_over || time - $going->{start} > 90) {
            $run->{signalled} = time;
            kill $run->{signal} => $going->{pid} if !$going->is_over;
        }
    }
    return 0 if !$run->{signalled} || (!$going->is_over && time - $run->{signalled} < 30);
    @$run{qw(took stall)} = (time - $run->{signalled}, $STALL);
    return 1;
}

sub look_at_run {
    my ($phase, $r) = @_;
    my ($signal, $job) = @$r{qw(signal job)};
    my $run = $r->{going}->end($r->{going}->is_over ? undef : 'KILL');
    ok($r->{came}, "$signal: the moment comes");
    note sprintf '%s, SIG%s: back after %.2f s', $phase->{name}, $signal, $r->{took};
    cmp_ok($r->{took}, '<', $LIMIT + $r->{stall}, "$signal: ffmpeg is back");
    is($run->{status}, 255, "$signal: with the status of a signal");
    diag $run->{err} if !$r->{came} || $run->{status} != 255;
    is(scalar(() = $run->{said} =~ /^interrupted: nothing more is sent$/mg), 1, "$signal: the filter says so, once")
        if !$phase->{least};
    is(has_asked($job, 'create'), $phase->{creates}, "$signal: nothing more was asked for") if $job->{sim};
    is_deeply($job->states, $phase->{states}, "$signal: as the journal has it") or diag explain $job->states, $run->{err}
        if $phase->{states};
    # a file that nothing was put into need not be one
    my $got = eval { frames_md5($run->{file}) } // [];
    diag $@ if $@ && ($phase->{frames} || $phase->{least});
    is(scalar @$got, $phase->{frames}, "$signal: the file has the clips that were finished") if defined $phase->{frames};
    cmp_ok(scalar @$got, '>=', $phase->{least}, "$signal: the file has what was out") if $phase->{least};
    my $want = $WANT{ $job->{in} };
    is_deeply($got, [@$want[0 .. $#$got]], "$signal: whole, and as an undisturbed run has them") if $want;
    my $left = grep { $_ eq 'submitted' || $_ eq 'generated' } values %{ $job->states };
    if ($left && !$phase->{other_owner}) {
        like($run->{said}, qr/^$left tasks? .*at the provider, already paid for; the same command again picks up/m,
            "$signal: and how to go on");
    } elsif (!$left) {
        unlike($run->{said}, qr/(is|are) (left )?at the provider/, "$signal: and nothing is said to be left");
    }
    return $run;
}

sub look_at_phase {
    my ($phase) = @_;
    for my $r (@{ $phase->{runs} }) {
        my ($signal, $job) = @$r{qw(signal job)};
        my $run = look_at_run($phase, $r);
        if ($phase->{again}) {
            $phase->{again}->($signal, $job, $run);
        } elsif (!defined $phase->{again}) {
            my $next = $job->run(options => { %{ $r->{options} }, poll_interval => 0.1 });
            is($next->{status}, 0, "$signal: the same command again goes on") or diag $next->{err};
            is_deeply($next->{status} ? [] : frames_md5($next->{file}), $WANT{ $job->{in} }, "$signal: to the same output");
            is(billed($job->{sim}), $CLIPS{ $job->{in} }, "$signal: and each clip was paid once");
        }
        # ends its simulator
        %$r = ();
    }
}

# Most of the time they wait for something.
sub run_phases {
    while (my @some = splice @PHASES, 0, 4) {
        start_phases(@some);
        my @runs = map { @{ $_->{runs} } } @some;
        $STALL = 0;
        for (my $last = time; grep { !is_through($_) } @runs; $last = time) {
            sleep 0.05;
            $STALL = max($STALL, time - $last);
        }
        for my $phase (@some) {
            subtest $phase->{name} => sub { look_at_phase($phase) };
        }
    }
}

# --- before anything is bought -----------------------------------------------------

interrupted('while a clip is being made', options => { clip_duration => 0 },
    begin => { input => [qw(-readrate 0.1)] }, frames => 0, creates => 0, states => {},
    moment => sub { -d "$_[0]{state}/clips" && after($_[0], 0.3) }, again => sub {
        my ($signal, $job) = @_;
        my $next = $job->run(options => { clip_duration => 0 });
        is($next->{status}, 0, "$signal: the same command again goes on") or diag $next->{err};
        is(billed($job->{sim}), 1, "$signal: and the clip is paid for");
    });

# more noise than fits into a request
my $NOISE = make_clip(size => '640x360', source => 'color=gray', seconds => 1.5, rate => 24, codec => [qw(-c:v ffv1 -g 1)],
    filter => 'noise=alls=100:allf=t', name => 'noise.mkv', args => [qw(-slices 4)]);
my %NOISY = (clip_duration => 0, concurrency => 1, encoder_opts => 'preset=ultrafast');
my $SLOW = slow_machine();
sub slow {
    my ($variable) = @_;
    my $file = sprintf '%s/slow-%d', $TMP, ++our $slows;
    return ($file, { LD_PRELOAD => $SLOW, $variable => $file });
}

SKIP: {
    skip 'no compiler for a library that is slow', 3 if !$SLOW;
    interrupted('while a clip is made smaller', make => sub {
            my ($file, $env) = slow('SLOW_READ');
            return PaidTest->new(in => $NOISE, sim => simulator(), env => $env, slow => spew($file, ''), options => {%NOISY});
        },
        moment => sub { (-s $_[0]{slow}) > 8 }, frames => 0, creates => 0, states => {}, again => 0);

    interrupted('while a name is looked up', make => sub {
            my ($file, $env) = slow('SLOW_LOOKUP');
            return PaidTest->new(in => $FILM, env => $env, slow => spew($file, ''), options => { base_url => 'https://api.test/runwayml' });
        },
        moment => sub { -s $_[0]{slow} }, frames => 0, again => sub {
            my ($signal, $job, $run) = @_;
            is((grep { $_ ne 'none' } values %{ $job->states }), 0, "$signal: nothing is of unknown fate") or diag explain $job->states;
        });
}

my ($port, @held);
SKIP: {
    skip 'no /proc here to look into', 1 if !-r '/proc/net/tcp';
    ($port, @held) = full_port();
    # sockets that are in SYN_SENT to it; a child that is still Perl has those held here
    my $waiting = sub {
        return 0 if (readlink "/proc/$_[1]{pid}/exe" // '') eq abs_path($^X);
        my $hex = sprintf '0100007F:%04X', $port;
        my @inodes = map { (split ' ')[9] } grep { (split ' ')[2] eq $hex && (split ' ')[3] eq '02' } split /\n/, slurp('/proc/net/tcp');
        return grep { my $inode = $_; grep { (readlink // '') eq "socket:[$inode]" } glob "/proc/$_[1]{pid}/fd/*" } @inodes;
    };
    interrupted('while a connection is made', make => sub {
            return PaidTest->new(in => $FILM, options => { base_url => "http://127.0.0.1:$port/runwayml" });
        },
        moment => $waiting, frames => 0, again => sub {
            my ($signal, $job, $run) = @_;
            is((grep { $_ ne 'none' } values %{ $job->states }), 0, "$signal: nothing is of unknown fate") or diag explain $job->states;
        });
}

# A server behind a door; the door stays with the job.
sub behind {
    my ($mode, %opt) = @_;
    my $sim = simulator();
    my $door = Standstill::Door->start($sim->{api}, $mode);
    return PaidTest->new(in => $FILM, sim => $sim, door => $door, %opt,
        options => { base_url => $opt{tls} ? $door->{url} =~ s/^http:/https:/r : $door->{url}, %{ $opt{options} || {} } });
}

interrupted('while TLS is agreed on', make => sub { return behind('silent', tls => 1) },
    moment => sub { $_[0]{door}->moment('data') }, creates => 0, frames => 0, again => sub {
        my ($signal, $job, $run) = @_;
        is((grep { $_ ne 'none' } values %{ $job->states }), 0, "$signal: nothing is of unknown fate") or diag explain $job->states;
    });

sub at_runway {
    my ($sim, %opt) = @_;
    return PaidTest->new(in => $FILM, sim => $sim, env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'k' }, %opt,
        options => { base_url => $sim->{runway}, provider => 'runway', clip_duration => 2, %{ $opt{options} || {} } });
}
for my $where (qw(account upload storage)) {
    interrupted("while $where is not answered", make => sub {
            return at_runway(simulator('--fault' => "$where:*=stall=600"), options => { $where eq 'account' ? () : (transport => 'upload') });
        },
        # a request is in the log only when it is answered; libcurl says at
        # -loglevel debug what it has sent, but not while it waits
        moment => sub { -d "$_[0]{state}/clips" && after($_[0], 0.8) },
        creates => 0, frames => 0, states => {}, again => 0);
}

# --- while it is asked for ----------------------------------------------------------

interrupted('while a clip goes out', make => sub {
        # more than the kernel keeps for somebody who does not read
        return behind('deaf', in => $NOISE, options => {%NOISY});
    },
    moment => sub { $_[0]{door}->moment('data') && after($_[0], 1) }, creates => 0, frames => 0, states => { 1 => 'none' },
    again => sub {
        my ($signal, $job) = @_;
        $job->{door}->mode('open');
        my $next = $job->run;
        is($next->{status}, 0, "$signal: the same command again goes on") or diag $next->{err};
        is(billed($job->{sim}), 1, "$signal: and the clip was paid once");
    });

interrupted('while a create is not answered', in => $LONG, sim => ['--fault' => 'create:2=stall=600'], options => { concurrency => 1 },
    moment => sub { is_billed($_[0]) == 2 && emitted($_[0], 1) },
    # logged when it is answered, which is never
    creates => 1, frames => 10, states => { 1 => 'stored', 2 => 'unknown' }, again => sub {
        my ($signal, $job, $run) = @_;
        like($run->{said}, qr/^clip 2 .*interrupted/m, "$signal: says that nobody knows");
        my $next = $job->run(options => { concurrency => 1 });
        cmp_ok($next->{status}, '>', 0, "$signal: the same command again stops");
        like($next->{said}, qr/^clip 2 .*on_unknown=resend/m, "$signal: and says why");
        is(billed($job->{sim}), 2, "$signal: without asking for anything");
    });

# What is of unknown fate then is not taken for something to be sent again.
interrupted('while a create is not answered that may be sent again', sim => ['--fault' => 'create:1=stall=600'],
    options => { concurrency => 1, on_unknown => 'resend' }, moment => sub { is_billed($_[0]) == 1 && after($_[0], 0.5) },
    creates => 0, frames => 0, states => { 1 => 'unknown' }, again => sub {
        my ($signal, $job, $run) = @_;
        unlike($run->{said}, qr/sent again/, "$signal: nor said to be") or diag $run->{said};
    });

# Its task takes so long that it is not over when the signal is late.
interrupted('while a create is answered', in => $LONG, sim => ['--latency' => 4, '--fault' => 'create:2=stall=1'], options => { concurrency => 1 },
    moment => sub { is_billed($_[0]) == 2 && emitted($_[0], 1) },
    signals => [qw(INT TERM HUP)], creates => 2, frames => 10, states => { 1 => 'stored', 2 => 'submitted' });

interrupted('while it waits to ask again', in => $LONG, sim => ['--fault' => 'create:2+=status=429,retry-after=300'], options => { concurrency => 1 },
    moment => sub { has_asked($_[0], 'create') == 2 && emitted($_[0], 1) },
    creates => 2, frames => 10, states => { 1 => 'stored', 2 => 'none' }, again => 0);

# --- while it is made ---------------------------------------------------------------

interrupted('between two polls of a task', sim => ['--latency' => 8], options => { poll_interval => 60 },
    moment => sub { $CLIPS == grep { is_submitted($_[0], $_) } 1 .. $CLIPS },
    creates => $CLIPS, frames => 0, states => { map { $_ => 'submitted' } 1 .. $CLIPS });

interrupted('while a look is not answered', sim => ['--fault' => 'read:2+=stall=600'], options => { concurrency => 1 },
    moment => sub { has_asked($_[0], 'read') == 1 && after($_[0], 0.5) },
    creates => 1, frames => 0, states => { 1 => 'submitted' }, again => 0);

interrupted('while tasks are THROTTLED', sim => ['--concurrency' => 1, '--latency' => 6],
    moment => sub { events($_[0], 'state', 'THROTTLED') >= 3 }, creates => $CLIPS, frames => 0);

# The second clip is full, and the first one's task over, long after a late signal.
interrupted('while more comes in', begin => { input => [qw(-readrate 0.1)] }, sim => ['--latency' => 9],
    moment => sub { is_submitted($_[0], 1) && after($_[0], 0.3) },
    creates => 1, frames => 0, states => { 1 => 'submitted' });

interrupted('while no more fits in', options => { concurrency => 1 },
    make => sub { return PaidTest->new(in => film(seconds => 8), sim => simulator('--latency' => 60)) },
    moment => sub { is_submitted($_[0], 1) && events($_[0], 'planned') == 3 && after($_[0], 0.3) },
    creates => 1, frames => 0, states => { 1 => 'submitted' }, again => 0);

# --- while it is fetched --------------------------------------------------------------

interrupted('while a result comes in', in => $LONG, sim => ['--fault' => 'download:2=slow=2000'], options => { concurrency => 1 },
    # files that have no end without their trailer
    begin => { args => [qw(-c:v libx264 -qp 0 -pix_fmt yuv420p -fps_mode passthrough -f mp4)] },
    moment => sub { has_asked($_[0], 'download') == 2 && emitted($_[0], 1) },
    creates => 2, frames => 10, states => { 1 => 'stored', 2 => 'generated' });

interrupted('while it waits to fetch again', in => $LONG, sim => ['--fault' => 'download:2=status=503,retry-after=300'], options => { concurrency => 1 },
    moment => sub { has_asked($_[0], 'download') == 2 && emitted($_[0], 1) },
    creates => 2, frames => 10, states => { 1 => 'stored', 2 => 'generated' });

SKIP: {
    skip 'no compiler for a library that is slow', 2 if !$SLOW;
    # one of noise, so that there is more than one read of the result
    my $film = film(seconds => 2, size => '320x180', filter => 'noise=alls=60:allf=t');
    my $slow_reads = sub {
        my ($file, $env) = slow('SLOW_READ');
        return PaidTest->new(in => $film, sim => simulator('--latency' => 3, '--concurrency' => 1, @_), env => $env, slow => $file);
    };
    my $go_on = sub {
        my ($signal, $job, $downloads) = @_;
        unlink $job->{slow};
        my $next = $job->run;
        is($next->{status}, 0, "$signal: the same command again goes on") or diag $next->{err};
        is(billed($job->{sim}), 2, "$signal: and each clip was paid once");
        is(has_asked($job, 'download'), $downloads, "$signal: and fetched once, if it is a result");
    };

    # The first one stands in the way of the second, which has nothing in it
    # but a page, as is found out when it is that one's turn.
    my %fetched = (creates => 2, frames => 0, states => { 1 => 'stored', 2 => 'stored' });
    interrupted('while a result is looked through, and another waits for that', %fetched,
        make => sub { return $slow_reads->('--fault' => 'download:2=html') },
        moment => sub {
            my ($job) = @_;
            spew($job->{slow}, '') if !-e $job->{slow} && is_submitted($job, 2);
            my $whole = 2 == grep { -s } glob "$job->{results}/incoming/*";
            return $whole && -s $job->{slow} && after($job, 1);
        },
        again => sub { $go_on->(@_[0, 1], 3) });
    interrupted('while a stored result is looked through', %fetched,
        make => sub {
            my $job = $slow_reads->();
            is($job->run->{status}, 0, 'they are stored');
            spew($job->{slow}, '');
            return $job;
        },
        # by then, it has been read once to see whether it is whole
        moment => sub { -s $_[0]{slow} > 1 + 2 * (-s (glob "$_[0]{results}/*.mp4")[0]) / 65536 },
        again => sub { $go_on->(@_[0, 1], 2) });
}

interrupted('while frames go out', begin => { after => 'realtime=speed=1' },
    moment => sub { $CLIPS == grep { $_->{state} eq 'stored' } $_[0]->records and emitted($_[0], 1) },
    creates => $CLIPS, least => 8, states => { map { $_ => 'stored' } 1 .. $CLIPS });

# --- while somebody else is at it -------------------------------------------------------

interrupted('while another run has the clips', other_owner => 1, make => sub {
        # its tasks outlast what a busy machine takes for the second run's clips
        my $sim = simulator('--latency' => 30);
        my $job = PaidTest->new(in => $FILM, sim => $sim);
        my $first = $job->begin;
        $first->until(sub { $CLIPS == grep { is_submitted($job, $_) } 1 .. $CLIPS }) or die "no first run\n";
        return PaidTest->new(in => $FILM, sim => $sim, first => $first, state => $job->{state}, results => $job->{results});
    },
    moment => sub { events($_[0], 'planned') == $CLIPS && after($_[0], 0.3) },
    creates => $CLIPS, frames => 0, again => sub {
        my ($signal, $job) = @_;
        is($job->{first}->end(undef, 90)->{status}, 0, "$signal: which goes on") or diag $job->{first}->said;
        is(billed($job->{sim}), $CLIPS, "$signal: and pays once");
    });

run_phases();
done_testing;
