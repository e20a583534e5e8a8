# The second server (tests/second-server/) as a child of the test, and what is
# judged by its ledger.
#
#   my $server = SecondServer->start('--provider' => 'runway', faults => [{ on => 'read', kind => 'cut' }]);
#   my $job = job($server);                       # a PaidTest: three clips of a numbered film
#   whole('a read is cut', $job, $job->run);      # frames out = frames in, each of its time
#   my $ledger = paid_once('a read is cut', $server, 3);
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package SecondServer;
use strict;
use warnings;

use HTTP::Tiny;
use Test::More;
use Time::Local qw(timegm);

use RunwayTest;
use parent -norequire, qw(Exporter RunwayTest::Server);
use PaidTest;
use RunwayFilm;

our @EXPORT = qw(job short_job run_short second_film whole at_last ends_badly paid_once bought_twice);

our $KEY = 'key-of-the-second-server-51c0';
our $NODE = (grep { -x } map { ("$_/node", "$_/nodejs") } split /:/, $ENV{PATH} // '')[0];

sub import {
    plan(skip_all => 'the second server needs Node.js, and there is none') if !$NODE;
    __PACKAGE__->export_to_level(1);
}

# Arguments go on its command line; faults => [...] as well.
sub start {
    my ($class, %arg) = @_;
    my $faults = delete $arg{faults};
    my $self = $class->launch('second', sub {
        return ($NODE, "$ROOT/tests/second-server/main.js", '--ffmpeg', $RunwayTest::PLAIN_FFMPEG, '--ffprobe',
            $RunwayTest::PLAIN_FFPROBE, '--min-poll', 0, $faults ? ('--faults', json($faults)) : (), %arg);
    });
    $self->{provider} = $arg{'--provider'} // 'cometapi';
    @$self{qw(api port drawn)} = @{ $self->{ready} }{qw(base_url port faults)};
    return $self;
}

# The variables that hold the key, as its provider wants them.
sub env {
    my ($self) = @_;
    return { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => $KEY } if $self->{provider} eq 'runway';
    return { COMETAPI_KEY => $KEY };
}

sub ledger {
    my ($self) = @_;
    my $reply = HTTP::Tiny->new(proxy => undef, timeout => 30)->get("http://127.0.0.1:$self->{port}/_ledger");
    die "no ledger: $reply->{content}\n" if !$reply->{success};
    return decode($reply->{content});
}

# How many requests of a kind there were.
sub nb_requests {
    my ($self, $where) = @_;
    return $self->ledger->{requests}{$where};
}

# More faults, from now on.
sub add_faults {
    my ($self, @faults) = @_;
    my $reply = HTTP::Tiny->new(proxy => undef, timeout => 30)
        ->post("http://127.0.0.1:$self->{port}/_faults", { content => json(\@faults) });
    die "no such faults: $reply->{content}\n" if !$reply->{success};
}

# A film of so many seconds whose frames are numbered, with sound: from what the server
# made, and from the ledger's `first` and `last`, the numbers can be read again.
my (%films, %frames_of);
sub second_film {
    my ($seconds) = @_;
    return $films{$seconds} if $films{$seconds};
    my $film = numbered_film(size => '160x96', rate => 24, seconds => $seconds, audio => 'pcm_s16le', args => ['-shortest'],
        name => "second-$$-$seconds.mkv");
    $frames_of{$film} = 24 * $seconds;
    return $films{$seconds} = $film;
}

# The numbers of the frames that came out, read from the negative that the server makes.
sub numbers_made { return numbers_of($_[0], 'negate') }

sub _number {
    my ($blocks) = @_;
    my $number = 0;
    for (0 .. 15) { $number |= 1 << $_ if $blocks->[$_] > 125 }
    return $number;
}

# The ledger's times as time() has them.
sub _epoch {
    my ($y, $mo, $d, $h, $mi, $s) = $_[0] =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):([\d.]+)Z$/ or die "no time: $_[0]\n";
    return timegm(int $s, $mi, $h, $d, $mo - 1, $y) + $s - int $s;
}

# Whether a client can have missed that the task exists: no answer named it, or the
# client died at about the time of that answer.
sub _may_be_unknown {
    my ($task, $deaths) = @_;
    return 1 if !$task->{reported};
    my ($from, $to) = (_epoch($task->{asked_at}) - 0.5, _epoch($task->{reported}) + 2);
    return scalar grep { $_->[1] > $from && $_->[0] < $to } @{ $deaths || [] };
}

