/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* bytes of escapes of escapes that are undone for one character */
#define ESCAPES_MAX 16
/* characters of a word that are as good as the whole: what a text takes at most
 * for each of its bytes, however long the word is */
#define ENOUGH 32

/**
 * Length of the UTF-8 character at s, 0 when there is none, -1 when the text
 * ends within it.
 */
static int utf8_length(const unsigned char *s)
{
    unsigned char least = 0x80, most = 0xBF;
    int n;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        n = 2;
    else if (s[0] >= 0xE0 && s[0] <= 0xEF)
        n = 3;
    else if (s[0] >= 0xF0 && s[0] <= 0xF4)
        n = 4;
    else
        return 0;
    /* no overlong forms, no surrogates, nothing above U+10FFFF */
    if (s[0] == 0xE0)
        least = 0xA0;
    else if (s[0] == 0xED)
        most = 0x9F;
    else if (s[0] == 0xF0)
        least = 0x90;
    else if (s[0] == 0xF4)
        most = 0x8F;
    for (int i = 1; i < n; i++) {
        if (!s[i])
            return -1;
        if (s[i] < least || s[i] > most)
            return 0;
        least = 0x80;
        most  = 0xBF;
    }
    return n;
}

int ff_runway_utf16_length(const char *text)
{
    int units = 0;

    while (*text) {
        int n = utf8_length((const unsigned char *)text);

        if (n <= 0)
            return -1;
        units += n == 4 ? 2 : 1;
        text  += n;
    }
    return units;
}

/** Whether the UTF-8 character at s, of two bytes or more, is a control: one of
 *  U+0080..U+009F, which terminals obey, a bidirectional one, which makes a text
 *  look like another, or a line separator. */
static int is_control(const unsigned char *s)
{
    unsigned u = s[0] < 0xE0 ? (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu) :
                 s[0] < 0xF0 ? (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 |
                               (s[2] & 0x3Fu) : 0x10000;

    return u < 0xA0 || u == 0x61C || u == 0x200E || u == 0x200F ||
           (u >= 0x2028 && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069);
}

void ff_runway_clean_text(char *text, int cut)
{
    unsigned char *s = (unsigned char *)text;

    while (*s) {
        int n = utf8_length(s);

        if (n < 0 && cut) {
            *s = 0;
            return;
        }
        if (n <= 0) {
            *s++ = '?';
        } else if (n == 1) {
            if (*s < 0x20 || *s == 0x7F)
                *s = ' ';
            s++;
        } else {
            if (is_control(s))
                memset(s, ' ', (size_t)n);
            s += n;
        }
    }
}

static int is_end_of_run(char c)
{
    return !c || strchr(" \t\r\n\"'\\<>`", c);
}

static int is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || (c && strchr("+/=_-", c));
}

/** Whether what follows the // of a URL begins with a user, and who knows what
 *  else. */
static int has_user(const char *s)
{
    while (!is_end_of_run(*s) && !strchr("/?#@", *s))
        s++;
    return *s == '@';
}

/** Bytes to keep and bytes to drop of the text at s where it is the place in a
 *  URL that a user stands behind, and one does; 0: it is not. */
static size_t user_at(const char *s, size_t *keep)
{
    size_t n = 2;

    if ((s[0] != '/' && s[0] != ':') || s[1] != '/' || !has_user(s + 2))
        return 0;
    while (!is_end_of_run(s[n]))
        n++;
    *keep = 2;
    return n - 2;
}

/** Where a text was looked through in vain up to: it is not from each byte. */
typedef struct Seen {
    const char *data;   ///< for the / or , of a data URI
    const char *query;  ///< for what stands behind the ? of a URL
} Seen;

/** The same of the query of a URL; what comes before a user in it is looked
 *  through once, as that is hidden with all behind it. */
static size_t query_at(const char *s, size_t *keep, Seen *seen)
{
    size_t n = 0, query = 0;

    if (s < seen->query || (strncasecmp(s, "http://", 7) &&
                            strncasecmp(s, "https://", 8)))
        return 0;
    while (!is_end_of_run(s[n]) && s[n] != '?' && !user_at(s + n, keep))
        n++;
    if (s[n] == '?')
        for (n++; !is_end_of_run(s[n + query]); query++)
            ;
    *keep = n;
    if (!query)
        seen->query = s + n;
    return query;
}

