#!/usr/bin/env perl
# One look by stills: stills_dir writes the first frame of each clip in a dry run,
# keyframe_dir sends each with the clip that begins there; what is in the directory
# is trusted as little as what other options name.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;
use FilterTest;

my ($W, $H) = (160, 96);
my $film = lossless_clip(size => "${W}x$H", seconds => 5, rate => 24);
my %OPTIONS = (model => 'aleph2', provider => 'runway', prompt => 'echo', clip_duration => 2);
my $sim = RunwayTest::Simulator->start('--latency' => 0);

sub ran {
    my ($options, %opt) = @_;
    return run_filter($opt{sim} // $sim, in => $opt{in} // $film, loglevel => $opt{loglevel} // 'warning',
        options => { %OPTIONS, base_url => $sim->{runway}, %$options },
        env => { RUNWAYML_API_SECRET => 'key', COMETAPI_KEY => undef }, %opt);
}

sub names { return join ' ', map { basename($_) } sort glob "$_[0]/*" }

sub directory {
    my ($name, @names) = @_;
    mkdir "$TMP/$name" or die "$name: $!\n";
    my $picture = slurp("$TMP/picture.png");
    spew("$TMP/$name/$_", $picture) for @names;
    return "$TMP/$name";
}

# The keyframes of the clips sent since $before creates, in the order of the film.
sub sent {
    my ($before) = @_;
    my @all = $sim->requests('create');
    return map { join '+', map { $_->{seconds} } @{ $_->{keyframes} // [] } } map { $_->{body} } @all[$before .. $#all];
}

my $made = run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i), "color=red:s=${W}x$H", '-frames:v', 1, "$TMP/picture.png"]);
is($made->{status}, 0, 'a picture') or diag $made->{err};

subtest 'stills of a plan' => sub {
    my $dir = "$TMP/stills";
    my $run = ran({ dry_run => 1, stills_dir => $dir });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    is($run->{err}, '', 'without a warning');
    is(names($dir), '000000.000.png 000002.000.png 000004.000.png', 'one for each clip, named by its time');
    is((stat "$dir/000002.000.png")[2] & 0777, 0600, 'for the user alone');
    for my $n (0, 48, 96) {
        my ($alike) = @{ psnr_per_frame(sprintf('%s/%010.3f.png', $dir, $n / 24), 'format=rgb24', $film, "select=eq(n\\,$n),format=rgb24") };
        cmp_ok($alike, '>', 22, "frame $n is in it");
    }
    # an edited one is not lost by the same command
    spew("$dir/000002.000.png", 'edited');
    $run = ran({ dry_run => 1, stills_dir => $dir });
    is($run->{status}, 0, 'again');
    is(slurp("$dir/000002.000.png"), 'edited', 'one that exists is left as it is');
    like($run->{err}, qr/stills_dir: \S+000002\.000\.png exists already, and is left as it is/, 'and that is said');
    # a URL in a path's place is one, and its password is not shown
    my $odd = "$dir/https://me:pw-5d\@a.example";
    ran({ dry_run => 1, stills_dir => $odd });
    $run = ran({ dry_run => 1, stills_dir => $odd });
    like($run->{err}, qr/exists already/, 'where a URL is in its place, too');
    unlike($run->{err}, qr/pw-5d/, 'without the password');
    my $away = spew("$TMP/away", '');
    unlink "$dir/000004.000.png";
    symlink $away, "$dir/000004.000.png";
    ran({ dry_run => 1, stills_dir => $dir });
    is(-s $away, 0, 'nothing is written through a link');
    is(scalar $sim->requests, 0, 'nothing was asked of the service');
};

# A still has its name once it is whole, and another one until then.
subtest 'while others write the same one' => sub {
    my $dir = directory('others');
    my $others = spew("$dir/000002.000.png.part", 'half of one');
    my $run = ran({ dry_run => 1, stills_dir => $dir });
    is($run->{status}, 0, 'it goes well') or diag $run->{err};
    is($run->{err}, '', 'without a warning');
    is(names($dir), '000000.000.png 000002.000.png 000002.000.png.part 000004.000.png', 'all stills are there');
    is(slurp($others), 'half of one', 'and what somebody else has begun is left alone');
    is(probe("$dir/000002.000.png")->{video}{width}, $W, 'they are pictures');
};

subtest 'where there is no space' => sub {
    my $dir = directory('full');
    local $SIG{XFSZ} = 'IGNORE';
    my $run = run_cmd(['sh', '-c', 'ulimit -f 1; exec "$@"', 'sh', $FFMPEG, qw(-hide_banner -nostdin -v error -i), $film, '-vf',
        'noise=alls=100:allf=t,' . filter_graph(%OPTIONS, base_url => $sim->{runway}, dry_run => 1, stills_dir => $dir), qw(-f null -)],
        env => { RUNWAYML_API_SECRET => 'key', COMETAPI_KEY => undef, XDG_STATE_HOME => "$TMP/state-full" });
    error_line('what cannot be written', $run, qr/^stills_dir: \S+000000\.000\.png cannot be written: File too large/);
    is(names($dir), '', 'and nothing is left');
};

