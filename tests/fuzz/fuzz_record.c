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
 * Records of the journal: as they lie on the disk, and with a checksum made good,
 * so that what is behind it is reached too.
 */

#include "base/checksum.h"
#include "base/text.h"
#include "fuzz.h"
#include "store/record.h"

#define HALF "0123456789abcdef0123456789abcdef"
#define IDENTITY HALF HALF

static void decode(const char *text, size_t size)
{
    RunwayRecord record, again;
    RunwayError err = { RUNWAY_OK, "" };
    RunwayOutcome ret = ff_runway_record_decode(text, size, IDENTITY, &record);
    size_t length;
    char *written;

    MUST(!strcmp(record.identity, IDENTITY));
    if (ret) {
        /* a right checksum, and no JSON: nobody wrote that */
        MUST(ret == RUNWAY_NOMEM && !record.nb_tries && !record.damage[0]);
        return;
    }
    ff_runway_record_is_open(&record);
    if (record.damage[0]) {
        MUST(!record.nb_tries);
        return;
    }
    for (int i = 0; i < record.nb_tries; i++)
        MUST(ff_runway_try_cost(&record.tries[i]) >= 0);
    /* what is believed can be written, and is the same then */
    MUST(!ff_runway_record_encode(&record, &written, &length, &err));
    MUST(length < RUNWAY_RECORD_TEXT);
    MUST(!ff_runway_record_decode(written, length, IDENTITY, &again));
    MUST(again.nb_tries == record.nb_tries &&
         again.nb_outputs == record.nb_outputs);
    for (int i = 0; i < record.nb_tries; i++)
        MUST(again.tries[i].state == record.tries[i].state &&
             !strcmp(again.tries[i].task_id, record.tries[i].task_id));
    free(written);
}

/* The steps that follow, in an order of the input's. */
static void walk(const uint8_t *data, size_t size)
{
    RunwayRecord record;
    RunwayError err;

    ff_runway_record_init(&record, IDENTITY);
    ff_runway_copy_text(record.endpoint, sizeof(record.endpoint), "https://a/");
    ff_runway_copy_text(record.model, sizeof(record.model), "aleph2");
    for (size_t i = 0; i < size && i < 64; i++) {
        RunwayClipState to = (RunwayClipState)(data[i] & 15);

        if (data[i] & 64 && record.nb_tries)
            strcpy(ff_runway_record_try(&record)->task_id, "t-1");
        if (data[i] & 128 && record.nb_tries)
            ff_runway_record_try(&record)->charged = data[i];
        if (data[i] & 32)
            ff_runway_record_take_back(&record, &err);
        else if (to == RUNWAY_CLIP_INTENT)
            ff_runway_record_begin(&record, "", i, 5, 75, &err);
        else if (record.nb_tries)
            ff_runway_record_move(&record, to, &err);
        MUST(record.nb_tries >= 0 && record.nb_tries <= RUNWAY_TRIES_MAX);
        MUST(ff_runway_record_failures(&record) <= record.nb_tries);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput in = { data, size };
    char *text = fuzz_rest(&in), *line;
    size_t length;
    RunwayChecksum sum;
    char sum_text[RUNWAY_CHECKSUM_SIZE];

    decode(text, size);
    free(text);
    walk(data, size);

    line   = fuzz_line(&in);
    length = strlen(line) + 1;
    text   = malloc(length + RUNWAY_CHECKSUM_SIZE + 16);
    MUST(text);
    memcpy(text, line, length - 1);
    text[length - 1] = '\n';
    ff_runway_checksum_init(&sum);
    ff_runway_checksum_add(&sum, text, length);
    ff_runway_checksum_text(&sum, sum_text);
    length += (size_t)sprintf(text + length, "checksum %s\n", sum_text);
    decode(text, length);
    free(text);
    free(line);
    return 0;
}
