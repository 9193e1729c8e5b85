/* SPDX-License-Identifier: GPL-3.0-or-later
 * rng.h - seeded random numbers for the traffic generator, in integers only: the same seed
 * gives the same bytes on every machine and with every C library. */
#ifndef TG_RNG_H
#define TG_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct tg_rng {
    uint64_t state;
};

/* Two streams of one seed have nothing to do with each other. */
void tg_rng_seed(struct tg_rng *r, uint64_t seed, uint64_t stream);
uint64_t tg_rng_next(struct tg_rng *r);
/* 0 … n-1; n > 0. */
uint32_t tg_rng_below(struct tg_rng *r, uint32_t n);
/* low … high, both possible. */
uint64_t tg_rng_between(struct tg_rng *r, uint64_t low, uint64_t high);
bool tg_rng_chance(struct tg_rng *r, uint32_t ppm);
/* A gap of a stream of events without memory, to 2 % of its mean. */
uint64_t tg_rng_gap(struct tg_rng *r, uint64_t mean);
/* Heavy-tailed: half of all are in low … 2 low, half of the rest in the octave above, …; at
 * most `octaves` of them. */
uint64_t tg_rng_tail(struct tg_rng *r, uint64_t low, uint32_t octaves);

#endif