subtest 'times as the filter sees them' => sub {
    my $run = ran({ dry_run => 1, stills_dir => "$TMP/later" }, before => 'setpts=PTS+100/TB,setsar=2');
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    is(names("$TMP/later"), '000100.000.png 000102.000.png 000104.000.png', 'of a film that begins later');
    is(probe("$TMP/later/000100.000.png")->{video}{width}, 2 * $W, 'pixels are square');
    # 128 times as wide are more columns than a picture should have
    $run = ran({ dry_run => 1, stills_dir => "$TMP/wide" }, before => "setsar=128:max=1000");
    is($run->{status}, 0, 'very wide pixels') or diag $run->{err};
    my $still = probe("$TMP/wide/000000.000.png")->{video};
    is("$still->{width}x$still->{height}", $W . 'x' . int($H / 128 + 0.5), 'are square in fewer lines');
    $run = ran({ dry_run => 1, stills_dir => "$TMP/overlap", seam => 'blend', overlap => 0.25 });
    is(names("$TMP/overlap"), '000000.000.png 000001.750.png 000003.500.png', 'where clips overlap, each begins ahead');
};

subtest 'each with its clip' => sub {
    my $before = () = $sim->requests('create');
    # the second by a name as people write it, a third of a frame off; others are
    # no pictures for us
    my $dir = directory('look', '000000.000.png', '00:00:02.014.png', '4.PNG', '.hidden.png', 'notes.txt', '000002.000.xcf');
    my $run = ran({ keyframe_dir => $dir, concurrency => 1 });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    is($run->{err}, '', 'without a warning');
    is(join(' ', sent($before)), '0 0 0', 'at its beginning');
    # a red picture is seen there
    my ($red) = unpack 'C*', raw_frames($run->{out}, 'select=eq(n\,48),scale=1:1,format=rgb24', 3)->[0];
    cmp_ok($red, '>', 200, 'and the model has seen it');
    $run = ran({ keyframe_dir => $dir, keyframe => "1=$TMP/picture.png", concurrency => 1 });
    is((sent($before))[3], '0+1', 'beside a keyframe');
};

subtest 'two pictures for one time' => sub {
    my $before = () = $sim->requests('create');
    my $dir = directory('both', '0.png', '2.010.png');
    my $run = ran({ keyframe_dir => $dir, keyframe => "2=$TMP/picture.png", concurrency => 1 });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    is(join(' ', sent($before)), '0 0 ', 'only one of them is sent');
    like($run->{err}, qr/^.*keyframe_dir: \S+\/2\.010\.png is not used, as keyframe has a picture for 2\.000 s$/m, 'and which one is said');
};

# Time steps back, and another take begins at the same one.
subtest 'two clips for one time' => sub {
    my $before = () = $sim->requests('create');
    my %back = (before => 'setpts=if(gte(N\,60)\,PTS-2.5/TB\,PTS)');
    my $run = ran({ keyframe_dir => directory('back', '0.png', '2.png'), concurrency => 1 }, %back);
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    is(join('|', sent($before)), '0|0||', 'only the first has it');
    like($run->{err}, qr/keyframe_dir: \S+\/0\.png is not sent again, with a second clip that begins at 0\.000 s$/m, 'which is said');
};

subtest 'a still of another shape' => sub {
    my $dir = directory('shape');
    for my $case (['0', "${W}x$H"], ['2', '100x400'], ['4', '16x16']) {
        my $made = run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i), "color=blue:s=$case->[1]", '-frames:v', 1, "$dir/$case->[0].png"]);
        is($made->{status}, 0, "a still of $case->[1]");
    }
    my $run = ran({ keyframe_dir => $dir, dry_run => 1 });
    is($run->{status}, 0, 'goes well') or diag $run->{err};
    is(join(' ', $run->{err} =~ /(\w+\.png) has a different shape \((\d+x\d+)\) than the film/g), '2.png 100x400', 'the first is warned of, once');
};

subtest 'one that no clip begins with' => sub {
    my $dir = directory('off', '0.png', '2.030.png', '3.png');
    my $run = ran({ keyframe_dir => $dir, dry_run => 1 });
    is($run->{status}, 0, 'goes well');
    is(join(' ', $run->{err} =~ /keyframe_dir: no clip begins at (\S+) s, so \S+ was not used/g), '2.030 3.000',
        'more than half a frame off is off');
};

# Three with the first clip, four with the second, which begins at a cut.
subtest 'keyframes beside stills where clips are short' => sub {
    my $run = ran({ keyframe_dir => directory('short', '0.png', '2.png'), dry_run => 1, clip_duration => 4, scene => 10,
        keyframe => join '|', map { "$_=$TMP/picture.png" } 0.3, 0.6, 2.3, 2.6, 2.9 }, before => "negate=enable='gte(n,48)'");
    is($run->{status}, 0, 'goes well');
    is($run->{err}, '', 'without a warning');
};

