/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_private.h - the generator's body, for gen_summaries.c and gen_scene.c alone. */
#ifndef BW_GEN_PRIVATE_H
#define BW_GEN_PRIVATE_H

#include "gen_scene.h"
#include "gen_summaries.h"

#include <buf.h>
#include <bw/summary.h>

enum {
    DAY_S = 86400,
    EVERY_DAYS = 30, /* each of the troubles below comes once in so many days */
    DAY_COUNTER = 1,
    DAY_OUTAGE = 2,
    DAY_BLINK = 3,
    DAY_LOSSY = 4,
    DAY_GAP = 5,
    DAY_CLOCK = 6,
    TARGETS = 2,
    PERCENT = 100,
    PPM = 1000000
};

struct bw_gen {
    struct bw_gen_options o;
    char site[BW_SITE_MAX + 1];
    struct bw_key *key;
    int keys; /* how many keys there were */
    struct bw_summary summary;
    struct bw_buf payload;
    struct bw_buf jws;
    char prev[BW_HASH_LEN + 1];
    char config[BW_HASH_LEN + 1];
    int64_t at_unix_s;   /* true time */
    int64_t made_unix_s; /* at the end of the interval */
    int64_t seq;
    char prev_kid[BW_KID_LEN + 1]; /* of the key before, and where it ended */
    int64_t prev_seq;
    int64_t gap_from_unix_s; /* unknown: the interval before was there */
    int64_t first_day;
};

/* Drawn from seed, site, time and what is drawn: evenly, from low to high. */
uint64_t bw_gen_draw(const struct bw_gen *g, int64_t when, uint64_t what);
int64_t bw_gen_between(
    const struct bw_gen *g, int64_t when, uint64_t what, int64_t low, int64_t high);

int64_t bw_gen_local_day(const struct bw_gen *g, int64_t unix_s);
int64_t bw_gen_day_start(const struct bw_gen *g, int64_t unix_s);
/* Does the day's trouble of this kind fall on the local day of an instant? */
bool bw_gen_is_day(const struct bw_gen *g, int64_t unix_s, int which);

/* The scene's stretch of a kind that touches the interval that starts then; NULL: none,
 * also without a scene. */
const struct bw_gen_stretch *
bw_gen_now(const struct bw_gen *g, enum bw_gen_kind kind, int64_t unix_s);

/* The outage that lies over the interval that starts then. */
bool bw_gen_find_outage(const struct bw_gen *g,
                        int64_t unix_s,
                        int64_t *from_ms,
                        int64_t *to_ms,
                        bool *ret_carrier);
/* Seconds of [start, end) in which the line is out. */
int64_t bw_gen_out_s(const struct bw_gen *g, int64_t start, int64_t end);
/* Is no record made then? */
bool bw_gen_in_gap(const struct bw_gen *g, int64_t unix_s);
bool bw_gen_unsynced(const struct bw_gen *g, int64_t unix_s);
bool bw_gen_is_moved(const struct bw_gen *g, int64_t unix_s);
int64_t bw_gen_late_s(const struct bw_gen *g, int64_t unix_s);
int64_t bw_gen_loss_ppm(const struct bw_gen *g, int64_t unix_s);
int64_t bw_gen_covered_s(const struct bw_gen *g, int64_t unix_s, int64_t length_s);
/* What the line carries. */
int64_t bw_gen_line_bps(const struct bw_gen *g, int64_t unix_s, int way);
/* What the school draws, in ppm of its line. */
int64_t bw_gen_demand_ppm(const struct bw_gen *g, int64_t unix_s);

#endif
