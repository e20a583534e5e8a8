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
#include <unistd.h>
#include <cmocka.h>

#include <cJSON.h>

#include "core_test.h"
#include "api/reply.h"
#include "api/request_json.h"
#include "base/text.h"

/*
 * Bodies
 */

static RunwayRequest basic(const char *model)
{
    RunwayRequest request = { 0 };

    request.model      = find_model(model);
    request.model_name = model;
    request.prompt     = "night";
    request.seed       = 1;
    return request;
}

/** The body of a request with a clip of three bytes. */
static char *body_text(const RunwayRequest *request, const char *uri)
{
    int fd = make_file("abc", 3);
    RunwayBody *body = NULL;
    RunwayError err = { RUNWAY_OK, "" };
    size_t size;
    char *text;

    assert_int_equal(ff_runway_request_json(request, fd, 3, uri, &body,
                                            &err), RUNWAY_OK);
    text = read_whole_body(body, 11, &size);
    assert_int_equal(size, ff_runway_body_size(body));
    assert_int_equal(size, strlen(text));
    ff_runway_body_free(&body);
    close(fd);
    return text;
}

static void check_body(const RunwayRequest *request, const char *want)
{
    char *text = body_text(request, NULL);

    assert_string_equal(text, want);
    free(text);
}

static void test_gen4_aleph(void **state)
{
    RunwayPicture pictures[] = { { .uri = "https://a.b/c.png" } };
    RunwayRequest r = basic("gen4_aleph");

    (void)state;
    r.ratio = "1280:720";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"gen4_aleph\","
                   "\"seed\":1,\"ratio\":\"1280:720\"}");

    r.seed = 4294967295;
    r.references    = pictures;
    r.nb_references = 1;
    r.public_figure_threshold = "low";
    /* what this model does not have stays out */
    r.output_format = "prores";
    r.keyframes     = pictures;
    r.nb_keyframes  = 1;
    r.duration      = 5;
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"gen4_aleph\","
                   "\"seed\":4294967295,\"ratio\":\"1280:720\","
                   "\"references\":[{\"type\":\"image\","
                   "\"uri\":\"https://a.b/c.png\"}],"
                   "\"contentModeration\":"
                   "{\"publicFigureThreshold\":\"low\"}}");
}

static void test_aleph2(void **state)
{
    RunwayPicture pictures[] = {
        { .uri = "data:image/png;base64,AA==" },
        { .uri = "https://a.b/c", .seconds = 2.5 }
    };
    RunwayRequest r = basic("aleph2");

    (void)state;
    r.prompt = NULL;
    r.seed   = -1;
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"model\":\"aleph2\"}");
    r.seed          = 0;
    r.ratio         = "16:9";
    r.references    = pictures;
    r.nb_references = 2;
    r.keyframes     = pictures;
    r.nb_keyframes  = 2;
    r.output_format = "mp4";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"model\":\"aleph2\",\"seed\":0,"
                   "\"targetAspectRatio\":\"16:9\",\"keyframes\":["
                   "{\"seconds\":0,\"uri\":\"data:image/png;base64,AA==\"},"
                   "{\"seconds\":2.5,\"uri\":\"https://a.b/c\"}],"
                   "\"outputFormat\":\"mp4\"}");
}

/* What each mode takes, and what is always said. */
static void test_modes(void **state)
{
    RunwayPicture picture = {
        .uri = "https://a.b/c", .seconds = 1.5, .range_start = 1, .range_end = 3
    };
    RunwayRequest r = basic("seedance2_5");

    (void)state;
    r.ratio      = "1280:720";
    r.duration   = 5;
    r.resolution = "2k";
    check_body(&r, "{\"promptVideo\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"seedance2_5\","
                   "\"seed\":1,\"duration\":\"auto\",\"mode\":\"edit\","
                   "\"audio\":false}");
    assert_int_equal(ff_runway_model_choose("seedance2_5",
                                            RUNWAY_MODE_REFERENCE, &r.model,
                                            NULL), RUNWAY_OK);
    check_body(&r, "{\"promptVideo\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"seedance2_5\","
                   "\"seed\":1,\"ratio\":\"1280:720\",\"duration\":5,"
                   "\"mode\":\"reference\",\"audio\":false}");
    r = basic("aleph2");
    r.seed           = -1;
    r.keyframes      = &picture;
    r.nb_keyframes   = 1;
    r.output_format  = "prores";
    r.prores_profile = "422 HQ";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"aleph2\","
                   "\"keyframes\":[{\"seconds\":1.5,"
                   "\"uri\":\"https://a.b/c\",\"range\":{"
                   "\"start_seconds\":1,\"end_seconds\":3}}],"
                   "\"outputFormat\":\"prores\","
                   "\"proresProfile\":\"422 HQ\"}");
}

static void test_other_models(void **state)
{
    RunwayPicture picture = { .uri = "https://a.b/c" };
    RunwayRequest r = basic("hailuo3");

    (void)state;
    r.resolution = "768p";
    r.references    = &picture;
    r.nb_references = 1;
    r.ratio         = "16:9";
    r.duration      = 6;
    check_body(&r, "{\"promptVideo\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"hailuo3\","
                   "\"ratio\":\"16:9\",\"duration\":6,"
                   "\"resolution\":\"768p\","
                   "\"references\":[{\"uri\":\"https://a.b/c\"}]}");
    r = basic("gemini_omni_flash");
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\","
                   "\"model\":\"gemini_omni_flash\"}");
    r = basic("tomorrow");
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"tomorrow\","
                   "\"seed\":1}");
}

/* whatever a prompt holds, it stays in its place */
static void test_nasty_prompts(void **state)
{
    static const char *const prompts[] = {
        "\"},{\"videoUri\":\"x", "\\", "a\nb\tc\x01", "\",\"model\":\"y",
        "data:video/mp4;base64,", "\xf0\x9f\x8e\xac \xc3\xbc", "\x7f", "%s%n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(prompts) / sizeof(*prompts); i++) {
        RunwayRequest r = basic("gen4_aleph");
        cJSON *root;
        char *text;

        r.prompt = prompts[i];
        text = body_text(&r, NULL);
        root = cJSON_ParseWithOpts(text, NULL, 1);
        assert_int_equal(cJSON_GetArraySize(root), 4);
        assert_string_equal(cJSON_GetObjectItem(root, "promptText")->valuestring,
                            prompts[i]);
        assert_string_equal(cJSON_GetObjectItem(root, "videoUri")->valuestring,
                            "data:video/mp4;base64,YWJj");
        assert_string_equal(cJSON_GetObjectItem(root, "model")->valuestring,
                            "gen4_aleph");
        cJSON_Delete(root);
        free(text);
    }
}

