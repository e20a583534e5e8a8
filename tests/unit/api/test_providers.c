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

#include "api/providers.h"

static const char *comet_value, *runway_value;

static const char *fake_getenv(const char *name)
{
    if (!strcmp(name, "COMETAPI_KEY"))
        return comet_value;
    if (!strcmp(name, "RUNWAYML_API_SECRET"))
        return runway_value;
    fail_msg("%s was asked for", name);
    return NULL;
}

static void test_table(void **state)
{
    int n = 0;

    (void)state;
    for (const RunwayProvider *p; (p = ff_runway_provider_at(n)); n++) {
        assert_ptr_equal(ff_runway_provider_find(p->name), p);
        assert_non_null(p->title);
        assert_non_null(p->key_variable);
        assert_non_null(p->models[RUNWAY_VIDEO_TO_VIDEO]);
        assert_memory_equal(p->base_url, "https://", 8);
        assert_int_not_equal(p->base_url[strlen(p->base_url) - 1], '/');
        assert_memory_equal(p->key_page, "https://", 8);
    }
    assert_int_equal(n, 2);
    assert_null(ff_runway_provider_at(-1));
    assert_null(ff_runway_provider_find("auto"));
    assert_null(ff_runway_provider_find(""));
}

/* The models by default of those who have the endpoint. */
static const char *models_of(enum RunwayEndpoint endpoint)
{
    static char text[256];
    const RunwayProvider *p;

    text[0] = 0;
    for (int i = 0; (p = ff_runway_provider_at(i)); i++)
        if (p->models[endpoint]) {
            strcat(text, text[0] ? ", " : "");
            strcat(strcat(strcat(text, p->models[endpoint]), " at "), p->name);
        }
    return text;
}

/* what option help says of the table */
static void test_words(void **state)
{
    char names[256] = "", keys[256] = "";
    const RunwayProvider *p;

    (void)state;
    for (int i = 0; (p = ff_runway_provider_at(i)); i++) {
        strcat(strcat(names, i ? ", " : ""), p->name);
        strcat(strcat(keys, i ? " or " : ""), p->key_variable);
    }
    assert_string_equal(RUNWAY_PROVIDER_NAMES, names);
    assert_string_equal(RUNWAY_PROVIDER_KEYS, keys);
    assert_string_equal(RUNWAY_PROVIDER_MODELS,
                        models_of(RUNWAY_VIDEO_TO_VIDEO));
    assert_string_equal(RUNWAY_PROVIDER_HDR, models_of(RUNWAY_VIDEO_TO_HDR));
    assert_string_equal(RUNWAY_PROVIDER_UPSCALE,
                        models_of(RUNWAY_VIDEO_UPSCALE));
}

/* names that users and scripts rely on */
static void test_facts(void **state)
{
    const RunwayProvider *comet = ff_runway_provider_find("cometapi");
    const RunwayProvider *runway = ff_runway_provider_find("runway");

    (void)state;
    assert_string_equal(comet->base_url, "https://api.cometapi.com/runwayml");
    assert_string_equal(comet->key_variable, "COMETAPI_KEY");
    assert_string_equal(comet->models[RUNWAY_VIDEO_TO_VIDEO], "gen4_aleph");
    assert_null(comet->base_url_variable);
    assert_null(comet->headers_variable);
    assert_null(comet->uploads_path);
    assert_null(comet->account_path);
    assert_string_equal(runway->base_url, "https://api.dev.runwayml.com");
    assert_string_equal(runway->key_variable, "RUNWAYML_API_SECRET");
    assert_string_equal(runway->models[RUNWAY_VIDEO_TO_VIDEO], "aleph2");
    assert_string_equal(runway->base_url_variable, "RUNWAYML_BASE_URL");
    assert_string_equal(runway->headers_variable, "RUNWAYML_CUSTOM_HEADERS");
    assert_string_equal(runway->uploads_path, "/v1/uploads");
    assert_string_equal(runway->account_path, "/v1/organization");
}

