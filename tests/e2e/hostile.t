#!/usr/bin/env perl
# Results and servers that mean no good, seen from ffmpeg: whatever is sent for
# a result, it ends soon, with one line or with the film, never with a crash;
# and a certificate that is not the server's is none.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use POSIX ();
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

my $clip = lossless_clip(frames => 24, size => '64x48');

# --- files --------------------------------------------------------------------------

# The simulator's ffmpeg is a script that gives a file of ours for a result.
my $sends = "$TMP/sends.mp4";
my $script = spew("$TMP/renderer", <<"END");
#!/bin/sh
for last; do :; done
case " \$* " in
    *' -movflags '*) exec cp '$sends' "\$last" ;;
    *) exec '$RunwayTest::PLAIN_FFMPEG' "\$@" ;;
esac
END
chmod 0755, $script;
my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--ffmpeg' => $script);

my $good = slurp(make_clip(size => '64x48', frames => 25, name => 'good.mp4'));
my $takes = 0;

# A run for which $bytes are the result; each another clip, so that none is stored.
sub with_result {
    my ($bytes, %opt) = @_;
    spew($sends, $bytes);
    return run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'echo', take => ++$takes, %{ delete $opt{options} || {} } },
        timeout => 60, %opt);
}

sub box { my ($type, @inside) = @_; my $all = join '', @inside; return pack('N', 8 + length $all) . $type . $all }

# One table of a good file with another number of entries.
sub with_count {
    my ($type, $offset, $count) = @_;
    my $file = $good;
    my $at = index $file, $type;
    die "no $type\n" if $at < 0;
    substr $file, $at + 4 + $offset, 4, pack 'N', $count;
    return $file;
}

sub prores {
    my ($width, $height) = @_;
    my $file = slurp(make_clip(size => '64x48', frames => 25, codec => [qw(-c:v prores_ks -pix_fmt yuv422p10le)], name => 'prores.mov'));
    for (my $at = 0; ($at = index $file, 'icpf', $at) >= 0; $at += 4) {
        substr $file, $at + 12, 4, pack 'nn', $width, $height;
    }
    return $file;
}

# H.264 whose parameter set says so many pixels: ten digits are no trouble there.
sub h264 {
    my ($width, $height) = @_;
    my $golomb = sub { my $bits = sprintf '%b', $_[0] + 1; return '0' x (length($bits) - 1) . $bits };
    my $bits = join '', (map { $golomb->($_) } 0, 0, 2, 1), '0', $golomb->($width / 16 - 1), $golomb->($height / 16 - 1), '11001';
    my $sps = "\x67\x42\x00\x33" . pack 'B*', $bits . '0' x (-length($bits) % 8);
    $sps =~ s/\x00\x00(?=[\x00-\x03])/\x00\x00\x03/g;
    my $file = $good;
    my $at = index $file, 'avcC';
    my $length = unpack 'n', substr $file, $at + 10, 2;
    substr $file, $at + 10, 2 + $length, pack('n', length $sps) . $sps;
    # what it stands in has become as much longer; the index is at the end
    for my $type (qw(moov trak mdia minf stbl stsd avc1 avcC)) {
        my $start = rindex($file, $type, $at) - 4;
        substr $file, $start, 4, pack 'N', length($sps) - $length + unpack 'N', substr $file, $start, 4;
    }
    return $file;
}

# A number of frames in a length of time.
sub film {
    my ($seconds, $rate) = @_;
    return slurp(make_clip(size => '16x16', source => 'color', seconds => $seconds, rate => $rate, name => "film-$rate.mp4",
        codec => [qw(-c:v libx264 -preset ultrafast)]));
}

# zlib's way to say a lot of zeros in a few bytes
sub compressed_index {
    my ($claims) = @_;
    my $moov = eval { require Compress::Zlib; Compress::Zlib::compress("\0" x (1 << 24)) } or return;
    return box('ftyp', 'isom', pack('N', 0)) . box('moov', box('cmov', box('dcom', 'zlib'), box('cmvd', pack('N', $claims), $moov)));
}

