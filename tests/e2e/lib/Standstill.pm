# Places where a run can be made to stand still: a door in front of the
# simulator, and a machine whose name server or disk is slow.
#
#   my $door = Standstill::Door->start($sim->{api}, 'deaf');
#   base_url => $door->{url} ...
#   $door->moment('accept') and ...
#   $door->mode('open');                   # for connections from then on
#
#   my $lib = slow_machine() or skip ...;  # for LD_PRELOAD
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package Standstill;
use strict;
use warnings;

use Exporter qw(import);
use RunwayTest;

our @EXPORT = qw(slow_machine full_port);

# A library for LD_PRELOAD. While the file named by the variable is there, each
# call takes its time and says so by a byte at the file's end:
#
#   SLOW_LOOKUP  a host name below .test is looked up for half a minute
#   SLOW_READ    the filter's reads of a file (pread) take 0.3 s
#
# undef where nothing can be compiled.
sub slow_machine {
    our $lib;
    return $lib if $lib;
    my $path = "$TMP/slow.so";
    my $cc = run_cmd([split(' ', $ENV{CC} || 'cc'), qw(-shared -fPIC -o), $path, spew("$TMP/slow.c", <<'C'), '-ldl']);
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void slow(const char *variable, double seconds)
{
    const char *path = getenv(variable);
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    if (write(fd, ".", 1) == 1)
        close(fd);
    usleep((useconds_t)(seconds * 1e6));
}
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    size_t n = node ? strlen(node) : 0;
    if (n > 5 && !strcmp(node + n - 5, ".test")) {
        for (int i = 0; i < 30; i++)
            slow("SLOW_LOOKUP", 1);
        return EAI_NONAME;
    }
    return real(node, service, hints, res);
}
ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
    ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
    slow("SLOW_READ", 0.3);
    return real(fd, buf, size, offset);
}
ssize_t pread64(int fd, void *buf, size_t size, off64_t offset)
{
    ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
    slow("SLOW_READ", 0.3);
    return real(fd, buf, size, offset);
}
C
    if ($cc->{status}) {
        Test::More::diag("cannot compile: $cc->{err}");
        return;
    }
    return $lib = $path;
}

# A port where a connection is begun and never made: its queue is full. Hold on
# to what else is returned.
sub full_port {
    my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!\n";
    my @full = $server;
    for (1 .. 20) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport, Blocking => 0)
            or last;
        push @full, $socket;
    }
    return ($server->sockport, @full);
}

package Standstill::Door;

use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep);

# What is behind the door, and what it does with a connection:
#
#   open    hands everything on, both ways
#   silent  reads everything and answers nothing
#   deaf    reads the first KiB or so, and no more
sub start {
    my ($class, $behind, $mode) = @_;
    my ($port, $path) = $behind =~ m{^http://127\.0\.0\.1:(\d+)(.*)} or die "$behind is not on loopback\n";
    # small before it listens, so that it holds for what is accepted
    my $server = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0) or die "socket: $!\n";
    setsockopt $server, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 4096 or die "SO_RCVBUF: $!\n";
    listen $server, 64 or die "listen: $!\n";
    my $n = ++our $count;
    my $self = bless {
        port => $server->sockport, url => 'http://127.0.0.1:' . $server->sockport . $path,
        mode_file => "$RunwayTest::TMP/door-$$-$n.mode", log_file => "$RunwayTest::TMP/door-$$-$n.log", owner => $$,
    }, $class;
    $self->mode($mode);
    RunwayTest::spew($self->{log_file}, '');
    $self->{pid} = fork // die "fork: $!\n";
    return $self if $self->{pid};
    # nothing that the test has open is kept open here
    eval { $self->_serve($server, $port) };
    print STDERR "# door: $@" if $@;
    POSIX::_exit(0);
}

sub mode {
    my ($self, $mode) = @_;
    RunwayTest::spew("$self->{mode_file}.new", $mode);
    rename "$self->{mode_file}.new", $self->{mode_file} or die "$self->{mode_file}: $!\n";
}

# Whether something has happened: accept, data.
sub moment { return RunwayTest::slurp($_[0]{log_file}) =~ /^\Q$_[1]\E$/m }

sub _serve {
    my ($self, $server, $port) = @_;
    local $SIG{PIPE} = 'IGNORE';
    open my $log, '>>', $self->{log_file} or die "$self->{log_file}: $!\n";
    $log->autoflush(1);
    my $reads = IO::Select->new($server);
    my (%mode, %other, %had, @deaf);
    my $close = sub {
        for my $socket (grep { defined } $_[0], delete $other{ $_[0] }) {
            delete $other{$socket};
            $reads->remove($socket);
            close $socket;
        }
    };
    while (getppid == $self->{owner}) {
        for my $socket ($reads->can_read(0.2)) {
            if ($socket == $server) {
                my $client = $server->accept or next;
                print $log "accept\n";
                $mode{$client} = RunwayTest::slurp($self->{mode_file});
                $reads->add($client);
                next if $mode{$client} ne 'open';
                my $peer = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or do { $close->($client); next };
                @other{ $client, $peer } = ($peer, $client);
                $reads->add($peer);
                next;
            }
            next if !$reads->exists($socket);
            my $size = sysread $socket, my $data, 1024;
            if (!$size) {
                $close->($socket);
                next;
            }
            print $log "data\n" if !$had{$socket}++;
            if (my $peer = $other{$socket}) {
                for (my $at = 0; $at < $size;) {
                    my $n = syswrite $peer, $data, $size - $at, $at or last;
                    $at += $n;
                }
            } elsif ($mode{$socket} eq 'deaf') {
                $reads->remove($socket);
                push @deaf, $socket;
            }
        }
    }
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || !$self->{pid};
    local ($?, $@, $!);
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
}

1;
