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
#include "core_test.h"

static const char *const names[] = {
    "gen4_aleph", "aleph2", "gemini_omni_flash", "gemini_omni_flash_1.1",
    "seedance2", "seedance2_fast", "seedance2_mini", "seedance2_5", "hailuo3"
};

/* of the other endpoints; none has a prompt */
static const struct {
    const char *name;
    RunwayEndpoint endpoint;
} others[] = {
    { "ruby", RUNWAY_VIDEO_TO_HDR },
    { "magnific_video_upscaler_creative", RUNWAY_VIDEO_UPSCALE },
    { "upscale_v1", RUNWAY_VIDEO_UPSCALE },
};

#define NB_NAMES (sizeof(names) / sizeof(*names))

static const RunwayModel *find(const char *name)
{
    const RunwayModel *model = find_model(name);

    assert_non_null(model);
    return model;
}

static const RunwayModel *in_mode(const char *name, RunwayMode mode)
{
    const RunwayModel *model;

    ff_runway_model_choose(name, mode, &model, NULL);
    return model;
}

static int64_t credits_of(const RunwayModel *model, int64_t duration,
                          const char *format, int64_t pixels)
{
    const RunwayPriced what = { duration, 0, format, pixels, NULL, 0 };

    return ff_runway_credits(model, &what);
}

static void check_entry(const RunwayModel *m)
{
    unsigned sent = RUNWAY_FIELD_RATIO | RUNWAY_FIELD_ASPECT;
    int64_t before = 0;
    int w, h;

    assert_true(ff_runway_model_is_known(m));
    assert_true(!strcmp(m->source_field, "videoUri") ||
                !strcmp(m->source_field, "promptVideo"));
    assert_true(m->fields & RUNWAY_FIELD_PROMPT);
    assert_true(m->max_prompt >= 1000);
    assert_true(m->best_duration > 0);
    assert_true(m->best_duration >= m->min_duration);
    assert_true(m->best_duration <= m->max_duration);
    /* a clip that is filled up to whole seconds stays within these */
    assert_int_equal(m->min_duration % 1000000, 0);
    assert_int_equal(m->max_duration % 1000000, 0);
    assert_true(!(m->fields & sent) || m->ratios);
    assert_int_equal(m->size_follows_input,
                     !m->ratios || m->fields & RUNWAY_FIELD_ASPECT);
    assert_false(m->ratios_are_shapes && !m->ratios);
    assert_true((m->fields & RUNWAY_FIELD_KEYFRAMES) || !m->max_keyframes);
    /* it is one or the other */
    assert_false((m->fields & RUNWAY_FIELD_DURATION) &&
                 (m->fields & RUNWAY_FIELD_DURATION_AUTO));
    assert_true(m->mode == RUNWAY_MODE_EDIT ||
                (m->fields & RUNWAY_FIELD_DURATION));
    for (int i = 0; m->ratios && m->ratios[i]; i++) {
        assert_true(ff_runway_ratio_parse(m->ratios[i], &w, &h));
        /* no picture is 21 pixels wide, and no shape 100 to something */
        assert_int_equal(m->ratios_are_shapes, w < 100);
    }
    for (const RunwayPrice *p = m->prices;; p++) {
        assert_true(p->output > 0 && p->input >= 0);
        assert_true(!p->max_pixels || p->max_pixels > before);
        assert_true(p->name || (p == m->prices && !p->max_pixels));
        before = p->max_pixels;
        if (!before)
            break;
        assert_true(p[1].output > p->output);
    }
}

static void test_table(void **state)
{
    int nb[2] = { 0, 0 };

    (void)state;
    for (size_t i = 0; i < NB_NAMES; i++) {
        for (int mode = 0; mode < 2; mode++) {
            const RunwayModel *m = in_mode(names[i], (RunwayMode)mode);

            if (!m)
                continue;
            assert_string_equal(m->name, names[i]);
            assert_int_equal(m->mode, mode);
            check_entry(m);
            nb[mode]++;
        }
    }
    assert_int_equal(nb[RUNWAY_MODE_EDIT], 5);
    assert_int_equal(nb[RUNWAY_MODE_REFERENCE], 6);
}

