#!/usr/bin/env perl
# scripts/dropin and ffmpeg-runway: what they refuse, and what the wrapper does.
# The library itself is built and tried by `make check-dropin`, where an ffmpeg
# is installed; here the installed one is a stand-in.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

delete @ENV{qw(FFMPEG_SRC FFMPEG_URL FFMPEG_SHA256 LD_LIBRARY_PATH INSTALLED)};

sub script {
    my ($path, $text) = @_;
    make_path(dirname($path));
    spew($path, "#!/bin/sh\n$text");
    chmod 0755, $path or die "$path: $!";
    return $path;
}

# An ffmpeg of a version, that says how it was started.
sub stand_in {
    my ($path, $version, $libavfilter) = @_;
    $libavfilter //= ' 8. 44.100';
    return script($path, <<"TEXT");
case " \$* " in *" -version "*)
    test -z "\$FFREPORT" || echo "Report written to \$FFREPORT" >&2
    echo 'ffmpeg version $version Copyright (c) 2000-2025 the FFmpeg developers'
    echo 'configuration: --prefix=/usr --enable-gpl'
    echo 'libavfilter    $libavfilter / $libavfilter'
    exit 0 ;;
esac
echo "libs=\$LD_LIBRARY_PATH"
for a; do echo "arg=\$a"; done
exit 7
TEXT
}

subtest 'the wrapper' => sub {
    my $ffmpeg = stand_in("$TMP/usr/bin/ffmpeg", '5.1.9-0+deb12u1');
    my $home = "$TMP/a directory/dropin";
    my $lib = "$home/lib/ffmpeg-runway";
    make_path($lib);
    my $wrapper = script("$home/bin/ffmpeg-runway", slurp("$ROOT/scripts/ffmpeg-runway") =~ s/\@FFMPEG\@/$ffmpeg/gr);
    my $run = run_cmd([$wrapper, '-i', 'x']);
    is($run->{status}, 1, 'without a library: refused');
    like($run->{err}, qr/no library in \Q$lib\E/, 'and said');

    spew("$lib/built-for", run_cmd([$ffmpeg, qw(-hide_banner -version)])->{out});
    $run = run_cmd([$wrapper, '-i', 'a b', '', '-vf', q(x='*')]);
    is($run->{status}, 7, "ffmpeg's own status") or diag $run->{err};
    is($run->{out}, "libs=$lib\narg=-i\narg=a b\narg=\narg=-vf\narg=x='*'\n", 'the library in front, the arguments as they are');
    $run = run_cmd([$wrapper], env => { LD_LIBRARY_PATH => '/opt/lib' });
    is($run->{out}, "libs=$lib:/opt/lib\n", 'other libraries stay');

    $run = run_cmd([$wrapper], env => { FFREPORT => 'file=x' });
    is($run->{out}, "libs=$lib\n", 'with a report') or diag $run->{err};

    symlink $wrapper, "$TMP/link" or die $!;
    is(run_cmd(["$TMP/link"])->{out}, "libs=$lib\n", 'through a link');
    my $mpv = script("$TMP/mpv", "echo \"mpv \$LD_LIBRARY_PATH \$*\"\n");
    is(run_cmd([$wrapper, '--run', $mpv, 'film.mp4'])->{out}, "mpv $lib film.mp4\n", '--run: another program');
    isnt(run_cmd([$wrapper, '--run'])->{status}, 0, '--run without one: refused');

    stand_in($ffmpeg, '5.1.10-0+deb12u1');
    for my $args ([], ['--run', $mpv]) {
        $run = run_cmd([$wrapper, @$args]);
        is($run->{status}, 1, 'ffmpeg was upgraded: refused');
        like($run->{err}, qr/built for ffmpeg 5\.1\.9-0\+deb12u1, installed is 5\.1\.10-0\+deb12u1.*make dropin/, 'and said');
        is($run->{out}, '', 'and nothing is run');
    }
    unlink $ffmpeg;
    $run = run_cmd([$wrapper]);
    is($run->{status}, 1, 'ffmpeg was removed: refused');
    like($run->{err}, qr/not there any more/, 'and said');
};

subtest 'what dropin refuses' => sub {
    # FFmpeg enough for its version to be read
    my $tree = "$TMP/ffmpeg-5.1.9";
    make_path("$tree/libavfilter");
    spew("$tree/configure", "#!/bin/sh\n");
    spew("$tree/libavfilter/allfilters.c", "extern const AVFilter ff_vf_scale;\n");
    spew("$tree/libavfilter/version.h", "#define LIBAVFILTER_VERSION_MAJOR 8\n#define LIBAVFILTER_VERSION_MINOR 44\n"
        . "#define LIBAVFILTER_VERSION_MICRO 100\n");
    spew("$tree/VERSION", "5.1.9\n");
    my $ldd = sub { script("$TMP/path/ldd", "echo '	$_[0]'\n") };
    my $shared = 'libavfilter.so.8 => /usr/lib/libavfilter.so.8 (0x00007f75da200000)';
    my $n = 0;
    my $refused = sub {
        my ($name, $message, %env) = @_;
        my $run = run_cmd(["$ROOT/scripts/dropin", "$TMP/build" . ++$n],
            env => { PATH => "$TMP/path:$ENV{PATH}", FFMPEG_SRC => $tree, %env });
        isnt($run->{status}, 0, "$name: refused");
        like($run->{err}, $message, "$name: and said") or diag $run->{out};
        is_deeply([glob "$TMP/build$n/dropin/{bin,lib}/*"], [], "$name: nothing is left");
    };
    $ldd->($shared);
    $refused->('another patch release', qr/the source is FFmpeg 5\.1\.9 .*installed is 5\.1\.8.*same release/s,
        INSTALLED => stand_in("$TMP/f1/ffmpeg", '5.1.8-0+deb12u1'));
    $refused->('another major release', qr/the source is FFmpeg 5\.1\.9 .*installed is 7\.1\.5/s,
        INSTALLED => stand_in("$TMP/f2/ffmpeg", '7.1.5-0+deb13u1', '10.  5.100'));
    $refused->('the same name, but another library', qr/libavfilter 8\.44\.100.*libavfilter 8\.45\.100/s,
        INSTALLED => stand_in("$TMP/f3/ffmpeg", '5.1.9', ' 8. 45.100'));
    $refused->('no release', qr/'N-109542-g2cd4f2c2f9', which is not a release/,
        INSTALLED => stand_in("$TMP/f4/ffmpeg", 'N-109542-g2cd4f2c2f9'));
    $refused->('no ffmpeg', qr/cannot be run/, INSTALLED => "$TMP/f5/ffmpeg");
    $ldd->('libc.so.6 => /lib/libc.so.6 (0x0)');
    $refused->('one that is linked statically', qr/no libavfilter of its own/, INSTALLED => stand_in("$TMP/f6/ffmpeg", '5.1.9'));
};

done_testing;