static void test_uri(void **state)
{
    RunwayRequest r = basic("aleph2");
    char *text = body_text(&r, "runway://a\"b");

    (void)state;
    assert_string_equal(text, "{\"videoUri\":\"runway://a\\\"b\","
                              "\"promptText\":\"night\","
                              "\"model\":\"aleph2\",\"seed\":1}");
    free(text);
}

static void test_extra(void **state)
{
    RunwayRequest r = basic("aleph2");

    (void)state;
    r.extra = "{}";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"aleph2\",\"seed\":1}");
    r.extra = " { \"seed\" : 7, \"promptStyle\": \"21:9\",\n"
              "\"deep\": {\"a\": [1, {\"b\": null}]} } \n";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"aleph2\",\"seed\":7,"
                   "\"promptStyle\":\"21:9\","
                   "\"deep\":{\"a\":[1,{\"b\":null}]}}");
    /* null takes out, the last of two wins, case matters */
    r.extra = "{\"seed\": null, \"x\": 1, \"x\": 2, \"Model\": \"m\"}";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"aleph2\",\"x\":2,"
                   "\"Model\":\"m\"}");
    /* the other model's source field is just a field here */
    r.extra = "{\"promptVideo\": 1}";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"aleph2\",\"seed\":1,"
                   "\"promptVideo\":1}");
}

/* a model that came after the table may want the clip in another field */
static void test_own_source(void **state)
{
    RunwayRequest r = basic("seedance9");
    RunwayBody *body;
    RunwayError err;

    (void)state;
    r.extra = "{\"audio\":false,\"promptVideo\":\"@clip\",\"seed\":null}";
    check_body(&r, "{\"promptVideo\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"seedance9\","
                   "\"audio\":false}");
    r.extra = "{\"videoUri\":null,\"promptVideo\":\"@clip\"}";
    check_body(&r, "{\"promptVideo\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"seedance9\","
                   "\"seed\":1}");
    r.extra = "{\"promptVideo\":\"@clip\",\"model\":\"x\"}";
    assert_int_equal(ff_runway_request_json(&r, -1, 0, "https://a.b", &body,
                                            &err), RUNWAY_INVALID);
    /* where the table knows better it is text as any other */
    r = basic("aleph2");
    r.extra = "{\"promptVideo\":\"@clip\"}";
    check_body(&r, "{\"videoUri\":\"data:video/mp4;base64,YWJj\","
                   "\"promptText\":\"night\",\"model\":\"aleph2\",\"seed\":1,"
                   "\"promptVideo\":\"@clip\"}");
}

static void test_extra_text(void **state)
{
    char text[8];

    (void)state;
    assert_true(ff_runway_extra_text("{\"a\":\"prores\",\"b\":1}", "a",
                                     text, sizeof(text)));
    assert_string_equal(text, "prores");
    assert_true(ff_runway_extra_text("{\"b\":1}", "b", text,
                                     sizeof(text)));
    assert_string_equal(text, "");
    assert_false(ff_runway_extra_text("{\"b\":1}", "A", text,
                                      sizeof(text)));
    assert_false(ff_runway_extra_text("{", "a", text, sizeof(text)));
    assert_true(ff_runway_extra_text("{\"a\":\"sdr_rec709_10bit\"}", "a",
                                     text, sizeof(text)));
    assert_int_equal(strlen(text), sizeof(text) - 1); /* cut, not over */
}

static void test_bad_extra(void **state)
{
    static const char *const bad[] = {
        "", " ", "[]", "1", "\"x\"", "null", "{", "{\"a\":1", "{\"a\":1}}",
        "{\"a\":1} x", "{a:1}", "{\"model\":\"x\"}", "{\"videoUri\":\"x\"}",
        "{\"a\":1,\"model\":null}",
    };
    RunwayRequest r = basic("aleph2");

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        RunwayBody *body = (void *)-1;
        RunwayError err = { RUNWAY_OK, "" };

        r.extra = bad[i];
        assert_int_equal(ff_runway_request_json(&r, -1, 0, NULL, &body,
                                                &err), RUNWAY_INVALID);
        assert_null(body);
        assert_non_null(strstr(err.text, "body"));
    }
}

/*
 * Replies
 */

static void check_create(const char *text, const char *want_id, double credits)
{
    RunwayError err = { RUNWAY_OK, "" };
    char id[RUNWAY_ID_MAX] = "before";
    double got = 5;

    assert_int_equal(ff_runway_parse_create(text, strlen(text), id, &got,
                                            &err),
                     want_id ? RUNWAY_OK : RUNWAY_UNKNOWN);
    assert_string_equal(id, want_id ? want_id : "");
    assert_true(got == credits);
    if (!want_id)
        assert_non_null(strstr(err.text, "billed"));
}