static void test_modes(void **state)
{
    const RunwayModel *model;
    RunwayError err;

    (void)state;
    assert_int_equal(ff_runway_model_choose("seedance2", RUNWAY_MODE_EDIT,
                                            &model, &err), RUNWAY_INVALID);
    assert_null(model);
    assert_non_null(strstr(err.text, "only as a reference"));
    assert_non_null(strstr(err.text, "mode=reference"));
    assert_int_equal(ff_runway_model_choose("aleph2", RUNWAY_MODE_REFERENCE,
                                            &model, &err), RUNWAY_INVALID);
    assert_null(model);
    assert_non_null(strstr(err.text, "leave mode set to edit"));
    assert_int_equal(ff_runway_model_choose("aleph9", RUNWAY_MODE_REFERENCE,
                                            &model, &err), RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "body"));
    /* each mode has its own fields */
    model = in_mode("seedance2_5", RUNWAY_MODE_EDIT);
    assert_false(model->fields & (RUNWAY_FIELD_RATIO | RUNWAY_FIELD_DURATION));
    assert_true(model->fields & RUNWAY_FIELD_PROMPT_REQUIRED);
    assert_true(model->size_follows_input);
    model = in_mode("seedance2_5", RUNWAY_MODE_REFERENCE);
    assert_true(model->fields & RUNWAY_FIELD_RATIO);
    assert_true(model->fields & RUNWAY_FIELD_DURATION);
    assert_false(model->fields & RUNWAY_FIELD_PROMPT_REQUIRED);
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
    for (size_t i = 0; i < NB_NAMES; i++)
        assert_ptr_not_equal(find(names[i]), m);
}

