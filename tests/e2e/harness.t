#!/usr/bin/env perl
# scripts/check: that what goes wrong in a test is counted.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $tmp = $ENV{TEST_TMP} || tempdir(CLEANUP => 1);
make_path("$tmp/build");
my $n = 0;

# Runs tests made of the given Perl texts; returns exit status and output.
sub check {
    my ($env, @texts) = @_;
    my @files;
    for my $text (@texts) {
        my $file = sprintf '%s/x%02d.t', $tmp, ++$n;
        open my $out, '>', $file or die "$file: $!";
        print $out "\$| = 1;\n$text\n";
        close $out or die "$file: $!";
        push @files, $file;
    }
    local %ENV = (%ENV, CI => '', %$env);
    delete @ENV{grep { /^HARNESS_/ } keys %ENV};
    my $said = `'$^X' '$root/scripts/check' '$tmp/build' @files 2>&1`;
    return ($? >> 8, $said, (split /\n/, $said)[-1]);
}

my $good = 'print "1..2\nok 1\nok 2\n";';

my ($status, $said, $last) = check({}, $good, $good);
is($last, '4 passed, 0 failed', 'the last line is the totals');
is($status, 0, 'all passed: exit status');

($status, $said, $last) = check({}, $good, 'print "1..2\nnot ok 1\nok 2\n"; exit 1');
is($last, '3 passed, 1 failed', 'a failed test');
isnt($status, 0, 'a failed test: exit status');

($status, $said, $last) = check({}, 'print "1..2\nok 1\n"; kill 11, $$');
is($last, '1 passed, 1 failed', 'a test that crashes');
($status, $said, $last) = check({}, $good . 'exit 3');
is($last, '2 passed, 1 failed', 'a test that passes all and exits with 3');
($status, $said, $last) = check({}, 'print "ok 1\n"');
is($last, '1 passed, 1 failed', 'a test without a plan');
($status, $said, $last) = check({});
is($last, '0 passed, 1 failed', 'no test at all');

my $skips = 'print "1..2\nok 1\nok 2 # SKIP no such thing\n";';
($status, $said, $last) = check({}, $skips);
is($last, '1 passed, 0 failed', 'a skipped test is not counted');
like($said, qr/1 skipped/, 'but named');
($status, $said, $last) = check({ CI => 'true' }, $skips);
is($last, '1 passed, 1 failed', 'in CI it counts as failed');
($status, $said, $last) = check({ CI => 'true' }, $good, 'print "1..0 # SKIP nothing here\n"');
is($last, '2 passed, 1 failed', 'a wholly skipped file too');
isnt($status, 0, 'exit status');

my $begin = time;
($status, $said, $last) = check({ TEST_TIMEOUT => 1 },
    'if (!fork) { sleep 300; exit } print "1..1\n"; sleep 300;');
is($last, '0 passed, 1 failed', 'a test that takes too long');
cmp_ok(time - $begin, '<', 100, 'is ended, with what it started');

($status, $said, $last) = check({ COMETAPI_KEY => 'k', http_proxy => 'http://127.0.0.1:1', RUNWAYML_API_SECRET => 's' },
    'my $bad = grep { /^(COMETAPI|RUNWAYML)|proxy$/i } keys %ENV; print "1..1\n", $bad ? "not " : "", "ok 1\n"');
is($last, '1 passed, 0 failed', 'a test sees no key and no proxy of the user');

done_testing();
