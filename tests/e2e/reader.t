#!/usr/bin/env perl
# The check of a result, by itself: reader.c with the libraries that the ffmpeg
# of the tests is made of. Files of many muxers are accepted; files that ask for
# more than they have are refused at once, and cost no more than good ones do;
# and it stops when it is asked to.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my ($READER, $line) = link_program('reader');

my $is_sanitized = $line =~ /-fsanitize/;
my $second = 1_000_000;

sub check {
    my ($path, %opt) = @_;
    my $run = run_cmd([$READER, $path, $opt{sent} // $second, $opt{pixels} // 4096 * 2304, $opt{time} // 60 * $second, $opt{stop} // 0],
        timeout => 120, env => { %{ $opt{env} || {} }, map { $opt{$_} ? (uc $_ => $opt{$_}) : () } qw(verbose first slow) });
    chomp(my $said = $run->{out});
    my %is;
    @is{qw(outcome seconds memory stopping asked longest frames text)} = split /\|/, $said, 8;
    $is{err} = $run->{err};
    return { %is, crashed => $run->{status} || $run->{signal} || $run->{timed_out} };
}

# --- good ones ----------------------------------------------------------------------

my %decoders = map { ($_ => 1) } run_cmd([$FFMPEG, '-hide_banner', '-decoders'])->{out} =~ /^ V\S+\s+(\w+)/mg;
my ($accepted, $large) = (0);

# What is refused costs at most 32 MiB more than what is accepted.
sub memory_ok {
    my ($is, $name) = @_;
    cmp_ok($is->{memory}, '<', $accepted + (32 << 10), "$name: memory") if !$is_sanitized;
}

subtest 'what muxers write is accepted' => sub {
    my @files = glob "$ROOT/tests/e2e/muxers/*.{mp4,mov}";
    cmp_ok(scalar @files, '>', 50, 'files of many muxers');
    for my $path (@files) {
        my $name = basename($path);
        my $is = check($path);
        if (my ($format) = $name =~ /-m?(jpeg|mpeg4|dnx)/) {
            my $called = { jpeg => 'jpeg', mpeg4 => 'mp4v', dnx => 'AVdh' }->{$format};
            is("$is->{outcome} $is->{text}", "invalid the result is not a readable video: it is coded as \"$called\", which is not supported", $name);
            next;
        }
        my $decoder = $name =~ /vp9/ ? 'vp9' : 'h264';
        if (!$decoders{$decoder}) {
            like($is->{text}, qr/not supported by this FFmpeg/, "$name: nothing but the decoder is missing");
            next;
        }
        is("$is->{outcome} $is->{text}", 'accepted ', $name);
        my $frames = $name =~ /edit/ ? '6x48x32' : '8x48x32';
        $frames =~ s/x48x32/x32x48/ if $name =~ /^ffmpeg.*rotated/;
        is($is->{frames}, $frames, "$name: frames");
        $accepted = $is->{memory} if $is->{memory} > $accepted;
    }
    # so large and long as the odd ones below say that they are
    $large = make_clip(size => '1920x1080', seconds => 1, rate => 25, audio => 1, name => 'large.mp4');
    my $is = check($large);
    is($is->{outcome}, 'accepted', 'a larger one');
    note "$accepted KiB at most, $is->{memory} of 1920x1080";
};

sub box { my ($type, @inside) = @_; my $all = join '', @inside; return pack('N', 8 + length $all) . $type . $all }
sub words { return pack 'N*', @_ }

# What FFmpeg plays, and what is only there.
subtest 'what is odd and right is accepted' => sub {
    my @files = map { "$ROOT/tests/e2e/muxers/$_.mp4" } qw(ffmpeg51 ffmpeg51-faststart ffmpeg51-fragments mediabunny);
    for my $path ($decoders{h264} ? @files : ()) {
        my $name = basename($path);
        for my $tail ("Hello, world!\n", "\0" x 8, "\0" x 100, "\0\0\0\7text", "\0\0\0\1text") {
            my $is = check(spew("$TMP/tail.mp4", slurp($path) . $tail));
            is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 8x48x32 ', "$name with something behind it");
        }
    }
    # FFmpeg's own, whose first frames it leaves out, and others, of which it shows none
    my $whole = make_clip(size => '48x32', frames => 16, rate => 8, name => 'endless.mp4',
        codec => [qw(-c:v libx264 -g 4 -bf 2 -use_editlist 1 -movflags frag_keyframe)]);
    for my $case ($decoders{h264} ? ([$whole, 2], map { [$_, 1] } @files) : ()) {
        my ($path, $seconds) = @$case;
        my $bytes = slurp($path);
        my $at = index $bytes, 'elst';
        is(unpack('N', substr $bytes, $at + 12, 4), 0, 'an edit without a length') if $path eq $whole;
        substr $bytes, $at + 12, 4, words(0) if $at > 0;
        my $is = check(spew("$TMP/edit.mp4", $bytes), sent => $seconds * $second);
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted ' . 8 * $seconds . 'x48x32 ', basename($path) . ', of such an edit');
    }
    # FFmpeg 5.1 does not say how long the last frame is; this is of a second, and two frames fewer than were sent
    if ($decoders{h264}) {
        my $is = check("$ROOT/tests/e2e/muxers/bento4-fragments.mp4", sent => 1.25 * $second);
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 8x48x32 ', 'the last frame of fragments counts');
    }
    # nothing says how many frames are held back: no index lists them, and the stream does not, either
    if ($decoders{h264}) {
        my $bytes = slurp(make_clip(size => '48x32', frames => 24, rate => 24, name => 'held.mp4',
            codec => [qw(-c:v libx264 -level 4 -bf 5 -b_strategy 0 -b-pyramid normal -refs 4 -movflags frag_keyframe+empty_moov)]));
        my $at = index($bytes, 'avcC') + 4 + 6;
        my $size = unpack 'n', substr $bytes, $at, 2;
        my $bits = unpack 'B*', substr $bytes, $at + 2, $size;
        # the flag, a bit, two zeros and twice what level 4 allows of vectors
        my $from = rindex $bits, '1111' . '0001100' x 2;
        cmp_ok($from, '>', 0, 'the stream does say it');
        substr $bits, $from, length($bits) - $from, '01' . '0' x (length($bits) - $from - 2);
        substr $bytes, $at + 2, $size, pack 'B*', $bits;
        my $is = check(spew("$TMP/held.mp4", $bytes));
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 24x48x32 ', 'frames that are held back are not lost');
    }
    # a version before the first, and something
    if ($decoders{vp9}) {
        my $bytes = slurp("$ROOT/tests/e2e/muxers/ffmpeg71-vp9.mp4");
        $bytes =~ s/\0{3}\x14vpcC.{12}/box('vpcC', "\0\0") . box('free', "\0\0")/es or die 'no vpcC';
        my $is = check(spew("$TMP/version.mp4", $bytes));
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 8x48x32 ', 'an early description of VP9');
        is($is->{err}, '', 'and nothing is said of it');
    }
    # the fifth frame at the time of the fourth
    if ($decoders{h264}) {
        my $bytes = slurp(make_clip(size => '48x32', frames => 8, rate => 8, name => 'double.mp4', codec => [qw(-c:v libx264 -bf 0)]));
        my $at = index $bytes, 'stts';
        my (undef, $nb, $samples, $delta) = unpack 'N4', substr $bytes, $at + 4, 16;
        is("$nb $samples", '1 8', 'one entry for all');
        substr $bytes, $at + 8, 12, words(3, 3, $delta, 1, 0, 4, $delta);
        for my $type (qw(moov trak mdia minf stbl stts)) {
            my $start = rindex($bytes, $type, $at) - 4;
            substr $bytes, $start, 4, words(16 + unpack 'N', substr $bytes, $start, 4);
        }
        my $is = check(spew("$TMP/double.mp4", $bytes));
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 7x48x32 ', 'a second frame at one time is left out');
    }
    # raw streams that were copied into a file have no times of their own
    for my $entries ($decoders{h264} ? (0, 3) : ()) {
        my $bytes = slurp(make_clip(size => '48x32', frames => 24, rate => 24, name => 'times.mp4', codec => [qw(-c:v libx264 -bf 3 -b_strategy 0 -g 12)]));
        my $at = index $bytes, 'ctts';
        my $nb = unpack 'N', substr $bytes, $at + 8, 4;
        cmp_ok($nb, '>', 15, 'many times');
        substr $bytes, $at + 8, 4, words($nb - $entries) if $entries;
        substr $bytes, $at, 4, 'free' if !$entries;
        my $is = check(spew("$TMP/times.mp4", $bytes));
        like("$is->{outcome} $is->{frames} $is->{text}", qr/^accepted 2\dx48x32 $/, $entries ? 'the last times are missing' : 'all times are missing');
    }
    # messages of cheap encoders
    for my $case (
        ['h264', "\6\5",     qw(libx264 -x264-params keyint=6)],
        ['hevc', "\x4E\1\5", qw(libx265 -tag:v hev1 -x265-params log-level=none:repeat-headers=1:keyint=6)],
    ) {
        my ($decoder, $head, $encoder, @more) = @$case;
        next if !$decoders{$decoder} || run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} !~ / $encoder /;
        my $bytes = slurp(make_clip(size => '64x48', frames => 24, rate => 24, name => 'messages.mp4', codec => ['-c:v', $encoder, @more]));
        is(check("$TMP/messages.mp4")->{outcome}, 'accepted', "$decoder: as they are");
        my $at = index $bytes, $head, index($bytes, 'mdat');
        cmp_ok($at, '>', 0, "$decoder: there is one");
        substr $bytes, $at + length $head, 2, "\xFF" x 2;
        my $is = check(spew("$TMP/messages.mp4", $bytes));
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 24x64x48 ', "$decoder: a message that is cut off");
        is($is->{err}, '', "$decoder: and nothing is said of it");
    }
    # descriptions of other kinds that nothing is of, and a file that is not said to be this one
    for my $path ($decoders{h264} ? @files : ()) {
        my $bytes = slurp($path);
        my $at = index $bytes, 'stsd';
        my $more = box('encv', "\0" x 78, box('moov'));
        if ($path =~ /fragments/) {
            $more = '';
        } else {
            my $chunks = 8 + index $bytes, 'stco';
            my @offsets = unpack 'N/N', substr $bytes, $chunks;
            substr $bytes, $chunks + 4, 4 * @offsets, words(map { $_ > $at ? $_ + length $more : $_ } @offsets);
            substr $bytes, $at + 8, 4, words(2);
            substr $bytes, $at - 4 + unpack('N', substr $bytes, $at - 4, 4), 0, $more;
        }
        for my $type (qw(moov trak mdia minf stbl stsd)) {
            my $start = rindex($bytes, $type, $at) - 4;
            substr $bytes, $start, 4, words(length($more) + unpack 'N', substr $bytes, $start, 4);
        }
        substr $bytes, index($bytes, 'url ') + 4, 4, words(0);
        my $is = check(spew("$TMP/more.mp4", $bytes));
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 8x48x32 ', basename($path) . ' with a description of another kind, and no flag');
    }
    # FFmpeg takes the first of these only
    for my $samples ($decoders{h264} ? (0, 5) : ()) {
        my $bytes = slurp($files[0]);
        my $at = index $bytes, 'stsc';
        my ($size, $nb) = (unpack('N', substr $bytes, $at - 4, 4), unpack 'N', substr $bytes, $at + 8, 4);
        substr $bytes, $at - 4 + $size, 0, words(unpack('N', substr $bytes, index($bytes, 'stco') + 8, 4) + 1, $samples, 1);
        substr $bytes, $at + 8, 4, words($nb + 1);
        for my $type (qw(moov trak mdia minf stbl stsc)) {
            my $start = rindex($bytes, $type, $at) - 4;
            substr $bytes, $start, 4, words(12 + unpack 'N', substr $bytes, $start, 4);
        }
        my $is = check(spew("$TMP/chunks.mp4", $bytes));
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 8x48x32 ', "chunks of $samples frames that are not there");
    }
};

