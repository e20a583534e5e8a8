#!/usr/bin/env perl
# A good guest in FFmpeg's tree: what FFmpeg's own checks say of a source tree
# (fate-source, checkheaders, tools/patcheck) they do not say of these files, and
# its `make clean` and `make distclean` leave none of their objects behind.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Copy qw(copy);
use File::Find qw(find);
use File::Path qw(make_path remove_tree);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my $source = "$BUILD/src/ffmpeg";
my $built = dirname($FFMPEG);
plan skip_all => "no FFmpeg source in $source: make check gets it" if !-f "$source/configure";
plan skip_all => "$built is no build directory of FFmpeg" if !-f "$built/ffbuild/config.mak";

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
$ENV{GIT_CEILING_DIRECTORIES} = dirname($source = abs_path($source));

my @ours;
find({ no_chdir => 1, wanted => sub { push @ours, substr $_, 1 + length "$ROOT/vf_runway" if -f } }, "$ROOT/vf_runway");
my @sources = map { "libavfilter/$_" } grep { /\.[ch]$/ } sort @ours;

# The files as they lie in FFmpeg's tree, under git, and nothing else.
my $tree = "$TMP/tree";
for my $file (@sources, 'libavfilter/runway/Makefile') {
    make_path(dirname("$tree/$file"));
    copy("$source/$file", "$tree/$file") or die "$file: $!";
}
my @git = ('git', '-C', $tree, '-c', 'user.name=t', '-c', 'user.email=t@localhost', '-c', 'commit.gpgsign=false');
run_cmd([@git, @$_]) for ['init', '-q'], ['add', '-A', '-f'], ['commit', '-q', '-m', 'files'];

subtest 'make fate-source' => sub {
    make_path("$tree/tests/fate");
    my $run = run_cmd(['sh', "$source/tests/fate/source-check.sh", "$tree/tests"]);
    is($run->{status}, 0, 'runs') or diag $run->{err};
    is(join("\n", grep { /runway/ } split /\n/, $run->{out}), '', 'licence, guards, av_clip(): nothing to say');
    like($run->{out}, qr/^Headers without/m, 'it did look');
};

