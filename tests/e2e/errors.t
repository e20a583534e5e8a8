#!/usr/bin/env perl
# That whatever goes wrong ends ffmpeg with an error and one line that a person
# can act on, and that nothing is paid twice on the way.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use IO::Socket::INET;
use POSIX ();
use Test::More;

use RunwayTest;
use FilterTest;

my $clip = lossless_clip(frames => 6);

sub simulator { return RunwayTest::Simulator->start('--latency' => 0.1, @_) }

sub failing {
    my ($sim, %opt) = @_;
    my $options = delete $opt{options} || {};
    return run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'echo', %$options }, %opt);
}

# These take their time: run beside all others, looked at in the end.
my %late;
sub later {
    my ($name, @args) = @_;
    my $file = "$TMP/later-" . keys %late;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        # names of files of its own
        $FilterTest::count = 1000 * (1 + keys %late);
        my $run = failing(@args);
        spew($file, json($run));
        POSIX::_exit(0);
    }
    $late{$name} = [$pid, $file];
}
sub result_of {
    my ($name) = @_;
    waitpid $late{$name}[0], 0;
    return decode(slurp($late{$name}[1]));
}
# A port where nobody listens: bound, but not listening.
my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0) or die "socket: $!\n";
later('refused', undef, options => { base_url => 'http://127.0.0.1:' . $closed->sockport . '/runwayml' }, timeout => 100);
later('no such host', undef, options => { base_url => 'https://nowhere.invalid/runwayml' }, timeout => 100);

my $sim = simulator();

