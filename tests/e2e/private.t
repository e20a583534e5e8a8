#!/usr/bin/env perl
# What must not be seen: the key, the signed part of URLs and the clip itself
# are in no log at any level and in no file; temporary files have no name that
# anybody could open, and none is left, however ffmpeg ends.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use lib dirname(abs_path(__FILE__)) . '/lib';

use MIME::Base64 qw(encode_base64);
use POSIX qw(:sys_wait_h);
use Test::More;
use Time::HiRes qw(sleep time);

use RunwayTest;
use FilterTest;

my $clip = lossless_clip(seconds => 1);
my $KEY = $FilterTest::KEY;
my $CUSTOM = 'custom-secret-55d1c0';

# Where any of the secrets is in a text, by name.
sub leaks {
    my ($text) = @_;
    my @leaks;
    push @leaks, 'the key' if index($text, $KEY) >= 0;
    push @leaks, 'the key in base64' if index($text, substr(encode_base64($KEY, ''), 0, 30)) >= 0;
    push @leaks, 'a custom header' if index($text, $CUSTOM) >= 0;
    push @leaks, 'a signed URL' if $text =~ /_jwt=(?!\.\.\.)\S/;
    push @leaks, 'a data URI' if $text =~ m{data:\w+/\w+;base64,[A-Za-z0-9+/]};
    push @leaks, 'the authorization' if $text =~ /Bearer\s+(?!\.\.\.)\S/i;
    push @leaks, 'a long run of base64' if $text =~ m{[A-Za-z0-9+/]{200}};
    return "@leaks";
}

# All files below a folder but the pictures that ffmpeg put out.
sub files_below {
    my ($dir) = @_;
    my @files;
    find({ no_chdir => 1, wanted => sub { push @files, $_ if -f } }, $dir);
    return sort grep { !m{/out\.mkv$} } @files;
}

sub nothing_leaks {
    my ($name, $run, $report) = @_;
    cmp_ok(length $run->{err}, '>', 2000, "$name: there is something to look through");
    is(leaks($run->{err}), '', "$name: nothing secret at -loglevel trace");
    is(leaks($run->{stdout}), '', "$name: nor on stdout");
    if ($report) {
        like(slurp($report), qr/runway_v2v/, "$name: there is a report");
        is(leaks(slurp($report)), '', "$name: nothing secret in it");
    }
    # the journal is text; the results in the cache are pictures
    my @text = grep { !-B || /\.(json|log|txt)$/ } files_below($run->{own});
    is(join(' ', grep { leaks(slurp($_)) } @text), '', "$name: nor in any of " . @text . ' files it left');
}

sub temporary_files { my ($run) = @_; return join ' ', files_below("$run->{own}/tmp") }

subtest 'this test can tell' => sub {
    is(leaks("x $KEY y"), 'the key', 'a key');
    is(leaks('https://h/x.mp4?_jwt=eyJh'), 'a signed URL', 'a signed URL');
    is(leaks('https://h/x.mp4?_jwt=...'), '', 'but not a blanked one');
    is(leaks('data:video/mp4;base64,AAAA'), 'a data URI', 'a data URI');
    is(leaks('authorization: bearer abc'), 'the authorization', 'a header');
};

my @CASES = (
    ['all is well',     [],                                  {}],
    ['several clips',   [],                                  { clip_duration => 1, concurrency => 2 }, seconds => 2],
    ['401',             ['--key' => 'another'],              {}],
    ['400',             [],                                  { body => '{"seed":-5}' }],
    ['FAILED',          [],                                  { prompt => 'fail with INTERNAL' }],
    ['unknown',         ['--fault' => 'create=drop-after'],  {}],
    ['web page',        ['--fault' => 'create=html'],        {}],
    ['no video',        ['--fault' => 'download:*=html'],    {}],
    ['URL expired',     ['--fault' => 'download:1=status=403'], {}],
    ['download cut',    ['--fault' => 'download:1=cut=500'], {}],
    ['wrapped',         ['--wrap', '--not-exist-for' => 0.3], {}],
);
subtest 'nothing secret is said or kept' => sub {
    for my $case (@CASES) {
        my ($name, $args, $options, %clip) = @$case;
        my $sim = RunwayTest::Simulator->start('--latency' => 0.1, @$args);
        my $report = sprintf '%s/report-%d.log', $TMP, ++our $reports;
        my $run = run_filter($sim, in => %clip ? lossless_clip(%clip) : $clip, loglevel => 'trace',
            options => { prompt => 'echo', %$options }, env => { FFREPORT => 'file=' . ($report =~ s/:/\\:/gr) . ':level=56' });
        ok(!$run->{timed_out}, "$name: ends");
        nothing_leaks($name, $run, $report);
        is(temporary_files($run), '', "$name: no temporary file is left");
    }
};

