#!/usr/bin/env perl
# That the directories of vf_runway/runway/ are layers: a file includes only its
# own directory and lower ones, http, store and media do not know each other,
# the core knows no FFmpeg, and no module needs one that needs it. That files and
# functions are short, that the map names each module, and that the limits in
# SECURITY.md are those of the code.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Find qw(find);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my $top = "$ROOT/vf_runway";
my %layer = (base => 0, api => 1, math => 1, http => 2, store => 2, media => 2, engine => 3, filter => 4);
my %core = map { ($_ => 1) } qw(base api math http store engine);

# Every source, by its path below vf_runway/, and what it includes.
my (%text, %quoted, %system);
find({ no_chdir => 1, wanted => sub {
    return if !/\.[ch]$/;
    my $path = substr $_, 1 + length $top;
    my $text = $text{$path} = slurp($_);
    $quoted{$path} = [$text =~ /^\s*#\s*include\s*"([^"]+)"/mg];
    $system{$path} = [$text =~ /^\s*#\s*include\s*<([^>]+)>/mg];
} }, $top);
my @files = sort keys %text;
cmp_ok(scalar @files, '>', 80, 'the sources were found');

sub directory_of { return $_[0] =~ m{^runway/([^/]+)/[^/]+$} ? $1 : '' }

# An include as a path below vf_runway/, whether there is such a file or not.
sub target {
    my ($from, $include) = @_;
    my @path = grep { $_ ne '.' } split m{/}, dirname($from);
    for my $part (split m{/}, $include) {
        if ($part eq '..') { pop @path } else { push @path, $part }
    }
    return join '/', @path;
}
my %own;
for my $file (@files) {
    $own{$file} = [grep { exists $text{$_} } map { target($file, $_) } @{ $quoted{$file} }];
}
my $of_ffmpeg = qr{^(lib(av|sw|postproc)\w*/[\w./]+|config(_components)?\.h)$};

subtest 'the directories are the layers' => sub {
    my @strange = grep { !m{^vf_\w+\.c$} && !exists $layer{ directory_of($_) } } @files;
    is("@strange", '', 'nothing is beside them');
    for my $file (@files) {
        my $from = directory_of($file);
        my @wrong;
        for my $include (@{ $quoted{$file} }) {
            next if $include =~ $of_ffmpeg;
            my $to = directory_of(target($file, $include));
            my $fine = exists $text{ target($file, $include) }
                && ($from eq $to || $from eq '' || $layer{$to} < $layer{$from});
            # media includes FFmpeg's headers, and the core none
            $fine &&= !($core{$from} && $to eq 'media');
            # an internal header is its directory's own
            $fine &&= $from eq $to if $include =~ /_internal\.h$/;
            # it is written the shortest way
            $fine &&= $include eq ($from eq $to ? basename($include) : ($from eq '' ? 'runway/' : '../') . "$to/" . basename($include));
            push @wrong, $include if !$fine;
        }
        is("@wrong", '', $file);
    }
};

# A module is a .h and a .c; a file without its other half belongs to the module
# whose name it begins with, as client_http.c to the client.
sub module_of {
    my ($file) = @_;
    my $module = $file =~ s/\.[ch]$//r;
    $module =~ s/_[^_\/]+$// while $module =~ m{_[^/]*$} && !(exists $text{"$module.h"} && exists $text{"$module.c"});
    return $module;
}

subtest 'no module needs one that needs it' => sub {
    my (%state, @circles, $visit);
    $visit = sub {
        my ($module, @way) = @_;
        return if ($state{$module} // '') eq 'done';
        if (($state{$module} // '') eq 'open') {
            push @circles, join ' -> ', @way, $module;
            return;
        }
        $state{$module} = 'open';
        my @needed = map { module_of($_) } map { @{ $own{$_} } } grep { module_of($_) eq $module } @files;
        $visit->($_, @way, $module) for grep { $_ ne $module } @needed;
        $state{$module} = 'done';
    };
    $visit->($_) for sort map { module_of($_) } @files;
    is("@circles", '', 'no circle');
};

subtest 'the core knows no FFmpeg' => sub {
    for my $file (grep { $core{ directory_of($_) } } @files) {
        my @host = grep { $_ =~ $of_ffmpeg } @{ $quoted{$file} }, @{ $system{$file} };
        is("@host", '', $file);
        my $code = $text{$file} =~ s{/\*.*?\*/|//[^\n]*}{}gsr;
        unlike($code, qr/\bav_\w+\s*\(|\bAVERROR\b|\bAVFrame\b/, "$file: nor by name");
    }
};

# A filter is a file of options and pads, and the rest of it is in two layers.
subtest 'who knows the filters' => sub {
    for my $file (grep { directory_of($_) eq '' && /\.c$/ } @files) {
        my @lines = split /\n/, $text{$file};
        cmp_ok(scalar @lines, '<=', 250, "$file: options and pads");
    }
    my %above = map { ($_ => 1) } '', qw(api filter);
    my @below = grep { !$above{ directory_of($_) } } @files;
    cmp_ok(scalar @below, '>', 50, 'there is much below');
    my $names = qr/\b(?:runway_(?:hdr|upscale)|video_(?:to_hdr|upscale)|RUNWAY_VIDEO_\w+|ruby|magnific\w*|upscale\w*)\b/;
    is(join(' ', grep { $text{$_} =~ $names } @below), '', 'nothing there knows a filter of HDR or upscaling');
};

subtest 'each library in one place' => sub {
    my %place = (
        'curl/' => qr{^http/},
        'cJSON' => qr{^base/json\.h$},
        'b64/'  => qr{^api/},
    );
    for my $library (sort keys %place) {
        my @who = grep { grep { m{(^|/)\Q$library\E} } @{ $quoted{$_} }, @{ $system{$_} } } @files;
        cmp_ok(scalar @who, '>', 0, "$library is used");
        is(join(' ', grep { s{^runway/}{}r !~ $place{$library} } @who), '', "$library only where it belongs");
    }
    is(join(' ', grep { $text{$_} =~ /\bLIB(?:AV|SW)\w+_VERSION/ } @files), 'runway/media/compat.h', 'one file knows FFmpeg\'s version');
};

# Where what is opened is closed when the host starts a program, and where threads
# get their stack.
subtest 'each call in one place' => sub {
    my %place = ('base/dir base/disk' => qr/\b(?:f?open(?:at)?|creat|mks?temp)\(/, 'base/thread' => qr/\bpthread_create\(/);
    for my $where (sort keys %place) {
        my @who = grep { $text{$_} =~ s{/\*.*?\*/}{}gsr =~ $place{$where} } grep { /\.c$/ } @files;
        is(join(' ', map { m{^runway/(.*)\.c$} } @who), $where, $place{$where});
    }
};

subtest 'names' => sub {
    my %seen;
    push @{ $seen{ basename($_) } }, $_ for @files;
    is(join(' ', map { @$_ } grep { @$_ > 1 } values %seen), '', 'no two files of one name');
    # where objects are put into one archive, or one directory
    my $host = "$BUILD/src/ffmpeg/libavfilter";
    SKIP: {
        skip 'FFmpeg\'s source is not here', 1 if !-d $host;
        my %theirs;
        find({ no_chdir => 1, wanted => sub { $theirs{$1} = 1 if m{([^/]+)\.(c|m|cpp|S|asm)$} && !m{\Q$host\E/(runway/|vf_runway)} } }, $host);
        is(join(' ', grep { /\.c$/ && $theirs{ basename($_, '.c') } } @files), '', 'nor one of libavfilter\'s own');
    }
    for my $file (grep { /\.h$/ } @files) {
        my $guard = 'AVFILTER_' . uc($file =~ s/[^A-Za-z0-9]+/_/gr);
        my ($said) = $text{$file} =~ m{^\s*(?:/\*.*?\*/\s*)*#ifndef (\w+)\n#define \1\n.*#endif /\* \1 \*/\s*$}s;
        is($said // 'none', $guard, "$file: its guard");
    }
};

# A function is what stands between a { and a } that begin a line.
subtest 'files and functions are short' => sub {
    my ($functions, @long) = (0);
    for my $file (@files) {
        my @lines = split /\n/, $text{$file};
        push @long, "$file: " . @lines . ' lines' if @lines > 600;
        my $begin;
        for my $n (0 .. $#lines) {
            $begin = $n if $lines[$n] eq '{';
            next if $lines[$n] ne '}' || !defined $begin;
            push @long, "$file:$begin: " . ($n - $begin + 1) . " lines: $lines[$begin - 1]" if $n - $begin >= 60;
            $functions++;
            undef $begin;
        }
    }
    cmp_ok($functions, '>', 1000, 'they were found');
    is(join("\n", @long), '', 'no file has over 600 lines, no function over 60');
};

subtest 'the Makefile names every file' => sub {
    my $makefile = slurp("$top/runway/Makefile");
    my %named;
    for my $list (qw(RUNWAY_CORE RUNWAY_MEDIA)) {
        my ($lines) = $makefile =~ /^$list\s*=((?:.*\\\n)*.*)/m;
        my @named = grep { /\w/ } split /[\s\\]+/, $lines;
        my @wrong = grep { !!$core{ directory_of("runway/$_.c") } ne ($list eq 'RUNWAY_CORE') } @named;
        is("@wrong", '', "$list: the right directories");
        $named{"runway/$_.c"}++ for @named;
    }
    is_deeply([sort keys %named], [grep { m{/.*\.c$} } @files], 'each file');
};

subtest 'the map names every module' => sub {
    my %mapped;
    for my $row (slurp("$top/runway/README.md") =~ /^\| (\d \| `\w+\/` \| .*?) \|/mg) {
        my ($number, $directory, $modules) = $row =~ /^(\d) \| `(\w+)\/` \| (.*)$/;
        is($number, $layer{$directory} // 'none', "$directory is on its layer");
        $mapped{"runway/$directory/$_"}++ for $modules =~ /`(\w+)(?:\.h)?`/g;
    }
    my %there = map { (module_of($_) => 1) } grep { m{/} } @files;
    is(join(' ', grep { !$mapped{$_} } sort keys %there), '', 'each module is on it');
    is(join(' ', grep { !$there{$_} } sort keys %mapped), '', 'and none that is not there');
    my @paths = slurp("$top/runway/README.md") =~ m{`(\w+/\w+\.[ch])`}g;
    cmp_ok(scalar @paths, '>', 10, 'it says where to make a change');
    is(join(' ', grep { !exists $text{"runway/$_"} } @paths), '', 'in files that are there');
};

subtest 'limits are as they are written down' => sub {
    my %row = map { /^\| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$/ ? ($1 => [$2, $3, $4]) : () } split /\n/, slurp("$ROOT/SECURITY.md");
    my $code = join '', values %text;
    my %is = $code =~ /^#define (\w+)[ \t]+(\(.*?\)|\d\w*)/mg;
    for (values %is) { s/(\d)[LU]+/$1/g; $_ = eval if /^[\d(<* )]+$/ }
    my ($minutes, $mib) = (60_000_000, 1 << 20);
    # CODE is what stands there where the figure has no name
    my %checked;
    for my $case (
        ['headers of a reply',   qr/^128 KiB$/,            HEAD_MAX => 128 << 10],
        ['a JSON reply',         qr/^1 MiB,/,              REPLY_MAX => $mib],
        ['an error page',        qr/^16 KiB/,              PAGE_MAX => 16 << 10],
        ['a result',             qr/^2 GiB$/,              RESULT_MAX => 2 << 30],
        ['a task\'s id',         qr/^127; 16383 .*; 255$/, ID_MAX => 128, URL_MAX => 16384, HOST_MAX => 255],
        ['fields of an upload',  qr/^64$/,                 FIELDS_MAX => 64],
        ['making a connection',  qr/^30 s \(15 s /,        CONNECT_TIMEOUT => 30, FIRST_CONNECT_TIMEOUT => 15],
        ['a transfer that',      qr/^60 s; 120 s /,        STALL_TIMEOUT => $minutes, CREATE_STALL => 2 * $minutes],
        ['a read,',              qr/^2 min$/,              TIMES_READ => 2],
        ['a create',             qr/^30 min$/,             TIMES_CREATE => 15],
        ['a storage',            qr/^10 min /,             TIMES_STORED => 10],
        ['a result, all',        qr/^4 h; under 256 byte/, DOWNLOAD_MAX => 240 * $minutes, TIMES_DOWNLOAD => 240, SLOW_DOWNLOAD => 256],
        ['Retry-After',          qr/ 5 min$/,              RETRY_AFTER_MAX => 5 * $minutes],
        ['an outage',            qr/^15 min \(20 s /,      OUTAGE_MAX => 15 * $minutes, UNREACHED_MAX => $minutes / 3],
        ['redirects of a result', qr/^5,/,                 REDIRECTS_MAX => 5],
        ['a picture of',         qr/^4096 x 2304 or what was asked for.*: 1920 x 1088,/, RESULT_PIXELS => 4096 * 2304, RESULT_LEAST => 1920 * 1088],
        ['frames of',            qr/^1000 a second$/,      RESULT_RATE => 1000],
        ['frames, boxes',        qr/^2\^17; 65536$/,        MP4_SAMPLES_MAX => 2 ** 17, MP4_BOXES_MAX => 65536],
        ['frames x edits',       qr/^2\^18$/,               MP4_EDITED_MAX => 2 ** 18],
        ['NAL units of one frame',  qr/^400 parts; 8 \(frames: 6\) where .* 25 \(frames: 6\) times 4096 x 2304$/, PARTS_MAX => 400, PARTS_LARGE => 25,
            PARTS_SURE => 8, FRAMES_SURE => 6],
        ['parameter sets',       qr/^16; 64 KiB$/,           NALS_SETS => 16, NALS_MESSAGES => 65536],
        ['NAL units in a',       qr/^64$/,                  NALS_UNITS => 64],
        ['checking a result',    qr/^10 min$/,              RESULT_TIME => 10 * $minutes],
        ['`prompt_file`',        qr/^64 KiB$/,             TEXT_MAX => 64 << 10],
        ['a local picture',      qr/^64 MiB$/,             PICTURE_MAX => 64 * $mib],
        ['source frames',        qr/^8 GiB, of which one clip at most 4$/, SPOOL_CLIP => 4 << 30, SPOOL_SIZE => 4 << 30],
        ['a record',             qr/^128 KiB, 32 tries$/,  RECORD_TEXT => 131072, TRIES_MAX => 32],
        ['nesting of JSON',      qr/^cJSON's 1000, on threads with 1 MiB of stack$/, STACK_SIZE => $mib, CODE => qr/#include <(?:cjson\/)?cJSON\.h>/],
        ['a task',               qr/^`task_timeout`, 30 min$/, CODE => qr/\bRUNWAY_OPTIONS_TASKS\(1800000000LL, /],
        ['length of a result',   qr/ at most \(a tenth\)$/, CODE => qr/"length_tolerance", .*\{ \.dbl = 0\.1 \}/],
        ['bytes of all frames',  qr/^twice the file; 1 for each pixel and 1 MiB, 2 of /, SAMPLE_SLACK => $mib,
            CODE => qr/most = p->is_intra \? 2 \* pixels : pixels;.*nb_bytes > 2 \* p->source->size.*largest > most \+ SAMPLE_SLACK/s],
        ['results kept',         qr/^`results_size`, 20 GiB$/, CODE => qr/"results_size", .*\{ \.i64 = 20LL << 30 \}/],
    ) {
        my ($begin, $says, %value) = @$case;
        my ($found) = sort { length $a <=> length $b } grep { index($_, $begin) == 0 } keys %row;
        like($row{$found // ''}[0] // '', $says, "$begin: the page");
        $checked{$found // ''} = 1;
        my $line = delete $value{CODE};
        ok($code =~ $line, "$begin: the code") if $line;
        for my $name (sort keys %value) {
            # longer names end in shorter ones: RUNWAY_URL_MAX, and URL_MAX of a file
            my $value = $is{"RUNWAY_$name"} // $is{$name};
            is($value, $value{$name}, "$begin: $name");
        }
    }
    is(join(', ', grep { $row{$_}[0] =~ /\d|\btwice\b|\btenth\b/ && !$checked{$_} } sort keys %row), '', 'each figure was looked up');
    my $lines = () = slurp("$ROOT/SECURITY.md") =~ /^\|/mg;
    is(scalar keys %row, $lines - 1, 'each row was read');
    delete $row{what};
    is(join(', ', grep { $row{$_}[2] !~ /^(?:`(?:test_\w+\.c|\w+\.t)`(?:, )?)+$/ } sort keys %row), '', 'each names its tests');
    my %there = map { (basename($_) => 1) } @files;
    find(sub { $there{$_} = 1 if /\.[ct]$/ }, map { "$ROOT/tests/$_" } qw(unit e2e));
    my %wanted = map { ($_ => 1) } map { /`([\w.]+)`/g } map { @$_[1, 2] } values %row;
    is(join(' ', grep { !$there{$_} } sort keys %wanted), '', 'the files it names are there');
};

done_testing;
