/* SPDX-License-Identifier: GPL-3.0-or-later
 * rng.c - splitmix64, from its description by its author, and what is drawn from it. */
#include "rng.h"

uint64_t tg_rng_next(struct tg_rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void tg_rng_seed(struct tg_rng *r, uint64_t seed, uint64_t stream)
{
    r->state = seed ^ (stream * 0xd1342543de82ef95u);
    r->state = tg_rng_next(r);
}

uint32_t tg_rng_below(struct tg_rng *r, uint32_t n)
{
    return (uint32_t)(((tg_rng_next(r) >> 32) * n) >> 32);
}

uint64_t tg_rng_between(struct tg_rng *r, uint64_t low, uint64_t high)
{
    return high > low ? low + tg_rng_next(r) % (high - low + 1) : low;
}

bool tg_rng_chance(struct tg_rng *r, uint32_t ppm)
{
    return ppm > 0 && tg_rng_below(r, 1000000) < ppm;
}

/* -ln(u) is k·ln 2 for the k leading zeros of u, and a rest below ln 2, here taken as even.
 * The mean of that is 1.5 ln 2 = 1.0397. */
uint64_t tg_rng_gap(struct tg_rng *r, uint64_t mean)
{
    uint64_t bits = tg_rng_next(r);
    uint64_t zeros = 0;

    while (zeros < 40 && !(bits >> 63)) {
        bits <<= 1;
        zeros++;
    }
    return mean * (zeros * 65536 + (tg_rng_next(r) >> 48)) / 98304;
}

uint64_t tg_rng_tail(struct tg_rng *r, uint64_t low, uint32_t octaves)
{
    uint32_t k = 0;

    while (k + 1 < octaves && (tg_rng_next(r) >> 63)) {
        k++;
    }
    return tg_rng_between(r, low << k, (low << (k + 1)) - 1);
}