/** The same of anything that is secret. */
static size_t secret_at(const char *s, size_t *keep, Seen *seen)
{
    static const struct {
        const char *prefix;
        int least; /* shorter than this is a word, not a secret */
    } prefixes[] = {
        { "_jwt=",   1 },
        { "bearer ", 6 },
        { "key_",   16 },
    };
    size_t n;

    if (s >= seen->data && !strncasecmp(s, "data:", 5)) {
        for (n = 5; !is_end_of_run(s[n]); n++)
            ;
        if (memchr(s + 5, '/', n - 5) || memchr(s + 5, ',', n - 5)) {
            *keep = 5;
            return n - 5;
        }
        seen->data = s + n;
    }
    n = user_at(s, keep);
    if (!n)
        n = query_at(s, keep, seen);
    if (n)
        return n;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t length = strlen(prefixes[i].prefix);

        if (strncasecmp(s, prefixes[i].prefix, length))
            continue;
        for (n = 0; !is_end_of_run(s[length + n]); n++)
            ;
        if (n >= (size_t)prefixes[i].least) {
            *keep = length;
            return n;
        }
    }
    return 0;
}

/** Put up to three dots for length secret bytes. */
static char *put_dots(char *to, size_t length)
{
    size_t n = length < 3 ? length : 3;

    memset(to, '.', n);
    return to + n;
}

void ff_runway_scrub(char *text)
{
    Seen seen = { text, text };
    const char *from = text;
    char *to = text;

    while (*from) {
        size_t keep = 0, drop = secret_at(from, &keep, &seen), run = 0;

        if (drop) {
            memmove(to, from, keep);
            to    = put_dots(to + keep, drop);
            from += keep + drop;
            continue;
        }
        /* base64 from the middle of a file, a token, a digest, a signature
         * (AWS's has 64 digits): nothing that a person reads */
        if (from == text || !is_base64(from[-1]))
            while (is_base64(from[run]) && !user_at(from + run, &keep))
                run++;
        if (run >= 64) {
            to    = put_dots(to, run);
            from += run;
            continue;
        }
        *to++ = *from++;
    }
    *to = 0;
}

void ff_runway_scrub_users(char *text)
{
    const char *from = text;
    char *to = text;

    while (*from) {
        size_t keep = 0, drop = user_at(from, &keep);

        if (!drop) {
            *to++ = *from++;
            continue;
        }
        memmove(to, from, keep);
        to    = put_dots(to + keep, drop);
        from += keep + drop;
    }
    *to = 0;
}

