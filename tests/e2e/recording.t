#!/usr/bin/env perl
# That what the README shows at its top is what scripts/recording makes: the same
# kinds of lines, and the same picture. Numbers differ from run to run.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

plan skip_all => 'no script(1) to make a terminal' if $^O ne 'linux' || run_cmd(['sh', '-c', 'command -v script'])->{status};

my $readme = slurp("$ROOT/README.md");
my $again = spew("$TMP/README.md", $readme =~ s/^(<!-- make recording -->\n\n)(?: {4}.*\n)+/$1    nothing\n/mr);
isnt(slurp($again), $readme, 'there is a place for it');
my $made = run_cmd(["$ROOT/scripts/recording", $BUILD, "$TMP/made", $again], env => { FFMPEG => $FFMPEG, SIMULATOR => $SIMULATOR });
is($made->{status}, 0, 'it can be made again') or BAIL_OUT($made->{err});

# Numbers away, and of the status line what depends on the moment. Clips that go
# out at the same time are reported in any order.
sub kinds {
    my ($text) = @_;
    return [sort map { s/(\d+ s read, ).*(; Ctrl-C)/$1...$2/r =~ s/\b\d+(\.\d+)?\b/#/gr } split /\n/, $text];
}

sub block { return $_[0] =~ /^<!-- make recording -->\n\n((?: {4}.*\n)+)/m ? $1 =~ s/^ {4}//mgr : '' }

is_deeply(kinds(block($readme)), kinds(block(slurp($again))), 'the README says what the filter says');

# The recording: an event a line, in the order of their times.
sub recording {
    my ($path) = @_;
    my ($head, @events) = map { decode($_) } split /\n/, slurp($path);
    my ($time, $backwards, $text) = (0, 0, '');
    for (@events) {
        $backwards++ if $_->[0] < $time || $_->[1] ne 'o';
        $time = $_->[0];
        $text .= $_->[2];
    }
    is("$head->{version} $head->{width}x$head->{height}", '2 80x24', 'asciinema v2, of a usual terminal');
    is($backwards, 0, 'its events are in order');
    cmp_ok($time, '>', 5, 'and show the wait');
    return $text;
}

for my $path ("$ROOT/docs/recording.cast", "$TMP/made/recording.cast") {
    my $text = recording($path);
    my @status = $text =~ /(\d+ s read[^\r\n]*?) *\r(?!\n)/g;
    cmp_ok(scalar @status, '>=', 3, 'the status is in it ...');
    is_deeply([grep { length > 79 } @status], [], '... in one line');
    my ($command) = block($readme) =~ /^(\$ .*)/m;
    ok(index($text, $command) == 0, 'it begins with the command');
    my %said = map { $_ => 1 } @{ kinds(join "\n", map { s/.*\[Parsed_runway_v2v_0 @ 0x\w+\]/[runway_v2v]/r } split /\r?\n/, $text) };
    is_deeply([grep { /^\[/ && !$said{$_} } @{ kinds(block($readme)) }], [], 'and says all that the README quotes');
    unlike($text, qr{/(?:home|tmp|root|work)/|127\.0\.0\.1|[\w.-]+\@[\w.-]+\.\w}, 'and nothing of the machine');
}

my ($old, $new) = ("$ROOT/docs/before-after.jpg", "$TMP/made/before-after.jpg");
is_deeply(video_facts($old), video_facts($new), 'the picture is of the same kind');
cmp_ok(-s $old, '<', 100_000, 'and small');
cmp_ok(psnr_per_frame($old, 'null', $new, 'null')->[0], '>', 25, 'and shows the same');
my ($before, $after) = map { (mean_luma($old, $_))[0] } 'crop=480:ih:0:0', 'crop=480:ih:iw-480:0';
cmp_ok($after, '<', 0.7 * $before, 'by day, and by night');

done_testing;
