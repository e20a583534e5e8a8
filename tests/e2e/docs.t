#!/usr/bin/env perl
# That the README is true: its short table names options that the filter has,
# with the right defaults (the manual has them all: manual.t), and each command in
# it does, word for word, what it is said to do. The commands run against the simulator, which
# RUNWAYML_BASE_URL names.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;
use DocCommands;

my $readme = slurp("$ROOT/README.md");
my $help = run_cmd([$FFMPEG, qw(-hide_banner -h filter=runway_v2v)])->{out};
my %options = map { /^   (\w+)\s+<(\w+)>\s+\S+ (.*)/ ? ($1 => $3) : () } split /\n/, $help;

subtest 'options' => sub {
    my ($table) = $readme =~ /^## Options\n(.*?)^## /ms;
    my @rows = map { [/^\| (`.*?`) \| (.*?) ?\| .*\|$/] } grep { /^\| `/ } split /\n/, $table;
    is(scalar @rows, 10, 'the ten that most people need');
    my %named;
    for my $row (@rows) {
        my ($names, $default) = @$row;
        my @names = $names =~ /`(\w+)`/g;
        $named{$_}++ for @names;
        # a default that is said has to be the one that is built in
        next if @names > 1 || !exists $options{ $names[0] } || $options{ $names[0] } !~ /\(default (.*?)\)$/;
        my $real = $1;
        my %means = (true => 1, false => 0, '30:00' => 1800);
        $real =~ s/^"|"$//g;
        $real = $means{$real} // $real;
        my ($said) = $default =~ /^`?([\w.-]+)/;
        is($said, $real, "the default of $names[0]");
    }
    is(join(' ', grep { !$options{$_} } sort keys %named), '', 'none that does not exist');
};

