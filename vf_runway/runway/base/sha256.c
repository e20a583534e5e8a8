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

#include <stdio.h>
#include <string.h>

#include "sha256.h"

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

void ff_runway_sha256_init(RunwaySha256 *s)
{
    static const uint32_t h[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };

    memset(s, 0, sizeof(*s));
    memcpy(s->h, h, sizeof(h));
}

/* One round. Instead of being moved on, the eight values are read from one place
 * further back each time: n stands for the round in a group of eight. */
#define V(i) v[((i) + 8 - n) % 8]

static inline void round_of(uint32_t v[8], unsigned n, uint32_t added)
{
    uint32_t t = V(7) + added +
                 (rotr(V(4), 6) ^ rotr(V(4), 11) ^ rotr(V(4), 25)) +
                 ((V(4) & V(5)) ^ (~V(4) & V(6)));

    V(3) += t;
    V(7)  = t + (rotr(V(0), 2) ^ rotr(V(0), 13) ^ rotr(V(0), 22)) +
            ((V(0) & V(1)) ^ (V(0) & V(2)) ^ (V(1) & V(2)));
}

static void compress(RunwaySha256 *s, const unsigned char *p)
{
    uint32_t w[64], v[8];

    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) +
               w[i - 7] + (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
    }
    memcpy(v, s->h, sizeof(v));
    for (int i = 0; i < 64; i += 8) { /* in full, so that v is registers */
        round_of(v, 0, k[i] + w[i]);
        round_of(v, 1, k[i + 1] + w[i + 1]);
        round_of(v, 2, k[i + 2] + w[i + 2]);
        round_of(v, 3, k[i + 3] + w[i + 3]);
        round_of(v, 4, k[i + 4] + w[i + 4]);
        round_of(v, 5, k[i + 5] + w[i + 5]);
        round_of(v, 6, k[i + 6] + w[i + 6]);
        round_of(v, 7, k[i + 7] + w[i + 7]);
    }
    for (int i = 0; i < 8; i++)
        s->h[i] += v[i];
}

void ff_runway_sha256_add(RunwaySha256 *s, const void *data, size_t size)
{
    const unsigned char *p = data;

    while (size) {
        size_t have = s->bytes % 64, n = 64 - have;

        if (n > size)
            n = size;
        if (n == 64) {
            compress(s, p);
        } else {
            memcpy(s->block + have, p, n);
            if (have + n == 64)
                compress(s, s->block);
        }
        s->bytes += n;
        p        += n;
        size     -= n;
    }
}

void ff_runway_sha256_text(RunwaySha256 *s, char text[RUNWAY_SHA256_SIZE])
{
    uint64_t bits = s->bytes * 8;
    unsigned char length[8];

    ff_runway_sha256_add(s, "\x80", 1);
    while (s->bytes % 64 != 56)
        ff_runway_sha256_add(s, "", 1);
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    ff_runway_sha256_add(s, length, 8);
    for (int i = 0; i < 8; i++)
        snprintf(text + 8 * i, 9, "%08x", s->h[i]);
}
