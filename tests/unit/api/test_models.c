/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/models.h"

static const RunwayModel *find(const char *name)
{
    const RunwayModel *model = ff_runway_model_find(name);

    assert_non_null(model);
    return model;
}

static int64_t credits_of(const RunwayModel *model, int64_t duration,
                          const char *format, int64_t pixels)
{
    const RunwayPriced what = { duration, format, pixels };

    return ff_runway_credits(model, &what);
}

static void test_table(void **state)
{
    int n = 0;

    (void)state;
    for (const RunwayModel *m; (m = ff_runway_model_at(n)); n++) {
        int w, h;

        assert_ptr_equal(find(m->name), m);
        assert_true(ff_runway_model_is_known(m));
        assert_true(!strcmp(m->source_field, "videoUri") ||
                    !strcmp(m->source_field, "promptVideo"));
        assert_true(m->fields & RUNWAY_FIELD_PROMPT);
        assert_true(m->best_duration > 0);
        assert_true(m->best_duration >= m->min_duration);
        assert_true(!m->max_duration || m->best_duration <= m->max_duration);
        assert_true(!(m->fields & (RUNWAY_FIELD_RATIO | RUNWAY_FIELD_ASPECT)) ==
                    !m->ratios);
        assert_int_equal(m->size_follows_input,
                         !m->ratios || m->fields & RUNWAY_FIELD_ASPECT);
        assert_false(m->ratios_are_shapes && !m->ratios);
        assert_true((m->fields & RUNWAY_FIELD_KEYFRAMES) ||
                    !m->max_keyframes);
        for (int i = 0; m->ratios && m->ratios[i]; i++) {
            assert_true(ff_runway_ratio_parse(m->ratios[i], &w, &h));
            /* no picture is 21 pixels wide, and no shape 100 to something */
            assert_int_equal(m->ratios_are_shapes, w < 100);
        }
    }
    assert_int_equal(n, 9);
    assert_null(ff_runway_model_at(-1));
}

static void test_facts(void **state)
{
    const RunwayModel *m = find("gen4_aleph");

    (void)state;
    assert_int_equal(m->min_duration, 1000000);
    assert_int_equal(m->max_duration, 5000000);
    assert_int_equal(m->best_duration, 5000000);
    assert_int_equal(m->max_references, 1);
    assert_true(m->fields & RUNWAY_FIELD_PROMPT_REQUIRED);
    assert_true(m->fields & RUNWAY_FIELD_MODERATION);
    assert_false(m->fields & RUNWAY_FIELD_KEYFRAMES);

    m = find("aleph2");
    assert_int_equal(m->min_duration, 2000000);
    assert_int_equal(m->max_duration, 30000000);
    assert_int_equal(m->max_rate, 30);
    assert_int_equal(m->max_keyframes, 5);
    assert_false(m->fields & (RUNWAY_FIELD_PROMPT_REQUIRED |
                              RUNWAY_FIELD_RATIO | RUNWAY_FIELD_REFERENCES));

    assert_string_equal(find("hailuo3")->source_field, "promptVideo");
    assert_string_equal(find("seedance2_5")->source_field, "promptVideo");
    assert_int_equal(find("gemini_omni_flash_1.1")->max_duration, 10000000);
    assert_false(find("gemini_omni_flash")->fields & RUNWAY_FIELD_SEED);
}

static void test_unknown_model(void **state)
{
    const RunwayModel *m = find("aleph9");

    (void)state;
    assert_false(ff_runway_model_is_known(m));
    assert_ptr_equal(find(""), m);
    assert_ptr_equal(find("Aleph2"), m);
    assert_string_equal(m->source_field, "videoUri");
    assert_true(m->best_duration > 0);
    assert_int_equal(credits_of(m, 5000000, NULL, 0), -1);
    for (int i = 0; ff_runway_model_at(i); i++)
        assert_ptr_not_equal(ff_runway_model_at(i), m);
}