static void test_create_reply(void **state)
{
    char text[400];

    (void)state;
    check_create("{\"id\":\"17f2-a\",\"estimatedCost\":{\"credits\":75}}",
                 "17f2-a", 75);
    check_create("{\"id\":\"17f2-a\"}", "17f2-a", -1);
    check_create("{\"id\":\"a\",\"estimatedCost\":null}", "a", -1);
    check_create("{\"id\":\"a\",\"estimatedCost\":12.5}", "a", 12.5);
    /* a nought is no price */
    check_create("{\"id\":\"a\",\"estimatedCost\":0}", "a", -1);
    check_create("{\"id\":\"a\",\"estimatedCost\":{\"credits\":0}}", "a", -1);
    check_create("{\"id\":\"a\",\"estimatedCost\":{\"credits\":-3}}", "a", -1);
    check_create("{\"id\":\"a\",\"estimatedCost\":{\"credits\":\"3\"}}", "a",
                 -1);
    check_create("{\"task_id\":\"t.1:x_y\"}", "t.1:x_y", -1);
    check_create("{\"code\":\"success\",\"message\":\"\",\"data\":"
                 "{\"task_id\":\"t1\",\"status\":\"QUEUED\"}}", "t1", -1);
    check_create("{\"code\":\"success\",\"data\":{\"id\":\"t2\"}}", "t2", -1);
    check_create("{\"data\":{\"data\":{\"id\":\"t3\",\"estimatedCost\":"
                 "{\"credits\":1}}}}", "t3", 1);
    check_create("{\"code\":\"success\",\"data\":\"t4\"}", "t4", -1);
    check_create("{\"code\":\"SUCCESS\",\"data\":17}", "17", -1);
    check_create("{\"code\":200,\"data\":\"t4\"}", "t4", -1);
    check_create("{\"code\":0,\"data\":\"t4\"}", "t4", -1);
    check_create("{\"code\":\"ok\",\"data\":\"t4\"}", "t4", -1);
    check_create("{\"code\":0,\"data\":{\"data\":\"x\",\"id\":\"a\"}}", "a",
                 -1);
    /* its digits count */
    check_create("{\"id\":9007199254740993}", "9007199254740993", -1);
    /* beside an error as well */
    check_create("{\"error\":\"Too busy\",\"id\":\"t5\"}", "t5", -1);
    check_create("{\"taskId\":\"t6\"}", "t6", -1);
    check_create("{\"task\":{\"id\":\"t7\",\"estimatedCost\":{\"credits\":9}}}",
                 "t7", 9);
    check_create("{\"data\":{\"id\":12,\"taskId\":\"t8\"}}", "t8", -1);
    check_create("{\"id\":12,\"task_id\":\"t9\"}", "t9", -1);
    /* the gateway's id goes before the one inside */
    check_create("{\"data\":{\"task_id\":\"outer\",\"data\":{\"id\":\"in\"}}}",
                 "outer", -1);

    /* wherever it stands */
    check_create("{\"data\":[{\"id\":\"a\"}]}", "a", -1);
    check_create("[{\"id\":\"a\"}]", "a", -1);
    check_create("{\"result\":{\"id\":\"a\",\"estimatedCost\":{\"credits\":"
                 "8}}}", "a", 8);
    check_create("{\"output\":{\"task_id\":\"a\"}}", "a", -1);
    check_create("{\"data\":{\"task\":{\"id\":\"a\"}}}", "a", -1);
    check_create("{\"error\":\"x\",\"task\":{\"data\":{\"id\":\"a\"}}}", "a",
                 -1);
    check_create("{\"x\":[{\"id\":\"in\"}],\"y\":{\"id\":\"a\"}}", "a", -1);
    check_create("{\"id\":\"tasks/b\",\"data\":{\"id\":\"a\"}}", "a", -1);
    check_create("{\"id\" : {\"id\"\n:\t\"a\"}}", "a", -1);
    check_create("{\"a\":\"\\\"id\\\":\",\"id\":\"b\"}", "b", -1);
    /* cut behind it */
    check_create("{\"id\":\"a\",\"estimatedC", "a", -1);
    check_create("{\"id\":\"a\"", "a", -1);
    check_create("{\"id\":17,", "17", -1);

    /* as long as fits, and one more */
    memset(text, 0, sizeof(text));
    strcpy(text, "{\"id\":\"");
    memset(text + 7, 'a', RUNWAY_ID_MAX - 1);
    strcpy(text + 7 + RUNWAY_ID_MAX - 1, "\"}");
    {
        char id[RUNWAY_ID_MAX] = "";

        memset(id, 'a', RUNWAY_ID_MAX - 1);
        check_create(text, id, -1);
    }
    memset(text + 7, 'a', RUNWAY_ID_MAX);
    strcpy(text + 7 + RUNWAY_ID_MAX, "\"}");
    check_create(text, NULL, -1);
}

static void test_create_reply_without_id(void **state)
{
    static const char *const bad[] = {
        "", " ", "{}", "[]", "null", "true", "\"id\"", "{\"id\":", "id",
        "{\"id\":\"\"}", "{\"id\":0}", "{\"id\":-5}", "{\"id\":1.5}",
        "{\"id\":1e300}", "{\"id\":true}",
        "{\"code\":\"fail\",\"data\":\"t4\"}",
        "{\"id\":null}", "{\"id\":{}}",
        "{\"id\":\"a/b\"}", "{\"id\":\"a b\"}", "{\"id\":\"a?b\"}",
        "{\"id\":\"..\"}", "{\"id\":\".\"}", "{\"id\":\"a\\nb\"}",
        "{\"id\":\"\\u00fc\"}", "{\"id\":\"a%2f\"}",
        "{\"ID\":\"a\"}", "{\"data\":\"a\"}",
        "{\"code\":0,\"data\":{\"data\":\"a\"}}", "{\"code\":1,\"data\":\"a\"}",
        /* cut within it */
        "{\"id\":\"a", "{\"id\":17", "{\"id\":\"a\\", "{\"id\"", "{\"id\":",
        "<script>{\"id\":\"a\"}</script>",
        "<html><body>Welcome</body></html>",
        "{\"code\":\"error\",\"message\":\"no\",\"data\":null}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        check_create(bad[i], NULL, -1);
    assert_int_equal(ff_runway_parse_create(NULL, 0, (char[128]){ 0 },
                                            &(double){ 0 }, NULL),
                     RUNWAY_UNKNOWN);
}

static RunwayTask task; /* too large for a stack among others */

static RunwayOutcome parse(const char *text)
{
    static RunwayError err;

    err.text[0] = 0;
    return ff_runway_parse_task(text, strlen(text), &task, &err);
}

static void check_state(const char *text, RunwayTaskState state,
                        double progress, double credits)
{
    assert_int_equal(parse(text), RUNWAY_OK);
    assert_int_equal(task.state, state);
    assert_true(task.progress > progress - 1e-6 &&
                task.progress < progress + 1e-6);
    assert_true(task.credits == credits);
}

static void test_slot(void **state)
{
    static const char good[] =
        "{\"uploadUrl\":\"https://s.example/x?sig=1\",\"fields\":{\"z\":\"1\","
        "\"a\":\"2\",\"m\":\"\"},\"runwayUri\":\"runway://abc\"}";
#define SLOT(url, fields, uri)                                                \
    "{\"uploadUrl\":" url ",\"fields\":" fields ",\"runwayUri\":" uri "}"
#define URL "\"https://s/?5ec\""
#define URI(text) SLOT(URL, "{\"signature\":\"5ec\"}", "\"" text "\"")
    static const struct { const char *text, *names; } bad[] = {
        { "", "uploadUrl" }, { "[]", "uploadUrl" }, { "{}", "uploadUrl" },
        { "<html>5ec", "uploadUrl" }, { "{\"error\":\"5ec\"}", "uploadUrl" },
        { SLOT("1", "{}", "\"runway://a\""), "uploadUrl" },
        { SLOT("\"ftp://s/5ec\"", "{}", "\"runway://a\""), "uploadUrl" },
        { SLOT(URL, "{\"signature\":\"5ec\"}", "null"), "runwayUri" },
        { URI("x://a"), "runwayUri" },
        /* it goes into a create as it is: controls, blanks, what was a secret */
        { URI("runway://a\\u001b[2J"), "runwayUri" },
        { URI("runway://a\\nb"), "runwayUri" },
        { URI("runway://a b"), "runwayUri" },
        { URI("runway://\xC3\xA9"), "runwayUri" },
        { URI("runway://...x"), "runwayUri" },
        { SLOT(URL, "null", "\"runway://a\""), "fields" },
        { SLOT(URL, "[\"5ec\"]", "\"runway://a\""), "fields" },
        { SLOT(URL, "{\"a\":1}", "\"runway://a\""), "fields" },
    };
#undef SLOT
#undef URL
#undef URI
    RunwaySlot *slot;
    RunwayBody *body;
    RunwayError err;
    char text[128];
    size_t n;

    (void)state;
    assert_int_equal(ff_runway_parse_slot(good, strlen(good), &slot,
                                          &err), RUNWAY_OK);
    assert_string_equal(slot->url, "https://s.example/x?sig=1");
    assert_string_equal(slot->uri, "runway://abc");
    assert_int_equal(slot->nb_fields, 3);
    assert_string_equal(slot->names[0], "z"); /* the order they came in */
    assert_string_equal(slot->names[1], "a");
    assert_string_equal(slot->values[1], "2");
    assert_string_equal(slot->values[2], "");
    ff_runway_slot_free(&slot);
    assert_null(slot);
    ff_runway_slot_free(&slot);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(ff_runway_parse_slot(bad[i].text,
                                              strlen(bad[i].text), &slot,
                                              &err), RUNWAY_UNAVAILABLE);
        assert_null(slot);
        assert_non_null(strstr(err.text, bad[i].names));
        assert_null(strstr(err.text, "5ec"));
    }

    assert_int_equal(ff_runway_slot_request_json("a\"b.mp4", &body, &err),
                     RUNWAY_OK);
    assert_int_equal(ff_runway_body_read(body, text, sizeof(text), &n),
                     RUNWAY_OK);
    text[n] = 0;
    assert_string_equal(text,
                        "{\"filename\":\"a\\\"b.mp4\",\"type\":\"ephemeral\"}");
    ff_runway_body_free(&body);
}

