#!/usr/bin/env perl
# Where the journal and the results are is the user's alone: a directory of
# somebody else's, one that others can write to and a link in its place are
# errors before anything is sent; and what somebody has put at the names that are
# written to, or in the place of a directory, is neither followed nor touched.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use POSIX ();
use Test::More;

use RunwayTest;
use FilterTest;
use PaidTest;

my $OTHER = 12345;    # a user that is not us
my $clip = lossless_clip(frames => 6);
my $sim = RunwayTest::Simulator->start('--latency' => 0);
my $number = 0;

# A fresh pair of directories, as a run leaves them.
sub fresh {
    my $dir = "$TMP/dirs-" . ++$number;
    make_path(map { "$dir/$_" } qw(state/clips state/locks results/incoming));
    chmod 0700, "$dir/$_" for qw(state state/clips state/locks results results/incoming);
    return $dir;
}

sub run_in {
    my ($dir, %opt) = @_;
    return run_filter($sim, in => $clip, loglevel => 'error', %opt,
        options => { prompt => 'echo', state_dir => "$dir/state", results_dir => "$dir/results", %{ $opt{options} || {} } });
}

is(run_in(fresh())->{status}, 0, 'as they should be');

my $root = $> == 0;
my %bad = (
    'that its group can write to' => [sub { chmod 0770, $_[0] }, qr/others can write to/],
    'that all can write to'       => [sub { chmod 0707, $_[0] }, qr/others can write to/],
    'like /tmp'                   => [sub { chmod 01777, $_[0] }, qr/others can write to/],
    'that is a link'              => [sub { rename $_[0], "$_[0].real"; symlink basename("$_[0].real"), $_[0] }, qr/is a symbolic link/],
    'that is a link to itself'    => [sub { rename $_[0], "$_[0].real"; symlink basename($_[0]), $_[0] }, qr/is a symbolic link/],
    'that is a file'              => [sub { rename $_[0], "$_[0].real"; spew($_[0], '') }, qr/Not a directory/],
    'that is a pipe'              => [sub { rename $_[0], "$_[0].real"; POSIX::mkfifo($_[0], 0600) }, qr/Not a directory/],
    $root ? ("of another user's" => [sub { chown $OTHER, $OTHER, $_[0]; chmod 0755, $_[0] }, qr/belongs to another user \(uid $OTHER\)/]) : (),
);
for my $which (qw(state state/clips state/locks results results/incoming)) {
    subtest $which => sub {
        my $before = () = $sim->requests;
        for my $name (sort keys %bad) {
            my ($spoil, $says) = @{ $bad{$name} };
            my $dir = fresh();
            $spoil->("$dir/$which");
            my $option = $which =~ /^state/ ? 'state_dir' : 'results_dir';
            error_line("one $name", run_in($dir), qr/^$option: /, qr/\Q$dir\/$which\E/, $says);
        }
        is(scalar(() = $sim->requests), $before, 'nothing was asked for');
    };
}

subtest 'what is above may be a link' => sub {
    my $dir = fresh();
    symlink $dir, "$dir.link" or die "symlink: $!\n";
    is(run_in("$dir.link")->{status}, 0, 'and is followed');
    is(scalar(() = glob "$dir/results/*.mp4"), 1, 'to where it leads');
};

subtest 'a link with something behind it is a link' => sub {
    for my $behind ('/', '/.', '/./', '//.//.') {
        my $dir = fresh();
        rename "$dir/state", "$dir/real" or die "rename: $!\n";
        symlink 'real', "$dir/state" or die "symlink: $!\n";
        error_line($behind, run_in($dir, options => { state_dir => "$dir/state$behind" }), qr/is a symbolic link/);
    }
};

