#!/usr/bin/env perl
# libavfilter-patch/apply: once, twice, on what it does not know, and undone.
use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Find qw(find);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $build = $ENV{BUILD} || "$root/build";
my $tmp = $ENV{TEST_TMP} || tempdir(CLEANUP => 1);
my $apply = "$root/libavfilter-patch/apply";
my @hooked = qw(configure libavfilter/Makefile libavfilter/allfilters.c);
my $manual = 'doc/filters.texi';
my @filters = map { m{/vf_(\w+)\.c$} } glob "$root/vf_runway/vf_*.c";

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!";
    local $/;
    return scalar <$in>;
}

sub spew {
    my ($path, $text) = @_;
    make_path(dirname($path));
    open my $out, '>:raw', $path or die "$path: $!";
    print $out $text;
    close $out or die "$path: $!";
}

sub edit {
    my ($path, $change) = @_;
    local $_ = slurp($path);
    $change->();
    spew($path, $_);
}

# What a tree holds: names, modes, contents, and which times files have.
sub state_of {
    my ($dir) = @_;
    my (@all, %time);
    find({ no_chdir => 1, wanted => sub {
        my $name = substr $File::Find::name, length $dir;
        my @stat = lstat $File::Find::name;
        if (-d _) {
            push @all, "$name/";
        } else {
            push @all, sprintf '%s %o %s', $name, $stat[2], sha256_hex(slurp($File::Find::name));
            $time{$name} = $stat[9];
        }
    } }, $dir);
    return (join("\n", sort @all), \%time);
}

sub tree_hash { return sha256_hex((state_of($_[0]))[0]) }

sub run_apply {
    my ($dir, %env) = @_;
    local @ENV{keys %env} = values %env;
    my $said = `'$apply' '$dir' 2>&1`;
    return ($? >> 8, $said);
}

# The part of a release's tree that matters here, without the filter: taken
# from the tree this build was made of.
my $source = "$build/src/ffmpeg";
if (!-f "$source/configure") {
    plan skip_all => "no FFmpeg source in $source: make check gets it";
}
my $type = slurp("$source/libavfilter/allfilters.c") =~ /^extern const (\w+) ff_vf_scale;/m ? $1 : '';
my $patch = "$root/libavfilter-patch/hooks-" . ($type eq 'FFFilter' ? '8.0-9.0' : '5.1-7.1') . '.patch';

