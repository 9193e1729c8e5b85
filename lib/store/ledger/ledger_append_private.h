/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_append_private.h - what taking records in and linking held ones share. */
#ifndef BW_STORE_LEDGER_APPEND_PRIVATE_H
#define BW_STORE_LEDGER_APPEND_PRIVATE_H

#include "ledger_private.h"

struct bw_chain_head {
    int64_t id;
    int64_t seq;
    char hash[BW_HASH_LEN + 1];
    int64_t n_held;
    int64_t n_forks;
};

struct bw_append {
    struct ledger *l;
    int64_t next; /* position */
};

/* The chain of a key, made when it is new. */
int bw_append_chain(struct bw_append *a,
                    const char *kid,
                    const char *site,
                    struct bw_chain_head *c,
                    struct bw_err *reterr);

/* Its head from what *c says to (seq, hash), by compare-and-set; position BW_UNKNOWN for a
 * refused record or a hole. */
int bw_append_move(struct bw_append *a,
                   struct bw_chain_head *c,
                   int64_t seq,
                   const char *hash,
                   int64_t position,
                   const struct bw_ledger_entry *e,
                   struct bw_err *reterr);

/* Give a record the next position (or keep its hash when it is refused); head untouched. */
int bw_append_enter(struct bw_append *a,
                    const struct bw_chain_head *c,
                    const struct bw_ledger_entry *e,
                    struct bw_ledger_result *res,
                    struct bw_err *reterr);

/* Keep a record that stands where another does. */
int bw_append_fork(struct bw_append *a,
                   struct bw_chain_head *c,
                   const struct bw_ledger_entry *e,
                   struct bw_err *reterr);

/* One whose number the head has passed: a duplicate, a fork, or of a declared hole. */
int bw_append_old(struct bw_append *a,
                  struct bw_chain_head *c,
                  const struct bw_ledger_entry *e,
                  struct bw_ledger_result *res,
                  struct bw_err *reterr);

/* ledger_held.c */
int bw_append_hold(struct bw_append *a,
                   struct bw_chain_head *c,
                   const struct bw_ledger_entry *e,
                   struct bw_ledger_result *res,
                   struct bw_err *reterr);

/* Link what waits behind the head; `anyhow`: the first has no predecessor to fit. */
int bw_append_link(struct bw_append *a,
                   struct bw_chain_head *c,
                   const char *kid,
                   bool anyhow,
                   int64_t *linked,
                   struct bw_err *reterr);

/* The transaction around it all. */
int bw_append_begin(struct bw_append *a, struct bw_err *reterr);

int bw_append_finish(struct bw_append *a, struct bw_err *reterr);

#endif