/* Each field is looked for in what a storage says: there are not many. */
static void test_slot_of_many_fields(void **state)
{
    (void)state;
    for (int nb = RUNWAY_FIELDS_MAX; nb <= RUNWAY_FIELDS_MAX + 1; nb++) {
        char text[8192] = "{\"uploadUrl\":\"https://s/\",\"runwayUri\":"
                          "\"runway://a\",\"fields\":{\"a\":\"b\"";
        RunwaySlot *slot;
        RunwayError err;

        for (int i = 1; i < nb; i++)
            sprintf(text + strlen(text), ",\"f%d\":\"v%d\"", i, i);
        strcat(text, "}}");
        if (nb <= RUNWAY_FIELDS_MAX) {
            assert_int_equal(ff_runway_parse_slot(text, strlen(text), &slot,
                                                  &err), RUNWAY_OK);
            assert_int_equal(slot->nb_fields, nb);
            ff_runway_slot_free(&slot);
            continue;
        }
        assert_int_equal(ff_runway_parse_slot(text, strlen(text), &slot, &err),
                         RUNWAY_UNAVAILABLE);
        assert_null(slot);
        assert_non_null(strstr(err.text, "more than 64 fields"));
    }
}

static void test_bare_task(void **state)
{
    (void)state;
    check_state("{\"id\":\"a\",\"status\":\"PENDING\",\"estimatedCost\":"
                "{\"credits\":75}}", RUNWAY_TASK_PENDING, -1, 75);
    check_state("{\"id\":\"a\",\"status\":\"THROTTLED\"}",
                RUNWAY_TASK_THROTTLED, -1, -1);
    check_state("{\"id\":\"a\",\"status\":\"RUNNING\",\"progress\":0.25}",
                RUNWAY_TASK_RUNNING, 0.25, -1);
    check_state("{\"id\":\"a\",\"status\":\"RUNNING\",\"progress\":null}",
                RUNWAY_TASK_RUNNING, -1, -1);
    check_state("{\"id\":\"a\",\"status\":\"RUNNING\",\"progress\":-2}",
                RUNWAY_TASK_RUNNING, -1, -1);
    check_state("{\"id\":\"a\",\"status\":\"RUNNING\",\"progress\":1}",
                RUNWAY_TASK_RUNNING, 1, -1);
    check_state("{\"id\":\"a\",\"status\":\"running\",\"progress\":1e9}",
                RUNWAY_TASK_RUNNING, 1, -1);
    check_state("{\"id\":\"a\",\"status\":\"RUNNING\",\"progress\":1e999}",
                RUNWAY_TASK_RUNNING, 1, -1);
    check_state("{\"id\":\"a\",\"status\":\"CANCELLED\",\"cost\":"
                "{\"credits\":0}}", RUNWAY_TASK_CANCELLED, -1, 0);
    check_state("{\"id\":\"a\",\"status\":\"SUCCEEDED\",\"output\":["
                "\"https://c.d/e?_jwt=f\",\"https://x.y\"],"
                "\"cost\":{\"credits\":70},\"estimatedCost\":"
                "{\"credits\":75}}", RUNWAY_TASK_SUCCEEDED, -1, 70);
    assert_string_equal(task.url, "https://c.d/e?_jwt=f");
    check_state("{\"id\":\"a\",\"status\":\"SUCCEEDED\",\"output\":["
                "\"https://c.d/e\"],\"estimatedCost\":{\"credits\":75}}",
                RUNWAY_TASK_SUCCEEDED, -1, -1);
    check_state("{\"id\":\"a\",\"status\":\"SUCCEEDED\",\"output\":["
                "\"https://c.d/e\"],\"cost\":{\"credits\":0}}",
                RUNWAY_TASK_SUCCEEDED, -1, -1);
    check_state("{\"id\":\"a\",\"status\":\"FAILED\",\"estimatedCost\":"
                "{\"credits\":75}}", RUNWAY_TASK_FAILED_STATE, -1, -1);
    check_state("{\"id\":\"a\",\"status\":\"FAILED\",\"cost\":{\"credits\":0}}",
                RUNWAY_TASK_FAILED_STATE, -1, 0);
}

static void test_failed_task(void **state)
{
    char text[4000];

    (void)state;
    check_state("{\"id\":\"a\",\"status\":\"FAILED\",\"failure\":\"The \\\"x\\\""
                "\",\"failureCode\":\"SAFETY.INPUT.TEXT\",\"cost\":"
                "{\"credits\":15}}", RUNWAY_TASK_FAILED_STATE, -1, 15);
    assert_string_equal(task.failure, "The \"x\"");
    assert_string_equal(task.failure_code, "SAFETY.INPUT.TEXT");
    assert_string_equal(task.url, "");
    check_state("{\"id\":\"a\",\"status\":\"FAILED\"}",
                RUNWAY_TASK_FAILED_STATE, -1, -1);
    assert_string_equal(task.failure, "");
    assert_string_equal(task.failure_code, "");
    check_state("{\"id\":\"a\",\"status\":\"FAILED\",\"failure\":null,"
                "\"failureCode\":5}", RUNWAY_TASK_FAILED_STATE, -1, -1);
    assert_string_equal(task.failure_code, "");
    /* too long: cut at a character */
    strcpy(text, "{\"status\":\"FAILED\",\"failure\":\"");
    for (int i = 0; i < 600; i++)
        strcat(text, "\xe2\x82\xac");
    strcat(text, "\"}");
    check_state(text, RUNWAY_TASK_FAILED_STATE, -1, -1);
    assert_int_equal(strlen(task.failure), 1023);
}

