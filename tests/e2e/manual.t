#!/usr/bin/env perl
# The filter's section in FFmpeg's manual: where it stands, that it has every
# option and none that is not there, that its examples work; and what ffmpeg -h
# says of each.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my $section = slurp("$ROOT/libavfilter-patch/filters.texi");
my @filters = map { m{/vf_(\w+)\.c$} } glob "$ROOT/vf_runway/vf_*.c";
my $tree = "$BUILD/src/ffmpeg";
plan skip_all => "no FFmpeg source in $tree: make check gets it" if !-f "$tree/doc/filters.texi";
my $manual = slurp("$tree/doc/filters.texi");

subtest 'its place' => sub {
    is(() = $manual =~ /\Q$section\E/g, 1, 'it is in, once');
    my ($video) = $manual =~ /^\@chapter Video Filters\n(.*?)^\@chapter /ms;
    my @names = $video =~ /^\@section (\S+)$/mg;
    my ($at) = grep { $names[$_] eq $filters[-1] } 0 .. $#names;
    ok(defined $at, 'among the video filters') or return;
    my $before = $names[$at - @filters];
    is(join(' ', @names[$at - $#filters .. $at]), "@filters", 'with its siblings');
    cmp_ok($before, 'lt', $filters[0], "behind $before");
    cmp_ok($names[$at + 1], 'gt', $filters[-1], "in front of $names[$at + 1]");
    like($video, qr/^\@end \w+\n\n\@section $_\n/m, "$_: with an empty line before it") for @filters;
    like($video, qr/^\@end \w+\n\n(\@anchor\{\S+\}\n)?\@section \Q$names[$at + 1]\E\n/m, 'and behind it');
};

subtest 'it is Texinfo' => sub {
    my @open;
    my $line = 0;
    for (split /\n/, $section) {
        $line++;
        push @open, $1 if /^\@(table|itemize|example)\b/;
        is(pop @open, $1, "line $line: what ends was begun") if /^\@end (\w+)/;
        fail("line $line is longer than its neighbours'") if length > 100 && !/^\@ref/;
    }
    is("@open", '', 'what was begun is ended');
    my ($others) = $manual =~ s/\Q$section\E//r;
    my %known = map { $_ => 1 } $others =~ /\@(\w+)/g, map { slurp($_) =~ /\@(\w+)/g } "$tree/doc/utils.texi", "$tree/doc/ffmpeg.texi";
    is_deeply([grep { !$known{$_} } $section =~ s/\@\@//gr =~ /\@(\w+)/g], [], 'no command that the manual has nowhere else');
    for my $anchor ($section =~ /\@ref\{([^,}]+)/g) {
        ok((grep { slurp($_) =~ /^\@anchor\{\Q$anchor\E\}/m } glob "$tree/doc/*.texi"), "there is a place called $anchor");
    }

    # as FFmpeg's own build makes the manual pages of it
    my $file = spew("$TMP/section.texi", "\@setfilename x\n\@settitle x\n"
        . "\@chapter Video Filters\n$section\@bye\n");
    my $pod = run_cmd(['perl', "$tree/doc/texi2pod.pl", $file]);
    is("$pod->{status} $pod->{err}", '0 ', 'texi2pod.pl takes it');
    like($pod->{out}, qr/^=item B<max_credits>$/m, 'and writes it');
    unlike($pod->{out}, qr/\@(?!endash|example)\w+\{/, 'with no command left over');
    # makeinfo is not everywhere; where it is it has to agree
    if (run_cmd(['makeinfo', '--version'])->{status} == 0) {
        my $whole = spew("$TMP/whole.texi", "\\input texinfo\n\@settitle x\n\@node Top\n\@top x\n"
            . "\@node Video Filters\n\@chapter Video Filters\n\@anchor{commands}\n$section\@bye\n");
        my $info = run_cmd(['makeinfo', '--plaintext', '--no-split', '-o', '-', $whole]);
        is("$info->{status} $info->{err}", '0 ', 'so does makeinfo');
    }
};

# The other filters: every option is named, and no other.
subtest 'the siblings' => sub {
    for my $filter (grep { $_ ne 'runway_v2v' } @filters) {
        my ($part) = $section =~ /^\@section $filter\n(.*?)(?=^\@section )/ms;
        my ($table) = $part =~ /^\@table \@option\n(.*)^\@end table/ms;
        $table =~ s/^\@table \@samp\n.*?^\@end table\n//msg;
        my @said = sort map { split /, / } $table =~ /^\@item (.*)/mg;
        my $out = run_cmd([$FFMPEG, qw(-hide_banner -h), "filter=$filter"])->{out};
        is_deeply(\@said, [sort $out =~ /^ {3}(\w+) +<\w+> /mg], "$filter: its options");
        like($out, qr/task_timeout .*; 0: what the model needs/, "$filter: what 0 is");
    }
};

# What follows is about runway_v2v.
$section =~ s/\A.*?(?=^\@section runway_v2v\n)//ms;

my $help = run_cmd([$FFMPEG, qw(-hide_banner -h filter=runway_v2v)])->{out};
my (%option, $last);
for (split /\n/, $help) {
    if (/^ {3}(\w+) +<(\w+)> +\S+ +(.*)/) {
        my ($type, $text) = ($2, $3);
        $last = $1;
        my ($default) = $text =~ /\(default "?(.*?)"?\)$/;
        $option{$last} = { type => $type, default => $default };
    } elsif (/^ {5}(\w+) +-?\d+ +\S+/) {
        push @{ $option{$last}{values} }, $1;
    }
}
cmp_ok(scalar keys %option, '>', 35, 'the filter has options');

# The outer table: each option with what is said about it.
my ($table) = $section =~ /accepts the following options:\n\n\@table \@option\n(.*?)^\@end table\n\nThe filter also/ms;
my (%said, %values, $name, $inner);
for (split /^/, $table // '') {
    $inner = 1 if /^\@table \@samp/;
    if (/^\@item (\S+)/ && !$inner) {
        $name = $1;
        fail("$name is there twice") if exists $said{$name};
        $said{$name} = '';
    } else {
        $said{$name} .= $_;
        push @{ $values{$name} }, $1 if $inner && /^\@item (\S+)/;
    }
    $inner = 0 if /^\@end table/;
}
is_deeply([sort keys %said], [sort keys %option], 'the manual has every option and no other');

subtest 'ffmpeg -h filter=runway_v2v' => sub {
    my %unit = (results_size => 'bytes', max_credits_day => 'credits', clip_duration => 'seconds', keyframe => 'SECONDS', max_credits => 'credits',
        poll_interval => 'seconds', task_timeout => 'seconds', size => 'WxH', ratio => 'W:H', overlap => 'seconds');
    my $of = '';
    for (split /\n/, $help) {
        my ($indent, $what, $type, $text) = /^( {3}| {5})(\w+) +(<\w+>|-?\d+) +\S{11}(?: (.*))?$/ or next;
        my $name = $indent eq '   ' ? ($of = $what) : "$of=$what";
        $text = ($text // '') =~ s/ \((?:from|default) .*//r;
        like($text, qr/^\w[^"]{15,120}$/, "$name is explained");
        like($text, qr/\b$unit{$name}\b/, "$name: in what") if $unit{$name};
        ok($unit{$name}, "$name is a time, and says in what") if $type eq '<duration>';
    }
    like($help, qr/^  Generate video from video/m, 'and the filter is');
    like($help, qr/COMETAPI_KEY or RUNWAYML_API_SECRET/, 'where the key comes from');
    like($help, qr/^ {3}scene .*; 0 disables it, -1 is auto \(from -1 to 100\) \(default 0\)$/m, 'scene=auto is -1');
    like($help, qr/^ {5}auto +\.\.FV\.{7} at a score of 10 in the last third of a clip$/m, 'and what that does');
};

subtest 'values and defaults' => sub {
    for my $name (sort keys %said) {
        my ($o, $text) = ($option{$name} // next, $said{$name});
        if ($o->{values}) {
            is_deeply([sort @{ $values{$name} // [] }], [sort @{ $o->{values} }], "$name: its values");
            like($text, qr/^\@item \Q$o->{default}\E\n(?:(?!\@item)[^\0])*?This is\s+the\s+default/m, "$name: its default");
        } elsif ($o->{type} eq 'boolean') {
            like($text, $o->{default} eq 'true' ? qr/Enabled by\s+default\./ : qr/Disabled by default\./, "$name: its default");
        } elsif (defined $o->{default}) {
            my $default = $o->{default};
            $default = "$1 minutes" if $default =~ /^(\d+):00$/;
            like($text, qr/[Dd]efault(?:\s+value)?\s+is\s+(?:\@code\{)?\Q$default\E\b/, "$name: its default");
        }
    }
    my @live = sort grep { $help =~ /^ {3}$_ +<\w+> +\S{9}T/m } keys %option;
    my ($commands) = $section =~ /^\@subsection Commands\n\n(.*?)^\@subsection/ms;
    is_deeply([sort $commands =~ /\@option\{(\w+)\}/g], \@live, 'what can be changed while it runs');
};

subtest 'the examples' => sub {
    spew("$TMP/painting.png", '');
    run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i testsrc2=s=320x180 -frames:v 1), "$TMP/painting.png"]);
    run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i testsrc2=s=320x180:r=12:d=12 -c:v libx264), "$TMP/in.mp4"]);
    my ($part) = $section =~ /^\@subsection Examples\n(.*?)^\@subsection/ms;
    my @examples = $part =~ /^\@example\n(.*?)\n\@end example/msg;
    cmp_ok(scalar @examples, '>', 3, 'there are');
    for my $example (@examples) {
        my $filter = $example =~ /-vf "([^"]+)"/ ? $1 : $example;
        $filter .= ':dry_run=1' if $filter !~ /dry_run/;
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -i in.mp4 -vf), $filter, qw(-f null -)], dir => $TMP,
            env => { XDG_STATE_HOME => "$TMP/state", COMETAPI_KEY => undef });
        is($run->{status}, 0, $filter) or diag $run->{err};
        like($run->{err}, qr/clip 1/, '... and the plan is reported');
    }
};

done_testing;
