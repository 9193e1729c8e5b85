/* SPDX-License-Identifier: GPL-3.0-or-later
 * chain_gen.h - signed chains of plausible summaries for tests. */
#ifndef BW_TEST_CHAIN_GEN_H
#define BW_TEST_CHAIN_GEN_H

#include "jws.h"
#include "summary_gen.h"

#include <bw/summary.h>
#include <stdint.h>

struct bw_buf;

struct chain_gen {
    struct gen gen;
    struct bw_key *key;
    char site[BW_SITE_MAX + 1];
    int64_t seq; /* of the record made last */
    char prev[BW_HASH_LEN + 1];
    int64_t next_start_unix_s;
    int64_t length_s;
    size_t n_targets;
};

/* A chain of site s-4f9k2 under a fresh key, 5-minute intervals from start_unix_s on. */
void chain_gen_init(struct chain_gen *c, enum bw_alg alg, int64_t start_unix_s);
void chain_gen_done(struct chain_gen *c);

/* The next summary of the chain, to be changed at will and given to chain_gen_sign(). */
void chain_gen_summary(struct chain_gen *c, struct bw_summary *ret);
/* Sign it, append the compact JWS to *out, go on behind it; bw_summary_done()s it. */
void chain_gen_sign(struct chain_gen *c, struct bw_summary *s, struct bw_buf *out);
/* Both at once. */
void chain_gen_record(struct chain_gen *c, struct bw_buf *out);
/* A new key whose chain cites the old one's last record. */
void chain_gen_rotate(struct chain_gen *c,
                      struct bw_summary *ret_first,
                      enum bw_chain_why why);

#endif