#define WRAP(status, more, data) "{\"code\":\"success\",\"message\":\"\"," \
    "\"data\":{\"task_id\":\"t\",\"status\":\"" status "\"," \
    "\"fail_reason\":\"why\"," more "\"data\":" data "}}"

static void scrub_key(void *opaque, char *text, int is_shown)
{
    (void)opaque;
    (void)is_shown;
    ff_runway_scrub_word(text, "key-of-the-test-1");
}

/* What becomes a blank when a failure is made one line hides no secret before. */
static void test_secrets_with_controls(void **state)
{
    static const char *const controls[] = {
        "", "\x01", "\x7F", "\xc2\x85", "\xe2\x80\xae", "\xe2\x80\xa8",
        "\\u0001", "\\u007f", "\\u0085", "\\u202e", "\\u2028", "\\n\\t",
    };
    static const char *const none[] = { NULL };

    (void)state;
    for (size_t i = 0; i < sizeof(controls) / sizeof(*controls); i++) {
        char text[512], *clean;
        RunwayTask task = { 0 };
        RunwayError err;

        snprintf(text, sizeof(text), "{\"status\":\"FAILED\",\"failure\":"
                 "\"no key-of-t%she-test-1\",\"failureCode\":"
                 "\"A.key-of-t%she-test-1\"}", controls[i], controls[i]);
        clean = ff_runway_reply_clean(text, strlen(text), none, scrub_key, NULL);
        assert_int_equal(ff_runway_parse_task(clean, strlen(clean), &task,
                                              &err), RUNWAY_OK);
        assert_string_equal(task.failure, "no ...");
        assert_string_equal(task.failure_code, "A....");
        free(clean);
    }
}

static void test_wrapped_task(void **state)
{
    (void)state;
    check_state(WRAP("QUEUED", "\"progress\":\"0%\",", "null"),
                RUNWAY_TASK_PENDING, 0, -1);
    check_state(WRAP("NOT_START", "", "{}"), RUNWAY_TASK_PENDING, -1, -1);
    check_state(WRAP("IN_PROGRESS", "\"progress\":\"42%\",", "\"\""),
                RUNWAY_TASK_RUNNING, 0.42, -1);
    check_state(WRAP("IN_PROGRESS", "\"progress\":\"100%\",", "null"),
                RUNWAY_TASK_RUNNING, 1, -1);
    check_state(WRAP("IN_PROGRESS", "\"progress\":\"soon\",", "null"),
                RUNWAY_TASK_RUNNING, -1, -1);
    check_state(WRAP("IN_PROGRESS", "\"progress\":\"30%\",",
                     "{\"id\":\"r\",\"status\":\"THROTTLED\"}"),
                RUNWAY_TASK_THROTTLED, 0.3, -1);
    check_state(WRAP("SUCCESS", "",
                     "{\"id\":\"r\",\"status\":\"SUCCEEDED\","
                     "\"output\":[\"https://a.b/c\"],\"cost\":"
                     "{\"credits\":9}}"), RUNWAY_TASK_SUCCEEDED, -1, 9);
    assert_string_equal(task.url, "https://a.b/c");
    /* the wrapping lags behind */
    check_state(WRAP("IN_PROGRESS", "", "{\"status\":\"SUCCEEDED\","
                     "\"output\":[\"https://a.b/c\"]}"),
                RUNWAY_TASK_SUCCEEDED, -1, -1);
    /* the wrapping is ahead and the output not there yet */
    check_state(WRAP("SUCCESS", "", "{\"status\":\"RUNNING\","
                     "\"progress\":0.9}"), RUNWAY_TASK_RUNNING, 0.9, -1);
    check_state(WRAP("SUCCESS", "", "{\"status\":\"RUNNING\",\"output\":"
                     "[\"https://a.b/c\"]}"), RUNWAY_TASK_SUCCEEDED, -1, -1);
    /* an envelope whose status is about the reply */
    check_state("{\"status\":\"success\",\"data\":{\"status\":\"RUNNING\"}}",
                RUNWAY_TASK_RUNNING, -1, -1);
    /* the output without a Runway object */
    check_state(WRAP("SUCCESS", "\"output\":[\"https://a.b/c\"],", "null"),
                RUNWAY_TASK_SUCCEEDED, -1, -1);
    assert_string_equal(task.url, "https://a.b/c");
    /* failed by the gateway, or by both */
    check_state(WRAP("FAILURE", "", "{\"status\":\"PENDING\"}"),
                RUNWAY_TASK_FAILED_STATE, -1, -1);
    assert_string_equal(task.failure, "why");
    check_state(WRAP("FAILURE", "", "{\"status\":\"FAILED\",\"failure\":"
                     "\"inner\",\"failureCode\":\"INTERNAL\"}"),
                RUNWAY_TASK_FAILED_STATE, -1, -1);
    assert_string_equal(task.failure, "inner");
    assert_string_equal(task.failure_code, "INTERNAL");
    check_state(WRAP("FAILURE", "", "null"), RUNWAY_TASK_FAILED_STATE, -1, -1);
    assert_string_equal(task.failure, "why");
}

/* a code that stands only in the text: what is permanent is not bought again */
static void test_code_in_text(void **state)
{
    static const struct {
        const char *reason, *code;
    } cases[] = {
        { "SAFETY.INPUT.TEXT: the prompt", "SAFETY.INPUT.TEXT" },
        { "INPUT_PREPROCESSING.SAFETY.TEXT", "INPUT_PREPROCESSING.SAFETY.TEXT" },
        { "ASSET.INVALID (no video)", "ASSET.INVALID" },
        { "THIRD_PARTY.INPUT_VALIDATION x", "THIRD_PARTY.INPUT_VALIDATION" },
        { "INTERNAL.BAD_OUTPUT: x", "" },
        { "Safety. First", "" },
        { "not SAFETY.INPUT.TEXT", "" },
        { "SOMETHING.NEW: x", "" },
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        snprintf(text, sizeof(text), "{\"data\":{\"status\":\"FAILURE\","
                 "\"fail_reason\":\"%s\",\"data\":{\"failure\":"
                 "\"it failed\",\"status\":\"FAILED\"}}}", cases[i].reason);
        check_state(text, RUNWAY_TASK_FAILED_STATE, -1, -1);
        assert_string_equal(task.failure, "it failed");
        assert_string_equal(task.failure_code, cases[i].code);
        snprintf(text, sizeof(text), "{\"status\":\"FAILED\",\"failure\":"
                 "\"%s\"}", cases[i].reason);
        check_state(text, RUNWAY_TASK_FAILED_STATE, -1, -1);
        assert_string_equal(task.failure_code, cases[i].code);
    }
    /* its own is believed more */
    check_state("{\"status\":\"FAILED\",\"failure\":\"SAFETY.X\","
                "\"failureCode\":\"INTERNAL\"}", RUNWAY_TASK_FAILED_STATE, -1,
                -1);
    assert_string_equal(task.failure_code, "INTERNAL");
}