subtest 'edited, it is another clip' => sub {
    my $dir = directory('edit', '0.png');
    my $state = "$TMP/state-edit";
    my $run = sub { ran({ keyframe_dir => $dir, state_dir => $state }, before => 'trim=end_frame=48') };
    my $before = () = $sim->requests('create');
    $run->(), $run->();
    is(scalar(() = $sim->requests('create')) - $before, 1, 'the same picture is paid for once');
    my $other = run_cmd([$FFMPEG, qw(-v error -nostdin -y -f lavfi -i color=blue:s=16x16 -frames:v 1), "$dir/0.png"]);
    $run->();
    is(scalar(() = $sim->requests('create')) - $before, 2, 'another one is another result');
};

subtest 'what is refused' => sub {
    my $before = () = $sim->requests;
    my $link = directory('link', '0.png');
    symlink "$TMP/picture.png", "$link/2.png";
    my $fifo = directory('fifo');
    system 'mkfifo', "$fifo/0.png";
    my $text = directory('text');
    spew("$text/0.png", 'no picture');
    my $torn = directory('torn');
    spew("$torn/0.png", substr slurp("$TMP/picture.png"), 0, -20);
    my $large = directory('large');
    open my $out, '>', "$large/0.png" or die;
    print $out "\x89PNG\r\n\x1a\n";
    truncate $out, 65 << 20;
    close $out;
    spew("$TMP/a-file", '');
    my %case = (
        'no directory'  => [{ keyframe_dir => "$TMP/none" }, qr/^keyframe_dir: \S+none cannot be read: No such file/],
        'a file'        => [{ keyframe_dir => "$TMP/a-file" }, qr/^keyframe_dir: \S+ cannot be read: Not a directory/],
        'no picture'    => [{ keyframe_dir => directory('empty', 'notes.txt') }, qr/^keyframe_dir: there is no PNG, JPEG or WebP picture in /],
        'no time'       => [{ keyframe_dir => directory('named', 'first.png') }, qr/^keyframe_dir: \S+first\.png is not named by a time/],
        'for a terminal' => [{ keyframe_dir => directory('escapes', "a\e[31m\r\xc2\x9b31mb.png") }, qr/^keyframe_dir: \S+\/a \[31m +31mb\.png is not named by a time/],
        'no such time'  => [{ keyframe_dir => directory('late', '99999999999999.png') }, qr/^keyframe_dir: \S+99\.png is not named by a time/],
        'two of a time' => [{ keyframe_dir => directory('twice', '2.png', '2.0.png') }, qr/^keyframe_dir: .* are for the same time/],
        'a link'        => [{ keyframe_dir => $link }, qr/^keyframe_dir: \S+2\.png is not a regular file/],
        'a pipe'        => [{ keyframe_dir => $fifo }, qr/^keyframe_dir: \S+0\.png is not a regular file/],
        'a text'        => [{ keyframe_dir => $text }, qr/^keyframe_dir: \S+0\.png is not a PNG, JPEG or WebP picture/],
        'half of one' => [{ keyframe_dir => $torn }, qr/^keyframe_dir: \S+0\.png is not a whole PNG picture: its end is missing/],
        'two keyframes of a time' => [{ keyframe => "2=$TMP/picture.png|2.0=$TMP/picture.png" }, qr/^keyframe: two are for 2 s/],
        'too large'     => [{ keyframe_dir => $large }, qr/^keyframe_dir: \S+0\.png is larger than/],
        'beside a range' => [{ keyframe_dir => directory('range', '2.png'), keyframe => "3-4=$TMP/picture.png" },
            qr/^keyframe: the one at 3 s has a range and can be in one clip with \S+2\.png of keyframe_dir/],
        'too many beside it' => [{ keyframe_dir => directory('many', '0.png', '2.png'),
            keyframe => join '|', map { "$_=$TMP/picture.png" } 2.3, 2.6, 3, 3.3, 3.6 },
            qr/^keyframe: 5 can be in one clip with \S+\/2\.png of keyframe_dir, but model aleph2 supports 5; leave out one of them, or the still/],
        'another model' => [{ keyframe_dir => $link, model => 'gen4_aleph' }, qr/^keyframe_dir: model gen4_aleph does not support keyframes/],
        'no plan'       => [{ stills_dir => "$TMP/x" }, qr/^stills_dir is for dry_run=1/],
        'no place'      => [{ stills_dir => "$TMP/a-file/x", dry_run => 1 }, qr/^stills_dir: /],
    );
    for my $name (sort keys %case) {
        my ($options, $says) = @{ $case{$name} };
        error_line($name, ran($options, loglevel => 'error'), $says);
    }
    is(scalar(() = $sim->requests), $before, 'nothing was sent');
};

done_testing;