subtest 'targets and files' => sub {
    my $targets = run_cmd(['make', '--no-print-directory', '-C', $ROOT, 'help'])->{out};
    for my $file (map { "$ROOT/$_" } qw(README.md CONTRIBUTING.md)) {
        my $text = slurp($file);
        my %wanted = map { ($_ => 1) } $text =~ /(?:^    |`)make ([a-z][a-z0-9-]*)/mg;
        for my $target (sort keys %wanted) {
            like($targets, qr/^  make \Q$target\E /m, basename($file) . ": make $target exists");
        }
        for my $path ($text =~ /`((?:[\w.-]+\/)+[\w.-]*)`/g) {
            next if $path =~ m{^(build|out|libav\w+)/};
            # sources are named from the layers' directory
            ok((grep { -e "$_/$path" } $ROOT, "$ROOT/vf_runway/runway"), basename($file) . ": $path is there");
        }
        for my $link ($text =~ /\]\((?!https?:)([^)#]+)/g) {
            ok(-e "$ROOT/$link", basename($file) . ": the link to $link leads somewhere");
        }
        my %options = map { ($_ => 1) } $text =~ /runway-simulator.*? (--[\w-]+)/g;
        my $sim_help = run_cmd([$SIMULATOR, '--help'])->{out};
        like($sim_help, qr/^  \Q$_\E\b/m, basename($file) . ": the simulator has $_") for sort grep { $_ ne '--help' } keys %options;
    }
};

# By the anchors that GitHub makes of headings.
subtest 'recipes' => sub {
    my ($list) = $readme =~ /^(\[docs\/recipes\.md\].*?)\n\n/ms or return fail('a list of them');
    my @linked = $list =~ /\]\(docs\/recipes\.md#([\w-]+)\)/g;
    my @recipes = map { lc($_) =~ s/[^\w -]//gr =~ tr/ /-/r } slurp("$ROOT/docs/recipes.md") =~ /^## (.*)/mg;
    is("@linked", "@recipes", 'the README names all of them, in their order');
};

# What SECURITY.md promises is held by tests, which it names: files, and functions
# or subtests in them.
subtest 'tests that SECURITY.md names' => sub {
    my $page = slurp("$ROOT/SECURITY.md");
    my %file;
    for my $path (split /\n/, run_cmd(['find', "$ROOT/tests/e2e", "$ROOT/tests/unit", '-name', '*.t', '-o', '-name', 'test_*.c'])->{out}) {
        $file{ basename($path) } = slurp($path);
    }
    my $all = join "\n", values %file;
    my %named = map { ($_ => 1) } $page =~ /`((?:test_)?\w+\.t|test_\w+(?:\.c)?)`/g;
    cmp_ok(scalar keys %named, '>', 30, 'they are many');
    for my $name (sort keys %named) {
        ok($name =~ /\./ ? $file{$name} : $all =~ /^static void \Q$name\E\(void \*\*state\)/m, "$name is there");
    }
    my ($promises) = $page =~ /^## What is promised\n(.*?)^## /ms;
    for my $promise (split /\n(?=- )/, $promises =~ s/\A\s+|\s+\z//gr) {
        my ($start) = $promise =~ /\A(?:- )?(.{1,40})/;
        # what is in brackets belongs to the sentence before
        for my $sentence (split /(?<=[.)])\s+(?=[A-Z])/, $promise =~ s/\s+/ /gr) {
            like($sentence, qr/`(?:\w+\.t|test_\w+(?:\.c)?)`/, "a test is named: $sentence");
        }
    }
};

# --- the commands ---------------------------------------------------------------

# Blocks that are indented, without comments and without what needs a service
# that costs, a key of one's own, or hours.
my @commands = grep { /^(for .*|build\/bin\/ffmpeg .*)/s } map {
    # a block of several commands, of which exports are the environment's
    join "\n", grep { !/^export / } split /\n/
} blocks_of($readme);
cmp_ok(scalar @commands, '>=', 8, 'there are commands to try');

# One simulator for all.
my $sim = RunwayTest::Simulator->start('--latency' => 0.5);
my $clip = make_clip(size => '160x120', seconds => 5, audio => 1, name => 'in.mp4');
my ($shots) = $readme =~ /^(    0\.0 runway_v2v .*\n(?:    .*\n)*)/m;
my %texts = (
    # whoever reads the pipe: counts what comes
    'path/ffplay' => "#!/bin/sh\nexec '$FFPROBE' -v error -count_packets -show_entries stream=codec_type,nb_read_packets -of csv=p=0 \"\$\@\"\n",
    'out/.keep' => '',
    $shots ? ('shots.txt' => $shots =~ s/^    //mgr) : (),
);
my @jobs = run_commands(map { { command => $_, sim => $sim, files => { 'in.mp4' => $clip }, texts => \%texts } } @commands);

for my $job (@jobs) {
    my ($command, $dir, $run) = @$job{qw(command dir run)};
    my $name = $command =~ s/\s+/ /gr;
    subtest $name => sub {
        is($run->{status}, 0, 'ends well') or diag $run->{err};
        ok(!-e "$dir/failed.txt", 'no failure was noted');
        my ($out) = $command =~ /\s(\S+\.(?:mp4|ts))\s*$/;
        $out = 'out/in.mp4' if $command =~ /^for /;
        if ($out) {
            my $facts = probe("$dir/$out");
            is($facts->{video}{nb_read_packets}, 120, 'as many frames as went in');
            ok($facts->{audio}, 'and sound');
            is($facts->{format}{format_name} =~ /mpegts/ ? 'ts' : 'mp4', $out =~ /(\w+)$/ && $1, 'in the format that was asked for');
        } elsif ($command =~ /ffplay/) {
            like($run->{out}, qr/^video,120\b/m, 'all frames went through the pipe');
            like($run->{out}, qr/^audio,/m, 'and the sound');
        } elsif ($command =~ /dry_run/) {
            like($run->{err}, qr/\d+ credits/, 'says what it would cost');
        } else {
            fail('this test knows what the command should leave');
        }
    };
}
my @prompts = map { $_->{body}{promptText} // () } $sim->requests('create');
ok((grep { $_ eq 'turn the day into night' } @prompts), 'the first command\'s prompt arrived');
ok((grep { $_ eq 'the same in deep snow' } @prompts), 'and the second shot\'s') if $shots;

done_testing;
