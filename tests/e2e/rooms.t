#!/usr/bin/env perl
# That the rooms of vf_runway/runway/ keep their floors: a file includes what
# stands on its own floor or below, never above and never in a circle, and the
# core includes no FFmpeg header.
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

done_testing;
