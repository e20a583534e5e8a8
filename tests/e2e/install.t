#!/usr/bin/env perl
# make install and make uninstall, and what libavfilter.pc says to those who link
# FFmpeg's libraries with the filter in them.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Find qw(find);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS DESTDIR PREFIX)};

# All files below a directory, with their modes.
sub files {
    my ($dir) = @_;
    my @all;
    find({ no_chdir => 1, wanted => sub {
        push @all, sprintf '%s %o', substr($File::Find::name, length $dir), (stat)[2] & 07777 if !-d;
    } }, $dir) if -d $dir;
    return [sort @all];
}

sub program {
    my ($path, $text) = @_;
    make_path(dirname($path));
    spew($path, $text);
    chmod 0755, $path or die "$path: $!";
}

# Nothing is built here: what make built is taken for up to date.
sub make {
    my ($build, @args) = @_;
    my $run = run_cmd(['make', '--no-print-directory', '-C', $ROOT, qw(-o all -o dropin), "-o", "$build/bin/runway-tasks", "BUILD=$build", @args]);
    diag $run->{out}, $run->{err} if $run->{status};
    return $run->{status};
}

subtest 'what make takes in' => sub {
    # a tree whose configure only says what it was asked for
    my $tree = "$TMP/tree";
    program("$tree/configure", "#!/bin/sh\n: '\n" . slurp("$ROOT/build/src/ffmpeg/configure") =~ s/'//gr . "'\nprintf '%s\\n' \"\$@\" >> $TMP/asked\nexit 1\n");
    make_path("$tree/libavfilter");
    spew("$tree/libavfilter/allfilters.c", '');
    run_cmd(["$ROOT/scripts/configure-ffmpeg", $tree, "$TMP/out", 'full']);
    my ($first) = split /(?<=\n)(?=--(?:cc=))/, slurp("$TMP/asked");
    like($first, qr/^--enable-libzimg$/m, 'zscale, which converts HDR and linear light');
    like($first, qr/^--enable-libx264$/m, 'and what encodes');
};

