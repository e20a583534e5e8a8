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
 * Replies: what a create, a read, a slot and an account say, and what is made of
 * an error page. The first byte says which is asked.
 */

#include "base/error.h"
#include "base/text.h"
#include "fuzz.h"
#include "http/classify.h"
#include "api/reply.h"

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static int is_text(const char *text, size_t capacity)
{
    return memchr(text, 0, capacity) != NULL;
}

static void read_create(const char *text, size_t size)
{
    char id[RUNWAY_ID_MAX];
    double credits;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = ff_runway_parse_create(text, size, id, &credits,
                                               &err);

    if (ret) {
        MUST(ret == RUNWAY_UNKNOWN && err.outcome == ret && err.text[0]);
        return;
    }
    MUST(is_text(id, sizeof(id)) && id[0]);
    MUST(strspn(id, WORD "-_.:") == strlen(id));
    MUST(credits == -1 || credits >= 0);
}

static void read_task(const char *text, size_t size)
{
    RunwayTask task;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = ff_runway_parse_task(text, size, &task, &err);

    if (ret) {
        MUST(ret == RUNWAY_UNAVAILABLE && err.text[0]);
        return;
    }
    MUST(ff_runway_task_state_name(task.state));
    MUST(is_text(task.url, sizeof(task.url)));
    MUST(is_text(task.failure, sizeof(task.failure)));
    MUST(is_text(task.failure_code, sizeof(task.failure_code)));
    MUST(task.progress == -1 || (task.progress >= 0 && task.progress <= 1));
    MUST(task.credits == -1 || task.credits >= 0);
    MUST(!task.url[0] || task.state == RUNWAY_TASK_SUCCEEDED);
    ff_runway_failure_class(task.failure_code);
}

static void read_slot(const char *text, size_t size)
{
    RunwaySlot *slot;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = ff_runway_parse_slot(text, size, &slot, &err);

    MUST(!slot == !!ret);
    MUST(!ret || (ret == RUNWAY_UNAVAILABLE && err.text[0]));
    if (slot) {
        MUST(slot->url && slot->uri && slot->nb_fields >= 0);
        for (int i = 0; i < slot->nb_fields; i++)
            MUST(slot->names[i] && slot->values[i]);
    }
    ff_runway_slot_free(&slot);
}

static void read_account(const char *text, size_t size)
{
    RunwayAccount account;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = ff_runway_parse_account(text, size, "aleph2",
                                                &account, &err);

    MUST(!ret || (ret == RUNWAY_UNAVAILABLE && err.text[0]));
    if (!ret) {
        MUST(account.balance == -1 || account.balance >= 0);
        MUST(account.daily_max >= -1 && account.daily_count >= -1);
    }
}

static void read_error(const char *text, size_t size)
{
    char line[1024];
    size_t capacity = size % 2 ? sizeof(line) : 40;

    ff_runway_reply_is_not_exist(text, size);
    ff_runway_reply_is_refusal(text, size);
    ff_runway_reply_error_text(text, size, NULL, NULL, line, capacity);
    MUST(is_text(line, capacity) && line[0]);
    MUST(!strpbrk(line, "\r\n"));
    for (const char *s = line; (s = strstr(s, "key_")); s += 4)
        MUST(strspn(s + 4, WORD) < 16);
}

/* The texts of headers and codes. */
static void read_words(const char *text, size_t size)
{
    FuzzInput in = { (const uint8_t *)text, size };
    char *word = fuzz_line(&in), *secret = fuzz_line(&in);
    char *rest = malloc(in.size + 1);
    int64_t wait = ff_runway_retry_after(word, 784111777);

    MUST(rest && wait >= -1 && wait <= RUNWAY_RETRY_AFTER_MAX);
    ff_runway_failure_class(word);
    memcpy(rest, in.data, in.size);
    rest[in.size] = 0;
    ff_runway_scrub_word(rest, secret);
    if (strlen(secret) >= 4 && !strchr(secret, '.'))
        MUST(!strstr(rest, secret));
    ff_runway_clean_text(rest, 1);
    free(rest);
    free(secret);
    free(word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t size) = {
        read_create, read_task, read_slot, read_account, read_error, read_words,
    };
    FuzzInput in = { data + 1, size - 1 };
    char *text;

    if (!size)
        return 0;
    /* as it is: no 0 stands behind it */
    text = fuzz_rest(&in);
    readers[data[0] % 6](text, in.size);
    free(text);
    return 0;
}