static void check_choice(const char *name, const char *comet,
                         const char *runway, const char *want)
{
    const RunwayProvider *provider = (void *)-1;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    comet_value  = comet;
    runway_value = runway;
    ret = ff_runway_provider_choose(name, RUNWAY_VIDEO_TO_VIDEO, fake_getenv,
                                    &provider, &err);
    if (want) {
        assert_int_equal(ret, RUNWAY_OK);
        assert_string_equal(provider->name, want);
    } else {
        assert_int_equal(ret, RUNWAY_INVALID);
        assert_null(provider);
        assert_non_null(strstr(err.text, "cometapi"));
        assert_non_null(strstr(err.text, "runway"));
        if (comet)
            assert_null(strstr(err.text, comet));
    }
}

/* of the providers only one has HDR: it is taken, or named */
static void test_endpoints(void **state)
{
    const RunwayProvider *provider = (void *)-1;
    RunwayError err = { RUNWAY_OK, "" };

    (void)state;
    comet_value = runway_value = "k";
    assert_int_equal(ff_runway_provider_choose("auto", RUNWAY_VIDEO_TO_HDR,
                                               fake_getenv, &provider, &err),
                     RUNWAY_OK);
    assert_string_equal(provider->name, "runway");
    assert_int_equal(ff_runway_provider_choose("cometapi", RUNWAY_VIDEO_TO_HDR,
                                               fake_getenv, &provider, &err),
                     RUNWAY_INVALID);
    assert_null(provider);
    assert_string_equal(err.text, "provider=cometapi: CometAPI has no "
                        "/v1/video_to_hdr; Runway has it, provider=runway");
    assert_int_equal(ff_runway_provider_choose("cometapi", RUNWAY_VIDEO_UPSCALE,
                                               fake_getenv, &provider, &err),
                     RUNWAY_OK);
}

static void test_choice(void **state)
{
    (void)state;
    check_choice("auto", NULL, NULL, "cometapi");
    check_choice("auto", "", " \n", "cometapi");
    check_choice("auto", "sk-1", NULL, "cometapi");
    check_choice("auto", NULL, "key_1", "runway");
    check_choice("auto", "  ", "key_1", "runway");
    check_choice("auto", "sk-1", "key_1", NULL);
    check_choice("runway", "sk-1", NULL, "runway");
    check_choice("cometapi", "sk-1", "key_1", "cometapi");
    check_choice("Runway", NULL, NULL, NULL);
    check_choice("", NULL, NULL, NULL);
}

static const char *base_value;

static const char *base_getenv(const char *name)
{
    return strcmp(name, "RUNWAYML_BASE_URL") ? "https://wrong" : base_value;
}

static void check_base(const char *provider, const char *said,
                       const char *variable, const char *want)
{
    char *url;

    base_value = variable;
    url = ff_runway_provider_base_url(ff_runway_provider_find(provider), said,
                                      base_getenv);
    assert_string_equal(url, want);
    free(url);
}

static void test_base_url(void **state)
{
    (void)state;
    check_base("runway", NULL, NULL, "https://api.dev.runwayml.com");
    check_base("runway", "", "", "https://api.dev.runwayml.com");
    check_base("runway", NULL, " \n", "https://api.dev.runwayml.com");
    check_base("runway", NULL, "\thttps://a.b/c \r\n", "https://a.b/c");
    check_base("runway", "https://d.e", "https://a.b", "https://d.e");
    check_base("cometapi", NULL, "https://a.b",
               "https://api.cometapi.com/runwayml");
    check_base("cometapi", "https://d.e", NULL, "https://d.e");
}

static void check_key(const char *provider, const char *in, const char *want)
{
    const RunwayProvider *p = ff_runway_provider_find(provider);
    RunwayError err = { RUNWAY_OK, "" };
    char key[300];
    RunwayOutcome ret;

    strcpy(key, in);
    ret = ff_runway_key_check(p, key, &err);
    if (want) {
        assert_int_equal(ret, RUNWAY_OK);
        assert_string_equal(key, want);
    } else {
        assert_int_equal(ret, RUNWAY_INVALID);
        assert_int_equal(err.outcome, RUNWAY_INVALID);
        assert_non_null(strstr(err.text, p->key_page));
        if (strlen(key) > 3)
            assert_null(strstr(err.text, key));
    }
}