# What has write access for a moment only, or had it: each name that is written
# to is taken by a link to a file of the user's, or to itself.
subtest 'links at the names that are written' => sub {
    my $known = fresh();
    my $run = run_in($known);
    is($run->{status}, 0, 'a run to learn the names') or diag $run->{err};
    my ($identity) = map { basename($_) =~ /^(\w+)\.record$/ ? $1 : () } glob "$known/state/clips/*";
    ok($identity, 'a clip has one');
    my ($result) = map { basename($_) } glob "$known/results/*.mp4";
    ok($result, 'and its result');
    for my $name ("state/clips/$identity.next", "state/clips/$identity.new", "state/clips/$identity.record", "state/clips/$identity.damaged", "state/locks/$identity.lock",
        'state/locks/money', 'state/locks/money.lock', "results/$result", 'results/.runway_v2v') {
        for my $kind ('a file', 'a hard link', 'itself', $root ? "another user's file" : ()) {
            my $dir = fresh();
            my $victim = spew("$dir/victim", "keep me\n");
            chmod 0644, $victim;
            if ($kind eq 'itself') {
                symlink basename($name), "$dir/$name" or die "symlink: $!\n";
            } elsif ($kind eq 'a hard link') {
                link $victim, "$dir/$name" or die "link: $!\n";
            } elsif ($kind eq 'a file') {
                symlink $victim, "$dir/$name" or die "symlink: $!\n";
            } else {
                spew("$dir/$name", "keep me\n");
                chown $OTHER, $OTHER, "$dir/$name";
            }
            my $run = run_in($dir);
            ok(!$run->{timed_out} && !$run->{signal}, "$name, $kind: ends by itself") or diag $run->{err};
            ok($run->{status} == 0 || filter_lines($run), "$name, $kind: well, or with a reason") or diag $run->{err};
            is(slurp($victim) . sprintf('%o', (stat $victim)[2] & 07777), "keep me\n644", "$name, $kind: the file is as it was");
        }
    }
};

# Results are brought in beside where they stay, and moved there once they are paid
# for.
subtest 'results that could not be moved to where they stay' => sub {
    my $may = run_cmd([qw(unshare -m true)]);
    plan skip_all => 'no file system can be mounted here' if !$root || $may->{status};
    my $before = () = $sim->requests;
    my $dir = fresh();
    my $run = PaidTest->new(sim => $sim, seconds => 1, state => "$dir/state", results => "$dir/results")->run(loglevel => 'error',
        under => ['unshare', '-m', 'sh', '-ec', "mount -t tmpfs -o mode=700 none '$dir/results/incoming'; exec \"\$\@\"", 'sh']);
    error_line('incoming/ elsewhere', $run, qr/^results_dir: .*\Q$dir\/results\E.* a directory in it is on another file system/);
    is(scalar(() = $sim->requests), $before, 'nothing was asked for');
    is_deeply([map { glob "$dir/results/$_" } '.probe*', 'incoming/.probe*'], [], 'and nothing is left there');
};

# As a backup may restore them. That a clip was bought is no question then, and
# on_unknown=resend does not buy it again.
subtest 'records and results that are not only ours' => sub {
    my $own = RunwayTest::Simulator->start('--latency' => 0);
    my $job = PaidTest->new(sim => $own, seconds => 1, options => { on_unknown => 'resend' });
    is($job->run->{status}, 0, 'a run');
    my ($record, $result) = map { (glob "$job->{$_->[0]}/$_->[1]")[0] } [state => 'clips/*.record'], [results => '*.mp4'];
    my @spoil = ([sub { chmod 0664, $_[0] }, sub { chmod 0600, $_[0] }, 'its group writes to'],
        $root ? [sub { chown $OTHER, $OTHER, $_[0] }, sub { chown 0, 0, $_[0] }, 'another has'] : ());
    my @fetch = ([dirname($FFMPEG) . '/../bin/runway-tasks', '--state-dir', $job->{state}, '--results-dir', $job->{results}, '--base-url', $own->{api}, 'fetch'],
        env => { COMETAPI_KEY => $FilterTest::KEY });
    for my $case (@spoil) {
        my ($spoil, $mend, $name) = @$case;
        for my $file ($result, $record) {
            $spoil->($file);
            error_line("$name " . basename(dirname $file), $job->run(loglevel => 'error'), qr/\Q$file\E cannot be read/, qr/others can write to it; check .* chmod go-w/);
            rename $result, "$result.away" if $file eq $record;
            is($job->run(loglevel => 'error')->{status} != 0, 1, "$name: without the result as well") if $file eq $record;
            my $run = run_cmd(@fetch);
            is($run->{status}, $file eq $record ? 1 : 0, "$name: fetch misses what is not here");
            like($run->{out}, qr/^\w{12}  not fetched: .*chmod go-w/, "$name: and says why") if $file eq $record;
            rename "$result.away", $result if $file eq $record;
            $mend->($file);
        }
    }
    is($job->run->{status}, 0, 'mended, all is well');
    is(billed($own), 1, 'and was bought once');
};