subtest 'results that mean no good' => sub {
    my $run = with_result($good);
    is($run->{status}, 0, 'a good result passes') or diag $run->{err};
    for my $case (
        ['one byte',                    'x',                                qr/not a readable video/],
        ['text',                        "<html>no\n",                       qr/not a readable video/],
        ['a playlist',                  "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", qr/not a readable video/],
        ['a list of files',             "ffconcat version 1.0\nfile /etc/passwd\n", qr/not a readable video/],
        ['another format',              slurp(make_clip(size => '64x48', frames => 24, name => 'x.mkv')), qr/not a readable video/],
        ['a codec not supported',   slurp(make_clip(size => '64x48', frames => 24, name => 'raw.mov', codec => [qw(-c:v rawvideo)])),
            qr/not a readable video: it is coded as "raw "/],
        ['4294967295 samples',          with_count('stsz', 8, 0xFFFFFFFF),  qr/more entries than a clip/],
        ['4294967295 chunks',           with_count('stco', 4, 0xFFFFFFFF),  qr/more entries than a clip/],
        ['more samples than there are', with_count('stsz', 8, 1 << 20),     qr/result/],
        ['65535 x 65535 pixels',        prores(65535, 65535),               qr/result/],
        ['10^9 x 10^9 pixels',          h264(1e9, 1e9),                     qr/result/],
        ['16384 x 16384 pixels',        h264(16384, 16384),                 qr/result/],
        ['an hour',                     film(3600, 1),                      qr/3600\.000 s long.*off by \d+\.\d+ of it, and length_tolerance is 0\.1/],
        ['60000 frames in a second',    film(1, 60000),                     qr/60000 frames .*more than 1000 per second/],
        ['half of it',                  substr($good, 0, length($good) / 2), qr/result/],
        [compressed_index(0x7FFFFFFF) ? ('a compressed index', compressed_index(0x7FFFFFFF), qr/compressed/) : ()],
    ) {
        my ($name, $bytes, $says) = @$case;
        next if !defined $name;
        my $run = with_result($bytes);
        error_line($name, $run, $says);
        note "$name: ", (filter_lines($run))[-1] // '';
        cmp_ok($run->{seconds}, '<', 40 * $PATIENCE, "$name: soon");
    }
};

# Names and texts in a result are nobody's lines on a terminal, however much is
# logged; nor do they disturb.
subtest 'a result that has something to say' => sub {
    my $line = "\n[fatal] pay here";
    my $said = make_clip(size => '64x48', frames => 25, name => 'said.mp4', args => ['-metadata' => "title=$line", '-metadata:s:v' => "handler_name=$line"]);
    my $bytes = slurp($said);
    # the demuxer would say where the pictures are: an alias to this file
    my $alias = box('alis', pack('N', 1), "\0" x 10, chr(27) . $line, "\0" x (27 - length $line), "\0" x 12, chr(63) . $line,
        "\0" x (63 - length $line), "\0" x 16, "\0" x 8, pack('nn', 2, 2 * length $line), $line, $line, pack('nn', 65535, 0));
    my $dref = box('dref', pack('NN', 0, 1), $alias);
    my $at = index($bytes, 'dref') - 4;
    my $more = length($dref) - unpack 'N', substr $bytes, $at, 4;
    substr $bytes, $at, length($dref) - $more, $dref;
    for my $type (qw(moov trak mdia minf dinf)) {
        my $start = rindex($bytes, $type, $at) - 4;
        substr $bytes, $start, 4, pack 'N', $more + unpack 'N', substr $bytes, $start, 4;
    }
    substr $bytes, 8, 4, "\n\n\n\n";
    my $run = with_result($bytes, loglevel => 'debug');
    is($run->{status}, 0, 'it passes') or diag $run->{err};
    unlike($run->{err}, qr/^\[fatal\]/m, 'and says nothing');
    unlike($run->{err}, qr/Major Brand: \n/, 'nor does its kind');
};