static void test_key(void **state)
{
    char runway_key[133] = "key_";

    (void)state;
    for (int i = 0; i < 128; i++)
        runway_key[4 + i] = "0123456789abcdefABCDEF"[i % 22];

    check_key("cometapi", "sk-abcd", "sk-abcd");
    check_key("cometapi", " \t\r\n sk-abcd \r\n", "sk-abcd");
    check_key("runway", "key_1\n", "key_1");
    check_key("cometapi", "", NULL);
    check_key("cometapi", " \n", NULL);
    check_key("cometapi", "sk-ab\ncd", NULL);
    check_key("cometapi", "sk-ab\rcd", NULL);
    check_key("cometapi", "sk-ab\tcd", NULL);
    check_key("cometapi", "sk-ab\x7f" "cd", NULL);
    check_key("cometapi", "Bearer sk-abcd", NULL);
    check_key("cometapi", "\"sk-abcd\"", NULL);
    check_key("cometapi", "'sk-abcd", NULL);
    check_key("runway", "key_1'\n", NULL);
    check_key("cometapi", "\xe2\x80\x9csk-abcd\xe2\x80\x9d", NULL);
    check_key("cometapi", "Authorization: Bearer sk-abcd", NULL);
    check_key("cometapi", "sk-ab cd", NULL);
    check_key("cometapi", "COMETAPI_KEY=sk-abcd", NULL);
    check_key("cometapi", "sk-ab_cd=", "sk-ab_cd=");
    check_key("cometapi", "sk-a.b~c+d/e==", "sk-a.b~c+d/e==");
    check_key("cometapi", "$COMETAPI_KEY", NULL);
    check_key("cometapi", "%COMETAPI_KEY%", NULL);
    check_key("cometapi", "${COMETAPI_KEY}", NULL);
    check_key("cometapi", "$my_key", NULL);
    check_key("cometapi", "$(cat key)", NULL);
    check_key("cometapi", "{{key}}", NULL);
    check_key("cometapi", "your-key-here", NULL);
    check_key("runway", "YOUR_API_KEY", NULL);
    check_key("runway", "<your-key>", NULL);
    check_key("runway", "key_****", NULL);
    check_key("runway", "key_...", NULL);
    check_key("runway", "...", NULL);
    /* as a gateway of one's own may give out */
    check_key("cometapi", "$2b$10$N9qo8uLOickgx2", "$2b$10$N9qo8uLOickgx2");
    check_key("cometapi", "pa$$word", "pa$$word");
    check_key("cometapi", "100%sure*<3>{x}", "100%sure*<3>{x}");
    check_key("cometapi", "%a", "%a");
    check_key("cometapi", "<a", "<a");
    check_key("cometapi", "yourself", "yourself");
    check_key("cometapi", "yourcorp-prod_1f8e", "yourcorp-prod_1f8e");
    check_key("runway", runway_key, runway_key);
    check_key("cometapi", runway_key, NULL);
    /* one digit less is not one of Runway's */
    runway_key[131] = 0;
    check_key("cometapi", runway_key, runway_key);
    runway_key[130] = 'g';
    check_key("cometapi", runway_key, runway_key);
}

static void test_no_key_says_what_to_do(void **state)
{
    RunwayError err;
    char key[1] = "";

    (void)state;
    ff_runway_key_check(ff_runway_provider_find("cometapi"), key, &err);
    assert_non_null(strstr(err.text, "COMETAPI_KEY"));
    assert_non_null(strstr(err.text, "https://www.cometapi.com/"));
    assert_non_null(strstr(err.text, "key_file"));
    ff_runway_key_check(ff_runway_provider_find("runway"), key, &err);
    assert_non_null(strstr(err.text, "RUNWAYML_API_SECRET"));
    assert_non_null(strstr(err.text, "https://dev.runwayml.com/"));
    assert_non_null(strstr(err.text, RUNWAY_PROVIDER_KEYS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_base_url),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_no_key_says_what_to_do),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("providers", tests, NULL, NULL);
}