# --- odd ones -----------------------------------------------------------------------

# A film of ProRes (its bytes are all zeros); a track says what is odd in it.
my $frame = "\0" x 1000;

sub track {
    my (%t) = @_;
    my $type = $t{type} // 'vide';
    my $entry = $t{entry} // ($type eq 'vide'
        ? box($t{format} // 'apch', words(0, 1), "\0" x 16, pack('nn', $t{width} // 64, $t{height} // 48), "\0" x 46, pack('nn', 24, 65535))
        : box('raw ', words(0, 1), "\0" x 8, pack('nnN', 1, 8, 0), words(8000 << 16)));
    my $sizes = $t{constant} ? [] : $t{sizes} // [(1000) x 10];
    my $stsz = $t{constant} ? words(0, $t{constant}, $t{samples}) : words(0, 0, $t{claims} // scalar @$sizes, @$sizes);
    return box('trak',
        box('tkhd', words(3, 0, 0, $t{id} // 1), "\0" x 68),
        $t{first} // '',
        $t{elst} ? box('edts', box('elst', words(0, $t{edits_claim} // scalar @{ $t{elst} }), map { words(@$_, 0x10000) } @{ $t{elst} })) : '',
        box('mdia',
            box('mdhd', words(0, 0, 0, $t{scale} // 10, $t{length} // 10, 0)),
            box('hdlr', words(0, 0), $type, $t{name} // "\0" x 13),
            $t{more} // '',
            box('minf',
                box('dinf', $t{dref} // box('dref', words(0, 1), box('url ', words(1)))),
                box('stbl',
                    box('stsd', words(0, ref $entry ? scalar @$entry : 1), ref $entry ? @$entry : $entry),
                    box('stts', ref $t{stts} ? words(0, @{ $t{stts} } / 2, @{ $t{stts} }) : words(0, 1, $t{stts} // $t{claims} // ($t{constant} ? $t{samples} : scalar @$sizes), $t{delta} // 1)),
                    $t{ctts} ? box('ctts', words(0, 1, @{ $t{ctts} })) : '',
                    box('stsc', words(0, 1, 1, $t{per_chunk} // scalar @$sizes, ref $entry ? scalar @$entry : 1)),
                    box('stsz', $stsz),
                    box('stco', words(0, scalar @{ $t{chunks} // [28] }, @{ $t{chunks} // [28] }))))));
}

sub film {
    my (@in_moov) = @_;
    return box('ftyp', 'isom', words(0)) . box('mdat', $frame x 10) . box('moov', box('mvhd', words(0, 0, 0, 10, 10), "\0" x 80), @in_moov);
}

# HEVC, as its description says.
my %hevc = (64 => '4201010160000003009000000300000300baa0208317fabc2080',
    16240 => '4201010160000003009000000300000300baa0007ee2000fdc5feaf082');
my $pps = pack 'H*', '4401c0718012';

sub hevc {
    my ($size, $nb_pps) = @_;
    my @lists = ([32, pack 'H*', '40010c01ffff0160000003009000000300000300baf024'], [33, pack 'H*', $hevc{$size}], [34, ($pps) x $nb_pps]);
    return box('hvc1', words(0, 1), "\0" x 16, pack('nn', 64, 48), "\0" x 46, pack('nn', 24, 65535), box('hvcC', "\1", "\0" x 20, "\3", chr @lists,
        map { my ($type, @units) = @$_; (pack('Cn', $type, scalar @units), map { pack 'n/a*', $_ } @units) } @lists));
}

# The same with an entry in a slice for each row of blocks, of which there are three. A slice
# begins a picture, and is of I, before the number of them.
my $waves = hevc(64, 1) =~ s/\Q$pps\E/pack 'H*', '4401c0718212'/er;
my $golomb = sub { my $bits = sprintf '%b', $_[0] + 1; return '0' x (length($bits) - 1) . $bits };
my $escaped = sub { return pack('B*', "$_[0]1") =~ s/\x00\x00(?=[\x00-\x03])/\x00\x00\x03/gr };
my $many = pack 'N/a*', "\x26\1" . $escaped->('1010111' . $golomb->(8 * 10_390_000) . '1' x 32) . "\xFF" x 10_390_000;
# the number goes on in what is behind the slice, which is filler
my $cut = pack 'n/a* n/a*', "\x26\1" . pack('B*', '101011011' . '0' x 24 . '11'), "\x4C\1" . "\xFF" x 8190;

my $hungry_sound = track(type => 'soun', id => 2, constant => 1, samples => 1000, stts => 1, per_chunk => 0xFFFFFFF,
    chunks => [(28) x 100]);
my $keys = box('meta', box('hdlr', words(0, 0), 'mdta', "\0" x 13), box('keys', words(0, 268_000_000)));
my $plain = track();

subtest 'what asks for more than it has costs nothing' => sub {
    my @all = (8 << 20) x 1000;
    for my $case (
        # each of these took gigabytes, or hours
        ['sound of many samples in large chunks',    film($plain, $hungry_sound)],
        ['ten tracks of it',                         film($plain, ($hungry_sound) x 10)],
        ['hoov that is read as moov',                box('hoov', box('mvhd', "\0" x 100), $hungry_sound) . film($plain)],
        ['free that is read as moov',                box('free', box('mvhd', "\0" x 100), $hungry_sound) . box('mdat') . box('moov')],
        ['keys by their number',                     film($plain, $keys)],
        ['keys in a track, ten times',               film(map { track(id => $_, first => $keys) } 1 .. 10)],
        ['2,000 edits of 8,000,000 samples',         film(track(constant => 1, samples => 8_000_000, per_chunk => 8_000_000,
                                                        elst => [map { [8_000_000, 0] } 1 .. 2000])), qr/more/],
        ['2,000 edits of 1,000 samples',             film(track(sizes => [(10) x 1000], elst => [map { [1000, 0] } 1 .. 2000])),
                                                        qr/plays its frames more often/],
        ['2,000 edits that are not counted',         film(track(constant => 1, samples => 1000, per_chunk => 1000, edits_claim => 1,
                                                        elst => [map { [1000, 0] } 1 .. 2000])), qr/plays its frames more often/],
        ['boxes that begin behind a palette',        film(track(entry => box('apch', words(0, 1), "\0" x 16, pack('nn', 64, 48), "\0" x 46, pack('nn', 8, 0),
                                                        box('glbl', box('skip', "\0" x 300), box('moov', box('mvhd', "\0" x 100), $hungry_sound))))),
                                                        qr/palette/],
        ['a sound handler behind one that is hidden', film(track(more => box('hdlr', words(0, 0), 'soun', "\0" x 13), name => "\0" x 600)), qr/damaged/],
        ['a picture of 410 slices',                  film(track(entry => hevc(64, 1), sizes => [2870])) =~ s/mdat\0{4}\K\0{2870}/pack('NCCC', 3, 2, 1, 0xE0) x 410/er, qr/frame 0 .* 410 parts, too many/],
        ['a picture of 390 slices',                  film(track(entry => hevc(64, 1), sizes => [2730, (10) x 9])) =~ s/mdat\0{4}\K\0{2730}/pack('NCCC', 3, 2, 1, 0xE0) x 390/er, qr/damaged/],
        $decoders{vp9} ? ['7 large frames of VP9 in a packet', box('mdat', "\x82" x 7, "\xC6", "\1" x 7, "\xC6") . film(track(format => 'vp09', width => 4096, height => 2304,
                                                        chunks => [8], sizes => [16])), qr/frame 0 .* 7 parts, too many/] : (),
        ['all samples at the same 8 MB',             film(track(sizes => \@all, per_chunk => 1, chunks => [(28) x @all])) . box('mdat', "\0" x (8 << 20)), qr/more bytes of frames than the file/],
        ['the same without a table',                 film(track(constant => 30 << 20, samples => 100_000, per_chunk => 100_000)), qr/more bytes of frames/],
        ['chunks of 4294967295',                     film(track(per_chunk => 0xFFFFFFFF, chunks => [(28) x 1000])), qr/more frames/],
        ['ctts of 4294967295',                       film(track(ctts => [0xFFFFFFFF, 0])), qr/more frames/],
        ['65535 x 65535 pixels',                     film(track(width => 65535, height => 65535)), qr/65535x65535/],
        ['4,000,000 samples in fragments',           film($plain, box('mvex', box('trex', words(0, 1, 1, 1, 1, 0)))) . join('',
                                                        map { box('moof', box('traf', box('tfhd', words(0x20000, 1)), box('trun', words(0, 131_072)))) }
                                                        1 .. 30), qr/more frames than a clip/],
        ['an index of fragments behind the file',    film($plain) . box('mfra', box('tfra', words(0, 1, 0, 0xFFFFFFFF)), box('mfro', words(0, 40)))],
        ['pictures in another file',                 film(track(dref => box('dref', words(0, 1), box('url ', words(0), "/etc/passwd\0")))),
                                                        qr/in another file/],
        ['times that are too far apart',             film($plain, box('mvex', box('trex', words(0, 1, 1, 1, 1, 0)))) . join('',
                                                        map { box('moof', box('traf', box('tfhd', words(0x20000, 1)), box('tfdt', words(0x1000000, $_, 2)), box('trun', words(0, 1)))) }
                                                        0x80000000, 0x40000000, 0x7FFFFFFF)],
        ['3,000 parameter sets of HEVC',             film(track(entry => hevc(64, 3000))), qr/3002 parameter sets in one place/],
        ['of a larger picture',                      film(track(entry => hevc(16240, 1))), qr/damaged: its pictures are larger \(16240x16240\)/],
        ['in a second description',                  film(track(entry => [hevc(64, 1), hevc(16240, 1)])), qr/damaged: its pictures are larger/],
        ['60 of them with a picture',                film(track(entry => hevc(64, 1))) =~ s/mdat\0{4}\K\0{600}/(pack('N', length $pps) . $pps) x 60/er, qr/60 parameter sets in/],
        ['400,000 bytes of messages',                box('mdat', pack('N/a*', "\x4E\1" . ("\5\x10" . 'a' x 16) x 22_222)) .
                                                        film(track(entry => hevc(64, 1), chunks => [8], sizes => [400_002])), qr/399998 bytes of messages/],
        # a decoder takes twelve bytes for each entry, before it finds that they are not there
        ['83,120,000 entries in a slice',            box('mdat', $many) . film(track(entry => $waves =~ s/^.{32}\K.{4}/pack 'nn', 4096, 2304/esr, scale => 1, length => 1, chunks => [8], sizes => [length $many])),
                                                        qr/a slice of it begins with/],
        ['as many as are behind its end',            box('mdat', $cut) . film(track(entry => $waves =~ s/hvcC\x01\0{20}\K\x03/\x01/r, scale => 1, length => 1, chunks => [8], sizes => [length $cut])), qr/a slice of it begins with/],
        # what is left of the file is a positive number again, as an int
        ['frames far behind the end',                film(track(sizes => [100, 100], per_chunk => 1, chunks => [0x80010000, 0xC0010000])),
                                                        qr/damaged after frame 0/],
        ['a large frame far behind the end',         film(track(sizes => [40_000], chunks => [0x80010000])) . box('mdat', "\0" x 40_000), qr/damaged after frame 0/],
    ) {
        my ($name, $bytes, $says) = @$case;
        my $path = spew("$TMP/odd.mp4", $bytes);
        my $is = check($path);
        ok(!$is->{crashed}, "$name: ends") or diag $is->{err};
        isnt($is->{outcome}, 'accepted', "$name: is refused");
        like($is->{text}, $says, "$name: and why") if $says;
        cmp_ok($is->{seconds}, '<', 2 * $PATIENCE, "$name: at once");
        memory_ok($is, $name);
        note sprintf '%s: %d bytes, %s KiB, %s s: %s', $name, length $bytes, $is->{memory}, $is->{seconds}, $is->{text};
    }
    # FFmpeg says that there is no memory
    is(check(spew("$TMP/odd.mp4", film(track(entry => hevc(64, 1), sizes => [14, (10) x 9])) =~
        s/mdat\0{4}\K\0{14}/pack('NH*', 10, '4e018102026801010080')/er))->{outcome}, 'bad_result', 'a message about no sequence');
};

# FFmpeg's own decoder for AV1 only works with hardware, and keeps notes of all that is in a packet.
# The build for tests has no decoder for AV1.
subtest 'AV1 that nothing here decodes' => sub {
    my $is = check(spew("$TMP/padding.mp4", box('mdat', "\x7A\0" x 200_000) . film(track(format => 'av01', chunks => [8], sizes => [400_000]))));
    is("$is->{outcome} $is->{text}", 'invalid the result is not a readable video: it is coded as av1, which is not supported by this FFmpeg', 'is said to be it');
    memory_ok($is, 'its padding');
} if $decoders{av1} && !$decoders{libdav1d} && !$decoders{libaom};

# FFmpeg leaves out a line only where it says the one before again.
subtest 'what is wrong with a result fills no terminal' => sub {
    my $fragments = slurp("$ROOT/tests/e2e/muxers/ffmpeg51-fragments.mp4");
    $fragments = substr $fragments, 0, index($fragments, 'moof') - 4;
    my @many = (constant => 1, samples => 10_000, per_chunk => 10_000);
    my @cases = (
        ['frames that are nothing', $fragments . box('mdat', "\0" x 3000) . box('moof', box('mfhd', words(0, 1)),
            box('traf', box('tfhd', words(0x20000, 1)), box('tfdt', words(0, 0)), box('trun', words(0x201, 2000, 8, (1, 2) x 1000))))],
        ['frames that last too long', film(track(@many, stts => [map { (1, 0xFFFFFF00 - $_) } 1 .. 10_000]))],
        ['edits of what is not there', film(track(@many, samples => 4, per_chunk => 4, elst => [map { [10, -1 - $_] } 1 .. 10_000]))],
    );
    if ($decoders{h264}) {
        my $clip = slurp(make_clip(size => '64x48', frames => 20, codec => [qw(-c:v libx264 -preset ultrafast)], name => 'sets.mp4'));
        my $at = index $clip, 'avc1', index $clip, 'stsd';
        my $entry = substr $clip, $at - 4, unpack 'N', substr $clip, $at - 4, 4;
        my @sizes = unpack 'N20', substr $clip, index($clip, 'stsz') + 16;
        $at = unpack 'N', substr $clip, index($clip, 'stco') + 12, 4;
        # of 128000x128000 pixels, before each frame
        my $sets = (pack('N', 12) . pack('H*', '67420033da0007d00003e819')) x 15;
        my $frames = join '', map { my $frame = substr $clip, $at, $_; $at += $_; "$sets$frame" } @sizes;
        push @cases, ['parameters that are of no use', box('mdat', $frames) . film(track(entry => $entry, scale => 20, length => 20, chunks => [8],
            sizes => [map { $_ + length $sets } @sizes]))];
    }
    if ($decoders{h264}) {
        my $clip = slurp(make_clip(size => '64x48', frames => 20, codec => [qw(-c:v libx264 -bf 0 -x264-params no-8x8dct=0)], name => 'lists.mp4'));
        my $at = index $clip, 'avc1', index $clip, 'stsd';
        my $entry = substr $clip, $at - 4, unpack 'N', substr $clip, $at - 4, 4;
        my @sizes = unpack 'N20', substr $clip, index($clip, 'stsz') + 16;
        $at = unpack 'N', substr $clip, index($clip, 'stco') + 12, 4;
        my $sps = unpack 'n/a*', substr $entry, index($entry, 'avcC') + 10;
        # five descriptions behind each frame, with lists of scaling that are none
        my @samples;
        for my $size (@sizes) {
            push @samples, substr $clip, $at, $size;
            $at += $size;
            push @samples, map { my $n = 200 * $_; "\1\x64\0\x33\xFF\xE1" . pack('n/a*', $sps) . "\x0E" . join '', map { pack 'n/a*', "\x68"
                . $escaped->($golomb->($_) . '1101110001111000' =~ s/0$//r . '01' . join '', map { '1' . $golomb->($n++) } 1 .. 6) } 1 .. 14 } 2 .. 6;
        }
        push @cases, ['descriptions of no use', box('mdat', @samples) . film(track(entry => $entry, scale => 120, length => 120, chunks => [8], sizes => [map { length } @samples]))];
    }
    if ($decoders{hevc}) {
        # each says 1024 times how it arrives, in more ways than there may be
        my $begin = unpack('B*', pack 'H*', '40010c01ffff016000000090000000000000005d') =~ s/^.{16}.{12}\K.{4}/0001/r;
        my $sets = join '', map {
            my $ways = 1024 * $_ + 40;
            pack 'N/a*', $escaped->($begin . '1' . '01111' . '000000' . $golomb->(1023) . '0' x 1023 . '1' . unpack('B*', words(1, 24)) . '0' . $golomb->(1024)
                . join '', map { '1' . ($_ ? '0' : '00') . '000' . $golomb->($ways++) } 0 .. 1023);
        } 0 .. 14;
        push @cases, ['ways to arrive', box('mdat', $sets x 20) . film(track(entry => hevc(64, 1), scale => 20, length => 20, chunks => [8], sizes => [(length $sets) x 20]))];
    }
    push @cases, ['VP9 with a wrong list', box('mdat', "\x82\xC9\xFF\xFF\0\0\xC9" x 20) . film(track(format => 'vp09', chunks => [8], sizes => [(7) x 20]))] if $decoders{vp9};
    # Each frame with its own, as encoders for editing write them
    my $own = make_clip(size => '64x48', frames => 300, codec => [qw(-c:v libx264 -preset ultrafast -x264-params keyint=1:repeat-headers=1)], name => 'own.mp4');
    cmp_ok(scalar(() = slurp($own) =~ /\x67\x42/g), '>', 290, 'a film with parameters in each frame');
    is(check($own, sent => 12.5 * $second)->{outcome}, 'accepted', 'which is accepted');
    for my $case (@cases) {
        my ($name, $bytes) = @$case;
        my $is = check(spew("$TMP/flood.mp4", $bytes));
        is($is->{crashed}, 0, "$name: ends");
        is($is->{outcome}, 'bad_result', "$name: is refused");
        my @lines = split /\n/, $is->{err};
        cmp_ok(scalar @lines, '<', 10, "$name: in a few lines") or diag substr $is->{err}, 0, 500;
        memory_ok($is, $name);
        note "$name: ", scalar(@lines), " lines, $is->{memory} KiB, $is->{text}";
    }
};

subtest 'damage behind many large frames' => sub {
    my $undamaged = check($large);
    my $bytes = slurp($large);
    my $at = index($bytes, 'mdat') + int(0.8 * unpack 'N', substr $bytes, index($bytes, 'mdat') - 4, 4);
    substr($bytes, $at, 5000) = "\xFF" x 5000;
    my $is = check(spew("$TMP/damaged.mp4", $bytes));
    like("$is->{outcome} $is->{text}", qr/^bad_result .*damaged after 0\.[5-9]/, 'is found');
    cmp_ok($is->{memory}, '<', $undamaged->{memory} + (32 << 10), 'memory') if !$is_sanitized;
    is($is->{err}, '', 'the decoder has no line of its own');
    my $small = slurp(make_clip(size => '320x240', frames => 10, rate => 10, codec => [qw(-c:v libx264 -preset ultrafast)], name => 'damage.mp4'));
    substr($small, index($small, 'mdat') + 3000, 500) = "\xFF" x 500;
    like(check(spew("$TMP/damage.mp4", $small), verbose => 1)->{err}, qr/^\[h264 @/m, 'but at verbose');
    note "$is->{memory} KiB, $undamaged->{memory} undamaged: $is->{text}";
};

# To FFmpeg's demuxer a packet is shorter then, and nothing is wrong with the disk.
subtest 'a packet that cannot be read whole' => sub {
    my ($name, $lib) = ('unread.mp4', "$TMP/unread.so");
    my $cc = run_cmd([split(' ', $ENV{CC} || 'cc'), qw(-shared -fPIC -o), $lib, spew("$TMP/unread.c", <<'C'), '-ldl']);
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* How much of it there is before what cannot be read. */
static size_t readable(int fd, size_t size, long long offset)
{
    char link[64], name[4096];
    long long left = atoll(getenv("UNREAD_FROM")) - offset;
    ssize_t n;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof(name) - 1);
    name[n > 0 ? n : 0] = 0;
    errno = EIO;
    return !strstr(name, "/unread.mp4") || left >= (long long)size ? size : left > 0 ? left : 0;
}
#define PREAD(name, type)                                                     \
    ssize_t name(int fd, void *buf, size_t size, type offset)                 \
    {                                                                         \
        ssize_t (*real)(int, void *, size_t, type) = dlsym(RTLD_NEXT, #name); \
        size_t n = readable(fd, size, offset);                                \
        return n || !size ? real(fd, buf, n, offset) : -1;                    \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)
C
    plan skip_all => "cannot compile: $cc->{err}" if $cc->{status};
    my $path = make_clip(size => '160x96', seconds => 1, rate => 10, filter => 'noise=alls=60:allf=t',
        codec => [qw(-c:v libx264 -preset ultrafast -bf 0 -movflags +faststart)], name => $name);
    is(check($path)->{outcome}, 'accepted', 'undisturbed it is accepted');
    my @packets = map { [split /,/] } run_cmd([$FFPROBE, qw(-v error -select_streams v:0 -of csv=p=0 -show_entries), 'packet=size,pos', $path])->{out} =~ /^(\d+,\d+)/mg;
    # so many bytes are read at a time, of which the first are there
    my ($size, $block) = (32768, $packets[0][1] + 32768);
    is((grep { $_->[0] > $size } @packets), 0, 'no packet is read at once');
    my ($over) = grep { $packets[$_][1] < $block && $packets[$_][1] + $packets[$_][0] > $block } 0 .. $#packets;
    ok($over, 'one of them is read in two parts') or diag explain \@packets;
    for my $first (0, 1) {
        my $is = check($path, first => $first, env => { LD_PRELOAD => $lib, UNREAD_FROM => $block });
        is($is->{outcome}, 'file_error', 'the disk is to blame');
        like($is->{text}, qr/^the result cannot be read after frame $over: /, 'not the result');
        note $is->{text};
    }
};

# Where nothing could replace it anyway, all of it is decoded only once.
subtest 'what is decoded beforehand' => sub {
    my $path = make_clip(size => '320x240', seconds => 4, rate => 25, codec => [qw(-c:v libx264 -preset ultrafast)], name => 'first.mp4');
    my $bytes = slurp($path);
    my $start = index($bytes, 'mdat') + 4;
    my $size  = unpack 'N', substr $bytes, $start - 8, 4;
    my ($all, $first) = map { check($path, sent => 4 * $second, %$_) } {}, { first => 1 };
    is($_->{outcome}, 'accepted', 'undisturbed it is accepted') for $all, $first;
    is($first->{frames}, $all->{frames}, 'and read to its end');
    # so large that decoding it is most of the work
    my ($most, $least) = map { check($large, %$_)->{seconds} } {}, { first => 1 };
    cmp_ok($least, '<', $most / 2, 'which costs less') if !$is_sanitized;
    substr(my $late = $bytes, $start + int(0.7 * $size), 2000) = "\xFF" x 2000;
    my $damaged = spew("$TMP/late.mp4", $late);
    is(check($damaged, sent => 4 * $second)->{outcome}, 'bad_result', 'damage behind the first frame: all of it shows that');
    my $is = check($damaged, sent => 4 * $second, first => 1);
    is($is->{outcome}, 'accepted', 'the first one does not');
    my ($nb) = $is->{frames} =~ /^(\d+)x/;
    ok(8 < $nb && $nb < 100, 'but the reader does, behind those that are whole') or diag $is->{frames};
    like($is->{text}, qr/^the result is damaged after [123]\.\d+ s: /, 'and says so');
    is($is->{err}, '', 'the decoder has no line of its own');
    substr(my $early = $bytes, $start + 1000, 2000) = "\xFF" x 2000;
    is(check(spew("$TMP/early.mp4", $early), sent => 4 * $second, first => 1)->{outcome}, 'bad_result', 'damage in the first frame is found');
    # what takes too long in the check takes too long there, too
    $is = check($path, sent => 4 * $second, time => 3 * $second, first => 1, slow => 1);
    is($is->{outcome}, 'accepted', 'one that takes long is accepted');
    ($nb) = $is->{frames} =~ /^(\d+)x/;
    ok(0 < $nb && $nb < 100, 'and not read on without end') or diag $is->{frames};
    like($is->{text}, qr/^the result cannot be decoded within 3 s/, 'which is said');
    # a process that was stopped, a machine that is busy
    is(check($path, sent => 4 * $second, time => 3 * $second, first => 1, slow => 2)->{frames}, $all->{frames}, 'but what only waits is read');
};

# How large it is counts for how many parts it may have.
subtest 'a picture that is larger than the index says' => sub {
    my $encoders = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out};
    for my $case (
        ['avc1', qw(libx264 -preset ultrafast)],
        ['hvc1', qw(libx265 -tag:v hvc1 -x265-params log-level=none -preset ultrafast)],
        ['av01', qw(libaom-av1 -cpu-used 8)],
    ) {
        my ($format, $encoder, @more) = @$case;
        next if $encoders !~ / $encoder / || ($format eq 'av01' && !$decoders{libdav1d});
        my $bytes = slurp(make_clip(size => '640x480', seconds => 1, rate => 10, name => 'small.mp4', codec => ['-c:v', $encoder, @more]));
        my $is = check(spew("$TMP/small.mp4", $bytes));
        is($is->{outcome}, 'accepted', "$format: as it is");
        # width and height of the sample entry; with 96 more each way it is more than half as large
        substr($bytes, index($bytes, $format, index $bytes, 'stsd') + 28, 4) = pack 'nn', 480, 400;
        $is = check(spew("$TMP/small.mp4", $bytes));
        is($is->{crashed}, 0, "$format: ends");
        my $why = $format eq 'av01' ? qr/damaged after/ : qr/damaged: its pictures are larger \(640x480\)/;
        like("$is->{outcome} $is->{text}", qr/^bad_result .*$why/, "$format: is refused");
        is($is->{err}, '', "$format: and the decoder has no line of its own");
    }
};

# What encoders write before a size is read over.
subtest 'parameter sets of many kinds' => sub {
    my $encoders = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out};
    my @hevc = qw(libx265 -tag:v hvc1 -x265-params);
    for my $case (
        [qw(libx264 -x264-params interlaced=1)],
        [qw(libx264 -x264-params cqm=jvt:repeat-headers=1:keyint=1:aud=1)],
        [qw(libx264 -pix_fmt yuv444p -x264-params cqm=jvt)],
        [qw(libx264 -s 320x240 -x264-params slice-max-mbs=1:bframes=0)], # 300 slices
        [qw(libx264 -pix_fmt yuv420p -profile:v baseline)],
        [@hevc, 'log-level=none:repeat-headers=1:keyint=1:hrd=1:vbv-maxrate=1000:vbv-bufsize=1000:aud=1'],
        [@hevc, 'log-level=none:temporal-layers=3:bframes=3'],
        [@hevc, 'log-level=none:ctu=16:min-cu-size=8:slices=2', qw(-s 128x192)],
        [@hevc, 'log-level=none:ctu=16:wpp=0:open-gop=1:keyint=4:bframes=3:b-pyramid=1:weightb=1', qw(-vf fade=out:0:8)],
        [@hevc, 'log-level=none:ctu=16:weightb=1:bframes=3:b-adapt=0:ref=5:rps=1:open-gop=0:repeat-headers=1', qw(-vf fade=in:0:8 -s 128x192)],
        [@hevc, 'log-level=none:ctu=16:opt-ref-list-length-pps=1:opt-qp-pps=1:opt-cu-delta-qp=1:cbqpoffs=3:crqpoffs=-2', qw(-pix_fmt yuv420p10le -s 128x192)],
        [@hevc, 'log-level=none:ctu=16:interlace=tff:deblock=0:sao=0:temporal-mvp=0', qw(-s 128x192)],
        [@hevc, 'log-level=none:ctu=16:deblock=-2,3:scaling-list=default:tskip=1:constrained-intra=1:intra-refresh=1', qw(-s 128x192)],
        [@hevc, 'log-level=none:ctu=16:lossless=1', qw(-pix_fmt gray -s 128x192)],
        [@hevc, 'log-level=none', qw(-pix_fmt yuv444p10le)],
    ) {
        my ($encoder, @more) = @$case;
        next if $encoders !~ / $encoder /;
        my $is = check(make_clip(size => '72x40', frames => 8, rate => 8, name => 'kinds.mp4', codec => ['-c:v', $encoder, @more]));
        is("$is->{outcome} $is->{text}", 'accepted ', "@$case");
    }
};

# Telephones write a second view, and others alpha, as further layers of HEVC. FFmpeg
# knows them from 7.1 on, and would take their sets for those of the film.
subtest 'further layers' => sub {
    plan skip_all => 'no encoder for HEVC' if run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} !~ / libx265 /;
    my $clip = slurp(make_clip(size => '64x48', frames => 8, rate => 8, name => 'layers.mp4', codec => [qw(-c:v libx265 -tag:v hvc1 -x265-params bframes=0:log-level=none)]));
    my $at = index $clip, 'hvcC';
    my $hvcc = substr $clip, $at + 4, unpack('N', substr $clip, $at - 4, 4) - 8;
    my @sizes = unpack 'N8', substr $clip, index($clip, 'stsz') + 16;
    $at = unpack 'N', substr $clip, index($clip, 'stco') + 12, 4;
    # for sequences, as only these have it, and for pictures, with the film's number
    my @sets = map { pack 'H*', $_ } qw(42090ef2 4409c0718212);
    my $more = pack 'Cnn/a*Cnn/a*', 33, 1, $sets[0], 34, 1, $sets[1];
    for my $case (['in a description', $more, ''], ['with frames', '', pack '(N/a*)*', @sets]) {
        my ($name, $described, $before) = @$case;
        my @frames = map { my $frame = substr $clip, $at, $_; $at += $_; $before . $frame . pack 'N/a*', "\2\x09" . 'a' x 100 } @sizes;
        $at -= $_ for @sizes;
        my $entry = box('hvc1', words(0, 1), "\0" x 16, pack('nn', 64, 48), "\0" x 46, pack('nn', 24, 65535),
            box('hvcC', ($hvcc =~ s/^.{22}\K(.)/chr(2 * !!$described + ord $1)/esr) . $described));
        my $is = check(spew("$TMP/layers.mp4", box('mdat', @frames)
            . film(track(entry => $entry, scale => 8, length => 8, chunks => [8], sizes => [map { length } @frames]))));
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 8x64x48 ', $name);
        is($is->{err}, '', "$name: and nothing is said of it");
    }
};

# A decoder keeps one for each number, of HEVC with tables for the whole picture.
subtest 'parameter sets of all numbers' => sub {
    my $encoders = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out};
    for my $case (
        # how many there may be, what a set begins with
        ['avc1', 256, "\x68", qw(64x48 libx264)],
        ['hvc1', 64, "\x44\1", qw(1920x1088 libx265 -tag:v hvc1 -x265-params), 'ctu=16:bframes=0:log-level=none'],
    ) {
        my ($format, $most, $head, $size, $encoder, @more) = @$case;
        next if $encoders !~ / $encoder /;
        my $clip = slurp(make_clip(size => $size, source => 'color', frames => 20, rate => 20, name => 'numbers.mp4', codec => ['-c:v', $encoder, @more, qw(-preset ultrafast)]));
        my $at = index $clip, $format, index $clip, 'stsd';
        my $entry = substr $clip, $at - 4, unpack 'N', substr $clip, $at - 4, 4;
        my @sizes = unpack 'N20', substr $clip, index($clip, 'stsz') + 16;
        $at = unpack 'N', substr $clip, index($clip, 'stco') + 12, 4;
        my ($length, $at_pps) = $entry =~ /\x01\x00(.)\Q$head\E/s ? (ord $1, $+[0]) : die "no set in $format\n";
        my $pps = unpack 'B*', substr $entry, $at_pps, $length - length $head;
        for my $nb (12, $most) {
            my ($frames, @now) = ('');
            for my $n (0 .. $#sizes) {
                my $sets = join '', map {
                    my $bits = $golomb->(1 + $_ % ($nb - 1)) . substr $pps, 1;
                    my $bytes = ($head . pack 'B*', $bits) =~ s/\x00\x00(?=[\x00-\x03])/\x00\x00\x03/gr;
                    pack 'N/a*', $bytes;
                } $n * 15 .. $n * 15 + 14;
                $frames .= $sets . substr $clip, $at, $sizes[$n];
                push @now, length($sets) + $sizes[$n];
                $at += $sizes[$n];
            }
            $at -= $_ for @sizes;
            my ($width, $height) = split /x/, $size;
            my $is = check(spew("$TMP/numbers.mp4", box('mdat', $frames)
                . film(track(entry => $entry, width => $width, height => $height, scale => 20, length => 20, chunks => [8], sizes => \@now))));
            is($is->{crashed}, 0, "$nb of $format: ends");
            like("$is->{outcome} $is->{text}", $nb == 12 ? qr/^accepted $/ : qr/^bad_result .*more than 16 different parameter sets/, "$nb of $format");
            note "$is->{memory} KiB";
        }
    }
};

# The most that is let through: as many frames as may be, twice.
subtest 'at the limits' => sub {
    my $most = film(track(constant => 1, samples => 131_072, stts => 131_072, per_chunk => 131_072, length => 131_072, scale => 131_072,
        elst => [[65_536, 0], [65_536, 0]]));
    my $path = spew("$TMP/most.mp4", $most . box('mdat', "\0" x 131_072));
    my $is = check($path);
    ok(!$is->{crashed}, 'ends');
    unlike($is->{text}, qr/index/, 'its index is as large as may be') or diag $is->{text};
    cmp_ok($is->{seconds}, '<', 2 * $PATIENCE, 'at once');
    memory_ok($is, 'they');
    note "$is->{memory} KiB, $is->{seconds} s, $is->{text}";
};

# A decoder cannot be stopped within a picture. Time is the processor's, of the
# check and of what is read after it.
subtest 'the largest pictures' => sub {
    my @large = (size => '4096x2304', frames => 1, rate => 1);
    # about as many bytes as may be
    my @encoders = (
        # an encoder, a decoder, what else
        [qw(libx264 h264 -preset ultrafast -coder 1 -qp 22)],
        [qw(libx264 h264 -preset ultrafast -coder 1 -qp 22 -slices 24)], # and a description
        [qw(libx264 h264 -preset ultrafast -coder 1 -qp 22 -slices 36)], # as many as x264 has threads for it
        [qw(libx265 hevc -preset ultrafast -tag:v hvc1 -x265-params qp=22:log-level=none)],
        [qw(libx265 hevc -preset ultrafast -tag:v hvc1 -x265-params qp=22:slices=20:log-level=none)],
        [qw(prores_ks prores -profile:v 3 -pix_fmt yuv422p10le -q:v 8)],
    );
    my $known = run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out};
    my @files;
    for my $encoder (@encoders) {
        my ($name, $decoder, @args) = @$encoder;
        next if $known !~ / $name / || !$decoders{$decoder};
        push @files, make_clip(@large, source => 'color=gray', filter => 'noise=alls=100', codec => ['-c:v', $name, @args],
            name => join('-', 'large', scalar @files, $name) . ($decoder eq 'prores' ? '.mov' : '.mp4'));
    }
    for my $file (@files) {
        my $is = check($file);
        my $name = basename($file);
        is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 1x4096x2304 ', $name);
        cmp_ok($is->{longest}, '<', 2 * $PATIENCE, "$name: not two seconds without a question");
        note sprintf '%s: %d bytes, %s s', $name, -s $file, $is->{longest};
    }
};

# Each slice of P says that all that is behind its beginning is as before: a few
# bytes for a picture, which a decoder goes over again for each of them.
subtest 'slices that go on to the end' => sub {
    plan skip_all => 'no decoder, or no encoder' if !$decoders{h264} || run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} !~ / libx264 /;
    my $all = 256 * 144;
    my $clip = slurp(make_clip(size => '4096x2304', source => 'color=gray', frames => 2, rate => 2, name => 'slices.mp4',
        codec => [qw(-c:v libx264 -preset ultrafast -coder 0 -x264-params slices=1:no-deblock=1)]));
    my $at = index $clip, 'avc1', index $clip, 'stsd';
    my $entry = substr $clip, $at - 4, unpack 'N', substr $clip, $at - 4, 4;
    my @sizes = unpack 'N2', substr $clip, index($clip, 'stsz') + 16;
    $at = unpack 'N', substr $clip, index($clip, 'stco') + 12, 4;
    my $slice = substr($clip, $at + $sizes[0] + 4, $sizes[1] - 4) =~ s/\x00\x00\x03/\x00\x00/gr;
    my ($head, $rest) = unpack('B*', $slice) =~ /^(.{8})1(.*)@{[ $golomb->($all) ]}10*$/ or die "not one run of blocks\n";
    for my $case (
        # how many, each how far behind the one before, and whether that may be
        [36, int($all / 36), 1],
        [42, int($all / 42), 1],
        [46, int($all / 46), 0],
        [26, 1,              0],
    ) {
        my ($nb, $step, $may) = @$case;
        my $slices = join '', map {
            my $bytes = pack 'B*', $head . $golomb->($step * $_) . $rest . $golomb->($all - $step * $_) . '1';
            pack 'N/a*', $bytes =~ s/\x00\x00(?=[\x00-\x03])/\x00\x00\x03/gr;
        } 0 .. $nb - 1;
        my $is = check(spew("$TMP/slices.mp4", box('mdat', substr($clip, $at, $sizes[0]), $slices)
            . film(track(entry => $entry, width => 4096, height => 2304, scale => 2, length => 2, chunks => [8], sizes => [$sizes[0], length $slices]))));
        # in the end, FFmpeg finds some blocks coded twice
        like("$is->{outcome} $is->{text}", $may ? qr/^bad_result .* damaged after 0\.000 s/ : qr/^bad_result frame 1 .* made of $nb parts, too many/, "$nb slices");
        cmp_ok($is->{longest}, '<', 2 * $PATIENCE, "$nb slices: not two seconds without a question");
        note "$nb slices of ", length($slices), " bytes: $is->{longest} s, $is->{memory} KiB";
    }
};

# x265 and others write a checksum of each picture behind it, on request.
subtest 'checksums of pictures' => sub {
    plan skip_all => 'no encoder for HEVC' if run_cmd([$FFMPEG, qw(-hide_banner -encoders)])->{out} !~ / libx265 /;
    my $file = make_clip(frames => 12, rate => 12, codec => [qw(-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params hash=1:log-level=none)], name => 'sums.mp4');
    is(check($file)->{outcome}, 'accepted', 'one that is right');
    my $data = slurp($file);
    my $sum = rindex $data, "\x50\x01\x84\x31\x00";
    cmp_ok($sum, '>', 0, 'there are some');
    substr($data, $sum + 5, 1) ^= "\x40";
    my $is = check(spew("$TMP/sums-wrong.mp4", $data));
    is($is->{outcome}, 'bad_result', 'one that is not');
    like($is->{text}, qr/damaged after/, 'is damage');
};

# --- stopping -----------------------------------------------------------------------

subtest 'it stops' => sub {
    my $film = make_clip(size => '320x240', seconds => 4, rate => 25, audio => 1, name => 'stop.mp4');
    my $whole = check($film, sent => 4 * $second);
    is($whole->{outcome}, 'accepted', 'undisturbed it is accepted');
    cmp_ok($whole->{asked}, '>', 200, 'it asks often whether it is to stop');
    my $slowest = 0;
    for my $n (1 .. 25) {
        # wherever it is: parsing, opening, measuring, decoding
        my $is = check($film, sent => 4 * $second, stop => 1 + int(($whole->{asked} - 2) * ($n / 25) ** 2));
        is($is->{outcome}, 'cancelled', "at question $is->{asked}");
        $slowest = $is->{stopping} if $is->{stopping} > $slowest;
    }
    cmp_ok($slowest, '<', 2, 'within two seconds');
    # eight frames of VP9 in each packet, of one time, or of which one is shown
    if ($decoders{vp9}) {
        my $bytes = slurp("$ROOT/tests/e2e/muxers/ffmpeg71-vp9.mp4");
        my ($size, $at) = map { unpack 'N', substr $bytes, index($bytes, $_->[0]) + $_->[1], 4 } ['stsz', 16], ['stco', 12];
        my $key = substr $bytes, $at, $size;
        my %asked;
        my $hidden = $key =~ s/^\x82/\x80/r;
        isnt($hidden, $key, 'a frame that is not shown');
        for my $case (['1', $key], ['8', $key x 8], ['8, 1 shown', $hidden x 7 . $key]) {
            my ($what, $frames) = @$case;
            my $nb = length($frames) / $size;
            my $packet = join '', $frames, $nb > 1 ? ("\xDF", pack('V*', ($size) x $nb), "\xDF") : ();
            my $is = check(spew("$TMP/frames.mp4", box('mdat', $packet x 10) . film(track(format => 'vp09', width => 48, height => 32, chunks => [8], sizes => [(length $packet) x 10]))));
            is("$is->{outcome} $is->{frames} $is->{text}", 'accepted 10x48x32 ', "packets of $what");
            $asked{$what} = $is->{asked};
        }
        cmp_ok($asked{$_} - $asked{1}, '>=', 70, "it asks between $_") for '8', '8, 1 shown';
    }
    my $late = check($film, sent => 4 * $second, time => 1);
    is($late->{outcome}, 'bad_result', 'a deadline');
    like($late->{text}, qr/cannot be decoded within/, 'is reported');
    my $larger = check($film, sent => 4 * $second, pixels => 320 * 240 - 1);
    like($larger->{text}, qr/320x240: more than 76799 pixels/, 'larger than what was asked for');
    is($larger->{frames}, '-1x0x0', 'and what reads it for the output does not take it either');
};

done_testing;
