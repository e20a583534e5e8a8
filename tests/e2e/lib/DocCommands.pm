# The commands of a page of the documentation, as they stand there, each in a
# directory of its own and with a simulator in the service's place, which only
# the environment names.
#
#   for my $block (blocks_of($text)) { ... }
#   my @jobs = run_commands({ command => $block, files => { 'in.mp4' => $clip } }, ...);
#   is($_->{run}{status}, 0) for @jobs;
#
# This file is part of runway_v2v, LGPL 2.1 or later.
package DocCommands;
use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use POSIX ();

use RunwayTest;

our @EXPORT = qw(blocks_of run_commands);

# What is indented by four, without the indentation.
sub blocks_of {
    my ($text) = @_;
    my @blocks = $text =~ /((?:^    .*\n)+)/mg;
    s/^    //mg, s/\s+$// for @blocks;
    return @blocks;
}

# All at the same time. Besides `command`:
#
#   files  { name => path or directory }, linked into the directory
#   texts  { name => content }; those in path/ are programs
#   sim    a simulator; by itself, one of its own
#
# Each gets `dir`, `run` (what run_cmd returns) and `sim`.
sub run_commands {
    my (@jobs) = @_;
    for my $job (@jobs) {
        my $n = ++our $count;
        my $dir = $job->{dir} = "$TMP/command-$n";
        make_path(map { "$dir/$_" } qw(build/bin path tmp));
        symlink $FFMPEG, "$dir/build/bin/ffmpeg" or die "symlink: $!\n";
        for my $name (keys %{ $job->{files} || {} }) {
            symlink $job->{files}{$name}, "$dir/$name" or die "symlink: $!\n";
        }
        for my $name (keys %{ $job->{texts} || {} }) {
            make_path(dirname("$dir/$name"));
            spew("$dir/$name", $job->{texts}{$name});
            chmod 0755, "$dir/$name" if $name =~ m{^path/};
        }
        my $sim = $job->{sim} //= RunwayTest::Simulator->start('--latency' => 0.5);
        $job->{pid} = fork // die "fork: $!\n";
        next if $job->{pid};
        $RunwayTest::runs = 1000 * $n;
        my $run = run_cmd(['sh', '-c', $job->{command}], dir => $dir, timeout => 240, env => {
            RUNWAYML_API_SECRET => 'key-of-the-test', RUNWAYML_BASE_URL => $sim->{runway}, COMETAPI_KEY => undef,
            XDG_STATE_HOME => "$dir/state", TMPDIR => "$dir/tmp", PATH => "$dir/path:$ENV{PATH}",
        });
        spew("$dir/result", json($run));
        POSIX::_exit(0);
    }
    for my $job (@jobs) {
        waitpid delete $job->{pid}, 0;
        $job->{run} = decode(slurp("$job->{dir}/result"));
    }
    return @jobs;
}

1;