static void test_ratio_parse(void **state)
{
    static const char *const bad[] = {
        "", ":", "16", "16:", ":9", "16:9 ", " 16:9", "0:9", "16:0", "-16:9",
        "16x", "x9", "16xx9", "16x:9", "16*9", "16:9:1", "1.5:1", "123456:1", "1:123456", "auto"
    };
    int w, h;

    (void)state;
    assert_true(ff_runway_ratio_parse("1280:720", &w, &h));
    assert_int_equal(w, 1280);
    assert_int_equal(h, 720);
    assert_true(ff_runway_ratio_parse("640x480", &w, &h));
    assert_int_equal(w, 640);
    assert_int_equal(h, 480);
    assert_true(ff_runway_ratio_parse("99999:1", &w, &h));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(ff_runway_ratio_parse(bad[i], &w, &h));
}

static void check_ratio(const char *model, const char *wanted, int w, int h,
                        const char *want)
{
    const char *ratio = (void *)-1;
    RunwayError err = { RUNWAY_OK, "" };

    assert_int_equal(ff_runway_ratio_choose(find(model), wanted, w, h, &ratio,
                                            &err), RUNWAY_OK);
    if (want)
        assert_string_equal(ratio, want);
    else
        assert_null(ratio);
}

static void test_ratio_auto(void **state)
{
    (void)state;
    check_ratio("gen4_aleph", "auto", 1920, 1080, "1280:720");
    check_ratio("gen4_aleph", "auto", 1080, 1920, "720:1280");
    check_ratio("gen4_aleph", "auto", 640, 480,   "640:480");
    check_ratio("gen4_aleph", "auto", 500, 500,   "960:960");
    check_ratio("gen4_aleph", "auto", 480, 640,   "832:1104");
    check_ratio("gen4_aleph", "auto", 2560, 1080, "1584:672");
    check_ratio("gen4_aleph", "auto", 848, 480,   "848:480");
    check_ratio("gen4_aleph", "auto", 10000, 1,   "1584:672");
    check_ratio("gen4_aleph", "auto", 1, 10000,   "720:1280");
    /* the shape decides by its logarithm: 1.15 is nearer to 1.33 than to 1
     * by neither more nor less than the factor says */
    check_ratio("gen4_aleph", "auto", 1160, 1000, "1104:832");
    check_ratio("gen4_aleph", "auto", 1150, 1000, "960:960");
    check_ratio("aleph2", "auto", 1920, 1080, NULL); /* expands nothing */
    check_ratio("hailuo3", "auto", 1920, 1080, "16:9");
    check_ratio("tomorrow", "auto", 1920, 1080, NULL);
}

/* what is too small gives way to a shape that nobody tells from it, and to no
 * other */
static void test_ratio_nearly(void **state)
{
    (void)state;
    check_ratio("gen4_aleph", "auto", 1440, 1080, "1104:832");
    check_ratio("gen4_aleph", "auto", 768, 576,   "1104:832");
    check_ratio("gen4_aleph", "auto", 641, 480,   "1104:832");
    check_ratio("gen4_aleph", "auto", 640, 480,   "640:480");
    check_ratio("gen4_aleph", "auto", 320, 240,   "640:480");
    check_ratio("gen4_aleph", "auto", 1272, 720,  "1280:720");
    check_ratio("gen4_aleph", "auto", 848, 480,   "848:480");
    check_ratio("gen4_aleph", "auto", 320, 180,   "1280:720");
    check_ratio("gen4_aleph", "auto", 1000, 1000, "960:960");
    check_ratio("seedance2_5", "auto", 1920, 1080, "1920:1080");
    check_ratio("seedance2_fast", "auto", 1504, 1120, "1112:834");
    check_ratio("hailuo3", "auto", 1440, 1080, "4:3");
}

