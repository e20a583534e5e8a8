#!/usr/bin/env perl
# What must not be seen: the key, the signed part of URLs and the clip itself
# are in no log at any level and in no file; temporary files have no name that
# anybody could open, and none is left, however ffmpeg ends.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Path qw(make_path);
use lib dirname(abs_path(__FILE__)) . '/lib';

use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
use POSIX qw(:sys_wait_h);
use Test::More;
use Time::HiRes qw(sleep time);

use RunwayTest;
use FilterTest;

my $clip = lossless_clip(seconds => 1);
my $KEY = $FilterTest::KEY;
my $CUSTOM = 'custom-secret-55d1c0';

# Where any of the secrets is in a text, by name.
sub leaks {
    my ($text) = @_;
    my @leaks;
    push @leaks, 'the key' if index($text, $KEY) >= 0;
    push @leaks, 'the key in base64' if index($text, substr(encode_base64($KEY, ''), 0, 30)) >= 0;
    push @leaks, 'a custom header' if index($text, $CUSTOM) >= 0;
    push @leaks, 'a signed URL' if $text =~ /_jwt=(?!\.\.\.)\S/;
    push @leaks, 'a data URI' if $text =~ m{data:\w+/\w+;base64,[A-Za-z0-9+/]};
    push @leaks, 'the authorization' if $text =~ /Bearer\s+(?!\.\.\.)\S/i;
    push @leaks, 'a long run of base64' if $text =~ m{[A-Za-z0-9+/]{200}};
    return "@leaks";
}

# All files below a directory but the pictures that ffmpeg wrote.
sub files_below {
    my ($dir) = @_;
    my @files;
    find({ no_chdir => 1, wanted => sub { push @files, $_ if -f } }, $dir);
    return sort grep { !m{/out\.mkv$} } @files;
}

sub nothing_leaks {
    my ($name, $run, $report) = @_;
    cmp_ok(length $run->{err}, '>', 2000, "$name: there is something to look through");
    is(leaks($run->{err}), '', "$name: nothing secret at -loglevel trace");
    is(leaks($run->{stdout}), '', "$name: nor on stdout");
    if ($report) {
        like(slurp($report), qr/runway_v2v/, "$name: there is a report");
        is(leaks(slurp($report)), '', "$name: nothing secret in it");
    }
    # the journal is text; the results in the cache are pictures
    my @text = grep { !-B || /\.(json|log|txt)$/ } files_below($run->{own});
    is(join(' ', grep { leaks(slurp($_)) } @text), '', "$name: nor in any of " . @text . ' files it left');
}

sub temporary_files { my ($run) = @_; return join ' ', files_below("$run->{own}/tmp") }

subtest 'this test can tell' => sub {
    is(leaks("x $KEY y"), 'the key', 'a key');
    is(leaks('https://h/x.mp4?_jwt=eyJh'), 'a signed URL', 'a signed URL');
    is(leaks('https://h/x.mp4?_jwt=...'), '', 'but not a blanked one');
    is(leaks('data:video/mp4;base64,AAAA'), 'a data URI', 'a data URI');
    is(leaks('authorization: bearer abc'), 'the authorization', 'a header');
};

my @CASES = (
    ['all is well',     [],                                  {}],
    ['several clips',   [],                                  { clip_duration => 1, concurrency => 2 }, seconds => 2],
    ['401',             ['--key' => 'another'],              {}],
    ['400',             [],                                  { body => '{"seed":-5}' }],
    ['FAILED',          [],                                  { prompt => 'fail with INTERNAL' }],
    ['unknown',         ['--fault' => 'create=drop-after'],  {}],
    ['web page',        ['--fault' => 'create=html'],        {}],
    ['no video',        ['--fault' => 'download:*=html'],    {}],
    ['URL expired',     ['--fault' => 'download:1=status=403'], {}],
    ['download cut',    ['--fault' => 'download:1=cut=500'], {}],
    ['wrapped',         ['--wrap', '--not-exist-for' => 0.3], {}],
);
subtest 'nothing secret is said or kept' => sub {
    for my $case (@CASES) {
        my ($name, $args, $options, %clip) = @$case;
        my $sim = RunwayTest::Simulator->start('--latency' => 0.1, @$args);
        my $report = sprintf '%s/report-%d.log', $TMP, ++our $reports;
        my $run = run_filter($sim, in => %clip ? lossless_clip(%clip) : $clip, loglevel => 'trace',
            options => { prompt => 'echo', %$options }, env => { FFREPORT => 'file=' . ($report =~ s/:/\\:/gr) . ':level=56' });
        ok(!$run->{timed_out}, "$name: ends");
        nothing_leaks($name, $run, $report);
        is(temporary_files($run), '', "$name: no temporary file is left");
    }
};