/* What no result of a model is larger than, whatever the clip is. */
static void test_largest_result(void **state)
{
    static const struct { const char *name, *ratio; int64_t pixels; } cases[] = {
        { "gen4_aleph",            "auto",      1584 * 672 },
        { "aleph2",                "auto",      0 },
        { "aleph2",                "21:9",      -1 },
        { "gemini_omni_flash",     "auto",      1280 * 720 },
        { "gemini_omni_flash_1.1", "auto",      3840 * 2160 },
        { "gemini_omni_flash_1.1", "640:360",   640 * 360 },
        { "ruby",                  "auto",      0 },
        { "magnific_video_upscaler_creative", "auto", -1 },
        { "upscale_v1",            "auto",      -1 },
        { "aleph9",                "auto",      -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(ff_runway_largest_result(find(cases[i].name),
                                                  cases[i].ratio),
                         cases[i].pixels);
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

/* what is too small gives way to a shape that nobody could distinguish, and to no
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
    /* the longest list is printed to its end, and how a colon is written */
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
        { "seedance2_5", 15000 }, { "gemini_omni_flash", 4000 },
        { "gemini_omni_flash_1.1", 4000 }, { "hailuo3", 6000 },
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
}

/* By model, mode, size, seconds and references. */
static void test_prices(void **state)
{
    static const struct {
        const char *name;
        RunwayMode mode;
        int w, h, seconds;
        const char *resolution;
        int nb_references;
        int credits;
        const char *class;
    } cases[] = {
        { "gemini_omni_flash", RUNWAY_MODE_EDIT, 1280, 720, 10, NULL, 5, 110,
          NULL },
        { "gemini_omni_flash_1.1", RUNWAY_MODE_EDIT, 640, 360, 10, NULL, 0, 34,
          "360p" },
        { "gemini_omni_flash_1.1", RUNWAY_MODE_REFERENCE, 720, 1280, 10, NULL,
          0, 110, "720p" },
        { "gemini_omni_flash_1.1", RUNWAY_MODE_EDIT, 1920, 1080, 1, NULL, 0, 16,
          "1080p" },
        { "gemini_omni_flash_1.1", RUNWAY_MODE_EDIT, 3840, 2160, 2, NULL, 0, 60,
          "4K" },
        { "seedance2", RUNWAY_MODE_REFERENCE, 640, 640, 4, NULL, 9, 144,
          "720p" },
        { "seedance2", RUNWAY_MODE_REFERENCE, 1112, 834, 15, NULL, 0, 540,
          "720p" },
        { "seedance2", RUNWAY_MODE_REFERENCE, 2206, 946, 4, NULL, 0, 160,
          "1080p" },
        { "seedance2", RUNWAY_MODE_REFERENCE, 3840, 1646, 4, NULL, 0, 600,
          "4K" },
        { "seedance2_fast", RUNWAY_MODE_REFERENCE, 1280, 720, 4, NULL, 0, 116,
          NULL },
        { "seedance2_mini", RUNWAY_MODE_REFERENCE, 1280, 720, 4, NULL, 0, 64,
          NULL },
        { "seedance2_mini", RUNWAY_MODE_REFERENCE, 1280, 720, 3, NULL, 0, 64,
          NULL },
        { "seedance2_5", RUNWAY_MODE_EDIT, 854, 480, 4, NULL, 0, 120, "480p" },
        { "seedance2_5", RUNWAY_MODE_EDIT, 854, 480, 2, NULL, 0, 80, "480p" },
        { "seedance2_5", RUNWAY_MODE_EDIT, 1280, 720, 10, NULL, 0, 450,
          "720p" },
        { "seedance2_5", RUNWAY_MODE_REFERENCE, 1920, 1080, 5, NULL, 0, 510,
          "1080p" },
        { "hailuo3", RUNWAY_MODE_REFERENCE, 1280, 720, 5, NULL, 2, 104,
          "768p" },
        { "hailuo3", RUNWAY_MODE_REFERENCE, 1280, 720, 5, "2k", 0, 150, "2k" },
        { "hailuo3", RUNWAY_MODE_REFERENCE, 1920, 1080, 15, NULL, 0, 450,
          "2k" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const RunwayModel *m = in_mode(cases[i].name, cases[i].mode);
        const RunwayPriced what = {
            cases[i].seconds * 1000000LL, 0, NULL,
            (int64_t)cases[i].w * cases[i].h, cases[i].resolution,
            cases[i].nb_references,
        };
        const RunwayPrice *price = ff_runway_price_class(m, what.pixels,
                                                         what.resolution);

        if (ff_runway_credits(m, &what) != cases[i].credits)
            fail_msg("%s: %d credits, not %d", cases[i].name,
                     (int)ff_runway_credits(m, &what), cases[i].credits);
        assert_non_null(price);
        if (cases[i].class)
            assert_string_equal(price->name, cases[i].class);
        else
            assert_null(price->name);
    }
    assert_null(ff_runway_price_class(find("hailuo3"), 1, "4K"));
    assert_null(ff_runway_price_class(find("aleph9"), 1, NULL));
}

/* HDR is billed linearly, by the size; upscaling by the frame */
static void test_other_endpoints(void **state)
{
    const RunwayModel *ruby = find("ruby");
    const RunwayModel *magnific = find("magnific_video_upscaler_creative");
    const struct {
        const char *resolution;
        int64_t duration, frame, credits;
    } cases[] = {
        { "2k", 5000000, 40000, 113 }, /* 125 frames, 0.9 cents each */
        { "4k", 5000000, 40000, 150 },
        { "1k", 5000000, 40000, 88 },
        { "2k", 3000001, 41667, 65 },  /* 72 frames */
    };
    int w = 0, h = 0;

    (void)state;
    assert_int_equal(ff_runway_model_timeout(magnific), 7200000000);
    assert_int_equal(ff_runway_model_timeout(ruby), 1800000000);
    assert_int_equal(ff_runway_model_timeout(NULL), 1800000000);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        const RunwayModel *m = find(others[i].name);

        assert_int_equal(m->endpoint, others[i].endpoint);
        assert_string_equal(m->source_field, "videoUri");
        assert_false(m->fields & (RUNWAY_FIELD_PROMPT | RUNWAY_FIELD_SEED));
        assert_true(m->best_duration > 0);
        assert_true(m->endpoint != RUNWAY_VIDEO_UPSCALE || m->sizes ||
                    m->times > 1);
    }
    assert_int_equal(find("aleph2")->endpoint, RUNWAY_VIDEO_TO_VIDEO);
    assert_int_equal(credits_of(ruby, 2500000, "hdr10", 1920 * 1080), 50);
    assert_int_equal(credits_of(ruby, 2500000, "hdr_prores", 1920 * 1080), 50);
    assert_int_equal(credits_of(ruby, 2500000, "hlg", 3840 * 2160), 100);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const RunwayPriced what = { cases[i].duration, cases[i].frame, NULL, 1,
                                    cases[i].resolution, 0 };

        assert_int_equal(ff_runway_credits(magnific, &what), cases[i].credits);
    }
    assert_true(ff_runway_larger_size(magnific, "2k", 640, 360, &w, &h));
    assert_int_equal(w, 1920);
    assert_int_equal(h, 1080);
    assert_false(ff_runway_larger_size(magnific, "4k", 640, 360, &w, &h));
    assert_false(ff_runway_larger_size(magnific, "2k", 642, 360, &w, &h));
    assert_true(ff_runway_larger_size(find("upscale_v1"), NULL, 320, 180, &w,
                                      &h));
    assert_int_equal(w, 1280);
    assert_int_equal(h, 720);
    assert_true(ff_runway_larger_size(find("upscale_v1"), NULL, 1920, 1080, &w,
                                      &h));
    assert_int_equal(w, 4096);
    assert_int_equal(h, 2304);
}

/* what auto takes of a size is in no dearer class than the size itself */
static void check_class(const RunwayModel *m, int w, int h)
{
    const char *ratio = NULL;
    const RunwayPrice *needed, *taken;
    int rw, rh;

    assert_int_equal(ff_runway_ratio_choose(m, "auto", w, h, &ratio, NULL),
                     RUNWAY_OK);
    assert_true(ff_runway_ratio_parse(ratio, &rw, &rh));
    needed = ff_runway_price_class(m, (int64_t)w * h, NULL);
    taken  = ff_runway_price_class(m, (int64_t)rw * rh, NULL);
    if (taken->output > needed->output)
        fail_msg("%s, %dx%d: %s is of class %s, and %s would do", m->name, w, h,
                 ratio, taken->name, needed->name);
}

static void test_ratio_class(void **state)
{
    static const int sides[] = { 16, 120, 360, 480, 576, 640, 720, 768, 900,
                                 1080, 1440, 1600, 1920, 2160, 3000, 3840,
                                 4096, 8000 };
    const int nb = sizeof(sides) / sizeof(*sides);
    int nb_models = 0;

    (void)state;
    for (size_t i = 0; i < NB_NAMES; i++) {
        for (int mode = 0; mode < 2; mode++) {
            const RunwayModel *m = in_mode(names[i], (RunwayMode)mode);

            /* hailuo3's class is its resolution, and not its ratio */
            if (!m || !(m->fields & RUNWAY_FIELD_RATIO) || m->ratios_are_shapes)
                continue;
            nb_models++;
            for (int j = 0; j < nb * nb; j++)
                check_class(m, sides[j / nb], sides[j % nb]);
        }
    }
    assert_int_equal(nb_models, 7);
}

/* auto never pays for more pixels than the input has */
static void test_ratio_price(void **state)
{
    static const struct { const char *name; int w, h; const char *ratio; }
    cases[] = {
        { "seedance2_5", 640, 480, "752:560" },
        { "seedance2_5", 854, 480, "854:480" },
        { "seedance2_5", 640, 360, "854:480" },
        { "seedance2_5", 1280, 720, "1280:720" },
        { "seedance2_5", 1920, 1080, "1920:1080" },
        /* 3840:1646 would be nearer */
        { "seedance2", 1400, 600, "1470:630" },
        { "seedance2", 640, 360, "1280:720" },
        { "seedance2", 1920, 823, "2206:946" },
        { "gemini_omni_flash_1.1", 640, 360, "640:360" },
        { "gemini_omni_flash_1.1", 640, 362, "1280:720" },
        { "gemini_omni_flash_1.1", 600, 300, "640:360" },
    };
    const char *ratio;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(ff_runway_ratio_choose(
                             in_mode(cases[i].name, RUNWAY_MODE_REFERENCE),
                             "auto", cases[i].w, cases[i].h, &ratio, NULL),
                         RUNWAY_OK);
        if (strcmp(ratio, cases[i].ratio))
            fail_msg("%s, %dx%d: %s, not %s", cases[i].name, cases[i].w,
                     cases[i].h, ratio, cases[i].ratio);
    }
    /* not sent, and still the shape of what comes back */
    assert_int_equal(ff_runway_ratio_choose(find("gemini_omni_flash"), "auto",
                                            640, 480, &ratio, NULL), RUNWAY_OK);
    assert_string_equal(ratio, "1280:720");
    assert_int_equal(ff_runway_ratio_choose(find("gemini_omni_flash"), "auto",
                                            480, 640, &ratio, NULL), RUNWAY_OK);
    assert_string_equal(ratio, "720:1280");
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
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_unknown_model),
        cmocka_unit_test(test_largest_result),
        cmocka_unit_test(test_ratio_parse),
        cmocka_unit_test(test_ratio_auto),
        cmocka_unit_test(test_ratio_tie),
        cmocka_unit_test(test_ratio_nearly),
        cmocka_unit_test(test_ratio_wanted),
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_prompt_limits),
        cmocka_unit_test(test_credits),
        cmocka_unit_test(test_other_endpoints),
        cmocka_unit_test(test_surcharge),
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_ratio_price),
        cmocka_unit_test(test_ratio_class),
        cmocka_unit_test(test_whole_seconds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
