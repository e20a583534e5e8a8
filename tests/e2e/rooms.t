#!/usr/bin/env perl
# That the rooms of vf_runway/runway/ keep their floors: a file includes what
# stands on its own floor or below, never above and never in a circle, and the
# core includes no FFmpeg header; and that the limits in SECURITY.md are those.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my $dir = "$ROOT/vf_runway/runway";

my (%text, %floor, %includes, %system);
for my $path (glob "$dir/*.[ch]") {
    my $name = basename($path);
    my $text = $text{$name} = slurp($path);
    # each header says it at the end of what it says of itself
    $floor{$name} = $1 if $name =~ /\.h$/ && $text =~ /^ \*.*\bfloor (\d)\b/mi;
    $includes{$name} = [$text =~ /^\s*#\s*include\s+"(\w+\.h)"/mg];
    $system{$name} = [$text =~ /^\s*#\s*include\s+["<]([\w.\/-]+)[">]/mg];
}
cmp_ok(scalar keys %text, '>', 40, 'the rooms were found');

my ($core) = slurp("$dir/Makefile") =~ /^RUNWAY_CORE\s*=((?:.*\\\n)*.*)/m;
my @core = grep { /\w/ } split /[\s\\]+/, $core;
my ($media) = slurp("$dir/Makefile") =~ /^RUNWAY_MEDIA\s*=((?:.*\\\n)*.*)/m;
my @media = grep { /\w/ } split /[\s\\]+/, $media;
# json.h is a header and nothing else
my %core = map { ("$_.c" => 1, "$_.h" => 1) } @core, 'json';

subtest 'each room is on a floor, and built' => sub {
    for my $header (sort grep { /\.h$/ } keys %text) {
        ok(defined $floor{$header}, "$header says its floor");
    }
    my %built = map { ("$_.c" => 1) } @core, @media;
    is_deeply([sort grep { /\.c$/ } keys %text], [sort keys %built], 'the Makefile names every file');
};

# A room is a .h and a .c; what lacks its other half belongs to the room whose
# name it begins with, as client_http.c to the client.
sub room_of {
    my ($name) = @_;
    my $room = $name =~ s/\.[ch]$//r;
    $room =~ s/_[^_]+$// while $room =~ /_/ && !(exists $text{"$room.h"} && exists $text{"$room.c"});
    return $room;
}

sub floor_of { my ($name) = @_; return $floor{$name} // $floor{ room_of($name) . '.h' } }

subtest 'never upwards' => sub {
    for my $name (sort keys %includes) {
        my @up = grep { !exists $text{$_} || floor_of($_) > floor_of($name) } @{ $includes{$name} };
        is("@up", '', "$name (floor " . floor_of($name) . ')');
    }
};

subtest 'never in a circle' => sub {
    my %state;
    my @circles;
    my $visit;
    $visit = sub {
        my ($room, @way) = @_;
        return if ($state{$room} // '') eq 'done';
        if (($state{$room} // '') eq 'open') {
            push @circles, join ' -> ', @way, $room;
            return;
        }
        $state{$room} = 'open';
        my @files = grep { room_of($_) eq $room } sort keys %includes;
        for my $other (map { room_of($_) } map { @{ $includes{$_} } } @files) {
            $visit->($other, @way, $room) if $other ne $room;
        }
        $state{$room} = 'done';
    };
    $visit->($_) for sort map { room_of($_) } keys %text;
    is("@circles", '', 'no room needs one that needs it');
};

subtest 'the core knows no FFmpeg' => sub {
    for my $name (sort grep { $core{ room_of($_) . '.h' } } keys %text) {
        my @host = grep { m{^(lib(av|sw|postproc)\w*/|config|avfilter|internal\.h)} || $_ eq 'compat.h' } @{ $system{$name} };
        push @host, grep { !$core{ room_of($_) . '.h' } } @{ $includes{$name} };
        is("@host", '', $name);
        (my $code = $text{$name}) =~ s{/\*.*?\*/|//[^\n]*}{}gs;
        unlike($code, qr/\bav_(?!err)\w+\s*\(|\bAVERROR\b|\bAVFrame\b/, "$name: nor by name");
    }
};

subtest 'each library in one place' => sub {
    my %allowed = (
        'curl/' => qr/^(client\w*|net)\.[ch]$/,
        'cJSON' => qr/^json\.h$/,
        'b64/'  => qr/^data_uri\.[ch]$/,
    );
    for my $library (sort keys %allowed) {
        my @who = sort grep { grep { m{(^|/)\Q$library\E} } @{ $system{$_} } } keys %text;
        cmp_ok(scalar @who, '>', 0, "$library is used");
        is(join(' ', grep { !/$allowed{$library}/ } @who), '', "$library only where it belongs");
    }
};

subtest 'limits are as they are written down' => sub {
    my %row = map { /^\| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$/ ? ($1 => [$2, $3, $4]) : () } split /\n/, slurp("$ROOT/SECURITY.md");
    my $code = join '', values %text;
    my %is = $code =~ /^#define (\w+)[ \t]+(\(.*?\)|\d\w*)/mg;
    for (values %is) { s/(\d)[LU]+/$1/g; $_ = eval if /^[\d(<* )]+$/ }
    my ($minutes, $mib) = (60_000_000, 1 << 20);
    for my $case (
        ['headers of a reply',   qr/^128 KiB$/,            HEAD_MAX => 128 << 10],
        ['a JSON reply',         qr/^1 MiB,/,              REPLY_MAX => $mib],
        ['an error page',        qr/^64 KiB/,              PAGE_MAX => 64 << 10],
        ['a result',             qr/^2 GiB$/,              RESULT_MAX => 2 << 30],
        ['a task\'s id',         qr/^127; 8191/,           ID_MAX => 128, URL_MAX => 8192],
        ['making a connection',  qr/^30 s \(15 s /,        CONNECT_TIMEOUT => 30, FIRST_CONNECT_TIMEOUT => 15],
        ['a transfer that',      qr/^60 s; 120 s /,        STALL_TIMEOUT => $minutes, CREATE_STALL => 2 * $minutes],
        ['a read,',              qr/^2 min$/,              TIMES_READ => 2],
        ['a create',             qr/^30 min$/,             TIMES_CREATE => 15],
        ['a storage',            qr/^10 min /,             TIMES_STORED => 10],
        ['a result, all',        qr/^4 h; under 256 byte/, DOWNLOAD_MAX => 240 * $minutes, TIMES_DOWNLOAD => 240, SLOW_DOWNLOAD => 256],
        ['Retry-After',          qr/ 5 min$/,              RETRY_AFTER_MAX => 5 * $minutes],
        ['an outage',            qr/^15 min \(20 s /,      OUTAGE_MAX => 15 * $minutes, UNREACHED_MAX => $minutes / 3],
        ['redirects of a result', qr/^5,/,                 REDIRECTS_MAX => 5],
        ['a picture of',         qr/^8192 x 8192/,         RESULT_PIXELS => 8192 * 8192],
        ['frames of',            qr/^1000 a second$/,      RESULT_RATE => 1000],
        ['samples of',           qr/^2\^23; 64 MiB; 100000; 16$/, BOXES_SAMPLES => 2 ** 23, BOXES_INDEX => 64 * $mib,
            BOXES_COUNT => 100000, DEPTH_MAX => 16],
        ['`prompt_file`',        qr/^64 KiB$/,             TEXT_MAX => 64 << 10],
        ['a local picture',      qr/^64 MiB$/,             PICTURE_MAX => 64 * $mib],
        ['a record',             qr/^16 KiB$/,             RECORD_TEXT => 16384],
    ) {
        my ($begin, $says, %value) = @$case;
        my ($found) = sort { length $a <=> length $b } grep { index($_, $begin) == 0 } keys %row;
        like($row{$found // ''}[0] // '', $says, "$begin: the page");
        for my $name (sort keys %value) {
            # longer names end in shorter ones: RUNWAY_URL_MAX, and URL_MAX of a file
            my $value = $is{"RUNWAY_$name"} // $is{$name};
            is($value, $value{$name}, "$begin: $name");
        }
    }
    for my $file (map { /`([\w.]+)`/g } map { @$_[1, 2] } values %row) {
        my @where = grep { -e } map { "$ROOT/$_/$file" } qw(vf_runway/runway tests/unit tests/e2e);
        is(scalar @where, 1, "$file is there");
    }
};

done_testing;
