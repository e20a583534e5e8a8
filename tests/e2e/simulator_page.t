#!/usr/bin/env perl
# That docs/simulator.md is true: it has every option of --help and no other,
# with the same defaults, every kind of fault and look; its commands do what they
# say, each situation comes about, and the log holds nothing it does not document.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use POSIX ();
use Test::More;

use RunwayTest;
use FilterTest;

my $page = slurp("$ROOT/docs/simulator.md");
utf8::decode($page);
my $help = run_cmd([$SIMULATOR, '--help'])->{out};
my %part = $page =~ /^## (.*?)\n(.*?)(?=^## |\z)/msg;

# The rows of a table whose first heading is that, as lists of cells.
sub table {
    my ($text, $heading) = @_;
    my ($rows) = $text =~ /^\| \Q$heading\E \|.*\n\|[-|]+\n((?:\|.*\n)+)/m;
    return map { [map { ($_ // '') =~ s/^\s+|\s+$//gr } (split /\|/, s/\s*\|\s*$//r, -1)[1 .. 10]] } split /\n/, $rows // '';
}

like(slurp("$ROOT/README.md"), qr/\(docs\/simulator\.md\)/, 'the README leads here');

subtest 'options' => sub {
    my %default;
    # an option's text goes on in lines that are further in
    while ($help =~ /^  (--[\w-]+)(.*\n(?: {20,}.*\n)*)/mg) {
        my ($option, $text) = ("$1", "$2");
        $text =~ s/\s+/ /g;
        $default{$option} = $text =~ /\(default:? (.*)\)/ ? $1 : '';
    }
    my @rows = table($part{Options}, 'option');
    my %documented = map { ($_->[0] =~ s/`//gr => $_->[1] =~ s/`//gr) } @rows;
    delete $documented{'--help'};
    is(join(' ', sort keys %documented), join(' ', sort keys %default), 'every option, and no other');
    for my $option (sort keys %default) {
        my ($real, $said) = ($default{$option}, $documented{$option} // 'nothing');
        # shorter here, in words there
        ($real, $said) = map { s/:? .*//sr } $real, $said if $option =~ /^--result-(frames|size)$/;
        $said =~ s/^0: (any|no limit)/0/;
        is($said, $real, "$option: its default");
    }
};

subtest 'faults and looks' => sub {
    my ($faults) = $help =~ /^  WHERE (.*?)^  For example/ms;
    my ($what) = $faults =~ /^  WHAT(.*)/ms;
    my @kinds = map { s/=.*//r } $what =~ /^ {9}(\S+) {2,}/mg, 'drop-before';
    my %kind = map { ($_ => 1) } @kinds;
    is(join(' ', sort map { $_->[0] =~ s/`|=.*//gr } table($part{Faults}, 'WHAT')), join(' ', sort keys %kind), 'every fault');
    my ($where) = $faults =~ /^(.*?)^  WHICH/ms;
    my ($said) = $part{Faults} =~ /^WHERE(.*?)\n\n/ms;
    is(join(' ', sort $said =~ /`(\w+)`/g), join(' ', sort $where =~ s/\(.*?\)//gsr =~ /(\w+)/g), 'every kind of request');
    my ($looks) = $help =~ /^The prompt picks.*?\n(.*?)^A prompt/ms;
    my @words = map { split ' ' } map { /^  (.*?)  / && $1 ne '(anything else)' ? $1 : () } split /\n/, $looks;
    is(join(' ', sort map { $_->[0] =~ /`(\w+)`/g } table($part{Prompts}, 'words')), join(' ', sort @words), 'every look');
};

my $clip = make_clip(size => '320x180', seconds => 4, rate => 24, audio => 1, name => 'in.mp4');

# A directory as a user has it after make: in.mp4 and build/bin.
sub directory {
    my ($name) = @_;
    my $dir = "$TMP/$name";
    make_path(map { "$dir/$_" } qw(build/bin tmp));
    symlink $FFMPEG, "$dir/build/bin/ffmpeg" or die "symlink: $!\n";
    symlink $FFPROBE, "$dir/build/bin/ffprobe" or die "symlink: $!\n";
    symlink $SIMULATOR, "$dir/build/bin/runway-simulator" or die "symlink: $!\n";
    link $clip, "$dir/in.mp4" or die "link: $!\n";
    return $dir;
}

subtest 'the commands' => sub {
    my $dir = directory('commands');
    my @blocks = grep { !/^\{/ } map { s/^    //mgr } $part{'Start, use, end'} =~ /((?:^    .*\n)+)/mg;
    cmp_ok(scalar @blocks, '>=', 5, 'there are some');
    my $script = join "\n", 'set -e', @blocks;
    my $run = run_cmd(['sh', '-c', "$script\nwait\n"], dir => $dir, timeout => 200, env => {
        PATH => "$dir/build/bin:$ENV{PATH}", TMPDIR => "$dir/tmp", COMETAPI_KEY => undef,
        XDG_STATE_HOME => "$dir/state" });
    is($run->{status}, 0, 'all of them end well') or diag $run->{err};
    is($run->{out}, "2\n2\n", 'two creates, two of them billed');
    is(probe("$dir/$_")->{video}{nb_read_packets}, 96, "$_ is whole") for qw(out.mp4 night.mp4);
    like(slurp("$dir/requests.jsonl"), qr/"event":"exit"/, 'and the simulator has ended');
    my ($shown) = $part{'Start, use, end'} =~ /^    (\{.*\})$/m;
    is(join(' ', sort keys %{ decode($shown) }), join(' ', sort keys %{ decode(slurp("$dir/ready.json")) }), 'ready.json is as shown');
};

# --- the situations ---------------------------------------------------------------

my ($direct, $gateway) = split /^At the gateway only:$/m, $part{Situations};
my @situations = ((map { [@$_, 0] } map { [@$_[0 .. 3]] } table($direct, 'to see')),
    map { [@$_, 1] } map { [@$_[0 .. 3]] } table($gateway, 'to see'));
cmp_ok(scalar @situations, '>=', 20, 'there are situations');

sub situation {
    my ($n) = @_;
    my (undef, $start, $with, undef, $at_gateway) = @{ $situations[$n] };
    my $sim = RunwayTest::Simulator->start('--latency' => 0.3, map { s/^in\.mp4$/$clip/r } split ' ', $start =~ s/`//gr);
    my %options = (prompt => 'snow');
    if ($with =~ /`(\w+)=(.*)`/) {
        my ($name, $value) = ($1, $2);
        $value =~ s/^\x{2026}/$sim->{api}/;
        $options{$name} = $value;
    }
    my %env = $at_gateway ? () : (COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'any', RUNWAYML_BASE_URL => $sim->{runway});
    my $run = run_filter($at_gateway ? $sim : undef, in => $clip, env => \%env, timeout => 250, options => \%options);
    $run->{log} = [$sim->log];
    $run->{frames} = $run->{status} ? 0 : probe($run->{out})->{video}{nb_read_packets};
    $sim->stop;
    return $run;
}

# Several at a time: most of them wait.
my @waiting = (0 .. $#situations);
my (%child, %result);
while (@waiting || %child) {
    while (@waiting && keys %child < 4) {
        my $n = shift @waiting;
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            $FilterTest::count = $RunwayTest::Simulator::count = $RunwayTest::runs = 1000 * ($n + 1);
            my $run = eval { situation($n) } // { status => -2, err => $@ };
            spew("$TMP/situation-$n", json($run));
            POSIX::_exit(0);
        }
        $child{$pid} = $n;
    }
    my $pid = waitpid -1, 0;
    last if $pid < 0;
    next if !exists $child{$pid};
    my $n = delete $child{$pid};
    $result{$n} = decode(slurp("$TMP/situation-$n"));
}

my %fields;
for my $n (0 .. $#situations) {
    my ($title, undef, undef, $comes_to) = @{ $situations[$n] };
    subtest $title => sub {
        my $run = $result{$n};
        my ($how, $text) = $comes_to =~ /^(ends well|fails)(?:: `(.*)`)?$/ or return fail("it is said what it comes to: $comes_to");
        if ($how eq 'ends well') {
            is($run->{status}, 0, 'ends well') or diag $run->{err};
            is($run->{frames}, 96, 'with all frames');
        } else {
            cmp_ok($run->{status}, '>', 0, 'fails');
        }
        like($run->{err}, qr/\Q$text\E/, "and says so: $text") if defined $text;
    };
    for my $line (@{ $result{$n}{log} || [] }) {
        my $kind = $line->{event} // '';
        $fields{$kind}{$_} = 1 for keys %$line;
    }
}

subtest 'the log' => sub {
    my %documented = map { ($_ => 1) } map { $_->[0] =~ /`(\w+)`/g } table($part{'The log'}, 'field');
    is(join(' ', grep { !$documented{$_} } sort keys %{ $fields{''} }), '', 'every field of a request is documented');
    my %event = map { ($_->[0] =~ s/`//gr => $_->[1]) } table($part{'The log'}, 'event');
    delete $fields{''};
    cmp_ok(scalar keys %fields, '>=', 3, 'there were events');
    for my $kind (sort keys %fields) {
        my %of = map { ($_ => 1) } ($event{$kind} // '') =~ /`(\w+)`/g;
        ok(exists $event{$kind}, "$kind is documented");
        is(join(' ', grep { !$of{$_} && !/^(t|event)$/ } sort keys %{ $fields{$kind} }), '', "$kind: every field is");
    }
};

done_testing;