sub pristine {
    my ($name) = @_;
    my $dir = "$tmp/$name";
    remove_tree($dir);
    for my $file (@hooked, $manual, 'libavfilter/version.h', 'libavfilter/version_major.h', 'RELEASE', 'VERSION') {
        next if !-f "$source/$file";
        make_path(dirname("$dir/$file"));
        copy("$source/$file", "$dir/$file") or die "$file: $!";
    }
    chmod 0755, "$dir/configure";
    if (slurp("$dir/configure") =~ /runway_v2v/) {
        system("cd '$dir' && patch -R -p1 -f -s -F0 -i '$patch' >&2") == 0 or die "cannot undo $patch";
    }
    edit("$dir/$manual", sub { s/^\@section runway_(?:hdr|upscale|v2v)\n.*?(?=^\@section |^\@anchor)//msg });
    return $dir;
}

sub set_version {
    my ($dir, $major, $minor, $release) = @_;
    for my $file (grep { -f } "$dir/libavfilter/version.h", "$dir/libavfilter/version_major.h") {
        edit($file, sub {
            s/^(#define\s+LIBAVFILTER_VERSION_MAJOR\s+)\d+/$1$major/m;
            s/^(#define\s+LIBAVFILTER_VERSION_MINOR\s+)\d+/$1$minor/m;
        });
    }
    spew("$dir/$_", "$release\n") for qw(RELEASE VERSION);
}

subtest 'put in once' => sub {
    my $dir = pristine('once');
    unlike(slurp("$dir/configure"), qr/runway|libb64/, 'the tree is without the filter at first');
    my ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status') or diag $said;
    like($said, qr/^apply: FFmpeg \d\S* \(libavfilter \d+\.\d+\.\d+\): the filter is in$/m, 'says what it did');
    like($said, qr/--enable-libb64 --enable-libcjson --enable-libcurl/, 'says how to configure');
    like(slurp("$dir/libavfilter/allfilters.c"), qr/^extern const $type ff_vf_$_;$/m, "$_: declared with the right type")
        for @filters;
    like(slurp("$dir/libavfilter/Makefile"), qr{^include \$\(SRC_PATH\)/libavfilter/runway/Makefile$}m, 'Makefile');
    my $configure = slurp("$dir/configure");
    for my $lib (qw(libb64 libcjson libcurl)) {
        like($configure, qr/^  --enable-$lib +enable .*\[no\]$/m, "configure --help has $lib");
        like($configure, qr/^    $lib$/m, "the list of libraries has $lib");
        like($configure, qr/^enabled $lib +&& require/m, "$lib is looked for");
    }
    ok(-x "$dir/configure", 'configure is still executable');
    my $text = slurp("$root/libavfilter-patch/filters.texi");
    like(slurp("$dir/$manual"), qr/^\Q$text\E\@section sab$/m, 'the manual has its section');
    my $before = slurp(pristine('manual') . "/$manual");
    is(slurp("$dir/$manual") =~ s/\Q$text\E//r, $before, 'and nothing else in it has changed');
    is(slurp("$dir/libavfilter/vf_$_.c"), slurp("$root/vf_runway/vf_$_.c"), "$_ is there")
        for @filters;
    my @sources = map { substr $_, length "$root/vf_runway/" } glob "$root/vf_runway/runway/*/*.[ch]";
    is_deeply([grep { !-f "$dir/libavfilter/$_" } @sources], [], 'all its sources are');
    my @litter = grep { /\.(rej|orig)$/ } split /\n/, (state_of($dir))[0];
    is_deeply(\@litter, [], 'no litter');
};

subtest 'twice is once' => sub {
    my $dir = pristine('twice');
    run_apply($dir);
    # If a file were written again this would show.
    my $past = time - 1000;
    find({ no_chdir => 1, wanted => sub { utime $past, $past, $_ if -f } }, $dir);
    my ($before, $times) = state_of($dir);
    my ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status');
    like($said, qr/nothing to do/, 'says there is nothing to do');
    my ($after, $times_after) = state_of($dir);
    is($after, $before, 'the tree is the same');
    is_deeply($times_after, $times, 'no file was written');
};

subtest 'a tree that was built in place' => sub {
    my $dir = pristine('built');
    run_apply($dir);
    spew("$dir/libavfilter/runway/media/reader.$_", "built\n") for qw(o d);
    my $want = tree_hash($dir);
    my ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status');
    like($said, qr/nothing to do/, 'nothing to do');
    is(tree_hash($dir), $want, 'what was built is there');
    spew("$dir/libavfilter/runway/gone_since.c", "int x;\n");
    ($status, $said) = run_apply($dir);
    like($said, qr/brought up to date/, 'an older version in it');
    is(tree_hash($dir), $want, 'is brought up to date, and what was built is there');
};

subtest 'brought up to date' => sub {
    my $dir = pristine('update');
    run_apply($dir);
    my $want = tree_hash($dir);

    spew("$dir/libavfilter/runway/gone_since.c", "int x;\n");
    edit("$dir/libavfilter/vf_runway_v2v.c", sub { $_ .= "/* old */\n" });
    my ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status') or diag $said;
    is(tree_hash($dir), $want, 'changed and left-over files');

    edit("$dir/configure", sub { s/^runway_v2v_filter_deps=.*/runway_v2v_filter_deps="libcurl"/m });
    ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status') or diag $said;
    is(tree_hash($dir), $want, 'hooks of another version');

    edit("$dir/$manual", sub { s/^(\@section runway_v2v\n).*?(?=^\@section sab)/$1\nAs it was.\n\n/ms });
    ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status') or diag $said;
    is(tree_hash($dir), $want, 'the manual of another version');
};

subtest 'no manual in the tree' => sub {
    my $dir = pristine('no-manual');
    unlink "$dir/$manual";
    my ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status') or diag $said;
    ok(!-e "$dir/$manual", 'none is made');
};

subtest 'later releases' => sub {
    my $dir = pristine('later');
    edit("$dir/libavfilter/allfilters.c", sub { s/^extern const AVFilter /extern const FFFilter /mg });
    set_version($dir, 12, 1, '9.0.2');
    my ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status') or diag $said;
    like(slurp("$dir/libavfilter/allfilters.c"), qr/^extern const FFFilter ff_vf_runway_v2v;$/m, 'FFFilter');
    unlike($said, qr/nobody has tested/, 'known');
};

subtest 'an unknown version is tried, and said to be untested' => sub {
    my $dir = pristine('unknown');
    edit("$dir/libavfilter/allfilters.c", sub { s/^extern const AVFilter /extern const FFFilter /mg });
    set_version($dir, 31, 4, '28.0');
    my ($status, $said) = run_apply($dir);
    is($status, 0, 'exit status') or diag $said;
    like($said, qr/FFmpeg 28\.0 \(libavfilter 31\.4\.\d+\) is a version nobody has tested this with/, 'says so');
};

subtest 'refused, and the tree is as it was' => sub {
    my $refused = sub {
        my ($name, $change, $message, %env) = @_;
        my $dir = pristine('refused');
        $change->($dir);
        my $before = tree_hash($dir);
        my ($status, $said) = run_apply($dir, %env);
        is($status, 1, "$name: exit status");
        like($said, $message, "$name: says why");
        is(tree_hash($dir), $before, "$name: the tree is as it was");
    };
    $refused->('too old', sub { set_version($_[0], 7, 110, '4.4.4') }, qr/FFmpeg 4\.4\.4 .*too old: 5\.1/);
    $refused->('5.0', sub { set_version($_[0], 8, 24, '5.0.3') }, qr/too old: 5\.1/);
    $refused->('no place for a hook',
        sub { edit("$_[0]/configure", sub { s/^sab_filter_deps=.*\n//m; s/^rubberband_filter_deps=.*\n//m }) },
        qr/does not fit/);
    $refused->('no place in the last file',
        sub { edit("$_[0]/libavfilter/allfilters.c", sub { s/^.*ff_vf_(sab|rotate);\n//mg }) },
        qr/does not fit/);
    $refused->('no list of filters', sub { edit("$_[0]/libavfilter/allfilters.c", sub { $_ = "\n" }) },
        qr/cannot tell/);

    $refused->('a file in the way', sub { spew("$_[0]/libavfilter/runway", "mine\n") }, qr/is in the way: it is no directory/);
    $refused->('no place in the manual', sub { edit("$_[0]/$manual", sub { s/^\@chapter Video Filters/\@chapter V/m }) },
        qr/has no place for the filters' sections/);

    make_path("$tmp/files/runway");
    spew("$tmp/files/vf_runway_v2v.c", "int x;\n");
    spew("$tmp/files/runway/Makefile", "# nothing\n");
    $refused->('a filter that would not be built', sub { }, qr/does not build all filters/,
        RUNWAY_FILES => "$tmp/files");

    make_path("$tmp/empty");
    my ($status, $said) = run_apply("$tmp/empty");
    is($status, 1, 'no FFmpeg tree: exit status');
    like($said, qr/no FFmpeg source tree/, 'no FFmpeg tree: says why');
    ($status, $said) = run_apply("$tmp/not-there");
    is($status, 1, 'no such directory: exit status');
    like($said, qr/no such directory/, 'no such directory: says why');
};

subtest 'make apply' => sub {
    my $dir = pristine('make');
    my $said = `env -u MAKEFLAGS -u MAKELEVEL -u FFMPEG make -C '$root' --no-print-directory apply FFMPEG='$dir' 2>&1`;
    is($?, 0, 'exit status') or diag $said;
    like($said, qr/the filter is in$/m, 'says so');
    $said = `env -u MAKEFLAGS -u MAKELEVEL -u FFMPEG make -C '$root' --no-print-directory apply 2>&1`;
    isnt($?, 0, 'no tree named: fails');
    like($said, qr/make apply FFMPEG=DIR/, 'says how');
};

subtest 'make patch, for git am' => sub {
    my $made = sub {
        my ($dir, $patch) = @_;
        my $said = `env -u MAKEFLAGS -u MAKELEVEL -u FFMPEG make -C '$root' --no-print-directory patch FFMPEG='$dir' PATCH='$patch' 2>&1`;
        return ($? >> 8, $said);
    };
    my $git = "git -c user.name=t -c user.email=t\@localhost -c commit.gpgsign=false -c core.autocrlf=false";
    my $dir = pristine('am');
    my $before = tree_hash($dir);
    my ($status, $said) = $made->($dir, "$tmp/runway.patch");
    is($status, 0, 'exit status') or diag $said;
    like($said, qr/FFmpeg \S+ \(libavfilter [\d.]+\)/, 'says for which');
    is(tree_hash($dir), $before, 'the tree is as it was');

    my $want = pristine('want');
    run_apply($want);
    $said = `cd '$dir' && { $git init -q . && $git add -A -f && $git commit -q -m base && $git am -q '$tmp/runway.patch'; } 2>&1`;
    is($?, 0, 'git am takes it') or diag $said;
    is(`cd '$dir' && git status --porcelain`, '', 'whole');
    is(`cd '$dir' && git log -1 --format=%s`, "avfilter: add the runway_v2v filter\n", 'its subject');
    remove_tree("$dir/.git");
    is(tree_hash($dir), tree_hash($want), 'the tree is what apply makes of it');

    my $plain = pristine('plain');
    $said = `cd '$plain' && patch -p1 -F0 -s -i '$tmp/runway.patch' 2>&1`;
    is("$? $said", '0 ', 'patch takes it, without fuzz');
    is(tree_hash($plain), tree_hash($want), 'and makes the same of it');

    ($status, $said) = $made->($want, "$tmp/second.patch");
    isnt($status, 0, 'a tree that has the filter: refused');
    like($said, qr/has the filter in it already/, 'and said');
    ok(!-e "$tmp/second.patch", 'no file is left');
};

# The oldest libcurl that has all that is used, and is no older for what is used only
# where it is there. Symbols by their version, from curl's docs/libcurl/symbols-in-versions
# and the pages of its functions.
subtest 'configure asks for the libcurl that is needed' => sub {
    my @since = (
        ['7.66.0', qr/curl_multi_poll/],
        ['7.62.0', qr/curl_url(?:_cleanup|_get|_set)?|CURLU(?:code|Part|PART_\w+|E_OK|E_OUT_OF_MEMORY|_(?:URLDECODE|NON_SUPPORT_SCHEME|GUESS_SCHEME|DEFAULT_PORT))?/],
        ['7.61.0', qr/CURLINFO_PRETRANSFER_TIME_T/],
        ['7.56.0', qr/curl_mime(?:part|_(?:init|free|addpart|name|type|filename|data|data_cb))?|CURLOPT_MIMEPOST|CURL_ZERO_TERMINATED/],
        ['7.55.0', qr/CURLINFO_CONTENT_LENGTH_DOWNLOAD_T/],
        ['7.54.0', qr/CURLOPT_SUPPRESS_CONNECT_HEADERS/],
        ['7.52.0', qr/CURLOPT_PROXY_CAINFO/],
        ['7.34.0', qr/CURL_SSLVERSION_TLSv1_2/],
        ['7.21.7', qr/curl_(?:slist\w*|easy_(?:init|cleanup|setopt|getinfo|strerror)|multi_(?:init|cleanup|perform|info_read|(?:add|remove)_handle)|global_init|getdate|free|off_t|socket_t|sockaddr|infotype)
            |CURL(?:|code|M|Msg|MSG_DONE|PROTO_HTTPS?|_(?:SOCKET_BAD|READFUNC_ABORT|HTTP_VERSION_1_1|GLOBAL_DEFAULT|ERROR_SIZE))
            |CURLE_(?:OK|OUT_OF_MEMORY|ABORTED_BY_CALLBACK|URL_MALFORMAT|UNSUPPORTED_PROTOCOL|SSL_CONNECT_ERROR|RECV_ERROR|OPERATION_TIMEDOUT|NOT_BUILT_IN)
            |CURLINFO_(?:RESPONSE_CODE|HTTP_CONNECTCODE|REDIRECT_URL|PRIMARY_IP|HEADER_OUT)
            |CURLOPT_(?:NOSIGNAL|HTTPHEADER|WRITE(?:FUNCTION|DATA)|READ(?:FUNCTION|DATA)|HEADER(?:FUNCTION|DATA)|DEBUG(?:FUNCTION|DATA)|OPENSOCKET(?:FUNCTION|DATA)|VERBOSE|USERAGENT|URL
                |TIMEOUT_MS|CONNECTTIMEOUT|SSL_VERIFY(?:PEER|HOST)|SSLVERSION|RANGE|PROXY|NOPROXY|PROTOCOLS|POST|POSTFIELDSIZE_LARGE|LOW_SPEED_(?:TIME|LIMIT)|HTTP_VERSION|FRESH_CONNECT
                |FORBID_REUSE|FOLLOWLOCATION|ERRORBUFFER|CAINFO)/x],
    );
    my (%needed, @unknown);
    for my $file (glob "$root/vf_runway/runway/*/*.[ch]") {
        my $text = slurp($file) =~ s/^#if LIBCURL_VERSION_NUM.*?^#(?:else|endif)\b//gmsr =~ s{/\*.*?\*/|"(?:[^"\\]|\\.)*"}{}gsr;
        for my $name ($text =~ /\b(curl_\w+|CURL[A-Z]*\w*)\b/g) {
            next if $name =~ /^curl_(?:once|ready)$/;    # our own
            my ($known) = grep { $name =~ /^(?:$_->[1])$/ } @since;
            if ($known) { $needed{ $known->[0] } = 1 } else { push @unknown, $name }
        }
    }
    is("@unknown", '', 'since when each symbol is there is known');
    my ($oldest) = grep { $needed{$_} } map { $_->[0] } @since;
    like(slurp($_), qr/^\+enabled libcurl .*"libcurl >= \Q$oldest\E"/m, "$oldest: " . s{.*/}{}r) for glob "$root/libavfilter-patch/hooks-*.patch";
    like(slurp("$root/README.md"), qr/libcurl \(\Q${\($oldest =~ s{\.0$}{}r)}\E or later\)/, 'README');

    make_path("$tmp/configured", "$tmp/pc");
    spew("$tmp/pc/libcurl.pc", "Name: libcurl\nDescription: one that is too old\nVersion: 7.65.3\nLibs: -lcurl\nCflags:\n");
    my $said = `cd '$tmp/configured' && PKG_CONFIG_PATH='$tmp/pc' '$source/configure' --disable-everything --disable-autodetect --disable-doc --disable-x86asm --disable-programs --disable-network --enable-libcurl 2>&1`;
    isnt($?, 0, 'with an older one, configure ends');
    like($said, qr/^ERROR: libcurl >= \Q$oldest\E not found using pkg-config/m, 'and says which one it wants');
};

# What the page says by hand against what apply really adds, file by file.
subtest 'configure-snippet says what apply does' => sub {
    my $page = slurp("$root/configure-snippet/README.md");
    my $before = pristine('page-before');
    my $dir = pristine('page');
    run_apply($dir);
    for my $file (@hooked) {
        my ($part) = $page =~ /^## \Q$file\E\n(.*?)^## /ms;
        ok($part, "$file: the page has a part of it") or next;
        my @said = $part =~ /^ {4}(.*\S)$/mg;
        # of the two declarations the one for this release
        @said = grep { !/^extern const (\w+)/ || $1 eq $type } @said;
        my %was = map { ($_ => 1) } split /\n/, slurp("$before/$file");
        my @added = grep { !$was{$_} } split /\n/, slurp("$dir/$file");
        is(join("\n", sort @said), join("\n", sort @added), "$file: the lines that apply adds, and no others");
    }
    like($page, qr{^    cp -R vf_runway/\. ffmpeg/libavfilter/$}m, 'and the files');
    my $hand = pristine('hand');
    system("cp -R '$root/vf_runway/.' '$hand/libavfilter/'") == 0 or die 'cp';
    my @missing = grep { !-f "$hand/$_" || slurp("$hand/$_") ne slurp("$dir/$_") }
        map { s{^\Q$dir\E/}{}r } glob("$dir/libavfilter/runway/*/*"), "$dir/libavfilter/runway/Makefile", glob("$dir/libavfilter/vf_runway_*.c");
    is_deeply(\@missing, [], '... are those that apply lays in');

    # both sets of hooks, whatever release this is
    my %snippet = map { s/^\s+//r => 1 } split /\n/, $page;
    for my $file (glob "$root/libavfilter-patch/*.patch") {
        my @added = map { s/^\+\s*//r } grep { /^\+(?!\+\+)/ } split /\n/, slurp($file);
        is_deeply([grep { !$snippet{$_} } @added], [], $file =~ s{.*/}{}r);
    }
};

done_testing();
