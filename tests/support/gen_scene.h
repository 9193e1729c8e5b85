/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_scene.h - what befalls one generated school, told by whoever wants to know the truth
 * of it afterwards: stretches of time, each of one kind. */
#ifndef BW_GEN_SCENE_H
#define BW_GEN_SCENE_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum bw_gen_kind {
    BW_GEN_LESSON,  /* the school is at work; a: what it draws at most, ppm of the line */
    BW_GEN_LINE,    /* the line carries a down and b up, bit/s */
    BW_GEN_OUTAGE,  /* nothing answers; a: 1 where the carrier is down */
    BW_GEN_DEAD,    /* no record is made; a: enum bw_gap_why */
    BW_GEN_CLOCK,   /* not synchronised; a: how far it steps at the beginning, us */
    BW_GEN_BEHIND,  /* the clock shows a seconds less: whole intervals */
    BW_GEN_SERVER,  /* the server state-2 tells a ppm of the truth */
    BW_GEN_LATE,    /* records reach the collector a seconds late */
    BW_GEN_LOSSY,   /* a ppm of packets are lost */
    BW_GEN_COUNTER, /* the counters are read for a ppm of each interval */
    BW_GEN_KEY,     /* from its beginning on the box signs with another key */
    BW_GEN_KINDS
};

struct bw_gen_stretch {
    enum bw_gen_kind kind;
    int64_t from_ms; /* by the box's clock, DEAD, BEHIND and KEY by the true one */
    int64_t to_ms;
    int64_t a;
    int64_t b;
};

struct bw_gen_scene {
    char site[BW_SITE_MAX + 1];
    bool archive; /* its tests are runs that an archive holds */
    const struct bw_gen_stretch *list;
    size_t n;
};

/* "lesson", "line" …; -EINVAL: none of them. */
int bw_gen_kind_parse(const char *word, enum bw_gen_kind *ret);

/* The first stretch of the kind that touches [from, to), in seconds; NULL: none. */
const struct bw_gen_stretch *bw_gen_scene_find(const struct bw_gen_scene *s,
                                               enum bw_gen_kind kind,
                                               int64_t from_unix_s,
                                               int64_t to_unix_s);

#endif