# Which frames were paid for more than once, as text; '' where none was. Allowed:
#
#   retries  another task for one that failed
#   resend   another one for one whose fate the client cannot have known: 1, or
#            [[from, to], ...], the times in which the user said so
#   deaths   [[from, to], ...]: when the client was killed, and was gone
sub bought_twice {
    my ($ledger, %allow) = @_;
    my %clips;
    for my $task (@{ $ledger->{tasks} }) {
        my $clip = join '-', map { _number($task->{source}{$_}) } qw(first last);
        push @{ $clips{"$clip $task->{request}"} }, $task;
    }
    my $may_resend = sub {
        my $time = _epoch($_[0]{asked_at});
        return ref $allow{resend} ? grep({ $time > $_->[0] - 0.01 && $time < $_->[1] + 0.01 } @{ $allow{resend} }) : $allow{resend};
    };
    my @wrong;
    for my $clip (sort keys %clips) {
        my @tasks = @{ $clips{$clip} };
        for (1 .. $#tasks) {
            my ($before, $task) = @tasks[$_ - 1, $_];
            next if $allow{retries} && $before->{state} eq 'FAILED';
            next if $may_resend->($task) && _may_be_unknown($before, $allow{deaths});
            push @wrong, "frames $clip: task $before->{n} is bought again with task $task->{n}";
        }
    }
    # borders that moved between two runs would make other clips of the same frames
    my %starts;
    for (keys %clips) {
        my ($first) = /^(\d+)/;
        push @wrong, "frame $first begins two clips" if $starts{$first}++;
    }
    return join "\n", @wrong;
}

# A job at a server: six seconds, in clips of two.
sub job {
    my ($server, %opt) = @_;
    my $options = delete $opt{options} || {};
    my $ratio = $server->{provider} eq 'cometapi' ? '848x480' : undef;
    return PaidTest->new(sim => $server, in => second_film(6), env => $server->env, %opt,
        options => { clip_duration => 2, prompt => 'the negative', ratio => $ratio, %$options });
}

# The same with one clip.
sub short_job { return job(shift, in => second_film(2), @_) }

# A job of one clip at a server with faults, run once.
sub run_short {
    my ($faults, %opt) = @_;
    my $arguments = delete $opt{arguments} || {};
    my $server = SecondServer->start(faults => $faults, %$arguments);
    my $job = short_job($server, %opt);
    return ($server, $job, $job->run);
}

# As many frames as went in, each the generated one of its time.
sub whole {
    my ($name, $job, $run) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, 0, "$name: the run ends well") or do { diag $run->{said}; return 0 };
    my $numbers = numbers_made($run->{file});
    my $frames = $frames_of{ $job->{in} };
    is(scalar @$numbers, $frames, "$name: as many frames out as in");
    return is(near($numbers, [0 .. $frames - 1], 1), '', "$name: each is the generated frame of its time");
}

# The ledger's judgement. allow: retries, resend; see bought_twice.
sub paid_once {
    my ($name, $server, $tasks, %allow) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ledger = $server->ledger;
    is(bought_twice($ledger, %allow), '', "$name: no clip was paid for twice")
        or diag explain [map { { %$_, source => undef } } @{ $ledger->{tasks} }];
    is(scalar @{ $ledger->{tasks} }, $tasks, "$name: $tasks tasks") if defined $tasks;
    is_deeply($ledger->{forbidden}, { deletes => 0, second_bearers => 0, two_headers => 0, cdn_authorization => 0 },
        "$name: nothing was done that may not be done");
    return $ledger;
}

# The run ends with an error, and says so in a line that is like this.
sub ends_badly {
    my ($name, $run, $said) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok($run->{status} > 0 && !$run->{timed_out}, "$name: the run ends with an error") or diag $run->{said};
    like($run->{said}, $said, "$name: and says why");
}

# The same command until it ends well, for at most so many times.
sub at_last {
    my ($name, $job, $tries, %opt) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $run;
    for (1 .. $tries) {
        $run = $job->run(%opt);
        last if !$run->{status};
    }
    return whole($name, $job, $run);
}

1;