static void test_not_exist(void **state)
{
    static const char *const yes[] = {
        "{\"code\":\"task_not_exist\",\"message\":\"task_not_exist\","
        "\"data\":null}",
        "{\"error\":{\"message\":\"task_not_exist\",\"type\":"
        "\"comet_api_error\",\"param\":\"\",\"code\":\"\"}}",
        "{\"error\":{\"message\":\"x\",\"code\":\"task_not_exist\"}}",
        "{\"error\":\"Could not find Task\"}",
        "{\"error\":\"could not find task with id 5.\"}",
    };
    static const char *const no[] = {
        "", "{}", "{\"error\":\"Not found\"}", "task_not_exist",
        "<html>Could not find Task</html>", "{\"error\":{\"code\":404}}",
        "{\"data\":\"task_not_exist\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        assert_true(ff_runway_reply_is_not_exist(yes[i], strlen(yes[i])));
        check_state(yes[i], RUNWAY_TASK_NOT_EXIST, -1, -1);
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
        assert_false(ff_runway_reply_is_not_exist(no[i], strlen(no[i])));
        assert_int_equal(parse(no[i]), RUNWAY_UNAVAILABLE);
    }
    assert_false(ff_runway_reply_is_not_exist(NULL, 0));
    /* a task that has a state is there, whatever its texts say */
    check_state("{\"status\":\"RUNNING\",\"message\":\"task_not_exist\"}",
                RUNWAY_TASK_RUNNING, -1, -1);
}

static void test_task_replies_not_understood(void **state)
{
    static const char *const bad[] = {
        "", "{", "[]", "5", "{\"id\":\"a\"}", "{\"status\":5}",
        "{\"status\":\"\"}", "{\"status\":\"DREAMING\"}",
        "{\"status\":\"SUCCEEDED",
        "{\"code\":\"success\",\"data\":{\"status\":\"UNKNOWN\"}}",
        /* the envelope's word is not the task's */
        "{\"status\":\"success\",\"data\":{\"status\":\"UNKNOWN\"}}",
        "{\"status\":\"failed\",\"data\":{\"data\":{\"status\":\"NEW\"}}}",
        "<html><title>502 Bad Gateway</title></html>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(parse(bad[i]), RUNWAY_UNAVAILABLE);
    assert_int_equal(ff_runway_parse_task(NULL, 0, &task, NULL),
                     RUNWAY_UNAVAILABLE);
}

static void test_unfit_outputs(void **state)
{
    static const struct {
        const char *text;
        RunwayOutcome is;
    } bad[] = {
        { "", RUNWAY_UNAVAILABLE },
        { ",\"output\":null", RUNWAY_UNAVAILABLE },
        { ",\"output\":[]", RUNWAY_UNAVAILABLE },
        { ",\"output\":[5]", RUNWAY_UNAVAILABLE },
        { ",\"output\":[\"\"]", RUNWAY_UNAVAILABLE },
        /* what is there now will not become another by waiting */
        { ",\"output\":[\"ftp://a.b/c\"]", RUNWAY_OK },
        { ",\"output\":[\"file:///etc/passwd\"]", RUNWAY_OK },
        { ",\"output\":[\"/etc/passwd\"]", RUNWAY_OK },
        { ",\"output\":[\"data:video/mp4;base64,AAAA\"]", RUNWAY_OK },
    };
    static const struct {
        const char *text, *url;
    } odd[] = {
        { "https://a.b/c d", "https://a.b/c%20d" },
        { " \\t\\nhttps://a.b/c \\r\\n", "https://a.b/c" },
        { "https://a.b/\\r\\nX: y", "https://a.b/%0D%0AX:%20y" },
        { "https://a.b/\\u00fc.mp4?n=\xC3\xA4",
          "https://a.b/%C3%BC.mp4?n=%C3%A4" },
        { "https://a.b/x%20y?a=%2F&b=[1]", "https://a.b/x%20y?a=%2F&b=[1]" },
        { "HTTPS://a.b/<{\\\"|}>", "HTTPS://a.b/%3C%7B%22%7C%7D%3E" },
    };
    char text[RUNWAY_URL_MAX + 200];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(text, sizeof(text), "{\"status\":\"SUCCEEDED\"%s}",
                 bad[i].text);
        assert_int_equal(parse(text), bad[i].is);
        assert_int_equal(task.state, RUNWAY_TASK_SUCCEEDED);
        assert_string_equal(task.url, "");
    }
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        snprintf(text, sizeof(text),
                 "{\"status\":\"SUCCEEDED\",\"output\":[\"%s\"]}",
                 odd[i].text);
        assert_int_equal(parse(text), RUNWAY_OK);
        assert_string_equal(task.url, odd[i].url);
    }
    /* whole at 8 KiB and a good deal over; never cut */
    for (size_t length = 8000; length < RUNWAY_URL_MAX + 20; length++) {
        char *at = text + sprintf(text, "{\"status\":\"SUCCEEDED\",\"output\":"
                                        "[\"https://");

        memset(at, 'a', length - 8);
        strcpy(at + length - 8, "\"]}");
        assert_int_equal(parse(text), RUNWAY_OK);
        assert_int_equal(strlen(task.url),
                         length < RUNWAY_URL_MAX ? length : 0);
    }
    /* forms that are not promised and can be understood */
    assert_int_equal(parse("{\"status\":\"SUCCEEDED\",\"output\":"
                           "\"https://a.b/c\"}"), RUNWAY_OK);
    assert_int_equal(parse("{\"status\":\"SUCCEEDED\",\"output\":"
                           "[{\"url\":\"https://a.b/c\"}]}"), RUNWAY_OK);
}

static void test_failure_class(void **state)
{
    static const char *const passing[] = {
        "", "INTERNAL", "INTERNAL.BAD_OUTPUT", "INTERNAL.BAD_OUTPUT.CODE01",
        "INPUT_PREPROCESSING.INTERNAL", "THIRD_PARTY.UNAVAILABLE",
    };
    static const char *const final[] = {
        "SAFETY.INPUT.TEXT", "SAFETY.INPUT.VIDEO", "SAFETY.OUTPUT.VIDEO",
        "INPUT_PREPROCESSING.SAFETY.TEXT", "ASSET.INVALID",
        "THIRD_PARTY.INPUT_VALIDATION", "SOMETHING.NEW", "INTERNALS",
        "INPUT_PREPROCESSING", "internal",
    };

    (void)state;
    assert_int_equal(ff_runway_failure_class(NULL),
                     RUNWAY_TASK_FAILED_TRANSIENT);
    for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++)
        assert_int_equal(ff_runway_failure_class(passing[i]),
                         RUNWAY_TASK_FAILED_TRANSIENT);
    for (size_t i = 0; i < sizeof(final) / sizeof(*final); i++)
        assert_int_equal(ff_runway_failure_class(final[i]),
                         RUNWAY_TASK_FAILED);
}