# Somebody puts another directory there while it runs. Each is opened once.
subtest 'directories are replaced' => sub {
    my $slow = RunwayTest::Simulator->start('--latency' => 2);
    my $film = film(seconds => 1);
    my @cases = map { my $which = $_; map { { which => $which, with => $_, name => "$which, $_" } } 'another', 'a link', 'nothing' }
        qw(results results/incoming state state/clips state/locks);
    for my $j (@cases) {
        my $name = $j->{name};
        my $job = $j->{job} = PaidTest->new(sim => $slow, in => $film, options => { take => ++$number });
        $j->{going} = $job->begin;
        ok($j->{going}->until(sub { -d "$job->{results}/incoming" && (() = glob "$job->{state}/clips/*") }), "$name: it has begun") or diag $j->{going}->said;
        my ($at, $trap) = ("$job->{dir}/$j->{which}", "$job->{dir}/trap");
        rename $at, "$job->{dir}/real" or die "rename: $!\n";
        make_path(map { "$trap/$_" } qw(incoming clips locks));
        rename $trap, $at if $j->{with} eq 'another';
        symlink $trap, $at if $j->{with} eq 'a link';
    }
    for my $j (@cases) {
        my ($name, $job) = @$j{qw(name job)};
        my $run = $j->{going}->end;
        is($run->{status}, 0, "$name: it ends well") or diag $run->{err};
        is(scalar(() = map { glob "$_ $_/*/*" } grep { !/\*/ } map { glob "$_/{incoming,clips,locks}/* $_/*.mp4" } "$job->{dir}/$j->{which}", "$job->{dir}/trap"), 0,
            "$name: nothing is in what is there now");
        my %real = map { ($_ => $j->{which} eq $_ ? "$job->{dir}/real" : $j->{which} eq $_ =~ s{/.*}{}r ? "$job->{dir}/real" . s{^\w+}{}r : "$job->{dir}/$_") } qw(results state/clips);
        is(scalar(() = glob "$real{results}/*.mp4"), 1, "$name: the result is in the directory that was opened");
        like(join('', map { slurp($_) } glob "$real{'state/clips'}/*.record"), qr/"state":"stored"/, "$name: and so is the record");
    }
    is(billed($slow), scalar @cases, 'each was paid for once');
};

# File systems of their own, which end with the process.
subtest 'a file system that is full or read-only' => sub {
    my $may = run_cmd([qw(unshare -m true)]);
    plan skip_all => 'no file system can be mounted here' if !$root || $may->{status};
    for my $option (qw(state_dir results_dir)) {
        for my $case (['full', 'size=64k', qr/No space left on device/], ['read-only', 'ro', qr/Read-only file system/]) {
            my ($name, $how, $says) = @$case;
            my $before = () = $sim->requests;
            my $dir = fresh();
            my $at = "$dir/" . ($option eq 'state_dir' ? 'state' : 'results');
            my $run = PaidTest->new(sim => $sim, seconds => 1, state => "$dir/state", results => "$dir/results")->run(loglevel => 'error',
                under => ['unshare', '-m', 'sh', '-ec', "mount -t tmpfs -o mode=700,$how none '$at'; exec \"\$\@\"", 'sh']);
            error_line("$option, $name", $run, qr/^$option: /, qr/\Q$at\E/, $says);
            is(scalar(() = $sim->requests), $before, "$option, $name: nothing was asked for");
        }
    }
};

done_testing;