subtest 'Runway itself, custom headers, key_file' => sub {
    my $key = 'key_' . 'c0ffee42' x 16;
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--key' => $key);
    my $file = spew("$TMP/key", "$key\n");
    chmod 0600, $file;
    my $run = run_filter(undef, in => $clip, loglevel => 'trace',
        options => { prompt => 'echo', provider => 'runway', key_file => $file, base_url => $sim->{runway} },
        env => { COMETAPI_KEY => undef, RUNWAYML_CUSTOM_HEADERS => "X-Team: $CUSTOM" });
    is($run->{status}, 0, 'works') or diag $run->{err};
    nothing_leaks('custom headers', $run);
    is(index($run->{err}, 'c0ffee42'), -1, 'no part of the key');
    $run = run_filter(undef, in => $clip, loglevel => 'trace', options => { prompt => 'echo', base_url => $sim->{runway}, provider => 'runway' },
        env => { COMETAPI_KEY => undef, RUNWAYML_API_SECRET => "$key-not" });
    cmp_ok($run->{status}, '>', 0, 'a wrong key is refused');
    is(index($run->{err}, 'c0ffee42'), -1, 'and not shown');
};

# A proxy that keeps each request as it came, in a file of its own; returns its
# port. It ends with this process. $rewrite->($request, $reply) is what it answers
# in place of a reply to a request.
sub recording_proxy {
    my ($dir, $rewrite) = @_;
    make_path($dir);
    my $listen = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1', Proto => 'tcp') or die "listen: $!\n";
    my $parent = $$;
    my $pid = fork // die "fork: $!\n";
    return ($listen->sockport, $pid) if $pid;
    $SIG{CHLD} = 'IGNORE';
    while (kill 0 => $parent) {
        my $ready = '';
        vec($ready, fileno $listen, 1) = 1;
        next if select($ready, undef, undef, 1) < 1;
        my $client = $listen->accept or next;
        my $n = ++our $recorded;
        next if fork;
        my ($request, $length) = ('', 0);
        until ($request =~ /\r\n\r\n/) { sysread $client, $request, 65536, length $request or POSIX::_exit(1) }
        $length = $1 if $request =~ /^Content-Length: (\d+)/mi;
        my $all = index($request, "\r\n\r\n") + 4 + $length;
        while (length $request < $all) { sysread $client, $request, 65536, length $request or last }
        spew("$dir/$n", $request);
        my ($method, $to, $path) = $request =~ m{^(\w+) http://([^/ ]+)(/\S*)} or POSIX::_exit(1);
        my $server = IO::Socket::INET->new(PeerAddr => $to, Proto => 'tcp') or POSIX::_exit(1);
        $request =~ s{^\S+ \S+}{$method $path};
        $request =~ s{\r\n}{\r\nConnection: close\r\n};
        print $server $request;
        $server->flush;
        my $reply = '';
        while (sysread $server, $reply, 65536, length $reply) { }
        $reply = $rewrite->($request, $reply) =~ s/^Content-Length:[^\n]*\n//mir if $rewrite;
        print $client $reply;
        $client->flush;
        POSIX::_exit(0);
    }
    POSIX::_exit(0);
}

subtest 'key files' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--key' => $KEY);
    my $file = spew("$TMP/key_file", "$KEY\n");
    my @run = ($sim, in => $clip, options => { prompt => 'echo', provider => 'cometapi', key_file => $file }, env => { COMETAPI_KEY => undef });
    for my $mode (0600, 0400, 0640, 0604, 0620, 0602, 0666) {
        chmod $mode, $file;
        my $run = run_filter(@run);
        my $name = sprintf '%04o', $mode;
        if ($mode & 022) {
            error_line("$name, others can write it", $run, qr/\bwrite\b/, qr/\Q$file\E/);
            next;
        }
        is($run->{status}, 0, "$name: is taken") or diag $run->{err};
        is((grep { /others can read \Q$file\E/ } filter_lines($run)) + 0, $mode & 044 ? 1 : 0,
            "$name: " . ($mode & 044 ? 'with a warning' : 'without a word'));
    }
    is(scalar $sim->requests('create'), 4, 'nothing was sent with a key that others can write');
};

