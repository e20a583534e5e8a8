#!/usr/bin/env perl
# A text of somebody else's, as a web front end has it: pasted into the filter's
# string it is more options and more filters, in quotes or not; in a file that
# prompt_file names it is a prompt, whatever is in it.
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

my $clip = lossless_clip(frames => 6);
my $sim = RunwayTest::Simulator->start('--latency' => 0);
my $url = escape($sim->{api});

my $state = 0;

# A run whose filter string is made by hand.
sub run_string {
    my ($string) = @_;
    my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -y -v error -i), $clip, '-vf', "runway_v2v=base_url=$url:poll_interval=0.1:$string",
        qw(-f framecrc -)], env => { COMETAPI_KEY => $FilterTest::KEY, XDG_STATE_HOME => "$TMP/state-$state" });
    return $run;
}

my $file = "$TMP/written.jsonl";
# max_credits=10 is what the front end allows; a clip costs 15
my %text = (
    'in quotes' => "night':max_credits=0:log_path='$file",
    'without'   => "night:max_credits=0:log_path=$file",
    'a filter'  => "night':max_credits=0,metadata=print:file='$file",
);
for my $name (sort keys %text) {
    my $text = $text{$name};
    subtest "a text with options in it, $name" => sub {
        $state++;
        unlink $file;
        my $before = () = $sim->requests('create');
        my $quote = $name eq 'without' ? '' : "'";
        my $run = run_string("max_credits=10:take=1:prompt=$quote$text$quote");
        is($run->{status}, 0, 'pasted: runs') or diag $run->{err};
        ok(-s $file, 'pasted: has written a file that it named');
        is(scalar(() = $sim->requests('create')), $before + 1, 'pasted: has lifted the limit');

        unlink $file;
        my $prompt = spew("$TMP/prompt.txt", $text);
        $run = run_string('max_credits=10:take=2:prompt_file=' . escape($prompt));
        cmp_ok($run->{status}, '>', 0, 'prompt_file: the limit holds');
        like($run->{err}, qr/max_credits/, 'prompt_file: as it says');
        $run = run_string('max_credits=15:take=2:prompt_file=' . escape($prompt));
        is($run->{status}, 0, 'prompt_file: runs') or diag $run->{err};
        is(($sim->requests('create'))[-1]{body}{promptText}, $text, 'prompt_file: the text is the prompt');
        ok(!-e $file, 'prompt_file: no file is written');
    };
}

done_testing;