subtest 'ffmpeg and ffprobe' => sub {
    my $build = "$TMP/build";
    make_path("$build/bin");
    for my $program ($FFMPEG, $FFPROBE, dirname($FFMPEG) . '/../bin/runway-tasks') {
        is(run_cmd(['cp', $program, "$build/bin/" . basename($program)])->{status}, 0, basename($program));
    }
    my $stage = "$TMP/stage";
    umask 077;
    is(make($build, 'install', "DESTDIR=$stage"), 0, 'make install DESTDIR=');
    umask 022;
    my @all = ('/usr/local/bin/ffmpeg 755', '/usr/local/bin/ffprobe 755', '/usr/local/bin/runway-tasks 755');
    is_deeply(files($stage), \@all, 'three programs, for all to run, in /usr/local');
    like(run_cmd(["$stage/usr/local/bin/ffmpeg", qw(-hide_banner -h filter=runway_v2v)])->{out}, qr/max_credits/, 'it has the filter');
    is(make($build, 'install', "DESTDIR=$stage"), 0, 'twice');
    is_deeply(files($stage), \@all, 'is the same as once');

    is(make($build, 'install', "PREFIX=$TMP/my own"), 0, 'make install PREFIX=');
    is_deeply(files("$TMP/my own"), ['/bin/ffmpeg 755', '/bin/ffprobe 755', '/bin/runway-tasks 755'], 'there, whatever it is called');

    spew("$stage/usr/local/bin/other", 'x');
    is(make($build, 'uninstall', "DESTDIR=$stage"), 0, 'make uninstall DESTDIR=');
    is_deeply([map { s/ \d+$//r } @{ files($stage) }], ['/usr/local/bin/other'], 'takes them away, and nothing else');
    is(make($build, 'uninstall', "DESTDIR=$stage"), 0, 'twice');

    program("$stage/usr/bin/ffmpeg", "#!/bin/sh\necho a distribution\n");
    is(make($build, 'uninstall', "DESTDIR=$stage", 'PREFIX=/usr'), 0, 'another ffmpeg in that place');
    ok(-f "$stage/usr/bin/ffmpeg", 'stays');
    is(make($build, 'uninstall', "PREFIX=$TMP/my own"), 0, 'make uninstall PREFIX=');
    is_deeply(files("$TMP/my own"), [], 'takes them away');
};

subtest 'ffmpeg-runway' => sub {
    my $build = "$TMP/build2";
    my $lib = "$build/dropin/lib/ffmpeg-runway";
    program("$build/dropin/bin/ffmpeg-runway", "#!/bin/sh\necho runway_v2v\n");
    program("$build/bin/runway-tasks", "#!/bin/sh\necho runway_v2v\n");
    make_path($lib);
    spew("$lib/libavfilter.so.8", 'library');
    spew("$lib/built-for", "ffmpeg version 5.1.9\n");
    my $stage = "$TMP/stage2";
    is(make($build, 'install-dropin', "DESTDIR=$stage"), 0, 'make install-dropin DESTDIR=');
    is_deeply(files($stage), ['/usr/local/bin/ffmpeg-runway 755', '/usr/local/bin/runway-tasks 755', '/usr/local/lib/ffmpeg-runway/built-for 644',
        '/usr/local/lib/ffmpeg-runway/libavfilter.so.8 644'], 'the wrapper and its library');
    # A library of an ffmpeg that was upgraded since is no good to anybody.
    rename "$lib/libavfilter.so.8", "$lib/libavfilter.so.10" or die $!;
    is(make($build, 'install-dropin', "DESTDIR=$stage"), 0, 'after an upgrade');
    is_deeply([map { basename($_) } glob "$stage/usr/local/lib/ffmpeg-runway/*.so*"], ['libavfilter.so.10'], 'the new one in its place');
    is(make($build, 'uninstall', "DESTDIR=$stage"), 0, 'make uninstall');
    is_deeply(files($stage), [], 'takes all of it away');
    ok(!-e "$stage/usr/local/lib/ffmpeg-runway", 'with its directory');
    ok(-d "$stage/usr/local/lib", 'which is all of it');
};

subtest 'libavfilter.pc' => sub {
    my $dir = dirname($FFMPEG);
    plan skip_all => "$dir is no build directory of FFmpeg" if !-f "$dir/ffbuild/config.mak";
    local $ENV{GIT_CEILING_DIRECTORIES} = dirname(abs_path("$BUILD/src/ffmpeg"));
    my $stage = "$TMP/stage3";
    my $run = run_cmd(['make', '-C', $dir, "DESTDIR=$stage", qw(install-libs install-headers)], timeout => 300);
    is($run->{status}, 0, 'the libraries are installed') or diag $run->{err};
    my ($prefix) = slurp("$dir/ffbuild/config.mak") =~ /^prefix=(.*)/m;
    my $path = "$stage$prefix/lib/pkgconfig";
    my @flags = split ' ', run_cmd([$ENV{PKG_CONFIG} || 'pkg-config', '--static',
        "--define-variable=libdir=$stage$prefix/lib", "--define-variable=includedir=$stage$prefix/include",
        qw(--cflags --libs libavfilter)], env => { PKG_CONFIG_PATH => $path })->{out};
    for my $l (qw(avfilter avformat avcodec swscale avutil b64 cjson curl)) {
        ok((grep { $_ eq "-l$l" } @flags), "it names $l") or diag "@flags";
    }
    is_deeply([grep { !m{^-[IL]\Q$stage\E/} && (/\Q$BUILD\E/ || (/^-[IL]/ && !m{^-[IL]/usr/})) } @flags], [], 'and nothing of the place it was built in');
    is_deeply([grep { !/^-([IL]\/|l|pthread$|latomic$|D\w+)/ } @flags], [], 'and no flag that is not for linking');

    spew("$TMP/x.c", "#include <libavfilter/avfilter.h>\nint main(void) { return !avfilter_get_by_name(\"runway_v2v\"); }\n");
    my @cc = split ' ', $ENV{CC} || 'cc';
    $run = run_cmd([@cc, '-o', "$TMP/x", "$TMP/x.c", @flags], timeout => 120);
    is($run->{status}, 0, 'a program is linked by it alone') or diag $run->{err};
    is(run_cmd(["$TMP/x"])->{status}, 0, 'and has the filter');
};

done_testing;