subtest 'options' => sub {
    my $billed = $sim->events('billed');
    my $long = spew("$TMP/long.txt", "\xF0\x9F\x8C\x83" x 501);     # two units each
    my $fits = spew("$TMP/fits.txt", "\xF0\x9F\x8C\x83" x 500);
    my $latin1 = spew("$TMP/latin1.txt", "caf\xE9");
    my $prompt = spew("$TMP/prompt.txt", 'night');
    for my $case (
        ['no prompt', { prompt => undef }, qr/no prompt/, qr/prompt_file/],
        ['empty prompt', { prompt => '' }, qr/prompt is empty/],
        ['two prompts', { prompt_file => $prompt }, qr/prompt and prompt_file/],
        ['no such file', { prompt => undef, prompt_file => "$TMP/none" }, qr/prompt_file/, qr/No such file/],
        ['long prompt', { prompt => 'x' x 1001 }, qr/1001 characters/, qr/1000/],
        ['long prompt of emoji', { prompt => undef, prompt_file => $long }, qr/1002 characters \(UTF-16/, qr/1000/],
        ['prompt not UTF-8', { prompt => undef, prompt_file => $latin1 }, qr/UTF-8/],
        ['unknown ratio', { ratio => '16:9' }, qr/16:9/,
            qr/auto, 1280:720, 720:1280, 1104:832, 960:960, 832:1104, 1584:672, 848:480, 640:480/],
        ['ratio for aleph2', { model => 'aleph2', ratio => '1280:720' }, qr/1280:720/, qr/16:9, /],
        ['ratio in words', { ratio => 'wide' }, qr/wide/, qr/auto, 1280:720, .*write x instead of the colon/],
        ['threshold', { public_figure_threshold => 'high' }, qr/high/, qr/auto nor low/],
        ['provider', { provider => 'pixar' }, qr/pixar/, qr/cometapi, runway/],
        ['two references', { reference => 'https://a.example/1.png|https://a.example/2.png' }, qr/at most (one|1)\b/],
        ['reference that is none', { reference => $prompt }, qr/reference/, qr/PNG/],
        ['reference missing', { reference => "$TMP/none.png" }, qr/reference/, qr/No such file/],
        ['body', { body => '{"a":' }, qr/body/],
        ['base_url', { base_url => 'ftp://127.0.0.1/' }, qr/base_url/],
        ['key in the clear', { base_url => 'http://192.0.2.1/runwayml' }, qr/http:\/\/ would send the key in the clear/],
        ['encoder', { encoder => 'h265ish' }, qr/h265ish/],
    ) {
        my ($name, $options, @patterns) = @$case;
        error_line($name, failing($sim, options => $options), @patterns);
    }
    # as it is typed by who knows nothing of escaping: the colons divide options
    my $typed = sub {
        my ($text, %opt) = @_;
        my $run = run_cmd([$FFMPEG, qw(-hide_banner -nostdin -v error -i), $clip, '-vf', "runway_v2v=$text", qw(-f null -)],
            env => { COMETAPI_KEY => $FilterTest::KEY, XDG_STATE_HOME => "$TMP/typed", %opt });
        return $run;
    };
    for my $case (
        ['prompt=echo:ratio=1280:720', qr/ratio=1280: model gen4_aleph supports auto, 1280:720, .*write x instead of the colon/],
        ['prompt=echo:base_url=http://127.0.0.1:9/runwayml', qr/base_url: "http" .*escape each colon: base_url='https\\:/],
        ["prompt=echo:base_url='http\\://127.0.0.1:9/runwayml'", qr/base_url: .*unescaped colon.*escape each/],
        ["prompt=echo:base_url='http\\://127.0.0.1:9'", qr/base_url: .*unescaped colon.*escape each/],
        ['prompt=echo:reference=https://a.example/1.png', qr/reference: "https" .*escape each colon of a URL: reference='https\\:/],
        ['prompt=a street: night', qr/prompt and prompt_file .*colon .*escaped/],
        ['prompt=echo:body={"seed":7}', qr/body and body_file .*colon .*escaped/],
    ) {
        my ($text, @patterns) = @$case;
        my $run = $typed->($text);
        # the options of later releases are read otherwise, and never get here
        if ($RunwayTest::LIBAVFILTER > 8) {
            cmp_ok($run->{status}, '>', 0, "$text: ffmpeg ends with an error");
            like($run->{err}, qr/No option name near '/, "$text: and says itself what the colon left");
            next;
        }
        error_line($text, $run, @patterns);
    }
    # what is read again is nothing that can be read once only
    my $pipe = "$TMP/pipe";
    POSIX::mkfifo($pipe, 0600) or die "mkfifo: $!\n";
    my $write = sub {
        my $pid = fork // die "fork: $!\n";
        return $pid if $pid;
        open my $out, '>', $pipe or POSIX::_exit(1);
        print $out shift;
        close $out;
        POSIX::_exit(0);
    };
    for my $case (['prompt_file', { prompt => undef, prompt_file => $pipe }, 'echo'], ['body_file', { body_file => $pipe }, '{"seed":7}'],
        ['key_file', { key_file => $pipe, provider => 'cometapi' }, $FilterTest::KEY]) {
        my ($name, $options, $text) = @$case;
        my $pid = $write->($text);
        error_line("$name, a pipe", failing($sim, options => $options), qr/^$name: \Q$pipe\E is a pipe; it is read more than once/);
        kill KILL => $pid;
        waitpid $pid, 0;
    }
    error_line('no file', failing($sim, options => { prompt => undef, prompt_file => '/dev/null' }), qr/is not a regular file/);
    error_line('a pipe nobody writes', failing($sim, options => { reference => $pipe }, timeout => 60), qr/is a pipe/);
    # out of range is said by the options' own code
    for my $case (['seed', -2], ['seed', 4294967296], ['concurrency', 0], ['fit', 'squeeze']) {
        my ($option, $value) = @$case;
        my $run = failing($sim, options => { $option => $value });
        cmp_ok($run->{status}, '>', 0, "$option=$value: an error");
        like($run->{err}, qr/\b\Q$option\E\b/, "$option=$value: is named");
        like($run->{err}, qr/out of range \[-1 - 4294967295\]|Value .* for parameter/, "$option=$value: with its range")
            if $option eq 'seed';
    }
    is(scalar $sim->requests, 0, 'nothing was sent for any of these');
    ok_filter($sim, '1000 units of emoji', in => $clip, options => { prompt_file => $fits });
    is($sim->events('billed') - $billed, 1, 'are accepted');
    ok_filter($sim, 'a ratio without a colon', in => $clip, options => { prompt => 'echo', ratio => '960x960' });
    is(($sim->requests('create'))[-1]{body}{ratio}, '960:960', 'is the same thing');
};

subtest 'keys' => sub {
    my $none = simulator();
    error_line('no key', failing($none, env => { COMETAPI_KEY => undef }), qr/no key/, qr/COMETAPI_KEY/, qr{https://www\.cometapi\.com});
    error_line('no key of Runway', failing($none, options => { provider => 'runway' }), qr/RUNWAYML_API_SECRET/, qr{https://dev\.runwayml\.com});
    error_line('two keys', failing($none, env => { RUNWAYML_API_SECRET => 'key_' . 'a' x 128 }), qr/COMETAPI_KEY and RUNWAYML_API_SECRET/,
        qr/provider=/);
    my $run = failing($none, env => { COMETAPI_KEY => 'key_' . '0f' x 64 });
    error_line('a key of the other provider', $run, qr/RUNWAYML_API_SECRET|[Rr]unway/);
    unlike($run->{err}, qr/0f0f0f/, 'it is not shown');
    error_line('a line break in it', failing($none, env => { COMETAPI_KEY => "ab\r\nX: y" }), qr/COMETAPI_KEY|key/);
    my $file = spew("$TMP/key", "$FilterTest::KEY\n");
    chmod 0600, $file;
    error_line('key_file alone', failing($none, options => { key_file => $file }), qr/provider=/);
    chmod 0666, $file;
    error_line('key_file that others can write', failing($none, options => { key_file => $file, provider => 'cometapi' }), qr/\bwrit/);
    is(scalar $none->requests, 0, 'nothing was sent for any of these');
    chmod 0600, $file;
    ok_filter($none, 'key_file', in => $clip, options => { prompt => 'echo', key_file => $file, provider => 'cometapi' },
        env => { COMETAPI_KEY => undef });
    # as it is pasted: before anything is sent. White space around it is no fault.
    my $key = $FilterTest::KEY;
    my $before = () = $none->requests;
    $file = "$TMP/pasted.key";
    for my $case (map({ ["$_->[0]", $_->[1], qr/contains more than the key .*COMETAPI_KEY/] } ['Bearer', "Bearer $key"], ['a header', "Authorization: Bearer $key"],
            ['double quotes', "\"$key\""], ['single quotes', "'$key'"], ['one quote', "$key'"], ['typographic quotes', "\xe2\x80\x9c$key\xe2\x80\x9d"],
            ['other typographic quotes', "\xe2\x80\x98$key\xe2\x80\x99"], ['low and high quotes', "\xe2\x80\x9e$key\xe2\x80\x9c"], ['angle quotes', "\xc2\xab$key\xc2\xbb"],
            ['Bearer in quotes and a newline', "\"Bearer $key\"\n"], ['a blank', substr($key, 0, 9) . ' ' . substr $key, 9], ['a no-break space', "$key\xc2\xa0"]),
            ['a line break', substr($key, 0, 9) . "\n" . substr($key, 9), qr/contains a line break/]) {
        my ($what, $pasted, $says) = @$case;
        spew($file, $pasted);
        for my $way ([env => { COMETAPI_KEY => $pasted }], [env => { COMETAPI_KEY => undef }, options => { provider => 'cometapi', key_file => $file }]) {
            my $run = failing($none, @$way);
            error_line("$what, by $way->[-2]", $run, $says);
            unlike($run->{err}, qr/\Q$key\E/, '... without the key');
        }
    }
    is(scalar(() = $none->requests), $before, 'and nothing was sent');
    for my $space ("$key\n", " \t$key \r\n") {
        ok_filter($none, 'white space around a key', in => $clip, options => { prompt => 'echo' }, env => { COMETAPI_KEY => $space });
        is(($none->requests('create'))[-1]{status}, 200, '... is left out');
    }
    error_line('401', failing(simulator('--key' => 'another')), qr/401/, qr/COMETAPI_KEY/);
};

subtest 'refusals' => sub {
    my $refusing = simulator();
    error_line('400 with issues', failing($refusing, options => { body => '{"seed":-5,"contentModeration":{"publicFigureThreshold":"high"}}' }),
        qr/400/, qr/Validation of body failed/, qr/\bseed: \S/, qr/contentModeration\.publicFigureThreshold: \S/);
    error_line('unrecognized keys', failing($refusing, options => { body => '{"colour":"red"}' }), qr/400/, qr/Unrecognized keys?: "?colour/);
    is($refusing->stats->{billed}, 0, 'nothing was billed');
    is(scalar $refusing->requests('create'), 2, 'and nothing sent again');
    error_line('sunset', failing(undef, options => { model => 'gen4_aleph', base_url => $refusing->{runway}, provider => 'runway' },
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'k' }), qr/sunset/, qr/aleph2/);
    error_line('413', failing(simulator('--data-uri-limit' => 2000)), qr/413/, qr/too large/, qr/clip_duration/);
    error_line('413, where clips can be uploaded', failing(undef, options => { base_url => simulator('--data-uri-limit' => 2000)->{runway}, provider => 'runway' },
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => 'k' }), qr/too large.*: transport=upload sends the clip beside it; or a shorter clip_duration/);
    error_line('no credits', failing(simulator('--balance' => 3)), qr/enough credits/);
    my $lost = simulator('--wrong-path' => '404');
    error_line('wrong path', failing(undef, options => { base_url => "$lost->{api}/v2" }), qr/404/, qr/check base_url/);
    $lost = simulator('--wrong-path' => '301');
    error_line('redirected', failing(undef, options => { base_url => "$lost->{api}/v2" }), qr/301/, qr/not followed/);
};

subtest 'the fate of a create is not known' => sub {
    for my $fault ('after-page=503,retry-after=1', 'after-page=429,retry-after=1',
        qw(bad-json html drop-after status=500 after-status=502 after-status=408 after-page=409 after-page=499 after-page=404)) {
        my $bad = simulator('--fault' => "create=$fault");
        my $run = failing($bad, options => { max_credits => 100 });
        error_line($fault, $run, qr/may/, qr/billed/, qr/on_unknown=resend/,
            $fault =~ /json|html/ ? qr/not JSON/ : ());
        is(scalar $bad->requests('create'), 1, "$fault: it was not sent again");
    }
};

subtest 'an output that is late, or named oddly' => sub {
    my $sim = simulator('--output-after' => 2, '--url-tail' => "&name=a film \xc3\xbc \"1\"&more=" . 'x' x 9000);
    ok_filter($sim, 'both', in => $clip, options => { prompt => 'echo' });
    is($sim->stats->{billed}, 1, 'one task');
};

subtest 'a task that does not succeed' => sub {
    my $failing = simulator();
    for my $case (['INTERNAL.BAD_OUTPUT.CODE01', 'The output did not come out well.'],
        ['SAFETY.INPUT.TEXT', 'The input was rejected by content moderation.'], ['NONE', 'An internal error occurred.']) {
        my ($code, $text) = @$case;
        my $run = failing($failing, options => { prompt => "please fail with $code" });
        my ($create) = reverse $failing->requests('create');
        error_line($code, $run, qr/task \Q$create->{task}\E/, qr/FAILED/, qr/\Q$text\E/, $code eq 'NONE' ? () : qr/\Q$code\E/);
    }
    my $run = failing($failing, options => { prompt => 'please fail with CANCELLED' });
    my ($create) = reverse $failing->requests('create');
    error_line('cancelled', $run, qr/task \Q$create->{task}\E/, qr/cancelled/);
    is(scalar $failing->requests('create'), 4, 'a create for each run');
    # the second of three clips
    my $second = simulator('--fail-tasks' => '2=ASSET.INVALID');
    $run = failing($second, in => lossless_clip(seconds => 2.5), options => { clip_duration => 1, concurrency => 1 });
    error_line('the second clip', $run, qr/^clip 2 \(1\.00-2\.00 s\)/, qr/ASSET\.INVALID/);
};

subtest 'a result that is none' => sub {
    my $bad = simulator('--fault' => 'download:*=html');
    my $run = failing($bad);
    my ($create) = $bad->requests('create');
    error_line('a web page', $run, qr/\Q$create->{task}\E/, qr/not a readable video/);
    unlike($run->{err}, qr/\[mov|moov/, 'and nothing from the demuxer');
    error_line('forbidden', failing(simulator('--fault' => 'download:*=status=403'), timeout => 90), qr/403/);
};

subtest 'TLS' => sub {
    my $plain = $sim->{api} =~ s/^http:/https:/r;
    my $run = failing(undef, options => { base_url => $plain });
    error_line('https to a port that speaks http', $run, qr/no secure connection to 127\.0\.0\.1/);
    cmp_ok($run->{seconds}, '<', 40, 'at once or soon');
  SKIP: {
        my ($cert, $key) = ("$TMP/cert.pem", "$TMP/cert.key");
        my $openssl = run_cmd(['openssl', qw(req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext),
            'subjectAltName=IP:127.0.0.1', '-keyout', $key, '-out', $cert]);
        skip 'openssl cannot make a certificate: ' . ($openssl->{err} =~ s/\n.*//sr), 1 if $openssl->{status};
        my $secure = simulator('--tls-cert' => $cert, '--tls-key' => $key);
        like($secure->{api}, qr/^https:/, 'a server with a certificate of its own');
        error_line('a certificate that nobody signed', failing($secure), qr/no secure connection/, qr/certificate/, qr/ca_file/);
        is(scalar $secure->requests, 0, 'no request went there');
        ok_filter($secure, 'ca_file', in => $clip, options => { prompt => 'echo', ca_file => $cert });
        my $run = ok_filter($secure, 'tls_verify=0', in => $clip, options => { prompt => 'echo', tls_verify => 0 });
        is(scalar(grep { /^tls_verify=0: anybody on the way .* can read the key/ } filter_lines($run)), 1, 'which is warned of, once');
    }
};

subtest 'input' => sub {
    my $before = $sim->requests('create');
    my $has_zscale = run_cmd([$FFMPEG, qw(-hide_banner -filters)])->{out} =~ /\bzscale\b/;
    for my $trc (qw(smpte2084 arib-std-b67)) {
        error_line("HDR $trc", failing($sim, before => "setparams=color_trc=$trc"), qr/HDR/, qr/\Q$trc\E/, qr/tonemap/,
            $has_zscale ? qr/yuv420p; or, where that is wrong, setparams=color_trc=bt709$/ : qr/this FFmpeg has no zscale.*libzimg/);
    }
    my $interlaced = 'setfield=tff,setparams=field_mode=tff';
    error_line('interlaced', failing($sim, before => $interlaced), qr/interlaced/, qr/bwdif/, qr/interlaced=warn/);
    error_line('no pts', failing($sim, before => 'setpts=NAN'), qr/no pts/, qr/setpts/);
    is($sim->requests('create') - $before, 0, 'nothing was paid for any of these');
    my $run = ok_filter($sim, 'interlaced=warn', in => $clip, before => $interlaced, options => { prompt => 'echo', interlaced => 'warn' });
    is((grep { /interlaced/ } filter_lines($run)), 1, 'one warning');
    is($sim->requests('create') - $before, 1, 'and it is sent');
};

subtest 'dry_run' => sub {
    my $quiet = simulator();
    my $run = ok_filter($quiet, 'dry_run', in => $clip, options => { prompt => 'echo', dry_run => 1 }, env => { COMETAPI_KEY => undef },
        loglevel => 'info');
    is(scalar $quiet->requests, 0, 'sends nothing');
    like($run->{err}, qr/15 credits/, 'and says what it would cost');
};

subtest 'nobody there' => sub {
    for my $case (['refused', qr/cannot reach 127\.0\.0\.1:\d+/], ['no such host', qr/cannot reach nowhere\.invalid:443/]) {
        my ($name, $pattern) = @$case;
        my $run = result_of($name);
        error_line($name, $run, $pattern);
        cmp_ok($run->{seconds}, '<', 90, "$name: within about half a minute");
    }
};

done_testing;