subtest 'Runway itself, custom headers, key_file' => sub {
    my $key = 'key_' . 'c0ffee42' x 16;
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--key' => $key);
    my $file = spew("$TMP/key", "$key\n");
    chmod 0600, $file;
    my $run = run_filter(undef, in => $clip, loglevel => 'trace',
        options => { prompt => 'echo', provider => 'runway', key_file => $file, base_url => $sim->{runway} },
        env => { COMETAPI_KEY => undef, RUNWAYML_CUSTOM_HEADERS => "X-Team: $CUSTOM" });
    is($run->{status}, 0, 'works') or diag $run->{err};
    nothing_leaks('custom headers', $run);
    is(index($run->{err}, 'c0ffee42'), -1, 'no part of the key');
    $run = run_filter(undef, in => $clip, loglevel => 'trace', options => { prompt => 'echo', base_url => $sim->{runway}, provider => 'runway' },
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => "$key-not" });
    cmp_ok($run->{status}, '>', 0, 'a wrong key is refused');
    is(index($run->{err}, 'c0ffee42'), -1, 'and not shown');
};

# Starts ffmpeg, calls back while a task is under way, returns the run.
sub watch {
    my ($sim, $while, %opt) = @_;
    my $what = filter_command($sim, in => $clip, options => { prompt => 'echo', %{ $opt{options} || {} } });
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp 0, 0;
        $ENV{$_} = $what->{env}{$_} for keys %{ $what->{env} };
        umask 0;        # what is private is not so by the user's grace
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$what->{own}/stdout";
        open STDERR, '>', "$what->{own}/stderr";
        exec { $FFMPEG } @{ $what->{command} } or POSIX::_exit(127);
    }
    my $until = time + 60;
    my %names;
    until ($sim->requests('read') || time > $until || waitpid($pid, WNOHANG) == $pid) {
        $names{$_}++ for files_below("$what->{own}/tmp");
        sleep 0.002;
    }
    $while->($pid, $what);
    $names{$_}++ for files_below("$what->{own}/tmp");
    my $gone = 0;
    while (!($gone = waitpid($pid, WNOHANG)) && time < $until) { sleep 0.01 }
    if (!$gone) { kill KILL => $pid; waitpid $pid, 0 }
    return { %$what, err => slurp("$what->{own}/stderr"), stdout => slurp("$what->{own}/stdout"), names => \%names,
        signal => $? & 127, status => $? >> 8 };
}

subtest 'temporary files while it runs' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 1.5);
    my $run = watch($sim, sub {
        my ($pid, $what) = @_;
      SKIP: {
            skip 'no /proc here to look into', 3 if !-d "/proc/$pid/fd";
            my @open = grep { (readlink($_) // '') =~ /^\Q$what->{own}\E\/tmp\// } glob "/proc/$pid/fd/*";
            cmp_ok(scalar @open, '>=', 1, 'the clip is in a temporary file');
            is((grep { (stat $_)[2] & 077 } @open), 0, 'which nobody else may open');
            is((grep { (stat $_)[3] } @open), 0, 'and which has no name');
        }
        my $cmdline = -r "/proc/$pid/cmdline" ? slurp("/proc/$pid/cmdline") : '';
        is(index($cmdline, $KEY), -1, 'the key is not on the command line');
    });
    is($run->{status}, 0, 'ends well') or diag $run->{err};
    # a name may be seen between its making and its unlinking, two calls apart
    cmp_ok(keys(%{ $run->{names} }) + 0, '<=', 2, 'no name stays');
    is(temporary_files($run), '', 'nothing is left');
    my @open = grep { my $mode = (stat $_)[2]; $mode & 077 } grep { m{/(state|cache)/} } files_below($run->{own});
    is("@open", '', 'journal and results are the user\'s alone, whatever the umask');
};

subtest 'however it ends' => sub {
    for my $signal (qw(KILL TERM INT)) {
        my $sim = RunwayTest::Simulator->start('--latency' => 2);
        my $run = watch($sim, sub { kill $signal => $_[0] });
        isnt("$run->{signal} $run->{status}", '0 0', "SIG$signal ends it");
        is(temporary_files($run), '', "SIG$signal: no temporary file is left");
        is(leaks($run->{err}), '', "SIG$signal: nothing secret is said");
    }
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1);
    my $run = run_filter($sim, in => $clip, options => { prompt => 'echo' }, env => { TMPDIR => "$TMP/nowhere" }, loglevel => 'error');
    error_line('TMPDIR that is not there', $run, qr/\Q$TMP\E\/nowhere/) if $run->{status};
    is($run->{status} ? 0 : scalar(@{ packets($run->{out}, 'v:0') }), $run->{status} ? 0 : 24, 'or it goes elsewhere');
};

done_testing;
