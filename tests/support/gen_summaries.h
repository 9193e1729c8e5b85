/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_summaries.h - signed, chained summaries of schools that never were, for tests and
 * benches. Everything follows from the seed: the same options give the same bytes
 * (Ed25519 keys are derived from seed and site too). */
#ifndef BW_GEN_SUMMARIES_H
#define BW_GEN_SUMMARIES_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_gen;
struct bw_gen_scene;
struct bw_pubkey;
struct bw_summary;

struct bw_gen_options {
    uint64_t seed;
    int site_index;      /* 0, 1, 2 …: its own id, key and habits */
    int64_t from_unix_s; /* multiple of interval_s */
    int64_t to_unix_s;
    int64_t interval_s;   /* 300 */
    int64_t utc_offset_s; /* of the school's clock, for its habits; -21600 */
    int64_t claim_bps[BW_DIRECTIONS];
    int64_t drop_hist_every; /* every so many records one goes without its longest
                                histogram, as one that was too long; 0 none */
    int64_t
        moved_unix_s;      /* from then on the box stands elsewhere, at another layer and
                              MTU, for 36 h, and after 12 more for 12 again; unknown: never */
    bool without_counters; /* source none */
    bool without_gaps;     /* every interval is there */
    bool rich;             /* every kind of probe, and what the line is full of */
    bool steady;           /* no outage, lossy day, gap or clock fault */
    const struct bw_gen_scene *scene; /* in place of all these troubles and habits; lent;
                                         NULL: none */
};

void bw_gen_options_init(struct bw_gen_options *o); /* one week of a 100/20 Mbit/s school */
int bw_gen_new(const struct bw_gen_options *o, struct bw_gen **ret, struct bw_err *reterr);
void bw_gen_free(struct bw_gen *g); /* NULL is fine */
const char *bw_gen_site(const struct bw_gen *g);
const struct bw_pubkey *bw_gen_key(const struct bw_gen *g);
/* The next signed summary, lent until the next call; *ret_jws NULL at the end. */
int bw_gen_next(struct bw_gen *g,
                const char **ret_jws,
                size_t *ret_len,
                struct bw_err *reterr);
/* What was signed last, lent until the next call. */
const struct bw_summary *bw_gen_summary(const struct bw_gen *g);
/* When a collector would have had it: seconds after its interval, now and then hours or
 * days. */
int64_t bw_gen_received_unix_ms(const struct bw_gen *g);

#endif