/** The value of n hex digits, -1 when there are not as many. */
static int hex(const char *s, int n)
{
    int value = 0;

    for (; n; n--, s++) {
        char lower = (char)(*s | 0x20);

        if (*s >= '0' && *s <= '9')
            value = value * 16 + (*s - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/** Bytes of s, which begins with a %, a \ or an &, that are only there because
 *  that was escaped, and maybe once more; 0 of any other s. */
static size_t escapes_of_escape(const char *s)
{
    const char *again = *s == '%' ? "25" : *s == '&' ? "amp;" : NULL;
    size_t n = 0;

    if (*s == '\\')
        while (n < ESCAPES_MAX && s[1 + n] == '\\')
            n++;
    while (again && n < ESCAPES_MAX &&
           !strncasecmp(s + 1 + n, again, strlen(again)))
        n += strlen(again);
    return n;
}

/** The character of &#65; &#x41; &lt; and such at s, the & left out, -1: there is
 *  none. *length: its bytes. Numbers need no semicolon, as browsers have it. */
static int entity(const char *s, size_t *length)
{
    static const struct {
        const char *name;
        int value;
    } names[] = {
        { "lt;", '<' }, { "gt;", '>' }, { "quot;", '"' }, { "apos;", '\'' },
        { "lowbar;", '_' }, { "underbar;", '_' }, { "hyphen;", '-' },
        { "dash;", '-' }, { "period;", '.' }, { "comma;", ',' },
        { "colon;", ':' }, { "semi;", ';' }, { "plus;", '+' }, { "sol;", '/' },
        { "bsol;", '\\' }, { "equals;", '=' }, { "commat;", '@' },
        { "tilde;", '~' }, { "num;", '#' }, { "dollar;", '$' },
        { "percnt;", '%' }, { "ast;", '*' }, { "midast;", '*' },
        { "excl;", '!' }, { "quest;", '?' }, { "hat;", '^' }, { "grave;", '`' },
        { "lpar;", '(' }, { "rpar;", ')' }, { "lsqb;", '[' }, { "lbrack;", '[' },
        { "rsqb;", ']' }, { "rbrack;", ']' }, { "lcub;", '{' },
        { "lbrace;", '{' }, { "rcub;", '}' }, { "rbrace;", '}' },
        { "vert;", '|' }, { "verbar;", '|' }, { "verticalline;", '|' },
        { "tab;", '\t' }, { "newline;", '\n' },
    };
    int is_hex, value;
    char *end;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if ((*s | 0x20) != names[i].name[0])
            continue;
        *length = strlen(names[i].name);
        if (!strncasecmp(s, names[i].name, *length))
            return names[i].value;
    }
    if (*s != '#')
        return -1;
    is_hex  = s[1] == 'x' || s[1] == 'X';
    value   = (int)strtol(s + 1 + is_hex, &end, is_hex ? 16 : 10);
    *length = (size_t)(end - s) + (*end == ';');
    return value;
}

/** The character at s, its escapes undone: %41, also where that was escaped
 *  once more (%2541); \u0041, \x41, \n or itself behind any number of
 *  backslashes; &#65;, &#x41, &lt; and such. *length: its bytes. */
static int character_at(const char *s, size_t *length)
{
    size_t n = 1 + escapes_of_escape(s);
    int value = -1;

    if (*s == '%') {
        value = hex(s + n, 2);
        if (value < 0 && n > 1)
            value = hex(s + (n -= 2), 2);
        n += 2;
    } else if (*s == '\\') {
        if (s[n] == 'u' || s[n] == 'x') {
            int digits = s[n] == 'u' ? 4 : 2;

            value = hex(s + n + 1, digits);
            n    += (size_t)(value < 0 ? 0 : digits);
        }
        if (value < 0)
            value = s[n] && strchr("nrt", s[n]) ? ' ' : (unsigned char)s[n];
        n++;
    } else if (*s == '&') {
        size_t name;

        value = entity(s + n, &name);
        if (value > 0)
            n += name;
        else
            value = '&';
    }
    *length = value > 0 ? n : 1;
    return value > 0 ? value : (unsigned char)*s;
}

static int lower_case(int c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/** Bytes at s that say c, escaped in whatever way; 0: something else is there. */
static size_t says_character(const char *s, char c)
{
    size_t n;

    if (lower_case(character_at(s, &n)) == lower_case((unsigned char)c))
        return n;
    /* what looks like an escape may be the word's own: %2541 for its %41 */
    return *s == c ? 1 + escapes_of_escape(s) : 0;
}

/** Bytes at s that say word, as it is or in whatever escapes and letters and on
 *  however many lines, or the first ENOUGH characters of it and more; 0:
 *  something else is there. */
static size_t says(const char *s, const char *word)
{
    size_t length = 0, plain = 0, n;

    while (word[plain] && lower_case((unsigned char)word[plain]) ==
                          lower_case((unsigned char)s[plain]))
        plain++;
    if (!word[plain])
        return plain;
    for (size_t i = 0; word[i]; i++) {
        size_t said = length;

        while (!(n = says_character(s + length, word[i]))) {
            int c = length ? character_at(s + length, &n) : 0;

            if (!c || !strchr(" \t\r\n", c))
                return i >= ENOUGH ? said : plain >= ENOUGH ? plain : 0;
            length += n;
        }
        length += n;
    }
    return length;
}

void ff_runway_scrub_words(char *text, const char *const *words, size_t nb)
{
    const char *from = text;
    char *to = text;

    while (*from) {
        size_t length = 0, n;
        const int plain = lower_case((unsigned char)*from);
        const int meant = lower_case(character_at(from, &n));

        /* of words that begin alike the one that says most */
        for (size_t i = 0; i < nb; i++) {
            const int first = words[i] ? lower_case((unsigned char)*words[i]) : 0;
            size_t said;

            /* what is shorter is no secret, and would blank ordinary words */
            if (!first || (first != plain && first != meant) ||
                memchr(words[i], 0, 4))
                continue;
            said = says(from, words[i]);
            if (said > length)
                length = said;
        }
        if (length)
            to = put_dots(to, length);
        else
            *to++ = *from;
        from += length + !length;
    }
    *to = 0;
}

void ff_runway_scrub_word(char *text, const char *word)
{
    ff_runway_scrub_words(text, &word, 1);
}

void ff_runway_copy_text(char *out, size_t size, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    int cut = length >= size;

    if (cut)
        length = size - 1;
    if (text)
        memmove(out, text, length);
    out[length] = 0;
    ff_runway_clean_text(out, cut);
}