# Each damage is the same each time.
subtest 'damaged anywhere' => sub {
    srand 4242;
    my ($ended, $went) = (0, 0);
    for my $n (1 .. 24) {
        my $bytes = $good;
        # most of it in the index, where it hurts
        my ($from, $size) = $n % 4 ? (0, index($bytes, 'mdat') < 64 ? length $bytes : index $bytes, 'mdat') : (0, length $bytes);
        substr $bytes, $from + int rand $size, 1, chr int rand 256 for 1 .. 1 + $n % 5;
        my $run = with_result($bytes);
        my $how = "status $run->{status}, signal $run->{signal}";
        ok(!$run->{timed_out} && !$run->{signal} && $run->{err} !~ /Sanitizer|runtime error/, "$n: ends by itself") or diag "$how\n$run->{err}";
        if ($run->{status}) {
            cmp_ok(scalar(filter_lines($run)), '>', 0, "$n: and says why") or diag $run->{err};
            $ended++;
        } else {
            is(scalar @{ packets($run->{out}, 'v:0') }, 24, "$n: with every frame");
            $went++;
        }
    }
    cmp_ok($ended, '>=', 5, 'some are refused') or diag "$ended refused, $went taken";
};

subtest 'memory is short' => sub {
    my %dirs = (state_dir => "$TMP/short-state", results_dir => "$TMP/short-results");
    my $large = RunwayTest::Simulator->start('--latency' => 0.1, '--result-size' => '1920x1080');
    my @run = ($large, in => $clip, loglevel => 'error', options => { prompt => 'echo', %dirs });
    # a picture of the result is larger than any block may be, one of the clip's is not
    my $run = run_filter(@run, input => [qw(-max_alloc 1500000)]);
    error_line('a picture that there is no memory for', $run, qr/Cannot allocate memory|out of memory/);
    my ($record) = glob "$dirs{state_dir}/clips/*.record";
    like(slurp($record), qr/"state":"stored"/, 'the result is kept, and the journal does not call it bad');
    $run = run_filter(@run);
    is($run->{status}, 0, 'with memory it is there') or diag $run->{err};
    is(scalar $large->requests($_), 1, "after one $_") for qw(create download);
};

# What a picture takes is multiplied by a codec's references: a large one has to be asked for.
subtest 'a picture larger than anything that was asked for' => sub {
    my $large = RunwayTest::Simulator->start('--latency' => 0.1, '--result-size' => '4096x2304');
    my @run = ($large, in => $clip, loglevel => 'error', args => [qw(-frames:v 1)]);
    my $run = run_filter(@run, options => { prompt => 'echo' });
    error_line('for a small clip', $run, qr/pictures of 4096x2304: more than 2088960 pixels/);
    is($_->{status}, 0, 'by an output a quarter as large') or diag $_->{err} for run_filter(@run, options => { prompt => 'echo', size => '2048x1152' });
    is($_->{status}, 0, 'by a model that makes such') or diag $_->{err} for run_filter(@run, options => { prompt => 'echo', model => 'gemini_omni_flash_1.1' });

    # 4:3, for which the model's largest is the nearest
    $large = RunwayTest::Simulator->start('--latency' => 0.1, '--result-size' => '3840x2880', '--result-rate' => 4);
    my $four_thirds = make_clip(size => '2704x2028', seconds => 4, rate => 2, codec => [qw(-c:v libx264 -preset ultrafast)], name => 'four-thirds.mp4');
    $run = run_filter($large, in => $four_thirds, loglevel => 'error', args => [qw(-frames:v 1)],
        options => { prompt => 'echo', model => 'seedance2', mode => 'reference', clip_duration => 4 });
    is($run->{status}, 0, 'that ratio=auto asks for') or diag $run->{err};
    is((map { $_->{body}{ratio} } $large->requests('create'))[0], '3840:2880', 'which is larger than anything otherwise');
};

# --- replies --------------------------------------------------------------------------

# A server that has one body for everything; returns its port. It ends with this
# process.
sub serve {
    my ($body) = @_;
    my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', Timeout => 1) or die "listen: $!\n";
    my $parent = $$;
    my $pid = fork // die "fork: $!\n";
    return $listen->sockport if $pid;
    while (kill 0 => $parent) {
        my $client = $listen->accept or next;
        my $request = '';
        until ($request =~ /\r\n\r\n/) { sysread $client, $request, 65536, length $request or last }
        my $length = $request =~ /^Content-Length: (\d+)/mi ? $1 : 0;
        my $all = index($request, "\r\n\r\n") + 4 + $length;
        while (length $request < $all) { sysread $client, $request, 65536, length $request or last }
        print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
        close $client;
    }
    POSIX::_exit(0);
}