# A server that says the key back: in one form or another, wherever what it says
# may go to.
subtest 'a key that is said back' => sub {
    my %form = (
        raw     => $KEY,
        capital => uc $KEY,
        percent => join('', map { sprintf '%%%02x', ord } split //, $KEY),
        json    => join('', map { sprintf '\\u%04x', ord } split //, $KEY),
        html    => join('', map { sprintf '&#%d;', ord } split //, $KEY),
        base64  => encode_base64("Bearer $KEY", ''),
    );
    # wherever a text is cut, it is cut in one of them
    my $long = join ' ', map { 'x' x ($_ % 31) . $KEY } 1 .. 100;
    my $task = sub { my ($field, $text) = @_; return sub { $_[1] =~ s/("\Q$field\E":\s*")[^"]*/$1$text/r } };
    my $status = sub {
        my ($what, $code, $head, $body) = @_;
        return sub {
            return $_[0] =~ m{^\w+ \S*/\Q$what\E} ? "HTTP/1.1 $code\r\nContent-Type: application/json\r\n$head\r\n$body" : $_[1];
        };
    };
    my @cases = (
        (map { ["a failure, $_",        'fails', $task->('failure', "it says $form{$_}, no more")] } sort keys %form),
        (map { ["a failureCode, $_",    'fails', $task->('failureCode', "INTERNAL.$form{$_}")] } qw(raw percent json)),
        ['a key of escapes',            'fails', $task->('failure', 'it says 100%25sure%2A%3C3%3E-7f3b91, 100%sure*&lt;3&gt;-7f3b91'), '100%sure*<3>-7f3b91'],
        ['a long failure',              'fails', $task->('failure', $long)],
        (map { my $said = $form{$_}; ["a task's id, $_", '', sub { $_[0] =~ /^POST/ ? $_[1] =~ s/("id":\s*")[^"]*/$1$said/r : $_[1] }] } qw(raw json base64)),
        ['a Location',                  '',      $status->('v1/video_to_video', '202 Accepted', "Location: /runwayml/v1/tasks/$KEY\r\n", '')],
        ['a redirect',                  '',      $status->('v1/video_to_video', '302 Found', "Location: http://127.0.0.1/$KEY\r\n", '')],
        ['headers of an error',         '',      $status->('v1/video_to_video', "400 Bad $KEY", "X-Request-Id: $KEY\r\nRetry-After: $KEY\r\nWWW-Authenticate: $KEY\r\n",
                                                    qq({"error":"no","docUrl":"https://a.example/$KEY"}))],
        ['a long error',                '',      $status->('v1/video_to_video', '400 Bad Request', '', qq({"error":"$long"}))],
        ['a page',                      '',      $status->('v1/video_to_video', '502 Bad Gateway', '', "<html><title>$long</title><p>$form{html} $form{percent}")],
        ['a key of JSON',               '',      $status->('v1/video_to_video', '400 Bad Request', '', qq({"error":{"code":"$KEY","type":"$KEY","param":"$KEY","message":"$KEY"},"$KEY":1}))],
        ["an output's URL",             '',      sub { $_[1] =~ s{("output":\s*\[")[^"]*}{$1http://127.0.0.1:1/$KEY/a.mp4?$KEY=$KEY}r }],
        ['a state',                     '',      sub { $_[0] =~ /^GET/ ? $_[1] =~ s/("status":\s*")[^"]*/$1$KEY/r : $_[1] }],
        ['a wrapped failure',           'wrap',  $task->('fail_reason', $long)],
    );
    for my $case (@cases) {
        my ($name, $mode, $rewrite, $key) = @$case;
        my $sim = RunwayTest::Simulator->start('--latency' => 0.1, $mode ? ('--fail-tasks' => '*=INTERNAL') : (), $mode eq 'wrap' ? '--wrap' : ());
        my ($port, $proxy) = recording_proxy("$TMP/said-" . ++our $said, $rewrite);
        my $log = "$TMP/said-$said.jsonl";
        my $run = run_filter($sim, in => $clip, loglevel => 'trace', timeout => 60, signal => [6 => 'INT'],
            options => { prompt => 'echo', http_proxy => "http://127.0.0.1:$port", log_path => $log }, env => { COMETAPI_KEY => $key || $KEY });
        kill TERM => $proxy;
        waitpid $proxy, 0;
        cmp_ok($run->{status}, '!=', 0, "$name: is an error");
        my @files = (files_below($run->{own}), $log);
        my %text = (stderr => $run->{err}, names => "@files", map { ($_ => slurp($_)) } @files);
        my $part = lc substr $KEY, 0, 12;
        my @found = grep { my $text = $_; grep { index(lc $text{$text}, $_) >= 0 } qw(sure* 25sure), $part, substr($KEY, -10), map { lc } @form{qw(percent json html)}, substr encode_base64("Bearer $KEY"), 10, 20 } sort keys %text;
        is("@found", '', "$name: it is nowhere");
        diag map { "$_: " . substr($text{$_}, index(lc $text{$_}, $part) - 200, 400) . "\n" } @found if @found;
    }
};

# A CDN whose error page has the URL that it was asked for, in one form or another.
subtest 'a signed URL that is said back' => sub {
    my $sig = 'SIGabcdefghijklmnop0123456789~__';
    my %form = (
        raw     => sub { $_[0] },
        html    => sub { $_[0] =~ s/([^\w.])/sprintf '&#%d;', ord $1/ger },
        decoded => sub { $_[0] =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger },
        values  => sub { join ' and ', map { s/.*?=//r } split /&/, $_[0] =~ s/.*?\?//r },
    );
    for my $name (sort keys %form) {
        my $sim = RunwayTest::Simulator->start('--latency' => 0.1);
        my $asked = 0;
        my ($port, $proxy) = recording_proxy("$TMP/cdn-$name", sub {
            my ($request, $reply) = @_;
            return $reply =~ s{(_jwt=)[^"]*}{$1HEADERabcdefgh.PAYLOADabcdefgh&sig=$sig%2BYZ%3D}r if $request !~ m{^GET (\S*_jwt=\S*)};
            return "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>You may not have " . $form{$name}->($1) . '</html>';
        });
        my $log = "$TMP/cdn-$name.jsonl";
        my $end = time + 6 * $PATIENCE;
        # asked for again: what came the first time has been shown
        my $is_said = sub { (grep { slurp($_) =~ /^GET \S*_jwt=/ } glob "$TMP/cdn-$name/*") >= 2 };
        my $run = run_filter($sim, in => $clip, loglevel => 'trace', timeout => 60, signal => [sub { $is_said->() || time > $end } => 'INT'],
            options => { prompt => 'echo', http_proxy => "http://127.0.0.1:$port", log_path => $log });
        kill TERM => $proxy;
        waitpid $proxy, 0;
        cmp_ok($run->{status}, '!=', 0, "$name: is an error");
        like($run->{err}, qr/403: a reply that is not JSON: .*\.\.\./, "$name: what the page says is shown");
        my %text = (stderr => $run->{err}, map { ($_ => slurp($_)) } files_below($run->{own}), $log);
        my @found = grep { $text{$_} =~ /abcdefgh/ } sort keys %text;
        is("@found", '', "$name: no signature in " . keys(%text) . ' places');
    }
};

# The API says why it could not fetch a picture: the user's own signed URL, which
# every request of the clip has in it.
subtest "the user's own signed URL that is said back" => sub {
    my %sig = (hex => 'abcdef0123456789' x 4, base64 => 'abcdefSIG0123456789%2B%2Fabcdefghijklmnop%3D');
    my $query = "X-Amz-Algorithm=AWS4&X-Amz-Security-Token=$sig{base64}&X-Amz-Signature=$sig{hex}";
    my $said = "403 Forbidden: $sig{hex}, " . $sig{base64} =~ s/%(..)/chr hex $1/ger . ' and ' . substr $sig{base64}, 0, 40;
    for my $case (
        ['reference', 'cometapi', { reference => "https://a.example/1.png?$query" }],
        ['keyframe',  'runway',   { keyframe => "0=https://a.example/1.png?$query" }],
        ['body',      'runway',   { body => qq({"keyframes":[{"seconds":0,"uri":"https://a.example/1.png?$query"}]}) }],
    ) {
        my ($name, $provider, $options) = @$case;
        my $sim = RunwayTest::Simulator->start('--latency' => 0.1, '--fail-tasks' => '*=INTERNAL');
        my ($port, $proxy) = recording_proxy("$TMP/own-$name", sub { $_[1] =~ s/("failure":\s*")[^"]*/$1cannot get it: $said/r });
        my $log = "$TMP/own-$name.jsonl";
        my $run = run_filter(undef, in => lossless_clip(seconds => 2), timeout => 60, options => { prompt => 'echo', provider => $provider, %$options,
                base_url => $provider eq 'runway' ? $sim->{runway} : $sim->{api}, http_proxy => "http://127.0.0.1:$port", log_path => $log },
            env => { COMETAPI_KEY => $KEY, RUNWAYML_API_SECRET => $KEY });
        kill TERM => $proxy;
        waitpid $proxy, 0;
        like($run->{err}, qr/cannot get it: 403 Forbidden: \.\.\., \.\.\. and \.\.\./, "$name: what is said is shown, and dots for the signature") or diag $run->{err};
        my %text = (stderr => $run->{err}, map { ($_ => slurp($_)) } files_below($run->{own}), $log);
        is(join(' ', grep { $text{$_} =~ /abcdef/ } sort keys %text), '', "$name: no signature in " . keys(%text) . ' places');
    }
};

# A proxy whose user is its token, and which says it back.
subtest "a proxy's token that is said back" => sub {
    my $token = 'token-of-a-proxy-5dpq';
    my $said = join ', ', $token, uc $token, 'Basic ' . encode_base64("$token:", '');
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1);
    my ($port, $proxy) = recording_proxy("$TMP/token", sub { "HTTP/1.1 502 Bad Gateway\r\n\r\n$said are not let in" });
    my $run = run_filter($sim, in => $clip, loglevel => 'verbose', timeout => 60, signal => [6 => 'INT'],
        options => { prompt => 'echo', log_path => "$TMP/token.jsonl", http_proxy => "http://$token:\@127.0.0.1:$port" });
    kill TERM => $proxy;
    waitpid $proxy, 0;
    like($run->{err}, qr/\.\.\., \.\.\., Basic \.\.\.\S* are not let in/, 'what it says is shown, and dots for the token') or diag $run->{err};
    my %text = (stderr => $run->{err}, map { ($_ => slurp($_)) } files_below($run->{own}), "$TMP/token.jsonl");
    my $base64 = substr encode_base64($token), 0, 12;
    is(join(' ', grep { $text{$_} =~ /\Q$token\E|\Q$base64\E/i } sort keys %text), '', 'no token in ' . keys(%text) . ' places');
};

# Every word that must not be anywhere but in its one place.
subtest 'canaries' => sub {
    my %canary = (
        key    => 'canary-of-the-key-8d1f02e7b5',
        header => 'canary-of-a-header-3c90ab',
        prompt => 'echo canary-of-the-prompt-51ae77',
        clip   => 'canary-of-a-file-name',
    );
    my $prompt = spew("$TMP/prompt.txt", $canary{prompt});
    my $named = "$TMP/$canary{clip}.mkv";
    rename lossless_clip(seconds => 2), $named or die "$named: $!\n";
    my $cases = 0;
    for my $case (
        ['all is well',  'runway', [], { transport => 'upload' }],
        ['in pieces',    'runway', ['--fault' => 'download:1=cut=500', '--fault' => 'storage:1=status=503'], { transport => 'upload', clip_duration => 2 }],
        ['a task FAILS', 'runway', ['--fail-tasks' => '*=SAFETY.INPUT.TEXT'], {}],
        ['nobody knows', 'cometapi', ['--fault' => 'create=html'], {}],
        ['wrapped',      'cometapi', ['--wrap'], {}],
    ) {
        my ($name, $provider, $args, $options) = @$case;
        my $sim = RunwayTest::Simulator->start('--latency' => 0.1, @$args);
        my $requests = "$TMP/requests-" . ++$cases;
        my ($port, $proxy) = recording_proxy($requests);
        my $report = "$TMP/canaries-$cases.log";
        my $run = run_filter(undef, in => $named, loglevel => 'trace', options => { provider => $provider,
                base_url => $provider eq 'runway' ? $sim->{runway} : $sim->{api}, prompt_file => $prompt,
                http_proxy => "http://127.0.0.1:$port", log_path => "$TMP/events-$cases.jsonl", %$options },
            env => { COMETAPI_KEY => undef, ($provider eq 'runway' ? 'RUNWAYML_API_SECRET' : 'COMETAPI_KEY') => $canary{key},
                RUNWAYML_CUSTOM_HEADERS => "X-Team: $canary{header}", FFREPORT => 'file=' . ($report =~ s/:/\\:/gr) . ':level=56' });
        kill TERM => $proxy;
        waitpid $proxy, 0;
        is($run->{status} ? 'fails' : 'works', $name =~ /FAILS|nobody/ ? 'fails' : 'works', "$name: as it should") or diag $run->{err};
        my @raw = map { slurp($_) } glob "$requests/*";
        my ($api) = ($provider eq 'runway' ? $sim->{runway} : $sim->{api}) =~ m{^http://([^/]+)};
        my @own = grep { m{^\w+ http://\Q$api\E/} } @raw;
        my @other = grep { !m{^\w+ http://\Q$api\E/} } @raw;
        cmp_ok(scalar @own, '>=', 1, "$name: requests to the API") or diag scalar @raw;
        my @jwt = map { /_jwt=([^ &\r\n]{8,})/g } @other;
        if ($name =~ /well|pieces|wrapped/) {
            cmp_ok(scalar @other, '>=', $options->{transport} ? 2 : 1, "$name: and to others");
            cmp_ok(scalar @jwt, '>=', 1, "$name: with a signed URL");
        }
        is((grep { index($_, $canary{key}) < 0 } @own), 0, "$name: the key goes to the API");
        for my $what (qw(key header prompt clip)) {
            is((grep { index($_, $canary{$what}) >= 0 } @other), 0, "$name: no $what to any other origin");
        }
        is((grep { my $raw = $_; grep { index($raw, $_) >= 0 } @jwt } @own), 0, "$name: no signed URL to the API");
        is((grep { index($_, $canary{clip}) >= 0 } @own), 0, "$name: nor the name of the film");
        my @prompts = grep { index($_, $canary{prompt}) >= 0 } @own;
        is((grep { !m{^POST \S+/v1/video_to_video } } @prompts), 0, "$name: the prompt goes with a create only");
        cmp_ok(scalar @prompts, '>=', 1, "$name: and does");

        my @files = (grep({ !m{/results/} } files_below($run->{own})), "$TMP/events-$cases.jsonl", $report);
        ok(-s "$TMP/events-$cases.jsonl", "$name: log_path is there");
        my %text = (stderr => $run->{err}, stdout => $run->{stdout}, argv => "@{ $run->{command} }", map { ($_ => slurp($_)) } @files);
        my @found;
        for my $where (sort keys %text) {
            push @found, "the $_ in $where" for grep { index($text{$where}, $canary{$_}) >= 0 } qw(key header prompt);
            push @found, "a signed URL in $where" if grep { index($text{$where}, $_) >= 0 } @jwt;
        }
        cmp_ok(index($run->{err}, $canary{clip}), '>=', 0, "$name: what is no secret is found");
        is("@found", '', "$name: none in " . keys(%text) . ' places');
        is((grep { index(slurp($_), $canary{clip}) >= 0 } grep { m{/state/|\.jsonl$} } @files), 0, "$name: the journal does not name the film");
    }
};

# A password in a URL is refused, or is only where it has to be; it is shown
# nowhere, however much is logged. In a proxy's it is used: what is said of a
# proxy that does not work has it not.
subtest 'a password in a URL' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1);
    my $pw = 'pw-5d';     # too short to be looked for as a word
    my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0) or die "socket: $!\n";
    my $nobody = '127.0.0.1:' . $closed->sockport;
    my $number = 0;
    for my $case (
        ['reference',                { reference => "https://me:$pw\@a.example/1.png" }, qr/^reference: a URL may not contain a user or password/],
        ['the second of two',        { model => 'seedance2', mode => 'reference', provider => 'cometapi',
                reference => "https://a.example/1.png|https://me:$pw\@a.example/2.png" }, qr/^reference: a URL may not/],
        ['keyframe',                 { model => 'aleph2', keyframe => "0=https://me:$pw\@a.example/1.png" }, qr/^keyframe: a URL may not/],
        ['keyframe without a time',  { model => 'aleph2', keyframe => "https://me:$pw\@a.example/1.png" }, qr/^keyframe: "https:\/\/\.\.\." is not SECONDS/],
        ['keyframe with a query',    { model => 'aleph2', keyframe => "https://me:$pw\@a.example/?a=1" }, qr/^keyframe: "https:\/\/\.\.\." is not SECONDS/],
        ['base_url',                 { base_url => "https://me:$pw\@127.0.0.1:1/runwayml" }, qr/^base_url may not contain a user or password/],
        ['base_url that is none',    { base_url => "https://me:$pw\@:x/" }, qr/^base_url is not an http/],
        ['a proxy that is not there', { http_proxy => "http://me:$pw\@$nobody" }, qr/cannot reach/],
        ['a proxy of no kind',       { http_proxy => "gopher://me:$pw\@$nobody" }, qr/prox/],
        ['a proxy that is none',     { http_proxy => "http://me:$pw\@:x:y" }, qr/./],
        ['a proxy far away',         { http_proxy => "http://me:$pw\@a.example:1" }, qr/^http_proxy cannot be used/],
    ) {
        my ($name, $options, $says) = @$case;
        my $log = "$TMP/password-" . ++$number . '.jsonl';
        my $run = run_filter($sim, in => $clip, loglevel => 'trace', options => { prompt => 'x', log_path => $log, %$options }, timeout => 90);
        cmp_ok($run->{status}, '>', 0, "$name: an error");
        ok((grep { /$says/ } filter_lines($run)), "$name: says $says") or diag $run->{err};
        # FFmpeg itself repeats the command line when it is told to log everything
        my @said = grep { index($_, $pw) >= 0 && !/^Setting '/ } filter_lines($run);
        is("@said", '', "$name: the password is not shown");
        is((grep { index(slurp($_), $pw) >= 0 } grep { -f } $log, files_below($run->{own})) + 0, 0, "$name: nor kept");
    }
    is(scalar $sim->requests('create'), 0, 'nothing was bought');

    # an option that is refused makes FFmpeg 5.1 repeat all of them, but not the filter
    for my $case (
        ['reference',      { reference => "https://me:$pw\@a.example/1.png" }, qr/^reference: a URL may not/],
        ['another option', { http_proxy => "http://me:$pw\@$nobody", seam => 'blend' }, qr/^seam=blend needs/],
    ) {
        my ($name, $options, $says) = @$case;
        my $run = run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'x', %$options });
        error_line("$name is refused", $run, $says);
        my @said = grep { index($_, $pw) >= 0 && !/Error initializing filter 'runway_v2v' with args '/ } split /\n/, $run->{err};
        is("@said", '', "$name: the password is only in what FFmpeg repeats");
    }

    # in the environment it is not even said by FFmpeg, which repeats options
    my $report = "$TMP/password.log";
    my $run = run_filter(undef, in => $clip, loglevel => 'trace', options => { prompt => 'x', base_url => 'https://a.invalid/x', log_path => "$TMP/password.jsonl" },
        env => { https_proxy => "http://me:$pw\@$nobody", FFREPORT => 'file=' . ($report =~ s/:/\\:/gr) . ':level=56' }, timeout => 90);
    like($run->{err}, qr/cannot reach a\.invalid:443 through the proxy/, "the environment's proxy is used");
    my %text = (stderr => $run->{err}, map { ($_ => slurp($_)) } $report, "$TMP/password.jsonl", files_below($run->{own}));
    is(join(' ', grep { index($text{$_}, $pw) >= 0 } sort keys %text), '', 'and its password is nowhere');
    $run = run_filter($sim, in => $clip, loglevel => 'error', options => { prompt => 'x', seam => 'blend' }, env => { https_proxy => "http://me:$pw\@$nobody" });
    error_line('an option is refused', $run, qr/^seam=blend needs/);
    is(index($run->{err}, $pw), -1, 'nor is it repeated then');
};

# Starts ffmpeg, calls back while a task is under way, returns the run.
sub watch {
    my ($sim, $while, %opt) = @_;
    my $what = filter_command($sim, in => $clip, options => { prompt => 'echo', %{ $opt{options} || {} } });
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp 0, 0;
        $ENV{$_} = $what->{env}{$_} for keys %{ $what->{env} };
        umask 0;        # what is private is not so by the user's grace
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$what->{own}/stdout";
        open STDERR, '>', "$what->{own}/stderr";
        exec { $FFMPEG } @{ $what->{command} } or POSIX::_exit(127);
    }
    my $until = time + 60;
    my %names;
    until ($sim->requests('read') || time > $until || waitpid($pid, WNOHANG) == $pid) {
        $names{$_}++ for files_below("$what->{own}/tmp");
        sleep 0.002;
    }
    $while->($pid, $what);
    $names{$_}++ for files_below("$what->{own}/tmp");
    my $gone = 0;
    while (!($gone = waitpid($pid, WNOHANG)) && time < $until) { sleep 0.01 }
    if (!$gone) { kill KILL => $pid; waitpid $pid, 0 }
    return { %$what, err => slurp("$what->{own}/stderr"), stdout => slurp("$what->{own}/stdout"), names => \%names,
        signal => $? & 127, status => $? >> 8 };
}

subtest 'temporary files while it runs' => sub {
    my $sim = RunwayTest::Simulator->start('--latency' => 10);
    my $run = watch($sim, sub {
        my ($pid, $what) = @_;
      SKIP: {
            skip 'no /proc here to look into', 3 if !-d "/proc/$pid/fd";
            my @open = grep { (readlink($_) // '') =~ /^\Q$what->{own}\E\/tmp\// } glob "/proc/$pid/fd/*";
            cmp_ok(scalar @open, '>=', 1, 'the clip is in a temporary file');
            is((grep { (stat $_)[2] & 077 } @open), 0, 'which nobody else may open');
            is((grep { (stat $_)[3] } @open), 0, 'and which has no name');
        }
        my $cmdline = -r "/proc/$pid/cmdline" ? slurp("/proc/$pid/cmdline") : '';
        is(index($cmdline, $KEY), -1, 'the key is not on the command line');
    });
    is($run->{status}, 0, 'ends well') or diag $run->{err};
    # a name may be seen between its making and its unlinking, two calls apart
    cmp_ok(keys(%{ $run->{names} }) + 0, '<=', 2, 'no name stays');
    is(temporary_files($run), '', 'nothing is left');
    my @open = grep { my $mode = (stat $_)[2]; $mode & 077 } grep { m{/(state|cache)/} } files_below($run->{own});
    is("@open", '', 'journal and results are the user\'s alone, whatever the umask');
};

subtest 'however it ends' => sub {
    for my $signal (qw(KILL TERM INT)) {
        my $sim = RunwayTest::Simulator->start('--latency' => 20);
        my $run = watch($sim, sub { kill $signal => $_[0] });
        isnt("$run->{signal} $run->{status}", '0 0', "SIG$signal ends it");
        is(temporary_files($run), '', "SIG$signal: no temporary file is left");
        is(leaks($run->{err}), '', "SIG$signal: nothing secret is said");
    }
    my $sim = RunwayTest::Simulator->start('--latency' => 0.1);
    my $run = run_filter($sim, in => $clip, options => { prompt => 'echo' }, env => { TMPDIR => "$TMP/nowhere" }, loglevel => 'error');
    error_line('TMPDIR that is not there', $run, qr/\Q$TMP\E\/nowhere/) if $run->{status};
    is($run->{status} ? 0 : scalar(@{ packets($run->{out}, 'v:0') }), $run->{status} ? 0 : 24, 'or it goes elsewhere');
};

done_testing;
