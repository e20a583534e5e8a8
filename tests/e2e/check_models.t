#!/usr/bin/env perl
# The table of models against what Runway publishes: its SDK, where that is
# installed, shows no difference; and whatever is changed there is noticed.
#
# This file is part of runway_v2v, LGPL 2.1 or later.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Test::More;

use RunwayTest;

my $script = "$ROOT/scripts/check-models";
my $table = "$ROOT/vf_runway/runway/api/models.c";

sub check {
    my (@args) = @_;
    return run_cmd([$^X, $script, @args], dir => $ROOT);
}

# One model as openapi.json describes it, with what is to be wrong.
sub openapi {
    my (%change) = @_;
    my %properties = (
        model => { type => 'string', const => 'hailuo3' }, promptVideo => { type => 'string' },
        promptText => { type => 'string', minLength => 1, maxLength => 6000 },
        duration => { type => 'integer', minimum => 5, maximum => 15 },
        ratio => { type => 'string', enum => [qw(adaptive 21:9 16:9 4:3 1:1 3:4 9:16)] },
        resolution => { type => 'string', enum => [qw(768p 2k 768P 2K)] },
        references => { '$ref' => '#/components/schemas/References' },
        referenceAudio => { type => 'array' }, referenceVideos => { type => 'array' },
    );
    %properties = (%properties, %change);
    delete $properties{$_} for grep { !$properties{$_} } keys %properties;
    return spew("$TMP/openapi.json", json({
        paths => { '/v1/video_to_video' => { post => { requestBody => { content => { 'application/json' => { schema => {
            oneOf => [{ type => 'object', required => [qw(model promptText promptVideo)], properties => \%properties }],
        } } } } } } },
        components => { schemas => { References => { type => 'array', maxItems => 9 } } },
    }));
}

subtest 'openapi.json' => sub {
    # the other models are not in this one
    my $lines = sub { return join "\n", grep { /^hailuo3/ } split /\n/, check(openapi(@_))->{out} };
    is($lines->(), '', 'as it is: no difference');
    for my $case (
        [[duration => { type => 'integer', minimum => 4, maximum => 15 }], 'hailuo3, reference: the least duration is 4, and in the table 5'],
        [[duration => { type => 'integer', minimum => 5, maximum => 20 }], 'hailuo3, reference: the most is 20, and in the table 15'],
        [[promptText => { type => 'string', maxLength => 7000 }], 'hailuo3: the longest promptText is 7000, and in the table 6000'],
        [[references => { type => 'array', maxItems => 4 }], 'hailuo3: the most references is 4, and in the table 9'],
        [[seed => { type => 'integer' }], 'hailuo3: has seed, and not in the table'],
        [[strength => { type => 'number' }], 'hailuo3: has strength, which nothing here knows'],
        [[resolution => undef], 'hailuo3: has no RESOLUTION, and in the table it has'],
        [[resolution => { type => 'string', enum => [qw(768p 2k 4k)] }], 'hailuo3: resolution has 4k, and the table has not'],
        [[ratio => { type => 'string', enum => [qw(21:9 16:9 4:3 1:1 3:4)] }], 'hailuo3: ratio has no 9:16, and the table has'],
        [[promptVideo => undef, videoUri => { type => 'string' }], 'hailuo3: the clip goes to videoUri, and in the table to promptVideo'],
    ) {
        my ($change, $says) = @$case;
        is($lines->(@$change), $says, $says);
    }
    is(check(openapi())->{status}, 1, 'models that are missing are differences');
    is(check(spew("$TMP/none.json", '{}'))->{status}, 2, 'nothing to compare');
    is(check("$TMP/nowhere")->{status}, 2, 'nowhere');
};

subtest 'the SDK' => sub {
    my $types = "$BUILD/sdk/node_modules/\@runwayml/sdk/resources/video-to-video.d.ts";
    plan skip_all => "Runway's SDK is not here (make check fetches it)" if !-e $types;
    my $run = check("$BUILD/sdk");
    is($run->{status}, 0, 'no difference') or diag $run->{out};
    like($run->{out}, qr/^8 models compared, no difference$/, 'and all were compared');
    my $text = slurp($types);
    for my $case (
        ['seed\?: number', 'grain?: number', qr/^aleph2: has grain, which nothing here knows\naleph2: has no SEED, and in the table it has$/],
        ["'21:9';", "'21:9' | '2:1';", qr/^aleph2: targetAspectRatio has 2:1, and the table has not$/],
        ["model: 'hailuo3'", "model: 'hailuo4'", qr/^hailuo4: is not in the table\nhailuo3: is in the table only$/],
        ["'reference' \\| 'extend' \\| 'edit'", "'extend' | 'edit'", qr/^seedance2_5: mode has no reference, and the table has$/],
        ['3500 characters', '3600 characters', qr/^seedance2: the longest promptText is 3600, and in the table 3500$/],
    ) {
        my ($from, $to, $says) = @$case;
        my $changed = $text =~ s/$from/$to/r;
        isnt($changed, $text, "$to: is a change");
        like(check(spew("$TMP/changed.d.ts", $changed))->{out} =~ s/\n\d+ models compared.*\n//r, $says, "$to: is noticed");
    }
    my $code = slurp($table) =~ s/"1104:832", //r;
    is(check("$BUILD/sdk", spew("$TMP/models.c", $code =~ s/"854:480", //r))->{out},
        "seedance2_5: ratio has 854:480, and the table has not\n8 models compared, 1 differences\n", 'and a change of the table');
};

done_testing;