/* of equal shapes the smallest that is large enough, whatever their order */
static void test_ratio_tie(void **state)
{
    (void)state;
    check_ratio("gemini_omni_flash_1.1", "auto", 320, 180, "640:360");
    check_ratio("gemini_omni_flash_1.1", "auto", 640, 360, "640:360");
    check_ratio("gemini_omni_flash_1.1", "auto", 854, 480, "1280:720");
    check_ratio("gemini_omni_flash_1.1", "auto", 1920, 1080, "1920:1080");
    check_ratio("gemini_omni_flash_1.1", "auto", 2560, 1440, "3840:2160");
    check_ratio("gemini_omni_flash_1.1", "auto", 7680, 4320, "3840:2160");
    check_ratio("seedance2", "auto", 1080, 1080, "1440:1440");
}

static void test_ratio_wanted(void **state)
{
    const char *ratio, *own = "7:5";
    RunwayError err;

    (void)state;
    check_ratio("gen4_aleph", "848:480", 100, 900, "848:480");
    check_ratio("hailuo3", "21:9", 0, 0, "21:9");
    check_ratio("aleph2", "21:9", 0, 0, "21:9");
    assert_int_equal(ff_runway_ratio_choose(find("tomorrow"), own, 1, 1, &ratio,
                                            &err), RUNWAY_OK);
    assert_ptr_equal(ratio, own);

    assert_int_equal(ff_runway_ratio_choose(find("gen4_aleph"), "16:9", 1, 1,
                                            &ratio, &err), RUNWAY_INVALID);
    assert_null(ratio);
    for (int i = 0; find("gen4_aleph")->ratios[i]; i++)
        assert_non_null(strstr(err.text, find("gen4_aleph")->ratios[i]));
    assert_null(strstr(err.text, "colon"));
    /* the longest list is told to its end, and how a colon is written */
    ff_runway_ratio_choose(find("seedance2"), "16", 1, 1, &ratio, &err);
    assert_non_null(strstr(err.text, "2160:3840; "));
    assert_non_null(strstr(err.text, "write x instead of the colon"));

    assert_int_equal(ff_runway_ratio_choose(find("aleph2"), "1280:720", 1, 1,
                                            &ratio, &err), RUNWAY_INVALID);
    assert_int_equal(ff_runway_ratio_choose(find("tomorrow"), "wide", 1, 1,
                                            &ratio, &err), RUNWAY_INVALID);
    assert_int_equal(ff_runway_ratio_choose(find("gen4_aleph"), "auto", 0, 1,
                                            &ratio, &err), RUNWAY_INVALID);
}

static void check_prompt(const char *model, const char *prompt, int ok,
                         const char *said)
{
    RunwayError err = { RUNWAY_OK, "" };

    assert_int_equal(ff_runway_prompt_check(find(model), prompt, &err),
                     ok ? RUNWAY_OK : RUNWAY_INVALID);
    if (said)
        assert_non_null(strstr(err.text, said));
}

static void test_prompt(void **state)
{
    char text[4100] = "";

    (void)state;
    check_prompt("gen4_aleph", "night", 1, NULL);
    check_prompt("gen4_aleph", NULL, 0, "prompt_file");
    check_prompt("gen4_aleph", "", 0, "empty");
    check_prompt("aleph2", NULL, 1, NULL);
    check_prompt("aleph2", "", 0, "empty");
    check_prompt("aleph2", "\xff", 0, "UTF-8");
    check_prompt("tomorrow", NULL, 1, NULL);

    /* 1000 units of two bytes, 500 pairs of four bytes: at the limit */
    for (int i = 0; i < 1000; i++)
        strcat(text, "\xc3\xbc");
    check_prompt("gen4_aleph", text, 1, NULL);
    strcat(text, "x");
    check_prompt("gen4_aleph", text, 0, "1001");
    text[0] = 0;
    for (int i = 0; i < 500; i++)
        strcat(text, "\xf0\x9f\x8e\xac");
    check_prompt("gen4_aleph", text, 1, NULL);
    strcat(text, "x");
    check_prompt("gen4_aleph", text, 0, "1000");
}

