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

/*
 * The JSON that a user adds to a request (option body), the texts that go into
 * one, and where it goes.
 *
 * Input: lines with the model's name, the prompt, the ratio, a URL, a no_proxy
 * list and a key; the rest is the body.
 */

#include "base/text.h"
#include "fuzz.h"
#include "api/models.h"
#include "http/url.h"
#include "api/providers.h"
#include "api/request_json.h"
#include "base/json.h"

static char *drain(RunwayBody *body)
{
    size_t capacity = (size_t)ff_runway_body_size(body), used = 0, n;
    char *text = malloc(capacity + 1);

    MUST(text);
    ff_runway_body_rewind(body);
    do {
        MUST(!ff_runway_body_read(body, text + used, capacity + 1 - used, &n));
        used += n;
    } while (n);
    MUST(used == capacity);
    text[used] = 0;
    return text;
}

static void check_url(const char *text, const char *list)
{
    RunwayUrl url;
    RunwayUrl again;

    if (ff_runway_url_parse(text, &url))
        return;
    MUST(url.text && url.host && url.host[0] && !strpbrk(url.text, " \r\n\t"));
    MUST(url.port > 0 && url.port < 65536);
    MUST(!url.is_loopback ==
         (ff_runway_host_reach(url.host) != RUNWAY_REACH_LOOPBACK));
    /* what was made of it is a URL, and the same one */
    MUST(!ff_runway_url_parse(url.text, &again));
    MUST(!strcmp(url.text, again.text) && url.is_https == again.is_https);
    ff_runway_no_proxy(list, url.host);
    ff_runway_url_reset(&again);
    ff_runway_url_reset(&url);
}

static void check_key(const char *text)
{
    for (int i = 0; i < 2; i++) {
        char *key = strdup(text);
        RunwayError err = { RUNWAY_OK, "" };

        MUST(key);
        if (!ff_runway_key_check(ff_runway_provider_at(i), key, &err))
            MUST(key[0] && !strpbrk(key, "\r\n"));
        else if (strlen(key) > 12)
            MUST(err.text[0] && !strstr(err.text, key));
        free(key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput in = { data, size };
    char *lines[6], *extra, *text, value[64];
    RunwayRequest request = { .seed = 7 };
    RunwayBody *body;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret;

    for (int i = 0; i < 6; i++)
        lines[i] = fuzz_line(&in);
    extra = malloc(in.size + 1);
    MUST(extra);
    memcpy(extra, in.data, in.size);
    extra[in.size] = 0;

    if (ff_runway_model_choose(lines[0], RUNWAY_MODE_EDIT, &request.model, &err))
        MUST(!ff_runway_model_choose(lines[0], RUNWAY_MODE_REFERENCE,
                                     &request.model, &err));
    request.model_name = lines[0];
    if (!ff_runway_prompt_check(request.model, lines[1], &err))
        request.prompt = lines[1];
    if (!ff_runway_ratio_choose(request.model, lines[2], 1280, 720,
                                &request.ratio, &err) && request.ratio)
        MUST(request.ratio[0]);
    request.extra = extra;
    ret = ff_runway_request_json(&request, -1, 0, "https://a.invalid/x",
                                 &body, &err);
    MUST(!body == !!ret);
    if (ret) {
        MUST(ret == RUNWAY_INVALID && err.text[0]);
    } else {
        cJSON *json;
        const char *name;

        text = drain(body);
        json = cJSON_Parse(text);
        /* JSON, for that model, with the clip in it, whatever was added */
        MUST(cJSON_IsObject(json));
        if (lines[0][0] && ff_runway_utf16_length(lines[0]) >= 0) {
            name = runway_json_text(json, "model");
            MUST(name && !strcmp(name, lines[0]));
        }
        MUST(strstr(text, "https://a.invalid/x"));
        cJSON_Delete(json);
        free(text);
    }
    ff_runway_body_free(&body);
    ff_runway_extra_text(extra, "outputFormat", value, sizeof(value));
    check_url(lines[3], lines[4]);
    check_key(lines[5]);
    for (int i = 0; i < 6; i++)
        free(lines[i]);
    free(extra);
    return 0;
}