# As deep as cJSON goes, where a thread has as little room as musl gives it.
subtest 'arrays in arrays' => sub {
    my $answered = sub {
        my $what = filter_command(undef, in => $clip, loglevel => 'error', out => '-', args => [qw(-f null)],
            options => { prompt => 'echo', base_url => 'http://127.0.0.1:' . serve($_[0]) . '/runwayml' });
        return run_cmd(['sh', '-c', 'ulimit -s 128; exec "$@"', 'sh', @{ $what->{command} }], timeout => 60, env => $what->{env});
    };
    plan skip_all => 'ffmpeg itself needs more' if $answered->('[]')->{signal};
    my $run = $answered->('[' x 999 . ']' x 999);
    is($run->{signal}, 0, 'no crash');
    error_line('a create', $run, qr/may/, qr/billed/);
};

# --- certificates -------------------------------------------------------------------

sub openssl {
    my $run = run_cmd(['openssl', @_]);
    die "openssl $_[0]: $run->{err}\n" if $run->{status};
}

# A certificate for those names, signed by our own authority; [certificate, key].
my $certificates = 0;
sub certificate {
    my ($names, @more) = @_;
    my $base = "$TMP/leaf-" . ++$certificates;
    # libcurl repeats a name that is there alone
    my $name = $names ? 'simulator' : $FilterTest::KEY;
    openssl(qw(req -newkey rsa:2048 -nodes -keyout), "$base.key", '-subj', "/CN=$name", '-out', "$base.csr");
    spew("$base.ext", $names ? "subjectAltName=$names\n" : '');
    openssl(qw(x509 -req -set_serial), 100 + $certificates, '-in', "$base.csr", '-CA', "$TMP/ca.pem", '-CAkey', "$TMP/ca.key",
        '-extfile', "$base.ext", '-out', "$base.pem", @more ? @more : (-days => 2));
    return ['--tls-cert' => "$base.pem", '--tls-key' => "$base.key"];
}

subtest 'certificates' => sub {
    my $is_there = run_cmd(['openssl', 'version']);
    plan skip_all => 'no openssl here' if $is_there->{status};
    openssl(qw(req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout), "$TMP/ca.key", '-out', "$TMP/ca.pem");
    my %options = (prompt => 'echo', ca_file => "$TMP/ca.pem");
    for my $case (
        ['for another host',    certificate('DNS:other.example')],
        ['for another address', certificate('IP:127.0.0.2')],
        ['that has expired',    certificate('IP:127.0.0.1', -days => -1)],
        ['that says the key',   certificate(''), qr/certificate subject name '\.\.\.'/],
    ) {
        my ($name, $args, @says) = @$case;
        my $tls = RunwayTest::Simulator->start('--latency' => 0.1, @$args);
        my $run = run_filter($tls, in => $clip, loglevel => 'error', options => \%options);
        error_line("a certificate $name", $run, qr/no secure connection to 127\.0\.0\.1/, qr/certificate/i, @says);
        cmp_ok($run->{seconds}, '<', 40 * $PATIENCE, "$name: soon");
        is(scalar $tls->requests, 0, "$name: no request, and no key, went there");
    }
    my $args = certificate('IP:127.0.0.1');
    my $tls = RunwayTest::Simulator->start('--latency' => 0.1, @$args);
    ok_filter($tls, 'a certificate that is right', in => $clip, options => \%options);
    # which is no proxy, and speaks no TLS behind its own
    my $by_proxy = sub {
        return run_filter(undef, in => $clip, loglevel => 'error', options => { prompt => 'x', base_url => 'https://a.invalid', @_ },
            env => { https_proxy => $tls->{api} =~ s{^(https://[^/]+).*}{$1}r }, timeout => 90);
    };
    error_line("an https proxy's", $by_proxy->(), qr/no secure connection to the proxy on the way to a\.invalid:443: .*ca_file/);
    error_line("an https proxy's, with ca_file", $by_proxy->(ca_file => "$TMP/ca.pem"), qr/no secure connection to a\.invalid:443 through the proxy: .*server.s certificate/);
};

done_testing;