/* each limit, at it and one over it */
static void test_prompt_limits(void **state)
{
    static const struct { const char *model; int limit; } cases[] = {
        { "gen4_aleph", 1000 }, { "aleph2", 1000 }, { "seedance2", 3500 },
        { "seedance2_fast", 3500 }, { "seedance2_mini", 3500 },
        { "seedance2_5", 15000 },
    };
    static char text[70000];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char number[24];

        memset(text, 'x', sizeof(text));
        text[cases[i].limit] = 0;
        check_prompt(cases[i].model, text, 1, NULL);
        text[cases[i].limit] = 'x';
        text[cases[i].limit + 1] = 0;
        snprintf(number, sizeof(number), "at most %d", cases[i].limit);
        check_prompt(cases[i].model, text, 0, number);
    }
    /* nobody says what the most is: the service will */
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    check_prompt("tomorrow", text, 1, NULL);
    check_prompt("hailuo3", text, 1, NULL);
}

static void test_credits(void **state)
{
    const RunwayModel *gen4 = find("gen4_aleph"), *aleph2 = find("aleph2");

    (void)state;
    assert_int_equal(credits_of(gen4, 5000000, NULL, 0), 75);
    assert_int_equal(credits_of(gen4, 5000001, NULL, 0), 76);
    assert_int_equal(credits_of(gen4, 1000000, NULL, 0), 15);
    assert_int_equal(credits_of(gen4, 0, NULL, 0), 0);
    assert_int_equal(credits_of(gen4, -1, NULL, 0), 0);
    assert_int_equal(credits_of(aleph2, 2000000, NULL, 0), 56);
    assert_int_equal(credits_of(aleph2, 500000, NULL, 0), 56);
    assert_int_equal(credits_of(aleph2, 2000001, NULL, 0), 57);
    assert_int_equal(credits_of(aleph2, 30000000, NULL, 0), 840);
    assert_int_equal(credits_of(find("hailuo3"), 5000000, NULL, 0), -1);
    /* every whole second is a whole price */
    for (int s = 2; s <= 30; s++)
        assert_int_equal(credits_of(aleph2, s * 1000000LL, NULL, 0), s * 28);
}

static void test_surcharge(void **state)
{
    const RunwayModel *m = find("aleph2");

    (void)state;
    assert_int_equal(credits_of(m, 10000000, "mp4", 9000000), 280);
    assert_int_equal(credits_of(m, 10000000, "prores", 9000000), 330);
    assert_int_equal(credits_of(m, 10000000, "sdr_rec709_10bit", 4000000), 480);
    assert_int_equal(credits_of(m, 10000000, "sdr_rec709_10bit", 4000001), 680);
    /* the least price is not on top of it */
    assert_int_equal(credits_of(m, 1000000, "prores", 0), 56);
    assert_int_equal(credits_of(m, 2000000, "prores", 0), 66);
    /* what is not known is never taken for cheap */
    assert_int_equal(credits_of(m, 10000000, "hologram", 0), 680);
    assert_int_equal(credits_of(find("seedance2"), 10000000, "prores", 0), -1);
}

static void test_whole_seconds(void **state)
{
    (void)state;
    assert_int_equal(ff_runway_whole_seconds(5000000, 41667), 5);
    assert_int_equal(ff_runway_whole_seconds(5005000, 33367), 5); /* 29.97 */
    assert_int_equal(ff_runway_whole_seconds(5041667, 41667), 5);
    assert_int_equal(ff_runway_whole_seconds(5083333, 41667), 6);
    assert_int_equal(ff_runway_whole_seconds(4600000, 41667), 5);
    assert_int_equal(ff_runway_whole_seconds(1, 41667), 1);
    assert_int_equal(ff_runway_whole_seconds(0, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_unknown_model),
        cmocka_unit_test(test_ratio_parse),
        cmocka_unit_test(test_ratio_auto),
        cmocka_unit_test(test_ratio_tie),
        cmocka_unit_test(test_ratio_nearly),
        cmocka_unit_test(test_ratio_wanted),
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_prompt_limits),
        cmocka_unit_test(test_credits),
        cmocka_unit_test(test_surcharge),
        cmocka_unit_test(test_whole_seconds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
