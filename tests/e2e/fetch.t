#!/usr/bin/env perl
# scripts/fetch-source and scripts/deps: what is taken, what is refused.
use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $tmp = $ENV{TEST_TMP} || tempdir(CLEANUP => 1);
delete @ENV{qw(FFMPEG_SRC FFMPEG_URL FFMPEG_SHA256)};

sub spew {
    my ($path, $text) = @_;
    make_path(dirname($path));
    open my $out, '>', $path or die "$path: $!";
    print $out $text;
    close $out or die "$path: $!";
}

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or return;
    local $/;
    return scalar <$in>;
}

sub fetch {
    my ($build, %env) = @_;
    local @ENV{keys %env} = values %env;
    my $said = `'$root/scripts/fetch-source' '$build' 2>&1`;
    return ($? >> 8, $said);
}

# A tree that is FFmpeg enough to be copied.
my $tree = "$tmp/ffmpeg-5.1.77";
spew("$tree/configure", "#!/bin/sh\n");
spew("$tree/libavfilter/allfilters.c", "first\n");

subtest 'a tarball by its digest' => sub {
    my $tarball = "$tmp/ffmpeg-5.1.77.tar.xz";
    system("tar -C '$tmp' -cJf '$tarball' ffmpeg-5.1.77") == 0 or die 'tar';
    my $digest = Digest::SHA->new(256)->addfile($tarball, 'b')->hexdigest;

    my ($status, $said) = fetch("$tmp/b1", FFMPEG_URL => "file://$tarball", FFMPEG_SHA256 => uc $digest);
    is($status, 0, 'taken') or diag $said;
    is(slurp("$tmp/b1/src/ffmpeg/libavfilter/allfilters.c"), "first\n", 'and unpacked');

    ($status, $said) = fetch("$tmp/b2", FFMPEG_URL => "file://$tarball");
    is($status, 1, 'another than the pinned one: refused');
    like($said, qr/has not the pinned digest.*\n.*d9b593bb2ba9.*\n.*$digest/, 'and both digests said');
    ok(!-e "$tmp/b2/src/ffmpeg", 'nothing is unpacked');
    is_deeply([glob "$tmp/b2/download/*"], [], 'nothing is kept');

    ($status, $said) = fetch("$tmp/b3", FFMPEG_URL => "file://$tmp/none.tar.xz");
    is($status, 1, 'not there: fails');
    like($said, qr/cannot fetch .*\n.*FFMPEG_SRC=DIR/, 'and says what else can be done');
};

subtest 'a tree of the user\'s own' => sub {
    spew("$tree/config.h", "of a build in the tree\n");
    spew("$tree/libavutil/x.o", "object\n");
    spew("$tree/.git/HEAD", "ref\n");
    my ($status, $said) = fetch("$tmp/b4", FFMPEG_SRC => $tree);
    is($status, 0, 'copied') or diag $said;
    my $copy = "$tmp/b4/src/ffmpeg";
    is(slurp("$copy/libavfilter/allfilters.c"), "first\n", 'the source');
    ok(!-e "$copy/config.h" && !-e "$copy/libavutil/x.o" && !-e "$copy/.git", 'and nothing that was built there');

    # a change in the copy (the hooks) stays, a change in the tree comes over
    spew("$copy/configure", "#!/bin/sh\n# hooked\n");
    ($status, $said) = fetch("$tmp/b4", FFMPEG_SRC => $tree);
    is(slurp("$copy/configure"), "#!/bin/sh\n# hooked\n", 'nothing changed: nothing is copied');
    my $later = time + 5;
    spew("$tree/libavfilter/allfilters.c", "second\n");
    utime $later, $later, "$tree/libavfilter/allfilters.c";
    ($status, $said) = fetch("$tmp/b4", FFMPEG_SRC => $tree);
    is(slurp("$copy/libavfilter/allfilters.c"), "second\n", 'a changed file comes over');
    is(slurp("$copy/configure"), "#!/bin/sh\n# hooked\n", 'and only that');
    is(slurp("$tree/configure"), "#!/bin/sh\n", 'the tree itself is not touched');

    ($status, $said) = fetch("$tmp/b5", FFMPEG_SRC => "$tmp/none");
    is($status, 1, 'no such tree: fails');
    like($said, qr/no such directory/, 'and says so');
    make_path("$tmp/other");
    ($status, $said) = fetch("$tmp/b5", FFMPEG_SRC => "$tmp/other");
    is($status, 1, 'no FFmpeg tree: fails');
    like($said, qr/no FFmpeg source tree/, 'and says so');
};

subtest 'what is missing is listed' => sub {
    # installs nothing where nothing is missing, which is so where tests run
    my $deps = `make -s --no-print-directory -C '$root' deps 2>&1`;
    is("$? $deps", "0 Nothing is missing.\n", 'make deps says that nothing is');
    my $said = `'$root/scripts/deps' --list 2>&1`;
    is($?, 0, 'nothing is') or diag $said;
    like($said, qr/Nothing is missing/, 'and that is said');
    local $ENV{PKG_CONFIG} = 'false';
    $said = `'$root/scripts/deps' --list 2>&1`;
    isnt($?, 0, 'libraries are, without pkg-config');
    like($said, qr/^ +libx264-dev +x264 +encodes/m, 'by package, name, and reason');
    unlike($said, qr/^ +make /m, 'and no more than those');
};

done_testing();
