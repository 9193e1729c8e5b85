/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_private.h - what the files of the ledger's embedded back end share. */
#ifndef BW_STORE_LEDGER_PRIVATE_H
#define BW_STORE_LEDGER_PRIVATE_H

#include "columns.h"
#include "ledger.h"
#include "sql.h"

struct bw_segments;

struct ledger {
    struct bw_ledger base;
    struct bw_sql sql;
    char *folder;
    bool write;
    struct bw_segments *segments; /* open sealed files, for reading */
};

static inline struct ledger *bw_ledger_of(struct bw_ledger *l)
{
    return (struct ledger *)(void *)l;
}

/* clang-format off */
enum {
    NEXT_GET = BW_COLUMNS_STMTS, NEXT_SET, CHAIN_GET, CHAIN_ADD, CHAIN_MOVE, CHAIN_HELD,
    CHAIN_FORKS, CHAIN_HEAD, HOT_SEQ, HOT_POSITION, RECORD_ADD, REFUSED_GET, REFUSED_ADD,
    HELD_GET, HELD_ADD, HELD_NEXT, HELD_DROP, HELD_OLD, HELD_FIRST, FORK_ADD, HOLE_ADD,
    SITE_PUT, LATEST_PUT, LATEST_TEST, SITES_ALL, SITES_ONE, LATEST_ALL, LATEST_ONE,
    HOLES_LIST, FORKS_LIST, STAT, LEAVES_HOT, EACH_HOT, DAY_HOT,
    SEAL_SCAN, SEAL_ROWS, SEAL_DROP, SEGMENT_ADD, SEGMENT_PART_ADD, SEGMENT_LIST,
    SEGMENT_AT, SEGMENT_OF_SEQ, SEGMENT_OF_SITE, DAY_PUT, DAY_LIST, DAY_STALE, DAY_PARTS,
    SITE_CIRCUITS, N_STMTS
};
/* clang-format on */

extern const struct bw_sql_schema bw_ledger_schema;
extern const char *const bw_ledger_text[N_STMTS];

/* A record as found, hot or sealed. jws is owned (free()). */
struct bw_found {
    struct bw_record record;
    char *jws;
};

/* ledger_find.c. -ENOENT without a sentence when there is none. */
int bw_ledger_find_seq(struct ledger *l,
                       int64_t chain,
                       int64_t seq,
                       struct bw_found *ret,
                       struct bw_err *reterr);
int bw_ledger_find_position(struct ledger *l,
                            int64_t position,
                            struct bw_found *ret,
                            struct bw_err *reterr);
void bw_found_done(struct bw_found *f); /* zeroed is fine */

/* ledger_append.c */
int bw_ledger_do_append(struct bw_ledger *l,
                        const struct bw_ledger_entry *entries,
                        size_t n,
                        struct bw_ledger_result *results,
                        struct bw_err *reterr);
int bw_ledger_do_expire(struct bw_ledger *l,
                        int64_t now_unix_ms,
                        int64_t hold_s,
                        int64_t *ret_linked,
                        struct bw_err *reterr);

/* ledger_latest.c: the tables pages read; within the caller's transaction. */
int bw_ledger_put_latest(struct ledger *l,
                         const struct bw_summary *u,
                         int64_t received_unix_ms,
                         struct bw_err *reterr);
int bw_ledger_do_sites(struct bw_ledger *l,
                       const char *site,
                       bw_ledger_site_cb cb,
                       void *owner,
                       struct bw_err *reterr);
int bw_ledger_do_circuits(struct bw_ledger *l,
                          const char *site,
                          bw_ledger_circuit_cb cb,
                          void *owner,
                          struct bw_err *reterr);

/* ledger_read.c */
int bw_ledger_do_head(struct bw_ledger *l,
                      const char *kid,
                      struct bw_ledger_head *ret,
                      struct bw_err *reterr);
int bw_ledger_do_at(struct bw_ledger *l,
                    int64_t position,
                    bw_record_cb cb,
                    void *owner,
                    struct bw_err *reterr);
int bw_ledger_do_by_seq(struct bw_ledger *l,
                        const char *kid,
                        int64_t seq,
                        bw_record_cb cb,
                        void *owner,
                        struct bw_err *reterr);
int bw_ledger_do_leaves(struct bw_ledger *l,
                        int64_t from,
                        int64_t to,
                        bw_ledger_leaf_cb cb,
                        void *owner,
                        struct bw_err *reterr);
int bw_ledger_do_holes(struct bw_ledger *l,
                       const char *kid,
                       bw_ledger_hole_cb cb,
                       void *owner,
                       struct bw_err *reterr);
int bw_ledger_do_forks(struct bw_ledger *l,
                       const char *kid,
                       bw_ledger_fork_cb cb,
                       void *owner,
                       struct bw_err *reterr);
int bw_ledger_do_stat(struct bw_ledger *l,
                      struct bw_ledger_stat *ret,
                      struct bw_err *reterr);

/* ledger_seal.c */
int bw_ledger_do_seal(struct bw_ledger *l,
                      int64_t now_unix_ms,
                      int64_t keep_days,
                      int64_t max_segments,
                      struct bw_ledger_seal_report *ret,
                      struct bw_err *reterr);

/* A row of the RECORD statements; jws is lent until the next step. */
void bw_ledger_row(struct sqlite3_stmt *st, struct bw_record *r);

/* Where a summary comes from its own signed bytes. */
int bw_ledger_decode(const char *jws,
                     size_t n,
                     struct bw_summary *ret,
                     struct bw_err *reterr);

#endif
