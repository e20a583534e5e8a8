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

/**
 * @file
 * Texts from outside: UTF-8, one line of it, and nothing secret in it. Layer 0.
 */

#ifndef AVFILTER_RUNWAY_BASE_TEXT_H
#define AVFILTER_RUNWAY_BASE_TEXT_H

#include <stddef.h>

/** UTF-16 code units of a UTF-8 text, or -1 when it is not valid UTF-8. */
int ff_runway_utf16_length(const char *text);

/**
 * Make text one line of valid UTF-8, in place: control characters become
 * spaces (Unicode's bidirectional ones and its line separators are controls
 * too), what is no UTF-8 becomes '?'. With cut non-zero text was cut off
 * somewhere: an unfinished character at its end is dropped.
 */
void ff_runway_clean_text(char *text, int cut);

/**
 * Take out of text, in place, what looks like a secret wherever it comes from:
 * data URIs, queries of URLs, bearers, keys, tokens, long runs of base64. For
 * texts that a server sent: it may echo what it got.
 */
void ff_runway_scrub(char *text);

/** Take users and passwords out of URLs in text, and all that is behind them. For
 *  texts of ours that quote what was typed. */
void ff_runway_scrub_users(char *text);

/** Take every occurrence of word (4 bytes or more; NULL: nothing) out of text, or
 *  of its beginning from 32 bytes on, in place, also where characters of it are
 *  escaped as URLs, JSON or HTML escape them, more than once at that, and where
 *  lines break in it, as those of base64 do. Three dots remain. */
void ff_runway_scrub_word(char *text, const char *word);

/** The same for nb words; where several begin at one place, for all that the
 *  longest of them is said of there. */
void ff_runway_scrub_words(char *text, const char *const *words, size_t nb);

/**
 * Copy text into a field of size bytes and clean it as above; what does not fit
 * is cut at a character boundary. NULL: "". text may be in the field itself.
 */
void ff_runway_copy_text(char *out, size_t size, const char *text);

#endif /* AVFILTER_RUNWAY_BASE_TEXT_H */
