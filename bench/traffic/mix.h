/* SPDX-License-Identifier: GPL-3.0-or-later
 * mix.h - who starts what, when: the mix of a school day, at about a wanted rate. */
#ifndef TG_MIX_H
#define TG_MIX_H

#include <stdint.h>

struct tg_sim;

struct tg_mix_options {
    uint32_t pps; /* wanted mean; what comes out is in the truth */
    uint32_t v6_ppm;
};

/* Embedded by its user; lives as long as the simulation. */
struct tg_mix {
    struct tg_mix_options o;
    uint16_t *ports; /* the next of each device: none comes again soon */
};

/* Begins at the simulation's time 0. -ENOMEM. */
int tg_mix_start(struct tg_mix *m, const struct tg_mix_options *o, struct tg_sim *s);
void tg_mix_done(struct tg_mix *m);

#endif
