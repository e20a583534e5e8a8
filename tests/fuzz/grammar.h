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

/**
 * @file
 * What targets share whose inputs pick from a grammar: choices, numbers, bits,
 * and the judge of time and memory. An input that has ended picks what is right.
 * For one target each: include it once.
 */

#ifndef TESTS_FUZZ_GRAMMAR_H
#define TESTS_FUZZ_GRAMMAR_H

#include <sanitizer/allocator_interface.h>
#include <stdatomic.h>
#include <time.h>

#include "fuzz.h"
#include "mp4_file.h"

static inline unsigned take(FuzzInput *in, unsigned below)
{
    unsigned value = 0;

    if (in->size) {
        value = *in->data++;
        in->size--;
    }
    return below ? value % below : value;
}

/** A number that is likely to matter. */
static inline uint32_t number(FuzzInput *in)
{
    static const uint32_t numbers[] = {
        0, 1, 2, 3, 4, 8, 12, 24, 40, 100, 1000, 8192, 65535, 65536, 90000,
        131072, 131073, 0x7FFFFF, 0x1000000, 0x7FFFFFFF, 0x80000000,
        0x80010000, 0xC0010000, 0xFFFFFFFE, 0xFFFFFFFF,
    };
    unsigned pick = take(in, 40);

    if (pick < sizeof(numbers) / sizeof(*numbers))
        return numbers[pick];
    return pick < 36 ? take(in, 0) : take(in, 0) << 24 | take(in, 0) << 16 |
                                     take(in, 0) << 8 | take(in, 0);
}

/** Whether something is done that happens once in so many times. */
static inline int seldom(FuzzInput *in, unsigned times)
{
    return take(in, times) == 1;
}

/** Mostly that number. */
static inline uint32_t near(FuzzInput *in, uint32_t value)
{
    return seldom(in, 8) ? number(in) : value;
}

/** The same of what has many numbers, all of which have to be right. */
static inline uint32_t odd(FuzzInput *in, uint32_t value)
{
    return seldom(in, 32) ? number(in) : value;
}

/** How many of something there are. */
static inline unsigned count(FuzzInput *in, unsigned usual)
{
    static const unsigned char most[] = {
        0, 1, 2, 3, 4, 8, 15, 16, 17, 25, 31, 32, 64, 99, 100, 101, 128, 255,
    };

    return seldom(in, 16) ? most[take(in, sizeof(most))] : usual;
}

typedef struct Bits {
    uint8_t data[4096];  ///< what does not fit is left out
    size_t nb;
} Bits;

/** Of more than 64 the first are 0. */
static inline void put_bits(Bits *b, int nb, uint64_t value)
{
    for (; nb-- > 0 && b->nb < 8 * sizeof(b->data); b->nb++) {
        const unsigned bit = nb < 64 ? value >> nb & 1 : 0;

        if (!(b->nb & 7))
            b->data[b->nb >> 3] = 0;
        b->data[b->nb >> 3] |= bit << (7 - (b->nb & 7));
    }
}

/* Each of these writes mostly that value, and returns what it wrote. */

static inline uint32_t put_u(Bits *b, FuzzInput *in, int nb, uint32_t value)
{
    value = odd(in, value);
    if (nb < 32)
        value &= (1u << nb) - 1;
    put_bits(b, nb, value);
    return value;
}

/* Exp-Golomb, of up to 33 bits behind as many zeros */
static inline uint32_t put_ue(Bits *b, FuzzInput *in, uint32_t value)
{
    uint64_t code;
    int nb = 0;

    value = odd(in, value);
    code  = value + 1ULL;
    while (code >> (nb + 1))
        nb++;
    put_bits(b, nb, 0);
    put_bits(b, nb + 1, code);
    return value;
}

/* how many of something follow: as many as it says, or a few */
static inline unsigned put_count(Bits *b, FuzzInput *in, unsigned usual)
{
    uint32_t nb = put_ue(b, in, usual);

    return nb < 300 ? nb : take(in, 0);
}

static inline void put_any(Bits *b, FuzzInput *in, unsigned bytes)
{
    for (; bytes; bytes--)
        put_bits(b, 8, take(in, 0));
}

/** What an input may cost. */
typedef struct Judge {
    clock_t start;
    long most;
} Judge;

static atomic_long judge_now, judge_peak;

static void judge_malloc(const volatile void *block, size_t size)
{
    long now = atomic_fetch_add(&judge_now, (long)size) + (long)size;
    long peak = atomic_load(&judge_peak);

    while (now > peak && !atomic_compare_exchange_weak(&judge_peak, &peak, now))
        ;
    (void)block;
}

static void judge_free(const volatile void *block)
{
    if (block)
        atomic_fetch_sub(&judge_now, (long)__sanitizer_get_allocated_size(
                                         (const void *)(uintptr_t)block));
}

/** Of the processor, as others may be busy with it; most bytes are allocated
 *  at any time. */
static inline Judge judge_begin(long most)
{
    static int is_set_up;

    if (!is_set_up) {
        MUST(__sanitizer_install_malloc_and_free_hooks(judge_malloc,
                                                       judge_free));
        is_set_up = 1;
    }
    atomic_store(&judge_now, 0);
    atomic_store(&judge_peak, 0);
    return (Judge){ clock(), most };
}

static inline void judge_end(const Judge *j)
{
    double seconds = (double)(clock() - j->start) / CLOCKS_PER_SEC;
    long peak = atomic_load(&judge_peak);

    if (seconds >= 2 || peak > j->most)
        fprintf(stderr, "%.2f s, %ld bytes\n", seconds, peak);
    MUST(seconds < 2);
    MUST(peak <= j->most);
}

/* What usability information begins with in H.264 and HEVC: the shape of a
 * sample, overscan, levels and colours, and where chroma lies. */
static inline void put_look(Bits *b, FuzzInput *in)
{
    if (put_u(b, in, 1, 0) && put_u(b, in, 8, 1) == 255)
        put_u(b, in, 32, 0x10001);
    if (put_u(b, in, 1, 0))
        put_u(b, in, 1, 0);
    if (put_u(b, in, 1, 0)) {
        put_u(b, in, 4, 10);
        if (put_u(b, in, 1, 1))
            put_u(b, in, 24, 0x010101);
    }
    if (put_u(b, in, 1, 0)) {
        put_ue(b, in, 0);
        put_ue(b, in, 0);
    }
}

#endif /* TESTS_FUZZ_GRAMMAR_H */