# Of a whole patch it only hints. What it hints at here has a reason, and is known
# by the file and the line, so that a new one is not excused by an old one.
my $comment = qr{^[^:]*:\s*\*|/\*|///<};
my $core = qr{^runway/(?:base|api|math|http|store|engine)/};
my %known = (
    # for (;;)
    'double ;'                                   => qr/\bfor \([^;]*;;/,
    # a recipe of make
    'tabs'                                       => qr{^runway/Makefile:},
    # feature macros, what compilers define, ends of names
    'reserved identifer'                         => qr/\b_(?:_\w+__|_builtin_cpu_supports|_has_include|\w+_SOURCE|ASPECT|UNREACHED_MAX|jwt|class)\b/,
    # short ones begin on the first line, as many of FFmpeg's do
    'Inconsistently formatted doxygen comment'   => qr{:\s*/\*\* ?\w},
    # the core is plain C and knows no FFmpeg
    'Please use av_malloc'                       => qr/$core|malloc\(\)ed|<malloc\.h>|\bmalloc_trim\(/,
    # which allocates what it needs
    'Possible security issue, make sure this is safe or use snprintf/av_strl*' => qr/\bav_asprintf\(/,
    # a line that is written over has no prefix
    'Missing context in av_log'                  => qr/^runway\/filter\/status_line\.c:.*\\r"/,
    'Please use av_log'                          => qr/\bav_bprintf\(|\bformat\(printf\b/,
    'missing void'                               => $comment,
    # divisions of what may be negative or is no whole number, and of sizes
    'divide by 2^x could use >> maybe'           => qr{^runway/(?:math/(?:align|geometry|gamut|matrix|mp4\w*|seam\w*|segment)|api/(?:body|data_uri|models_ratio)|engine/(?:budget|pace)|filter/(?:filter|progress|sequence(?:_open|_send)?|source|status_line)|media/(?:clip\w*|format|picture|scaler)|http/url)\.c:|^runway/base/text\.c:|INT_MAX / 2|127\.0\.0\.0/8|HTTP/2|:.*\byear / 4\b},
    # a logical and, or one of two beside each other
    'useless & [0]'                              => qr/&& !?\w+\[0\]|&from\[0\]/,
    'Non static with no ff_/av_ prefix'          => qr/:(?:enum|struct) Runway\w+ \{$|^runway\/Makefile:/,
    # branches without braces, and words
    'missing } prior to else'                    => qr/:\s*else(?! ?\{)|$comment|"|\Belse|else\B/,
    # functions that call each other
    'static prototype, maybe you should reorder your functions' => qr/:static void check_\w+\(Parse \*p, const Box \*box\);$/,
    # a field of that name
    'non static inline or strangely ordered inline+static'      => qr/\binline_size;/,
    # an entry of a table
    '{ should be on the same line as the related previous statement' => qr{^runway/(?:api/\w+|filter/sequence_send)\.c:},
    # the end of a film is nothing cold, and each of these beginnings is short
    'These functions may need av_cold, please review the whole patch for similar functions needing av_cold'
        => qr/append|send|intend|blend|endpoint|_end(?:ing)?\(|\b(?:is_)?ends?_|\b(?:init|init_curl|ff_runway_(?:checksum|cond|sha256|settings|record)_init)\(/,
);

subtest 'tools/patcheck' => sub {
    my $patch = run_cmd([@git, qw(show --format= --no-color HEAD)])->{out};
    spew("$TMP/our.patch", $patch);
    # its first half looks at one line at a time
    my ($head, $lines, $rest) = slurp("$source/tools/patcheck") =~ /\A(.*?^}\n\n)(hiegrep .*?)^rm \$TMP$(.*)/ms;
    spew("$TMP/patcheck", "$head$lines");
    my $run = run_cmd(['sh', "$TMP/patcheck", 'our.patch'], dir => $TMP, timeout => 120);
    my $said = $run->{out} =~ s/\e\[[0-9;]*[mK]//gr;
    like($said, qr/^patCHeck/, 'runs');
    # the hints are of lines of the patch: of which file each is
    my ($file, @file) = ('');
    for my $line (split /\n/, $patch) {
        $file = $1 if $line =~ m{^\+\+\+ b/libavfilter/(.*)};
        push @file, $file;
    }
    my ($title, %hints) = ('');
    for my $line (split /\n/, $said) {
        if ($line =~ /^our\.patch:(\d+):\+(.*)/) { push @{ $hints{$title} }, "$file[$1 - 1]:$2" } else { $title = $line }
    }
    for my $what (sort keys %hints) {
        my $reason = $known{$what} // qr/(?!)/;
        is(join("\n", grep { $_ !~ $reason } @{ $hints{$what} }), '', $what);
    }

    # The second half is of FFMIN(), av_log() and av_free(), which the core has not. It
    # takes each word for a variable, enumerators too, which takes minutes, and wants
    # every comment to be one for Doxygen.
    ok($rest =~ s/^for i in \\\n.*?^done$//ms && $rest =~ s/^\$EGREP -B2 .*?^cat \$TMP$//ms, 'the second half is as it was');
    spew("$TMP/host.patch", run_cmd([@git, qw(show --format= --no-color HEAD --), ':(glob)libavfilter/*.c',
        map { "libavfilter/runway/$_" } qw(media filter)])->{out});
    spew("$TMP/patcheck", "${head}touch \$TMP; rm \$TMP$rest");
    $run = run_cmd(['sh', "$TMP/patcheck", 'host.patch'], dir => $TMP, timeout => 120);
    $said = $run->{out} =~ s/\e\[[0-9;]*[mK]//gr =~ s/\A.*?\n\n//sr;
    # they differ in their level
    $said =~ s/^Mergeable calls\n.*were replaced by their.*\n.*\n\+ +av_log\n//m;
    is($said =~ s/^\s+|\s+$//gr, 'Missing changelog entry (ignore if minor change)', 'its second half: no more than that');
};

subtest 'make checkheaders' => sub {
    my @objects = map { "$_.o" } grep { /\.h$/ } @sources;
    my @left = map { s/o$//r } @objects;
    my $run = run_cmd(['make', '-k', '-j2', '-C', $built, @objects], timeout => 300);
    is($run->{status}, 0, 'each header can be included alone') or diag substr $run->{err}, -3000;
    is(join("\n", grep { /warning/ } split /\n/, $run->{err}), '', 'without a warning');
    unlink map { ("$built/${_}o", "$built/${_}d", "$built/${_}c") } @left;
};

# A directory with the configuration and what a build would have left.
subtest 'make clean' => sub {
    my $dir = "$TMP/objects";
    for my $target (qw(clean distclean)) {
        remove_tree($dir);
        make_path("$dir/ffbuild");
        copy("$built/$_", "$dir/$_") for grep { -f "$built/$_" } 'Makefile', 'config.h', 'config_components.h',
            map { "ffbuild/config.$_" } qw(mak fate sh);
        my @left = map { my $base = s/\.c$//r; ("$base.o", "$base.d", "$base.gcno") } grep { /\.c$/ } @sources;
        push @left, map { ("$_.o", "$_.c", "$_.d") } grep { /\.h$/ } @sources;
        spew("$dir/$_", '') for map { make_path(dirname("$dir/$_")); $_ } @left;
        symlink $source, "$dir/src";
        my $run = run_cmd(['make', '-C', $dir, $target], timeout => 120);
        is($run->{status}, 0, "make $target") or diag $run->{err};
        is(join("\n", grep { -e "$dir/$_" } @left), '', 'leaves nothing of ours');
        ok(-f "$source/$sources[0]", 'and the source where it is');
    }
};

done_testing;