static void test_state_names(void **state)
{
    (void)state;
    assert_string_equal(ff_runway_task_state_name(RUNWAY_TASK_PENDING),
                        "PENDING");
    assert_string_equal(ff_runway_task_state_name(RUNWAY_TASK_SUCCEEDED),
                        "SUCCEEDED");
    assert_string_equal(ff_runway_task_state_name(RUNWAY_TASK_CANCELLED),
                        "CANCELLED");
    assert_string_equal(ff_runway_task_state_name(RUNWAY_TASK_FAILED_STATE),
                        "FAILED");
    for (int i = RUNWAY_TASK_PENDING; i <= RUNWAY_TASK_NOT_EXIST; i++)
        assert_string_not_equal(ff_runway_task_state_name((RunwayTaskState)i),
                                "?");
}

/*
 * Errors
 */

static void check_error(const char *text, const char *want)
{
    char out[1024];

    ff_runway_reply_error_text(text, strlen(text), NULL, NULL, out,
                               sizeof(out));
    assert_string_equal(out, want);
}

static void test_error_text(void **state)
{
    (void)state;
    check_error("{\"error\":\"You do not have enough credits to run this "
                "task.\"}", "You do not have enough credits to run this task.");
    check_error("{\"error\":\"Validation of body failed\",\"issues\":["
                "{\"code\":\"too_big\",\"message\":\"Too long\",\"path\":"
                "[\"promptText\"]},{\"code\":\"invalid\",\"message\":"
                "\"Invalid url\",\"path\":[\"references\",0,\"uri\"]},"
                "{\"message\":\"Unrecognized keys\",\"path\":[]},"
                "{\"code\":\"only_code\"},{},5],"
                "\"docUrl\":\"https://d.e/f\"}",
                "Validation of body failed; promptText: Too long; "
                "references[0].uri: Invalid url; Unrecognized keys; only_code");
    check_error("{\"error\":{\"message\":\"bad key\",\"type\":"
                "\"comet_api_error\",\"param\":\"\",\"code\":\"\"}}",
                "bad key");
    check_error("{\"error\":{\"message\":\"bad ratio\",\"param\":\"ratio\","
                "\"code\":\"invalid_request\"}}",
                "bad ratio (param ratio) (invalid_request)");
    check_error("{\"code\":\"error\",\"message\":\"no channel\"}",
                "no channel (error)");
    check_error("{\"detail\":\"Not Found\"}", "Not Found");
    check_error("\"text\"", "text");
    check_error("{\"a\": [1,\n 2]}", "{\"a\": [1, 2]}");
    check_error("{\"error\":\"line\\nbreak\\u001b[31m\"}",
                "line break [31m");
}

static void test_error_text_without_json(void **state)
{
    char text[1000], out[1024], small[8];

    (void)state;
    check_error("", "an empty reply");
    check_error(" \n", "a reply that is not JSON: ");
    check_error("404 page not found",
                "a reply that is not JSON: 404 page not found");
    check_error("upstream error",
                "a reply that is not JSON: upstream error");
    check_error("<!DOCTYPE html>\n<html><head><title>404 Not Found</title>"
                "<style>b {x}</style><script>alert('<b>')</script></head>\r\n"
                "<body><h1>Not\n Found</h1><hr></body></html>",
                "a reply that is not JSON: 404 Not Found Not Found");
    check_error("1 < 2 and <unclosed", "a reply that is not JSON: 1 < 2 and");
    check_error("a \x1b]0;title\x07 b \xff",
                "a reply that is not JSON: a ]0;title b ?");
    /* long ones are cut, at a character */
    text[0] = 0;
    for (int i = 0; i < 300; i++)
        strcat(text, "\xe2\x82\xac");
    ff_runway_reply_error_text(text, strlen(text), NULL, NULL, out,
                               sizeof(out));
    assert_true(strlen(out) < 240);
    assert_string_equal(out + strlen(out) - 6, "\xe2\x82\xac...");
    /* whatever the size is */
    ff_runway_reply_error_text("abcdefghijk", 11, NULL, NULL, small,
                               sizeof(small));
    assert_int_equal(strlen(small), 7);
    ff_runway_reply_error_text("abc", 3, NULL, NULL, small, 1);
    assert_string_equal(small, "");
    small[0] = 'x';
    ff_runway_reply_error_text("abc", 3, NULL, NULL, small, 0);
    assert_int_equal(small[0], 'x');
    /* the text need not end in a 0 */
    ff_runway_reply_error_text("{\"error\":\"a\"}garbage", 13, NULL, NULL, out,
                               sizeof(out));
    assert_string_equal(out, "a");
}

static void test_error_text_holds_no_secret(void **state)
{
    char text[20000];

    (void)state;
    check_error("{\"error\":\"bad uri data:video/mp4;base64,AAAA here\"}",
                "bad uri data:... here");
    check_error("{\"error\":\"GET https://a.b/c?_jwt=eyJh&z=1 failed\"}",
                "GET https://a.b/c?... failed");
    check_error("<p>data:video/mp4;base64,AAAA</p>",
                "a reply that is not JSON: data:...");
    check_error("{\"error\":\"wrong\",\"issues\":[{\"message\":\"Bearer "
                "sk-123456\",\"path\":[\"x\"]}]}", "wrong; x: Bearer ...");
    /* what makes it one line does not make a secret of it that is shown */
    check_error("{\"error\":\"no: Bearer\\u0001sk-123456\"}",
                "no: Bearer ...");
    check_error("{\"error\":\"no: Bearer\\tsk-123456\"}", "no: Bearer ...");
    check_error("no: Bearer\nsk-123456",
                "a reply that is not JSON: no: Bearer ...");
    assert_int_equal(parse("{\"id\":\"t\",\"status\":\"FAILED\",\"failure\":"
                           "\"cannot read https://a.b/c?_jwt=eyJh\"}"),
                     RUNWAY_OK);
    assert_string_equal(task.failure, "cannot read https://a.b/c?...");
    /* a clip echoed whole */
    strcpy(text, "{\"error\":\"bad: data:video/mp4;base64,");
    {
        size_t start = strlen(text);

        memset(text + start, 'A', 15000);
        text[start + 15000] = 0;
    }
    strcat(text, "\"}");
    check_error(text, "bad: data:...");
}

