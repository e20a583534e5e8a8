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

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "looks.h"
#include "util.h"

/* All of these work on limited-range YUV sample by sample, so what they do to
 * a mean value can be calculated, and need nothing but LGPL filters. What is
 * told is in 8 bits; Y() and UV() make it so in any depth. */
#define Y(value)  #value "*(maxval-minval)/219"
#define UV(value) #value "*(maxval-minval)/224"

const SimLook sim_looks[] = {
    {
        "echo", "echo unchanged",
        "null",
        "the picture as it came, for measuring",
    }, {
        "negative", "negative invert inverted",
        "lutyuv=y=negval:u=negval:v=negval",
        "251 - Y, 256 - U, 256 - V; twice it is undone",
    }, {
        "mirror", "mirror mirrored",
        "hflip",
        "left and right change places",
    }, {
        "night", "night",
        "lutyuv=y=minval+(val-minval)*0.35"
        ":u=clip(" UV(146) "+(val-" UV(128) ")*0.4\\,minval\\,maxval)"
        ":v=clip(" UV(120) "+(val-" UV(128) ")*0.4\\,minval\\,maxval)",
        "dark and blue: Y' = 16 + 0.35 (Y - 16)",
    }, {
        "snow", "snow snowy winter",
        "lutyuv=y=clip(" Y(110) "+(val-minval)*0.57\\,minval\\,maxval)"
        ":u=" UV(130) "+(val-" UV(128) ")*0.15"
        ":v=" UV(127) "+(val-" UV(128) ")*0.15",
        "bright and pale: Y' = 110 + 0.57 (Y - 16)",
    }, {
        "sepia", "",
        "lutyuv=u=" UV(106) ":v=" UV(148),
        "whatever else the prompt says: brown, Y as it was",
    }, {
        NULL, NULL, NULL, NULL,
    }
};

static int is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Whole words only: a knight is not a night. */
static int has_word(const char *text, const char *word, size_t length)
{
    for (const char *p = text; *p; p++) {
        if ((p == text || !is_word(p[-1])) &&
            !strncasecmp(p, word, length) && !is_word(p[length]))
            return 1;
    }
    return 0;
}

const SimLook *sim_look_find(const char *prompt)
{
    const SimLook *look;

    for (look = sim_looks; look[1].name; look++) {
        const char *word = look->words;

        while (prompt && *word) {
            size_t length = strcspn(word, " ");

            if (has_word(prompt, word, length))
                return look;
            word += length + strspn(word + length, " ");
        }
    }
    return look;
}

int sim_look_failure(const char *prompt, char *code, int size)
{
    const char *p;
    size_t length;

    for (p = prompt; p && *p; p++) {
        const char *q = p;

        if ((p != prompt && is_word(p[-1])) || strncasecmp(q, "fail ", 5))
            continue;
        q += strlen("fail ");
        if (!strncasecmp(q, "with ", 5))
            q += strlen("with ");
        length = strspn(q, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
        while (length && q[length - 1] == '.')
            length--;
        if (length < 4 || is_word(q[length]))
            continue;
        snprintf(code, (size_t)size, "%.*s", (int)length, q);
        return 1;
    }
    return 0;
}

const char *sim_failure_text(const char *code)
{
    static const struct {
        const char *prefix, *text;
    } texts[] = {
        { "SAFETY.INPUT", "The input was rejected by content moderation." },
        { "INPUT_PREPROCESSING.SAFETY",
          "The input was rejected by content moderation." },
        { "SAFETY.OUTPUT", "The output was rejected by content moderation." },
        { "ASSET", "An asset could not be read or is not valid." },
        { "THIRD_PARTY.INPUT_VALIDATION",
          "The input was rejected by the model's provider." },
        { "THIRD_PARTY.UNAVAILABLE",
          "The model's provider is not available at the moment." },
        { "INTERNAL.BAD_OUTPUT", "The output did not come out well." },
    };

    for (size_t i = 0; i < SIM_ELEMS(texts); i++) {
        if (sim_has_prefix(code, texts[i].prefix))
            return texts[i].text;
    }
    return "An internal error occurred.";
}
