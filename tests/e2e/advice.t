#!/usr/bin/env perl
# What the README advises, and what it warns of: how to stop, how to see a film
# beside itself, and how to find a bad command before it is paid for.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use RunwayTest;
use FilterTest;

# A pipe that somebody types into as soon as that sub says so, and then holds open.
sub keyboard {
    my ($when, $keys) = @_;
    my $path = "$TMP/keyboard-" . ++our $keyboards;
    POSIX::mkfifo($path, 0600) or die "mkfifo: $!\n";
    my $pid = fork // die "fork: $!\n";
    return ($path, $pid) if $pid;
    open my $to, '>', $path or POSIX::_exit(1);
    $to->autoflush(1);
    sleep 0.05 until $when->();
    print $to $keys;
    sleep 600;
    POSIX::_exit(0);
}

subtest 'q finishes what was read, Ctrl-C does not' => sub {
    my $film = make_clip(size => '96x64', seconds => 30);
    for my $key ('q', 'Ctrl-C') {
        my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
        my $log = "$TMP/" . lc($key) . '.jsonl';
        my $is_out = sub { -e $log && slurp($log) =~ /"event":"emitted"/ };
        my ($stdin, $typist) = keyboard($is_out, $key eq 'q' ? 'q' : '');
        my $what = filter_command($sim, in => $film, input => ['-re'],
            options => { prompt => 'echo', model => 'aleph2', clip_duration => 2, log_path => $log });
        # the keyboard is the point
        my @command = grep { $_ ne '-nostdin' } @{ $what->{command} };
        my $run = run_cmd(\@command, env => $what->{env}, stdin => $stdin, timeout => 60,
            $key eq 'q' ? () : (signal => [$is_out, 'INT']));
        kill KILL => $typist;
        waitpid $typist, 0;
        my $clips = () = $sim->events('billed');
        my $frames = probe($what->{out})->{video}{nb_read_packets} // 0;
        if ($key eq 'q') {
            is($run->{status}, 0, 'q: an end like any other') or diag $run->{err};
            cmp_ok($frames, '<', 720, 'the film was not read to its end');
            # the clip at hand is short, as the end of an input is
            is($clips, POSIX::ceil($frames / 48), 'all that was read was sent, the clip at hand as well')
                or diag "$frames frames, $clips clips";
        } else {
            is($run->{status}, 255, 'Ctrl-C: a stop');
            cmp_ok($clips, '>', 0, 'clips were paid for');
            cmp_ok($clips, '<', 15, 'but not the film');
            cmp_ok($frames, '<=', 48 * $clips, 'and the clip at hand was not');
        }
    }
};

subtest 'q while it waits: what is paid for is picked up' => sub {
    my $film = make_clip(size => '96x64', seconds => 4);
    my $sim = RunwayTest::Simulator->start('--latency' => 15);
    my ($stdin, $typist) = keyboard(sub { 2 == $sim->events('billed') }, 'q');
    my $what = filter_command($sim, in => $film, options => { prompt => 'echo', model => 'aleph2', clip_duration => 2 });
    my $run = run_cmd([grep { $_ ne '-nostdin' } @{ $what->{command} }], env => $what->{env}, stdin => $stdin, timeout => 60);
    kill KILL => $typist;
    waitpid $typist, 0;
    is($run->{status}, 0, 'an end like any other') or diag $run->{err};
    # 7.1 outputs what it has read, 9.0 a frame, 5.1 nothing that could be read
    my $frames = eval { probe($what->{out})->{video}{nb_read_packets} } // 0;
    my $is_said = $run->{err} =~ /\d+ input frames were not output: the graph ended before them/ ? 1 : 0;
    is($is_said, $frames < 96 ? 1 : 0, '... which says that frames are missing, where they are') or diag "$frames frames, $run->{err}";
    $run = run_cmd($what->{command}, env => $what->{env}, timeout => 60);
    is($run->{status}, 0, 'the same command again') or diag $run->{err};
    is(probe($what->{out})->{video}{nb_read_packets}, 96, '... outputs all frames');
    is(scalar(() = $sim->events('billed')), 2, '... and each clip was paid for once');
};

subtest 'a film beside itself: opened twice, not split' => sub {
    my $film = make_clip(size => '640x360', seconds => 10, filter => 'noise=alls=4');
    my $sim = RunwayTest::Simulator->start('--latency' => 1);
    my $graph = filter_graph(base_url => $sim->{api}, poll_interval => 0.1, prompt => 'night', model => 'aleph2');
    my %peak;
    for my $way (['twice', ['-i', $film, '-i', $film], "[0:v]$graph\[n];[1:v][n]hstack"],
            ['split', ['-i', $film], "[0:v]split[a][b];[b]$graph\[n];[a][n]hstack"]) {
        my ($name, $inputs, $chain) = @$way;
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -y -v info -benchmark), @$inputs, '-filter_complex', $chain,
            qw(-c:v mpeg4 -f null -)], env => { COMETAPI_KEY => 'k', XDG_STATE_HOME => "$TMP/state-$name" });
        is($run->{status}, 0, "$name: ends well") or diag $run->{err};
        ($peak{$name}) = $run->{err} =~ /maxrss=(\d+)/;
    }
    # 10 s are 83 MB
    cmp_ok($peak{split} - $peak{twice}, '>', 50_000, 'split keeps the film in memory, the other does not')
        or diag "$peak{twice} and $peak{split} KiB";
};

subtest 'an encoder or a muxer that refuses its options' => sub {
    my $film = make_clip(size => '96x64', seconds => 4);
    my %bad = (
        encoder => [qr/profile/, {}, args => [qw(-c:v libx264 -profile:v nonsense)]],
        muxer   => [qr/rawvideo/, {}, args => [qw(-c:v rawvideo)], out => 'out.mp4'],
        size    => [qr/not divisible by 2/, { size => '193x129' }, args => [qw(-c:v libx264)]],
    );
    for my $what (sort keys %bad) {
        my ($words, $size, @bad) = @{ $bad{$what} };
        my $sim = RunwayTest::Simulator->start('--latency' => 0.2);
        my %options = (prompt => 'echo', model => 'aleph2', clip_duration => 2, %$size);
        my $run = run_filter($sim, in => $film, @bad, options => { %options, dry_run => 1 });
        isnt($run->{status}, 0, "$what: found by dry_run=1 in the same command");
        like($run->{err}, $words, 'with its own words');
        is(scalar $sim->requests, 0, 'and nothing was sent');
        $run = run_filter($sim, in => $film, @bad, options => \%options);
        isnt($run->{status}, 0, 'without it: found as well');
        cmp_ok(scalar(() = $sim->events('billed')), '>', 0, 'but after something was paid for');
    }
};

# Money is spent, a task is waited for until lines would come, and results are reported.
subtest 'with -v error or warning there is silence' => sub {
    my $film = make_clip(size => '96x64', seconds => 4);
    for my $loglevel (qw(error warning info)) {
        my $sim = RunwayTest::Simulator->start('--latency' => $loglevel eq 'info' ? 12 : 6);
        my $run = ok_filter($sim, $loglevel, in => $film, loglevel => $loglevel, input => ['-nostats'],
            options => { prompt => 'echo', model => 'aleph2', clip_duration => 2 });
        $loglevel ne 'info' ? is($run->{err}, '', 'not a word') : like(join("\n", filter_lines($run)), qr/ sent: .*^waiting for /ms, 'which had lines to say');
    }
};

done_testing;