static void test_refusal(void **state)
{
    static const char *const yes[] = {
        "{\"error\":\"no\"}", "{\"error\":\"no\",\"issues\":[]}",
        "{\"error\":{\"message\":\"no\",\"type\":\"comet_api_error\"}}",
        " {\"error\":\"no\"} \r\n", "{\"error\":\"no\",\"id\":null}",
        "{\"error\":\"no\",\"task_id\":\"\",\"id\":0}",
    };
    static const char *const no[] = {
        "", "x", "{}", "[]", "null", "\"error\"", "{\"error\":\"\"}",
        "{\"error\":null}", "{\"error\":{}}", "{\"error\":[\"no\"]}",
        "{\"error\":{\"message\":\"no\"}}", "{\"message\":\"no\"}",
        "{\"error\":{\"message\":\"no\",\"type\":\"gateway_error\"}}",
        "{\"error\":\"no\"", "<html>{\"error\":\"no\"}</html>",
        /* of a task, or of something that may be one */
        "{\"error\":\"x\",\"result\":{\"id\":\"a\"}}",
        "{\"error\":{\"type\":\"comet_api_error\",\"task_id\":\"a\"}}",
        "{\"error\":\"x\",\"data\":[{\"id\":\"a\"}]}",
        "{\"error\":\"x\",\"id\":\"tasks/a\"}", "{\"error\":\"x\",\"id\":1.5}",
        "{\"error\":\"x\"}\n{\"id\":\"a\"}", "{\"error\":\"x\"}...",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
        assert_true(ff_runway_reply_is_refusal(yes[i], strlen(yes[i])));
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
        assert_false(ff_runway_reply_is_refusal(no[i], strlen(no[i])));
    assert_false(ff_runway_reply_is_refusal(NULL, 0));
}

/* every prefix and many a changed byte of good replies: no crash, no overrun
 * (run under a sanitizer or valgrind), always an outcome */
static void test_damaged_replies(void **state)
{
    static const char *const good[] = {
        WRAP("SUCCESS", "\"progress\":\"42%\",",
             "{\"id\":\"r\",\"status\":\"SUCCEEDED\",\"output\":"
             "[\"https://a.b/c\"],\"cost\":{\"credits\":9}}"),
        "{\"error\":\"Validation of body failed\",\"issues\":[{\"code\":"
        "\"too_big\",\"message\":\"Too long\",\"path\":[\"a\",0]}]}",
        "<html><script>x</script><style>y</style><b>z</b></html>",
    };
    char id[RUNWAY_ID_MAX], out[200];
    double credits;

    (void)state;
    for (size_t g = 0; g < sizeof(good) / sizeof(*good); g++) {
        size_t length = strlen(good[g]);

        for (size_t i = 0; i < length; i++) {
            /* on the heap and without a 0, so that an overrun is seen */
            size_t size = i + 1;
            char *text = malloc(size);

            memcpy(text, good[g], size);
            for (int change = 0; change < 4; change++) {
                RunwayError err;

                ff_runway_parse_create(text, size, id, &credits, &err);
                ff_runway_parse_task(text, size, &task, &err);
                ff_runway_reply_is_not_exist(text, size);
                ff_runway_reply_is_refusal(text, size);
                ff_runway_reply_error_text(text, size, NULL, NULL, out,
                                           sizeof(out));
                assert_true(out[0]);
                text[i] = "\0\xff\"{"[change];
            }
            free(text);
        }
    }
}

/* cJSON's own limit, which the library has to have been built with. */
static void test_depth(void **state)
{
    (void)state;
    for (int depth = 999; depth <= 1001; depth++) {
        RunwayAccount account;
        RunwayError err;
        char text[2100] = "{\"x\":";

        /* in an object */
        memset(text + strlen(text), '[', (size_t)depth - 1);
        memset(text + strlen(text), ']', (size_t)depth - 1);
        strcat(text, "}");
        assert_int_equal(ff_runway_parse_account(text, strlen(text), "aleph2",
                                                 &account, &err),
                         depth > 1000 ? RUNWAY_UNAVAILABLE : RUNWAY_OK);
    }
}

/*
 * The account
 */

static void check_account(const char *text, RunwayOutcome wanted,
                          double balance, int64_t max, int64_t count)
{
    RunwayAccount account;
    RunwayError err;

    assert_int_equal(ff_runway_parse_account(text, strlen(text), "aleph2",
                                             &account, &err), wanted);
    assert_true(account.balance == balance);
    assert_int_equal(account.daily_max, max);
    assert_int_equal(account.daily_count, count);
}

static void test_account(void **state)
{
    (void)state;
    check_account("{\"creditBalance\":12.5,\"tier\":{\"models\":{\"aleph2\":"
                  "{\"maxConcurrentGenerations\":1,\"maxDailyGenerations\":50},"
                  "\"other\":{\"maxDailyGenerations\":1}}},\"usage\":{\"models\":"
                  "{\"aleph2\":{\"dailyGenerations\":49}}}}",
                  RUNWAY_OK, 12.5, 50, 49);
    check_account("{\"creditBalance\":0,\"tier\":{\"models\":{\"aleph2\":"
                  "{\"maxDailyGenerations\":null}}}}", RUNWAY_OK, 0, -1, -1);
    check_account("{\"creditBalance\":-3,\"tier\":[],\"usage\":7}", RUNWAY_OK,
                  -1, -1, -1);
    check_account("{\"creditBalance\":\"12\"}", RUNWAY_OK, -1, -1, -1);
    check_account("{}", RUNWAY_OK, -1, -1, -1);
    check_account("[]", RUNWAY_UNAVAILABLE, -1, -1, -1);
    check_account("<html>", RUNWAY_UNAVAILABLE, -1, -1, -1);
    check_account("", RUNWAY_UNAVAILABLE, -1, -1, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gen4_aleph),
        cmocka_unit_test(test_aleph2),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_other_models),
        cmocka_unit_test(test_nasty_prompts),
        cmocka_unit_test(test_uri),
        cmocka_unit_test(test_extra),
        cmocka_unit_test(test_own_source),
        cmocka_unit_test(test_extra_text),
        cmocka_unit_test(test_bad_extra),
        cmocka_unit_test(test_create_reply),
        cmocka_unit_test(test_create_reply_without_id),
        cmocka_unit_test(test_slot),
        cmocka_unit_test(test_slot_of_many_fields),
        cmocka_unit_test(test_bare_task),
        cmocka_unit_test(test_failed_task),
        cmocka_unit_test(test_secrets_with_controls),
        cmocka_unit_test(test_wrapped_task),
        cmocka_unit_test(test_code_in_text),
        cmocka_unit_test(test_not_exist),
        cmocka_unit_test(test_task_replies_not_understood),
        cmocka_unit_test(test_unfit_outputs),
        cmocka_unit_test(test_failure_class),
        cmocka_unit_test(test_state_names),
        cmocka_unit_test(test_error_text),
        cmocka_unit_test(test_error_text_without_json),
        cmocka_unit_test(test_error_text_holds_no_secret),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_damaged_replies),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_account),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
