/* SPDX-License-Identifier: GPL-3.0-or-later
 * store_chain.h - a box in small: signed summaries, each chained to the one before, and a
 * folder of one's own that goes away. For the tests of the stores. */
#ifndef BW_TEST_STORE_CHAIN_H
#define BW_TEST_STORE_CHAIN_H

#include "summary_gen.h"

#include <buf.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_key;

struct box {
    struct gen gen;
    struct bw_key *key;
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    int64_t seq; /* of the newest record made */
    char hash[BW_HASH_LEN + 1];
    int64_t start_unix_s; /* of the next interval */
    int64_t length_s;
    size_t n_targets;
    void (*change)(struct bw_summary *u); /* NULL, or called before each is signed */
};

/* A new key for `site`, first interval at start_unix_s, 300 s each, 2 targets. */
void box_init(struct box *b, const char *site, int64_t start_unix_s);
void box_done(struct box *b);

struct signed_summary {
    struct bw_summary summary;
    struct bw_buf jws;
    char kid[BW_KID_LEN + 1];
    char sha256[BW_HASH_LEN + 1];
};

/* Make the next record; a run of throughput every 24th, an outage every 50th. */
void box_next(struct box *b, struct signed_summary *ret);
/* The same place in the chain with other contents: what a clone would sign. */
void box_fork(struct box *b, struct signed_summary *ret);
void signed_done(struct signed_summary *s);

/* A fresh folder below TMPDIR; its path lives until tmp_folder_drop(). */
char *tmp_folder(void);
void tmp_folder_drop(char *path); /* with everything in it */

#endif
